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
    use std::ffi::OsString;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use super::*;

    struct Place {
        folder: tempfile::TempDir,
        path: PathBuf,
        cache: PathBuf,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let (path, cache) = (
                folder.path().join("bin"),
                folder.path().join("tools/pythons.json"),
            );
            Place {
                folder,
                path,
                cache,
            }
        }

        fn at(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        /// How many times any fake was started.
        fn starts(&self) -> usize {
            fs::read_to_string(self.at("count")).map_or(0, |text| text.lines().count())
        }

        /// A script that claims to be some Python, made as a version manager makes them: the real one is elsewhere.
        fn fake(&self, script: &str, version: &str) -> PathBuf {
            let (count, real) = (self.at("count"), self.at("real"));
            fs::write(&real, "").unwrap();
            let (count, real, version) =
                (count.display(), real.display(), version.replace('.', ","));
            self.script(
                script,
                &format!(r#"echo x >> '{count}'; echo '{{"executable":"{real}","version":[{version}],"implementation":"cpython","platform":"p"}}'"#),
            )
        }

        fn script(&self, name: &str, body: &str) -> PathBuf {
            let path = self.at(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            path
        }

        fn search(&self) -> PythonSearch<'_> {
            PythonSearch {
                requires: None,
                explicit: None,
                beside: None,
                path: self.path.as_os_str(),
                working_directory: self.folder.path(),
                child_variables: &[],
                cache: &self.cache,
            }
        }

        /// The version of what is found, or the error with its kind.
        fn found(&self, requires: Option<&str>) -> String {
            version(&PythonSearch {
                requires,
                ..self.search()
            })
        }
    }

    fn version(search: &PythonSearch<'_>) -> String {
        match find_python(search) {
            Ok(python) => python.version_text(),
            Err(error) => format!("{error:?}: {error}"),
        }
    }

    #[test]
    fn the_persons_own_python_comes_first_and_others_where_it_does_not_fit() {
        let place = Place::new();
        place.fake("bin/python3", "3.11.7");
        place.fake("bin/python3.13", "3.13.1");
        assert_eq!(place.found(None), "3.11.7");
        assert_eq!(place.found(Some(">=3.12")), "3.13.1");
    }

    #[test]
    fn a_second_search_starts_nothing_but_what_has_changed() {
        let place = Place::new();
        place.fake("bin/python3", "3.9.0");
        place.fake("bin/python", "3.12.1");
        for _ in 0..2 {
            assert_eq!(
                (place.found(None), place.starts()),
                ("3.12.1".to_owned(), 2)
            );
        }
        place.fake("bin/python3", "3.12.10");
        assert_eq!(
            (place.found(None), place.starts()),
            ("3.12.10".to_owned(), 3)
        );
        // What a version manager is told by a variable or a file may change its answer.
        let variables = [(OsString::from("PYENV_VERSION"), OsString::from("3.12"))];
        let search = PythonSearch {
            child_variables: &variables,
            ..place.search()
        };
        version(&search);
        fs::write(place.at(".python-version"), "3.12\n").unwrap();
        version(&search);
        version(&search);
        assert_eq!(place.starts(), 5);
        for damage in ["", "{", "[]", r#"{"version":0,"answers":{}}"#] {
            fs::write(&place.cache, damage).unwrap();
            assert_eq!(place.found(None), "3.12.10");
            let cache = fs::read_to_string(&place.cache).unwrap();
            assert!(cache.contains("fingerprint"));
        }
        // The real executable is gone.
        fs::remove_file(place.at("real")).unwrap();
        assert!(place.found(None).starts_with("Unusable"));
    }

    #[test]
    fn what_was_found_instead_is_said() {
        let place = Place::new();
        assert!(place.found(None).starts_with("NotFound"));
        for (body, kind, words) in [
            (
                r#"echo '{"executable":"/bin/sh","version":[3,11,1],"implementation":"pypy","platform":"p"}'"#,
                "Unusable",
                "pypy",
            ),
            (
                "echo 'pyenv: python3: command not found' >&2; exit 127",
                "Unusable",
                "command not found",
            ),
        ] {
            place.script("bin/python3", body);
            let error = place.found(None);
            assert!(error.starts_with(kind) && error.contains(words), "{error}");
        }
        place.fake("bin/python3", "3.9.18");
        let error = place.found(None);
        assert!(error.starts_with("TooOld"), "{error}");
        assert!(
            error.contains("found 3.9.18 (") && error.contains("and 3.10 is needed"),
            "{error}"
        );
        place.fake("bin/python", "3.11.1");
        let error = place.found(Some(">=3.12"));
        assert!(
            error.starts_with("Unsuitable") && error.contains("3.11.1"),
            "{error}"
        );
    }

    #[test]
    fn an_ade_in_a_virtual_environment_uses_the_python_of_that_environment() {
        let place = Place::new();
        let named = place.fake("bin/python3", "3.11.7");
        place.fake("venv/bin/python3", "3.12.1");
        let beside = place.at("venv/bin");
        let found = |requires, explicit| {
            version(&PythonSearch {
                requires,
                explicit,
                beside: Some(&beside),
                ..place.search()
            })
        };
        // A Python that only happens to lie there is the last resort.
        assert_eq!(found(None, None), "3.11.7");
        assert_eq!(found(Some(">=3.12"), None), "3.12.1");
        fs::write(place.at("venv/pyvenv.cfg"), "home = /\n").unwrap();
        assert_eq!(found(None, None), "3.12.1");
        assert_eq!(found(Some("<3.12"), None), "3.11.7");
        assert_eq!(found(None, Some(named.as_path())), "3.11.7");
    }

    #[test]
    fn an_explicit_python_is_the_only_one_tried() {
        let place = Place::new();
        place.fake("bin/python3", "3.11.7");
        let other = place.fake("bin/other", "3.12.1");
        for (named, wanted) in [
            (other.as_path(), "3.12.1"),
            (Path::new("other"), "3.12.1"),
            (Path::new("/no/such/python"), "Unusable"),
        ] {
            let found = version(&PythonSearch {
                explicit: Some(named),
                ..place.search()
            });
            assert!(found.starts_with(wanted), "{found}");
        }
    }
}
