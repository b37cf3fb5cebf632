//! `impl Trait` as the type of a parameter: a generic that has no name, and gets one here.

use orch_syntax::tokens;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

use super::generics::Param;

/// Gives every `impl Trait` in some types a name, and remembers them as parameters.
#[derive(Default)]
pub(crate) struct Unnamed {
    pub(crate) params: Vec<Param>,
}

impl Unnamed {
    /// The type with names.
    pub(crate) fn name_all(&mut self, ty: TokenStream) -> TokenStream {
        let tokens = tokens::list(ty);
        let mut named: Vec<TokenTree> = Vec::new();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token {
                TokenTree::Ident(word) if word == "impl" => {
                    let end = end_of_bounds(&tokens, at);
                    let bounds = self.name_all(tokens::collect(tokens::part(&tokens, at, end)));
                    let name = Ident::new(
                        &format!("__Impl{}", self.params.len()),
                        Span::call_site().located_at(word.span()),
                    );
                    self.params.push(Param::unnamed(&name, &tokens::list(bounds)));
                    named.push(name.into());
                    at = end;
                }
                TokenTree::Group(group) if group.delimiter() != Delimiter::Brace => {
                    let before = self.params.len();
                    let content = self.name_all(group.stream());
                    let parts = content.clone().into_iter().count();
                    if self.params.len() == before {
                        named.push(token.clone());
                    } else if parts == 1 && group.delimiter() == Delimiter::Parenthesis {
                        // `&(impl A + B)`: a name needs no parentheses, and a lint would say so.
                        named.extend(content);
                    } else {
                        let mut changed = Group::new(group.delimiter(), content);
                        changed.set_span(group.span());
                        named.push(changed.into());
                    }
                }
                token => named.push(token.clone()),
            }
        }
        named.into_iter().collect()
    }
}

/// Where the bounds that begin at `at` end: before what separates types, or closes generic arguments.
fn end_of_bounds(tokens: &[TokenTree], at: usize) -> usize {
    let mut depth = 0usize;
    let mut end = at;
    while let Some(token) = tokens.get(end) {
        if tokens::is_punct(Some(token), '<') {
            depth += 1;
        } else if tokens::closes_angle(tokens, end) {
            let Some(less) = depth.checked_sub(1) else { return end };
            depth = less;
        } else if depth == 0
            && matches!(token, TokenTree::Punct(punct) if matches!(punct.as_char(), ',' | ';' | '='))
        {
            return end;
        }
        end += 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::super::generics::{Bounds, Generics};
    use super::*;

    #[track_caller]
    fn named(ty: &str, expected: &str, params: &str) {
        let mut unnamed = Unnamed::default();
        let named = unnamed.name_all(TokenStream::from_str(ty).expect("tokens"));
        let mut generics = Generics::default();
        generics.params = unnamed.params;
        let plain = |text: &str| text.replace(' ', "");
        assert_eq!(plain(&named.to_string()), plain(&expected.replace('#', "__Impl")), "{ty}");
        let header = generics.header(Bounds::All, None).to_string();
        assert_eq!(plain(&header), plain(&params.replace('#', "__Impl")), "{ty}");
    }

    #[test]
    fn each_gets_a_name() {
        named("Vec<u8>", "Vec<u8>", "");
        named("impl A", "#0", "<#0: A>");
        named("&mut impl A<B, C = D>", "&mut #0", "<#0: A<B, C = D>>");
        named("Vec<impl A + 'static + B>", "Vec<#0>", "<#0: A + 'static + B>");
        named("(impl A, [impl B; 2])", "(#0, [#1; 2])", "<#0: A, #1: B>");
        named("&(impl A + B)", "&#0", "<#0: A + B>");
        named("(impl A,)", "(#0,)", "<#0: A>");
        named("HashMap<impl A, impl B>", "HashMap<#0, #1>", "<#0: A, #1: B>");
        named("impl Fn(&str) -> Vec<u8> + ?Sized", "#0", "<#0: Fn(&str) -> Vec<u8> + ?Sized>");
        named("impl A<B = impl C>", "#1", "<#0: C, #1: A<B = #0>>");
        named("[u8; { impl_x(impl A) }]", "[u8; { impl_x(impl A) }]", "");
    }
}
