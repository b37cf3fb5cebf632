//! The texts in `cases`, and what is expected at the place that is marked in each.

use std::fmt;
use std::fs;
use std::path::Path;

/// Where a text is asked about.
const MARK: &str = "$0";

/// The file in which all texts are complete.
const WHOLE: &str = "1-whole";

/// One text with one place.
pub(crate) struct Case {
    pub(crate) title: String,
    /// Whether nothing is wrong with the text.
    pub(crate) is_whole: bool,
    /// The whole module, without the mark.
    pub(crate) text: String,
    /// The place, as an editor counts, from 0 and in UTF-16.
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) wants: Wants,
}

/// What has to be told.
pub(crate) enum Wants {
    /// Names, all of which are to be in the list.
    Offer(Vec<String>),
    /// Texts, all of which are to be shown; and texts after a `!`, none of which is.
    Show(Vec<String>),
}

impl fmt::Display for Wants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verb, all) = match self {
            Wants::Offer(names) => ("offers", names),
            Wants::Show(texts) => ("shows", texts),
        };
        let all: Vec<String> = all.iter().map(|one| format!("`{}`", one.replace('|', "\\|"))).collect();
        write!(f, "{verb} {}", all.join(", "))
    }
}

impl Case {
    /// The word that ends at the place.
    pub(crate) fn typed(&self) -> String {
        let line = self.text.lines().nth(self.line).unwrap_or_default();
        let before: String = line.chars().take(self.column).collect();
        let start = before.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
        before[start..].to_owned()
    }

    /// Whether what was told is what is expected. A name that does not go on with what is typed would not be listed.
    pub(crate) fn is_answered_by(&self, told: &[String]) -> bool {
        match &self.wants {
            Wants::Offer(names) => {
                let typed = self.typed();
                names.iter().all(|name| name.starts_with(&typed) && told.contains(name))
            }
            Wants::Show(texts) => {
                let all = told.join("\n");
                texts.iter().all(|text| match text.strip_prefix('!') {
                    Some(text) => !all.contains(text),
                    None => all.contains(text.as_str()),
                })
            }
        }
    }
}

/// All cases of a folder, by file.
pub(crate) fn read(folder: &Path) -> Result<Vec<Case>, String> {
    let failed = |error| format!("{}: {error}", folder.display());
    let mut files: Vec<_> =
        fs::read_dir(folder).map_err(failed)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let is_whole = file.file_stem().is_some_and(|name| name == WHOLE);
        for part in text.split("\n=== ").skip(1) {
            let mut case = one(part).ok_or_else(|| {
                let title = part.lines().next().unwrap_or_default();
                format!("{}: `{title}` has no `{MARK}`, or nothing is expected", file.display())
            })?;
            case.is_whole = is_whole;
            cases.push(case);
        }
    }
    Ok(cases)
}

/// A title, the text, and a last line with what is expected. Without a text the title is the text.
fn one(part: &str) -> Option<Case> {
    let (title, rest) = part.split_once('\n')?;
    let (text, wants) = rest.trim_end().rsplit_once('\n').unwrap_or((title, rest.trim_end()));
    let wants = if let Some(names) = wants.strip_prefix("offers ") {
        Wants::Offer(names.split(", ").map(str::to_owned).collect())
    } else {
        Wants::Show(wants.strip_prefix("shows ")?.split(" & ").map(str::to_owned).collect())
    };
    let text = module(text);
    let at = text.find(MARK)?;
    let before = &text[..at];
    let line = before.matches('\n').count();
    let column = before.rsplit('\n').next()?.encode_utf16().count();
    Some(Case {
        title: title.to_owned(),
        is_whole: false,
        text: text.replacen(MARK, "", 1),
        line,
        column,
        wants,
    })
}

/// The module that a text stands in: items as they are, an expression in a function that has some variables.
fn module(text: &str) -> String {
    let head = "use std::sync::Arc;\nuse std::time::Duration;\n\nuse async_orch::{Breaker, Context, Limiter, Run, pipeline, task};\n\n\
                use crate::tasks::{self, *};\n\n";
    if !text.trim_start().starts_with("pipeline!") {
        return format!("{head}{text}\n");
    }
    format!(
        "{head}async fn at(client: Arc<Client>, breaker: Breaker, patience: Duration, attempts: u32) {{\n    \
         let ingest = {text};\n    let _ = (ingest, client, breaker, patience, attempts);\n}}\n"
    )
}
