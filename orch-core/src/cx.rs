//! What a run hands to every step.

use crate::observe::Observer;
use crate::runtime::Host;

/// The runtime and the observer of a run.
///
/// Copied into every future of the run. For an unobserved run on [`Local`](crate::Local) both parts are
/// zero-sized, and so is this.
#[derive(Clone, Copy, Debug)]
pub struct Cx<R, O> {
    /// Where the run is executed.
    pub rt: R,
    /// Who watches it, and from which execution.
    pub obs: O,
}

impl<R: Host, O: Observer> Cx<R, O> {
    /// The same run, watched from another execution.
    #[inline(always)]
    pub(crate) fn under(self, obs: O) -> Self {
        Cx { obs, ..self }
    }
}
