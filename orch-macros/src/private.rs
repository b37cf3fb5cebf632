//! The module of the library that expansions name: `__private` and the version.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};

/// Its path, in the library at `krate`.
///
/// Nobody can depend on a name that the next version does not have. And where macros and library of different versions meet,
/// as a patched dependency can make them, the compiler says that the module is missing, by a name in which both versions can
/// be read, before it says anything of what is in it.
pub(crate) fn path(krate: Option<&impl ToTokens>) -> TokenStream {
    let module = format_ident!("{}", module(env!("CARGO_PKG_VERSION")));
    match krate {
        Some(path) => quote!(#path::#module),
        None => quote!(::async_orch::#module),
    }
}

/// Its name in a version of the library.
fn module(version: &str) -> String {
    let version = version.replace(|char: char| !char.is_ascii_alphanumeric(), "_");
    format!("__private_{version}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_an_identifier_whatever_the_version() {
        assert_eq!(module("0.1.0"), "__private_0_1_0");
        assert_eq!(module("1.20.0-rc.1+built"), "__private_1_20_0_rc_1_built");
    }

    /// A raised version needs the new name in these two places. (The compiler says so too, at the first pipeline.)
    #[test]
    fn the_library_has_the_module_of_this_version() {
        let module = module(env!("CARGO_PKG_VERSION"));
        for (file, wanted) in [
            ("orch-core/src/lib.rs", format!("pub mod {module} {{")),
            ("src/lib.rs", format!("pub use orch_core::{module};")),
        ] {
            let text = std::fs::read_to_string(format!("{}/../{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
            assert!(
                text.lines().any(|line| line == wanted),
                "the version is {}: write `{wanted}` in {file}, in place of the name with another version, and then \
                 `just bless` and `just surface`",
                env!("CARGO_PKG_VERSION"),
            );
        }
    }
}
