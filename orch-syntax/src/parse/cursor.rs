//! A place in the tokens: looking ahead and stepping on.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

use super::brackets::Brackets;
use super::conditional::ConditionalPart;
use crate::ast::TaskPath;
use crate::blocks::{self, Spec};
use crate::errors::Errors;
use crate::{tokens, types};

/// Blocks that may stand in each other. Far beyond what is readable, and far below what exhausts the stack.
pub(super) const MAX_DEPTH: usize = 64;

/// Words of Rust that begin no path.
const RESERVED: &[&str] = &[
    "as", "async", "await", "break", "const", "continue", "dyn", "else", "enum", "extern", "false", "fn",
    "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "unsafe", "use", "where", "while", "yield", "_",
];

/// The tokens of one invocation and a place in them.
pub(super) struct Parser<'e> {
    pub(super) tokens: Vec<TokenTree>,
    pub(super) at: usize,
    pub(super) brackets: Brackets,
    /// Set after a token that fits nowhere, until a step is read: what follows is likely its consequence.
    pub(super) lost: bool,
    /// Whether the step that is read is an undo, which has none itself.
    pub(super) in_undo: bool,
    /// Where the step that is read says `#[durable]`.
    pub(super) durable: Option<Span>,
    pub(super) conditionals: Vec<ConditionalPart>,
    /// The separators of other languages, by their message.
    pub(super) separators: Vec<(&'static str, TokenStream)>,
    /// The tasks that are named, those in what is left out of the tree too.
    pub(super) paths: Vec<TaskPath>,
    /// How many groups were taken away around steps.
    pub(super) spliced: usize,
    /// Whether the header says `move`.
    pub(super) header_moves: bool,
    /// The input as the header declares it.
    pub(super) header_input: Option<String>,
    /// The index of the first `>` where no block is open.
    pub(super) stray: Option<usize>,
    /// Whether a block without its `<` was reported: its steps then stand outside of it.
    pub(super) unopened: bool,
    /// Whether arms outside of their block were reported.
    pub(super) stray_arms: bool,
    pub(super) errors: &'e mut Errors,
}

impl<'e> Parser<'e> {
    pub(super) fn of(tokens: Vec<TokenTree>, errors: &'e mut Errors) -> Self {
        Self {
            tokens: opened(tokens),
            at: 0,
            brackets: Brackets::default(),
            lost: false,
            in_undo: false,
            durable: None,
            conditionals: Vec::new(),
            separators: Vec::new(),
            paths: Vec::new(),
            spliced: 0,
            header_moves: false,
            header_input: None,
            stray: None,
            unopened: false,
            stray_arms: false,
            errors,
        }
    }
}

impl Parser<'_> {
    pub(super) fn peek(&self, ahead: usize) -> Option<&TokenTree> {
        self.tokens.get(self.at + ahead)
    }

    pub(super) fn punct(&self, ahead: usize, c: char) -> bool {
        tokens::is_punct(self.peek(ahead), c)
    }

    pub(super) fn pair(&self, ahead: usize, first: char, second: char) -> bool {
        tokens::is_pair(&self.tokens, self.at + ahead, first, second)
    }

    pub(super) fn word(&self, ahead: usize, word: &str) -> bool {
        tokens::is_word(self.peek(ahead), word)
    }

    pub(super) fn group(&self, ahead: usize, delimiter: Delimiter) -> Option<&Group> {
        tokens::as_group(self.peek(ahead), delimiter)
    }

    pub(super) fn ident(&self, ahead: usize) -> Option<&Ident> {
        tokens::as_ident(self.peek(ahead))
    }

    /// The word of Rust here, if it can begin no step.
    pub(super) fn reserved(&self, ahead: usize) -> Option<&Ident> {
        self.ident(ahead).filter(|ident| tokens::is_one_of(ident, RESERVED))
    }

    /// An identifier that may be part of a path.
    pub(super) fn is_name(&self, ahead: usize) -> bool {
        self.ident(ahead).is_some() && self.reserved(ahead).is_none()
    }

    /// The block whose keyword stands at an index. `seq::x` is a path and `r#seq` a name.
    pub(super) fn keyword_at(&self, index: usize) -> Option<&'static Spec> {
        let ident = tokens::as_ident(self.tokens.get(index))?;
        let spec = blocks::find(&ident.to_string())?;
        // `seq::<` is meant as the block.
        let is_path = tokens::is_pair(&self.tokens, index + 1, ':', ':') && !self.steps_at(index + 1);
        (!is_path).then_some(spec)
    }

    /// Whether `::<` stands at an index, and no types in it.
    fn steps_at(&self, colons: usize) -> bool {
        let open = colons + 2;
        let end = tokens::is_punct(self.tokens.get(open), '<')
            .then(|| tokens::angle_end(&self.tokens, open))
            .flatten();
        end.is_some_and(|end| !types::is_turbofish(tokens::part(&self.tokens, colons, end + 1)))
    }

    /// Whether a block with its bracket stands at an index: `keyword <` or `keyword(…) <`.
    pub(super) fn block_at(&self, index: usize) -> bool {
        self.keyword_at(index).is_some()
            && (tokens::is_punct(self.tokens.get(index + 1), '<')
                || (tokens::as_group(self.tokens.get(index + 1), Delimiter::Parenthesis).is_some()
                    && tokens::is_punct(self.tokens.get(index + 2), '<')))
    }

    /// Steps over a token.
    pub(super) fn bump(&mut self) -> Option<TokenTree> {
        let token = self.peek(0).cloned();
        if token.is_some() {
            self.at += 1;
        }
        token
    }

    pub(super) fn bump_group(&mut self, delimiter: Delimiter) -> Option<Group> {
        let group = self.group(0, delimiter).cloned();
        if group.is_some() {
            self.at += 1;
        }
        group
    }

    /// The tokens from an index up to here.
    pub(super) fn since(&self, start: usize) -> &[TokenTree] {
        tokens::part(&self.tokens, start, self.at)
    }

    /// The span of the token here, or of the last one.
    pub(super) fn here(&self) -> Span {
        self.peek(0).or(self.tokens.last()).map_or_else(Span::call_site, TokenTree::span)
    }

    /// The span of the token before this place.
    pub(super) fn before(&self) -> Span {
        let before = self.at.checked_sub(1).and_then(|index| self.tokens.get(index));
        before.map_or_else(|| self.here(), TokenTree::span)
    }

    /// Takes the tokens of a `macro_rules!` fragment out of the invisible group around them, so that `$task`
    /// is a step like one written by hand.
    pub(super) fn open_invisible(&mut self) {
        while let Some(group) = self.group(0, Delimiter::None) {
            let content = tokens::list(group.stream());
            self.tokens.splice(self.at..=self.at, content);
        }
    }

    /// Whether a token is the first on its line.
    pub(super) fn starts_line(&self, index: usize) -> bool {
        let Some(token) = self.tokens.get(index) else { return false };
        let before = index.checked_sub(1).and_then(|before| self.tokens.get(before));
        before.is_none_or(|before| before.span().end().line < token.span().start().line)
    }

    /// The column in which the line of a token begins.
    pub(super) fn indentation(&self, mut index: usize) -> usize {
        while index > 0 && !self.starts_line(index) {
            index -= 1;
        }
        self.tokens.get(index).map_or(0, |token| token.span().start().column)
    }

    /// How many more blocks are closed than opened from an index on.
    pub(super) fn closings_from(&self, index: usize) -> usize {
        let mut open = 0usize;
        let mut closings = 0usize;
        for (at, token) in self.tokens.iter().enumerate().skip(index) {
            if tokens::is_punct(Some(token), '<') {
                open += 1;
            } else if tokens::closes_angle(&self.tokens, at) {
                if open == 0 {
                    closings += 1;
                }
                open = open.saturating_sub(1);
            }
        }
        closings
    }
}

/// The tokens out of those invisible groups that hold a single one, such as the body `$block`: no more than that can be
/// meant, whatever stands around.
fn opened(mut tokens: Vec<TokenTree>) -> Vec<TokenTree> {
    for token in &mut tokens {
        if let TokenTree::Group(_) = token
            && let Some(sole) = tokens::sole(std::slice::from_ref(token))
        {
            *token = sole;
        }
    }
    tokens
}
