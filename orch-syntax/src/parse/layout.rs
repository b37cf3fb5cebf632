//! Which `<` is not closed. The end of the input only shows that one is missing; the layout often shows which.

use proc_macro2::{Span, TokenTree};

use super::brackets::{Bracket, Event};
use super::cursor::Parser;
use crate::blocks::Body;
use crate::tokens;

/// Within so many tokens a `<` and the end of the text are one place.
const NEAR: usize = 3;

/// So many open blocks are called by their names.
const NAMED: usize = 4;

impl Parser<'_> {
    /// Reports the blocks that were still open at the end, all at once: who types a program has all of them open, and one thing to do
    /// next. It stands at the innermost, or where that is far away, at the end, where the `>` is missing. Gives how many they are.
    pub(super) fn report_unclosed(&mut self) -> usize {
        let mut unclosed = std::mem::take(&mut self.brackets.unclosed);
        unclosed.sort_by_key(|bracket| std::cmp::Reverse(bracket.index));
        let Some(innermost) = unclosed.first() else { return 0 };
        // Where a body is empty or a step is missing, that is told at the end of the text already, or goes without saying.
        let after = tokens::part(&self.tokens, innermost.index + 1, self.tokens.len());
        let far = tokens::count(after) > NEAR;
        let at = match self.tokens.last() {
            Some(TokenTree::Group(group)) if far => group.span_close(),
            Some(token) if far => token.span(),
            _ => innermost.open,
        };
        let (first, more) = unclosed.split_at(unclosed.len().min(NAMED));
        let mut names: Vec<String> = first.iter().map(|bracket| format!("`{}`", bracket.keyword)).collect();
        if !more.is_empty() {
            names.push(format!("{} more", more.len()));
        }
        let closings = vec![">"; unclosed.len()].join(" ");
        let message = match names.as_slice() {
            [one] => format!("{one} is not closed; write `{closings}`"),
            [before @ .., last] => {
                format!("{} and {last} are not closed; write `{closings}`", before.join(", "))
            }
            [] => return 0,
        };
        self.errors.beside(at, message);
        self.errors.structure_unsure = true;
        unclosed.len()
    }

    /// The blocks that the layout shows to be unclosed: a `>` that begins a line further left than its block
    /// closes an outer one. Asked only when brackets are missing, since layout is free.
    pub(super) fn blame(&self) -> Vec<Bracket> {
        let mut blamed = Vec::new();
        let mut stack: Vec<&Bracket> = Vec::new();
        for event in &self.brackets.events {
            match event {
                Event::Open(bracket) => stack.push(bracket),
                Event::Close { index, column } => {
                    while let (Some(column), [.., outer, inner]) = (column, stack.as_slice()) {
                        let outermost = stack.len() == 2;
                        let fits_outer = outermost || outer.indentation < inner.indentation;
                        if *column >= inner.indentation
                            || !fits_outer
                            || blamed.len() == self.brackets.unclosed.len()
                        {
                            break;
                        }
                        let end = self.end_by_layout(inner, *index);
                        blamed.push(Bracket { missing_before: Some(end), ..(*inner).clone() });
                        stack.pop();
                    }
                    stack.pop();
                }
            }
        }
        blamed
    }

    /// The index of the `>` that the layout shows to be one too many, where there is such a one: the first that ends a block of several
    /// lines elsewhere than the layout does.
    pub(super) fn surplus(&self) -> Option<usize> {
        let stray =
            self.stray.filter(|stray| self.starts_line(*stray) && self.brackets.unclosed.is_empty())?;
        let mut stack: Vec<&Bracket> = Vec::new();
        for event in &self.brackets.events {
            match event {
                Event::Open(bracket) => stack.push(bracket),
                Event::Close { index, column } => {
                    let Some(bracket) = stack.pop() else { continue };
                    let line = |index: usize| self.tokens.get(index).map(|token| token.span().start().line);
                    let several = line(bracket.index) < line(*index);
                    if several && *column != Some(bracket.indentation) && *index < stray {
                        return Some(*index);
                    }
                }
            }
        }
        None
    }

    /// Where an unclosed block ends: before the first line that begins no further right than its own, at the
    /// latest before the `>` of the block around it.
    fn end_by_layout(&self, bracket: &Bracket, latest: usize) -> usize {
        let ends = |index: &usize| {
            let column = self.tokens.get(*index).map(|token| token.span().start().column);
            self.starts_line(*index) && column.is_some_and(|column| column <= bracket.indentation)
        };
        (bracket.index + 1..latest).find(ends).unwrap_or(latest)
    }

    /// Notes that a block is open. `head` is the index of its keyword.
    pub(super) fn open_bracket(&mut self, head: usize, open: Span) {
        let bracket = Bracket {
            open,
            index: self.at,
            keyword: self.tokens.get(head).map(ToString::to_string).unwrap_or_default(),
            of_arms: self.keyword_at(head).is_some_and(|spec| spec.body == Body::Arms),
            indentation: self.indentation(head),
            missing_before: None,
        };
        self.brackets.events.push(Event::Open(bracket.clone()));
        self.brackets.open.push(bracket);
    }

    /// Steps over the `>` of the innermost block, or notes that there is none.
    pub(super) fn close_bracket(&mut self) {
        let Some(bracket) = self.brackets.open.pop() else { return };
        if self.punct(0, '>') {
            let column = self.starts_line(self.at).then(|| self.here().start().column);
            self.brackets.events.push(Event::Close { index: self.at, column });
            self.at += 1;
        } else {
            self.brackets.unclosed.push(bracket);
        }
    }
}
