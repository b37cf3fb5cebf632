//! Says what is public, as rustdoc sees it, and whether that is what the files in `docs/surface` say: `surface-check`
//! compares, `surface-check --write` writes them anew.
//!
//! - Whatever is added, removed or changed differs from the file, so that it is seen in the commit.
//! - The core has at most [`LIMIT`] names besides those that its macros name and those of modules that a feature adds.
//! - What stands in the surface and belongs to another crate has a section of its own: a new major version of that crate
//!   is one of ours.

mod diff;
mod surface;
#[cfg(test)]
mod tests;
mod text;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use surface::Surface;

/// The root of the repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// How many names the core may have.
const LIMIT: usize = 100;

/// The crates, with the number of names that they may have.
const CRATES: [(&str, Option<usize>); 7] = [
    ("orch-core", Some(LIMIT)),
    ("async-orch", None),
    ("orch-syntax", None),
    ("orch-journal", None),
    ("orch-test", None),
    ("orch-watch", None),
    ("orch-report", None),
];

fn main() -> ExitCode {
    let write = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--write") => true,
        Some(other) => {
            eprintln!("unknown argument `{other}`: surface-check [--write]");
            return ExitCode::FAILURE;
        }
    };
    let mut fine = true;
    for (krate, limit) in CRATES {
        match check(krate, limit, write) {
            Ok(line) => println!("{line}"),
            Err(error) => {
                eprintln!("{krate}: {error}");
                fine = false;
            }
        }
    }
    if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Compares the surface of a crate with its file, or writes the file.
fn check(krate: &str, limit: Option<usize>, write: bool) -> Result<String, String> {
    let surface = Surface::of(&document(krate, "shown")?, &document(krate, "hidden")?)?;
    let new = text::render(krate, &surface, limit);
    let file = PathBuf::from(format!("{ROOT}/docs/surface/{krate}.txt"));
    if write {
        std::fs::write(&file, &new).map_err(|error| format!("{}: {error}", file.display()))?;
    } else {
        // Without a file all is new.
        let old = std::fs::read_to_string(&file).unwrap_or_default();
        if let Some(diff) = diff::lines(&old, &new) {
            return Err(format!(
                "the public surface is not what docs/surface/{krate}.txt says:\n\n{diff}\n\
                 If this is meant, `just surface` (cargo run -p surface-check -- --write) writes it anew."
            ));
        }
    }
    match over(limit, &surface) {
        Some(error) => Err(error),
        None => Ok(format!("{krate}: {} public names", surface.count())),
    }
}

/// Whether there are more names than there may be.
fn over(limit: Option<usize>, surface: &Surface) -> Option<String> {
    let count = surface.count();
    let limit = limit.filter(|limit| count > *limit)?;
    Some(format!("{count} public names, and {limit} are the most that it may have"))
}

/// Writes a crate's documentation as JSON, `shown` or with `hidden` items, and says where it is.
fn document(krate: &str, kind: &str) -> Result<PathBuf, String> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["rustdoc", "--quiet", "--lib", "--all-features", "--package", krate]);
    // A folder of its own: the variable below would have all dependencies built anew, here and at the next test.
    command.args([
        "--target-dir",
        "target/surface",
        "--",
        "-Z",
        "unstable-options",
        "--output-format",
        "json",
    ]);
    // What is hidden is looked at too, and no page of it: links do not matter.
    command.args(["--cap-lints", "allow"]);
    if kind == "hidden" {
        command.arg("--document-hidden-items");
    }
    // JSON is an unstable output of rustdoc's, of which the pinned toolchain has one form.
    command.env("RUSTC_BOOTSTRAP", "1").env_remove("RUSTDOCFLAGS").current_dir(ROOT);
    let status = command.status().map_err(|error| format!("cargo: {error}"))?;
    if !status.success() {
        return Err("cargo rustdoc failed".to_owned());
    }
    let folder = Path::new(ROOT).join("target/surface/doc");
    let (written, kept) =
        (folder.join(krate.replace('-', "_") + ".json"), folder.join(format!("{krate}.{kind}.json")));
    // The next of its kind is written over it.
    std::fs::copy(&written, &kept).map_err(|error| format!("{}: {error}", written.display()))?;
    Ok(kept)
}
