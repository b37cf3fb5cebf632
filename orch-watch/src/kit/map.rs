//! What is made of an event.

use std::fmt;
use std::sync::Arc;

use orch_core::Event;
use orch_core::bus::Bus;

/// Takes values, one after another, from several runs at once: a closure, a [`Ring`](super::Ring), a [`Sender`](super::Sender).
pub trait Sink<T>: Send + Sync {
    /// Takes one.
    fn take(&self, value: T);
}

impl<T, F: Fn(T) + Send + Sync> Sink<T> for F {
    fn take(&self, value: T) {
        self(value);
    }
}

impl<T, S: Sink<T>> Sink<T> for Arc<S> {
    fn take(&self, value: T) {
        (**self).take(value);
    }
}

/// See [`map`].
#[derive(Clone, Copy)]
pub struct Map<F, S> {
    make: F,
    sink: S,
}

/// Makes a value of each event, and hands it to `sink`. To leave events out put a [`filter`](super::filter()) around it.
///
/// An event borrows from the run, and what is made of it may not: [`OwnedEvent`](orch_core::OwnedEvent) is the whole of it.
///
/// ```
/// use async_orch::bus::map;
/// use async_orch::pipeline;
/// use std::sync::mpsc;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let (lines, printed) = mpsc::channel();
/// let bus = map(|event| format!("{} {}", event.seq, event.node.path()), move |line| drop(lines.send(line)));
/// pipeline! { |_: u32| |n| { n } }.with_bus(bus).run(1).await?;
/// assert_eq!(printed.iter().collect::<Vec<_>>(), ["0 inline", "1 inline"]);
/// # Ok(())
/// # }
/// ```
pub fn map<T, F, S>(make: F, sink: S) -> Map<F, S>
where
    F: Fn(&Event<'_>) -> T + Send + Sync,
    S: Sink<T>,
{
    Map { make, sink }
}

#[diagnostic::do_not_recommend]
impl<T, F, S> Bus for Map<F, S>
where
    F: Fn(&Event<'_>) -> T + Send + Sync,
    S: Sink<T>,
{
    fn emit(&self, event: &Event<'_>) {
        self.sink.take((self.make)(event));
    }
}

impl<F, S: fmt::Debug> fmt::Debug for Map<F, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Map").field("sink", &self.sink).finish_non_exhaustive()
    }
}
