//! The table of nodes: one `static` for each invocation, with what is known of each step before it runs.

use orch_syntax::ast::Text;
use orch_syntax::blocks::Form;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};

/// The entries so far, in the order of the text.
#[derive(Default)]
pub(super) struct Table {
    entries: Vec<TokenStream>,
}

/// What the table says of a node.
pub(super) struct Entry {
    /// A variant of `NodeKind`.
    pub(super) kind: TokenStream,
    pub(super) form: Form,
    pub(super) name: Option<TokenStream>,
    /// As they are written.
    pub(super) options: Vec<(String, String)>,
    pub(super) span: Span,
}

/// The position of an entry.
#[derive(Clone, Copy)]
pub(super) struct Index(usize);

impl Table {
    /// Adds an entry inside the block at `parent`.
    pub(super) fn add(
        &mut self,
        private: &TokenStream,
        parent: Option<Index>,
        Entry { kind, form, name, options, span }: &Entry,
    ) -> Index {
        let index = self.entries.len();
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        let parent = option(parent.map(node));
        let name = option(name.clone());
        let options = options.iter().map(|(name, value)| quote!((#name, #value)));
        let form = match form {
            Form::Row => quote!(Row),
            Form::Peers => quote!(Peers),
            Form::Alternatives => quote!(Alternatives),
            Form::Afterwards => quote!(Afterwards),
            Form::Choice => quote!(Choice),
        };
        let start = span.start();
        let line = u32::try_from(start.line).unwrap_or(u32::MAX);
        let column = u32::try_from(start.column + 1).unwrap_or(u32::MAX);
        self.entries.push(quote! {
            #private::Meta {
                index: #number,
                parent: #parent,
                kind: #private::NodeKind::#kind,
                form: #private::Form::#form,
                name: #name,
                options: &[#(#options),*],
                place: #private::Place { file: ::core::file!(), line: #line, column: #column },
            }
        });
        Index(index)
    }

    /// The entry that is added next.
    pub(super) fn next(&self) -> Index {
        Index(self.entries.len())
    }

    /// The `static`.
    pub(super) fn define(&self, private: &TokenStream) -> TokenStream {
        let (nodes, entries) = (nodes(), &self.entries);
        let length = entries.len();
        quote!(static #nodes: [#private::Meta; #length] = [#(#entries),*];)
    }
}

/// The name that a text gives a step.
pub(super) fn given(name: Option<&Text>) -> Option<TokenStream> {
    name.map(|name| name.value.to_token_stream())
}

/// A reference to an entry.
pub(super) fn node(Index(index): Index) -> TokenStream {
    let nodes = nodes();
    let index = proc_macro2::Literal::usize_unsuffixed(index);
    quote!(&#nodes[#index])
}

/// An entry, as a value without size.
pub(super) fn entry(private: &TokenStream, Index(index): Index) -> TokenStream {
    let index = proc_macro2::Literal::usize_unsuffixed(index);
    quote!(#private::NodeAt::<#index>)
}

/// The header without values, of a type that stands for the table. It is defined where no code of the user's sees it: they
/// may have a type of that name.
pub(super) fn root(private: &TokenStream) -> TokenStream {
    let (nodes, table) = (nodes(), table());
    quote!({
        struct #table;

        impl #private::Table for #table {
            #[inline(always)]
            fn entries() -> &'static [#private::Meta] {
                &#nodes
            }
        }

        #private::Root::<#table>::new()
    })
}

fn option(value: Option<TokenStream>) -> TokenStream {
    match value {
        Some(value) => quote!(::core::option::Option::Some(#value)),
        None => quote!(::core::option::Option::None),
    }
}

fn nodes() -> Ident {
    Ident::new("__ASYNC_ORCH_NODES", Span::mixed_site())
}

/// What the type of the table is called where a message of the compiler's says whose names are borrowed: `Names<'1, Root<ThisPipeline>, …>`.
fn table() -> Ident {
    Ident::new("ThisPipeline", Span::mixed_site())
}
