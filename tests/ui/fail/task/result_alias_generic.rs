// The same with generics, in a path.
mod outcome {
    pub type Of<T> = Result<T, std::io::Error>;
}

#[async_orch::task]
async fn same<T>(value: T) -> outcome::Of<T> {
    Ok(value)
}

fn main() {
    drop(same(1));
}
//~ async fn same<T>(value: T) -> outcome::Of<T> {
//~                               ^^^^^^^^^^^^^^
