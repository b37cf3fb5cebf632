//! What the pages say of the compiler's messages is what it says: the expected messages of `tests/ui` are compared with
//! `docs/errors.md`, which explains them, and with `docs/messages.md`, which lists them and is written anew by
//! `MESSAGES=write cargo test --test error_pages`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What `docs/errors.md` quotes and no case has: warnings, and what the compiler says of signatures that few people write.
const NO_CASE: [&str; 8] = [
    "function `fetch` is never used",
    "let … = step",
    "returning this value requires that '1 must outlive '2",
    "borrowed value does not live long enough … for 'static",
    "implicit elided lifetime not allowed here",
    "method takes 2 generic arguments but 1 …",
    "private associated type … in public interface",
    "allow(dead_code) incompatible with previous forbid",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The expected messages, by the path of their case under `tests/ui`.
fn expected() -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    let mut folders = vec![root().join("tests/ui")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "stderr") {
                let case = path.strip_prefix(root().join("tests/ui")).unwrap().with_extension("rs");
                texts.insert(
                    case.to_string_lossy().replace('\\', "/"),
                    std::fs::read_to_string(&path).unwrap(),
                );
            }
        }
    }
    texts
}

/// The pieces of code in a text of Markdown.
fn code(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('`') {
        let ticks = rest[start..].chars().take_while(|c| *c == '`').count();
        let after = &rest[start + ticks..];
        let fence = "`".repeat(ticks);
        let end = after
            .match_indices(&fence)
            .map(|(at, _)| at)
            .find(|at| !after[at + ticks..].starts_with('`') && !after[..*at].ends_with('`'));
        let Some(end) = end else { break };
        found.push(after[..end].trim().replace("\\|", "|"));
        rest = &after[end + ticks..];
    }
    found
}

/// What stays of a message if what differs from case to case is left out: names in backticks, numbers, and what `…` stands for.
fn fixed_parts(message: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut is_name = false;
    for c in message.chars() {
        match c {
            '`' => {
                is_name = !is_name;
                parts.push(String::new());
            }
            '…' | '0'..='9' => parts.push(String::new()),
            _ if is_name => {}
            _ => parts.last_mut().expect("there is always one").push(c),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Whether a line has these parts in this order.
fn has(line: &str, parts: &[String]) -> bool {
    let mut rest = line;
    parts.iter().all(|part| {
        let found = rest.find(part.as_str());
        rest = found.map_or("", |at| &rest[at + part.len()..]);
        found.is_some()
    })
}

/// The messages in the first column of the tables of a page.
fn quoted(page: &str) -> Vec<String> {
    let rows = page.lines().filter(|line| {
        line.starts_with("| ") && !line.starts_with("| you see") && !line.starts_with("| message")
    });
    let cells = rows.map(|row| {
        let mut cell = String::new();
        for part in row[1..].split('|') {
            cell += part;
            if !part.ends_with('\\') {
                break;
            }
            cell.push('|');
        }
        cell
    });
    // What is shorter is a name, or a word that is quoted beside a message.
    cells.flat_map(|cell| code(&cell)).filter(|message| message.chars().count() >= 12).collect()
}

#[test]
fn what_the_page_quotes_is_said() {
    let page = std::fs::read_to_string(root().join("docs/errors.md")).unwrap();
    let expected = expected();
    let lines: Vec<&str> = expected.values().flat_map(|text| text.lines()).collect();
    let quoted = quoted(&page);
    assert!(quoted.len() > 150, "{} messages", quoted.len());
    let (mut unsaid, mut said) = (Vec::new(), Vec::new());
    for message in &quoted {
        let parts = fixed_parts(message);
        let is_said = lines.iter().any(|line| has(line, &parts));
        match NO_CASE.contains(&message.as_str()) {
            true if is_said => said.push(message),
            false if !is_said => unsaid.push(message),
            _ => {}
        }
    }
    assert!(unsaid.is_empty(), "docs/errors.md quotes what is in no message of tests/ui: {unsaid:#?}");
    assert!(said.is_empty(), "these have a case now: {said:#?}");
}

/// All first lines of the expected messages, each with its case.
fn list() -> String {
    let mut page = String::from(
        "# All messages\n\nThe first line of every error that a case of [tests/ui][../tests/ui] expects, by what the mistake is \
         about. [errors.md] says what they mean. This page is written by `MESSAGES=write cargo test --test error_pages`.\n",
    );
    let mut folder = String::new();
    for (case, text) in expected() {
        let (kind, _) = case.rsplit_once('/').unwrap_or(("", &case));
        if kind != folder {
            folder = kind.to_owned();
            write!(page, "\n## {kind}\n\n| message | case |\n|---|---|\n").unwrap();
        }
        for line in text.lines().filter(|line| line.starts_with("error")) {
            let message = line.split_once(": ").map_or(line, |(_, message)| message);
            let name = case.rsplit('/').next().unwrap_or(&case);
            writeln!(page, "| `` {} `` | {name} |", message.replace('|', "\\|")).unwrap();
        }
    }
    page + "\n[../tests/ui]: ../tests/ui\n[errors.md]: errors.md\n"
}

#[test]
fn the_list_has_every_message() {
    let path = root().join("docs/messages.md");
    if std::env::var_os("MESSAGES").is_some() {
        std::fs::write(&path, list()).unwrap();
    }
    let page = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        page == list(),
        "docs/messages.md is not what tests/ui says: `MESSAGES=write cargo test --test error_pages`"
    );
}

#[test]
fn a_quotation_that_nothing_says_is_found() {
    let said = "error: `par` has no option `max`; it has `limit`";
    assert!(has(said, &fixed_parts("`seq` has no option `x`; it has …")));
    assert!(!has(said, &fixed_parts("`seq` has no such option `x`")));
    assert!(!has(said, &fixed_parts("it has `limit`; `par` has no option")));
    let page =
        "| you see | write |\n|---|---|\n| ``the input is `\\|x\\|` ``, `never said by anybody` | `that` |\n";
    assert_eq!(quoted(page), ["the input is `|x|`", "never said by anybody"]);
}
