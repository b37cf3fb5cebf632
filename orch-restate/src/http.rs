//! The server's addresses.

use std::error::Error as _;
use std::fmt::Write as _;

use reqwest::{Client, Method, Response, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// In which header a worker is told the key of a run.
pub(crate) const KEY: &str = "x-orch-key";

/// One of the server's addresses.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    client: Client,
    base: Url,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    /// No answer.
    #[error("{0}")]
    Unreachable(String),
    /// An answer that is none.
    #[error("{message} (status {status})")]
    Answer { status: u16, message: String },
}

impl Http {
    /// # Errors
    ///
    /// With what is wrong with the address.
    pub(crate) fn new(address: &str) -> Result<Self, String> {
        let base = Url::parse(address).map_err(|error| error.to_string())?;
        if base.cannot_be_a_base() || base.host().is_none() {
            return Err("it has no host".to_owned());
        }
        let client = Client::builder().build().map_err(|error| error.to_string())?;
        Ok(Http { client, base })
    }

    pub(crate) fn address(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// The address of something below. What is in `parts` is one part each, whatever is in it; `last` is as it is.
    fn at(&self, parts: &[&str], last: &str) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(parts).extend(last.split('/'));
        }
        url
    }

    /// Calls a handler.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        parts: &[&str],
        last: &str,
        key: Option<&str>,
        body: &impl Serialize,
    ) -> Result<T, HttpError> {
        let mut request = self.client.post(self.at(parts, last)).json(body);
        if let Some(key) = key {
            // The server has the first for itself, and hands on the other.
            request = request.header("idempotency-key", header(key)).header(KEY, header(key));
        }
        read(request.send().await.map_err(unreachable)?).await
    }

    pub(crate) async fn get<T: DeserializeOwned>(&self, parts: &[&str], last: &str) -> Result<T, HttpError> {
        let request = self.client.get(self.at(parts, last)).header("accept", "application/json");
        read(request.send().await.map_err(unreachable)?).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        parts: &[&str],
        last: &str,
        body: Option<&Value>,
    ) -> Result<Value, HttpError> {
        let mut request =
            self.client.request(method, self.at(parts, last)).header("accept", "application/json");
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(unreachable)?;
        if response.status().is_success() && response.content_length() == Some(0) {
            return Ok(Value::Null);
        }
        read(response).await
    }
}

/// A key as the server keeps it. It goes into a header and into an address, so that what is not plain in both is `~` and two digits.
pub(crate) fn header(key: &str) -> String {
    let mut text = String::with_capacity(key.len());
    for byte in key.bytes() {
        // `.` and `..` are more than names in an address.
        let is_plain =
            byte.is_ascii_alphanumeric() || b"-_".contains(&byte) || (byte == b'.' && !text.is_empty());
        if is_plain {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "~{byte:02X}");
        }
    }
    // An empty header is none.
    if text.is_empty() { "~".to_owned() } else { text }
}

/// The key again.
pub(crate) fn unheader(text: &str) -> String {
    if text == "~" {
        return String::new();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, after @ ..] = rest {
        let escaped = (*byte == b'~').then(|| after.get(..2)).flatten();
        let escaped = escaped.and_then(|hex| u8::from_str_radix(str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(escaped.unwrap_or(*byte));
        rest = &after[if escaped.is_some() { 2 } else { 0 }..];
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// What went wrong, down to the system's own words.
fn unreachable(error: reqwest::Error) -> HttpError {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = error.to_string();
        source = error.source();
    }
    HttpError::Unreachable(text)
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, HttpError> {
    let status = response.status();
    let body = response.bytes().await.map_err(unreachable)?;
    if status.is_success() {
        let body = if body.is_empty() { b"null" } else { &body[..] };
        return serde_json::from_slice(body).map_err(|error| HttpError::Answer {
            status: status.as_u16(),
            message: format!("{error}: {}", String::from_utf8_lossy(body)),
        });
    }
    let text = String::from_utf8_lossy(&body).into_owned();
    let message = serde_json::from_slice::<Value>(&body)
        .ok()
        .and_then(|body| Some(body["message"].as_str()?.to_owned()));
    Err(HttpError::Answer { status: status.as_u16(), message: message.unwrap_or(text) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_with_anything_in_it_comes_back() {
        for key in ["order-17", "Käse 100 %", "a/b?c#d", "~41", "line\nbreak", "..", "v1.2", "~", ""] {
            let text = header(key);
            assert!(!text.is_empty() && !text.starts_with('.'), "{text}");
            assert!(
                text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte)),
                "{text}"
            );
            assert_eq!(unheader(&text), key);
        }
    }

    #[test]
    fn a_part_of_an_address_is_one_part() {
        let http = Http::new("http://localhost:8080/").unwrap();
        assert_eq!(
            http.at(&["OrchBreaker", "order/seq?"], "admit").as_str(),
            "http://localhost:8080/OrchBreaker/order%2Fseq%3F/admit"
        );
        assert_eq!(http.address(), "http://localhost:8080");
        assert!(Http::new("localhost").is_err());
        assert!(Http::new("mailto:x@example.com").is_err());
    }
}
