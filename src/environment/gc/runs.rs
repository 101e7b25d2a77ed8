//! Deletes the files of runs that ended long ago, and long after that their records.

use super::pass::Pass;
use super::report::{Removed, Report, delete};
use crate::store::StoreError;

/// So many runs are looked at at once.
const BATCH: u32 = 500;

pub(super) fn collect(pass: &Pass<'_>, report: &mut Report) -> Result<(), StoreError> {
    collect_files(pass, report)?;
    collect_records(pass, report)
}

fn collect_records(pass: &Pass<'_>, report: &mut Report) -> Result<(), StoreError> {
    let Some(ttl) = pass.options.run_record_ttl else {
        return Ok(());
    };
    let (store, before) = (&*pass.workspace.store, pass.ages.cutoff(ttl));
    loop {
        let runs = store.runs_without_artifacts(before, BATCH)?;
        let is_last = runs.len() < BATCH as usize || pass.options.dry_run;
        for run in runs {
            if pass.is_stopped() {
                return Ok(());
            }
            report.scanned += 1;
            if pass.options.dry_run || store.delete_run(&run.id)? {
                report.add(Removed {
                    kind: "record",
                    id: run.id,
                    name: run.input_name,
                    reason: "ended longer ago than its record is kept",
                    bytes: 0,
                });
            }
        }
        if is_last {
            return Ok(());
        }
    }
}

fn collect_files(pass: &Pass<'_>, report: &mut Report) -> Result<(), StoreError> {
    let Pass {
        workspace,
        options,
        ages,
        ..
    } = *pass;
    let Some(ttl) = options.run_artifact_ttl else {
        return Ok(());
    };
    let (store, files) = (&*workspace.store, workspace.files());
    let before = ages.cutoff(ttl);
    // What is not deleted is found again by each query, before the others.
    let mut stays = 0;
    loop {
        let runs = store.runs_with_artifacts(before, BATCH.saturating_add(stays))?;
        if runs.len() <= stays as usize {
            return Ok(());
        }
        for run in runs.into_iter().skip(stays as usize) {
            if pass.is_stopped() {
                return Ok(());
            }
            report.scanned += 1;
            let removed = Removed {
                kind: "run",
                id: run.id.clone(),
                name: run.input_name.clone(),
                reason: "ended longer ago than its files are kept",
                bytes: files.exclusive_bytes(&run.run_dir),
            };
            if options.dry_run {
                stays += 1;
                report.add(removed);
            } else if store.mark_artifacts_deleted(&run.id, before, ages.now())? {
                delete(files, &run.run_dir, report);
                report.add(removed);
            }
        }
    }
}
