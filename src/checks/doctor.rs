//! `ade doctor`: checks whether this machine is ready, and says how to correct what is not.
//!
//! Each check examines one thing that a run needs, and leaves no changes behind.

use std::path::Path;

use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::counted::plural;
use crate::base::files::{self, SharedDisk};
use crate::base::problem::Problem;
use crate::engine::sandbox::{ProcessHold, support};
use crate::environment::find_uv;
use crate::environment::provide::rebuild::defect;
use crate::environment::python::find_python;
use crate::settings::paths::{CacheFolder, Paths};
use crate::settings::{Sandbox, Settings};
use crate::store::{self, DeliveryKind, EnvironmentStatus, OpenMode, Store, StoreError};
use crate::system::machine::Disk;
use crate::workspace::figures::LongestRun;
use crate::workspace::identity::{self, IdentityError};
use crate::workspace::{OpenError, Workspace, fleet};

/// The state that a check found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckState {
    /// Everything is as it should be.
    Ok,
    /// ADE works, but less well than it could.
    Warning,
    /// Runs will fail because of it.
    Problem,
}

/// The result of a check.
#[derive(Clone, Debug, Serialize)]
pub struct DoctorFinding {
    /// The name of the check.
    pub name: &'static str,
    /// The state that the check found.
    pub state: CheckState,
    /// The details in words.
    pub message: String,
    /// A hint what to do.
    pub hint: Option<String>,
}

/// The result of a check: state, message and hint.
type DoctorResult = (CheckState, String, Option<String>);

fn ok(message: impl Into<String>) -> DoctorResult {
    (CheckState::Ok, message.into(), None)
}

fn warning(message: impl Into<String>, hint: impl Into<String>) -> DoctorResult {
    (CheckState::Warning, message.into(), Some(hint.into()))
}

fn problem(message: impl Into<String>, hint: impl Into<String>) -> DoctorResult {
    (CheckState::Problem, message.into(), Some(hint.into()))
}

fn failed(error: &dyn Problem) -> DoctorResult {
    (CheckState::Problem, error.to_string(), error.hint())
}

/// The result of a check that needs the database. The check of the database itself gives the reason.
fn not_known() -> DoctorResult {
    (CheckState::Warning, "not known".to_owned(), None)
}

/// Free space below which a build is likely to fail: one environment takes about a quarter of it.
const LITTLE_SPACE: u64 = 1 << 30;

/// Runs all checks of this machine.
pub fn examine(settings: &Settings) -> Vec<DoctorFinding> {
    let found = match Paths::new(settings) {
        Ok(paths) => all(settings, &paths),
        Err(error) => vec![("workspace", failed(&error))],
    };
    let findings = found.into_iter().map(|(name, found)| {
        let (state, message, hint) = found;
        DoctorFinding {
            name,
            state,
            message,
            hint,
        }
    });
    findings.collect()
}

fn all(settings: &Settings, paths: &Paths) -> Vec<(&'static str, DoctorResult)> {
    let records = DoctorRecords(identity::open_store(settings, paths, OpenMode::Existing));
    let mut found = vec![
        ("data directory", data_directory(paths.data())),
        ("free space", space(paths.data())),
        ("cache", cache(paths)),
        ("environments", environments(&records)),
        ("file system", file_system(settings, paths)),
        ("database", database(settings, paths)),
        ("identity", identity(settings, paths)),
        ("queue", queue(&records)),
        ("longest run", longest(&records)),
        ("pauses", pauses(&records)),
        ("workers", workers(&records, paths)),
        ("slots", slots(settings)),
        ("python", python(settings, paths)),
        ("installer", installer(settings, paths)),
        ("engine", engine()),
        ("sandbox", sandbox(settings)),
    ];
    found.extend(ends(settings, &records).map(|found| ("ends of runs", found)));
    found.extend(object_store(settings).map(|found| ("object store", found)));
    found
}

/// The database, opened once for all checks that read it.
struct DoctorRecords(Result<Store, StoreError>);

impl DoctorRecords {
    /// Reads from the database. `None` if there is none yet.
    ///
    /// # Errors
    /// The database cannot be read: the error is the result of the check.
    fn read<T>(
        &self,
        read: impl FnOnce(&Store) -> Result<T, StoreError>,
    ) -> Result<Option<T>, DoctorResult> {
        match &self.0 {
            Ok(store) => read(store).map(Some).map_err(|_| not_known()),
            Err(StoreError::Absent { .. }) => Ok(None),
            Err(_) => Err(not_known()),
        }
    }
}

/// Checks that the object store answers and belongs to this database. `None` if the settings name no object store.
fn object_store(settings: &Settings) -> Option<DoctorResult> {
    settings.files_url.as_ref()?;
    Some(match Workspace::open_if_present(settings.clone()) {
        Err(OpenError::Objects(error)) => failed(&error),
        // The check of the database reports this.
        Err(_) | Ok(None) => not_known(),
        Ok(Some(workspace)) => {
            let objects = workspace.objects?;
            match objects.demand_own() {
                Err(error) => failed(&error),
                Ok(()) => ok(objects.url()),
            }
        }
    })
}

/// Checks that the ends of runs are delivered. `None` if nothing is to be delivered.
fn ends(settings: &Settings, records: &DoctorRecords) -> Option<DoctorResult> {
    let counts = records.read(|store| store.count_deliveries());
    let counts = counts.ok().flatten().unwrap_or_default();
    let several = |count| plural(count, "message");
    if counts.failed > 0 {
        return Some(warning(
            format!(
                "refused for a day, and not sent again: {}",
                several(counts.failed)
            ),
            "`ade deliveries ls --status failed` says why, and `ade deliveries retry --failed` sends them again",
        ));
    }
    if counts.refused > 0 {
        return Some(warning(
            format!("refused so far: {}", several(counts.refused)),
            "`ade deliveries ls --status waiting` says why; each is sent again for a day",
        ));
    }
    let waiting = several(counts.waiting);
    if DeliveryKind::from_settings(settings).is_empty() {
        let found = warning(
            format!("to be sent, but no receiver is set: {waiting}"),
            "set ADE_ON_END_URL or ADE_ON_END_COMMAND again, here and for the workers",
        );
        return (counts.waiting > 0).then_some(found);
    }
    if settings.on_end_url.is_some() && settings.on_end_secret.is_none() {
        return Some(warning(
            "sent without a signature",
            "set ADE_ON_END_SECRET, so that the receiver can check who sent them",
        ));
    }
    Some(ok(format!("to be sent: {waiting}")))
}

fn sandbox(settings: &Settings) -> DoctorResult {
    let support = support();
    let missing = support.missing.join("; ");
    match settings.sandbox {
        Sandbox::Off => warning(
            "off: runs can read, write and reach everything that ade itself can",
            "unset ADE_SANDBOX",
        ),
        _ if missing.is_empty() => ok(format!(
            "complete: files (Landlock {}), network (seccomp), processes ({})",
            support.landlock_abi,
            support.processes.in_words()
        )),
        Sandbox::Auto => warning(
            format!("incomplete: {missing}"),
            match support.processes {
                ProcessHold::Polling => {
                    "runs are executed without that, and ADE_SANDBOX=strict refuses them; limit ade itself by `docker run --pids-limit 1024`, or TasksMax=1024 of systemd"
                }
                _ => "runs are executed without that; ADE_SANDBOX=strict refuses them",
            },
        ),
        Sandbox::Strict => problem(
            format!("incomplete: {missing}"),
            "ADE_SANDBOX=auto runs without that",
        ),
    }
}

fn data_directory(path: &Path) -> DoctorResult {
    let shown = path.display();
    // The nearest existing folder must be writable.
    let existing = path.ancestors().find(|folder| folder.exists());
    let existing = existing.unwrap_or(path);
    match files::unfinished(existing) {
        Ok(_) if existing == path => ok(shown.to_string()),
        Ok(_) => ok(format!("{shown} (the first run creates it)")),
        Err(error) => problem(
            format!("{shown} cannot be written: {}", files::describe(&error)),
            "make it writable, or point --data-dir elsewhere",
        ),
    }
}

fn cache(paths: &Paths) -> DoctorResult {
    let folder = paths.cache().display();
    let chosen = paths.chosen_caches().into_iter().flatten();
    let mut chosen = chosen.filter(|folder| files::is_closed(folder));
    let closed = CacheFolder(paths.cache().to_owned()).closed();
    let closed = closed.or_else(|| chosen.next().map(Path::to_owned));
    match (paths.cache_note(), closed) {
        (None, None) => ok(folder.to_string()),
        (Some(note), _) => warning(
            format!("{folder}, because {note}"),
            "open that to this user, delete it, or set ADE_CACHE_DIR to a folder that all data directories can share",
        ),
        (None, Some(closed)) => warning(
            format!("{} is not open to this user", closed.display()),
            "open it to this user, or delete it: its contents are fetched again",
        ),
    }
}

/// Checks that the environments marked as ready can be used.
fn environments(records: &DoctorRecords) -> DoctorResult {
    let mut ready = match records.read(|store| store.all_environments()) {
        Ok(found) => found.unwrap_or_default(),
        Err(unknown) => return unknown,
    };
    ready.retain(|known| known.status == EnvironmentStatus::Ready);
    let defects = ready
        .iter()
        .filter_map(|known| Some((known, defect(&Disk, known)?)));
    let defects: Vec<_> = defects.collect();
    let count = plural(ready.len() as u64, "environment");
    let Some((first, why)) = defects.first() else {
        return ok(format!("{count} ready"));
    };
    let folder = first.configuration_path.display();
    warning(
        format!(
            "{} of {count} cannot be used, such as that of {} ({}): {why}",
            defects.len(),
            first.configuration_name,
            first.folder.display(),
        ),
        format!("the next run builds it anew; `ade env build {folder} --force` does so now"),
    )
}

fn space(path: &Path) -> DoctorResult {
    match files::room(path) {
        Ok(free) => {
            let message = format!("{:.1} GiB", free as f64 / f64::from(1 << 30));
            match free < LITTLE_SPACE {
                true => warning(
                    message,
                    format!("an environment takes about 250 MiB; {}", files::FREE_SPACE),
                ),
                false => ok(message),
            }
        }
        Err(error) => (CheckState::Warning, format!("unknown: {error}"), None),
    }
}

fn file_system(settings: &Settings, paths: &Paths) -> DoctorResult {
    let location = store::location(settings, &paths.database()).ok();
    match location.and_then(|location| files::shared(location.file()?)) {
        None if cfg!(target_os = "linux") => ok("this machine's own"),
        None => ok("unknown: only Linux reports it"),
        Some(SharedDisk::Network(kind)) => warning(
            format!("{kind}, which other machines use too"),
            "use a local disk: it is faster, and only there can ade be certain that a worker is dead",
        ),
        Some(SharedDisk::Host(kind)) => warning(
            format!("{kind}, shared with the host of this machine"),
            "run ade on one side only, or put the data directory on a disk of this machine",
        ),
    }
}

fn database(settings: &Settings, paths: &Paths) -> DoctorResult {
    match store::examine(settings, &paths.database()) {
        Ok(found) if found.problems.is_empty() => {
            ok(format!("{} is up to date and sound", found.path.display()))
        }
        Ok(found) => problem(
            format!("damaged: {}", found.problems.join("; ")),
            "restore a backup, or recover it with sqlite3's .recover",
        ),
        Err(StoreError::Absent { path }) => {
            ok(format!("{} (the first run creates it)", path.display()))
        }
        Err(error) => failed(&error),
    }
}

fn queue(records: &DoctorRecords) -> DoctorResult {
    let now = Timestamp::now();
    let found = records.read(|store| Ok(store.overview(None, now, now)?.in_trouble));
    match found {
        Ok(None) => ok("empty"),
        Ok(Some(0)) => ok("no run waits because of trouble with the machine or the network"),
        Ok(Some(count)) => warning(
            format!(
                "{} because the machine or the network is in trouble",
                waiting(count)
            ),
            "`ade runs ls --status queued`, then `ade runs show RUN`, say what each waits for",
        ),
        Err(unknown) => unknown,
    }
}

/// Checks whether a run takes far longer than others of its configuration: without a timeout, nothing ends a run that hangs.
fn longest(records: &DoctorRecords) -> DoctorResult {
    let found = records.read(|store| {
        let running = store.running_runs(None)?;
        LongestRun::from_running(store, running, Timestamp::now())
    });
    match found.map(Option::flatten) {
        Ok(Some(longest)) if longest.is_overdue() => warning(
            longest.to_string(),
            format!(
                "`{}` ends it; ADE_RUN_TIMEOUT_SECONDS ends such runs automatically",
                longest.cancel()
            ),
        ),
        Ok(Some(longest)) => ok(longest.to_string()),
        Ok(None) => ok("no run is being executed"),
        Err(unknown) => unknown,
    }
}

fn pauses(records: &DoctorRecords) -> DoctorResult {
    let found = records.read(|store| Ok((store.pauses()?, store.paused_runs()?)));
    match found {
        Ok(Some((pauses, runs))) if !pauses.is_empty() => {
            let what = if pauses.iter().any(|pause| pause.configuration_id.is_none()) {
                "everything is paused".to_owned()
            } else {
                format!("{} paused", plural(pauses.len() as u64, "configuration"))
            };
            let reasons = pauses.iter().filter_map(|pause| pause.reason.as_deref());
            let reasons: Vec<&str> = reasons.collect();
            let why = if reasons.is_empty() { "" } else { ": " };
            warning(
                format!(
                    "{what}, {} waiting{why}{}",
                    plural(runs, "run"),
                    reasons.join("; ")
                ),
                "`ade resume`, or `ade resume --config NAME`, ends a pause; `ade top` names them",
            )
        }
        Ok(_) => ok("nothing is paused"),
        Err(unknown) => unknown,
    }
}

fn waiting(runs: u64) -> String {
    let wait = if runs == 1 { "waits" } else { "wait" };
    format!("{} {wait}", plural(runs, "run"))
}

fn workers(records: &DoctorRecords, paths: &Paths) -> DoctorResult {
    let found = records.read(|store| {
        let mut workers = fleet::living_of(store, &Disk, paths)?;
        workers.retain(|worker| worker.kind == "worker");
        let now = Timestamp::now();
        Ok((store.overview(None, now, now)?.queued, workers))
    });
    match found {
        Ok(Some((queued, workers))) if queued > 0 && workers.is_empty() => warning(
            format!("{}, and no worker is running", waiting(queued)),
            "start `ade worker`; if it ends by itself, its last lines say why",
        ),
        Ok(Some((_, workers))) if !workers.is_empty() => {
            let slots: u32 = workers.iter().map(|worker| worker.slots).sum();
            ok(format!(
                "{} with {}",
                plural(workers.len() as u64, "worker"),
                plural(u64::from(slots), "slot")
            ))
        }
        Ok(_) => ok("none is running, and no run waits for one"),
        Err(unknown) => unknown,
    }
}

/// Checks that a worker with the configured slots gets its threads and descriptors under the limits of this process.
fn slots(settings: &Settings) -> DoctorResult {
    let slots = settings.worker.concurrency;
    let lacking = fleet::lacking(slots);
    let slots = plural(slots as u64, "slot");
    match lacking {
        None => ok(format!("a worker with {slots} can start here")),
        Some(lacking) => problem(
            format!("a worker with {slots} cannot start here, it lacks {lacking}"),
            format!("{}; or set ADE_WORKER_CONCURRENCY", files::RAISE_LIMITS),
        ),
    }
}

fn identity(settings: &Settings, paths: &Paths) -> DoctorResult {
    match identity::examine(settings, paths) {
        Ok(true) => ok("the database and the data directory belong together"),
        Ok(false) => ok(
            "the first command that opens the database records that it belongs to the data directory",
        ),
        // The check of the database reports this.
        Err(IdentityError::Store(_)) => not_known(),
        Err(error) => failed(&error),
    }
}

fn python(settings: &Settings, paths: &Paths) -> DoctorResult {
    match find_python(settings, &paths.tools(), None) {
        Ok(python) => ok(format!(
            "{} {}",
            python.version_text(),
            python.executable.display()
        )),
        Err(error) => failed(&error),
    }
}

fn installer(settings: &Settings, paths: &Paths) -> DoctorResult {
    let found = find_uv(settings, &paths.tools());
    let old = found.too_old.first().map(|uv| format!("{uv} is too old"));
    match (found.usable, old) {
        (Some(uv), None) => ok(format!("uv, {}", uv.program.display())),
        (Some(uv), Some(old)) => ok(format!("uv, {} ({old})", uv.program.display())),
        (None, old) if settings.offline => {
            let why = old.unwrap_or_else(|| "no uv".to_owned());
            warning(
                format!("{why}, and none is fetched in offline mode"),
                "install uv: new environments need one",
            )
        }
        (None, Some(old)) => ok(format!(
            "{old}; a newer one is fetched once, with the first environment"
        )),
        (None, None) => ok("uv is fetched once, with the first environment"),
    }
}

fn engine() -> DoctorResult {
    ok(format!(
        "{} (in this ade {})",
        crate::engine::EMBEDDED_VERSION,
        crate::VERSION
    ))
}
