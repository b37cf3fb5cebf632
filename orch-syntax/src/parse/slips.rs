//! Mistakes in the user's Rust after which the compiler loses its place, and reads on past the end of that code into ours.
//! All else that is wrong there the compiler says itself, and better.

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};

use crate::errors::Errors;
use crate::tokens;

/// How deep code is looked at: no deeper than the compiler reads without a warning of its own.
const MAX_DEPTH: usize = 64;

/// Looks at the statements between the braces of a body.
pub(super) fn in_body(body: &TokenStream, errors: &mut Errors) {
    statements(&tokens::list(body.clone()), true, 0, errors);
}

/// Looks at an expression, or a list of them, for statements in it.
pub(super) fn in_code(code: &TokenStream, errors: &mut Errors) {
    groups(&tokens::list(code.clone()), 0, errors);
}

/// Reports what cannot be a value, or cannot be the whole of it: a second one beside it, or an end in the middle. Gives whether
/// there was anything to report. `between` is said of what comes second.
pub(super) fn in_value(value: &[TokenTree], between: &str, errors: &mut Errors) -> bool {
    let semicolon = value.iter().position(|token| tokens::is_punct(Some(token), ';'));
    let second = tokens::second_expression(value).into_iter().chain(semicolon).min();
    if let Some(second) = second.and_then(|second| value.get(second)) {
        errors.beside(
            second.span(),
            format!("expected {between}, found `{}`", tokens::show(std::slice::from_ref(second))),
        );
        return true;
    }
    let (last, before) = (value.last(), value.len().checked_sub(2).and_then(|before| value.get(before)));
    let is_open = match last {
        // `a..` is a range, `Vec::<u8>` a path, `a?` a value; and after `a.` or `a::` an editor has something to offer.
        Some(TokenTree::Punct(punct)) => "+-*/%^&|=<!,".contains(punct.as_char()),
        Some(TokenTree::Ident(word)) => word == "as",
        _ => false,
    };
    if let (Some(last), true) = (last, is_open) {
        let text = if tokens::is_punct(Some(last), '|') && !tokens::is_punct(value.first(), '|') {
            pair(before, last)
        } else {
            pair(before.filter(|_| !tokens::is_punct(Some(last), '|')), last)
        };
        errors.beside(last.span(), format!("expected an expression after this `{text}`"));
    }
    let before = errors.len();
    generics(value, 0, errors);
    groups(value, 0, errors);
    is_open || errors.len() > before
}

/// An operator of one or two characters.
fn pair(before: Option<&TokenTree>, last: &TokenTree) -> String {
    match before {
        Some(TokenTree::Punct(first)) if first.spacing() == proc_macro2::Spacing::Joint => {
            format!("{}{last}", first.as_char())
        }
        _ => last.to_string(),
    }
}

/// `name: Type = value;` at the beginning of braces, `let name: Vec<u8 = value;` anywhere among statements. `is_body` if these can
/// be no fields of a struct.
fn statements(code: &[TokenTree], is_body: bool, depth: usize, errors: &mut Errors) {
    if let [TokenTree::Ident(name), TokenTree::Punct(_), rest @ ..] = code
        && tokens::is_punct(code.get(1), ':')
        && !tokens::is_pair(code, 1, ':', ':')
    {
        let ends =
            |token: &TokenTree| tokens::is_punct(Some(token), ';') || tokens::is_punct(Some(token), ',');
        let end = rest.iter().position(ends);
        let ended = end.is_some_and(|end| tokens::is_punct(rest.get(end), ';'));
        let first = tokens::part(rest, 0, end.unwrap_or(rest.len()));
        if ended || (is_body && first.iter().any(|token| tokens::is_punct(Some(token), '='))) {
            let message = format!("a name is bound with `let`; write `let {name}: … = …;`");
            errors.at(name.span(), message);
            return;
        }
    }
    for at in 0..code.len() {
        if tokens::is_word(code.get(at), "let")
            && let Some(open) = unclosed_type(code, at)
        {
            errors.at(open, "this `<` of a type is not closed; write `>` where it ends");
            return;
        }
    }
    groups(code, depth, errors);
}

/// The `<` in the type of the `let` at `at` that nothing closes.
pub(super) fn unclosed_type(code: &[TokenTree], at: usize) -> Option<Span> {
    let mut open: Vec<Span> = Vec::new();
    let mut in_type = false;
    for index in at + 1..code.len() {
        let token = code.get(index)?;
        let TokenTree::Punct(punct) = token else { continue };
        match punct.as_char() {
            ':' => in_type = true,
            '<' if in_type => open.push(punct.span()),
            '>' if in_type && tokens::closes_angle(code, index) => {
                open.pop();
            }
            '=' if open.is_empty() => return None,
            ';' => return open.last().copied(),
            _ => {}
        }
    }
    None
}

/// Looks into the groups of some code.
fn groups(code: &[TokenTree], depth: usize, errors: &mut Errors) {
    inside(code, depth, &mut |group| {
        let content = tokens::list(group.stream());
        if group.delimiter() == Delimiter::Brace {
            statements(&content, false, depth + 1, errors);
        } else {
            groups(&content, depth + 1, errors);
        }
    });
}

/// `::<` that nothing closes.
fn generics(code: &[TokenTree], depth: usize, errors: &mut Errors) {
    let is_open = |at: &usize| {
        at.checked_sub(2).is_some_and(|colons| tokens::is_pair(code, colons, ':', ':'))
            && tokens::is_punct(code.get(*at), '<')
            && tokens::angle_end(code, *at).is_none()
    };
    if let Some(open) = (0..code.len()).find(is_open).and_then(|at| code.get(at)) {
        errors.at(open.span(), "these generic arguments are not closed; write `::<Type>`");
        return;
    }
    inside(code, depth, &mut |group| generics(&tokens::list(group.stream()), depth + 1, errors));
}

/// What stands in groups. What another macro is given is that macro's business.
fn inside(code: &[TokenTree], depth: usize, look: &mut dyn FnMut(&Group)) {
    for (at, token) in code.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| code.get(before));
        if let TokenTree::Group(group) = token
            && !tokens::is_punct(before, '!')
            && depth < MAX_DEPTH
        {
            look(group);
        }
    }
}
