//! From the tree to code.
//!
//! The code builds the pipeline with builders (`__private::Builder`) that carry the types from step to step, so every
//! joint is a call of its own, spanned to the step that it judges. The user's tokens go out once and untouched; what
//! is ours resolves at the definition, and names nothing but `__private`.

mod annotation;
mod around;
mod block;
mod choice;
mod code;
mod gives;
mod mentions;
mod names;
mod options;
mod saga;
mod sequence;
mod statements;
mod step;
mod table;
mod unfinished;
mod unused;
mod usage;

use orch_syntax::ast::{Arm, Item, Leaf, LetStep, Pipeline, Step, TaskPath};
use orch_syntax::pattern::Pattern;
use orch_syntax::{Parsed, tokens};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use self::around::Around;
pub(super) use self::choice::subject;
use self::code::Code;
pub(super) use self::gives::{Gives, gives};
use self::names::{Names, hidden};
pub(super) use self::options::conversion;
use self::table::{Index, Table};
use crate::errors::combined;
use crate::private;

/// The code of a pipeline; or, where there are mistakes, their reports and enough of the text for an editor.
pub(crate) fn expand(parsed: Parsed) -> TokenStream {
    let Parsed { tree: mut pipeline, errors, paths, open, .. } = parsed;
    if errors.is_empty() {
        return built(&pipeline);
    }
    let is_pipeline = errors.leave_a_pipeline();
    let all = combined(errors.into_iter().map(syn::Error::from));
    let reports = all.map(syn::Error::into_compile_error).unwrap_or_default();
    if reports.is_empty() {
        return quote!(::core::compile_error! { "this is not a pipeline" });
    }
    if is_pipeline {
        // What else is wrong with it is told at once, but of a step that is not finished nothing more.
        let unfinished = unfinished::leave_out(&mut pipeline, open, &reports);
        let built = built(&pipeline);
        let left_out = mentions::left_out(&pipeline, &unfinished.code);
        let tasks = (!unfinished.paths.is_empty()).then(|| mentions::mentions(&unfinished.paths));
        let reports = (!unfinished.reports).then_some(reports);
        return quote!({ #reports #tasks #left_out #built });
    }
    recover(&paths, &reports)
}

/// The code of a pipeline in which there is no mistake.
pub(super) fn built(pipeline: &Pipeline) -> TokenStream {
    let private = private::path(pipeline.krate.as_ref());
    let error = match &pipeline.error {
        Some(ty) => ty.clone(),
        None => quote!(#private::BoxError),
    };
    let input = match &pipeline.input {
        Some(input) => input.ty.clone(),
        None => quote!(()),
    };
    let mut expansion = Expansion {
        private: &private,
        krate_is_given: pipeline.krate.is_some(),
        error: &error,
        boxes_errors: pipeline.error.is_none(),
        capture: pipeline.move_token.is_some(),
        table: Table::default(),
        fresh: 0,
        undos: Vec::new(),
        names_leaf: false,
        naming: None,
    };

    let start = expansion.start(pipeline);
    let mut names = Names::default();
    let bound: Vec<Ident> =
        pipeline.lets.iter().flat_map(|entry| entry.pattern.identifiers()).cloned().collect();
    let mut header = table::root(&private);
    if !bound.is_empty() {
        let values = bound
            .iter()
            .map(|name| expansion.checked("CanBeOwned", &quote!(#private::owned(#name)), name.span(), start));
        header = quote!((#header, (#(#values,)*)));
        names.bind_tuple(&bound);
    }
    let source = match pipeline.input {
        Some(_) => Source::Input,
        None => Source::NoInput,
    };
    let at =
        Here { tok: local("tok", start), names, parent: None, open: start, source, saga: None, kept: None };
    let named = pipeline.input.as_ref().filter(|input| !input.pattern.is_wild());
    let root = match named {
        Some(input) => expansion.root_with_input(&pipeline.root, input, &at),
        None => expansion.step(&pipeline.root, &at),
    };

    let Here { tok, .. } = &at;
    let lets = pipeline.lets.iter().map(|entry| {
        let (let_token, pattern, value) = (&entry.let_token, &entry.pattern, &entry.value);
        let ty = entry.ty.as_ref().map(|ty| quote!(: #ty));
        // `let client = client;` hands a value over as it is.
        quote!(#[allow(clippy::redundant_locals)] #let_token #pattern #ty = #value;)
    });
    let mut checks = TokenStream::new();
    if let Some(input) = &pipeline.input {
        let gate = expansion.checked("CanBeInput", &quote!(#tok.input()), input.ty.span(), start);
        checks.extend(quote!(let #tok = #gate;));
    }
    if let Some(error) = &pipeline.error {
        let gate = expansion.checked("CanBeTheErrorType", &quote!(#tok.failure()), error.span(), start);
        checks.extend(quote!(let #tok = #gate;));
    }
    let table = expansion.table.define(&private);
    let code = Code::of(pipeline);
    let unused = unused::unused(&code);
    let (owned, built) = (local("header", start), local("root", start));
    let plan = quote!(#private::Plan::of(#owned, #tok, #built));
    let value = if code.captures() { quote!(#plan.pipeline()) } else { opaque(&private, &plan) };
    // `#[allow]` on the statement that the user's leaf spans reach into: our braces there carry the caret.
    quote! {
        {
            #unused
            #table
            #[allow(unused_imports)]
            use #private::methods::*;
            #(#lets)*
            #[allow(unused_braces)]
            let #owned = #header;
            #[allow(unused_braces)]
            let #tok = { let #tok = #private::begin::<#input, #error, _>(&#owned); #checks #tok };
            #[allow(unused_braces, unused_parens)]
            let #built = #root;
            #value
        }
    }
}

/// The pipeline of a plan, as a type that says what it takes and gives. What it is made of would stand in each message about a pipeline,
/// and in an editor. (The function is the pipeline's own: of one of the core's the compiler would show the line.)
///
/// Only of a pipeline that captures nothing. Of an opaque type the compiler takes it that its drop looks at what it borrows, so that this
/// could not be moved or changed after the last run.
fn opaque(private: &TokenStream, plan: &TokenStream) -> TokenStream {
    quote!({
        #[inline(always)]
        fn pipeline<P, In, Out, Error, Asks>(
            plan: P,
        ) -> #private::Pipeline<
            impl #private::Run<In = In, Out = Out, Error = Error, Asks = Asks> + #private::shown::Unboxed,
        >
        where
            P: #private::Run<In = In, Out = Out, Error = Error, Asks = Asks> + #private::shown::Unboxed,
        {
            #private::pipeline(plan)
        }

        pipeline(#plan)
    })
}

/// Where a step stands, for its expansion.
#[derive(Clone)]
struct Here {
    /// The variable that holds the builder of the point.
    tok: Ident,
    names: Names,
    parent: Option<Index>,
    /// The `<` of the block around it: where an editor finds the helpers.
    open: Span,
    /// Where the piped value comes from.
    source: Source,
    /// The saga around.
    saga: Option<Around>,
    /// Of a task that is an undo: variables for what was kept of its arguments.
    kept: Option<Vec<Ident>>,
}

/// Where a piped value comes from: it says so if the value does not fit.
#[derive(Clone, Copy)]
enum Source {
    /// The step before.
    Step,
    /// The step before, which is an inline step.
    Inline,
    /// The header.
    Input,
    /// Nowhere: the header declares no input.
    NoInput,
    /// Nowhere: the value before has a name.
    Nothing,
    /// The collection before an `each`.
    Item,
}

impl Source {
    /// Whether there is one.
    fn is_piped(self) -> bool {
        !matches!(self, Source::NoInput | Source::Nothing)
    }

    /// The condition of a slot.
    fn condition(self) -> &'static str {
        match self {
            Source::Step => "FlowsInto",
            Source::Inline => "GoesInto",
            Source::Input => "EntersInto",
            Source::NoInput => "StartsWith",
            Source::Nothing => "GoesOnWith",
            Source::Item => "IteratesInto",
        }
    }
}

impl Here {
    fn with_tok(&self, tok: Ident, source: Source) -> Here {
        Here { tok, source, ..self.clone() }
    }

    /// The place of helper code: no user's code to lints, and small where an error shows it.
    fn here(&self) -> Span {
        self.open.resolved_at(Span::mixed_site())
    }
}

/// What all steps of one invocation share.
struct Expansion<'a> {
    private: &'a TokenStream,
    /// Whether the header says where that is.
    krate_is_given: bool,
    error: &'a TokenStream,
    /// Whether that is the one of pipelines that name no other.
    boxes_errors: bool,
    /// Whether the header says `move`.
    capture: bool,
    table: Table,
    fresh: usize,
    /// The variables of the undos in the sagas around.
    undos: Vec<Ident>,
    /// Whether the entry of the next task has its name.
    names_leaf: bool,
    /// What the output of the next step is named.
    naming: Option<Pattern>,
}

impl Expansion<'_> {
    /// The path to the core's private module, placed at `span`: what a call of ours points at where it is shown.
    fn private_at(&self, span: Span) -> TokenStream {
        // A path of the user's has its own place, where one error says that there is no such crate.
        if self.krate_is_given {
            return self.private.clone();
        }
        tokens::map(self.private.clone(), &mut |mut token| {
            token.set_span(span.resolved_at(token.span()));
            token
        })
    }

    /// A variable that no other has the name of.
    fn variable(&mut self, kind: &str, span: Span) -> Ident {
        self.fresh += 1;
        local(&format!("{kind}{}", self.fresh), span)
    }

    /// Where helpers are placed that stand in no block: at the first step.
    fn start(&self, pipeline: &Pipeline) -> Span {
        match &pipeline.root {
            Step::Block(block) => block.open,
            step => span_of(step),
        }
    }

    /// The code of one step.
    fn step(&mut self, step: &Step, at: &Here) -> TokenStream {
        let naming = self.naming.take();
        let code = match step {
            Step::Leaf(leaf) => self.leaf(leaf, at),
            Step::Inline(inline) => self.inline(inline, at),
            Step::Embed(embed) => self.embed(embed, at),
            Step::Block(block) => return self.block(block, at),
            Step::Undo(undo) => return self.undone(undo, naming.as_ref(), at),
            // Only with an error, and then nothing is expanded.
            Step::Hole(tokens) => return tokens.clone(),
        };
        let tok = &at.tok;
        // A wrong type among written arguments is reported there.
        let gate = match step {
            Step::Leaf(leaf) if leaf.arguments.is_some() => hidden("call", at.open),
            Step::Leaf(_) => hidden("task", at.open),
            Step::Inline(_) => hidden("inlined", at.open),
            _ => hidden("step", at.open),
        };
        let span = span_of(step);
        let (check, spot) = (self.variable("gate", at.open), self.variable("place", at.open));
        let (pass, known) = (hidden("pass", span), hidden("__orch_known", at.open));
        let place = carried(span, &spot.to_token_stream());
        let converts = if self.boxes_errors { "IntoBoxError" } else { "IntoFailure" };
        let holds = self.asked_for(converts, &place, at.open);
        let step_value = self.variable("step", span);
        let sent = self.sent(step, &step_value, at);
        let call = quote!(#tok.#gate(#step_value));
        let asked = |condition: &str, method: &str| {
            let method = hidden(method, at.open);
            let place = carried(span, &quote_spanned!(at.here()=> #check.#method()));
            self.asked_for(condition, &place, at.open)
        };
        let gives = match step {
            Step::Inline(_) => {
                let (given, awaited) =
                    (asked("CanBeGiven", "__orch_output"), asked("IsAwaited", "__orch_awaited"));
                quote!(#given #awaited)
            }
            Step::Leaf(leaf) => {
                let is_task = leaf.arguments.is_none().then(|| self.asked_for("Task", &place, at.open));
                let (given, failed) =
                    (asked("CanBeGiven", "__orch_output"), asked("CanBeFailedWith", "__orch_failure"));
                quote!(#is_task #given #failed)
            }
            _ => TokenStream::new(),
        };
        quote_spanned! {at.here()=> {
            let #step_value = #code;
            #sent
            let (#check, #spot) = #call;
            #gives
            let (#check, #spot) = #check.#pass(#place);
            #holds
            #check.#known()
        }}
    }

    /// What is shared and sent between threads of a step, looked at where nothing is run: the error says what of the user's cannot be,
    /// and of what asks for it only that it is a cast.
    fn sent(&self, step: &Step, value: &Ident, at: &Here) -> TokenStream {
        let mut names = at.names.bound();
        let (code, is_async, moves) = match step {
            Step::Leaf(Leaf { arguments: Some(arguments), .. }) => {
                (arguments.group.stream(), false, self.capture)
            }
            Step::Inline(inline) => (
                inline.body.stream(),
                inline.async_token.is_some()
                    && inline.context.is_none()
                    && at.names.used_in(&inline.body.stream()).is_empty(),
                self.captures_by_value(inline),
            ),
            _ => return TokenStream::new(),
        };
        if let Step::Inline(inline) = step {
            let given = inline.pattern.identifiers().iter().chain(&inline.context);
            names.extend(given.map(ToString::to_string));
        }
        let (span, here) = (span_of(step), at.here());
        let inside = span.resolved_at(Span::mixed_site());
        let closure = hidden("__orch_closure", span);
        let closure = quote_spanned!(inside=> #value.#closure());
        let closure =
            usage::captures(&tokens::list(code), &names).then(|| self.shared(&closure, span, at.open, moves));
        let future = is_async.then(|| {
            let future = hidden("__orch_future", span);
            let cast = cast(&quote_spanned!(inside=> #value.#future()), span, here);
            quote_spanned!(here=> if false { #cast })
        });
        quote!(#closure #future)
    }

    /// Whether what a closure captures can be shared, asked of a reference to it where nothing is run.
    ///
    /// A closure that does not say `move` captures references, and these can be sent if what they refer to can be shared. So a cast asks
    /// for all of it, which the compiler says well. Of a closure that `moves` its captures in, a condition asks, as a cast would be two
    /// errors.
    fn shared(&self, closure: &TokenStream, span: Span, open: Span, moves: bool) -> TokenStream {
        let here = open.resolved_at(Span::mixed_site());
        let asked = if moves {
            let private = self.private_at(open);
            let spot = carried(span, &quote_spanned!(here=> #private::captured(#closure)));
            self.asked_for("CanBeMovedIn", &spot, open)
        } else {
            cast(closure, span, here)
        };
        quote_spanned!(here=> if false { #asked })
    }

    /// What passes the check that `call` makes of a condition (see `build/check.rs` in the core), with the error at `span` if it does
    /// not.
    fn checked(&mut self, condition: &str, call: &TokenStream, span: Span, open: Span) -> TokenStream {
        let (check, spot) = (self.variable("gate", open), self.variable("place", open));
        let (pass, known) = (hidden("pass", span), hidden("__orch_known", open));
        let place = carried(span, &spot.to_token_stream());
        let holds = self.asked_for(condition, &place, open);
        quote_spanned! {open.resolved_at(Span::mixed_site())=> {
            let (#check, #spot) = #call;
            #holds
            #check.#pass(#place).#known()
        }}
    }

    /// The call that is an error, where `place` is, if a condition does not hold.
    fn asked_for(&self, condition: &str, place: &TokenStream, open: Span) -> TokenStream {
        let holds = self.function_of(condition, "__orch_holds", open);
        quote_spanned!(open.resolved_at(Span::mixed_site())=> #holds(#place);)
    }

    /// A function of a condition. It stands at `open`, away from what it is called with: the compiler would propose to borrow that, if
    /// they began together.
    fn function_of(&self, condition: &str, function: &str, open: Span) -> TokenStream {
        let private = self.private_at(open);
        let (condition, function) = (hidden(condition, open), hidden(function, open));
        quote_spanned!(open.resolved_at(Span::mixed_site())=> #private::wanted::#condition::#function)
    }
}

/// Reports the mistakes, in a form that keeps the rest of the function quiet: a `compile_error!` in the place of
/// the value has the error type.
fn recover(paths: &[TaskPath], reports: &TokenStream) -> TokenStream {
    let mentions = mentions::mentions(paths);
    quote!({ #mentions #reports })
}

/// A variable of the expansion's own. A constant or a unit struct of the user's with the same name would make its pattern ask
/// for that value, whatever the hygiene: no name that anybody gives.
fn local(name: &str, span: Span) -> Ident {
    hidden(&format!("__orch_{name}"), span)
}

/// Where an error about a step is drawn: its own first tokens.
fn span_of(step: &Step) -> Span {
    match step {
        Step::Leaf(leaf) => span_of_leaf(leaf),
        Step::Inline(inline) => inline.begins(),
        Step::Embed(embed) => embed.group.span(),
        Step::Block(block) => match block.body.first() {
            Some(Item::Piped(named)) => named.piped,
            Some(Item::Step(step) | Item::Let(LetStep { step, .. }) | Item::Arm(Arm { step, .. })) => {
                span_of(step)
            }
            None => block.keyword.span(),
        },
        Step::Undo(undo) => span_of(&undo.step),
        Step::Hole(_) => Span::call_site(),
    }
}

/// The task's own name at the end of its path.
fn span_of_leaf(leaf: &Leaf) -> Span {
    leaf.path.names.last().map_or_else(|| leaf.path.tokens.span(), Ident::span)
}

/// A cast of a reference to what can be sent. It asks of what is inside of the braces, so that is a variable at the place of the error,
/// as the user's own would be: of one of a macro's the compiler would say that it is.
fn cast(reference: &TokenStream, span: Span, here: Span) -> TokenStream {
    let variable = Ident::new("__orch_reference", span);
    let value = carried(span, &variable.to_token_stream());
    quote_spanned! {here=>
        let #variable = #reference;
        let _: &(dyn ::core::marker::Send) = #value;
    }
}

/// A value of ours in braces that carry the caret of an error, at `span`.
fn carried(span: Span, value: &TokenStream) -> TokenStream {
    quote_spanned!(span=> { #value })
}
