//! Statics, which no pattern may be called as.

use async_orch::{pipeline, task};

use crate::now;

static args: u8 = 1;
static error: u8 = 1;
static value0: u8 = 1;
static out: u8 = 1;
static tok: u8 = 1;
static header: u8 = 1;
static root: u8 = 1;
static scope: u8 = 1;
static input: u8 = 1;
static raw: u8 = 1;
static moved: u8 = 1;
static step2: u8 = 1;
static closure1: u8 = 1;

#[task]
fn take(n: u8) -> Result<u8, std::fmt::Error> {
    Ok(n + args + error)
}

#[test]
fn a_static_is_no_variable_of_ours() {
    let p = pipeline! { |n: u8| seq < take(*n) |m| { m + header } async |m| { m + *n + tok } > };
    assert_eq!(now(p.run(1)).unwrap(), 6);
}
