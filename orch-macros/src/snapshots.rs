//! What the macros make of eight texts, to be read: a file for each in `snapshots`, formatted, with `orch` for the hidden module of the
//! façade that all of it comes from.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test -p orch-macros snapshots` writes them anew. A change of them is what every user's compiler reads, so look
//! at the difference before you commit it.

use std::path::PathBuf;
use std::str::FromStr;

use proc_macro2::TokenStream;

/// Compares the expansion with the file, or writes that.
fn snapshot(name: &str, text: &str, expansion: &TokenStream) {
    let private = crate::private::path(None::<&TokenStream>).to_string();
    let short = expansion.to_string().replace(&private, "orch").replace(":: core ::", "core ::");
    let file = syn::parse_str(&short).unwrap_or_else(|error| panic!("{name}: {error}\n{short}"));
    let indent = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .map_or(0, |line| line.len() - line.trim_start().len());
    let lines = text.trim_start_matches('\n').lines();
    let head: String = lines.map(|line| format!("// {}\n", line.get(indent..).unwrap_or(line))).collect();
    let made = format!("{head}\n{}", prettyplease::unparse(&file));
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("snapshots/{name}.rs"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &made).expect("a file");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == made,
        "the expansion of `{name}` has changed; UPDATE_SNAPSHOTS=1 writes it anew:\n{}",
        similar::TextDiff::from_lines(kept.as_str(), made.as_str()).unified_diff()
    );
}

fn pipeline(name: &str, text: &str) {
    let expansion = crate::pipeline::pipeline(TokenStream::from_str(text).expect("tokens"));
    snapshot(name, text, &quote::quote!(fn expansion() { let pipeline = #expansion; }));
}

#[test]
fn one_task() {
    pipeline("one_task", "fetch(10)");
}

#[test]
fn a_sequence() {
    pipeline(
        "a_sequence",
        "|id: u32| seq(name = \"ingest\") < fetch(*id) parse save(dir.join(id.to_string()), _) >",
    );
}

#[test]
fn named_outputs() {
    pipeline(
        "named_outputs",
        "
        let client = client.clone();
        move |_: u32|
        seq <
            let (head, body) = fetch(client.clone(), _)
            |_| { format!(\"{head}: {body}\") } as \"join\"
            async |text, cx| { cx.note(text.as_str()); text }
        >",
    );
}

#[test]
fn at_once() {
    pipeline("at_once", "par(limit = 2) < fetch(1) seq < fetch(2) parse > { other } >");
}

#[test]
fn policies() {
    pipeline(
        "policies",
        "
        error = AppError;
        |_: u32|
        retry(max_attempts = 3, backoff = exponential(100ms), when = |e| e.is_retryable()) <
            circuit(breaker = &breaker) < timeout(2s) < fetch > >
        >",
    );
}

#[test]
fn arms_and_undos() {
    pipeline(
        "arms_and_undos",
        "
        |order: Order|
        saga <
            let key = reserve(order.item) undo put_back
            choose(order.kind) <
                Kind::Gift => wrap(key.clone()),
                Kind::Parcel(weight) if (*weight > 10) => carry(*weight),
                _ => post(key.clone()),
            >
        >",
    );
}

#[test]
fn incomplete() {
    pipeline("incomplete", "|id: u32| seq < retry(max_att) < fetch(client., *id) let data = par");
}

#[test]
fn a_task() {
    let text = "
        /// Fetches a record.
        async fn fetch<T: Into<u32> + Send + 'static>(client: Arc<Client>, id: T) -> Result<String, std::io::Error> {
            client.get(id.into()).await
        }";
    let expansion = crate::task::task(TokenStream::new(), TokenStream::from_str(text).expect("tokens"));
    // The type of the same name has the attribute again, with all that belongs to it.
    let mut file: syn::File = syn::parse2(expansion).expect("items");
    let Some(syn::Item::Struct(mut marker)) = file.items.pop() else { panic!("a type") };
    let attribute = marker.attrs.pop().expect("an attribute");
    let rest = attribute.meta.require_list().expect("options").tokens.clone();
    let expanded = crate::task::task(rest, quote::quote!(#marker));
    snapshot("a_task", text, &quote::quote!(#file #expanded));
}
