//! What a user is told: each file under `ui/fail` holds one mistake, and the file beside it what the compiler prints, which
//! is one error under the user's own tokens. Those under `ui/several` hold several mistakes, none of which hides another. Those
//! under `ui/pass` compile without a warning, and run.
//!
//! `just bless` writes the expected messages anew. Read every one as a user would before you commit it.

#[test]
fn messages() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/**/*.rs");
    cases.compile_fail("tests/ui/fail/**/*.rs");
    cases.compile_fail("tests/ui/several/*.rs");
}

/// One mistake is one error.
#[test]
fn one_error_each() {
    let mut cases = 0;
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ui/fail"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "stderr") {
                let text = std::fs::read_to_string(&path).unwrap();
                let errors = text.lines().filter(|line| line.starts_with("error")).count();
                assert_eq!(errors, 1, "{}", path.display());
                assert!(!text.contains("\nwarning"), "{}", path.display());
                cases += 1;
            }
        }
    }
    assert!(cases >= 45, "{cases} cases");
}
