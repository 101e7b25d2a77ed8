//! Builds whose builder is killed, stands still or has no network: nobody waits for it longer than necessary, and it is
//! tried again as often as makes sense.
//!
//! A build is held where the test wants it by an installer that waits for a file; time decides nothing.

use crate::common;

use common::{Place, Told};
use libc::SIGCONT;

/// A place whose installer waits at the gate.
fn held_place() -> (Place, common::Gate) {
    let mut place = Place::new();
    place.hurry();
    let gate = place.hold_installs();
    place.members("members.csv");
    (place, gate)
}

#[test]
fn a_command_that_waits_for_a_builder_that_stands_still_takes_over_without_a_worker() {
    let (mut place, gate) = held_place();
    place.set("ADE_WORKER_LEASE_SECONDS", "1.5");
    place.configuration("config");
    let frozen = place.start("env build config");
    gate.wait_until_reached();
    frozen.freezes();
    let mut waits = place.start("run config members.csv");
    waits.wait_until_says(&format!("process {}", frozen.id()));
    gate.open();
    waits.wait().succeeds().says("its builder stands still");
    frozen.signal(SIGCONT);
    // It finds what the other one has built.
    frozen.wait().succeeds();
    assert_eq!(place.environments()[0]["status"], "ready");
}

#[test]
fn an_env_build_that_is_killed_holds_up_no_other_process() {
    let (place, gate) = held_place();
    place.configuration("config");
    let run = place.enqueue("config", "members.csv");
    let killed = place.start("env build config");
    gate.wait_until_reached();
    assert_eq!(place.query::<i64>("SELECT count(*) FROM workers"), 1);
    let mut waits = place.start("check config");
    waits.wait_until_says("waiting for another process");
    killed.dies();
    gate.open();
    waits.wait().succeeds();
    place.drains(&run);
    assert_eq!(place.worker_locks(), Vec::<String>::new());
}

#[test]
fn an_installer_that_kills_its_worker_is_not_started_for_ever() {
    let mut place = Place::cold();
    place.hurry();
    let run = place.enqueue("config", "members.csv");
    // A confined build may not signal its worker.
    place.set("ADE_SANDBOX", "off");
    place.before_installs("kill -9 $PPID");
    for _ in 0..3 {
        place
            .start_worker_with("doomed", "--drain")
            .wait()
            .ends_with(-libc::SIGKILL);
    }
    place.ade("worker --drain -q").succeeds();
    place.is_sound(&run, "failed", &[]);
    let shown = place.json(&format!("runs show {run} --json"));
    let message = shown["error"]["message"].text();
    assert!(
        message.contains("the process that built it died (attempt 3)"),
        "{message}"
    );
    // Who asks anew is not answered with what was.
    place.before_installs(":");
    place.ade(&format!("runs retry {run}")).succeeds();
    place.ade("worker --drain -q").succeeds();
    assert_eq!(place.statuses(), ["succeeded", "failed"]);
}

#[test]
fn trouble_with_the_network_spends_no_attempt_however_long_it_lasts() {
    let mut place = Place::cold();
    place.hurry();
    place.without_network(u32::MAX);
    let first = place.enqueue("config", "members.csv");
    let second = place.enqueue("config", "members.csv");
    // More often than a run has attempts. What cannot go on is left in the queue, and the command says so.
    for _ in 0..2 {
        place
            .ade("worker --drain")
            .ends_with(3)
            .says("2 runs wait in the queue");
        let environment = &place.environments()[0];
        assert_eq!(environment["status"], "queued");
        assert_eq!(environment["attempt_count"], 0);
    }
    assert!(place.query::<u32>("SELECT trouble_count FROM environments") > 3);
    assert_eq!(place.statuses(), ["queued", "queued"]);
    let top = place.ade("top --once").succeeds();
    top.stdout_has("trouble   2 wait");
    let doctor = place.ade("doctor").succeeds();
    doctor.stdout_has("2 runs wait because");

    // It is back.
    place.without_network(0);
    place.ade("worker --drain -q").succeeds();
    place.is_sound(&first, "succeeded", &["succeeded"]);
    place.is_sound(&second, "succeeded", &["succeeded"]);
    assert_eq!(
        place.query::<u32>("SELECT trouble_count FROM environments"),
        0
    );
}

#[test]
fn a_new_request_builds_at_once_and_no_sooner_than_the_backoff() {
    let mut place = Place::new();
    place.hurry();
    let configuration = place.configuration("config");
    configuration.depend_on(&["et-xmlfile==99.99"]);
    place.members("members.csv");
    let run = place.enqueue("config", "members.csv");
    place.ade("worker --drain -q").succeeds();
    let attempts = |place: &Place| {
        let log = place.environments()[0]["folder"].string();
        let log = std::fs::read_to_string(format!("{log}/logs/events.ndjson")).unwrap();
        log.matches("\"environment.start\"").count()
    };
    assert_eq!(place.status_of(&run), "failed");
    let error = place.latest_run()["error"].clone();
    let message = error["message"].text();
    assert!(
        message.starts_with("Build failed before run could start")
            && message.contains("et-xmlfile"),
        "{message}"
    );
    let retry = format!("runs retry {run}");
    for request in ["run config members.csv --detach", &retry] {
        let before = attempts(&place);
        place.ade(request).succeeds();
        place.ade("worker --drain -q").succeeds();
        assert_eq!(place.statuses()[0], "failed", "{request}");
        assert_eq!(attempts(&place), before + 1, "{request}");
    }
    for request in ["env build config", "check config", "run config members.csv"] {
        let before = attempts(&place);
        place.ade(request).ends_with(3).says("et-xmlfile");
        assert_eq!(attempts(&place), before + 1, "{request}");
    }
    // However often it is asked for.
    place.set("ADE_WORKER_BACKOFF_BASE_SECONDS", "600");
    place.set("ADE_WORKER_BACKOFF_MAX_SECONDS", "600");
    let before = attempts(&place);
    for request in ["run config members.csv --detach", &retry] {
        place.ade(request).succeeds();
        place.ade("worker --once -q");
        let shown = place.json("runs show latest --json");
        let waits_for = shown["waits_for"].text();
        let words = "its environment, which is retried at ";
        assert!(waits_for.starts_with(words), "{shown}");
        assert_eq!(attempts(&place), before, "{request}");
    }
    let mut waits = place.start("env build config");
    waits.wait_until_says("failed; the next one begins in");
    waits.dies();
    assert_eq!(attempts(&place), before);
    assert!(place.query::<bool>("SELECT available_at - updated_at > 500000 FROM environments"));
}

#[test]
fn a_run_that_a_newer_ade_queued_waits_for_it_and_that_of_an_older_one_goes_on() {
    let mut place = Place::cold();
    place.hurry();
    let run = place.enqueue("config", "members.csv");
    let queued_by = |version: &str| {
        let spec = format!("embedded:{version}:0123456789abcdef");
        let database = rusqlite::Connection::open(place.path("data/db/ade.sqlite")).unwrap();
        for table in ["environments", "runs"] {
            let sql = format!("UPDATE {table} SET engine_spec = ?1");
            database.execute(&sql, [&spec]).unwrap();
        }
    };
    queued_by("99.1.0");
    place
        .ade("worker --drain")
        .ends_with(3)
        .says("the engine 99.1.0 of a newer ade is asked for")
        .says("1 run waits in the queue");
    assert_eq!(place.statuses(), ["queued"]);
    assert_eq!(place.environments()[0]["attempt_count"], 0);
    queued_by("0.0.1");
    place.drains(&run);
}

#[test]
fn what_one_worker_lacks_is_its_own_trouble_and_another_one_builds_it() {
    let mut place = Place::cold();
    place.hurry();
    let run = place.enqueue("config", "members.csv");
    let mut lacking = place.command();
    lacking
        .args(["worker", "--drain"])
        .env("ADE_PYTHON", place.path("absent/python3"));
    common::Running::start(lacking)
        .wait()
        .ends_with(3)
        .says("absent/python3");
    assert_eq!(place.statuses(), ["queued"]);
    assert_eq!(place.environments()[0]["attempt_count"], 0);
    place.drains(&run);
}

/// A folder that is a mount, and is not mounted.
#[test]
fn runs_wait_while_the_folder_that_they_were_recorded_in_is_away() {
    let mut place = Place::cold();
    place.hurry();
    place.set("ADE_RUNS_DIR", place.path("mounted"));
    place.set("ADE_CONFIGS_DIR", place.path("configs"));
    place.warm("config");
    let run = place.enqueue("config", "members.csv");
    for folder in ["mounted", "configs"] {
        let (here, away) = (place.path(folder), place.path("away"));
        std::fs::rename(&here, &away).unwrap();
        std::fs::create_dir(&here).unwrap();
        place
            .ade("worker --drain")
            .ends_with(3)
            .says(&format!("cannot use the folder {}", here.display()))
            .says("1 run waits in the queue");
        assert_eq!(place.status_of(&run), "queued");
        assert_eq!(
            place.query::<u32>("SELECT attempt_count FROM queue"),
            0,
            "{folder}"
        );
        assert_eq!(std::fs::read_dir(&here).unwrap().count(), 0, "{folder}");
        std::fs::remove_dir(&here).unwrap();
        std::fs::rename(&away, &here).unwrap();
    }
    place.ade("worker --drain -q").succeeds();
    assert_eq!(place.status_of(&run), "succeeded");

    // Nor is a further one claimed.
    let runs: Vec<String> = (0..5)
        .map(|_| place.enqueue("config", "members.csv"))
        .collect();
    let (here, away) = (place.path("mounted"), place.path("away"));
    std::fs::rename(&here, &away).unwrap();
    std::fs::create_dir(&here).unwrap();
    let mut worker = place.start_worker("one");
    worker.wait_until_says("no run is claimed until its disk is mounted");
    // What was claimed before goes back.
    worker.wait_until_says("queued: cannot use the folder");
    std::fs::remove_dir(&here).unwrap();
    std::fs::rename(&away, &here).unwrap();
    for run in &runs {
        place.wait_for_status(run, "succeeded");
        assert_eq!(place.outcomes(run), ["succeeded"]);
    }
    let said = worker.stderr();
    worker.stops();
    assert_eq!(said.matches(": claimed").count(), 1 + runs.len(), "{said}");
}

#[test]
fn an_installer_that_the_machine_has_no_descriptors_for_spends_no_attempt() {
    let mut place = Place::cold();
    place.hurry();
    let mark = place.path("tried");
    // From caches, and with a network.
    place.before_installs(&format!(
        "echo x >> '{0}'; if [ $(wc -l < '{0}') -le 2 ]; then echo 'error: failed to open file: Too many open files (os error 24)' >&2; exit 2; fi",
        mark.display()
    ));
    let run = place.enqueue("config", "members.csv");
    place.ade_says("worker --drain", "resource temporarily unavailable");
    // Its environment did not fail for good, and neither did the run.
    assert_eq!(place.outcomes(&run), ["succeeded"]);
}
