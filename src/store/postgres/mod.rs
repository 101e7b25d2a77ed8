//! PostgreSQL: a server for any number of processes and hosts.
//!
//! `address` reads the server's address, `server` begins sessions, `open` opens a schema and brings it up to date, and
//! `migrations` holds the schema. `transfer` moves the records of a SQLite database to a server. `tests` runs the suite on a
//! separate server, simulates several hosts, and runs pairs of operations at the same time.
//!
//! Transactions run as `READ COMMITTED`. An operation of several statements locks the rows that must not change meanwhile, in
//! this order: the environment, the run in the queue (`runs/live.rs`), then others such as the workspace of a configuration.
//! Values that were read before a lock are read again after it. If a condition is about missing rows, a gate lets one
//! transaction at a time pass. A transaction that failed because of a conflict is repeated.
//!
//! A process has up to ten connections: nine for reads and writes, and one for heartbeats. `driver/postgres.rs` describes how
//! statements are combined into messages. Each connection remembers values that are written rarely and by all processes, the
//! observed time and the last uses, so that they are neither read nor locked again.
//!
//! A process that makes something claimable wakes sleeping processes (`Transaction::wake`) by a notification on the channel
//! with the name of the schema.
//!
//! Several hosts can use a server. Each host sees only the environments that it builds: `environments` is a view of them, so
//! that statements about one host need no change. Statements about all hosts use `environments/*pg_anywhere*/`.

pub mod address;
mod migrations;
mod open;
mod server;
#[cfg(test)]
pub(in crate::store) mod tests;
mod transfer;
