//! What one reader is told.
//!
//! Five times a second it is looked what has changed since the reader was told last; nothing is kept for a reader that is slow but what
//! it is at.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use axum::response::sse::Event;
use futures_core::Stream;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::Shared;
use super::gates::Row;
use crate::page::{Lost, RunData, StepData, all_totals, json};
use crate::record::{Kept, Mark, NONE, RunKept, Span};
use crate::report::{critical_path, steps};

const PAUSE: Duration = Duration::from_millis(200);

/// Numbers of steps are made anew so often while a run goes on.
const TOTALS: Duration = Duration::from_secs(1);

/// A page lists so many runs.
const RUNS: usize = 1000;

/// And those of a longer run only at its end.
const LONG: usize = 20_000;

pub(super) struct Feed {
    shared: Arc<Shared>,
    serving: watch::Receiver<()>,
    ticks: Interval,
    told: VecDeque<Event>,
    /// The run that was asked for; without one the latest is told of.
    wanted: Option<u64>,
    at: Option<At>,
    state: String,
    has_ended: bool,
    _place: OwnedSemaphorePermit,
}

/// How much of a run was told.
#[derive(Clone, Copy)]
struct At {
    run: u64,
    revision: u32,
    texts: usize,
    steps: usize,
    graphs: usize,
    totals: Instant,
    was_open: bool,
}

#[derive(Serialize)]
struct StateOf<'a> {
    runs: Vec<(u64, Option<&'a str>, u64, u64, u8, usize, u64)>,
    gates: Vec<Row<'a>>,
    lost: Lost,
}

#[derive(Serialize)]
struct RunOf<'a> {
    steps: Vec<StepData<'a>>,
    graphs: Vec<&'a str>,
    run: RunData<'a>,
}

#[derive(Serialize)]
struct News<'a> {
    steps: Vec<StepData<'a>>,
    texts: Vec<&'a str>,
    spans: Vec<[i64; 11]>,
    marks: Vec<[i64; 8]>,
    end: u64,
    state: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    critical: Option<Vec<u32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    totals: Option<Vec<[u64; 13]>>,
}

impl Feed {
    pub(super) fn new(shared: Arc<Shared>, wanted: Option<u64>, place: OwnedSemaphorePermit) -> Self {
        let mut ticks = interval(PAUSE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let serving = shared.serving.clone();
        let (told, state) = (VecDeque::new(), String::new());
        Feed { shared, serving, ticks, told, wanted, at: None, state, has_ended: false, _place: place }
    }

    /// Looks what is new.
    fn look(&mut self) {
        self.look_at_state();
        match self.choose() {
            Some(run) if self.at.is_some_and(|at| at.run == run && !self.is_renewed(&at)) => {
                self.look_at_news(run)
            }
            Some(run) => self.look_at_run(run),
            None if self.wanted.is_some() => {
                self.tell("gone", "{}".to_owned());
                self.has_ended = true;
            }
            None => self.at = None,
        }
    }

    fn tell(&mut self, what: &'static str, data: String) {
        self.told.push_back(Event::default().event(what).data(data));
    }

    /// The list of runs, breakers and bulkheads, if one of them is not as it was.
    fn look_at_state(&mut self) {
        let now = self.shared.record.now();
        let state = self.shared.record.look(|kept| {
            let runs = kept.runs.values().skip(kept.runs.len().saturating_sub(RUNS)).map(|run| {
                // The time of one that goes on is not told anew all the time.
                let end = if run.has_ended() {
                    run.end()
                } else {
                    now_in(run, now) / 1_000_000_000 * 1_000_000_000
                };
                (
                    run.number,
                    run.key.as_deref(),
                    run.start,
                    end,
                    run.state() as u8,
                    run.spans.len(),
                    run.failed,
                )
            });
            let runs = runs.collect();
            json(&StateOf { runs, gates: self.shared.gates.rows(), lost: Lost::of(kept, 0) })
        });
        if state != self.state {
            self.state.clone_from(&state);
            self.tell("state", state);
        }
    }

    /// The run that was asked for; else the one that is told of until it has ended and there is a later one.
    fn choose(&self) -> Option<u64> {
        self.shared.record.look(|kept| {
            if let Some(wanted) = self.wanted {
                return kept.runs.contains_key(&wanted).then_some(wanted);
            }
            let going = self
                .at
                .filter(|at| kept.runs.get(&at.run).is_some_and(|run| at.was_open || !run.has_ended()));
            going.map(|at| at.run).or_else(|| kept.runs.keys().next_back().copied())
        })
    }

    /// Whether a picture came, which a page is given with the run.
    fn is_renewed(&self, at: &At) -> bool {
        self.shared.record.look(|kept| kept.graphs.len() != at.graphs)
    }

    /// A run from its beginning.
    fn look_at_run(&mut self, number: u64) {
        // What is long is done with a copy, so that runs do not wait for it.
        let copied = self.shared.record.look(|kept| {
            let run = kept.runs.get(&number)?.clone();
            let mut few = Kept::new(0, kept.began);
            few.graphs.clone_from(&kept.graphs);
            few.steps.clone_from(&kept.steps);
            Some((few, run))
        });
        let Some((kept, run)) = copied else { return };
        // The record has bounded its texts already.
        let mut room = usize::MAX;
        let data = RunOf {
            steps: StepData::all(&kept),
            graphs: kept.graphs.iter().map(|graph| &*graph.svg).collect(),
            run: RunData::of(&kept, &run, true, &mut room, &mut 0),
        };
        let data = json(&data);
        self.at = Some(At {
            run: number,
            revision: run.revision,
            texts: run.texts.all.len(),
            steps: kept.steps.len(),
            graphs: kept.graphs.len(),
            totals: Instant::now(),
            was_open: !run.has_ended(),
        });
        self.tell("run", data);
    }

    /// What has changed in a run since it was looked at.
    fn look_at_news(&mut self, number: u64) {
        let Some(mut at) = self.at else { return };
        let now = self.shared.record.now();
        let news = self.shared.record.look(|kept| {
            let run = kept.runs.get(&number)?;
            let is_open = !run.has_ended();
            if run.revision == at.revision && !is_open && !at.was_open {
                return None;
            }
            let has_totals = !is_open || (at.totals.elapsed() > TOTALS && run.spans.len() < LONG);
            let news = News {
                steps: StepData::all(kept).split_off(at.steps),
                texts: run.texts.all[at.texts..].iter().map(|text| &**text).collect(),
                spans: changed(&run.spans, |span| span.revision > at.revision)
                    .map(|(i, span)| row(i, span))
                    .collect(),
                marks: changed(&run.marks, |mark| mark.revision > at.revision)
                    .map(|(i, mark)| mark_row(i, mark, run.waits(i)))
                    .collect(),
                end: if is_open { now_in(run, now) } else { run.end() },
                state: run.state() as u8,
                critical: (!is_open).then(|| critical_path(run)),
                totals: has_totals.then(|| all_totals(&steps(kept, [run]))),
            };
            if has_totals {
                at.totals = Instant::now();
            }
            at.revision = run.revision;
            at.texts = run.texts.all.len();
            at.steps = kept.steps.len();
            at.was_open = is_open;
            Some(json(&news))
        });
        self.at = Some(at);
        if let Some(news) = news {
            self.tell("news", news);
        }
    }
}

/// How long a run that goes on has.
fn now_in(run: &RunKept, now: u64) -> u64 {
    run.end().max(now.saturating_sub(run.start))
}

fn changed<T>(all: &[T], is_new: impl Fn(&T) -> bool) -> impl Iterator<Item = (usize, &T)> {
    all.iter().enumerate().filter(move |(_, one)| is_new(one))
}

/// From 1; 0 for none.
fn text(text: u32) -> i64 {
    if text == NONE { 0 } else { i64::from(text) + 1 }
}

fn row(position: usize, span: &Span) -> [i64; 11] {
    let parent = if span.parent == NONE { -1 } else { span.parent.into() };
    let item = span.item.map_or(-1, |item| item.min(1 << 52) as i64);
    let (attempt, round) = (span.attempt.into(), span.round.into());
    let (pending, start, end) = (span.pending as i64, span.start as i64, span.end as i64);
    let state = span.state as i64;
    [
        position as i64,
        span.step.into(),
        parent,
        attempt,
        round,
        item,
        pending,
        start,
        end,
        state,
        text(span.text),
    ]
}

fn mark_row(position: usize, mark: &Mark, waits: bool) -> [i64; 8] {
    let (at, until) = (mark.at as i64, mark.until as i64);
    let (about, said, state) = (text(mark.about), text(mark.text), text(mark.state));
    [position as i64, mark.span.into(), at, until, about, said, state, i64::from(waits)]
}

impl Stream for Feed {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(event) = self.told.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            if self.has_ended {
                return Poll::Ready(None);
            }
            ready!(self.ticks.poll_tick(cx));
            // An error says that the server is gone.
            if self.serving.has_changed().is_err() {
                return Poll::Ready(None);
            }
            self.look();
        }
    }
}
