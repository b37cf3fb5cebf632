//! How large the futures are, how deep they nest, and that they are `Send` wherever it is asked.

use super::{MS, RETRY, WORK, options};
use crate::blocks::backoff::exponential;
use crate::blocks::{catch, circuit, retry, timeout};
use crate::build::builder::Builder;
use crate::build::feed::Ignores;
use crate::build::plan::Plan;
use crate::build::scope::At;
use crate::error::BoxError;
use crate::node::Meta;
use crate::pipeline::Run;
use crate::run::Quiet;
use crate::run::Step;
use crate::testing::{Recorder, at_once, block, inline_async, inline_sync, step};

/// `circuit < retry < timeout < catch < … > > > >` around a step.
macro_rules! nest {
    ($builder:expr, []) => { inline_sync!($builder, &DEEP, |(), ()| ()) };
    ($builder:expr, [circuit $($rest:ident)*]) => {{
        let (inner, feed) = circuit::enter(&$builder, Ignores);
        let body = nest!(inner, [$($rest)*]);
        let options = circuit::Options { error: $builder.error(), values: $builder.once(circuit::Values { fail_max: circuit::default::fail_max(), failure_rate: circuit::default::failure_rate(), window: circuit::default::window(), min_calls: circuit::default::min_calls(), close_after: circuit::default::close_after(), reset_timeout: circuit::default::reset_timeout(), probes: circuit::default::probes(), wait: circuit::default::wait(), breaker: circuit::default::breaker() }, &CIRCUIT), ignore: $builder.predicate(circuit::default::ignore()) };
        circuit::circuit(&$builder, &CIRCUIT, options, feed, body)
    }};
    ($builder:expr, [retry $($rest:ident)*]) => {{
        let (inner, feed) = retry::enter(&$builder, Ignores);
        let body = nest!(inner, [$($rest)*]);
        retry::retry(&$builder, &RETRY, options(3, exponential(MS)), feed, body)
    }};
    ($builder:expr, [timeout $($rest:ident)*]) => {{
        let (inner, feed) = timeout::enter(&$builder, Ignores);
        let body = nest!(inner, [$($rest)*]);
        let options = timeout::Options { error: $builder.error(), values: $builder.once(timeout::Values { duration: timeout::given::duration((MS,)) }, &TIMEOUT) };
        timeout::timeout(&$builder, &TIMEOUT, options, feed, body)
    }};
    ($builder:expr, [catch $($rest:ident)*]) => {{
        let (inner, feed) = catch::enter(&$builder, Ignores);
        let body = nest!(inner, [$($rest)*]);
        catch::catch(&$builder, &CATCH, catch::Options { error: $builder.error() }, feed, body)
    }};
}

static TIMEOUT: Meta = block(2, None, "timeout");
static CATCH: Meta = block(3, None, "catch");
static CIRCUIT: Meta = block(4, None, "circuit");
static DEEP: Meta = step(5, None, "deep");

// Not `async fn`: it asks for `Send` where `P` is any pipeline.
#[allow(clippy::manual_async_fn)]
fn spawns<P: Run<In = ()> + 'static>(pipeline: P) -> impl Future<Output = ()> + Send + 'static {
    async move {
        let _ = pipeline.run(()).await;
    }
}

/// Sixteen blocks, observed, in a generic function that asks for `Send`, without a raised `recursion_limit`.
#[test]
fn blocks_nest_deeply() {
    let builder = Builder::<(), (), BoxError>::new();
    let step = nest!(
        builder,
        [circuit retry timeout catch circuit retry timeout catch circuit retry timeout catch circuit retry timeout catch]
    );
    let pipeline = Plan::of((), builder, step).pipeline();
    at_once(pipeline.run(())).unwrap();
    at_once(spawns(pipeline.with_bus(Recorder::default())));
}

/// Unobserved, on tokio. Attempt and wait share one place; what else a retry keeps is mostly the state of the delays.
#[test]
fn futures_are_small() {
    macro_rules! size {
        ($body:ident, $builder:ident, $make:expr) => {{
            let $builder = Builder::<(), (), BoxError>::new();
            let $body = inline_async!($builder, &WORK, |(), ()| async {
                let held = [1_u64; 8];
                std::future::pending::<()>().await;
                std::hint::black_box(held);
            });
            size_of_val(&Step::<At<(), ()>, BoxError>::enter(&$make, (), (), Quiet))
        }};
    }
    let body = size!(body, builder, body);
    let retry =
        size!(body, builder, retry::retry(&builder, &RETRY, options(3, exponential(MS)), Ignores, body));
    let caught = size!(
        body,
        builder,
        catch::catch(&builder, &CATCH, catch::Options { error: builder.error() }, (), body)
    );
    let timer = size_of::<tokio::time::Sleep>();
    let timed = size!(body, builder, {
        let options = timeout::Options {
            error: builder.error(),
            values: builder.once(timeout::Values { duration: MS }, &TIMEOUT),
        };
        timeout::timeout(&builder, &TIMEOUT, options, (), body)
    });
    let word = size_of::<usize>();
    assert!(retry <= body.max(timer) + 5 * word, "{retry} around {body}, with a timer of {timer}");
    assert!(caught <= body + 2 * word, "{caught} around {body}");
    assert!(timed <= body + timer + 2 * word, "{timed} around {body}, with a timer of {timer}");
}
