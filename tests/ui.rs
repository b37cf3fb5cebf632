//! What a user is told: each file under `ui/fail` holds one mistake, and the file beside it what the compiler prints, which
//! is one error under the user's own tokens. Those under `ui/several` hold several mistakes, none of which hides another. Those
//! under `ui/pass` compile without a warning, and run. `grades` has a look at how good the messages are.
//!
//! `just bless` writes the expected messages anew. Read every one as a user would before you commit it.

#[test]
fn messages() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/**/*.rs");
    cases.compile_fail("tests/ui/fail/**/*.rs");
    cases.compile_fail("tests/ui/several/*.rs");
}
