//! What the script is given.
//!
//! Of executions there are many, so they are columns of small numbers: differences to the one before, and no column at all where
//! all are alike. `js/model.js` reads them.

use serde::Serialize;

use crate::record::{Kept, NONE, RunKept, State};
use crate::report::{Report, StepReport, critical_path};

/// How many bytes of outputs a page has; those of errors and notes are not counted. What is above is left out, and said.
const OUTPUTS: usize = 4 << 20;

/// Up to so many runs have numbers of their own for each step.
const RUNS: usize = 64;

#[derive(Serialize)]
pub(crate) struct Data<'a> {
    title: &'a str,
    began: u64,
    live: bool,
    /// Whether there is a record; else journals are all.
    record: bool,
    /// What journals are called.
    journals: Vec<&'a str>,
    lost: Lost,
    graphs: Vec<&'a str>,
    steps: Vec<StepData<'a>>,
    totals: Vec<[u64; 13]>,
    runs: Vec<RunData<'a>>,
}

/// What there was no room for.
#[derive(Serialize)]
pub(crate) struct Lost {
    runs: u64,
    executions: u64,
    marks: u64,
    texts: u64,
}

#[derive(Serialize)]
pub(crate) struct StepData<'a> {
    path: &'a str,
    name: &'a str,
    kind: &'a str,
    place: &'a str,
    index: u32,
    repetition: u32,
}

#[derive(Serialize)]
pub(crate) struct RunData<'a> {
    number: u64,
    key: Option<&'a str>,
    start: u64,
    end: u64,
    state: u8,
    lost: u64,
    count: usize,
    texts: Vec<&'a str>,
    spans: Columns,
    marks: Vec<[i64; 7]>,
    critical: Vec<u32>,
    totals: Vec<[u64; 13]>,
}

/// A column that is missing is all zeros, or of `attempt` and `round` all ones.
#[derive(Default, Serialize)]
struct Columns {
    step: Vec<i64>,
    /// How many positions before it the execution around it is; 0 without one.
    parent: Vec<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attempt: Vec<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    round: Vec<i64>,
    /// From 1; 0 without one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    item: Vec<i64>,
    /// The time from waiting to its start.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    wait: Vec<i64>,
    /// After the start of the one before it.
    start: Vec<i64>,
    time: Vec<i64>,
    state: Vec<i64>,
    /// From 1; 0 without one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    text: Vec<i64>,
}

pub(super) fn of(report: &Report, title: &str) -> String {
    let kept = &report.kept;
    let own_totals = kept.runs.len() > 1 && kept.runs.len() <= RUNS;
    let (mut left, mut lost_texts) = (OUTPUTS, 0);
    let mut runs = Vec::new();
    for run in kept.runs.values() {
        lost_texts += run.texts.lost;
        runs.push(RunData::of(kept, run, own_totals, &mut left, &mut lost_texts));
    }
    json(&Data {
        title,
        began: kept.began,
        live: false,
        record: true,
        journals: Vec::new(),
        lost: Lost::of(kept, lost_texts),
        graphs: kept.graphs.iter().map(|graph| &*graph.svg).collect(),
        steps: StepData::all(kept),
        totals: all_totals(&report.steps()),
        runs,
    })
}

impl Lost {
    pub(crate) fn of(kept: &Kept, texts: u64) -> Self {
        Lost { runs: kept.lost_runs, executions: kept.lost_executions, marks: kept.lost_marks, texts }
    }
}

/// A page that is told the rest.
#[cfg(feature = "live")]
pub(crate) struct Live<'a> {
    pub(crate) title: &'a str,
    pub(crate) began: u64,
    pub(crate) has_record: bool,
    pub(crate) journals: Vec<&'a str>,
}

#[cfg(feature = "live")]
impl Live<'_> {
    /// What it is given.
    pub(crate) fn data(self) -> String {
        json(&Data {
            title: self.title,
            began: self.began,
            live: true,
            record: self.has_record,
            journals: self.journals,
            lost: Lost { runs: 0, executions: 0, marks: 0, texts: 0 },
            graphs: Vec::new(),
            steps: Vec::new(),
            totals: Vec::new(),
            runs: Vec::new(),
        })
    }
}

/// Strings and numbers become JSON without fail.
pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

impl<'a> StepData<'a> {
    pub(crate) fn all(kept: &'a Kept) -> Vec<Self> {
        let data = kept.steps.iter().map(|step| StepData {
            path: &step.path,
            name: &step.name,
            kind: &step.kind,
            place: &step.place,
            index: step.index,
            repetition: step.repetition,
        });
        data.collect()
    }
}

/// The numbers of all steps that ran.
pub(crate) fn all_totals(steps: &[StepReport]) -> Vec<[u64; 13]> {
    steps.iter().enumerate().filter_map(totals).collect()
}

fn totals((step, report): (usize, &StepReport)) -> Option<[u64; 13]> {
    let nanoseconds = crate::schema::nanoseconds;
    (report.executions > 0).then(|| {
        [
            step as u64,
            report.executions,
            report.succeeded,
            report.failed,
            report.cancelled,
            report.open,
            report.repeated,
            nanoseconds(report.waited),
            nanoseconds(report.total),
            nanoseconds(report.p50()),
            nanoseconds(report.p90()),
            nanoseconds(report.p99()),
            nanoseconds(report.max),
        ]
    })
}

impl<'a> RunData<'a> {
    pub(crate) fn of(
        kept: &Kept,
        run: &'a RunKept,
        own_totals: bool,
        left: &mut usize,
        lost: &mut u64,
    ) -> Self {
        let (texts, numbers) = texts(run, left, lost);
        let number = |text: u32| match numbers.get(text as usize) {
            None | Some(&NONE) => 0,
            Some(number) => i64::from(*number) + 1,
        };
        let mut columns = Columns::default();
        let mut before = 0;
        for (position, span) in run.spans.iter().enumerate() {
            columns.step.push(span.step.into());
            columns.parent.push(match span.parent {
                NONE => 0,
                parent => position as i64 - i64::from(parent),
            });
            columns.attempt.push(span.attempt.into());
            columns.round.push(span.round.into());
            columns.item.push(span.item.map_or(0, |item| item.min(1 << 52) as i64 + 1));
            columns.wait.push((span.start - span.pending) as i64);
            columns.start.push(span.start as i64 - before);
            before = span.start as i64;
            columns.time.push((span.end - span.start) as i64);
            columns.state.push(span.state as i64);
            columns.text.push(number(span.text));
        }
        let all = |column: &[i64], value: i64| column.iter().all(|other| *other == value);
        for (column, value) in [
            (&mut columns.attempt, 1),
            (&mut columns.round, 1),
            (&mut columns.item, 0),
            (&mut columns.wait, 0),
            (&mut columns.text, 0),
        ] {
            if all(column, value) {
                column.clear();
            }
        }
        let marks = run.marks.iter().enumerate().map(|(position, mark)| {
            let (at, until) = (mark.at as i64, mark.until as i64);
            let waits = i64::from(run.waits(position));
            [mark.span.into(), at, until, number(mark.about), number(mark.text), number(mark.state), waits]
        });
        let steps = if own_totals { crate::report::steps(kept, [run]) } else { Vec::new() };
        RunData {
            number: run.number,
            key: run.key.as_deref(),
            start: run.start,
            end: run.end(),
            state: run.state() as u8,
            lost: run.lost,
            count: run.spans.len(),
            texts,
            spans: columns,
            marks: marks.collect(),
            // What the end waited for is not known before it.
            critical: if run.has_ended() { critical_path(run) } else { Vec::new() },
            totals: all_totals(&steps),
        }
    }
}

/// The texts for which there is room, and the new number of each text.
fn texts<'a>(run: &'a RunKept, left: &mut usize, lost: &mut u64) -> (Vec<&'a str>, Vec<u32>) {
    let mut is_output = vec![false; run.texts.all.len()];
    for span in run.spans.iter().filter(|span| span.state == State::Succeeded) {
        if let Some(output) = is_output.get_mut(span.text as usize) {
            *output = true;
        }
    }
    for span in run.spans.iter().filter(|span| span.state == State::Failed) {
        if let Some(output) = is_output.get_mut(span.text as usize) {
            *output = false;
        }
    }
    for mark in &run.marks {
        for text in [mark.about, mark.text, mark.state] {
            if let Some(output) = is_output.get_mut(text as usize) {
                *output = false;
            }
        }
    }
    let (mut kept, mut numbers) = (Vec::new(), Vec::new());
    for (text, is_output) in std::iter::zip(&run.texts.all, is_output) {
        if is_output && text.len() > *left {
            *lost += 1;
            numbers.push(NONE);
            continue;
        }
        *left -= if is_output { text.len() } else { 0 };
        numbers.push(u32::try_from(kept.len()).unwrap_or(NONE));
        kept.push(&**text);
    }
    (kept, numbers)
}
