//! Small crates, doctored, as rustdoc describes them.

use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use crate::diff;
use crate::surface::Surface;
use crate::text::render;

/// A crate with one of each: a name at two paths, an inner trait that shows, and a hidden module for macros.
const PLAIN: &str = "
    #![no_std]
    pub trait Run { fn run(&self) -> u32; }
    pub struct Pipeline { pub limit: u32, inner: u32 }
    impl Pipeline { pub fn limit(&self) -> u32 { self.inner } }
    impl Run for Pipeline { fn run(&self) -> u32 { self.inner } }
    impl Run for u32 { fn run(&self) -> u32 { *self } }
    impl Clone for Pipeline { fn clone(&self) -> Self { Pipeline { ..*self } } }
    #[derive(Debug)]
    pub enum Kind { Task, Block(u32) }
    pub mod bus { pub use crate::Kind; }
    pub fn run() -> u32 { 1 }
    #[doc(hidden)]
    pub mod __private_0_1_0 { pub fn begin() {} }
";

/// Another crate, which some of them use.
const OTHER: &str = "#![no_std] pub mod inner { pub struct Thing; } pub trait Trait {} pub use inner::Thing;";

static PLAIN_SURFACE: LazyLock<Surface> = LazyLock::new(|| surface(PLAIN));

/// The surface of a crate with this text.
fn surface(text: &str) -> Surface {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("sample.rs"), text).unwrap();
    std::fs::write(folder.path().join("other.rs"), OTHER).unwrap();
    let mut json = vec!["sample.rs", "-Z", "unstable-options", "--output-format", "json"];
    if text.contains("other::") {
        run(folder.path(), "rustc", &["other.rs", "--crate-type", "lib", "--emit", "metadata"]);
        json.extend(["--extern", "other=libother.rmeta"]);
    }
    run(folder.path(), "rustdoc", &[&json[..], &["-o", "shown"]].concat());
    run(folder.path(), "rustdoc", &[&json[..], &["-o", "hidden", "--document-hidden-items"]].concat());
    let file = |kind: &str| folder.path().join(kind).join("sample.json");
    Surface::of(&file("shown"), &file("hidden")).unwrap()
}

fn run(folder: &Path, program: &str, arguments: &[&str]) {
    let mut command = Command::new(program);
    command.args(arguments).args(["--edition", "2024", "--cap-lints", "allow"]);
    let done = command.env("RUSTC_BOOTSTRAP", "1").current_dir(folder).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// What is found when the crate is no longer [`PLAIN`], but has `old` replaced.
fn changed(old: &str, new: &str) -> String {
    assert!(PLAIN.contains(old), "{old}");
    let new = surface(&PLAIN.replace(old, new));
    diff::lines(&render("sample", &PLAIN_SURFACE, None), &render("sample", &new, None)).unwrap_or_default()
}

#[test]
fn a_surface_is_listed_for_readers() {
    let text = render("sample", &PLAIN_SURFACE, Some(9));
    let (_, listed) = text.split_once("## ").unwrap();
    assert_eq!(
        listed,
        "6 names, of at most 9

pub enum sample::Kind
    pub sample::Kind::Block(u32)
    pub sample::Kind::Task
pub struct sample::Pipeline
    pub sample::Pipeline::limit: u32
    impl sample::Pipeline
        pub fn sample::Pipeline::limit(&self) -> u32
    impl core::clone::Clone for sample::Pipeline
    impl sample::Run for sample::Pipeline
pub trait sample::Run
    pub fn sample::Run::run(&self) -> u32
    impl sample::Run for u32
pub mod sample::bus
pub fn sample::run() -> u32
pub use sample::Kind as sample::bus::Kind

## Hidden names, besides those that the macros name

none

## Inner types and traits that show, and have no name

none

## Types and traits of other crates

none

## Types and traits of other crates that only hidden items have

none
"
    );
}

#[test]
fn nothing_is_found_where_nothing_has_changed() {
    assert_eq!(changed("pub struct Pipeline", "/// Documented.\n pub struct Pipeline"), "");
    assert_eq!(changed("inner: u32 }", "inner: u32 } struct Inner; pub(crate) fn inner() {}"), "");
    assert_eq!(changed("pub fn begin() {}", "pub fn begin() {} pub fn end() {}"), "");
}

#[test]
fn an_added_name_is_found() {
    let found = changed("pub fn run()", "pub const LIMIT: usize = 1; pub fn run()");
    assert_eq!(found, "- ## 6 names\n+ ## 7 names\n+ pub const sample::LIMIT: usize\n");
}

#[test]
fn what_an_added_name_has_stands_under_it() {
    let found = changed("pub fn run()", "pub struct Poll { pub times: u32 } pub fn run()");
    let wanted = "+ pub struct sample::Poll\n+     pub sample::Poll::times: u32\n";
    assert!(found.ends_with(wanted), "{found}");
}

#[test]
fn a_removed_name_is_found() {
    let found = changed("pub fn run()", "fn run()");
    assert_eq!(found, "- ## 6 names\n+ ## 5 names\n- pub fn sample::run() -> u32\n");
}

#[test]
fn a_changed_member_is_found_under_its_name() {
    let found = changed("Block(u32)", "Block(u64)");
    assert_eq!(
        found,
        "  pub enum sample::Kind\n-     pub sample::Kind::Block(u32)\n+     pub sample::Kind::Block(u64)\n"
    );
    let found = changed("impl Clone for Pipeline", "#[cfg(any())] impl Clone for Pipeline");
    assert_eq!(found, "  pub struct sample::Pipeline\n-     impl core::clone::Clone for sample::Pipeline\n");
}

#[test]
fn a_type_of_another_crate_is_found() {
    let section = |found: &str| {
        let of_all = found.contains("  ## Types and traits of other crates");
        of_all && found.ends_with("- none\n+ other::inner::Thing\n")
    };
    // In a signature, in a field, in the arguments of another type, and as a name of one's own.
    for (old, new) in [
        ("pub fn run() -> u32 { 1 }", "pub fn run() -> other::Thing { other::Thing }"),
        ("pub limit: u32", "pub limit: Option<[other::Thing; 2]>"),
        ("pub fn begin() {}", "pub fn begin(_: &other::Thing) {}"),
        ("pub fn run()", "pub use other::Thing; pub fn run()"),
    ] {
        let found = changed(old, new);
        assert!(section(&found), "{new}: {found}");
    }
    let found = changed("pub fn run()", "impl other::Trait for Kind {} pub fn run()");
    assert!(found.ends_with("- none\n+ other::Trait\n"), "{found}");
}

#[test]
fn an_inner_type_that_shows_is_found() {
    let found = changed(
        "pub fn run() -> u32 { 1 }",
        "mod meta { pub struct Meta; } pub fn run() -> meta::Meta { meta::Meta }",
    );
    assert!(found.ends_with("- none\n+ sample::meta::Meta\n"), "{found}");
    // Nor does it help to hide it.
    let hidden = "mod meta { #[doc(hidden)] pub trait Meta {} } pub fn run<M: meta::Meta>() -> u32 { 1 }";
    let found = changed("pub fn run() -> u32 { 1 }", hidden);
    assert!(found.ends_with("- none\n+ meta::Meta\n"), "{found}");
}

#[test]
fn a_hidden_name_counts() {
    let found = changed("pub fn run()", "#[doc(hidden)] pub fn run()");
    assert!(found.contains("- none\n+ sample::run\n"), "{found}");
    let text = PLAIN.replace("pub fn run()", "#[doc(hidden)] pub fn run()");
    assert_eq!(surface(&text).count(), PLAIN_SURFACE.count());
}

#[test]
fn what_the_macros_name_does_not_count() {
    let text = PLAIN.replace("pub fn begin() {}", "pub fn begin() {} pub mod slot { pub struct Slot; }");
    assert_eq!(surface(&text).count(), 6);
}

#[test]
fn too_many_names_are_found() {
    assert_eq!(crate::over(Some(6), &PLAIN_SURFACE), None);
    let found = crate::over(Some(5), &PLAIN_SURFACE).unwrap();
    assert_eq!(found, "6 public names, and 5 are the most that it may have");
    assert_eq!(crate::over(None, &PLAIN_SURFACE), None);
}
