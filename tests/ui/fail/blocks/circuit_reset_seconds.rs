// The time of a breaker that is built by hand, as a number.

use async_orch::Breaker;

fn main() {
    let _ = Breaker::builder().reset_timeout(30).build();
}
//~     let _ = Breaker::builder().reset_timeout(30).build();
//~                                              ^^
