use async_orch::task;

#[task]
struct Fetch;

fn main() {
    let _ = Fetch;
}
//~ struct Fetch;
//~ ^^^^^^
