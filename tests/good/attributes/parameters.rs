//! Attributes on parameters and generics.

use async_orch::{pipeline, task};

use crate::now;

#[task]
fn attributed<#[allow(unused)] T>(
    #[allow(unused)] a: u32,
    #[expect(unused_variables)] b: T,
    #[warn(unused)] c: u32,
) -> u32 {
    c
}

#[test]
fn an_attribute_of_a_parameter_is_kept() {
    assert_eq!(now(pipeline! { |_: u32| attributed(1, 'x', _) }.run(3)).unwrap(), 3);
}
