//! What is made of lines: runs, their executions, and what was told in the midst of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::schema::{EventLine, GraphLine, RunLine, StepLine, What};

/// No text, no execution.
pub(crate) const NONE: u32 = u32::MAX;

/// No time is later, so that sums of two can be made: 146 years. A file may say anything.
const LATEST: u64 = 1 << 62;

/// How many bytes of text there is room for, for each execution that there is room for. What is above is counted.
const TEXTS: usize = 64;

/// How many marks there is room for, in the same way.
const MARKS: usize = 2;

/// Of how an execution is, or was when it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum State {
    Pending = 0,
    Running = 1,
    Succeeded = 2,
    Skipped = 3,
    Failed = 4,
    Cancelled = 5,
}

/// An execution. Times are nanoseconds since the run began.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) step: u32,
    /// The position of the execution around it in the run, or [`NONE`].
    pub(crate) parent: u32,
    pub(crate) attempt: u32,
    pub(crate) round: u32,
    pub(crate) item: Option<u64>,
    /// When it began to wait behind a limit; without that, when it started.
    pub(crate) pending: u64,
    pub(crate) start: u64,
    /// When it ended, or what happened last in it.
    pub(crate) end: u64,
    pub(crate) state: State,
    /// What it gave, or why it failed.
    pub(crate) text: u32,
    /// The change of the run that was the last to change it.
    pub(crate) revision: u32,
}

/// What was told in the midst of an execution.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub(crate) span: u32,
    pub(crate) at: u64,
    /// The end of a wait that began with it, or the same.
    pub(crate) until: u64,
    /// The word for what it is about.
    pub(crate) about: u32,
    pub(crate) text: u32,
    /// Of a circuit: its state now.
    pub(crate) state: u32,
    pub(crate) revision: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct RunKept {
    pub(crate) number: u64,
    pub(crate) key: Option<String>,
    /// Nanoseconds since the record began.
    pub(crate) start: u64,
    pub(crate) spans: Vec<Span>,
    pub(crate) marks: Vec<Mark>,
    pub(crate) texts: Texts,
    /// Executions that were not kept.
    pub(crate) lost: u64,
    /// Executions that failed.
    pub(crate) failed: u64,
    /// Raised by every change.
    pub(crate) revision: u32,
    /// The executions that have not ended, by their ids.
    open: HashMap<u64, u32>,
    /// The waits that have not ended, by their executions.
    waits: HashMap<u32, u32>,
    /// The last progress of an execution that has not ended.
    progress: HashMap<u32, u32>,
}

/// Texts, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Texts {
    pub(crate) all: Vec<Arc<str>>,
    known: HashMap<Arc<str>, u32>,
    bytes: usize,
    /// How many bytes it may have.
    room: usize,
    pub(crate) lost: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Kept {
    room: usize,
    /// Milliseconds since 1970.
    pub(crate) began: u64,
    pub(crate) graphs: Vec<GraphLine<'static>>,
    pub(crate) steps: Vec<StepLine>,
    pub(crate) runs: BTreeMap<u64, RunKept>,
    /// In all runs.
    pub(crate) executions: usize,
    marks: usize,
    text_bytes: usize,
    pub(crate) lost_runs: u64,
    pub(crate) lost_executions: u64,
    /// What was told in executions and not kept.
    pub(crate) lost_marks: u64,
}

impl Kept {
    pub(crate) fn new(room: usize, began: u64) -> Self {
        Kept {
            room,
            began,
            graphs: Vec::new(),
            steps: Vec::new(),
            runs: BTreeMap::new(),
            executions: 0,
            marks: 0,
            text_bytes: 0,
            lost_runs: 0,
            lost_executions: 0,
            lost_marks: 0,
        }
    }

    /// Whether it has the number that comes next, as every step has that was not left out.
    pub(crate) fn add_step(&mut self, step: StepLine) -> bool {
        let is_next = step.id as usize == self.steps.len();
        if is_next {
            self.steps.push(step);
        }
        is_next
    }

    pub(crate) fn begin(&mut self, line: RunLine) {
        let run = RunKept {
            number: line.run,
            key: line.key,
            start: line.start_ns.min(LATEST),
            spans: Vec::new(),
            marks: Vec::new(),
            texts: Texts::default(),
            lost: 0,
            failed: 0,
            revision: 0,
            open: HashMap::new(),
            waits: HashMap::new(),
            progress: HashMap::new(),
        };
        self.make_room(line.run);
        // So many are under way that there is no room for one more, not even without its executions.
        if self.runs.len() >= self.room.max(1) {
            self.lost_runs += 1;
            return;
        }
        self.runs.insert(line.run, run);
    }

    /// Takes an event. Whether it makes sense: one of an unknown step or run does not.
    pub(crate) fn apply(&mut self, mut line: EventLine) -> bool {
        line.ns = line.ns.min(LATEST);
        if line.step as usize >= self.steps.len() {
            return false;
        }
        let is_start = matches!(line.event, What::Pending | What::Running);
        let Some(run) = self.runs.get(&line.run) else {
            self.lost_executions += u64::from(is_start);
            return false;
        };
        if is_start && !run.open.contains_key(&line.execution) {
            self.make_room(line.run);
            let has_room = self.executions < self.room;
            let Some(run) = self.runs.get_mut(&line.run) else { return false };
            if has_room && run.spans.len() < NONE as usize {
                self.executions += 1;
                run.open(&line);
            } else {
                run.lost += 1;
                self.lost_executions += 1;
            }
            return true;
        }
        let Some(run) = self.runs.get_mut(&line.run) else { return false };
        // Without one its start was lost, and counted, or it has ended.
        let Some(&position) = run.open.get(&line.execution) else { return run.lost > 0 };
        if line.event == What::Told && self.marks >= self.room.saturating_mul(MARKS) {
            self.lost_marks += 1;
            return true;
        }
        let (marks, bytes) = (run.marks.len(), run.texts.bytes);
        run.texts.room =
            self.room.saturating_mul(TEXTS).saturating_sub(self.text_bytes).saturating_add(bytes);
        run.change(position, line);
        self.marks += run.marks.len() - marks;
        self.text_bytes += run.texts.bytes - bytes;
        true
    }

    /// Forgets runs that have ended, the oldest first, until there is room for one execution more of a run.
    fn make_room(&mut self, run: u64) {
        // A run is a few hundred bytes, even if nothing of it is kept.
        let is_full = |kept: &Kept| kept.executions >= kept.room || kept.runs.len() >= kept.room;
        while is_full(self) {
            let ended = self.runs.values().find(|other| other.number != run && other.has_ended());
            let Some(ended) = ended.map(|ended| ended.number) else { return };
            if let Some(gone) = self.runs.remove(&ended) {
                self.executions -= gone.spans.len();
                self.marks -= gone.marks.len();
                self.text_bytes -= gone.texts.bytes;
                self.lost_executions += gone.spans.len() as u64;
                self.lost_runs += 1;
            }
        }
    }
}

impl RunKept {
    /// The outermost execution.
    pub(crate) fn root(&self) -> Option<&Span> {
        self.spans.first().filter(|root| root.parent == NONE)
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.open.is_empty() && self.root().is_none_or(|root| root.state >= State::Succeeded)
    }

    /// How it ended, or is.
    pub(crate) fn state(&self) -> State {
        self.root().map_or(State::Running, |root| root.state)
    }

    /// The time of its last event, since it began.
    pub(crate) fn end(&self) -> u64 {
        self.root().map_or(0, |root| root.end)
    }

    pub(crate) fn text(&self, text: u32) -> Option<&str> {
        self.texts.all.get(text as usize).map(|text| &**text)
    }

    fn open(&mut self, line: &EventLine) {
        let position = u32::try_from(self.spans.len()).unwrap_or(NONE);
        let parent = line.parent.and_then(|parent| self.open.get(&parent)).copied().unwrap_or(NONE);
        self.revision += 1;
        self.spans.push(Span {
            step: line.step,
            parent,
            attempt: line.attempt,
            round: line.round,
            item: line.item,
            pending: line.ns,
            start: line.ns,
            end: line.ns,
            state: State::Pending,
            text: NONE,
            revision: self.revision,
        });
        self.open.insert(line.execution, position);
        if line.event == What::Running {
            self.start(position, line.ns);
        }
        self.reach(line.ns);
    }

    fn change(&mut self, position: u32, line: EventLine) {
        self.revision += 1;
        self.reach(line.ns);
        let span = &mut self.spans[position as usize];
        span.revision = self.revision;
        span.end = line.ns.max(span.start);
        let state = match line.event {
            What::Running => return self.start(position, line.ns),
            What::Told => return self.tell(position, line),
            What::Succeeded => State::Succeeded,
            What::Skipped => State::Skipped,
            What::Failed => State::Failed,
            What::Cancelled => State::Cancelled,
            What::Pending | What::Unknown => return,
        };
        // It never started.
        if span.state == State::Pending {
            span.start = span.end;
        }
        span.state = state;
        self.failed += u64::from(state == State::Failed);
        let text = line.text.map_or(NONE, |text| match line.by {
            Some(by) => self.texts.of(&format!("by `{by}`: {text}")),
            None => self.texts.of(&text),
        });
        self.spans[position as usize].text = text;
        self.open.remove(&line.execution);
        self.progress.remove(&position);
        self.end_wait(position, line.ns);
    }

    fn start(&mut self, position: u32, at: u64) {
        let revision = self.revision;
        let span = &mut self.spans[position as usize];
        span.start = at.max(span.pending);
        span.end = span.start;
        span.state = State::Running;
        span.revision = revision;
        // The start of a step inside says that the block around it waits no more.
        let parent = span.parent;
        self.end_wait(parent, at);
    }

    fn tell(&mut self, position: u32, line: EventLine) {
        let about = line.about.as_deref().unwrap_or("told");
        let text = self.texts.of(line.text.as_deref().unwrap_or_default());
        let mark = |run: &mut RunKept, state| Mark {
            span: position,
            at: line.ns,
            until: line.ns,
            about: run.texts.of(about),
            text,
            state,
            revision: run.revision,
        };
        // Of progress the latest is enough.
        if about == "progress"
            && let Some(&known) = self.progress.get(&position)
        {
            self.marks[known as usize] = mark(self, NONE);
            return;
        }
        let state = line.fields.get("new_state").and_then(|state| state.text());
        let state = state.map_or(NONE, |state| self.texts.of(state));
        let index = u32::try_from(self.marks.len()).unwrap_or(NONE);
        let made = mark(self, state);
        self.marks.push(made);
        match about {
            "progress" => drop(self.progress.insert(position, index)),
            _ if about == "waiting"
                || line.fields.get("delay_ns").is_some_and(|delay| delay.number().is_some()) =>
            {
                self.end_wait(position, line.ns);
                self.waits.insert(position, index);
            }
            _ => {}
        }
    }

    fn end_wait(&mut self, position: u32, at: u64) {
        if let Some(wait) = self.waits.remove(&position) {
            let mark = &mut self.marks[wait as usize];
            mark.until = at.max(mark.at);
            mark.revision = self.revision;
        }
    }

    /// The run has come to a time.
    fn reach(&mut self, at: u64) {
        if let Some(root) = self.spans.first_mut()
            && root.state <= State::Running
        {
            root.end = root.end.max(at);
        }
    }

    /// The waits that go on, by the position of their mark.
    pub(crate) fn waits(&self, mark: usize) -> bool {
        let span = self.marks[mark].span;
        self.waits.get(&span).is_some_and(|open| *open as usize == mark)
    }
}

impl Texts {
    fn of(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return NONE;
        }
        if let Some(known) = self.known.get(text) {
            return *known;
        }
        if self.bytes.saturating_add(text.len()) > self.room {
            self.lost += 1;
            return NONE;
        }
        let index = u32::try_from(self.all.len()).unwrap_or(NONE);
        let text: Arc<str> = text.into();
        self.bytes += text.len();
        self.all.push(Arc::clone(&text));
        self.known.insert(text, index);
        index
    }
}
