//! Names that nothing mentions. The expansion binds a name only where it is used, so that the compiler would not miss it.

use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::code::Code;

/// Code that the compiler warns of: a variable for each name that no code of the pipeline mentions. Nothing if there is none.
pub(super) fn unused(written: &Code) -> TokenStream {
    let is_unused = |name: &&Ident| {
        let word = [name.to_string()];
        !(word.iter().any(|word| word.starts_with('_') || word.starts_with(char::is_uppercase))
            || written.mentions(&word))
    };
    let names: Vec<&Ident> = written.bound.iter().filter(is_unused).collect();
    if names.is_empty() {
        return TokenStream::new();
    }
    quote! {
        #[allow(clippy::let_unit_value, clippy::no_effect_underscore_binding)]
        let _ = || { #(let #names = ();)* };
    }
}
