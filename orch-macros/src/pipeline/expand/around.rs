//! What a step knows of the saga around it.

use proc_macro2::Ident;

use super::names::Names;

/// The saga around a step.
#[derive(Clone)]
pub(super) struct Around {
    /// The variable that holds the builder of the point at which the outermost saga stands: where undos run.
    pub(super) base: Ident,
    /// The names at that point.
    pub(super) names: Names,
    /// The level of the log of the innermost saga.
    pub(super) log: usize,
}
