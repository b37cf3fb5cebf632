//! `cargo orch check`: what in pipelines has no effect or cannot work, and how much each can do at once.

mod allow;
mod bounds;
mod lints;
mod markdown;
mod time;
mod values;

use std::path::Path;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use proc_macro2::TokenStream;

pub use self::lints::{Finding, LINTS, Lint, findings};
use crate::args;
use crate::cases::cases;
use crate::config::Configs;
use crate::files;
use crate::find::{Invocation, find};
use crate::problem::{Error, Problem};
use crate::run::{Outcome, World, told};
use crate::source::{Source, range};

/// The name of what is said of a name in a comment that no lint has.
const UNKNOWN: &str = "unknown_lint";

/// `cargo orch check`
pub(crate) fn run(arguments: &args::Check, world: &mut World<'_>) -> Result<Outcome, Error> {
    let mut configs = Configs::default();
    let mut outcome = Outcome::Fine;
    for path in files::list(&arguments.files, &world.dir, &mut configs)? {
        let whole = world.dir.join(&path);
        let done = std::fs::read_to_string(&whole).map_err(Error::file(&path)).and_then(|text| {
            let names = arguments.names.of(&files::folder(&whole)?, &mut configs)?;
            file(&path, &text, &names, world)
        });
        outcome = outcome.max(told(done, world)?);
    }
    Ok(outcome)
}

fn file(path: &Path, text: &str, names: &[String], world: &mut World<'_>) -> Result<Outcome, Error> {
    let is_page = path.extension().is_some_and(|ending| ending == "md");
    let texts = if is_page { markdown::blocks(text) } else { vec![text.to_owned()] };
    let mut outcome = Outcome::Fine;
    for text in texts {
        let checked = check(&path.display().to_string(), &text, names);
        for problem in &checked.problems {
            writeln!(world.errors, "error: {problem}")?;
        }
        for report in &checked.reports {
            writeln!(world.output, "{report}\n")?;
        }
        for line in &checked.bounds {
            writeln!(world.output, "{line}")?;
        }
        outcome = outcome.max(match (checked.problems.is_empty(), checked.reports.is_empty()) {
            (false, _) => Outcome::Failed,
            (true, false) => Outcome::Found,
            (true, true) => Outcome::Fine,
        });
    }
    Ok(outcome)
}

/// What there is to say of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checked {
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// What was found, each as it is shown.
    pub reports: Vec<String>,
    /// A line for each pipeline: what it can do at once.
    pub bounds: Vec<String>,
}

/// Looks at the pipelines of a text: the invocations of macros of these names. `file` is what it is called in messages.
#[must_use]
pub fn check(file: &str, text: &str, names: &[String]) -> Checked {
    let mut checked = Checked::default();
    let source = match Source::read(file, text) {
        Ok(source) => source,
        Err(problem) => {
            checked.problems.push(problem);
            return checked;
        }
    };
    let (allowed, unknown) = allow::read(&source);
    for allow::Unknown { place, name } in unknown {
        let names: Vec<String> = LINTS.iter().map(|lint| format!("`{}`", lint.name)).collect();
        let message = format!("there is no lint `{name}`");
        let help = format!("the lints are {}", names.join(", "));
        let finding = Finding { lint: UNKNOWN, block: place.start, place, message, because: None, help };
        checked.reports.push(report(&source, &finding));
    }
    for found in find(&source, names) {
        for graph in crate::graph::all(&source, &found).unwrap_or_default() {
            let line = bounds::line(&source, &found, &graph);
            if !checked.bounds.contains(&line) {
                checked.bounds.push(line);
            }
        }
        let mut sound = Vec::new();
        for (case, parsed) in cases(&found.body()) {
            if parsed.errors.is_empty() {
                sound.push((case, findings(&parsed.tree)));
            } else {
                problems(&source, &found, &parsed.errors, &mut checked.problems);
            }
        }
        for finding in in_all_cases(&sound) {
            let lines = [finding.place.start, finding.block].map(|at| source.line_of(at));
            let allows = |line| allowed.iter().any(|allowed| allowed.allows(finding.lint, line));
            if !lines.into_iter().any(allows) {
                checked.reports.push(report(&source, finding));
            }
        }
    }
    checked
}

/// What is found wherever its block is there, once.
fn in_all_cases(cases: &[(TokenStream, Vec<Finding>)]) -> Vec<&Finding> {
    let has_block = |case: &TokenStream, finding: &Finding| {
        case.clone().into_iter().any(|token| range(token.span()).start == finding.block)
    };
    let mut kept: Vec<&Finding> = Vec::new();
    for finding in cases.iter().flat_map(|(_, findings)| findings) {
        let is_same = |other: &Finding| other.lint == finding.lint && other.place == finding.place;
        let is_everywhere =
            cases.iter().all(|(case, found)| found.iter().any(is_same) || !has_block(case, finding));
        if is_everywhere && !kept.iter().any(|kept| is_same(kept)) {
            kept.push(finding);
        }
    }
    kept.sort_by_key(|finding| finding.place.start);
    kept
}

fn problems(
    source: &Source,
    found: &Invocation,
    mistakes: &orch_syntax::Errors,
    problems: &mut Vec<Problem>,
) {
    for mistake in mistakes {
        let problem = Problem::new(source.name(), found.position(source, mistake), mistake.to_string());
        if !problems.contains(&problem) {
            problems.push(problem);
        }
    }
}

/// A finding under the line where it stands.
fn report(source: &Source, finding: &Finding) -> String {
    let name = format!("orch::{}", finding.lint);
    let snippet = Snippet::source(source.text())
        .path(source.name())
        .annotation(AnnotationKind::Primary.span(finding.place.clone()).label(finding.help.as_str()))
        .annotations(
            finding
                .because
                .iter()
                .map(|(place, what)| AnnotationKind::Context.span(place.clone()).label(what.as_str())),
        );
    let title = Level::WARNING.primary_title(finding.message.as_str()).id(name.as_str());
    Renderer::plain().render(&[title.element(snippet)])
}
