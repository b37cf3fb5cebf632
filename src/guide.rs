//! The guide as doc tests: every Rust block of these pages is compiled and run.

macro_rules! pages {
    ($($name:ident = $path:literal),* $(,)?) => {$(
        #[doc = include_str!($path)]
        mod $name {}
    )*};
}

pages! {
    language = "../docs/language.md",
    semantics = "../docs/semantics.md",
    events = "../docs/events.md",
    testing = "../docs/testing.md",
    from_python = "../docs/from-python.md",
    architecture = "../docs/architecture.md",
    errors = "../docs/errors.md",
    performance = "../docs/performance.md",
}
