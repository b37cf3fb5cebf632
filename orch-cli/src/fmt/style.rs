//! How a file is to be formatted: what rustfmt's settings say that are of interest here.

use unicode_width::UnicodeWidthStr;

/// The settings of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Style {
    /// How long a line may be, in columns.
    pub max_width: usize,
    /// How wide an indentation is, and a tab.
    pub tab_spaces: usize,
    /// Whether an indentation is a tab.
    pub hard_tabs: bool,
    /// What ends a line.
    pub newline: Newline,
    /// How long something may be that is put on one line, though it was written on several.
    pub join_width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { max_width: 100, tab_spaces: 4, hard_tabs: false, newline: Newline::Auto, join_width: 60 }
    }
}

/// What ends a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Newline {
    /// What ends the first line of the file.
    #[default]
    Auto,
    /// What the system writes.
    Native,
    /// `\n`
    Unix,
    /// `\r\n`
    Windows,
}

impl Newline {
    /// What ends a line of this text.
    pub(crate) fn of(self, text: &str) -> &'static str {
        let is_windows = match self {
            Newline::Auto => text.find('\n').is_some_and(|end| text[..end].ends_with('\r')),
            Newline::Native => cfg!(windows),
            Newline::Unix => false,
            Newline::Windows => true,
        };
        if is_windows { "\r\n" } else { "\n" }
    }
}

impl Style {
    /// How wide the blanks are that a line begins with.
    pub(crate) fn indentation(&self, line: &str) -> usize {
        let blanks = line.chars().take_while(|c| matches!(c, ' ' | '\t'));
        blanks.map(|c| if c == '\t' { self.tab_spaces } else { 1 }).sum()
    }

    /// How wide a part of a line is.
    pub(crate) fn width(&self, text: &str) -> usize {
        let tabs = text.matches('\t').count();
        text.width() + tabs * self.tab_spaces - text.matches('\t').map(UnicodeWidthStr::width).sum::<usize>()
    }

    /// Blanks of a width.
    pub(crate) fn blanks(&self, width: usize) -> String {
        if self.hard_tabs && self.tab_spaces > 0 {
            "\t".repeat(width / self.tab_spaces) + &" ".repeat(width % self.tab_spaces)
        } else {
            " ".repeat(width)
        }
    }
}
