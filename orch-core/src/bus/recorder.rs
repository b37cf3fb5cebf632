//! A bus for tests.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::Bus;
use crate::event::{Event, OwnedEvent, RunId, TaskState};

/// Keeps every event, for tests. Clones are handles to one record.
///
/// Of outputs and errors it keeps the text: see [`OwnedEvent`].
///
/// ```
/// use async_orch::TaskState::*;
/// use async_orch::bus::Recorder;
/// use async_orch::{pipeline, task};
///
/// #[task]
/// async fn parse(text: String) -> Result<u32, std::num::ParseIntError> {
///     text.parse()
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let recorder = Recorder::new();
/// let double = pipeline! { |_: String| seq < parse |n| { n * 2 } as "double" > }.with_bus(recorder.clone());
///
/// assert_eq!(double.run("21".into()).await.unwrap(), 42);
/// assert_eq!(recorder.paths(), ["seq", "seq/parse", "seq/double"]);
/// assert_eq!(recorder.states("seq/double"), [Running, Succeeded]);
/// assert_eq!(recorder.of("seq/parse")[1].output(), Some("21"));
///
/// recorder.clear();
/// assert!(double.run("x".into()).await.is_err());
/// assert_eq!(recorder.states("seq/parse"), [Running, Failed]);
/// assert_eq!(recorder.of("seq/parse")[1].reason(), Some("invalid digit found in string"));
/// recorder.assert_balanced();
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Recorder {
    events: Arc<Mutex<Vec<OwnedEvent>>>,
}

impl Recorder {
    /// An empty record.
    #[must_use]
    pub fn new() -> Self {
        Recorder::default()
    }

    /// All events so far, in the order in which they were emitted.
    #[must_use]
    pub fn events(&self) -> Vec<OwnedEvent> {
        self.lock().clone()
    }

    /// Forgets all events.
    pub fn clear(&self) {
        self.lock().clear();
    }

    /// The events of the steps with this path.
    #[must_use]
    pub fn of(&self, path: &str) -> Vec<OwnedEvent> {
        self.lock().iter().filter(|event| event.path() == path).cloned().collect()
    }

    /// The events of the steps of this name, wherever they are: of those whose [short path](crate::graph::Node::short_path) is
    /// it or ends in it. A policy that is put around a step leaves them the same.
    ///
    /// ```
    /// use async_orch::bus::Recorder;
    /// use async_orch::{Run, pipeline, task};
    ///
    /// #[task]
    /// async fn charge(cents: u32) -> u32 {
    ///     cents
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), async_orch::Error> {
    /// let recorder = Recorder::new();
    /// let shop = pipeline! { |_: u32| seq(name = "shop") < retry < charge > > };
    /// (&shop).with_bus(&recorder).run(100).await?;
    /// assert_eq!(recorder.of_step("charge").len(), 2);
    /// assert_eq!(recorder.of_step("shop/charge").len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn of_step(&self, name: &str) -> Vec<OwnedEvent> {
        let is_of = |event: &&OwnedEvent| {
            let before = event.short_path().strip_suffix(name);
            event.node.is_named() && before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        self.lock().iter().filter(is_of).cloned().collect()
    }

    /// The states that the steps with this path went through. A block is
    /// [`Running`](TaskState::Running) when it starts; the events of circuits are left out.
    pub fn states(&self, path: &str) -> Vec<TaskState> {
        self.lock().iter().filter(|event| event.path() == path).filter_map(OwnedEvent::state).collect()
    }

    /// The paths of the steps that had an event, in the order of their first.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = Vec::new();
        for event in self.lock().iter() {
            if !paths.iter().any(|path| path == event.path()) {
                paths.push(event.path().to_owned());
            }
        }
        paths
    }

    /// The last event of each execution that has not ended: what is running or waiting now.
    ///
    /// ```
    /// use async_orch::bus::Recorder;
    /// use async_orch::pipeline;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let recorder = Recorder::new();
    /// let stuck = pipeline! { seq < async |()| { std::future::pending::<()>().await } as "wait" > }
    ///     .with_bus(recorder.clone());
    /// let run = tokio::spawn(async move { stuck.run(()).await });
    /// tokio::task::yield_now().await;
    ///
    /// let unfinished = recorder.unfinished();
    /// assert_eq!(unfinished.iter().map(|event| event.path()).collect::<Vec<_>>(), ["seq", "seq/wait"]);
    ///
    /// run.abort();
    /// assert!(run.await.unwrap_err().is_cancelled());
    /// assert!(recorder.unfinished().is_empty());
    /// # }
    /// ```
    #[must_use]
    pub fn unfinished(&self) -> Vec<OwnedEvent> {
        let events = self.lock();
        let mut last: Vec<&OwnedEvent> = Vec::new();
        let mut places = Places::new();
        for event in events.iter() {
            let place = *places.entry(key(event)).or_insert(last.len());
            match last.get_mut(place) {
                Some(earlier) => *earlier = event,
                None => last.push(event),
            }
        }
        last.into_iter().filter(|event| !is_terminal(event)).cloned().collect()
    }

    /// Checks the record as a whole. Call it when no run is under way.
    ///
    /// For each run: the events are numbered from 0 without gaps; each execution begins with `Pending` or `Running` and
    /// ends with exactly one of `Succeeded`, `Failed` and `Cancelled`; a block starts before and ends after the steps
    /// inside it.
    ///
    /// # Panics
    ///
    /// If one of these does not hold, with all events and what is wrong with them.
    #[track_caller]
    pub fn assert_balanced(&self) {
        let events = self.lock();
        let faults = faults(&events);
        assert!(faults.is_empty(), "the events are not balanced:\n{}{faults}", Listing(&events));
    }

    fn lock(&self) -> MutexGuard<'_, Vec<OwnedEvent>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[diagnostic::do_not_recommend]
impl Bus for Recorder {
    fn emit(&self, event: &Event<'_>) {
        let event = OwnedEvent::from(event);
        self.lock().push(event);
    }
}

/// An execution of some run.
fn key(event: &OwnedEvent) -> (RunId, u64) {
    (event.run, event.execution.id)
}

fn is_terminal(event: &OwnedEvent) -> bool {
    event.state().is_some_and(TaskState::is_terminal)
}

/// A number for each execution. (One type of map for all there is to count: each more would be compiled by every user.)
type Places = HashMap<(RunId, u64), usize>;

/// What is known of an execution so far.
struct Seen<'a> {
    first: &'a OwnedEvent,
    running: bool,
    ended: bool,
    /// How many executions right inside it have not ended.
    inside: usize,
}

/// What is wrong with the events, a line for each fault.
fn faults(events: &[OwnedEvent]) -> String {
    let mut faults = String::new();
    let mut numbers = Places::new();
    let (mut executions, mut places): (Vec<Seen<'_>>, _) = (Vec::new(), Places::new());
    for event in events {
        let mut fault = |what: &str| faults.push_str(&format!("{}: {what}\n", Line(event)));

        let number = numbers.entry((event.run, 0)).or_insert(0);
        if event.seq != *number as u64 {
            fault(&format!("is number {}, but {number} was due", event.seq));
        }
        *number = event.seq as usize + 1;

        let around = parent(event).map(|parent| places.get(&parent).copied());
        let Some(place) = places.get(&key(event)).copied() else {
            if !matches!(event.state(), Some(TaskState::Pending | TaskState::Running)) {
                fault("is the first event of an execution that did not begin");
            }
            let running = event.state() == Some(TaskState::Running);
            places.insert(key(event), executions.len());
            executions.push(Seen { first: event, running, ended: is_terminal(event), inside: 0 });
            match around.map(|around| around.map(|place| &mut executions[place])) {
                Some(Some(Seen { running: true, ended: false, inside, .. })) => *inside += 1,
                Some(_) => fault("starts while the block around it does not run"),
                None => {}
            }
            continue;
        };
        let seen = &mut executions[place];
        if seen.first.path() != event.path() || seen.first.execution != event.execution {
            fault("is not of the step, attempt or item that the execution began as");
        }
        match event.state() {
            _ if seen.ended => fault("comes after the end of its execution"),
            Some(TaskState::Pending) => fault("waits although it has begun"),
            Some(TaskState::Running) if seen.running => fault("starts for a second time"),
            Some(TaskState::Running) => seen.running = true,
            Some(TaskState::Succeeded | TaskState::Failed) if !seen.running => fault("ends but never ran"),
            _ => {}
        }
        if is_terminal(event) && !seen.ended {
            seen.ended = true;
            if seen.inside > 0 {
                fault("ends before the steps inside it");
            }
            if let Some(Some(place)) = around {
                let around = &mut executions[place];
                around.inside = around.inside.saturating_sub(1);
            }
        }
    }
    for seen in executions.iter().filter(|seen| !seen.ended) {
        faults.push_str(&format!("{}: has no end\n", Line(seen.first)));
    }
    faults
}

fn parent(event: &OwnedEvent) -> Option<(RunId, u64)> {
    event.execution.parent.map(|parent| (event.run, parent))
}

/// An event with what tells it from others: its number and its execution.
struct Line<'a>(&'a OwnedEvent);

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OwnedEvent { seq, execution, .. } = self.0;
        write!(f, "{seq:>4}  execution {:<3} {}", execution.id, self.0)
    }
}

struct Listing<'a>(&'a [OwnedEvent]);

impl fmt::Display for Listing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|event| writeln!(f, "{}", Line(event)))
    }
}

/// All events, one line each.
impl fmt::Display for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lock().iter().try_for_each(|event| writeln!(f, "{event}"))
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.lock().iter().map(ToString::to_string)).finish()
    }
}
