//! `cargo orch graph`: the pictures that `graph()` gives in a program, of pipelines that are only read.

use std::path::PathBuf;

use orch_core::__private_0_1_0::written::load;
use orch_core::__private_0_1_0::{Form, Load, Meta, Written};
use orch_core::{Graph, NodeKind, Place};
use orch_syntax::ast::{Item, Step};
use orch_syntax::{Parsed, blocks, tokens, written};
use proc_macro2::Span;

use crate::args::{self, Format};
use crate::cases::{cases, read};
use crate::config::Configs;
use crate::files;
use crate::find::{Invocation, find};
use crate::problem::{Error, Problem};
use crate::run::{Outcome, World};
use crate::source::{Position, Source, range};

/// `cargo orch graph`
pub(crate) fn run(arguments: &args::Graph, world: &mut World<'_>) -> Result<Outcome, Error> {
    let (path, line) = place(&arguments.file, world);
    let whole = world.dir.join(&path);
    let text = std::fs::read_to_string(&whole).map_err(Error::file(&path))?;
    let names = arguments.names.of(&files::folder(&whole)?, &mut Configs::default())?;
    let name = path.display().to_string();
    let source = match Source::read(&name, &text) {
        Ok(source) => source,
        Err(problem) => {
            writeln!(world.errors, "error: {problem}")?;
            return Ok(Outcome::Failed);
        }
    };
    let mut found = find(&source, &names);
    if let Some(line) = line {
        let lines = |found: &Invocation| {
            let whole = found.range();
            source.position(whole.start).line..=source.position(whole.end).line
        };
        found.retain(|found| lines(found).contains(&line));
        // Of pipelines in each other, the innermost.
        let depth = found.iter().map(|found| found.depth).max();
        found.retain(|found| Some(found.depth) == depth);
    }
    if found.is_empty() {
        let at = line.map_or_else(String::new, |line| format!(" at line {line}"));
        return Err(Error::NoPipeline(format!("{name} has no pipeline{at}")));
    }
    if found.len() > 1 && matches!(arguments.format, Format::Mermaid | Format::Svg) {
        let lines: Vec<String> =
            found.iter().map(|found| source.position(found.start).line.to_string()).collect();
        let message = match line {
            Some(line) => format!(
                "{name} has several pipelines at line {line}, and a picture is one: put each on a line of its own"
            ),
            None => format!(
                "{name} has several pipelines, at the lines {}, and a picture is one: write {name}:{}",
                lines.join(", "),
                lines.first().map_or("", String::as_str)
            ),
        };
        return Err(Error::NoPipeline(message));
    }
    let (mut outcome, mut drawn) = (Outcome::Fine, Vec::new());
    for invocation in &found {
        match graph(&source, invocation) {
            Ok(graph) => drawn.push((source.position(invocation.start), graph)),
            Err(problems) => {
                outcome = Outcome::Failed;
                for problem in problems {
                    writeln!(world.errors, "error: {problem}")?;
                }
            }
        }
    }
    let text = render(&name, &drawn, arguments.format);
    match &arguments.output {
        // What was drawn there before stays.
        Some(_) if outcome != Outcome::Fine => {}
        Some(output) => std::fs::write(world.dir.join(output), text).map_err(Error::file(output))?,
        None => world.output.write_all(text.as_bytes())?,
    }
    Ok(outcome)
}

/// `FILE`, or `FILE:LINE` where no file is called that.
fn place(written: &str, world: &World<'_>) -> (PathBuf, Option<usize>) {
    if !world.dir.join(written).is_file()
        && let Some((file, line)) = written.rsplit_once(':')
        && let Ok(line) = line.parse()
    {
        return (file.into(), Some(line));
    }
    (written.into(), None)
}

fn render(name: &str, drawn: &[(Position, Graph)], format: Format) -> String {
    let mut text = String::new();
    for (Position { line, column }, graph) in drawn {
        match format {
            Format::Text => {
                if drawn.len() > 1 {
                    text += if text.is_empty() { "" } else { "\n" };
                    text += &format!("{name}:{line}:{column}\n");
                }
                text += &graph.to_string();
            }
            Format::Mermaid => text += graph.to_mermaid().trim_end(),
            Format::Dot => text += graph.to_dot().trim_end(),
            Format::Json => text += graph.to_json().trim_end(),
            Format::Svg => text += graph.to_svg().trim_end(),
        }
        text.push('\n');
    }
    text
}

/// The graph of a pipeline in a file: the one that it would give if it were built, but that an embedded pipeline is one step. Of parts
/// under `#[cfg(…)]` that are never there together, it has the first.
///
/// # Errors
///
/// The mistakes in it.
pub fn graph(source: &Source, found: &Invocation) -> Result<Graph, Vec<Problem>> {
    all(source, found).map(|mut all| all.swap_remove(0))
}

/// The graph of a pipeline with all that may be there; where that is none, as it has parts that are never there together, those of all
/// cases.
pub(crate) fn all(source: &Source, found: &Invocation) -> Result<Vec<Graph>, Vec<Problem>> {
    let whole = read(&found.body());
    let parsed = if whole.errors.is_empty() {
        vec![whole]
    } else {
        cases(&found.body()).into_iter().map(|(_, case)| case).collect()
    };
    parsed.iter().map(|parsed| of(source, found, parsed)).collect()
}

fn of(source: &Source, found: &Invocation, parsed: &Parsed) -> Result<Graph, Vec<Problem>> {
    if !parsed.errors.is_empty() {
        let problem = |mistake: &orch_syntax::Mistake| {
            Problem::new(source.name(), found.position(source, mistake), mistake.to_string())
        };
        return Err(parsed.errors.iter().map(problem).collect());
    }
    let mut reader = Reader { source, file: leak(source.name()), entries: 0 };
    Ok(reader.step(&parsed.tree.root, None).graph())
}

/// Makes entries as the macro's table has them. They are never given back: the program ends.
struct Reader<'s> {
    source: &'s Source,
    file: &'static str,
    entries: u32,
}

/// What an entry has that differs.
struct Entry {
    kind: NodeKind,
    form: Form,
    name: Option<String>,
    options: Vec<(String, String)>,
    span: Span,
}

impl Reader<'_> {
    fn entry(
        &mut self,
        parent: Option<&'static Meta>,
        Entry { kind, form, name, options, span }: Entry,
    ) -> &'static Meta {
        let Position { line, column } = self.source.position(range(span).start);
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let options: Vec<(&'static str, &'static str)> =
            options.iter().map(|(name, value)| (leak(name), leak(value))).collect();
        let index = self.entries;
        self.entries += 1;
        Box::leak(Box::new(Meta {
            index,
            parent,
            kind,
            form,
            name: name.as_deref().map(leak),
            options: options.leak(),
            place: Place { file: self.file, line: number(line), column: number(column) },
        }))
    }

    fn leaf(
        &mut self,
        parent: Option<&'static Meta>,
        kind: NodeKind,
        name: Option<String>,
        span: Span,
    ) -> &'static Meta {
        self.entry(parent, Entry { kind, form: Form::Row, name, options: Vec::new(), span })
    }

    fn step(&mut self, step: &Step, parent: Option<&'static Meta>) -> Written {
        match step {
            Step::Leaf(leaf) => {
                let given = leaf.name.as_ref().map(|name| name.value.clone());
                let first =
                    leaf.path.tokens.clone().into_iter().next().map_or_else(Span::call_site, |t| t.span());
                let meta = self.leaf(parent, NodeKind::Task, given, first);
                let own = leaf.path.names.last().map(ToString::to_string).unwrap_or_default();
                Written::Task(meta, Box::leak(Box::new(leak(own.trim_start_matches("r#")))))
            }
            Step::Inline(inline) => {
                let given = inline.name.as_ref().map(|name| name.value.clone());
                let span = inline.begins();
                let load = if inline.async_token.is_some() { Load::WAITS } else { Load::AT_ONCE };
                Written::Leaf(self.leaf(parent, NodeKind::Inline, given, span), load)
            }
            Step::Embed(embed) => {
                let text = tokens::source_text(&embed.group.stream());
                let name = format!("{{ {text} }}");
                let meta = self.leaf(parent, NodeKind::Embed, Some(name), embed.group.span_open());
                Written::Leaf(meta, Load::Unknown)
            }
            Step::Block(block) => {
                let entry = Entry {
                    kind: NodeKind::Block(block.spec.keyword),
                    form: form(block.spec.form),
                    name: block.name().map(|name| name.value),
                    options: written::options(block),
                    span: block.keyword.span(),
                };
                let meta = self.entry(parent, entry);
                let inside = block.body.iter().filter_map(|item| self.item(item, meta)).collect();
                Written::Block(meta, load(block.spec.keyword, meta.options), inside)
            }
            Step::Undo(undo) => {
                let step = self.step(&undo.step, parent);
                let entry = Entry {
                    kind: NodeKind::Block(undo.when.word()),
                    form: Form::Afterwards,
                    name: None,
                    options: Vec::new(),
                    span: undo.word.span(),
                };
                let meta = self.entry(parent, entry);
                let undo = self.step(&undo.undo, Some(meta));
                Written::Undo(meta, Box::new(step), Box::new(undo))
            }
            // Only where there is a mistake.
            Step::Hole(_) => {
                let meta = self.leaf(parent, NodeKind::Task, Some("?".to_owned()), Span::call_site());
                Written::Leaf(meta, Load::Unknown)
            }
        }
    }

    fn item(&mut self, item: &Item, parent: &'static Meta) -> Option<Written> {
        let step = self.step(item.step()?, Some(parent));
        Some(match item {
            Item::Arm(arm) => Written::Arm(leak(&written::arm(arm)), Box::new(step)),
            _ => step,
        })
    }
}

fn form(form: blocks::Form) -> Form {
    match form {
        blocks::Form::Row => Form::Row,
        blocks::Form::Peers => Form::Peers,
        blocks::Form::Alternatives => Form::Alternatives,
        blocks::Form::Afterwards => Form::Afterwards,
        blocks::Form::Choice => Form::Choice,
    }
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}
