//! Names files relative to the folder of the repository that a CI job has checked out.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::findings::ExaminedConfiguration;
use crate::settings::Settings;

/// The variables in which GitHub and GitLab name that folder.
const WORKSPACES: [&str; 2] = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"];

/// The root of the repository, which reports name files relative to.
#[derive(Debug)]
pub struct Repository {
    root: PathBuf,
}

impl Repository {
    /// Finds the root: the folder that the CI system names, else the nearest parent of the current folder with `.git`, else the
    /// current folder.
    pub fn from_settings(settings: &Settings) -> Self {
        let named = WORKSPACES.iter().find_map(|name| {
            let folder = settings.variables.get(OsStr::new(name))?;
            Path::new(folder).canonicalize().ok()
        });
        let here = &settings.folder;
        let here = here.canonicalize().unwrap_or_else(|_| here.clone());
        let has_git = |folder: &&Path| folder.join(".git").exists();
        let root = named.or_else(|| here.ancestors().find(has_git).map(Path::to_owned));
        Self {
            root: root.unwrap_or(here),
        }
    }

    /// Returns a file relative to the root. `None` if it is outside of the repository.
    pub fn inside(&self, file: &Path) -> Option<String> {
        let whole = file.canonicalize().or_else(|_| std::path::absolute(file));
        let whole = whole.unwrap_or_else(|_| file.to_owned());
        let inside = whole.strip_prefix(&self.root).ok()?;
        Some(inside.display().to_string())
    }

    /// Returns a file relative to the root, or its whole path if it is outside of the repository.
    pub fn shown(&self, file: &Path) -> String {
        match self.inside(file) {
            Some(inside) if inside.is_empty() => ".".to_owned(),
            Some(inside) => inside,
            None => file.display().to_string(),
        }
    }

    /// Returns a configuration's folder, since several may have the same name; for the root itself, the configuration's name.
    pub fn configuration(&self, examined: &ExaminedConfiguration) -> String {
        match self.shown(&examined.path) {
            here if here == "." => examined.name.clone(),
            folder => folder,
        }
    }

    /// Returns a message with the files of the repository named relative to its root.
    pub fn words(&self, message: &str) -> String {
        message.replace(&format!("{}/", self.root.display()), "")
    }
}
