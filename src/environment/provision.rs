//! Builds one environment in its own folder.
//!
//! A virtual environment does not like to be moved, so it is built where it stays. Until `.ready` is there, which is
//! written last and after everything else is on the disk, the folder counts as nothing: whatever a crashed or cancelled
//! builder left is removed by the next. Only `logs/` survives, for the story of a failure is there.
//!
//! Everything that happens is told through [`BuildEvent`]s, the installer's own lines among them. One time budget
//! covers all steps.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;
use thiserror::Error;

use super::installer::{self, Installer, InstallerChoice};
use super::{RUN_MARKER, bytecode, measure, verify};
use crate::cancel::Cancel;
use crate::configuration::{Configuration, Requirement, Wanted, file_url, is_engine};
use crate::process::{self, Exit, Outcome, Stream};
use crate::python::{Python, PythonError, child_env};

/// Which engine is installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineSource {
    /// A wheel file, and the version that it must turn out to be.
    Wheel { path: PathBuf, version: String },
    /// A source folder.
    Folder(PathBuf),
    /// Anything that an installer understands.
    Requirement(String),
}

impl EngineSource {
    /// The requirement by which an installer gets this engine.
    pub(super) fn requirement(&self) -> String {
        match self {
            EngineSource::Wheel { path, .. } => format!("ade-engine @ {}", file_url(path)),
            EngineSource::Folder(path) => file_url(path),
            EngineSource::Requirement(text) => text.clone(),
        }
    }

    /// What takes the place of every `ade-engine` that any package asks for. `None`: the engine goes by another name.
    pub(super) fn replacement(&self) -> Option<String> {
        match self {
            EngineSource::Wheel { .. } => Some(self.requirement()),
            EngineSource::Folder(path) => Some(format!("ade-engine @ {}", file_url(path))),
            EngineSource::Requirement(text) => {
                let requirement = Requirement::parse(text);
                match &requirement.wanted {
                    Wanted::Bare(place) if place.contains("://") => {
                        Some(format!("ade-engine @ {place}"))
                    }
                    Wanted::Bare(place) => {
                        Some(format!("ade-engine @ {}", file_url(Path::new(place))))
                    }
                    _ => is_engine(&requirement).then(|| requirement.to_string()),
                }
            }
        }
    }
}

/// Everything that a build needs to know.
#[derive(Clone, Debug)]
pub struct BuildRequest {
    /// Where the environment is built and stays.
    pub folder: PathBuf,
    pub configuration: Configuration,
    /// The read-only copy of the configuration whose files are installed from.
    pub snapshot: PathBuf,
    pub python: Python,
    pub engine: EngineSource,
    pub installer: InstallerChoice,
    /// Caches alone; nothing is asked of any index.
    pub offline: bool,
    /// For all steps together.
    pub timeout: Duration,
    pub pip_cache: PathBuf,
    /// `None`: uv's own.
    pub uv_cache: Option<PathBuf>,
    /// Where a fetched installer is kept: cache/tools.
    pub tools: PathBuf,
    pub environment_id: String,
    /// The caller's environment variables; index, proxy and certificate settings are among them.
    pub child_env: Vec<(OsString, OsString)>,
}

/// The steps of a build, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    PrepareInstaller,
    CreateVenv,
    InstallEngine,
    InstallConfig,
    Compile,
    VerifyImports,
    CollectMetadata,
}

impl Step {
    /// The name as event logs write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Step::PrepareInstaller => "prepare_installer",
            Step::CreateVenv => "create_venv",
            Step::InstallEngine => "install_engine",
            Step::InstallConfig => "install_config",
            Step::Compile => "compile",
            Step::VerifyImports => "verify_imports",
            Step::CollectMetadata => "collect_metadata",
        }
    }
}

/// What an installer does with a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PackageAction {
    Resolving,
    Downloading,
    Building,
    Installed,
    Removed,
}

impl PackageAction {
    /// The name as event logs write it.
    pub fn as_str(self) -> &'static str {
        match self {
            PackageAction::Resolving => "resolving",
            PackageAction::Downloading => "downloading",
            PackageAction::Building => "building",
            PackageAction::Installed => "installed",
            PackageAction::Removed => "removed",
        }
    }
}

/// What happens in a build, as it happens.
#[derive(Clone, Debug, PartialEq)]
pub enum BuildEvent {
    StepStarted {
        step: Step,
    },
    StepFinished {
        step: Step,
        duration: Duration,
    },
    /// Which package the installer is busy with.
    Package {
        name: String,
        /// Installers tell it only once they know it.
        version: Option<String>,
        action: PackageAction,
    },
    /// A line that a child printed.
    Line {
        stream: Stream,
        text: String,
    },
    /// Something that the person should know, and that is no failure.
    Note {
        message: String,
    },
}

/// A finished environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Built {
    /// The Python that it was made from.
    pub python: Python,
    pub venv: PathBuf,
    pub engine_version: String,
    /// Names and versions, sorted by name.
    pub packages: Vec<(String, String)>,
    /// Equal where two environments hold the same packages in the same versions.
    pub lock_digest: String,
    /// On disk, shared files included.
    pub size_bytes: u64,
    /// `uv 0.9.2`, `pip 24.0`.
    pub installer: String,
}

/// Why an environment could not be built.
#[derive(Debug, Error)]
pub enum BuildError {
    #[error(transparent)]
    Python(#[from] PythonError),
    #[error("{}: {program} failed ({exit})", step.as_str())]
    Installer {
        step: Step,
        program: String,
        exit: Exit,
        /// The end of what it said, in its own words.
        last_lines: Vec<String>,
        /// May the same succeed at another time? So after trouble with the network; not where there is no such version.
        transient: bool,
        /// Was it confined to caches?
        offline: bool,
    },
    #[error("{}: not done after {seconds} s", step.as_str())]
    Timeout { step: Step, seconds: u64 },
    #[error("{}: cancelled", step.as_str())]
    Cancelled { step: Step },
    #[error("the engine does not start in its new environment: {message}")]
    VerificationFailed {
        message: String,
        last_lines: Vec<String>,
    },
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("there is no installer: {}", reasons.join("; "))]
    NoInstaller {
        reasons: Vec<String>,
        transient: bool,
    },
}

impl BuildError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        BuildError::Io {
            path: path.to_owned(),
            source,
        }
    }

    /// May the same build succeed at another time, with nothing changed by anybody?
    pub fn is_transient(&self) -> bool {
        match self {
            BuildError::Installer { transient, .. } | BuildError::NoInstaller { transient, .. } => {
                *transient
            }
            BuildError::Io { source, .. } => {
                is_disk_full(source) || source.kind() == io::ErrorKind::WouldBlock
            }
            BuildError::Timeout { .. } => true,
            BuildError::Python(_)
            | BuildError::Cancelled { .. }
            | BuildError::VerificationFailed { .. } => false,
        }
    }

    /// What the program that failed said last.
    pub fn last_lines(&self) -> &[String] {
        match self {
            BuildError::Installer { last_lines, .. }
            | BuildError::VerificationFailed { last_lines, .. } => last_lines,
            _ => &[],
        }
    }

    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            BuildError::Python(error) => return crate::problem::Problem::hint(error),
            BuildError::Installer { offline: true, .. } => {
                "only caches were used; leave out --offline (ADE_OFFLINE) once, with a network".to_owned()
            }
            BuildError::Installer { transient: true, .. } => {
                "check the network, and HTTPS_PROXY and the index settings where you use them; then try again".to_owned()
            }
            BuildError::Installer {
                step: Step::CreateVenv, ..
            } => "install uv, or your system's package for Python's venv module (python3-venv)".to_owned(),
            BuildError::Installer { .. } => {
                "correct the dependencies in the configuration's pyproject.toml or requirements.txt".to_owned()
            }
            BuildError::Timeout { .. } => "raise ADE_BUILD_TIMEOUT, or check the network".to_owned(),
            BuildError::VerificationFailed { .. } => {
                "check ADE_ENGINE_SPEC where you set it, and the versions that the configuration pins".to_owned()
            }
            BuildError::Io { source, .. } if is_disk_full(source) => {
                "free some space, or move the data directory with ADE_DATA_DIR".to_owned()
            }
            BuildError::Io { source, .. } if matches!(source.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem) => {
                "check that you may write the data directory, or move it with ADE_DATA_DIR".to_owned()
            }
            BuildError::NoInstaller { .. } => {
                "install uv, or your system's packages for pip and venv (python3-pip, python3-venv)".to_owned()
            }
            BuildError::Io { .. } | BuildError::Cancelled { .. } => return None,
        })
    }
}

fn is_disk_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

const READY: &str = ".ready";
const VENV: &str = ".venv";
/// What the installer is handed; gone when the environment is ready.
const WORKBENCH: &str = ".build";

/// Is there a finished environment in `folder`? A look at two files.
pub fn is_ready(folder: &Path) -> bool {
    folder.join(READY).exists() && folder.join(VENV).join("bin/python").exists()
}

/// Builds the environment. The caller holds the lock of its key.
pub fn provision(
    request: &BuildRequest,
    cancel: &Cancel,
    on_event: &mut dyn FnMut(BuildEvent),
) -> Result<Built, BuildError> {
    let folder = &request.folder;
    clear(folder)?;
    let mut work = Work {
        request,
        cancel,
        on_event,
        deadline: Instant::now().checked_add(request.timeout),
        step: Step::PrepareInstaller,
        sources: request.configuration.folder_in(&request.snapshot),
        venv: folder.join(VENV),
        workbench: folder.join(WORKBENCH),
    };
    let built = build(&mut work);
    if built.is_err() {
        // Half an environment is of no use to anybody; the log tells more. The next builder clears up in any case.
        let _ = clear(folder);
    }
    built
}

/// Removes all but the logs, `.ready` first.
fn clear(folder: &Path) -> Result<(), BuildError> {
    fs::create_dir_all(folder).map_err(|error| BuildError::io(folder, error))?;
    let remove = |path: &Path| {
        let removed = match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
            Ok(_) => fs::remove_file(path),
            Err(error) => Err(error),
        };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(BuildError::io(path, error))
            }
            _ => Ok(()),
        }
    };
    remove(&folder.join(READY))?;
    for entry in fs::read_dir(folder).map_err(|error| BuildError::io(folder, error))? {
        let entry = entry.map_err(|error| BuildError::io(folder, error))?;
        if entry.file_name() != "logs" {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

fn build(work: &mut Work<'_>) -> Result<Built, BuildError> {
    let request = work.request;
    let workbench = work.workbench.clone();
    fs::create_dir_all(&workbench).map_err(|error| BuildError::io(&workbench, error))?;

    let mut installer = work.step(Step::PrepareInstaller, installer::prepare)?;
    work.step(Step::CreateVenv, |work| installer.create_venv(work))?;
    work.step(Step::InstallEngine, |work| {
        install_engine(work, installer.as_mut())
    })?;
    work.step(Step::InstallConfig, |work| {
        install_configuration(work, installer.as_mut())
    })?;
    let bytecode = work.step(Step::Compile, bytecode::compile)?;
    let engine_version = work.step(Step::VerifyImports, verify::verify)?;
    work.step(Step::CollectMetadata, |work| {
        let site_packages = work.site_packages()?;
        let installed = measure::installed(&site_packages)
            .map_err(|error| BuildError::io(&site_packages, error))?;
        fs::remove_dir_all(&workbench).map_err(|error| BuildError::io(&workbench, error))?;
        let usage =
            measure::disk_usage(&work.venv).map_err(|error| BuildError::io(&work.venv, error))?;
        let built = Built {
            python: request.python.clone(),
            venv: work.venv.clone(),
            engine_version,
            lock_digest: measure::lock_digest(&installed),
            packages: installed
                .into_iter()
                .map(|package| (package.name, package.version))
                .collect(),
            size_bytes: usage.total_bytes,
            installer: installer.label().to_owned(),
        };
        finish(request, &built)?;
        bytecode.keep();
        Ok(built)
    })
}

fn install_engine(work: &mut Work<'_>, installer: &mut dyn Installer) -> Result<(), BuildError> {
    let install = Install {
        engine: work.request.engine.requirement(),
        requirements: Vec::new(),
        sources: None,
        index_options: work
            .request
            .configuration
            .dependencies()
            .index_options
            .clone(),
        constraints: work.write_constraints()?,
    };
    installer.install(work, &install)
}

/// Installs what the configuration depends on, and makes its folder importable for those who work on it.
fn install_configuration(
    work: &mut Work<'_>,
    installer: &mut dyn Installer,
) -> Result<(), BuildError> {
    let request = work.request;
    let dependencies = request.configuration.dependencies();
    for asked in &dependencies.engine {
        work.note(format!(
            "the configuration asks for `{asked}`; the engine that ADE is set to use is installed in its place"
        ));
    }
    let mut requirements = dependencies.requirements_in(&work.sources);
    let mut build_copy = None;
    if dependencies.needs_build {
        let copy = work.workbench.join("source");
        copy_tree(&work.sources, &copy).map_err(|error| BuildError::io(&copy, error))?;
        requirements.push(file_url(&copy));
        build_copy = Some(copy);
    }
    if !requirements.is_empty() {
        let install = Install {
            engine: request.engine.requirement(),
            requirements,
            sources: dependencies
                .has_uv_sources
                .then(|| work.sources.join("pyproject.toml")),
            index_options: dependencies.index_options.clone(),
            constraints: work.write_constraints()?,
        };
        installer.install(work, &install)?;
    }
    if let Some(copy) = build_copy {
        remove_configuration(work, installer, &copy)?;
    }
    write_import_file(work)
}

/// Built only for the sake of its dependencies, the configuration itself goes again: a stale copy of it must not come
/// before the one that a person is working on.
fn remove_configuration(
    work: &mut Work<'_>,
    installer: &mut dyn Installer,
    copy: &Path,
) -> Result<(), BuildError> {
    let site_packages = work.site_packages()?;
    let installed = measure::installed(&site_packages)
        .map_err(|error| BuildError::io(&site_packages, error))?;
    let url = file_url(copy);
    for package in installed {
        if package.origin.is_some_and(|origin| origin.contains(&url)) {
            installer.uninstall(work, &package.name)?;
        }
    }
    Ok(())
}

/// `site` executes lines of a `.pth` file that begin with `import`; so the line can look whether this is a run.
fn write_import_file(work: &Work<'_>) -> Result<(), BuildError> {
    let Some(folder) = work.request.configuration.import_root().to_str() else {
        // A name that is no text can't be written there. Runs do not need it.
        return Ok(());
    };
    // Written in ASCII, since Python reads such files in whatever encoding it is set to.
    let mut literal = String::new();
    for unit in folder.chars() {
        match unit {
            ' '..='~' if unit != '\'' && unit != '\\' => literal.push(unit),
            other => {
                use std::fmt::Write;
                let _ = write!(literal, "\\U{:08x}", u32::from(other));
            }
        }
    }
    let line =
        format!("import os, sys; os.environ.get('{RUN_MARKER}') or sys.path.append('{literal}')\n");
    let path = work.site_packages()?.join("_ade_configuration.pth");
    fs::write(&path, line).map_err(|error| BuildError::io(&path, error))
}

/// Writes the record, puts everything on the disk, and says that the environment is ready.
fn finish(request: &BuildRequest, built: &Built) -> Result<(), BuildError> {
    let folder = &request.folder;
    let packages: Vec<_> = built
        .packages
        .iter()
        .map(|(name, version)| json!({"name": name, "version": version}))
        .collect();
    let record = json!({
        "environment_id": request.environment_id,
        "created_at": jiff::Timestamp::now().round(jiff::Unit::Millisecond).map(|time| time.to_string()).ok(),
        "configuration": {"name": request.configuration.name, "path": request.configuration.root.to_string_lossy()},
        "python": {
            "executable": built.python.executable.to_string_lossy(),
            "version": built.python.version_text(),
            "implementation": built.python.implementation,
            "platform": built.python.platform,
        },
        "engine_version": built.engine_version,
        "installer": built.installer,
        "lock_digest": built.lock_digest,
        "size_bytes": built.size_bytes,
        "packages": packages,
    });
    let mut text = format!("{record:#}");
    text.push('\n');
    write_whole(folder, "environment.json", text.as_bytes())?;
    sync_file_system(folder).map_err(|error| BuildError::io(folder, error))?;
    write_whole(
        folder,
        READY,
        format!("{}\n", request.environment_id).as_bytes(),
    )
}

/// Written beside, synced, renamed, and the folder synced: there whole, or not there.
fn write_whole(folder: &Path, name: &str, content: &[u8]) -> Result<(), BuildError> {
    let path = folder.join(name);
    let beside = folder.join(format!("{name}.partial"));
    let write = || -> io::Result<()> {
        let mut file = File::create(&beside)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&beside, &path)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(|error| BuildError::io(&path, error))
}

/// Thousands of small files: one call for the whole file system is far cheaper than one for each of them.
#[cfg(target_os = "linux")]
fn sync_file_system(folder: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd;
    let folder = File::open(folder)?;
    // SAFETY: a plain system call on a descriptor that lives until after it.
    if unsafe { libc::syncfs(folder.as_raw_fd()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn sync_file_system(_folder: &Path) -> io::Result<()> {
    // SAFETY: takes nothing and returns nothing.
    unsafe { libc::sync() };
    Ok(())
}

/// A writable copy, for build tools that write beside what they read.
fn copy_tree(source: &Path, target: &Path) -> io::Result<()> {
    fs::create_dir_all(target)?;
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let copy = target.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &copy)?;
        } else {
            fs::write(&copy, fs::read(entry.path())?)?;
        }
    }
    Ok(())
}

/// One call of an installer.
pub(super) struct Install {
    pub engine: String,
    pub requirements: Vec<String>,
    /// The manifest whose `[tool.uv.sources]` say where requirements come from.
    pub sources: Option<PathBuf>,
    pub index_options: Vec<String>,
    pub constraints: Option<PathBuf>,
}

/// How much of a child's output is passed on as it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Show {
    Everything,
    /// Kept for an error message.
    Nothing,
}

/// A child that ended by itself.
pub(super) struct Finished {
    pub exit: Exit,
    pub lines: Vec<(Stream, String)>,
}

impl Finished {
    pub fn stdout(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.lines
            .iter()
            .filter(|(stream, _)| *stream == Stream::Stdout)
            .map(|(_, line)| line.as_str())
    }

    /// Does any line contain one of these? Compared in lower case.
    pub fn mentions(&self, phrases: &[&str]) -> bool {
        self.lines.iter().any(|(_, line)| {
            let line = line.to_lowercase();
            phrases.iter().any(|phrase| line.contains(phrase))
        })
    }

    /// Did the child say that there was no room on the disk?
    pub fn found_disk_full(&self) -> bool {
        self.mentions(&["no space left on device", "disk quota exceeded"])
    }

    /// The end of what was said, without what an installer says in any case.
    pub fn last_lines(&self) -> Vec<String> {
        const KEPT: usize = 20;
        const ALWAYS_SAID: [&str; 2] = ["Using Python ", "Looking in "];
        let spoken: Vec<&String> = self
            .lines
            .iter()
            .map(|(_, line)| line)
            .filter(|line| {
                !line.trim().is_empty() && !ALWAYS_SAID.iter().any(|words| line.starts_with(words))
            })
            .collect();
        spoken[spoken.len().saturating_sub(KEPT)..]
            .iter()
            .map(|line| (*line).clone())
            .collect()
    }
}

/// A build in progress: what the steps and the installers share.
pub(super) struct Work<'a> {
    pub request: &'a BuildRequest,
    pub cancel: &'a Cancel,
    on_event: &'a mut dyn FnMut(BuildEvent),
    deadline: Option<Instant>,
    step: Step,
    /// The configuration's folder in the snapshot.
    pub sources: PathBuf,
    pub venv: PathBuf,
    pub workbench: PathBuf,
}

impl Work<'_> {
    fn step<T>(
        &mut self,
        step: Step,
        perform: impl FnOnce(&mut Self) -> Result<T, BuildError>,
    ) -> Result<T, BuildError> {
        self.step = step;
        if self.cancel.is_cancelled() {
            return Err(BuildError::Cancelled { step });
        }
        let started = Instant::now();
        self.tell(BuildEvent::StepStarted { step });
        let answer = perform(self)?;
        self.tell(BuildEvent::StepFinished {
            step,
            duration: started.elapsed(),
        });
        Ok(answer)
    }

    pub fn tell(&mut self, event: BuildEvent) {
        (self.on_event)(event);
    }

    pub fn note(&mut self, message: String) {
        let message = child_env::without_credentials(&message);
        self.tell(BuildEvent::Note { message });
    }

    /// The venv's Python.
    pub fn python(&self) -> PathBuf {
        self.venv.join("bin/python")
    }

    pub fn site_packages(&self) -> Result<PathBuf, BuildError> {
        measure::site_packages(&self.venv).map_err(|error| BuildError::io(&self.venv, error))
    }

    /// A command with the environment variables that children get, in the snapshot, where an installer finds the
    /// configuration's own settings.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        child_env::apply(&mut command, &self.request.child_env);
        command.env("NO_COLOR", "1").current_dir(&self.sources);
        command
    }

    /// Runs a child within the build's time. Any exit by itself is an answer; being stopped is an error.
    pub fn run(&mut self, command: &mut Command, show: Show) -> Result<Finished, BuildError> {
        let step = self.step;
        let seconds = self.request.timeout.as_secs();
        let timeout = self
            .deadline
            .map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if timeout.is_some_and(|left| left.is_zero()) {
            return Err(BuildError::Timeout { step, seconds });
        }
        let options = process::Options {
            timeout,
            ..process::Options::default()
        };
        let program = PathBuf::from(command.get_program());
        let mut lines = Vec::new();
        let on_event = &mut *self.on_event;
        let outcome: io::Result<Outcome> =
            process::run(command, self.cancel, &options, &mut |stream, line| {
                let line = child_env::without_credentials(line);
                if show == Show::Everything && !line.trim().is_empty() {
                    report(stream, &line, on_event);
                }
                lines.push((stream, line));
            });
        let exit = outcome
            .map_err(|error| BuildError::io(&program, error))?
            .exit;
        match exit {
            Exit::Cancelled => Err(BuildError::Cancelled { step }),
            Exit::TimedOut => Err(BuildError::Timeout { step, seconds }),
            Exit::Code(_) | Exit::Signal(_) => Ok(Finished { exit, lines }),
        }
    }

    /// Passes on what a child said that ran unseen.
    pub fn replay(&mut self, finished: &Finished) {
        for (stream, line) in &finished.lines {
            if !line.trim().is_empty() {
                report(*stream, line, self.on_event);
            }
        }
    }

    /// The error for a child that said no.
    pub fn failure(&self, program: &str, finished: &Finished, offline: bool) -> BuildError {
        if finished.found_disk_full() {
            return BuildError::io(
                &self.request.folder,
                io::Error::from(io::ErrorKind::StorageFull),
            );
        }
        let killed = matches!(finished.exit, Exit::Signal(_));
        BuildError::Installer {
            step: self.step,
            program: program.to_owned(),
            exit: finished.exit,
            last_lines: finished.last_lines(),
            transient: !offline && (killed || finished.mentions(&installer::NETWORK_TROUBLE)),
            offline,
        }
    }

    fn write_constraints(&self) -> Result<Option<PathBuf>, BuildError> {
        let constraints = &self.request.configuration.dependencies().constraints;
        if constraints.is_empty() {
            return Ok(None);
        }
        let lines: Vec<String> = constraints.iter().map(ToString::to_string).collect();
        self.write_list("constraints.txt", &lines).map(Some)
    }

    /// A file on the workbench with one entry on each line.
    pub fn write_list(&self, name: &str, lines: &[String]) -> Result<PathBuf, BuildError> {
        let path = self.workbench.join(name);
        let text: String = lines
            .iter()
            .flat_map(|line| [line.as_str(), "\n"])
            .collect();
        fs::write(&path, text).map_err(|error| BuildError::io(&path, error))?;
        Ok(path)
    }
}

fn report(stream: Stream, line: &str, on_event: &mut dyn FnMut(BuildEvent)) {
    on_event(BuildEvent::Line {
        stream,
        text: line.to_owned(),
    });
    for (name, version, action) in installer::packages_in(line) {
        on_event(BuildEvent::Package {
            name,
            version,
            action,
        });
    }
}
