//! Statistics about the work of a workspace: the queue, the runs that ended within a window, how long runs waited and took, and
//! busy slots.
//!
//! A look costs about the same however many runs there are: at most [`MAX_STATISTICS_RUNS`] of the runs that ended last are looked at. If
//! the window contains more, the statistics have the time since which they count.

use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;

use crate::base::clock::{Timestamp, milliseconds};
use crate::store::{EndedRun, RunStatus, StoreError};
use crate::workspace::Workspace;
use crate::workspace::figures::{FigureScope, Figures};

/// The maximum length of a window.
pub const MAX_WINDOW: Duration = Duration::from_secs(24 * 3600);
/// The maximum number of runs of the window that are looked at, the last to end first.
pub const MAX_STATISTICS_RUNS: u32 = 50_000;
/// The number of equal parts of the window.
const PARTS: u32 = 60;

/// Runs that ended within the window, without runs whose files were collected and deleted runs.
///
/// At most the 50000 runs of all workspaces that ended last are looked at. If the window contains more, all figures cover only
/// those.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndedRuns {
    pub succeeded: u64,
    pub failed: u64,
    pub cancelled: u64,
    /// Ended runs for each minute of the counted time.
    pub per_minute: f64,
    /// The time since which runs are counted: the start of the window, unless it contains too many runs.
    pub counted_since: Timestamp,
    /// True if the whole window is counted.
    pub is_whole: bool,
    /// The window in 60 equal parts, the earliest first.
    pub parts: Vec<WindowPart>,
}

/// The runs that ended in a part of the window.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowPart {
    /// The start of the part.
    pub from: Timestamp,
    pub succeeded: u64,
    pub failed: u64,
    pub cancelled: u64,
}

impl WindowPart {
    fn add(&mut self, status: RunStatus) {
        match status {
            RunStatus::Succeeded => self.succeeded += 1,
            RunStatus::Failed => self.failed += 1,
            RunStatus::Cancelled => self.cancelled += 1,
            RunStatus::Queued | RunStatus::Running => {}
        }
    }
}

/// Two quantiles: half of the values are at most the median, and 95 of 100 at most the 95th percentile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Spread {
    /// The median in milliseconds.
    pub median_ms: u64,
    /// The 95th percentile in milliseconds.
    pub p95_ms: u64,
}

impl Spread {
    /// Returns the quantiles of values, or `None` without values. Each is one of the values (nearest rank).
    fn from_values(mut values: Vec<u64>) -> Option<Self> {
        values.sort_unstable();
        let at = |percent: usize| {
            let rank = (values.len() * percent).div_ceil(100);
            values.get(rank.saturating_sub(1)).copied()
        };
        Some(Self {
            median_ms: at(50)?,
            p95_ms: at(95)?,
        })
    }
}

/// Statistics about the work of a workspace.
#[derive(Clone, Debug)]
pub struct Statistics {
    /// The present queue and runs, and the workers.
    pub figures: Figures,
    /// The runs that ended.
    pub ended: EndedRuns,
    /// The times from recording to the first claim, for the ended runs that were ever claimed.
    pub waits: Option<Spread>,
    /// The times from the first claim to the end, for the same runs.
    pub durations: Option<Spread>,
}

/// Reads the statistics of a workspace and of a window before now. If `shown` names workspaces, only workers that execute runs
/// of these are included, and only these runs count as busy.
pub fn look(
    workspace: &Workspace,
    window: Duration,
    shown: Option<&[String]>,
) -> Result<Statistics, StoreError> {
    let of = FigureScope {
        workspace: Some(workspace.id()),
        busy_with: shown,
    };
    let figures = Figures::read(workspace, of, Duration::ZERO)?;
    let now = figures.now;
    let begin = Timestamp(now.0 - milliseconds(window));
    let ended = workspace
        .store
        .ended_runs(workspace.id(), begin, MAX_STATISTICS_RUNS)?;
    // A run may have ended since the clock was read.
    let ended_by_now = |run: &&EndedRun| run.completed_at <= now;
    let runs: Vec<&EndedRun> = ended.runs.iter().filter(ended_by_now).collect();
    let counted_since = ended.only_since.unwrap_or(begin);
    let parts = parts(&runs, begin, window);
    let all = |of: fn(&WindowPart) -> u64| parts.iter().map(of).sum();
    let ended = EndedRuns {
        succeeded: all(|part| part.succeeded),
        failed: all(|part| part.failed),
        cancelled: all(|part| part.cancelled),
        per_minute: per_minute(runs.len() as u64, now.since(counted_since)),
        counted_since,
        is_whole: ended.only_since.is_none(),
        parts,
    };
    let waited = |run: &&EndedRun| Some(run.started_at?.since(run.created_at));
    Ok(Statistics {
        figures,
        ended,
        waits: Spread::from_values(runs.iter().filter_map(waited).collect()),
        durations: Spread::from_values(runs.iter().filter_map(|run| run.took_ms).collect()),
    })
}

/// Returns the runs per minute, rounded to hundredths, if `runs` ended in this time.
fn per_minute(runs: u64, time: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "neither is near 2 to the power of 53"
    )]
    let exact = runs as f64 * 60_000.0 / time.max(1) as f64;
    (exact * 100.0).round() / 100.0
}

fn parts(runs: &[&EndedRun], begin: Timestamp, window: Duration) -> Vec<WindowPart> {
    let length = milliseconds(window) / i64::from(PARTS);
    let mut parts: Vec<WindowPart> = (0..i64::from(PARTS))
        .map(|part| WindowPart {
            from: Timestamp(begin.0 + part * length),
            succeeded: 0,
            failed: 0,
            cancelled: 0,
        })
        .collect();
    for run in runs {
        // A run that ended exactly at the time of the look belongs to the last part.
        let part = (run.completed_at.0 - begin.0) / length.max(1);
        let part = usize::try_from(part).unwrap_or(0).min(parts.len() - 1);
        parts[part].add(run.status);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_made_of_values_that_are_there() {
        assert_eq!(Spread::from_values(Vec::new()), None);
        for (values, median, p95) in [
            (vec![7], 7, 7),
            (vec![9, 1, 5], 5, 9),
            ((1..=100).rev().collect(), 50, 95),
            ((1..=20).collect(), 10, 19),
        ] {
            let spread = Spread::from_values(values).unwrap();
            assert_eq!((spread.median_ms, spread.p95_ms), (median, p95));
        }
    }

    #[test]
    fn each_run_is_in_the_part_of_the_window_in_which_it_ended() {
        use RunStatus::{Cancelled, Failed, Succeeded};
        let ended = |(completed_at, status)| EndedRun {
            id: String::new(),
            status,
            created_at: Timestamp(0),
            started_at: None,
            completed_at: Timestamp(completed_at),
            took_ms: None,
        };
        let runs = [
            (1_000, Succeeded),
            (1_999, Failed),
            (2_000, Cancelled),
            (61_000, Succeeded),
        ]
        .map(ended);
        let mut parts = parts(&runs.each_ref(), Timestamp(1_000), Duration::from_secs(60));
        assert_eq!(parts.len(), 60);
        parts.retain(|part| part.succeeded + part.failed + part.cancelled > 0);
        let told = parts
            .iter()
            .map(|part| (part.from.0, part.succeeded, part.failed, part.cancelled));
        assert_eq!(
            told.collect::<Vec<_>>(),
            [(1_000, 1, 1, 0), (2_000, 0, 0, 1), (60_000, 1, 0, 0)]
        );
    }
}
