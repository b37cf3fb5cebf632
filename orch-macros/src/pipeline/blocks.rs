//! The table of blocks: all that the macro knows of a block besides its body.
//!
//! A block is one row here and one folder of the same name in `orch-core`. The expansion of every block has
//! the same form: `__private::KEYWORD::KEYWORD(token, node, KEYWORD::Options { … }, usage, body)`, with one
//! field for each option of the row; an option not given is `KEYWORD::default::OPTION()`.

/// What the macro knows of a block.
pub(crate) struct Spec {
    pub(crate) keyword: &'static str,
    /// The leading expression in the parentheses, if the block has one: its field in `Options` and kind.
    pub(crate) head: Option<OptionSpec>,
    pub(crate) options: &'static [OptionSpec],
    pub(crate) body: Body,
    /// What the block asks of the piped value, so that the error is at its keyword and is the only one.
    pub(crate) needs: Needs,
    /// An option that brings others with it: its name, theirs, and where they are set instead.
    pub(crate) carries: Option<Carries>,
    /// Whether it does something about a failure of its body, which is then to be able to fail.
    pub(crate) minds_failures: bool,
    /// Whether it gives a failure as a value: always, or with a flag of that name.
    pub(crate) settles: Settles,
    /// Reserved words are blocks that the language has and this version does not.
    pub(crate) available: bool,
}

impl Spec {
    pub(crate) fn option(&self, name: &str) -> Option<&'static OptionSpec> {
        self.options.iter().find(|option| option.name == name)
    }

    /// The names of its options.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.options.iter().map(|option| option.name).collect()
    }
}

/// How the steps of a body belong together.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    /// `seq`: the block is the sequence.
    Sequence,
    /// Several steps are an implicit sequence inside the block.
    Single,
    /// Steps that run beside each other.
    Peers(Join),
}

/// What becomes of the outputs of peers.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Join {
    /// A tuple of them all.
    Tuple,
    /// One of them, so that all have one type.
    One,
}

/// An option that brings others with it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Carries {
    pub(crate) option: &'static str,
    pub(crate) others: &'static [&'static str],
    /// What the others belong to, and where they are set.
    pub(crate) belong: &'static str,
}

/// Whether a block gives failures as values.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settles {
    Never,
    Always,
    /// With the flag of this name.
    With(&'static str),
}

/// What a block asks of the piped value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    /// It runs its body more than once, each time with a clone if the body uses the value.
    Duplicate,
    /// It runs its body once per item.
    Items,
}

/// One option of a block.
#[derive(Clone, Copy)]
pub(crate) struct OptionSpec {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

/// What an option takes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A bare word: there or not there.
    Flag,
    /// A string literal that names the block.
    Name,
    /// A whole number of at least one; a literal zero is an error.
    Count,
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
    /// A closure over a reference to the error, whose parameter needs no type.
    Predicate,
    /// Any expression.
    Expr,
}

const fn option(name: &'static str, kind: Kind) -> OptionSpec {
    OptionSpec { name, kind }
}

const NAME: OptionSpec = option("name", Kind::Name);

/// What most rows have in common.
const BLOCK: Spec = Spec {
    keyword: "",
    head: None,
    options: &[NAME],
    body: Body::Single,
    needs: Needs::Nothing,
    carries: None,
    minds_failures: false,
    settles: Settles::Never,
    available: true,
};

const fn reserved(keyword: &'static str) -> Spec {
    Spec { keyword, available: false, ..BLOCK }
}

/// Every keyword of the language.
pub(crate) static BLOCKS: &[Spec] = &[
    Spec { keyword: "seq", options: &[option("collect", Kind::Flag), NAME], body: Body::Sequence, ..BLOCK },
    Spec {
        keyword: "par",
        options: &[option("limit", Kind::Count), option("settle", Kind::Flag), NAME],
        body: Body::Peers(Join::Tuple),
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
    Spec { keyword: "race", body: Body::Peers(Join::One), minds_failures: true, ..BLOCK },
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
            option("backoff", Kind::Backoff),
            option("max_delay", Kind::Duration),
            option("jitter", Kind::Jitter),
            option("rejections", Kind::Flag),
            option("when", Kind::Predicate),
            NAME,
        ],
        needs: Needs::Duplicate,
        minds_failures: true,
        ..BLOCK
    },
    Spec { keyword: "timeout", head: Some(option("duration", Kind::Period)), ..BLOCK },
    Spec { keyword: "catch", ..BLOCK },
    Spec { keyword: "settle", settles: Settles::Always, ..BLOCK },
    reserved("fallback"),
    reserved("hedge"),
    reserved("bulkhead"),
    reserved("throttle"),
    reserved("when"),
    reserved("choose"),
    reserved("repeat"),
    reserved("saga"),
    reserved("with"),
];

/// The keywords of all blocks, or of those that this version has.
pub(crate) fn keywords(reserved: bool) -> Vec<&'static str> {
    BLOCKS.iter().filter(|spec| reserved || spec.available).map(|spec| spec.keyword).collect()
}

/// The block that a keyword opens.
pub(crate) fn find(keyword: &str) -> Option<&'static Spec> {
    BLOCKS.iter().find(|spec| spec.keyword == keyword)
}
