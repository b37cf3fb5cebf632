// The same for a step whose output cannot be sent between threads.
use std::rc::Rc;

use async_orch::pipeline;

#[tokio::main]
async fn main() -> Result<(), async_orch::Error> {
    let pipeline = pipeline! { |_: u32| seq < |id| { Rc::new(id) } |id| { *id + 1 } > };
    let seen: u32 = pipeline.run(1).await?;
    println!("{seen}");
    tokio::spawn(async move { pipeline.run(1).await });
    Ok(())
}
//~     let pipeline = pipeline! { |_: u32| seq < |id| { Rc::new(id) } |id| { *id + 1 } > };
//~                                               ^
