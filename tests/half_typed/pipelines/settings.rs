use std::path::PathBuf;

use async_orch::{BoxError, task};

#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    File(PathBuf),
    Url { host: String, port: u16 },
    Nowhere,
}

#[task]
pub async fn read(path: PathBuf) -> Result<String, std::io::Error> {
    Ok(path.display().to_string())
}

#[task]
pub async fn ask(host: String, port: u16) -> Result<String, BoxError> {
    Ok(format!("{host}:{port}"))
}

#[task]
pub async fn built_in() -> String {
    String::new()
}

#[task]
pub async fn parse(text: String) -> Result<Vec<(String, u32)>, BoxError> {
    Ok(text.lines().map(|line| (line.to_owned(), 1)).collect())
}

pub fn build(verbose: bool) {
    let _ = async_orch::pipeline! {
        |source: Source|
        seq <
            let text = choose(source) <
                Source::File(path) => fallback < read(path.clone()) built_in >,
                Source::Url { host, port } if (*port > 1024) => race <
                    ask(host.clone(), *port)
                    ask("localhost".into(), *port)
                >,
                Source::Url { host, .. } => timeout(2s) < ask(host.clone(), 80) >,
                Source::Nowhere => built_in(),
            >
            when(verbose) < |_| { println!("{text}") } >
            parse(text.clone())
            |list| {
                let good: Vec<u32> = list.into_iter().map(|(_, n)| n).collect();
                good.iter().sum::<u32>()
            }
        >
    };
}
