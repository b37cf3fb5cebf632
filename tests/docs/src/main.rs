//! Looks at rendered documentation as a reader would: `docs-check DIR`, where `cargo doc --workspace --no-deps` has left
//! it. What is found is printed, and ends it with an error.
//!
//! - No link and no anchor is dead: those between pages, and those to files of the repository.
//! - No example names a crate that a user does not depend on.
//! - The pages of a user's crate show no trait, type or name of the library's inner life.

mod checks;
mod site;

use std::path::Path;
use std::process::ExitCode;

use site::Site;

/// The root of the repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The traits that types of the user's crate implement, and what follows from them: each has a page of its own.
const MEANT: [(&str, &[&str]); 4] = [
    // Of the crate `tracing`, for all types, if the feature of that name is asked for.
    ("", &["Instrument", "WithSubscriber"]),
    ("/struct.Silent.html", &["Bus", "DynBus"]),
    ("/struct.Refused.html", &["Failure"]),
    ("/struct.Seconds.html", &["BackoffBuilder"]),
];

fn main() -> ExitCode {
    let Some(dir) = std::env::args_os().nth(1) else {
        eprintln!("where is the documentation? docs-check DIR");
        return ExitCode::FAILURE;
    };
    let site = match Site::read(Path::new(&dir)) {
        Ok(site) => site,
        Err(error) => {
            eprintln!("{}: {error}", dir.display());
            return ExitCode::FAILURE;
        }
    };
    let mut found = checks::links(&site, &|file| Path::new(ROOT).join(file).exists());
    found.extend(checks::examples(&site));
    found.extend(checks::users(&site, "a_user", &MEANT));
    for line in &found {
        eprintln!("{line}");
    }
    println!("{} pages, {} found", site.pages().count(), found.len());
    if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
