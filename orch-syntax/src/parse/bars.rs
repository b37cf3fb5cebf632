//! `|pattern: Type|`, of the header and of an inline step.

use proc_macro2::{Delimiter, Ident, Span, TokenTree};

use super::cursor::Parser;
use crate::tokens;

/// What stands between two bars, found but not consumed.
pub(super) struct Bars {
    /// The opening bar.
    pub(super) open: Span,
    pub(super) pattern: Vec<TokenTree>,
    pub(super) ty: Option<Vec<TokenTree>>,
    /// A comma between two parameters.
    pub(super) comma: Option<Span>,
    /// The second parameter, if it is `cx`: the context.
    pub(super) context: Option<Ident>,
    /// The index after the closing bar; `None` if there is none.
    pub(super) after: Option<usize>,
    /// How many tokens there are, with the bars.
    pub(super) length: usize,
    /// Where to read on if the bar is not closed.
    pub(super) resume: usize,
}

impl Parser<'_> {
    /// Looks at the bars that open at an index.
    pub(super) fn bars_at(&self, open: usize) -> Bars {
        let start = open + 1;
        let mut colon = None;
        let mut comma = None;
        let mut angles = 0usize;
        let mut index = start;
        let close = loop {
            let Some(token) = self.tokens.get(index) else { break None };
            if tokens::is_punct(Some(token), ';') || self.block_at(index) {
                break None;
            }
            if tokens::is_pair(&self.tokens, index, ':', ':') {
                index += 2;
                continue;
            }
            match token {
                TokenTree::Punct(punct) => match punct.as_char() {
                    '|' => break Some(index),
                    '<' => angles += 1,
                    '>' if tokens::closes_angle(&self.tokens, index) => {
                        if angles == 0 && self.brackets.depth() > 0 {
                            break None;
                        }
                        angles = angles.saturating_sub(1);
                    }
                    ':' if angles == 0 && colon.is_none() && comma.is_none() => colon = Some(index),
                    ',' if angles == 0 && comma.is_none() => comma = Some((index, punct.span())),
                    _ => {}
                },
                TokenTree::Ident(ident) if ident == "let" => break None,
                // The body of an inline step, and not the fields of a struct.
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace && colon.is_none() => {
                    let before = index.checked_sub(1).filter(|before| *before > open);
                    let before = tokens::as_ident(before.and_then(|before| self.tokens.get(before)));
                    if !before.is_some_and(|name| name.to_string().starts_with(char::is_uppercase)) {
                        break None;
                    }
                }
                _ => {}
            }
            index += 1;
        };
        let close_or_end = close.unwrap_or(index);
        let context = comma.and_then(|(at, _)| self.context_at(at, close));
        let end = match (&context, comma) {
            (Some(_), Some((at, _))) => at,
            _ => close_or_end,
        };
        let pattern_end = colon.unwrap_or(end);
        let span = self.tokens.get(open).map_or_else(Span::call_site, TokenTree::span);
        let line = span.start().line;
        let on_line = |token: &TokenTree| token.span().start().line == line;
        let mut resume = start;
        while resume < close_or_end && self.tokens.get(resume).is_some_and(on_line) {
            resume += 1;
        }
        Bars {
            open: span,
            pattern: tokens::part(&self.tokens, start, pattern_end).to_vec(),
            ty: colon.map(|colon| tokens::part(&self.tokens, colon + 1, end).to_vec()),
            comma: comma.map(|(_, span)| span),
            context,
            after: close.map(|close| close + 1),
            length: close_or_end + 1 - open,
            resume,
        }
    }

    /// `cx` or `_cx` and nothing else between a comma and the closing bar. By no other name: a tuple without its parentheses
    /// would be a context by accident.
    fn context_at(&self, comma: usize, close: Option<usize>) -> Option<Ident> {
        let word = tokens::as_ident(self.tokens.get(comma + 1))?;
        let trailing = usize::from(tokens::is_punct(self.tokens.get(comma + 2), ','));
        (close == Some(comma + 2 + trailing) && tokens::is_one_of(word, &["cx", "_cx"])).then(|| word.clone())
    }
}
