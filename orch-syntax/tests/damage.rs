//! Nine programs with every form of the language, cut off after each token, and without each of them: nothing panics or stands still, and
//! few mistakes are told of one.

use std::str::FromStr;

use orch_syntax::{parse, validate};
use proc_macro2::{Group, TokenStream, TokenTree};

const PROGRAMS: [&str; 9] = [
    // Pages.
    "
    |_: (u32, Vec<Item>)|
    repeat(max_rounds = 100, backoff = constant(1s), jitter = none) <
        let (cursor, seen) = _
        retry(max_attempts = 3, backoff = exponential(100ms), when = |e| e.is::<Busy>()) <
            timeout(2s) <
                fetch(client.clone(), *cursor)
            >
        >
        |(items, next)| {
            let seen = [seen.as_slice(), &items].concat();
            match next {
                Some(next) => Continue((next, seen)),
                None => Break(seen),
            }
        }
    >
    ",
    // An order.
    "
    error = OrderError;
    let bank = bank.clone();
    move |order: Order|
    saga(name = \"checkout\") <
        lock_order(root.clone(), order.id) finally unlock
        let key = |_| { format!(\"order-{}\", order.id) }
            undo retry(rejections, max_attempts = unlimited, max_delay = 30s) < void(bank.clone(), key.clone()) >
        timeout(200ms) < charge(bank.clone(), key.clone(), order.cents) >
        par(limit = 2) <
            reserve(order.item) undo put_back(_)
            seq < notify(order.id) undo |_| { println!(\"{}\", order.id) } >
        >
        let item = reserve(order.item) undo seq < put_back |_| {} >
        saga <
            label(order.id) undo tear(_)
            ship(item.clone())
        >
    >
    ",
    // Branches.
    "
    |request: Request|
    seq <
        let user = load(request.user)
        choose(user.role) <
            Role::Admin { level } if (*level > 3) => seq <
                audit(user.id)
                grant(*level)
            >
            Role::Admin { .. } | Role::Owner => grant(1),
            Role::Guest => |_| { 0 },
            _ => deny
        >
        when(|level| *level > 0) < record(_) >
        choose(request.kind.as_str()) <
            \"get\" => read(request.id),
            \"put\" => when(user.may_write) < write(request.id) >,
            other => |_| { unknown(other) } as \"unknown\",
        >
    >
    ",
    // A gateway.
    "
    let client = client;
    move |request: Request|
    bulkhead(bulkhead = &places, name = \"serve\") <
        throttle(limiter = tenants.get(&request.tenant), cost = request.weight) <
            let upstream = |_| { upstreams[request.item % 3] }
            fallback(when = |e| !e.is::<NotFound>()) <
                seq <
                    circuit(breaker = breakers.get(upstream)) <
                        hedge(40ms, max_attempts = 2) <
                            timeout(250ms) < fetch(client.clone(), *upstream, request.item) >
                        >
                    >
                    keep(cache.clone(), request.item, _)
                >
                cached(cache.clone(), request.item)
            >
        >
    >
    ",
    // Streams.
    "
    |_: BoxStream<'static, Line>|
    each(stream, limit = 16) <
        let line = _
        throttle(rate = 100, per = 1s, burst = 10, max_wait = 5s) <
            settle <
                retry(max_attempts = 5, jitter = full) <
                    store(line.text.clone(), _)
                >
            >
        >
        choose(|stored| stored.is_ok()) <
            true => |_| {}
            false => seq <
                |stored| { stored.err() }
                report(line.number, _)
            >
        >
    >
    ",
    // An agent.
    "
    error = AgentError;
    |question: Question|
    seq(name = \"agent\", collect) <
        |_| { vec![question.text.clone()] }
        timeout(question.patience) <
            repeat(max_rounds = 8) <
                async |talk, cx| {
                    let answer = cx.run(&model, talk).await?;
                    cx.note(format!(\"turn {}\", cx.round()));
                    Ok(answer)
                } as \"model\"
                choose(|answer| answer.stop) <
                    Stop::Tool(call) => seq < { tools.clone() } |result| { Continue(result) } >,
                    Stop::End => |answer| { Break(answer) },
                >
            >
        >
        |answer, cx| { cx.progress(1, Some(1)); answer }
    >
    ",
    // Races.
    "
    move |key: u64|
    race <
        seq < local(key) |found| { found.ok_or(\"not here\") } >
        hedge(10ms) < replica(addresses[0], key) >
        seq <
            async |_| { sleep(Duration::from_millis(50)).await }
            circuit(fail_max = 3, reset_timeout = 30s, probes = 2, wait, ignore = |e| e.is::<NotFound>()) <
                bulkhead(max = 10, queue = 50, max_wait = 1s) < origin::<Bytes>(key) >
            >
        >
    >
    ",
    // Conditions and embedded pipelines.
    "
    crate = crate::orch;
    |_: Vec<Url>|
    seq <
        #[cfg(feature = \"trace\")]
        log
        each(limit = 4, settle) <
            #[cfg(not(test))]
            { polite(delay) }
            catch < spawned::fetch as \"fetch\" >
        >
        |results| { results.into_iter().filter_map(Result::ok).collect::<Vec<_>>() }
        let (pages, errors): (Vec<Page>, usize) = par < { index } count >
        when(*errors > 0) < alarm(*errors) >
        |_| { pages.len() }
    >
    ",
    // Nested and in a line.
    "
    |n: u32|
    par(settle) <
        a(*n), b::c(*n) as \"c\", |_| { n + 1 }
        seq < d let e = _ f(*e, 1..=3) > retry < circuit < timeout(5s) < g > > >
        fallback < h(*n) catch < i > |_| { 0 } > seq < v each < j > > race < k l >
        saga < m undo n o finally p(_) q > when(n > 3) < r(*n) >
        choose((*n, x)) < (0, _) => s, (1..=9, Some(y)) => t(*y), _ => u >
        throttle(limiter = &v) < w > bulkhead(max = 3) < repeat < y > >
    >
    ",
];

/// How many mistakes are told of a text.
fn mistakes(tokens: TokenStream) -> usize {
    let mut parsed = parse(tokens);
    validate(&mut parsed);
    parsed.errors.len()
}

/// The text without one of its tokens, for each of them, those in parentheses and braces included.
fn without_each(tokens: &[TokenTree]) -> Vec<TokenStream> {
    let mut texts = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let around = |between: Option<TokenTree>| {
            let (before, after) = (&tokens[..index], &tokens[index + 1..]);
            before.iter().cloned().chain(between).chain(after.iter().cloned()).collect::<TokenStream>()
        };
        texts.push(around(None));
        if let TokenTree::Group(group) = token {
            let content: Vec<TokenTree> = group.stream().into_iter().collect();
            for damaged in without_each(&content) {
                let mut inner = Group::new(group.delimiter(), damaged);
                inner.set_span(group.span());
                texts.push(around(Some(inner.into())));
            }
        }
    }
    texts
}

fn tokens(program: &str) -> Vec<TokenTree> {
    TokenStream::from_str(program).expect("the program consists of tokens").into_iter().collect()
}

#[test]
fn the_programs_are_sound() {
    for program in PROGRAMS {
        let lines = program.trim().lines().count();
        assert!((8..=40).contains(&lines), "{lines} lines");
        let mut parsed = parse(tokens(program).into_iter().collect());
        validate(&mut parsed);
        let found: Vec<String> =
            parsed.errors.iter().map(|mistake| format!("{:?} {mistake}", mistake.start())).collect();
        assert!(found.is_empty(), "{program}{found:#?}");
    }
}

/// What the shares are is told by `cargo test -p orch-syntax --test damage -- --nocapture`. They may rise.
#[test]
fn a_damaged_program_is_few_mistakes() {
    let (mut prefixes, mut gaps) = ([0_usize; 4], [0_usize; 4]);
    for program in PROGRAMS {
        let tokens = tokens(program);
        for end in 1..tokens.len() {
            prefixes[mistakes(tokens[..end].iter().cloned().collect()).min(3)] += 1;
        }
        for text in without_each(&tokens) {
            gaps[mistakes(text).min(3)] += 1;
        }
    }
    for (what, counts, least) in [("cut off", prefixes, 99.0), ("without one token", gaps, 97.0)] {
        let texts: usize = counts.iter().sum();
        let share = 100.0 * (texts - counts[3]) as f64 / texts as f64;
        println!(
            "{what}: {texts} texts, {counts:?} with 0, 1, 2 and more mistakes; {share:.1} % with at most two"
        );
        assert!(share >= least, "{what}: {share:.1} %");
    }
}
