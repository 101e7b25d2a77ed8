//! The API described: OpenAPI document, and the shapes of what streams send.

pub(crate) mod openapi;
pub(crate) mod streams;
