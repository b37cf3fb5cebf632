//! What an editor looks at in the place of a pipeline.
//!
//! Nothing of it gets into a program: the macro writes it where rust-analyzer asks, and the compiler never sees it. It is one
//! chain of calls, from point to point, each with the user's code in a closure. So the types flow as they do in a pipeline that
//! is built, and there is no variable beside the user's own that an editor could offer. Nothing here has a bound that keeps the
//! chain from going on: a text is half typed most of the time.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;

use crate::build::items::{HasItems, StreamsItems};
use crate::build::rounds::EndsARound;
use crate::build::slot::{NoSlot, Slot, Slots};
use crate::context::Context;
pub use crate::error::Error;
use crate::error::Failure;
use crate::pipeline::{BoxPipeline, Pipeline, Run};
use crate::task::{Call, Task};

/// A point in a pipeline: the names `S` that are seen there, the piped value, the error type, and the blocks around.
pub struct Point<'a, S, In, E, K>(PhantomData<Phantom<'a, S, In, E, K>>);

type Phantom<'a, S, In, E, K> = fn() -> (&'a (), S, In, E, K);

/// A block around a point: where it stands, what its steps gave so far, and the blocks around it.
pub struct Around<S, In, Outs, K>(PhantomData<fn() -> (S, In, Outs, K)>);

/// What a closure gives, of which it is not known yet whether it is a result.
pub struct Given<P, Raw>(PhantomData<fn() -> (P, Raw)>);

/// A value of any type. There is none: only its type is asked for.
pub fn any<T>() -> T {
    unreachable!("only the type is asked for")
}

/// Where a pipeline begins.
#[must_use]
pub fn begin<'a, In, E>() -> Point<'a, (), In, E, ()> {
    any()
}

/// A closure that is asked of an error.
pub fn of_error<E, T>(_asked: impl Fn(&Error<E>) -> T) -> T {
    any()
}

/// The task behind a slot.
pub trait Piped {
    /// Its type.
    type Task: Task<Self::Args>;
    /// Its parameters.
    type Args;
    /// What it takes where an `In` is piped, which tells the parameters of a generic one.
    type Takes<In>;
}

impl<T: Task<Args>, Takes, Args> Piped for Slot<T, Takes, Args> {
    type Task = T;
    type Args = Args;
    type Takes<In> = Takes;
}

impl<T: Task<Args>, Args> Piped for NoSlot<T, Args> {
    type Task = T;
    type Args = Args;
    type Takes<In> = In;
}

impl<T: Task<Args>, Args> Piped for Slots<T, Args> {
    type Task = T;
    type Args = Args;
    type Takes<In> = In;
}

impl<'a, S, In: 'a, E: 'a, K> Point<'a, S, In, E, K> {
    /// Words that stand here.
    #[must_use]
    pub fn step<T>(self, _words: T) -> Self {
        any()
    }

    /// Code of the user's that sees the names.
    #[must_use]
    pub fn seen<T>(self, _code: impl Fn(S) -> T) -> Self {
        any()
    }

    /// Code of the user's that sees the names, and looks at what is piped.
    #[must_use]
    pub fn looked<T>(self, _code: impl Fn(S, &'a In) -> T) -> Self {
        any()
    }

    /// Names for values of the header.
    #[must_use]
    pub fn own<T>(self, _values: T) -> Point<'a, (S, T), In, E, K> {
        any()
    }

    /// A name for what is piped.
    #[must_use]
    pub fn named(self) -> Point<'a, (S, &'a In), (), E, K> {
        any()
    }

    /// The type of what is piped, as it is written.
    #[must_use]
    pub fn says<T>(self) -> Point<'a, S, T, E, K> {
        any()
    }

    /// A task that takes what is piped.
    #[must_use]
    pub fn task<P: Piped<Takes<In> = In>>(
        self,
        _slot: P,
    ) -> Point<'a, S, <P::Task as Task<P::Args>>::Out, E, K> {
        any()
    }

    /// A task with its arguments.
    #[must_use]
    pub fn call<T: Task<Args>, Args>(self, _call: impl Fn(S) -> Call<T, Args>) -> Point<'a, S, T::Out, E, K> {
        any()
    }

    /// A closure.
    pub fn inline<Raw>(self, _body: impl Fn(S, In) -> Raw) -> Given<Self, Raw> {
        any()
    }

    /// A closure that takes the context.
    pub fn inline_context<Raw>(self, _body: impl Fn(S, In, &'a Context<'a, E>) -> Raw) -> Given<Self, Raw> {
        any()
    }

    /// An async closure.
    pub fn inline_async<F: Future>(self, _body: impl Fn(S, In) -> F) -> Given<Self, F::Output> {
        any()
    }

    /// An async closure that takes the context.
    pub fn inline_async_context<F: Future>(
        self,
        _body: impl Fn(S, In, &'a Context<'a, E>) -> F,
    ) -> Given<Self, F::Output> {
        any()
    }

    /// Another pipeline.
    #[must_use]
    pub fn embed<R: Run>(self, _pipeline: R) -> Point<'a, S, R::Out, E, K> {
        any()
    }

    /// Into a block.
    #[must_use]
    pub fn enter(self) -> Point<'a, S, In, E, Around<S, In, (), K>> {
        any()
    }

    /// Into a block that runs for each item.
    #[must_use]
    pub fn items(self) -> Point<'a, S, In::Item, E, Around<S, In, (), K>>
    where
        In: HasItems,
    {
        any()
    }

    /// Into a block that runs for each item of a stream.
    #[must_use]
    pub fn streamed(self) -> Point<'a, S, In::Item, E, Around<S, In, (), K>>
    where
        In: StreamsItems,
    {
        any()
    }

    /// What the step before gives, or its error.
    #[must_use]
    pub fn settled(self) -> Point<'a, S, Result<In, Error<E>>, E, K> {
        any()
    }

    /// The pipeline that begins with an `Input` and ends here.
    pub fn pipeline<Input: Send + 'static>(
        self,
    ) -> Pipeline<impl Run<In = Input, Out = In, Error = E> + use<Input, In, E, S, K>>
    where
        In: Send + 'static,
        E: Failure,
    {
        any::<Pipeline<BoxPipeline<'static, Input, In, E>>>()
    }

    /// Into a block whose arms look at a value, or at a reference to one.
    #[must_use]
    pub fn arms<T>(
        self,
        _look: impl Fn(S, &'a In) -> T,
    ) -> Point<'a, (S, T), In, E, Around<(S, T), In, (), Around<S, In, (), K>>> {
        any()
    }
}

impl<'a, Now, Out, E, S, In, Outs, K> Point<'a, Now, Out, E, Around<S, In, Outs, K>> {
    /// To the next of several that stand beside each other.
    #[must_use]
    pub fn beside(self) -> Point<'a, S, In, E, Around<S, In, (Outs, Out), K>> {
        any()
    }

    /// What an entry of a sequence gives is kept, and piped on.
    #[must_use]
    pub fn kept(self) -> Point<'a, Now, Out, E, Around<S, In, (Outs, Out), K>> {
        any()
    }

    /// Out of a block that gives what its last step gave.
    #[must_use]
    pub fn exit(self) -> Point<'a, S, Out, E, K> {
        any()
    }

    /// Out of a block that gives what was piped into it.
    #[must_use]
    pub fn same(self) -> Point<'a, S, In, E, K> {
        any()
    }

    /// Out of a block that gives what its body gave for each item.
    #[must_use]
    pub fn all(self) -> Point<'a, S, Vec<Out>, E, K> {
        any()
    }

    /// Out of a block of rounds.
    #[must_use]
    pub fn rounds(self) -> Point<'a, S, Out::Out, E, K>
    where
        Out: EndsARound,
    {
        any()
    }

    /// Out of a block that puts together what its steps gave.
    #[must_use]
    pub fn joined<T>(self, _join: impl Fn(Outs) -> T) -> Point<'a, S, T, E, K> {
        any()
    }
}

impl<P, Raw> Given<P, Raw> {
    /// As many references as method lookup takes away, until it finds one of the two that follow.
    #[must_use]
    pub fn looked_at<'r>(self) -> &'r &'r Self {
        any()
    }
}

/// What a closure gives is a result.
pub trait ReadTried {
    /// The point after it.
    type Next;

    /// The point after it.
    fn __orch_read(self) -> Self::Next;
}

impl<'a, S, In, E, K, T, X> ReadTried for &&Given<Point<'a, S, In, E, K>, Result<T, X>> {
    type Next = Point<'a, S, T, E, K>;

    fn __orch_read(self) -> Self::Next {
        any()
    }
}

/// What a closure gives is a value.
pub trait ReadPlain {
    /// The point after it.
    type Next;

    /// The point after it.
    fn __orch_read(self) -> Self::Next;
}

impl<'a, S, In, E, K, T> ReadPlain for &Given<Point<'a, S, In, E, K>, T> {
    type Next = Point<'a, S, T, E, K>;

    fn __orch_read(self) -> Self::Next {
        any()
    }
}

impl<S, In, E, K> fmt::Debug for Point<'_, S, In, E, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Point")
    }
}

impl<S, In, Outs, K> fmt::Debug for Around<S, In, Outs, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Around")
    }
}

impl<P, Raw> fmt::Debug for Given<P, Raw> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Given")
    }
}

/// What blocks are given that is no value of theirs when they run, as an editor shows it.
#[derive(Debug)]
pub struct Written {
    /// What the block is called in paths, events and errors; its keyword if not given.
    pub name: &'static str,
    /// With this flag what is piped is a `Stream`, and not a collection.
    pub stream: bool,
}

/// A keyword of the language.
#[derive(Clone, Copy, Debug)]
pub struct Block;

/// The keywords, as an editor offers and shows them.
#[allow(non_upper_case_globals)]
pub mod keywords {
    use super::Block;

    /// The steps inside run one after another, each with what the one before gives: `seq < fetch parse save >`.
    ///
    /// `let name = step` names what a step gives, for all later ones. With `collect` it gives the outputs of all steps.
    pub const seq: Block = Block;

    /// The steps inside run at once, and it gives a tuple of what they give: `par(limit = 2) < north south >`.
    ///
    /// The first failure cancels the others; with `settle` all of them run to their end.
    pub const par: Block = Block;

    /// The body runs once for each item that is piped in: `each(limit = 8) < fetch >`.
    ///
    /// It gives the vector of what the runs give, in the order of the items. At most `limit` run at once.
    pub const each: Block = Block;

    /// The body again, after it failed: `retry(max_attempts = 3, backoff = exponential(100ms)) < fetch >`.
    pub const retry: Block = Block;

    /// The steps inside run at once, and the first that succeeds gives the output: `race < north south >`.
    pub const race: Block = Block;

    /// The steps inside run one after another, until one succeeds: `fallback < cache network >`.
    pub const fallback: Block = Block;

    /// A breaker around the body: `circuit(fail_max = 5, reset_timeout = 60s) < fetch >`.
    ///
    /// After so many failures it stays open for a time, and turns away who wants in. Then a few runs are let through, which decide.
    pub const circuit: Block = Block;

    /// The body, and again beside it if it takes long: `hedge(50ms, max_attempts = 2) < fetch >`.
    pub const hedge: Block = Block;

    /// The body, for so long and no longer: `timeout(2s) < fetch >`.
    pub const timeout: Block = Block;

    /// The body, its panics as errors: `catch < parse >`.
    pub const catch: Block = Block;

    /// The `Result` of the body as a value, which is always there: `settle < fetch >`.
    pub const settle: Block = Block;

    /// The steps inside run one after another, and are undone if one of them fails: `saga < charge undo refund(_) ship >`.
    pub const saga: Block = Block;

    /// The body, if the condition holds, and else what is piped: `when(|text| text.len() > 80) < shorten >`.
    pub const when: Block = Block;

    /// The arm whose pattern fits: `choose(*number) < 0 => first, _ => other >`.
    pub const choose: Block = Block;

    /// The body, for at most so many runs of the pipeline at once: `bulkhead(max = 10, queue = 50) < fetch >`.
    pub const bulkhead: Block = Block;

    /// The body, started at most so often: `throttle(rate = 100, burst = 10) < fetch >`.
    pub const throttle: Block = Block;

    /// The body in rounds, until it gives `ControlFlow::Break`: `repeat(max_rounds = 5) < poll >`.
    pub const repeat: Block = Block;

    /// The body, under a policy of your own: `with(policy) < fetch >`.
    pub const with: Block = Block;
}
