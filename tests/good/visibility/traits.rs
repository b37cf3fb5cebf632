//! A private type that is given through a type parameter or a trait object.

use async_orch::pipeline;

use crate::now;

trait Shape: Send + Sync {
    fn area(&self) -> u32;
}

struct Square(u32);

impl Shape for Square {
    fn area(&self) -> u32 {
        self.0 * self.0
    }
}

mod inner {
    use super::{Shape, Square};
    use std::sync::Arc;

    #[async_orch::task]
    pub fn shape(n: u32) -> Box<dyn Shape> {
        Box::new(Square(n))
    }

    #[async_orch::task]
    pub async fn shared<T>(value: T, _: Arc<dyn Shape>) -> Result<(T, Arc<dyn Shape>), std::fmt::Error> {
        Ok((value, Arc::new(Square(1))))
    }
}

#[test]
fn the_trait_stays_private() {
    let p = pipeline! {
        |_: u32|
        seq <
            inner::shape
            |shape| { shape.area() }
            inner::shared(_, std::sync::Arc::new(Square(2)))
            |(n, s)| { n + s.area() }
        >
    };
    assert_eq!(now(p.run(3)).unwrap(), 10);
}
