//! The context: a step that asks which run it is a part of, and runs others as parts of it.

use std::fmt;
use std::io;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use async_orch::bus::Recorder;
use async_orch::{
    Attempt, BoxError, BoxFuture, BoxPipeline, Context, Done, Error, ErrorKind, Local, NodeKind, Note,
    Progress, Run, Runtime, TaskState, pipeline, task,
};

use common::{Log, Oops, at_once, poll_once};

mod common;

#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

#[task]
fn refuse(_n: u32) -> Result<u32, io::Error> {
    Err(io::Error::new(io::ErrorKind::ConnectionRefused, "connection refused"))
}

/// Answers at the second attempt; it knows by the context alone.
#[task]
async fn second_time(cx: &Context<'_>, n: u32) -> Result<u32, Oops> {
    tokio::task::yield_now().await;
    if cx.attempt() < 2 { Err(Oops("first")) } else { Ok(n) }
}

#[task]
fn place(cx: &Context<'_>, _n: u32) -> String {
    format!("{} {:?} {}", cx.path(), cx.item(), cx.attempt())
}

/// Takes note of every attempt at a task.
#[derive(Default)]
struct Noting(Mutex<Vec<String>>);

impl Runtime for Noting {
    fn execute<'a>(&'a self, attempt: Attempt<'a>) -> BoxFuture<'a, Done<'a>> {
        self.0.lock().unwrap().push(attempt.position().to_string());
        Box::pin(attempt.run())
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.0.lock().unwrap().push(format!("sleeps {duration:?}"));
        Box::pin(std::future::ready(()))
    }

    fn now(&self) -> Instant {
        Local.now()
    }

    fn random(&self) -> u64 {
        0
    }
}

mod where_it_is {
    use super::*;

    #[test]
    fn a_step_knows_its_path_its_item_and_its_attempt() {
        let p = pipeline! {
            |_: Vec<u32>|
            each(name = "rows") < retry(max_attempts = 3, backoff = constant(0s)) <
                |n, cx| { if cx.attempt() < 3 { Err(Oops("again")) } else { Ok((n, cx.path().to_owned(), cx.item())) } } as "look"
            > >
        };
        let expected = |n: u32, item| (n, "rows/retry/look".to_owned(), Some(item));
        // Watched or not, and on any runtime.
        assert_eq!(at_once(p.run(vec![7, 8])).unwrap(), [expected(7, 0), expected(8, 1)]);
        let recorder = Recorder::new();
        assert_eq!(at_once((&p).with_bus(&recorder).run(vec![7])).unwrap(), [expected(7, 0)]);
        assert_eq!(at_once(p.on(&Noting::default()).run(vec![7])).unwrap(), [expected(7, 0)]);
        let boxed = p.boxed();
        assert_eq!(at_once(boxed.run(vec![7])).unwrap(), [expected(7, 0)]);
    }

    #[test]
    fn a_task_knows_it_too_through_embeds_and_boxes() {
        let inner = pipeline! { |_: u32| retry < place > };
        let p = pipeline! { |_: Vec<u32>| each < { &inner } > };
        let expected = |item| format!("each/retry/place Some({item}) 1");
        assert_eq!(at_once(p.run(vec![1, 2])).unwrap(), [expected(0), expected(1)]);
        let boxed = inner.boxed();
        let p = pipeline! { |_: Vec<u32>| each < { &boxed } > };
        assert_eq!(at_once(p.run(vec![1, 2])).unwrap(), [expected(0), expected(1)], "in a box as well");
        let generic = pipeline! { |_: Vec<u32>| seq(name = "all") < { &p } > };
        assert_eq!(at_once(generic.run(vec![1])).unwrap(), ["all/each/retry/place Some(0) 1"]);
    }

    #[tokio::test]
    async fn a_retry_around_an_async_task_is_seen() {
        let p = pipeline! { |_: u32| retry(max_attempts = 3, backoff = constant(0s)) < second_time > };
        assert_eq!(p.run(5).await.unwrap(), 5);
        let p = p.boxed();
        assert_eq!(p.run(5).await.unwrap(), 5);
    }

    #[test]
    fn the_run_has_an_id_and_a_key() {
        let p = pipeline! { |()| { } };
        at_once(p.run(())).unwrap();
        let p = pipeline! { |(), cx| { (cx.run_id(), cx.key().map(str::to_owned)) } };
        let (first, key) = at_once(p.run(())).unwrap();
        assert!(first.is_some() && key.is_none());
        let (second, key) = at_once(p.run_as("order-17", ())).unwrap();
        assert_ne!(first, second);
        assert_eq!(key.as_deref(), Some("order-17"));
        let recorder = Recorder::new();
        let (id, _) = at_once(p.with_bus(&recorder).run(())).unwrap();
        assert_eq!(id, Some(recorder.events()[0].run), "that of its events");
    }

    #[test]
    fn by_hand_there_is_no_run() {
        let cx = Context::none();
        assert_eq!((cx.path(), cx.item(), cx.attempt(), cx.run_id()), ("", None, 1, None));
        assert!(cx.deadline().is_none() && cx.position().is_none());
        cx.note("nobody hears it");
        assert_eq!(place(&cx, 1), " None 1");
        let p = pipeline! { |_: u32| seq < double double > };
        assert_eq!(at_once(cx.run(&p, 2)).unwrap(), 8);
    }

    #[tokio::test(start_paused = true)]
    async fn the_deadline_is_the_nearest_of_all_timeouts() {
        let left = pipeline! { |_: ()| |(), cx| { cx.deadline() } };
        assert_eq!(left.run(()).await.unwrap(), None);
        let p = pipeline! { |_: ()| timeout(10s) < timeout(1m) < { &left } > > };
        assert_eq!(p.run(()).await.unwrap(), Some(Duration::from_secs(10)));
        let p = pipeline! {
            |_: ()| timeout(10s) < async |(), cx| {
                tokio::time::sleep(Duration::from_secs(4)).await;
                cx.run(&left, ()).await.map_err(|error| error.into_error())
            } >
        };
        assert_eq!(p.run(()).await.unwrap(), Some(Duration::from_secs(6)), "through `cx.run`");
    }

    #[tokio::test(start_paused = true)]
    async fn it_sleeps_on_the_clock_of_the_run() {
        let p = pipeline! { |_: u32| async |n, cx| { cx.sleep(Duration::from_secs(60)).await; n } };
        let start = tokio::time::Instant::now();
        assert_eq!(p.run(1).await.unwrap(), 1);
        assert_eq!(start.elapsed().as_secs(), 60);
        let noting = Noting::default();
        assert_eq!(p.on(&noting).run(1).await.unwrap(), 1);
        assert_eq!(*noting.0.lock().unwrap(), ["sleeps 60s"]);
    }
}

mod parts {
    use super::*;

    #[tokio::test]
    async fn events_are_those_of_one_run() {
        let inner = pipeline! { |_: u32| seq < double second_time > };
        let outer = pipeline! {
            |_: u32|
            seq(name = "outer") <
                retry(max_attempts = 2, backoff = constant(0s)) <
                    async |n, cx| { Ok(cx.run(&inner, n).await?) } as "ask"
                >
                double
            >
        };
        assert_eq!(outer.run(1).await.unwrap(), 4);
        let recorder = Recorder::new();
        assert_eq!((&outer).with_bus(&recorder).run(1).await.unwrap(), 4);
        recorder.assert_balanced();
        assert_eq!(
            recorder.paths(),
            [
                "outer",
                "outer/retry",
                "outer/retry/ask",
                "outer/retry/ask/seq",
                "outer/retry/ask/seq/double",
                "outer/retry/ask/seq/second_time",
                "outer/double",
            ]
        );
        let events = recorder.events();
        assert!(events.iter().all(|event| event.run == events[0].run));
        let ask = recorder.of("outer/retry/ask")[0].execution;
        let inside = recorder.of("outer/retry/ask/seq");
        assert_eq!(inside[0].execution.parent, Some(ask.id));
        let attempts: Vec<u32> = inside.iter().map(|event| event.execution.attempt).collect();
        assert_eq!(attempts, [1, 1, 2, 2], "the attempt goes on inside");
    }

    #[test]
    fn the_runtime_sees_every_call_at_a_position_of_its_own() {
        let inner = pipeline! { |_: u32| double };
        let p = pipeline! {
            |_: Vec<u32>|
            each < async |n, cx| {
                let (a, b) = futures::future::join(cx.run(&inner, n), cx.run(&inner, n)).await;
                Ok(a? + b?)
            } as "two" >
        };
        let noting = Noting::default();
        assert_eq!(at_once(p.on(&noting).run(vec![1, 2])).unwrap(), [4, 8]);
        let expected = [
            "each/two/double[0](0)",
            "each/two/double[0](1)",
            "each/two/double[1](0)",
            "each/two/double[1](1)",
        ];
        assert_eq!(*noting.0.lock().unwrap(), expected);
    }

    #[test]
    fn every_form_of_a_pipeline_is_run() {
        fn opaque() -> impl Run<In = u32, Out = u32, Error = BoxError> {
            pipeline! { |_: u32| double }
        }
        let boxed = opaque().boxed();
        let p = pipeline! {
            |_: u32| async |n, cx| {
                let n = cx.run(&opaque(), n).await?;
                let n = cx.run(&boxed, n).await?;
                let n = cx.run(&Arc::new(opaque()), n).await?;
                Ok(cx.run(&pipeline! { |_: u32| |n| { n + 1 } }, n).await?)
            }
        };
        assert_eq!(at_once(p.run(1)).unwrap(), 9);
        let noting = Noting::default();
        assert_eq!(at_once(p.on(&noting).run(1)).unwrap(), 9);
        assert_eq!(noting.0.lock().unwrap().len(), 3);
    }

    #[test]
    fn dropped_with_the_step() {
        let log = Log::default();
        #[task]
        async fn hang(log: &Log) {
            struct Dropped<'l>(&'l Log);
            impl Drop for Dropped<'_> {
                fn drop(&mut self) {
                    self.0.add("dropped");
                }
            }
            let _dropped = Dropped(log);
            std::future::pending::<()>().await;
        }
        let inner = pipeline! { hang(&log) };
        let recorder = Recorder::new();
        let outer = pipeline! { seq < async |(), cx| { Ok(cx.run(&inner, ()).await?) } as "ask" > }
            .with_bus(&recorder);
        let mut run = Box::pin(outer.run(()));
        assert!(poll_once(run.as_mut()).is_pending());
        drop(run);
        assert_eq!(log.take(), ["dropped"]);
        recorder.assert_balanced();
        assert_eq!(recorder.states("seq/ask/hang"), [TaskState::Running, TaskState::Cancelled]);
    }

    #[test]
    fn names_captures_and_loops() {
        let base = 10;
        let inner = pipeline! { |_: u32| double };
        let p = pipeline! {
            let limit = 3_u32;
            |start: u32|
            seq <
                let first = |()| { *start + 1 }
                async |(), cx| {
                    let mut sum = base;
                    for n in 0..*limit {
                        sum += cx.run(&inner, n + *first).await?;
                    }
                    Ok(sum)
                }
            >
        };
        assert_eq!(at_once(p.run(0)).unwrap(), 10 + 2 + 4 + 6);
    }

    #[tokio::test]
    async fn a_run_with_parts_can_be_spawned() {
        let inner = pipeline! { |_: u32| seq < second_once double > };
        #[task]
        async fn second_once(n: u32) -> u32 {
            tokio::task::yield_now().await;
            n
        }
        let p = Arc::new(
            pipeline! { let inner = inner; |_: u32| seq < async |n, cx| { Ok(cx.run(inner, n).await?) } double > },
        );
        assert_eq!(tokio::spawn(async move { p.run(1).await }).await.unwrap().unwrap(), 4);
    }
}

mod recursion {
    use super::*;

    /// Adds the numbers of a tree.
    #[derive(Clone)]
    struct Tree(u32, Vec<Tree>);

    fn tree(depth: u32) -> Tree {
        Tree(1, if depth == 0 { Vec::new() } else { vec![tree(depth - 1), tree(depth - 1)] })
    }

    fn sum() -> impl Run<In = Tree, Out = u32, Error = BoxError> {
        pipeline! {
            |_: Tree|
            seq(name = "sum") < async |Tree(n, below), cx| {
                let mut all = n;
                for tree in below {
                    all += cx.run(&sum(), tree).await?;
                }
                Ok(all)
            } as "node" >
        }
    }

    static SUM: LazyLock<BoxPipeline<'static, Tree, u32>> = LazyLock::new(|| {
        pipeline! {
            |_: Tree|
            each_node
        }
        .boxed()
    });

    #[task]
    async fn each_node(cx: &Context<'_>, Tree(n, below): Tree) -> Result<u32, Error> {
        let mut all = n;
        for tree in below {
            all += cx.run(&*SUM, tree).await.map_err(|failed| failed.into_error())?;
        }
        Ok(all)
    }

    #[test]
    fn a_pipeline_runs_itself() {
        assert_eq!(at_once(sum().run(tree(4))).unwrap(), 31);
        let recorder = Recorder::new();
        assert_eq!(at_once(sum().with_bus(&recorder).run(tree(2))).unwrap(), 7);
        recorder.assert_balanced();
        assert_eq!(recorder.paths().iter().map(String::len).max(), Some("sum/node/sum/node/sum/node".len()));
        assert_eq!(recorder.events().len(), 7 * 4, "with all its events");
    }

    #[test]
    fn a_boxed_pipeline_runs_itself_by_a_task() {
        assert_eq!(at_once(SUM.run(tree(4))).unwrap(), 31);
    }

    #[test]
    fn it_may_be_deep() {
        fn down() -> impl Run<In = u32, Out = u32, Error = BoxError> {
            pipeline! {
                |_: u32| async |n, cx| { if n == 0 { Ok(0) } else { Ok(cx.run(&down(), n - 1).await? + 1) } }
            }
        }
        assert_eq!(at_once(down().run(200)).unwrap(), 200);
    }
}

mod errors {
    use super::*;

    #[derive(Debug, PartialEq)]
    enum Outer {
        In(Inner),
        Io(io::ErrorKind),
    }

    #[derive(Debug, PartialEq)]
    struct Inner(&'static str);

    macro_rules! error {
        ($($name:ident)*) => {$(
            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, "{self:?}")
                }
            }
            impl std::error::Error for $name {}
        )*};
    }
    error!(Outer Inner);

    impl From<Inner> for Outer {
        fn from(inner: Inner) -> Self {
            Outer::In(inner)
        }
    }

    impl From<io::Error> for Outer {
        fn from(error: io::Error) -> Self {
            Outer::Io(error.kind())
        }
    }

    #[test]
    fn they_go_on_and_are_not_wrapped() {
        let inner = pipeline! { |_: u32| retry(max_attempts = 2, backoff = constant(0s)) < refuse > };
        let outer =
            pipeline! { |_: u32| seq(name = "outer") < async |n, cx| { Ok(cx.run(&inner, n).await?) } > };
        let error = at_once(outer.run(1)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "step `outer/inline/retry/refuse` failed after 2 attempts: connection refused"
        );
        assert!(error.is::<io::Error>());
        assert_eq!((error.attempts(), error.step()), (2, "refuse"));
        let recorder = Recorder::new();
        let watched = at_once((&outer).with_bus(&recorder).run(1)).unwrap_err();
        assert_eq!(watched.to_string(), error.to_string());
        assert_eq!(recorder.of("outer/inline").last().unwrap().reason(), Some("connection refused"));
        // A step of one embedded, in a box, as a task.
        let boxed = outer.boxed();
        let p = pipeline! { |_: u32| seq(name = "top") < { &boxed } > };
        assert_eq!(at_once(p.run(1)).unwrap_err().path(), "top/outer/inline/retry/refuse");
    }

    #[test]
    fn the_kind_goes_on_too() {
        let breaker = async_orch::Breaker::new();
        breaker.isolate();
        let inner = pipeline! { |_: u32| circuit(breaker = &breaker) < double > };
        let calls = Log::default();
        let outer = pipeline! {
            |_: u32| retry(max_attempts = 5, backoff = constant(0s)) < async |n, cx| {
                calls.add("call");
                Ok(cx.run(&inner, n).await?)
            } >
        };
        let error = at_once(outer.run(1)).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::CircuitOpen { .. }));
        assert_eq!(calls.take(), ["call"], "a rejection is not retried");
    }

    #[test]
    fn with_types_of_their_own() {
        let inner = pipeline! {
            error = Inner;
            |_: u32| seq(name = "in") < |n| { if n > 1 { Err(Inner("more")) } else { Ok(n) } } >
        };
        let outer = pipeline! {
            error = Outer;
            |_: u32|
            seq(name = "out") < async |n, cx| {
                let out = cx.run(&inner, n).await?;
                if out == 0 {
                    Err(io::Error::from(io::ErrorKind::NotFound))?;
                }
                Ok(out)
            } >
        };
        assert_eq!(at_once(outer.run(1)).unwrap(), 1);
        let error = at_once(outer.run(2)).unwrap_err();
        assert_eq!(
            (error.path().as_str(), error.task()),
            ("out/inline/in/inline", Some(&Outer::In(Inner("more"))))
        );
        let error = at_once(outer.run(0)).unwrap_err();
        assert_eq!(
            (error.path().as_str(), error.task()),
            ("out/inline", Some(&Outer::Io(io::ErrorKind::NotFound)))
        );
    }

    #[test]
    fn of_a_run_by_hand_in_a_step_and_in_a_task() {
        let inner = pipeline! { |_: u32| seq(name = "in") < refuse > };
        let p = pipeline! { |_: u32| seq(name = "out") < async |n| { inner.run(n).await } > };
        let error = at_once(p.run(1)).unwrap_err();
        assert_eq!(error.to_string(), "step `out/inline/in/refuse` failed: connection refused");
        assert!(error.is::<io::Error>());
        #[task]
        async fn by_hand(n: u32) -> Result<u32, Error> {
            pipeline! { |_: u32| seq(name = "in") < refuse > }.run(n).await
        }
        let error = at_once(pipeline! { |_: u32| by_hand }.run(1)).unwrap_err();
        assert_eq!(error.to_string(), "step `by_hand/in/refuse` failed: connection refused");
    }

    #[test]
    fn they_can_be_looked_at() {
        let inner = pipeline! { |_: u32| seq < refuse > };
        let p = pipeline! {
            |_: u32| async |n, cx| {
                match cx.run(&inner, n).await {
                    Ok(n) => n.to_string(),
                    Err(error) => format!("{} {}", error.path(), error.is::<io::Error>()),
                }
            }
        };
        assert_eq!(at_once(p.run(1)).unwrap(), "inline/seq/refuse true");
    }
}

mod telling {
    use super::*;

    #[test]
    fn notes_and_progress_are_events_of_the_step() {
        let p = pipeline! {
            |_: u32|
            seq < |n, cx| {
                let begun = String::from("begun");
                cx.note(&begun);
                cx.note(format_args!("{} to do", n));
                for done in 1..=n {
                    cx.progress(done.into(), n.into());
                }
                cx.note(format!("{n} done"));
            } as "work" >
        };
        let recorder = Recorder::new();
        at_once((&p).with_bus(&recorder).run(2)).unwrap();
        recorder.assert_balanced();
        let told: Vec<String> = recorder
            .of("seq/work")
            .iter()
            .filter_map(|event| match (event.told::<Note>(), event.told::<Progress>()) {
                (Some(note), _) => Some(note.text.clone()),
                (_, Some(progress)) => Some(format!("{}/{}", progress.done, progress.total)),
                _ => None,
            })
            .collect();
        assert_eq!(told, ["begun", "2 to do", "1/2", "2/2", "2 done"]);
        assert_eq!(recorder.states("seq/work"), [TaskState::Running, TaskState::Succeeded]);
        at_once(p.run(1)).unwrap();
    }

    #[test]
    fn a_task_takes_notes_also_inside_a_part() {
        #[task]
        fn noting(cx: &Context<'_>, n: u32) -> u32 {
            cx.note("here");
            n
        }
        let inner = pipeline! { |_: u32| noting };
        let p = pipeline! { |_: u32| async |n, cx| { Ok(cx.run(&inner, n).await?) } as "outer" };
        let recorder = Recorder::new();
        at_once(p.with_bus(&recorder).run(1)).unwrap();
        let notes = recorder.events().into_iter().filter(|event| event.told::<Note>().is_some());
        assert_eq!(notes.map(|event| event.path().to_owned()).collect::<Vec<_>>(), ["outer/noting"]);
    }
}

mod spelling {
    use super::*;

    #[test]
    fn forms() {
        let p = pipeline! {
            |_: u32|
            seq < |n, _cx| { n } |n: u32, cx| { let _ = cx; n } async |n, cx,| { let _ = cx.path(); n } >
        };
        assert_eq!(at_once(p.run(1)).unwrap(), 1);
        let p = pipeline! { |_: (u32, u32)| |(a, b), cx| { (a + b, cx.path().len()) } };
        assert_eq!(at_once(p.run((1, 2))).unwrap(), (3, "inline".len()));
        let p = pipeline! { |_: Vec<(u32, u32)>| |v: Vec<(u32, u32)>, cx| { (v.len(), cx.attempt()) } };
        assert_eq!(at_once(p.run(vec![(1, 2)])).unwrap(), (1, 1));
    }

    #[test]
    fn a_context_of_ones_own_is_an_argument() {
        mod mine {
            pub(crate) struct Context(pub(crate) u32);
        }
        #[task]
        fn with_mine(context: &mine::Context, n: u32) -> u32 {
            context.0 + n
        }
        let mine = mine::Context(1);
        assert_eq!(at_once(pipeline! { |_: u32| with_mine(&mine, _) }.run(2)).unwrap(), 3);
    }

    #[test]
    fn the_option_says_it_outright() {
        use async_orch::Context as Run;
        #[task(context)]
        fn told(run: &Run<'_>, n: u32) -> (u32, u32) {
            (n, run.attempt())
        }
        assert_eq!(at_once(pipeline! { |_: u32| told }.run(2)).unwrap(), (2, 1));
        assert_eq!(at_once(pipeline! { told(3) }.run(())).unwrap(), (3, 1));
    }

    #[test]
    fn a_generic_task_with_a_context() {
        #[task]
        async fn shown<T: fmt::Debug>(cx: &Context<'_>, value: T) -> String {
            format!("{value:?} {}", cx.path())
        }
        assert_eq!(at_once(pipeline! { |_: u32| seq < shown > }.run(2)).unwrap(), "2 seq/shown");
        assert_eq!(at_once(shown(&Context::none(), "x")), "\"x\" ");
    }

    #[test]
    fn the_graph_shows_such_a_step_as_any_other() {
        let p = pipeline! { |_: u32| seq < |n, _cx| { n } as "look" place > };
        assert_eq!(p.graph().to_string(), "seq\n├─ look\n└─ place");
        assert_eq!(p.graph().find("seq/look").unwrap().kind(), NodeKind::Inline);
    }
}

mod last_error {
    use super::*;

    fn shown(cx: &Context<'_>) -> String {
        cx.last_error().map_or_else(|| "none".to_owned(), |error| error.to_string())
    }

    /// Fails with what it knows of the attempt before, until there were `enough`.
    #[task]
    async fn look(cx: &Context<'_>, enough: u32) -> Result<String, BoxError> {
        let shown = shown(cx);
        if cx.attempt() < enough {
            Err(BoxError::from(format!("{} after {shown}", cx.attempt())))
        } else {
            Ok(shown)
        }
    }

    #[tokio::test]
    async fn context_7_is_that_of_the_attempt_before() {
        let p = pipeline! { retry(max_attempts = 3, backoff = constant(0s)) < look(3) > };
        let told = "step `retry/look` failed: 2 after step `retry/look` failed: 1 after none";
        assert_eq!(p.run(()).await.unwrap(), told);
        assert_eq!((&p).with_bus(Recorder::new()).run(()).await.unwrap(), told);
        let outer = pipeline! { seq < { &p } > };
        assert_eq!(outer.run(()).await.unwrap(), told);
        assert_eq!(pipeline! { look(1) }.run(()).await.unwrap(), "none");
        assert_eq!(shown(&Context::none()), "none");
    }

    #[tokio::test]
    async fn context_7_a_first_attempt_has_none_and_the_outer_one_is_not_seen_inside() {
        let p = pipeline! {
            retry(max_attempts = 2, backoff = constant(0s)) <
                |_, cx| { shown(cx) }
                |before, cx| { if cx.attempt() == 1 { Err(BoxError::from("outer")) } else { Ok(before) } }
                |before| { assert_eq!(before, "step `retry/inline` failed: outer"); }
                retry(max_attempts = 2, backoff = constant(0s)) < look(2) >
            >
        };
        assert_eq!(p.run(()).await.unwrap(), "step `retry/retry/look` failed: 1 after none");
    }

    #[tokio::test]
    async fn context_7_each_item_has_its_own_and_its_type_is_kept() {
        #[derive(Debug, thiserror::Error)]
        #[error("number {0}")]
        struct Number(u64);
        let p = pipeline! {
            |_: Vec<u64>|
            each < retry(max_attempts = 2, backoff = constant(0s)) < async |n, cx| {
                tokio::task::yield_now().await;
                match cx.last_error() {
                    None => Err(BoxError::from(Number(n))),
                    Some(error) => {
                        assert!(error.is::<Number>() && !error.is::<std::io::Error>());
                        Ok((error.downcast_ref::<Number>().map(|number| number.0), error.reason(), error.path()))
                    }
                }
            } > >
        };
        for (item, (number, reason, path)) in p.run((0..100).collect()).await.unwrap().into_iter().enumerate()
        {
            let item = item as u64;
            assert_eq!(
                (number, reason, path.as_str()),
                (Some(item), format!("number {item}"), "each/retry/inline")
            );
        }
    }
}
