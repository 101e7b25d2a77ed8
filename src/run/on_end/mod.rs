//! Tells whom the operator named that runs have ended.
//!
//! What is to be told is recorded with the end itself ([`crate::store::Deliveries`]) and told by workers, or by `ade run` where none
//! lives: at least once, until it is accepted or has been refused for a day. `webhook` sends it to an address, `command` gives it
//! to a program.

mod command;
mod webhook;

use std::time::Duration;

use serde_json::{Value, json};

use crate::base::cancel::Cancel;
use crate::base::hide_paths::Hider;
use crate::run::views::json::runs_json;
use crate::store::{
    Claim, Delivery, DeliveryKind, LONGEST_WAIT, RunRecord, StoreError, Undelivered,
};
use crate::workspace::Workspace;

/// How long a claim holds: longer than any attempt takes.
const LEASE: Duration = Duration::from_secs(120);

/// How long something is told again and again.
pub const PATIENCE: Duration = Duration::from_secs(24 * 3600);

/// How long what was given up is remembered.
pub const REMEMBERED: Duration = Duration::from_secs(7 * 24 * 3600);

/// The type of what is told.
const TYPE: &str = "run.completed";

/// An attempt to tell that a run has ended.
#[derive(Clone, Debug)]
pub struct Told {
    /// What was to be told.
    pub delivery: Delivery,
    /// Why it was not accepted, and what becomes of it then.
    pub refused: Option<(String, Undelivered)>,
}

/// Tells what is due, one after another, for as long as `goes_on` says after each.
pub fn tell(
    workspace: &Workspace,
    process: Option<&str>,
    cancel: &Cancel,
    goes_on: &dyn Fn(&Told) -> bool,
) -> Result<(), StoreError> {
    while !cancel.is_cancelled() {
        match tell_next(workspace, process, cancel)? {
            Some(told) if goes_on(&told) => {}
            _ => break,
        }
    }
    Ok(())
}

/// Claims what has been due longest, and tells it.
fn tell_next(
    workspace: &Workspace,
    process: Option<&str>,
    cancel: &Cancel,
) -> Result<Option<Told>, StoreError> {
    let (store, machine) = (&*workspace.store, &*workspace.machine);
    let kinds = DeliveryKind::of(&workspace.settings);
    let token = machine.new_token();
    let claim = Claim::new(&workspace.worker_id(0), token, LEASE).by(process);
    let Some(delivery) = store.claim_delivery(&kinds, &claim, machine.now())? else {
        return Ok(None);
    };
    let run = match store.run_of_any_workspace(&delivery.run_id) {
        // It was removed meanwhile, and what was to be told with it.
        Err(StoreError::NotFound { .. }) => return tell_next(workspace, process, cancel),
        run => run?,
    };
    let message = message(workspace, &run)?.to_string();
    let accepted = match delivery.kind {
        DeliveryKind::Url => webhook::post(&workspace.settings, &run.id, &message, machine.now()),
        DeliveryKind::Command => command::start(&workspace.settings, &run, &message, cancel),
    };
    let Err(error) = accepted else {
        store.delivered(&delivery, &claim)?;
        return Ok(Some(Told {
            delivery,
            refused: None,
        }));
    };
    let now = machine.now();
    let outcome = if cancel.is_cancelled() {
        Undelivered::Again(now)
    } else if now >= delivery.created_at.plus(PATIENCE) {
        Undelivered::GivenUp
    } else {
        let wait = workspace.backoff(delivery.attempts).min(LONGEST_WAIT);
        Undelivered::Again(now.plus(wait))
    };
    store.undelivered(&delivery, &claim, &error, outcome)?;
    Ok(Some(Told {
        delivery,
        refused: Some((error, outcome)),
    }))
}

/// What is told: the run as the API gives it.
fn message(workspace: &Workspace, run: &RunRecord) -> Result<Value, StoreError> {
    let paths = Hider::of(workspace.paths.data());
    let data = runs_json(workspace, std::slice::from_ref(run), &paths)?;
    Ok(json!({
        "type": TYPE,
        "timestamp": run.completed_at,
        "data": data.into_iter().next(),
    }))
}
