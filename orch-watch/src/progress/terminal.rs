//! A terminal whose size may change between two drawings.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use console::measure_text_width;
use indicatif::TermLike;

/// A terminal on which each row is a line of its own.
///
/// indicatif fills rows up with blanks, so that the next one begins where the line is wrapped. To a terminal all of them are one line
/// then, which it wraps anew when it is made narrower, and of which pieces stay where they are. Here the blanks are left out; and what
/// has grown by wrapping is cleared all the same.
pub(super) struct Terminal {
    term: Arc<dyn TermLike>,
    frame: Mutex<Frame>,
}

/// What was drawn last, and how far the drawing is.
#[derive(Default)]
struct Frame {
    /// How wide the terminal was, and the rows.
    columns: usize,
    widths: Vec<usize>,
    /// How many texts were written since the last frame: a row and its blanks, in turn.
    texts: usize,
    /// Whether anything was asked for since.
    begun: bool,
}

impl Terminal {
    pub(super) fn new(term: Arc<dyn TermLike>) -> Self {
        Terminal { term, frame: Mutex::new(Frame::default()) }
    }

    fn frame(&self) -> MutexGuard<'_, Frame> {
        self.frame.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Frame {
    /// How many more rows its last `rows` rows take, now that the terminal is as wide as this.
    fn grown(&self, rows: usize, columns: usize) -> usize {
        if columns == 0 || columns >= self.columns {
            return 0;
        }
        self.widths.iter().rev().take(rows).map(|width| width.saturating_sub(1) / columns).sum()
    }
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        self.term.width()
    }

    fn height(&self) -> u16 {
        self.term.height()
    }

    fn move_cursor_up(&self, rows: usize) -> io::Result<()> {
        let mut frame = self.frame();
        let grown = if frame.begun { 0 } else { frame.grown(rows + 1, usize::from(self.width())) };
        frame.begun = true;
        drop(frame);
        self.term.move_cursor_up(rows + grown)?;
        if grown > 0 {
            for row in 0..=rows + grown {
                self.term.clear_line()?;
                if row < rows + grown {
                    self.term.move_cursor_down(1)?;
                }
            }
            self.term.move_cursor_up(rows + grown)?;
        }
        Ok(())
    }

    fn move_cursor_down(&self, rows: usize) -> io::Result<()> {
        self.term.move_cursor_down(rows)
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.term.move_cursor_right(columns)
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        self.term.move_cursor_left(columns)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.term.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        let mut frame = self.frame();
        let (is_row, is_first) = (frame.texts.is_multiple_of(2), frame.texts == 0);
        frame.texts += 1;
        if !is_row {
            return Ok(());
        }
        if is_first {
            frame.widths.clear();
        }
        frame.widths.push(measure_text_width(text));
        drop(frame);
        if !is_first {
            self.term.write_line("")?;
        }
        self.term.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.term.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        let mut frame = self.frame();
        frame.columns = usize::from(self.width());
        if frame.texts == 0 {
            frame.widths.clear();
        }
        (frame.texts, frame.begun) = (0, false);
        drop(frame);
        self.term.flush()
    }
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terminal").finish_non_exhaustive()
    }
}
