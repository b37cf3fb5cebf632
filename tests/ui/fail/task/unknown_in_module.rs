// A module has no such task.
mod tasks {
    use async_orch::task;

    #[task]
    pub async fn fetch(id: u32) -> String {
        id.to_string()
    }
}

fn main() {
    let _ = tasks::fetch;
    let _ = async_orch::pipeline! { tasks::fetsh(1) };
}
//~     let _ = async_orch::pipeline! { tasks::fetsh(1) };
//~                                            ^^^^^
