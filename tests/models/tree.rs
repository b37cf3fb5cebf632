//! Any block in any other, three deep: what a block does to its children is what it does to blocks.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use async_orch::{BoxPipeline, Error, ErrorKind, pipeline, task};
use futures::FutureExt as _;
use proptest::prelude::*;
use tokio::time::{sleep, timeout};

use crate::compare::compare;
use crate::stage::{Failure, How, NEVER, Span, Stage, call_of, deliberate_panics_are_silent, number};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    /// Whoever runs when a block ends goes on.
    CancelsNobody,
    CatchesNothing,
    RetriesPanics,
    /// A timeout, wherever it stands.
    CountsTimeFromTheRun,
}

const FLAWS: [Flaw; 4] =
    [Flaw::CancelsNobody, Flaw::CatchesNothing, Flaw::RetriesPanics, Flaw::CountsTimeFromTheRun];

/// Times have their units, and so many bits by chance that no two things happen at one time.
const UNIT: u64 = 1 << 30;
const HORIZON: u64 = 60 * UNIT + 1;

type Time = u64;

#[derive(Clone, Debug)]
enum Node {
    Act(u64),
    Seq(Box<[Node; 2]>),
    Par(usize, Box<[Node; 3]>),
    Race(Box<[Node; 3]>),
    Fallback(Box<[Node; 2]>),
    Timeout(Time, Box<Node>),
    Retry(u32, Time, Box<Node>),
    Hedge(usize, Time, Box<Node>),
    Catch(Box<Node>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Why {
    Failed(usize),
    Panicked(usize),
    Caught(usize),
    TimedOut,
    Dropped,
}

/// What a step was seen to do, or would do if it were left alone.
#[derive(Clone, Debug, PartialEq)]
struct Done {
    spans: Vec<Span>,
    at: u64,
    end: Result<(), Why>,
}

/// What a task does is chosen by who it is and when it starts, so that it does not matter in which order tasks are asked.
fn script(task: u64, from: u64) -> Span {
    let mix = |x: u64| (x ^ (x >> 29)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31);
    let bits = mix(mix(task ^ 0x5851_F42D) ^ from);
    let takes = match bits % 16 {
        0 => NEVER,
        1 | 2 => 0,
        units => units % 4 * UNIT + (bits >> 34),
    };
    let how = match (bits >> 8) % 16 {
        0 => How::Panicked,
        1..7 => How::Failed,
        _ => How::Succeeded,
    };
    Span { call: task as usize, from, until: (from + takes).min(NEVER), how }
}

// ----- the model -----

impl Done {
    fn ends(mut self, at: u64, end: Result<(), Why>) -> Done {
        (self.at, self.end) = (at, end);
        self
    }

    /// Given up at a time, unless it has ended. What begins at that time has, or comes too late.
    fn cut(mut self, at: u64, begins: bool) -> Done {
        self.spans.retain(|span| span.from < at || span.from == at && begins);
        for span in self.spans.iter_mut().filter(|span| span.until > at) {
            (span.until, span.how) = (at, How::Cancelled);
        }
        self
    }

    fn then(mut self, next: Done) -> Done {
        self.spans.extend(next.spans);
        Done { spans: self.spans, ..next }
    }

    fn panicked(&self) -> bool {
        matches!(self.end, Err(Why::Panicked(_)))
    }
}

/// Of children side by side, in order of their starts, all are over at that time; that one has ended the block.
fn over(children: Vec<Done>, by: usize, flaw: Option<Flaw>) -> Done {
    let (at, end) = (children[by].at, children[by].end);
    let cut = |(index, child): (usize, Done)| {
        if flaw == Some(Flaw::CancelsNobody) { child } else { child.cut(at, index <= by) }
    };
    let spans = children.into_iter().enumerate().map(cut).flat_map(|child| child.spans).collect();
    Done { spans, at, end }
}

/// The first in time of those for which this is true, or else the last.
fn first_or_last(children: &[Done], ends: impl Fn(&Done) -> bool) -> usize {
    let in_time = |index: &usize| (children[*index].at, *index);
    let first = (0..children.len()).filter(|index| ends(&children[*index])).min_by_key(in_time);
    first.unwrap_or_else(|| (0..children.len()).max_by_key(in_time).unwrap())
}

fn model(node: &Node, from: u64, flaw: Option<Flaw>) -> Done {
    let alone = |node: &Node, from: u64| {
        if from >= NEVER {
            Done { spans: Vec::new(), at: NEVER, end: Ok(()) }
        } else {
            model(node, from, flaw)
        }
    };
    match node {
        Node::Act(task) => {
            let span = script(*task, from);
            let end = match span.how {
                How::Failed => Err(Why::Failed(span.call)),
                How::Panicked => Err(Why::Panicked(span.call)),
                _ => Ok(()),
            };
            Done { spans: vec![span], at: span.until, end }
        }
        Node::Seq(steps) => {
            let first = alone(&steps[0], from);
            if first.end.is_err() {
                return first;
            }
            let next = alone(&steps[1], first.at);
            first.then(next)
        }
        Node::Fallback(steps) => {
            let first = alone(&steps[0], from);
            if first.end.is_ok() || first.panicked() {
                return first;
            }
            let next = alone(&steps[1], first.at);
            first.then(next)
        }
        Node::Par(limit, steps) => {
            let mut free_at = vec![from; *limit];
            let mut children = Vec::new();
            for step in steps.iter() {
                free_at.sort_unstable();
                children.push(alone(step, free_at[0]));
                free_at[0] = children[children.len() - 1].at;
            }
            let by = first_or_last(&children, |child| child.end.is_err());
            over(children, by, flaw)
        }
        Node::Race(steps) => {
            let children: Vec<Done> = steps.iter().map(|step| alone(step, from)).collect();
            let by = first_or_last(&children, |child| child.end.is_ok() || child.panicked());
            over(children, by, flaw)
        }
        Node::Timeout(limit, step) => {
            let done = alone(step, from);
            let since = if flaw == Some(Flaw::CountsTimeFromTheRun) { 0 } else { from };
            let over = (since + limit).max(from);
            if done.at <= over { done } else { done.cut(over, false).ends(over, Err(Why::TimedOut)) }
        }
        Node::Retry(attempts, delay, step) => {
            let mut done = alone(step, from);
            for _ in 1..*attempts {
                if done.end.is_ok() || done.panicked() && flaw != Some(Flaw::RetriesPanics) {
                    break;
                }
                let next = alone(step, done.at + delay);
                done = done.then(next);
            }
            done
        }
        Node::Hedge(attempts, delay, step) => {
            let (mut children, mut latest, mut failed) = (vec![alone(step, from)], from, Vec::new());
            while children.len() < *attempts {
                let running = (0..children.len()).filter(|child| !failed.contains(child));
                let next = running
                    .min_by_key(|child| (children[*child].at, *child))
                    .map(|child| (children[child].at, child));
                match next.filter(|(at, _)| *at <= latest + delay) {
                    Some((_, child)) if children[child].end.is_ok() || children[child].panicked() => break,
                    // It has failed, and starts one at once.
                    Some((at, child)) => {
                        failed.push(child);
                        latest = at;
                    }
                    None => latest += delay,
                }
                children.push(alone(step, latest));
            }
            let by = first_or_last(&children, |child| child.end.is_ok() || child.panicked());
            over(children, by, flaw)
        }
        Node::Catch(step) => {
            let done = alone(step, from);
            match done.end {
                Err(Why::Panicked(task)) if flaw != Some(Flaw::CatchesNothing) => {
                    let at = done.at;
                    done.ends(at, Err(Why::Caught(task)))
                }
                _ => done,
            }
        }
    }
}

// ----- the same with the library -----

#[task]
async fn act(stage: &Stage, task: u64) -> Result<(), Failure> {
    let scene = stage.enter(task as usize);
    let script = script(task, stage.now());
    match script.until - script.from {
        0 => {}
        _ if script.until == NEVER => std::future::pending().await,
        time => sleep(Duration::from_millis(time)).await,
    }
    scene.end(script.how);
    match script.how {
        How::Failed => Err(Failure { call: task as usize, for_good: false }),
        How::Panicked => panic!("call {task}"),
        _ => Ok(()),
    }
}

fn built<'p>(stage: &'p Stage, node: &Node) -> BoxPipeline<'p, (), ()> {
    let inside = |node: &Node| built(stage, node);
    match node {
        Node::Act(task) => {
            let task = *task;
            pipeline! { move act(stage, task) }.boxed()
        }
        Node::Seq(steps) => {
            let [a, b] = steps.each_ref().map(inside);
            pipeline! { seq < { a } { b } > }.boxed()
        }
        Node::Par(limit, steps) => {
            let (limit, [a, b, c]) = (*limit, steps.each_ref().map(inside));
            pipeline! { seq < par(limit = limit) < { a } { b } { c } > |_| {} > }.boxed()
        }
        Node::Race(steps) => {
            let [a, b, c] = steps.each_ref().map(inside);
            pipeline! { race < { a } { b } { c } > }.boxed()
        }
        Node::Fallback(steps) => {
            let [a, b] = steps.each_ref().map(inside);
            pipeline! { fallback < { a } { b } > }.boxed()
        }
        Node::Timeout(limit, step) => {
            let (limit, step) = (Duration::from_millis(*limit), inside(step));
            pipeline! { timeout(limit) < { step } > }.boxed()
        }
        Node::Retry(attempts, delay, step) => {
            let (attempts, delay, step) = (*attempts, Duration::from_millis(*delay), inside(step));
            pipeline! { retry(max_attempts = attempts, backoff = constant(delay), jitter = none) < { step } > }.boxed()
        }
        Node::Hedge(attempts, delay, step) => {
            let (attempts, delay, step) = (*attempts as u32, Duration::from_millis(*delay), inside(step));
            pipeline! { hedge(delay, max_attempts = attempts) < { step } > }.boxed()
        }
        Node::Catch(step) => {
            let step = inside(step);
            pipeline! { catch < { step } > }.boxed()
        }
    }
}

fn why(error: &Error) -> Why {
    match error.kind() {
        ErrorKind::TimedOut => Why::TimedOut,
        ErrorKind::Panicked(panicked) => Why::Caught(number(panicked.message())),
        _ => Why::Failed(call_of(error)),
    }
}

async fn seen(node: &Node) -> Done {
    deliberate_panics_are_silent();
    let stage = Stage::new(&[]);
    let p = built(&stage, node);
    let end = match timeout(Duration::from_millis(HORIZON), AssertUnwindSafe(p.run(())).catch_unwind()).await
    {
        Ok(Ok(result)) => result.map_err(|error| why(&error)),
        Ok(Err(panic)) => Err(Why::Panicked(number(panic.downcast_ref::<String>().unwrap()))),
        Err(_) => Err(Why::Dropped),
    };
    in_order(Done { at: stage.now(), spans: stage.spans(), end })
}

/// What begins at one time has no order here.
fn in_order(mut done: Done) -> Done {
    done.spans.sort_by_key(|span| (span.from, span.call, span.until));
    done
}

fn nodes() -> impl Strategy<Value = Node> {
    let time = || (1..4_u64, 0..UNIT).prop_map(|(units, bits)| units * UNIT / 2 + bits);
    let task = any::<u32>().prop_map(|task| Node::Act(task.into()));
    task.prop_recursive(3, 12, 3, move |node| {
        let one = || node.clone().prop_map(Box::new);
        let two = || [node.clone(), node.clone()].prop_map(Box::new);
        let three = || [node.clone(), node.clone(), node.clone()].prop_map(Box::new);
        prop_oneof![
            two().prop_map(Node::Seq),
            (1..4_usize, three()).prop_map(|(limit, nodes)| Node::Par(limit, nodes)),
            three().prop_map(Node::Race),
            two().prop_map(Node::Fallback),
            (time(), one()).prop_map(|(limit, node)| Node::Timeout(limit, node)),
            (1..4_u32, time(), one()).prop_map(|(attempts, delay, node)| Node::Retry(attempts, delay, node)),
            (2..4_usize, time(), one())
                .prop_map(|(attempts, delay, node)| Node::Hedge(attempts, delay, node)),
            one().prop_map(Node::Catch),
        ]
    })
}

#[test]
fn blocks_in_blocks_are_as_a_model_of_them() {
    compare(nodes(), &FLAWS, seen, |node, flaw| {
        let done = model(node, 0, flaw);
        in_order(if done.at > HORIZON {
            done.cut(HORIZON, false).ends(HORIZON, Err(Why::Dropped))
        } else {
            done
        })
    });
}
