//! `cargo orch`: see the crate.

use std::io::{stderr, stdin, stdout};
use std::process::ExitCode;

use orch_cli::{World, run};

fn main() -> ExitCode {
    let (mut input, mut output, mut errors) = (stdin().lock(), stdout().lock(), stderr().lock());
    let dir = std::env::current_dir().unwrap_or_default();
    let mut world = World { input: &mut input, output: &mut output, errors: &mut errors, dir };
    ExitCode::from(run(std::env::args_os(), &mut world).code())
}
