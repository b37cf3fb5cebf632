//! `return`, and what returns by itself.

use async_orch::pipeline;

use super::{Oops, parse};
use crate::now;

#[test]
fn a_return_is_an_end() {
    let p = pipeline! {
        |_: &'static str|
        |text| {
            if text == "zero" { return Ok(0); }
            let Some(first) = text.split(' ').next() else { return Ok(1) };
            if first == "no" { return Err("no".into()); }
            return Ok(parse(first)?);
        }
    };
    assert_eq!(now(p.run("zero")).unwrap(), 0);
    assert_eq!(now(p.run("7 8")).unwrap(), 7);
    assert!(now(p.run("no")).is_err());
}

#[test]
fn closures_and_async_blocks_return_by_themselves() {
    let p = pipeline! {
        |_: Vec<u32>|
        async |all| {
            let odd = |n: &u32| { if *n == 0 { return false; } n % 2 == 1 };
            let check = |n: u32| if n > 100 { Err(Oops) } else { Ok(n) };
            let sum = async { if all.len() > 3 { return Err(Oops); } Ok(all.iter().filter(|n| odd(n)).sum::<u32>()) };
            let sum = check(sum.await?)?;
            Ok(sum)
        }
    };
    assert_eq!(now(p.run(vec![0, 1, 2, 3])).unwrap_err().downcast_ref(), Some(&Oops));
    assert_eq!(now(p.run(vec![1, 2, 3])).unwrap(), 4);
}
