//! rustfmt and `cargo orch fmt` agree: what one has laid out, the other leaves as it is, wherever a pipeline stands.

mod common;

use std::io::Write;
use std::process::{Command, Stdio};

use orch_cli::fmt::Style;

/// The text as rustfmt has it; `None` where there is none.
fn rustfmt(text: &str, config: &str) -> Option<String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout", "--config", config])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(text.as_bytes()).ok()?;
    let output = child.wait_with_output().ok()?;
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).expect("a text"))
}

/// Pipelines, in each of which is something that has made others disagree.
const PIPELINES: &[&str] = &[
    "pipeline!{|_:u32|seq<a b>}",
    "pipeline! {\n|_: u32|\nseq <\na\n            // why\n   b\n>\n}",
    "pipeline! { |_: u32| seq <\n  a\n  |n| {\n        let text = \"one\n  two\";\n        text // beside\n    }\n> }",
    "pipeline! {\n    seq <\n        a // one\n        /* several\n           lines */\n        b\n    >\n}",
    "async_orch::pipeline! {\n  let x = r#\"\nraw\n\"#;\n  |_: u32| retry(max_attempts = 3) < timeout(1s) < async |n| {\n   call(n)\n   .await\n } > >\n}",
    "pipeline! { timeout(10s) < par(limit = 2) < fetch(\"a long argument\") fetch(\"another long argument\") fetch(\"c\") > > }",
    "pipeline! { retry(max_attempts = 3,\n when = |e| {\n  e.is_retryable()\n }) < a > }",
];

/// Pipelines with a line left of all others, or with several pieces of several lines in a step.
const ODD: &[&str] = &[
    "pipeline!{\n        |n| {\n//            dbg!(n);\n            n\n        }\n    }",
    "pipeline! {\n        seq <\n            a\n/* off\n  b */\n            |n| {\n  /* why\nnot */ n\n            }\n        >\n    }",
    "pipeline! {\n    seq <\n        |Order { id,\n                 name }| {\n            let x = 1;\n            name\n        }\n        b\n    >\n}",
    "pipeline! {\n  let (a,\n       b) = (\n     c.clone(),\n     d,\n  );\n  |_: (\n    A,\n    B,\n  )| choose(n) < Some(x) if (x\n      > 3) => |n| {\n    n\n  } _ => a >\n}",
];

/// Places where a pipeline may stand.
const PLACES: &[&str] = &[
    "fn f() { let p = PIPELINE; }",
    "fn f() -> impl Run { PIPELINE }",
    "fn f() { PIPELINE.run(1).await; }",
    "fn f() { let p = PIPELINE\n.with_bus(log()).boxed(); }",
    "fn f() { run(PIPELINE); }",
    "fn f() { run(&PIPELINE, a, b); }",
    "fn f() { service.call(one, two).and(|| PIPELINE).three(); }",
    "fn f() { match a { 1 => PIPELINE, _ => { return PIPELINE; } } }",
    "fn f() { let all = vec![PIPELINE, PIPELINE]; }",
    "fn f() { let s = Shop { p: PIPELINE, name: 1 }; }",
    "mod m { impl A { async fn g(&self) { assert_eq!(PIPELINE.run(()).await.unwrap(), 1); } } }",
    "fn f() { if let Ok(x) = run(PIPELINE).await { x } }",
    "static P: LazyLock<P> = LazyLock::new(|| PIPELINE);",
    "fn f() { builder.pipeline(\"name\", PIPELINE).pipeline(\"other\", PIPELINE).build().await?; }",
];

fn styles() -> [(String, Style); 3] {
    let mut narrow = Style::default();
    narrow.max_width = 60;
    narrow.join_width = 36;
    narrow.tab_spaces = 2;
    let mut tabs = Style::default();
    tabs.hard_tabs = true;
    [
        ("use_small_heuristics=Max,max_width=110".to_owned(), common::style()),
        ("max_width=60,tab_spaces=2".to_owned(), narrow),
        ("hard_tabs=true".to_owned(), tabs),
    ]
}

#[test]
fn they_agree_wherever_a_pipeline_stands() {
    agree(PLACES, PIPELINES);
}

#[test]
fn they_agree_about_lines_of_the_users() {
    agree(&PLACES[..1], ODD);
}

#[track_caller]
fn agree(places: &[&str], pipelines: &[&str]) {
    if rustfmt("", "max_width=100").is_none() {
        println!("rustfmt is not installed");
        return;
    }
    let mut differ = Vec::new();
    for (config, style) in styles() {
        for place in places {
            for (index, pipeline) in pipelines.iter().enumerate() {
                let text = place.replace("PIPELINE", pipeline);
                let once = rustfmt(&text, &config).expect("rustfmt");
                let formatted = common::format_as(&once, &style);
                assert_eq!(formatted.problems, []);
                let again = rustfmt(&formatted.text, &config).expect("rustfmt");
                // In a narrow file a line that was too long for rustfmt before may not be any more. Then it has its turn once more.
                let is_narrow = style.max_width < 80;
                if is_narrow && rustfmt(&again, &config).as_ref() != Some(&again) {
                    differ.push(format!("{config}: {place} with {index}, after a round\n{again}"));
                } else if !is_narrow && again != formatted.text {
                    differ.push(format!("{config}: {place} with {index}\n{}\n{again}", formatted.text));
                } else if common::format_as(&again, &style).text != again {
                    differ.push(format!("{config}: {place} with {index}, at the second time\n{again}"));
                }
            }
        }
    }
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ.join("\n----\n"));
}

/// In parentheses and brackets rustfmt lays out what it can read as Rust, and that is left to it.
#[test]
fn they_agree_about_other_brackets() {
    if rustfmt("", "max_width=100").is_none() {
        println!("rustfmt is not installed");
        return;
    }
    for (written, after) in [
        ("pipeline!(|_: u32|   seq<a   b>)", "pipeline!(|_: u32| seq < a b >)"),
        ("pipeline![seq<one,inc,inc,>]", "pipeline![seq < one, inc, inc, >]"),
        // Rust.
        ("pipeline!( |_: u32|   fetch )", "pipeline!(|_: u32| fetch)"),
        ("pipeline!( fetch(1,2) )", "pipeline!(fetch(1, 2))"),
        ("pipeline!(seq<circuit<one>>)", "pipeline!(seq<circuit<one>>)"),
    ] {
        let once = rustfmt(&format!("fn f() {{ let p = {written}; }}"), "max_width=100").expect("rustfmt");
        let formatted = common::format(&once).text;
        assert_eq!(formatted, format!("fn f() {{\n    let p = {after};\n}}\n"));
        assert_eq!(rustfmt(&formatted, "max_width=100").expect("rustfmt"), formatted);
    }
}

/// The check is one: had the pipelines been indented by two, rustfmt would not have left them.
#[test]
fn a_disagreement_is_found() {
    let text = "fn f() {\n    let p = pipeline! {\n        seq < a b >\n      };\n}\n";
    if let Some(once) = rustfmt(text, "max_width=100") {
        assert_ne!(once, text);
    }
}
