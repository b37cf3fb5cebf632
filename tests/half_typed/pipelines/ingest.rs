use std::path::PathBuf;
use std::sync::Arc;

use async_orch::task;

#[derive(Clone, Debug)]
pub struct Client {
    pub base: String,
}

#[task]
pub async fn fetch(client: Arc<Client>, id: u32) -> Result<String, std::io::Error> {
    Ok(format!("{}/{id}", client.base))
}

#[task]
pub async fn enrich(parts: Vec<String>) -> Result<Vec<String>, std::io::Error> {
    Ok(parts)
}

#[task]
pub async fn save(path: PathBuf, lines: Vec<String>) -> Result<usize, std::io::Error> {
    let _ = path;
    Ok(lines.len())
}

pub fn build(client: Arc<Client>, dir: PathBuf) {
    let _ = async_orch::pipeline! {
        let client = client.clone();
        move |day: String|
        seq(name = "ingest") <
            par(limit = 2) < fetch(client.clone(), 10) fetch(client.clone(), 20) as "second" >
            let data = circuit(fail_max = 2, reset_timeout = 10s) <
                retry(max_attempts = 3, backoff = exponential(100ms)) <
                    |(left, right)| { vec![left.to_uppercase(), right] }
                    enrich
                >
            >
            |_| { data.iter().map(|line| format!("{day}: {line}")).collect::<Vec<_>>() }
            timeout(5s) < save(dir.join(day), _) >
        >
    };
}
