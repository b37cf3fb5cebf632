//! The lines of a file of events, and how events become such lines. docs/report.md describes them for readers.
//!
//! A bus makes the same lines of events whether they are written or kept, so that a report is the same in both ways.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Write};

use async_orch::{BlockEvent, Event, EventKind, Field, Graph, Node, Place, TaskEvent, Told};
use serde::{Deserialize, Serialize};

/// The version that is written, and the latest that is read. It is raised when a reader of the old one would misread a new file;
/// lines, fields and events may be added under the same.
pub(crate) const VERSION: u32 = 1;

/// How many characters of an output, an error or a note are kept.
const TEXT: usize = 240;

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "lowercase")]
pub(crate) enum Line<'a> {
    #[serde(borrow)]
    Header(Header<'a>),
    Step(StepLine),
    Run(RunLine),
    Event(EventLine),
    /// One that a later version under the same number has added.
    #[serde(other)]
    Unknown,
}

/// The first line of a file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Header<'a> {
    pub(crate) version: u32,
    /// Milliseconds since 1970, of the moment from which runs count their beginnings.
    pub(crate) began: u64,
    #[serde(borrow, default)]
    pub(crate) graphs: Vec<GraphLine<'a>>,
}

/// A pipeline.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct GraphLine<'a> {
    /// As [`Graph::to_json`] gives it.
    pub(crate) graph: serde_json::Value,
    /// As [`Graph::to_svg`] gives it.
    pub(crate) svg: Cow<'a, str>,
}

/// What later lines call a step by its number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StepLine {
    pub(crate) id: u32,
    pub(crate) index: u32,
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) place: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) repetition: u32,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RunLine {
    pub(crate) run: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    /// Nanoseconds from the header's `began`.
    pub(crate) start_ns: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EventLine {
    pub(crate) run: u64,
    pub(crate) seq: u64,
    /// Since the run began.
    pub(crate) ns: u64,
    pub(crate) step: u32,
    pub(crate) execution: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<u64>,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub(crate) attempt: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) item: Option<u64>,
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub(crate) round: u32,
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) replayed: bool,
    pub(crate) event: What,
    /// The output, the reason of a failure, or what was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    /// The name of the step that a block failed by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
    /// How many items an `each` has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) items: Option<u64>,
    /// Of what was told: the word for it, and its fields. Times are in nanoseconds, and their names end in `_ns`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) about: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) fields: BTreeMap<String, Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum What {
    Pending,
    Running,
    Succeeded,
    Skipped,
    Failed,
    Cancelled,
    Told,
    #[serde(other)]
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Value {
    Flag(bool),
    Number(u64),
    Text(String),
    /// Of a kind that a later version has added.
    Other(serde_json::Value),
}

impl Value {
    pub(crate) fn number(&self) -> Option<u64> {
        if let Value::Number(number) = self { Some(*number) } else { None }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        if let Value::Text(text) = self { Some(text) } else { None }
    }
}

impl From<&Graph> for GraphLine<'static> {
    fn from(graph: &Graph) -> Self {
        let json = serde_json::from_str(&graph.to_json()).unwrap_or_default();
        GraphLine { graph: json, svg: graph.to_svg().into() }
    }
}

impl EventLine {
    /// `outputs`: whether the texts of outputs are wanted.
    pub(crate) fn of(event: &Event<'_>, step: u32, outputs: bool) -> Self {
        let mut line = EventLine {
            run: event.run.number(),
            seq: event.seq,
            ns: nanoseconds(event.elapsed),
            step,
            execution: event.execution.id,
            parent: event.execution.parent,
            attempt: event.execution.attempt,
            item: event.execution.item,
            round: event.execution.round(),
            replayed: event.replayed,
            event: What::Unknown,
            text: None,
            by: None,
            items: None,
            about: None,
            fields: BTreeMap::new(),
        };
        match event.kind {
            EventKind::Task(task) => match task {
                TaskEvent::Pending => line.event = What::Pending,
                TaskEvent::Running => line.event = What::Running,
                TaskEvent::Succeeded { output, .. } => {
                    line.event = What::Succeeded;
                    let is_said = outputs && output.debug().is_some() && !output.value().is::<()>();
                    line.text = is_said.then(|| text(format_args!("{output:?}")));
                }
                TaskEvent::Failed { reason, .. } => line.fails(text(format_args!("{reason}"))),
                TaskEvent::Cancelled => line.event = What::Cancelled,
                _ => {}
            },
            EventKind::Block(block) => match block {
                BlockEvent::Pending => line.event = What::Pending,
                BlockEvent::Started { items, .. } => {
                    line.event = What::Running;
                    line.items = items;
                }
                BlockEvent::Succeeded { .. } => line.event = What::Succeeded,
                BlockEvent::Skipped { .. } => line.event = What::Skipped,
                BlockEvent::Failed { reason, origin, .. } => {
                    line.fails(text(format_args!("{reason}")));
                    // A block that fails by itself, as a `timeout` does, says so by its reason.
                    let inside = origin.filter(|origin| origin.place() != event.node.place());
                    line.by = inside.map(|origin| origin.name().to_owned());
                }
                BlockEvent::Cancelled => line.event = What::Cancelled,
                _ => {}
            },
            EventKind::Told(told) => line.tells(told),
            _ => {}
        }
        line
    }

    fn fails(&mut self, reason: String) {
        self.event = What::Failed;
        self.text = Some(reason);
    }

    fn tells(&mut self, told: &dyn Told) {
        self.event = What::Told;
        self.about = Some(told.about().to_owned());
        self.text = Some(text(format_args!("{told}")));
        told.fields(&mut |name, field| {
            let (name, value) = match field {
                Field::Flag(flag) => (name.to_owned(), Value::Flag(flag)),
                Field::Number(number) => (name.to_owned(), Value::Number(number)),
                Field::Time(time) => (format!("{name}_ns"), Value::Number(nanoseconds(time))),
                Field::Text(said) => (name.to_owned(), Value::Text(text(format_args!("{said}")))),
                _ => return,
            };
            self.fields.insert(name, value);
        });
    }
}

/// Gives each step a number, by which its events name it.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    /// By index and path. Two steps of a pipeline may have one path; two pipelines, steps of one index.
    known: HashMap<(usize, String), Vec<u32>>,
    steps: Vec<StepLine>,
    places: Vec<Place>,
    /// By index, the number that was asked for last: most events are of steps that have just had one.
    recent: Vec<u32>,
}

impl Numbers {
    /// The number of a step, and its line if it is new.
    pub(crate) fn of(&mut self, node: &Node) -> (u32, Option<&StepLine>) {
        if let Some(recent) = self.recent.get(node.index()).copied()
            && self.is(recent, node)
        {
            return (recent, None);
        }
        let (id, is_new) = self.find(node);
        if self.recent.len() <= node.index() {
            self.recent.resize(node.index() + 1, u32::MAX);
        }
        self.recent[node.index()] = id;
        (id, self.steps.last().filter(|_| is_new))
    }

    fn is(&self, id: u32, node: &Node) -> bool {
        let Some(step) = self.steps.get(id as usize) else { return false };
        step.index as usize == node.index()
            && self.places[id as usize] == node.place()
            && step.path == node.path()
    }

    fn find(&mut self, node: &Node) -> (u32, bool) {
        let key = (node.index(), node.path().to_owned());
        let same = self.known.get(&key).into_iter().flatten();
        if let Some(id) = same.copied().find(|id| self.is(*id, node)) {
            return (id, false);
        }
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        let id = number(self.steps.len());
        self.known.entry(key).or_default().push(id);
        self.places.push(node.place());
        self.steps.push(StepLine {
            id,
            index: number(node.index()),
            path: node.path().to_owned(),
            name: node.name().to_owned(),
            kind: node.kind().as_str().to_owned(),
            place: node.place().to_string(),
            repetition: number(node.repetition()),
        });
        (id, true)
    }
}

pub(crate) fn nanoseconds(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// The beginning of a text, with an ellipsis if there was more. What is not kept is not made either.
fn text(said: fmt::Arguments<'_>) -> String {
    struct Kept {
        text: String,
        left: usize,
    }
    impl Write for Kept {
        fn write_str(&mut self, more: &str) -> fmt::Result {
            for letter in more.chars() {
                self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
                self.text.push(letter);
            }
            Ok(())
        }
    }
    let mut kept = Kept { text: String::new(), left: TEXT };
    if kept.write_fmt(said).is_err() {
        kept.text.push('…');
    }
    kept.text
}

fn one() -> u32 {
    1
}

// serde hands these a reference.
fn is_one(number: &u32) -> bool {
    *number == 1
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_false(flag: &bool) -> bool {
    !flag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_so_much_and_says_that_there_was_more() {
        assert_eq!(text(format_args!("{}", "é".repeat(TEXT))), "é".repeat(TEXT));
        assert_eq!(text(format_args!("{}", "é".repeat(TEXT + 1))), "é".repeat(TEXT) + "…");
    }

    #[test]
    fn lines_and_events_of_later_versions_are_known_as_unknown() {
        assert!(matches!(serde_json::from_str(r#"{"line":"memory","bytes":7}"#), Ok(Line::Unknown)));
        let event = r#"{"line":"event","run":1,"seq":0,"ns":5,"step":0,"execution":1,"event":"paused","colour":"red","fields":{"a":-1.5}}"#;
        let Ok(Line::Event(event)) = serde_json::from_str(event) else { panic!("not read") };
        assert_eq!((event.event, event.attempt, event.round), (What::Unknown, 1, 1));
    }
}
