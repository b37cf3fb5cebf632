//! `undo` and `finally`: what they belong to, and where they may stand.

use super::{mistake, mistakes, shape, sound};

#[test]
fn an_undo_belongs_to_the_one_step_before_it() {
    for (text, expected) in [
        ("saga < a undo b c >", "saga[a undo b c]"),
        ("saga < a finally b c undo d >", "saga[a finally b c undo d]"),
        ("saga < let x = a(_) undo b(_) c(*x) >", "saga[let=a undo b c]"),
        ("saga < a as \"n\" undo b as \"m\" >", "saga[a undo b]"),
        ("saga < |x| { x } undo |x| { y(x) } >", "saga[|| undo ||]"),
        ("saga < { p } undo { q } >", "saga[{} undo {}]"),
        (
            "saga < par < a undo b, c undo d > undo seq < e f > g >",
            "saga[par[a undo b c undo d] undo seq[e f] g]",
        ),
        ("saga < a undo saga < b undo c > d >", "saga[a undo saga[b undo c] d]"),
        ("saga < a\n  undo b\n c >", "saga[a undo b c]"),
        ("saga <\n    a undo\n        b\n    c\n>", "saga[a undo b c]"),
        ("saga < undo::a finally::b r#undo r#finally >", "saga[undo::a finally::b r#undo r#finally]"),
    ] {
        assert_eq!(shape(&sound(text).root), expected, "`{text}`");
    }
}

#[test]
fn an_undo_is_a_step() {
    mistake("saga < a ^undo >", "expected a step after `undo`");
    mistake("saga < a ^undo, b >", "expected a step after `undo`");
    mistake("saga < a ^finally let x = b c(*x) >", "expected a step after `finally`");
    mistake("saga <\n    a ^undo\n    b\n>", "expected a step after `undo`");
    mistake("saga < a undo ^< b c > >", "`undo` takes a step; for several write `undo seq < … >`");
    mistake("saga < a undo b ^undo c d >", "a step has one `undo`; for several steps write `undo seq < … >`");
    mistake(
        "saga < a undo b ^finally c d >",
        "a step has an `undo` or a `finally`; for both write `seq < … undo … > finally …`",
    );
    mistake(
        "saga < ^undo a b >",
        "`undo` stands after the step that it undoes; a task of that name is `r#undo`",
    );
    mistake(
        "saga < a, ^finally b >",
        "`finally` stands after the step that it ends; a task of that name is `r#finally`",
    );
    mistake(
        "saga < let x = ^undo a b >",
        "`undo` stands after the step that it undoes; a task of that name is `r#undo`",
    );
    mistake(
        "saga < ^undo undo undo a b >",
        "`undo` stands after the step that it undoes; a task of that name is `r#undo`",
    );
}

#[test]
fn an_undo_stands_in_a_saga() {
    let outside = "`undo` needs `saga < … >` around it; a task of that name is `r#undo`";
    mistake("seq < a ^undo b c >", outside);
    mistake("a ^undo b", outside);
    mistake("saga < a undo seq < b ^undo c > >", outside);
    mistake("saga < a undo retry < b ^undo c > >", outside);
    mistake("retry < a ^undo b >", outside);
    for block in ["retry", "fallback", "settle", "repeat", "each(settle)", "par(settle)"] {
        let keyword = block.split('(').next().expect("a word");
        let message = format!(
            "`{keyword}` goes on after a failure, when this is to be undone already; write `{keyword} < saga < … undo … > >`"
        );
        mistake(&format!("saga < {block} < a ^undo b > >"), &message);
        mistake(&format!("saga < {block} < seq < a ^undo b > > >"), &message);
        sound(&format!("saga < {block} < saga < a undo b > > >"));
    }
    for block in ["seq", "par", "each", "circuit", "timeout(1s)", "catch"] {
        sound(&format!("saga < {block} < a undo b > >"));
        sound(&format!("saga < {block} < seq < a undo b > > >"));
    }
    for (block, keyword) in [("race", "race"), ("hedge(1s)", "hedge"), ("with(p)", "with")] {
        let message = format!(
            "`{keyword}` drops what it does not need, with what that has done; write the `undo` after the `{keyword}`"
        );
        mistake(&format!("saga < {block} < a ^undo b > >"), &message);
    }
}

#[test]
fn a_saga_stands_in_nothing_that_drops_it() {
    for (block, keyword) in
        [("timeout(1s)", "timeout"), ("race", "race"), ("hedge(1s)", "hedge"), ("with(p)", "with")]
    {
        let message = format!(
            "`{keyword}` drops what is inside it, and a saga that is dropped undoes nothing; put the `{keyword}` inside the `saga`"
        );
        mistake(&format!("{block} < ^saga < a undo b > >"), &message);
        mistake(&format!("{block} < each < retry < ^saga < a > > > >"), &message);
        mistake(&format!("saga < {block} < ^saga < a > > >"), &message);
        mistake(&format!("saga < a undo {block} < ^saga < b > > >"), &message);
        sound(&format!("saga < {block} < a > >"));
    }
}

#[test]
fn an_undo_is_no_block() {
    let message = "`undo` stands after the step that it undoes; a task of that name is `r#undo`";
    mistake("^undo < a b >", message);
    mistake("saga < ^undo < a > b >", message);
}

#[test]
fn a_missing_bracket_is_one_mistake() {
    mistakes("timeout(1s) < saga < a undo b >", &["1:30 `timeout` is not closed; write `>`"]);
}

#[test]
fn the_task_of_an_undo_takes_owned_values() {
    let message = "a task cannot borrow `t`: it takes owned values; write `t.clone()` or keep it in an `Arc`";
    mistake("saga < let t = a undo b(^&t) c >", message);
    mistake("saga < let t = a undo retry < b(1, ^&t) > c >", message);
    mistake("saga < let t = a b undo c(^&t) >", message);
    sound("saga < let x = a undo b(&t) c >");
}
