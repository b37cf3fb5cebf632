//! The page: what was kept as JSON, in one file with the style and the script that show it.
//!
//! Nothing of a run is markup. It is all in the JSON, where `<` is written by its number, and the script makes text of it. What the page may
//! do is in its policy: run this script, use this style, and load nothing.

mod data;

use std::fmt::Write;
use std::sync::LazyLock;

use base64::Engine;
use sha2::{Digest, Sha256};

use crate::report::Report;

#[cfg(feature = "live")]
pub(crate) use data::{Live, Lost, RunData, StepData, all_totals, json};

const PAGE: &str = include_str!("page.html");

static STYLE: &str = include_str!("page.css");

/// In this order; each file is about one thing, and they share one scope.
static SCRIPT: LazyLock<String> = LazyLock::new(|| {
    [
        "\"use strict\";\n(() => {\n",
        include_str!("js/model.js"),
        include_str!("js/text.js"),
        include_str!("js/rows.js"),
        include_str!("js/timeline.js"),
        include_str!("js/panels.js"),
        include_str!("js/graph.js"),
        include_str!("js/live.js"),
        include_str!("js/journal.js"),
        include_str!("js/main.js"),
        "})();\n",
    ]
    .concat()
});

impl Report {
    /// A page to look at: one file, which loads nothing and asks nobody.
    ///
    /// It has a timeline of all executions, with attempts, waits, backoffs, circuits and notes, and the critical path marked; the numbers
    /// of each step; the graphs that were added. A title is text, as is everything else in it: nothing that a task gives becomes a part
    /// of the page. A hundred thousand executions are a few megabytes.
    ///
    /// What tasks give is in it as text, if their types have `Debug`: see [`Record::outputs`](crate::Record::outputs) before
    /// it is sent to others.
    #[must_use]
    pub fn to_html(&self, title: &str) -> String {
        page(title, &data::of(self, title), false)
    }
}

/// The page around data. A live one may ask the server that it came from, and nobody else.
pub(crate) fn page(title: &str, data: &str, is_live: bool) -> String {
    let policy = policy(is_live);
    let mut page = String::with_capacity(data.len() + SCRIPT.len() + 64_000);
    // One after another, so that nothing that stands in what is put in is taken for a place to put something.
    let mut rest = PAGE;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, after)) = after.split_once("}}") else { break };
        page.push_str(before);
        match name {
            "title" => escape(title, &mut page),
            "policy" => page.push_str(&policy),
            "style" => page.push_str(STYLE),
            "script" => page.push_str(&SCRIPT),
            "data" => escape_json(data, &mut page),
            _ => unreachable!("page.html has no `{name}`"),
        }
        rest = after;
    }
    page.push_str(rest);
    page
}

/// What the page may do.
pub(crate) fn policy(is_live: bool) -> String {
    let hash = |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text));
    let connect = if is_live { " connect-src 'self';" } else { "" };
    format!(
        "default-src 'none';{connect} script-src 'sha256-{}'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(&SCRIPT),
        hash(STYLE),
    )
}

fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            letter => out.push(letter),
        }
    }
}

/// The same as a text of its own.
#[cfg(feature = "journal")]
pub(crate) fn inert_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + 64);
    escape_json(json, &mut out);
    out
}

/// JSON that may stand in an element: no tag begins in it, and none ends. Outside of its strings it has no such letters.
fn escape_json(json: &str, out: &mut String) {
    let mut rest = json;
    while let Some(position) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        out.push_str(&rest[..position]);
        let mut letters = rest[position..].chars();
        if let Some(letter) = letters.next() {
            let _ = write!(out, "\\u{:04x}", u32::from(letter));
        }
        rest = letters.as_str();
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_the_element_that_it_stands_in() {
        let hostile = "</script><script>alert(1)</script><!--{{script}}";
        let data = serde_json::to_string(hostile).unwrap();
        let page = page(hostile, &data, false);
        assert_eq!(page.matches("</script>").count(), 2, "the page's own");
        assert!(!page.contains("alert(1)<"), "escaped in the title and in the data");
        let embedded = page.split_once("id=\"data\">").unwrap().1.split_once("</script>").unwrap().0;
        assert_eq!(serde_json::from_str::<String>(embedded).unwrap(), hostile);
    }

    /// They share a scope, in which the later of two functions takes the place of the first without a word.
    #[test]
    fn no_two_files_of_the_script_have_a_function_of_the_same_name() {
        let lines = SCRIPT.lines().map(|line| line.strip_prefix("async ").unwrap_or(line));
        let names = lines.filter_map(|line| line.strip_prefix("function ")?.split('(').next());
        let mut known = std::collections::BTreeSet::new();
        let twice: Vec<_> = names.filter(|name| !known.insert(*name)).collect();
        assert!(known.len() > 50 && twice.is_empty(), "{twice:?}");
    }

    #[test]
    fn the_policy_allows_this_script_and_this_style_and_no_loading() {
        let page = page("run", "{}", false);
        let inside =
            |from: &str, to: &str| page.split_once(from).unwrap().1.split_once(to).unwrap().0.to_owned();
        let hash = |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text));
        let policy = inside("http-equiv=\"Content-Security-Policy\" content=\"", "\"");
        assert!(policy.starts_with("default-src 'none'; script-src"), "{policy}");
        assert!(policy.contains(&hash(&inside("<script>", "</script>"))), "{policy}");
        assert!(policy.contains(&hash(&inside("<style>", "</style>"))), "{policy}");
        for word in ["http:", "https:", " src=", "@import", "url(", "unsafe"] {
            let page = page.replace("http://www.w3.org/2000/svg", "");
            assert!(!page.contains(word), "{word}");
        }
        assert!(super::policy(true).contains("connect-src 'self'"));
    }
}
