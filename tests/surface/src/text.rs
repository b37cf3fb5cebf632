//! A surface as text.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::surface::Surface;

/// The text of a crate's file.
pub(crate) fn render(krate: &str, surface: &Surface, limit: Option<usize>) -> String {
    let mut text = format!(
        "# The public surface of `{krate}`: what can be named, and what that has. Beside the other pages, since it is what\n\
         # they speak of. `just surface` writes it anew; it is compared in `.ci/run`.\n\
         #\n\
         # Left out: what is derived, auto traits, blanket implementations of other crates, and the functions and constants of\n\
         # a trait where it is implemented. An implementation stands with the type, or if that is another crate's with the trait.\n\n\
         ## {} names",
        surface.count()
    );
    if let Some(limit) = limit {
        let _ = write!(text, ", of at most {limit}");
    }
    text.push_str("\n\n");
    for name in &surface.names {
        let _ = writeln!(text, "{}", name.line);
        for (depth, member) in &name.members {
            let _ = writeln!(text, "{:1$}{member}", "", depth * 4);
        }
    }
    section(&mut text, "Hidden names, besides those that the macros name", &surface.hidden);
    section(&mut text, "Inner types and traits that show, and have no name", &surface.inner);
    section(&mut text, "Types and traits of other crates", &surface.foreign);
    section(
        &mut text,
        "Types and traits of other crates that only hidden items have",
        &surface.foreign_hidden,
    );
    text
}

fn section(text: &mut String, title: &str, lines: &BTreeSet<String>) {
    let _ = writeln!(text, "\n## {title}\n");
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
    if lines.is_empty() {
        text.push_str("none\n");
    }
}
