//! What a failed run gives back.

use std::error::Error as _;
use std::fmt;
use std::io;
use std::time::Duration;

use async_orch::{BoxError, BoxPipeline, Error, ErrorKind, NodeKind, Run, pipeline, task};
use tokio::time::{advance, sleep};

use common::{Oops, at_once, poll_once};

mod common;

#[task]
async fn fetch(id: u32) -> Result<u32, io::Error> {
    if id > 9 { Err(io::Error::new(io::ErrorKind::ConnectionRefused, "connection refused")) } else { Ok(id) }
}

#[task]
fn double(n: u32) -> u32 {
    n * 2
}

#[task]
fn oops(_n: u32) -> Result<u32, Oops> {
    Err(Oops("oops"))
}

mod places {
    use super::*;

    #[test]
    fn path_names_the_blocks_from_the_outermost_to_the_step() {
        let p = pipeline! {
            |_: u32| seq(name = "ingest") < par < double fetch as "second" > >
        };
        assert_eq!(at_once(p.run(10)).unwrap_err().path(), "ingest/par/second");
        let p = pipeline! {
            |_: u32| seq < retry(max_attempts = 1) < timeout(1s) < catch < circuit < double fetch > > > > >
        };
        assert_eq!(at_once(p.run(10)).unwrap_err().path(), "seq/retry/timeout/catch/circuit/fetch");
        assert_eq!(at_once(pipeline! { |_: u32| fetch }.run(10)).unwrap_err().path(), "fetch");
        let p = pipeline! {
            |_: u32| seq < |n| { vec![n] } { pipeline! { |_: Vec<u32>| each(name = "all") < oops > } } >
        };
        assert_eq!(at_once(p.run(10)).unwrap_err().path(), "seq/all/oops");
    }

    #[test]
    fn an_inline_step_goes_by_its_name_or_inline() {
        let p = pipeline! { seq < |()| { Err::<(), _>(Oops("x")) } > };
        assert_eq!(at_once(p.run(())).unwrap_err().path(), "seq/inline");
        let p = pipeline! { seq < async |()| { Err::<(), _>(Oops("x")) } as "mine" > };
        assert_eq!(at_once(p.run(())).unwrap_err().path(), "seq/mine");
    }

    #[test]
    fn a_task_goes_by_its_own_name_unless_the_text_gives_one() {
        #[task(name = "read page")]
        fn read() -> Result<(), Oops> {
            Err(Oops("x"))
        }
        let error = at_once(pipeline! { seq < read() > }.run(())).unwrap_err();
        assert_eq!((error.path().as_str(), error.step()), ("seq/read page", "read page"));
        let error = at_once(pipeline! { seq < read() as "first" > }.run(())).unwrap_err();
        assert_eq!((error.path().as_str(), error.step()), ("seq/first", "first"));
    }

    #[test]
    fn place_is_where_the_step_is_written() {
        let p = pipeline! {
            |_: u32|
            seq <
                double
                fetch
            >
        };
        let place = at_once(p.run(10)).unwrap_err().place();
        assert_eq!((place.file, place.line), (file!(), line!() - 4));
        assert_eq!(place.to_string(), format!("{}:{}:17", file!(), place.line));
    }

    #[test]
    fn the_path_of_an_embedded_step_leads_through_both_pipelines() {
        let inner = pipeline! { |_: u32| circuit(name = "guard") < fetch > };
        let middle = pipeline! { |_: u32| seq(name = "middle") < double { &inner } > };
        let outer = pipeline! {
            |_: u32| seq(name = "outer") < retry(max_attempts = 2, backoff = constant(0s)) < { &middle } > >
        };
        assert_eq!(at_once(inner.run(10)).unwrap_err().path(), "guard/fetch");
        assert_eq!(at_once(middle.run(10)).unwrap_err().path(), "middle/guard/fetch");
        let error = at_once(outer.run(10)).unwrap_err();
        assert_eq!((error.path().as_str(), error.attempts()), ("outer/retry/middle/guard/fetch", 2));
        assert!(outer.graph().find(&error.path()).is_some(), "as the graph has it");
        let bare = pipeline! { |_: u32| { &inner } };
        assert_eq!(at_once(bare.run(10)).unwrap_err().path(), "guard/fetch");
    }

    #[tokio::test]
    async fn errors_1_the_items_stand_behind_their_eaches() {
        let inner =
            pipeline! { |_: Vec<u32>| seq(name = "rows") < each < retry(max_attempts = 2) < fetch > > > };
        let p = pipeline! { |_: Vec<Vec<u32>>| each(name = "pages") < { &inner } > };
        let error = p.run(vec![vec![], vec![1, 2, 10]]).await.unwrap_err();
        assert_eq!(error.path(), "pages/rows/each/retry/fetch");
        assert_eq!(error.items().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(error.item(), Some(2));
        assert_eq!(
            error.to_string(),
            "step `pages[1]/rows/each[2]/retry/fetch` failed after 2 attempts: connection refused"
        );
        assert!(format!("{error:#?}").contains("items: [\n        1,\n        2,\n    ]"), "{error:#?}");
        // The error alone of one that is not in an `each`.
        let error = inner.run(vec![10]).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "step `rows/each[0]/retry/fetch` failed after 2 attempts: connection refused"
        );
        let error = pipeline! { |_: u32| seq < fetch > }.run(10).await.unwrap_err();
        assert_eq!((error.item(), error.items().count()), (None, 0));
    }

    #[tokio::test]
    async fn errors_1_of_settled_items_of_blocks_and_of_others() {
        let p = pipeline! { |_: Vec<u32>| each(limit = 2, settle) < timeout(1s) < fetch > > };
        let settled = p.run(vec![10, 1, 11]).await.unwrap();
        let shown: Vec<_> =
            settled.iter().map(|one| one.as_ref().map_or_else(ToString::to_string, u32::to_string)).collect();
        assert_eq!(
            shown,
            [
                "step `each[0]/timeout/fetch` failed: connection refused",
                "1",
                "step `each[2]/timeout/fetch` failed: connection refused",
            ]
        );
        let p = pipeline! { |_: Vec<u32>| each < race < fetch oops > > };
        let error = p.run(vec![1, 2, 10]).await.unwrap_err();
        assert_eq!(error.to_string(), "step `each[2]/race/oops` failed: oops");
        assert_eq!(error.others()[0].to_string(), "step `each[2]/race/fetch` failed: connection refused");
        let p = pipeline! { |_: Vec<u32>| each < catch < |n| { assert!(n < 2, "{n}") } > > };
        assert_eq!(p.run(vec![0, 3]).await.unwrap_err().to_string(), "block `each[1]/catch` panicked: 3");
    }

    #[tokio::test]
    async fn errors_1_of_a_pipeline_that_runs_itself_each_level_has_its_item() {
        fn tree() -> BoxPipeline<'static, Vec<u32>, Vec<()>> {
            let p = pipeline! {
                |_: Vec<u32>|
                each < async |depth, cx| {
                    if depth == 0 {
                        return Err(BoxError::from(Oops("leaf")));
                    }
                    cx.run(&tree(), vec![depth - 1]).await?;
                    Ok(())
                } as "node" >
            };
            p.boxed()
        }
        let error = tree().run(vec![1]).await.unwrap_err();
        assert_eq!(error.to_string(), "step `each[0]/node/each[0]/node` failed: leaf");
        let error = at_once(
            pipeline! { |_: Vec<u32>| each < async |n, cx| {
                if n > 0 { cx.run(&tree(), vec![0]).await?; }
                Ok::<_, BoxError>(())
            } as "root" > }
            .run(vec![0, 0, 1]),
        )
        .unwrap_err();
        assert_eq!(error.to_string(), "step `each[2]/root/each[0]/node` failed: leaf");
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_are_those_of_the_innermost_retry() {
        assert_eq!(at_once(pipeline! { |_: u32| fetch }.run(10)).unwrap_err().attempts(), 1);
        let p = pipeline! { |_: u32| retry(max_attempts = 4) < fetch > };
        assert_eq!(p.run(10).await.unwrap_err().attempts(), 4);
        let p = pipeline! {
            |_: u32| retry(max_attempts = 4) < seq < double retry(max_attempts = 2) < fetch > > >
        };
        assert_eq!(p.run(10).await.unwrap_err().attempts(), 2);
    }
}

mod sentences {
    use super::*;

    async fn said<P: Run<In = u32, Error = BoxError>>(p: P) -> String {
        p.run(10).await.map(drop).unwrap_err().to_string()
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_task_that_failed() {
        let p = pipeline! { |_: u32| seq(name = "ingest") < par < double fetch as "second" > > };
        assert_eq!(said(p).await, "step `ingest/par/second` failed: connection refused");
    }

    #[tokio::test(start_paused = true)]
    async fn of_several_attempts() {
        let p = pipeline! { |_: u32| seq(name = "ingest") < retry < fetch > > };
        assert_eq!(said(p).await, "step `ingest/retry/fetch` failed after 3 attempts: connection refused");
        let p = pipeline! { |_: u32| retry(max_attempts = 1) < fetch > };
        assert_eq!(said(p).await, "step `retry/fetch` failed: connection refused");
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_timeout() {
        let p = pipeline! {
            timeout(1.5s, name = "short") < async |()| { sleep(Duration::from_secs(9)).await } >
        };
        assert_eq!(p.run(()).await.unwrap_err().to_string(), "block `short` timed out after 1.5s");
        let p = pipeline! { retry < timeout(250ms) < async |()| { sleep(Duration::from_secs(9)).await } > > };
        let sentence = "block `retry/timeout` timed out after 250ms, in each of 3 attempts";
        assert_eq!(p.run(()).await.unwrap_err().to_string(), sentence);
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_timeout_whose_time_is_an_expression() {
        struct Config {
            upstream_timeout: Duration,
        }
        let cfg = Config { upstream_timeout: Duration::from_millis(1_500) };
        let slow = async |()| sleep(Duration::from_secs(9)).await;
        let p = pipeline! {
            seq(name = "call") < timeout(cfg.upstream_timeout) < async |()| { slow(()).await } > >
        };
        let sentence = "block `call/timeout` timed out after 1.5s";
        assert_eq!(p.run(()).await.unwrap_err().to_string(), sentence);
        let p = pipeline! { |_: ()| retry < { &p } > };
        let sentence = "block `retry/call/timeout` timed out after 1.5s, in each of 3 attempts";
        assert_eq!(p.run(()).await.unwrap_err().to_string(), sentence, "also embedded");
        let p = pipeline! { timeout(Duration::from_secs(1) / 3) < async |()| { slow(()).await } > };
        assert_eq!(p.run(()).await.unwrap_err().to_string(), "block `timeout` timed out after 333.333333ms");
    }

    #[tokio::test(start_paused = true)]
    async fn of_an_open_circuit() {
        let p = pipeline! { |_: u32| seq < circuit(fail_max = 1, reset_timeout = 10s) < fetch > > };
        p.run(10).await.unwrap_err();
        advance(Duration::from_millis(2_500)).await;
        let sentence = "block `seq/circuit` did not run: the circuit is open, retry in 7.5s \
                        (last failure: connection refused)";
        assert_eq!(said(&p).await, sentence);
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_half_open_circuit() {
        let p = pipeline! {
            |hang: bool|
            circuit(fail_max = 1, reset_timeout = 10s) <
                async |()| { if *hang { std::future::pending::<()>().await }; Err::<(), _>(Oops("x")) }
            >
        };
        p.run(false).await.unwrap_err();
        advance(Duration::from_secs(10)).await;
        let mut probe = Box::pin(p.run(true));
        assert!(poll_once(probe.as_mut()).is_pending());
        let sentence = "block `circuit` did not run: the circuit is half-open and its probe is still running";
        assert_eq!(p.run(false).await.unwrap_err().to_string(), sentence);
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_panic() {
        let p = pipeline! { |_: u32| catch(name = "guard") < |n| { assert!(n < 10, "no {n}"); n } > };
        assert_eq!(said(p).await, "block `guard` panicked: no 10");
        #[task(blocking)]
        fn thread(n: u32) -> u32 {
            panic!("no {n}")
        }
        assert_eq!(said(pipeline! { |_: u32| thread }).await, "step `thread` panicked: no 10");
        let p = pipeline! { |_: u32| retry(max_attempts = 2) < thread > };
        assert_eq!(said(p).await, "step `retry/thread` panicked: no 10 after 2 attempts");
    }

    #[test]
    fn debug_is_the_sentence_and_its_long_form_the_parts() {
        let error = at_once(pipeline! { |_: u32| seq < oops > }.run(1)).unwrap_err();
        assert_eq!(format!("{error:?}"), error.to_string());
        let parts = format!("{error:#?}");
        for part in [r#"path: "seq/oops""#, "kind: Task", r#""oops""#, "attempts: 1"] {
            assert!(parts.contains(part), "{parts}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_circuit_by_hand() {
        let breaker = async_orch::Breaker::new();
        let p = pipeline! { |_: u32| circuit(breaker = &breaker) < fetch > };
        breaker.isolate();
        assert_eq!(
            said(&p).await,
            "block `circuit` did not run: the circuit is open until it is closed by hand"
        );
        breaker.force_open();
        advance(Duration::from_nanos(1_234_567_890)).await;
        assert_eq!(
            said(&p).await,
            "block `circuit` did not run: the circuit is open, retry in 58.765s",
            "rounded"
        );
    }
}

mod causes {
    use super::*;

    /// An error with a cause.
    #[derive(Debug)]
    struct Outer(io::Error);

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("outer")
        }
    }

    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }

    #[task]
    fn caused() -> Result<(), Outer> {
        Err(Outer(io::Error::other("inner")))
    }

    #[test]
    fn source_goes_on_where_the_sentence_ends() {
        let error = at_once(pipeline! { seq < caused() > }.run(())).unwrap_err();
        assert_eq!(error.to_string(), "step `seq/caused` failed: outer");
        assert_eq!(error.task().unwrap().to_string(), "outer");
        assert!(error.is::<Outer>(), "itself, not its box");
        assert_eq!(error.source().unwrap().downcast_ref::<io::Error>().unwrap().to_string(), "inner");
    }

    #[test]
    fn a_chain_of_causes_says_each_once() {
        let said = |error: anyhow::Error| format!("{error:#}");
        let error = at_once(pipeline! { seq < caused() > }.run(())).unwrap_err();
        assert_eq!(said(error.into()), "step `seq/caused` failed: outer: inner");
        let error = at_once(pipeline! { error = Outer; seq < caused() > }.run(())).unwrap_err();
        assert_eq!(said(error.into()), "step `seq/caused` failed: outer: inner");
        let error = at_once(pipeline! { catch < |()| { panic!("oh") } > }.run(())).unwrap_err();
        assert_eq!(said(error.into()), "block `catch` panicked: oh");
        // A run by hand in an inline step of another.
        let inner = pipeline! { seq < caused() > };
        let outer = pipeline! { async |()| { inner.run(()).await } };
        let error = at_once(outer.run(())).unwrap_err();
        assert_eq!(said(error.into()), "step `inline/seq/caused` failed: outer: inner");
        let boxed = BoxError::from(Outer(io::Error::other("inner")));
        assert_eq!(said(boxed.into()), "outer: inner");
    }

    #[test]
    fn is_and_downcast_ref_look_into_the_box() {
        let error = at_once(pipeline! { |_: u32| fetch }.run(10)).unwrap_err();
        assert!(error.is::<io::Error>() && !error.is::<Oops>());
        assert_eq!(error.downcast_ref::<io::Error>().unwrap().kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(error.task().unwrap().to_string(), "connection refused");
        assert!(error.others().is_empty());
    }

    #[test]
    fn the_tasks_error_comes_out_by_value() {
        let error = at_once(pipeline! { |_: u32| oops }.run(10)).unwrap_err();
        assert_eq!(error.into_task_error().unwrap().downcast::<Oops>().unwrap(), Oops("oops"));
        let error = at_once(pipeline! { |_: u32| oops }.run(10)).unwrap_err();
        assert!(error.into_task_error().unwrap().downcast::<io::Error>().is_err());
        let error = at_once(pipeline! { |_: u32| oops }.run(10)).unwrap_err();
        assert!(error.into_task_error().unwrap().into_inner().is::<Oops>());
    }

    #[test]
    fn what_is_no_tasks_error_comes_back_as_it_is() {
        // With nothing left it is over at once.
        let p = pipeline! {
            |left: Duration| timeout(*left) < async |()| { std::future::pending::<()>().await } >
        };
        let error = at_once(p.run(Duration::ZERO)).unwrap_err();
        assert!(error.task().is_none() && error.source().is_none() && !error.is::<Oops>());
        let error = error.into_task_error().unwrap_err();
        assert!(matches!(error.into_kind(), ErrorKind::TimedOut));
    }

    #[test]
    fn a_panic_has_no_source() {
        let p = pipeline! { |_: u32| catch < |n| { assert!(n > 0, "zero") } > };
        let error = at_once(p.run(0)).unwrap_err();
        assert!(error.source().is_none());
        assert!(matches!(error.kind(), ErrorKind::Panicked(panicked) if panicked.message() == "zero"));
    }

    #[test]
    fn is_retryable_says_what_a_retry_would_do() {
        let error = at_once(pipeline! { |_: u32| oops }.run(10)).unwrap_err();
        assert!(error.is_retryable());
        let p = pipeline! { |_: u32| circuit(fail_max = 1) < oops > };
        at_once(p.run(1)).unwrap_err();
        assert!(!at_once(p.run(1)).unwrap_err().is_retryable());
    }
}

mod kinds {
    use super::*;

    type Dynamic = Box<dyn std::error::Error + Send + Sync>;

    #[test]
    fn tasks_with_different_errors_fit_one_pipeline() {
        #[task]
        fn text(n: u32) -> Result<u32, &'static str> {
            if n == 1 { Err("a text") } else { Ok(n) }
        }
        #[task]
        fn string(n: u32) -> Result<u32, String> {
            if n == 2 { Err("a string".to_owned()) } else { Ok(n) }
        }
        #[task]
        fn boxed(n: u32) -> Result<u32, Dynamic> {
            if n == 3 { Err(Box::new(Oops("boxed"))) } else { Ok(n) }
        }
        #[task]
        fn any(n: u32) -> anyhow::Result<u32> {
            anyhow::ensure!(n != 4, "anyhow {n}");
            Ok(n)
        }
        #[task]
        fn alias(n: u32) -> io::Result<u32> {
            if n == 5 { Err(io::Error::other("alias")) } else { Ok(n) }
        }
        #[task]
        fn own(n: u32) -> Result<u32, BoxError> {
            if n == 6 { Err(BoxError::from(Oops("own"))) } else { Ok(n) }
        }
        let p = pipeline! { |_: u32| seq < text string boxed any alias own double > };
        let said = |n| at_once(p.run(n)).unwrap_err().task().unwrap().to_string();
        assert_eq!([1, 2, 3, 4, 5, 6].map(said), ["a text", "a string", "boxed", "anyhow 4", "alias", "own"]);
        assert!(at_once(p.run(3)).unwrap_err().is::<Oops>());
        assert_eq!(at_once(p.run(7)).unwrap(), 14);
    }

    #[test]
    fn an_anyhow_error_keeps_its_causes() {
        use anyhow::Context as _;
        #[task]
        fn any() -> anyhow::Result<()> {
            Err(Oops("cause")).context("context")
        }
        let error = at_once(pipeline! { any() }.run(())).unwrap_err();
        assert_eq!(error.to_string(), "step `any` failed: context");
        assert_eq!(error.source().unwrap().to_string(), "cause");
    }

    #[test]
    fn the_error_of_a_run_goes_on_into_anyhow_and_into_boxes() {
        fn any() -> anyhow::Result<u32> {
            Ok(at_once(pipeline! { |_: u32| oops }.run(1))?)
        }
        fn boxed() -> Result<u32, Dynamic> {
            Ok(at_once(pipeline! { |_: u32| oops }.run(1))?)
        }
        assert_eq!(format!("{:#}", any().unwrap_err()), "step `oops` failed: oops");
        assert!(boxed().unwrap_err().is::<Error>());
    }

    #[test]
    fn a_box_error_goes_on_into_anyhow_and_into_boxes() {
        fn failing() -> Result<usize, BoxError> {
            Err(io::Error::from(io::ErrorKind::NotFound))?
        }
        fn any() -> anyhow::Result<usize> {
            Ok(failing()?)
        }
        fn boxed() -> Result<usize, Box<dyn std::error::Error>> {
            Ok(failing()?)
        }
        fn sent() -> Result<usize, Dynamic> {
            Ok(failing()?)
        }
        #[allow(clippy::needless_question_mark, reason = "the error is converted")]
        fn and_back() -> Result<usize, BoxError> {
            sent()?;
            any()?;
            Ok(failing()?)
        }
        let text = failing().unwrap_err().to_string();
        assert_eq!(format!("{:#}", any().unwrap_err()), text);
        assert_eq!(boxed().unwrap_err().to_string(), text);
        assert_eq!(sent().unwrap_err().to_string(), text);
        assert_eq!(and_back().unwrap_err().to_string(), text);
        assert!(failing().unwrap_err().is::<io::Error>());
        assert!(any().unwrap_err().downcast_ref::<BoxError>().unwrap().is::<io::Error>());
    }

    #[test]
    fn an_error_that_holds_a_box_error_converts_with_a_line() {
        #[derive(Debug)]
        struct Wrapped(BoxError);
        impl fmt::Display for Wrapped {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "wrapped {}", self.0)
            }
        }
        impl std::error::Error for Wrapped {}
        impl Unpin for Wrapped {}
        #[task]
        fn wrapped() -> Result<(), Wrapped> {
            Err(Wrapped("text".into()))
        }
        assert!(at_once(pipeline! { wrapped() }.run(())).unwrap_err().is::<Wrapped>());
        assert!(at_once(pipeline! { error = Wrapped; wrapped() }.run(())).unwrap_err().is::<Wrapped>());
        assert!(at_once(pipeline! { error = BoxError; wrapped() }.run(())).unwrap_err().is::<Wrapped>());
    }

    #[derive(Debug, PartialEq)]
    enum Shop {
        Io(io::ErrorKind),
        Oops(&'static str),
    }

    impl fmt::Display for Shop {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "shop: {self:?}")
        }
    }

    impl std::error::Error for Shop {}

    impl From<io::Error> for Shop {
        fn from(error: io::Error) -> Self {
            Shop::Io(error.kind())
        }
    }

    impl From<Oops> for Shop {
        fn from(error: Oops) -> Self {
            Shop::Oops(error.0)
        }
    }

    #[test]
    fn a_typed_pipeline_converts_the_errors_of_its_tasks() {
        let p = pipeline! {
            error = Shop;
            |_: u32|
            seq < double fetch |n| { if n == 2 { Err(Oops("two")) } else { Ok(n) } } |n| { n + 1 } >
        };
        assert_eq!(at_once(p.run(2)).unwrap(), 5);
        assert_eq!(at_once(p.run(1)).unwrap_err().task(), Some(&Shop::Oops("two")));
        let error: Error<Shop> = at_once(p.run(9)).unwrap_err();
        assert_eq!(error.to_string(), "step `seq/fetch` failed: shop: Io(ConnectionRefused)");
        assert!(error.is::<Shop>() && !error.is::<io::Error>());
        assert!(error.source().is_none(), "the sentence says it all");
        assert_eq!(error.into_task_error().unwrap(), Shop::Io(io::ErrorKind::ConnectionRefused));
    }

    #[test]
    fn an_infallible_task_fits_any_error() {
        #[task]
        async fn fine(n: u32) -> u32 {
            n + 1
        }
        let p = pipeline! { error = Shop; |_: u32| seq < double fine |n| { n } async |n| { n } > };
        assert_eq!(at_once(p.run(1)).unwrap(), 3);
        let p = pipeline! { error = std::convert::Infallible; |_: u32| seq < double fine > };
        assert_eq!(at_once(p.run(1)).unwrap(), 3);
    }

    #[test]
    fn predicates_see_the_typed_error() {
        let p = pipeline! {
            error = Shop;
            |_: u32|
            retry(
                max_attempts = 3,
                backoff = constant(0s),
                when = |e| matches!(e.task(), Some(Shop::Io(_)))
            ) <
                circuit(fail_max = 9, ignore = |e| e.task() == Some(&Shop::Oops("oops"))) <
                    |n| { Ok(n) }
                    fetch
                    oops
                >
            >
        };
        assert_eq!(at_once(p.run(1)).unwrap_err().attempts(), 1);
        assert_eq!(at_once(p.run(10)).unwrap_err().attempts(), 3);
    }

    #[test]
    fn question_marks_in_a_typed_pipeline_convert() {
        let p = pipeline! {
            error = Shop;
            |_: u32|
            |n| { if n > 1 { Err(Oops("more"))? }; Ok(n) }
        };
        assert_eq!(at_once(p.run(2)).unwrap_err().task(), Some(&Shop::Oops("more")));
        assert_eq!(at_once(p.run(1)).unwrap(), 1);
    }

    #[test]
    fn the_error_of_an_embedded_pipeline_converts_into_the_outer_one() {
        let typed = pipeline! { error = Oops; |_: u32| seq(name = "in") < oops > };
        let shop = pipeline! { error = Shop; |_: u32| seq(name = "out") < { &typed } > };
        let error = at_once(shop.run(1)).unwrap_err();
        assert_eq!((error.path().as_str(), error.task()), ("out/in/oops", Some(&Shop::Oops("oops"))));
        let boxed = pipeline! { |_: u32| seq(name = "box") < { &shop } > };
        let error = at_once(boxed.run(1)).unwrap_err();
        assert_eq!(
            (error.path().as_str(), error.downcast_ref()),
            ("box/out/in/oops", Some(&Shop::Oops("oops")))
        );
        let same = pipeline! { |_: u32| seq < { &boxed } > };
        assert!(at_once(same.run(1)).unwrap_err().is::<Shop>());
    }

    #[test]
    fn a_typed_error_is_not_boxed() {
        let typed = pipeline! { error = Oops; |_: u32| oops };
        let error = at_once(typed.run(1)).unwrap_err();
        assert!(size_of_val(&error) >= size_of::<Oops>() + size_of::<usize>());
        assert_eq!(*error.kind().task_ref(), Oops("oops"));
    }

    trait TaskRef<E> {
        fn task_ref(&self) -> &E;
    }

    impl<E: fmt::Debug> TaskRef<E> for ErrorKind<E> {
        fn task_ref(&self) -> &E {
            match self {
                ErrorKind::Task(error) => error,
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn kinds_say_what_they_are() {
        assert_eq!(ErrorKind::<Oops>::Task(Oops("x")).to_string(), "x");
        assert_eq!(ErrorKind::<Oops>::TimedOut.to_string(), "timed out");
        assert_eq!(ErrorKind::<Oops>::Rejected.to_string(), "rejected");
        assert_eq!(NodeKind::Block("par").to_string(), "par");
    }
}
