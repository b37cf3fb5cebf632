//! Who is woken while a run is driven: its task only where that has to go on later.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use async_orch::durable::{Command, Delivery, Durable, Engine, Fault, Id, Mailbox, drive};
use async_orch::{Run, pipeline, task};

#[derive(Default)]
struct Count(AtomicU32);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Gives what it has at once, and itself wakes nobody.
#[derive(Default)]
struct AtOnce {
    given: VecDeque<Delivery>,
}

impl Engine for AtOnce {
    fn command(&mut self, command: Command) -> Result<(), Fault> {
        self.given.push_back(Delivery::Run(command.id()));
        Ok(())
    }

    fn finished(&mut self, id: Id, bytes: Vec<u8>) -> Result<(), Fault> {
        self.given.push_back(Delivery::Done { id, bytes, at: Duration::ZERO });
        Ok(())
    }

    fn poll_next(&mut self, _cx: &mut Context<'_>) -> Poll<Result<Option<Delivery>, Fault>> {
        self.given.pop_front().map_or(Poll::Pending, |given| Poll::Ready(Ok(Some(given))))
    }

    fn is_live(&self) -> bool {
        true
    }
}

/// How often a run was polled until its end, and how often its task was woken.
fn counted<P: Durable + Run<In = u64>>(p: &P) -> (u32, u32) {
    let (count, mut polls) = (Arc::new(Count::default()), 0);
    let waker = Waker::from(count.clone());
    let (mut engine, mailbox) = (AtOnce::default(), Mailbox::new(7));
    let mut run = pin!(drive(&mailbox, p.on(&mailbox).run(1), &mut engine));
    loop {
        polls += 1;
        if let Poll::Ready(ran) = run.as_mut().poll(&mut Context::from_waker(&waker)) {
            assert!(matches!(ran, Ok(Ok(_))));
            return (polls, count.0.load(Ordering::Relaxed));
        }
        assert!(count.0.load(Ordering::Relaxed) >= polls, "it waits, and nobody wakes it");
    }
}

#[test]
fn what_is_given_to_a_run_does_not_wake_its_task() {
    let p = pipeline! { |_: u64| seq < at_once at_once par < at_once at_once at_once > > };
    assert_eq!(counted(&p), (1, 0));
    let p = pipeline! { |_: u64| seq < |n| { vec![n; 20] } each(limit = 12) < at_once > > };
    assert_eq!(counted(&p), (1, 0));
}

#[task(durable)]
fn at_once(n: u64) -> u64 {
    n
}

#[task(durable)]
async fn makes_way(n: u64) -> u64 {
    let mut is_first = true;
    std::future::poll_fn(|cx| {
        if std::mem::take(&mut is_first) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(n)
    })
    .await
}

/// Once for each time that it has to go on later, and no more.
#[test]
fn a_task_in_place_that_makes_way_wakes_the_task_of_its_run() {
    let p = pipeline! { |_: u64| seq < makes_way makes_way makes_way > };
    assert_eq!(counted(&p), (4, 3));
}
