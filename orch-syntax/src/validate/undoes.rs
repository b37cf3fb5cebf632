//! Who undoes what is done at a place.

/// Who undoes what is done at a place.
#[derive(Clone, Default)]
pub(super) struct Undoes {
    pub(super) by: By,
    /// The innermost block around that drops what is inside it.
    pub(super) dropped_by: Option<String>,
}

#[derive(Clone, Default)]
pub(super) enum By {
    /// There is no saga around.
    #[default]
    Nobody,
    /// The saga around.
    Saga,
    /// The block of this keyword stands between, which goes on after a failure.
    GoesOn(String),
    /// The block of this keyword stands between, which drops what it does not need.
    DropsLosers(String),
}
