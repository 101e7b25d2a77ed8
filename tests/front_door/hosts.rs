//! Several hosts that execute runs from one PostgreSQL and one store of files. Each host is a place of its own: a data directory, a
//! home and a cache.
//!
//! The last test kills workers, a whole host and the server while they execute a queue. `HOSTS_RUNS=300` makes it a long one.

use crate::common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use common::{Place, Postgres, Printed, Running, Told, Way, wait_for};
use libc::SIGTERM;
use serde_json::json;
use tempfile::TempDir;

/// A server, and the files that the hosts share.
struct Team {
    server: Postgres,
    shared: TempDir,
}

impl Team {
    /// Returns `None` if PostgreSQL is not installed.
    fn new() -> Option<Self> {
        let server = Postgres::start()?;
        let shared = tempfile::tempdir().unwrap();
        Some(Self { server, shared })
    }

    /// A host with nothing of its own yet.
    fn host(&self, name: &str) -> Place {
        self.host_by(name, &self.server.url())
    }

    /// Returns a host that reaches the server by this address.
    fn host_by(&self, name: &str, url: &str) -> Place {
        let mut place = Place::named(name);
        place.hurry();
        place.set("ADE_DATABASE_URL", url);
        place.set(
            "ADE_FILES_URL",
            format!("file://{}", self.shared.path().display()),
        );
        place.set("ADE_WORKER_LEASE_SECONDS", "6");
        place
    }

    /// Runs with their statuses, and how many attempts of each succeeded.
    fn statuses(&self) -> BTreeMap<String, (String, usize)> {
        let sql = "SELECT id, coalesce(status, 'live'), (SELECT count(*) FROM run_attempts a WHERE a.run_id = r.id AND outcome = 'succeeded') FROM runs r";
        let rows = self.server.query(sql);
        let row = |line: String| {
            let mut parts = line.split('|').map(str::to_owned);
            let mut next = || parts.next().unwrap();
            (next(), (next(), next().parse().unwrap()))
        };
        rows.into_iter().map(row).collect()
    }

    #[track_caller]
    fn wait_for_end(&self, run: &str) {
        wait_for("the end of a run", || {
            self.statuses()
                .get(run)
                .is_some_and(|(status, _)| status != "live")
        });
    }
}

/// The workbook of a run, as a host shows it.
#[track_caller]
fn demand_workbook(place: &Place, run: &str) {
    let shown = place.json(&format!("runs show {run} --json"));
    let output = PathBuf::from(shown["output_path"].text());
    let cells = place.cells(&output);
    assert!(cells.to_string().contains("ann@example.org"), "{cells}");
}

#[test]
fn what_one_host_submits_another_executes_and_a_third_shows() {
    let Some(team) = Team::new() else { return };
    let (api, first, second) = (team.host("api"), team.host("first"), team.host("second"));
    api.ade("migrate").success();
    api.configuration("config");
    api.members("members.csv");
    let run = api.enqueue("config", "members.csv");
    // The second host has neither the configuration nor the input, and no environment.
    first.ade("worker --drain -q").success();
    assert_eq!(team.statuses()[&run], ("succeeded".to_owned(), 1));
    for place in [&api, &second] {
        demand_workbook(place, &run);
        place.ade_prints(&format!("logs tail {run}"), "run.complete");
    }
    // A host does not use the environments that another one has built.
    assert_eq!(first.environments().len(), 1);
    assert_eq!(second.environments().len(), 0);
    let next = api.enqueue("config", "members.csv");
    second.ade("worker --drain -q").success();
    assert_eq!(team.statuses()[&next], ("succeeded".to_owned(), 1));
    assert_eq!(
        second.environments()[0]["id"],
        first.environments()[0]["id"]
    );
}

#[test]
#[ignore = "long: .ci/nightly front"]
fn what_the_object_store_has_lost_waits_for_the_host_that_has_it() {
    let Some(team) = Team::new() else { return };
    let (api, other) = (team.host("api"), team.host("other"));
    api.ade("migrate").success();
    api.configuration("config");
    api.members("members.csv");
    let run = api.enqueue("config", "members.csv");
    let objects = team.shared.path().display();
    let find = format!("find {objects} -name members.csv -type f -print -delete");
    assert_ne!(api.shell(&find).success().printed(), "");
    let config = api.path("config");
    other
        .ade(&format!("env build {} -q", config.display()))
        .success();
    let worked = other.ade("worker --once");
    assert_eq!(team.statuses()[&run], ("live".to_owned(), 0));
    let outcomes = "SELECT outcome, error LIKE '%nor in the object store%' FROM run_attempts";
    assert_eq!(team.server.query(outcomes), ["retried|t"], "{worked}");
    api.ade("worker --drain -q").success();
    assert_eq!(team.statuses()[&run], ("succeeded".to_owned(), 1));
}

#[test]
#[ignore = "long: .ci/nightly front"]
fn a_run_is_followed_and_cancelled_from_a_host_that_does_not_execute_it() {
    let Some(team) = Team::new() else { return };
    let (mut api, mut worker) = (team.host("api"), team.host("worker"));
    // A run of the worker writes to the folder that the configuration names, which is the other host's.
    worker.set("ADE_SANDBOX_WRITE", api.path(""));
    api.set("ADE_SANDBOX_WRITE", api.path(""));
    api.ade("migrate").success();
    api.holding("config", "print('waiting at the gate', flush=True)");
    api.members("members.csv");
    let run = api.enqueue("config", "members.csv");
    let started = worker.start_worker("w");
    api.wait_until_held(1);
    let mut following = api.start(&format!("logs tail {run} --follow"));
    following.wait_until_prints("engine.config.loaded");
    api.ade(&format!("runs cancel {run}")).success();
    team.wait_for_end(&run);
    following.wait_until_prints("run.complete");
    assert_eq!(team.statuses()[&run].0, "cancelled");
    started.stops();
}

#[test]
#[ignore = "long: .ci/nightly front"]
fn who_is_cut_off_from_the_server_stops_before_another_begins_and_records_nothing() {
    let Some(team) = Team::new() else { return };
    let way = Way::to(&team.server);
    let api = team.host("api");
    let mut cut = team.host_by("cut", &Postgres::url_by(way.port()));
    let mut other = team.host("other");
    for place in [&mut cut, &mut other] {
        place.set("ADE_SANDBOX_WRITE", api.path(""));
    }
    api.ade("migrate").success();
    api.holding("config", "");
    api.members("members.csv");
    let run = api.enqueue("config", "members.csv");
    let first = cut.start_worker("cut");
    let engine = api.wait_until_held(1)[0];
    way.cut();
    // The host knows by its own clock when its lease is over.
    common::wait_for_death(engine);
    let second = other.start_worker("other");
    api.wait_until_held(2);
    api.let_go();
    team.wait_for_end(&run);
    way.mend();
    assert_eq!(team.statuses()[&run], ("succeeded".to_owned(), 1));
    let outcomes = team.server.query(&format!(
        "SELECT outcome, worker FROM run_attempts WHERE run_id = '{run}' ORDER BY attempt"
    ));
    assert_eq!(outcomes, ["lost|cut", "succeeded|other"]);
    demand_workbook(&api, &run);
    second.stops();
    first.signal(SIGTERM);
    drop(first);
}

#[test]
#[ignore = "long: .ci/nightly front"]
fn who_answers_is_verified_and_a_refusal_says_where_to_look() {
    let Some(server) = Postgres::start() else {
        return;
    };
    let Some((issuer, other)) = server.certified() else {
        return;
    };
    let mut place = Place::new();
    let mut migrate = |who: &str, database: &str, trusted: &Path| {
        let port = server.port();
        let trusted = trusted.display();
        let url = format!("postgresql://{who}:{port}/{database}?sslrootcert={trusted}");
        place.set("ADE_DATABASE_URL", url);
        place.ade("migrate")
    };
    for (who, database, trusted, reason, hint) in [
        (
            "ade@127.0.0.1",
            "postgres",
            &issuer,
            "not valid for name",
            "sslrootcert",
        ),
        (
            "ade@localhost",
            "postgres",
            &other,
            "UnknownIssuer",
            "sslrootcert",
        ),
        (
            "nobody@localhost",
            "postgres",
            &issuer,
            "\"nobody\" does not exist",
            "pg_hba.conf",
        ),
        (
            "ade@localhost",
            "absent",
            &issuer,
            "\"absent\" does not exist",
            "pg_hba.conf",
        ),
    ] {
        let said = migrate(who, database, trusted).code(5);
        said.says(reason).says(hint);
    }
    migrate("ade@localhost", "postgres", &issuer).success();
}

#[test]
#[ignore = "long: .ci/nightly front"]
fn a_worker_that_is_too_old_for_the_schema_stops_in_order() {
    let Some(team) = Team::new() else { return };
    let place = team.host("old");
    place.ade("migrate").success();
    place.holding("config", "");
    place.members("members.csv");
    let (run, worker) = place.begun("w");
    team.server.query("INSERT INTO schema_migrations (version, name, checksum, applied_at, ade_version) VALUES (9999, 'later', '', 0, '9')");
    place.let_go();
    worker.wait().code(5).says("has schema version 9999");
    assert_eq!(team.statuses()[&run], ("succeeded".to_owned(), 1));
    place.ade_fails("runs ls", 5, "database_newer");
}

#[test]
#[ignore = "long: .ci/nightly front"]
fn a_data_directory_moves_to_a_server_with_its_records_and_files() {
    let Some(team) = Team::new() else { return };
    let mut place = team.host("first");
    let url = team.server.url();
    for name in ["ADE_DATABASE_URL", "ADE_FILES_URL"] {
        place.unset(name);
    }
    place.configuration("config");
    place.members("members.csv");
    place.ade("run config members.csv -q").success();
    let ended = place.latest_id();
    let waiting = place.enqueue("config", "members.csv");
    place.set("ADE_DATABASE_URL", &url);
    place.set(
        "ADE_FILES_URL",
        format!("file://{}", team.shared.path().display()),
    );
    let moved = place.json("migrate --from sqlite --json");
    assert_eq!(moved["tables"]["runs"], 2);
    // Two runs and a snapshot.
    assert_eq!(moved["files_of"], 3);
    assert!(!place.path("data/db/ade.sqlite").exists());
    // No command continues with the former database.
    place.unset("ADE_DATABASE_URL");
    place.ade_fails("runs ls", 5, "identity_mismatch");
    place.set("ADE_DATABASE_URL", &url);
    // Another host executes the waiting runs, and shows those that had ended before.
    let other = team.host("other");
    other.ade("worker --drain -q").success();
    assert_eq!(team.statuses()[&waiting], ("succeeded".to_owned(), 1));
    for run in [&ended, &waiting] {
        demand_workbook(&other, run);
        demand_workbook(&place, run);
    }
    // The records of a second directory cannot move to a database that has records.
    let mut second = team.host("second");
    second.unset("ADE_DATABASE_URL");
    second.unset("ADE_FILES_URL");
    second.configuration("config");
    second.members("members.csv");
    second.ade("run config members.csv -q").success();
    second.set("ADE_DATABASE_URL", &url);
    second.ade_fails("migrate --from sqlite", 1, "not_empty");
    assert!(second.path("data/db/ade.sqlite").exists());
}

#[test]
#[ignore = "long: .ci/nightly front"]
#[allow(
    clippy::disallowed_methods,
    reason = "tests read their own process variables"
)]
fn nothing_is_lost_or_done_twice_while_workers_a_host_and_the_server_die() {
    let Some(team) = Team::new() else { return };
    let count: usize = std::env::var("HOSTS_RUNS").map_or(24, |text| text.parse().unwrap());
    let mut api = team.host("api");
    // A run that is killed again and again fails in the end; here the machine may be slow and kills are frequent.
    api.set("ADE_WORKER_MAX_ATTEMPTS", "50");
    let hosts = [team.host("one"), team.host("two")];
    api.ade("migrate").success();
    api.configuration("config");
    let inputs: Vec<String> = (0..count).map(|index| format!("{index}.csv")).collect();
    api.all_members(&inputs);
    api.ade(&format!("run config {} --detach -q", inputs.join(" ")))
        .success();
    let start = |index: usize| hosts[index % 2].start_worker(&format!("w{index}"));
    let mut workers: Vec<Running> = (0..4).map(start).collect();
    let (mut next, began, mut crashes) = (4, Instant::now(), 0);
    let done = || {
        team.statuses()
            .values()
            .filter(|(status, _)| status != "live")
            .count()
    };
    let mut last = Instant::now();
    while done() < count {
        assert!(
            began.elapsed() < Duration::from_secs(3600),
            "{} of {count}",
            done()
        );
        std::thread::sleep(Duration::from_millis(100));
        if last.elapsed() < Duration::from_secs(3) || done() == 0 {
            continue;
        }
        last = Instant::now();
        match (next, done() * 3 / count) {
            // A whole host at once.
            (6, _) => {
                let (here, there): (Vec<_>, Vec<_>) = workers
                    .into_iter()
                    .enumerate()
                    .partition(|(index, _)| index % 2 == 0);
                here.into_iter().for_each(|(_, worker)| worker.dies());
                workers = there.into_iter().map(|(_, worker)| worker).collect();
                workers.extend((0..2).map(|index| start(next + 2 * index)));
            }
            (_, third) if third > crashes && crashes < 2 => {
                team.server.crashes();
                crashes += 1;
            }
            _ => {
                workers.remove(0).dies();
                workers.push(start(next));
            }
        }
        next += 1;
    }
    workers.into_iter().for_each(Running::stops);
    println!("{} kills, {crashes} restarts", next - 4);
    let statuses = team.statuses();
    assert_eq!(statuses.len(), count);
    for (run, found) in &statuses {
        assert_eq!(*found, ("succeeded".to_owned(), 1), "{run}");
        demand_workbook(&api, run);
    }
    assert_eq!(team.server.query("SELECT count(*) FROM queue"), ["0"]);
    let outputs = fs::read_dir(team.shared.path()).unwrap().count();
    assert!(outputs > 0);
    assert_eq!(api.json("runs ls --status running --json"), json!([]));
}
