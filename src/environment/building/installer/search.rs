//! Finds the uv that a build uses: the first on PATH that is recent enough, then the one in the folder of `ade`, which comes
//! with its wheel, then the fetched one.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::base::cancel::Cancel;
use crate::environment::building::error::BuildError;
use crate::environment::python::child_variables;
use crate::settings::Settings;
use crate::settings::paths::ToolsFolder;
use crate::system::process::{self, Stream, on_path};

/// The oldest usable version. Earlier ones lack options that a build uses.
const MIN_UV_VERSION: (u32, u32) = (0, 5);

/// The maximum time for uv to name its version, outside of a build's time limit.
const PATIENCE: Duration = Duration::from_secs(30);

/// A uv that starts on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundUv {
    pub program: PathBuf,
    /// The version, such as `0.13.8`.
    pub version: String,
}

impl fmt::Display for FoundUv {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "uv {} at {}",
            self.version,
            self.program.display()
        )
    }
}

/// The result of a search for uv.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UvSearch {
    /// The uv that a build uses. If `None`, the build fetches one.
    pub usable: Option<FoundUv>,
    /// The ones that were skipped because they are too old.
    pub too_old: Vec<FoundUv>,
}

/// Finds the uv that a build with these settings uses.
pub fn find_uv(settings: &Settings, tools: &ToolsFolder) -> UvSearch {
    let variables = settings.child_variables();
    let path = child_variables::get(&variables, "PATH").unwrap_or_default();
    let beside = settings.program.as_deref().and_then(Path::parent);
    let ask = &mut |program: &Path| {
        let mut command = Command::new(program);
        child_variables::apply(&mut command, &variables);
        command.arg("--version").current_dir(&settings.folder);
        let options = process::ChildLimits {
            timeout: Some(PATIENCE),
            ..process::ChildLimits::default()
        };
        let mut version = None;
        let cancel = Cancel::new();
        let outcome = process::run(&mut command, &cancel, &options, &mut |stream, line| {
            if stream == Stream::Stdout && version.is_none() {
                version = version_in(line);
            }
        });
        let started = outcome.is_ok_and(|outcome| outcome.exit.is_success());
        Ok(version.filter(|_| started))
    };
    search(path, beside, tools, ask).unwrap_or_default()
}

/// Searches PATH, then `beside`, the folder of `ade`, then the tools. `ask` starts a program and returns its version, or `None`
/// if it does not start.
///
/// # Errors
/// Only the errors of `ask`.
pub(super) fn search(
    path: &OsStr,
    beside: Option<&Path>,
    tools: &ToolsFolder,
    ask: &mut dyn FnMut(&Path) -> Result<Option<String>, BuildError>,
) -> Result<UvSearch, BuildError> {
    let mut found = UvSearch::default();
    // For an environment of `ade` that is not activated: `uv tool install` and pipx put no programs of dependencies on PATH.
    let beside = beside.filter(|folder| !std::env::split_paths(path).any(|other| other == *folder));
    let beside = beside.map(|folder| folder.join("uv"));
    let beside = beside.filter(|program| program.is_file());
    let on_path = on_path(OsStr::new("uv"), path);
    for program in on_path.chain(beside) {
        let Some(version) = ask(&program)? else {
            continue;
        };
        let is_recent = is_recent(&version);
        let uv = FoundUv { program, version };
        if is_recent {
            found.usable = Some(uv);
            return Ok(found);
        }
        found.too_old.push(uv);
    }
    let program = ToolsFolder::uv_program(&tools.uv());
    if program.exists() {
        found.usable = ask(&program)?.map(|version| FoundUv { program, version });
    }
    Ok(found)
}

/// Returns the version in a line that `uv --version` prints.
pub(super) fn version_in(line: &str) -> Option<String> {
    line.split_whitespace().nth(1).map(str::to_owned)
}

fn is_recent(version: &str) -> bool {
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= MIN_UV_VERSION
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_releases_are_recognized() {
        assert!(is_recent("0.5.0"));
        assert!(is_recent("0.13.8"));
        assert!(is_recent("1.0.0"));
        assert!(!is_recent("0.4.30"));
        assert!(!is_recent("what"));
    }
}
