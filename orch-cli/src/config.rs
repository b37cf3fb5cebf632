//! What is set for a file: by the nearest `rustfmt.toml`, and by the manifests above it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::fmt::{Newline, Style};
use crate::problem::Error;

/// The macro that is looked for wherever nothing else is said.
const MACRO: &str = "pipeline";

/// A line that may be longer than this may be of any length.
const MOST: usize = 100_000;

/// What rustfmt is told, as far as it matters here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Rustfmt {
    max_width: Option<usize>,
    tab_spaces: Option<usize>,
    hard_tabs: Option<bool>,
    newline_style: Option<NewlineStyle>,
    use_small_heuristics: Option<Heuristics>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
enum NewlineStyle {
    Auto,
    Native,
    Unix,
    Windows,
}

#[derive(Clone, Copy, Debug, Deserialize)]
enum Heuristics {
    Default,
    Max,
    Off,
}

impl Rustfmt {
    fn style(&self) -> Style {
        let mut style = Style::default();
        style.max_width = self.max_width.unwrap_or(style.max_width).min(MOST);
        style.tab_spaces = self.tab_spaces.unwrap_or(style.tab_spaces).min(MOST);
        style.hard_tabs = self.hard_tabs.unwrap_or(style.hard_tabs);
        style.newline = match self.newline_style.unwrap_or(NewlineStyle::Auto) {
            NewlineStyle::Auto => Newline::Auto,
            NewlineStyle::Native => Newline::Native,
            NewlineStyle::Unix => Newline::Unix,
            NewlineStyle::Windows => Newline::Windows,
        };
        style.join_width = match self.use_small_heuristics.unwrap_or(Heuristics::Default) {
            // As long as rustfmt lets a chain of calls be.
            Heuristics::Default => style.max_width * 60 / 100,
            Heuristics::Max => style.max_width,
            Heuristics::Off => 0,
        };
        style
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Manifest {
    package: Option<Table>,
    workspace: Option<Table>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Table {
    metadata: Option<Metadata>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    orch: Option<Orch>,
}

/// `[package.metadata.orch]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Orch {
    /// Further names of the macro.
    macros: Vec<String>,
    /// Files and folders that are left out where none are named, from the manifest's folder.
    exclude: Vec<PathBuf>,
}

/// The settings of files, each folder looked at once.
#[derive(Debug, Default)]
pub(crate) struct Configs {
    styles: HashMap<PathBuf, Style>,
    manifests: HashMap<PathBuf, Found>,
}

/// What the manifests above a folder say.
#[derive(Clone, Debug, Default)]
struct Found {
    macros: Vec<String>,
    exclude: Vec<PathBuf>,
}

impl Configs {
    /// How the files in a folder are formatted.
    pub(crate) fn style(&mut self, folder: &Path) -> Result<Style, Error> {
        if let Some(style) = self.styles.get(folder) {
            return Ok(*style);
        }
        let mut style = Rustfmt::default().style();
        for above in folder.ancestors() {
            let file = [".rustfmt.toml", "rustfmt.toml"].map(|name| above.join(name));
            if let Some(path) = file.into_iter().find(|path| path.is_file()) {
                style = read::<Rustfmt>(&path)?.style();
                break;
            }
        }
        self.styles.insert(folder.to_owned(), style);
        Ok(style)
    }

    /// What the macro is called in the files of a folder.
    pub(crate) fn macros(&mut self, folder: &Path) -> Result<Vec<String>, Error> {
        let mut names = vec![MACRO.to_owned()];
        names.extend(self.found(folder)?.macros);
        Ok(names)
    }

    /// Whether a file is left out where none are named.
    pub(crate) fn excludes(&mut self, file: &Path) -> Result<bool, Error> {
        let folder = file.parent().unwrap_or(file);
        Ok(self.found(folder)?.exclude.iter().any(|excluded| file.starts_with(excluded)))
    }

    /// What is said by the nearest manifest, and by that of the workspace.
    fn found(&mut self, folder: &Path) -> Result<Found, Error> {
        if let Some(found) = self.manifests.get(folder) {
            return Ok(found.clone());
        }
        let mut found = Found::default();
        let mut has_package = false;
        for above in folder.ancestors() {
            let path = above.join("Cargo.toml");
            if !path.is_file() {
                continue;
            }
            let Manifest { package, workspace } = read(&path)?;
            let is_root = workspace.is_some();
            let tables = [package.filter(|_| !has_package), workspace];
            has_package = true;
            for orch in tables.into_iter().flatten().filter_map(|table| table.metadata?.orch) {
                found.macros.extend(orch.macros);
                found.exclude.extend(orch.exclude.into_iter().map(|excluded| above.join(excluded)));
            }
            if is_root {
                break;
            }
        }
        self.manifests.insert(folder.to_owned(), found.clone());
        Ok(found)
    }
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, Error> {
    let text = std::fs::read_to_string(path).map_err(Error::file(path))?;
    toml::from_str(&text)
        .map_err(|error| Error::Config { path: path.to_owned(), message: error.message().to_owned() })
}
