//! Constants of every type.

use async_orch::{pipeline, task};

use crate::now;

#[task]
fn flag<const B: bool>(n: usize) -> usize {
    if B { n } else { 0 }
}

#[task]
fn letter<const C: char>() -> char {
    C
}

macro_rules! integers {
    ($($name:ident: $ty:ty;)*) => {$(
        #[task]
        fn $name<const N: $ty>(n: $ty) -> $ty {
            n + N
        }
    )*};
}

integers! {
    int8: i8;
    int16: i16;
    int32: i32;
    int64: i64;
    int128: i128;
    int: isize;
    nat8: u8;
    nat16: u16;
    nat32: u32;
    nat64: u64;
    nat128: u128;
    nat: usize;
}

#[task]
async fn in_the_type<const N: usize, const M: usize>(all: [u8; N]) -> [u8; M] {
    let mut some = [0; M];
    some[0] = all[N - 1];
    some
}

#[test]
fn every_type_of_constant() {
    assert_eq!(now(pipeline! { |_: usize| par < flag::<true> flag::<false> > }.run(3)).unwrap(), (3, 0));
    assert_eq!(now(pipeline! { letter::<'x'> }.run(())).unwrap(), 'x');
    assert_eq!(now(pipeline! { |_: i8| int8::<-1> }.run(3)).unwrap(), 2);
    assert_eq!(now(pipeline! { |_: i16| int16::<1> }.run(3)).unwrap(), 4);
    assert_eq!(now(pipeline! { |_: i32| int32::<1> }.run(3)).unwrap(), 4);
    assert_eq!(now(pipeline! { |_: i64| int64::<1> }.run(3)).unwrap(), 4);
    assert_eq!(now(pipeline! { |_: i128| int128::<1> }.run(3)).unwrap(), 4);
    assert_eq!(now(pipeline! { |_: isize| int::<-3> }.run(3)).unwrap(), 0);
    assert_eq!(now(pipeline! { |_: u8| nat8::<1> }.run(3)).unwrap(), 4);
    assert_eq!(now(pipeline! { |_: u16| nat16::<1> }.run(3)).unwrap(), 4);
    assert_eq!(now(pipeline! { |_: u32| nat32::<1> }.run(3)).unwrap(), 4);
    assert_eq!(now(pipeline! { |_: u64| nat64::<1> }.run(3)).unwrap(), 4);
    assert_eq!(now(pipeline! { |_: u128| nat128::<1> }.run(3)).unwrap(), 4);
    assert_eq!(now(pipeline! { |_: usize| nat::<{ 1 + 1 }> }.run(3)).unwrap(), 5);
    assert_eq!(now(pipeline! { |_: [u8; 2]| in_the_type::<_, 3> }.run([1, 2])).unwrap(), [2, 0, 0]);
}
