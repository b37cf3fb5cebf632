//! How long a step can take at most, by the literals in it; `None` where nothing ends it.

use std::time::Duration;

use orch_syntax::ast::{Block, Item, Step};

use super::values::{Backoff, Given, count, head, time, waits};

/// A `retry` without the option.
pub(super) const ATTEMPTS: u32 = 3;
/// A `hedge` without the option.
pub(super) const HEDGED: u32 = 2;

/// The `reset_timeout` of a `circuit` without the option.
pub(super) const RESET: Duration = Duration::from_secs(60);

/// The backoff of a `retry` that is given none.
pub(super) fn of_retry() -> Backoff {
    Backoff::exponential(Duration::from_millis(100))
}

/// The backoff of a `repeat` that is given none.
pub(super) fn of_repeat() -> Backoff {
    Backoff::constant(Duration::ZERO)
}

pub(super) fn longest(step: &Step) -> Option<Duration> {
    match step {
        // It cannot wait.
        Step::Inline(inline) if inline.async_token.is_none() => Some(Duration::ZERO),
        Step::Block(block) => of_block(block),
        // What undoes a step has all the time that it needs.
        Step::Leaf(_) | Step::Inline(_) | Step::Embed(_) | Step::Undo(_) | Step::Hole(_) => None,
    }
}

/// All the steps of a body, one after another.
pub(super) fn of_body(block: &Block) -> Option<Duration> {
    steps(block).try_fold(Duration::ZERO, |sum, step| Some(sum.saturating_add(longest(step)?)))
}

/// So many steps at once, each of which begins when one before it has ended, in order.
fn side_by_side(block: &Block, at_once: u32) -> Option<Duration> {
    let places = steps(block).take(at_once as usize).count();
    let mut free_at = vec![Duration::ZERO; places];
    for step in steps(block) {
        let first = free_at.iter_mut().min()?;
        *first = first.saturating_add(longest(step)?);
    }
    Some(free_at.into_iter().max().unwrap_or_default())
}

/// The longest of them.
fn of_peers(block: &Block) -> Option<Duration> {
    steps(block).try_fold(Duration::ZERO, |most, step| Some(most.max(longest(step)?)))
}

fn steps(block: &Block) -> impl Iterator<Item = &Step> {
    block.body.iter().filter_map(Item::step)
}

fn of_block(block: &Block) -> Option<Duration> {
    match block.spec.keyword {
        "seq" | "catch" | "settle" | "when" | "fallback" => of_body(block),
        "timeout" => match (head(block), of_body(block)) {
            (Some(limit), Some(body)) => Some(limit.min(body)),
            (limit, body) => limit.or(body),
        },
        "race" | "choose" => of_peers(block),
        "par" => side_by_side(block, count(block, "limit").or(u32::MAX)?),
        "retry" => {
            let attempts = count(block, "max_attempts").or(ATTEMPTS)?;
            let body = of_body(block)?;
            // An error may ask for a longer wait.
            if block.option("retry_after").is_some() {
                return None;
            }
            let waits = waits(block, attempts, of_retry(), "full")?.most();
            let all = body.saturating_mul(attempts).saturating_add(waits);
            Some(match time(block, "max_elapsed") {
                Given::Known(elapsed) => all.min(elapsed.saturating_add(body)),
                Given::No | Given::Unknown => all,
            })
        }
        "repeat" => {
            let rounds = count(block, "max_rounds").known()?;
            let waits = waits(block, rounds, of_repeat(), "none")?.most();
            Some(of_body(block)?.saturating_mul(rounds).saturating_add(waits))
        }
        "hedge" => {
            let attempts = count(block, "max_attempts").or(HEDGED)?;
            Some(head(block)?.saturating_mul(attempts.saturating_sub(1)).saturating_add(of_body(block)?))
        }
        "circuit" if block.option("wait").is_none() && block.option("breaker").is_none() => of_body(block),
        // Who knows how many items there are, how long one waits before a gate, or what a policy does.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use orch_core::__private_0_1_0::Load;
    use orch_core::__private_0_1_0::written::load;

    use super::*;

    /// What an option is that is not given stands in the core, and here once more.
    #[test]
    fn defaults_are_those_of_the_core() {
        let Load::Attempts { attempts, .. } = load("retry", &[]) else { panic!("attempts") };
        assert_eq!(attempts, Some(ATTEMPTS));
        let Load::Beside { attempts, .. } = load("hedge", &[("", "1s")]) else { panic!("attempts") };
        assert_eq!(attempts, Some(HEDGED));
    }
}
