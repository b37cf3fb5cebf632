//! Random scripts under random schedules, against what must hold of them all.

use std::sync::Arc;

use proptest::prelude::*;

use super::{numbered, over, scripted};
use crate::blocks::par::tests::model::{Trial, play, settled, trial};
use crate::blocks::par::tests::scripted::{Scarce, Script, Stage, pipeline};
use crate::blocks::peers::{FailFast, Settle};

type Blind = Box<dyn Iterator<Item = (usize, Script)> + Send>;

/// The same items, of which nobody knows how many there are.
fn blind(scripts: Vec<Script>) -> Blind {
    Box::new(numbered(scripts).filter(|_| true))
}

fn try_out(trial: &Trial, settle: bool, blindly: bool) {
    let stage = Arc::new(Stage::default());
    let runtime = Scarce(stage.clone());
    let scripts = trial.scripts.clone();
    if settle {
        let results = if blindly {
            let pipeline = pipeline(over::<Blind, _>(&stage, trial.limit, Settle));
            play(trial, &stage, true, pipeline.on(&runtime).run(blind(scripts)))
        } else {
            let pipeline = pipeline(scripted(&stage, trial.limit, Settle));
            play(trial, &stage, true, pipeline.on(&runtime).run(numbered(scripts)))
        };
        if let Some(Ok(results)) = results {
            let text = |error: crate::Error| error.task().unwrap().to_string();
            let results: Vec<_> = results.into_iter().map(|result| result.map_err(text)).collect();
            assert_eq!(results, settled(trial));
        }
    } else {
        let outputs = if blindly {
            let pipeline = pipeline(over::<Blind, _>(&stage, trial.limit, FailFast));
            play(trial, &stage, false, pipeline.on(&runtime).run(blind(scripts)))
        } else {
            let pipeline = pipeline(scripted(&stage, trial.limit, FailFast));
            play(trial, &stage, false, pipeline.on(&runtime).run(numbered(scripts)))
        };
        if let Some(Ok(outputs)) = outputs {
            assert_eq!(outputs, (0..trial.scripts.len()).collect::<Vec<_>>());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn any_schedule_of_items_keeps_the_rules(
        trial in trial(prop_oneof![3 => 0..20_usize, 1 => 60..300_usize]),
        settle: bool,
        blindly: bool,
    ) {
        try_out(&trial, settle, blindly);
    }
}
