//! Types and paths, told from other tokens.
//!
//! The text may be half typed. Asked is only whether it is a type, so that what is none is reported where it stands; what
//! it means is the compiler's business, and so are the expressions in it. As for patterns, the parser of `syn` would be
//! compiled by every user, and takes longer than all of the macros.

mod bound;
mod path;
mod ty;

use proc_macro2::{Ident, TokenStream, TokenTree};

use crate::reader::Reader;
use crate::tokens;

/// Whether these tokens are one type.
pub(crate) fn is_type(tokens: &[TokenTree]) -> bool {
    reads(tokens, |reader| reader.ty(Plus::Joins).map(drop))
}

const PRIMITIVE: &[&str] = &[
    "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128",
    "isize", "f32", "f64",
];

/// Whether a word is a type of the language.
pub(crate) fn is_primitive(word: &Ident) -> bool {
    tokens::is_one_of(word, PRIMITIVE)
}

/// Whether a name is written as one of a type or a variant.
pub(crate) fn begins_large(name: &Ident) -> bool {
    name.to_string().starts_with(char::is_uppercase)
}

/// Whether tokens are a type and no pattern that anybody writes: `u32`, `Vec<u8>`, `&str`, `(A, B)`, `io::Error`.
pub(crate) fn is_surely_type(tokens: &[TokenTree]) -> bool {
    if !is_type(tokens) {
        return false;
    }
    match tokens {
        [TokenTree::Group(group)] => {
            let content = tokens::list(group.stream());
            let parts = tokens::split_commas(&content);
            !parts.is_empty() && parts.iter().all(|(part, _)| is_surely_type(part))
        }
        [TokenTree::Punct(and), rest @ ..] if and.as_char() == '&' => is_surely_type(rest),
        [TokenTree::Ident(word), ..] if word == "dyn" || word == "impl" => true,
        tokens => {
            let end =
                tokens.iter().position(|token| tokens::is_punct(Some(token), '<')).unwrap_or(tokens.len());
            match end.checked_sub(1).and_then(|last| tokens.get(last)) {
                Some(TokenTree::Ident(name)) => {
                    is_primitive(name) || name.to_string().starts_with(char::is_uppercase)
                }
                _ => false,
            }
        }
    }
}

/// Whether these tokens are a path as it stands in an expression, `a::b::<C>`.
pub(crate) fn is_expression_path(tokens: &[TokenTree]) -> bool {
    reads(tokens, |reader| reader.path(Style::Expression).map(drop))
}

/// Whether these tokens are `::<…>`, with at least one argument.
pub(crate) fn is_turbofish(tokens: &[TokenTree]) -> bool {
    reads(tokens, |reader| {
        let empty = reader.punct(3, '>');
        (reader.pair(0, ':', ':') && reader.punct(2, '<') && !empty).then(|| reader.at += 2)?;
        reader.arguments()
    })
}

/// The path that these tokens are, out of the invisible groups that `$fragment` leaves around its parts.
pub(crate) fn path(tokens: &[TokenTree]) -> Option<TokenStream> {
    let open = tokens::visible(tokens::collect(tokens), |_| false);
    reads(&open, |reader| reader.path(Style::Type).map(drop)).then(|| tokens::collect(&open))
}

/// Whether `read` reads all of these tokens.
fn reads(tokens: &[TokenTree], read: fn(&mut Reader) -> Option<()>) -> bool {
    let mut reader = reader(tokens::collect(tokens));
    tokens::is_reasonable(tokens) && read(&mut reader).is_some() && reader.at_end()
}

/// What a type is, as far as what may follow it depends on that.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// `Name` or `Name<…>`
    Name,
    /// `some::Path<…>`
    Path,
    Other,
}

/// Whether `A + B` is a type here. After `&`, `*` and `->` the `+` belongs to what stands around.
#[derive(Clone, Copy, PartialEq)]
enum Plus {
    Joins,
    Ends,
}

/// Whether generic arguments need the turbofish.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    Type,
    Expression,
}

/// The tokens of a type or of one of its groups.
fn reader(tokens: TokenStream) -> Reader {
    Reader::of(tokens::visible(tokens, tokens::joins))
}

#[cfg(test)]
#[allow(clippy::expect_used, clippy::panic, reason = "a test")]
mod tests {
    use std::str::FromStr;

    use proc_macro2::{Delimiter, Group};

    use super::*;

    fn tokens(text: &str) -> Vec<TokenTree> {
        TokenStream::from_str(text).expect("tokens").into_iter().collect()
    }

    #[test]
    fn types() {
        for text in [
            "u8",
            "_",
            "!",
            "()",
            "(u8)",
            "(u8,)",
            "(u8, Vec<Vec<u8>>)",
            "[u8]",
            "[u8; { N + 1 }]",
            "[[u8; N << 1]; a.b(c)]",
            "&'a mut str",
            "&&'_ u8",
            "*const *mut u8",
            "::a::B<C>::D",
            "Self",
            "crate::a::super::B",
            "Vec::<u8>",
            "A<'a, { N }, -1, true, \"x\", B, Item = C, Item<D> = [E; 2], Item: F + 'a,>",
            "A<>",
            "<A as b::C<D>>::E<F>",
            "<[u8]>::Out",
            "dyn A + Send + 'a",
            "dyn A +",
            "Box<dyn for<'a, 'b: 'a> Fn(&'a u8, B<C>) -> &'a u8 + Send>",
            "impl Fn() -> Vec<u8> + ?Sized + (A)",
            "&(dyn A + B)",
            "A + B",
            "fn()",
            "for<'a> unsafe extern \"C\" fn(name: &'a u8, _: fn(A) -> B, ...) -> C<D>",
            "a::b!(c, <)",
        ] {
            assert!(is_type(&tokens(text)), "{text}");
        }
    }

    #[test]
    fn no_types() {
        for text in [
            "",
            "+",
            "u8 u8",
            "u8,",
            "Vec<",
            "Vec<u8",
            "Vec<u8>>",
            "Vec<u8 u8>",
            "Vec<,>",
            "Vec<A = >",
            "a::",
            "a:b",
            "::",
            "self<A>",
            "let",
            "fn",
            "fn(a b)",
            "&",
            "&dyn A + B",
            "*u8",
            "dyn",
            "dyn 'a",
            "dyn for<'a>",
            "for<'a> (A)",
            "impl ?for<'a> A",
            "[u8;]",
            "(u8 u8)",
            "(,)",
            "{ u8 }",
            "'a",
            "1",
            "<A>",
            "<A as B>",
            "<A as>::B",
            "A -> B",
            "A == B",
            "a!",
            "a != b",
        ] {
            assert!(!is_type(&tokens(text)), "{text}");
        }
    }

    #[test]
    fn paths() {
        let in_expression = |text: &str| is_expression_path(&tokens(text));
        assert!(in_expression("::a::b::<Vec<u8>, _>::c") && in_expression("self::r#fn"));
        for text in ["a<b>", "a::<b", "a::", "a::fn", "self::<A>", "try", "a b", "<A>::b", "a::(b)"] {
            assert!(!in_expression(text), "{text}");
        }
        for text in ["::<A>", "::<'a, 1, Vec<Vec<u8>>,>", "::<Item = fn() -> A>"] {
            assert!(is_turbofish(&tokens(text)), "{text}");
        }
        for text in ["::<>", "<A>", "::<A", "::<A>::b", "::<A B>", "::<A -> B>", ":: A", "", "::"] {
            assert!(!is_turbofish(&tokens(text)), "{text}");
        }
        let shown = |text: &str| path(&tokens(text)).map(|path| path.to_string().replace(' ', ""));
        assert_eq!(shown("::a::b").as_deref(), Some("::a::b"));
        assert_eq!(shown("a::").as_deref(), None);
        assert_eq!(shown("a!()").as_deref(), None);
    }

    /// What `$fragment` leaves: a type that stands for itself, a path that goes on.
    #[test]
    fn invisible_groups() {
        let fragment = |text: &str| -> TokenTree {
            Group::new(Delimiter::None, tokens(text).into_iter().collect()).into()
        };
        let with = |before: &str, text: &str, after: &str| {
            let mut all = tokens(before);
            all.push(fragment(text));
            all.extend(tokens(after));
            all
        };
        assert!(is_type(&with("&", "dyn A + B", "")));
        assert!(is_type(&with("", "a::B", "::C<D>")));
        assert!(is_type(&with("dyn", "a::B", "+ C")));
        assert!(!is_type(&with("&", "dyn A + 1", "")));
        assert!(!is_type(&with("", "dyn A + B", "C")));
        let shown = path(&with("", "a::b", "::c")).map(|path| path.to_string().replace(' ', ""));
        assert_eq!(shown.as_deref(), Some("a::b::c"));
    }

    #[test]
    fn endless_nesting_is_no_type() {
        for text in ["&".repeat(10_000) + "A", "A<".repeat(10_000) + "A" + &">".repeat(10_000)] {
            assert!(!is_type(&tokens(&text)) && path(&tokens(&text)).is_none());
        }
    }
}
