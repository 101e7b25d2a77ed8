//! The API described: OpenAPI document, schemas, and the shapes of what streams send.

pub(crate) mod openapi;
pub(crate) mod schemas;
pub(crate) mod streams;
