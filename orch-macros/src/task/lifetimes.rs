//! Names for the lifetimes that a signature leaves out.
//!
//! The parameters' types stand again in an implementation's header, where each needs a name.

use proc_macro2::Span;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Lifetime, Type, TypeFnPtr, TypeReference};

/// Gives every elided lifetime of some types a name, and remembers the names.
#[derive(Default)]
pub(crate) struct Elided {
    pub(crate) names: Vec<Lifetime>,
}

impl Elided {
    fn next(&mut self, span: Span) -> Lifetime {
        let name = Lifetime::new(&format!("'__elided{}", self.names.len()), span);
        self.names.push(name.clone());
        name
    }
}

impl VisitMut for Elided {
    fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
        if reference.lifetime.is_none() {
            reference.lifetime = Some(self.next(reference.and_token.span));
        }
        visit_mut::visit_type_reference_mut(self, reference);
    }

    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident == "_" {
            *lifetime = self.next(lifetime.span());
        }
    }

    // The lifetimes of a function's own parameters are its own.
    fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {}
    fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut syn::ParenthesizedGenericArguments) {}
}

/// The first borrow in a type that is not `'static`.
pub(crate) fn borrow(ty: &Type) -> Option<Span> {
    #[derive(Default)]
    struct Borrow(Option<Span>);

    impl<'ast> Visit<'ast> for Borrow {
        fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
            match &reference.lifetime {
                Some(lifetime) if lifetime.ident == "static" => {}
                _ => self.0 = self.0.or(Some(reference.and_token.span)),
            }
            visit::visit_type_reference(self, reference);
        }

        fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
            if lifetime.ident != "static" {
                self.0 = self.0.or(Some(lifetime.span()));
            }
        }

        fn visit_type_fn_ptr(&mut self, _: &'ast TypeFnPtr) {}
        fn visit_parenthesized_generic_arguments(&mut self, _: &'ast syn::ParenthesizedGenericArguments) {}
    }

    let mut found = Borrow::default();
    found.visit_type(ty);
    found.0
}
