//! Types that the user gives to the parameter of a closure in an option or a head, where it is known.

use orch_syntax::tokens;
use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote_spanned;

use super::names::hidden;
use super::{Expansion, carried, local};

impl Expansion<'_> {
    /// A closure whose parameter has a type, with that as a condition of its own: the closure itself takes what it is given. All else as
    /// it is.
    ///
    /// A closure of another type than it is called with would be an error at each call of whatever holds it.
    pub(super) fn agreed(&self, code: TokenStream, condition: &str, open: Span) -> TokenStream {
        let list = tokens::whole(&tokens::list(code.clone()));
        let Some(Annotated { before, pattern, ty, arrow, body }) = Annotated::find(&list) else {
            return code;
        };
        let here = open.resolved_at(Span::mixed_site());
        let span = ty.first().map_or(open, TokenTree::span);
        let (given, private) = (local("given", span), self.private_at(open));
        let (ty, pattern) = (tokens::collect(ty), tokens::collect(pattern));
        let annotation = carried(span, &quote_spanned!(here=> #private::wanted::Annotation));
        let condition = hidden(condition, open);
        let (before, arrow, body) = (tokens::collect(before), tokens::collect(arrow), tokens::collect(body));
        // A type for what it gives is followed by braces, and stands before ours.
        quote_spanned! {here=> #before |#given| #arrow {
            let #pattern = #private::wanted::#condition::<_, #ty>::agree(#given, #annotation);
            #body
        }}
    }
}

/// The parts of `move |pattern: Type| -> Type { … }`.
struct Annotated<'a> {
    before: &'a [TokenTree],
    pattern: &'a [TokenTree],
    ty: &'a [TokenTree],
    arrow: &'a [TokenTree],
    body: &'a [TokenTree],
}

impl<'a> Annotated<'a> {
    /// `None` if these tokens are no closure with one parameter that has a type.
    fn find(code: &'a [TokenTree]) -> Option<Self> {
        let bar = usize::from(tokens::is_word(code.first(), "move"));
        if !tokens::is_punct(code.get(bar), '|') {
            return None;
        }
        let head = tokens::closure_head_end(code, bar)?;
        let close = (bar + 1..=head).find(|at| tokens::is_punct(code.get(*at), '|'))?;
        let parameters = tokens::part(code, bar + 1, close);
        if tokens::split_commas(parameters).iter().filter(|(one, _)| !one.is_empty()).count() != 1 {
            return None;
        }
        let colon = (0..parameters.len()).find(|at| is_colon(parameters, *at))?;
        Some(Annotated {
            before: tokens::part(code, 0, bar),
            pattern: tokens::part(parameters, 0, colon),
            ty: tokens::part(parameters, colon + 1, parameters.len()),
            arrow: tokens::part(code, close + 1, head + 1),
            body: tokens::part(code, head + 1, code.len()),
        })
    }
}

/// Whether the `:` before a type is there, and not one of a path's.
fn is_colon(code: &[TokenTree], at: usize) -> bool {
    let is_second = at.checked_sub(1).is_some_and(|before| tokens::is_pair(code, before, ':', ':'));
    tokens::is_punct(code.get(at), ':') && !tokens::is_pair(code, at, ':', ':') && !is_second
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(code: &str) -> Option<[String; 5]> {
        let code: TokenStream = code.parse().expect("these are tokens");
        let list = tokens::list(code);
        let Annotated { before, pattern, ty, arrow, body } = Annotated::find(&list)?;
        Some([before, pattern, ty, arrow, body].map(|part| tokens::collect(part).to_string()))
    }

    #[test]
    fn the_type_of_a_parameter_is_found() {
        let expected = |parts: [&str; 5]| Some(parts.map(str::to_owned));
        assert_eq!(parts("|e: &E| e.is()"), expected(["", "e", "& E", "", "e . is ()"]));
        assert_eq!(
            parts("move |m::P { a }: m::T<u8>| -> bool { a }"),
            expected(["move", "m :: P { a }", "m :: T < u8 >", "-> bool", "{ a }"])
        );
    }

    #[test]
    fn other_code_has_none() {
        for code in ["|e| e.is()", "|m::P(a)| a", "|a: u8, b: u8| a", "check", "x | y: z", "|| 1"] {
            assert_eq!(parts(code), None, "{code}");
        }
    }
}
