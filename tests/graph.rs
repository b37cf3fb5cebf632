//! What a pipeline looks like: as a drawing, for Graphviz, for other programs.

use std::collections::HashSet;
use std::ops::ControlFlow::Break;
use std::path::Path;

use async_orch::{Graph, NodeKind, Run, pipeline, task};
use roxmltree::Document;

#[path = "../src/guide/picture.rs"]
#[allow(dead_code, unreachable_pub, reason = "it is drawn, and documented elsewhere")]
mod picture;

#[task]
async fn fetch(n: u32) -> Result<u32, String> {
    Ok(n)
}

/// With all that has a form of its own, and texts that mean something in XML, DOT and JSON.
fn graphs() -> Vec<Graph> {
    let inner = pipeline! { |_: u32| seq(name = "inner") < fetch fetch > };
    let limit = 7;
    vec![
        picture::order(picture::Payment::Invoice).graph(),
        pipeline! { |_: u32| fetch }.graph(),
        pipeline! { |_: u32| par(name = "p < & > \" ' \\ q") < fetch as "<script>" { &inner } > }.graph(),
        pipeline! { |n: u32| choose(*n) < 0 if (*n < 1 && "a" != "\u{2028}]]>") => |_| { 0 }, _ => fetch(*n) > }
            .graph(),
        pipeline! { |_: Vec<u32>| each(limit = limit) < repeat(max_rounds = 3) < |n| { Break::<u32, u32>(n) } > > }
            .graph(),
        pipeline! { |_: u32| hedge(50ms) < race < catch < retry < fetch > > timeout(2s) < fetch > > > }
            .graph(),
    ]
}

/// Each text of a drawing's titles that is the step's at its place, which begin with the path.
fn titles(svg: &str) -> Vec<String> {
    let document = Document::parse(svg).unwrap_or_else(|error| panic!("{error}\n{svg}"));
    let titles = document.descendants().filter(|node| node.has_tag_name("title"));
    titles.map(|title| title.text().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_drawing_is_well_formed_and_has_no_blank_line() {
    for graph in graphs() {
        let svg = graph.to_svg();
        let document = Document::parse(&svg).unwrap_or_else(|error| panic!("{error}\n{svg}"));
        let root = document.root_element();
        assert_eq!(root.tag_name().name(), "svg");
        assert_eq!(root.tag_name().namespace(), Some("http://www.w3.org/2000/svg"));
        assert!(svg.lines().all(|line| !line.trim().is_empty()), "Markdown ends at a blank line:\n{svg}");
        assert!(!svg.contains("<script"), "{svg}");
        for element in document.descendants().filter(roxmltree::Node::is_element) {
            for attribute in element.attributes() {
                assert!(
                    !attribute.name().starts_with("on") && !attribute.name().contains("href"),
                    "{attribute:?}"
                );
            }
        }
    }
}

#[test]
fn a_drawing_has_each_step_once() {
    for graph in graphs() {
        let titles = titles(&graph.to_svg());
        for node in graph.nodes() {
            let place = format!("({})", node.place());
            let shown = titles.iter().filter(|title| title.ends_with(&place)).count();
            let written = graph.nodes().iter().filter(|other| other.place() == node.place()).count();
            assert_eq!(shown, written, "{} {place}\n{titles:#?}", node.path());
        }
    }
}

#[test]
fn a_drawing_lies_in_its_frame() {
    for graph in graphs() {
        let svg = graph.to_svg();
        let document = Document::parse(&svg).unwrap();
        let number = |node: &roxmltree::Node<'_, '_>, name: &str| {
            node.attribute(name).map_or(0.0, |n| n.parse::<f64>().unwrap())
        };
        let (width, height) =
            (number(&document.root_element(), "width"), number(&document.root_element(), "height"));
        for rect in document.descendants().filter(|node| node.has_tag_name("rect")) {
            let (mut x, mut y) = (number(&rect, "x"), number(&rect, "y"));
            for around in rect.ancestors().filter_map(|node| node.attribute("transform").map(str::to_owned)) {
                let (dx, dy) = around
                    .strip_prefix("translate(")
                    .unwrap()
                    .strip_suffix(')')
                    .unwrap()
                    .split_once(' ')
                    .unwrap();
                (x, y) = (x + dx.parse::<f64>().unwrap(), y + dy.parse::<f64>().unwrap());
            }
            assert!(x >= 0.0 && x + number(&rect, "width") <= width, "{x} of {width}\n{svg}");
            assert!(y >= 0.0 && y + number(&rect, "height") <= height, "{y} of {height}\n{svg}");
        }
    }
}

#[test]
fn a_digraph_is_balanced_and_has_each_step() {
    for graph in graphs() {
        let dot = graph.to_dot();
        // Outside of texts.
        let (mut depth, mut in_text, mut is_escaped) = (0, false, false);
        for letter in dot.chars() {
            match letter {
                _ if is_escaped => is_escaped = false,
                '\\' if in_text => is_escaped = true,
                '"' => in_text = !in_text,
                '{' if !in_text => depth += 1,
                '}' if !in_text => depth -= 1,
                _ => {}
            }
            assert!(depth >= 0, "{dot}");
        }
        assert!(depth == 0 && !in_text, "{dot}");
        let mut names = HashSet::new();
        for line in dot.lines().map(str::trim) {
            if let Some(name) = line
                .split(" [")
                .next()
                .filter(|name| name.starts_with('n') && !name.contains("->") && line.contains("label"))
            {
                assert!(names.insert(name.to_owned()), "{name} is twice in\n{dot}");
            }
        }
        for node in graph.nodes() {
            let name = if matches!(node.kind(), NodeKind::Block(_)) {
                format!("subgraph cluster_{} {{", node.index())
            } else {
                format!("n{} [", node.index())
            };
            let lines = dot.lines().filter(|line| line.trim_start().starts_with(&name)).count();
            assert_eq!(lines, 1, "{name} in\n{dot}");
        }
    }
}

#[test]
fn json_says_of_each_step_what_the_graph_does() {
    for graph in graphs() {
        let json = graph.to_json();
        assert!(!json.contains('<'), "it may stand in a page");
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["version"], 1);
        let nodes = json["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), graph.nodes().len());
        for (node, json) in graph.nodes().iter().zip(nodes) {
            assert_eq!(json["index"], node.index());
            assert_eq!(json["parent"].as_u64(), node.parent().map(|parent| parent as u64));
            assert_eq!(json["kind"], node.kind().as_str());
            assert_eq!(json["name"], node.name());
            assert_eq!(json["path"], node.path());
            assert_eq!(json["short_path"], node.short_path());
            assert_eq!(json["arm"].as_str(), node.arm());
            let options: Vec<_> =
                node.options().iter().map(|(name, value)| serde_json::json!([name, value])).collect();
            assert_eq!(json["options"], serde_json::Value::from(options));
            assert_eq!(json["place"]["line"], node.place().line);
        }
    }
    let order = |graph: &Graph| -> Vec<String> {
        let json: serde_json::Value = serde_json::from_str(&graph.to_json()).unwrap();
        json["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| node["order"].as_str().unwrap().to_owned())
            .collect()
    };
    let orders = order(&graphs()[0]);
    for known in ["row", "peers", "alternatives", "choice", "undo"] {
        assert!(orders.iter().any(|order| order == known), "{known}");
    }
}

/// The picture in the documentation of `guide::picture::order`, and of the README.
#[test]
fn the_picture_in_the_documentation_is_what_is_drawn() {
    // As it is there, the file is beside its module.
    let drawn = picture::order(picture::Payment::Invoice).graph().to_svg().replace("tests/../", "");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/order.svg");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, &drawn).unwrap();
    }
    let shown = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        shown == drawn,
        "the pipeline has changed: BLESS=1 cargo test --test graph draws docs/order.svg anew"
    );
}
