//! Compiles many programs at once.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::Text;

/// A crate whose modules are the programs.
#[derive(Debug)]
pub struct Bench {
    crate_dir: tempfile::TempDir,
    target: PathBuf,
}

/// An error that the compiler printed of a program.
#[derive(Clone, Debug)]
pub struct Said {
    /// Its first line.
    pub message: String,
    /// All of it.
    pub rendered: String,
    /// Where its carets are, in bytes.
    pub place: Range<usize>,
}

/// What went wrong, but for the programs themselves.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BenchError {
    /// A file could not be written, or cargo not started.
    #[error("the crate of the programs: {0}")]
    Io(#[from] std::io::Error),
    /// Cargo printed something else than JSON.
    #[error("what cargo prints: {0}")]
    Json(#[from] serde_json::Error),
    /// The compiler does not work at all.
    #[error("cargo says:\n{0}")]
    Cargo(String),
    /// The compiler blames what is none of the programs.
    #[error("an error in no program:\n{0}")]
    Elsewhere(String),
}

impl Bench {
    /// A bench whose builds are kept in `target`.
    ///
    /// # Errors
    ///
    /// If there is no room for its files.
    pub fn new(target: &Path) -> Result<Self, BenchError> {
        let crate_dir = tempfile::tempdir()?;
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        std::fs::create_dir(crate_dir.path().join("src"))?;
        // The versions are the workspace's, as far as they are the same packages.
        std::fs::copy(Path::new(root).join("Cargo.lock"), crate_dir.path().join("Cargo.lock"))?;
        std::fs::write(
            crate_dir.path().join("Cargo.toml"),
            format!(
                "[package]\nname = \"programs\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
                 [dependencies]\nasync-orch = {{ path = {root:?} }}\n\n[workspace]\n"
            ),
        )?;
        Ok(Bench { crate_dir, target: target.to_owned() })
    }

    /// Compiles the programs, and gives the errors of each.
    ///
    /// A compiler that finds errors of one pass does not go on to the next with that program. But it does not with the others
    /// either, as they are one crate to it. So those without an error are compiled again, until all of them are without one.
    ///
    /// # Errors
    ///
    /// See [`BenchError`].
    pub fn errors(&self, programs: &[Text]) -> Result<Vec<Vec<Said>>, BenchError> {
        let mut all = vec![Vec::new(); programs.len()];
        loop {
            let clean: Vec<usize> = (0..programs.len()).filter(|index| all[*index].is_empty()).collect();
            let found = self.compile(programs, &clean)?;
            if found.is_empty() {
                return Ok(all);
            }
            for (index, said) in found {
                all[index] = said;
            }
        }
    }

    fn compile(&self, programs: &[Text], which: &[usize]) -> Result<BTreeMap<usize, Vec<Said>>, BenchError> {
        let src = self.crate_dir.path().join("src");
        let mut lib = String::from("#![allow(warnings)]\n");
        for index in which {
            std::fs::write(src.join(format!("p{index}.rs")), &programs[*index].text)?;
            lib.push_str(&format!("mod p{index};\n"));
        }
        std::fs::write(src.join("lib.rs"), lib)?;
        let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
            .current_dir(self.crate_dir.path())
            .args(["check", "--quiet", "--offline", "--message-format=json", "--target-dir"])
            .arg(&self.target)
            .env_remove("RUSTFLAGS")
            .output()?;
        let mut found: BTreeMap<usize, Vec<Said>> = BTreeMap::new();
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let message: Value = serde_json::from_str(line)?;
            let message = &message["message"];
            let rendered = message["rendered"].as_str().unwrap_or_default();
            let spans = message["spans"].as_array().map_or(&[][..], Vec::as_slice);
            // The last lines, which count the errors, have no place.
            if message["level"] != "error" || spans.is_empty() {
                continue;
            }
            let place = spans.iter().filter(|span| span["is_primary"] == true).find_map(place);
            let Some((program, place)) = place else {
                return Err(BenchError::Elsewhere(rendered.to_owned()));
            };
            let text = message["message"].as_str().unwrap_or_default().to_owned();
            found.entry(program).or_default().push(Said {
                message: text,
                rendered: rendered.to_owned(),
                place,
            });
        }
        if found.is_empty() && !output.status.success() {
            return Err(BenchError::Cargo(String::from_utf8_lossy(&output.stderr).into_owned()));
        }
        Ok(found)
    }
}

/// The program and the bytes that a span is about: in a macro's expansion, those of the call.
fn place(span: &Value) -> Option<(usize, Range<usize>)> {
    let name = Path::new(span["file_name"].as_str()?).file_stem()?.to_str()?;
    let number = |field: &str| usize::try_from(span[field].as_u64()?).ok();
    match name.strip_prefix('p').and_then(|index| index.parse().ok()) {
        Some(index) => Some((index, number("byte_start")?..number("byte_end")?)),
        None => place(&span["expansion"]["span"]),
    }
}
