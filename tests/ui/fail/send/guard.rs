use async_orch::pipeline;

fn main() {
    let m = std::sync::Mutex::new(1u32);
    let _ = pipeline! { |_: u32| retry < async |n| { let g = m.lock().unwrap(); tokio::task::yield_now().await; *g + n } > };
}
//~     let _ = pipeline! { |_: u32| retry < async |n| { let g = m.lock().unwrap(); tokio::task::yield_now().await; *g + n } > };
//~                                          ^^^^^
