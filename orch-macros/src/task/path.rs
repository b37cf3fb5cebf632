//! Types that are paths, taken apart.

use orch_syntax::tokens;
use proc_macro2::{Ident, TokenTree};

/// A type that is a path, taken apart.
pub(super) struct PathType<'t> {
    /// Whether it begins with `<T as Trait>`.
    pub(super) qualified: bool,
    pub(super) segments: usize,
    /// The last name.
    pub(super) name: &'t Ident,
    /// The generic arguments of the last name.
    pub(super) arguments: Option<&'t [TokenTree]>,
}

impl<'t> PathType<'t> {
    /// `None` for other types.
    pub(super) fn of(tokens: &'t [TokenTree]) -> Option<Self> {
        let mut at = 0;
        let qualified = tokens::is_punct(tokens.first(), '<');
        if qualified {
            at = tokens::angle_end(tokens, at)? + 1;
        }
        if tokens::is_pair(tokens, at, ':', ':') {
            at += 2;
        }
        let mut segments = 0;
        loop {
            let name = tokens::as_ident(tokens.get(at))?;
            segments += 1;
            at += 1;
            if tokens::is_pair(tokens, at, ':', ':') && tokens::is_punct(tokens.get(at + 2), '<') {
                at += 2;
            }
            let mut arguments = None;
            if tokens::is_punct(tokens.get(at), '<') {
                let end = tokens::angle_end(tokens, at)?;
                arguments = Some(tokens::part(tokens, at + 1, end));
                at = end + 1;
            }
            if at == tokens.len() {
                return Some(Self { qualified, segments, name, arguments });
            }
            if !tokens::is_pair(tokens, at, ':', ':') {
                return None;
            }
            at += 2;
        }
    }
}
