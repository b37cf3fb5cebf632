//! The options of a block: its values, made once or each time the block starts, and its predicates.

use orch_syntax::ast::{Block, Item, Value};
use orch_syntax::blocks::{Kind, OptionSpec, Settles};
use orch_syntax::tokens;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};

use super::block::{first_span, module};
use super::names::{Names, hidden};
use super::table::{Index, node};
use super::usage::{captures, holds_embed, holds_undo, is_closure};
use super::{Expansion, Here, local};

impl Expansion<'_> {
    /// Whether names stand in a value of the block.
    pub(super) fn is_given_names(&self, block: &Block, names: &Names) -> bool {
        let names = names.bound();
        values(block).any(|(_, given)| given.is_some_and(|given| given.mentions(&names)))
    }

    /// The field of the options with the values of a block, which are made once. Nothing if it has none.
    pub(super) fn values_once(&mut self, block: &Block, index: Index, at: &Here) -> TokenStream {
        if !block.spec.has_values() {
            return TokenStream::new();
        }
        let (private, module, tok, node) =
            (&self.private_at(block.open), module(block), &at.tok, node(index));
        let here = block.open.resolved_at(Span::mixed_site());
        let mut fields = TokenStream::new();
        for (spec, given) in values(block) {
            let field = field(block, spec);
            let value = self.value_or_default(block, spec, given);
            fields.extend(quote_spanned!(here=> #field: #value,));
        }
        let once = hidden("once", block.open);
        quote_spanned!(here=> values: #tok.#once(#private::#module::Values { #fields }, #node),)
    }

    /// A block with names in its values: they are made each time it starts, in written order, and are in the scope of what is
    /// inside. What has no names is made once.
    pub(super) fn given_each_time(&mut self, block: &Block, index: Index, at: &Here) -> TokenStream {
        let (private, module, tok) = (&self.private_at(block.open), module(block), &at.tok);
        let here = block.open.resolved_at(Span::mixed_site());
        let (scope, once) = (local("scope", block.open), local("once", block.open));
        let bound = at.names.bound();
        let mut made_once = TokenStream::new();
        let mut fields = TokenStream::new();
        let mut mentioned = TokenStream::new();
        let mut named = Vec::new();
        let mut places = 0usize..;
        for (spec, given) in values(block) {
            let field = field(block, spec);
            let value = self.value_or_default(block, spec, given);
            let value = match given {
                Some(given) if given.mentions(&bound) => {
                    let made = self.variable("value", block.open);
                    mentioned.extend(code_of(given));
                    named.push((position(block, spec), quote_spanned!(here=> let #made = #value;)));
                    made.to_token_stream()
                }
                // A block's own handle is one for all of its runs.
                _ if given.is_some() || matches!(spec.kind, Kind::Handle(..)) => {
                    made_once.extend(quote_spanned!(here=> #value,));
                    let place = proc_macro2::Literal::usize_unsuffixed(places.next().unwrap_or_default());
                    quote_spanned!(here=> ::core::clone::Clone::clone(&#once.#place))
                }
                _ => value,
            };
            fields.extend(quote_spanned!(here=> #field: #value,));
        }
        named.sort_by_key(|(position, _)| *position);
        let named = named.into_iter().map(|(_, statement)| statement);
        let span = first_span(&mentioned, block.open);
        let (names, capture) = (at.names.open(&scope, &mentioned), self.capture_at(span));
        let (each, inner) = (self.variable("making", block.open), self.variable("tok", block.open));
        let each_time = hidden("each_time", block.open);
        let (made, in_scope) = (hidden("made", block.open), hidden("in_scope", block.open));
        let mut inside = Here { tok: inner.clone(), ..at.clone() };
        inside.names.bind_level();
        let values = quote_spanned!(here=> values: #inner.#in_scope(),);
        let code = self.made(block, &values, index, &inside);
        let making = quote_spanned! {here=>
            #names
            #(#named)*
            #private::#module::Values { #fields }
        };
        let making = quote_spanned!(span=> #capture |#scope, #once| { #making });
        let making = quote_spanned!(here=> #tok.#each_time((#made_once), #making));
        let making = self.looked_at_if_it_captures(making, &mentioned, span, block.open, &at.names);
        quote_spanned! {here=> {
            let #each = #making;
            let #inner = #tok.#made(&#each);
            #private::starting(#each, #code)
        }}
    }

    /// The options of a block as a literal of its struct: its values, and the rest in the order of its row, those given under
    /// the user's own tokens, the others by default. `head_made` is the variable of a head that is made already.
    pub(super) fn options(
        &mut self,
        block: &Block,
        values: &TokenStream,
        at: &Here,
        head_made: Option<&Ident>,
    ) -> TokenStream {
        let (private, module, tok) = (&self.private_at(block.open), module(block), &at.tok);
        let here = block.open.resolved_at(Span::mixed_site());
        let mut fields = quote_spanned!(here=> error: #tok.error(), #values);
        for spec in block.spec.head.iter().chain(block.spec.options) {
            if matches!(spec.kind, Kind::Name | Kind::Piped) || spec.kind.is_value() {
                continue;
            }
            let field = field(block, spec);
            let option = hidden(spec.name, block.open);
            let value = match (spec.kind, given(block, spec)) {
                (Kind::Scrutinee, _) => quote_spanned!(here=> #private::#module::given::#option(#head_made)),
                (Kind::Condition, Some(head)) => {
                    let condition = self.condition(head, block, at);
                    quote_spanned!(here=> #private::#module::given::#option(#condition))
                }
                (kind @ (Kind::Predicate | Kind::Asked), Some(asked)) => self.asked(kind, asked, block, at),
                (kind @ (Kind::Predicate | Kind::Asked), None) => {
                    let method = hidden(method_of(kind).plain, block.open);
                    quote_spanned!(here=> #tok.#method(#private::#module::default::#option()))
                }
                (_, given) => self.value_or_default(block, spec, given),
            };
            fields.extend(quote_spanned!(here=> #field: #value,));
        }
        quote_spanned!(here=> #private::#module::Options { #fields })
    }

    /// Options with a policy for the body in them. That it is none is wrong with the head; that what is piped cannot be cloned for
    /// each run that it may make, with the block.
    pub(super) fn judged(
        &mut self,
        block: &Block,
        options: &TokenStream,
        inner: &Ident,
        body: &Ident,
    ) -> TokenStream {
        let (judge, handed) = (hidden("judged", block.open), hidden("handed", block.open));
        let head = block.head.as_ref().map(code_of).unwrap_or_default();
        let here = block.open.resolved_at(Span::mixed_site());
        let policy = quote_spanned!(here=> #inner.#judge(#options, &#body));
        let judged = self.checked("RunsABody", &policy, first_span(&head, block.open), block.open);
        let handed = quote_spanned!(here=> #inner.#handed(#judged));
        self.checked("CanBeHandedOut", &handed, block.keyword.span(), block.open)
    }

    /// What is asked of an error. A closure that is written there gets the type of its parameter from where it goes; all else has a
    /// type, and is checked.
    fn asked(&mut self, kind: Kind, asked: &Value, block: &Block, at: &Here) -> TokenStream {
        let (private, tok, here) =
            (&self.private_at(block.open), &at.tok, block.open.resolved_at(Span::mixed_site()));
        let methods = method_of(kind);
        let written = self.value(block, asked);
        let code = self.agreed(written.clone(), "LooksAtError", block.open);
        if !asked.mentions(&at.names.bound()) {
            let plain = hidden(methods.plain, block.open);
            if may_hold_a_closure(&code) {
                let span = first_span(&code, block.open);
                let holder = quote_spanned!(here=> #tok.#plain(#code));
                return if captures(&tokens::list(written.clone()), &[]) {
                    self.looked_at(&holder, span, block.open, holds_a_move(&written))
                } else {
                    holder
                };
            }
            let (check, span) = (hidden(methods.check, block.open), first_span(&code, block.open));
            let code = self.checked(methods.condition, &quote!(#tok.#check(#code)), span, block.open);
            return quote_spanned!(here=> #tok.#plain(#code));
        }
        let span = first_span(&code, block.open);
        let (scope, error) = (local("scope", block.open), local("error", block.open));
        let (names, capture) = (at.names.open(&scope, &code), self.capture_at(span));
        let named = hidden(methods.named, block.open);
        let ask = hidden(methods.function, block.open);
        let asked = quote_spanned!(here=> #private::#ask(#error, #code));
        let closure = quote_spanned!(span=> #capture |#scope, #error| { #names #asked });
        let holder = quote_spanned!(here=> #tok.#named(#closure));
        self.looked_at_if_it_captures(holder, &written, span, block.open, &at.names)
    }

    /// What holds a closure, of which it is asked whether what it captures can be shared, before the block asks.
    pub(super) fn looked_at(
        &mut self,
        holder: &TokenStream,
        span: Span,
        open: Span,
        moves: bool,
    ) -> TokenStream {
        let here = open.resolved_at(Span::mixed_site());
        let (value, closure) = (self.variable("value", span), hidden("__orch_closure", span));
        let closure = quote_spanned!(span.resolved_at(Span::mixed_site())=> #value.#closure());
        let asked = self.shared(&closure, span, open, moves);
        quote_spanned!(here=> { let #value = #holder; #asked #value })
    }

    /// The same, if the closure around `code` can capture anything: something else than the names stands in it.
    pub(super) fn looked_at_if_it_captures(
        &mut self,
        holder: TokenStream,
        code: &TokenStream,
        span: Span,
        open: Span,
        names: &Names,
    ) -> TokenStream {
        if !captures(&tokens::list(code.clone()), &names.bound()) {
            return holder;
        }
        let moves = self.capture || holds_a_move(code);
        self.looked_at(&holder, span, open, moves)
    }

    /// What an option given comes to, or what it is if it is not given.
    fn value_or_default(&mut self, block: &Block, spec: &OptionSpec, given: Option<&Value>) -> TokenStream {
        let (private, module) = (&self.private_at(block.open), module(block));
        let here = block.open.resolved_at(Span::mixed_site());
        let option = hidden(function_of(block, spec), block.open);
        let is_given = given.is_some() || (spec.kind.is_flag() && block.option(spec.name).is_some());
        if is_given {
            let mut value = given.map(|value| self.value(block, value));
            if let (Kind::Policy, Some(code)) = (spec.kind, &value) {
                let span = first_span(code, block.open);
                let call = quote_spanned!(here=> #private::#module::shared(#code));
                value = Some(self.checked("CanBeShared", &call, span, block.open));
            }
            if let (Some(condition), Some(code)) = (conversion(spec), &value) {
                let given = self.function_of(condition, "given", block.open);
                value = Some(quote_spanned!(here=> #given(#code)));
            }
            // In a tuple: of the argument itself the compiler would add where the function is defined, if it has another type.
            let value = value.map(|value| quote_spanned!(here=> (#value,)));
            quote_spanned!(here=> #private::#module::given::#option(#value))
        } else {
            quote_spanned!(here=> #private::#module::default::#option())
        }
    }

    /// What is asked when the block starts: a closure over the names and what is piped.
    fn condition(&mut self, head: &Value, block: &Block, at: &Here) -> TokenStream {
        let (private, tok, here) =
            (&self.private_at(block.open), &at.tok, block.open.resolved_at(Span::mixed_site()));
        let code = self.value(block, head);
        let written = code.clone();
        let span = first_span(&code, block.open);
        let (scope, input) = (local("scope", block.open), local("input", block.open));
        let (capture, names) = (self.capture_at(span), at.names.open(&scope, &code));
        let (input, code) = if is_closure(&code) {
            let code = self.agreed(code, "LooksAtPiped", block.open);
            (input.to_token_stream(), quote_spanned!(here=> #private::holds(#input, #code)))
        } else {
            (quote!(_), code)
        };
        let scope = if names.is_empty() { quote!(_) } else { scope.to_token_stream() };
        let holds = hidden("holds", block.open);
        let closure = quote_spanned!(span=> #capture |#scope, #input| { #names #code });
        let holder = quote_spanned!(here=> #tok.#holds(#closure));
        self.looked_at_if_it_captures(holder, &written, span, block.open, &at.names)
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
                let here = block.open.resolved_at(Span::mixed_site());
                let arguments = arguments.iter().enumerate().map(|(position, argument)| {
                    let value = self.value(block, argument);
                    match (position, argument) {
                        // In a tuple, as an option is. Any word's first argument is a time.
                        (0, Value::Expr(_)) => quote_spanned! {here=>
                            ::core::convert::identity::<(::core::time::Duration,)>((#value,)).0
                        },
                        (1, Value::Expr(_)) => {
                            let factor = self.function_of("CanBeAFactor", "given", block.open);
                            quote_spanned!(here=> #factor(#value))
                        }
                        _ => value,
                    }
                });
                quote_spanned!(here=> #private::#module::words::#function(#(#arguments),*))
            }
            Value::Expr(tokens) => tokens.clone(),
        }
    }
}

/// The methods of a builder for what is asked of an error.
struct Methods {
    plain: &'static str,
    named: &'static str,
    check: &'static str,
    condition: &'static str,
    function: &'static str,
}

fn method_of(kind: Kind) -> Methods {
    if kind == Kind::Asked {
        Methods {
            plain: "asked",
            named: "named_asked",
            check: "is_asked",
            condition: "GivesAWait",
            function: "asks",
        }
    } else {
        Methods {
            plain: "predicate",
            named: "named_predicate",
            check: "is_predicate",
            condition: "SaysYesOrNo",
            function: "says",
        }
    }
}

/// What an option's value has to convert into, where there are several types for it.
pub(in crate::pipeline) fn conversion(spec: &OptionSpec) -> Option<&'static str> {
    Some(match spec.kind {
        Kind::CountOrUnlimited => "CanBeMaxAttempts",
        Kind::Window => "CanBeAWindow",
        Kind::Backoff => "CanBeABackoff",
        Kind::Periods => "CanBeAResetTimeout",
        Kind::Handle("Breaker", _) => "CanBeABreaker",
        Kind::Handle("RetryBudget", _) => "CanBeABudget",
        Kind::Handle("Bulkhead", _) => "CanBeABulkhead",
        Kind::Handle("Limiter", _) => "CanBeALimiter",
        _ => return None,
    })
}

/// Whether a closure may stand in an expression, or come of a macro's call in it.
fn may_hold_a_closure(expression: &TokenStream) -> bool {
    expression.clone().into_iter().any(|token| match token {
        TokenTree::Punct(punct) => matches!(punct.as_char(), '|' | '!'),
        TokenTree::Group(group) => may_hold_a_closure(&group.stream()),
        _ => false,
    })
}

/// Whether a closure in an expression says `move`.
fn holds_a_move(expression: &TokenStream) -> bool {
    expression.clone().into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == "move",
        TokenTree::Group(group) => holds_a_move(&group.stream()),
        _ => false,
    })
}

/// The values of a block, in the order of its row, with what is given for each.
fn values(block: &Block) -> impl Iterator<Item = (&'static OptionSpec, Option<&Value>)> {
    let specs = block.spec.head.iter().chain(block.spec.options);
    specs.filter(|spec| spec.kind.is_value()).map(|spec| (spec, given(block, spec)))
}

/// The function that an option goes through: it has its name, but where what can be undone is to come to its end. Of a pipeline from
/// elsewhere the types know whether that is so.
fn function_of(block: &Block, spec: &OptionSpec) -> &'static str {
    let steps = || block.body.iter().filter_map(Item::step);
    match block.spec.settles {
        Settles::With(flag) if flag != spec.name => spec.name,
        Settles::With(_) if steps().any(holds_undo) => "drain",
        Settles::With(_) if steps().any(holds_embed) => "drain_if_asked",
        _ => spec.name,
    }
}

/// What is given for an option or a head. A flag has no value.
fn given<'b>(block: &'b Block, spec: &OptionSpec) -> Option<&'b Value> {
    let is_head = block.spec.head.as_ref().is_some_and(|head| head.name == spec.name);
    match block.option(spec.name) {
        // A value of a flag was reported.
        Some(option) => option.value.as_ref().filter(|_| !spec.kind.is_flag()),
        None => block.head.as_ref().filter(|_| is_head),
    }
}

/// Where an option is written among the others; the head is first.
fn position(block: &Block, spec: &OptionSpec) -> usize {
    block.options.iter().position(|option| option.name == spec.name).map_or(0, |position| position + 1)
}

/// The field of an option, which an editor finds at its name.
fn field(block: &Block, spec: &OptionSpec) -> Ident {
    match block.option(spec.name) {
        Some(option) => option.name.clone(),
        None => hidden(spec.name, block.open),
    }
}

/// The user's code in a value.
pub(super) fn code_of(value: &Value) -> TokenStream {
    match value {
        Value::Duration(_) => TokenStream::new(),
        Value::Word { arguments, .. } => arguments.iter().map(code_of).collect(),
        Value::Expr(code) => code.clone(),
    }
}
