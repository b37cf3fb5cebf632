//! The rules of `saga`, `undo` and `finally`: see docs/semantics.md.

use std::future::pending;
use std::sync::Mutex;
use std::time::Duration;

use async_orch::bus::Recorder;
use async_orch::{Breaker, Context, ErrorKind, Run, SagaEvent, pipeline, task};
use tokio::time::{Instant, sleep, timeout};

/// What was done, in order.
#[derive(Default)]
struct Ledger(Mutex<Vec<String>>);

impl Ledger {
    fn add(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// Does it, and gives what was done.
#[task]
async fn book(ledger: &Ledger, what: u32) -> u32 {
    ledger.add(format!("book {what}"));
    what
}

#[task]
async fn cancel(ledger: &Ledger, what: u32) {
    ledger.add(format!("cancel {what}"));
}

#[task]
async fn fails(why: &'static str) -> Result<(), &'static str> {
    Err(why)
}

#[task]
async fn takes(ledger: &Ledger, what: u32, milliseconds: u64) -> u32 {
    ledger.add(format!("begin {what}"));
    sleep(Duration::from_millis(milliseconds)).await;
    ledger.add(format!("end {what}"));
    what
}

#[tokio::test]
async fn saga_1_one_that_succeeds_is_a_sequence() {
    let ledger = Ledger::default();
    let p = pipeline! {
        |n: u32|
        saga(collect) <
            let first = book(&ledger, *n) undo cancel(&ledger, _)
            book(&ledger, first + 1) undo cancel(&ledger, _)
            |second| { second * 2 }
        >
    };
    assert_eq!(p.run(1).await.unwrap(), (2, 4));
    assert_eq!(ledger.take(), ["book 1", "book 2"]);
}

#[tokio::test]
async fn saga_2_what_has_succeeded_is_undone_last_first() {
    let ledger = Ledger::default();
    let p = pipeline! {
        saga <
            book(&ledger, 1) undo cancel(&ledger, _)
            book(&ledger, 2)
            book(&ledger, 3) undo async |what| {
                sleep(Duration::from_millis(1)).await;
                ledger.add(format!("slowly cancel {what}"));
            }
            fails("sold out") undo cancel(&ledger, 4)
            book(&ledger, 5) undo cancel(&ledger, _)
        >
    };
    let recorder = Recorder::new();
    let error = (&p).with_bus(&recorder).run(()).await.unwrap_err();
    assert_eq!(error.to_string(), "step `saga/fails` failed: sold out");
    assert!(error.undo_failures().is_empty());
    assert_eq!(ledger.take(), ["book 1", "book 2", "book 3", "slowly cancel 3", "cancel 1"]);
    recorder.assert_balanced();
    let told: Vec<_> = recorder.events().iter().filter_map(|event| event.told().copied()).collect();
    assert!(matches!(told[..], [SagaEvent::Undoing { steps: 2, .. }]), "{told:?}");
    let ends: Vec<String> =
        recorder.events().iter().rev().take(3).map(|event| event.path().to_owned()).collect();
    assert_eq!(ends, ["saga", "saga/book/undo", "saga/book/undo/cancel"], "the saga ends after its undos");
}

#[derive(Debug)]
struct Order {
    id: u32,
}

#[tokio::test]
async fn saga_3_an_undo_sees_what_its_step_sees() {
    let ledger = Ledger::default();
    let p = pipeline! {
        let prefix = "no".to_owned();
        |order: Order|
        saga <
            // What has no clone is used where it is: by an argument, or from outside of the saga.
            let inner = |_| { Order { id: order.id + 1 } }
            let name = |_| { "name".to_owned() }
            book(&ledger, inner.id) undo cancel(&ledger, inner.id * 10 + order.id)
            book(&ledger, 3) undo |what| { ledger.add(format!("{prefix} {what} {name} {}", order.id)) }
            book(&ledger, 4) undo retry < seq < |_| { name.len() as u32 } cancel(&ledger, _) > >
            fails("sold out")
        >
    };
    assert!(p.run(Order { id: 1 }).await.is_err());
    assert_eq!(ledger.take(), ["book 2", "book 3", "book 4", "cancel 4", "no 3 name 1", "cancel 21"]);
}

#[tokio::test]
async fn saga_3_arguments_are_those_of_when_the_step_has_succeeded() {
    let (ledger, clock) = (Ledger::default(), Mutex::new(1));
    let p = pipeline! {
        saga <
            let base = |_| { 100 }
            book(&ledger, 1) undo cancel(&ledger, *base + *clock.lock().unwrap())
            |_| { *clock.lock().unwrap() = 2; }
            fails("sold out")
        >
    };
    assert!(p.run(()).await.is_err());
    assert_eq!(ledger.take(), ["book 1", "cancel 101"]);
}

#[tokio::test(start_paused = true)]
async fn saga_4_an_undo_runs_outside_of_the_blocks_around_its_step() {
    let ledger = Ledger::default();
    let breaker = Breaker::builder().fail_max(1).build();
    let p = pipeline! {
        saga <
            timeout(10ms) < book(&ledger, 1) undo takes(&ledger, 10, 1000) >
            circuit(breaker = &breaker) < book(&ledger, 2) undo fails("not undone") >
            par(limit = 1) <
                book(&ledger, 3) undo takes(&ledger, 30, 1000)
                takes(&ledger, 4, 1)
                fails("sold out")
            >
        >
    };
    let began = Instant::now();
    let error = p.run(()).await.unwrap_err();
    assert_eq!(error.path(), "saga/par/fails");
    assert_eq!(error.undo_failures().len(), 1);
    assert_eq!(breaker.failures(), 0, "the undo counts for no circuit");
    assert_eq!(began.elapsed(), Duration::from_millis(2001));
    assert_eq!(
        ledger.take(),
        ["book 1", "book 2", "book 3", "begin 4", "end 4", "begin 30", "end 30", "begin 10", "end 10"]
    );
}

#[tokio::test(start_paused = true)]
async fn saga_4_what_has_succeeded_before_a_timeout_inside_is_undone() {
    let ledger = Ledger::default();
    let p = pipeline! {
        saga <
            timeout(10ms) <
                book(&ledger, 1) undo cancel(&ledger, _)
                |_| {}
                async |()| { pending::<()>().await }
            >
        >
    };
    let error = p.run(()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::TimedOut));
    assert_eq!(ledger.take(), ["book 1", "cancel 1"]);
}

#[tokio::test]
async fn saga_5_a_panic_is_undone_and_an_error() {
    let ledger = Ledger::default();
    let p = pipeline! {
        saga <
            book(&ledger, 1) undo cancel(&ledger, _)
            |n: u32| { assert!(n > 1, "oh") } as "check"
        >
    };
    let recorder = Recorder::new();
    let error = (&p).with_bus(&recorder).run(()).await.unwrap_err();
    assert_eq!(error.to_string(), "block `saga` panicked: oh");
    assert!(matches!(error.kind(), ErrorKind::Panicked(panicked) if panicked.message() == "oh"));
    assert_eq!(ledger.take(), ["book 1", "cancel 1"]);
    recorder.assert_balanced();
}

#[tokio::test]
async fn saga_6_an_undo_that_fails_is_kept_and_the_others_go_on() {
    let ledger = Ledger::default();
    let p = pipeline! {
        saga <
            book(&ledger, 1) undo cancel(&ledger, _)
            book(&ledger, 2) undo fails("no answer")
            book(&ledger, 3) undo |_| { panic!("oh") }
            fails("sold out")
        >
    };
    let recorder = Recorder::new();
    let error = (&p).with_bus(&recorder).run(()).await.unwrap_err();
    assert_eq!(ledger.take(), ["book 1", "book 2", "book 3", "cancel 1"]);
    recorder.assert_balanced();
    let undos: Vec<String> = error.undo_failures().iter().map(ToString::to_string).collect();
    assert_eq!(
        undos,
        ["block `saga/book/undo` panicked: oh", "step `saga/book/undo/fails` failed: no answer"]
    );
    assert_eq!(
        error.to_string(),
        "step `saga/fails` failed: sold out; 2 undos failed, the first: block `saga/book/undo` panicked: oh"
    );
}

#[tokio::test(start_paused = true)]
async fn saga_6_on_half_undone_ground_nothing_is_tried_again() {
    let ledger = Ledger::default();
    let p = pipeline! {
        fallback(when = |_| true) <
            retry(max_attempts = 3, when = |_| true) <
                saga < book(&ledger, 1) undo fails("no answer") fails("sold out") >
            >
            |()| {}
        >
    };
    let error = p.run(()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "step `fallback/retry/saga/fails` failed: sold out; an undo failed: \
         step `fallback/retry/saga/book/undo/fails` failed: no answer"
    );
    assert_eq!(ledger.take(), ["book 1"]);
}

#[tokio::test]
async fn saga_7_a_saga_inside_hands_its_log_on() {
    let ledger = Ledger::default();
    for inner_fails in [false, true] {
        let p = pipeline! {
            |n: u32|
            saga <
                let base = |_| { n * 100 }
                book(&ledger, 1) undo cancel(&ledger, _)
                saga <
                    book(&ledger, 2) undo cancel(&ledger, 2 + *base)
                    let own = |_| { 7 }
                    book(&ledger, 3)
                        undo |what| { ledger.add(format!("cancel {} for {n}", what + *base + *own)) }
                    |_| { if inner_fails { Err("sold out") } else { Ok(()) } }
                >
                book(&ledger, 4) undo cancel(&ledger, _)
                fails("late")
            >
        };
        let error = p.run(1).await.unwrap_err();
        if inner_fails {
            assert_eq!(error.path(), "saga/saga/inline");
            assert_eq!(
                ledger.take(),
                ["book 1", "book 2", "book 3", "cancel 110 for 1", "cancel 102", "cancel 1"],
                "each once"
            );
        } else {
            assert_eq!(error.path(), "saga/fails");
            assert_eq!(
                ledger.take(),
                [
                    "book 1",
                    "book 2",
                    "book 3",
                    "book 4",
                    "cancel 4",
                    "cancel 110 for 1",
                    "cancel 102",
                    "cancel 1"
                ]
            );
        }
    }
}

#[tokio::test]
async fn saga_7_a_saga_that_settles_keeps_its_log_to_itself() {
    let ledger = Ledger::default();
    let p = pipeline! {
        saga <
            book(&ledger, 1) undo cancel(&ledger, _)
            settle < saga < book(&ledger, 2) undo cancel(&ledger, _) fails("sold out") > >
            settle < saga < book(&ledger, 3) undo cancel(&ledger, _) > >
            fails("late")
        >
    };
    assert_eq!(p.run(()).await.unwrap_err().to_string(), "step `saga/fails` failed: late");
    assert_eq!(ledger.take(), ["book 1", "book 2", "cancel 2", "book 3", "cancel 3", "cancel 1"]);
}

#[tokio::test]
async fn saga_8_finally_runs_whatever_the_end_is() {
    let ledger = Ledger::default();
    for ok in [true, false] {
        let p = pipeline! {
            saga <
                book(&ledger, 1) finally cancel(&ledger, _)
                book(&ledger, 2) undo cancel(&ledger, _)
                book(&ledger, 3) finally cancel(&ledger, _)
                |n| { if ok { Ok(n) } else { Err("sold out") } }
            >
        };
        let result = p.run(()).await;
        if ok {
            assert_eq!(result.unwrap(), 3);
            assert_eq!(ledger.take(), ["book 1", "book 2", "book 3", "cancel 3", "cancel 1"]);
        } else {
            assert_eq!(result.unwrap_err().path(), "saga/inline");
            assert_eq!(ledger.take(), ["book 1", "book 2", "book 3", "cancel 3", "cancel 2", "cancel 1"]);
        }
    }
}

#[tokio::test]
async fn saga_8_a_finally_that_fails_fails_the_saga() {
    let ledger = Ledger::default();
    let p = pipeline! {
        saga <
            book(&ledger, 1) finally cancel(&ledger, _)
            book(&ledger, 2) undo cancel(&ledger, _)
            book(&ledger, 3) finally fails("stuck")
        >
    };
    let error = p.run(()).await.unwrap_err();
    assert_eq!(error.to_string(), "step `saga/book/finally/fails` failed: stuck");
    assert_eq!(ledger.take(), ["book 1", "book 2", "book 3", "cancel 2", "cancel 1"]);
}

#[tokio::test(start_paused = true)]
async fn saga_9_a_par_comes_to_its_end_before_it_is_undone() {
    let ledger = Ledger::default();
    let p = pipeline! {
        saga <
            par(limit = 2) <
                seq < |_| {} async |()| { sleep(Duration::from_millis(5)).await } fails("sold out") >
                takes(&ledger, 1, 10) undo cancel(&ledger, _)
                takes(&ledger, 2, 10) undo cancel(&ledger, _)
            >
        >
    };
    let recorder = Recorder::new();
    let error = (&p).with_bus(&recorder).run(()).await.unwrap_err();
    assert_eq!(error.path(), "saga/par/seq/fails");
    assert_eq!(ledger.take(), ["begin 1", "end 1", "cancel 1"], "the third never starts");
    recorder.assert_balanced();
}

#[tokio::test(start_paused = true)]
async fn saga_9_later_errors_are_the_others() {
    let p = pipeline! {
        par <
            saga < async |()| { sleep(Duration::from_millis(5)).await } fails("first") >
            saga < async |()| { sleep(Duration::from_millis(7)).await } fails("third") >
            saga < async |()| { sleep(Duration::from_millis(6)).await } fails("second") >
        >
    };
    let error = p.run(()).await.unwrap_err();
    assert_eq!(error.to_string(), "step `par/saga/fails` failed: first");
    let others: Vec<String> = error.others().iter().map(ToString::to_string).collect();
    assert_eq!(others, ["step `par/saga/fails` failed: second", "step `par/saga/fails` failed: third"]);
}

#[tokio::test(start_paused = true)]
async fn saga_9_an_each_of_sagas_comes_to_its_end() {
    let ledger = Ledger::default();
    let p = pipeline! {
        |_: Vec<u32>|
        each(limit = 3) <
            saga <
                |n| { n }
                let id = _
                takes(&ledger, *id, u64::from(*id)) undo cancel(&ledger, *id)
                |n| { if n == 2 { Err("sold out") } else { Ok(n) } }
            >
        >
    };
    let error = p.run(vec![3, 2, 4, 5]).await.unwrap_err();
    assert_eq!(error.to_string(), "step `each[1]/saga/inline` failed: sold out");
    let expected = ["begin 3", "begin 2", "begin 4", "end 2", "cancel 2", "end 3", "end 4"];
    assert_eq!(ledger.take(), expected, "those under way succeed, and the fourth does not start");
}

#[tokio::test(start_paused = true)]
async fn saga_9_a_panic_waits_until_all_have_ended() {
    let ledger = Ledger::default();
    let p = pipeline! {
        |_: Vec<u32>|
        saga <
            each <
                takes(&ledger, _, 10) undo cancel(&ledger, _)
                |n| { assert!(n != 2, "oh") }
            >
        >
    };
    let recorder = Recorder::new();
    let error = (&p).with_bus(&recorder).run(vec![1, 2, 3]).await.unwrap_err();
    assert_eq!(error.to_string(), "block `saga` panicked: oh");
    let mut undone = ledger.take().split_off(6);
    undone.sort();
    assert_eq!(undone, ["cancel 1", "cancel 2", "cancel 3"]);
    recorder.assert_balanced();
}

#[tokio::test(start_paused = true)]
async fn saga_10_a_run_that_is_dropped_undoes_nothing_and_says_so() {
    let ledger = Ledger::default();
    let p = pipeline! {
        saga <
            book(&ledger, 1) undo cancel(&ledger, _)
            book(&ledger, 2) undo cancel(&ledger, _)
            async |_| { pending::<()>().await }
        >
    };
    let recorder = Recorder::new();
    let run = (&p).with_bus(&recorder);
    assert!(timeout(Duration::from_millis(1), run.run(())).await.is_err());
    assert_eq!(ledger.take(), ["book 1", "book 2"]);
    let told: Vec<_> = recorder.events().iter().filter_map(|event| event.told().copied()).collect();
    assert!(matches!(told[..], [SagaEvent::Abandoned { steps: 2, .. }]), "{told:?}");
    recorder.assert_balanced();
}

#[tokio::test(start_paused = true)]
async fn saga_10_a_run_that_is_dropped_while_it_undoes_counts_what_is_left() {
    let ledger = Ledger::default();
    let p = pipeline! {
        saga <
            book(&ledger, 1) undo cancel(&ledger, _)
            book(&ledger, 2) undo async |_| { pending::<()>().await }
            fails("sold out")
        >
    };
    let recorder = Recorder::new();
    let run = (&p).with_bus(&recorder);
    assert!(timeout(Duration::from_millis(1), run.run(())).await.is_err());
    let told: Vec<_> = recorder.events().iter().filter_map(|event| event.told().copied()).collect();
    assert!(
        matches!(told[..], [SagaEvent::Undoing { .. }, SagaEvent::Abandoned { steps: 2, .. }]),
        "{told:?}"
    );
    recorder.assert_balanced();
}

#[task]
fn where_am_i(cx: &Context<'_>, ledger: &Ledger, what: &'static str) {
    ledger.add(format!("{what} {} {:?} {} {}", cx.path(), cx.item(), cx.attempt(), cx.round()));
}

#[tokio::test(start_paused = true)]
async fn saga_11_an_undo_has_the_position_of_its_step() {
    let ledger = Ledger::default();
    let p = pipeline! {
        |_: Vec<u32>|
        retry(max_attempts = 2) <
            saga <
                each(limit = 1) <
                    |n| { if n == 7 { Err("sold out") } else { Ok(()) } } as "check"
                        undo where_am_i(&ledger, "undo")
                >
            >
        >
    };
    let recorder = Recorder::new();
    let error = (&p).with_bus(&recorder).run(vec![1, 2, 7]).await.unwrap_err();
    assert_eq!(error.attempts(), 2);
    let path = "retry/saga/each/check/undo/where_am_i";
    assert_eq!(
        ledger.take(),
        [
            format!("undo {path} Some(1) 1 1"),
            format!("undo {path} Some(0) 1 1"),
            format!("undo {path} Some(1) 2 1"),
            format!("undo {path} Some(0) 2 1"),
        ],
        "each failed attempt is undone before the next"
    );
    let undos: Vec<_> = recorder.of(path).iter().map(|event| event.execution.item).collect();
    assert_eq!(undos.len(), 8);
    assert_eq!(undos[0], Some(1));
}

#[tokio::test]
async fn saga_12_what_cannot_be_kept_is_a_failed_undo() {
    struct Grenade;
    impl Clone for Grenade {
        fn clone(&self) -> Self {
            panic!("no clone")
        }
    }
    let ledger = Ledger::default();
    let p = pipeline! {
        saga <
            book(&ledger, 1) undo cancel(&ledger, _)
            |_| { Grenade } as "make" undo |grenade| { let _: Grenade = grenade; }
            book(&ledger, 2)
        >
    };
    let error = p.run(()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "block `saga` panicked: no clone; an undo failed: block `saga/make/undo` panicked: no clone"
    );
    assert_eq!(ledger.take(), ["book 1", "cancel 1"]);
}

#[tokio::test]
async fn saga_13_the_graph_shows_undos() {
    let ledger = Ledger::default();
    let p = pipeline! {
        saga <
            book(&ledger, 1) undo seq < |what| { what } cancel(&ledger, _) >
            par < book(&ledger, 2) as "two" finally cancel(&ledger, _) |_| {} > undo |_| {}
        >
    };
    let graph = p.graph();
    assert_eq!(
        graph.to_string(),
        "\
saga
├─ book
│  └─ undo
│     └─ seq
│        ├─ inline
│        └─ cancel
└─ par
   ├─ two
   │  └─ finally
   │     └─ cancel
   ├─ inline
   └─ undo
      └─ inline"
    );
    let mermaid = graph.to_mermaid();
    for line in ["n1 -.- n2", "n1 --> n6", "n6 -.- n11"] {
        assert!(mermaid.lines().any(|written| written.trim() == line), "{line} in {mermaid}");
    }
}

#[tokio::test(start_paused = true)]
async fn saga_9_a_pipeline_with_a_saga_comes_to_its_end() {
    let ledger = Ledger::default();
    fn checkout(ledger: &Ledger) -> impl Run<In = u32, Out = (), Error = async_orch::BoxError> + '_ {
        pipeline! {
            |id: u32|
            saga <
                takes(ledger, *id, u64::from(*id)) undo cancel(ledger, _)
                |n| { if n == 2 { Err("sold out") } else { Ok(()) } }
            >
        }
    }
    let each = pipeline! { |_: Vec<u32>| each(limit = 3) < { checkout(&ledger) } > };
    assert_eq!(each.run(vec![3, 2, 4, 5]).await.unwrap_err().path(), "each/saga/inline");
    assert_eq!(ledger.take(), ["begin 3", "begin 2", "begin 4", "end 2", "cancel 2", "end 3", "end 4"]);

    let par =
        pipeline! { par < seq < |_| { 2 } { checkout(&ledger) } > seq < |_| { 3 } { checkout(&ledger) } > > };
    assert_eq!(par.run(()).await.unwrap_err().path(), "par/seq/saga/inline");
    assert_eq!(ledger.take(), ["begin 2", "begin 3", "end 2", "cancel 2", "end 3"]);

    let settled = pipeline! {
        par(settle) <
            seq < |_| { 3 } { checkout(&ledger) } >
            async |()| {
                sleep(Duration::from_millis(1)).await;
                if ledger.take().len() < 9 { panic!("oh") }
            }
        >
    };
    let outer = pipeline! { catch < { settled } > };
    assert!(matches!(outer.run(()).await.unwrap_err().kind(), ErrorKind::Panicked(_)));
    assert_eq!(ledger.take(), ["end 3"]);

    // Nothing that can be undone: the first failure ends it at once.
    let plain = pipeline! { |_: u32| takes(&ledger, _, 10) };
    let fast = pipeline! { par < { fails_at_once() } seq < |_| { 7 } { plain } > > };
    assert!(fast.run(()).await.is_err());
    assert_eq!(ledger.take(), Vec::<String>::new());
}

fn fails_at_once() -> impl Run<In = (), Out = (), Error = async_orch::BoxError> {
    pipeline! { fails("sold out") }
}

#[derive(Clone)]
enum Payment {
    Card(u32),
    Invoice,
}

#[tokio::test]
async fn saga_3_an_undo_in_an_arm_sees_the_names_of_its_arm() {
    let ledger = Ledger::default();
    let p = pipeline! {
        |payment: Payment|
        saga <
            let inner = |_| { Payment::Card(30) }
            choose(payment) <
                Payment::Card(cents) => book(&ledger, *cents) undo cancel(&ledger, *cents + 1),
                Payment::Invoice => seq <
                    when(true) < |_| {} undo |_| { ledger.add("no invoice") } >
                    |_| { 0 }
                >,
            >
            choose(inner) <
                Payment::Card(cents) => book(&ledger, 5) undo |_| { ledger.add(format!("inner {cents}")) },
                _ => |_| { 0 },
            >
            fails("sold out")
        >
    };
    assert!(p.run(Payment::Card(1)).await.is_err());
    assert_eq!(ledger.take(), ["book 1", "book 5", "inner 30", "cancel 2"]);
    assert!(p.run(Payment::Invoice).await.is_err());
    assert_eq!(ledger.take(), ["book 5", "inner 30", "no invoice"]);
}

#[tokio::test]
async fn saga_3_an_undo_sees_what_its_step_is_named() {
    let ledger = Ledger::default();
    let p = pipeline! {
        saga <
            let key = |_| { 7_u32 } undo retry < cancel(&ledger, *key) >
            let (first, second) = |_| { (8_u32, "b".to_owned()) } undo cancel(&ledger, *first)
            let _unused = |_| { *first } undo |_| { ledger.add(format!("undo {second} of {key}")) }
            fails("sold out")
        >
    };
    assert!(p.run(()).await.is_err());
    assert_eq!(ledger.take(), ["undo b of 7", "cancel 8", "cancel 7"]);
}
