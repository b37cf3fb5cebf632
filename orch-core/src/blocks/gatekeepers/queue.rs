//! Those who wait to be let through, in order of arrival.
//!
//! It knows nothing of what they wait for. It is plain data for the inside of a gatekeeper's lock, so that the gatekeeper
//! decides and queues in one step. A gatekeeper lets nobody past: who arrives while others wait goes to the end. There are two
//! ways to serve those who wait:
//!
//! - The turn *is* the first place: the gatekeeper [calls](Queue::call) whoever has come to stand there, and lets it through when
//!   it looks. So does a circuit, whose slots are given out one by one, and a throttle, where only the first waits for a time.
//! - What they wait for is handed over: the gatekeeper [sends the first away](Queue::dismiss_first) and counts it as served. So
//!   does a bulkhead, where several places may be free at once, and who is slow to look is to keep nobody else from them. Who
//!   gives up [after that](Queue::has) gives back what it was handed.
//!
//! Wakers are foreign code: to clone, wake or drop one may come back to the gatekeeper. So they are cloned before its lock
//! is taken, and whatever has to be woken or dropped is put into [`Calls`], for after it has been released.

use std::collections::VecDeque;
use std::mem;
use std::task::Waker;

use super::quietly;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// By ticket. Who left in the middle leaves a gap, so that leaving moves nobody; the first is never a gap.
    places: VecDeque<Place>,
    gaps: usize,
    last_ticket: u64,
}

/// Its owner's place in the queue, for as long as the queue [has](Queue::has) it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

impl Ticket {
    /// Whether it was taken before the one of this number.
    pub(crate) fn is_before(&self, number: u64) -> bool {
        self.0 < number
    }
}

#[derive(Debug)]
struct Place {
    ticket: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Not called since it last looked.
    Waits(Waker),
    Called,
    Left,
}

impl Queue {
    /// Who stands first, as the number of a ticket, of which no two are the same; `None` if nobody waits.
    pub(crate) fn first(&self) -> Option<u64> {
        self.places.front().map(|place| place.ticket)
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.places.len() - self.gaps
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    pub(crate) fn is_first(&self, ticket: &Ticket) -> bool {
        self.first() == Some(ticket.0)
    }

    /// Whether the owner of the ticket still waits. If not, it was [sent away](Self::dismiss_first).
    pub(crate) fn has(&self, ticket: &Ticket) -> bool {
        self.position(ticket).is_some()
    }

    /// Takes the last place.
    pub(crate) fn join(&mut self, waker: Waker) -> Ticket {
        self.last_ticket += 1;
        self.places.push_back(Place { ticket: self.last_ticket, state: State::Waits(waker) });
        Ticket(self.last_ticket)
    }

    /// Who waits has looked, and goes on waiting.
    pub(crate) fn stay(&mut self, ticket: &Ticket, waker: Waker, calls: &mut Calls) {
        match self.position(ticket) {
            Some(position) => {
                calls.give_up(mem::replace(&mut self.places[position].state, State::Waits(waker)));
            }
            None => calls.discard(waker),
        }
    }

    /// Who waits is let through, or has given up.
    pub(crate) fn leave(&mut self, ticket: Ticket, calls: &mut Calls) {
        let Some(position) = self.position(&ticket) else { return };
        calls.give_up(mem::replace(&mut self.places[position].state, State::Left));
        self.gaps += 1;
        if self.gaps * 2 > self.places.len() {
            self.places.retain(|place| !matches!(place.state, State::Left));
            self.gaps = 0;
        }
        self.close_up();
    }

    /// The first one's turn has come: wakes it, once until it looks.
    pub(crate) fn call(&mut self, calls: &mut Calls) {
        if let Some(first) = self.places.front_mut() {
            calls.call(mem::replace(&mut first.state, State::Called));
        }
    }

    /// Sends the first one away. It is woken, and finds that it no longer waits.
    pub(crate) fn dismiss_first(&mut self, calls: &mut Calls) {
        if let Some(first) = self.places.pop_front() {
            calls.call(first.state);
            self.close_up();
        }
    }

    /// Sends all away, as [`dismiss_first`](Self::dismiss_first) the first.
    pub(crate) fn dismiss(&mut self, calls: &mut Calls) {
        // Nearly always, and to take an empty queue apart takes longer than what goes on around it.
        if self.is_empty() {
            return;
        }
        self.gaps = 0;
        for place in mem::take(&mut self.places) {
            calls.call(place.state);
        }
    }

    fn position(&self, ticket: &Ticket) -> Option<usize> {
        let position = self.places.binary_search_by_key(&ticket.0, |place| place.ticket).ok()?;
        (!matches!(self.places[position].state, State::Left)).then_some(position)
    }

    /// Gaps do not stand first.
    fn close_up(&mut self) {
        while let Some(Place { state: State::Left, .. }) = self.places.front() {
            self.places.pop_front();
            self.gaps -= 1;
        }
    }
}

/// What is left to do when a gatekeeper's lock has been released; done when this is dropped, so it is made before the lock
/// is taken.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    wake: Vec<Waker>,
    drop: Vec<Waker>,
}

impl Calls {
    fn call(&mut self, state: State) {
        if let State::Waits(waker) = state {
            self.wake.push(waker);
        }
    }

    fn give_up(&mut self, state: State) {
        if let State::Waits(waker) = state {
            self.discard(waker);
        }
    }

    /// A waker of which nothing is wanted any more.
    pub(crate) fn discard(&mut self, waker: Waker) {
        self.drop.push(waker);
    }
}

impl Drop for Calls {
    #[inline]
    fn drop(&mut self) {
        if !self.wake.is_empty() || !self.drop.is_empty() {
            self.make();
        }
    }
}

impl Calls {
    #[cold]
    fn make(&mut self) {
        // A waker that panics keeps nobody else asleep, and takes nothing from the run that wakes it.
        for waker in self.wake.drain(..) {
            quietly(|| waker.wake());
        }
        for waker in self.drop.drain(..) {
            quietly(|| drop(waker));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_leaves_in_the_middle_leaves_no_more_gaps_than_there_are_others() {
        let (mut queue, mut calls) = (Queue::default(), Calls::default());
        let tickets: Vec<_> = (0..100).map(|_| queue.join(Waker::noop().clone())).collect();
        for (left, ticket) in tickets.into_iter().skip(1).enumerate() {
            queue.leave(ticket, &mut calls);
            assert_eq!(queue.len(), 99 - left);
            assert!(queue.gaps <= queue.len(), "{} gaps of {}", queue.gaps, queue.places.len());
        }
    }

    /// Each time they are, all places are looked at: so not before.
    #[test]
    fn gaps_are_closed_when_they_are_more_than_the_others() {
        let (mut queue, mut calls) = (Queue::default(), Calls::default());
        let tickets: Vec<_> = (0..4).map(|_| queue.join(Waker::noop().clone())).collect();
        let left = tickets.into_iter().skip(1).map(|ticket| {
            queue.leave(ticket, &mut calls);
            (queue.gaps, queue.places.len())
        });
        assert_eq!(left.collect::<Vec<_>>(), [(1, 4), (2, 4), (0, 1)]);
    }
}
