//! The arms of a block: what is read, and what is said of slips.

use std::str::FromStr;

use proc_macro2::{TokenStream, TokenTree};

use super::{has_shape, mistake, mistakes, read, read_tokens, sound};

const COMMA: &str = "expected `,` before this pattern";
const ONE_STEP: &str = "an arm is one step; write `seq < … >` around several, and `,` between arms";
const NO_ARM: &str = "an arm is a pattern, `=>` and a step";
const STRAY: &str = "arms stand in `choose(…) < … >`";

#[test]
fn arms_are_patterns_and_steps() {
    has_shape("choose(x) < A => a, B => b, >", "choose[A=>a B=>b]");
    has_shape("choose(x) < Some(k) if (*k > 9) => a(*k), None => { b } >", "choose[Some(k)=>a None=>{}]");
    has_shape(
        "choose(x) < | 1 | -2..=3 => a, \"s\" => |x| { x } _ => choose(y) < z => b > >",
        "choose[| 1 | -2..=3=>a \"s\"=>|| _=>choose[z=>b]]",
    );
    has_shape(
        "choose(x) < A { b, .. } => par < c d > (e, f) => seq < g h > [i, ..] => j >",
        "choose[A { b, .. }=>par[c d] (e, f)=>seq[g h] [i, ..]=>j]",
    );
    sound("choose(|r| r.status) < 200 => seq < parse store > 404 => missing, _ => fail >");
    sound(
        "choose(m) < \"GET\" => seq < a b > \"PUT\" => c, x if (x > y && z) => d::<u8>(*x, _) as \"n\", _ => e >",
    );
    sound("seq < choose(name) < #[cfg(a)] A => a, #[cfg(b)] B => b, _ => c > d >");
}

#[test]
fn a_comma_may_be_forgotten_before_a_path_a_literal_or_a_wildcard() {
    has_shape("choose(x) < A => a B => b 3 => c _ => d >", "choose[A=>a B=>b 3=>c _=>d]");
}

#[test]
fn a_comma_is_due_before_what_could_go_on_with_the_step() {
    mistake("choose(p) < (Some(a), _) => fetch ^(None, b) => store >", COMMA);
    mistake("choose(p) < A => fetch ^| B => store >", COMMA);
    mistake("choose(p) < A => fetch ^-1 => store >", COMMA);
    mistake("choose(p) < A => fetch ^&B => store >", COMMA);
    mistake("choose(p) < A => fetch ^..=3 => store >", COMMA);
    mistake("choose(p) < A => fetch(x) ^[a, b] => store >", COMMA);
    sound("choose(p) < A => fetch((None, b)), B => store(x) >");
    sound("choose(p) < A => seq < fetch > (None, b) => |x| { x } | C => store >");
}

#[test]
fn a_guard_has_parentheses() {
    mistake(
        "choose(n) < x if ^x > 9 => a, _ => b >",
        "the guard of an arm stands in parentheses; write `if (x > 9)`",
    );
    mistake(
        "choose(n) < A if ^f(x) && y < 3 => a, _ => b >",
        "the guard of an arm stands in parentheses; write `if (f(x) && y < 3)`",
    );
    mistake("choose(n) < x ^if => a, _ => b >", "expected a condition after this `if`; write `if (x > 9)`");
    mistake("choose(n) < ^if (x) => a, _ => b >", "expected a pattern before this `if`");
}

#[test]
fn an_arm_is_one_step() {
    mistake("choose(n) < Gone => delete ^|_| {}, _ => b >", ONE_STEP);
    mistake("choose(n) < A => a ^b c, B => d >", ONE_STEP);
    mistake("choose(n) < A => seq < a > ^b, B => d >", ONE_STEP);
    mistake("choose(n) < A => ^let x = b, B => d >", "an arm is one step; write `seq < let … >`");
}

#[test]
fn half_typed_arms_are_one_mistake_and_the_rest_is_kept() {
    mistake("choose(n) < ^Some(k) >", NO_ARM);
    mistake("choose(n) <\n A => a,\n ^Some(k)\n None => b,\n>", NO_ARM);
    mistake("choose(n) <\n A => a\n ^Some(k)\n>", NO_ARM);
    mistake("choose(n) <\n A ^=>\n B => ship,\n>", "expected a step after this `=>`");
    mistake("choose(n) < A ^=>, B => ship >", "expected a step after this `=>`");
    mistake("choose(n) < A ^=> >", "expected a step after this `=>`");
    mistake("choose(n) < ^=> a, B => ship >", "expected a pattern before this `=>`");
    mistake("choose(n) < A => a ^=> b >", "expected a pattern before this `=>`");
    mistake("choose(n) < A => a,^, B => b >", "expected an arm before this `,`: `pattern => step`");
    mistake("choose(n) < A => a^; B => b >", "a `,` stands between arms; remove the `;`");
    mistake("choose(n) < ^1 + 2 => a, _ => b >", "expected a pattern, such as a name or `(a, b)`");
    mistake("choose(n) ^< >", "the body of `choose` is empty; write at least one arm, `pattern => step`");
    mistake("^choose < A => a >", "`choose` needs its scrutinee; write `choose(x) < … >`");
    mistake(
        "choose ^n < A => a >",
        "the scrutinee of `choose` stands in parentheses; write `choose(n) < … >`",
    );
    mistake(
        "choose(n) <\n A => seq ^<\n  a b\n B => c,\n>",
        "this `<` of `seq` is not closed; write `>` where the block ends",
    );
}

#[test]
fn other_arrows() {
    let message = |shown: &str| {
        format!("between the pattern and the step of an arm stands `=>`; write it for `{shown}`")
    };
    mistake("choose(n) < A ^= b, _ => c >", &message("="));
    mistake("choose(n) < A ^-> b, _ => c >", &message("->"));
    mistake("choose(n) < A ^> b, _ => c >", &message(">"));
    mistake("choose(n) < A => a, Some(x) ^-> seq < b c > _ => c >", &message("->"));
    mistake("seq < choose(n) <\n A => a\n B ^= b\n C => c\n> d >", &message("="));
}

#[test]
fn arms_where_there_are_none() {
    mistake("seq < ^Some(k) => a, None => b >", STRAY);
    mistake("par < ^200 => a, 404 => seq < b c > _ => d >", STRAY);
    mistake("seq < a ^_ => b >", STRAY);
    mistake(
        "choose(n) ^{ A => a, B => b }",
        "arms stand between `<` and `>`; write `choose(x) < pattern => step, … >`",
    );
    mistake(
        "seq < ^match n { A => a, B => b } c >",
        "`match` is no step; write `|x| { match … }`, or to run one step or another `choose(x) < pattern => step, … >`",
    );
    let (_, found) = read("seq < choose(n)\n A => a,\n B => b >");
    assert!(found.len() <= 2, "{found:#?}");
}

#[test]
fn what_is_wrong_inside_is_said_there() {
    mistake("choose(n) < A => retry(max_attempts = ^0) < a >, _ => b >", "`max_attempts` must be at least 1");
    mistake(
        "|n: T| choose(*n) < Some(k) => a(^&k), _ => b >",
        "a task cannot borrow `k`: it takes owned values; write `k.clone()` or keep it in an `Arc`",
    );
    mistakes(
        "choose(n) < A => a(1s), B => 5, _ => b >",
        &[
            "1:19 a literal with a unit is for durations of the macro's own options; write `Duration::from_secs(1)`",
            "1:29 a value is no step; to pipe one write `|_| { … }` with it as the body",
        ],
    );
}

#[test]
fn a_block_of_arms_without_any_is_one_mistake() {
    let message = "`choose` needs its scrutinee and arms; write `choose(x) < pattern => step, … >`";
    mistake("^choose < a b >", message);
    mistake("seq < a ^choose < b > c >", message);
    mistake("^choose < 1 => a, _ => b >", "`choose` needs its scrutinee; write `choose(x) < … >`");
}

/// A text with one token less has few mistakes, wherever it was.
#[test]
fn an_arm_for_all_else_is_a_wildcard() {
    mistake("choose(n) < A => a, ^else => b >", "the arm for all else is `_ => …`");
}

#[test]
fn a_missing_token_is_few_mistakes() {
    let text = "|r: Request|
        seq <
            let user = find(r.user)
            choose(r.method.as_str()) <
                \"GET\" => seq < load(r.id) render >,
                \"PUT\" if (user.may_write) => retry(max_attempts = 3) < store(r.id, user.clone()) >
                \"POST\" | \"PATCH\" => |_| { 1 }
                other => refuse(other.to_owned()),
            >
            when(|n| *n > 3) < log >
        >";
    sound(text);
    let tokens: Vec<TokenTree> = TokenStream::from_str(text).expect("tokens").into_iter().collect();
    let mut more_than_one = 0;
    for gap in 0..tokens.len() {
        let mut less = tokens.clone();
        less.remove(gap);
        let (_, found) = read_tokens(less.into_iter().collect());
        assert!(found.len() <= 3, "without `{}`: {found:#?}", tokens[gap]);
        more_than_one += usize::from(found.len() > 1);
    }
    assert!(more_than_one <= 7, "{more_than_one} of {}", tokens.len());
}

#[test]
fn comparisons_for_patterns() {
    let message =
        |than: &str| format!("a comparison is no pattern; write a range, or `n if (*n {than}) => step`");
    mistake("|n: u32| choose(*n) < ^> 5 => a, _ => b >", &message("> 5"));
    mistake("|n: u32| choose(*n) < ^>= 5 => a, _ => b >", &message(">= 5"));
    mistake("|n: u32| choose(*n) < ^< 5 => a, _ => b >", &message("< 5"));
    mistake("|n: u32| choose(*n) < 1 => a, ^<= 5 => b, _ => c >", &message("<= 5"));
    // What is proposed.
    sound("|n: u32| choose(*n) < 6.. => a, n if (*n > 5) => a, _ => b >");
    // A `>` that closes, before an arm of the block around.
    mistake(
        "|n: u32| choose(*n) < 1 => choose(*n) ^< > 5 => a, _ => b >",
        "the body of `choose` is empty; write at least one arm, `pattern => step`",
    );
}

#[test]
fn match_with_arms() {
    mistake(
        "|n: u32| seq < a ^match (n) < 1 => b, _ => c > d >",
        "there is no block `match`; did you mean `choose`?",
    );
}

#[test]
fn a_pattern_that_decides() {
    mistake(
        "|o: Option<u32>| seq < a ^if let Some(n) = o < b(*n) > c >",
        "`if let` is no step; write `choose(o) < Some(n) => step, … >`",
    );
    mistake(
        "|o: Option<u32>| seq < ^if let Some(n) = o < seq < a b > > else < c > d >",
        "`if let` is no step; write `choose(o) < Some(n) => step, … >`",
    );
    mistake(
        "|o: Option<u32>| seq < ^while let Some(n) = next() < b > c >",
        "`while let` is no step; write `repeat < … >`, whose last step gives a `ControlFlow`",
    );
    let in_braces = "`if` is no step; write `when(…) < … >` around steps, or `|x| { if … }`";
    mistake("|o: Option<u32>| seq < ^if let Some(n) = o { b } c >", in_braces);
    // What follows is not a part of it.
    mistake("|o: Option<u32>| seq < ^if let Some(n) { b } let m = d seq < c > >", in_braces);
}
