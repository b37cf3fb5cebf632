//! Unit structs and tuple structs, which no pattern may be called as either.

use async_orch::{pipeline, task};

use crate::now;

struct args;
struct error;
struct value0(u8);
struct input;
struct scope;
struct header;
struct root;
struct tok;
struct raw(u8);
struct moved;
struct closure1;
struct slots;
struct piped;

#[task]
fn take(n: u8) -> Result<u8, std::fmt::Error> {
    let _ = (args, error, value0(1), raw(2));
    Ok(n)
}

#[test]
fn a_struct_is_no_variable_of_ours() {
    let p = pipeline! { |n: u8| seq(collect) < take(*n) |m| { let _ = input; m } async |m| { m + *n } > };
    assert_eq!(now(p.run(1)).unwrap(), (1, 1, 2));
}
