//! Bodies that give nothing: what they would give is said by what follows.
#![allow(clippy::todo, clippy::unimplemented)]

use async_orch::{pipeline, task};

use crate::now;

#[task]
fn show(n: u32) -> String {
    n.to_string()
}

#[test]
fn a_body_may_never_give_a_value() {
    let panics = pipeline! {
        |_: u32|
        catch <
            seq <
                |n| { if n == 0 { panic!("zero") } else { todo!() } }
                show
                |_| { match 1 { 1 => unreachable!("one"), _ => { unimplemented!(); } } }
                |_| { { panic!() } }
                async |_| { loop { std::future::pending::<()>().await; } }
            >
        >
    };
    assert!(now(panics.run(0)).is_err());
}
