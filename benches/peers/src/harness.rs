//! Checks, counts and times the ways to do one shape, in turn within one process, and prints a row for each.

use std::future::Future;
use std::hint::black_box;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::allocations;

// Many short rounds: where others use the machine too, most rounds are over before one of them is let in between.
const ROUNDS: usize = 301;
const ROUND: Duration = Duration::from_millis(1);
const COUNTED: u32 = 100;

/// One shape, and the ways to do it. The first is this library's, and the others' times are held against it.
pub struct Shape<'a> {
    name: &'a str,
    ways: Vec<Box<dyn Way + 'a>>,
}

impl<'a> Shape<'a> {
    /// A shape that nobody does yet.
    pub fn new(name: &'a str) -> Self {
        Shape { name, ways: Vec::new() }
    }

    /// Adds a way to do it, `run`, whose answer is right if `right` says so.
    pub fn with<F: Future>(
        mut self,
        name: &'a str,
        run: impl Fn() -> F + 'a,
        right: impl Fn(F::Output) -> bool + 'a,
    ) -> Self {
        self.ways.push(Box::new(Runs { name, run, right }));
        self
    }

    /// Prints the rows of this shape.
    pub fn measure(self, runtime: &Runtime, wanted: &[String]) {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| self.name.contains(wanted.as_str())) {
            return;
        }
        let ways = self.ways;
        let check = || {
            for way in &ways {
                assert!(
                    way.run(runtime, 1, true).right,
                    "`{}` with {}: a wrong answer",
                    self.name,
                    way.name()
                );
            }
        };
        check();
        let counted: Vec<f64> = ways
            .iter()
            .map(|way| way.run(runtime, COUNTED, false).allocations / f64::from(COUNTED))
            .collect();
        let times: Vec<u32> = ways.iter().map(|way| times(&**way, runtime)).collect();
        let mut spent = vec![Vec::new(); ways.len()];
        for round in 0..ROUNDS {
            for turn in 0..ways.len() {
                // Another first one each round, and back and forth, so that nobody always comes after the same one.
                let turn = if round % 2 == 0 { turn } else { ways.len() - 1 - turn };
                let at = (turn + round) % ways.len();
                spent[at].push(ways[at].run(runtime, times[at], false).nanoseconds / f64::from(times[at]));
            }
        }
        check();
        let spent: Vec<f64> = spent.into_iter().map(median).collect();
        for (at, way) in ways.iter().enumerate() {
            let shape = if at == 0 { format!("`{}`", self.name) } else { String::new() };
            println!(
                "| {shape} | {} | {} | {:.2} | {} |",
                way.name(),
                readable(spent[at]),
                spent[at] / spent[0],
                // Most are whole; a peer that keeps a ring or a bucket allocates once in a while.
                (counted[at] * 10.0).round() / 10.0,
            );
        }
    }
}

/// A way to do a shape, whatever its future is.
trait Way {
    fn name(&self) -> &str;

    /// Runs it so many times, and looks at the answers if asked to.
    fn run(&self, runtime: &Runtime, times: u32, check: bool) -> Outcome;
}

/// What some runs took, and whether their answers were right.
struct Outcome {
    nanoseconds: f64,
    allocations: f64,
    right: bool,
}

struct Runs<'a, Run, Right> {
    name: &'a str,
    run: Run,
    right: Right,
}

impl<Run, Right, F> Way for Runs<'_, Run, Right>
where
    Run: Fn() -> F,
    Right: Fn(F::Output) -> bool,
    F: Future,
{
    fn name(&self) -> &str {
        self.name
    }

    // The one place that awaits the future, for checks, counts and times: a future with one caller is inlined there, one
    // with three may not be, and a program awaits what it makes in one place.
    fn run(&self, runtime: &Runtime, times: u32, check: bool) -> Outcome {
        runtime.block_on(async {
            let mut right = true;
            let before = allocations::count();
            let start = Instant::now();
            for _ in 0..times {
                let answer = black_box((self.run)().await);
                if check {
                    right &= (self.right)(answer);
                }
            }
            Outcome {
                nanoseconds: start.elapsed().as_secs_f64() * 1e9,
                allocations: (allocations::count() - before) as f64,
                right,
            }
        })
    }
}

/// How many runs fill a round.
fn times(way: &dyn Way, runtime: &Runtime) -> u32 {
    let mut times = 1;
    while way.run(runtime, times, false).nanoseconds / 1e9 < ROUND.as_secs_f64() / 2.0 {
        times = times.saturating_mul(2);
    }
    times
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn readable(nanoseconds: f64) -> String {
    match nanoseconds {
        n if n < 1e3 => format!("{n:.1} ns"),
        n if n < 1e6 => format!("{:.2} µs", n / 1e3),
        n => format!("{:.2} ms", n / 1e6),
    }
}
