//! The generic parameters of a function and its `where` clause, told apart.
//!
//! The compiler has parsed them before the attribute sees them: names and bounds are found here, and otherwise stay
//! tokens.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use super::signature::PathType;
use crate::pipeline::tokens;

/// What is written stays as it is, brackets and colons included: the compiler's suggestions edit there.
#[derive(Clone, Default)]
pub(crate) struct Generics {
    brackets: Option<(TokenTree, TokenTree)>,
    pub(crate) params: Vec<Param>,
    where_word: Option<TokenTree>,
    pub(crate) predicates: Vec<Predicate>,
}

/// One parameter. Its default is left out: no function has one.
#[derive(Clone)]
pub(crate) struct Param {
    /// With the attributes and `const`.
    head: TokenStream,
    /// `'a` or `T`
    pub(crate) name: TokenStream,
    colon: Option<TokenTree>,
    pub(crate) kind: Kind,
}

#[derive(Clone)]
pub(crate) enum Kind {
    Lifetime { bounds: Vec<TokenStream> },
    Type { bounds: Vec<TokenStream> },
    Const { ty: TokenStream },
}

/// `T: A + B` of a `where` clause.
#[derive(Clone)]
pub(crate) struct Predicate {
    tokens: TokenStream,
    /// Whether `?Sized` is among the bounds.
    open: bool,
}

impl Generics {
    /// Takes apart `<…>` and `where …`, either of which may be missing.
    pub(crate) fn of(angles: &[TokenTree], clause: &[TokenTree]) -> Self {
        let (brackets, params) = match angles {
            [open, params @ .., close] => (Some((open.clone(), close.clone())), params),
            _ => (None, &[] as &[TokenTree]),
        };
        let (where_word, predicates) = match clause {
            [word, predicates @ ..] if tokens::is_word(Some(word), "where") => {
                (Some(word.clone()), predicates)
            }
            _ => (None, &[] as &[TokenTree]),
        };
        Self {
            brackets,
            params: tokens::split_outside_angles(params, ',').into_iter().filter_map(Param::of).collect(),
            where_word,
            predicates: tokens::split_outside_angles(predicates, ',')
                .into_iter()
                .map(Predicate::of)
                .collect(),
        }
    }

    /// The names of the type parameters.
    pub(crate) fn types(&self) -> impl Iterator<Item = &TokenStream> {
        self.params.iter().filter(|param| matches!(param.kind, Kind::Type { .. })).map(|param| &param.name)
    }

    /// The names of the parameters of type `usize`.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = &TokenStream> {
        let is_number = |param: &&Param| match &param.kind {
            Kind::Const { ty } => ty.to_string() == "usize",
            _ => false,
        };
        self.params.iter().filter(is_number).map(|param| &param.name)
    }

    /// `<…>` after `impl` or the name of a function, or nothing. Lifetimes stand first, whatever the order here.
    pub(crate) fn header(&self) -> TokenStream {
        if self.params.is_empty() {
            return TokenStream::new();
        }
        let is_lifetime = |param: &&Param| matches!(param.kind, Kind::Lifetime { .. });
        let lifetimes = self.params.iter().filter(is_lifetime);
        let others = self.params.iter().filter(|param| !is_lifetime(param));
        let params = lifetimes.chain(others).map(Param::declaration);
        match &self.brackets {
            Some((open, close)) => quote!(#open #(#params),* #close),
            None => quote!(<#(#params),*>),
        }
    }

    /// `where …`, or nothing.
    pub(crate) fn where_clause(&self) -> TokenStream {
        if self.predicates.is_empty() {
            return TokenStream::new();
        }
        let predicates = self.predicates.iter().map(|predicate| &predicate.tokens);
        let word = self.where_word.as_ref().map_or_else(|| quote!(where), ToTokens::to_token_stream);
        quote!(#word #(#predicates),*)
    }

    /// The parameters alone, sized or not.
    pub(crate) fn without_bounds(&self) -> Self {
        let mut generics = self.clone();
        generics.predicates.retain(|predicate| predicate.open);
        for param in &mut generics.params {
            if let Kind::Type { bounds } = &mut param.kind {
                bounds.retain(is_open);
            }
        }
        generics
    }
}

impl Generics {
    /// Whether a type can be written without the bounds of the parameters: another type than these may ask for them.
    pub(crate) fn are_free_in(&self, ty: &TokenStream) -> bool {
        let tokens = tokens::list(ty.clone());
        self.are_free(&tokens)
    }

    fn are_free(&self, ty: &[TokenTree]) -> bool {
        match ty {
            [TokenTree::Punct(and), elem @ ..] if and.as_char() == '&' => self.are_free(borrowed(elem)),
            [TokenTree::Group(group)] if group.delimiter() == Delimiter::Parenthesis => {
                let content = tokens::list(group.stream());
                let comma = |at| tokens::is_punct(content.get(at), ',');
                let is_tuple = content.is_empty() || tokens::outside_angles(&content).into_iter().any(comma);
                let mut elements = tokens::split_outside_angles(&content, ',').into_iter();
                if is_tuple { elements.all(|ty| self.are_free(ty)) } else { !self.occur_in(&content) }
            }
            ty => match PathType::of(ty).filter(|path| !path.qualified) {
                Some(PathType { arguments: None, segments: 1, .. }) => true,
                Some(PathType { arguments: Some(arguments), name, .. })
                    if tokens::is_one_of(name, &["Vec", "Option", "Box", "Arc"]) =>
                {
                    let mut arguments = tokens::split_outside_angles(arguments, ',').into_iter();
                    arguments.all(|ty| self.are_free(ty))
                }
                _ => !self.occur_in(ty),
            },
        }
    }

    /// Whether a type parameter occurs in a type.
    fn occur_in(&self, ty: &[TokenTree]) -> bool {
        ty.iter().any(|token| match token {
            TokenTree::Ident(_) => self.types().any(|param| param.to_string() == token.to_string()),
            TokenTree::Group(group) => {
                let content = tokens::list(group.stream());
                self.occur_in(&content)
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => false,
        })
    }
}

/// The type after a `&`.
fn borrowed(tokens: &[TokenTree]) -> &[TokenTree] {
    let lifetime = if tokens::is_punct(tokens.first(), '\'') { 2 } else { 0 };
    let mutable = usize::from(tokens::is_word(tokens.get(lifetime), "mut"));
    tokens::part(tokens, lifetime + mutable, tokens.len())
}

impl Param {
    /// One that the macro adds.
    pub(crate) fn new(name: TokenStream, kind: Kind) -> Self {
        Self { head: name.clone(), name, colon: None, kind }
    }

    /// `#[…] 'a: bounds`, `#[…] T: bounds = default`, `#[…] const N: Type = default`
    fn of(param: &[TokenTree]) -> Option<Self> {
        let param = without_default(param);
        let (head, after) = split_at_colon(param);
        let name = without_attributes(head);
        let is_const = tokens::is_word(name.first(), "const");
        let name = name.get(usize::from(is_const)..).filter(|name| !name.is_empty())?;
        let kind = if is_const {
            Kind::Const { ty: tokens::collect(after) }
        } else if tokens::is_punct(name.first(), '\'') {
            Kind::Lifetime { bounds: bounds(after) }
        } else {
            Kind::Type { bounds: bounds(after) }
        };
        let colon = param.get(head.len()).cloned();
        Some(Self { head: tokens::collect(head), name: tokens::collect(name), colon, kind })
    }

    fn declaration(&self) -> TokenStream {
        let Self { head, colon, kind, .. } = self;
        let after = match kind {
            Kind::Const { ty } => ty.clone(),
            Kind::Lifetime { bounds } | Kind::Type { bounds } => quote!(#(#bounds)+*),
        };
        match colon {
            _ if after.is_empty() => head.clone(),
            Some(colon) => quote!(#head #colon #after),
            None => quote!(#head: #after),
        }
    }
}

impl Predicate {
    /// One that the macro adds.
    pub(crate) fn new(tokens: TokenStream) -> Self {
        Self { tokens, open: false }
    }

    fn of(predicate: &[TokenTree]) -> Self {
        let (_, after) = split_at_colon(predicate);
        Self { tokens: tokens::collect(predicate), open: bounds(after).iter().any(is_open) }
    }
}

fn without_attributes(mut tokens: &[TokenTree]) -> &[TokenTree] {
    while let [TokenTree::Punct(hash), TokenTree::Group(_), rest @ ..] = tokens
        && hash.as_char() == '#'
    {
        tokens = rest;
    }
    tokens
}

/// What stands before the `:` and after it: not one of a path, nor one in generic arguments.
fn split_at_colon(tokens: &[TokenTree]) -> (&[TokenTree], &[TokenTree]) {
    let is_colon = |at: &usize| {
        let path = tokens::is_pair(tokens, *at, ':', ':')
            || at.checked_sub(1).is_some_and(|before| tokens::is_pair(tokens, before, ':', ':'));
        tokens::is_punct(tokens.get(*at), ':') && !path
    };
    match tokens::outside_angles(tokens).into_iter().find(is_colon) {
        Some(colon) => (tokens::part(tokens, 0, colon), tokens::part(tokens, colon + 1, tokens.len())),
        None => (tokens, &[]),
    }
}

fn without_default(tokens: &[TokenTree]) -> &[TokenTree] {
    let mut outside = tokens::outside_angles(tokens).into_iter();
    let equals = outside.find(|at| tokens::is_punct(tokens.get(*at), '='));
    tokens::part(tokens, 0, equals.unwrap_or(tokens.len()))
}

/// The bounds between the `+`s.
fn bounds(tokens: &[TokenTree]) -> Vec<TokenStream> {
    tokens::split_outside_angles(tokens, '+').into_iter().map(tokens::collect).collect()
}

/// `?Sized`
fn is_open(bound: &TokenStream) -> bool {
    match bound.clone().into_iter().next() {
        Some(TokenTree::Group(group)) => is_open(&group.stream()),
        first => tokens::is_punct(first.as_ref(), '?'),
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;

    fn tokens(text: &str) -> Vec<TokenTree> {
        TokenStream::from_str(text).expect("tokens").into_iter().collect()
    }

    fn plain(text: &str) -> String {
        text.replace(' ', "")
    }

    #[track_caller]
    fn header(angles: &str, expected: &str) {
        let generics = Generics::of(&tokens(angles), &[]);
        assert_eq!(plain(&generics.header().to_string()), plain(expected), "{angles}");
    }

    #[test]
    fn parameters_are_told_apart() {
        header("", "");
        header("<>", "");
        header("<T, 'a, U, 'b>", "<'a, 'b, T, U>");
        header("<T: A + ?Sized +, U:, 'a: 'b + 'c,>", "<'a: 'b + 'c, T: A + ?Sized, U>");
        header("<T = u8, U: A<B = C> = Vec<T>, const N: usize = { 3 }>", "<T, U: A<B = C>, const N: usize>");
        header(
            "<#[cfg(a)] #[b] T: A, #[c] const N: [u8; 3]>",
            "<#[cfg(a)] #[b] T: A, #[c] const N: [u8; 3]>",
        );
        header(
            "<F: for<'x> Fn(&'x T) -> Vec<Vec<T>> + Send, T>",
            "<F: for<'x> Fn(&'x T) -> Vec<Vec<T>> + Send, T>",
        );
        header("<T: Into<Vec<T>>, U: ::a::B<{ N > 1 }, C>>", "<T: Into<Vec<T>>, U: ::a::B<{ N > 1 }, C>>");
    }

    #[test]
    fn kinds() {
        let generics = Generics::of(&tokens("<'a, T: A, const N: usize, const B: bool, U>"), &[]);
        let shown = |names: &mut dyn Iterator<Item = &TokenStream>| {
            names.map(ToString::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown(&mut generics.types()), "T U");
        assert_eq!(shown(&mut generics.numbers()), "N");
    }

    #[test]
    fn predicates() {
        let clause =
            "where T: A<B, C>, for<'a> &'a U: Fn(T, U) -> V + Send, T::X: ?Sized, 'a: 'b, T: (?Sized),";
        let generics = Generics::of(&[], &tokens(clause));
        assert_eq!(generics.predicates.len(), 5);
        let all = plain(&generics.where_clause().to_string());
        assert_eq!(all, plain(clause.trim_end_matches(',')));
        let open = plain(&generics.without_bounds().where_clause().to_string());
        assert_eq!(open, plain("where T::X: ?Sized, T: (?Sized)"));
        // No clause, and none that a half-typed one could be taken for.
        assert!(Generics::of(&[], &tokens("T: A")).where_clause().is_empty());
        assert!(Generics::of(&[], &tokens("where")).where_clause().is_empty());
    }

    #[test]
    fn only_known_types_need_no_bounds() {
        let generics = Generics::of(&tokens("<T: A + ?Sized, U: B, const N: usize, 'a: 'b>"), &[]);
        let open = plain(&generics.without_bounds().header().to_string());
        assert_eq!(open, plain("<'a: 'b, T: ?Sized, U, const N: usize>"));
        let free = |ty: &str| generics.are_free_in(&TokenStream::from_str(ty).expect("tokens"));
        for ty in [
            "T",
            "&'a mut T",
            "&&T",
            "()",
            "(T, &U)",
            "(Vec<T>,)",
            "std::vec::Vec<Option<Arc<T>>>",
            "Foo<u8>",
            "dyn Foo<u8>",
            "[u8; N]",
        ] {
            assert!(free(ty), "{ty}");
        }
        for ty in [
            "(T)",
            "T::Out",
            "<T as A>::Out",
            "Foo<T>",
            "Vec<Foo<T>>",
            "(u8, Foo<T>)",
            "&dyn Foo<T>",
            "fn(T) -> u8",
            "[T; N]",
            "*const T",
            "Vec<T>::Out",
        ] {
            assert!(!free(ty), "{ty}");
        }
    }
}
