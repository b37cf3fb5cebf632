//! The table of nodes: one `static` for each invocation, with what is known of each step before it runs.

use orch_syntax::ast::{Block, Text, Value};
use orch_syntax::blocks::{Form, Kind};
use orch_syntax::tokens;
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

fn table() -> Ident {
    Ident::new("ThisPipeline", Span::mixed_site())
}

/// The head and the options of a block as they are written, for graphs.
pub(super) fn written(block: &Block) -> Vec<(String, String)> {
    let mut written = Vec::new();
    if let Some(head) = &block.head {
        written.push((String::new(), text(head)));
    }
    for option in &block.options {
        let name = option.name.to_string();
        // A name is the node's.
        if block.spec.option(&name).is_none_or(|spec| spec.kind != Kind::Name) {
            written.push((name, option.value.as_ref().map_or_else(String::new, text)));
        }
    }
    written
}

fn text(value: &Value) -> String {
    match value {
        Value::Duration(duration) => {
            let nanoseconds = u64::try_from(duration.nanoseconds).unwrap_or(u64::MAX);
            format!("{:?}", std::time::Duration::from_nanos(nanoseconds))
        }
        Value::Word { word, arguments } if arguments.is_empty() => word.to_string(),
        Value::Word { word, arguments } => {
            let mut written = format!("{word}(");
            for (index, argument) in arguments.iter().enumerate() {
                written += if index > 0 { ", " } else { "" };
                written += &text(argument);
            }
            written + ")"
        }
        Value::Expr(tokens) => tokens::source_text(tokens),
    }
}
