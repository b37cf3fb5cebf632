//! Leaves, inline steps and embedded pipelines.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{ExprPath, PathArguments};

use super::names::hidden;
use super::table::node;
use super::{Expansion, Here, braced};
use crate::pipeline::ast::{Arguments, Embed, Inline, Leaf};

impl Expansion<'_> {
    /// `path` or `path(arguments)`: a closure that makes the call.
    pub(super) fn leaf(&mut self, leaf: &Leaf, at: &Here) -> TokenStream {
        let span = leaf.path.span();
        let index = self.table.add(self.private, at.parent, &quote!(Task), leaf.name.as_ref(), &[], span);
        let node = node(index);
        let (tok, capture) = (&at.tok, &self.capture);
        let scope = hidden("scope", at.open);
        let input = hidden("input", at.open);
        let (call, names, piped) = match &leaf.arguments {
            None => {
                let path = associated(&leaf.path, "piped", at.open);
                let given = braced(span, &input.to_token_stream());
                (quote_spanned!(span=> #path(#given)), TokenStream::new(), true)
            }
            Some(arguments) => {
                let path = associated(&leaf.path, "args", at.open);
                let group = substitute(arguments, &input);
                let names = at.names.open(&scope, &arguments.group.stream());
                (quote!(#path #group), names, arguments.piped.is_some())
            }
        };
        let scope = if names.is_empty() { quote!(_) } else { scope.to_token_stream() };
        let input = if piped { input.to_token_stream() } else { quote!(_) };
        let method = hidden("leaf", at.open);
        let closure = quote!(#capture |#scope, #input| { #names #call });
        quote_spanned!(span=> #tok.#method(#node, #closure))
    }

    /// `|pattern| { body }`: a closure, then the step that its result makes of it.
    pub(super) fn inline(&mut self, inline: &Inline, at: &Here) -> TokenStream {
        let span = inline.bar;
        let index = self.table.add(self.private, at.parent, &quote!(Inline), inline.name.as_ref(), &[], span);
        let node = node(index);
        let (tok, private) = (&at.tok, self.private);
        let closure = self.variable("closure", at.open);
        let how_name = self.variable("how", at.open);
        let capture = &self.capture;
        let scope = hidden("scope", at.open);
        let input = hidden("input", at.open);
        let body = &inline.body;
        let code = body.stream();
        let pinned = pins_error(&code);
        let error = self.error;
        let result = quote!(::core::result::Result<_, #error>);
        let names = at.names.open(&scope, &code);
        let pattern = &inline.pattern;
        let ty = inline.ty.as_ref().map(|ty| quote!(: #ty));
        let given = braced(inline.pattern.span(), &input.to_token_stream());

        let made = if inline.async_token.is_some() {
            // The block takes over the input and the names, and leaves the captures alone: see `Moved`.
            let used = at.names.used_in(&code);
            let moved = hidden("moved", at.open);
            let value = if pinned {
                let out = hidden("out", at.open);
                quote! {
                    #[allow(clippy::let_and_return)]
                    let #out: #result = #body;
                    #out
                }
            } else {
                body.to_token_stream()
            };
            // With `move` the closure owns its captures already, and the block takes what can be copied.
            let future = quote! {
                async #capture {
                    #[allow(unused_variables)]
                    let (#input, #(#used,)*) = #private::Moved::take(#moved);
                    #[allow(clippy::let_unit_value)]
                    let #pattern #ty = #given;
                    #value
                }
            };
            let moved = quote! {
                #names
                let #moved = #private::Moved::new((#input, #(#used,)*));
            };
            let method =
                Ident::new(if used.is_empty() { "inline_async" } else { "inline_named" }, method_span(at));
            if used.is_empty() {
                quote_spanned!(span=> #tok.#method(#node, #capture |_, #input| { #moved #future }))
            } else {
                quote_spanned!(span=> #tok.#method(#node, #capture |_, #scope, #input| {
                    #moved
                    ::std::boxed::Box::pin(#future)
                }))
            }
        } else {
            let returns = pinned.then(|| quote!(-> #result));
            let scope = if names.is_empty() { quote!(_) } else { scope.to_token_stream() };
            let method = Ident::new("inline", method_span(at));
            quote_spanned!(span=> #tok.#method(#node, #capture |#scope, #input| #returns {
                #names
                #[allow(clippy::let_unit_value)]
                let #pattern #ty = #given;
                #body
            }))
        };
        let reads = Ident::new("reads", method_span(at));
        let how = quote_spanned!(span=> (&&&&#closure.probe()).how());
        quote_spanned! {span=> {
            let #closure = #made;
            let #how_name = #how;
            #tok.#reads(#closure, #how_name)
        }}
    }

    /// `{ expression }`: another pipeline.
    pub(super) fn embed(&mut self, embed: &Embed, at: &Here) -> TokenStream {
        let span = embed.group.span();
        let index = self.table.add(self.private, at.parent, &quote!(Embed), None, &[], span);
        let node = node(index);
        let (tok, group) = (&at.tok, &embed.group);
        let method = Ident::new("embed", method_span(at));
        quote_spanned!(span=> #tok.#method(#node, #group))
    }
}

fn method_span(at: &Here) -> Span {
    at.open.resolved_at(Span::mixed_site())
}

/// The path to a function of a task's type: `a::fetch::<T>` to `a::fetch::args::<T>`.
fn associated(path: &ExprPath, function: &str, open: Span) -> TokenStream {
    let mut path = path.path.clone();
    let arguments = path
        .segments
        .last_mut()
        .map_or(PathArguments::None, |last| std::mem::replace(&mut last.arguments, PathArguments::None));
    let function = hidden(function, open);
    let colons = quote_spanned!(path.span()=> ::);
    quote!(#path #colons #function #arguments)
}

/// The user's own group, with the piped value in the place of `_`.
fn substitute(arguments: &Arguments, input: &Ident) -> TokenStream {
    let Some(piped) = arguments.piped else { return arguments.group.to_token_stream() };
    let same = |span: Span| span.start() == piped.start() && span.end() == piped.end();
    let stream = arguments
        .group
        .stream()
        .into_iter()
        .flat_map(|token| match &token {
            TokenTree::Ident(word) if word == "_" && same(word.span()) => {
                braced(word.span(), &input.to_token_stream())
            }
            TokenTree::Punct(_) | TokenTree::Ident(_) | TokenTree::Group(_) | TokenTree::Literal(_) => {
                token.into_token_stream()
            }
        })
        .collect();
    let mut group = Group::new(arguments.group.delimiter(), stream);
    group.set_span(arguments.group.span());
    group.to_token_stream()
}

/// Whether the error type of a body's `Result` has to be said: `?` converts into any type, and `Ok(…)` at the end
/// names none. Where the body makes an error itself, that one's type is the answer.
fn pins_error(code: &TokenStream) -> bool {
    let tokens: Vec<TokenTree> = code.clone().into_iter().collect();
    let ends_in_ok = {
        let tail =
            tokens.iter().rposition(|token| matches!(token, TokenTree::Punct(p) if p.as_char() == ';'));
        let mut rest = tokens.iter().skip(tail.map_or(0, |at| at + 1));
        // The last expression, without the blocks that stand before it as statements.
        let rest: Vec<&TokenTree> = rest.by_ref().collect();
        matches!(
            rest.as_slice(),
            [.., TokenTree::Ident(word), TokenTree::Group(_)] if word == "Ok"
        )
    };
    ends_in_ok && (has_question_mark(code.clone()) || !mentions_err(code.clone()))
}

fn has_question_mark(code: TokenStream) -> bool {
    code.into_iter().any(|token| match token {
        TokenTree::Punct(punct) => punct.as_char() == '?',
        TokenTree::Group(group) => has_question_mark(group.stream()),
        _ => false,
    })
}

/// Whether the body makes an error of a type of its own: `Err(…)`, but not `Err(….into())`.
fn mentions_err(code: TokenStream) -> bool {
    let tokens: Vec<TokenTree> = code.into_iter().collect();
    tokens.iter().enumerate().any(|(at, token)| match token {
        TokenTree::Ident(word) if word == "Err" => {
            !matches!(tokens.get(at + 1), Some(TokenTree::Group(made)) if converts(made))
        }
        TokenTree::Group(group) => mentions_err(group.stream()),
        _ => false,
    })
}

fn converts(made: &Group) -> bool {
    let tokens: Vec<TokenTree> = made.stream().into_iter().collect();
    matches!(tokens.as_slice(), [.., TokenTree::Punct(dot), TokenTree::Ident(into), TokenTree::Group(_)]
        if dot.as_char() == '.' && into == "into")
}
