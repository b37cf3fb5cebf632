//! Which orders there are, and that a seed tells them.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use async_orch::{Breaker, pipeline, task};
use orch_test::{Seed, Simulation, simulate};
use tokio::task::yield_now;

#[derive(Debug, Default)]
struct Log(Mutex<Vec<String>>);

impl Log {
    fn add(&self, text: impl ToString) {
        self.0.lock().unwrap().push(text.to_string());
    }

    fn take(&self) -> String {
        std::mem::take(&mut *self.0.lock().unwrap()).join(" ")
    }
}

#[task]
async fn at_once(log: &Log, n: u32) -> u32 {
    log.add(n);
    n
}

#[task]
async fn in_two(log: &Log, n: u32) -> u32 {
    log.add(format!("{n}a"));
    yield_now().await;
    log.add(format!("{n}b"));
    n
}

#[test]
fn with_nothing_left_to_chance_all_goes_on_in_order() {
    let log = Log::default();
    let p = pipeline! { par < in_two(&log, 1) at_once(&log, 2) in_two(&log, 3) > };
    assert_eq!(Simulation::new().run(&p, ()).unwrap(), (1, 2, 3));
    assert_eq!(log.take(), "1a 2 3a 1b 3b");
}

fn orders(seeds: u64, run: impl Fn(&Simulation) -> String) -> BTreeSet<String> {
    (0..seeds).map(|seed| run(&Simulation::seed(seed))).collect()
}

#[test]
fn every_order_of_completion_is_met() {
    let log = Log::default();
    let p = pipeline! { par < at_once(&log, 1) at_once(&log, 2) at_once(&log, 3) at_once(&log, 4) > };
    let found = orders(400, |sim| {
        assert_eq!(sim.run(&p, ()).unwrap(), (1, 2, 3, 4), "outputs stay in their places");
        log.take()
    });
    assert_eq!(found.len(), 24, "{found:?}");
}

#[test]
fn every_interleaving_of_awaits_is_met_and_no_other() {
    let log = Log::default();
    let p = pipeline! { par < in_two(&log, 1) in_two(&log, 2) at_once(&log, 3) > };
    let found = orders(1_000, |sim| {
        sim.run(&p, ()).unwrap();
        log.take()
    });
    // Five things in a row, of which two pairs have their order.
    assert_eq!(found.len(), 120 / 4, "{found:?}");
    assert!(found.iter().all(|order| order.find("1a") < order.find("1b")));
}

#[test]
fn a_chain_is_overtaken_at_any_point() {
    let log = Log::default();
    let p = pipeline! { par < seq < at_once(&log, 1) at_once(&log, 2) at_once(&log, 3) > at_once(&log, 9) > };
    let found = orders(200, |sim| {
        sim.run(&p, ()).unwrap();
        log.take()
    });
    let all = ["1 2 3 9", "1 2 9 3", "1 9 2 3", "9 1 2 3"].map(str::to_owned);
    assert_eq!(found, BTreeSet::from(all));
}

#[test]
fn who_wins_a_race_is_left_to_the_seed_and_losers_are_given_up() {
    let log = Log::default();
    let p = pipeline! { race < in_two(&log, 1) in_two(&log, 2) > };
    let mut given_up = false;
    let winners: BTreeSet<u32> = (0..50)
        .map(|seed| {
            let sim = Simulation::seed(seed);
            let winner = sim.run(&p, ()).unwrap();
            given_up |= sim.trace().iter().any(|line| line.ends_with("is given up"));
            winner
        })
        .collect();
    assert_eq!((winners, given_up), (BTreeSet::from([1, 2]), true));
}

#[test]
fn a_seed_repeats_a_run_exactly() {
    let log = Log::default();
    let p = pipeline! {
        |_: Vec<u32>|
        each(limit = 3) <
            retry(max_attempts = unlimited, backoff = exponential(1s)) <
                seq < in_two(&log, _) at_once(&log, _) >
            >
        >
    };
    let mut all = BTreeSet::new();
    for seed in 0..20 {
        let run = || {
            let sim = Simulation::seed(seed);
            sim.latency(std::time::Duration::ZERO..=std::time::Duration::from_secs(3));
            sim.everywhere().rate(0.2).fail_as(async_orch::ErrorKind::TimedOut);
            sim.run(&p, (0..5).collect()).unwrap();
            (log.take(), sim.trace(), sim.elapsed())
        };
        let (once, again) = (run(), run());
        assert_eq!(once, again, "{seed}");
        all.insert(once.0);
    }
    assert_eq!(all.len(), 20);
}

#[test]
fn runs_beside_each_other_are_interleaved_and_share_what_they_share() {
    let (log, breaker) = (Log::default(), Breaker::new());
    let p = pipeline! { |_: u32| seq < at_once(&log, _) circuit(breaker = &breaker) < at_once(&log, _) > > };
    let found = orders(100, |sim| {
        let both = sim.block_on(async {
            let on = p.on(sim);
            tokio::join!(on.run(1), on.run(2))
        });
        let (one, two) = both.unwrap();
        assert_eq!((one.unwrap(), two.unwrap()), (1, 2));
        log.take()
    });
    assert_eq!(found.len(), 6, "{found:?}");
}

/// What a task runs as a part of its run has turns of its own.
#[test]
fn pipelines_that_a_task_runs_are_simulated_too() {
    #[task]
    async fn outer(cx: &async_orch::Context<'_>, log: &Log) -> u32 {
        let inner = pipeline! { par < at_once(log, 1) in_two(log, 2) > };
        cx.sleep(std::time::Duration::from_secs(1)).await;
        let (one, two) = cx.run(&inner, ()).await.unwrap();
        one + two
    }
    let log = Log::default();
    let p = pipeline! { par < outer(&log) at_once(&log, 3) > };
    let found = orders(200, |sim| {
        sim.at("outer/par/at_once").delay(std::time::Duration::from_secs(1));
        assert_eq!(sim.run(&p, ()).unwrap(), (3, 3));
        assert_eq!(sim.elapsed(), std::time::Duration::from_secs(2));
        log.take()
    });
    assert_eq!(found, BTreeSet::from(["3 2a 2b 1".to_owned()]));
    let found = orders(200, |sim| {
        sim.run(&p, ()).unwrap();
        log.take()
    });
    assert_eq!(found, BTreeSet::from(["3 1 2a 2b", "3 2a 1 2b", "3 2a 2b 1"].map(str::to_owned)));
}

/// A panic that comes from a rule has no place in the sources, and is the same by its text.
#[test]
fn a_failure_by_a_panic_of_a_task_is_shrunk_too() {
    let log = Log::default();
    let p = pipeline! { |_: Vec<u32>| each < at_once(&log, _) > };
    let report = failure(|| {
        simulate(50, |sim| {
            sim.at("at_once").rate(0.2).panic("out of cheese");
            sim.run(&p, (0..10).collect()).unwrap();
        });
    });
    assert!(
        report.contains(":\nout of cheese\n\nIt takes one thing that the seed decided:\n  - each/at_once["),
        "{report}"
    );
}

// ----- a race that was planted -----

#[derive(Debug, Default)]
struct Account(Mutex<u32>);

#[task]
async fn load(account: &Account) -> u32 {
    *account.0.lock().unwrap()
}

#[task]
async fn store(account: &Account, balance: u32) {
    *account.0.lock().unwrap() = balance;
}

#[task]
async fn audit(n: u32) -> u32 {
    yield_now().await;
    n
}

/// Two deposits beside audits that have nothing to do with it. In the plain order the first has stored before the second loads, which
/// waits for its audit.
fn deposits(sim: &Simulation) {
    let account = Account::default();
    let p = pipeline! {
        par <
            seq < load(&account) |balance| { balance + 1 } store(&account, _) >
            seq < audit(1) audit(2) audit(3) load(&account) |balance| { balance + 2 } store(&account, _) >
            seq < audit(4) audit(5) audit(6) >
        >
    };
    sim.run(&p, ()).unwrap();
    assert_eq!(*account.0.lock().unwrap(), 3, "no deposit is lost");
}

fn failure(test: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(test)).expect_err("it fails");
    payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref().map(|text: &&str| (*text).to_owned()))
        .unwrap()
}

#[test]
fn a_planted_race_is_found_shrunk_and_repeated() {
    deposits(&Simulation::new());
    let report = failure(|| simulate(500, deposits));
    println!("{report}");
    assert!(report.contains("tests/orders.rs") && report.contains("no deposit is lost"), "{report}");
    // One store is held back: nothing else of what the seed decided matters.
    assert!(
        report.contains(
            "It takes one thing that the seed decided:\n  - par/seq/store is held back before it starts"
        ),
        "{report}"
    );
    let seed = report.split("ORCH_SEED=").nth(1).and_then(|rest| rest.split(' ').next()).unwrap();
    let seed: Seed = seed.parse().unwrap();
    for _ in 0..3 {
        let again = failure(|| deposits(&Simulation::seed(seed.clone())));
        assert!(again.contains("no deposit is lost"), "{again}");
    }
    let whole = failure(|| deposits(&Simulation::seed(seed.number())));
    assert!(whole.contains("no deposit is lost"), "{whole}");
}

#[test]
fn a_failure_of_faults_is_shrunk_to_the_faults_that_it_takes() {
    #[task]
    async fn pay(n: u32) -> Result<u32, &'static str> {
        Ok(n)
    }
    let p = pipeline! { |_: Vec<u32>| each(settle) < retry(max_attempts = 2) < pay > > };
    let report = failure(|| {
        simulate(100, |sim| {
            sim.at("pay").rate(0.3).fail("declined");
            let paid = sim.run(&p, (0..20).collect()).unwrap();
            assert!(paid.iter().all(Result::is_ok), "one is not paid");
        });
    });
    assert!(report.contains("It takes 2 things that the seed decided:"), "{report}");
    let said = report.split("decided:\n").nth(1).unwrap();
    let in_time: Vec<_> = said.lines().take(2).map(|line| line.split_once('#').unwrap().1).collect();
    assert_eq!(in_time, ["1 fails, as the test says", "2 fails, as the test says"]);
    let item = |attempt: u32| {
        let line = report.lines().find(|line| line.contains(&format!("#{attempt} fails"))).unwrap();
        line.split('[').nth(1).and_then(|rest| rest.split(']').next()).unwrap().to_owned()
    };
    assert_eq!(item(1), item(2), "both attempts at one item: {report}");
}

#[test]
fn a_test_that_fails_in_any_order_says_so() {
    let report = failure(|| simulate(10, |_| panic!("always")));
    assert!(report.starts_with("the simulation fails with seed 0, at orch-test/tests/orders.rs"), "{report}");
    assert!(
        report.contains("It fails in the plain order too") && report.contains("ORCH_SEED=0:none"),
        "{report}"
    );
}

/// It is not by the seed alone, and so it is neither shrunk nor said to be of the plain order.
#[test]
fn a_test_that_is_another_each_time_is_told() {
    let calls = Mutex::new(0);
    let log = Log::default();
    let report = failure(|| {
        simulate(10, |sim| {
            let call = *calls.lock().unwrap();
            *calls.lock().unwrap() += 1;
            let p = pipeline! { |_: Vec<u32>| each < at_once(&log, _) > };
            sim.run(&p, (0..call).collect()).unwrap();
            assert!(call < 3, "the {call}th call");
        });
    });
    assert!(report.contains("With the same seed it went another way the second time"), "{report}");
    assert!(report.contains("\n\nAgain: ORCH_SEED=3 cargo test a_test_that_is"), "{report}");
}

/// A rule for nothing may be why a test fails, and the report has it.
#[test]
fn a_rule_for_no_step_is_told_with_the_failure() {
    let log = Log::default();
    let p = pipeline! { |_: u32| seq < at_once(&log, _) > };
    let report = failure(|| {
        simulate(10, |sim| {
            sim.at("at_twice").panic("no");
            assert!(sim.run(&p, 1).is_err());
        });
    });
    assert!(report.contains("Note: `at(\"at_twice\")` (orch-test/tests/orders.rs:"), "{report}");
    assert!(report.contains("there is no such task, but `seq/at_once`"), "{report}");
    // By itself it is a failure, of all seeds.
    let report = failure(|| {
        simulate(10, |sim| {
            sim.at("at_twice").panic("no");
            sim.run(&p, 1).unwrap();
        });
    });
    assert!(
        report.contains("there is no such task, but `seq/at_once`\n\nIt fails in the plain order too"),
        "{report}"
    );
}
