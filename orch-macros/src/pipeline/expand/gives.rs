//! What the body of an inline step gives, read off its text.
//!
//! `Ok(…)` says nothing of the error's type, and `?` converts into any. Where nothing else in the body says it, it is the
//! pipeline's, which the expansion then writes. So the places are looked at where a body ends: its last expression, through
//! `match`, `if`, blocks and loops, and each `return`.

use orch_syntax::tokens;
use proc_macro2::{Delimiter, Group, Punct, Spacing, TokenStream, TokenTree};

use super::statements::{
    as_brace, goes_on, jump_end, last_statement, own_code, sole_brace, without_attributes, without_label,
};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::pipeline) enum Gives {
    /// A `Result`, and nothing that says the type of its error.
    Open,
    /// Nothing: it ends in `panic!(…)` or the like.
    Never,
    /// Something of which the compiler knows the type.
    Known,
}

pub(in crate::pipeline) fn gives(body: &TokenStream) -> Gives {
    let mut ends = Ends::default();
    let body = open(body.clone());
    ends.returns(&body);
    ends.block(&body);
    match ends {
        Ends { open: false, known: false, error: false, .. } => Gives::Never,
        // An error that a body makes has a type, unless there are others, which `?` converts.
        Ends { open: true, known: false, error, question } if question || !error => Gives::Open,
        _ => Gives::Known,
    }
}

/// The tokens out of all invisible groups: what they keep together makes no difference here, but for a statement, which needs
/// no `;` in one.
fn open(code: TokenStream) -> Vec<TokenTree> {
    let mut open = Vec::new();
    for token in code {
        let whole = tokens::visible(token.into(), |_| false);
        let is_statement = whole.len() > 1 && tokens::is_word(whole.first(), "let");
        open.extend(whole);
        if is_statement {
            open.push(Punct::new(';', Spacing::Alone).into());
        }
    }
    open
}

/// What was found at the ends of a body.
#[derive(Default)]
struct Ends {
    /// `Ok(…)`, or an error that is converted into what is wanted.
    open: bool,
    /// `Err(…)` with an error of its own.
    error: bool,
    /// Anything else that has a type.
    known: bool,
    /// `?`, anywhere.
    question: bool,
}

/// Macros that panic.
const PANICS: &[&str] = &["panic", "todo", "unimplemented", "unreachable"];

/// Macros that return an error of a type of theirs.
const RETURNS: &[&str] =
    &["bail", "ensure", "ensure_eq", "ensure_ne", "ensure_whatever", "throw", "whatever"];

impl Ends {
    /// Looks for `return` and `?`, but not in what returns by itself: closures, async blocks and functions.
    fn returns(&mut self, code: &[TokenTree]) {
        let mut at = 0;
        while let Some(token) = code.get(at) {
            if let Some(end) = own_code(code, at) {
                at = end;
                continue;
            }
            match token {
                TokenTree::Ident(word) if word == "return" => {
                    let end = jump_end(code, at);
                    self.expression(tokens::part(code, at + 1, end));
                }
                TokenTree::Ident(word) if tokens::is_punct(code.get(at + 1), '!') => {
                    self.known |= tokens::is_one_of(word, RETURNS);
                }
                TokenTree::Punct(punct) => self.question |= punct.as_char() == '?',
                TokenTree::Group(group) => self.returns(&open(group.stream())),
                _ => {}
            }
            at += 1;
        }
    }

    /// The end of a block.
    fn block(&mut self, content: &[TokenTree]) {
        let (statement, ended) = last_statement(content);
        if !ended {
            return self.expression(statement);
        }
        // Of a statement it only counts that nothing follows it.
        let mut ends = Ends::default();
        ends.expression(statement);
        let never = !(ends.open || ends.known || ends.error);
        self.known |= !never || statement.is_empty();
    }

    /// An expression where a body ends. Finds nothing if it never gives a value there.
    fn expression(&mut self, expression: &[TokenTree]) {
        let (label, expression) = without_label(without_attributes(expression));
        let Some(first) = expression.first() else {
            self.known = true;
            return;
        };
        let last = expression.last().and_then(as_brace).map(|group| open(group.stream()));
        match (first, last) {
            (TokenTree::Group(group), _) if expression.len() == 1 => self.group(group, label),
            (TokenTree::Ident(word), Some(content)) if word == "unsafe" && expression.len() == 2 => {
                self.block(&content)
            }
            (TokenTree::Ident(word), Some(content)) if word == "match" && sole_brace(expression) => {
                self.arms(&content)
            }
            (TokenTree::Ident(word), Some(content)) if word == "loop" && expression.len() == 2 => {
                self.breaks(&content, label, false);
            }
            (TokenTree::Ident(word), Some(_)) if word == "if" => self.branches(expression),
            (TokenTree::Ident(word), _) if tokens::is_one_of(word, &["return", "break", "continue"]) => {}
            _ => self.call(expression),
        }
    }

    fn group(&mut self, group: &Group, label: Option<&TokenTree>) {
        let content = open(group.stream());
        match group.delimiter() {
            Delimiter::Brace => {
                self.block(&content);
                if label.is_some() {
                    self.breaks(&content, label, true);
                }
            }
            Delimiter::Parenthesis if tokens::split_commas(&content).len() == 1 => self.expression(&content),
            _ => self.known = true,
        }
    }

    /// `Ok(…)`, `Err(…)`, `panic!(…)` or something else.
    fn call(&mut self, expression: &[TokenTree]) {
        if let [path @ .., TokenTree::Ident(name), TokenTree::Punct(bang), TokenTree::Group(_)] = expression
            && bang.as_char() == '!'
            && is_path(path)
            && tokens::is_one_of(name, PANICS)
        {
            return;
        }
        let [callee @ .., TokenTree::Group(arguments)] = expression else {
            self.known = true;
            return;
        };
        let (path, typed) = without_arguments(callee);
        match path.as_slice() {
            _ if arguments.delimiter() != Delimiter::Parenthesis || typed => self.known = true,
            [path @ .., TokenTree::Ident(name)] if name == "Ok" && is_path(path) => self.open = true,
            [path @ .., TokenTree::Ident(name)] if name == "Err" && is_path(path) => {
                if converts(arguments) {
                    self.open = true
                } else {
                    self.error = true
                }
            }
            [.., TokenTree::Punct(dot), TokenTree::Ident(name)]
                if dot.as_char() == '.' && name == "map_err" && is_conversion(arguments) =>
            {
                self.open = true;
            }
            _ => self.known = true,
        }
    }

    /// `if … { … } else if … { … } else { … }`
    fn branches(&mut self, expression: &[TokenTree]) {
        let mut otherwise = false;
        let mut rest = expression;
        while let Some(brace) = rest.iter().position(|token| as_brace(token).is_some()) {
            if let Some(group) = rest.get(brace).and_then(as_brace) {
                self.block(&open(group.stream()));
            }
            otherwise = brace == 0;
            rest = tokens::part(rest, brace + 1, rest.len());
            if !tokens::is_word(rest.first(), "else") {
                break;
            }
            rest = tokens::part(rest, 1, rest.len());
        }
        // Without an `else` it gives `()`; and `if … { … }.await` is no end.
        self.known |= !(otherwise && rest.is_empty());
    }

    /// The arms of a `match`.
    fn arms(&mut self, content: &[TokenTree]) {
        for (part, _) in tokens::split_commas(content) {
            let mut part = part;
            // An arm with braces needs no comma.
            while let Some(arrow) = (0..part.len()).find(|at| tokens::is_pair(part, *at, '=', '>')) {
                let body = tokens::part(part, arrow + 2, part.len());
                let braced = body.first().is_some_and(|token| as_brace(token).is_some()) && !goes_on(body, 1);
                let end = if braced { 1 } else { body.len() };
                self.expression(tokens::part(body, 0, end));
                part = tokens::part(body, end, body.len());
            }
        }
    }

    /// The `break`s out of a loop, or those with its label alone.
    fn breaks(&mut self, code: &[TokenTree], label: Option<&TokenTree>, labeled: bool) {
        let mut at = 0;
        // Whether a loop begins before the next braces: its `break`s are its own.
        let mut inner = false;
        while let Some(token) = code.get(at) {
            if let Some(end) = own_code(code, at) {
                at = end;
                continue;
            }
            match token {
                TokenTree::Ident(word) if word == "break" => {
                    let end = jump_end(code, at);
                    let value = tokens::part(code, at + 1, end);
                    let (given, value) = match value {
                        [TokenTree::Punct(quote), name, value @ ..] if quote.as_char() == '\'' => {
                            (Some(name), value)
                        }
                        value => (None, value),
                    };
                    let text = |token: Option<&TokenTree>| token.map(ToString::to_string);
                    if given.is_none() && !labeled || given.is_some() && text(given) == text(label) {
                        self.expression(value);
                    }
                }
                TokenTree::Ident(word) => inner |= tokens::is_one_of(word, &["loop", "while", "for"]),
                TokenTree::Group(group) => {
                    let is_loop = std::mem::take(&mut inner) && group.delimiter() == Delimiter::Brace;
                    self.breaks(&open(group.stream()), label, labeled || is_loop);
                }
                _ => {}
            }
            at += 1;
        }
    }
}

/// Whether tokens are `a::b::`, or none.
fn is_path(path: &[TokenTree]) -> bool {
    path.iter().all(|token| matches!(token, TokenTree::Ident(_)) || tokens::is_punct(Some(token), ':'))
}

/// A path without its generic arguments, and whether they say the type of an error.
fn without_arguments(path: &[TokenTree]) -> (Vec<TokenTree>, bool) {
    let Some(open) = path.iter().position(|token| tokens::is_punct(Some(token), '<')) else {
        return (path.to_vec(), false);
    };
    let end = tokens::angle_end(path, open).unwrap_or(path.len());
    let arguments = tokens::split_outside_angles(tokens::part(path, open + 1, end), ',');
    let unsaid = |error: &&[TokenTree]| matches!(error, [token] if tokens::is_word(Some(token), "_"));
    let mut plain = tokens::part(path, 0, open.saturating_sub(2)).to_vec();
    plain.extend_from_slice(tokens::part(path, end + 1, path.len()));
    (plain, !arguments.get(1).is_some_and(unsaid))
}

/// Whether an `Err(…)` holds `….into()`, which has no type.
fn converts(made: &Group) -> bool {
    let tokens = open(made.stream());
    matches!(tokens.as_slice(), [.., TokenTree::Punct(dot), TokenTree::Ident(into), TokenTree::Group(_)]
        if dot.as_char() == '.' && into == "into")
}

/// Whether what `map_err` is given converts into whatever is wanted: `Into::into`, `From::from`, `|e| e.into()`.
fn is_conversion(given: &Group) -> bool {
    let tokens = open(given.stream());
    let conversion = |name: &str, function: &str| {
        matches!(tokens.as_slice(), [.., TokenTree::Ident(first), _, _, TokenTree::Ident(last)]
            if first == name && last == function && is_path(&tokens))
    };
    conversion("Into", "into") || conversion("From", "from") || converts(given)
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    #[track_caller]
    fn all(expected: Gives, bodies: &[&str]) {
        for body in bodies {
            assert_eq!(gives(&TokenStream::from_str(body).expect("tokens")), expected, "{body}");
        }
    }

    #[test]
    fn open_at_every_end() {
        all(
            Gives::Open,
            &[
                "Ok(1)",
                "Ok(get(n)?)",
                "(Ok(1))",
                "{ Ok(1) }",
                "unsafe { Ok(1) }",
                "std::result::Result::Ok(1)",
                "Ok::<_, _>(1)",
                "::std::result::Result::<u8, _>::Ok(1)",
                "#[allow(unused)] Ok(1)",
                "let a = get(n)?; Ok(a)",
                "match n { 0 => Ok(0), n => Ok(get(n).await?) }",
                "match n { 0 => { a(); Ok(0) } 1 | 2 => Ok(1), n if n > 3 => return Ok(n), _ => panic!(\"no\"), }",
                "match n { 0 => match m { _ => Ok(1) }, _ => if n > 1 { Ok(2) } else { Ok(3) } }",
                "if n > 1 { Ok(2) } else if let Some(n) = m { Ok(n) } else { todo!() }",
                "if n > 1 { return Ok(2) } Ok(3)",
                "loop { if let Some(r) = get()? { return Ok(r); } }",
                "loop { if n > 1 { break Ok(n); } loop { break; } }",
                "'a: loop { loop { break 'a Ok(1) } }",
                "'a: { if n > 1 { break 'a Ok(2); } Ok(3) }",
                "for a in b { if a { return Ok(1); } } Ok(2)",
                "while let Some(a) = b { continue; } Ok(2)",
                "return Ok(1)",
                "return Ok(1);",
                "let Some(a) = b else { return Ok(0) }; Ok(a)",
                "if let Err(e) = check() { log(e); } Ok(1)",
                "if bad { return Err(\"bad\".into()); } Ok(1)",
                "if bad { return Err(Oops); } Ok(get()?)",
                "if bad { return get().map_err(Into::into); } Ok(1)",
                "all.map(|n| { return get(n) }); Ok(1)",
                "let f = |n| Err(Oops); Ok(1)",
                "spawn(async move { return Err(Oops); }); Ok(1)",
                "fn f() -> A { return b(); } Ok(1)",
                "select! { a => {} } Ok(1)",
                "get(n).map_err(Into::into)",
                "get(n).await.map_err(|e| e.into())",
                "get(n).map_err(::core::convert::From::from)",
                "Err(\"bad\".into())",
            ],
        );
    }

    #[test]
    fn a_statement_from_a_fragment_needs_no_semicolon() {
        let invisible = |text: &str| {
            TokenTree::from(Group::new(Delimiter::None, TokenStream::from_str(text).expect("tokens")))
        };
        let body = TokenStream::from_iter([invisible("let n = get()?"), invisible("Ok(n)")]);
        assert_eq!(gives(&body), Gives::Open);
    }

    #[test]
    fn an_error_type_of_its_own() {
        all(
            Gives::Known,
            &[
                "",
                "1",
                "()",
                "Ok::<_, Oops>(1)",
                "Ok::<u8, Oops>(get()?)",
                "Result::<u8, Oops>::Ok(1)",
                "get(n)",
                "get(n).await",
                "Ok(1)?",
                "Ok(1).and_then(f)",
                "(Ok(1), 2)",
                "if bad { return Err(Oops); } Ok(1)",
                "if bad { Err(Oops) } else { Ok(1) }",
                "match n { 0 => Ok(0), n => get(n) }",
                "match n { 0 => Ok(0), n => get(n).await.map_err(Oops) }",
                "get(n).map_err(io::Error::from)",
                "get(n).map_err(|e| Oops(e.into()))",
                "match n { 0 => Ok(0) }.map(f)",
                "match n { 0 => { Ok(0) }.map(f), _ => Ok(1) }",
                "if bad { return get(); } Ok(1)",
                "loop { break Err(Oops) }",
                "'a: { break 'a get(); Ok(1) }",
                "if n > 1 { Ok(2) }",
                "for a in b { return Ok(1); }",
                "ensure!(n > 1); Ok(1)",
                "if bad { anyhow::bail!(\"bad\") } Ok(get()?)",
                "Ok(1);",
                "get()?;",
                "Ok(1) == a",
                "select! { a => Ok(1) }",
                "vec![Ok(1)]",
                "Some(Ok(1))",
            ],
        );
    }

    #[test]
    fn nothing_comes_out() {
        all(
            Gives::Never,
            &[
                "panic!()",
                "todo!();",
                "core::unreachable!(\"{n}\")",
                "a(); unimplemented!()",
                "loop {}",
                "loop { wait().await; }",
                "match n { 0 => panic!(), _ => { todo!() } }",
                "if n > 1 { panic!() } else { loop { a() } }",
                "{ panic!() }",
            ],
        );
    }
}
