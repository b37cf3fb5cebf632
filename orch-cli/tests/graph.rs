//! The graph that is read off a text is the one that the pipeline gives.

use std::fmt::Write as _;

use async_orch::{Graph, pipeline, task};
use orch_cli::Source;
use orch_cli::find::find;

const TEXT: &str = include_str!("pipelines/all.rs");

#[task]
async fn fetch(id: u32) -> std::io::Result<u32> {
    Ok(id)
}

#[task]
fn parse<T: Send + From<u32> + 'static>(n: u32) -> T {
    T::from(n)
}

#[task]
async fn r#catch(id: u32) -> u32 {
    id
}

mod tasks {
    use async_orch::task;

    #[task]
    pub(crate) async fn save(_n: u32) -> std::io::Result<u32> {
        Ok(1)
    }
}

fn built() -> Vec<Graph> {
    include!("pipelines/all.rs")
}

fn read(text: &str) -> Vec<Graph> {
    let source = Source::read("orch-cli/tests/pipelines/all.rs", text).expect("tokens");
    let found = find(&source, &["pipeline".to_owned()]);
    found.iter().map(|found| orch_cli::graph::graph(&source, found).expect("a pipeline")).collect()
}

/// All that a graph knows of its steps, a line each.
fn table(graph: &Graph) -> String {
    let mut table = String::new();
    for node in graph.nodes() {
        let place = node.place();
        writeln!(
            table,
            "{} {} {:?} {:?} {} {} {:?} {:?} {} {}:{}",
            node.index(),
            node.depth(),
            node.parent(),
            node.kind(),
            node.path(),
            node.short_path(),
            node.arm(),
            node.options(),
            node.repetition(),
            place.line,
            place.column,
        )
        .expect("a string");
    }
    table
}

#[test]
fn what_is_read_is_what_is_built() {
    let (built, read) = (built(), read(TEXT));
    assert_eq!(built.len(), read.len());
    for (built, read) in built.iter().zip(&read) {
        assert_eq!(table(built), table(read));
        assert_eq!(built.to_string(), read.to_string());
        assert_eq!(built.to_mermaid(), read.to_mermaid());
        assert_eq!(built.to_dot(), read.to_dot());
        assert_eq!(built.to_svg(), read.to_svg());
        // The place of an expansion has the path that the compiler was given.
        let file = "orch-cli/tests/pipelines/all.rs";
        let place = built.nodes()[0].place().file;
        assert!(place.ends_with("pipelines/all.rs"), "{place}");
        assert_eq!(built.to_json().replace(place, file), read.to_json());
    }
}

/// Had the text been another one, the test before would have failed.
#[test]
fn a_difference_is_found() {
    for (from, to) in
        [("limit = 8", "limit = 9"), ("as \"again\"", ""), ("1 | 2", "1 | 3"), ("finally", "undo")]
    {
        let other = read(&TEXT.replacen(from, to, 1));
        let differ = built().iter().zip(&other).any(|(built, other)| table(built) != table(other));
        assert!(differ, "{from}");
    }
}

#[test]
fn an_embedded_pipeline_is_one_step() {
    let graphs = read("fn f() { pipeline! { |_: u32| seq < { shared.clone() } fetch > } }");
    assert_eq!(graphs[0].to_string(), "seq\n├─ { shared.clone() }\n└─ fetch");
}
