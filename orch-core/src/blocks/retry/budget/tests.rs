//! The bucket against a number that is counted by hand, and its limits.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::RetryBudget;
use super::bucket::{Bucket, Rates, TOKEN};

#[derive(Clone, Copy, Debug)]
enum Call {
    Deposit,
    GiveBack,
    /// After so many nanoseconds.
    Take(u64),
}

fn any_call() -> impl Strategy<Value = Call> {
    prop_oneof![
        4 => Just(Call::Deposit),
        1 => Just(Call::GiveBack),
        6 => prop_oneof![Just(0), 0..2_000_000_000_u64, Just(u64::MAX / 4)].prop_map(Call::Take),
    ]
}

proptest! {
    #[test]
    fn retry_8_a_bucket_counts_as_one_would_by_hand(
        ratio in 0..3 * TOKEN,
        min_per_second in prop_oneof![Just(0), 0..20_u32, Just(u32::MAX)],
        capacity in prop_oneof![1..5_u32, Just(u32::MAX)],
        calls in proptest::collection::vec(any_call(), 0..40),
    ) {
        let bucket = Bucket::new(Rates { ratio, min_per_second, capacity });
        let most = u128::from(capacity) * u128::from(TOKEN);
        let (mut parts, mut now) = (most, Instant::now());
        bucket.tokens(now);
        for call in calls {
            match call {
                Call::Deposit => {
                    bucket.deposit();
                    parts = most.min(parts + u128::from(ratio));
                }
                Call::GiveBack => {
                    bucket.give_back();
                    parts = most.min(parts + u128::from(TOKEN));
                }
                Call::Take(nanos) => {
                    let later = now.checked_add(Duration::from_nanos(nanos)).unwrap_or(now);
                    parts = most.min(parts + (later - now).as_nanos() * u128::from(min_per_second));
                    now = later;
                    let there_is = parts >= u128::from(TOKEN);
                    prop_assert_eq!(bucket.take(now), there_is);
                    parts -= if there_is { u128::from(TOKEN) } else { 0 };
                }
            }
            prop_assert_eq!(u128::from(bucket.tokens(now)), parts / u128::from(TOKEN));
        }
    }
}

#[test]
fn retry_10_clocks_that_differ_add_nothing_twice_and_do_not_panic() {
    let bucket = Bucket::new(Rates { ratio: 0, min_per_second: 1, capacity: 2 });
    let (behind, ahead) = (Instant::now(), Instant::now() + Duration::from_secs(1_000_000));
    assert!(bucket.take(ahead) && bucket.take(behind));
    assert!(!bucket.take(behind) && !bucket.take(ahead));
    assert!(!bucket.take(behind + Duration::from_secs(999)), "it is behind");
    assert!(bucket.take(ahead + Duration::from_secs(1)));
    assert!(!bucket.take(behind) && !bucket.take(ahead + Duration::from_millis(1999)));
    assert!(bucket.take(ahead + Duration::from_secs(2)));
}

#[test]
fn impossible_options_panic() {
    for ratio in [-0.1, 1000.1, f64::INFINITY, f64::NAN] {
        assert!(std::panic::catch_unwind(|| RetryBudget::builder().ratio(ratio)).is_err(), "{ratio}");
    }
    assert!(std::panic::catch_unwind(|| RetryBudget::builder().capacity(0)).is_err());
    let budget = RetryBudget::builder().ratio(1000.0).min_per_second(u32::MAX).capacity(u32::MAX).build();
    assert_eq!(budget.available(), u32::MAX);
    budget.deposit();
    assert_eq!(budget.available(), u32::MAX);
}

#[test]
fn it_shows_what_it_is() {
    assert_eq!(
        format!("{:?}", RetryBudget::builder().ratio(0.25).build()),
        "RetryBudget { available: 100, ratio: 0.25, min_per_second: 10, capacity: 100 }"
    );
}
