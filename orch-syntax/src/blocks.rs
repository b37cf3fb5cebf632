//! The table of blocks: all that is known of a block besides what it does when it runs.
//!
//! A block is one row here and one folder of the same name in `orch-core`. What reads, checks, expands, draws or describes
//! blocks asks the row; a keyword or the name of an option stands nowhere else. The expansion of every block has the same
//! form: `__private::KEYWORD::KEYWORD(token, node, KEYWORD::Options { … }, usage, body)`, with one field for each option of
//! the row; an option not given is `KEYWORD::default::OPTION()`.

/// What is known of a block: its row.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Spec {
    /// The word that opens the block.
    pub keyword: &'static str,
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
    /// An option that brings others with it: its name, theirs, and where they are set instead.
    pub carries: Option<Carries>,
    /// Whether it does something about a failure of its body, which is then to be able to fail.
    pub minds_failures: bool,
    /// Whether it gives a failure as a value: always, or with a flag of that name.
    pub settles: Settles,
    /// Reserved words are blocks that the language has and this version does not.
    pub available: bool,
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
}

/// One option of a block.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct OptionSpec {
    /// As it is written.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
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
    /// A literal with a unit or an expression of type `Duration`; a bare number is an error.
    Duration,
    /// As `Duration`, but a zero makes no sense; a literal zero is an error.
    Period,
    /// `constant(d)`, `exponential(base)`, `exponential(base, factor)`, `fibonacci(base)` or an expression.
    Backoff,
    /// `full`, `equal`, `none` or an expression.
    Jitter,
    /// A closure over a reference to the error, whose parameter needs no type, that says yes or no.
    Predicate,
    /// A closure over a reference to the error that gives the wait that this asks for, an `Option<Duration>`.
    Asked,
    /// Any expression.
    Expr,
}

impl Kind {
    /// Whether the option is written as its name alone.
    #[must_use]
    pub fn is_flag(self) -> bool {
        matches!(self, Kind::Flag | Kind::Outputs)
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
            Kind::CountOrUnlimited => UNLIMITED,
            Kind::Backoff => BACKOFFS,
            Kind::Jitter => JITTERS,
            _ => &[],
        }
    }

    /// A value as one might write it; `None` for a flag.
    #[must_use]
    pub fn example(self) -> Option<&'static str> {
        Some(match self {
            Kind::Flag | Kind::Outputs => return None,
            Kind::Name => "\"…\"",
            Kind::Count | Kind::CountOrUnlimited | Kind::Several => "3",
            Kind::Duration | Kind::Period => "10s",
            Kind::Backoff => "exponential(100ms)",
            Kind::Jitter => "full",
            Kind::Predicate | Kind::Asked => "|e| …",
            Kind::Expr => "…",
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
    OptionSpec { name, kind }
}

const NAME: OptionSpec = option("name", Kind::Name);

/// What most rows have in common.
const BLOCK: Spec = Spec {
    keyword: "",
    head: None,
    without_head: None,
    options: &[NAME],
    body: Body::Single,
    form: Form::Row,
    needs: Needs::Nothing,
    carries: None,
    minds_failures: false,
    settles: Settles::Never,
    available: true,
};

const fn reserved(keyword: &'static str) -> Spec {
    Spec { keyword, available: false, ..BLOCK }
}

/// Every keyword of the language, the reserved ones last.
pub static BLOCKS: &[Spec] = &[
    Spec {
        keyword: "seq",
        options: &[option("collect", Kind::Outputs), NAME],
        body: Body::Sequence,
        ..BLOCK
    },
    Spec {
        keyword: "par",
        options: &[option("limit", Kind::Count), option("settle", Kind::Flag), NAME],
        body: Body::Peers(Join::Tuple),
        form: Form::Peers,
        settles: Settles::With("settle"),
        ..BLOCK
    },
    Spec {
        keyword: "each",
        options: &[option("limit", Kind::Count), option("settle", Kind::Flag), NAME],
        needs: Needs::Items,
        settles: Settles::With("settle"),
        ..BLOCK
    },
    Spec { keyword: "race", body: Body::Peers(Join::One), form: Form::Peers, minds_failures: true, ..BLOCK },
    Spec {
        keyword: "fallback",
        options: &[option("when", Kind::Predicate), NAME],
        body: Body::Alternatives,
        form: Form::Alternatives,
        minds_failures: true,
        ..BLOCK
    },
    Spec {
        keyword: "circuit",
        options: &[
            option("fail_max", Kind::Count),
            option("reset_timeout", Kind::Period),
            option("probes", Kind::Count),
            option("wait", Kind::Flag),
            option("ignore", Kind::Predicate),
            option("breaker", Kind::Expr),
            NAME,
        ],
        carries: Some(Carries {
            option: "breaker",
            others: &["fail_max", "reset_timeout", "probes", "wait"],
            belong: "the shared breaker; set it where the `Breaker` is built",
        }),
        minds_failures: true,
        ..BLOCK
    },
    Spec {
        keyword: "retry",
        options: &[
            option("max_attempts", Kind::CountOrUnlimited),
            option("max_elapsed", Kind::Period),
            option("backoff", Kind::Backoff),
            option("max_delay", Kind::Duration),
            option("jitter", Kind::Jitter),
            option("retry_after", Kind::Asked),
            option("rejections", Kind::Flag),
            option("when", Kind::Predicate),
            option("budget", Kind::Expr),
            NAME,
        ],
        needs: Needs::Duplicate,
        minds_failures: true,
        ..BLOCK
    },
    Spec {
        keyword: "hedge",
        head: Some(option("delay", Kind::Period)),
        without_head: Some("race"),
        options: &[option("max_attempts", Kind::Several), NAME],
        needs: Needs::Duplicate,
        minds_failures: true,
        ..BLOCK
    },
    Spec { keyword: "timeout", head: Some(option("duration", Kind::Period)), ..BLOCK },
    Spec { keyword: "catch", ..BLOCK },
    Spec { keyword: "settle", settles: Settles::Always, ..BLOCK },
    reserved("bulkhead"),
    reserved("throttle"),
    reserved("when"),
    reserved("choose"),
    Spec {
        keyword: "repeat",
        options: &[
            option("max_rounds", Kind::Count),
            option("backoff", Kind::Backoff),
            option("max_delay", Kind::Duration),
            option("jitter", Kind::Jitter),
            NAME,
        ],
        needs: Needs::Rounds,
        ..BLOCK
    },
    reserved("saga"),
    reserved("with"),
];

/// The keywords of all blocks, or of those that this version has.
#[must_use]
pub fn keywords(reserved: bool) -> Vec<&'static str> {
    BLOCKS.iter().filter(|spec| reserved || spec.available).map(|spec| spec.keyword).collect()
}

/// The block that a keyword opens, reserved or not.
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
            for name in named {
                assert!(spec.option(name).is_some(), "`{}` has no `{name}`", spec.keyword);
            }
            for kind in [Kind::Name, Kind::Outputs] {
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
        for spec in BLOCKS.iter().filter(|spec| spec.available) {
            for option in spec.options {
                let written = option.example().unwrap_or_else(|| option.name.to_owned()).replace('…', "x");
                let head = spec
                    .head
                    .and_then(|head| head.kind.example())
                    .map_or_else(String::new, |head| format!("{head}, "));
                let text = format!("{}({head}{written}) < a >", spec.keyword);
                let mut parsed = crate::parse(text.parse().expect("tokens"));
                crate::validate(&mut parsed);
                assert!(parsed.errors.is_empty(), "{text}: {:?}", parsed.errors);
            }
        }
    }
}
