//! Texts out of the grammar of `pipeline!`, with any blanks and comments between any two tokens.

use proptest::prelude::*;

/// A file with one pipeline, and the code of the user's in it that goes on over several lines.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) user_code: Vec<String>,
}

/// A part of the text that is not taken apart.
#[derive(Clone, Debug)]
struct Piece {
    text: String,
    /// Whether the next part has to begin on the same line: what is undone, and the step of an arm, are read by lines.
    holds_on: bool,
}

type Pieces = Vec<Piece>;

fn piece(text: &str) -> Pieces {
    vec![Piece { text: text.to_owned(), holds_on: false }]
}

fn holding(text: &str) -> Pieces {
    vec![Piece { text: text.to_owned(), holds_on: true }]
}

fn pieces(texts: &[&str]) -> Pieces {
    texts.iter().flat_map(|text| piece(text)).collect()
}

/// Code of the user's, in braces or parentheses.
const BODIES: &[&str] = &[
    "{ n }",
    "{n+1}",
    "{ a  .b( )  }",
    "{\n    // inner\n    let x = n;   // beside  it\n    x\n}",
    "{\n            if n > 1 {\n                /* why */ Err(\"no\")\n            } else {\n\n                Ok(n)\n            }\n        }",
    "{\n let text = \"a\n  b // no comment\n\";\n let raw = r#\"\n    x /* \"#;\n text + raw\n}",
    "{\n\tvec![1,2,\n\t\t3]\n}",
    "{ /* a\n     b */ n }",
    "{\n    html! { <p>   {n}</p> }\n    // last\n}",
];

const ARGUMENTS: &[&str] = &[
    "()",
    "(_)",
    "( a.clone(),_ )",
    "(a, |x| x + 1, \"b  c\")",
    "(\n    a, // one\n    b,\n)",
    "(vec![ 1 , 2 ], 'x', '\\'')",
    "(r\"//\")",
];

const VALUES: &[&str] = &[
    "3",
    "n",
    "*n + 1",
    "f( a ,b )",
    "|e| e.is::<A, B>()",
    "|e| {\n    // asks\n    e.x()\n}",
    "x.y()?",
    "\"a b\"",
];

fn body() -> impl Strategy<Value = Pieces> {
    prop::sample::select(BODIES).prop_map(piece)
}

fn path() -> impl Strategy<Value = Pieces> {
    prop_oneof![
        4 => prop::sample::select(&["fetch", "b", "r#seq", "_a", "largest_of_them_all"][..]).prop_map(piece),
        1 => Just(pieces(&["tasks", "::", "save"])),
        1 => Just(piece("parse::<u32>")),
    ]
}

fn name() -> impl Strategy<Value = Pieces> {
    prop_oneof![3 => Just(Vec::new()), 1 => Just(pieces(&["as", "\"the  name\""]))]
}

fn leaf() -> impl Strategy<Value = Pieces> {
    let arguments = prop_oneof![1 => Just(Vec::new()), 1 => prop::sample::select(ARGUMENTS).prop_map(piece)];
    (path(), arguments, name()).prop_map(|(path, arguments, name)| [path, arguments, name].concat())
}

fn inline() -> impl Strategy<Value = Pieces> {
    let bars = prop::sample::select(&["|x|", "|_|", "|(a, b)|", "|n: u32|", "|x: Vec<Vec<u8>>, cx|"][..]);
    let word = prop_oneof![2 => Just(Vec::new()), 1 => Just(piece("async"))];
    (word, bars, body(), name()).prop_map(|(word, bars, body, name)| [word, piece(bars), body, name].concat())
}

fn embed() -> impl Strategy<Value = Pieces> {
    prop::sample::select(&["{ p }", "{&inner}", "{\n    // which\n    p.clone()\n}"][..]).prop_map(piece)
}

fn options() -> impl Strategy<Value = Pieces> {
    let option = prop_oneof![
        Just(piece("settle")),
        prop::sample::select(VALUES).prop_map(|value| [pieces(&["limit", "="]), piece(value)].concat()),
        Just(pieces(&["name", "=", "\"n\""])),
    ];
    let list = (prop::collection::vec(option, 1..4), any::<bool>()).prop_map(|(options, trailing)| {
        let mut all = piece("(");
        let last = options.len() - 1;
        for (index, option) in options.into_iter().enumerate() {
            all.extend(option);
            if index < last || trailing {
                all.extend(piece(","));
            }
        }
        all.extend(piece(")"));
        all
    });
    prop_oneof![2 => Just(Vec::new()), 1 => list]
}

fn step() -> impl Strategy<Value = Pieces> {
    let small = prop_oneof![4 => leaf(), 2 => inline(), 1 => embed()];
    small.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            6 => block(inner.clone()),
            2 => arms(inner.clone()),
            1 => (leaf(), prop::sample::select(&["undo", "finally"][..]), prop_oneof![leaf(), inline(), block(inner)])
                .prop_map(|(step, word, undo)| [step, holding(word), undo].concat()),
        ]
    })
}

fn block(inner: impl Strategy<Value = Pieces> + Clone + 'static) -> impl Strategy<Value = Pieces> {
    let head = prop_oneof![
        4 => (prop::sample::select(&["seq", "par", "each"][..]), options())
            .prop_map(|(keyword, options)| [piece(keyword), options].concat()),
        1 => Just(pieces(&["timeout", "(", "2s", ")"])),
        1 => Just(pieces(&["retry", "(", "max_attempts", "=", "3", ",", "backoff", "=", "exponential(100ms)", ")"])),
        1 => Just(piece("circuit")),
    ];
    let comma = prop_oneof![3 => Just(Vec::new()), 1 => Just(piece(","))];
    let item = (item(inner), comma).prop_map(|(item, comma)| [item, comma].concat());
    (head, prop::collection::vec(item, 1..5))
        .prop_map(|(head, items)| [head, piece("<"), items.concat(), piece(">")].concat())
}

fn item(step: impl Strategy<Value = Pieces> + Clone + 'static) -> impl Strategy<Value = Pieces> {
    let names = prop::sample::select(&["x", "(a, b)", "User { id, .. }"][..]);
    let ty = prop_oneof![2 => Just(Vec::new()), 1 => Just([piece(":"), piece("Vec<u8>")].concat())];
    let named = (names, ty, step.clone())
        .prop_map(|(names, ty, step)| [piece("let"), piece(names), ty, piece("="), step].concat());
    let conditional = step.clone().prop_map(|step| [piece("#[cfg(feature = \"a\")]"), step].concat());
    prop_oneof![
        6 => step,
        2 => named,
        1 => Just(pieces(&["let", "all", "=", "_"])),
        1 => conditional,
    ]
}

fn arms(step: impl Strategy<Value = Pieces> + 'static) -> impl Strategy<Value = Pieces> {
    let pattern = prop::sample::select(&["0", "1 | 2", "Some(x)", "A::B { .. }", "k if (*k > 9)"][..]);
    let arm = (pattern, step)
        .prop_map(|(pattern, step)| [piece(pattern), holding("=>"), step, piece(",")].concat());
    prop::collection::vec(arm, 1..4)
        .prop_map(|arms| [piece("choose"), piece("(*n)"), piece("<"), arms.concat(), piece(">")].concat())
}

fn header() -> impl Strategy<Value = Pieces> {
    let optional = |pieces: Pieces| prop_oneof![2 => Just(Vec::new()), 1 => Just(pieces)];
    let value = [piece("let"), piece("c"), piece("="), piece("c . clone()"), piece(";")].concat();
    let typed =
        [piece("let"), piece("d"), piece(":"), piece("A<B = C>"), piece("="), piece("{\n  1\n}"), piece(";")]
            .concat();
    let input = prop_oneof![
        Just(Vec::new()),
        Just(piece("|_: u32|")),
        Just([piece("move"), piece("|order: Order|")].concat())
    ];
    (optional(pieces(&["error", "=", "MyError", ";"])), optional(value), optional(typed), input)
        .prop_map(|(error, value, typed, input)| [error, value, typed, input].concat())
}

/// What stands between two pieces.
const GAPS: &[&str] = &[
    "",
    "",
    " ",
    " ",
    " ",
    "  ",
    "\t",
    "\n",
    "\n        ",
    "\n\n\n",
    " /* c */ ",
    " // c\n",
    "\n// own line\n",
    "\n\n    // apart\n\n",
    " /* several\n      lines */ ",
    "\n/* above */\n",
    "   // far   \n",
    " //// no doc\n",
    "\n/**/",
    "// a\n// b\n",
];

/// Between two pieces that have to be on one line.
const SHORT_GAPS: &[&str] = &[" ", "  ", " /* c */ ", "/* c */"];

/// A file with a pipeline in it.
pub(crate) fn pipeline() -> impl Strategy<Value = Text> {
    let stands = prop::sample::select(
        &[
            ("fn f() {\n    let p = pipeline! {", "};\n}\n"),
            ("fn f() { pipeline!{", "} }\n"),
            ("fn f() {\n\tlet p = g(async_orch::pipeline! {", "}, 1);\n}\n"),
            ("const A: () = {\n  pipeline! (", ")\n};\n"),
            ("fn f() {\n    run(\n        || pipeline! {", "}.boxed(),\n    )\n}\n"),
        ][..],
    );
    (stands, header(), step(), prop::collection::vec(any::<prop::sample::Index>(), 64), any::<bool>())
        .prop_filter_map(
            "what rustfmt formats is left alone",
            |((before, after), header, step, gaps, windows)| {
                // The first bars declare the input.
                let has_input = header.last().is_some_and(|last| last.text.ends_with('|'));
                let input =
                    if has_input || !step[0].text.starts_with('|') { Vec::new() } else { piece("|_: u32|") };
                let all = [header, input, step].concat();
                let mut text = before.to_owned();
                let mut user_code = Vec::new();
                let mut last = Piece { text: String::new(), holds_on: false };
                for (index, piece) in
                    all.iter().chain([&Piece { text: String::new(), holds_on: false }]).enumerate()
                {
                    let choice = gaps[index % gaps.len()];
                    let gap = if last.holds_on { *choice.get(SHORT_GAPS) } else { *choice.get(GAPS) };
                    let needs = gap.is_empty() && !may_touch(&last.text, &piece.text);
                    // A `//` behind a `/` would be another comment.
                    text += if needs { " " } else { gap };
                    text += &piece.text;
                    if piece.text.contains('\n') {
                        user_code.push(piece.text.clone());
                    }
                    last = piece.clone();
                }
                text += after;
                if windows {
                    text = text.replace('\n', "\r\n");
                    user_code = user_code.into_iter().map(|code| code.replace('\n', "\r\n")).collect();
                }
                Some(Text { text, user_code })
            },
        )
}

/// Whether two pieces may stand side by side and are the same two.
fn may_touch(left: &str, right: &str) -> bool {
    let (Some(left), Some(right)) = (left.chars().last(), right.chars().next()) else { return true };
    let bracket = |c: char| matches!(c, '(' | ')' | '{' | '}' | ',' | ';');
    bracket(left)
        || bracket(right)
        || (right == '<' && left.is_alphanumeric())
        || (left == '<' && right.is_alphanumeric())
}
