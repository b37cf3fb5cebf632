//! A closure as a bus.

use std::fmt;

use super::Bus;
use crate::event::Event;

/// The bus that [`from_fn`] makes.
///
/// ```
/// use async_orch::bus::{self, FromFn};
/// use async_orch::Event;
///
/// let print: FromFn<fn(&Event<'_>)> = bus::from_fn(|event| println!("{event}"));
/// # let _ = print;
/// ```
#[derive(Clone, Copy)]
pub struct FromFn<F>(F);

/// Makes a bus of a closure.
///
/// ```
/// use async_orch::{TaskState, bus, pipeline};
/// use std::sync::atomic::{AtomicU32, Ordering};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), async_orch::Error> {
/// let finished = AtomicU32::new(0);
/// let count = bus::from_fn(|event| {
///     if event.task_state() == Some(TaskState::Succeeded) {
///         finished.fetch_add(1, Ordering::Relaxed);
///     }
/// });
/// let pipeline = pipeline! { |_: u32| seq < |n| { n + 1 } |n| { n * 2 } > }.with_bus(count);
/// assert_eq!(pipeline.run(1).await?, 4);
/// assert_eq!(finished.load(Ordering::Relaxed), 2);
/// # Ok(())
/// # }
/// ```
pub fn from_fn<F: Fn(&Event<'_>) + Send + Sync>(emit: F) -> FromFn<F> {
    FromFn(emit)
}

#[diagnostic::do_not_recommend]
impl<F: Fn(&Event<'_>) + Send + Sync> Bus for FromFn<F> {
    fn emit(&self, event: &Event<'_>) {
        (self.0)(event);
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromFn")
    }
}
