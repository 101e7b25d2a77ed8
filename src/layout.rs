//! Every path under the data directory; no other module builds one.
//!
//! Ids that reach a path are checked first ([`checked_segment`]): no separators, no `..`, nothing hidden.

use std::path::{Path, PathBuf};

use crate::problem::{Facts, Kind, Problem, code};
use crate::settings::Settings;

/// The database below a data directory, by which a data directory is recognized.
pub const DATABASE: &str = "db/ade.sqlite";

/// The name of the lock beside the environments of one key.
pub const BUILD_LOCK: &str = "build.lock";

/// The places of one data directory and workspace. Made by [`Layout::new`] alone, so its workspace id is a safe segment.
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
    /// What it was meant to be: `workspace`.
    pub what: &'static str,
    /// The text.
    pub value: String,
}

impl Problem for BadSegment {
    fn facts(&self) -> Facts {
        Facts::new(Kind::Usage, code::BAD_ID)
    }
}

/// Checks a text that is about to become one segment of a path.
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
    /// The places that the settings name.
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
    /// The SQLite database, where no URL names another.
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
    /// Everything of one run.
    pub fn run(&self, workspace: &str, run: &str) -> RunFolder {
        RunFolder(self.runs.join(workspace).join("runs").join(run))
    }
    /// Everything that shares one environment key; builders of the key exclude each other by a lock in it.
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
    /// What is kept for all environments: fetched tools, bytecode, and what is known of the machine's Pythons.
    pub fn tools(&self) -> ToolsFolder {
        ToolsFolder(self.data.join("cache/tools"))
    }
    /// The file that a process holds a lock on as long as it takes claims.
    pub fn worker_lock(&self, id: &str) -> PathBuf {
        self.data.join("db/workers").join(format!("{id}.lock"))
    }
    /// Where environments are, one folder for each workspace.
    pub fn venvs(&self) -> &Path {
        &self.venvs
    }
    /// Where the runs of a workspace are.
    pub fn runs(&self, workspace: &str) -> PathBuf {
        self.runs.join(workspace).join("runs")
    }
    /// A file whose change wakes the workers of this data directory.
    pub fn wake(&self) -> PathBuf {
        self.data.join("db/wake")
    }
}

/// An environment among those of its key.
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

/// Where pip's cache keeps every wheel that it got.
pub fn wheelhouse(pip_cache: &Path) -> PathBuf {
    pip_cache.join("wheelhouse")
}

/// How the name of a folder begins that is on its way out.
pub const TRASH: &str = ".trash-";

/// The folder of what is kept for all environments.
#[derive(Clone, Debug)]
pub struct ToolsFolder(pub PathBuf);

impl ToolsFolder {
    /// What the Pythons of this machine have answered.
    pub fn pythons(&self) -> PathBuf {
        self.0.join("pythons.json")
    }
    /// The uv that was fetched.
    pub fn uv(&self) -> PathBuf {
        self.0.join("uv")
    }
    /// The program in what was fetched as uv.
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
    /// The run's own temporary files, deleted with its end.
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
    /// What was built, and of what.
    pub fn record(&self) -> PathBuf {
        self.0.join("environment.json")
    }
    /// What the installer is handed; gone when the environment is ready.
    pub fn workbench(&self) -> PathBuf {
        self.0.join(".build")
    }
    /// The folder of logs, which a failed build leaves.
    pub fn logs(&self) -> PathBuf {
        self.0.join("logs")
    }
    /// The log of its provisioning.
    pub fn events(&self) -> PathBuf {
        self.logs().join("events.ndjson")
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
