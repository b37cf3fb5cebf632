//! On blocks, and on steps inside of those.

use async_orch::{pipeline, task};

use crate::now;

#[task]
fn inc(n: u32) -> u32 {
    n + 1
}

#[test]
fn a_block_is_there_or_not() {
    let p = pipeline! {
        |_: u32|
        seq <
            #[cfg(any())]
            retry(max_attempts = missing()) < missing #[cfg(all())] inc >
            #[cfg(all())]
            circuit <
                #[cfg(all())]
                inc
                #[cfg(any())]
                timeout(missing) < missing >
                seq < inc #[cfg(any())] missing >
            >
        >
    };
    assert_eq!(now(p.run(0)).unwrap(), 2);
    assert_eq!(p.graph().to_string(), "seq\n└─ circuit\n   ├─ inc\n   └─ seq\n      └─ inc");
}
