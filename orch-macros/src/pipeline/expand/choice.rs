//! Arms: one `match` for all of them, and the steps behind their patterns.

use orch_syntax::ast::{Arm, Block, Item, Value};
use orch_syntax::pattern::Pattern;
use orch_syntax::{tokens, written};
use proc_macro2::{Delimiter, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};

use super::block::{balanced, first_span, module};
use super::names::hidden;
use super::table::{Index, node};
use super::usage::{is_closure, uses_piped};
use super::{Expansion, Here, carried, local, span_of};

/// How the patterns of a block see its scrutinee, and their names later on.
enum Scrutinee {
    /// An expression that is worth the same whenever it is asked, and borrows: names see it again.
    Place(TokenStream),
    /// Any other. If a pattern has names, the run keeps its value.
    Value(TokenStream),
    /// A closure over what is piped; the same of its result.
    Piped(TokenStream),
}

impl Expansion<'_> {
    /// A block of arms.
    pub(super) fn choice(&mut self, block: &Block, index: Index, at: &Here) -> TokenStream {
        let private = &self.private_at(block.open);
        let here = block.open.resolved_at(Span::mixed_site());
        let arms: Vec<&Arm> = block
            .body
            .iter()
            .filter_map(|item| match item {
                Item::Arm(arm) => Some(arm),
                _ => None,
            })
            .collect();
        let code = match &block.head {
            Some(Value::Expr(code)) => code.clone(),
            _ => TokenStream::new(),
        };
        let has_names = arms.iter().any(|arm| binds(&arm.pattern));
        let is_text = arms.iter().any(|arm| is_text(&arm.pattern.to_token_stream()));
        let text = is_text.then(|| self.function_of("IsText", "text", block.open));
        let scrutinee = Scrutinee::of(code.clone(), has_names, text.as_ref(), &at.names.bound());
        let keeps = has_names && !matches!(scrutinee, Scrutinee::Place(_));

        let (keyword, module, node, tok) = (&block.keyword, module(block), node(index), &at.tok);
        let look = self.variable("look", block.open);
        let made = self.look(&scrutinee, keeps, text.as_ref(), &arms, block, at);
        let mut statements = quote_spanned!(here=> let #look = #made;);
        let mut parts = tok.clone();
        if keeps {
            let gate = hidden("kept_look", block.open);
            let gate = self.checked(
                "CanBeKept",
                &quote!(#tok.#gate(&#look)),
                first_span(&code, block.open),
                block.open,
            );
            parts = self.variable("tok", block.open);
            statements.extend(quote_spanned!(here=> let #parts = #gate;));
        }

        let mut children = Vec::new();
        let mut first: Option<Ident> = None;
        for arm in arms {
            let span = span_of(&arm.step);
            let is_part = keeps && binds(&arm.pattern);
            let share = hidden(if uses_piped(&arm.step) { "takes" } else { "ignores" }, block.open);
            let (inner, feed) = (self.variable("tok", block.open), self.variable("feed", block.open));
            let child = self.variable("child", block.open);
            let mut inside = Here { tok: inner.clone(), parent: Some(index), open: block.open, ..at.clone() };
            statements.extend(quote_spanned!(here=> let (#inner, #feed) = #parts.#share();));
            match &scrutinee {
                Scrutinee::Place(place) if binds(&arm.pattern) => {
                    inside.names.bind_place(&arm.pattern, place.clone());
                }
                _ if is_part => {
                    inside.names.bind_part(&arm.pattern, text.clone());
                    let parted = hidden("parted", block.open);
                    statements.extend(quote_spanned!(here=> let #inner = #inner.#parted(&#look);));
                }
                _ => {}
            }
            let code = self.step(&arm.step, &inside);
            statements.extend(quote_spanned!(here=> let #child = #code;));
            let (output, one) = (hidden("output", block.open), hidden("one", block.open));
            match &first {
                None => {
                    let name = self.variable("first", block.open);
                    let argument = carried(span, &quote!(&#child));
                    statements.extend(quote_spanned!(here=> let #name = #inner.#output(#argument);));
                    first = Some(name);
                }
                Some(first) => {
                    let gate = quote_spanned!(here=> #inner.#one(&#first, #child));
                    let gate = self.checked("GivesOneType", &gate, span, block.open);
                    statements.extend(quote_spanned!(here=> let #child = #gate;));
                }
            }
            let written = written::arm(arm);
            let (feed, step) = if is_part {
                (
                    quote_spanned!(here=> #private::#module::part(#feed)),
                    quote_spanned!(here=> #private::seq::Sequence((#private::seq::BindPart, #private::seq::Pipe(#child)))),
                )
            } else {
                (feed.to_token_stream(), child.to_token_stream())
            };
            statements.extend(quote_spanned! {here=>
                let #child = #private::#module::arm(#written, #feed, #step);
            });
            children.push(child);
        }
        let options = self.options(block, &TokenStream::new(), at, Some(&look));
        let fork =
            balanced(&children, &|left, right| quote_spanned!(here=> #private::#module::fork(#left, #right)));
        quote_spanned! {here=> {
            #statements
            #private::#module::#keyword(&#tok, #node, #options, #fork)
        }}
    }

    /// The closure that says which arm runs: the number of its pattern, and the value if that is kept.
    fn look(
        &mut self,
        scrutinee: &Scrutinee,
        keeps: bool,
        text: Option<&TokenStream>,
        arms: &[&Arm],
        block: &Block,
        at: &Here,
    ) -> TokenStream {
        let (tok, here) = (&at.tok, block.open.resolved_at(Span::mixed_site()));
        let (scope, input) = (local("scope", block.open), local("input", block.open));
        let (value, chosen) = (local("value", block.open), local("chosen", block.open));
        let code = match scrutinee {
            Scrutinee::Place(code) | Scrutinee::Value(code) | Scrutinee::Piped(code) => code,
        };
        let span = first_span(code, block.open);
        let mut mentions = code.clone();
        mentions.extend(arms.iter().filter_map(|arm| arm.guard.clone()));
        let (names, capture) = (at.names.open(&scope, &mentions), self.capture_at(span));
        let given = match scrutinee {
            // All of it at the closure: there the compiler says which patterns are missing.
            Scrutinee::Piped(code) => {
                let private = self.private_at(span);
                let code = self.agreed(code.clone(), "LooksAtPiped", block.open);
                quote_spanned!(span.resolved_at(Span::mixed_site())=> #private::look(#input, #code))
            }
            _ => code.clone(),
        };
        let input = match scrutinee {
            Scrutinee::Piped(_) => input.to_token_stream(),
            _ => quote!(_),
        };
        let scope = if names.is_empty() { quote!(_) } else { scope.to_token_stream() };
        let (before, subject, after) = match (scrutinee, keeps) {
            (Scrutinee::Place(_), _) => (TokenStream::new(), given, quote!(())),
            (_, true) => {
                let subject = match text {
                    Some(text) => quote_spanned!(span=> #text(&#value)),
                    None => quote_spanned!(span=> &#value),
                };
                (quote_spanned!(here=> let #value = #given;), subject, value.to_token_stream())
            }
            (_, false) => {
                let subject = match text {
                    Some(text) => quote_spanned!(span=> #text(&#given)),
                    None => given,
                };
                (TokenStream::new(), subject, quote!(()))
            }
        };
        let cases = arms.iter().enumerate().map(|(number, arm)| {
            let (pattern, guard) = (arm.pattern.by_reference(), &arm.guard);
            let guard = guard.as_ref().map(|guard| quote_spanned!(here=> if #guard));
            // The last one in another place than the others: the compiler then proposes no further arm, of which it would show
            // the number.
            let is_last = number + 1 == arms.len();
            let mut number = Literal::usize_unsuffixed(number);
            number.set_span(if is_last { span_of(&arm.step) } else { here });
            quote_spanned!(here=> #pattern #guard => #number,)
        });
        let looks = hidden("looks", block.open);
        let closure = quote_spanned! {span=> #capture |#scope, #input| {
            #names
            #before
            #[allow(unused_variables, clippy::blocks_in_conditions, clippy::match_single_binding)]
            let #chosen = match #subject { #(#cases)* };
            (#chosen, #after)
        }};
        let holder = quote_spanned!(here=> #tok.#looks(#closure));
        self.looked_at_if_it_captures(holder, &mentions, span, block.open, &at.names)
    }
}

impl Scrutinee {
    fn of(code: TokenStream, has_names: bool, text: Option<&TokenStream>, names: &[String]) -> Self {
        if is_closure(&code) {
            return Scrutinee::Piped(code);
        }
        let span = first_span(&code, Span::call_site());
        let visible = tokens::visible(code.clone(), |_| false);
        // It is a reference already.
        let is_name =
            matches!(visible.as_slice(), [TokenTree::Ident(word)] if names.iter().any(|name| word == name));
        match form(&visible) {
            None => Scrutinee::Value(code),
            Some(form) => Scrutinee::Place(match (text, form) {
                // In braces at its place: there the compiler says that an arm for all else is missing.
                (Some(text), Form::Place) => carried(span, &quote_spanned!(span=> #text(&#code))),
                // It borrows for longer than it is there itself.
                (Some(text), Form::Value) => quote_spanned!(span=> #text(&*#code)),
                // Without names there is nothing to move out of it, and the patterns are for its own type.
                (None, Form::Place) if has_names && !is_name => quote_spanned!(span=> &#code),
                (None, _) => code,
            }),
        }
    }
}

/// What the patterns of some arms are compared with, of the value of the scrutinee `code`.
pub(in crate::pipeline) fn subject(
    code: &TokenStream,
    arms: &[&Arm],
    names: &[String],
    value: &Ident,
    text: &TokenStream,
) -> TokenStream {
    if arms.iter().any(|arm| is_text(&arm.pattern.to_token_stream())) {
        return quote!(#text(&#value));
    }
    let has_names = arms.iter().any(|arm| binds(&arm.pattern));
    let borrows = match Scrutinee::of(code.clone(), has_names, None, names) {
        Scrutinee::Place(place) => place.to_string() != code.to_string(),
        Scrutinee::Value(_) | Scrutinee::Piped(_) => has_names,
    };
    if borrows { quote!(&#value) } else { value.to_token_stream() }
}

/// What an expression is that is worth the same whenever it is asked.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    /// Where a value is: names, fields, `*`.
    Place,
    /// A borrow of such, a literal, or a tuple of these.
    Value,
}

/// Methods that give a borrow of what they are called on, and nothing else.
const VIEWS: &[&str] =
    &["as_bytes", "as_deref", "as_path", "as_ref", "as_slice", "as_str", "trim", "trim_end", "trim_start"];

fn form(code: &[TokenTree]) -> Option<Form> {
    match code {
        [TokenTree::Punct(punct), rest @ ..] if punct.as_char() == '&' => form(rest).map(|_| Form::Value),
        [TokenTree::Punct(punct), rest @ ..] if punct.as_char() == '*' => {
            form(rest).filter(|form| *form == Form::Place)
        }
        [TokenTree::Literal(_)] => Some(Form::Value),
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::Parenthesis => {
            let content = tokens::visible(group.stream(), |_| false);
            let parts = tokens::split_commas(&content);
            let forms: Option<Vec<Form>> = parts.iter().map(|(part, _)| form(part)).collect();
            let forms = forms?;
            match (forms.as_slice(), parts.as_slice()) {
                ([form], [(_, None)]) => Some(*form),
                _ => Some(Form::Value),
            }
        }
        [TokenTree::Ident(word), rest @ ..]
            if !tokens::is_keyword(&word.to_string())
                || tokens::is_one_of(word, &["self", "crate", "super"]) =>
        {
            path(rest)
        }
        _ => None,
    }
}

/// What follows the first word of a place.
fn path(mut rest: &[TokenTree]) -> Option<Form> {
    let mut found = Form::Place;
    loop {
        rest = match rest {
            [] => return Some(found),
            [TokenTree::Punct(a), TokenTree::Punct(b), TokenTree::Ident(_), rest @ ..]
                if a.as_char() == ':' && b.as_char() == ':' =>
            {
                rest
            }
            [TokenTree::Punct(dot), TokenTree::Ident(view), TokenTree::Group(call), rest @ ..]
                if dot.as_char() == '.'
                    && call.stream().is_empty()
                    && call.delimiter() == Delimiter::Parenthesis
                    && tokens::is_one_of(view, VIEWS) =>
            {
                found = Form::Value;
                rest
            }
            [TokenTree::Punct(dot), TokenTree::Ident(field), rest @ ..]
                if dot.as_char() == '.'
                    && field != "await"
                    && !matches!(rest.first(), Some(TokenTree::Group(_))) =>
            {
                rest
            }
            [TokenTree::Punct(dot), TokenTree::Literal(_), rest @ ..] if dot.as_char() == '.' => rest,
            _ => return None,
        };
    }
}

/// Whether a pattern has names.
fn binds(pattern: &Pattern) -> bool {
    pattern.names().next().is_some()
}

/// Whether one of a pattern's alternatives is a string literal.
fn is_text(pattern: &TokenStream) -> bool {
    let pattern = tokens::visible(pattern.clone(), |_| false);
    pattern.split(|token| tokens::is_punct(Some(token), '|')).any(|alternative| match alternative {
        [TokenTree::Literal(literal)] => {
            let text = literal.to_string();
            text.starts_with('"') || text.starts_with("r\"") || text.starts_with("r#")
        }
        _ => false,
    })
}
