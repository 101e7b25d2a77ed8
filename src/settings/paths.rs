//! Every path below the data directory and in the cache; no other module builds one. Exceptions are the paths inside a virtual
//! environment or a snapshot, and the names of unfinished files and folders ([`crate::base::files`]).
//!
//! Ids that become part of a path are checked first ([`checked_segment`]): no separators, no `..`, nothing hidden.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::process::geteuid;

use crate::base::clock::Timestamp;
use crate::base::files;
use crate::base::problem::{ErrorFacts, Problem, ProblemKind, become_error, code};
use crate::settings::Settings;
use crate::settings::output_names::{ISSUES, ROWS, after_workbook};
pub use crate::settings::output_names::{normalized_name, quarantine_name, stem_of_output};

/// The path of the database below a data directory. A folder that contains it is recognized as a data directory.
pub const DATABASE: &str = "db/ade.sqlite";

/// The name of the file that records which database a data directory belongs to.
pub const IDENTITY: &str = "identity.json";

/// The name of the file that makes git ignore a data directory.
pub const IGNORED_BY_GIT: &str = ".gitignore";

/// The name of the lock in the folder of an environment.
pub const BUILD_LOCK: &str = "build.lock";

/// Defines a method for each of these paths below a folder.
macro_rules! places {
    ($folder:tt: $($(#[$what:meta])+ $name:ident = $place:expr;)+) => {$(
        $(#[$what])+
        pub fn $name(&self) -> PathBuf {
            self.$folder.join($place)
        }
    )+};
}

/// The paths of one data directory and workspace. Only [`Paths::new`] creates them, so the workspace id is a safe segment.
#[derive(Clone, Debug)]
pub struct Paths {
    data: PathBuf,
    documents: PathBuf,
    configurations: PathBuf,
    runs: PathBuf,
    venvs: PathBuf,
    cache: PathBuf,
    /// The reason why the cache is below the data directory although no setting puts it there.
    cache_note: Option<String>,
    pip_cache: Option<PathBuf>,
    uv_cache: Option<PathBuf>,
}

/// A workspace id, configuration id or run id that must not become part of a path.
#[derive(Debug, thiserror::Error)]
#[error(
    "{what} {value:?} cannot be used: it may have at most 100 letters, digits, '.', '_' and '-', and must not begin with '.'"
)]
pub struct BadSegment {
    /// The kind of id: `workspace`.
    pub what: &'static str,
    /// The text of the id.
    pub value: String,
}

impl Problem for BadSegment {
    fn facts(&self) -> ErrorFacts {
        ErrorFacts::new(ProblemKind::Usage, code::BAD_ID)
    }
}

become_error!(BadSegment);

/// Checks a text that is to become one segment of a path.
///
/// # Errors
/// It could lead out of its folder, or is not portable.
pub fn checked_segment(what: &'static str, value: &str) -> Result<(), BadSegment> {
    let allowed =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    if !value.is_empty()
        && value.len() <= 100
        && !value.starts_with('.')
        && value.chars().all(allowed)
    {
        Ok(())
    } else {
        Err(BadSegment {
            what,
            value: value.to_owned(),
        })
    }
}

/// Returns whether `ade` has made this folder its data directory.
pub fn is_data_directory(path: &Path) -> bool {
    path.join(IDENTITY).is_file() || path.join(DATABASE).is_file()
}

impl Paths {
    /// Returns the paths that follow from the settings.
    ///
    /// # Errors
    /// The workspace's id cannot be part of a path.
    pub fn new(settings: &Settings) -> Result<Self, BadSegment> {
        checked_segment("workspace", &settings.workspace)?;
        let data = settings.data_dir.clone();
        let workspaces = settings
            .workspaces_dir
            .clone()
            .unwrap_or_else(|| data.join("workspaces"));
        let or_workspaces =
            |given: &Option<PathBuf>| given.clone().unwrap_or_else(|| workspaces.clone());
        let (cache, cache_note) = cache_of(settings);
        Ok(Self {
            cache,
            cache_note,
            documents: or_workspaces(&settings.documents_dir),
            configurations: or_workspaces(&settings.configs_dir),
            runs: or_workspaces(&settings.runs_dir),
            venvs: settings
                .venvs_dir
                .clone()
                .unwrap_or_else(|| data.join("venvs")),
            pip_cache: settings.pip_cache_dir.clone(),
            uv_cache: settings.uv_cache_dir.clone(),
            data,
        })
    }

    /// Returns the folders that ADE writes to by itself.
    pub fn own_folders(&self) -> [&Path; 6] {
        [
            &self.data,
            &self.documents,
            &self.configurations,
            &self.runs,
            &self.venvs,
            &self.cache,
        ]
    }
    /// Returns the folders that contain the documents, configurations and runs of each workspace.
    pub fn roots(&self) -> [&Path; 3] {
        [&self.documents, &self.configurations, &self.runs]
    }
    /// Returns the data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }
    /// Returns the folder of everything that ADE stores for a configuration.
    pub fn configuration(&self, workspace: &str, configuration: &str) -> PathBuf {
        self.configurations(workspace).join(configuration)
    }
    /// Returns the folder of a configuration's read-only copies, one folder for each source digest.
    pub fn snapshots(&self, workspace: &str, configuration: &str) -> PathBuf {
        self.configuration(workspace, configuration)
            .join("snapshots")
    }
    /// Returns the folder in which an uploaded configuration's files are edited until they are published.
    pub fn draft(&self, workspace: &str, configuration: &str) -> PathBuf {
        self.configuration(workspace, configuration).join("draft")
    }
    /// Returns the lock for changing or publishing a draft.
    pub fn draft_lock(&self, workspace: &str, configuration: &str) -> PathBuf {
        self.configuration(workspace, configuration)
            .join(".draft.lock")
    }
    /// Returns the folder of a workspace's documents.
    pub fn documents(&self, workspace: &str) -> PathBuf {
        self.documents.join(workspace).join("documents")
    }
    /// Returns the file of one document, which keeps its name.
    pub fn document(&self, workspace: &str, document: &str, name: &str) -> PathBuf {
        self.documents(workspace).join(document).join(name)
    }
    /// Returns the folder of one run.
    pub fn run(&self, workspace: &str, run: &str) -> RunFolder {
        RunFolder(self.runs.join(workspace).join("runs").join(run))
    }
    /// Returns the folder of all environments of one key.
    pub fn environment_key(
        &self,
        workspace: &str,
        configuration: &str,
        deps_digest: &str,
    ) -> PathBuf {
        let digest = &deps_digest[..deps_digest.len().min(16)];
        self.venvs
            .join(workspace)
            .join(configuration)
            .join(format!("deps-{digest}"))
    }
    /// Returns the cache of builds that execute code of packages, separate for each workspace.
    pub fn own_cache(&self, workspace: &str) -> PathBuf {
        CacheFolder(self.data.join("cache"))
            .of_workspaces()
            .join(workspace)
    }
    /// Returns the cache that all data directories of this user share.
    pub fn cache(&self) -> &Path {
        &self.cache
    }
    /// Returns the reason why the cache is below the data directory although no setting puts it there.
    pub fn cache_note(&self) -> Option<&str> {
        self.cache_note.as_deref()
    }
    /// Returns the folders that may contain a cache of this data directory: the one in use, and the one below the data
    /// directory that earlier versions used.
    pub fn caches(&self) -> Vec<CacheFolder> {
        let mut folders = vec![self.cache.clone(), self.data.join("cache")];
        folders.dedup();
        folders.into_iter().map(CacheFolder).collect()
    }
    /// Returns the caches that have their own setting, and that other programs may use too.
    pub fn chosen_caches(&self) -> [Option<&Path>; 2] {
        [self.pip_cache.as_deref(), self.uv_cache.as_deref()]
    }
    /// Returns pip's download cache.
    pub fn pip_cache(&self) -> PathBuf {
        self.pip_cache
            .clone()
            .unwrap_or_else(|| self.cache.join("pip"))
    }
    /// Returns uv's download cache.
    pub fn uv_cache(&self) -> PathBuf {
        self.uv_cache
            .clone()
            .unwrap_or_else(|| self.cache.join("uv"))
    }
    /// Returns the folder of engine wheels that were unpacked from the binary, one folder for each digest.
    pub fn engine_cache(&self) -> PathBuf {
        CacheFolder(self.cache.clone()).engines()
    }
    /// Returns the cache that all environments share: fetched tools, and the answers of the machine's Pythons.
    pub fn tools(&self) -> ToolsFolder {
        CacheFolder(self.cache.clone()).tools()
    }
    /// Returns the file that a registered process holds a lock on while it lives.
    pub fn worker_lock(&self, id: &str) -> PathBuf {
        self.worker_locks().join(format!("{id}{WORKER_LOCK}"))
    }
    /// Returns the folder of environments, one folder for each workspace.
    pub fn venvs(&self) -> &Path {
        &self.venvs
    }
    /// Returns the folder below which each workspace has its [runs](Paths::runs).
    pub fn runs_of_all(&self) -> &Path {
        &self.runs
    }
    /// Returns the folder of a workspace's runs.
    pub fn runs(&self, workspace: &str) -> PathBuf {
        self.runs.join(workspace).join("runs")
    }
    /// Returns the folder of everything that is stored for a workspace's configurations.
    pub fn configurations(&self, workspace: &str) -> PathBuf {
        self.configurations.join(workspace).join("configs")
    }

    places! {
        data:
        /// Returns the file that records which database the data directory belongs to.
        identity = IDENTITY;
        /// Returns the SQLite database, unless a URL names another one.
        database = DATABASE;
        /// Returns the folder of the locks of registered processes.
        worker_locks = "db/workers";
        /// Returns the file that an `ade dev` holds a lock on while it lives.
        development_lock = "db/dev.lock";
        /// Returns the record of the object store: that it belongs to this data directory, and its objects without a record.
        seen_objects = "db/seen-objects.json";
        /// Returns the file whose change wakes the workers of this data directory.
        wake = "db/wake";
    }
}

/// The end of the name of a process's lock.
pub const WORKER_LOCK: &str = ".lock";

/// Returns the folder of one environment below that of its key.
pub fn environment(key: &Path, id: &str) -> PathBuf {
    key.join(id)
}

/// Returns the lock that a builder holds on the folder of its environment.
pub fn build_lock(environment: &Path) -> PathBuf {
    environment.join(BUILD_LOCK)
}

/// Returns the lock for copying into a folder of snapshots.
pub fn snapshot_lock(snapshots: &Path) -> PathBuf {
    snapshots.join(".lock")
}

/// Returns a wheel that was unpacked from a binary, below the beginning of its digest.
pub fn engine_wheel(cache: &Path, sha256: &str, name: &str) -> PathBuf {
    cache.join(&sha256[..sha256.len().min(16)]).join(name)
}

/// Returns the copy of a configuration with this source digest.
pub fn snapshot(snapshots: &Path, source_digest: &str) -> PathBuf {
    snapshots.join(source_digest)
}

/// A database file, for the paths of the files next to it.
#[derive(Clone, Copy, Debug)]
pub struct DatabaseFile<'a>(pub &'a Path);

impl DatabaseFile<'_> {
    /// Returns the lock for creating or migrating the database.
    pub fn lock(&self) -> PathBuf {
        self.with_suffix(".lock")
    }
    /// Returns the path of a new database during its creation, with a token that no other creation has.
    pub fn unfinished(&self, token: &str) -> PathBuf {
        self.with_suffix(&format!(".{token}.tmp"))
    }
    /// Returns the copy that is made before a migration changes the version of the database.
    pub fn backup(&self, version: i64, time: Timestamp) -> PathBuf {
        let time = time.to_string().replace([':', '-', '.'], "");
        self.with_suffix(&format!(".v{version}-{time}.bak"))
    }
    /// Returns the path to which the database is moved once its records are on a server.
    pub fn moved(&self) -> PathBuf {
        self.with_suffix(".moved")
    }
    /// Returns the path of that copy while it is being written.
    pub fn unfinished_backup(backup: &Path) -> PathBuf {
        DatabaseFile(backup).with_suffix(".tmp")
    }

    fn with_suffix(&self, suffix: &str) -> PathBuf {
        let mut name = self.0.file_name().unwrap_or_default().to_owned();
        name.push(suffix);
        self.0.with_file_name(name)
    }
}

/// The folder of the cache that all environments share.
#[derive(Clone, Debug)]
pub struct ToolsFolder(pub PathBuf);

impl ToolsFolder {
    /// Returns the folder of the fetched uv. Machines of several kinds may share a home.
    pub fn uv(&self) -> PathBuf {
        use std::env::consts::{ARCH, OS};
        self.0.join(format!("uv-{OS}-{ARCH}"))
    }
    /// Returns the program in the folder of the fetched uv.
    pub fn uv_program(fetched: &Path) -> PathBuf {
        fetched.join("bin/uv")
    }

    places! {
        0:
        /// Returns the file with the answers of the machine's Pythons.
        pythons = "pythons.json";
        /// Returns the lock that keeps two processes from fetching uv.
        uv_lock = ".uv.lock";
    }
}

/// A cache of things that can be fetched or made again. The time of change of a part's folder is the time of its last use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheFolder(pub PathBuf);

impl CacheFolder {
    const TRASH: &str = ".trash-";

    /// Returns the folder of fetched tools, and of the answers of the machine's Pythons.
    pub fn tools(&self) -> ToolsFolder {
        ToolsFolder(self.0.join("tools"))
    }
    /// Returns the path to which a part is moved before it is deleted, with a token that no other deletion has.
    pub fn trash(&self, token: &str) -> PathBuf {
        self.0.join(format!("{}{token}", Self::TRASH))
    }
    /// Returns whether a folder in a cache is a part that is about to be deleted.
    pub fn is_trash(folder: &Path) -> bool {
        let name = folder.file_name().unwrap_or_default();
        name.as_encoded_bytes().starts_with(Self::TRASH.as_bytes())
    }
    /// Returns the part that this user cannot use: the folder itself, or the first part of it that cannot be read.
    pub fn closed(&self) -> Option<PathBuf> {
        if !is_own(&self.0) {
            return Some(self.0.clone());
        }
        let parts = [self.engines(), self.tools().0, self.environments()];
        let mut parts = parts.into_iter().chain(self.downloads());
        parts.find(|part| files::is_closed(part))
    }
    /// Returns the download caches of uv and pip.
    pub fn downloads(&self) -> [PathBuf; 2] {
        ["uv", "pip"].map(|name| self.0.join(name))
    }

    places! {
        0:
        /// Returns the lock of the cache. Builds that use the cache share it; a process that deletes a part holds it alone.
        lock = ".lock";
        /// Returns the folder of engine wheels, one folder for each digest.
        engines = "engine";
        /// Returns the folder of finished environments, one folder for each digest of dependencies.
        environments = "environments";
        /// Returns the folder of the caches of single workspaces.
        of_workspaces = "workspaces";
    }
}

/// Returns the path of the cache, and the reason if it is not the default path.
fn cache_of(settings: &Settings) -> (PathBuf, Option<String>) {
    if let Some(chosen) = &settings.cache_dir {
        return (chosen.clone(), None);
    }
    let below_data = settings.data_dir.join("cache");
    match user_cache(&settings.variables) {
        None => {
            let note = "there is no home folder for the cache";
            (below_data, Some(note.to_owned()))
        }
        Some(folder) => match CacheFolder(folder.clone()).closed() {
            None => (folder, None),
            Some(closed) => {
                let note = format!("this user has no access to {}", closed.display());
                (below_data, Some(note))
            }
        },
    }
}

/// Returns the folder `ade` in the user's cache folder, or `None` if the user has none.
fn user_cache(variables: &BTreeMap<OsString, OsString>) -> Option<PathBuf> {
    let absolute = |name: &str| {
        let path = PathBuf::from(variables.get(OsStr::new(name))?);
        path.is_absolute().then_some(path)
    };
    let folder = absolute("XDG_CACHE_HOME").or_else(|| {
        let home = absolute("HOME").filter(|home| home.is_dir())?;
        let below = match std::env::consts::OS {
            "macos" => "Library/Caches",
            _ => ".cache",
        };
        Some(home.join(below))
    })?;
    Some(folder.join("ade"))
}

/// Returns whether this user may write to the folder, or create it. Root may not in a folder of another user (`sudo`), because
/// that user could not change the files any more.
fn is_own(folder: &Path) -> bool {
    let Some(existing) = folder.ancestors().find(|folder| folder.exists()) else {
        return false;
    };
    let is_writable = access(existing, Access::WRITE_OK | Access::EXEC_OK).is_ok();
    let is_another_users =
        || geteuid().is_root() && std::fs::metadata(existing).is_ok_and(|found| found.uid() != 0);
    is_writable && !is_another_users()
}

/// The folder of one run.
#[derive(Clone, Debug)]
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// Returns the paths in a run's folder at any position.
    pub fn at(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// Returns the folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }
    /// Returns the staged input of this name.
    pub fn staged(&self, input_name: &str) -> PathBuf {
        self.input().join(input_name)
    }
    /// Returns the normalized workbook of an input's name: `<stem>_normalized.xlsx`.
    pub fn normalized(&self, input_name: &str) -> PathBuf {
        self.output().join(normalized_name(input_name))
    }
    /// Returns the list of issues of an input's name: `<stem>_issues.ndjson`.
    pub fn issues(&self, input_name: &str) -> PathBuf {
        self.beside_output(input_name, ISSUES)
    }
    /// Returns the row map of an input's name, from rows of the output to the sender's sheets: `<stem>_rows.json`.
    pub fn rows(&self, input_name: &str) -> PathBuf {
        self.beside_output(input_name, ROWS)
    }
    fn beside_output(&self, input_name: &str, ending: &str) -> PathBuf {
        self.output().join(after_workbook(input_name, ending))
    }
    /// Returns the paths that are copied to the object store when an attempt ends: files, and folders with everything below
    /// them.
    pub fn of_attempt(&self) -> [PathBuf; 4] {
        [
            self.output(),
            self.artifact(),
            self.request(),
            self.events(),
        ]
    }
    /// Returns the paths that a backup leaves out: those that can be made again, and the outputs unless they are requested.
    pub fn left_out_of_backup(&self, outputs: bool) -> Vec<PathBuf> {
        let mut left_out = vec![
            self.venv(),
            self.scratch(),
            self.unrecorded(),
            self.stored_attempt(),
            self.fetch_lock(),
        ];
        if !outputs {
            left_out.extend([self.output(), self.painted()]);
        }
        left_out
    }

    places! {
        0:
        /// Returns the folder of the staged input.
        input = "input";
        /// Returns the folder of the normalized workbook.
        output = "output";
        /// Returns the folder of stored painted copies of the input. A run's own process cannot write there.
        painted = "painted";
        /// Returns the event log of the run.
        events = "logs/events.ndjson";
        /// Returns the audit record of the run.
        artifact = "artifact.json";
        /// Returns the request that the engine got.
        request = "run-request.json";
        /// Returns the mark of a run that is not recorded yet. It contains the id of the database.
        unrecorded = ".unrecorded";
        /// Returns the file that records which attempt's files are here and in the object store. Its lock is next to it.
        stored_attempt = ".stored-attempt";
        /// Returns the lock for fetching the files of an attempt.
        fetch_lock = ".fetch.lock";
        /// Returns the link to the environment that the run used.
        venv = ".venv";
        /// Returns the folder of the run's own temporary files, which is deleted when the run ends.
        scratch = "tmp";
    }
}

/// The folder of one environment.
#[derive(Clone, Debug)]
pub struct EnvironmentFolder(pub PathBuf);

impl EnvironmentFolder {
    /// Returns the Python of the environment.
    pub fn python(&self) -> PathBuf {
        venv_python(&self.venv())
    }
    /// Returns the file with the code of all modules that runs import.
    pub fn modules(&self) -> PathBuf {
        self.venv().join("modules")
    }
    /// Returns the folder of files for the installer, which is deleted when the environment is ready.
    pub fn workbench(&self) -> Workbench {
        Workbench(self.0.join(".build"))
    }
    /// Returns the log of its provisioning.
    pub fn events(&self) -> PathBuf {
        self.logs().join("events.ndjson")
    }

    places! {
        0:
        /// Returns the mark that the environment is complete.
        ready = ".ready";
        /// Returns the file that records which database the environment belongs to. Its users hold a lock on it.
        owner = ".owner";
        /// Returns the folder of the virtual environment.
        venv = ".venv";
        /// Returns the record of the build and of its inputs.
        record = "environment.json";
        /// Returns the record of its files.
        files = "files.json";
        /// Returns the folder of logs, which stays after a failed build.
        logs = "logs";
    }
}

/// The files that a build passes to its children.
#[derive(Clone, Debug)]
pub struct Workbench(PathBuf);

impl Workbench {
    /// Returns the folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }
    /// Returns the file with the code of all modules that runs import, before it is moved to the environment.
    pub fn modules(&self) -> PathBuf {
        self.scratch().join("modules")
    }

    places! {
        0:
        /// Returns the list of packages to install.
        requirements = "requirements.txt";
        /// Returns the list that replaces requirements of packages.
        overrides = "overrides.txt";
        /// Returns the list of limits of versions.
        constraints = "constraints.txt";
        /// Returns the list of exact versions with hashes.
        locked = "locked.txt";
        /// Returns the temporary folder of all children.
        scratch = "tmp";
        /// Returns a writable copy of the configuration.
        sources = "source";
        /// Returns the temporary virtual environment with the pip that fetches uv.
        venv_with_pip = "pip";
    }
}

/// Returns the Python of a virtual environment.
pub fn venv_python(venv: &Path) -> PathBuf {
    venv.join("bin/python")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_leaves_its_folder_becomes_a_segment() {
        for bad in [
            "",
            "..",
            ".",
            ".hidden",
            "a/b",
            "a\\b",
            "a b",
            "ü",
            "\0",
            &"x".repeat(101),
        ] {
            assert!(checked_segment("workspace", bad).is_err(), "{bad:?}");
        }
        for good in ["default", "team-1", "a.b_c", "0199"] {
            assert!(checked_segment("workspace", good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn the_cache_is_the_users_unless_it_is_relative_or_cannot_be_written() {
        let home = tempfile::tempdir().unwrap();
        let cache = |xdg: &str| {
            let named = [("HOME", home.path()), ("XDG_CACHE_HOME", Path::new(xdg))];
            user_cache(
                &named
                    .map(|(name, value)| (name.into(), value.into()))
                    .into(),
            )
        };
        assert_eq!(cache("/c"), Some("/c/ade".into()));
        assert!(cache("c").unwrap().starts_with(home.path()));
        let gone = [("HOME".into(), "/no/such/home".into())];
        assert_eq!(user_cache(&gone.into()), None);
        assert!(is_own(&home.path().join("a/b")));
        // Root may write everywhere, but does not write in another user's folder.
        let foreign = home.path().join("foreign");
        std::fs::create_dir(&foreign).unwrap();
        match geteuid().is_root() {
            true => std::os::unix::fs::chown(&foreign, Some(1), None).unwrap(),
            false => {
                use std::os::unix::fs::PermissionsExt;
                let read_only = std::fs::Permissions::from_mode(0o555);
                std::fs::set_permissions(&foreign, read_only).unwrap();
            }
        }
        assert!(!is_own(&foreign.join("a/b")));
    }
}
