//! Asks Pythons about themselves, and caches each answer in a file with everything that the answer depends on.
//!
//! An answer depends on the executable's real path, size and modification time. Scripts that version managers put on PATH also
//! depend on the manager's settings. The file only saves time: if it is missing or damaged, each Python is started again to
//! report its version and platform.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use super::child_variables;
use super::search::{Python, PythonSearch};
use crate::base::cancel::Cancel;
use crate::base::files;
use crate::system::process::{self, Stream};

/// Increased whenever the meaning of an answer changes.
const FORMAT_VERSION: u32 = 1;

/// The answers of Pythons, by the path at which they were found.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct PythonAnswers {
    version: u32,
    answers: BTreeMap<PathBuf, PythonAnswer>,
    #[serde(skip)]
    changed: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct PythonAnswer {
    /// Everything that the answer depends on.
    fingerprint: String,
    /// The Python, or why it can't be used: for example, it is a version manager's script for a release that is not selected.
    identity: Result<Python, String>,
}

impl PythonAnswers {
    /// Reads the file of answers. A file that can't be read counts as empty.
    pub fn read(path: &Path) -> Self {
        let kept: Option<PythonAnswers> = std::fs::read(path)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        match kept {
            Some(answers) if answers.version == FORMAT_VERSION => answers,
            _ => PythonAnswers {
                version: FORMAT_VERSION,
                ..PythonAnswers::default()
            },
        }
    }

    /// Writes the file. Errors are ignored, because they only make the next search slower.
    pub fn write(&self, path: &Path) {
        if !self.changed {
            return;
        }
        if let (Some(folder), Ok(bytes)) = (path.parent(), serde_json::to_vec_pretty(self)) {
            let _ = files::create_folder(folder).and_then(|()| files::write_whole(path, &bytes));
        }
    }

    /// Returns the candidate's answer: the cached one, or a new one.
    pub fn identity(
        &mut self,
        candidate: &Path,
        search: &PythonSearch<'_>,
    ) -> Result<Python, String> {
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
        let (identity, lasts) = probe(candidate, search);
        if lasts {
            self.changed = true;
            let answer = PythonAnswer {
                fingerprint,
                identity: identity.clone(),
            };
            self.answers.insert(candidate.to_owned(), answer);
        }
        identity
    }
}

/// Returns everything that could change a candidate's answer.
fn fingerprint(candidate: &Path, search: &PythonSearch<'_>) -> std::io::Result<String> {
    let real = candidate.canonicalize()?;
    let mut parts = vec![stamp(&real)];
    let mut beginning = [0; 2];
    let is_script = std::fs::File::open(&real)
        .and_then(|mut file| file.read_exact(&mut beginning))
        .is_ok_and(|()| &beginning == b"#!");
    if is_script {
        parts.extend(manager_settings(candidate, search));
    }
    Ok(parts.join("\n"))
}

/// Returns everything by which a version manager's script selects a release: environment variables, files in the working folder
/// and above, and the manager's own settings.
fn manager_settings(candidate: &Path, search: &PythonSearch<'_>) -> Vec<String> {
    let variable = |name: &str| child_variables::get(search.child_variables, name);
    let mut parts = Vec::new();
    for name in [
        "PYENV_VERSION",
        "PYENV_DIR",
        "ASDF_PYTHON_VERSION",
        "MISE_PYTHON_VERSION",
    ] {
        parts.push(
            variable(name).map_or_else(String::new, |value| value.to_string_lossy().into_owned()),
        );
    }
    for name in [".python-version", ".tool-versions"] {
        let nearest = search
            .working_directory
            .ancestors()
            .map(|folder| folder.join(name))
            .find(|file| file.exists());
        parts.push(nearest.map_or_else(String::new, |file| stamp(&file)));
    }
    let root = variable("PYENV_ROOT")
        .map(PathBuf::from)
        .or_else(|| Some(candidate.parent()?.parent()?.to_owned()));
    parts.extend(root.map(|root| stamp(&root.join("version"))));
    parts
}

/// Returns a file's path, size and modification time, or only its path if it can't be examined.
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

/// The maximum time for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The code that a Python executes. Every Python since 2.6 understands it, so an old one can report its version.
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

/// Starts a candidate and asks it. Returns its answer, and whether the answer may be cached.
fn probe(candidate: &Path, search: &PythonSearch<'_>) -> (Result<Python, String>, bool) {
    let mut command = Command::new(candidate);
    // Without site (-S), so that Python imports nothing that packages ask for at each start.
    command
        .args(["-E", "-S", "-s", "-c", PROBE])
        .current_dir(search.working_directory);
    child_variables::apply(&mut command, search.child_variables);
    let options = process::ChildLimits {
        timeout: Some(PATIENCE),
        ..process::ChildLimits::default()
    };
    let mut answer = None;
    let mut last_words = String::new();
    let outcome = process::run(
        &mut command,
        &Cancel::new(),
        &options,
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
            return (Err(error.to_string()), false);
        }
    };
    let identity = match answer {
        Some(python) if python.executable.exists() => Ok(python),
        Some(_) => Err("it does not know its own path".to_owned()),
        None if !last_words.is_empty() => Err(last_words),
        None => Err(format!("it does not answer ({})", exit)),
    };
    let lasts = identity.is_ok() || matches!(exit, process::Exit::Code(code) if code != 0);
    (identity, lasts)
}
