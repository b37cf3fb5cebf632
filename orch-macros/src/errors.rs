//! Several errors as one.

/// All errors as one that reports each.
pub(crate) fn combined(errors: impl IntoIterator<Item = syn::Error>) -> Option<syn::Error> {
    let mut errors = errors.into_iter();
    let mut all = errors.next()?;
    for error in errors {
        all.combine(error);
    }
    Some(all)
}
