//! Finds the Python package inside a configuration's folder, by the same rules as the engine.

use std::path::{Path, PathBuf};

/// The preferred package name if there are several packages.
const USUAL_PACKAGE: &str = "ade_config";

/// The folders with plugins. A package without any of them registers nothing.
const PLUGIN_FOLDERS: [&str; 4] = ["columns", "row_detectors", "row_types", "hooks"];

/// The location of a configuration's package.
#[derive(Debug, PartialEq)]
pub(super) struct PackageLocation {
    pub package: String,
    pub package_dir: PathBuf,
}

/// Finds the package below `root`. If there is none, returns what was looked for.
///
/// A manifest shows that the folder is meant to be a configuration. Without one, a package counts only if it has plugin
/// folders, so that a folder with any other Python project is an error and not a run without results.
pub(super) fn locate(root: &Path, has_manifest: bool) -> Result<PackageLocation, Vec<String>> {
    let found = package_at(root)
        .or_else(|| package_below_source(root))
        .or_else(|| usual_package(root));
    match found {
        Some(located) if has_manifest || holds_plugins(&located.package_dir) => Ok(located),
        Some(located) => {
            let inside = located
                .package_dir
                .strip_prefix(root)
                .unwrap_or(Path::new(""))
                .join("columns");
            Err(vec![
                "pyproject.toml".to_owned(),
                format!(
                    "{}/ (or row_detectors/, row_types/, hooks/ beside it)",
                    inside.display()
                ),
            ])
        }
        None => {
            let package = format!("a Python package in src/{USUAL_PACKAGE}/ or {USUAL_PACKAGE}/");
            Err(vec![if has_manifest {
                format!("{package} beside pyproject.toml")
            } else {
                format!("pyproject.toml with {package}")
            }])
        }
    }
}

/// Returns the folder itself if it is a package.
fn package_at(root: &Path) -> Option<PackageLocation> {
    let package = root.file_name()?.to_str()?;
    (is_identifier(package) && root.join("__init__.py").is_file()).then(|| PackageLocation {
        package: package.to_owned(),
        package_dir: root.to_owned(),
    })
}

/// Finds the first package below `src/`, preferring the usual name.
fn package_below_source(root: &Path) -> Option<PackageLocation> {
    let source = root.join("src");
    let mut names: Vec<String> = std::fs::read_dir(&source)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| is_identifier(name) && source.join(name).join("__init__.py").is_file())
        .collect();
    names
        .sort_by(|left, right| (left != USUAL_PACKAGE, left).cmp(&(right != USUAL_PACKAGE, right)));
    let package = names.into_iter().next()?;
    Some(PackageLocation {
        package_dir: source.join(&package),
        package,
    })
}

fn usual_package(root: &Path) -> Option<PackageLocation> {
    let package_dir = root.join(USUAL_PACKAGE);
    package_dir.is_dir().then(|| PackageLocation {
        package: USUAL_PACKAGE.to_owned(),
        package_dir,
    })
}

/// Returns the configuration's folder that a file or folder belongs to: the nearest one upwards with a package that is
/// unmistakably that of a configuration. A package and its `src/` folder could be configurations themselves, so this returns
/// the outermost folder that has this package as its own.
pub(super) fn holder(path: &Path) -> Option<PathBuf> {
    let located = |folder: &Path| {
        let has_manifest = folder.join("pyproject.toml").is_file();
        let located = locate(folder, has_manifest).ok()?.package_dir;
        is_unmistakable(&located).then_some(located)
    };
    let mut folders = path.ancestors().filter(|folder| folder.is_dir());
    let (nearest, package) = folders.find_map(|folder| Some((folder, located(folder)?)))?;
    let same = folders
        .take(2)
        .filter(|folder| located(folder).as_ref() == Some(&package));
    Some(same.last().unwrap_or(nearest).to_owned())
}

/// Returns whether a package's name or its folders show that it belongs to a configuration.
pub(super) fn is_unmistakable(package_dir: &Path) -> bool {
    package_dir.ends_with(USUAL_PACKAGE) || holds_plugins(package_dir)
}

fn holds_plugins(package_dir: &Path) -> bool {
    PLUGIN_FOLDERS
        .iter()
        .any(|folder| package_dir.join(folder).is_dir())
}

/// Approximates Python's `str.isidentifier` for names of files.
fn is_identifier(name: &str) -> bool {
    let mut characters = name.chars();
    characters
        .next()
        .is_some_and(|first| first == '_' || first.is_alphabetic())
        && characters.all(|character| character == '_' || character.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::testing::write_files;

    fn located(files: &str, has_manifest: bool) -> Result<String, Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("folder");
        for file in files.split(' ') {
            write_files(&root, &[(file, "")]);
        }
        locate(&root, has_manifest).map(|located| {
            assert!(located.package_dir.ends_with(&located.package));
            let folder = located.package_dir.strip_prefix(&root).unwrap();
            folder.display().to_string()
        })
    }

    #[test]
    fn the_folder_itself_comes_first_then_source_then_the_usual_name() {
        for (files, wanted) in [
            (
                "__init__.py src/ade_config/__init__.py ade_config/__init__.py",
                "",
            ),
            (
                "src/ade_config/__init__.py ade_config/__init__.py",
                "src/ade_config",
            ),
            ("ade_config/__init__.py", "ade_config"),
            // Below `src/` the usual name wins, and then the alphabetically first.
            (
                "src/aaa/__init__.py src/ade_config/__init__.py",
                "src/ade_config",
            ),
            (
                "src/zebra/__init__.py src/b-b/__init__.py src/ape/__init__.py src/aa/module.py",
                "src/ape",
            ),
        ] {
            assert_eq!(located(files, true).unwrap(), wanted);
        }
        // Without a manifest the package must look like a configuration, and a manifest alone is not enough.
        assert_eq!(
            located("ade_config/row_types/header.py", false).unwrap(),
            "ade_config"
        );
        let looked_for = located("src/other/__init__.py", false).unwrap_err();
        assert_eq!(looked_for[0], "pyproject.toml");
        assert!(
            looked_for[1].starts_with("src/other/columns/"),
            "{looked_for:?}"
        );
        let looked_for = located("pyproject.toml", true).unwrap_err();
        assert!(looked_for[0].contains("src/ade_config/"), "{looked_for:?}");
    }

    #[test]
    fn a_file_belongs_to_the_nearest_configuration_with_its_package() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let files = [
            ("src/ade_config/columns/a.py", ""),
            ("src/helpers/__init__.py", ""),
            ("pyproject.toml", ""),
            ("examples/flat/ade_config/hooks/b.py", "examples/flat"),
            ("examples/flat/tests/cases/c/case.toml", "examples/flat"),
            ("examples/bare/columns/d.py", "examples/bare"),
            ("examples/readme.py", ""),
        ];
        let packages = ["src/ade_config/__init__.py", "examples/bare/__init__.py"];
        for file in files.iter().map(|(file, _)| *file).chain(packages) {
            write_files(root, &[(file, "")]);
        }
        for (file, wanted) in files {
            let found = holder(&root.join(file)).unwrap();
            assert_eq!(found, root.join(wanted).components().as_path(), "{file}");
        }
        let other = tempfile::tempdir().unwrap();
        let library = ("src/library/__init__.py", "");
        write_files(other.path(), &[library, ("pyproject.toml", "")]);
        assert_eq!(holder(&other.path().join(library.0)), None);
    }

    #[test]
    fn identifiers_are_those_of_python() {
        for good in ["a", "_a1", "größe"] {
            assert!(is_identifier(good), "{good}");
        }
        for bad in ["", "1a", "a-b", "a.b", "a b"] {
            assert!(!is_identifier(bad), "{bad}");
        }
    }
}
