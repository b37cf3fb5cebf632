//! The value of an option: a literal with a unit, a word of the macro, or Rust.

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenTree};
use quote::quote_spanned;

use super::{placeholder, slips};
use crate::ast::{Duration, Value};
use crate::blocks::{Kind, Word};
use crate::duration::{self, Number};
use crate::errors::Errors;
use crate::{suggest, tokens};

const BETWEEN_OPTIONS: &str = "`,` between options";

/// The word of a kind that an identifier is.
fn word_of(kind: Kind, ident: &Ident) -> Option<&'static Word> {
    kind.words().iter().find(|known| ident == known.word)
}

/// Whether what is written for a word of a kind can hardly be a variable.
fn is_meant_as_word(kind: Kind, word: &Ident) -> bool {
    const ENDLESS: &[&str] = &["endless", "forever", "inf", "infinite", "infinity", "unbounded"];
    match kind {
        Kind::Jitter => {
            let known: Vec<&str> = kind.words().iter().map(|known| known.word).collect();
            tokens::is_one_of(word, &["true", "false"])
                || suggest::closest(&word.to_string(), &known).is_some()
        }
        Kind::CountOrUnlimited | Kind::Room => tokens::is_one_of(word, ENDLESS),
        _ => false,
    }
}

fn no_word(kind: Kind, written: &str) -> String {
    format!("`{written}` is no word of this option; write {}", usages(kind))
}

/// How the words of a kind are written.
fn usages(kind: Kind) -> String {
    let usages: Vec<&str> = kind.words().iter().map(|known| known.usage).collect();
    usages.join(", ")
}

/// Reads a value. `None` if it is wrong, which is then recorded.
pub(super) fn parse(kind: Kind, value: &[TokenTree], errors: &mut Errors) -> Option<Value> {
    let whole = tokens::whole(value);
    let value = whole.as_slice();
    if let Some(place) = placeholder::in_code(value) {
        errors.beside(place, no_expression(kind, value, place));
        return None;
    }
    let is_duration = match kind {
        Kind::Window => !is_number(value),
        Kind::Periods => !is_word(kind, value),
        _ => kind.is_duration(),
    };
    if is_duration {
        return duration(value, BETWEEN_OPTIONS, errors);
    }
    if kind == Kind::Fraction
        && let Some(meant) = fraction(value)
    {
        errors.beside_over(tokens::collect(value), meant);
        return None;
    }
    if let Kind::Rate(per) = kind
        && let Some(meant) = rate(value, per)
    {
        errors.beside_over(tokens::collect(value), meant);
        return None;
    }
    let sole = tokens::sole(value);
    match (kind, &sole, value) {
        (_, Some(TokenTree::Ident(word)), _) => match word_of(kind, word) {
            Some(known) if known.arguments > 0 => {
                errors.beside(word.span(), format!("`{word}` needs its base; write {}", known.usage));
                return None;
            }
            Some(_) => return Some(Value::Word { word: word.clone(), arguments: Vec::new() }),
            None if is_meant_as_word(kind, word) => {
                errors.beside(word.span(), no_word(kind, &word.to_string()));
                return None;
            }
            None => {}
        },
        (Kind::Jitter, Some(TokenTree::Literal(literal)), _) if !is_text(literal) => {
            errors.beside(literal.span(), no_word(kind, &literal.to_string()));
            return None;
        }
        (_, Some(TokenTree::Literal(literal)), _) if is_text(literal) && !matches!(kind, Kind::Name) => {
            if let Some(message) = text(kind, literal) {
                errors.beside(literal.span(), message);
                return None;
            }
            if kind.is_closure() {
                return Some(Value::Expr(tokens::collect(value)));
            }
        }
        (
            Kind::Count | Kind::CountOrUnlimited | Kind::Several | Kind::Room | Kind::Rate(_),
            Some(TokenTree::Literal(literal)),
            _,
        ) if Number::of(literal).is_some_and(|number| number.nanoseconds().is_ok()) => {
            let digits = Number::of(literal).map(|number| number.digits().to_owned()).unwrap_or_default();
            errors.beside(literal.span(), format!("this is a number and no time; write `{digits}`"));
            return None;
        }
        (
            Kind::Count | Kind::CountOrUnlimited | Kind::Several | Kind::Rate(_),
            _,
            [TokenTree::Punct(minus), TokenTree::Literal(literal)],
        ) if minus.as_char() == '-' && Number::of(literal).is_some() => {
            let least = if kind == Kind::Several { 2 } else { 1 };
            errors.beside_over(tokens::collect(value), format!("this number must be at least {least}"));
            return None;
        }
        // Validation knows what to say of any literal.
        (_, Some(TokenTree::Literal(_)), _) if kind.is_closure() => {
            return Some(Value::Expr(tokens::collect(value)));
        }
        (Kind::Backoff, Some(TokenTree::Literal(literal)), _) if Number::of(literal).is_some() => {
            let duration = Number::of(literal).filter(|number| number.nanoseconds().is_ok());
            let shown = duration.map_or_else(|| "100ms".to_owned(), |_| literal.to_string());
            let message =
                format!("a backoff has a form; write `constant({shown})` or `exponential({shown})`");
            errors.beside(literal.span(), message);
            return None;
        }
        (_, _, [TokenTree::Ident(word), TokenTree::Group(_)])
            if word_of(kind, word).is_some_and(|known| known.arguments == 0) =>
        {
            errors.beside_over(tokens::collect(value), format!("`{word}` stands alone; write `{word}`"));
            return None;
        }
        (Kind::Backoff | Kind::Periods, _, [TokenTree::Ident(word), TokenTree::Group(group)])
            if group.delimiter() == Delimiter::Parenthesis =>
        {
            if let Some(known) = word_of(kind, word) {
                return backoff(known, word, group, errors);
            }
            // A function of the user may be called almost the same; one that takes `100ms` cannot be.
            let mut words = Vec::new();
            for known in kind.words() {
                words.push(known.word);
            }
            let near = suggest::closest(&word.to_string(), &words);
            if duration::occurs(&group.stream()) {
                let message = match near {
                    Some(near) => format!("there is no backoff `{word}`; did you mean `{near}`?"),
                    None => format!("there is no backoff `{word}`; write {}", usages(kind)),
                };
                errors.beside(word.span(), message);
                return None;
            }
        }
        _ => {}
    }
    expression(value, BETWEEN_OPTIONS, errors)
}

/// What to write for the `_` at `place`, which stands for what is piped.
fn no_expression(kind: Kind, value: &[TokenTree], place: Span) -> String {
    if matches!(kind, Kind::Condition | Kind::Scrutinee) {
        if tokens::is_closure(value) {
            return "`_` is no expression; what is piped is what this closure is given".to_owned();
        }
        let shown = placeholder::shown(value, place);
        return format!("`_` is no expression; what is piped is seen by a closure, `|x| {{ {shown} }}`");
    }
    "`_` is no expression; name what is piped before the block, `let x = _`".to_owned()
}

/// A literal with a unit or an expression of type `Duration`.
fn duration(value: &[TokenTree], between: &str, errors: &mut Errors) -> Option<Value> {
    let whole = tokens::whole(value);
    let value = whole.as_slice();
    if let Some(TokenTree::Literal(literal)) = tokens::sole(value)
        && let Some(number) = Number::of(&literal)
    {
        return match number.nanoseconds() {
            Ok(nanoseconds) => Some(Value::Duration(Duration { nanoseconds, span: literal.span() })),
            Err(message) => {
                errors.beside(literal.span(), message);
                None
            }
        };
    }
    if let [TokenTree::Literal(literal)] = value
        && is_text(literal)
        && let Some(message) = text(Kind::Duration, literal)
    {
        errors.beside(literal.span(), message);
        return None;
    }
    if let Some(total) = duration::of_several(value) {
        errors.beside_over(tokens::collect(value), duration::one_literal(total));
        return None;
    }
    match value {
        [TokenTree::Literal(literal), TokenTree::Ident(unit)]
            if Number::of(literal).is_some_and(|n| n.is_plain()) =>
        {
            errors.beside_over(
                tokens::collect(value),
                format!("the unit follows without a space; write `{literal}{unit}`"),
            );
            return None;
        }
        [TokenTree::Punct(minus), TokenTree::Literal(literal)]
            if minus.as_char() == '-' && Number::of(literal).is_some() =>
        {
            errors.beside_over(
                tokens::collect(value),
                format!("a duration is not negative; write `{literal}`"),
            );
            return None;
        }
        _ => {}
    }
    expression(value, between, errors)
}

/// The user's own code. `between` is what has to stand where a second expression follows.
fn expression(value: &[TokenTree], between: &str, errors: &mut Errors) -> Option<Value> {
    let before = errors.len();
    if slips::in_value(value, between, errors) {
        return None;
    }
    let value = duration::refuse_value(tokens::collect(value), errors);
    (errors.len() == before).then_some(Value::Expr(value))
}

/// Whether it begins with a word of the kind, or one that is nearly so and has a literal with a unit in its parentheses.
fn is_word(kind: Kind, value: &[TokenTree]) -> bool {
    match value {
        [TokenTree::Ident(word)] => word_of(kind, word).is_some(),
        [TokenTree::Ident(word), TokenTree::Group(group)] if group.delimiter() == Delimiter::Parenthesis => {
            word_of(kind, word).is_some() || duration::occurs(&group.stream())
        }
        _ => false,
    }
}

fn is_text(literal: &Literal) -> bool {
    literal.to_string().starts_with('"')
}

/// What is meant by a text where none is a value: what it says without its quotes, or one of the words there are.
fn text(kind: Kind, literal: &Literal) -> Option<String> {
    let quoted = literal.to_string();
    let content = quoted.trim_matches('"');
    let as_written = content.parse::<Literal>().ok();
    let number = as_written.as_ref().and_then(Number::of);
    let fits = number.is_some_and(|number| match kind {
        _ if kind.is_duration() => number.nanoseconds().is_ok(),
        Kind::Count | Kind::CountOrUnlimited | Kind::Several | Kind::Room | Kind::Rate(_) => {
            number.is_plain() && number.is_whole()
        }
        Kind::Fraction => number.is_plain(),
        _ => false,
    });
    let word = kind.words().iter().find(|known| known.word == content);
    match (fits, word) {
        (true, _) => Some(format!("this is no text; write `{content}`, without quotes")),
        (false, Some(word)) => Some(format!("this is a word and no text; write {}", word.usage)),
        (false, None) if kind.words().len() > 1 => Some(format!("this is no text; write {}", usages(kind))),
        (false, None) => None,
    }
}

/// Whether it is a number without a unit.
fn is_number(value: &[TokenTree]) -> bool {
    tokens::sole_literal(value)
        .and_then(|literal| Number::of(&literal))
        .is_some_and(|number| number.is_plain())
}

/// Whether it is a literal with a unit.
fn is_time(value: &[TokenTree]) -> bool {
    tokens::sole_literal(value)
        .and_then(|literal| Number::of(&literal))
        .is_some_and(|number| number.nanoseconds().is_ok())
}

/// What is meant by a literal that is no fraction: `50`, `50%`, `0`, `1.5`.
fn fraction(value: &[TokenTree]) -> Option<String> {
    let (literal, percent) = match value {
        [TokenTree::Literal(literal)] => (literal, false),
        [TokenTree::Literal(literal), TokenTree::Punct(sign)] if sign.as_char() == '%' => (literal, true),
        [TokenTree::Punct(minus), TokenTree::Literal(literal)]
            if minus.as_char() == '-' && Number::of(literal).is_some() =>
        {
            return Some("a fraction is above 0 and at most 1; write a half as `0.5`".to_owned());
        }
        _ => return None,
    };
    let number = Number::of(literal)?;
    let (written, is_whole) = (number.float()?, number.is_whole());
    if !percent && written > 0.0 && written <= 1.0 && !is_whole {
        return None;
    }
    if written <= 0.0 {
        return Some("a fraction is above 0; for the first failure to count write `fail_max = 1`".to_owned());
    }
    // Nobody means one in a hundred by 1.
    let meant = if percent || written > 1.0 { number.hundredth()? } else { written };
    Some(if meant > 1.0 || !(percent || is_whole || written >= 2.0) {
        "a fraction is above 0 and at most 1; write a half as `0.5`".to_owned()
    } else {
        format!("a fraction is between 0 and 1; write `{meant:?}`")
    })
}

/// What is meant by a rate that is no whole number: `0.5`, `100/s`, `100 per 1s`. `per` is the option that the time belongs to.
fn rate(value: &[TokenTree], per: &str) -> Option<String> {
    let [TokenTree::Literal(first), rest @ ..] = value else { return None };
    let number = Number::of(first)?;
    match rest {
        [] if number.is_plain() && !number.is_whole() => {
            let (count, time) = number.ratio().filter(|(_, time)| *time > 1)?;
            let what = if count < time { "for less than one a second" } else { "for a fraction" };
            Some(format!("a rate is a whole number; {what} write `rate = {count}, {per} = {time}s`"))
        }
        [TokenTree::Punct(slash), time @ ..] if slash.as_char() == '/' => written(&number, time, per),
        [TokenTree::Ident(word), time @ ..] if word == per => written(&number, time, per),
        _ => None,
    }
}

/// A number in a time, each as an option of its own.
fn written(number: &Number, time: &[TokenTree], per: &str) -> Option<String> {
    let (count, _) = number.ratio().filter(|(_, below)| *below == 1)?;
    let time = match time {
        [TokenTree::Ident(unit)] => format!("1{}", duration::unit(&unit.to_string())?),
        [TokenTree::Literal(literal)] => {
            Number::of(literal).filter(|number| number.nanoseconds().is_ok())?;
            literal.to_string()
        }
        _ => return None,
    };
    Some(format!("the time of a rate is an option of its own; write `rate = {count}, {per} = {time}`"))
}

/// `exponential(base, factor)` and the like.
fn backoff(known: &Word, word: &Ident, group: &Group, errors: &mut Errors) -> Option<Value> {
    let content = tokens::list(group.stream());
    let arguments = tokens::split_commas(&content);
    if let Some((_, comma)) = arguments.iter().find(|(tokens, _)| tokens.is_empty()) {
        errors.beside(comma.unwrap_or_else(|| group.span_close()), "expected a value before this `,`");
        return None;
    }
    let Some((base, _)) = arguments.first() else {
        errors.beside(group.span_close(), format!("`{word}` needs its base; write {}", known.usage));
        return None;
    };
    if let Some((surplus, _)) = arguments.get(known.arguments) {
        errors.beside_over(
            tokens::collect(surplus),
            format!("`{word}` takes no further argument; write {}", known.usage),
        );
        return None;
    }
    let written = |argument: &[TokenTree]| tokens::source_text(&tokens::collect(argument));
    let without: Vec<&[TokenTree]> = arguments.iter().map(|(argument, _)| unnamed(argument)).collect();
    let named =
        arguments.iter().zip(&without).find(|((argument, _), without)| argument.len() > without.len());
    if let Some(((named, _), _)) = named {
        let shown: Vec<String> = without.iter().map(|argument| written(argument)).collect();
        let span = named.first().map_or(word.span(), TokenTree::span);
        let message = format!("what `{word}` is given has no name; write `{word}({})`", shown.join(", "));
        errors.beside(span, message);
    }
    if let [base, factor] = without.as_slice()
        && is_number(base)
        && is_time(factor)
    {
        let message = format!("the base comes first; write `{word}({}, {})`", written(factor), written(base));
        errors.beside_over(tokens::collect(base), message);
        return None;
    }
    let base = duration(unnamed(base), "`,` after the base", errors);
    let factor = match arguments.get(1) {
        Some((given, _)) => Some(factor(unnamed(given), errors)?),
        None => None,
    };
    let mut arguments = vec![base?];
    if let Some(factor) = factor {
        arguments.push(factor);
    }
    Some(Value::Word { word: word.clone(), arguments })
}

/// An argument of a backoff or a task without the name that it may be given.
pub(super) fn unnamed(argument: &[TokenTree]) -> &[TokenTree] {
    let [TokenTree::Ident(_), sign, value @ ..] = argument else { return argument };
    let is_sign = tokens::is_punct(Some(sign), '=') || tokens::is_punct(Some(sign), ':');
    let is_operator = tokens::is_pair(argument, 1, '=', '=') || tokens::is_pair(argument, 1, ':', ':');
    if is_sign && !is_operator && !value.is_empty() { value } else { argument }
}

/// By what a backoff grows.
fn factor(value: &[TokenTree], errors: &mut Errors) -> Option<Value> {
    let negative = tokens::is_punct(value.first(), '-');
    let (_, digits) = value.split_at(usize::from(negative).min(value.len()));
    if let Some(literal) = tokens::sole_literal(digits)
        && Number::of(&literal).is_some_and(|number| number.is_plain() && (negative || number.is_zero()))
    {
        errors.beside_over(tokens::collect(value), "the factor must be more than 0");
        return None;
    }
    if is_time(value)
        && let Some(number) = tokens::sole_literal(value).and_then(|literal| Number::of(&literal))
    {
        let message = format!("the factor is a number and no time; write `{}`", number.digits());
        errors.beside_over(tokens::collect(value), message);
        return None;
    }
    expression(value, "`)` after the factor", errors)
}

/// A value of the right type, where the text has none.
pub(super) fn stand_in(kind: Kind, span: Span) -> Value {
    if kind.is_duration() {
        Value::Duration(Duration { nanoseconds: 1_000_000_000, span })
    } else {
        Value::Expr(quote_spanned!(span=> ()))
    }
}
