//! The words that the options take, by the names that the macro gives them.

/// A queue without end.
pub fn unlimited() -> u32 {
    u32::MAX
}
