//! What stands in the parentheses of a block.

use orch_syntax::ast::{Block, Opt, Value};
use orch_syntax::blocks::{Kind, OptionSpec};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};

use super::chain::{Chain, is_gap};
use crate::pipeline::expand::conversion;

impl Chain<'_> {
    /// The head and the options of a block.
    pub(super) fn options(&mut self, block: &Block) {
        self.gaps(block);
        let private = self.private;
        let module = format_ident!("{}", block.spec.keyword);
        if let (Some(spec), Some(head)) = (block.spec.head, &block.head) {
            match spec.kind {
                // Its arms look at it.
                Kind::Scrutinee => {}
                Kind::Condition => {
                    let look = self.look(Some(head));
                    self.go(&quote!(.looked::<::core::primitive::bool>(#look)));
                }
                _ => {
                    let value = self.value(block, &spec, head);
                    self.seen(&value);
                }
            }
        }
        for Opt { name, value, .. } in written(block) {
            let Some(spec) = block.spec.option(&name.to_string()) else {
                if let Some(Value::Expr(code)) = value {
                    self.seen(code);
                }
                continue;
            };
            let value = value.as_ref().map(|value| self.value(block, spec, value));
            let value = value.unwrap_or_else(|| quote!(#private::editor::any()));
            let of = match spec.kind {
                Kind::Name | Kind::Piped => quote!(editor::Written),
                Kind::Predicate | Kind::Asked | Kind::Outputs => quote!(#module::Options),
                _ => quote!(#module::Values),
            };
            self.seen(&quote!(#private::#of { #name: #value, ..#private::editor::any() }));
        }
    }

    /// Where a name or a value may be typed next: the names as fields, which an editor lists alone, and the words of the
    /// values in the scope of an expression.
    fn gaps(&mut self, block: &Block) {
        let private = self.private;
        let fields = block.spec.options.iter().map(|spec| {
            let (name, ty) = (format_ident!("{}", spec.name), self.type_of(spec.kind));
            let text = spec.example().unwrap_or_else(|| spec.name.to_owned());
            let text = format!("`{text}`");
            quote!(#[doc = #text] #name: #ty)
        });
        let typed = written(block).find(|option| self.mark.is_some_and(|mark| mark.is_at(&option.name)));
        // A word is there in any case, and a long one: an editor looks at what stands at the same offset without the mark.
        let typed = typed
            .and(self.mark)
            .map_or_else(|| format_ident!("{}", "_".repeat(64)), |mark| mark.marked().clone());
        self.go(
            &quote!(.step({ struct Options { #(#fields,)* } #private::editor::any::<Options>().#typed })),
        );
        let words = block.spec.options.iter().any(|option| !option.kind.words().is_empty());
        let module = format_ident!("{}", block.spec.keyword);
        let words = words.then(|| quote!(use #private::#module::words::*;));
        let mut values = written(block).filter_map(|option| option.value.as_ref()).chain(&block.head);
        let gap = self.gap(values.any(|value| is_gap(value, self.mark))).cloned();
        self.seen(&quote!(#words #gap));
    }

    /// A value, where its type is known.
    fn value(&self, block: &Block, spec: &OptionSpec, value: &Value) -> TokenStream {
        let private = self.private;
        let (module, option) = (format_ident!("{}", block.spec.keyword), format_ident!("{}", spec.name));
        let code = self.written(value);
        let error = &self.error;
        match spec.kind {
            Kind::Name | Kind::Piped | Kind::Outputs | Kind::Flag => code,
            Kind::Predicate => quote!(#private::editor::of_error::<#error, ::core::primitive::bool>(#code)),
            Kind::Asked => {
                quote!(#private::editor::of_error::<#error, ::core::option::Option<::core::time::Duration>>(#code))
            }
            kind => {
                let words = (!kind.words().is_empty()).then(|| quote!(use #private::#module::words::*;));
                let code = match conversion(spec) {
                    Some(condition) => {
                        let condition = format_ident!("{condition}");
                        quote!(#private::wanted::#condition::given(#code))
                    }
                    None => code,
                };
                quote!({ #words #private::#module::given::#option((#code,)) })
            }
        }
    }

    fn written(&self, value: &Value) -> TokenStream {
        let private = self.private;
        match value {
            Value::Duration(duration) => {
                // A reader is shown what it is.
                let ty = Ident::new("Duration", duration.span.resolved_at(Span::mixed_site()));
                quote!(#private::editor::any::<::core::time::#ty>())
            }
            Value::Word { word, arguments } if arguments.is_empty() => quote!(#word()),
            Value::Word { word, arguments } => {
                let function = match arguments.len() {
                    2 => format_ident!("{}_by", word, span = Span::mixed_site()),
                    _ => word.clone(),
                };
                let arguments = arguments.iter().map(|argument| self.written(argument));
                // The word is shown as it is written.
                let shown = (function != *word).then(|| quote!(#word;));
                quote!({ #shown #function(#(#arguments),*) })
            }
            Value::Expr(code) => code.clone(),
        }
    }

    /// The type that an editor shows beside the name of an option.
    fn type_of(&self, kind: Kind) -> TokenStream {
        let (private, error) = (self.private, &self.error);
        match kind {
            Kind::Flag | Kind::Piped | Kind::Outputs | Kind::Condition => quote!(::core::primitive::bool),
            Kind::Name => quote!(&'static ::core::primitive::str),
            Kind::Duration | Kind::Period | Kind::Periods => quote!(::core::time::Duration),
            Kind::Fraction => quote!(::core::primitive::f64),
            Kind::Predicate => quote!(fn(&#private::editor::Error<#error>) -> ::core::primitive::bool),
            Kind::Asked => {
                quote!(fn(&#private::editor::Error<#error>) -> ::core::option::Option<::core::time::Duration>)
            }
            Kind::Count | Kind::Several | Kind::CountOrUnlimited | Kind::Room | Kind::Rate(_) => {
                quote!(::core::primitive::usize)
            }
            _ => quote!(()),
        }
    }
}

/// All that is written as an option, whatever it is taken for.
fn written(block: &Block) -> impl Iterator<Item = &Opt> {
    block.options.iter().chain(&block.unread)
}
