//! The generic parameters of a function and its `where` clause, told apart.
//!
//! The compiler has parsed them before the attribute sees them: names and bounds are found here, and otherwise stay
//! tokens.

use orch_syntax::attributes::Attributes;
use orch_syntax::tokens;
use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};

use super::path::PathType;

/// What is written stays as it is, brackets and colons included: the compiler's suggestions edit there.
#[derive(Clone, Default)]
pub(crate) struct Generics {
    brackets: Option<(TokenTree, TokenTree)>,
    pub(crate) params: Vec<Param>,
    where_word: Option<TokenTree>,
    predicates: Vec<Predicate>,
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
    /// The predicate of its `#[cfg]`.
    pub(crate) condition: Option<TokenStream>,
    /// Whether the function has no name for it: it is an `impl Trait` there.
    pub(crate) unnamed: bool,
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

/// Which bounds are written.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Bounds {
    All,
    /// `?Sized` alone.
    Open,
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
        let mut generics = Self { brackets, params: Vec::new(), where_word, predicates: Vec::new() };
        for param in tokens::split_outside_angles(params, ',') {
            if let Some(param) = Param::of(param) {
                generics.params.push(param);
            }
        }
        for predicate in tokens::split_outside_angles(predicates, ',') {
            generics.predicates.push(Predicate::of(predicate));
        }
        generics
    }

    /// The type parameters.
    pub(crate) fn types(&self) -> impl Iterator<Item = &Param> {
        self.params.iter().filter(|param| matches!(param.kind, Kind::Type { .. }))
    }

    /// Whether a name is that of a type parameter.
    pub(crate) fn has_type(&self, name: &Ident) -> bool {
        self.types().any(|param| *name == param.name.to_string())
    }

    /// The names of the constants, with their types.
    pub(crate) fn constants(&self) -> impl Iterator<Item = (&TokenStream, &TokenStream)> {
        self.params.iter().filter_map(|param| match &param.kind {
            Kind::Const { ty } => Some((&param.name, ty)),
            _ => None,
        })
    }

    /// Whether the bounds of an `impl Trait` mention a type parameter, which only they may tell then.
    pub(crate) fn are_told_by_bounds(&self) -> bool {
        self.types().filter(|param| param.unnamed).any(|param| match &param.kind {
            Kind::Type { bounds } => bounds.iter().any(|bound| self.occur_in(&tokens::list(bound.clone()))),
            _ => false,
        })
    }

    /// `<…>` after `impl` or the name of a function, or nothing. Lifetimes stand first, whatever the order here; `more` is
    /// last.
    pub(crate) fn header(&self, written: Bounds, more: Option<TokenStream>) -> TokenStream {
        let (mut params, mut others) = (Vec::new(), Vec::new());
        for param in &self.params {
            let list = if param.is_lifetime() { &mut params } else { &mut others };
            list.push(param.declaration(written));
        }
        params.append(&mut others);
        if let Some(more) = more {
            params.push(more);
        }
        match &self.brackets {
            _ if params.is_empty() => TokenStream::new(),
            Some((open, close)) => quote!(#open #(#params),* #close),
            None => quote!(<#(#params),*>),
        }
    }

    /// `where …`, or nothing, with `more` as the last predicate.
    pub(crate) fn where_clause(&self, written: Bounds, more: Option<TokenStream>) -> TokenStream {
        let mut predicates = Vec::new();
        for predicate in &self.predicates {
            if written == Bounds::All || predicate.open {
                predicates.push(predicate.tokens.clone());
            }
        }
        if let Some(more) = more {
            predicates.push(more);
        }
        match &self.where_word {
            _ if predicates.is_empty() => TokenStream::new(),
            Some(word) => quote!(#word #(#predicates),*),
            None => quote!(where #(#predicates),*),
        }
    }
}

impl Generics {
    /// One more predicate.
    pub(crate) fn demand(&mut self, tokens: TokenStream) {
        self.predicates.push(Predicate { tokens, open: false });
    }

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
    pub(crate) fn occur_in(&self, ty: &[TokenTree]) -> bool {
        ty.iter().any(|token| match token {
            TokenTree::Ident(name) => self.has_type(name),
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
    /// A lifetime that the macro adds.
    pub(crate) fn lifetime(name: TokenStream) -> Self {
        let kind = Kind::Lifetime { bounds: Vec::new() };
        Self { head: name.clone(), name, colon: None, kind, condition: None, unnamed: false }
    }

    /// A type that the function writes as `impl bounds`.
    pub(crate) fn unnamed(name: &Ident, written: &[TokenTree]) -> Self {
        let name = name.to_token_stream();
        let kind = Kind::Type { bounds: bounds(written) };
        Self { head: name.clone(), name, colon: None, kind, condition: None, unnamed: true }
    }

    pub(crate) fn is_lifetime(&self) -> bool {
        matches!(self.kind, Kind::Lifetime { .. })
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
        let condition = attributes(head).condition();
        let (head, name) = (tokens::collect(head), tokens::collect(name));
        Some(Self { head, name, colon, kind, condition, unnamed: false })
    }

    fn declaration(&self, written: Bounds) -> TokenStream {
        let Self { head, colon, kind, .. } = self;
        let after = match kind {
            Kind::Const { ty } => ty.clone(),
            Kind::Type { bounds } if written == Bounds::Open => {
                let open = bounds.iter().filter(|bound| is_open(bound));
                quote!(#(#open)+*)
            }
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
    fn of(predicate: &[TokenTree]) -> Self {
        let (_, after) = split_at_colon(predicate);
        Self { tokens: tokens::collect(predicate), open: bounds(after).iter().any(is_open) }
    }
}

fn attributes(mut tokens: &[TokenTree]) -> Attributes {
    let mut attributes = Attributes::default();
    while let [TokenTree::Punct(hash), TokenTree::Group(group), rest @ ..] = tokens
        && hash.as_char() == '#'
    {
        attributes.add(group.stream());
        tokens = rest;
    }
    attributes
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
    let mut bounds = Vec::new();
    for bound in tokens::split_outside_angles(tokens, '+') {
        bounds.push(tokens::collect(bound));
    }
    bounds
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
        assert_eq!(plain(&generics.header(Bounds::All, None).to_string()), plain(expected), "{angles}");
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
        assert_eq!(shown(&mut generics.types().map(|param| &param.name)), "T U");
        assert_eq!(shown(&mut generics.constants().map(|(name, _)| name)), "N B");
        assert_eq!(shown(&mut generics.constants().map(|(_, ty)| ty)), "usize bool");
    }

    #[test]
    fn predicates() {
        let clause =
            "where T: A<B, C>, for<'a> &'a U: Fn(T, U) -> V + Send, T::X: ?Sized, 'a: 'b, T: (?Sized),";
        let generics = Generics::of(&[], &tokens(clause));
        assert_eq!(generics.predicates.len(), 5);
        let more = generics.where_clause(Bounds::Open, Some(quote!(E: F))).to_string();
        assert!(plain(&more).ends_with("T:(?Sized),E:F"), "{more}");
        let all = plain(&generics.where_clause(Bounds::All, None).to_string());
        assert_eq!(all, plain(clause.trim_end_matches(',')));
        let open = plain(&generics.where_clause(Bounds::Open, None).to_string());
        assert_eq!(open, plain("where T::X: ?Sized, T: (?Sized)"));
        // No clause, and none that a half-typed one could be taken for.
        assert!(Generics::of(&[], &tokens("T: A")).where_clause(Bounds::All, None).is_empty());
        assert!(Generics::of(&[], &tokens("where")).where_clause(Bounds::All, None).is_empty());
    }

    #[test]
    fn only_known_types_need_no_bounds() {
        let generics = Generics::of(&tokens("<T: A + ?Sized, U: B, const N: usize, 'a: 'b>"), &[]);
        let open = plain(&generics.header(Bounds::Open, None).to_string());
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
