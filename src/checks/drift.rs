//! Checks whether a file still has the layout of its sender's last good run: `ade drift`. The file is read as in a run, and
//! nothing is recorded.

use std::path::Path;
use std::time::{Duration, Instant};

use super::engine::{CheckEngine, CheckError};
use super::trial::{TrialInput, read, took_too_long};
use crate::base::cancel::Cancel;
use crate::base::files::name_of;
use crate::base::problem::{Error, code};
use crate::environment::needed::prepare::PreparedConfiguration;
use crate::environment::provide::installers::Installers;
use crate::environment::provide::{ProvideProgress, RebuildPolicy};
use crate::run::execution::provide::provide;
use crate::run::results::layout::{Layout, LayoutDifference, layout_of};
use crate::run::results::senders::Senders;
use crate::store::RunRecord;
use crate::workspace::Workspace;

/// The maximum time for reading one file if a run has no limit.
pub(super) const MAX_READING_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// The layout differences between a file and an earlier one.
#[derive(Debug)]
pub struct Drift {
    /// The run that the file was compared with.
    pub since: RunRecord,
    /// The differences in layout. Empty if none was found.
    pub differences: Vec<LayoutDifference>,
}

impl Drift {
    /// Returns whether any difference may change the result of a run.
    pub fn matters(&self) -> bool {
        self.differences.iter().any(|difference| difference.matters)
    }
}

/// Compares a file with a run: with `since`, or with the last good run of the same sender.
///
/// # Errors
/// There is no run to compare with, or the file cannot be read.
pub fn drift(
    workspace: &Workspace,
    prepared: &PreparedConfiguration,
    file: &Path,
    since: Option<&str>,
    cancel: &Cancel,
    on: &mut dyn FnMut(ProvideProgress<'_>),
) -> Result<Drift, Error> {
    let (store, name) = (&workspace.store, name_of(file));
    let since = match since {
        Some(given) => Some(workspace.run(given)?),
        None => Senders::load(&prepared.package_folder).last_good(
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
    let environment = &provide(
        workspace,
        &Installers,
        prepared,
        RebuildPolicy::Ready,
        cancel,
        on,
    )?;
    let input = TrialInput {
        name: name.clone(),
        document_id: None,
        path: file.to_owned(),
        before: Some(since.clone()),
    };
    let until = Instant::now() + workspace.settings.run_timeout.unwrap_or(MAX_READING_TIME);
    let engine = CheckEngine {
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
        .and_then(|now| Layout::from_noticed(now.noticed, &name));
    let now = now.ok_or_else(|| {
        Error::refused(code::NOTHING_FOUND, format!("no table was found in {name}"))
    })?;
    Ok(Drift {
        differences: now.since(&before),
        since,
    })
}

/// Returns the error that no file of the same sender was run.
pub fn no_run(file: &str) -> Error {
    let message = format!(
        "there is nothing to compare {file} with: no file of this sender has been run successfully with this configuration"
    );
    Error::usage(code::RUN_NOT_FOUND, message).hint(
        "run one of its files first, name a run with --since, or say in settings.toml which files are from which sender ([senders])",
    )
}
