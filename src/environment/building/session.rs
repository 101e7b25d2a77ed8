//! A build in progress: the state that its steps and uv share.
//!
//! A session starts children within the build's time, passes on their output, and turns their end into a result or an error. It
//! depends neither on the steps nor on uv.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use super::contents::{self, LinkMode};
use super::error::BuildError;
use super::output::{self, BuildEvent, BuildStepKind, FinishedChild};
use super::request::BuildRequest;
use crate::base::cancel::Cancel;
use crate::base::files::FileError;
use crate::engine::{EnginePackage, sandbox};
use crate::environment::building::cache_in_use::CacheInUse;
use crate::environment::python::child_variables;
use crate::settings::Sandbox;
use crate::settings::paths::EnvironmentFolder;
use crate::system::process::{self, Exit};

/// The part of a child's output that is passed on as it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OutputEcho {
    Everything,
    /// The output is kept for an error message.
    Nothing,
}

/// The code that a child may execute. It decides what the child may write in addition to the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Code {
    /// Only the installer's and Python's own code. It may write the caches that all environments share.
    None,
    /// Code of packages while they are built. It may write the workspace's own cache.
    OfBuilds,
    /// Code of installed packages. It may write nothing, not even the environment.
    OfPackages,
}

/// A build in progress, with its request.
pub(crate) struct BuildSession<'a> {
    pub request: &'a BuildRequest,
    pub cancel: &'a Cancel,
    on_event: &'a mut dyn FnMut(BuildEvent),
    deadline: Option<Instant>,
    step: BuildStepKind,
    /// The code that children may execute if they start now.
    pub code: Code,
    /// The way in which files get into the environment from shared places.
    pub way: LinkMode,
    /// The workspace's own cache, once the build uses it.
    own_cache: Option<CacheInUse>,
    /// The configuration's folder in the snapshot.
    pub sources: PathBuf,
    pub folder: EnvironmentFolder,
}

impl<'a> BuildSession<'a> {
    pub fn new(
        request: &'a BuildRequest,
        cancel: &'a Cancel,
        on_event: &'a mut dyn FnMut(BuildEvent),
    ) -> Self {
        BuildSession {
            request,
            cancel,
            on_event,
            deadline: Instant::now().checked_add(request.timeout),
            step: BuildStepKind::PrepareInstaller,
            code: Code::None,
            way: if request.sandbox.keeps_modes() {
                LinkMode::Linked
            } else {
                LinkMode::Copied
            },
            own_cache: None,
            sources: request.configuration.folder_in(&request.snapshot),
            folder: EnvironmentFolder(request.folder.clone()),
        }
    }

    /// Performs a step, unless the build was cancelled, and reports its beginning and its end.
    pub fn step<T>(
        &mut self,
        step: BuildStepKind,
        perform: impl FnOnce(&mut Self) -> Result<T, BuildError>,
    ) -> Result<T, BuildError> {
        self.step = step;
        if self.cancel.is_cancelled() {
            return Err(BuildError::Cancelled { step });
        }
        let started = Instant::now();
        self.report(BuildEvent::StepStarted { step });
        let answer = perform(self)?;
        self.report(BuildEvent::StepFinished {
            step,
            duration: started.elapsed(),
        });
        Ok(answer)
    }

    /// Allows the build of packages from now on. Files from shared caches are copied, because the executed code can write the
    /// environment's files.
    pub fn execute_code(&mut self) {
        self.way = LinkMode::Copied;
        let cache = self.request.own_cache.parent();
        self.own_cache = cache.and_then(Path::parent).map(CacheInUse::enter);
    }

    /// Returns whether packages are built.
    pub fn executes_code(&self) -> bool {
        self.own_cache.is_some()
    }

    /// Does `perform`, whose children may execute this code.
    pub fn with_code<T>(
        &mut self,
        code: Code,
        perform: impl FnOnce(&mut Self) -> Result<T, BuildError>,
    ) -> Result<T, BuildError> {
        self.code = code;
        let answer = perform(self);
        self.code = Code::None;
        answer
    }

    fn report(&mut self, event: BuildEvent) {
        (self.on_event)(event);
    }

    /// Reports a note for the user.
    pub fn note(&mut self, message: String) {
        let message = child_variables::without_credentials(&message);
        self.report(BuildEvent::Note { message });
    }

    /// Returns the venv's folder with the installed packages.
    pub fn site_packages(&self) -> Result<PathBuf, BuildError> {
        let venv = self.folder.venv();
        Ok(contents::site_packages(&venv).map_err(FileError::on("read", &venv))?)
    }

    /// Returns a command with the environment variables for children. It starts in the snapshot, where an installer finds the
    /// configuration's own settings.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        child_variables::apply(&mut command, &self.request.child_variables);
        command
            .env("NO_COLOR", "1")
            .env("TMPDIR", self.folder.workbench().scratch())
            .current_dir(&self.sources);
        command
    }

    /// Returns the rest of the build's time, or `None` if it has no limit.
    pub fn time_left(&self) -> Option<Duration> {
        let now = Instant::now();
        self.deadline
            .map(|deadline| deadline.saturating_duration_since(now))
    }

    /// Returns the error for the end of the build's time.
    pub fn timeout(&self) -> BuildError {
        BuildError::Timeout {
            step: self.step,
            seconds: self.request.timeout.as_secs(),
        }
    }

    /// Runs a child within the build's time. An exit with any status is a result; a timeout or a cancel is an error.
    pub fn run(
        &mut self,
        command: &mut Command,
        show: OutputEcho,
    ) -> Result<FinishedChild, BuildError> {
        let step = self.step;
        let timeout = self.time_left();
        if timeout.is_some_and(|left| left.is_zero()) {
            return Err(self.timeout());
        }
        let options = process::ChildLimits {
            timeout,
            ..process::ChildLimits::default()
        };
        let program = PathBuf::from(command.get_program());
        self.confine(command)?;
        let mut lines = Vec::new();
        let on_event = &mut *self.on_event;
        let outcome = process::run(command, self.cancel, &options, &mut |stream, line| {
            let line = child_variables::without_credentials(line);
            if show == OutputEcho::Everything && !line.trim().is_empty() {
                output::report(stream, &line, on_event);
            }
            lines.push((stream, line));
        });
        let exit = outcome.map_err(FileError::on("start", &program))?.exit;
        match exit {
            Exit::Cancelled => Err(BuildError::Cancelled { step }),
            Exit::TimedOut => Err(self.timeout()),
            Exit::Code(_) | Exit::Signal(_) | Exit::Exceeded(_) => {
                Ok(FinishedChild { exit, lines })
            }
        }
    }

    /// Runs a child of `program` and passes on its output. Returns an error if the child does not succeed.
    pub fn succeed(&mut self, command: &mut Command, program: &str) -> Result<(), BuildError> {
        let finished = self.run(command, OutputEcho::Everything)?;
        self.judge(&finished, program, false)
    }

    /// Returns the error for a child that did not succeed. `offline`: only caches were allowed.
    pub fn judge(
        &self,
        finished: &FinishedChild,
        program: &str,
        offline: bool,
    ) -> Result<(), BuildError> {
        if finished.exit.is_success() {
            return Ok(());
        }
        if let Some(error) = finished.exhausted() {
            return Err(FileError::on("build", &self.request.folder)(error).into());
        }
        if finished.mentions(&["hash mismatch", "do not match the hashes"]) {
            return Err(BuildError::HashMismatch {
                step: self.step,
                last_lines: finished.last_lines(),
            });
        }
        let killed = matches!(finished.exit, Exit::Signal(_));
        let engine = &self.request.engine.engine;
        Err(BuildError::Installer {
            step: self.step,
            program: program.to_owned(),
            exit: finished.exit,
            refused: self.request.sandbox.level != Sandbox::Off
                && finished.mentions(&[
                    "permission denied",
                    "os error 13",
                    // The folders that it may not write are mounted this way.
                    "read-only file system",
                    "os error 30",
                ]),
            last_lines: finished.last_lines(),
            engine: (self.step == BuildStepKind::InstallEngine
                && *engine != EnginePackage::Embedded)
                .then(|| engine.spec()),
            transient: !offline && (killed || finished.found_network_trouble()),
            offline,
        })
    }

    /// Confines a child to what it may write. Creates those folders, because rules for missing folders have no effect.
    fn confine(&self, command: &mut Command) -> Result<(), BuildError> {
        let request = self.request;
        let obstacles = request.sandbox.obstacles();
        if !obstacles.is_empty() {
            return Err(BuildError::NotConfined { reasons: obstacles });
        }
        let scratch = self.folder.workbench().scratch();
        fs::create_dir_all(&scratch).map_err(FileError::on("create the folder", &scratch))?;
        let mut policy = request.sandbox.clone();
        let shared = [
            Some(&request.pip_cache),
            request.uv_cache.as_ref(),
            Some(&request.tools.0),
        ];
        let shared = shared.into_iter().flatten();
        let caches: Vec<&PathBuf> = match self.code {
            Code::None => shared.collect(),
            Code::OfBuilds => vec![&request.own_cache],
            Code::OfPackages => Vec::new(),
        };
        for cache in caches {
            // If this fails, the installer reports it.
            let _ = fs::create_dir_all(cache);
            policy.writes.push(cache.clone());
        }
        policy.writes.push(match self.code {
            Code::OfPackages => scratch,
            _ => request.folder.clone(),
        });
        policy.executes_code = self.code != Code::None;
        if policy.executes_code {
            policy.writes.extend(self.built_in_place());
            policy.hidden.clone_from(&request.hidden);
            policy.reads.extend([
                request.folder.clone(),
                request.snapshot.clone(),
                request.tools.0.clone(),
            ]);
            policy.reads.extend(request.engine.file.clone());
            policy.python = request.python.executable.clone();
        }
        sandbox::confine_build(&policy, command);
        Ok(())
    }

    /// Returns the folders in which the engine and dependencies are built in place. The snapshot is not included, because runs
    /// import it.
    fn built_in_place(&self) -> Vec<PathBuf> {
        let dependencies = self.request.configuration.dependencies();
        let mut requirements = dependencies.requirements_in(&self.sources);
        requirements.push(self.request.engine.requirement());
        let folders = requirements.iter().filter_map(|text| folder_of(text));
        let request = self.request;
        // A dependency on one of ADE's own folders, such as a cache, gives no right to write there.
        let is_own = |folder: &PathBuf| {
            let chosen = request.uv_cache.iter().chain([&request.pip_cache]);
            let mut own = request.hidden.iter().chain(chosen);
            own.any(|own| folder.starts_with(own) || own.starts_with(folder))
        };
        folders.filter(|folder| !is_own(folder)).collect()
    }

    /// Passes on the output of a child that ran without showing it.
    pub fn replay(&mut self, finished: &FinishedChild) {
        for (stream, line) in &finished.lines {
            if !line.trim().is_empty() {
                output::report(*stream, line, self.on_event);
            }
        }
    }

    /// Writes a file of the workbench, with one entry per line.
    pub fn write_list(&self, path: PathBuf, lines: &[String]) -> Result<PathBuf, BuildError> {
        let text: String = lines
            .iter()
            .flat_map(|line| [line.as_str(), "\n"])
            .collect();
        fs::write(&path, text).map_err(FileError::on("write", &path))?;
        Ok(path)
    }
}

/// Returns the folder from which a requirement is built, if it names a folder. Build tools write next to the files that they
/// read.
fn folder_of(requirement: &str) -> Option<PathBuf> {
    let path = match requirement.split_once("file://") {
        Some((_, url)) => {
            let path = url.split([';', '#']).next()?.trim();
            // The decoder is for forms, in which a plus sign means a blank.
            let form = format!("path={}", path.replace('+', "%2B"));
            let decoded = form_urlencoded::parse(form.as_bytes()).next()?;
            PathBuf::from(decoded.1.into_owned())
        }
        None => PathBuf::from(requirement),
    };
    (path.is_absolute() && path.is_dir()).then_some(path)
}
