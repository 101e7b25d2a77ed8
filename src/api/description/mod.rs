//! The API described: OpenAPI document, schemas, types of TypeScript.

pub(crate) mod openapi;
pub(crate) mod schemas;
pub mod typescript;
