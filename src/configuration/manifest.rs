//! Reads the parts of `pyproject.toml` that ADE needs. Errors name line and column.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::ConfigurationError;
use crate::base::files::read_if_there;

/// A configuration's `pyproject.toml`. All fields are empty if there is no such file.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Manifest {
    /// The path of the file, if it exists.
    #[serde(skip)]
    pub path: Option<PathBuf>,
    pub project: Option<Project>,
    #[serde(rename = "build-system")]
    pub build_system: Option<BuildSystem>,
    #[serde(default)]
    pub tool: toml::Table,
    /// The whole file, because build backends read parts of it that ADE does not know.
    #[serde(skip)]
    pub(super) whole: toml::Table,
}

/// The content of the `[project]` table.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Project {
    pub name: Option<String>,
    pub version: Option<String>,
    pub requires_python: Option<String>,
    #[serde(default)]
    pub dependencies: Vec<String>,
    #[serde(default)]
    pub optional_dependencies: BTreeMap<String, Vec<String>>,
    /// The fields that only the build backend can compute.
    #[serde(default)]
    pub dynamic: Vec<String>,
}

/// The content of the `[build-system]` table.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BuildSystem {
    #[serde(default)]
    pub requires: Vec<String>,
    pub build_backend: Option<String>,
    #[serde(default)]
    pub backend_path: Vec<String>,
}

impl Manifest {
    /// Reads the manifest of the configuration at `root`.
    pub(super) fn read(root: &Path) -> Result<Self, ConfigurationError> {
        let path = root.join("pyproject.toml");
        let Some(text) = read_text(&path)? else {
            return Ok(Manifest::default());
        };
        let mut manifest: Manifest = parse(&path, &text)?;
        manifest.whole = parse(&path, &text)?;
        manifest.path = Some(path);
        Ok(manifest)
    }

    /// Returns the project's name, if it has one.
    pub(super) fn name(&self) -> Option<&String> {
        let name = self.project.as_ref()?.name.as_ref();
        name.filter(|name| !name.trim().is_empty())
    }

    /// Returns whether the configuration must be built to determine its dependencies.
    pub(super) fn dependencies_are_dynamic(&self) -> bool {
        match &self.project {
            Some(project) => project.dynamic.iter().any(|field| field == "dependencies"),
            None => self
                .tool
                .get("poetry")
                .and_then(|poetry| poetry.get("dependencies"))
                .is_some(),
        }
    }
}

/// Returns the text of a file. `None` if there is no such file.
pub(super) fn read_text(path: &Path) -> Result<Option<String>, ConfigurationError> {
    let Some(bytes) = read_if_there(path)? else {
        return Ok(None);
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(&error.as_bytes()[..good]).into_owned();
            Err(complaint(path, &text, text.len(), "this is not UTF-8 text"))
        }
    }
}

/// Parses TOML. Errors name line and column.
pub(super) fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, ConfigurationError> {
    toml::from_str(text).map_err(|error| {
        let Range { start, .. } = error.span().unwrap_or_default();
        complaint(path, text, start, error.message())
    })
}

/// Returns an error that names the line and the column (in characters) of an offset in `text`.
pub(super) fn complaint(
    path: &Path,
    text: &str,
    offset: usize,
    message: &str,
) -> ConfigurationError {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    ConfigurationError::BadManifest {
        path: path.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8]) -> Result<Manifest, ConfigurationError> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("pyproject.toml"), content).unwrap();
        Manifest::read(folder.path())
    }

    #[test]
    fn what_is_absent_is_empty() {
        let manifest = read(b"").unwrap();
        assert!(manifest.path.is_some());
        assert!(manifest.project.is_none());
        let folder = tempfile::tempdir().unwrap();
        assert!(Manifest::read(folder.path()).unwrap().path.is_none());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        for (content, place, words) in [
            ("[project]\nname = \"größe\" oops\n".as_bytes(), (2, 16), ""),
            (
                b"[project]\nname = \"a\"\ndependencies = \"polars\"\n",
                (3, 16),
                "sequence",
            ),
            (b"[project]\nx\xff", (2, 2), ""),
        ] {
            let Err(ConfigurationError::BadManifest {
                line,
                column,
                message,
                ..
            }) = read(content)
            else {
                panic!("it is no manifest")
            };
            assert_eq!((line, column), place);
            assert!(message.contains(words), "{message}");
        }
    }
}
