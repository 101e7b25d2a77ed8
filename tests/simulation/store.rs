//! The store as one process reaches it: the real one, through calls that may have to wait, may be refused, may be the last
//! thing that the process does, and may do their work without an answer. After each call the judge looks at the database.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ade::base::clock::Timestamp;
use ade::settings::Recovery;
use ade::store::{
    AfterFailure, Attempt, BuildAttempts, CancelOutcome, ChangeMark, Changes, Claim, Claimable,
    Clock, Collection, ColumnResult, ConfigurationActivity, ConfigurationRecord,
    ConfigurationVersion, Configurations, Copies, Deliveries, Delivery, DeliveryCounts,
    DeliveryFilter, DeliveryKind, DeliveryRecord, DocumentRecord, Documents, EndedCount, EndedRuns,
    Ending, EnvironmentContents, EnvironmentKey, EnvironmentRecord, Environments, Failure,
    FieldResult, FoundRuns, Heartbeat, Holder, Hosts, Identities, Identity, Ids,
    KnownConfiguration, Leases, Limits, LiveCount, LiveRun, Named, NewEnvironment, NewRun,
    ObservedTime, OutputCopy, Overview, Pause, Pauses, Publication, QueuePlace, QueueStatistics,
    Result, Results, Retry, RunCounts, RunFiles, RunFilter, RunLogs, RunRecord, RunningRun, Runs,
    SqlStore, Store, StoreError, StoredBytes, Submission, Submitted, TokenRecord, Tokens, Totals,
    Undelivered, Used, WaitingRun, WorkerRecord, Workers, WorkspaceRecord,
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
        work: impl FnOnce(&SqlStore) -> Result<T>,
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
        work: impl FnOnce(&SqlStore) -> Result<T>,
    ) -> Result<T> {
        self.call(Operation::Look(what), None, work)
    }

    /// What is not judged, and notes the time.
    fn look_at<T: Answer>(
        &self,
        what: &'static str,
        now: Timestamp,
        work: impl FnOnce(&SqlStore) -> Result<T>,
    ) -> Result<T> {
        self.call(Operation::Look(what), Some(now), work)
    }
}

/// Calls that are passed on to the store and not judged.
macro_rules! looks {
    ($($name:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*) => {$(
        fn $name(&self, $($argument: $kind),*) -> Result<$answer> {
            self.look(stringify!($name), |store| store.$name($($argument),*))
        }
    )*};
}

/// Calls that are passed on to the store and judged as an operation, with the time that the caller saw.
macro_rules! judged {
    ($($name:ident($($argument:ident: $kind:ty),*) -> $answer:ty => $operation:expr, $now:expr;)*) => {$(
        fn $name(&self, $($argument: $kind),*) -> Result<$answer> {
            self.call($operation, $now, |store| store.$name($($argument),*))
        }
    )*};
}

impl Store for SimulatedStore {}

impl RunLogs for SimulatedStore {}

impl Configurations for SimulatedStore {
    looks! {
        ensure_configuration(new: &ConfigurationRecord, now: Timestamp) -> ConfigurationRecord;
        configuration_at(workspace: &str, path: &Path) -> Option<ConfigurationRecord>;
        configuration_activity() -> Vec<ConfigurationActivity>;
        workspaces() -> Vec<WorkspaceRecord>;
        add_workspace(id: &str, now: Timestamp) -> (WorkspaceRecord, bool);
        configurations(workspace: &str) -> Vec<KnownConfiguration>;
        configuration(id: &str) -> KnownConfiguration;
        add_uploaded_configuration(new: &ConfigurationRecord, now: Timestamp) -> ();
        set_default(id: &str, is_default: bool, now: Timestamp) -> KnownConfiguration;
        set_max_concurrency(id: &str, most: Option<u32>, now: Timestamp) -> KnownConfiguration;
        publish(id: &str, source_digest: &str, snapshot: &Path, now: Timestamp) -> Publication;
        activate_version(id: &str, version: Option<u32>, now: Timestamp) -> Option<KnownConfiguration>;
        versions(id: &str) -> Vec<ConfigurationVersion>;
        published_snapshots() -> Vec<PathBuf>;
    }
}

impl Documents for SimulatedStore {
    looks! {
        add_document(new: &DocumentRecord, limits: &Limits) -> DocumentRecord;
        document(id: &str) -> DocumentRecord;
        documents(workspace: &str, sha256: Option<&str>, before: Option<&str>, limit: u32) -> Vec<DocumentRecord>;
        delete_document(id: &str, now: Timestamp) -> bool;
    }
}

impl Tokens for SimulatedStore {
    looks! {
        add_token(token: &TokenRecord, hash: &str) -> ();
        tokens() -> Vec<TokenRecord>;
        token(id: &str) -> Option<TokenRecord>;
        token_of(hash: &str) -> Option<TokenRecord>;
        revoke_token(id: &str, now: Timestamp) -> TokenRecord;
        note_token_use(id: &str, now: Timestamp) -> ();
        begin_session(hash: &str, token: &str, ends: Timestamp, now: Timestamp) -> ();
        session(hash: &str, now: Timestamp) -> Option<TokenRecord>;
        take_session(hash: &str, now: Timestamp) -> Option<TokenRecord>;
        end_session(hash: &str) -> ();
    }
}

impl Environments for SimulatedStore {
    judged! {
        ensure_environment(new: &NewEnvironment, now: Timestamp) -> EnvironmentRecord
            => Operation::EnsureEnvironment, Some(now);
    }
    looks! {
        environment_of(key: &EnvironmentKey) -> Option<EnvironmentRecord>;
        environment(workspace: &str, id: &str) -> EnvironmentRecord;
        environments(workspace: &str) -> Vec<EnvironmentRecord>;
        all_environments() -> Vec<EnvironmentRecord>;
        next_environment(now: Timestamp, process: Option<&str>, after: Option<&EnvironmentRecord>) -> Option<EnvironmentRecord>;
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
    judged! {
        heartbeat_environment(id: &str, claim: &Claim, now: Timestamp) -> Heartbeat
            => Operation::HeartbeatEnvironment(id, claim), Some(now);
        complete_environment(id: &str, claim: &Claim, contents: &EnvironmentContents, now: Timestamp) -> bool
            => Operation::CompleteEnvironment(id, claim), Some(now);
        fail_environment(id: &str, claim: &Claim, failure: &Failure, after: AfterFailure, now: Timestamp) -> bool
            => Operation::FailEnvironment(id, claim), Some(now);
        move_environment(id: &str, claim: &Claim, folder: &Path, now: Timestamp) -> bool
            => Operation::MoveEnvironment(id, claim), Some(now);
    }
    fn ask_for_environment(&self, id: &str, due: Timestamp, now: Timestamp) -> Result<bool> {
        // False says that it has not failed, and nothing about a claim.
        let done = self.call(Operation::AskForEnvironment(id), Some(now), |store| {
            Ok(Done(store.ask_for_environment(id, due, now)?))
        });
        done.map(|done| done.0)
    }
    judged! {
        release_environment(id: &str, claim: &Claim, now: Timestamp) -> bool
            => Operation::ReleaseEnvironment(id, claim), Some(now);
        expire_environment_leases(attempts: &BuildAttempts<'_>, clock: &Clock<'_>) -> usize
            => Operation::ExpireEnvironments, None;
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
    looks! {
        live_runs_of_environment(id: &str) -> u64;
        waiting_runs_of_environment(id: &str, limit: u32) -> Vec<String>;
        move_waiting_runs(from: &str, to: &EnvironmentRecord, now: Timestamp) -> bool;
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

impl Hosts for SimulatedStore {}

impl Results for SimulatedStore {
    looks! {
        run_fields(run: &str) -> Vec<FieldResult>;
        run_columns(run: &str) -> Vec<ColumnResult>;
        run_payload(run: &str) -> Option<String>;
    }
}

impl Workers for SimulatedStore {
    fn register_worker(&self, worker: &WorkerRecord) -> Result<()> {
        // It is alive from the moment in which it can be found, whether or not it hears so.
        self.0.joins(&worker.id);
        self.look_at("register", worker.seen_at, |store| {
            store.register_worker(worker)
        })
    }
    fn worker_seen(&self, id: &str, now: Timestamp) -> Result<()> {
        self.look_at("seen", now, |store| store.worker_seen(id, now))
    }
    looks! {
        remove_worker(id: &str) -> bool;
        quiet_worker(id: &str, by: &str, now: Timestamp) -> Option<WorkerRecord>;
        resume_worker(id: &str) -> Option<WorkerRecord>;
        queue_of_worker(id: &str) -> (u64, u64);
        workers() -> Vec<WorkerRecord>;
    }
    judged! {
        reclaim(process: &str, recovery: Recovery, builds: &BuildAttempts<'_>, now: Timestamp) -> Vec<RunRecord>
            => Operation::Reclaim(process), Some(now);
    }
}

impl Copies for SimulatedStore {
    looks! {
        record_copy(copy: &OutputCopy, now: Timestamp) -> ();
        move_copy(from: &Path, to: &Path) -> ();
        is_copy(path: &Path) -> bool;
        copies_of(runs: &[&str]) -> HashMap<String, PathBuf>;
    }
}

impl Ids for SimulatedStore {
    looks! {
        short_ids(named: Named, workspace: &str, ids: &[&str]) -> Vec<String>;
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
    looks! {
        lease_holder(name: &str) -> Option<Holder>;
    }
    fn release_lease(&self, name: &str, token: &str) -> Result<()> {
        let world = &self.0.world;
        self.look("release a lease by name", |store| {
            store.release_lease(name, token)?;
            world.collection.lock().unwrap().0 = None;
            Ok(())
        })
    }
    judged! {
        repair_times(longest_wait: Duration, margin: Duration, clock: &Clock<'_>) -> usize
            => Operation::CorrectTimes, None;
    }
}

impl Identities for SimulatedStore {
    looks! {
        identity() -> Option<Identity>;
        bind(new: &Identity, now: Timestamp) -> Identity;
        rebind(new: &Identity) -> ();
    }
}

impl ObservedTime for SimulatedStore {
    fn observe(&self, now: Timestamp) -> Result<()> {
        self.look_at("observe the time", now, |store| store.observe(now))
    }
    looks! {
        in_use_since(now: Timestamp) -> Option<Timestamp>;
    }
}

impl Collection for SimulatedStore {
    looks! {
        run_files(runs: &[String]) -> HashMap<String, RunFiles>;
        kept_documents(documents: &[String]) -> HashSet<String>;
        snapshots_of_runs(after: &str, limit: u32) -> (Vec<PathBuf>, Option<String>);
    }
}

impl Changes for SimulatedStore {
    looks! {
        change_mark() -> ChangeMark;
        live_runs(workspace: &str) -> Vec<LiveRun>;
        ended_runs(workspace: &str, since: Timestamp, look_at: u32) -> EndedRuns;
        running_runs(workspaces: Option<&[String]>) -> Vec<RunningRun>;
    }
}

impl Deliveries for SimulatedStore {
    looks! {
        claim_delivery(kinds: &[DeliveryKind], claim: &Claim, now: Timestamp) -> Option<Delivery>;
        delivered(delivery: &Delivery, claim: &Claim, now: Timestamp) -> bool;
        undelivered(delivery: &Delivery, claim: &Claim, error: &str, outcome: Undelivered) -> bool;
        deliveries(filter: &DeliveryFilter) -> Vec<DeliveryRecord>;
        redeliver(run: &str, kind: DeliveryKind, now: Timestamp) -> DeliveryRecord;
        forget_deliveries(cutoff: Timestamp) -> ();
        count_deliveries() -> DeliveryCounts;
    }
}

impl Pauses for SimulatedStore {
    looks! {
        pause(new: &Pause) -> Pause;
        resume(configuration: Option<&str>) -> Option<Pause>;
        pauses() -> Vec<Pause>;
        paused_runs() -> u64;
    }
}

impl QueueStatistics for SimulatedStore {
    looks! {
        overview(workspace: Option<&str>, since: Timestamp, now: Timestamp) -> Overview;
        usual_duration(configuration: &str) -> Option<u64>;
        totals() -> Totals;
        live_counts() -> Vec<LiveCount>;
        ended_counts() -> Vec<EndedCount>;
        stored_bytes() -> Vec<StoredBytes>;
    }
}

impl Runs for SimulatedStore {
    looks! {
        submit_run(run: &NewRun, asked: &Submission, now: Timestamp) -> Submitted;
        run_of_any_workspace(id: &str) -> RunRecord;
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
    judged! {
        heartbeat_run(id: &str, claim: &Claim, now: Timestamp) -> Heartbeat
            => Operation::Heartbeat(id, claim), Some(now);
        finish_run(id: &str, claim: &Claim, ending: &Ending, now: Timestamp) -> bool
            => Operation::Finish(id, claim, ending), Some(now);
        retry_run(id: &str, claim: &Claim, failure: &Failure, used: &Used, retry: Retry, now: Timestamp) -> Option<RunRecord>
            => match retry { Retry::Counted(_) => Operation::Retry(id, claim), Retry::Free(_) => Operation::Release(id, claim), }, Some(now);
        release_run(id: &str, claim: &Claim, reason: &str, now: Timestamp) -> Option<RunRecord>
            => Operation::Release(id, claim), Some(now);
        expire_run_leases(backoff: &dyn Fn(u32) -> Duration, clock: &Clock<'_>) -> Vec<RunRecord>
            => Operation::ExpireRuns, None;
        fail_runs_of_failed_environments(limit: usize, now: Timestamp) -> Vec<RunRecord>
            => Operation::FailForEnvironments, Some(now);
    }
    looks! {
        run(workspace: &str, id: &str) -> RunRecord;
        find_runs(filter: &RunFilter) -> FoundRuns;
        waiting_runs(workspace: &str, behind: Option<&QueuePlace>, limit: u32, limits: &Limits, now: Timestamp) -> Vec<WaitingRun>;
        count_runs(filter: &RunFilter, most: u32) -> RunCounts;
        succeeded_runs_of(key: &EnvironmentKey, source_digest: &str, input_name: &str, input_sha256: &str) -> Vec<RunRecord>;
        succeeded_inputs(configuration: &str, behind: Option<&str>, limit: u32) -> Vec<(String, String)>;
        attempts(run: &str) -> Vec<Attempt>;
    }
    judged! {
        request_cancel(run: &str, now: Timestamp) -> CancelOutcome
            => Operation::Cancel(run), Some(now);
        watch_run(run: &str, claim: &Claim) -> Heartbeat => Operation::Watch(run, claim), None;
    }
    looks! {
        runs_without_environment(limit: u32) -> Vec<RunRecord>;
    }
    judged! {
        set_run_environment(run: &str, environment: &str) -> ()
            => Operation::SetEnvironment(run), None;
    }
    looks! {
        delete_run(run: &str) -> bool;
        runs_with_artifacts(cutoff: Timestamp, limit: u32) -> Vec<RunRecord>;
        runs_without_artifacts(cutoff: Timestamp, limit: u32) -> Vec<RunRecord>;
        mark_artifacts_deleted(run: &str, cutoff: Timestamp, now: Timestamp) -> bool;
        run_exists(run: &str) -> bool;
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

macro_rules! answers_as_they_are {
    ($($answer:ty),*) => {$(
        impl Answer for $answer {
            fn text(&self) -> String {
                format!("{self:?}")
            }
        }
    )*};
}
answers_as_they_are!(Overview, Totals, u64, usize);

macro_rules! answers_without_words {
    ($($answer:ty),*) => {$(impl Answer for $answer {})*};
}
answers_without_words! {
    (), (u64, u64), Vec<LiveCount>, Vec<EndedCount>, Vec<StoredBytes>, DeliveryCounts, DeliveryRecord, Vec<DeliveryRecord>, Option<u64>, Option<Delivery>, Pause, Option<Pause>, Vec<Pause>, ChangeMark, EndedRuns, FoundRuns, RunCounts, Vec<LiveRun>, Vec<RunningRun>, ConfigurationRecord,
    HashMap<String, PathBuf>, HashMap<String, RunFiles>, HashSet<String>, Identity, Option<ConfigurationRecord>,
    Option<Timestamp>, Option<Holder>, Option<Identity>, Option<String>, Vec<Attempt>,
    Vec<ColumnResult>, DocumentRecord, KnownConfiguration, Option<KnownConfiguration>, Option<TokenRecord>, Publication,
    Submitted, TokenRecord, Vec<ConfigurationActivity>, Vec<ConfigurationVersion>,
    Vec<DocumentRecord>, Vec<FieldResult>, Vec<KnownConfiguration>, Vec<PathBuf>, Vec<TokenRecord>,
    Vec<WaitingRun>, Vec<WorkspaceRecord>, Vec<String>, Vec<(String, String)>, (Vec<PathBuf>, Option<String>), (WorkspaceRecord, bool)
}

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
