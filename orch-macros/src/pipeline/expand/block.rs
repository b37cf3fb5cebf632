//! Blocks: their bodies and their options.

use orch_syntax::ast::{Arm, Block, Input, Item, LetPiped, LetStep, Step};
use orch_syntax::blocks::{Body, Join, Kind, Needs, Undos};
use orch_syntax::written;
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};

use super::names::hidden;
use super::table::{Entry, Index, given, node};
use super::usage::{entry_uses_piped, uses_piped};
use super::{Expansion, Here, Source, carried, local, span_of};

impl Expansion<'_> {
    /// A block: its body first, then the call that makes the step.
    pub(super) fn block(&mut self, block: &Block, at: &Here) -> TokenStream {
        let index = self.enter(block, at.parent);
        if self.is_given_names(block, &at.names) {
            return self.given_each_time(block, index, at);
        }
        let values = self.values_once(block, index, at);
        self.made(block, &values, index, at)
    }

    /// The block with its values.
    pub(super) fn made(
        &mut self,
        block: &Block,
        values: &TokenStream,
        index: Index,
        at: &Here,
    ) -> TokenStream {
        match block.spec.body {
            Body::Sequence => self.sequence_block(block, None, index, at),
            Body::Single => self.single(block, values, index, at),
            Body::Peers(join) => self.peers(block, values, Some(join), index, at),
            Body::Alternatives => self.peers(block, values, None, index, at),
            Body::Arms => self.choice(block, index, at),
        }
    }

    /// The outermost step under a header that names the input: in a sequence that begins with the name.
    pub(super) fn root_with_input(&mut self, root: &Step, input: &Input, at: &Here) -> TokenStream {
        match root {
            // What a saga's undos are to see lives longer than it.
            Step::Block(block) if block.spec.body == Body::Sequence && block.spec.undos != Undos::Own => {
                let index = self.enter(block, at.parent);
                self.sequence_block(block, Some(input), index, at)
            }
            step => {
                let private = self.private;
                let chain = self.after_input(step, input, at);
                let (statements, body) = (chain.statements, chain.body);
                quote!({ #statements #private::seq::Sequence(#body) })
            }
        }
    }

    /// The block's entry in the table.
    fn enter(&mut self, block: &Block, parent: Option<Index>) -> Index {
        let keyword = block.spec.keyword;
        let (name, form) = (block.name(), block.spec.form);
        let kind = quote!(Block(#keyword));
        let (options, span) = (written::options(block), block.keyword.span());
        self.table.add(self.private, parent, &Entry { kind, form, name: given(name.as_ref()), options, span })
    }

    /// `seq`
    fn sequence_block(
        &mut self,
        block: &Block,
        input: Option<&Input>,
        index: Index,
        at: &Here,
    ) -> TokenStream {
        let private = &self.private_at(block.open);
        let mut inside = Here { parent: Some(index), open: block.open, ..at.clone() };
        let (is_saga, undos) = (block.spec.undos == Undos::Own, self.undos.len());
        if is_saga {
            self.enter_saga(at, &mut inside);
        }
        let outputs = block.spec.of_kind(Kind::Outputs);
        let given = block.of_kind(Kind::Outputs);
        let chain = self.items(&block.body, input, given.is_some(), &inside);
        let (keyword, node, tok) = (&block.keyword, node(index), &inside.tok);
        let body = self.variable("body", block.open);
        let module = module(block);
        let field = match (outputs, given) {
            (None, _) => TokenStream::new(),
            (Some(option), None) => {
                let name = hidden(option.name, block.open);
                quote_spanned!(inside.here()=> #name: #private::#module::default::#name())
            }
            (Some(_), Some(given)) => {
                let name = &given.name;
                let outputs = &chain.outputs;
                let (slots, piped) = (local("slots", block.open), local("piped", block.open));
                quote_spanned!(inside.here()=> #name: #tok.collect(&#body, |#slots, #piped| (#(#outputs,)*)))
            }
        };
        if is_saga {
            return self.saga_block(block, &chain, &field, (index, undos), (at, &inside), &body);
        }
        let (statements, body_code) = (chain.statements, chain.body);
        quote_spanned! {inside.here()=> {
            #statements
            let #body = #body_code;
            #private::#module::#keyword(#node, #private::#module::Options { #field }, #body)
        }}
    }

    /// A block around one step, or around several as a sequence that is no step of its own.
    fn single(&mut self, block: &Block, values: &TokenStream, index: Index, at: &Here) -> TokenStream {
        let private = &self.private_at(block.open);
        let (keyword, module, node, tok) = (&block.keyword, module(block), node(index), &at.tok);
        let uses = match block.spec.needs {
            Needs::Same => at.source.is_piped(),
            _ => block.body.first().is_some_and(entry_uses_piped),
        };
        let usage =
            Ident::new(if uses { "Uses" } else { "Ignores" }, block.open.resolved_at(Span::mixed_site()));
        let inner = self.variable("tok", block.open);
        let feed = self.variable("feed", block.open);
        let body = self.variable("body", block.open);
        let source = if block.spec.needs == Needs::Items { Source::Item } else { at.source };
        let inside = Here { tok: inner.clone(), parent: Some(index), open: block.open, source, ..at.clone() };
        let body_code = match block.body.as_slice() {
            [Item::Step(step)] => self.step(step, &inside),
            items => {
                let chain = self.items(items, None, false, &inside);
                let (statements, body) = (chain.statements, chain.body);
                quote_spanned!(inside.here()=> { #statements #private::seq::Sequence(#body) })
            }
        };
        let body_code = match block.spec.needs {
            Needs::Rounds => self.ends(
                body_code,
                &[("control", "EndsARound"), ("next_round", "BeginsARound")],
                block,
                &inside,
            ),
            Needs::Same if uses => self.ends(body_code, &[("same", "GivesTheSame")], block, &inside),
            _ => body_code,
        };
        let options = self.options(block, values, at, None);
        let streams = block.of_kind(Kind::Piped).is_some();
        let enter = hidden(if streams { "enter_stream" } else { "enter" }, block.open);
        let gate = match block.spec.needs {
            Needs::Nothing | Needs::Rounds | Needs::Same | Needs::Policy => None,
            Needs::Items if streams => Some(("streamed", "StreamsItems")),
            Needs::Items => Some(("items", "HasItems")),
            Needs::Duplicate => uses.then_some(("duplicate_input", "CanBeCloned")),
        };
        let (checked, check) = match gate {
            None => (tok.clone(), TokenStream::new()),
            // What follows goes through the token that passed, so that none of it is known if it did not.
            Some((gate, condition)) => {
                let (checked, gate) = (self.variable("tok", block.open), hidden(gate, block.open));
                let gate = self.checked(condition, &quote!(#tok.#gate()), keyword.span(), block.open);
                (checked.clone(), quote_spanned!(inside.here()=> let #checked = #gate;))
            }
        };
        let options = match block.spec.needs {
            Needs::Policy => self.judged(block, &options, &inner, &body),
            _ => options,
        };
        quote_spanned! {inside.here()=> {
            #check
            let (#inner, #feed) = #checked.pass(#private::#module::#enter(&#checked, #private::#usage));
            let #body = #body_code;
            #checked.pass(#private::#module::#keyword(&#checked, #node, #options, #feed, #body))
        }}
    }

    /// A body of whose output something is asked. What is wrong with that is wrong with its last step.
    fn ends(
        &mut self,
        body: TokenStream,
        gates: &[(&str, &str)],
        block: &Block,
        inside: &Here,
    ) -> TokenStream {
        let (inner, span) = (&inside.tok, span_of_end(block));
        let mut body = body;
        for (gate, condition) in gates {
            let gate = hidden(gate, block.open);
            body = self.checked(
                condition,
                &quote_spanned!(inside.here()=> #inner.#gate(#body)),
                span,
                block.open,
            );
        }
        body
    }

    /// A block of peers or alternatives: each with its own share of the piped value, as a balanced tree of pairs. Of
    /// alternatives there is nothing to join.
    fn peers(
        &mut self,
        block: &Block,
        values: &TokenStream,
        join: Option<Join>,
        index: Index,
        at: &Here,
    ) -> TokenStream {
        let private = &self.private_at(block.open);
        let (keyword, module, node, tok) = (&block.keyword, module(block), node(index), &at.tok);
        let steps: Vec<&Step> = block.body.iter().filter_map(Item::step).collect();
        let last_user = steps.iter().rposition(|step| uses_piped(step));
        let mut statements = TokenStream::new();
        let mut children = Vec::new();
        let mut first: Option<Ident> = None;
        for (position, step) in steps.iter().enumerate() {
            let span = span_of(step);
            let share_name = match (uses_piped(step), last_user == Some(position)) {
                (false, _) => "ignores",
                (true, true) => "takes",
                (true, false) => "clones",
            };
            let share = hidden(share_name, block.open);
            let inner = self.variable("tok", block.open);
            let feed = self.variable("feed", block.open);
            let child = self.variable("child", block.open);
            let inside = Here { tok: inner.clone(), parent: Some(index), open: block.open, ..at.clone() };
            let code = self.step(step, &inside);
            let checked = match share_name {
                "clones" => self.checked("CanBeCloned", &quote!(#tok.duplicate_input()), span, block.open),
                _ => tok.to_token_stream(),
            };
            statements.extend(quote_spanned! {inside.here()=>
                let (#inner, #feed) = #checked.#share();
                let #child = #code;
            });
            if join != Some(Join::Tuple) {
                let argument = carried(span, &quote!(&#child));
                let (output, one) = (hidden("output", block.open), hidden("one", block.open));
                match &first {
                    None => {
                        let name = self.variable("first", block.open);
                        statements
                            .extend(quote_spanned!(inside.here()=> let #name = #inner.#output(#argument);));
                        first = Some(name);
                    }
                    Some(first) => {
                        let gate = quote_spanned!(inside.here()=> #inner.#one(&#first, #child));
                        let gate = self.checked("GivesOneType", &gate, span, block.open);
                        statements.extend(quote_spanned!(inside.here()=> let #child = #gate;));
                    }
                }
            }
            statements.extend(quote_spanned! {inside.here()=>
                let #child = #private::#module::child(#feed, #child);
            });
            children.push(child);
        }
        let options = self.options(block, values, at, None);
        let here = block.open.resolved_at(Span::mixed_site());
        let outputs: Vec<Ident> =
            (0..children.len()).map(|index| local(&format!("out{index}"), block.open)).collect();
        let fork =
            balanced(&children, &|left, right| quote_spanned!(here=> #private::#module::fork(#left, #right)));
        let pattern = balanced(&outputs, &|left, right| quote_spanned!(here=> (#left, #right)));
        let together = match join {
            None => None,
            Some(Join::Tuple) => Some(quote_spanned!(here=> |#pattern| (#(#outputs,)*))),
            Some(Join::One) => Some(quote_spanned!(here=> |#pattern| [#(#outputs),*])),
        };
        quote_spanned! {here=> {
            #statements
            #private::#module::#keyword(&#tok, #node, #options, #fork, #together)
        }}
    }
}

/// Where an expression begins.
pub(super) fn first_span(code: &TokenStream, or: Span) -> Span {
    code.clone().into_iter().next().map_or(or, |token| token.span())
}

/// Where an error is drawn about what a body gives: at its last step.
fn span_of_end(block: &Block) -> Span {
    match block.body.last() {
        Some(Item::Step(step) | Item::Arm(Arm { step, .. })) => span_of(step),
        Some(Item::Let(LetStep { let_token, .. }) | Item::Piped(LetPiped { let_token, .. })) => {
            let_token.span()
        }
        None => block.keyword.span(),
    }
}

/// The module of a block in `__private`, of the name of its keyword.
pub(super) fn module(block: &Block) -> Ident {
    hidden(block.spec.keyword, block.open)
}

/// A list of variables as a balanced tree of pairs.
pub(super) fn balanced(
    list: &[Ident],
    pair: &dyn Fn(TokenStream, TokenStream) -> TokenStream,
) -> TokenStream {
    match list {
        [] => quote!(()),
        [single] => single.to_token_stream(),
        list => {
            let (left, right) = list.split_at(list.len().div_ceil(2));
            pair(balanced(left, pair), balanced(right, pair))
        }
    }
}
