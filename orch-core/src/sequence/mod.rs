//! Steps one after another: what the block `seq` is, and what the body of any other block is if it has several steps.
//!
//! A sequence is one coroutine, names included: the future holds the step that runs and the values bound so far,
//! nothing else. It is generated for up to twelve entries; the macro packs longer ones into a [`Group`]
//! for each twelve. (What a width costs is compile time: the widest impl is most of this crate's.)

mod body;
mod item;

use std::fmt;
use std::future::Future;

pub use body::Last;
pub(crate) use body::{Body, Collected, Finish};
pub(crate) use item::Item;
pub use item::{Bind, BindInput, BindPart, Group, Keep, NamedGroup, Pipe, Store};

use crate::build::scope::{Point, RefOf};
use crate::error::{Error, Failure};
use crate::graph::Describe;
use crate::run::{Cx, Here, Step};

/// Several steps in the body of another block: a sequence that is no step of its own.
pub struct Sequence<B>(pub B);

impl<P: Point, E: Failure, B: Body<P, E>> Step<P, E> for Sequence<B> {
    type Out = <B::Last as Point>::In;
    type Asks = B::Asks;

    #[inline(always)]
    fn enter<'a, H: Here + 'a>(
        &'a self,
        scope: RefOf<'a, P>,
        input: P::In,
        here: H,
    ) -> impl Future<Output = Result<Self::Out, Error<E>>> + Send + 'a {
        self.0.go(scope, input, here.cx(), &Last)
    }

    fn queue<R: Cx>(&self, cx: R) -> R::Queued {
        self.0.queue(cx)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.0.describe(graph);
    }
}

impl<B> fmt::Debug for Sequence<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sequence")
    }
}
