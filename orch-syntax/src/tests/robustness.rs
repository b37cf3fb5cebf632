//! Half-typed and senseless text: neither panics nor hangs, and what is wrong is said.

use std::str::FromStr;

use proc_macro2::{Delimiter, Group, Ident, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

use super::{read, read_tokens, sound};

const LONG: &[&str] = &[
    r#"
    crate = ::other::async_orch;
    error = MyError<Vec<u8>>;
    let client: Arc<Client<u8>> = client.clone();
    let f = |a: u8, b| a < b;
    move |day: Option<Date>|
    seq(name = "ingest", collect) <
        par(limit = a < b, settle) < fetch(client.clone(), 10), fetch::<Vec<Vec<u8>>>(_, 20) as "second" x::y::z >
        |(a, b, c)| { [a, b, c].join(",") } as "joined"
        circuit(fail_max = 2, reset_timeout = 1.5s, ignore = |e| e.is::<A, B>()) <
            retry(max_attempts = unlimited, backoff = exponential(100ms, 2), jitter = (full), when = |e: &Error<A, B>| e > 1) < enrich >
        >
        let (data, [x, ..]): (u8, Vec<u8>) = process
        timeout(10s) < async |_: Vec<u8>| { x.await } >
        catch < seq<par<seq<c>>>
        { inner(x) }
        save(dir.join(day.to_string()), data.clone())
        >
    >"#,
    "|_: ()| each(limit = 3) < retry < r#seq seq::x r#par > >",
    "|x: u8| seq < let a = let b = c 'a a.b(c)?.d 5 + x * 2 fetch<u8>(1) as 3 -> b => c ; , , race < x => (y) > >",
    r#"choose(x.y()) < (Some(a), 1..=2) if (a < 3) => fetch (None, b) | C { d, .. } => seq < parse store > 404 => missing
        "s" if f(x) && y > 2 => choose(|r| r.z) < A = b, B -> c C > d > -1 => e & F => g, _ => |x| { x } >"#,
];

#[test]
fn the_long_one_is_sound() {
    sound(LONG[0]);
    sound(LONG[1]);
}

#[test]
fn every_prefix_by_characters() {
    for text in LONG {
        for (end, _) in text.char_indices() {
            if let Ok(tokens) = TokenStream::from_str(&text[..end]) {
                read_tokens(tokens);
            }
        }
    }
}

#[test]
fn every_prefix_by_tokens_and_every_gap() {
    for text in LONG {
        let tokens: Vec<TokenTree> = TokenStream::from_str(text).expect("tokens").into_iter().collect();
        for end in 0..tokens.len() {
            read_tokens(tokens[..end].iter().cloned().collect());
            read_tokens(tokens[end..].iter().cloned().collect());
            let mut gap = tokens.clone();
            gap.remove(end);
            read_tokens(gap.into_iter().collect());
        }
    }
}

/// A prefix that ends inside a block is wrong, and says so in few words.
#[test]
fn an_unfinished_pipeline_has_few_errors() {
    let tokens: Vec<TokenTree> = TokenStream::from_str(LONG[0]).expect("tokens").into_iter().collect();
    let first_step = tokens.iter().position(|token| token.to_string() == "seq").expect("a block") + 1;
    for end in first_step..tokens.len() {
        let (_, errors) = read_tokens(tokens[..end].iter().cloned().collect());
        let open = 8;
        assert!(!errors.is_empty(), "{end}");
        assert!(errors.len() <= open, "{end}: {errors:#?}");
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        // splitmix64: a fixed sequence, so that a failure can be repeated.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    fn soup(&mut self, length: usize, depth: usize) -> TokenStream {
        (0..length).map(|_| self.token(depth)).collect()
    }

    fn token(&mut self, depth: usize) -> TokenTree {
        const WORDS: &[&str] = &[
            "seq",
            "par",
            "each",
            "circuit",
            "retry",
            "timeout",
            "catch",
            "race",
            "choose",
            "when",
            "let",
            "move",
            "async",
            "as",
            "crate",
            "error",
            "limit",
            "name",
            "collect",
            "backoff",
            "exponential",
            "full",
            "x",
            "fetch",
            "if",
            "match",
            "_",
            "mut",
            "self",
            "fn",
            "sqe",
            "unlimited",
            "dyn",
        ];
        const PUNCTS: &[char] = &[
            '<', '>', '<', '>', '|', '|', ',', ';', '=', ':', ':', '.', '?', '-', '&', '!', '#', '$', '*',
            '\'',
        ];
        match self.below(12) {
            0..=4 => Ident::new(WORDS[self.below(WORDS.len())], Span::call_site()).into(),
            5..=8 => {
                let c = PUNCTS[self.below(PUNCTS.len())];
                let spacing = if self.below(2) == 0 { Spacing::Joint } else { Spacing::Alone };
                Punct::new(c, spacing).into()
            }
            9 => {
                let all = [
                    "1",
                    "0",
                    "10s",
                    "1.5ms",
                    "7sec",
                    "\"a\"",
                    "'c'",
                    "1e3",
                    "0x1f",
                    "999999999999999999999999h",
                ];
                Literal::from_str(all[self.below(all.len())]).expect("a literal").into()
            }
            _ if depth == 0 => Ident::new("deep", Span::call_site()).into(),
            _ => {
                let kinds = [
                    Delimiter::Parenthesis,
                    Delimiter::Parenthesis,
                    Delimiter::Brace,
                    Delimiter::Bracket,
                    Delimiter::None,
                ];
                let length = self.below(6);
                Group::new(kinds[self.below(kinds.len())], self.soup(length, depth - 1)).into()
            }
        }
    }
}

#[test]
fn token_soup() {
    let mut random = Random(1);
    for round in 0..20_000 {
        let length = 1 + random.below(24);
        let soup = random.soup(length, 3);
        let text = soup.to_string();
        let (_, _) = read_tokens(soup);
        // The same with places in a file, for the rules of layout.
        if round % 4 == 0
            && let Ok(tokens) = TokenStream::from_str(&text.replace("<", "<\n").replace("|", "\n|"))
        {
            read_tokens(tokens);
        }
    }
}

#[test]
fn mutations_of_valid_text() {
    let tokens: Vec<TokenTree> = TokenStream::from_str(LONG[0]).expect("tokens").into_iter().collect();
    let mut random = Random(2);
    for _ in 0..5_000 {
        let mut tokens = tokens.clone();
        for _ in 0..=random.below(3) {
            let at = random.below(tokens.len());
            match random.below(3) {
                0 => drop(tokens.remove(at)),
                1 => tokens.insert(at, random.token(2)),
                _ => {
                    let other = random.below(tokens.len());
                    tokens.swap(at, other);
                }
            }
        }
        read_tokens(tokens.into_iter().collect());
    }
}

#[test]
fn endless_nesting_and_length() {
    for unit in [
        "seq < ",
        "<",
        "a = ",
        "let a = ",
        "|x| ",
        "|",
        "fetch::<",
        "a . ",
        "a + ",
        "a < ",
        "seq ",
        "race < ",
        "&",
        "| x : ",
        ">",
        ", ",
        "a ",
        "-",
        "if ",
        "async ",
        "as ",
        "retry(",
        "{",
        "fetch::<Vec<",
    ] {
        let text = unit.repeat(2_000);
        let text = match unit {
            "retry(" => format!("{}{}", "retry(".repeat(200), ")".repeat(200)),
            "{" => format!("{}{}", "{".repeat(200), "}".repeat(200)),
            _ => text,
        };
        read(&text);
    }
}
