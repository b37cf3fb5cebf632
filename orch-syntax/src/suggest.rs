//! "Did you mean …?"

/// How many characters must be changed, added, left out or swapped with their neighbour to get from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut previous_a = None;
    for (row, ca) in a.chars().enumerate() {
        let mut current = vec![row + 1];
        let mut previous_b = None;
        for (column, cb) in b.iter().copied().enumerate() {
            let cell = |line: &[usize], at: usize| line.get(at).copied().unwrap_or(usize::MAX / 2);
            let mut best = (cell(&above, column) + usize::from(ca != cb))
                .min(cell(&above, column + 1) + 1)
                .min(cell(&current, column) + 1);
            if column > 0 && previous_a == Some(cb) && previous_b == Some(ca) {
                best = best.min(cell(&before, column - 1) + 1);
            }
            current.push(best);
            previous_b = Some(cb);
        }
        before = std::mem::replace(&mut above, current);
        previous_a = Some(ca);
    }
    above.last().copied().unwrap_or(0)
}

/// The known word that `typed` most likely stands for. Short words must be closer, or `map` would be a
/// misspelt `par`.
#[must_use]
pub fn closest<'a>(typed: &str, known: &[&'a str]) -> Option<&'a str> {
    let allowed = if typed.chars().count() <= 4 { 1 } else { 2 };
    let mut closest = None;
    let mut least = allowed + 1;
    for word in known {
        let distance = distance(typed, word);
        if distance < least && distance < word.chars().count() {
            (closest, least) = (Some(*word), distance);
        }
    }
    closest
}

/// `` `a`, `b` and `c` ``
pub(crate) fn enumerate(words: &[&str]) -> String {
    let mut text = String::new();
    for (index, word) in words.iter().enumerate() {
        text += match words.len() - index {
            _ if index == 0 => "",
            1 => " and ",
            _ => ", ",
        };
        text += &format!("`{word}`");
    }
    text
}
