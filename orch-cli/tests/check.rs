//! Each lint finds what it is about, with the numbers, and nothing beside that.

use orch_cli::check::{Checked, LINTS};

fn check(text: &str) -> Checked {
    orch_cli::check::check("src/lib.rs", text, &["pipeline".to_owned()])
}

fn of(pipeline: &str) -> Checked {
    check(&format!("fn f() {{\n    pipeline! {{ {pipeline} }}\n}}\n"))
}

/// What is found in a pipeline: names and messages, a line each.
#[track_caller]
fn found(pipeline: &str) -> Vec<String> {
    let checked = of(pipeline);
    assert_eq!(checked.problems, []);
    checked.reports.iter().map(|report| report.lines().next().unwrap_or_default().to_owned()).collect()
}

#[track_caller]
fn finds(pipeline: &str, lint: &str, message: &str) {
    assert_eq!(found(pipeline), [format!("warning[orch::{lint}]: {message}")], "{pipeline}");
}

#[track_caller]
fn finds_nothing(pipeline: &str) {
    assert_eq!(found(pipeline), [""; 0], "{pipeline}");
}

#[test]
fn retry_exceeds_timeout() {
    let lint = "retry_exceeds_timeout";
    finds(
        "timeout(20s) < retry(max_attempts = 3, jitter = none) < timeout(10s) < a > > >",
        lint,
        "3 attempts of up to 10s and waits of 100ms + 200ms come to 30.3s; the `timeout(20s)` around them ends them before",
    );
    // Three attempts and full jitter are what is not given.
    finds(
        "timeout(20s) < seq < a retry < timeout(10s) < b > > > >",
        lint,
        "3 attempts of up to 10s and waits of up to 100ms + 200ms come to 30.3s; the `timeout(20s)` around them ends them before",
    );
    finds(
        "timeout(1m) < each < retry(max_attempts = 7, backoff = constant(1s), max_delay = 500ms) < timeout(9s) < a > > > >",
        lint,
        "7 attempts of up to 9s and waits of up to 3s in all come to 1m 6s; the `timeout(1m)` around them ends them before",
    );
    // Of an attempt that may take any time, the waits alone.
    finds(
        "timeout(4s) < retry(max_attempts = 4, backoff = fibonacci(1s), jitter = none) < a > >",
        lint,
        "the waits between 4 attempts alone, 1s + 1s + 2s, come to 4s; the `timeout(4s)` around them ends them before",
    );
    finds(
        "timeout(1s) < retry(max_attempts = 3, backoff = exponential(1s, 3), jitter = equal) < a > >",
        lint,
        "the waits between 3 attempts alone, 500ms + 1.5s, come to at least 2s; the `timeout(1s)` around them ends them before",
    );
    // More than a time can hold.
    for endless in [
        "retry(max_attempts = 100, backoff = exponential(1s), jitter = none)",
        "retry(max_attempts = 95, backoff = fibonacci(1s), jitter = none)",
        "retry(max_attempts = 100, backoff = exponential(1s), jitter = equal)",
    ] {
        assert_eq!(found(&format!("timeout(1h) < {endless} < a > >")).len(), 1, "{endless}");
    }
    // Where an error may ask for a wait, the attempts alone.
    finds(
        "timeout(20s) < retry(max_attempts = 3, backoff = constant(30s), jitter = none, retry_after = asked) < timeout(10s) < a > > >",
        lint,
        "3 attempts of up to 10s come to 30s; the `timeout(20s)` around them ends them before",
    );
    finds(
        "timeout(60s) < retry(max_attempts = 9, backoff = constant(8s), jitter = none) < a > >",
        lint,
        "the waits between 9 attempts alone come to 1m 4s; the `timeout(1m)` around them ends them before",
    );
    // `max_elapsed` ends the attempts where the next wait would end after it.
    assert_eq!(
        found(
            "timeout(2s) < retry(max_attempts = 9, backoff = constant(1s), jitter = none, max_elapsed = 3s) < a > >"
        ),
        [
            "warning[orch::retry_exceeds_timeout]: the waits between 4 attempts alone, 1s + 1s + 1s, come to 3s; the `timeout(2s)` around them ends them before",
            "warning[orch::wait_without_effect]: `max_elapsed` is never reached: the `timeout` around ends before 3s",
        ]
    );
    assert_eq!(
        found("timeout(9ms) < retry(max_attempts = 9, backoff = constant(1s), jitter = none, max_elapsed = 10ms) < a > >").len(),
        1,
        "no time for a wait"
    );
    // Two at a time.
    finds(
        "timeout(3s) < retry(max_attempts = 2) < par(limit = 2) < timeout(2s) < a > timeout(1s) < b > timeout(1s) < c > > > >",
        lint,
        "2 attempts of up to 2s and a wait of up to 100ms come to 4.1s; the `timeout(3s)` around them ends them before",
    );
    finds(
        "timeout(10s) < retry(max_attempts = 9, max_elapsed = 9s, backoff = constant(1s)) < timeout(2s) < a > > >",
        lint,
        "9 attempts of up to 2s and waits of up to 8s in all and `max_elapsed` let them take 11s; the `timeout(10s)` around them ends them before",
    );
    for fine in [
        "timeout(31s) < retry(max_attempts = 3) < timeout(10s) < a > > >",
        "timeout(20s) < retry(max_attempts = 3) < a > >",
        "timeout(30s) < retry(max_attempts = 10, backoff = constant(5s), jitter = none, max_elapsed = 20s) < a > >",
        "timeout(30s) < retry(max_attempts = 10, backoff = constant(5s), jitter = none, max_elapsed = t) < a > >",
        "timeout(20s) < retry(max_attempts = 9, max_elapsed = t) < timeout(10s) < a > > >",
        "timeout(5s) < retry(max_attempts = 9, backoff = constant(1s), jitter = none, max_elapsed = 3s) < |x| { g(x) } > >",
        "timeout(5s) < retry(max_attempts = 9, backoff = constant(1s), jitter = none, retry_after = asked) < a > >",
        "timeout(5s) < retry(max_attempts = 2) < par(limit = 2) < timeout(2s) < a > timeout(2s) < b > > > >",
        "timeout(5s) < retry(max_attempts = 2) < par(limit = n) < timeout(2s) < a > timeout(2s) < b > > > >",
        "timeout(20s) < retry(max_attempts = n) < timeout(10s) < a > > >",
        "timeout(20s) < retry(max_attempts = unlimited) < timeout(10s) < a > > >",
        "timeout(20s) < retry(backoff = mine()) < timeout(10s) < a > > >",
        "timeout(20s) < retry(max_attempts = 9, max_elapsed = 5s) < timeout(10s) < a > > >",
        "timeout(limit) < retry(max_attempts = 3) < timeout(10s) < a > > >",
        "timeout(5s) < retry(max_attempts = 4, backoff = fibonacci(1s), jitter = none) < a > >",
        "timeout(1s) < retry(max_attempts = 4, backoff = constant(1s)) < a > >",
        "seq < retry < timeout(10s) < a > > timeout(1s) < b > >",
        "timeout(10s) < retry(backoff = constant(1s)) < |n| { n } > >",
        "saga < a undo retry < timeout(10s) < b > > timeout(1s) < c > >",
    ] {
        finds_nothing(fine);
    }
}

#[test]
fn repeat_exceeds_timeout() {
    finds(
        "|_: u32| timeout(30s) < repeat(max_rounds = 5, backoff = constant(10s)) < a > >",
        "repeat_exceeds_timeout",
        "the waits between 5 rounds alone, 10s + 10s + 10s + 10s, come to 40s; the `timeout(30s)` around them ends them before",
    );
    finds(
        "|_: u32| timeout(3s) < repeat(max_rounds = 2) < timeout(2s) < a > > >",
        "repeat_exceeds_timeout",
        "2 rounds of up to 2s come to 4s; the `timeout(3s)` around them ends them before",
    );
    finds(
        "|_: u32| timeout(1h) < repeat(max_rounds = 100, backoff = exponential(1s)) < a > >",
        "repeat_exceeds_timeout",
        &format!(
            "the waits between 100 rounds alone come to {}; the `timeout(1h)` around them ends them before",
            "5124095576030431h 15.999999999s"
        ),
    );
    finds_nothing("|_: u32| timeout(1s) < repeat < timeout(900ms) < a > > >");
    finds_nothing("|_: u32| timeout(50s) < repeat(max_rounds = 5, backoff = constant(10s)) < a > >");
}

#[test]
fn timeout_without_effect() {
    let lint = "timeout_without_effect";
    finds(
        "timeout(1s) < seq < a timeout(2s) < b > > >",
        lint,
        "this `timeout(2s)` never ends anything: the one around it ends first",
    );
    finds(
        "timeout(1s) < timeout(1000ms) < b > >",
        lint,
        "this `timeout(1s)` never ends anything: the one around it is as short",
    );
    finds(
        "timeout(1s) < timeout(std::time::Duration::from_secs(2)) < b > >",
        lint,
        "this `timeout(2s)` never ends anything: the one around it ends first",
    );
    // As it can be written: one number, one unit.
    finds(
        "timeout(1m) < timeout(90s) < b > >",
        lint,
        "this `timeout(90s)` never ends anything: the one around it ends first",
    );
    finds(
        "timeout(1m) < timeout(3600s) < b > >",
        lint,
        "this `timeout(1h)` never ends anything: the one around it ends first",
    );
    for fine in [
        "timeout(2s) < timeout(1s) < a > >",
        "seq < timeout(1s) < a > timeout(2s) < b > >",
        "timeout(1s) < timeout(x) < a > >",
    ] {
        finds_nothing(fine);
    }
}

#[test]
fn hedge_without_effect() {
    finds(
        "timeout(50ms) < hedge(100ms) < a > >",
        "hedge_without_effect",
        "no attempt is slow for as long as 100ms: the `timeout` around ends first, and another attempt begins only where one fails",
    );
    finds_nothing("timeout(100ms) < hedge(50ms) < a > >");
}

#[test]
fn wait_without_effect() {
    let lint = "wait_without_effect";
    finds(
        "timeout(1s) < bulkhead(max = 2, queue = 9, max_wait = 5s) < a > >",
        lint,
        "`max_wait` is never reached: the `timeout` around ends before 5s",
    );
    finds(
        "timeout(1s) < retry(max_elapsed = 1s) < a > >",
        lint,
        "`max_elapsed` is never reached: the `timeout` around ends before 1s",
    );
    finds_nothing("timeout(10s) < throttle(rate = 2, max_wait = 5s) < a > >");
}

#[test]
fn reset_below_timeout() {
    let lint = "reset_below_timeout";
    finds(
        "circuit(fail_max = 3, reset_timeout = 5s) < seq < a timeout(10s) < b > > >",
        lint,
        "`reset_timeout` is 5s, and a call may take 10s: the circuit probes while calls of before it opened are under way",
    );
    finds(
        "circuit(reset_timeout = exponential(5s, 2)) < retry < timeout(10s) < b > > >",
        lint,
        "`reset_timeout` is 5s, and a call may take 30.3s: the circuit probes while calls of before it opened are under way",
    );
    finds(
        "circuit < retry(max_attempts = 2) < timeout(61s) < a > > >",
        lint,
        "`reset_timeout` is 1m, and a call may take 2m 2.1s: the circuit probes while calls of before it opened are under way",
    );
    finds(
        "circuit(reset_timeout = 20s) < seq < timeout(15s) < a > timeout(15s) < b > > >",
        lint,
        "`reset_timeout` is 20s, and a call may take 30s: the circuit probes while calls of before it opened are under way",
    );
    finds(
        "circuit(reset_timeout = 10s) < circuit(reset_timeout = 50s) < timeout(30s) < a > > >",
        lint,
        "`reset_timeout` is 10s, and a call may take 30s: the circuit probes while calls of before it opened are under way",
    );
    finds(
        "timeout(25s) < circuit(reset_timeout = 10s) < seq < timeout(20s) < a > timeout(20s) < b > > > >",
        lint,
        "`reset_timeout` is 10s, and a call may take 25s: the circuit probes while calls of before it opened are under way",
    );
    // A minute is what is not given.
    finds(
        "circuit < timeout(2m) < a > >",
        lint,
        "`reset_timeout` is 1m, and a call may take 2m: the circuit probes while calls of before it opened are under way",
    );
    for fine in [
        "circuit(reset_timeout = 10s) < timeout(10s) < a > >",
        "circuit(reset_timeout = 10s) < timeout(5s) < timeout(4s) < a > > >",
        "circuit(breaker = &b) < timeout(2m) < a > >",
        "circuit(reset_timeout = x) < timeout(2m) < a > >",
        "circuit(reset_timeout = 10s) < a >",
        "circuit(reset_timeout = 50s) < circuit(reset_timeout = 50s) < timeout(20s) < a > > >",
        "timeout(5s) < circuit(reset_timeout = 10s) < timeout(4s) < a > > >",
    ] {
        finds_nothing(fine);
    }
}

#[test]
fn retry_in_hedge() {
    let lint = "retry_in_hedge";
    finds(
        "hedge(50ms) < retry < a > >",
        lint,
        "each attempt of the `hedge` around tries again by itself, up to 2 × 3 in all",
    );
    finds(
        "hedge(50ms, max_attempts = 4) < timeout(9s) < retry(max_attempts = n) < a > > >",
        lint,
        "each attempt of the `hedge` around tries again by itself",
    );
    finds_nothing("retry < hedge(50ms) < a > >");
}

#[test]
fn limit_without_effect() {
    finds(
        "par(limit = 3) < a b >",
        "limit_without_effect",
        "`limit = 3` limits nothing: the `par` has 2 children",
    );
    for fine in [
        "par(limit = 2) < a b >",
        "par(limit = 2) < a b c >",
        "par(limit = n) < a b >",
        "each(limit = 8) < a >",
    ] {
        finds_nothing(&format!("|_: Vec<u32>| {fine}"));
    }
    // Of children under conditions, those that are there.
    finds_nothing("par(limit = 2) < a b #[cfg(x)] c >");
    finds_nothing("par(limit = 3) < a b #[cfg(x)] c >");
    finds_nothing("par(limit = 2) < a #[cfg(x)] b #[cfg(x)] c >");
    finds_nothing("par(limit = 2) < a #[cfg(x)] b #[cfg(not(x))] c >");
    assert_eq!(found("par(limit = 4) < a b #[cfg(x)] c >").len(), 1);
    // What is there under a condition alone.
    assert_eq!(found("par < a b #[cfg(x)] par(limit = 4) < c d > >").len(), 1);
    finds(
        "par(limit = 2) < a >",
        "limit_without_effect",
        "`limit = 2` limits nothing: the `par` has 1 child",
    );
}

#[test]
fn one_attempt() {
    finds(
        "retry(max_attempts = 1) < a >",
        "one_attempt",
        "one attempt is the first one: this `retry` never tries again",
    );
    for one in ["1u32", "0x1", "0b1", "0_1"] {
        assert_eq!(found(&format!("retry(max_attempts = {one}) < a >")).len(), 1, "{one}");
    }
    finds_nothing("retry(max_attempts = 2) < a >");
}

#[test]
fn backoff_above_max_delay() {
    finds(
        "retry(backoff = exponential(2s), max_delay = 1s) < a >",
        "backoff_above_max_delay",
        "the first delay, 2s, is at the `max_delay` of 1s already: no delay grows",
    );
    // An exponential of 100ms is what is not given.
    finds(
        "retry(max_delay = 50ms) < a >",
        "backoff_above_max_delay",
        "the first delay, 100ms, is at the `max_delay` of 50ms already: no delay grows",
    );
    assert!(
        of("retry(backoff = exponential(100s), max_delay = 90s) < a >").reports[0]
            .contains("write `backoff = constant(90s)`")
    );
    finds_nothing("retry(max_delay = 200ms) < a >");
    finds_nothing("retry(backoff = exponential(2s), max_delay = 10s) < a >");
    finds_nothing("retry(backoff = constant(2s), max_delay = 2s) < a >");
}

/// All of a report: the place, the line, and what the finding is because of.
#[test]
fn a_report_shows_the_line() {
    let checked = check(
        "fn f() {
    let p = pipeline! {
        timeout(1s) < // all of it
            seq < a timeout(2s) < b > >
        >
    };
}
",
    );
    assert_eq!(
        checked.reports,
        ["\
warning[orch::timeout_without_effect]: this `timeout(2s)` never ends anything: the one around it ends first
 --> src/lib.rs:4:21
  |
3 |         timeout(1s) < // all of it
  |         ------- ends after 1s
4 |             seq < a timeout(2s) < b > >
  |                     ^^^^^^^ remove it, or make it shorter"]
    );
}

#[test]
fn a_lint_is_allowed_at_its_place() {
    let with = |comment: &str| {
        let text = format!(
            "fn f() {{\n    {comment}\n    let p = pipeline! {{ retry(max_attempts = 1) < a > }};\n}}\n"
        );
        check(&text).reports.len()
    };
    assert_eq!(with(""), 1);
    assert_eq!(with("// orch: allow(one_attempt)"), 0);
    assert_eq!(with("// orch: allow(orch::one_attempt): it is a page's example"), 0);
    assert_eq!(with("// orch: allow(retry_in_hedge, one_attempt)\n    // since it is one"), 0);
    assert_eq!(with("/* orch: allow(one_attempt) */"), 0);
    assert_eq!(with("// orch: allow(retry_in_hedge)"), 1);
    assert_eq!(with("// orch: allow(one_attempt)\n"), 1, "an empty line is between them");
    assert_eq!(with("// write `// orch: allow(one_attempt)`"), 1, "what speaks of it is none");
    let behind = "fn f() { pipeline! { retry(max_attempts = 1) < a > } } // orch: allow(one_attempt)\n";
    assert_eq!(check(behind).reports.len(), 0);
    // It holds for one line.
    let lines = "fn f() {\n    // orch: allow(one_attempt)\n    pipeline! {\n        retry(max_attempts = 1) < a >\n    }\n}\n";
    assert_eq!(check(lines).reports.len(), 1);
    let inside = "fn f() {\n    pipeline! {\n        // orch: allow(one_attempt)\n        retry(max_attempts = 1) < a >\n    }\n}\n";
    assert_eq!(check(inside).reports.len(), 0);
    // As well on the line of the block as on that of its option.
    for (above, before) in [("// orch: allow(one_attempt)", ""), ("", "// orch: allow(one_attempt)\n")] {
        let lines = format!(
            "fn f() {{\n    pipeline! {{\n{above}\n        retry(\n{before}            max_attempts = 1,\n        ) < a >\n    }}\n}}\n"
        );
        assert_eq!(check(&lines).reports.len(), 0, "{lines}");
    }
    let unknown = check("// orch: allow(one_atempt)\n");
    assert!(
        unknown.reports[0].starts_with(
            "warning[orch::unknown_lint]: there is no lint `one_atempt`\n --> src/lib.rs:1:16\n"
        )
    );
}

#[test]
fn mistakes_are_told_with_their_places() {
    let checked = of("seq < a retry(max_attempts = 0) < b > >");
    let told: Vec<String> = checked.problems.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["src/lib.rs:2:46: `max_attempts` must be at least 1"]);
    assert_eq!(checked.bounds, [""; 0]);
    // Of nothing, at the invocation.
    let told: Vec<String> = of("").problems.iter().map(ToString::to_string).collect();
    assert!(told.len() == 1 && told[0].starts_with("src/lib.rs:2:5: "), "{told:?}");
}

#[test]
fn each_pipeline_has_its_bounds() {
    let line = |pipeline: &str| of(pipeline).bounds.concat();
    let of_report = "|_: Vec<u32>| each(limit = 8) < retry(max_attempts = 3) < timeout(2s) < a > > >";
    assert_eq!(
        line(of_report),
        "src/lib.rs:2:5: at most 8 tasks in flight, 3 attempts of a task, no time limit"
    );
    let of_one = "timeout(130s) < a >";
    assert_eq!(line(of_one), "src/lib.rs:2:5: at most 1 task in flight, 1 attempt of a task, 2m 10s");
    let of_all = "|_: Vec<u32>| each < retry(max_attempts = n) < a > >";
    assert_eq!(
        line(of_all),
        "src/lib.rs:2:5: unbounded in flight (`each` without `limit` at 2:31), \
         unbounded attempts of a task (`retry` with `max_attempts = n` at 2:38), no time limit"
    );
    assert_eq!(line("seq < a { p } >"), "src/lib.rs:2:5: not known: `{ p }` at 2:25 is built elsewhere");
    assert_eq!(
        line("|_: u32| |n| { n }"),
        "src/lib.rs:2:5: at most 1 task in flight, 1 attempt of a task, no waiting"
    );
}

/// The page has each lint with an example, which is found; and no other.
#[test]
fn the_page_has_every_lint() {
    let page = include_str!("../../docs/tooling.md");
    let mut sections = page.split("\n### `orch::").skip(1);
    for lint in LINTS {
        let section = sections.next().unwrap_or_else(|| panic!("the page lacks `{}`", lint.name));
        let (name, text) = section.split_once("`\n").expect("a title");
        assert_eq!(name, lint.name);
        let example =
            text.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
        let reports = of(example.trim()).reports;
        assert!(
            reports.iter().any(|report| report.contains(&format!("[orch::{name}]"))),
            "{name}: {reports:?}"
        );
        let sentence = text.trim_start().split("```").next().unwrap_or_default().replace('\n', " ");
        assert!(sentence.to_lowercase().contains(&lint.about.to_lowercase()), "{name}: {sentence}");
    }
    assert_eq!(sections.next(), None);
}
