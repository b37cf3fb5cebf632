// Read by `graph.rs` twice: as code, and as text.
vec![
    pipeline! { |_: u32| fetch }.graph(),
    pipeline! {
        |_: Vec<u32>|
        seq(name = "report") <
            each(limit = 8, settle) < timeout(2s) < fetch > >
            |all| { all.into_iter().flatten().collect::<Vec<u32>>() } as "kept"
            let kept = _
            async |_| { kept.len() as u32 }
            circuit(fail_max = 5, reset_timeout = exponential(30s, 2), ignore = |e| e.attempts() > 7) <
                retry(
                    max_attempts = unlimited,
                    backoff = exponential(100ms),
                    max_delay = 1.5s,
                    jitter = full
                ) < tasks::save(_) >
            >
        >
    }
    .graph(),
    pipeline! {
        |n: u32|
        choose(*n) <
            0 => |_| { 0 },
            k if (*k > 9) => seq < fetch(*k) fetch as "again" >
            1 | 2 => race < fetch(1) hedge(50ms, max_attempts = 3) < fetch(2) > >
            _ => fallback(when = |e| !e.is_retryable()) < fetch(*n) r#catch(3) >
        >
    }
    .graph(),
    pipeline! {
        |_: u32|
        saga(name = "order") <
            let paid = fetch undo tasks::save(_)
            par(limit = 2) < fetch(*paid) finally seq < fetch(1) fetch > |_| { 7_u32 } >
            |(a, _)| { a } undo |_| {}
            catch < bulkhead(max = 10, queue = 50) < throttle(rate = 100, burst = 10) < fetch > > >
        >
    }
    .graph(),
    pipeline! {
        |_: u32|
        seq <
            when(|n| *n > 1024) < fetch >
            repeat(max_rounds = 5, backoff = constant(1s)) <
                |n| { std::ops::ControlFlow::<u32, u32>::Break(n) }
            >
            settle(name = "quiet") < parse::<u32> >
        >
    }
    .graph(),
    pipeline! { let limit = 3; |_: Vec<u32>| each(limit = *limit) < seq(collect) < fetch fetch > > }.graph(),
]
