//! Makes a page, or a trace, of a file of events; and serves the page of a journal's runs.

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
       orch-report --journal FILE [--address ADDRESS] [--title TEXT]

  EVENTS                 the file; `-` for standard input
  -o, --output FILE      where the page goes; `-` for standard output. Without it: EVENTS with `.html` for its ending
  -p, --perfetto FILE    write a trace for ui.perfetto.dev; without --output no page is made then
  -t, --title TEXT       the title of the page. Without it: the name of EVENTS
      --force            write over files that exist
  -j, --journal FILE     serve a page of the durable runs in the file of an orch-journal, which is only read. More than one can be given
  -a, --address ADDRESS  where that is served, on loopback. Without it: 127.0.0.1:7700; with port 0, a free one
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
    #[cfg(feature = "journal")]
    #[error("{path}: {error}")]
    Journal { path: String, error: orch_journal::Error },
    #[cfg(feature = "journal")]
    #[error("{address}: {error}. With --address it is served elsewhere")]
    Serve { address: String, error: String },
    #[cfg(not(feature = "journal"))]
    #[error(
        "this program was built without the feature `journal`. With it: cargo install orch-report --features journal"
    )]
    NoJournal,
}

/// What was asked for.
enum Asked {
    Make(Arguments),
    Serve(Journals),
}

#[cfg_attr(not(feature = "journal"), expect(dead_code, reason = "nothing can serve them"))]
struct Journals {
    files: Vec<PathBuf>,
    address: String,
    title: Option<String>,
}

struct Arguments {
    events: PathBuf,
    output: Option<PathBuf>,
    perfetto: Option<PathBuf>,
    title: String,
    force: bool,
}

fn main() -> ExitCode {
    let done = arguments(std::env::args_os()).and_then(|asked| match asked {
        None => Ok(()),
        Some(Asked::Make(arguments)) => make(arguments),
        Some(Asked::Serve(journals)) => serve(journals),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("orch-report: {failure}");
            ExitCode::from(if matches!(failure, Failure::Usage(_)) { 2 } else { 1 })
        }
    }
}

/// What was asked for; nothing, if that was a text and is there.
fn arguments(given: impl IntoIterator<Item = OsString>) -> Result<Option<Asked>, Failure> {
    let (mut files, mut address) = (Vec::new(), None);
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
            Short('j') | Long("journal") => files.push(PathBuf::from(parser.value()?)),
            Short('a') | Long("address") => address = Some(parser.value()?.string()?),
            Value(path) if events.is_none() => events = Some(PathBuf::from(path)),
            other => return Err(other.unexpected().into()),
        }
    }
    if !files.is_empty() {
        if events.is_some() || output.is_some() || perfetto.is_some() || force {
            return Err(
                lexopt::Error::from("--journal serves a page, and makes none of a file of events").into()
            );
        }
        let address = address.unwrap_or_else(|| "127.0.0.1:7700".to_owned());
        return Ok(Some(Asked::Serve(Journals { files, address, title })));
    }
    if address.is_some() {
        return Err(lexopt::Error::from("--address is where a --journal is served, and none is given").into());
    }
    let events = events.ok_or_else(|| lexopt::Error::from("no file of events is given"))?;
    let is_input = events.as_os_str() == "-";
    let name =
        if is_input { "events".into() } else { events.file_name().unwrap_or_default().to_string_lossy() };
    let title = title.unwrap_or_else(|| name.into_owned());
    if output.is_none() && perfetto.is_none() {
        output = Some(if is_input { PathBuf::from("-") } else { events.with_extension("html") });
    }
    Ok(Some(Asked::Make(Arguments { events, output, perfetto, title, force })))
}

#[cfg(not(feature = "journal"))]
fn serve(_: Journals) -> Result<(), Failure> {
    Err(Failure::NoJournal)
}

/// Serves the page, until the program is ended.
#[cfg(feature = "journal")]
fn serve(Journals { files, address, title }: Journals) -> Result<(), Failure> {
    use orch_journal::Reader;
    use orch_report::live::{BindError, Live};

    let mut live: Option<Live> = None;
    for file in &files {
        let path = file.display().to_string();
        let reader = Reader::open(file).map_err(|error| Failure::Journal { path: path.clone(), error })?;
        live = Some(match live {
            None => Live::of_journal(path, reader),
            Some(live) => live.journal(path, reader),
        });
    }
    let Some(mut live) = live else { return Ok(()) };
    let one = files.first().filter(|_| files.len() == 1).and_then(|file| file.file_name());
    if let Some(title) = title.or_else(|| one.map(|name| name.to_string_lossy().into_owned())) {
        live = live.title(title);
    }
    let failed = |error: BindError| Failure::Serve {
        address: address.clone(),
        error: match error {
            BindError::Io(error) => error.to_string(),
            error => error.to_string(),
        },
    };
    let io = |error: std::io::Error| failed(error.into());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(io)?;
    runtime.block_on(async {
        let server = live.bind(&address).await.map_err(failed)?;
        // Who reads what is printed may have gone.
        let _ = writeln!(std::io::stdout(), "{}", server.url());
        server.serve().await.map_err(io)
    })
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
