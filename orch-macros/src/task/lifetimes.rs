//! Names for the lifetimes that a signature leaves out.
//!
//! The parameters' types stand again in an implementation's header, where each needs a name. The compiler has parsed
//! these types before the macro sees them, so their tokens are enough.

use orch_syntax::tokens;
use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};
use syn::Lifetime;

/// Gives every elided lifetime of some types a name, and remembers the names.
#[derive(Default)]
pub(crate) struct Elided {
    pub(crate) names: Vec<Lifetime>,
}

impl Elided {
    /// The type with names.
    pub(crate) fn name_all(&mut self, ty: &TokenStream) -> TokenStream {
        walk(ty.clone(), &mut |site| match (site.and, site.lifetime) {
            (Some(and), None) => Some(self.next(and)),
            (_, Some((span, name))) if name == "_" => Some(self.next(span)),
            _ => None,
        })
    }

    fn next(&mut self, span: Span) -> Lifetime {
        // No text of the user's to lints.
        let span = span.resolved_at(Span::call_site());
        let name = Lifetime::new(&format!("'__elided{}", self.names.len()), span);
        self.names.push(name.clone());
        name
    }
}

/// The first borrow in a type that is not `'static`.
pub(crate) fn borrow(ty: &TokenStream) -> Option<Span> {
    let mut found = None;
    walk(ty.clone(), &mut |site| {
        if site.lifetime.as_ref().is_none_or(|(_, name)| name != "static") {
            found = found.or(site.and).or(site.lifetime.map(|(span, _)| span));
        }
        None
    });
    found
}

/// The first lifetime in a type that is neither the language's nor declared, by `declares` or by a `for` in the type.
pub(crate) fn undeclared(ty: &TokenStream, declares: impl Fn(&Ident) -> bool) -> Option<(Span, Ident)> {
    let mut bound = Vec::new();
    after_for(ty, &mut bound);
    let mut found = None;
    walk(ty.clone(), &mut |site| {
        let unknown = |name: &Ident| {
            !tokens::is_one_of(name, &["static", "_"]) && !bound.contains(name) && !declares(name)
        };
        found = found.take().or(site.lifetime.filter(|(_, name)| unknown(name)));
        None
    });
    found
}

/// Adds the lifetimes between the brackets of each `for<…>`.
fn after_for(ty: &TokenStream, bound: &mut Vec<Ident>) {
    let tokens = tokens::list(ty.clone());
    for (at, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token {
            after_for(&group.stream(), bound);
        }
        if tokens::is_word(Some(token), "for")
            && let Some(end) = tokens::angle_end(&tokens, at + 1)
        {
            bound.extend(tokens::part(&tokens, at, end).windows(2).filter_map(|pair| match pair {
                [quote, TokenTree::Ident(name)] if tokens::is_punct(Some(quote), '\'') => Some(name.clone()),
                _ => None,
            }));
        }
    }
}

/// A lifetime, or a `&` without one.
struct Site {
    /// The `&` before it.
    and: Option<Span>,
    lifetime: Option<(Span, Ident)>,
}

/// Goes through the lifetimes of a type and sets the names that `visit` gives. Those of a function's own parameters
/// are its own, and so are those after `for`.
fn walk(ty: TokenStream, visit: &mut dyn FnMut(Site) -> Option<Lifetime>) -> TokenStream {
    let tokens = tokens::list(ty);
    let mut named = Vec::new();
    let mut at = 0;
    // Whether parentheses here are those of `Fn(…)`.
    let mut callable = false;
    while let Some(token) = tokens.get(at) {
        let mut next = at + 1;
        let mut word = false;
        match token {
            TokenTree::Ident(ident) if ident == "fn" => next = end_of_function(&tokens, next),
            TokenTree::Ident(ident) if ident == "for" && tokens::is_punct(tokens.get(next), '<') => {
                next = tokens::angle_end(&tokens, next).map_or(next, |end| end + 1);
            }
            TokenTree::Ident(ident) => {
                word = !tokens::is_one_of(ident, &["dyn", "impl", "mut", "const"]);
            }
            TokenTree::Group(group) => match group.delimiter() {
                Delimiter::Parenthesis if callable => next = end_of_function(&tokens, at),
                // An expression, or a macro's business.
                Delimiter::Brace => {}
                _ if at.checked_sub(1).is_some_and(|bang| tokens::is_punct(tokens.get(bang), '!')) => {}
                delimiter => {
                    let content = tokens::list(group.stream());
                    let length = (delimiter == Delimiter::Bracket)
                        .then(|| content.iter().position(|token| tokens::is_punct(Some(token), ';')))
                        .flatten()
                        .unwrap_or(content.len());
                    let mut inner = walk(tokens::collect(tokens::part(&content, 0, length)), visit);
                    inner.extend(tokens::collect(tokens::part(&content, length, content.len())));
                    let mut group_named = Group::new(delimiter, inner);
                    group_named.set_span(group.span());
                    named.push(group_named.into());
                    callable = false;
                    at = next;
                    continue;
                }
            },
            TokenTree::Punct(punct) if matches!(punct.as_char(), '&' | '\'') => {
                let and = (punct.as_char() == '&').then(|| punct.span());
                let quote = if and.is_some() { next } else { at };
                let lifetime = match (tokens.get(quote), tokens.get(quote + 1)) {
                    (Some(TokenTree::Punct(quote)), Some(TokenTree::Ident(name)))
                        if quote.as_char() == '\'' =>
                    {
                        Some((quote.span(), name.clone()))
                    }
                    _ => None,
                };
                next = if lifetime.is_some() { quote + 2 } else { next };
                if and.is_some() || lifetime.is_some() {
                    let given = lifetime.is_some();
                    let name = visit(Site { and, lifetime });
                    if let Some(name) = name {
                        if let Some(and) = and {
                            let mut alone = Punct::new('&', Spacing::Alone);
                            alone.set_span(and);
                            named.push(alone.into());
                        }
                        named.extend(quote::ToTokens::into_token_stream(name));
                        at = if given { quote + 2 } else { next };
                        callable = false;
                        continue;
                    }
                }
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        named.extend_from_slice(tokens::part(&tokens, at, next));
        callable = word;
        at = next;
    }
    named.into_iter().collect()
}

/// The end of `(…) -> Type` at `at`.
fn end_of_function(tokens: &[TokenTree], at: usize) -> usize {
    let mut at = at + usize::from(tokens::as_group(tokens.get(at), Delimiter::Parenthesis).is_some());
    if !tokens::is_pair(tokens, at, '-', '>') {
        return at;
    }
    at += 2;
    let mut depth = 0usize;
    while let Some(token) = tokens.get(at) {
        let ends = matches!(token, TokenTree::Punct(punct) if matches!(punct.as_char(), ',' | '+' | '='));
        if depth == 0 && ends {
            return at;
        }
        if tokens::is_punct(Some(token), '<') {
            depth += 1;
        } else if tokens::closes_angle(tokens, at) {
            let Some(less) = depth.checked_sub(1) else { return at };
            depth = less;
        }
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    #[track_caller]
    fn named(ty: &str, expected: &str) {
        let mut elided = Elided::default();
        let named = elided.name_all(&TokenStream::from_str(ty).expect("tokens"));
        let plain = |text: &str| text.replace(' ', "");
        assert_eq!(plain(&named.to_string()), plain(&expected.replace('#', "'__elided")), "{ty}");
    }

    #[test]
    fn elided_lifetimes_get_names() {
        named("&str", "&#0 str");
        named("&&mut [&'static str]", "&#0 &#1 mut [&'static str]");
        named("&'a (&str, Foo<'_>, Bar<'b>)", "&'a (&#0 str, Foo<#1>, Bar<'b>)");
        named("&'_ [u8; { &0; 1 }]", "&#0 [u8; { &0; 1 }]");
        named("&dyn (A)", "&#0 dyn (A)");
        named("&mut (&A, B)", "&#0 mut (&#1 A, B)");
    }

    #[test]
    fn functions_keep_theirs() {
        named("fn(&str) -> &str", "fn(&str) -> &str");
        named(
            "for<'a> unsafe extern \"C\" fn(&'a str, Foo<'_>)",
            "for<'a> unsafe extern \"C\" fn(&'a str, Foo<'_>)",
        );
        named("Box<dyn Fn(&str) -> Foo<&str> + '_>", "Box<dyn Fn(&str) -> Foo<&str> + #0>");
        named("(Box<dyn FnOnce(&A) -> &B>, &C)", "(Box<dyn FnOnce(&A) -> &B>, &#0 C)");
        named("&mut dyn ::core::ops::FnMut(&A)", "&#0 mut dyn ::core::ops::FnMut(&A)");
    }

    #[test]
    fn borrows_are_found() {
        let borrows = |ty: &str| borrow(&TokenStream::from_str(ty).expect("tokens")).is_some();
        for ty in
            ["&str", "Foo<'_>", "Foo<'a>", "(u8, &'a u8)", "&'static &u8", "Box<dyn A + 'a>", "[&u8; 1]"]
        {
            assert!(borrows(ty), "{ty}");
        }
        for ty in
            ["u8", "&'static str", "fn(&str) -> &str", "Box<dyn Fn(&u8) -> &u8 + 'static>", "[u8; 1 & N]"]
        {
            assert!(!borrows(ty), "{ty}");
        }
    }

    #[test]
    fn undeclared_lifetimes_are_found() {
        let found = |ty: &str| {
            undeclared(&TokenStream::from_str(ty).expect("tokens"), |name| name == "a")
                .map(|(_, name)| name.to_string())
        };
        for ty in ["&'b str", "Foo<'b>", "(u8, &'a Foo<'b>)", "Box<dyn A + 'b>", "for<'c> Foo<'c, 'b>"] {
            assert_eq!(found(ty).as_deref(), Some("b"), "{ty}");
        }
        for ty in [
            "&'a str",
            "&'static Foo<'_>",
            "for<'b> fn(&'b str) -> &'b str",
            "Box<dyn for<'b> Fn(&'b u8) -> &'b u8 + 'a>",
            "Box<dyn for<'b, 'c: 'b> Foo<'b, 'c>>",
            "[u8; 1]",
        ] {
            assert_eq!(found(ty), None, "{ty}");
        }
    }
}
