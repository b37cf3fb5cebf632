//! Options that are written in another way than `name = value`: what name and value they are meant as.

use proc_macro2::{Delimiter, Ident, TokenTree};

use crate::blocks::Spec;
use crate::tokens;

/// An option that is written otherwise: its name, its value, and what is wrong.
pub(super) struct Meant {
    pub(super) name: Ident,
    pub(super) value: Vec<TokenTree>,
    pub(super) message: String,
}

/// Reads `limit: 2`, `limit => 2`, `limit(2)`, `limit 2`, `"limit" = 2`, `.limit = 2` and `max-attempts = 2`.
pub(super) fn meant(spec: &Spec, tokens: &[TokenTree]) -> Option<Meant> {
    let is_option =
        |name: &Ident| spec.option(&name.to_string()).is_some_and(|option| !option.kind.is_flag());
    match tokens {
        [TokenTree::Ident(name), rest @ ..] if is_option(name) => {
            let value = set_otherwise(rest)?;
            let shown = tokens::source_text(&tokens::collect(&value));
            let message = format!("an option is set with `=`; write `{name} = {shown}`");
            Some(Meant { name: name.clone(), value, message })
        }
        [TokenTree::Literal(text), equals, value @ ..] if tokens::is_punct(Some(equals), '=') => {
            let written = text.to_string();
            let name = written.trim_matches('"');
            spec.option(name)?;
            let message = format!("the name of an option stands without quotes; write `{name} = …`");
            Some(Meant { name: Ident::new(name, text.span()), value: value.to_vec(), message })
        }
        [TokenTree::Punct(dot), TokenTree::Ident(name), equals, value @ ..]
            if dot.as_char() == '.' && tokens::is_punct(Some(equals), '=') && is_option(name) =>
        {
            let message = format!("an option stands alone; write `{name} = …`");
            Some(Meant { name: name.clone(), value: value.to_vec(), message })
        }
        [TokenTree::Ident(first), minus, ..] if tokens::is_punct(Some(minus), '-') => {
            let equals = tokens.iter().position(|token| tokens::is_punct(Some(token), '='))?;
            let name = tokens::part(tokens, 0, equals).iter().map(ToString::to_string).collect::<String>();
            let name = name.replace('-', "_");
            spec.option(&name)?;
            let value = tokens::part(tokens, equals + 1, tokens.len()).to_vec();
            let message = format!("the name of an option has underscores; write `{name} = …`");
            Some(Meant { name: Ident::new(&name, first.span()), value, message })
        }
        _ => None,
    }
}

/// The value after `:`, `=>`, `:=`, `==`, `+=`, in parentheses, or beside the name.
fn set_otherwise(rest: &[TokenTree]) -> Option<Vec<TokenTree>> {
    if let [TokenTree::Group(_)] = rest
        && let Some(group) = tokens::as_group(rest.first(), Delimiter::Parenthesis)
    {
        let value = tokens::list(group.stream());
        return (!value.is_empty()).then_some(value);
    }
    let signs = rest
        .iter()
        .take_while(|token| matches!(token, TokenTree::Punct(punct) if ":=>+<-".contains(punct.as_char())))
        .count();
    let value = tokens::part(rest, signs, rest.len());
    (!value.is_empty()).then(|| value.to_vec())
}
