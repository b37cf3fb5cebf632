//! What is called as a value is, and is no step: methods, macros, and tasks in the way of functions.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};

use super::cursor::Parser;
use super::placeholder::{self, MAX_SHOWN};
use super::value::unnamed;
use crate::ast::{Leaf, Step, TaskPath};
use crate::{blocks, tokens, types};

/// Methods by which other libraries join steps.
const JOINS: &[&str] = &["and_then", "chain", "map", "pipe", "then"];

/// Macros that give nothing.
const NOTES: &[&str] = &[
    "assert",
    "assert_eq",
    "assert_ne",
    "debug",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "error",
    "info",
    "print",
    "println",
    "trace",
    "warn",
];

impl Parser<'_> {
    /// Reports and steps over the methods that are called on the step that began at `start`.
    pub(super) fn methods(&mut self, step: &Step, start: usize) -> Step {
        let (dot, here) = (self.at, self.here());
        if self.since(start).len() == 1 {
            // A variable, and no task.
            self.paths.pop();
        }
        let joined = self.ident(1).zip(self.group(2, Delimiter::Parenthesis)).and_then(joined);
        self.skip_expression_tail();
        let tail = tokens::part(&self.tokens, dot, self.at);
        let message = joined.or_else(|| match step {
            Step::Leaf(Leaf { arguments: None, name: None, .. }) => of_variable(self.since(start)),
            Step::Leaf(Leaf { name: None, .. }) => of_output(tokens::part(&self.tokens, start, dot), tail),
            _ => None,
        });
        let message = message.unwrap_or_else(|| {
            "a step has no methods; write `|x| { … }` with the call as the body".to_owned()
        });
        self.errors.at(here, message);
        let is_name = matches!(step, Step::Leaf(_));
        Step::Hole(if is_name { tokens::collect(self.since(start)) } else { TokenStream::new() })
    }

    /// Reports and steps over a macro whose `!` stands here, and whose path began at `start`.
    pub(super) fn macro_call(&mut self, start: usize) -> Step {
        self.paths.pop();
        let here = self.here();
        let name = self.at.checked_sub(1).and_then(|name| tokens::as_ident(self.tokens.get(name))).cloned();
        self.at += 1;
        let has_group = matches!(self.peek(0), Some(TokenTree::Group(_)));
        self.at += usize::from(has_group);
        let code = self.since(start).to_vec();
        self.skip_expression_tail();
        let message = name.filter(|_| has_group).and_then(|name| of_macro(&name, &code));
        let message = message
            .unwrap_or_else(|| "a macro is no step; write `|x| { … }` with the call as the body".to_owned());
        self.errors.at(here, message);
        Step::Hole(TokenStream::new())
    }

    /// `fetch 10`: an argument without its parentheses, beside a task that has none.
    pub(super) fn argument_beside(&mut self, start: usize) -> bool {
        let is_argument = match self.peek(0) {
            Some(TokenTree::Literal(literal)) => !literal.to_string().contains('"'),
            _ => false,
        };
        let is_arm = self.brackets.in_arms() && self.parts_at(self.at).is_some();
        if !is_argument || is_arm || self.starts_line(self.at) {
            return false;
        }
        let (here, argument) = (self.here(), self.at);
        self.skip_expression();
        let shown = |from, to| tokens::source_text(&tokens::collect(tokens::part(&self.tokens, from, to)));
        let call = format!("{}({})", shown(start, argument), shown(argument, self.at));
        self.errors.at(here, format!("an argument stands in parentheses; write `{call}`"));
        true
    }

    /// Where a path ends that begins at an index, with the arguments after it.
    fn call_end(&self, index: usize) -> Option<usize> {
        let name = |at: usize| {
            tokens::as_ident(self.tokens.get(at)).filter(|word| !tokens::is_keyword(&word.to_string()))
        };
        name(index)?;
        let mut end = index + 1;
        while tokens::is_pair(&self.tokens, end, ':', ':') && name(end + 2).is_some() {
            end += 3;
        }
        end += usize::from(tokens::as_group(self.tokens.get(end), Delimiter::Parenthesis).is_some());
        let goes_on = matches!(self.tokens.get(end), Some(TokenTree::Punct(punct)) if ".?!:+-*/%&^=<@".contains(punct.as_char()));
        (!goes_on && !self.block_at(index)).then_some(end)
    }

    /// What to say of `&fetch` in the place of a step.
    pub(super) fn borrowed_step(&self) -> Option<String> {
        let end = self.call_end(self.at + 1)?;
        let code = tokens::part(&self.tokens, self.at + 1, end);
        let shown = tokens::source_text(&tokens::collect(code));
        Some(format!("a task is written without `&`; write `{shown}`, or for a pipeline `{{ &{shown} }}`"))
    }

    /// What to say of `|x| fetch(x)`, whose body begins here and has no braces.
    pub(super) fn call_for_body(&self, parameter: &[TokenTree]) -> Option<String> {
        let [TokenTree::Ident(parameter)] = parameter else { return None };
        let end = self.call_end(self.at)?;
        let code = tokens::part(&self.tokens, self.at, end);
        let (TokenTree::Group(group), path) = code.split_last()? else { return None };
        let given = tokens::list(group.stream());
        let parts = tokens::split_commas(&given);
        let is_given = |part: &[TokenTree]| matches!(part, [TokenTree::Ident(word)] if word == parameter);
        if parts.iter().filter(|(part, _)| is_given(part)).count() != 1 || tokens::count(&given) > MAX_SHOWN {
            return None;
        }
        let path = tokens::source_text(&tokens::collect(path));
        let task = if parts.len() == 1 {
            path
        } else {
            let in_place = |token: TokenTree| match token {
                TokenTree::Ident(word) if word == *parameter => Ident::new("_", word.span()).into(),
                token => token,
            };
            let arguments = tokens::map(group.stream(), &mut |token| in_place(token));
            format!("{path}({})", tokens::source_text(&arguments))
        };
        let call = tokens::source_text(&tokens::collect(code));
        Some(format!(
            "an inline step has a braced body; write `|{parameter}| {{ {call} }}`, or for a task `{task}`"
        ))
    }

    /// `fetch(id = 10)`, `fetch(name = "x")`: arguments with names. Gives whether there were any.
    pub(super) fn named_arguments(&mut self, path: &TaskPath, group: &Group) -> bool {
        let content = tokens::list(group.stream());
        let parts = tokens::split_commas(&content);
        let is_named = |part: &&[TokenTree]| part.len() > unnamed(part).len();
        let Some(first) = parts.iter().map(|(part, _)| *part).find(is_named) else { return false };
        let path = tokens::source_text(&path.tokens);
        let (mut given, mut name) = (Vec::new(), None);
        for (part, _) in &parts {
            let shown = tokens::source_text(&tokens::collect(unnamed(part)));
            let word = tokens::as_ident(part.first()).filter(|_| is_named(part)).map(ToString::to_string);
            if word.is_some_and(|word| blocks::is_name_of_blocks(&word)) && shown.starts_with('"') {
                name = Some(shown);
            } else {
                given.push(shown);
            }
        }
        let call = if given.is_empty() { path.clone() } else { format!("{path}({})", given.join(", ")) };
        let message = match name {
            Some(name) => format!("a step is named by `as`; write `{call} as {name}`"),
            None => format!("what `{path}` is given has no name; write `{call}`"),
        };
        let at = first.first().map_or_else(|| group.span_open(), TokenTree::span);
        self.errors.at(at, message);
        true
    }
}

/// What to say of `.then(next)`.
fn joined((method, arguments): (&Ident, &Group)) -> Option<String> {
    let next = tokens::list(arguments.stream());
    let is_path = next.iter().all(|token| match token {
        TokenTree::Ident(_) => true,
        token => tokens::is_punct(Some(token), ':'),
    });
    let is_inline = tokens::is_closure(&next) && tokens::as_group(next.last(), Delimiter::Brace).is_some();
    if !tokens::is_one_of(method, JOINS) || next.is_empty() || !(is_path || is_inline) {
        return None;
    }
    let next = if tokens::count(&next) > MAX_SHOWN {
        "|x| { … }".to_owned()
    } else {
        tokens::source_text(&arguments.stream())
    };
    Some(format!("steps follow one another; for `.{method}(…)` write `{next}`"))
}

/// Code as the body of an inline step, which has a parameter if a `_` stands for what is piped.
fn as_body(code: &[TokenTree]) -> Option<(&'static str, String)> {
    if tokens::count(code) > MAX_SHOWN {
        return None;
    }
    Some(match placeholder::in_code(code) {
        Some(place) => ("x", placeholder::shown(code, place)),
        None => ("_", tokens::source_text(&tokens::collect(code))),
    })
}

/// The code without the `?` at its end, whose error ends the pipeline by itself.
fn unasked(code: &[TokenTree]) -> &[TokenTree] {
    match code {
        [before @ .., last] if tokens::is_punct(Some(last), '?') => before,
        code => code,
    }
}

fn awaits(code: &[TokenTree]) -> bool {
    code.iter().any(|token| tokens::is_word(Some(token), "await"))
}

/// What to say of `client.get(_)`, which is all of `code`.
fn of_variable(code: &[TokenTree]) -> Option<String> {
    let code = unasked(code);
    if tokens::is_punct(code.last(), '.') {
        return None;
    }
    let (bar, call) = as_body(code)?;
    if !matches!(code.last(), Some(TokenTree::Group(_))) && !awaits(code) {
        return Some(format!("a value is no step; to pipe one write `|_| {{ {call} }}`"));
    }
    Some(if awaits(code) {
        format!("a method is no step; write `async |{bar}| {{ {call} }}`")
    } else {
        format!(
            "a method is no step; write `|{bar}| {{ {call} }}`, or `async |{bar}| {{ {call}.await }}` if it is `async`"
        )
    })
}

/// What to say of methods that are called on what `step` gives.
fn of_output(step: &[TokenTree], methods: &[TokenTree]) -> Option<String> {
    let methods = unasked(methods);
    let ends = matches!(methods.last(), Some(TokenTree::Group(_) | TokenTree::Ident(_)));
    let (_, shown) = as_body(methods).filter(|_| ends && !awaits(methods))?;
    let (_, step) = as_body(step).filter(|(bar, _)| *bar == "_")?;
    Some(format!("a step has no methods; write `{step} |x| {{ x{shown} }}`"))
}

/// What to say of a macro that is called in the place of a step.
fn of_macro(name: &Ident, code: &[TokenTree]) -> Option<String> {
    let (bar, call) = as_body(code)?;
    Some(if tokens::is_one_of(name, NOTES) {
        format!("a macro is no step; write `|x| {{ {call}; x }}`")
    } else {
        format!("a macro is no step; write `|{bar}| {{ {call} }}`")
    })
}

/// Types of the standard library whose methods are called on what is piped.
const OF_STD: &[&str] = &[
    "BTreeMap", "BTreeSet", "Duration", "HashMap", "HashSet", "Option", "PathBuf", "Result", "String", "Vec",
    "VecDeque",
];

/// Whether a function of a type is called on a value of it, as far as the names tell.
pub(super) fn is_method(owner: &Ident, name: &Ident) -> bool {
    const MAKES: &[&str] = &["default", "new", "now", "parse"];
    let text = name.to_string();
    let makes = tokens::is_one_of(name, MAKES)
        || ["from", "new_", "try_", "with_"].iter().any(|begin| text.starts_with(begin));
    (tokens::is_one_of(owner, OF_STD) || types::is_primitive(owner)) && !makes
}
