//! Which of its type parameters a function gives: what leaves a task is owned, and sent between threads.

use orch_syntax::tokens;
use proc_macro2::{TokenStream, TokenTree};

use super::generics::Generics;

/// What a function gives of its type parameters.
#[derive(Default)]
pub(crate) struct Given {
    /// The names of those that it gives as they are.
    pub(crate) params: Vec<String>,
    /// `T::Out`, `<T as Trait>::Out`
    pub(crate) projected: Vec<TokenStream>,
}

impl Given {
    /// Looks at a type, or at what one of its groups holds.
    pub(crate) fn find(&mut self, generics: &Generics, ty: &[TokenTree]) {
        let mut at = 0;
        while let Some(token) = ty.get(at) {
            let begins = !at.checked_sub(2).is_some_and(|before| tokens::is_pair(ty, before, ':', ':'));
            let after = match token {
                TokenTree::Ident(name) if begins => generics.has_type(name).then_some(at + 1),
                // Generic arguments follow a name or `::`.
                TokenTree::Punct(angle) if angle.as_char() == '<' && begins => {
                    let follows = at.checked_sub(1).and_then(|before| tokens::as_ident(ty.get(before)));
                    let end = tokens::angle_end(ty, at)
                        .filter(|_| follows.is_none_or(|word| tokens::is_keyword(&word.to_string())));
                    end.filter(|end| generics.occur_in(tokens::part(ty, at, *end))).map(|end| end + 1)
                }
                _ => None,
            };
            if let TokenTree::Group(group) = token {
                self.find(generics, &tokens::list(group.stream()));
            }
            let Some(after) = after else {
                at += 1;
                continue;
            };
            let end = path_end(ty, after);
            if end > after {
                self.projected.push(tokens::collect(tokens::part(ty, at, end)));
            } else {
                self.params.push(token.to_string());
            }
            at = end.max(at + 1);
        }
    }
}

/// Where a path ends that goes on with `::` at `at`.
fn path_end(ty: &[TokenTree], mut at: usize) -> usize {
    while tokens::is_pair(ty, at, ':', ':') {
        at += if tokens::as_ident(ty.get(at + 2)).is_some() { 3 } else { 2 };
        if tokens::is_punct(ty.get(at), '<') {
            at = tokens::angle_end(ty, at).map_or(ty.len(), |end| end + 1);
        }
    }
    at
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

    #[test]
    fn what_a_function_gives_of_its_parameters() {
        let generics = Generics::of(&tokens("<T, U>"), &[]);
        let find = |ty: &str| {
            let mut given = Given::default();
            given.find(&generics, &tokens(ty));
            let projected: Vec<String> = given.projected.iter().map(|ty| plain(&ty.to_string())).collect();
            (given.params.join(" "), projected.join(" "))
        };
        let both = |params: &str, projected: &str| (params.to_owned(), plain(projected));
        assert_eq!(find("u8"), both("", ""));
        assert_eq!(find("(T, Vec<[U; 2]>)"), both("T U", ""));
        assert_eq!(find("Result<T, T::Err>").1, "T::Err");
        assert_eq!(find("Vec<<T as A<U>>::B<u8>>"), both("", "<T as A<U>>::B<u8>"));
        assert_eq!(find("a::T::B<U>"), both("U", ""));
        assert_eq!(find("dyn A<T>"), both("T", ""));
        assert_eq!(find("<Foo as A>::B"), both("", ""));
    }
}
