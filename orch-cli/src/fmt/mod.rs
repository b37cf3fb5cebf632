//! `cargo orch fmt`: lays the pipelines of a file out anew.
//!
//! What it changes are the blanks between the parts of the language: blocks, options, names, steps. Code of the user's, the bodies
//! of closures, arguments, values, goes with the line that it begins on, and is left as it is apart from that. No comment is
//! moved to another token.

mod body;
mod code;
mod flat;
mod lines;
mod print;
mod read;
mod same;
mod style;
mod tree;

use orch_syntax::{conditional, parse};
use proc_macro2::{Delimiter, TokenStream};
use syn::parse::Parser;

pub use self::style::{Newline, Style};
use crate::find::{Invocation, find};
use crate::problem::Problem;
use crate::source::{Source, range};

/// A text whose pipelines are laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Formatted {
    /// The text.
    pub text: String,
    /// The pipelines that are left as they are, since they cannot be read, with their places in this text.
    pub problems: Vec<Problem>,
}

/// Laying out an outer pipeline moves an inner one, and that may no longer fit on its line; and what goes on over several lines says
/// how the block around it does. It settles at once, or after a round.
const ROUNDS: usize = 4;

/// Lays out the pipelines of a text: the invocations of macros of these names. `file` is what it is called in messages.
///
/// # Errors
///
/// If the text does not consist of Rust's tokens.
pub fn format(file: &str, text: &str, style: &Style, names: &[String]) -> Result<Formatted, Problem> {
    let mut formatted = Formatted { text: text.to_owned(), problems: Vec::new() };
    for _ in 0..ROUNDS {
        let before = formatted.text.clone();
        let mut problems = Vec::new();
        let mut depth = 0;
        loop {
            let source = Source::read(file, &formatted.text)?;
            let all = find(&source, names);
            let mark = if formatted.text.starts_with('\u{feff}') { "\u{feff}" } else { "" };
            let text = at_depth(&source, &all, depth, style, &mut problems);
            formatted.text = format!("{mark}{text}");
            depth += 1;
            if all.iter().all(|found| found.depth < depth) {
                break;
            }
        }
        // In the last round nothing moves, so these are their places.
        formatted.problems = problems;
        if formatted.text == before {
            break;
        }
    }
    formatted.problems.sort_by_key(|problem| problem.position);
    Ok(formatted)
}

/// The pipelines of a text that would be left as they are, with their places in it.
pub(crate) fn problems(
    file: &str,
    text: &str,
    style: &Style,
    names: &[String],
) -> Result<Vec<Problem>, Problem> {
    let source = Source::read(file, text)?;
    let all = find(&source, names);
    let left = all.iter().filter(|found| !found.skipped);
    Ok(left.filter_map(|found| invocation(&source, found, style).err()).collect())
}

/// The text with those pipelines laid out that stand in so many others.
fn at_depth(
    source: &Source,
    all: &[Invocation],
    depth: usize,
    style: &Style,
    problems: &mut Vec<Problem>,
) -> String {
    let (mut text, mut end) = (String::new(), 0);
    for found in all.iter().filter(|found| found.depth == depth && !found.skipped) {
        match invocation(source, found, style) {
            Ok(Some(new)) => {
                text += &source.text()[end..found.bang_end];
                text += &new;
                end = range(found.group.span_close()).end;
            }
            Ok(None) => {}
            Err(problem) => problems.push(problem),
        }
    }
    text + &source.text()[end..]
}

/// What stands after the `!` of an invocation, laid out; `None` if it is to be left as it is.
fn invocation(source: &Source, found: &Invocation, style: &Style) -> Result<Option<String>, Problem> {
    let group = &found.group;
    let is_braced = group.delimiter() == Delimiter::Brace;
    let between = &source.text()[found.bang_end..range(group.span_open()).start];
    if !between.trim().is_empty() || (!is_braced && is_rustfmts(&group.stream())) {
        return Ok(None);
    }
    let parsed = parse(group.stream());
    if !parsed.errors.is_empty() {
        if is_sound(&group.stream(), 8) {
            // Parts that are never there at once. Which tree that is, nobody knows.
            return Ok(None);
        }
        let first = parsed.errors.iter().next();
        let place = first.map_or(source.position(found.start), |mistake| found.position(source, mistake));
        let message = parsed.errors.iter().next().map(ToString::to_string).unwrap_or_default();
        return Err(Problem::new(source.name(), place, format!("{message}; this pipeline is left as it is")));
    }
    let own = |what: &str| {
        let message =
            format!("{what} would change; this pipeline is left as it is, which is a fault of `cargo orch`");
        Problem::new(source.name(), source.position(found.start), message)
    };
    let body = body::Body::of(source, style, group);
    let list = read::read(body, &parsed.tree).map_err(|read::Lost| own("what belongs together"))?;
    let line = &source.text()[source.indented_line(found.start)..];
    let written = &source.text()[source.line_start(found.start)..found.bang_end];
    let whole = &source.text()[found.range()];
    let after = source.text()[range(group.span_close()).end..].chars().next();
    let stand = print::Stand {
        indentation: style.indentation(line),
        column: style.width(written.rsplit('\n').next().unwrap_or(written)) + usize::from(is_braced),
        tail: usize::from(matches!(after, Some(';' | ',' | ')'))),
        brackets: match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Bracket => ("[", "]"),
            _ => ("{", "}"),
        },
        on_one_line: !whole.contains('\n'),
        may_break: found.stands_alone,
    };
    let printed = print::print(style, &list, &stand, style.newline.of(source.text()));
    let again = Source::read(source.name(), &printed).map_err(|_| own("its tokens"))?;
    let Some(proc_macro2::TokenTree::Group(new)) = again.tokens().into_iter().next() else {
        return Err(own("its brackets"));
    };
    if let Some(what) = same::difference((source, group), (&again, &new)) {
        return Err(own(what));
    }
    Ok(Some(if is_braced { format!(" {printed}") } else { printed }))
}

/// Whether rustfmt lays out what stands in parentheses or square brackets: it does what it can read as Rust.
fn is_rustfmts(stream: &TokenStream) -> bool {
    let list = |input: syn::parse::ParseStream<'_>| {
        while !input.is_empty() {
            let (expression, ty, pattern) = (input.fork(), input.fork(), input.fork());
            let after = |fork: &syn::parse::ParseBuffer<'_>| fork.is_empty() || fork.peek(syn::Token![,]);
            if expression.parse::<syn::Expr>().is_ok() && after(&expression) {
                input.parse::<syn::Expr>()?;
            } else if ty.parse::<syn::Type>().is_ok() && after(&ty) {
                input.parse::<syn::Type>()?;
            } else if pattern.call(syn::Pat::parse_multi).is_ok() && after(&pattern) {
                input.call(syn::Pat::parse_multi)?;
            } else {
                return Err(input.error("no Rust"));
            }
            if !input.is_empty() {
                input.parse::<syn::Token![,]>()?;
            }
        }
        Ok(())
    };
    list.parse2(stream.clone()).is_ok()
}

/// Whether a text has no mistake in some case of the conditions in it.
fn is_sound(stream: &TokenStream, depth: usize) -> bool {
    if parse(stream.clone()).errors.is_empty() {
        return true;
    }
    match conditional(stream) {
        Some(cases) if depth > 0 => is_sound(&cases.with, depth - 1) || is_sound(&cases.without, depth - 1),
        _ => false,
    }
}
