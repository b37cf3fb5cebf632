//! Brackets, nesting, and what a pipeline is.

use super::{has_shape, mistake, mistakes, read, sound};

#[test]
fn any_spacing_closes() {
    for text in ["seq<par<seq<c>>>", "seq < par < seq < c > > >", "seq<par<seq<c>> >", "seq<par<seq<c> >>"] {
        has_shape(text, "seq[par[seq[c]]]");
    }
    has_shape("seq<a>", "seq[a]");
    has_shape("seq<fetch::<Vec<Vec<u8>>>(1)>", "seq[fetch]");
    has_shape("seq < a, b, par < c, d, >, >", "seq[a b par[c d]]");
}

#[test]
fn a_keyword_is_reserved_in_step_position_only() {
    has_shape(
        "seq < r#seq seq::x par::<u8>::y retry < each > >".replace(" retry < each >", "").as_str(),
        "seq[r#seq seq::x par::y]",
    );
    has_shape("seq < let seq = a b(seq) >", "seq[let=a b]");
    mistake("seq < a ^seq b >", "expected `<` after `seq`; a task of that name is `r#seq`");
    mistake("seq < a par(limit = 2^) b >", "expected `<` after `par(…)`; a task of that name is `r#par`");
    mistake("^seq", "expected `<` after `seq`; a task of that name is `r#seq`");
    mistake("seq < ^par a > >", "expected `<` after `par`; a task of that name is `r#par`");
    mistake("seq ^{ a b }", "the body of a block stands between `<` and `>`; write `seq < … >`");
    mistake("retry^{max_attempts = 3} < a >", "options stand in parentheses; write `retry(…) < … >`");
}

#[test]
fn an_empty_body_is_an_error() {
    mistake("seq ^< >", "the body of `seq` is empty; write at least one step");
    mistake("seq < a retry ^<> >", "the body of `retry` is empty; write at least one step");
}

#[test]
fn an_unclosed_block_is_reported_where_it_opens() {
    mistake("seq ^< a", "`seq` is not closed; write `>`");
    mistake("seq < a par < b ^>", "`seq` is not closed; write `>`");
    mistakes("seq < par <", &["1:10 `par` and `seq` are not closed; write `> >`"]);
}

#[test]
fn layout_tells_which_block_is_unclosed() {
    let message = "this `<` of `par` is not closed; write `>` where the block ends";
    mistake("seq <\n    fetch\n    par ^<\n        parse\n        len\n>", message);
    mistake("seq <\n    par ^<\n        a\n    retry <\n        b\n    >\n>", message);
    mistake("    seq <\n        let a = par(limit = 2) ^<\n            b\n        let c = d\n    >", message);
    // The line of the outermost block may begin anywhere.
    mistake("let a = 1; seq <\n    retry <\n      par ^<\n       b\n    >\n>", message);
    // Nothing is missing: layout is free.
    sound("seq <\n    par <\n        a\n>\n>");
}

/// The `let` after the forgotten `>` is not held to stand in `par`.
#[test]
fn a_guess_at_the_structure_has_no_consequences() {
    mistake("seq < par < a let x = b c(x) ^>", "`seq` is not closed; write `>`");
}

#[test]
fn a_stray_bracket() {
    mistake("seq < a > ^>", "this `>` closes nothing; remove it");
    mistake("seq < a > b ^>", "this `>` closes nothing; remove it");
    mistake("^> seq < a >", "this `>` closes nothing; remove it");
}

#[test]
fn layout_tells_which_bracket_is_stray() {
    let message = "this `>` closes nothing; remove it";
    mistake("seq <\n    par <\n        a\n    >\n    ^>\n    b\n>", message);
    mistake("seq <\n    retry < a > ^>\n    b\n>", message);
    mistake("seq <\n    par <\n        retry < a > ^>\n        b\n    >\n    c\n>", message);
    mistake("seq <\n    a\n>\n^>", message);
    mistake("seq < a ^> >".replace("a ^> >", "a > ^>").as_str(), message);
    // Without it, what stands in `par` is in there.
    mistakes(
        "seq <\n    par(limits = 2) <\n        retry < a > >\n        b\n    >\n>",
        &[
            "2:8 `par` has no option `limits`; did you mean `limit`? it has `limit`, `settle` and `name`",
            "3:20 this `>` closes nothing; remove it",
        ],
    );
}

#[test]
fn a_pipeline_is_one_step() {
    mistake("seq < a > ^b c", "a pipeline is one step; write `seq < … >` around several");
    mistake("a ^b", "a pipeline is one step; write `seq < … >` around several");
    mistake("a^,", "nothing follows this `,`; remove it");
    mistake("seq < a >^;", "nothing stands between steps; remove the `;`");
    mistakes("", &["1:0 expected a step, such as a task `fetch` or a block `seq < … >`"]);
    mistake("|x: u8^|", "expected a step, such as a task `fetch` or a block `seq < … >`");
    has_shape("fetch", "fetch");
    has_shape("{ inner }", "{}");
    has_shape("|_| { 1 }", "||");
}

#[test]
fn unknown_blocks() {
    mistake("^sqe < a b >", "there is no block `sqe`; did you mean `seq`?");
    mistake("seq < ^retyr(max_attempts = 3) < a > b >", "there is no block `retyr`; did you mean `retry`?");
    mistake(
        "seq < ^group < a b > c >",
        "there is no block `group`; the blocks are `seq`, `par`, `each`, `race`, `fallback`, `circuit`, `retry`, `hedge`, `timeout`, `catch`, `settle`, `bulkhead`, `throttle`, `when`, `choose`, `repeat`, `saga` and `with`",
    );
    for (word, keyword) in [
        ("parallel", "par"),
        ("switch(x)", "choose"),
        ("match(x)", "choose"),
        ("if(x)", "when"),
        ("loop", "repeat"),
        ("while(x)", "repeat"),
        ("for", "each"),
        ("semaphore(3)", "bulkhead"),
        ("rate_limit(3)", "throttle"),
        ("or_else", "fallback"),
    ] {
        let name = word.split('(').next().expect("a word");
        let message = format!("there is no block `{name}`; did you mean `{keyword}`?");
        mistake(&format!("^{word} < a b >"), &message);
        mistake(&format!("seq < a ^{word} < a > b >"), &message);
    }
    mistake("seq < ^< a b > c >", "expected a block's keyword before this `<`, such as `seq`");
    mistake(
        "seq < ^my::block < a b > c >",
        "a path opens no block; expected a keyword, such as `seq`, before `<`",
    );
}

#[test]
fn too_deep() {
    let nest = |levels: usize| format!("{}a{}", "seq < ".repeat(levels), " >".repeat(levels));
    sound(&nest(64));
    let (_, found) = read(&nest(200));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("more than 64 levels deep"), "{found:#?}");
}

#[test]
fn no_let_among_peers() {
    mistake(
        "par < a ^let b = c >",
        "`let` stands in a sequence, and the children of `par` are peers; name their outputs together, `let (a, b) = par < … >`",
    );
    sound("retry < let a = b c(a) >");
}

#[test]
fn several_mistakes_are_all_reported() {
    mistakes(
        "seq <\n par(limt = 2) < a b >\n 'x\n timeout(10) < c >\n fetch<u8>(1)\n>",
        &[
            "2:5 `par` has no option `limt`; did you mean `limit`? it has `limit`, `settle` and `name`",
            "3:1 a lifetime is no step; remove it",
            "4:9 write the unit: `10s`, `10ms`, or another of `ns us ms s m h`",
            "5:1 for generic arguments write `fetch::<u8>(1)`",
        ],
    );
}

#[test]
fn a_colon_for_a_body() {
    mistake("seq < a hedge(50ms^): b >", "expected `<` after `hedge(…)`; a task of that name is `r#hedge`");
}
