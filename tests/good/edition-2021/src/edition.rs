//! What the edition 2021 writes otherwise.

use async_orch::{Run, pipeline, task};

use crate::now;

#[task]
fn gen(n: u32) -> u32 {
    n + 1
}

#[task]
async fn r#async(gen: u32) -> Result<u32, std::fmt::Error> {
    Ok(gen + 1)
}

struct Owner {
    text: String,
    n: u32,
}

#[test]
fn words_are_other_words() {
    let p = pipeline! { |_: u32| seq < gen r#async let gen = gen |_| { format!("{gen}") } > };
    assert_eq!(now(p.run(0)).unwrap(), "3");
}

#[test]
fn a_closure_captures_a_field() {
    let owner = Owner { text: "abc".to_owned(), n: 1 };
    let p = pipeline! { |_: u32| seq < |n| { n + owner.n } async |n| { n + owner.n } > };
    let text = owner.text;
    assert_eq!(now(p.run(1)).unwrap() + text.len() as u32, 6);
}

fn borrows<'a>(text: &'a str) -> impl Run<In = u32, Out = usize> + 'a {
    pipeline! { move |n: u32| seq < |_| { text.len() } async |m| { m + *n as usize } > }
}

#[test]
fn a_pipeline_is_returned() {
    assert_eq!(now(borrows("abc").run(1)).unwrap(), 4);
}
