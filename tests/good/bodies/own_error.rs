//! Bodies that make an error of their own.

use async_orch::{BoxError, ErrorKind, pipeline};
use std::io;

use super::{Oops, parse};
use crate::now;

#[test]
fn the_error_that_is_made_is_the_type() {
    let p = pipeline! {
        |_: u32|
        seq <
            |n| { if n == 1 { return Err(Oops); } Ok(n) }
            |n| { match n { 2 => Err(io::Error::other("two")), _ => Ok(n) } }
            |n| { if n == 3 { Err(BoxError::from("three")) } else { Ok(n) } }
            |n| { loop { if n == 4 { break Err(Oops); } break Ok(n); } }
            |n| { if n == 5 { return Err(anyhow::anyhow!("five")); } Ok(n) }
            |n| { anyhow::ensure!(n != 6, "six"); Ok(n) }
            |n| { if n == 7 { anyhow::bail!("seven"); } Ok(parse("7")? + n) }
        >
    };
    assert_eq!(now(p.run(0)).unwrap(), 7);
    assert!(now(p.run(1)).unwrap_err().is::<Oops>());
    assert!(now(p.run(2)).unwrap_err().is::<io::Error>());
    for n in 3..=7 {
        assert!(now(p.run(n)).is_err());
    }
}

#[test]
fn a_pipeline_with_a_type_converts_all_of_them() {
    #[derive(Debug, PartialEq)]
    enum All {
        Oops,
        Number,
    }
    impl std::fmt::Display for All {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "{self:?}")
        }
    }
    impl std::error::Error for All {}
    impl From<Oops> for All {
        fn from(_: Oops) -> Self {
            All::Oops
        }
    }
    impl From<std::num::ParseIntError> for All {
        fn from(_: std::num::ParseIntError) -> Self {
            All::Number
        }
    }

    let p = pipeline! {
        error = All;
        |_: &'static str|
        seq <
            |text| { match text { "x" => Ok(0), text => Ok(parse(text)?) } }
            |n| { if n == 1 { return Err(Oops); } Ok(n) }
            |n| { if n == 2 { return Err(All::Oops); } Ok(n) }
        >
    };
    assert_eq!(now(p.run("x")).unwrap(), 0);
    assert!(matches!(now(p.run("y")).unwrap_err().kind(), ErrorKind::Task(All::Number)));
    assert!(matches!(now(p.run("1")).unwrap_err().kind(), ErrorKind::Task(All::Oops)));
}

#[test]
fn what_is_converted_takes_the_pipelines_error() {
    let p = pipeline! {
        |_: &'static str|
        seq <
            |text| { parse(text).map_err(Into::into) }
            |n| { if n == 1 { Err("one".into()) } else { Ok(n) } }
            async |n| { super::get(n).await.map_err(|e| e.into()) }
            |n| { parse("8").map_err(|_| Oops).map(|m| n + m) }
        >
    };
    assert_eq!(now(p.run("2")).unwrap(), 10);
    assert!(now(p.run("x")).unwrap_err().is::<std::num::ParseIntError>());
    assert!(now(p.run("1")).is_err());
    assert!(now(p.run("13")).unwrap_err().is::<Oops>());
}
