//! The events that ADE itself writes into the logs of runs and environments. Those of the engine are in
//! `crate::engine::process`; docs/events.md says what each has in its data.

/// A run waits for a worker.
pub const RUN_QUEUED: &str = "run.queued";
/// An attempt begins.
pub const RUN_START: &str = "run.start";
/// What of the sandbox is not in force.
pub const RUN_SANDBOX: &str = "run.sandbox";
/// The run is to be cancelled.
pub const RUN_CANCEL_REQUESTED: &str = "run.cancel_requested";
/// A claim was ended because its lease had expired.
pub const RUN_LOST_CLAIM: &str = "run.lost_claim";
/// A claim was ended because its process had died.
pub const RUN_RECOVERED: &str = "run.recovered";
/// An attempt was left, and the run waits for the next.
pub const RUN_RETRY: &str = "run.retry";
/// The run has ended; the last event of its log.
pub const RUN_COMPLETE: &str = "run.complete";

/// A build begins.
pub const ENVIRONMENT_START: &str = "environment.start";
/// A step of a build begins or ends.
pub const ENVIRONMENT_STEP: &str = "environment.step";
/// The versions that were installed.
pub const ENVIRONMENT_VERSIONS: &str = "environment.versions";
/// The claim of a builder was ended.
pub const ENVIRONMENT_LOST_CLAIM: &str = "environment.lost_claim";
/// The environment is ready.
pub const ENVIRONMENT_COMPLETE: &str = "environment.complete";
/// The build has failed.
pub const ENVIRONMENT_FAILED: &str = "environment.failed";

/// A line that a program printed: an installer, or the code of a configuration.
pub const CONSOLE_LINE: &str = "console.line";

#[cfg(test)]
mod tests {
    #[test]
    fn every_event_is_in_the_documents() {
        let documents = include_str!("../../docs/events.md");
        let names = include_str!("names.rs").lines().filter_map(|line| {
            let (_, name) = line.strip_prefix("pub const ")?.split_once("\"")?;
            name.strip_suffix("\";")
        });
        let absent: Vec<&str> = names
            .filter(|name| !documents.contains(&format!("`{name}`")))
            .collect();
        assert!(absent.is_empty(), "not in docs/events.md: {absent:?}");
    }
}
