//! What is to happen to which attempts at which tasks.

use std::any::type_name;
use std::convert::Infallible;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_orch::{Attempt, Done, ErrorKind, Graph, Node, Position};

use crate::Simulation;
use crate::chance::Chance;

/// Which attempts at which tasks a fault or an answer is for: see [`Simulation::at`].
///
/// Without more it is for all of the step: every item, attempt and round, each time.
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
/// let shop = pipeline! { |_: Vec<u32>| each < retry(max_attempts = 2) < pay > > };
///
/// let sim = Simulation::new();
/// sim.at("pay").item(1).attempt(1).fail("declined");
/// assert_eq!(sim.run(&shop, vec![5, 6]).unwrap(), [5, 6]);
///
/// let sim = Simulation::new();
/// sim.at("each/retry/pay").item(1).fail("declined");
/// assert_eq!(sim.run(&shop, vec![5, 6]).unwrap_err().attempts(), 2);
/// ```
#[derive(Debug)]
#[must_use = "nothing happens there yet: say what, as by `.fail(…)`"]
pub struct At<'s> {
    sim: &'s Simulation,
    place: &'static Location<'static>,
    which: Which,
}

/// Which attempts.
#[derive(Clone, Debug)]
struct Which {
    /// All, without one.
    step: Option<String>,
    item: Option<u64>,
    attempt: Option<u32>,
    round: Option<u32>,
    times: Times,
}

#[derive(Clone, Copy, Debug)]
enum Times {
    Always,
    First(u64),
    Nth(u64),
    Rate(f64),
}

pub(crate) struct Rule {
    which: Which,
    place: &'static Location<'static>,
    matched: AtomicU64,
    pub(crate) what: What,
}

/// What happens to an attempt.
pub(crate) enum What {
    /// What is said of it, and what comes of it.
    Answer(&'static str, Box<dyn for<'a> Fn(Attempt<'a>) -> Result<Done<'a>, Misfit<'a>> + Send + Sync>),
    Fail(ErrorKind<Infallible>),
    Panic(String),
    Hang,
    Delay(Duration),
    DelayAnswer(Duration),
}

/// An answer of another type than the task's.
pub(crate) struct Misfit<'a> {
    attempt: Attempt<'a>,
    /// What it is, and of what.
    what: &'static str,
    given: &'static str,
}

impl<'s> At<'s> {
    pub(crate) fn new(sim: &'s Simulation, place: &'static Location<'static>, step: Option<String>) -> Self {
        let which = Which { step, item: None, attempt: None, round: None, times: Times::Always };
        At { sim, place, which }
    }

    /// Only for this item of the innermost `each` around the step, from 0.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_test::Simulation;
    /// #[task]
    /// async fn double(n: u32) -> u32 {
    ///     n * 2
    /// }
    ///
    /// let sim = Simulation::new();
    /// sim.at("double").item(2).answer(0_u32);
    /// assert_eq!(sim.run(&pipeline! { |_: Vec<u32>| each < double > }, vec![1, 2, 3]).unwrap(), [2, 4, 0]);
    /// ```
    pub fn item(mut self, item: u64) -> Self {
        self.which.item = Some(item);
        self
    }

    /// Only for this attempt of the innermost `retry` around the step, from 1.
    ///
    /// ```
    /// # use async_orch::{ErrorKind, pipeline, task};
    /// # use orch_test::Simulation;
    /// #[task]
    /// async fn fetch() -> u32 {
    ///     1
    /// }
    ///
    /// let sim = Simulation::new();
    /// sim.at("fetch").attempt(1).fail_as(ErrorKind::TimedOut);
    /// assert_eq!(sim.run(&pipeline! { retry(max_attempts = 2) < fetch() > }, ()).unwrap(), 1);
    /// ```
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub fn attempt(mut self, attempt: u32) -> Self {
        assert!(attempt > 0, "attempts are counted from 1");
        self.which.attempt = Some(attempt);
        self
    }

    /// Only for this round of the innermost `repeat` around the step, from 1.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_test::Simulation;
    /// use std::ops::ControlFlow::{self, Break, Continue};
    ///
    /// #[task]
    /// async fn page(n: u32) -> ControlFlow<u32, u32> {
    ///     Continue(n + 1)
    /// }
    ///
    /// let sim = Simulation::new();
    /// sim.at("page").round(3).answer(Break::<u32, u32>(7));
    /// assert_eq!(sim.run(&pipeline! { |_: u32| repeat(max_rounds = 5) < page > }, 0).unwrap(), 7);
    /// ```
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub fn round(mut self, round: u32) -> Self {
        assert!(round > 0, "rounds are counted from 1");
        self.which.round = Some(round);
        self
    }

    /// Only the first time that it fits: the same as `times(1)`.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_test::Simulation;
    /// #[task]
    /// async fn double(n: u32) -> u32 {
    ///     n * 2
    /// }
    ///
    /// let sim = Simulation::new();
    /// sim.at("double").once().answer(7_u32);
    /// assert_eq!(sim.run(&pipeline! { |_: u32| seq < double double > }, 1).unwrap(), 14);
    /// ```
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// Only the first so many times that it fits, counted over all runs of the simulation.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_test::Simulation;
    /// #[task]
    /// async fn fetch() -> Result<u32, &'static str> {
    ///     Ok(1)
    /// }
    ///
    /// let sim = Simulation::new();
    /// sim.at("fetch").times(2).fail("busy");
    /// assert_eq!(sim.run(&pipeline! { retry(max_attempts = 3) < fetch() > }, ()).unwrap(), 1);
    /// ```
    pub fn times(mut self, times: u64) -> Self {
        self.which.times = Times::First(times);
        self
    }

    /// Only the nth time that it fits, from 1, counted over all runs of the simulation.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_test::Simulation;
    /// #[task]
    /// async fn double(n: u32) -> u32 {
    ///     n * 2
    /// }
    ///
    /// let sim = Simulation::new();
    /// sim.at("double").nth(2).answer(0_u32);
    /// assert_eq!(sim.run(&pipeline! { |_: u32| seq < double double |n| { n + 1 } > }, 1).unwrap(), 1);
    /// ```
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[track_caller]
    pub fn nth(mut self, nth: u64) -> Self {
        assert!(nth > 0, "times are counted from 1");
        self.which.times = Times::Nth(nth);
        self
    }

    /// Only this share of the times that it fits, from 0 to 1; which ones, the seed decides.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_test::{Simulation, simulate};
    /// #[task]
    /// async fn fetch() -> Result<u32, &'static str> {
    ///     Ok(1)
    /// }
    ///
    /// let fetches = pipeline! { retry(max_attempts = unlimited) < fetch() > };
    /// simulate(20, |sim| {
    ///     sim.at("fetch").rate(0.5).fail("busy");
    ///     assert_eq!(sim.run(&fetches, ()).unwrap(), 1);
    /// });
    /// ```
    ///
    /// # Panics
    ///
    /// If it is no share.
    #[track_caller]
    pub fn rate(mut self, rate: f64) -> Self {
        assert!((0.0..=1.0).contains(&rate), "{rate} is no rate: it is from 0 to 1");
        self.which.times = Times::Rate(rate);
        self
    }

    /// The attempt fails with this error, which is of the task's own type. The task is not called.
    ///
    /// A run that comes there panics if it is of another type, and says which.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_test::Simulation;
    /// #[derive(Clone, Debug, PartialEq)]
    /// struct Declined;
    /// # impl std::fmt::Display for Declined { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("declined") } }
    /// # impl std::error::Error for Declined {}
    ///
    /// #[task]
    /// async fn pay(amount: u32) -> Result<u32, Declined> {
    ///     Ok(amount)
    /// }
    ///
    /// let sim = Simulation::new();
    /// sim.at("pay").fail(Declined);
    /// let error = sim.run(&pipeline! { |_: u32| seq < pay > }, 5).unwrap_err();
    /// assert_eq!(error.downcast_ref(), Some(&Declined));
    /// ```
    pub fn fail<X: Clone + Send + Sync + 'static>(self, error: X) {
        self.fail_with(move |_| error.clone());
    }

    /// The same with an error that is made for each attempt: one that cannot be cloned, or depends on the position.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_test::Simulation;
    /// use std::io;
    ///
    /// #[task]
    /// async fn read() -> io::Result<String> {
    ///     Ok(String::new())
    /// }
    ///
    /// let sim = Simulation::new();
    /// sim.at("read").fail_with(|at| io::Error::other(format!("attempt {} is lost", at.attempt())));
    /// let error = sim.run(&pipeline! { retry(max_attempts = 3) < read() > }, ()).unwrap_err();
    /// assert!(error.to_string().ends_with("attempt 3 is lost"), "{error}");
    /// ```
    pub fn fail_with<X: Send + 'static>(self, error: impl Fn(Position<'_>) -> X + Send + Sync + 'static) {
        self.what(What::Answer(
            "fails, as the test says",
            Box::new(move |attempt| {
                let error = error(attempt.position());
                attempt.answer_error(error).map_err(|attempt| Misfit {
                    attempt,
                    what: "error",
                    given: type_name::<X>(),
                })
            }),
        ));
    }

    /// The attempt fails with an error of this kind, which fits every task. The task is not called.
    ///
    /// ```
    /// # use async_orch::{ErrorKind, pipeline, task};
    /// # use orch_test::Simulation;
    /// #[task]
    /// async fn fetch() -> u32 {
    ///     1
    /// }
    ///
    /// let sim = Simulation::new();
    /// sim.at("fetch").fail_as(ErrorKind::Rejected);
    /// let error = sim.run(&pipeline! { retry(max_attempts = 3) < fetch() > }, ()).unwrap_err();
    /// assert!(error.kind().is_rejection());
    /// ```
    pub fn fail_as(self, kind: ErrorKind<Infallible>) {
        self.what(What::Fail(kind));
    }

    /// The attempt panics with this text. The task is not called, and nothing is printed.
    ///
    /// ```
    /// # use async_orch::{ErrorKind, pipeline, task};
    /// # use orch_test::Simulation;
    /// #[task]
    /// async fn fetch() -> u32 {
    ///     1
    /// }
    ///
    /// let sim = Simulation::new();
    /// sim.at("fetch").panic("out of cheese");
    /// let error = sim.run(&pipeline! { catch < fetch() > }, ()).unwrap_err();
    /// assert!(matches!(error.kind(), ErrorKind::Panicked(panicked) if panicked.message() == "out of cheese"));
    /// ```
    pub fn panic(self, text: impl Into<String>) {
        self.what(What::Panic(text.into()));
    }

    /// The attempt never ends by itself. The task is not called.
    ///
    /// ```
    /// # use async_orch::{ErrorKind, pipeline, task};
    /// # use orch_test::Simulation;
    /// #[task]
    /// async fn fetch() -> u32 {
    ///     1
    /// }
    ///
    /// let sim = Simulation::new();
    /// sim.at("fetch").hang();
    /// let error = sim.run(&pipeline! { timeout(1h) < fetch() > }, ()).unwrap_err();
    /// assert!(matches!(error.kind(), ErrorKind::TimedOut));
    /// ```
    pub fn hang(self) {
        self.what(What::Hang);
    }

    /// The attempt begins so much later, or is answered for so much later.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_test::Simulation;
    /// use std::time::Duration;
    ///
    /// #[task]
    /// async fn fetch() -> u32 {
    ///     1
    /// }
    ///
    /// let sim = Simulation::new();
    /// sim.at("fetch").delay(Duration::from_secs(90));
    /// assert_eq!(sim.run(&pipeline! { seq < fetch() > }, ()).unwrap(), 1);
    /// assert_eq!(sim.elapsed(), Duration::from_secs(90));
    /// ```
    pub fn delay(self, delay: Duration) {
        self.what(What::Delay(delay));
    }

    /// The attempt does what it does, and only what comes of it is so much later: a run that gives up meanwhile has had the effect.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_test::Simulation;
    /// use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
    /// use std::time::Duration;
    ///
    /// #[task]
    /// async fn charge(charged: &AtomicU32) {
    ///     charged.fetch_add(1, SeqCst);
    /// }
    ///
    /// let charged = AtomicU32::new(0);
    /// let pay = pipeline! { retry(max_attempts = 2) < timeout(1s) < charge(&charged) > > };
    /// let sim = Simulation::new();
    /// sim.at("charge").once().delay_answer(Duration::from_secs(2));
    /// sim.run(&pay, ()).unwrap();
    /// assert_eq!(charged.load(SeqCst), 2, "twice: it is not idempotent");
    /// ```
    pub fn delay_answer(self, delay: Duration) {
        self.what(What::DelayAnswer(delay));
    }

    /// The attempt gives this output. The task is not called.
    ///
    /// A run that comes there panics if it is of another type, and says which.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_test::Simulation;
    /// #[task]
    /// async fn fetch(id: u32) -> std::io::Result<String> {
    ///     Err(std::io::Error::other(format!("no network to fetch {id} from")))
    /// }
    ///
    /// let sim = Simulation::new();
    /// sim.at("fetch").answer("ada".to_owned());
    /// let shout = pipeline! { |_: u32| seq < fetch |name| { name.to_uppercase() } > };
    /// assert_eq!(sim.run(&shout, 1).unwrap(), "ADA");
    /// ```
    pub fn answer<T: Clone + Send + Sync + 'static>(self, output: T) {
        self.answer_with(move |_| output.clone());
    }

    /// The same with an output that is made for each attempt, from its position.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_test::Simulation;
    /// #[task]
    /// async fn fetch(id: u32) -> std::io::Result<u64> {
    ///     Err(std::io::Error::other(format!("no network to fetch {id} from")))
    /// }
    ///
    /// let sim = Simulation::new();
    /// sim.at("fetch").answer_with(|at| at.item().unwrap_or(0) * 10);
    /// assert_eq!(sim.run(&pipeline! { |_: Vec<u32>| each < fetch > }, vec![7, 8, 9]).unwrap(), [0, 10, 20]);
    /// ```
    pub fn answer_with<T: Send + 'static>(self, output: impl Fn(Position<'_>) -> T + Send + Sync + 'static) {
        self.what(What::Answer(
            "is answered for",
            Box::new(move |attempt| {
                let output = output(attempt.position());
                attempt.answer_output(output).map_err(|attempt| Misfit {
                    attempt,
                    what: "output",
                    given: type_name::<T>(),
                })
            }),
        ));
    }

    /// The attempt gives what the script says for its position: an output, or an error of the task's own type.
    ///
    /// ```
    /// # use async_orch::{pipeline, task};
    /// # use orch_test::Simulation;
    /// #[task]
    /// async fn fetch() -> Result<u32, &'static str> {
    ///     Err("no network")
    /// }
    ///
    /// let sim = Simulation::new();
    /// sim.at("fetch").script(|at| if at.attempt() < 3 { Err("busy") } else { Ok(7_u32) });
    /// assert_eq!(sim.run(&pipeline! { retry(max_attempts = 3) < fetch() > }, ()).unwrap(), 7);
    /// ```
    pub fn script<T: Send + 'static, X: Send + 'static>(
        self,
        script: impl Fn(Position<'_>) -> Result<T, X> + Send + Sync + 'static,
    ) {
        self.what(What::Answer(
            "is answered for",
            Box::new(move |attempt| {
                match script(attempt.position()) {
                    Ok(output) => {
                        attempt.answer_output(output).map_err(|attempt| (attempt, "output", type_name::<T>()))
                    }
                    Err(error) => {
                        attempt.answer_error(error).map_err(|attempt| (attempt, "error", type_name::<X>()))
                    }
                }
                .map_err(|(attempt, what, given)| Misfit { attempt, what, given })
            }),
        ));
    }

    fn what(self, what: What) {
        let At { sim, place, which } = self;
        sim.add(Rule { which, place, matched: AtomicU64::new(0), what });
    }
}

impl Rule {
    /// Whether it is for this attempt, which has a name of its own in the simulation.
    pub(crate) fn fires(&self, at: Position<'_>, name: &str, number: usize, chance: &Chance) -> bool {
        let Which { item, attempt, round, .. } = self.which;
        let fits = self.which.fits(at.node())
            && item.is_none_or(|item| at.item() == Some(item))
            && attempt.is_none_or(|attempt| at.attempt() == attempt)
            && round.is_none_or(|round| at.round() == round);
        if !fits {
            return false;
        }
        let before = self.matched.fetch_add(1, Ordering::Relaxed);
        match self.which.times {
            Times::Always => true,
            Times::First(times) => before < times,
            Times::Nth(nth) => before + 1 == nth,
            Times::Rate(rate) => {
                let key = format!("rule {number} at {name}");
                let happens = chance.happens(&key, rate);
                if happens {
                    chance.took(&key, || format!("{name} {}", self.what));
                }
                happens
            }
        }
    }

    /// Why it can never be for any step of these, if so.
    pub(crate) fn misses(&self, graphs: &[Graph]) -> Option<String> {
        if self.matched.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let leaves = || graphs.iter().flat_map(Graph::nodes).filter(|node| !node.kind().is_block());
        let is_task = |node: &Node| node.kind() == async_orch::NodeKind::Task;
        if leaves().any(|node| is_task(node) && self.which.fits(node)) {
            return None;
        }
        let (step, place) = (self.which.step.as_deref()?, self.place);
        if leaves().any(|node| self.which.fits(node)) {
            return Some(format!(
                "`at(\"{step}\")` ({place}): that is an inline step, which the run does by itself; a task could fail or be answered for"
            ));
        }
        let tasks: Vec<_> =
            leaves().filter(|node| is_task(node)).map(|node| format!("`{}`", node.path())).collect();
        Some(format!("`at(\"{step}\")` ({place}): there is no such task, but {}", tasks.join(", ")))
    }
}

impl Which {
    fn fits(&self, node: &Node) -> bool {
        let Some(step) = &self.step else { return true };
        let ends = |path: &str| {
            path.strip_suffix(step.as_str()).is_some_and(|before| before.is_empty() || before.ends_with('/'))
        };
        ends(node.path()) || ends(node.short_path())
    }
}

impl Misfit<'_> {
    pub(crate) fn says(&self, rule: &Rule) -> String {
        let Misfit { attempt, what, given } = self;
        let expected = if *what == "error" { attempt.error_type() } else { attempt.output_type() };
        let (task, place) = (attempt.position().path(), rule.place);
        if *what == "error" && expected == type_name::<Infallible>() {
            return format!(
                "{place} gives an error for `{task}`, which cannot fail: `fail_as` is for every task"
            );
        }
        format!("the {what} that {place} gives for `{task}` is a `{given}`, and the task's is a `{expected}`")
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Answer(says, _) => f.write_str(says),
            What::Fail(kind) => write!(f, "fails: {kind}"),
            What::Panic(text) => write!(f, "panics: {text}"),
            What::Hang => f.write_str("hangs"),
            What::Delay(delay) => write!(f, "is delayed by {delay:?}"),
            What::DelayAnswer(delay) => write!(f, "answers {delay:?} later"),
        }
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}", self.which, self.what)
    }
}

pub(crate) type Rules = Vec<Arc<Rule>>;
