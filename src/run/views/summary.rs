//! The result of a run in one sentence, for lists and for other programs that show runs, made from the record.

use crate::base::counted::{plural, thousands};
use crate::store::{RunRecord, RunStatus};

/// Describes a run that succeeded without having to process its input: a word for lists, and what it did instead.
pub fn unprocessed(run: &RunRecord) -> Option<(&'static str, &'static str)> {
    let options = &run.options;
    let found = if options.safe_mode {
        (
            "skipped",
            "it was submitted in safe mode, so nothing was executed",
        )
    } else if options.dry_run {
        ("dry run", "the run was recorded, and no engine was started")
    } else if options.validate_only {
        (
            "checked",
            "the configuration was loaded, and the input was not read",
        )
    } else {
        return None;
    };
    (run.status == RunStatus::Succeeded).then_some(found)
}

/// Returns the sentence about a run that has ended, without a full stop: what it read and found, or why it failed. `None`:
/// the run has not ended.
pub fn summary(run: &RunRecord) -> Option<String> {
    if run.summary.is_some() {
        return run.summary.clone();
    }
    let because = || {
        let message = run.error.as_ref()?.message.lines().next()?;
        (!message.is_empty() && message != run.status.as_str()).then(|| format!(": {message}"))
    };
    match (run.status, &run.metrics) {
        (RunStatus::Queued | RunStatus::Running, _) => None,
        (RunStatus::Succeeded, None) => Some("Succeeded".to_owned()),
        (RunStatus::Succeeded, Some(metrics)) => Some(format!(
            "{} read from {}, {} of {} mapped, {}",
            plural(metrics.rows, "row"),
            plural(metrics.tables, "table"),
            thousands(metrics.mapped_fields),
            plural(metrics.expected_fields, "field"),
            plural(metrics.issues, "issue"),
        )),
        (RunStatus::Failed, _) => Some(format!("Failed{}", because().unwrap_or_default())),
        (RunStatus::Cancelled, _) => Some(format!("Cancelled{}", because().unwrap_or_default())),
    }
}
