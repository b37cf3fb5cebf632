//! `$v:vis`: nothing, `pub`, `pub(crate)` and the like.

#![allow(unreachable_pub)]

use async_orch::pipeline;

use crate::now;

mod inner {
    macro_rules! visible {
        ($($v:vis fn $name:ident;)*) => {$(
            #[async_orch::task]
            $v fn $name(n: u32) -> Result<u32, std::fmt::Error> {
                Ok(n + 1)
            }
        )*};
    }

    visible! {
        fn private;
        pub fn everywhere;
        pub(crate) fn in_crate;
        pub(super) fn in_super;
        pub(in crate::fragments) fn in_fragments;
    }

    pub(super) fn of_private() -> impl async_orch::Run<In = u32, Out = u32> {
        async_orch::pipeline! { |_: u32| private }
    }
}

#[test]
fn a_visibility_may_be_a_fragment() {
    let p = pipeline! {
        |_: u32|
        seq < inner::everywhere inner::in_crate inner::in_super inner::in_fragments >
    };
    assert_eq!(now(p.run(0)).unwrap(), 4);
    assert_eq!(now(async_orch::Run::run(&inner::of_private(), 0)).unwrap(), 1);
}
