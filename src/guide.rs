//! The pages of the folder `docs`: the language, what is guaranteed, and what to write when.
//!
//! To write pipelines, read [the language](language) once, or begin with the nearest recipe of [the cookbook](cookbook); look up [the semantics](semantics) when it matters, and
//! [the errors](errors) when the compiler says something.

// Here they are read by rustdoc, which compiles and runs every Rust block of them, and there by whoever browses the
// repository. Their links are reference links to the file, and lead to the file there. Here `links.md` stands before the
// page, and of several definitions of a link the first one counts.
macro_rules! pages {
    ($($name:ident = $path:literal),* $(,)?) => {$(
        #[doc = include_str!("links.md")]
        #[doc = include_str!($path)]
        pub mod $name {}
    )*};
}

pages! {
    language = "../docs/language.md",
    cookbook = "../docs/cookbook.md",
    semantics = "../docs/semantics.md",
    durable = "../docs/durable.md",
    resilience = "../docs/resilience.md",
    events = "../docs/events.md",
    report = "../docs/report.md",
    testing = "../docs/testing.md",
    watching = "../docs/watching.md",
    tooling = "../docs/tooling.md",
    from_python = "../docs/from-python.md",
    architecture = "../docs/architecture.md",
    errors = "../docs/errors.md",
    diagnostics = "../docs/diagnostics.md",
    performance = "../docs/performance.md",
}

/// A pipeline with its picture in its documentation, as any crate may have one.
pub mod picture;
