//! The places in which items run.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use pin_project_lite::pin_project;

use crate::sync::Arc;
use crate::wake::{InlineWakers, Ones, ParentWaker, Pinned, SWEEP_MAX, Turn, WakeSet};

/// The most places of the first chunk. Each further one doubles them, up to the most that a chunk can have.
const FIRST_CHUNK: usize = 1024;

/// The runs under way.
///
/// Places come in chunks, since what runs cannot move. If there can be no more of them than the first chunk has, which
/// is so with a limit, the first is the only one.
pub(super) struct Slab<Fut> {
    chunks: Vec<Chunk<Fut>>,
    places: u32,
    running: u32,
    /// How many runs there can be at once.
    most: usize,
    /// The first of a list of vacant places.
    vacant: Option<Place>,
    /// The place from which on the next poll asks one after the other, if the scheduler's budget ran out before all of
    /// them had been asked.
    pub(super) resume: Option<Place>,
    /// Where the wakes of several chunks come together.
    top: Option<Arc<ParentWaker>>,
}

struct Chunk<Fut> {
    slots: Pinned<ItemState<Fut>>,
    /// Whose wakers the runs have; if nobody's, then `InlineWakers`.
    ready: Option<WakeSet>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    chunk: u32,
    slot: u32,
}

impl Place {
    pub(super) const FIRST: Place = Place { chunk: 0, slot: 0 };

    /// After all places.
    pub(super) const END: Place = Place { chunk: u32::MAX, slot: 0 };

    /// The place after this one, or one that there is not.
    pub(super) fn after(self) -> Place {
        Place { slot: self.slot + 1, ..self }
    }
}

pin_project! {
    #[project = SlotProjection]
    enum ItemState<Fut> {
        Vacant { next: Option<Place> },
        Run {
            #[pin]
            fut: Fut,
            item: usize,
        },
    }
}

impl<Fut: Future> Slab<Fut> {
    /// For up to `limit` runs at once, of items between `least` and `most` in number.
    pub(super) fn new(limit: usize, (least, most): (usize, Option<usize>)) -> Self {
        let most = most.map_or(limit, |most| most.clamp(1, limit));
        let first = most.min(least.clamp(64, FIRST_CHUNK));
        let top = (first < most).then(ParentWaker::shared);
        let mut slab =
            Slab { chunks: Vec::new(), places: 0, most, running: 0, vacant: None, resume: None, top };
        slab.grow(first);
        slab
    }

    fn grow(&mut self, places: usize) {
        let chunk = self.chunks.len();
        let ready = match &self.top {
            Some(top) => Some(WakeSet::among(top, chunk, places)),
            None => (places > SWEEP_MAX).then(|| WakeSet::alone(places)),
        };
        let place = |slot: usize| Place { chunk: chunk as u32, slot: slot as u32 };
        let slots = (0..places)
            .map(|slot| ItemState::Vacant { next: Some(place(slot + 1)).filter(|_| slot + 1 < places) });
        self.chunks.push(Chunk { slots: Pinned::new(slots), ready });
        self.places += places as u32;
        self.vacant = Some(place(0));
    }

    pub(super) fn running(&self) -> usize {
        self.running as usize
    }

    pub(super) fn is_full(&self) -> bool {
        self.running as usize >= self.most
    }

    /// A vacant place, which is no longer in the list of them.
    pub(super) fn vacant(&mut self) -> Place {
        if self.vacant.is_none() {
            let places = self.places as usize;
            self.grow(places.min(WakeSet::MOST).min(self.most - places));
        }
        let place = self.vacant.expect("a chunk has a place");
        if let ItemState::Vacant { next } = self.chunks[place.chunk as usize].slots.peek(place.slot as usize)
        {
            self.vacant = *next;
        }
        place
    }

    /// Puts a place into the list of vacant ones.
    pub(super) fn release(&mut self, place: Place) {
        let next = self.vacant.replace(place);
        self.slot(place).set(ItemState::Vacant { next });
    }

    /// Puts the run of an item into a vacant place.
    #[inline]
    pub(super) fn put(&mut self, place: Place, item: usize, fut: Fut) {
        self.slot(place).set(ItemState::Run { fut, item });
        self.running += 1;
    }

    /// Polls what runs at a place, if anything does. When it has finished the place is vacant.
    #[inline]
    pub(super) fn poll(&mut self, place: Place, wakers: &InlineWakers<'_>) -> Poll<(usize, Fut::Output)> {
        let chunk = &mut self.chunks[place.chunk as usize];
        let mut slot = chunk.slots.get(place.slot as usize);
        let SlotProjection::Run { fut, item } = slot.as_mut().project() else {
            return Poll::Pending;
        };
        let waker = match &chunk.ready {
            None => wakers.waker(place.slot as usize),
            Some(ready) => ready.waker(place.slot as usize),
        };
        let Poll::Ready(output) = fut.poll(&mut Context::from_waker(&waker)) else {
            return Poll::Pending;
        };
        let item = *item;
        slot.set(ItemState::Vacant { next: None });
        self.running -= 1;
        Poll::Ready((item, output))
    }

    /// Drops what runs at a place, which has panicked.
    #[cold]
    pub(super) fn abandon(&mut self, place: Place) {
        if !self.is_vacant(place) {
            self.running -= 1;
            self.slot(place).set(ItemState::Vacant { next: None });
        }
    }

    #[inline]
    fn slot(&mut self, place: Place) -> Pin<&mut ItemState<Fut>> {
        self.chunks[place.chunk as usize].slots.get(place.slot as usize)
    }

    /// The block is polled, and looks for woken runs itself.
    pub(super) fn enter(&self) {
        if let Some(top) = self.parent() {
            top.enter();
        }
    }

    /// Hands the places of woken runs to `poll`, up to the first error. Of runs with `InlineWakers`, `inline` says
    /// which were woken.
    #[inline(always)]
    pub(super) fn woken<E>(
        &mut self,
        inline: u64,
        turn: &mut Turn,
        mut poll: impl FnMut(&mut Self, Place) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.chunks[0].ready.is_none() {
            turn.swept();
            for slot in Ones(inline & !(u64::MAX << self.places)) {
                poll(self, Place { chunk: 0, slot: slot as u32 })?;
            }
            return Ok(());
        }
        turn.polled(1);
        let marked = self.top.as_ref().map_or(1, |top| top.take());
        for bit in Ones(marked) {
            // From the sixty-fifth chunk on, chunks share bits.
            for chunk in (bit..self.chunks.len()).step_by(64) {
                let groups = self.chunks[chunk].ready.as_ref().map_or(0, WakeSet::take_groups);
                for group in Ones(groups) {
                    let woken = self.chunks[chunk].ready.as_ref().map_or(0, |ready| ready.take(group));
                    turn.polled(woken.count_ones() as usize);
                    for slot in Ones(woken) {
                        poll(self, Place { chunk: chunk as u32, slot: (group * 64 + slot) as u32 })?;
                    }
                }
            }
        }
        Ok(())
    }

    /// As [`woken`](Slab::woken), from a place on, until `poll` says that it is enough. If nobody knows which runs were
    /// woken, then all. Says whether it has come to the end.
    #[cold]
    pub(super) fn woken_from<E>(
        &mut self,
        from: Place,
        mut poll: impl FnMut(&mut Self, Place) -> Result<bool, E>,
    ) -> Result<bool, E> {
        let mut first = from.slot as usize;
        for chunk in from.chunk as usize..self.chunks.len() {
            let groups = self.chunks[chunk].slots.len().div_ceil(64);
            for group in first / 64..groups {
                let from = first.saturating_sub(group * 64);
                let mut woken = match &self.chunks[chunk].ready {
                    None => u64::MAX << from & !(u64::MAX << self.places),
                    Some(ready) => ready.take_from(group, from),
                };
                while let Some(slot) = Ones(woken).next() {
                    woken &= woken - 1;
                    let place = Place { chunk: chunk as u32, slot: (group * 64 + slot) as u32 };
                    if !poll(self, place)? {
                        if let Some(ready) = &self.chunks[chunk].ready {
                            ready.put_back(group, woken);
                        }
                        return Ok(false);
                    }
                }
            }
            first = 0;
        }
        Ok(true)
    }

    /// Whether nothing runs at a place.
    #[inline]
    pub(super) fn is_vacant(&self, place: Place) -> bool {
        matches!(self.chunks[place.chunk as usize].slots.peek(place.slot as usize), ItemState::Vacant { .. })
    }

    /// Whether no run was woken since [`woken`](Slab::woken), and the next one wakes the parent.
    #[inline]
    pub(super) fn leave(&self, inline: u64, parent: &Waker) -> bool {
        match self.parent() {
            None => inline == 0,
            Some(top) => !self.is_marked() && top.leave(parent, || self.is_marked()),
        }
    }

    fn is_marked(&self) -> bool {
        match &self.top {
            Some(top) => top.is_marked(),
            None => self.chunks[0].ready.as_ref().is_some_and(WakeSet::is_marked),
        }
    }

    fn parent(&self) -> Option<&ParentWaker> {
        self.top.as_deref().or_else(|| self.chunks[0].ready.as_ref().map(WakeSet::parent))
    }
}

impl<Fut> Slab<Fut> {
    /// Drops what runs, in the order of the items.
    pub(super) fn clear(&mut self) {
        if self.running == 0 {
            return;
        }
        self.running = 0;
        let mut runs = Vec::new();
        for (chunk, Chunk { slots, .. }) in self.chunks.iter().enumerate() {
            for slot in 0..slots.len() {
                if let ItemState::Run { item, .. } = slots.peek(slot) {
                    runs.push((*item, chunk, slot));
                }
            }
        }
        runs.sort_unstable();
        for (_, chunk, slot) in runs {
            self.chunks[chunk].slots.get(slot).set(ItemState::Vacant { next: None });
        }
    }
}

impl<Fut> Drop for Slab<Fut> {
    fn drop(&mut self) {
        self.clear();
    }
}
