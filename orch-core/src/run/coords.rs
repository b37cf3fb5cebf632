//! Which item, attempt, round and call an execution belongs to.

/// How many levels are told apart: with them a value is copied in two moves of equal size, side by side. Moves that overlap have to
/// wait for each other.
const LEVELS: usize = 7;

/// What a level counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    /// The items of an `each`, from 0.
    Item,
    /// The attempts of a `retry`, from 1.
    Attempt,
    /// The calls of `cx.run` in one execution of a step, from 0.
    Call,
    /// The rounds of a `repeat`, from 1.
    Round,
}

const COUNTS: [Count; 4] = [Count::Item, Count::Attempt, Count::Call, Count::Round];

/// The items, attempts, rounds and calls around an execution, outermost first.
///
/// A small value to copy, since every start of a step gets one. Beyond seven levels the sixth stands for all those between: two
/// executions that differ there differ in it, but what it says is no number of anything.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Coords {
    numbers: [u32; LEVELS],
    /// Two bits for each level: its place in [`COUNTS`]. And [`FOLDED`]. (A `bool` would have values that are none, which what
    /// this is in would use for its own ends: then it is no longer copied in two moves.)
    counts: u16,
    len: u16,
}

/// The last level but one stands for several.
const FOLDED: u16 = 1 << 15;

impl Coords {
    /// One level further in.
    pub(crate) fn push(mut self, count: Count, number: u64) -> Self {
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        if usize::from(self.len) == LEVELS {
            let [.., folded, last] = &mut self.numbers;
            *folded = folded.rotate_left(5).wrapping_mul(0x9e37_79b9) ^ *last;
            self.counts |= FOLDED;
            self.len -= 1;
        }
        let level = usize::from(self.len);
        self.numbers[level] = number;
        self.counts &= !(0b11 << (2 * level));
        self.counts |= (count as u16) << (2 * level);
        self.len += 1;
        self
    }

    /// Whether there is no level: most steps of most pipelines.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The innermost attempt, which is the first if there is none, and the innermost item. In line and without a loop, as each event says
    /// them.
    #[inline(always)]
    pub(crate) fn innermost(&self) -> (u32, Option<u64>) {
        if self.is_empty() {
            return (1, None);
        }
        (self.last(Count::Attempt).unwrap_or(1), self.last(Count::Item).map(u64::from))
    }

    /// The innermost number of a kind.
    #[inline(always)]
    fn last(&self, count: Count) -> Option<u32> {
        /// The lower bit of each level.
        const LOWER: u16 = 0x5555;
        let same = !(self.counts ^ (count as u16 * LOWER));
        let levels = LOWER & !(LOWER << (2 * self.len));
        let folded = if self.counts & FOLDED == 0 { 0 } else { 1 << (2 * (LEVELS - 2)) };
        let last = (same & (same >> 1) & levels & !folded).checked_ilog2()?;
        self.numbers.get(last as usize / 2).copied()
    }

    /// The levels that are told apart, outermost first.
    pub(crate) fn levels(self) -> impl DoubleEndedIterator<Item = (Count, u32)> {
        let folded = (self.counts & FOLDED != 0).then_some(LEVELS - 2);
        (0..usize::from(self.len))
            .filter(move |level| Some(*level) != folded)
            .map(move |level| (COUNTS[usize::from(self.counts >> (2 * level) & 0b11)], self.numbers[level]))
    }

    /// The numbers of one kind, outermost first.
    pub(crate) fn of(self, count: Count) -> impl DoubleEndedIterator<Item = u32> {
        self.levels().filter(move |(counted, _)| *counted == count).map(|(_, number)| number)
    }
}

/// `[3]{4}#2(0)`: item 3, round 4, attempt 2, call 0.
impl std::fmt::Debug for Coords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (count, number) in self.levels() {
            match count {
                Count::Item => write!(f, "[{number}]")?,
                Count::Attempt => write!(f, "#{number}")?,
                Count::Call => write!(f, "({number})")?,
                Count::Round => write!(f, "{{{number}}}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(levels: &[(Count, u64)]) -> Coords {
        levels.iter().fold(Coords::default(), |coords, (count, number)| coords.push(*count, *number))
    }

    #[test]
    fn levels_are_kept_in_order() {
        let coords = of(&[(Count::Item, 3), (Count::Attempt, 2), (Count::Call, 0), (Count::Item, u64::MAX)]);
        assert_eq!(format!("{coords:?}"), "[3]#2(0)[4294967295]");
        assert_eq!(coords.of(Count::Item).collect::<Vec<_>>(), [3, u32::MAX]);
        assert_eq!(coords.of(Count::Attempt).next_back(), Some(2));
        let coords = of(&[(Count::Round, 4), (Count::Attempt, 2), (Count::Round, 1), (Count::Item, 0)]);
        assert_eq!(format!("{coords:?}"), "{4}#2{1}[0]");
        assert_eq!(coords.of(Count::Round).collect::<Vec<_>>(), [4, 1]);
        assert_eq!(of(&[]), Coords::default());
    }

    #[test]
    fn beyond_seven_levels_positions_still_differ() {
        let deep = |changed: usize| {
            let levels: Vec<_> = (0..9).map(|level| (Count::Item, u64::from(level == changed))).collect();
            of(&levels)
        };
        let all: std::collections::HashSet<Coords> = (0..=9).map(deep).collect();
        assert_eq!(all.len(), 10, "one for each level that is changed, and one for none");
        assert_eq!(deep(8).of(Count::Item).next_back(), Some(1), "the innermost is told as it is");
        assert_eq!(deep(0).of(Count::Item).next(), Some(1), "and so is the outermost");
    }

    #[test]
    fn the_innermost_are_the_last_of_their_kind() {
        let mut seed = 1_u64;
        for _ in 0..10_000 {
            let mut random = |below: u64| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (seed >> 33) % below
            };
            let levels: Vec<_> = (0..random(10)).map(|_| (COUNTS[random(4) as usize], random(100))).collect();
            let coords = of(&levels);
            let attempt = coords.of(Count::Attempt).next_back().unwrap_or(1);
            let item = coords.of(Count::Item).next_back().map(u64::from);
            assert_eq!(coords.innermost(), (attempt, item), "{coords:?}");
        }
    }

    #[test]
    fn it_is_small() {
        assert_eq!(size_of::<Coords>(), 32);
    }
}
