//! Asks rust-analyzer, as an editor does, at the marked places of the texts in `cases`.

mod case;
mod lsp;
mod names;

use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use self::case::{Case, Wants};
use self::lsp::Server;

/// Of a hundred places, how many have to answer at least.
const SHARE: usize = 92;

fn main() -> ExitCode {
    match check() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("editor-check: {error}");
            ExitCode::FAILURE
        }
    }
}

fn check() -> Result<bool, String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let only = env::args().nth(1);
    let mut cases = case::read(&here.join("cases"))?;
    if let Some(only) = &only {
        cases.retain(|case| case.title.contains(only.as_str()));
    }
    let mut editor = Editor::start(here)?;
    editor.expects_macros()?;

    let mut answered = 0;
    let (mut internal, mut wrong) = (Vec::new(), Vec::new());
    println!("| place | expected | answered |\n|---|---|---|");
    for case in &cases {
        let Answer { told, shown } = editor.ask(case)?;
        let is_good = case.is_answered_by(&told);
        answered += usize::from(is_good);
        let is_internal = match case.wants {
            Wants::Offer(_) => names::is_internal,
            Wants::Show(_) => names::shows_internal,
        };
        let found: Vec<&String> = told.iter().filter(|name| is_internal(name)).collect();
        internal.extend(found.iter().map(|name| format!("{}: {name}", case.title)));
        if case.is_whole {
            wrong.extend(editor.errors()?.iter().map(|error| format!("{}: {error}", case.title)));
        }
        let seen = if is_good { "yes".to_owned() } else { format!("**no**: {shown}") };
        println!("| {} | {} | {seen} |", case.title.replace('|', "\\|"), case.wants);
        if only.is_some() {
            println!("{shown}");
        }
    }
    let enough = answered * 100 >= cases.len() * SHARE;
    println!("\n{answered} of {} places answer.", cases.len());
    for (all, none, some) in [
        (&internal, "No internal name is offered or shown.", "Internal names are offered or shown:"),
        (&wrong, "Nothing is wrong with what is complete.", "Something is wrong with what is complete:"),
    ] {
        println!("{}", if all.is_empty() { none } else { some });
        all.iter().for_each(|one| println!("  {one}"));
    }
    Ok(enough && internal.is_empty() && wrong.is_empty())
}

/// What an editor was told at a place: names that it would list, or the lines that it would show.
struct Answer {
    told: Vec<String>,
    /// The same, for a reader.
    shown: String,
}

/// An editor with one open text.
struct Editor {
    server: Server,
    uri: String,
    version: u64,
}

impl Editor {
    fn start(here: &Path) -> Result<Self, String> {
        let fixture = here.join("fixture");
        let program = env::var("RUST_ANALYZER").unwrap_or_else(|_| "rust-analyzer".to_owned());
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| here.join("target"), PathBuf::from);
        let mut options = json!({
            "checkOnSave": false,
            "cachePriming": { "enable": false },
            // Its own, so that it waits for no other build.
            "cargo": { "targetDir": target.join("rust-analyzer") },
            "procMacro": { "enable": true },
        });
        if let Ok(sources) = env::var("RUST_SRC") {
            options["cargo"]["sysrootSrc"] = json!(sources);
        }
        if let Ok(server) = env::var("RUST_ANALYZER_PROC_MACRO_SERVER") {
            options["procMacro"]["server"] = json!(server);
        }
        let mut server = Server::start(&program, &fixture.display().to_string(), &options)?;
        let uri = format!("file://{}", fixture.join("src/at.rs").display());
        server.tell(
            "textDocument/didOpen",
            &json!({ "textDocument": { "uri": uri, "languageId": "rust", "version": 0, "text": "" } }),
        )?;
        Ok(Self { server, uri, version: 0 })
    }

    /// An error if the server does not expand the macros: it has not built them, or has no server for them.
    fn expects_macros(&mut self) -> Result<(), String> {
        const TEXT: &str = "fn at() { let _ = async_orch::pipeline! { seq < > }; }";
        const MESSAGE: &str = "the body of `seq` is empty";
        self.types(TEXT)?;
        let errors = self.errors()?;
        if errors.iter().any(|error| error.contains(MESSAGE)) {
            return Ok(());
        }
        Err(format!("the macros are not expanded: of `{TEXT}` it is said {errors:?}"))
    }

    /// What is wrong with the text.
    fn errors(&mut self) -> Result<Vec<String>, String> {
        let answer =
            self.server.ask("textDocument/diagnostic", &json!({ "textDocument": { "uri": self.uri } }))?;
        let items = answer["items"].as_array().cloned().unwrap_or_default();
        let errors = items.iter().filter(|item| item["severity"] == 1);
        Ok(errors.filter_map(|error| error["message"].as_str().map(str::to_owned)).collect())
    }

    /// Another text.
    fn types(&mut self, text: &str) -> Result<(), String> {
        self.version += 1;
        self.server.tell(
            "textDocument/didChange",
            &json!({
                "textDocument": { "uri": self.uri, "version": self.version },
                "contentChanges": [{ "text": text }],
            }),
        )
    }

    fn ask(&mut self, case: &Case) -> Result<Answer, String> {
        self.types(&case.text)?;
        let place = json!({
            "textDocument": { "uri": self.uri },
            "position": { "line": case.line, "character": case.column },
        });
        match case.wants {
            Wants::Offer(_) => {
                let answer = self.server.ask("textDocument/completion", &place)?;
                let items = answer["items"].as_array().or(answer.as_array()).cloned().unwrap_or_default();
                Ok(offered(items, &case.typed()))
            }
            Wants::Show(_) => {
                let answer = self.server.ask("textDocument/hover", &place)?;
                let text = answer["contents"]["value"].as_str().unwrap_or_default();
                let told = text.lines().map(str::to_owned).collect();
                Ok(Answer { told, shown: text.replace('\n', " ⏎ ").replace('|', "\\|") })
            }
        }
    }
}

/// The names in a list, in its order, as far as they go on with what is typed.
fn offered(mut items: Vec<Value>, typed: &str) -> Answer {
    let text = |item: &Value, key: &str| item[key].as_str().unwrap_or_default().to_owned();
    items.sort_by_key(|item| text(item, "sortText"));
    let mut told: Vec<String> = items
        .iter()
        .map(|item| {
            let label = text(item, "label");
            let end = label.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(label.len());
            label[..end].to_owned()
        })
        .filter(|name| !name.is_empty())
        .collect();
    told.dedup();
    let first: Vec<&str> =
        told.iter().filter(|name| name.starts_with(typed)).take(12).map(String::as_str).collect();
    let shown = format!("{} offered, of them `{typed}…`: {}", told.len(), first.join(", "));
    Answer { told, shown }
}
