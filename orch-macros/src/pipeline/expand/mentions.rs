//! What a text with a mistake uses all the same: without it the compiler would call unused what is only used there.

use orch_syntax::ast::{Block, Item, Pipeline, Step, TaskPath, Value};
use orch_syntax::{blocks, tokens};
use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use quote::quote;

/// How deep code is looked at.
const MAX_DEPTH: usize = 32;

/// Macros whose arguments are expressions.
const FORMATTING: &[&str] = &[
    "format", "print", "println", "eprint", "eprintln", "write", "writeln", "vec", "dbg", "panic", "assert",
];

/// The tasks, in the position of a type, where an editor completes them.
pub(super) fn mentions(paths: &[TaskPath]) -> TokenStream {
    let paths = paths.iter().map(|path| {
        let tokens = tokens::list(path.tokens.clone());
        let colons = if tokens::is_pair(&tokens, 0, ':', ':') { 2 } else { 0 };
        let (root, names) = (tokens::collect(tokens::part(&tokens, 0, colons)), &path.names);
        quote!(#root #(#names)::*)
    });
    quote! {
        #[allow(dead_code, unused)]
        type __Tasks = (#(#paths,)*);
    }
}

/// The variables and functions in code that is left out of the expansion, in a closure that nobody calls: in the values of options that
/// a block does not have, or cannot read, and in a step that is not finished.
pub(super) fn left_out(pipeline: &Pipeline, unfinished: &[TokenStream]) -> TokenStream {
    fn of_step(step: &Step, values: &mut Vec<TokenStream>) {
        match step {
            Step::Block(block) => of_block(block, values),
            Step::Undo(undo) => {
                of_step(&undo.step, values);
                of_step(&undo.undo, values);
            }
            Step::Leaf(_) | Step::Inline(_) | Step::Embed(_) | Step::Hole(_) => {}
        }
    }

    fn of_block(block: &Block, values: &mut Vec<TokenStream>) {
        for (at, option) in block.options.iter().enumerate() {
            let name = option.name.to_string();
            let is_second = block.options.iter().take(at).any(|other| other.name == name);
            if let Some(Value::Expr(code)) = &option.value
                && (is_second || block.spec.option(&name).is_none())
            {
                values.push(without_words(code));
            }
        }
        // Also those in which only a `_` or a `=` is wrong. What is wrong with others may be a name.
        for option in &block.unread {
            let spec = block.spec.option(&option.name.to_string());
            if let Some(Value::Expr(code)) = &option.value
                && (spec.is_none() || holds_a_placeholder(code))
            {
                values.push(without_words(code));
            }
        }
        block.body.iter().filter_map(Item::step).for_each(|step| of_step(step, values));
    }

    let mut values = unfinished.to_vec();
    of_step(&pipeline.root, &mut values);
    let mut words = Words::default();
    for code in values {
        words.code(&tokens::list(code), 0);
    }
    let mut of_pipeline = Words::default();
    pipeline.lets.iter().for_each(|entry| of_pipeline.binds(entry.pattern.identifiers()));
    pipeline.input.iter().for_each(|input| of_pipeline.binds(input.pattern.identifiers()));
    of_pipeline.lets(&pipeline.root);
    let is_outer = |word: &&Ident| {
        let word = word.to_string();
        !(words.bound.contains(&word) || of_pipeline.bound.contains(&word))
    };
    let used: Vec<&Ident> = words.used.iter().filter(is_outer).collect();
    if used.is_empty() {
        return TokenStream::new();
    }
    quote! {
        #[allow(unused, clippy::all, clippy::pedantic)]
        let _ = || { #(let _ = #used;)* };
    }
}

/// A value without a word of the language's own at its beginning, of whatever option.
fn without_words(value: &TokenStream) -> TokenStream {
    let options = || blocks::BLOCKS.iter().flat_map(|spec| spec.options);
    let is_word = |token: &TokenTree| {
        let text = token.to_string();
        options().any(|option| option.kind.words().iter().any(|word| word.word == text))
    };
    value.clone().into_iter().skip_while(is_word).collect()
}

/// Words of some code: those that it binds, in whatever scope, and those that may be variables or functions from around it.
#[derive(Default)]
struct Words {
    bound: Vec<String>,
    used: Vec<Ident>,
}

impl Words {
    fn binds(&mut self, names: &[Ident]) {
        self.bound.extend(names.iter().map(ToString::to_string));
    }

    /// The names that a tree binds.
    fn lets(&mut self, step: &Step) {
        let Step::Block(block) = step else { return };
        for item in &block.body {
            match item {
                Item::Let(named) => self.binds(named.pattern.identifiers()),
                Item::Piped(named) => self.binds(named.pattern.identifiers()),
                Item::Arm(arm) => self.binds(arm.pattern.identifiers()),
                Item::Step(_) => {}
            }
            item.step().into_iter().for_each(|step| self.lets(step));
        }
    }

    /// Rust: an expression, arguments, a body, options.
    fn code(&mut self, code: &[TokenTree], depth: usize) {
        self.bindings(code);
        for (at, token) in code.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|before| code.get(before));
            match token {
                TokenTree::Ident(word) => {
                    let sign = |c| tokens::is_punct(before, c);
                    let part = sign('.') || sign(':') || sign('\'') || sign('#');
                    let next = code.get(at + 1);
                    let names = ['!', ':', '=', '@'].iter().any(|c| tokens::is_punct(next, *c))
                        && !tokens::is_pair(code, at + 1, '=', '=')
                        && !tokens::is_pair(code, at + 1, '!', '=');
                    let text = word.to_string();
                    let is_type = text.starts_with(char::is_uppercase) || after_type(code, at);
                    let is_known = self.used.iter().any(|used| used == word);
                    if !(part || names || is_type || is_known || tokens::is_keyword(&text)) {
                        self.used.push(word.clone());
                    }
                }
                TokenTree::Group(group) if depth < MAX_DEPTH => {
                    let name = at.checked_sub(2).and_then(|name| tokens::as_ident(code.get(name)));
                    let of_macro = tokens::is_punct(before, '!');
                    if !of_macro || name.is_some_and(|name| tokens::is_one_of(name, FORMATTING)) {
                        self.code(&tokens::list(group.stream()), depth + 1);
                    }
                }
                _ => {}
            }
        }
    }

    /// What some code binds: after `let` and `for`, between bars, before `=>`. More than that is no harm.
    fn bindings(&mut self, code: &[TokenTree]) {
        let mut at = 0;
        while let Some(token) = code.get(at) {
            let end = match token {
                TokenTree::Ident(word)
                    if tokens::is_one_of(word, &["let", "for", "fn", "static", "const", "use"]) =>
                {
                    let ends = |index: &usize| {
                        let token = code.get(*index);
                        tokens::is_punct(token, '=')
                            || tokens::is_punct(token, ';')
                            || tokens::is_word(token, "in")
                    };
                    (at..code.len()).find(ends)
                }
                TokenTree::Punct(bar) if bar.as_char() == '|' => {
                    (at + 1..code.len()).find(|index| tokens::is_punct(code.get(*index), '|'))
                }
                _ if tokens::is_pair(code, at, '=', '>') => {
                    let start = (0..at).rev().find(|index| {
                        let token = code.get(*index);
                        tokens::is_punct(token, ',') || tokens::as_group(token, Delimiter::Brace).is_some()
                    });
                    self.all(tokens::part(code, start.unwrap_or(0), at));
                    None
                }
                _ => None,
            };
            if let Some(end) = end {
                self.all(tokens::part(code, at, end));
            }
            let next = code.get(at + 1);
            if (tokens::is_punct(next, ':') && !tokens::is_pair(code, at + 1, ':', ':'))
                || tokens::is_word(next, "in")
            {
                self.all(tokens::part(code, at, at + 1));
            }
            at += 1;
        }
    }

    fn all(&mut self, code: &[TokenTree]) {
        for token in code {
            match token {
                TokenTree::Ident(word) => self.bound.push(word.to_string()),
                TokenTree::Group(group) => self.all(&tokens::list(group.stream())),
                _ => {}
            }
        }
    }
}

/// Whether a word stands in a type: after `as`, `->`, or in `::<…>`.
fn after_type(code: &[TokenTree], at: usize) -> bool {
    let before = at.checked_sub(1).and_then(|before| code.get(before));
    let sign = matches!(before, Some(TokenTree::Punct(punct)) if matches!(punct.as_char(), '<' | '>'))
        || (tokens::is_punct(before, ',')
            && code.iter().take(at).any(|token| tokens::is_punct(Some(token), '<')));
    sign || tokens::is_word(before, "as") || tokens::is_word(before, "dyn") || tokens::is_word(before, "impl")
}

/// Whether a `_` stands in code.
fn holds_a_placeholder(code: &TokenStream) -> bool {
    code.clone().into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == "_",
        TokenTree::Group(group) => holds_a_placeholder(&group.stream()),
        _ => false,
    })
}
