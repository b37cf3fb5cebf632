//! What a pipeline with parts under `#[cfg(…)]` may be.

use orch_syntax::{Parsed, conditional, parse, validate};
use proc_macro2::TokenStream;

/// How many conditions of one pipeline are told apart.
const DEPTH: usize = 4;

/// A text in each case of the conditions in it, and what it is there. Parts that are never there together may be no pipeline, so what
/// has mistakes is left out where there is something without.
pub(crate) fn cases(body: &TokenStream) -> Vec<(TokenStream, Parsed)> {
    down_to(body, DEPTH)
}

fn down_to(body: &TokenStream, depth: usize) -> Vec<(TokenStream, Parsed)> {
    match conditional(body) {
        Some(of) if depth > 0 => {
            let mut all = down_to(&of.with, depth - 1);
            all.extend(down_to(&of.without, depth - 1));
            if all.iter().any(|(_, case)| case.errors.is_empty()) {
                all.retain(|(_, case)| case.errors.is_empty());
            }
            all
        }
        _ => vec![(body.clone(), read(body))],
    }
}

/// A text as a pipeline, and all mistakes in it.
pub(crate) fn read(body: &TokenStream) -> Parsed {
    let mut parsed = parse(body.clone());
    validate(&mut parsed);
    parsed
}
