//! The pipelines of a file: invocations of `pipeline!`, wherever code stands.

use std::ops::Range;

use orch_syntax::{Mistake, tokens};
use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::source::{Position, Source, range};

/// The macros of the standard library and of tokio whose arguments are plain code. In those of other macros a `pipeline!` may
/// be anything: a pattern of `macro_rules!`, or code that is written elsewhere with other names.
const OF_CODE: &[&str] = &[
    "assert",
    "assert_eq",
    "assert_ne",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "format",
    "join",
    "matches",
    "panic",
    "pin",
    "print",
    "println",
    "try_join",
    "vec",
    "write",
    "writeln",
];

/// One invocation.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// Where the path of the macro begins.
    pub start: usize,
    /// Where its `!` ends.
    pub bang_end: usize,
    /// The brackets and what stands between them.
    pub group: Group,
    /// In how many other invocations it stands.
    pub depth: usize,
    /// Whether it, or what it stands in, is under a `#[rustfmt::skip]`.
    pub skipped: bool,
    /// Whether it is all of a statement, of a value or of an arm, so that what stands around it does not depend on its lines.
    pub stands_alone: bool,
}

impl Invocation {
    /// Where it is, from the path to the bracket at its end.
    #[must_use]
    pub fn range(&self) -> Range<usize> {
        self.start..range(self.group.span_close()).end
    }

    /// Where a mistake in it begins. One at nothing, as where it is empty, is at its start.
    pub(crate) fn position(&self, source: &Source, mistake: &Mistake) -> Position {
        let start = mistake.start();
        Position { line: start.line, column: start.column + 1 }.max(source.position(self.start))
    }

    /// What stands between its brackets.
    #[must_use]
    pub fn body(&self) -> TokenStream {
        self.group.stream()
    }
}

/// The invocations of macros of these names, in the order of the text. A path before a name does not matter.
#[must_use]
pub fn find(source: &Source, names: &[String]) -> Vec<Invocation> {
    let mut finder = Finder { names, found: Vec::new() };
    finder.search(source.tokens(), Delimiter::Brace, 0, false);
    finder.found
}

struct Finder<'n> {
    names: &'n [String],
    found: Vec<Invocation>,
}

impl Finder<'_> {
    fn search(&mut self, stream: TokenStream, within: Delimiter, depth: usize, skipped: bool) {
        let all = tokens::list(stream);
        // How far a `#[rustfmt::skip]` goes.
        let mut skipped_until = 0;
        let mut skipped = skipped;
        let mut at = 0;
        while let Some(token) = all.get(at) {
            if tokens::is_punct(Some(token), '#') {
                let inner = tokens::is_punct(all.get(at + 1), '!');
                let bracket = at + 1 + usize::from(inner);
                if let Some(group) = tokens::as_group(all.get(bracket), Delimiter::Bracket) {
                    if is_skip(group) {
                        skipped |= inner;
                        if !inner {
                            skipped_until = end_of_part(&all, bracket + 1, within);
                        }
                    }
                    at = bracket + 1;
                    continue;
                }
            }
            let skipped = skipped || at < skipped_until;
            if let Some((name, bang)) = self.macro_at(&all, at)
                && let Some((index, group)) = group_after(&all, bang)
            {
                let is_ours = self.names.iter().any(|known| known.rsplit("::").next() == Some(name.as_str()));
                if is_ours && index == bang + 1 {
                    let first = path_start(&all, at);
                    let (start, bang_end) = (range(all[first].span()).start, range(all[bang].span()).end);
                    let stands_alone = within == Delimiter::Brace
                        && begins(first.checked_sub(1).and_then(|before| all.get(before)))
                        && ends(all.get(index + 1));
                    let group = group.clone();
                    self.found.push(Invocation { start, bang_end, group, depth, skipped, stands_alone });
                    self.search(all_of(&all, index), Delimiter::None, depth + 1, skipped);
                } else if OF_CODE.contains(&name.as_str()) {
                    self.search(group.stream(), group.delimiter(), depth, skipped);
                }
                at = index + 1;
                continue;
            }
            if let TokenTree::Group(group) = token {
                self.search(group.stream(), group.delimiter(), depth, skipped);
            }
            at += 1;
        }
    }

    /// The name of the macro and the place of its `!`, if one is invoked at this identifier.
    fn macro_at(&self, all: &[TokenTree], at: usize) -> Option<(String, usize)> {
        let name = tokens::as_ident(all.get(at))?.to_string();
        let is_bang = tokens::is_punct(all.get(at + 1), '!') && !tokens::is_pair(all, at + 1, '!', '=');
        is_bang.then(|| (name.trim_start_matches("r#").to_owned(), at + 1))
    }
}

/// The group after a `!`, or after the name between them, as in `macro_rules! name { … }`.
fn group_after(all: &[TokenTree], bang: usize) -> Option<(usize, &Group)> {
    let index = if tokens::as_ident(all.get(bang + 1)).is_some() { bang + 2 } else { bang + 1 };
    match all.get(index) {
        Some(TokenTree::Group(group)) => Some((index, group)),
        _ => None,
    }
}

/// What stands in the group at an index.
fn all_of(all: &[TokenTree], index: usize) -> TokenStream {
    match all.get(index) {
        Some(TokenTree::Group(group)) => group.stream(),
        _ => TokenStream::new(),
    }
}

/// Whether a statement, a value or the step of an arm begins after this token.
fn begins(before: Option<&TokenTree>) -> bool {
    match before {
        None => true,
        Some(TokenTree::Punct(punct)) => matches!(punct.as_char(), ';' | '=' | '>' | ':' | ','),
        Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Brace,
        Some(token) => tokens::is_word(Some(token), "return"),
    }
}

/// Whether it ends before this token.
fn ends(after: Option<&TokenTree>) -> bool {
    after.is_none() || tokens::is_punct(after, ';') || tokens::is_punct(after, ',')
}

/// The index at which the path begins that ends at a name.
fn path_start(all: &[TokenTree], name: usize) -> usize {
    let mut first = name;
    while first >= 2 && tokens::is_pair(all, first - 2, ':', ':') {
        first -= 2;
        if first >= 1 && tokens::as_ident(all.get(first - 1)).is_some() {
            first -= 1;
        } else {
            break;
        }
    }
    first
}

/// What a statement or an item begins with that has no end at a comma.
const OF_ITEMS: &[&str] = &[
    "async", "const", "enum", "extern", "fn", "impl", "let", "mod", "pub", "static", "struct", "trait",
    "type", "union", "unsafe", "use",
];

/// Where the part of code ends that an attribute before an index stands on: a statement or an item, an arm, a field or an argument.
fn end_of_part(all: &[TokenTree], from: usize, within: Delimiter) -> usize {
    let mut from = from;
    while tokens::is_punct(all.get(from), '#') {
        from += 2;
    }
    let is_item =
        within == Delimiter::Brace && OF_ITEMS.iter().any(|word| tokens::is_word(all.get(from), word));
    let mut angles = 0_usize;
    for (index, token) in all.iter().enumerate().skip(from) {
        match token {
            TokenTree::Group(group)
                if group.delimiter() == Delimiter::Brace && ends_statement(all.get(index + 1)) =>
            {
                return index + 1;
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                ';' => return index,
                ',' if !is_item && angles == 0 => return index,
                // `name::<A, B>`
                '<' if angles > 0 || (index > 1 && tokens::is_pair(all, index - 2, ':', ':')) => angles += 1,
                '>' if !tokens::is_pair(all, index - 1, '-', '>') => angles = angles.saturating_sub(1),
                _ => {}
            },
            _ => {}
        }
    }
    all.len()
}

/// Whether what follows a group in braces belongs to another statement or item.
fn ends_statement(next: Option<&TokenTree>) -> bool {
    let goes_on = ["else", "in", "as"].iter().any(|word| tokens::is_word(next, word));
    match next {
        None | Some(TokenTree::Ident(_)) => !goes_on,
        Some(TokenTree::Punct(punct)) => punct.as_char() == '#',
        Some(_) => false,
    }
}

/// `rustfmt::skip`, alone or in a `cfg_attr`.
fn is_skip(attribute: &Group) -> bool {
    attribute.stream().to_string().replace(' ', "").contains("rustfmt::skip")
        && !attribute.stream().to_string().replace(' ', "").contains("rustfmt::skip::")
}
