//! A task by its path, with arguments and a name.

use proc_macro2::{Delimiter, Group, Ident, Punct, Spacing, TokenStream, TokenTree};

use super::called::is_method;
use super::cursor::Parser;
use super::{placeholder, slips};
use crate::ast::{Arguments, Leaf, Step, TaskPath};
use crate::types;
use crate::{blocks, duration, suggest, tokens};

impl Parser<'_> {
    /// Reads a leaf that begins here.
    pub(super) fn leaf(&mut self) -> Step {
        let start = self.at;
        let Some(path) = self.leaf_path() else { return Step::Hole(TokenStream::new()) };
        // `a => fetch (None, b) => store`: what stands there is the next arm.
        let arguments = if self.next_arm() { None } else { self.bump_group(Delimiter::Parenthesis) };
        if self.punct(0, '<') && self.sign_of_others().is_none() {
            return self.angle_after_leaf(start, &path, arguments);
        }
        if let Some(message) = no_task(&path, arguments.as_ref()) {
            let span = path.names.last().map_or_else(|| self.before(), Ident::span);
            self.errors.at(span, message);
            let _ = self.step_name();
            self.lost = false;
            return Step::Hole(TokenStream::new());
        }
        self.paths.push(path.clone());
        let arguments = match arguments {
            Some(group) if self.named_arguments(&path, &group) => None,
            arguments => arguments.map(|group| self.arguments(group)),
        };
        let name = self.step_name();
        self.lost = false;
        Step::Leaf(Leaf { path, arguments, name })
    }

    /// An expression path, up to where the next step begins.
    pub(super) fn leaf_path(&mut self) -> Option<TaskPath> {
        let start = self.at;
        let (mut names, mut generic, mut last_arguments) = (Vec::new(), false, None);
        if self.pair(0, ':', ':') {
            self.at += 2;
        }
        loop {
            let Some(name) = self.ident(0).filter(|_| self.is_name(0)) else {
                self.errors.at(self.before(), "expected a name after `::`");
                self.bump_group(Delimiter::Brace);
                return None;
            };
            names.push(name.clone());
            self.at += 1;
            if !self.pair(0, ':', ':') {
                break;
            }
            if !self.punct(2, '<') {
                self.at += 2;
                continue;
            }
            let open = self.at + 2;
            let end = tokens::angle_end(&self.tokens, open);
            let arguments = end.map(|end| tokens::part(&self.tokens, self.at, end + 1));
            let sound = arguments.is_some_and(types::is_turbofish);
            let Some(end) = end.filter(|_| sound) else {
                self.at = open;
                let message = if end.is_some_and(|end| end == open + 1) {
                    "expected a type between `<` and `>`; write `::<Type>`"
                } else {
                    "these generic arguments are not complete; write `::<Type>`"
                };
                self.errors.at(self.here(), message);
                self.at = if end.is_some_and(|end| end == open + 1) { open + 2 } else { open + 1 };
                return None;
            };
            generic = true;
            let colons = self.at;
            self.at = end + 1;
            if !self.pair(0, ':', ':') {
                last_arguments = Some(colons);
                break;
            }
            self.at += 2;
        }
        if let [TokenTree::Ident(root)] = self.since(start)
            && (root == "crate" || root == "super")
        {
            let message = format!("expected `::` and a name after `{root}`");
            self.errors.at(root.span(), message);
            return None;
        }
        let path = self.since(start);
        let (tokens, sound) = (tokens::collect(path), types::is_expression_path(path));
        if !sound {
            self.errors.over(tokens, "expected the path of a task, such as `module::fetch`");
            return None;
        }
        let arguments = last_arguments.unwrap_or(self.at);
        let ty = tokens::collect(tokens::part(&self.tokens, start, arguments));
        let arguments = tokens::collect(self.since(arguments));
        Some(TaskPath { tokens, ty, arguments, names, generic })
    }

    /// Looks for the `_` that stands for the piped value.
    fn arguments(&mut self, group: Group) -> Arguments {
        slips::in_code(&group.stream(), self.errors);
        let content = tokens::list(group.stream());
        let mut piped = None;
        let mut more = Vec::new();
        for (argument, _) in tokens::split_commas(&content) {
            if let Some(token) = tokens::sole(argument)
                && tokens::is_word(Some(&token), "_")
            {
                if piped.is_none() {
                    piped = Some(token.span());
                } else {
                    more.push(token.span());
                }
            }
        }
        if let Some(second) = more.first() {
            let message = "`_` is the piped value and can be given away once; name it with `let`, or clone it in `|x| { … }`";
            self.errors.at(*second, message);
        }
        if let Some(inside) = placeholder::inside(&group) {
            let message = "`_` is a whole argument; name what is piped, `let x = _`, before this step, and use `x` here";
            self.errors.at(inside, message);
        }
        if more.is_empty() && !duration::occurs(&group.stream()) {
            return Arguments { group, piped };
        }
        // What was reported is not left for the compiler to report again.
        let mut seen = false;
        let content = tokens::map(group.stream(), &mut |token| {
            let sole = tokens::sole(std::slice::from_ref(&token));
            let placeholder = tokens::is_word(sole.as_ref(), "_") && !more.is_empty();
            if placeholder && std::mem::replace(&mut seen, true) {
                duration::unit_value(token.span())
            } else {
                token
            }
        });
        let content = duration::refuse(content, self.errors);
        Arguments { group: duration::regroup(&group, content), piped }
    }

    /// `fetch<u8>(1)`, `sqe < … >` or `a < b`.
    fn angle_after_leaf(&mut self, start: usize, path: &TaskPath, arguments: Option<Group>) -> Step {
        let hole = Step::Hole(TokenStream::new());
        let span = self.tokens.get(start).map_or_else(|| self.here(), TokenTree::span);
        let end = tokens::angle_end(&self.tokens, self.at);
        let ident = match path.names.as_slice() {
            [ident] if path.tokens.clone().into_iter().count() == 1 => Some(ident.to_string()),
            _ => None,
        };
        let near = ident.as_deref().and_then(|ident| suggest::closest(ident, &blocks::keywords()));
        let meant = ident.as_deref().and_then(blocks::meant);

        // A `>` that some open block needs does not close generic arguments.
        let generics = end.filter(|end| {
            let called = tokens::as_group(self.tokens.get(end + 1), Delimiter::Parenthesis).is_some();
            let content = tokens::part(&self.tokens, self.at + 1, *end);
            arguments.is_none()
                && self.closings_from(end + 1) >= self.brackets.depth()
                && (called || (meant.is_none() && !path.generic) || types::is_surely_type(content))
                && is_types(content)
        });
        if let Some(end) = generics {
            self.at = end + 1;
            let shown = tokens::show(tokens::part(&self.tokens, start, end + 1));
            let call = self.bump_group(Delimiter::Parenthesis);
            let call = call.map(|group| tokens::show(&[group.into()])).unwrap_or_default();
            let shown = shown.replacen('<', "::<", 1);
            self.errors.at(span, format!("for generic arguments write `{shown}{call}`"));
            self.paths.push(path.clone());
            let _ = self.step_name();
            return hole;
        }
        let closed = end.is_some() && self.closings_from(self.at + 1) > self.brackets.depth();
        let operand = matches!(self.peek(1), Some(TokenTree::Literal(_)));
        let near = if closed && !operand { meant } else { near };
        if near.is_none() && (!closed || operand) {
            self.errors.at(span, "an expression is no step; write `|x| { … }` with it as the body");
            self.at += 1;
            self.skip_expression();
            return hole;
        }
        let message = match (&ident, near) {
            (Some(ident), Some(near)) => format!("there is no block `{ident}`; did you mean `{near}`?"),
            (Some(ident), None) => {
                let known = suggest::enumerate(&blocks::keywords());
                format!("there is no block `{ident}`; the blocks are {known}")
            }
            (None, _) => "a path opens no block; expected a keyword, such as `seq`, before `<`".to_owned(),
        };
        self.errors.at(span, message);
        self.body(start);
        hole
    }
}

/// What to write for a path that is none of a task: a function of a type, or one of the four variants that every module sees.
fn no_task(path: &TaskPath, arguments: Option<&Group>) -> Option<String> {
    let (last, owner) = match path.names.as_slice() {
        [.., owner, last] => (last, Some(owner)),
        [last] => (last, None),
        [] => return None,
    };
    let of_type = owner.is_some_and(|owner| types::begins_large(owner) || types::is_primitive(owner));
    let is_variant = tokens::is_one_of(last, &["Some", "None", "Ok", "Err"])
        && owner.is_none_or(|owner| tokens::is_one_of(owner, &["Option", "Result"]));
    let method = of_type && !types::begins_large(last);
    if !(is_variant || method) {
        return None;
    }
    let written = tokens::source_text(&path.tokens);
    let (bar, call) = match arguments {
        _ if last == "None" => ("_", written.clone()),
        None if owner.is_some_and(|owner| is_method(owner, last)) => ("x", format!("x.{last}()")),
        None => ("x", format!("{written}(x)")),
        Some(group) => {
            let content = tokens::list(group.stream());
            let mut takes = false;
            let given = tokens::map(group.stream(), &mut |token| match token {
                TokenTree::Ident(word) if word == "_" => {
                    takes = true;
                    Ident::new("x", word.span()).into()
                }
                token => token,
            });
            let given =
                if tokens::count(&content) > 12 { "…".to_owned() } else { tokens::source_text(&given) };
            (if takes { "x" } else { "_" }, format!("{written}({given})"))
        }
    };
    Some(if is_variant {
        format!("`{last}` is no task; write `|{bar}| {{ {call} }}`")
    } else {
        format!("a task is a free function, and this belongs to a type; write `|{bar}| {{ {call} }}`")
    })
}

/// Whether tokens can be a list of types, and are no steps: those stand side by side without commas.
fn is_types(tokens: &[TokenTree]) -> bool {
    let punct = |c, spacing| TokenTree::Punct(Punct::new(c, spacing));
    let mut turbofish =
        vec![punct(':', Spacing::Joint), punct(':', Spacing::Alone), punct('<', Spacing::Alone)];
    turbofish.extend_from_slice(tokens);
    turbofish.push(punct('>', Spacing::Alone));
    types::is_turbofish(&turbofish)
}
