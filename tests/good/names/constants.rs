//! Constants: a variable of the same name in a pattern would be compared with them.

use std::convert::TryFrom;

use async_orch::{pipeline, task};

use crate::now;

macro_rules! constants {
    ($($name:ident)*) => { $(const $name: u8 = 1;)* };
}

constants! {
    args error out value0 value1 slot name call debug convert task input header root scope tok tok0 tok1 tok2 step step1 step2
    gate gate1 place place2 closure closure1 how how2 raw moved body body1 feed feed1 child child1 slots piped value out0 out1
    entry hole hole1 result probe marker never
}

#[task]
fn fallible(n: u32) -> std::io::Result<u32> {
    Ok(n)
}

#[task]
async fn two(a: u32, b: u32) -> u32 {
    a + b
}

#[task]
fn generic<T, const N: usize>(all: [T; N]) -> usize {
    all.len()
}

#[test]
fn a_constant_is_no_variable_of_ours() {
    let owned = 1;
    let p = pipeline! {
        let owned = owned;
        |n: u32|
        seq <
            fallible(*n)
            two(_, *owned)
            |m| { m + u32::from(args) }
            async |m| { m + 1 }
            async |m| { m + *owned }
            let (a, b) = par < fallible(*n) |_| { Ok(u8::try_from(*n)?) } >
            retry(max_attempts = 2) < seq < |_| { vec![*a, u32::from(*b)] } each(limit = 1) < fallible > > >
            |all| { [all.len(), 2] }
            generic
        >
    };
    assert_eq!(now(p.run(1)).unwrap(), 2);
    let collected = pipeline! { |_: u32| seq(collect) < fallible |m| { m } let _ = fallible fallible(3) > };
    assert_eq!(now(collected.run(1)).unwrap(), (1, 1, 3));
}
