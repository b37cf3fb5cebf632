//! `$body:block` as the body of a task, of inline steps, and as an embedded pipeline.

use std::convert::TryFrom;

use async_orch::{pipeline, task};

use crate::now;

mod made {
    use super::task;

    macro_rules! task {
        ($name:ident $body:block) => {
            #[task]
            pub(super) async fn $name() -> u32 $body
        };
    }
    task!(three { 1 + 2 });
}

macro_rules! sync {
    ($body:block) => {
        pipeline! { |_: u32| seq < |_| $body |_: u32| $body as "named" > }
    };
    ($name:ident $body:block) => {
        pipeline! { |_: u32| |$name| $body }
    };
}

macro_rules! awaits {
    ($name:ident $body:block) => {
        pipeline! { |_: u32| seq < async |$name| $body > }
    };
}

macro_rules! embeds {
    ($inner:block) => {
        pipeline! { |_: u32| seq < $inner $inner > }
    };
}

#[test]
fn a_block_is_a_body() {
    assert_eq!(now(pipeline! { made::three }.run(())).unwrap(), 3);
    assert_eq!(now(sync!({ 7 }).run(1)).unwrap(), 7);
    assert_eq!(now(sync!(x { x + 1 }).run(1)).unwrap(), 2);
    assert_eq!(now(sync!(x { Ok(u8::try_from(x)?) }).run(1)).unwrap(), 1);
    assert_eq!(now(awaits!(x { tokio::task::yield_now().await; x * 2 }).run(4)).unwrap(), 8);
    let inner = sync!(x { x + 10 });
    assert_eq!(now(embeds!({ &inner }).run(1)).unwrap(), 21);
}
