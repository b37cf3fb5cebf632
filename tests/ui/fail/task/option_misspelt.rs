// The new option has a near name too.
use async_orch::task;

#[task(falible)]
fn save() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(save());
}
//~ #[task(falible)]
//~        ^^^^^^^
