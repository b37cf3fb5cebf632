//! From the tree to code.
//!
//! The code builds the pipeline with tokens (`__private::Tok`) that carry the types from step to step, so every
//! joint is a call of its own, spanned to the step that it judges. The user's tokens go out once and untouched; what
//! is ours resolves at the definition, and names nothing but `__private`.

mod block;
mod names;
mod step;
mod table;
mod usage;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use self::names::{Names, hidden, identifiers};
use self::table::{Index, Table};
use super::ast::{Item, Pipeline, Step};
use super::errors::Errors;

/// The code of a pipeline; or, where there are mistakes, their reports and enough of the text for an editor.
pub(crate) fn expand(pipeline: &Pipeline, errors: Errors) -> TokenStream {
    if !errors.is_empty() {
        return recover(pipeline, errors);
    }
    let private = match &pipeline.krate {
        Some(path) => quote!(#path::__private),
        None => quote!(::async_orch::__private),
    };
    let error = match &pipeline.error {
        Some(ty) => ty.to_token_stream(),
        None => quote!(#private::BoxError),
    };
    let input = match &pipeline.input {
        Some(input) => input.ty.to_token_stream(),
        None => quote!(()),
    };
    let mut expansion = Expansion {
        private: &private,
        error: &error,
        capture: pipeline.move_token.map(|token| token.to_token_stream()),
        table: Table::default(),
        fresh: 0,
    };

    let mut names = Names::default();
    let mut header = quote!(());
    for entry in &pipeline.lets {
        for name in identifiers(&entry.pattern) {
            names.bind(&syn::parse_quote!(#name));
            header = quote!((#header, #name));
        }
    }
    let at = Here { tok: hidden("tok", Span::call_site()), names, parent: None, open: Span::call_site() };
    let named = pipeline.input.as_ref().filter(|input| !matches!(input.pattern, syn::Pat::Wild(_)));
    let root = match named {
        Some(input) => expansion.root_with_input(&pipeline.root, input, &at),
        None => expansion.step(&pipeline.root, &at),
    };

    let Here { tok, .. } = &at;
    let lets = pipeline.lets.iter().map(|entry| {
        let (let_token, pattern, value) = (entry.let_token, &entry.pattern, &entry.value);
        let ty = entry.ty.as_ref().map(|ty| quote!(: #ty));
        quote!(#let_token #pattern #ty = #value;)
    });
    let table = expansion.table.define(&private);
    let (owned, built) = (hidden("header", Span::call_site()), hidden("root", Span::call_site()));
    // `#[allow]` on the statement that the user's leaf spans reach into: our braces there carry the caret.
    quote! {
        {
            #table
            #[allow(unused_imports)]
            use #private::select::{
                HowPlain as _, HowPlainDebug as _, HowTried as _, HowTriedDebug as _,
            };
            #(#lets)*
            let #owned = #header;
            let #tok = #private::begin::<#input, #error, _>(&#owned);
            #[allow(unused_braces, unused_parens)]
            let #built = #root;
            #private::Plan::pipeline(#owned, #tok, #built)
        }
    }
}

/// Where a step stands, for its expansion.
#[derive(Clone)]
struct Here {
    /// The variable that holds the token of the point.
    tok: Ident,
    names: Names,
    parent: Option<Index>,
    /// The `<` of the block around it: where an editor finds the helpers.
    open: Span,
}

impl Here {
    fn with_tok(&self, tok: Ident) -> Here {
        Here { tok, ..self.clone() }
    }
}

/// What all steps of one invocation share.
struct Expansion<'a> {
    private: &'a TokenStream,
    error: &'a TokenStream,
    /// `move`, if the header says so.
    capture: Option<TokenStream>,
    table: Table,
    fresh: usize,
}

impl Expansion<'_> {
    /// A variable that no other has the name of.
    fn variable(&mut self, kind: &str, span: Span) -> Ident {
        self.fresh += 1;
        hidden(&format!("{kind}{}", self.fresh), span)
    }

    /// The code of one step.
    fn step(&mut self, step: &Step, at: &Here) -> TokenStream {
        match step {
            Step::Leaf(leaf) => self.leaf(leaf, at),
            Step::Inline(inline) => self.inline(inline, at),
            Step::Embed(embed) => self.embed(embed, at),
            Step::Block(block) => self.block(block, at),
            // Only with an error, and then nothing is expanded.
            Step::Hole(tokens) => tokens.clone(),
        }
    }
}

/// Reports the mistakes, in a form that keeps the rest of the function quiet: a `compile_error!` in the place of
/// the value has the error type. The names of the tasks stand in the position of a type, for completion.
fn recover(pipeline: &Pipeline, errors: Errors) -> TokenStream {
    let mut paths = Vec::new();
    mention(&pipeline.root, &mut paths);
    let mut reports = errors.into_compile_errors();
    if reports.is_empty() {
        reports = quote!(::core::compile_error! { "this is not a pipeline" });
    }
    quote! {
        {
            #[allow(dead_code, unused)]
            type __Tasks = (#(#paths,)*);
            #reports
        }
    }
}

fn mention(step: &Step, paths: &mut Vec<TokenStream>) {
    match step {
        Step::Leaf(leaf) => {
            let mut path = leaf.path.path.clone();
            for segment in &mut path.segments {
                segment.arguments = syn::PathArguments::None;
            }
            paths.push(path.to_token_stream());
        }
        Step::Block(block) => {
            for item in &block.body {
                match item {
                    Item::Step(step) => mention(step, paths),
                    Item::Let(entry) => mention(&entry.step, paths),
                }
            }
        }
        Step::Inline(_) | Step::Embed(_) | Step::Hole(_) => {}
    }
}

/// Where an error about a step is drawn: its own first tokens.
fn span_of(step: &Step) -> Span {
    match step {
        Step::Leaf(leaf) => leaf.path.span(),
        Step::Inline(inline) => inline.bar,
        Step::Embed(embed) => embed.group.span(),
        Step::Block(block) => match block.body.first() {
            Some(Item::Step(step)) => span_of(step),
            Some(Item::Let(entry)) => span_of(&entry.step),
            None => block.keyword.span(),
        },
        Step::Hole(_) => Span::call_site(),
    }
}

/// Code in braces that carry the caret of an error.
fn braced(span: Span, code: &TokenStream) -> TokenStream {
    quote_spanned!(span=> { #code })
}
