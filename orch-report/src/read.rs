//! A file of events, read again.

use std::io::{self, BufRead, Read as _};

use crate::record::Kept;
use crate::report::Report;
use crate::schema::{Line, VERSION, What};

/// A line that is longer is none that was written.
const LONGEST: u64 = 64 << 20;

/// Why a file cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It begins with something else.
    #[error("not a file of events: its first line is no header")]
    NoHeader,
    /// A later version of this crate has written it.
    #[error("the file has version {version} of the lines, and this program reads up to {VERSION}")]
    Version {
        /// The file's version.
        version: u32,
    },
    /// What the file system says.
    #[error("the file cannot be read")]
    Io(#[from] io::Error),
}

/// What was [read](read()).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Read {
    /// What the file tells.
    pub report: Report,
    /// How many lines were left out, as they cannot be read: a process that died leaves one, the last.
    pub left_out: u64,
    /// The number of the first of them, from 1.
    pub first_left_out: Option<u64>,
}

/// Reads the lines that an [`EventWriter`](crate::EventWriter) wrote.
///
/// Lines that cannot be read, such as a last one that is torn, are left out and counted. All executions are kept, so that the memory is in
/// proportion to the file.
///
/// # Errors
///
/// If the first line is no header or its version is a later one, or the reader fails.
///
/// ```
/// use orch_report::{ReadError, read};
///
/// let torn = "{\"line\":\"header\",\"version\":1,\"began\":0}\n{\"line\":\"ev";
/// let found = read(torn.as_bytes())?;
/// assert_eq!((found.left_out, found.first_left_out), (1, Some(2)));
///
/// assert!(matches!(read("id,name\n".as_bytes()), Err(ReadError::NoHeader)));
/// # Ok::<(), ReadError>(())
/// ```
pub fn read(mut lines: impl BufRead) -> Result<Read, ReadError> {
    let mut line = Vec::new();
    let mut next = |line: &mut Vec<u8>| -> io::Result<bool> {
        line.clear();
        let length = lines.by_ref().take(LONGEST).read_until(b'\n', line)?;
        Ok(length > 0)
    };
    next(&mut line)?;
    let Ok(Line::Header(header)) = serde_json::from_slice(&line) else { return Err(ReadError::NoHeader) };
    if header.version > VERSION {
        return Err(ReadError::Version { version: header.version });
    }
    let mut kept = Kept::new(usize::MAX, header.began);
    for graph in header.graphs {
        let svg = graph.svg.into_owned().into();
        kept.graphs.push(crate::schema::GraphLine { graph: graph.graph, svg });
    }
    let (mut left_out, mut first_left_out) = (0, None);
    let mut number = 1;
    while next(&mut line)? {
        number += 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let is_read = match serde_json::from_slice(&line) {
            Ok(Line::Step(step)) => kept.add_step(step),
            Ok(Line::Run(run)) => {
                kept.begin(run);
                true
            }
            Ok(Line::Event(event)) if event.event == What::Unknown => true,
            Ok(Line::Event(event)) => kept.apply(event),
            // A second header is none, and no torn line either: two files in one.
            Ok(Line::Header(_)) | Err(_) => false,
            Ok(Line::Unknown) => true,
        };
        if !is_read {
            left_out += 1;
            first_left_out.get_or_insert(number);
        }
    }
    Ok(Read { report: Report::new(kept), left_out, first_left_out })
}
