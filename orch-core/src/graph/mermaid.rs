//! A graph for Mermaid.

use super::{Graph, Node};
use crate::node::Form;

impl Graph {
    /// A [Mermaid](https://mermaid.js.org) flowchart: blocks as frames, arrows in the order of a sequence, peers
    /// side by side, dotted arrows between alternatives, and arrows with the patterns of a choice.
    #[must_use]
    pub fn to_mermaid(&self) -> String {
        let mut text = String::from("flowchart TD\n");
        for node in self.nodes.iter().filter(|node| node.parent.is_none()) {
            self.mermaid(node, &mut text);
        }
        text
    }

    fn mermaid(&self, node: &Node, text: &mut String) {
        let indent = "    ".repeat(node.depth + 1);
        let label = escape(&node.label());
        let id = node.index;
        let (afterwards, children): (Vec<&Node>, Vec<&Node>) =
            self.children(id).partition(|child| child.meta.form == Form::Afterwards);
        if node.kind().is_block() {
            text.push_str(&format!("{indent}subgraph n{id} [\"{label}\"]\n"));
            self.mermaid_inside(node, &children, text);
            text.push_str(&format!("{indent}end\n"));
        } else {
            text.push_str(&format!("{indent}n{id}[\"{label}\"]\n"));
        }
        for undo in afterwards {
            self.mermaid(undo, text);
            text.push_str(&format!("{indent}n{id} -.- n{}\n", undo.index));
        }
    }

    fn mermaid_inside(&self, node: &Node, children: &[&Node], text: &mut String) {
        let (indent, id) = ("    ".repeat(node.depth + 1), node.index);
        for child in children {
            self.mermaid(child, text);
        }
        let arrow = match node.meta.form {
            Form::Row | Form::Afterwards => Some("-->"),
            Form::Alternatives => Some("-. or else .->"),
            Form::Peers => None,
            Form::Choice => {
                let scrutinee = node.options().first().map_or("", |(_, value)| value);
                text.push_str(&format!("{indent}    n{id}c{{\"{}\"}}\n", escape(scrutinee)));
                for child in children {
                    let arm = escape(child.arm.unwrap_or_default());
                    text.push_str(&format!("{indent}    n{id}c -->|\"{arm}\"| n{}\n", child.index));
                }
                None
            }
        };
        if let Some(arrow) = arrow {
            for pair in children.windows(2) {
                text.push_str(&format!("{indent}    n{} {arrow} n{}\n", pair[0].index, pair[1].index));
            }
        }
    }
}

fn escape(label: &str) -> String {
    label.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}
