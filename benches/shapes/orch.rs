//! Each shape as a pipeline.

use std::ops::ControlFlow::{Break, Continue};
use std::sync::Arc;

use async_orch::{Run, pipeline};

use super::tasks::{Failed, Ring, fail, pass_baton, step, yield_16, yield_once};

/// Ten steps, one after another.
pub fn seq10() -> impl Run<In = u64, Out = u64, Error = Failed> {
    pipeline! {
        error = Failed;
        |_: u64|
        seq < step step step step step step step step step step >
    }
}

/// Ten steps, whose outputs are all kept by a name, each taking the one before.
pub fn named10() -> impl Run<In = u64, Out = u64, Error = Failed> {
    pipeline! {
        error = Failed;
        |x: u64|
        seq <
            let v0 = step(*x) let v1 = step(*v0) let v2 = step(*v1) let v3 = step(*v2)
            let v4 = step(*v3) let v5 = step(*v4) let v6 = step(*v5) let v7 = step(*v6)
            let v8 = step(*v7) let v9 = step(*v8)
            |_| { v0 + v9 }
        >
    }
}

/// The same with forty.
pub fn named40() -> impl Run<In = u64, Out = u64, Error = Failed> {
    pipeline! {
        error = Failed;
        |x: u64|
        seq <
            let v0 = step(*x) let v1 = step(*v0) let v2 = step(*v1) let v3 = step(*v2)
            let v4 = step(*v3) let v5 = step(*v4) let v6 = step(*v5) let v7 = step(*v6)
            let v8 = step(*v7) let v9 = step(*v8) let v10 = step(*v9) let v11 = step(*v10)
            let v12 = step(*v11) let v13 = step(*v12) let v14 = step(*v13) let v15 = step(*v14)
            let v16 = step(*v15) let v17 = step(*v16) let v18 = step(*v17) let v19 = step(*v18)
            let v20 = step(*v19) let v21 = step(*v20) let v22 = step(*v21) let v23 = step(*v22)
            let v24 = step(*v23) let v25 = step(*v24) let v26 = step(*v25) let v27 = step(*v26)
            let v28 = step(*v27) let v29 = step(*v28) let v30 = step(*v29) let v31 = step(*v30)
            let v32 = step(*v31) let v33 = step(*v32) let v34 = step(*v33) let v35 = step(*v34)
            let v36 = step(*v35) let v37 = step(*v36) let v38 = step(*v37) let v39 = step(*v38)
            |_| { v0 + v39 }
        >
    }
}

/// Sixteen ready children, four at a time.
pub fn par16() -> impl Run<In = (), Out = u64, Error = Failed> {
    pipeline! {
        error = Failed;
        seq <
            par(limit = 4) <
                step(0) step(1) step(2) step(3) step(4) step(5) step(6) step(7)
                step(8) step(9) step(10) step(11) step(12) step(13) step(14) step(15)
            >
            |(a, .., p)| { a + p }
        >
    }
}

/// Sixteen children that yield once, four at a time.
pub fn par16_yield() -> impl Run<In = (), Out = u64, Error = Failed> {
    pipeline! {
        error = Failed;
        seq <
            par(limit = 4) <
                yield_once(0) yield_once(1) yield_once(2) yield_once(3)
                yield_once(4) yield_once(5) yield_once(6) yield_once(7)
                yield_once(8) yield_once(9) yield_once(10) yield_once(11)
                yield_once(12) yield_once(13) yield_once(14) yield_once(15)
            >
            |(a, .., p)| { a + p }
        >
    }
}

/// The first of four that succeeds, which yields once; the others would yield sixteen times.
pub fn race4() -> impl Run<In = u64, Out = u64, Error = Failed> {
    pipeline! { error = Failed; |_: u64| race < yield_16 yield_16 yield_once yield_16 > }
}

/// Sixty-four children that yield sixteen times each.
pub fn par64_wake() -> impl Run<In = (), Out = u64, Error = Failed> {
    pipeline! {
        error = Failed;
        seq <
            par <
                yield_16(0) yield_16(1) yield_16(2) yield_16(3) yield_16(4) yield_16(5) yield_16(6)
                yield_16(7) yield_16(8) yield_16(9) yield_16(10) yield_16(11) yield_16(12) yield_16(13)
                yield_16(14) yield_16(15) yield_16(16) yield_16(17) yield_16(18) yield_16(19) yield_16(20)
                yield_16(21) yield_16(22) yield_16(23) yield_16(24) yield_16(25) yield_16(26) yield_16(27)
                yield_16(28) yield_16(29) yield_16(30) yield_16(31) yield_16(32) yield_16(33) yield_16(34)
                yield_16(35) yield_16(36) yield_16(37) yield_16(38) yield_16(39) yield_16(40) yield_16(41)
                yield_16(42) yield_16(43) yield_16(44) yield_16(45) yield_16(46) yield_16(47) yield_16(48)
                yield_16(49) yield_16(50) yield_16(51) yield_16(52) yield_16(53) yield_16(54) yield_16(55)
                yield_16(56) yield_16(57) yield_16(58) yield_16(59) yield_16(60) yield_16(61) yield_16(62)
                yield_16(63)
            >
            |(first, .., last)| { first + last }
        >
    }
}

/// Sixty-four children that pass one baton.
pub fn par64_baton(ring: Arc<Ring>) -> impl Run<In = (), Out = u64, Error = Failed> {
    pipeline! {
        error = Failed;
        let ring = ring;
        seq <
            |()| { ring.rewind() }
            par <
                pass_baton(ring.clone(), 0) pass_baton(ring.clone(), 1) pass_baton(ring.clone(), 2)
                pass_baton(ring.clone(), 3) pass_baton(ring.clone(), 4) pass_baton(ring.clone(), 5)
                pass_baton(ring.clone(), 6) pass_baton(ring.clone(), 7) pass_baton(ring.clone(), 8)
                pass_baton(ring.clone(), 9) pass_baton(ring.clone(), 10) pass_baton(ring.clone(), 11)
                pass_baton(ring.clone(), 12) pass_baton(ring.clone(), 13) pass_baton(ring.clone(), 14)
                pass_baton(ring.clone(), 15) pass_baton(ring.clone(), 16) pass_baton(ring.clone(), 17)
                pass_baton(ring.clone(), 18) pass_baton(ring.clone(), 19) pass_baton(ring.clone(), 20)
                pass_baton(ring.clone(), 21) pass_baton(ring.clone(), 22) pass_baton(ring.clone(), 23)
                pass_baton(ring.clone(), 24) pass_baton(ring.clone(), 25) pass_baton(ring.clone(), 26)
                pass_baton(ring.clone(), 27) pass_baton(ring.clone(), 28) pass_baton(ring.clone(), 29)
                pass_baton(ring.clone(), 30) pass_baton(ring.clone(), 31) pass_baton(ring.clone(), 32)
                pass_baton(ring.clone(), 33) pass_baton(ring.clone(), 34) pass_baton(ring.clone(), 35)
                pass_baton(ring.clone(), 36) pass_baton(ring.clone(), 37) pass_baton(ring.clone(), 38)
                pass_baton(ring.clone(), 39) pass_baton(ring.clone(), 40) pass_baton(ring.clone(), 41)
                pass_baton(ring.clone(), 42) pass_baton(ring.clone(), 43) pass_baton(ring.clone(), 44)
                pass_baton(ring.clone(), 45) pass_baton(ring.clone(), 46) pass_baton(ring.clone(), 47)
                pass_baton(ring.clone(), 48) pass_baton(ring.clone(), 49) pass_baton(ring.clone(), 50)
                pass_baton(ring.clone(), 51) pass_baton(ring.clone(), 52) pass_baton(ring.clone(), 53)
                pass_baton(ring.clone(), 54) pass_baton(ring.clone(), 55) pass_baton(ring.clone(), 56)
                pass_baton(ring.clone(), 57) pass_baton(ring.clone(), 58) pass_baton(ring.clone(), 59)
                pass_baton(ring.clone(), 60) pass_baton(ring.clone(), 61) pass_baton(ring.clone(), 62)
                pass_baton(ring.clone(), 63)
            >
            |(first, .., last)| { first + last }
        >
    }
}

/// A step, four at once by two, a guarded step, a step.
pub fn nest() -> impl Run<In = u64, Out = u64, Error = Failed> {
    pipeline! {
        error = Failed;
        |_: u64|
        seq <
            step
            par(limit = 2) < step step step step >
            |(a, b, c, d)| { a + b + c + d }
            circuit < step >
            step
        >
    }
}

/// Ten thousand items that yield once each, sixty-four at a time.
pub fn each10k() -> impl Run<In = std::ops::Range<u64>, Out = Vec<u64>, Error = Failed> {
    pipeline! {
        error = Failed;
        |_: std::ops::Range<u64>|
        each(limit = 64) < yield_once >
    }
}

/// A step behind a closed circuit.
pub fn circuit_closed() -> impl Run<In = u64, Out = u64, Error = Failed> {
    pipeline! { error = Failed; |_: u64| circuit < step > }
}

/// A step behind a closed circuit that looks at the share of failures.
pub fn circuit_rate() -> impl Run<In = u64, Out = u64, Error = Failed> {
    pipeline! { error = Failed; |_: u64| circuit(failure_rate = 0.5, window = 100) < step > }
}

/// A step behind a circuit that the first run opens for an hour.
pub fn circuit_open() -> impl Run<In = u64, Out = u64, Error = Failed> {
    pipeline! { error = Failed; |_: u64| circuit(fail_max = 1, reset_timeout = 1h) < fail > }
}

/// A step behind a bulkhead with a free place.
pub fn bulkhead_free() -> impl Run<In = u64, Out = u64, Error = Failed> {
    pipeline! { error = Failed; |_: u64| bulkhead(max = 10) < step > }
}

/// A step behind a throttle with a token.
pub fn throttle_free() -> impl Run<In = u64, Out = u64, Error = Failed> {
    pipeline! { error = Failed; |_: u64| throttle(rate = 1_000_000_000, burst = 1_000_000_000) < step > }
}

/// A step that a retry runs once.
pub fn retry_first_try() -> impl Run<In = u64, Out = u64, Error = Failed> {
    pipeline! { error = Failed; |_: u64| retry < step > }
}

/// A step that a hedge runs once.
pub fn hedge_idle() -> impl Run<In = u64, Out = u64, Error = Failed> {
    pipeline! { error = Failed; |_: u64| hedge(50ms) < step > }
}

/// A hundred rounds of a step.
pub fn repeat100() -> impl Run<In = u64, Out = u64, Error = Failed> {
    pipeline! {
        error = Failed;
        |_: u64|
        repeat < step |x| { if x.is_multiple_of(100) { Break(x) } else { Continue(x) } } >
    }
}

/// One of three steps, by what a number is.
pub fn choose3() -> impl Run<In = u64, Out = u64, Error = Failed> {
    pipeline! {
        error = Failed;
        |_: u64|
        choose(|x| x % 3) < 0 => step, 1 => yield_once, _ => step >
    }
}

/// A step that is ready before its timeout.
pub fn timeout_ready() -> impl Run<In = u64, Out = u64, Error = Failed> {
    pipeline! { error = Failed; |_: u64| timeout(1s) < step > }
}
