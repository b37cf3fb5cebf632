//! What something is on one line, if it can be there.

use super::code::Code;
use super::style::Style;
use super::tree::{Content, Head, Item, List, Remark, Step};

/// Something on one line.
pub(super) struct Flat {
    pub(super) text: String,
    /// Whether it was written on several.
    pub(super) joined: bool,
}

/// A step on one line.
pub(super) fn step(of: &Step) -> Option<Flat> {
    match of {
        Step::Code(code) => Some(Flat { text: code.flat()?.to_owned(), joined: false }),
        Step::Block { head, body } => {
            let (head, inner) = (self::head(head)?, self::body(body)?);
            let joined = head.joined || inner.joined;
            let space = if inner.text.is_empty() { "" } else { " " };
            Some(Flat { text: format!("{} <{space}{} >", head.text, inner.text), joined })
        }
        Step::Undo { step: first, between, on_one_line, word, undo } => {
            let (first, second) = (step(first)?, step(undo)?);
            if !between.is_empty() {
                return None;
            }
            let joined = first.joined || second.joined || !on_one_line;
            Some(Flat { text: format!("{} {} {}", first.text, word.flat()?, second.text), joined })
        }
    }
}

/// What stands between the brackets of a block.
pub(super) fn body(body: &List) -> Option<Flat> {
    list(body, body.on_one_line || is_one_step(body))
}

/// `keyword(options)`
pub(super) fn head(head: &Head) -> Option<Flat> {
    match head {
        Head::Written(_) | Head::Parts { options: None, .. } => {
            let Head::Parts { keyword, .. } = head else { return None };
            Some(Flat { text: keyword.clone(), joined: false })
        }
        Head::Parts { keyword, options: Some(options) } => {
            let inner = list(options, true)?;
            Some(Flat { text: format!("{keyword}({})", inner.text), joined: inner.joined })
        }
    }
}

/// The items of a list with a space between any two, if it `may` be on one line at all.
pub(super) fn list(list: &List, may: bool) -> Option<Flat> {
    if !may || !list.after_open.is_empty() || !list.before_close.is_empty() {
        return None;
    }
    // A comma before a bracket on the next line says that it is meant to be there.
    if !list.on_one_line && list.items.last().is_some_and(|last| last.comma) {
        return None;
    }
    let mut flat = Flat { text: String::new(), joined: !list.on_one_line };
    for entry in &list.items {
        let part = item(entry)?;
        if !flat.text.is_empty() {
            flat.text.push(' ');
        }
        flat.text += &part.text;
        for remark in &entry.after {
            flat.text.push(' ');
            flat.text += within_line(remark)?;
        }
        flat.joined |= part.joined;
    }
    Some(flat)
}

/// An item, without the comments after it.
pub(super) fn item(item: &Item) -> Option<Flat> {
    let mut text = String::new();
    for remark in &item.before {
        text += within_line(remark)?;
        text.push(' ');
    }
    for (attribute, ends_line) in &item.attributes {
        text += attribute.flat().filter(|_| !ends_line)?;
        text.push(' ');
    }
    let joined = match &item.content {
        Content::Code(code) => {
            text += code.flat()?;
            false
        }
        Content::Step { head, step: entry } => {
            if let Some(head) = head {
                text += head.flat()?;
                text.push(' ');
            }
            let step = step(entry)?;
            text += &step.text;
            step.joined
        }
    };
    if item.comma {
        for remark in &item.before_comma {
            text.push(' ');
            text += within_line(remark)?;
        }
        text.push(',');
    }
    Some(Flat { text, joined })
}

/// A comment, if code may follow it.
fn within_line(remark: &Remark) -> Option<&str> {
    remark.code.flat().filter(|_| !remark.is_line)
}

/// Many short steps that are written in rows stay in them: which of them go on the line of the one before. Where a row is longer than
/// `room`, all are filled anew. `None` if they are no rows.
pub(super) fn rows(items: &[Item], room: usize, style: &Style) -> Option<Vec<bool>> {
    const MANY: usize = 9;
    if items.len() < MANY {
        return None;
    }
    let mut widths = Vec::new();
    for entry in items {
        let bare =
            entry.before.is_empty() && entry.attributes.is_empty() && entry.after.is_empty() && !entry.apart;
        if !(bare && matches!(&entry.content, Content::Code(_) | Content::Step { step: Step::Code(_), .. })) {
            return None;
        }
        widths.push(style.width(&item(entry)?.text) + 1);
    }
    let mut follows: Vec<bool> = items.iter().map(|item| item.follows).collect();
    let (mut width, mut too_long) = (0, false);
    for (written, follows) in widths.iter().zip(&follows) {
        width = written + if *follows { width } else { 0 };
        too_long |= width > room + 1;
    }
    if too_long {
        width = 0;
        for (written, follows) in widths.iter().zip(&mut follows) {
            *follows = width > 0 && width + written <= room + 1;
            width = written + if *follows { width } else { 0 };
        }
    }
    let is_written_in_rows = 2 * items.iter().filter(|item| !item.follows).count() <= items.len();
    let rows = follows.iter().filter(|follows| !**follows).count();
    (is_written_in_rows && 2 * rows <= follows.len()).then_some(follows)
}

/// Whether a body is one step, which has no name.
fn is_one_step(body: &List) -> bool {
    matches!(body.items.as_slice(), [Item { content: Content::Step { head: None, .. }, .. }])
}

/// The one step of a body that goes on over several lines on the line of its block, as in `each < async |x| {`.
pub(super) fn hugged(body: &List) -> Option<&Step> {
    let bare = body.on_one_line && body.after_open.is_empty() && body.before_close.is_empty();
    match body.items.as_slice() {
        [
            Item {
                before,
                attributes,
                content: Content::Step { head: None, step },
                before_comma,
                comma: false,
                after,
                ..
            },
        ] if bare
            && before.is_empty()
            && attributes.is_empty()
            && before_comma.is_empty()
            && after.is_empty() =>
        {
            goes_on(step).then_some(step)
        }
        _ => None,
    }
}

/// Whether a step is written so that it goes on over several lines.
pub(super) fn goes_on(step: &Step) -> bool {
    match step {
        Step::Code(code) => code.flat().is_none(),
        Step::Block { body, .. } => !body.on_one_line || hugged(body).is_some(),
        Step::Undo { .. } => false,
    }
}

/// The line that a step begins with, where it goes on over several.
pub(super) fn first_line(step: &Step) -> Option<String> {
    match step {
        Step::Code(code) => Some(code.first.clone()),
        Step::Block { head, body } => {
            let head = self::head(head)?.text;
            Some(match hugged(body) {
                Some(inner) => format!("{head} < {}", first_line(inner)?),
                None => format!("{head} <"),
            })
        }
        Step::Undo { .. } => None,
    }
}

/// Whether a line ends after what stands before a step, `let … =`: there is a comment that ends with it.
pub(super) fn ends_line(head: &Code) -> bool {
    matches!(head.rest.last(), Some(super::code::Line::Moves { text, .. }) if text.is_empty())
}
