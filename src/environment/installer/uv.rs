//! uv: from PATH, or fetched once and kept among the tools.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use uuid::Uuid;

use super::{Installer, NETWORK_TROUBLE, index};
use crate::environment::lock::{BuildLock, LockError};
use crate::environment::provision::{BuildError, Install, Show, Step, Work};
use crate::process::on_path;
use crate::python::child_env;

/// What is fetched where there is none.
const FETCHED: &str = "uv>=0.8,<1";

/// Before this one, options that are used here did not exist.
const OLDEST: (u32, u32) = (0, 5);

pub(super) struct Uv {
    program: PathBuf,
    label: String,
}

impl Uv {
    /// Finds one that is recent enough, or fetches one.
    pub fn prepare(work: &mut Work<'_>) -> Result<Self, BuildError> {
        let path = child_env::get(&work.request.child_env, "PATH")
            .unwrap_or_default()
            .to_owned();
        for program in on_path(OsStr::new("uv"), &path) {
            match version(work, &program)? {
                Some(found) if is_recent(&found) => {
                    return Ok(Uv {
                        label: format!("uv {found}"),
                        program,
                    });
                }
                Some(found) => work.note(format!("uv {found} at {} is too old", program.display())),
                None => {}
            }
        }
        let program = fetched(work)?;
        match version(work, &program)? {
            Some(found) => Ok(Uv {
                label: format!("uv {found}"),
                program,
            }),
            None => Err(BuildError::NoInstaller {
                reasons: vec![format!("{} does not start", program.display())],
                transient: false,
            }),
        }
    }

    fn command(&self, work: &Work<'_>, offline: bool) -> Command {
        let mut command = work.command(&self.program);
        command
            .envs(index::variables_for_uv(&work.request.child_env))
            .env("UV_NO_PROGRESS", "1")
            .env("UV_PYTHON_DOWNLOADS", "never")
            .args(["--color", "never"]);
        if let Some(cache) = &work.request.uv_cache {
            command.env("UV_CACHE_DIR", cache);
        }
        if offline {
            command.arg("--offline");
        }
        command
    }
}

impl Installer for Uv {
    fn label(&self) -> &str {
        &self.label
    }

    fn create_venv(&mut self, work: &mut Work<'_>) -> Result<(), BuildError> {
        let mut command = self.command(work, true);
        command
            .args(["venv", "--no-project", "--no-config", "--quiet", "--python"])
            .arg(&work.request.python.executable)
            .arg(&work.venv);
        let finished = work.run(&mut command, Show::Everything)?;
        if finished.exit.is_success() {
            Ok(())
        } else {
            Err(work.failure(&self.label, &finished, false))
        }
    }

    fn install(&mut self, work: &mut Work<'_>, install: &Install) -> Result<(), BuildError> {
        let overrides = work.write_list(
            "overrides.txt",
            work.request.engine.replacement().as_slice(),
        )?;
        let mut lines = install.index_options.clone();
        lines.push(install.engine.clone());
        if install.sources.is_none() {
            lines.extend(install.requirements.iter().cloned());
        }
        let requirements = work.write_list("requirements.txt", &lines)?;
        let only_offline = work.request.offline;
        // Whether an attempt failed half way: uv then takes what it left for installed.
        let mut is_partial = false;
        // Caches first: that is what makes the second environment cheap.
        for offline in [true, false] {
            let mut command = self.command(work, offline);
            command
                .args(["pip", "install", "--python"])
                .arg(work.python());
            command
                .arg("--overrides")
                .arg(&overrides)
                .arg("-r")
                .arg(&requirements);
            if let Some(sources) = &install.sources {
                command.arg("-r").arg(sources);
            }
            if let Some(constraints) = &install.constraints {
                command.arg("-c").arg(constraints);
            }
            if is_partial {
                command.arg("--reinstall");
            }
            let show = if offline {
                Show::Nothing
            } else {
                Show::Everything
            };
            let finished = work.run(&mut command, show)?;
            // A full disk is as full with a network.
            let is_last = !offline || only_offline || finished.found_disk_full();
            is_partial = finished.mentions(&["failed to install"]);
            if finished.exit.is_success() || is_last {
                if offline {
                    work.replay(&finished);
                }
                return if finished.exit.is_success() {
                    Ok(())
                } else {
                    Err(work.failure(&self.label, &finished, only_offline))
                };
            }
        }
        Ok(())
    }

    fn uninstall(&mut self, work: &mut Work<'_>, package: &str) -> Result<(), BuildError> {
        let mut command = self.command(work, true);
        command
            .args(["pip", "uninstall", "--python"])
            .arg(work.python())
            .arg(package);
        let finished = work.run(&mut command, Show::Everything)?;
        if finished.exit.is_success() {
            Ok(())
        } else {
            Err(work.failure(&self.label, &finished, false))
        }
    }
}

/// What `uv --version` says, or `None` where it does not start.
fn version(work: &mut Work<'_>, program: &Path) -> Result<Option<String>, BuildError> {
    let mut command = work.command(program);
    command.arg("--version");
    match work.run(&mut command, Show::Nothing) {
        Ok(finished) if finished.exit.is_success() => Ok(finished
            .stdout()
            .find_map(|line| line.split_whitespace().nth(1))
            .map(str::to_owned)),
        Ok(_) | Err(BuildError::Io { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_recent(version: &str) -> bool {
    let mut parts = version
        .split('.')
        .map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= OLDEST
}

/// The uv among the tools; fetched now where there is none. It appears there whole, and two processes fetch it once.
fn fetched(work: &mut Work<'_>) -> Result<PathBuf, BuildError> {
    let home = work.request.tools.join("uv");
    let program = home.join("bin/uv");
    if program.exists() {
        return Ok(program);
    }
    let lock = work.request.tools.join(".uv.lock");
    let cancel = work.cancel;
    let turn = BuildLock::acquire(&lock, cancel, &mut |holder| {
        let holder = holder.unwrap_or_else(|| "another process".to_owned());
        work.note(format!("waiting for {holder}, which is fetching uv"));
    });
    let _turn = turn.map_err(|error| match error {
        LockError::Cancelled { .. } => BuildError::Cancelled {
            step: Step::PrepareInstaller,
        },
        LockError::Io { path, source } => BuildError::Io { path, source },
    })?;
    if program.exists() {
        return Ok(program);
    }
    remove_leavings(&work.request.tools);
    let partial = Partial(
        work.request
            .tools
            .join(format!("{PARTIAL_PREFIX}{}", Uuid::now_v7().simple())),
    );
    fetch(work, &partial.0)?;
    if home.exists() {
        fs::remove_dir_all(&home).map_err(|error| BuildError::io(&home, error))?;
    }
    fs::rename(&partial.0, &home).map_err(|error| BuildError::io(&home, error))?;
    Ok(program)
}

const PARTIAL_PREFIX: &str = ".partial-uv-";

/// A download in the making; removed where it is not finished.
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Only whoever holds the lock fetches, so what is there from before is dead.
fn remove_leavings(tools: &Path) {
    for entry in fs::read_dir(tools).into_iter().flatten().flatten() {
        if entry
            .file_name()
            .to_string_lossy()
            .starts_with(PARTIAL_PREFIX)
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Asks Python's pip for uv; where that Python has no pip, the pip of a passing venv.
fn fetch(work: &mut Work<'_>, target: &Path) -> Result<(), BuildError> {
    work.note("there is no uv on PATH; fetching it once".to_owned());
    let mut reasons = Vec::new();
    let mut network = false;
    let passing_venv = work.workbench.join("pip");
    for python in [
        work.request.python.executable.clone(),
        passing_venv.join("bin/python"),
    ] {
        if python.starts_with(&passing_venv) {
            let mut command = work.command(&work.request.python.executable.clone());
            command.args(["-I", "-m", "venv"]).arg(&passing_venv);
            let finished = work.run(&mut command, Show::Nothing)?;
            if !finished.exit.is_success() {
                reasons.push("its venv module can't make an environment with pip".to_owned());
                break;
            }
        }
        let mut command = work.command(&python);
        super::pip::quiet(&mut command, &work.request.pip_cache);
        command
            .args([
                "-I",
                "-m",
                "pip",
                "install",
                "--progress-bar",
                "off",
                "--no-deps",
                "--only-binary",
                ":all:",
            ])
            .arg("--target")
            .arg(target);
        if work.request.offline {
            command.arg("--no-index");
        }
        command.arg(FETCHED);
        let finished = work.run(&mut command, Show::Everything)?;
        if finished.exit.is_success() && target.join("bin/uv").exists() {
            return Ok(());
        }
        if !finished.mentions(&["no module named pip"]) {
            network = finished.mentions(&NETWORK_TROUBLE);
            let last = finished.last_lines().pop().unwrap_or_default();
            reasons.push(format!("uv could not be fetched ({last})"));
            break;
        }
        reasons.push(format!("{} has no pip", python.display()));
    }
    Err(BuildError::NoInstaller {
        reasons,
        transient: network && !work.request.offline,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_releases_are_told_apart() {
        assert!(is_recent("0.5.0"));
        assert!(is_recent("0.13.8"));
        assert!(is_recent("1.0.0"));
        assert!(!is_recent("0.4.30"));
        assert!(!is_recent("what"));
    }
}
