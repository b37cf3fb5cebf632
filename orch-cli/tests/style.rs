//! How pipelines are laid out: each rule of docs/tooling.md with an example.

mod common;

use common::{format, format_as, names};
use orch_cli::fmt::{Newline, Style};

/// The body of a function, indented as it is written in the test.
fn function(body: &str) -> String {
    let mut text = String::from("fn f() {\n");
    for line in body.trim_matches('\n').lines() {
        text += line.strip_prefix("        ").unwrap_or(line).trim_end_matches('~');
        text.push('\n');
    }
    text + "}\n"
}

/// Asserts what a text becomes, and that it then stays so.
#[track_caller]
fn becomes(before: &str, after: &str) {
    let (before, after) = (function(before), function(after));
    let formatted = format(&before);
    assert_eq!(formatted.problems, []);
    assert_eq!(formatted.text, after, "\n{}", formatted.text);
    assert_eq!(format(&after).text, after);
}

#[track_caller]
fn stays(text: &str) {
    becomes(text, text);
}

#[test]
fn blanks_between_the_parts_of_the_language() {
    becomes(
        r#"
            let p = pipeline!{error=E;let c:A<B=C>=c;move|x:u32|seq(name="s",collect)<a,b(x , y)as"c" let y:u8=d |z|{z} async|_|{}as"e" move|x|{x} async  move|x|{x}{p}race<f g>>};
        "#,
        r#"
            let p = pipeline! {
                error = E;
                let c: A<B=C> = c;
                move |x: u32|
                seq(name = "s", collect) <
                    a,
                    b(x , y) as "c"
                    let y: u8 = d
                    |z| {z}
                    async |_| {} as "e"
                    move |x| {x}
                    async move |x| {x}
                    { p }
                    race < f g >
                >
            };
        "#,
    );
    becomes(
        "    let p = pipeline! {choose(*n)<0=>a,x if(*x>9)=>seq<b>_=>c>};",
        "    let p = pipeline! { choose(*n) < 0 => a, x if (*x>9) => seq < b > _ => c > };",
    );
    becomes(
        "            let p = pipeline! {saga<a   undo b(_)\n c\n   finally\n   d>};",
        "            let p = pipeline! { saga <\n                a undo b(_)\n                c finally d\n            > };",
    );
    // Brackets that close side by side.
    becomes(
        "    let p = pipeline! {seq<retry<timeout(1s)<a>>>};",
        "    let p = pipeline! { seq < retry < timeout(1s) < a > > > };",
    );
}

#[test]
fn what_is_on_one_line_stays_there_if_it_fits() {
    stays("            let p = pipeline! { |_: u32| seq < a b > };");
    stays(
        "
            let p = pipeline! {
                |_: u32| seq(name = \"s\") < each(limit = 8) < retry(max_attempts = 3) < timeout(2s) < a > > > b >
            };
        ",
    );
    becomes(
        "
            let p = pipeline! { |_: u32| seq(name = \"s\") < each(limit = 8) < retry(max_attempts = 3) < a_task_with_a_name > > b > };
        ",
        "
            let p = pipeline! {
                |_: u32|
                seq(name = \"s\") < each(limit = 8) < retry(max_attempts = 3) < a_task_with_a_name > > b >
            };
        "
        .replace("|_: u32|\n                seq", "|_: u32| seq")
        .as_str(),
    );
}

#[test]
fn what_is_too_long_has_a_step_on_each_line() {
    becomes(
        "
            let p = pipeline! {
                par(limit = 2) < fetch(\"a long argument\") fetch(\"another long argument\") fetch(\"the longest argument of all\") >
            };
        ",
        "
            let p = pipeline! {
                par(limit = 2) <
                    fetch(\"a long argument\")
                    fetch(\"another long argument\")
                    fetch(\"the longest argument of all\")
                >
            };
        ",
    );
    // And an option on each line.
    becomes(
        "
            let p = pipeline! {
                circuit(fail_max = 3, reset_timeout = 1.5s, probes = 2, ignore = |e| e.task().is_none(), name = \"guard\") < a >
            };
        ",
        "
            let p = pipeline! {
                circuit(
                    fail_max = 3,
                    reset_timeout = 1.5s,
                    probes = 2,
                    ignore = |e| e.task().is_none(),
                    name = \"guard\"
                ) < a >
            };
        ",
    );
    // An undo goes below its step.
    becomes(
        "
            let p = pipeline! {
                saga < let key = |_| { format!(\"order-{}\", order.id) } undo retry(max_attempts = 5) < void(port, key.clone()) > >
            };
        ",
        "
            let p = pipeline! {
                saga <
                    let key = |_| { format!(\"order-{}\", order.id) }
                        undo retry(max_attempts = 5) < void(port, key.clone()) >
                >
            };
        ",
    );
}

#[test]
fn several_steps_on_several_lines_stay_there_and_one_is_joined() {
    becomes(
        "
            let p = pipeline! {
            seq < a
            b
            retry <
                c
            >
            >
            };
        ",
        "
            let p = pipeline! {
                seq <
                    a
                    b
                    retry < c >
                >
            };
        ",
    );
    // Not where a comma says so.
    stays(
        "            let p = pipeline! {\n                retry(\n                    max_attempts = 3,\n                ) < a >\n            };",
    );
    // Not where that gets longer than what rustfmt joins.
    let mut style = Style::default();
    style.join_width = 20;
    let text = function(
        "            let p = pipeline! {\n                retry(max_attempts = 3) <\n                    a_task\n                >\n            };",
    );
    assert_eq!(format_as(&text, &style).text, text);
}

#[test]
fn a_step_that_goes_on_may_begin_on_the_line_of_its_block() {
    stays(
        "
            let p = pipeline! { |_: u32| catch < |n| {
                match n {
                    _ => n,
                }
            } > };
        ",
    );
    stays(
        "
            let p = pipeline! {
                retry(max_attempts = 2, when = |e| {
                    e.is_retryable()
                }) < timeout(1s) < async |_| {
                    call().await
                } > >
            };
        ",
    );
}

#[test]
fn many_short_steps_in_rows_stay_in_them() {
    stays(
        "
            let p = pipeline! {
                par <
                    step(0) step(1) step(2) step(3) step(4)
                    step(5) step(6) step(7) step(8) step(9)
                >
            };
        ",
    );
}

#[test]
fn empty_lines_stay_one_for_some() {
    becomes(
        "
            let p = pipeline! {

                seq <

                    a



                    b

                    // c

                >

            };
        ",
        "
            let p = pipeline! {
                seq <
                    a

                    b

                    // c
                >
            };
        ",
    );
}

#[test]
fn comments_stay_where_they_are() {
    becomes(
        "
            let p = pipeline! { // after the bracket
            // before the header
            error = E;   // after a part
               |_: u32|
              seq < // after the keyword
                // before a step
              a   // after it
              /* one */ /* two */ b /* three */ // four
              let x = // before a value
                c
              d // before an undo
                undo e
              // at the end
              >
              // at the very end
            };
        ",
        "
            let p = pipeline! { // after the bracket
                // before the header
                error = E; // after a part
                |_: u32|
                seq < // after the keyword
                    // before a step
                    a // after it
                    /* one */ /* two */ b /* three */ // four
                    let x = // before a value
                        c
                    d // before an undo
                        undo e
                    // at the end
                >
                // at the very end
            };
        ",
    );
    // What stands below each other still does.
    becomes(
        "
            let p = pipeline! {
                    seq <
                        fetch(*id)
                        process                     // takes what `fetch` gave
                        save(path.clone(), _)       // `_` is what `process` gave
                    >
            };
        ",
        "
            let p = pipeline! {
                seq <
                    fetch(*id)
                    process                     // takes what `fetch` gave
                    save(path.clone(), _)       // `_` is what `process` gave
                >
            };
        ",
    );
    // Inside of options and heads.
    becomes(
        "
            let p = pipeline! {
                retry(
                  // few
                  max_attempts=3, // or four
                  /* which */ jitter=none
                ) /* of what */ < a >
            };
        ",
        "
            let p = pipeline! {
                retry(
                  // few
                  max_attempts=3, // or four
                  /* which */ jitter=none
                ) /* of what */ < a >
            };
        ",
    );
    becomes(
        "
            let p = pipeline! {
                retry(
                  // few
                  max_attempts=3, // or four
                  /* which */ jitter=none
                ) < a >
            };
        ",
        "
            let p = pipeline! {
                retry(
                    // few
                    max_attempts = 3, // or four
                    /* which */ jitter = none
                ) < a >
            };
        ",
    );
}

#[test]
fn user_code_moves_and_does_not_change() {
    becomes(
        "
            let p = pipeline! {
              seq <
                |n| {
                    // of the closure
                    let text = \"several
  lines\";
                      odd( n,text )   // beside

                    /* several
            lines */
                }
                save( a ,b,
                   c)
              >
            };
        ",
        "
            let p = pipeline! {
                seq <
                    |n| {
                        // of the closure
                        let text = \"several
  lines\";
                          odd( n,text )   // beside

                        /* several
            lines */
                    }
                    save( a ,b,
                       c)
                >
            };
        ",
    );
}

#[test]
fn a_comment_stays_on_its_line() {
    for text in [
        "
            let p = pipeline! {
                saga <
                    charge(&bank)
                        // Gives the money back.
                        undo refund(_)
                    ship // by air
                        undo recall
                >
            };
        ",
        "
            let p = pipeline! {
                seq <
                    fetch(id)    // what it gives
                                 // is the order
                    save         // all of it
                    // On to the next.
                    charge(id) // it is
                               // paid
                >
            };
        ",
        "
            let p = pipeline! {
                seq <
                    a
                    /* b */ // off until the fix
                >
            };
        ",
        "
            let p = pipeline! {
                choose(*n) <
                    1 => double
                    // of all others
                    ,
                    _ => single
                >
            };
        ",
        "            let p = pipeline! {\n                retry(/* all of it */) < a >\n            };",
    ] {
        stays(text);
    }
    // What undoes a step stands further right than the step, also below a comment.
    let text = "fn f() {\n    pipeline!{saga<\nk()finally/*\n*/|_|{()}>}\n}\n";
    assert_eq!(format(text).problems, []);
}

/// rustfmt would move all of the macro otherwise.
#[test]
fn no_line_is_left_of_the_macro() {
    becomes(
        "
            let p = pipeline! {
                |n| {
    //            dbg!(n);
                    /* of several
lines */
                    n
                }
            };
        ",
        "
            let p = pipeline! {
                |n| {
            //            dbg!(n);
                    /* of several
            lines */
                    n
                }
            };
        ",
    );
}

/// A closure goes with the line of its step, wherever its own begins.
#[test]
fn a_body_moves_with_its_step() {
    stays(
        "
            let p = pipeline! {
                |_: Order|
                seq <
                    |Order { id,
                             name }| {
                        let x = 1;
                        name
                    }
                    a
                >
            };
        ",
    );
    stays(
        "
            let p = pipeline! {
                let (places,
                     limiter) = (
                    a.clone(),
                    b.clone(),
                );
                |_: (
                    Key,
                    Value,
                )|
                choose(n) <
                    Some(x) if (x
                        > 3) => |n| {
                        n
                    }
                    _ => a
                >
            };
        ",
    );
    becomes(
        "
            let p = pipeline! {
              |Order { id,
                           name }: Order| |n| {
                n
              }
            };
        ",
        "
            let p = pipeline! {
                |Order { id,
                             name }: Order|
                |n| {
                  n
                }
            };
        ",
    );
}

/// What is printed is what would be printed of it.
#[test]
fn formatting_settles_at_once() {
    for text in [
        "
            let p = pipeline! {
                |_: u32| timeout(10s) < retry(
                    max_attempts = 5,
                    backoff = exponential(100ms),
                    jitter = equal
                ) <
                    call
                > >
            };
        ",
        "            let p = pipeline! { retry(max_attempts = 5,\n backoff = exponential(100ms)) <\n f() > };",
        "            let p = pipeline! { |_: u64| retry(max_attempts = 5,\n backoff = exponential(100ms)) <\n f() > };",
    ] {
        for style in [common::style(), Style::default()] {
            let once = format_as(&function(text), &style).text;
            assert_eq!(format_as(&once, &style).text, once);
        }
    }
}

#[test]
fn pipelines_anywhere_in_code_are_found() {
    becomes(
        "    mod m { impl A { fn g() { x(|| vec![async_orch::pipeline!{a}]); } } }",
        "    mod m { impl A { fn g() { x(|| vec![async_orch::pipeline! { a }]); } } }",
    );
    // In each other.
    becomes(
        "    let p = pipeline! { seq<async|n,cx|{ cx.run(&pipeline!{|_:u32|seq<a b>},n).await } > };",
        "    let p = pipeline! { seq < async |n,cx| { cx.run(&pipeline! { |_: u32| seq < a b > },n).await } > };",
    );
    // Not in comments, strings, documentation, or what other macros are given.
    for text in [
        "    // pipeline!{a}\n    let a = \"pipeline!{a}\";",
        "    /// pipeline!{a}\n    fn g() {}",
        "    macro_rules! m { () => { pipeline!{a} } }",
        "    quote! { pipeline!{a} };",
        "    html!(pipeline!{a});",
        "    if a != (pipeline) {}",
    ] {
        stays(&text.replace("    ", "            "));
    }
    // Nor where rustfmt is not to.
    stays("            #[rustfmt::skip]\n            let p = pipeline!{a};");
    becomes(
        "            #[rustfmt::skip]\n            let p = pipeline!{a};\n            let q = pipeline!{a};",
        "            #[rustfmt::skip]\n            let p = pipeline!{a};\n            let q = pipeline! { a };",
    );
    // Commas end arms, fields and arguments alone.
    for (before, skipped, after) in [
        ("", "fn g<A, B>(x: A) { pipeline!{a} }", " fn h() { QQ; }"),
        ("", "impl X<A, B> for Y<A, B> { fn g() { pipeline!{a} } }", " fn h() { QQ; }"),
        ("", "impl X where A: X, B: Y { fn g() { pipeline!{a} } }", " fn h() { QQ; }"),
        ("", "let m: HashMap<A, B> = pipeline!{a};", " QQ;"),
        ("", "x::<A, Vec<B>, C>(pipeline!{a});", " QQ;"),
        ("", "for S { x } in pipeline!{a} {}", " QQ;"),
        ("match x { ", "A => x::<A, B>(pipeline!{a}),", " B => QQ }"),
        ("S { ", "f: pipeline!{a},", " g: QQ }"),
        ("f(", "pipeline!{a},", " QQ)"),
    ] {
        let with = |q: &str| {
            format!("            {before}#[rustfmt::skip] #[inline] {skipped}{}", after.replace("QQ", q))
        };
        becomes(&with("pipeline!{a}"), &with("pipeline! { a }"));
    }
}

#[test]
fn a_macro_may_have_another_name() {
    let text = "fn f() { flow!{a}; pipeline!{a}; }\n";
    let mut names = names();
    assert_eq!(format(text).text, "fn f() { flow!{a}; pipeline! { a }; }\n");
    names.push("my::flow".to_owned());
    let formatted = orch_cli::fmt::format("a.rs", text, &Style::default(), &names).expect("tokens");
    assert_eq!(formatted.text, "fn f() { flow! { a }; pipeline! { a }; }\n");
}

#[test]
fn what_cannot_be_read_is_left_alone() {
    let text = "fn f() {\n    let p = pipeline!{seq<a};\n    let q = pipeline!{a};\n}\n";
    let formatted = format(text);
    assert_eq!(formatted.text, text.replace("pipeline!{a}", "pipeline! { a }"));
    assert_eq!(
        formatted.problems.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["a.rs:2:26: `seq` is not closed; write `>`; this pipeline is left as it is"]
    );
    // Values that look as attributes do.
    for value in ["timeout(#x)", "timeout(#)", "with(# a)", "timeout(#[a] x)", "retry(when = #)"] {
        let text = format!("fn f() {{\n    pipeline! {{ {value} < b > }};\n}}\n");
        assert_eq!(format(&text).text, text);
    }
    let error = orch_cli::fmt::format("a.rs", "fn f() {\n  \"\n}", &Style::default(), &names()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a.rs:2:3: this file does not consist of Rust's tokens; it is left as it is"
    );
    // Parts that are never there together are no mistake, and no one tree either.
    let text = "fn f() {\n    pipeline! {\n  #[cfg(a)] |_: A|\n  #[cfg(not(a))] |_: B|\n  seq<a> }\n}\n";
    let formatted = format(text);
    assert_eq!((formatted.text.as_str(), formatted.problems.len()), (text, 0));
}

#[test]
fn files_of_other_systems() {
    let text = "fn f() {\r\n    let p = pipeline!{\r\n    seq< a   \r\n b > };\r\n}\r\n";
    let expected = "fn f() {\r\n    let p = pipeline! {\r\n        seq <\r\n            a\r\n            b\r\n        >\r\n    };\r\n}\r\n";
    assert_eq!(format(text).text, expected);
    let mut style = common::style();
    style.newline = Newline::Unix;
    let formatted = format_as(text, &style).text;
    assert!(formatted.contains("seq <\n            a\n"), "{formatted:?}");
    let mut style = common::style();
    style.hard_tabs = true;
    let formatted = format_as(&text.replace("\r\n", "\n"), &style).text;
    assert_eq!(formatted, "fn f() {\n    let p = pipeline! {\n\t\tseq <\n\t\t\ta\n\t\t\tb\n\t\t>\n\t};\n}\n");
    // A byte order mark and a first line for the shell.
    assert_eq!(format("\u{feff}fn f() { pipeline!{é} }").text, "\u{feff}fn f() { pipeline! { é } }");
    assert_eq!(
        format("#!/usr/bin/cargo é\nfn f() { pipeline!{a} }").text,
        "#!/usr/bin/cargo é\nfn f() { pipeline! { a } }"
    );
}
