//! The places in which items run.

use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::ready::Pinned;

pin_project! {
    #[project = SlotProjection]
    enum Slot<Fut> {
        Vacant { next: Option<usize> },
        Run {
            #[pin]
            fut: Fut,
            item: usize,
        },
    }
}

/// The runs under way.
pub(super) struct Slab<Fut> {
    slots: Pinned<Slot<Fut>>,
    vacant: Option<usize>,
    running: usize,
}

impl<Fut: Future> Slab<Fut> {
    pub(super) fn new(len: usize) -> Self {
        let slots = Pinned::new(
            (0..len).map(|index| Slot::Vacant { next: Some(index + 1).filter(|next| *next < len) }),
        );
        Slab { vacant: (slots.len() > 0).then_some(0), slots, running: 0 }
    }

    pub(super) fn running(&self) -> usize {
        self.running
    }

    pub(super) fn is_full(&self) -> bool {
        self.vacant.is_none()
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Puts the run of an item into a place.
    pub(super) fn insert(&mut self, item: usize, fut: Fut) -> usize {
        let index = self.vacant.expect("there is a place");
        let mut slot = self.slots.get(index);
        if let SlotProjection::Vacant { next } = slot.as_mut().project() {
            self.vacant = *next;
        }
        slot.set(Slot::Run { fut, item });
        self.running += 1;
        index
    }

    /// Polls what runs at a place, if anything does.
    pub(super) fn poll(&mut self, index: usize, cx: &mut Context<'_>) -> Poll<(usize, Fut::Output)> {
        let mut slot = self.slots.get(index);
        let SlotProjection::Run { fut, item } = slot.as_mut().project() else {
            return Poll::Pending;
        };
        let Poll::Ready(output) = fut.poll(cx) else {
            return Poll::Pending;
        };
        let item = *item;
        slot.set(Slot::Vacant { next: self.vacant });
        self.vacant = Some(index);
        self.running -= 1;
        Poll::Ready((item, output))
    }
}

impl<Fut> Slab<Fut> {
    /// Drops what runs, in the order of the items.
    pub(super) fn clear(&mut self) {
        if self.running == 0 {
            return;
        }
        self.running = 0;
        let mut runs: Vec<(usize, usize)> = (0..self.slots.len())
            .filter_map(|index| match self.slots.peek(index) {
                Slot::Run { item, .. } => Some((*item, index)),
                Slot::Vacant { .. } => None,
            })
            .collect();
        runs.sort_unstable();
        for (_, index) in runs {
            self.slots.get(index).set(Slot::Vacant { next: None });
        }
    }
}

impl<Fut> Drop for Slab<Fut> {
    fn drop(&mut self) {
        self.clear();
    }
}
