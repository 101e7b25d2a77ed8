//! Finds the Python that environments are made from, and caches the answer.
//!
//! To ask a Python for its version is to start it, which takes longer than everything else that `ade` does before a run.
//! So each answer is cached in a small file (`answers`), together with what it depends on. A second search reads that file,
//! checks a few paths, and starts nothing.
//!
//! An `ade` that was installed into a virtual environment uses the Python of that environment: the user chose the two together.
//! Else the user's own `python3` comes first; only where it does not fit are `python3.14` down to `python3.10` tried
//! (`candidates`). A candidate is started and asked (`probe`), and its version is compared with `requires-python`
//! (`version`). [`PythonError`] says what was found instead. `child_variables` chooses the environment variables that Pythons
//! and installers are started with.

mod answers;
mod candidates;
pub(crate) mod child_variables;
mod error;
mod probe;
mod search;
mod version;

use std::path::Path;

use self::answers::Answers;
use self::error::{Reason, Rejected};

pub use error::PythonError;
pub use search::{Python, PythonSearch};
pub use version::oldest_allowed;

/// Finds a Python, 3.10 or later, that fits what is required.
///
/// # Errors
/// There is none, or none that fits; the error lists what was found instead.
pub fn find_python(search: &PythonSearch<'_>) -> Result<Python, PythonError> {
    let mut answers = Answers::read(search.cache);
    let found = find(search, &mut answers);
    answers.write(search.cache);
    found
}

fn find(search: &PythonSearch<'_>, answers: &mut Answers) -> Result<Python, PythonError> {
    let mut rejected = Rejected::default();
    for candidate in candidates::of(search) {
        match consider(&candidate, search, answers) {
            Ok(python) => return Ok(python),
            Err(reason) => rejected.add(candidate, reason),
        }
    }
    Err(rejected.into_error(search.requires, candidates::searched(search)))
}

/// Asks a candidate for its version, using cached answers, and checks whether it fits.
fn consider(
    candidate: &Path,
    search: &PythonSearch<'_>,
    answers: &mut Answers,
) -> Result<Python, Reason> {
    let python = answers
        .identity(candidate, search)
        .map_err(|reason| Reason::Unusable { reason })?;
    let version = python.version_text();
    if (python.version.0, python.version.1) < version::OLDEST {
        return Err(Reason::TooOld { version });
    }
    if python.implementation != "cpython" {
        return Err(Reason::Unusable {
            reason: format!(
                "it is {}, and the engine runs on CPython with its global lock",
                python.implementation
            ),
        });
    }
    if search
        .requires
        .is_some_and(|requires| !version::fits(python.version, requires))
    {
        return Err(Reason::DoesNotFit { version });
    }
    Ok(python)
}

#[cfg(test)]
mod tests {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::*;

    struct Place {
        folder: tempfile::TempDir,
        cache: PathBuf,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let cache = folder.path().join("tools/pythons.json");
            std::fs::create_dir(folder.path().join("bin")).unwrap();
            Place { folder, cache }
        }

        fn path(&self) -> OsString {
            self.folder.path().join("bin").into_os_string()
        }

        fn count_file(&self) -> PathBuf {
            self.folder.path().join("count")
        }

        /// How many times any fake was started.
        fn starts(&self) -> usize {
            std::fs::read_to_string(self.count_file()).map_or(0, |text| text.lines().count())
        }

        /// A script that claims to be some Python.
        fn fake(&self, name: &str, version: &str) -> PathBuf {
            self.fake_in("bin", name, version)
        }

        fn fake_in(&self, folder: &str, name: &str, version: &str) -> PathBuf {
            let real = self.folder.path().join(format!("real-{name}"));
            std::fs::write(&real, "").unwrap();
            let answer = format!(
                r#"{{"executable":"{}","version":[{}],"implementation":"cpython","platform":"p"}}"#,
                real.display(),
                version.replace('.', ",")
            );
            let script = self.folder.path().join(folder).join(name);
            std::fs::create_dir_all(script.parent().unwrap()).unwrap();
            let count = self.count_file();
            let body = format!("echo x >> '{}'\necho '{answer}'", count.display());
            write_script(&script, &body);
            script
        }

        fn search<'a>(&'a self, path: &'a OsStr, requires: Option<&'a str>) -> PythonSearch<'a> {
            PythonSearch {
                requires,
                explicit: None,
                beside: None,
                path,
                working_directory: self.folder.path(),
                child_variables: &[],
                cache: &self.cache,
            }
        }

        fn found(&self, requires: Option<&str>) -> Result<String, PythonError> {
            let path = self.path();
            find_python(&self.search(&path, requires)).map(|python| python.version_text())
        }
    }

    fn write_script(path: &Path, body: &str) {
        std::fs::write(path, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    #[test]
    fn the_persons_own_python_comes_first_and_others_where_it_does_not_fit() {
        let place = Place::new();
        place.fake("python3", "3.11.7");
        place.fake("python3.13", "3.13.1");
        assert_eq!(place.found(None).unwrap(), "3.11.7");
        assert_eq!(place.found(Some(">=3.12")).unwrap(), "3.13.1");
    }

    #[test]
    fn a_second_search_starts_nothing_but_a_python_that_has_changed() {
        let place = Place::new();
        place.fake("python3", "3.9.0");
        place.fake("python", "3.12.1");
        for _ in 0..2 {
            assert_eq!(place.found(None).unwrap(), "3.12.1");
            assert_eq!(place.starts(), 2);
        }
        place.fake("python3", "3.12.10");
        assert_eq!(place.found(None).unwrap(), "3.12.10");
    }

    #[test]
    fn a_python_whose_real_executable_vanished_is_asked_again() {
        let place = Place::new();
        place.fake("python3", "3.11.7");
        place.found(None).unwrap();
        std::fs::remove_file(place.folder.path().join("real-python3")).unwrap();
        let found = place.found(None);
        assert!(matches!(found, Err(PythonError::Unusable { .. })));
    }

    #[test]
    fn the_settings_of_a_version_manager_matter() {
        let place = Place::new();
        place.fake("python3", "3.11.7");
        let path = place.path();
        find_python(&place.search(&path, None)).unwrap();
        let variables = [(OsString::from("PYENV_VERSION"), OsString::from("3.12"))];
        let search = PythonSearch {
            child_variables: &variables,
            ..place.search(&path, None)
        };
        find_python(&search).unwrap();
        std::fs::write(place.folder.path().join(".python-version"), "3.12\n").unwrap();
        find_python(&search).unwrap();
        find_python(&search).unwrap();
        assert_eq!(place.starts(), 3);
    }

    #[test]
    fn a_damaged_cache_is_ignored_and_rewritten() {
        let place = Place::new();
        place.fake("python3", "3.11.7");
        std::fs::create_dir_all(place.cache.parent().unwrap()).unwrap();
        for damage in ["", "{", "[]", r#"{"version":0,"answers":{}}"#] {
            std::fs::write(&place.cache, damage).unwrap();
            assert_eq!(place.found(None).unwrap(), "3.11.7");
            let cache = std::fs::read_to_string(&place.cache).unwrap();
            assert!(cache.contains("fingerprint"));
        }
    }

    #[test]
    fn what_was_found_instead_is_said() {
        let place = Place::new();
        let found = place.found(None);
        assert!(matches!(found, Err(PythonError::NotFound { .. })));
        place.fake("python3", "3.9.18");
        let error = place.found(None).unwrap_err();
        assert!(
            matches!(&error, PythonError::TooOld { needs, .. } if needs == "3.10"),
            "{error:?}"
        );
        assert!(error.to_string().contains("3.9.18"), "{error}");
        place.fake("python", "3.11.1");
        let error = place.found(Some(">=3.12")).unwrap_err();
        assert!(
            matches!(&error, PythonError::Unsuitable { .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains("3.11.1"), "{error}");
    }

    #[test]
    fn a_python_that_cannot_be_used_says_why() {
        let place = Place::new();
        let script = place.fake("python3", "3.11.1");
        let answer = std::fs::read_to_string(&script).unwrap();
        std::fs::write(&script, answer.replace("cpython", "pypy")).unwrap();
        let error = place.found(None).unwrap_err().to_string();
        assert!(error.contains("pypy"), "{error}");
        let body = "echo 'pyenv: python3: command not found' >&2; exit 127";
        write_script(&script, body);
        let error = place.found(None).unwrap_err().to_string();
        assert!(error.contains("command not found"), "{error}");
    }

    #[test]
    fn an_ade_in_a_virtual_environment_uses_the_python_of_that_environment() {
        let place = Place::new();
        let explicit = place.fake("python3", "3.11.7");
        place.fake_in("venv/bin", "python3", "3.12.1");
        let (path, beside) = (place.path(), place.folder.path().join("venv/bin"));
        let found = |requires, explicit| {
            let search = PythonSearch {
                explicit,
                beside: Some(&beside),
                ..place.search(&path, requires)
            };
            find_python(&search).unwrap().version_text()
        };
        // A Python that only happens to lie there is the last resort.
        assert_eq!(found(None, None), "3.11.7");
        assert_eq!(found(Some(">=3.12"), None), "3.12.1");
        std::fs::write(place.folder.path().join("venv/pyvenv.cfg"), "home = /\n").unwrap();
        assert_eq!(found(None, None), "3.12.1");
        assert_eq!(found(Some("<3.12"), None), "3.11.7");
        assert_eq!(found(None, Some(explicit.as_path())), "3.11.7");
    }

    #[test]
    fn an_explicit_python_is_the_only_one_tried() {
        let place = Place::new();
        place.fake("python3", "3.11.7");
        let other = place.fake("other", "3.12.1");
        let path = place.path();
        for explicit in [other.as_path(), Path::new("other")] {
            let search = PythonSearch {
                explicit: Some(explicit),
                ..place.search(&path, None)
            };
            assert_eq!(find_python(&search).unwrap().version, (3, 12, 1));
        }
        let search = PythonSearch {
            explicit: Some(Path::new("/no/such/python")),
            ..place.search(&path, None)
        };
        let found = find_python(&search);
        assert!(matches!(found, Err(PythonError::Unusable { .. })));
    }
}
