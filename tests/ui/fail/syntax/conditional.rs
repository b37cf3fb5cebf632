// In the case that holds, a mistake is where it is; in the other there is none.
use async_orch::{pipeline, task};

#[task]
fn one(n: u32) -> u32 {
    n
}

fn main() {
    let _ = pipeline! {
        |_: u32|
        seq <
            #[cfg(any())]
            if nothing { is } else { read }
            #[cfg(all())]
            one(_, 2)
        >
    };
}
//~             one(_, 2)
//~             ^^^
