//! An error that is private further out than the task.

use async_orch::{ErrorKind, pipeline};

use crate::now;

#[derive(Debug)]
struct Oops;

impl std::fmt::Display for Oops {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("oops")
    }
}

impl std::error::Error for Oops {}

type Outcome<T> = Result<T, Oops>;

mod inner {
    #[async_orch::task]
    pub async fn deep(n: u64) -> Result<u64, super::Oops> {
        if n > 0 { Ok(n) } else { Err(super::Oops) }
    }

    #[async_orch::task]
    pub(in crate::visibility) fn restricted<T: Clone>(n: T) -> Result<Vec<T>, super::Oops> {
        Ok(vec![n])
    }

    #[async_orch::task(fallible)]
    pub fn aliased<const N: usize>(n: Vec<u64>) -> super::Outcome<[u64; N]> {
        std::convert::TryInto::try_into(n).map_err(|_| super::Oops)
    }

    pub mod deeper {
        use super::super::*;

        #[async_orch::task(spawn)]
        pub async fn spawned(n: [u64; 1]) -> Result<u64, Oops> {
            Ok(n[0])
        }
    }
}

#[test]
fn the_error_stays_private() {
    let p = pipeline! {
        error = Oops;
        |_: u64|
        seq < inner::deep inner::restricted inner::aliased::<1> inner::deeper::spawned >
    };
    assert_eq!(now(p.run(1)).unwrap(), 1);
    assert!(matches!(now(p.run(0)).unwrap_err().kind(), ErrorKind::Task(Oops)));
}
