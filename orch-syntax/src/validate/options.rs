//! Options against the table of blocks.

use proc_macro2::{Ident, TokenStream, TokenTree};

use super::is_in;
use crate::ast::{Block, Duration, Opt, Text, Value};
use crate::blocks::{AtMost, Carries, Kind, Needs, OptionSpec};
use crate::duration::Number;
use crate::errors::Errors;
use crate::{suggest, tokens};

/// `named` has a name here; those `of_arms` among it may be no references.
pub(super) fn check(block: &Block, named: &[String], of_arms: &[String], errors: &mut Errors) {
    if let (Some(spec), Some(value)) = (block.spec.head, &block.head) {
        head(block, spec, value, named, errors);
    }
    let mut seen: Vec<String> = Vec::new();
    for option in &block.options {
        let name = option.name.to_string();
        let Some(spec) = block.spec.option(&name) else {
            // A flag may change what the block gives.
            if option.value.is_none() {
                errors.break_tree();
            }
            errors.beside(option.name.span(), unknown(block, option));
            continue;
        };
        if seen.contains(&name) {
            errors.beside(option.name.span(), format!("`{name}` is given twice; remove one"));
            continue;
        }
        seen.push(name);
        if spec.shared && option.value.as_ref().is_some_and(|value| value.mentions(named)) {
            errors.at(option.name.span(), of_all_runs(block, *spec));
            continue;
        }
        if let Some(name) = by_reference(*spec, option.value.as_ref(), named, of_arms) {
            errors.at(name.span(), format!("a name is a reference here; write `{} = *{name}`", option.name));
            continue;
        }
        value(option, *spec, errors);
    }
    conflicts(block, errors);
    too_much(block, errors);
}

fn head(block: &Block, spec: OptionSpec, value: &Value, named: &[String], errors: &mut Errors) {
    match value {
        Value::Duration(duration) if duration.nanoseconds == 0 => {
            let mut message = format!("the {} of `{}` must be longer than zero", spec.name, block.keyword);
            if let Some(other) = block.spec.without_head {
                message += &format!("; without one it is a `{other}`");
            }
            errors.beside(duration.span, message);
        }
        Value::Expr(expression) if spec.kind == Kind::Policy => {
            if let Some(problem) = no_policy(block, spec, &tokens::list(expression.clone()), named) {
                errors.over(expression.clone(), problem);
            }
        }
        Value::Expr(expression) if matches!(spec.kind, Kind::Condition | Kind::Scrutinee) => {
            if let Some(slip) = closure_slip(&tokens::list(expression.clone())) {
                let (over, problem) = slip.told(block.spec.keyword, "what is piped", "x");
                errors.over(over, problem);
            }
        }
        _ => {}
    }
}

/// What is wrong with a head that is no policy, where the text tells.
fn no_policy(block: &Block, spec: OptionSpec, head: &[TokenTree], named: &[String]) -> Option<String> {
    let what = if tokens::is_closure(head) {
        "closure"
    } else if tokens::sole_literal(head).is_some() {
        "literal"
    } else {
        let owned = borrowed(head, named)?;
        return Some(format!(
            "a {} made of a name owns what it holds; write `{}({owned}.clone())`, of an `Arc`",
            spec.name, block.keyword
        ));
    };
    Some(format!("a {what} is no {}; write a value of a type that implements `Policy`", spec.name))
}

/// The place that an expression borrows, if it is `name`, `&name` or `&name.field`: a name is a reference.
fn borrowed(expression: &[TokenTree], named: &[String]) -> Option<String> {
    let expression = tokens::whole(expression);
    let start = expression.iter().take_while(|token| tokens::is_punct(Some(token), '&')).count();
    let (_, place) = expression.split_at_checked(start)?;
    let (TokenTree::Ident(name), fields) = place.split_first()? else { return None };
    let is_field = |token: &TokenTree| match token {
        TokenTree::Punct(punct) => punct.as_char() == '.',
        TokenTree::Ident(_) | TokenTree::Literal(_) => true,
        TokenTree::Group(_) => false,
    };
    let borrows = named.iter().any(|one| name == one)
        && fields.iter().all(is_field)
        && (fields.is_empty() || start > 0);
    borrows.then(|| tokens::source_text(&tokens::collect(place)))
}

fn value(option: &Opt, spec: OptionSpec, errors: &mut Errors) {
    let name = spec.name;
    let Some(value) = &option.value else {
        if let Some(example) = spec.example() {
            errors.beside(option.name.span(), format!("`{name}` needs a value; write `{example}`"));
        }
        return;
    };
    // A backoff of nothing is one whose base is.
    let first = match value {
        Value::Word { arguments, .. } => arguments.first().unwrap_or(value),
        _ => value,
    };
    if let (Kind::Period | Kind::Periods | Kind::Window, Value::Duration(Duration { nanoseconds: 0, span })) =
        (spec.kind, first)
    {
        errors.beside(*span, format!("`{name}` must be longer than zero"));
    }
    let Value::Expr(expression) = value else { return };
    let tokens = tokens::list(expression.clone());
    let literal = tokens::sole_literal(&tokens);
    match spec.kind {
        Kind::Flag | Kind::Piped | Kind::Outputs => {
            errors.beside_over(
                expression.clone(),
                format!("`{name}` is a flag; write it alone, or leave it out"),
            );
        }
        Kind::Name => {
            let name = literal.and_then(|literal| Text::read(TokenTree::from(literal).into()));
            let problem = match name {
                None => "a name is a string literal; write `name = \"…\"`",
                Some(name) if name.value.is_empty() => Text::EMPTY,
                Some(_) => return,
            };
            errors.beside_over(expression.clone(), problem);
        }
        Kind::Count | Kind::CountOrUnlimited | Kind::Rate(_) | Kind::Room => {
            let number = literal.as_ref().and_then(Number::of).filter(Number::is_plain);
            if number.as_ref().is_some_and(|number| !number.is_whole()) {
                errors.over(expression.clone(), format!("`{name}` is a whole number"));
            } else if spec.kind != Kind::Room && number.is_some_and(|number| number.is_zero()) {
                errors.beside_over(expression.clone(), format!("`{name}` must be at least 1"));
            }
        }
        Kind::Window => {
            let number = literal.as_ref().and_then(Number::of).filter(Number::is_plain);
            if number.as_ref().is_some_and(|number| !number.is_whole()) {
                errors.over(expression.clone(), format!("`{name}` is a whole number of calls, or a time"));
            } else if number.is_some_and(|number| number.is_zero()) {
                errors.beside_over(expression.clone(), format!("`{name}` must be at least 1"));
            }
        }
        Kind::Several => {
            let number = literal.as_ref().and_then(Number::of);
            if number.is_some_and(|number| number.is_plain() && (number.is_zero() || number.is_one())) {
                errors.beside_over(expression.clone(), format!("`{name}` must be at least 2"));
            }
        }
        Kind::Handle(handle, count) => {
            if let Some(number) = literal.as_ref().filter(|literal| Number::of(literal).is_some()) {
                let message = match count {
                    Some(count) => format!("`{name}` takes a `{handle}`; a number is `{count} = {number}`"),
                    None => format!(
                        "`{name}` takes a `{handle}`, which several blocks share; one is made with `{handle}::builder()` and `build()`"
                    ),
                };
                errors.over(expression.clone(), message);
            }
        }
        Kind::Predicate | Kind::Asked => {
            if let Some(slip) = closure_slip(&tokens) {
                let (over, problem) = slip.told(name, "the error", "e");
                errors.over(over, problem);
                return;
            }
            let is_truth = matches!(&tokens[..], [TokenTree::Ident(word)] if tokens::is_one_of(word, &["true", "false"]));
            if literal.is_some() || is_truth {
                let message =
                    format!("`{name}` takes a closure over a reference to the error; write `{name} = |e| …`");
                errors.over(expression.clone(), message);
            }
        }
        Kind::Condition
        | Kind::Scrutinee
        | Kind::Fraction
        | Kind::Duration
        | Kind::Period
        | Kind::Backoff
        | Kind::Periods
        | Kind::Jitter
        | Kind::Policy => {}
    }
}

/// A name of the pipeline alone, in the place of a number.
fn by_reference(
    spec: OptionSpec,
    value: Option<&Value>,
    named: &[String],
    of_arms: &[String],
) -> Option<Ident> {
    let is_number = matches!(
        spec.kind,
        Kind::Count | Kind::CountOrUnlimited | Kind::Several | Kind::Room | Kind::Rate(_) | Kind::Fraction
    );
    let Some(Value::Expr(code)) = value.filter(|_| is_number) else { return None };
    match tokens::sole(&tokens::list(code.clone()))? {
        TokenTree::Ident(name) if is_in(named, &name) && !is_in(of_arms, &name) => Some(name),
        _ => None,
    }
}

/// What is wrong with a closure that is called with one reference, and not awaited.
enum ClosureSlip {
    /// It is `async`: the word.
    Waits(TokenStream),
    /// It has another number of parameters: its bars.
    Parameters(TokenStream),
}

impl ClosureSlip {
    /// Where it is, and what is said of it.
    fn told(self, name: &str, given: &str, parameter: &str) -> (TokenStream, String) {
        match self {
            ClosureSlip::Waits(word) => {
                (word, format!("`{name}` is asked at once, and cannot wait; write `|{parameter}| …`"))
            }
            ClosureSlip::Parameters(bars) => {
                (bars, format!("the closure of `{name}` is given {given} alone; write `|{parameter}| …`"))
            }
        }
    }
}

fn closure_slip(tokens: &[TokenTree]) -> Option<ClosureSlip> {
    let words = tokens
        .iter()
        .take_while(
            |token| matches!(token, TokenTree::Ident(word) if tokens::is_one_of(word, &["async", "move"])),
        )
        .count();
    let open = tokens.get(words).filter(|token| tokens::is_punct(Some(token), '|'))?;
    if let Some(word) = tokens.iter().take(words).find(|token| tokens::is_word(Some(token), "async")) {
        return Some(ClosureSlip::Waits(word.clone().into()));
    }
    let mut parameters = 0;
    let mut is_new = true;
    let mut angles = 0_usize;
    let mut bars = vec![open.clone()];
    for (index, token) in tokens.iter().enumerate().skip(words + 1) {
        bars.push(token.clone());
        if tokens::is_punct(Some(token), '|') {
            return (parameters != 1).then(|| ClosureSlip::Parameters(tokens::collect(&bars)));
        }
        if tokens::is_punct(Some(token), '<') {
            angles += 1;
        } else if tokens::closes_angle(tokens, index) {
            angles = angles.saturating_sub(1);
        }
        if angles == 0 && tokens::is_punct(Some(token), ',') {
            is_new = true;
        } else if is_new {
            parameters += 1;
            is_new = false;
        }
    }
    None
}

/// What is said of a name in an option that belongs to all runs.
fn of_all_runs(block: &Block, spec: OptionSpec) -> String {
    let name = spec.name;
    match block.spec.carries {
        Some(Carries { option, .. }) => {
            format!("`{name}` belongs to all runs; choose a {option} instead: `{option} = …`")
        }
        None => format!("`{name}` belongs to all runs, and a name to one; write a value without names"),
    }
}

fn unknown(block: &Block, option: &Opt) -> String {
    let (keyword, name, known) = (&block.keyword, option.name.to_string(), block.spec.names());
    let near = suggest::closest(&name, &known).or_else(|| block.spec.meant_option(&name));
    if near.is_none() && option.value.is_none() && block.spec.needs == Needs::Items {
        return format!("the step before `{keyword}` gives the collection; write `{name} {keyword} < … >`");
    }
    let meant = match (near, block.spec.carries) {
        (Some(near), _) => format!("did you mean `{near}`? "),
        // A variable: what else than the handle may it be?
        (None, Some(Carries { option: handle, .. })) if option.value.is_none() => {
            format!("for a shared one write `{handle} = {name}`; ")
        }
        (None, _) => String::new(),
    };
    format!("`{keyword}` has no option `{name}`; {meant}it has {}", suggest::enumerate(&known))
}

/// A number that is greater than the one it is to be a part of, where the text says both.
fn too_much(block: &Block, errors: &mut Errors) {
    let Some(AtMost { option, of, default }) = block.spec.at_most else { return };
    let shared = is_shared(block);
    let (Some(Opt { value: Some(Value::Expr(value)), .. }), false) = (block.option(option), shared) else {
        return;
    };
    let most = match block.option(of) {
        None => Some(u64::from(default)),
        Some(Opt { value: Some(Value::Expr(most)), .. }) => count(most),
        Some(_) => None,
    };
    if let (Some(number), Some(most)) = (count(value), most)
        && number > most
    {
        errors.beside_over(
            value.clone(),
            format!("`{option}` is more than the `{of}`, which is {most}; it would never be there"),
        );
    }
}

/// Whether the option is given that brings others with it.
fn is_shared(block: &Block) -> bool {
    block.spec.carries.is_some_and(|carries| block.option(carries.option).is_some())
}

/// The number, if it is a literal.
fn count(value: &TokenStream) -> Option<u64> {
    let number = Number::of(&tokens::sole_literal(&tokens::list(value.clone()))?)?;
    number.whole()
}

/// Options that say what another one has said already.
fn conflicts(block: &Block, errors: &mut Errors) {
    let Some(Carries { option, others, belong }) = block.spec.carries else { return };
    if block.option(option).is_none() {
        return;
    }
    for Opt { name, .. } in &block.options {
        if tokens::is_one_of(name, others) {
            errors.beside(name.span(), format!("`{name}` belongs to {belong}, or leave `{option}` out"));
        }
    }
}
