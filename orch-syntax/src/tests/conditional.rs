//! `#[cfg(…)]`: the text with a part and without it.

use std::str::FromStr;

use proc_macro2::TokenStream;

use super::sound;
use crate::{Conditional, conditional};

fn plain(text: &str) -> String {
    text.replace(char::is_whitespace, "")
}

/// Asserts both cases of a text: with what stands between `⟦` and `⟧`, and without it. `§` is the attribute.
#[track_caller]
fn cases(marked: &str, predicate: &str) {
    let text = marked.replace(['⟦', '⟧'], "").replace('§', &format!("#[cfg({predicate})]"));
    let tokens = TokenStream::from_str(&text).expect("tokens");
    let Conditional { predicate: condition, with, without } = conditional(&tokens).expect("a condition");
    assert_eq!(plain(&condition.to_string()), plain(predicate), "{text}");
    let part = marked.find('⟦').expect("a part")..marked.find('⟧').expect("a part");
    let expected = [marked[..part.start].to_owned() + &marked[part.end..], marked.to_owned()].map(|text| {
        plain(&text.replace(['⟦', '⟧'], "").replacen('§', "", 1))
            .replace('§', &format!("#[cfg({predicate})]"))
    });
    assert_eq!([plain(&without.to_string()), plain(&with.to_string())], expected, "{text}");
}

#[test]
fn a_step_is_there_or_not() {
    cases("|_: u32| seq < §⟦a⟧ b >", "x");
    cases("seq < a §⟦b(1, _) as \"b\"⟧ c >", "feature = \"x\"");
    cases("seq < a §⟦let (x, y): (u8, u8) = par < b c >⟧ d >", "all(x, not(y))");
    cases("par < a, §⟦|x| { y },⟧ c >", "x");
    cases("par < §⟦{ inner },⟧ c >", "x");
    cases("seq < §⟦retry < seq < a b > >⟧ c >", "x");
    cases("§⟦seq < a >⟧ §par < b >", "x");
    cases("|_: u32| §⟦|n| { n }⟧ §a", "x");
}

#[test]
fn a_part_of_the_header_is_there_or_not() {
    cases("§⟦let a = b < c;⟧ |_: u32| d(a)", "x");
    cases("let z = y; §⟦let a = b;⟧ let e = f; move |_: u32| d(a)", "x");
    cases("§⟦crate = a::b;⟧ error = C; d", "x");
    cases("§⟦error = C;⟧ d", "x");
    cases("§⟦move⟧ |_: u32| d", "x");
    cases("§⟦|_: u32|⟧ §|_: u64| d", "x");
}

#[test]
fn the_outermost_is_first() {
    cases("seq < a §⟦par < b §c >⟧ §d >", "x");
}

#[test]
fn several_attributes_are_one_condition() {
    let tokens = TokenStream::from_str("seq < #[cfg(a)] #[cfg_attr(b, cfg(c))] d e >").expect("tokens");
    let Conditional { predicate: condition, without, .. } = conditional(&tokens).expect("a condition");
    assert_eq!(plain(&condition.to_string()), "all(a,any(not(all(b)),c))");
    assert_eq!(plain(&without.to_string()), "seq<e>");
}

#[test]
fn what_stands_in_the_users_code_is_no_part() {
    for text in ["seq < a(#[cfg(x)] 1) >", "|_: u8| |x| { #[cfg(x)] y; z }", "let a = { #[cfg(x)] b }; c"] {
        assert!(conditional(&TokenStream::from_str(text).expect("tokens")).is_none(), "{text}");
        sound(text);
    }
}
