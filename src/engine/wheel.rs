//! Provides the engine for environments: the wheel in the binary, or the engine that `ADE_ENGINE_SPEC` names.

use std::fs::File;
use std::io::{Cursor, Read, Seek};
use std::path::{Path, PathBuf};

use crate::base::digest::{self, Hasher};
use crate::base::files::{self, FileError};
use crate::base::problem::{ErrorFacts, Problem, ProblemKind, become_error, code};
use crate::settings::paths;

/// The version of the engine in the binary.
pub const EMBEDDED_VERSION: &str = env!("ADE_ENGINE_VERSION");
/// The prefix of the key of environments with a binary's engine. The version and the beginning of the wheel's digest follow,
/// because another `ade` may contain another engine.
const EMBEDDED_PREFIX: &str = "embedded:";

const WHEEL: &[u8] = include_bytes!(env!("ADE_ENGINE_WHEEL"));
const WHEEL_NAME: &str = env!("ADE_ENGINE_WHEEL_NAME");
const WHEEL_SHA256: &str = env!("ADE_ENGINE_WHEEL_SHA256");

/// Returns the key of environments with the engine in this binary.
pub fn embedded_spec() -> String {
    format!(
        "{EMBEDDED_PREFIX}{EMBEDDED_VERSION}:{}",
        &WHEEL_SHA256[..16]
    )
}

/// An engine that an environment can get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnginePackage {
    /// The wheel in the binary.
    Embedded,
    /// A folder with a project.
    Folder(PathBuf),
    /// The path of a wheel.
    Wheel(PathBuf),
    /// A requirement in the format of an installer.
    Requirement(String),
}

/// An error that makes the engine unusable.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// `ADE_ENGINE_SPEC` names a path that does not exist.
    #[error("ADE_ENGINE_SPEC names {}, which does not exist", path.display())]
    Absent {
        /// The path that does not exist.
        path: PathBuf,
    },
    /// A newer `ade` queued the run.
    #[error(
        "the run needs the engine {version} of a newer ade, and this ade has {EMBEDDED_VERSION}"
    )]
    Newer {
        /// The version of the newer engine.
        version: String,
    },
    /// A file of the engine cannot be read, or the wheel cannot be unpacked.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Problem for EngineError {
    fn facts(&self) -> ErrorFacts {
        match self {
            Self::Absent { .. } => ErrorFacts::new(ProblemKind::Usage, code::SETTINGS_INVALID)
                .hint(
                    "name a folder, a wheel or a requirement, or unset it to use the engine in ade",
                ),
            Self::Newer { .. } => ErrorFacts::new(ProblemKind::Environment, code::SETTINGS_INVALID)
                .hint("upgrade this ade, or start a worker of the newer one"),
            Self::File(error) => error
                .facts()
                .under(ProblemKind::Environment, code::SETTINGS_INVALID),
        }
    }
}

become_error!(EngineError);

impl EnginePackage {
    /// Returns the engine that a specification names; relative paths are relative to `folder`.
    ///
    /// # Errors
    /// It names a path that does not exist.
    pub fn of_spec(spec: Option<&str>, folder: &Path) -> Result<Self, EngineError> {
        let Some(spec) = spec else {
            return Ok(Self::Embedded);
        };
        let path = folder.join(spec);
        if path.is_dir() {
            return Ok(Self::Folder(path));
        }
        if path.is_file() {
            return Ok(Self::Wheel(path));
        }
        let looks_like_path = spec.starts_with(['.', '/', '~']) || spec.ends_with(".whl");
        if looks_like_path && !spec.contains("://") {
            return Err(EngineError::Absent { path });
        }
        Ok(Self::Requirement(spec.to_owned()))
    }

    /// Returns the engine of an environment's key. Returns `None` for the engine of another `ade` that is not newer, because
    /// this binary does not contain it.
    ///
    /// # Errors
    /// It names a path that does not exist, or the engine of a newer `ade`.
    pub fn of_key(spec: &str, folder: &Path) -> Result<Option<Self>, EngineError> {
        if spec == embedded_spec() {
            return Ok(Some(Self::Embedded));
        }
        if let Some(other) = spec.strip_prefix(EMBEDDED_PREFIX) {
            let version = other.split(':').next().unwrap_or_default();
            return match numbers(version) > numbers(EMBEDDED_VERSION) {
                true => Err(EngineError::Newer {
                    version: version.to_owned(),
                }),
                false => Ok(None),
            };
        }
        Self::of_spec(Some(spec), folder).map(Some)
    }

    /// Returns the key of its environments.
    pub fn spec(&self) -> String {
        match self {
            Self::Embedded => embedded_spec(),
            Self::Folder(path) | Self::Wheel(path) => path.to_string_lossy().into_owned(),
            Self::Requirement(text) => text.clone(),
        }
    }

    /// Returns a digest of its bytes, or the requirement itself. It is part of an environment's digest.
    ///
    /// # Errors
    /// A file of it cannot be read.
    pub fn digest(&self) -> Result<String, EngineError> {
        match self {
            Self::Embedded => Ok(WHEEL_SHA256.to_owned()),
            Self::Requirement(text) => Ok(text.clone()),
            Self::Wheel(path) => {
                let (digest, _) = digest::of_file(path).map_err(FileError::on("read", path))?;
                Ok(digest.to_string())
            }
            Self::Folder(root) => {
                let mut digest = Hasher::new();
                let walk = ignore::WalkBuilder::new(root)
                    .require_git(false)
                    .sort_by_file_path(Path::cmp)
                    .build();
                for entry in walk
                    .filter_map(Result::ok)
                    .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
                {
                    let path = entry.path();
                    digest.update(
                        path.strip_prefix(root)
                            .unwrap_or(path)
                            .to_string_lossy()
                            .as_bytes(),
                    );
                    digest.update([0]);
                    digest.update(std::fs::read(path).map_err(FileError::on("read", path))?);
                    digest.update([0]);
                }
                Ok(digest.finish().to_string())
            }
        }
    }

    /// Returns its requirements, as far as they can be read without asking an installer.
    ///
    /// # Errors
    /// A file of it cannot be read.
    pub fn requirements(&self) -> Result<Vec<String>, EngineError> {
        match self {
            Self::Embedded => Ok(required_by(Cursor::new(WHEEL)).unwrap_or_default()),
            Self::Wheel(path) => {
                let file = File::open(path).map_err(FileError::on("read", path))?;
                match required_by(file) {
                    Some(found) => Ok(found),
                    None => Ok(vec![self.digest()?]),
                }
            }
            Self::Folder(root) => {
                let path = root.join("pyproject.toml");
                let text = std::fs::read_to_string(&path).map_err(FileError::on("read", &path))?;
                let project = text.parse::<toml::Table>().ok().and_then(|table| {
                    let listed = table.get("project")?.get("dependencies")?.as_array()?;
                    let texts = listed
                        .iter()
                        .map(|requirement| requirement.as_str().map(str::to_owned));
                    texts.collect()
                });
                Ok(project.unwrap_or_else(|| vec![digest::sha256(&text).to_string()]))
            }
            Self::Requirement(text) => Ok(vec![text.clone()]),
        }
    }

    /// Returns the path of the wheel in the binary, unpacked below `cache` if it is not there yet.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn unpack_embedded(cache: &Path) -> Result<PathBuf, EngineError> {
        let path = paths::engine_wheel(cache, WHEEL_SHA256, WHEEL_NAME);
        let whole = std::fs::metadata(&path).is_ok_and(|found| found.len() == WHEEL.len() as u64);
        if !whole {
            if let Some(folder) = path.parent() {
                files::create_folder(folder)?;
            }
            files::write_whole(&path, WHEEL)?;
        }
        path.parent().inspect(|folder| files::touch(folder));
        Ok(path)
    }
}

/// Returns the numbers of a version, for comparison.
fn numbers(version: &str) -> Vec<u64> {
    let parts = version.split('.');
    parts.map_while(|part| part.parse().ok()).collect()
}

/// Returns the requirements in a wheel's metadata, without those of its extras, or `None` if it has no readable metadata.
fn required_by(wheel: impl Read + Seek) -> Option<Vec<String>> {
    let mut archive = zip::ZipArchive::new(wheel).ok()?;
    let name = archive
        .file_names()
        .filter_map(Result::ok)
        .find(|name| name.ends_with(".dist-info/METADATA"))?
        .into_owned();
    let mut text = String::new();
    archive
        .by_name(&name)
        .ok()?
        .read_to_string(&mut text)
        .ok()?;
    let headers = text.lines().take_while(|line| !line.is_empty());
    let required = headers.filter_map(|line| line.strip_prefix("Requires-Dist:"));
    Some(
        required
            .filter(|text| !text.contains("extra =="))
            .map(|text| text.trim().to_owned())
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_specification_is_a_folder_a_wheel_or_a_requirement() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name| folder.path().join(name);
        std::fs::create_dir(path("engine")).unwrap();
        std::fs::write(path("e.whl"), b"x").unwrap();
        let requirement = |text: &str| EnginePackage::Requirement(text.to_owned());
        for (said, wanted) in [
            (None, EnginePackage::Embedded),
            (Some("engine"), EnginePackage::Folder(path("engine"))),
            (Some("e.whl"), EnginePackage::Wheel(path("e.whl"))),
            (Some("ade-engine>=1.9"), requirement("ade-engine>=1.9")),
            (
                Some("git+https://example.org/e.git"),
                requirement("git+https://example.org/e.git"),
            ),
        ] {
            assert_eq!(EnginePackage::of_spec(said, folder.path()).unwrap(), wanted);
        }
        assert!(EnginePackage::of_spec(Some("./absent"), folder.path()).is_err());
    }

    #[test]
    fn an_engine_says_what_it_depends_on() {
        let folder = tempfile::tempdir().unwrap();
        let named = EnginePackage::Embedded.requirements().unwrap();
        assert!(
            named.iter().any(|text| text.starts_with("polars")),
            "{named:?}"
        );
        let path = EnginePackage::unpack_embedded(folder.path()).unwrap();
        assert_eq!(EnginePackage::Wheel(path).requirements().unwrap(), named);
        let project = "[project]\ndependencies = ['a>1']\n";
        std::fs::write(folder.path().join("pyproject.toml"), project).unwrap();
        let engine = EnginePackage::Folder(folder.path().to_owned());
        assert_eq!(engine.requirements().unwrap(), ["a>1"]);
    }

    #[test]
    fn the_embedded_wheel_unpacks_whole_and_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = EnginePackage::unpack_embedded(folder.path()).unwrap();
        assert_eq!(digest::of_file(&path).unwrap().0.to_string(), WHEEL_SHA256);
        std::fs::write(&path, b"cut short").unwrap();
        assert_eq!(EnginePackage::unpack_embedded(folder.path()).unwrap(), path);
        assert_eq!(std::fs::read(&path).unwrap().len(), WHEEL.len());
    }
}
