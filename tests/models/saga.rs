//! `saga` against a model of it: what is done, what is undone and in which order, and with what it ends.

use std::sync::Mutex;
use std::time::Duration;

use async_orch::{ErrorKind, pipeline, task};
use proptest::prelude::*;
use tokio::time::sleep;

use crate::compare::compare;
use crate::stage::deliberate_panics_are_silent;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    /// What was done first.
    UndoesInOrder,
    UndoesNothingAfterAPanic,
    StopsAtAnUndoThatFails,
    /// A saga inside, when it has succeeded.
    KeepsItsLogToItself,
    LeavesWhatRunsBesideAFailure,
}

const FLAWS: [Flaw; 5] = [
    Flaw::UndoesInOrder,
    Flaw::UndoesNothingAfterAPanic,
    Flaw::StopsAtAnUndoThatFails,
    Flaw::KeepsItsLogToItself,
    Flaw::LeavesWhatRunsBesideAFailure,
];

/// What becomes of a step and of its undo.
#[derive(Clone, Copy, Debug)]
struct Script {
    takes: u64,
    outcome: Outcome,
    undone: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    Done,
    Fails,
    Panics,
}

#[derive(Debug)]
struct World {
    scripts: [Script; 9],
    log: Mutex<Vec<String>>,
}

impl World {
    /// Sums of different steps' times differ, so that nothing happens at the same time.
    fn takes(&self, step: usize) -> u64 {
        self.scripts[step].takes * 512 + (1 << step)
    }
}

#[task]
async fn act(world: &World, step: usize) -> Result<usize, String> {
    sleep(Duration::from_millis(world.takes(step))).await;
    match world.scripts[step].outcome {
        Outcome::Done => {}
        Outcome::Fails => return Err(format!("call {step}")),
        Outcome::Panics => panic!("call {step}"),
    }
    world.log.lock().unwrap().push(format!("do {step}"));
    Ok(step)
}

#[task]
async fn undo_it(world: &World, step: usize) -> Result<(), String> {
    world.log.lock().unwrap().push(format!("undo {step}"));
    if world.scripts[step].undone { Ok(()) } else { Err(format!("undo {step}")) }
}

/// The log, the end, and what could not be undone.
type Seen = (Vec<String>, Result<(), String>, Vec<String>);

async fn run(world: &World) -> Seen {
    let p = pipeline! {
        saga <
            act(world, 0) undo undo_it(world, _)
            par <
                act(world, 1) undo undo_it(world, _),
                seq < act(world, 2) finally undo_it(world, 2) act(world, 3) >
            >
            saga < act(world, 4) undo undo_it(world, _) act(world, 5) undo undo_it(world, _) >
            |_| { [6, 7] }
            each < act(world, _) undo undo_it(world, _) >
            act(world, 8)
        >
    };
    let text = |kind: &ErrorKind<async_orch::BoxError>| match kind {
        ErrorKind::Task(error) => error.to_string(),
        ErrorKind::Panicked(panicked) => panicked.message().to_owned(),
        other => panic!("{other:?}"),
    };
    let result = p.run(()).await;
    let failures = match &result {
        Ok(_) => Vec::new(),
        Err(error) => error.undo_failures().iter().map(|error| text(error.kind())).collect(),
    };
    let end = result.map(|_| ()).map_err(|error| text(error.kind()));
    (std::mem::take(&mut world.log.lock().unwrap()), end, failures)
}

/// A list of what was done that can be undone.
struct Model<'w> {
    world: &'w World,
    flaw: Option<Flaw>,
    seen: Seen,
    undos: Vec<usize>,
}

impl Model<'_> {
    /// Children at once, each a list of steps: all come to their end. The first failure is theirs, unless one has panicked.
    fn at_once(&mut self, children: &[&[usize]]) -> Result<(), String> {
        let mut ends = Vec::new();
        for steps in children {
            let mut at = 0;
            for &step in *steps {
                at += self.world.takes(step);
                ends.push((at, step));
                if self.world.scripts[step].outcome != Outcome::Done {
                    break;
                }
            }
        }
        ends.sort_unstable();
        let (mut failed, mut panicked) = (None, None);
        for (_, step) in ends {
            if self.flaw == Some(Flaw::LeavesWhatRunsBesideAFailure)
                && (failed.is_some() || panicked.is_some())
            {
                break;
            }
            match self.world.scripts[step].outcome {
                Outcome::Done => {
                    self.seen.0.push(format!("do {step}"));
                    self.undos.extend(Some(step).filter(|step| ![3, 8].contains(step)));
                }
                Outcome::Fails => failed = failed.or(Some(format!("call {step}"))),
                Outcome::Panics => panicked = panicked.or(Some(format!("call {step}"))),
            }
        }
        if panicked.is_some() && self.flaw == Some(Flaw::UndoesNothingAfterAPanic) {
            self.undos.clear();
        }
        panicked.or(failed).map_or(Ok(()), Err)
    }

    fn undo(&mut self, step: usize) -> Result<(), String> {
        self.seen.0.push(format!("undo {step}"));
        if self.world.scripts[step].undone { Ok(()) } else { Err(format!("undo {step}")) }
    }

    /// Undoes what was done after the first `kept`, last first.
    fn undo_all(&mut self, kept: usize) {
        let mut undos = self.undos.split_off(kept.min(self.undos.len()));
        if self.flaw != Some(Flaw::UndoesInOrder) {
            undos.reverse();
        }
        for step in undos {
            let result = self.undo(step);
            let stops = result.is_err() && self.flaw == Some(Flaw::StopsAtAnUndoThatFails);
            self.seen.2.extend(result.err());
            if stops {
                break;
            }
        }
    }

    fn steps(&mut self) -> Result<(), String> {
        self.at_once(&[&[0]])?;
        self.at_once(&[&[1], &[2, 3]])?;
        let kept = self.undos.len();
        self.at_once(&[&[4, 5]]).inspect_err(|_| self.undo_all(kept))?;
        if self.flaw == Some(Flaw::KeepsItsLogToItself) {
            self.undos.truncate(kept);
        }
        self.at_once(&[&[6], &[7]])?;
        self.at_once(&[&[8]])?;
        self.undos.retain(|step| *step != 2);
        self.undo(2)
    }

    fn of(world: &World, flaw: Option<Flaw>) -> Seen {
        let mut model = Model { world, flaw, seen: (Vec::new(), Ok(()), Vec::new()), undos: Vec::new() };
        model.seen.1 = model.steps();
        if model.seen.1.is_err() {
            model.undo_all(0);
        }
        model.seen
    }
}

fn script() -> impl Strategy<Value = Script> {
    let outcome =
        prop_oneof![12 => Just(Outcome::Done), 2 => Just(Outcome::Fails), 1 => Just(Outcome::Panics)];
    (0..4_u64, outcome, prop::bool::weighted(0.8)).prop_map(|(takes, outcome, undone)| Script {
        takes,
        outcome,
        undone,
    })
}

#[test]
fn saga_is_as_a_model_of_it() {
    deliberate_panics_are_silent();
    let cases = prop::array::uniform9(script()).prop_map(|scripts| World { scripts, log: Mutex::default() });
    compare(cases, &FLAWS, run, Model::of);
}
