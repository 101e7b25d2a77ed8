//! Finds the Python that environments are made from, and remembers the answer.
//!
//! Asking a Python who it is means starting it, which takes longer than everything else that `ade` does before a run.
//! So each answer is kept in a small file, together with what it depends on: the executable's real path, size and time
//! of change, and for the scripts that version managers put on PATH also their settings. A second search reads that
//! file, looks at a few paths, and starts nothing.
//!
//! The person's own `python3` comes first; only where it does not fit are `python3.14` down to `python3.10` tried.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::child_env;
use crate::cancel::Cancel;
use crate::process::{self, Stream};

/// The engine's native half is built for this release and later ones.
const OLDEST: (u8, u8) = (3, 10);

/// In the order in which they are tried.
const NAMES: [&str; 7] = [
    "python3",
    "python",
    "python3.14",
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
];

/// A Python that was asked who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Python {
    /// The real one, never the script of a version manager nor that of a virtual environment.
    pub executable: PathBuf,
    pub version: (u8, u8, u8),
    /// `cpython`.
    pub implementation: String,
    /// Operating system, processor and C library: `linux-x86_64-glibc`.
    pub platform: String,
}

impl Python {
    /// What installed packages depend on: `cpython-3.11-linux-x86_64-glibc`. A patch release is none of it.
    pub fn environment_key(&self) -> String {
        let (major, minor, _) = self.version;
        format!("{}-{major}.{minor}-{}", self.implementation, self.platform)
    }

    /// `3.11.7`.
    pub fn version_text(&self) -> String {
        let (major, minor, patch) = self.version;
        format!("{major}.{minor}.{patch}")
    }
}

/// What to look for, and where.
#[derive(Clone, Copy, Debug)]
pub struct PythonSearch<'a> {
    /// `requires-python` of the configuration.
    pub requires: Option<&'a str>,
    /// ADE_PYTHON: a path, a virtual environment's folder, or a name on PATH. Nothing else is tried then.
    pub explicit: Option<&'a Path>,
    pub path: &'a OsStr,
    /// Version managers choose by files in this folder and above it.
    pub working_directory: &'a Path,
    /// The environment that a Python is started with when it is asked.
    pub child_env: &'a [(OsString, OsString)],
    /// Where answers are kept: cache/tools/pythons.json.
    pub cache: &'a Path,
    /// Where PATH holds none that fits, this uv knows of others.
    pub uv: Option<&'a Path>,
}

/// Why there is no Python to work with.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum PythonError {
    #[error("no Python was found")]
    NotFound { searched: Vec<String> },
    #[error("Python is too old: found {}, and {needs} is needed", list(found))]
    TooOld {
        found: Vec<(PathBuf, String)>,
        needs: String,
    },
    #[error(
        "no Python fits `requires-python = \"{requires}\"`: found {}",
        list(found)
    )]
    Unsuitable {
        requires: String,
        found: Vec<(PathBuf, String)>,
    },
    /// It was named by a person, or it is the only one, and it can't be used.
    #[error("{} can't be used: {reason}", executable.display())]
    Unusable { executable: PathBuf, reason: String },
}

impl PythonError {
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            PythonError::NotFound { searched } => format!(
                "install Python 3.10 or later, or name one with ADE_PYTHON; looked for {}",
                searched.join(", ")
            ),
            PythonError::TooOld { needs, .. } => {
                format!("install Python {needs} or later, or name one with ADE_PYTHON")
            }
            PythonError::Unsuitable { .. } => {
                "install a Python that fits, or name one with ADE_PYTHON, or widen requires-python in pyproject.toml"
                    .to_owned()
            }
            PythonError::Unusable { .. } => "name another one with ADE_PYTHON".to_owned(),
        })
    }
}

fn list(found: &[(PathBuf, String)]) -> String {
    let entries: Vec<String> = found
        .iter()
        .map(|(path, version)| format!("{version} ({})", path.display()))
        .collect();
    entries.join(", ")
}

/// Finds a Python, 3.10 or later, that fits what is required.
pub fn find_python(search: &PythonSearch<'_>) -> Result<Python, PythonError> {
    let mut cache = Cache::read(search.cache);
    let answer = find(search, &mut cache);
    cache.write(search.cache);
    answer
}

fn find(search: &PythonSearch<'_>, cache: &mut Cache) -> Result<Python, PythonError> {
    let mut rejected = Rejected::default();
    if let Some(explicit) = search.explicit {
        for candidate in explicit_candidates(explicit, search.path) {
            match consider(&candidate, search, cache) {
                Ok(python) => return Ok(python),
                Err(reason) => rejected.add(candidate, reason),
            }
        }
        return Err(rejected.into_error(search.requires, vec![explicit.display().to_string()]));
    }
    for name in NAMES {
        for candidate in on_path(OsStr::new(name), search.path) {
            match consider(&candidate, search, cache) {
                Ok(python) => return Ok(python),
                Err(reason) => rejected.add(candidate, reason),
            }
        }
    }
    if let Some(candidate) = search.uv.and_then(|uv| cache.known_to_uv(uv, search)) {
        match consider(&candidate, search, cache) {
            Ok(python) => return Ok(python),
            Err(reason) => rejected.add(candidate, reason),
        }
    }
    let searched = NAMES.iter().map(|name| (*name).to_owned()).collect();
    Err(rejected.into_error(search.requires, searched))
}

/// Why one candidate will not do.
#[derive(Clone, Debug)]
enum Reason {
    TooOld { version: String },
    DoesNotFit { version: String },
    Unusable { reason: String },
}

#[derive(Default)]
struct Rejected(Vec<(PathBuf, Reason)>);

impl Rejected {
    fn add(&mut self, candidate: PathBuf, reason: Reason) {
        self.0.push((candidate, reason));
    }

    /// The most telling error: one that fits but for its version says more than one that does not start.
    fn into_error(self, requires: Option<&str>, searched: Vec<String>) -> PythonError {
        let mut too_old = Vec::new();
        let mut unfit = Vec::new();
        let mut unusable = None;
        for (path, reason) in self.0 {
            match reason {
                Reason::TooOld { version } => too_old.push((path, version)),
                Reason::DoesNotFit { version } => unfit.push((path, version)),
                Reason::Unusable { reason } => unusable = unusable.or(Some((path, reason))),
            }
        }
        if !unfit.is_empty() {
            return PythonError::Unsuitable {
                requires: requires.unwrap_or_default().to_owned(),
                found: unfit,
            };
        }
        if !too_old.is_empty() {
            return PythonError::TooOld {
                found: too_old,
                needs: format!("{}.{}", OLDEST.0, OLDEST.1),
            };
        }
        match unusable {
            Some((executable, reason)) => PythonError::Unusable { executable, reason },
            None => PythonError::NotFound { searched },
        }
    }
}

/// Asks a candidate who it is, by way of the cache, and whether it fits.
fn consider(
    candidate: &Path,
    search: &PythonSearch<'_>,
    cache: &mut Cache,
) -> Result<Python, Reason> {
    let python = cache
        .identity(candidate, search)
        .map_err(|reason| Reason::Unusable { reason })?;
    let version = python.version_text();
    if (python.version.0, python.version.1) < OLDEST {
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
        .is_some_and(|requires| !fits(python.version, requires))
    {
        return Err(Reason::DoesNotFit { version });
    }
    Ok(python)
}

/// A name on PATH, a virtual environment's folder, or an executable.
fn explicit_candidates(explicit: &Path, path: &OsStr) -> Vec<PathBuf> {
    if explicit.components().count() == 1 && !explicit.exists() {
        let found: Vec<PathBuf> = on_path(explicit.as_os_str(), path).collect();
        if !found.is_empty() {
            return found;
        }
    }
    if explicit.is_dir() {
        return ["bin/python3", "bin/python"]
            .iter()
            .map(|name| explicit.join(name))
            .filter(|candidate| candidate.exists())
            .take(1)
            .collect();
    }
    vec![explicit.to_owned()]
}

/// The executables of this name, in the order of PATH.
pub(super) fn on_path<'a>(name: &'a OsStr, path: &'a OsStr) -> impl Iterator<Item = PathBuf> + 'a {
    std::env::split_paths(path)
        // An empty entry means the current folder, which nobody intends here.
        .filter(|folder| folder.is_absolute())
        .map(move |folder| folder.join(name))
        .filter(|candidate| {
            std::fs::metadata(candidate).is_ok_and(|metadata| {
                metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
            })
        })
}

fn ask_uv(uv: &Path, search: &PythonSearch<'_>) -> Option<PathBuf> {
    let mut command = Command::new(uv);
    command
        .args([
            "python",
            "find",
            "--no-project",
            "--no-python-downloads",
            "--offline",
            "--color",
            "never",
        ])
        .arg(
            search
                .requires
                .filter(|requires| !requires.trim().is_empty())
                .unwrap_or(">=3.10"),
        )
        .current_dir(search.working_directory);
    child_env::apply(&mut command, search.child_env);
    let mut found = None;
    let outcome = process::run(
        &mut command,
        &Cancel::new(),
        &probe_options(),
        &mut |stream, line| {
            if stream == Stream::Stdout && !line.trim().is_empty() {
                found = Some(PathBuf::from(line.trim()));
            }
        },
    );
    outcome
        .is_ok_and(|outcome| outcome.exit.is_success())
        .then_some(found)
        .flatten()
}

/// Does this version satisfy a `requires-python` such as `>=3.10,<3.13`? What is not understood is satisfied: then the
/// installer has the last word.
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

/// Understood by every Python since 2.6, so that an old one can say that it is old.
const PROBE: &str = r#"
import json, os, sys
implementation = getattr(getattr(sys, "implementation", None), "name", "cpython")
if "t" in getattr(sys, "abiflags", ""):
    implementation += "-free-threaded"
uname = os.uname()
system = {"Darwin": "macos"}.get(uname[0], uname[0].lower())
machine = uname[4] if sys.maxsize > 2 ** 32 else uname[4] + "-32"
platform = system + "-" + machine
if system == "linux":
    try:
        libc = os.confstr("CS_GNU_LIBC_VERSION").split()[0]
    except Exception:
        libc = "musl"
    platform += "-" + libc
executable = getattr(sys, "_base_executable", None) or sys.executable
print(json.dumps({"executable": executable, "version": list(sys.version_info[:3]),
                  "implementation": implementation, "platform": platform}))
"#;

fn probe_options() -> process::Options {
    process::Options {
        timeout: Some(Duration::from_secs(30)),
        ..process::Options::default()
    }
}

struct Probed {
    identity: Result<Python, String>,
    /// Would it answer the same the next time?
    lasts: bool,
}

fn probe(candidate: &Path, search: &PythonSearch<'_>) -> Probed {
    let mut command = Command::new(candidate);
    command
        .args(["-E", "-s", "-c", PROBE])
        .current_dir(search.working_directory);
    child_env::apply(&mut command, search.child_env);
    let mut answer = None;
    let mut last_words = String::new();
    let outcome = process::run(
        &mut command,
        &Cancel::new(),
        &probe_options(),
        &mut |stream, line| {
            if stream == Stream::Stdout && line.starts_with('{') {
                answer = serde_json::from_str::<Python>(line).ok();
            } else if !line.trim().is_empty() {
                line.trim().clone_into(&mut last_words);
            }
        },
    );
    let exit = match outcome {
        Ok(outcome) => outcome.exit,
        Err(error) => {
            return Probed {
                identity: Err(error.to_string()),
                lasts: false,
            };
        }
    };
    let identity = match answer {
        Some(python) if python.executable.exists() => Ok(python),
        Some(_) => Err("it does not know its own path".to_owned()),
        None if !last_words.is_empty() => Err(last_words),
        None => Err(format!("it does not answer ({})", ExitText(exit))),
    };
    let lasts = identity.is_ok() || matches!(exit, process::Exit::Code(code) if code != 0);
    Probed { identity, lasts }
}

/// An exit in words.
pub(super) struct ExitText(pub process::Exit);

impl fmt::Display for ExitText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            process::Exit::Code(code) => write!(formatter, "exit status {code}"),
            process::Exit::Signal(signal) => write!(formatter, "signal {signal}"),
            process::Exit::TimedOut => formatter.write_str("timed out"),
            process::Exit::Cancelled => formatter.write_str("cancelled"),
        }
    }
}

/// Raised whenever an answer means something new.
const CACHE_VERSION: u32 = 1;

/// What Pythons have answered, by the path at which they were found.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Cache {
    version: u32,
    answers: BTreeMap<PathBuf, Answer>,
    /// What a uv has named, by its path and what was required.
    #[serde(default)]
    known_to_uv: BTreeMap<String, PathBuf>,
    #[serde(skip)]
    changed: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Answer {
    /// What the answer depends on.
    fingerprint: String,
    /// Who it is; or why it can't be used, as for a version manager's script of a release that is not chosen.
    identity: Result<Python, String>,
}

impl Cache {
    /// A cache that can't be read is an empty one.
    fn read(path: &Path) -> Self {
        let cache: Option<Cache> = std::fs::read(path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        match cache {
            Some(cache) if cache.version == CACHE_VERSION => cache,
            _ => Cache {
                version: CACHE_VERSION,
                ..Cache::default()
            },
        }
    }

    /// A cache that can't be written is a slower next search, and no error.
    fn write(&self, path: &Path) {
        if !self.changed {
            return;
        }
        let Some(folder) = path.parent() else { return };
        let Ok(bytes) = serde_json::to_vec_pretty(self) else {
            return;
        };
        let beside = folder.join(format!(".pythons-{}", uuid::Uuid::now_v7().simple()));
        let written = std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&beside, bytes))
            .and_then(|()| std::fs::rename(&beside, path));
        if written.is_err() {
            let _ = std::fs::remove_file(&beside);
        }
    }

    fn known_to_uv(&mut self, uv: &Path, search: &PythonSearch<'_>) -> Option<PathBuf> {
        let question = format!("{} {}", uv.display(), search.requires.unwrap_or_default());
        if let Some(python) = self.known_to_uv.get(&question)
            && python.exists()
        {
            return Some(python.clone());
        }
        let python = ask_uv(uv, search)?;
        self.changed = true;
        self.known_to_uv.insert(question, python.clone());
        Some(python)
    }

    fn identity(&mut self, candidate: &Path, search: &PythonSearch<'_>) -> Result<Python, String> {
        let fingerprint = fingerprint(candidate, search).map_err(|error| error.to_string())?;
        if let Some(answer) = self.answers.get(candidate)
            && answer.fingerprint == fingerprint
            && answer
                .identity
                .as_ref()
                .map_or(true, |python| python.executable.exists())
        {
            return answer.identity.clone();
        }
        self.changed |= self.answers.remove(candidate).is_some();
        let probed = probe(candidate, search);
        if probed.lasts {
            self.changed = true;
            let identity = probed.identity.clone();
            self.answers.insert(
                candidate.to_owned(),
                Answer {
                    fingerprint,
                    identity,
                },
            );
        }
        probed.identity
    }
}

/// Everything that could change what a candidate answers.
fn fingerprint(candidate: &Path, search: &PythonSearch<'_>) -> std::io::Result<String> {
    let real = candidate.canonicalize()?;
    let mut parts = vec![stamp(&real)];
    let mut beginning = [0; 2];
    let is_script = std::fs::File::open(&real)
        .and_then(|mut file| file.read_exact(&mut beginning))
        .is_ok_and(|()| &beginning == b"#!");
    if is_script {
        // A version manager's script: it looks at variables, at files in the working folder and above, and at its own
        // settings.
        for name in [
            "PYENV_VERSION",
            "PYENV_DIR",
            "ASDF_PYTHON_VERSION",
            "MISE_PYTHON_VERSION",
        ] {
            let value = search.child_env.iter().find(|(key, _)| key == name);
            parts.push(value.map_or_else(String::new, |(_, value)| {
                value.to_string_lossy().into_owned()
            }));
        }
        for name in [".python-version", ".tool-versions"] {
            let nearest = search
                .working_directory
                .ancestors()
                .map(|folder| folder.join(name))
                .find(|file| file.exists());
            parts.push(nearest.map_or_else(String::new, |file| stamp(&file)));
        }
        let manager_root = search
            .child_env
            .iter()
            .find(|(key, _)| key == "PYENV_ROOT")
            .map(|(_, value)| PathBuf::from(value))
            .or_else(|| Some(candidate.parent()?.parent()?.to_owned()));
        if let Some(root) = manager_root {
            parts.push(stamp(&root.join("version")));
        }
    }
    Ok(parts.join("\n"))
}

/// A file's path, size and time of change; its path alone where it can't be looked at.
fn stamp(path: &Path) -> String {
    let Ok(metadata) = std::fs::metadata(path) else {
        return path.display().to_string();
    };
    let changed = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .unwrap_or_default();
    format!(
        "{} {} {}",
        path.display(),
        metadata.len(),
        changed.as_nanos()
    )
}

#[cfg(test)]
mod tests {
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
        fn fake(&self, name: &str, version: &str, implementation: &str) -> PathBuf {
            let real = self.folder.path().join(format!("real-{name}"));
            std::fs::write(&real, "").unwrap();
            let answer = format!(
                r#"{{"executable":"{}","version":[{}],"implementation":"{implementation}","platform":"p"}}"#,
                real.display(),
                version.replace('.', ",")
            );
            let script = self.folder.path().join("bin").join(name);
            write_script(
                &script,
                &format!(
                    "echo x >> '{}'\necho '{answer}'",
                    self.count_file().display()
                ),
            );
            script
        }

        fn search<'a>(&'a self, path: &'a OsStr, requires: Option<&'a str>) -> PythonSearch<'a> {
            PythonSearch {
                requires,
                explicit: None,
                path,
                working_directory: self.folder.path(),
                child_env: &[],
                cache: &self.cache,
                uv: None,
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
        place.fake("python3", "3.11.7", "cpython");
        place.fake("python3.13", "3.13.1", "cpython");
        assert_eq!(place.found(None).unwrap(), "3.11.7");
        assert_eq!(place.found(Some(">=3.12")).unwrap(), "3.13.1");
    }

    #[test]
    fn a_second_search_starts_nothing() {
        let place = Place::new();
        place.fake("python3", "3.9.0", "cpython");
        place.fake("python", "3.12.1", "cpython");
        place.found(None).unwrap();
        assert_eq!(place.starts(), 2);
        assert_eq!(place.found(None).unwrap(), "3.12.1");
        assert_eq!(place.starts(), 2);
    }

    #[test]
    fn a_python_that_changed_is_asked_again() {
        let place = Place::new();
        place.fake("python3", "3.11.7", "cpython");
        place.found(None).unwrap();
        place.fake("python3", "3.12.10", "cpython");
        assert_eq!(place.found(None).unwrap(), "3.12.10");
    }

    #[test]
    fn a_python_whose_real_executable_vanished_is_asked_again() {
        let place = Place::new();
        place.fake("python3", "3.11.7", "cpython");
        place.found(None).unwrap();
        std::fs::remove_file(place.folder.path().join("real-python3")).unwrap();
        assert!(matches!(
            place.found(None),
            Err(PythonError::Unusable { .. })
        ));
    }

    #[test]
    fn the_settings_of_a_version_manager_matter() {
        let place = Place::new();
        place.fake("python3", "3.11.7", "cpython");
        let path = place.path();
        find_python(&place.search(&path, None)).unwrap();
        let environment = [(OsString::from("PYENV_VERSION"), OsString::from("3.12"))];
        let search = PythonSearch {
            child_env: &environment,
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
        place.fake("python3", "3.11.7", "cpython");
        std::fs::create_dir_all(place.cache.parent().unwrap()).unwrap();
        for damage in ["", "{", "[]", r#"{"version":0,"answers":{}}"#] {
            std::fs::write(&place.cache, damage).unwrap();
            assert_eq!(place.found(None).unwrap(), "3.11.7");
            assert!(
                std::fs::read_to_string(&place.cache)
                    .unwrap()
                    .contains("fingerprint")
            );
        }
    }

    #[test]
    fn where_the_path_has_none_that_fits_uv_is_asked_once() {
        let place = Place::new();
        place.fake("python3", "3.9.0", "cpython");
        let elsewhere = place.fake("kept-elsewhere", "3.12.4", "cpython");
        let uv = place.folder.path().join("uv");
        write_script(
            &uv,
            &format!(
                "echo x >> '{}'\necho '{}'",
                place.count_file().display(),
                elsewhere.display()
            ),
        );
        let path = place.path();
        let search = PythonSearch {
            uv: Some(&uv),
            ..place.search(&path, None)
        };
        for _ in 0..2 {
            assert_eq!(find_python(&search).unwrap().version, (3, 12, 4));
            assert_eq!(place.starts(), 3);
        }
    }

    #[test]
    fn what_was_found_instead_is_said() {
        let place = Place::new();
        assert!(matches!(
            place.found(None),
            Err(PythonError::NotFound { .. })
        ));
        place.fake("python3", "3.9.18", "cpython");
        let error = place.found(None).unwrap_err();
        assert!(
            matches!(&error, PythonError::TooOld { needs, .. } if needs == "3.10"),
            "{error:?}"
        );
        assert!(error.to_string().contains("3.9.18"), "{error}");
        place.fake("python", "3.11.1", "cpython");
        let error = place.found(Some(">=3.12")).unwrap_err();
        assert!(
            matches!(&error, PythonError::Unsuitable { .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains("3.11.1"), "{error}");
    }

    #[test]
    fn a_python_that_is_none_of_ours_says_why() {
        let place = Place::new();
        place.fake("python3", "3.11.1", "pypy");
        let error = place.found(None).unwrap_err().to_string();
        assert!(error.contains("pypy"), "{error}");
        write_script(
            &place.folder.path().join("bin/python3"),
            "echo 'pyenv: python3: command not found' >&2; exit 127",
        );
        let error = place.found(None).unwrap_err().to_string();
        assert!(error.contains("command not found"), "{error}");
    }

    #[test]
    fn an_explicit_python_is_the_only_one_tried() {
        let place = Place::new();
        place.fake("python3", "3.11.7", "cpython");
        let other = place.fake("other", "3.12.1", "cpython");
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
        assert!(matches!(
            find_python(&search),
            Err(PythonError::Unusable { .. })
        ));
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
