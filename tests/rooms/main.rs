//! The rooms of the sources: what each may name. docs/architecture.md has the rules, in the words of `rules`.
//!
//! Each rule has a doctored source beside it that breaks it, and is found to.

mod circles;
mod rules;
mod source;
mod tokens;

use std::path::PathBuf;
use std::sync::OnceLock;

use rules::{
    ALL, BLOCKS, BUS, CIRCLES, CORE, GRAMMAR, HIDDEN, NO_CIRCLES, OTHER_BLOCKS, UNSAFE, core, macros,
    no_circles, room, unsafe_code,
};
use source::{Crate, names};

/// What the core knows nothing of.
const MACROS: [&str; 6] = ["orch_macros", "orch_syntax", "async_orch", "syn", "quote", "proc_macro2"];
/// What the grammar knows nothing of.
const LIBRARY: [&str; 3] = ["orch_core", "orch_macros", "async_orch"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(name: &str) -> Crate {
    Crate::read(&root().join(name).join("src"))
}

fn manifest(name: &str) -> String {
    std::fs::read_to_string(root().join(name).join("Cargo.toml")).expect("a manifest")
}

/// The core with more in one of its files is found to break a rule, once and there.
#[track_caller]
fn breaks(file: &str, more: &str, rule: &str) {
    let sources = sources("orch-core");
    let line = if root().join("orch-core/src").join(file).exists() { sources.lines(file) } else { 0 };
    static BEFORE: OnceLock<Vec<String>> = OnceLock::new();
    let before = BEFORE.get_or_init(|| core(&sources));
    let mut found = core(&sources.with(file, more));
    found.retain(|line| !before.contains(line));
    let broken: Vec<&String> = found.iter().filter(|line| line.contains(rule)).collect();
    let mut places = (line + 1..=line + more.lines().count()).map(|line| format!("{file}:{line}"));
    assert!(broken.len() == 1 && places.any(|at| broken[0].contains(&at)), "{found:#?}");
    // What is named may name the file in turn, which is a circle. That is all.
    let rules = [rule, CIRCLES, NO_CIRCLES];
    assert!(found.iter().all(|line| rules.iter().any(|rule| line.contains(rule))), "{found:#?}");
}

#[test]
fn every_room_keeps_to_what_it_may_name() {
    let files = sources("orch-core").map().sources.len();
    assert!(files > 80, "are these the sources? {files} files");
    assert_eq!(core(&sources("orch-core")), [""; 0]);
    assert_eq!(macros(&sources("orch-core"), &manifest("orch-core"), &MACROS, CORE), [""; 0]);
}

#[test]
fn the_macros_and_their_grammar_keep_to_what_they_may_name() {
    assert_eq!(macros(&sources("orch-syntax"), &manifest("orch-syntax"), &LIBRARY, GRAMMAR), [""; 0]);
    assert_eq!(macros(&sources("orch-macros"), &manifest("orch-macros"), &["orch_core"], CORE), [""; 0]);
    for name in ["orch-syntax", "orch-macros"] {
        assert_eq!(no_circles(&sources(name)), [""; 0]);
        assert_eq!(unsafe_code(&sources(name)), [""; 0]);
    }
}

/// The page says what is tested, and has a row for each room.
#[test]
fn the_page_has_every_rule_and_every_room() {
    let page = std::fs::read_to_string(root().join("docs/architecture.md")).expect("the page");
    let text = page.split_whitespace().collect::<Vec<_>>().join(" ");
    for rule in ALL {
        assert!(
            text.contains(&rule.split_whitespace().collect::<Vec<_>>().join(" ")),
            "the page lacks: {rule}"
        );
    }
    let map = sources("orch-core").map();
    let rooms: std::collections::BTreeSet<String> = map.sources.keys().map(|file| room(file)).collect();
    let no_room = |room: &&String| {
        let top = room.split('/').next().unwrap_or_default();
        !["lib", "blocks"].contains(&top)
    };
    for room in rooms.iter().filter(no_room) {
        let is_row = |line: &&str| line.starts_with('|') && line.contains(&format!("`{room}`"));
        assert!(page.lines().any(|line| is_row(&line)), "the page has no row for the room `{room}`");
    }
}

// ----- each rule is broken by something -----

#[test]
fn a_room_that_names_a_block_is_found() {
    breaks("runtime.rs", "use crate::blocks::circuit::CircuitState;\n", BLOCKS);
    breaks("event/task.rs", "use crate::blocks::retry::Retrying;\n", BLOCKS);
    breaks("error/kind.rs", "fn f(_: crate::blocks::circuit::Breaker) {}\n", BLOCKS);
    breaks("build/items.rs", "use crate::{blocks::{each::{self}}, node::Meta};\n", BLOCKS);
    breaks("run/step.rs", "mod inner {\n    use super::super::super::blocks::par::par;\n}\n", BLOCKS);
}

#[test]
fn a_block_that_names_another_is_found() {
    breaks("blocks/race/policy.rs", "use crate::blocks::par::Options;\n", OTHER_BLOCKS);
    breaks("blocks/settle/future.rs", "use super::super::catch::Catch;\n", OTHER_BLOCKS);
    breaks("blocks/peers/order.rs", "use crate::blocks::each::Each as E;\n", OTHER_BLOCKS);
    breaks("blocks/brand_new/mod.rs", "pub use crate::blocks::retry::Attempts;\n", OTHER_BLOCKS);
}

#[test]
fn a_bus_that_names_more_than_events_is_found() {
    breaks("bus/log.rs", "use crate::runtime::Local;\n", BUS);
    breaks("bus/recorder.rs", "use crate::run::RunState;\n", BUS);
    breaks("bus/base.rs", "use crate::pipeline::Run;\n", BUS);
}

#[test]
fn what_is_built_with_is_hidden() {
    breaks("lib.rs", "pub use build::plan::Plan;\n", HIDDEN);
    breaks("lib.rs", "pub mod build;\n", HIDDEN);
    breaks("lib.rs", "pub mod shown {\n    pub use crate::build::scope::Names;\n}\n", HIDDEN);
    // The same is right in a hidden module, whatever that is called.
    let hidden = "#[doc(hidden)]\npub mod other {\n    pub use crate::build::scope::Names;\n}\n";
    assert_eq!(core(&sources("orch-core").with("lib.rs", hidden)), [""; 0]);
}

#[test]
fn unsafe_code_elsewhere_is_found() {
    breaks("run/full.rs", "fn f() { unsafe { g() } }\n", UNSAFE);
    let found = unsafe_code(&sources("orch-syntax").with("ast.rs", "unsafe fn f() {}"));
    assert!(found.len() == 1 && found[0].contains(UNSAFE), "{found:#?}");
}

#[test]
fn a_crate_that_names_another_is_found() {
    let found = |name: &str, file: &str, more: &str, words: &[&str]| {
        macros(&sources(name).with(file, more), "", words, CORE).len()
    };
    assert_eq!(found("orch-syntax", "ast.rs", "use orch_core::Run;\n", &LIBRARY), 1);
    assert_eq!(found("orch-macros", "errors.rs", "fn f(_: ::orch_core::Graph) {}\n", &["orch_core"]), 1);
    assert_eq!(found("orch-core", "graph.rs", "use syn::Ident;\n", &MACROS), 1);
    let manifest =
        "[package]\nname = \"orch-syntax\"\n[dependencies]\norch-core.workspace = true\n[dev-dependencies]\n";
    assert_eq!(macros(&Crate::default(), manifest, &LIBRARY, GRAMMAR).len(), 1);
}

/// Each circle that was undone, made again.
#[test]
fn a_circle_between_rooms_is_found() {
    breaks("node.rs", "use crate::build::scope::Scope;\n", NO_CIRCLES);
    breaks("pipeline.rs", "use crate::boxed::erase;\n", CIRCLES);
    breaks("build/feed.rs", "use crate::build::builder::Builder;\n", NO_CIRCLES);
    breaks("build/feed.rs", "use super::check::Check;\n", NO_CIRCLES);
    breaks("build/check.rs", "use crate::build::builder::Builder;\n", NO_CIRCLES);
    let found = core(&sources("orch-core").with("event/entry.rs", "use crate::bus::Bus;\n"));
    assert!(found.len() == 1 && found[0].contains(CIRCLES), "{found:#?}");
    let ast = "use super::signature::Signature;\n";
    let back = "use super::ast::declaration;\n";
    let doctored = sources("orch-macros").with("task/ast.rs", ast).with("task/signature.rs", back);
    let found = no_circles(&doctored);
    assert!(
        found.len() == 1 && found[0].contains("task/ast.rs:") && found[0].contains("task/signature.rs:"),
        "{found:#?}"
    );
}

// ----- the reader -----

#[test]
fn paths_are_read_from_code_alone() {
    let text = "use crate::a::{b, c as d, e::{self, f}};\n// use crate::comment;\nfn g() -> super::h::I { \"crate::text\" }\n\
                impl X { fn j(&self) -> impl Sized + use<'_> { r#\"crate::raw\"#; '\"'; crate::k::l::<u8>() } }\n";
    let wanted = ["1: a::b", "1: a::c", "1: a::e", "1: a::e::f", "3: m::h::I", "4: k::l"];
    assert_eq!(names("m/n.rs", text), wanted);
}

#[test]
fn tests_are_left_out() {
    let text = "#[cfg(test)]\nuse crate::a::{b, c};\n#[cfg(test)]\nmod tests { use crate::d; }\n\
                #[cfg(all(test, x))]\npub(crate) fn e() -> crate::f { crate::g }\n#[cfg(feature = \"x\")]\nuse crate::h;\n";
    assert_eq!(names("lib.rs", text), ["8: h"]);
    let with_files = Crate::default()
        .with("lib.rs", "mod a;\nmod blocks;\n")
        .with("a/mod.rs", "#[cfg(test)]\nmod tests;\n")
        .with("a/tests.rs", "use crate::blocks::b::B;\n")
        .with("a/tests/more.rs", "use crate::blocks::b::B;\n")
        .with("blocks/b.rs", "");
    assert_eq!(core(&with_files), [""; 0]);
    assert_eq!(core(&with_files.with("a/other.rs", "use crate::blocks::b::B;\n")).len(), 1);
}

#[test]
fn doors_lead_to_what_is_behind_them() {
    let sources = Crate::default()
        .with("lib.rs", "")
        .with("a/mod.rs", "mod x;\npub(crate) use x::X as Y;\n")
        .with("a/x.rs", "use crate::b::Z;\n")
        .with("b.rs", "use crate::a::Y;\n");
    let found = core(&sources);
    assert!(
        found.len() == 1 && found[0].starts_with("a/x.rs:1 names `b::Z`, b.rs:1 names `a::Y`"),
        "{found:#?}"
    );
}
