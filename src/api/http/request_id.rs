//! The id of a request, by which its response is found in the server's log: the client's own id, or a new one.

use axum::http::{HeaderMap, HeaderName};

/// The header of requests and responses.
pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The maximum length of a client's id.
const MAX_REQUEST_ID_CHARS: usize = 128;

tokio::task_local! {
    /// The id of the request that this task handles.
    pub static REQUEST_ID: String;
}

/// Returns the client's id of a request, if it is valid: letters, digits, `.`, `_` and `-`.
pub fn given(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(HEADER)?.to_str().ok()?;
    let is_fit = |letter: u8| letter.is_ascii_alphanumeric() || b"._-".contains(&letter);
    ((1..=MAX_REQUEST_ID_CHARS).contains(&id.len()) && id.bytes().all(is_fit))
        .then(|| id.to_owned())
}

/// Returns the id of the request that is being handled.
pub fn current() -> Option<String> {
    REQUEST_ID.try_with(Clone::clone).ok()
}
