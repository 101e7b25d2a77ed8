//! The dependencies of a configuration, read from its manifests.
//!
//! The rules, strongest first: `[project] dependencies` are the dependencies. Without a `[project]` table, they are those of
//! `requirements.txt` or, without that file, of every `requirements*.txt`. If only a build can determine them (dynamic
//! dependencies, `setup.py`, `setup.cfg`, Poetry's own table), [`Dependencies::needs_build`] is set. `uv.lock` only narrows
//! versions, and `ade.lock` lists exactly which files are installed, as long as it fits the rest. Dependency groups and extras
//! are for the author's tools and are not installed, except extras of the project that its dependencies name themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::error::ConfigurationError;
use super::locked_versions::LockedVersions;
use super::manifest::{Manifest, Project, parse, read_text};
use super::requirement::{Requirement, VersionWanted, file_url, is_engine, normalize_name};
use super::requirements::{self, RequirementsFile};
use crate::base::files::read_if_there;

/// The dependencies of a configuration, normalized and sorted.
#[derive(Clone, Debug, Default)]
pub struct Dependencies {
    /// The packages to install beside the engine.
    pub requirements: Vec<Requirement>,
    /// The versions to use for packages that the installer installs anyway.
    pub constraints: Vec<Requirement>,
    /// The configuration's requirements on the engine, which is never installed from there.
    pub engine: Vec<Requirement>,
    /// Whether the configuration must be built to determine its (other) dependencies.
    pub needs_build: bool,
    pub index_options: IndexOptions,
    /// The value of `requires-python`, as written.
    pub requires_python: Option<String>,
    /// Whether `[tool.uv.sources]` names anything but the engine: only uv can follow these sources.
    pub has_uv_sources: bool,
    /// Whether there is a `uv.toml`, or the manifest has uv settings other than those for the author's own tools.
    pub has_uv_settings: bool,
    /// The versions locked by `ade lock`, if any.
    pub lock: Option<LockedVersions>,
    /// For the digest: all requirements files, including those that nothing is installed from, because a build may read them.
    pub(super) files: Vec<(PathBuf, RequirementsFile)>,
    pub(super) uv_lock: Option<toml::Table>,
    /// For the digest: the content of `setup.cfg` and `setup.py`.
    pub(super) setup_files: Vec<(&'static str, Vec<u8>)>,
}

/// The lines with `--index-url` and similar options from requirements files.
pub type IndexOptions = Vec<String>;

impl Dependencies {
    pub(super) fn read(root: &Path, manifest: &Manifest) -> Result<Self, ConfigurationError> {
        let mut files = Vec::new();
        for name in requirements::names(root)? {
            let file = requirements::read(root, &name)?;
            files.push((name, file));
        }
        let setup_files = read_setup_files(root)?;
        let (locked, uv_lock) = read_uv_lock(root)?;

        let mut wanted = BTreeSet::new();
        let mut constraints: BTreeSet<Requirement> = locked.into_iter().collect();
        let mut index_options = Vec::new();
        let mut needs_build = manifest.dependencies_are_dynamic();
        if let Some(project) = &manifest.project {
            wanted = with_own_extras(project);
        } else {
            needs_build |= sets_up_dependencies(&setup_files);
            for file in that_count(&files) {
                wanted.extend(file.requirements.iter().cloned());
                constraints.extend(file.constraints.iter().cloned());
                index_options.extend(file.options.iter().cloned());
            }
        }

        let (engine, requirements) = wanted.into_iter().partition(is_engine);
        Ok(Dependencies {
            requirements,
            constraints: constraints
                .into_iter()
                .filter(|constraint| !is_engine(constraint))
                .collect(),
            engine,
            needs_build,
            index_options,
            requires_python: manifest
                .project
                .as_ref()
                .and_then(|project| project.requires_python.clone()),
            has_uv_sources: has_uv_sources(manifest),
            has_uv_settings: has_uv_settings(manifest) || root.join("uv.toml").exists(),
            lock: LockedVersions::read(root)?,
            files,
            uv_lock,
            setup_files,
        })
    }

    /// Returns the requirements for an installer that works in `folder`, a copy of the configuration.
    pub fn requirements_in(&self, folder: &Path) -> Vec<String> {
        self.requirements
            .iter()
            .map(|requirement| match &requirement.wanted {
                VersionWanted::Bare(place) if requirements::is_relative_path(place) => {
                    let mut absolute = requirement.clone();
                    absolute.wanted = VersionWanted::Bare(file_url(&folder.join(place)));
                    absolute.to_string()
                }
                _ => requirement.to_string(),
            })
            .collect()
    }
}

/// Reads the existing setup files.
fn read_setup_files(root: &Path) -> Result<Vec<(&'static str, Vec<u8>)>, ConfigurationError> {
    let mut found = Vec::new();
    for name in ["setup.cfg", "setup.py"] {
        let content = read_if_there(&root.join(name))?;
        found.extend(content.map(|content| (name, content)));
    }
    Ok(found)
}

/// Returns `requirements.txt` or, if there is none, all files like it.
fn that_count(files: &[(PathBuf, RequirementsFile)]) -> Vec<&RequirementsFile> {
    let main = files
        .iter()
        .find(|(name, _)| name == Path::new("requirements.txt"));
    match main {
        Some((_, file)) => vec![file],
        None => files.iter().map(|(_, file)| file).collect(),
    }
}

/// Returns the project's dependencies. The project itself is not installed, so `project[extra]` stands for that extra's list.
fn with_own_extras(project: &Project) -> BTreeSet<Requirement> {
    let own_name = project.name.as_deref().map(normalize_name);
    let mut wanted = BTreeSet::new();
    let mut seen_extras = BTreeSet::new();
    let mut open: Vec<Requirement> = project
        .dependencies
        .iter()
        .map(|text| Requirement::parse(text))
        .collect();
    while let Some(requirement) = open.pop() {
        if own_name.as_ref() != Some(&requirement.name) {
            wanted.insert(requirement);
            continue;
        }
        for extra in requirement.extras {
            if !seen_extras.insert(extra.clone()) {
                continue;
            }
            for (name, listed) in &project.optional_dependencies {
                if normalize_name(name) == extra {
                    open.extend(listed.iter().map(|text| Requirement::parse(text)));
                }
            }
        }
    }
    wanted
}

/// Returns whether a setup file may declare dependencies: a `setup.py` may compute anything, but a `setup.cfg` often only
/// configures a linter.
fn sets_up_dependencies(setup_files: &[(&'static str, Vec<u8>)]) -> bool {
    setup_files.iter().any(|(name, content)| {
        *name == "setup.py" || String::from_utf8_lossy(content).contains("install_requires")
    })
}

/// Returns whether the manifest has uv settings other than those for the author's own tools.
fn has_uv_settings(manifest: &Manifest) -> bool {
    const OF_AUTHORS: [&str; 3] = ["dev-dependencies", "default-groups", "package"];
    let settings = manifest.tool.get("uv").and_then(toml::Value::as_table);
    settings.is_some_and(|uv| uv.keys().any(|key| !OF_AUTHORS.contains(&key.as_str())))
}

fn has_uv_sources(manifest: &Manifest) -> bool {
    let sources = manifest
        .tool
        .get("uv")
        .and_then(|uv| uv.get("sources"))
        .and_then(toml::Value::as_table);
    sources.is_some_and(|sources| {
        sources
            .keys()
            .any(|name| !is_engine(&Requirement::parse(name)))
    })
}

#[derive(Debug, Default, Deserialize)]
struct LockFile {
    #[serde(default)]
    package: Vec<UvLockPackage>,
}

#[derive(Debug, Deserialize)]
struct UvLockPackage {
    name: String,
    version: Option<String>,
    #[serde(default)]
    source: toml::Table,
    #[serde(default, rename = "resolution-markers")]
    markers: Vec<String>,
}

/// Reads `uv.lock`: the versions that the author has tried, as constraints for the installer, and the whole file.
fn read_uv_lock(
    root: &Path,
) -> Result<(Vec<Requirement>, Option<toml::Table>), ConfigurationError> {
    let path = root.join("uv.lock");
    let Some(text) = read_text(&path)? else {
        return Ok((Vec::new(), None));
    };
    let file: LockFile = parse(&path, &text)?;
    Ok((tried(file), Some(parse(&path, &text)?)))
}

/// Returns `name==version` for each package that comes from an index. Leaves out the configuration itself, the engine, and
/// packages from a repository or a folder, because a version does not identify them.
fn tried(file: LockFile) -> Vec<Requirement> {
    let mut by_name: BTreeMap<String, Vec<(String, bool)>> = BTreeMap::new();
    for package in file.package {
        let (Some(version), true) = (&package.version, package.source.contains_key("registry"))
        else {
            continue;
        };
        let markers: Vec<String> = package
            .markers
            .iter()
            .map(|marker| format!("({marker})"))
            .collect();
        let marked = !markers.is_empty();
        let suffix = if marked {
            format!(" ; {}", markers.join(" or "))
        } else {
            String::new()
        };
        let requirement = format!("{}=={version}{suffix}", package.name);
        by_name
            .entry(package.name)
            .or_default()
            .push((requirement, marked));
    }
    by_name
        .into_values()
        // Two versions of one package without markers would contradict each other.
        .filter(|entries| entries.len() == 1 || entries.iter().all(|(_, marked)| *marked))
        .flatten()
        .map(|(requirement, _)| Requirement::parse(&requirement))
        .filter(|requirement| !is_engine(requirement))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::testing::write_files;

    fn dependencies(files: &[(&str, &str)]) -> Dependencies {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        write_files(&root, files);
        Dependencies::read(&root, &Manifest::read(&root).unwrap()).unwrap()
    }

    #[test]
    fn the_project_table_decides_and_without_it_the_requirements_files() {
        let project = "[project]\nname = \"c\"\nrequires-python = \">=3.11\"\ndependencies = [\"ade-engine>=1.7.9\", \"b\", \"A>1\"]\n\
            [project.optional-dependencies]\ndev = [\"pytest\"]\n[dependency-groups]\ntest = [\"tox\"]\n";
        // Extras of the project that its dependencies name are installed.
        let extras = "[project]\nname = \"My_Config\"\ndependencies = [\"my-config[Some_Thing]\"]\n\
            [project.optional-dependencies]\nsome-thing = [\"b\", \"my-config[other]\"]\nother = [\"c\"]\n";
        let main = ("requirements.txt", "a\ngit+https://host/ade-engine@v1\n");
        let development = ("requirements-dev.txt", "pytest\n");
        for (files, requirements, engine) in [
            (
                &[("pyproject.toml", project), main, ("setup.py", "")][..],
                "a>1 b",
                "ade-engine>=1.7.9",
            ),
            (&[("pyproject.toml", extras)], "b c", ""),
            (&[main, development], "a", "git+https://host/ade-engine@v1"),
            (&[development], "pytest", ""),
        ] {
            let found = dependencies(files);
            let texts = |all: &[Requirement]| {
                all.iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(" ")
            };
            assert_eq!(texts(&found.requirements), requirements);
            assert_eq!(texts(&found.engine), engine);
        }
        let found = dependencies(&[("pyproject.toml", project)]);
        assert_eq!(found.requires_python.as_deref(), Some(">=3.11"));
    }

    #[test]
    fn only_a_build_can_tell_what_is_dynamic() {
        for (name, content, wanted) in [
            ("setup.py", "", true),
            ("setup.cfg", "[options]\ninstall_requires =\n  a\n", true),
            ("setup.cfg", "[flake8]\n", false),
            (
                "pyproject.toml",
                "[project]\nname='c'\ndynamic=['dependencies']\n",
                true,
            ),
            (
                "pyproject.toml",
                "[project]\nname='c'\ndynamic=['version']\n",
                false,
            ),
            (
                "pyproject.toml",
                "[tool.poetry.dependencies]\npython = '^3.10'\n",
                true,
            ),
            ("pyproject.toml", "[tool.ruff]\n", false),
        ] {
            let found = dependencies(&[(name, content)]);
            assert_eq!(found.needs_build, wanted, "{name}");
        }
    }

    #[test]
    fn paths_are_given_to_the_installer_whole() {
        let paths = "./wheels/a-1-py3-none-any.whl\nb\n/abs/c\n";
        assert_eq!(
            dependencies(&[("requirements.txt", paths)]).requirements_in(Path::new("/copy")),
            ["file:///copy/wheels/a-1-py3-none-any.whl", "b", "/abs/c"]
        );
    }

    #[test]
    fn packages_from_an_index_are_constraints() {
        let file: LockFile = toml::from_str(
            r#"
version = 1
[[package]]
name = "my-config"
version = "0.1.0"
source = { virtual = "." }
[[package]]
name = "polars"
version = "1.36.0"
source = { registry = "https://index.example/simple" }
[[package]]
name = "ade-engine"
version = "1.7.9"
source = { registry = "https://index.example/simple" }
[[package]]
name = "from-git"
version = "2"
source = { git = "https://host/from-git" }
[[package]]
name = "numpy"
version = "1.26.4"
source = { registry = "https://index.example/simple" }
resolution-markers = ["python_full_version < '3.12'"]
[[package]]
name = "numpy"
version = "2.1.0"
source = { registry = "https://index.example/simple" }
resolution-markers = ["python_full_version >= '3.12'", "os_name == 'nt'"]
[[package]]
name = "twice"
version = "1"
source = { registry = "https://index.example/simple" }
[[package]]
name = "twice"
version = "2"
source = { registry = "https://index.example/simple" }
"#,
        )
        .unwrap();
        let texts: Vec<String> = tried(file).iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "numpy==1.26.4 ; (python_full_version < \"3.12\")",
                "numpy==2.1.0 ; (python_full_version >= \"3.12\") or (os_name == \"nt\")",
                "polars==1.36.0",
            ]
        );
    }
}
