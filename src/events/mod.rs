//! Event logs: one JSON object per line, appended and never rewritten.
//!
//! The envelope: `event_id`, `run_id` or `environment_id`, `sequence` (from 1, without gaps within a log), `timestamp`,
//! `level`, `event`, `message`, `data`. Events of the engine keep their own keys and get `sequence` and `run_id`. Cell values
//! never appear in them. Followers of a log read the file and not the database.
//!
//! [`EventLog`] writes a log, [`Follower`] reads a log in whole [`lines`]; [`names`] lists the events.

mod follow;
pub mod lines;
mod log;
pub mod names;

pub use follow::Follower;
pub use log::{AdeEvent, EventLog, Subject};

/// Returns the severity of a level; unknown words count as `info`.
pub fn severity(level: &str) -> u8 {
    match level.to_lowercase().as_str() {
        "trace" => 0,
        "debug" => 1,
        "warning" | "warn" => 3,
        "error" => 4,
        "critical" => 5,
        _ => 2,
    }
}
