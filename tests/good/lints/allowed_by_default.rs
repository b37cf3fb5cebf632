//! Lints of the compiler's that are asked for.
#![deny(
    absolute_paths_not_starting_with_crate,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    let_underscore_drop,
    macro_use_extern_crate,
    meta_variable_misuse,
    missing_abi,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    redundant_imports,
    redundant_lifetimes,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unused_extern_crates,
    unused_import_braces,
    unused_lifetimes,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]

use async_orch::{BoxError, Error, Run, pipeline, task};
use std::fmt::Display;
use std::io;

use crate::now;

#[task]
pub(crate) async fn fetch(base: &str, id: u32) -> io::Result<String> {
    Ok(format!("{base}{id}"))
}

#[task(blocking)]
pub(crate) fn describe<T: Display>(value: T) -> Result<usize, std::fmt::Error> {
    Ok(value.to_string().len())
}

#[task]
pub(crate) fn sized<const N: usize>(_: [u8; N], _: impl Display) -> usize {
    N
}

#[task]
pub(crate) fn nothing() {}

pub(crate) fn build(base: &str) -> impl Run<In = u32, Out = usize, Error = BoxError> + '_ {
    pipeline! {
        let by = 2;
        move |id: u32|
        seq <
            par(limit = 2) < fetch(base, *id) fetch(base, 2) >
            |(a, b)| { a + &b }
            let length = describe
            nothing
            |()| { *length }
            async |n| { n + *by }
            sized([1, 2], 'x')
        >
    }
}

#[test]
fn nothing_is_reported() -> Result<(), Error> {
    assert_eq!(now(build("base").run(1))?, 2);
    Ok(())
}
