//! The lints: each says of a block what in it, where it stands, has no effect or cannot do what it is for.

use std::ops::Range;
use std::time::Duration;

use orch_syntax::ast::{Block, Item, Pipeline, Step};

use super::time::{ATTEMPTS, HEDGED, RESET, longest, of_body, of_repeat, of_retry};
use super::values::{Backoff, Given, Waits, count, duration, head, shown, time, total, waits, written};
use crate::source::range;

/// A lint: its name, and what it is about.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Lint {
    /// As it is written after `orch::`.
    pub name: &'static str,
    /// What it finds, in one sentence.
    pub about: &'static str,
    find: fn(&Block, &Within<'_>) -> Option<Finding>,
}

/// All lints, in the order in which they are documented.
pub static LINTS: &[Lint] = &[
    Lint {
        name: "retry_exceeds_timeout",
        about: "the attempts of a `retry` and the waits between them take longer than the `timeout` around it",
        find: retry_exceeds_timeout,
    },
    Lint {
        name: "repeat_exceeds_timeout",
        about: "the rounds of a `repeat` and the waits between them take longer than the `timeout` around it",
        find: repeat_exceeds_timeout,
    },
    Lint {
        name: "timeout_without_effect",
        about: "a `timeout` is as long as one around it, or longer",
        find: timeout_without_effect,
    },
    Lint {
        name: "hedge_without_effect",
        about: "the `timeout` around a `hedge` ends before an attempt is slow enough for another one",
        find: hedge_without_effect,
    },
    Lint {
        name: "wait_without_effect",
        about: "the `max_wait` or `max_elapsed` of a block is as long as the `timeout` around it, or longer",
        find: wait_without_effect,
    },
    Lint {
        name: "reset_below_timeout",
        about: "a `circuit` probes before a call that it let through may have ended by its `timeout`",
        find: reset_below_timeout,
    },
    Lint {
        name: "retry_in_hedge",
        about: "each attempt of a `hedge` tries again by itself",
        find: retry_in_hedge,
    },
    Lint {
        name: "limit_without_effect",
        about: "the `limit` of a `par` is greater than the number of its children",
        find: limit_without_effect,
    },
    Lint {
        name: "one_attempt",
        about: "a `retry` with one attempt, which never tries again",
        find: one_attempt,
    },
    Lint {
        name: "backoff_above_max_delay",
        about: "a `backoff` that grows begins above its `max_delay`",
        find: backoff_above_max_delay,
    },
];

/// Something that a lint has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The lint.
    pub lint: &'static str,
    /// Where, in bytes.
    pub place: Range<usize>,
    /// Where the keyword of its block begins. It is allowed there too.
    pub block: usize,
    /// What is so.
    pub message: String,
    /// What it is so because of, and what that is.
    pub because: Option<(Range<usize>, String)>,
    /// What to do.
    pub help: String,
}

/// The blocks around a block, the outermost first.
struct Within<'b> {
    around: Vec<&'b Block>,
}

impl<'b> Within<'b> {
    fn nearest(&self, keyword: &str) -> Option<&'b Block> {
        self.around.iter().rev().find(|block| block.spec.keyword == keyword).copied()
    }

    /// The shortest `timeout` around, and how long it is.
    fn timeout(&self) -> Option<(&'b Block, Duration)> {
        let timeouts = self.around.iter().filter(|block| block.spec.keyword == "timeout");
        timeouts.filter_map(|block| Some((*block, head(block)?))).min_by_key(|(_, time)| *time)
    }
}

/// What the lints find in a pipeline, in the order of the text.
#[must_use]
pub fn findings(pipeline: &Pipeline) -> Vec<Finding> {
    let mut found = Vec::new();
    step(&pipeline.root, &Within { around: Vec::new() }, &mut found);
    found.sort_by_key(|finding| finding.place.start);
    found
}

fn step(of: &Step, within: &Within<'_>, found: &mut Vec<Finding>) {
    match of {
        Step::Block(block) => {
            for lint in LINTS {
                let finding = (lint.find)(block, within);
                found.extend(finding.map(|finding| Finding { lint: lint.name, ..finding }));
            }
            let mut around = within.around.clone();
            around.push(block);
            let inside = Within { around };
            for inner in block.body.iter().filter_map(Item::step) {
                step(inner, &inside, found);
            }
        }
        Step::Undo(undo) => {
            step(&undo.step, within, found);
            // It runs when what is around is over.
            step(&undo.undo, &Within { around: Vec::new() }, found);
        }
        Step::Leaf(_) | Step::Inline(_) | Step::Embed(_) | Step::Hole(_) => {}
    }
}

/// A finding at the keyword of a block; the lint's name is added by who asked it.
fn at(block: &Block, message: String, because: Option<(&Block, String)>, help: &str) -> Option<Finding> {
    Some(Finding {
        lint: "",
        place: range(block.keyword.span()),
        block: range(block.keyword.span()).start,
        message,
        because: because.map(|(block, what)| (range(block.keyword.span()), what)),
        help: help.to_owned(),
    })
}

/// The same, at an option of it.
fn at_option(block: &Block, name: &str, finding: Option<Finding>) -> Option<Finding> {
    let place = block.option(name).map(|option| range(option.name.span()));
    finding.map(|finding| Finding { place: place.unwrap_or(finding.place.clone()), ..finding })
}

fn retry_exceeds_timeout(block: &Block, within: &Within<'_>) -> Option<Finding> {
    (block.spec.keyword == "retry").then_some(())?;
    let attempts = count(block, "max_attempts").or(ATTEMPTS).filter(|attempts| *attempts > 1)?;
    let waits = waits(block, attempts, of_retry(), "full")?;
    let help = "make the outer `timeout` longer, or the attempts fewer or shorter";
    exceeds(block, within, "attempt", attempts, &waits, time(block, "max_elapsed"), help)
}

fn repeat_exceeds_timeout(block: &Block, within: &Within<'_>) -> Option<Finding> {
    (block.spec.keyword == "repeat").then_some(())?;
    let rounds = count(block, "max_rounds").known().filter(|rounds| *rounds > 1)?;
    let waits = waits(block, rounds, of_repeat(), "none")?;
    let help = "make the outer `timeout` longer, or the rounds fewer or shorter";
    exceeds(block, within, "round", rounds, &waits, Given::No, help)
}

/// Whether so many runs of a body and the waits between them take longer than the `timeout` around.
fn exceeds(
    block: &Block,
    within: &Within<'_>,
    run: &str,
    runs: u32,
    waits: &Waits,
    elapsed: Given<Duration>,
    help: &str,
) -> Option<Finding> {
    let (timeout, limit) = within.timeout()?;
    // Where it is not known, nobody knows how many begin.
    if elapsed == Given::Unknown {
        return None;
    }
    let around = format!("ends after {}", shown(limit));
    let ends = format!("the `timeout({})` around them", written(limit));
    if let Some(body) = of_body(block).filter(|body| !body.is_zero()) {
        let all = body.saturating_mul(runs).saturating_add(waits.most());
        // After that none begins.
        let last = elapsed.known().map_or(Duration::MAX, |elapsed| elapsed.saturating_add(body));
        if all.min(last) <= limit {
            return None;
        }
        let waits = match named(waits) {
            Some(waits) => format!(" and {waits}"),
            None => String::new(),
        };
        let come = if last < all { "and `max_elapsed` let them take" } else { "come to" };
        let message = format!(
            "{runs} {run}s of up to {}{waits} {come} {}; {ends} ends them before",
            shown(body),
            shown(all.min(last))
        );
        return at(block, message, Some((timeout, around)), help);
    }
    let certain = waits.certain(elapsed.or(Duration::MAX)?);
    let runs = certain.len() + 1;
    let least = total(&certain);
    if least < limit {
        return None;
    }
    let named =
        if (2..=FEW).contains(&certain.len()) { format!(", {},", sum(&certain)) } else { String::new() };
    let at_least = if waits.are_certain() { "" } else { "at least " };
    let message = format!(
        "the waits between {runs} {run}s alone{named} come to {at_least}{}; {ends} ends them before",
        shown(least)
    );
    at(block, message, Some((timeout, around)), help)
}

/// So many times are told one by one.
const FEW: usize = 4;

fn named(waits: &Waits) -> Option<String> {
    let most = waits.most();
    if most.is_zero() {
        return None;
    }
    let what = if waits.all.len() == 1 { "a wait" } else { "waits" };
    let to = if waits.are_certain() { "" } else { " up to" };
    Some(format!("{what} of{to} {}", sum(&waits.all)))
}

/// Times with a `+` between any two, or only what they come to.
fn sum(all: &[Duration]) -> String {
    if all.len() > FEW {
        return format!("{} in all", shown(total(all)));
    }
    all.iter().map(|time| shown(*time)).collect::<Vec<_>>().join(" + ")
}

fn timeout_without_effect(block: &Block, within: &Within<'_>) -> Option<Finding> {
    (block.spec.keyword == "timeout").then_some(())?;
    let (outer, limit) = within.timeout()?;
    let own = head(block).filter(|own| *own >= limit)?;
    let ends = if own == limit { "is as short" } else { "ends first" };
    let message = format!("this `timeout({})` never ends anything: the one around it {ends}", written(own));
    at(block, message, Some((outer, format!("ends after {}", shown(limit)))), "remove it, or make it shorter")
}

fn hedge_without_effect(block: &Block, within: &Within<'_>) -> Option<Finding> {
    (block.spec.keyword == "hedge").then_some(())?;
    let (outer, limit) = within.timeout()?;
    let delay = head(block).filter(|delay| *delay >= limit)?;
    let message = format!(
        "no attempt is slow for as long as {}: the `timeout` around ends first, and another attempt begins only where one fails",
        shown(delay)
    );
    at(
        block,
        message,
        Some((outer, format!("ends after {}", shown(limit)))),
        "make the delay shorter than the `timeout`; to try again after a failure is what `retry` is for",
    )
}

fn wait_without_effect(block: &Block, within: &Within<'_>) -> Option<Finding> {
    let name = ["max_wait", "max_elapsed"].into_iter().find(|name| block.option(name).is_some())?;
    let (outer, limit) = within.timeout()?;
    let own = time(block, name).known().filter(|own| *own >= limit)?;
    let message = format!("`{name}` is never reached: the `timeout` around ends before {}", shown(own));
    let because = Some((outer, format!("ends after {}", shown(limit))));
    at_option(block, name, at(block, message, because, "remove it, or make it shorter than the `timeout`"))
}

fn reset_below_timeout(block: &Block, within: &Within<'_>) -> Option<Finding> {
    if block.spec.keyword != "circuit" || block.option("breaker").is_some() {
        return None;
    }
    let reset = match block.option("reset_timeout") {
        None => RESET,
        Some(option) => {
            let value = option.value.as_ref()?;
            duration(value).or_else(|| Backoff::of(value).map(|backoff| backoff.base()))?
        }
    };
    let (timeout, own) = longest_timeout(block, Duration::MAX)?;
    // Where something else in it may take any time, as long as that.
    let call = of_body(block).unwrap_or(own);
    let around = within.timeout().map_or(Duration::MAX, |(_, limit)| limit);
    let call = Some(call.min(around)).filter(|call| *call > reset)?;
    let message = format!(
        "`reset_timeout` is {}, and a call may take {}: the circuit probes while calls of before it opened are under way",
        shown(reset),
        shown(call)
    );
    let because = Some((timeout, format!("ends after {}", shown(own))));
    let help = "make `reset_timeout` at least as long as a call may take";
    at_option(block, "reset_timeout", at(block, message, because, help))
}

/// The `timeout` inside of a block that lets most time pass, where no shorter one is around it.
fn longest_timeout(block: &Block, cap: Duration) -> Option<(&Block, Duration)> {
    fn of(step: &Step, cap: Duration) -> Option<(&Block, Duration)> {
        match step {
            Step::Block(block) if block.spec.keyword == "timeout" => {
                match head(block).filter(|own| *own <= cap) {
                    Some(own) => Some((block, longest(step).map_or(own, |most| most.min(own)))),
                    None => longest_timeout(block, cap),
                }
            }
            Step::Block(block) => longest_timeout(block, cap),
            Step::Undo(undo) => of(&undo.step, cap),
            _ => None,
        }
    }
    block.body.iter().filter_map(Item::step).filter_map(|step| of(step, cap)).max_by_key(|(_, time)| *time)
}

fn retry_in_hedge(block: &Block, within: &Within<'_>) -> Option<Finding> {
    (block.spec.keyword == "retry").then_some(())?;
    let hedge = within.nearest("hedge")?;
    let (attempts, beside) =
        (count(block, "max_attempts").or(ATTEMPTS), count(hedge, "max_attempts").or(HEDGED));
    // One attempt each is another lint's.
    if attempts == Some(1) {
        return None;
    }
    let product = match attempts.zip(beside) {
        Some((attempts, beside)) => format!(", up to {beside} × {attempts} in all"),
        None => String::new(),
    };
    let message = format!("each attempt of the `hedge` around tries again by itself{product}");
    let because = Some((hedge, "starts another attempt where one is slow".to_owned()));
    at(block, message, because, "put the `hedge` into the `retry`: the fastest of some is then tried again")
}

fn limit_without_effect(block: &Block, _: &Within<'_>) -> Option<Finding> {
    (block.spec.keyword == "par").then_some(())?;
    let children = block.body.len();
    let limit = count(block, "limit").known().filter(|limit| *limit as usize > children)?;
    let of_them = if children == 1 { "child" } else { "children" };
    let message = format!("`limit = {limit}` limits nothing: the `par` has {children} {of_them}");
    at_option(block, "limit", at(block, message, None, "remove it, or make it smaller"))
}

fn one_attempt(block: &Block, _: &Within<'_>) -> Option<Finding> {
    (block.spec.keyword == "retry" && count(block, "max_attempts").known()? == 1).then_some(())?;
    let message = "one attempt is the first one: this `retry` never tries again".to_owned();
    at_option(block, "max_attempts", at(block, message, None, "remove the `retry`, or give it more attempts"))
}

fn backoff_above_max_delay(block: &Block, _: &Within<'_>) -> Option<Finding> {
    let cap = time(block, "max_delay").known()?;
    let backoff = match block.option("backoff") {
        Some(option) => Backoff::of(option.value.as_ref()?)?,
        None if block.spec.keyword == "retry" => of_retry(),
        None => return None,
    };
    (backoff.grows() && backoff.base() >= cap).then_some(())?;
    let message = format!(
        "the first delay, {}, is at the `max_delay` of {} already: no delay grows",
        shown(backoff.base()),
        shown(cap)
    );
    let help = format!("write `backoff = constant({})`, or make `max_delay` longer", written(cap));
    at_option(block, "max_delay", at(block, message, None, &help))
}
