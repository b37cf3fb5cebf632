//! What several tests need.

#![allow(dead_code, reason = "each test uses a part of it")]

pub(crate) mod grammar;
pub(crate) mod scan;

use std::path::{Path, PathBuf};

use orch_cli::fmt::{Formatted, Style};

/// The name of the macro.
pub(crate) fn names() -> Vec<String> {
    vec!["pipeline".to_owned()]
}

/// The settings of this repository.
pub(crate) fn style() -> Style {
    let mut style = Style::default();
    style.max_width = 110;
    style.join_width = 110;
    style
}

/// Settings that differ in all that can differ.
pub(crate) fn other_styles() -> [Style; 2] {
    let (mut narrow, mut tabs) = (Style::default(), Style::default());
    narrow.max_width = 50;
    narrow.tab_spaces = 2;
    narrow.join_width = 0;
    tabs.hard_tabs = true;
    tabs.tab_spaces = 8;
    tabs.max_width = 80;
    [narrow, tabs]
}

pub(crate) fn format(text: &str) -> Formatted {
    format_as(text, &style())
}

#[track_caller]
pub(crate) fn format_as(text: &str, style: &Style) -> Formatted {
    orch_cli::fmt::format("a.rs", text, style, &names()).unwrap_or_else(|problem| panic!("{problem}\n{text}"))
}

/// The Rust files of this repository that are to be formatted.
pub(crate) fn sources() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let left_out =
        ["benches/mistakes", "tests/ui/fail", "tests/ui/several", "tests/recipe", "target", ".git"]
            .map(|path| root.join(path));
    let (mut files, mut folders) = (Vec::new(), vec![root]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let is_built = path.ends_with("target");
            if path.is_dir() && !is_built && !left_out.iter().any(|out| path.starts_with(out)) {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}
