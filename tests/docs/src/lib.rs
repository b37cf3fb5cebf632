//! A user's crate, with one of each kind of thing that the library could leave its traces on.

use std::fmt;
use std::time::Duration;

use async_orch::{BoxError, BoxPipeline, Bus, Event, Run, pipeline, task};

/// It has no traits at all.
#[derive(Debug)]
pub struct Plain(pub u32);

/// It can be cloned, compared, and made by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Choice {
    /// The one.
    #[default]
    One,
    /// The other.
    Other,
}

/// It cannot be sent between threads.
#[derive(Debug)]
pub struct Local(pub std::rc::Rc<u32>);

/// It has items.
#[derive(Clone, Debug, Default)]
pub struct Basket(Vec<u32>);

impl IntoIterator for Basket {
    type Item = u32;
    type IntoIter = std::vec::IntoIter<u32>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// It is an error.
#[derive(Debug)]
pub struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("refused")
    }
}

impl std::error::Error for Refused {}

/// It is a bus.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Bus for Silent {
    fn emit(&self, _: &Event<'_>) {}
}

/// It makes the delays of a `retry`.
#[derive(Clone, Debug)]
pub struct Seconds;

impl backon::BackoffBuilder for Seconds {
    type Backoff = std::iter::Repeat<Duration>;

    fn build(self) -> Self::Backoff {
        std::iter::repeat(Duration::from_secs(1))
    }
}

/// It holds a pipeline.
#[derive(Debug)]
pub struct Service {
    /// The pipeline.
    pub orders: BoxPipeline<'static, Basket, Vec<String>, BoxError>,
}

/// An async task that can fail.
#[task]
pub async fn order(amount: u32) -> Result<u32, Refused> {
    if amount == 0 { Err(Refused) } else { Ok(amount) }
}

/// A task with a generic parameter.
#[task]
pub fn print<T: fmt::Display>(value: T) -> String {
    value.to_string()
}

/// A task that borrows.
#[task]
pub fn length(text: &str) -> usize {
    text.len()
}

/// A task on the blocking pool.
#[task(blocking, name = "read")]
pub fn read_file(path: std::path::PathBuf) -> std::io::Result<Vec<u8>> {
    std::fs::read(path)
}

/// A function that gives a pipeline.
pub fn orders() -> impl Run<In = Basket, Out = Vec<String>, Error = BoxError> + 'static {
    pipeline! {
        |_: Basket|
        each(limit = 2) < seq < retry(backoff = Seconds) < order > print > >
    }
}
