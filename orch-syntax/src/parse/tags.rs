//! `</seq>`, as a markup language closes what it opens.

use proc_macro2::TokenTree;

use crate::errors::Errors;
use crate::{blocks, tokens};

/// Reports each `</keyword>` and puts a `>` in its place, unless there are tags that open: then these are told of.
pub(super) fn mend(code: &mut Vec<TokenTree>, errors: &mut Errors) {
    let keyword =
        |at: usize| tokens::as_ident(code.get(at)).filter(|word| blocks::find(&word.to_string()).is_some());
    let closes = |at: &usize| tokens::is_pair(code, *at, '<', '/') && tokens::is_punct(code.get(at + 3), '>');
    let found: Vec<usize> = (0..code.len()).filter(|at| closes(at) && keyword(at + 2).is_some()).collect();
    let opens = |at: usize| tokens::is_punct(code.get(at), '<') && tokens::is_punct(code.get(at + 2), '>');
    if found.is_empty() || (0..code.len()).any(|at| opens(at) && keyword(at + 1).is_some()) {
        return;
    }
    for at in found.into_iter().rev() {
        let tag = tokens::collect(tokens::part(code, at, at + 4));
        let shown = tokens::source_text(&tag);
        errors.beside_over(tag, format!("a block closes with `>`; write it for `{shown}`"));
        code.drain(at..at + 3);
    }
}
