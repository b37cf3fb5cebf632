//! The token bucket: plain data, no clock, no lock. Time comes in, waits go out.
//!
//! It is the generic cell rate algorithm, which keeps one moment instead of a count and so needs no timer that fills anything: the
//! moment at which the bucket is full if nobody takes from it. Time is counted in *ticks*, of which a nanosecond has as many as
//! there are tokens in `per`. So a token is `per` in nanoseconds as ticks, whatever the rate, and nothing is ever rounded but the
//! wait of a run, upwards. (The crate `governor` has the same algorithm, in whole nanoseconds per token, on clocks of its own, and
//! without an order among those who wait.)

use std::time::{Duration, Instant};

/// Every number is at least one, the time above zero; the builder sees to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    pub(crate) rate: u32,
    pub(crate) per: Duration,
    pub(crate) burst: u32,
}

#[derive(Debug)]
pub(crate) struct Bucket {
    rate: Rate,
    /// A token, and as many as it holds, in ticks.
    token: u128,
    brim: u128,
    /// Tick zero; the time at which it was first looked at.
    epoch: Option<Instant>,
    /// The tick at which it is full.
    full: u128,
    /// Nothing is taken before this tick.
    paused: u128,
}

impl Bucket {
    pub(crate) fn new(rate: Rate) -> Self {
        let token = rate.per.as_nanos();
        Bucket { rate, token, brim: token * u128::from(rate.burst), epoch: None, full: 0, paused: 0 }
    }

    /// The tick of a time, on whatever clock it is. Times before the first are that.
    #[inline]
    fn tick(&mut self, now: Instant) -> u128 {
        let epoch = *self.epoch.get_or_insert(now);
        self.ticks(now.saturating_duration_since(epoch))
    }

    /// No time is longer than 584 years, so that one step multiplies it.
    #[inline]
    fn ticks(&self, time: Duration) -> u128 {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        u128::from(nanos) * u128::from(self.rate.rate)
    }

    fn tokens(&self, tokens: u64) -> u128 {
        self.token.saturating_mul(tokens.into())
    }

    /// The tick from which so many tokens are there, once all that are `ahead` of them have been taken.
    #[inline]
    fn due(&self, tick: u128, ahead: u64, cost: u32) -> u128 {
        let earliest = tick.max(self.paused);
        let taken = self.tokens(ahead.saturating_add(cost.into()));
        let due = self.full.max(earliest).saturating_add(taken).saturating_sub(self.brim);
        due.max(earliest)
    }

    /// How long it is until so many tokens are there, after those that are asked for `ahead`; zero if they are.
    pub(crate) fn time_to(&mut self, ahead: u64, cost: u32, now: Instant) -> Duration {
        let tick = self.tick(now);
        let nanos = (self.due(tick, ahead, cost) - tick).div_ceil(self.rate.rate.into());
        let seconds = u64::try_from(nanos / 1_000_000_000);
        // Below a thousand million.
        let rest = u32::try_from(nanos % 1_000_000_000).unwrap_or(0);
        seconds.map_or(Duration::MAX, |seconds| Duration::new(seconds, rest))
    }

    /// Takes so many tokens, if they are there.
    #[inline]
    pub(crate) fn take(&mut self, cost: u32, now: Instant) -> bool {
        let tick = self.tick(now);
        // A tick is below 2^96, a token below 2^94 and so many of them below 2^126; and it is never further than `burst` tokens
        // from being full. So nothing overflows.
        let full = self.full.max(tick) + self.token * u128::from(cost);
        let is_there = tick >= self.paused && full <= tick + self.brim;
        if is_there {
            self.full = full;
        }
        is_there
    }

    /// Nothing is taken for so long. A pause that lasts longer already stays.
    pub(crate) fn pause(&mut self, time: Duration, now: Instant) {
        let end = self.tick(now).saturating_add(self.ticks(time));
        self.paused = self.paused.max(end);
    }

    /// How many whole tokens there are.
    pub(crate) fn available(&mut self, now: Instant) -> u32 {
        let tick = self.tick(now);
        if tick < self.paused {
            return 0;
        }
        let lacks = self.full.saturating_sub(tick).div_ceil(self.token);
        self.rate.burst.saturating_sub(u32::try_from(lacks).unwrap_or(u32::MAX))
    }
}
