//! A sequence of up to twelve entries as one coroutine.

use std::fmt;
use std::future::Future;
use std::mem::ManuallyDrop;

use super::item::Item;
use crate::build::scope::{Point, RefOf, Scope};
use crate::error::{Error, Failure};
use crate::graph::Describe;
use crate::run::Step;
use crate::run::{Asks, Cx};

/// The entries of a sequence at the point `P`: a tuple of [`Item`]s, each at the point that the one before opens.
pub trait Body<P: Point, E: Failure>: Send + Sync {
    /// What the entries keep.
    type Slots: Send + Sync + 'static;
    /// The point after the last entry.
    type Last: Point;
    /// What they ask.
    type Asks: Asks;

    /// Runs them.
    fn go<'a, R: Cx + 'a, F: Finish<Self::Slots, <Self::Last as Point>::In>>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        cx: R,
        finish: &'a F,
    ) -> impl Future<Output = Result<F::Out, Error<E>>> + Send + 'a;

    /// [`Step::queue`] of the first step: a sequence without a node of its own waits as that.
    fn queue<R: Cx>(&self, cx: R) -> R::Queued;

    /// [`Step::describe`] of each entry.
    fn describe(&self, graph: &mut Describe<'_>);
}

/// What a sequence gives back, of what its entries kept and the last one piped.
pub trait Finish<Slots, Piped>: Send + Sync {
    /// The output.
    type Out: Send + 'static;

    /// Makes it.
    fn finish(&self, slots: Slots, piped: Piped) -> Self::Out;
}

/// The last output.
#[derive(Clone, Copy, Debug)]
pub struct Last;

impl<Slots, Piped: Send + 'static> Finish<Slots, Piped> for Last {
    type Out = Piped;

    #[inline(always)]
    fn finish(&self, _slots: Slots, piped: Piped) -> Piped {
        piped
    }
}

/// What was kept and what was piped, for a sequence in parts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Both;

impl<Slots: Send + 'static, Piped: Send + 'static> Finish<Slots, Piped> for Both {
    type Out = (Slots, Piped);

    #[inline(always)]
    fn finish(&self, slots: Slots, piped: Piped) -> (Slots, Piped) {
        (slots, piped)
    }
}

/// The outputs of all unnamed entries, for `collect`.
#[derive(Clone, Copy)]
pub struct Collected<F>(pub F);

impl<Slots, Piped, Out, F> Finish<Slots, Piped> for Collected<F>
where
    F: Fn(Slots, Piped) -> Out + Send + Sync,
    Out: Send + 'static,
{
    type Out = Out;

    #[inline(always)]
    fn finish(&self, slots: Slots, piped: Piped) -> Out {
        (self.0)(slots, piped)
    }
}

impl<F> fmt::Debug for Collected<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Collected")
    }
}

/// Whether any of these asks.
macro_rules! any {
    ($last:ty) => { $last };
    // By fours, so that they nest less deep: what reads rustdoc's JSON gives up at 128 levels of it.
    ($a:ty, $b:ty, $c:ty, $d:ty, $($rest:ty),+) => { <any!($a, $b, $c, $d) as Asks>::Or<any!($($rest),+)> };
    ($first:ty, $($rest:ty),+) => { <$first as Asks>::Or<any!($($rest),+)> };
}

macro_rules! body {
    (
        $first:ident $slot:ident $index:tt
        $(, $item:ident $before:ident $next_slot:ident $next_index:tt [$($seen:ident $seen_slot:ident)*])*;
        $last:ident
    ) => {
        impl<P, E, $first $(, $item)*> Body<P, E> for ($first, $($item,)*)
        where
            P: Point,
            E: Failure,
            $first: Item<P, E>,
            $($item: Item<$before::Next, E>,)*
        {
            type Slots = ($first::Slot, $($item::Slot,)*);
            type Last = $last::Next;
            type Asks = any!($first::Asks $(, $item::Asks)*);

            #[inline(always)]
            fn go<'a, R: Cx + 'a, Fin: Finish<Self::Slots, <Self::Last as Point>::In>>(
                &'a self,
                scope: RefOf<'a, P>,
                input: P::In,
                cx: R,
                finish: &'a Fin,
            ) -> impl Future<Output = Result<Fin::Out, Error<E>>> + Send + 'a {
                async move {
                    // What a panic may find there or moved, the future keeps a flag for, which is written at each step. So the
                    // sequence is finished outside of the slots' scope, and a piped value is nobody's to drop on its way to
                    // the next step, where nothing can panic.
                    let (slots, piped) = {
                        let ($slot, piped) = match self.$index.step().enter(P::Scope::shorten(scope), input, cx.lend()).await {
                            Ok(out) => on_its_way(self.$index.split(out)),
                            Err(error) => return Err(error),
                        };
                        $(
                            // What it sees is made anew: kept over an await, all of it would be stored for each step,
                            // used or not.
                            let run = {
                                $(let scope = $seen::open(scope, &$seen_slot);)*
                                self.$next_index.step().enter(scope, ManuallyDrop::into_inner(piped), cx.lend_next())
                            };
                            let ($next_slot, piped) = match run.await {
                                Ok(out) => on_its_way(self.$next_index.split(out)),
                                Err(error) => return Err(error),
                            };
                        )*
                        let piped = ManuallyDrop::into_inner(piped);
                        (($slot, $($next_slot,)*), piped)
                    };
                    Ok(finish.finish(slots, piped))
                }
            }

            fn queue<R: Cx>(&self, cx: R) -> R::Queued {
                if self.$index.is_step() {
                    return self.$index.step().queue(cx);
                }
                $(if self.$next_index.is_step() {
                    return self.$next_index.step().queue(cx);
                })*
                unreachable!("there is a step in every body")
            }

            fn describe(&self, graph: &mut Describe<'_>) {
                self.$index.step().describe(graph);
                $(self.$next_index.step().describe(graph);)*
            }
        }
    };
}

#[inline(always)]
fn on_its_way<Slot, In>((slot, piped): (Slot, In)) -> (Slot, ManuallyDrop<In>) {
    (slot, ManuallyDrop::new(piped))
}

/// A body of the entries up to each of these.
macro_rules! bodies {
    ($first:ident $slot:ident $index:tt, $($rest:tt)*) => {
        body!($first $slot $index; $first);
        bodies!(@[$first $slot $index] [$first $slot] $first, $($rest)*);
    };
    (@[$($entries:tt)*] [$($seen:tt)*] $before:ident, $item:ident $slot:ident $index:tt $(, $($rest:tt)*)?) => {
        body!($($entries)*, $item $before $slot $index [$($seen)*]; $item);
        bodies!(@[$($entries)*, $item $before $slot $index [$($seen)*]] [$($seen)* $item $slot] $item, $($($rest)*)?);
    };
    (@[$($entries:tt)*] [$($seen:tt)*] $last:ident,) => {};
}

bodies!(I0 s0 0, I1 s1 1, I2 s2 2, I3 s3 3, I4 s4 4, I5 s5 5, I6 s6 6, I7 s7 7, I8 s8 8, I9 s9 9, I10 s10 10, I11 s11 11);
