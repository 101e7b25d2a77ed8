//! `ade doctor`: whether this machine is ready, and how to correct what is not.
//!
//! Each check examines one thing that a run needs and leaves no changes behind.

use std::path::Path;

use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::counted::plural;
use crate::base::files;
use crate::base::files::SharedDisk;
use crate::base::problem::Problem;
use crate::engine::sandbox::{ProcessHold, support};
use crate::environment::find_uv;
use crate::environment::provide::rebuild::defect;
use crate::environment::python::{PythonSearch, find_python};
use crate::settings::paths::{CacheFolder, Paths};
use crate::settings::{Sandbox, Settings};
use crate::store::{self, DeliveryKind, EnvironmentStatus, Opening, Store, StoreError};
use crate::system::machine::Disk;
use crate::workspace::figures::LongestRun;
use crate::workspace::fleet;
use crate::workspace::identity;
use crate::workspace::identity::IdentityError;
use crate::workspace::{OpenError, Workspace};

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckState {
    /// As it should be.
    Ok,
    /// ADE works, but less well than it could.
    Warning,
    /// Runs will fail.
    Problem,
}

/// What a check found.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What was checked.
    pub name: &'static str,
    /// How it went.
    pub state: CheckState,
    /// What was found.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl Finding {
    fn new(
        name: &'static str,
        state: CheckState,
        message: impl Into<String>,
        hint: Option<String>,
    ) -> Self {
        Self {
            name,
            state,
            message: message.into(),
            hint,
        }
    }
}

/// Free space below which a build is likely to fail: one environment takes about a quarter of it.
const LITTLE_SPACE: u64 = 1 << 30;

/// Makes all checks.
pub fn examine(settings: &Settings) -> Vec<Finding> {
    let paths = match Paths::new(settings) {
        Ok(paths) => paths,
        Err(error) => {
            return vec![Finding::new(
                "workspace",
                CheckState::Problem,
                error.to_string(),
                error.hint(),
            )];
        }
    };
    let records = Records::open(settings, &paths);
    let mut findings = vec![
        data_directory(paths.data()),
        space(paths.data()),
        cache(&paths),
        environments(&records),
        file_system(settings, &paths),
        database(settings, &paths),
        identity(settings, &paths),
        queue(&records),
        longest(&records),
        pauses(&records),
        workers(&records, &paths),
        slots(settings),
        python(settings, &paths),
        installer(settings, &paths),
        engine(),
        sandbox(settings),
    ];
    findings.extend(ends(settings, &records));
    findings.extend(object_store(settings));
    findings
}

/// The records of the database, which is opened once for all that is looked at in them.
struct Records(Result<Store, StoreError>);

/// Records cannot be read. Why is said of the database itself.
struct Unknown;

impl Records {
    fn open(settings: &Settings, paths: &Paths) -> Self {
        Self(identity::open_store(settings, paths, Opening::Existing))
    }

    /// Reads. `None`: there is no database yet.
    fn read<T>(
        &self,
        read: impl FnOnce(&Store) -> Result<T, StoreError>,
    ) -> Result<Option<T>, Unknown> {
        match &self.0 {
            Ok(store) => read(store).map(Some).map_err(|_| Unknown),
            Err(StoreError::Absent { .. }) => Ok(None),
            Err(_) => Err(Unknown),
        }
    }
}

fn not_known(name: &'static str) -> Finding {
    Finding::new(name, CheckState::Warning, "not known", None)
}

/// Whether the object store answers and is this database's, where there is to be one.
fn object_store(settings: &Settings) -> Option<Finding> {
    const NAME: &str = "object store";
    let problem = |error: &dyn Problem| {
        Finding::new(NAME, CheckState::Problem, error.to_string(), error.hint())
    };
    settings.files_url.as_ref()?;
    Some(match Workspace::open_if_present(settings.clone()) {
        Err(OpenError::Objects(error)) => problem(&error),
        // Said of the database itself.
        Err(_) | Ok(None) => not_known(NAME),
        Ok(Some(workspace)) => {
            let objects = workspace.objects?;
            match objects.demand_own() {
                Err(error) => problem(&error),
                Ok(()) => Finding::new(NAME, CheckState::Ok, objects.url(), None),
            }
        }
    })
}

/// Whether the ends of runs are told, where they are to be.
fn ends(settings: &Settings, records: &Records) -> Option<Finding> {
    const NAME: &str = "ends of runs";
    let counts = records.read(|store| store.count_deliveries());
    let counts = counts.ok().flatten().unwrap_or_default();
    let kinds = DeliveryKind::of(settings);
    let warning = |message, hint: &str| {
        Finding::new(NAME, CheckState::Warning, message, Some(hint.to_owned()))
    };
    let several = |count| plural(count, "end");
    if counts.failed > 0 {
        let message = format!(
            "refused for a day, and given up: {}",
            several(counts.failed)
        );
        let hint = "`ade deliveries ls --status failed` says why, and `ade deliveries retry --failed` tells them again";
        return Some(warning(message, hint));
    }
    if counts.refused > 0 {
        let message = format!("refused so far: {}", several(counts.refused));
        let hint = "`ade deliveries ls --status waiting` says why; each is told again for a day";
        return Some(warning(message, hint));
    }
    if kinds.is_empty() {
        let message = format!(
            "to be told, and nobody is named: {}",
            several(counts.waiting)
        );
        let hint = "set ADE_ON_END_URL or ADE_ON_END_COMMAND again, here and for the workers";
        return (counts.waiting > 0).then(|| warning(message, hint));
    }
    if settings.on_end_url.is_some() && settings.on_end_secret.is_none() {
        let message = "told without a signature".to_owned();
        let hint = "set ADE_ON_END_SECRET, so that the receiver knows who tells it";
        return Some(warning(message, hint));
    }
    let message = format!("to be told: {}", several(counts.waiting));
    Some(Finding::new(NAME, CheckState::Ok, message, None))
}

fn sandbox(settings: &Settings) -> Finding {
    const NAME: &str = "sandbox";
    let support = support();
    let missing = support.missing.join("; ");
    match settings.sandbox {
        Sandbox::Off => Finding::new(
            NAME,
            CheckState::Warning,
            "off: runs may read, write and reach what ade itself can",
            Some("unset ADE_SANDBOX".to_owned()),
        ),
        _ if missing.is_empty() => Finding::new(
            NAME,
            CheckState::Ok,
            format!(
                "whole: files (Landlock {}), network (seccomp), processes ({})",
                support.landlock_abi,
                support.processes.in_words()
            ),
            None,
        ),
        Sandbox::Auto => Finding::new(
            NAME,
            CheckState::Warning,
            format!("incomplete: {missing}"),
            Some(match support.processes {
                ProcessHold::Polling => "runs go on without that, ADE_SANDBOX=strict refuses them; limit ade itself by `docker run --pids-limit 1024`, or TasksMax=1024 of systemd".to_owned(),
                _ => "runs go on without that; ADE_SANDBOX=strict refuses them".to_owned(),
            }),
        ),
        Sandbox::Strict => Finding::new(
            NAME,
            CheckState::Problem,
            format!("incomplete: {missing}"),
            Some("ADE_SANDBOX=auto runs without that".to_owned()),
        ),
    }
}

fn data_directory(path: &Path) -> Finding {
    const NAME: &str = "data directory";
    // The nearest folder that exists is the one that must be writable.
    let existing = path
        .ancestors()
        .find(|folder| folder.exists())
        .unwrap_or(path);
    match files::unfinished(existing) {
        Ok(_) if existing == path => {
            Finding::new(NAME, CheckState::Ok, path.display().to_string(), None)
        }
        Ok(_) => Finding::new(
            NAME,
            CheckState::Ok,
            format!("{} (the first run creates it)", path.display()),
            None,
        ),
        Err(error) => {
            let hint = Some("make it writable, or point --data-dir elsewhere".to_owned());
            Finding::new(
                NAME,
                CheckState::Problem,
                format!(
                    "{} cannot be written: {}",
                    path.display(),
                    files::describe(&error)
                ),
                hint,
            )
        }
    }
}

fn cache(paths: &Paths) -> Finding {
    const NAME: &str = "cache";
    let folder = paths.cache().display();
    let warning = |message, hint: &str| {
        Finding::new(NAME, CheckState::Warning, message, Some(hint.to_owned()))
    };
    let chosen = paths.chosen_caches().into_iter().flatten();
    let mut chosen = chosen.filter(|folder| files::is_closed(folder));
    let closed = CacheFolder(paths.cache().to_owned()).closed();
    let closed = closed.or_else(|| chosen.next().map(Path::to_owned));
    match (paths.cache_note(), closed) {
        (None, None) => Finding::new(NAME, CheckState::Ok, folder.to_string(), None),
        (Some(note), _) => warning(
            format!("{folder}, because {note}"),
            "open that to this user, delete it, or set ADE_CACHE_DIR to a folder that all data directories can share",
        ),
        (None, Some(closed)) => warning(
            format!("{} is not open to this user", closed.display()),
            "open it to this user, or delete it: what it held is fetched again",
        ),
    }
}

/// Whether the environments that are ready can be used.
fn environments(records: &Records) -> Finding {
    const NAME: &str = "environments";
    let found = match records.read(|store| store.all_environments()) {
        Ok(found) => found.unwrap_or_default(),
        Err(Unknown) => return not_known(NAME),
    };
    let ready = found
        .iter()
        .filter(|known| known.status == EnvironmentStatus::Ready);
    let ready: Vec<_> = ready.collect();
    let defects = ready
        .iter()
        .filter_map(|known| Some((known, defect(&Disk, known)?)));
    let defects: Vec<_> = defects.collect();
    let Some((first, why)) = defects.first() else {
        let message = format!("{} ready", plural(ready.len() as u64, "environment"));
        return Finding::new(NAME, CheckState::Ok, message, None);
    };
    let folder = first.configuration_path.display();
    Finding::new(
        NAME,
        CheckState::Warning,
        format!(
            "{} of {} cannot be used, such as that of {} ({}): {why}",
            defects.len(),
            plural(ready.len() as u64, "environment"),
            first.configuration_name,
            first.folder.display(),
        ),
        Some(format!(
            "the next run builds it anew; `ade env build {folder} --force` does so now"
        )),
    )
}

fn space(path: &Path) -> Finding {
    const NAME: &str = "free space";
    match files::room(path) {
        Ok(free) => {
            let message = format!("{:.1} GiB", free as f64 / f64::from(1 << 30));
            if free < LITTLE_SPACE {
                Finding::new(
                    NAME,
                    CheckState::Warning,
                    message,
                    Some(format!(
                        "an environment takes about 250 MiB; {}",
                        files::FREE_SPACE
                    )),
                )
            } else {
                Finding::new(NAME, CheckState::Ok, message, None)
            }
        }
        Err(error) => Finding::new(NAME, CheckState::Warning, format!("unknown: {error}"), None),
    }
}

fn file_system(settings: &Settings, paths: &Paths) -> Finding {
    const NAME: &str = "file system";
    let location = store::location(settings, &paths.database());
    let shared = location
        .ok()
        .and_then(|location| files::shared(location.file()?));
    match shared {
        None if cfg!(target_os = "linux") => {
            Finding::new(NAME, CheckState::Ok, "this machine's own", None)
        }
        None => Finding::new(NAME, CheckState::Ok, "unknown: only Linux tells", None),
        Some(SharedDisk::Network(kind)) => Finding::new(
            NAME,
            CheckState::Warning,
            format!("{kind}, which other machines use too"),
            Some(
                "a local disk is faster, and safe: only there is it certain that a worker is dead"
                    .to_owned(),
            ),
        ),
        Some(SharedDisk::Host(kind)) => Finding::new(
            NAME,
            CheckState::Warning,
            format!("{kind}, shared with the host of this machine"),
            Some(
                "run ade on one side only, or put the data directory on a disk of this machine"
                    .to_owned(),
            ),
        ),
    }
}

fn database(settings: &Settings, paths: &Paths) -> Finding {
    const NAME: &str = "database";
    match store::examine(settings, &paths.database()) {
        Ok(found) if found.problems.is_empty() => Finding::new(
            NAME,
            CheckState::Ok,
            format!("{} is up to date and sound", found.path.display()),
            None,
        ),
        Ok(found) => Finding::new(
            NAME,
            CheckState::Problem,
            format!("damaged: {}", found.problems.join("; ")),
            Some("restore a backup, or recover it with sqlite3's .recover".to_owned()),
        ),
        Err(StoreError::Absent { path }) => Finding::new(
            NAME,
            CheckState::Ok,
            format!("{} (the first run creates it)", path.display()),
            None,
        ),
        Err(error) => Finding::new(NAME, CheckState::Problem, error.to_string(), error.hint()),
    }
}

fn queue(records: &Records) -> Finding {
    const NAME: &str = "queue";
    let now = Timestamp::now();
    let found = records.read(|store| store.overview(None, now, now));
    match found.map(|figures| figures.map(|figures| figures.in_trouble)) {
        Ok(None) => Finding::new(NAME, CheckState::Ok, "empty", None),
        Ok(Some(0)) => Finding::new(
            NAME,
            CheckState::Ok,
            "no run waits for the end of trouble",
            None,
        ),
        Ok(Some(count)) => Finding::new(
            NAME,
            CheckState::Warning,
            format!(
                "{} because the machine or the network is in trouble",
                waiting(count)
            ),
            Some(
                "`ade runs ls --status queued`, then `ade runs show RUN`, say what each waits for"
                    .to_owned(),
            ),
        ),
        Err(Unknown) => not_known(NAME),
    }
}

/// Whether a run takes far longer than others of its configuration: unless there is a timeout, nothing ends one that hangs.
fn longest(records: &Records) -> Finding {
    const NAME: &str = "longest run";
    let found = records.read(|store| {
        let running = store.running_runs(None)?;
        LongestRun::of(store, running, Timestamp::now())
    });
    match found.map(Option::flatten) {
        Ok(Some(longest)) if longest.is_overdue() => Finding::new(
            NAME,
            CheckState::Warning,
            longest.to_string(),
            Some(format!(
                "`{}` ends it; ADE_RUN_TIMEOUT_SECONDS ends such runs by itself",
                longest.cancel()
            )),
        ),
        Ok(Some(longest)) => Finding::new(NAME, CheckState::Ok, longest.to_string(), None),
        Ok(None) => Finding::new(NAME, CheckState::Ok, "no run is being executed", None),
        Err(Unknown) => not_known(NAME),
    }
}

fn pauses(records: &Records) -> Finding {
    const NAME: &str = "pauses";
    let found = records.read(|store| Ok((store.pauses()?, store.paused_runs()?)));
    match found {
        Ok(Some((pauses, runs))) if !pauses.is_empty() => {
            let what = match pauses.iter().any(|pause| pause.configuration_id.is_none()) {
                true => "everything is paused".to_owned(),
                false => format!("{} paused", plural(pauses.len() as u64, "configuration")),
            };
            let reasons = pauses.iter().filter_map(|pause| pause.reason.as_deref());
            let reasons: Vec<&str> = reasons.collect();
            let why = if reasons.is_empty() { "" } else { ": " };
            let message = format!(
                "{what}, {} waiting{why}{}",
                plural(runs, "run"),
                reasons.join("; ")
            );
            let hint =
                "`ade resume`, or `ade resume --config NAME`, ends a pause; `ade top` names them";
            Finding::new(NAME, CheckState::Warning, message, Some(hint.to_owned()))
        }
        Ok(_) => Finding::new(NAME, CheckState::Ok, "nothing is paused", None),
        Err(Unknown) => not_known(NAME),
    }
}

fn waiting(runs: u64) -> String {
    let wait = if runs == 1 { "waits" } else { "wait" };
    format!("{} {wait}", plural(runs, "run"))
}

fn workers(records: &Records, paths: &Paths) -> Finding {
    const NAME: &str = "workers";
    let found = records.read(|store| {
        let mut workers = fleet::living_of(store, &Disk, paths)?;
        workers.retain(|worker| worker.kind == "worker");
        let now = Timestamp::now();
        Ok((store.overview(None, now, now)?.queued, workers))
    });
    let (state, message, hint) = match found {
        Ok(Some((queued, workers))) if queued > 0 && workers.is_empty() => (
            CheckState::Warning,
            format!("{}, and no worker is running", waiting(queued)),
            Some("start `ade worker`; if it ends by itself, its last lines say why"),
        ),
        Ok(Some((_, workers))) if !workers.is_empty() => {
            let slots: u32 = workers.iter().map(|worker| worker.slots).sum();
            let message = format!(
                "{} with {}",
                plural(workers.len() as u64, "worker"),
                plural(u64::from(slots), "slot")
            );
            (CheckState::Ok, message, None)
        }
        Ok(_) => (
            CheckState::Ok,
            "none is running, and no run waits for one".to_owned(),
            None,
        ),
        Err(Unknown) => return not_known(NAME),
    };
    Finding::new(NAME, state, message, hint.map(str::to_owned))
}

/// Whether a worker with the slots of the settings gets its threads and descriptors, under the limits of this process.
fn slots(settings: &Settings) -> Finding {
    const NAME: &str = "slots";
    let slots = settings.worker.concurrency;
    let lacking = fleet::lacking(slots);
    let slots = plural(slots as u64, "slot");
    match lacking {
        None => Finding::new(
            NAME,
            CheckState::Ok,
            format!("a worker with {slots} can start here"),
            None,
        ),
        Some(lacking) => Finding::new(
            NAME,
            CheckState::Problem,
            format!("a worker with {slots} cannot start here, it lacks {lacking}"),
            Some(format!(
                "{}; or set ADE_WORKER_CONCURRENCY",
                files::RAISE_LIMITS
            )),
        ),
    }
}

fn identity(settings: &Settings, paths: &Paths) -> Finding {
    const NAME: &str = "identity";
    match identity::examine(settings, paths) {
        Ok(true) => Finding::new(
            NAME,
            CheckState::Ok,
            "the database and the data directory belong together",
            None,
        ),
        Ok(false) => Finding::new(
            NAME,
            CheckState::Ok,
            "the first command that opens the database records that it belongs to the data directory",
            None,
        ),
        // Said of the database itself.
        Err(IdentityError::Store(_)) => Finding::new(NAME, CheckState::Warning, "not known", None),
        Err(error) => Finding::new(NAME, CheckState::Problem, error.to_string(), error.hint()),
    }
}

fn python(settings: &Settings, paths: &Paths) -> Finding {
    const NAME: &str = "python";
    let child_variables = settings.child_variables();
    match find_python(&PythonSearch::of_settings(
        settings,
        None,
        &child_variables,
        &paths.tools().pythons(),
    )) {
        Ok(python) => Finding::new(
            NAME,
            CheckState::Ok,
            format!("{} {}", python.version_text(), python.executable.display()),
            None,
        ),
        Err(error) => Finding::new(NAME, CheckState::Problem, error.to_string(), error.hint()),
    }
}

fn installer(settings: &Settings, paths: &Paths) -> Finding {
    const NAME: &str = "installer";
    let found = find_uv(settings, &paths.tools());
    let old = found.too_old.first().map(|uv| format!("{uv} is too old"));
    let (state, message) = match (found.usable, old) {
        (Some(uv), None) => (CheckState::Ok, format!("uv, {}", uv.program.display())),
        (Some(uv), Some(old)) => (
            CheckState::Ok,
            format!("uv, {} ({old})", uv.program.display()),
        ),
        (None, old) if settings.offline => {
            let why = old.unwrap_or_else(|| "no uv".to_owned());
            let message = format!("{why}, and offline none is fetched");
            (CheckState::Warning, message)
        }
        (None, Some(old)) => {
            let message = format!("{old}; another is fetched once, with the first environment");
            (CheckState::Ok, message)
        }
        (None, None) => {
            let message = "uv is fetched once, with the first environment";
            (CheckState::Ok, message.to_owned())
        }
    };
    let hint =
        (state == CheckState::Warning).then(|| "install uv: new environments need one".to_owned());
    Finding::new(NAME, state, message, hint)
}

fn engine() -> Finding {
    Finding::new(
        "engine",
        CheckState::Ok,
        format!(
            "{} (in this ade {})",
            crate::engine::EMBEDDED_VERSION,
            crate::VERSION
        ),
        None,
    )
}
