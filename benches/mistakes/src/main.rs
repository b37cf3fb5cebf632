//! What the compiler says of twelve mistakes, made with this library, with sayiir, with floxide, and by hand on tokio. Prints the table of
//! docs/diagnostics.md; with `--show`, what was said as well.
//!
//! ```text
//! cargo run --manifest-path benches/mistakes/Cargo.toml [-- --show]
//! ```
//!
//! Each program is whole but for its mistake, which stands behind the comment `here`. `right.rs` is the one without a mistake: it has to compile.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const LIBRARIES: [(&str, &str); 4] =
    [("async_orch", "async-orch"), ("sayiir", "sayiir"), ("floxide", "floxide"), ("tokio", "tokio, by hand")];
const HERE: &str = "/* here */ ";

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("what cargo prints: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{0} fails:\n{1}")]
    Program(String, String),
}

/// What is said of a program.
#[derive(Debug, Default)]
struct Said {
    errors: usize,
    lines: usize,
    is_there: bool,
    text: String,
}

fn main() -> Result<(), Failure> {
    let show = std::env::args().any(|argument| argument == "--show");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut table: BTreeMap<String, BTreeMap<&str, Said>> = BTreeMap::new();
    for (library, _) in LIBRARIES {
        let mut programs: Vec<PathBuf> = Vec::new();
        for entry in std::fs::read_dir(root.join("src").join(library))? {
            programs.push(entry?.path());
        }
        programs.sort();
        for path in programs {
            let text = std::fs::read_to_string(&path)?;
            let said = compile(root, &text)?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let is_right = name == "right";
            if is_right && said.errors > 0 {
                return Err(Failure::Program(path.display().to_string(), said.text));
            }
            if !is_right {
                table.entry(name).or_default().insert(library, said);
            }
        }
    }
    print(&table, show);
    Ok(())
}

/// Compiles a program as a binary of this package.
fn compile(root: &Path, text: &str) -> Result<Said, Failure> {
    let bin = root.join("src/bin");
    std::fs::create_dir_all(&bin)?;
    std::fs::write(bin.join("program.rs"), text)?;
    let output = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(["check", "--quiet", "--bin", "program", "--message-format=json", "--target-dir"])
        .arg(root.join("target/programs"))
        .output()?;
    std::fs::remove_dir_all(&bin)?;
    let here = text.find(HERE).map(|start| start + HERE.len());
    let mut said = Said::default();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let line: Value = serde_json::from_str(line)?;
        let (message, empty) = (&line["message"], Vec::new());
        let spans = message["spans"].as_array().unwrap_or(&empty);
        if message["level"] != "error" || spans.is_empty() {
            continue;
        }
        let rendered = message["rendered"].as_str().unwrap_or_default();
        said.errors += 1;
        said.lines += rendered.trim_end().lines().count();
        said.text.push_str(rendered);
        let number = |span: &Value, field: &str| span[field].as_u64().and_then(|n| usize::try_from(n).ok());
        // Right behind is right, where something is missing there. A caret under all of a macro's call is nowhere.
        said.is_there |= spans.iter().filter(|span| span["is_primary"] == true).any(|span| {
            let range = number(span, "byte_start").zip(number(span, "byte_end"));
            here.zip(range).is_some_and(|(here, (start, end))| {
                start <= here + 1 && here <= end && !text[start..end.min(text.len())].contains("workflow!")
            })
        });
    }
    if said.errors == 0 && !output.status.success() {
        return Err(Failure::Program(
            "the program".to_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        ));
    }
    Ok(said)
}

fn print(table: &BTreeMap<String, BTreeMap<&str, Said>>, show: bool) {
    if show {
        for (mistake, libraries) in table {
            for (library, said) in libraries {
                println!("==== {mistake}, {library}\n{}", said.text);
            }
        }
    }
    let heads: Vec<&str> = LIBRARIES.iter().map(|(_, name)| *name).collect();
    println!("| Mistake | {} |", heads.join(" | "));
    println!("|---|{}", "---|".repeat(LIBRARIES.len()));
    for (mistake, libraries) in table {
        let words = mistake.split_once('_').map_or(mistake.as_str(), |(_, words)| words).replace('_', " ");
        let cells = LIBRARIES.map(|(library, _)| match libraries.get(library) {
            Some(Said { errors: 0, .. }) => "compiles".to_owned(),
            Some(Said { errors, lines, is_there, .. }) => {
                format!("{errors} / {lines} / {}", if *is_there { "yes" } else { "no" })
            }
            None => "has none".to_owned(),
        });
        println!("| {words} | {} |", cells.join(" | "));
    }
    let sums = LIBRARIES.map(|(library, _)| {
        let all: Vec<&Said> = table.values().filter_map(|libraries| libraries.get(library)).collect();
        let there = all.iter().filter(|said| said.is_there).count();
        let sum = |of: fn(&Said) -> usize| all.iter().map(|said| of(said)).sum::<usize>();
        format!("{} / {} / {there} of {}", sum(|said| said.errors), sum(|said| said.lines), all.len())
    });
    println!("| **all** | {} |", sums.join(" | "));
}
