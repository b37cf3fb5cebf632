//! From the tree to lines.
//!
//! What is written on one line stays there, if it fits. What is written on several stays there too, but for a block around one step,
//! which is put on one line where it is short enough.

use super::code::Code;
use super::flat::{self, Flat};
use super::lines::Lines;
use super::style::Style;
use super::tree::{Content, Head, Item, List, Remark, Step};

/// Where an invocation stands.
pub(super) struct Stand {
    /// How far the line is indented on which it begins.
    pub(super) indentation: usize,
    /// In which column its bracket opens.
    pub(super) column: usize,
    /// How wide what follows is that cannot stand on another line.
    pub(super) tail: usize,
    pub(super) brackets: (&'static str, &'static str),
    /// Whether it is written on one line.
    pub(super) on_one_line: bool,
    /// Whether it may be put on several, if it is too long. What rustfmt makes of the code around it may depend on that.
    pub(super) may_break: bool,
}

/// An invocation from bracket to bracket.
pub(super) fn print(style: &Style, list: &List, stand: &Stand, line_break: &str) -> String {
    let mut printer = Printer { style, lines: Lines::new(style, stand.column, stand.indentation) };
    printer.invocation(list, stand);
    printer.lines.end(line_break)
}

struct Printer<'s> {
    style: &'s Style,
    lines: Lines<'s>,
}

impl Printer<'_> {
    fn invocation(&mut self, list: &List, stand: &Stand) {
        let (open, close) = stand.brackets;
        let space = if open == "{" { " " } else { "" };
        self.lines.push(open);
        let tail = space.len() + close.len() + stand.tail;
        if stand.on_one_line
            && let Some(flat) = flat::list(list, list.on_one_line)
            && (!stand.may_break || self.fits(&flat, space.len() + tail))
        {
            self.lines.push(&format!("{space}{}{space}{close}", flat.text));
            return;
        }
        if let Some((before, step)) = self.hugged(list, space.len()) {
            self.lines.push(&format!("{space}{before}"));
            self.step(step, stand.indentation, tail);
            self.lines.push(&format!("{space}{close}"));
            return;
        }
        self.body(list, stand.indentation, true);
        self.lines.push(close);
    }

    /// What stands before the step of a pipeline that begins on the line of the bracket and goes on over several, and the step.
    fn hugged<'l>(&self, list: &'l List, space: usize) -> Option<(String, &'l Step)> {
        let (last, parts) = list.items.split_last()?;
        let bare = list.on_one_line && list.after_open.is_empty() && list.before_close.is_empty();
        let Content::Step { head: None, step } = &last.content else { return None };
        let alone =
            last.before.is_empty() && last.attributes.is_empty() && last.after.is_empty() && !last.comma;
        let short = flat::step(step).is_some_and(|flat| self.fits(&flat, 0));
        if !(bare && alone && flat::goes_on(step)) || short {
            return None;
        }
        let mut before = String::new();
        for part in parts {
            if !part.after.is_empty() {
                return None;
            }
            before += &flat::item(part)?.text;
            before.push(' ');
        }
        let first = flat::first_line(step)?;
        let width = self.lines.width() + space + self.style.width(&before) + self.style.width(&first);
        (width <= self.style.max_width).then_some((before, step))
    }

    /// Whether something may stand on this line, with so much after it.
    fn fits(&self, flat: &Flat, tail: usize) -> bool {
        let width = self.style.width(&flat.text);
        self.lines.width() + width + tail <= self.style.max_width
            && (!flat.joined || width <= self.style.join_width)
    }

    /// What stands between two brackets, on lines of its own; the closing bracket is next.
    fn body(&mut self, list: &List, indentation: usize, is_header: bool) {
        let inner = indentation + self.style.tab_spaces;
        for remark in &list.after_open {
            self.lines.remark(remark);
        }
        let in_rows = list.items.len() - usize::from(is_header && !list.items.is_empty());
        let rows = flat::rows(
            list.items.get(..in_rows).unwrap_or_default(),
            self.style.max_width.saturating_sub(inner),
            self.style,
        );
        for (index, item) in list.items.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|before| list.items.get(before));
            let on_the_line = match before {
                Some(before) if is_header && index == in_rows => self.on_the_line(before, item),
                _ => rows.as_ref().is_some_and(|follows| follows.get(index) == Some(&true)),
            };
            if on_the_line {
                self.lines.push(" ");
            } else {
                self.begin_item(item, index == 0, inner);
            }
            self.item(item, inner);
        }
        for (index, remark) in list.before_close.iter().enumerate() {
            let follows = index > 0 && !remark.starts_line;
            self.comment(remark, follows, index > 0 || !list.items.is_empty(), inner);
        }
        self.lines.begin(indentation);
    }

    /// Whether the first step goes on the line of `|input: Type|`, as it is written.
    fn on_the_line(&self, before: &Item, item: &Item) -> bool {
        let Content::Code(input) = &before.content else { return false };
        let is_input = !input.flat().is_none_or(|text| text.ends_with(';'));
        let bare = before.after.is_empty() && item.before.is_empty() && item.attributes.is_empty();
        let Content::Step { head: None, step } = &item.content else { return false };
        if !(is_input && bare && item.follows) {
            return false;
        }
        let width = self.lines.width() + 1;
        match flat::step(step) {
            Some(flat) if !flat.joined || self.style.width(&flat.text) <= self.style.join_width => {
                width + self.style.width(&flat.text) <= self.style.max_width
            }
            _ => {
                flat::goes_on(step)
                    && flat::first_line(step)
                        .is_some_and(|first| width + self.style.width(&first) <= self.style.max_width)
            }
        }
    }

    /// A comment on a line of its own.
    fn own_line(&mut self, remark: &Remark, may_be_apart: bool, indentation: usize) {
        if remark.apart && may_be_apart {
            self.lines.empty();
        }
        self.lines.begin(indentation);
        self.lines.code(&remark.code);
    }

    /// A comment that follows on this line, or one on a line of its own.
    fn comment(&mut self, remark: &Remark, follows: bool, may_be_apart: bool, indentation: usize) {
        if follows {
            self.lines.push(" ");
            self.lines.code(&remark.code);
        } else {
            self.own_line(remark, may_be_apart, indentation);
        }
    }

    /// The line of an item, and what stands before it.
    fn begin_item(&mut self, item: &Item, is_first: bool, indentation: usize) {
        let mut on_line = false;
        for (index, remark) in item.before.iter().enumerate() {
            self.comment(remark, on_line, !is_first || index > 0, indentation);
            on_line = !remark.ends_line;
        }
        if on_line {
            self.lines.push(" ");
            return;
        }
        if item.apart && !(is_first && item.before.is_empty()) {
            self.lines.empty();
        }
        self.lines.begin(indentation);
    }

    fn item(&mut self, item: &Item, indentation: usize) {
        for (attribute, ends_line) in &item.attributes {
            self.lines.code(attribute);
            if *ends_line {
                self.lines.begin(indentation);
            } else {
                self.lines.push(" ");
            }
        }
        match &item.content {
            Content::Code(code) => self.lines.code(code),
            Content::Step { head, step } => {
                let indentation = match head {
                    Some(head) => self.before_step(head, indentation),
                    None => indentation,
                };
                self.step(step, indentation, usize::from(item.comma));
            }
        }
        if item.comma {
            self.between(&item.before_comma, indentation);
            if item.before_comma.last().is_some_and(|remark| remark.is_line) {
                self.lines.begin(indentation);
            }
            self.lines.push(",");
        }
        for remark in &item.after {
            self.lines.remark(remark);
        }
    }

    /// Whether a step that goes on over several lines may begin on this one, after a blank.
    fn begins_here(&self, step: &Step) -> bool {
        let first = flat::first_line(step).map(|first| self.style.width(&first) + 1);
        first.is_some_and(|first| self.lines.width() + first <= self.style.max_width)
    }

    /// Comments between two parts of one item.
    fn between(&mut self, remarks: &[Remark], indentation: usize) {
        for remark in remarks {
            self.comment(remark, !remark.starts_line, false, indentation);
        }
    }

    /// What stands before a step, with a space; gives how far the line is indented on which the step begins.
    fn before_step(&mut self, head: &Code, indentation: usize) -> usize {
        self.lines.code(head);
        if flat::ends_line(head) {
            return indentation + self.style.tab_spaces;
        }
        self.lines.push(" ");
        indentation
    }

    /// As `before_step`, of `undo` or `finally`.
    fn undo_word(&mut self, word: &Code, indentation: usize) -> usize {
        if word.flat().is_some() || flat::ends_line(word) {
            return self.before_step(word, indentation);
        }
        // On the last line of a comment it might stand too far left for an undo.
        self.lines.code(word);
        self.lines.begin(indentation + self.style.tab_spaces);
        indentation + self.style.tab_spaces
    }

    /// A step on a line with this indentation, with so much after it.
    fn step(&mut self, step: &Step, indentation: usize, tail: usize) {
        if let Some(flat) = flat::step(step)
            && self.fits(&flat, tail)
        {
            self.lines.push(&flat.text);
            return;
        }
        match step {
            Step::Code(code) => self.lines.code(code),
            Step::Block { head, body } => {
                let first = flat::first_line(step).map_or(usize::MAX, |first| self.style.width(&first));
                let hugged = flat::hugged(body)
                    .filter(|_| self.lines.width().saturating_add(first) <= self.style.max_width);
                if let (Some(inner), Some(head)) = (hugged, flat::head(head)) {
                    self.lines.push(&format!("{} < ", head.text));
                    self.step(inner, indentation, tail + 2);
                    self.lines.push(" >");
                    return;
                }
                let is_one_line = self.head(head, indentation);
                let short = flat::body(body).filter(|flat| !is_one_line && self.fits(flat, tail + 3));
                if let Some(flat) = short {
                    self.lines.push(&format!(" {} >", flat.text));
                    return;
                }
                let goes_on = flat::hugged(body).filter(|inner| !is_one_line && self.begins_here(inner));
                if let Some(inner) = goes_on {
                    self.lines.push(" ");
                    self.step(inner, indentation, tail + 2);
                    self.lines.push(" >");
                    return;
                }
                self.body(body, indentation, false);
                self.lines.push(">");
            }
            Step::Undo { step: first, between, on_one_line, word, undo } => {
                let before = self.lines.count();
                self.step(first, indentation, 0);
                let is_one_line = self.lines.count() == before;
                self.between(between, indentation + self.style.tab_spaces);
                let stays = !is_one_line || (*on_one_line && flat::step(undo).is_none());
                let indentation = if between.is_empty() && stays {
                    self.lines.push(" ");
                    indentation
                } else {
                    self.lines.begin(indentation + self.style.tab_spaces);
                    indentation + self.style.tab_spaces
                };
                let indentation = self.undo_word(word, indentation);
                self.step(undo, indentation, tail);
            }
        }
    }

    /// `keyword(options) <`; gives whether it is one line, as it is meant to be.
    fn head(&mut self, head: &Head, indentation: usize) -> bool {
        let (keyword, options) = match head {
            Head::Written(code) => {
                self.lines.code(code);
                return false;
            }
            Head::Parts { keyword, options } => (keyword, options),
        };
        let flat = flat::head(head);
        if let Some(flat) = flat.filter(|flat| self.fits(flat, 2)) {
            self.lines.push(&format!("{} <", flat.text));
            return true;
        }
        self.lines.push(keyword);
        let Some(options) = options else {
            self.lines.push(" <");
            return true;
        };
        self.lines.push("(");
        if !self.options_that_go_on(options) {
            self.body(options, indentation, false);
        }
        self.lines.push(") <");
        false
    }

    /// Options on the line of the keyword, of which the last goes on over several.
    fn options_that_go_on(&mut self, options: &List) -> bool {
        let bare = options.on_one_line && options.after_open.is_empty() && options.before_close.is_empty();
        let Some((last, before)) = options.items.split_last().filter(|_| bare) else { return false };
        let Content::Code(code) = &last.content else { return false };
        let alone = last.before.is_empty() && last.after.is_empty() && !last.comma;
        let mut text = String::new();
        for option in before {
            let Some(flat) = flat::item(option).filter(|_| option.after.is_empty()) else { return false };
            text += &flat.text;
            text.push(' ');
        }
        let width = self.lines.width() + self.style.width(&text) + self.style.width(&code.first);
        if code.flat().is_some() || !alone || width > self.style.max_width {
            return false;
        }
        self.lines.push(&text);
        self.lines.code(code);
        true
    }
}
