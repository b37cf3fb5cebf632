//! The outputs in the order of the items, while they come in any order.

use std::collections::VecDeque;

/// The outputs up to the first that is missing, and those ahead of it.
#[derive(Debug)]
pub(super) struct Outputs<T> {
    done: Vec<T>,
    /// From the first missing one on. Empty while items finish in order.
    ahead: VecDeque<Option<T>>,
}

impl<T> Outputs<T> {
    pub(super) fn with_capacity(items: usize) -> Self {
        Outputs { done: Vec::with_capacity(items), ahead: VecDeque::new() }
    }

    /// The output of item `item`.
    #[inline]
    pub(super) fn put(&mut self, item: usize, output: T) {
        let place = item - self.done.len();
        if place > 0 {
            if place >= self.ahead.len() {
                self.ahead.resize_with(place + 1, || None);
            }
            self.ahead[place] = Some(output);
            return;
        }
        self.done.push(output);
        if !self.ahead.is_empty() {
            self.catch_up();
        }
    }

    /// The first missing one has come.
    fn catch_up(&mut self) {
        self.ahead.pop_front();
        while let Some(Some(_)) = self.ahead.front() {
            self.done.extend(self.ahead.pop_front().flatten());
        }
    }

    /// All of them.
    pub(super) fn take(&mut self) -> Vec<T> {
        debug_assert!(self.ahead.is_empty(), "every item has finished");
        std::mem::take(&mut self.done)
    }
}
