//! The attribute's options and the function's signature.

use orch_syntax::attributes::Attributes;
use orch_syntax::tokens;
use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{LitStr, Token};

use super::signature::{Signature, attributes};

/// What `#[task]` stands on.
pub(crate) struct Task {
    pub(crate) options: Options,
    pub(crate) attributes: Attributes,
    pub(crate) vis: TokenStream,
    pub(crate) sig: Signature,
    pub(crate) body: TokenStream,
}

/// `#[task(name = "…", blocking, spawn, fallible, crate = path)]`
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<LitStr>,
    pub(crate) blocking: Option<Span>,
    pub(crate) spawn: Option<Span>,
    pub(crate) fallible: Option<Span>,
    /// The first parameter is the context, whatever its name.
    pub(crate) context: Option<Span>,
    pub(crate) krate: Option<TokenStream>,
    pub(crate) durable: Option<Durable>,
}

/// `durable` or `durable(output = …, error = …)`
pub(crate) struct Durable {
    pub(crate) word: Span,
    /// How the two are written down, if not as JSON.
    pub(crate) output: Option<TokenStream>,
    pub(crate) error: Option<TokenStream>,
}

/// Whether an item is meant as a function.
pub(crate) fn is_function(item: &TokenStream) -> bool {
    item.clone().into_iter().any(|token| tokens::is_word(Some(&token), "fn"))
}

impl Task {
    /// Reads the function. Its options are read by [`Options::read`]: with a mistake in them it is known what it would be.
    pub(crate) fn read(item: TokenStream) -> syn::Result<Self> {
        let function = |input: ParseStream<'_>| {
            let attributes = attributes(input)?;
            let vis = visibility(input)?;
            let sig: Signature = input.parse().map_err(|error| {
                if input.peek(Token![fn]) || input.peek(Token![async]) {
                    error
                } else {
                    syn::Error::new(error.span(), "`#[task]` goes on a function: `async fn` or `fn`")
                }
            })?;
            // The body is the function's business: half-typed, it still makes a task.
            let body = input.parse()?;
            Ok(Task { options: Options::default(), attributes, vis, sig, body })
        };
        function.parse2(tokens::declaration(item).into_iter().collect())
    }
}

impl Task {
    /// Takes the first parameter for the context if the options say so.
    pub(crate) fn take_context(&mut self) -> syn::Result<()> {
        let (Some(span), None) = (self.options.context, &self.sig.context) else { return Ok(()) };
        if self.sig.parameters.is_empty() {
            let text = "a task with a context takes it as its first parameter: `cx: &Context<'_>`";
            return Err(syn::Error::new(span, text));
        }
        self.sig.context = Some(self.sig.parameters.remove(0));
        Ok(())
    }
}

impl Options {
    pub(crate) fn read(options: TokenStream) -> syn::Result<Self> {
        Options::parse.parse2(options)
    }
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        const KNOWN: &str = "the options of `#[task]` are `name = \"…\"`, `blocking`, `spawn`, `context`, `fallible`, `durable` and `crate = path`";
        let mut options = Options::default();
        while !input.is_empty() {
            if input.peek(Token![crate]) {
                let word: Token![crate] = input.parse()?;
                input.parse::<Token![=]>().map_err(|error| {
                    syn::Error::new(error.span(), "`crate` takes a path: `crate = ::async_orch`")
                })?;
                if input.is_empty() || input.peek(Token![,]) {
                    return Err(syn::Error::new(word.span, "`crate` takes a path: `crate = ::async_orch`"));
                }
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
                        if name.value().is_empty() {
                            let message = "the name of a task has at least one letter; without the option it is that of the function";
                            return Err(syn::Error::new(name.span(), message));
                        }
                        options.name.replace(name).is_some()
                    }
                    "blocking" => options.blocking.replace(option.span()).is_some(),
                    "spawn" => options.spawn.replace(option.span()).is_some(),
                    "context" => options.context.replace(option.span()).is_some(),
                    "fallible" => options.fallible.replace(option.span()).is_some(),
                    "durable" => {
                        let durable = Durable::read(option.span(), input)?;
                        options.durable.replace(durable).is_some()
                    }
                    unknown => {
                        let known = ["name", "blocking", "spawn", "context", "fallible", "durable", "crate"];
                        let meant = match unknown {
                            "block" | "spawn_blocking" | "sync" | "cpu" => Some("blocking"),
                            "ctx" | "cx" => Some("context"),
                            "result" | "try" | "error" => Some("fallible"),
                            _ => orch_syntax::suggest::closest(unknown, &known),
                        };
                        let hint = match (meant, orch_syntax::blocks::find(unknown)) {
                            (Some(near), _) => format!("; did you mean `{near}`?"),
                            (None, Some(_)) => {
                                let text = format!(
                                    "`{unknown}` is no option of a task; in the pipeline write `{unknown}(…) < … >` around it"
                                );
                                return Err(syn::Error::new(option.span(), text));
                            }
                            (None, None) => String::new(),
                        };
                        let text = format!("unknown option `{unknown}`{hint}; {KNOWN}");
                        return Err(syn::Error::new(option.span(), text));
                    }
                };
                if twice {
                    return Err(syn::Error::new(option.span(), format!("`{option}` is given twice")));
                }
            }
            if !input.is_empty() {
                comma(input)?;
            }
        }
        Ok(options)
    }
}

impl Durable {
    /// What stands after the word.
    fn read(word: Span, input: ParseStream<'_>) -> syn::Result<Self> {
        const KNOWN: &str = "`durable` takes `output = Coding::…` and `error = Coding::…`";
        let mut durable = Durable { word, output: None, error: None };
        if !input.peek(syn::token::Paren) {
            return Ok(durable);
        }
        let inside;
        syn::parenthesized!(inside in input);
        while !inside.is_empty() {
            let name: Ident = inside.parse().map_err(|error| syn::Error::new(error.span(), KNOWN))?;
            let place = match name.to_string().as_str() {
                "output" => &mut durable.output,
                "error" => &mut durable.error,
                unknown => {
                    return Err(syn::Error::new(name.span(), format!("unknown option `{unknown}`; {KNOWN}")));
                }
            };
            inside.parse::<Token![=]>().map_err(|error| syn::Error::new(error.span(), KNOWN))?;
            let mut value = TokenStream::new();
            while !(inside.is_empty() || inside.peek(Token![,])) {
                value.extend([inside.parse::<TokenTree>()?]);
            }
            if value.is_empty() {
                return Err(inside.error(KNOWN));
            }
            if place.replace(value).is_some() {
                return Err(syn::Error::new(name.span(), format!("`{name}` is given twice")));
            }
            if !inside.is_empty() {
                inside.parse::<Token![,]>()?;
            }
        }
        Ok(durable)
    }
}

/// The comma after an option, and what may stand in its place.
fn comma(input: ParseStream<'_>) -> syn::Result<()> {
    let set = input.peek(Token![=]) || input.peek(Token![:]) || input.peek(syn::token::Paren);
    let message = if set {
        "this option is a flag; write it alone, or leave it out"
    } else {
        "expected `,` between options"
    };
    let comma = input.parse::<Token![,]>();
    comma.map(drop).map_err(|error| syn::Error::new(error.span(), message))
}

/// `pub`, `pub(…)` or nothing.
fn visibility(input: ParseStream<'_>) -> syn::Result<TokenStream> {
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
