//! A function's signature, as far as a task needs it.
//!
//! The compiler has parsed the function before the attribute sees it: parameters and types are told apart here, and
//! otherwise stay tokens. A parser that knows them would be compiled by every user.

use orch_syntax::attributes::Attributes;
use orch_syntax::pattern::Pattern;
use orch_syntax::tokens;
use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{LitStr, Token};

use super::generics::Generics;
use super::path::PathType;

#[derive(Clone)]
pub(crate) struct Signature {
    pub(crate) asyncness: bool,
    pub(crate) unsafety: Option<Span>,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    /// `cx: &Context<'_>` as the first parameter, which is none of the arguments.
    pub(crate) context: Option<Parameter>,
    pub(crate) parameters: Vec<Parameter>,
    /// `self`s and `…: ...`, which no task has.
    pub(crate) receivers: Vec<Span>,
    pub(crate) variadic: Option<Span>,
    /// `None` if there is none.
    pub(crate) output: Option<TokenStream>,
    /// Whether something stands in it that is none of a signature, such as `: u32` for `-> u32`.
    pub(crate) is_broken: bool,
}

/// `pattern: Type`
#[derive(Clone)]
pub(crate) struct Parameter {
    pub(crate) span: Span,
    pub(crate) name: Option<Ident>,
    pub(crate) ty: TokenStream,
    /// The predicate of its `#[cfg]`.
    pub(crate) condition: Option<TokenStream>,
}

impl Parse for Signature {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.parse::<Option<Token![const]>>()?;
        let asyncness = input.parse::<Option<Token![async]>>()?.is_some();
        let unsafety = input.parse::<Option<Token![unsafe]>>()?.map(|word| word.span);
        if input.parse::<Option<Token![extern]>>()?.is_some() {
            input.parse::<Option<LitStr>>()?;
        }
        input.parse::<Token![fn]>()?;
        let ident = input.parse()?;
        let angles = match input.peek(Token![<]) {
            true => outside_angles(input, |input| input.peek(syn::token::Paren))?,
            false => Vec::new(),
        };
        let mut signature = Signature {
            asyncness,
            unsafety,
            ident,
            generics: Generics::default(),
            context: None,
            parameters: Vec::new(),
            receivers: Vec::new(),
            variadic: None,
            output: None,
            is_broken: false,
        };
        let content;
        syn::parenthesized!(content in input);
        while !content.is_empty() {
            signature.parameter(&content)?;
            if !content.is_empty() {
                content.parse::<Token![,]>()?;
            }
        }
        // The compiler takes the other two for an arrow, and says so.
        let arrow = input.parse::<Option<Token![->]>>()?.is_some()
            || input.parse::<Option<Token![=>]>>()?.is_some()
            || input.parse::<Option<Token![:]>>()?.is_some();
        if arrow {
            let ty = ty(input, |input| at_comma(input) || input.peek(Token![where]) || ends(input))?;
            signature.output = Some(tokens::collect(&ty));
        }
        let types = signature.parameters.iter().map(|parameter| &parameter.ty).chain(&signature.output);
        signature.is_broken =
            !(ends(input) || input.peek(Token![where])) || types.into_iter().any(is_no_type);
        signature.generics = Generics::of(&angles, &outside_angles(input, ends)?);
        Ok(signature)
    }
}

impl Signature {
    fn parameter(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let attributes = attributes(input)?;
        if input.peek(Token![...]) {
            self.variadic = Some(input.parse::<Token![...]>()?.span());
            return Ok(());
        }
        let mut pattern: Vec<TokenTree> = Vec::new();
        while !(input.is_empty() || input.peek(Token![,]) || input.peek(Token![:]) && !input.peek(Token![::]))
        {
            if input.peek(Token![::]) {
                pattern.extend(quote::ToTokens::into_token_stream(input.parse::<Token![::]>()?));
            } else {
                pattern.push(input.parse()?);
            }
        }
        let tokens = tokens::collect(&pattern);
        if is_receiver(&pattern) {
            let mut receiver = tokens;
            if input.parse::<Option<Token![:]>>()?.is_some() {
                receiver.extend(tokens::collect(&ty(input, at_comma)?));
            }
            self.receivers.push(receiver.span());
            return Ok(());
        }
        input.parse::<Token![:]>()?;
        if input.peek(Token![...]) {
            input.parse::<Token![...]>()?;
            self.variadic = Some(tokens.span());
            return Ok(());
        }
        let name = Pattern::parse(&pattern).and_then(|pattern| pattern.whole().cloned());
        let ty = tokens::collect(&ty(input, at_comma)?);
        let condition = attributes.condition();
        let parameter = Parameter { span: tokens.span(), name, ty, condition };
        if self.parameters.is_empty() && self.context.is_none() && parameter.is_context() {
            self.context = Some(parameter);
        } else {
            self.parameters.push(parameter);
        }
        Ok(())
    }
}

impl Parameter {
    /// `cx: &Context<'_>`. Told by its letters: a parameter of another name, or of a type with another, is the user's own.
    fn is_context(&self) -> bool {
        let by_reference = self.ty.clone().into_iter().next();
        tokens::is_punct(by_reference.as_ref(), '&') && self.is_meant_as_context()
    }

    /// The same, or `cx: Context<'_>`.
    pub(crate) fn is_meant_as_context(&self) -> bool {
        self.name.as_ref().is_some_and(|name| tokens::is_one_of(name, &["cx", "_cx"]))
            && self.type_without_reference().1.is_some_and(|path| path == "Context")
    }

    /// What a parameter that is not taken for the context, but has its type, `Context<'_>`, is to be for that. `is_first` if no other is
    /// before it.
    pub(crate) fn context_slip(&self, is_first: bool) -> Option<&'static str> {
        let has_lifetime =
            self.ty.clone().into_iter().skip_while(|token| token.to_string() != "Context").any(is_quote);
        let (reference, name) = self.type_without_reference();
        if !(has_lifetime && name.is_some_and(|name| name == "Context")) {
            return None;
        }
        Some(match (is_first, reference) {
            (false, _) => "the context is the first parameter of a task; move it there, `cx: &Context<'_>`",
            (true, Reference::Shared) => {
                "the context of a task is called `cx`; rename the parameter, or write `#[task(context)]`"
            }
            (true, _) => "a task borrows its context; write `cx: &Context<'_>`",
        })
    }

    /// How its type refers to another, and the name of that.
    fn type_without_reference(&self) -> (Reference, Option<Ident>) {
        let tokens = tokens::list(self.ty.clone());
        let (mut reference, mut rest) = match tokens.as_slice() {
            [and, rest @ ..] if tokens::is_punct(Some(and), '&') => (Reference::Shared, rest),
            rest => (Reference::None, rest),
        };
        if let [quote, TokenTree::Ident(_), after @ ..] = rest
            && is_quote(quote.clone())
        {
            rest = after;
        }
        if let [word, after @ ..] = rest
            && tokens::is_word(Some(word), "mut")
        {
            (reference, rest) = (Reference::Mutable, after);
        }
        (reference, PathType::of(rest).map(|path| path.name.clone()))
    }
}

/// How a type refers to another.
#[derive(Clone, Copy)]
enum Reference {
    None,
    Shared,
    Mutable,
}

fn is_quote(token: TokenTree) -> bool {
    tokens::is_punct(Some(&token), '\'')
}

/// All the `#[…]` here.
pub(super) fn attributes(input: ParseStream<'_>) -> syn::Result<Attributes> {
    let mut attributes = Attributes::default();
    while input.parse::<Option<Token![#]>>()?.is_some() {
        let group: Group = input.parse()?;
        attributes.add(group.stream());
    }
    Ok(attributes)
}

/// `self`, `mut self`, `&'a mut self`
fn is_receiver(pattern: &[TokenTree]) -> bool {
    let [before @ .., last] = pattern else { return false };
    tokens::is_word(Some(last), "self")
        && match before {
            [] => true,
            [first] if tokens::is_word(Some(first), "mut") => true,
            [first, ..] => tokens::is_punct(Some(first), '&'),
        }
}

/// The tokens of a type, up to where `ends` says.
fn ty(input: ParseStream<'_>, ends: fn(ParseStream<'_>) -> bool) -> syn::Result<Vec<TokenTree>> {
    let found = outside_angles(input, ends)?;
    if found.is_empty() { Err(input.error("expected a type")) } else { Ok(found) }
}

fn at_comma(input: ParseStream<'_>) -> bool {
    input.peek(Token![,]) || input.peek(Token![;])
}

/// Whether the body begins here, or a `;` stands in its place.
fn ends(input: ParseStream<'_>) -> bool {
    input.peek(syn::token::Brace) || input.peek(Token![;])
}

/// The tokens up to where `ends` says, which is not asked in generic arguments.
fn outside_angles(input: ParseStream<'_>, ends: fn(ParseStream<'_>) -> bool) -> syn::Result<Vec<TokenTree>> {
    let mut found: Vec<TokenTree> = Vec::new();
    let mut depth = 0usize;
    while !(input.is_empty() || depth == 0 && ends(input)) {
        found.push(input.parse()?);
        if tokens::is_punct(found.last(), '<') {
            depth += 1;
        } else if tokens::closes_angle(&found, found.len() - 1) {
            depth = depth.saturating_sub(1);
        }
    }
    Ok(found)
}

/// The `impl` of an `impl Trait` in a type.
pub(crate) fn impl_trait(ty: &TokenStream) -> Option<Span> {
    ty.clone().into_iter().find_map(|token| match token {
        TokenTree::Ident(word) if word == "impl" => Some(word.span()),
        TokenTree::Group(group) if group.delimiter() != Delimiter::Brace => impl_trait(&group.stream()),
        _ => None,
    })
}

/// Whether something stands in a type that is in none: an angle that is not closed, or a further parameter.
fn is_no_type(ty: &TokenStream) -> bool {
    let tokens = tokens::list(ty.clone());
    let mut angles = 0usize;
    for (at, token) in tokens.iter().enumerate() {
        let Some(c) = (match token {
            TokenTree::Punct(punct) => Some(punct.as_char()),
            _ => None,
        }) else {
            continue;
        };
        let double = tokens::is_pair(&tokens, at, ':', ':')
            || at.checked_sub(1).is_some_and(|before| tokens::is_pair(&tokens, before, ':', ':'));
        match c {
            '<' => angles += 1,
            '>' if tokens::closes_angle(&tokens, at) => {
                let Some(less) = angles.checked_sub(1) else { return true };
                angles = less;
            }
            ';' => return true,
            ':' if angles == 0 && !double => return true,
            _ => {}
        }
    }
    angles > 0
}

/// `Pin<Box<dyn Future<…>>>`, `BoxFuture<…>`
pub(crate) fn is_boxed_future(ty: &TokenStream) -> bool {
    let tokens = tokens::list(ty.clone());
    let end = tokens.iter().position(|token| tokens::is_punct(Some(token), '<')).unwrap_or(tokens.len());
    let Some(name) = tokens::as_ident(end.checked_sub(1).and_then(|last| tokens.get(last))) else {
        return false;
    };
    let has = |word: &str| tokens.iter().any(|token| tokens::is_word(Some(token), word));
    tokens::is_one_of(name, &["BoxFuture", "LocalBoxFuture"])
        || ((name == "Pin" || name == "Box") && has("dyn") && has("Future"))
}

/// Whether a type is `impl Future<…>`.
pub(crate) fn is_future(ty: &TokenStream) -> bool {
    let tokens = tokens::list(ty.clone());
    let future = tokens::outside_angles(&tokens)
        .into_iter()
        .any(|at| tokens::is_word(tokens.get(at), "Future") && !tokens::is_pair(&tokens, at + 1, ':', ':'));
    future && tokens::is_word(tokens.first(), "impl")
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::super::generics::Bounds;
    use super::*;

    fn tokens(text: &str) -> TokenStream {
        TokenStream::from_str(text).expect("tokens")
    }

    fn show(tokens: &TokenStream) -> String {
        tokens.to_string().replace(' ', "")
    }

    #[test]
    fn a_signature_is_taken_apart() {
        let text = "const async unsafe extern \"C\" fn f<'a, T: Into<Vec<T>>, const N: usize>( \
            #[cfg(x)] mut a: HashMap<K, Vec<V>>, (b, Foo { c, .. }): (u8, [u8; N]), d::E(f): fn(u8, u8) -> X<A, B>, \
            _: &'a dyn Fn(A) -> B,) -> Result<Vec<T>, [u8; { 1 }]> where T: X<A, B>, { body }";
        let signature = |input: ParseStream<'_>| {
            let signature: Signature = input.parse()?;
            input.parse::<TokenStream>()?;
            Ok(signature)
        };
        let signature = syn::parse::Parser::parse2(signature, tokens(text)).expect("a signature");
        let types: Vec<String> = signature.parameters.iter().map(|parameter| show(&parameter.ty)).collect();
        assert_eq!(types, ["HashMap<K,Vec<V>>", "(u8,[u8;N])", "fn(u8,u8)->X<A,B>", "&'adynFn(A)->B"]);
        let names: Vec<Option<String>> = signature
            .parameters
            .iter()
            .map(|parameter| parameter.name.as_ref().map(ToString::to_string))
            .collect();
        assert_eq!(names, [Some("a".to_owned()), None, None, None]);
        assert_eq!(signature.output.as_ref().map(show).as_deref(), Some("Result<Vec<T>,[u8;{1}]>"));
        let clause = signature.generics.where_clause(Bounds::All, None);
        assert_eq!(show(&clause), "whereT:X<A,B>");
        assert!(signature.asyncness && signature.unsafety.is_some() && signature.receivers.is_empty());
    }

    #[test]
    fn futures_are_known_by_name() {
        assert!(is_future(&tokens("impl std::future::Future<Output = u8> + Send")));
        assert!(!is_future(&tokens("impl Iterator<Item = Future>")));
        assert!(!is_future(&tokens("Box<dyn Future>")));
        assert!(impl_trait(&tokens("Vec<(u8, impl Trait)>")).is_some());
        assert!(impl_trait(&tokens("Vec<(u8, Trait)>")).is_none());
    }
}
