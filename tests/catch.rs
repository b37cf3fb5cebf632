//! The block `catch`.

use std::future::pending;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use async_orch::{ErrorKind, pipeline, task};
use tokio::task::yield_now;

use common::{Census, Oops, at_once};

mod common;

#[task]
fn sync_boom(n: u32) -> u32 {
    assert!(n < 1, "sync {n}");
    n
}

#[task]
async fn boom(n: u32) -> u32 {
    yield_now().await;
    assert!(n < 1, "async {n}");
    n
}

fn die(text: &'static str) {
    std::panic::panic_any(text);
}

fn message(error: async_orch::Error) -> String {
    match error.kind() {
        ErrorKind::Panicked(panicked) => panicked.message().to_owned(),
        _ => panic!("{error:?} is no panic"),
    }
}

#[tokio::test]
async fn running_4_it_turns_a_panic_into_an_error_at_its_path() {
    let p = pipeline! { |_: u32| seq(name = "main") < catch(name = "guard") < boom > > };
    let error = p.run(5).await.unwrap_err();
    assert_eq!(error.path(), "main/guard");
    assert_eq!(error.to_string(), "block `main/guard` panicked: async 5");
    assert!(matches!(error.kind(), ErrorKind::Panicked(panicked) if panicked.message() == "async 5"));
    assert_eq!(p.run(0).await.unwrap(), 0, "usable afterwards");
}

#[tokio::test]
async fn running_4_it_catches_whatever_panics_inside() {
    assert_eq!(message(pipeline! { catch < sync_boom(1) > }.run(()).await.unwrap_err()), "sync 1");
    assert_eq!(message(pipeline! { catch < boom(1) > }.run(()).await.unwrap_err()), "async 1");
    let p = pipeline! { catch < |()| { die("inline") } > };
    assert_eq!(message(p.run(()).await.unwrap_err()), "inline");
    let p = pipeline! { catch < async |()| { yield_now().await; die("async inline") } > };
    assert_eq!(message(p.run(()).await.unwrap_err()), "async inline");
    let none = AtomicU32::new(0);
    let p = pipeline! { catch < sync_boom(none.load(SeqCst).checked_sub(1).expect("an argument")) > };
    assert_eq!(message(p.run(()).await.unwrap_err()), "an argument");
    let p = pipeline! { catch < retry(when = |_| panic!("when")) < |()| { Err::<(), _>(Oops("x")) } > > };
    assert_eq!(message(p.run(()).await.unwrap_err()), "when");
    let p =
        pipeline! { catch < circuit(ignore = |_| panic!("ignore")) < |()| { Err::<(), _>(Oops("x")) } > > };
    assert_eq!(message(p.run(()).await.unwrap_err()), "ignore");
    let p = pipeline! { catch < |()| { (0..3).inspect(|_| panic!("iterator")) } each < |n| { n } > > };
    assert_eq!(message(p.run(()).await.unwrap_err()), "iterator");
}

#[test]
fn running_4_it_catches_the_panic_of_a_clone() {
    #[derive(Debug)]
    struct Unclonable;
    impl Clone for Unclonable {
        fn clone(&self) -> Self {
            panic!("clone")
        }
    }
    let p = pipeline! { |_: Unclonable| catch < par < |a| { let _a = a; } |b| { let _b = b; } > > };
    assert_eq!(message(at_once(p.run(Unclonable)).unwrap_err()), "clone");
}

#[test]
fn running_4_a_panic_with_any_payload() {
    let p = pipeline! { |_: u32| catch < |n| {
        match n {
            9 => n,
            0 => std::panic::panic_any(String::from("a string")),
            1 => std::panic::panic_any("a str"),
            _ => std::panic::panic_any(7_u8),
        }
    } > };
    assert_eq!(message(at_once(p.run(0)).unwrap_err()), "a string");
    assert_eq!(message(at_once(p.run(1)).unwrap_err()), "a str");
    assert_eq!(message(at_once(p.run(2)).unwrap_err()), "with a value that is not text");
}

#[tokio::test]
async fn running_4_everything_inside_is_dropped_before_the_error_comes() {
    let census = Census::default();
    let p = pipeline! {
        catch < par <
            async |_| { let _live = census.enter(); pending::<()>().await }
            async |_| { let _live = census.enter(); yield_now().await; die("second") }
            async |_| { let _live = census.enter(); pending::<()>().await }
        > >
    };
    assert_eq!(message(p.run(()).await.unwrap_err()), "second");
    assert_eq!((census.made(), census.alive()), (3, 0));
}

#[tokio::test]
async fn values_and_errors_go_through_it() {
    let p = pipeline! {
        |_: u32| catch(name = "c") < |n| { if n > 0 { Err(Oops("own")) } else { Ok(n) } } as "s" >
    };
    assert_eq!(p.run(0).await.unwrap(), 0);
    let error = p.run(1).await.unwrap_err();
    assert_eq!((error.path().as_str(), error.downcast_ref()), ("c/s", Some(&Oops("own"))));
}

#[tokio::test(start_paused = true)]
async fn what_stands_around_it_sees_an_error_like_others() {
    let attempt = AtomicU32::new(0);
    let p = pipeline! {
        par(settle) <
            retry(max_attempts = 3) < catch < |_| { assert_eq!(attempt.fetch_add(1, SeqCst), 2) } > >
            catch < |_| { die("lost") } >
            |_| { 2 }
        >
    };
    let (a, b, c) = p.run(()).await.unwrap();
    assert!(a.is_ok());
    assert_eq!(message(b.unwrap_err()), "lost");
    assert_eq!(c.unwrap(), 2);
}

#[tokio::test]
async fn a_circuit_inside_counts_a_failure_and_one_outside_an_error() {
    let p = pipeline! { |_: u32| catch < circuit(fail_max = 2) < boom > > };
    for _ in 0..2 {
        assert_eq!(message(p.run(1).await.unwrap_err()), "async 1");
    }
    assert!(matches!(p.run(0).await.unwrap_err().kind(), ErrorKind::CircuitOpen { .. }));
    let p = pipeline! { |_: u32| circuit(fail_max = 2) < catch < boom > > };
    for _ in 0..2 {
        assert_eq!(message(p.run(1).await.unwrap_err()), "async 1");
    }
    let error = p.run(0).await.unwrap_err();
    assert!(error.to_string().contains("(last failure: panicked: async 1)"), "{error}");
}

#[tokio::test]
async fn a_panic_of_a_spawned_task_has_its_own_path() {
    #[task(spawn)]
    async fn apart() {
        panic!("apart")
    }
    let p = pipeline! { catch < apart() > };
    let error = p.run(()).await.unwrap_err();
    assert_eq!(error.to_string(), "step `catch/apart` panicked: apart");
}
