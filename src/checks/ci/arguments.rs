//! Sorts the arguments of a call into configurations and inputs.
//!
//! A folder that is a configuration, or has a manifest that cannot be read, is a configuration. A file that belongs to a
//! configuration, such as a module or a file of its tests, stands for that configuration, so that programs can call `ade ci`
//! with the changed files. Any other file, folder or glob is an input of the configuration named before it, or of the only
//! configuration.

use std::path::{Path, PathBuf};

use crate::base::problem::{Error, code, typed};
use crate::configuration::{Configuration, ConfigurationError};
use crate::run::inputs::input::{MeantFiles, Search, expand, is_supported};
use crate::workspace::Workspace;

/// The extensions of files that make up a configuration.
const SOURCES: [&str; 5] = ["py", "toml", "json", "lock", "txt"];

/// A configuration and the inputs to run it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CiTarget {
    /// The folder of the configuration, canonical.
    pub configuration: PathBuf,
    /// The files, folders and globs, as they were given.
    pub inputs: Vec<PathBuf>,
}

/// The configurations and inputs that the arguments of a call name.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CiTargets {
    /// The configurations, in the order in which they are first named.
    pub configurations: Vec<CiTarget>,
    /// Files that look like parts of a configuration and belong to none.
    pub passed_over: Vec<PathBuf>,
}

enum CiPathKind {
    Configuration(PathBuf),
    Input,
    Neither,
}

/// Sorts the paths of a call into configurations and inputs.
///
/// # Errors
/// A path does not exist, or is an input without a configuration.
pub fn meant(paths: &[PathBuf]) -> Result<CiTargets, Error> {
    let mut meant = CiTargets::default();
    let mut last = None;
    let mut in_front: Vec<PathBuf> = Vec::new();
    for path in paths {
        match what(path)? {
            CiPathKind::Configuration(folder) => {
                let all = &mut meant.configurations;
                let known = all.iter().position(|target| target.configuration == folder);
                last = known.or(Some(all.len()));
                if known.is_none() {
                    all.push(CiTarget {
                        configuration: folder,
                        inputs: Vec::new(),
                    });
                }
            }
            CiPathKind::Input => match last {
                Some(last) => meant.configurations[last].inputs.push(path.clone()),
                None => in_front.push(path.clone()),
            },
            CiPathKind::Neither => meant.passed_over.push(path.clone()),
        }
    }
    match (in_front.first(), meant.configurations.as_mut_slice()) {
        (None, _) => {}
        (Some(_), [only]) => drop(only.inputs.splice(0..0, in_front)),
        // A folder is more likely meant as a configuration: this reports why it is none.
        (Some(first), []) if first.is_dir() => {
            Configuration::open(first)?;
        }
        (Some(first), []) => {
            let input = first.display();
            let message = format!("no configuration is named to normalize {input}");
            return Err(Error::usage(code::USAGE, message)
                .hint(format!("`ade ci CONFIG {}`", typed(input))));
        }
        (Some(first), _) => {
            let message = format!(
                "{} comes before all configurations, so it is not known which of them should normalize it",
                first.display()
            );
            return Err(
                Error::usage(code::USAGE, message).hint("name inputs after their configuration")
            );
        }
    }
    Ok(meant)
}

fn what(path: &Path) -> Result<CiPathKind, ConfigurationError> {
    if path.is_dir() {
        let folder = || path.canonicalize().unwrap_or_else(|_| path.to_owned());
        return Ok(match Configuration::open(path) {
            Err(ConfigurationError::NotAConfiguration { .. })
                if !path.join("pyproject.toml").is_file() =>
            {
                CiPathKind::Input
            }
            _ => CiPathKind::Configuration(folder()),
        });
    }
    if !path.exists() {
        let may_be_input = is_supported(path) || path.to_string_lossy().contains(['*', '?', '[']);
        return match may_be_input {
            true => Ok(CiPathKind::Input),
            false => Err(ConfigurationError::NotFound {
                path: path.to_owned(),
            }),
        };
    }
    let is_source = path
        .extension()
        .is_some_and(|ending| SOURCES.iter().any(|source| ending == *source));
    Ok(match Configuration::holder(path) {
        Some(folder) if is_source || is_in_tests(path, &folder) => {
            CiPathKind::Configuration(folder)
        }
        _ if is_source => CiPathKind::Neither,
        _ => CiPathKind::Input,
    })
}

fn is_in_tests(path: &Path, configuration: &Path) -> bool {
    let tests = configuration.join("tests");
    path.canonicalize()
        .is_ok_and(|path| path.starts_with(tests))
}

impl CiTarget {
    /// Returns the files that the inputs name.
    ///
    /// # Errors
    /// An input does not exist, is not supported, or names no file.
    pub fn files(&self, workspace: &Workspace, recursive: bool) -> Result<MeantFiles, Error> {
        if self.inputs.is_empty() {
            return Ok(MeantFiles::default());
        }
        let own = workspace.paths.own_folders().map(Path::to_owned);
        let not_in = own.iter().chain([&self.configuration]);
        let not_in: Vec<PathBuf> = not_in.filter_map(|path| path.canonicalize().ok()).collect();
        let search = Search {
            recursive,
            not_in: &not_in,
            output_dir: None,
            is_copy: &|path| workspace.store.is_copy(path).unwrap_or(false),
        };
        expand(&self.inputs, &search)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::problem::Problem;
    use crate::configuration::testing::{sample, write_files};

    fn place() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        for name in ["crew", "pay roll"] {
            std::fs::create_dir(root.join(name)).unwrap();
            sample(&root.join(name));
        }
        write_files(
            &root,
            &[
                ("crew/tests/cases/a/input.csv", ""),
                ("inbox/a.csv", ""),
                ("broken/pyproject.toml", "]"),
            ],
        );
        (folder, root)
    }

    /// Returns the names of the configurations with those of their inputs.
    fn found(root: &Path, paths: &str) -> Result<String, &'static str> {
        let paths: Vec<PathBuf> = paths.split('|').map(|path| root.join(path)).collect();
        let name = |path: &Path| path.strip_prefix(root).unwrap().display().to_string();
        let all = meant(&paths).map_err(|error| error.code())?.configurations;
        let asked = all.iter().map(|asked| {
            let inputs = asked.inputs.iter().map(|path| format!(" {}", name(path)));
            format!(
                "{}:{}",
                name(&asked.configuration),
                inputs.collect::<String>()
            )
        });
        Ok(asked.collect::<Vec<_>>().join(", "))
    }

    #[test]
    fn files_of_a_configuration_stand_for_it_and_others_are_its_inputs() {
        let (_folder, root) = place();
        for (paths, wanted) in [
            (
                "crew/src/ade_config/columns/people.py|crew/tests/cases/a/input.csv|crew",
                "crew:",
            ),
            ("inbox|crew|inbox/*.xlsx", "crew: inbox inbox/*.xlsx"),
            (
                "crew|inbox|pay roll|inbox/a.csv|broken",
                "crew: inbox, pay roll: inbox/a.csv, broken:",
            ),
        ] {
            assert_eq!(found(&root, paths).unwrap(), wanted);
        }
        assert_eq!(
            found(&root, "inbox").unwrap_err(),
            code::NOT_A_CONFIGURATION
        );
    }
}
