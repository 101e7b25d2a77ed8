//! Collection: environments that nobody needs, what half-built ones left, and the files of runs that are past their time.
//!
//! The rule for an environment is [`judge`], in one place. What it says is checked again in the transaction that deletes the
//! record: the folder is renamed away first, then the record goes, then the folder; where the record may not go, the
//! folder comes back under its name. A second pass deletes nothing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::disk_usage;
use crate::cancel::Cancel;
use crate::clock::Timestamp;
use crate::configuration::Configuration;
use crate::engine::Engine;
use crate::files::remove_read_only_tree;
use crate::layout::{BUILD_LOCK, build_lock};
use crate::lock::Lock;
use crate::run::prepare::python_for;
use crate::settings::Settings;
use crate::store::{ConfigurationActivity, EnvironmentRecord, EnvironmentStatus, StoreError};
use crate::workspace::Workspace;

/// A folder that no record knows is left alone for so long: somebody may be about to record it.
const ORPHAN_AGE: Duration = Duration::from_secs(3600);
/// What a folder is called on its way out.
const TRASH: &str = ".trash-";

/// Why the files of a run stay although they are old.
pub const REPEATED: &str = "a run repeats it";

/// What to collect.
#[derive(Clone, Debug)]
pub struct Options {
    /// Environments not used for so long are cold; `None`: none is.
    pub env_ttl: Option<Duration>,
    /// Files of runs that ended longer ago than this go; `None`: they stay.
    pub run_artifact_ttl: Option<Duration>,
    /// Also cold environments of active configurations whose digest is no longer the current one.
    pub superseded: bool,
    /// Say what would go, and delete nothing.
    pub dry_run: bool,
}

impl Options {
    /// What the settings say.
    pub fn of_settings(settings: &Settings) -> Self {
        Self {
            env_ttl: settings.worker.env_ttl,
            run_artifact_ttl: settings.worker.run_artifact_ttl,
            superseded: false,
            dry_run: false,
        }
    }
}

/// Why an environment stays, or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Its configuration is not active, it is cold, and nobody needs it.
    Delete,
    /// Its configuration is active, its digest is no longer the current one, and it is cold.
    Superseded,
    /// It waits for a builder or is being built.
    Unfinished,
    /// A queued or running run needs it.
    InUse,
    /// Its configuration is active.
    Active,
    /// It was used, or changed, within the time to live.
    Warm,
    /// Nothing is ever cold: the time to live is zero or less.
    NeverCold,
}

impl Verdict {
    /// Whether it goes.
    pub fn deletes(self) -> bool {
        matches!(self, Self::Delete | Self::Superseded)
    }

    /// The reason in words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Delete => "cold, and its configuration is not active",
            Self::Superseded => "cold, and superseded by a newer one",
            Self::Unfinished => "waits for its builder",
            Self::InUse => "a run needs it",
            Self::Active => "its configuration is active",
            Self::Warm => "used lately",
            Self::NeverCold => "never cold: the time to live is off",
        }
    }
}

/// What is known of an environment when it is judged.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Where it stands.
    pub status: EnvironmentStatus,
    /// When it was used last, else when it last changed.
    pub last_used: Timestamp,
    /// Queued and running runs that refer to it.
    pub live_runs: u64,
    /// Whether its configuration is active.
    pub active: bool,
    /// Whether its configuration needs another one now; `None`: not known, because its folder is gone.
    pub superseded: Option<bool>,
}

/// The rule. An environment goes only when its configuration is not active, it is ready or failed, it is cold, and no
/// queued or running run refers to it; with `options.superseded` also when its configuration is active and needs another.
pub fn judge(facts: &Facts, options: &Options, now: Timestamp) -> Verdict {
    if !matches!(
        facts.status,
        EnvironmentStatus::Ready | EnvironmentStatus::Failed
    ) {
        return Verdict::Unfinished;
    }
    if facts.live_runs > 0 {
        return Verdict::InUse;
    }
    let superseded = options.superseded && facts.superseded == Some(true);
    if facts.active && !superseded {
        return Verdict::Active;
    }
    match options.env_ttl {
        None => Verdict::NeverCold,
        Some(ttl) if facts.last_used >= cutoff(now, ttl) => Verdict::Warm,
        Some(_) if facts.active => Verdict::Superseded,
        Some(_) => Verdict::Delete,
    }
}

/// The instant before which something is cold.
fn cutoff(now: Timestamp, ttl: Duration) -> Timestamp {
    Timestamp(
        now.0
            .saturating_sub(i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX)),
    )
}

/// An environment with what is to become of it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The environment.
    pub environment: EnvironmentRecord,
    /// What is to become of it.
    pub verdict: Verdict,
}

/// Judges every environment of the database.
///
/// # Errors
/// The store can't serve.
pub fn judge_all(
    workspace: &Workspace,
    options: &Options,
    now: Timestamp,
) -> Result<Vec<Judged>, StoreError> {
    let store = &*workspace.store;
    let activity: HashMap<String, ConfigurationActivity> = store
        .configuration_activity()?
        .into_iter()
        .map(|known| (known.id.clone(), known))
        .collect();
    let mut current = HashMap::new();
    let mut judged = Vec::new();
    for environment in store.all_environments()? {
        let configuration = activity.get(&environment.key.configuration_id);
        let active = configuration.is_some_and(|known| is_active(known, options.env_ttl, now));
        let superseded = if options.superseded {
            current
                .entry((
                    environment.key.configuration_id.clone(),
                    environment.key.engine_spec.clone(),
                ))
                .or_insert_with(|| current_digest(workspace, &environment))
                .as_ref()
                .map(|digest| *digest != environment.key.deps_digest)
        } else {
            None
        };
        let facts = Facts {
            status: environment.status,
            last_used: environment.last_used_at.unwrap_or(environment.updated_at),
            live_runs: store.live_runs_of_environment(&environment.id)?,
            active,
            superseded,
        };
        let verdict = judge(&facts, options, now);
        judged.push(Judged {
            environment,
            verdict,
        });
    }
    Ok(judged)
}

/// A configuration is active when its workspace's runs use it by default, or when its folder, still there, was run within
/// the time to live.
fn is_active(configuration: &ConfigurationActivity, ttl: Option<Duration>, now: Timestamp) -> bool {
    let lately = configuration
        .last_run_at
        .is_some_and(|last| ttl.is_none_or(|ttl| last >= cutoff(now, ttl)));
    configuration.active || (lately && configuration.path.is_dir())
}

/// The digest that the configuration's environment would have now.
fn current_digest(workspace: &Workspace, environment: &EnvironmentRecord) -> Option<String> {
    let configuration = Configuration::open(&environment.configuration_path).ok()?;
    let engine = match Engine::of_key(&environment.key.engine_spec, &workspace.settings.folder) {
        Ok(Some(engine)) => engine,
        // The engine of another ade: this one's would take its place.
        Ok(None) => Engine::Embedded,
        Err(_) => return None,
    };
    let python = python_for(workspace, &configuration).ok()?;
    Some(configuration.deps_digest(&engine.digest().ok()?, &python))
}

/// Something that was removed, or would be.
#[derive(Clone, Debug, Serialize)]
pub struct Removed {
    /// `environment`, `run`, `leftover`.
    pub kind: &'static str,
    /// Its id, or its path.
    pub id: String,
    /// The configuration's or input's name.
    pub name: String,
    /// Why.
    pub reason: &'static str,
    /// What that freed.
    pub bytes: u64,
}

/// What a collection did, or would do.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Nothing was deleted; this is what would be.
    pub dry_run: bool,
    /// Environments, runs and folders looked at.
    pub scanned: u64,
    /// What went.
    pub removed: Vec<Removed>,
    /// Environments, and runs with files, that stay, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// What should have gone and could not, with the reason.
    pub failed: Vec<String>,
    /// The sum of what was freed.
    pub bytes_freed: u64,
}

impl Report {
    /// Whether anything went or should have gone.
    pub fn deleted_anything(&self) -> bool {
        !self.removed.is_empty() || !self.failed.is_empty()
    }

    fn add(&mut self, removed: Removed) {
        self.bytes_freed += removed.bytes;
        self.removed.push(removed);
    }
}

/// Collects. Stops between two deletions when cancelled.
///
/// # Errors
/// The store can't serve; what was deleted until then stays deleted.
pub fn collect(
    workspace: &Workspace,
    options: &Options,
    cancel: &Cancel,
) -> Result<Report, StoreError> {
    let mut report = Report {
        dry_run: options.dry_run,
        ..Report::default()
    };
    let now = Timestamp::now();
    for judged in judge_all(workspace, options, now)? {
        report.scanned += 1;
        if !judged.verdict.deletes() {
            *report.skipped.entry(judged.verdict.reason()).or_default() += 1;
        } else if !cancel.is_cancelled() {
            let cold_since = options.env_ttl.map(|ttl| cutoff(now, ttl));
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
    collect_runs(workspace, options, now, cancel, &mut report)?;
    collect_orphans(workspace, options, cancel, &mut report)?;
    Ok(report)
}

/// Deletes one environment, unless it has come to life since it was judged. Gives whether it went.
///
/// # Errors
/// The store can't serve.
pub fn remove_environment(
    workspace: &Workspace,
    environment: &EnvironmentRecord,
    reason: &'static str,
    cold_since: Option<Timestamp>,
    dry_run: bool,
    report: &mut Report,
) -> Result<bool, StoreError> {
    let folder = &environment.folder;
    let bytes = exclusive_bytes(folder);
    let removed = Removed {
        kind: "environment",
        id: environment.id.clone(),
        name: environment.configuration_name.clone(),
        reason,
        bytes,
    };
    if dry_run {
        report.add(removed);
        return Ok(true);
    }
    let aside = match set_aside(folder) {
        Ok(aside) => aside,
        Err(error) => {
            report.failed.push(format!(
                "{}: {}",
                folder.display(),
                crate::files::describe(&error)
            ));
            return Ok(false);
        }
    };
    if !workspace
        .store
        .delete_environment(&environment.id, cold_since)?
    {
        if let Some(aside) = aside {
            let _ = std::fs::rename(aside, folder);
        }
        *report.skipped.entry(Verdict::InUse.reason()).or_default() += 1;
        return Ok(false);
    }
    if let Some(aside) = aside {
        delete(&aside, report);
    }
    // The key's folder goes with its last environment; a builder that waits for its lock makes it anew.
    if let Some(key) = folder.parent() {
        remove_key_folder(key);
    }
    report.add(removed);
    Ok(true)
}

/// Renames a folder so that nobody finds it. `None`: there is none.
fn set_aside(folder: &Path) -> std::io::Result<Option<PathBuf>> {
    let name = format!("{TRASH}{}", uuid::Uuid::new_v4());
    let aside = folder.with_file_name(name);
    match std::fs::rename(folder, &aside) {
        Ok(()) => Ok(Some(aside)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn delete(path: &Path, report: &mut Report) {
    if let Err(error) = remove_read_only_tree(path) {
        report.failed.push(format!(
            "{}: {}",
            path.display(),
            crate::files::describe(&error)
        ));
    }
}

/// Removes an empty key folder. Its lock file is taken first, so that no builder holds it.
fn remove_key_folder(key: &Path) {
    let only_the_lock = std::fs::read_dir(key).is_ok_and(|entries| {
        entries
            .filter_map(Result::ok)
            .all(|entry| entry.file_name() == BUILD_LOCK)
    });
    if !only_the_lock {
        return;
    }
    if let Ok(Some(_lock)) = Lock::try_take(&build_lock(key)) {
        let _ = std::fs::remove_file(build_lock(key));
        let _ = std::fs::remove_dir(key);
        if let Some(configuration) = key.parent() {
            let _ = std::fs::remove_dir(configuration);
        }
    }
}

/// Bytes that nothing else shares: what deleting frees.
fn exclusive_bytes(folder: &Path) -> u64 {
    disk_usage(folder).map_or(0, |usage| usage.exclusive_bytes)
}

/// The files of runs that ended long ago; their records stay.
fn collect_runs(
    workspace: &Workspace,
    options: &Options,
    now: Timestamp,
    cancel: &Cancel,
    report: &mut Report,
) -> Result<(), StoreError> {
    const BATCH: u32 = 500;
    let Some(ttl) = options.run_artifact_ttl else {
        return Ok(());
    };
    let store = &*workspace.store;
    let before = cutoff(now, ttl);
    // Those that stay are found again by each look, before the new ones.
    let mut stay = HashSet::new();
    loop {
        let already = u32::try_from(stay.len()).unwrap_or(u32::MAX);
        let mut runs = store.runs_with_artifacts(before, already.saturating_add(BATCH))?;
        runs.retain(|run| !stay.contains(&run.id));
        if runs.is_empty() {
            return Ok(());
        }
        for run in runs {
            if cancel.is_cancelled() {
                return Ok(());
            }
            report.scanned += 1;
            let removed = Removed {
                kind: "run",
                id: run.id.clone(),
                name: run.input_name.clone(),
                reason: "ended longer ago than its files are kept",
                bytes: exclusive_bytes(&run.run_dir),
            };
            if options.dry_run {
                stay.insert(run.id);
            } else if store.mark_artifacts_deleted(&run.id, before, now)? {
                delete(&run.run_dir, report);
            } else {
                *report.skipped.entry(REPEATED).or_default() += 1;
                stay.insert(run.id);
                continue;
            }
            report.add(removed);
        }
    }
}

/// Folders without a record, and what interrupted deletions left.
fn collect_orphans(
    workspace: &Workspace,
    options: &Options,
    cancel: &Cancel,
    report: &mut Report,
) -> Result<(), StoreError> {
    let known: HashSet<PathBuf> = workspace
        .store
        .all_environments()?
        .into_iter()
        .map(|environment| environment.folder)
        .collect();
    // venvs/<workspace>/<configuration>/<digest>/<environment>
    for key in folders(workspace.layout.venvs())
        .into_iter()
        .flat_map(|path| folders(&path))
        .flat_map(|path| folders(&path))
    {
        for folder in folders(&key) {
            report.scanned += 1;
            let trash = name_of(&folder).starts_with(TRASH);
            if cancel.is_cancelled() || known.contains(&folder) || !(trash || is_old(&folder)) {
                continue;
            }
            // Whoever builds in this key holds its lock.
            if let Ok(Some(_lock)) = Lock::try_take(&build_lock(&key)) {
                remove_leftover(&folder, "no record knows it", options, report);
            }
        }
        if !options.dry_run {
            remove_key_folder(&key);
        }
    }
    for run in folders(&workspace.layout.runs(workspace.id())) {
        if cancel.is_cancelled() {
            return Ok(());
        }
        if is_old(&run) && !workspace.store.run_exists(&name_of(&run))? {
            report.scanned += 1;
            remove_leftover(&run, "no record knows it", options, report);
        }
    }
    Ok(())
}

fn remove_leftover(folder: &Path, reason: &'static str, options: &Options, report: &mut Report) {
    let removed = Removed {
        kind: "leftover",
        id: folder.display().to_string(),
        name: name_of(folder),
        reason,
        bytes: exclusive_bytes(folder),
    };
    if !options.dry_run {
        delete(folder, report);
    }
    report.add(removed);
}

fn folders(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path)
        .into_iter()
        .flatten()
        .filter_map(Result::ok);
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.path())
        .collect()
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// Whether nothing directly in the folder has changed for a while.
fn is_old(folder: &Path) -> bool {
    let modified = std::fs::metadata(folder).and_then(|found| found.modified());
    modified.is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age >= ORPHAN_AGE))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn options(superseded: bool) -> Options {
        Options {
            env_ttl: Some(Duration::from_secs(30 * 86_400)),
            run_artifact_ttl: None,
            superseded,
            dry_run: false,
        }
    }

    fn cold() -> Facts {
        Facts {
            status: EnvironmentStatus::Ready,
            last_used: Timestamp(0),
            live_runs: 0,
            active: false,
            superseded: None,
        }
    }

    #[test]
    fn an_environment_goes_only_when_all_four_conditions_hold() {
        let now = Timestamp(31 * DAY);
        let verdict = |facts: Facts| judge(&facts, &options(false), now);
        assert_eq!(verdict(cold()), Verdict::Delete);
        assert_eq!(
            verdict(Facts {
                status: EnvironmentStatus::Failed,
                ..cold()
            }),
            Verdict::Delete
        );
        assert_eq!(
            verdict(Facts {
                active: true,
                ..cold()
            }),
            Verdict::Active
        );
        assert_eq!(
            verdict(Facts {
                live_runs: 1,
                ..cold()
            }),
            Verdict::InUse
        );
        assert_eq!(
            verdict(Facts {
                last_used: Timestamp(DAY),
                ..cold()
            }),
            Verdict::Warm,
            "exactly as old as the time to live"
        );
        for status in [EnvironmentStatus::Queued, EnvironmentStatus::Building] {
            assert_eq!(verdict(Facts { status, ..cold() }), Verdict::Unfinished);
        }
    }

    #[test]
    fn a_time_to_live_of_zero_means_never() {
        let never = Options {
            env_ttl: None,
            ..options(false)
        };
        assert_eq!(
            judge(&cold(), &never, Timestamp(i64::MAX)),
            Verdict::NeverCold
        );
    }

    #[test]
    fn a_superseded_environment_of_an_active_configuration_goes_only_when_asked_for_and_cold() {
        let now = Timestamp(31 * DAY);
        let facts = Facts {
            active: true,
            superseded: Some(true),
            ..cold()
        };
        assert_eq!(judge(&facts, &options(false), now), Verdict::Active);
        assert_eq!(judge(&facts, &options(true), now), Verdict::Superseded);
        assert_eq!(
            judge(
                &Facts {
                    superseded: Some(false),
                    ..facts
                },
                &options(true),
                now
            ),
            Verdict::Active
        );
        assert_eq!(
            judge(
                &Facts {
                    superseded: None,
                    ..facts
                },
                &options(true),
                now
            ),
            Verdict::Active
        );
        assert_eq!(
            judge(
                &Facts {
                    last_used: now,
                    ..facts
                },
                &options(true),
                now
            ),
            Verdict::Warm
        );
        assert_eq!(
            judge(
                &Facts {
                    live_runs: 2,
                    ..facts
                },
                &options(true),
                now
            ),
            Verdict::InUse
        );
    }
}
