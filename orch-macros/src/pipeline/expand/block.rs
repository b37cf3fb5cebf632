//! Blocks: their bodies and their options.

use orch_syntax::ast::{Block, Input, Item, LetPiped, LetStep, Step, Value};
use orch_syntax::blocks::{Body, Join, Kind, Needs};
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};

use super::names::hidden;
use super::table::{Entry, Index, node, written};
use super::usage::{entry_uses_piped, uses_piped};
use super::{Expansion, Here, Source, carried, local, span_of};

impl Expansion<'_> {
    /// A block: its body first, then the call that makes the step.
    pub(super) fn block(&mut self, block: &Block, at: &Here) -> TokenStream {
        let index = self.enter(block, at.parent);
        match block.spec.body {
            Body::Sequence => self.sequence_block(block, None, index, at),
            Body::Single => self.single(block, index, at),
            Body::Peers(join) => self.peers(block, Some(join), index, at),
            Body::Alternatives => self.peers(block, None, index, at),
        }
    }

    /// The outermost step under a header that names the input: in a sequence that begins with the name.
    pub(super) fn root_with_input(&mut self, root: &Step, input: &Input, at: &Here) -> TokenStream {
        match root {
            Step::Block(block) if block.spec.body == Body::Sequence => {
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
        let (options, span) = (written(block), block.keyword.span());
        self.table.add(self.private, parent, &Entry { kind, form, name: name.as_ref(), options, span })
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
        let inside = Here { parent: Some(index), open: block.open, ..at.clone() };
        let outputs = block.spec.of_kind(Kind::Outputs);
        let given = block.of_kind(Kind::Outputs);
        let chain = self.items(&block.body, input, given.is_some(), &inside);
        let (statements, body_code) = (chain.statements, chain.body);
        let (keyword, node, tok) = (&block.keyword, node(index), &at.tok);
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
                let outputs = chain.outputs;
                let (slots, piped) = (local("slots", block.open), local("piped", block.open));
                quote_spanned!(inside.here()=> #name: #tok.collect(&#body, |#slots, #piped| (#(#outputs,)*)))
            }
        };
        quote_spanned! {inside.here()=> {
            #statements
            let #body = #body_code;
            #private::#module::#keyword(#node, #private::#module::Options { #field }, #body)
        }}
    }

    /// A block around one step, or around several as a sequence that is no step of its own.
    fn single(&mut self, block: &Block, index: Index, at: &Here) -> TokenStream {
        let private = &self.private_at(block.open);
        let (keyword, module, node, tok) = (&block.keyword, module(block), node(index), &at.tok);
        let uses = block.body.first().is_some_and(entry_uses_piped);
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
            Needs::Rounds => self.rounds(body_code, block, &inside),
            _ => body_code,
        };
        let options = self.options(block, at);
        let gate = match block.spec.needs {
            Needs::Nothing | Needs::Rounds => None,
            Needs::Items => Some("items"),
            Needs::Duplicate => uses.then_some("duplicate_input"),
        };
        let (checked, check) = match gate {
            None => (tok.clone(), TokenStream::new()),
            // What follows goes through the token that passed, so that none of it is known if it did not.
            Some(gate) => {
                let (checked, gate) = (self.variable("tok", block.open), hidden(gate, block.open));
                let gate = self.checked(&quote!(#tok.#gate()), keyword.span(), block.open);
                (checked.clone(), quote_spanned!(inside.here()=> let #checked = #gate;))
            }
        };
        quote_spanned! {inside.here()=> {
            #check
            let (#inner, #feed) = #checked.pass(#private::#module::enter(&#checked, #private::#usage));
            let #body = #body_code;
            #checked.pass(#private::#module::#keyword(&#checked, #node, #options, #feed, #body))
        }}
    }

    /// A body that says whether there is another round, and what that begins with. What is wrong with that is wrong with its
    /// last step.
    fn rounds(&mut self, body: TokenStream, block: &Block, inside: &Here) -> TokenStream {
        let (inner, span) = (&inside.tok, span_of_end(block));
        let mut body = body;
        for gate in ["control", "next_round"] {
            let gate = hidden(gate, block.open);
            body = self.checked(&quote_spanned!(inside.here()=> #inner.#gate(#body)), span, block.open);
        }
        body
    }

    /// A block of peers or alternatives: each with its own share of the piped value, as a balanced tree of pairs. Of
    /// alternatives there is nothing to join.
    fn peers(&mut self, block: &Block, join: Option<Join>, index: Index, at: &Here) -> TokenStream {
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
                "clones" => self.checked(&quote!(#tok.duplicate_input()), span, block.open),
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
                        let gate = self.checked(&gate, span, block.open);
                        statements.extend(quote_spanned!(inside.here()=> let #child = #gate;));
                    }
                }
            }
            statements.extend(quote_spanned! {inside.here()=>
                let #child = #private::#module::child(#feed, #child);
            });
            children.push(child);
        }
        let options = self.options(block, at);
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

    /// The options of a block as a literal of its struct, in the order of its row: those given under the user's own
    /// tokens, the others by default.
    fn options(&mut self, block: &Block, at: &Here) -> TokenStream {
        let (private, module, tok) = (&self.private_at(block.open), module(block), &at.tok);
        let here = block.open.resolved_at(Span::mixed_site());
        let mut fields = quote_spanned!(here=> error: #tok.error(),);
        for spec in block.spec.head.iter().chain(block.spec.options) {
            if spec.kind == Kind::Name {
                continue;
            }
            let option = hidden(spec.name, block.open);
            let given = block.option(spec.name);
            let is_head = block.spec.head.as_ref().is_some_and(|head| head.name == spec.name);
            let field = match (given, &block.head) {
                (Some(given), _) => {
                    let name = &given.name;
                    let value = given.value.as_ref().map(|value| self.value(block, value));
                    match spec.kind {
                        kind if kind.is_closure() => {
                            let value = value.unwrap_or_default();
                            let value = self.checked_closure(kind, value, tok, block.open);
                            quote!(#name: #value)
                        }
                        _ => quote_spanned!(here=> #name: #private::#module::given::#option(#value)),
                    }
                }
                (None, Some(head)) if is_head => {
                    let value = self.value(block, head);
                    quote_spanned!(here=> #option: #private::#module::given::#option(#value))
                }
                (None, _) => quote_spanned!(here=> #option: #private::#module::default::#option()),
            };
            fields.extend(quote!(#field,));
        }
        quote_spanned!(here=> #private::#module::Options { #fields })
    }

    /// What is asked of an error. A closure that is written there gets the type of its parameter from the field; all else has
    /// a type, and is checked.
    fn checked_closure(&mut self, kind: Kind, value: TokenStream, tok: &Ident, open: Span) -> TokenStream {
        let Some(first) = value.clone().into_iter().next().filter(|_| !may_hold_a_closure(&value)) else {
            return value;
        };
        let check = hidden(if kind == Kind::Predicate { "predicate" } else { "asked" }, open);
        self.checked(&quote!(#tok.#check(#value)), first.span(), open)
    }

    /// An option's value: a literal, a word of the macro, or the user's expression.
    fn value(&self, block: &Block, value: &Value) -> TokenStream {
        let (private, module) = (&self.private_at(block.open), module(block));
        match value {
            Value::Duration(duration) => {
                let seconds = u64::try_from(duration.nanoseconds / 1_000_000_000).unwrap_or(u64::MAX);
                let rest = u32::try_from(duration.nanoseconds % 1_000_000_000).unwrap_or(0);
                quote_spanned!(duration.span=> ::core::time::Duration::new(#seconds, #rest))
            }
            Value::Word { word, arguments } => {
                let function = match arguments.len() {
                    2 => format_ident!("{}_by", word),
                    _ => word.clone(),
                };
                let arguments = arguments.iter().map(|argument| self.value(block, argument));
                let here = block.open.resolved_at(Span::mixed_site());
                quote_spanned!(here=> #private::#module::words::#function(#(#arguments),*))
            }
            Value::Expr(tokens) => tokens.clone(),
        }
    }
}

/// Whether a closure may stand in an expression, or come of a macro's call in it.
fn may_hold_a_closure(expression: &TokenStream) -> bool {
    expression.clone().into_iter().any(|token| match token {
        TokenTree::Punct(punct) => matches!(punct.as_char(), '|' | '!'),
        TokenTree::Group(group) => may_hold_a_closure(&group.stream()),
        _ => false,
    })
}

/// Where an error is drawn about what a body gives: at its last step.
fn span_of_end(block: &Block) -> Span {
    match block.body.last() {
        Some(Item::Step(step)) => span_of(step),
        Some(Item::Let(LetStep { let_token, .. }) | Item::Piped(LetPiped { let_token, .. })) => {
            let_token.span()
        }
        None => block.keyword.span(),
    }
}

/// The module of a block in `__private`, of the name of its keyword.
fn module(block: &Block) -> Ident {
    hidden(block.spec.keyword, block.open)
}

/// A list of variables as a balanced tree of pairs.
fn balanced(list: &[Ident], pair: &dyn Fn(TokenStream, TokenStream) -> TokenStream) -> TokenStream {
    match list {
        [] => quote!(()),
        [single] => single.to_token_stream(),
        list => {
            let (left, right) = list.split_at(list.len().div_ceil(2));
            pair(balanced(left, pair), balanced(right, pair))
        }
    }
}
