//! No run of a random pipeline exceeds what `graph().bounds()` says of it: how much is in flight, how often a step is started, and how
//! long the run takes.
//!
//! Bounds that are too high would never be exceeded. So each of them has to be reached in some cases: one less would be found out.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow::{Break, Continue};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use async_orch::bus::Recorder;
use async_orch::{Bounds, BoxPipeline, Change, OwnedEvent, TaskChange, pipeline, task};
use futures::FutureExt as _;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tokio::time::{Instant, sleep, timeout};

use crate::common::Oops;
use crate::compare::{config, paused};
use crate::stage::{NEVER, deliberate_panics_are_silent};

const UNIT: u64 = 1 << 10;
const HORIZON: u64 = 400 * UNIT;

#[derive(Clone, Debug)]
enum Node {
    Act(u64),
    Quick(u64),
    Seq(Box<[Node; 2]>),
    Par(usize, Box<[Node; 3]>),
    Settled(usize, Box<[Node; 3]>),
    Each(usize, usize, Box<Node>),
    Race(Box<[Node; 3]>),
    Fallback(Box<[Node; 2]>),
    Timeout(u64, Box<Node>),
    Retry {
        attempts: u32,
        delay: u64,
        within: Option<u64>,
        node: Box<Node>,
    },
    Growing {
        attempts: u32,
        delay: u64,
        most: u64,
        node: Box<Node>,
    },
    Hedge(u32, u64, Box<Node>),
    /// Of so many rounds it goes on after so many.
    Repeat {
        rounds: u32,
        goes_on: u32,
        delay: u64,
        node: Box<Node>,
    },
    Catch(Box<Node>),
    Settle(Box<Node>),
    When(bool, Box<Node>),
    Choose(u32, Box<[Node; 2]>),
    Bulkhead {
        max: u32,
        queue: u32,
        max_wait: u64,
        node: Box<Node>,
    },
    Throttle {
        burst: u32,
        max_wait: u64,
        node: Box<Node>,
    },
    Circuit(Box<Node>),
    Saga(Box<[Node; 4]>),
}

/// What a step does is chosen by who it is and when it starts.
fn script(task: u64, from: u64) -> (u64, u64) {
    let mix = |x: u64| (x ^ (x >> 29)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31);
    let bits = mix(mix(task ^ 0x5851_F42D) ^ from);
    let takes = match bits % 8 {
        0..3 => NEVER,
        3 => 0,
        units => units % 4 * UNIT,
    };
    (takes, bits >> 8)
}

#[task]
async fn act(task: u64, began: Instant) -> Result<(), Oops> {
    let (takes, bits) = script(task, began.elapsed().as_millis() as u64);
    match takes {
        0 => {}
        NEVER => std::future::pending().await,
        takes => sleep(Duration::from_millis(takes)).await,
    }
    match bits % 16 {
        0 => panic!("deliberate"),
        1..9 => Err(Oops("failed")),
        _ => Ok(()),
    }
}

fn built(began: Instant, node: &Node) -> BoxPipeline<'static, (), ()> {
    let inside = |node: &Node| built(began, node);
    let millis = |millis: &u64| Duration::from_millis(*millis);
    match node {
        Node::Act(task) => {
            let task = *task;
            pipeline! { move act(task, began) }.boxed()
        }
        Node::Quick(task) => {
            let task = *task;
            let fails = move || script(task, began.elapsed().as_millis() as u64).1.is_multiple_of(2);
            pipeline! { move |()| { if fails() { Err(Oops("failed")) } else { Ok(()) } } }.boxed()
        }
        Node::Seq(steps) => {
            let [a, b] = steps.each_ref().map(inside);
            pipeline! { seq < { a } { b } > }.boxed()
        }
        Node::Par(limit, steps) => {
            let (limit, [a, b, c]) = (*limit, steps.each_ref().map(inside));
            pipeline! { seq < par(limit = limit) < { a } { b } { c } > |_| {} > }.boxed()
        }
        Node::Settled(limit, steps) => {
            let (limit, [a, b, c]) = (*limit, steps.each_ref().map(inside));
            pipeline! { seq < par(limit = limit, settle) < { a } { b } { c } > |_| {} > }.boxed()
        }
        Node::Each(limit, items, node) => {
            let (limit, items, node) = (*limit, *items, inside(node));
            pipeline! { move seq < |()| { vec![(); items] } each(limit = limit) < { node } > |_| {} > }
                .boxed()
        }
        Node::Race(steps) => {
            let [a, b, c] = steps.each_ref().map(inside);
            pipeline! { race < { a } { b } { c } > }.boxed()
        }
        Node::Fallback(steps) => {
            let [a, b] = steps.each_ref().map(inside);
            pipeline! { fallback < { a } { b } > }.boxed()
        }
        Node::Timeout(limit, node) => {
            let (limit, node) = (millis(limit), inside(node));
            pipeline! { timeout(limit) < { node } > }.boxed()
        }
        Node::Retry { attempts, delay, within, node } => {
            let (attempts, delay, node) = (*attempts, millis(delay), inside(node));
            match within {
                None => pipeline! { retry(max_attempts = attempts, backoff = constant(delay)) < { node } > }
                    .boxed(),
                Some(within) => {
                    let within = millis(within);
                    pipeline! {
                        retry(max_attempts = unlimited, max_elapsed = within, backoff = constant(delay), jitter = none) < { node } >
                    }
                    .boxed()
                }
            }
        }
        Node::Growing { attempts, delay, most, node } => {
            let (attempts, delay, most, node) = (*attempts, millis(delay), millis(most), inside(node));
            pipeline! {
                retry(max_attempts = attempts, backoff = exponential(delay), max_delay = most, jitter = none) < { node } >
            }
            .boxed()
        }
        Node::Hedge(attempts, delay, node) => {
            let (attempts, delay, node) = (*attempts, millis(delay), inside(node));
            pipeline! { hedge(delay, max_attempts = attempts) < { node } > }.boxed()
        }
        Node::Repeat { rounds, goes_on, delay, node } => {
            let (rounds, goes_on, delay, node) = (*rounds, *goes_on, millis(delay), inside(node));
            pipeline! {
                move repeat(max_rounds = rounds, backoff = constant(delay)) <
                    { node }
                    |(), cx| { if cx.round() > goes_on { Break(()) } else { Continue(()) } }
                >
            }
            .boxed()
        }
        Node::Catch(node) => {
            let node = inside(node);
            pipeline! { catch < { node } > }.boxed()
        }
        Node::Settle(node) => {
            let node = inside(node);
            pipeline! { seq < settle < { node } > |_| {} > }.boxed()
        }
        Node::When(holds, node) => {
            let (holds, node) = (*holds, inside(node));
            pipeline! { move when(holds) < { node } > }.boxed()
        }
        Node::Choose(arm, steps) => {
            let (arm, [a, b]) = (*arm, steps.each_ref().map(inside));
            pipeline! { move choose(arm) < 0 => { a }, _ => { b } > }.boxed()
        }
        Node::Bulkhead { max, queue, max_wait, node } => {
            let (max, queue, max_wait, node) = (*max, *queue, millis(max_wait), inside(node));
            pipeline! { bulkhead(max = max, queue = queue, max_wait = max_wait) < { node } > }.boxed()
        }
        Node::Throttle { burst, max_wait, node } => {
            let (burst, max_wait, node) = (*burst, millis(max_wait), inside(node));
            pipeline! { throttle(rate = 1, burst = burst, max_wait = max_wait) < { node } > }.boxed()
        }
        Node::Circuit(node) => {
            let node = inside(node);
            pipeline! { circuit < { node } > }.boxed()
        }
        Node::Saga(steps) => {
            let [a, undo_a, b, undo_b] = steps.each_ref().map(inside);
            pipeline! { saga < { a } undo { undo_a } { b } undo { undo_b } > }.boxed()
        }
    }
}

/// What was seen of a run, in the terms of its bounds.
#[derive(Clone, Copy, Debug)]
struct Seen {
    in_flight: usize,
    attempts: u32,
    executions: u64,
    took: Duration,
}

impl Seen {
    fn of(events: &[OwnedEvent], took: Duration) -> Seen {
        let (mut running, mut in_flight) = (HashSet::new(), 0);
        let (mut executions, mut attempts) = (HashMap::new(), HashMap::new());
        for OwnedEvent { node, execution, change, .. } in events {
            match change {
                Change::Task(TaskChange::Running) => {
                    running.insert(execution.id);
                    in_flight = in_flight.max(running.len());
                    *executions.entry(node.index()).or_insert(0) += 1;
                    let items: Vec<u64> = execution.items().collect();
                    let rounds: Vec<u32> = execution.rounds().collect();
                    *attempts.entry((node.index(), items, rounds)).or_insert(0) += 1;
                }
                Change::Task(_) => {
                    running.remove(&execution.id);
                }
                _ => {}
            }
        }
        Seen {
            in_flight,
            attempts: attempts.into_values().max().unwrap_or(0),
            executions: executions.into_values().max().unwrap_or(0),
            took,
        }
    }

    /// What is more than it may be.
    fn exceeds(&self, bounds: Bounds) -> [bool; 4] {
        [
            Some(self.in_flight) > bounds.in_flight,
            Some(self.attempts) > bounds.attempts,
            Some(self.executions) > bounds.executions,
            Some(self.took) > bounds.longest,
        ]
    }

    /// What is all that it may be.
    fn reaches(&self, bounds: Bounds) -> [bool; 4] {
        [
            self.in_flight > 1 && bounds.in_flight == Some(self.in_flight),
            self.attempts > 1 && bounds.attempts == Some(self.attempts),
            self.executions > 1 && bounds.executions == Some(self.executions),
            !self.took.is_zero() && bounds.longest == Some(self.took),
        ]
    }
}

async fn seen(node: &Node) -> (Seen, Bounds) {
    deliberate_panics_are_silent();
    let began = Instant::now();
    let recorder = Recorder::new();
    let p = built(began, node).with_bus(&recorder);
    let bounds = p.graph().bounds();
    // One that takes as long as it likes is given up.
    let _ = timeout(Duration::from_millis(HORIZON), AssertUnwindSafe(p.run(())).catch_unwind()).await;
    let took = began.elapsed();
    (Seen::of(&recorder.events(), took), bounds)
}

fn nodes() -> impl Strategy<Value = Node> {
    let time = || (1..6_u64).prop_map(|units| units * UNIT / 2);
    let task = prop_oneof![
        6 => (any::<u32>(), time()).prop_map(|(task, time)| Node::Timeout(time, Box::new(Node::Act(task.into())))),
        1 => any::<u32>().prop_map(|task| Node::Quick(task.into())),
        1 => any::<u32>().prop_map(|task| Node::Act(task.into())),
    ];
    task.prop_recursive(4, 16, 3, move |node| {
        let one = || node.clone().prop_map(Box::new);
        let two = || [node.clone(), node.clone()].prop_map(Box::new);
        let three = || [node.clone(), node.clone(), node.clone()].prop_map(Box::new);
        let four = || [node.clone(), node.clone(), node.clone(), node.clone()].prop_map(Box::new);
        let limit = || prop_oneof![4 => 1..5_usize, 1 => Just(usize::MAX)];
        prop_oneof![
            two().prop_map(Node::Seq),
            (limit(), three()).prop_map(|(limit, nodes)| Node::Par(limit, nodes)),
            (limit(), three()).prop_map(|(limit, nodes)| Node::Settled(limit, nodes)),
            (limit(), 0..6_usize, one()).prop_map(|(limit, items, node)| Node::Each(limit, items, node)),
            three().prop_map(Node::Race),
            two().prop_map(Node::Fallback),
            (time(), one()).prop_map(|(limit, node)| Node::Timeout(4 * limit, node)),
            (1..4_u32, time(), prop::option::of(time()), one())
                .prop_map(|(attempts, delay, within, node)| Node::Retry { attempts, delay, within, node }),
            (1..6_u32, time(), time(), one()).prop_map(|(attempts, delay, most, node)| Node::Growing {
                attempts,
                delay,
                most,
                node
            }),
            (2..4_u32, time(), one()).prop_map(|(attempts, delay, node)| Node::Hedge(attempts, delay, node)),
            (1..4_u32, 0..4_u32, time(), one()).prop_map(|(rounds, goes_on, delay, node)| Node::Repeat {
                rounds,
                goes_on,
                delay,
                node
            }),
            one().prop_map(Node::Catch),
            one().prop_map(Node::Settle),
            (any::<bool>(), one()).prop_map(|(holds, node)| Node::When(holds, node)),
            (0..2_u32, two()).prop_map(|(arm, nodes)| Node::Choose(arm, nodes)),
            (1..4_u32, 0..3_u32, time(), one()).prop_map(|(max, queue, max_wait, node)| Node::Bulkhead {
                max,
                queue,
                max_wait,
                node
            }),
            (1..3_u32, time(), one()).prop_map(|(burst, max_wait, node)| Node::Throttle {
                burst,
                max_wait,
                node
            }),
            one().prop_map(Node::Circuit),
            four().prop_map(Node::Saga),
        ]
    })
}

#[test]
fn no_run_exceeds_its_bounds() {
    let runtime = paused();
    let reached = Cell::new([0; 4]);
    let checked = TestRunner::new(config()).run(&nodes(), |node| {
        let (seen, bounds) = runtime.block_on(seen(&node));
        prop_assert_eq!(seen.exceeds(bounds), [false; 4], "{:?}, of {}", seen, bounds);
        let reaches = seen.reaches(bounds);
        let counts = reached.get();
        reached.set(std::array::from_fn(|bound| counts[bound] + u32::from(reaches[bound])));
        Ok(())
    });
    if let Err(exceeded) = checked {
        panic!("{exceeded}");
    }
    let names = ["in flight", "attempts", "executions", "longest"];
    for (name, reached) in names.iter().zip(reached.get()) {
        assert!(reached >= 100, "hardly a run would exceed a bound that is one less: {name}, {reached}");
    }
}
