//! How a budget is asked, at once or when the runtime says so.

use std::convert::Infallible;
use std::fmt;
use std::task::{Context, Poll, ready};

use super::RetryBudget;
use crate::error::ErrorKind;
use crate::node::Meta;
use crate::run::Cx;
use crate::runtime::{BoxFuture, Gatekeeper};

/// Whether another attempt may be made. `None` is one that the runtime lets pass, for which no token was taken.
pub(in crate::blocks::retry) type Answer = Result<Option<()>, ErrorKind<Infallible>>;

/// Takes a token for an attempt of the block `meta`.
pub(in crate::blocks::retry) fn take<R: Cx>(
    budget: &RetryBudget,
    run: R,
    meta: &'static Meta,
) -> Result<(), ErrorKind<Infallible>> {
    let answer = if budget.take(run.now()) { Ok(()) } else { Err(ErrorKind::Rejected) };
    run.admitted(meta, Gatekeeper::Budget(budget), || answer.clone());
    answer
}

/// The same, when it is polled.
pub(in crate::blocks::retry) async fn later<R: Cx>(
    budget: &RetryBudget,
    run: R,
    meta: &'static Meta,
) -> Result<(), ErrorKind<Infallible>> {
    take(budget, run, meta)
}

/// A question that the runtime has taken on, and what follows if the answer is yes.
pub trait Asking<'a, N>: Send {
    /// It is asked.
    fn begin(answer: BoxFuture<'a, Answer>, next: N) -> Self;

    /// Waits for the answer.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<(Answer, N)>;
}

/// Of a budget.
pub struct Asked<'a, N> {
    answer: BoxFuture<'a, Answer>,
    next: Option<N>,
}

impl<N> fmt::Debug for Asked<'_, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asked")
    }
}

impl<'a, N: Send> Asking<'a, N> for Box<Asked<'a, N>> {
    fn begin(answer: BoxFuture<'a, Answer>, next: N) -> Self {
        Box::new(Asked { answer, next: Some(next) })
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<(Answer, N)> {
        let answer = ready!(self.answer.as_mut().poll(cx));
        Poll::Ready((answer, self.next.take().expect("it is asked once")))
    }
}

impl<'a, N> Asking<'a, N> for Infallible {
    fn begin(_answer: BoxFuture<'a, Answer>, _next: N) -> Self {
        unreachable!("there is no budget to ask")
    }

    fn poll(&mut self, _cx: &mut Context<'_>) -> Poll<(Answer, N)> {
        match *self {}
    }
}
