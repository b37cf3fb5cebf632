//! What the rooms may not name. Each rule is a sentence of docs/architecture.md, word for word.

use crate::circles::{Edges, shortest};
use crate::source::{Crate, Map};

pub(crate) const BLOCKS: &str = "Nothing but `lib.rs` names a block, except that `runtime.rs` names the handles which it shows to a runtime.";
pub(crate) const OTHER_BLOCKS: &str = "A block names no other block: what two of them need is in `blocks/peers/`, `blocks/gatekeepers/` or `blocks/backoff/`.";
pub(crate) const BUS: &str =
    "`bus/` names `event`, `error`, `graph`, `node` and `panics`, and nothing of a run.";
pub(crate) const HIDDEN: &str =
    "Nothing outside of the core can name `build/`, but through the hidden module.";
pub(crate) const GRAMMAR: &str = "`orch-syntax` knows neither the core nor the macros.";
pub(crate) const CORE: &str =
    "The core knows neither the macros nor their grammar, and the macros do not know the core.";
pub(crate) const UNSAFE: &str = "`unsafe` stands in `wake/` alone.";
pub(crate) const CIRCLES: &str = "No files of different rooms stand in a circle, but for those of the run: `context`, \
                                  `pipeline`, `run`, `runtime` and `task`.";
pub(crate) const NO_CIRCLES: &str =
    "In `build/`, `orch-macros` and `orch-syntax` no files stand in a circle.";

pub(crate) const ALL: [&str; 9] =
    [BLOCKS, OTHER_BLOCKS, BUS, HIDDEN, GRAMMAR, CORE, UNSAFE, CIRCLES, NO_CIRCLES];

/// The rooms that are one run: each is of no use without the others.
const RUN: [&str; 5] = ["context", "pipeline", "run", "runtime", "task"];

/// What blocks share.
const SHARED: [&str; 6] = [
    "blocks/backoff",
    "blocks/peers",
    "blocks/gatekeepers",
    "blocks/shell",
    "blocks/values",
    "blocks/written",
];

/// `build` of `build/feed.rs`, `blocks/par` of `blocks/par/mod.rs`, `node` of `node.rs`.
pub(crate) fn room(file: &str) -> String {
    let mut parts: Vec<&str> = file.trim_end_matches(".rs").split('/').collect();
    if parts.last() == Some(&"mod") {
        parts.pop();
    }
    let depth = if parts[0] == "blocks" { 2 } else { 1 };
    parts[..depth.min(parts.len())].join("/")
}

/// What a room names of a block after all, and is left out of circles.
fn is_shown(file: &str, path: &str) -> bool {
    file == "runtime.rs"
        && [
            "blocks::bulkhead::Bulkhead",
            "blocks::circuit::Breaker",
            "blocks::retry::RetryBudget",
            "blocks::throttle::Limiter",
        ]
        .contains(&path)
}

fn broken(at: &str, what: &str, rule: &str, instead: &str) -> String {
    format!("{at}: {what}. {rule} {instead}")
}

/// What the rooms of the core name that they may not.
pub(crate) fn core(sources: &Crate) -> Vec<String> {
    let map = sources.map();
    let mut found = Vec::new();
    for file in map.sources.keys() {
        let here = room(file);
        for target in map.targets(file) {
            let there = room(&target.file);
            let at = format!("{file}:{}", target.line);
            let names = format!("names `{}`", target.path);
            let in_block = there.starts_with("blocks/") && !SHARED.contains(&there.as_str());
            let may = ["lib", "blocks"].contains(&here.as_str()) || is_shown(file, &target.path);
            if in_block && here != there && !may {
                found.push(if here.starts_with("blocks/") {
                    broken(&at, &names, OTHER_BLOCKS, "Move what both need there.")
                } else {
                    broken(
                        &at,
                        &names,
                        BLOCKS,
                        "Let the room have a trait or a value that the block brings, as `Told` is for events.",
                    )
                });
            }
            let of_bus = ["bus", "event", "error", "graph", "node", "panics"];
            if here == "bus" && !of_bus.contains(&there.as_str()) {
                found.push(broken(&at, &names, BUS, "What a bus needs to know is in the event."));
            }
            if here == "lib" && there == "build" && !target.is_hidden {
                found.push(broken(
                    &at,
                    &names,
                    HIDDEN,
                    "Move the line into the module with `#[doc(hidden)]`.",
                ));
            }
        }
    }
    let root = map.sources.get("lib.rs").map_or(&[][..], |source| &source.words);
    for words in root.windows(3) {
        if let [(line, public), (_, module), (_, name)] = words
            && [public, module, name] == ["pub", "mod", "build"]
        {
            found.push(broken(&format!("lib.rs:{line}"), "`pub mod build`", HIDDEN, "Leave it private."));
        }
    }
    found.extend(unsafe_code(sources));
    found.extend(between_rooms(&map));
    found
}

/// `unsafe` outside of its room. (`Token![unsafe]` is none.)
pub(crate) fn unsafe_code(sources: &Crate) -> Vec<String> {
    let mut found = Vec::new();
    for (file, source) in sources.map().sources.iter().filter(|(file, _)| room(file) != "wake") {
        for pair in source.words.windows(2) {
            let [(line, word), (_, next)] = pair else { continue };
            if word == "unsafe" && ["{", "fn", "impl", "trait", "extern"].contains(&next.as_str()) {
                let at = format!("{file}:{line}");
                found.push(broken(&at, "`unsafe`", UNSAFE, "Give `wake/` a safe type for it."));
            }
        }
    }
    found
}

/// What each file names, with the place, without what it only hands on.
fn edges(map: &Map) -> Edges {
    let files = map.sources.keys().filter(|file| *file != "lib.rs");
    let named = |file: &String| {
        let targets = map.targets(file).into_iter();
        let named = targets.filter(|target| !target.is_door && target.file != "lib.rs");
        let named = named.filter(|target| !is_shown(file, &target.path));
        // The first place, of several.
        named
            .rev()
            .map(|target| (target.file, format!("{file}:{} names `{}`", target.line, target.path)))
            .collect()
    };
    files.map(|file| (file.clone(), named(file))).collect()
}

/// Circles of the core, but for those in one room, and those that are one run.
fn between_rooms(map: &Map) -> Vec<String> {
    let edges = edges(map);
    let is_run = |file: &str| RUN.contains(&room(file).as_str());
    let built = |from: &str, to: &str| room(from) == "build" || room(to) == "build";
    let crosses = |from: &str, to: &str| room(from) != room(to) && !(is_run(from) && is_run(to));
    let built = shortest(&edges, &built).map(|circle| around(&circle, NO_CIRCLES));
    let crossing = shortest(&edges, &crosses).map(|circle| around(&circle, CIRCLES));
    built.or(crossing).into_iter().collect()
}

fn around(lines: &[String], rule: &str) -> String {
    let instead = "Move an item that closes it to the file that is named, or into one of its own.";
    broken(&lines.join(", "), "a circle", rule, instead)
}

/// What a crate of the macros names that it may not: `words` begin the paths of the crates that it knows nothing of.
pub(crate) fn macros(sources: &Crate, manifest: &str, words: &[&str], rule: &str) -> Vec<String> {
    let map = sources.map();
    let mut found = Vec::new();
    for (file, source) in &map.sources {
        let named = source.words.iter().filter(|(_, word)| words.contains(&word.as_str()));
        found.extend(named.map(|(line, word)| {
            broken(&format!("{file}:{line}"), &format!("names `{word}`"), rule, "Hand what it needs over.")
        }));
    }
    let dependencies = manifest.split("\n[").find(|section| section.starts_with("dependencies]"));
    for line in dependencies.unwrap_or_default().lines() {
        let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
        if words.contains(&name.replace('-', "_").as_str()) {
            found.push(broken(
                "Cargo.toml",
                &format!("depends on `{name}`"),
                rule,
                "Hand what it needs over.",
            ));
        }
    }
    found
}

/// A circle of a crate that has none.
pub(crate) fn no_circles(sources: &Crate) -> Vec<String> {
    let circle = shortest(&edges(&sources.map()), &|_, _| true);
    circle.map(|circle| around(&circle, NO_CIRCLES)).into_iter().collect()
}
