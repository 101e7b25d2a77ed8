//! One kind of connection for all databases: the store's statements are written once, and do not depend on the database.
//!
//! - A statement is an SQL text that each database understands, with the parameters `?1`, `?2`. `connection` prepares it once
//!   and keeps it prepared.
//! - `value` converts values in both directions, `statement` executes and reads, `error` holds the errors of a database.
//! - `shared` lets the threads of a process take turns with a connection; `backend` has the operations of a database beyond
//!   statements.
//!
//! Each type has a variant for each database, so rows are read without copying, and without dynamic dispatch.

mod backend;
mod connection;
mod error;
pub mod postgres;
mod shared;
mod statement;
mod value;

pub use backend::Backend;
pub use connection::{Connection, Transaction};
pub use error::{Error, Result};
pub use shared::SharedConnection;
pub(in crate::store) use statement::record;
pub use statement::{DbRow, FromRow, Statement};
pub use value::Params;
pub(in crate::store) use value::{params, words};
