//! A pipeline compiles without a warning, whatever a crate denies.

#![deny(warnings, unused, rust_2018_idioms, missing_docs, unreachable_pub, missing_debug_implementations)]
#![deny(non_camel_case_types, dead_code, single_use_lifetimes, trivial_casts, unused_qualifications)]
#![deny(clippy::all, clippy::pedantic)]
// Of the functions themselves, and of a closure as it is mostly written.
#![allow(
    clippy::missing_errors_doc,
    clippy::must_use_candidate,
    clippy::needless_pass_by_value,
    clippy::unused_async
)]
#![allow(clippy::redundant_closure_for_method_calls)]

use std::sync::Arc;
use std::time::Duration;

use async_orch::{Breaker, Run, pipeline, task};

/// Looks something up.
#[task]
pub async fn fetch(client: Arc<String>, id: u32) -> Result<String, std::io::Error> {
    Ok(format!("{client}{id}"))
}

/// Sync.
#[task]
pub fn process(data: String) -> String {
    data
}

/// On the blocking pool.
#[task(blocking)]
pub fn save(data: String) -> usize {
    data.len()
}

/// A task of its own.
#[task(spawn, name = "report")]
pub async fn tell(n: usize) -> usize {
    n
}

/// Without parameters.
#[task]
pub async fn ping() {}

/// Generic, with a reference.
#[task]
pub fn describe<T: std::fmt::Display>(prefix: &str, value: T) -> String {
    format!("{prefix}{value}")
}

/// What many pipelines look like.
pub fn build(client: &Arc<String>, breaker: &Breaker) -> impl Run<In = u32, Out = usize> + use<> {
    let wait = Duration::from_millis(1);
    pipeline! {
        error = async_orch::BoxError;
        let client = Arc::clone(client);
        |id: u32|
        seq(name = "all") <
            let (user, (), _) = par(limit = 2) <
                fetch(client.clone(), *id) as "user"
                ping
                |()| { 1 }
            >
            let first: String = process(user.clone())
            circuit(breaker = breaker, ignore = |e| e.is::<std::io::Error>()) <
                retry(max_attempts = 2, backoff = constant(wait), when = |e| e.task().is_some()) <
                    fetch(client.clone(), 2)
                >
            >
            timeout(1s) < catch < process > >
            |text| { format!("{text}{first}") }
            async |text| { tokio::task::yield_now().await; format!("{text}{first}") }
            save
            tell
            |n| { vec![n, n + 1] }
            each(limit = 4, settle) < |n| { Ok::<_, std::fmt::Error>(n) } >
            |all| { all.len() }
        >
    }
}

#[tokio::test]
async fn runs() {
    let shared = Arc::new("x".to_owned());
    let breaker = Breaker::builder().build();
    let pipeline = build(&shared, &breaker);
    assert_eq!(pipeline.run(1).await.unwrap(), 2);

    let prefix = "n = ".to_owned();
    let described = pipeline! { |_: u32| describe(&prefix, _) };
    assert_eq!(described.run(3).await.unwrap(), "n = 3");

    let several = pipeline! { |_: u32| seq(collect) < |n| { n + 1 } |n| { n.to_string() } > };
    assert_eq!(several.run(1).await.unwrap(), (2, "2".to_owned()));

    let nested = pipeline! { seq < { several_of(5) } |n| { n + 1 } > };
    assert_eq!(async_orch::run(&nested).await.unwrap(), 6);
}

fn several_of(n: u32) -> impl Run<In = (), Out = u32, Error = async_orch::BoxError> {
    pipeline! { move |()| { n } }
}
