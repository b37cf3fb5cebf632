//! `saga`: a sequence that is undone if it fails.
//!
//! - A step with an `undo` is written into the saga's log when it has succeeded, in order of time, with what its undo needs: the
//!   step's output if the undo uses it, and the values of the names that it mentions. Names from outside of the saga live as
//!   long as it, and are borrowed.
//! - If the saga fails, by an error or a panic, its body is dropped, and then the log runs backwards: one undo after the other,
//!   each at the place of the saga, outside of the blocks around its step. Then the saga fails with the error that it had.
//! - An undo that fails or panics is kept in the error, and the others go on.
//! - When a saga succeeds, its log goes to the saga around it, or is dropped.
//! - `finally` is an undo that runs when the saga ends, also if it succeeds. If it fails then, the saga has failed.
//! - A run that is dropped undoes nothing, and tells how many steps were not undone.
//!
//! A saga whose steps have no undo allocates nothing; a logged step costs a box, an undo another.

mod events;
mod future;
mod log;
mod options;
mod undo;

pub use events::SagaEvent;
pub use future::Saga;
pub use log::{Log, When};
pub use options::{CanBeClonedForUndo, CanBeKeptForUndo, Options, alone, default, enter, output, saga};
pub use undo::{Undone, listed, undone};
