//! The part of `ade dev` beside API and worker: registers the configurations in the folder where it was started, and watches
//! those of the workspace. Only one `ade dev` may use a data directory.
//!
//! A changed folder is checked at once, so that its author sees a mistake before the next run does: first the manifest, then
//! the syntax and, once the environment is ready, whether it loads. The check requests that environment, so a changed
//! dependency is installed before the next run. A check ends if the folder changes again. Each change is reported once.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::check::check;
use crate::base::cancel::Cancel;
use crate::base::problem::{Error, Problem, ProblemKind, code, typed};
use crate::configuration::Configuration;
use crate::engine::sandbox::{Policy, confine};
use crate::environment::needed::prepare::{PreparedConfiguration, prepare, remember};
use crate::run::execution::names::with_known_names;
use crate::settings::paths::Paths;
use crate::store::{EnvironmentStatus, KnownConfiguration, StoreError};
use crate::system::lock::{self, Lock};
use crate::system::machine::Disk;
use crate::system::process::{self, ChildLimits, Stream};
use crate::workspace::Workspace;

/// The interval between looks at the folders.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// The number of looks between two searches for new configurations.
const LOOKS_FOR_NEW: usize = 8;
/// The maximum number of configurations of one folder that are registered.
pub const MAX_FOLDER_CONFIGURATIONS: usize = 50;

/// An event in the life of a watched configuration.
#[derive(Debug)]
pub enum DevEvent<'a> {
    /// A configuration appeared in the watched folder and can be run.
    New {
        /// The name of the configuration.
        name: &'a str,
    },
    /// The files of a configuration changed.
    Changed {
        /// The name of the configuration.
        name: &'a str,
        /// The version that its runs over the API use instead of the folder, if any.
        frozen: Option<PinnedVersion>,
        /// The result of checking it.
        state: DevState,
    },
}

/// A published version that the runs of a folder use.
#[derive(Clone, Debug)]
pub struct PinnedVersion {
    /// The number of the version.
    pub version: u32,
    /// The configuration, as commands take it.
    pub argument: String,
}

/// The state of a configuration whose files changed.
#[derive(Debug)]
pub enum DevState {
    /// The configuration loads in its environment.
    Loads {
        /// Whether it did not load before.
        again: bool,
    },
    /// Its environment is being built first.
    Builds,
    /// The configuration cannot be used as it is.
    Broken {
        /// The reason, with file and line if they are known.
        message: String,
        /// A hint what to do about it.
        hint: Option<String>,
    },
}

/// The configurations found in a folder.
#[derive(Debug, Default)]
pub struct FolderConfigurations {
    /// The registered configurations of the folder.
    pub known: Vec<KnownConfiguration>,
    /// The number of configurations beyond the maximum.
    pub left_out: usize,
}

/// Watches the configurations of a workspace.
pub struct ConfigurationWatch<'a> {
    workspace: &'a Workspace,
    /// The folder in which new configurations are looked for.
    folder: PathBuf,
    /// The folders of the configurations found there.
    here: BTreeSet<PathBuf>,
    /// The watched configurations by id.
    watched: HashMap<String, WatchedConfiguration>,
}

/// A configuration as it was at the last look.
struct WatchedConfiguration {
    /// The digest of its files, or the reason why they cannot be read.
    seen: Result<String, String>,
    /// Cancels the check that is under way.
    checking: Cancel,
    /// Whether the configuration was last reported as broken.
    is_broken: Arc<AtomicBool>,
}

impl<'a> ConfigurationWatch<'a> {
    /// Begins with the current files, and registers the configurations in `folder`, as a run of them would.
    ///
    /// # Errors
    /// The store cannot be used.
    pub fn begin(
        workspace: &'a Workspace,
        folder: &Path,
    ) -> Result<(Self, FolderConfigurations), StoreError> {
        let mut watch = Self {
            workspace,
            folder: folder.to_owned(),
            here: BTreeSet::new(),
            watched: HashMap::new(),
        };
        let (_, left_out) = watch.remember_new()?;
        let mut known = workspace.store.configurations(workspace.id())?;
        known
            .retain(|known| known.archived_at.is_none() && watch.here.contains(&known.record.path));
        // Configurations outside of the folder are looked at first once the server is at work.
        watch.changed(&known);
        Ok((watch, FolderConfigurations { known, left_out }))
    }

    /// Watches until `cancel` is raised. A database that does not answer is asked again.
    pub fn run(mut self, cancel: &Cancel, on: &(dyn Fn(&DevEvent<'_>) + Sync)) {
        std::thread::scope(|scope| {
            let mut looks = 0_usize;
            while !cancel.wait(LOOK_EVERY) {
                looks += 1;
                if looks.is_multiple_of(LOOKS_FOR_NEW) {
                    for name in self.remember_new().unwrap_or_default().0 {
                        on(&DevEvent::New { name: &name });
                    }
                }
                let all = self.workspace.store.configurations(self.workspace.id());
                for change in self.changed(&all.unwrap_or_default()) {
                    scope.spawn(move || change.tell(on));
                }
            }
            for watched in self.watched.values() {
                watched.checking.cancel();
            }
        });
    }

    /// Registers the new configurations of the folder. Returns their names, and the number of those beyond the maximum.
    fn remember_new(&mut self) -> Result<(Vec<String>, usize), StoreError> {
        let mut new = Vec::new();
        let mut left_out = 0;
        let configurations = configurations_in(&self.folder);
        self.here
            .retain(|root| configurations.iter().any(|found| found.root == *root));
        for configuration in configurations {
            if self.here.contains(&configuration.root) {
                continue;
            }
            if self.here.len() >= MAX_FOLDER_CONFIGURATIONS {
                left_out += 1;
                continue;
            }
            let record = remember(self.workspace, &configuration)?;
            new.push(record.name);
            self.here.insert(configuration.root);
        }
        Ok((new, left_out))
    }

    /// Looks at the folders of these configurations. Returns those that changed since the last look.
    fn changed(&mut self, all: &[KnownConfiguration]) -> Vec<ChangedConfiguration<'a>> {
        let mut changes = Vec::new();
        let watched = |known: &&KnownConfiguration| !known.uploaded && known.archived_at.is_none();
        for known in all.iter().filter(watched) {
            let seen = digest_of(self.workspace, known);
            let watched = self.watched.get_mut(&known.record.id);
            let Some(watched) = watched else {
                let new = WatchedConfiguration {
                    is_broken: Arc::new(seen.is_err().into()),
                    seen,
                    checking: Cancel::new(),
                };
                self.watched.insert(known.record.id.clone(), new);
                continue;
            };
            if watched.seen == seen {
                continue;
            }
            watched.seen = seen;
            watched.checking.cancel();
            watched.checking = Cancel::new();
            changes.push(ChangedConfiguration {
                workspace: self.workspace,
                frozen: frozen(known, all),
                known: known.clone(),
                cancel: watched.checking.clone(),
                is_broken: Arc::clone(&watched.is_broken),
            });
        }
        changes
    }
}

/// Returns the version that the runs of a folder use, with the shortest name that commands take for the configuration.
fn frozen(known: &KnownConfiguration, all: &[KnownConfiguration]) -> Option<PinnedVersion> {
    let (version, name) = (known.version.as_ref()?, &known.record.name);
    let same = all.iter().filter(|other| other.record.name == *name);
    let argument = match same.count() {
        1 => name,
        _ => &known.record.id,
    };
    Some(PinnedVersion {
        version: version.version,
        argument: typed(argument),
    })
}

/// Returns the digest of a folder's files, or the reason why the folder cannot be opened.
fn digest_of(workspace: &Workspace, known: &KnownConfiguration) -> Result<String, String> {
    let written = [workspace.paths.data()];
    Configuration::open(&known.record.path)
        .and_then(|configuration| configuration.sources_except(&written))
        .map(|sources| sources.digest)
        .map_err(|error| error.to_string())
}

/// Returns the folder itself if it is a configuration, and the configurations directly below it, sorted by name. A folder that
/// is part of a configuration's package does not count, nor does one that merely could be a configuration.
fn configurations_in(folder: &Path) -> Vec<Configuration> {
    let opened = |path: &Path| {
        let opened = Configuration::open(path).ok();
        opened.filter(Configuration::is_unmistakable)
    };
    let itself = opened(folder);
    let mut below: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    below.sort();
    let is_part = |other: &Configuration| {
        let own = itself.as_ref();
        own.is_some_and(|own| own.package_dir.starts_with(&other.root))
    };
    let below = below.iter().filter_map(|path| opened(path));
    let below: Vec<Configuration> = below.filter(|found| !is_part(found)).collect();
    itself.into_iter().chain(below).collect()
}

/// A configuration whose files changed.
struct ChangedConfiguration<'a> {
    workspace: &'a Workspace,
    known: KnownConfiguration,
    frozen: Option<PinnedVersion>,
    /// Raised if the files change again.
    cancel: Cancel,
    is_broken: Arc<AtomicBool>,
}

impl ChangedConfiguration<'_> {
    /// Checks the configuration and reports the result.
    fn tell(self, on: &(dyn Fn(&DevEvent<'_>) + Sync)) {
        let tell = |state: DevState| {
            let (name, frozen) = (&*self.known.record.name, self.frozen.clone());
            on(&DevEvent::Changed {
                name,
                frozen,
                state,
            });
        };
        let checked = self.checked(&tell);
        // A result from before another change is outdated.
        if self.cancel.is_cancelled() {
            return;
        }
        match checked {
            Ok(()) => {
                let again = self.is_broken.swap(false, Ordering::Relaxed);
                tell(DevState::Loads { again });
            }
            Err(error) => {
                self.is_broken.store(true, Ordering::Relaxed);
                tell(DevState::Broken {
                    message: error.to_string(),
                    hint: error.facts().hint,
                });
            }
        }
    }

    /// Checks that the configuration loads in its environment, after waiting for that.
    fn checked(&self, tell: &dyn Fn(DevState)) -> Result<(), Error> {
        let workspace = self.workspace;
        let opened = Configuration::open(&self.known.record.path)?;
        let prepared = prepare(workspace, opened, None)?;
        let environment = prepared.ask_for_environment(workspace);
        if environment?.status != EnvironmentStatus::Ready {
            if let Some(message) = syntax_mistake(workspace, &prepared, &self.cancel) {
                return Err(Error::refused(code::CONFIG_INVALID, message));
            }
            workspace.machine.wake(&workspace.paths.wake());
            tell(DevState::Builds);
            self.wait_for_environment(&prepared)?;
        }
        let checked = check(workspace, &prepared, false, &self.cancel, &mut |_| {});
        checked.map(drop).map_err(Error::from)
    }

    /// Waits until a worker has built the environment, or the check is cancelled.
    fn wait_for_environment(&self, prepared: &PreparedConfiguration) -> Result<(), Error> {
        let workspace = self.workspace;
        while !workspace.machine.wait(&self.cancel, LOOK_EVERY) {
            // A database that does not answer is asked again.
            let Ok(Some(found)) = workspace.store.environment_of(&prepared.key) else {
                continue;
            };
            match (found.status, found.error) {
                (EnvironmentStatus::Ready, _) => break,
                (EnvironmentStatus::Failed, Some(error)) => {
                    let told = Error::refused(code::ENVIRONMENT_FAILED, error.message);
                    return Err(told.maybe_hint(error.hint));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The right to be the only `ade dev` of a data directory: a lock that is released with the process. The lock file holds the
/// address.
pub struct DevServerLock {
    _lock: Lock,
}

impl DevServerLock {
    /// Refuses a data directory that another process uses. Changes nothing.
    ///
    /// # Errors
    /// Another process uses the data directory.
    pub fn demand(paths: &Paths) -> Result<(), Error> {
        if lock::is_held(&Disk, &paths.development_lock()) {
            Err(taken(paths))
        } else {
            Ok(())
        }
    }

    /// Takes the data directory for this process, which listens at `address`.
    ///
    /// # Errors
    /// Another process uses it, or the lock cannot be taken.
    pub fn take(workspace: &Workspace, address: &str) -> Result<Self, Error> {
        let (machine, paths) = (&*workspace.machine, &workspace.paths);
        let name = format!("{}, {address}", lock::holder(machine));
        let lock =
            Lock::try_take_as(machine, &paths.development_lock(), &name).map_err(|error| {
                Error::from_problem(error).under(ProblemKind::Database, code::STORAGE_FAILED)
            })?;
        let lock = lock.ok_or_else(|| taken(paths))?;
        Ok(Self { _lock: lock })
    }
}

/// Returns the error that another process uses the data directory.
fn taken(paths: &Paths) -> Error {
    let holder = lock::read_holder(&Disk, &paths.development_lock());
    let holder = holder
        .map(|holder| format!(": {holder}"))
        .unwrap_or_default();
    let message = format!(
        "`ade dev` is at work in {} already{holder}",
        paths.data().display()
    );
    Error::usage(code::ADDRESS_UNUSABLE, message)
        .hint("use that one: its terminal has the link that signs you in. For another one, name another data directory (--data-dir, ADE_DATA_DIR)")
}

/// The maximum time for checking the syntax of the modules.
const PATIENCE: Duration = Duration::from_secs(30);

/// A script that compiles the modules that the engine would import as plugins, and prints the first mistake in the engine's
/// words.
const SCRIPT: &str = r#"
import os, sys

package = sys.argv[1]
paths = [os.path.join(package, "__init__.py")]
rows = "row_detectors" if os.path.isdir(os.path.join(package, "row_detectors")) else "row_types"
for place in ("columns", "hooks", rows):
    for parent, folders, files in os.walk(os.path.join(package, place)):
        folders[:] = sorted(name for name in folders if name != "tests" and not name.startswith("_"))
        paths += [
            os.path.join(parent, name)
            for name in sorted(files)
            if name == "__init__.py" or name.endswith(".py") and name != "tests.py" and not name.startswith("_")
        ]
for path in paths:
    try:
        with open(path, "rb") as source:
            compile(source.read(), path, "exec", dont_inherit=True)
    except OSError:
        pass
    except (SyntaxError, ValueError) as error:
        place = f"{path}, line {error.lineno}" if getattr(error, "lineno", None) else path
        line = (getattr(error, "text", None) or "").strip()
        at = f" at `{line if len(line) <= 200 else line[:199] + '…'}`" if line else ""
        print(f"SyntaxError: {getattr(error, 'msg', error)}{at} ({place})")
        break
"#;

/// Returns the first syntax mistake in the modules, with file and line. `None` if there is none, or the check failed.
fn syntax_mistake(
    workspace: &Workspace,
    prepared: &PreparedConfiguration,
    cancel: &Cancel,
) -> Option<String> {
    let configuration = &prepared.configuration;
    let inside = configuration.package_dir.strip_prefix(&configuration.root);
    let package = prepared.package_folder.join(inside.ok()?);
    let python = &prepared.python.executable;
    let reads = vec![prepared.snapshot.clone()];
    let policy = Policy::new(&workspace.settings, python, reads, Vec::new(), false);
    if !policy.obstacles().is_empty() {
        return None;
    }
    let mut command = Command::new(python);
    command
        .args(["-I", "-S", "-B", "-W", "ignore", "-X", "utf8", "-c", SCRIPT])
        .arg(&package)
        .current_dir(&prepared.snapshot)
        .env_clear();
    let limits = ChildLimits {
        timeout: Some(PATIENCE),
        limits: policy.limits.of_group(),
        ..ChildLimits::default()
    };
    let _confined = confine(&policy, 1, &mut command).ok()?;
    let mut found = None;
    let on_line = &mut |stream, line: &str| {
        if stream == Stream::Stdout && found.is_none() {
            found = Some(line.to_owned());
        }
    };
    process::run(&mut command, cancel, &limits, on_line).ok()?;
    let root = configuration.root.to_string_lossy();
    let known = [(prepared.package_folder.as_path(), &*root)];
    found.map(|line| with_known_names(&line, &known))
}
