//! Inline steps that give a reference to what has a name, where a step gives owned values.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

use crate::ast::Inline;
use crate::tokens;

/// A reference that is the value of a body, and what is said of it.
pub(super) struct Returned {
    pub(super) code: TokenStream,
    pub(super) message: String,
}

/// What the run keeps under a name.
#[derive(PartialEq)]
pub(super) enum Kept {
    /// A value.
    Owned,
    /// Maybe a reference, of which a part may live longer.
    Unknown,
}

/// Looks at the end of a body: `name`, `&name.field` or `&name[..]`, if nothing else in the step is called so. `kept` says what a name
/// stands for, if it is one of the pipeline's.
pub(super) fn reference(inline: &Inline, kept: &dyn Fn(&Ident) -> Option<Kept>) -> Option<Returned> {
    let body = tokens::list(inline.body.stream());
    let last = body.rsplit(|token| tokens::is_punct(Some(token), ';')).next()?;
    let (is_borrowed, place) = match last {
        [and, place @ ..] if tokens::is_punct(Some(and), '&') => (true, place),
        place => (false, place),
    };
    let (TokenTree::Ident(name), parts) = place.split_first()? else { return None };
    let mut own = inline.pattern.names().chain(inline.context.as_ref().map(ToString::to_string));
    let kept = kept(name).filter(|_| !own.any(|own| name == &own))?;
    let is_part = match parts {
        [] => true,
        // A field of a field may be behind a reference of its own. A method may give an owned value.
        [TokenTree::Punct(dot), TokenTree::Ident(_) | TokenTree::Literal(_)] => dot.as_char() == '.',
        [TokenTree::Group(index)] => index.delimiter() == Delimiter::Bracket,
        _ => false,
    };
    let is_returned = is_part && (parts.is_empty() || (is_borrowed && kept == Kept::Owned));
    if !is_returned || is_bound(&body, &name.to_string()) {
        return None;
    }
    let owned = match parts.last() {
        Some(TokenTree::Group(_)) => format!("`{}.to_owned()`", tokens::source_text(&tokens::collect(place))),
        Some(_) => format!("`{}.clone()`", tokens::source_text(&tokens::collect(place))),
        None => format!("`{name}.clone()`, or `*{name}` if it is `Copy`"),
    };
    let shown = tokens::source_text(&tokens::collect(last));
    let message = format!(
        "a step gives an owned value, and `{shown}` is a reference to what the run keeps; write {owned}"
    );
    Some(Returned { code: tokens::collect(last), message })
}

/// Whether a `let` of a body binds a name.
fn is_bound(body: &[TokenTree], name: &str) -> bool {
    let mut in_pattern = false;
    body.iter().any(|token| {
        if tokens::is_word(Some(token), "let") {
            in_pattern = true;
        } else if tokens::is_punct(Some(token), '=') || tokens::is_punct(Some(token), ';') {
            in_pattern = false;
        }
        in_pattern && tokens::mentions(&token.clone().into(), &[name.to_owned()])
    })
}
