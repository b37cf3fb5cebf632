//! What the edition 2018 writes otherwise.

use async_orch::{Run, pipeline, task};

use crate::now;

#[task]
fn r#async(n: u32) -> u32 {
    n + 1
}

#[task]
async fn r#dyn(n: u32) -> Result<u32, std::fmt::Error> {
    Ok(n + 1)
}

#[task]
fn gen(r#try: u32) -> u32 {
    r#try + 1
}

#[task]
#[allow(bare_trait_objects)]
fn bare(f: Box<Fn(u32) -> u32 + Send>, n: u32) -> u32 {
    f(n)
}

struct Owner {
    text: String,
    n: u32,
}

#[test]
fn words_are_other_words() {
    let p =
        pipeline! { |_: u32| seq < r#async r#dyn gen let gen = bare(Box::new(|n| n + 1), _) |_| { *gen } > };
    assert_eq!(now(p.run(0)).unwrap(), 4);
}

#[test]
fn a_closure_captures_the_whole() {
    let owner = Owner { text: "abc".to_owned(), n: 1 };
    let p = pipeline! { |_: u32| seq < |n| { n + owner.n } async |n| { n + owner.text.len() as u32 } > };
    assert_eq!(now(p.run(1)).unwrap(), 5);
    let moved = pipeline! { move |_: u32| |n| { n + owner.n + owner.text.len() as u32 } };
    assert_eq!(now(moved.run(1)).unwrap(), 5);
}

fn borrows<'a>(text: &'a str) -> impl Run<In = u32, Out = usize> + 'a {
    pipeline! { move |n: u32| seq < |_| { text.len() } async |m| { m + *n as usize } > }
}

#[test]
fn a_pipeline_is_returned() {
    assert_eq!(now(borrows("abc").run(1)).unwrap(), 4);
}
