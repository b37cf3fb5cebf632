//! What a pipeline is as a value.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use async_orch::{BoxError, BoxPipeline, Bus, Event, NoBus, NodeKind, Pipeline, Run, bus, pipeline, task};

use common::{Oops, Trace, at_once};

mod common;

#[task]
async fn double(n: u32) -> u32 {
    n * 2
}

#[task]
async fn fetch(id: u32) -> Result<u32, Oops> {
    if id == 0 { Err(Oops("zero")) } else { Ok(id) }
}

mod running {
    use super::*;

    #[tokio::test]
    async fn it_runs_any_number_of_times_and_at_once() {
        let p = pipeline! { |_: u32| seq < double async |n| { tokio::task::yield_now().await; n + 1 } > };
        assert_eq!(p.run(1).await.unwrap(), 3);
        assert_eq!(tokio::join!(p.run(2), p.run(3)).0.unwrap(), 5);
        let all = futures::future::join_all((0..100).map(|n| p.run(n))).await;
        assert_eq!(all.into_iter().map(Result::unwrap).sum::<u32>(), 10_000);
    }

    #[test]
    fn run_of_a_pipeline_without_input() {
        let p = pipeline! { seq < double(4) > };
        assert_eq!(at_once(async_orch::run(&p)).unwrap(), 8);
        assert_eq!(at_once(async_orch::run(pipeline! { fetch(1) })).unwrap(), 1);
        assert_eq!(at_once(async_orch::run(Arc::new(p))).unwrap(), 8);
        assert!(at_once(async_orch::run(pipeline! { fetch(0) })).unwrap_err().is::<Oops>());
    }

    #[test]
    fn it_is_run_by_reference_arc_and_box() {
        fn once<P: Run<In = u32, Out = u32>>(p: P) -> u32 {
            at_once(p.run(3)).map_err(drop).unwrap()
        }
        let p = pipeline! { |_: u32| double };
        assert_eq!(once(&p), 6);
        assert_eq!(once::<&&_>(&&p), 6);
        let shared = Arc::new(p);
        assert_eq!((once(shared.clone()), once(&*shared)), (6, 6));
        assert_eq!(once(Box::new(pipeline! { |_: u32| double })), 6);
    }

    #[test]
    fn a_run_may_outlive_what_made_it_but_not_the_pipeline() {
        let p = pipeline! { |_: String| |text| { text.len() } };
        let run = {
            let text = String::from("moved in");
            p.run(text)
        };
        assert_eq!(at_once(run).unwrap(), 8);
    }
}

mod buses {
    use super::*;

    #[test]
    fn with_bus_by_value_and_by_reference() {
        let (a, b) = (Trace::default(), Trace::default());
        let p = pipeline! { |_: u32| double };
        at_once((&p).with_bus(&a).run(1)).unwrap();
        assert_eq!(a.lines(), ["double running", "double succeeded"]);
        at_once(p.run(1)).unwrap();
        assert!(a.lines().is_empty(), "the pipeline itself has none");
        let p = p.with_bus(&b);
        at_once(p.run(1)).unwrap();
        assert_eq!((a.lines().len(), b.lines().len()), (0, 2));
        let p = p.with_bus(NoBus);
        at_once(p.run(1)).unwrap();
        assert_eq!(b.lines().len(), 0);
    }

    #[test]
    fn a_bus_is_kept_in_the_value() {
        #[derive(Default)]
        struct Count(AtomicU32);
        impl Bus for Count {
            fn emit(&self, _: &Event<'_>) {
                self.0.fetch_add(1, SeqCst);
            }
        }
        let p: Pipeline<_, Count> = pipeline! { |_: u32| seq < double > }.with_bus(Count::default());
        at_once(p.run(1)).unwrap();
        assert_eq!(p.bus().0.load(SeqCst), 4);
    }

    #[test]
    fn an_embedded_pipeline_tells_the_bus_of_the_outer_one() {
        let (inside, outside) = (Trace::default(), Trace::default());
        let inner = pipeline! { |_: u32| seq(name = "inner") < double > }.with_bus(&inside);
        let outer = pipeline! { |_: u32| seq(name = "outer") < { &inner } { &inner } > }.with_bus(&outside);
        assert_eq!(at_once(outer.run(1)).unwrap(), 4);
        assert!(inside.lines().is_empty());
        let lines = outside.lines();
        assert_eq!(lines.iter().filter(|line| *line == "outer/inner/double running").count(), 2, "{lines:?}");
    }

    #[test]
    fn a_bus_that_panics_does_not_fail_the_run() {
        let p = pipeline! { |_: u32| seq < double par < fetch double > > };
        let p = p.with_bus(bus::from_fn(|_| panic!("bus")));
        assert_eq!(at_once(p.run(1)).unwrap(), (2, 4));
        assert!(at_once(p.run(0)).unwrap_err().is::<Oops>());
    }
}

mod kept {
    use super::*;

    struct Service {
        ingest: BoxPipeline<'static, u32, String>,
        by_name: HashMap<&'static str, BoxPipeline<'static, u32, u32>>,
    }

    #[tokio::test]
    async fn boxed_pipelines_stand_in_fields_and_maps() {
        let service = Service {
            ingest: pipeline! { |_: u32| seq < fetch |n| { n.to_string() } > }.boxed(),
            by_name: HashMap::from([
                ("one", pipeline! { |_: u32| double }.boxed()),
                ("two", pipeline! { |_: u32| seq < double double > }.with_bus(bus::from_fn(|_| {})).boxed()),
                ("fails", pipeline! { |_: u32| seq < |n| { n - n } fetch > }.boxed()),
            ]),
        };
        assert_eq!(service.ingest.run(7).await.unwrap(), "7");
        assert_eq!(service.by_name["one"].run(3).await.unwrap(), 6);
        assert_eq!(service.by_name["two"].run(3).await.unwrap(), 12);
        assert_eq!(service.by_name["fails"].run(3).await.unwrap_err().path(), "seq/fetch");
    }

    #[test]
    fn a_boxed_pipeline_may_borrow_and_may_have_a_typed_error() {
        let text = String::from("borrowed");
        let p: BoxPipeline<'_, (), usize, Oops> = pipeline! { error = Oops; |()| { text.len() } }.boxed();
        assert_eq!(at_once(p.run(())).unwrap(), 8);
    }

    #[test]
    fn a_boxed_pipeline_keeps_its_bus() {
        let trace = Arc::new(Trace::default());
        let p = pipeline! { |_: u32| double }.with_bus(trace.clone()).boxed();
        at_once(p.run(1)).unwrap();
        assert_eq!(trace.lines().len(), 2);
    }

    #[test]
    fn pipelines_of_one_type_stand_in_lists() {
        fn adds(n: u32) -> impl Run<In = u32, Out = u32, Error = BoxError> {
            pipeline! { move |_: u32| |m| { m + n } }
        }
        let all = [adds(1), adds(2), adds(3)];
        assert_eq!(all.map(|p| at_once(p.run(10)).unwrap()), [11, 12, 13]);
    }

    #[test]
    fn functions_return_and_take_them_without_naming_a_combinator() {
        fn inner() -> impl Run<In = u32, Out = u32, Error = BoxError> + 'static {
            pipeline! { |_: u32| circuit < double > }
        }
        fn twice<P>(p: P) -> impl Run<In = u32, Out = u32, Error = BoxError>
        where
            P: Run<In = u32, Out = u32, Error = BoxError>,
        {
            let p = Arc::new(p);
            pipeline! { |_: u32| seq < { p.clone() } { p } > }
        }
        fn borrowed<'a>(text: &'a str) -> impl Run<In = u32, Out = usize, Error = BoxError> + 'a {
            pipeline! { move |_: u32| |n| { text.len() + n as usize } }
        }
        assert_eq!(at_once(twice(inner()).run(1)).unwrap(), 4);
        assert_eq!(at_once(twice(twice(inner())).run(1)).unwrap(), 16);
        assert_eq!(at_once(borrowed("abc").run(1)).unwrap(), 4);
    }

    #[test]
    fn a_generic_struct_holds_one() {
        struct Holder<P>(P);
        impl<P: Run<In = u32, Out = u32, Error = BoxError>> Holder<P> {
            fn answer(&self) -> u32 {
                at_once(self.0.run(21)).unwrap()
            }
        }
        assert_eq!(Holder(pipeline! { |_: u32| double }).answer(), 42);
    }
}

mod graphs {
    use super::*;

    fn everything() -> impl Run<In = u32, Error = BoxError> {
        let inner = pipeline! { |_: u32| seq(name = "inner") < double > };
        pipeline! {
            let limit = 1 + 1;
            move |id: u32|
            seq(name = "ingest", collect) <
                par(limit = 2, settle) < fetch(*id) fetch(10) as "second" |_| { 1_u32 } >
                let third = fetch(3)
                circuit(fail_max = 2, reset_timeout = 10s, ignore = |e| e.task().is_none()) <
                    retry(
                        max_attempts = unlimited,
                        backoff = exponential(100ms, 3),
                        max_delay = 1.5s,
                        jitter = none
                    ) < timeout(2m) < fetch(*third) > >
                >
                catch(name = "guard") < { inner } async |n| { n } as "last" >
                |n| { vec![n; *limit] }
                each(limit = 1 + 1) < double >
            >
        }
    }

    #[test]
    fn a_graph_displays_as_a_tree() {
        assert_eq!(
            everything().graph().to_string(),
            "\
seq ingest(collect)
├─ par(limit = 2, settle)
│  ├─ fetch
│  ├─ second
│  └─ inline
├─ fetch
├─ circuit(fail_max = 2, reset_timeout = 10s, ignore = |e| e.task().is_none())
│  └─ retry(max_attempts = unlimited, backoff = exponential(100ms, 3), max_delay = 1.5s, jitter = none)
│     └─ timeout(120s)
│        └─ fetch
├─ catch guard
│  ├─ seq inner
│  │  └─ double
│  └─ last
├─ inline
└─ each(limit = 1 + 1)
   └─ double"
        );
    }

    #[test]
    fn a_graph_is_a_mermaid_flowchart() {
        let p = pipeline! {
            |_: u32|
            seq(name = "main") <
                double
                par(limit = 2) < fetch retry(when = |e| e.attempts() < 2 && "a" > "b") < double > >
                |(a, b)| { a + b } as "sum"
            >
        };
        assert_eq!(
            p.graph().to_mermaid(),
            r#"flowchart TD
    subgraph n0 ["seq main"]
        n1["double"]
        subgraph n2 ["par(limit = 2)"]
            n3["fetch"]
            subgraph n4 ["retry(when = |e| e.attempts() &lt; 2 &amp;&amp; &quot;a&quot; &gt; &quot;b&quot;)"]
                n5["double"]
            end
        end
        n6["sum"]
        n1 --> n2
        n2 --> n6
    end
"#
        );
    }

    #[test]
    fn nodes_have_kind_name_path_options_place_and_position() {
        let line = line!() + 3;
        let p = pipeline! {
            |_: u32|
            seq(name = "main") <
                par(limit = 2, settle) < fetch double as "two" >
                |_| { 1 }
            >
        };
        let graph = p.graph();
        let nodes: Vec<_> = graph
            .nodes()
            .iter()
            .map(|node| {
                (node.index(), node.parent(), node.depth(), node.kind().as_str(), node.name(), node.path())
            })
            .collect();
        assert_eq!(
            nodes,
            [
                (0, None, 0, "seq", "main", "main"),
                (1, Some(0), 1, "par", "par", "main/par"),
                (2, Some(1), 2, "task", "fetch", "main/par/fetch"),
                (3, Some(1), 2, "task", "two", "main/par/two"),
                (4, Some(0), 1, "inline", "inline", "main/inline"),
            ]
        );
        let par = graph.find("main/par").unwrap();
        assert_eq!(
            (par.kind(), par.options()),
            (NodeKind::Block("par"), &[("limit", "2"), ("settle", "")][..])
        );
        assert_eq!((par.place().file, par.place().line), (file!(), line + 1));
        assert_eq!(graph.children(1).map(|node| node.name()).collect::<Vec<_>>(), ["fetch", "two"]);
        assert!(graph.find("main/nothing").is_none());
    }

    #[test]
    fn a_graph_of_one_step_and_of_references() {
        let p = pipeline! { |_: u32| double };
        assert_eq!(p.graph().to_string(), "double");
        assert_eq!(Run::graph(&&p).to_string(), "double");
        assert_eq!(pipeline! { |_: u32| { &p } }.graph().to_string(), "double");
        assert_eq!(p.boxed().graph().to_string(), "double");
    }

    #[test]
    fn a_pipeline_embedded_twice_is_there_twice() {
        let inner = pipeline! { |_: u32| circuit < double > };
        let p = pipeline! { |_: u32| seq < { &inner } { &inner } > };
        assert_eq!(p.graph().to_string(), "seq\n├─ circuit\n│  └─ double\n└─ circuit\n   └─ double");
    }

    #[test]
    fn options_stand_as_they_are_written() {
        let wait = Duration::from_secs(1);
        let p = pipeline! {
            retry(max_attempts = 1+1, backoff = constant(wait * 2), jitter = full) <
                timeout(wait) < |()| { 1 } >
            >
        };
        assert_eq!(
            p.graph().to_string(),
            "retry(max_attempts = 1+1, backoff = constant(wait * 2), jitter = full)\n└─ timeout(wait)\n   └─ inline"
        );
    }

    #[test]
    fn debug_shows_the_tree() {
        let p = pipeline! { |_: u32| seq(name = "main") < double par < double fetch > > };
        let tree = "    seq main\n    ├─ double\n    └─ par\n       ├─ double\n       └─ fetch\n";
        assert_eq!(format!("{p:?}"), format!("Pipeline {{\n{tree}}}"));
        let boxed = format!("{:?}", pipeline! { |_: u32| double }.boxed());
        assert!(boxed.starts_with("BoxPipeline {") && boxed.contains("double"), "{boxed}");
    }
}
