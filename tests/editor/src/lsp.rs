//! A client of rust-analyzer: requests and answers over its standard streams.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long one answer may take, and how long everything until the server is ready.
const ANSWER: Duration = Duration::from_secs(120);
const READY: Duration = Duration::from_secs(900);

/// A server that runs.
pub(crate) struct Server {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    last: u64,
    ready: bool,
}

impl Server {
    /// Starts one, which answers for the crates in `folder`.
    pub(crate) fn start(program: &str, folder: &str, options: &Value) -> Result<Self, String> {
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(|error| format!("{program} does not start: {error}"))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("no streams".to_owned());
        };
        let (sender, messages) = channel();
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = read(&mut output) {
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut server = Self { child, input, messages, last: 0, ready: false };
        server.ask(
            "initialize",
            &json!({
                "processId": std::process::id(),
                "rootUri": format!("file://{folder}"),
                "workspaceFolders": [{ "uri": format!("file://{folder}"), "name": "fixture" }],
                "initializationOptions": options,
                "capabilities": {
                    "textDocument": {
                        "completion": { "completionItem": {
                            "snippetSupport": false,
                            "labelDetailsSupport": true,
                            "documentationFormat": ["markdown"],
                        } },
                        "hover": { "contentFormat": ["markdown"] },
                        "diagnostic": {},
                    },
                    "experimental": { "serverStatusNotification": true },
                },
            }),
        )?;
        server.tell("initialized", &json!({}))?;
        let start = Instant::now();
        while !server.ready {
            let left = READY.checked_sub(start.elapsed()).ok_or("the server was not ready in time")?;
            server.next(left)?;
        }
        Ok(server)
    }

    /// Sends a notification.
    pub(crate) fn tell(&mut self, method: &str, params: &Value) -> Result<(), String> {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }))
    }

    /// Sends a request, and waits for its answer.
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> Result<Value, String> {
        // What was asked while a text was still being looked at is asked again.
        const TRIES: usize = 20;
        for _ in 0..TRIES {
            self.last += 1;
            let id = self.last;
            self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
            let answer = loop {
                let message = self.next(ANSWER)?;
                if message.get("method").is_none() && message["id"] == id {
                    break message;
                }
            };
            match answer["error"]["code"].as_i64() {
                None => return Ok(answer["result"].clone()),
                Some(-32802..=-32800) => thread::sleep(Duration::from_millis(100)),
                Some(_) => return Err(format!("{method}: {}", answer["error"]["message"])),
            }
        }
        Err(format!("{method}: no answer that holds"))
    }

    fn send(&mut self, message: &Value) -> Result<(), String> {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len())
            .and_then(|()| self.input.flush())
            .map_err(|error| format!("the server is gone: {error}"))
    }

    /// The next message, after what the server asks in it was answered.
    fn next(&mut self, wait: Duration) -> Result<Value, String> {
        let message = self.messages.recv_timeout(wait).map_err(|error| format!("no answer: {error}"))?;
        match message["method"].as_str() {
            Some("experimental/serverStatus") => {
                let status = &message["params"];
                self.ready = status["quiescent"] == true;
                if status["health"] == "error" {
                    return Err(format!("the server cannot read the fixture: {}", status["message"]));
                }
            }
            Some(_) if message.get("id").is_some() => {
                self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": null }))?;
            }
            _ => {}
        }
        Ok(message)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One message, or nothing at the end.
fn read(output: &mut BufReader<impl Read>) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            header => {
                if let Some(given) = header.strip_prefix("Content-Length: ") {
                    length = given.parse().ok()?;
                }
            }
        }
    }
    let mut text = vec![0; length];
    output.read_exact(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}
