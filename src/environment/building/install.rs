//! Installs the engine, and then the configuration's dependencies.
//!
//! The configuration itself is not installed. A `.pth` file makes its folder importable for its author; runs import a snapshot.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::contents::{self, IMPORT_FILE};
use super::error::BuildError;
use super::installer::{Install, Uv};
use super::session::{BuildSession, Code};
use crate::base::files::FileError;
use crate::configuration::{LOCK_FILE, file_url};
use crate::engine::RUN_MARKER;

/// Installs the engine into the venv.
pub(super) fn engine(session: &mut BuildSession<'_>, uv: &Uv) -> Result<(), BuildError> {
    let install = Install {
        // The lock contains the engine's dependencies.
        alone: matches!(session.request.lock, Some(Ok(_))),
        requirements: Vec::new(),
        sources: None,
    };
    let code = match session.request.engine.wheel_version() {
        Some(_) => Code::None,
        // The operator chose this engine. It and its dependencies are built if necessary.
        None => Code::OfBuilds,
    };
    session.with_code(code, |session| uv.install(session, &install))
}

/// Installs the configuration's dependencies, and makes its folder importable for its author.
pub(super) fn configuration(session: &mut BuildSession<'_>, uv: &Uv) -> Result<(), BuildError> {
    let code = if session.executes_code() {
        Code::OfBuilds
    } else {
        Code::None
    };
    session.with_code(code, |session| dependencies(session, uv))?;
    write_import_file(session)
}

fn dependencies(session: &mut BuildSession<'_>, uv: &Uv) -> Result<(), BuildError> {
    let dependencies = session.request.configuration.dependencies();
    for asked in &dependencies.engine {
        session.note(format!(
            "the configuration asks for `{asked}`; the engine that ADE is set to use is installed instead"
        ));
    }
    match &session.request.lock {
        Some(Ok(lock)) => {
            let mut lines = dependencies.index_options.clone();
            lines.extend(lock.lines_in(&session.sources));
            let list = session.write_list(session.folder.workbench().locked(), &lines)?;
            return uv.install_locked(session, &list);
        }
        Some(Err(reason)) => session.note(format!(
            "{LOCK_FILE} is out of date and not used: {reason}; `ade lock` writes a new one"
        )),
        None => {}
    }
    let build_copy = dependencies
        .needs_build
        .then(|| copy_sources(session))
        .transpose()?;
    let mut requirements = dependencies.requirements_in(&session.sources);
    requirements.extend(build_copy.as_deref().map(file_url));
    if !requirements.is_empty() {
        let install = Install {
            alone: false,
            requirements,
            sources: dependencies
                .has_uv_sources
                .then(|| session.sources.join("pyproject.toml")),
        };
        uv.install(session, &install)?;
    }
    if let Some(copy) = build_copy {
        remove_configuration(session, uv, &copy)?;
    }
    Ok(())
}

/// Makes a writable copy of the configuration, because some build tools write next to the files that they read.
fn copy_sources(session: &BuildSession<'_>) -> Result<PathBuf, BuildError> {
    let copy = session.folder.workbench().sources();
    copy_tree(&session.sources, &copy)
        .map_err(FileError::on("copy the configuration to", &copy))?;
    Ok(copy)
}

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

/// Removes the configuration itself, if it was installed to get its dependencies. The installed copy would hide the author's
/// files and become outdated.
fn remove_configuration(
    session: &mut BuildSession<'_>,
    uv: &Uv,
    copy: &Path,
) -> Result<(), BuildError> {
    let site_packages = session.site_packages()?;
    let installed =
        contents::installed(&site_packages).map_err(FileError::on("read", &site_packages))?;
    let url = file_url(copy);
    for package in installed {
        if package.origin.is_some_and(|origin| origin.contains(&url)) {
            uv.uninstall(session, &package.name)?;
        }
    }
    Ok(())
}

/// Writes the `.pth` file. `site` executes lines that begin with `import`, so the line can check whether this is a run.
pub(super) fn write_import_file(session: &BuildSession<'_>) -> Result<(), BuildError> {
    let Some(folder) = session.request.configuration.import_root().to_str() else {
        // A path that is not UTF-8 can't be written there. Runs do not need it.
        return Ok(());
    };
    // In ASCII, because Python may read such files in any encoding.
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
    let path = session.site_packages()?.join(IMPORT_FILE);
    Ok(fs::write(&path, line).map_err(FileError::on("write", &path))?)
}
