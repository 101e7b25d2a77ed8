//! Finds the Python that environments are made from, and caches the answer.
//!
//! To learn a Python's version, ADE must start it, which takes longer than everything else that `ade` does before a run. So
//! each answer is cached in a small file (`answers`), with everything that it depends on. A second search reads that file,
//! checks a few paths, and starts nothing.
//!
//! An `ade` that is installed in a virtual environment uses the Python of that environment, because the user chose the two
//! together. Otherwise the user's own `python3` comes first; only if it does not fit, `python3.14` down to `python3.10` are
//! tried (`search`). A candidate is started and asked, and its version is compared with `requires-python`. An error lists what
//! was found instead. `child_variables` chooses the environment variables with which Pythons and installers are started.

mod answers;
pub(crate) mod child_variables;
mod search;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use self::answers::PythonAnswers;
use self::search::{PythonSearch, candidates, searched};
use crate::base::problem::{Error, ProblemKind, code};
use crate::settings::Settings;
use crate::settings::paths::ToolsFolder;

pub use search::Python;

/// Finds a Python, 3.10 or later, that fits `requires`, according to the settings.
///
/// # Errors
/// There is none, or none that fits; the error lists what was found instead.
pub fn find_python(
    settings: &Settings,
    tools: &ToolsFolder,
    requires: Option<&str>,
) -> Result<Python, Error> {
    found(&PythonSearch {
        requires,
        explicit: settings.python.as_deref(),
        beside: settings.program.as_deref().and_then(Path::parent),
        path: settings.path().map(OsString::as_os_str).unwrap_or_default(),
        working_directory: &settings.folder,
        child_variables: &settings.child_variables(),
        cache: &tools.pythons(),
    })
}

fn found(search: &PythonSearch<'_>) -> Result<Python, Error> {
    let mut answers = PythonAnswers::read(search.cache);
    let found = find(search, &mut answers);
    answers.write(search.cache);
    found
}

/// Asks candidates for their version, using cached answers, until one fits.
fn find(search: &PythonSearch<'_>, answers: &mut PythonAnswers) -> Result<Python, Error> {
    let (mut too_old, mut unfit, mut unusable) = (Vec::new(), Vec::new(), Vec::new());
    for candidate in candidates(search) {
        let python = match answers.identity(&candidate, search) {
            Ok(python) => python,
            Err(reason) => {
                unusable.push((candidate, reason));
                continue;
            }
        };
        let (major, minor, _) = python.version;
        if (major, minor) < MIN_PYTHON_VERSION {
            too_old.push((candidate, python.version_text()));
        } else if python.implementation != "cpython" {
            let reason = format!(
                "it is {}, but the engine needs CPython with its global lock",
                python.implementation
            );
            unusable.push((candidate, reason));
        } else if search
            .requires
            .is_some_and(|requires| !fits(python.version, requires))
        {
            unfit.push((candidate, python.version_text()));
        } else {
            return Ok(python);
        }
    }
    // A Python of the wrong version is reported before one that does not start.
    let (message, hint) = if !unfit.is_empty() {
        let requires = search.requires.unwrap_or_default();
        let found = list(&unfit);
        (
            format!("no Python fits `requires-python = \"{requires}\"`: found {found}"),
            "install a Python that fits, or name one with ADE_PYTHON, or widen requires-python in pyproject.toml".to_owned(),
        )
    } else if !too_old.is_empty() {
        let (found, needs) = (
            list(&too_old),
            format!("{}.{}", MIN_PYTHON_VERSION.0, MIN_PYTHON_VERSION.1),
        );
        (
            format!("Python is too old: found {found}, and {needs} is needed"),
            format!("install Python {needs} or later, or name one with ADE_PYTHON"),
        )
    } else if let Some((executable, reason)) = unusable.first() {
        // The Python that the user named, or the only candidate.
        (
            format!("{} can't be used: {reason}", executable.display()),
            "name another one with ADE_PYTHON".to_owned(),
        )
    } else {
        let searched = searched(search).join(", ");
        (
            "no Python was found".to_owned(),
            format!(
                "install Python 3.10 or later, or name one with ADE_PYTHON; looked for {searched}"
            ),
        )
    };
    Err(Error::new(ProblemKind::Environment, code::PYTHON_UNSUITABLE, message).hint(hint))
}

fn list(found: &[(PathBuf, String)]) -> String {
    let entries: Vec<String> = found
        .iter()
        .map(|(path, version)| format!("{version} ({})", path.display()))
        .collect();
    entries.join(", ")
}

/// The oldest supported release. The engine's native half is built for this release and later ones.
const MIN_PYTHON_VERSION: (u8, u8) = (3, 10);

/// Returns whether this version satisfies a `requires-python` such as `>=3.10,<3.13`. A text that is not understood counts as
/// satisfied; the installer then decides.
fn fits(version: (u8, u8, u8), requires: &str) -> bool {
    let version = [
        u32::from(version.0),
        u32::from(version.1),
        u32::from(version.2),
    ];
    requires
        .split(',')
        .all(|clause| clause_allows(version, clause.trim()))
}

/// Returns the oldest release that `requires-python` allows, but at least the engine's, or `None` if the text names none.
pub fn oldest_allowed(requires: &str) -> Option<(u8, u8)> {
    let named = requires.split(',').filter_map(|clause| {
        let clause = clause.trim();
        let wanted = [">=", "~=", "=="]
            .iter()
            .find_map(|operator| clause.strip_prefix(operator))?;
        let (major, rest) = wanted.trim().split_once('.')?;
        let minor = rest.split('.').next()?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    });
    named
        .max()
        .map(|oldest: (u8, u8)| oldest.max(MIN_PYTHON_VERSION))
}

fn clause_allows(version: [u32; 3], clause: &str) -> bool {
    let digits = clause
        .find(|character: char| character.is_ascii_digit())
        .unwrap_or(clause.len());
    let (operator, wanted) = clause.split_at(digits);
    let wildcard = wanted.trim_end().ends_with(".*");
    let parts: Option<Vec<u32>> = wanted
        .trim()
        .trim_end_matches(".*")
        .split('.')
        .map(|part| part.parse().ok())
        .collect();
    let Some(parts) = parts.filter(|parts| !parts.is_empty() && parts.len() <= 3) else {
        return true;
    };
    let prefix_matches = |length: usize| version[..length] == parts[..length];
    let mut padded = [0; 3];
    padded[..parts.len()].copy_from_slice(&parts);
    match operator.trim() {
        ">=" => version >= padded,
        "<=" => version <= padded,
        ">" => version > padded,
        "<" => version < padded,
        "==" if wildcard => prefix_matches(parts.len()),
        "==" | "===" => version == padded,
        "!=" if wildcard => !prefix_matches(parts.len()),
        "!=" => version != padded,
        "~=" => version >= padded && prefix_matches(parts.len() - 1),
        _ => true,
    }
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

        /// Returns the number of times that any fake was started.
        fn starts(&self) -> usize {
            fs::read_to_string(self.at("count")).map_or(0, |text| text.lines().count())
        }

        /// Writes a script that claims to be a Python, like those of a version manager: the real Python is elsewhere.
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

        /// Returns the version that is found, or the error.
        fn found(&self, requires: Option<&str>) -> String {
            version(&PythonSearch {
                requires,
                ..self.search()
            })
        }
    }

    fn version(search: &PythonSearch<'_>) -> String {
        match found(search) {
            Ok(python) => python.version_text(),
            Err(error) => error.to_string(),
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
        // A variable or a file for the version manager may change its answer.
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
        assert!(place.found(None).contains("can't be used"));
    }

    #[test]
    fn what_was_found_instead_is_said() {
        let place = Place::new();
        assert!(place.found(None).starts_with("no Python was found"));
        for (body, kind, words) in [
            (
                r#"echo '{"executable":"/bin/sh","version":[3,11,1],"implementation":"pypy","platform":"p"}'"#,
                "can't be used",
                "pypy",
            ),
            (
                "echo 'pyenv: python3: command not found' >&2; exit 127",
                "can't be used",
                "command not found",
            ),
        ] {
            place.script("bin/python3", body);
            let error = place.found(None);
            assert!(error.contains(kind) && error.contains(words), "{error}");
        }
        place.fake("bin/python3", "3.9.18");
        let error = place.found(None);
        assert!(error.starts_with("Python is too old"), "{error}");
        assert!(
            error.contains("found 3.9.18 (") && error.contains("and 3.10 is needed"),
            "{error}"
        );
        place.fake("bin/python", "3.11.1");
        let error = place.found(Some(">=3.12"));
        assert!(
            error.starts_with("no Python fits") && error.contains("3.11.1"),
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
        // A Python that just happens to be there is the last resort.
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
            (
                Path::new("/no/such/python"),
                "/no/such/python can't be used",
            ),
        ] {
            let found = version(&PythonSearch {
                explicit: Some(named),
                ..place.search()
            });
            assert!(found.starts_with(wanted), "{found}");
        }
    }

    #[test]
    fn the_oldest_release_is_what_requires_python_names() {
        for (requires, oldest) in [
            (">=3.11", Some((3, 11))),
            (">= 3.12.1, < 4", Some((3, 12))),
            ("==3.11.*", Some((3, 11))),
            (">=3.8", Some(MIN_PYTHON_VERSION)),
            ("<3.13", None),
            ("", None),
        ] {
            assert_eq!(oldest_allowed(requires), oldest, "{requires}");
        }
    }

    #[test]
    fn requires_python_is_read_as_installers_read_it() {
        for (requires, yes) in [
            (">=3.10", true),
            (">= 3.10, < 3.12", true),
            (">=3.12", false),
            ("<3.11", false),
            ("==3.11.*", true),
            ("==3.11", false),
            ("==3.11.7", true),
            ("!=3.11.*", false),
            ("!=3.11.0", true),
            ("~=3.10", true),
            ("~=3.11.2", true),
            ("~=3.10.2", false),
            (">3.11", true),
            ("<4", true),
            ("<=3.11", false),
            ("", true),
            ("what?", true),
        ] {
            assert_eq!(fits((3, 11, 7), requires), yes, "{requires}");
        }
    }
}
