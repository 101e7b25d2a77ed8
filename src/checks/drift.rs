//! Whether a file still has the layout of its sender's last good run: `ade drift`. The file is read as a run reads it, and nothing
//! is recorded.

use std::path::Path;
use std::time::{Duration, Instant};

use super::engine::{CheckError, Engine};
use super::trial::{TrialInput, read, took_too_long};
use crate::base::cancel::Cancel;
use crate::base::files::name_of;
use crate::base::problem::{Error, code};
use crate::environment::needed::prepare::Prepared;
use crate::environment::provide::installers::Installers;
use crate::environment::provide::{Progress, Want};
use crate::run::execution::provide::provide;
use crate::run::results::layout::{Difference, Layout, layout_of};
use crate::run::results::senders::Senders;
use crate::store::RunRecord;
use crate::workspace::Workspace;

/// Reading one file never takes longer, whatever the limit of a run is.
pub(super) const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// In what a file differs from an earlier one.
#[derive(Debug)]
pub struct Drift {
    /// The run that it was compared with.
    pub since: RunRecord,
    /// What differs; empty: nothing that is known.
    pub differences: Vec<Difference>,
}

impl Drift {
    /// Whether anything differs that may change what a run makes of the file.
    pub fn matters(&self) -> bool {
        self.differences.iter().any(|one| one.matters)
    }
}

/// Compares a file with a run: `since`, or the last good one of the same sender.
///
/// # Errors
/// There is no run to compare with, or the file cannot be read.
pub fn drift(
    workspace: &Workspace,
    prepared: &Prepared,
    file: &Path,
    since: Option<&str>,
    cancel: &Cancel,
    on: &mut dyn FnMut(Progress<'_>),
) -> Result<Drift, Error> {
    let (store, name) = (&workspace.store, name_of(file));
    let since = match since {
        Some(given) => Some(workspace.run(given)?),
        None => Senders::of(&prepared.package_folder).last_good(
            store,
            &prepared.key.configuration_id,
            &name,
            None,
        )?,
    };
    let since = since.ok_or_else(|| no_run(&name))?;
    let before = layout_of(store, &since)?.ok_or_else(|| {
        let message = format!("run {} has not recorded its layout", since.id);
        Error::usage(code::NO_EXPLANATION, message)
            .hint("an older engine recorded none: run the file again")
    })?;
    let environment = &provide(workspace, &Installers, prepared, Want::Ready, cancel, on)?;
    let input = TrialInput {
        name: name.clone(),
        document_id: None,
        path: file.to_owned(),
        before: Some(since.clone()),
    };
    let until = Instant::now() + workspace.settings.run_timeout.unwrap_or(LONGEST);
    let engine = Engine {
        workspace,
        prepared,
        environment,
    };
    let mut reading = read(engine, &input, until, cancel)?
        .ok_or_else(|| took_too_long(&format!("reading {name}")))?;
    if let Some(failure) = reading.error.take() {
        return Err(CheckError::DoesNotLoad(Box::new(failure)).into());
    }
    let now = reading
        .recorded()
        .and_then(|now| Layout::of(now.noticed, &name));
    let now = now.ok_or_else(|| {
        Error::refused(code::NOTHING_FOUND, format!("no table was found in {name}"))
    })?;
    Ok(Drift {
        differences: now.since(&before),
        since,
    })
}

/// No file of the sender of `file` was run.
pub fn no_run(file: &str) -> Error {
    let message = format!(
        "there is nothing to compare {file} with: no file of this sender has been run successfully with this configuration"
    );
    Error::usage(code::RUN_NOT_FOUND, message).hint(
        "run one of its files first, name a run with --since, or say in settings.toml whose files are whose ([senders])",
    )
}
