//! The runtime that a seed decides for.

use std::fmt;
use std::future::Future;
use std::ops::RangeInclusive;
use std::panic::{Location, resume_unwind};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use async_orch::{Attempt, BoxFuture, Done, Error, Graph, Local, Position, Run, Runtime};

use crate::chance::Chance;
use crate::drive::drive;
use crate::quiet;
use crate::rules::{Rule, Rules, What};
use crate::turns::{Turn, Turns};
use crate::{At, Seed, Stopped};

/// A [`Runtime`] in which a seed decides what a real one leaves to chance: who starts first, who goes on when several could, what
/// takes how long, and what fails.
///
/// Tasks run in place, one at a time, with all that they borrow, `spawn` and `blocking` ones as well. Between two of their awaits
/// nothing else happens, as on one thread of tokio; at each await anything may. Time is virtual: it goes on when nothing else
/// can, to the next moment that something waits for. It is tokio's clock, so that breakers and tasks which sleep by
/// themselves follow it too. No tokio runtime is needed for that, and none is in the way: [`run`](Simulation::run) works in a
/// `#[test]`, a `#[tokio::test]` and inside of proptest.
///
/// ```
/// use async_orch::{pipeline, task};
/// use orch_test::Simulation;
/// use std::time::Duration;
///
/// #[task]
/// async fn fetch(id: u32) -> Result<u32, &'static str> {
///     tokio::time::sleep(Duration::from_secs(1)).await;
///     Ok(id * 10)
/// }
///
/// let sim = Simulation::seed(17);
/// sim.at("fetch").item(2).attempt(1).fail("connection refused");
///
/// let all = pipeline! { |_: Vec<u32>| each < retry(backoff = constant(1m), jitter = none) < fetch > > };
/// assert_eq!(sim.run(&all, vec![1, 2, 3]).unwrap(), [10, 20, 30]);
/// assert_eq!(sim.elapsed(), Duration::from_secs(61));
/// ```
///
/// # Limits
///
/// What runs on another thread is not simulated: `spawn_blocking` by hand, or a client with threads of its own. Inline steps are
/// done by the run itself, when it comes to them.
pub struct Simulation {
    turns: Arc<Turns>,
    rules: Mutex<Rules>,
    latency: Mutex<Option<(Duration, Duration)>>,
    /// Of the pipelines that were run.
    graphs: Mutex<Vec<Graph>>,
    /// Has the clock. Made for the first run, and there until the simulation is dropped, as time does not begin anew.
    tokio: OnceLock<(tokio::runtime::Runtime, tokio::time::Instant)>,
}

impl Simulation {
    /// A simulation in which nothing is left to chance: all goes on in the order in which it was asked for. For tests that say what
    /// happens. With the variable `ORCH_SEED` it is one by that seed.
    ///
    /// ```
    /// use async_orch::{pipeline, task};
    /// use orch_test::Simulation;
    ///
    /// #[task]
    /// async fn double(n: u32) -> u32 {
    ///     n * 2
    /// }
    ///
    /// assert_eq!(Simulation::new().run(&pipeline! { |_: u32| seq < double > }, 4).unwrap(), 8);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        Simulation::seed(Seed::from_env().unwrap_or_else(Seed::plain))
    }

    /// A simulation by this seed: a number, or what a failing test has said.
    ///
    /// ```
    /// use orch_test::{Seed, Simulation};
    ///
    /// let by_number = Simulation::seed(17);
    /// let shrunk = Simulation::seed("17:9bc3a1d2".parse::<Seed>().unwrap());
    /// # let _ = (by_number, shrunk);
    /// ```
    #[must_use]
    pub fn seed(seed: impl Into<Seed>) -> Self {
        Simulation {
            turns: Turns::new(Chance::new(seed.into())),
            rules: Mutex::default(),
            latency: Mutex::default(),
            graphs: Mutex::default(),
            tokio: OnceLock::new(),
        }
    }

    /// What is to happen at a step: to attempts at the task with this path or [short path](async_orch::Node::short_path), or one that
    /// ends in it behind a `/`. See [`At`].
    ///
    /// Rules are asked in the order in which they are written. Delays add up; of the others the first that is for an attempt decides.
    ///
    /// ```
    /// use async_orch::{pipeline, task};
    /// use orch_test::Simulation;
    ///
    /// #[task]
    /// async fn pay(amount: u32) -> Result<u32, &'static str> {
    ///     Ok(amount)
    /// }
    ///
    /// let shop = pipeline! { |_: u32| seq(name = "shop") < timeout(1m) < pay > > };
    /// for step in ["shop/timeout/pay", "shop/pay", "timeout/pay", "pay"] {
    ///     let sim = Simulation::new();
    ///     sim.at(step).fail("declined");
    ///     assert!(sim.run(&shop, 5).is_err());
    /// }
    /// ```
    ///
    /// When the simulation is dropped, it panics if the pipelines that it [ran](Simulation::run) have no such task, or says so if the test
    /// has failed.
    #[track_caller]
    pub fn at(&self, step: impl Into<String>) -> At<'_> {
        At::new(self, Location::caller(), Some(step.into()))
    }

    /// What is to happen at every task.
    ///
    /// ```
    /// use async_orch::{ErrorKind, pipeline, task};
    /// use orch_test::simulate;
    ///
    /// #[task]
    /// async fn double(n: u32) -> u32 {
    ///     n * 2
    /// }
    ///
    /// let p = pipeline! { |_: u32| retry(max_attempts = unlimited) < timeout(1s) < seq < double double > > > };
    /// simulate(20, |sim| {
    ///     sim.everywhere().rate(0.2).hang();
    ///     sim.everywhere().rate(0.2).fail_as(ErrorKind::TimedOut);
    ///     assert_eq!(sim.run(&p, 1).unwrap(), 4);
    /// });
    /// ```
    #[track_caller]
    pub fn everywhere(&self) -> At<'_> {
        At::new(self, Location::caller(), None)
    }

    /// Each attempt at a task takes a time in this range, besides its own, which the seed decides. A part of it is before the task is
    /// called and the rest after, so that a run which gives up may have had the effect or not.
    ///
    /// ```
    /// use async_orch::{pipeline, task};
    /// use orch_test::simulate;
    /// use std::time::Duration;
    ///
    /// #[task]
    /// async fn quick(n: u32) -> u32 {
    ///     n
    /// }
    ///
    /// let p = pipeline! { race < quick(1) quick(2) > };
    /// let winners = std::sync::Mutex::new(std::collections::BTreeSet::new());
    /// simulate(20, |sim| {
    ///     sim.latency(Duration::ZERO..=Duration::from_secs(1));
    ///     winners.lock().unwrap().insert(sim.run(&p, ()).unwrap());
    ///     assert!(sim.elapsed() <= Duration::from_secs(1));
    /// });
    /// assert_eq!(winners.into_inner().unwrap().len(), 2);
    /// ```
    ///
    /// # Panics
    ///
    /// If the range ends before it begins.
    #[track_caller]
    pub fn latency(&self, range: RangeInclusive<Duration>) {
        assert!(!range.is_empty(), "{range:?} is no range of latencies: it ends before it begins");
        *lock(&self.latency) = Some((*range.start(), *range.end()));
    }

    /// Runs a pipeline, and waits for its end, in virtual time.
    ///
    /// The pipeline's own bus is told, with the times of the simulation.
    ///
    /// ```
    /// use async_orch::{pipeline, task};
    /// use orch_test::Simulation;
    ///
    /// #[task]
    /// async fn double(n: u32) -> u32 {
    ///     n * 2
    /// }
    ///
    /// let sim = Simulation::seed(1);
    /// assert_eq!(sim.run(&pipeline! { |_: Vec<u32>| each < double > }, vec![1, 2]).unwrap(), [2, 4]);
    /// ```
    ///
    /// # Errors
    ///
    /// With the first failure that no block inside handles.
    ///
    /// # Panics
    ///
    /// If the run does, or is [`Stopped`], or comes to a task that a rule does not fit.
    #[track_caller]
    pub fn run<P: Run>(&self, pipeline: &P, input: P::In) -> Result<P::Out, Error<P::Error>> {
        match self.try_run(pipeline, input) {
            Ok(result) => result,
            Err(stopped) => panic!("{stopped}"),
        }
    }

    /// The same, where that the run stands still is one of the results.
    ///
    /// ```
    /// use async_orch::{pipeline, task};
    /// use orch_test::{Simulation, Stopped};
    ///
    /// #[task]
    /// async fn deadlock() {
    ///     std::future::pending().await
    /// }
    ///
    /// let stopped = Simulation::new().try_run(&pipeline! { seq < deadlock() > }, ());
    /// assert!(matches!(stopped, Err(Stopped::Stalled { .. })));
    /// ```
    ///
    /// # Errors
    ///
    /// If the run has no end. Its own error is inside of the `Ok`.
    ///
    /// # Panics
    ///
    /// If the run does, or comes to a task that a rule does not fit.
    pub fn try_run<P: Run>(
        &self,
        pipeline: &P,
        input: P::In,
    ) -> Result<Result<P::Out, Error<P::Error>>, Stopped> {
        lock(&self.graphs).push(pipeline.graph());
        self.block_on(pipeline.on(self).run(input))
    }

    /// Drives any future that has runs on this simulation in it: several at once, say, that share a breaker.
    ///
    /// ```
    /// use async_orch::{Run, pipeline, task};
    /// use orch_test::Simulation;
    ///
    /// #[task]
    /// async fn double(n: u32) -> u32 {
    ///     n * 2
    /// }
    ///
    /// let p = pipeline! { |_: u32| seq < double > };
    /// let sim = Simulation::seed(3);
    /// let both = sim.block_on(async {
    ///     let on = p.on(&sim);
    ///     tokio::join!(on.run(1), on.run(2))
    /// });
    /// let (one, two) = both.unwrap();
    /// assert_eq!((one.unwrap(), two.unwrap()), (2, 4));
    /// ```
    ///
    /// # Errors
    ///
    /// If it has no end.
    ///
    /// # Panics
    ///
    /// If it does, or a run comes to a task that a rule does not fit.
    pub fn block_on<F>(&self, future: F) -> Result<F::Output, Stopped>
    where
        F: Future + Send,
        F::Output: Send,
    {
        let tokio = &self.tokio().0;
        aside(|| tokio.block_on(self.drive(future)))
    }

    /// The same in a tokio runtime that is there already, whose clock is paused: for tests with things besides, which are tasks of
    /// that runtime. Dropping the future cancels the runs in it.
    ///
    /// ```
    /// use async_orch::{Run, pipeline, task};
    /// use orch_test::Simulation;
    ///
    /// #[task]
    /// async fn double(n: u32) -> u32 {
    ///     n * 2
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() { // #[tokio::test(start_paused = true)]
    /// let sim = Simulation::seed(3);
    /// let p = pipeline! { |_: u32| seq < double > };
    /// assert_eq!(sim.drive(p.on(&sim).run(4)).await.unwrap().unwrap(), 8);
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// If it has no end.
    ///
    /// # Panics
    ///
    /// If the clock is not paused; otherwise as [`block_on`](Simulation::block_on).
    pub async fn drive<F: Future>(&self, future: F) -> Result<F::Output, Stopped> {
        // Tokio's budget is for tasks beside others. Here who goes on is the seed's to say.
        tokio::task::unconstrained(drive(&self.turns, future)).await
    }

    /// Has so much time pass between two runs: the reset timeout of a breaker, say.
    ///
    /// ```
    /// use async_orch::{Breaker, pipeline, task};
    /// use orch_test::Simulation;
    /// use std::time::Duration;
    ///
    /// #[task]
    /// async fn call() -> u32 {
    ///     1
    /// }
    ///
    /// let (sim, breaker) = (Simulation::new(), Breaker::builder().fail_max(1).reset_timeout(Duration::from_secs(60)).build());
    /// let p = pipeline! { circuit(breaker = &breaker) < call > };
    /// sim.at("call").once().panic("no");
    /// assert!(sim.run(&pipeline! { catch < { &p } > }, ()).is_err());
    /// assert!(sim.run(&p, ()).unwrap_err().kind().is_rejection());
    ///
    /// sim.advance(Duration::from_secs(60));
    /// assert_eq!(sim.run(&p, ()).unwrap(), 1);
    /// ```
    ///
    /// # Panics
    ///
    /// If the simulation was [driven](Simulation::drive) on a clock that is not its own: that one is advanced by `tokio::time::advance`.
    #[track_caller]
    pub fn advance(&self, duration: Duration) {
        assert!(
            self.tokio.get().is_some() || self.turns.began().is_none(),
            "this simulation is driven on the clock of a runtime that is there: `tokio::time::advance` advances it"
        );
        let tokio = &self.tokio().0;
        aside(|| tokio.block_on(tokio::time::advance(duration)));
    }

    /// How much virtual time has passed: since it was first used, or first [driven](Simulation::drive).
    ///
    /// ```
    /// use orch_test::Simulation;
    /// use std::time::Duration;
    ///
    /// let sim = Simulation::new();
    /// sim.advance(Duration::from_secs(3));
    /// assert_eq!(sim.elapsed(), Duration::from_secs(3));
    /// ```
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        if let (None, Some(began)) = (self.tokio.get(), self.turns.began()) {
            return self.now().saturating_duration_since(began);
        }
        let (tokio, began) = self.tokio();
        let _inside = tokio.enter();
        began.elapsed()
    }

    /// What happened so far, a line each: the time since the first run, and which attempt started, ended, was given up or had something
    /// happen to it.
    ///
    /// ```
    /// use async_orch::{pipeline, task};
    /// use orch_test::Simulation;
    ///
    /// #[task]
    /// async fn double(n: u32) -> u32 {
    ///     n * 2
    /// }
    ///
    /// let sim = Simulation::new();
    /// sim.run(&pipeline! { |_: u32| seq < double > }, 1).unwrap();
    /// let trace: Vec<_> = sim.trace().iter().map(|line| line.trim().to_owned()).collect();
    /// assert_eq!(trace, ["0ns  seq/double starts", "0ns  seq/double ends"]);
    /// ```
    #[must_use]
    pub fn trace(&self) -> Vec<String> {
        self.turns.trace()
    }

    pub(crate) fn chance(&self) -> &Chance {
        &self.turns.chance
    }

    /// Which rule can be for no step of the pipelines that were run.
    pub(crate) fn misses(&self) -> Option<String> {
        let graphs = lock(&self.graphs);
        if graphs.is_empty() {
            return None;
        }
        lock(&self.rules).iter().find_map(|rule| rule.misses(&graphs))
    }

    pub(crate) fn add(&self, rule: Rule) {
        lock(&self.rules).push(Arc::new(rule));
    }

    fn tokio(&self) -> &(tokio::runtime::Runtime, tokio::time::Instant) {
        self.tokio.get_or_init(|| {
            let runtime = clock();
            let inside = runtime.enter();
            let began = tokio::time::Instant::now();
            drop(inside);
            (runtime, began)
        })
    }

    /// What a position is called here: it is another for each execution, and the same whenever the simulation is repeated.
    fn name(&self, at: Position<'_>) -> String {
        let (path, whole) = (at.path(), at.to_string());
        let run = match self.turns.run(at.run()) {
            0 => String::new(),
            before => format!("run {}: ", before + 1),
        };
        match at.node().repetition() {
            0 => format!("{run}{whole}"),
            before => format!("{run}{path}~{}{}", before + 1, &whole[path.len()..]),
        }
    }

    /// What is to happen to an attempt.
    fn plan(&self, at: Position<'_>, name: &str) -> Plan {
        let mut plan = Plan { before: Duration::ZERO, after: Duration::ZERO, end: None };
        let chance = &self.turns.chance;
        if let Some((least, most)) = *lock(&self.latency) {
            let (key, place) = (format!("latency of {name}"), format!("effect of {name}"));
            let more = (most - least).mul_f64(chance.share(&key));
            if !more.is_zero() {
                chance.took(&key, || format!("{name} takes {more:?} longer"));
            }
            let latency = least + more;
            plan.after = latency.mul_f64(chance.share(&place));
            if !plan.after.is_zero() {
                chance.took(&place, || format!("{name} does its work {:?} before it answers", plan.after));
            }
            plan.before = latency - plan.after;
        }
        let rules = lock(&self.rules).clone();
        for (number, rule) in rules.into_iter().enumerate() {
            if plan.end.is_some() || !rule.fires(at, name, number, chance) {
                continue;
            }
            match rule.what {
                What::Delay(delay) => plan.before += delay,
                What::DelayAnswer(delay) => plan.after += delay,
                _ => plan.end = Some(rule),
            }
        }
        plan
    }

    async fn simulate<'a>(&self, attempt: Attempt<'a>) -> Done<'a> {
        let turn = self.turns.enter(self.name(attempt.position()));
        turn.next(None, "before it starts").await;
        let name = &turn.name;
        let Plan { before, after, end } = self.plan(attempt.position(), name);
        let mut under_way = UnderWay { sim: self, name, is_over: false };
        self.note(format_args!("{name} starts"));
        if !before.is_zero() {
            turn.next(Some(self.now() + before), "before its work").await;
        }
        let done = match end {
            None => turn.drive(attempt.run()).await,
            Some(rule) => {
                self.note(format_args!("{name} {}", rule.what));
                match &rule.what {
                    What::Answer(_, answer) => match answer(attempt) {
                        Ok(done) => done,
                        Err(misfit) => {
                            self.turns.misused(misfit.says(&rule));
                            turn.hang().await
                        }
                    },
                    What::Fail(kind) => attempt.fail(kind.clone()),
                    What::Panic(text) => resume_unwind(Box::new(text.clone())),
                    What::Hang | What::Delay(_) | What::DelayAnswer(_) => turn.hang().await,
                }
            }
        };
        if !after.is_zero() {
            turn.next(Some(self.now() + after), "before its answer").await;
        }
        under_way.is_over = true;
        drop(under_way);
        self.note(format_args!("{name} ends"));
        done
    }

    fn note(&self, what: impl fmt::Display) {
        self.turns.note(self.now(), what);
    }
}

/// What is to happen to an attempt.
struct Plan {
    before: Duration,
    after: Duration,
    /// Instead of the task.
    end: Option<Arc<Rule>>,
}

/// Notes an attempt that is dropped before it ends.
struct UnderWay<'a> {
    sim: &'a Simulation,
    name: &'a str,
    is_over: bool,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            let how = if std::thread::panicking() { "panics" } else { "is given up" };
            self.sim.note(format_args!("{} {how}", self.name));
        }
    }
}

impl Runtime for Simulation {
    fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
        Box::pin(self.simulate(attempt))
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let due = self.now().checked_add(duration);
            let turn: Turn = self.turns.enter(format!("the wait of {duration:?}"));
            match due {
                Some(due) => turn.next(Some(due), "when it is over").await,
                None => turn.hang().await,
            }
        })
    }

    fn now(&self) -> Instant {
        Local.now()
    }

    fn random(&self) -> u64 {
        self.turns.random()
    }

    /// A loop over what is ready gives way at each task.
    fn poll_proceed(&self, _: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    fn has_budget(&self) -> bool {
        true
    }

    fn yield_now(&self, waker: &Waker) {
        waker.wake_by_ref();
    }
}

impl Default for Simulation {
    fn default() -> Self {
        Simulation::new()
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation")
            .field("seed", &self.turns.chance.seed().to_string())
            .field("rules", &*lock(&self.rules))
            .finish_non_exhaustive()
    }
}

impl Drop for Simulation {
    fn drop(&mut self) {
        if let Some((tokio, _)) = self.tokio.take() {
            // In a runtime, the usual drop of one would panic.
            tokio.shutdown_background();
        }
        // `simulate` says it in its report.
        let is_heard = quiet::current().is_none();
        match self.misses() {
            Some(misses) if !std::thread::panicking() => panic!("{misses}"),
            // It may well be why.
            Some(misses) if is_heard => eprintln!("note: {misses}"),
            _ => {}
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Calls what blocks on a runtime, on another thread where that is forbidden here: in a `#[tokio::test]`.
pub(crate) fn aside<T: Send>(call: impl FnOnce() -> T + Send) -> T {
    if tokio::runtime::Handle::try_current().is_err() {
        return call();
    }
    let (here, caught) = (std::thread::current(), quiet::current());
    std::thread::scope(|scope| {
        let named = std::thread::Builder::new().name(here.name().unwrap_or("simulation").to_owned());
        let there = named.spawn_scoped(scope, || quiet::within(caught, call)).expect("threads can be made");
        there.join().unwrap_or_else(|payload| resume_unwind(payload))
    })
}

/// A runtime whose time stands still unless nothing else can go on.
pub(crate) fn clock() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_time().start_paused(true).build();
    runtime.expect("a runtime without threads and sockets can be made")
}
