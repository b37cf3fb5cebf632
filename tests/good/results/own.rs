//! Types of the user's for errors and for what is given.

use async_orch::{BoxError, pipeline, task};

use crate::now;

#[derive(Debug, PartialEq)]
enum Oops {
    Zero,
    Other(BoxErrorText),
}

#[derive(Debug, PartialEq)]
struct BoxErrorText(String);

impl From<BoxErrorText> for Oops {
    fn from(text: BoxErrorText) -> Self {
        Oops::Other(text)
    }
}

impl std::fmt::Display for Oops {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Oops {}

struct Outcome(u32);
struct Response<T>(T);

#[task]
fn outcome(n: u32) -> Outcome {
    Outcome(n)
}

#[task]
async fn respond<T>(value: T) -> Response<T> {
    Response(value)
}

#[task]
fn check(response: Response<u32>) -> Result<u32, BoxErrorText> {
    if response.0 == 1 { Err(BoxErrorText("one".to_owned())) } else { Ok(response.0) }
}

#[task(fallible)]
fn fallible(n: u32) -> Result<u32, Oops> {
    if n == 0 { Err(Oops::Zero) } else { Ok(n) }
}

#[test]
fn a_plain_type_may_have_any_name() {
    let p =
        pipeline! { error = Oops; |_: u32| seq < fallible outcome |outcome| { outcome.0 } respond check > };
    assert_eq!(now(p.run(2)).unwrap(), 2);
    assert_eq!(now(p.run(0)).unwrap_err().task(), Some(&Oops::Zero));
    assert_eq!(now(p.run(1)).unwrap_err().task(), Some(&Oops::Other(BoxErrorText("one".to_owned()))));
    let _: Option<BoxError> = None;
}
