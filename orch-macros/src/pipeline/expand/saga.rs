//! Sagas, and the steps in them that can be undone.

use orch_syntax::ast::{Block, Item, Step, Undo, When};
use orch_syntax::blocks::Form;
use orch_syntax::pattern::Pattern;
use orch_syntax::tokens;
use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};

use super::around::Around;
use super::names::hidden;
use super::options::code_of;
use super::sequence::Chain;
use super::table::{Entry, Index, node};
use super::usage::uses_piped;
use super::{Expansion, Here, Source, carried, local, span_of};

/// What is kept for an undo.
#[derive(Default)]
struct Kept {
    /// Expressions, for the closure that gives them.
    values: Vec<TokenStream>,
    /// What they are called in the undo.
    names: Vec<Ident>,
}

impl Expansion<'_> {
    /// The point inside a saga: its variable, where its log is in scope.
    pub(super) fn enter_saga(&mut self, at: &Here, inside: &mut Here) {
        inside.tok = self.variable("tok", inside.open);
        let (base, names) = match &at.saga {
            Some(around) => (around.base.clone(), around.names.clone()),
            None => (at.tok.clone(), at.names.clone()),
        };
        let log = at.names.levels();
        inside.names.bind_level();
        inside.saga = Some(Around { base, names, log });
    }

    /// A saga: a sequence whose log is in scope, and the undos of the steps in it. `before` is how many undos there were.
    pub(super) fn saga_block(
        &mut self,
        block: &Block,
        chain: &Chain,
        field: &TokenStream,
        (index, before): (Index, usize),
        (at, inside): (&Here, &Here),
        body: &Ident,
    ) -> TokenStream {
        let private = &self.private_at(block.open);
        let (keyword, node, tok, inner) = (&block.keyword, node(index), &at.tok, &inside.tok);
        let module = hidden(block.spec.keyword, block.open);
        let here = inside.here();
        let (statements, body_code) = (&chain.statements, &chain.body);
        let own: Vec<Ident> = self.undos.get(before..).unwrap_or_default().to_vec();
        let undos = own
            .iter()
            .rfold(quote!(()), |rest, undo| quote_spanned!(here=> #private::#module::listed(&#undo, #rest)));
        let (declared, place) = match &at.saga {
            // What is declared here is made where the steps are.
            None => {
                self.undos.truncate(before);
                (quote_spanned!(here=> #(let #own;)*), quote_spanned!(here=> #private::#module::alone()))
            }
            Some(around) => {
                let (method, base) = (hidden("inside_saga", block.open), &around.base);
                let scope = local("scope", block.open);
                let outermost = at.names.outwards(around.names.levels());
                let log = at.names.level(around.log);
                let place = quote_spanned!(here=>
                    #tok.#method(&#base, |_, #scope| #scope #outermost, |_, #scope| #scope #log)
                );
                (TokenStream::new(), place)
            }
        };
        quote_spanned! {here=> {
            #declared
            let #inner = #private::#module::enter(&#tok);
            #statements
            let #body = #body_code;
            #private::#module::#keyword(&#tok, #node, #private::#module::Options { #field }, #body, #undos, #place)
        }}
    }

    /// A step and its undo, which sees what the step's output is named.
    pub(super) fn undone(&mut self, undo: &Undo, naming: Option<&Pattern>, at: &Here) -> TokenStream {
        let Some(around) = &at.saga else { return self.step(&undo.step, at) };
        let private = &self.private_at(at.open);
        let (here, tok) = (at.here(), &at.tok);
        let parent = self.table.next();
        // Steps stand inside of it: its entry in the table has the name that its own steps' paths go on from.
        self.names_leaf = matches!(&undo.step, Step::Leaf(leaf) if leaf.name.is_none());
        let code = self.step(&undo.step, at);
        let kind = undo.when.word();
        let in_table = Entry {
            kind: quote!(Block(#kind)),
            form: Form::Afterwards,
            name: None,
            options: Vec::new(),
            span: undo.word.span(),
        };
        let index = self.table.add(self.private, Some(parent), &in_table);

        let (kept, step) = self.kept(undo, naming, at, around);
        let (scope, out) = (local("scope", at.open), local("out", at.open));
        let mut opened = at.names.open(&scope, &kept.values.iter().cloned().collect());
        if let Some(pattern) = naming.map(Pattern::by_reference) {
            opened.extend(quote! {
                #[allow(unused_variables)]
                let #pattern = #out;
            });
        }
        let span = span_of(&undo.undo);
        let step_variable = self.variable("step", at.open);
        let argument = carried(span_of(&undo.step), &quote!(&#step_variable));
        let uses = uses_piped(&undo.undo);
        let mut checked = tok.clone();
        let mut statements = TokenStream::new();
        if uses {
            let (next, gate) = (self.variable("tok", at.open), hidden("duplicate", at.open));
            let gate =
                self.checked("CanBeCloned", &quote_spanned!(here=> #tok.#gate(#argument)), span, at.open);
            statements.extend(quote_spanned!(here=> let #next = #gate;));
            checked = next;
        }
        let piped = if uses { quote_spanned!(here=> #private::saga::output(#out)) } else { quote!(()) };
        let (values, names) = (&kept.values, &kept.names);
        // A leaf takes what it is given by value, the other steps see it by name.
        let is_leaf = matches!(undo.undo, Step::Leaf(_));
        let (gives, bound): (TokenStream, &[Ident]) = if is_leaf {
            (quote_spanned!(here=> ((#piped, (#(#values,)*)), ())), &[])
        } else {
            (quote_spanned!(here=> (#piped, (#(#values,)*))), names)
        };
        let capture = self.capture_at(here);
        let keep = self.variable("keep", at.open);
        let keeps = hidden("keeps", at.open);
        statements.extend(quote_spanned! {here=>
            let #keep = #checked.#keeps(&#step_variable, #capture |#scope, #out| { #opened #gives });
        });
        let undo_tok = self.variable("tok", at.open);
        let (undoing, base) = (hidden("undoing", at.open), &around.base);
        statements.extend(quote_spanned!(here=> let #undo_tok = #base.#undoing(&#keep);));

        let mut seen = around.names.clone();
        seen.bind_tuple(bound);
        let inside = Here {
            tok: undo_tok.clone(),
            names: seen,
            parent: Some(index),
            source: Source::Step,
            saga: None,
            kept: is_leaf.then(|| kept.names.clone()),
            ..at.clone()
        };
        let undo_code = self.step(step.as_ref().unwrap_or(&undo.undo), &inside);
        let which = u32::try_from(self.undos.len()).unwrap_or(u32::MAX);
        let variable = self.variable("undo", at.open);
        let (method, when) = (hidden("undo", at.open), when(undo.when));
        let entry = node(index);
        let log = at.names.level(around.log);
        let log_method = hidden("log", at.open);
        self.undos.push(variable.clone());
        quote_spanned! {here=> {
            let #step_variable = #code;
            #statements
            #variable = #undo_tok.#method(#entry, #which, #private::saga::When::#when, #undo_code);
            #private::saga::undone(#step_variable, #tok.#log_method(|_, #scope| #scope #log), #keep, &#variable)
        }}
    }

    /// What is kept for an undo, and the undo as it reads then, if it reads otherwise than in the text.
    fn kept(
        &mut self,
        undo: &Undo,
        naming: Option<&Pattern>,
        at: &Here,
        around: &Around,
    ) -> (Kept, Option<Step>) {
        let mut names = at.names.clone();
        if let Some(pattern) = naming {
            names.bind(pattern, 0);
        }
        let inner = |code: &TokenStream| names.used_beyond(&around.names, code);
        let mut kept = Kept::default();
        if let Step::Leaf(leaf) = &undo.undo {
            let Some(arguments) = &leaf.arguments else { return (kept, None) };
            let mut written = TokenStream::new();
            for (argument, comma) in tokens::split_commas(&tokens::list(arguments.group.stream())) {
                let code = tokens::collect(argument);
                if inner(&code).is_empty() {
                    written.extend(code);
                } else {
                    written.extend(self.kept_argument(argument, &mut kept, at));
                }
                written.extend(comma.map(|comma| quote_spanned!(comma=> ,)));
            }
            if kept.names.is_empty() {
                return (kept, None);
            }
            let mut group = Group::new(arguments.group.delimiter(), written);
            group.set_span(arguments.group.span());
            return (kept, Some(Step::Leaf(leaf.with_arguments(group))));
        }
        let code = code_of_step(&undo.undo);
        for name in inner(&code) {
            let span = mentioned_at(&code, &name).unwrap_or_else(|| span_of(&undo.undo));
            let value = carried(span, &name.to_token_stream());
            let keep = self.function_of("CanBeClonedForUndo", "keep", at.open);
            kept.values.push(quote_spanned!(at.here()=> #keep(#value)));
            kept.names.push(name);
        }
        (kept, None)
    }

    /// Keeps an argument, and gives what stands for it in the undo: as wide as it is, as the compiler shows it there.
    fn kept_argument(&mut self, argument: &[TokenTree], kept: &mut Kept, at: &Here) -> TokenStream {
        let first = argument.first().map_or(at.open, TokenTree::span);
        let code = tokens::collect(argument);
        let keep = self.function_of("CanBeKeptForUndo", "keep", at.open);
        // As one of the user's own, which the compiler then proposes a change to.
        let name = Ident::new(&self.variable("kept", first).to_string(), first);
        kept.names.push(name.clone());
        let value = quote_spanned!(first=> #keep({ #code }));
        match argument {
            [_, .., last] => {
                kept.values.push(quote_spanned!(first=> (#value,)));
                let field = quote_spanned!(last.span()=> .0);
                quote!(#name #field)
            }
            _ => {
                kept.values.push(value);
                name.into_token_stream()
            }
        }
    }
}

fn when(when: When) -> Ident {
    let name = match when {
        When::Failed => "Failed",
        When::Ended => "Ended",
    };
    Ident::new(name, Span::mixed_site())
}

/// Where code mentions a name first; `None` if it does so in a text alone.
fn mentioned_at(code: &TokenStream, name: &Ident) -> Option<Span> {
    code.clone().into_iter().find_map(|token| match token {
        TokenTree::Ident(word) if word == *name => Some(word.span()),
        TokenTree::Group(group) => mentioned_at(&group.stream(), name),
        _ => None,
    })
}

/// All code of the user's in a step.
fn code_of_step(step: &Step) -> TokenStream {
    let mut code = TokenStream::new();
    collect(step, &mut code);
    code
}

fn collect(step: &Step, code: &mut TokenStream) {
    match step {
        Step::Leaf(leaf) => code.extend(leaf.arguments.as_ref().map(|arguments| arguments.group.stream())),
        Step::Inline(inline) => code.extend(inline.body.stream()),
        Step::Embed(embed) => code.extend(embed.group.stream()),
        Step::Undo(undo) => {
            collect(&undo.step, code);
            collect(&undo.undo, code);
        }
        Step::Block(block) => {
            let options = block.options.iter().filter_map(|option| option.value.as_ref());
            code.extend(block.head.iter().chain(options).map(code_of));
            for step in block.body.iter().filter_map(Item::step) {
                collect(step, code);
            }
        }
        Step::Hole(_) => {}
    }
}
