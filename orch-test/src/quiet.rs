//! Panics of tests that are repeated: they are not printed, and where they came from is remembered.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, Once, PoisonError};

/// Where the last panic was.
#[derive(Debug, Default)]
pub(crate) struct Caught(Mutex<Option<String>>);

thread_local! {
    static CAUGHT: RefCell<Option<Arc<Caught>>> = const { RefCell::new(None) };
}

/// A panic that was caught.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Panic {
    pub(crate) text: String,
    /// `None` if it went on from elsewhere.
    pub(crate) place: Option<String>,
}

impl Panic {
    /// Whether they are of one fault: from one place in the sources, or if that is not known of one text.
    pub(crate) fn is_same(&self, other: &Panic) -> bool {
        self.place == other.place && (self.place.is_some() || self.text == other.text)
    }
}

/// Calls a test.
pub(crate) fn catch(call: impl FnOnce()) -> Result<(), Panic> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| match current() {
            Some(caught) => {
                *caught.0.lock().unwrap_or_else(PoisonError::into_inner) =
                    info.location().map(ToString::to_string)
            }
            None => before(info),
        }));
    });
    let caught = Arc::new(Caught::default());
    let result = within(Some(caught.clone()), || catch_unwind(AssertUnwindSafe(call)));
    result.map_err(|payload| {
        let place = caught.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        Panic { text: text(&*payload), place }
    })
}

/// Who catches the panics of this thread.
pub(crate) fn current() -> Option<Arc<Caught>> {
    CAUGHT.try_with(|caught| caught.borrow().clone()).ok().flatten()
}

/// Calls something whose panics are caught so.
pub(crate) fn within<T>(caught: Option<Arc<Caught>>, call: impl FnOnce() -> T) -> T {
    struct Back(Option<Arc<Caught>>);

    impl Drop for Back {
        fn drop(&mut self) {
            CAUGHT.set(self.0.take());
        }
    }

    let _back = Back(CAUGHT.replace(caught));
    call()
}

/// What `cargo test` is told so that it runs this test alone: a blank and a name, if there is one.
pub(crate) fn this_test() -> String {
    let thread = std::thread::current();
    thread.name().filter(|name| *name != "main").map(|name| format!(" {name}")).unwrap_or_default()
}

fn text(payload: &(dyn Any + Send)) -> String {
    match (payload.downcast_ref::<&'static str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => (*text).to_owned(),
        (_, Some(text)) => text.clone(),
        _ => "a panic with a value that is not text".to_owned(),
    }
}
