// Where ends differ, what a body gives is known; where they do not say, it is the pipeline's, and `?` converts.
use async_orch::pipeline;

struct Oops;

fn get(n: u32) -> Result<u32, Oops> {
    if n > 0 { Ok(n) } else { Err(Oops) }
}

fn main() {
    let p = pipeline! { |_: u32| |n| { match n { 0 => Ok(0), n => Ok(get(n)?) } } };
    drop(p.run(1));
}
//~     let p = pipeline! { |_: u32| |n| { match n { 0 => Ok(0), n => Ok(get(n)?) } } };
//~                                                                            ^
