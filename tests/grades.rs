//! How good the messages under `tests/ui` are, by four marks that need no compiler: the texts beside the cases are read.
//!
//! - *one error*: as many errors as there are mistakes, which is one under `fail`, and no warning;
//! - *place*: the caret of each is under the marked token;
//! - *names*: nothing is said of the library's inside;
//! - *length*: each error has at most fifteen lines.
//!
//! A case marks where its reader would look, at its end, so that no line is moved: the line again, and carets under the token.
//! There is one mark for each mistake.
//!
//! ```text
//! //~     let _ = pipeline! { seq < fetsh > };
//! //~                               ^^^^^
//! ```
//!
//! `cargo test --test grades -- --nocapture` prints the shares; with `GRADES=all`, each case that misses a mark too.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// The least share of the cases under `fail` that have a mark, of a hundred.
const LEAST: [(Mark, f64); 4] =
    [(Mark::OneError, 97.0), (Mark::Place, 97.0), (Mark::Names, 95.0), (Mark::Length, 85.0)];

/// The most lines of an error.
const LINES: usize = 15;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    OneError,
    Place,
    Names,
    Length,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Mark::OneError => "one error",
            Mark::Place => "place",
            Mark::Names => "names",
            Mark::Length => "length",
        })
    }
}

/// Where an error is drawn, or to be: the line and the column it begins at, both from 1, and how wide it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Spot {
    line: usize,
    column: usize,
    /// The carets alone, and with the dashes of other spans right behind, which may also stand for covered carets.
    width: (usize, usize),
}

impl Spot {
    fn is_at(self, marked: Spot) -> bool {
        let (least, most) = self.width;
        // One over several lines is not drawn with carets.
        (self.line, self.column) == (marked.line, marked.column)
            && (most == 0 || (least..=most).contains(&marked.width.0))
    }
}

/// The marks at the end of a case.
fn marked(source: &str) -> Result<Vec<Spot>, String> {
    let marks: Vec<&str> = source.lines().filter_map(|line| line.strip_prefix("//~ ")).collect();
    let lines = || source.lines().enumerate().filter(|(_, line)| !line.starts_with("//~ "));
    let pairs = marks.chunks(2).map(|pair| {
        let &[quoted, carets] = pair else { return Err(format!("a mark without carets: {pair:?}")) };
        let mut found = lines().filter(|(_, line)| *line == quoted);
        let (Some((line, _)), None) = (found.next(), found.next()) else {
            return Err(format!("not exactly one line is `{quoted}`"));
        };
        let (column, width) = run_of(carets, '^').ok_or_else(|| format!("no carets in `{carets}`"))?;
        Ok(Spot { line: line + 1, column, width: (width, width) })
    });
    pairs.collect()
}

/// Where the first run of a sign begins, from 1, and how long it is.
fn run_of(line: &str, sign: char) -> Option<(usize, usize)> {
    let before = line.chars().take_while(|c| *c != sign).count();
    let width = line.chars().skip(before).take_while(|c| *c == sign).count();
    (width > 0).then_some((before + 1, width))
}

/// The errors of what the compiler printed.
fn errors(text: &str) -> Vec<Vec<&str>> {
    let mut errors: Vec<Vec<&str>> = Vec::new();
    for line in text.lines() {
        if line.starts_with("error") {
            errors.push(Vec::new());
        }
        if let Some(error) = errors.last_mut() {
            error.push(line);
        }
    }
    for error in &mut errors {
        while error.last().is_some_and(|line| line.is_empty()) {
            error.pop();
        }
    }
    errors
}

/// Where an error is drawn.
fn spot(error: &[&str]) -> Option<Spot> {
    let arrow = error.iter().position(|line| line.trim_start().starts_with("--> "))?;
    let mut place = error[arrow].rsplit(':');
    let (column, line) = (place.next()?.parse().ok()?, place.next()?.parse().ok()?);
    // The source's line has its number before the bar, and the carets are below it.
    let number = format!("{line}");
    let shown = error[arrow..]
        .iter()
        .position(|text| text.split_once('|').is_some_and(|(before, _)| before.trim() == number))?;
    let drawn = error.get(arrow + shown + 1)?;
    let (_, drawn) = drawn.split_once("| ")?;
    let at: Vec<char> = drawn.chars().skip(column - 1).collect();
    let most = at.iter().take_while(|c| matches!(c, '^' | '-')).count();
    let least = at[..most].iter().rposition(|c| *c == '^').map_or(0, |last| last + 1);
    Some(Spot { line, column, width: (least, if least == 0 { 0 } else { most }) })
}

/// Names of the library's inside.
const INSIDE: [&str; 24] = [
    "Table",
    "Options",
    "slot",
    "args",
    "gate",
    "StepWanted",
    "CheckSpan",
    "Slot",
    "NoSlot",
    "Hole",
    "SyncBody",
    "AsyncBody",
    "NamedBody",
    "ContextBody",
    "AsyncContextBody",
    "Probe",
    "Check",
    "Sent",
    "HasNode",
    "NodeAt",
    "IsStep",
    "IsTask",
    "IsInline",
    "Given",
];

/// The same, where generic arguments follow.
const GENERIC: [&str; 7] = ["Step<", "Leaf<", "Inline<", "Plain<", "Named<", "Builder<", "At<"];

/// What an error tells of the library's inside, in lines that are not the case's own.
fn inside(error: &[&str]) -> Option<String> {
    let told = error.iter().filter(|line| {
        let is_source =
            line.split_once('|').is_some_and(|(before, _)| before.trim().parse::<usize>().is_ok());
        !is_source
    });
    told.flat_map(|line| names(line)).find(|name| {
        let bare = name.trim_end_matches('<');
        ["orch_core", "__private", "__orch", "tok", "feed", "step", "body", "place"].iter().any(|prefix| {
            let rest = bare.strip_prefix(prefix);
            let is_numbered =
                rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit()));
            is_numbered || (rest.is_some() && (prefix.contains('_')))
        }) || INSIDE.contains(&bare)
            || GENERIC.contains(&name.as_str())
    })
}

/// The names in a line, with the `<` behind.
fn names(line: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    for c in line.chars() {
        match names.last_mut() {
            Some(name) if c.is_alphanumeric() || c == '_' => name.push(c),
            Some(name) if c == '<' => {
                name.push(c);
                names.push(String::new());
            }
            _ => names.push(String::new()),
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// The marks that a case misses, each with what is wrong.
fn missed_by(source: &str, text: &str, is_alone: bool) -> Result<BTreeMap<Mark, String>, String> {
    let mut marked = marked(source)?;
    if marked.is_empty() {
        return Err("it marks no token".to_owned());
    }
    if is_alone && marked.len() > 1 {
        return Err("it is to have one mistake".to_owned());
    }
    let errors = errors(text);
    let mut missed = BTreeMap::new();
    let warns = text.lines().any(|line| line.starts_with("warning"));
    if errors.len() != marked.len() || warns {
        missed.insert(Mark::OneError, format!("{} errors, warnings: {warns}", errors.len()));
    }
    let mut spots: Vec<Option<Spot>> = errors.iter().map(|error| spot(error)).collect();
    // The compiler has an order of its own.
    marked.sort();
    spots.sort();
    if marked.len() != spots.len()
        || marked.iter().zip(&spots).any(|(marked, spot)| !spot.is_some_and(|spot| spot.is_at(*marked)))
    {
        missed.insert(Mark::Place, format!("marked {marked:?}, drawn {spots:?}"));
    }
    if let Some(name) = errors.iter().find_map(|error| inside(error)) {
        missed.insert(Mark::Names, name);
    }
    if let Some(lines) = errors.iter().map(Vec::len).max().filter(|lines| *lines > LINES) {
        missed.insert(Mark::Length, format!("{lines} lines"));
    }
    Ok(missed)
}

fn missed(source: &str, text: &str) -> Result<BTreeMap<Mark, String>, String> {
    missed_by(source, text, true)
}

fn cases(folder: &str) -> Vec<PathBuf> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui").join(folder)];
    let mut cases = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                cases.push(path);
            }
        }
    }
    cases.sort();
    cases
}

/// What the cases of a folder miss, by the folder that each is in.
fn grades(folder: &str) -> BTreeMap<String, Vec<BTreeMap<Mark, String>>> {
    let mut grades: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in cases(folder) {
        let source = std::fs::read_to_string(&case).unwrap();
        let text = std::fs::read_to_string(case.with_extension("stderr")).unwrap();
        match missed_by(&source, &text, folder == "fail") {
            Ok(missed) => {
                if std::env::var_os("GRADES").is_some() {
                    for (mark, what) in &missed {
                        println!("{mark:10} {}: {what}", case.display());
                    }
                }
                let kind = case.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
                grades.entry(kind).or_default().push(missed);
            }
            Err(problem) => wrong.push(format!("{}: {problem}", case.display())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    grades
}

fn share(cases: &[&BTreeMap<Mark, String>], mark: Mark) -> f64 {
    let kept = cases.iter().filter(|missed| !missed.contains_key(&mark)).count();
    100.0 * kept as f64 / cases.len() as f64
}

fn print(kind: &str, cases: &[&BTreeMap<Mark, String>]) {
    let shares: String = LEAST.iter().map(|(mark, _)| format!("{:10.1}", share(cases, *mark))).collect();
    let whole = cases.iter().filter(|missed| missed.is_empty()).count();
    println!("{kind:12}{:6}{shares}{:10.1}", cases.len(), 100.0 * whole as f64 / cases.len() as f64);
}

#[test]
fn messages_have_their_marks() {
    let grades = grades("fail");
    let marks: String = LEAST.iter().map(|(mark, _)| format!("{mark:>10}")).collect();
    println!("{:12}{:>6}{marks}{:>10}", "", "cases", "all");
    for (kind, cases) in &grades {
        print(kind, &cases.iter().collect::<Vec<_>>());
    }
    let all: Vec<_> = grades.values().flatten().collect();
    print("together", &all);
    assert!(all.len() >= 400, "{} cases", all.len());
    for (mark, least) in LEAST {
        let share = share(&all, mark);
        assert!(share >= least, "{mark}: {share:.1} %, and at least {least} % is asked for");
    }
}

/// Several mistakes are as many errors, each at its own token.
#[test]
fn several_mistakes_are_told_once_each() {
    for (kind, cases) in grades("several") {
        for missed in cases {
            assert!(
                !missed.contains_key(&Mark::OneError) && !missed.contains_key(&Mark::Place),
                "{kind}: {missed:?}"
            );
        }
    }
}

const SOURCE: &str = "fn main() {\n    let _ = pipeline! { seq < fetsh > };\n}\n\
//~     let _ = pipeline! { seq < fetsh > };\n//~                               ^^^^^\n";

const TEXT: &str = "error[E0425]: cannot find type `fetsh` in this scope
 --> tests/ui/fail/x.rs:2:31
  |
2 |     let _ = pipeline! { seq < fetsh > };
  |                               ^^^^^ not found in this scope
";

/// The marks that a text misses which would be whole, but for this.
fn changed(from: &str, to: &str) -> Vec<Mark> {
    assert!(TEXT.contains(from), "{from}");
    missed(SOURCE, &TEXT.replace(from, to)).unwrap().into_keys().collect()
}

#[test]
fn a_good_message_misses_nothing() {
    assert_eq!(missed(SOURCE, TEXT), Ok(BTreeMap::new()));
}

#[test]
fn a_second_error_is_found() {
    let text = format!("{TEXT}\nerror: and then this\n --> tests/ui/fail/x.rs:2:31\n");
    assert_eq!(missed(SOURCE, &text).unwrap().keys().next(), Some(&Mark::OneError));
}

#[test]
fn no_error_is_found() {
    assert_eq!(missed(SOURCE, "").unwrap().keys().next(), Some(&Mark::OneError));
}

#[test]
fn a_warning_is_found() {
    let text = format!("{TEXT}\nwarning: unused import: `a::*`\n");
    assert_eq!(missed(SOURCE, &text).unwrap().into_keys().collect::<Vec<_>>(), [Mark::OneError]);
}

#[test]
fn another_place_is_found() {
    assert_eq!(changed("x.rs:2:31", "x.rs:2:29"), [Mark::Place]);
    assert_eq!(changed("x.rs:2:31", "x.rs:3:31"), [Mark::Place]);
    assert_eq!(changed("^^^^^", "^^^^^^^^"), [Mark::Place]);
    assert_eq!(changed("^^^^^", "^"), [Mark::Place]);
}

#[test]
fn names_of_the_inside_are_found() {
    for name in [
        "the trait `orch_core::run::Step` is",
        "`async_orch::__private_0_1_0::x`",
        "cannot find `__orch_tok1`",
        "`step5`",
        "to implement `Step<P, E>`",
        "`Leaf<{closure}>`",
        "named `slot` found",
        "field of `Options<_>`",
        "expected `main::Table`",
    ] {
        assert_eq!(changed("not found in this scope", name), [Mark::Names], "{name}");
    }
}

#[test]
fn the_users_own_names_are_none() {
    for name in
        ["step `fetch` takes `u32`", "an argument", "`Stepped<u32>`", "the body", "`place`", "navigate"]
    {
        assert_eq!(changed("not found in this scope", name), [], "{name}");
    }
}

#[test]
fn a_long_message_is_found() {
    let tail = "  = note: and\n".repeat(LINES - 5);
    assert_eq!(missed(SOURCE, &format!("{TEXT}{tail}")), Ok(BTreeMap::new()));
    let text = format!("{TEXT}{tail}  = note: more\n");
    assert_eq!(missed(SOURCE, &text).unwrap().into_keys().collect::<Vec<_>>(), [Mark::Length]);
}

#[test]
fn a_case_of_two_mistakes_is_an_error() {
    let marks = "//~     let _ = pipeline! { seq < fetsh > };\n//~             ^\n";
    assert!(missed_by(&format!("{SOURCE}{marks}"), TEXT, false).is_ok());
    assert!(missed(&format!("{SOURCE}{marks}"), TEXT).is_err());
}

#[test]
fn a_case_without_a_mark_is_an_error() {
    assert!(missed("fn main() {}\n", TEXT).is_err());
    assert!(missed("fn main() {}\n//~ fn mian() {}\n//~ ^^\n", TEXT).is_err());
    assert!(missed("fn main() {}\n//~ fn main() {}\n", TEXT).is_err());
}
