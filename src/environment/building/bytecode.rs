//! Compiles the installed packages, with Python's own `compileall`.
//!
//! Without bytecode every run would compile again: `import polars` then takes more than twice as long. The files are of the
//! unchecked kind, which ignores modification times: an environment's packages are never edited, a change makes a new
//! environment.

use std::io;

use super::error::BuildError;
use super::session::{BuildSession, Show};
use crate::base::files::{self, FileError};
use crate::base::host;

/// Python before 3.12 does not notice that a full disk took only a part of a file, and an import of that part fails. No
/// module's bytecode is larger, so with this much room left all of it is whole.
const ROOM: u64 = 4 << 20;

/// How many processes compile; 0: one for each core. On two cores two take as long as one, and twice the processor time, which whatever
/// else runs there lacks.
fn processes() -> &'static str {
    if host::processors() > 2 { "0" } else { "1" }
}

/// Compiles every module in the environment, with the Python that it was made from: that one executes nothing of what was installed.
pub(super) fn compile(session: &mut BuildSession<'_>) -> Result<(), BuildError> {
    let site_packages = session.site_packages()?;
    let mut command = session.command(&session.request.python.executable);
    command
        .args(["-I", "-S", "-m", "compileall", "-q", "-j", processes()])
        .args(["--invalidation-mode", "unchecked-hash"])
        .arg(&site_packages);
    let finished = session.run(&mut command, Show::Nothing)?;
    if finished.found_disk_full() || files::room(&site_packages).is_ok_and(|room| room < ROOM) {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        return Err(FileError::on("write bytecode in", &site_packages)(full).into());
    }
    if !finished.exit.is_success() {
        // Packages may contain files that are not valid for this Python; these are not imported.
        session.note(
            "some files could not be compiled; they are compiled when they are imported".to_owned(),
        );
    }
    Ok(())
}
