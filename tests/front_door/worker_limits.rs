//! A worker with a thread that panics. A lack of descriptors or threads is in `tests/cli/worker-limits.md`.

use crate::common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use ade::base::cancel::Cancel;
use ade::engine::{EngineReport, Invocation, Launch, Message};
use ade::run::calls::request::Tools;
use ade::settings::{Inputs, Settings};
use ade::store::OpenMode;
use ade::worker::{self, Stop, WorkerOptions};
use ade::workspace::Workspace;
use common::Place;
use serde_json::Value;

/// An engine whose process panics instead of starting it.
struct Panics;

impl Launch for Panics {
    fn launch(
        &self,
        _invocation: &Invocation,
        _cancel: &Cancel,
        _on_message: &mut dyn FnMut(Message) -> Option<Value>,
    ) -> std::io::Result<EngineReport> {
        panic!("a bug")
    }
}

#[test]
fn a_worker_of_which_a_thread_panics_gives_its_runs_back_and_ends() {
    let mut place = Place::ready();
    place.hurry();
    let run = place.enqueue("config", "members.csv");
    let settings = Settings::resolve(&Inputs {
        flags: [("ADE_DATA_DIR", place.path("data").display().to_string())].into(),
        variables: place.variables().clone(),
        folder: place.path(""),
        program: None,
    });
    let workspace = Workspace::open(settings.unwrap(), OpenMode::Existing).unwrap();
    let options = WorkerOptions {
        concurrency: 2,
        drain: false,
        once: false,
        grace: Duration::from_secs(600),
        gc: false,
        only: ade::store::WorkerFilter::default(),
    };
    let tools = Tools {
        launcher: &Panics,
        ..Tools::here()
    };
    let worked = catch_unwind(AssertUnwindSafe(|| {
        worker::work(&workspace, tools, &options, &Stop::default(), &|_, _| {})
    }));
    // The command would end with status 70.
    assert!(worked.is_err());
    assert_eq!(place.status_of(&run), "queued");
    assert_eq!(place.outcomes(&run), ["retried"]);
    assert_eq!(place.query::<u32>("SELECT count(*) FROM workers"), 0);
    place.ade("worker --drain -q").success();
    assert_eq!(place.outcomes(&run), ["retried", "succeeded"]);
}
