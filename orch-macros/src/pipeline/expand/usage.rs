//! Which steps use the piped value, read off their text.

use orch_syntax::ast::{Item, Step, Value};
use orch_syntax::blocks::{Body, Needs, Undos};
use orch_syntax::tokens;
use proc_macro2::{TokenStream, TokenTree};

/// Whether a step uses the value piped into it. A bare leaf counts: how many parameters a task has is not visible.
pub(super) fn uses_piped(step: &Step) -> bool {
    match step {
        Step::Leaf(leaf) => leaf.arguments.as_ref().is_none_or(|arguments| arguments.piped.is_some()),
        Step::Inline(inline) => !inline.pattern.is_wild(),
        Step::Undo(undo) => uses_piped(&undo.step),
        Step::Embed(_) | Step::Hole(_) => true,
        // What a round goes on with is of the type of what is piped, so that is used, whatever the body does with it.
        // So is what goes on where a body is skipped.
        Step::Block(block) if matches!(block.spec.needs, Needs::Items | Needs::Rounds | Needs::Same) => true,
        Step::Block(block) => match block.spec.body {
            Body::Arms if block.head.as_ref().is_some_and(looks_at_piped) => true,
            Body::Peers(_) | Body::Alternatives | Body::Arms => block.body.iter().any(entry_uses_piped),
            Body::Sequence | Body::Single => block.body.first().is_some_and(entry_uses_piped),
        },
    }
}

/// Whether the first entry of a body uses what is piped into it, be it to give it a name.
pub(super) fn entry_uses_piped(item: &Item) -> bool {
    item.step().is_none_or(uses_piped)
}

/// Whether a block's head is a closure over what is piped.
fn looks_at_piped(head: &Value) -> bool {
    matches!(head, Value::Expr(code) if is_closure(code))
}

/// Whether these tokens are a closure.
pub(super) fn is_closure(code: &TokenStream) -> bool {
    // `$f(x)` is a call, whatever `$f` is.
    let code = tokens::whole(&tokens::list(code.clone()));
    let bar = usize::from(tokens::is_word(code.first(), "move"));
    tokens::is_punct(code.get(bar), '|')
}

/// Whether a step is a saga, or one is inside of it, or a step that can be undone.
pub(super) fn holds_undo(step: &Step) -> bool {
    match step {
        Step::Undo(_) => true,
        Step::Block(block) => {
            block.spec.undos == Undos::Own || block.body.iter().filter_map(Item::step).any(holds_undo)
        }
        Step::Leaf(_) | Step::Inline(_) | Step::Embed(_) | Step::Hole(_) => false,
    }
}

/// Whether a pipeline from elsewhere is inside of a step, or is it.
pub(super) fn holds_embed(step: &Step) -> bool {
    match step {
        Step::Embed(_) => true,
        Step::Undo(undo) => holds_embed(&undo.step),
        Step::Block(block) => block.body.iter().filter_map(Item::step).any(holds_embed),
        Step::Leaf(_) | Step::Inline(_) | Step::Hole(_) => false,
    }
}

/// Whether a closure around some code may capture anything: a variable that is none of these names, nor a parameter of a closure there.
pub(super) fn captures(code: &[TokenTree], names: &[String]) -> bool {
    let mut names = names.to_vec();
    let mut at = 0;
    while let Some(token) = code.get(at) {
        let before = at.checked_sub(1).and_then(|before| code.get(before));
        match token {
            TokenTree::Punct(bar) if bar.as_char() == '|' && tokens::begins_operand(code, at) => {
                let end = tokens::closure_head_end(code, at).unwrap_or(at);
                for parameter in tokens::part(code, at, end) {
                    names.push(parameter.to_string());
                }
                at = end;
            }
            TokenTree::Ident(word) => {
                let word = word.to_string();
                let pair = |one, two| {
                    at.checked_sub(2).is_some_and(|before| tokens::is_pair(code, before, one, two))
                };
                let is_part = (tokens::is_punct(before, '.') && !pair('.', '.'))
                    || pair(':', ':')
                    || tokens::is_word(before, "as")
                    || is_macro(code, at)
                    || tokens::is_pair(code, at + 1, ':', ':');
                let is_variable = !(is_part
                    || word == "_"
                    || word.starts_with(char::is_uppercase)
                    || tokens::is_keyword(&word));
                if word == "self" || (is_variable && !names.contains(&word)) {
                    return true;
                }
            }
            // A text may have variables in it.
            TokenTree::Literal(text) if text.to_string().contains('{') => return true,
            TokenTree::Group(group) if captures(&tokens::list(group.stream()), &names) => return true,
            _ => {}
        }
        at += 1;
    }
    false
}

/// Whether the word there is the name of a macro that is called.
fn is_macro(code: &[TokenTree], at: usize) -> bool {
    tokens::is_punct(code.get(at + 1), '!') && matches!(code.get(at + 2), Some(TokenTree::Group(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_capturing(code: &str) -> bool {
        let code: TokenStream = code.parse().expect("these are tokens");
        captures(&tokens::list(code), &["n".to_owned()])
    }

    #[test]
    fn what_may_be_a_variable_from_outside_is_found() {
        for code in [
            "rc",
            "*n + *rc",
            "n + f(1)",
            "|x| x + rc",
            "Some { n: rc }",
            "0..rc",
            "self.n",
            "print!(\"{rc}\")",
            "move || rc",
            "rc != (n)",
            "vec![rc]",
        ] {
            assert!(is_capturing(code), "{code}");
        }
    }

    #[test]
    fn names_parameters_and_parts_of_paths_are_none() {
        for code in [
            "n",
            "*n as usize + 1",
            "vec![n; 2]",
            "|x| x.len() > 3",
            "Kind::Large",
            "u32::from(*n)",
            "n.get().max(7)",
        ] {
            assert!(!is_capturing(code), "{code}");
        }
    }
}
