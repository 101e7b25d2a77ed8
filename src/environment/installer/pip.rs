//! Python's own venv and pip, for machines where uv is not wanted or not available.
//!
//! pip can't install without an index from what it has downloaded before, so every wheel that it gets is kept in a
//! folder of the cache and that folder is tried first: the second environment needs no network.

use std::path::Path;
use std::process::Command;

use super::interface::{Install, Installer};
use crate::configuration::{Requirement, is_engine};
use crate::environment::build::error::BuildError;
use crate::environment::build::output::Finished;
use crate::environment::build::session::{Session, Show};
use crate::environment::measure;
use crate::files::{FileError, touch};
use crate::layout::wheelhouse;

/// From this version on pip can install into another Python's virtual environment, which then needs no pip of its own:
/// installing one takes longer than all the rest.
const WORKS_FOR_OTHERS: (u32, u32) = (22, 3);

pub(super) struct Pip {
    label: String,
    /// Whether Python's own pip works for the venv. If not, the venv gets one.
    works_for_venv: bool,
}

impl Pip {
    pub fn prepare(session: &mut Session<'_>) -> Result<Self, BuildError> {
        touch(&session.request.pip_cache);
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

    /// Installs from the kept wheels, without an index.
    fn install_kept(
        &self,
        session: &mut Session<'_>,
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
            .arg(wheelhouse(&session.request.pip_cache))
            .args(arguments);
        session.run(&mut command, show)
    }

    /// Installs from the kept wheels, where there are any, or nothing else may be asked. False: an index has to be asked.
    fn kept_first(
        &self,
        session: &mut Session<'_>,
        arguments: &[String],
    ) -> Result<bool, BuildError> {
        let offline = session.request.offline;
        if !offline && !wheelhouse(&session.request.pip_cache).is_dir() {
            return Ok(false);
        }
        let finished = self.install_kept(session, arguments, Show::Nothing)?;
        // A full disk would fail with a network too.
        if !(finished.exit.is_success() || offline || finished.found_disk_full()) {
            return Ok(false);
        }
        session.replay(&finished);
        session.judge(&finished, &self.label, offline)?;
        Ok(true)
    }

    /// Downloads the requirements from an index, keeps the wheels, and installs them.
    fn install_from_index(
        &self,
        session: &mut Session<'_>,
        wanted: &Arguments,
    ) -> Result<(), BuildError> {
        let mut command = self.command(session);
        if wanted.by_place {
            command
                .args(["install", "--no-compile", "--progress-bar", "off"])
                .args(wanted.with_kept_engine());
            return session.succeed(&mut command, &self.label);
        }
        command
            .args(["wheel", "--progress-bar", "off", "--wheel-dir"])
            .arg(wheelhouse(&session.request.pip_cache))
            .arg(&wanted.engine)
            .args(&wanted.lists);
        session.succeed(&mut command, &self.label)?;
        let finished = self.install_kept(session, &wanted.with_kept_engine(), Show::Everything)?;
        session.judge(&finished, &self.label, false)
    }

    /// Returns which engine is installed, and from where.
    fn engine(session: &Session<'_>) -> Result<Option<measure::Installed>, BuildError> {
        let site_packages = session.site_packages()?;
        let installed =
            measure::installed(&site_packages).map_err(FileError::on("read", &site_packages))?;
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
        session.succeed(&mut command, "python -m venv")?;
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
        let wanted = Arguments::new(session, install, engine_before.as_ref())?;
        if !self.kept_first(session, &wanted.with_kept_engine())? {
            self.install_from_index(session, &wanted)?;
        }
        keep_engine(self, session, engine_before.as_ref(), install)
    }

    /// First from the kept wheels. pip keeps those that it downloads, and what it builds itself has no known hash.
    fn install_locked(&mut self, session: &mut Session<'_>, list: &Path) -> Result<(), BuildError> {
        let hashes = ["--require-hashes", "--no-deps", "-r"].map(str::to_owned);
        let mut exactly = hashes.to_vec();
        exactly.push(list.display().to_string());
        if self.kept_first(session, &exactly)? {
            return Ok(());
        }
        let wheels = wheelhouse(&session.request.pip_cache);
        let mut command = self.command(session);
        command
            .args(["download", "--progress-bar", "off", "--dest"])
            .arg(&wheels)
            .args(&exactly);
        session.succeed(&mut command, &self.label)?;
        let mut command = self.command(session);
        command
            .args(["install", "--no-compile", "--progress-bar", "off"])
            .arg("--find-links")
            .arg(&wheels)
            .args(&exactly);
        session.succeed(&mut command, &self.label)
    }

    fn uninstall(&mut self, session: &mut Session<'_>, package: &str) -> Result<(), BuildError> {
        let mut command = self.command(session);
        command.args(["uninstall", "--yes", package]);
        session.succeed(&mut command, &self.label)
    }
}

/// The arguments that tell pip what to install.
struct Arguments {
    engine: String,
    /// The engine by its exact version once it is installed, so that the resolution keeps it and its dependencies.
    kept_engine: String,
    /// The files that list everything else.
    lists: Vec<String>,
    /// Whether a requirement comes from a repository or a folder: pip builds it, for which it may need an index.
    by_place: bool,
}

impl Arguments {
    fn new(
        session: &Session<'_>,
        install: &Install,
        engine: Option<&measure::Installed>,
    ) -> Result<Self, BuildError> {
        let mut lines = install.index_options.clone();
        lines.extend(install.requirements.iter().cloned());
        let requirements = session.write_list(session.folder.workbench().requirements(), &lines)?;
        let mut lists = vec!["-r".to_owned(), requirements.display().to_string()];
        if let Some(constraints) = &install.constraints {
            lists.extend(["-c".to_owned(), constraints.display().to_string()]);
        }
        if install.alone {
            lists.push("--no-deps".to_owned());
        }
        Ok(Arguments {
            engine: install.engine.clone(),
            kept_engine: engine.map_or_else(
                || install.engine.clone(),
                |engine| format!("{}=={}", engine.name, engine.version),
            ),
            lists,
            by_place: [&install.engine]
                .into_iter()
                .chain(&install.requirements)
                .any(|text| text.contains("://") && !text.ends_with(".whl")),
        })
    }

    fn with_kept_engine(&self) -> Vec<String> {
        let mut arguments = vec![self.kept_engine.clone()];
        arguments.extend(self.lists.iter().cloned());
        arguments
    }
}

/// pip has no overrides: where a package names another source for the engine, that one replaced ours. Then ours is
/// installed again.
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
        "another engine was installed as a dependency; the engine of the settings is put back"
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
    session.succeed(&mut command, &pip.label)
}

/// Settings that any pip understands or ignores: no prompts, no check for a newer pip, and ADE's cache.
pub(super) fn quiet(command: &mut Command, cache: &Path) {
    command
        .env("PIP_CACHE_DIR", cache)
        .env("PIP_NO_INPUT", "1")
        .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
        .env("PIP_ROOT_USER_ACTION", "ignore")
        .env("PIP_NO_WARN_SCRIPT_LOCATION", "1");
}

/// The version that `pip --version` prints, or `None` where there is no pip.
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
