//! The rules of `each`, each by name, and random schedules against its invariants.

mod model;
mod rules;

use std::sync::Arc;

use super::{Each, Options, Values, each, enter};
use crate::BoxError;
use crate::blocks::Shell;
use crate::blocks::par::tests::scripted::{Performs, Script, Stage};
use crate::blocks::peers::Limit;
use crate::blocks::peers::OnFailure;
use crate::blocks::values::Once;
use crate::build::builder::Builder;
use crate::build::feed::Uses;
use crate::node::Meta;
use crate::testing::block;

static EACH: Meta = block(0, None, "each");

type Numbered = std::iter::Enumerate<std::vec::IntoIter<Script>>;

/// `each` over numbered scripts.
fn scripted<M: OnFailure<BoxError>>(
    stage: &Arc<Stage>,
    limit: Option<usize>,
    settle: M,
) -> Shell<Each<Numbered, Numbered, Once<Limit<M>>, Performs>> {
    over(stage, limit, settle)
}

/// `each` over any collection of numbered scripts.
fn over<I, M>(
    stage: &Arc<Stage>,
    limit: Option<usize>,
    settle: M,
) -> Shell<Each<I, I, Once<Limit<M>>, Performs>>
where
    I: Iterator<Item = (usize, Script)> + Send + 'static,
    M: OnFailure<BoxError>,
{
    let builder = Builder::<(), I, BoxError>::new();
    let (_, feed) = enter(&builder, Uses);
    each(
        &builder,
        &EACH,
        Options { error: builder.error(), values: builder.once(Values { limit, settle }, &EACH) },
        feed,
        Performs(stage.clone()),
    )
}

fn numbered(scripts: Vec<Script>) -> Numbered {
    scripts.into_iter().enumerate()
}
