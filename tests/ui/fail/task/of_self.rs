use async_orch::{pipeline, task};

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

struct Client;

impl Client {
    fn fetch(n: u32) -> u32 {
        n
    }

    fn run() {
        let _ = pipeline! { |_: u32| seq < double Self::fetch > };
    }
}

fn main() {
    Client::run();
    Client::fetch(1);
}
//~         let _ = pipeline! { |_: u32| seq < double Self::fetch > };
//~                                                         ^^^^^
