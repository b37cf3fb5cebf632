//! Tasks under other names and in other places.

use async_orch::pipeline;

use crate::now;

mod tasks {
    mod private {
        #[async_orch::task]
        pub fn one() -> u32 {
            1
        }

        #[async_orch::task]
        pub fn two() -> u32 {
            2
        }
    }

    pub use private::one;
    pub use private::two as deux;

    pub mod all {
        pub use super::private::*;
    }
}

use tasks::all::*;
use tasks::deux;

#[test]
fn a_task_is_exported_like_a_function() {
    use tasks::one as un;
    let p = pipeline! { par < tasks::one deux two un one self::tasks::all::two > };
    assert_eq!(now(p.run(())).unwrap(), (1, 2, 2, 1, 1, 2));
    assert_eq!(one() + two() + deux() + un(), 6);
}

#[test]
fn a_task_may_stand_in_a_function() {
    fn build(n: u32) -> impl async_orch::Run<In = (), Out = u32> {
        #[async_orch::task]
        fn one() -> u32 {
            10
        }
        pipeline! { move seq < one |m| { m + n } > }
    }
    assert_eq!(now(build(1).run(())).unwrap(), 11);
    use async_orch::Run;
}
