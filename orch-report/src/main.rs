//! Makes a page, or a trace, of a file of events.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufReader, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use lexopt::prelude::*;
use orch_report::{Read, ReadError, read};

const HELP: &str = "\
Makes a page of a file of events, which `orch_report::EventWriter` has written.

Usage: orch-report EVENTS [OPTIONS]

  EVENTS                 the file; `-` for standard input
  -o, --output FILE      where the page goes; `-` for standard output. Without it: EVENTS with `.html` for its ending
  -p, --perfetto FILE    write a trace for ui.perfetto.dev; without --output no page is made then
  -t, --title TEXT       the title of the page. Without it: the name of EVENTS
      --force            write over files that exist
  -h, --help             this text
  -V, --version          the version
";

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}\n\nTry `orch-report --help`.")]
    Usage(#[from] lexopt::Error),
    #[error("{0} exists. With --force it is written over")]
    Exists(PathBuf),
    #[error("{path}: {error}")]
    Read { path: String, error: ReadError },
    #[error("{path}: {error}")]
    Io { path: String, error: std::io::Error },
}

struct Arguments {
    events: PathBuf,
    output: Option<PathBuf>,
    perfetto: Option<PathBuf>,
    title: String,
    force: bool,
}

fn main() -> ExitCode {
    match arguments(std::env::args_os()).and_then(|arguments| arguments.map_or(Ok(()), make)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("orch-report: {failure}");
            ExitCode::from(if matches!(failure, Failure::Usage(_)) { 2 } else { 1 })
        }
    }
}

/// What was asked for; nothing, if that was a text and is there.
fn arguments(given: impl IntoIterator<Item = OsString>) -> Result<Option<Arguments>, Failure> {
    let (mut events, mut output, mut perfetto, mut title, mut force) = (None, None, None, None, false);
    let mut parser = lexopt::Parser::from_iter(given);
    while let Some(argument) = parser.next()? {
        match argument {
            Short('h') | Long("help") => {
                print!("{HELP}");
                return Ok(None);
            }
            Short('V') | Long("version") => {
                println!("orch-report {}", env!("CARGO_PKG_VERSION"));
                return Ok(None);
            }
            Short('o') | Long("output") => output = Some(PathBuf::from(parser.value()?)),
            Short('p') | Long("perfetto") => perfetto = Some(PathBuf::from(parser.value()?)),
            Short('t') | Long("title") => title = Some(parser.value()?.string()?),
            Long("force") => force = true,
            Value(path) if events.is_none() => events = Some(PathBuf::from(path)),
            other => return Err(other.unexpected().into()),
        }
    }
    let events = events.ok_or_else(|| lexopt::Error::from("no file of events is given"))?;
    let is_input = events.as_os_str() == "-";
    let name =
        if is_input { "events".into() } else { events.file_name().unwrap_or_default().to_string_lossy() };
    let title = title.unwrap_or_else(|| name.into_owned());
    if output.is_none() && perfetto.is_none() {
        output = Some(if is_input { PathBuf::from("-") } else { events.with_extension("html") });
    }
    Ok(Some(Arguments { events, output, perfetto, title, force }))
}

fn make(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { events, output, perfetto, title, force } = arguments;
    for path in [&output, &perfetto].into_iter().flatten() {
        if path.as_os_str() != "-" && path.exists() && (!force || *path == events) {
            return Err(Failure::Exists(path.clone()));
        }
    }
    let Read { report, left_out, first_left_out, .. } = load(&events)?;
    if let Some(first) = first_left_out {
        let lines = if left_out == 1 { "line was" } else { "lines were" };
        eprintln!("orch-report: {left_out} {lines} left out that cannot be read, from line {first} on");
    }
    if report.runs() == 0 {
        eprintln!("orch-report: there is no run in {}", events.display());
    }
    if let Some(path) = output {
        write(&path, report.to_html(&title).as_bytes())?;
    }
    if let Some(path) = perfetto {
        write(&path, &report.to_perfetto())?;
    }
    Ok(())
}

fn load(path: &PathBuf) -> Result<Read, Failure> {
    let name = path.display().to_string();
    let failed = |error| Failure::Read { path: name.clone(), error };
    if path.as_os_str() == "-" {
        return read(std::io::stdin().lock()).map_err(failed);
    }
    let file = File::open(path).map_err(|error| Failure::Io { path: name.clone(), error })?;
    read(BufReader::new(file)).map_err(failed)
}

fn write(path: &PathBuf, bytes: &[u8]) -> Result<(), Failure> {
    let written = if path.as_os_str() == "-" {
        std::io::stdout().lock().write_all(bytes)
    } else {
        std::fs::write(path, bytes)
    };
    written.map_err(|error| Failure::Io { path: path.display().to_string(), error })
}
