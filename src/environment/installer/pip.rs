//! Python's own venv and pip, for machines where uv is not wanted or can't be had.
//!
//! pip can't install without an index from what it has downloaded before, so every wheel that it gets is kept in a
//! folder of the cache and that folder is tried first: the second environment needs no network.

use std::path::Path;
use std::process::Command;

use super::{Install, Installer};
use crate::configuration::{Requirement, is_engine};
use crate::environment::build::error::BuildError;
use crate::environment::build::output::Finished;
use crate::environment::build::session::{Session, Show};
use crate::environment::measure;
use crate::layout::wheelhouse;

/// From here on pip can install into another Python's environment, which then needs no pip of its own: making that one
/// takes longer than all the rest.
const WORKS_FOR_OTHERS: (u32, u32) = (22, 3);

pub(super) struct Pip {
    label: String,
    /// Does Python's own pip work for the venv? Else the venv gets one.
    works_for_venv: bool,
}

impl Pip {
    pub fn prepare(session: &mut Session<'_>) -> Result<Self, BuildError> {
        let python = session.request.python.executable.clone();
        let found = version(session, &python)?;
        Ok(Pip {
            works_for_venv: found
                .as_deref()
                .is_some_and(|found| numbers(found) >= WORKS_FOR_OTHERS),
            label: format!("pip {}", found.unwrap_or_default())
                .trim_end()
                .to_owned(),
        })
    }

    /// `pip <arguments>`, for the venv.
    fn command(&self, session: &Session<'_>) -> Command {
        let mut command;
        if self.works_for_venv {
            command = session.command(&session.request.python.executable);
            command
                .args(["-I", "-m", "pip", "--python"])
                .arg(session.folder.python());
        } else {
            command = session.command(&session.folder.python());
            command.args(["-I", "-m", "pip"]);
        }
        quiet(&mut command, &session.request.pip_cache);
        command
    }

    /// Installs from what was kept, with no index.
    fn install_kept(
        &self,
        session: &mut Session<'_>,
        wheels: &Path,
        arguments: &[String],
        show: Show,
    ) -> Result<Finished, BuildError> {
        let mut command = self.command(session);
        command
            .args([
                "install",
                "--no-compile",
                "--progress-bar",
                "off",
                "--no-index",
                "--find-links",
            ])
            .arg(wheels);
        command.args(arguments);
        session.run(&mut command, show)
    }

    /// What is installed under the engine's name, and from where.
    fn engine(session: &Session<'_>) -> Result<Option<measure::Installed>, BuildError> {
        let site_packages = session.site_packages()?;
        let installed = measure::installed(&site_packages)
            .map_err(|error| BuildError::io(&site_packages, error))?;
        Ok(installed
            .into_iter()
            .find(|package| is_engine(&Requirement::parse(&package.name))))
    }
}

impl Installer for Pip {
    fn label(&self) -> &str {
        &self.label
    }

    fn create_venv(&mut self, session: &mut Session<'_>) -> Result<(), BuildError> {
        let mut command = session.command(&session.request.python.executable);
        command.args(["-I", "-m", "venv"]);
        if self.works_for_venv {
            command.arg("--without-pip");
        }
        command.arg(session.folder.venv());
        let finished = session.run(&mut command, Show::Everything)?;
        if !finished.exit.is_success() {
            return Err(session.failure("python -m venv", &finished, false));
        }
        if !self.works_for_venv {
            let python = session.folder.python();
            self.label = format!("pip {}", version(session, &python)?.unwrap_or_default())
                .trim_end()
                .to_owned();
        }
        Ok(())
    }

    fn install(&mut self, session: &mut Session<'_>, install: &Install) -> Result<(), BuildError> {
        if install.sources.is_some() {
            session.note(
                "pip does not know [tool.uv.sources] of pyproject.toml; only uv follows these"
                    .to_owned(),
            );
        }
        let engine_before = Self::engine(session)?;
        let mut lines = install.index_options.clone();
        lines.extend(install.requirements.iter().cloned());
        let requirements = session.write_list("requirements.txt", &lines)?;
        let mut common = vec!["-r".to_owned(), requirements.display().to_string()];
        if let Some(constraints) = &install.constraints {
            common.extend(["-c".to_owned(), constraints.display().to_string()]);
        }
        // Once the engine is there, naming its exact version keeps it, and what it needs, part of the resolution.
        let engine_kept = engine_before.as_ref().map_or_else(
            || install.engine.clone(),
            |engine| format!("{}=={}", engine.name, engine.version),
        );
        let mut arguments = vec![engine_kept.clone()];
        arguments.extend(common.iter().cloned());

        let offline = session.request.offline;
        let wheels = wheelhouse(&session.request.pip_cache);
        if offline || wheels.is_dir() {
            let finished = self.install_kept(session, &wheels, &arguments, Show::Nothing)?;
            // A full disk is as full with a network.
            if finished.exit.is_success() || offline || finished.found_disk_full() {
                session.replay(&finished);
                return if finished.exit.is_success() {
                    keep_engine(self, session, engine_before.as_ref(), install)
                } else {
                    Err(session.failure(&self.label, &finished, true))
                };
            }
        }

        // What comes from a repository or a folder is built at once, for which pip may need an index.
        let by_place = [&install.engine]
            .into_iter()
            .chain(&install.requirements)
            .any(|text| text.contains("://") && !text.ends_with(".whl"));
        let finished = if by_place {
            let mut command = self.command(session);
            command
                .args(["install", "--no-compile", "--progress-bar", "off"])
                .args(&arguments);
            session.run(&mut command, Show::Everything)?
        } else {
            let mut command = self.command(session);
            command
                .args(["wheel", "--progress-bar", "off", "--wheel-dir"])
                .arg(&wheels);
            command.arg(&install.engine).args(&common);
            let finished = session.run(&mut command, Show::Everything)?;
            if !finished.exit.is_success() {
                return Err(session.failure(&self.label, &finished, false));
            }
            self.install_kept(session, &wheels, &arguments, Show::Everything)?
        };
        if !finished.exit.is_success() {
            return Err(session.failure(&self.label, &finished, false));
        }
        keep_engine(self, session, engine_before.as_ref(), install)
    }

    fn uninstall(&mut self, session: &mut Session<'_>, package: &str) -> Result<(), BuildError> {
        let mut command = self.command(session);
        command.args(["uninstall", "--yes", package]);
        let finished = session.run(&mut command, Show::Everything)?;
        if finished.exit.is_success() {
            Ok(())
        } else {
            Err(session.failure(&self.label, &finished, false))
        }
    }
}

/// pip knows no overrides: where a package's own requirement named another source for the engine, that one was
/// installed over ours. Then ours is put back.
fn keep_engine(
    pip: &Pip,
    session: &mut Session<'_>,
    before: Option<&measure::Installed>,
    install: &Install,
) -> Result<(), BuildError> {
    let Some(before) = before else {
        return Ok(());
    };
    if Pip::engine(session)?.as_ref() == Some(before) {
        return Ok(());
    }
    session.note(
        "another engine was installed as a dependency; the one that ADE is set to use is put back"
            .to_owned(),
    );
    let mut command = pip.command(session);
    command
        .args([
            "install",
            "--no-compile",
            "--progress-bar",
            "off",
            "--force-reinstall",
            "--no-deps",
        ])
        .arg(&install.engine);
    let finished = session.run(&mut command, Show::Everything)?;
    if finished.exit.is_success() {
        Ok(())
    } else {
        Err(session.failure(&pip.label, &finished, false))
    }
}

/// Settings that any pip understands or passes over: no questions, no news about itself, and ADE's cache.
pub(super) fn quiet(command: &mut Command, cache: &Path) {
    command
        .env("PIP_CACHE_DIR", cache)
        .env("PIP_NO_INPUT", "1")
        .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
        .env("PIP_ROOT_USER_ACTION", "ignore")
        .env("PIP_NO_WARN_SCRIPT_LOCATION", "1");
}

/// What `pip --version` says, or `None` where there is no pip.
fn version(session: &mut Session<'_>, python: &Path) -> Result<Option<String>, BuildError> {
    let mut command = session.command(python);
    command.args(["-I", "-m", "pip", "--version"]);
    let finished = session.run(&mut command, Show::Nothing)?;
    if !finished.exit.is_success() {
        return Ok(None);
    }
    Ok(finished
        .stdout()
        .find_map(|line| line.strip_prefix("pip ")?.split_whitespace().next())
        .map(str::to_owned))
}

fn numbers(version: &str) -> (u32, u32) {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(numbers("22.3.1") >= WORKS_FOR_OTHERS);
        assert!(numbers("100.0") >= WORKS_FOR_OTHERS);
        assert!(numbers("22.2") < WORKS_FOR_OTHERS);
    }
}
