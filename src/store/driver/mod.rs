//! One kind of connection for all databases: the statements in `sql/` are written once, and know no database.
//!
//! - A statement is a text of SQL that each database understands, with its parameters as `?1`, `?2`. `connection` prepares it once and keeps it so.
//! - `value` says what goes in and comes out, `statement` executes and reads, `error` is what a database answers instead.
//! - `shared` lets the threads of a process take turns with a connection; `backend` is what the store asks of a database beyond its statements.
//!
//! Each type has a variant for each database, so that a row is read where it lies: nothing is copied, and nothing decided at
//! run time that a compiler could.

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
pub use shared::OneConnection;
pub(in crate::store) use statement::record;
pub use statement::{Record, Row, Statement};
pub use value::Params;
pub(in crate::store) use value::{params, words};
