//! Attribute macros that do to a function what those of well-known libraries do.

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

/// Gives the function back as it is.
#[proc_macro_attribute]
pub fn same(_: TokenStream, item: TokenStream) -> TokenStream {
    item
}

/// Puts a statement before the body, as an instrumenting macro does.
#[proc_macro_attribute]
pub fn enter(_: TokenStream, item: TokenStream) -> TokenStream {
    change_body(item, |body| format!("{{ let _entered = (); {body} }}"))
}

/// Puts the body of an `async fn` into a block of its own.
#[proc_macro_attribute]
pub fn block(_: TokenStream, item: TokenStream) -> TokenStream {
    change_body(item, |body| format!("{{ async move {{ {body} }}.await }}"))
}

fn change_body(item: TokenStream, change: impl Fn(&TokenStream) -> String) -> TokenStream {
    let mut tokens: Vec<TokenTree> = item.into_iter().collect();
    if let Some(TokenTree::Group(body)) = tokens.last_mut() {
        let content = change(&body.stream()).parse().expect("the body");
        let content: Vec<TokenTree> = TokenStream::into_iter(content).collect();
        if let [TokenTree::Group(changed)] = content.as_slice() {
            *body = Group::new(Delimiter::Brace, changed.stream());
        }
    }
    tokens.into_iter().collect()
}
