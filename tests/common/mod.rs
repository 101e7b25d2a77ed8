//! Runs the real `ade` in its own folder and home, with its own environment variables.
//!
//! A [`Place`] is a new folder that does not depend on the caller: environment variables are cleared except for proxies,
//! certificates and index settings, and HOME and the data directory are inside. Slow resources that are the same for all tests,
//! a uv and the download caches, are made once ([`machine`]) and kept between test runs. With them a new environment takes a
//! fraction of a second.
//!
//! Tests do not sleep to let something happen. Processes are held and released by files ([`Gate`]), and tests wait for a file,
//! a line or an exit, with a time limit that only a hang reaches.

#![allow(
    dead_code,
    unused_imports,
    unused_macros,
    clippy::disallowed_methods,
    reason = "every test file uses a part of this, and tests read their own process variables"
)]

pub mod api;
mod code;
mod described;
mod http;
mod machine;
#[cfg(target_os = "linux")]
mod network_disk;
mod place;
mod postgres;
mod printed;
mod queue;
mod running;
mod told;
pub mod trials;
mod wheel;
mod workbook;

pub use assert_cmd::assert::Assert;
pub use described::demand_event;
pub use http::{Answer, Exchange, Request, Server, frames};
pub use machine::{Machine, machine};
#[cfg(target_os = "linux")]
pub use network_disk::NetworkDisk;
pub use place::{CommandName, Configuration, Gate, Place};
pub use postgres::{Postgres, Way};
pub use printed::Printed;
pub use queue::{Attempt, is_alive, signal, wait_for_death};
#[cfg(target_os = "linux")]
pub use running::engines_of;
pub use running::{Running, processes_of, wait_for};
pub use told::Told;
pub use wheel::wheel;
pub use workbook::{encrypted_workbook, sheet, workbook};

/// The maximum time that a test waits; without a fault no wait comes near it.
pub const HANG: std::time::Duration = std::time::Duration::from_secs(240);

/// Fails unless an object has these fields with these values.
#[track_caller]
pub fn has(object: &serde_json::Value, fields: serde_json::Value) {
    for (name, value) in fields.as_object().unwrap() {
        assert_eq!(&object[name], value, "{name} of {object}");
    }
}

/// Compares a text with an inline snapshot, after replacing what differs from run to run.
macro_rules! snapshot {
    ($place:expr, $value:expr, @$snapshot:literal) => {{
        let settings = $place.filters();
        let _scope = settings.bind_to_scope();
        insta::assert_snapshot!($value.to_string(), @$snapshot);
    }};
}
pub(crate) use snapshot;
