//! Steps, and what is none.

use super::{mistake, mistakes, shape, sound};
use crate::ast::{Item, Step};

const EXPRESSION: &str = "an expression is no step; write `|x| { … }` with it as the body";

/// The steps of a `seq`.
fn steps(text: &str) -> Vec<Step> {
    let Step::Block(block) = sound(text).root else { panic!("a block") };
    let step = |item| match item {
        Item::Step(step) => step,
        Item::Let(named) => named.step,
        Item::Piped(_) | Item::Arm(_) => panic!("a step"),
    };
    block.body.into_iter().map(step).collect()
}

const IF: &str = "`if` is no step; write `when(…) < … >` around steps, or `|x| { if … }`";

const FOR: &str = "`for` is no step; write `each < … >` for the items of a collection, or `|x| { for … }`";

const MATCH: &str = "`match` is no step; write `|x| { match … }`, or to run one step or another `choose(x) < pattern => step, … >`";

#[test]
fn leaves() {
    let all = steps("seq < a a::b(1) ::c::d::<Vec<u8>>() as \"n\" self::e super::f r#match(_) >");
    let Some(Step::Leaf(named)) = all.get(2) else { panic!("a leaf") };
    assert_eq!(named.name.as_ref().map(|name| name.value.as_str()), Some("n"));
    assert!(named.arguments.is_some());
    assert_eq!(all.len(), 6);
}

#[test]
fn a_function_of_a_type_is_no_task() {
    let of_type =
        |call: &str| format!("a task is a free function, and this belongs to a type; write `{call}`");
    mistake("seq < a Client::^new(1, _) >", &of_type("|x| { Client::new(1, x) }"));
    mistake("seq < a Self::^new >", &of_type("|x| { Self::new(x) }"));
    mistake("seq < a u8::^from >", &of_type("|x| { u8::from(x) }"));
    mistake("seq < a Vec::<u8>::^new() >", &of_type("|_| { Vec::<u8>::new() }"));
    mistake("seq < a ^Some >", "`Some` is no task; write `|x| { Some(x) }`");
    mistake("seq < a ^Ok(_) >", "`Ok` is no task; write `|x| { Ok(x) }`");
    mistake("seq < a ^None >", "`None` is no task; write `|_| { None }`");
    sound("seq < a::b::c Named A::B a::Named >");
}

#[test]
fn signs_between_steps() {
    for sign in ["->", "|>", ">>", "&&", "||", "&", "|", "~", "<<", "<-", "-->", "==>"] {
        let message = format!("the output of a step goes to the next one by itself; remove the `{sign}`");
        mistake(&format!("seq < a ^{sign} b >"), &message);
        mistake(&format!("seq < par < a b > ^{sign} b >"), &message);
    }
    mistake("|_: u8| a ^| b", "the output of a step goes to the next one by itself; remove the `|`");
    sound("seq < seq < seq < a >> b >");
    mistake("seq < a ^+ 1 >", EXPRESSION);
    mistake("seq < a |x| ^x + 1 >", "an inline step has a braced body; write `|x| { … }`");
    mistake("^(seq < a >)", "parentheses do not stand around a step; remove them");
    mistake("|_: u8| ^{ seq < a > }", "braces hold a pipeline that is built elsewhere; remove them");
}

#[test]
fn an_inline_step_may_move_its_captures_in() {
    let moves = |text: &str| {
        let Some(Step::Inline(inline)) = steps(&format!("seq < {text} >")).into_iter().next() else {
            panic!("an inline step")
        };
        inline.move_token.is_some()
    };
    assert!(moves("move |x| { x }"));
    assert!(moves("async move |x, cx| { x }"));
    assert!(moves("#[durable] async move |x, cx| { x }"));
    assert!(!moves("async |x| { x }"));
    for text in
        ["|_: u8| move |x| { x }", "|_: u8| move |x: u8| { x }", "let a = b; |_: u8| async move |x| { x }"]
    {
        let pipeline = sound(text);
        assert!(pipeline.move_token.is_none(), "{text}");
        assert!(matches!(pipeline.root, Step::Inline(inline) if inline.move_token.is_some()), "{text}");
    }
    assert!(sound("move |x| { x }").move_token.is_some());
}

#[test]
fn the_placeholder_is_a_whole_argument() {
    let piped = |text: &str| {
        let Some(Step::Leaf(leaf)) = steps(&format!("seq < {text} >")).into_iter().next() else {
            panic!("a leaf")
        };
        leaf.arguments.and_then(|arguments| arguments.piped).is_some()
    };
    assert!(piped("f(_)"));
    assert!(piped("f(1, _, g(2))"));
    assert!(piped("f(|a, b| c, _)"));
    assert!(!piped("f(1)"));
    const INSIDE: &str =
        "`_` is a whole argument; name what is piped, `let x = _`, before this step, and use `x` here";
    for text in [
        "(^_, 1)",
        "^_ + 1",
        "&^_",
        "^_.a()",
        "g(^_)",
        "format!(\"{}\", ^_)",
        "if ^_ > 3 { 1 } else { 2 }",
        "-^_",
        "1, ^_?",
        "^_ as u8",
    ] {
        mistake(&format!("seq < f({text}) >"), INSIDE);
    }
    for text in [
        "match a { _ => b }",
        "|_| a",
        "|(_, a)| b",
        "{ let _ = a; b }",
        "{ let (_, b) = a; b }",
        "matches!(a, _)",
        "a.b::<_>()",
        "a::<Vec<_>>()",
        "a as *const _",
        "if let Some(_) = a { b } else { c }",
        "{ for _ in a {} b }",
        "{ _ = a; b }",
        "match a { (_, b) if b => c, Some(_) | None => d }",
        "a.map(|_: _| b)",
        "{ let a: Vec<_> = b; a }",
        "[0; 3].map(|_| _)".replace("|_| _", "|_| 1").as_str(),
    ] {
        sound(&format!("seq < f({text}) >"));
    }
    assert!(!piped("f(|_| 1)"));
    assert!(!piped("f(|_, _| 1)"));
    assert!(!piped("f(x::<_, _>())"));
    mistake(
        "seq < f(_, ^_) >",
        "`_` is the piped value and can be given away once; name it with `let`, or clone it in `|x| { … }`",
    );
    mistake(
        "seq < ^_ >",
        "`_` is the piped value in a task's parentheses, not a step; to pipe it on unchanged, leave it out",
    );
}

#[test]
fn inline_steps() {
    let root =
        sound("seq < |(a, b)| { a } async |x: Vec<u8>| { x } as \"n\" |Foo { a, .. }: Foo| { a } >").root;
    assert_eq!(shape(&root), "seq[|| || ||]");
    mistake("seq < a |x| ^x + 1 b >", "an inline step has a braced body; write `|x| { … }`");
    mistake("seq < |x| ^x > 1 >", "an inline step has a braced body; write `|x| { … }`");
    mistake("seq < |x| ^x.len() b >", "an inline step has a braced body; write `|x| { … }`");
    mistake("seq < a |x^| >", "an inline step has a braced body; write `|x| { … }`");
    mistake("seq < |x| ^-> u8 { x } b >", "an inline step has no return type; write `|x| { … }`");
    mistake(
        "seq < |a^, b| { a } >",
        "an inline step takes one value; take a tuple apart with `|(a, b)| { … }`",
    );
    mistake("seq < ^|| { 1 } >", "an inline step takes one value; write `|_| { … }`");
    mistake("seq < ^|x { x } >", "this `|` is not closed; an inline step is written `|x| { … }`");
    mistake(
        "seq < ^move x >",
        "`move` stands once, before the first step, and holds for all; write it there",
    );
    mistake(
        "|_: u32| seq < a ^move seq < x > >",
        "`move` stands in the header, and holds for all steps; write `move |_: u32|`",
    );
    mistake(
        "|_: u32| seq < a ^move async |x| { x } >",
        "`move` follows the `async`; write `async move |x| { … }`",
    );
    mistake(
        "move |_: u32| seq < a ^move b >",
        "`move` stands in the header already, and holds for all steps; remove it here",
    );
    mistake("seq < a ^async b >", "a task is awaited by itself; remove the `async`");
    mistake("seq < a ^await retry < b > >", "a block is awaited by itself; remove the `await`");
    mistake("seq < a^.await b >", "a task is awaited by itself; remove the `.await`");
    mistake(
        "seq < a(1)^.await? b >",
        "a task is awaited by itself, and its error ends the pipeline; remove the `.await?`",
    );
    mistake("seq < ^parse<u32> a >", "for generic arguments write `parse::<u32>`");
    mistake("seq < ^async { x } >", "an inline step takes the piped value; write `async |_| { … }`");
    mistake("seq < |^1 + 2| { x } >", "expected a pattern, such as a name or `(a, b)`");
    mistake("seq < |x: ^+| { x } >", "expected a type");
}

#[test]
fn names_of_steps() {
    mistake(
        "seq < a as ^b c >",
        "the name of a step is a string, `as \"b\"`; to use its output write `let b = …`",
    );
    mistake(
        "seq < a as ^1 c >",
        "the name of a step is a string; write `as \"…\"`".replace('…', "name").as_str(),
    );
    mistake("seq < a ^as >", "expected a name after `as`; write `as \"name\"`");
    mistake("seq < a as \"b\" ^as \"c\" >", "a step has one name; remove this `as`");
    mistake("seq < par < a > ^as \"b\" >", "a block is named by an option; write `par(name = \"…\")`");
    mistake("seq < { a } ^as \"b\" >", "a pipeline used as a step keeps its own names; remove the `as`");
    mistake("seq < a ^\"b\" >", "a string is no step; to name the step before it write `as \"b\"`");
}

#[test]
fn lets() {
    let root = sound(
        "seq < let a = b let (c, d): (u8, Vec<Vec<u8>>) = par < e f > let Foo { x, .. } = |_| { y } g(x) >",
    )
    .root;
    assert_eq!(shape(&root), "seq[let=b let=par[e f] let=|| g]");
    mistake("seq < let a ^b c >", "expected `=` after `let a`");
    mistake(
        "seq < ^let = b c >".replace('^', "").replace("let =", "let ^=").as_str(),
        "expected a name or pattern after `let`",
    );
    mistake("seq < let a ^= >", "expected a step after this: write `let name = step`");
    mistake("seq < let a ^= let b = c d >", "expected a step after this: write `let name = step`");
    mistake("seq < ^let >", "expected a name or pattern after `let`: write `let name = step`");
    mistake("seq < let ^1 + 2 = b >", "expected a pattern, such as a name or `(a, b)`");
    mistake("seq < a ^= fetch b >", "to name the output of a step write `let name = step`");
    mistake("seq < let a = b^; c >", "nothing stands between steps; remove the `;`");
    mistake(
        "seq < let a = b |^x| { x + 1 } >",
        "nothing is piped here: what comes before it has a name; write `|_| { … }` and use `a`",
    );
    mistake(
        "|id: u8| par < |^x| { x } b >",
        "nothing is piped here: what comes before it has a name; write `|_| { … }` and use `id`",
    );
    for text in [
        "|_| { a.b() }",
        "|_x| { a.b() }",
        "|x| { a.b() }",
        "|()| { a.b() }",
        "each < |x| { x } >".replace("each", "c each").as_str(),
    ] {
        sound(&format!("seq < let a = b {text} >"));
    }
    const MUT: &str = "what has a name is shared by all later steps, and cannot be changed; change a clone in an inline step";
    mistake("seq < let ^mut a = b |_| { a.b() } >", MUT);
    mistake("seq < let (a, ^mut c) = b |_| { a.b() } >", MUT);
    mistake("|^mut a: u8| b(a)", MUT);
    sound("|_: u8| seq < |mut a| { a.b() } >");
    mistake("seq < let a ^:= b c >", "a `let` is written with `=`; write it for `:=`");
    mistake("seq < let a ^<- b c >", "a `let` is written with `=`; write it for `<-`");
    mistake("seq < ^var a = b c >", "the output of a step is named by `let a = …`");
    mistake(
        "seq < let a ^| d = b c >",
        "a `let` has one pattern, which always matches; for one or another write `choose(x) < pattern => step, … >`",
    );
}

#[test]
fn what_other_languages_write_between_steps() {
    mistake("seq < a ^; b >", "nothing stands between steps; remove the `;`");
    mistake("seq < a ^-> b >", "the output of a step goes to the next one by itself; remove the `->`");
    mistake("seq < a ^|> b >", "the output of a step goes to the next one by itself; remove the `|>`");
    let all = "nothing stands between steps; remove the `;`, and the others like it";
    mistake("seq < a^; b; c; >", all);
    mistake("seq < let x = a^; let y = par < b; c; >; d; >", all);
    mistake(
        "seq < a ^=> b >",
        "the output of a step goes to the next one by itself; remove the `=>` (arms stand in `choose(…) < … >`)",
    );
    mistake("seq < a,^, b >", "expected a step before this `,`");
    mistake("seq < ^, b >", "expected a step before this `,`");
}

#[test]
fn expressions_are_no_steps() {
    mistake(
        "seq < a(1)^.b::<C>(2)?.await d >",
        "a step has no methods; write `|x| { … }` with the call as the body",
    );
    mistake("seq < a^? c >", "an error ends the pipeline by itself; remove the `?`");
    mistake("seq < ^&a + b e >", EXPRESSION);
    mistake("seq < a ^+ b * 2 - c(d) e >", EXPRESSION);
    mistake("seq < a ^== b e >", EXPRESSION);
    mistake("seq < a(1)^(2) e >", EXPRESSION);
    mistake("seq < ^[a, b] e >", EXPRESSION);
    mistake("seq < ^5 + 1 e >", "a value is no step; to pipe one write `|_| { … }` with it as the body");
    mistake("seq < ^true e >", "a value is no step; to pipe one write `|_| { … }` with it as the body");
    mistake(
        "seq < ^(a, b) e >",
        "parentheses are no step; write `|x| { … }` for an expression, `par < … >` for several steps at once",
    );
    mistake("seq < ^'a b >", "a lifetime is no step; remove it");
    mistake("seq < ^if a { b } else if c { d } else { e } f >", IF);
    mistake("seq < ^match a { b => c } f >", MATCH);
    mistake("seq < a ^: b >", EXPRESSION);
    mistake("seq < ^@ b >", "expected a step, found `@`");
    mistake(
        "seq < ^return a b >".replace("a b", "").as_str(),
        "`return` is no step; an inline step `|x| { … }` may hold it",
    );
    mistake("seq < ^fn a() { } b >", "`fn` begins an item, which stands before the pipeline");
    mistake("seq < ^{ } b >", "expected a pipeline between the braces; a body belongs to `|x| { … }`");
}

#[test]
fn what_is_called_as_a_value_is_told_how() {
    mistake(
        "seq < a c^.get(_) b >",
        "a method is no step; write `|x| { c.get(x) }`, or `async |x| { c.get(x).await }` if it is `async`",
    );
    mistake("seq < c^.get(1).await? b >", "a method is no step; write `async |_| { c.get(1).await }`");
    mistake("seq < order^.id b >", "a value is no step; to pipe one write `|_| { order.id }`");
    mistake("seq < a()^.b()? c >", "a step has no methods; write `a() |x| { x.b() }`");
    mistake("seq < a^.then(b::c) >", "steps follow one another; for `.then(…)` write `b::c`");
    mistake(
        "seq < par < a b >^.map(|x| { x }) c >",
        "steps follow one another; for `.map(…)` write `|x| { x }`",
    );
    mistake("seq < a^!(b) c >", "a macro is no step; write `|_| { a!(b) }`");
    mistake("seq < format^!(\"{}\", _) c >", "a macro is no step; write `|x| { format!(\"{}\", x) }`");
    mistake("seq < ^&a(1) e >", "a task is written without `&`; write `a(1)`, or for a pipeline `{ &a(1) }`");
    mistake("seq < a ^10 b >", "an argument stands in parentheses; write `a(10)`");
    mistake(
        "seq < |x| ^a(x, 1) b >",
        "an inline step has a braced body; write `|x| { a(x, 1) }`, or for a task `a(_, 1)`",
    );
    mistake("seq < a(^id = 10, b) >", "what `a` is given has no name; write `a(10, b)`");
    mistake("seq < a(^name = \"x\") >", "a step is named by `as`; write `a as \"x\"`");
    sound("seq < a(b == c, d { e: f }, g::h) >");
    mistake(
        "seq < a String::^len >",
        "a task is a free function, and this belongs to a type; write `|x| { x.len() }`",
    );
}

#[test]
fn what_an_inline_step_gives_is_owned() {
    let message = |shown: &str, owned: &str| {
        format!(
            "a step gives an owned value, and `{shown}` is a reference to what the run keeps; write {owned}"
        )
    };
    let name = message("s", "`s.clone()`, or `*s` if it is `Copy`");
    mistake("|s: String| |_| { ^s }", &name);
    mistake("seq < let s = a async |_, cx| { b(s); ^s } >", &name);
    mistake("|s: String| |_| { ^&s.0 }", &message("&s.0", "`s.0.clone()`"));
    mistake("|s: String| |_| { ^&s[1..] }", &message("&s[1..]", "`s[1..].to_owned()`"));
    // What is behind a reference may live longer.
    for text in ["|s: &'static A| |_| { &s.a }", "let s = a; |_| { &s.a }", "|s: A| |_| { &s.a.b }"] {
        sound(text);
    }
    sound("|_: u8| choose(3) < s => |_| { s }, _ => |_| { 4 } >");
    for text in [
        "|s| { s }",
        "|_| { let s = 1; s }",
        "|_| { s.a() }",
        "|_| { &s == t }",
        "|_| { if let Some(s) = t { u } s }",
    ] {
        sound(&format!("|_: u8| seq < let s = a seq < |_| {{ 1 }} {text} > >"));
    }
}

#[test]
fn a_pattern_always_matches() {
    let message = |pattern: &str| {
        format!(
            "a pattern here always matches; name the whole and look inside with `choose(x) < {pattern} => step, … >`"
        )
    };
    mistake("|_: A| seq < let ^Some(n) = a b >", &message("Some(n)"));
    mistake("|_: A| seq < let ^Err(n) = _ b >", &message("Err(n)"));
    sound("|_: A| |Ok(n)| { n }");
    mistake("|_: A| |^None| { 1 }", &message("None"));
    mistake("|^Ok(n): A| b", &message("Ok(n)"));
    mistake("let ^Some(n) = a; b", &message("Some(n)"));
    sound("|_: A| seq < let Some = a let a::Some(b) = c |(Some, _)| { d } >");
}

#[test]
fn braces_hold_a_pipeline() {
    let message = |code: &str| format!("braces hold a pipeline; an inline step is `|_| {{ {code} }}`");
    for code in ["n + 1", "1", "a(); b * 2", "a();", "format!(\"x\")"] {
        mistake(&format!("seq < a ^{{ {code} }} >"), &message(code));
    }
    for code in [
        "a",
        "&a",
        "*a",
        "a::b(c)",
        "if a { b } else { c }",
        "let a = b; a",
        "a.b(1 + 2)",
        "a!(b)",
        "a::<dyn B + C>()",
    ] {
        sound(&format!("seq < a {{ {code} }} >"));
    }
}

#[test]
fn the_form_of_other_languages() {
    mistake("|_: u8| ^seq! { a b }", "a block is no macro; write `seq < … >`");
    mistake("|_: u8| ^try < a >", "there is no block `try`; did you mean `settle`?");
    mistake("seq < a par < b c ^</par> d >", "a block closes with `>`; write it for `</par>`");
    mistake("|n: ^&mut u32: u32| a", "a value has one type; write `u32`");
    let returns = "a pipeline gives what its last step gives; remove the `->` and its type";
    mistake("|_: u8| ^-> String a", returns);
    mistake("|_: u8| ^-> Result<Vec<u8>, a::B> |x| { x }", returns);
    mistake("|_: u8| ^-> u8 seq < a >", returns);
}

/// Each is one mistake, however much of Rust it is.
#[test]
fn statements_are_no_steps() {
    for text in [
        "^if x > 3 { a } else { b } c",
        "^if x > 3 { a } else if y >= 2 && z < 1 { b } else { d } c",
        "^if let Some(x) = y { a } c",
        "let x = ^if y { a } else { b } c",
        "d ^if x(1) > y.z { a }.await? c",
    ] {
        mistake(&format!("|_: u32| seq < {text} >"), IF);
    }
    mistake("seq < ^match a { b => { c } d => { e } }.await? f >", MATCH);
    mistake("seq < ^while x > 3 { a } c >", "`while` is no step; write `|x| { while … }`");
    mistake("seq < ^for i in 0..3 { a } c >", FOR);
    mistake("seq < ^'a: loop { break 'a; } c >", "a lifetime is no step; remove it");
    for text in ["return 3", "return Ok(x)", "return a(x)?.b;", "return if x > 1 { 2 } else { 3 }"] {
        mistake(
            &format!("seq < ^{text} |x| {{ x }} >"),
            "`return` is no step; an inline step `|x| { … }` may hold it",
        );
    }
    mistake("seq < ^break 'a 3; c >", "`break` is no step; an inline step `|x| { … }` may hold it");
    mistake("seq < println^!(\"x\"); b >", "a macro is no step; write `|x| { println!(\"x\"); x }`");
    mistake(
        "seq < a()^.await?.b(|x| x)?; b >",
        "a step has no methods; write `|x| { … }` with the call as the body",
    );
    for text in
        ["struct F;", "use a::b;", "static X: u32 = 3;", "const X: u32 = 3;", "fn f() {}", "impl A for B {}"]
    {
        let word = text.split(' ').next().unwrap_or_default();
        mistake(
            &format!("seq < ^{text} c >"),
            &format!("`{word}` begins an item, which stands before the pipeline"),
        );
    }
    let otherwise = "a step has no `else`; name the whole value, or let an inline step give the error: `|x| { x.ok_or(\"…\") }`";
    mistake("seq < let Some(x) = a ^else { return } c >", otherwise);
    mistake("seq < let Some(x) = a ^else { panic!() }; c >", otherwise);
    mistake("seq < a ^= 3 b >", "to name the output of a step write `let name = step`");
    for text in ["async { a }", "async move { a.await }", "async { a }.await"] {
        mistake(
            &format!("seq < ^{text} b >"),
            "an inline step takes the piped value; write `async |_| { … }`",
        );
    }
}

#[test]
fn a_body_has_braces() {
    for text in [
        "x + 1",
        "x.y(|z| z + 1)?",
        "match x { 1 => 2, _ => 3 }",
        "if x > 3 { 1 } else { 2 }",
        "Foo { x, y: 3 }",
        "vec![x]",
        "(x, x)",
        "&x",
        "unsafe { x }",
        "loop { break 3 }",
        "return 3",
        "x > 3",
        "Ok::<u32, E>(x)",
    ] {
        mistake(
            &format!("|_: u32| seq < |x| ^{text} b >"),
            "an inline step has a braced body; write `|x| { … }`",
        );
    }
    for text in ["async { x }", "async move { x.await? }"] {
        mistake(
            &format!("|_: u32| seq < |x| ^{text} b >"),
            "an inline step that awaits is written `async |x| { … }`",
        );
    }
}

#[test]
fn only_a_condition_applies_to_a_step() {
    let other = "only `#[cfg(…)]` and `#[durable]` apply to a step; remove this attribute";
    mistake("seq < ^#[allow(unused)] b c >", other);
    mistake("seq < a ^#[cfg_attr(x, inline)] let b = c d >", other);
    mistake("^#[rustfmt::skip] let a = b; |_: u32| c", other);
    mistake("|_: u32| ^#[allow(unused)] seq < a >", other);
    mistake("seq < ^#[doc = \"x\"] b c >", "a step has no documentation; write a comment, `// …`");
    mistake("seq < a ^#[cfg(x)] >", "expected a step after this attribute");
    let option = "an attribute does not apply to an option; `#[cfg(…)]` stands before the whole step";
    mistake("retry(^#[cfg(x)] max_attempts = 3) < a >", option);
    mistake("timeout(^#[cfg(x)] 3s) < a >", option);
    mistake("^#![cfg(x)] seq < a >", "an attribute of the whole does not belong here; remove it");
}

#[test]
fn durable_is_for_an_async_step_with_a_context() {
    let task = "`#[durable]` is for an `async` inline step; a task says it itself, by `#[task(durable)]`";
    mistake("seq < ^#[durable] b c >", task);
    mistake("seq < a ^#[durable] let b = c d >", task);
    mistake("seq < a ^#[durable] seq < async |x, cx| { x } > >", task);
    let sync = "a step that awaits nothing is durable as it is; remove `#[durable]`";
    mistake("seq < a ^#[durable] |x, cx| { x } >", sync);
    mistake("seq < a ^#[durable] let b = |x| { x } c >", sync);
    let context =
        "`#[durable]` is for a step that awaits what its context does; write `async |(a, b), cx| { … }`";
    mistake("seq < a ^#[durable] async |(a, b)| { x } >", context);
    mistake(
        "seq < a ^#[durable(x)] async |a, cx| { x } >",
        "only `#[cfg(…)]` and `#[durable]` apply to a step; remove this attribute",
    );
    for text in [
        "seq < async |x, cx| { x } #[durable] async |x, cx| { x } async |x, cx| { x } >",
        "seq < a #[durable] let b = async |x, cx| { x } c >",
    ] {
        let durable = |step: &Step| if let Step::Inline(inline) = step { inline.durable } else { false };
        assert_eq!(steps(text).iter().map(durable).collect::<Vec<_>>(), [false, true, false], "in `{text}`");
    }
}

#[test]
fn generic_arguments_need_a_turbofish() {
    mistake("seq < ^fetch<u8>(1) b >", "for generic arguments write `fetch::<u8>(1)`");
    mistake("seq < ^a::fetch<Vec<u8>, u8> b >", "for generic arguments write `a::fetch::<Vec<u8>, u8>`");
    mistake("seq < fetch::^<u8 (1) b >", "these generic arguments are not complete; write `::<Type>`");
    mistake("seq < fetch:^: >", "expected a name after `::`");
    mistake("seq < fetch:^:{a, b} c >", "expected a name after `::`");
    mistake("seq < ^<T as X>::f(1) b >", "a path `<T as Trait>::f` is no step; call it in `|x| { … }`");
    mistake("seq < ^a < 3 b >", EXPRESSION);
    mistake("seq < a ^> 3 b >", EXPRESSION);
    mistake("seq < ^crate b >", "expected `::` and a name after `crate`");
}

#[test]
fn a_task_takes_owned_values() {
    let text = |name: &str, owned: &str| {
        format!(
            "a task cannot borrow `{name}`: it takes owned values; write `{owned}.clone()` or keep it in an `Arc`"
        )
    };
    mistake("seq < let user = a b(1, ^&user) >", &text("user", "user"));
    mistake("seq < let user = a par < b(^&mut user) c > >", &text("user", "user"));
    mistake("seq < let (user, x) = a b(^&user.id, 2) >", &text("user", "user.id"));
    mistake("|order: Order| seq < b(^&order) >", &text("order", "order"));
    mistake("seq < let user = a b(^&user[1]) >", &text("user", "user"));
    mistake("let client = c(); seq < a b(^&client) >", &text("client", "client"));
    sound("let client = c(); seq < let user = a b(user.id, &other, &user == &user) >");
    sound("seq < par < seq < let user = a b(user) > c(&user) > >");
    sound("seq < b(&user) let user = a >");
}

#[test]
fn units_are_for_durations_of_the_macro() {
    let text = |in_rust: &str| {
        format!("a literal with a unit is for durations of the macro's own options; write `{in_rust}`")
    };
    mistake("seq < sleep(^10s) >", &text("Duration::from_secs(10)"));
    mistake("seq < sleep(a, (b, ^1.5s)) >", &text("Duration::from_millis(1500)"));
    mistake("seq < |x| { sleep(^5m).await } >", &text("Duration::from_secs(300)"));
    mistake("let pause = ^250us; a", &text("Duration::from_micros(250)"));
    sound("seq < a(my_macro!(10s)) >");
    sound("seq < a(10u8, 1.0f32, 0x1f, 1_000usize, \"10s\") >");
}

/// Where an editor completes, the half-typed expression is still there.
#[test]
fn a_hole_keeps_the_expression() {
    let (pipeline, errors) = super::read("client.get(1)");
    assert_eq!(errors.len(), 1);
    let Step::Hole(tokens) = pipeline.root else { panic!("a hole") };
    assert_eq!(tokens.to_string().replace(' ', ""), "client.get(1)");
    mistakes("seq < a. >", &["1:7 a step has no methods; write `|x| { … }` with the call as the body"]);
}

#[test]
fn a_name_for_what_is_piped() {
    let shape = |text: &str| shape(&sound(text).root);
    assert_eq!(shape("seq < a let id = _ b(id) >"), "seq[a let=_ b]");
    assert_eq!(shape("each < let (a, Row { b, .. }) = _, c > "), "each[let=_ c]");
    assert_eq!(shape("|_: u32| retry < let id: u32 = _ par < b(id) c(id) > >"), "retry[let=_ par[b c]]");
    assert_eq!(
        shape("par < seq < a let x = _ b > seq < c let x = _ d > >"),
        "par[seq[a let=_ b] seq[c let=_ d]]"
    );
    assert_eq!(shape("each < let id = _ a(*id) each < let cell = _ b > >"), "each[let=_ a each[let=_ b]]");
}

#[test]
fn a_name_needs_a_piped_value_and_a_step() {
    let named = "nothing is piped here: what comes before this has a name already";
    mistake("seq < let a = b let c = ^_ d >", named);
    mistake("seq < a let b = _ let c = ^_ d >", named);
    mistake("|a: u32| seq < let b = ^_ d >", named);
    mistake("seq < let a = b retry < let c = ^_ d > >", named);
    mistake("seq < let a = b par < seq < let c = ^_ d > e > >", named);
    let no_input =
        "nothing is piped here: the pipeline has no input; declare it in the header, `|name: Type|`";
    mistake("seq < let a = ^_ d >", no_input);
    mistake("timeout(1s) < seq < let a = ^_ d > >", no_input);
    mistake(
        "each < ^let a = _ >",
        "the body of `each` is a name and no step; write at least one step after it",
    );
    let alternatives = "`let` stands in a sequence, and the children of `race` are alternatives; write `let name = race < … >`";
    mistake("race < ^let a = _ b >", alternatives);
    let part = "`let name = _` names the piped value as it is; for a part of it write `let name = |x| { … }`, or take it apart by the pattern";
    mistake("each < let a = _^.b c >", part);
    mistake("each < let a = _^(b) c >", part);
    mistake("each < let a = _^? c >", part);
    mistake(
        "each < let a = _ ^as \"a\" c >",
        "a piped value is no step, and has no name but that of the `let`; remove this `as`",
    );
    mistake(
        "each < a ^_ c >",
        "`_` is the piped value in a task's parentheses, not a step; to pipe it on unchanged, leave it out",
    );
}

#[test]
fn items_are_piped() {
    let message = "nothing is piped into `each`: what comes before it has a name; write `|_| { name.clone() }` before it, \
                   or leave the name out";
    mistake("|ids: Vec<u32>| ^each < a >", message);
    mistake("|ids: Vec<u32>| retry < ^each(stream) < a > >", message);
    mistake("seq < let ids = a par < b ^each < c > > >", message);
    sound("|ids: Vec<u32>| seq < |_| { ids.clone() } each < a > >");
    sound("|ids: Vec<u32>| seq < a each < let x = _ b > >");
}

#[test]
fn a_parameter_before_a_block_is_a_name() {
    let message = "to name what is piped here write `let id = _`; a closure has a braced body, `|id| { … }`";
    mistake("each < |id| ^seq < a(id) > >", message);
    mistake("each < |id| ^par(limit = 2) < a(id) b > c >", message);
    mistake("each < a |id| ^retry < b > >", message);
    mistake(
        "each < |id| ^a(id) >",
        "an inline step has a braced body; write `|id| { a(id) }`, or for a task `a`",
    );
}

#[test]
fn rounds_without_an_end_need_a_type() {
    let message = "this never ends `repeat`: there is no `Break`; where that is meant, write \
                   `ControlFlow::<std::convert::Infallible, _>::Continue(…)`";
    mistake("|_: u32| repeat < a |n| { ControlFlow::^Continue(n + 1) } >", message);
    mistake("|_: u32| repeat < |n| { ^Continue(n) } as \"again\" >", message);
    sound("|_: u32| repeat < |n| { ControlFlow::<Infallible, _>::Continue(n) } >");
    sound("|_: u32| repeat < |n| { let m = n; if m > 9 { Break(m) } else { Continue(m) } } >");
    sound("|_: u32| seq < |n| { Continue(n) } >");
}

#[test]
fn the_context_is_the_second_parameter_and_has_no_type() {
    mistake("seq < |cx^, n| { n } >", "the context comes after the value; write `|x, cx| { … }`");
    mistake("seq < |n^, cx: &Context| { n } >", "the type of the context is known; write `|x, cx| { … }`");
    mistake(
        "seq < |a^, b, cx| { a } >",
        "an inline step takes one value, and the context after it; write `|(a, b), cx| { … }`",
    );
}

#[test]
fn a_block_has_no_tags() {
    mistake("^<seq> a b </seq>", "a block has no tags; write `seq < … >`");
}

#[test]
fn arms_have_their_keyword() {
    mistake("|_: u32| ^(|n| *n) < 0 => a, _ => b >", "arms stand in `choose(…) < … >`");
}

#[test]
fn a_condition_has_parentheses_and_no_else() {
    let head = "the condition of `when` stands in parentheses; write `when(a > b) < … >`";
    mistake("|_: u32| seq < when ^a > b < c > d >", head);
    let other = "`when` has no `else`; write `choose(x) < true => a, false => b >`";
    mistake("seq < when(x) < a > ^else < b > c >", other);
    mistake("seq < when(x) < a > ^else when(y) < b > c >", other);
    mistake("seq < when(x) < a > ^else if y { b } c >", other);
    mistake("^when < a >", "`when` needs its condition; write `when(|x| …) < … >`");
    sound("|_: u32| seq < when(a > b && c) < c > when(|n| *n > 3) < d > when(name) < e > >");
}
