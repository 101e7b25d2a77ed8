//! The store as one process reaches it: the real one, through calls that may have to wait, may be refused, may be the last
//! thing that the process does, and may do their work without an answer. After each call the judge looks at the database.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ade::base::clock::Timestamp;
use ade::settings::Recovery;
use ade::store::{
    AfterFailure, Attempt, BuildAttempts, CancelOutcome, ChangeMark, Changes, Claim, Claimable,
    Clock, Collection, ColumnResult, ConfigurationActivity, ConfigurationRecord,
    ConfigurationVersion, Configurations, Copies, DocumentRecord, Documents, EndedRuns, Ending,
    EnvironmentContents, EnvironmentKey, EnvironmentRecord, Environments, Failure, FieldResult,
    Heartbeat, Holder, Identities, Identity, Ids, KnownConfiguration, Leases, LiveRun, Named,
    NewEnvironment, NewRun, ObservedTime, OutputCopy, Overview, Publication, QueueDepth,
    QueueStatistics, Result, Results, Retry, RunFiles, RunFilter, RunRecord, RunStatus, Runs,
    SqliteStore, StoreError, Submission, Submitted, TokenRecord, Tokens, Used, WorkerRecord,
    Workers, WorkspaceRecord,
};

use super::judge::Operation;
use super::process::Process;
use super::threads::{Wake, give_way};

/// See the module.
pub struct SimulatedStore(Arc<Process>);

impl SimulatedStore {
    pub fn new(process: &Arc<Process>) -> Self {
        Self(Arc::clone(process))
    }

    fn unreachable(message: &str) -> StoreError {
        StoreError::Unreachable {
            path: PathBuf::from("/data/db/ade.sqlite"),
            message: message.to_owned(),
            hint: String::new(),
        }
    }

    /// Calls the store. `now` is what the caller saw when it looked at the clock for this call.
    fn call<T: Answer>(
        &self,
        operation: Operation<'_>,
        now: Option<Timestamp>,
        work: impl FnOnce(&SqliteStore) -> Result<T>,
    ) -> Result<T> {
        let process = &self.0;
        let world = &process.world;
        if std::thread::panicking() {
            return Err(Self::unreachable("the process is dead"));
        }
        let faults = world.faults();
        let looked = now.map(|now| process.looked_at(now));
        let mut wait = world.chance.between(0, 4);
        if world.chance.hits(faults.delay) {
            world.count("delays");
            wait = world.chance.between(1_000, 40_000);
            process.hold_up();
        }
        if operation.ends_a_claim() && world.chance.hits(faults.stall) {
            world.count("stalls");
            // Long enough for others to take over, and to be at work when this one goes on.
            process.freeze(world.chance.between(40_000, 140_000));
        }
        give_way(Wake::at(world.steady() + wait));
        if world.chance.hits(faults.busy) {
            world.count("busy");
            world.trace(|| format!("{}: {operation}: busy", process.id));
            process.hold_up();
            return Err(StoreError::Locked {
                path: PathBuf::new(),
                waited_seconds: 30.0,
            });
        }
        // Where the store asks for the time itself, it does so now.
        let moment = looked.unwrap_or_else(|| world.moment());
        let answer = work(&world.store);
        world.count("calls");
        world.trace(|| match &answer {
            Ok(answer) => format!("{}: {operation}: {}", process.id, answer.text()),
            Err(error) => format!("{}: {operation}: {error}", process.id),
        });
        let held = answer.as_ref().ok().and_then(Answer::held);
        world.judge_call(moment, &operation, held);
        let is_lost =
            !matches!(operation, Operation::Look(_)) && world.chance.hits(faults.ambiguous);
        give_way(Wake::at(world.steady()));
        if is_lost {
            world.count("lost answers");
            world.trace(|| format!("{}: the answer to `{operation}` is lost", process.id));
            process.hold_up();
            return Err(Self::unreachable("the answer is lost"));
        }
        if let Err(error) = &answer
            && !matches!(error, StoreError::NotFound { .. })
        {
            world.violated(&format!("`{operation}` failed: {error}"));
        }
        answer
    }

    fn look<T: Answer>(
        &self,
        what: &'static str,
        work: impl FnOnce(&SqliteStore) -> Result<T>,
    ) -> Result<T> {
        self.call(Operation::Look(what), None, work)
    }

    /// What is not judged, and notes the time.
    fn look_at<T: Answer>(
        &self,
        what: &'static str,
        now: Timestamp,
        work: impl FnOnce(&SqliteStore) -> Result<T>,
    ) -> Result<T> {
        self.call(Operation::Look(what), Some(now), work)
    }
}

impl Configurations for SimulatedStore {
    fn ensure_configuration(
        &self,
        new: &ConfigurationRecord,
        now: Timestamp,
    ) -> Result<ConfigurationRecord> {
        self.look("ensure the configuration", |store| {
            store.ensure_configuration(new, now)
        })
    }
    fn configuration_at(
        &self,
        workspace: &str,
        path: &Path,
    ) -> Result<Option<ConfigurationRecord>> {
        self.look("the configuration", |store| {
            store.configuration_at(workspace, path)
        })
    }
    fn configuration_activity(&self) -> Result<Vec<ConfigurationActivity>> {
        self.look("activity", SqliteStore::configuration_activity)
    }
    fn workspaces(&self) -> Result<Vec<WorkspaceRecord>> {
        self.look("workspaces", SqliteStore::workspaces)
    }
    fn add_workspace(&self, id: &str, now: Timestamp) -> Result<(WorkspaceRecord, bool)> {
        self.look("add the workspace", |store| store.add_workspace(id, now))
    }
    fn configurations(&self, workspace: &str) -> Result<Vec<KnownConfiguration>> {
        self.look("configurations", |store| store.configurations(workspace))
    }
    fn configuration(&self, id: &str) -> Result<KnownConfiguration> {
        self.look("the configuration by id", |store| store.configuration(id))
    }
    fn add_uploaded_configuration(&self, new: &ConfigurationRecord, now: Timestamp) -> Result<()> {
        self.look("add the configuration", |store| {
            store.add_uploaded_configuration(new, now)
        })
    }
    fn set_active(&self, id: &str, active: bool, now: Timestamp) -> Result<KnownConfiguration> {
        self.look("activate", |store| store.set_active(id, active, now))
    }
    fn publish(
        &self,
        id: &str,
        source_digest: &str,
        snapshot: &Path,
        now: Timestamp,
    ) -> Result<Publication> {
        self.look("publish", |store| {
            store.publish(id, source_digest, snapshot, now)
        })
    }
    fn versions(&self, id: &str) -> Result<Vec<ConfigurationVersion>> {
        self.look("versions", |store| store.versions(id))
    }
    fn published_snapshots(&self) -> Result<Vec<PathBuf>> {
        self.look("published snapshots", SqliteStore::published_snapshots)
    }
}

impl Documents for SimulatedStore {
    fn add_document(&self, new: &DocumentRecord) -> Result<DocumentRecord> {
        self.look("add the document", |store| store.add_document(new))
    }
    fn document(&self, id: &str) -> Result<DocumentRecord> {
        self.look("the document", |store| store.document(id))
    }
    fn documents(
        &self,
        workspace: &str,
        before: Option<&str>,
        limit: u32,
    ) -> Result<Vec<DocumentRecord>> {
        self.look("documents", |store| {
            store.documents(workspace, before, limit)
        })
    }
}

impl Tokens for SimulatedStore {
    fn add_token(&self, token: &TokenRecord, hash: &str) -> Result<()> {
        self.look("add the token", |store| store.add_token(token, hash))
    }
    fn tokens(&self) -> Result<Vec<TokenRecord>> {
        self.look("tokens", SqliteStore::tokens)
    }
    fn token(&self, id: &str) -> Result<Option<TokenRecord>> {
        self.look("the token by id", |store| store.token(id))
    }
    fn token_of(&self, hash: &str) -> Result<Option<TokenRecord>> {
        self.look("the token", |store| store.token_of(hash))
    }
    fn revoke_token(&self, id: &str, now: Timestamp) -> Result<TokenRecord> {
        self.look("revoke the token", |store| store.revoke_token(id, now))
    }
    fn note_token_use(&self, id: &str, now: Timestamp) -> Result<()> {
        self.look("note the use", |store| store.note_token_use(id, now))
    }
    fn begin_session(
        &self,
        hash: &str,
        token: &str,
        ends: Timestamp,
        now: Timestamp,
    ) -> Result<()> {
        self.look("begin the session", |store| {
            store.begin_session(hash, token, ends, now)
        })
    }
    fn session(&self, hash: &str, now: Timestamp) -> Result<Option<TokenRecord>> {
        self.look("the session", |store| store.session(hash, now))
    }
    fn end_session(&self, hash: &str) -> Result<()> {
        self.look("end the session", |store| store.end_session(hash))
    }
}

impl Environments for SimulatedStore {
    fn ensure_environment(
        &self,
        new: &NewEnvironment,
        now: Timestamp,
    ) -> Result<EnvironmentRecord> {
        self.call(Operation::EnsureEnvironment, Some(now), |store| {
            store.ensure_environment(new, now)
        })
    }
    fn environment_of(&self, key: &EnvironmentKey) -> Result<Option<EnvironmentRecord>> {
        self.look("the environment of a key", |store| {
            store.environment_of(key)
        })
    }
    fn environment(&self, workspace: &str, id: &str) -> Result<EnvironmentRecord> {
        self.look("the environment of a run", |store| {
            store.environment(workspace, id)
        })
    }
    fn environments(&self, workspace: &str) -> Result<Vec<EnvironmentRecord>> {
        self.look("environments", |store| store.environments(workspace))
    }
    fn all_environments(&self) -> Result<Vec<EnvironmentRecord>> {
        self.look("all environments", SqliteStore::all_environments)
    }
    fn next_environment(
        &self,
        now: Timestamp,
        after: Option<&EnvironmentRecord>,
    ) -> Result<Option<EnvironmentRecord>> {
        self.look("next environment", |store| {
            store.next_environment(now, after)
        })
    }
    fn claim_environment(
        &self,
        id: &str,
        claim: &Claim,
        claimable: Claimable,
        elsewhere: &Path,
        now: Timestamp,
    ) -> Result<Option<EnvironmentRecord>> {
        let operation = Operation::ClaimEnvironment {
            id,
            claim,
            claimable,
        };
        let claimed = self.call(operation, Some(now), |store| {
            store.claim_environment(id, claim, claimable, elsewhere, now)
        })?;
        if claimed.is_some() {
            self.0.was_given(id, &claim.token);
        }
        Ok(claimed)
    }
    fn heartbeat_environment(&self, id: &str, claim: &Claim, now: Timestamp) -> Result<Heartbeat> {
        let operation = Operation::HeartbeatEnvironment(id, claim);
        self.call(operation, Some(now), |store| {
            store.heartbeat_environment(id, claim, now)
        })
    }
    fn complete_environment(
        &self,
        id: &str,
        claim: &Claim,
        contents: &EnvironmentContents,
        now: Timestamp,
    ) -> Result<bool> {
        let operation = Operation::CompleteEnvironment(id, claim);
        self.call(operation, Some(now), |store| {
            store.complete_environment(id, claim, contents, now)
        })
    }
    fn fail_environment(
        &self,
        id: &str,
        claim: &Claim,
        failure: &Failure,
        after: AfterFailure,
        now: Timestamp,
    ) -> Result<bool> {
        let operation = Operation::FailEnvironment(id, claim);
        self.call(operation, Some(now), |store| {
            store.fail_environment(id, claim, failure, after, now)
        })
    }
    fn move_environment(
        &self,
        id: &str,
        claim: &Claim,
        folder: &Path,
        now: Timestamp,
    ) -> Result<bool> {
        let operation = Operation::MoveEnvironment(id, claim);
        self.call(operation, Some(now), |store| {
            store.move_environment(id, claim, folder, now)
        })
    }
    fn ask_for_environment(
        &self,
        id: &str,
        by_hand: bool,
        due: Timestamp,
        now: Timestamp,
    ) -> Result<bool> {
        // False says that it has not failed, and nothing about a claim.
        let done = self.call(Operation::AskForEnvironment(id), Some(now), |store| {
            Ok(Done(store.ask_for_environment(id, by_hand, due, now)?))
        });
        done.map(|done| done.0)
    }
    fn release_environment(&self, id: &str, claim: &Claim, now: Timestamp) -> Result<bool> {
        let operation = Operation::ReleaseEnvironment(id, claim);
        self.call(operation, Some(now), |store| {
            store.release_environment(id, claim, now)
        })
    }
    fn expire_environment_leases(
        &self,
        attempts: &BuildAttempts<'_>,
        clock: &Clock<'_>,
    ) -> Result<usize> {
        self.call(Operation::ExpireEnvironments, None, |store| {
            store.expire_environment_leases(attempts, clock)
        })
    }
    fn requeue_environment(
        &self,
        seen: &EnvironmentRecord,
        folder: &Path,
        snapshot: &Path,
        now: Timestamp,
    ) -> Result<bool> {
        let operation = Operation::RequeueEnvironment {
            id: &seen.id,
            is_asked_for: self.0.builds_anew(),
        };
        // False says that it was requeued before, and nothing about a claim.
        let done = self.call(operation, Some(now), |store| {
            Ok(Done(
                store.requeue_environment(seen, folder, snapshot, now)?,
            ))
        });
        done.map(|done| done.0)
    }
    fn live_runs_of_environment(&self, id: &str) -> Result<u64> {
        self.look("live runs", |store| store.live_runs_of_environment(id))
    }
    fn move_waiting_runs(
        &self,
        from: &str,
        to: &EnvironmentRecord,
        now: Timestamp,
    ) -> Result<bool> {
        self.look("move waiting runs", |store| {
            store.move_waiting_runs(from, to, now)
        })
    }
    fn delete_environment(&self, id: &str, cold_since: Option<&Clock<'_>>) -> Result<bool> {
        let ttl = cold_since.map(|_| self.0.ttl());
        if ttl.is_some() {
            self.0.world.judge_collector(&self.0);
        }
        let taken = self.call(Operation::TakeEnvironment(id, ttl), None, |store| {
            Ok(Done(store.delete_environment(id, cold_since)?))
        })?;
        if taken.0 {
            self.0.world.count("environments collected");
        }
        Ok(taken.0)
    }
}

impl Results for SimulatedStore {
    fn run_fields(&self, run: &str) -> Result<Vec<FieldResult>> {
        self.look("fields", |store| store.run_fields(run))
    }
    fn run_columns(&self, run: &str) -> Result<Vec<ColumnResult>> {
        self.look("columns", |store| store.run_columns(run))
    }
    fn run_payload(&self, run: &str) -> Result<Option<String>> {
        self.look("payload", |store| store.run_payload(run))
    }
}

impl Workers for SimulatedStore {
    fn register_worker(&self, worker: &WorkerRecord) -> Result<()> {
        // It is alive from the moment in which it can be found, whether or not it hears so.
        self.0.joins(&worker.id);
        self.look_at("register", worker.started_at, |store| {
            store.register_worker(worker)
        })
    }
    fn worker_seen(&self, id: &str, now: Timestamp) -> Result<()> {
        self.look_at("seen", now, |store| store.worker_seen(id, now))
    }
    fn remove_worker(&self, id: &str) -> Result<bool> {
        self.look("unregister", |store| store.remove_worker(id))
    }
    fn workers(&self) -> Result<Vec<WorkerRecord>> {
        self.look("list processes", SqliteStore::workers)
    }
    fn reclaim(
        &self,
        process: &str,
        recovery: Recovery,
        builds: &BuildAttempts<'_>,
        now: Timestamp,
    ) -> Result<Vec<RunRecord>> {
        self.call(Operation::Reclaim(process), Some(now), |store| {
            store.reclaim(process, recovery, builds, now)
        })
    }
}

impl Copies for SimulatedStore {
    fn record_copy(&self, copy: &OutputCopy, now: Timestamp) -> Result<()> {
        self.look("record a copy", |store| store.record_copy(copy, now))
    }
    fn move_copy(&self, from: &Path, to: &Path) -> Result<()> {
        self.look("move a copy", |store| store.move_copy(from, to))
    }
    fn is_copy(&self, path: &Path) -> Result<bool> {
        self.look("is it a copy", |store| store.is_copy(path))
    }
    fn copies_of(&self, runs: &[&str]) -> Result<HashMap<String, PathBuf>> {
        self.look("copies of runs", |store| store.copies_of(runs))
    }
}

impl Ids for SimulatedStore {
    fn short_ids(&self, named: Named, workspace: &str, ids: &[&str]) -> Result<Vec<String>> {
        self.look("short ids", |store| store.short_ids(named, workspace, ids))
    }
}

impl Leases for SimulatedStore {
    fn acquire_lease(
        &self,
        name: &str,
        holder: &str,
        token: &str,
        lease: Duration,
        clock: &Clock<'_>,
    ) -> Result<bool> {
        let process = &self.0;
        self.look("acquire a lease by name", |store| {
            let taken = store.acquire_lease(name, holder, token, lease, clock)?;
            // Also where the answer is lost.
            if taken {
                process.world.collects(&process.id, token);
            }
            Ok(taken)
        })
    }
    fn lease_holder(&self, name: &str) -> Result<Option<Holder>> {
        self.look("the holder of a lease", |store| store.lease_holder(name))
    }
    fn release_lease(&self, name: &str, token: &str) -> Result<()> {
        let world = &self.0.world;
        self.look("release a lease by name", |store| {
            store.release_lease(name, token)?;
            world.collection.lock().unwrap().0 = None;
            Ok(())
        })
    }
    fn repair_times(
        &self,
        longest_wait: Duration,
        margin: Duration,
        clock: &Clock<'_>,
    ) -> Result<usize> {
        self.call(Operation::CorrectTimes, None, |store| {
            store.repair_times(longest_wait, margin, clock)
        })
    }
}

impl Identities for SimulatedStore {
    fn identity(&self) -> Result<Option<Identity>> {
        self.look("the identity", SqliteStore::identity)
    }
    fn bind(&self, new: &Identity, now: Timestamp) -> Result<Identity> {
        self.look("bind", |store| store.bind(new, now))
    }
    fn rebind(&self, new: &Identity) -> Result<()> {
        self.look("rebind", |store| store.rebind(new))
    }
}

impl ObservedTime for SimulatedStore {
    fn observe(&self, now: Timestamp) -> Result<()> {
        self.look_at("observe the time", now, |store| store.observe(now))
    }
    fn in_use_since(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        self.look("since when it is in use", |store| store.in_use_since(now))
    }
}

impl Collection for SimulatedStore {
    fn run_files(&self, runs: &[String]) -> Result<HashMap<String, RunFiles>> {
        self.look("the files of runs", |store| store.run_files(runs))
    }
    fn snapshots_of_runs(&self, after: &str, limit: u32) -> Result<(Vec<PathBuf>, Option<String>)> {
        self.look("the snapshots of runs", |store| {
            store.snapshots_of_runs(after, limit)
        })
    }
}

impl Changes for SimulatedStore {
    fn change_mark(&self) -> Result<ChangeMark> {
        self.look("change mark", SqliteStore::change_mark)
    }
    fn live_runs(&self, workspace: &str) -> Result<Vec<LiveRun>> {
        self.look("live runs", |store| store.live_runs(workspace))
    }
    fn ended_runs(&self, workspace: &str, since: Timestamp, look_at: u32) -> Result<EndedRuns> {
        self.look("ended runs", |store| {
            store.ended_runs(workspace, since, look_at)
        })
    }
    fn running_by_process(&self) -> Result<BTreeMap<String, u64>> {
        self.look("running by process", SqliteStore::running_by_process)
    }
}

impl QueueStatistics for SimulatedStore {
    fn queue_depth(&self) -> Result<QueueDepth> {
        self.look("queue depth", SqliteStore::queue_depth)
    }
    fn runs_in_trouble(&self) -> Result<u64> {
        self.look("runs in trouble", SqliteStore::runs_in_trouble)
    }
    fn overview(&self, since: Timestamp, now: Timestamp) -> Result<Overview> {
        self.look("overview", |store| store.overview(since, now))
    }
}

impl Runs for SimulatedStore {
    fn submit_run(&self, run: &NewRun, asked: &Submission, now: Timestamp) -> Result<Submitted> {
        self.look("submit", |store| store.submit_run(run, asked, now))
    }
    fn run_of_any_workspace(&self, id: &str) -> Result<RunRecord> {
        self.look("the run by id", |store| store.run_of_any_workspace(id))
    }
    fn enqueue_runs(&self, runs: &[NewRun], now: Timestamp) -> Result<Vec<RunRecord>> {
        let recorded = self.call(Operation::Enqueue(runs), Some(now), |store| {
            store.enqueue_runs(runs, now)
        })?;
        for run in &recorded {
            self.0.world.count("enqueued");
            self.0.world.judge().promised.insert(run.id.clone());
        }
        Ok(recorded)
    }
    fn insert_claimed_run(&self, run: &NewRun, claim: &Claim, now: Timestamp) -> Result<RunRecord> {
        let operation = Operation::InsertClaimed(&run.id, claim);
        let run = self.call(operation, Some(now), |store| {
            store.insert_claimed_run(run, claim, now)
        })?;
        self.0.world.count("run at once");
        self.0.was_given(&run.id, &claim.token);
        self.0.world.judge().promised.insert(run.id.clone());
        Ok(run)
    }
    fn claim_run(&self, id: &str, claim: &Claim, now: Timestamp) -> Result<Option<RunRecord>> {
        let operation = Operation::ClaimRun(id, claim);
        let claimed = self.call(operation, Some(now), |store| {
            store.claim_run(id, claim, now)
        })?;
        if let Some(run) = &claimed {
            self.0.world.count("claimed again");
            self.0.was_given(&run.id, &claim.token);
        }
        Ok(claimed)
    }
    fn claim_next_run(&self, claim: &Claim, now: Timestamp) -> Result<Option<RunRecord>> {
        let claimed = self.call(Operation::ClaimNext(claim), Some(now), |store| {
            store.claim_next_run(claim, now)
        })?;
        if let Some(run) = &claimed {
            self.0.world.count("claims");
            self.0.was_given(&run.id, &claim.token);
        }
        Ok(claimed)
    }
    fn heartbeat_run(&self, id: &str, claim: &Claim, now: Timestamp) -> Result<Heartbeat> {
        self.call(Operation::Heartbeat(id, claim), Some(now), |store| {
            store.heartbeat_run(id, claim, now)
        })
    }
    fn finish_run(&self, id: &str, claim: &Claim, ending: &Ending, now: Timestamp) -> Result<bool> {
        self.call(Operation::Finish(id, claim, ending), Some(now), |store| {
            store.finish_run(id, claim, ending, now)
        })
    }
    fn retry_run(
        &self,
        id: &str,
        claim: &Claim,
        failure: &Failure,
        used: &Used,
        retry: Retry,
        now: Timestamp,
    ) -> Result<Option<RunRecord>> {
        let operation = match retry {
            Retry::Counted(_) => Operation::Retry(id, claim),
            Retry::Free(_) => Operation::Release(id, claim),
        };
        self.call(operation, Some(now), |store| {
            store.retry_run(id, claim, failure, used, retry, now)
        })
    }
    fn release_run(
        &self,
        id: &str,
        claim: &Claim,
        reason: &str,
        now: Timestamp,
    ) -> Result<Option<RunRecord>> {
        self.call(Operation::Release(id, claim), Some(now), |store| {
            store.release_run(id, claim, reason, now)
        })
    }
    fn expire_run_leases(
        &self,
        backoff: &dyn Fn(u32) -> Duration,
        clock: &Clock<'_>,
    ) -> Result<Vec<RunRecord>> {
        self.call(Operation::ExpireRuns, None, |store| {
            store.expire_run_leases(backoff, clock)
        })
    }
    fn fail_runs_of_failed_environments(
        &self,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<RunRecord>> {
        self.call(Operation::FailForEnvironments, Some(now), |store| {
            store.fail_runs_of_failed_environments(limit, now)
        })
    }
    fn skip_queued_runs(
        &self,
        only: Option<&str>,
        summary: &str,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<RunRecord>> {
        self.call(Operation::FailForEnvironments, Some(now), |store| {
            store.skip_queued_runs(only, summary, limit, now)
        })
    }
    fn run(&self, workspace: &str, id: &str) -> Result<RunRecord> {
        self.look("the run", |store| store.run(workspace, id))
    }
    fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRecord>> {
        self.look("runs", |store| store.runs(filter))
    }
    fn attempts(&self, run: &str) -> Result<Vec<Attempt>> {
        self.look("attempts", |store| store.attempts(run))
    }
    fn request_cancel(&self, run: &str, now: Timestamp) -> Result<CancelOutcome> {
        self.call(Operation::Cancel(run), Some(now), |store| {
            store.request_cancel(run, now)
        })
    }
    fn watch_run(&self, run: &str, claim: &Claim) -> Result<Heartbeat> {
        self.call(Operation::Watch(run, claim), None, |store| {
            store.watch_run(run, claim)
        })
    }
    fn runs_without_environment(&self, limit: u32) -> Result<Vec<RunRecord>> {
        self.look("runs without environment", |store| {
            store.runs_without_environment(limit)
        })
    }
    fn set_run_environment(&self, run: &str, environment: &str) -> Result<()> {
        self.call(Operation::SetEnvironment(run), None, |store| {
            store.set_run_environment(run, environment)
        })
    }
    fn delete_run(&self, run: &str) -> Result<bool> {
        self.look("delete a run", |store| store.delete_run(run))
    }
    fn runs_with_artifacts(&self, cutoff: Timestamp, limit: u32) -> Result<Vec<RunRecord>> {
        self.look("runs with files", |store| {
            store.runs_with_artifacts(cutoff, limit)
        })
    }
    fn runs_without_artifacts(&self, cutoff: Timestamp, limit: u32) -> Result<Vec<RunRecord>> {
        self.look("runs without files", |store| {
            store.runs_without_artifacts(cutoff, limit)
        })
    }
    fn mark_artifacts_deleted(&self, run: &str, cutoff: Timestamp, now: Timestamp) -> Result<bool> {
        self.look("mark files as deleted", |store| {
            store.mark_artifacts_deleted(run, cutoff, now)
        })
    }
    fn run_exists(&self, run: &str) -> Result<bool> {
        self.look("whether a run exists", |store| store.run_exists(run))
    }
}

/// An answer that says nothing about a claim.
struct Done(bool);

/// What the store answers, as far as judge and trace are concerned.
trait Answer {
    /// Whether a claim that had to be proved holds.
    fn held(&self) -> Option<bool> {
        None
    }
    fn text(&self) -> String {
        "done".to_owned()
    }
}

impl Answer for Done {
    fn text(&self) -> String {
        self.0.to_string()
    }
}
impl Answer for bool {
    fn held(&self) -> Option<bool> {
        Some(*self)
    }
    fn text(&self) -> String {
        self.to_string()
    }
}
impl Answer for Heartbeat {
    fn held(&self) -> Option<bool> {
        Some(matches!(self, Self::Renewed { .. }))
    }
    fn text(&self) -> String {
        format!("{self:?}")
    }
}
impl Answer for Option<RunStatus> {
    fn held(&self) -> Option<bool> {
        Some(self.is_some())
    }
    fn text(&self) -> String {
        format!("{self:?}")
    }
}
impl Answer for RunRecord {
    fn text(&self) -> String {
        format!("{} {}", self.id, self.status.as_str())
    }
}
impl Answer for EnvironmentRecord {
    fn text(&self) -> String {
        format!("{} {}", self.id, self.status.as_str())
    }
}
impl Answer for WorkerRecord {
    fn text(&self) -> String {
        self.id.clone()
    }
}
impl Answer for QueueDepth {
    fn text(&self) -> String {
        format!("{self:?}")
    }
}
impl Answer for CancelOutcome {
    fn text(&self) -> String {
        match self {
            Self::Cancelled(_) => "cancelled",
            Self::Requested(_) => "asked for",
            Self::Ended(_) => "it has ended",
        }
        .to_owned()
    }
}
impl Answer for u64 {
    fn text(&self) -> String {
        self.to_string()
    }
}
impl Answer for usize {
    fn text(&self) -> String {
        self.to_string()
    }
}

macro_rules! answers_without_words {
    ($($answer:ty),*) => {$(impl Answer for $answer {})*};
}
answers_without_words!(
    (),
    BTreeMap<String, u64>,
    ChangeMark,
    EndedRuns,
    Vec<LiveRun>,
    ConfigurationRecord,
    HashMap<String, PathBuf>,
    HashMap<String, RunFiles>,
    Identity,
    Option<ConfigurationRecord>,
    Option<Timestamp>,
    Option<Holder>,
    Option<Identity>,
    Option<String>,
    Overview,
    Vec<Attempt>,
    Vec<ColumnResult>,
    DocumentRecord,
    KnownConfiguration,
    Option<TokenRecord>,
    Publication,
    Submitted,
    TokenRecord,
    Vec<ConfigurationActivity>,
    Vec<ConfigurationVersion>,
    Vec<DocumentRecord>,
    Vec<FieldResult>,
    Vec<KnownConfiguration>,
    Vec<PathBuf>,
    Vec<TokenRecord>,
    Vec<WorkspaceRecord>,
    Vec<String>,
    (Vec<PathBuf>, Option<String>),
    (WorkspaceRecord, bool)
);

macro_rules! answers_of_records {
    ($($record:ty),*) => {$(
        impl Answer for Vec<$record> {
            fn text(&self) -> String {
                self.iter().map(Answer::text).collect::<Vec<_>>().join(", ")
            }
        }
        impl Answer for Option<$record> {
            fn text(&self) -> String {
                self.as_ref().map_or_else(|| "none".to_owned(), Answer::text)
            }
        }
    )*};
}
answers_of_records!(RunRecord, EnvironmentRecord, WorkerRecord);
