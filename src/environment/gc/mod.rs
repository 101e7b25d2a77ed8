//! Collection: deletes unused environments, leftovers of interrupted builds, and the files of runs that ended long ago.
//!
//! Which environments are deleted is decided in `rule` alone. Its conditions are checked again in the transaction that
//! deletes the record ([`remove_environment`]). A second pass deletes nothing.

mod orphans;
mod remove;
mod report;
mod rule;
mod runs;

pub use remove::remove_environment;
pub use report::{NotDeleted, Options, Removed, Report};
pub use rule::{Facts, Judged, Verdict, judge, judge_all};
pub use runs::REPEATED;

use crate::cancel::Cancel;
use crate::store::StoreError;
use crate::workspace::Workspace;

/// Collects. Stops between two deletions when cancelled.
///
/// # Errors
/// The store cannot be used; what was deleted before is gone.
pub fn collect(
    workspace: &Workspace,
    options: &Options,
    cancel: &Cancel,
) -> Result<Report, StoreError> {
    let mut report = Report {
        dry_run: options.dry_run,
        ..Report::default()
    };
    let now = workspace.machine.now();
    for judged in judge_all(workspace, options, now)? {
        report.scanned += 1;
        if !judged.verdict.deletes() {
            *report.skipped.entry(judged.verdict.reason()).or_default() += 1;
        } else if !cancel.is_cancelled() {
            let cold_since = options.env_ttl.map(|ttl| rule::cutoff(now, ttl));
            remove_environment(
                workspace,
                &judged.environment,
                judged.verdict.reason(),
                cold_since,
                options.dry_run,
                &mut report,
            )?;
        }
    }
    runs::collect(workspace, options, now, cancel, &mut report)?;
    orphans::collect(workspace, options, cancel, &mut report)?;
    Ok(report)
}
