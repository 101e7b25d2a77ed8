//! Runs uv, the program that installs packages: from PATH, from the folder of `ade`, or fetched. It tries its cache first and
//! asks an index only if the cache is not enough, because a cache takes a fraction of the time and works without a network.

mod fetch;
mod index;
mod search;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use self::fetch::fetched;
use super::contents::LinkMode;
use super::error::BuildError;
use super::session::{BuildSession, Code, OutputEcho};
use crate::base::files::{open_again, touch};
use crate::environment::python::child_variables;

pub(super) use index::variables_for_uv;
pub use search::{FoundUv, UvSearch, find_uv};

/// The package name of the engine.
const ENGINE_NAME: &str = "ade-engine";

/// The words of uv when a file cannot be read.
const DENIED: &str = "os error 13";

/// A single installation by uv.
pub(crate) struct Install {
    /// True if the engine is installed without its dependencies.
    pub alone: bool,
    pub requirements: Vec<String>,
    /// The manifest whose `[tool.uv.sources]` define the sources of requirements.
    pub sources: Option<PathBuf>,
}

pub(crate) struct Uv {
    program: PathBuf,
    /// The name and version, such as `uv 0.9.2`.
    pub label: String,
}

impl Uv {
    /// Finds a uv that is recent enough, or fetches one.
    pub fn prepare(session: &mut BuildSession<'_>) -> Result<Self, BuildError> {
        let path = child_variables::get(&session.request.child_variables, "PATH")
            .unwrap_or_default()
            .to_owned();
        let tools = session.request.tools.clone();
        let beside = session.request.beside.clone();
        let found = search::search(&path, beside.as_deref(), &tools, &mut |program| {
            version(session, program)
        })?;
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

    pub fn create_venv(&self, session: &mut BuildSession<'_>) -> Result<(), BuildError> {
        let mut command = self.command(session, true);
        command
            .args(["venv", "--no-project", "--no-config", "--quiet", "--python"])
            .arg(&session.request.python.executable)
            .arg(session.folder.venv());
        session.succeed(&mut command, &self.label)
    }

    /// Installs the engine and the requirements into the venv, in one resolution so that their versions are compatible.
    pub fn install(
        &self,
        session: &mut BuildSession<'_>,
        install: &Install,
    ) -> Result<(), BuildError> {
        let lists = Lists::write(session, install)?;
        self.caches_first(session, &|session, offline| {
            self.command_to_install(session, install, &lists, offline)
        })
    }

    /// Installs only the exact versions with hashes in a list.
    pub fn install_locked(
        &self,
        session: &mut BuildSession<'_>,
        list: &Path,
    ) -> Result<(), BuildError> {
        self.caches_first(session, &|session, offline| {
            let mut command = self.command(session, offline);
            command
                .args(["pip", "install"])
                .args(no_build(session))
                .args(["--require-hashes", "--no-deps", "--python"])
                .arg(session.folder.python())
                .arg("-r")
                .arg(list);
            command
        })
    }

    pub fn uninstall(
        &self,
        session: &mut BuildSession<'_>,
        package: &str,
    ) -> Result<(), BuildError> {
        let mut command = self.command(session, true);
        command
            .args(["pip", "uninstall", "--python"])
            .arg(session.folder.python())
            .arg(package);
        session.succeed(&mut command, &self.label)
    }

    /// Marks parts of the cache as used.
    fn note_use(session: &BuildSession<'_>, program: &Path) {
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

    fn command(&self, session: &BuildSession<'_>, offline: bool) -> Command {
        let mut command = session.command(&self.program);
        command
            .envs(index::variables_for_uv(&session.request.child_variables))
            .env("UV_NO_PROGRESS", "1")
            .env("UV_PYTHON_DOWNLOADS", "never")
            .args(["--color", "never"]);
        let request = session.request;
        let cache = cache_of(session);
        let way = match session.code {
            Code::None => session.way,
            _ => LinkMode::Linked,
        };
        if session.code == Code::None {
            // In the configuration's folder, uv would read the configuration's own settings.
            command.current_dir(session.folder.workbench().path());
        } else {
            command.env("XDG_CACHE_HOME", &request.own_cache);
        }
        // uv copies if it cannot link, but warns about it in every build. On systems other than Linux its copies share their
        // content.
        let is_chosen = child_variables::get(&request.child_variables, "UV_LINK_MODE").is_some();
        let is_copied = way == LinkMode::Copied && cfg!(target_os = "linux");
        if let Some(cache) = &cache {
            command.env("UV_CACHE_DIR", cache);
        }
        let is_far = |cache| are_on_two_file_systems(cache, &session.folder.0);
        if !is_chosen && (is_copied || cache.as_deref().is_some_and(is_far)) {
            command.env("UV_LINK_MODE", "copy");
        }
        if offline {
            command.arg("--offline");
        }
        command
    }

    fn command_to_install(
        &self,
        session: &BuildSession<'_>,
        install: &Install,
        lists: &Lists,
        offline: bool,
    ) -> Command {
        let mut command = self.command(session, offline);
        command
            .args(["pip", "install"])
            .args(no_build(session))
            .arg("--python")
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
        if let Some(constraints) = &lists.constraints {
            command.arg("-c").arg(constraints);
        }
        command
    }
}

/// Returns the cache that uv uses now. `None` is uv's own.
fn cache_of(session: &BuildSession<'_>) -> Option<PathBuf> {
    match session.code {
        Code::None => session.request.uv_cache.clone(),
        _ => Some(session.request.own_cache.join("uv")),
    }
}

impl Uv {
    /// Installs from caches, and from an index if they are not enough. This makes the second environment cheap. If an
    /// installation fails because this user may not read parts of uv's cache, opens them and tries again.
    fn caches_first(
        &self,
        session: &mut BuildSession<'_>,
        command: &dyn Fn(&BuildSession<'_>, bool) -> Command,
    ) -> Result<(), BuildError> {
        let installed = self.install_caches_first(session, command);
        let is_denied = |line: &String| line.contains(DENIED);
        match &installed {
            Err(error) if error.last_lines().iter().any(is_denied) => {}
            _ => return installed,
        }
        let Some(cache) = cache_of(session).filter(|cache| open_again(cache)) else {
            return installed;
        };
        session.note(format!(
            "unreadable files of {} were made readable again",
            cache.display()
        ));
        self.install_caches_first(session, command)
    }

    fn install_caches_first(
        &self,
        session: &mut BuildSession<'_>,
        command: &dyn Fn(&BuildSession<'_>, bool) -> Command,
    ) -> Result<(), BuildError> {
        let only_offline = session.request.offline;
        let mut offline = command(session, true);
        let finished = session.run(&mut offline, OutputEcho::Nothing)?;
        // With a full disk, a retry with a network would fail, too.
        if finished.exit.is_success() || only_offline || finished.found_disk_full() {
            session.replay(&finished);
            return session.judge(&finished, &self.label, only_offline);
        }
        let mut online = command(session, false);
        // If that attempt failed halfway, uv would take its leftovers for installed packages.
        if finished.mentions(&["failed to install"]) {
            online.arg("--reinstall");
        }
        session.succeed(&mut online, &self.label)
    }

    /// Writes the exact versions with hashes of `install` to `list`, for every platform and for this Python and later ones. The
    /// dependencies in the manifest `sources` count, too. Keeps the versions that are already in `list` if possible.
    pub fn compile(
        &self,
        session: &mut BuildSession<'_>,
        install: &Install,
        sources: Option<&Path>,
        python: (u8, u8),
        list: &Path,
    ) -> Result<(), BuildError> {
        let lists = Lists::write(session, install)?;
        let mut command = self.command(session, session.request.offline);
        command
            .args(["pip", "compile"])
            .args(no_build(session))
            .args(["--quiet", "--universal", "--generate-hashes"])
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
        if let Some(constraints) = &lists.constraints {
            command.arg("-c").arg(constraints);
        }
        command.arg("-o").arg(list).arg(&lists.requirements);
        command.args(sources.or(install.sources.as_deref()));
        let finished = session.run(&mut command, OutputEcho::Nothing)?;
        session.judge(&finished, &self.label, session.request.offline)
    }
}

/// Returns the option that forbids uv to execute code of packages.
fn no_build(session: &BuildSession<'_>) -> Option<&'static str> {
    (session.code == Code::None).then_some("--no-build")
}

/// Returns whether uv failed because a package must be built while builds are forbidden.
pub(crate) fn needs_build(lines: &[String]) -> bool {
    const WORDS: [&str; 3] = [
        "no usable wheels",
        "Building source distributions",
        "building from source",
    ];
    lines
        .iter()
        .any(|line| WORDS.iter().any(|words| line.contains(words)))
}

fn are_on_two_file_systems(cache: &Path, folder: &Path) -> bool {
    let device = |path: &Path| {
        let existing = path.ancestors().find(|path| path.exists())?;
        Some(fs::metadata(existing).ok()?.dev())
    };
    matches!((device(cache), device(folder)), (Some(cache_device), Some(other)) if cache_device != other)
}

/// The files that list what uv installs.
struct Lists {
    /// Overrides all packages' requirements of the engine.
    overrides: PathBuf,
    requirements: PathBuf,
    constraints: Option<PathBuf>,
}

impl Lists {
    fn write(session: &BuildSession<'_>, install: &Install) -> Result<Self, BuildError> {
        let engine = &session.request.engine;
        let dependencies = session.request.configuration.dependencies();
        let mut lines = dependencies.index_options.clone();
        lines.push(engine.requirement());
        if install.sources.is_none() {
            lines.extend(install.requirements.iter().cloned());
        }
        let constraints = dependencies.constraints.iter().map(ToString::to_string);
        let constraints: Vec<String> = constraints.collect();
        let constraints = (!constraints.is_empty()).then_some(constraints);
        let workbench = session.folder.workbench();
        let write = |path, lines: &[String]| session.write_list(path, lines);
        Ok(Lists {
            overrides: write(workbench.overrides(), engine.replacement().as_slice())?,
            requirements: write(workbench.requirements(), &lines)?,
            constraints: constraints
                .map(|lines| write(workbench.constraints(), &lines))
                .transpose()?,
        })
    }
}

/// Returns the version that `uv --version` prints, or `None` if uv does not start.
fn version(session: &mut BuildSession<'_>, program: &Path) -> Result<Option<String>, BuildError> {
    let mut command = session.command(program);
    command.arg("--version");
    match session.run(&mut command, OutputEcho::Nothing) {
        Ok(finished) if finished.exit.is_success() => {
            Ok(finished.stdout().find_map(search::version_in))
        }
        Ok(_) | Err(BuildError::File(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
