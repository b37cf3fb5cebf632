// Runs may overlap, so a step cannot change what it captures.
use async_orch::pipeline;

fn main() {
    let mut runs = 0;
    let _ = pipeline! { |()| { runs += 1; } };
    drop(runs);
}
//~     let _ = pipeline! { |()| { runs += 1; } };
//~                                ^^^^^^^^^
