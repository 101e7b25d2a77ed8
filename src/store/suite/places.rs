//! Test helpers: a configuration, environments, runs and their ends in a store.

use std::path::Path;
use std::time::Duration;

use crate::base::clock::Timestamp;
use crate::settings::Recovery;
use crate::store::driver::params;
use crate::store::{
    AttemptUsage, BuildAttempts, BuildFailureOutcome, Claim, ClaimableState, ConfigurationChange,
    ConfigurationRecord, Ending, EnvironmentContents, EnvironmentKey, EnvironmentRecord,
    FailureRecord, Limits, NewEnvironment, NewRun, Retry, RunFilter, RunOptions, RunRecord,
    RunStatus, Store, Submitter, SubmitterKind, WorkerFilter, WorkerRecord,
};

pub const LEASE: Duration = Duration::from_secs(900);

/// Returns a time, in milliseconds after the beginning of the tests.
pub fn at(milliseconds: i64) -> Timestamp {
    Timestamp(1_000_000 + milliseconds)
}

/// Returns the moment when a claim from that time has just expired.
pub fn expiry(claimed: Timestamp) -> Timestamp {
    Timestamp(claimed.plus(LEASE).0 + 1)
}

pub fn claim(worker: &str) -> Claim {
    Claim::new(worker, uuid::Uuid::new_v4().to_string(), LEASE)
}

pub fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// Returns a configuration that is to be recorded.
pub fn new_configuration(name: &str, folder: &str) -> ConfigurationRecord {
    ConfigurationRecord {
        id: new_id(),
        workspace_id: "default".to_owned(),
        name: name.to_owned(),
        path: folder.into(),
    }
}

pub fn key(store: &Store, digest: &str) -> EnvironmentKey {
    let configuration = store
        .ensure_configuration(&new_configuration("c", "/c"), at(0))
        .unwrap();
    EnvironmentKey {
        workspace_id: "default".to_owned(),
        configuration_id: configuration.id,
        engine_spec: "embedded".to_owned(),
        deps_digest: digest.to_owned(),
    }
}

/// Records a queued environment.
pub fn environment(store: &Store, digest: &str, now: Timestamp) -> EnvironmentRecord {
    let id = new_id();
    let new = NewEnvironment {
        key: key(store, digest),
        folder: Path::new("/v").join(&id),
        snapshot: "/s".into(),
        id,
    };
    store.ensure_environment(&new, now).unwrap()
}

/// Records an environment and builds it.
pub fn ready(store: &Store, digest: &str, now: Timestamp) -> EnvironmentRecord {
    let environment = environment(store, digest, now);
    build(store, &environment, now);
    reread(store, &environment)
}

/// Returns rules for three attempts at a build, 7 s apart.
pub fn build_attempts() -> BuildAttempts<'static> {
    BuildAttempts {
        most: 3,
        backoff: &|_| Duration::from_secs(7),
    }
}

/// Returns the folder for builds whose last builder may still be working in the former folder.
pub fn elsewhere() -> &'static Path {
    Path::new("/elsewhere")
}

/// Claims an environment for building.
pub fn take(
    store: &Store,
    environment: &str,
    claim: &Claim,
    claimable: ClaimableState,
    now: Timestamp,
) -> Option<EnvironmentRecord> {
    let taken = store.claim_environment(environment, claim, claimable, elsewhere(), now);
    taken.unwrap()
}

/// Claims an environment for building, and records a failure.
pub fn fails(
    store: &Store,
    environment: &EnvironmentRecord,
    after: BuildFailureOutcome,
    now: Timestamp,
) {
    let mine = claim("builder");
    take(store, &environment.id, &mine, ClaimableState::Due, now).unwrap();
    let failed = store.fail_environment(&environment.id, &mine, &failure(), after, now);
    assert!(failed.unwrap());
}

/// Builds a queued environment.
pub fn build(store: &Store, environment: &EnvironmentRecord, now: Timestamp) {
    let builder = claim("builder");
    assert!(take(store, &environment.id, &builder, ClaimableState::Due, now).is_some());
    let built = store.complete_environment(&environment.id, &builder, &contents(), now);
    assert!(built.unwrap());
}

pub fn reread(store: &Store, environment: &EnvironmentRecord) -> EnvironmentRecord {
    store.environment("default", &environment.id).unwrap()
}

pub fn contents() -> EnvironmentContents {
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

pub fn new_run(environment: &EnvironmentRecord) -> NewRun {
    new_run_of(&environment.id, &environment.key)
}

/// Returns a run for the environment with this id and key.
pub fn new_run_of(environment: &str, key: &EnvironmentKey) -> NewRun {
    NewRun {
        id: new_id(),
        key: key.clone(),
        environment_id: environment.to_owned(),
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
        limits: Limits::default(),
    }
}

/// Returns the run as submitted over HTTP.
pub fn by_http(mut run: NewRun) -> NewRun {
    run.options.submitted_by = Some(Submitter {
        kind: SubmitterKind::Token,
        id: "t".to_owned(),
        name: "token".to_owned(),
    });
    run
}

/// Records a queued run of an environment.
pub fn queued(store: &Store, environment: &EnvironmentRecord, now: Timestamp) -> RunRecord {
    enqueue(store, &new_run(environment), now)
}

/// Records one run as queued.
pub fn enqueue(store: &Store, run: &NewRun, now: Timestamp) -> RunRecord {
    let recorded = store.enqueue_runs(std::slice::from_ref(run), now);
    recorded.unwrap().remove(0)
}

/// Claims the next run in the queue.
pub fn claim_next(store: &Store, claim: &Claim, now: Timestamp) -> Option<RunRecord> {
    store.claim_next_run(claim, now).unwrap()
}

/// Records a run that is under this claim.
pub fn running(
    store: &Store,
    environment: &EnvironmentRecord,
    claim: &Claim,
    now: Timestamp,
) -> RunRecord {
    store
        .insert_claimed_run(&new_run(environment), claim, now)
        .unwrap()
}

/// Records a run that has ended.
pub fn ended(
    store: &Store,
    environment: &EnvironmentRecord,
    status: RunStatus,
    now: Timestamp,
) -> RunRecord {
    let mine = claim("w");
    let run = running(store, environment, &mine, now);
    finish(store, &run.id, &mine, status, now);
    find(store, &run.id)
}

/// Records the end of a run.
pub fn finish(store: &Store, run: &str, claim: &Claim, status: RunStatus, now: Timestamp) {
    let recorded = store.finish_run(run, claim, &ending(status), now);
    assert!(recorded.unwrap());
}

/// Records that the files of a run are gone.
pub fn collected(store: &Store, run: &str, now: Timestamp) {
    assert!(store.mark_artifacts_deleted(run, now, now).unwrap());
}

/// Returns a filter for all runs of the tests' workspace.
pub fn all_runs() -> RunFilter {
    RunFilter {
        workspace_id: "default".to_owned(),
        limit: 9,
        ..RunFilter::default()
    }
}

pub fn find(store: &Store, run: &str) -> RunRecord {
    store.run("default", run).unwrap()
}

pub fn ending(status: RunStatus) -> Ending {
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

pub fn failure() -> FailureRecord {
    FailureRecord::new("x", "y", "m", None)
}

/// Sends a run back to the queue without facts about its attempt.
pub fn send_back(
    store: &Store,
    run: &str,
    claim: &Claim,
    retry: Retry,
    now: Timestamp,
) -> Option<RunRecord> {
    let left = store.retry_run(run, claim, &failure(), &AttemptUsage::default(), retry, now);
    left.unwrap()
}

/// Ends the claims of a dead process.
pub fn reclaim(store: &Store, process: &str, recovery: Recovery, now: Timestamp) -> Vec<RunRecord> {
    let ended = store.reclaim(process, recovery, &build_attempts(), now);
    ended.unwrap()
}

pub fn process(id: &str) -> WorkerRecord {
    WorkerRecord {
        id: id.to_owned(),
        host: "here".to_owned(),
        pid: 1,
        name: "w".to_owned(),
        kind: "worker".to_owned(),
        slots: 1,
        lock_path: "/l".into(),
        lease: Duration::from_secs(5),
        started_at: at(1),
        seen_at: at(1),
        only: WorkerFilter::default(),
        quieted_at: None,
        quieted_by: None,
        is_here: true,
    }
}

/// Records many runs of an environment: `ended` runs, and `waiting` runs of this many people.
pub fn fill(store: &Store, environment: &EnvironmentRecord, ended: i64, waiting: i64, people: i64) {
    let ran = self::ended(store, environment, RunStatus::Succeeded, at(1)).id;
    let waits = queued(store, environment, at(1)).id;
    let number = "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?2)";
    let id = |group: &str| {
        format!("'{group}-7000-8000-' || substr(CAST(1000000000000 + number AS TEXT), 2)")
    };
    let runs = |group| {
        let copied = "workspace_id, configuration_id, engine_spec, deps_digest, source_digest, snapshot_path, input_name, input_path, input_sha256, input_size_bytes, options, max_attempts, run_dir, status, environment_id, attempt_count, started_at";
        format!(
            "{number} INSERT INTO runs (id, {copied}, created_at, completed_at) SELECT {}, {copied}, created_at + number, completed_at + number
             FROM numbers CROSS JOIN runs r ON r.id = ?1",
            id(group)
        )
    };
    let queue = format!(
        "{number} INSERT INTO queue (run_id, environment_id, status, available_at, created_at, max_attempts, submitter)
         SELECT {}, environment_id, status, available_at + number, created_at + number, max_attempts, 'user ' || (number % ?3)
         FROM numbers CROSS JOIN queue r ON r.run_id = ?1",
        id("00000001-0000")
    );
    let filled = store.write(|transaction| {
        transaction.execute(&runs("00000000-0000"), params![ran, ended])?;
        transaction.execute(&runs("00000001-0000"), params![waits, waiting])?;
        transaction.execute(&queue, params![waits, waiting, people])
    });
    filled.unwrap();
}

/// Returns a change that makes a configuration the default, or not.
pub fn default_to(is_default: bool) -> ConfigurationChange {
    ConfigurationChange {
        default: Some(is_default),
        ..ConfigurationChange::default()
    }
}

/// Returns a change of the maximum number of running runs.
pub fn limit_to(most: Option<u32>) -> ConfigurationChange {
    ConfigurationChange {
        max_concurrency: Some(most),
        ..ConfigurationChange::default()
    }
}

/// Returns a change of the name, and of whether the configuration is archived.
pub fn put_away(name: Option<&str>, archived: Option<bool>) -> ConfigurationChange {
    ConfigurationChange {
        name: name.map(str::to_owned),
        archived,
        ..ConfigurationChange::default()
    }
}
