// A task that is private to its module.
mod tasks {
    use async_orch::task;

    #[task]
    async fn fetch(id: u32) -> String {
        id.to_string()
    }
}

fn main() {
    let _ = async_orch::pipeline! { tasks::fetch(1) };
}
//~     let _ = async_orch::pipeline! { tasks::fetch(1) };
//~                                            ^^^^^
