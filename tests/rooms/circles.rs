//! Files that name each other in a circle.

use std::collections::{BTreeMap, VecDeque};

/// What each file names of other files, and where.
pub(crate) type Edges = BTreeMap<String, BTreeMap<String, String>>;

/// The shortest circle with a step from one file to another that is `wanted`, as the places that make it.
pub(crate) fn shortest(edges: &Edges, wanted: &dyn Fn(&str, &str) -> bool) -> Option<Vec<String>> {
    let mut shortest: Option<Vec<&str>> = None;
    for from in edges.keys() {
        let ways = ways(edges, from);
        for last in ways.keys().filter(|last| wanted(last, from) && edges[**last].contains_key(from)) {
            let mut files: Vec<&str> = vec![from, last];
            while let Some(file) =
                ways.get(files[files.len() - 1]).filter(|_| files.last() != Some(&from.as_str()))
            {
                files.push(file);
            }
            files.reverse();
            if shortest.as_ref().is_none_or(|shortest| files.len() < shortest.len()) {
                shortest = Some(files);
            }
        }
    }
    shortest.map(|files| files.windows(2).map(|pair| edges[pair[0]][pair[1]].clone()).collect())
}

/// From where each file is reached first, on the shortest ways from one.
fn ways<'e>(edges: &'e Edges, from: &'e str) -> BTreeMap<&'e str, &'e str> {
    let mut before = BTreeMap::new();
    let mut open = VecDeque::from([from]);
    while let Some(file) = open.pop_front() {
        for next in edges.get(file).into_iter().flat_map(BTreeMap::keys) {
            if next != from && !before.contains_key(next.as_str()) {
                before.insert(next.as_str(), file);
                open.push_back(next);
            }
        }
    }
    before
}
