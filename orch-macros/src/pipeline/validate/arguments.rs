//! The arguments of a task.

use proc_macro2::{Delimiter, TokenTree};

use crate::pipeline::ast::Arguments;
use crate::pipeline::errors::Errors;
use crate::pipeline::tokens;

/// Reports arguments that borrow a named output. It lives in the run, and a task is called with what it can
/// keep.
pub(super) fn check(arguments: &Arguments, named: &[String], errors: &mut Errors) {
    let content: Vec<TokenTree> = arguments.group.stream().into_iter().collect();
    for (argument, _) in tokens::split_commas(&content) {
        let borrows =
            tokens::is_punct(argument.first(), '&') && named.iter().any(|name| borrows(argument, name));
        if borrows {
            let place: Vec<TokenTree> =
                argument.iter().skip_while(|token| !is_place(token)).cloned().collect();
            let name = place.first().map(ToString::to_string).unwrap_or_default();
            let fields = place
                .iter()
                .all(|token| matches!(token, TokenTree::Ident(_)) || tokens::is_punct(Some(token), '.'));
            let owned = if fields { tokens::show(&place).replace(". ", ".") } else { name.clone() };
            errors.over(
                tokens::collect(argument),
                format!("a task cannot borrow `{name}`: it takes owned values; write `{owned}.clone()` or keep it in an `Arc`"),
            );
        }
    }
}

fn is_place(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident != "mut")
}

/// Whether an argument is `&name`, `&mut name`, or a borrow of a part of it.
fn borrows(argument: &[TokenTree], name: &str) -> bool {
    let mut rest =
        argument.iter().skip_while(|token| !is_place(token) && !matches!(token, TokenTree::Group(_)));
    let prefix = argument.iter().take_while(|token| !is_place(token));
    let only_borrows = prefix
        .into_iter()
        .all(|token| tokens::is_punct(Some(token), '&') || tokens::is_word(Some(token), "mut"));
    let starts = matches!(rest.next(), Some(TokenTree::Ident(ident)) if ident == name);
    // An operator makes a new value: `&a == &b`.
    let is_place = rest.all(|token| match token {
        TokenTree::Punct(punct) => matches!(punct.as_char(), '.' | '?'),
        TokenTree::Group(group) => group.delimiter() != Delimiter::Brace,
        TokenTree::Ident(ident) => ident != "as",
        TokenTree::Literal(_) => true,
    });
    only_borrows && starts && is_place
}
