//! The options of `settle`: it has none.

use std::fmt;

use super::Settle;
use crate::blocks::Shell;
use crate::build::options::Of;
use crate::build::scope::Scope;
use crate::build::token::Tok;
use crate::error::Failure;
use crate::node::Meta;

/// The options of `settle`.
pub struct Options<E> {
    #[doc(hidden)]
    pub error: Of<E>,
}

/// The point inside the block.
pub fn enter<S: Scope, In: Send + 'static, E: Failure, U>(
    tok: &Tok<S, In, E>,
    _usage: U,
) -> (Tok<S, In, E>, ()) {
    (*tok, ())
}

/// The body's `Result` as a value, which is always there.
pub fn settle<S, In, E: Failure, B>(
    _tok: &Tok<S, In, E>,
    meta: &'static Meta,
    _options: Options<E>,
    _feed: (),
    body: B,
) -> Shell<Settle<B>> {
    Shell::new(meta, Settle { body })
}

impl<E> fmt::Debug for Options<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Options")
    }
}
