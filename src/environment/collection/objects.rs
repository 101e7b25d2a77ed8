//! Objects of the object store that no record names: what an attempt left whose claim was lost, an input or a document that was
//! never recorded, and what records have given up since.
//!
//! An object is put before its record is written, so that one without a record may be about to get one. It goes when it was seen
//! twice that no record names it, a day apart by the clock that the records go by. What is no object of ADE's is kept and counted.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use super::pass::{Pass, Removed, Report, UNKNOWN};
use super::snapshots;
use crate::store::{RunFiles, Store, StoreError};
use crate::workspace::objects::{Found, Names, Objects, names_of};

/// How long an object must have been without a record.
const UNNAMED_FOR: Duration = Duration::from_secs(24 * 3600);

/// So many records are asked for at once.
const BATCH: usize = 500;

pub(super) fn collect(pass: &Pass<'_>, report: &mut Report) -> Result<(), StoreError> {
    let Some(objects) = &pass.workspace.objects else {
        return Ok(());
    };
    match collect_in(pass, objects, report) {
        // Nothing of it is deleted, and the rest of the collection is not for that reason left undone.
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
    for Found { key, bytes } in unnamed {
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
        report.add(Removed {
            kind: "object",
            name: key.rsplit('/').next().unwrap_or_default().to_owned(),
            id: key,
            reason: "no record names it",
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

/// The objects that no record names.
fn unnamed(
    pass: &Pass<'_>,
    objects: &Objects,
    report: &mut Report,
) -> Result<Vec<Found>, StoreError> {
    let (store, data) = (&pass.workspace.store, pass.workspace.paths.data());
    let mut unnamed = Vec::new();
    let mut waiting: Vec<(Found, Names)> = Vec::new();
    // Read before the objects are listed, a record is not missed: what was put since is judged by the next look.
    let needed = snapshots::needed(pass)?;
    let mut judge = |some: Vec<(Found, Names)>| -> Result<(), StoreError> {
        let named = named(store, &some)?;
        for (found, names) in some {
            let is_named = match &names {
                Names::Run { run, token } => named.has_attempt(run, token.as_deref()),
                Names::Document(document) => named.documents.contains(document),
                Names::Snapshot(snapshot) => needed.contains(snapshot),
                Names::Unknown => true,
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
            Names::Unknown => report.skip(UNKNOWN),
            names => waiting.push((found, names)),
        }
        if waiting.len() == BATCH {
            judge(std::mem::take(&mut waiting))?;
        }
    }
    judge(waiting)?;
    Ok(unnamed)
}

/// What records say of some objects.
struct Named {
    runs: HashMap<String, RunFiles>,
    documents: HashSet<String>,
}

impl Named {
    /// Whether the files of an attempt are kept, or may be needed yet; without a token, the input of the run.
    fn has_attempt(&self, run: &str, token: Option<&str>) -> bool {
        match (self.runs.get(run), token) {
            (Some(RunFiles::Kept(Some(ended))), Some(token)) => ended == token,
            (Some(RunFiles::Kept(_)), _) => true,
            (Some(RunFiles::Deleted) | None, _) => false,
        }
    }
}

fn named(store: &Store, some: &[(Found, Names)]) -> Result<Named, StoreError> {
    let (mut runs, mut documents) = (HashSet::new(), Vec::new());
    for (_, names) in some {
        match names {
            Names::Run { run, .. } => {
                runs.insert(run.clone());
            }
            Names::Document(document) => documents.push(document.clone()),
            Names::Snapshot(_) | Names::Unknown => {}
        }
    }
    Ok(Named {
        runs: store.run_files(&runs.into_iter().collect::<Vec<_>>())?,
        documents: store.kept_documents(&documents)?,
    })
}

/// Whether a record names the snapshot of this object by now.
fn is_named_now(pass: &Pass<'_>, key: &str) -> Result<bool, StoreError> {
    let snapshot: PathBuf = match names_of(pass.workspace.paths.data(), key) {
        Names::Snapshot(snapshot) => snapshot,
        _ => return Ok(false),
    };
    Ok(snapshots::needed(pass)?.contains(&snapshot))
}
