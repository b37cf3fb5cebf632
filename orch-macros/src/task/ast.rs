//! The attribute's options and the function's signature.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{LitStr, Token};

use super::signature::Signature;
use crate::pipeline::tokens;

/// What `#[task]` stands on.
pub(crate) struct Task {
    pub(crate) options: Options,
    /// `#[cfg]`s of the function, which hold for what is made of it too.
    pub(crate) cfgs: Vec<TokenStream>,
    pub(crate) vis: TokenStream,
    pub(crate) sig: Signature,
}

/// `#[task(name = "…", blocking, spawn, crate = path)]`
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<LitStr>,
    pub(crate) blocking: Option<Span>,
    pub(crate) spawn: Option<Span>,
    /// The first parameter is the context, whatever its name.
    pub(crate) context: Option<Span>,
    pub(crate) krate: Option<TokenStream>,
}

impl Task {
    pub(crate) fn parse(options: TokenStream, item: TokenStream) -> syn::Result<Self> {
        let options = Options::parse.parse2(options)?;
        let function = |input: ParseStream<'_>| {
            let mut cfgs = Vec::new();
            while input.peek(Token![#]) {
                let attribute = attribute(input)?;
                if is_cfg(&attribute) {
                    cfgs.push(attribute);
                }
            }
            let vis = visibility(input)?;
            let sig: Signature = input.parse().map_err(|error| {
                if input.peek(Token![fn]) || input.peek(Token![async]) {
                    error
                } else {
                    syn::Error::new(error.span(), "`#[task]` goes on a function: `async fn` or `fn`")
                }
            })?;
            // The body is the function's business: half-typed, it still makes a task.
            let _body: TokenStream = input.parse()?;
            Ok((cfgs, vis, sig))
        };
        let (cfgs, vis, mut sig) = function.parse2(item)?;
        if let (Some(span), None) = (options.context, &sig.context) {
            if sig.parameters.is_empty() {
                let text = "a task with a context takes it as its first parameter: `cx: &Context<'_>`";
                return Err(syn::Error::new(span, text));
            }
            sig.context = Some(sig.parameters.remove(0));
        }
        Ok(Task { options, cfgs, vis, sig })
    }
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        const KNOWN: &str =
            "the options of `#[task]` are `name = \"…\"`, `blocking`, `spawn`, `context` and `crate = path`";
        let mut options = Options::default();
        while !input.is_empty() {
            if input.peek(Token![crate]) {
                let word: Token![crate] = input.parse()?;
                input.parse::<Token![=]>()?;
                if options.krate.replace(module_path(input)?).is_some() {
                    return Err(syn::Error::new(word.span, "`crate` is given twice"));
                }
            } else {
                let option: Ident = input.parse().map_err(|error| syn::Error::new(error.span(), KNOWN))?;
                let twice = match option.to_string().as_str() {
                    "name" => {
                        input.parse::<Token![=]>().map_err(|error| {
                            syn::Error::new(error.span(), "`name` takes a text: `name = \"…\"`")
                        })?;
                        let name: LitStr = input.parse().map_err(|error| {
                            syn::Error::new(error.span(), "the name of a task is a string literal")
                        })?;
                        options.name.replace(name).is_some()
                    }
                    "blocking" => options.blocking.replace(option.span()).is_some(),
                    "context" => options.context.replace(option.span()).is_some(),
                    "spawn" => options.spawn.replace(option.span()).is_some(),
                    "durable" => {
                        let text = "the option `durable` is not available yet";
                        return Err(syn::Error::new(option.span(), text));
                    }
                    unknown => {
                        let known = ["name", "blocking", "spawn", "context", "crate"];
                        let hint = crate::pipeline::suggest::closest(unknown, &known)
                            .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                        let text = format!("unknown option `{unknown}`{hint}; {KNOWN}");
                        return Err(syn::Error::new(option.span(), text));
                    }
                };
                if twice {
                    return Err(syn::Error::new(option.span(), format!("`{option}` is given twice")));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }
}

/// `#[…]`
pub(super) fn attribute(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let hash: Token![#] = input.parse()?;
    let group: Group = input.parse()?;
    Ok(quote!(#hash #group))
}

fn is_cfg(attribute: &TokenStream) -> bool {
    let Some(TokenTree::Group(group)) = attribute.clone().into_iter().nth(1) else { return false };
    let content: Vec<TokenTree> = group.stream().into_iter().take(3).collect();
    tokens::is_word(content.first(), "cfg") && !tokens::is_pair(&content, 1, ':', ':')
}

/// `pub`, `pub(…)` or nothing; a `$vis` that is nothing is an empty invisible group.
fn visibility(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let empty = |group: &Group| group.delimiter() == Delimiter::None && group.stream().is_empty();
    if matches!(input.fork().parse(), Ok(TokenTree::Group(group)) if empty(&group)) {
        input.parse::<TokenTree>()?;
    }
    let Some(word) = input.parse::<Option<Token![pub]>>()? else { return Ok(TokenStream::new()) };
    let mut visibility = word.into_token_stream();
    if input.peek(syn::token::Paren) {
        input.parse::<TokenTree>()?.to_tokens(&mut visibility);
    }
    Ok(visibility)
}

/// `a::b`
fn module_path(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut path = input.parse::<Option<Token![::]>>()?.into_token_stream();
    let mut begun = false;
    loop {
        let root = input.peek(Token![super])
            || input.peek(Token![self])
            || input.peek(Token![Self])
            || input.peek(Token![crate]);
        let name = if root {
            input.call(Ident::parse_any)?
        } else if begun && !input.peek(syn::Ident) {
            return Err(input.error("expected path segment after `::`"));
        } else {
            input.parse()?
        };
        path.extend(name.into_token_stream());
        let Some(colons) = input.parse::<Option<Token![::]>>()? else { return Ok(path) };
        path.extend(colons.into_token_stream());
        begun = true;
    }
}
