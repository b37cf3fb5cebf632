//! From the grammar's tree to what is laid out: the tree says what a token belongs to, and all tokens and comments are taken
//! from the text, one after another. Where the two do not agree, nothing is laid out.

use orch_syntax::ast::{self, Pipeline};
use orch_syntax::tokens;
use proc_macro2::{Delimiter, Group, TokenTree};

use super::body::{Body, Gap, first_start, last_end};
use super::code::Code;
use super::tree::{Content, Head, Item, List, Remark, Step};
use crate::source::range;

/// The tree and the text do not agree.
#[derive(Debug)]
pub(super) struct Lost;

type Read<T> = Result<T, Lost>;

/// All that stands between the brackets of an invocation.
pub(super) fn read(mut body: Body<'_>, pipeline: &Pipeline) -> Read<List> {
    let mut list = ListReader::new();
    let root = start_of(&pipeline.root).and_then(|start| body.index_at(start)).ok_or(Lost)?;
    let root = before_attributes(&body, root);
    let mut lets = pipeline.lets.iter();
    while body.at < root {
        list.item(&mut body, |body| {
            let (from, to) = (body.at, end_of_part(body, root)?);
            body.at = to;
            Ok(Content::Code(header_part(body, from, to, &mut lets)))
        })?;
    }
    list.item(&mut body, |body| Ok(Content::Step { head: None, step: step(body, &pipeline.root)? }))?;
    if body.token().is_some() {
        return Err(Lost);
    }
    Ok(list.end(&body))
}

/// Reads the items of a list one after another.
struct ListReader {
    list: List,
}

impl ListReader {
    fn new() -> Self {
        Self { list: List { on_one_line: true, ..List::default() } }
    }

    /// Takes what stands before the token here, and gives what of that belongs to what begins.
    fn gap(&mut self, body: &Body<'_>, closes: bool) -> Gap {
        let mut gap = body.gap(body.at, closes);
        self.list.on_one_line &= !gap.breaks;
        let after = std::mem::take(&mut gap.after);
        match self.list.items.last_mut() {
            Some(item) => item.after.extend(after),
            None => self.list.after_open.extend(after),
        }
        gap
    }

    /// An item, which may have attributes.
    fn item(
        &mut self,
        body: &mut Body<'_>,
        content: impl FnOnce(&mut Body<'_>) -> Read<Content>,
    ) -> Read<()> {
        self.entry(body, true, content)
    }

    fn entry(
        &mut self,
        body: &mut Body<'_>,
        has_attributes: bool,
        content: impl FnOnce(&mut Body<'_>) -> Read<Content>,
    ) -> Read<()> {
        let gap = self.gap(body, false);
        let follows = !gap.breaks && !self.list.items.is_empty();
        // An empty line before the comments of an item is theirs.
        let mut item = Item {
            apart: gap.apart,
            follows,
            before: gap.before,
            attributes: Vec::new(),
            content: Content::Code(Code::default()),
            before_comma: Vec::new(),
            comma: false,
            after: Vec::new(),
        };
        while let Some(length) = body.attribute().filter(|_| has_attributes) {
            let from = body.at;
            body.at += length;
            let comments = body.comments(body.at);
            let ends = body.gap(body.at, false).breaks;
            let written = match comments.last() {
                Some(last) => body.code_with(from, last),
                None => body.code(from, body.at),
            };
            item.attributes.push((written, ends));
            self.list.on_one_line &= !ends;
        }
        item.content = content(body)?;
        if body.punct(',') {
            let gap = body.gap(body.at, false);
            item.before_comma = gap.after.into_iter().chain(gap.before).collect();
            item.comma = true;
            body.at += 1;
        }
        self.list.items.push(item);
        Ok(())
    }

    fn end(mut self, body: &Body<'_>) -> List {
        let gap = self.gap(body, true);
        self.list.before_close = gap.before;
        self.list
    }
}

/// Where the attributes begin that stand before a token.
fn before_attributes(body: &Body<'_>, mut index: usize) -> usize {
    while index >= 2
        && tokens::is_punct(body.tokens.get(index - 2), '#')
        && tokens::as_group(body.tokens.get(index - 1), Delimiter::Bracket).is_some()
    {
        index -= 2;
    }
    index
}

/// Where the part of the header ends that begins here.
fn end_of_part(body: &Body<'_>, root: usize) -> Read<usize> {
    let mut index = body.at;
    if tokens::is_word(body.tokens.get(index), "move") {
        index += 1;
    }
    if index < root && tokens::is_punct(body.tokens.get(index), '|') {
        let close = (index + 1..root).find(|index| tokens::is_punct(body.tokens.get(*index), '|'));
        return close.map(|close| close + 1).ok_or(Lost);
    }
    if index > body.at {
        return Ok(index);
    }
    let end = (index..root).find(|index| tokens::is_punct(body.tokens.get(*index), ';'));
    end.map(|end| end + 1).ok_or(Lost)
}

/// `error = Type;`, `let pattern: Type = value;`, `move |pattern: Type|`
fn header_part<'p>(
    body: &Body<'_>,
    from: usize,
    to: usize,
    lets: &mut impl Iterator<Item = &'p ast::HeaderLet>,
) -> Code {
    if !tokens::is_punct(body.tokens.get(to - 1), ';') {
        let bar = from + usize::from(tokens::is_word(body.tokens.get(from), "move"));
        return body.tidy(from, to, in_bars(body, bar, to));
    }
    let value = if tokens::is_word(body.tokens.get(from), "let") {
        lets.next().and_then(|entry| first_start(&entry.value)).and_then(|start| body.index_at(start))
    } else {
        Some(from + 2)
    };
    let is_bare = (from + 1..to).all(|index| body.comments(index).is_empty());
    let Some(value) = value.filter(|value| is_bare && from < *value && *value < to) else {
        return body.code(from, to);
    };
    let mut code = head(body, from, value);
    code.push(" ");
    // Values are the user's own code.
    code.append(body.code(value, to - 1));
    code.push(";");
    code
}

/// Where blanks stand in `|pattern: Type|`, whose first bar is at an index.
fn in_bars(body: &Body<'_>, bar: usize, to: usize) -> impl Fn(usize) -> Option<bool> {
    let colon = (bar..to).find(|index| is_lone_colon(body, *index));
    move |index| {
        if index == bar || colon.is_some_and(|colon| index == colon + 1) {
            Some(false)
        } else {
            (colon == Some(index)).then_some(true)
        }
    }
}

/// Whether a `:` stands at an index that is no part of a path.
fn is_lone_colon(body: &Body<'_>, index: usize) -> bool {
    tokens::is_punct(body.tokens.get(index), ':')
        && !tokens::is_pair(&body.tokens, index, ':', ':')
        && !(index > 0 && tokens::is_pair(&body.tokens, index - 1, ':', ':'))
}

/// `let pattern: Type =` or `name =`, up to the value at an index.
fn head(body: &Body<'_>, from: usize, value: usize) -> Code {
    let colon = (from..value).find(|index| is_lone_colon(body, *index));
    body.tidy(from, value, |index| {
        if index + 1 == value || colon.is_some_and(|colon| index == colon + 1) {
            Some(false)
        } else if colon == Some(index) {
            Some(true)
        } else {
            None
        }
    })
}

/// Where a step begins; `None` for what is no step.
fn start_of(step: &ast::Step) -> Option<usize> {
    Some(match step {
        ast::Step::Block(block) => range(block.keyword.span()).start,
        ast::Step::Leaf(leaf) => first_start(&leaf.path.tokens)?,
        ast::Step::Inline(inline) => range(inline.begins()).start,
        ast::Step::Embed(embed) => range(embed.group.span()).start,
        ast::Step::Undo(undo) => start_of(&undo.step)?,
        ast::Step::Hole(_) => return None,
    })
}

/// Reads a step that begins here.
fn step(body: &mut Body<'_>, step: &ast::Step) -> Read<Step> {
    let from = body.at;
    if start_of(step) != Some(body.start(from)) {
        return Err(Lost);
    }
    let end = match step {
        ast::Step::Block(block) => return self::block(body, block),
        ast::Step::Undo(undo) => return self::undo(body, undo),
        ast::Step::Hole(_) => return Err(Lost),
        ast::Step::Leaf(leaf) => {
            let arguments = leaf.arguments.as_ref().map(|arguments| range(arguments.group.span()).end);
            let name = leaf.name.as_ref().map(|name| range(name.span).end);
            name.or(arguments).or_else(|| last_end(&leaf.path.tokens))
        }
        ast::Step::Inline(inline) => Some(match &inline.name {
            Some(name) => range(name.span).end,
            None => range(inline.body.span()).end,
        }),
        ast::Step::Embed(embed) => Some(range(embed.group.span()).end),
    };
    let to = end.and_then(|end| body.index_after(end)).filter(|to| *to > from).ok_or(Lost)?;
    body.at = to;
    let code = match step {
        ast::Step::Leaf(leaf) => {
            let arguments = leaf.arguments.as_ref().map(|arguments| range(arguments.group.span()).start);
            let (arguments, name) =
                (arguments.and_then(|start| body.index_at(start)), name_at(to, &leaf.name));
            body.tidy(from, to, |index| {
                if Some(index) == arguments {
                    Some(true)
                } else {
                    name.filter(|name| index >= *name).map(|_| false)
                }
            })
        }
        ast::Step::Inline(inline) => {
            let braces = body.index_at(range(inline.body.span()).start).ok_or(Lost)?;
            let bar = body.index_at(range(inline.bar).start).ok_or(Lost)?;
            let blanks = in_bars(body, bar, braces);
            body.tidy(from, to, |index| if index >= braces { Some(false) } else { blanks(index) })
        }
        _ => embed(body, from),
    };
    Ok(Step::Code(code))
}

/// The index of `as`, where a step has a name and ends before `to`.
fn name_at(to: usize, name: &Option<ast::Text>) -> Option<usize> {
    name.as_ref().map(|_| to - 2)
}

/// `{ expression }`, with a space on each side if it is one line.
fn embed(body: &Body<'_>, index: usize) -> Code {
    let code = body.code(index, index + 1);
    let inner = code.flat().and_then(|text| text.strip_prefix('{')?.strip_suffix('}'));
    let has_comments = !body.source.comments(body.start(index)..body.end_before(index + 1)).is_empty();
    match inner {
        Some(inner) if !has_comments => Code::new(format!("{{ {} }}", inner.trim())),
        _ => code,
    }
}

/// `keyword(options) < … >`
fn block(body: &mut Body<'_>, block: &ast::Block) -> Read<Step> {
    let from = body.at;
    let options = match body.tokens.get(from + 1) {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => Some(group.clone()),
        _ => None,
    };
    let open = from + 1 + usize::from(options.is_some());
    if !tokens::is_punct(body.tokens.get(open), '<') {
        return Err(Lost);
    }
    let is_nothing_but_comments = |group: &Group| {
        let comments = body.source.comments(range(group.span()));
        group.stream().is_empty() && !comments.is_empty()
    };
    let is_bare = (from + 1..=open).all(|index| body.comments(index).is_empty());
    let head = if is_bare && !options.as_ref().is_some_and(is_nothing_but_comments) {
        let keyword = body.text(body.start(from)..body.end_before(from + 1)).to_owned();
        let options = match options {
            // `seq()` stays as it is.
            Some(group) => Some(self::options(&mut body.inside(&group))?),
            None => None,
        };
        Head::Parts { keyword, options }
    } else {
        Head::Written(body.code(from, open + 1))
    };
    body.at = open + 1;
    let mut list = ListReader::new();
    for entry in &block.body {
        list.item(body, |body| item(body, entry))?;
    }
    if !body.punct('>') {
        return Err(Lost);
    }
    let list = list.end(body);
    body.at += 1;
    Ok(Step::Block { head, body: list })
}

/// What stands in the parentheses of a block.
fn options(body: &mut Body<'_>) -> Read<List> {
    let mut list = ListReader::new();
    let all = body.tokens.clone();
    let mut lengths = tokens::split_commas(&all).into_iter().map(|(option, _)| option.len());
    while body.token().is_some() {
        let length = lengths.next().filter(|length| *length > 0).ok_or(Lost)?;
        list.entry(body, false, |body| {
            let (from, to) = (body.at, body.at + length);
            body.at = to;
            let is_named = length > 2
                && matches!(body.tokens.get(from), Some(TokenTree::Ident(_)))
                && tokens::is_punct(body.tokens.get(from + 1), '=')
                && !tokens::is_pair(&body.tokens, from + 1, '=', '=');
            let is_bare = body.comments(from + 1).is_empty() && body.comments(from + 2).is_empty();
            Ok(Content::Code(if is_named && is_bare {
                let mut code = head(body, from, from + 2);
                code.push(" ");
                code.append(body.code(from + 2, to));
                code
            } else {
                body.code(from, to)
            }))
        })?;
    }
    Ok(list.end(body))
}

/// One entry of a block's body.
fn item(body: &mut Body<'_>, item: &ast::Item) -> Read<Content> {
    let from = body.at;
    match item {
        ast::Item::Step(entry) => Ok(Content::Step { head: None, step: step(body, entry)? }),
        ast::Item::Piped(piped) => {
            let value = body.index_at(range(piped.piped).start).filter(|value| *value > from).ok_or(Lost)?;
            body.at = value + 1;
            let is_bare = (from + 1..=value).all(|index| body.comments(index).is_empty());
            if !is_bare {
                return Ok(Content::Code(body.code(from, value + 1)));
            }
            let mut code = head(body, from, value);
            code.push(" _");
            Ok(Content::Code(code))
        }
        ast::Item::Let(entry) => {
            let value = head_end(body, &entry.step)?;
            let code = with_comments(body, from, value, head(body, from, value));
            body.at = value;
            Ok(Content::Step { head: Some(code), step: step(body, &entry.step)? })
        }
        ast::Item::Arm(arm) => {
            let value = head_end(body, &arm.step)?;
            let arrow = value.checked_sub(2).filter(|arrow| tokens::is_pair(&body.tokens, *arrow, '=', '>'));
            let arrow = arrow.filter(|arrow| *arrow > from).ok_or(Lost)?;
            let guard = arm.guard.as_ref().map(|_| arrow - 1);
            let apart = |index| index == arrow || Some(index) == guard;
            let code = body.tidy(from, value, |index| apart(index).then_some(false));
            let code = with_comments(body, from, value, code);
            body.at = value;
            Ok(Content::Step { head: Some(code), step: step(body, &arm.step)? })
        }
    }
}

/// Where the step begins that stands after `let … =` or `pattern =>`.
fn head_end(body: &Body<'_>, step: &ast::Step) -> Read<usize> {
    let value = start_of(step).and_then(|start| body.index_at(start));
    // `#[durable]` belongs to the step.
    value.filter(|value| *value > body.at).ok_or(Lost)
}

/// A head, with the comments before the step that follows it.
fn with_comments(body: &Body<'_>, from: usize, value: usize, head: Code) -> Code {
    match body.comments(value).last() {
        Some(last) => {
            let mut code = body.code_with(from, last);
            if last.is_line {
                code.rest.push(super::code::Line::Moves {
                    by: body.style.tab_spaces.cast_signed(),
                    text: String::new(),
                });
            }
            code
        }
        None => head,
    }
}

/// `step undo step`
fn undo(body: &mut Body<'_>, undo: &ast::Undo) -> Read<Step> {
    let first = step(body, &undo.step)?;
    if body.start(body.at) != range(undo.word.span()).start {
        return Err(Lost);
    }
    let gap = body.gap(body.at, false);
    let between: Vec<Remark> = gap.after.into_iter().chain(gap.before).collect();
    let from = body.at;
    body.at += 1;
    let word = with_comments(body, from, body.at, Code::new(undo.word.to_string()));
    let on_one_line = !gap.breaks && !body.gap(body.at, false).breaks;
    let second = step(body, &undo.undo)?;
    Ok(Step::Undo { step: Box::new(first), between, on_one_line, word, undo: Box::new(second) })
}
