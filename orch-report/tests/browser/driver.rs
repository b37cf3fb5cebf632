//! A browser that is driven, or the word that there is none.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// A browser of its own, with a profile of its own, which ends with it.
pub(crate) struct Browser {
    client: Client,
    driver: Child,
    _profile: tempfile::TempDir,
}

/// A browser; `None`, where none is installed and none is required, which is said with the name of the test.
pub(crate) async fn browser(test: &str, dark: bool) -> Option<Browser> {
    let (browser, driver) = (BROWSERS.into_iter().find_map(program), program("chromedriver"));
    let missing = match (&browser, &driver) {
        (None, _) => "chromium",
        (_, None) => "chromedriver",
        _ => "",
    };
    let (Some(browser), Some(driver)) = (browser, driver) else {
        let required = std::env::var_os("ORCH_REQUIRE_BROWSER").is_some_and(|value| value == "1");
        assert!(!required, "{missing} is not installed, and ORCH_REQUIRE_BROWSER=1 asks for it");
        eprintln!("SKIPPED {test}: {missing} is not installed");
        return None;
    };
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let driver = Command::new(driver)
        .arg(format!("--port={port}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let profile = tempfile::tempdir().unwrap();
    let mut arguments: Vec<String> = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1400,900",
    ]
    .map(String::from)
    .into();
    arguments.push(format!("--user-data-dir={}", profile.path().display()));
    arguments.push(format!("--blink-settings=preferredColorScheme={}", u8::from(!dark)));
    let capabilities = json!({
        "browserName": "chrome",
        "goog:chromeOptions": { "args": arguments, "binary": browser },
        "goog:loggingPrefs": { "browser": "ALL" },
    });
    let Value::Object(capabilities) = capabilities else { unreachable!("an object") };
    // The driver takes a moment until it listens.
    for attempt in 0.. {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities.clone());
        match builder.connect(&format!("http://127.0.0.1:{port}")).await {
            Ok(client) => return Some(Browser { client, driver, _profile: profile }),
            Err(error) if attempt == 100 => panic!("the driver does not answer: {error}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
    unreachable!("it has answered or not")
}

fn program(name: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH")?;
    std::env::split_paths(&paths).map(|path| path.join(name)).find(|path| path.is_file())
}

impl Browser {
    pub(crate) async fn open(&self, url: &str) {
        self.client.goto(url).await.unwrap();
        self.until("document.documentElement.dataset.ready === 'yes'").await;
    }

    /// What an expression comes to; a promise is waited for.
    pub(crate) async fn ask(&self, expression: &str) -> Value {
        let script = format!(
            "const done = arguments[0]; (async () => ({expression}))().then((value) => done({{ value: value ?? null }}), (error) => done({{ error: String(error) }}));"
        );
        let answer = self.client.execute_async(&script, Vec::new()).await.unwrap();
        assert!(answer["error"].is_null(), "{expression}: {}", answer["error"]);
        answer["value"].clone()
    }

    pub(crate) async fn text(&self, selector: &str) -> String {
        let text = self.ask(&format!("document.querySelector({}).textContent", json!(selector))).await;
        text.as_str().unwrap().to_owned()
    }

    pub(crate) async fn click(&self, selector: &str) {
        let element = self.client.find(fantoccini::Locator::Css(selector)).await.unwrap();
        element.click().await.unwrap();
        self.drawn().await;
    }

    /// Presses keys, wherever the focus is.
    pub(crate) async fn press(&self, keys: &str) {
        let element = self.client.active_element().await.unwrap();
        element.send_keys(keys).await.unwrap();
        self.drawn().await;
    }

    /// Until what was asked for has been drawn.
    pub(crate) async fn drawn(&self) {
        let two =
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))";
        self.ask(two).await;
    }

    /// Until something is true, for ten seconds.
    pub(crate) async fn until(&self, condition: &str) {
        let script = format!(
            "new Promise((done, failed) => {{ const began = performance.now(); const look = () => {{ if ({condition}) done(true); else if (performance.now() - began > 10000) failed('not true in ten seconds'); else setTimeout(look, 20); }}; look(); }})"
        );
        self.ask(&script).await;
    }

    /// A picture, if `ORCH_SCREENSHOTS` names a folder for it.
    pub(crate) async fn picture(&self, name: &str) {
        if let Some(folder) = std::env::var_os("ORCH_SCREENSHOTS") {
            let picture = self.client.screenshot().await.unwrap();
            std::fs::write(PathBuf::from(folder).join(format!("{name}.png")), picture).unwrap();
        }
    }

    /// What stands in the console, and ends the browser.
    pub(crate) async fn end(self) -> Vec<String> {
        let log = self.client.issue_cmd(Log).await.unwrap();
        let complaints = log.as_array().unwrap().iter().map(|line| line["message"].to_string()).collect();
        self.client.clone().close().await.unwrap();
        complaints
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // With the driver its browser ends too.
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// The console, which the driver gives as an extension.
#[derive(Debug)]
struct Log;

impl WebDriverCompatibleCommand for Log {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _url: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}
