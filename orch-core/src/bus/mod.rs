//! Where events go: the trait [`Bus`], and the buses that come with the library.
//!
//! | bus | for |
//! |---|---|
//! | [`NoBus`] | runs that nobody watches: the default, and free |
//! | [`from_fn`] | a closure that is called with each event |
//! | [`LogBus`] | a line for each event, on standard error or any writer |
//! | [`Recorder`] | tests: keeps every event and answers questions about them |
//! | `Broadcast`, with the feature `broadcast` | other tasks: any number of subscribers that come and go |
//! | `&B`, `Arc<B>`, `Box<B>` | a bus that is shared |
//! | `Option<B>` | a bus that may be missing |
//! | `(A, B, …)` | several buses |
//! | `Arc<dyn DynBus>`, `Box<dyn DynBus>` | a bus chosen at run time: [`DynBus`] |
//!
//! ```
//! use async_orch::bus::{LogBus, Recorder};
//! use async_orch::{pipeline, task};
//!
//! #[task]
//! async fn double(n: u64) -> u64 {
//!     n * 2
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), async_orch::Error> {
//! let recorder = Recorder::new();
//! let pipeline = pipeline! { |_: u64| seq < double double > }.with_bus((LogBus::new(), &recorder));
//!
//! assert_eq!(pipeline.run(3).await?, 12);
//! assert_eq!(recorder.events()[0].path(), "seq");
//! # Ok(())
//! # }
//! ```

pub(crate) mod ambient;
mod base;
#[cfg(feature = "broadcast")]
mod broadcast;
mod dynamic;
mod from_fn;
mod log;
mod pointers;
mod recorder;

pub(crate) use ambient::{Ambient, Entered, Surrounded};
pub(crate) use base::Start;
pub(crate) use base::emit_quietly;
pub use base::{Bus, NoBus};
#[cfg(feature = "broadcast")]
pub use broadcast::{Broadcast, RecvError, Subscription};
pub use dynamic::DynBus;
pub use from_fn::{FromFn, from_fn};
pub use log::{LogBus, Stderr};
pub use recorder::Recorder;
