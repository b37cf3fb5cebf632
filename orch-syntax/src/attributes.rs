//! The attributes that hold for what a macro makes of something too: `cfg`, lint levels and `deprecated`, also inside of
//! `cfg_attr`.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use quote::quote;

use crate::tokens;

/// Lints and groups of them that tell what is not used. An `expect` of one must be met by the function itself.
const USE: &[&str] = &["dead_code", "unused", "warnings"];

/// The attributes of one place, out of their `cfg_attr`s.
#[derive(Debug, Default)]
pub struct Attributes {
    list: Vec<Attribute>,
}

#[derive(Debug)]
struct Attribute {
    /// The predicates of the `cfg_attr`s around it.
    conditions: Vec<TokenStream>,
    name: String,
    /// Without the `#` and the brackets.
    meta: Vec<TokenTree>,
}

impl Attributes {
    /// Adds what stands between the brackets of `#[…]`.
    pub fn add(&mut self, meta: TokenStream) {
        self.add_under(&[], meta);
    }

    fn add_under(&mut self, conditions: &[TokenStream], meta: TokenStream) {
        let meta = tokens::visible(meta, |_| false);
        // One with a longer path is another macro's.
        let name = tokens::as_ident(meta.first()).filter(|_| !tokens::is_pair(&meta, 1, ':', ':'));
        let name = name.map(ToString::to_string).unwrap_or_default();
        if name != "cfg_attr" {
            self.list.push(Attribute { conditions: conditions.to_vec(), name, meta });
            return;
        }
        let Some(content) = content(&meta) else { return };
        let mut parts = content.split(|token| tokens::is_punct(Some(token), ','));
        let mut conditions = conditions.to_vec();
        conditions.push(tokens::collect(parts.next().unwrap_or(&[])));
        for part in parts.filter(|part| !part.is_empty()) {
            self.add_under(&conditions, tokens::collect(part));
        }
    }

    /// Whether there is one of a name.
    pub fn has(&self, name: &str) -> bool {
        self.named(name).next().is_some()
    }

    /// A second `#[task]`, under no condition, by its name or by that of the crate.
    pub fn task(&self) -> Option<Span> {
        let is_task = |attribute: &&Attribute| {
            let path: String = attribute.meta.iter().take(4).map(ToString::to_string).collect();
            attribute.conditions.is_empty() && (attribute.name == "task" || path == "async_orch::task")
        };
        let mut path = self.list.iter().find(is_task)?.meta.iter();
        path.find(|token| tokens::is_word(Some(token), "task")).map(TokenTree::span)
    }

    /// Whether there is `durable`, under no condition.
    pub fn durable(&self) -> bool {
        self.list.iter().any(Attribute::is_durable)
    }

    /// Whether there is another than `cfg` and `durable`.
    pub fn has_others(&self) -> bool {
        self.list.iter().any(|attribute| attribute.name != "cfg" && !attribute.is_durable())
    }

    /// The predicate under which what they stand on is there, if it is not always.
    pub fn condition(&self) -> Option<TokenStream> {
        let mut all = Vec::new();
        for attribute in self.named("cfg") {
            let predicate = attribute.predicate();
            all.push(match attribute.conditions.as_slice() {
                [] => predicate,
                conditions => quote!(any(not(all(#(#conditions),*)), #predicate)),
            });
        }
        match all.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            all => Some(quote!(all(#(#all),*))),
        }
    }

    /// The lints that are allowed on the function, where its signature is written again.
    pub fn allowed(&self) -> TokenStream {
        let mut allowed = TokenStream::new();
        for attribute in self.named("allow").chain(self.named("expect")) {
            let mut lints = Vec::new();
            for lint in
                content(&attribute.meta).unwrap_or_default().split(|token| tokens::is_punct(Some(token), ','))
            {
                let is_use = matches!(lint, [TokenTree::Ident(lint)] if tokens::is_one_of(lint, USE));
                let is_reason = tokens::is_punct(lint.get(1), '=');
                if !(lint.is_empty() || is_reason || is_use && attribute.name == "expect") {
                    lints.push(tokens::collect(lint));
                }
            }
            if !lints.is_empty() {
                allowed.extend(attribute.as_one_of_ours(quote!(allow(#(#lints),*))));
            }
        }
        // The call of the function is no use of it.
        for attribute in self.named("deprecated") {
            allowed.extend(attribute.as_one_of_ours(quote!(allow(deprecated))));
        }
        allowed
    }

    /// That the function is deprecated.
    pub fn deprecated(&self) -> TokenStream {
        let mut deprecated = TokenStream::new();
        for attribute in self.named("deprecated") {
            deprecated.extend(attribute.as_one_of_ours(tokens::collect(&attribute.meta)));
        }
        deprecated
    }

    fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Attribute> {
        self.list.iter().filter(move |attribute| attribute.name == name)
    }
}

impl Attribute {
    fn is_durable(&self) -> bool {
        self.name == "durable" && self.meta.len() == 1 && self.conditions.is_empty()
    }

    /// What the parentheses hold.
    fn predicate(&self) -> TokenStream {
        let content = content(&self.meta).unwrap_or_default();
        let comma = tokens::is_punct(content.last(), ',');
        tokens::collect(tokens::part(&content, 0, content.len() - usize::from(comma)))
    }

    /// `#[meta]`, under the same conditions.
    fn as_one_of_ours(&self, meta: TokenStream) -> TokenStream {
        match self.conditions.as_slice() {
            [] => quote!(#[#meta]),
            conditions => quote!(#[cfg_attr(all(#(#conditions),*), #meta)]),
        }
    }
}

/// What the parentheses after a name hold.
fn content(meta: &[TokenTree]) -> Option<Vec<TokenTree>> {
    tokens::as_group(meta.get(1), Delimiter::Parenthesis).map(|group| tokens::list(group.stream()))
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    fn attributes(metas: &[&str]) -> Attributes {
        let mut attributes = Attributes::default();
        for meta in metas {
            attributes.add(TokenStream::from_str(meta).expect("tokens"));
        }
        attributes
    }

    fn plain(tokens: &TokenStream) -> String {
        tokens.to_string().replace(' ', "")
    }

    #[test]
    fn a_condition_is_made_of_all_cfgs() {
        let condition = |metas: &[&str]| attributes(metas).condition().map(|condition| plain(&condition));
        assert_eq!(condition(&["inline", "doc = \"x\"", "a::cfg(b)", "cfg_attr(a, inline)"]), None);
        assert_eq!(condition(&["cfg(any(),)"]).as_deref(), Some("any()"));
        assert_eq!(condition(&["cfg(a)", "inline", "cfg(not(b))"]).as_deref(), Some("all(a,not(b))"));
        assert_eq!(condition(&["cfg_attr(a, inline, cfg(b))"]).as_deref(), Some("any(not(all(a)),b)"));
        assert_eq!(condition(&["cfg_attr(a, cfg_attr(b, cfg(c)))"]).as_deref(), Some("any(not(all(a,b)),c)"));
    }

    #[test]
    fn durable_stands_alone() {
        let durable = |metas: &[&str]| (attributes(metas).durable(), attributes(metas).has_others());
        assert_eq!(durable(&["cfg(a)", "durable"]), (true, false));
        for other in ["durable(a)", "durable = 1", "a::durable", "cfg_attr(a, durable)"] {
            assert_eq!(durable(&[other]), (false, true), "{other}");
        }
    }

    #[test]
    fn what_is_allowed_stays_allowed() {
        let allowed = |metas: &[&str]| plain(&attributes(metas).allowed());
        assert_eq!(allowed(&["warn(a)", "deny(b)", "inline"]), "");
        assert_eq!(allowed(&["allow(a, clippy::b, reason = \"c\")"]), "#[allow(a,clippy::b)]");
        assert_eq!(allowed(&["expect(dead_code)", "expect(unused, a)"]), "#[allow(a)]");
        assert_eq!(allowed(&["allow(dead_code)"]), "#[allow(dead_code)]");
        assert_eq!(
            allowed(&["cfg_attr(a, allow(b), deprecated)"]),
            "#[cfg_attr(all(a),allow(b))]#[cfg_attr(all(a),allow(deprecated))]"
        );
        assert_eq!(
            plain(&attributes(&["deprecated(note = \"x\")"]).deprecated()),
            "#[deprecated(note=\"x\")]"
        );
        assert_eq!(plain(&attributes(&["deprecated = \"x\""]).deprecated()), "#[deprecated=\"x\"]");
    }
}
