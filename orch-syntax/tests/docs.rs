//! The tables of the documentation say what the table of blocks says.
//!
//! Each check gives what differs, so that it can be shown to find something: the last two tests doctor the pages.

use orch_syntax::blocks::{self, BLOCKS, Body, Kind, Spec};
use orch_syntax::{UNITS, parse, validate};
use proc_macro2::TokenStream;

fn page(path: &str) -> String {
    let path = format!("{}/../{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The cells of each row of the tables under a heading, up to the next heading.
fn rows(page: &str, heading: &str) -> Vec<Vec<String>> {
    let Some((_, section)) = page.split_once(&format!("\n{heading}\n")) else { return Vec::new() };
    let lines = section.lines().take_while(|line| !line.starts_with('#'));
    let rows = lines.filter(|line| line.starts_with('|') && !line.starts_with("|---")).skip(1);
    rows.map(|row| {
        let cells = row.replace("\\|", "\u{1}");
        cells.trim_matches('|').split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect()
    })
    .collect()
}

/// What stands in backticks, and not in parentheses, as a default does.
fn spans(text: &str) -> Vec<String> {
    let mut spans = Vec::new();
    let mut depth = 0usize;
    for (index, part) in text.split('`').enumerate() {
        if index % 2 == 1 {
            spans.extend((depth == 0).then(|| part.to_owned()));
        } else {
            depth = (depth + part.matches('(').count()).saturating_sub(part.matches(')').count());
        }
    }
    spans
}

/// What one side has and the other has not.
fn compare(what: &str, written: &[String], known: &[&str]) -> Vec<String> {
    let missing = known.iter().filter(|name| !written.iter().any(|other| other == *name));
    let surplus = written.iter().filter(|name| !known.contains(&name.as_str()));
    let twice = written.iter().enumerate().filter(|(at, name)| written[..*at].contains(name));
    let missing = missing.map(|name| format!("{what}: `{name}` is not documented"));
    let surplus = surplus.map(|name| format!("{what}: `{name}` does not exist"));
    missing.chain(surplus).chain(twice.map(|(_, name)| format!("{what}: `{name}` stands twice"))).collect()
}

/// The table of blocks in docs/language.md: each block with each option, but for `name`, which all have.
fn differences_of_blocks(language: &str) -> Vec<String> {
    let rows = rows(language, "## Blocks");
    let keywords: Vec<String> = rows.iter().map(|row| spans(&row[0]).concat()).collect();
    let mut differences = compare("the blocks", &keywords, &blocks::keywords());
    for (keyword, row) in keywords.iter().zip(&rows) {
        let Some(spec) = blocks::find(keyword) else { continue };
        let options: Vec<&str> = spec
            .options
            .iter()
            .filter(|option| option.kind != Kind::Name)
            .map(|option| option.name)
            .collect();
        differences.extend(compare(keyword, &spans(&row[1]), &options));
        let head = row[1].contains("first and without a name");
        match spec.head {
            Some(head_spec) if !(head && row[1].starts_with(&format!("the {}", head_spec.name))) => {
                differences.push(format!("{keyword}: its {} is not documented", head_spec.name));
            }
            None if head => differences.push(format!("{keyword}: takes no value without a name")),
            _ => {}
        }
    }
    differences
}

/// The sentences of docs/language.md that list something: what, and what stands before the list and after it.
const SENTENCES: [(&str, &str, &str); 4] = [
    ("the keywords", "These words open a block where a step is expected:", "."),
    (
        "the blocks whose body is no sequence",
        "A body of several steps is a sequence, in every block except",
        ".",
    ),
    ("the words", "any expression of type `Duration` will do.", "are words of the macro"),
    ("the units", "A duration is a number with a unit,", ", whole or decimal"),
];

fn differences_of_words(language: &str) -> Vec<String> {
    // A line may break anywhere.
    let text = language.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut differences = Vec::new();
    for (what, before, after) in SENTENCES {
        let list = text.split_once(before).and_then(|(_, rest)| rest.split_once(after));
        let Some((list, _)) = list else {
            differences.push(format!("{what}: no sentence says `{before} … {after}`"));
            continue;
        };
        let words: Vec<String> =
            spans(list).iter().flat_map(|span| span.split_whitespace().map(str::to_owned)).collect();
        differences.extend(compare(what, &words, &listed(what)));
    }
    differences
}

/// What a sentence is to list.
fn listed(what: &str) -> Vec<&'static str> {
    let keywords = |wanted: fn(&Spec) -> bool| -> Vec<&str> {
        BLOCKS.iter().filter(|spec| wanted(spec)).map(|spec| spec.keyword).collect()
    };
    match what {
        "the keywords" => keywords(|_| true),
        "the blocks whose body is no sequence" => {
            keywords(|spec| matches!(spec.body, Body::Peers(_) | Body::Alternatives | Body::Arms))
        }
        "the words" => {
            let options = BLOCKS.iter().flat_map(|spec| spec.options);
            options.flat_map(|option| option.kind.words()).map(|word| word.word).collect()
        }
        "the units" => UNITS.iter().map(|(unit, _)| *unit).collect(),
        other => panic!("nothing is called {other}"),
    }
}

/// The table of README.md: each block, in an example that the grammar takes. Of the options it has a selection.
fn differences_of_front_page(readme: &str) -> Vec<String> {
    let mut differences = Vec::new();
    let mut keywords = Vec::new();
    for row in rows(readme, "## The blocks") {
        let example = spans(&row[0]).into_iter().next().unwrap_or_default();
        let Some(keyword) = example.split(['(', ' ']).next().filter(|_| example.ends_with('>')) else {
            continue;
        };
        keywords.push(keyword.to_owned());
        let mut parsed = parse(example.parse::<TokenStream>().expect("tokens"));
        validate(&mut parsed);
        differences.extend(parsed.errors.iter().map(|mistake| format!("{keyword}: {mistake}")));
        let Some(spec) = blocks::find(keyword) else { continue };
        // A `let` is none of a block's options, nor is a type.
        let no_option = |span: &String| span.starts_with("let ") || span.starts_with(char::is_uppercase);
        for span in spans(&row[1]).iter().filter(|span| !no_option(span)) {
            let name = span.split(' ').next().unwrap_or_default();
            if spec.option(name).is_none() {
                differences.push(format!("{keyword}: `{name}` does not exist"));
            }
        }
    }
    differences.extend(compare("the blocks", &keywords, &blocks::keywords()));
    differences
}

/// The keywords that an editor offers and shows, each with its documentation.
fn differences_of_editor(editor: &str) -> Vec<String> {
    let (_, keywords) = editor.split_once("pub mod keywords {").expect("the module of the keywords");
    let named: Vec<String> = keywords
        .split("pub const ")
        .zip(keywords.split("pub const ").skip(1))
        .filter(|(before, _)| before.trim_end().lines().next_back().is_some_and(|line| line.contains("///")))
        .filter_map(|(_, after)| Some(after.split_once(':')?.0.to_owned()))
        .collect();
    compare("the keywords in an editor", &named, &blocks::keywords())
}

#[test]
fn an_editor_shows_every_block() {
    let editor = page("orch-core/src/build/editor.rs");
    assert_eq!(differences_of_editor(&editor), [""; 0]);
    let doctored = editor.replace("pub const race:", "pub const rice:");
    assert_eq!(differences_of_editor(&doctored).len(), 2);
    let bare = editor.replace("    /// The body in rounds", "    // The body in rounds");
    assert_eq!(differences_of_editor(&bare).len(), 1);
}

#[test]
fn the_language_has_every_block_with_every_option() {
    assert_eq!(differences_of_blocks(&page("docs/language.md")), [""; 0]);
}

#[test]
fn the_language_lists_every_keyword_word_and_unit() {
    assert_eq!(differences_of_words(&page("docs/language.md")), [""; 0]);
}

#[test]
fn the_front_page_has_every_block() {
    assert_eq!(differences_of_front_page(&page("README.md")), [""; 0]);
}

/// A page that is wrong is found to be, and what is wrong in it is named: each block and each option, missing or invented.
#[test]
fn a_doctored_page_is_found() {
    let (language, readme) = (page("docs/language.md"), page("README.md"));
    let (start, end) = (language.find("\n## Blocks\n").expect("a section"), language.len());
    let section = &language[start..end];
    for spec in BLOCKS {
        let keyword = spec.keyword;
        let row = section.lines().find(|line| line.starts_with(&format!("| `{keyword}` |"))).expect("a row");
        let doctored = |row_instead: &str| differences_of_blocks(&section.replacen(row, row_instead, 1));
        assert_eq!(doctored(""), [format!("the blocks: `{keyword}` is not documented")]);
        assert_eq!(doctored(&format!("{row}\n{row}")), [format!("the blocks: `{keyword}` stands twice")]);
        let invented = row.replacen(keyword, "invented", 1);
        assert_eq!(
            doctored(&invented),
            [
                format!("the blocks: `{keyword}` is not documented"),
                "the blocks: `invented` does not exist".to_owned()
            ]
        );
        for option in spec.options.iter().filter(|option| option.kind != Kind::Name) {
            let name = option.name;
            // An option may be called as its block is, which stands before it.
            let (start, rest) = row.split_at(if name == keyword { keyword.len() + 4 } else { 0 });
            let invented = format!("{start}{}", rest.replacen(&format!("`{name}`"), "`invented`", 1));
            assert_eq!(
                doctored(&invented),
                [
                    format!("{keyword}: `{name}` is not documented"),
                    format!("{keyword}: `invented` does not exist")
                ]
            );
        }
        let (head, no_head) = ("first and without a name", "");
        match spec.head {
            Some(spec) => assert_eq!(
                doctored(&row.replacen(head, no_head, 1)),
                [format!("{keyword}: its {} is not documented", spec.name)]
            ),
            None => {
                let cell = row.match_indices(" |").nth(1).expect("a second cell").0;
                let invented = format!("{}, {head}{}", &row[..cell], &row[cell..]);
                assert_eq!(doctored(&invented), [format!("{keyword}: takes no value without a name")]);
            }
        }

        let row = format!("\n| `{keyword}");
        let found = differences_of_front_page(&readme.replacen(&row, "\n| `invented", 1));
        let expected = [
            format!("the blocks: `{keyword}` is not documented"),
            "the blocks: `invented` does not exist".to_owned(),
        ];
        assert!(expected.iter().all(|difference| found.contains(difference)), "{found:?}");
    }
    let invented = readme.replacen("`collect` gives", "`invented` gives", 1);
    assert_eq!(differences_of_front_page(&invented), ["seq: `invented` does not exist"]);
    // An example that is no pipeline.
    let wrong = readme.replacen("\n| `par(limit = ", "\n| `par(limits = ", 1);
    assert!(differences_of_front_page(&wrong)[0].starts_with("par: `par` has no option `limits`"));
}

/// The same of what is listed in sentences.
#[test]
fn a_doctored_sentence_is_found() {
    let language = page("docs/language.md").split_whitespace().collect::<Vec<_>>().join(" ");
    for (what, before, _) in SENTENCES {
        let doctored = language.replacen(before, &format!("{before} `invented`"), 1);
        assert_eq!(differences_of_words(&doctored), [format!("{what}: `invented` does not exist")]);
    }
    let doctored = language.replacen(" race fallback", " race", 1).replacen(" `ns us", " `us", 1);
    assert_eq!(
        differences_of_words(&doctored),
        ["the keywords: `fallback` is not documented", "the units: `ns` is not documented"]
    );
}
