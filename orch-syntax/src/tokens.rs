//! Looking at token sequences without parsing them: code that is Rust's is never parsed by the macro.

use proc_macro2::{Delimiter, Group, Ident, LineColumn, Literal, Spacing, Span, TokenStream, TokenTree};

/// Words of Rust that name nothing.
const KEYWORDS: &[&str] = &[
    "_", "abstract", "as", "async", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "Self", "self", "static",
    "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual",
    "where", "while", "yield",
];

/// Whether a word is one of Rust's own, or `_`, and so names nothing.
pub fn is_keyword(word: &str) -> bool {
    KEYWORDS.contains(&word)
}

/// A stream as a list.
pub fn list(stream: TokenStream) -> Vec<TokenTree> {
    stream.into_iter().collect()
}

/// A list as a stream.
pub fn collect(tokens: &[TokenTree]) -> TokenStream {
    TokenStream::from_iter(tokens.to_vec())
}

/// The tokens with another one in the place of each.
pub fn map(stream: TokenStream, change: &mut dyn FnMut(TokenTree) -> TokenTree) -> TokenStream {
    let mut tokens = list(stream);
    for token in &mut tokens {
        *token = change(token.clone());
    }
    tokens.into_iter().collect()
}

/// The part of `tokens` in a range, empty where there is none.
pub fn part(tokens: &[TokenTree], from: usize, to: usize) -> &[TokenTree] {
    tokens.get(from..to.min(tokens.len())).unwrap_or(&[])
}

/// How many tokens there are, those in groups and their brackets too.
pub(crate) fn count(tokens: &[TokenTree]) -> usize {
    let size = |token: &TokenTree| match token {
        TokenTree::Group(group) => 2 + count(&list(group.stream())),
        _ => 1,
    };
    tokens.iter().map(size).sum()
}

/// Whether a token is this character.
pub fn is_punct(token: Option<&TokenTree>, c: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == c)
}

/// Two characters that Rust reads as one token, such as `->`.
pub fn is_pair(tokens: &[TokenTree], at: usize, first: char, second: char) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == first && punct.spacing() == Spacing::Joint)
        && is_punct(tokens.get(at + 1), second)
}

/// Whether a token is this identifier or keyword.
pub fn is_word(token: Option<&TokenTree>, word: &str) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if ident == word)
}

/// Whether an identifier is one of these words.
pub fn is_one_of(ident: &Ident, words: &[&str]) -> bool {
    words.contains(&ident.to_string().as_str())
}

/// The identifier that a token is.
pub fn as_ident(token: Option<&TokenTree>) -> Option<&Ident> {
    match token {
        Some(TokenTree::Ident(ident)) => Some(ident),
        _ => None,
    }
}

/// The group between these delimiters that a token is.
pub fn as_group(token: Option<&TokenTree>, delimiter: Delimiter) -> Option<&Group> {
    match token {
        Some(TokenTree::Group(group)) if group.delimiter() == delimiter => Some(group),
        _ => None,
    }
}

/// The one literal that these tokens are, also when it came through a `macro_rules!` fragment.
pub(crate) fn sole_literal(tokens: &[TokenTree]) -> Option<Literal> {
    match sole(tokens)? {
        TokenTree::Literal(literal) => Some(literal),
        _ => None,
    }
}

/// The one token that these tokens are, out of the invisible group that `$fragment` leaves around it.
pub fn sole(tokens: &[TokenTree]) -> Option<TokenTree> {
    let [token] = tokens else { return None };
    let mut token = token.clone();
    loop {
        let TokenTree::Group(group) = &token else { return Some(token) };
        if group.delimiter() != Delimiter::None {
            return Some(token);
        }
        let mut inner = group.stream().into_iter();
        let (first, second) = (inner.next(), inner.next());
        match (first, second) {
            (Some(only), None) => token = only,
            _ => return None,
        }
    }
}

/// The tokens out of the invisible groups that are around all of them.
pub fn whole(tokens: &[TokenTree]) -> Vec<TokenTree> {
    let mut whole = tokens.to_vec();
    while let [TokenTree::Group(group)] = whole.as_slice()
        && group.delimiter() == Delimiter::None
    {
        whole = list(group.stream());
    }
    whole
}

/// The tokens out of the invisible groups that `$fragment` leaves around them, but for those groups that `stays` says.
pub fn visible(tokens: TokenStream, stays: fn(&Group) -> bool) -> Vec<TokenTree> {
    let mut open = Vec::new();
    let mut todo = list(tokens);
    todo.reverse();
    while let Some(token) = todo.pop() {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::None && !stays(&group) => {
                let inner = list(group.stream());
                todo.extend(inner.into_iter().rev());
            }
            token => open.push(token),
        }
    }
    open
}

/// A declaration's tokens out of the invisible groups that `$fragment` leaves in them. What is an expression there, the
/// length of an array and whatever stands in braces, stays as it is, and so does what an attribute or a macro is given.
pub fn declaration(tokens: TokenStream) -> Vec<TokenTree> {
    let mut open = visible(tokens, joins);
    for at in 0..open.len() {
        let foreign = at
            .checked_sub(1)
            .is_some_and(|before| is_punct(open.get(before), '#') || is_punct(open.get(before), '!'));
        let Some(TokenTree::Group(group)) = open.get_mut(at).filter(|_| !foreign) else { continue };
        if group.delimiter() == Delimiter::Brace || !has_invisible(group.stream()) {
            continue;
        }
        let content = list(group.stream());
        let is_semicolon = |token: &TokenTree| is_punct(Some(token), ';');
        let length = content.iter().position(is_semicolon).unwrap_or(content.len());
        let mut opened = declaration(collect(part(&content, 0, length)));
        opened.extend_from_slice(part(&content, length, content.len()));
        let mut changed = Group::new(group.delimiter(), opened.into_iter().collect());
        changed.set_span(group.span());
        *group = changed;
    }
    open
}

fn has_invisible(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => group.delimiter() == Delimiter::None || has_invisible(group.stream()),
        _ => false,
    })
}

/// Whether an invisible group is `A + B`: its `+` joins nothing outside of it, as if it stood in parentheses.
pub fn joins(group: &Group) -> bool {
    group.stream().into_iter().any(|token| is_punct(Some(&token), '+'))
}

/// Whether the `>` at `at` is one, and not the end of `->` or `=>`.
pub fn closes_angle(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens.get(at), '>')
        && !at
            .checked_sub(1)
            .is_some_and(|before| is_pair(tokens, before, '-', '>') || is_pair(tokens, before, '=', '>'))
}

/// Where the `<` of generic arguments at `at` is closed.
pub fn angle_end(tokens: &[TokenTree], at: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (index, token) in tokens.iter().enumerate().skip(at) {
        if is_punct(Some(token), '<') {
            depth += 1;
        } else if closes_angle(tokens, index) {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(index);
            }
        } else if is_punct(Some(token), ';') {
            return None;
        }
    }
    None
}

/// The places of what stands outside of generic arguments.
pub fn outside_angles(tokens: &[TokenTree]) -> Vec<usize> {
    let mut outside = Vec::new();
    let mut depth = 0usize;
    for (at, token) in tokens.iter().enumerate() {
        if is_punct(Some(token), '<') {
            depth += 1;
        } else if closes_angle(tokens, at) {
            depth = depth.saturating_sub(1);
        } else if depth == 0 {
            outside.push(at);
        }
    }
    outside
}

/// The parts between a character, where it stands outside of generic arguments. Empty parts are left out.
pub fn split_outside_angles(tokens: &[TokenTree], c: char) -> Vec<&[TokenTree]> {
    let mut parts = Vec::new();
    let mut start = 0;
    for at in outside_angles(tokens) {
        if is_punct(tokens.get(at), c) {
            parts.push(part(tokens, start, at));
            start = at + 1;
        }
    }
    parts.push(part(tokens, start, tokens.len()));
    parts.retain(|part| !part.is_empty());
    parts
}

/// Whether one of these names stands in some code, in the braces of a format string too. After a `.` it is a field or a method.
pub fn mentions(code: &TokenStream, names: &[String]) -> bool {
    let mut before = None;
    code.clone().into_iter().any(|token| {
        let is_part = is_punct(before.as_ref(), '.');
        before = Some(token.clone());
        match token {
            TokenTree::Ident(word) => !is_part && names.iter().any(|name| word == name),
            TokenTree::Group(group) => mentions(&group.stream(), names),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let between = |c: char| !(c.is_alphanumeric() || c == '_');
                text.contains('{') && text.split(between).any(|word| names.iter().any(|name| word == name))
            }
            TokenTree::Punct(_) => false,
        }
    })
}

/// Whether an expression may end in this token.
pub(crate) fn ends_expression(token: Option<&TokenTree>) -> bool {
    const OPEN: &[&str] = &[
        "as", "async", "become", "box", "break", "const", "do", "dyn", "else", "for", "if", "impl", "in",
        "let", "loop", "match", "move", "mut", "ref", "return", "static", "unsafe", "where", "while",
        "yield",
    ];
    match token {
        Some(TokenTree::Ident(word)) => !is_one_of(word, OPEN),
        Some(TokenTree::Literal(_) | TokenTree::Group(_)) => true,
        _ => false,
    }
}

/// Whether an expression that may end before this token cannot go on with it.
pub(crate) fn begins_another(token: Option<&TokenTree>) -> bool {
    match token {
        Some(TokenTree::Ident(word)) => !(word == "as" || word == "else"),
        Some(TokenTree::Literal(_)) => true,
        _ => false,
    }
}

/// The place of the first token that no expression goes on with: what stands before it is one already.
pub(crate) fn second_expression(code: &[TokenTree]) -> Option<usize> {
    (1..code.len()).find(|at| {
        let (before, token) = (code.get(at - 1), code.get(*at));
        // `break 'name value`, `&'a T`, `&raw const x`.
        let is_lifetime = at.checked_sub(2).is_some_and(|before| is_punct(code.get(before), '\''));
        let is_raw = is_word(before, "raw") && (is_word(token, "const") || is_word(token, "mut"));
        ends_expression(before) && begins_another(token) && !is_lifetime && !is_raw
    })
}

/// Splits Rust code at its top-level commas: not at those between the bars of a closure, nor at those of
/// generic arguments. Gives each part with the comma after it.
pub fn split_commas(tokens: &[TokenTree]) -> Vec<(&[TokenTree], Option<Span>)> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut at = 0;
    // Whether an operand may begin here, so that `|` opens a closure and `<` a qualified path.
    let mut operand = true;
    while let Some(token) = tokens.get(at) {
        let mut next = at + 1;
        match token {
            TokenTree::Punct(punct) => match punct.as_char() {
                ',' => {
                    parts.push((part(tokens, start, at), Some(punct.span())));
                    start = next;
                    operand = true;
                }
                '|' if operand => {
                    if let Some(end) = closure_head_end(tokens, at) {
                        next = end + 1;
                    }
                }
                '<' if operand || after_turbofish(tokens, at) || after_cast(tokens, at) => {
                    if let Some(end) = angle_end(tokens, at) {
                        next = end + 1;
                    }
                    operand = false;
                }
                '?' => operand = false,
                '\'' => {}
                _ => operand = true,
            },
            TokenTree::Ident(ident) => {
                operand = opens_operand(ident);
            }
            TokenTree::Literal(_) | TokenTree::Group(_) => operand = false,
        }
        at = next;
    }
    if start < tokens.len() {
        parts.push((part(tokens, start, tokens.len()), None));
    }
    parts
}

/// Whether an operand may begin at `at`, so that a `|` there opens a closure.
pub fn begins_operand(tokens: &[TokenTree], at: usize) -> bool {
    match at.checked_sub(1).and_then(|before| tokens.get(before)) {
        None => true,
        Some(TokenTree::Punct(punct)) => !matches!(punct.as_char(), '?' | '|'),
        Some(TokenTree::Ident(word)) => opens_operand(word),
        Some(TokenTree::Literal(_) | TokenTree::Group(_)) => false,
    }
}

/// Whether an operand follows a word.
fn opens_operand(word: &Ident) -> bool {
    is_one_of(word, &["move", "async", "return", "break", "in", "if", "match", "static", "else"])
}

/// Whether these tokens begin as a closure does, `async` or not.
pub(crate) fn is_closure(tokens: &[TokenTree]) -> bool {
    let words = tokens
        .iter()
        .take_while(|token| matches!(token, TokenTree::Ident(word) if is_one_of(word, &["async", "move"])));
    is_punct(tokens.get(words.count()), '|')
}

/// The last token of `|a, b|` or `|a, b| -> Type`.
pub fn closure_head_end(tokens: &[TokenTree], at: usize) -> Option<usize> {
    let bar = (at + 1..tokens.len()).find(|index| is_punct(tokens.get(*index), '|'))?;
    if !is_pair(tokens, bar + 1, '-', '>') {
        return Some(bar);
    }
    let body =
        (bar + 3..tokens.len()).find(|index| as_group(tokens.get(*index), Delimiter::Brace).is_some())?;
    body.checked_sub(1)
}

fn after_turbofish(tokens: &[TokenTree], at: usize) -> bool {
    at.checked_sub(2).is_some_and(|before| is_pair(tokens, before, ':', ':'))
}

/// Whether the tokens before a `<` are `as some::Path`.
fn after_cast(tokens: &[TokenTree], at: usize) -> bool {
    let mut path = part(tokens, 0, at).iter().rev().peekable();
    while let Some(token) = path.next() {
        let TokenTree::Ident(_) = token else { return false };
        if is_word(path.peek().copied(), "as") {
            return true;
        }
        if !(is_punct(path.next(), ':') && is_punct(path.next(), ':')) {
            return false;
        }
    }
    false
}

/// Whether a type, pattern or path is small enough for the stack of what reads it.
pub(crate) fn is_reasonable(tokens: &[TokenTree]) -> bool {
    let mut puncts = 0usize;
    let mut todo = vec![(collect(tokens), 0)];
    while let Some((stream, depth)) = todo.pop() {
        for token in stream {
            match token {
                TokenTree::Group(_) if depth >= 64 => return false,
                TokenTree::Group(group) => todo.push((group.stream(), depth + 1)),
                // What can nest without brackets.
                TokenTree::Punct(punct) if matches!(punct.as_char(), '&' | '*' | '<' | '-' | '!' | '|') => {
                    puncts += 1;
                }
                _ => {}
            }
            if puncts > 200 {
                return false;
            }
        }
    }
    true
}

/// The tokens spaced as they are in the source, a line break as one space. (`to_string` sets a space between any two.)
pub fn source_text(tokens: &TokenStream) -> String {
    source_text_with(tokens, &TokenTree::to_string)
}

/// The same, where `written` says how a token is written that is no group.
pub(crate) fn source_text_with(tokens: &TokenStream, written: &dyn Fn(&TokenTree) -> String) -> String {
    fn write(
        tokens: TokenStream,
        written: &dyn Fn(&TokenTree) -> String,
        text: &mut String,
        end: &mut Option<LineColumn>,
    ) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::None => ("", ""),
                    };
                    push(open, group.span_open(), text, end);
                    write(group.stream(), written, text, end);
                    push(close, group.span_close(), text, end);
                }
                token => push(&written(&token), token.span(), text, end),
            }
        }
    }

    fn push(token: &str, span: Span, text: &mut String, end: &mut Option<LineColumn>) {
        if end.is_some_and(|end| end != span.start()) {
            text.push(' ');
        }
        text.push_str(token);
        *end = Some(span.end());
    }

    let mut text = String::new();
    write(tokens.clone(), written, &mut text, &mut None);
    text
}

/// Short code as one would write it, for messages; long groups are left out.
pub(crate) fn show(tokens: &[TokenTree]) -> String {
    let mut text = String::new();
    let mut glue = true;
    for token in tokens {
        let word = matches!(token, TokenTree::Ident(_) | TokenTree::Literal(_));
        if word && !glue {
            text.push(' ');
        }
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                let inner: Vec<TokenTree> = group.stream().into_iter().take(9).collect();
                text.push_str(open);
                if inner.len() > 8 {
                    text.push('…');
                } else {
                    text.push_str(&show(&inner));
                }
                text.push_str(close);
            }
            TokenTree::Punct(punct) if punct.as_char() == ',' => text.push_str(", "),
            other => text.push_str(&other.to_string()),
        }
        glue = !word;
    }
    text.trim_end().to_owned()
}
