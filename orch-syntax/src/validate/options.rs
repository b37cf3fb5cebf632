//! Options against the table of blocks.

use proc_macro2::TokenTree;

use crate::ast::{Block, Duration, Opt, Text, Value};
use crate::blocks::{Carries, Kind, OptionSpec};
use crate::duration::Number;
use crate::errors::Errors;
use crate::{suggest, tokens};

pub(super) fn check(block: &Block, errors: &mut Errors) {
    if let (Some(spec), Some(value)) = (block.spec.head, &block.head) {
        head(block, spec, value, errors);
    }
    let mut seen: Vec<String> = Vec::new();
    for option in &block.options {
        let name = option.name.to_string();
        let Some(spec) = block.spec.option(&name) else {
            errors.at(option.name.span(), unknown(block, &name));
            continue;
        };
        if seen.contains(&name) {
            errors.at(option.name.span(), format!("`{name}` is given twice; remove one"));
            continue;
        }
        seen.push(name);
        value(option, *spec, errors);
    }
    conflicts(block, errors);
}

fn head(block: &Block, spec: OptionSpec, value: &Value, errors: &mut Errors) {
    match value {
        Value::Duration(duration) if duration.nanoseconds == 0 => {
            let mut message = format!("the {} of `{}` must be longer than zero", spec.name, block.keyword);
            if let Some(other) = block.spec.without_head {
                message += &format!("; without one it is a `{other}`");
            }
            errors.at(duration.span, message);
        }
        _ => {}
    }
}

fn value(option: &Opt, spec: OptionSpec, errors: &mut Errors) {
    let name = spec.name;
    let Some(value) = &option.value else {
        if let Some(example) = spec.example() {
            errors.at(option.name.span(), format!("`{name}` needs a value; write `{example}`"));
        }
        return;
    };
    if let (Kind::Period, Value::Duration(Duration { nanoseconds: 0, span })) = (spec.kind, value) {
        errors.at(*span, format!("`{name}` must be longer than zero"));
    }
    let Value::Expr(expression) = value else { return };
    let tokens = tokens::list(expression.clone());
    let literal = tokens::sole_literal(&tokens);
    match spec.kind {
        Kind::Flag | Kind::Outputs => {
            errors.over(expression.clone(), format!("`{name}` is a flag; write it alone, or leave it out"));
        }
        Kind::Name => {
            let name = literal.and_then(|literal| Text::read(TokenTree::from(literal).into()));
            if name.is_none() {
                errors.over(expression.clone(), "a name is a string literal; write `name = \"…\"`");
            }
        }
        Kind::Count | Kind::CountOrUnlimited => {
            if literal
                .as_ref()
                .and_then(Number::of)
                .is_some_and(|number| number.is_plain() && number.is_zero())
            {
                errors.over(expression.clone(), format!("`{name}` must be at least 1"));
            }
        }
        Kind::Several => {
            let number = literal.as_ref().and_then(Number::of);
            if number.is_some_and(|number| number.is_plain() && (number.is_zero() || number.is_one())) {
                errors.over(expression.clone(), format!("`{name}` must be at least 2"));
            }
        }
        Kind::Predicate | Kind::Asked => {
            let is_truth = matches!(&tokens[..], [TokenTree::Ident(word)] if tokens::is_one_of(word, &["true", "false"]));
            if literal.is_some() || is_truth {
                let message =
                    format!("`{name}` takes a closure over a reference to the error; write `{name} = |e| …`");
                errors.over(expression.clone(), message);
            }
        }
        Kind::Duration | Kind::Period | Kind::Backoff | Kind::Jitter | Kind::Expr => {}
    }
}

fn unknown(block: &Block, name: &str) -> String {
    let keyword = &block.keyword;
    let known = block.spec.names();
    match suggest::closest(name, &known) {
        Some(near) => format!(
            "`{keyword}` has no option `{name}`; did you mean `{near}`? it has {}",
            suggest::enumerate(&known)
        ),
        None => format!("`{keyword}` has no option `{name}`; it has {}", suggest::enumerate(&known)),
    }
}

/// Options that say what another one has said already.
fn conflicts(block: &Block, errors: &mut Errors) {
    let Some(Carries { option, others, belong }) = block.spec.carries else { return };
    if block.option(option).is_none() {
        return;
    }
    for Opt { name, .. } in &block.options {
        if tokens::is_one_of(name, others) {
            errors.at(name.span(), format!("`{name}` belongs to {belong}, or leave `{option}` out"));
        }
    }
}
