//! The block `choose`: one of several steps, by a pattern.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_orch::bus::Recorder;
use async_orch::{BoxError, ErrorKind, Run, TaskState, pipeline, task};

use common::{Oops, at_once};

mod common;

#[derive(Debug, PartialEq)]
enum Status {
    New,
    Paid { by: String, cents: u32 },
    Gone(Option<u32>),
}

/// What cannot be cloned.
#[derive(Debug, PartialEq)]
struct Order {
    id: u32,
    status: Status,
}

fn order(status: Status) -> Order {
    Order { id: 7, status }
}

#[task]
fn number(n: u32) -> u32 {
    n
}

#[task]
async fn later(n: u32) -> u32 {
    tokio::task::yield_now().await;
    n
}

#[task]
fn say(text: String) -> String {
    text
}

#[task]
fn refuse(n: u32) -> io::Result<u32> {
    Err(io::Error::other(format!("not {n}")))
}

#[test]
fn choose_1_the_first_arm_that_fits_runs() {
    let p = pipeline! {
        |n: u32|
        choose(*n) <
            0 => number(10),
            1 | 2 => number(11),
            3..=9 => number(12),
            x if (*x > 99) => number(13),
            _ => number(14)
        >
    };
    let given = [0, 1, 2, 5, 100, 50].map(|n| at_once(p.run(n)).unwrap());
    assert_eq!(given, [10, 11, 11, 12, 13, 14]);
}

#[test]
fn choose_1_it_is_looked_at_once_for_each_start() {
    let (looked, guards, ran) = (AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0));
    let p = pipeline! {
        retry(max_attempts = 3, backoff = constant(0s)) <
            choose(looked.fetch_add(1, Ordering::Relaxed)) <
                n if ({ guards.fetch_add(1, Ordering::Relaxed); *n < 2 }) => |()| { ran.fetch_add(1, Ordering::Relaxed); Err(Attempt(*n)) }
                n => |()| { Ok::<u32, Attempt>(*n + 10) }
            >
        >
    };
    #[derive(Debug, PartialEq)]
    struct Attempt(u32);
    impl std::fmt::Display for Attempt {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            self.0.fmt(f)
        }
    }
    impl std::error::Error for Attempt {}
    assert_eq!(at_once(p.run(())).unwrap(), 12);
    assert_eq!((looked.into_inner(), guards.into_inner(), ran.into_inner()), (3, 3, 2));
}

#[test]
fn choose_2_a_place_is_neither_moved_nor_cloned() {
    let p = pipeline! {
        |order: Order|
        seq <
            let text = choose(order.status) <
                Status::Paid { by, cents } if (*cents > 9) => seq < |_| { format!("{by} paid {cents}") } >
                Status::Paid { .. } | Status::Gone(None) => |_| { "nothing".to_owned() }
                Status::Gone(Some(n)) => say(format!("gone {n}")),
                Status::New => say(format!("new {}", order.id)),
            >
            |_| { format!("{text}, of {}", order.id) }
        >
    };
    let run = |status| at_once(p.run(order(status))).unwrap();
    assert_eq!(run(Status::Paid { by: "ada".to_owned(), cents: 10 }), "ada paid 10, of 7");
    assert_eq!(run(Status::Paid { by: "ada".to_owned(), cents: 9 }), "nothing, of 7");
    assert_eq!(run(Status::Gone(Some(3))), "gone 3, of 7");
    assert_eq!(run(Status::Gone(None)), "nothing, of 7");
    assert_eq!(run(Status::New), "new 7, of 7");
}

#[test]
fn choose_2_a_captured_place_too() {
    let mode = Status::Gone(Some(5));
    let p = pipeline! { choose(mode) < Status::Gone(Some(n)) => number(*n), _ => number(0) > };
    assert_eq!(at_once(p.run(())).unwrap(), 5);
    assert_eq!(mode, Status::Gone(Some(5)));
}

#[tokio::test]
async fn choose_2_names_are_seen_through_awaits_and_in_nested_blocks() {
    let p = pipeline! {
        |order: Order|
        choose(order.status) <
            Status::Paid { by, cents } => seq <
                par < later(*cents) async |_| { tokio::task::yield_now().await; by.len() } >
                |(a, b)| { a as usize + b }
                when(|n| *n > by.len()) < |n| { n + by.len() } >
            >
            Status::Gone(Some(n)) => retry < timeout(1s) < seq < later(*n) |n| { n as usize } > > >
            _ => |_| { 0 }
        >
    };
    assert_eq!(p.run(order(Status::Paid { by: "ada".to_owned(), cents: 9 })).await.unwrap(), 15);
    assert_eq!(p.run(order(Status::Gone(Some(4)))).await.unwrap(), 4);
    assert_eq!(p.run(order(Status::New)).await.unwrap(), 0);
}

#[tokio::test]
async fn choose_3_any_other_value_belongs_to_the_run_while_the_arm_runs() {
    fn parsed(text: &str) -> Result<u32, String> {
        text.parse().map_err(|_| format!("`{text}` is no number"))
    }
    let p = pipeline! {
        |text: String|
        choose(parsed(text)) <
            Ok(0) => number(1),
            Ok(n) if (*n > 9) => seq < later(*n) let m = later |_| { *m + *n } >
            Ok(n) => later(*n),
            Err(message) => async |_| { tokio::task::yield_now().await; u32::try_from(message.len()).unwrap() }
        >
    };
    assert_eq!(p.run("0".to_owned()).await.unwrap(), 1);
    assert_eq!(p.run("10".to_owned()).await.unwrap(), 20);
    assert_eq!(p.run("3".to_owned()).await.unwrap(), 3);
    assert_eq!(p.run("x".to_owned()).await.unwrap(), 16);
}

#[test]
fn choose_3_a_closure_looks_at_what_is_piped_which_goes_to_the_arm() {
    let p = pipeline! {
        |_: Order|
        choose(|order| order.id) <
            7 => |order| { order.status }
            n if (*n > 9) => |_| { Status::Gone(Some(*n)) }
            _ => |_| { Status::New }
        >
    };
    assert_eq!(at_once(p.run(order(Status::Gone(Some(1))))).unwrap(), Status::Gone(Some(1)));
    assert_eq!(at_once(p.run(Order { id: 10, status: Status::New })).unwrap(), Status::Gone(Some(10)));
    assert_eq!(at_once(p.run(Order { id: 8, status: Status::Gone(None) })).unwrap(), Status::New);
}

#[test]
fn choose_3_without_names_a_closure_may_borrow() {
    let p = pipeline! {
        |_: Order|
        choose(|order| &order.status) <
            Status::New => |order| { order.id }
            Status::Paid { .. } => |_| { 1 }
            _ => |_| { 2 }
        >
    };
    assert_eq!(at_once(p.run(order(Status::New))).unwrap(), 7);
    assert_eq!(at_once(p.run(order(Status::Gone(None)))).unwrap(), 2);
}

#[test]
fn choose_4_string_literals_are_compared_with_text_of_any_type() {
    struct Call {
        name: String,
        arg: &'static str,
    }
    let p = pipeline! {
        |call: Call|
        seq <
            let by_name = choose(call.name) < "end" => say("e".to_owned()), other => say(other.to_owned()) >
            let by_view = choose(call.name.as_str()) <
                "end" | "stop" => say("e".to_owned()),
                other => say(other.to_owned())
            >
            let by_value = choose(call.name.to_uppercase()) <
                "END" => say("e".to_owned()),
                other => say(other.to_owned())
            >
            choose(call.arg) < "x" => |_| { 1 } _ => |_| { 2 } >
            |n| { format!("{by_name} {by_view} {by_value} {n}") }
        >
    };
    let run = |name: &str, arg| at_once(p.run(Call { name: name.to_owned(), arg })).unwrap();
    assert_eq!(run("end", "x"), "e e e 1");
    assert_eq!(run("stop", "y"), "stop e STOP 2");
    assert_eq!(run("go", "y"), "go go GO 2");

    let piped = pipeline! {
        |_: String|
        choose(|text| text.trim().to_owned()) < "" => |_| { 0 } word => |text| { text.len() - word.len() } >
    };
    assert_eq!(at_once(piped.run(" ab ".to_owned())).unwrap(), 2);
    assert_eq!(at_once(piped.run("  ".to_owned())).unwrap(), 0);
}

#[test]
fn choose_5_what_is_piped_is_moved_into_the_chosen_arm() {
    let p = pipeline! {
        |_: Vec<Order>|
        each <
            choose(|order| order.id % 2 == 0) <
                true => |order| { order.id }
                false => seq < |order| { order.status } |status| { u32::from(status == Status::New) } >
            >
        >
    };
    let orders =
        [2, 3, 5].map(|id| Order { id, status: if id == 3 { Status::New } else { Status::Gone(None) } });
    assert_eq!(at_once(p.run(orders.into())).unwrap(), [2, 1, 0]);
}

#[test]
fn choose_6_only_the_chosen_arm_has_events_and_the_graph_has_all() {
    let recorder = Recorder::new();
    let p = pipeline! {
        |n: Option<u32>|
        seq(name = "s") <
            choose(*n) < Some(k) if (*k > 9) => number(*k), None => later(1), _ => seq < number(2) > >
        >
    };
    assert_eq!(at_once((&p).with_bus(recorder.clone()).run(Some(10))).unwrap(), 10);
    assert_eq!(recorder.states("s/choose"), [TaskState::Running, TaskState::Succeeded]);
    assert_eq!(recorder.states("s/choose/number"), [TaskState::Running, TaskState::Succeeded]);
    assert!(recorder.of("s/choose/later").is_empty() && recorder.of("s/choose/seq").is_empty());
    recorder.assert_balanced();

    let tree = "seq s\n└─ choose(*n)\n   ├─ Some(k) if (*k > 9) => number\n   ├─ None => later\n   └─ _ => seq\n      └─ number";
    assert_eq!(p.graph().to_string(), tree);
    let diagram = p.graph().to_mermaid();
    for line in
        ["n1c{\"*n\"}", "n1c -->|\"Some(k) if (*k &gt; 9)\"| n2", "n1c -->|\"None\"| n3", "n1c -->|\"_\"| n4"]
    {
        assert!(diagram.contains(line), "{line} in {diagram}");
    }
}

#[test]
fn choose_7_an_error_of_the_arm_is_the_blocks() {
    let p = pipeline! { |n: u32| choose(*n) < 0 => number(0), n => refuse(*n) > };
    assert_eq!(at_once(p.run(0)).unwrap(), 0);
    let error = at_once(p.run(3)).unwrap_err();
    assert_eq!(error.to_string(), "step `choose/refuse` failed: not 3");
    assert!(error.is::<io::Error>());
}

#[test]
fn choose_7_a_panic_of_scrutinee_or_guard_is_the_blocks() {
    let recorder = Recorder::new();
    let p = pipeline! {
        |n: u32|
        choose({ assert!(*n > 0, "zero"); *n }) <
            1 if ({ assert!(*n > 9, "one"); true }) => number(1),
            _ => number(2)
        >
    };
    let watched = (&p).with_bus(recorder.clone());
    for n in [0, 1] {
        let panicked =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| at_once(watched.run(n)).map(drop)));
        assert!(panicked.is_err());
        assert_eq!(recorder.states("choose").last(), Some(&TaskState::Failed));
    }
    assert!(recorder.of("choose/number").is_empty());
    recorder.assert_balanced();
    let caught = pipeline! { |n: u32| catch < choose({ assert!(*n > 0, "zero"); *n }) < _ => number(1) > > };
    assert!(matches!(at_once(caught.run(0)).unwrap_err().kind(), ErrorKind::Panicked(_)));
}

#[tokio::test(start_paused = true)]
async fn choose_8_dropped_it_is_cancelled_in_the_arm_that_runs() {
    let recorder = Recorder::new();
    let p = pipeline! {
        |n: u32|
        timeout(1s) <
            choose(*n) < 0 => async |_| { std::future::pending::<()>().await; 1 } as "wait", _ => later(2) >
        >
    };
    assert!((&p).with_bus(recorder.clone()).run(0).await.is_err());
    assert_eq!(recorder.states("timeout/choose/wait"), [TaskState::Running, TaskState::Cancelled]);
    recorder.assert_balanced();
    assert_eq!(p.run(1).await.unwrap(), 2);
}

#[test]
fn choose_names_shadow_and_end_with_their_arm() {
    let p = pipeline! {
        |n: Option<Option<u32>>|
        seq <
            let m = choose(*n) <
                Some(n) => choose(n) <
                    Some(n) => seq < let n = number(*n + 1) |_| { *n } >
                    None => number(1)
                >
                None => number(0),
            >
            |_| { (*m, n.is_some()) }
        >
    };
    assert_eq!(at_once(p.run(Some(Some(4)))).unwrap(), (5, true));
    assert_eq!(at_once(p.run(Some(None))).unwrap(), (1, true));
    assert_eq!(at_once(p.run(None)).unwrap(), (0, false));
}

#[test]
fn choose_of_tuples_and_many_arms() {
    let p = pipeline! {
        |(a, b): (u32, Option<u32>)|
        choose((*a, b)) <
            (0, None) => number(0), (0, Some(b)) => number(*b), (1, _) => |_| { 1 } (2, _) => |_| { 2 }
            (3, _) => |_| { 3 } (4, _) => |_| { 4 } (5, _) => |_| { 5 } (6, _) => |_| { 6 }
            (7, _) => |_| { 7 } (8, _) => |_| { 8 } (9, _) => |_| { 9 } (10, _) => |_| { 10 }
            (11, _) => |_| { 11 } (a, _) if (a == 50) => |_| { a } _ => number(99),
        >
    };
    for n in 1..=11 {
        assert_eq!(at_once(p.run((n, None))).unwrap(), n);
    }
    assert_eq!(at_once(p.run((0, Some(33)))).unwrap(), 33);
    assert_eq!(at_once(p.run((50, None))).unwrap(), 50);
    assert_eq!(at_once(p.run((51, None))).unwrap(), 99);
}

#[test]
fn choose_in_other_blocks() {
    let p = pipeline! {
        |_: u32|
        fallback <
            choose(|n| *n) <
                1 => refuse,
                2 => race < refuse number >
                n => retry(max_attempts = 2, backoff = constant(0s)) < refuse(*n) >
            >
            |n| { n + 100 }
        >
    };
    assert_eq!(at_once(p.run(1)).unwrap(), 101);
    assert_eq!(at_once(p.run(2)).unwrap(), 2);
    assert_eq!(at_once(p.run(3)).unwrap(), 103);
}

#[test]
fn choose_embedded_generic_and_boxed() {
    fn either<P>(inner: P, double: bool) -> impl Run<In = u32, Out = u32, Error = BoxError>
    where
        P: Run<In = u32, Out = u32, Error = BoxError>,
    {
        pipeline! {
            let double = double;
            move |_: u32| choose(*double) < true => |n| { n * 2 } false => { inner } >
        }
    }
    assert_eq!(at_once(either(pipeline! { |_: u32| number }, true).run(2)).unwrap(), 4);
    let plain = either(pipeline! { |_: u32| number }, false);
    assert_eq!(plain.graph().to_string(), "choose(*double)\n├─ true => inline\n└─ false => number");
    assert_eq!(at_once(plain.boxed().run(2)).unwrap(), 2);
}

#[test]
fn choose_has_conditional_arms() {
    let p = pipeline! {
        |n: u32|
        choose(*n) <
            #[cfg(debug_assertions)]
            0 => number(1),
            #[cfg(not(debug_assertions))]
            0 => number(1),
            #[cfg(target_pointer_width = "16")]
            _ => number(16),
            _ => number(2),
        >
    };
    assert_eq!(at_once(p.run(0)).unwrap(), 1);
    assert_eq!(at_once(p.run(1)).unwrap(), 2);
}

#[test]
fn choose_an_arm_that_always_fails_names_no_type() {
    let p = pipeline! {
        |n: u32|
        choose(*n) <
            0 => |_| { Err("none".into()) }
            1 => |_| { Err("one") }
            2 => |_| { panic!("two") }
            3 => async |_| { Err("three") }
            n => number(*n),
        >
    };
    for (n, message) in [(0, "none"), (1, "one"), (3, "three")] {
        assert!(at_once(p.run(n)).unwrap_err().to_string().ends_with(message));
    }
    assert_eq!(at_once(p.run(4)).unwrap(), 4);
}

#[task]
fn fails(n: u32) -> Result<u32, Oops> {
    if n > 3 { Err(Oops("no")) } else { Ok(n) }
}

#[derive(Clone, Debug, PartialEq)]
enum Kind {
    A,
    B { x: Option<u32> },
    C(String),
}
fn copied(n: &Option<u32>) -> Option<u32> {
    *n
}
macro_rules! pick {
    ($on:expr, $p:pat, $s:tt, $g:expr) => { pipeline! { |n: Option<u32>| choose($on(n)) < $p if ($g) => number(1), Some(k) => number(*k), None => |_| { $s } > } };
}
#[test]
fn choose_takes_the_fragments_of_a_macro() {
    let p = pick!(copied, Some(7..=9), 5, true);
    assert_eq!(at_once(p.run(Some(8))).unwrap(), 1);
    assert_eq!(at_once(p.run(Some(3))).unwrap(), 3);
    assert_eq!(at_once(p.run(None)).unwrap(), 5);
}
#[test]
fn choose_2_a_name_for_the_whole_is_a_reference_as_any_name() {
    let p = pipeline! {
        |k: Kind|
        choose(k) <
            all @ Kind::B { x: Some(x) } => |_| { (all.clone(), *x) }
            | Kind::A | Kind::B { .. } => |_| { (Kind::A, 0) }
            Kind::C(s) => |_| { (Kind::C(s.clone()), s.len() as u32) }
        >
    };
    assert_eq!(at_once(p.run(Kind::B { x: Some(3) })).unwrap(), (Kind::B { x: Some(3) }, 3));
    assert_eq!(at_once(p.run(Kind::C("ab".into()))).unwrap().1, 2);
    let r = pipeline! { |k: Kind| choose(&k) < Kind::C(s) => |_| { s.len() } _ => |_| { 0 } > };
    assert_eq!(at_once(r.run(Kind::C("ab".into()))).unwrap(), 2);
}
#[test]
fn choose_in_a_pipeline_that_moves() {
    let kind = Kind::C("abc".to_owned());
    let p = pipeline! {
        let kind = kind;
        move |_: u32|
        choose(kind) <
            Kind::C(s) if (s.len() > 9) => |n| { n }
            Kind::C(s) => seq < |n| { n + s.len() as u32 } |n| { n + s.len() as u32 } >
            _ => |n| { n }
        >
    };
    assert_eq!(at_once(p.run(1)).unwrap(), 7);
    let flag = true;
    let q = pipeline! { move |_: u32| when(flag) < |n| { n + 1 } > };
    assert_eq!(at_once(q.run(1)).unwrap(), 2);
}
#[test]
fn choose_in_long_sequences_and_they_in_it() {
    let p = pipeline! {
        |n: u32|
        seq <
            let a = number(*n)
            let b = number(*a)
            let c = number(*b)
            let d = number(*c)
            let e = number(*d)
            let f = number(*e)
            let g = number(*f)
            let h = number(*g)
            let i = number(*h)
            let j = number(*i)
            let k = number(*j)
            let l = number(*k)
            let m = number(*l)
            let o = choose(m.checked_sub(2)) <
                Some(x) => seq <
                    let a1 = number(*x + *a)
                    let b1 = number(*a1)
                    let c1 = number(*b1)
                    let d1 = number(*c1)
                    let e1 = number(*d1)
                    let f1 = number(*e1)
                    let g1 = number(*f1)
                    let h1 = number(*g1)
                    let i1 = number(*h1)
                    let j1 = number(*i1)
                    let k1 = number(*j1)
                    let l1 = number(*k1)
                    retry(max_attempts = *l1 + *x + 1) < fails(*l1) >
                >
                None => number(*m + *b)
            >
            |_| { *o + *m }
        >
    };
    assert_eq!(at_once(p.run(1)).unwrap(), 3);
    assert_eq!(at_once(p.run(2)).unwrap(), 4);
}
#[test]
fn choose_with_an_error_type_of_its_own() {
    let p = pipeline! {
        error = Oops;
        |(n, most): (u32, u32)|
        choose((n, *most)) <
            (0, _) => |_| { Err(Oops("zero")) }
            (n, most) if (most > 0) => retry(max_attempts = most, backoff = constant(Duration::ZERO)) <
                fails(*n)
            >
            _ => number(0)
        >
    };
    assert_eq!(at_once(p.run((0, 1))).unwrap_err().task(), Some(&Oops("zero")));
    assert_eq!(at_once(p.run((4, 2))).unwrap_err().attempts(), 2);
    assert_eq!(at_once(p.run((4, 0))).unwrap(), 0);
}
#[test]
fn choose_when_and_limits_together() {
    let p = pipeline! {
        |_: Vec<u32>|
        seq <
            let all = _
            let most = |_| { all.len() }
            |_| { all.clone() }
            each(limit = *most) <
                par(limit = *most) <
                    |n| { n }
                    when(|n| *n > 1) < |n| { n * 2 } >
                    choose(|n| n % 2) < 0 => |n| { n } k => |n| { n + *k } >
                >
            >
        >
    };
    assert_eq!(at_once(p.run(vec![1, 2])).unwrap(), [(1, 1, 2), (2, 4, 2)]);
}
#[test]
fn choose_of_a_generic_type() {
    fn of<T: Copy + PartialOrd + Send + Sync + 'static>(most: T) -> impl Run<In = T, Out = bool> {
        pipeline! {
            let most = most;
            move |_: T| choose(|n| *n > *most) < true => |_| { true } false => |_| { false } >
        }
    }
    assert!(at_once(of(3_u8).run(4)).unwrap());
}
#[test]
fn choose_2_a_view_of_a_place_is_looked_at_again() {
    let p = pipeline! {
        |t: (String, u32)| choose(t.0.trim()) < "" => |_| { 0 } word => async |_| { word.len() } >
    };
    assert_eq!(at_once(p.run((" ab ".into(), 1))).unwrap(), 2);
    let p = pipeline! {
        |t: Option<String>|
        choose(t.as_deref()) < Some("x") => |_| { 1 } Some(w) => |_| { w.len() } None => |_| { 0 } >
    };
    assert_eq!(at_once(p.run(Some("abc".into()))).unwrap(), 3);
}
#[test]
fn choose_without_names_takes_constants() {
    const GET: &str = "GET";
    let p = pipeline! { |m: &'static str| choose(*m) < GET => |_| { 1 } _ => |_| { 0 } > };
    assert_eq!(at_once(p.run("GET")).unwrap(), 1);
}
#[test]
fn choose_2_alternatives_bind_names() {
    let p = pipeline! {
        |n: Result<u32, u32>|
        choose(n) < Ok(k) | Err(k) if (*k > 9) => number(*k), | Ok(k) | Err(k) => async |_| { *k + 1 } >
    };
    assert_eq!(at_once(p.run(Err(10))).unwrap(), 10);
    assert_eq!(at_once(p.run(Ok(1))).unwrap(), 2);

    let p = pipeline! {
        |_: Result<u32, u32>|
        choose(|r| *r) < | Ok(0) => number(7), Ok(k) | Err(k) => seq < number(*k) |n| { n + *k } > >
    };
    assert_eq!(at_once(p.run(Ok(0))).unwrap(), 7);
    assert_eq!(at_once(p.run(Err(2))).unwrap(), 4);
}
