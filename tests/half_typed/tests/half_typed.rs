//! While a pipeline is typed, little is said, and where one types.
//!
//! It compiles more than a thousand programs, so the gate runs it and `cargo test --workspace` does not:
//! `cargo test -p half-typed -- --ignored --nocapture`.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use half_typed::{Bench, Fixture, Said, Text};

fn fixtures() -> [Fixture; 6] {
    macro_rules! fixture {
        ($name:literal) => {
            Fixture::new($name, include_str!(concat!("../pipelines/", $name, ".rs")))
        };
    }
    [
        fixture!("ingest"),
        fixture!("crawl"),
        fixture!("settings"),
        fixture!("checkout"),
        fixture!("gateway"),
        fixture!("agent"),
    ]
}

/// One at a time: what cargo takes for built already is not certain where two crates of one name are built in one folder.
fn bench() -> (Bench, MutexGuard<'static, ()>) {
    static ONE: Mutex<()> = Mutex::new(());
    let one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("half_typed");
    (Bench::new(&target).unwrap_or_else(|error| panic!("{error}")), one)
}

fn errors(bench: &Bench, texts: &[Text]) -> Vec<Vec<Said>> {
    bench.errors(texts).unwrap_or_else(|error| panic!("{error}"))
}

/// How many of these texts are told how much.
#[derive(Debug, Default)]
struct Shares {
    /// With an error at all: without a token there may be a pipeline too.
    texts: usize,
    few: usize,
    near: usize,
}

impl Shares {
    fn of(texts: &[Text], errors: &[Vec<Said>]) -> Self {
        let mut shares = Shares::default();
        for (text, said) in texts.iter().zip(errors).filter(|(_, said)| !said.is_empty()) {
            let nearest = said.iter().map(|said| text.distance(&said.place)).min().unwrap_or(usize::MAX);
            shares.texts += 1;
            shares.few += usize::from(said.len() <= 2);
            shares.near += usize::from(nearest <= 3);
            if (said.len() > 2 || nearest > 3) && std::env::var_os("SHOW").is_some() {
                println!("---- {}: {} errors, the nearest {nearest} tokens off", text.name, said.len());
                println!(
                    "{}",
                    text.text
                        .lines()
                        .skip_while(|line| !line.contains("pipeline!"))
                        .collect::<Vec<_>>()
                        .join("\n")
                );
                for said in said {
                    println!("{}", said.rendered);
                }
            }
        }
        shares
    }

    fn percent(part: usize, whole: usize) -> f64 {
        100.0 * part as f64 / whole as f64
    }

    /// Prints the shares, and asks for so many percent.
    fn keep(&self, what: &str, few: f64, near: f64) {
        let is_few = Self::percent(self.few, self.texts);
        let is_near = Self::percent(self.near, self.texts);
        println!(
            "{what}: {} texts, at most two errors in {is_few:.1} %, one within three tokens in {is_near:.1} %",
            self.texts
        );
        assert!(is_few >= few && is_near >= near, "{what}: asked are {few} % and {near} %");
    }
}

#[test]
#[ignore = "compiles more than a thousand programs"]
fn little_is_said_and_near() {
    let ((bench, _one), fixtures) = (bench(), fixtures());
    let whole: Vec<Text> = fixtures.iter().map(Fixture::whole).collect();
    for (text, said) in whole.iter().zip(errors(&bench, &whole)) {
        assert!(said.is_empty(), "{}: {}", text.name, said[0].rendered);
    }
    println!("tokens: {:?}", fixtures.iter().map(Fixture::length).collect::<Vec<_>>());

    let cuts: Vec<Text> = fixtures.iter().flat_map(Fixture::cuts).collect();
    let deletions: Vec<Text> = fixtures.iter().flat_map(Fixture::deletions).collect();
    let (of_cuts, of_deletions) = (errors(&bench, &cuts), errors(&bench, &deletions));

    // Each but the last of each pipeline, which is all of it.
    assert_eq!(of_cuts.iter().filter(|said| said.is_empty()).count(), fixtures.len());
    for said in of_cuts.iter().chain(&of_deletions).flatten() {
        for internal in ["orch_core", "__private", "macro expansion ignores"] {
            assert!(!said.message.contains(internal), "{}", said.rendered);
        }
    }
    Shares::of(&cuts, &of_cuts).keep("cuts", 97.0, 95.0);
    Shares::of(&deletions, &of_deletions).keep("deletions", 90.0, 85.0);
}

/// All at once gives what each alone gives.
#[test]
#[ignore = "compiles many programs"]
fn together_as_alone() {
    let ((bench, _one), fixtures) = (bench(), fixtures());
    let texts: Vec<Text> = fixtures
        .iter()
        .flat_map(|fixture| fixture.cuts().into_iter().chain(fixture.deletions()))
        .step_by(97)
        .collect();
    let together = errors(&bench, &texts);
    for (text, together) in texts.into_iter().zip(together) {
        let name = text.name.clone();
        let alone = errors(&bench, &[text]).remove(0);
        // Some messages name the module.
        let places = |said: &[Said]| said.iter().map(|said| said.place.clone()).collect::<Vec<_>>();
        assert_eq!(places(&alone), places(&together), "{name}");
    }
}

/// What is measured can fail: a compiler that blames the end of the text, and one that says three things.
#[test]
fn far_and_many_are_found() {
    let [fixture, ..] = fixtures();
    let cuts = fixture.cuts();
    let said =
        |place: usize| Said { message: String::new(), rendered: String::new(), place: place..place + 1 };
    let at_the_start: Vec<_> = cuts.iter().map(|_| vec![said(0)]).collect();
    let far = Shares::of(&cuts, &at_the_start);
    assert!(far.near < 5 && far.few == far.texts, "{far:?}");
    let three: Vec<_> = cuts.iter().map(|text| vec![said(text.place), said(0), said(0)]).collect();
    let many = Shares::of(&cuts, &three);
    assert!(many.few == 0 && many.near == many.texts, "{many:?}");
}
