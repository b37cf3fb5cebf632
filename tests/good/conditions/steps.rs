//! On steps, names and children.

use async_orch::{pipeline, task};

use crate::now;

#[task]
fn inc(n: u32) -> u32 {
    n + 1
}

#[test]
fn a_step_is_there_or_not() {
    let inner = pipeline! { |_: u32| inc };
    let p = pipeline! {
        |_: u32|
        seq <
            #[cfg(any())]
            missing
            #[cfg(all())]
            inc
            inc(_) as "named"
            #[cfg(any())]
            missing(1, _) as "missing"
            #[cfg(not(any()))]
            { &inner }
            #[cfg(any())]
            |n| { missing(n) }
            #[cfg(all())] #[cfg(not(any()))]
            async |n| { n * 2 }
            #[cfg_attr(all(), cfg(any()))]
            missing
        >
    };
    assert_eq!(now(p.run(0)).unwrap(), 6);
    assert_eq!(p.graph().find("seq/named").map(|node| node.name().to_owned()), Some("named".to_owned()));
    assert!(!p.graph().to_string().contains("missing"));
}

#[test]
fn a_name_is_there_or_not() {
    let p = pipeline! {
        |n: u32|
        seq <
            #[cfg(any())]
            let m = missing
            #[cfg(all())]
            let m: u32 = inc(*n)
            |_| { *m }
        >
    };
    assert_eq!(now(p.run(1)).unwrap(), 2);
}

#[test]
fn a_child_is_there_or_not() {
    let p = pipeline! {
        |_: u32|
        par <
            inc,
            #[cfg(any())]
            missing,
            #[cfg(all())]
            |n| { n },
        >
    };
    assert_eq!(now(p.run(1)).unwrap(), (2, 1));
}
