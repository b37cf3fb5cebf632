//! A circuit as data: for an engine whose runs are on many machines, and which keeps the state of a circuit where all of them can ask
//! for it.
//!
//! The times are since any start that all who ask agree on, such as the beginning of 1970.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Phase, State};
use crate::blocks::circuit::answers::{Admission, Look};
use crate::blocks::circuit::config::Config;
use crate::blocks::circuit::permit::Permit;
use crate::blocks::circuit::probing::{Lease, Lost, Probing};
use crate::blocks::circuit::rate::{Rate, Window};
use crate::blocks::circuit::window::{Recent, Tally};
use crate::blocks::circuit::{Breaker, BreakerState};
use crate::error::{BoxError, ErrorKind, LastFailure};
use crate::runtime::Report;

/// A circuit that can be written down between any two questions.
#[derive(Debug)]
pub struct KeptCircuit {
    state: State,
    start: Instant,
}

/// What it says to a run that arrives.
#[derive(Debug)]
pub enum Asked {
    /// It may go on, and shows this when it reports.
    Pass(u64),
    /// It is to ask again after so long at the latest.
    Wait(Duration),
    /// It is turned away.
    Reject(ErrorKind<Infallible>),
}

impl KeptCircuit {
    /// The options of a breaker, as JSON.
    #[must_use]
    pub fn settings(breaker: &Breaker) -> String {
        breaker.look(|state| {
            let Config { fail_max, rate, reset_timeout, probes, close_after, wait } = state.config;
            let rate = rate.map(|Rate { failure_rate, window, min_calls }| {
                let (calls, time) = match window {
                    Window::Calls(calls) => (Some(calls), None),
                    Window::Time(time) => (None, Some(written(time))),
                };
                json!({ "failure_rate": failure_rate, "calls": calls, "time": time, "min_calls": min_calls })
            });
            let times = if state.reset_timeouts.is_empty() { &[reset_timeout] } else { &*state.reset_timeouts };
            let times: Vec<Value> = times.iter().copied().map(written).collect();
            json!({
                "fail_max": fail_max, "rate": rate, "reset_timeouts": times, "probes": probes, "close_after": close_after,
                "wait": wait,
            })
            .to_string()
        })
    }

    /// A circuit with these options: a new one, or as it was [saved](Self::save).
    ///
    /// # Errors
    ///
    /// If it is none of these that is given.
    pub fn load(settings: &str, saved: Option<&str>) -> Result<Self, BoxError> {
        let (settings, saved) =
            (serde_json::from_str(settings)?, saved.map(serde_json::from_str).transpose()?);
        let start = Instant::now();
        let mut state = state(&settings).ok_or_else(|| format!("no options of a circuit: {settings}"))?;
        if let Some(saved) = saved {
            restore(&mut state, &saved, start).ok_or_else(|| format!("no state of a circuit: {saved}"))?;
        }
        Ok(KeptCircuit { state, start })
    }

    /// Its state, as JSON.
    #[must_use]
    pub fn save(&self) -> String {
        let state = &self.state;
        let time = |instant: Instant| written(instant.saturating_duration_since(self.start));
        let phase = match &state.phase {
            Phase::Closed => json!({ "is": "closed" }),
            Phase::Open { since } => json!({ "is": "open", "since": time(*since) }),
            Phase::HalfOpen(probing) => {
                let lease = |lease: &Lease| json!([lease.probe.bits(), time(lease.since)]);
                json!({
                    "is": "half-open", "leases": probing.leases.iter().map(lease).collect::<Vec<_>>(),
                    "successes": probing.successes, "rests": probing.rests.map(time),
                })
            }
            Phase::Isolated => json!({ "is": "isolated" }),
        };
        let recent = state.recent.as_deref().map(|recent| match recent {
            Recent::Runs(ring) => json!({
                "failed": ring.failed, "size": ring.size, "next": ring.next, "tally": tally(ring.tally),
            }),
            Recent::Time(buckets) => json!({
                "width": buckets.width, "origin": buckets.origin.map(time), "latest": buckets.latest,
                "buckets": buckets.buckets.map(tally), "tally": tally(buckets.tally),
            }),
        });
        json!({
            "phase": phase, "generation": state.generation, "opened": state.opened, "failures": state.failures,
            "recent": recent, "last_failure": state.last_failure.as_deref(), "last_lease": state.last_lease,
            "lost": json!([state.lost.in_a_row, state.lost.given_up, state.lost.patient]),
        })
        .to_string()
    }

    /// A run arrives.
    pub fn admit(&mut self, at: Duration) -> Asked {
        match self.state.admit(self.start + at, false, |_| false).0 {
            Admission::Admitted(permit) => Asked::Pass(permit.bits()),
            Admission::Waits(time) => Asked::Wait(time),
            Admission::Open(rejection) => Asked::Reject(ErrorKind::circuit_open(
                rejection.retry_after,
                rejection.last_failure.as_deref(),
            )),
            Admission::Isolated => Asked::Reject(ErrorKind::circuit_isolated()),
            Admission::HalfOpen | Admission::Joined | Admission::Rejected => {
                Asked::Reject(ErrorKind::CircuitHalfOpen)
            }
        }
    }

    /// A run ends that was let through. A permit that it has not given, or that is too old, counts as nothing.
    pub fn report(&mut self, permit: u64, report: Report, failure: &str, at: Duration) {
        let Some(permit) = Permit::of_bits(permit) else { return };
        let (state, now) = (&mut self.state, self.start + at);
        match report {
            Report::Succeeded | Report::Ignored if permit.is_probe() => {
                state.succeed_probe(permit, now);
            }
            Report::Succeeded | Report::Ignored => {
                if let Look::Decides = state.succeed(permit) {
                    state.succeed_at(permit, now);
                }
            }
            Report::Failed => {
                if let Look::Decides = state.fail(permit) {
                    state.fail_at(permit, now, LastFailure::new(failure.to_owned()));
                }
            }
            Report::Cancelled if permit.is_probe() => {
                state.cancel_probe(permit, false, now);
            }
            Report::Cancelled => {}
        }
    }

    /// Its state, for who looks at it.
    #[must_use]
    pub fn observe(&self, at: Duration) -> BreakerState {
        self.state.observe(self.start + at)
    }
}

fn written(time: Duration) -> Value {
    json!([time.as_secs(), time.subsec_nanos()])
}

fn read(time: &Value) -> Option<Duration> {
    let [seconds, nanos] = time.as_array()?.as_slice() else { return None };
    let nanos = u32::try_from(nanos.as_u64()?).ok().filter(|nanos| *nanos < 1_000_000_000)?;
    Some(Duration::new(seconds.as_u64()?, nanos))
}

fn tally(tally: Tally) -> [u64; 2] {
    [tally.runs, tally.failures]
}

fn read_tally(value: &Value) -> Option<Tally> {
    let (runs, failures) = (value.get(0)?.as_u64()?, value.get(1)?.as_u64()?);
    (failures <= runs).then_some(Tally { runs, failures })
}

fn number(value: &Value) -> Option<u32> {
    u32::try_from(value.as_u64()?).ok()
}

/// `null` is nothing; what is none is an error.
fn optional<T>(value: &Value, read: impl FnOnce(&Value) -> Option<T>) -> Option<Option<T>> {
    if value.is_null() { Some(None) } else { read(value).map(Some) }
}

fn state(settings: &Value) -> Option<State> {
    let count = |name: &str| number(&settings[name]).filter(|count| *count > 0);
    let rate = optional(&settings["rate"], |rate| {
        let window = match (number(&rate["calls"]), read(&rate["time"])) {
            (Some(calls), _) => Window::Calls(calls),
            (None, time) => Window::Time(time?),
        };
        Rate::of(rate["failure_rate"].as_f64(), Some(window), Some(number(&rate["min_calls"])?)).ok()?
    })?;
    let times: Option<Box<[Duration]>> = settings["reset_timeouts"].as_array()?.iter().map(read).collect();
    let times = times.filter(|times| times.iter().all(|time| !time.is_zero()))?;
    let config = Config {
        fail_max: count("fail_max")?,
        rate,
        reset_timeout: *times.first()?,
        probes: count("probes")?,
        close_after: count("close_after")?,
        wait: settings["wait"].as_bool()?,
    };
    Some(State::new(config).with_reset_timeouts(times))
}

fn restore(state: &mut State, saved: &Value, start: Instant) -> Option<()> {
    let time = |value: &Value| read(value).and_then(|time| start.checked_add(time));
    let phase = &saved["phase"];
    let entered = match phase["is"].as_str()? {
        "closed" => Phase::Closed,
        "open" => Phase::Open { since: time(&phase["since"])? },
        "half-open" => {
            let lease = |lease: &Value| {
                Some(Lease { probe: Permit::of_bits(lease.get(0)?.as_u64()?)?, since: time(lease.get(1)?)? })
            };
            Phase::HalfOpen(Probing {
                leases: phase["leases"].as_array()?.iter().map(lease).collect::<Option<_>>()?,
                successes: number(&phase["successes"])?,
                rests: optional(&phase["rests"], time)?,
            })
        }
        "isolated" => Phase::Isolated,
        _ => return None,
    };
    state.opened = usize::try_from(saved["opened"].as_u64()?).ok()?;
    if !state.reset_timeouts.is_empty() && state.opened > 0 {
        state.config.reset_timeout =
            state.reset_timeouts[(state.opened - 1).min(state.reset_timeouts.len() - 1)];
    }
    state.phase = entered;
    state.generation = saved["generation"].as_u64()?;
    state.failures = number(&saved["failures"])?;
    state.last_failure =
        optional(&saved["last_failure"], |text| text.as_str().map(str::to_owned))?.map(LastFailure::new);
    state.last_lease = saved["last_lease"].as_u64()?;
    let lost = &saved["lost"];
    state.lost = Lost {
        in_a_row: usize::try_from(lost[0].as_u64()?).ok()?,
        given_up: lost[1].as_bool()?,
        patient: lost[2].as_bool()?,
    };
    state.reported = state.kind();
    // With another window than before what is in it begins anew.
    if let Some(recent) = state.recent.as_deref_mut() {
        let _ = restore_recent(recent, &saved["recent"], start);
    }
    Some(())
}

fn restore_recent(recent: &mut Recent, saved: &Value, start: Instant) -> Option<()> {
    match recent {
        Recent::Runs(ring) if number(&saved["size"])? == ring.size => {
            let failed: Box<[u64]> =
                saved["failed"].as_array()?.iter().map(Value::as_u64).collect::<Option<_>>()?;
            let next = number(&saved["next"])?;
            let tally = read_tally(&saved["tally"])?;
            if failed.len() == ring.failed.len() && next < ring.size && tally.runs <= u64::from(ring.size) {
                (ring.failed, ring.next, ring.tally) = (failed, next, tally);
            }
        }
        Recent::Time(buckets) if saved["width"].as_u64()? == buckets.width => {
            let all: Vec<Tally> =
                saved["buckets"].as_array()?.iter().map(read_tally).collect::<Option<_>>()?;
            let origin = optional(&saved["origin"], |origin| start.checked_add(read(origin)?))?;
            let (latest, tally) = (saved["latest"].as_u64()?, read_tally(&saved["tally"])?);
            buckets.buckets = all.try_into().ok()?;
            (buckets.origin, buckets.latest, buckets.tally) = (origin, latest, tally);
        }
        _ => {}
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The circuit is written down and read again between any two calls of it, and says the same as one that is not.
    #[test]
    fn a_circuit_that_is_kept_says_what_one_in_memory_says() {
        let builders = [
            Breaker::builder().fail_max(2),
            Breaker::builder().fail_max(2).probes(2).close_after(3).wait(true),
            Breaker::builder().fail_max(1).reset_timeout(crate::retry::exponential(Duration::from_secs(2))),
            Breaker::builder().failure_rate(0.5).window(4).min_calls(2),
            Breaker::builder().failure_rate(0.3).window(Duration::from_secs(30)).min_calls(3),
        ];
        for (which, builder) in builders.into_iter().enumerate() {
            let settings = KeptCircuit::settings(&builder.reset_timeout(Duration::from_secs(5)).build());
            let mut random = fastrand::Rng::with_seed(which as u64);
            let mut whole = KeptCircuit::load(&settings, None).unwrap();
            let mut saved = whole.save();
            let (mut permits, mut at) = (Vec::new(), Duration::from_secs(1_800_000_000));
            let mut met = std::collections::BTreeSet::new();
            for step in 0..2_000 {
                at += Duration::from_millis(random.u64(..2_000));
                let mut kept = KeptCircuit::load(&settings, Some(saved.as_str())).unwrap();
                assert_eq!(
                    format!("{:?}", kept.observe(at)),
                    format!("{:?}", whole.observe(at)),
                    "{which} {step}"
                );
                met.insert(whole.observe(at).kind().as_str());
                if random.bool() || permits.is_empty() {
                    let (one, other) = (whole.admit(at), kept.admit(at));
                    assert_eq!(format!("{one:?}"), format!("{other:?}"), "{which} {step}");
                    if let Asked::Pass(permit) = one {
                        permits.push(permit);
                    }
                } else {
                    let permit = permits.swap_remove(random.usize(..permits.len()));
                    let report = [
                        Report::Succeeded,
                        Report::Failed,
                        Report::Failed,
                        Report::Ignored,
                        Report::Cancelled,
                    ][random.usize(..5)];
                    whole.report(permit, report, "no", at);
                    kept.report(permit, report, "no", at);
                }
                saved = kept.save();
                assert_eq!(saved, whole.save(), "{which} {step}");
            }
            assert_eq!(met.len(), 3, "{which}: {met:?}");
        }
    }

    #[test]
    fn what_is_no_circuit_is_an_error() {
        let settings = KeptCircuit::settings(&Breaker::new());
        assert!(KeptCircuit::load("{}", None).is_err());
        assert!(KeptCircuit::load(&settings, Some(r#"{ "phase": { "is": "ajar" } }"#)).is_err());
        assert!(
            KeptCircuit::load(&settings, Some(KeptCircuit::load(&settings, None).unwrap().save().as_str()))
                .is_ok()
        );
    }

    /// A breaker that was given another window goes on, with nothing in it.
    #[test]
    fn another_window_begins_anew() {
        let of = |calls: u32| {
            KeptCircuit::settings(&Breaker::builder().failure_rate(1.0).window(calls).min_calls(2).build())
        };
        let mut before = KeptCircuit::load(&of(4), None).unwrap();
        let Asked::Pass(permit) = before.admit(Duration::ZERO) else { panic!("it is closed") };
        before.report(permit, Report::Failed, "no", Duration::ZERO);
        let mut after = KeptCircuit::load(&of(3), Some(before.save().as_str())).unwrap();
        let Asked::Pass(permit) = after.admit(Duration::ZERO) else { panic!("it is closed") };
        after.report(permit, Report::Failed, "no", Duration::ZERO);
        assert!(matches!(after.admit(Duration::ZERO), Asked::Pass(_)), "one failure of two");
    }
}
