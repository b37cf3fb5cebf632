//! What a block is given by its options: values that are made once, with the pipeline, or each time the block starts, from the
//! names that it sees; and predicates, which see the names when they are asked.
//!
//! A block does not know which it is: it has a `G: Given<P>`, and gets a reference to the values. Those that are made once are in
//! the block itself. Those that are made each time are one more value in the scope of the steps inside, which nobody can name:
//! [`Starting`] makes it, owns it while the block runs, and starts the block with it. So who has no name in an option pays nothing.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;

use super::shell::{Block, Held, Shell};
use super::written;
use crate::build::builder::Builder;
use crate::build::scope::{At, Names, Point, RefOf, Scope, With};
use crate::error::{Error, ErrorKind, Failure};
use crate::graph::Describe;
use crate::node::{Meta, Origin};
use crate::run::{Cx, Here, Step};

/// The options of a block, but for its predicates and its name, as they are written.
pub trait Values: Sized {
    /// What they come to.
    type Checked: Send + Sync;

    /// Looks for values that cannot be, of the block `meta`.
    fn check(self, meta: &'static Meta) -> Result<Self::Checked, Invalid>;

    /// Looks for values that cannot be the same in every run, though they may be those of one.
    fn check_once(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

/// What is wrong with an option.
#[derive(Clone, Copy, Debug)]
pub struct Invalid {
    option: &'static str,
    problem: &'static str,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.option, self.problem)
    }
}

impl Invalid {
    pub(crate) const fn of(option: &'static str, problem: &'static str) -> Self {
        Invalid { option, problem }
    }

    /// An error if a number is zero that has to be more.
    pub(crate) fn unless_at_least_one(value: usize, option: &'static str) -> Result<(), Invalid> {
        Invalid::unless(value > 0, option, "must be at least 1")
    }

    /// An error if a time is zero that has to be longer.
    pub(crate) fn unless_longer_than_zero(
        time: std::time::Duration,
        option: &'static str,
    ) -> Result<(), Invalid> {
        Invalid::unless(!time.is_zero(), option, "must be longer than zero")
    }

    /// An error unless something holds of an option.
    pub(crate) fn unless(holds: bool, option: &'static str, problem: &'static str) -> Result<(), Invalid> {
        if holds { Ok(()) } else { Err(Invalid { option, problem }) }
    }
}

/// The values that a block at the point `P` is given.
pub trait Given<P: Point>: Send + Sync {
    /// Their type.
    type Value: Send + Sync;
    /// What a run of the block has to remember to see them.
    type Seen<'a>: Copy + Send + Sync
    where
        Self: 'a;

    /// What to remember.
    fn see<'a>(&'a self, scope: RefOf<'a, P>) -> Self::Seen<'a>;

    /// The values.
    fn get<'a>(&'a self, seen: Self::Seen<'a>) -> &'a Self::Value;

    /// The values, if they are the same in every run.
    fn known(&self) -> Option<&Self::Value>;
}

/// Values that were made with the pipeline.
#[derive(Debug)]
pub struct Once<T>(T);

impl<T> Once<T> {
    pub(crate) const fn new(values: T) -> Self {
        Once(values)
    }
}

impl<P: Point, T: Send + Sync> Given<P> for Once<T> {
    type Value = T;
    type Seen<'a>
        = ()
    where
        Self: 'a;

    #[inline(always)]
    fn see<'a>(&'a self, _scope: RefOf<'a, P>) {}

    #[inline(always)]
    fn get(&self, (): ()) -> &T {
        &self.0
    }

    fn known(&self) -> Option<&T> {
        Some(&self.0)
    }
}

/// Values that are in the scope, as the innermost.
pub struct Made<T>(PhantomData<fn() -> T>);

impl<S: Scope, In: Send + 'static, T: Send + Sync + 'static> Given<At<With<S, T>, In>> for Made<T> {
    type Value = T;
    type Seen<'a>
        = &'a T
    where
        Self: 'a;

    #[inline(always)]
    fn see<'a>(&'a self, Names(_, values): Names<'a, S, T>) -> &'a T {
        values
    }

    #[inline(always)]
    fn get<'a>(&'a self, values: &'a T) -> &'a T {
        values
    }

    fn known(&self) -> Option<&T> {
        None
    }
}

/// What makes the values each time: of the names, and of what was made once.
pub struct EachTime<H, F, V> {
    once: H,
    make: F,
    values: PhantomData<fn() -> V>,
}

impl<S: Scope, In: Send + 'static, E: Failure> Builder<S, In, E> {
    /// Values that are made once.
    ///
    /// # Panics
    ///
    /// If one of them cannot be.
    #[track_caller]
    pub fn once<V: Values>(self, values: V, meta: &'static Meta) -> Once<V::Checked> {
        match values.check_once().and_then(|()| values.check(meta)) {
            Ok(checked) => Once(checked),
            Err(invalid) => panic!("{}: {invalid}, at {}", Origin::block(meta).described(), meta.place),
        }
    }

    /// Values that are made each time.
    pub fn each_time<H, F, V: Values>(self, once: H, make: F) -> EachTime<H, F, V>
    where
        F: for<'e, 'h> Fn(S::Ref<'e>, &'h H) -> V,
    {
        EachTime { once, make, values: PhantomData }
    }

    /// The point inside, where the values are in the scope.
    pub fn made<H, F, V: Values<Checked: 'static>>(
        self,
        _each: &EachTime<H, F, V>,
    ) -> Builder<With<S, V::Checked>, In, E> {
        Builder::new()
    }

    /// A predicate without names in it.
    pub fn predicate<W>(self, predicate: W) -> Plain<W>
    where
        W: Fn(&Error<E>) -> bool,
    {
        Plain(predicate)
    }

    /// What gives the wait that an error asks for, without names in it.
    pub fn asked<W>(self, asked: W) -> Plain<W>
    where
        W: Fn(&Error<E>) -> Option<std::time::Duration>,
    {
        Plain(asked)
    }

    /// What gives it, with names in it.
    pub fn named_asked<F>(self, asked: F) -> Named<F>
    where
        F: for<'e, 'x> Fn(S::Ref<'e>, &'x Error<E>) -> Option<std::time::Duration>,
    {
        Named(asked)
    }

    /// A predicate with names in it.
    pub fn named_predicate<F>(self, predicate: F) -> Named<F>
    where
        F: for<'e, 'x> Fn(S::Ref<'e>, &'x Error<E>) -> bool,
    {
        Named(predicate)
    }
}

impl<S: Scope, In: Send + 'static, E: Failure, T: Send + Sync + 'static> Builder<With<S, T>, In, E> {
    /// The innermost value in the scope, as what a block is given.
    pub fn in_scope(self) -> Made<T> {
        Made(PhantomData)
    }
}

/// A block whose values are made each time it starts.
pub struct Starting<H, F, V, B> {
    each: EachTime<H, F, V>,
    shell: Shell<B>,
}

/// A block whose values are made each time it starts.
pub fn starting<H, F, V, B>(each: EachTime<H, F, V>, shell: Shell<B>) -> Starting<H, F, V, B> {
    Starting { each, shell }
}

impl<P, E, H, F, V, B> Step<P, E> for Starting<H, F, V, B>
where
    P: Point,
    E: Failure,
    H: Send + Sync,
    F: for<'e, 'h> Fn(<P::Scope as Scope>::Ref<'e>, &'h H) -> V + Send + Sync,
    V: Values<Checked: 'static>,
    B: Block<At<With<P::Scope, V::Checked>, P::In>, E>,
{
    type Out = B::Out;
    type Asks = B::Asks;

    #[inline(always)]
    fn enter<'a, R: Here + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        here: R,
    ) -> impl Future<Output = Result<B::Out, Error<E>>> + Send + 'a {
        let mut held = Held::of::<At<With<P::Scope, V::Checked>, P::In>, E, B>(here, self.shell.meta());
        // The one owner that is told of whatever happens while the values are made.
        async move {
            let (EachTime { once, make, .. }, meta) = (&self.each, self.shell.meta());
            let values = match held.poll(|| make(<P::Scope as Scope>::shorten(scope), once).check(meta)) {
                Ok(values) => values,
                Err(invalid) => return Err(refused(&mut held, invalid, input, meta)),
            };
            let scope = Names(<P::Scope as Scope>::shorten(scope), &values);
            self.shell.block().start(scope, input, held).await
        }
    }

    fn queue<R: Cx>(&self, cx: R) -> R::Queued {
        cx.queue(self.shell.meta())
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        // What its values come to is known in a run. Of the literals among them it is known before.
        let meta = self.shell.meta();
        let load = written::load(meta.kind.as_str(), meta.options);
        graph.block(meta, load, |graph| self.shell.block().describe(graph));
    }
}

/// The block ends, as an option cannot be. What is piped is dropped inside of it.
#[cold]
fn refused<R: Cx, E: Failure>(
    held: &mut Held<R>,
    Invalid { option, problem }: Invalid,
    input: impl Sized,
    meta: &'static Meta,
) -> Error<E> {
    held.poll(|| drop(input));
    let error = Error::new(ErrorKind::invalid_option(option, problem), Origin::block(meta));
    R::fail(&mut held.guard, &error);
    error
}

/// What says something of an error to a block in the scope `S`.
pub trait Predicate<S: Scope, E, A = bool>: Send + Sync {
    /// What a run of the block has to remember to ask.
    type Seen<'a>: Copy + Send + Sync
    where
        Self: 'a;

    /// What to remember.
    fn see<'a>(&'a self, scope: S::Ref<'a>) -> Self::Seen<'a>;

    /// Asks.
    fn ask<'a>(&'a self, seen: Self::Seen<'a>, error: &Error<E>) -> A;
}

/// A predicate without names in it.
pub struct Plain<W>(W);

impl<W> Plain<W> {
    /// The closure, to be looked at.
    pub fn __orch_closure(&self) -> &W {
        &self.0
    }
}

impl<H, F, V> EachTime<H, F, V> {
    /// The closure, to be looked at.
    pub fn __orch_closure(&self) -> &F {
        &self.make
    }
}

impl<F> Named<F> {
    /// The closure, to be looked at.
    pub fn __orch_closure(&self) -> &F {
        &self.0
    }
}

impl<S: Scope, E, A, W: Fn(&Error<E>) -> A + Send + Sync> Predicate<S, E, A> for Plain<W> {
    type Seen<'a>
        = ()
    where
        Self: 'a;

    #[inline(always)]
    fn see<'a>(&'a self, _scope: S::Ref<'a>) {}

    #[inline(always)]
    fn ask(&self, (): (), error: &Error<E>) -> A {
        (self.0)(error)
    }
}

/// A predicate with names in it, which it sees when it is asked.
pub struct Named<F>(F);

impl<S, E, A, F> Predicate<S, E, A> for Named<F>
where
    S: Scope,
    F: for<'e, 'x> Fn(S::Ref<'e>, &'x Error<E>) -> A + Send + Sync,
{
    type Seen<'a>
        = S::Ref<'a>
    where
        Self: 'a;

    #[inline(always)]
    fn see<'a>(&'a self, scope: S::Ref<'a>) -> S::Ref<'a> {
        scope
    }

    #[inline(always)]
    fn ask<'a>(&'a self, scope: S::Ref<'a>, error: &Error<E>) -> A {
        (self.0)(scope, error)
    }
}

/// What a predicate of the user's says of an error, of which its parameter needs no type.
#[inline(always)]
pub fn says<E>(error: &Error<E>, predicate: impl Fn(&Error<E>) -> bool) -> bool {
    predicate(error)
}

/// The wait that an error asks for, likewise.
#[inline(always)]
pub fn asks<E>(
    error: &Error<E>,
    asked: impl Fn(&Error<E>) -> Option<std::time::Duration>,
) -> Option<std::time::Duration> {
    asked(error)
}

macro_rules! opaque_debug {
    ($($name:ident<$($param:ident),*>)*) => {$(
        impl<$($param),*> fmt::Debug for $name<$($param),*> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}

opaque_debug!(Made<T> EachTime<H, F, V> Starting<H, F, V, B> Plain<W> Named<F>);
