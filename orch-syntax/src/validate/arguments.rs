//! The arguments of a task.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::quote_spanned;

use crate::ast::Arguments;
use crate::duration;
use crate::errors::Errors;
use crate::tokens;

/// Reports arguments that borrow a named output. It lives in the run, and a task is called with what it can
/// keep.
///
/// In the place of each comes a value of any type, so that the compiler says nothing of it, and all else that is wrong.
pub(super) fn check(arguments: &mut Arguments, named: &[String], errors: &mut Errors) {
    let content = tokens::list(arguments.group.stream());
    let before = errors.len();
    let mut mended = TokenStream::new();
    for (argument, comma) in tokens::split_commas(&content) {
        let count = errors.len();
        borrow(argument, named, errors);
        if errors.len() > count {
            let span = argument.first().map_or_else(Span::call_site, TokenTree::span);
            mended
                .extend(quote_spanned!(span=> ::core::option::Option::unwrap(::core::option::Option::None)));
        } else {
            mended.extend(tokens::collect(argument));
        }
        mended.extend(comma.map(|comma| quote_spanned!(comma=> ,)));
    }
    if errors.len() > before {
        arguments.group = duration::regroup(&arguments.group, mended);
    }
}

fn borrow(argument: &[TokenTree], named: &[String], errors: &mut Errors) {
    let argument = &tokens::whole(argument);
    let named = named.iter().find(|name| borrows(argument, name));
    if let (Some(name), Some(method)) = (named, borrowing_method(argument)) {
        errors.beside_over(
                tokens::collect(argument),
                format!("a task cannot borrow `{name}`, as `{method}()` does: it takes owned values; write `{name}.clone()`, `to_owned()`, or keep it in an `Arc`"),
            );
    } else if named.is_some() && tokens::is_punct(argument.first(), '&') {
        let (_, place) = split_at_place(argument);
        let name = place.first().map(ToString::to_string).unwrap_or_default();
        let fields = place
            .iter()
            .all(|token| matches!(token, TokenTree::Ident(_)) || tokens::is_punct(Some(token), '.'));
        let owned = if fields { tokens::show(place).replace(". ", ".") } else { name.clone() };
        errors.beside_over(
                tokens::collect(argument),
                format!("a task cannot borrow `{name}`: it takes owned values; write `{owned}.clone()` or keep it in an `Arc`"),
            );
    }
}

/// Methods of the standard library that give a borrow of what they are called on, whatever that is.
const BORROWING: &[&str] = &[
    "as_bytes",
    "as_deref",
    "as_os_str",
    "as_path",
    "as_ref",
    "as_slice",
    "as_str",
    "borrow",
    "chars",
    "iter",
    "keys",
    "lines",
    "trim",
    "trim_end",
    "trim_start",
    "values",
];

/// The method without arguments that an argument ends in, if it borrows: `name.as_str()`.
fn borrowing_method(argument: &[TokenTree]) -> Option<String> {
    let [.., TokenTree::Punct(dot), TokenTree::Ident(method), TokenTree::Group(group)] = argument else {
        return None;
    };
    let borrowing = dot.as_char() == '.'
        && group.delimiter() == Delimiter::Parenthesis
        && group.stream().is_empty()
        && tokens::is_one_of(method, BORROWING);
    borrowing.then(|| method.to_string())
}

/// What stands before the first name, and the rest.
fn split_at_place(argument: &[TokenTree]) -> (&[TokenTree], &[TokenTree]) {
    let is_name = |token: &TokenTree| matches!(token, TokenTree::Ident(ident) if ident != "mut");
    argument.split_at(argument.iter().position(is_name).unwrap_or(argument.len()))
}

/// Whether an argument is `name`, `&name`, `&mut name`, or a part of it.
fn borrows(argument: &[TokenTree], name: &str) -> bool {
    let (before, place) = split_at_place(argument);
    let only_borrows =
        before.iter().all(|token| tokens::is_punct(Some(token), '&') || tokens::is_word(Some(token), "mut"));
    let [TokenTree::Ident(first), rest @ ..] = place else { return false };
    // An operator makes a new value: `&a == &b`.
    let is_place = rest.iter().all(|token| match token {
        TokenTree::Punct(punct) => matches!(punct.as_char(), '.' | '?'),
        TokenTree::Group(group) => group.delimiter() != Delimiter::Brace,
        TokenTree::Ident(ident) => ident != "as",
        TokenTree::Literal(_) => true,
    });
    only_borrows && first == name && is_place
}
