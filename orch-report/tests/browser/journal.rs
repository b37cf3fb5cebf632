//! A journal's runs on the live page.

use async_orch::{pipeline, task};
use orch_journal::{Journal, Reader};
use orch_report::Record;
use orch_report::live::Live;
use serde_json::json;

use crate::driver::{Browser, browser};
use crate::durable::{HOSTILE, order, runs};

async fn served(live: Live) -> (String, tokio::task::JoinHandle<std::io::Result<()>>) {
    let server = live.bind("127.0.0.1:0").await.unwrap();
    (server.url(), tokio::spawn(server.serve()))
}

/// The keys of the list, when they are these.
async fn until_listed(browser: &Browser, keys: &[&str]) {
    let listed = "[...document.querySelectorAll('#journal-list tbody button')].map((button) => button.title)";
    browser.until(&format!("JSON.stringify({listed}) === JSON.stringify({})", json!(keys))).await;
}

#[tokio::test]
#[ignore = "a browser: .ci/browser"]
async fn durable_runs_are_listed_found_and_looked_at() {
    let Some(browser) = browser("durable_runs_are_listed_found_and_looked_at", false).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let journal = Journal::options().owner("worker-1").open(&path).unwrap();
    let running = runs(&journal).await;
    let live = Live::new(Record::new()).title("orders").journal("runs.db", &journal);
    let (url, serving) = served(live).await;
    browser.open(&url).await;
    browser.click("#tab-journal").await;
    let all = [HOSTILE, "parcel-5", "order-4", "order-3", "order-2", "order-1"];
    until_listed(&browser, &all).await;
    browser.picture("journal-list").await;

    // By state, and by words.
    browser.click("#journal-states [data-state=failed]").await;
    until_listed(&browser, &["order-2"]).await;
    browser.click("#journal-states [data-state='']").await;
    browser.press("/").await;
    browser.press("ORDER- 4").await;
    until_listed(&browser, &["order-4"]).await;
    browser.press("\u{e00c}").await;
    until_listed(&browser, &all).await;

    // One that failed, and what it has done.
    browser.click("#journal-list tr[data-number='2'] button").await;
    browser.until("document.querySelectorAll('#journal-steps tbody tr').length === 6").await;
    let run = browser.text("#journal-run").await;
    for text in [
        "order-2",
        "worker-1",
        "a castle for a bankrupt",
        "no money: reserved a castle",
        "run order/reserve",
        "the bank is busy",
        "wait 1ms",
    ] {
        assert!(run.contains(text), "{text}: {run}");
    }
    assert!(browser.ask("location.hash").await == "#journal/0/2");
    browser.picture("journal-failed").await;
    // One that is under way, with the keys: two rows higher.
    browser.press("kk").await;
    browser.until("document.querySelector('#journal-run h2')?.textContent === 'order-4'").await;
    browser.press("k").await;
    browser.until("document.querySelector('#journal-run h2')?.textContent === 'parcel-5' && document.querySelector('#journal-steps')?.textContent.includes('under way')").await;
    browser.picture("journal-running").await;

    // What another process does is there without being asked for: one begins, and this one ends.
    let other = Journal::open(&path).unwrap();
    other.run("order-6", &order(), "a late book".to_owned()).await.unwrap();
    let mut more = vec!["order-6"];
    more.extend(all);
    until_listed(&browser, &more).await;
    assert!(other.cancel("parcel-5").await.unwrap());
    browser.until("document.querySelector('#journal-run dl')?.textContent.includes('cancelled')").await;
    drop(running);

    // The address leads there again.
    browser.open(&format!("{url}?again#journal/0/2")).await;
    browser.until("document.querySelector('#journal-run h2')?.textContent === 'order-2'").await;

    // What happens when the server goes.
    serving.abort();
    browser
        .until("document.getElementById('journal-trouble').textContent === 'The server does not answer.'")
        .await;
    let complaints = browser.end().await;
    assert!(
        complaints.iter().all(|line| line.contains("ERR_CONNECTION") || line.contains("ERR_INCOMPLETE")),
        "{complaints:?}"
    );
}

#[tokio::test]
#[ignore = "a browser: .ci/browser"]
async fn a_durable_run_of_markup_is_shown_and_does_nothing() {
    let Some(browser) = browser("a_durable_run_of_markup_is_shown_and_does_nothing", true).await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let journal = Journal::options().owner(HOSTILE).open(&path).unwrap();
    let _running = runs(&journal).await;
    // Without a record the journal is all that there is.
    let (url, _serving) =
        served(Live::of_journal(HOSTILE, Reader::open(&path).unwrap()).title(HOSTILE)).await;
    browser.open(&url).await;
    browser.until("document.querySelectorAll('#journal-list tbody tr').length === 6").await;
    assert_eq!(browser.ask("[...document.querySelectorAll('[role=tab]')].filter((tab) => tab.offsetParent).map((tab) => tab.id)").await, json!(["tab-journal"]));
    assert_eq!(browser.text("#live").await, "live");
    browser.click("#journal-list tr[data-number='6'] button").await;
    browser.until("document.querySelector('#journal-steps') !== null").await;
    for selector in
        ["#journal-run h2", "#journal-run pre", "#journal-steps", "#journal-run dl", "#journal-list"]
    {
        assert!(
            browser.text(selector).await.contains("</script><script>window.hit = 1</script>"),
            "{selector}"
        );
    }
    browser.picture("journal-hostile-dark").await;
    browser.press("\u{e00c}").await;
    browser.picture("journal-list-dark").await;
    browser.press("?").await;
    browser.picture("journal-keys-dark").await;
    assert_eq!(browser.ask("window.hit").await, serde_json::Value::Null);
    assert_eq!(browser.ask("document.querySelectorAll('img, main b').length").await, 0);
    assert_eq!(browser.end().await, Vec::<String>::new());
}

#[task(durable)]
async fn count_to(n: u64) -> Vec<u64> {
    (0..n).collect()
}

#[task(durable)]
async fn next(n: u64) -> u64 {
    n + 1
}

#[tokio::test]
#[ignore = "a browser: .ci/browser"]
async fn durable_runs_and_steps_are_turned_a_page_at_a_time() {
    let Some(browser) = browser("durable_runs_and_steps_are_turned_a_page_at_a_time", false).await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path().join("runs.db")).unwrap();
    let many = pipeline! { |_: u64| seq(name = "many") < count_to each < next > > };
    journal.run("steps", &many, 250).await.unwrap();
    let double = pipeline! { |_: u64| |n| { n * 2 } as "double" };
    for n in 0..119 {
        journal.run(&format!("run-{n}"), &double, n).await.unwrap();
    }
    let live = Live::of_journal("runs.db", &journal).journal("the same", &journal);
    let (url, _serving) = served(live).await;
    browser.open(&url).await;
    let keys = |from: u64, to: u64| (to..=from).rev().map(|n| format!("run-{n}")).collect::<Vec<_>>();
    let until_page = async |keys: Vec<String>| {
        until_listed(&browser, &keys.iter().map(|key| &**key).collect::<Vec<_>>()).await;
    };
    until_page(keys(118, 69)).await;
    assert_eq!(browser.ask("document.getElementById('journal-newer').disabled").await, true);
    browser.click("#journal-older").await;
    until_page(keys(68, 19)).await;
    assert_eq!(browser.text("#journal-status").await, "50 runs, page 2");
    browser.press("\u{e014}").await;
    let last: Vec<_> = keys(18, 0).into_iter().chain(["steps".to_owned()]).collect();
    until_page(last).await;
    assert_eq!(browser.ask("document.getElementById('journal-older').disabled").await, true);

    browser.click("#journal-list tr[data-number='1'] button").await;
    let steps = "document.querySelector('#journal-steps tbody')";
    browser.until(&format!("{steps}?.rows.length === 100")).await;
    for (name, rows, number) in
        [("Next", 100, "101"), ("Next", 51, "201"), ("Previous", 100, "101"), ("First", 100, "1")]
    {
        let press = format!(
            "[...document.querySelectorAll('#journal-run .pages button')].find((button) => button.textContent === '{name}').click()"
        );
        browser.ask(&press).await;
        browser
            .until(&format!(
                "{steps}.rows.length === {rows} && {steps}.rows[0].cells[0].textContent === '{number}'"
            ))
            .await;
    }
    browser.picture("journal-pages").await;

    // The newest again, and the same in the other file.
    browser.click("#journal-newest").await;
    until_page(keys(118, 69)).await;
    browser.ask("(() => { const files = document.getElementById('journal-file'); files.value = '1'; files.dispatchEvent(new Event('change')); })()").await;
    browser.until("location.hash === '#journal/1'").await;
    until_page(keys(118, 69)).await;
    assert_eq!(browser.end().await, Vec::<String>::new());
}
