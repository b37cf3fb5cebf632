//! The grammar of `pipeline!` as types: what the parser makes and the expansion reads.
//!
//! User code (arguments, bodies, option values) stays an unparsed token stream: it passes through the macro
//! as written, so that half-typed code still reaches the compiler and the editor. So do types, once they were read.

use proc_macro2::{Group, Ident, Span, TokenStream};
use syn::LitStr;

use super::blocks::Spec;
use crate::pattern::Pattern;

/// A whole `pipeline!` invocation.
pub(crate) struct Pipeline {
    /// `crate = path;`: where the façade is, if not at `::async_orch`.
    pub(crate) krate: Option<TokenStream>,
    /// `error = Type;`: the pipeline's error type, if not `BoxError`.
    pub(crate) error: Option<TokenStream>,
    /// `let pattern = expression;`: values that the pipeline owns and every step sees.
    pub(crate) lets: Vec<HeaderLet>,
    /// `move`: steps capture by value.
    pub(crate) move_token: Option<Span>,
    /// `|pattern: Type|`: the declared input.
    pub(crate) input: Option<Input>,
    pub(crate) root: Step,
}

/// `let pattern: Type = expression;` in the header.
pub(crate) struct HeaderLet {
    pub(crate) let_token: Ident,
    pub(crate) pattern: Pattern,
    pub(crate) ty: Option<TokenStream>,
    pub(crate) value: TokenStream,
}

/// `|pattern: Type|` in the header.
pub(crate) struct Input {
    pub(crate) pattern: Pattern,
    pub(crate) ty: TokenStream,
}

#[allow(clippy::large_enum_variant, reason = "made once for each step, moved a few times")]
pub(crate) enum Step {
    Block(Block),
    Leaf(Leaf),
    Inline(Inline),
    Embed(Embed),
    /// Where a step did not parse: the error is recorded, the rest goes on. Holds the tokens that an editor
    /// may complete (a half-typed path), possibly none.
    Hole(TokenStream),
}

/// `keyword(options) < body >`
pub(crate) struct Block {
    /// As the user wrote it, with the user's span.
    pub(crate) keyword: Ident,
    pub(crate) spec: &'static Spec,
    /// The leading bare expression of `timeout(…)` and the like.
    pub(crate) head: Option<Value>,
    pub(crate) options: Vec<Opt>,
    /// Where the block opens: the span of `<`, or of the keyword if that is missing.
    pub(crate) open: Span,
    pub(crate) body: Vec<Item>,
}

impl Block {
    /// The option of a name, if it is given.
    pub(crate) fn option(&self, name: &str) -> Option<&Opt> {
        self.options.iter().find(|option| option.name == name)
    }
}

/// One entry of a block's body.
#[allow(clippy::large_enum_variant, reason = "made once for each step, moved a few times")]
pub(crate) enum Item {
    Step(Step),
    Let(LetStep),
}

/// `let pattern: Type = step` in a sequence.
pub(crate) struct LetStep {
    pub(crate) let_token: Ident,
    pub(crate) pattern: Pattern,
    pub(crate) ty: Option<TokenStream>,
    pub(crate) step: Step,
}

/// `name` or `name = value` in a block's parentheses; known to its block's spec once validated.
pub(crate) struct Opt {
    pub(crate) name: Ident,
    /// `None` for a bare flag.
    pub(crate) value: Option<Value>,
}

/// An option's value or a block's head.
pub(crate) enum Value {
    /// A literal with a unit, such as `10s`.
    Duration(Duration),
    /// A word of the macro, such as `exponential(100ms)` or `full`, with its arguments.
    Word { word: Ident, arguments: Vec<Value> },
    /// Any other expression, untouched. Never empty.
    Expr(TokenStream),
}

#[derive(Clone, Copy)]
pub(crate) struct Duration {
    pub(crate) nanoseconds: u128,
    pub(crate) span: Span,
}

/// `path`, `path(arguments)`, `… as "name"`
pub(crate) struct Leaf {
    pub(crate) path: TaskPath,
    pub(crate) arguments: Option<Arguments>,
    pub(crate) name: Option<LitStr>,
}

/// The path of a task.
pub(crate) struct TaskPath {
    /// As it is written.
    pub(crate) tokens: TokenStream,
    /// Without the last generic arguments: they are its functions'.
    pub(crate) ty: TokenStream,
    /// `::<…>` at the end, or nothing.
    pub(crate) arguments: TokenStream,
    /// Its names, of which there is one at least.
    pub(crate) names: Vec<Ident>,
    /// Whether there are generic arguments anywhere.
    pub(crate) generic: bool,
}

/// The parenthesized arguments of a leaf, untouched.
pub(crate) struct Arguments {
    /// The user's own group, so that rustc's suggestions edit the right place.
    pub(crate) group: Group,
    /// Where the one `_` that stands for the piped value is, at the top level of an argument.
    pub(crate) piped: Option<Span>,
}

/// `|pattern| { body }` or `async |pattern| { body }`
pub(crate) struct Inline {
    pub(crate) async_token: Option<Span>,
    /// The span of the opening `|`.
    pub(crate) bar: Span,
    pub(crate) pattern: Pattern,
    pub(crate) ty: Option<TokenStream>,
    /// The second parameter, `cx`.
    pub(crate) context: Option<Ident>,
    /// The braced body, untouched.
    pub(crate) body: Group,
    pub(crate) name: Option<LitStr>,
}

/// `{ expression }`: a pipeline built elsewhere, as a step.
pub(crate) struct Embed {
    pub(crate) group: Group,
}
