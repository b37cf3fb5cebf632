//! Which pipelines can be run durably.

use super::{AsyncInlineStep, EachStream, Fault};
use crate::pipeline::Run;
use crate::run::{Asks, Kept};

/// A pipeline whose every step is durable: a task with `#[task(durable)]`, a sync inline step, or an `async` one that says `#[durable]`.
/// An `each(stream)` is none.
///
/// Pipelines have it by themselves; no type needs to be given it. A function that gives a pipeline to be run durably says so with it, as
/// `impl Durable<In = u32, …>` is an `impl Run<In = u32, …>` too. Of what is [`boxed`](Run::boxed) nobody can tell, so that has it, and
/// [`check`] looks inside.
///
/// ```compile_fail
/// use async_orch::durable::Durable;
/// use async_orch::{pipeline, task};
///
/// #[task]
/// async fn charge(cents: u32) -> u32 {
///     cents
/// }
///
/// fn runs_durably(_: &impl Durable) {}
///
/// // error: step `charge` is not durable
/// runs_durably(&pipeline! { |_: u32| retry < charge > });
/// ```
pub trait Durable: Run<Asks: Asks<Undurable: IsKept<Said: IsDurable>>> + Sized {}

impl<P: Run<Asks: Asks<Undurable: IsKept<Said: IsDurable>>>> Durable for P {}

/// Every step can be kept, or one is of those that say themselves why not.
#[diagnostic::on_unimplemented(
    message = "step `{Self}` is not durable",
    label = "in this pipeline step `{Self}` is not durable",
    note = "put `#[task(durable)]` on its function; of a pipeline that is given as `impl Run<…>` nobody can tell, so write `impl Durable<…>`"
)]
#[doc(hidden)]
pub trait IsKept {
    /// What says so.
    type Said;
}

#[diagnostic::do_not_recommend]
impl<T: Speaks> IsKept for T {
    type Said = T::Said;
}

/// What is no task. Apart from [`IsKept`], as the compiler lists who implements a trait.
#[doc(hidden)]
pub trait Speaks {
    /// Itself.
    type Said;
}

impl Speaks for Kept {
    type Said = Kept;
}

impl Speaks for AsyncInlineStep {
    type Said = AsyncInlineStep;
}

impl Speaks for EachStream {
    type Said = EachStream;
}

/// Every step can be kept.
#[doc(hidden)]
pub trait IsDurable {}

impl IsDurable for Kept {}

// With `for`: of what never holds the compiler would ask here.
impl IsDurable for AsyncInlineStep where for<'a> AsyncInlineStep: IsKeptInline {}

impl IsDurable for EachStream where for<'a> EachStream: IsKeptStream {}

/// What is said of an `async` inline step.
#[diagnostic::on_unimplemented(
    message = "an `async` inline step is not durable",
    label = "in this pipeline an `async` inline step is not durable",
    note = "write `#[durable] async |n, cx| …` and await only what its context does, or make it a task with `#[task(durable)]`"
)]
#[doc(hidden)]
pub trait IsKeptInline {}

/// What is said of a stream.
#[diagnostic::on_unimplemented(
    message = "a block `each(stream)` is not durable",
    label = "in this pipeline a block `each(stream)` is not durable",
    note = "let a task take the items, page by page, in a `repeat`"
)]
#[doc(hidden)]
pub trait IsKeptStream {}

/// Whether every step of a pipeline is durable, also of what is boxed inside of it.
///
/// # Errors
///
/// [`Fault::NotDurable`] with all the steps that are not.
///
/// ```
/// use async_orch::durable::check;
/// use async_orch::{Run, pipeline, task};
///
/// #[task(durable)]
/// async fn charge(cents: u32) -> u32 {
///     cents
/// }
///
/// #[task]
/// async fn ship(cents: u32) {}
///
/// let order = pipeline! { |_: u32| seq < charge retry < ship > > };
/// let fault = check(&order.boxed()).unwrap_err();
/// assert!(fault.to_string().starts_with("step `seq/retry/ship` ("));
/// ```
pub fn check(pipeline: &impl Run) -> Result<(), Fault> {
    let graph = pipeline.graph();
    let steps: Vec<_> = graph
        .nodes()
        .iter()
        .filter(|node| !node.is_durable())
        .map(|node| (node.path().to_owned(), node.place()))
        .collect();
    if steps.is_empty() { Ok(()) } else { Err(Fault::NotDurable { steps }) }
}
