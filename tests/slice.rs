//! The first slice through everything: tasks, names, captures, a circuit, a bus, a run that is spawned.

use async_orch::{BoxError, Run, pipeline, task};
use std::sync::Arc;

#[task]
async fn fetch(id: u32) -> Result<String, std::io::Error> {
    Ok(format!("#{id}"))
}
#[task]
fn process(data: String) -> String {
    data + "!"
}
#[task]
async fn save(client: Arc<String>, data: String) -> Result<usize, std::fmt::Error> {
    Ok(client.len() + data.len())
}
#[task]
async fn show<T: std::fmt::Display>(x: T) -> String {
    x.to_string()
}
#[task]
fn parse<T>(s: String) -> Result<T, T::Err>
where
    T: std::str::FromStr + 'static,
    T::Err: Send + 'static,
{
    s.parse()
}
#[task]
async fn len(s: &str) -> usize {
    s.len()
}

#[tokio::test]
async fn slice() {
    let client = Arc::new("client".to_owned());
    let text = "borrowed".to_owned();
    let p = pipeline! {
        let client = client.clone();
        |id: u32|
        seq(name = "ingest") <
            circuit(fail_max = 2, reset_timeout = 10s) < fetch(*id) >
            let data = process
            |()| { data.len() + id.to_string().len() }
            show
            let n = parse::<usize>
            len(&text)
            |l| { format!("{data}{n}{l}") }
            async |s| { tokio::task::yield_now().await; s + &n.to_string() }
            save(client.clone(), _)
        >
    };
    println!("{}", p.graph());
    assert_eq!(p.run(7).await.unwrap(), 6 + "#7!4884".len() - 2 + 1);
    let seen = std::sync::Mutex::new(Vec::new());
    let p = p.with_bus(async_orch::bus::from_fn(|e| seen.lock().unwrap().push(e.to_string())));
    p.run(8).await.unwrap();
    drop(p);
    println!("{}", seen.into_inner().unwrap().join("\n"));
}

async fn spawned<P>(p: P) -> u32
where
    P: Run<In = u32, Out = u32, Error = BoxError> + 'static,
{
    tokio::spawn(async move { p.run(1).await }).await.unwrap().unwrap()
}

#[tokio::test]
async fn spawn_generic() {
    let n = 5;
    assert_eq!(spawned(pipeline! { move |_: u32| seq < |x| { x + n } circuit < |x| { Ok(x) } > > }).await, 6);
}
