//! Every visibility.

use async_orch::pipeline;

use crate::now;

mod inner {
    #[async_orch::task]
    pub(crate) fn in_crate(n: u32) -> Result<u32, std::fmt::Error> {
        Ok(n + 1)
    }

    #[async_orch::task]
    pub(super) fn in_super(n: u32) -> u32 {
        n + 10
    }

    #[async_orch::task]
    pub(in crate::visibility) fn in_visibility(n: u32) -> u32 {
        n + 100
    }

    #[async_orch::task]
    pub(self) fn in_self(n: u32) -> u32 {
        n + 1000
    }

    pub(super) fn build() -> impl async_orch::Run<In = u32, Out = u32, Error = async_orch::BoxError> {
        async_orch::pipeline! { |_: u32| in_self }
    }
}

#[test]
fn a_visibility_is_kept() {
    let p = pipeline! {
        |_: u32| seq < inner::in_crate inner::in_super inner::in_visibility { inner::build() } >
    };
    assert_eq!(now(p.run(0)).unwrap(), 1111);
}
