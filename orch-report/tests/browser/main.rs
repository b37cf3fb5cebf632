//! What a browser makes of the pages: `.ci/browser` runs these. Where no browser is installed they say so, by their names, and
//! with `ORCH_REQUIRE_BROWSER=1` fail. With `ORCH_SCREENSHOTS=folder` they leave pictures to look at.

mod driver;
#[cfg(feature = "journal")]
#[path = "../common/durable.rs"]
mod durable;
#[cfg(feature = "journal")]
mod journal;
#[cfg(feature = "live")]
mod live;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use async_orch::{Run, pipeline, task};
use driver::{Browser, browser};
use orch_report::Record;

fn url(path: &Path) -> String {
    url::Url::from_file_path(path).unwrap().to_string()
}

/// The page of a real run of the example.
fn crawl(directory: &Path) -> PathBuf {
    let page = directory.join("crawl.html");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut example = Command::new(env!("CARGO"));
    example.args(["run", "--quiet", "--example", "crawl", "--"]).arg(&page).current_dir(root);
    let made = example.output().unwrap();
    assert!(made.status.success(), "{made:?}");
    page
}

fn data(page: &str) -> serde_json::Value {
    let data = page.split_once("id=\"data\">").unwrap().1.split_once("</script>").unwrap().0;
    serde_json::from_str(data).unwrap()
}

/// The labels of all rows, from the first to the last, as they are scrolled to.
const LABELS: &str = "(async () => {
    const [scroll, found] = [document.getElementById('scroll'), new Map()];
    const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    for (let top = 0; ; top += 200) {
        scroll.scrollTop = top;
        await drawn();
        for (const row of document.querySelectorAll('.row')) found.set(Math.round(scroll.scrollTop + parseFloat(row.style.top)), [...row.children].map((part) => part.textContent.trim()).join(' ').trim());
        if (top > scroll.scrollHeight) break;
    }
    return [...found].sort((a, b) => a[0] - b[0]).map(([, text]) => text);
})()";

async fn labels(browser: &Browser) -> Vec<String> {
    let labels = browser.ask(LABELS).await;
    labels.as_array().unwrap().iter().map(|label| label.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
#[ignore = "a browser: .ci/browser"]
async fn the_report_of_a_crawl_shows_every_execution_attempts_and_the_open_circuit() {
    let Some(browser) =
        browser("the_report_of_a_crawl_shows_every_execution_attempts_and_the_open_circuit", false).await
    else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let path = crawl(directory.path());
    let data = data(&std::fs::read_to_string(&path).unwrap());
    let executions: u64 =
        data["runs"].as_array().unwrap().iter().map(|run| run["count"].as_u64().unwrap()).sum();
    assert!(executions > 100, "{executions}");

    browser.open(&url(&path)).await;
    assert_eq!(browser.text("#status").await, format!("{executions} executions"));
    let labels = labels(&browser).await;
    assert_eq!(labels.len() as u64, executions, "{labels:#?}");
    browser.picture("crawl-light").await;

    // Two failed answers of one page, then the third attempt that succeeds.
    for attempt in ["✗ fetch [2]", "✗ fetch [2] attempt 2", "✓ fetch [2] attempt 3"] {
        assert!(labels.iter().any(|label| label == attempt), "{attempt}: {labels:#?}");
    }
    // The timeout dropped its task.
    assert!(labels.iter().any(|label| label.starts_with("⊘ fetch")), "{labels:#?}");

    let circuit = browser.text(".card.circuit").await;
    assert!(circuit.contains("south") && circuit.contains("circuit open, 8 turned away"), "{circuit}");
    assert_eq!(browser.ask("document.querySelectorAll('.card.circuit').length").await, 1);
    // Pressing it looks for the step; the change that opened the circuit is in its details.
    browser.click(".card.circuit").await;
    browser.press("f").await;
    for _ in 0..20 {
        if browser.text("#details").await.contains("closed -> open, tripped by failure 5") {
            break;
        }
        browser.press("f").await;
    }
    browser.picture("crawl-circuit").await;
    let details = browser.text("#details").await;
    assert!(details.contains("closed -> open, tripped by failure 5"), "{details}");

    for view in ["steps", "graph", "runs"] {
        browser.click(&format!("#tab-{view}")).await;
        browser.picture(&format!("crawl-{view}")).await;
    }
    assert_eq!(
        browser.ask("document.querySelectorAll('#steps tbody tr').length").await,
        data["totals"].as_array().unwrap().len()
    );
    assert_eq!(
        browser.ask("document.querySelectorAll('#graph rect.ran.mixed').length").await,
        2,
        "the tasks of both hosts"
    );
    assert_eq!(
        browser.ask("document.querySelectorAll('#run-list tbody tr').length").await,
        data["runs"].as_array().unwrap().len()
    );
    assert_eq!(browser.end().await, Vec::<String>::new());
}

#[tokio::test]
#[ignore = "a browser: .ci/browser"]
async fn search_filters_keys_and_the_dark_scheme_work() {
    let Some(browser) = browser("search_filters_keys_and_the_dark_scheme_work", true).await else { return };
    let directory = tempfile::tempdir().unwrap();
    browser.open(&url(&crawl(directory.path()))).await;
    let dark = "getComputedStyle(document.body).backgroundColor";
    assert_eq!(browser.ask(dark).await, "rgb(13, 17, 23)");
    browser.picture("crawl-dark").await;

    // A search by keys: what is found, and what is around it.
    browser.press("/").await;
    browser.press("south timeout/fetch").await;
    browser.drawn().await;
    let status = browser.text("#status").await;
    let found: usize = status.split(' ').next().unwrap().parse().unwrap();
    assert!(found >= 2 && status.contains(" of "), "{status}");
    let shown = labels(&browser).await;
    assert_eq!(shown.iter().filter(|label| label.contains("fetch")).count(), found, "{shown:#?}");
    assert!(shown.iter().any(|label| label.contains("round")), "what is around it: {shown:#?}");
    assert!(!shown.iter().any(|label| label.contains("north")), "{shown:#?}");
    browser.picture("crawl-search-dark").await;
    // Enter goes to the first, Escape unselects and then clears.
    browser.press("\u{e007}").await;
    assert!(browser.text("#details h2").await.ends_with("south/pages/each/retry/circuit/timeout/fetch"));
    browser.press("\u{e00c}").await;
    browser.press("\u{e00c}").await;
    assert_eq!(browser.ask("document.getElementById('search').value").await, "");

    // A filter by outcome.
    for state in ["pending", "running", "succeeded", "skipped", "failed"] {
        browser.click(&format!("[data-state={state}]")).await;
    }
    assert!(browser.text("#status").await.starts_with("1 of "), "what the timeout cancelled");
    for state in ["pending", "running", "succeeded", "skipped", "failed"] {
        browser.click(&format!("[data-state={state}]")).await;
    }

    // The critical path ends where the run does, and is less than all.
    browser.press("c").await;
    assert!(browser.text("#status").await.contains(" of "));
    browser.press("c").await;

    // Zoom: ticks are nearer to each other.
    browser.press("m").await;
    browser.picture("crawl-steps-rows-dark").await;
    browser.press("+++").await;
    browser.picture("crawl-zoomed-dark").await;
    browser.press("0").await;
    browser.press("t").await;
    assert_eq!(browser.ask(dark).await, "rgb(255, 255, 255)");
    browser.press("?").await;
    assert_eq!(browser.ask("document.getElementById('help').open").await, true);
    browser.picture("crawl-help").await;
    assert_eq!(browser.end().await, Vec::<String>::new());
}

#[tokio::test]
#[ignore = "a browser: .ci/browser"]
async fn an_output_that_is_markup_is_shown_and_does_nothing() {
    const HOSTILE: &str = "</script><script>window.hit = 1</script><img src=x onerror='window.hit = 1'>";
    let Some(browser) = browser("an_output_that_is_markup_is_shown_and_does_nothing", false).await else {
        return;
    };
    let record = Record::new();
    let p = pipeline! {
        |_: u32| seq(name = "<b onclick=hit>") < |_| { HOSTILE } as "<img src=x onerror=hit=1>" >
    };
    record.add_graph(&p.graph());
    p.with_bus(&record).run_as(HOSTILE, 1).await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hostile.html");
    std::fs::write(&path, record.report().to_html(HOSTILE)).unwrap();
    browser.open(&url(&path)).await;
    browser.press("/").await;
    browser.press("onerror='window").await;
    browser.press("\u{e007}").await;
    browser.press("\u{e007}").await;
    assert!(browser.text("#details").await.contains("</script><script>window.hit = 1</script>"));
    assert_eq!(browser.text("h1").await, HOSTILE);
    for view in ["steps", "graph", "runs"] {
        browser.click(&format!("#tab-{view}")).await;
    }
    assert_eq!(browser.ask("window.hit").await, serde_json::Value::Null);
    assert_eq!(browser.ask("document.querySelectorAll('img, main b').length").await, 0);
    // And whatever got in: the page may neither run it nor load anything.
    let blocked = browser
        .ask("new Promise((done) => { document.addEventListener('securitypolicyviolation', (event) => done(event.violatedDirective), { once: true }); const img = document.createElement('img'); img.src = 'http://127.0.0.1:9/x.png'; document.body.append(img); })")
        .await;
    assert_eq!(blocked, "img-src");
    let complaints = browser.end().await;
    assert_eq!(complaints.len(), 1, "that one alone: {complaints:?}");
}

#[task]
async fn work(item: u32) -> Result<String, String> {
    tokio::task::yield_now().await;
    if item.is_multiple_of(97) {
        Err(format!("item {item} is bad"))
    } else {
        Ok(format!("item {item} is done"))
    }
}

#[tokio::test]
#[ignore = "a browser: .ci/browser"]
async fn a_hundred_thousand_tasks_open_and_scroll() {
    let Some(browser) = browser("a_hundred_thousand_tasks_open_and_scroll", false).await else { return };
    let record = Record::new();
    let p = pipeline! {
        seq(name = "many") <
            |()| { (0..100_000).collect::<Vec<u32>>() } as "items"
            each(limit = 100, settle) <
                retry(max_attempts = 2, backoff = constant(1ms), jitter = none) < work >
            >
        >
    };
    record.add_graph(&p.graph());
    (&p).with_bus(&record).run(()).await.unwrap();
    let report = record.report();
    assert!(report.executions() > 200_000);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("many.html");
    let page = report.to_html("a hundred thousand");
    assert!(page.len() < 15 << 20, "{} bytes", page.len());
    std::fs::write(&path, &page).unwrap();

    let began = Instant::now();
    browser.open(&url(&path)).await;
    let opened = began.elapsed();
    println!("{} bytes, opened in {opened:?}", page.len());
    assert!(opened.as_secs_f64() < 3.0, "{opened:?}");
    browser.picture("many").await;

    browser.click("#mode-tree").await;
    let executions = report.executions();
    let shown = browser.text("#status").await.replace(',', "");
    assert_eq!(shown, format!("{executions} executions"));
    // From the top to the foot in a hundred steps: the time of a frame, and that each shows other rows.
    let scrolled = browser
        .ask("(async () => {
            const scroll = document.getElementById('scroll');
            const frame = () => new Promise((done) => requestAnimationFrame(done));
            const first = [];
            const began = performance.now();
            for (let i = 0; i < 100; i++) {
                scroll.scrollTop = (scroll.scrollHeight * i) / 100;
                await frame();
                await frame();
                first.push(document.querySelector('.row').textContent);
            }
            return { milliseconds: (performance.now() - began) / 100, distinct: new Set(first).size, elements: document.querySelectorAll('*').length };
        })()")
        .await;
    println!("{scrolled}");
    assert!(scrolled["milliseconds"].as_f64().unwrap() < 100.0, "{scrolled}");
    assert!(scrolled["distinct"].as_u64().unwrap() > 95, "{scrolled}");
    assert!(scrolled["elements"].as_u64().unwrap() < 400, "only rows in sight are there: {scrolled}");
    browser.picture("many-tree").await;

    browser.press("/").await;
    browser.press("item 99999").await;
    browser.until("document.getElementById('status').textContent.startsWith('1 of')").await;
    browser.picture("many-search").await;
    assert_eq!(browser.end().await, Vec::<String>::new());
}
