//! Large shapes compile without a `recursion_limit`, are `Send`, and run.

use async_orch::{BoxError, Run, pipeline, task};

use common::{Oops, at_once};

mod common;

#[task]
async fn inc(n: u32) -> u32 {
    n + 1
}

#[task]
async fn add(a: u32, b: u32) -> u32 {
    a + b
}

#[task]
async fn check(n: u32) -> Result<u32, Oops> {
    if n > 1_000_000 { Err(Oops("large")) } else { Ok(n) }
}

#[task]
fn show(n: u32) -> String {
    n.to_string()
}

/// Spawns a run, as a service does.
async fn spawned<P>(p: P, input: P::In) -> P::Out
where
    P: Run<Error = BoxError> + 'static,
{
    tokio::spawn(async move { p.run(input).await }).await.unwrap().unwrap()
}

fn observed<P: Run>(p: P) -> impl Run<In = P::In, Out = P::Out, Error = P::Error> {
    p.with_bus(async_orch::bus::from_fn(|_| {}))
}

type One<T> = (T,);
type Eight<T> = One<One<One<One<One<One<One<One<T>>>>>>>>;

/// `circuit < seq < par < … > > >`, eight times in itself.
#[rustfmt::skip]
fn eight_deep() -> impl Run<In = u32, Out = Eight<u32>, Error = BoxError> {
    pipeline! {
        |_: u32|
        circuit < seq < par < circuit < seq < par < circuit < seq < par < circuit < seq < par <
            circuit < seq < par < circuit < seq < par < circuit < seq < par < circuit < seq < par <
                inc
            > > > > > > > > > > > >
        > > > > > > > > > > > >
    }
}

#[tokio::test]
async fn circuit_seq_par_nested_eight_times() {
    assert_eq!(eight_deep().graph().nodes().len(), 25);
    assert_eq!(spawned(eight_deep(), 1).await, ((((((((2,),),),),),),),));
    assert_eq!(spawned(observed(eight_deep()), 1).await, ((((((((2,),),),),),),),));
}

/// With siblings, names and captures at every level.
fn eight_deep_and_bushy(k: u32) -> impl Run<In = u32, Out = String, Error = BoxError> {
    pipeline! {
        let k = k;
        move |_: u32|
        seq <
            circuit <
                seq <
                    let a = inc
                    par <
                        add(*a, *k)
                        circuit <
                            seq <
                                let b = add(*a, 1)
                                par <
                                    add(*a, *b)
                                    circuit <
                                        seq <
                                            let c = add(*b, 1)
                                            par <
                                                add(*a, *c)
                                                circuit <
                                                    seq <
                                                        let d = add(*c, 1)
                                                        par <
                                                            add(*a, *d)
                                                            circuit <
                                                                seq <
                                                                    let e = add(*d, 1)
                                                                    par <
                                                                        add(*a, *e)
                                                                        circuit <
                                                                            seq <
                                                                                let f = add(*e, 1)
                                                                                par <
                                                                                    add(*a, *f)
                                                                                    circuit <
                                                                                        seq <
                                                                                            let g = add(*f, 1)
                                                                                            par <
                                                                                                add(*a, *g)
                                                                                                circuit <
                                                                                                    seq <
                                                                                                        let h = add(*g, 1)
                                                                                                        par <
                                                                                                            add(*a, *h)
                                                                                                            |_| { *k }
                                                                                                        >
                                                                                                    >
                                                                                                >
                                                                                            >
                                                                                        >
                                                                                    >
                                                                                >
                                                                            >
                                                                        >
                                                                    >
                                                                >
                                                            >
                                                        >
                                                    >
                                                >
                                            >
                                        >
                                    >
                                >
                            >
                        >
                    >
                >
            >
            |all| { format!("{all:?}") }
        >
    }
}

#[tokio::test]
async fn nested_eight_times_with_names_and_siblings() {
    let expected = "(12, (5, (6, (7, (8, (9, (10, (11, 10))))))))";
    assert_eq!(spawned(eight_deep_and_bushy(10), 1).await, expected);
    assert_eq!(spawned(observed(eight_deep_and_bushy(10)), 1).await, expected);
}

fn two_hundred() -> impl Run<In = u32, Out = u32, Error = BoxError> {
    pipeline! {
        |_: u32|
        seq <
            inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc
            inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc
            inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc
            inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc
            inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc
            inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc
            inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc
            inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc
            inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc
            inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc inc
        >
    }
}

#[tokio::test]
async fn a_sequence_of_two_hundred_steps() {
    assert_eq!(two_hundred().graph().nodes().len(), 201);
    assert_eq!(spawned(two_hundred(), 1).await, 201);
    assert_eq!(spawned(observed(two_hundred()), 1).await, 201);
}

#[tokio::test]
async fn a_par_of_forty_children() {
    let p = pipeline! {
        |_: u32|
        par(limit = 16) <
            add(_, 0) add(_, 1) add(_, 2) add(_, 3) add(_, 4) add(_, 5) add(_, 6) add(_, 7) add(_, 8)
            add(_, 9) add(_, 10) add(_, 11) add(_, 12) add(_, 13) add(_, 14) add(_, 15) add(_, 16) add(_, 17)
            add(_, 18) add(_, 19) add(_, 20) add(_, 21) add(_, 22) add(_, 23) add(_, 24) add(_, 25) add(_, 26)
            add(_, 27) add(_, 28) add(_, 29) add(_, 30) add(_, 31) add(_, 32) add(_, 33) add(_, 34) add(_, 35)
            add(_, 36) add(_, 37) add(_, 38) add(_, 39)
        >
    };
    fn send<T: Send>(value: T) -> T {
        value
    }
    // A tuple of forty has no traits: it is taken apart.
    let (first, _, third, .., last) = send(p.run(100)).await.unwrap();
    assert_eq!((first, third, last), (100, 102, 139));
    let p = std::sync::Arc::new(p);
    let run = tokio::spawn(async move { p.run(1).await.map(|all| all.39) });
    assert_eq!(run.await.unwrap().unwrap(), 40);
}

fn ordinary(offset: u32) -> impl Run<In = u32, Out = String, Error = BoxError> {
    pipeline! {
        let offset = offset;
        |id: u32|
        seq(name = "ordinary") <
            let n = inc(*id)
            circuit(fail_max = 3) < retry(max_attempts = 2) < check(*n) > >
            inc
            |n| { n * 2 }
            let m = add(_, *offset)
            par(limit = 2) < inc(*m) add(*m, *n) async |()| { 7_u32 } >
            |(a, b, c)| { vec![a, b, c] }
            each(limit = 2) < timeout(1s) < inc > >
            |all| { all.into_iter().sum::<u32>() }
            show
        >
    }
}

#[tokio::test]
async fn an_ordinary_pipeline_of_ten_steps() {
    assert_eq!(spawned(ordinary(10), 1).await, "45");
    assert_eq!(spawned(observed(ordinary(10)), 1).await, "45");
}

#[tokio::test]
async fn a_par_of_sixteen_in_a_seq_in_an_each() {
    fn make() -> impl Run<In = Vec<u32>, Out = Vec<u32>, Error = BoxError> {
        pipeline! {
            |_: Vec<u32>|
            each(limit = 3) < seq <
                inc
                par <
                    inc inc inc inc inc inc inc inc
                    inc inc inc inc inc inc inc inc
                >
                |(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)| {
                    [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p].into_iter().sum::<u32>()
                }
            > >
        }
    }
    assert_eq!(spawned(make(), vec![0, 1, 2, 3]).await, [32, 48, 64, 80]);
    assert_eq!(spawned(observed(make()), vec![0, 1, 2, 3]).await, [32, 48, 64, 80]);
}

#[tokio::test(start_paused = true)]
async fn every_policy_five_times_in_itself() {
    fn make() -> impl Run<In = u32, Out = u32, Error = BoxError> {
        pipeline! {
            |_: u32|
            circuit < retry < timeout(9s) < catch < seq <
                circuit < retry < timeout(9s) < catch < seq <
                    circuit < retry < timeout(9s) < catch < seq <
                        circuit < retry < timeout(9s) < catch < seq <
                            circuit < retry < timeout(9s) < catch < seq <
                                inc
                                check
                            > > > > >
                        > > > > >
                    > > > > >
                > > > > >
            > > > > >
        }
    }
    assert_eq!(spawned(make(), 1).await, 2);
    assert_eq!(spawned(observed(make()), 1).await, 2);
}

#[test]
fn pipelines_embedded_in_pipelines_ten_deep() {
    let p = pipeline! { |_: u32| inc };
    let p = pipeline! { |_: u32| seq < inc { p } > };
    let p = pipeline! { |_: u32| seq < inc { p } > };
    let p = pipeline! { |_: u32| seq < inc { p } > };
    let p = pipeline! { |_: u32| seq < inc { p } > };
    let p = pipeline! { |_: u32| seq < inc { p } > };
    let p = pipeline! { |_: u32| seq < inc { p } > };
    let p = pipeline! { |_: u32| seq < inc { p } > };
    let p = pipeline! { |_: u32| seq < inc { p } > };
    let p = pipeline! { |_: u32| seq < inc { p } > };
    assert_eq!(at_once(p.run(0)).unwrap(), 10);
    assert_eq!(at_once(p.with_bus(async_orch::bus::from_fn(|_| {})).run(0)).unwrap(), 10);
}
