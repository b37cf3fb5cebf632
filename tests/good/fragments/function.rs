//! `$function:item`, and a function whose every part is a fragment.

use async_orch::{pipeline, task};

use crate::now;

macro_rules! tasks {
    ($($function:item)*) => { $(#[task] $function)* };
}

tasks! {
    fn one() -> u32 {
        1
    }

    /// Documented.
    pub(crate) async fn add<'a, T>(a: &'a T, b: T) -> Result<T, std::fmt::Error>
    where
        T: Clone + Sync + std::ops::Add<Output = T> + 'static,
    {
        Ok(a.clone() + b)
    }
}

macro_rules! assembled {
    ($(#[$meta:meta])* $vis:vis fn $name:ident<$l:lifetime, $t:ident: $bound:path>($($p:pat => $ty:ty),*) -> $out:ty $body:block) => {
        #[task]
        $(#[$meta])*
        $vis fn $name<$l, $t: $bound>($($p: $ty),*) -> $out $body
    };
}

assembled! {
    /// Documented.
    #[inline]
    pub(super) fn longest<'a, T: std::fmt::Display>((a, b) => (&'a str, &'a str), _ => T) -> Result<usize, std::fmt::Error> {
        Ok(a.len().max(b.len()))
    }
}

#[test]
fn a_function_may_be_made_of_fragments() {
    let five = 5;
    assert_eq!(now(pipeline! { seq < one add(&five, _) > }.run(())).unwrap(), 6);
    assert_eq!(now(pipeline! { |_: u8| longest(("a", "bcd"), _) }.run(1)).unwrap(), 3);
}
