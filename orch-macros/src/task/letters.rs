//! What the letters of a return type tell. What they stand for, the compiler knows.

use orch_syntax::tokens;
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::quote;

use super::generics::Generics;
use super::path::PathType;

/// What the letters of a return type tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Letters {
    /// `!`
    Never,
    /// It is called `Result`.
    Result,
    /// It cannot be one: a tuple, a reference, a type of the language, a parameter; or nobody would call one so.
    Plain,
    /// A name, which may stand for one.
    Unknown,
}

impl Letters {
    pub(crate) fn of(ty: &TokenStream, generics: &Generics) -> Self {
        let tokens = out_of_parentheses(tokens::list(ty.clone()));
        if let [TokenTree::Punct(never)] = tokens.as_slice()
            && never.as_char() == '!'
        {
            return Letters::Never;
        }
        match PathType::of(&tokens) {
            Some(path) if path.name == "Result" => Letters::Result,
            Some(PathType { qualified: false, segments: 1, name, arguments: None }) => {
                if generics.has_type(name) || tokens::is_one_of(name, PRIMITIVES) {
                    Letters::Plain
                } else {
                    Letters::Unknown
                }
            }
            Some(path) if !path.qualified && tokens::is_one_of(path.name, CONTAINERS) => Letters::Plain,
            Some(_) => Letters::Unknown,
            // A macro may give any type.
            None if tokens.iter().any(|token| tokens::is_punct(Some(token), '!')) => Letters::Unknown,
            None => Letters::Plain,
        }
    }
}

/// The two types of `Result<…>`, if it is written with both.
pub(crate) fn result(ty: &TokenStream) -> Option<(TokenStream, TokenStream)> {
    let tokens = out_of_parentheses(tokens::list(ty.clone()));
    let path = PathType::of(&tokens)
        .filter(|path| path.name == "Result" && path.segments == 1 && !path.qualified)?;
    match tokens::split_outside_angles(path.arguments?, ',').as_slice() {
        [out, error] if !tokens::is_punct(out.first(), '\'') => {
            Some((tokens::collect(out), tokens::collect(error)))
        }
        _ => None,
    }
}

/// The two types of a `ControlFlow<…>`, also as the output of a `Result`, if it is written with one or both.
pub(crate) fn flow(ty: &TokenStream) -> Option<(TokenStream, TokenStream)> {
    let tokens = out_of_parentheses(tokens::list(ty.clone()));
    let path = PathType::of(&tokens)?;
    let arguments = tokens::split_outside_angles(path.arguments?, ',');
    if path.name == "Result" {
        return flow(&tokens::collect(arguments.first()?));
    }
    match arguments.as_slice() {
        [end] if path.name == "ControlFlow" => Some((tokens::collect(end), quote!(()))),
        [end, next] if path.name == "ControlFlow" => Some((tokens::collect(end), tokens::collect(next))),
        _ => None,
    }
}

/// Whether a type is `io::Result<…>`, or another that everybody calls so.
pub(crate) fn is_result_of_std(ty: &TokenStream) -> bool {
    let tokens = out_of_parentheses(tokens::list(ty.clone()));
    let name = tokens.iter().position(|token| tokens::is_word(Some(token), "Result"));
    let module =
        name.and_then(|name| name.checked_sub(3)).and_then(|module| tokens::as_ident(tokens.get(module)));
    module.is_some_and(|module| tokens::is_one_of(module, &["anyhow", "fmt", "io", "result"]))
}

/// The types that need no `use`, and that nobody calls another type.
const PRIMITIVES: &[&str] = &[
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "str", "u8", "u16", "u32",
    "u64", "u128", "usize",
];

/// Types of the standard library's that most tasks give, if not a `Result`.
const CONTAINERS: &[&str] =
    &["Arc", "Box", "BTreeMap", "Duration", "HashMap", "Option", "PathBuf", "Poll", "String", "Vec"];

/// Whether a type consists of what nobody makes private: the types of the language, and those with a path of the standard
/// library's.
pub(crate) fn is_public(ty: &TokenStream) -> bool {
    // Another `Result` with two types is refused.
    if let Some((out, error)) = result(ty) {
        return is_public(&out) && is_public(&error);
    }
    let tokens = tokens::list(ty.clone());
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        at += 1;
        match token {
            TokenTree::Ident(root) if tokens::is_one_of(root, &["std", "core", "alloc"]) => {
                while tokens::is_pair(&tokens, at, ':', ':') && tokens::as_ident(tokens.get(at + 2)).is_some()
                {
                    at += 3;
                }
            }
            TokenTree::Ident(word) if word != "static" && !tokens::is_one_of(word, PRIMITIVES) => {
                return false;
            }
            TokenTree::Group(group) if !is_public(&group.stream()) => return false,
            _ => {}
        }
    }
    true
}

/// The type in parentheses, or in an invisible group.
fn out_of_parentheses(mut tokens: Vec<TokenTree>) -> Vec<TokenTree> {
    while let [TokenTree::Group(group)] = tokens.as_slice() {
        let inner = tokens::list(group.stream());
        let comma = |at| tokens::is_punct(inner.get(at), ',');
        let is_tuple = inner.is_empty() || tokens::outside_angles(&inner).into_iter().any(comma);
        match group.delimiter() {
            Delimiter::None => {}
            Delimiter::Parenthesis if !is_tuple => {}
            _ => break,
        }
        tokens = inner;
    }
    tokens
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    fn tokens(text: &str) -> TokenStream {
        TokenStream::from_str(text).expect("tokens")
    }

    fn show(tokens: &TokenStream) -> String {
        tokens.to_string().replace(' ', "")
    }

    #[test]
    fn results_are_known_by_name() {
        let generics = Generics::of(&tokens::list(tokens("<T, U>")), &[]);
        let letters = |ty: &str| Letters::of(&tokens(ty), &generics);
        for ty in [
            "Result<A, B>",
            "::std::result::Result<(A, C<D, E>), B,>",
            "io::Result<fn(A) -> B>",
            "<A as B>::Result<C, D>",
            "fmt::Result",
            "(Result<A, B>)",
            "((io::Result<A>))",
        ] {
            assert_eq!(letters(ty), Letters::Result, "{ty}");
        }
        for ty in [
            "u8",
            "()",
            "(Result<A, B>,)",
            "(A, Result<A, B>)",
            "T",
            "(U)",
            "&'static Result<A, B>",
            "[Result<A, B>; 2]",
            "fn() -> Result<A, B>",
            "dyn Result<A, B>",
            "Option<Result<A, B>>",
            "std::string::String",
            "*const T",
        ] {
            assert_eq!(letters(ty), Letters::Plain, "{ty}");
        }
        for ty in [
            "Outcome",
            "My<'a, Result<A, B>>",
            "Result<A, B>::Out",
            "T::Out",
            "<T as A>::B",
            "a::b!(c)",
            "a::T",
        ] {
            assert_eq!(letters(ty), Letters::Unknown, "{ty}");
        }
        assert_eq!(letters("!"), Letters::Never);
        assert_eq!(letters("(!)"), Letters::Never);
    }

    #[test]
    fn results_are_taken_apart() {
        let types =
            |ty: &str| result(&tokens(ty)).map(|(out, error)| format!("{} {}", show(&out), show(&error)));
        assert_eq!(types("Result<A, B>").as_deref(), Some("A B"));
        assert_eq!(types("(Result<(A, C<D, E>), fn(A) -> B,>)").as_deref(), Some("(A,C<D,E>) fn(A)->B"));
        // Another's alias may have the two in another order.
        for ty in [
            "io::Result<A>",
            "my::Result<A, B>",
            "<A as B>::Result<C, D>",
            "Result<A>",
            "Result<'a, A>",
            "Outcome",
        ] {
            assert_eq!(types(ty), None, "{ty}");
        }
    }

    #[test]
    fn public_types_are_known_by_name() {
        for ty in
            ["()", "u8", "&'static str", "(u8, [bool; 2])", "Result<std::vec::Vec<u8>, ::core::fmt::Error>"]
        {
            assert!(is_public(&tokens(ty)), "{ty}");
        }
        for ty in [
            "A",
            "(u8, A)",
            "&'static A",
            "std::vec::Vec<A>",
            "Result<String, u8>",
            "Result<u8>",
            "my::std::B",
        ] {
            assert!(!is_public(&tokens(ty)), "{ty}");
        }
    }
}
