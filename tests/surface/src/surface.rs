//! From rustdoc's JSON to what is public.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use public_api::PublicItem;
use serde_json::Value;

/// Types of these crates are everybody's.
const STD: [&str; 3] = ["std", "core", "alloc"];

/// The crates that have one version, and so are one library.
const OURS: [&str; 4] = ["async_orch", "orch_core", "orch_macros", "orch_syntax"];

/// How the name of the module begins that the macros name.
const PRIVATE: &str = "__private";

/// What is public of a crate.
#[derive(Debug, Default)]
pub(crate) struct Surface {
    /// What a path names, in the order of the paths.
    pub(crate) names: Vec<Name>,
    /// Names with `#[doc(hidden)]`, besides those for the macros. They can be written all the same.
    pub(crate) hidden: BTreeSet<String>,
    /// The crate's own types and traits that stand in the surface, and have no public path.
    pub(crate) inner: BTreeSet<String>,
    /// What stands in the surface and belongs to another crate.
    pub(crate) foreign: BTreeSet<String>,
    /// The same of what the macros name: some of it is a value that a user writes.
    pub(crate) foreign_hidden: BTreeSet<String>,
}

/// One name, and what it has.
#[derive(Debug)]
pub(crate) struct Name {
    pub(crate) path: String,
    /// How it is declared.
    pub(crate) line: String,
    /// Its fields, variants, methods and implementations, with how deep each stands.
    pub(crate) members: Vec<(usize, String)>,
}

impl Surface {
    /// Of two files of JSON: as users see the crate, and with its hidden items.
    pub(crate) fn of(shown: &Path, all: &Path) -> Result<Surface, String> {
        let shown = Document::read(shown)?;
        let all = Document::read(all)?;

        let mut names: Vec<Name> = shown.names().map(|item| shown.name(item)).collect();
        names.sort_by(|a, b| place(&a.path).cmp(&place(&b.path)));

        let private = format!("{}::{PRIVATE}", all.root());
        let mut hidden: BTreeSet<String> = all.names().map(|item| all.path(item)).collect();
        hidden.retain(|path| !path.starts_with(&private));
        for name in &names {
            hidden.remove(&name.path);
        }

        let (inner, foreign) = shown.mentions(shown.visible());
        let (_, mut foreign_hidden) = all.mentions(all.items.iter());
        foreign_hidden.retain(|name| !foreign.contains(name));
        Ok(Surface { names, hidden, inner, foreign, foreign_hidden })
    }

    /// How many names there are. A hidden one is one too, but not one of a module that a feature adds: who does not ask for that sees
    /// none of it.
    pub(crate) fn count(&self) -> usize {
        let paths = self.names.iter().map(|name| &name.path).chain(&self.hidden);
        paths.filter(|path| !OF_FEATURES.iter().any(|module| path.contains(module))).count()
    }
}

/// The modules that a feature adds to the core.
const OF_FEATURES: [&str; 2] = ["::durable", "::__engines"];

/// Names of one module stand together, after the names of the module around it.
fn place(path: &str) -> (&str, &str) {
    path.rsplit_once("::").unwrap_or(("", path))
}

/// One file of JSON.
struct Document {
    json: Value,
    /// As the renderer lists them: each after what it belongs to, and what has several paths several times.
    items: Vec<PublicItem>,
    /// The shortest path of each item that has one.
    paths: BTreeMap<u64, String>,
}

impl Document {
    fn read(file: &Path) -> Result<Document, String> {
        let api = public_api::Builder::from_rustdoc_json(file)
            .omit_blanket_impls(true)
            .omit_auto_trait_impls(true)
            .build()
            .map_err(|error| format!("public-api reads another version of rustdoc's JSON: {error}"))?;
        let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let mut reader = serde_json::Deserializer::from_str(&text);
        reader.disable_recursion_limit();
        let json = reader.into_iter().next().ok_or("no JSON")?.map_err(|error| error.to_string())?;
        let mut document = Document { json, items: api.into_items().collect(), paths: BTreeMap::new() };

        let mut paths: BTreeMap<u64, String> = BTreeMap::new();
        for item in document.names() {
            let path = document.path(item);
            let known = paths.entry(id(item)).or_insert_with(|| path.clone());
            if (path.len(), &path) < (known.len(), known) {
                *known = path;
            }
        }
        document.paths = paths;
        Ok(document)
    }

    /// The name of the crate.
    fn root(&self) -> &str {
        self.json["index"][self.json["root"].to_string()]["name"].as_str().unwrap_or_default()
    }

    /// What an item is: an object with one entry, which is named after the kind.
    fn inner(&self, id: u64) -> &Value {
        &self.json["index"][id.to_string()]["inner"]
    }

    /// What an item belongs to, if it is of this kind.
    fn parent(&self, item: &PublicItem, kind: &str) -> &Value {
        item.parent_id().map_or(&Value::Null, |parent| &self.inner(parent.0.into())[kind])
    }

    /// What can be named by a path. (Fields, variants and methods belong to something else than a module.)
    fn names(&self) -> impl Iterator<Item = &PublicItem> {
        self.items.iter().filter(|item| self.is_name(item))
    }

    fn is_name(&self, item: &PublicItem) -> bool {
        !self.parent(item, "module").is_null()
    }

    /// The path in the line that declares an item.
    fn path(&self, item: &PublicItem) -> String {
        let line = item.to_string();
        let start = line.find(&format!("{}::", self.root())).unwrap_or_default();
        let in_path = |char: char| char.is_alphanumeric() || matches!(char, '_' | ':');
        let path = line[start..].split(|char| !in_path(char)).next().unwrap_or_default();
        let path = path.trim_end_matches(':').to_owned();
        if self.inner(id(item))["use"]["is_glob"] == true { path + "::*" } else { path }
    }

    /// A name, with all that it has.
    fn name(&self, item: &PublicItem) -> Name {
        let path = self.path(item);
        let used = &self.inner(id(item))["use"];
        let best = &self.paths[&id(item)];
        if *best != path {
            return Name { line: format!("pub use {best} as {path}"), path, members: Vec::new() };
        }
        if let Some(source) = used["source"].as_str() {
            let glob = if used["is_glob"] == true { "::*" } else { "" };
            return Name { line: format!("pub use {source}{glob} as {path}"), path, members: Vec::new() };
        }
        let mut depths = BTreeMap::from([(id(item), 0)]);
        let mut members = Vec::new();
        for member in self.items.iter().filter(|member| !self.is_name(member)) {
            let Some(depth) = member.parent_id().and_then(|parent| depths.get(&parent.0.into())).copied()
            else {
                continue;
            };
            if self.is_listed(member, id(item)) && depths.insert(id(member), depth + 1).is_none() {
                members.push((depth + 1, member.to_string()));
            }
        }
        // What has several paths is in the list once for each, and this may have come from another one.
        let others: Vec<String> =
            self.names().filter(|other| id(other) == id(item)).map(|other| self.path(other)).collect();
        for (_, member) in &mut members {
            for other in others.iter().filter(|other| **other != path) {
                *member = member.replace(&format!("{other}::"), &format!("{path}::"));
            }
        }
        Name { path, line: item.to_string(), members }
    }

    /// Whether a reader of the list should see an item, which belongs to the one called `name`.
    fn is_listed(&self, item: &PublicItem, name: u64) -> bool {
        let implementation = &self.inner(id(item))["impl"];
        if implementation.is_null() {
            // What a trait's implementation has is said by the trait, but for the types.
            return self.parent(item, "impl")["trait"].is_null()
                || !self.inner(id(item))["assoc_type"].is_null();
        }
        // An implementation stands with the type, or if that is another crate's with the trait.
        let ty = &implementation["for"]["resolved_path"]["id"];
        self.is_visible(implementation) && !self.is_derived(id(item)) && (!self.is_own(ty) || *ty == name)
    }

    fn is_derived(&self, id: u64) -> bool {
        let attributes = self.json["index"][id.to_string()]["attrs"].as_array();
        attributes.is_some_and(|all| all.iter().any(|attribute| attribute == "automatically_derived"))
    }

    /// Whether an item is of this crate: hidden ones are not known at all.
    fn is_own(&self, id: &Value) -> bool {
        let known = &self.json["paths"][id.to_string()];
        id.is_u64() && (known.is_null() || known["crate_id"] == 0)
    }

    /// Whether users see an implementation: those of inner traits, or for inner types, they do not.
    fn is_visible(&self, implementation: &Value) -> bool {
        let ids = [&implementation["trait"]["id"], &implementation["for"]["resolved_path"]["id"]];
        ids.into_iter()
            .all(|id| !self.is_own(id) || id.as_u64().is_some_and(|id| self.paths.contains_key(&id)))
    }

    /// The items that users see, listed or not.
    fn visible(&self) -> impl Iterator<Item = &PublicItem> {
        self.items.iter().filter(|item| {
            let [own, parent] = [&self.inner(id(item))["impl"], self.parent(item, "impl")];
            [own, parent]
                .into_iter()
                .all(|implementation| implementation.is_null() || self.is_visible(implementation))
        })
    }

    /// What these items name that has no path in this crate: its own inner things, and what belongs to other crates.
    fn mentions<'i>(
        &self,
        items: impl Iterator<Item = &'i PublicItem>,
    ) -> (BTreeSet<String>, BTreeSet<String>) {
        let mut named = BTreeMap::new();
        for item in items {
            collect(self.inner(id(item)), &mut named);
        }
        let (mut inner, mut foreign) = (BTreeSet::new(), BTreeSet::new());
        for (id, written) in named {
            let known = &self.json["paths"][id.to_string()];
            let krate = self.json["external_crates"][known["crate_id"].to_string()]["name"].as_str();
            let path: Vec<&str> =
                known["path"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            match krate {
                None if self.paths.contains_key(&id) => {}
                None if path.is_empty() => drop(inner.insert(written)),
                None => drop(inner.insert(path.join("::"))),
                Some(krate) if STD.contains(&krate) || OURS.contains(&krate) => {}
                Some(_) => drop(foreign.insert(path.join("::"))),
            }
        }
        (inner, foreign)
    }
}

fn id(item: &PublicItem) -> u64 {
    item.id().0.into()
}

/// The items that a declaration names, with their names: what has both an `id` and a path, as written.
fn collect(json: &Value, named: &mut BTreeMap<u64, String>) {
    match json {
        Value::Array(all) => all.iter().for_each(|json| collect(json, named)),
        Value::Object(entries) => {
            let path = entries.get("path").or_else(|| entries.get("source")).and_then(Value::as_str);
            if let (Some(id), Some(path)) = (entries.get("id").and_then(Value::as_u64), path) {
                named.insert(id, path.to_owned());
            }
            entries.values().for_each(|json| collect(json, named));
        }
        _ => {}
    }
}
