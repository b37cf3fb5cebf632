//! The table of blocks: all that is known of a block besides what it does when it runs.
//!
//! A block is one row here and one folder of the same name in `orch-core`. What reads, checks, expands, draws or describes
//! blocks asks the row; a keyword or the name of an option stands nowhere else. The expansion of every block has the same
//! form: `__private::KEYWORD::KEYWORD(token, node, KEYWORD::Options { … }, usage, body)`, with one field for each option of
//! the row; an option not given is `KEYWORD::default::OPTION()`.

use crate::suggest;

/// What is known of a block: its row.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Spec {
    /// The word that opens the block.
    pub keyword: &'static str,
    /// What such a block is called elsewhere, in other languages and libraries: who writes that is told the keyword.
    pub elsewhere: &'static [&'static str],
    /// The leading expression in the parentheses, if the block has one: its field in `Options` and kind.
    pub head: Option<OptionSpec>,
    /// The block that does what this one would with a head of zero, if there is one.
    pub without_head: Option<&'static str>,
    /// The options, in the order in which they are documented.
    pub options: &'static [OptionSpec],
    /// How the steps inside belong together.
    pub body: Body,
    /// How the steps inside are drawn.
    pub form: Form,
    /// What the block asks of the piped value, so that the error is at its keyword and is the only one.
    pub needs: Needs,
    /// What has to be given, and beside what.
    pub requires: &'static [Requires],
    /// A number that may not be greater than another.
    pub at_most: Option<AtMost>,
    /// An option that brings others with it: its name, theirs, and where they are set instead.
    pub carries: Option<Carries>,
    /// Whether it does something about a failure of its body, which is then to be able to fail.
    pub minds_failures: bool,
    /// Whether it gives a failure as a value: always, or with a flag of that name.
    pub settles: Settles,
    /// What becomes of the undos of the steps inside.
    pub undos: Undos,
}

impl Spec {
    /// The option of a name, if the block has one.
    #[must_use]
    pub fn option(&self, name: &str) -> Option<&'static OptionSpec> {
        self.options.iter().find(|option| option.name == name)
    }

    /// The option of a kind, if the block has one. (Of `Name` and `Outputs` it has one at most.)
    #[must_use]
    pub fn of_kind(&self, kind: Kind) -> Option<&'static OptionSpec> {
        self.options.iter().find(|option| option.kind == kind)
    }

    /// Whether a block has values: a head or options that are there when it starts.
    #[must_use]
    pub fn has_values(&self) -> bool {
        self.head.iter().chain(self.options).any(|option| option.kind.is_value())
    }

    /// The option that is called so elsewhere, or by a part of its name.
    pub(crate) fn meant_option(&self, typed: &str) -> Option<&'static str> {
        let typed = typed.to_lowercase();
        let called = |option: &&OptionSpec| {
            ELSEWHERE
                .iter()
                .any(|(name, elsewhere)| *name == option.name && elsewhere.contains(&typed.as_str()))
        };
        let part = |option: &&OptionSpec| option.name.split('_').any(|word| word == typed && word != "max");
        let found = self.options.iter().find(called).or_else(|| self.options.iter().find(part));
        found.map(|option| option.name)
    }

    /// The names of its options.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        self.options.iter().map(|option| option.name).collect()
    }
}

/// How the steps of a body belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// `seq`: the block is the sequence.
    Sequence,
    /// Several steps are an implicit sequence inside the block.
    Single,
    /// Steps that run beside each other.
    Peers(Join),
    /// Steps of one type that run one instead of the other.
    Alternatives,
    /// Steps of one type behind patterns, of which one runs.
    Arms,
}

/// How the steps inside a block stand to each other in a diagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One after another, joined by arrows.
    Row,
    /// Beside each other.
    Peers,
    /// One instead of the one before it.
    Alternatives,
    /// One after another, after the step around them and what follows that: its undo.
    Afterwards,
    /// One of them, by what it stands behind.
    Choice,
}

/// What becomes of the outputs of peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// A tuple of them all.
    Tuple,
    /// One of them, so that all have one type.
    One,
}

/// An option that brings others with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Carries {
    /// The name of the option.
    pub option: &'static str,
    /// The names of those that it brings.
    pub others: &'static [&'static str],
    /// What the others belong to, and where they are set.
    pub belong: &'static str,
}

/// Options of which one has to be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Requires {
    /// The option that makes no sense without one of them; `None` if the block itself does not.
    pub by: Option<&'static str>,
    /// The names of the options, the one to name first in front. One of them is enough.
    pub one_of: &'static [&'static str],
}

/// A count that may not be greater than another one of the same block. It is asked of literals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AtMost {
    /// The name of the option.
    pub option: &'static str,
    /// The name of the other.
    pub of: &'static str,
    /// The other, if it is not given.
    pub default: u32,
}

/// Whether a block gives failures as values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settles {
    /// A failure of the body is one of the block.
    Never,
    /// The block itself never fails.
    Always,
    /// With the flag of this name.
    With(&'static str),
}

/// What becomes of the undos of the steps inside a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undos {
    /// They are the saga's around it.
    Pass,
    /// They are its own: it is a saga.
    Own,
    /// It goes on after a failure of its body, which then has to be a saga.
    GoesOn,
    /// It drops its body when its time is up. What has an undo by then keeps it, but a saga would be dropped itself.
    CutsShort,
    /// It drops what it does not need, with what that has done.
    DropsLosers,
}

/// What a block asks of the piped value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// It runs its body once, with the value.
    Nothing,
    /// It runs its body more than once, each time with a clone if the body uses the value.
    Duplicate,
    /// It runs its body once per item.
    Items,
    /// It runs its body in rounds, each with what the one before gives.
    Rounds,
    /// A policy of the user's own says how often it runs its body: its type says whether it needs clones of the value.
    Policy,
    /// It runs its body or not, and gives a value of the same type; where nothing is piped, nothing.
    Same,
}

/// One option of a block.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct OptionSpec {
    /// As it is written.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Whether it sizes what all runs of the pipeline share. Any other is a run's own, and names may stand in it.
    pub shared: bool,
}

impl OptionSpec {
    /// How the option is written, `max_attempts = 3`; `None` for a flag, which is its name alone.
    #[must_use]
    pub fn example(&self) -> Option<String> {
        self.kind.example().map(|value| format!("{} = {value}", self.name))
    }
}

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A bare word: there or not there.
    Flag,
    /// A flag that says what is piped: a stream, and not a collection.
    Piped,
    /// A flag that asks for the outputs of all steps: the expansion hands the option what puts them together.
    Outputs,
    /// A string literal that names the block.
    Name,
    /// A whole number of at least one; a literal zero is an error.
    Count,
    /// A whole number of at least two; a smaller literal is an error.
    Several,
    /// As `Count`, or the word `unlimited`.
    CountOrUnlimited,
    /// A whole number that may be zero, or the word `unlimited`.
    Room,
    /// As `Count`, of which so many come in a time that another option says, of this name.
    Rate(&'static str),
    /// A handle of this type, or a reference to one. Where a number is meant, that is the option of the second name, if there is
    /// such a one.
    Handle(&'static str, Option<&'static str>),
    /// A literal with a unit or an expression of type `Duration`; a bare number is an error.
    Duration,
    /// As `Duration`, but a zero makes no sense; a literal zero is an error.
    Period,
    /// A fraction of all: above zero, and one at most.
    Fraction,
    /// A whole number of at least one, or a literal with a unit; or an expression of either type.
    Window,
    /// `constant(d)`, `exponential(base)`, `exponential(base, factor)`, `fibonacci(base)` or an expression.
    Backoff,
    /// As `Period`, or as `Backoff` for one that grows.
    Periods,
    /// `full`, `equal`, `none` or an expression.
    Jitter,
    /// A closure over a reference to the error, whose parameter needs no type, that says yes or no.
    Predicate,
    /// Whether something holds when the block starts: an expression of type `bool`, or a closure over a reference to what is
    /// piped, whose parameter needs no type.
    Condition,
    /// What patterns are compared with when the block starts: an expression, or a closure over a reference to what is piped,
    /// whose parameter needs no type.
    Scrutinee,
    /// A closure over a reference to the error that gives the wait that this asks for, an `Option<Duration>`.
    Asked,
    /// An expression whose value is a policy for the body.
    Policy,
}

impl Kind {
    /// Whether the option is written as its name alone.
    #[must_use]
    pub fn is_flag(self) -> bool {
        matches!(self, Kind::Flag | Kind::Piped | Kind::Outputs)
    }

    /// Whether it is a value that is there when the block starts. A predicate is asked later, and a condition or scrutinee of what
    /// is piped.
    #[must_use]
    pub fn is_value(self) -> bool {
        !matches!(
            self,
            Kind::Name
                | Kind::Piped
                | Kind::Outputs
                | Kind::Predicate
                | Kind::Asked
                | Kind::Condition
                | Kind::Scrutinee
        )
    }

    /// Whether a literal with a unit is a value, and a bare number is none.
    #[must_use]
    pub fn is_duration(self) -> bool {
        matches!(self, Kind::Duration | Kind::Period)
    }

    /// Whether it is asked of an error: a closure over a reference to that.
    #[must_use]
    pub fn is_closure(self) -> bool {
        matches!(self, Kind::Predicate | Kind::Asked)
    }

    /// The words that are a value, or begin one. Anything else that stands in their place is Rust.
    #[must_use]
    pub fn words(self) -> &'static [Word] {
        match self {
            Kind::CountOrUnlimited | Kind::Room => UNLIMITED,
            Kind::Backoff | Kind::Periods => BACKOFFS,
            Kind::Jitter => JITTERS,
            _ => &[],
        }
    }

    /// A value as one might write it; `None` for a flag.
    #[must_use]
    pub fn example(self) -> Option<&'static str> {
        Some(match self {
            Kind::Flag | Kind::Piped | Kind::Outputs => return None,
            Kind::Name => "\"…\"",
            Kind::Count | Kind::CountOrUnlimited | Kind::Several | Kind::Room | Kind::Rate(_) => "3",
            Kind::Fraction => "0.5",
            Kind::Window => "100",
            Kind::Duration | Kind::Period | Kind::Periods => "10s",
            Kind::Backoff => "exponential(100ms)",
            Kind::Jitter => "full",
            Kind::Predicate | Kind::Asked => "|e| …",
            Kind::Condition => "|x| …",
            Kind::Scrutinee => "x",
            Kind::Handle(..) => "…",
            Kind::Policy => "policy",
        })
    }
}

/// A word of the language in the value of an option, such as `full` or `exponential(100ms)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Word {
    /// The word itself.
    pub word: &'static str,
    /// How many arguments it takes at most: none, a duration, or a duration and a factor.
    pub arguments: usize,
    /// How it is written, for messages.
    pub usage: &'static str,
}

const fn word(word: &'static str, arguments: usize, usage: &'static str) -> Word {
    Word { word, arguments, usage }
}

const UNLIMITED: &[Word] = &[word("unlimited", 0, "`unlimited`")];

const JITTERS: &[Word] = &[word("full", 0, "`full`"), word("equal", 0, "`equal`"), word("none", 0, "`none`")];

const BACKOFFS: &[Word] = &[
    word("constant", 1, "`constant(100ms)`"),
    word("exponential", 2, "`exponential(100ms)` or `exponential(100ms, 2)`"),
    word("fibonacci", 1, "`fibonacci(100ms)`"),
];

const fn option(name: &'static str, kind: Kind) -> OptionSpec {
    OptionSpec { name, kind, shared: false }
}

const fn shared(name: &'static str, kind: Kind) -> OptionSpec {
    OptionSpec { name, kind, shared: true }
}

const NAME: OptionSpec = option("name", Kind::Name);

/// What options are called in other languages and libraries.
const ELSEWHERE: &[(&str, &[&str])] = &[
    ("limit", &["concurrency", "max_concurrency", "max_concurrent", "max", "parallelism", "workers", "jobs"]),
    ("max", &["limit", "concurrency", "max_concurrency", "max_concurrent", "permits", "size"]),
    ("max_attempts", &["times", "tries", "max_tries", "retries", "max_retries", "count", "n"]),
    ("max_rounds", &["times", "count", "n", "max_iterations", "iterations", "limit"]),
    ("fail_max", &["threshold", "failure_threshold", "failures", "max_failures", "errors"]),
    ("reset_timeout", &["cooldown", "recovery_timeout", "recovery", "sleep_window", "open_for"]),
    ("backoff", &["delay", "wait", "interval", "base", "sleep"]),
    ("when", &["if", "retry_if", "retry_on", "predicate", "filter", "on", "only_if"]),
    ("ignore", &["exclude", "except", "filter"]),
    ("rate", &["limit", "rps", "qps", "per_second", "requests"]),
    ("per", &["period", "interval", "every"]),
    ("settle", &["settled", "all_settled", "return_exceptions", "collect_errors"]),
    ("name", &["id", "label", "title"]),
];

/// What most rows have in common.
const BLOCK: Spec = Spec {
    keyword: "",
    elsewhere: &[],
    head: None,
    without_head: None,
    options: &[NAME],
    body: Body::Single,
    form: Form::Row,
    needs: Needs::Nothing,
    requires: &[],
    at_most: None,
    carries: None,
    minds_failures: false,
    settles: Settles::Never,
    undos: Undos::Pass,
};

/// Every keyword of the language.
pub static BLOCKS: &[Spec] = &[
    Spec {
        keyword: "seq",
        elsewhere: &["sequence", "sequential", "chain", "pipe", "then", "steps", "serial"],
        options: &[option("collect", Kind::Outputs), NAME],
        body: Body::Sequence,
        ..BLOCK
    },
    Spec {
        keyword: "par",
        elsewhere: &["parallel", "join", "all", "concurrent", "gather", "both"],
        options: &[option("limit", Kind::Count), option("settle", Kind::Flag), NAME],
        body: Body::Peers(Join::Tuple),
        form: Form::Peers,
        settles: Settles::With("settle"),
        ..BLOCK
    },
    Spec {
        keyword: "each",
        elsewhere: &["for", "foreach", "for_each", "map", "traverse", "fan_out", "stream", "batch"],
        options: &[
            option("stream", Kind::Piped),
            option("limit", Kind::Count),
            option("settle", Kind::Flag),
            NAME,
        ],
        needs: Needs::Items,
        settles: Settles::With("settle"),
        ..BLOCK
    },
    Spec {
        keyword: "race",
        elsewhere: &["select", "any", "first", "first_ok", "either"],
        body: Body::Peers(Join::One),
        form: Form::Peers,
        minds_failures: true,
        undos: Undos::DropsLosers,
        ..BLOCK
    },
    Spec {
        keyword: "fallback",
        elsewhere: &["or", "or_else", "else", "recover", "alternatives"],
        options: &[option("when", Kind::Predicate), NAME],
        body: Body::Alternatives,
        form: Form::Alternatives,
        minds_failures: true,
        undos: Undos::GoesOn,
        ..BLOCK
    },
    Spec {
        keyword: "circuit",
        elsewhere: &["breaker", "circuit_breaker", "cb"],
        options: &[
            shared("fail_max", Kind::Count),
            shared("failure_rate", Kind::Fraction),
            shared("window", Kind::Window),
            shared("min_calls", Kind::Count),
            shared("reset_timeout", Kind::Periods),
            shared("probes", Kind::Count),
            shared("close_after", Kind::Count),
            option("wait", Kind::Flag),
            option("ignore", Kind::Predicate),
            option("breaker", Kind::Handle("Breaker", Some("fail_max"))),
            NAME,
        ],
        requires: &[
            Requires { by: Some("failure_rate"), one_of: &["window"] },
            Requires { by: Some("window"), one_of: &["failure_rate"] },
            Requires { by: Some("min_calls"), one_of: &["failure_rate"] },
        ],
        at_most: Some(AtMost { option: "min_calls", of: "window", default: u32::MAX }),
        carries: Some(Carries {
            option: "breaker",
            others: &[
                "fail_max",
                "failure_rate",
                "window",
                "min_calls",
                "reset_timeout",
                "probes",
                "close_after",
                "wait",
            ],
            belong: "the shared breaker; set it where the `Breaker` is built",
        }),
        minds_failures: true,
        ..BLOCK
    },
    Spec {
        keyword: "retry",
        elsewhere: &["attempt", "retries", "backoff"],
        options: &[
            option("max_attempts", Kind::CountOrUnlimited),
            option("max_elapsed", Kind::Period),
            option("backoff", Kind::Backoff),
            option("max_delay", Kind::Duration),
            option("jitter", Kind::Jitter),
            option("retry_after", Kind::Asked),
            option("rejections", Kind::Flag),
            option("when", Kind::Predicate),
            option("budget", Kind::Handle("RetryBudget", None)),
            NAME,
        ],
        needs: Needs::Duplicate,
        minds_failures: true,
        undos: Undos::GoesOn,
        ..BLOCK
    },
    Spec {
        keyword: "hedge",
        elsewhere: &["hedged", "speculate", "duplicate"],
        head: Some(option("delay", Kind::Period)),
        without_head: Some("race"),
        options: &[option("max_attempts", Kind::Several), NAME],
        needs: Needs::Duplicate,
        minds_failures: true,
        undos: Undos::DropsLosers,
        ..BLOCK
    },
    Spec {
        keyword: "timeout",
        elsewhere: &["deadline", "within", "time_limit"],
        head: Some(option("duration", Kind::Period)),
        undos: Undos::CutsShort,
        ..BLOCK
    },
    Spec { keyword: "catch", elsewhere: &["catch_unwind", "catch_panic", "rescue"], ..BLOCK },
    Spec {
        keyword: "settle",
        elsewhere: &["all_settled", "allsettled", "result", "collect_errors", "try"],
        settles: Settles::Always,
        undos: Undos::GoesOn,
        ..BLOCK
    },
    Spec {
        keyword: "bulkhead",
        elsewhere: &["semaphore", "limit", "concurrency", "concurrency_limit", "isolate", "permits"],
        options: &[
            shared("max", Kind::Count),
            shared("queue", Kind::Room),
            shared("max_wait", Kind::Period),
            option("bulkhead", Kind::Handle("Bulkhead", Some("max"))),
            NAME,
        ],
        requires: &[
            Requires { by: None, one_of: &["max", "bulkhead"] },
            Requires { by: Some("max_wait"), one_of: &["queue"] },
        ],
        carries: Some(Carries {
            option: "bulkhead",
            others: &["max", "queue", "max_wait"],
            belong: "the shared bulkhead; set it where the `Bulkhead` is built",
        }),
        ..BLOCK
    },
    Spec {
        keyword: "throttle",
        elsewhere: &["rate", "rate_limit", "ratelimit", "rate_limiter", "limiter"],
        options: &[
            shared("rate", Kind::Rate("per")),
            shared("per", Kind::Period),
            shared("burst", Kind::Count),
            option("cost", Kind::Count),
            shared("max_wait", Kind::Duration),
            option("limiter", Kind::Handle("Limiter", Some("rate"))),
            NAME,
        ],
        requires: &[Requires { by: None, one_of: &["rate", "limiter"] }],
        at_most: Some(AtMost { option: "cost", of: "burst", default: 1 }),
        carries: Some(Carries {
            option: "limiter",
            others: &["rate", "per", "burst", "max_wait"],
            belong: "the shared limiter; set it where the `Limiter` is built",
        }),
        ..BLOCK
    },
    Spec {
        keyword: "when",
        elsewhere: &["if", "unless", "optional", "only_if"],
        head: Some(option("condition", Kind::Condition)),
        needs: Needs::Same,
        ..BLOCK
    },
    Spec {
        keyword: "choose",
        elsewhere: &["match", "switch", "case", "branch", "cond", "route"],
        head: Some(option("scrutinee", Kind::Scrutinee)),
        body: Body::Arms,
        form: Form::Choice,
        ..BLOCK
    },
    Spec {
        keyword: "repeat",
        elsewhere: &["loop", "while", "until", "poll", "iterate"],
        options: &[
            option("max_rounds", Kind::Count),
            option("backoff", Kind::Backoff),
            option("max_delay", Kind::Duration),
            option("jitter", Kind::Jitter),
            NAME,
        ],
        // Between rounds there is no wait else.
        requires: &[
            Requires { by: Some("max_delay"), one_of: &["backoff"] },
            Requires { by: Some("jitter"), one_of: &["backoff"] },
        ],
        needs: Needs::Rounds,
        undos: Undos::GoesOn,
        ..BLOCK
    },
    Spec {
        keyword: "saga",
        elsewhere: &["transaction", "compensate", "rollback"],
        options: &[option("collect", Kind::Outputs), NAME],
        body: Body::Sequence,
        undos: Undos::Own,
        ..BLOCK
    },
    Spec {
        keyword: "with",
        elsewhere: &["policy", "layer", "middleware", "service", "wrap", "decorate"],
        head: Some(option("policy", Kind::Policy)),
        needs: Needs::Policy,
        // What a policy does with a run of the body is not known: it may drop one.
        undos: Undos::DropsLosers,
        ..BLOCK
    },
];

/// The block that a word stands for which is none: it is called so elsewhere, or is misspelt.
pub(crate) fn meant(typed: &str) -> Option<&'static str> {
    let elsewhere = BLOCKS.iter().find(|spec| spec.elsewhere.contains(&typed));
    elsewhere.map(|spec| spec.keyword).or_else(|| suggest::closest(typed, &keywords()))
}

/// Whether a word is the option that names a block.
pub(crate) fn is_name_of_blocks(word: &str) -> bool {
    BLOCKS.iter().any(|spec| spec.of_kind(Kind::Name).is_some_and(|option| option.name == word))
}

/// The keywords of all blocks.
#[must_use]
pub fn keywords() -> Vec<&'static str> {
    BLOCKS.iter().map(|spec| spec.keyword).collect()
}

/// The block that a keyword opens.
#[must_use]
pub fn find(keyword: &str) -> Option<&'static Spec> {
    BLOCKS.iter().find(|spec| spec.keyword == keyword)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a row says of its options is about options that it has.
    #[test]
    fn rows_speak_of_their_own_options() {
        for spec in BLOCKS {
            let mut named = Vec::new();
            if let Settles::With(flag) = spec.settles {
                assert!(spec.option(flag).is_some_and(|option| option.kind.is_flag()), "{}", spec.keyword);
            }
            if let Some(Carries { option, others, .. }) = spec.carries {
                named.push(option);
                named.extend(others);
            }
            for Requires { by, one_of } in spec.requires {
                named.extend(*by);
                named.extend(*one_of);
            }
            named.extend(spec.at_most.iter().flat_map(|AtMost { option, of, .. }| [*option, *of]));
            for option in spec.options {
                match option.kind {
                    Kind::Rate(other) | Kind::Handle(_, Some(other)) => named.push(other),
                    _ => {}
                }
            }
            for name in named {
                assert!(spec.option(name).is_some(), "`{}` has no `{name}`", spec.keyword);
            }
            for kind in [Kind::Name, Kind::Outputs, Kind::Piped] {
                let of_kind = spec.options.iter().filter(|option| option.kind == kind).count();
                assert!(of_kind <= 1, "`{}` has {of_kind} of {kind:?}", spec.keyword);
            }
            assert!(spec.without_head.is_none_or(|other| spec.head.is_some() && find(other).is_some()));
            assert!(spec.of_kind(Kind::Name).is_some(), "`{}` cannot be named", spec.keyword);
        }
    }

    #[test]
    fn a_keyword_is_one_row() {
        for spec in BLOCKS {
            assert!(find(spec.keyword).is_some_and(|found| std::ptr::eq(found, spec)), "{}", spec.keyword);
            let mut names = spec.names();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), spec.options.len(), "`{}` has an option twice", spec.keyword);
        }
    }

    /// An example is one that the reader takes.
    #[test]
    fn examples_are_values() {
        for spec in BLOCKS {
            for option in spec.options {
                let written = option.example().unwrap_or_else(|| option.name.to_owned()).replace('…', "x");
                let head = spec
                    .head
                    .and_then(|head| head.kind.example())
                    .map_or_else(String::new, |head| format!("{head}, ").replace('…', "x"));
                let body = if spec.body == Body::Arms { "_ => a" } else { "a" };
                let given = spec.carries.is_some_and(|carries| carries.option == option.name);
                let beside: Vec<String> = spec
                    .requires
                    .iter()
                    .filter(|Requires { by, one_of }| {
                        !given && !one_of.contains(&option.name) && by.is_none_or(|by| by == option.name)
                    })
                    .filter_map(|Requires { one_of, .. }| spec.option(one_of[0])?.example())
                    .collect();
                let of = spec.at_most.filter(|at_most| !given && at_most.option == option.name);
                let of = of.and_then(|at_most| spec.option(at_most.of)?.example());
                let written = [beside, of.into_iter().collect(), vec![written]].concat().join(", ");
                let text = format!("{}({head}{written}) < {body} >", spec.keyword);
                let mut parsed = crate::parse(text.parse().expect("tokens"));
                crate::validate(&mut parsed);
                assert!(parsed.errors.is_empty(), "{text}: {:?}", parsed.errors);
            }
        }
    }
}
