//! What everything stands on: errors, time, whole files, digests. Needs nothing of the other rooms.
//!
//! - [`problem`]: what every error says of itself, and its code; [`counted`]: numbers with their nouns; [`places`]: cells by their
//!   names.
//! - [`clock`], [`backoff`], [`cancel`]: time, waits between attempts, cancelling.
//! - [`files`]: whole-file writes; [`digest`]: SHA-256; [`host`]: the machine's name; [`json`]: objects that are joined; [`mutex`]: locks between threads; [`tls`]: encrypted connections;
//!   [`show_path`]: how much of a path is shown; [`hide_paths`]: to those who ask from elsewhere.

pub mod backoff;
pub mod cancel;
pub mod clock;
pub mod counted;
pub mod digest;
pub mod files;
pub mod hide_paths;
pub mod host;
pub mod json;
pub mod mutex;
pub mod places;
pub mod problem;
pub mod show_path;
pub mod tls;

/// Limits a law to few made-up cases, and keeps no file of those that fail.
#[cfg(test)]
pub(crate) fn few_cases() -> proptest::test_runner::Config {
    proptest::test_runner::Config {
        cases: 64,
        failure_persistence: None,
        ..Default::default()
    }
}
