//! What any store must do, shown on SQLite with real files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;
use crate::settings::{Inputs, Recovery};
use crate::store::{EnvironmentStatus, NewRun, RunOptions};

const LEASE: Duration = Duration::from_secs(900);

struct World {
    _folder: tempfile::TempDir,
    settings: Settings,
    path: PathBuf,
    store: SqliteStore,
}

fn settings(folder: &Path, flags: &[(&'static str, &str)]) -> Settings {
    let flags: BTreeMap<&'static str, String> = flags
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()))
        .collect();
    Settings::resolve(&Inputs {
        flags,
        environment: BTreeMap::new(),
        folder: folder.to_owned(),
    })
    .unwrap()
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(
            folder.path(),
            &[("ADE_DATABASE_SQLITE_BUSY_TIMEOUT_MS", "5000")],
        );
        let path = folder.path().join("db/ade.sqlite");
        let store = SqliteStore::open(&settings, &path, Opening::CreateIfAbsent).unwrap();
        Self {
            _folder: folder,
            settings,
            path,
            store,
        }
    }

    /// Another process's store.
    fn other(&self) -> SqliteStore {
        SqliteStore::open(&self.settings, &self.path, Opening::Existing).unwrap()
    }

    fn environment(&self, digest: &str, now: Timestamp) -> EnvironmentRecord {
        let configuration = self
            .store
            .ensure_configuration("default", "c", Path::new("/c"), now)
            .unwrap();
        let key = EnvironmentKey {
            workspace_id: "default".to_owned(),
            configuration_id: configuration.id,
            engine_spec: "embedded".to_owned(),
            deps_digest: digest.to_owned(),
        };
        self.store
            .ensure_environment(&key, Path::new("/s"), &|id| Path::new("/v").join(id), now)
            .unwrap()
    }

    fn ready(&self, digest: &str, now: Timestamp) -> EnvironmentRecord {
        let environment = self.environment(digest, now);
        let claim = claim("builder");
        self.store
            .claim_environment(&environment.id, &claim, false, now)
            .unwrap()
            .unwrap();
        assert!(
            self.store
                .complete_environment(&environment.id, &claim, &contents(), now)
                .unwrap()
        );
        self.store
            .environment_of(&environment.key)
            .unwrap()
            .unwrap()
    }

    fn run(&self, environment: &EnvironmentRecord) -> NewRun {
        NewRun {
            id: uuid::Uuid::now_v7().to_string(),
            key: environment.key.clone(),
            environment_id: environment.id.clone(),
            document_id: None,
            source_digest: "s".to_owned(),
            snapshot: "/s".into(),
            input_name: "a.xlsx".to_owned(),
            input_path: "/i/a.xlsx".into(),
            input_sha256: "0".to_owned(),
            input_size_bytes: 1,
            input_sheets: Some(vec!["One".to_owned()]),
            options: RunOptions::default(),
            max_attempts: 3,
            run_dir: "/r".into(),
            retry_of_run_id: None,
        }
    }

    fn enqueue(&self, environment: &EnvironmentRecord, now: Timestamp) -> RunRecord {
        self.store.enqueue_run(&self.run(environment), now).unwrap()
    }
}

fn contents() -> EnvironmentContents {
    EnvironmentContents {
        python_version: "3.11.7".to_owned(),
        python_path: "/p".into(),
        engine_version: "1.10.0".to_owned(),
        installer: "uv".to_owned(),
        packages: Vec::new(),
        lock_digest: "l".to_owned(),
        size_bytes: 7,
    }
}

fn claim(worker: &str) -> Claim {
    Claim::new(worker, LEASE)
}

fn ending(status: RunStatus) -> Ending {
    Ending {
        status,
        exit_code: Some(0),
        error: None,
        summary: None,
        output_path: None,
        results: None,
        peak_memory_bytes: Some(5),
        cpu_seconds: Some(0.1),
        engine_seconds: None,
    }
}

fn failure() -> Failure {
    Failure {
        code: "x".to_owned(),
        stage: None,
        message: "m".to_owned(),
        hint: None,
    }
}

fn at(milliseconds: i64) -> Timestamp {
    Timestamp(1_000_000 + milliseconds)
}

#[test]
fn runs_are_claimed_oldest_first_and_only_when_their_environment_is_ready() {
    let world = World::new();
    let (waiting, ready) = (world.environment("w", at(0)), world.ready("r", at(0)));
    world
        .store
        .enqueue_run(&world.run(&waiting), at(1))
        .unwrap();
    let first = world.store.enqueue_run(&world.run(&ready), at(2)).unwrap();
    let second = world.store.enqueue_run(&world.run(&ready), at(3)).unwrap();
    let take = || world.store.claim_next_run(&claim("w"), at(10)).unwrap();
    let taken = take().unwrap();
    assert_eq!(
        (taken.id, taken.attempt_count, taken.status),
        (first.id, 1, RunStatus::Running)
    );
    assert_eq!(taken.input_sheets, Some(vec!["One".to_owned()]));
    assert_eq!(take().unwrap().id, second.id);
    assert!(
        take().is_none(),
        "the run whose environment is not ready waits"
    );
}

#[test]
fn a_claim_is_made_once_however_many_ask() {
    let world = World::new();
    let environment = world.ready("r", at(0));
    let runs = 60;
    for number in 0..runs {
        world
            .store
            .enqueue_run(&world.run(&environment), at(number))
            .unwrap();
    }
    let stores: Vec<_> = (0..4).map(|_| world.other()).collect();
    let claimed: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = stores
            .iter()
            .map(|store| {
                scope.spawn(move || {
                    std::iter::from_fn(|| store.claim_next_run(&claim("w"), at(1000)).unwrap())
                        .map(|run| run.id)
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    let distinct: std::collections::HashSet<_> = claimed.iter().collect();
    assert_eq!((claimed.len(), distinct.len()), (60, 60));
}

#[test]
fn who_lost_the_claim_changes_nothing() {
    let world = World::new();
    let environment = world.ready("r", at(0));
    let mine = claim("mine");
    let run = world
        .store
        .insert_claimed_run(&world.run(&environment), &mine, at(0))
        .unwrap();
    let late = Timestamp(at(0).0 + 900_001);
    let back = world
        .store
        .expire_run_leases(&|_| Duration::ZERO, &|| Some(late))
        .unwrap();
    assert_eq!(
        back.iter().map(|run| run.status).collect::<Vec<_>>(),
        [RunStatus::Queued]
    );
    let theirs = claim("theirs");
    assert_eq!(
        world
            .store
            .claim_next_run(&theirs, late)
            .unwrap()
            .unwrap()
            .attempt_count,
        2
    );

    assert_eq!(
        world.store.heartbeat_run(&run.id, &mine, late).unwrap(),
        Heartbeat::Lost
    );
    assert!(
        !world
            .store
            .finish_run(&run.id, &mine, &ending(RunStatus::Succeeded), late)
            .unwrap()
    );
    assert!(
        world
            .store
            .retry_run(&run.id, &mine, &failure(), late, late)
            .unwrap()
            .is_none()
    );
    assert!(
        world
            .store
            .release_run(&run.id, &mine, "x", late)
            .unwrap()
            .is_none()
    );
    let now = world.store.run("default", &run.id).unwrap();
    assert_eq!(
        (now.status, now.claimed_by.as_deref()),
        (RunStatus::Running, Some("theirs"))
    );

    assert!(
        world
            .store
            .finish_run(&run.id, &theirs, &ending(RunStatus::Succeeded), late)
            .unwrap()
    );
    assert!(
        !world
            .store
            .finish_run(&run.id, &theirs, &ending(RunStatus::Failed), late)
            .unwrap(),
        "an end is final"
    );
    let outcomes: Vec<_> = world
        .store
        .attempts(&run.id)
        .unwrap()
        .into_iter()
        .map(|attempt| attempt.outcome.unwrap())
        .collect();
    assert_eq!(outcomes, ["lost", "succeeded"]);
}

#[test]
fn attempts_are_counted_at_the_claim_and_end_in_failure() {
    let world = World::new();
    let environment = world.ready("r", at(0));
    let run = world
        .store
        .enqueue_run(&world.run(&environment), at(0))
        .unwrap();
    let mut now = at(0);
    for attempt in 1..=3 {
        now = Timestamp(now.0 + 1_000_000);
        assert_eq!(
            world
                .store
                .claim_next_run(&claim("w"), now)
                .unwrap()
                .unwrap()
                .attempt_count,
            attempt
        );
        now = Timestamp(now.0 + 900_001);
        world
            .store
            .expire_run_leases(&|_| Duration::ZERO, &|| Some(now))
            .unwrap();
    }
    let run = world.store.run("default", &run.id).unwrap();
    assert_eq!(
        (run.status, run.error.unwrap().message.as_str()),
        (RunStatus::Failed, "lease expired")
    );
    assert!(
        world
            .store
            .claim_next_run(&claim("w"), now)
            .unwrap()
            .is_none()
    );
}

#[test]
fn a_waiting_run_whose_attempts_are_spent_is_not_claimed() {
    let world = World::new();
    let environment = world.ready("d", at(0));
    let run = world.enqueue(&environment, at(1));
    // Nothing here leaves a run so; an older ade or a hand might.
    let spend = "UPDATE runs SET attempt_count = max_attempts";
    world.store.lock().execute_batch(spend).unwrap();
    assert!(
        world
            .store
            .claim_next_run(&claim("w"), at(2))
            .unwrap()
            .is_none()
    );
    assert_eq!(
        world.store.run("default", &run.id).unwrap().status,
        RunStatus::Queued
    );
}

#[test]
fn a_process_that_still_holds_a_run_stays_known() {
    let world = World::new();
    let environment = world.ready("d", at(0));
    world.enqueue(&environment, at(1));
    let process = WorkerRecord {
        id: "p1".to_owned(),
        host: "here".to_owned(),
        pid: 1,
        name: "w".to_owned(),
        kind: "worker".to_owned(),
        slots: 1,
        lock_path: "/l".into(),
        started_at: at(1),
        seen_at: at(1),
    };
    world.store.register_worker(&process).unwrap();
    let claim = claim("w").by(Some("p1"));
    assert!(world.store.claim_next_run(&claim, at(2)).unwrap().is_some());
    world.store.remove_worker("p1").unwrap();
    assert_eq!(world.store.workers().unwrap().len(), 1);
    let reclaimed = world.store.reclaim("p1", Recovery::Requeue, at(3)).unwrap();
    assert_eq!(reclaimed.len(), 1);
    world.store.remove_worker("p1").unwrap();
    assert!(world.store.workers().unwrap().is_empty());
}

#[test]
fn after_a_clock_that_went_back_nothing_waits_for_what_it_was() {
    let world = World::new();
    let environment = world.ready("d", at(0));
    let (held, waiting) = (
        world.enqueue(&environment, at(1)),
        world.enqueue(&environment, at(2)),
    );
    let future = at(1_000_000_000);
    world
        .store
        .claim_next_run(&claim("w"), future)
        .unwrap()
        .unwrap();
    let theirs = claim("v");
    world
        .store
        .claim_next_run(&theirs, future)
        .unwrap()
        .unwrap();
    world
        .store
        .retry_run(&waiting.id, &theirs, &failure(), future.plus(LEASE), future)
        .unwrap();
    let mended = world
        .store
        .mend_times(LEASE, LEASE, &|| Some(at(10)))
        .unwrap();
    assert_eq!(mended, 2);
    let run = |id: &str| world.store.run("default", id).unwrap();
    assert_eq!(run(&held.id).claim_expires_at, Some(at(10).plus(LEASE)));
    assert_eq!(run(&waiting.id).available_at, at(10));

    world.store.request_cancel(&waiting.id, future).unwrap();
    let untold = world.store.untold_ends(LEASE, at(20)).unwrap();
    assert_eq!(untold.len(), 1, "it seems to have ended in the future");
}

#[test]
fn a_run_outlives_the_environment_that_was_collected_before_it_was_recorded() {
    let world = World::new();
    let environment = world.ready("d", at(0));
    assert!(world.store.take_environment(&environment.id, None).unwrap());
    let run = world.enqueue(&environment, at(1));
    assert_eq!(run.environment_id, None);
    assert_eq!(world.store.runs_without_environment(9).unwrap().len(), 1);
    world
        .store
        .set_run_environment(&run.id, &environment.id)
        .unwrap();
    assert_eq!(world.store.runs_without_environment(9).unwrap().len(), 1);
}

#[test]
fn a_retry_waits_for_its_time_and_a_release_gives_the_attempt_back() {
    let world = World::new();
    let environment = world.ready("r", at(0));
    let mine = claim("w");
    let run = world
        .store
        .insert_claimed_run(&world.run(&environment), &mine, at(0))
        .unwrap();
    assert_eq!(
        world
            .store
            .retry_run(&run.id, &mine, &failure(), at(5000), at(10))
            .unwrap(),
        Some(RunStatus::Queued)
    );
    assert!(
        world
            .store
            .claim_next_run(&claim("w"), at(4999))
            .unwrap()
            .is_none()
    );
    let second = claim("w");
    assert_eq!(
        world
            .store
            .claim_next_run(&second, at(5000))
            .unwrap()
            .unwrap()
            .attempt_count,
        2
    );
    assert_eq!(
        world
            .store
            .release_run(&run.id, &second, "stopped", at(5001))
            .unwrap(),
        Some(RunStatus::Queued)
    );
    assert_eq!(
        world.store.run("default", &run.id).unwrap().attempt_count,
        1
    );
}

#[test]
fn an_environment_has_one_builder_and_who_lost_it_changes_nothing() {
    let world = World::new();
    let environment = world.environment("d", at(0));
    let (mine, theirs) = (claim("mine"), claim("theirs"));
    assert!(
        world
            .store
            .claim_environment(&environment.id, &mine, false, at(1))
            .unwrap()
            .is_some()
    );
    assert!(
        world
            .store
            .claim_environment(&environment.id, &theirs, false, at(2))
            .unwrap()
            .is_none()
    );
    let taken = world
        .store
        .claim_environment(&environment.id, &theirs, true, at(3))
        .unwrap()
        .unwrap();
    assert_eq!(
        taken.claimed_by.as_deref(),
        Some("theirs"),
        "the holder of the lock may take over"
    );
    assert!(
        !world
            .store
            .complete_environment(&environment.id, &mine, &contents(), at(4))
            .unwrap()
    );
    assert!(
        !world
            .store
            .fail_environment(&environment.id, &mine, &failure(), None, at(4))
            .unwrap()
    );
    assert!(
        world
            .store
            .fail_environment(&environment.id, &theirs, &failure(), Some(at(100)), at(5))
            .unwrap()
    );
    assert!(
        world.store.next_environment(at(99)).unwrap().is_none(),
        "it waits for its backoff"
    );
    assert_eq!(
        world.store.next_environment(at(100)).unwrap().unwrap().id,
        environment.id
    );
}

#[test]
fn runs_fail_with_the_reason_of_an_environment_that_failed_for_good() {
    let world = World::new();
    let environment = world.environment("d", at(0));
    let run = world
        .store
        .enqueue_run(&world.run(&environment), at(0))
        .unwrap();
    let builder = claim("b");
    world
        .store
        .claim_environment(&environment.id, &builder, false, at(1))
        .unwrap();
    assert!(
        world
            .store
            .fail_runs_of_failed_environments(at(2))
            .unwrap()
            .is_empty()
    );
    world
        .store
        .fail_environment(&environment.id, &builder, &failure(), None, at(3))
        .unwrap();
    let failed = world.store.fail_runs_of_failed_environments(at(4)).unwrap();
    assert_eq!(failed[0].id, run.id);
    assert_eq!(
        failed[0].error.as_ref().unwrap().message,
        "Build failed before run could start: m"
    );
    assert_eq!(
        world.store.environments("default").unwrap()[0].status,
        EnvironmentStatus::Failed
    );
}

#[test]
fn ids_are_found_by_an_unambiguous_prefix() {
    let world = World::new();
    let environment = world.ready("r", at(0));
    let mut ids = [
        "0199aaaa-0000-7000-8000-000000000001",
        "0199aaab-0000-7000-8000-000000000002",
    ]
    .map(str::to_owned);
    for id in &ids {
        let run = NewRun {
            id: id.clone(),
            ..world.run(&environment)
        };
        world.store.enqueue_run(&run, at(0)).unwrap();
    }
    assert_eq!(world.store.run("default", "0199AAAB").unwrap().id, ids[1]);
    assert_eq!(world.store.run("default", "latest").unwrap().id, ids[1]);
    assert!(matches!(
        world.store.run("default", "0199"),
        Err(StoreError::Ambiguous { count: 2, .. })
    ));
    for unknown in ["", "%", "zz", "0199aaac"] {
        assert!(
            matches!(
                world.store.run("default", unknown),
                Err(StoreError::NotFound { .. })
            ),
            "{unknown:?}"
        );
    }
    assert!(matches!(
        world.store.run("another", "0199aaab"),
        Err(StoreError::NotFound { .. })
    ));
    ids.reverse();
    let filter = RunFilter {
        workspace_id: "default".to_owned(),
        limit: 9,
        ..RunFilter::default()
    };
    let listed: Vec<_> = world
        .store
        .runs(&filter)
        .unwrap()
        .into_iter()
        .map(|run| run.id)
        .collect();
    assert_eq!(listed, ids);
}

#[test]
fn frequent_queries_use_their_indexes() {
    let world = World::new();
    let connection = world.store.lock();
    let plan = |sql: &str| -> String {
        let mut statement = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let count = statement.parameter_count();
        let values = vec![0; count];
        let lines = statement
            .query_map(rusqlite::params_from_iter(values), |row| {
                row.get::<_, String>(3)
            })
            .unwrap();
        lines
            .map(std::result::Result::unwrap)
            .collect::<Vec<_>>()
            .join("; ")
    };
    let next = plan(runs::NEXT);
    assert!(
        next.contains("runs_waiting") && !next.contains("TEMP B-TREE"),
        "{next}"
    );
    let environment = plan(environments::NEXT);
    assert!(
        environment.contains("environments_waiting") && !environment.contains("TEMP B-TREE"),
        "{environment}"
    );
    let expired = plan("SELECT id FROM runs WHERE status = 'running' AND claim_expires_at < ?1");
    assert!(expired.contains("runs_leased"), "{expired}");
    let foiled = plan(&format!("SELECT 1 FROM runs WHERE {}", runs::FOILED));
    assert!(
        foiled.contains("runs_of_environment (environment_id=?)"),
        "{foiled}"
    );
    let with_artifacts = plan(runs::WITH_ARTIFACTS);
    assert!(
        with_artifacts.contains("runs_with_artifacts (completed_at>? AND completed_at<?)"),
        "{with_artifacts}"
    );
    let retries = plan("SELECT 1 FROM runs WHERE retry_of_run_id = ?1");
    assert!(retries.contains("runs_retries"), "{retries}");
    let newest = plan(
        "SELECT id FROM runs WHERE workspace_id = ?1 ORDER BY created_at DESC, id DESC LIMIT 50",
    );
    assert!(
        newest.contains("runs_newest") && !newest.contains("TEMP B-TREE"),
        "{newest}"
    );
}

#[test]
fn several_first_starts_at_once_make_one_database() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(folder.path(), &[]);
    let path = folder.path().join("db/ade.sqlite");
    let opened: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| SqliteStore::open(&settings, &path, Opening::CreateIfAbsent)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for store in opened {
        assert_eq!(
            store.unwrap().schema_status().unwrap().state,
            MigrationState::Current
        );
    }
}

#[test]
fn databases_that_cannot_serve_are_told_apart() {
    let world = World::new();
    let reopen = || SqliteStore::open(&world.settings, &world.path, Opening::CreateIfAbsent);
    let execute = |sql: &str| world.store.lock().execute_batch(sql).unwrap();

    execute("INSERT INTO schema_migrations VALUES (99, 'future', 'x', 0, '9.9.9')");
    assert!(matches!(reopen(), Err(StoreError::Newer { found: 99, .. })));
    execute(
        "DELETE FROM schema_migrations WHERE version = 99; UPDATE schema_migrations SET checksum = 'other' WHERE version = 1",
    );
    assert!(matches!(
        reopen(),
        Err(StoreError::Altered { version: 1, .. })
    ));
    execute("DELETE FROM schema_migrations");
    assert!(
        matches!(reopen(), Err(StoreError::Damaged { .. })),
        "its tables are there but not in the book"
    );

    let elsewhere = world.path.with_file_name("text.sqlite");
    std::fs::write(
        &elsewhere,
        "this is no database, however long it is ".repeat(40),
    )
    .unwrap();
    assert!(matches!(
        SqliteStore::open(&world.settings, &elsewhere, Opening::CreateIfAbsent),
        Err(StoreError::Damaged { .. })
    ));
    let absent = world.path.with_file_name("absent.sqlite");
    assert!(matches!(
        SqliteStore::open(&world.settings, &absent, Opening::Existing),
        Err(StoreError::Absent { .. })
    ));
}

#[test]
fn a_database_that_stays_locked_is_given_up_in_time() {
    let world = World::new();
    let settings = settings(
        world.path.parent().unwrap(),
        &[("ADE_DATABASE_SQLITE_BUSY_TIMEOUT_MS", "50")],
    );
    let other = SqliteStore::open(&settings, &world.path, Opening::Existing).unwrap();
    let holder = world.store.lock();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = other.ensure_configuration("default", "c", Path::new("/c"), at(0));
    assert!(
        matches!(refused, Err(StoreError::Locked { .. })),
        "{refused:?}"
    );
}

#[test]
fn database_urls_name_files() {
    let folder = Path::new("/here");
    let path = |url: &str| {
        SqliteStore::path(
            &settings(folder, &[("ADE_DATABASE_URL", url)]),
            Path::new("/d"),
        )
    };
    assert_eq!(
        path("sqlite:///a/b.sqlite").unwrap(),
        Path::new("/here/a/b.sqlite")
    );
    assert_eq!(
        path("sqlite:////a/b.sqlite").unwrap(),
        Path::new("/a/b.sqlite")
    );
    for bad in ["sqlite://", "sqlite:///", "mysql://x/y"] {
        assert!(matches!(path(bad), Err(StoreError::BadUrl { .. })), "{bad}");
    }
}
