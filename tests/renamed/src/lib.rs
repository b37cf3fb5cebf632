//! Pipelines in a crate that knows async-orch by another name, and depends on nothing else.

/// The library where another library exports it.
pub mod reexport {
    pub use flow as inner;
}

use flow::{BoxError, Run, pipeline, task};

/// Twice as much.
#[task(crate = flow)]
pub async fn double(n: u64) -> u64 {
    n * 2
}

/// A number from its digits.
#[task(crate = ::flow, name = "digits")]
pub fn parse(text: String) -> Result<u64, std::num::ParseIntError> {
    text.parse()
}

/// A path through another module, and generics.
#[task(crate = reexport::inner)]
pub fn show<T: std::fmt::Display>(value: T) -> String {
    value.to_string()
}

/// Every block that there is.
pub fn all_blocks() -> impl Run<In = String, Out = Vec<String>, Error = BoxError> + 'static {
    pipeline! {
        crate = flow;
        let one = 1_u64;
        move |_: String|
        seq(name = "main") <
            let n = circuit(fail_max = 2, reset_timeout = 10s) <
                retry(
                    max_attempts = 2,
                    backoff = constant(0s),
                    jitter = none,
                    when = |e| e.task().is_none()
                ) < parse >
            >
            par(limit = 2) < double(*n) |_| { n + one } catch < timeout(1s) < double(*one) > > >
            |(a, b, c)| { [a, b, c] }
            each(limit = 2) < show async |text| { format!("{text};{n}") } >
        >
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn at_once<T>(fut: impl Future<Output = T>) -> T {
        match std::pin::pin!(fut).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("it waits"),
        }
    }

    #[test]
    fn every_block_works_under_another_name() {
        let p = all_blocks();
        assert_eq!(at_once(p.run("5".to_owned())).unwrap(), ["10;5", "6;5", "2;5"]);
        assert_eq!(at_once(p.run("x".to_owned())).unwrap_err().path(), "main/circuit/retry/digits");
    }

    #[test]
    fn a_typed_error_works_under_another_name() {
        #[derive(Debug, PartialEq)]
        struct Own;
        impl std::fmt::Display for Own {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("own")
            }
        }
        impl std::error::Error for Own {}
        impl From<std::num::ParseIntError> for Own {
            fn from(_: std::num::ParseIntError) -> Own {
                Own
            }
        }
        let p = pipeline! { crate = reexport::inner; error = Own; |_: String| seq < parse double > };
        assert_eq!(at_once(p.run("4".to_owned())).unwrap(), 8);
        assert_eq!(at_once(p.run("-".to_owned())).unwrap_err().task(), Some(&Own));
    }

    #[test]
    fn an_observed_pipeline_works_under_another_name() {
        let events = std::sync::atomic::AtomicU64::new(0);
        let p = all_blocks().with_bus(flow::bus::from_fn(|_| {
            events.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }));
        at_once(p.run("5".to_owned())).unwrap();
        assert!(events.into_inner() > 20);
    }
}
