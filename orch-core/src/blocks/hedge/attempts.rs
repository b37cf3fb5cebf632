//! The attempts that are under way, and what became of the others.

use std::pin::Pin;

use pin_project_lite::pin_project;

use crate::error::Error;
use crate::run::Cx;

pin_project! {
    /// The first attempt stands in place. What there is only after a failure or a second start is kept out of the way of those
    /// that need none.
    #[project = AttemptsProjected]
    pub(super) struct Attempts<Fut, E> {
        #[pin]
        first: Option<Fut>,
        more: Option<Box<More<Fut, E>>>,
    }
}

struct More<Fut, E> {
    /// Those after the first, in boxes.
    later: Vec<Option<Pin<Box<Fut>>>>,
    errors: Vec<Error<E>>,
    under_way: u32,
    /// How many attempts are to start at once, as one has failed.
    owed: u32,
    /// In this poll one has started.
    has_begun: bool,
    /// What was done in this poll.
    done: u32,
    pass: Pass,
    /// Where the next pass begins: after one that has used the scheduler's budget up.
    begins: usize,
}

/// Going over the attempts once.
struct Pass {
    /// The one that is asked.
    asked: usize,
    /// How many follow it.
    follow: usize,
    /// Whether it is to be seen who uses the scheduler's budget up. A pass that began without any says nothing of that.
    may_spend: bool,
}

impl Pass {
    fn of_one(asked: usize) -> Self {
        Pass { asked, follow: 0, may_spend: false }
    }
}

impl<Fut, E> Attempts<Fut, E> {
    #[inline(always)]
    pub(super) fn new(first: Fut) -> Self {
        Attempts { first: Some(first), more: None }
    }

    /// The first one, if it is all that there has been.
    #[inline(always)]
    pub(super) fn alone(self: Pin<&mut Self>) -> Option<Pin<&mut Fut>> {
        let this = self.project();
        if this.more.is_none() { this.first.as_pin_mut() } else { None }
    }

    #[inline(always)]
    pub(super) fn is_one(&self) -> bool {
        self.more.is_none()
    }

    /// How many have started.
    pub(super) fn started(&self) -> u32 {
        self.more.as_ref().map_or(1, |more| 1 + more.later.len() as u32)
    }

    /// The one that is asked, which is under way.
    pub(super) fn asked(self: Pin<&mut Self>) -> Pin<&mut Fut> {
        let this = self.project();
        let asked =
            this.more.as_mut().and_then(|more| Some(more.later[more.pass.asked.checked_sub(1)?].as_mut()));
        let fut = match asked {
            Some(later) => later.map(Pin::as_mut),
            None => this.first.as_pin_mut(),
        };
        fut.expect("it is under way")
    }

    /// Adds one that has just started, for one that has failed if another one was owed for that. It is asked next.
    pub(super) fn add(self: Pin<&mut Self>, attempt: Fut) {
        let more = self.more();
        more.later.push(Some(Box::pin(attempt)));
        more.under_way += 1;
        more.owed = more.owed.saturating_sub(1);
        more.pass = Pass::of_one(more.later.len());
    }

    /// The one that was asked has failed. It is dropped before another one starts.
    pub(super) fn failed(mut self: Pin<&mut Self>, error: Error<E>) {
        let is_rejection = error.kind().is_rejection();
        let more = self.as_mut().more();
        more.errors.push(error);
        more.under_way -= 1;
        if !is_rejection || (more.under_way == 0 && more.owed == 0) {
            more.owed += 1;
        }
        match more.pass.asked.checked_sub(1) {
            Some(later) => more.later[later] = None,
            None => self.project().first.set(None),
        }
    }

    /// Whether one is to start at once.
    pub(super) fn owes(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.owed > 0)
    }

    /// One is to start. If it is not the first in this poll, what was done in it.
    pub(super) fn starts_again(self: Pin<&mut Self>) -> Option<&mut u32> {
        let more = self.more();
        std::mem::replace(&mut more.has_begun, true).then_some(&mut more.done)
    }

    /// Whether none is under way.
    pub(super) fn have_ended(&self) -> bool {
        self.more.as_ref().is_some_and(|more| more.under_way == 0)
    }

    /// Drops all that are under way, in the order in which they started.
    #[cold]
    pub(super) fn clear(self: Pin<&mut Self>) {
        let mut this = self.project();
        this.first.set(None);
        if let Some(more) = this.more {
            more.later.clear();
        }
    }

    /// The last error, and those before it.
    pub(super) fn error(self: Pin<&mut Self>) -> Error<E> {
        let mut errors = std::mem::take(&mut self.more().errors);
        let last = errors.pop().expect("all attempts have failed");
        if errors.is_empty() { last } else { last.with_others(errors) }
    }

    /// A poll begins, with a pass over all of them: whether the one where it begins is under way.
    pub(super) fn begin_pass(mut self: Pin<&mut Self>, has_budget: bool) -> bool {
        let more = self.as_mut().more();
        (more.has_begun, more.done) = (false, 0);
        more.pass = Pass { asked: more.begins, follow: more.later.len(), may_spend: has_budget };
        if has_budget {
            more.begins = 0;
        }
        self.is_under_way()
    }

    /// One has been asked: goes on to the next that is under way, if the pass has another one.
    pub(super) fn advance<R: Cx>(mut self: Pin<&mut Self>, run: R) -> bool {
        let Some(more) = self.as_mut().project().more else { return false };
        let len = 1 + more.later.len();
        if more.pass.may_spend && !run.has_budget() {
            more.pass.may_spend = false;
            more.begins = (more.pass.asked + 1) % len;
        }
        loop {
            let pass = &mut self.as_mut().more().pass;
            if pass.follow == 0 {
                return false;
            }
            pass.follow -= 1;
            pass.asked = (pass.asked + 1) % len;
            if self.as_mut().is_under_way() {
                return true;
            }
        }
    }

    fn is_under_way(mut self: Pin<&mut Self>) -> bool {
        match self.as_mut().more().pass.asked.checked_sub(1) {
            Some(later) => self.more().later[later].is_some(),
            None => self.first.is_some(),
        }
    }

    fn more(self: Pin<&mut Self>) -> &mut More<Fut, E> {
        self.project().more.get_or_insert_with(|| {
            Box::new(More {
                later: Vec::new(),
                errors: Vec::new(),
                under_way: 1,
                owed: 0,
                has_begun: false,
                done: 0,
                pass: Pass::of_one(0),
                begins: 0,
            })
        })
    }
}
