//! Compiles what was installed, once for each package and Python, and shares the result between environments.
//!
//! No run should pay for compiling: `import polars` takes more than twice as long without bytecode. And compiling takes
//! longer than all other steps of a build from warm caches together, so what was compiled for one environment is hard
//! linked into the next.
//!
//! A package's bytecode is kept under the digest of the hashes that its own RECORD gives of its sources; a package
//! whose RECORD gives none is compiled each time. The files are of the unchecked kind, which ignores times of change.
//! Nobody edits an environment's packages: what is installed is changed by a new environment.
//!
//! The shared folder only ever saves time. Whatever goes wrong with it is passed over.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use uuid::Uuid;

use super::error::BuildError;
use super::session::{Session, Show};
use crate::digest::Hasher;
use crate::process::Exit;

/// Compiles the listed files in as many processes as that is worth. Ends with 0 when all were compiled, with
/// [`DISK_FULL`] when there was no room, and otherwise with 1.
///
/// Python before 3.12 does not notice that a full disk took only a part of a file, and an import of that part fails; so
/// where room is short, what was written is read again, and removed if it is not whole.
const COMPILE: &str = r#"
import errno, marshal, os, sys, py_compile
mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
DISK_FULL = 2
def is_whole(file):
    try:
        with open(file, "rb") as compiled:
            marshal.loads(compiled.read()[16:])
        return True
    except (EOFError, ValueError, TypeError):
        os.unlink(file)
        return False
def compile_all(files):
    failed, compiled = 0, []
    for file in files:
        try:
            compiled.append(py_compile.compile(file, doraise=True, invalidation_mode=mode))
        except OSError as error:
            failed |= DISK_FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else 1
        except Exception:
            failed |= 1
    if compiled:
        room = os.statvfs(compiled[-1])
        if room.f_bavail * room.f_frsize < 1 << 22 and not all([is_whole(file) for file in compiled]):
            failed |= DISK_FULL
    return failed
with open(sys.argv[1], "rb") as listed:
    files = [os.fsdecode(name) for name in listed.read().split(b"\0") if name]
workers = min(os.cpu_count() or 1, 1 + len(files) // 40)
children = []
for worker in range(1, workers):
    child = os.fork()
    if child == 0:
        os._exit(compile_all(files[worker::workers]))
    children.append(child)
failed = compile_all(files[::workers])
for child in children:
    status = os.waitpid(child, 0)[1]
    failed |= os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1
sys.exit(DISK_FULL if failed & DISK_FULL else failed)
"#;

/// How the program above ends when the disk is full.
const DISK_FULL: i32 = 2;

/// uv puts it into each venv, and any start of Python imports it: the one that verifies the engine compiles it, too.
const STARTED_WITH_PYTHON: &str = "_virtualenv.py";

/// Bytecode that is worth keeping for other environments.
pub(super) struct Fresh {
    site_packages: PathBuf,
    shelf: PathBuf,
    packages: Vec<Package>,
}

const PARTIAL_PREFIX: &str = ".partial-";

/// A package whose sources are known by their hashes.
struct Package {
    /// Where its bytecode is kept, below the shelf.
    key: String,
    /// Relative to site-packages.
    sources: Vec<PathBuf>,
}

/// Gives every module in the environment its bytecode.
pub(super) fn compile(session: &mut Session<'_>) -> Result<Fresh, BuildError> {
    let site_packages = session.site_packages()?;
    let python = &session.request.python;
    let shelf = session.request.tools.bytecode(&format!(
        "{}-{}",
        python.environment_key(),
        python.version_text()
    ));
    let packages =
        packages(&site_packages).map_err(|error| BuildError::io(&site_packages, error))?;
    let packages: Vec<Package> = packages
        .into_iter()
        .filter(|package| link_tree(&shelf.join(&package.key), &site_packages).is_err())
        .collect();

    let mut missing = Vec::new();
    without_bytecode(&site_packages, &mut missing)
        .map_err(|error| BuildError::io(&site_packages, error))?;
    if !missing.is_empty() {
        let list = session.folder.workbench().join("compile");
        fs::write(&list, missing.join(&0)).map_err(|error| BuildError::io(&list, error))?;
        let mut command = session.command(&session.folder.python());
        command.args(["-I", "-c", COMPILE]).arg(&list);
        let finished = session.run(&mut command, Show::Nothing)?;
        if finished.exit == Exit::Code(DISK_FULL) {
            let full = io::Error::from(io::ErrorKind::StorageFull);
            return Err(BuildError::io(&site_packages, full));
        }
        if !finished.exit.is_success() {
            // Packages may carry files that are no Python of this release; nobody imports those.
            session.note(
                "some files could not be compiled; they are compiled when they are imported"
                    .to_owned(),
            );
        }
    }
    Ok(Fresh {
        site_packages,
        shelf,
        packages,
    })
}

impl Fresh {
    /// Keeps it. Called when all of the environment is on the disk, for the links made here are to the same files.
    pub fn keep(&self) {
        self.remove_abandoned();
        for package in &self.packages {
            let _ = self.keep_package(package);
        }
    }

    /// What a crashed process left half linked. Linking takes a moment, so what is an hour old is dead.
    fn remove_abandoned(&self) {
        for entry in fs::read_dir(&self.shelf).into_iter().flatten().flatten() {
            let is_old = || {
                let changed = entry.metadata().ok()?.modified().ok()?;
                Some(changed.elapsed().ok()? > Duration::from_secs(3600))
            };
            if entry
                .file_name()
                .to_string_lossy()
                .starts_with(PARTIAL_PREFIX)
                && is_old() == Some(true)
            {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    fn keep_package(&self, package: &Package) -> io::Result<()> {
        let target = self.shelf.join(&package.key);
        if target.exists() {
            return Ok(());
        }
        let partial = self
            .shelf
            .join(format!("{PARTIAL_PREFIX}{}", Uuid::now_v7().simple()));
        let made = package
            .sources
            .iter()
            .filter_map(|source| compiled_for(&self.site_packages, source))
            .try_for_each(|compiled| {
                link(
                    &self.site_packages.join(&compiled),
                    &partial.join(&compiled),
                )
            })
            .and_then(|()| fs::rename(&partial, &target));
        if made.is_err() {
            let _ = fs::remove_dir_all(&partial);
        }
        made
    }
}

/// The packages whose RECORD gives a hash of each of their modules.
fn packages(site_packages: &Path) -> io::Result<Vec<Package>> {
    let mut packages = Vec::new();
    for entry in fs::read_dir(site_packages)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(stem) = name
            .to_str()
            .and_then(|name| name.strip_suffix(".dist-info"))
        else {
            continue;
        };
        if let Ok(record) = fs::read_to_string(entry.path().join("RECORD"))
            && let Some(package) = package(stem, &record)
        {
            packages.push(package);
        }
    }
    Ok(packages)
}

fn package(stem: &str, record: &str) -> Option<Package> {
    let mut sources = Vec::new();
    for line in record.lines() {
        let (rest, _size) = line.rsplit_once(',')?;
        let (path, hash) = rest.rsplit_once(',')?;
        if !path.ends_with(".py") {
            continue;
        }
        let is_plain = Path::new(path)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !is_plain || path.starts_with('"') || !hash.starts_with("sha256=") {
            return None;
        }
        sources.push((path, hash));
    }
    if sources.is_empty() {
        return None;
    }
    sources.sort_unstable();
    let mut hasher = Hasher::new();
    for (path, hash) in &sources {
        hasher.update(format!("{path}\n{hash}\n"));
    }
    let digest = hasher.finish().to_string();
    Some(Package {
        key: format!("{stem}-{}", &digest[..32]),
        sources: sources
            .into_iter()
            .map(|(path, _)| PathBuf::from(path))
            .collect(),
    })
}

/// Links a whole kept tree into place. An error leaves nothing that is wrong, only less than all.
fn link_tree(source: &Path, target: &Path) -> io::Result<()> {
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let place = target.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            link_tree(&entry.path(), &place)?;
        } else {
            link(&entry.path(), &place)?;
        }
    }
    Ok(())
}

/// A hard link, or a copy where the file system has none.
fn link(source: &Path, target: &Path) -> io::Result<()> {
    let attempt = || match fs::hard_link(source, target) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    };
    let result = match (attempt(), target.parent()) {
        (Err(error), Some(folder)) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(folder)?;
            attempt()
        }
        (result, _) => result,
    };
    match result {
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::CrossesDevices
                    | io::ErrorKind::PermissionDenied
                    | io::ErrorKind::Unsupported
                    | io::ErrorKind::TooManyLinks
            ) =>
        {
            fs::copy(source, target).map(|_| ())
        }
        other => other,
    }
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

/// `a/__pycache__/b.cpython-311.pyc` of `a/b.py`, where it is there.
fn compiled_for(site_packages: &Path, source: &Path) -> Option<PathBuf> {
    let folder = source.parent()?.join("__pycache__");
    let prefix = format!("{}.", source.file_stem()?.to_str()?);
    fs::read_dir(site_packages.join(&folder))
        .ok()?
        .find_map(|entry| {
            let name = entry.ok()?.file_name();
            name.to_str()?
                .starts_with(&prefix)
                .then(|| folder.join(&name))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::configuration::testing::write_files;

    #[test]
    fn only_packages_whose_sources_are_known_are_shared() {
        let known = "a/__init__.py,sha256=abc,3\na/b.py,sha256=def,4\na-1.dist-info/RECORD,,\n";
        let package_of = |record: &str| package("a-1", record);
        let first = package_of(known).unwrap();
        assert_eq!(first.sources.len(), 2);
        assert!(first.key.starts_with("a-1-"));
        assert_eq!(
            first.key,
            package_of("a/b.py,sha256=def,4\n../../bin/x,sha256=1,1\na/__init__.py,sha256=abc,3\n")
                .unwrap()
                .key
        );
        assert_ne!(
            first.key,
            package_of("a/b.py,sha256=other,4\na/__init__.py,sha256=abc,3\n")
                .unwrap()
                .key
        );
        for unknown in [
            "a.py,,\n",
            "../a.py,sha256=1,1\n",
            "/a.py,sha256=1,1\n",
            "\"a,b.py\",sha256=1,1\n",
            "a.txt,sha256=1,1\n",
            "?\n",
        ] {
            assert!(package_of(unknown).is_none(), "{unknown}");
        }
    }

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
