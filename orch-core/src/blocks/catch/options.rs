//! The options of `catch`: none.

use super::Catch;
use crate::blocks::Shell;
use crate::build::options::Of;
use crate::build::scope::Scope;
use crate::build::token::Tok;
use crate::error::Failure;
use crate::node::Meta;

/// The options of `catch`.
#[derive(Debug)]
pub struct Options<E: Failure> {
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

/// The body, its panics as errors.
pub fn catch<S, In, E: Failure, B>(
    _tok: &Tok<S, In, E>,
    meta: &'static Meta,
    _options: Options<E>,
    _feed: (),
    body: B,
) -> Shell<Catch<B>> {
    Shell::new(meta, Catch { body, meta })
}
