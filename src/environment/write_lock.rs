//! Writes the lock of `ade lock`, which is exact versions with hashes next to the configuration, and checks whether a lock
//! fits.
//!
//! uv resolves the requirements of the engine and of the configuration, for every platform and for all Pythons that the
//! configuration allows. The engine itself is not part of the lock, because it comes from `ade`. A lock that fits is the only
//! source of the other packages. A lock that does not fit is ignored, or refused with `ADE_FROZEN` (`needed`).

use std::fs;
use std::path::PathBuf;

use super::building::cache_in_use::CacheInUse;
use super::building::installer::{Install, Uv, needs_build};
use super::building::session::{BuildSession, Code};
use super::needed::prepare::{demand, inputs, own_engine, python_for};
use super::provide::installers::request;
use super::python::oldest_allowed;
use super::{BuildError, BuildEvent, BuildRequest, BuildStepKind};
use crate::base::cancel::Cancel;
use crate::base::files::{self, FileError};
use crate::base::problem::{Error, Problem, code};
use crate::configuration::{Configuration, LOCK_FILE, LockedPackage, LockedVersions};
use crate::settings::Settings;
use crate::settings::paths::Paths;

impl From<BuildError> for Error {
    fn from(error: BuildError) -> Self {
        Self::with(error.facts(), error.in_full())
    }
}

/// A lock that was made, compared with the one before.
#[derive(Debug)]
pub struct WrittenLock {
    /// The path of the lock.
    pub path: PathBuf,
    /// The packages in the lock.
    pub packages: Vec<LockedPackage>,
    /// The packages of the lock before; empty if there was none that could be read.
    pub before: Vec<LockedPackage>,
    /// True if the file was written; false if its content was the same before.
    pub changed: bool,
}

/// Returns the lock of a configuration, if it fits. Asks no index.
///
/// # Errors
/// There is no lock, or it does not fit.
pub fn check(
    settings: &Settings,
    paths: &Paths,
    configuration: &Configuration,
) -> Result<LockedVersions, Error> {
    let engine = own_engine(settings)?;
    let python = python_for(settings, paths, configuration)?;
    demand(configuration, &engine, &python)
}

/// Writes the lock of a configuration, whole or not at all. Keeps versions of the lock before if possible, unless `upgrade`
/// asks for the newest.
///
/// # Errors
/// The versions cannot be found, one has no hash, or the file cannot be written.
pub fn lock(
    settings: &Settings,
    paths: &Paths,
    configuration: &Configuration,
    upgrade: bool,
    cancel: &Cancel,
    on_event: &mut dyn FnMut(BuildEvent),
) -> Result<WrittenLock, Error> {
    let engine = own_engine(settings)?;
    let python = python_for(settings, paths, configuration)?;
    let requires = configuration.dependencies().requires_python.as_deref();
    let oldest = requires
        .and_then(oldest_allowed)
        .unwrap_or((python.version.0, python.version.1));
    let inputs = inputs(configuration, &engine, oldest)?;
    let before = configuration.dependencies().lock.as_ref();

    let _in_use = CacheInUse::enter(paths.cache());
    let scratch = tempfile::tempdir().map_err(files::no_temporary_folder)?;
    // The installer gets a copy without what git ignores, as in a build.
    let (_, snapshot) =
        configuration.snapshot_except(&scratch.path().join("copy"), &[paths.data()])?;
    let request = request(
        (settings, paths),
        configuration,
        &snapshot,
        (&engine, python),
        scratch.path().join("environment"),
    )?;
    let preferred = before.filter(|_| !upgrade).map(LockedVersions::preferences);
    let resolved = resolve(&request, preferred, oldest, cancel, on_event);
    let printed =
        resolved.map(|(printed, sources)| LockedVersions::text(&inputs, &printed, &sources));
    // The copy is read-only, so deleting the folder above it would fail for everybody but root.
    let _ = files::remove_read_only_tree(&snapshot);
    let text = printed?;

    let made = LockedVersions::parse(&text);
    if made.inputs.is_err() {
        let requirement = without_hash(&text).unwrap_or_default();
        let message = format!(
            "`{requirement}` cannot be locked, because a repository or a folder has no hash"
        );
        return Err(Error::usage(code::USAGE, message)
            .hint("depend on a release in an index, or on the URL or path of a wheel"));
    }
    let path = configuration.root.join(LOCK_FILE);
    let changed = fs::read(&path).ok().as_deref() != Some(text.as_bytes());
    if changed {
        files::write_whole(&path, text.as_bytes()).map_err(FileError::unwritable)?;
    }
    Ok(WrittenLock {
        path,
        packages: made.packages,
        before: before.map_or_else(Vec::new, |lock| lock.packages.clone()),
        changed,
    })
}

/// Lets uv find the versions. Returns its output, and the folder in which it found the configuration.
fn resolve(
    request: &BuildRequest,
    preferred: Option<Vec<String>>,
    oldest: (u8, u8),
    cancel: &Cancel,
    on_event: &mut dyn FnMut(BuildEvent),
) -> Result<(String, PathBuf), BuildError> {
    let mut session = BuildSession::new(request, cancel, on_event);
    let workbench = session.folder.workbench();
    fs::create_dir_all(workbench.path())
        .map_err(FileError::on("create the folder", workbench.path()))?;
    let uv = session.step(BuildStepKind::PrepareInstaller, Uv::prepare)?;
    session.step(BuildStepKind::Resolve, |session| {
        let list = workbench.locked();
        if let Some(lines) = &preferred {
            session.write_list(list.clone(), lines)?;
        }
        let dependencies = request.configuration.dependencies();
        let install = Install {
            alone: false,
            requirements: dependencies.requirements_in(&session.sources),
            sources: dependencies
                .has_uv_sources
                .then(|| session.sources.join("pyproject.toml")),
        };
        // If only a build can find something out, uv asks the build tool.
        let files =
            ["pyproject.toml", "setup.py", "setup.cfg"].map(|name| session.sources.join(name));
        let mut files = files.into_iter().filter(|_| dependencies.needs_build);
        let built = files.find(|path| path.is_file());
        let compile = |session: &mut BuildSession<'_>, code| {
            session.with_code(code, |session| {
                uv.compile(session, &install, built.as_deref(), oldest, &list)
            })
        };
        let resolved = if request.follows_its_settings() {
            None
        } else {
            Some(compile(session, Code::None))
        };
        match resolved {
            Some(Err(error)) if !needs_build(error.last_lines()) => return Err(error),
            Some(Ok(())) => {}
            _ => {
                session.execute_code();
                compile(session, Code::OfBuilds)?;
            }
        }
        let text = fs::read_to_string(&list).map_err(FileError::on("read", &list))?;
        Ok((text, session.sources.clone()))
    })
}

/// Returns the first requirement of a lock that has no hash.
fn without_hash(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let begins = |line: &str| !line.starts_with(['#', ' ']) && !line.is_empty();
    let bare = lines.iter().enumerate().find(|(index, line)| {
        let next = lines.get(index + 1);
        begins(line) && !next.is_some_and(|next| next.trim_start().starts_with("--hash="))
    });
    bare.map(|(_, line)| line.trim_end_matches(['\\', ' ']).to_owned())
}

/// Returns a package as messages show it: `humanize 4.17.0`.
pub fn in_words(package: &LockedPackage) -> String {
    match &package.version {
        Some(version) => format!("{} {version}", package.name),
        None => package.name.clone(),
    }
}

/// Returns whether an error only says that the lock is missing or out of date.
pub fn is_unfit(error: &Error) -> bool {
    [code::LOCK_MISSING, code::LOCK_OUTDATED].contains(&error.code())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_requirement_without_a_hash_is_named() {
        let text = "# a\na==1 \\\n    --hash=sha256:00\nb @ git+https://host/b@00\n";
        assert_eq!(
            without_hash(text).as_deref(),
            Some("b @ git+https://host/b@00")
        );
        assert_eq!(without_hash("a==1 \\\n    --hash=sha256:00\n"), None);
    }
}
