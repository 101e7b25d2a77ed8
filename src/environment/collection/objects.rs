//! Deletes objects of the object store that no record names: files of attempts that lost their claim, inputs and documents that
//! were never recorded, and files whose records no longer name them.
//!
//! An object is stored before its record is written, so an object without a record may be about to get one. It is deleted after
//! two collections found no record for it, a day apart by the clock of the records. Objects that ADE did not write are kept and
//! counted.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use super::pass::{Pass, RemovedItem, Report, UNKNOWN};
use super::snapshots;
use crate::store::{RunFiles, Store, StoreError};
use crate::workspace::objects::{ListedObject, ObjectOwner, Objects, names_of};

/// The time that an object must have been without a record.
const UNNAMED_FOR: Duration = Duration::from_secs(24 * 3600);

/// The number of objects that are judged at once.
const BATCH: usize = 500;

pub(super) fn collect(pass: &Pass<'_>, report: &mut Report) -> Result<(), StoreError> {
    let Some(objects) = &pass.workspace.objects else {
        return Ok(());
    };
    match collect_in(pass, objects, report) {
        // The objects stay, but the rest of the collection goes on.
        Err(StoreError::File(error)) => {
            report.fail(error);
            Ok(())
        }
        collected => collected,
    }
}

fn collect_in(pass: &Pass<'_>, objects: &Objects, report: &mut Report) -> Result<(), StoreError> {
    let unnamed = unnamed(pass, objects, report)?;
    let (now, before) = (pass.ages.now(), objects.seen());
    let mut still = BTreeMap::new();
    for ListedObject { key, bytes } in unnamed {
        let since = before
            .unnamed
            .get(&key)
            .copied()
            .unwrap_or(now.0)
            .min(now.0);
        let is_due = now.0 - since >= i64::try_from(UNNAMED_FOR.as_millis()).unwrap_or(i64::MAX);
        if !is_due || pass.is_stopped() {
            still.insert(key, since);
            continue;
        }
        if !pass.options.dry_run {
            objects.delete(&key, &|| is_named_now(pass, &key))?;
        }
        report.add(RemovedItem {
            kind: "object",
            name: key.rsplit('/').next().unwrap_or_default().to_owned(),
            id: key,
            reason: "no record refers to it",
            bytes,
        });
    }
    if pass.options.dry_run {
        return Ok(());
    }
    // The log of a run that has ended is among its files.
    pass.workspace
        .store
        .forget_logs(pass.ages.cutoff(UNNAMED_FOR))?;
    let mut seen = before;
    seen.unnamed = still;
    Ok(objects.keep_seen(&seen)?)
}

/// Returns the objects that no record names.
fn unnamed(
    pass: &Pass<'_>,
    objects: &Objects,
    report: &mut Report,
) -> Result<Vec<ListedObject>, StoreError> {
    let (store, data) = (&pass.workspace.store, pass.workspace.paths.data());
    let mut unnamed = Vec::new();
    let mut waiting: Vec<(ListedObject, ObjectOwner)> = Vec::new();
    // Read before the objects are listed, so that no record is missed. The next collection judges objects that are stored in
    // between.
    let needed = snapshots::needed(pass)?;
    let mut judge = |some: Vec<(ListedObject, ObjectOwner)>| -> Result<(), StoreError> {
        let named = named(store, &some)?;
        for (found, names) in some {
            let is_named = match &names {
                ObjectOwner::Run { run, token } => named.has_attempt(run, token.as_deref()),
                ObjectOwner::Document(document) => named.documents.contains(document),
                ObjectOwner::Snapshot(snapshot) => needed.contains(snapshot),
                ObjectOwner::Unknown => true,
            };
            if !is_named {
                unnamed.push(found);
            }
        }
        Ok(())
    };
    for found in objects.all()? {
        let found = found?;
        report.scanned += 1;
        match names_of(data, &found.key) {
            ObjectOwner::Unknown => report.skip(UNKNOWN),
            names => waiting.push((found, names)),
        }
        if waiting.len() == BATCH {
            judge(std::mem::take(&mut waiting))?;
        }
    }
    judge(waiting)?;
    Ok(unnamed)
}

/// The records that some objects refer to.
struct ObjectRecords {
    runs: HashMap<String, RunFiles>,
    documents: HashSet<String>,
}

impl ObjectRecords {
    /// Returns whether the files of an attempt are kept, or may still be needed. Without a token, this is about the run's
    /// input.
    fn has_attempt(&self, run: &str, token: Option<&str>) -> bool {
        match (self.runs.get(run), token) {
            (Some(RunFiles::Kept(Some(ended))), Some(token)) => ended == token,
            (Some(RunFiles::Kept(_)), _) => true,
            (Some(RunFiles::Deleted) | None, _) => false,
        }
    }
}

fn named(store: &Store, some: &[(ListedObject, ObjectOwner)]) -> Result<ObjectRecords, StoreError> {
    let (mut runs, mut documents) = (HashSet::new(), Vec::new());
    for (_, names) in some {
        match names {
            ObjectOwner::Run { run, .. } => {
                runs.insert(run.clone());
            }
            ObjectOwner::Document(document) => documents.push(document.clone()),
            ObjectOwner::Snapshot(_) | ObjectOwner::Unknown => {}
        }
    }
    Ok(ObjectRecords {
        runs: store.run_files(&runs.into_iter().collect::<Vec<_>>())?,
        documents: store.kept_documents(&documents)?,
    })
}

/// Returns whether a record names the snapshot of this object by now.
fn is_named_now(pass: &Pass<'_>, key: &str) -> Result<bool, StoreError> {
    let snapshot: PathBuf = match names_of(pass.workspace.paths.data(), key) {
        ObjectOwner::Snapshot(snapshot) => snapshot,
        _ => return Ok(false),
    };
    Ok(snapshots::needed(pass)?.contains(&snapshot))
}
