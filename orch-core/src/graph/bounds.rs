//! The static worst case of a pipeline: what no run of it can exceed.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use super::{Graph, Load};
use crate::node::Form;

/// What there is of something at most; unbounded if there is no such limit.
///
/// Unbounded is *greater* than every limit, so that an assertion fails for it. It is an [`Option`] to all else: it compares with one,
/// and has the methods of one.
///
/// ```
/// use async_orch::{pipeline, task};
///
/// #[task]
/// async fn fetch(id: u32) -> u32 {
///     id
/// }
///
/// let ids = pipeline! { |_: Vec<u32>| each(limit = 8) < fetch > }.graph().bounds();
/// assert!(ids.in_flight <= Some(8));
/// assert_eq!(ids.in_flight.unwrap(), 8);
///
/// let all = pipeline! { |_: Vec<u32>| each < fetch > }.graph().bounds();
/// assert!(!(all.in_flight <= Some(8)));
/// assert!(all.in_flight.is_none());
/// assert_eq!(all.in_flight.to_string(), "unbounded");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bound<T>(Option<T>);

impl<T> Bound<T> {
    /// Without a limit.
    #[doc(hidden)]
    pub const NONE: Bound<T> = Bound(None);

    /// So much.
    #[doc(hidden)]
    pub const fn of(limit: T) -> Self {
        Bound(Some(limit))
    }
}

impl<T> From<Option<T>> for Bound<T> {
    fn from(limit: Option<T>) -> Self {
        Bound(limit)
    }
}

impl<T> Deref for Bound<T> {
    type Target = Option<T>;

    fn deref(&self) -> &Option<T> {
        &self.0
    }
}

impl<T: Ord> Ord for Bound<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => one.cmp(other),
            (one, other) => one.is_none().cmp(&other.is_none()),
        }
    }
}

impl<T: Ord> PartialOrd for Bound<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: PartialEq> PartialEq<Option<T>> for Bound<T> {
    fn eq(&self, other: &Option<T>) -> bool {
        self.0 == *other
    }
}

impl<T: PartialEq> PartialEq<Bound<T>> for Option<T> {
    fn eq(&self, other: &Bound<T>) -> bool {
        *self == other.0
    }
}

impl<T: Ord> PartialOrd<Option<T>> for Bound<T> {
    fn partial_cmp(&self, other: &Option<T>) -> Option<Ordering> {
        Some(compared(self.0.as_ref(), other.as_ref()))
    }
}

impl<T: Ord> PartialOrd<Bound<T>> for Option<T> {
    fn partial_cmp(&self, other: &Bound<T>) -> Option<Ordering> {
        Some(compared(self.as_ref(), other.0.as_ref()))
    }
}

/// Without a limit is more than any.
fn compared<T: Ord>(one: Option<&T>, other: Option<&T>) -> Ordering {
    Bound(one).cmp(&Bound(other))
}

impl<T: fmt::Debug> fmt::Display for Bound<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(limit) => limit.fmt(f),
            None => f.pad("unbounded"),
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Bound<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What no run of a pipeline exceeds: what [`Graph::bounds`] gives.
///
/// It displays as a line: `in flight 8, attempts 3, executions unbounded, longest 20s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bounds {
    /// How many tasks and inline steps are under way at the same time in one run.
    pub in_flight: Bound<usize>,
    /// How often one step is started for one value by the blocks that try again, `retry`, `hedge` and a `with` that may: their numbers of
    /// attempts, multiplied where they are nested; of the step for which that is most. Another item of an `each` or another round of a
    /// `repeat` is another value.
    pub attempts: Bound<u32>,
    /// How often one step is started in one run: its attempts, and these for each round of a `repeat` and each item of an `each`, of
    /// which it is not known how many there are.
    pub executions: Bound<u64>,
    /// How long a run takes, by what bounds it: `timeout`s, and waits between attempts and rounds with the largest `jitter`. A task takes as
    /// long as it likes, and so does an `async` inline step; one without `async` takes no time.
    pub longest: Bound<Duration>,
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Bounds { in_flight, attempts, executions, longest } = self;
        write!(f, "in flight {in_flight}, attempts {attempts}, executions {executions}, longest {longest}")
    }
}

impl Graph {
    /// What no run of the pipeline exceeds, by the values that its blocks were given: for a test that says how much it may ask of a
    /// service.
    ///
    /// ```
    /// use async_orch::{pipeline, task};
    /// use std::time::Duration;
    ///
    /// #[task]
    /// async fn ask(id: u32) -> Result<u32, String> {
    ///     Ok(id)
    /// }
    ///
    /// let (width, tries) = (4, 3);
    /// let p = pipeline! {
    ///     |_: Vec<u32>|
    ///     timeout(30s) < each(limit = width) < retry(max_attempts = tries, backoff = constant(1s)) < timeout(2s) < ask > > > >
    /// };
    /// let bounds = p.graph().bounds();
    /// assert!(bounds.in_flight <= Some(4));
    /// assert_eq!(bounds.attempts, Some(3));
    /// assert_eq!(bounds.longest, Some(Duration::from_secs(30)));
    /// assert_eq!(bounds.to_string(), "in flight 4, attempts 3, executions unbounded, longest 30s");
    ///
    /// // Of one item: three times two seconds, and two waits.
    /// let one = pipeline! { |_: u32| retry(max_attempts = tries, backoff = constant(1s)) < timeout(2s) < ask > > };
    /// assert_eq!(one.graph().bounds().longest, Some(Duration::from_secs(8)));
    /// ```
    ///
    /// The values are those of the pipeline. Of a block with a name in one of its options they are made for each run: then its literals
    /// count, and all else of it is unbounded. Shared handles count as what they were built with.
    ///
    /// Not counted is what the graph does not have: a pipeline that a step runs, what a task spawns, a `blocking` function that goes on
    /// after a `timeout` has given it up. Nor is what a [`Runtime`](crate::Runtime) does in place of the local one, what computing
    /// takes, the millisecond to which timers are exact, or the wait for the probe of a half-open circuit after three that were
    /// lost. What a number cannot hold is unbounded.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        let mut sums = Sums::of(self);
        let mut often = Often { attempts: Bound::of(0), executions: Bound::of(0) };
        let (mut in_flight, mut longest) = (Bound::of(0), Bound::of(Duration::ZERO));
        for root in self.nodes.iter().filter(|node| node.parent.is_none()) {
            in_flight = in_flight.max(sums.in_flight(root.index, Bound::of(1)));
            longest = add_time(longest, sums.longest(root.index, false));
            sums.often(root.index, Bound::of(1), Bound::of(1), &mut often);
        }
        let Often { attempts, executions } = often;
        Bounds { in_flight, attempts, executions, longest }
    }
}

/// How often steps are started, at most.
struct Often {
    attempts: Bound<u32>,
    executions: Bound<u64>,
}

struct Sums<'g> {
    graph: &'g Graph,
    /// Of each step those inside it, without what undoes it.
    inside: Vec<Vec<usize>>,
    /// Of each step what undoes it.
    undos: Vec<Vec<usize>>,
    /// What was asked before: a step, and how many runs of it there are at once.
    known: HashMap<(usize, Bound<usize>), Bound<usize>>,
}

impl<'g> Sums<'g> {
    fn of(graph: &'g Graph) -> Self {
        let mut sums = Sums {
            graph,
            inside: vec![Vec::new(); graph.nodes.len()],
            undos: vec![Vec::new(); graph.nodes.len()],
            known: HashMap::new(),
        };
        for node in &graph.nodes {
            let Some(parent) = node.parent else { continue };
            let is_undo = node.meta.form == Form::Afterwards;
            (if is_undo { &mut sums.undos } else { &mut sums.inside })[parent].push(node.index);
        }
        sums
    }

    fn load(&self, step: usize) -> Load {
        self.graph.nodes[step].load
    }

    // ----- in flight -----

    /// Of so many runs of a step at once.
    fn in_flight(&mut self, step: usize, runs: Bound<usize>) -> Bound<usize> {
        if let Some(known) = self.known.get(&(step, runs)) {
            return *known;
        }
        let inside = self.inside[step].clone();
        let found = match self.load(step) {
            Load::Leaf { .. } => runs,
            Load::Peers { limit, .. } => {
                let mut each: Vec<_> =
                    inside.iter().map(|step| self.in_flight(*step, Bound::of(1))).collect();
                each.sort_unstable_by(|one, other| other.cmp(one));
                let at_once = limit.unwrap_or(usize::MAX).min(each.len());
                let one = each[..at_once].iter().fold(Bound::of(0), |sum, each| add(sum, *each));
                self.of_several(&inside, runs, one)
            }
            Load::Items { limit, .. } => self.row(&inside, times(runs, limit)),
            Load::Beside { attempts, .. } => {
                let attempts = attempts.and_then(|attempts| usize::try_from(attempts).ok());
                self.row(&inside, times(runs, attempts.into()))
            }
            Load::Gate { places, .. } => self.row(&inside, runs.min(places)),
            Load::Saga => {
                let afterwards = [inside, self.undos_below(step)].concat();
                self.row(&afterwards, runs)
            }
            Load::Row
            | Load::Apart
            | Load::One
            | Load::Attempts { .. }
            | Load::Rounds { .. }
            | Load::Within { .. }
            | Load::Policy { .. } => self.row(&inside, runs),
            Load::Unknown => Bound::NONE,
        };
        self.known.insert((step, runs), found);
        found
    }

    /// Of so many runs at once of which each is in one of the steps.
    fn row(&mut self, steps: &[usize], runs: Bound<usize>) -> Bound<usize> {
        let one = steps.iter().map(|step| self.in_flight(*step, Bound::of(1))).max();
        self.of_several(steps, runs, one.unwrap_or(Bound::of(0)))
    }

    /// Of so many runs at once, each of which has so many in flight, but no more of them in a step than that lets through.
    fn of_several(&mut self, steps: &[usize], runs: Bound<usize>, one: Bound<usize>) -> Bound<usize> {
        if runs == Some(1) {
            return one;
        }
        let all = steps.iter().fold(Bound::of(0), |sum, step| add(sum, self.in_flight(*step, runs)));
        times(runs, one).min(all)
    }

    /// What undoes the steps inside a saga, all that are in it.
    fn undos_below(&self, step: usize) -> Vec<usize> {
        let mut found = Vec::new();
        for inside in &self.inside[step] {
            found.extend(&self.undos[*inside]);
            found.extend(self.undos_below(*inside));
        }
        found
    }

    // ----- how often -----

    fn often(&self, step: usize, attempts: Bound<u32>, executions: Bound<u64>, often: &mut Often) {
        for undo in &self.undos[step] {
            self.often(*undo, attempts, executions, often);
        }
        let (tries, runs) = again(self.load(step));
        let (attempts, executions) = (times(attempts, tries), times(executions, runs));
        if let Load::Leaf { .. } | Load::Unknown = self.load(step) {
            often.attempts = often.attempts.max(attempts);
            often.executions = often.executions.max(executions);
        }
        for inside in &self.inside[step] {
            self.often(*inside, attempts, executions, often);
        }
    }

    // ----- how long -----

    /// How long a step takes. What undoes the sagas in it is left out if they hand that to a saga around them, which counts it.
    fn longest(&self, step: usize, in_saga: bool) -> Bound<Duration> {
        let load = self.load(step);
        let in_saga = in_saga && !self.is_apart(step);
        let inside = &self.inside[step];
        let each = || inside.iter().map(|step| self.longest(*step, in_saga));
        let body = || each().fold(Bound::of(Duration::ZERO), add_time);
        match load {
            Load::Leaf { time } => time,
            Load::Row | Load::Apart => body(),
            Load::Saga if in_saga => body(),
            Load::Saga => {
                let body = inside.iter().map(|step| self.longest(*step, true));
                body.fold(self.undoing(step, Bound::of(1)), add_time)
            }
            Load::One => each().max().unwrap_or(Bound::of(Duration::ZERO)),
            Load::Peers { lets, .. } => side_by_side(each(), lets.min(inside.len())),
            Load::Items { waits: false, .. } => repeated(body(), Bound::NONE),
            Load::Items { waits: true, .. } | Load::Policy { .. } | Load::Unknown => Bound::NONE,
            Load::Attempts { attempts, waits, within } => {
                let all = add_time(repeated(body(), attempts.map(u64::from).into()), waits);
                all.min(add_time(within, body()))
            }
            Load::Rounds { rounds, waits } => add_time(repeated(body(), rounds.map(u64::from).into()), waits),
            Load::Beside { attempts, delay } => {
                let further = attempts.map(|attempts| u64::from(attempts.saturating_sub(1)));
                add_time(repeated(delay, further.into()), body())
            }
            Load::Within { time } => time.min(body()),
            Load::Gate { wait, .. } => add_time(wait, body()),
        }
    }

    /// What undoes the steps inside, so often as they have run, one after another.
    fn undoing(&self, step: usize, runs: Bound<u64>) -> Bound<Duration> {
        let mut sum = Bound::of(Duration::ZERO);
        for inside in self.inside[step].iter().copied() {
            for undo in &self.undos[inside] {
                sum = add_time(sum, repeated(self.longest(*undo, false), runs));
            }
            if !self.is_apart(inside) {
                sum = add_time(sum, self.undoing(inside, times(runs, again(self.load(inside)).1)));
            }
        }
        sum
    }

    /// Whether sagas in a step are over when they succeed, and hand on nothing.
    fn is_apart(&self, step: usize) -> bool {
        let goes_on = matches!(self.load(step), Load::Apart | Load::Attempts { .. } | Load::Rounds { .. });
        goes_on || self.graph.nodes[step].is_embedded
    }
}

/// So many at once, each of which begins when one before it has ended, in order. That one takes less makes none begin later, so the
/// worst case is the one in which each takes as long as it can.
fn side_by_side(each: impl Iterator<Item = Bound<Duration>>, at_once: usize) -> Bound<Duration> {
    let mut free_at = vec![Bound::of(Duration::ZERO); at_once];
    for time in each {
        if let Some(first) = free_at.iter_mut().min() {
            *first = add_time(*first, time);
        }
    }
    free_at.into_iter().max().unwrap_or(Bound::of(Duration::ZERO))
}

/// How many attempts there are of what is inside, and how often it runs.
fn again(load: Load) -> (Bound<u32>, Bound<u64>) {
    let (tries, runs) = match load {
        Load::Attempts { attempts, .. } | Load::Beside { attempts, .. } | Load::Policy { runs: attempts } => {
            (attempts, *attempts)
        }
        Load::Rounds { rounds, .. } => (Bound::of(1), *rounds),
        Load::Items { .. } => (Bound::of(1), None),
        Load::Unknown => (Bound::NONE, None),
        Load::Leaf { .. }
        | Load::Row
        | Load::Apart
        | Load::Saga
        | Load::One
        | Load::Peers { .. }
        | Load::Within { .. }
        | Load::Gate { .. } => (Bound::of(1), Some(1)),
    };
    (tries, runs.map(u64::from).into())
}

/// What counts, with a zero.
trait Count: Copy + Ord + Default {
    fn plus(self, other: Self) -> Option<Self>;
    fn times(self, other: Self) -> Option<Self>;
}

macro_rules! counts {
    ($($number:ident)*) => {$(
        impl Count for $number {
            fn plus(self, other: Self) -> Option<Self> {
                self.checked_add(other)
            }

            fn times(self, other: Self) -> Option<Self> {
                self.checked_mul(other)
            }
        }
    )*};
}

counts!(u32 u64 usize);

fn add<T: Count>(one: Bound<T>, other: Bound<T>) -> Bound<T> {
    one.zip(*other).and_then(|(one, other)| one.plus(other)).into()
}

/// No end of nothing is nothing.
fn times<T: Count>(one: Bound<T>, other: Bound<T>) -> Bound<T> {
    let zero = Bound::of(T::default());
    if one == zero || other == zero {
        return zero;
    }
    one.zip(*other).and_then(|(one, other)| one.times(other)).into()
}

fn add_time(one: Bound<Duration>, other: Bound<Duration>) -> Bound<Duration> {
    one.zip(*other).and_then(|(one, other)| one.checked_add(other)).into()
}

/// So often as long.
pub(crate) fn repeated(time: Bound<Duration>, often: Bound<u64>) -> Bound<Duration> {
    if time == Some(Duration::ZERO) || often == Some(0) {
        return Bound::of(Duration::ZERO);
    }
    let nanos = time.zip(*often).and_then(|(time, often)| time.as_nanos().checked_mul(u128::from(often)));
    nanos.and_then(from_nanos).into()
}

fn from_nanos(nanos: u128) -> Option<Duration> {
    const PER_SECOND: u128 = 1_000_000_000;
    Some(Duration::new(u64::try_from(nanos / PER_SECOND).ok()?, (nanos % PER_SECOND) as u32))
}
