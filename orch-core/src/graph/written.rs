//! Graphs of pipelines that are read off their text and never built, for tools. Nothing of it is for users.

use super::{Describe, Graph, Load};
use crate::node::{Meta, Origin};

/// A step, as a text has it.
#[derive(Debug)]
pub enum Written {
    /// A task, and the name that it goes by.
    Task(&'static Meta, &'static &'static str),
    /// Any other step without steps inside, and what it does to the load.
    Leaf(&'static Meta, Load),
    /// A block, what it does to the load, and what is inside.
    Block(&'static Meta, Load, Vec<Written>),
    /// What stands behind a pattern.
    Arm(&'static str, Box<Written>),
    /// A step, and its undo, which has an entry of its own.
    Undo(&'static Meta, Box<Written>, Box<Written>),
}

impl Written {
    /// The graph of a pipeline that is this step.
    #[must_use]
    pub fn graph(&self) -> Graph {
        Graph::of(|graph| self.describe(graph))
    }

    fn describe(&self, graph: &mut Describe<'_>) {
        match self {
            Written::Task(meta, name) => graph.leaf(Origin::task(meta, name)),
            Written::Leaf(meta, load) => {
                graph.add(Origin::block(meta), *load);
            }
            Written::Block(meta, load, inside) => {
                graph.block(meta, *load, |graph| inside.iter().for_each(|step| step.describe(graph)));
            }
            Written::Arm(arm, step) => graph.arm(arm, |graph| step.describe(graph)),
            Written::Undo(meta, step, undo) => {
                graph.undo(meta, |graph| step.describe(graph), |graph| undo.describe(graph));
            }
        }
    }
}
