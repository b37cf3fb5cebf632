//! What of a step is shown as it is written: in graphs, and wherever else a pipeline is described.

use quote::ToTokens;

use crate::ast::{Arm, Block, Value};
use crate::blocks::Kind;
use crate::tokens;

/// The head and the options of a block, each with its name; that of the head is empty, and so is the value of a flag.
pub fn options(block: &Block) -> Vec<(String, String)> {
    let mut written = Vec::new();
    if let Some(head) = &block.head {
        written.push((String::new(), value(head)));
    }
    for option in &block.options {
        let name = option.name.to_string();
        // A name is the node's.
        if block.spec.option(&name).is_none_or(|spec| spec.kind != Kind::Name) {
            written.push((name, option.value.as_ref().map_or_else(String::new, value)));
        }
    }
    written
}

/// Pattern and guard of an arm.
pub fn arm(arm: &Arm) -> String {
    let pattern = tokens::source_text(&arm.pattern.to_token_stream());
    match &arm.guard {
        Some(guard) => format!("{pattern} if {}", tokens::source_text(guard)),
        None => pattern,
    }
}

fn value(value: &Value) -> String {
    match value {
        Value::Duration(duration) => {
            let nanoseconds = u64::try_from(duration.nanoseconds).unwrap_or(u64::MAX);
            format!("{:?}", std::time::Duration::from_nanos(nanoseconds))
        }
        Value::Word { word, arguments } if arguments.is_empty() => word.to_string(),
        Value::Word { word, arguments } => {
            let mut written = format!("{word}(");
            for (index, argument) in arguments.iter().enumerate() {
                written += if index > 0 { ", " } else { "" };
                written += &self::value(argument);
            }
            written + ")"
        }
        Value::Expr(tokens) => tokens::source_text(tokens),
    }
}
