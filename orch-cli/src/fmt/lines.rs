//! The lines that come out.

use std::collections::BTreeMap;

use super::code::{Code, Line};
use super::style::Style;
use super::tree::Remark;

/// Lines, of which the last is being written.
pub(super) struct Lines<'s> {
    style: &'s Style,
    /// In which column the first one goes on.
    offset: usize,
    /// How far the line is indented that is being written, or if that begins within a piece of text, the one with its beginning.
    indentation: usize,
    /// How far a line is indented at least. rustfmt moves the others by one that is less.
    least: usize,
    all: Vec<Written>,
}

#[derive(Default)]
struct Written {
    /// What the line before ends with, if that is not the file's.
    line_break: Option<&'static str>,
    text: String,
    /// A comment at its end, in which column it was written, and how many blanks stood before it.
    remark: Option<(String, usize, usize)>,
}

impl<'s> Lines<'s> {
    pub(super) fn new(style: &'s Style, offset: usize, indentation: usize) -> Self {
        Self { style, offset, indentation, least: indentation, all: vec![Written::default()] }
    }

    fn last(&mut self) -> &mut Written {
        if self.all.is_empty() {
            self.all.push(Written::default());
        }
        let last = self.all.len() - 1;
        &mut self.all[last]
    }

    /// How wide the last line is by now.
    pub(super) fn width(&self) -> usize {
        let offset = if self.all.len() == 1 { self.offset } else { 0 };
        offset + self.all.last().map_or(0, |last| self.style.width(&last.text))
    }

    /// How many there are by now.
    pub(super) fn count(&self) -> usize {
        self.all.len()
    }

    pub(super) fn push(&mut self, text: &str) {
        self.last().text.push_str(text);
    }

    /// Begins a line.
    pub(super) fn begin(&mut self, indentation: usize) {
        self.indentation = indentation;
        self.go_on(indentation);
    }

    /// Begins a line within a piece of text.
    fn go_on(&mut self, indentation: usize) {
        self.all.push(Written { text: self.style.blanks(indentation.max(self.least)), ..Written::default() });
    }

    /// An empty line.
    pub(super) fn empty(&mut self) {
        self.all.push(Written::default());
    }

    /// A piece of text, whose lines are indented as they were from the one on which it begins.
    pub(super) fn code(&mut self, code: &Code) {
        let indentation = self.indentation;
        self.push(&code.first);
        for (index, line) in code.rest.iter().enumerate() {
            match line {
                Line::Moves { text, by } if text.is_empty() => {
                    // The last one is where something follows.
                    if index + 1 == code.rest.len() {
                        self.begin(indentation.saturating_add_signed(*by));
                    } else {
                        self.empty();
                    }
                }
                Line::Moves { text, by } => {
                    self.go_on(indentation.saturating_add_signed(*by));
                    self.push(text);
                }
                Line::Frozen { line_break, text, is_comment } => {
                    let text = if *is_comment { self.not_left(text) } else { text.clone() };
                    self.all.push(Written { line_break: Some(*line_break), text, ..Written::default() });
                }
            }
        }
    }

    /// A line of a comment, indented as far as lines have to be.
    fn not_left(&self, line: &str) -> String {
        let text = line.trim_start_matches([' ', '\t']);
        if text.is_empty() || self.style.indentation(line) >= self.least {
            line.to_owned()
        } else {
            self.style.blanks(self.least) + text
        }
    }

    /// A comment at the end of the line.
    pub(super) fn remark(&mut self, remark: &Remark) {
        match remark.code.flat() {
            // It goes on with the one above, in its column.
            Some(text) if remark.starts_line => {
                self.empty();
                self.last().remark = Some((text.to_owned(), remark.column, usize::MAX));
            }
            Some(text) if self.last().remark.is_none() => {
                self.last().remark = Some((text.to_owned(), remark.column, remark.blanks));
            }
            _ => {
                self.settle();
                self.push(" ");
                self.code(&remark.code);
            }
        }
    }

    /// Makes text of the comment at the end of the line, as something follows it.
    fn settle(&mut self) {
        let last = self.last();
        if let Some((text, ..)) = last.remark.take() {
            last.text.push(' ');
            last.text += &text;
        }
    }

    /// All of it. Comments that stood below each other at the ends of their lines still do.
    pub(super) fn end(mut self, line_break: &str) -> String {
        let mut columns: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (index, line) in self.all.iter().enumerate().skip(1) {
            if let Some((_, column, _)) = &line.remark {
                columns.entry(*column).or_default().push(index);
            }
        }
        for group in columns.into_values().filter(|group| group.len() > 1) {
            let width = |index: &usize| self.style.width(&self.all[*index].text);
            let blanks = |index: &usize| self.all[*index].remark.as_ref().map_or(1, |(.., blanks)| *blanks);
            // With one blank before each of them, they stand so by chance.
            if group.iter().all(|index| blanks(index) == 1) {
                continue;
            }
            let widest = group.iter().map(width).max().unwrap_or(0);
            let column = widest + group.iter().map(blanks).min().unwrap_or(1).max(1);
            let missing: Vec<usize> =
                group.iter().map(|index| column.saturating_sub(width(index) + 1)).collect();
            for (index, missing) in group.into_iter().zip(missing) {
                self.all[index].text += &" ".repeat(missing);
            }
        }
        let mut text = String::new();
        for (index, line) in self.all.iter_mut().enumerate() {
            if index > 0 {
                text += line.line_break.unwrap_or(line_break);
            }
            if let Some((remark, ..)) = line.remark.take() {
                line.text.push(' ');
                line.text += &remark;
            }
            text += &line.text;
        }
        text
    }
}
