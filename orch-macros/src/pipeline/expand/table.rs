//! The table of nodes: one `static` for each invocation, with what is known of each step before it runs.

use proc_macro2::{Delimiter, Ident, LineColumn, Span, TokenStream, TokenTree};
use quote::quote;
use syn::LitStr;

use crate::pipeline::ast::{Block, Value};

/// The entries so far, in the order of the text.
#[derive(Default)]
pub(super) struct Table {
    entries: Vec<TokenStream>,
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
        kind: &TokenStream,
        name: Option<&LitStr>,
        options: &[(String, String)],
        span: Span,
    ) -> Index {
        let index = self.entries.len();
        let number = u32::try_from(index).unwrap_or(u32::MAX);
        let parent = parent.map_or_else(
            || quote!(::core::option::Option::None),
            |parent| {
                let node = node(parent);
                quote!(::core::option::Option::Some(#node))
            },
        );
        let name = name.map_or_else(
            || quote!(::core::option::Option::None),
            |name| {
                let name = name.value();
                quote!(::core::option::Option::Some(#name))
            },
        );
        let options = options.iter().map(|(name, value)| quote!((#name, #value)));
        let start = span.start();
        let line = u32::try_from(start.line).unwrap_or(u32::MAX);
        let column = u32::try_from(start.column + 1).unwrap_or(u32::MAX);
        self.entries.push(quote! {
            #private::Meta {
                index: #number,
                parent: #parent,
                kind: #private::NodeKind::#kind,
                name: #name,
                options: &[#(#options),*],
                place: #private::Place { file: ::core::file!(), line: #line, column: #column },
            }
        });
        Index(index)
    }

    /// The `static`.
    pub(super) fn define(&self, private: &TokenStream) -> TokenStream {
        let nodes = nodes();
        let entries = &self.entries;
        let length = entries.len();
        quote! {
            static #nodes: [#private::Meta; #length] = [#(#entries),*];
        }
    }
}

/// A reference to an entry.
pub(super) fn node(Index(index): Index) -> TokenStream {
    let nodes = nodes();
    let index = proc_macro2::Literal::usize_unsuffixed(index);
    quote!(&#nodes[#index])
}

fn nodes() -> Ident {
    Ident::new("__ASYNC_ORCH_NODES", Span::mixed_site())
}

/// The head and the options of a block as they are written, for graphs.
pub(super) fn written(block: &Block) -> Vec<(String, String)> {
    let head = block.head.iter().map(|value| (String::new(), text(value)));
    let options = block
        .options
        .iter()
        .filter(|option| option.name != "name")
        .map(|option| (option.name.to_string(), option.value.as_ref().map_or_else(String::new, text)));
    head.chain(options).collect()
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
        Value::Expr(tokens) => source_text(tokens),
    }
}

/// The tokens spaced as they are in the source, a line break as one space. (`to_string` sets a space between any two.)
fn source_text(tokens: &TokenStream) -> String {
    fn write(tokens: TokenStream, text: &mut String, end: &mut Option<LineColumn>) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::None => ("", ""),
                    };
                    push(open, group.span_open(), text, end);
                    write(group.stream(), text, end);
                    push(close, group.span_close(), text, end);
                }
                token => push(&token.to_string(), token.span(), text, end),
            }
        }
    }

    fn push(token: &str, span: Span, text: &mut String, end: &mut Option<LineColumn>) {
        if end.is_some_and(|end| end != span.start()) {
            text.push(' ');
        }
        text.push_str(token);
        *end = Some(span.end());
    }

    let mut text = String::new();
    write(tokens.clone(), &mut text, &mut None);
    text
}
