//! A failing seed is told as `ORCH_SEED=…`, and with that variable the test fails again, in the same way.

use std::process::Command;
use std::sync::Mutex;

use async_orch::{pipeline, task};
use orch_test::simulate;

#[task]
async fn load(balance: &Mutex<u32>) -> u32 {
    *balance.lock().unwrap()
}

#[task]
async fn store(balance: &Mutex<u32>, value: u32) {
    *balance.lock().unwrap() = value;
}

#[task]
async fn audit() {}

#[test]
#[ignore = "it fails, for the test below"]
fn planted() {
    simulate(100, |sim| {
        let balance = Mutex::new(0);
        let both = pipeline! {
            par <
                seq < load(&balance) |old| { old + 1 } store(&balance, _) >
                seq < audit() audit() audit() load(&balance) |old| { old + 2 } store(&balance, _) >
            >
        };
        sim.at("store").rate(0.1).delay(std::time::Duration::from_secs(1));
        sim.run(&both, ()).unwrap();
        assert_eq!(*balance.lock().unwrap(), 3, "no deposit is lost");
    });
}

#[test]
#[ignore = "it passes, for the test below"]
fn sound() {
    simulate(100, |sim| {
        let balance = Mutex::new(1);
        sim.run(&pipeline! { seq < load(&balance) > }, ()).unwrap();
    });
}

/// What a test in this file says, which is run alone.
fn run(test: &str, seed: Option<&str>) -> (bool, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored"]).env_remove("ORCH_SEED").env("RUST_BACKTRACE", "0");
    if let Some(seed) = seed {
        command.env("ORCH_SEED", seed);
    }
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no `{before}` in {text}"));
    rest.split_once(after).unwrap_or_else(|| panic!("no `{after}` in {text}")).0
}

#[test]
fn a_seed_that_was_told_fails_in_the_same_way() {
    let (passed, first) = run("planted", None);
    assert!(!passed && first.contains("no deposit is lost"), "{first}");
    let seed = between(&first, "Again: ORCH_SEED=", " cargo test planted");
    let (passed, again) = run("planted", Some(seed));
    assert!(!passed, "{again}");
    for part in [("It takes", "\n\nWhat"), ("What happened:\n", "\n\nAgain:")] {
        let without_count = |text| between(text, part.0, part.1).split("\n(Of").next().unwrap().to_owned();
        assert_eq!(without_count(&first), without_count(&again));
    }
    // The panics of the repetitions are not printed.
    assert_eq!(first.matches("panicked at").count(), 1, "{first}");
}

#[test]
fn a_seed_that_is_none_is_told() {
    assert!(run("sound", None).0 && run("sound", Some("3")).0 && run("sound", Some("3:none")).0);
    let (passed, text) = run("sound", Some("three"));
    assert!(!passed && text.contains("ORCH_SEED: `three` is no seed"), "{text}");
}
