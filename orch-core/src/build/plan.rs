//! What `pipeline!` builds: the steps, without the bus.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;

use crate::build::builder::Builder;
use crate::build::scope::{At, Header, Scope};
use crate::bus::NoBus;
use crate::error::{Error, Failure};
use crate::graph::Describe;
use crate::pipeline::{Pipeline, Run};
use crate::run::Step;
use crate::run::{Cx, Quiet};

/// What `pipeline!` builds: the values of its header and its outermost step.
pub struct Plan<H, St, In, E> {
    header: H,
    root: St,
    point: PhantomData<fn() -> (In, E)>,
}

impl<H: Header, St, In: Send + 'static, E: Failure> Plan<H, St, In, E>
where
    St: Step<At<H::Scope, In>, E>,
{
    /// The plan.
    #[inline(always)]
    pub fn of(header: H, _builder: Builder<H::Scope, In, E>, root: St) -> Self {
        Plan { header, root, point: PhantomData }
    }

    /// The pipeline. What type is expected of it is not expected of what it is made of, so that another one is one error.
    #[inline(always)]
    pub fn pipeline(self) -> Pipeline<Self> {
        pipeline(self)
    }
}

impl<H: Header, St, In: Send + 'static, E: Failure> Run for Plan<H, St, In, E>
where
    St: Step<At<H::Scope, In>, E>,
{
    type In = In;
    type Out = St::Out;
    type Error = E;
    type Asks = St::Asks;

    fn run(&self, input: In) -> impl Future<Output = Result<St::Out, Error<E>>> + Send {
        self.__orch_run_within(input, Quiet)
    }

    #[inline(always)]
    fn __orch_run_within<'a, R: Cx + 'a>(
        &'a self,
        input: In,
        cx: R,
    ) -> impl Future<Output = Result<St::Out, Error<E>>> + Send + 'a {
        self.root.enter_lazily(<H::Scope as Scope>::shorten(self.header.refs()), input, cx)
    }

    fn queue<R: Cx>(&self, cx: R) -> R::Queued {
        self.root.queue(cx)
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        self.root.describe(graph);
    }
}

/// What a message calls the type of a pipeline that nobody has boxed: it is one of its own.
pub trait Unboxed {}

impl<H, St, In, E> Unboxed for Plan<H, St, In, E> {}

/// The pipeline of a plan. An expansion calls it where its type is made opaque: what that says is what a pipeline takes and gives, and not
/// what it is made of.
#[inline(always)]
pub fn pipeline<T: Run>(plan: T) -> Pipeline<T> {
    Pipeline::over(plan, NoBus)
}

/// The builder of the first step under a header.
pub fn begin<In, E, H: Header>(_header: &H) -> Builder<H::Scope, In, E> {
    Builder::new()
}

impl<H, St, In, E> fmt::Debug for Plan<H, St, In, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plan")
    }
}
