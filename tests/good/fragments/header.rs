//! Fragments in the header: types, patterns, paths and expressions.

use async_orch::{BoxError, ErrorKind, pipeline, task};

use crate::now;

#[derive(Debug, PartialEq)]
pub(crate) struct Oops(String);

impl From<std::num::ParseIntError> for Oops {
    fn from(error: std::num::ParseIntError) -> Self {
        Oops(error.to_string())
    }
}

impl std::fmt::Display for Oops {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Oops {}

#[task]
fn parse(text: String) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

macro_rules! typed {
    ($krate:path, $error:ty, $input:ty, $name:pat => $value:expr, $step:path) => {
        pipeline! {
            crate = $krate;
            error = $error;
            let $name: $input = $value;
            move |_: $input|
            $step
        }
    };
}

macro_rules! named {
    ($input:pat, $ty:ty, $value:expr) => {
        pipeline! { |$input: $ty| seq < |_| { $value } > }
    };
}

#[test]
fn the_header_takes_fragments() {
    let p = typed!(::async_orch, Oops, String, _ => String::new(), parse);
    assert_eq!(now(p.run("12".to_owned())).unwrap(), 12);
    assert!(matches!(now(p.run("x".to_owned())).unwrap_err().kind(), ErrorKind::Task(Oops(_))));
    let p = typed!(async_orch, BoxError, String, _text => "x".to_owned(), parse);
    assert_eq!(now(p.run("12".to_owned())).unwrap(), 12);
}

#[test]
fn the_input_may_be_a_pattern() {
    let p = named!((_, _), (u8, u8), 3);
    assert_eq!(now(p.run((1, 2))).unwrap(), 3);
}
