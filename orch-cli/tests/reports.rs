//! What users of another formatter of macros report, its issues on comments, on other macros and on rustfmt: none of it happens here.

mod common;

use common::format;

#[track_caller]
fn keeps(text: &str, kept: &[&str]) {
    let formatted = format(text);
    assert_eq!(formatted.problems, []);
    assert_ne!(formatted.text, text, "is this formatted at all?");
    let mut at = 0;
    for part in kept {
        let found = formatted.text[at..].find(part);
        at += found
            .unwrap_or_else(|| panic!("`{part}` is not there, or not in its place:\n{}", formatted.text))
            + part.len();
    }
    assert_eq!(format(&formatted.text).text, formatted.text);
}

/// Comments in closures were moved, or dropped.
#[test]
fn comments_in_closures_stay() {
    keeps(
        "fn f() {
    pipeline! {
      seq<
        |n| { // opens
            // first
            let x = n /* of it */ + 1; // one more
            x // last
            // after
        }
        async |n| { /* nothing */ }
        save(|x| x /* inner */, // argument
             _ /* piped */)
        retry(when = |e| { // asks
            e.is_retryable() // says
        })<a>
      >
    }
}
",
        &[
            "|n| { // opens\n",
            "                // first\n",
            "                let x = n /* of it */ + 1; // one more\n",
            "                x // last\n",
            "                // after\n",
            "async |n| { /* nothing */ }\n",
            "save(|x| x /* inner */, // argument\n",
            "_ /* piped */)\n",
            "when = |e| { // asks\n",
            "e.is_retryable() // says\n",
        ],
    );
}

/// A comment that has no code on its line, at each place where one may stand.
#[test]
fn comments_between_steps_stay() {
    keeps(
        "fn f() {
    pipeline! {
    // 1
    let a = b; // 2
    // 3
    |_: u32| // 4
    // 5
    seq < // 6
    // 7
    a // 8
    // 9
    , // 10
    // 11
    let x = b // 12
    // 13
    > // 14
    // 15
    }
}
",
        &[
            "// 1\n",
            "let a = b; // 2\n",
            "// 3\n",
            "|_: u32| // 4\n",
            "// 5\n",
            "seq < // 6\n",
            "// 7\n",
            "a // 8\n",
            "// 9\n",
            ", // 10\n",
            "// 11\n",
            "let x = b // 12\n",
            "// 13\n",
            "> // 14\n",
            "// 15\n",
        ],
    );
}

/// Other macros in the body were reformatted.
#[test]
fn other_macros_stay_as_they_are() {
    keeps(
        "fn f() {
    pipeline! {
      seq<
        |n| { view! { <p   class = \"a\">{ n }</p> } }
        |n| {
            html!(
              <div>   { n }
                </div>)
        }
        log(format!( \"{}\",1 ), vec![ 1 ,2 ])
        { choose_of![ a ,  b ] }
      >
    }
}
",
        &[
            "view! { <p   class = \"a\">{ n }</p> }",
            "html!(\n                  <div>   { n }\n                    </div>)\n",
            "log(format!( \"{}\",1 ), vec![ 1 ,2 ])",
            "{ choose_of![ a ,  b ] }",
        ],
    );
}

/// Text in literals was indented.
#[test]
fn lines_of_literals_stay_where_they_are() {
    keeps(
        "fn f() {
        pipeline! {
              seq<
                 |n| {
                    sql(\"select *
  from a\", r#\"
raw
      // no comment
\"#)
                 }
                 query(\"b \\
                        c\")
              >
        }
}
",
        &[
            "sql(\"select *\n  from a\", r#\"\nraw\n      // no comment\n\"#)\n",
            "query(\"b \\\n                        c\")\n",
        ],
    );
}
