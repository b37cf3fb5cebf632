//! Sequences: each entry at the point that the one before opens, and long ones in parts.

use std::ops::Range;

use orch_syntax::ast::{Input, Item, LetPiped, Step};
use orch_syntax::pattern::Pattern;
use proc_macro2::{Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use super::local;
use super::names::hidden;
use super::usage::uses_piped;
use super::{Expansion, Here, Source, carried, span_of};

/// How many entries one coroutine holds; `seq::Body` is generated for so many.
const GROUP: usize = 12;

/// A sequence in code.
pub(super) struct Chain {
    /// Statements that make the steps.
    pub(super) statements: TokenStream,
    /// The tuple of its entries.
    pub(super) body: TokenStream,
    /// Where the outputs that `collect` gives are, in `slots` and `piped`.
    pub(super) outputs: Vec<TokenStream>,
}

/// An entry of a sequence.
#[derive(Clone, Copy)]
enum Entry<'i> {
    /// A name for what is piped there: by `let … = _`, or for the input by the header.
    Piped { pattern: &'i Pattern, ty: Option<&'i TokenStream>, at: Span },
    /// A step, named or not.
    Step { step: &'i Step, pattern: Option<&'i Pattern>, ty: Option<&'i TokenStream> },
}

impl<'i> Entry<'i> {
    fn of(step: &'i Step) -> Self {
        Entry::Step { step, pattern: None, ty: None }
    }

    /// The header's own type of the input is what the pipeline is built with.
    fn input(input: &'i Input) -> Self {
        Entry::Piped { pattern: &input.pattern, ty: None, at: input.pattern.span() }
    }

    fn item(item: &'i Item) -> Self {
        match item {
            Item::Piped(LetPiped { pattern, ty, piped, .. }) => {
                Entry::Piped { pattern, ty: ty.as_ref(), at: *piped }
            }
            Item::Step(step) => Entry::of(step),
            // None stands in a sequence.
            Item::Arm(arm) => Entry::of(&arm.step),
            Item::Let(entry) => {
                Entry::Step { step: &entry.step, pattern: Some(&entry.pattern), ty: entry.ty.as_ref() }
            }
        }
    }

    fn uses_piped(self) -> bool {
        match self {
            Entry::Piped { .. } => true,
            Entry::Step { step, .. } => uses_piped(step),
        }
    }
}

/// How a step of a sequence goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Pipe,
    Bind,
    Keep,
    Store,
}

/// A sequence that is being written.
struct Writing<'e> {
    entries: &'e [Entry<'e>],
    collect: bool,
    /// The point that the entries so far have led to.
    at: Here,
    statements: TokenStream,
    outputs: Vec<TokenStream>,
}

impl Expansion<'_> {
    /// The entries of a block as a sequence, which begins with the input if that has a name.
    pub(super) fn items(&mut self, items: &[Item], input: Option<&Input>, collect: bool, at: &Here) -> Chain {
        let entries: Vec<_> =
            input.map(Entry::input).into_iter().chain(items.iter().map(Entry::item)).collect();
        self.chain(&entries, collect, at)
    }

    /// One step as a sequence that begins with the input.
    pub(super) fn after_input(&mut self, step: &Step, input: &Input, at: &Here) -> Chain {
        self.chain(&[Entry::input(input), Entry::of(step)], false, at)
    }

    fn chain(&mut self, entries: &[Entry<'_>], collect: bool, at: &Here) -> Chain {
        let mut writing =
            Writing { entries, collect, at: at.clone(), statements: TokenStream::new(), outputs: Vec::new() };
        let body = self.part(&mut writing, 0..entries.len(), outermost(entries.len()));
        Chain { statements: writing.statements, body, outputs: writing.outputs }
    }

    /// The tuple of a part of the entries, in groups of `size`.
    fn part(&mut self, writing: &mut Writing<'_>, range: Range<usize>, size: usize) -> TokenStream {
        let mut places = Vec::new();
        for (place, start) in range.clone().step_by(size).enumerate() {
            let end = range.end.min(start + size);
            places.push(match writing.entries.get(start) {
                Some(entry) if size == 1 => self.entry(writing, *entry, start, place),
                _ => self.group(writing, start..end, size, place),
            });
        }
        quote!((#(#places,)*))
    }

    /// A group, itself an entry. What it names is seen through one reference after it: with one for each name, what a step
    /// is given would grow with the sequence, and with it the time that each step takes to compile.
    fn group(
        &mut self,
        writing: &mut Writing<'_>,
        range: Range<usize>,
        size: usize,
        place: usize,
    ) -> TokenStream {
        let private = &self.private_at(writing.at.open);
        let (tok, level, here) = (writing.at.tok.clone(), writing.at.names.levels(), writing.at.here());
        let end = range.end;
        let body = self.part(writing, range, size / GROUP);
        let kind = if writing.at.names.fold(level, place) { "NamedGroup" } else { "Group" };
        let kind = hidden(kind, writing.at.open);
        let group = self.variable("group", writing.at.open);
        writing.statements.extend(quote_spanned!(here=> let #group = #private::seq::#kind(#body);));
        if end < writing.entries.len() {
            let next = self.variable("tok", writing.at.open);
            let method = hidden("past", writing.at.open);
            writing.statements.extend(quote_spanned!(here=> let #next = #tok.#method(&#group);));
            writing.at.tok = next;
        }
        group.into_token_stream()
    }

    /// One entry, the one at `index` of all and at `place` of its tuple.
    fn entry(
        &mut self,
        writing: &mut Writing<'_>,
        entry: Entry<'_>,
        index: usize,
        place: usize,
    ) -> TokenStream {
        match entry {
            Entry::Piped { pattern, ty, at } => self.piped_entry(writing, pattern, ty, at, place),
            Entry::Step { step, pattern, ty } => {
                let how = match (pattern, writing.entries.get(index + 1)) {
                    (Some(_), _) => How::Bind,
                    (None, Some(after)) if writing.collect && after.uses_piped() => How::Keep,
                    (None, Some(_)) if writing.collect => How::Store,
                    (None, _) => How::Pipe,
                };
                if writing.collect && pattern.is_none() {
                    writing.outputs.push(match how {
                        How::Pipe => local("piped", writing.at.open).to_token_stream(),
                        _ => slot_path(index, writing.entries.len(), writing.at.open),
                    });
                }
                self.step_entry(writing, step, pattern.map(|pattern| (pattern, ty)), how, place)
            }
        }
    }

    fn piped_entry(
        &mut self,
        writing: &mut Writing<'_>,
        pattern: &Pattern,
        ty: Option<&TokenStream>,
        span: Span,
        place: usize,
    ) -> TokenStream {
        let (at, statements) = (&mut writing.at, &mut writing.statements);
        let private = &self.private_at(at.open);
        let next = self.variable("tok", at.open);
        let tok = &at.tok;
        let named = self.checked("CanBeKept", &quote!(#tok.kept_input()), span, at.open);
        let method = hidden("named_input", at.open);
        statements.extend(quote!(let #next = #named.#method();));
        statements.extend(self.seen_through(at, pattern, ty, span, None));
        at.names.bind(pattern, place);
        *at = at.with_tok(next, Source::Nothing);
        quote!(#private::seq::BindInput)
    }

    fn step_entry(
        &mut self,
        writing: &mut Writing<'_>,
        step: &Step,
        binding: Option<(&Pattern, Option<&TokenStream>)>,
        how: How,
        place: usize,
    ) -> TokenStream {
        let (at, statements) = (&mut writing.at, &mut writing.statements);
        let private = &self.private_at(at.open);
        let (span, is_inline) = (span_of(step), matches!(step, Step::Inline(_)));
        self.naming = binding.map(|(pattern, _)| pattern.clone());
        let code = self.step(step, at);
        let step = self.variable("step", at.open);
        let next = self.variable("tok", at.open);
        let tok = at.tok.clone();
        let here = at.here();
        statements.extend(quote_spanned!(here=> let #step = #code;));
        let argument = carried(span, &quote!(&#step));
        // What is kept has to pass a check, and the step goes through the builder that did: where it does not, the
        // sequence is no less unknown than what follows.
        let mut checked = tok.clone();
        let (kept, duplicate) = (("kept", "CanBeKept"), ("duplicate", "CanBeCloned"));
        let gates: &[(&str, &str)] = match how {
            How::Pipe => &[],
            How::Bind | How::Store => &[kept],
            How::Keep => &[kept, duplicate],
        };
        for (gate, condition) in gates {
            let (next, gate) = (self.variable("tok", at.open), hidden(gate, at.open));
            let gate =
                self.checked(condition, &quote_spanned!(here=> #checked.#gate(#argument)), span, at.open);
            statements.extend(quote_spanned!(here=> let #next = #gate;));
            checked = next;
        }
        let method = match how {
            How::Bind => "bound",
            How::Store => "stored",
            How::Keep | How::Pipe => "after",
        };
        let method = hidden(method, at.open);
        statements.extend(quote_spanned!(span=> let #next = #checked.#method(#argument);));
        let entry = match how {
            How::Bind => quote_spanned!(here=> #private::seq::Bind(#checked.pass(#step))),
            How::Store => quote_spanned!(here=> #private::seq::Store(#checked.pass(#step))),
            How::Keep => quote_spanned!(here=> #checked.keep(#step)),
            How::Pipe => quote_spanned!(here=> #private::seq::Pipe(#step)),
        };
        if let Some((pattern, ty)) = binding {
            statements.extend(self.seen_through(at, pattern, ty, span, Some(&argument)));
            at.names.bind(pattern, place);
        }
        let source = match how {
            How::Bind => Source::Nothing,
            How::Pipe | How::Keep | How::Store if is_inline => Source::Inline,
            How::Pipe | How::Keep | How::Store => Source::Step,
        };
        *at = at.with_tok(next, source);
        entry
    }

    /// Asks whether a value has the type and the form that a `let` says: the output of `step`, or what is piped to this point.
    fn seen_through(
        &self,
        at: &Here,
        pattern: &Pattern,
        ty: Option<&TokenStream>,
        span: Span,
        step: Option<&TokenStream>,
    ) -> TokenStream {
        let (gives, takes_apart) = match step {
            Some(_) => ("gives", "takes_apart"),
            None => ("input_gives", "takes_input_apart"),
        };
        let (gives, takes_apart) = (hidden(gives, at.open), hidden(takes_apart, at.open));
        let (tok, value, here) = (&at.tok, local("value", at.open), at.here());
        let step = step.map(|step| quote_spanned!(here=> #step,));
        let mut statements = TokenStream::new();
        if let Some(ty) = ty {
            let given = carried(span, &value.to_token_stream());
            let private = self.private_at(at.open);
            let annotation = carried(span, &quote_spanned!(here=> #private::wanted::Annotation));
            statements.extend(quote_spanned! {here=>
                #tok.#gives(#step |#value| {
                    #private::wanted::NamesWhat::<_, #ty>::agree(#given, #annotation)
                });
            });
        }
        if !pattern.is_plain() {
            let given = carried(pattern.span(), &value.to_token_stream());
            // As in `Names::open`, to the letter: two errors of one pattern are then one.
            let by_reference = pattern.by_reference();
            statements.extend(quote! {
                #tok.#takes_apart(#step |#value| {
                    #[allow(unused_variables)]
                    let #by_reference = #given;
                });
            });
        }
        statements
    }
}

/// How many entries of a sequence of so many make one entry of its tuple.
fn outermost(entries: usize) -> usize {
    let mut size = 1;
    while entries.div_ceil(size) > GROUP {
        size *= GROUP;
    }
    size
}

/// Where the slot of an entry is in the slots of a sequence of so many.
fn slot_path(entry: usize, entries: usize, open: Span) -> TokenStream {
    let mut path = local("slots", open).to_token_stream();
    let (mut size, mut rest) = (outermost(entries), entry);
    while size > 0 {
        let place = Literal::usize_unsuffixed(rest / size);
        path = quote!(#path.#place);
        rest %= size;
        size /= GROUP;
    }
    path
}
