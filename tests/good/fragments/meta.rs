//! `#[$meta]` on a task: what is compiled out is, and what is allowed stays so.

use async_orch::{pipeline, task};

use crate::now;

macro_rules! task {
    ($(#[$meta:meta])* $name:ident = $value:expr) => {
        #[task]
        $(#[$meta])*
        fn $name(#[allow(unused)] n: u32) -> u32 {
            $value
        }
    };
    (after $meta:meta, $name:ident = $value:expr) => {
        #[$meta]
        #[task]
        fn $name() -> u32 {
            $value
        }
    };
}

task!(
    #[inline]
    #[must_use]
    one = 1
);
task!(
    #[cfg(any())]
    two = missing()
);
task!(
    #[cfg(not(any()))]
    two = 2
);
task!(
    #[cfg_attr(all(), cfg(any()))]
    three = missing()
);
task!(
    #[cfg_attr(any(), cfg(any()))]
    #[doc = "Documented."]
    three = 3
);
task!(
    #[allow(non_snake_case)]
    Four = 4
);
task!(after cfg(any()), five = missing());
task!(after cfg(all()), five = 5);

#[test]
fn a_meta_is_an_attribute() {
    assert_eq!(now(pipeline! { |_: u32| par < one two three Four five > }.run(0)).unwrap(), (1, 2, 3, 4, 5));
}
