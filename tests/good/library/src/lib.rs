//! A library that exports tasks and pipelines, with all that such a crate denies.
#![deny(
    warnings,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    private_bounds,
    private_interfaces,
    unnameable_types,
    unreachable_pub
)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery)]
#![allow(clippy::missing_const_for_fn, clippy::missing_errors_doc, clippy::must_use_candidate)]
#![allow(clippy::redundant_pub_crate, clippy::unnecessary_wraps, clippy::unused_async)]
#![forbid(unsafe_code)]

use async_orch::{BoxError, Run, pipeline, task};

pub mod foreign;

mod private {
    use async_orch::task;

    /// Seen by its other name.
    #[task]
    pub fn hidden(n: u32) -> u32 {
        n + 1
    }

    /// For this crate alone.
    #[task]
    pub(crate) async fn internal<T: Clone>(value: T) -> Result<(T, Secret), Denied> {
        Ok((value, Secret(1)))
    }

    pub(crate) struct Secret(pub(crate) u32);

    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Denied;

    impl std::fmt::Display for Denied {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("denied")
        }
    }

    impl std::error::Error for Denied {}
}

pub use private::hidden as shown;

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing;

impl std::fmt::Display for Missing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("missing")
    }
}

impl std::error::Error for Missing {}

/// Looks something up.
#[task]
pub async fn fetch(base: &str, id: u32) -> Result<String, Missing> {
    if id == 0 { Err(Missing) } else { Ok(format!("{base}{id}")) }
}

/// Generic.
#[task(name = "size of")]
pub fn size<T: AsRef<[u8]>, const MORE: usize>(value: T) -> Option<usize> {
    value.as_ref().len().checked_add(MORE)
}

/// Takes anything.
#[task(blocking)]
pub fn show(value: impl std::fmt::Display) -> String {
    value.to_string()
}

/// Of the past.
#[task]
#[deprecated(note = "use `fetch`")]
pub fn old() -> u32 {
    0
}

/// A pipeline of this crate's own tasks.
pub fn lookup(base: &str) -> impl Run<In = u32, Out = u32, Error = BoxError> {
    let base = base.to_owned();
    pipeline! {
        let base = base;
        move |id: u32|
        seq <
            |_| { base.len() }
            private::internal
            |(length, secret)| { u32::try_from(length).map(|length| length + secret.0 + *id) }
        >
    }
}
