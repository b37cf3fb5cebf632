//! Three functions to look at in the object code: ten steps by hand, as a pipeline that nobody observes, and as one with a
//! bus. `benches/machine_code.sh` does.

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use async_orch::{Run, bus};

use shapes::{hand, orch, tasks::Failed};

mod shapes;

fn main() {
    println!(
        "{:?} {:?} {:?}",
        seq10_by_hand(black_box(1)),
        seq10_pipeline(black_box(1)),
        seq10_observed(black_box(1))
    );
}

#[inline(never)]
fn seq10_by_hand(x: u64) -> Option<Result<u64, Failed>> {
    once(hand::seq10(x))
}

#[inline(never)]
fn seq10_pipeline(x: u64) -> Option<Result<u64, Failed>> {
    once(orch::seq10().run(x)).map(|result| result.map_err(|_| Failed))
}

#[inline(never)]
fn seq10_observed(x: u64) -> Option<Result<u64, Failed>> {
    let bus = bus::from_fn(|event| {
        black_box(event.seq);
    });
    once(orch::seq10().with_bus(bus).run(x)).map(|result| result.map_err(|_| Failed))
}

/// The steps are ready at once, so one poll is a run.
fn once<F: Future>(run: F) -> Option<F::Output> {
    match pin!(run).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
