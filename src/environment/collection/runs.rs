//! Deletes the files of runs that ended long ago, and long after that their records.

use super::pass::Pass;
use super::report::{Removed, Report, delete};
use crate::store::{RunRecord, StoreError};

/// So many runs are looked at at once.
const BATCH: u32 = 500;

pub(super) fn collect(pass: &Pass<'_>, report: &mut Report) -> Result<(), StoreError> {
    let (options, ages) = (pass.options, pass.ages);
    let (store, files) = (&pass.workspace.store, pass.workspace.files());
    if let Some(ttl) = options.run_artifact_ttl {
        let before = ages.cutoff(ttl);
        let find = |most| store.runs_with_artifacts(before, most);
        each(pass, &find, &mut |run| {
            let removed = Removed {
                kind: "run",
                id: run.id,
                name: run.input_name,
                reason: "ended longer ago than its files are kept",
                bytes: files.exclusive_bytes(&run.run_dir),
            };
            report.scanned += 1;
            if options.dry_run {
                report.add(removed);
            } else if store.mark_artifacts_deleted(&removed.id, before, ages.now())? {
                delete(files, &run.run_dir, report);
                report.add(removed);
            }
            Ok(())
        })?;
    }
    if let Some(ttl) = options.run_record_ttl {
        let before = ages.cutoff(ttl);
        if !options.dry_run {
            store.forget_left_out(before)?;
        }
        let find = |most| store.runs_without_artifacts(before, most);
        each(pass, &find, &mut |run| {
            report.scanned += 1;
            if options.dry_run || store.delete_run(&run.id)? {
                report.add(Removed {
                    kind: "record",
                    id: run.id,
                    name: run.input_name,
                    reason: "ended longer ago than its record is kept",
                    bytes: 0,
                });
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// Calls `on` with each run that `find` returns, at most so many at a time, of which none is found again: in a dry run, where
/// nothing changes, with all of them at once.
fn each(
    pass: &Pass<'_>,
    find: &dyn Fn(u32) -> Result<Vec<RunRecord>, StoreError>,
    on: &mut dyn FnMut(RunRecord) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let most = if pass.options.dry_run {
        u32::MAX
    } else {
        BATCH
    };
    loop {
        let runs = find(most)?;
        let is_last = runs.len() < most as usize;
        for run in runs {
            if pass.is_stopped() {
                return Ok(());
            }
            on(run)?;
        }
        if is_last {
            return Ok(());
        }
    }
}
