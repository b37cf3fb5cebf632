//! Values whose own methods are called as the helpers of an expansion.

use async_orch::{pipeline, task};

use crate::now;

#[derive(Clone, Debug, PartialEq)]
struct Mine(u32);

impl Mine {
    fn known(self) -> u8 {
        0
    }
    fn settled(&self) -> u8 {
        0
    }
    fn how(&self) {}
    fn pass(self, _: ()) {}
    fn printed(&self) {}
    fn into_result(self) {}
    fn given(self) {}
    fn flow(self) {}
    fn step(self) {}
    fn run(&self) {}
    fn probe(&self) {}
    fn take(self) {}
}

#[task]
fn make() -> Mine {
    Mine(1)
}

#[task]
async fn pass_on(mine: Mine) -> Result<Mine, std::fmt::Error> {
    Ok(mine)
}

#[test]
fn a_value_keeps_its_methods() {
    let header = Mine(5);
    let p = pipeline! {
        let header = header;
        |_: Mine|
        seq <
            pass_on
            |mine| { mine }
            par < pass_on make pass_on(header.clone()) |mine| { mine } >
            |(a, b, c, d)| { [a.0, b.0, c.0, d.0] }
        >
    };
    assert_eq!(now(p.run(Mine(7))).unwrap(), [7, 1, 5, 7]);
}
