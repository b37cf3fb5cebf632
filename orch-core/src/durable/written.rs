//! What came of a command, as bytes.
//!
//! A word, a colon, and what belongs to it, so that who opens a journal by hand can read it: `ok:` and `err:` with what the task's
//! [`Coding`](super::Coding) has written, `kind:` with an error of another kind, and `pass:`.

use std::convert::Infallible;
use std::time::Duration;

use serde_json::{Value, json};

use crate::codec::Codec;
use crate::error::{BoxError, ErrorKind, Wire};

const OK: &[u8] = b"ok:";
const ERR: &[u8] = b"err:";
const KIND: &[u8] = b"kind:";
const PASS: &[u8] = b"pass:";

/// The outcome of a task.
pub(crate) fn outcome<T, X>(
    codec: &Codec<T, X>,
    outcome: Result<&T, &ErrorKind<X>>,
) -> Result<Vec<u8>, BoxError> {
    Ok(match outcome {
        Ok(output) => [OK, &codec.output.encode(output)?].concat(),
        Err(ErrorKind::Task(error)) => [ERR, &codec.error.encode(error)?].concat(),
        Err(kind) => kind_of(kind),
    })
}

/// The outcome that was written down.
pub(crate) fn read_outcome<T, X>(
    codec: &Codec<T, X>,
    bytes: &[u8],
) -> Result<Result<T, ErrorKind<X>>, BoxError> {
    if let Some(output) = bytes.strip_prefix(OK) {
        return codec.output.decode(output).map(Ok);
    }
    if let Some(error) = bytes.strip_prefix(ERR) {
        return codec.error.decode(error).map(|error| Err(ErrorKind::Task(error)));
    }
    read_kind(bytes).map(Err)
}

/// A gatekeeper's answer.
#[must_use]
pub fn answer(answer: Result<(), &ErrorKind<Infallible>>) -> Vec<u8> {
    answer.map_or_else(kind_of, |()| PASS.to_vec())
}

/// The answer that was written down.
pub(crate) fn read_answer(bytes: &[u8]) -> Result<Result<(), ErrorKind<Infallible>>, BoxError> {
    if bytes == PASS { Ok(Ok(())) } else { read_kind(bytes).map(Err) }
}

fn kind_of<X>(kind: &ErrorKind<X>) -> Vec<u8> {
    let wire = kind.to_wire().unwrap_or_else(|| Wire::new("rejected", None, None));
    let time = wire.time.map(|time| json!([time.as_secs(), time.subsec_nanos()]));
    [KIND, json!({ "kind": wire.kind, "time": time, "text": wire.text }).to_string().as_bytes()].concat()
}

fn read_kind<X>(bytes: &[u8]) -> Result<ErrorKind<X>, BoxError> {
    let unknown = || format!("not the outcome of a step: {}", String::from_utf8_lossy(bytes));
    let wire: Value = serde_json::from_slice(bytes.strip_prefix(KIND).ok_or_else(unknown)?)?;
    let time = wire["time"].as_array().and_then(|time| {
        let (seconds, nanos) = (time.first()?.as_u64()?, time.get(1)?.as_u64()?);
        Some(Duration::new(seconds, u32::try_from(nanos).ok()?))
    });
    let text = wire["text"].as_str().map(str::to_owned);
    let wire = Wire::new(wire["kind"].as_str().ok_or_else(unknown)?, time, text);
    Ok(ErrorKind::from_wire(&wire).ok_or_else(unknown)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::Coding;

    const CODEC: Codec<Vec<u8>, String> = Codec::new(Coding::json(), Coding::json());

    fn again(result: Result<Vec<u8>, ErrorKind<String>>) -> Result<Vec<u8>, ErrorKind<String>> {
        read_outcome(&CODEC, &outcome(&CODEC, result.as_ref()).unwrap()).unwrap()
    }

    #[test]
    fn an_outcome_comes_back_as_it_was() {
        assert_eq!(again(Ok(vec![1, 2])).unwrap(), [1, 2]);
        assert!(matches!(again(Err(ErrorKind::Task("no".into()))), Err(ErrorKind::Task(no)) if no == "no"));
        let open = ErrorKind::circuit_open(Duration::new(u64::MAX, 999_999_999), Some("down: \"x\""));
        assert_eq!(again(Err(open.clone())).unwrap_err().to_string(), open.to_string());
    }

    #[test]
    fn it_can_be_read_by_hand() {
        assert_eq!(outcome(&CODEC, Ok(&vec![7])).unwrap(), b"ok:[7]");
        assert_eq!(
            outcome(&CODEC, Err(&ErrorKind::TimedOut)).unwrap(),
            br#"kind:{"kind":"timed out","text":null,"time":null}"#
        );
    }

    #[test]
    fn what_is_none_is_an_error() {
        for bytes in
            [b"ok:".as_slice(), b"ok:{}", b"", b"kind:", b"kind:{}", b"kind:{\"kind\":\"new\"}", b"else"]
        {
            assert!(read_outcome(&CODEC, bytes).is_err(), "{bytes:?}");
        }
        assert!(read_answer(b"pass").is_err());
        assert!(read_answer(b"pass:").unwrap().is_ok());
    }
}
