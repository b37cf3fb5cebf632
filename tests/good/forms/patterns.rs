//! Patterns of names and inputs, shadowing, `collect`.

#![deny(warnings)]

use async_orch::{pipeline, task};

struct User {
    id: u32,
    name: String,
}

#[task]
fn user(id: u32) -> User {
    User { id, name: format!("u{id}") }
}

#[task]
fn pair(a: u32, b: u32) -> (u32, u32) {
    (a, b)
}

#[tokio::test]
async fn runs() {
    let p = pipeline! {
        |(a, [b, ..]): (u32, [u32; 3])|
        seq <
            let User { id, name } = user(*a)
            let (id, second @ _) = pair(*id, *b)
            let id = |()| { id + 1 }
            let ((x, _), y): ((u32, u32), u32) = par < pair(*id, *second) |()| { 7 } >
            let _ = pair(1, 2)
            |()| { format!("{id} {name} {second} {x} {y}") }
        >
    };
    assert_eq!(p.run((1, [2, 3, 4])).await.unwrap(), "2 u1 2 2 7");

    let id = 5;
    let p = pipeline! { seq < user(id) let id = |User { id, .. }| { id * 2 } user(*id) |user| { user.id } > };
    assert_eq!(p.run(()).await.unwrap(), 10);

    let p = pipeline! {
        |_: u32| seq(collect) < |n| { n + 1 } let kept = |n| { n * 2 } pair(*kept, *kept) |(a, _)| { a } >
    };
    assert_eq!(p.run(1).await.unwrap(), (2, (4, 4), 4));

    // A name that is not used is no more than that.
    let p = pipeline! { |_unused: u32| seq < let _n = |()| { 1 } |()| { 2 } > };
    assert_eq!(p.run(1).await.unwrap(), 2);
}
