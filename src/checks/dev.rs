//! What `ade dev` does beside API and worker: it watches the folders of the workspace's configurations.
//!
//! A folder that changed is opened at once, so that its author reads a mistake before the next run does, and the environment that
//! it needs now is asked for, so that a changed dependency is installed before the next run.

use std::collections::HashMap;
use std::time::Duration;

use crate::base::cancel::Cancel;
use crate::configuration::Configuration;
use crate::environment::needed::prepare::prepare;
use crate::store::{EnvironmentStatus, KnownConfiguration};
use crate::workspace::Workspace;

/// How often the folders are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What happened to a configuration.
#[derive(Debug)]
pub enum News<'a> {
    /// Its files changed; the next run uses them.
    Changed {
        /// Its name.
        name: &'a str,
        /// Its environment has to be built first.
        builds: bool,
    },
    /// Its files changed, and it cannot be used as they are.
    Broken {
        /// Its name.
        name: &'a str,
        /// Why.
        message: String,
    },
}

/// Watches until `cancel` is raised. A database that does not answer is asked again.
pub fn watch(workspace: &Workspace, cancel: &Cancel, on: &dyn Fn(&News<'_>)) {
    let mut seen: HashMap<String, Option<String>> = HashMap::new();
    loop {
        let known = workspace.store.configurations(workspace.id());
        for known in known.unwrap_or_default() {
            if known.uploaded {
                continue;
            }
            let digest = digest_of(workspace, &known);
            let before = seen.insert(known.record.id.clone(), digest.clone());
            if before.is_some_and(|before| before != digest) {
                tell(workspace, &known, on);
            }
        }
        if cancel.wait(LOOK_EVERY) {
            return;
        }
    }
}

/// The digest of a folder's files; `None`: it cannot be opened as it is.
fn digest_of(workspace: &Workspace, known: &KnownConfiguration) -> Option<String> {
    let configuration = Configuration::open(&known.record.path).ok()?;
    let sources = configuration
        .sources_except(&[workspace.paths.data()])
        .ok()?;
    Some(sources.digest)
}

fn tell(workspace: &Workspace, known: &KnownConfiguration, on: &dyn Fn(&News<'_>)) {
    let name = &*known.record.name;
    let opened = Configuration::open(&known.record.path).map_err(|error| error.to_string());
    let prepared = opened.and_then(|configuration| {
        prepare(workspace, configuration, None).map_err(|error| error.to_string())
    });
    let environment = prepared.and_then(|prepared| {
        prepared
            .ask_for_environment(workspace)
            .map_err(|error| error.to_string())
    });
    match environment {
        Ok(environment) => {
            let builds = environment.status != EnvironmentStatus::Ready;
            if builds {
                workspace.machine.wake(&workspace.paths.wake());
            }
            on(&News::Changed { name, builds });
        }
        Err(message) => on(&News::Broken { name, message }),
    }
}
