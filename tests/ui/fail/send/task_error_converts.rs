use std::rc::Rc;

use async_orch::{pipeline, task};

struct Unpaid(Rc<str>);

#[derive(Debug)]
enum OrderError {
    Unpaid(String),
}

impl std::fmt::Display for OrderError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let OrderError::Unpaid(why) = self;
        f.write_str(why)
    }
}

impl std::error::Error for OrderError {}

impl From<Unpaid> for OrderError {
    fn from(Unpaid(why): Unpaid) -> Self {
        OrderError::Unpaid(why.to_string())
    }
}

#[task]
fn charge(cents: u32) -> Result<u32, Unpaid> {
    if cents > 0 { Ok(cents) } else { Err(Unpaid("nothing to pay".into())) }
}

fn main() {
    let order = pipeline! { error = OrderError; |cents: u32| retry < charge(*cents) > };
    let _ = order.run(3);
}
//~     let order = pipeline! { error = OrderError; |cents: u32| retry < charge(*cents) > };
//~                                                                      ^^^^^^
