//! The spans and events of runs that are known, as a subscriber in memory sees them.

use std::collections::HashMap;
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_orch::tracing::TracingBus;
use async_orch::{Context, Run, pipeline, task};
use tokio::time::sleep;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Instrument, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context as Layered, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// What there was: spans in the order of their starts, each with its events.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Entry>>>);

#[derive(Clone)]
struct Entry {
    id: u64,
    /// The place of the span around it.
    parent: Option<usize>,
    title: String,
    fields: Vec<(String, String)>,
    is_closed: bool,
}

#[derive(Default)]
struct Fields(Vec<(String, String)>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.push((field.name().to_owned(), format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name().to_owned(), value.to_owned()));
    }
}

impl Seen {
    fn place(entries: &[Entry], id: &Id) -> Option<usize> {
        entries.iter().position(|entry| entry.id == id.into_u64() && !entry.is_closed)
    }

    /// As a tree: the names of spans, and of events the messages, with some of the fields.
    fn tree(&self, wanted: &[&str]) -> String {
        let entries = self.0.lock().unwrap();
        let mut text = String::new();
        fn draw(entries: &[Entry], parent: Option<usize>, depth: usize, wanted: &[&str], text: &mut String) {
            for (place, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.parent == parent) {
                let fields: Vec<String> = entry
                    .fields
                    .iter()
                    .filter(|(name, _)| wanted.contains(&name.as_str()))
                    .map(|(name, value)| format!(" {name}={value}"))
                    .collect();
                writeln!(text, "{}{}{}", "  ".repeat(depth), entry.title, fields.concat()).unwrap();
                draw(entries, Some(place), depth + 1, wanted, text);
            }
        }
        draw(&entries, None, 0, wanted, &mut text);
        text
    }

    fn field(&self, title: &str, name: &str) -> Option<String> {
        let entries = self.0.lock().unwrap();
        let entry = entries.iter().find(|entry| entry.title == title)?;
        let fields: HashMap<_, _> = entry.fields.iter().cloned().collect();
        fields.get(name).cloned()
    }

    fn open(&self) -> Vec<String> {
        let entries = self.0.lock().unwrap();
        entries.iter().filter(|entry| !entry.is_closed).map(|entry| entry.title.clone()).collect()
    }
}

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for Seen {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: Layered<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let around = cx.span(id).unwrap().parent().map(|parent| parent.id());
        let step = fields.0.iter().find(|(name, _)| name == "step").map(|(_, step)| step.clone());
        let mut entries = self.0.lock().unwrap();
        let parent = around.and_then(|around| Seen::place(&entries, &around));
        let name = attributes.metadata().name();
        let title = step.map_or(name.to_owned(), |step| format!("{name} {step}"));
        entries.push(Entry { id: id.into_u64(), parent, title, fields: fields.0, is_closed: false });
    }

    fn on_record(&self, id: &Id, record: &Record<'_>, _: Layered<'_, S>) {
        let mut fields = Fields::default();
        record.record(&mut fields);
        let mut entries = self.0.lock().unwrap();
        if let Some(place) = Seen::place(&entries, id) {
            entries[place].fields.extend(fields.0);
        }
    }

    fn on_event(&self, event: &tracing::Event<'_>, cx: Layered<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let around = cx.event_span(event).map(|span| span.id());
        let mut entries = self.0.lock().unwrap();
        let parent = around.and_then(|around| Seen::place(&entries, &around));
        let message = fields.0.iter().find(|(name, _)| name == "message").map(|(_, text)| text.clone());
        let title = format!("{} {}", event.metadata().level(), message.unwrap_or_default());
        entries.push(Entry { id: 0, parent, title, fields: fields.0, is_closed: true });
    }

    fn on_close(&self, id: Id, _: Layered<'_, S>) {
        let mut entries = self.0.lock().unwrap();
        if let Some(place) = Seen::place(&entries, &id) {
            entries[place].is_closed = true;
        }
    }
}

/// What this thread does is seen.
fn seen() -> (Seen, DefaultGuard) {
    let seen = Seen::default();
    let guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(seen.clone()));
    (seen, guard)
}

#[task]
async fn fetch(cx: &Context<'_>, n: u32) -> Result<u32, String> {
    tracing::info!("asks for {n}");
    sleep(Duration::from_millis(500)).await;
    async { tracing::info!("has waited") }.instrument(tracing::info_span!("inner")).await;
    if cx.attempt() == 1 { Err("busy".to_owned()) } else { Ok(n) }
}

#[task]
async fn store(cx: &Context<'_>, n: u32) -> u32 {
    cx.note("it is there");
    cx.progress(1, 2);
    n
}

#[tokio::test(start_paused = true)]
async fn the_tree_of_a_known_run() {
    let (seen, _guard) = seen();
    let shop = pipeline! {
        |_: Vec<u32>|
        seq(name = "shop") <
            each(limit = 1) < retry(max_attempts = 2, backoff = constant(1s), jitter = none) < fetch > >
            |fetched| { fetched[0] }
            store
        >
    };
    let shop = shop.with_bus(TracingBus::new());
    shop.run(vec![7]).instrument(tracing::info_span!("request")).await.unwrap();
    assert_eq!(
        seen.tree(&[
            "kind",
            "item",
            "attempt",
            "outcome",
            "elapsed_ms",
            "error",
            "error.kind",
            "delay_ms",
            "about"
        ]),
        "\
request
  block shop kind=seq attempt=1 outcome=succeeded elapsed_ms=2000.0
    block each kind=each attempt=1 outcome=succeeded elapsed_ms=2000.0
      block retry kind=retry item=0 attempt=1 outcome=succeeded elapsed_ms=2000.0
        task fetch kind=task item=0 attempt=1 outcome=failed elapsed_ms=500.0 error=busy error.kind=error
          INFO asks for 7
          inner
            INFO has waited
        WARN retrying `fetch` in 1s, attempt 2 about=retry attempt=2 delay_ms=1000.0
        task fetch kind=task item=0 attempt=2 outcome=succeeded elapsed_ms=500.0
          INFO asks for 7
          inner
            INFO has waited
    task inline kind=inline attempt=1 outcome=succeeded elapsed_ms=0.0
    task store kind=task attempt=1 outcome=succeeded elapsed_ms=0.0
      INFO note: it is there about=note
      DEBUG 1 of 2 about=progress
"
    );
    assert_eq!(seen.open(), [""; 0], "every span is closed");
    assert_eq!(seen.field("task fetch", "path").unwrap(), "shop/each/retry/fetch");
    assert_eq!(seen.field("task fetch", "short_path").unwrap(), "shop/fetch");
    assert_eq!(seen.field("task fetch", "otel.name").unwrap(), "fetch");
    assert_eq!(seen.field("task fetch", "otel.status_code").unwrap(), "ERROR");
    assert_eq!(seen.field("task store", "otel.status_code"), None);
}

#[task(spawn)]
async fn beside(n: u32) -> u32 {
    tracing::info!("beside");
    tokio::task::yield_now().await;
    tracing::info!("and again");
    n
}

#[task(blocking)]
fn compute(n: u32) -> u32 {
    let _own = tracing::info_span!("own").entered();
    tracing::info!("blocks");
    n
}

#[test]
fn logs_of_spawned_and_blocking_tasks_hang_under_their_steps() {
    let seen = Seen::default();
    // Of the process, as it is in a program: they run on other threads.
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(seen.clone())).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let work =
        pipeline! { |n: u32| par(name = "work") < beside(*n) compute(*n) > }.with_bus(TracingBus::new());
    runtime.block_on(work.run(1)).unwrap();
    // Threads that are done let their spans go.
    drop(runtime);
    let of = |name: &str| {
        let tree = seen.tree(&[]);
        let from = tree.find(&format!("  task {name}\n")).expect(name);
        let rest = &tree[from + 2..];
        let end = rest[1..].find("\n  task").map_or(rest.len(), |end| end + 2);
        rest[..end].to_owned()
    };
    assert!(seen.tree(&[]).starts_with("block work\n"), "{}", seen.tree(&[]));
    assert_eq!(of("beside"), "task beside\n    INFO beside\n    INFO and again\n");
    assert_eq!(of("compute"), "task compute\n    own\n      INFO blocks\n");
    assert_eq!(seen.open(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn siblings_that_take_turns_each_have_their_own_logs() {
    let (seen, _guard) = seen();
    let both = pipeline! {
        par(name = "both") <
            async |()| { tracing::info!("a1"); sleep(Duration::from_secs(1)).await; tracing::info!("a2") } as "a"
            async |()| { tracing::info!("b1"); sleep(Duration::from_secs(1)).await; tracing::info!("b2") } as "b"
        >
    };
    both.with_bus(TracingBus::new()).run(()).await.unwrap();
    assert_eq!(
        seen.tree(&[]),
        "block both\n  task a\n    INFO a1\n    INFO a2\n  task b\n    INFO b1\n    INFO b2\n"
    );
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_and_one_that_panics_close_their_spans() {
    let (seen, _guard) = seen();
    let stuck =
        pipeline! { seq(name = "stuck") < async |()| { std::future::pending::<()>().await } as "wait" > };
    let stuck = stuck.with_bus(TracingBus::new());
    {
        let mut run = Box::pin(stuck.run(()));
        tokio::select! {
            biased;
            _ = &mut run => {}
            () = sleep(Duration::from_secs(3)) => {}
        }
    }
    let loud = pipeline! {
        seq(name = "loud") <
            catch < async |()| { panic!("boom") } as "shout" >
            |()| { tracing::info!("after") }
        >
    };
    assert!(loud.with_bus(TracingBus::new()).run(()).await.is_err());
    tracing::info!("outside of all");
    assert_eq!(
        seen.tree(&["outcome", "elapsed_ms", "error.kind"]),
        "\
block stuck outcome=cancelled elapsed_ms=3000.0
  task wait outcome=cancelled elapsed_ms=3000.0
block loud outcome=failed elapsed_ms=0.0 error.kind=panicked
  block catch outcome=failed elapsed_ms=0.0 error.kind=panicked
    task shout outcome=failed elapsed_ms=0.0 error.kind=panicked
INFO outside of all
"
    );
    assert_eq!(seen.open(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn circuits_tell_their_changes() {
    let (seen, _guard) = seen();
    let guarded = pipeline! { |_: u32| circuit(fail_max = 1, reset_timeout = 1s) < fetch > };
    let guarded = guarded.with_bus(TracingBus::new());
    assert!(guarded.run(1).await.is_err());
    assert!(guarded.run(1).await.is_err());
    let events = seen.tree(&["old_state", "new_state", "failures", "rejected"]);
    let events: Vec<&str> = events.lines().map(str::trim).filter(|line| line.starts_with("WARN")).collect();
    assert_eq!(
        events,
        [
            "WARN closed -> open, tripped by failure 1 old_state=closed new_state=open failures=1 rejected=false",
            "WARN rejected, open old_state=open new_state=open failures=1 rejected=true",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_span_that_is_not_wanted_leaves_its_place_to_what_is_around() {
    let seen = Seen::default();
    let only_tasks = tracing_subscriber::filter::filter_fn(|metadata| metadata.name() != "block");
    let _guard = tracing::subscriber::set_default(
        tracing_subscriber::registry().with(seen.clone().with_filter(only_tasks.clone())).with(only_tasks),
    );
    let shop =
        pipeline! { |_: u32| seq(name = "shop") < retry < |n| { tracing::info!("here"); n } as "step" > > };
    shop.with_bus(TracingBus::new()).run(1).instrument(tracing::info_span!("request")).await.unwrap();
    assert_eq!(seen.tree(&["outcome"]), "request\n  task step outcome=succeeded\n    INFO here\n");
}

#[tokio::test(start_paused = true)]
async fn every_bus_around_it_lets_the_spans_through() {
    use async_orch::bus::{DynBus, NoBus, filter, from_fn, sample};
    let logs = pipeline! { |_: u32| |n| { tracing::info!("here"); n } as "step" };
    async fn check<B: async_orch::Bus>(logs: impl Run<In = u32>, bus: B) {
        let (seen, _guard) = seen();
        let _ = logs.with_bus(bus).run(1).await;
        assert_eq!(seen.tree(&[]), "task step\n  INFO here\n");
    }
    check(&logs, &TracingBus::new()).await;
    check(&logs, Arc::new(TracingBus::new())).await;
    check(&logs, Box::new(TracingBus::new())).await;
    check(&logs, Arc::new(TracingBus::new()) as Arc<dyn DynBus>).await;
    check(&logs, Some(TracingBus::new())).await;
    check(&logs, (NoBus, TracingBus::new())).await;
    check(&logs, (from_fn(|_| {}), TracingBus::new(), None::<TracingBus>)).await;
    check(&logs, filter(|_| true, TracingBus::new())).await;
    check(&logs, sample(1.0, TracingBus::new())).await;

    // Two of them are both entered, the second one within the first.
    let (seen, _guard) = seen();
    (&logs).with_bus((TracingBus::new(), TracingBus::new())).run(1).await.unwrap();
    assert_eq!(seen.tree(&[]), "task step\ntask step\n  INFO here\n");
}
