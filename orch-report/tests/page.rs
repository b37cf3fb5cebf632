//! The text of the page. What a browser makes of it is in tests/browser.

mod common;

use async_orch::pipeline;
use common::{dead, records};
use orch_report::Record;

fn data(page: &str) -> serde_json::Value {
    let data = page.split_once("id=\"data\">").unwrap().1.split_once("</script>").unwrap().0;
    serde_json::from_str(data).unwrap()
}

#[tokio::test]
async fn nothing_that_a_run_says_becomes_a_part_of_the_page() {
    const HOSTILE: &str = "</script><img src=x onerror=alert(1)><!-- <script> \u{2028}&amp;";
    let record = Record::new();
    let p = pipeline! {
        |_: u32|
        par(settle) <
            |_| { HOSTILE } as "gives"
            |_| { Err::<u32, _>(HOSTILE) } as "fails"
            async |_, cx| { cx.note(HOSTILE); 1 } as "</script><b>"
        >
    };
    record.add_graph(&p.graph());
    let (gave, failed, told) = p.with_bus(&record).run_as(HOSTILE, 1).await.unwrap();
    assert!(gave.is_ok() && failed.is_err() && told.is_ok());
    let page = record.report().to_html(HOSTILE);
    assert_eq!(page.matches("</script>").count(), 2, "the ends of the page's own two");
    assert_eq!(page.matches("<script").count(), 2);
    assert!(!page.contains("<img") && !page.contains("<!--") && !page.contains("<b>"));

    let data = data(&page);
    assert_eq!(data["title"], HOSTILE);
    assert_eq!(data["runs"][0]["key"], HOSTILE);
    let texts: Vec<_> =
        data["runs"][0]["texts"].as_array().unwrap().iter().filter_map(|text| text.as_str()).collect();
    assert!(texts.contains(&format!("{HOSTILE:?}").as_str()), "{texts:?}");
    assert!(texts.contains(&HOSTILE) && texts.contains(&format!("note: {HOSTILE}").as_str()), "{texts:?}");
    assert!(data["steps"].as_array().unwrap().iter().any(|step| step["name"] == "</script><b>"));
}

#[tokio::test(start_paused = true)]
async fn it_has_waits_backoffs_notes_and_circuits() {
    let record = Record::new();
    records(&record).await;
    dead(&record).await.unwrap();
    let data = data(&record.report().to_html("both"));
    let marks = |run: usize| {
        let run = &data["runs"][run];
        let text = |number: &serde_json::Value| {
            run["texts"][number.as_u64().unwrap() as usize - 1].as_str().unwrap()
        };
        let mark = |mark: &serde_json::Value| {
            let time = mark[2].as_u64().unwrap() - mark[1].as_u64().unwrap();
            (text(&mark[3]).to_owned(), text(&mark[4]).to_owned(), time)
        };
        run["marks"].as_array().unwrap().iter().map(mark).collect::<Vec<_>>()
    };
    let first = marks(0);
    let retry = first.iter().find(|mark| mark.0 == "retry").unwrap();
    assert_eq!((retry.1.as_str(), retry.2), ("retrying `save` in 1s, attempt 2", 1_000_000_000));
    assert_eq!(first.iter().filter(|mark| mark.0 == "note").count(), 4);

    let second = marks(1);
    let circuit: Vec<_> =
        second.iter().filter(|mark| mark.0 == "circuit").map(|mark| mark.1.as_str()).collect();
    assert_eq!(circuit[0], "closed -> open, tripped by failure 2");
    assert_eq!(circuit.len(), 4, "{circuit:?}");
    assert_eq!(data["runs"][1]["key"], "a dead host");
}

#[tokio::test(start_paused = true)]
async fn a_wait_at_a_gatekeeper_lasts_until_a_step_inside_starts() {
    let record = Record::new();
    let p = pipeline! {
        |_: Vec<u32>|
        each <
            bulkhead(max = 1, queue = 5) <
                async |_| { tokio::time::sleep(std::time::Duration::from_millis(20)).await } as "work"
            >
        >
    };
    p.with_bus(&record).run(vec![1, 2, 3]).await.unwrap();
    let data = data(&record.report().to_html("waits"));
    let run = &data["runs"][0];
    let mut waits: Vec<u64> = run["marks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|mark| run["texts"][mark[3].as_u64().unwrap() as usize - 1] == "waiting")
        .map(|mark| (mark[2].as_u64().unwrap() - mark[1].as_u64().unwrap()) / 1_000_000)
        .collect();
    waits.sort_unstable();
    assert_eq!(waits, [20, 40]);
}

#[tokio::test(start_paused = true)]
async fn the_critical_path_goes_through_the_limit_and_the_backoff() {
    let record = Record::new();
    records(&record).await;
    let report = record.report();
    let path = report.critical_path(report.run_numbers()[0]).unwrap();
    // `b` and then `c`, which waited for its place, end when `a` does, and `c` is what was going on last.
    assert_eq!(path[..3], ["records/par/b", "records/par/c", "records/all"], "{path:?}");
    // The item that was saved last had to wait for a second attempt of it, or of one before it.
    assert!(
        path[3..].len() >= 2 && path[3..].iter().all(|step| *step == "records/each/retry/save"),
        "{path:?}"
    );
    assert_eq!(report.critical_path(u64::MAX), None);
}

/// What the style of the page draws a picture by has to be there, in both.
#[test]
fn the_style_knows_the_classes_of_the_picture() {
    let p = pipeline! {
        seq <
            retry < |()| { 1 } as "a" >
            choose(1) < 1 => |_| { 2 } as "b", _ => |_| { 3 } as "c" >
            fallback < |_| { 4 } as "d" |_| { 5 } as "e" >
        >
    };
    let svg = p.graph().to_svg();
    let page = Record::new().report().to_html("style");
    let body = svg.split_once("</style>").unwrap().1;
    let mut classes: Vec<&str> =
        body.split("class=\"").skip(1).flat_map(|rest| rest.split('"').next().unwrap().split(' ')).collect();
    classes.sort_unstable();
    classes.dedup();
    assert!(classes.len() >= 7, "{classes:?}");
    for class in classes {
        assert!(page.contains(&format!("#graph .{class} ")), "{class}");
    }
}
