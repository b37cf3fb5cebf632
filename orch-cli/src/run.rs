//! The commands, with what they read and write as arguments.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use clap::Parser;
use similar::TextDiff;

use crate::args::{Arguments, Command, Fmt, Names};
use crate::config::Configs;
use crate::files;
use crate::fmt;
use crate::problem::Error;

/// What a command has to do with: two streams out, one in, and a folder.
pub struct World<'w> {
    /// Standard input.
    pub input: &'w mut dyn Read,
    /// Standard output.
    pub output: &'w mut dyn Write,
    /// Standard error.
    pub errors: &'w mut dyn Write,
    /// The folder that paths begin in.
    pub dir: PathBuf,
}

impl std::fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("dir", &self.dir).finish_non_exhaustive()
    }
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// All is well.
    Fine,
    /// Something differs, or was found.
    Found,
    /// Something could not be read or done.
    Failed,
}

impl Outcome {
    /// The exit code for it.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Outcome::Fine => 0,
            Outcome::Found => 1,
            Outcome::Failed => 2,
        }
    }
}

/// Does what the arguments say, of which the first is the program's name. A second one `orch` is left out: cargo gives it.
pub fn run(arguments: impl IntoIterator<Item = OsString>, world: &mut World<'_>) -> Outcome {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    if arguments.get(1).is_some_and(|first| first == "orch") {
        arguments.remove(1);
    }
    let done = match Arguments::try_parse_from(arguments) {
        Ok(Arguments { command: Command::Fmt(arguments) }) => format(&arguments, world),
        Ok(Arguments { command: Command::Graph(arguments) }) => crate::graph::run(&arguments, world),
        Ok(Arguments { command: Command::Check(arguments) }) => crate::check::run(&arguments, world),
        Err(error) if error.use_stderr() => {
            write!(world.errors, "{error}").map(|()| Outcome::Failed).map_err(Error::from)
        }
        Err(help) => write!(world.output, "{help}").map(|()| Outcome::Fine).map_err(Error::from),
    };
    done.unwrap_or_else(|error| {
        // Where nobody reads that, there is nobody to tell.
        let _ = writeln!(world.errors, "error: {error}");
        Outcome::Failed
    })
}

impl Names {
    /// The names of the macro in the files of a folder.
    pub(crate) fn of(&self, folder: &Path, configs: &mut Configs) -> Result<Vec<String>, Error> {
        let mut names = configs.macros(folder)?;
        names.extend(self.names.iter().cloned());
        Ok(names)
    }
}

/// `cargo orch fmt`
fn format(arguments: &Fmt, world: &mut World<'_>) -> Result<Outcome, Error> {
    let mut configs = Configs::default();
    if arguments.stdin {
        let mut bytes = Vec::new();
        world.input.read_to_end(&mut bytes)?;
        let path = arguments.stdin_path.clone().unwrap_or_else(|| PathBuf::from("<stdin>"));
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                if !arguments.check {
                    world.output.write_all(error.as_bytes())?;
                }
                writeln!(world.errors, "error: {}: {}", path.display(), error.utf8_error())?;
                return Ok(Outcome::Failed);
            }
        };
        let folder = files::folder(&world.dir.join(&path))?;
        return one(arguments, &path, &text, &folder, &mut configs, world);
    }
    let mut outcome = Outcome::Fine;
    for path in files::list(&arguments.files, &world.dir, &mut configs)? {
        let whole = world.dir.join(&path);
        let done = std::fs::read_to_string(&whole).map_err(Error::file(&path)).and_then(|text| {
            let folder = files::folder(&whole)?;
            one(arguments, &path, &text, &folder, &mut configs, world)
        });
        outcome = outcome.max(told(done, world)?);
    }
    Ok(outcome)
}

/// Tells what went wrong with one file, so that the others have their turn.
pub(crate) fn told(done: Result<Outcome, Error>, world: &mut World<'_>) -> Result<Outcome, Error> {
    match done {
        Err(error @ (Error::Stream(_) | Error::Walk(_))) => Err(error),
        Err(error) => {
            writeln!(world.errors, "error: {error}")?;
            Ok(Outcome::Failed)
        }
        done => done,
    }
}

/// Formats one text, and writes, shows or prints what comes of it.
fn one(
    arguments: &Fmt,
    path: &Path,
    text: &str,
    folder: &Path,
    configs: &mut Configs,
    world: &mut World<'_>,
) -> Result<Outcome, Error> {
    let (style, names) = (configs.style(folder)?, arguments.names.of(folder, configs)?);
    let name = path.display().to_string();
    let formatted = match fmt::format(&name, text, &style, &names) {
        Ok(formatted) => formatted,
        Err(problem) => {
            if arguments.stdin && !arguments.check {
                world.output.write_all(text.as_bytes())?;
            }
            writeln!(world.errors, "error: {problem}")?;
            return Ok(Outcome::Failed);
        }
    };
    let differs = formatted.text != text;
    // Where the file is left as it is, so are the places.
    let stays = arguments.check && differs && !formatted.problems.is_empty();
    let problems = match stays {
        true => fmt::problems(&name, text, &style, &names).unwrap_or_default(),
        false => formatted.problems,
    };
    for problem in &problems {
        writeln!(world.errors, "error: {problem}")?;
    }
    if arguments.check {
        if differs {
            let diff = TextDiff::from_lines(text, &formatted.text);
            let header = (name.as_str(), "as `cargo orch fmt` has it");
            write!(world.output, "{}", diff.unified_diff().header(header.0, header.1))?;
        }
    } else if arguments.stdin {
        world.output.write_all(formatted.text.as_bytes())?;
    } else if differs {
        std::fs::write(world.dir.join(path), &formatted.text).map_err(Error::file(path))?;
    }
    Ok(match (problems.is_empty(), arguments.check && differs) {
        (false, _) => Outcome::Failed,
        (true, true) => Outcome::Found,
        (true, false) => Outcome::Fine,
    })
}
