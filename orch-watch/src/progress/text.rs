//! Words and colours.

use std::ffi::OsStr;
use std::fmt::Display;
use std::time::Duration;

use console::Style;

/// How many characters of a note or an error are shown.
const LONGEST: usize = 200;

/// How many characters a bar takes.
const CELLS: u64 = 20;

/// Colours, if there are any.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint {
    pub(super) colors: bool,
}

impl Paint {
    fn with(self, style: &Style, text: impl Display) -> String {
        style.clone().force_styling(self.colors).apply_to(text).to_string()
    }

    pub(super) fn good(self, text: impl Display) -> String {
        self.with(&Style::new().green(), text)
    }

    pub(super) fn bad(self, text: impl Display) -> String {
        self.with(&Style::new().red(), text)
    }

    pub(super) fn warning(self, text: impl Display) -> String {
        self.with(&Style::new().yellow(), text)
    }

    pub(super) fn busy(self, text: impl Display) -> String {
        self.with(&Style::new().cyan(), text)
    }

    pub(super) fn dim(self, text: impl Display) -> String {
        self.with(&Style::new().dim(), text)
    }

    pub(super) fn bold(self, text: impl Display) -> String {
        self.with(&Style::new().bold(), text)
    }

    /// So many of so many.
    pub(super) fn bar(self, done: u64, total: u64) -> String {
        let full = if total == 0 {
            CELLS
        } else {
            (u128::from(done.min(total)) * u128::from(CELLS) / u128::from(total)) as u64
        };
        let cells = |sign: &str, count: u64| sign.repeat(usize::try_from(count).unwrap_or_default());
        format!("{}{}", self.busy(cells("█", full)), self.dim(cells("░", CELLS - full)))
    }
}

/// Whether there are colours on a terminal, by what <https://no-color.org> says of the variable, and what a terminal says of itself.
pub(super) fn has_colors(no_color: Option<&OsStr>, term: Option<&OsStr>) -> bool {
    no_color.is_none_or(OsStr::is_empty) && term.is_none_or(|term| term != "dumb")
}

/// A time as people read it.
pub(super) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{:.1}s", (time.as_millis() / 100) as f64 / 10.0),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// How fast it goes, and how long it takes yet; nothing where that is not known.
pub(super) fn rate_and_rest(done: u64, total: Option<u64>, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    if done == 0 || seconds <= 0.0 {
        return String::new();
    }
    let rate = done as f64 / seconds;
    let shown = if rate < 10.0 { format!("{rate:.1}/s") } else { format!("{rate:.0}/s") };
    match total {
        Some(total) if total > done => {
            let rest = Duration::try_from_secs_f64((total - done) as f64 / rate).unwrap_or(Duration::MAX);
            format!("{shown}  {} left", whole(rest))
        }
        _ => shown,
    }
}

/// A time of which the seconds are enough, rounded up.
fn whole(rest: Duration) -> String {
    let rest = Duration::from_secs(rest.as_secs().saturating_add(u64::from(rest.subsec_nanos() > 0)));
    if rest.as_secs() < 60 { format!("{}s", rest.as_secs()) } else { time(rest) }
}

/// Text of a run on one line, without what would move a cursor or colour what follows.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::new();
    let signs = text.chars().map(|sign| if sign.is_control() { ' ' } else { sign });
    for (index, sign) in signs.enumerate() {
        if index == LONGEST {
            line.push('…');
            break;
        }
        line.push(sign);
    }
    line
}

/// `1 task`, `2 tasks`.
pub(super) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_and_a_dumb_terminal_have_none() {
        assert!(has_colors(None, Some("xterm".as_ref())));
        assert!(has_colors(Some("".as_ref()), None), "an empty variable says nothing");
        assert!(!has_colors(Some("1".as_ref()), Some("xterm".as_ref())));
        assert!(!has_colors(None, Some("dumb".as_ref())));
    }

    #[test]
    fn times_are_as_long_as_they_have_to_be() {
        let of = |millis| time(Duration::from_millis(millis));
        assert_eq!(
            [of(0), of(1_250), of(59_999), of(61_000), of(3_725_000)],
            ["0.0s", "1.2s", "59.9s", "1m 01s", "1h 02m"]
        );
    }

    #[test]
    fn what_is_left_is_told_when_it_is_known() {
        let second = Duration::from_secs(1);
        assert_eq!(rate_and_rest(0, Some(9), second), "");
        assert_eq!(rate_and_rest(3, None, second), "3.0/s");
        assert_eq!(rate_and_rest(3, Some(10), second), "3.0/s  3s left");
        assert_eq!(rate_and_rest(40, Some(4_840), second), "40/s  2m 00s left");
        assert_eq!(
            rate_and_rest(1, Some(u64::MAX), Duration::from_nanos(1)),
            "1000000000/s  5124095h 34m left"
        );
    }

    #[test]
    fn a_bar_is_full_at_the_end_and_not_before() {
        let bar = |done, total| Paint { colors: false }.bar(done, total);
        assert_eq!(bar(0, 3), "░".repeat(20));
        assert_eq!(bar(u64::MAX - 1, u64::MAX), "█".repeat(19) + "░");
        assert_eq!([bar(3, 3), bar(9, 3), bar(0, 0)], ["█".repeat(20), "█".repeat(20), "█".repeat(20)]);
    }

    #[test]
    fn texts_of_a_run_move_no_cursor() {
        assert_eq!(one_line("a\u{1b}[2Jb\r\nc"), "a [2Jb  c");
        assert_eq!(one_line(&"x".repeat(300)).chars().count(), LONGEST + 1);
    }
}
