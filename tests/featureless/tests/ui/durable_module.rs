use async_orch::durable::Durable;

fn runs_durably(_: &impl Durable) {}

fn main() {}
