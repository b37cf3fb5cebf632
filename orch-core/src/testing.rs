//! What the tests of several blocks share: tables without a macro, a bus and a runtime that remember.

use std::future::{Future, ready};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use crate::bus::Bus;
use crate::event::{BlockEvent, Event, EventKind};
use crate::node::{Form, Meta, NodeKind, Place};
use crate::run::{Attempt, Done};
use crate::runtime::{BoxFuture, Local, Runtime};

/// The entry of a block.
pub(crate) const fn block(index: u32, parent: Option<&'static Meta>, keyword: &'static str) -> Meta {
    entry(index, parent, NodeKind::Block(keyword), None, &[])
}

/// The entry of an inline step.
pub(crate) const fn step(index: u32, parent: Option<&'static Meta>, name: &'static str) -> Meta {
    entry(index, parent, NodeKind::Inline, Some(name), &[])
}

/// Any entry.
pub(crate) const fn entry(
    index: u32,
    parent: Option<&'static Meta>,
    kind: NodeKind,
    name: Option<&'static str>,
    options: &'static [(&'static str, &'static str)],
) -> Meta {
    Meta {
        index,
        parent,
        kind,
        form: Form::Row,
        name,
        options,
        place: Place { file: "test.rs", line: index + 1, column: 1 },
    }
}

/// The entry at a reference, as a type.
macro_rules! listed {
    ($meta:expr) => {{
        struct Entry;

        impl<S> $crate::node::HasNode<S> for Entry {
            fn meta() -> &'static $crate::node::Meta {
                $meta
            }
        }

        Entry
    }};
}
pub(crate) use listed;

/// What the macro makes of `|x| { … }`.
macro_rules! inline_sync {
    ($builder:expr, $meta:expr, $body:expr) => {{
        #[allow(unused_imports)]
        use $crate::leaf::select::{HowPlain as _, HowPlainDebug as _, HowTried as _, HowTriedDebug as _};
        let closure = $builder.inline($crate::testing::listed!($meta), $body);
        let how = (&&&&&&$crate::leaf::probe(&closure)).__orch_how();
        $builder.reads(closure, how)
    }};
}
pub(crate) use inline_sync;

/// What the macro makes of `async |x| { … }`.
macro_rules! inline_async {
    ($builder:expr, $meta:expr, $body:expr) => {{
        #[allow(unused_imports)]
        use $crate::leaf::select::{HowPlain as _, HowPlainDebug as _, HowTried as _, HowTriedDebug as _};
        let closure = $builder.inline_async($crate::testing::listed!($meta), $body);
        let how = (&&&&&&$crate::leaf::probe(&closure)).__orch_how();
        $builder.reads(closure, how)
    }};
}
pub(crate) use inline_async;

/// A bus that remembers a line for each event: the path, what happened, and the attempt if it is not the first.
#[derive(Debug, Default)]
pub(crate) struct Recorder(Mutex<Vec<String>>);

impl Recorder {
    /// The lines since the last call.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Bus for Recorder {
    fn emit(&self, event: &Event<'_>) {
        let what = match &event.kind {
            EventKind::Task(task) => task.state().to_string(),
            EventKind::Block(BlockEvent::Started { .. }) => "started".to_owned(),
            EventKind::Block(BlockEvent::Succeeded { .. }) => "succeeded".to_owned(),
            EventKind::Block(BlockEvent::Skipped { .. }) => "skipped".to_owned(),
            EventKind::Block(BlockEvent::Failed { .. }) => "failed".to_owned(),
            EventKind::Block(BlockEvent::Cancelled) => "cancelled".to_owned(),
            EventKind::Block(BlockEvent::Pending) => "pending".to_owned(),
            EventKind::Told(told) => match told.downcast_ref::<crate::blocks::retry::Retrying>() {
                Some(retry) => format!("retrying {} as {} in {:?}", retry.step, retry.attempt, retry.delay),
                None => told.to_string(),
            },
        };
        let attempt = match event.execution.attempt {
            1 => String::new(),
            attempt => format!(" [{attempt}]"),
        };
        self.0.lock().unwrap().push(format!("{} {what}{attempt}", event.node.path()));
    }
}

/// A runtime whose sleeps are over at once, and which remembers them.
#[derive(Debug, Default)]
pub(crate) struct Instantly {
    pub(crate) slept: Mutex<Vec<Duration>>,
    pub(crate) clock_readings: AtomicU64,
    /// What it gives as random bits.
    pub(crate) random: u64,
}

impl Instantly {
    pub(crate) fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap().clone()
    }
}

impl Runtime for Instantly {
    fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
        Box::pin(attempt.run())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.slept.lock().unwrap().push(duration);
        Box::pin(ready(()))
    }

    fn now(&self) -> Instant {
        self.clock_readings.fetch_add(1, Ordering::Relaxed);
        Local.now()
    }

    fn random(&self) -> u64 {
        self.random
    }
}

/// The output of a future that never has to wait.
#[track_caller]
pub(crate) fn at_once<T>(fut: impl Future<Output = T>) -> T {
    let mut fut = std::pin::pin!(fut);
    match fut.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}
