//! A test under many seeds, and the least that makes it fail.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::chance::{Taken, lines};
use crate::quiet::{self, Panic};
use crate::{Seed, Simulation};

/// So often a failing test is repeated at most to find out what it takes.
const MOST_REPETITIONS: usize = 1_000;

/// So many failing seeds are shrunk.
const MOST_FAILURES: usize = 8;

/// Calls a test with so many simulations, each by a seed of its own.
///
/// A seed decides who starts first and who goes on first of those that can, and whatever the test leaves to it: faults at a
/// [rate](crate::At::rate), and the [latency](Simulation::latency). So what a pipeline must keep to under every order is what the
/// test asserts; it makes what it needs anew each time.
///
/// With the variable `ORCH_SEED` the test is called with that seed alone.
///
/// ```
/// use async_orch::{pipeline, task};
/// use orch_test::simulate;
/// use std::sync::Mutex;
///
/// #[task]
/// async fn add(sum: &Mutex<u32>, n: u32) {
///     *sum.lock().unwrap() += n;
/// }
///
/// simulate(50, |sim| {
///     let sum = Mutex::new(0);
///     let p = pipeline! { |_: Vec<u32>| each < add(&sum, _) > };
///     sim.run(&p, vec![1, 2, 3]).unwrap();
///     assert_eq!(*sum.lock().unwrap(), 6);
/// });
/// ```
///
/// # Panics
///
/// If there are no seeds, or the test panics. It is then called again with the seed (and with up to seven others that
/// fail at the same place), with fewer and fewer of the decisions that the seed had made, as long as it panics at the same place:
/// what is left are the re-orderings and faults that it takes. The panic tells them, with what happened in that run and the value of
/// `ORCH_SEED` by which it happens again. If the same seed leads to something else the second time, it says that instead.
///
/// ```should_panic
/// use async_orch::{pipeline, task};
/// use orch_test::simulate;
/// use std::sync::Mutex;
///
/// #[task]
/// async fn load(balance: &Mutex<u32>) -> u32 {
///     *balance.lock().unwrap()
/// }
///
/// #[task]
/// async fn store(balance: &Mutex<u32>, value: u32) {
///     *balance.lock().unwrap() = value;
/// }
///
/// simulate(50, |sim| {
///     let balance = Mutex::new(0);
///     // Two deposits, and one is lost in most orders.
///     let deposit = pipeline! { |_: Vec<u32>| each < seq < let amount = _ load(&balance) |old| { old + *amount } store(&balance, _) > > };
///     sim.run(&deposit, vec![1, 2]).unwrap();
///     assert_eq!(*balance.lock().unwrap(), 3);
/// });
/// ```
#[track_caller]
pub fn simulate(seeds: u64, test: impl Fn(&Simulation)) {
    assert!(seeds > 0, "a test under no seed tests nothing");
    if let Some(seed) = Seed::from_env() {
        if let Err(failure) = attempt(seed.clone(), &test) {
            let failures = 1;
            let shrunk = if seed.is_whole() { shrink(failure, &test) } else { Shrunk::not(failure) };
            panic!("{}", report(&shrunk, failures, 1));
        }
        return;
    }
    // One seed has needed more to fail than another may have, so several are shrunk.
    let (mut least, mut failures, mut tried) = (None::<Shrunk>, 0, 0);
    for seed in 0..seeds {
        tried += 1;
        let Err(failure) = attempt(Seed::from(seed), &test) else { continue };
        if least.as_ref().is_some_and(|least| !least.failure.panic.is_same(&failure.panic)) {
            continue;
        }
        failures += 1;
        let shrunk = shrink(failure, &test);
        if !shrunk.is_repeatable {
            least.get_or_insert(shrunk);
            break;
        }
        if least.as_ref().is_none_or(|least| shrunk.failure.taken.len() < least.failure.taken.len()) {
            least = Some(shrunk);
        }
        // If it took none at all, the first would have told.
        if failures == MOST_FAILURES || least.as_ref().is_some_and(|least| least.failure.taken.len() <= 1) {
            break;
        }
    }
    if let Some(least) = least {
        panic!("{}", report(&least, failures, tried));
    }
}

/// A test that failed.
struct Failure {
    seed: Seed,
    panic: Panic,
    /// The decisions that made a difference.
    taken: Taken,
    trace: Vec<String>,
    /// A rule for no step.
    misses: Option<String>,
}

impl Failure {
    /// Whether the same happened in both.
    fn is_again(&self, other: &Failure) -> bool {
        self.panic.is_same(&other.panic) && self.trace == other.trace
    }
}

fn attempt(seed: Seed, test: &impl Fn(&Simulation)) -> Result<(), Box<Failure>> {
    // The simulation outlives the panic, so that it can be asked.
    let (mut taken, mut trace, mut misses) = (Taken::new(), Vec::new(), None);
    let called = quiet::catch(|| {
        let sim = Simulation::seed(seed.clone());
        let mut asks = AskedLast { sim: &sim, taken: &mut taken, trace: &mut trace, misses: &mut misses };
        test(asks.sim);
        asks.ask();
    });
    called.map_err(|panic| Box::new(Failure { seed, panic, taken, trace, misses }))
}

/// Asks a simulation what happened, also when a panic goes through.
struct AskedLast<'a> {
    sim: &'a Simulation,
    taken: &'a mut Taken,
    trace: &'a mut Vec<String>,
    misses: &'a mut Option<String>,
}

impl AskedLast<'_> {
    fn ask(&mut self) {
        self.taken.clone_from(&self.sim.chance().taken());
        *self.trace = self.sim.trace();
        *self.misses = self.sim.misses();
    }
}

impl Drop for AskedLast<'_> {
    fn drop(&mut self) {
        self.ask();
    }
}

/// A failure with the fewest decisions.
struct Shrunk {
    failure: Box<Failure>,
    /// As it was at first.
    whole: Seed,
    decisions: usize,
    /// How many it took to find that out.
    repetitions: usize,
    /// With the same seed the same happens.
    is_repeatable: bool,
}

impl Shrunk {
    fn not(failure: Box<Failure>) -> Self {
        Shrunk {
            whole: failure.seed.clone(),
            decisions: failure.taken.len(),
            repetitions: 0,
            is_repeatable: true,
            failure,
        }
    }
}

fn shrink(failure: Box<Failure>, test: &impl Fn(&Simulation)) -> Shrunk {
    let again = attempt(failure.seed.clone(), test);
    if !again.is_err_and(|again| again.is_again(&failure)) {
        return Shrunk { is_repeatable: false, ..Shrunk::not(failure) };
    }
    let Shrunk { mut failure, whole, decisions, mut repetitions, is_repeatable } = Shrunk::not(failure);
    let mut fails = |kept: BTreeSet<u32>, failure: &Failure| {
        repetitions += 1;
        let fewer = attempt(failure.seed.keeping(kept), test).err()?;
        let same = fewer.panic.is_same(&failure.panic) && fewer.taken.len() <= failure.taken.len();
        (repetitions < MOST_REPETITIONS && same).then_some(fewer)
    };
    // None of them, then without halves, quarters and so on, then each alone, until none can be left out.
    if let Some(plain) = fails(BTreeSet::new(), &failure) {
        return Shrunk { failure: plain, whole, decisions, repetitions, is_repeatable };
    }
    let mut size = failure.taken.len();
    while size > 0 {
        let mut start = 0;
        let before = failure.taken.len();
        while start < failure.taken.len() {
            let ids: Vec<u32> = failure.taken.keys().copied().collect();
            let kept = ids.iter().enumerate().filter(|(at, _)| !(start..start + size).contains(at));
            match fails(kept.map(|(_, id)| *id).collect(), &failure) {
                Some(fewer) if fewer.taken.len() < failure.taken.len() => failure = fewer,
                _ => start += size,
            }
        }
        size = if size == 1 && failure.taken.len() < before { 1 } else { size / 2 };
    }
    // So that the seed says what it takes and nothing else.
    let kept = failure.taken.keys().copied().collect();
    if let Some(same) = fails(kept, &failure) {
        failure = same;
    }
    Shrunk { failure, whole, decisions, repetitions, is_repeatable }
}

fn report(shrunk: &Shrunk, failures: usize, tried: usize) -> String {
    let Shrunk { failure, whole, decisions, repetitions, is_repeatable } = shrunk;
    let Failure { seed, panic, taken, trace, misses } = &**failure;
    let mut text = format!("the simulation fails with seed {whole}");
    if tried > 1 {
        let _ = write!(text, " ({failures} of {tried} fail so, and this needs the least)");
    }
    if let Some(place) = &panic.place {
        let _ = write!(text, ", at {place}");
    }
    let _ = write!(text, ":\n{}\n\n", panic.text);
    if let Some(misses) = misses.as_ref().filter(|misses| **misses != panic.text) {
        let _ = write!(text, "Note: {misses}.\n\n");
    }
    let mut in_time: Vec<_> = taken.values().collect();
    in_time.sort();
    let in_time = in_time.into_iter().map(|(_, says)| says);
    let _ = match taken.len() {
        _ if !is_repeatable => write!(
            text,
            "With the same seed it went another way the second time: the test depends on something else besides, such as the order of a \
             map, a thread, the time of day, or what an earlier call has left. So it cannot be shrunk."
        ),
        0 => write!(text, "It fails in the plain order too, and without what happens at a rate."),
        1 => write!(text, "It takes one thing that the seed decided:{}", lines(in_time)),
        several => write!(text, "It takes {several} things that the seed decided:{}", lines(in_time)),
    };
    if *repetitions > 0 && *decisions > 0 {
        let _ = write!(text, "\n(Of {decisions} at first, found out in {repetitions} repetitions.)");
    }
    if !trace.is_empty() {
        let _ = write!(text, "\n\nWhat happened:\n{}", trace.join("\n"));
    }
    let name = quiet::this_test();
    let _ = write!(text, "\n\nAgain: ORCH_SEED={seed} cargo test{name}");
    if seed != whole {
        let _ = write!(text, "\nAll of the seed: ORCH_SEED={whole} cargo test{name}");
    }
    text
}
