//! The live page, while runs go on.

use std::time::Duration;

use async_orch::bus::Bus;
use async_orch::{BoxError, Breaker, Bulkhead, pipeline};
use orch_report::Record;
use orch_report::live::Live;
use tokio::sync::Semaphore;

use crate::driver::browser;

/// Items that each wait for leave.
async fn stepwise(
    bus: impl Bus,
    leave: &Semaphore,
    breaker: &Breaker,
    bulkhead: &Bulkhead,
) -> Result<(), BoxError> {
    let p = pipeline! {
        |_: Vec<u32>|
        each(limit = 2, settle) <
            bulkhead(bulkhead = bulkhead) <
                circuit(breaker = breaker) <
                    async |n| { leave.acquire().await.map(|leave| leave.forget())?; if n >= 4 { return Err::<u32, BoxError>("down".into()); } Ok(n) } as "call"
                >
            >
        >
    };
    p.with_bus(bus).run((0..8).collect()).await?;
    Ok(())
}

#[tokio::test]
#[ignore = "a browser: .ci/browser"]
async fn the_live_page_is_told_what_happens_while_it_happens() {
    let Some(browser) = browser("the_live_page_is_told_what_happens_while_it_happens", false).await else {
        return;
    };
    let record = Record::new();
    let breaker = Breaker::builder().fail_max(2).reset_timeout(Duration::from_secs(60)).build();
    let bulkhead = Bulkhead::new(2);
    let page =
        Live::new(record.clone()).title("live runs").breaker("host", &breaker).bulkhead("pool", &bulkhead);
    let server = page.bind("127.0.0.1:0").await.unwrap();
    let url = server.url();
    let serving = tokio::spawn(server.serve());
    browser.open(&url).await;
    browser.until("document.getElementById('live').textContent === 'live'").await;

    let leave = Semaphore::new(0);
    let run = stepwise(&record, &leave, &breaker, &bulkhead);
    let watch = async {
        // Two calls are under way, and wait.
        browser.until("document.querySelectorAll('.glyph.s1').length === 7").await;
        assert!(
            browser.text("#summary").await.contains("2tasks under way"),
            "{}",
            browser.text("#summary").await
        );
        browser.picture("live-running").await;
        let widths = "document.querySelector('#summary .card b').textContent";
        let before = browser.ask(widths).await;
        browser.until(&format!("{widths} !== {before}")).await;

        browser.click("#tab-runs").await;
        assert!(
            browser.text("#gates").await.contains("2 of 2 places taken"),
            "{}",
            browser.text("#gates").await
        );
        assert!(browser.text("#run-list").await.contains("running"));
        browser.click("#tab-timeline").await;

        // Each leave is an item that ends, and one that begins.
        leave.add_permits(1);
        browser.until("document.querySelectorAll('.glyph.s2').length === 3").await;
        leave.add_permits(10);
        browser.until("document.querySelector('.row .glyph').textContent === '✓'").await;
    };
    let (ran, ()) = tokio::join!(run, watch);
    ran.unwrap();
    let circuit = browser.text(".card.circuit").await;
    assert!(circuit.contains("circuit open, 2 turned away"), "{circuit}");
    browser.picture("live-ended").await;
    browser.click("#tab-runs").await;
    assert!(browser.text("#gates").await.contains("open, a probe in"), "{}", browser.text("#gates").await);
    browser.picture("live-runs").await;

    // A later run is followed; an earlier one can be gone back to.
    leave.add_permits(10);
    breaker.reset();
    stepwise(&record, &leave, &breaker, &bulkhead).await.unwrap();
    browser.until("document.querySelectorAll('#run-list tbody tr').length === 2").await;
    browser.until("document.querySelector('#run-list tr[aria-selected=true] button').textContent === document.querySelector('#run-list tbody button').textContent").await;
    browser.click("#run-list tbody tr:last-child button").await;
    browser.until("document.querySelector('#run-list tr:last-child').ariaSelected === 'true' || document.getElementById('run').selectedIndex === 1").await;

    // What the page does when the server goes.
    serving.abort();
    browser.until("document.getElementById('live').textContent === 'no connection'").await;
    let complaints = browser.end().await;
    assert!(
        complaints.iter().all(|line| line.contains("ERR_CONNECTION") || line.contains("ERR_INCOMPLETE")),
        "{complaints:?}"
    );
}
