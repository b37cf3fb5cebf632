// Nor is a trait's function a task.
trait Source {
    #[async_orch::task]
    fn fetch(id: u32) -> String;
}

fn main() {
    fn _source<T: Source>() -> String {
        T::fetch(1)
    }
}
//~     fn fetch(id: u32) -> String;
//~        ^^^^^
