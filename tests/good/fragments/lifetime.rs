//! `$l:lifetime`, declared and used.

use async_orch::{pipeline, task};

use crate::now;

macro_rules! len {
    ($name:ident <$l:lifetime>) => {
        #[task]
        fn $name<$l>(text: &$l str) -> usize {
            text.len()
        }
    };
    ($name:ident <$l:lifetime: $longer:lifetime>) => {
        #[task]
        async fn $name<$longer, $l: $longer, T>(text: &$l str, all: &$longer [T]) -> usize
        where
            T: Sync,
            $l: $longer,
        {
            text.len() + all.len()
        }
    };
    (dyn $name:ident $l:lifetime) => {
        #[task]
        fn $name(text: &$l str, shown: Box<dyn std::fmt::Display + Send + $l>) -> usize {
            text.len() + shown.to_string().len()
        }
    };
}

len!(one<'a>);
len!(two<'a: 'b>);
len!(dyn shown 'static);

macro_rules! labeled {
    ($l:lifetime) => {
        pipeline! { |_: u32| |n| { $l: loop { loop { break $l Ok(n + 1); } } } }
    };
}

#[test]
fn a_lifetime_may_be_a_fragment() {
    let text = "abc".to_owned();
    assert_eq!(now(pipeline! { one(&text) }.run(())).unwrap(), 3);
    assert_eq!(now(pipeline! { two(&text, &[1, 2]) }.run(())).unwrap(), 5);
    assert_eq!(now(pipeline! { shown("ab", Box::new(100)) }.run(())).unwrap(), 5);
    assert_eq!(now(labeled!('out).run(1)).unwrap(), 2);
}
