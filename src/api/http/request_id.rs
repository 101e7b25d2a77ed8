//! The id of a request, by which its answer is found in the server's log: the client's own, or a new one.

use axum::http::{HeaderMap, HeaderName};

/// The header of requests and answers.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken.
const LONGEST: usize = 128;

tokio::task_local! {
    /// The id of the request that this task answers.
    pub static REQUEST_ID: String;
}

/// The id that a client gave its request, if that can be one: letters, digits, `.`, `_` and `-`.
pub fn given(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(HEADER)?.to_str().ok()?;
    let is_fit = |letter: u8| letter.is_ascii_alphanumeric() || b"._-".contains(&letter);
    ((1..=LONGEST).contains(&id.len()) && id.bytes().all(is_fit)).then(|| id.to_owned())
}

/// The id of the request that is being answered.
pub fn current() -> Option<String> {
    REQUEST_ID.try_with(Clone::clone).ok()
}
