//! What each pipeline can do at once, at most, in a line.

use std::time::Duration;

use orch_core::{Graph, Node, NodeKind};

use super::values::shown;
use crate::find::Invocation;
use crate::source::Source;

/// `src/lib.rs:12:5: at most 8 tasks in flight, 3 attempts of a task, 2m 10s`
pub(super) fn line(source: &Source, found: &Invocation, graph: &Graph) -> String {
    let bounds = graph.bounds();
    let position = source.position(found.start);
    let place = format!("{}:{}:{}", source.name(), position.line, position.column);
    if let Some(embedded) = graph.nodes().iter().find(|node| node.kind() == NodeKind::Embed) {
        let at = embedded.place();
        return format!(
            "{place}: not known: `{}` at {}:{} is built elsewhere",
            embedded.name(),
            at.line,
            at.column
        );
    }
    let in_flight = match *bounds.in_flight {
        Some(most) => format!("at most {most} {} in flight", counted(most, "task")),
        None => format!("unbounded in flight{}", because(graph, in_flight)),
    };
    let attempts = match *bounds.attempts {
        Some(most) => format!("{most} {} of a task", counted(most as usize, "attempt")),
        None => format!("unbounded attempts of a task{}", because(graph, attempts)),
    };
    let longest = match *bounds.longest {
        Some(Duration::ZERO) => "no waiting".to_owned(),
        Some(longest) => shown(longest),
        None => "no time limit".to_owned(),
    };
    format!("{place}: {in_flight}, {attempts}, {longest}")
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { what.to_owned() } else { format!("{what}s") }
}

/// The first step that has no bound, and why.
fn because(graph: &Graph, why: fn(&Node) -> Option<String>) -> String {
    let cause = graph.nodes().iter().find_map(|node| Some((node, why(node)?)));
    match cause {
        Some((node, why)) => format!(" ({why} at {}:{})", node.place().line, node.place().column),
        None => String::new(),
    }
}

/// Why there may be any number of tasks in flight.
fn in_flight(node: &Node) -> Option<String> {
    match node.kind() {
        NodeKind::Block("each") => no_number(node, "limit"),
        NodeKind::Block("hedge") => {
            no_number(node, "max_attempts").filter(|_| given(node, "max_attempts").is_some())
        }
        _ => None,
    }
}

/// Why there may be any number of attempts.
fn attempts(node: &Node) -> Option<String> {
    match node.kind() {
        NodeKind::Block("retry" | "hedge") => {
            given(node, "max_attempts").is_some().then(|| no_number(node, "max_attempts")).flatten()
        }
        NodeKind::Block(keyword @ "with") => Some(format!("`{keyword}`")),
        _ => None,
    }
}

fn given(node: &Node, option: &str) -> Option<&'static str> {
    node.options().iter().find(|(name, _)| *name == option).map(|(_, value)| *value)
}

/// Why an option is no number, if it is none.
fn no_number(node: &Node, option: &str) -> Option<String> {
    let kind = node.kind();
    match given(node, option) {
        None => Some(format!("`{kind}` without `{option}`")),
        Some(value) if value.starts_with(|c: char| c.is_ascii_digit()) => None,
        Some(value) => Some(format!("`{kind}` with `{option} = {value}`")),
    }
}
