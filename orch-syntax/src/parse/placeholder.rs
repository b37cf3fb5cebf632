//! `_` within an argument or a value, where the compiler would say only that it is no expression.

use proc_macro2::{Delimiter, Group, Span, TokenTree};

use crate::tokens;

/// How deep code is looked at.
const MAX_DEPTH: usize = 32;

/// Code of more tokens than this is not shown.
pub(super) const MAX_SHOWN: usize = 12;

/// Where a `_` stands in code, in the place of a value.
pub(super) fn in_code(code: &[TokenTree]) -> Option<Span> {
    value(code, 0)
}

/// The code with an `x` for the `_` that stands at `place`, as a message shows it.
pub(super) fn shown(code: &[TokenTree], place: Span) -> String {
    if tokens::count(code) > MAX_SHOWN {
        return "…".to_owned();
    }
    tokens::source_text_with(&tokens::collect(code), &|token| {
        if token.span().start() == place.start() { "x".to_owned() } else { token.to_string() }
    })
}

/// Where a `_` stands as a part of an argument, in the place of a value. One that is the whole argument is none of them, nor is
/// one in a pattern or a type.
pub(super) fn inside(arguments: &Group) -> Option<Span> {
    let content = tokens::list(arguments.stream());
    let parts = tokens::split_commas(&content);
    let inside = parts
        .into_iter()
        .filter(|(part, _)| tokens::sole(part).is_none_or(|sole| !tokens::is_word(Some(&sole), "_")));
    inside.map(|(part, _)| part).find_map(|part| value(part, 0))
}

fn value(code: &[TokenTree], depth: usize) -> Option<Span> {
    let mut at = 0;
    while let Some(token) = code.get(at) {
        let before = at.checked_sub(1).and_then(|before| code.get(before));
        let after = code.get(at + 1);
        match token {
            // The parameters of a closure are patterns.
            TokenTree::Punct(bar) if bar.as_char() == '|' && tokens::begins_operand(code, at) => {
                at = tokens::closure_head_end(code, at).unwrap_or(at);
            }
            // So is what stands before the `=` of a `let`, and before the `in` of a `for`.
            TokenTree::Ident(word) if word == "let" || word == "for" => {
                let ends = |index: &usize| {
                    let token = code.get(*index);
                    tokens::is_punct(token, '=')
                        || tokens::is_punct(token, ';')
                        || tokens::is_word(token, "in")
                };
                at = (at..code.len()).find(ends).unwrap_or(code.len());
            }
            TokenTree::Ident(word) if word == "_" && is_value(before, after, code, at) => {
                return Some(word.span());
            }
            TokenTree::Group(group) if depth < MAX_DEPTH => {
                let of_macro = tokens::is_punct(before, '!');
                let formats =
                    at.checked_sub(2).and_then(|name| tokens::as_ident(code.get(name))).is_some_and(|name| {
                        tokens::is_one_of(
                            name,
                            &[
                                "format", "println", "eprintln", "print", "eprint", "write", "writeln",
                                "vec", "dbg", "panic",
                            ],
                        )
                    });
                let is_pattern = tokens::is_pair(code, at + 1, '=', '>')
                    || tokens::is_punct(after, '@')
                    // What is assigned to, in parts.
                    || (tokens::is_punct(after, '=') && !tokens::is_pair(code, at + 1, '=', '='))
                    || (tokens::is_punct(after, '|') && !tokens::is_pair(code, at + 1, '|', '|'));
                if !(is_pattern || (of_macro && !formats)) {
                    let content = tokens::list(group.stream());
                    let arms = group.delimiter() == Delimiter::Brace
                        && (0..content.len()).any(|index| tokens::is_pair(&content, index, '=', '>'));
                    if !arms && let Some(found) = value(&content, depth + 1) {
                        return Some(found);
                    }
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Whether the `_` at an index is meant as a value: no type, no pattern, no place that is assigned to, no length of an array.
fn is_value(before: Option<&TokenTree>, after: Option<&TokenTree>, code: &[TokenTree], at: usize) -> bool {
    let after_sign = match before {
        Some(TokenTree::Punct(punct)) => !matches!(punct.as_char(), '<' | ':' | '>' | '@' | '\'' | ';'),
        Some(TokenTree::Ident(word)) => {
            !tokens::is_one_of(word, &["as", "const", "dyn", "impl", "mut", "ref"])
        }
        _ => true,
    };
    let in_generics = matches!(before, Some(TokenTree::Punct(comma)) if comma.as_char() == ',')
        && matches!(after, Some(TokenTree::Punct(punct)) if matches!(punct.as_char(), '>' | ','))
        && code.iter().take(at).any(|token| tokens::is_punct(Some(token), '<'));
    let is_place = tokens::is_punct(after, '=') && !tokens::is_pair(code, at + 1, '=', '=')
        || tokens::is_pair(code, at + 1, '=', '>')
        || tokens::is_punct(after, ':')
        || tokens::is_punct(after, '|')
        || tokens::is_word(after, "if")
            && (at..code.len()).any(|index| tokens::is_pair(code, index, '=', '>'));
    after_sign && !in_generics && !is_place
}
