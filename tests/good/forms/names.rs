//! Tasks with the names of keywords, in modules, re-exported, raw, and of few letters.

#![deny(warnings)]

use async_orch::{pipeline, task};

mod steps {
    pub(crate) mod seq {
        use async_orch::task;

        #[task]
        pub(crate) async fn x() -> u32 {
            1
        }

        pub(crate) mod deep {
            #[async_orch::task]
            pub(in crate::forms::names::steps) fn hidden(n: u32) -> u32 {
                n + 1
            }

            #[async_orch::task]
            pub(crate) fn r#match(n: u32) -> u32 {
                n + 2
            }
        }

        pub(crate) use deep::r#match as matched;
    }

    pub(crate) async fn inside() -> u32 {
        async_orch::pipeline! { seq < seq::x seq::deep::hidden self::seq::deep::r#match super::steps::seq::deep::hidden > }
            .run(())
            .await
            .unwrap()
    }
}

// A task may be called as if it were a type.
#[task]
#[allow(non_snake_case)]
async fn Halve(n: u32) -> u32 {
    n / 2
}

#[task]
#[allow(non_snake_case)]
#[allow(clippy::too_many_arguments)]
async fn Total(a: u32, b: u32, c: u32, d: u32, e: u32, f: u32, g: u32, h: u32, i: u32) -> u32 {
    a + b + c + d + e + f + g + h + i
}

#[task]
#[allow(non_snake_case)]
async fn Widened<T: Into<u64> + Send + 'static>(n: T) -> u64 {
    n.into()
}

use Halve as Again;

#[task]
async fn r#seq(n: u32) -> u32 {
    n * 2
}

#[task]
async fn par(n: u32) -> u32 {
    n * 3
}

#[task]
fn let_(n: u32) -> u32 {
    n
}

#[task]
fn tok(input: u32) -> u32 {
    input
}

#[task]
fn args(scope: u32, slot: u32) -> u32 {
    scope + slot
}

#[task]
fn log(step: u32) -> u32 {
    step
}

#[tokio::test]
async fn runs() {
    assert_eq!(steps::inside().await, 5);
    let (input, scope, step, gate, place) = (1u32, 2u32, 3u32, 4u32, 5u32);
    let p = pipeline! {
        seq <
            steps::seq::x
            steps::seq::matched
            r#seq
            self::par
            crate::forms::names::let_
            tok
            args(_, input)
            args(scope, _)
            log
            |n| { n + step + gate + place }
        >
    };
    assert_eq!(p.run(()).await.unwrap(), (1 + 2) * 6 + 1 + 2 + 3 + 4 + 5);
    // Names of the pipeline may be those of helpers too.
    let p = pipeline! {
        let header = 1u32;
        |tok: u32|
        seq <
            let input = args(*tok, *header)
            let step = args(*input, *tok)
            let how = |()| { *step + *input }
            async |()| { tokio::task::yield_now().await; *how + *step }
        >
    };
    assert_eq!(p.run(1).await.unwrap(), 8);
    let p = pipeline! {
        |_: u32|
        seq < Halve retry < Again(_) > Total(1, 2, 3, 4, 5, 6, 7, 8, _) |n| { n as u8 } Widened::<u8> >
    };
    assert_eq!(p.run(8).await.unwrap(), 38);
    assert_eq!(pipeline! { Widened(3u8) }.await.unwrap(), 3);
}
