//! What the end of a run waited for.

use std::collections::HashMap;

use crate::record::{NONE, RunKept};

/// The positions of the executions on the path: the outermost, and of each on it those inside that it waited for.
///
/// Each execution is looked at once, with the executions inside of it sorted by their ends, so that a long run costs little more
/// than sorting does.
pub(crate) fn critical_path(run: &RunKept) -> Vec<u32> {
    let mut inside: HashMap<u32, Vec<u32>> = HashMap::new();
    let mut roots = Vec::new();
    for (position, span) in (0..).zip(&run.spans) {
        match span.parent {
            NONE => roots.push(position),
            parent => inside.entry(parent).or_default().push(position),
        }
    }
    let mut path = Vec::new();
    let mut open = roots;
    open.truncate(1);
    while let Some(position) = open.pop() {
        path.push(position);
        let Some(mut children) = inside.remove(&position) else { continue };
        // Of those that end at one time, the one that started last is nearest to that end.
        children.sort_by_key(|child| {
            let span = &run.spans[*child as usize];
            (span.end, span.start, *child)
        });
        let mut until = run.spans[position as usize].end;
        for child in children.into_iter().rev() {
            let span = &run.spans[child as usize];
            // One that was cancelled is what nobody waited for.
            if span.end <= until && span.state != crate::record::State::Cancelled {
                open.push(child);
                until = span.start;
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::record::Kept;
    use crate::schema::{EventLine, RunLine, StepLine};

    /// A run to be: steps one after another, or beside each other, or a wait.
    #[derive(Clone, Debug)]
    enum Model {
        Task(u64),
        Row(Vec<Model>),
        Peers(Vec<Model>),
    }

    impl Model {
        fn time(&self) -> u64 {
            match self {
                Model::Task(time) => *time,
                Model::Row(steps) => steps.iter().map(Model::time).sum(),
                Model::Peers(steps) => steps.iter().map(Model::time).max().unwrap_or(0),
            }
        }

        /// Tells what a run of it tells, not in the order of the times.
        fn tell(&self, kept: &mut Kept, parent: Option<u64>, at: u64, ids: &mut u64) {
            *ids += 1;
            let id = *ids;
            let event = |event: &str, ns: u64| -> EventLine {
                let mut line = serde_json::json!({ "run": 1, "seq": 0, "ns": ns, "step": 0, "execution": id, "event": event });
                if let Some(parent) = parent {
                    line["parent"] = parent.into();
                }
                serde_json::from_value(line).unwrap()
            };
            assert!(kept.apply(event("running", at)));
            match self {
                Model::Task(_) => {}
                Model::Row(steps) => {
                    let mut at = at;
                    for step in steps {
                        step.tell(kept, Some(id), at, ids);
                        at += step.time();
                    }
                }
                Model::Peers(steps) => steps.iter().for_each(|step| step.tell(kept, Some(id), at, ids)),
            }
            assert!(kept.apply(event("succeeded", at + self.time())));
        }
    }

    fn run_of(model: &Model) -> RunKept {
        let mut kept = Kept::new(usize::MAX, 0);
        let step = StepLine {
            id: 0,
            index: 0,
            path: "step".into(),
            name: "step".into(),
            kind: "task".into(),
            place: "a.rs:1:1".into(),
            repetition: 0,
        };
        assert!(kept.add_step(step));
        kept.begin(RunLine { run: 1, key: None, start_ns: 0 });
        model.tell(&mut kept, None, 0, &mut 0);
        kept.runs.remove(&1).unwrap()
    }

    fn models() -> impl Strategy<Value = Model> {
        let task = (1u64..50).prop_map(Model::Task);
        task.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..5).prop_map(Model::Row),
                prop::collection::vec(inner, 1..5).prop_map(Model::Peers),
            ]
        })
    }

    proptest! {
        /// The tasks on the path follow each other without a gap, and fill the run.
        #[test]
        fn the_path_is_as_long_as_the_run(model in models()) {
            let run = run_of(&model);
            let is_block = |position: u32| run.spans.iter().any(|span| span.parent == position);
            let mut tasks: Vec<(u64, u64)> = critical_path(&run)
                .into_iter()
                .filter(|position| !is_block(*position))
                .map(|position| (run.spans[position as usize].start, run.spans[position as usize].end))
                .collect();
            tasks.sort_unstable();
            let mut at = 0;
            for (start, end) in tasks {
                prop_assert_eq!(start, at);
                at = end;
            }
            prop_assert_eq!(at, model.time());
        }

        /// A task that is made longer makes the run longer if it is on the path.
        #[test]
        fn what_is_on_the_path_delays_the_run(model in models()) {
            fn longer(model: &mut Model, position: &mut u32, wanted: u32) {
                let here = *position;
                *position += 1;
                match model {
                    Model::Task(time) if here == wanted => *time += 1,
                    Model::Task(_) => {}
                    Model::Row(steps) | Model::Peers(steps) => {
                        steps.iter_mut().for_each(|step| longer(step, position, wanted));
                    }
                }
            }
            let run = run_of(&model);
            let path = critical_path(&run);
            for position in path {
                if run.spans.iter().any(|span| span.parent == position) {
                    continue;
                }
                let mut delayed = model.clone();
                longer(&mut delayed, &mut 0, position);
                prop_assert_eq!(delayed.time(), model.time() + 1);
            }
        }
    }

    #[test]
    fn a_wait_behind_a_limit_leads_to_who_had_the_place() {
        // Two places: `0..3` and `0..5`, then `3..9`, for which the run waits.
        let peers = Model::Peers(vec![Model::Row(vec![Model::Task(3), Model::Task(6)]), Model::Task(5)]);
        let run = run_of(&peers);
        let mut path = critical_path(&run);
        path.sort_unstable();
        assert_eq!(path, [0, 1, 2, 3]);
    }
}
