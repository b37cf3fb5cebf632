//! Patterns, read from tokens.
//!
//! Their grammar is small, and reading it here spares every user the compilation of the parser of all of Rust, which
//! is what `syn` needs for a pattern.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;

use crate::reader::Reader;
use crate::tokens;

/// A pattern: its tokens and what they bind.
#[derive(Clone, Debug)]
pub struct Pattern {
    tokens: TokenStream,
    by_reference: TokenStream,
    bound: Vec<Ident>,
    mutable: Option<Span>,
    form: Form,
}

/// What a pattern is at its outermost.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Wild,
    /// `name`, `ref name`, `mut name`.
    Name,
    /// `name @ …`
    At,
    Other,
}

impl Pattern {
    /// Reads a pattern that is all of `tokens`, alternatives included. `None` if it is none.
    pub fn parse(tokens: &[TokenTree]) -> Option<Self> {
        let mut reader = PatternReader::of(tokens::collect(tokens));
        let form = reader.alternatives()?;
        reader.place.at_end().then(|| Self {
            tokens: tokens::collect(&reader.place.tokens),
            by_reference: reader.by_reference,
            bound: reader.bound,
            mutable: reader.mutable,
            form,
        })
    }

    /// A name.
    pub fn name(name: &Ident) -> Self {
        let tokens = name.to_token_stream();
        Self {
            by_reference: tokens.clone(),
            tokens,
            bound: vec![name.clone()],
            mutable: None,
            form: Form::Name,
        }
    }

    /// `_`
    pub fn wild() -> Self {
        let tokens = Ident::new("_", Span::call_site()).into_token_stream();
        Self { by_reference: tokens.clone(), tokens, bound: Vec::new(), mutable: None, form: Form::Wild }
    }

    /// The `mut` of a name, if there is one.
    pub(crate) fn mutable(&self) -> Option<Span> {
        self.mutable
    }

    /// Whether it is `_`.
    pub fn is_wild(&self) -> bool {
        self.form == Form::Wild
    }

    /// Whether it binds the whole value or nothing, and so cannot fail to match.
    pub fn is_plain(&self) -> bool {
        matches!(self.form, Form::Wild | Form::Name)
    }

    /// The name of the whole value, if it has one.
    pub fn whole(&self) -> Option<&Ident> {
        self.bound.first().filter(|_| matches!(self.form, Form::Name | Form::At))
    }

    /// The identifiers that it binds, each once. One that stands alone may be a constant or a variant.
    pub fn identifiers(&self) -> &[Ident] {
        &self.bound
    }

    /// The names that it binds. What begins with a capital letter is a constant or a variant.
    pub fn names(&self) -> impl Iterator<Item = String> {
        self.bound.iter().map(ToString::to_string).filter(|name| !name.starts_with(char::is_uppercase))
    }

    /// The pattern for a reference to the value: names are references, so `mut` and `ref` mean nothing.
    pub fn by_reference(&self) -> &TokenStream {
        &self.by_reference
    }
}

impl ToTokens for Pattern {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.tokens.to_tokens(tokens);
    }
}

/// A place in the tokens of a pattern or of one of its groups.
struct PatternReader {
    /// The last `mut`.
    mutable: Option<Span>,
    place: Reader,
    by_reference: TokenStream,
    bound: Vec<Ident>,
}

impl PatternReader {
    fn of(tokens: TokenStream) -> Self {
        let place = Reader::of(tokens::visible(tokens, |_| false));
        Self { place, by_reference: TokenStream::new(), bound: Vec::new(), mutable: None }
    }

    /// Takes tokens over as they are.
    fn keep(&mut self, count: usize) {
        self.by_reference.extend(tokens::collect(tokens::part(
            &self.place.tokens,
            self.place.at,
            self.place.at + count,
        )));
        self.place.at += count;
    }

    /// An identifier that is no keyword.
    fn is_name(&self) -> bool {
        tokens::as_ident(self.place.peek(0)).is_some_and(|word| !tokens::is_keyword(&word.to_string()))
    }

    /// `a | b`, also with a `|` before.
    fn alternatives(&mut self) -> Option<Form> {
        let several = self.place.punct(0, '|');
        if several {
            self.keep(1);
        }
        let mut form = self.single()?;
        while self.place.punct(0, '|') && !self.place.pair(0, '|', '|') && !self.place.pair(0, '|', '=') {
            self.keep(1);
            self.single()?;
            form = Form::Other;
        }
        Some(if several { Form::Other } else { form })
    }

    /// A pattern without alternatives.
    fn single(&mut self) -> Option<Form> {
        match self.place.peek(0)?.clone() {
            TokenTree::Ident(word) if word == "_" => {
                self.keep(1);
                return Some(Form::Wild);
            }
            TokenTree::Ident(word) if word == "ref" || word == "mut" => return self.binding(),
            TokenTree::Ident(word) if word == "self" && !self.place.pair(1, ':', ':') => {
                return self.binding();
            }
            TokenTree::Ident(word) if word == "box" => {
                self.keep(1);
                self.single()?;
            }
            TokenTree::Ident(_) if self.is_name() => {
                let path = match self.place.peek(1) {
                    Some(TokenTree::Punct(next)) => {
                        next.as_char() == '!' || self.place.pair(1, ':', ':') || self.place.pair(1, '.', '.')
                    }
                    Some(TokenTree::Group(group)) => group.delimiter() != Delimiter::Bracket,
                    _ => false,
                };
                if !path {
                    return self.binding();
                }
                self.constant()?;
            }
            TokenTree::Punct(punct) if punct.as_char() == '&' => {
                self.keep(1);
                if self.place.word("mut") {
                    self.keep(1);
                }
                self.single()?;
            }
            TokenTree::Punct(_) if self.place.pair(0, '.', '.') => self.range()?,
            TokenTree::Group(group) if group.delimiter() != Delimiter::Brace => {
                self.group(&group, Self::list)?
            }
            _ => self.constant()?,
        }
        Some(Form::Other)
    }

    /// `ref mut name @ pattern`
    fn binding(&mut self) -> Option<Form> {
        for word in ["ref", "mut"] {
            if word == "mut" && self.place.word(word) {
                self.mutable = self.place.peek(0).map(TokenTree::span).or(self.mutable);
            }
            self.place.at += usize::from(self.place.word(word));
        }
        if !self.is_name() && !self.place.word("self") {
            return None;
        }
        if let Some(name) = tokens::as_ident(self.place.peek(0)).cloned() {
            self.bind(name);
        }
        self.keep(1);
        if !self.place.punct(0, '@') {
            return Some(Form::Name);
        }
        self.keep(1);
        self.single()?;
        Some(Form::At)
    }

    fn bind(&mut self, name: Ident) {
        if !self.bound.contains(&name) {
            self.bound.push(name);
        }
    }

    /// A literal or a path, with what follows a path, or the range that begins with it.
    fn constant(&mut self) -> Option<()> {
        if self.place.punct(0, '-') {
            self.keep(1);
            if !matches!(self.place.peek(0), Some(TokenTree::Literal(_))) {
                return None;
            }
        }
        match self.place.peek(0)? {
            TokenTree::Literal(_) => self.keep(1),
            TokenTree::Ident(word) if word == "true" || word == "false" => self.keep(1),
            TokenTree::Ident(word) if word == "const" => {
                tokens::as_group(self.place.peek(1), Delimiter::Brace)?;
                self.keep(2);
            }
            _ => {
                self.path()?;
                match self.place.peek(0).cloned() {
                    Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
                        return self.group(&group, Self::list);
                    }
                    Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                        return self.group(&group, Self::fields);
                    }
                    Some(TokenTree::Punct(punct)) if punct.as_char() == '!' => {
                        let Some(TokenTree::Group(_)) = self.place.peek(1) else { return None };
                        self.keep(2);
                        return Some(());
                    }
                    _ => {}
                }
            }
        }
        if self.place.pair(0, '.', '.') { self.range() } else { Some(()) }
    }

    /// `..`, `..=` or `...`, with its end.
    fn range(&mut self) -> Option<()> {
        self.keep(2);
        let closed = self.place.punct(0, '=') || self.place.punct(0, '.');
        let minus = usize::from(closed);
        let negative = self.place.punct(minus, '-');
        self.keep(minus + usize::from(negative));
        match self.place.peek(0) {
            Some(TokenTree::Literal(_)) => self.keep(1),
            _ if negative => return None,
            Some(TokenTree::Ident(word)) if word == "true" || word == "false" => self.keep(1),
            Some(TokenTree::Ident(word)) if word == "const" => {
                tokens::as_group(self.place.peek(1), Delimiter::Brace)?;
                self.keep(2);
            }
            Some(TokenTree::Ident(_)) => self.path()?,
            Some(TokenTree::Punct(_)) if self.place.pair(0, ':', ':') || self.place.punct(0, '<') => {
                self.path()?
            }
            _ if closed => return None,
            _ => {}
        }
        Some(())
    }

    /// `a::b::<C>::d` or `<T as Trait>::D`.
    fn path(&mut self) -> Option<()> {
        if self.place.punct(0, '<') {
            self.angles()?;
            if !self.place.pair(0, ':', ':') {
                return None;
            }
        }
        if self.place.pair(0, ':', ':') {
            self.keep(2);
        }
        loop {
            let word = tokens::as_ident(self.place.peek(0))?;
            if !(tokens::is_one_of(word, &["self", "Self", "super", "crate"]) || self.is_name()) {
                return None;
            }
            self.keep(1);
            if self.place.pair(0, ':', ':') && self.place.punct(2, '<') {
                self.keep(2);
                self.angles()?;
            }
            if !self.place.pair(0, ':', ':') {
                return Some(());
            }
            self.keep(2);
        }
    }

    fn angles(&mut self) -> Option<()> {
        let end = tokens::angle_end(&self.place.tokens, self.place.at)?;
        self.keep(end + 1 - self.place.at);
        Some(())
    }

    /// Reads what a group holds with `content`.
    fn group(&mut self, group: &Group, content: fn(&mut Self) -> Option<()>) -> Option<()> {
        let mut inner = PatternReader::of(group.stream());
        content(&mut inner)?;
        self.mutable = inner.mutable.or(self.mutable);
        for name in std::mem::take(&mut inner.bound) {
            self.bind(name);
        }
        let mut stripped = Group::new(group.delimiter(), inner.by_reference);
        stripped.set_span(group.span());
        stripped.to_tokens(&mut self.by_reference);
        self.place.at += 1;
        Some(())
    }

    /// Patterns between commas.
    fn list(&mut self) -> Option<()> {
        while !self.place.at_end() {
            self.alternatives()?;
            self.comma()?;
        }
        Some(())
    }

    /// The fields of a struct.
    fn fields(&mut self) -> Option<()> {
        while !self.place.at_end() {
            while self.place.punct(0, '#') {
                tokens::as_group(self.place.peek(1), Delimiter::Bracket)?;
                self.keep(2);
            }
            let member = matches!(self.place.peek(0), Some(TokenTree::Ident(_) | TokenTree::Literal(_)));
            if self.place.pair(0, '.', '.') {
                self.keep(2);
            } else if member && self.place.punct(1, ':') {
                self.keep(2);
                self.alternatives()?;
            } else {
                if self.place.word("box") {
                    self.keep(1);
                }
                self.binding()?;
            }
            self.comma()?;
        }
        Some(())
    }

    /// A comma, due unless nothing follows.
    fn comma(&mut self) -> Option<()> {
        if self.place.punct(0, ',') {
            self.keep(1);
            return Some(());
        }
        self.place.at_end().then_some(())
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, clippy::panic, reason = "a test")]
mod tests {
    use std::str::FromStr;

    use super::*;

    fn read(text: &str) -> Option<Pattern> {
        let tokens: Vec<TokenTree> = TokenStream::from_str(text).expect("tokens").into_iter().collect();
        Pattern::parse(&tokens)
    }

    #[track_caller]
    fn binds(text: &str, names: &str, by_reference: &str) {
        let pattern = read(text).unwrap_or_else(|| panic!("`{text}` is a pattern"));
        assert_eq!(pattern.names().collect::<Vec<_>>().join(" "), names, "{text}");
        let plain = |text: &str| text.replace(' ', "");
        assert_eq!(plain(&pattern.by_reference().to_string()), plain(by_reference), "{text}");
    }

    #[test]
    fn names_are_what_a_pattern_binds() {
        binds("mut a", "a", "a");
        binds("(a, ref mut b, _)", "a b", "(a, b, _)");
        binds("Point { x, y: mut b, z: a::C, .. }", "x b", "Point { x, y: b, z: a::C, .. }");
        binds("&mut [first, rest @ .., 1..=2]", "first rest", "&mut [first, rest @ .., 1..=2]");
        binds("| Some(a) | a::B::<C, D>(a) | None", "a", "| Some(a) | a::B::<C, D>(a) | None");
        binds("mut r#type @ -1..=i8::MAX", "r#type", "r#type @ -1..=i8::MAX");
        binds("<T as X>::Y | m!(x) | \"s\" | ..=true", "", "<T as X>::Y | m!(x) | \"s\" | ..=true");
        binds("_", "", "_");
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in [
            "",
            "1 + 2",
            "a b",
            "(a b)",
            "ref",
            "fn",
            "Point { a b }",
            "a::",
            "..=",
            "- a",
            "a |",
            "{ a }",
            "'a",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn forms() {
        let form = |text: &str| read(text).map(|pattern| (pattern.is_wild(), pattern.is_plain()));
        assert_eq!(form("_"), Some((true, true)));
        assert_eq!(form("ref a"), Some((false, true)));
        assert_eq!(form("a @ b"), Some((false, false)));
        assert_eq!(form("(a)"), Some((false, false)));
        let whole = |text: &str| read(text).and_then(|pattern| pattern.whole().map(ToString::to_string));
        assert_eq!(whole("mut a").as_deref(), Some("a"));
        assert_eq!(whole("(a)"), None);
    }
}
