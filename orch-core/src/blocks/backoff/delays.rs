//! The delays between the runs of a body: the attempts of a `retry`, the rounds of a `repeat`.
//!
//! The option `backoff` takes one of the words here or any [`backon::BackoffBuilder`] that is `Clone`: backon's own, a
//! list of delays (`[Duration; 3]::into_iter()`), an iterator. It is kept in the pipeline and cloned for the first wait
//! of each run.
//!
//! **When the delays end, so do the attempts or rounds.** backon's builders give three delays unless told otherwise
//! (`without_max_times()`), and no delay above a minute (`without_max_delay()`). The words here never end and are not
//! capped: that is for `max_attempts`, `max_rounds` and `max_delay` to say.
//!
//! They are not backon's builders because those compute in `f32`, where twice 100 ms is 200.000003 ms, and carry a random
//! number generator, which would be the larger part of a retry's future.

use std::fmt;
use std::time::Duration;

use backon::BackoffBuilder;

/// What can be given as `backoff`: a [`backon::BackoffBuilder`] that is `Clone`, as the words here are.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the delays of a `backoff`",
    label = "not a backoff",
    note = "write `constant(d)`, `exponential(base)` or `fibonacci(base)`, or a `backon::BackoffBuilder` that is `Clone`"
)]
// It holds for types of every crate: shown, it would stand in the documentation of each of them.
#[doc(hidden)]
pub trait IntoBackoff<Delays> {
    /// The delays of one run, from the first one on.
    fn delays(&self) -> Delays;

    /// The next of them; `None` at their end.
    fn next(delays: &mut Delays) -> Option<Duration>;
}

#[diagnostic::do_not_recommend]
impl<B: BackoffBuilder + Clone> IntoBackoff<B::Backoff> for B {
    fn delays(&self) -> B::Backoff {
        self.clone().build()
    }

    fn next(delays: &mut B::Backoff) -> Option<Duration> {
        delays.next()
    }
}

/// As [`IntoBackoff`], of which the compiler would list the implementations.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the delays of a `backoff`",
    label = "not a backoff",
    note = "write `constant(d)`, `exponential(base)` or `fibonacci(base)`, or a `backon::BackoffBuilder` that is `Clone`"
)]
#[doc(hidden)]
pub trait CanBeABackoff<D>: Sized {
    /// What it is as the option.
    fn given(value: Self) -> Backoff<Self, D>;
}

#[diagnostic::do_not_recommend]
impl<T: IntoBackoff<D>, D> CanBeABackoff<D> for T {
    #[inline(always)]
    fn given(value: T) -> Backoff<T, D> {
        Backoff::new(value)
    }
}

/// By what an [`exponential_by`] grows: what converts into an `f64`, of which the compiler would list all types.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the factor of a `backoff`",
    label = "expected an `f64`, or what converts into one"
)]
#[doc(hidden)]
pub trait CanBeAFactor: Sized {
    /// The factor.
    fn given(value: Self) -> f64;
}

#[diagnostic::do_not_recommend]
impl<T: Into<f64>> CanBeAFactor for T {
    #[inline(always)]
    fn given(value: T) -> f64 {
        value.into()
    }
}

/// A `backoff`, with the proof that it is one: a bound asked again further on would be an error again.
pub struct Backoff<B, D> {
    builder: B,
    delays: fn(&B) -> D,
    next: fn(&mut D) -> Option<Duration>,
}

impl<B: IntoBackoff<D>, D> Backoff<B, D> {
    /// Holds the proof.
    pub fn new(builder: B) -> Self {
        Backoff { builder, delays: B::delays, next: B::next }
    }
}

impl<B: Clone, D> Clone for Backoff<B, D> {
    fn clone(&self) -> Self {
        Backoff { builder: self.builder.clone(), delays: self.delays, next: self.next }
    }
}

impl<B, D> Backoff<B, D> {
    /// The next delay of a run, whose delays are made for the first.
    pub(super) fn next(&self, delays: &mut Option<D>) -> Option<Duration> {
        (self.next)(delays.get_or_insert_with(|| (self.delays)(&self.builder)))
    }
}

impl<B: fmt::Debug, D> fmt::Debug for Backoff<B, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.builder.fmt(f)
    }
}

/// The same delay each time: `constant(d)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    delay: Duration,
}

/// The same delay each time.
///
/// ```
/// use std::time::Duration;
/// use async_orch::retry::constant;
///
/// let delays: Vec<_> = constant(Duration::from_secs(1)).take(3).map(|delay| delay.as_secs()).collect();
/// assert_eq!(delays, [1, 1, 1]);
/// ```
pub const fn constant(delay: Duration) -> Constant {
    Constant { delay }
}

impl Iterator for Constant {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        Some(self.delay)
    }
}

/// Each delay a multiple of the one before: `exponential(base)`, `exponential(base, factor)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Exponential {
    next: Duration,
    factor: f64,
}

/// `base`, and each delay twice the one before.
///
/// ```
/// use std::time::Duration;
/// use async_orch::retry::exponential;
///
/// let delays: Vec<_> = exponential(Duration::from_millis(100)).take(4).map(|delay| delay.as_millis()).collect();
/// assert_eq!(delays, [100, 200, 400, 800]);
/// ```
pub const fn exponential(base: Duration) -> Exponential {
    Exponential { next: base, factor: 2.0 }
}

/// `base`, and each delay `factor` times the one before, to the nearest nanosecond.
///
/// ```
/// use std::time::Duration;
/// use async_orch::retry::exponential_by;
///
/// let delays: Vec<_> = exponential_by(Duration::from_secs(2), 1.5).take(3).map(|delay| delay.as_secs_f64()).collect();
/// assert_eq!(delays, [2.0, 3.0, 4.5]);
/// ```
///
/// # Panics
///
/// If `factor` is negative, infinite or not a number.
#[track_caller]
pub fn exponential_by(base: Duration, factor: impl Into<f64>) -> Exponential {
    let factor = factor.into();
    assert!(factor.is_finite() && factor >= 0.0, "the factor of a `backoff` cannot be {factor}");
    Exponential { next: base, factor }
}

impl Iterator for Exponential {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let delay = self.next;
        self.next = Duration::try_from_secs_f64(delay.as_secs_f64() * self.factor).unwrap_or(Duration::MAX);
        Some(delay)
    }
}

/// Each delay the sum of the two before: `fibonacci(base)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fibonacci {
    previous: Duration,
    next: Duration,
}

/// `base` twice, and each further delay the sum of the two before.
///
/// ```
/// use std::time::Duration;
/// use async_orch::retry::fibonacci;
///
/// let delays: Vec<_> = fibonacci(Duration::from_secs(1)).take(6).map(|delay| delay.as_secs()).collect();
/// assert_eq!(delays, [1, 1, 2, 3, 5, 8]);
/// ```
pub const fn fibonacci(base: Duration) -> Fibonacci {
    Fibonacci { previous: Duration::ZERO, next: base }
}

impl Iterator for Fibonacci {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let delay = self.next;
        self.next = delay.saturating_add(self.previous);
        self.previous = delay;
        Some(delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Duration = Duration::from_millis(100);

    #[test]
    fn retry_1_the_words_saturate_and_never_end() {
        let words: [&mut dyn Iterator<Item = Duration>; 4] = [
            &mut constant(Duration::MAX),
            &mut exponential(BASE),
            &mut exponential_by(BASE, 1e300),
            &mut fibonacci(BASE),
        ];
        for delays in words {
            assert_eq!(delays.nth(100_000), Some(Duration::MAX));
            assert_eq!(delays.next(), Some(Duration::MAX));
        }
        assert_eq!(exponential(Duration::ZERO).nth(100_000), Some(Duration::ZERO));
        assert_eq!(exponential_by(Duration::MAX, 0).nth(1), Some(Duration::ZERO));
    }

    #[test]
    fn doubling_is_exact() {
        let mut delays = exponential(BASE);
        for k in 0..26 {
            assert_eq!(delays.next(), Some(BASE * 2_u32.pow(k)));
        }
    }

    #[test]
    fn a_factor_may_be_a_whole_number() {
        assert_eq!(exponential_by(BASE, 3).nth(2), Some(9 * BASE));
        assert_eq!(exponential_by(BASE, 3_u32).nth(2), Some(9 * BASE));
        assert_eq!(exponential_by(BASE, 0.5_f32).nth(1), Some(BASE / 2));
    }

    #[test]
    fn impossible_factors_panic() {
        for factor in [-1.0, f64::INFINITY, f64::NAN] {
            assert!(std::panic::catch_unwind(|| exponential_by(BASE, factor)).is_err());
        }
    }
}
