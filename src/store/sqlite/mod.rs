//! SQLite: one file for any number of processes on one machine.
//!
//! Writes are short `BEGIN IMMEDIATE` transactions: the write lock is taken before the first read, so that waiting for it
//! follows the busy timeout, which SQLite ignores when a transaction changes from reading to writing. The write-ahead log lets
//! other processes read committed data meanwhile.
//!
//! `open` and `migrate` open, create and upgrade a database; `migrations` and its folder hold the schema, with each index.
//! `options` reads the settings, `connection` and `busy` set a connection up, `error` converts SQLite's errors, and `paths`
//! stores paths relative to the data directory.

mod busy;
mod connection;
mod error;
mod migrate;
mod migrations;
mod open;
mod options;
mod paths;
#[cfg(test)]
pub(in crate::store) mod tests;

pub use open::{check, copy};
