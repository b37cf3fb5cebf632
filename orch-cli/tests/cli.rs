//! The program, without a process: arguments, files, streams and exit codes.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use orch_cli::{Outcome, World, run};

struct Ran {
    outcome: Outcome,
    output: String,
    errors: String,
}

fn ran(dir: &Path, arguments: &[&str], input: &str) -> Ran {
    let (outcome, output, errors) = bytes_ran(dir, arguments, input.as_bytes());
    Ran { outcome, output: String::from_utf8(output).expect("a text"), errors }
}

fn bytes_ran(dir: &Path, arguments: &[&str], mut input: &[u8]) -> (Outcome, Vec<u8>, String) {
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let arguments = ["cargo-orch"].iter().chain(arguments).map(OsString::from);
    let mut world =
        World { input: &mut input, output: &mut output, errors: &mut errors, dir: dir.to_owned() };
    let outcome = run(arguments, &mut world);
    (outcome, output, String::from_utf8(errors).expect("a text"))
}

const UGLY: &str = "fn f() { let p = pipeline!{seq<a  b>}; }\n";
const NICE: &str = "fn f() { let p = pipeline! { seq < a b > }; }\n";
const BROKEN: &str = "fn f() { let p = pipeline!{seq<a}; }\n";

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    dir
}

fn read(dir: &tempfile::TempDir, name: &str) -> String {
    fs::read_to_string(dir.path().join(name)).expect("a file")
}

#[test]
fn files_are_formatted_in_place() {
    let dir = folder(&[
        ("a.rs", UGLY),
        ("src/b.rs", UGLY),
        ("src/c.txt", UGLY),
        ("target/d.rs", UGLY),
        (".gitignore", "/target\n"),
    ]);
    // As cargo calls it, and by hand.
    let done = ran(dir.path(), &["orch", "fmt", "a.rs"], "");
    assert_eq!((done.outcome, done.output.as_str(), done.errors.as_str()), (Outcome::Fine, "", ""));
    assert_eq!((read(&dir, "a.rs").as_str(), read(&dir, "src/b.rs").as_str()), (NICE, UGLY));
    assert_eq!(ran(dir.path(), &["fmt"], "").outcome, Outcome::Fine);
    assert_eq!((read(&dir, "src/b.rs").as_str(), read(&dir, "src/c.txt").as_str()), (NICE, UGLY));
    assert_eq!(read(&dir, "target/d.rs"), UGLY);
}

#[test]
fn check_changes_nothing_and_shows_what_would_be() {
    let dir = folder(&[("a.rs", UGLY), ("b.rs", NICE)]);
    let done = ran(dir.path(), &["fmt", "--check"], "");
    assert_eq!(done.outcome, Outcome::Found);
    assert_eq!(
        done.output,
        "--- a.rs\n+++ as `cargo orch fmt` has it\n@@ -1 +1 @@\n-fn f() { let p = pipeline!{seq<a  b>}; }\n+fn f() { let p = pipeline! { seq < a b > }; }\n"
    );
    assert_eq!(read(&dir, "a.rs"), UGLY);
    assert_eq!(ran(dir.path(), &["fmt", "--check", "b.rs"], "").outcome, Outcome::Fine);
}

#[test]
fn what_cannot_be_read_is_an_error_and_the_rest_is_done() {
    let dir = folder(&[("a.rs", BROKEN), ("b.rs", UGLY), ("c.rs", "fn f() { \" }")]);
    let done = ran(dir.path(), &["fmt"], "");
    assert_eq!(done.outcome, Outcome::Failed);
    assert_eq!(
        done.errors,
        "error: a.rs:1:31: `seq` is not closed; write `>`; this pipeline is left as it is\n\
         error: c.rs:1:10: this file does not consist of Rust's tokens; it is left as it is\n"
    );
    assert_eq!((read(&dir, "a.rs").as_str(), read(&dir, "b.rs").as_str()), (BROKEN, NICE));
    // The place is that in the file, as it is after that.
    let both = "fn f() {\n    let p = pipeline! { seq <\n a b > };\n    pipeline!{seq<a};\n}\n";
    fs::write(dir.path().join("d.rs"), both).expect("a file");
    let place = |arguments: &[&str]| ran(dir.path(), arguments, "").errors[..19].to_owned();
    assert_eq!(place(&["fmt", "--check", "d.rs"]), "error: d.rs:4:18: `");
    assert_eq!(place(&["fmt", "d.rs"]), "error: d.rs:6:18: `");
    fs::write(dir.path().join("b.rs"), UGLY).expect("a file");
    let missing = ran(dir.path(), &["fmt", "none.rs", "b.rs"], "");
    assert_eq!(read(&dir, "b.rs"), NICE);
    assert_eq!(missing.outcome, Outcome::Failed);
    assert!(missing.errors.starts_with("error: none.rs: "), "{}", missing.errors);
}

#[test]
fn an_editor_writes_to_it_and_reads_from_it() {
    let dir = folder(&[
        ("rustfmt.toml", "max_width = 30\n"),
        ("Cargo.toml", "[package.metadata.orch]\nmacros = [\"flow\"]\n"),
    ]);
    let done = ran(dir.path(), &["fmt", "--stdin"], UGLY);
    assert_eq!((done.outcome, done.errors.as_str()), (Outcome::Fine, ""));
    assert!(done.output.contains("seq < a b >\n"), "{}", done.output);
    let done = ran(dir.path(), &["fmt", "--stdin", "--stdin-path", "src/a.rs"], "fn f() { flow!{a} }");
    assert_eq!(done.output, "fn f() { flow! { a } }");
    // What cannot be read comes back as it is.
    let done = ran(dir.path(), &["fmt", "--stdin"], BROKEN);
    assert_eq!((done.outcome, done.output.as_str()), (Outcome::Failed, BROKEN));
    let done = ran(dir.path(), &["fmt", "--stdin"], "fn f() { \" }");
    assert_eq!((done.outcome, done.output.as_str()), (Outcome::Failed, "fn f() { \" }"));
    let done = bytes_ran(dir.path(), &["fmt", "--stdin"], b"fn f() { \xff }");
    assert_eq!((done.0, done.1.as_slice()), (Outcome::Failed, &b"fn f() { \xff }"[..]));
    assert!(done.2.starts_with("error: <stdin>: invalid utf-8"), "{}", done.2);
    assert_eq!(ran(dir.path(), &["fmt", "--stdin", "--check"], UGLY).outcome, Outcome::Found);
    // As long as lines can be.
    fs::write(dir.path().join("rustfmt.toml"), "max_width = 9223372036854775807\ntab_spaces = 0\n")
        .expect("a file");
    assert_eq!(ran(dir.path(), &["fmt", "--stdin"], UGLY).output, NICE);
}

#[test]
fn settings_are_those_of_rustfmt_and_of_the_manifests() {
    let long = "fn f() { let p = pipeline! { seq < a_long_name another_long_name > }; }\n";
    let dir = folder(&[
        ("rustfmt.toml", "max_width = 60\nedition = \"2024\"\nignored = 1\n"),
        ("a.rs", long),
        ("tabs/.rustfmt.toml", "hard_tabs = true\nnewline_style = \"Windows\"\nmax_width = 60\n"),
        ("tabs/b.rs", long),
        (
            "Cargo.toml",
            "[workspace]\n[workspace.metadata.orch]\nmacros = [\"flow\"]\nexclude = [\"left/out\"]\n",
        ),
        ("in/Cargo.toml", "[package]\nname = \"x\"\n[package.metadata.orch]\nmacros = [\"inner\"]\n"),
        ("in/c.rs", "fn f() { flow!{a} inner!{a} other!{a} }"),
        ("left/out/d.rs", UGLY),
        ("left/e.rs", UGLY),
    ]);
    assert_eq!(ran(dir.path(), &["fmt", "--macro", "other"], "").outcome, Outcome::Fine);
    assert_eq!(
        read(&dir, "a.rs"),
        "fn f() { let p = pipeline! {\n    seq < a_long_name another_long_name >\n}; }\n"
    );
    assert_eq!(
        read(&dir, "tabs/b.rs"),
        "fn f() { let p = pipeline! {\r\n\tseq < a_long_name another_long_name >\r\n}; }\n"
    );
    assert_eq!(read(&dir, "in/c.rs"), "fn f() { flow! { a } inner! { a } other! { a } }");
    assert_eq!((read(&dir, "left/out/d.rs").as_str(), read(&dir, "left/e.rs").as_str()), (UGLY, NICE));
    // A file that is named is formatted.
    ran(dir.path(), &["fmt", "left/out/d.rs"], "");
    assert_eq!(read(&dir, "left/out/d.rs"), NICE);
    fs::write(dir.path().join("Cargo.toml"), "[workspace.metadata.orch]\nmacro = []\n").expect("a file");
    let wrong = ran(dir.path(), &["fmt", "a.rs"], "");
    assert!(
        wrong.outcome == Outcome::Failed && wrong.errors.contains("Cargo.toml: unknown field `macro`"),
        "{}",
        wrong.errors
    );
}

#[test]
fn pipelines_are_drawn() {
    let two =
        "fn f() {\n    pipeline! { seq < a b > }\n}\n\nfn g() {\n    pipeline! {\n        c\n    }\n}\n";
    let dir = folder(&[("a.rs", two), ("b.rs", BROKEN), ("c.rs", "")]);
    let text = ran(dir.path(), &["graph", "a.rs"], "");
    assert_eq!(
        (text.outcome, text.output.as_str()),
        (Outcome::Fine, "a.rs:2:5\nseq\n├─ a\n└─ b\n\na.rs:6:5\nc\n")
    );
    assert_eq!(ran(dir.path(), &["graph", "a.rs:7"], "").output, "c\n");
    let lines = ran(dir.path(), &["graph", "a.rs", "--format", "json"], "").output;
    assert_eq!(lines.lines().filter(|line| line.starts_with("{\"version\":1,")).count(), 2);
    assert!(ran(dir.path(), &["graph", "a.rs:2", "--format", "mermaid"], "").output.starts_with("flowchart"));
    assert!(ran(dir.path(), &["graph", "a.rs", "--format", "dot"], "").output.contains("digraph"));
    let done = ran(dir.path(), &["graph", "a.rs:2", "--format", "svg", "-o", "a.svg"], "");
    assert_eq!((done.outcome, done.output.as_str()), (Outcome::Fine, ""));
    assert!(read(&dir, "a.svg").starts_with("<svg"));
    // Where nothing comes of it, the picture that was there stays.
    let failed = ran(dir.path(), &["graph", "b.rs", "--format", "svg", "-o", "a.svg"], "");
    assert_eq!(failed.outcome, Outcome::Failed);
    assert!(read(&dir, "a.svg").starts_with("<svg"));
    fs::write(dir.path().join("d.rs"), "fn f() { run(pipeline! { a }, pipeline! { seq < b > }) }\n")
        .expect("a file");
    let beside = ran(dir.path(), &["graph", "d.rs:1"], "").output;
    assert_eq!(beside, "d.rs:1:14\na\n\nd.rs:1:31\nseq\n└─ b\n");
    assert_eq!(
        ran(dir.path(), &["graph", "d.rs:1", "--format", "svg"], "").errors,
        "error: d.rs has several pipelines at line 1, and a picture is one: put each on a line of its own\n"
    );
    // Parts that are never there together.
    let cases = "fn f() { pipeline! { #[cfg(a)] seq < a b > #[cfg(not(a))] timeout(1s) < c > } }\n";
    fs::write(dir.path().join("e.rs"), cases).expect("a file");
    assert_eq!(ran(dir.path(), &["graph", "e.rs"], "").output, "seq\n├─ a\n└─ b\n");
    let lines = ran(dir.path(), &["check", "e.rs"], "").output;
    assert!(lines.lines().count() == 2 && lines.ends_with("1 attempt of a task, 1s\n"), "{lines}");
    let several = ran(dir.path(), &["graph", "a.rs", "--format", "svg"], "");
    assert_eq!(several.outcome, Outcome::Failed);
    assert_eq!(
        several.errors,
        "error: a.rs has several pipelines, at the lines 2, 6, and a picture is one: write a.rs:2\n"
    );
    assert_eq!(ran(dir.path(), &["graph", "a.rs:4"], "").errors, "error: a.rs has no pipeline at line 4\n");
    assert_eq!(ran(dir.path(), &["graph", "c.rs"], "").errors, "error: c.rs has no pipeline\n");
    let broken = ran(dir.path(), &["graph", "b.rs"], "");
    assert_eq!(
        (broken.outcome, broken.errors.as_str()),
        (Outcome::Failed, "error: b.rs:1:31: `seq` is not closed; write `>`\n")
    );
}

#[test]
fn pipelines_are_checked() {
    let page = "# A page\n\n```rust\n# use async_orch::pipeline;\nlet p = pipeline! { retry(max_attempts = 1) < a > };\n```\n\n\
                ```rust,compile_fail\npipeline! { seq < }\n```\n\n```text\npipeline! { seq < }\n```\n";
    let dir = folder(&[("a.rs", NICE), ("b.rs", BROKEN), ("c.md", page)]);
    let fine = ran(dir.path(), &["check", "a.rs"], "");
    assert_eq!(fine.outcome, Outcome::Fine);
    assert_eq!(fine.output, "a.rs:1:18: at most 1 task in flight, 1 attempt of a task, no time limit\n");
    let found = ran(dir.path(), &["check", "c.md"], "");
    assert_eq!((found.outcome, found.errors.as_str()), (Outcome::Found, ""));
    assert!(found.output.contains("--> c.md:5:27\n"), "{}", found.output);
    // However its blocks of code begin and end.
    let rust = "pipeline! { retry(max_attempts = 1) < a > };\n";
    for (page, count) in [
        (format!("~~~rust\n{rust}~~~\n"), 1),
        (format!("```code```\n```rust\n{rust}```\n"), 1),
        (format!("```rust no_run\n{rust}```\n"), 1),
        (format!("``` rust\n{rust}```\n"), 1),
        (format!("````rust\n/*\n```\n*/{rust}````\n"), 1),
        (format!("````text\n```rust\n{rust}```\n````\n```rust\n{rust}```\n"), 1),
        (format!("```text\n{rust}```\n~~~\n{rust}~~~\n```rust, ignore\n{rust}```\n"), 0),
    ] {
        fs::write(dir.path().join("d.md"), &page).expect("a file");
        let found = ran(dir.path(), &["check", "d.md"], "");
        assert_eq!(found.output.matches("warning[").count(), count, "{page}");
    }
    let failed = ran(dir.path(), &["check"], "");
    assert_eq!(
        (failed.outcome, failed.errors.as_str()),
        (Outcome::Failed, "error: b.rs:1:31: `seq` is not closed; write `>`\n")
    );
}

#[test]
fn arguments_that_are_wrong_and_help() {
    let dir = folder(&[]);
    let wrong = ran(dir.path(), &["fmt", "--chekc"], "");
    assert!(wrong.outcome == Outcome::Failed && wrong.errors.contains("'--check'"), "{}", wrong.errors);
    assert_eq!(ran(dir.path(), &["fmt", "--stdin", "a.rs"], "").outcome, Outcome::Failed);
    let help = ran(dir.path(), &["orch", "--help"], "");
    assert!(help.outcome == Outcome::Fine && help.output.contains("Usage: cargo orch"), "{}", help.output);
    assert_eq!([Outcome::Fine, Outcome::Found, Outcome::Failed].map(Outcome::code), [0, 1, 2]);
}
