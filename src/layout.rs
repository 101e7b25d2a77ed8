//! Every path under the data directory; no other module builds one. Not laid out here is what lies inside a virtual
//! environment, a snapshot or a package's bytecode, and how unfinished files and folders are called ([`crate::files`]).
//!
//! Ids that reach a path are checked first ([`checked_segment`]): no separators, no `..`, nothing hidden.

use std::path::{Path, PathBuf};

use crate::clock::Timestamp;
use crate::problem::{Facts, Kind, Problem, code};
use crate::settings::Settings;

/// The path of the database below a data directory; a folder that contains it is recognized as a data directory.
pub const DATABASE: &str = "db/ade.sqlite";

/// The name of the lock beside the environments of one key.
pub const BUILD_LOCK: &str = "build.lock";

/// The paths of one data directory and workspace. Only [`Layout::new`] creates one, so its workspace id is a safe segment.
#[derive(Clone, Debug)]
pub struct Layout {
    data: PathBuf,
    configurations: PathBuf,
    runs: PathBuf,
    venvs: PathBuf,
    pip_cache: Option<PathBuf>,
    uv_cache: Option<PathBuf>,
}

/// A workspace id, configuration id or run id that must not become part of a path.
#[derive(Debug, thiserror::Error)]
#[error(
    "{what} {value:?} cannot be used: only letters, digits, '.', '_' and '-', at most 100 of them, and no leading '.'"
)]
pub struct BadSegment {
    /// What kind of id it is: `workspace`.
    pub what: &'static str,
    /// The text.
    pub value: String,
}

impl Problem for BadSegment {
    fn facts(&self) -> Facts {
        Facts::new(Kind::Usage, code::BAD_ID)
    }
}

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

impl Layout {
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
        Ok(Self {
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

    /// The data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }
    /// The SQLite database, unless a URL names another one.
    pub fn database(&self) -> PathBuf {
        self.data.join(DATABASE)
    }
    /// The read-only copies of a configuration, one folder for each source digest.
    pub fn snapshots(&self, workspace: &str, configuration: &str) -> PathBuf {
        self.configurations
            .join(workspace)
            .join("configs")
            .join(configuration)
            .join("snapshots")
    }
    /// The folder of one run.
    pub fn run(&self, workspace: &str, run: &str) -> RunFolder {
        RunFolder(self.runs.join(workspace).join("runs").join(run))
    }
    /// The folder of all environments of one key; builders of the key exclude each other by a lock in it.
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
    /// pip's download cache.
    pub fn pip_cache(&self) -> PathBuf {
        self.pip_cache
            .clone()
            .unwrap_or_else(|| self.data.join("cache/pip"))
    }
    /// uv's download cache.
    pub fn uv_cache(&self) -> PathBuf {
        self.uv_cache
            .clone()
            .unwrap_or_else(|| self.data.join("cache/uv"))
    }
    /// Engine wheels, unpacked from the binary: one folder for each digest.
    pub fn engine_cache(&self) -> PathBuf {
        self.data.join("cache/engine")
    }
    /// The cache that all environments share: fetched tools, bytecode, and the answers of the machine's Pythons.
    pub fn tools(&self) -> ToolsFolder {
        ToolsFolder(self.data.join("cache/tools"))
    }
    /// The file that a registered process holds a lock on as long as it lives.
    pub fn worker_lock(&self, id: &str) -> PathBuf {
        self.data.join("db/workers").join(format!("{id}.lock"))
    }
    /// The folder of environments, one folder for each workspace.
    pub fn venvs(&self) -> &Path {
        &self.venvs
    }
    /// The folder of a workspace's runs.
    pub fn runs(&self, workspace: &str) -> PathBuf {
        self.runs.join(workspace).join("runs")
    }
    /// A file whose change wakes the workers of this data directory.
    pub fn wake(&self) -> PathBuf {
        self.data.join("db/wake")
    }
}

/// The folder of one environment below that of its key.
pub fn environment(key: &Path, id: &str) -> PathBuf {
    key.join(id)
}

/// The lock with which the builders of one key take turns.
pub fn build_lock(key: &Path) -> PathBuf {
    key.join(BUILD_LOCK)
}

/// The lock with which processes take turns at copying into a folder of snapshots.
pub fn snapshot_lock(snapshots: &Path) -> PathBuf {
    snapshots.join(".lock")
}

/// A wheel that was unpacked from a binary, under the beginning of its digest.
pub fn engine_wheel(cache: &Path, sha256: &str, name: &str) -> PathBuf {
    cache.join(&sha256[..sha256.len().min(16)]).join(name)
}

/// The copy of a configuration with this source digest.
pub fn snapshot(snapshots: &Path, source_digest: &str) -> PathBuf {
    snapshots.join(source_digest)
}

/// The folder of pip's cache that keeps every downloaded wheel.
pub fn wheelhouse(pip_cache: &Path) -> PathBuf {
    pip_cache.join("wheelhouse")
}

/// The bytecode that is kept of one package, below that of its Python ([`ToolsFolder::bytecode`]).
pub fn package_bytecode(shelf: &Path, package: &str) -> PathBuf {
    shelf.join(package)
}

/// The prefix of the name of a folder that is being deleted.
const TRASH: &str = ".trash-";

/// Where a folder is set aside before it is deleted, with a token that no other deletion has.
pub fn trash(folder: &Path, token: &str) -> PathBuf {
    folder.with_file_name(format!("{TRASH}{token}"))
}

/// Whether a folder was set aside to be deleted.
pub fn is_trash(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(TRASH.as_bytes())
}

/// A database file, for the files beside it.
#[derive(Clone, Copy, Debug)]
pub struct DatabaseFile<'a>(pub &'a Path);

impl DatabaseFile<'_> {
    /// The lock with which processes take turns at creating or migrating it.
    pub fn lock(&self) -> PathBuf {
        self.with_suffix(".lock")
    }
    /// Where a new one is created, with a token that no other creation has.
    pub fn unfinished(&self, token: &str) -> PathBuf {
        self.with_suffix(&format!(".{token}.tmp"))
    }
    /// The copy of it that is made before a migration changes its version.
    pub fn backup(&self, version: i64, time: Timestamp) -> PathBuf {
        let time = time.to_string().replace([':', '-', '.'], "");
        self.with_suffix(&format!(".v{version}-{time}.bak"))
    }
    /// Where that copy is written.
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
    /// The file with the answers of the machine's Pythons.
    pub fn pythons(&self) -> PathBuf {
        self.0.join("pythons.json")
    }
    /// The folder of the fetched uv.
    pub fn uv(&self) -> PathBuf {
        self.0.join("uv")
    }
    /// The program in the folder of the fetched uv.
    pub fn uv_program(fetched: &Path) -> PathBuf {
        fetched.join("bin/uv")
    }
    /// The lock that keeps two processes from fetching uv.
    pub fn uv_lock(&self) -> PathBuf {
        self.0.join(".uv.lock")
    }
    /// The bytecode of packages for one Python.
    pub fn bytecode(&self, python: &str) -> PathBuf {
        self.0.join("bytecode").join(python)
    }
}

/// The folder of one run.
#[derive(Clone, Debug)]
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }
    /// The folder of the staged input.
    pub fn input(&self) -> PathBuf {
        self.0.join("input")
    }
    /// The staged input of this name.
    pub fn staged(&self, input_name: &str) -> PathBuf {
        self.input().join(input_name)
    }
    /// The folder of the normalized workbook.
    pub fn output(&self) -> PathBuf {
        self.0.join("output")
    }
    /// The normalized workbook of an input's name: `<stem>_normalized.xlsx`.
    pub fn normalized(&self, input_name: &str) -> PathBuf {
        self.output().join(normalized_name(input_name))
    }
    /// The event log.
    pub fn events(&self) -> PathBuf {
        self.0.join("logs/events.ndjson")
    }
    /// The audit record.
    pub fn artifact(&self) -> PathBuf {
        self.0.join("artifact.json")
    }
    /// What the engine was asked to do.
    pub fn request(&self) -> PathBuf {
        self.0.join("run-request.json")
    }
    /// A link to the environment that the run used.
    pub fn venv(&self) -> PathBuf {
        self.0.join(".venv")
    }
    /// The run's own temporary files, deleted when it ends.
    pub fn scratch(&self) -> PathBuf {
        self.0.join("tmp")
    }
}

/// The folder of one environment.
#[derive(Clone, Debug)]
pub struct EnvironmentFolder(pub PathBuf);

impl EnvironmentFolder {
    /// The mark that the environment is complete.
    pub fn ready(&self) -> PathBuf {
        self.0.join(".ready")
    }
    /// The virtual environment.
    pub fn venv(&self) -> PathBuf {
        self.0.join(".venv")
    }
    /// Its Python.
    pub fn python(&self) -> PathBuf {
        venv_python(&self.venv())
    }
    /// The record of what was built, and of what.
    pub fn record(&self) -> PathBuf {
        self.0.join("environment.json")
    }
    /// The files that are passed to the installer; deleted when the environment is ready.
    pub fn workbench(&self) -> Workbench {
        Workbench(self.0.join(".build"))
    }
    /// The folder of logs, which stays after a failed build.
    pub fn logs(&self) -> PathBuf {
        self.0.join("logs")
    }
    /// The log of its provisioning.
    pub fn events(&self) -> PathBuf {
        self.logs().join("events.ndjson")
    }
}

/// The files that a build passes to its children.
#[derive(Clone, Debug)]
pub struct Workbench(PathBuf);

impl Workbench {
    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }
    /// The list of what is installed.
    pub fn requirements(&self) -> PathBuf {
        self.0.join("requirements.txt")
    }
    /// The list of what replaces the requirements of packages.
    pub fn overrides(&self) -> PathBuf {
        self.0.join("overrides.txt")
    }
    /// The list of what limits the versions.
    pub fn constraints(&self) -> PathBuf {
        self.0.join("constraints.txt")
    }
    /// A writable copy of the configuration.
    pub fn sources(&self) -> PathBuf {
        self.0.join("source")
    }
    /// The list of the modules to compile.
    pub fn modules(&self) -> PathBuf {
        self.0.join("compile")
    }
    /// The temporary virtual environment with the pip that fetches uv.
    pub fn venv_with_pip(&self) -> PathBuf {
        self.0.join("pip")
    }
}

/// The Python of a virtual environment.
pub fn venv_python(venv: &Path) -> PathBuf {
    venv.join("bin/python")
}

/// `orders.csv` → `orders_normalized.xlsx`.
pub fn normalized_name(input_name: &str) -> String {
    let stem = Path::new(input_name)
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    format!("{stem}_normalized.xlsx")
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
    fn the_normalized_name_keeps_the_stem() {
        assert_eq!(
            normalized_name("my orders.v2.xlsx"),
            "my orders.v2_normalized.xlsx"
        );
        assert_eq!(normalized_name("noext"), "noext_normalized.xlsx");
    }
}
