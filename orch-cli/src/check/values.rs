//! What options are, where their literals say so.

use std::time::Duration;

use orch_syntax::ast::{Block, Opt, Value};
use proc_macro2::TokenTree;

/// What is known of an option.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Given<T> {
    /// It is not given.
    No,
    /// It is this.
    Known(T),
    /// It is no literal, or has no limit.
    Unknown,
}

impl<T> Given<T> {
    /// The value, where one that is not given is `default`.
    pub(super) fn or(self, default: T) -> Option<T> {
        match self {
            Given::No => Some(default),
            Given::Known(value) => Some(value),
            Given::Unknown => None,
        }
    }

    pub(super) fn known(self) -> Option<T> {
        match self {
            Given::Known(value) => Some(value),
            Given::No | Given::Unknown => None,
        }
    }
}

/// An option that is a number.
pub(super) fn count(block: &Block, name: &str) -> Given<u32> {
    option(block, name, |value| match value {
        Value::Expr(code) => whole(code.clone().into_iter().collect::<Vec<_>>().as_slice()),
        _ => None,
    })
}

/// An option that is a time.
pub(super) fn time(block: &Block, name: &str) -> Given<Duration> {
    option(block, name, duration)
}

/// The head of a block, if it is a time.
pub(super) fn head(block: &Block) -> Option<Duration> {
    block.head.as_ref().and_then(duration)
}

/// A value that is a literal with a unit.
pub(super) fn duration(value: &Value) -> Option<Duration> {
    match value {
        Value::Duration(duration) => u64::try_from(duration.nanoseconds).ok().map(Duration::from_nanos),
        Value::Expr(code) => in_rust(code.clone().into_iter().collect::<Vec<_>>().as_slice()),
        Value::Word { .. } => None,
    }
}

/// `Duration::from_secs(10)` and the like, with any path before it.
fn in_rust(code: &[TokenTree]) -> Option<Duration> {
    let [path @ .., TokenTree::Ident(name), TokenTree::Group(group)] = code else { return None };
    let number = whole(group.stream().into_iter().collect::<Vec<_>>().as_slice())?.into();
    let is_duration = path.iter().rev().find_map(|token| match token {
        TokenTree::Ident(word) => Some(word == "Duration"),
        _ => None,
    });
    match name.to_string().as_str() {
        _ if is_duration != Some(true) => None,
        "from_secs" => Some(Duration::from_secs(number)),
        "from_millis" => Some(Duration::from_millis(number)),
        "from_micros" => Some(Duration::from_micros(number)),
        "from_nanos" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

/// An option that is a word, without its arguments.
pub(super) fn word(block: &Block, name: &str) -> Given<String> {
    option(block, name, |value| match value {
        Value::Word { word, .. } => Some(word.to_string()),
        _ => None,
    })
}

fn option<T>(block: &Block, name: &str, read: impl Fn(&Value) -> Option<T>) -> Given<T> {
    match block.option(name) {
        None => Given::No,
        Some(Opt { value: Some(value), .. }) => read(value).map_or(Given::Unknown, Given::Known),
        Some(_) => Given::Unknown,
    }
}

fn whole(code: &[TokenTree]) -> Option<u32> {
    let [TokenTree::Literal(literal)] = code else { return None };
    syn::parse_str::<syn::LitInt>(&literal.to_string()).ok()?.base10_parse().ok()
}

/// Delays between attempts or rounds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Waits {
    pub(super) all: Vec<Duration>,
    certain: Certain,
}

/// How much of each wait is certain.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Certain {
    Nothing,
    Half,
    All,
}

impl Waits {
    /// Waits of which nothing is known.
    fn unknown() -> Self {
        Self { all: Vec::new(), certain: Certain::Nothing }
    }

    /// Whether each of them is as long as it can be.
    pub(super) fn are_certain(&self) -> bool {
        self.certain == Certain::All
    }

    /// As long as they can be.
    pub(super) fn most(&self) -> Duration {
        total(&self.all)
    }

    /// What of each is certain, of those that are over for sure when so much time has passed.
    pub(super) fn certain(&self, within: Duration) -> Vec<Duration> {
        let certain = |wait: &Duration| match self.certain {
            Certain::Nothing => Duration::ZERO,
            Certain::Half => *wait / 2,
            Certain::All => *wait,
        };
        let mut end = Duration::ZERO;
        let ends = |wait: &&Duration| {
            end = end.saturating_add(**wait);
            end <= within
        };
        self.all.iter().take_while(ends).map(certain).collect()
    }
}

/// What times come to.
pub(super) fn total(all: &[Duration]) -> Duration {
    all.iter().fold(Duration::ZERO, |sum, time| sum.saturating_add(*time))
}

/// How many waits are written out, one for one.
const MANY: u32 = 10_000;

/// The waits between so many runs of a body. `backoff` and `jitter` are what is not given.
pub(super) fn waits(block: &Block, runs: u32, backoff: Backoff, jitter: &str) -> Option<Waits> {
    // An error may ask for another wait, a longer or a shorter one.
    if block.option("retry_after").is_some() {
        return Some(Waits::unknown());
    }
    let backoff = match block.option("backoff") {
        None => backoff,
        Some(Opt { value: Some(value), .. }) => Backoff::of(value)?,
        Some(_) => return None,
    };
    let cap = time(block, "max_delay").or(Duration::MAX)?;
    let certain = match word(block, "jitter").or(jitter.to_owned())?.as_str() {
        "none" => Certain::All,
        "equal" => Certain::Half,
        _ => Certain::Nothing,
    };
    (runs <= MANY).then(|| {
        let all = backoff.take(runs.saturating_sub(1) as usize).map(|delay| delay.min(cap)).collect();
        Waits { all, certain }
    })
}

/// The delays of a word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    next: Duration,
    after: After,
}

#[derive(Clone, Copy, Debug)]
enum After {
    Times(f64),
    Plus(Duration),
}

impl Backoff {
    pub(super) fn constant(delay: Duration) -> Self {
        Self { next: delay, after: After::Times(1.0) }
    }

    pub(super) fn exponential(base: Duration) -> Self {
        Self { next: base, after: After::Times(2.0) }
    }

    pub(super) fn of(value: &Value) -> Option<Self> {
        let Value::Word { word, arguments } = value else { return None };
        let base = duration(arguments.first()?)?;
        let factor = match arguments.get(1) {
            None => 2.0,
            Some(Value::Expr(code)) => code.to_string().replace('_', "").parse().ok()?,
            Some(_) => return None,
        };
        // One that is none is a mistake, which others tell.
        if !f64::is_finite(factor) || factor < 0.0 {
            return None;
        }
        match word.to_string().as_str() {
            "constant" => Some(Self::constant(base)),
            "exponential" => Some(Self { next: base, after: After::Times(factor) }),
            "fibonacci" => Some(Self { next: base, after: After::Plus(Duration::ZERO) }),
            _ => None,
        }
    }

    /// The first delay.
    pub(super) fn base(&self) -> Duration {
        self.next
    }

    /// Whether each delay is longer than the one before, at some time.
    pub(super) fn grows(&self) -> bool {
        match self.after {
            After::Times(factor) => factor > 1.0,
            After::Plus(_) => true,
        }
    }
}

impl Iterator for Backoff {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let delay = self.next;
        match &mut self.after {
            After::Times(factor) => {
                self.next =
                    Duration::try_from_secs_f64(delay.as_secs_f64() * *factor).unwrap_or(Duration::MAX);
            }
            After::Plus(before) => {
                self.next = delay.saturating_add(*before);
                *before = delay;
            }
        }
        Some(delay)
    }
}

/// A time as a literal, which has one number and one unit.
pub(super) fn written(time: Duration) -> String {
    let seconds = time.as_secs();
    let is_whole = |unit: u64| time.subsec_nanos() == 0 && seconds > 0 && seconds.is_multiple_of(unit);
    match [("h", 3600), ("m", 60)].into_iter().find(|(_, unit)| is_whole(*unit)) {
        Some((unit, size)) => format!("{}{unit}", seconds / size),
        None => format!("{time:?}"),
    }
}

/// A time as one says it: `30.3s`, `2m 10s`.
pub(super) fn shown(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 60 {
        return format!("{time:?}");
    }
    let mut parts = Vec::new();
    for (unit, part) in [("h", seconds / 3600), ("m", seconds / 60 % 60)] {
        if part > 0 {
            parts.push(format!("{part}{unit}"));
        }
    }
    let rest = Duration::from_secs(seconds % 60) + Duration::from_nanos(time.subsec_nanos().into());
    if !rest.is_zero() {
        parts.push(format!("{rest:?}"));
    }
    parts.join(" ")
}
