//! Builders: how the expansion of `pipeline!` knows the types at each point while it builds the tree.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;

use crate::build::check::{
    Check, Checked, IsAsked, IsCall, IsControl, IsDuplicate, IsFailure, IsInline, IsInput, IsItems, IsKept,
    IsNextRound, IsOne, IsPredicate, IsSame, IsStep, IsStream, IsTask,
};
use crate::build::feed::{CanBeCloned, Clones, Ignores, Takes, clones};
use crate::build::rounds::EndsARound;
use crate::build::scope::{At, Point, Scope, With};
use crate::context::Context;
use crate::error::Failure;
use crate::leaf::embed::{Embed, Entry};
use crate::leaf::{
    AsyncBody, AsyncContextBody, AsyncInlineStep, Closure, ContextBody, Inline, Leaf, NamedBody, OneRun,
    SyncBody,
};
use crate::node::Meta;
use crate::pipeline::Run;
use crate::run::{Step, Undurable, Yes};
use crate::runtime::BoxFuture;
use crate::sequence::{Body, Collected, Item, Keep};
use crate::task::Call;

/// A point in a pipeline under construction: the scope `S`, the piped value `In`, the error type `E`.
///
/// Without size. Its methods take it by value: they are found before those of any trait of the user's. The methods that make a step say what its closure is given, so that inline steps need no
/// annotations; those that go on to the next point check the step before, so that errors come in the order of
/// the text, each at its own step.
pub struct Builder<S, In, E>(PhantomData<fn() -> (S, In, E)>);

/// The type of an output.
#[derive(Debug)]
pub struct Output<T>(PhantomData<fn() -> T>);

impl<S, In, E> Clone for Builder<S, In, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S, In, E> Copy for Builder<S, In, E> {}

impl<S, In, E> fmt::Debug for Builder<S, In, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Builder")
    }
}

impl<S, In, E> Builder<S, In, E> {
    /// The builder of a point.
    pub const fn new() -> Self {
        Builder(PhantomData)
    }

    /// This builder, as far as its `In` can be the input of a pipeline.
    pub fn input(self) -> Checked<IsInput<In>, Self, (In,)> {
        Check::new(self)
    }

    /// This builder, as far as its `E` can be the error type of a pipeline.
    pub fn failure(self) -> Checked<IsFailure<E>, Self, (E,)> {
        Check::new(self)
    }
}

impl<S: Scope, In: Send + 'static, E: Failure> Builder<S, In, E> {
    /// A task, with the closure that makes its call.
    pub fn leaf<F, T, A, N>(self, _entry: N, call: F) -> Leaf<F, T, A, N>
    where
        F: for<'e> Fn(S::Ref<'e>, In) -> Call<T, A>,
    {
        Leaf { call, task: PhantomData }
    }

    /// A sync closure.
    pub fn inline<F, Raw, N>(self, _entry: N, body: F) -> Closure<SyncBody<F>, Raw, N>
    where
        F: for<'e> Fn(S::Ref<'e>, In) -> Raw,
    {
        Closure { body: SyncBody(body), raw: PhantomData }
    }

    /// An async closure that borrows no name.
    pub fn inline_async<F, Fut, N>(self, _entry: N, body: F) -> Closure<AsyncBody<F, Fut>, Fut::Output, N>
    where
        F: for<'e> Fn(S::Ref<'e>, In) -> Fut,
        Fut: Future,
    {
        Closure { body: AsyncBody(body, PhantomData), raw: PhantomData }
    }

    /// An async closure that may borrow names, and captures that live for `'c`.
    pub fn inline_named<'c, F, Raw, N>(self, _entry: N, body: F) -> Closure<NamedBody<'c, F>, Raw, N>
    where
        F: for<'e> Fn(OneRun<'e, 'c>, S::Ref<'e>, In) -> BoxFuture<'e, Raw>,
    {
        Closure { body: NamedBody(body, PhantomData), raw: PhantomData }
    }

    /// A sync closure that takes the context.
    pub fn inline_context<F, Raw, N>(self, _entry: N, body: F) -> Closure<ContextBody<F, E>, Raw, N>
    where
        F: for<'e, 'c> Fn(S::Ref<'e>, In, &'c Context<'e, E>) -> Raw,
    {
        Closure { body: ContextBody(body, PhantomData), raw: PhantomData }
    }

    /// An async closure that takes the context, and may borrow names, and captures that live for `'c`.
    pub fn inline_async_context<'c, F, Raw, N>(
        self,
        _entry: N,
        body: F,
    ) -> Closure<AsyncContextBody<'c, F, E, Undurable<Yes, AsyncInlineStep>>, Raw, N>
    where
        F: for<'e> Fn(OneRun<'e, 'c>, S::Ref<'e>, In, &'e Context<'e, E>) -> BoxFuture<'e, Raw>,
    {
        Closure { body: AsyncContextBody(body, PhantomData), raw: PhantomData }
    }

    /// The same, where it says that all which it awaits is a part of the run.
    pub fn inline_durable<'c, F, Raw, N>(
        self,
        _entry: N,
        body: F,
    ) -> Closure<AsyncContextBody<'c, F, E, Yes>, Raw, N>
    where
        F: for<'e> Fn(OneRun<'e, 'c>, S::Ref<'e>, In, &'e Context<'e, E>) -> BoxFuture<'e, Raw>,
    {
        Closure { body: AsyncContextBody(body, PhantomData), raw: PhantomData }
    }

    /// The step that a closure is, once it is known how its result reads.
    pub fn reads<B, Raw, How, N>(self, closure: Closure<B, Raw, N>, _how: How) -> Inline<B, Raw, How, N> {
        Inline { body: closure.body, how: PhantomData }
    }

    /// An embedded pipeline, with the closure that gives it its input.
    pub fn embed<T: Run, F>(self, meta: &'static Meta, inner: T, give: F) -> Embed<T, F>
    where
        F: Fn(Entry<T::In>, In) -> T::In,
    {
        Embed::new(meta, inner, give)
    }

    /// What stands here, as far as it is a step.
    pub fn step<St>(self, step: St) -> Checked<IsStep<St, At<S, In>, E>, St, St> {
        Check::new(step)
    }

    /// What stands here, a task, as far as it is a step.
    pub fn task<F, T, A, N>(
        self,
        step: Leaf<F, T, A, N>,
    ) -> Checked<IsTask<Leaf<F, T, A, N>, At<S, In>, E>, Leaf<F, T, A, N>, (T, A)> {
        Check::new(step)
    }

    /// What stands here, a closure, as far as it is a step.
    pub fn inlined<St>(self, step: St) -> Checked<IsInline<St, At<S, In>, E>, St, St> {
        Check::new(step)
    }

    /// What stands here, a task with its arguments, as far as it is a step.
    pub fn call<St>(self, step: St) -> Checked<IsCall<St, At<S, In>, E>, St, St> {
        Check::new(step)
    }

    /// This builder, as far as the output of `step` can be kept for later steps.
    pub fn kept<St: Step<At<S, In>, E>>(self, _step: &St) -> Checked<IsKept<St::Out>, Self, (St::Out,)> {
        Check::new(self)
    }

    /// This builder, as far as the output of `step` can be cloned.
    pub fn duplicate<St: Step<At<S, In>, E>>(
        self,
        _step: &St,
    ) -> Checked<IsDuplicate<St::Out>, Self, (St::Out,)> {
        Check::new(self)
    }

    /// This builder, as far as what is piped can be kept for later steps.
    pub fn kept_input(self) -> Checked<IsKept<In>, Self, (In,)> {
        Check::new(self)
    }

    /// This builder, as far as what is piped can be cloned.
    pub fn duplicate_input(self) -> Checked<IsDuplicate<In>, Self, (In,)> {
        Check::new(self)
    }

    /// This builder, as far as what is piped has items.
    pub fn items(self) -> Checked<IsItems<In>, Self, (In,)> {
        Check::new(self)
    }

    /// This builder, as far as what is piped is a stream.
    pub fn streamed(self) -> Checked<IsStream<In>, Self, (In,)> {
        Check::new(self)
    }

    /// The type of what `step` gives.
    pub fn output<St: Step<At<S, In>, E>>(self, _step: &St) -> Output<St::Out> {
        Output(PhantomData)
    }

    /// What stands here, as far as it gives the same type as the first of its peers.
    pub fn one<St: Step<At<S, In>, E>, First>(
        self,
        _first: &Output<First>,
        step: St,
    ) -> Checked<IsOne<St::Out, First>, St, (St::Out, First)> {
        Check::new(step)
    }

    /// What is to be asked of an error, as far as it says yes or no.
    pub fn is_predicate<T>(self, value: T) -> Checked<IsPredicate<T, E>, T, (T, E)> {
        Check::new(value)
    }

    /// What is to be asked of an error, as far as it gives a wait.
    pub fn is_asked<T>(self, value: T) -> Checked<IsAsked<T, E>, T, (T, E)> {
        Check::new(value)
    }

    /// What stands here, as far as it says whether there is another round.
    pub fn control<St: Step<At<S, In>, E>>(self, step: St) -> Checked<IsControl<St::Out>, St, (St::Out,)> {
        Check::new(step)
    }

    /// What stands here, as far as it gives what is piped.
    pub fn same<St: Step<At<S, In>, E>>(self, step: St) -> Checked<IsSame<St::Out, In>, St, (St::Out, In)> {
        Check::new(step)
    }

    /// What stands here, as far as the next round can begin with what it goes on with.
    pub fn next_round<St: Step<At<S, In>, E>>(
        self,
        step: St,
    ) -> Checked<IsNextRound<<St::Out as EndsARound>::Next, In>, St, (<St::Out as EndsARound>::Next, In)>
    where
        St::Out: EndsARound,
    {
        Check::new(step)
    }

    /// The point after `step`.
    pub fn after<St: Step<At<S, In>, E>>(self, _step: &St) -> Builder<S, St::Out, E> {
        Builder::new()
    }

    /// The point after a group of entries.
    pub fn past<I: Item<At<S, In>, E>>(
        self,
        _group: &I,
    ) -> Builder<<I::Next as Point>::Scope, <I::Next as Point>::In, E> {
        Builder::new()
    }

    /// The point after `let name = step`.
    pub fn bound<St: Step<At<S, In>, E>>(self, _step: &St) -> Builder<With<S, St::Out>, (), E>
    where
        St::Out: Sync,
    {
        Builder::new()
    }

    /// The point inside, where the input has a name and nothing is piped.
    pub fn named_input(self) -> Builder<With<S, In>, (), E>
    where
        In: Sync,
    {
        Builder::new()
    }

    /// A pattern that takes every output of `step` apart. Where a pattern cannot, the error is here, once.
    pub fn takes_apart<St: Step<At<S, In>, E>>(self, _step: &St, _pattern: impl Fn(&St::Out)) {}

    /// A pattern that takes what is piped apart.
    pub fn takes_input_apart(self, _pattern: impl Fn(&In)) {}

    /// What an annotation says of what is piped.
    pub fn input_gives(self, _annotation: impl Fn(In)) {}

    /// What a `collect` gives, of what the entries of `body` kept and the last one piped.
    pub fn collect<B, F, Out>(self, _body: &B, collect: F) -> Collected<F>
    where
        B: Body<At<S, In>, E>,
        F: Fn(B::Slots, <B::Last as Point>::In) -> Out + Send + Sync,
    {
        Collected(collect)
    }

    /// The point after `step`, whose output is kept and not piped on.
    pub fn stored<St: Step<At<S, In>, E>>(self, _step: &St) -> Builder<S, (), E>
    where
        St::Out: Sync,
    {
        Builder::new()
    }

    /// A step whose output is both kept and piped on.
    pub fn keep<St: Step<At<S, In>, E>>(
        self,
        step: St,
    ) -> Keep<St, impl Fn(&St::Out) -> St::Out + Copy + Send + Sync + 'static + use<S, In, E, St>>
    where
        St::Out: CanBeCloned + Sync,
    {
        Keep(step, clones())
    }

    /// What an annotation says of the output of `step`.
    pub fn gives<St: Step<At<S, In>, E>>(self, _step: &St, _annotation: impl Fn(St::Out)) {}

    /// `what`, seen from here.
    #[inline(always)]
    pub fn pass<T>(self, what: T) -> T {
        what
    }

    /// For a child that does not use the piped value.
    pub fn ignores(self) -> (Builder<S, (), E>, Ignores) {
        (Builder::new(), Ignores)
    }

    /// For the last child that uses the piped value.
    pub fn takes(self) -> (Builder<S, In, E>, Takes) {
        (self, Takes)
    }

    /// For a child that uses the piped value before others.
    pub fn clones(
        self,
    ) -> (Builder<S, In, E>, Clones<impl Fn(&In) -> In + Copy + Send + Sync + 'static + use<S, In, E>>)
    where
        In: CanBeCloned,
    {
        (self, clones())
    }
}

impl<S, In, E> Default for Builder<S, In, E> {
    fn default() -> Self {
        Builder::new()
    }
}
