// One with a bus.

#![deny(unused_must_use)]

use async_orch::{bus, pipeline, task};

#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

fn main() {
    pipeline! { |_: u32| double }.with_bus(bus::LogBus::new());
}
//~     pipeline! { |_: u32| double }.with_bus(bus::LogBus::new());
//~     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
