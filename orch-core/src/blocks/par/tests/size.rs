//! How the types of a pipeline grow: what a user's crate has to bear under the compiler's default limits.

use super::scripted::{CHILD, PAR, pipeline, tree};
use crate::BoxError;
use crate::blocks::circuit::{self, circuit};
use crate::blocks::par::{Options, Values, child, default, given, par};
use crate::blocks::peers::FailFast;
use crate::blocks::seq::{self, Pipe, seq};
use crate::build::builder::Builder;
use crate::build::feed::{Ignores, Uses};
use crate::node::Meta;
use crate::testing::{at_once, block, inline_sync, step};

static CIRCUIT: Meta = block(0, None, "circuit");
static SEQ: Meta = block(1, Some(&CIRCUIT), "seq");

/// `circuit < seq < par < … |n| { n } |n| { n } > |n| { n } > >` around a step.
macro_rules! nest {
    ($builder:expr;) => { inline_sync!($builder, &CHILD, |(), n: u64| n + 1) };
    ($builder:expr; $level:tt $($levels:tt)*) => {{
        let builder = $builder;
        let (inside, feed) = circuit::enter(&builder, Uses);
        let (first, feeds) = inside.clones();
        let inner = nest!(first; $($levels)*);
        let (last, fed) = inside.takes();
        let peer = inline_sync!(last, &CHILD, |(), n: u64| n * 0);
        let (none, unfed) = inside.ignores();
        let third = inline_sync!(none, &CHILD, |(), ()| 0);
        let options = Options { error: builder.error(), values: builder.once(Values { limit: given::limit((2,)), settle: default::settle() }, &PAR) };
        let children = tree!(child(feeds, inner), child(unfed, third), child(fed, peer));
        let peers = par(&inside, &PAR, options, children, |((a, b), c): ((u64, u64), u64)| a + b + c);
        let after = inside.after(&peers);
        let same = inline_sync!(after, &CHILD, |(), n: u64| n);
        let body = seq(&SEQ, seq::Options { collect: seq::default::collect() }, (Pipe(peers), Pipe(same)));
        let options = circuit::Options { error: builder.error(), values: builder.once(circuit::Values { fail_max: circuit::default::fail_max(), failure_rate: circuit::default::failure_rate(), window: circuit::default::window(), min_calls: circuit::default::min_calls(), close_after: circuit::default::close_after(), reset_timeout: circuit::default::reset_timeout(), probes: circuit::default::probes(), wait: circuit::default::wait(), breaker: circuit::default::breaker() }, &CIRCUIT), ignore: builder.predicate(circuit::default::ignore()) };
        circuit(&builder, &CIRCUIT, options, feed, body)
    }};
}

#[tokio::test]
async fn twenty_four_nested_blocks_compile_and_can_be_spawned() {
    let nested = pipeline(nest!(Builder::<(), u64, BoxError>::new(); a b c d e f g h));
    assert_eq!(at_once(nested.run(1)).unwrap(), 2);
    let observed = nested.with_bus(crate::bus::from_fn(|_: &crate::event::Event<'_>| ()));
    assert_eq!(tokio::spawn(async move { observed.run(1).await }).await.unwrap().unwrap(), 2);
}

#[test]
fn forty_children_compile_and_can_be_spawned() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    macro_rules! forty {
        ($($index:literal)*) => {{
            let builder = Builder::<(), u64, BoxError>::new();
            let options = Options { error: builder.error(), values: builder.once(Values { limit: default::limit(), settle: FailFast }, &PAR) };
            let children = tree!($({
                let (inside, feed) = builder.clones();
                child(feed, inline_sync!(inside, &CHILD, |(), n: u64| n as usize + $index))
            }),*);
            par(&builder, &PAR, options, children, super::scripted::listed::<usize, _>)
        }};
    }
    let all = pipeline(forty!(
        0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39
    ));
    assert_eq!(at_once(assert_send(all.run(5))).unwrap(), (5..45).collect::<Vec<_>>());
}

#[test]
fn an_unobserved_par_is_little_more_than_its_children() {
    let builder = Builder::<(), (), BoxError>::new();
    let options = Options {
        error: builder.error(),
        values: builder.once(Values { limit: Some(2), settle: FailFast }, &PAR),
    };
    static ONE: Meta = step(1, Some(&PAR), "one");
    let one = || child(Ignores, inline_sync!(builder.ignores().0, &ONE, |(), ()| 1_u64));
    let four = par(&builder, &PAR, options, tree!(one(), one(), one(), one()), |pairs| pairs);
    let four = pipeline(four);
    let size = size_of_val(&four.run(()));
    assert!(size <= 4 * 40 + 64, "{size}");
}
