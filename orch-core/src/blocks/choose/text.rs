//! What string literals are patterns for.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

/// Text of any type, as the string literals of patterns compare it.
#[diagnostic::on_unimplemented(
    message = "the arms of this `choose` are texts, and what is looked at is `{Self}`",
    label = "of the type `{Self}`, which is no text"
)]
#[doc(hidden)]
pub trait Textual {
    /// The text.
    fn text(&self) -> &str;
}

impl Textual for str {
    #[inline(always)]
    fn text(&self) -> &str {
        self
    }
}

macro_rules! textual {
    ($($ty:ty)*) => {$(
        impl Textual for $ty {
            #[inline(always)]
            fn text(&self) -> &str {
                self
            }
        }
    )*};
}

textual!(String Box<str> Rc<str> Arc<str> Cow<'_, str> Arc<String>);

#[diagnostic::do_not_recommend]
impl<T: Textual + ?Sized> Textual for &T {
    #[inline(always)]
    fn text(&self) -> &str {
        T::text(self)
    }
}

/// The text that a value is.
#[inline(always)]
pub fn text<T: Textual + ?Sized>(value: &T) -> &str {
    value.text()
}
