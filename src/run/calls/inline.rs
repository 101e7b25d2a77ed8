//! `ade run` and `ade runs retry --now`: normalizes files in this process, with the code that a worker uses
//! ([`crate::run::execution::lifecycle`]).
//!
//! Each file becomes a run that this process claims from the start. The first run builds the environment if necessary; the
//! others wait for it. If an attempt fails in a way that can pass, the run waits in the queue for its next attempt, and this
//! process claims it again, unless a worker is faster: then this process waits for the run's end.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::request::Request;
use super::unchanged::earlier_run;
use crate::base::cancel::Cancel;
use crate::base::files::name_of;
use crate::base::mutex::lock;
use crate::base::problem::{Error, code};
use crate::engine::RunReport;
use crate::environment::provide::{
    OtherBuilder, ProvideError, ProvideProgress, Provider, RebuildPolicy,
};
use crate::issues::Language;
use crate::run::ending::cancel;
use crate::run::ending::recover::recover;
use crate::run::execution::error::RunError;
use crate::run::execution::happenings::{FinishedRun, ProgressEvent, ProgressSource, Watcher};
use crate::run::execution::lifecycle::{
    ClaimedRun, EnvironmentSource, ExecutionResult, Lifecycle, send_back,
};
use crate::run::on_end::{self, DeliverySender};
use crate::run::results::annotated;
use crate::run::results::demands::{RunFindings, Shortfall, drifted, unclaimed};
use crate::run::results::output::{self, EarlierCopy};
use crate::store::{
    AttemptUsage, DeliveryKind, DeniedFinding, EnvironmentRecord, FailureRecord, IdKind,
    OutputCopy, RunRecord, RunResults, RunStatus, StoreError, WorkerFilter,
};
use crate::system::machine::{SteadyTime, Work};
use crate::workspace::fleet::{FleetError, Member, living};
use crate::workspace::pause::{self, PausedRun};

/// The interval for checking a run that a worker has claimed.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Runs all inputs to their ends and reports each end to the watcher. Recovers the runs of dead processes first.
///
/// # Errors
/// This process cannot be registered, or the store cannot be used. Then nothing was run.
pub fn run(
    request: &Request<'_>,
    cancel: &Cancel,
    watcher: &Watcher<'_>,
) -> Result<(), FleetError> {
    let member = Member::join(
        request.workspace,
        "run",
        request.jobs,
        &WorkerFilter::default(),
    )?;
    let worker = request.workspace.worker_id(0);
    let source = ProgressSource {
        worker: &worker,
        input: 0,
    };
    for run in recover(request.workspace)? {
        watcher(&source, &ProgressEvent::Recovered(&run));
    }
    run_all(request, &member.id, cancel, watcher);
    deliver_ends(request, &member.id, cancel, watcher);
    Ok(())
}

/// Delivers notifications of ended runs if no worker does. Those that are not accepted are left to a worker; `ade doctor`
/// reports them.
fn deliver_ends(request: &Request<'_>, process: &str, cancel: &Cancel, watcher: &Watcher<'_>) {
    let workspace = request.workspace;
    if DeliveryKind::from_settings(&workspace.settings).is_empty() {
        return;
    }
    let has_worker =
        living(workspace).is_ok_and(|all| all.iter().any(|peer| peer.kind == "worker"));
    if has_worker {
        return;
    }
    let worker = workspace.worker_id(0);
    let source = ProgressSource {
        worker: &worker,
        input: 0,
    };
    let tell = &|kind| {
        let teller = DeliverySender {
            workspace,
            process: Some(process),
            kind,
            telling: &AtomicUsize::new(0),
        };
        let told = on_end::tell(&teller, cancel, &|told| {
            let refused = told.refused.as_ref();
            watcher(&source, &ProgressEvent::Told(&told.delivery, refused));
            // Nobody waits for an unreachable receiver.
            refused.is_none()
        });
        if let Err(error) = told {
            watcher(&source, &ProgressEvent::Trouble(&error.to_string()));
        }
    };
    std::thread::scope(|scope| {
        for kind in DeliveryKind::from_settings(&workspace.settings) {
            scope.spawn(move || tell(kind));
        }
    });
}

fn run_all(request: &Request<'_>, process: &str, cancel: &Cancel, watcher: &Watcher<'_>) {
    let next = AtomicUsize::new(0);
    let failed_for_good = Mutex::new(None);
    let jobs = request.jobs.clamp(1, request.inputs.len().max(1));
    let (next, failed_for_good) = (&next, &failed_for_good);
    let work = |job: usize| {
        let worker = request.workspace.worker_id(job);
        loop {
            let input = next.fetch_add(1, Ordering::Relaxed);
            // Inputs that were not started before a cancel are not recorded.
            if input >= request.inputs.len() || (input > 0 && cancel.is_cancelled()) {
                return;
            }
            let run = InputRun {
                request,
                process,
                input,
                worker: &worker,
                failed_for_good,
                failed_last: Mutex::new(None),
                cancel,
                watcher,
            };
            let ended = run.run();
            if ended.is_err() {
                run.mark_stale();
            }
            run.tell(&ProgressEvent::Finished(&ended));
        }
    };
    let others = (1..jobs).map(|job| -> Work<'_> { Box::new(move || work(job)) });
    let machine = &request.workspace.machine;
    // If threads cannot be started, fewer inputs run at a time.
    machine.beside(others.collect(), &mut |_| work(0));
}

/// The failure to build the environment, and the log about it.
type FailedBuild = Mutex<Option<(FailureRecord, PathBuf)>>;

/// The run of one input.
struct InputRun<'a> {
    request: &'a Request<'a>,
    /// The id under which this process is registered.
    process: &'a str,
    input: usize,
    worker: &'a str,
    /// The failure of the environment that no other attempt can help, so that not every input tries again.
    failed_for_good: &'a FailedBuild,
    /// The last failure of the environment in this input's attempts.
    failed_last: FailedBuild,
    cancel: &'a Cancel,
    watcher: &'a Watcher<'a>,
}

/// The outcome of waiting for the next attempt of a run.
enum RetryOutcome {
    /// This process has claimed the run.
    Claimed(ClaimedRun),
    /// The run ended without this process.
    Ended(RunRecord),
}

impl InputRun<'_> {
    fn tell(&self, change: &ProgressEvent<'_>) {
        let source = ProgressSource {
            worker: self.worker,
            input: self.input,
        };
        (self.watcher)(&source, change);
    }

    fn run(&self) -> Result<FinishedRun, RunError> {
        let workspace = self.request.workspace;
        let never = Cancel::new();
        let provide = |cancel: &Cancel| self.provide(cancel);
        let lifecycle = Lifecycle {
            workspace,
            launcher: self.request.tools.launcher,
            environments: EnvironmentSource::Provided(&provide),
            tell: &|change| self.tell(change),
            cancel: self.cancel,
            shutdown: &never,
            stop_recording: &never,
        };
        if self.request.only_changed
            && let Some(run) = earlier_run(self.request, self.input)?
        {
            return Ok(self.finished(run, None, true));
        }
        let mut claimed = self.insert()?;
        loop {
            let waiting = match lifecycle.execute(&claimed) {
                ExecutionResult::Recorded(run, ending) if run.status.is_terminal() => {
                    self.note_failed_environment(&run);
                    return Ok(self.finished(
                        *run,
                        ending.and_then(|ending| ending.results),
                        false,
                    ));
                }
                ExecutionResult::Recorded(run, _) => {
                    if let Some(failure) = &run.error {
                        self.tell(&ProgressEvent::Retrying(&run, failure));
                    }
                    *run
                }
                // This process was suspended for longer than its lease, was taken for dead, or could not reach the store for
                // that long. In the last case the claim still holds, and no other process would end it soon.
                ExecutionResult::Lost => {
                    let message = "the lease was lost".to_owned();
                    let failure = FailureRecord::new(code::LEASE_EXPIRED, "run", message, None);
                    self.leave(claimed, &failure)?
                }
                ExecutionResult::Unrecorded(failure, error) => {
                    self.leave(claimed, &failure).map_err(|_| error)?
                }
            };
            if waiting.status.is_terminal() {
                return Ok(self.finished(waiting, None, false));
            }
            match self.again(waiting)? {
                RetryOutcome::Claimed(again) => claimed = again,
                RetryOutcome::Ended(run) => return Ok(self.finished(run, None, false)),
            }
        }
    }

    /// Sends a run whose claim still holds back to the queue, or fails it if its attempts are spent. If the store is busy,
    /// tries again and again: no other process would end the claim while this one lives. If the claim no longer holds,
    /// returns the run as it was.
    fn leave(&self, claimed: ClaimedRun, failure: &FailureRecord) -> Result<RunRecord, StoreError> {
        let workspace = self.request.workspace;
        let ClaimedRun { run, claim, .. } = claimed;
        let mut silent_since = None;
        loop {
            let left = send_back(
                workspace,
                &run,
                &claim,
                failure,
                &AttemptUsage::default(),
                false,
            );
            match self.answered(left, &mut silent_since)? {
                Some(Some(left)) => {
                    if !left.status.is_terminal() {
                        self.tell(&ProgressEvent::Retrying(&left, failure));
                    }
                    return Ok(left);
                }
                Some(None) => {
                    let name = &run.input_name;
                    let message = format!(
                        "this process no longer executes {name}; waiting for the run to end"
                    );
                    self.tell(&ProgressEvent::Trouble(&message));
                    return Ok(run);
                }
                None => {
                    workspace.machine.wait(&Cancel::new(), LOOK_EVERY);
                }
            }
        }
    }

    /// Records the run under a claim of this process, unless its configuration is paused.
    fn insert(&self) -> Result<ClaimedRun, RunError> {
        let workspace = self.request.workspace;
        let configuration = &self.request.prepared.key.configuration_id;
        if let Some(paused) = pause::find(workspace, configuration)? {
            return Err(PausedRun(Box::new(paused)).into());
        }
        let (new, mark) = self.request.new_run(self.input)?;
        let claim = workspace.claim(self.worker, Some(self.process));
        let since = workspace.machine.steady();
        let run = workspace
            .store
            .insert_claimed_run(&new, &claim, workspace.machine.now())?;
        mark.recorded(workspace);
        Ok(ClaimedRun { run, claim, since })
    }

    fn provide(&self, cancel: &Cancel) -> Result<EnvironmentRecord, ProvideError> {
        if let Some((failure, log)) = lock(self.failed_for_good).clone() {
            return Err(ProvideError::Failed {
                failure: Box::new(failure),
                transient: false,
                log,
            });
        }
        let recover = || recover(self.request.workspace).map(drop);
        let provider = Provider {
            workspace: self.request.workspace,
            builder: self.request.tools.builder,
            worker: self.worker,
            process: self.process,
            other: OtherBuilder::Await(&recover),
        };
        let on =
            &mut |progress: ProvideProgress<'_>| self.tell(&ProgressEvent::Environment(&progress));
        let provided = provider.provide(self.request.prepared, RebuildPolicy::Ready, cancel, on);
        if let Err(ProvideError::Failed {
            failure,
            transient,
            log,
        }) = &provided
        {
            let of = match transient {
                true => &self.failed_last,
                false => self.failed_for_good,
            };
            *lock(of) = Some(((**failure).clone(), log.clone()));
        }
        provided
    }

    /// If all attempts of a run failed and the last failed at the environment, records that, so that no other input tries as
    /// often again.
    fn note_failed_environment(&self, run: &RunRecord) {
        let failure = run.error.as_ref();
        let is_environments = failure.is_some_and(|error| error.code == code::ENVIRONMENT_FAILED);
        if is_environments
            && run.attempt_count >= run.max_attempts
            && let Some(failed) = lock(&self.failed_last).take()
        {
            lock(self.failed_for_good).get_or_insert(failed);
        }
    }

    /// Waits until a run that went back to the queue is due, and claims it; if a worker was faster, waits for its end.
    fn again(&self, mut run: RunRecord) -> Result<RetryOutcome, RunError> {
        let machine = &self.request.workspace.machine;
        let mut cancel = self.cancel.clone();
        let mut silent_since = None;
        loop {
            let pause = match run.status {
                RunStatus::Queued => {
                    Duration::from_millis(run.available_at.since(machine.now())).min(LOOK_EVERY)
                }
                _ => LOOK_EVERY,
            };
            if machine.wait(&cancel, pause) {
                let requested = self.request_cancel(&run);
                if self.answered(requested, &mut silent_since)?.is_some() {
                    // The request is made once; the process that has the run brings it to its end.
                    cancel = Cancel::new();
                }
            }
            match self.answered(self.look(&run), &mut silent_since)? {
                Some(RetryOutcome::Ended(found)) if !found.status.is_terminal() => run = found,
                Some(again) => return Ok(again),
                None => {
                    machine.wait(&Cancel::new(), LOOK_EVERY);
                }
            }
        }
    }

    /// Returns the answer of the store. `None`: the store is busy, which is reported once and tolerated for the length of a
    /// lease.
    fn answered<T>(
        &self,
        answer: Result<T, StoreError>,
        silent_since: &mut Option<SteadyTime>,
    ) -> Result<Option<T>, StoreError> {
        let workspace = self.request.workspace;
        let now = workspace.machine.steady();
        match answer {
            Err(error) if error.may_pass() => {
                if silent_since.is_none() {
                    self.tell(&ProgressEvent::Trouble(&error.to_string()));
                }
                let since = *silent_since.get_or_insert(now);
                if now.since(since) >= workspace.settings.worker.lease {
                    return Err(error);
                }
                Ok(None)
            }
            answer => {
                *silent_since = None;
                answer.map(Some)
            }
        }
    }

    fn request_cancel(&self, run: &RunRecord) -> Result<(), StoreError> {
        cancel::request(self.request.workspace, &run.id).map(drop)
    }

    /// Claims a run if possible; otherwise returns its current state.
    fn look(&self, run: &RunRecord) -> Result<RetryOutcome, StoreError> {
        let workspace = self.request.workspace;
        let (machine, store) = (&workspace.machine, &workspace.store);
        if run.status == RunStatus::Running {
            // If no worker is left to detect that the run's process is dead, this process does it.
            recover(workspace)?;
        }
        let claim = workspace.claim(self.worker, Some(self.process));
        let since = machine.steady();
        Ok(match store.claim_run(&run.id, &claim, machine.now())? {
            Some(run) => RetryOutcome::Claimed(ClaimedRun { run, claim, since }),
            None => {
                let ended = store.run(&run.key.workspace_id, &run.id)?;
                workspace.fetch_run(&ended)?;
                RetryOutcome::Ended(ended)
            }
        })
    }

    fn finished(
        &self,
        run: RunRecord,
        results: Option<RunResults>,
        is_unchanged: bool,
    ) -> FinishedRun {
        let store = &self.request.workspace.store;
        let (fields, payload) = match results {
            Some(results) => (results.fields, Some(results.payload)),
            None => (
                store.run_fields(&run.id).unwrap_or_default(),
                store.run_payload(&run.id).ok().flatten(),
            ),
        };
        let report = payload
            .map(|text| RunReport::head(&text))
            .unwrap_or_default();
        let ids = store.short_ids(IdKind::Runs, &run.key.workspace_id, &[&run.id]);
        let short_id = ids.ok().and_then(|mut ids| ids.pop());
        let mut finished = FinishedRun {
            short_id: short_id.unwrap_or_else(|| run.id.clone()),
            fields,
            rows: report.rows(),
            noticed: report.noticed,
            run,
            is_unchanged,
            shortfalls: Vec::new(),
            copied_to: None,
            copy_path: None,
            beside: Vec::new(),
            notes: Vec::new(),
            annotate_error: None,
            copy_error: None,
        };
        finished.shortfalls = self.shortfalls(&finished);
        self.annotate(&mut finished);
        if finished.run.status == RunStatus::Failed || !finished.shortfalls.is_empty() {
            self.mark_stale();
        } else {
            self.deliver(&mut finished);
        }
        finished
    }

    /// Paints the input with the run's issues, in the run's folder, also if the run falls short: the copy shows what is
    /// wrong. If painting fails, the run is not affected.
    fn annotate(&self, finished: &mut FinishedRun) {
        let Some(workbook) = &finished.run.output_path else {
            return;
        };
        let [painted, quarantined] = output::beside(workbook, &finished.run.input_name);
        let is_file = |path: &Path| path.symlink_metadata().is_ok_and(|found| found.is_file());
        if self.request.annotate && finished.is_unchanged && is_file(&painted) {
            finished.beside.push(painted);
        } else if self.request.annotate {
            match annotated::annotate(&finished.run, &painted, Language::default()) {
                Ok(copy) => {
                    finished.notes = copy.notes.iter().map(ToString::to_string).collect();
                    finished.beside.push(painted);
                }
                Err(error) => finished.annotate_error = Some(error),
            }
        }
        if is_file(&quarantined) {
            finished.beside.push(quarantined);
        }
        if let Some(shape) = self.request.shape {
            finished.beside.extend(output::shapes(workbook, shape));
        }
    }

    /// Copies the workbook of an accepted run, and the files next to it, to the output directory. Files that an earlier run
    /// left there and this run does not have are marked, so that they do not look like this run's.
    fn deliver(&self, finished: &mut FinishedRun) {
        let (Some(folder), Some(workbook)) =
            (self.request.output_dir, finished.run.output_path.clone())
        else {
            return;
        };
        let shape = self.request.shape;
        let to = output::target(folder, &self.request.inputs[self.input], shape);
        let first = output::in_shape(&workbook, shape);
        if shape.is_some() && !first.is_file() {
            // A file without a table has no table in another shape either.
            self.mark_stale();
            return;
        }
        match self.copy(finished, &first, &to) {
            Ok(path) => {
                finished.copy_path = Some(path);
                finished.copied_to = Some(to.clone());
            }
            Err(error) => {
                // A write-protected file was kept on purpose.
                if output::check_target(&to).is_ok() {
                    self.mark_stale();
                }
                finished.copy_error = Some(error);
                return;
            }
        }
        if let Some(shape) = shape {
            self.deliver_tables(finished, &first, &to, shape);
        }
        let own = output::beside(&workbook, &finished.run.input_name);
        let there = output::beside(&to, &finished.run.input_name);
        for (own, to) in own.iter().zip(&there) {
            let Some(known) = finished.beside.iter().position(|path| path == own) else {
                self.mark_as_earlier(to);
                continue;
            };
            match self.copy(finished, own, to) {
                Ok(path) => finished.beside[known] = path,
                Err(error) => finished.copy_error = Some(error),
            }
        }
    }

    /// Copies the tables after the first one, in the requested shape.
    fn deliver_tables(&self, finished: &mut FinishedRun, first: &Path, to: &Path, shape: &str) {
        finished.beside.retain(|path| path != first);
        let mut written = vec![to.to_owned()];
        for from in output::shapes(first, shape) {
            if from == first {
                continue;
            }
            let to = to.with_file_name(name_of(&from));
            match self.copy(finished, &from, &to) {
                Ok(path) => finished.beside.push(path),
                Err(error) => finished.copy_error = Some(error),
            }
            finished.beside.retain(|path| *path != from);
            written.push(to);
        }
        // An earlier run may have had more tables.
        for path in output::shapes(to, shape) {
            if !written.contains(&path) {
                self.mark_as_earlier(&path);
            }
        }
    }

    /// Copies a file of a run's output. If the input was not run again and the copy is unchanged, leaves the copy alone.
    /// Returns the real path, for comparison in a later search for inputs.
    fn copy(&self, finished: &FinishedRun, from: &Path, to: &Path) -> Result<PathBuf, Error> {
        let run = &finished.run;
        if !finished.is_unchanged || !output::are_equal(from, to) {
            output::copy(from, to)?;
        }
        let path = to.canonicalize().unwrap_or_else(|_| to.to_owned());
        output::forget_stale(&self.request.workspace.store, &path);
        self.record_copy(run, &path);
        Ok(path)
    }

    fn shortfalls(&self, finished: &FinishedRun) -> Vec<Shortfall> {
        let run = &finished.run;
        let demands = &run.options.demands;
        let columns = demands.denied.contains(&DeniedFinding::Unmapped);
        let columns = columns.then(|| self.request.workspace.store.run_columns(&run.id).ok());
        let unmapped = columns
            .flatten()
            .map(|columns| unclaimed(columns, &finished.noticed));
        let drift = drifted(&self.request.workspace.store, run).unwrap_or_default();
        let found = RunFindings {
            drift: &drift,
            fields: &finished.fields,
            rows: finished.rows,
            issue_list: finished.noticed.issue_list.as_ref(),
            unmapped: unmapped.as_deref(),
        };
        demands.shortfalls(run, &found)
    }

    /// Marks the workbook that an earlier run left in the output directory: this run has no result, and the file must not
    /// look like one.
    fn mark_stale(&self) {
        let Some(folder) = self.request.output_dir else {
            return;
        };
        let input = &self.request.inputs[self.input];
        let path = output::target(folder, input, self.request.shape);
        let earlier = output::mark_stale(&self.request.workspace.store, &path);
        earlier
            .iter()
            .for_each(|earlier| self.tell(&ProgressEvent::Earlier(earlier)));
        let tables = self.request.shape.map(|shape| output::shapes(&path, shape));
        let beside = output::beside(&path, &name_of(&input.path)).into_iter();
        for path in beside.chain(tables.into_iter().flatten()) {
            self.mark_as_earlier(&path);
        }
    }

    /// Does the same for a file next to the workbook. A file that no run has written belongs to a person and is not touched.
    fn mark_as_earlier(&self, path: &Path) {
        let earlier = output::mark_stale(&self.request.workspace.store, path);
        if let Some(earlier @ EarlierCopy::Stale { .. }) = earlier {
            self.tell(&ProgressEvent::Earlier(&earlier));
        }
    }

    /// Records the copy. Without the record the copy is still good, but the next run may take it for an input.
    fn record_copy(&self, run: &RunRecord, to: &Path) {
        let workspace = self.request.workspace;
        let copy = OutputCopy {
            path: to.to_owned(),
            workspace_id: run.key.workspace_id.clone(),
            run_id: run.id.clone(),
        };
        if let Err(error) = workspace.store.record_copy(&copy, workspace.machine.now()) {
            let message = format!("cannot record that {} is an output: {error}", to.display());
            self.tell(&ProgressEvent::Trouble(&message));
        }
    }
}
