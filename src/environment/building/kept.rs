//! Keeps finished environments in the cache and links new ones to them, if they have the same dependencies.
//!
//! Only environments that no foreign code helped to make are kept: packages by name from the indexes in this machine's
//! settings, as wheels. The name in the cache is a digest of the dependencies, the Python and the indexes. A kept environment
//! is used only if its files are readable and match their record. Otherwise the environment is built as usual and replaces the
//! kept one, so a damaged cache costs only time.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::contents::{Contents, LinkMode};
use super::install;
use super::installer::variables_for_uv;
use super::request::BuildRequest;
use super::session::BuildSession;
use crate::base::digest::Hasher;
use crate::base::files::{
    PartialFolder, remove_leftovers, remove_read_only_tree, touch, write_whole,
};
use crate::configuration::VersionWanted;
use crate::settings::paths::EnvironmentFolder;

/// Increased when the content of kept environments changes.
const VERSION: &str = "1";

/// The age at which a partial folder is a leftover. Linking takes only a moment.
const LEFT_OVER_AFTER: Duration = Duration::from_secs(3600);

/// The place in the cache for an environment with these dependencies.
pub(super) struct CachedEnvironment(EnvironmentFolder);

/// The facts that only the builder knew.
#[derive(Deserialize, Serialize)]
pub(super) struct InstallFacts {
    pub installer: String,
    pub engine_version: String,
}

impl CachedEnvironment {
    /// Returns `None` if environments of this request may not be shared.
    pub fn from_request(request: &BuildRequest) -> Option<Self> {
        let folder = request.kept.as_ref()?;
        if is_own(request) {
            return None;
        }
        let mut digest = Hasher::new();
        for part in [
            VERSION,
            &request.deps_digest,
            &request.python.version_text(),
            &request.python.executable.to_string_lossy(),
        ] {
            digest.update(part);
            digest.update("\n");
        }
        for (name, value) in indexes(request) {
            digest.update(format!("{name}={value}\n"));
        }
        let name = &digest.finish().to_string()[..32];
        Some(Self(EnvironmentFolder(folder.join(name))))
    }

    /// Returns whether a kept environment exists.
    pub fn is_there(&self) -> bool {
        self.0.0.exists()
    }

    /// Makes the environment of a session from the kept one. Returns `None` if there is none that can be used.
    pub fn hand_on(&self, session: &BuildSession<'_>) -> Option<InstallFacts> {
        let Some((record, facts)) = self.read() else {
            // The build replaces it with another.
            self.remove();
            return None;
        };
        let venv = session.folder.venv();
        let made = || -> io::Result<()> {
            record.hand_on(&self.0.venv(), &venv, session.way)?;
            install::write_import_file(session).map_err(io::Error::other)?;
            record.stamp(&venv)
        };
        match made() {
            Ok(()) => {
                touch(&self.0.0);
                Some(facts)
            }
            Err(error) => {
                // If the session's file system is full, the kept environment is not at fault.
                if error.kind() == io::ErrorKind::InvalidData {
                    self.remove();
                }
                let _ = fs::remove_dir_all(venv);
                None
            }
        }
    }

    fn read(&self) -> Option<(Contents, InstallFacts)> {
        let facts = serde_json::from_slice(&fs::read(self.0.record()).ok()?).ok()?;
        Some((Contents::read(&self.0.files()).ok()??, facts))
    }

    /// Keeps an environment for others. Errors are ignored, because the cache only saves time.
    pub fn keep(&self, venv: &Path, contents: &Contents, facts: &InstallFacts, way: LinkMode) {
        let Some(parent) = self.0.0.parent() else {
            return;
        };
        remove_leftovers(parent, LEFT_OVER_AFTER);
        let partial = PartialFolder::in_folder(parent);
        let folder = EnvironmentFolder(partial.path().to_owned());
        let keep = || -> Option<()> {
            contents.hand_on(venv, &folder.venv(), way).ok()?;
            contents.stamp(&folder.venv()).ok()?;
            let kept = Contents::from_venv(&folder.venv()).ok()?;
            kept.write(&folder.files()).ok()?;
            write_whole(&folder.record(), &serde_json::to_vec(facts).ok()?).ok()
        };
        if keep().is_some() {
            let _ = partial.settle(&self.0.0);
        }
    }

    /// Removes the kept environment. If two processes do so, one may find it gone.
    pub fn remove(&self) {
        let _ = remove_read_only_tree(&self.0.0);
    }
}

/// Returns whether an environment contains something that only this configuration names, or that other code made.
fn is_own(request: &BuildRequest) -> bool {
    let dependencies = request.configuration.dependencies();
    let all = dependencies
        .requirements
        .iter()
        .chain(&dependencies.constraints);
    let mut wanted = all.map(|requirement| &requirement.wanted);
    !dependencies.index_options.is_empty()
        || request.executes_code()
        || wanted.any(|wanted| !matches!(wanted, VersionWanted::Version(_)))
}

/// Returns the settings of this machine that decide where packages come from.
fn indexes(request: &BuildRequest) -> Vec<(String, String)> {
    let text = |text: &OsStr| text.to_string_lossy().into_owned();
    let of_pip = variables_for_uv(&request.child_variables).into_iter();
    let of_pip = of_pip.map(|(name, value)| (name.to_owned(), text(&value)));
    let of_uv = request.child_variables.iter();
    let of_uv = of_uv.map(|(name, value)| (text(name), text(value)));
    let of_uv = of_uv.filter(|(name, _)| name.starts_with("UV_"));
    let mut all: Vec<_> = of_pip.chain(of_uv).collect();
    all.sort();
    all
}
