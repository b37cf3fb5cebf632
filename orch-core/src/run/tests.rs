//! What no block brings about today, but a run has to stand.

use std::task::Poll;

use super::{Counts, Cx, Full, Given, Here, RunState};
use crate::bus::Recorder;
use crate::graph::{Graph, Load};
use crate::node::{Meta, Origin};
use crate::testing::{block, step};

static PAR: Meta = block(0, None, "par");
static FIRST: Meta = step(1, Some(&PAR), "first");
static SECOND: Meta = step(2, Some(&PAR), "second");

/// Watches a `par` with two steps inside, then ends it; gives `step state execution` of each event.
fn watched(inside: impl FnOnce(Full<'_>)) -> Vec<String> {
    let graph = Graph::of(|graph| {
        graph.block(&PAR, Load::Row, |graph| {
            graph.leaf(Origin::block(&FIRST));
            graph.leaf(Origin::block(&SECOND));
        });
    });
    let recorder = Recorder::new();
    let counts = Counts::default();
    let run = RunState::new(Given { bus: Some(&recorder), ..Given::default() }, &graph, &counts);
    let (obs, mut guard) = Full::root(&run).block(&PAR);
    inside(obs);
    <Full<'_>>::succeed_block(&mut guard);
    drop(guard);
    recorder.assert_balanced();
    let line = |event: &crate::event::OwnedEvent| {
        format!("{} {} {}", event.name(), event.state().unwrap(), event.execution.id)
    };
    recorder.events().iter().map(line).collect()
}

/// A task that has started.
fn started<H: Here>(here: H, meta: &'static Meta) -> H::TaskGuard {
    let ((), started) = here.task(meta, |_| ());
    here.hold(started)
}

#[test]
fn a_start_that_is_due_but_never_made_is_cancelled_with_its_block() {
    let told = watched(|obs| {
        let queued = obs.queue(&FIRST);
        let _ = obs.dequeue(queued);
    });
    assert_eq!(told, ["par running 1", "first pending 2", "first cancelled 2", "par succeeded 1"]);
}

#[test]
fn of_several_steps_that_follow_a_wait_only_the_one_that_waited_has_its_execution() {
    let told = watched(|obs| {
        let queued = obs.queue(&SECOND);
        let obs = obs.dequeue(queued);
        for meta in [&FIRST, &SECOND, &SECOND] {
            drop(started(obs, meta));
        }
    });
    assert_eq!(
        told,
        [
            "par running 1",
            "second pending 2",
            "first running 3",
            "first cancelled 3",
            "second running 2",
            "second cancelled 2",
            "second running 4",
            "second cancelled 4",
            "par succeeded 1",
        ]
    );
}

#[test]
fn what_is_polled_after_the_end_changes_nothing() {
    let told = watched(|obs| {
        let mut guard = started(obs, &FIRST);
        <Full<'_>>::succeed_task(&mut guard, &1, |_| None);
        <Full<'_>>::succeed_task(&mut guard, &2, |_| None);
        assert_eq!(<Full<'_>>::poll_task(&mut guard, || Poll::Ready(Ok::<_, ()>(3))), Poll::Ready(Ok(3)));
    });
    assert_eq!(told, ["par running 1", "first running 2", "first succeeded 2", "par succeeded 1"]);
}
