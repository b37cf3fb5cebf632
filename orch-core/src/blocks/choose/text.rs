//! What string literals are patterns for.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

/// Text of any type, as the string literals of patterns compare it.
#[diagnostic::on_unimplemented(
    message = "the arms of this `choose` are texts, and what is looked at is `{Self}`",
    label = "of the type `{Self}`, which is no text",
    note = "the patterns of a `{Self}` are of its own kind; text is what `&str`, `String` and boxes of them are"
)]
#[doc(hidden)]
pub trait IsText {
    /// The text.
    fn text(&self) -> &str;
}

#[diagnostic::do_not_recommend]
impl<T: Textual + ?Sized> IsText for T {
    #[inline(always)]
    fn text(&self) -> &str {
        self.as_text()
    }
}

/// A type of text. (The types are not listed in a message, as those of [`IsText`] itself would be.)
#[doc(hidden)]
pub trait Textual {
    /// The text.
    fn as_text(&self) -> &str;
}

impl Textual for str {
    #[inline(always)]
    fn as_text(&self) -> &str {
        self
    }
}

macro_rules! textual {
    ($($ty:ty)*) => {$(
        impl Textual for $ty {
            #[inline(always)]
            fn as_text(&self) -> &str {
                self
            }
        }
    )*};
}

textual!(String Box<str> Rc<str> Arc<str> Cow<'_, str> Arc<String>);

impl<T: Textual + ?Sized> Textual for &T {
    #[inline(always)]
    fn as_text(&self) -> &str {
        T::as_text(self)
    }
}
