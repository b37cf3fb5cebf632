//! An event as one line of text.

use std::fmt::{self, Write as _};
use std::time::Duration;

use super::{BlockEvent, Event, EventKind, TaskEvent};
use crate::graph::Node;

/// How wide the column of paths is where nobody says.
const PATHS: usize = 32;

/// How many characters of an output or error a line shows.
const TEXT: usize = 160;

/// One readable line, as [`LogBus`](crate::bus::LogBus) prints it: no line breaks, and long texts cut short.
impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.elapsed.as_secs_f64() * 1e3;
        write!(f, "#{:<4}{milliseconds:>11.3}ms  {}", self.run.0, self.label())?;
        let missing = f.width().unwrap_or(PATHS).saturating_sub(self.label_width());
        write!(f, "{:missing$}  {}", "", self.change())
    }
}

impl Event<'_> {
    fn change(&self) -> Change<'_> {
        Change { kind: &self.kind, attempt: self.execution.attempt, node: Some(self.node) }
    }

    /// The path, with what tells steps of the same path apart, the item and the round.
    fn label(&self) -> Label<'_> {
        Label(self)
    }

    /// How wide the column of paths has to be for this line.
    pub(crate) fn label_width(&self) -> usize {
        let mut width = Width(0);
        // Counting does not fail.
        let _ = write!(width, "{}", self.label());
        width.0
    }
}

struct Label<'a>(&'a Event<'a>);

impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Event { node, execution, .. } = self.0;
        f.write_str(node.path())?;
        if node.repetition() > 0 {
            write!(f, "#{}", node.repetition() + 1)?;
        }
        if let Some(item) = execution.item {
            write!(f, "[{item}]")?;
        }
        match execution.rounds().next_back() {
            Some(round) => write!(f, "{{{round}}}"),
            None => Ok(()),
        }
    }
}

/// Counts characters.
struct Width(usize);

impl fmt::Write for Width {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.chars().count();
        Ok(())
    }
}

impl fmt::Display for EventKind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Change { kind: self, attempt: 1, node: None }.fmt(f)
    }
}

impl fmt::Display for TaskEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        EventKind::Task(*self).fmt(f)
    }
}

impl fmt::Display for BlockEvent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        EventKind::Block(*self).fmt(f)
    }
}

/// What happened, and in which attempt if it was not the first.
struct Change<'a> {
    kind: &'a EventKind<'a>,
    attempt: u32,
    /// The step that the line has named already.
    node: Option<&'a Node>,
}

impl fmt::Display for Change<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attempt = Attempt(self.attempt);
        match self.kind {
            EventKind::Task(TaskEvent::Succeeded { output, elapsed }) => {
                write!(f, "succeeded{attempt} in {}", Span(*elapsed))?;
                if output.debug().is_some() && !output.value().is::<()>() {
                    write!(f, ": {}", OneLine(format_args!("{output:?}")))?;
                }
                Ok(())
            }
            EventKind::Task(TaskEvent::Failed { reason, elapsed, .. }) => {
                write!(f, "failed{attempt} after {}: {}", Span(*elapsed), OneLine(format_args!("{reason}")))
            }
            EventKind::Task(task) => write!(f, "{}{attempt}", task.state()),
            EventKind::Block(BlockEvent::Started { items }) => {
                write!(f, "started{attempt}")?;
                match items {
                    None => Ok(()),
                    Some(1) => f.write_str(" with 1 item"),
                    Some(items) => write!(f, " with {items} items"),
                }
            }
            EventKind::Block(BlockEvent::Succeeded { elapsed }) => {
                write!(f, "succeeded{attempt} in {}", Span(*elapsed))
            }
            EventKind::Block(BlockEvent::Skipped { .. }) => write!(f, "skipped{attempt}"),
            EventKind::Block(BlockEvent::Failed { reason, origin, elapsed, .. }) => {
                write!(f, "failed{attempt} after {}", Span(*elapsed))?;
                if let Some(origin) = origin.filter(|origin| !self.node.is_some_and(|node| node.is(*origin)))
                {
                    write!(f, ", by `{}`", origin.name())?;
                }
                write!(f, ": {}", OneLine(format_args!("{reason}")))
            }
            EventKind::Block(block @ (BlockEvent::Pending | BlockEvent::Cancelled)) => {
                write!(f, "{}{attempt}", block.state())
            }
            EventKind::Told(told) => write!(f, "{}", OneLine(format_args!("{told}"))),
        }
    }
}

struct Attempt(u32);

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 | 1 => Ok(()),
            attempt => write!(f, " (attempt {attempt})"),
        }
    }
}

/// A duration in three digits and one unit: `350ms`, `1.02s`, `0s`.
pub(crate) struct Span(pub(crate) Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanoseconds = self.0.as_nanos();
        let (unit, name) = match nanoseconds {
            0 | 1_000_000_000.. => (1e9, "s"),
            1_000_000.. => (1e6, "ms"),
            1_000.. => (1e3, "µs"),
            _ => (1.0, "ns"),
        };
        let value = nanoseconds as f64 / unit;
        let digits = match value {
            100.0.. => 0,
            10.0.. => 1,
            _ => 2,
        };
        let text = format!("{value:.digits$}");
        let text = if digits > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        write!(f, "{text}{name}")
    }
}

/// Text without line breaks and no longer than [`TEXT`].
struct OneLine<'a>(fmt::Arguments<'a>);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut escaped = Escaped { out: f, left: TEXT, failed: false };
        // Giving an error back stops the text where the rest would not be shown anyway.
        let cut = escaped.write_fmt(self.0).is_err();
        match (cut, escaped.failed) {
            (_, true) => Err(fmt::Error),
            (true, _) => f.write_char('…'),
            (false, _) => Ok(()),
        }
    }
}

struct Escaped<'a, 'f> {
    out: &'a mut fmt::Formatter<'f>,
    left: usize,
    failed: bool,
}

impl fmt::Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            let written = match character {
                control if control.is_control() => write!(self.out, "{}", control.escape_default()),
                character => self.out.write_char(character),
            };
            self.failed |= written.is_err();
            written?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_three_digits_and_one_unit() {
        let texts = [
            (Duration::ZERO, "0s"),
            (Duration::from_nanos(7), "7ns"),
            (Duration::from_nanos(1_234), "1.23µs"),
            (Duration::from_micros(12_345), "12.3ms"),
            (Duration::from_millis(350), "350ms"),
            (Duration::from_micros(999_999), "1000ms"),
            (Duration::from_secs(2), "2s"),
            (Duration::from_millis(90_500), "90.5s"),
            (Duration::from_secs(3600), "3600s"),
        ];
        for (duration, text) in texts {
            assert_eq!(Span(duration).to_string(), text, "{duration:?}");
        }
    }

    #[test]
    fn a_line_has_no_line_breaks_and_cuts_long_texts() {
        let line = |text: &str| OneLine(format_args!("{text}")).to_string();
        assert_eq!(line("a\nb\tc"), "a\\nb\\tc");
        assert_eq!(line(&"é".repeat(TEXT)), "é".repeat(TEXT));
        assert_eq!(line(&"é".repeat(TEXT + 1)), "é".repeat(TEXT) + "…");
    }
}
