//! Types that are called as those of the language.

use async_orch::{pipeline, task};

use crate::now;

struct str;
struct bool;
struct usize;
struct u64;
struct char(::core::primitive::char);
#[derive(Clone)]
struct u32(::core::primitive::u32);

#[task]
fn wrap(n: ::core::primitive::u32) -> u32 {
    u32(n)
}

#[task(name = "named")]
async fn unwrap(n: u32, _: str) -> Result<::core::primitive::u32, ::std::fmt::Error> {
    Ok(n.0)
}

#[task]
fn letter<const N: ::core::primitive::u8>(c: char) -> ::core::primitive::char {
    c.0
}

#[test]
fn a_name_of_the_language_is_free() {
    let p = pipeline! {
        |_: ::core::primitive::u32|
        seq <
            wrap
            retry(max_attempts = 2, backoff = constant(1ms)) < timeout(10s) < unwrap(_, str) as "step" > >
        >
    };
    assert_eq!(now(p.run(3)).unwrap(), 3);
    assert_eq!(now(pipeline! { |_: char| letter::<1> }.run(char('x'))).unwrap(), 'x');
}
