//! On the one step that a pipeline is, and in a macro's text.

use async_orch::{Run, pipeline, task};

use crate::now;

#[task]
fn one() -> u32 {
    1
}

fn built() -> impl Run<In = (), Out = u32> {
    pipeline! {
        #[cfg(any())]
        seq < missing >
        #[cfg(not(any()))]
        seq < one >
    }
}

macro_rules! conditional {
    ($predicate:meta, $step:ident) => {
        pipeline! { seq < one #[cfg($predicate)] $step > }
    };
}

#[test]
fn the_whole_is_one_or_the_other() {
    assert_eq!(now(built().run(())).unwrap(), 1);
    assert_eq!(now(conditional!(any(), missing).run(())).unwrap(), 1);
    assert_eq!(now(conditional!(all(), one).run(())).unwrap(), 1);
}
