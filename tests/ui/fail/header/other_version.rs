// The macros meet a library of another version, as a patched dependency can make them.
mod older {
    pub mod __private_0_0_9 {}
    pub use async_orch::task;
}

use older::task;

#[task(crate = crate::older)]
fn fetch() -> u32 {
    1
}

fn main() {
    let _ = fetch();
}
//~ #[task(crate = crate::older)]
//~ ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
