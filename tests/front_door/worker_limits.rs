//! Workers on a machine, or in a process, that lacks descriptors or threads: nothing is spent, and nobody looks alive that is not.

use crate::common;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use ade::base::cancel::Cancel;
use ade::engine::{EngineReport, Invocation, Launch, Message};
use ade::run::calls::request::Tools;
use ade::settings::{Inputs, Settings};
use ade::store::Opening;
use ade::worker::{self, Stop, WorkerOptions};
use ade::workspace::Workspace;
use common::{Outcome, Place};
use serde_json::Value;

/// Runs `ade` in a shell that limits itself before.
fn limited(place: &Place, limit: &str, line: &str) -> Outcome {
    let ade = env!("CARGO_BIN_EXE_ade");
    place.shell(&format!("{limit} && exec {ade} {line}"))
}

/// A place with an environment and a queued run, in which backoffs are short.
fn queued() -> (Place, String) {
    let mut place = Place::ready();
    place.hurry();
    let run = place.enqueue("config", "members.csv");
    (place, run)
}

#[test]
fn an_engine_that_the_machine_has_no_descriptors_for_spends_no_attempt() {
    let (place, run) = queued();
    // Thirteen are open in a worker that waits; an engine takes eight and more, whatever else reads a directory meanwhile.
    let worker = limited(&place, "ulimit -n 16", "worker --drain --concurrency 1");
    worker.ends_with(3).says("too many open files");
    let shown = place.json(&format!("runs show {run} --json"));
    assert_eq!(shown["status"], "queued");
    assert_eq!(shown["attempt_count"], 0);
    let doctor = place.ade("doctor");
    doctor.stdout_has("1 run waits because the machine");
    place.ade("worker --drain -q").succeeds();
    assert_eq!(place.outcomes(&run), ["succeeded"]);
    // A user who waits is told at once, with what helps.
    let told = limited(&place, "ulimit -n 14", "run config members.csv").ends_with(1);
    told.says("too many open files").says("ulimit -n");
}

/// With these stacks the address space tells how many threads a process may have.
fn with_large_stacks(place: &mut Place) {
    place.set("RUST_MIN_STACK", (2_u64 << 30).to_string());
}

#[test]
fn a_worker_that_has_not_all_of_its_threads_ends_with_70_and_claims_nothing() {
    let (mut place, run) = queued();
    with_large_stacks(&mut place);
    place.set("ADE_WORKER_CONCURRENCY", "1");
    let line = "worker --drain --json";
    let worker = limited(&place, "ulimit -v 9961472", line).ends_with(70);
    assert_eq!(worker.error()["code"], "too_few_threads", "{worker}");
    let shown = place.json(&format!("runs show {run} --json"));
    assert_eq!(shown["status"], "queued");
    worker.stderr_lacks("claimed");
    worker.stderr_has("\"worker.trouble\"");
    // Who looks why it ended is told, too.
    for (limit, lacks) in [
        ("ulimit -v 9961472", "threads"),
        ("ulimit -n 30", "descriptors: 30"),
    ] {
        let doctor = limited(&place, limit, "doctor").ends_with(1);
        let said = format!("a worker with 1 slot cannot start here, it lacks {lacks}");
        doctor.stdout_has(&said);
    }
    place.unset("RUST_MIN_STACK");
    let doctor = place.ade("doctor").succeeds();
    doctor.stdout_has("1 slot can start here");
    doctor.stdout_has("1 run waits, and no worker is running");
    place.ade("worker --drain -q").succeeds();
    let doctor = place.ade("doctor").succeeds();
    doctor.stdout_has("none is running, and no run waits");
    a_run_for_which_there_are_no_threads_waits_and_spends_no_attempt(place);
}

fn a_run_for_which_there_are_no_threads_waits_and_spends_no_attempt(mut place: Place) {
    with_large_stacks(&mut place);
    let run = place.enqueue("config", "members.csv");
    let line = "worker --drain --concurrency 1";
    let worker = limited(&place, "ulimit -v 14155776", line).ends_with(3);
    worker.says("cannot start a thread for");
    place.unset("RUST_MIN_STACK");
    place.ade("worker --drain -q").succeeds();
    assert_eq!(place.outcomes(&run), ["succeeded"]);
}

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
    let (place, run) = queued();
    let settings = Settings::resolve(&Inputs {
        flags: [("ADE_DATA_DIR", place.path("data").display().to_string())].into(),
        variables: place.variables().clone(),
        folder: place.path(""),
        program: None,
    });
    let workspace = Workspace::open(settings.unwrap(), Opening::Existing).unwrap();
    let options = WorkerOptions {
        concurrency: 2,
        drain: false,
        once: false,
        grace: Duration::from_secs(600),
        gc: false,
        only: ade::store::Only::default(),
    };
    let tools = Tools {
        launcher: &Panics,
        ..Tools::here()
    };
    let worked = catch_unwind(AssertUnwindSafe(|| {
        worker::work(&workspace, tools, &options, &Stop::default(), &|_, _| {})
    }));
    // Of the command, that is exit 70.
    assert!(worked.is_err());
    assert_eq!(place.status_of(&run), "queued");
    assert_eq!(place.outcomes(&run), ["retried"]);
    assert_eq!(place.query::<u32>("SELECT count(*) FROM workers"), 0);
    place.ade("worker --drain -q").succeeds();
    assert_eq!(place.outcomes(&run), ["retried", "succeeded"]);
}

/// An environment that is deleted by hand, as its run goes on.
#[test]
fn an_environment_that_vanishes_under_its_run_spends_no_attempt() {
    let code = "mark = PLACE / 'gone'\nif not mark.exists():\n    mark.write_text('')\n    import shutil, sys\n    shutil.rmtree(sys.prefix, ignore_errors=True)\n    os._exit(1)";
    let mut place = Place::held(code);
    place.set("ADE_SANDBOX", "off");
    place.let_go();
    let run = place.enqueue("config", "members.csv");
    place.ade_says("worker --drain", "vanished under it");
    assert_eq!(place.status_of(&run), "succeeded");
    assert_eq!(place.outcomes(&run), ["succeeded"]);
}

#[test]
fn ends_without_a_word_are_told_in_words() {
    let place = Place::new();
    place.members("members.csv");
    for (code, words, hint) in [
        (
            "os._exit(0)",
            "ended with status 0 before the run was done",
            "os._exit",
        ),
        (
            "os.kill(os.getpid(), 11)",
            "ended by signal 11",
            "native code",
        ),
    ] {
        place.holding("config", code);
        let run = place.ade("run config members.csv").ends_with(1);
        let run = run.says(words).says(hint);
        let shown = place.json("runs show latest --json");
        assert_eq!(shown["error"]["code"], "engine_crashed", "{run}");
    }
}
