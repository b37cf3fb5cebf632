//! An agent: a model that asks for tools until it has an answer, in so many turns at most.
//!
//! ```text
//! cargo run --example agent
//! ```
//!
//! There is no network. The model is a script; the tools are a calculator and a small server on loopback that is slow at first.
//! What matters is the shape:
//!
//! - The loop is an `async |question, cx| { … }`. The model and each tool are pipelines of their own, with a `retry` and a
//!   `timeout`, and run by `cx.run`: as parts of this run, so that one bus sees all of it, with paths that go on.
//! - What fails in a tool is the agent's error as it was: its path through the loop, its attempts, its type.
//! - A malformed answer of the model is asked for once more, with what was wrong with it: `cx.last_error()`.
//!
//! It checks its own results.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_orch::bus::Recorder;
use async_orch::{Context, Run, TaskState, pipeline, task};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// All that an agent can fail with.
#[derive(Debug, thiserror::Error)]
enum AgentError {
    #[error("the model's answer cannot be read: {0}")]
    Malformed(#[from] serde_json::Error),
    #[error("the tool `{tool}` says: {reason}")]
    Tool { tool: &'static str, reason: String },
    #[error("the tool cannot be reached: {0}")]
    Unreachable(#[from] io::Error),
    #[error("no answer after {0} turns")]
    TooManyTurns(u32),
}

/// What the model wants.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wish {
    Add(Vec<i64>),
    Weather(String),
    Answer(String),
}

/// A conversation: the question, and what the tools gave.
#[derive(Clone, Debug)]
struct Talk(Vec<String>);

/// The scripted model: line by line of its script, for each talk of a certain length. It is told what was wrong before.
#[task]
async fn complete(cx: &Context<'_>, script: &'static str, talk: Talk) -> Result<String, AgentError> {
    let lines: Vec<&str> = script.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let again = cx.last_error().is_some();
    cx.note(format!("turn {}{}", talk.0.len(), if again { ", once more" } else { "" }));
    let line = lines.get(talk.0.len() - 1).copied().unwrap_or("{\"add\": [1]}");
    // A line may have two answers: the second is what comes of a correction.
    let (first, second) = line.split_once(" | ").unwrap_or((line, line));
    Ok(if again { second } else { first }.to_owned())
}

#[task]
fn read(text: String) -> Result<Wish, AgentError> {
    Ok(serde_json::from_str(&text)?)
}

#[task]
fn add(numbers: Vec<i64>) -> Result<i64, AgentError> {
    numbers
        .iter()
        .try_fold(0_i64, |sum, number| sum.checked_add(*number))
        .ok_or_else(|| AgentError::Tool { tool: "add", reason: "that is too much".to_owned() })
}

/// Asks the server on loopback, a line for a line.
#[task]
async fn weather(address: std::net::SocketAddr, city: String) -> Result<String, AgentError> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("{city}\n").as_bytes()).await?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await?;
    match line.trim() {
        "" => Err(AgentError::Tool { tool: "weather", reason: format!("nothing is known of {city}") }),
        line => Ok(line.to_owned()),
    }
}

/// An agent with this script, these tools and so many turns.
fn agent(
    script: &'static str,
    server: std::net::SocketAddr,
    max_turns: u32,
) -> impl Run<In = String, Out = String, Error = AgentError> {
    let model = pipeline! {
        error = AgentError;
        move |talk: Talk|
        retry(max_attempts = 3, backoff = constant(1ms), name = "model") <
            complete(script, talk.clone())
            read
        >
    };
    let sum = pipeline! {
        error = AgentError;
        |_: Vec<i64>| timeout(1s) < add >
    };
    let forecast = pipeline! {
        error = AgentError;
        move |_: String|
        retry(max_attempts = 3, backoff = constant(1ms)) < timeout(200ms) < weather(server, _) > >
    };
    pipeline! {
        error = AgentError;
        // The agent owns them, and so the circuits that may be in them.
        let model = model;
        let sum = sum;
        let forecast = forecast;
        let max_turns = max_turns;
        |_: String|
        async |question, cx| {
            let mut talk = Talk(vec![question]);
            for _ in 0..*max_turns {
                let heard = match cx.run(model, talk.clone()).await? {
                    Wish::Answer(answer) => return Ok(answer),
                    Wish::Add(numbers) => cx.run(sum, numbers).await?.to_string(),
                    Wish::Weather(city) => cx.run(forecast, city).await?,
                };
                talk.0.push(heard);
            }
            Err(AgentError::TooManyTurns(*max_turns).into())
        } as "agent"
    }
}

/// A server that takes its time for the first question, and knows one city.
async fn serve(listener: TcpListener) -> io::Result<()> {
    let asked = AtomicU32::new(0);
    loop {
        let (stream, _) = listener.accept().await?;
        let is_slow = asked.fetch_add(1, Ordering::Relaxed) == 0;
        tokio::spawn(async move {
            let mut stream = BufReader::new(stream);
            let mut city = String::new();
            stream.read_line(&mut city).await?;
            if is_slow {
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
            let known = BTreeMap::from([("Lisbon", "sun, 24 degrees\n")]);
            let answer = known.get(city.trim()).copied().unwrap_or("\n");
            stream.get_mut().write_all(answer.as_bytes()).await
        });
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let server = listener.local_addr()?;
    tokio::spawn(serve(listener));

    // The second line is no JSON at first.
    let script = r#"
        {"weather": "Lisbon"}
        {"add": [20, | {"add": [20, 4]}
        {"answer": "24 degrees, and it is the sum"}
    "#;
    let recorder = Recorder::new();
    let answer = agent(script, server, 5).with_bus(&recorder).run("How warm is Lisbon?".to_owned()).await?;
    println!("the agent says: {answer}");
    assert_eq!(answer, "24 degrees, and it is the sum");

    // All of it is one run, from the loop to the last tool.
    let events = recorder.events();
    assert!(events.iter().all(|event| event.run == events[0].run));
    for event in &events {
        println!("{event}");
    }
    let tried = |path: &str| {
        recorder.of(path).iter().filter(|event| event.task_state() == Some(TaskState::Running)).count()
    };
    assert_eq!(tried("agent/retry/timeout/weather"), 2, "slow at first, and then in time");
    assert_eq!(tried("agent/model/complete"), 4, "three turns, one of them twice");

    // What goes wrong in a tool is the agent's error, with its place and its type.
    let error =
        agent(r#"{"weather": "Atlantis"}"#, server, 5).run("And Atlantis?".to_owned()).await.unwrap_err();
    println!("{error}");
    assert_eq!((error.path().as_str(), error.attempts()), ("agent/retry/timeout/weather", 3));
    assert!(matches!(error.task(), Some(AgentError::Tool { tool: "weather", .. })));

    // A model that never comes to an end.
    let error = agent(r#"{"add": [1]}"#, server, 4).run("Well?".to_owned()).await.unwrap_err();
    println!("{error}");
    assert!(matches!(error.task(), Some(AgentError::TooManyTurns(4))));
    Ok(())
}
