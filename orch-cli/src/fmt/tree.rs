//! What is laid out: the steps of a pipeline with all that is written between them.

use super::code::Code;

/// What stands between two brackets.
#[derive(Debug, Default)]
pub(super) struct List {
    /// Comments on the line of the opening bracket.
    pub(super) after_open: Vec<Remark>,
    pub(super) items: Vec<Item>,
    /// Comments before the closing bracket.
    pub(super) before_close: Vec<Remark>,
    /// Whether it is written on one line, as far as that is the list's to say.
    pub(super) on_one_line: bool,
}

/// One entry of a list, with what belongs to it.
#[derive(Debug)]
pub(super) struct Item {
    /// Whether there is an empty line before all of it.
    pub(super) apart: bool,
    /// Whether it follows on the line of what is before it.
    pub(super) follows: bool,
    /// Comments before it.
    pub(super) before: Vec<Remark>,
    /// Its attributes, each with whether a line ends after it.
    pub(super) attributes: Vec<(Code, bool)>,
    pub(super) content: Content,
    /// Comments before its comma, if there are such.
    pub(super) before_comma: Vec<Remark>,
    pub(super) comma: bool,
    /// Comments after it, on its line, and those below them that go on with what they say.
    pub(super) after: Vec<Remark>,
}

/// A comment.
#[derive(Clone, Debug)]
pub(super) struct Remark {
    pub(super) code: Code,
    /// Whether there is an empty line before it.
    pub(super) apart: bool,
    /// Whether a line ends before it.
    pub(super) starts_line: bool,
    /// Whether a line ends after it.
    pub(super) ends_line: bool,
    /// Whether all lines end after it.
    pub(super) is_line: bool,
    /// In which column it is written.
    pub(super) column: usize,
    /// How many blanks stand before it.
    pub(super) blanks: usize,
}

#[derive(Debug)]
pub(super) enum Content {
    /// A part of the header, an option, or a name for what is piped.
    Code(Code),
    /// A step, after `let … =` or `pattern =>`.
    Step { head: Option<Code>, step: Step },
}

#[derive(Debug)]
pub(super) enum Step {
    Code(Code),
    Block { head: Head, body: List },
    Undo { step: Box<Step>, between: Vec<Remark>, on_one_line: bool, word: Code, undo: Box<Step> },
}

/// What stands before the `<` of a block.
#[derive(Debug)]
pub(super) enum Head {
    /// As it is written: there are comments between its parts.
    Written(Code),
    /// The keyword, and the options in parentheses.
    Parts { keyword: String, options: Option<List> },
}
