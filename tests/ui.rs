//! What a user is told: each file under `ui/fail` holds one mistake, and the file beside it what the compiler prints, which
//! is one error under the user's own tokens. Those under `ui/several` hold several mistakes, none of which hides another. `grades` has
//! a look at how good the messages are; what has to compile is in `good`.
//!
//! `just bless` writes the expected messages anew. Read every one as a user would before you commit it.

#[test]
fn messages() {
    // With none among them that is to compile, all are given to the compiler at once.
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/fail/**/*.rs");
    cases.compile_fail("tests/ui/several/*.rs");
}
