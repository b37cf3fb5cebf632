//! A graph for Graphviz.

use std::fmt::Write;

use super::{Graph, Node};
use crate::node::Form;

impl Graph {
    /// A [DOT](https://graphviz.org/doc/info/lang.html) digraph: blocks as clusters, arrows in the order of a sequence, dotted ones
    /// between alternatives and to undos, and arrows with the patterns of a choice.
    ///
    /// ```
    /// use async_orch::pipeline;
    ///
    /// let dot = pipeline! { |_: u32| seq < |n| { n } |n| { n } > }.graph().to_dot();
    /// assert!(dot.starts_with("digraph {") && dot.contains("n1 -> n2"));
    /// ```
    #[must_use]
    pub fn to_dot(&self) -> String {
        let mut text = String::from(
            "digraph {\n    compound = true\n    fontname = monospace\n    node [shape = box, style = rounded, fontname = monospace]\n    edge [fontname = monospace]\n",
        );
        let roots: Vec<&Node> = self.nodes.iter().filter(|node| node.parent.is_none()).collect();
        for root in &roots {
            self.dot(root, &mut text);
        }
        text.push_str("}\n");
        text
    }

    fn dot(&self, node: &Node, text: &mut String) {
        let (indent, id) = ("    ".repeat(node.depth + 1), node.index);
        let (undos, inside): (Vec<&Node>, Vec<&Node>) =
            self.children(id).partition(|child| child.meta.form == Form::Afterwards);
        if node.kind().is_block() {
            let label = quoted(&node.label());
            let _ = writeln!(
                text,
                "{indent}subgraph cluster_{id} {{\n{indent}    label = {label}\n{indent}    style = rounded"
            );
            self.dot_inside(node, &inside, text);
            let _ = writeln!(text, "{indent}}}");
        } else {
            let _ = writeln!(text, "{indent}n{id} [label = {}]", quoted(&node.label()));
        }
        for undo in undos {
            self.dot(undo, text);
            self.edge(&indent, node, undo, "style = dotted, dir = none, constraint = false", text);
        }
    }

    fn dot_inside(&self, node: &Node, children: &[&Node], text: &mut String) {
        let (indent, id) = ("    ".repeat(node.depth + 2), node.index);
        if node.meta.form == Form::Choice {
            let asked = node.options().first().map_or("", |(_, value)| value);
            let _ =
                writeln!(text, "{indent}n{id}c [shape = diamond, style = \"\", label = {}]", quoted(asked));
        }
        if children.is_empty() {
            // A cluster of nothing is not drawn.
            let _ = writeln!(text, "{indent}n{id} [style = invis, label = \"\"]");
        }
        for child in children {
            self.dot(child, text);
        }
        match node.meta.form {
            Form::Peers => {}
            Form::Row | Form::Afterwards | Form::Alternatives => {
                let style = if node.meta.form == Form::Alternatives {
                    "style = dashed, label = \"or else\""
                } else {
                    ""
                };
                for pair in children.windows(2) {
                    self.edge(&indent, pair[0], pair[1], style, text);
                }
            }
            Form::Choice => {
                for child in children {
                    let arm = quoted(child.arm.unwrap_or_default());
                    let head = self.head(child);
                    let _ = writeln!(text, "{indent}n{id}c -> n{} [label = {arm}{head}]", self.leaf(child));
                }
            }
        }
    }

    /// An arrow goes from a step to a step; at a cluster's border it is cut off.
    fn edge(&self, indent: &str, from: &Node, to: &Node, style: &str, text: &mut String) {
        let tail =
            if from.kind().is_block() { format!(", ltail = cluster_{}", from.index) } else { String::new() };
        let attributes = format!("{style}{tail}{}", self.head(to));
        let attributes = attributes.trim_start_matches(", ");
        let (from, to) = (self.leaf(from), self.leaf(to));
        let _ = if attributes.is_empty() {
            writeln!(text, "{indent}n{from} -> n{to}")
        } else {
            writeln!(text, "{indent}n{from} -> n{to} [{attributes}]")
        };
    }

    fn head(&self, to: &Node) -> String {
        if to.kind().is_block() { format!(", lhead = cluster_{}", to.index) } else { String::new() }
    }

    /// The first step in a block, or what stands in its place.
    fn leaf(&self, node: &Node) -> String {
        if !node.kind().is_block() {
            return node.index.to_string();
        }
        if node.meta.form == Form::Choice {
            return format!("{}c", node.index);
        }
        let first = self.children(node.index).find(|child| child.meta.form != Form::Afterwards);
        first.map_or_else(|| node.index.to_string(), |child| self.leaf(child))
    }
}

fn quoted(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
