//! What a block does to the load of a run, by the literals among its options as they are written.
//!
//! For who does not have the values: a block with a name in one of its options has them in a run alone, and a tool that reads a source
//! has none at all.

use std::time::Duration;

use super::backoff::{self, exponential, exponential_by, fibonacci};
use crate::graph::{Bound, Load};

/// What a block does to the load, of its keyword and of its options as a graph has them: name and text, the head without a name,
/// a duration as its `Debug` writes it. What is no literal is unbounded.
pub fn load(keyword: &str, options: &[(&str, &str)]) -> Load {
    let options = Written(options);
    match keyword {
        "seq" | "catch" => Load::Row,
        "fallback" | "settle" => Load::Apart,
        "saga" => Load::Saga,
        "when" | "choose" => Load::One,
        "race" => Load::peers(Bound::NONE),
        "par" => match options.count("limit") {
            limit if limit.is_some() || !options.has("limit") => Load::peers(limit),
            limit => Load::Peers { limit, lets: 1 },
        },
        "each" => Load::Items { limit: options.count("limit"), waits: options.has("stream") },
        "retry" => {
            let attempts = options.number("max_attempts", Some(3));
            let waits = options.waits(attempts, "exponential(100ms)");
            Load::Attempts { attempts, waits, within: options.time("max_elapsed") }
        }
        "repeat" => {
            let rounds = options.number("max_rounds", None);
            Load::Rounds { rounds, waits: options.waits(rounds, "constant(0ns)") }
        }
        "hedge" => {
            Load::Beside { attempts: options.number("max_attempts", Some(2)), delay: options.time("") }
        }
        "timeout" => Load::Within { time: options.time("") },
        "bulkhead" => {
            let waits = options.has("bulkhead") || options.get("queue").is_some_and(|queue| !is_zero(queue));
            Load::Gate { places: options.count("max"), wait: options.wait_if(waits) }
        }
        "throttle" => Load::Gate { places: Bound::NONE, wait: options.wait_if(true) },
        "circuit" => {
            let waits = options.has("breaker") || options.has("wait");
            Load::Gate { places: Bound::NONE, wait: options.wait_if(waits) }
        }
        "with" => Load::Policy { runs: Bound::NONE },
        _ => Load::Unknown,
    }
}

struct Written<'o>(&'o [(&'o str, &'o str)]);

impl<'o> Written<'o> {
    fn get(&self, name: &str) -> Option<&'o str> {
        self.0.iter().find(|(written, _)| *written == name).map(|(_, text)| *text)
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    fn count(&self, name: &str) -> Bound<usize> {
        self.get(name).and_then(whole).into()
    }

    /// A number, or what it is if it is not given.
    fn number(&self, name: &str, default: Option<u32>) -> Bound<u32> {
        match self.get(name) {
            Some(text) => whole(text).into(),
            None => default.into(),
        }
    }

    fn time(&self, name: &str) -> Bound<Duration> {
        self.get(name).and_then(time).into()
    }

    /// How long somebody waits who does so.
    fn wait_if(&self, waits: bool) -> Bound<Duration> {
        if waits { self.time("max_wait") } else { Bound::of(Duration::ZERO) }
    }

    /// All waits between so many runs.
    fn waits(&self, runs: Bound<u32>, default: &str) -> Bound<Duration> {
        let count = Bound::from(runs.map(|runs| runs.saturating_sub(1)));
        let max_delay = self.get("max_delay").map(time);
        // One that is no literal caps nothing that is known.
        let max_delay = max_delay.flatten();
        let word = if self.has("retry_after") { None } else { word(self.get("backoff").unwrap_or(default)) };
        match word {
            Some(mut delays) => backoff::sum(count, max_delay, || delays.next().unwrap_or_default()),
            None => crate::graph::repeated(max_delay.into(), count.map(u64::from).into()),
        }
    }
}

/// A whole number, which may have a suffix of Rust's.
fn whole<T: std::str::FromStr>(text: &str) -> Option<T> {
    let digits = text.find(|letter: char| !matches!(letter, '0'..='9' | '_')).unwrap_or(text.len());
    let (digits, suffix) = text.split_at(digits);
    let is_plain = suffix.is_empty() || suffix.starts_with(['u', 'i']);
    digits.replace('_', "").parse().ok().filter(|_| is_plain)
}

fn is_zero(text: &str) -> bool {
    whole::<u64>(text) == Some(0)
}

/// A number with a unit.
fn time(text: &str) -> Option<Duration> {
    let digits = text.find(|letter: char| !matches!(letter, '0'..='9' | '_' | '.'))?;
    let (digits, unit) = text.split_at(digits);
    let unit: u128 = match unit {
        "ns" => 1,
        "us" | "µs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    };
    let digits = digits.replace('_', "");
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));
    let mut nanos = whole.parse::<u128>().ok()?.checked_mul(unit)?;
    if !fraction.is_empty() {
        let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        nanos += fraction.parse::<u128>().ok()?.checked_mul(unit)? / scale;
    }
    let secs = u64::try_from(nanos / 1_000_000_000).ok()?;
    Some(Duration::new(secs, (nanos % 1_000_000_000) as u32))
}

/// The delays of a word of the option `backoff`.
fn word(text: &str) -> Option<Box<dyn Iterator<Item = Duration>>> {
    let (word, arguments) = text.strip_suffix(')')?.split_once('(')?;
    let (base, factor) = match arguments.split_once(',') {
        Some((base, factor)) => (base, Some(factor.trim())),
        None => (arguments, None),
    };
    let base = time(base.trim())?;
    match (word, factor) {
        ("constant", None) => Some(Box::new(std::iter::repeat(base))),
        ("fibonacci", None) => Some(Box::new(fibonacci(base))),
        ("exponential", None) => Some(Box::new(exponential(base))),
        ("exponential", Some(factor)) => {
            let factor: f64 = factor.replace('_', "").parse().ok()?;
            (factor.is_finite() && factor >= 0.0).then(|| Box::new(exponential_by(base, factor)) as Box<_>)
        }
        _ => None,
    }
}
