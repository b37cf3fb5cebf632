//! The rules of the front end: what is read, what is reported, and that nothing makes it stop.

mod arms;
mod conditional;
mod header;
mod options;
mod robustness;
mod steps;
mod structure;
mod undo;

use std::str::FromStr;

use proc_macro2::TokenStream;
use quote::ToTokens;

use crate::ast::{Item, Pipeline, Step};
use crate::{parse, tokens, validate};

/// The tree of a text and its mistakes as `line:column message`, columns counted from zero.
fn read(text: &str) -> (Pipeline, Vec<String>) {
    read_tokens(TokenStream::from_str(text).expect("the text consists of tokens"))
}

fn read_tokens(tokens: TokenStream) -> (Pipeline, Vec<String>) {
    let mut parsed = parse(tokens);
    validate(&mut parsed);
    let found = parsed.errors.iter().map(|mistake| {
        let start = mistake.start();
        format!("{}:{} {mistake}", start.line, start.column)
    });
    let found = found.collect();
    (parsed.tree, found)
}

/// Asserts the mistakes of a text. `^` marks where the only one is, and is taken out.
#[track_caller]
fn mistake(marked: &str, message: &str) {
    let at = marked.find('^').expect("the text has a mark");
    let text = marked.replacen('^', "", 1);
    let before = &marked[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
    let (_, found) = read(&text);
    assert_eq!(found, [format!("{line}:{column} {message}")], "in `{text}`");
}

#[track_caller]
fn mistakes(text: &str, messages: &[&str]) {
    let (_, found) = read(text);
    assert_eq!(found, messages, "in `{text}`");
}

#[track_caller]
fn sound(text: &str) -> Pipeline {
    let (pipeline, found) = read(text);
    assert!(found.is_empty(), "in `{text}`: {found:#?}");
    pipeline
}

/// The shape of a tree, in brackets.
fn shape(step: &Step) -> String {
    match step {
        Step::Block(block) => {
            let items: Vec<String> = block.body.iter().map(item_shape).collect();
            format!("{}[{}]", block.keyword, items.join(" "))
        }
        Step::Leaf(leaf) => {
            let path: Vec<String> = leaf.path.names.iter().map(ToString::to_string).collect();
            path.join("::")
        }
        Step::Inline(_) => "||".to_owned(),
        Step::Embed(_) => "{}".to_owned(),
        Step::Undo(undo) => format!("{} {} {}", shape(&undo.step), undo.word, shape(&undo.undo)),
        Step::Hole(_) => "?".to_owned(),
    }
}

fn item_shape(item: &Item) -> String {
    match item {
        Item::Step(step) => shape(step),
        Item::Let(named) => format!("let={}", shape(&named.step)),
        Item::Piped(_) => "let=_".to_owned(),
        Item::Arm(arm) => {
            format!("{}=>{}", tokens::source_text(&arm.pattern.to_token_stream()), shape(&arm.step))
        }
    }
}

#[track_caller]
fn has_shape(text: &str, expected: &str) {
    assert_eq!(shape(&sound(text).root), expected, "in `{text}`");
}
