//! The work of the processes of the simulated machine: that of the commands, with the code that the commands use.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ade::base::cancel::{Cancel, linked};
use ade::environment::collection;
use ade::environment::collection::CollectError;
use ade::environment::collection::named;
use ade::environment::needed::prepare::PreparedConfiguration;
use ade::environment::provide::RebuildPolicy;
use ade::run::calls::enqueue;
use ade::run::calls::inline;
use ade::run::calls::request::Request;
use ade::run::calls::request::Tools;
use ade::run::ending::cancel;
use ade::run::ending::cancel::RunCancellation;
use ade::run::execution::happenings::ProgressEvent;
use ade::run::execution::provide::provide;
use ade::run::inputs::input::Input;
use ade::store::{Priority, RunOptions, RunStatus, Submitter};
use ade::worker::{self, Stop, WorkerOptions};
use ade::workspace::{Workspace, pause};

use super::process::Process;
use super::world::INPUT;

/// `ade worker`
pub fn work(me: &Arc<Process>, slots: usize) {
    let workspace = me.workspace();
    let options = WorkerOptions {
        concurrency: slots,
        drain: false,
        once: false,
        grace: Duration::from_secs(me.world.chance.between(5, 90).unsigned_abs()),
        gc: true,
        only: ade::store::WorkerFilter::default(),
    };
    let stop = Stop {
        in_order: me.stop.clone(),
        at_once: me.stop_at_once.clone(),
    };
    let outcome = me.with_tools(|tools| {
        worker::work(&workspace, tools, &options, &stop, &|_, change| {
            Log(me).change(change)
        })
    });
    if let Err(error) = outcome {
        me.world.trace(|| format!("{} ends: {error}", me.id));
    }
}

/// A worker's log.
struct Log<'a>(&'a Arc<Process>);

impl Log<'_> {
    fn change(&self, change: &ProgressEvent<'_>) {
        match change {
            ProgressEvent::Ended(run) if run.status == RunStatus::Running => {
                self.0.world.violated(&format!(
                    "{} reports run {} as ended, which is running",
                    self.0.id, run.id
                ))
            }
            _ => {}
        }
        let what = match change {
            ProgressEvent::Expired(_) => "expired",
            ProgressEvent::Recovered(_) => "recovered",
            ProgressEvent::Lost(_) => "lost claims noticed",
            ProgressEvent::Ended(_) => "attempts left",
            ProgressEvent::BuildFailed(..) => "builds failed",
            ProgressEvent::ClockJumped(_) => "clock jumps noticed",
            _ => return,
        };
        self.0.world.count(what);
    }
}

/// Returns the request of a command without options.
fn request<'a>(
    workspace: &'a Workspace,
    tools: Tools<'a>,
    prepared: &'a PreparedConfiguration,
    inputs: &'a [Input],
) -> Request<'a> {
    Request {
        workspace,
        tools,
        prepared,
        inputs,
        again: None,
        output_dir: None,
        shape: None,
        annotate: false,
        only_changed: false,
        sheets: None,
        options: RunOptions::default(),
        jobs: 1,
    }
}

/// `ade run`, with one file or two.
pub fn run_here(me: &Arc<Process>) {
    let workspace = me.workspace();
    let inputs = vec![Input::from(PathBuf::from(INPUT)); 1 + me.world.chance.below(2)];
    let jobs = 1 + me.world.chance.below(2);
    me.with_tools(|tools| {
        let prepared = me.world.prepared(me.world.chance.pick(&me.world.keys));
        let request = Request {
            options: RunOptions {
                dry_run: me.world.chance.hits(500),
                ..RunOptions::default()
            },
            jobs,
            ..request(&workspace, tools, &prepared, &inputs)
        };
        // The run has a flag of its own, since it may be raised by something other than the person at the terminal.
        let interrupted = linked(&me.stop);
        let ran = inline::run(&request, &interrupted.cancel, &|_, change| {
            Terminal(me).change(change)
        });
        if let Err(error) = ran {
            me.world.trace(|| format!("{} ends: {error}", me.id));
        }
    });
}

/// The terminal to which `ade run` reports.
struct Terminal<'a>(&'a Arc<Process>);

impl Terminal<'_> {
    fn change(&self, change: &ProgressEvent<'_>) {
        let world = &self.0.world;
        match change {
            ProgressEvent::Recovered(_) => world.count("recovered by ade run"),
            ProgressEvent::Retrying(..) => world.count("retried by ade run"),
            ProgressEvent::Finished(Ok(finished)) if !finished.run.status.is_terminal() => {
                world.violated(&format!(
                    "ade run reports run {} as ended, which is {}",
                    finished.run.id,
                    finished.run.status.as_str()
                ));
            }
            ProgressEvent::Finished(Ok(_)) => world.count("ended under ade run"),
            ProgressEvent::Finished(Err(error)) => {
                world.trace(|| format!("{}: {error}", self.0.id))
            }
            _ => {}
        }
    }
}

/// `ade run --detach`, with a few files
pub fn leave_in_queue(me: &Arc<Process>) {
    let workspace = me.workspace();
    let prepared = me.world.prepared(me.world.chance.pick(&me.world.keys));
    let inputs = vec![Input::from(PathBuf::from(INPUT)); 1 + me.world.chance.below(3)];
    me.with_tools(|tools: Tools<'_>| {
        let request = Request {
            options: RunOptions {
                priority: *me.world.chance.pick(&Priority::ALL),
                ..RunOptions::default()
            },
            ..request(&workspace, tools, &prepared, &inputs)
        };
        let _ = enqueue::enqueue(&request, &mut |_| {});
    });
}

/// `ade env build`, with `--force` or without
pub fn build(me: &Arc<Process>) {
    let want = || {
        *me.world
            .chance
            .pick(&[RebuildPolicy::Ready, RebuildPolicy::Rebuilt])
    };
    // As at the terminal, the command is asked to stop if it takes too long.
    if builds(me, want, &linked(&me.stop).cancel) {
        me.world.count("environments built by hand");
    }
}

/// Provides an environment and returns whether that succeeded.
fn builds(me: &Arc<Process>, want: impl FnOnce() -> RebuildPolicy, cancel: &Cancel) -> bool {
    let workspace = me.workspace();
    let prepared = me.world.prepared(me.world.chance.pick(&me.world.keys));
    let want = me.wants(want());
    let built = me.with_tools(|tools| {
        provide(
            &workspace,
            tools.builder,
            &prepared,
            want,
            cancel,
            &mut |_| {},
        )
    });
    built.is_ok()
}

/// `ade runs cancel`
pub fn cancel_run(me: &Arc<Process>) {
    let runs: Vec<String> = me.world.judge().snapshot().runs.keys().cloned().collect();
    if runs.is_empty() {
        return;
    }
    let workspace = me.workspace();
    let run = me.world.chance.pick(&runs);
    match cancel::cancel(&workspace, run) {
        Ok(RunCancellation::AtOnce(_)) => me.world.count("cancelled while queued"),
        Ok(RunCancellation::Requested(_)) => me.world.count("cancelled while running"),
        Err(_) => {}
    }
}

/// `ade pause`, and `ade resume` after a while
pub fn pause(me: &Arc<Process>) {
    let workspace = me.workspace();
    let id = &me.world.keys[0].configuration_id;
    let what = me.world.chance.hits(5_000).then_some(id.as_str());
    let by = Submitter::of_machine(&*workspace.machine);
    if pause::pause(&workspace, what, None, &by).is_err() {
        return;
    }
    me.world.count("pauses");
    let while_it_lasts = Duration::from_secs(me.world.chance.between(5, 90).unsigned_abs());
    workspace.machine.wait(&me.stop, while_it_lasts);
    let _ = pause::resume(&workspace, what);
}

/// `ade env gc`, or `ade env rm`
pub fn collect(me: &Arc<Process>) {
    let workspace: Workspace = me.workspace();
    let judge = me.world.judge();
    let known: Vec<String> = judge.snapshot().environments.keys().cloned().collect();
    drop(judge);
    if !known.is_empty() && me.world.chance.hits(5_000) {
        let id = me.world.chance.pick(&known);
        if named::remove(&workspace, id, &mut collection::Report::default()).is_ok() {
            me.world.count("environments removed");
        }
        return;
    }
    let ttl = Duration::from_secs(*me.world.chance.pick(&[1, 20, 60]));
    me.collects_after(ttl);
    let options = collection::CollectOptions {
        env_ttl: Some(ttl),
        leftover_ttl: Duration::from_secs(*me.world.chance.pick(&[60, 300])),
        ..collection::CollectOptions::of_settings(&workspace.settings)
    };
    match collection::collect_alone(&workspace, &me.id, &options, &me.stop) {
        Ok(report) if report.collects_from.is_some() => me.world.count("collections held"),
        Ok(_) => me.world.count("collections"),
        Err(CollectError::Busy(_)) => me.world.count("collections refused"),
        Err(_) => {}
    }
}

/// Collects without deleting an environment that has a record; finishes the collections that others began.
pub fn tidy(me: &Arc<Process>) {
    let workspace = me.workspace();
    let options = collection::CollectOptions {
        env_ttl: None,
        ..collection::CollectOptions::of_settings(&workspace.settings)
    };
    if let Err(error) = collection::collect(
        &workspace,
        &options,
        collection::CollectionScope::All,
        &Cancel::new(),
    ) {
        me.world.violated(&format!("nothing is tidied: {error}"));
    }
}

/// `ade env build --force`
pub fn rebuild(me: &Arc<Process>) {
    if builds(me, || RebuildPolicy::Rebuilt, &me.stop) {
        me.world.count("environments built anew");
    }
}
