//! What is asked of the pages.

use std::collections::BTreeSet;

use crate::site::{Site, attribute, between, resolve, text};

/// Where links to files of the repository begin.
const REPOSITORY: [&str; 2] = [
    "https://github.com/async-orch/async-orch/blob/HEAD/",
    "https://github.com/async-orch/async-orch/tree/HEAD/",
];

/// Crates that the library is made of, and what only its macros may name.
const INNER: [&str; 4] = ["orch_core", "orch_macros", "orch_syntax", "__private"];

/// The one of them that a tool depends on by its name: its own examples name it.
const SYNTAX: &str = "orch_syntax";

/// Links that lead nowhere. `in_repository` says whether there is such a file.
pub(crate) fn links(site: &Site, in_repository: &dyn Fn(&str) -> bool) -> Vec<String> {
    let mut dead = Vec::new();
    for (path, html) in site.pages() {
        // What a trait of another crate says of itself, where that implements it for all types, has links for that crate's pages.
        let own = html.split("id=\"blanket-implementations-list\"").next().unwrap_or_default();
        let links: BTreeSet<&str> = attribute(own, "href").into_iter().collect();
        for link in links {
            if !leads_somewhere(site, in_repository, path, link) {
                dead.push(format!("{path}: the link `{link}` is dead"));
            }
        }
    }
    dead
}

fn leads_somewhere(site: &Site, in_repository: &dyn Fn(&str) -> bool, page: &str, link: &str) -> bool {
    if let Some(file) = REPOSITORY.iter().find_map(|start| link.strip_prefix(start)) {
        return in_repository(file.split('#').next().unwrap_or_default());
    }
    if ["http://", "https://", "javascript:", "data:"].iter().any(|scheme| link.starts_with(scheme)) {
        return true;
    }
    // What the standard library says of a method that a type has by its `Deref`, with links as its own pages have them.
    if link.starts_with("../../std/") {
        return true;
    }
    let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
    let Some(target) = resolve(page, file.split('?').next().unwrap_or_default()) else { return false };
    match anchor {
        // rustdoc leads from a bound to an associated type that is hidden, which has no place of its own.
        Some(anchor) if anchor.starts_with("associatedtype.") => site.has(&target),
        // Lines of source are anchors that a script makes.
        Some(anchor) if !anchor.is_empty() && !target.starts_with("src/") => {
            site.target(&target).is_some_and(|html| attribute(html, "id").contains(&anchor))
        }
        _ => site.has(&target),
    }
}

/// Examples that do not compile for a user, since they name what is not theirs.
pub(crate) fn examples(site: &Site) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = 0;
    for (path, html) in site.pages() {
        for example in between(html, "<pre class=\"rust rust-example-rendered\">", "</pre>") {
            seen += 1;
            let code = text(example);
            let own = |name: &str| name == SYNTAX && path.split('/').next() == Some(SYNTAX);
            for name in INNER.iter().filter(|name| code.contains(**name) && !own(name)) {
                found.push(format!("{path}: an example names `{name}`"));
            }
        }
    }
    if seen == 0 {
        found.push("there are no examples".to_owned());
    }
    found
}

/// What a user's crate shows of the library: hidden types, inner names, and traits that are neither the crate's own nor
/// std's, nor on that page one of `meant`. The library's are public or not: whoever did not ask for a trait has no use for it.
pub(crate) fn users(site: &Site, user: &str, meant: &[(&str, &[&str])]) -> Vec<String> {
    let mut found = Vec::new();
    let own = traits(site, user);
    let mut buses = 0;
    for (path, html) in site.pages().filter(|(path, _)| path.split('/').next() == Some(user)) {
        let std: BTreeSet<&str> = attribute(html, "href")
            .into_iter()
            .filter(|link| link.starts_with("https://doc.rust-lang.org/"))
            .filter_map(trait_of_page)
            .collect();
        for name in attribute(html, "id").into_iter().filter_map(trait_of_impl) {
            buses += usize::from(name == "Bus");
            let meant = meant.iter().any(|(page, traits)| path.ends_with(page) && traits.contains(&name));
            if !meant && !std.contains(name) && !own.contains(name) {
                found.push(format!("{path}: shows the trait `{name}`, which nobody asked for"));
            }
        }
        let text = text(html);
        for name in INNER.iter().filter(|name| text.contains(**name)) {
            found.push(format!("{path}: shows `{name}`"));
        }
        // The type that a task is has its function's name.
        if path.contains("/fn.") && site.has(&path.replace("/fn.", "/struct.")) {
            found.push(format!("{path}: shows the task's type beside it"));
        }
    }
    if buses == 0 {
        found.push(format!("`{user}` shows no bus: is this its documentation?"));
    }
    found
}

/// The traits that a crate has pages for.
fn traits<'s>(site: &'s Site, krate: &str) -> BTreeSet<&'s str> {
    let pages = site.pages().map(|(path, _)| path).filter(|path| path.split('/').next() == Some(krate));
    pages.filter_map(trait_of_page).collect()
}

/// `Run` of `…/trait.Run.html`.
fn trait_of_page(path: &str) -> Option<&str> {
    path.rsplit('/').next()?.strip_prefix("trait.")?.strip_suffix(".html")
}

/// `Into` of the anchor `impl-Into%3CU%3E-for-T`.
fn trait_of_impl(id: &str) -> Option<&str> {
    let (name, _) = id.strip_prefix("impl-")?.split_once("-for-")?;
    let name = name.split('%').next()?;
    // Negative implementations.
    Some(name.trim_start_matches('!'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> Site {
        Site::default()
            .with("async_orch/index.html", r##"<h2 id="top">x</h2><a href="trait.Bus.html#tymethod.emit">emit</a>"##)
            .with("async_orch/trait.Bus.html", r##"<p id="tymethod.emit"><a href="#tymethod.emit">§</a><a href="../src/lib.rs.html#1-2">Source</a>"##)
            .with("src/lib.rs.html", "")
            .with("a_user/fn.order.html", r#"<pre class="rust rust-example-rendered"><code>use <span>async_orch</span>::task;</code></pre>"#)
            .with(
                "a_user/struct.Silent.html",
                r#"<a href="https://doc.rust-lang.org/core/convert/trait.Into.html"></a>
                <p id="impl-Bus-for-Silent"><p id="impl-Into%3CU%3E-for-T"><a title="trait orch_core::Bus" href="index.html"></a>"#,
            )
            .with("a_user/index.html", r#"<a href="https://github.com/async-orch/async-orch/blob/HEAD/README.md#try-it"></a>"#)
    }

    fn all(site: &Site) -> Vec<String> {
        let mut found = links(site, &|file| file == "README.md");
        found.extend(examples(site));
        found.extend(users(site, "a_user", &[("/struct.Silent.html", &["Bus"])]));
        found
    }

    #[track_caller]
    fn finds(site: Site, wanted: &str) {
        assert_eq!(all(&site), [wanted]);
    }

    #[test]
    fn nothing_is_found_where_nothing_is_wrong() {
        assert_eq!(all(&site()), [] as [&str; 0]);
    }

    #[test]
    fn a_dead_link_is_found() {
        let site = site().with("async_orch/fn.run.html", r#"<a href="docs/language.md">"#);
        finds(site, "async_orch/fn.run.html: the link `docs/language.md` is dead");
    }

    #[test]
    fn a_missing_anchor_is_found() {
        let dead = site()
            .with("async_orch/fn.run.html", r##"<a href="index.html#bottom"><a href="index.html#top">"##);
        finds(dead, "async_orch/fn.run.html: the link `index.html#bottom` is dead");
        let dead = site().with("async_orch/fn.run.html", r##"<a href="#here">"##);
        finds(dead, "async_orch/fn.run.html: the link `#here` is dead");
    }

    #[test]
    fn a_link_to_what_has_moved_is_followed() {
        let site = site()
            .with(
                "a_user/inner/x.html",
                r#"<meta http-equiv="refresh" content="0;URL=../../async_orch/index.html">"#,
            )
            .with("a_user/fn.run.html", r##"<a href="inner/x.html#top"><a href="inner/x.html#bottom">"##);
        finds(site, "a_user/fn.run.html: the link `inner/x.html#bottom` is dead");
    }

    #[test]
    fn a_link_to_a_file_that_the_repository_lacks_is_found() {
        let link = "https://github.com/async-orch/async-orch/tree/HEAD/tests/gone";
        let site = site().with("async_orch/fn.run.html", &format!("<a href=\"{link}\">"));
        finds(site, &format!("async_orch/fn.run.html: the link `{link}` is dead"));
    }

    #[test]
    fn an_example_with_an_inner_crate_is_found() {
        let example = r#"<pre class="rust rust-example-rendered">use <span>orch_core</span>::Run;</pre>"#;
        finds(
            site().with("async_orch/fn.run.html", example),
            "async_orch/fn.run.html: an example names `orch_core`",
        );
    }

    #[test]
    fn the_grammar_is_named_on_its_own_pages_alone() {
        let example = r#"<pre class="rust rust-example-rendered">use <span>orch_syntax</span>::parse;</pre>"#;
        finds(
            site().with("async_orch/fn.run.html", example),
            "async_orch/fn.run.html: an example names `orch_syntax`",
        );
        let own = site().with("orch_syntax/index.html", example);
        assert!(examples(&own).is_empty(), "{:?}", examples(&own));
    }

    #[test]
    fn an_inner_trait_on_a_users_type_is_found() {
        let page = r#"<p id="impl-FlowsInto%3CT,+T%3E-for-Task">"#;
        let wanted = "a_user/struct.Plain.html: shows the trait `FlowsInto`, which nobody asked for";
        finds(site().with("a_user/struct.Plain.html", page), wanted);
    }

    #[test]
    fn a_public_trait_on_a_users_type_that_did_not_ask_for_it_is_found() {
        let page = r#"<a href="../async_orch/trait.Bus.html"></a><p id="impl-Bus-for-B">"#;
        let wanted = "a_user/struct.Plain.html: shows the trait `Bus`, which nobody asked for";
        finds(site().with("a_user/struct.Plain.html", page), wanted);
    }

    #[test]
    fn an_inner_name_in_a_users_page_is_found() {
        let site = site().with("a_user/fn.orders.html", "<p>gives an <code>orch_core::plan::Plan</code>");
        finds(site, "a_user/fn.orders.html: shows `orch_core`");
    }

    #[test]
    fn the_type_of_a_task_is_found() {
        let site = site().with("a_user/struct.order.html", "");
        finds(site, "a_user/fn.order.html: shows the task's type beside it");
    }

    #[test]
    fn other_documentation_is_not_taken_for_the_users() {
        assert_eq!(
            users(&Site::default(), "a_user", &[]),
            ["`a_user` shows no bus: is this its documentation?"]
        );
        assert_eq!(examples(&Site::default()), ["there are no examples"]);
    }
}
