//! Describes the API: the OpenAPI document, and the shapes of streamed events.

pub(crate) mod openapi;
pub(crate) mod streams;
