//! The shape of a pipeline: its steps as a tree of nodes, for reading and drawing.

mod bounds;
mod dot;
mod json;
mod load;
mod mermaid;
mod svg;
mod written;

use std::fmt;
use std::sync::Arc;

pub use self::written::Written;
use crate::node::{Form, Meta, NodeKind, Origin, Place};

pub(crate) use bounds::repeated;
pub use bounds::{Bound, Bounds};
pub use load::Load;

/// The steps of a pipeline, embedded pipelines included, in the order of the text.
///
/// It displays as a tree. [`to_svg`](Graph::to_svg), [`to_mermaid`](Graph::to_mermaid) and [`to_dot`](Graph::to_dot) draw it,
/// [`to_json`](Graph::to_json) gives it to other programs. [`bounds`](Graph::bounds) is what no run exceeds.
#[derive(Clone)]
pub struct Graph {
    nodes: Vec<Node>,
    /// The node of each entry of each macro's table, one table after another. A segment is where a table begins.
    entries: Vec<usize>,
    embedded: Vec<Embedded>,
    /// What is found for an entry that there is not. No macro writes one; but so to find a node is not to panic, and is left out where
    /// nobody looks at it.
    stray: Node,
}

/// One step of a [`Graph`].
#[derive(Clone, Debug)]
pub struct Node {
    index: usize,
    parent: Option<usize>,
    depth: usize,
    name: &'static str,
    /// Shared with the events that are kept of it.
    path: Arc<str>,
    short_path: Arc<str>,
    /// How many steps before it have the same path.
    before: usize,
    meta: &'static Meta,
    /// The pattern before it.
    arm: Option<&'static str>,
    /// Whether what it gives can be written down.
    is_durable: bool,
    /// What it does to the load of a run.
    load: Load,
    /// Whether it is the outermost step of an embedded pipeline.
    is_embedded: bool,
}

/// Where the entries of one macro's table went, while a graph is made.
#[derive(Debug, Default)]
struct Table {
    /// The node of each entry, by its index.
    nodes: Vec<usize>,
    /// The entry at which another pipeline is embedded, and that one's table.
    embedded: Vec<(u32, usize)>,
}

/// A pipeline that is embedded at an entry of a segment, as a segment of its own.
#[derive(Clone, Copy, Debug)]
struct Embedded {
    segment: u32,
    entry: u32,
    inner: u32,
}

impl Node {
    /// The position in [`Graph::nodes`], from 0.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// The position of the block around it.
    #[must_use]
    pub fn parent(&self) -> Option<usize> {
        self.parent
    }

    /// How many blocks are around it.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// What kind of step it is.
    #[must_use]
    pub fn kind(&self) -> NodeKind {
        self.meta.kind
    }

    /// The name given in the text, else the task's own, else the kind.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The names from the outermost block to this step, joined by `/`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The path of named blocks and of steps alone: without the blocks that have no name of their own.
    ///
    /// A `retry` or a `timeout` that is put around a step changes its path, but not this. So it is what tests, metrics and alerts
    /// go by.
    ///
    /// ```
    /// use async_orch::{pipeline, task};
    ///
    /// #[task]
    /// async fn charge(cents: u32) -> u32 {
    ///     cents
    /// }
    ///
    /// let shop = pipeline! { |_: u32| seq(name = "shop") < retry < timeout(2s) < charge > > > };
    /// let graph = shop.graph();
    /// let charge = graph.find("shop/retry/timeout/charge").unwrap();
    /// assert_eq!(charge.short_path(), "shop/charge");
    /// ```
    #[must_use]
    pub fn short_path(&self) -> &str {
        &self.short_path
    }

    /// Whether it has a name of its own: a step has, and a block that is given one.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.meta.name.is_some() || !self.kind().is_block()
    }

    /// How many steps with the same path stand before this one: what tells `fetch` from `fetch` in a `seq < fetch fetch >`.
    #[must_use]
    pub fn repetition(&self) -> usize {
        self.before
    }

    /// Whether what it gives can be written down, or it is a block.
    #[cfg(feature = "durable")]
    pub(crate) fn is_durable(&self) -> bool {
        self.is_durable
    }

    /// Whether something came from this step: a block fails by itself, as a `timeout` does, or since a step inside it has failed.
    ///
    /// ```
    /// use async_orch::{BlockEvent, Event, EventKind, bus};
    ///
    /// let by_itself = bus::from_fn(|event: &Event<'_>| match event.kind {
    ///     EventKind::Block(BlockEvent::Failed { origin: Some(origin), reason, .. }) if event.node.is(origin) => {
    ///         println!("{}: {reason}", event.node.path());
    ///     }
    ///     _ => {}
    /// });
    /// # let _ = by_itself;
    /// ```
    #[must_use]
    pub fn is(&self, origin: Origin) -> bool {
        std::ptr::eq(self.meta, origin.meta())
    }

    /// The options as written: name and value.
    #[must_use]
    pub fn options(&self) -> &'static [(&'static str, &'static str)] {
        self.meta.options
    }

    /// Where the step is written.
    #[must_use]
    pub fn place(&self) -> Place {
        self.meta.place
    }

    /// The pattern and the guard that it stands behind, as they are written, if it is an arm of a `choose`.
    ///
    /// ```
    /// use async_orch::pipeline;
    ///
    /// let sign = pipeline! { |n: i32| choose(*n) < 0 => |_| { "none" }, n if (*n > 0) => |_| { "plus" }, _ => |_| { "minus" } > };
    /// let arms: Vec<_> = sign.graph().nodes().iter().filter_map(|node| node.arm()).collect();
    /// assert_eq!(arms, ["0", "n if (*n > 0)", "_"]);
    /// ```
    #[must_use]
    pub fn arm(&self) -> Option<&'static str> {
        self.arm
    }

    /// A node of no graph.
    fn nowhere() -> Self {
        static NOWHERE: Meta = Meta {
            index: 0,
            parent: None,
            kind: NodeKind::Inline,
            form: Form::Row,
            name: None,
            options: &[],
            place: Place { file: "", line: 0, column: 0 },
        };
        let nothing: Arc<str> = Arc::default();
        Node {
            index: 0,
            parent: None,
            depth: 0,
            name: "",
            path: nothing.clone(),
            short_path: nothing,
            before: 0,
            meta: &NOWHERE,
            arm: None,
            is_durable: false,
            load: Load::Row,
            is_embedded: false,
        }
    }

    /// `name`, or `keyword name` for a block with a name, and the options.
    fn label(&self) -> String {
        let mut label = match self.kind() {
            NodeKind::Block(keyword) if keyword != self.name => format!("{keyword} {}", self.name),
            _ => self.name.to_owned(),
        };
        for (index, (name, value)) in self.options().iter().enumerate() {
            label.push_str(if index == 0 { "(" } else { ", " });
            label.push_str(name);
            if !(name.is_empty() || value.is_empty()) {
                label.push_str(" = ");
            }
            label.push_str(value);
        }
        if !self.options().is_empty() {
            label.push(')');
        }
        label
    }
}

impl Default for Graph {
    fn default() -> Self {
        Graph { nodes: Vec::new(), entries: Vec::new(), embedded: Vec::new(), stray: Node::nowhere() }
    }
}

impl Graph {
    /// Every step, a block before the steps inside it.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The first step with this path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&Node> {
        self.nodes.iter().find(|node| *node.path == *path)
    }

    /// The steps directly inside a step.
    pub fn children(&self, index: usize) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(move |node| node.parent == Some(index))
    }

    /// The graph of what is described. For who has a pipeline's text and not the pipeline: [`Load`] says what its steps are then.
    #[doc(hidden)]
    pub fn of(root: impl FnOnce(&mut Describe<'_>)) -> Graph {
        let (mut graph, mut tables) = (Graph::default(), vec![Table::default()]);
        root(&mut Describe { graph: &mut graph, tables: &mut tables, table: 0, within: None, arm: None });
        graph.lay_out(tables);
        graph
    }

    /// Puts the tables one after another.
    fn lay_out(&mut self, tables: Vec<Table>) {
        let begins = |begin: &mut usize, table: &Table| {
            let begins = *begin;
            *begin += table.nodes.len();
            Some(u32::try_from(begins).expect("fewer steps than fit a u32"))
        };
        let segments: Vec<u32> = tables.iter().scan(0, begins).collect();
        for (segment, Table { nodes, embedded }) in segments.iter().copied().zip(tables) {
            self.entries.extend(nodes);
            let inner = |(entry, table): (u32, usize)| Embedded { segment, entry, inner: segments[table] };
            self.embedded.extend(embedded.into_iter().map(inner));
        }
    }

    /// A graph whose paths begin with another.
    pub(crate) fn below(path: &str, short_path: &str, root: impl FnOnce(&mut Describe<'_>)) -> Graph {
        let mut graph = Graph::of(root);
        for node in &mut graph.nodes {
            node.path = format!("{path}/{}", node.path).into();
            node.short_path = join(short_path, &node.short_path);
        }
        graph
    }

    /// The node of an entry of the table of a segment.
    #[inline]
    pub(crate) fn locate(&self, segment: u32, meta: &Meta) -> &Node {
        let entry = self.entries.get(segment as usize + meta.index as usize);
        let node = entry.and_then(|node| self.nodes.get(*node));
        debug_assert!(node.is_some(), "the table of {:?} has an entry for {meta:?}", self.nodes.first());
        node.unwrap_or(&self.stray)
    }

    /// The segment of the pipeline embedded at an entry of the table of a segment.
    pub(crate) fn embedded(&self, segment: u32, meta: &Meta) -> u32 {
        let here = |at: &&Embedded| (at.segment, at.entry) == (segment, meta.index);
        self.embedded.iter().find(here).map_or(segment, |at| at.inner)
    }
}

/// `outer/inner`, where either may be nothing.
fn join(outer: &str, inner: &str) -> Arc<str> {
    if outer.is_empty() || inner.is_empty() {
        return if inner.is_empty() { outer.into() } else { inner.into() };
    }
    format!("{outer}/{inner}").into()
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph").field("nodes", &self.nodes).finish_non_exhaustive()
    }
}

impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, node) in self.nodes.iter().enumerate() {
            if position > 0 {
                f.write_str("\n")?;
            }
            let mut lines = String::new();
            let mut ancestor = Some(node.index);
            while let Some(index) = ancestor {
                let parent = self.nodes[index].parent;
                if let Some(parent) = parent {
                    let last = self.children(parent).last().is_some_and(|child| child.index == index);
                    let bar = match (index == node.index, last) {
                        (true, true) => "└─ ",
                        (true, false) => "├─ ",
                        (false, true) => "   ",
                        (false, false) => "│  ",
                    };
                    lines.insert_str(0, bar);
                }
                ancestor = parent;
            }
            f.write_str(&lines)?;
            if let Some(arm) = node.arm {
                write!(f, "{arm} => ")?;
            }
            f.write_str(&node.label())?;
        }
        Ok(())
    }
}

/// Collects the nodes of a [`Graph`].
#[derive(Debug)]
pub struct Describe<'g> {
    graph: &'g mut Graph,
    tables: &'g mut Vec<Table>,
    /// The one of the pipeline that is described.
    table: usize,
    within: Option<usize>,
    /// The pattern before the next node.
    arm: Option<&'static str>,
}

impl Describe<'_> {
    /// Adds a task, or an inline step that may wait.
    pub fn leaf(&mut self, origin: Origin) {
        self.add(origin, Load::WAITS);
    }

    /// The step that was added last cannot wait.
    pub fn at_once(&mut self) {
        if let Some(node) = self.graph.nodes.last_mut() {
            node.load = Load::AT_ONCE;
        }
    }

    /// What the step that was added last gives cannot be written down.
    pub fn not_durable(&mut self) {
        if let Some(node) = self.graph.nodes.last_mut() {
            node.is_durable = false;
        }
    }

    /// Adds a step behind a pattern.
    pub fn arm(&mut self, arm: &'static str, inside: impl FnOnce(&mut Describe<'_>)) {
        let within = self.within;
        self.inside(within, Some(arm), inside);
    }

    fn inside(
        &mut self,
        within: Option<usize>,
        arm: Option<&'static str>,
        inside: impl FnOnce(&mut Describe<'_>),
    ) {
        inside(&mut Describe { graph: self.graph, tables: self.tables, table: self.table, within, arm });
    }

    /// Adds a block and what is inside it.
    pub fn block(&mut self, meta: &'static Meta, load: Load, inside: impl FnOnce(&mut Describe<'_>)) {
        let index = self.add(Origin::block(meta), load);
        self.inside(Some(index), None, inside);
    }

    /// Adds a step and its undo, the entry `meta`, as a block inside of it.
    pub fn undo(
        &mut self,
        meta: &'static Meta,
        step: impl FnOnce(&mut Describe<'_>),
        undo: impl FnOnce(&mut Describe<'_>),
    ) {
        let index = self.graph.nodes.len();
        step(self);
        let within = Some(index).filter(|index| *index < self.graph.nodes.len());
        self.inside(within, None, |graph| graph.block(meta, Load::Row, undo));
    }

    /// Adds an embedded pipeline.
    pub fn embed(&mut self, meta: &'static Meta, inside: impl FnOnce(&mut Describe<'_>)) {
        let inner = self.tables.len();
        self.tables.push(Table::default());
        self.tables[self.table].embedded.push((meta.index, inner));
        let (within, arm) = (self.within, self.arm.take());
        let root = self.graph.nodes.len();
        inside(&mut Describe { graph: self.graph, tables: self.tables, table: inner, within, arm });
        if let Some(root) = self.graph.nodes.get_mut(root) {
            root.is_embedded = true;
        }
    }

    fn add(&mut self, origin: Origin, load: Load) -> usize {
        let index = self.graph.nodes.len();
        let parent = self.within.map(|within| &self.graph.nodes[within]);
        let name = origin.name();
        let meta = origin.meta();
        let path = join(parent.map_or("", Node::path), name);
        let named = if meta.kind.is_block() && meta.name.is_none() { "" } else { name };
        let node = Node {
            index,
            parent: self.within,
            depth: parent.map_or(0, |parent| parent.depth + 1),
            name,
            short_path: join(parent.map_or("", Node::short_path), named),
            before: self.graph.nodes.iter().filter(|node| node.path == path).count(),
            path,
            meta,
            arm: self.arm.take(),
            is_durable: true,
            load,
            is_embedded: false,
        };
        self.graph.nodes.push(node);
        let entries = &mut self.tables[self.table].nodes;
        let entry = origin.meta().index as usize;
        if entries.len() <= entry {
            entries.resize(entry + 1, usize::MAX);
        }
        entries[entry] = index;
        index
    }
}
