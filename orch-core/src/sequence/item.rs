//! The entries of a sequence: what each leaves behind, and what the next one sees.

use std::fmt;
use std::future::{Future, ready};

use super::body::{Body, Both};
use crate::build::feed::Clones;
use crate::build::scope::{At, Names, Point, RefOf, Scope, With};
use crate::error::{Error, Failure};
use crate::graph::Describe;
use crate::run::Step;
use crate::run::{Asks, Cx, Here, No};

/// One entry of a sequence at the point `P`.
pub trait Item<P: Point, E: Failure>: Send + Sync {
    /// The step that runs.
    type Step: Step<P, E, Asks = Self::Asks>;
    /// What it asks.
    type Asks: Asks;
    /// What the sequence keeps of its output.
    type Slot: Send + Sync + 'static;
    /// The point of the next entry.
    type Next: Point;

    /// The step that runs.
    fn step(&self) -> &Self::Step;

    /// Whether that is a step to anybody outside.
    fn is_step(&self) -> bool {
        true
    }

    /// Parts its output into what is kept and what is piped on.
    fn split(&self, out: <Self::Step as Step<P, E>>::Out) -> (Self::Slot, <Self::Next as Point>::In);

    /// What the next entry sees.
    fn open<'s, 'l: 's>(scope: RefOf<'l, P>, slot: &'s Self::Slot) -> RefOf<'s, Self::Next>;
}

/// A step whose output is piped on.
pub struct Pipe<St>(pub St);

impl<P: Point, E: Failure, St: Step<P, E>> Item<P, E> for Pipe<St> {
    type Step = St;
    type Asks = St::Asks;
    type Slot = ();
    type Next = At<P::Scope, St::Out>;

    #[inline(always)]
    fn step(&self) -> &St {
        &self.0
    }

    #[inline(always)]
    fn split(&self, out: St::Out) -> ((), St::Out) {
        ((), out)
    }

    #[inline(always)]
    fn open<'s, 'l: 's>(scope: RefOf<'l, P>, (): &'s ()) -> RefOf<'s, Self::Next> {
        P::Scope::shorten(scope)
    }
}

/// `let name = step`: the output gets a name, and nothing is piped on.
pub struct Bind<St>(pub St);

impl<P: Point, E: Failure, St: Step<P, E>> Item<P, E> for Bind<St>
where
    St::Out: Sync,
{
    type Step = St;
    type Asks = St::Asks;
    type Slot = St::Out;
    type Next = At<With<P::Scope, St::Out>, ()>;

    #[inline(always)]
    fn step(&self) -> &St {
        &self.0
    }

    #[inline(always)]
    fn split(&self, out: St::Out) -> (St::Out, ()) {
        (out, ())
    }

    #[inline(always)]
    fn open<'s, 'l: 's>(scope: RefOf<'l, P>, slot: &'s St::Out) -> RefOf<'s, Self::Next> {
        Names(P::Scope::shorten(scope), slot)
    }
}

/// A step whose output is both kept, for `collect`, and piped on to a step that uses it.
pub struct Keep<St, F>(pub St, pub Clones<F>);

impl<P: Point, E: Failure, St: Step<P, E>, F> Item<P, E> for Keep<St, F>
where
    St::Out: Sync,
    F: Fn(&St::Out) -> St::Out + Send + Sync,
{
    type Step = St;
    type Asks = St::Asks;
    type Slot = St::Out;
    type Next = At<P::Scope, St::Out>;

    #[inline(always)]
    fn step(&self) -> &St {
        &self.0
    }

    #[inline]
    fn split(&self, out: St::Out) -> (St::Out, St::Out) {
        let clone = self.1.of(&out);
        (out, clone)
    }

    #[inline(always)]
    fn open<'s, 'l: 's>(scope: RefOf<'l, P>, _slot: &'s St::Out) -> RefOf<'s, Self::Next> {
        P::Scope::shorten(scope)
    }
}

/// A step whose output is kept, for `collect`, and which the next step does not use.
pub struct Store<St>(pub St);

impl<P: Point, E: Failure, St: Step<P, E>> Item<P, E> for Store<St>
where
    St::Out: Sync,
{
    type Step = St;
    type Asks = St::Asks;
    type Slot = St::Out;
    type Next = At<P::Scope, ()>;

    #[inline(always)]
    fn step(&self) -> &St {
        &self.0
    }

    #[inline(always)]
    fn split(&self, out: St::Out) -> (St::Out, ()) {
        (out, ())
    }

    #[inline(always)]
    fn open<'s, 'l: 's>(scope: RefOf<'l, P>, _slot: &'s St::Out) -> RefOf<'s, Self::Next> {
        P::Scope::shorten(scope)
    }
}

/// `|name: T|` in the header, or `let name = _`: what is piped here gets a name.
#[derive(Clone, Copy, Debug)]
pub struct BindInput;

impl<P: Point, E: Failure> Step<P, E> for BindInput {
    type Out = P::In;
    type Asks = No;

    #[inline(always)]
    fn enter<'a, H: Here + 'a>(
        &'a self,
        _scope: RefOf<'a, P>,
        input: P::In,
        _here: H,
    ) -> impl Future<Output = Result<P::In, Error<E>>> + Send + 'a {
        ready(Ok(input))
    }

    fn queue<R: Cx>(&self, _cx: R) -> R::Queued {
        unreachable!("a sequence waits as its first step, and this is none")
    }

    fn describe(&self, _graph: &mut Describe<'_>) {}
}

impl<P: Point, E: Failure> Item<P, E> for BindInput
where
    P::In: Sync,
{
    type Step = BindInput;
    type Asks = No;
    type Slot = P::In;
    type Next = At<With<P::Scope, P::In>, ()>;

    #[inline(always)]
    fn step(&self) -> &BindInput {
        self
    }

    fn is_step(&self) -> bool {
        false
    }

    #[inline(always)]
    fn split(&self, out: P::In) -> (P::In, ()) {
        (out, ())
    }

    #[inline(always)]
    fn open<'s, 'l: 's>(scope: RefOf<'l, P>, slot: &'s P::In) -> RefOf<'s, Self::Next> {
        Names(P::Scope::shorten(scope), slot)
    }
}

/// A part of a scrutinee has a name: the value comes with what is piped, and stays while the step after it runs.
#[derive(Clone, Copy, Debug)]
pub struct BindPart;

impl<S: Scope, V: Send + Sync + 'static, In: Send + 'static, E: Failure> Step<At<S, (V, In)>, E>
    for BindPart
{
    type Out = (V, In);
    type Asks = No;

    #[inline(always)]
    fn enter<'a, H: Here + 'a>(
        &'a self,
        _scope: S::Ref<'a>,
        input: (V, In),
        _here: H,
    ) -> impl Future<Output = Result<(V, In), Error<E>>> + Send + 'a {
        ready(Ok(input))
    }

    fn queue<R: Cx>(&self, _cx: R) -> R::Queued {
        unreachable!("a sequence waits as its first step, and this is none")
    }

    fn describe(&self, _graph: &mut Describe<'_>) {}
}

impl<S: Scope, V: Send + Sync + 'static, In: Send + 'static, E: Failure> Item<At<S, (V, In)>, E>
    for BindPart
{
    type Step = BindPart;
    type Asks = No;
    type Slot = V;
    type Next = At<With<S, V>, In>;

    #[inline(always)]
    fn step(&self) -> &BindPart {
        self
    }

    fn is_step(&self) -> bool {
        false
    }

    #[inline(always)]
    fn split(&self, out: (V, In)) -> (V, In) {
        out
    }

    #[inline(always)]
    fn open<'s, 'l: 's>(scope: S::Ref<'l>, slot: &'s V) -> RefOf<'s, Self::Next> {
        Names(S::shorten(scope), slot)
    }
}

/// Up to twelve entries as one, none of them named.
pub struct Group<B>(pub B);

/// Up to twelve entries as one. What they keep is seen by later entries as one value.
pub struct NamedGroup<B>(pub B);

macro_rules! group {
    ($name:ident sees $scope:ty: |$outer:ident, $slots:ident| $seen:expr) => {
        impl<P: Point, E: Failure, B: Body<P, E>> Step<P, E> for $name<B> {
            type Out = (B::Slots, <B::Last as Point>::In);
            type Asks = B::Asks;

            #[inline(always)]
            fn enter<'a, H: Here + 'a>(
                &'a self,
                scope: RefOf<'a, P>,
                input: P::In,
                here: H,
            ) -> impl Future<Output = Result<Self::Out, Error<E>>> + Send + 'a {
                self.0.go(scope, input, here.cx(), &Both)
            }

            fn queue<R: Cx>(&self, cx: R) -> R::Queued {
                self.0.queue(cx)
            }

            fn describe(&self, graph: &mut Describe<'_>) {
                self.0.describe(graph);
            }
        }

        impl<P: Point, E: Failure, B: Body<P, E>> Item<P, E> for $name<B> {
            type Step = Self;
            type Asks = B::Asks;
            type Slot = B::Slots;
            type Next = At<$scope, <B::Last as Point>::In>;

            #[inline(always)]
            fn step(&self) -> &Self {
                self
            }

            #[inline(always)]
            fn split(&self, out: (B::Slots, <B::Last as Point>::In)) -> (B::Slots, <B::Last as Point>::In) {
                out
            }

            #[inline(always)]
            fn open<'s, 'l: 's>($outer: RefOf<'l, P>, $slots: &'s B::Slots) -> RefOf<'s, Self::Next> {
                $seen
            }
        }
    };
}

group!(Group sees P::Scope: |scope, _slots| P::Scope::shorten(scope));
group!(NamedGroup sees With<P::Scope, B::Slots>: |scope, slots| Names(P::Scope::shorten(scope), slots));

macro_rules! opaque_debug {
    ($($name:ident<$($param:ident),*>)*) => {$(
        impl<$($param),*> fmt::Debug for $name<$($param),*> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    )*};
}

opaque_debug!(Pipe<St> Bind<St> Keep<St, F> Store<St> Group<B> NamedGroup<B>);
