//! Collection: deletes unused environments, the files of runs that ended long ago, snapshots that nothing needs, leftovers
//! of interrupted work, and objects of the object store that no record names.
//!
//! Which environments are deleted is decided in `rule` alone; for a day after a jump of the clock none is (`age`). Its conditions
//! are checked again in the transaction that deletes the record ([`remove_environment`]). Whatever else lies around is deleted
//! only with proof that it may be: a record, or a name or a mark that a process of this database gave it. What this
//! database does not know is kept and counted. A second pass deletes nothing.

mod age;
mod alone;
mod caches;
mod delete;
mod fate;
pub mod find;
mod objects;
mod orphans;
mod pass;
mod processes;
pub mod remove;
mod report;
mod rule;
mod run_folders;
mod runs;
mod snapshots;
pub mod whole;

pub use age::Ages;
pub use alone::{CollectError, collect_alone};
pub use delete::remove_environment;
pub use fate::{Fate, Judged};
pub use report::{CollectOptions, NotDeleted, Removed, Report, UNKNOWN};
pub use rule::{EnvironmentFacts, judge, judge_all};

use self::pass::Pass;
use crate::base::cancel::Cancel;
use crate::store::{Clock, StoreError};
use crate::system::machine::Moment;
use crate::workspace::Workspace;

/// What a pass collects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What lies on this host: its environments, caches and lock files.
    OfHost,
    /// That, and what all hosts share: runs with their files, the snapshots that they were made from, and objects.
    All,
}

/// Collects. Stops between two deletions when cancelled, and when the clock has jumped.
///
/// # Errors
/// The store cannot be used; what was deleted before is gone.
pub fn collect(
    workspace: &Workspace,
    options: &CollectOptions,
    part: Part,
    cancel: &Cancel,
) -> Result<Report, StoreError> {
    let now = Moment::of(&*workspace.machine);
    if !options.dry_run {
        workspace.store.observe(now.wall)?;
    }
    let ages = Ages::at(workspace, now, options.trust_clock)?;
    let pass = Pass {
        workspace,
        options,
        ages: &ages,
        cancel,
    };
    let mut report = Report {
        dry_run: options.dry_run,
        collects_from: ages.collects_from(),
        ..Report::default()
    };
    for judged in judge_all(workspace, options, &ages)? {
        report.scanned += 1;
        if !judged.verdict.deletes() {
            report.skip(judged.verdict.reason());
        } else if !pass.is_stopped() {
            let cutoff = options.env_ttl.map(|ttl| ages.cutoff(ttl));
            let trusted = || cutoff.filter(|_| ages.hold(&*workspace.machine));
            let cold_since = cutoff.map(|_| -> &Clock<'_> { &trusted });
            remove_environment(
                workspace,
                &judged.environment,
                judged.verdict.reason(),
                cold_since,
                options.dry_run,
                &mut report,
            )?;
        }
        report.judged.push(judged);
    }
    if ages.collects_from().is_some() {
        return Ok(report);
    }
    if part == Part::All {
        if let Some(ttl) = options.env_ttl
            && !options.dry_run
        {
            workspace.store.forget_hosts(ages.cutoff(ttl))?;
        }
        runs::collect(&pass, &mut report)?;
    }
    orphans::collect(&pass, &mut report)?;
    if part == Part::All {
        run_folders::collect(&pass, &mut report)?;
        snapshots::collect(&pass, &mut report)?;
        objects::collect(&pass, &mut report)?;
    }
    processes::collect(&pass)?;
    caches::collect(&pass, &mut report);
    Ok(report)
}
