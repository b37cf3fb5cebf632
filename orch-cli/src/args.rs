//! The arguments of the program.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Formats, draws and checks the pipelines of async-orch.
///
/// Exit codes: 0 if all is well, 1 if `fmt --check` would change something or `check` found something, 2 if something could not be
/// read or done.
#[derive(Debug, Parser)]
#[command(name = "cargo orch", bin_name = "cargo orch", version, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Lays the pipelines in files out, and nothing else in them
    Fmt(Fmt),
    /// Draws the pipelines of a file, as they are written: nothing is compiled
    Graph(Graph),
    /// Says what in pipelines has no effect or cannot work, and how much each can do at once
    Check(Check),
}

/// What the macro is called.
#[derive(Debug, Args)]
pub(crate) struct Names {
    /// A further name of the macro; also by `macros` in `[package.metadata.orch]` or `[workspace.metadata.orch]`
    #[arg(long = "macro", value_name = "NAME")]
    pub(crate) names: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Fmt {
    /// Files, or folders with all their `.rs` files; without any, this folder
    pub(crate) files: Vec<PathBuf>,
    /// Change nothing, and show what would be changed
    #[arg(long)]
    pub(crate) check: bool,
    /// Read standard input and write to standard output, for editors
    #[arg(long, conflicts_with = "files")]
    pub(crate) stdin: bool,
    /// The file that standard input is, which says which settings apply
    #[arg(long, value_name = "FILE", requires = "stdin")]
    pub(crate) stdin_path: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) names: Names,
}

#[derive(Debug, Args)]
pub(crate) struct Graph {
    /// The file; with `:LINE`, the pipeline at that line
    #[arg(value_name = "FILE[:LINE]")]
    pub(crate) file: String,
    /// What is made of it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Where it goes; without it, to standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) names: Names,
}

/// What a graph is drawn as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A tree of lines
    Text,
    /// A flowchart of Mermaid's
    Mermaid,
    /// For Graphviz
    Dot,
    /// For other programs
    Json,
    /// A picture
    Svg,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Files, or folders with all their `.rs` files; without any, this folder
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) names: Names,
}
