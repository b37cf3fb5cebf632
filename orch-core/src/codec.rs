//! How what a task gives is written down: for runs that are gone through once more in another process.

use std::convert::Infallible;
use std::fmt;

use crate::error::BoxError;

/// How values of a type are written down and read again: what a durable run keeps of a task's output, and of its error.
///
/// `#[task(durable)]` writes both as JSON, and so asks for serde's traits of their types. What cannot have them is given another coding,
/// which then shows: `#[task(durable(error = Coding::text(io::Error::other)))]`.
///
/// A value is what comes of it when it is read, also in the run that wrote it down: so a run that is gone through once more sees no
/// other.
pub struct Coding<T> {
    how: How<T>,
}

enum How<T> {
    Bytes { encode: fn(&T) -> Result<Vec<u8>, BoxError>, decode: fn(&[u8]) -> Result<T, BoxError> },
    Text { show: fn(&T) -> String, read: fn(String) -> T },
}

impl<T> Coding<T> {
    /// By a pair of functions.
    ///
    /// ```
    /// use async_orch::durable::Coding;
    ///
    /// // Four bytes.
    /// let coding: Coding<u32> = Coding::new(|n| Ok(n.to_be_bytes().to_vec()), |bytes| Ok(u32::from_be_bytes(bytes.try_into()?)));
    /// assert_eq!(coding.decode(&coding.encode(&7).unwrap()).unwrap(), 7);
    /// ```
    pub const fn new(
        encode: fn(&T) -> Result<Vec<u8>, BoxError>,
        decode: fn(&[u8]) -> Result<T, BoxError>,
    ) -> Self {
        Coding { how: How::Bytes { encode, decode } }
    }

    /// As what it displays as, from which `read` makes a value again.
    ///
    /// For errors whose type cannot be written down. What a `when` or an `ignore` asks of such an error it asks of the one that `read` has made:
    /// of an `io::Error` it sees no `ErrorKind` any more, and [`is`](crate::Error::is) tells what `read` gives.
    ///
    /// ```
    /// use async_orch::durable::Coding;
    /// use std::io;
    ///
    /// let coding = Coding::text(io::Error::other);
    /// let again = coding.decode(&coding.encode(&io::ErrorKind::NotFound.into()).unwrap()).unwrap();
    /// assert_eq!((again.to_string(), again.kind()), ("entity not found".into(), io::ErrorKind::Other));
    /// ```
    pub const fn text(read: fn(String) -> T) -> Self
    where
        T: fmt::Display,
    {
        Coding { how: How::Text { show: T::to_string, read } }
    }

    /// A value as bytes.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn encode(&self, value: &T) -> Result<Vec<u8>, BoxError> {
        match self.how {
            How::Bytes { encode, .. } => encode(value),
            How::Text { show, .. } => Ok(show(value).into_bytes()),
        }
    }

    /// The value of these bytes.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn decode(&self, bytes: &[u8]) -> Result<T, BoxError> {
        match self.how {
            How::Bytes { decode, .. } => decode(bytes),
            How::Text { read, .. } => Ok(read(String::from_utf8(bytes.to_vec())?)),
        }
    }
}

#[cfg(feature = "durable")]
impl<T: serde::Serialize + serde::de::DeserializeOwned> Coding<T> {
    /// As JSON.
    ///
    /// ```
    /// use async_orch::durable::Coding;
    ///
    /// let coding = Coding::<Vec<u8>>::json();
    /// assert_eq!(coding.encode(&vec![1, 2]).unwrap(), b"[1,2]");
    /// ```
    pub const fn json() -> Self {
        Coding::new(|value| Ok(serde_json::to_vec(value)?), |bytes| Ok(serde_json::from_slice(bytes)?))
    }
}

impl Coding<Infallible> {
    /// That there is nothing to write down: the error of a task that cannot fail.
    #[doc(hidden)]
    pub const fn never() -> Self {
        Coding::new(|never| match *never {}, |_| Err("the task cannot fail".into()))
    }
}

impl<T> Clone for Coding<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Coding<T> {}

impl<T> Clone for How<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for How<T> {}

impl<T> fmt::Debug for Coding<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Coding")
    }
}

/// How the output and the error of a task are written down.
#[derive(Debug)]
#[cfg_attr(not(feature = "durable"), expect(dead_code, reason = "nothing is written down then"))]
pub struct Codec<T, X> {
    pub(crate) output: Coding<T>,
    pub(crate) error: Coding<X>,
}

impl<T, X> Clone for Codec<T, X> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, X> Copy for Codec<T, X> {}

impl<T, X> Codec<T, X> {
    /// By these.
    pub const fn new(output: Coding<T>, error: Coding<X>) -> Self {
        Codec { output, error }
    }
}
