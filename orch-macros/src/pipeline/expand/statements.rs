//! Statements and expressions of a body, told apart as far as the end of it is asked for.

use orch_syntax::tokens;
use proc_macro2::{Delimiter, Group, TokenTree};

/// The last statement of a block, and whether a `;` ends it.
pub(super) fn last_statement(content: &[TokenTree]) -> (&[TokenTree], bool) {
    let mut last: (&[TokenTree], bool) = (&[], true);
    let mut rest = content;
    while !rest.is_empty() {
        let length = statement_length(rest);
        let ended = tokens::is_punct(rest.get(length), ';');
        let statement = tokens::part(rest, 0, length);
        if !statement.is_empty() {
            last = (statement, ended);
        }
        rest = tokens::part(rest, length + usize::from(ended), rest.len());
        if length == 0 && !ended {
            break;
        }
    }
    last
}

/// How many tokens the first statement has, without its `;`.
fn statement_length(code: &[TokenTree]) -> usize {
    let end = code.iter().position(|token| tokens::is_punct(Some(token), ';')).unwrap_or(code.len());
    let start = code.len() - without_label(without_attributes(code)).1.len();
    const BLOCKS: &[&str] =
        &["if", "match", "loop", "while", "for", "unsafe", "fn", "impl", "struct", "enum", "mod", "trait"];
    let begins_block = match code.get(start) {
        Some(TokenTree::Ident(word)) => {
            let call = tokens::is_punct(code.get(start + 1), '!')
                && code.get(start + 2).is_some_and(|token| as_brace(token).is_some());
            call || tokens::is_one_of(word, BLOCKS)
        }
        Some(token) => as_brace(token).is_some(),
        None => false,
    };
    let mut at = start;
    while begins_block && at < end {
        let is_brace = code.get(at).is_some_and(|token| as_brace(token).is_some());
        at += 1;
        if is_brace && !tokens::is_word(code.get(at), "else") {
            return if goes_on(code, at) { end } else { at };
        }
    }
    end
}

/// Whether an expression in braces goes on here, with a call on it.
pub(super) fn goes_on(code: &[TokenTree], at: usize) -> bool {
    tokens::is_punct(code.get(at), '.') || tokens::is_punct(code.get(at), '?')
}

/// The end of code that returns by itself, if it begins here.
pub(super) fn own_code(code: &[TokenTree], at: usize) -> Option<usize> {
    let brace_from = |from: usize| {
        (from..code.len()).find(|index| code.get(*index).is_some_and(|token| as_brace(token).is_some()))
    };
    match code.get(at)? {
        TokenTree::Ident(word) if word == "fn" => brace_from(at).map(|brace| brace + 1),
        TokenTree::Ident(word) if word == "async" => {
            let brace = at + 1 + usize::from(tokens::is_word(code.get(at + 1), "move"));
            code.get(brace).and_then(as_brace).map(|_| brace + 1)
        }
        TokenTree::Punct(bar) if bar.as_char() == '|' && tokens::begins_operand(code, at) => {
            let body = tokens::closure_head_end(code, at)? + 1;
            if code.get(body).is_some_and(|token| as_brace(token).is_some()) {
                return Some(body + 1);
            }
            let ends = |index: &usize| {
                tokens::is_punct(code.get(*index), ',') || tokens::is_punct(code.get(*index), ';')
            };
            Some((body..code.len()).find(ends).unwrap_or(code.len()))
        }
        _ => None,
    }
}

/// Where the value of the `return` or `break` at `at` ends.
pub(super) fn jump_end(code: &[TokenTree], at: usize) -> usize {
    let rest = tokens::part(code, at + 1, code.len());
    let comma = tokens::split_commas(rest).first().map_or(0, |(part, _)| part.len());
    let semicolon = rest.iter().position(|token| tokens::is_punct(Some(token), ';')).unwrap_or(rest.len());
    at + 1 + comma.min(semicolon)
}

pub(super) fn as_brace(token: &TokenTree) -> Option<&Group> {
    tokens::as_group(Some(token), Delimiter::Brace)
}

/// Whether the last token is the only one in braces.
pub(super) fn sole_brace(code: &[TokenTree]) -> bool {
    code.iter().position(|token| as_brace(token).is_some()) == Some(code.len() - 1)
}

pub(super) fn without_attributes(mut code: &[TokenTree]) -> &[TokenTree] {
    while let [TokenTree::Punct(hash), TokenTree::Group(_), rest @ ..] = code
        && hash.as_char() == '#'
    {
        code = rest;
    }
    code
}

/// The name of a label, and what stands after it.
pub(super) fn without_label(code: &[TokenTree]) -> (Option<&TokenTree>, &[TokenTree]) {
    match code {
        [TokenTree::Punct(quote), name, TokenTree::Punct(colon), rest @ ..]
            if quote.as_char() == '\'' && colon.as_char() == ':' =>
        {
            (Some(name), rest)
        }
        code => (None, code),
    }
}
