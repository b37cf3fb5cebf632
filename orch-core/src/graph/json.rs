//! A graph as data.

use std::fmt::Write;

use super::{Graph, Node};
use crate::node::Form;

impl Graph {
    /// The graph as JSON, for other programs: an object with `version`, which is 1, and `nodes`, in the order of the text.
    ///
    /// A node has `index`, `parent` (the index of the block around it, or `null`), `kind` (`task`, `inline` or the keyword of a block),
    /// `name`, `path`, `short_path`, `repetition`, `order` (how the steps inside it stand to each other: `row`, `peers`, `alternatives`,
    /// `choice`; `undo` for what undoes its parent), `arm` (the pattern before it, or `null`), `options` (pairs of name and value, as
    /// written) and `place` (`file`, `line`, `column`). Fields may be added under the same version.
    ///
    /// ```
    /// use async_orch::pipeline;
    ///
    /// let json = pipeline! { |_: u32| seq < |n| { n } as "same" > }.graph().to_json();
    /// assert!(json.starts_with("{\"version\":1,\"nodes\":[{\"index\":0,\"parent\":null,\"kind\":\"seq\","));
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        let nodes: Vec<String> = self.nodes.iter().map(json).collect();
        format!("{{\"version\":1,\"nodes\":[{}]}}", nodes.join(","))
    }
}

fn json(node: &Node) -> String {
    let parent = node.parent.map_or_else(|| "null".to_owned(), |parent| parent.to_string());
    let order = match node.meta.form {
        Form::Row => "row",
        Form::Peers => "peers",
        Form::Alternatives => "alternatives",
        Form::Afterwards => "undo",
        Form::Choice => "choice",
    };
    let pair = |(name, value): &(&str, &str)| format!("[{},{}]", quoted(name), quoted(value));
    let place = node.place();
    format!(
        "{{\"index\":{},\"parent\":{parent},\"kind\":{},\"name\":{},\"path\":{},\"short_path\":{},\"repetition\":{},\"order\":\"{order}\",\
         \"arm\":{},\"options\":[{}],\"place\":{{\"file\":{},\"line\":{},\"column\":{}}}}}",
        node.index,
        quoted(node.kind().as_str()),
        quoted(node.name),
        quoted(&node.path),
        quoted(&node.short_path),
        node.before,
        node.arm.map_or_else(|| "null".to_owned(), quoted),
        node.options().iter().map(pair).collect::<Vec<_>>().join(","),
        quoted(place.file),
        place.line,
        place.column,
    )
}

/// A string of JSON, which may stand in a page: no tag ends in it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}
