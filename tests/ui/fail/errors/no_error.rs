// The pipeline's error type is none.
use async_orch::pipeline;

struct Oops;

fn main() {
    let _ = pipeline! {
        error = Oops;
        |()| { 1 }
    };
}
//~         error = Oops;
//~                 ^^^^
