//! The grammar of `pipeline!` as types: what [`parse`](crate::parse) makes, and what the expansion and other tools read.
//!
//! User code (arguments, bodies, option values) stays an unparsed token stream: it passes through the macro
//! as written, so that half-typed code still reaches the compiler and the editor. So do types, once they were read.

use proc_macro2::{Group, Ident, Span, TokenStream};
use syn::LitStr;

use crate::blocks::{Kind, Spec};
use crate::pattern::Pattern;
use crate::{tokens, types};

/// A whole `pipeline!` invocation.
#[derive(Debug)]
#[non_exhaustive]
pub struct Pipeline {
    /// `crate = path;`: where the façade is, if not at `::async_orch`.
    pub krate: Option<TokenStream>,
    /// `error = Type;`: the pipeline's error type, if not `BoxError`.
    pub error: Option<TokenStream>,
    /// `let pattern = expression;`: values that the pipeline owns and every step sees.
    pub lets: Vec<HeaderLet>,
    /// `move`: steps capture by value.
    pub move_token: Option<Span>,
    /// `|pattern: Type|`: the declared input.
    pub input: Option<Input>,
    /// The one step that it is.
    pub root: Step,
}

/// `let pattern: Type = expression;` in the header.
#[derive(Debug)]
#[non_exhaustive]
pub struct HeaderLet {
    /// The word `let`.
    pub let_token: Ident,
    /// What the value is taken apart by.
    pub pattern: Pattern,
    /// The type, if it is written.
    pub ty: Option<TokenStream>,
    /// The expression.
    pub value: TokenStream,
}

/// `|pattern: Type|` in the header.
#[derive(Debug)]
#[non_exhaustive]
pub struct Input {
    /// Its name, or how it is taken apart; `_` if it is piped into the first step.
    pub pattern: Pattern,
    /// Its type; `_` where the text has none, which is a mistake.
    pub ty: TokenStream,
}

/// A step: what stands where one is expected.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "made once for each step, moved a few times")]
pub enum Step {
    /// Steps between brackets.
    Block(Block),
    /// A task.
    Leaf(Leaf),
    /// A closure written in place.
    Inline(Inline),
    /// A pipeline built elsewhere.
    Embed(Embed),
    /// A step of a saga, and what takes it back.
    Undo(Box<Undo>),
    /// Where a step did not parse: the error is recorded, the rest goes on. Holds the tokens that an editor
    /// may complete (a half-typed path), possibly none.
    Hole(TokenStream),
}

/// `keyword(options) < body >`
#[derive(Debug)]
#[non_exhaustive]
pub struct Block {
    /// As the user wrote it, with the user's span.
    pub keyword: Ident,
    /// Its row in the table.
    pub spec: &'static Spec,
    /// The leading bare expression of `timeout(…)` and the like.
    pub head: Option<Value>,
    /// In the order of the text, also those that the block does not have.
    pub options: Vec<Opt>,
    /// What else its parentheses hold, read as options: what has a wrong value or none, and what is taken for something else, such as
    /// the arguments of a task of that name. For an editor, which asks while they are typed.
    #[doc(hidden)]
    pub unread: Vec<Opt>,
    /// Where the block opens: the span of `<`, or of the keyword if that is missing.
    pub open: Span,
    /// What stands between the brackets.
    pub body: Vec<Item>,
}

impl Block {
    /// The option of a name, if it is given.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&Opt> {
        self.options.iter().find(|option| option.name == name)
    }

    /// The option of a kind, if the block has one and it is given.
    #[must_use]
    pub fn of_kind(&self, kind: Kind) -> Option<&Opt> {
        self.spec.of_kind(kind).and_then(|spec| self.option(spec.name))
    }

    /// The name that the block is given, if it is given one.
    #[must_use]
    pub fn name(&self) -> Option<Text> {
        match &self.of_kind(Kind::Name)?.value {
            Some(Value::Expr(tokens)) => Text::read(tokens.clone()),
            _ => None,
        }
    }
}

/// One entry of a block's body.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "made once for each step, moved a few times")]
pub enum Item {
    /// A step without a name for its output.
    Step(Step),
    /// A step whose output has a name.
    Let(LetStep),
    /// A name for what is piped there.
    Piped(LetPiped),
    /// A step behind a pattern. It stands in a block of arms, and there alone.
    Arm(Arm),
}

impl Item {
    /// The step, whether its output has a name or not; `None` for a name alone.
    #[must_use]
    pub fn step(&self) -> Option<&Step> {
        match self {
            Item::Step(step) => Some(step),
            Item::Let(entry) => Some(&entry.step),
            Item::Arm(arm) => Some(&arm.step),
            Item::Piped(_) => None,
        }
    }
}

/// `pattern if (guard) => step` in a block of arms.
#[derive(Debug)]
#[non_exhaustive]
pub struct Arm {
    /// What the scrutinee is to look like.
    pub pattern: Pattern,
    /// The parentheses after the `if`, with what has to hold besides.
    pub guard: Option<TokenStream>,
    /// What runs then.
    pub step: Step,
}

/// `let pattern: Type = step` in a sequence.
#[derive(Debug)]
#[non_exhaustive]
pub struct LetStep {
    /// The word `let`.
    pub let_token: Ident,
    /// What the output is taken apart by.
    pub pattern: Pattern,
    /// The type of the output, if it is written.
    pub ty: Option<TokenStream>,
    /// What gives the output.
    pub step: Step,
}

/// `let pattern: Type = _` in a sequence.
#[derive(Debug)]
#[non_exhaustive]
pub struct LetPiped {
    /// The word `let`.
    pub let_token: Ident,
    /// What the piped value is taken apart by.
    pub pattern: Pattern,
    /// The type of the piped value, if it is written.
    pub ty: Option<TokenStream>,
    /// The `_`.
    pub piped: Span,
}

/// `name` or `name = value` in a block's parentheses; known to its block's spec once validated.
#[derive(Debug)]
#[non_exhaustive]
pub struct Opt {
    /// As it is written.
    pub name: Ident,
    /// `None` for a bare flag.
    pub value: Option<Value>,
}

/// An option's value or a block's head.
#[derive(Debug)]
pub enum Value {
    /// A literal with a unit, such as `10s`.
    Duration(Duration),
    /// A word of the macro, such as `exponential(100ms)` or `full`, with its arguments.
    Word {
        /// As it is written.
        word: Ident,
        /// What stands in its parentheses; of a backoff its base and its factor.
        arguments: Vec<Value>,
    },
    /// Any other expression, untouched. Never empty.
    Expr(TokenStream),
}

impl Value {
    /// Whether one of these names stands in it.
    #[must_use]
    pub fn mentions(&self, names: &[String]) -> bool {
        match self {
            Value::Duration(_) => false,
            Value::Word { arguments, .. } => arguments.iter().any(|argument| argument.mentions(names)),
            Value::Expr(code) => tokens::mentions(code, names),
        }
    }
}

/// A literal with a unit.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Duration {
    /// How long it is: no more than a [`std::time::Duration`] can hold.
    pub nanoseconds: u128,
    /// Where it is written.
    pub span: Span,
}

/// `path`, `path(arguments)`, `… as "name"`
#[derive(Debug)]
#[non_exhaustive]
pub struct Leaf {
    /// Which task.
    pub path: TaskPath,
    /// `None` for a path alone, which is called with the piped value.
    pub arguments: Option<Arguments>,
    /// What stands after `as`.
    pub name: Option<Text>,
}

impl Leaf {
    /// The same task with other arguments: those given, in which the `_` stands where it stood.
    #[must_use]
    pub fn with_arguments(&self, group: Group) -> Leaf {
        let piped = self.arguments.as_ref().and_then(|arguments| arguments.piped);
        Leaf { path: self.path.clone(), arguments: Some(Arguments { group, piped }), name: self.name.clone() }
    }
}

/// The path of a task.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TaskPath {
    /// As it is written.
    pub tokens: TokenStream,
    /// Without the last generic arguments: they are its functions'.
    pub ty: TokenStream,
    /// `::<…>` at the end, or nothing.
    pub arguments: TokenStream,
    /// Its names, of which there is one at least.
    pub names: Vec<Ident>,
    /// Whether there are generic arguments anywhere.
    pub generic: bool,
}

impl TaskPath {
    /// Whether the last name is written as one of a type: `Id`, `u8`.
    pub fn reads_as_type(&self) -> bool {
        self.names.last().is_some_and(|name| types::begins_large(name) || types::is_primitive(name))
    }
}

/// The parenthesized arguments of a leaf, untouched.
#[derive(Debug)]
#[non_exhaustive]
pub struct Arguments {
    /// The user's own group, so that rustc's suggestions edit the right place.
    pub group: Group,
    /// Where the one `_` that stands for the piped value is, at the top level of an argument.
    pub piped: Option<Span>,
}

/// `|pattern| { body }`, with `async` and `move` before it or not
#[derive(Debug)]
#[non_exhaustive]
pub struct Inline {
    /// The word `async`, if it may await.
    pub async_token: Option<Span>,
    /// The word `move`, if this step captures by value whatever the header says.
    pub move_token: Option<Span>,
    /// Whether it says `#[durable]`: all that it awaits is a part of the run.
    pub durable: bool,
    /// The span of the opening `|`.
    pub bar: Span,
    /// What the piped value is taken apart by.
    pub pattern: Pattern,
    /// The type of the piped value, if it is written.
    pub ty: Option<TokenStream>,
    /// The second parameter, `cx`.
    pub context: Option<Ident>,
    /// The braced body, untouched.
    pub body: Group,
    /// What stands after `as`.
    pub name: Option<Text>,
}

impl Inline {
    /// Its first token: `async`, `move` or the bar.
    #[must_use]
    pub fn begins(&self) -> Span {
        self.async_token.or(self.move_token).unwrap_or(self.bar)
    }
}

/// A string literal: the name of a step or block.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Text {
    /// What it says, without quotes and escapes.
    pub value: String,
    /// Where it is written.
    pub span: Span,
}

impl Text {
    /// What is said of a name without a letter.
    pub(crate) const EMPTY: &str = "a name has at least one letter; leave it out where there is none";

    /// `None` if these tokens are something else.
    pub(crate) fn read(tokens: TokenStream) -> Option<Self> {
        let literal: LitStr = syn::parse2(tokens).ok()?;
        Some(Self { value: literal.value(), span: literal.span() })
    }
}

/// `{ expression }`: a pipeline built elsewhere, as a step.
#[derive(Debug)]
#[non_exhaustive]
pub struct Embed {
    /// The braces and the expression.
    pub group: Group,
}

/// `step undo step` or `step finally step`
#[derive(Debug)]
#[non_exhaustive]
pub struct Undo {
    /// What is done.
    pub step: Step,
    /// The word `undo` or `finally`.
    pub word: Ident,
    /// When the saga around it does the other step.
    pub when: When,
    /// What is done then.
    pub undo: Step,
}

/// When a saga undoes a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// `undo`: if the saga fails.
    Failed,
    /// `finally`: when it ends.
    Ended,
}

impl When {
    /// The two of them.
    pub const ALL: [When; 2] = [When::Failed, When::Ended];

    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            When::Failed => "undo",
            When::Ended => "finally",
        }
    }
}
