//! Makes an environment ready: writes its record, syncs everything to the disk, and writes `.ready` last.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use serde_json::json;

use super::error::BuildError;
use super::request::BuildRequest;
use crate::base::clock::Timestamp;
use crate::base::files::{self, FileError};
use crate::settings::paths::{self, EnvironmentFolder};
use crate::store::EnvironmentContents;
use crate::system::machine::FileSystem;

/// Returns whether there is a finished environment in `folder`. Checks only two files.
pub fn is_ready(files: &dyn FileSystem, folder: &Path) -> bool {
    let folder = EnvironmentFolder(folder.to_owned());
    files.exists(&folder.ready()) && files.exists(&folder.python())
}

/// Removes everything except the logs, the builder's lock and the file that names the owner. Removes `.ready` first.
pub(super) fn clear(folder: &EnvironmentFolder) -> Result<(), BuildError> {
    let root = &folder.0;
    fs::create_dir_all(root).map_err(FileError::on("create the folder", root))?;
    remove(&folder.ready())?;
    let kept = [folder.logs(), folder.owner(), paths::build_lock(root)];
    for entry in fs::read_dir(root).map_err(FileError::on("read", root))? {
        let path = entry.map_err(FileError::on("read", root))?.path();
        if !kept.contains(&path) {
            remove(&path)?;
        }
    }
    Ok(())
}

/// Removes a file or a folder, if it exists.
fn remove(path: &Path) -> Result<(), BuildError> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(FileError::on("remove", path)(error).into())
        }
        _ => Ok(()),
    }
}

/// Writes the record, syncs everything to the disk, and marks the environment as ready.
pub(super) fn finish(
    request: &BuildRequest,
    built: &EnvironmentContents,
) -> Result<(), BuildError> {
    let folder = EnvironmentFolder(request.folder.clone());
    let python = &request.python;
    let record = json!({
        "environment_id": request.environment_id,
        "created_at": Timestamp::now(),
        "configuration": {"name": request.configuration.name, "path": request.configuration.root.to_string_lossy()},
        "python": {
            "executable": python.executable.to_string_lossy(),
            "version": python.version_text(),
            "implementation": python.implementation,
            "platform": python.platform,
        },
        "engine_version": built.engine_version,
        "installer": built.installer,
        "lock_digest": built.lock_digest,
        "size_bytes": built.size_bytes,
        "packages": built.packages,
    });
    files::write_whole(&folder.record(), format!("{record:#}\n").as_bytes())?;
    sync_file_system(&folder.0).map_err(FileError::on("sync", &folder.0))?;
    let id = format!("{}\n", request.environment_id);
    Ok(files::write_whole(&folder.ready(), id.as_bytes())?)
}

/// Syncs the whole file system. With thousands of small files, this is much cheaper than a call per file.
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
