//! PostgreSQL: a server, any number of processes.
//!
//! `address` reads where the server is, `server` begins sessions, `open` opens a schema and brings it up to date, `migrations` holds that. `transfer` moves the records of a SQLite database here. `tests` runs the suite on a
//! server of its own, has several hosts on it, and tries pairs of operations at once.
//!
//! Transactions run as `READ COMMITTED`. An operation of several statements locks what it has to find unchanged: the run in the
//! queue (`runs/live.rs`), the environment, the workspace of a configuration, in this order: environment, queue, the rest. What was read
//! before a lock is read again after it. Where a condition is on rows that are not there, a gate lets one transaction at a time pass.
//! A transaction that another one kept from ending is done again.
//!
//! A process has up to ten connections: any of nine reads and writes, and heartbeats have one of their own. How many messages a transaction takes,
//! and what goes with which, is said in `driver/postgres.rs`. What is written rarely and by all, the time that was observed and the last uses, each
//! connection remembers, so that it is neither read nor locked again.
//!
//! Who makes something claimable wakes those who sleep (`Transaction::wake`), by a notification on the channel that is named after the schema.
//!
//! Several hosts use a server. Each sees the environments that it builds itself: `environments` is a view of them, so that statements about
//! one host stay as they are. Those that mean all hosts say so (`environments/*pg_anywhere*/`).

pub mod address;
mod migrations;
mod open;
mod server;
#[cfg(test)]
pub(in crate::store) mod tests;
mod transfer;
