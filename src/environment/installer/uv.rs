//! uv: from PATH, or fetched once and kept among the tools.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use uuid::Uuid;

use super::{Install, Installer, index};
use crate::environment::build::error::BuildError;
use crate::environment::build::event::Step;
use crate::environment::build::session::{Session, Show};
use crate::files::FileError;
use crate::layout::ToolsFolder;
use crate::lock::{Lock, LockError};
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
    pub fn prepare(session: &mut Session<'_>) -> Result<Self, BuildError> {
        let path = child_env::get(&session.request.child_env, "PATH")
            .unwrap_or_default()
            .to_owned();
        for program in on_path(OsStr::new("uv"), &path) {
            match version(session, &program)? {
                Some(found) if is_recent(&found) => {
                    return Ok(Uv {
                        label: format!("uv {found}"),
                        program,
                    });
                }
                Some(found) => {
                    session.note(format!("uv {found} at {} is too old", program.display()))
                }
                None => {}
            }
        }
        let program = fetched(session)?;
        match version(session, &program)? {
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

    fn command(&self, session: &Session<'_>, offline: bool) -> Command {
        let mut command = session.command(&self.program);
        command
            .envs(index::variables_for_uv(&session.request.child_env))
            .env("UV_NO_PROGRESS", "1")
            .env("UV_PYTHON_DOWNLOADS", "never")
            .args(["--color", "never"]);
        if let Some(cache) = &session.request.uv_cache {
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

    fn create_venv(&mut self, session: &mut Session<'_>) -> Result<(), BuildError> {
        let mut command = self.command(session, true);
        command
            .args(["venv", "--no-project", "--no-config", "--quiet", "--python"])
            .arg(&session.request.python.executable)
            .arg(session.folder.venv());
        let finished = session.run(&mut command, Show::Everything)?;
        if finished.exit.is_success() {
            Ok(())
        } else {
            Err(session.failure(&self.label, &finished, false))
        }
    }

    fn install(&mut self, session: &mut Session<'_>, install: &Install) -> Result<(), BuildError> {
        let overrides = session.write_list(
            "overrides.txt",
            session.request.engine.replacement().as_slice(),
        )?;
        let mut lines = install.index_options.clone();
        lines.push(install.engine.clone());
        if install.sources.is_none() {
            lines.extend(install.requirements.iter().cloned());
        }
        let requirements = session.write_list("requirements.txt", &lines)?;
        let only_offline = session.request.offline;
        // Whether an attempt failed half way: uv then takes what it left for installed.
        let mut is_partial = false;
        // Caches first: that is what makes the second environment cheap.
        for offline in [true, false] {
            let mut command = self.command(session, offline);
            command
                .args(["pip", "install", "--python"])
                .arg(session.folder.python());
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
            let finished = session.run(&mut command, show)?;
            // A full disk is as full with a network.
            let is_last = !offline || only_offline || finished.found_disk_full();
            is_partial = finished.mentions(&["failed to install"]);
            if finished.exit.is_success() || is_last {
                if offline {
                    session.replay(&finished);
                }
                return if finished.exit.is_success() {
                    Ok(())
                } else {
                    Err(session.failure(&self.label, &finished, only_offline))
                };
            }
        }
        Ok(())
    }

    fn uninstall(&mut self, session: &mut Session<'_>, package: &str) -> Result<(), BuildError> {
        let mut command = self.command(session, true);
        command
            .args(["pip", "uninstall", "--python"])
            .arg(session.folder.python())
            .arg(package);
        let finished = session.run(&mut command, Show::Everything)?;
        if finished.exit.is_success() {
            Ok(())
        } else {
            Err(session.failure(&self.label, &finished, false))
        }
    }
}

/// What `uv --version` says, or `None` where it does not start.
fn version(session: &mut Session<'_>, program: &Path) -> Result<Option<String>, BuildError> {
    let mut command = session.command(program);
    command.arg("--version");
    match session.run(&mut command, Show::Nothing) {
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
fn fetched(session: &mut Session<'_>) -> Result<PathBuf, BuildError> {
    let tools = &session.request.tools;
    let home = tools.uv();
    let program = ToolsFolder::uv_program(&home);
    if program.exists() {
        return Ok(program);
    }
    let turn = Lock::acquire(&tools.uv_lock(), session.cancel, &mut |holder| {
        let holder = holder.unwrap_or_else(|| "another process".to_owned());
        session.note(format!("waiting for {holder}, which is fetching uv"));
    });
    let _turn = turn.map_err(|error| match error {
        LockError::Cancelled { .. } => BuildError::Cancelled {
            step: Step::PrepareInstaller,
        },
        LockError::File(FileError { path, source, .. }) => BuildError::Io { path, source },
    })?;
    if program.exists() {
        return Ok(program);
    }
    remove_abandoned(&tools.0);
    let name = format!("{PARTIAL_PREFIX}{}", Uuid::now_v7().simple());
    let partial = Partial(tools.0.join(name));
    fetch(session, &partial.0)?;
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
fn remove_abandoned(tools: &Path) {
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
fn fetch(session: &mut Session<'_>, target: &Path) -> Result<(), BuildError> {
    session.note("there is no uv on PATH; fetching it once".to_owned());
    let mut reasons = Vec::new();
    let mut network = false;
    let passing_venv = session.folder.workbench().join("pip");
    for python in [
        session.request.python.executable.clone(),
        passing_venv.join("bin/python"),
    ] {
        if python.starts_with(&passing_venv) {
            let mut command = session.command(&session.request.python.executable.clone());
            command.args(["-I", "-m", "venv"]).arg(&passing_venv);
            let finished = session.run(&mut command, Show::Nothing)?;
            if !finished.exit.is_success() {
                reasons.push("its venv module can't make an environment with pip".to_owned());
                break;
            }
        }
        let mut command = session.command(&python);
        super::pip::quiet(&mut command, &session.request.pip_cache);
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
        if session.request.offline {
            command.arg("--no-index");
        }
        command.arg(FETCHED);
        let finished = session.run(&mut command, Show::Everything)?;
        if finished.exit.is_success() && ToolsFolder::uv_program(target).exists() {
            return Ok(());
        }
        if !finished.mentions(&["no module named pip"]) {
            network = finished.found_network_trouble();
            let last = finished.last_lines().pop().unwrap_or_default();
            reasons.push(format!("uv could not be fetched ({last})"));
            break;
        }
        reasons.push(format!("{} has no pip", python.display()));
    }
    Err(BuildError::NoInstaller {
        reasons,
        transient: network && !session.request.offline,
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
