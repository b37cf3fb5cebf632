//! What is known of a step before anything runs: where it stands in the source and in the tree.

use std::fmt;

/// What kind of step a node is.
///
/// A block's kind is its keyword; [`as_str`](NodeKind::as_str) gives it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NodeKind {
    /// A function with `#[task]`.
    Task,
    /// A closure in the text of the pipeline.
    Inline,
    /// A pipeline built elsewhere. It stands in the macro's table only: a graph shows what is inside.
    Embed,
    /// A block, by its keyword.
    Block(&'static str),
}

impl NodeKind {
    /// `task`, `inline`, `embed`, or the block's keyword.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            NodeKind::Task => "task",
            NodeKind::Inline => "inline",
            NodeKind::Embed => "embed",
            NodeKind::Block(keyword) => keyword,
        }
    }

    /// Whether steps of this kind hold other steps.
    #[must_use]
    pub fn is_block(self) -> bool {
        matches!(self, NodeKind::Block(_))
    }
}

impl fmt::Display for NodeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How the steps inside a block stand to each other, in a drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One after another.
    Row,
    /// Beside each other.
    Peers,
    /// One instead of the one before it.
    Alternatives,
    /// One after another, after the step around them and what follows that: its undo.
    Afterwards,
    /// One of them, by what it stands behind.
    Choice,
}

/// A place in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file, as `file!()` gives it.
    pub file: &'static str,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// What the macro writes down of one step. One `static` table for each `pipeline!`, so that neither building
/// nor running a pipeline allocates for it.
#[derive(Debug)]
pub struct Meta {
    /// The index within its own `pipeline!`, in the order of the text.
    pub index: u32,
    /// The block around it.
    pub parent: Option<&'static Meta>,
    /// What it is.
    pub kind: NodeKind,
    /// How the steps inside stand to each other.
    pub form: Form,
    /// The name given in the text; a task without one goes by its own name.
    pub name: Option<&'static str>,
    /// The options as written: name and value.
    pub options: &'static [(&'static str, &'static str)],
    /// Where it is written.
    pub place: Place,
}

/// The table of one `pipeline!`, as a type.
pub trait Table: 'static {
    /// The entries.
    fn entries() -> &'static [Meta];
}

/// An entry of the table of the scope `S`, as a type: tasks and inline steps know where they stand without a pointer, which
/// their futures would have to keep, and write down at each step.
pub trait HasNode<S>: 'static {
    /// The entry.
    fn meta() -> &'static Meta;
}

/// Entry `I`.
#[derive(Clone, Copy, Debug)]
pub struct NodeAt<const I: usize>;

/// The step that something came from: the step itself and, if its name is a task's own, that name.
///
/// Two words, both to statics, so that an error can carry it for nothing.
#[derive(Clone, Copy)]
pub struct Origin {
    meta: &'static Meta,
    task: &'static &'static str,
}

impl Origin {
    /// A block or an inline step, which goes by the name in the text or by its kind.
    #[doc(hidden)]
    #[inline]
    pub const fn block(meta: &'static Meta) -> Self {
        Origin { meta, task: &"" }
    }

    /// A task, which goes by the name in the text or by `task`.
    #[inline]
    pub(crate) const fn task(meta: &'static Meta, task: &'static &'static str) -> Self {
        Origin { meta, task }
    }

    /// The entry in the macro's table.
    #[inline]
    pub(crate) fn meta(self) -> &'static Meta {
        self.meta
    }

    /// The kind of the step.
    #[must_use]
    pub fn kind(self) -> NodeKind {
        self.meta.kind
    }

    /// Where the step is written.
    #[must_use]
    pub fn place(self) -> Place {
        self.meta.place
    }

    /// The step's name: the one in the text, else the task's, else the kind.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.meta.name {
            Some(name) => name,
            None if self.task.is_empty() => self.meta.kind.as_str(),
            None => self.task,
        }
    }

    /// The names from the outermost block to this step, joined by `/`.
    #[must_use]
    pub fn path(self) -> String {
        self.path_with_items(&|_| None)
    }

    /// As [`path`](Origin::path), with the item behind each `each` of which it is known: `each[3]/fetch`.
    pub(crate) fn path_with_items(self, item: &dyn Fn(&'static Meta) -> Option<u64>) -> String {
        let mut path = match self.meta.parent {
            Some(parent) => Origin::block(parent).path_with_items(item) + "/",
            None => String::new(),
        };
        path.push_str(self.name());
        if let Some(item) = item(self.meta) {
            path += &format!("[{item}]");
        }
        path
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.path(), self.meta.place)
    }
}
