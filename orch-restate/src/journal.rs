//! What is written down of a run: one entry of the server's journal after the other.

use serde::{Deserialize, Serialize};

/// The result of one step that the server keeps: what had been asked for since the one before, and what came of anything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The version of the pipeline that wrote it.
    pub(crate) version: String,
    /// When the run was begun, in milliseconds since 1970.
    pub(crate) start: u64,
    /// The commands, as text.
    pub(crate) asked: Vec<String>,
    /// What is delivered, in this order.
    pub(crate) done: Vec<Item>,
}

/// What came of one command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) id: u64,
    /// When, in milliseconds since the start.
    pub(crate) at: u64,
    pub(crate) result: Text,
    /// Of a circuit that has let the run pass: what it shows when it reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) permit: Option<u64>,
}

/// Bytes that are text most of the time, so that the server's page shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Text {
    Text(String),
    Bytes(Vec<u8>),
}

impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Self {
        String::from_utf8(bytes).map_or_else(|error| Text::Bytes(error.into_bytes()), Text::Text)
    }
}

impl From<Text> for Vec<u8> {
    fn from(text: Text) -> Self {
        match text {
            Text::Text(text) => text.into_bytes(),
            Text::Bytes(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_comes_back_as_it_was_and_can_be_read_by_hand() {
        for bytes in [b"ok:[7]".to_vec(), b"pass:".to_vec(), vec![0xff, 0, 1], Vec::new()] {
            let item = Item { id: 3, at: 40, result: bytes.clone().into(), permit: Some(9) };
            let entry = Entry {
                version: "2".to_owned(),
                start: 1_800_000_000_000,
                asked: vec!["run seq/a".to_owned()],
                done: vec![item],
            };
            let text = serde_json::to_string(&entry).unwrap();
            let again: Entry = serde_json::from_str(&text).unwrap();
            assert_eq!(again, entry);
            assert_eq!(Vec::from(again.done[0].result.clone()), bytes);
        }
        assert_eq!(serde_json::to_string(&Text::from(b"ok:[7]".to_vec())).unwrap(), r#""ok:[7]""#);
    }
}
