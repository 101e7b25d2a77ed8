//! Compiles the installed packages, once for each package and Python, and shares the result between environments.
//!
//! Without bytecode every run would compile again: `import polars` then takes more than twice as long. Compiling takes
//! longer than all other steps of a build from warm caches together, so what was compiled for one environment is hard
//! linked into the next (`shelf`).
//!
//! The files are of the unchecked kind, which ignores modification times: an environment's packages are never edited, a
//! change makes a new environment.

mod shelf;

use std::fs;
use std::io;
use std::path::Path;

pub(super) use self::shelf::Shelf;
use super::error::BuildError;
use super::session::{BuildSession, Show};
use crate::base::files::FileError;
use crate::system::process::Exit;

/// A program that compiles the files that are listed in the file which it is given.
const COMPILE: &str = include_str!("compile.py");

/// The exit status of the program above when the disk is full.
const DISK_FULL: i32 = 2;

/// uv puts this module into each venv, and every start of Python imports it, so the step that verifies the engine compiles
/// it.
const STARTED_WITH_PYTHON: &str = "_virtualenv.py";

/// Makes the missing bytecode of every module in the environment. Returns the shelf on which to keep what is new.
pub(super) fn compile(session: &mut BuildSession<'_>) -> Result<Shelf, BuildError> {
    let site_packages = session.site_packages()?;
    let python = &session.request.python;
    let shelf = session.request.tools.bytecode(&format!(
        "{}-{}",
        python.environment_key(),
        python.version_text()
    ));
    let shelf = Shelf::link_into(shelf, &site_packages)
        .map_err(FileError::on("link the bytecode in", &site_packages))?;
    let mut missing = Vec::new();
    without_bytecode(&site_packages, &mut missing)
        .map_err(FileError::on("read", &site_packages))?;
    if missing.is_empty() {
        return Ok(shelf);
    }
    let list = session.folder.workbench().modules();
    fs::write(&list, missing.join(&0)).map_err(FileError::on("write", &list))?;
    let mut command = session.command(&session.folder.python());
    command.args(["-I", "-c", COMPILE]).arg(&list);
    let finished = session.run(&mut command, Show::Nothing)?;
    if finished.exit == Exit::Code(DISK_FULL) {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        return Err(FileError::on("write bytecode in", &site_packages)(full).into());
    }
    if !finished.exit.is_success() {
        // Packages may contain files that are not valid for this Python; these are not imported.
        session.note(
            "some files could not be compiled; they are compiled when they are imported".to_owned(),
        );
    }
    Ok(shelf)
}

/// The modules below `folder` that have no bytecode yet, as bytes of their paths.
fn without_bytecode(folder: &Path, missing: &mut Vec<Vec<u8>>) -> io::Result<()> {
    use std::os::unix::ffi::OsStrExt;
    let mut modules = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if entry.file_type()?.is_dir() {
            if name != "__pycache__" {
                without_bytecode(&entry.path(), missing)?;
            }
        } else if let Some(stem) = name.as_bytes().strip_suffix(b".py")
            && name != STARTED_WITH_PYTHON
        {
            modules.push((stem.to_owned(), entry.path()));
        }
    }
    if modules.is_empty() {
        return Ok(());
    }
    let compiled: Vec<Vec<u8>> = match fs::read_dir(folder.join("__pycache__")) {
        Ok(entries) => entries
            .filter_map(|entry| Some(entry.ok()?.file_name().as_bytes().to_owned()))
            .collect(),
        Err(_) => Vec::new(),
    };
    let stems: std::collections::BTreeSet<&[u8]> = compiled
        .iter()
        .filter_map(|name| name.split(|byte| *byte == b'.').next())
        .collect();
    for (stem, path) in modules {
        if !stems.contains(stem.as_slice()) {
            missing.push(path.as_os_str().as_bytes().to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::testing::write_files;

    #[test]
    fn modules_without_bytecode_are_found() {
        let folder = tempfile::tempdir().unwrap();
        write_files(
            folder.path(),
            &[
                ("a/one.py", ""),
                ("a/two.py", ""),
                ("a/__pycache__/one.cpython-311.pyc", ""),
                ("a/data.txt", ""),
                ("three.py", ""),
            ],
        );
        let mut missing = Vec::new();
        without_bytecode(folder.path(), &mut missing).unwrap();
        let mut names: Vec<String> = missing
            .into_iter()
            .map(|path| {
                String::from_utf8(path)
                    .unwrap()
                    .rsplit('/')
                    .next()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        names.sort();
        assert_eq!(names, ["three.py", "two.py"]);
    }
}
