//! Literals with a unit: `10s`, `1.5ms`. To Rust's lexer they are numbers with a suffix.

use proc_macro2::{Delimiter, Group, Literal, Span, TokenStream, TokenTree};

use crate::errors::Errors;
use crate::tokens;

/// The units of a duration, each with how many nanoseconds it is.
pub const UNITS: [(&str, u128); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

const RUST_SUFFIXES: [&str; 16] = [
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f16", "f32",
    "f64", "f128",
];

/// What `Duration` can hold: `u64::MAX` seconds and a bit.
const MAX: u128 = u64::MAX as u128 * 1_000_000_000 + 999_999_999;

/// A number as it was written.
pub(crate) struct Number {
    /// Without the suffix.
    digits: String,
    suffix: String,
}

impl Number {
    /// `None` for strings, characters and the like.
    pub(crate) fn of(literal: &Literal) -> Option<Self> {
        let text = literal.to_string();
        if !text.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let radix = text.starts_with("0x") || text.starts_with("0o") || text.starts_with("0b");
        let mut end = 0;
        let mut rest = text.char_indices().peekable();
        while let Some((at, c)) = rest.next() {
            let next = rest.peek().map(|(_, next)| *next);
            let exponent = !radix
                && matches!(c, 'e' | 'E')
                && next.is_some_and(|c| matches!(c, '0'..='9' | '+' | '-' | '_'));
            let sign = matches!(c, '+' | '-');
            let digit = if radix {
                at < 2 || c.is_ascii_hexdigit() || c == '_'
            } else {
                c.is_ascii_digit() || matches!(c, '_' | '.')
            };
            if !(digit || exponent || sign) {
                break;
            }
            end = at + c.len_utf8();
        }
        let (digits, suffix) = text.split_at_checked(end)?;
        Some(Self { digits: digits.to_owned(), suffix: suffix.to_owned() })
    }

    /// No suffix, or one that Rust knows.
    pub(crate) fn is_plain(&self) -> bool {
        self.suffix.is_empty() || RUST_SUFFIXES.contains(&self.suffix.as_str())
    }

    /// Without the suffix.
    pub(crate) fn digits(&self) -> &str {
        &self.digits
    }

    fn unit(&self) -> Option<u128> {
        UNITS.iter().find(|(name, _)| *name == self.suffix).map(|(_, unit)| *unit)
    }

    pub(crate) fn is_zero(&self) -> bool {
        let digits = self.digits.trim_start_matches("0x").trim_start_matches("0o").trim_start_matches("0b");
        digits.chars().all(|c| matches!(c, '0' | '_' | '.'))
    }

    pub(crate) fn is_one(&self) -> bool {
        let digits = self.digits.trim_start_matches("0x").trim_start_matches("0o").trim_start_matches("0b");
        digits.replace('_', "").trim_start_matches('0') == "1"
    }

    /// Whether it has neither a fraction nor an exponent.
    pub(crate) fn is_whole(&self) -> bool {
        !self.digits.contains('.') && (self.digits.starts_with("0x") || !self.digits.contains(['e', 'E']))
    }

    /// The number, if it is a whole one in decimal digits.
    pub(crate) fn whole(&self) -> Option<u64> {
        if self.is_plain() { self.digits.replace('_', "").parse().ok() } else { None }
    }

    /// The number, if it is one in decimal digits.
    pub(crate) fn float(&self) -> Option<f64> {
        if self.is_plain() { self.digits.replace('_', "").parse().ok() } else { None }
    }

    /// A hundredth of it, to the nearest.
    pub(crate) fn hundredth(&self) -> Option<f64> {
        if self.digits.contains(['e', 'E']) {
            return self.float().map(|number| number / 100.0);
        }
        format!("{}e-2", self.digits.replace('_', "")).parse().ok()
    }

    /// The number as a fraction in lowest terms, if it is a small one in decimal digits.
    pub(crate) fn ratio(&self) -> Option<(u64, u64)> {
        let (whole, fraction) = self.digits.split_once('.').unwrap_or((&self.digits, ""));
        let fraction = fraction.trim_end_matches(['0', '_']).replace('_', "");
        let mut below = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        let mut above: u64 = format!("{}{fraction}", whole.replace('_', "")).parse().ok()?;
        for factor in [2, 5] {
            while above.is_multiple_of(factor) && below.is_multiple_of(factor) {
                (above, below) = (above / factor, below / factor);
            }
        }
        (self.is_plain() && above > 0).then_some((above, below))
    }

    /// The duration, or what is wrong with it.
    pub(crate) fn nanoseconds(&self) -> Result<u128, String> {
        let Self { digits, suffix } = self;
        if self.is_plain() {
            return Err(format!("write the unit: `{digits}s`, `{digits}ms`, or another of `{}`", units()));
        }
        let Some(unit) = self.unit() else {
            if let Some(total) = compound(digits, suffix) {
                return Err(one_literal(total));
            }
            let meant = meant(suffix).map(|unit| format!("; write `{digits}{unit}`"));
            let hint = meant.unwrap_or_else(|| format!("; the units are `{}`", units()));
            return Err(format!("unknown unit `{suffix}`{hint}"));
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let (whole, fraction) = (whole.replace("_", ""), fraction.replace("_", ""));
        let fraction = fraction.trim_end_matches('0');
        let decimal = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
        if !(decimal(&whole) && decimal(fraction)) {
            return Err(format!(
                "write the number of a duration in plain decimal digits, such as `10{suffix}`"
            ));
        }
        let too_long = || "this duration is too long; a `Duration` ends at 2^64 seconds".to_owned();
        let too_fine = || "this duration is finer than a nanosecond".to_owned();
        let whole: u128 = whole.parse().map_err(|_| too_long())?;
        let mut total = whole.checked_mul(unit).ok_or_else(too_long)?;
        if !fraction.is_empty() {
            let scale = u32::try_from(fraction.len()).ok().and_then(|digits| 10u128.checked_pow(digits));
            let (scale, part) = scale.zip(fraction.parse::<u128>().ok()).ok_or_else(too_fine)?;
            let part = part.checked_mul(unit).ok_or_else(too_fine)?;
            if part % scale != 0 {
                return Err(too_fine());
            }
            total = total.checked_add(part / scale).ok_or_else(too_long)?;
        }
        if total > MAX { Err(too_long()) } else { Ok(total) }
    }

    /// How Rust writes this duration, if it is one.
    fn in_rust(&self) -> Option<String> {
        let unit = self.unit()?;
        let Ok(total) = self.nanoseconds() else {
            return Some("Duration::from_secs(…)".to_owned());
        };
        let forms = [("from_secs", 1_000_000_000), ("from_millis", 1_000_000), ("from_micros", 1_000)];
        let (name, size) = forms
            .into_iter()
            .find(|(_, size)| *size <= unit && total % size == 0)
            .unwrap_or(("from_nanos", 1));
        Some(format!("Duration::{name}({})", total / size))
    }
}

/// How long `1m30s` is, which begins with these digits.
fn compound(digits: &str, suffix: &str) -> Option<u128> {
    let (mut total, mut digits, mut rest) = (0u128, digits.to_owned(), suffix);
    loop {
        let end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (unit, next) = rest.split_at_checked(end)?;
        let part = Number { digits, suffix: unit.to_owned() };
        part.unit()?;
        total = total.checked_add(part.nanoseconds().ok()?)?;
        if next.is_empty() {
            return Some(total);
        }
        let (more, unit) = next.split_at_checked(next.find(|c: char| !c.is_ascii_digit())?)?;
        (digits, rest) = (more.to_owned(), unit);
    }
}

/// How long a duration is that is written as several: `1m 30s`, `2s + 1s`, `2 * 1s`.
pub(crate) fn of_several(code: &[TokenTree]) -> Option<u128> {
    let TokenTree::Literal(first) = code.first()? else { return None };
    let mut total = Number::of(first)?.nanoseconds().ok()?;
    let mut rest = code.get(1..)?;
    while !rest.is_empty() {
        let (sign, literal, next) = match rest {
            [TokenTree::Literal(literal), next @ ..] => ('+', literal, next),
            [TokenTree::Punct(sign), TokenTree::Literal(literal), next @ ..] => {
                (sign.as_char(), literal, next)
            }
            _ => return None,
        };
        let number = Number::of(literal)?;
        total = match sign {
            '+' => total.checked_add(number.nanoseconds().ok()?)?,
            '-' => total.checked_sub(number.nanoseconds().ok()?)?,
            '*' => total.checked_mul(u128::from(number.whole()?))?,
            _ => return None,
        };
        rest = next;
    }
    (code.len() > 1).then_some(total)
}

/// What is said of a duration that is written as several.
pub(crate) fn one_literal(total: u128) -> String {
    let (name, unit) =
        UNITS.into_iter().rev().find(|(_, unit)| total.is_multiple_of(*unit)).unwrap_or(("ns", 1));
    format!("a duration is one number and its unit; write `{}{name}`", total / unit)
}

fn units() -> String {
    UNITS.map(|(name, _)| name).join(" ")
}

/// The unit that a word is, or means.
pub(crate) fn unit(word: &str) -> Option<&'static str> {
    UNITS.iter().find(|(name, _)| *name == word).map(|(name, _)| *name).or_else(|| meant(word))
}

/// The unit that somebody means who writes another library's.
fn meant(suffix: &str) -> Option<&'static str> {
    match suffix {
        "nano" | "nanos" | "nanosecond" | "nanoseconds" | "nsec" | "nsecs" | "NS" => Some("ns"),
        "micro" | "micros" | "microsecond" | "microseconds" | "usec" | "usecs" | "µs" | "μs" | "US" => {
            Some("us")
        }
        "milli" | "millis" | "millisecond" | "milliseconds" | "msec" | "msecs" | "Ms" | "MS" => Some("ms"),
        "sec" | "secs" | "second" | "seconds" | "S" => Some("s"),
        "min" | "mins" | "minute" | "minutes" | "M" => Some("m"),
        "hr" | "hrs" | "hour" | "hours" | "H" => Some("h"),
        _ => None,
    }
}

/// Whether a literal with a unit occurs in code.
pub(crate) fn occurs(code: &TokenStream) -> bool {
    let mut macro_call = false;
    let mut todo = tokens::list(code.clone());
    todo.reverse();
    while let Some(token) = todo.pop() {
        match &token {
            TokenTree::Literal(literal) if unit_literal(literal).is_some() => return true,
            TokenTree::Group(group) if !macro_call => {
                let inner = tokens::list(group.stream());
                todo.extend(inner.into_iter().rev());
            }
            _ => {}
        }
        macro_call = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '!');
    }
    false
}

fn unit_literal(literal: &Literal) -> Option<String> {
    Number::of(literal)?.in_rust()
}

/// Reports every literal with a unit in code that is Rust's, and takes the unit away: the compiler would
/// report it a second time. Another macro's arguments are that macro's business.
pub(crate) fn refuse(code: TokenStream, errors: &mut Errors) -> TokenStream {
    if occurs(&code) { strip(code, 0, &mut |span, message| errors.at(span, message)) } else { code }
}

/// The same of the value of an option, which is one mistake, however many there are in it.
pub(crate) fn refuse_value(code: TokenStream, errors: &mut Errors) -> TokenStream {
    if !occurs(&code) {
        return code;
    }
    let mut first = None;
    let value = strip(code, 0, &mut |span, message| first = first.take().or(Some((span, message))));
    if let Some((span, message)) = first {
        errors.at(span, message);
    }
    value
}

fn strip(code: TokenStream, depth: usize, report: &mut dyn FnMut(Span, String)) -> TokenStream {
    let mut macro_call = false;
    tokens::map(code, &mut |token| {
        let stripped = match &token {
            TokenTree::Literal(literal) => unit_literal(literal).map(|in_rust| {
                let message = format!(
                    "a literal with a unit is for durations of the macro's own options; write `{in_rust}`"
                );
                report(literal.span(), message);
                plain(literal)
            }),
            TokenTree::Group(group) if !macro_call && depth < 64 && occurs(&group.stream()) => {
                Some(regroup(group, strip(group.stream(), depth + 1, report)).into())
            }
            _ => None,
        };
        macro_call = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '!');
        stripped.unwrap_or(token)
    })
}

fn plain(literal: &Literal) -> TokenTree {
    let mut number = Literal::u8_unsuffixed(1);
    number.set_span(literal.span());
    number.into()
}

/// The same group with other content.
pub(crate) fn regroup(group: &Group, content: TokenStream) -> Group {
    let mut new = Group::new(group.delimiter(), content);
    new.set_span(group.span());
    new
}

/// `()`, where a value is due and none was given.
pub(crate) fn unit_value(span: Span) -> TokenTree {
    let mut group = Group::new(Delimiter::Parenthesis, TokenStream::new());
    group.set_span(span);
    group.into()
}
