//! uv: from PATH, or fetched once and kept among the tools.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::index;
use super::interface::{Install, Installer};
use super::search;
use crate::environment::build::error::BuildError;
use crate::environment::build::event::Step;
use crate::environment::build::session::{Session, Show};
use crate::files::{FileError, PartialFolder, remove_leftovers, touch};
use crate::layout::{ToolsFolder, venv_python};
use crate::lock::{Lock, LockError};
use crate::machine::System;
use crate::python::child_variables;

/// The name of the engine among packages.
const ENGINE_NAME: &str = "ade-engine";
/// The requirement that is fetched where there is no uv.
const FETCHED: &str = "uv>=0.8,<1";

pub(in crate::environment) struct Uv {
    program: PathBuf,
    label: String,
}

impl Uv {
    /// Finds a uv that is recent enough, or fetches one.
    pub fn prepare(session: &mut Session<'_>) -> Result<Self, BuildError> {
        let path = child_variables::get(&session.request.child_variables, "PATH")
            .unwrap_or_default()
            .to_owned();
        let tools = session.request.tools.clone();
        let found = search::search(&path, &tools, &mut |program| version(session, program))?;
        for old in &found.too_old {
            session.note(format!("{old} is too old"));
        }
        if let Some(uv) = found.usable {
            Self::note_use(session, &uv.program);
            return Ok(Self::new(uv.program, &uv.version));
        }
        let program = fetched(session)?;
        match version(session, &program)? {
            Some(version) => Ok(Self::new(program, &version)),
            None => Err(BuildError::NoInstaller {
                reasons: vec![format!("{} does not start", program.display())],
                transient: false,
            }),
        }
    }

    /// Notes that parts of the cache are in use.
    fn note_use(session: &Session<'_>, program: &Path) {
        let fetched = session.request.tools.uv();
        if program.starts_with(&fetched) {
            touch(&fetched);
        }
        session
            .request
            .uv_cache
            .as_deref()
            .inspect(|cache| touch(cache));
    }

    fn new(program: PathBuf, version: &str) -> Self {
        Uv {
            label: format!("uv {version}"),
            program,
        }
    }

    fn command(&self, session: &Session<'_>, offline: bool) -> Command {
        let mut command = session.command(&self.program);
        command
            .envs(index::variables_for_uv(&session.request.child_variables))
            .env("UV_NO_PROGRESS", "1")
            .env("UV_PYTHON_DOWNLOADS", "never")
            .args(["--color", "never"]);
        if let Some(cache) = &session.request.uv_cache {
            command.env("UV_CACHE_DIR", cache);
            // uv copies by itself where it cannot link, and warns of it in every build.
            let is_chosen =
                child_variables::get(&session.request.child_variables, "UV_LINK_MODE").is_some();
            if !is_chosen && are_on_two_file_systems(cache, &session.folder.0) {
                command.env("UV_LINK_MODE", "copy");
            }
        }
        if offline {
            command.arg("--offline");
        }
        command
    }

    fn command_to_install(
        &self,
        session: &Session<'_>,
        install: &Install,
        lists: &Lists,
        offline: bool,
    ) -> Command {
        let mut command = self.command(session, offline);
        command
            .args(["pip", "install", "--python"])
            .arg(session.folder.python())
            .arg("--overrides")
            .arg(&lists.overrides)
            .arg("-r")
            .arg(&lists.requirements);
        if install.alone {
            command.arg("--no-deps");
        }
        if let Some(sources) = &install.sources {
            command.arg("-r").arg(sources);
        }
        if let Some(constraints) = &install.constraints {
            command.arg("-c").arg(constraints);
        }
        command
    }
}

impl Uv {
    /// Installs from caches, and where they do not suffice, with a network: this makes the second environment cheap.
    fn caches_first(
        &self,
        session: &mut Session<'_>,
        command: &dyn Fn(&Session<'_>, bool) -> Command,
    ) -> Result<(), BuildError> {
        let only_offline = session.request.offline;
        let mut offline = command(session, true);
        let finished = session.run(&mut offline, Show::Nothing)?;
        // A full disk would fail with a network too.
        if finished.exit.is_success() || only_offline || finished.found_disk_full() {
            session.replay(&finished);
            return session.judge(&finished, &self.label, only_offline);
        }
        let mut online = command(session, false);
        // Where that attempt failed half way, uv takes its leftovers for installed packages.
        if finished.mentions(&["failed to install"]) {
            online.arg("--reinstall");
        }
        session.succeed(&mut online, &self.label)
    }

    /// Writes the exact versions with hashes of `install` to `list`, for every platform and for this Python and later ones.
    /// `sources`: a manifest whose dependencies count too. Versions that `list` has already are kept where they can be.
    pub fn compile(
        &self,
        session: &mut Session<'_>,
        install: &Install,
        sources: Option<&Path>,
        python: (u8, u8),
        list: &Path,
    ) -> Result<(), BuildError> {
        let lists = Lists::write(session, install)?;
        let mut command = self.command(session, session.request.offline);
        command
            .args([
                "pip",
                "compile",
                "--quiet",
                "--universal",
                "--generate-hashes",
            ])
            .args([
                "--no-header",
                "--no-annotate",
                "--no-emit-package",
                ENGINE_NAME,
            ])
            .arg("--python")
            .arg(&session.request.python.executable)
            .arg("--python-version")
            .arg(format!("{}.{}", python.0, python.1))
            .arg("--overrides")
            .arg(&lists.overrides);
        if let Some(constraints) = &install.constraints {
            command.arg("-c").arg(constraints);
        }
        command.arg("-o").arg(list).arg(&lists.requirements);
        command.args(sources.or(install.sources.as_deref()));
        let finished = session.run(&mut command, Show::Nothing)?;
        session.judge(&finished, &self.label, session.request.offline)
    }
}

fn are_on_two_file_systems(cache: &Path, folder: &Path) -> bool {
    let device = |path: &Path| {
        let existing = path.ancestors().find(|path| path.exists())?;
        Some(fs::metadata(existing).ok()?.dev())
    };
    matches!((device(cache), device(folder)), (Some(one), Some(other)) if one != other)
}

/// The files that list what uv is asked to install.
struct Lists {
    /// Overrides every requirement of the engine that any package has.
    overrides: PathBuf,
    requirements: PathBuf,
}

impl Lists {
    fn write(session: &Session<'_>, install: &Install) -> Result<Self, BuildError> {
        let mut lines = install.index_options.clone();
        lines.push(install.engine.clone());
        if install.sources.is_none() {
            lines.extend(install.requirements.iter().cloned());
        }
        let workbench = session.folder.workbench();
        let replacement = session.request.engine.replacement();
        Ok(Lists {
            overrides: session.write_list(workbench.overrides(), replacement.as_slice())?,
            requirements: session.write_list(workbench.requirements(), &lines)?,
        })
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
        session.succeed(&mut command, &self.label)
    }

    fn install(&mut self, session: &mut Session<'_>, install: &Install) -> Result<(), BuildError> {
        let lists = Lists::write(session, install)?;
        self.caches_first(session, &|session, offline| {
            self.command_to_install(session, install, &lists, offline)
        })
    }

    fn install_locked(&mut self, session: &mut Session<'_>, list: &Path) -> Result<(), BuildError> {
        self.caches_first(session, &|session, offline| {
            let mut command = self.command(session, offline);
            command
                .args([
                    "pip",
                    "install",
                    "--require-hashes",
                    "--no-deps",
                    "--python",
                ])
                .arg(session.folder.python())
                .arg("-r")
                .arg(list);
            command
        })
    }

    fn uninstall(&mut self, session: &mut Session<'_>, package: &str) -> Result<(), BuildError> {
        let mut command = self.command(session, true);
        command
            .args(["pip", "uninstall", "--python"])
            .arg(session.folder.python())
            .arg(package);
        session.succeed(&mut command, &self.label)
    }
}

/// The version that `uv --version` prints, or `None` where uv does not start.
fn version(session: &mut Session<'_>, program: &Path) -> Result<Option<String>, BuildError> {
    let mut command = session.command(program);
    command.arg("--version");
    match session.run(&mut command, Show::Nothing) {
        Ok(finished) if finished.exit.is_success() => {
            Ok(finished.stdout().find_map(search::version_in))
        }
        Ok(_) | Err(BuildError::File(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Returns the uv below `cache/tools`, and fetches it where there is none. It appears there whole, and of two processes
/// only one fetches it.
fn fetched(session: &mut Session<'_>) -> Result<PathBuf, BuildError> {
    let tools = &session.request.tools;
    let home = tools.uv();
    let program = ToolsFolder::uv_program(&home);
    if program.exists() {
        return Ok(program);
    }
    let turn = Lock::acquire(&System, &tools.uv_lock(), session.cancel, &mut |holder| {
        let holder = holder.unwrap_or_else(|| "another process".to_owned());
        session.note(format!("waiting for {holder}, which is fetching uv"));
    });
    let _turn = turn.map_err(|error| match error {
        LockError::Cancelled { .. } => BuildError::Cancelled {
            step: Step::PrepareInstaller,
        },
        LockError::File(error) => error.into(),
    })?;
    if program.exists() {
        return Ok(program);
    }
    // Only the holder of the lock fetches, so partial folders that exist now are leftovers.
    remove_leftovers(&tools.0, Duration::ZERO);
    let partial = PartialFolder::in_folder(&tools.0);
    fetch(session, partial.path())?;
    if home.exists() {
        fs::remove_dir_all(&home).map_err(FileError::on("remove", &home))?;
    }
    partial
        .settle(&home)
        .map_err(FileError::on("move into place", &home))?;
    Ok(program)
}

/// Fetches uv with the pip of a Python; where that Python has no pip, with the pip of a temporary venv.
fn fetch(session: &mut Session<'_>, target: &Path) -> Result<(), BuildError> {
    let offline = session.request.offline;
    session.note(match offline {
        false => "there is no uv on PATH; fetching it once".to_owned(),
        // pip still looks into the folders that it is set to find packages in.
        true => "there is no uv on PATH, and without a network it is looked for among local packages alone".to_owned(),
    });
    let python = session.request.python.executable.clone();
    let first = match fetch_with(session, &python, target)? {
        Fetched::Done => return Ok(()),
        Fetched::Failed { reason, transient } => {
            return Err(BuildError::NoInstaller {
                reasons: vec![reason],
                transient,
            });
        }
        Fetched::NoPip => format!("{} has no pip", python.display()),
    };
    let (second, transient) = match fetch_through_venv(session, target)? {
        Fetched::Done => return Ok(()),
        Fetched::Failed { reason, transient } => (reason, transient),
        Fetched::NoPip => ("an environment of it has no pip either".to_owned(), false),
    };
    Err(BuildError::NoInstaller {
        reasons: vec![first, second],
        transient,
    })
}

/// The result of a fetch with one pip.
enum Fetched {
    Done,
    /// There is no pip.
    NoPip,
    Failed {
        reason: String,
        /// Whether a retry may succeed.
        transient: bool,
    },
}

/// Makes a temporary venv with pip, and fetches with that one.
fn fetch_through_venv(session: &mut Session<'_>, target: &Path) -> Result<Fetched, BuildError> {
    let venv = session.folder.workbench().venv_with_pip();
    let mut command = session.command(&session.request.python.executable);
    command.args(["-I", "-m", "venv"]).arg(&venv);
    if !session.run(&mut command, Show::Nothing)?.exit.is_success() {
        return Ok(Fetched::Failed {
            reason: "its venv module can't make an environment with pip".to_owned(),
            transient: false,
        });
    }
    fetch_with(session, &venv_python(&venv), target)
}

/// Fetches with the pip of one Python.
fn fetch_with(
    session: &mut Session<'_>,
    python: &Path,
    target: &Path,
) -> Result<Fetched, BuildError> {
    let mut command = session.command(python);
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
        return Ok(Fetched::Done);
    }
    if finished.mentions(&["no module named pip"]) {
        return Ok(Fetched::NoPip);
    }
    let last = finished.last_lines().pop().unwrap_or_default();
    let reason = match session.request.offline {
        true => "there is no uv among local packages either".to_owned(),
        false => format!("uv could not be fetched ({last})"),
    };
    Ok(Fetched::Failed {
        reason,
        transient: finished.found_network_trouble() && !session.request.offline,
    })
}
