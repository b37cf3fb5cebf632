//! `bulkhead`: who begins when, who is turned away when and with which words, and how many are inside.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Mutex;
use std::task::Poll;
use std::time::Duration;

use async_orch::{Bulkhead, Error, ErrorKind, pipeline};
use proptest::prelude::*;
use tokio::time::{Instant, advance};

use crate::common::poll_once;
use crate::compare::compare;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    HasOneMorePlace,
    HasOneMoreInTheQueue,
    /// Who came last is served first.
    IsAStack,
    /// A place is free for whoever comes, once somebody has gone out.
    HandsNothingOn,
    WaitsForEver,
    TurnsOutWhoIsInside,
}

const FLAWS: [Flaw; 6] = [
    Flaw::HasOneMorePlace,
    Flaw::HasOneMoreInTheQueue,
    Flaw::IsAStack,
    Flaw::HandsNothingOn,
    Flaw::WaitsForEver,
    Flaw::TurnsOutWhoIsInside,
];

#[derive(Clone, Copy, Debug)]
enum Step {
    Arrive,
    /// The body of the one of this number, among those inside, ends.
    End(usize),
    /// Who waits or is inside is dropped.
    Drop(usize),
    Wait(u64),
    Close,
}

#[derive(Debug)]
struct Case {
    max: usize,
    room: usize,
    max_wait: u64,
    /// Those that wait look in reverse order.
    backwards: bool,
    steps: Vec<Step>,
}

/// What an error says: how many are inside and wait, and whether this one has waited. Nothing, where it is closed.
type Rejection = Option<(usize, usize, bool)>;

#[derive(Debug, Default, PartialEq)]
struct Seen {
    /// Who began when, in order.
    began: Vec<(usize, u64)>,
    /// Those that ended, in order of arrival.
    ended: Vec<(usize, u64)>,
    rejected: Vec<(usize, u64, Rejection)>,
    /// How many are inside and wait after each step.
    counts: Vec<(usize, usize)>,
    peak: usize,
}

/// A bulkhead as one would write it down: who is inside, and who waits since when.
struct Model<'c> {
    case: &'c Case,
    flaw: Option<Flaw>,
    now: u64,
    closed: bool,
    inside: Vec<usize>,
    queue: Vec<(usize, u64)>,
    seen: Seen,
}

impl Model<'_> {
    fn begin(&mut self, run: usize) {
        self.inside.push(run);
        self.seen.began.push((run, self.now));
        self.seen.peak = self.seen.peak.max(self.inside.len());
    }

    fn reject(&mut self, run: usize, rejection: Rejection) {
        self.seen.rejected.push((run, self.now, rejection));
    }

    fn arrive(&mut self, run: usize) {
        let (inside, waiting) = (self.inside.len(), self.queue.len());
        if self.closed {
            self.reject(run, None);
        } else if inside < self.case.max + usize::from(self.flaw == Some(Flaw::HasOneMorePlace)) {
            self.begin(run);
        } else if waiting < self.case.room + usize::from(self.flaw == Some(Flaw::HasOneMoreInTheQueue)) {
            self.queue.push((run, self.now));
        } else {
            self.reject(run, Some((inside, waiting, false)));
        }
    }

    /// Whether it was inside.
    fn gone(&mut self, run: usize) -> bool {
        self.queue.retain(|(other, _)| *other != run);
        let place = self.inside.iter().position(|other| *other == run);
        if let Some(place) = place {
            self.inside.remove(place);
            if !self.queue.is_empty() && self.flaw != Some(Flaw::HandsNothingOn) {
                let last = if self.flaw == Some(Flaw::IsAStack) { self.queue.len() - 1 } else { 0 };
                let (next, _) = self.queue.remove(last);
                self.begin(next);
            }
        }
        place.is_some()
    }

    fn pass(&mut self, time: u64) {
        self.now += time;
        let late = |(_, since): &(usize, u64)| {
            self.now - since >= self.case.max_wait && self.flaw != Some(Flaw::WaitsForEver)
        };
        let mut gone: Vec<(usize, u64)> = self.queue.iter().copied().filter(late).collect();
        self.queue.retain(|entry| !late(entry));
        // The one that looks first leaves first, and the error counts the others.
        if self.case.backwards {
            gone.reverse();
        }
        for (left, (run, _)) in (0..gone.len()).rev().zip(gone) {
            self.reject(run, Some((self.inside.len(), self.queue.len() + left, true)));
        }
    }

    fn close(&mut self) {
        self.closed = true;
        for (run, _) in std::mem::take(&mut self.queue) {
            self.reject(run, None);
        }
        if self.flaw == Some(Flaw::TurnsOutWhoIsInside) {
            self.inside.clear();
        }
    }

    fn of(case: &Case, flaw: Option<Flaw>) -> Seen {
        let (inside, queue) = (Vec::new(), Vec::new());
        let mut model = Model { case, flaw, now: 0, closed: false, inside, queue, seen: Seen::default() };
        let (mut arrivals, mut there) = (0, Vec::new());
        for step in &case.steps {
            match *step {
                Step::Arrive => {
                    model.arrive(arrivals);
                    there.push(arrivals);
                    arrivals += 1;
                }
                Step::End(number) if number < model.inside.len() => {
                    let run = model.inside[number];
                    model.gone(run);
                    model.seen.ended.push((run, model.now));
                }
                Step::Drop(number) if number < there.len() => {
                    model.gone(there[number]);
                }
                Step::Wait(time) => model.pass(time),
                Step::Close => model.close(),
                Step::End(_) | Step::Drop(_) => {}
            }
            there.retain(|run| {
                model.inside.contains(run) || model.queue.iter().any(|(waits, _)| waits == run)
            });
            model.seen.counts.push((model.inside.len(), model.queue.len()));
        }
        model.seen.rejected.sort_unstable();
        model.seen
    }
}

type Ran<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

async fn seen(case: &Case) -> Seen {
    let places = Bulkhead::builder(case.max as u32)
        .queue(case.room as u32)
        .max_wait(Duration::from_millis(case.max_wait))
        .build();
    let (inside, ended, start) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()), Instant::now());
    let began = Mutex::new(Vec::new());
    let now = || u64::try_from(start.elapsed().as_millis()).unwrap();
    let p = pipeline! {
        |_: usize|
        bulkhead(bulkhead = &places) < async |run| {
            began.lock().unwrap().push((run, now()));
            inside.lock().unwrap().push(run);
            poll_fn(|_| if ended.lock().unwrap().contains(&run) { Poll::Ready(()) } else { Poll::Pending }).await;
        } >
    };
    let mut seen = Seen::default();
    let runs: RefCell<Vec<(usize, Ran<'_>)>> = RefCell::default();
    let mut arrivals = 0;
    for step in &case.steps {
        match *step {
            Step::Arrive => {
                runs.borrow_mut().push((arrivals, Box::pin(p.run(arrivals))));
                arrivals += 1;
            }
            Step::End(number) => {
                let run = inside.lock().unwrap().get(number).copied();
                ended.lock().unwrap().extend(run);
            }
            Step::Drop(number) if number < runs.borrow().len() => {
                let (run, fut) = runs.borrow_mut().remove(number);
                drop(fut);
                inside.lock().unwrap().retain(|other| *other != run);
            }
            Step::Wait(time) => advance(Duration::from_millis(time)).await,
            Step::Close => places.close(),
            Step::Drop(_) => {}
        }
        // Twice, as a place that is given back may be one that was asked for before.
        for _ in 0..2 {
            let mut runs = runs.borrow_mut();
            if case.backwards {
                runs.reverse();
            }
            runs.retain_mut(|(run, fut)| {
                let Poll::Ready(result) = poll_once(fut.as_mut()) else { return true };
                inside.lock().unwrap().retain(|other| other != run);
                match result.as_ref().map_err(Error::kind) {
                    Ok(()) => seen.ended.push((*run, now())),
                    Err(ErrorKind::BulkheadClosed) => seen.rejected.push((*run, now(), None)),
                    Err(ErrorKind::BulkheadFull { in_use, waiting, waited, .. }) => {
                        let rejection = (*in_use as usize, *waiting as usize, *waited);
                        seen.rejected.push((*run, now(), Some(rejection)));
                    }
                    Err(other) => panic!("{other:?}"),
                }
                false
            });
            runs.sort_by_key(|(run, _)| *run);
        }
        let counts = (places.in_use() as usize, places.waiting() as usize);
        seen.peak = seen.peak.max(counts.0);
        seen.counts.push(counts);
    }
    seen.rejected.sort_unstable();
    seen.began = std::mem::take(&mut *began.lock().unwrap());
    seen
}

#[test]
fn bulkhead_is_as_a_model_of_it() {
    let step = prop_oneof![
        12 => Just(Step::Arrive),
        8 => (0..4_usize).prop_map(Step::End),
        3 => (0..8_usize).prop_map(Step::Drop),
        6 => (1..12_u64).prop_map(Step::Wait),
        1 => Just(Step::Close),
    ];
    let cases = (1..4_usize, 0..5_usize, 1..30_u64, any::<bool>(), prop::collection::vec(step, 1..40));
    let cases = cases.prop_map(|(max, room, max_wait, backwards, steps)| Case {
        max,
        room,
        max_wait,
        backwards,
        steps,
    });
    compare(cases, &FLAWS, seen, Model::of);
}
