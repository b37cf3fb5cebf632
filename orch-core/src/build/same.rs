//! What a body gives that may be skipped.

/// What a block gives whether its body runs or not: what is piped into it.
#[diagnostic::on_unimplemented(
    message = "`when` gives what is piped into it where its body is skipped, so the body has to give the same type; this gives `{Self}`, and what is piped is `{In}`",
    label = "gives `{Self}`, not `{In}`",
    note = "a body that only does something gives the value back as it was; or name what is piped before, `let value = _`: after a name `when` gives `()`, whatever its body gives"
)]
#[doc(hidden)]
pub trait Same<In> {}

#[diagnostic::do_not_recommend]
impl<T> Same<T> for T {}
