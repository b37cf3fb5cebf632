//! Names that are nobody's business but the expansion's.

/// Whether a name in a list is one of them.
pub(crate) fn is_internal(name: &str) -> bool {
    const WHOLE: &[&str] = &[
        "Table",
        "NODES",
        "args",
        "slot",
        "header",
        "known",
        "settled",
        "pass",
        "builder",
        "methods",
        "Options",
        "Values",
        "given",
        "words",
        "enter",
        "child",
        "fork",
        "scope",
        "ReadPlain",
        "ReadTried",
        "Point",
    ];
    const NUMBERED: &[&str] = &[
        "tok", "feed", "step", "body", "child", "closure", "how", "gate", "place", "hole", "out", "value",
        "group", "first",
    ];
    let number = name.trim_end_matches(|c: char| c.is_ascii_digit());
    name.starts_with("__")
        || name.starts_with("orch_")
        || WHOLE.contains(&name)
        || (number.len() < name.len() && NUMBERED.contains(&number))
}

/// Whether a line that is shown has one in it. The path of an item is shown above it, whatever that is.
pub(crate) fn shows_internal(line: &str) -> bool {
    ["__", "Builder<", "Check", "Point<", "Slot<", "Root<", "Shell<"].iter().any(|name| line.contains(name))
}
