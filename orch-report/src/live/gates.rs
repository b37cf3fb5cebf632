//! How breakers and bulkheads are now.

use async_orch::{Breaker, BreakerState, Bulkhead};
use serde::Serialize;

#[derive(Debug, Default)]
pub(super) struct Gates(Vec<Gate>);

#[derive(Debug)]
enum Gate {
    Breaker(String, Breaker),
    Bulkhead(String, Bulkhead),
}

/// A row of the page.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Row<'a> {
    name: &'a str,
    kind: &'static str,
    /// What it is coloured by.
    state: &'static str,
    words: String,
}

impl Gates {
    pub(super) fn add_breaker(&mut self, name: String, breaker: Breaker) {
        self.0.push(Gate::Breaker(name, breaker));
    }

    pub(super) fn add_bulkhead(&mut self, name: String, bulkhead: Bulkhead) {
        self.0.push(Gate::Bulkhead(name, bulkhead));
    }

    pub(super) fn rows(&self) -> Vec<Row<'_>> {
        self.0.iter().map(Gate::row).collect()
    }
}

impl Gate {
    fn row(&self) -> Row<'_> {
        match self {
            Gate::Breaker(name, breaker) => {
                let state = breaker.state();
                let mut words = state.kind().to_string();
                match (state, breaker.failures()) {
                    (BreakerState::Open { retry_after }, _) if !retry_after.is_zero() => {
                        words += &format!(", a probe in {} s", retry_after.as_secs_f64().ceil());
                    }
                    (BreakerState::Open { .. }, _) => words += ", the next run is a probe",
                    (_, 1) => words += ", 1 failure in a row",
                    (_, failures @ 2..) => words += &format!(", {failures} failures in a row"),
                    _ => {}
                }
                let state = match state.kind().as_str() {
                    "isolated" => "open",
                    state => state,
                };
                Row { name, kind: "breaker", state, words }
            }
            Gate::Bulkhead(name, bulkhead) => {
                let (used, max, waiting) = (bulkhead.in_use(), bulkhead.max(), bulkhead.waiting());
                let mut words = format!("{used} of {max} places taken");
                if waiting > 0 {
                    words += &format!(", {waiting} waiting");
                }
                let state = match () {
                    () if bulkhead.is_closed() => {
                        words += ", closed";
                        "open"
                    }
                    () if used < max => "closed",
                    () => "half-open",
                };
                Row { name, kind: "bulkhead", state, words }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_is_said_in_words_and_in_a_colour() {
        let mut gates = Gates::default();
        let (breaker, bulkhead) = (Breaker::new(), Bulkhead::new(3));
        gates.add_breaker("host".into(), breaker.clone());
        gates.add_bulkhead("pool".into(), bulkhead.clone());
        let said =
            |gates: &Gates| gates.rows().into_iter().map(|row| (row.state, row.words)).collect::<Vec<_>>();
        assert_eq!(
            said(&gates),
            [("closed", "closed".to_owned()), ("closed", "0 of 3 places taken".to_owned())]
        );
        breaker.isolate();
        bulkhead.close();
        assert_eq!(
            said(&gates),
            [("open", "isolated".to_owned()), ("open", "0 of 3 places taken, closed".to_owned())]
        );
        breaker.reset();
        breaker.force_open();
        assert!(said(&gates)[0].1.starts_with("open, a probe in "), "{:?}", said(&gates));
    }
}
