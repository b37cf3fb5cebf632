//! The screen that a run leads to.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_orch::{Context, Run, pipeline, task};
use indicatif::{InMemoryTerm, TermLike};
use tokio::time::{Instant, sleep};

use super::ProgressBus;

/// A bus that draws on a terminal in memory, by the paused clock and when it is asked to.
fn on(term: &InMemoryTerm) -> Arc<ProgressBus> {
    Arc::new(ProgressBus::tree(term.clone(), false, None, Box::new(|| Instant::now().into_std())))
}

#[task]
async fn read(n: u32) -> u32 {
    sleep(Duration::from_secs(1)).await;
    n
}

#[task]
async fn fetch(n: u32) -> Result<u32, String> {
    sleep(Duration::from_secs(u64::from(n) + 1)).await;
    if n % 4 == 3 { Err(format!("no\r\nrecord {n}")) } else { Ok(n) }
}

#[task]
async fn copy(cx: &Context<'_>, items: Vec<u32>) -> usize {
    cx.note("to the \u{1b}[31marchive");
    cx.progress(3, 12);
    cx.sleep(Duration::from_secs(9)).await;
    items.len()
}

/// What is on the screen `after` so long.
async fn screen_after<P: Run>(
    pipeline: P,
    input: P::In,
    after: Duration,
    (rows, columns): (u16, u16),
) -> (String, InMemoryTerm) {
    let term = InMemoryTerm::new(rows, columns);
    let bus = on(&term);
    let pipeline = pipeline.with_bus(bus.clone());
    let mut run = Box::pin(pipeline.run(input));
    tokio::select! {
        biased;
        _ = &mut run => panic!("it was over before"),
        () = sleep(after) => bus.draw(),
    }
    let screen = term.contents();
    let _ = run.await;
    drop(pipeline);
    (screen, term)
}

#[tokio::test(start_paused = true)]
async fn a_tree_shows_items_attempts_waits_and_what_is_done() {
    let crawl = pipeline! {
        |_: Vec<u32>|
        seq(name = "crawl") <
            |ids| { ids } as "plan"
            each(limit = 3) <
                settle < retry(max_attempts = 2, backoff = constant(10s), jitter = none) < fetch > >
            >
            |results| { results.len() }
        >
    };
    let (screen, term) = screen_after(crawl, (0..9).collect(), Duration::from_millis(4_500), (20, 80)).await;
    // 0 took one second, 1 two, 2 three; 3 begins at 1s and fails at 5s, 4 at 2s, 5 at 3s.
    assert_eq!(
        screen,
        "• crawl  4.5s\n\
         ├─ ✓ plan  0.0s\n\
         └─ • each  ██████░░░░░░░░░░░░░░ 3/9  0.7/s  9s left\n\
        \x20  ├─ • fetch[3]  3.5s\n\
        \x20  ├─ • fetch[4]  2.5s\n\
        \x20  └─ • fetch[5]  1.5s"
    );
    assert_eq!(term.contents(), "✓ crawl  35.0s: 13 steps, 4 failures, 2 retries");
}

#[tokio::test(start_paused = true)]
async fn a_step_that_waits_for_its_next_attempt_says_why_and_how_long() {
    let crawl = pipeline! {
        |_: Vec<u32>|
        each < settle < retry(max_attempts = 2, backoff = constant(10s), jitter = none) < fetch > > >
    };
    let (screen, _) = screen_after(crawl, vec![3], Duration::from_secs(6), (20, 80)).await;
    assert_eq!(
        screen,
        "• each  ░░░░░░░░░░░░░░░░░░░░ 0/1\n\
         └─ ↻ fetch[0]  attempt 2 in 8.0s: no  record 3"
    );
    let crawl = pipeline! {
        |_: Vec<u32>|
        each < settle < retry(max_attempts = 2, backoff = constant(10s), jitter = none) < fetch > > >
    };
    let (screen, _) = screen_after(crawl, vec![3], Duration::from_secs(15), (20, 80)).await;
    assert_eq!(
        screen,
        "• each  ░░░░░░░░░░░░░░░░░░░░ 0/1\n\
         └─ • fetch[0]  1.0s  attempt 2"
    );
}

#[tokio::test(start_paused = true)]
async fn a_step_with_a_context_shows_its_note_and_how_far_it_is() {
    let backup = pipeline! { |_: Vec<u32>| seq(name = "backup") < copy > };
    let (screen, term) = screen_after(backup, vec![1], Duration::from_secs(6), (20, 80)).await;
    assert_eq!(
        screen,
        "• backup  6.0s\n\
         └─ • copy  █████░░░░░░░░░░░░░░░ 3/12  0.5/s  18s left  to the  [31marchive"
    );
    assert_eq!(term.contents(), "✓ backup  9.0s: 1 step");
}

#[tokio::test(start_paused = true)]
async fn it_is_never_higher_or_wider_than_the_terminal() {
    let wide = || pipeline! { |_: Vec<u32>| seq(name = "a long name for something small") < each < read > > };
    let (screen, _) = screen_after(wide(), (0..500).collect(), Duration::from_millis(500), (8, 30)).await;
    let lines: Vec<&str> = screen.lines().collect();
    assert_eq!(lines.len(), 7, "{screen}");
    assert_eq!(lines[0], "• a long name for something s…");
    assert_eq!(
        lines[2..],
        [
            "   ├─ • read[0]  0.5s",
            "   ├─ • read[1]  0.5s",
            "   ├─ • read[2]  0.5s",
            "   ├─ • read[3]  0.5s",
            "   └─ … 496 more"
        ]
    );

    let (screen, _) = screen_after(wide(), (0..500).collect(), Duration::from_millis(500), (2, 10)).await;
    assert_eq!(screen.lines().count(), 1, "{screen}");
}

#[tokio::test(start_paused = true)]
async fn of_a_run_that_fails_the_error_is_left() {
    let guarded = pipeline! {
        |_: Vec<u32>|
        seq(name = "guarded") <
            each(limit = 1) < settle < circuit(fail_max = 1, reset_timeout = 1h) < fetch > > >
            read(1)
            |_| { Err::<(), _>("there is\nnothing to do") } as "report"
        >
    };
    let (screen, term) = screen_after(guarded, vec![3, 0, 1], Duration::from_millis(4_500), (20, 120)).await;
    assert!(screen.ends_with("circuit is open, 1 failure in a row, 2 runs turned away"), "{screen}");
    assert_eq!(
        term.contents(),
        "✗ guarded  5.0s: 3 steps, 2 failures, 1 circuit opened; step `guarded/report` failed: there is nothing to do"
    );
}

#[tokio::test(start_paused = true)]
async fn a_circuit_that_is_open_stays_on_the_screen() {
    let breaker = async_orch::Breaker::builder().fail_max(1).build();
    let guarded = pipeline! {
        |_: Vec<u32>|
        seq(name = "guarded") <
            par <
                each(limit = 1) < settle < circuit(breaker = &breaker) < fetch > > >
                |_| {} as "nothing"
            >
            async |_| { sleep(Duration::from_secs(5)).await } as "rest"
        >
    };
    let (screen, _) = screen_after(guarded, vec![3, 0, 1], Duration::from_secs(6), (20, 100)).await;
    assert_eq!(
        screen,
        "• guarded  6.0s\n\
         ├─ ✓ par  4.0s\n\
         └─ • rest  2.0s\n\
         ⚡ guarded/par/each/settle/circuit is open, 1 failure in a row, 2 runs turned away"
    );
}

#[tokio::test(start_paused = true)]
async fn runs_at_once_have_a_tree_each_and_one_that_is_dropped_is_cancelled() {
    let term = InMemoryTerm::new(20, 80);
    let bus = on(&term);
    let waiting = pipeline! { |_: u32| seq(name = "wait") < read read > };
    let waiting = (&waiting).with_bus(bus.clone());
    let mut first = Box::pin(waiting.run_as("first", 1));
    let mut second = Box::pin(waiting.run_as("second\n", 1));
    tokio::select! {
        biased;
        _ = &mut first => {}
        _ = &mut second => {}
        () = sleep(Duration::from_millis(1_500)) => {}
    }
    bus.draw();
    assert_eq!(
        term.contents(),
        "• wait first  1.5s\n├─ ✓ read  1.0s\n└─ • read  0.5s\n\
         • wait second   1.5s\n├─ ✓ read  1.0s\n└─ • read  0.5s"
    );
    bus.suspend(|| assert_eq!(term.contents(), "", "the terminal is free"));
    drop(second);
    first.await.unwrap();
    assert_eq!(term.contents(), "– wait second   1.5s: 1 step, cancelled\n✓ wait first  2.0s: 2 steps");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_terminal_there_are_lines() {
    let log = Log::default();
    let crawl = pipeline! {
        |_: Vec<u32>|
        seq(name = "crawl") <
            copy
            |n| { (0..n as u32 * 5).collect::<Vec<_>>() }
            each(limit = 1) <
                settle <
                    circuit(fail_max = 9) <
                        retry(max_attempts = 2, backoff = constant(10s), jitter = none) < fetch >
                    >
                >
            >
        >
    };
    crawl.with_bus(ProgressBus::lines_to(log.clone())).run(vec![1]).await.unwrap();
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(
        log.lines().collect::<Vec<_>>(),
        [
            "crawl: started",
            "crawl/copy: to the  [31marchive",
            "crawl/copy: 3 of 12",
            "crawl/each: 1 of 5, 1.0/s, 4s left",
            "crawl/each: 2 of 5, 0.7/s, 5s left",
            "crawl/each: 3 of 5, 0.5/s, 4s left",
            "crawl/each/settle/circuit/retry[3]: attempt 2 at `fetch` in 10.0s, after: no  record 3",
            "crawl/each: 4 of 5, 0.2/s, 6s left",
            "crawl/each: 5 of 5, 0.2/s",
            "✓ crawl  38.0s: 8 steps, 2 failures, 1 retry",
        ]
    );
}

#[test]
fn while_nothing_happens_it_is_drawn_all_the_same() {
    let term = InMemoryTerm::new(20, 80);
    let bus = ProgressBus::on(term.clone());
    let (go, gone) = tokio::sync::oneshot::channel::<()>();
    let gone = Mutex::new(Some(gone));
    let stuck = pipeline! {
        seq(name = "stuck") <
            async |()| { let gone = gone.lock().unwrap().take(); gone.unwrap().await.unwrap() } as "wait"
        >
    };
    let stuck = stuck.with_bus(bus);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    std::thread::scope(|threads| {
        threads.spawn(|| runtime.block_on(stuck.run(())).unwrap());
        // The run stands still until it has been seen at two times.
        let wait = |is_seen: &dyn Fn(&str) -> bool| loop {
            let screen = term.contents();
            if screen.contains("└─ • wait  ") && is_seen(&screen) {
                return screen;
            }
            std::thread::yield_now();
        };
        let first = wait(&|_| true);
        wait(&|screen| screen.lines().last() != first.lines().last());
        go.send(()).unwrap();
    });
    let left = term.contents();
    assert!(left.starts_with("✓ stuck  0.") && left.ends_with("s: 1 step"), "{left}");
}

/// A terminal that wraps its lines anew when it is made narrower, as those of today do.
#[derive(Clone, Debug)]
struct Window(Arc<Mutex<InMemoryTerm>>);

impl Window {
    fn narrow(&self, columns: u16) {
        let mut term = self.0.lock().unwrap();
        let text = term.contents();
        *term = InMemoryTerm::new(20, columns);
        term.write_str(&text.replace('\n', "\r\n")).unwrap();
    }
}

macro_rules! as_the_terminal {
    ($($name:ident($($argument:ident: $type:ty)?) -> $result:ty),*) => {$(
        fn $name(&self, $($argument: $type)?) -> $result {
            self.0.lock().unwrap().$name($($argument)?)
        }
    )*};
}

impl TermLike for Window {
    as_the_terminal! {
        width() -> u16,
        height() -> u16,
        move_cursor_up(rows: usize) -> io::Result<()>,
        move_cursor_down(rows: usize) -> io::Result<()>,
        move_cursor_right(columns: usize) -> io::Result<()>,
        move_cursor_left(columns: usize) -> io::Result<()>,
        write_line(text: &str) -> io::Result<()>,
        write_str(text: &str) -> io::Result<()>,
        clear_line() -> io::Result<()>,
        flush() -> io::Result<()>
    }
}

#[tokio::test(start_paused = true)]
async fn a_terminal_may_be_made_narrower_and_wider() {
    let window = Window(Arc::new(Mutex::new(InMemoryTerm::new(20, 80))));
    let screen = || window.0.lock().unwrap().contents();
    window.write_line("before").unwrap();
    let clock = Box::new(|| Instant::now().into_std());
    let bus = Arc::new(ProgressBus::tree(window.clone(), false, None, clock));
    let read_all =
        pipeline! { |_: Vec<u32>| seq(name = "a name of more than thirty letters") < each < read > > };
    let read_all = read_all.with_bus(bus.clone());
    let mut run = Box::pin(read_all.run(vec![1]));
    tokio::select! {
        biased;
        _ = &mut run => {}
        () = sleep(Duration::from_millis(100)) => {}
    }
    bus.draw();
    let wide = "before\n\
        • a name of more than thirty letters  0.1s\n\
        └─ • each  ░░░░░░░░░░░░░░░░░░░░ 0/1\n\
       \x20  └─ • read[0]  0.1s";
    assert_eq!(screen(), wide);
    window.narrow(24);
    assert_eq!(screen().lines().count(), 6, "{}", screen());
    bus.draw();
    assert_eq!(screen(), "before\n• a name of more than t…\n└─ • each  ░░░░░░░░░░░░…\n   └─ • read[0]  0.1s");
    window.narrow(80);
    bus.draw();
    assert_eq!(screen(), wide);
    drop(run);
    assert_eq!(screen(), "before\n– a name of more than thirty letters  0.1s: 0 steps, cancelled");
}
