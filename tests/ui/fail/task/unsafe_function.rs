// A task is called by the library.
use async_orch::task;

#[task]
async unsafe fn peek(address: usize) -> usize {
    address
}

fn main() {
    drop(unsafe { peek(0) });
}
//~ async unsafe fn peek(address: usize) -> usize {
//~       ^^^^^^
