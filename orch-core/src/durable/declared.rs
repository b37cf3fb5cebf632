//! What `#[task(durable)]` names.

use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::codec::Coding;

/// The word `durable`.
#[derive(Debug)]
pub struct Word;

/// What the word needs is there.
pub const fn needs<T>() {}

/// What a durable task gives can be written down.
#[diagnostic::on_unimplemented(
    message = "what a durable task gives is written down as JSON, and `{Self}` has not both of serde's traits",
    label = "no `Serialize` and `Deserialize`",
    note = "derive them for `{Self}`; or say how else it is written down: `durable(output = Coding::…, error = Coding::…)`"
)]
pub trait AsJson: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> AsJson for T {}

/// As [`AsJson`], without the bounds that it has, which would be errors of their own.
#[diagnostic::on_unimplemented(
    message = "what a durable task gives is written down as JSON, and `{Self}` has not both of serde's traits",
    label = "no `Serialize` and `Deserialize`",
    note = "derive them for `{Self}`; or say how else it is written down: `durable(output = Coding::…, error = Coding::…)`"
)]
pub trait WrittenAsJson: Sized {
    /// As JSON.
    const JSON: Coding<Self>;
}

#[diagnostic::do_not_recommend]
impl<T: AsJson> WrittenAsJson for T {
    const JSON: Coding<Self> = Coding::json();
}

const BREAK: &[u8] = b"{\"break\":";
const CONTINUE: &[u8] = b"{\"continue\":";

/// What a round of a `repeat` gives, which is none of serde's types: `{"break": …}` or `{"continue": …}`, with what is inside as JSON.
#[must_use]
pub const fn flow<B: AsJson, C: AsJson>() -> Coding<ControlFlow<B, C>> {
    Coding::new(
        |flow| {
            let (word, value) = match flow {
                ControlFlow::Break(end) => (BREAK, serde_json::to_vec(end)?),
                ControlFlow::Continue(next) => (CONTINUE, serde_json::to_vec(next)?),
            };
            Ok([word, &value, b"}"].concat())
        },
        |bytes| {
            let inside = bytes.strip_suffix(b"}").unwrap_or_default();
            match (inside.strip_prefix(BREAK), inside.strip_prefix(CONTINUE)) {
                (Some(end), _) => Ok(ControlFlow::Break(serde_json::from_slice(end)?)),
                (_, Some(next)) => Ok(ControlFlow::Continue(serde_json::from_slice(next)?)),
                _ => Err(format!("no `ControlFlow`: {}", String::from_utf8_lossy(bytes)).into()),
            }
        },
    )
}

/// A number that is the same for the same arguments, as far as they can be written down.
///
/// A map or a set has no order that would be the same in another process, and in JSON a set looks as a list: so the order of
/// what is inside of an argument does not count.
#[derive(Debug, Default)]
pub struct Fingerprint(Option<u64>);

impl Fingerprint {
    /// With an argument more, which has a number of its own or none.
    #[must_use]
    pub fn and(self, argument: Option<u64>) -> Self {
        let Some(argument) = argument else { return Fingerprint(self.0) };
        Fingerprint(Some(mixed(self.0.unwrap_or_default() ^ argument)))
    }

    /// `None` if no argument has one.
    #[must_use]
    pub fn finish(self) -> Option<u64> {
        self.0
    }
}

/// An argument that may be serde's.
pub struct Argument<'a, T: ?Sized>(pub &'a T);

impl<T: ?Sized> fmt::Debug for Argument<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Argument")
    }
}

/// Finds that it is.
pub trait Printable {
    /// Its number.
    fn __orch_fingerprint(&self) -> Option<u64>;
}

impl<T: Serialize + ?Sized> Printable for &Argument<'_, T> {
    fn __orch_fingerprint(&self) -> Option<u64> {
        serde_json::to_value(self.0).ok().map(|value| of(&value))
    }
}

/// Finds that others share it: a lock, a counter or what holds one has what it holds just now, and another time something else.
pub trait Shared {
    /// None.
    fn __orch_fingerprint(&self) -> Option<u64> {
        None
    }
}

impl<T: ?Sized> Shared for &&Argument<'_, &T> {}
impl<T: ?Sized> Shared for &&Argument<'_, &mut T> {}
impl<T: ?Sized> Shared for &&Argument<'_, Arc<T>> {}
impl<T: ?Sized> Shared for &&Argument<'_, Rc<T>> {}

/// Finds that it is text, which stays what it is.
pub trait Text {
    /// Its number.
    fn __orch_fingerprint(&self) -> Option<u64>;
}

macro_rules! texts {
    ($($text:ty)*) => {
        $(
            impl Text for &&&Argument<'_, $text> {
                fn __orch_fingerprint(&self) -> Option<u64> {
                    Printable::__orch_fingerprint(&&Argument(&**self.0))
                }
            }
        )*
    };
}

texts! { &str &String Arc<str> Rc<str> &[u8] &Vec<u8> &Path &PathBuf }

/// Finds that it is not.
pub trait Unprintable {
    /// None.
    fn __orch_fingerprint(&self) -> Option<u64> {
        None
    }
}

impl<T: ?Sized> Unprintable for Argument<'_, T> {}

/// It stays the same from version to version: it is written down.
fn of(value: &Value) -> u64 {
    match value {
        Value::Array(items) => inside(b'[', items.iter().map(of)),
        Value::Object(fields) => {
            inside(b'{', fields.iter().map(|(name, value)| mixed(bytes(name.as_bytes()) ^ of(value))))
        }
        plain => bytes(plain.to_string().as_bytes()),
    }
}

fn inside(kind: u8, items: impl ExactSizeIterator<Item = u64>) -> u64 {
    let seed = bytes(&[kind]).wrapping_add(items.len() as u64);
    mixed(items.fold(seed, |sum, item| sum.wrapping_add(mixed(item))))
}

/// FNV-1a.
fn bytes(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The last step of SplitMix64: each bit depends on all.
fn mixed(bits: u64) -> u64 {
    let bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ bits >> 31
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Mutex;
    use std::sync::atomic::AtomicU32;

    use super::*;

    fn print(value: &(impl Serialize + ?Sized)) -> u64 {
        Printable::__orch_fingerprint(&&Argument(value)).unwrap()
    }

    #[test]
    fn arguments_are_told_apart_but_for_the_order_inside() {
        let set = |items: [u32; 3]| items.into_iter().collect::<HashSet<_>>();
        assert_eq!(print(&set([1, 2, 3])), print(&set([3, 2, 1])));
        let all = [
            print(&1),
            print(&2),
            print("1"),
            print(&[1]),
            print(&[1, 1]),
            print(&[[1]]),
            print(&()),
            print(&[2]),
            print(&(1, "1")),
            print(&serde_json::json!({ "a": 1 })),
            print(&serde_json::json!({ "b": 1 })),
            print(&serde_json::json!({ "a": 2 })),
        ];
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
    }

    /// What a lock or a counter holds is another thing the next time.
    #[test]
    fn what_others_share_has_none() {
        macro_rules! print {
            ($value:expr) => {
                (&&&&Argument(&$value)).__orch_fingerprint()
            };
        }
        let (counter, lock) = (AtomicU32::new(1), Mutex::new(1));
        assert_eq!(
            (print!(&counter), print!(&lock), print!(Arc::new(1)), print!(&&1)),
            (None, None, None, None)
        );
        assert_eq!(print!(&Unserializable), None);
        assert_eq!(print!(Unserializable), None);
        assert_eq!(print!(1), Some(super::of(&1.into())));
        assert!(print!("1").is_some() && print!("1") == print!(&"1".to_owned()));
        assert_eq!(print!("1".to_owned()), print!(Arc::<str>::from("1")));
        assert!(print!(&b"1"[..]).is_some() && print!(Path::new("1")).is_some());
    }

    struct Unserializable;

    #[test]
    fn a_round_comes_back_as_it_was() {
        let coding = flow::<String, Vec<u8>>();
        for round in [ControlFlow::Break("}".to_owned()), ControlFlow::Continue(vec![1, 2])] {
            let bytes = coding.encode(&round).unwrap();
            assert!(serde_json::from_slice::<serde_json::Value>(&bytes).unwrap().is_object());
            assert_eq!(coding.decode(&bytes).unwrap(), round);
        }
        for none in ["", "}", "{\"break\":}", "{\"next\":1}", "{\"continue\":1}"] {
            assert!(coding.decode(none.as_bytes()).is_err(), "{none}");
        }
    }

    /// It is written down, and read by another version.
    #[test]
    fn a_fingerprint_stays_what_it_is() {
        assert_eq!(print(&serde_json::json!({ "a": [1, "x", null] })), STAYS);
    }

    const STAYS: u64 = 2_259_690_409_886_140_157;
}
