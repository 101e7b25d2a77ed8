//! The API described: OpenAPI document, schemas, the shapes of what streams send, types of TypeScript.

pub(crate) mod openapi;
pub(crate) mod schemas;
pub(crate) mod streams;
pub mod typescript;
