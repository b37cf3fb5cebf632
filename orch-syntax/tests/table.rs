//! Blocks are told apart by what their rows say, and by nothing else.

use std::path::{Path, PathBuf};

use orch_syntax::blocks::BLOCKS;
use proc_macro2::{TokenStream, TokenTree};

/// Every keyword, option and word of the language.
fn words() -> Vec<&'static str> {
    let mut words = Vec::new();
    for spec in BLOCKS {
        words.push(spec.keyword);
        for option in spec.head.iter().chain(spec.options) {
            words.push(option.name);
            words.extend(option.kind.words().iter().map(|word| word.word));
        }
    }
    words
}

/// The words of the language that stand in code as string literals, with their lines. What is in `mod tests` does not count.
fn compared(code: TokenStream) -> Vec<String> {
    let words = words();
    let mut found = Vec::new();
    let mut before = [String::new(), String::new()];
    for token in code {
        match &token {
            TokenTree::Group(_) if before == ["mod", "tests"] => {}
            TokenTree::Group(group) => found.extend(compared(group.stream())),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                if words.iter().any(|word| text == format!("\"{word}\"")) {
                    found.push(format!("line {}: {text}", literal.span().start().line));
                }
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
        let [_, last] = before;
        before = [last, token.to_string()];
    }
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[test]
fn no_word_of_the_language_is_compared_outside_of_the_table() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The options of `#[task]` are another language's.
    let (grammar, expansion) = (root.join("src"), root.join("../orch-macros/src/pipeline"));
    let mut files = sources(&grammar);
    files.retain(|path| *path != grammar.join("blocks.rs") && !path.starts_with(grammar.join("tests")));
    files.extend(sources(&expansion));
    assert!(files.len() > 30, "are these the sources? {files:?}");
    for path in files {
        let code = std::fs::read_to_string(&path).expect("a file").parse().expect("tokens");
        assert_eq!(compared(code), [""; 0], "{}", path.display());
    }
}

#[test]
fn a_comparison_is_found() {
    let code = "/// \"par\"\nfn a() { b == \"par\" || c(\"pars\", [\"max_delay\"]) }\nmatch d { \"full\" => e }\n\
                mod tests { \"seq\" }";
    let found = compared(code.parse().expect("tokens"));
    assert_eq!(found, ["line 2: \"par\"", "line 2: \"max_delay\"", "line 3: \"full\""]);
}
