use async_orch::durable::Durable;
use async_orch::{pipeline, task};
use futures::stream::BoxStream;

#[task(durable)]
async fn store(line: String) -> usize {
    line.len()
}

fn runs_durably(_: &impl Durable) {}

fn main() {
    let ingest = pipeline! { |_: BoxStream<'static, String>| each(stream) < store > };
    runs_durably(&ingest);
}
//~     runs_durably(&ingest);
//~                  ^^^^^^^
