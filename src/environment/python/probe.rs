//! Starts a Python and asks it for its version and platform.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::child_variables;
use super::search::{Python, PythonSearch};
use crate::base::cancel::Cancel;
use crate::system::process;
use crate::system::process::Stream;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Understood by every Python since 2.6, so that an old one can report its version.
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

/// The result of asking.
pub(super) struct Probed {
    pub identity: Result<Python, String>,
    /// Whether the answer may be cached.
    pub lasts: bool,
}

/// Starts a candidate and asks.
pub(super) fn probe(candidate: &Path, search: &PythonSearch<'_>) -> Probed {
    let mut command = Command::new(candidate);
    // Without site (-S), so without what a Python's packages have it import at each start.
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
        None => Err(format!("it does not answer ({})", exit)),
    };
    let lasts = identity.is_ok() || matches!(exit, process::Exit::Code(code) if code != 0);
    Probed { identity, lasts }
}
