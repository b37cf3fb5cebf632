//! Reads what the files of a crate name of each other: by tokens, as far as `use` and paths go, and no further.

use std::collections::BTreeMap;
use std::path::Path;

use crate::tokens::{Token, tokens};

/// The sources of a crate, by their path below `src`. Tests are left out: what stands under a `#[cfg(test)]`, in the file or as
/// a file of its own.
#[derive(Clone, Default)]
pub(crate) struct Crate {
    texts: BTreeMap<String, String>,
}

/// What one file names.
pub(crate) struct Source {
    pub(crate) names: Vec<Name>,
    /// Every word of its code, with its line.
    pub(crate) words: Vec<(usize, String)>,
    /// Modules of it that are compiled for tests alone.
    tests: Vec<Vec<String>>,
}

/// A path to something of the same crate.
pub(crate) struct Name {
    pub(crate) line: usize,
    /// From the root of the crate.
    path: Vec<String>,
    /// The name under which a `use` brings it in.
    alias: Option<String>,
    /// `pub use`.
    is_door: bool,
    /// Whether it stands in a module with `#[doc(hidden)]`.
    pub(crate) is_hidden: bool,
}

/// Where a path leads.
pub(crate) struct Target {
    /// The file that has the item.
    pub(crate) file: String,
    /// The path as it is written, from the root of the crate.
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) is_door: bool,
    pub(crate) is_hidden: bool,
}

/// All files of a crate, and where their paths lead.
pub(crate) struct Map {
    pub(crate) sources: BTreeMap<String, Source>,
}

impl Crate {
    pub(crate) fn read(src: &Path) -> Self {
        let mut texts = BTreeMap::new();
        let mut folders = vec![src.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).expect("a folder of sources") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let name = path.strip_prefix(src).expect("a file below").to_str().expect("a name");
                    texts.insert(name.replace('\\', "/"), std::fs::read_to_string(&path).expect("a file"));
                }
            }
        }
        Crate { texts }
    }

    /// With a file, or with more in a file.
    pub(crate) fn with(mut self, file: &str, text: &str) -> Self {
        self.texts.entry(file.to_owned()).or_default().push_str(text);
        self
    }

    /// How many lines a file has.
    pub(crate) fn lines(&self, file: &str) -> usize {
        self.texts[file].lines().count()
    }

    pub(crate) fn map(&self) -> Map {
        let read = |(file, text): (&String, &String)| (file.clone(), source(&module_of(file), text));
        let mut sources: BTreeMap<String, Source> = self.texts.iter().map(read).collect();
        let tests: Vec<Vec<String>> =
            sources.values_mut().flat_map(|source| std::mem::take(&mut source.tests)).collect();
        sources.retain(|file, _| !tests.iter().any(|test| module_of(file).starts_with(test)));
        Map { sources }
    }
}

impl Map {
    /// Where the paths of a file lead, but for those that stay in it.
    pub(crate) fn targets(&self, file: &str) -> Vec<Target> {
        let names = self.sources[file].names.iter();
        let targets = names.map(|name| Target {
            file: self.file_of(&name.path),
            path: name.path.join("::"),
            line: name.line,
            is_door: name.is_door,
            is_hidden: name.is_hidden,
        });
        targets.filter(|target| target.file != file).collect()
    }

    /// The file that has what a path leads to, through what modules hand on.
    fn file_of(&self, path: &[String]) -> String {
        let mut path = path.to_vec();
        // A chain of doors is not longer than there are files.
        for _ in 0..self.sources.len() {
            let (file, rest) = self.module_file(&path);
            let Some(item) = rest.first() else { return file };
            // What has the name of another crate, `use quote::quote`, is none of this one.
            let itself = &path[..=path.len() - rest.len()];
            let handed_on = self.sources[&file]
                .names
                .iter()
                .find(|name| name.alias.as_ref() == Some(item) && !name.path.starts_with(itself));
            match handed_on {
                Some(name) => path = name.path.iter().chain(&rest[1..]).cloned().collect(),
                None => return file,
            }
        }
        unreachable!("the doors lead round in a circle from {path:?}")
    }

    /// The file of the innermost module of a path, and what is left of the path.
    fn module_file(&self, path: &[String]) -> (String, Vec<String>) {
        let depth = (0..=path.len()).rev().find_map(|depth| Some((depth, self.file(&path[..depth])?)));
        let (depth, file) = depth.expect("a crate has a root");
        (file, path[depth..].to_vec())
    }

    fn file(&self, module: &[String]) -> Option<String> {
        let module = module.join("/");
        let candidates = match module.as_str() {
            "" => vec!["lib.rs".to_owned(), "main.rs".to_owned()],
            module => vec![format!("{module}.rs"), format!("{module}/mod.rs")],
        };
        candidates.into_iter().find(|file| self.sources.contains_key(file))
    }
}

/// `a/mod.rs` is `a`, `a/b.rs` is `a::b`.
fn module_of(file: &str) -> Vec<String> {
    let mut module: Vec<String> = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if let Some("mod" | "lib" | "main") = module.last().map(String::as_str) {
        module.pop();
    }
    module
}

// ----- what they name -----

struct Reader<'t> {
    tokens: &'t [Token],
    at: usize,
    /// The module of the file.
    module: &'t [String],
    /// The braces around, and the modules that some of them are.
    braces: Vec<Option<(String, bool)>>,
    source: Source,
}

fn source(module: &[String], text: &str) -> Source {
    let tokens = tokens(text);
    let source = Source { names: Vec::new(), words: Vec::new(), tests: Vec::new() };
    let mut reader = Reader { tokens: &tokens, at: 0, module, braces: Vec::new(), source };
    reader.read();
    reader.source
}

impl Reader<'_> {
    fn read(&mut self) {
        let mut hidden = false;
        while self.at < self.tokens.len() {
            match self.text(0) {
                "#" if self.text(1) == "[" => {
                    let attribute = self.attribute();
                    if attribute.starts_with("cfg(test") || attribute.starts_with("cfg(all(test") {
                        self.skip_item();
                        hidden = false;
                    } else {
                        hidden |= attribute == "doc(hidden)";
                    }
                    continue;
                }
                "mod" if self.text(2) == "{" => {
                    self.braces.push(Some((self.text(1).to_owned(), hidden)));
                    self.at += 3;
                    hidden = false;
                    continue;
                }
                "use" if self.text(1) != "<" => {
                    self.import();
                    hidden = false;
                    continue;
                }
                "crate" | "super" | "self" if self.text(1) == ":" && self.text(2) == ":" => {
                    self.path_in_code();
                    continue;
                }
                "{" => self.braces.push(None),
                "}" => drop(self.braces.pop()),
                _ => {}
            }
            // A visibility may stand between an attribute and its item.
            hidden &= ["pub", "(", ")", "crate", "super"].contains(&self.text(0));
            self.word();
        }
    }

    fn text(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", |token| token.text.as_str())
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |token| token.line)
    }

    /// Passes a token.
    fn word(&mut self) {
        if let Some(Token { line, text }) = self.tokens.get(self.at) {
            self.source.words.push((*line, text.clone()));
        }
        self.at += 1;
    }

    /// Passes an attribute; what stands in its brackets.
    fn attribute(&mut self) -> String {
        self.at += 2;
        let (mut text, mut depth) = (String::new(), 1);
        while self.at < self.tokens.len() {
            match self.text(0) {
                "[" => depth += 1,
                "]" => depth -= 1,
                _ => {}
            }
            if depth > 0 {
                text.push_str(self.text(0));
            }
            self.word();
            if depth == 0 {
                break;
            }
        }
        text
    }

    /// Passes an item that is compiled for tests alone.
    fn skip_item(&mut self) {
        while self.text(0) == "#" {
            self.attribute();
        }
        let mut is_use = false;
        let mut depth = 0usize;
        while self.at < self.tokens.len() {
            let text = self.text(0).to_owned();
            match text.as_str() {
                "use" if depth == 0 => is_use = true,
                "mod" if depth == 0 && self.text(2) == ";" => {
                    let mut module = self.here();
                    module.push(self.text(1).to_owned());
                    self.source.tests.push(module);
                }
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 && (text == ";" || text == "}" && !is_use) {
                return;
            }
        }
    }

    /// The module that the reader is in.
    fn here(&self) -> Vec<String> {
        let inner = self.braces.iter().flatten().map(|(name, _)| name.clone());
        self.module.iter().cloned().chain(inner).collect()
    }

    fn is_hidden(&self) -> bool {
        self.braces.iter().flatten().any(|(_, hidden)| *hidden)
    }

    /// `use …;`
    fn import(&mut self) {
        let before = self.at.checked_sub(1).map(|at| self.tokens[at].text.as_str());
        let is_door = matches!(before, Some("pub" | ")"));
        self.at += 1;
        self.tree(&mut Vec::new(), is_door);
        if self.text(0) == ";" {
            self.at += 1;
        }
    }

    /// One tree of a `use`, after what is before it.
    fn tree(&mut self, prefix: &mut Vec<String>, is_door: bool) {
        let (length, line) = (prefix.len(), self.line());
        loop {
            match self.text(0) {
                ":" => self.at += 1,
                "{" => {
                    self.at += 1;
                    while !["}", ""].contains(&self.text(0)) {
                        self.tree(prefix, is_door);
                        if self.text(0) == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    break;
                }
                "as" => {
                    let alias = self.text(1).to_owned();
                    self.at += 2;
                    self.add(line, prefix.clone(), Some(alias), is_door);
                    break;
                }
                "," | "}" | ";" | "" => {
                    let mut path = prefix.clone();
                    if path.last().is_some_and(|last| last == "self") {
                        path.pop();
                    }
                    let alias = path.last().cloned();
                    self.add(line, path, alias, is_door);
                    break;
                }
                segment => {
                    prefix.push(segment.to_owned());
                    self.word();
                }
            }
        }
        prefix.truncate(length);
    }

    /// `crate::a::b` in code.
    fn path_in_code(&mut self) {
        let line = self.line();
        let mut path = vec![self.text(0).to_owned()];
        self.word();
        while self.text(0) == ":" && self.text(1) == ":" && !["<", "{", "*"].contains(&self.text(2)) {
            path.push(self.text(2).to_owned());
            self.at += 2;
            self.word();
        }
        self.add(line, path, None, false);
    }

    /// Adds a path, if it is one into this crate.
    fn add(&mut self, line: usize, path: Vec<String>, alias: Option<String>, is_door: bool) {
        let mut module = self.here();
        let Some((first, rest)) = path.split_first() else { return };
        let mut rest = rest;
        match first.as_str() {
            "crate" => module.clear(),
            "self" => {}
            "super" => {
                module.pop();
                while let Some((next, after)) = rest.split_first()
                    && next == "super"
                {
                    module.pop();
                    rest = after;
                }
            }
            // Of a module below, or of another crate: what is found nowhere in this one is the latter.
            _ => rest = &path,
        }
        let is_hidden = self.is_hidden();
        let path = module.into_iter().chain(rest.iter().cloned()).collect();
        self.source.names.push(Name { line, path, alias, is_door, is_hidden });
    }
}

/// Names in a text, from the root of the crate, for the tests of the reader.
pub(crate) fn names(file: &str, text: &str) -> Vec<String> {
    let names = source(&module_of(file), text).names;
    names.iter().map(|name| format!("{}: {}", name.line, name.path.join("::"))).collect()
}
