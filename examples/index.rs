//! Indexes a directory: reads and hashes every file, eight at a time, and sums up what it found.
//!
//! ```text
//! cargo run --example index                             # this repository
//! cargo run --example index -- DIR --out index.json
//! ```
//!
//! It shows work that blocks, on threads made for that; an `each` with a limit that loses nothing to one bad file
//! (`settle`); a `par` over a named result; and a pipeline with an error type of its own.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use async_orch::{Error, pipeline, task};
use serde::Serialize;
use sha2::{Digest, Sha256};
use walkdir::{DirEntry, WalkDir};

#[tokio::main]
async fn main() -> ExitCode {
    let Some((root, out)) = arguments() else {
        eprintln!("usage: index [DIR] [--out FILE]");
        return ExitCode::FAILURE;
    };
    let started = Instant::now();
    match index(root, &out).await {
        Ok(index) => {
            print!("{}", summary(&index));
            println!("\n{} ms, written to {}", started.elapsed().as_millis(), out.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            // Which step it was, and why.
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn index(root: PathBuf, out: &Path) -> Result<Index, Error<IndexError>> {
    let index = pipeline! {
        // Every task's error is one or becomes one. Without this line errors are boxed.
        error = IndexError;
        |root: PathBuf|
        seq(name = "index") <
            walk(root.clone())
            // At most eight files are open. One that cannot be read is a result like the others.
            each(limit = 8, settle) < digest(root.clone(), _) >
            let (files, unreadable) = |results| { sort_out(results) }
            // Each on a thread of its own, and all over the same list.
            par <
                total(files.clone())
                by_extension(files.clone())
                largest(files.clone())
                duplicates(files.clone())
            >
            |(total, by_extension, largest, duplicates)| {
                Index {
                    root: root.display().to_string(),
                    total,
                    by_extension,
                    largest,
                    duplicates,
                    unreadable: unreadable.clone(),
                    files: files.clone(),
                }
            } as "assemble"
            write(out.to_owned(), _)
        >
    };
    index.run(root).await
}

/// Every file under a directory. What the walk itself cannot read is an item too, to be reported with the rest.
#[task(blocking)]
fn walk(root: PathBuf) -> Result<Vec<Result<PathBuf, walkdir::Error>>, IndexError> {
    // If there is no such directory there is nothing to report.
    fs::read_dir(&root).map_err(IndexError::of(&root))?;

    let skipped = |entry: &DirEntry| {
        entry.file_type().is_dir() && (entry.file_name() == "target" || entry.file_name() == ".git")
    };
    // A link to a file is read as one. A link that leads nowhere is kept: reading it tells.
    let may_be_file = |path: &PathBuf| fs::metadata(path).map_or(true, |metadata| metadata.is_file());
    Ok(WalkDir::new(&root)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !skipped(entry))
        .map(|entry| entry.map(DirEntry::into_path))
        .filter(|path| path.as_ref().map_or(true, may_be_file))
        .collect())
}

/// Reads a file piece by piece, so that a big one needs no more memory than a small one.
#[task(blocking)]
fn digest(root: PathBuf, path: Result<PathBuf, walkdir::Error>) -> Result<FileEntry, IndexError> {
    let path = path?;
    let mut reader = BufReader::with_capacity(64 * 1024, File::open(&path).map_err(IndexError::of(&path))?);
    let (mut hash, mut bytes, mut lines) = (Sha256::new(), 0, 0);
    loop {
        let piece = reader.fill_buf().map_err(IndexError::of(&path))?;
        let length = piece.len();
        if length == 0 {
            break;
        }
        hash.update(piece);
        bytes += length as u64;
        lines += piece.iter().filter(|byte| **byte == b'\n').count() as u64;
        reader.consume(length);
    }
    let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    // JSON is UTF-8, a path need not be: what does not fit is replaced.
    let path = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().into_owned();
    Ok(FileEntry { path, bytes, lines, sha256 })
}

/// Parts the files from the failures.
fn sort_out(results: Vec<Result<FileEntry, Error<IndexError>>>) -> (Files, Vec<String>) {
    let (mut files, mut unreadable) = (Vec::new(), Vec::new());
    for result in results {
        match result.map_err(Error::into_task_error) {
            Ok(file) => files.push(file),
            // The task's own error names the file. Any other, such as that it panicked, names the step.
            Err(Ok(error)) => unreadable.push(error.to_string()),
            Err(Err(error)) => unreadable.push(error.to_string()),
        }
    }
    (Arc::new(files), unreadable)
}

#[task(blocking)]
fn total(files: Files) -> Sum {
    files.iter().fold(Sum::default(), Sum::plus)
}

#[task(blocking)]
fn by_extension(files: Files) -> BTreeMap<String, Sum> {
    let mut sums = BTreeMap::<String, Sum>::new();
    for file in &*files {
        let extension = Path::new(&file.path).extension().unwrap_or_default().to_string_lossy();
        let sum = sums.entry(extension.into_owned()).or_default();
        *sum = sum.plus(file);
    }
    sums
}

#[task(blocking)]
fn largest(files: Files) -> Vec<(String, u64)> {
    let mut sizes: Vec<_> = files.iter().map(|file| (file.path.clone(), file.bytes)).collect();
    sizes.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    sizes.truncate(3);
    sizes
}

/// Groups of files with the same content.
#[task(blocking)]
fn duplicates(files: Files) -> Vec<Vec<String>> {
    let mut by_hash = BTreeMap::<&str, Vec<String>>::new();
    for file in files.iter().filter(|file| file.bytes > 0) {
        by_hash.entry(&file.sha256).or_default().push(file.path.clone());
    }
    by_hash.into_values().filter(|paths| paths.len() > 1).collect()
}

#[task(blocking)]
fn write(path: PathBuf, index: Index) -> Result<Index, IndexError> {
    let mut file = BufWriter::new(File::create(&path).map_err(IndexError::of(&path))?);
    serde_json::to_writer_pretty(&mut file, &index)
        .map_err(io::Error::from)
        .and_then(|()| file.flush())
        .map_err(IndexError::of(&path))?;
    Ok(index)
}

#[derive(Debug, thiserror::Error)]
enum IndexError {
    #[error("{}: {error}", path.display())]
    File { path: PathBuf, error: io::Error },
    /// It names the path itself.
    #[error(transparent)]
    Walk(#[from] walkdir::Error),
}

impl IndexError {
    fn of(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |error| IndexError::File { path: path.to_owned(), error }
    }
}

#[derive(Debug, Serialize)]
struct Index {
    root: String,
    total: Sum,
    by_extension: BTreeMap<String, Sum>,
    largest: Vec<(String, u64)>,
    duplicates: Vec<Vec<String>>,
    unreadable: Vec<String>,
    files: Files,
}

/// Several steps look at the files, so they share them.
type Files = Arc<Vec<FileEntry>>;

#[derive(Debug, Serialize)]
struct FileEntry {
    path: String,
    bytes: u64,
    lines: u64,
    sha256: String,
}

#[derive(Clone, Copy, Debug, Default, Serialize)]
struct Sum {
    files: u64,
    bytes: u64,
    lines: u64,
}

impl Sum {
    fn plus(self, file: &FileEntry) -> Self {
        Sum { files: self.files + 1, bytes: self.bytes + file.bytes, lines: self.lines + file.lines }
    }
}

/// The directory and the file to write.
fn arguments() -> Option<(PathBuf, PathBuf)> {
    let (mut root, mut out) = (None, None);
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        let place = if argument == "--out" { &mut out } else { &mut root };
        let path = if argument == "--out" { arguments.next()? } else { argument };
        if place.replace(PathBuf::from(path)).is_some() {
            return None;
        }
    }
    Some((
        root.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into()),
        out.unwrap_or_else(|| std::env::temp_dir().join("async-orch-index.json")),
    ))
}

fn summary(index: &Index) -> String {
    let row =
        |name: &str, sum: &Sum| format!("{name:<16}{:>8}{:>12}{:>10}\n", sum.files, sum.bytes, sum.lines);
    let mut text =
        format!("{}\n\n{:<16}{:>8}{:>12}{:>10}\n", index.root, "extension", "files", "bytes", "lines");
    let mut sums: Vec<_> = index.by_extension.iter().collect();
    sums.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.bytes));
    for (extension, sum) in sums {
        text += &row(if extension.is_empty() { "(none)" } else { extension }, sum);
    }
    text += &row("total", &index.total);

    text += "\nthe largest\n";
    for (path, bytes) in &index.largest {
        text += &format!("{bytes:>12}  {path}\n");
    }
    if !index.duplicates.is_empty() {
        text += "\nwith the same content\n";
        for paths in &index.duplicates {
            text += &format!("  {}\n", paths.join(", "));
        }
    }
    if !index.unreadable.is_empty() {
        text += &format!("\n{} could not be read\n", index.unreadable.len());
        for failure in &index.unreadable {
            text += &format!("  {failure}\n");
        }
    }
    text
}
