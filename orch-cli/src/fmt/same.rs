//! That two texts say the same: their tokens and comments, and what the grammar makes of them. Nothing is written that does not.

use orch_syntax::ast::{Item, Pipeline, Step};
use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};

use super::body::Body;
use super::style::Style;
use crate::source::{Comment, Source};

/// What differs, if anything does.
pub(super) fn difference(before: (&Source, &Group), after: (&Source, &Group)) -> Option<&'static str> {
    if shape(before.1) != shape(after.1) {
        return Some("the steps");
    }
    if tokens(&before.1.stream()) != tokens(&after.1.stream()) || before.1.delimiter() != after.1.delimiter()
    {
        return Some("the tokens");
    }
    (comments(before) != comments(after)).then_some("the comments")
}

/// The comments between the brackets of a group, without what their lines are indented by.
fn comments((source, group): (&Source, &Group)) -> Vec<String> {
    let style = Style::default();
    let body = Body::of(source, &style, group);
    let inside = source.comments(body.end_before(0)..body.start(usize::MAX));
    let lines = |comment: &Comment| -> Vec<&str> {
        source.text()[comment.range.clone()].split('\n').map(str::trim_start).collect()
    };
    inside.iter().map(|comment| lines(comment).join("\n")).collect()
}

/// The tokens, each with whether it is joined to the next, as `=>` is. The brackets of blocks are joined to nothing.
pub(super) fn tokens(stream: &TokenStream) -> Vec<String> {
    let mut all = Vec::new();
    write(stream, true, &mut all);
    all
}

fn write(stream: &TokenStream, is_outside: bool, all: &mut Vec<String>) {
    let list: Vec<TokenTree> = stream.clone().into_iter().collect();
    for (index, token) in list.iter().enumerate() {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                all.push(open.to_owned());
                write(&group.stream(), false, all);
                all.push(close.to_owned());
            }
            TokenTree::Punct(punct) => {
                let second = match list.get(index + 1) {
                    Some(TokenTree::Punct(next)) => Some(next.as_char()),
                    _ => None,
                };
                let is_one = second.is_some_and(|second| is_operator(punct.as_char(), second, is_outside));
                let joins = punct.spacing() == Spacing::Joint && is_one;
                all.push(format!("{}{}", punct.as_char(), if joins { "\u{2060}" } else { "" }));
            }
            token => all.push(token.to_string()),
        }
    }
}

/// Whether two characters beside each other are one token. Outside of the user's code `>>` and `||` are two.
fn is_operator(first: char, second: char, is_outside: bool) -> bool {
    match (first, second) {
        ('=', '>' | '=') | ('-', '>') | (':', ':') | ('.', '.' | '=') | ('&', '&') | ('\'', _) => true,
        ('<' | '>' | '|', _) if is_outside => false,
        ('|', '|') | ('<', '<' | '-') | ('>', '>') => true,
        (first, '=') => "+-*/%^!&|<>".contains(first),
        _ => false,
    }
}

/// The steps of a pipeline, as words.
fn shape(group: &Group) -> Vec<String> {
    let Pipeline { lets, move_token, input, root, .. } = orch_syntax::parse(group.stream()).tree;
    let mut all = vec![format!("{} {} {}", lets.len(), move_token.is_some(), input.is_some())];
    step(&root, &mut all);
    all
}

fn step(of: &Step, all: &mut Vec<String>) {
    match of {
        Step::Block(block) => {
            all.push(format!("{} {} <", block.keyword, block.options.len()));
            for entry in &block.body {
                all.push(
                    match entry {
                        Item::Step(_) => "step",
                        Item::Let(_) => "let",
                        Item::Piped(_) => "piped",
                        Item::Arm(_) => "arm",
                    }
                    .to_owned(),
                );
                if let Some(inner) = entry.step() {
                    step(inner, all);
                }
            }
            all.push(">".to_owned());
        }
        Step::Leaf(leaf) => all.push(format!("leaf {}", leaf.arguments.is_some())),
        Step::Inline(inline) => all.push(format!("inline {}", inline.name.is_some())),
        Step::Embed(_) => all.push("embed".to_owned()),
        Step::Undo(undo) => {
            step(&undo.step, all);
            all.push(undo.word.to_string());
            step(&undo.undo, all);
        }
        Step::Hole(_) => all.push("hole".to_owned()),
    }
}
