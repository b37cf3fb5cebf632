//! What is wrong with a file, or with what was asked.

use std::path::PathBuf;

use crate::source::Position;

/// Something in a file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{}:{}: {message}", position.line, position.column)]
pub struct Problem {
    /// The file, as it is called.
    pub file: String,
    /// Where in it.
    pub position: Position,
    /// What is wrong.
    pub message: String,
}

impl Problem {
    pub(crate) fn new(file: &str, position: Position, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), position, message: message.into() }
    }
}

/// Why a command could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or a folder could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Standard input or output is closed.
    #[error("standard input or output: {0}")]
    Stream(#[from] std::io::Error),
    /// The files of a folder could not be listed.
    #[error("the files could not be listed: {0}")]
    Walk(#[from] ignore::Error),
    /// A file of settings is not what it should be.
    #[error("{}: {message}", path.display())]
    Config {
        /// Which one.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// In the file there is no pipeline, or none at the line.
    #[error("{0}")]
    NoPipeline(String),
}

impl Error {
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Error::File { path, source }
    }
}
