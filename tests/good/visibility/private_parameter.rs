//! Parameters and bounds that are private further out than the task.

use async_orch::pipeline;

use crate::now;

struct Secret(u32);

trait Hidden {
    fn value(&self) -> u32;
}

impl Hidden for Secret {
    fn value(&self) -> u32 {
        self.0
    }
}

mod inner {
    use super::{Hidden, Secret};

    #[async_orch::task]
    pub fn open(secret: Secret, _: &Secret) -> u32 {
        secret.0
    }

    #[async_orch::task]
    #[allow(private_bounds)]
    pub fn value<T: Hidden>(secret: T) -> u32 {
        secret.value()
    }
}

#[test]
fn the_parameter_stays_private() {
    let other = Secret(5);
    assert_eq!(now(pipeline! { |_: Secret| inner::open(_, &other) }.run(Secret(3))).unwrap(), 3);
    assert_eq!(now(pipeline! { |_: Secret| inner::value }.run(Secret(3))).unwrap(), 3);
}
