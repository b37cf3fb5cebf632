//! What an editor is given for texts that are cut off anywhere.

use proc_macro2::{Span, TokenStream, TokenTree};

use crate::editor::{Mark, place, placeless};

const TEXTS: &[&str] = &[
    "let client = client.clone(); |number: u32| seq(name = \"all\", collect) < \
         fetch(client.clone(), *number) as \"first\" \
         let (a, b) = par(limit = 2, settle) < look |n| { n + a } > \
         retry(max_attempts = 3, backoff = exponential(100ms, 2.0), jitter = full, when = |e| e.is_x(number)) < \
             timeout(2s) < async |b: u8, cx| { Ok(cx.run(b)?) } > > \
         choose(a.kind) < Some(b) if (b > 1) => store(b), None => { other } > \
     >",
    "error = Mine; move |_: Vec<u8>| saga < \
         let all = _ \
         let made: u8 = each(limit = 2) < charge undo refund(_) > \
         when(|x| x.is_some()) < tasks::first::<u8> > \
         circuit(breaker = &breaker) < hedge(50ms) < race < a b > > > \
         repeat(max_rounds = 5) < with(policy) < fallback < c d > > > \
     >",
];

/// The code for an editor, of the text and of the same text with a mark.
fn code(text: &str) -> String {
    // Brackets that a cut leaves open are closed, as an editor does.
    let mut open = Vec::new();
    for c in text.chars() {
        match c {
            '(' => open.push(')'),
            '{' => open.push('}'),
            ')' | '}' => {
                open.pop();
            }
            _ => {}
        }
    }
    let closed: String = text.chars().chain(open.into_iter().rev()).collect();
    let Ok(tokens) = closed.parse::<TokenStream>() else { return String::new() };
    let (tokens, mark) = Mark::take(tokens);
    let mut parsed = orch_syntax::parse(tokens);
    orch_syntax::validate(&mut parsed);
    super::expand(parsed, mark.as_ref()).to_string()
}

/// Where the words of a text begin and end.
fn cuts(text: &str) -> Vec<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    (1..text.len())
        .filter(|at| text.is_char_boundary(*at))
        .filter(|at| {
            let before = text[..*at].chars().next_back();
            let quotes = text[..*at].matches('"').count();
            before.is_some_and(|before| is_word(before) || before.is_whitespace()) && quotes.is_multiple_of(2)
        })
        .collect()
}

/// An editor finds what stands at the cursor by the offset of the mark: up to there the code is that of the text without it. (A
/// word in the middle of what is complete can make another text of it, such as one before the input.)
#[test]
fn a_mark_changes_nothing_before_it() {
    let (mut all, mut alike) = (0, 0);
    for text in TEXTS {
        for cut in cuts(text) {
            for end in [text.len(), cut] {
                let rest = &text[cut..end];
                let plain = code(&format!("{}{rest}", &text[..cut]));
                let with_mark = code(&format!("{}raCompletionMarker{rest}", &text[..cut]));
                let Some(at) = with_mark.find("raCompletionMarker") else { continue };
                // As much of the word as is typed before the mark.
                let start = with_mark[..at]
                    .rfind(|c: char| !(c.is_alphanumeric() || c == '_'))
                    .map_or(0, |at| at + 1);
                all += 1;
                if plain.starts_with(with_mark[..start].trim_end()) {
                    alike += 1;
                } else {
                    println!("{}$0{rest}", &text[..cut]);
                }
            }
        }
    }
    assert!(alike * 100 >= all * 95, "{alike} of {all}");
}

/// A word that is typed is somewhere in the code, whatever is open around it.
#[test]
fn each_word_has_a_place() {
    let (mut all, mut found) = (0, 0);
    for text in TEXTS {
        for cut in cuts(text) {
            all += 1;
            found += usize::from(
                code(&format!("{}raCompletionMarker", &text[..cut])).contains("raCompletionMarker"),
            );
        }
    }
    assert!(found * 100 >= all * 85, "{found} of {all}");
}

#[test]
fn what_is_placeless_is_at_the_invocation() {
    fn places(code: TokenStream) -> Vec<String> {
        code.into_iter()
            .flat_map(|token| match &token {
                TokenTree::Group(group) => [vec![place(group.span())], places(group.stream())].concat(),
                _ => vec![place(token.span())],
            })
            .collect()
    }
    let text: TokenStream = "a + (b { c })".parse().expect("tokens");
    let invocation = place(Span::call_site());
    assert!(places(text.clone()).iter().any(|place| *place != invocation));
    assert!(places(placeless(text)).iter().all(|place| *place == invocation));
}
