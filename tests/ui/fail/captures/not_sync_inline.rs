use std::cell::Cell;

use async_orch::pipeline;

fn main() {
    let next = Cell::new(1);
    let _ = pipeline! { |()| { next.get() } };
}
//~     let _ = pipeline! { |()| { next.get() } };
//~                         ^
