// The error of an embedded pipeline does not convert.
use async_orch::{BoxError, Run, pipeline};

#[derive(Debug)]
struct MyError;

impl std::fmt::Display for MyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("mine")
    }
}

impl std::error::Error for MyError {}

fn build(inner: impl Run<In = (), Out = u32, Error = BoxError>) {
    let _ = pipeline! {
        error = MyError;
        seq < { inner } >
    };
}

fn main() {
    build(pipeline! { |()| { 1u32 } });
}
//~         seq < { inner } >
//~               ^^^^^^^^^
