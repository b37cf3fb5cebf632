//! What is particular to a block, as one writes it down who does not know its type.

use std::ops::ControlFlow::Continue;
use std::sync::Mutex;
use std::time::Duration;

use async_orch::{Change, Context, Event, EventKind, OwnedEvent, RetryBudget, bus, pipeline, task};
use futures::future::join_all;
use tokio::time::timeout;

use super::{double, forever, refuse, sleep};

#[task]
async fn says(cx: &Context<'_>) {
    cx.note("hello");
    cx.progress(1, 2);
}

/// The texts that the shorthands of an event give, of which each knows one type.
macro_rules! known {
    ($event:expr) => {{
        let event = $event;
        let texts = [
            event.circuit().map(|told| told.to_string()),
            event.retrying().map(|told| told.to_string()),
            event.budget_spent().map(|told| told.to_string()),
            event.falling_back().map(|told| told.to_string()),
            event.hedging().map(|told| told.to_string()),
            event.next_round().map(|told| told.to_string()),
            event.waiting().map(|told| told.to_string()),
        ];
        texts.into_iter().flatten().collect::<Vec<_>>()
    }};
}

/// What a run told, as `path: about "text" field=value …`.
struct Heard {
    line: String,
    about: &'static str,
    text: String,
    by_shorthand: Vec<String>,
    kept: OwnedEvent,
}

/// Notes what a run tells. What is wrong with it is said by [`take`](Written::take), as a bus that panics disturbs nobody.
#[derive(Default)]
struct Written(Mutex<Vec<Heard>>);

impl Written {
    fn note(&self, event: &Event<'_>) {
        let EventKind::Told(told) = event.kind else { return };
        let (about, text) = (told.about(), told.to_string());
        let mut line = format!("{}: {about} {text:?}", event.node.path());
        told.fields(&mut |name, value| line += &format!(" {name}={value:?}"));
        let (by_shorthand, kept) = (known!(event), OwnedEvent::from(event));
        self.0.lock().unwrap().push(Heard { line, about, text, by_shorthand, kept });
    }

    #[track_caller]
    fn take(&self) -> Vec<String> {
        let heard = std::mem::take(&mut *self.0.lock().unwrap());
        let checked = heard.into_iter().map(|Heard { line, about, text, by_shorthand, kept }| {
            let Change::Told(told) = &kept.change else { panic!("{kept:?}") };
            assert_eq!((told.about(), told.to_string()), (about, text.clone()));
            assert_eq!(by_shorthand, known!(&kept), "{line}");
            let has_shorthand = !["note", "progress", "saga"].contains(&about);
            assert_eq!(by_shorthand, if has_shorthand { vec![text] } else { vec![] }, "{line}");
            line
        });
        checked.collect()
    }
}

#[tokio::test(start_paused = true)]
async fn each_kind_gives_its_fields_and_is_found_by_its_shorthand() {
    let written = Written::default();
    let watch = bus::from_fn(|event: &Event<'_>| written.note(event));
    macro_rules! tells {
        ($runs:literal runs of $($pipeline:tt)*) => {{
            let p = pipeline! { $($pipeline)* }.with_bus(&watch);
            // One that has not ended by then is dropped.
            let _ = timeout(Duration::from_secs(60), join_all((0..$runs).map(|_| p.run(())))).await;
            written.take()
        }};
    }
    assert_eq!(
        tells!(2 runs of circuit(fail_max = 1) < refuse >),
        [
            r#"circuit: circuit "closed -> open, tripped by failure 1" old_state=Text("closed") new_state=Text("open") failures=Number(1) tripped=Flag(true) rejected=Flag(false)"#,
            r#"circuit: circuit "rejected, open" old_state=Text("open") new_state=Text("open") failures=Number(1) tripped=Flag(false) rejected=Flag(true)"#,
        ]
    );
    assert_eq!(
        tells!(1 runs of circuit(failure_rate = 1.0, window = 1) < refuse >),
        [
            r#"circuit: circuit "closed -> open, tripped by the rate of failures" old_state=Text("closed") new_state=Text("open") failures=Number(1) tripped=Flag(true) by_rate=Flag(true) rejected=Flag(false)"#,
        ],
    );
    assert_eq!(
        tells!(2 runs of bulkhead(max = 1, queue = 1) < sleep(1) >),
        [r#"bulkhead: waiting "waits, as no place is free" cause=Text("no place is free")"#],
    );
    assert_eq!(
        tells!(2 runs of throttle(rate = 1) < sleep(1) >),
        [
            r#"throttle: waiting "waits, as no token is left, for 1s at most" cause=Text("no token is left") time=Time(1s)"#
        ],
    );
    let budget = RetryBudget::builder().ratio(0.0).min_per_second(0).capacity(1).build();
    assert_eq!(
        tells!(1 runs of retry(backoff = constant(1s), jitter = none, budget = &budget) < refuse >),
        [
            r#"retry: retry "retrying `refuse` in 1s, attempt 2" step=Text("refuse") attempt=Number(2) delay=Time(1s)"#,
            r#"retry: retry "not retrying `refuse` after attempt 2, the budget is spent" step=Text("refuse") attempts=Number(2)"#,
        ],
    );
    assert_eq!(
        tells!(1 runs of hedge(1s) < sleep(2_000) >),
        [r#"hedge: hedge "no answer in 1s, attempt 2 starts" attempt=Number(2) after=Time(1s)"#],
    );
    assert_eq!(
        tells!(1 runs of fallback < refuse double(2) >),
        [
            r#"fallback: fallback "falling back from `refuse` to `double`" step=Text("refuse") to=Text("double")"#
        ],
    );
    assert_eq!(
        tells!(1 runs of repeat(max_rounds = 2, backoff = constant(1s), jitter = none) < |()| { Continue::<(), ()>(()) } >),
        [r#"repeat: repeat "goes on with round 2 in 1s" round=Number(2) delay=Time(1s)"#],
    );
    assert_eq!(
        tells!(1 runs of saga < sleep(1) undo forever() refuse >),
        [
            r#"saga: saga "undoes 1 step" change=Text("undoing") steps=Number(1)"#,
            r#"saga: saga "is dropped with 1 step not undone" change=Text("abandoned") steps=Number(1)"#,
        ],
    );
    assert_eq!(
        tells!(1 runs of saga < sleep(1) undo double(2) sleep(1) undo double(2) refuse >),
        [r#"saga: saga "undoes 2 steps" change=Text("undoing") steps=Number(2)"#],
    );
    assert_eq!(
        tells!(1 runs of says),
        [
            r#"says: note "note: hello" text=Text("hello")"#,
            r#"says: progress "1 of 2" done=Number(1) total=Number(2)"#
        ],
    );
}
