//! The folder of the repository that a CI job has checked out: reports name files relative to it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::findings::Examined;
use crate::settings::Settings;

/// Variables in which CI systems name that folder: GitHub, GitLab.
const WORKSPACES: [&str; 2] = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"];

/// See the module.
#[derive(Debug)]
pub struct Repository {
    root: PathBuf,
}

impl Repository {
    /// The folder that the CI system names; without one the folder with `.git` from the current one upwards, else the current one.
    pub fn of(settings: &Settings) -> Self {
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

    /// A file as the repository knows it. `None`: it is not in the repository.
    pub fn inside(&self, file: &Path) -> Option<String> {
        let whole = file.canonicalize().or_else(|_| std::path::absolute(file));
        let whole = whole.unwrap_or_else(|_| file.to_owned());
        let inside = whole.strip_prefix(&self.root).ok()?;
        Some(inside.display().to_string())
    }

    /// The same; one that is elsewhere by its whole path.
    pub fn shown(&self, file: &Path) -> String {
        match self.inside(file) {
            Some(inside) if inside.is_empty() => ".".to_owned(),
            Some(inside) => inside,
            None => file.display().to_string(),
        }
    }

    /// A configuration by its folder, since several may have one name; that of the repository itself by its name.
    pub fn configuration(&self, examined: &Examined) -> String {
        match self.shown(&examined.path) {
            here if here == "." => examined.name.clone(),
            folder => folder,
        }
    }

    /// A message in which files of the repository are named as the repository knows them.
    pub fn words(&self, message: &str) -> String {
        message.replace(&format!("{}/", self.root.display()), "")
    }
}
