//! The attribute's options and the function's signature.

use proc_macro2::{Ident, Span, TokenStream};
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, LitStr, Path, Token, Visibility};

use super::signature::Signature;

/// What `#[task]` stands on.
pub(crate) struct Task {
    pub(crate) options: Options,
    /// `#[cfg]`s of the function, which hold for what is made of it too.
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
}

/// `#[task(name = "…", blocking, spawn, crate = path)]`
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<LitStr>,
    pub(crate) blocking: Option<Span>,
    pub(crate) spawn: Option<Span>,
    pub(crate) krate: Option<Path>,
}

impl Task {
    pub(crate) fn parse(options: TokenStream, item: TokenStream) -> syn::Result<Self> {
        let options = Options::parse.parse2(options)?;
        let function = |input: ParseStream<'_>| {
            let attrs = input.call(Attribute::parse_outer)?;
            let vis = input.parse()?;
            let sig: Signature = input.parse().map_err(|error| {
                if input.peek(Token![fn]) || input.peek(Token![async]) {
                    error
                } else {
                    syn::Error::new(error.span(), "`#[task]` goes on a function: `async fn` or `fn`")
                }
            })?;
            // The body is the function's business: half-typed, it still makes a task.
            let _body: TokenStream = input.parse()?;
            Ok((attrs, vis, sig))
        };
        let (attrs, vis, sig) = function.parse2(item)?;
        let cfgs = attrs.into_iter().filter(|attr| attr.path().is_ident("cfg")).collect();
        Ok(Task { options, cfgs, vis, sig })
    }
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        const KNOWN: &str =
            "the options of `#[task]` are `name = \"…\"`, `blocking`, `spawn` and `crate = path`";
        let mut options = Options::default();
        while !input.is_empty() {
            if input.peek(Token![crate]) {
                let word: Token![crate] = input.parse()?;
                input.parse::<Token![=]>()?;
                if options.krate.replace(input.call(Path::parse_mod_style)?).is_some() {
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
                    "spawn" => options.spawn.replace(option.span()).is_some(),
                    "durable" => {
                        let text = "the option `durable` is not available yet";
                        return Err(syn::Error::new(option.span(), text));
                    }
                    unknown => {
                        let hint = crate::pipeline::suggest::closest(
                            unknown,
                            ["name", "blocking", "spawn", "crate"],
                        )
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
