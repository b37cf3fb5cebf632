//! Where in which run something is.

use std::fmt;

use super::coords::Count;
use super::{Coords, RunState};
use crate::event::RunId;
use crate::graph::Node;
use crate::node::{Meta, NodeKind, Place};

/// One execution of a step, as a [`Runtime`](crate::Runtime) sees it: which step of which run, for which item, in which
/// attempt and round.
///
/// It displays as the path, with the items in brackets, the attempts behind a `#` and the rounds in braces, outermost first:
/// `each/retry/pay[3]#2`, `repeat/page{2}`.
///
/// A copy of it is cheap. Two executions of one run never have the same: the run, the [node](Position::node), the items, attempts,
/// rounds and calls tell them apart. As text they can look the same, where steps of one name stand beside each other: those have one
/// path, and the node's [repetition](crate::Node::repetition) tells them apart.
#[derive(Clone, Copy)]
pub struct Position<'a> {
    pub(super) run: &'a RunState<'a>,
    pub(super) segment: u32,
    pub(super) meta: &'static Meta,
    pub(super) coords: Coords,
}

impl<'a> Position<'a> {
    /// The run. Its number is unique within the process.
    #[must_use]
    pub fn run(self) -> RunId {
        self.run.id()
    }

    /// The key that the run was given, by [`Run::run_as`](crate::Run::run_as).
    #[must_use]
    pub fn key(self) -> Option<&'a str> {
        self.run.key()
    }

    /// The step.
    #[must_use]
    pub fn node(self) -> &'a Node {
        self.run.locate(self.segment, self.meta)
    }

    /// The names from the outermost block to the step, through embedded pipelines, joined by `/`.
    #[must_use]
    pub fn path(self) -> &'a str {
        self.node().path()
    }

    /// The path of named blocks and of steps alone: see [`Node::short_path`].
    #[must_use]
    pub fn short_path(self) -> &'a str {
        self.node().short_path()
    }

    /// The step's name: the last part of the path.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.node().name()
    }

    /// What kind of step it is.
    #[must_use]
    pub fn kind(self) -> NodeKind {
        self.node().kind()
    }

    /// Where the step is written.
    #[must_use]
    pub fn place(self) -> Place {
        self.meta.place
    }

    /// The items of the `each`es around the step, from 0, outermost first.
    pub fn items(self) -> impl DoubleEndedIterator<Item = u64> + 'static {
        self.coords.of(Count::Item).map(u64::from)
    }

    /// The item of the innermost `each` around the step.
    #[must_use]
    pub fn item(self) -> Option<u64> {
        self.items().next_back()
    }

    /// The attempts of the `retry`s around the step, from 1, outermost first.
    pub fn attempts(self) -> impl DoubleEndedIterator<Item = u32> + 'static {
        self.coords.of(Count::Attempt)
    }

    /// The attempt of the innermost `retry` around the step; 1 without one.
    #[must_use]
    pub fn attempt(self) -> u32 {
        self.attempts().next_back().unwrap_or(1)
    }

    /// The rounds of the `repeat`s around the step, from 1, outermost first.
    pub fn rounds(self) -> impl DoubleEndedIterator<Item = u32> + 'static {
        self.coords.of(Count::Round)
    }

    /// The round of the innermost `repeat` around the step; 1 without one.
    #[must_use]
    pub fn round(self) -> u32 {
        self.rounds().next_back().unwrap_or(1)
    }
}

impl fmt::Display for Position<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:?}", self.path(), self.coords)
    }
}

impl fmt::Debug for Position<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run {}: {self}", self.run())
    }
}
