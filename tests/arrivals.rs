//! A runtime that takes the arrival of runs at gatekeepers on: it has them asked in its own time, or answers for them.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use async_orch::bus::Recorder;
use async_orch::{
    Admit, Arrival, Attempt, BoxFuture, Breaker, BreakerState, BudgetSpent, Bulkhead, Done, ErrorKind,
    Gatekeeper, Limiter, Local, Position, Report, RetryBudget, Run, Runtime, Waiting, pipeline,
};
use tokio::time::sleep;

use common::Oops;

mod common;

const MS: Duration = Duration::from_millis(1);

#[derive(Clone, Debug)]
enum Does {
    Asks,
    AsksLater,
    Passes,
    Rejects(ErrorKind<std::convert::Infallible>),
    /// It never comes to it.
    Hangs,
}

struct Desk {
    does: Does,
    heard: Mutex<Vec<String>>,
}

impl Desk {
    fn new(does: Does) -> Self {
        Desk { does, heard: Mutex::default() }
    }

    fn hear(&self, text: String) {
        self.heard.lock().unwrap().push(text);
    }

    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }
}

impl Runtime for Desk {
    fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
        Box::pin(attempt.run())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Local.sleep(duration)
    }

    fn now(&self) -> Instant {
        Local.now()
    }

    fn random(&self) -> u64 {
        7
    }

    fn admit(&self, _: Position<'_>, _: Gatekeeper<'_>) -> Admit {
        Admit::Arrive
    }

    fn arrive<'a>(&'a self, arrival: Arrival<'a>) -> BoxFuture<'a, Done<'a>> {
        self.hear(format!("arrives at {}", arrival.position()));
        let keeper = match arrival.gatekeeper() {
            Gatekeeper::Circuit(_) => "circuit",
            Gatekeeper::Bulkhead(_) => "bulkhead",
            Gatekeeper::Throttle(_) => "throttle",
            Gatekeeper::Budget(_) => "retry",
            _ => "other",
        };
        assert_eq!(arrival.position().name(), keeper);
        match self.does.clone() {
            Does::Asks => Box::pin(arrival.ask()),
            Does::AsksLater => Box::pin(async {
                sleep(5 * MS).await;
                arrival.ask().await
            }),
            Does::Passes => Box::pin(async { arrival.pass() }),
            Does::Rejects(kind) => Box::pin(async { arrival.reject(kind) }),
            Does::Hangs => Box::pin(std::future::pending()),
        }
    }

    fn admitted(
        &self,
        _: Position<'_>,
        _: Gatekeeper<'_>,
        answer: Result<(), &ErrorKind<std::convert::Infallible>>,
    ) {
        self.hear(match answer {
            Ok(()) => "let through".to_owned(),
            Err(kind) => kind.to_string(),
        });
    }

    fn report(&self, _: Position<'_>, _: Gatekeeper<'_>, report: Report) -> bool {
        self.hear(format!("{report:?}"));
        true
    }
}

#[tokio::test(start_paused = true)]
async fn a_gatekeeper_is_asked_when_the_runtime_says() {
    let (breaker, places) = (Breaker::builder().fail_max(1).build(), Bulkhead::new(1));
    let p = pipeline! {
        error = Oops;
        |_: bool|
        circuit(breaker = &breaker) <
            bulkhead(bulkhead = &places) <
                throttle(rate = 1_000) < |ok| { if ok { Ok(()) } else { Err(Oops("no")) } } >
            >
        >
    };
    for does in [Does::Asks, Does::AsksLater] {
        let desk = Desk::new(does);
        p.on(&desk).run(true).await.unwrap();
        let heard = desk.heard();
        assert_eq!(
            heard,
            [
                "arrives at circuit",
                "let through",
                "arrives at circuit/bulkhead",
                "let through",
                "arrives at circuit/bulkhead/throttle",
                "let through",
                "Succeeded",
                "Succeeded",
            ]
        );
        p.on(&desk).run(false).await.unwrap_err();
        assert_eq!(breaker.state().kind().as_str(), "open");
        desk.heard();
        let error = p.on(&desk).run(true).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::CircuitOpen { .. }) && error.path() == "circuit");
        let heard = desk.heard();
        assert!(heard.len() == 2 && heard[1].starts_with("the circuit is open, retry in"), "{heard:?}");
        breaker.reset();
    }
}

/// A budget is asked for each further attempt, as a gatekeeper is.
#[tokio::test(start_paused = true)]
async fn a_budget_is_asked_when_the_runtime_says() {
    let budget = RetryBudget::builder().ratio(0.0).min_per_second(0).capacity(2).build();
    let recorder = Recorder::new();
    let p = pipeline! {
        error = Oops;
        |_: ()|
        retry(max_attempts = 3, budget = &budget, backoff = constant(1ms)) <
            |()| { if true { Err(Oops("no")) } else { Ok(()) } }
        >
    };
    let p = (&p).with_bus(&recorder);
    let run = async |does| {
        let desk = Desk::new(does);
        recorder.clear();
        let error = p.on(&desk).run(()).await.unwrap_err();
        assert_eq!(error.task(), Some(&Oops("no")));
        recorder.assert_balanced();
        let spent = recorder.events().iter().any(|event| event.told::<BudgetSpent>().is_some());
        (error.attempts(), desk.heard(), spent, budget.available())
    };
    let [second, third] = ["arrives at retry#2", "arrives at retry#3"].map(str::to_owned);
    let [yes, no] = ["let through", "rejected"].map(str::to_owned);
    assert_eq!(
        run(Does::Passes).await,
        (3, vec![second.clone(), third.clone()], false, 2),
        "no token is taken"
    );
    assert_eq!(run(Does::Asks).await, (3, vec![second.clone(), yes.clone(), third, yes], false, 0));
    assert_eq!(run(Does::AsksLater).await, (1, vec![second.clone(), no], true, 0));
    assert_eq!(run(Does::Rejects(ErrorKind::TimedOut)).await, (1, vec![second], true, 0));
    let desk = Desk::new(Does::Hangs);
    assert!(tokio::time::timeout(MS, p.on(&desk).run(())).await.is_err());
    recorder.assert_balanced();
}

#[tokio::test(start_paused = true)]
async fn a_run_that_passes_takes_nothing_and_counts_as_nothing() {
    let (breaker, places, rate) = (Breaker::builder().fail_max(1).build(), Bulkhead::new(1), Limiter::new(1));
    let p = pipeline! {
        error = Oops;
        |_: ()|
        circuit(breaker = &breaker) <
            bulkhead(bulkhead = &places) <
                throttle(limiter = &rate) <
                    |()| { assert_eq!(places.in_use(), 0); if true { Err(Oops("no")) } else { Ok(()) } }
                >
            >
        >
    };
    let desk = Desk::new(Does::Passes);
    for _ in 0..3 {
        assert_eq!(p.on(&desk).run(()).await.unwrap_err().task(), Some(&Oops("no")));
    }
    assert_eq!((breaker.state(), breaker.failures(), rate.available()), (BreakerState::Closed, 0, 1));
    assert!(desk.heard().iter().all(|text| text.starts_with("arrives")));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_turned_away_has_the_runtimes_reason() {
    let p = pipeline! { |_: ()| circuit < |()| {} > };
    let q = pipeline! { |_: ()| bulkhead(max = 1) < |()| {} > };
    for (kind, text) in [
        (
            ErrorKind::circuit_open(3 * MS, Some("down")),
            "the circuit is open, retry in 3ms (last failure: down)",
        ),
        (ErrorKind::circuit_isolated(), "the circuit is open until it is closed by hand"),
        (ErrorKind::CircuitHalfOpen, "the circuit is half-open and its probe is still running"),
        (ErrorKind::TimedOut, "rejected"),
    ] {
        let desk = Desk::new(Does::Rejects(kind));
        let error = p.on(&desk).run(()).await.unwrap_err();
        assert_eq!(error.to_string(), format!("block `circuit` did not run: {text}"));
    }
    let desk = Desk::new(Does::Rejects(ErrorKind::BulkheadClosed));
    assert!(matches!(q.on(&desk).run(()).await.unwrap_err().kind(), ErrorKind::BulkheadClosed));
}

/// Who waits there is told to the bus, and a run that is dropped leaves the line, wherever it was.
#[tokio::test(start_paused = true)]
async fn a_run_that_waits_or_has_an_answer_and_is_dropped_gives_all_back() {
    let places = Bulkhead::builder(1).queue(4).build();
    let recorder = Recorder::new();
    let p = pipeline! { |_: ()| bulkhead(bulkhead = &places) < async |()| { sleep(20 * MS).await } > };
    let p = (&p).with_bus(&recorder);
    let desk = Desk::new(Does::AsksLater);
    let (first, second) = tokio::join!(p.on(&desk).run(()), p.on(&desk).run(()));
    first.and(second).unwrap();
    let waits = recorder.events().iter().filter(|event| event.told::<Waiting>().is_some()).count();
    assert_eq!((waits, places.in_use(), places.waiting()), (1, 0, 0));
    recorder.assert_balanced();
    for millis in 0..30 {
        let both = async { tokio::join!(p.on(&desk).run(()), p.on(&desk).run(())) };
        assert!(tokio::time::timeout(millis * MS, both).await.is_err());
        assert_eq!((places.in_use(), places.waiting()), (0, 0), "dropped after {millis} ms");
    }
    let desk = Desk::new(Does::Hangs);
    assert!(tokio::time::timeout(MS, p.on(&desk).run(())).await.is_err());
    recorder.assert_balanced();
}

/// Its answer may be there while something else holds the run up: a probe goes back then.
#[tokio::test(start_paused = true)]
async fn a_probe_that_was_let_through_and_never_began_goes_back() {
    /// Asks, and keeps the answer to itself.
    struct Keeps;

    impl Runtime for Keeps {
        fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
            Box::pin(attempt.run())
        }

        fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
            Local.sleep(duration)
        }

        fn now(&self) -> Instant {
            Local.now()
        }

        fn random(&self) -> u64 {
            7
        }

        fn admit(&self, _: Position<'_>, _: Gatekeeper<'_>) -> Admit {
            Admit::Arrive
        }

        fn arrive<'a>(&'a self, arrival: Arrival<'a>) -> BoxFuture<'a, Done<'a>> {
            Box::pin(async {
                let done = arrival.ask().await;
                sleep(10 * MS).await;
                done
            })
        }
    }

    let breaker = Breaker::builder().fail_max(1).reset_timeout(50 * MS).build();
    let p = pipeline! {
        error = Oops;
        |_: bool| circuit(breaker = &breaker) < |ok| { if ok { Ok(()) } else { Err(Oops("no")) } } >
    };
    p.run(false).await.unwrap_err();
    sleep(60 * MS).await;
    assert!(tokio::time::timeout(5 * MS, p.on(&Keeps).run(true)).await.is_err());
    // The slot is free: another probe is let through, and closes.
    p.on(&Keeps).run(true).await.unwrap();
    assert_eq!(breaker.state(), BreakerState::Closed);
}
