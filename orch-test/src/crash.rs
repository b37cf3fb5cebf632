//! A durable pipeline whose process ends, at every point.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use async_orch::durable::{Durable, check};
use async_orch::{Error, Run};

use crate::chance::lines;
use crate::quiet;
use crate::{Entry, Memory, Seed};

/// Ends the process of a durable pipeline at every point, goes on with what was written down, in another order, and checks what comes
/// of it. Gives how many crashes there were.
///
/// A point is each entry that an engine writes down: that a task was to be run, that it was done, that the run waits, that something
/// is given up. There are forty orders in which tasks end and waits are over; [`Crashes`] is for more or fewer, and for tests that have
/// something to say of what the tasks do.
///
/// ```
/// use async_orch::{pipeline, task};
/// use orch_test::crash_everywhere;
///
/// #[task(durable)]
/// async fn double(n: u64) -> u64 {
///     n * 2
/// }
///
/// let p = pipeline! { |_: Vec<u64>| seq < each(limit = 2) < seq < double double > > > };
/// assert!(crash_everywhere(&p, vec![1, 2, 3]) > 400);
/// ```
///
/// # Panics
///
/// With the order, the point and what was written down, if an inline step does, or if after a crash
///
/// - the run cannot go on: it asks for something else than before, as a pipeline does that goes by the order of a map, by chance or by
///   the time of day; or it waits for what is no part of it; or a value cannot be written down;
/// - a task runs again whose outcome was written down, or one runs twice;
/// - the result is none that there is without a crash, as text. Where circuits, bulkheads or budgets are in the pipeline, which begin anew with a
///   process, that may be right: such a pipeline is for [`Crashes`].
#[track_caller]
pub fn crash_everywhere<P>(pipeline: &P, input: P::In) -> usize
where
    P: Durable + Run<In: Clone, Out: fmt::Debug>,
{
    let mut whole = BTreeSet::new();
    for seed in 0..200 {
        let crash = Crash::new(seed, usize::MAX, false);
        whole.insert(said(&crash.run(|| pipeline, input.clone())));
    }
    Crashes::new().everywhere(|crash| {
        let result = said(&crash.run(|| pipeline, input.clone()));
        assert!(whole.contains(&result), "{crash} gives `{result}`, and without a crash there are {whole:?}");
    })
}

fn said<T: fmt::Debug, E: fmt::Display>(result: &Result<T, Error<E>>) -> String
where
    Error<E>: fmt::Display,
{
    match result {
        Ok(output) => format!("{output:?}"),
        Err(error) => error.to_string(),
    }
}

/// Crashes at every point, for a test that says what has to hold then: see [`crash_everywhere`].
///
/// ```
/// use async_orch::{pipeline, task};
/// use orch_test::Crashes;
/// use std::sync::Mutex;
///
/// /// What outlives the process.
/// #[derive(Default)]
/// struct Bank(Mutex<Vec<u64>>);
///
/// #[task(durable)]
/// async fn charge(bank: &Bank, order: u64) -> u64 {
///     let mut charged = bank.0.lock().unwrap();
///     // With a key, a charge that was made before the crash is not made again.
///     if !charged.contains(&order) {
///         charged.push(order);
///     }
///     order
/// }
///
/// #[task(durable)]
/// async fn ship(order: u64) -> u64 {
///     order
/// }
///
/// Crashes::new().orders(5).everywhere(|crash| {
///     let bank = Bank::default();
///     let shop = || pipeline! { |_: Vec<u64>| each < seq < charge(&bank, _) ship > > };
///     assert_eq!(crash.run(shop, vec![1, 2, 3]).unwrap(), [1, 2, 3]);
///     assert_eq!(bank.0.lock().unwrap().len(), 3);
/// });
/// ```
///
/// What tasks share is in a type without serde's `Serialize`, as `Bank` is: a `&Mutex<…>` or `&AtomicU32` as such would be an argument
/// that is written down, and is another one after the crash.
#[derive(Clone, Debug)]
#[must_use = "it does nothing until it is told what to run"]
pub struct Crashes {
    orders: u64,
    is_hasty: bool,
}

impl Crashes {
    /// In forty orders.
    ///
    /// ```
    /// let crashes = orch_test::Crashes::new();
    /// # let _ = crashes;
    /// ```
    pub fn new() -> Self {
        Crashes { orders: 40, is_hasty: false }
    }

    /// In so many orders in which tasks end and waits are over.
    ///
    /// # Panics
    ///
    /// If there are none.
    ///
    /// ```
    /// let crashes = orch_test::Crashes::new().orders(200);
    /// # let _ = crashes;
    /// ```
    #[track_caller]
    pub fn orders(mut self, orders: u64) -> Self {
        assert!(orders > 0, "a test in no order tests nothing");
        self.orders = orders;
        self
    }

    /// Waits may be over at any time, before tasks that would have ended long before: see [`Memory::hasty`].
    ///
    /// ```
    /// use async_orch::{pipeline, task};
    /// use orch_test::Crashes;
    ///
    /// #[task(durable)]
    /// async fn double(n: u64) -> u64 {
    ///     n * 2
    /// }
    ///
    /// let p = pipeline! { |_: u64| seq < settle < timeout(1h) < double > > |done| { done.unwrap_or(0) } > };
    /// Crashes::new().hasty().everywhere(|crash| {
    ///     let doubled = crash.run(|| &p, 2).unwrap();
    ///     assert!(doubled == 4 || doubled == 0);
    /// });
    /// ```
    pub fn hasty(mut self) -> Self {
        self.is_hasty = true;
        self
    }

    /// Calls a test once for each order without a crash, to see how many points there are, and then once for each of them. The test
    /// makes what is to outlive the process, and calls [`Crash::run`] once. Gives how many crashes there were.
    ///
    /// With the variable `ORCH_SEED`, only in the order of that number.
    ///
    /// ```
    /// use async_orch::{pipeline, task};
    /// use orch_test::Crashes;
    ///
    /// #[task(durable)]
    /// async fn double(n: u64) -> u64 {
    ///     n * 2
    /// }
    ///
    /// let crashes = Crashes::new().orders(3).everywhere(|crash| {
    ///     assert_eq!(crash.run(|| pipeline! { |_: u64| seq < double double > }, 1).unwrap(), 4);
    /// });
    /// // Two are asked for and two are done, in each order.
    /// assert_eq!(crashes, 3 * 4);
    /// ```
    ///
    /// # Panics
    ///
    /// If the test does, with the order and the point; if it has not called `run`; and as [`Crash::run`].
    #[track_caller]
    pub fn everywhere(self, test: impl Fn(&Crash)) -> usize {
        let only = Seed::from_env().map(|seed| seed.number());
        let seeds = only.map_or(0..self.orders, |seed| seed..seed.saturating_add(1));
        let mut crashes = 0;
        for seed in seeds {
            let whole = Crash::new(seed, usize::MAX, self.is_hasty);
            whole.told(&test);
            let points = whole.first.borrow().as_ref().map(Vec::len);
            let points = points.expect("a test of crashes has something run: `crash.run(…)`");
            for point in 0..points {
                Crash::new(seed, point, self.is_hasty).told(&test);
            }
            crashes += points;
        }
        crashes
    }
}

impl Default for Crashes {
    fn default() -> Self {
        Crashes::new()
    }
}

/// One crash: in which order, and after how many entries. See [`Crashes::everywhere`].
///
/// It displays as a sentence's beginning, for messages of assertions.
///
/// ```
/// use async_orch::{pipeline, task};
/// use orch_test::Crashes;
///
/// #[task(durable)]
/// async fn double(n: u64) -> u64 {
///     n * 2
/// }
///
/// Crashes::new().orders(3).everywhere(|crash| {
///     let result = crash.run(|| pipeline! { |_: u64| seq < double > }, 1);
///     assert_eq!(result.unwrap(), 2, "after {crash}"); // "after a crash after 1 entries (ORCH_SEED=0)"
/// });
/// ```
pub struct Crash {
    seed: u64,
    ends_at: usize,
    is_hasty: bool,
    /// What the first process has written down.
    first: RefCell<Option<Vec<Entry>>>,
}

impl Crash {
    fn new(seed: u64, ends_at: usize, is_hasty: bool) -> Self {
        Crash { seed, ends_at, is_hasty, first: RefCell::default() }
    }

    /// Calls a test, and says of its panic which crash it was.
    #[track_caller]
    fn told(&self, test: &impl Fn(&Crash)) {
        let Err(panic) = quiet::catch(|| test(self)) else { return };
        let mut text = panic.text;
        // What is found out here says it already.
        if !text.starts_with(&self.to_string()) {
            let place = panic.place.map(|place| format!(", at {place}")).unwrap_or_default();
            let written = lines(self.first.borrow().iter().flatten());
            text = format!("{self}{place}: {text}");
            if self.is_one() && !written.is_empty() {
                text.push_str(&format!("\nWritten down were{written}"));
            }
        }
        panic!("{text}\n\nAgain: ORCH_SEED={} cargo test{}", self.seed, quiet::this_test());
    }

    /// Whether there is one: the test is called without too.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_test::Crashes;
    /// use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
    ///
    /// #[derive(Default)]
    /// struct Calls(AtomicU32);
    ///
    /// #[task(durable)]
    /// async fn count(calls: &Calls) {
    ///     calls.0.fetch_add(1, SeqCst);
    /// }
    ///
    /// Crashes::new().everywhere(|crash| {
    ///     let calls = Calls::default();
    ///     crash.run(|| pipeline! { seq < count(&calls) > }, ()).unwrap();
    ///     // One that had ended without having been written down runs twice.
    ///     assert!(calls.0.into_inner() <= if crash.is_one() { 2 } else { 1 });
    /// });
    /// ```
    #[must_use]
    pub fn is_one(&self) -> bool {
        self.ends_at < usize::MAX
    }

    /// Runs a pipeline in a process that ends, and goes on in another one, whose pipeline is made anew. Gives the result of the latter.
    ///
    /// The time is virtual, as in a [`Simulation`](crate::Simulation): waits are over when nothing else can go on.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_test::Crashes;
    /// # #[task(durable)] async fn double(n: u64) -> u64 { n * 2 }
    /// let p = pipeline! { |_: u64| seq < double > };
    /// Crashes::new().everywhere(|crash| assert_eq!(crash.run(|| &p, 1).unwrap(), 2));
    /// ```
    ///
    /// # Errors
    ///
    /// With that of the run.
    ///
    /// # Panics
    ///
    /// If the run cannot go on after the crash, if a task runs again whose outcome was written down, or if one runs twice in one process.
    /// Also if it is called twice.
    #[track_caller]
    pub fn run<P>(&self, pipeline: impl Fn() -> P, input: P::In) -> Result<P::Out, Error<P::Error>>
    where
        P: Durable + Run<In: Clone>,
    {
        assert!(
            self.first.borrow().is_none(),
            "a test of crashes has one run: a second one is a test of its own"
        );
        let first = pipeline();
        if let Err(fault) = check(&first) {
            panic!("{fault}");
        }
        let mut memory = Memory::new();
        memory.order(self.seed).crash_after(self.ends_at);
        if self.is_hasty {
            memory.hasty();
        }
        let result = memory.run(&first, input.clone());
        *self.first.borrow_mut() = Some(memory.entries().to_vec());
        self.has_run_each_once(&memory);
        match result {
            Ok(result) => return result,
            Err(_) if memory.has_crashed() => {}
            Err(fault) => self.fails(&memory, &fault),
        }
        let finished = memory.finished();
        // Another order than before.
        memory.order(self.seed.wrapping_add(1_000));
        let result = memory.run(&pipeline(), input);
        self.has_run_each_once(&memory);
        if let Some(again) = memory.did.iter().find(|step| finished.contains(step)) {
            self.fails(&memory, &format_args!("`{again}` runs again, and its outcome was written down"));
        }
        result.unwrap_or_else(|fault| self.fails(&memory, &fault))
    }

    #[track_caller]
    fn has_run_each_once(&self, memory: &Memory) {
        let mut did = BTreeSet::new();
        if let Some(twice) = memory.did.iter().find(|step| !did.insert(step.as_str())) {
            self.fails(memory, &format_args!("`{twice}` runs twice"));
        }
    }

    #[track_caller]
    fn fails(&self, memory: &Memory, what: &dyn fmt::Display) -> ! {
        panic!("{self}: {what}\nWritten down are{}", lines(memory.entries()))
    }
}

impl fmt::Display for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_one() {
            true => write!(f, "a crash after {} entries (ORCH_SEED={})", self.ends_at, self.seed),
            false => write!(f, "a run without a crash (ORCH_SEED={})", self.seed),
        }
    }
}

impl fmt::Debug for Crash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crash")
            .field("seed", &self.seed)
            .field("ends_at", &self.ends_at)
            .finish_non_exhaustive()
    }
}
