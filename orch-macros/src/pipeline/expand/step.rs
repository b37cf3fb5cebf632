//! Leaves, inline steps and embedded pipelines.

use orch_syntax::ast::{Arguments, Embed, Inline, Leaf, TaskPath};
use orch_syntax::blocks::Form;
use orch_syntax::tokens;
use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use super::gives::{Gives, gives};
use super::names::hidden;
use super::table::{Entry, entry, given, node};
use super::{Expansion, Here, carried, local, span_of_leaf};

impl Expansion<'_> {
    /// `path` or `path(arguments)`: a closure that makes the call.
    pub(super) fn leaf(&mut self, leaf: &Leaf, at: &Here) -> TokenStream {
        let span = span_of_leaf(leaf);
        let names_itself = std::mem::take(&mut self.names_leaf);
        let of_task = names_itself.then(|| {
            let name = associated(&leaf.path, "__ORCH_NAME", span);
            quote!(#name)
        });
        let in_table = Entry {
            kind: quote!(Task),
            form: Form::Row,
            name: given(leaf.name.as_ref()).or(of_task),
            options: Vec::new(),
            span: leaf.path.tokens.span(),
        };
        let index = self.table.add(self.private, at.parent, &in_table);
        let entry = entry(self.private, index);
        let (tok, capture) = (&at.tok, self.capture_at(span));
        let scope = local("scope", at.open);
        let input = local("input", at.open);
        let (call, names, piped) = match &leaf.arguments {
            None => {
                let slot = associated(&leaf.path, "slot", span.resolved_at(Span::mixed_site()));
                let meets = hidden("meets", at.open);
                let meeting = carried(span, &quote_spanned!(at.here()=> #slot().#meets(#input)));
                (self.flows(at, &meeting), TokenStream::new(), true)
            }
            Some(arguments) => {
                let args = associated(&leaf.path, "call", span);
                let group = self.with_piped(leaf, arguments, &input, at);
                let names = at.names.open(&scope, &arguments.group.stream());
                (quote!(#args #group), names, arguments.piped.is_some())
            }
        };
        let scope = if names.is_empty() { quote!(_) } else { scope.to_token_stream() };
        let mut input = if piped { input.to_token_stream() } else { quote!(_) };
        if let Some(kept) = &at.kept {
            input = quote!((#input, (#(#kept,)*)));
        }
        let method = hidden("leaf", at.open);
        let closure = quote_spanned!(span=> #capture |#scope, #input| { #names #call });
        let step = quote_spanned!(at.here()=> #tok.#method(#entry, #closure));
        self.if_task(leaf, step, at)
    }

    /// A step whose name is written as a type's, as far as it is a task.
    fn if_task(&mut self, leaf: &Leaf, step: TokenStream, at: &Here) -> TokenStream {
        if !leaf.path.reads_as_type() {
            return step;
        }
        let given = leaf.arguments.as_ref().map_or(0, |arguments| {
            let given = tokens::list(arguments.group.stream());
            tokens::split_commas(&given).iter().filter(|(one, _)| !one.is_empty()).count()
        });
        // With more than there are traits for, the last will do: a task has `call` itself.
        let given = given.min(7);
        let private = self.private_at(at.open);
        let no_task = hidden(&format!("NoTask{given}"), at.open);
        let (leaf_name, place) = (self.variable("leaf", at.open), self.variable("place", at.open));
        let holds =
            self.asked_for("IsATask", &carried(span_of_leaf(leaf), &place.to_token_stream()), at.open);
        quote_spanned! {at.here()=> {
            use #private::no_task::#no_task as _;
            let #leaf_name = #step;
            let #place = #private::no_task::place(&#leaf_name);
            #holds
            #leaf_name
        }}
    }

    /// The user's own group, with the piped value in the place of `_`.
    fn with_piped(&mut self, leaf: &Leaf, arguments: &Arguments, input: &Ident, at: &Here) -> TokenStream {
        let Some(piped) = arguments.piped else { return arguments.group.to_token_stream() };
        let private = self.private_at(at.open);
        let task = &leaf.path.ty;
        let (hole, meets) = (self.variable("hole", at.open), hidden("meets", at.open));
        let meeting = carried(piped, &quote_spanned!(at.here()=> #hole.#meets(#input)));
        let flows = self.flows(at, &meeting);
        // The first branch tells the type of the parameter, the second hands the value over.
        let value = quote_spanned!(at.here()=>
            let #hole = #private::slot::hole::<(#task), _>();
            if false { #hole.parameter() } else { #flows }
        );
        // At the `_`, which is then what the compiler shows of the arguments where it proposes further ones.
        let value = quote_spanned!(piped=> { #value });
        let same = |span: Span| span.start() == piped.start() && span.end() == piped.end();
        let mut stream = TokenStream::new();
        for token in arguments.group.stream() {
            match tokens::sole(std::slice::from_ref(&token)) {
                Some(TokenTree::Ident(word)) if word == "_" && same(word.span()) => {
                    stream.extend(value.clone())
                }
                _ => token.to_tokens(&mut stream),
            }
        }
        let mut group = Group::new(arguments.group.delimiter(), stream);
        group.set_span(arguments.group.span());
        group.to_token_stream()
    }

    /// What is made of a piped value that meets a parameter, if it fits.
    fn flows(&self, at: &Here, meeting: &TokenStream) -> TokenStream {
        let flow = self.function_of(at.source.condition(), "flow", at.open);
        quote_spanned!(at.here()=> #flow(#meeting))
    }

    /// `move`, at a step.
    pub(super) fn capture_at(&self, span: Span) -> Option<TokenStream> {
        self.capture.then(|| quote_spanned!(span=> move))
    }

    /// Whether an inline step owns what it captures: it says `move`, or all steps do.
    pub(super) fn captures_by_value(&self, inline: &Inline) -> bool {
        self.capture || inline.move_token.is_some()
    }

    /// `|pattern| { body }`: a closure, then the step that its result makes of it.
    pub(super) fn inline(&mut self, inline: &Inline, at: &Here) -> TokenStream {
        let span = inline.begins();
        let in_table = Entry {
            kind: quote!(Inline),
            form: Form::Row,
            name: given(inline.name.as_ref()),
            options: Vec::new(),
            span,
        };
        let index = self.table.add(self.private, at.parent, &in_table);
        let entry = entry(self.private, index);
        let (tok, private) = (&at.tok, &self.private_at(at.open));
        let closure = self.variable("closure", at.open);
        let how_name = self.variable("how", at.open);
        let capture = self.captures_by_value(inline).then(|| quote_spanned!(span=> move));
        let here = at.here();
        let scope = local("scope", at.open);
        let input = local("input", at.open);
        let body = &inline.body;
        let code = body.stream();
        let gives = gives(&code);
        let pinned = gives == Gives::Open;
        let error = self.error;
        // With a context `?` gives on what `cx.run` fails with, also where the pipeline has an error type of its own.
        let error = match (&inline.context, self.boxes_errors) {
            (Some(_), false) => quote_spanned!(here=> #private::Failed<#error>),
            _ => error.clone(),
        };
        let names = at.names.open(&scope, &code);
        let pattern = &inline.pattern;
        // A name takes every value. With a value at its own place the compiler takes it for one that is assigned to later.
        let is_name = inline.pattern.is_plain() && inline.pattern.names().next().is_some();
        let given = input.to_token_stream();
        let given = if is_name { given } else { carried(inline.pattern.span(), &given) };
        let given = match &inline.ty {
            Some(ty) => {
                let annotation = quote_spanned!(here=> #private::wanted::Annotation);
                let annotation = carried(inline.pattern.span(), &annotation);
                quote_spanned!(here=> #private::wanted::AgreesWith::<_, #ty>::agree(#given, #annotation))
            }
            None => given,
        };
        let bind = quote_spanned! {span=>
            #[allow(clippy::ignored_unit_patterns, clippy::let_unit_value)]
            let #pattern = #given;
        };

        let made = if inline.async_token.is_some() {
            // The block takes over the input and the names, and leaves the captures alone: see `Moved`.
            let used = at.names.used_in(&code);
            let moved = local("moved", at.open);
            let context = inline.context.as_ref().map(|_| local("context", at.open));
            let taken: Vec<&Ident> = context.iter().chain(&used).collect();
            let named = inline.context.as_ref().map(|cx| quote_spanned!(here=> let #cx = #context;));
            // An async block has no place for its type. A `return` says it, and unlike a variable for the value it takes a
            // body that gives none, as all of its ends return.
            let says =
                pinned.then(|| quote_spanned!(here=> if false { return #private::pinned::<_, #error>(); }));
            // With `move` the closure owns its captures already, and the block takes what can be copied.
            let future = quote_spanned! {span=>
                async #capture {
                    #[allow(unused_variables)]
                    let (#input, #(#taken,)*) = #private::Moved::take(#moved);
                    #named
                    #bind
                    #says
                    #body
                }
            };
            let moved = quote_spanned! {here=>
                #names
                let #moved = #private::Moved::new((#input, #(#taken,)*));
            };
            let method = match (&context, used.is_empty()) {
                (Some(_), _) if inline.durable => "inline_durable",
                (Some(_), _) => "inline_async_context",
                (None, true) => "inline_async",
                (None, false) => "inline_named",
            };
            let method = hidden(method, at.open);
            let closure = if context.is_none() && used.is_empty() {
                quote_spanned!(span=> #capture |_, #input| { #moved #future })
            } else {
                let context = context.iter();
                quote_spanned!(span=> #capture |_, #scope, #input #(, #context)*| {
                    #moved
                    ::std::boxed::Box::pin(#future)
                })
            };
            quote_spanned!(here=> #tok.#method(#entry, #closure))
        } else {
            let returns = pinned.then(|| quote_spanned!(span=> -> ::core::result::Result<_, #error>));
            let scope = if names.is_empty() { quote!(_) } else { scope.to_token_stream() };
            let method = hidden(if inline.context.is_some() { "inline_context" } else { "inline" }, at.open);
            let context = inline.context.iter();
            let closure = quote_spanned!(span=> #capture |#scope, #input #(, #context)*| #returns {
                #names
                #bind
                #body
            });
            quote_spanned!(here=> #tok.#method(#entry, #closure))
        };
        let reads = hidden("reads", at.open);
        let how = if gives == Gives::Never {
            quote_spanned!(here=> #private::select::Plain)
        } else {
            let raw = local("raw", span);
            let (settled, found) = (hidden("__orch_settled", at.open), hidden("__orch_how", at.open));
            // Whether an error goes on is asked of steps with a context alone: to ask is to settle an error type that may be
            // open yet.
            let probe = if inline.context.is_some() { quote!(&&&&&&&&) } else { quote!(&&&&&&) };
            quote_spanned!(here=> {
                #private::result(&#closure, |#raw| #raw.#settled());
                (#probe #private::probe(&#closure)).#found()
            })
        };
        quote_spanned! {here=> {
            let #closure = #made;
            let #how_name = #how;
            #tok.#reads(#closure, #how_name)
        }}
    }

    /// `{ expression }`: another pipeline.
    pub(super) fn embed(&mut self, embed: &Embed, at: &Here) -> TokenStream {
        let span = embed.group.span();
        let (kind, form) = (quote!(Embed), Form::Row);
        let in_table = Entry { kind, form, name: None, options: Vec::new(), span };
        let index = self.table.add(self.private, at.parent, &in_table);
        let node = node(index);
        let (tok, group, private) = (&at.tok, &embed.group, self.private_at(at.open));
        let (entry, input) = (local("entry", at.open), local("input", at.open));
        let method = hidden("embed", at.open);
        let inner = self.checked(
            "CanBeEmbedded",
            &quote_spanned!(at.here()=> #private::embedded(#group)),
            span,
            at.open,
        );
        let given = carried(span, &input.to_token_stream());
        let braces = carried(span, &quote_spanned!(at.here()=> #private::wanted::Braces));
        let enters = quote_spanned!(at.here()=> #private::wanted::EntersThem::enter(#entry, #given, #braces));
        let give = quote_spanned!(span=> |#entry, #input| #enters);
        quote_spanned!(at.here()=> #tok.#method(#node, #inner, #give))
    }
}

/// The path to a function of a task's type: `a::fetch::<T>` to `<a::fetch>::call::<T>`. As a type, so that a
/// function that is no task is "expected type, found function", and not a module that cannot be found.
///
/// The function stands at the task's own name, where errors about arguments are then drawn; in `#[task]` it does too, so
/// an editor finds one definition.
fn associated(path: &TaskPath, function: &str, span: Span) -> TokenStream {
    let TaskPath { ty, arguments, .. } = path;
    let function = Ident::new(function, span);
    quote_spanned!(span=> <#ty>::#function #arguments)
}
