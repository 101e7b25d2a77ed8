//! The foundation of all other modules: errors, time, whole files, digests. It depends on no other module of the library.
//!
//! - [`problem`]: errors with their codes; [`counted`]: numbers with their nouns; [`places`]: names of cells.
//! - [`clock`], [`backoff`], [`cancel`]: time, waits between attempts, cancelling.
//! - [`files`]: whole-file writes; [`digest`]: SHA-256; [`host`]: the machine's name; [`json`]: merging of objects; [`mutex`]:
//!   locks between threads; [`tls`]: encrypted connections; [`show_path`]: how much of a path is shown; [`hide_paths`]: paths
//!   hidden from clients elsewhere.

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

/// Limits a property test to few cases, and keeps no file of failed cases.
#[cfg(test)]
pub(crate) fn few_cases() -> proptest::test_runner::Config {
    proptest::test_runner::Config {
        cases: 64,
        failure_persistence: None,
        ..Default::default()
    }
}
