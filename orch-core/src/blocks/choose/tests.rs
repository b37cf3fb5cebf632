//! What `choose` gives, tells and costs, without the macro.

use super::*;
use crate::build::builder::Builder;
use crate::build::plan::Plan;
use crate::error::BoxError;
use crate::node::Meta;
use crate::testing::{Recorder, at_once, block, inline_sync, step};

static CHOOSE: Meta = block(0, None, "choose");
static FEW: Meta = step(1, Some(&CHOOSE), "few");
static MANY: Meta = step(2, Some(&CHOOSE), "many");

macro_rules! chosen {
    ($look:expr) => {{
        let builder = Builder::<(), u32, BoxError>::new();
        let scrutinee = builder.looks($look);
        let (inner, feed) = builder.takes();
        let few = arm("few", feed, inline_sync!(inner, &FEW, |(), n: u32| n + 1));
        let (inner, feed) = builder.ignores();
        let many = arm("many", feed, inline_sync!(inner, &MANY, |(), ()| 9_u32));
        let options = Options { error: builder.error(), scrutinee };
        Plan::of((), builder, choose(&builder, &CHOOSE, options, fork(few, many))).pipeline()
    }};
}

#[test]
fn the_chosen_arm_runs_and_it_alone_is_told() {
    let recorder = Recorder::default();
    let pipeline = chosen!(|(), n| (usize::from(*n > 9), ())).with_bus(&recorder);
    assert_eq!(at_once(pipeline.run(4)).unwrap(), 5);
    let told = ["choose started", "choose/few running", "choose/few succeeded", "choose succeeded"];
    assert_eq!(recorder.take(), told);
    assert_eq!(at_once(pipeline.run(10)).unwrap(), 9);
    assert_eq!(recorder.take()[1], "choose/many running");
}

#[test]
fn the_graph_has_all_arms() {
    let pipeline = chosen!(|(), n| (usize::from(*n > 9), ()));
    assert_eq!(pipeline.graph().to_string(), "choose\n├─ few => few\n└─ many => many");
}

#[test]
#[should_panic(expected = "oh")]
fn a_panic_of_the_scrutinee_goes_through() {
    let _ = at_once(chosen!(|(), n| if *n > 0 { panic!("oh {n}") } else { (0, ()) }).run(1));
}

#[test]
fn it_is_as_large_as_the_largest_arm_and_which_it_is() {
    let builder = Builder::<(), u32, BoxError>::new();
    let alone = Plan::of((), builder, inline_sync!(builder, &FEW, |(), n: u32| n)).pipeline();
    let chosen = chosen!(|(), n| (usize::from(*n > 9), ()));
    assert!(size_of_val(&chosen.run(1)) <= size_of_val(&alone.run(1)) + size_of::<u64>());
}
