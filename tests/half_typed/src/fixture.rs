//! A program with a pipeline, and what it looks like while it is typed.

use std::ops::Range;
use std::str::FromStr;

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// A program with one `pipeline!`.
#[derive(Debug)]
pub struct Fixture {
    name: &'static str,
    text: &'static str,
    /// Between the braces of the `pipeline!`.
    inside: Range<usize>,
    tokens: Vec<Token>,
}

#[derive(Debug)]
struct Token {
    bytes: Range<usize>,
    /// Whether it is a bracket: without it the program is none.
    bracket: bool,
    /// What closes what is open after it, innermost first.
    closers: String,
}

/// A program in which the pipeline is not whole.
#[derive(Debug)]
pub struct Text {
    /// Which fixture, what was done to it, and at which token.
    pub name: String,
    /// The program.
    pub text: String,
    /// Where it was done, in bytes.
    pub place: usize,
    /// Where each token of the pipeline begins, and where the last one ends.
    tokens: Vec<usize>,
}

impl Text {
    /// How many tokens lie between the place of the mistake and where a part of the program begins.
    #[must_use]
    pub fn distance(&self, part: &Range<usize>) -> usize {
        let between = part.start.min(self.place)..part.start.max(self.place);
        self.tokens.iter().filter(|start| between.contains(start)).count()
    }
}

impl Fixture {
    /// Reads a program.
    ///
    /// # Panics
    ///
    /// If it has no `pipeline! { … }`, or is no Rust.
    #[must_use]
    pub fn new(name: &'static str, text: &'static str) -> Self {
        let start = text.find("pipeline! {").expect("a pipeline") + "pipeline! {".len();
        let mut depth = 1;
        let length = text[start..]
            .char_indices()
            .find(|(_, c)| {
                depth += i32::from(*c == '{') - i32::from(*c == '}');
                depth == 0
            })
            .expect("its end")
            .0;
        let inside = start..start + length;
        let stream = TokenStream::from_str(&text[inside.clone()]).expect("tokens");
        let mut tokens = Vec::new();
        flatten(stream, inside.start, "", &mut tokens);
        Fixture { name, text, inside, tokens }
    }

    /// How many tokens the pipeline has.
    #[must_use]
    pub fn length(&self) -> usize {
        self.tokens.len()
    }

    /// The program as it is.
    #[must_use]
    pub fn whole(&self) -> Text {
        self.made("whole".to_owned(), self.text.to_owned(), self.inside.end, Some)
    }

    /// The pipeline ends after a token, for each of them.
    #[must_use]
    pub fn cuts(&self) -> Vec<Text> {
        let cut = |(index, token): (usize, &Token)| {
            let (end, rest) = (token.bytes.end, &self.text[self.inside.end..]);
            let text = format!("{}{}\n    {rest}", &self.text[..end], token.closers);
            self.made(format!("cut {index}"), text, end, |start| (start < end).then_some(start))
        };
        self.tokens.iter().enumerate().map(cut).collect()
    }

    /// The pipeline without a token, for each that is no bracket.
    #[must_use]
    pub fn deletions(&self) -> Vec<Text> {
        let delete = |(index, token): (usize, &Token)| {
            let Range { start, end } = token.bytes;
            let text = format!("{} {}", &self.text[..start], &self.text[end..]);
            let shift = end - start - 1;
            self.made(format!("deletion {index}"), text, start, |other| match other {
                other if other == start => None,
                other if other > start => Some(other - shift),
                other => Some(other),
            })
        };
        self.tokens.iter().enumerate().filter(|(_, token)| !token.bracket).map(delete).collect()
    }

    fn made(&self, what: String, text: String, place: usize, moved: impl Fn(usize) -> Option<usize>) -> Text {
        let starts = self.tokens.iter().map(|token| token.bytes.start);
        Text {
            name: format!("{} {what}", self.name),
            text,
            place,
            tokens: starts.filter_map(moved).collect(),
        }
    }
}

/// Several signs in a row that are one token to a reader.
const JOINED: [&str; 8] = ["::", "=>", "->", "..", "==", "&&", "||", ">="];

fn flatten(stream: TokenStream, offset: usize, closers: &str, tokens: &mut Vec<Token>) {
    let mut joined: Option<char> = None;
    for tree in stream {
        let before = joined.take();
        match tree {
            TokenTree::Group(group) => {
                let closer = match group.delimiter() {
                    Delimiter::Parenthesis => ")",
                    Delimiter::Brace => "}",
                    Delimiter::Bracket => "]",
                    Delimiter::None => "",
                };
                let bracket = |span: proc_macro2::Span, closers| {
                    let bytes = span.byte_range();
                    Token { bytes: bytes.start + offset..bytes.end + offset, bracket: true, closers }
                };
                let inner = format!("{closer}{closers}");
                tokens.push(bracket(group.span_open(), inner.clone()));
                flatten(group.stream(), offset, &inner, tokens);
                tokens.push(bracket(group.span_close(), closers.to_owned()));
            }
            other => {
                let bytes = other.span().byte_range();
                let bytes = bytes.start + offset..bytes.end + offset;
                if let TokenTree::Punct(punct) = &other {
                    if punct.spacing() == Spacing::Joint {
                        joined = Some(punct.as_char());
                    }
                    if let (Some(first), Some(last)) = (before, tokens.last_mut())
                        && JOINED.contains(&format!("{first}{}", punct.as_char()).as_str())
                    {
                        last.bytes.end = bytes.end;
                        joined = None;
                        continue;
                    }
                }
                tokens.push(Token { bytes, bracket: false, closers: closers.to_owned() });
            }
        }
    }
}
