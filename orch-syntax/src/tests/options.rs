//! What stands in the parentheses of a block.

use super::{mistake, mistakes, sound};
use crate::ast::{Item, Step, Value};

/// The value of the only option, or of the head.
fn value(text: &str) -> String {
    let Step::Block(block) = sound(text).root else { panic!("a block") };
    let value = block.head.or_else(|| block.options.into_iter().next().and_then(|option| option.value));
    describe(&value.expect("a value"))
}

fn describe(value: &Value) -> String {
    match value {
        Value::Duration(duration) => format!("{}ns", duration.nanoseconds),
        Value::Word { word, arguments } => {
            format!("{word}[{}]", arguments.iter().map(describe).collect::<Vec<_>>().join(", "))
        }
        Value::Expr(tokens) => tokens.to_string().replace(' ', ""),
    }
}

#[test]
fn durations() {
    for (text, nanoseconds) in [
        ("250us", 250_000u128),
        ("10s", 10_000_000_000),
        ("1.5s", 1_500_000_000),
        ("5m", 300_000_000_000),
        ("2h", 7_200_000_000_000),
        ("1_000ms", 1_000_000_000),
        ("7ns", 7),
        ("0.25ms", 250_000),
        ("1.000_000_001s", 1_000_000_001),
        ("0.5000m", 30_000_000_000),
    ] {
        assert_eq!(value(&format!("timeout({text}) < a >")), format!("{nanoseconds}ns"), "{text}");
    }
    assert_eq!(value("timeout(self.limit * 2) < a >"), "self.limit*2");
    assert_eq!(value("timeout(limit) < a >"), "limit");
    assert_eq!(value("timeout(a == b) < a >"), "a==b");
    assert_eq!(value("retry(max_delay = Duration::from_secs(10)) < a >"), "Duration::from_secs(10)");
}

#[test]
fn wrong_durations() {
    mistake("timeout(^10) < a >", "write the unit: `10s`, `10ms`, or another of `ns us ms s m h`");
    mistake("timeout(^1.5) < a >", "write the unit: `1.5s`, `1.5ms`, or another of `ns us ms s m h`");
    mistake("timeout(^10u32) < a >", "write the unit: `10s`, `10ms`, or another of `ns us ms s m h`");
    mistake("timeout(^10sec) < a >", "unknown unit `sec`; write `10s`");
    mistake("timeout(^3min) < a >", "unknown unit `min`; write `3m`");
    mistake("timeout(^10d) < a >", "unknown unit `d`; the units are `ns us ms s m h`");
    mistake("timeout(^10 s) < a >", "the unit follows without a space; write `10s`");
    mistake("timeout(^-10s) < a >", "a duration is not negative; write `10s`");
    mistake(
        "timeout(^1e3ms) < a >",
        "write the number of a duration in plain decimal digits, such as `10ms`",
    );
    mistake("timeout(^0x10s) < a >", "write the number of a duration in plain decimal digits, such as `10s`");
    mistake(
        "timeout(^99999999999999999999s) < a >",
        "this duration is too long; a `Duration` ends at 2^64 seconds",
    );
    mistake(
        "timeout(^9999999999999999999999999999999999999999999h) < a >",
        "this duration is too long; a `Duration` ends at 2^64 seconds",
    );
    mistake("timeout(^0.5ns) < a >", "this duration is finer than a nanosecond");
    mistake(
        "timeout(2 * ^10s) < a >",
        "a literal with a unit is for durations of the macro's own options; write `Duration::from_secs(10)`",
    );
    mistake("timeout(^0s) < a >", "the duration of `timeout` must be longer than zero");
    mistake("circuit(reset_timeout = ^0s) < a >", "`reset_timeout` must be longer than zero");
    sound("retry(max_delay = 0s) < a >");
    mistake(
        "circuit(reset_timeout = ^60) < a >",
        "write the unit: `60s`, `60ms`, or another of `ns us ms s m h`",
    );
}

#[test]
fn the_head_comes_first_and_is_due() {
    mistake("^timeout < a >", "`timeout` needs its duration; write `timeout(10s) < … >`");
    mistake("timeout(^) < a >", "`timeout` needs its duration; write `timeout(10s) < … >`");
    mistake("timeout(name = \"x\"^) < a >", "`timeout` needs its duration; write `timeout(10s) < … >`");
    mistake("timeout(name = \"x\", ^10s) < a >", "the duration of `timeout` stands first");
    mistake("timeout(10s, ^20s) < a >", "`timeout` takes one value without a name, its duration");
    sound("timeout(10s, name = \"x\",) < a >");
}

/// Whatever the variable is called. An option without its value is no head of a block that has none.
#[test]
fn a_lone_word_in_first_place_is_the_head() {
    sound("timeout(patience) < a >");
    sound("timeout(name) < a >");
    sound("timeout(name, name = \"x\") < a >");
    sound("timeout(duration) < a >");
    mistake("timeout(10s, ^name) < a >", "`name` needs a value; write `name = \"…\"`");
    mistake("timeout(name, ^name) < a >", "`name` needs a value; write `name = \"…\"`");
    mistake("timeout(name =^) < a >", "`name` needs a value; write `name = \"…\"`");
    mistake("par(^name) < a >", "`name` needs a value; write `name = \"…\"`");
}

#[test]
fn flags_and_values() {
    sound("par(limit = 2, settle, name = \"x\") < a >");
    mistake("par(limit =^) < a >", "`limit` needs a value; write `limit = 3`");
    mistake("par(limit =^, settle) < a >", "`limit` needs a value; write `limit = 3`");
    mistake("par(^limit) < a >", "`limit` needs a value; write `limit = 3`");
    mistake("par(settle =^) < a >", "`settle` is a flag; write it without `=`");
    mistake("par(settle = ^true) < a >", "`settle` is a flag; write it alone, or leave it out");
    for text in ["limit: 2", "limit => 2", "limit(2)", "limit == 2", "limit := 2", "limit 2"] {
        mistake(&format!("par(^{text}) < a >"), "an option is set with `=`; write `limit = 2`");
    }
    mistake("par(^\"limit\" = 2) < a >", "the name of an option stands without quotes; write `limit = …`");
    mistake(
        "retry(^max-attempts = 2) < a >",
        "the name of an option has underscores; write `max_attempts = …`",
    );
    mistake(
        "par(^2) < a >",
        "an option is written `name = value`, as `limit = 2`; `par` has `limit`, `settle` and `name`",
    );
    mistake(
        "par(^\"x\") < a >",
        "an option is written `name = value`; `par` has `limit`, `settle` and `name`",
    );
    mistake("par(limit = 2 ^settle) < a >", "expected `,` between options, found `settle`");
    mistake("par(settle ^limit = 2) < a >", "expected `,` between options, found `limit`");
    mistake("par(limit = a ^b) < a >", "expected `,` between options, found `b`");
    mistake("par(limit = 2^; settle) < a >", "a `,` stands between options; write it for the `;`");
    mistake("par(limit = 2 ^+) < a >", "expected an expression after this `+`");
    sound("par(limit = if a { b } else { c }) < a >");
    sound("par(limit = a as usize) < a >");
    sound("par(limit = match a { _ => 1 }, settle) < a >");
    sound("retry(when = |e| { e.is::<A>() }, max_attempts = unsafe { b }) < a >");
    sound("retry(when = move |e| 'a: { break 'a b }, budget = &raw const b) < a >");
    mistake(
        "retry(when = |e| e.is::^<A()) < a >",
        "these generic arguments are not closed; write `::<Type>`",
    );
    mistake("par(settle,^, limit = 2) < a >", "expected an option before this `,`");
    mistake("par(limit = 2, ^limit = 3) < a >", "`limit` is given twice; remove one");
    mistake("seq(name = ^x) < a >", "a name is a string literal; write `name = \"…\"`");
    mistake("seq(name = ^b\"x\") < a >", "a name is a string literal; write `name = \"…\"`");
}

/// What has no name is most likely what is needed; that this is missing is no second mistake.
#[test]
fn a_needed_option_without_its_name() {
    let has = "`bulkhead` has `max`, `queue`, `max_wait`, `bulkhead` and `name`";
    mistake("bulkhead(^10) < a >", &format!("an option is written `name = value`, as `max = 10`; {has}"));
    mistake(
        "bulkhead(^10s) < a >",
        &format!("an option is written `name = value`, as `max_wait = 10s`; {has}"),
    );
    let has = "it has `max`, `queue`, `max_wait`, `bulkhead` and `name`";
    mistake(
        "bulkhead(^shared) < a >",
        &format!("`bulkhead` has no option `shared`; for a shared one write `bulkhead = shared`; {has}"),
    );
    mistake("bulkhead(^places = 10) < a >", &format!("`bulkhead` has no option `places`; {has}"));
    let has = "`throttle` has `rate`, `per`, `burst`, `cost`, `max_wait`, `limiter` and `name`";
    mistake("throttle(^100) < a >", &format!("an option is written `name = value`, as `rate = 100`; {has}"));
}

#[test]
fn a_placeholder_is_no_expression() {
    let closure = |shown: &str| {
        format!("`_` is no expression; what is piped is seen by a closure, `|x| {{ {shown} }}`")
    };
    mistake("choose(^_) < 1 => a, _ => b >", &closure("x"));
    mistake("choose(^_.status) < A => a, _ => b >", &closure("x.status"));
    mistake("when(^_ > 3) < a >", &closure("x > 3"));
    mistake("when(hosts.of(^_) > 3) < a >", &closure("hosts.of(x) > 3"));
    mistake("choose(kind(&^_)) < 1 => a, _ => b >", &closure("kind(&x)"));
    mistake("when(a + b + c + d + e + f + g + ^_ > 3) < a >", &closure("…"));
    let given = "`_` is no expression; what is piped is what this closure is given";
    mistake("when(|x| hosts.of(^_) > *x) < a >", given);
    let name = "`_` is no expression; name what is piped before the block, `let x = _`";
    mistake("par(limit = ^_.len()) < a b >", name);
    mistake("par(limit = hosts.of(^_)) < a b >", name);
    mistake("timeout(hosts.of(^_)) < a >", name);
    mistake("retry(backoff = constant(hosts.of(^_))) < a >", name);
    mistake("retry(when = |e| hosts.of(^_)) < a >", name);
    mistake("with(hosts.of(^_)) < a >", name);
    mistake("choose(1) < k if (hosts.of(^_)) => a, _ => b >", name);
    mistake(
        "seq < a { hosts.of(^_) } >",
        "`_` is no expression; an inline step sees what is piped, `|x| { hosts.of(x) }`",
    );
    sound("circuit(ignore = |_| true) < a >");
    sound("when(matches!(x, Some(_))) < a >");
    sound("when(|x| { let [_, y] = x; if let Some(_) = y { true } else { false } }) < a >");
    sound("when(|x| match x { Some(_) => true, _ => false }) < a >");
    sound("when({ let y; (_, y) = x; y }) < a >");
    sound("par(limit = size::<_>([0; _]) as _) < a b >");
    sound("seq < a { make(|_| 1) } >");
}

/// A lone `=` stands after the name of an option, and in the head for a comparison.
#[test]
fn a_comparison_has_two_signs() {
    mistake("when(n ^= 3) < a >", "a `=` compares nothing; write `n == 3`");
    mistake("when(kind ^= Kind::Large) < a >", "a `=` compares nothing; write `kind == Kind::Large`");
    mistake("choose(n ^= 3) < true => a, _ => b >", "a `=` compares nothing; write `n == 3`");
    let named = |shown: &str| format!("the condition of `when` has no name; write `when({shown}) < … >`");
    mistake("when(^condition = 3) < a >", &named("3"));
    mistake("when(^if = 3) < a >", &named("3"));
    mistake("when(^test = |x| x.is_empty()) < a >", &named("|x| x.is_empty()"));
    mistake("when(^test = n > 3) < a >", &named("n > 3"));
    mistake(
        "choose(^on = n) < 1 => a, _ => b >",
        "the scrutinee of `choose` has no name; write `choose(n) < … >`",
    );
    sound("when(n == 3) < a >");
}

#[test]
fn unknown_options() {
    mistake(
        "par(^limt = 2) < a >",
        "`par` has no option `limt`; did you mean `limit`? it has `limit`, `settle` and `name`",
    );
    mistake("par(^backoff = 2) < a >", "`par` has no option `backoff`; it has `limit`, `settle` and `name`");
    mistake("par(^colour) < a >", "`par` has no option `colour`; it has `limit`, `settle` and `name`");
    mistake(
        "circuit(^failmax = 2s) < a >",
        "`circuit` has no option `failmax`; did you mean `fail_max`? it has `fail_max`, `failure_rate`, `window`, `min_calls`, `reset_timeout`, `probes`, `close_after`, `wait`, `ignore`, `breaker` and `name`",
    );
    mistakes(
        "par(backof = 2, limit = 0) < a >",
        &[
            "1:4 `par` has no option `backof`; it has `limit`, `settle` and `name`",
            "1:24 `limit` must be at least 1",
        ],
    );
}

#[test]
fn counts() {
    mistake("par(limit = ^0) < a >", "`limit` must be at least 1");
    mistake("par(limit = ^0usize) < a >", "`limit` must be at least 1");
    mistake("retry(max_attempts = ^0) < a >", "`max_attempts` must be at least 1");
    mistake("par(limit = ^10s) < a >", "this is a number and no time; write `10`");
    mistake("par(limit = ^\"2\") < a >", "this is no text; write `2`, without quotes");
    mistake("retry(max_attempts = ^-1) < a >", "this number must be at least 1");
    mistake("retry(jitter = ^\"full\") < a >", "this is a word and no text; write `full`");
    mistake(
        "retry(backoff = ^linear(1s)) < a >",
        "there is no backoff `linear`; write `constant(100ms)`, `exponential(100ms)` or `exponential(100ms, 2)`, `fibonacci(100ms)`",
    );
    mistake(
        "retry(backoff = exponential(^base = 1s, factor = 2)) < a >",
        "what `exponential` is given has no name; write `exponential(1s, 2)`",
    );
    mistake("retry(backoff = exponential(1s ^2)) < a >", "expected `,` after the base, found `2`");
    assert_eq!(value("retry(max_attempts = unlimited) < a >"), "unlimited[]");
    assert_eq!(value("par(limit = unlimited) < a >"), "unlimited");
    assert_eq!(value("retry(max_attempts = (unlimited)) < a >"), "(unlimited)");
}

#[test]
fn words() {
    assert_eq!(value("retry(backoff = exponential(100ms)) < a >"), "exponential[100000000ns]");
    assert_eq!(value("retry(backoff = exponential(100ms, 1.5)) < a >"), "exponential[100000000ns, 1.5]");
    assert_eq!(value("retry(backoff = constant(base)) < a >"), "constant[base]");
    assert_eq!(value("retry(backoff = fibonacci(1s,)) < a >"), "fibonacci[1000000000ns]");
    assert_eq!(value("retry(backoff = (exponential(a))) < a >"), "(exponential(a))");
    assert_eq!(value("retry(backoff = exponential(a).b()) < a >"), "exponential(a).b()");
    assert_eq!(value("retry(backoff = constants(a)) < a >"), "constants(a)");
    assert_eq!(value("retry(jitter = equal) < a >"), "equal[]");
    assert_eq!(value("retry(jitter = (equal)) < a >"), "(equal)");
    assert_eq!(value("retry(when = full) < a >"), "full");
    mistake(
        "retry(backoff = ^exponential) < a >",
        "`exponential` needs its base; write `exponential(100ms)` or `exponential(100ms, 2)`",
    );
    mistake(
        "retry(backoff = exponential(^)) < a >",
        "`exponential` needs its base; write `exponential(100ms)` or `exponential(100ms, 2)`",
    );
    mistake(
        "retry(backoff = constant(1s, ^2)) < a >",
        "`constant` takes no further argument; write `constant(100ms)`",
    );
    mistake(
        "retry(backoff = exponential(1s, 2, ^3)) < a >",
        "`exponential` takes no further argument; write `exponential(100ms)` or `exponential(100ms, 2)`",
    );
    mistake("retry(backoff = exponential(1s, ^0)) < a >", "the factor must be more than 0");
    mistake(
        "retry(backoff = exponential(^100)) < a >",
        "write the unit: `100s`, `100ms`, or another of `ns us ms s m h`",
    );
    mistake(
        "retry(backoff = ^100ms) < a >",
        "a backoff has a form; write `constant(100ms)` or `exponential(100ms)`",
    );
    mistake(
        "retry(backoff = ^exponental(100ms)) < a >",
        "there is no backoff `exponental`; did you mean `exponential`?",
    );
}

#[test]
fn a_comma_in_an_expression_does_not_end_the_option() {
    for (text, expected) in [
        ("|a, b| a < b", "|a,b|a<b"),
        ("move |a: HashMap<A, B>, b| -> Result<C, D> { e }", "move|a:HashMap<A,B>,b|->Result<C,D>{e}"),
        ("f::<A, B>(c)", "f::<A,B>(c)"),
        ("<A as B<C, D>>::f", "<AasB<C,D>>::f"),
        ("x as a::Map<A, B>", "xasa::Map<A,B>"),
        ("a | b", "a|b"),
        ("a < b", "a<b"),
        ("|| f(a, b)", "||f(a,b)"),
    ] {
        let text = format!("retry(max_delay = {text}, name = \"x\", max_attempts = 3) < a >");
        assert_eq!(value(&text), expected, "{text}");
    }
}

#[test]
fn a_shared_breaker_has_its_own_settings() {
    let text = |name: &str| {
        format!(
            "`{name}` belongs to the shared breaker; set it where the `Breaker` is built, or leave `breaker` out"
        )
    };
    mistake("circuit(breaker = b, ^fail_max = 2) < a >", &text("fail_max"));
    mistake("circuit(^probes = 2, breaker = b) < a >", &text("probes"));
    mistake("circuit(breaker = b, ^reset_timeout = 2s) < a >", &text("reset_timeout"));
    mistake("circuit(^wait, breaker = b) < a >", &text("wait"));
    sound("circuit(breaker = b.clone(), ignore = |e| true, name = \"x\") < a >");
    sound("circuit(wait, fail_max = 2) < a >");
    mistake("circuit(wait = ^true) < a >", "`wait` is a flag; write it alone, or leave it out");
}

#[test]
fn a_predicate_is_no_literal() {
    let takes = |name: &str| {
        format!("`{name}` takes a closure over a reference to the error; write `{name} = |e| …`")
    };
    mistake("fallback(when = ^3) < a >", &takes("when"));
    mistake("retry(when = ^true) < a >", &takes("when"));
    mistake("circuit(ignore = ^\"Timeout\") < a >", &takes("ignore"));
    mistake("retry(retry_after = ^5s) < a >", &takes("retry_after"));
    mistake("retry(max_elapsed = ^0s) < a >", "`max_elapsed` must be longer than zero");
    assert_eq!(value("retry(when = |e| true) < a >"), "|e|true");
    assert_eq!(value("retry(when = is_transient) < a >"), "is_transient");
}

#[test]
fn several_are_at_least_two() {
    for literal in ["0", "1", "0_1", "0x1", "1u32", "00u32"] {
        let text = format!("hedge(50ms, max_attempts = ^{literal}) < a >");
        mistake(&text, "`max_attempts` must be at least 2");
    }
    for number in ["2", "10", "0x10", "n", "1 + 1", "2u32"] {
        sound(&format!("hedge(50ms, max_attempts = {number}) < a >"));
    }
    mistake("hedge(^0ms) < a >", "the delay of `hedge` must be longer than zero; without one it is a `race`");
    mistake("hedge(^delay = 50ms) < a >", "the delay of `hedge` has no name; write `hedge(50ms) < … >`");
    mistake("timeout(^after = 2) < a >", "the duration of `timeout` has no name; write `timeout(10s) < … >`");
    mistake("^hedge < a >", "`hedge` needs its delay; write `hedge(10s) < … >`");
}

#[test]
fn names_stand_in_what_is_a_runs_own() {
    let shared =
        |name: &str| format!("`{name}` belongs to all runs; choose a breaker instead: `breaker = …`");
    mistake("|n: u32| circuit(^fail_max = *n) < a >", &shared("fail_max"));
    mistake(
        "seq < let n = a circuit(probes = 2, ^reset_timeout = f(&[n])) < b > >",
        &shared("reset_timeout"),
    );
    mistake("choose(x) < Some(n) => circuit(^probes = *n) < b >, _ => a >", &shared("probes"));
    // A field or a method of the name is none, nor is one that is gone.
    sound("|n: u32| circuit(fail_max = config.n, reset_timeout = plan.n()) < a >");
    sound("seq < seq < let n = a b(*n) > circuit(fail_max = n) < c > >");
    sound(
        "|n: u32| circuit(breaker = hosts.of(n), ignore = |e| e.is(n)) < timeout(*n) < retry(max_attempts = *n) < a > > >",
    );
}

#[test]
fn a_block_may_need_one_of_several_options() {
    mistake("^bulkhead < a >", "`bulkhead` needs `max = …`, or `bulkhead = …`");
    mistake("^bulkhead(queue = 3, max_wait = 1s) < a >", "`bulkhead` needs `max = …`, or `bulkhead = …`");
    mistake("^throttle(burst = 3) < a >", "`throttle` needs `rate = …`, or `limiter = …`");
    mistake("bulkhead(max = 3, ^max_wait = 1s) < a >", "`max_wait` needs `queue = …` beside it");
    mistake(
        "bulkhead(bulkhead = b, ^max_wait = 1s) < a >",
        "`max_wait` belongs to the shared bulkhead; set it where the `Bulkhead` is built, or leave `bulkhead` out",
    );
    mistake(
        "throttle(limiter = l, ^rate = 3) < a >",
        "`rate` belongs to the shared limiter; set it where the `Limiter` is built, or leave `limiter` out",
    );
    for fine in [
        "bulkhead(max = n) < a >",
        "bulkhead(max = 3, queue = 0) < a >",
        "bulkhead(max = 3, queue = unlimited, max_wait = 1s) < a >",
        "bulkhead(bulkhead = &b) < a >",
        "throttle(limiter = &l, cost = 30) < a >",
    ] {
        sound(fine);
    }
}

#[test]
fn a_handle_is_no_number() {
    mistake("bulkhead(bulkhead = ^10) < a >", "`bulkhead` takes a `Bulkhead`; a number is `max = 10`");
    mistake("throttle(limiter = ^10) < a >", "`limiter` takes a `Limiter`; a number is `rate = 10`");
    mistake("circuit(breaker = ^5) < a >", "`breaker` takes a `Breaker`; a number is `fail_max = 5`");
}

#[test]
fn a_rate_is_a_whole_number_and_a_time() {
    let half = "a rate is a whole number; for less than one a second write `rate = 1, per = 2s`";
    mistake("throttle(rate = ^0.5) < a >", half);
    mistake("throttle(rate = ^0.50) < a >", half);
    mistake(
        "throttle(rate = ^0.1) < a >",
        "a rate is a whole number; for less than one a second write `rate = 1, per = 10s`",
    );
    mistake(
        "throttle(rate = ^2.5) < a >",
        "a rate is a whole number; for a fraction write `rate = 5, per = 2s`",
    );
    let apart =
        |time: &str| format!("the time of a rate is an option of its own; write `rate = 100, per = {time}`");
    for (written, time) in [
        ("^100/s", "1s"),
        ("^100 / sec", "1s"),
        ("^100/1s", "1s"),
        ("^100/min", "1m"),
        ("^100 per 1s", "1s"),
        ("^100 per 250ms", "250ms"),
        ("^100 per second", "1s"),
        ("^1_00 per h", "1h"),
    ] {
        mistake(&format!("throttle(rate = {written}) < a >"), &apart(time));
    }
    mistake("throttle(rate = ^0) < a >", "`rate` must be at least 1");
    mistake("throttle(rate = 5, per = ^0s) < a >", "`per` must be longer than zero");
    mistake("throttle(rate = ^1e3) < a >", "`rate` is a whole number");
    for fine in
        ["throttle(rate = a / b) < a >", "throttle(rate = 100 / n) < a >", "throttle(rate = 0xe1) < a >"]
    {
        sound(fine);
    }
}

#[test]
fn a_count_is_a_whole_number() {
    mistake("bulkhead(max = ^1.5) < a >", "`max` is a whole number");
    mistake("bulkhead(max = 1, queue = ^0.5) < a >", "`queue` is a whole number");
    mistake("par(limit = ^2.0) < a b >", "`limit` is a whole number");
}

#[test]
fn a_cost_above_the_burst_would_never_be_there() {
    let more =
        |most: u32| format!("`cost` is more than the `burst`, which is {most}; it would never be there");
    mistake("throttle(rate = 5, burst = 3, cost = ^4) < a >", &more(3));
    mistake("throttle(rate = 5, cost = ^2) < a >", &more(1));
    for fine in
        ["throttle(rate = 5, burst = 3, cost = 3) < a >", "throttle(rate = 5, burst = n, cost = 4) < a >"]
    {
        sound(fine);
    }
}

#[test]
fn rates_of_failures() {
    sound("circuit(failure_rate = 0.5, window = 100) < a >");
    sound("circuit(failure_rate = 1.0, window = 10s, min_calls = 5) < a >");
    sound("circuit(failure_rate = 5e-1, window = size) < a >");
    sound("circuit(failure_rate = RATE, window = WINDOW, min_calls = 1_000) < a >");
    let fraction = |written: &str, message: &str| {
        mistake(&format!("circuit(failure_rate = ^{written}, window = 100) < a >"), message);
    };
    fraction("50", "a fraction is between 0 and 1; write `0.5`");
    fraction("50%", "a fraction is between 0 and 1; write `0.5`");
    fraction("7", "a fraction is between 0 and 1; write `0.07`");
    fraction("7.5", "a fraction is between 0 and 1; write `0.075`");
    fraction("0.5%", "a fraction is between 0 and 1; write `0.005`");
    fraction("100", "a fraction is between 0 and 1; write `1.0`");
    fraction("1", "a fraction is between 0 and 1; write `1.0`");
    fraction("0", "a fraction is above 0; for the first failure to count write `fail_max = 1`");
    fraction("0.0", "a fraction is above 0; for the first failure to count write `fail_max = 1`");
    for impossible in ["1.5", "150", "-0.5"] {
        fraction(impossible, "a fraction is above 0 and at most 1; write a half as `0.5`");
    }
    let window = |written: &str, message: &str| {
        mistake(&format!("circuit(failure_rate = 0.5, window = ^{written}) < a >"), message);
    };
    window("0", "`window` must be at least 1");
    window("0s", "`window` must be longer than zero");
    window("1.5", "`window` is a whole number of calls, or a time");
    window("10sec", "unknown unit `sec`; write `10s`");
    mistake("circuit(^failure_rate = 0.5) < a >", "`failure_rate` needs `window = …` beside it");
    mistake("circuit(^window = 10s) < a >", "`window` needs `failure_rate = …` beside it");
    mistake("circuit(^min_calls = 10) < a >", "`min_calls` needs `failure_rate = …` beside it");
    mistake(
        "circuit(failure_rate = 0.5, window = 10, min_calls = ^20) < a >",
        "`min_calls` is more than the `window`, which is 10; it would never be there",
    );
    mistake(
        "circuit(breaker = b, ^failure_rate = 0.5) < a >",
        "`failure_rate` belongs to the shared breaker; set it where the `Breaker` is built, or leave `breaker` out",
    );
}

#[test]
fn a_closure_of_an_option_is_given_one_thing_and_does_not_wait() {
    let alone = "the closure of `when` is given the error alone; write `|e| …`";
    mistake("retry(when = ^|e, n| true) < a >", alone);
    mistake("retry(when = ^|| true) < a >", alone);
    mistake("retry(when = move ^|e, n| true) < a >", alone);
    sound("retry(when = |e: &Error<A, B>| true) < a >");
    sound("retry(when = |e,| true) < a >");
    sound("retry(when = |&Error { a, b }| true) < a >");
    let after = "the closure of `retry_after` is given the error alone; write `|e| …`";
    mistake("retry(retry_after = ^|| None) < a >", after);
    let waits = "`when` is asked at once, and cannot wait; write `|e| …`";
    mistake("retry(when = ^async |e| true) < a >", waits);
    let condition = "the closure of `choose` is given what is piped alone; write `|x| …`";
    mistake("|_: u32| choose(^|a, b| a) < A => a >", condition);
    let waits = "`when` is asked at once, and cannot wait; write `|x| …`";
    mistake("|_: u32| when(^async |x| x.is_it()) < a >", waits);
}

#[test]
fn times_that_grow() {
    assert_eq!(value("circuit(reset_timeout = 10s) < a >"), "10000000000ns");
    assert_eq!(value("circuit(reset_timeout = exponential(10s, 3)) < a >"), "exponential[10000000000ns, 3]");
    assert_eq!(value("circuit(reset_timeout = constant(TIME)) < a >"), "constant[TIME]");
    assert_eq!(value("circuit(reset_timeout = delays(TIME)) < a >"), "delays(TIME)");
    assert_eq!(value("circuit(reset_timeout = TIME) < a >"), "TIME");
    mistake("circuit(reset_timeout = ^0s) < a >", "`reset_timeout` must be longer than zero");
    mistake("circuit(reset_timeout = fibonacci(^0s)) < a >", "`reset_timeout` must be longer than zero");
    mistake(
        "circuit(reset_timeout = ^10) < a >",
        "write the unit: `10s`, `10ms`, or another of `ns us ms s m h`",
    );
    mistake(
        "circuit(reset_timeout = ^exponentail(10s)) < a >",
        "there is no backoff `exponentail`; did you mean `exponential`?",
    );
    mistake(
        "circuit(reset_timeout = ^exponential) < a >",
        "`exponential` needs its base; write `exponential(100ms)` or `exponential(100ms, 2)`",
    );
}

/// An editor asks for options while they are typed, where there is no body yet.
#[test]
fn what_is_taken_for_something_else_is_there_as_options() {
    for text in ["par(l)", "par(limit = 2, s)", "seq < a circuit(f) b >"] {
        let parsed = crate::parse(text.parse().expect("tokens"));
        let Step::Block(mut block) = parsed.tree.root else { panic!("{text}") };
        if let Some(Item::Step(Step::Block(_))) = block.body.get(1) {
            let Item::Step(Step::Block(inner)) = block.body.remove(1) else { panic!("{text}") };
            block = inner;
        }
        let written: Vec<String> =
            block.options.iter().chain(&block.unread).map(|option| option.name.to_string()).collect();
        assert!(matches!(written.last().map(String::as_str), Some("l" | "s" | "f")), "{text}: {written:?}");
    }
}

#[test]
fn a_policy_made_of_a_name_owns_what_it_holds() {
    let message = |owned: &str| {
        format!("a policy made of a name owns what it holds; write `with({owned}.clone())`, of an `Arc`")
    };
    mistake("let audit = audit(); with(^audit) < a >", &message("audit"));
    mistake("let audit = audit(); with(^&audit) < a >", &message("audit"));
    mistake("|x: X| seq < let b = a with(^&b.audit.0) < a > >", &message("b.audit.0"));
    for head in
        ["other", "&other", "audit.clone()", "*audit", "&TABLE[*audit]", "Policy(*audit)", "audit.policy"]
    {
        sound(&format!("let audit = audit(); with({head}) < a >"));
    }
}

#[test]
fn a_factor_is_more_than_zero() {
    for factor in ["^0", "^0.0", "^-2", "^-0.5"] {
        mistake(
            &format!("retry(backoff = exponential(1s, {factor})) < a >"),
            "the factor must be more than 0",
        );
    }
    for factor in ["1", "0.5", "1e-3", "1.5", "2.0f64", "-x", "1 - 2"] {
        sound(&format!("retry(backoff = exponential(1s, {factor})) < a >"));
    }
}

#[test]
fn what_changes_a_wait_needs_one() {
    mistake("repeat(^jitter = full) < a >", "`jitter` needs `backoff = …` beside it");
    mistake("repeat(^max_delay = 1s) < a >", "`max_delay` needs `backoff = …` beside it");
    sound("repeat(jitter = full, max_delay = 1s, backoff = constant(1s)) < a >");
    sound("retry(jitter = full, max_delay = 1s) < a >");
}

#[test]
fn a_name_is_not_empty() {
    let message = "a name has at least one letter; leave it out where there is none";
    mistake("retry(name = ^\"\") < a >", message);
    mistake("seq < a as ^\"\" b >", message);
}

#[test]
fn a_duration_is_one_literal() {
    let message = |meant: &str| format!("a duration is one number and its unit; write `{meant}`");
    mistake("timeout(^1m30s) < a >", &message("90s"));
    mistake("timeout(^1h30m) < a >", &message("90m"));
    mistake("timeout(^1m 30s) < a >", &message("90s"));
    mistake("timeout(^2s + 1s) < a >", &message("3s"));
    mistake("retry(backoff = constant(^1s * 2)) < a >", &message("2s"));
    mistake("timeout(^1m30x) < a >", "unknown unit `m30x`; the units are `ns us ms s m h`");
}

#[test]
fn several_units_in_a_value_are_one_mistake() {
    let message =
        "a literal with a unit is for durations of the macro's own options; write `Duration::from_secs(1)`";
    mistake("retry(backoff = ^1s..10s) < a >", message);
    mistake("timeout(longer(^1s, of(2s))) < a >", message);
    mistakes(
        "seq < a |x| { wait(1s, x); wait(2s, x) } >",
        &[&format!("1:19 {message}"), &format!("1:32 {}", message.replace("(1)", "(2)"))],
    );
}

#[test]
fn the_words_of_an_option() {
    let message =
        |written: &str| format!("`{written}` is no word of this option; write `full`, `equal`, `none`");
    for written in ["true", "ful", "0.5"] {
        mistake(&format!("retry(jitter = ^{written}) < a >"), &message(written));
    }
    mistake(
        "retry(max_attempts = ^infinite) < a >",
        "`infinite` is no word of this option; write `unlimited`",
    );
    sound("retry(jitter = spread, max_attempts = most) < a >");
}

#[test]
fn a_name_is_a_reference() {
    mistake(
        "|n: u32| retry(max_attempts = ^n) < a >",
        "a name is a reference here; write `max_attempts = *n`",
    );
    mistake("seq < let n = a par(limit = ^n) < b c > >", "a name is a reference here; write `limit = *n`");
    sound("|n: u32| retry(max_attempts = *n) < a >");
    sound("choose(3) < n => retry(max_attempts = n) < a >, _ => b >");
}

#[test]
fn options_stand_before_the_body() {
    mistake(
        "|_: u32| retry < f > ^(max_attempts = 3)",
        "options stand before the `<`; write `retry(max_attempts = 3) < … >`",
    );
    mistake("seq < par < f g > ^(3) h >", "options stand before the `<`; write `par(limit = 3) < … >`");
    mistake("seq < ^timeout < f > (2s) h >", "`timeout` needs its duration; write `timeout(10s) < … >`");
}

#[test]
fn the_number_of_each_is_its_limit() {
    mistake(
        "each(^8) < a >",
        "an option is written `name = value`, as `limit = 8`; `each` has `stream`, `limit`, `settle` and `name`",
    );
    mistake("seq < a each ^8 < b > >", "options stand in parentheses; write `each(limit = 8) < … >`");
    mistake(
        "seq < a each(^ids) < b > >",
        "the step before `each` gives the collection; write `ids each < … >`",
    );
}

#[test]
fn a_time_for_a_factor() {
    mistake(
        "retry(backoff = exponential(^2, 100ms)) < a >",
        "the base comes first; write `exponential(100ms, 2)`",
    );
    mistake(
        "retry(backoff = exponential(100ms, ^2s)) < a >",
        "the factor is a number and no time; write `2`",
    );
}
