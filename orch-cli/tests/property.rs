//! Formatting changes blanks and nothing else. Held against texts out of the grammar with comments and blanks anywhere, and against
//! every pipeline of this repository.

mod common;

use common::grammar::{Text, pipeline};
use common::scan::{Scanned, scan};
use common::{format, sources};
use orch_cli::fmt::Formatted;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// What formatting must keep, and is to be. `format` is asked twice.
fn holds(
    before: &str,
    user_code: &[String],
    format: impl Fn(&str) -> Result<String, String>,
) -> Result<(), String> {
    let after = format(before)?;
    let (Scanned { code, comments, literals, .. }, scanned) = (scan(before), scan(&after));
    let differ = |what: &str| Err(format!("{what} differ\n--- before\n{before}\n--- after\n{after}"));
    if code != scanned.code {
        return differ("the tokens");
    }
    if comments != scanned.comments {
        return differ("the comments");
    }
    if literals != scanned.literals {
        return differ("the literals");
    }
    let words = |text: &str| -> Vec<String> {
        let tokens: proc_macro2::TokenStream = text.parse().expect("tokens");
        tokens.to_string().split_whitespace().map(str::to_owned).collect()
    };
    // A word that was two, or two that were one.
    let (one, other) = (words(before).concat(), words(&after).concat());
    if one != other {
        return differ("the words");
    }
    if operators(before) != operators(&after) {
        return differ("the operators");
    }
    for code in user_code {
        let lines =
            |text: &str| text.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>().join("\n");
        if !lines(&after).contains(&lines(code)) {
            return differ(&format!("the lines of `{code}`"));
        }
    }
    let again = format(&after)?;
    if again != after {
        return Err(format!(
            "it is not settled\n--- before\n{before}\n--- once\n{after}\n--- twice\n{again}"
        ));
    }
    // What rustfmt lays out is left to it.
    if let Some(line) = scan(&after).blanks_at_ends.filter(|_| after != before) {
        return Err(format!("line {line} ends in blanks\n{after}"));
    }
    Ok(())
}

/// The characters that are one token of Rust's with the next, and are no brackets of blocks.
fn operators(text: &str) -> Vec<String> {
    fn collect(stream: proc_macro2::TokenStream, found: &mut Vec<String>) {
        let list: Vec<proc_macro2::TokenTree> = stream.into_iter().collect();
        for pair in list.windows(2) {
            if let [proc_macro2::TokenTree::Punct(first), proc_macro2::TokenTree::Punct(second)] = pair {
                let written = format!("{}{}", first.as_char(), second.as_char());
                let is_one =
                    ["::", "=>", "->", "==", "!=", "..", "&&", "+=", ">="].contains(&written.as_str());
                if is_one && first.spacing() == proc_macro2::Spacing::Joint {
                    found.push(written);
                }
            }
        }
        for token in list {
            if let proc_macro2::TokenTree::Group(group) = token {
                collect(group.stream(), found);
            }
        }
    }
    let mut found = Vec::new();
    collect(text.parse().expect("tokens"), &mut found);
    found
}

fn formatted(text: &str) -> Result<String, String> {
    let formatted = format(text);
    if formatted.problems.is_empty() {
        Ok(formatted.text)
    } else {
        Err(format!("{:?}\n{text}", formatted.problems))
    }
}

/// So many texts are tried; `ORCH_CASES` says another number.
fn cases() -> u32 {
    std::env::var("ORCH_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(300)
}

#[track_caller]
fn formatting_holds(cases: u32, format: impl Fn(&str) -> Formatted) {
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(cases) });
    let formatted = |text: &str| {
        let formatted = format(text);
        if formatted.problems.is_empty() {
            Ok(formatted.text)
        } else {
            Err(format!("{:?}\n{text}", formatted.problems))
        }
    };
    let result = runner.run(&pipeline(), |Text { text, user_code }| {
        holds(&text, &user_code, formatted).map_err(TestCaseError::fail)
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

#[test]
fn formatting_changes_blanks_and_nothing_else() {
    formatting_holds(cases(), format);
}

#[test]
fn so_it_does_with_other_settings() {
    for style in common::other_styles() {
        formatting_holds(cases() / 3, |text| common::format_as(text, &style));
    }
}

/// A formatter that loses a comment, one that moves one, one that changes user code and one that never settles: each is found.
#[test]
fn a_formatter_that_does_more_is_found() {
    let first_comment = |text: &str| {
        let found = scan(text).comments.into_iter().next()?;
        Some((text.find(&found)?, found))
    };
    let loses = move |text: &str| {
        let mut text = format(text).text;
        if let Some((at, found)) = first_comment(&text) {
            text.replace_range(at..at + found.len(), "");
        }
        text
    };
    let moves = move |text: &str| {
        let mut text = format(text).text;
        if let Some((at, found)) = first_comment(&text) {
            text.replace_range(at..at + found.len(), "");
            text = format!("{text}\n{found}");
        }
        text
    };
    let changes =
        |text: &str| format(text).text.replacen(", ", ",", 1).replacen("  // inner", " // inner", 1);
    let wanders = |text: &str| format(text).text.replacen(" <", "  <", 1);
    let planted: [(&str, &dyn Fn(&str) -> String); 4] =
        [("loses", &loses), ("moves", &moves), ("changes", &changes), ("wanders", &wanders)];
    for (name, format) in planted {
        let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(300) });
        let result = runner.run(&pipeline(), |Text { text, user_code }| {
            holds(&text, &user_code, |text| Ok(format(text))).map_err(TestCaseError::fail)
        });
        assert!(result.is_err(), "a formatter that {name} is not found");
    }
}

#[test]
fn every_pipeline_of_this_repository() {
    let sources = sources();
    assert!(sources.len() > 150, "are these the sources? {}", sources.len());
    let mut pipelines = 0;
    for (index, path) in sources.into_iter().enumerate() {
        let text = std::fs::read_to_string(&path).expect("a file");
        let laid_out = format(&text);
        assert!(laid_out.problems.is_empty(), "{}: {:?}", path.display(), laid_out.problems);
        pipelines += text.matches("pipeline! {").count();
        if text.contains("pipeline!") {
            holds(&text, &[], formatted).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            // With other settings too, which move nearly everything: some of them, as it takes its time.
            for style in common::other_styles().into_iter().filter(|_| index % 20 == 0) {
                let format = |text: &str| Ok(common::format_as(text, &style).text);
                holds(&text, &[], format).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            }
        }
    }
    assert!(pipelines > 1_000, "{pipelines}");
}
