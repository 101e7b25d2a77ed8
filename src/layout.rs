//! Every path under the data directory; no other module builds one.
//!
//! Ids that reach a path are checked first ([`checked_segment`]): no separators, no `..`, nothing hidden.

use std::path::{Path, PathBuf};

use crate::problem::{Facts, Kind, Problem, code};
use crate::settings::Settings;

/// The places of one data directory and workspace. Made by [`Layout::new`] alone, so its workspace id is a safe segment.
#[derive(Clone, Debug)]
pub struct Layout {
    data: PathBuf,
    documents: PathBuf,
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

    /// The data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }
    /// The SQLite database, where no URL names another.
    pub fn database(&self) -> PathBuf {
        self.data.join("db/ade.sqlite")
    }
    /// A stored document.
    pub fn document(&self, workspace: &str, document: &str, name: &str) -> PathBuf {
        self.documents
            .join(workspace)
            .join("documents")
            .join(document)
            .join(name)
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
    /// Engine wheels, unpacked from the binary.
    pub fn engine_cache(&self) -> PathBuf {
        self.data.join("cache/engine")
    }
    /// Tools that were fetched (uv), and what was found out about the Pythons of this machine.
    pub fn tools(&self) -> PathBuf {
        self.data.join("cache/tools")
    }
    /// What was found out about the Pythons of this machine.
    pub fn pythons(&self) -> PathBuf {
        self.tools().join("pythons.json")
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
    /// The virtual environment.
    pub fn venv(&self) -> PathBuf {
        self.0.join(".venv")
    }
    /// Its Python.
    pub fn python(&self) -> PathBuf {
        self.0.join(".venv/bin/python")
    }
    /// The log of its provisioning.
    pub fn events(&self) -> PathBuf {
        self.0.join("logs/events.ndjson")
    }
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
