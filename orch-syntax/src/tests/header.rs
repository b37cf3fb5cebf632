//! What stands before the first step.

use quote::ToTokens;

use super::{mistake, mistakes, shape, sound};
use crate::ast::Step;

#[test]
fn all_of_it() {
    let pipeline = sound(
        "crate = ::a::b; error = Box<dyn Error + Send>; let a: Vec<u8> = b; let (c, d) = { e; f }; \
         move |x: Vec<Vec<u8>>| seq < g >",
    );
    assert!(pipeline.krate.is_some() && pipeline.error.is_some() && pipeline.move_token.is_some());
    let values: Vec<String> = pipeline.lets.iter().map(|named| named.value.to_string()).collect();
    assert_eq!(values, ["b", "{ e ; f }"]);
    let input = pipeline.input.expect("an input");
    assert_eq!(input.ty.to_token_stream().to_string().replace(' ', ""), "Vec<Vec<u8>>");
}

#[test]
fn an_untyped_bar_begins_an_inline_step() {
    assert!(sound("|x| { x }").input.is_none());
    assert!(sound("async |x: u8| { x }").input.is_none());
    assert!(sound("|_: u8| |x| { x }").input.is_some());
    assert_eq!(shape(&sound("|x: u8| |_| { x + 1 }").root), "||");
    assert_eq!(shape(&sound("|_: u8| { inner }").root), "{}");
    assert_eq!(shape(&sound("|n: u8| { inner }").root), "{}");
    mistake("|^x| seq < a >", "the input needs its type; write `|x: Type|`");
    mistake("|x| ^x + 1", "an inline step has a braced body; write `|x| { … }`");
}

#[test]
fn an_inline_step_written_as_a_header() {
    mistake(
        "^|n: u32| { n + 1 }",
        "the first `|…|` declares the input; for an inline step write `|_: u32| |n| { … }`",
    );
    mistake(
        "^|(a, b): (u8, Vec<u8>)| { format!(\"{a}\") }",
        "the first `|…|` declares the input; for an inline step write `|_: (u8, Vec<u8>)| |(a, b)| { … }`",
    );
    let (pipeline, _) = super::read("|n: u32| { n + 1 }");
    assert!(matches!(pipeline.root, Step::Inline(_)));
}

#[test]
fn order_and_duplicates() {
    let order =
        "comes earlier; the order is `crate = …;`, `error = …;`, `let …;`, `move`, `|input: Type|`, step";
    mistake("let a = 1; ^error = E; b", &format!("`error = …;` {order}"));
    mistake("move ^let a = 1; b", &format!("a `let` of the header {order}"));
    mistake("|x: u8| ^let a = 1; b", &format!("a `let` of the header {order}"));
    mistake("|x: u8| ^let a = b c", &format!("a `let` of the header {order}"));
    mistake("|x: u8| ^move b", &format!("`move` {order}"));
    mistake("crate = a; ^crate = b; c", "`crate` is given twice; remove one");
    mistake("error = A; ^error = B; c", "`error` is given twice; remove one");
    mistake("move ^move c", "`move` is given twice; remove one");
    mistake(
        "|a: A| ^|b: B| seq < c >",
        "a pipeline has one input; for several values declare a tuple, `|(a, b): (A, B)|`",
    );
    sound("error = A; crate = b; c");
}

#[test]
fn parts_that_are_not_complete() {
    let semicolon = "expected `;` after this; a part of the header ends with one";
    mistake("let a = ^b\nseq < c >", semicolon);
    mistake("let a = b(|x| x)^.c\n|x: u8|\nseq < c >".replace("^.c", ".^c").as_str(), semicolon);
    mistake("let a = ^b\nlet c = d;\nseq < c >", semicolon);
    mistake("let a = ^b", semicolon);
    mistake("crate = ^a\nseq < c >", semicolon);
    sound("let a = b\n    | c\n    || d;\nseq < c >");
    mistake("let a = ^; seq < c >", "expected a value after `=`: write `let name = expression;`");
    mistake("let a^; seq < c >", "expected `=` after `let a`");
    mistake("let ^= b; seq < c >", "expected a name or pattern after `let`");
    mistake("crate ^= ; c", "expected a path, such as `::async_orch`, after this `=`");
    mistake("crate = ^1; c", "expected the path of the crate, such as `::async_orch`");
    mistake("error ^= ; c", "expected a type, such as `MyError`, after this `=`");
    mistake("error = ^1 + 2; c", "expected a type");
    mistake("^|x: u32 seq < a >", "this `|` is not closed; the input is declared as `|name: Type|`");
    mistake("^|| seq < a >", "a pipeline without input has no bars; declare one as `|name: Type|`");
    mistake(
        "|a: A^, b: B| seq < a >",
        "a pipeline has one input; for several values declare a tuple, `|(a, b): (A, B)|`",
    );
    mistake("|x:^| seq < a >", "expected a type after `:`");
    mistakes("let a =", &["1:6 expected a value after `=`: write `let name = expression;`"]);
    mistakes("let", &["1:0 expected a name or pattern after `let`: write `let name = step`"]);
}
