//! How two texts differ.

/// The lines that are only in `old`, with `-`, and only in `new`, with `+`, in order; each after the heading that it is
/// under: for an indented line the last one that is not, for another the title of its section. `None` if there are none.
pub(crate) fn lines(old: &str, new: &str) -> Option<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    // How many lines the texts have in common from these on.
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for (i, a) in old.iter().enumerate().rev() {
        for (j, b) in new.iter().enumerate().rev() {
            common[i][j] =
                if a == b { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let mut diff = String::new();
    let (mut heading, mut section) = (None, None);
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            if !old[i].starts_with(' ') && !old[i].is_empty() {
                heading = Some(old[i]);
            }
            if old[i].starts_with("## ") {
                section = Some(old[i]);
            }
            (i, j) = (i + 1, j + 1);
            continue;
        }
        let removed = j == new.len() || i < old.len() && common[i + 1][j] >= common[i][j + 1];
        let (mark, line) = if removed { ("-", old[i]) } else { ("+", new[j]) };
        (i, j) = if removed { (i + 1, j) } else { (i, j + 1) };
        let above = match line.get(..1) {
            None => None,
            Some(" ") => heading.take(),
            Some(_) => section.take(),
        };
        if !line.starts_with(' ') {
            // What is under it needs no other.
            heading = None;
        }
        if let Some(above) = above {
            diff.push_str(&format!("  {above}\n"));
        }
        if !line.is_empty() {
            diff.push_str(&format!("{mark} {line}\n"));
        }
    }
    (!diff.is_empty()).then_some(diff)
}
