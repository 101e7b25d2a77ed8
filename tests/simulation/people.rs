//! Those who use the queue beside its workers: `ade run`, `ade run --detach`, `ade runs cancel`, and collection.

use std::rc::Rc;

use ade::store::{CancelOutcome, EnvironmentKey, NewRun, RunStatus};

use super::judge::Deed;
use super::process::Process;
use super::worker::{Held, NotProvided, Subject, Work};

fn new_run(me: &Process, key: &EnvironmentKey, environment: String) -> NewRun {
    let id = format!("{:08x}", me.world.number());
    NewRun {
        id,
        key: key.clone(),
        environment_id: environment,
        document_id: None,
        source_digest: String::new(),
        snapshot: "/snapshot".into(),
        input_name: "in.xlsx".to_owned(),
        input_path: "/in.xlsx".into(),
        input_sha256: String::new(),
        input_size_bytes: 1,
        input_sheets: None,
        options: ade::store::RunOptions::default(),
        max_attempts: 1 + me.world.chance.below(3) as u32,
        run_dir: "/run".into(),
        retry_of_run_id: None,
    }
}

/// `ade run --detach`
pub async fn enqueue(me: Rc<Process>) {
    let key = me.world.chance.pick(&me.world.keys).clone();
    if let Ok(environment) = me.ensure_environment(&key).await {
        let run = new_run(&me, &key, environment.id);
        let queued = me
            .call(Deed::Enqueue(&run.id), |store, now| {
                store.enqueue_run(&run, now)
            })
            .await;
        if queued.is_ok() {
            me.world.count("enqueued");
            me.world.judge.borrow_mut().promised.insert(run.id);
            // A touch may be missed.
            if me.world.chance.hits(8000) {
                me.world.bell.set(me.world.bell.get() + 1);
            }
        }
    }
    me.world.alive.borrow_mut().remove(&me.id);
}

/// `ade run`: its run is claimed from its first moment.
pub async fn run_here(me: Rc<Process>) {
    if me.join("run", 1).await.is_ok() {
        let _ = me.recover().await;
        run_claimed(&me).await;
        me.leave_fleet().await;
    }
    me.world.alive.borrow_mut().remove(&me.id);
}

async fn run_claimed(me: &Rc<Process>) {
    let key = me.world.chance.pick(&me.world.keys).clone();
    let Ok(environment) = me.ensure_environment(&key).await else {
        return;
    };
    let new = new_run(me, &key, environment.id);
    let claim = me.claim(0);
    let since = me.world.steady();
    let inserted = me
        .call(Deed::InsertClaimed(&new.id, &claim), |store, now| {
            store.insert_claimed_run(&new, &claim, now)
        })
        .await;
    let Ok(run) = inserted else { return };
    me.world.count("run at once");
    me.world.judge.borrow_mut().promised.insert(run.id.clone());
    let work = Rc::new(Work::default());
    let held = Held::new(Subject::Run(run.id.clone()), &claim, since);
    let attempted = {
        let _kept = me.keep(&held, &work);
        match me.provide(0, &key, true, &work).await {
            Ok(environment) => me.attempt(&run, &environment, &claim, &work).await,
            Err(NotProvided::Cancelled) => me.not_provided(RunStatus::Cancelled),
            Err(_) => me.not_provided(RunStatus::Failed),
        }
    };
    let _ = me.finish(&run, &claim, &attempted.ending, &held).await;
}

/// `ade runs cancel`
pub async fn cancel(me: Rc<Process>) {
    let runs: Vec<String> = {
        let judge = me.world.judge.borrow();
        judge.snapshot().runs.keys().cloned().collect()
    };
    if !runs.is_empty() {
        let run = me.world.chance.pick(&runs).clone();
        let outcome = me
            .call(Deed::Cancel(&run), |store, now| {
                store.request_cancel(&run, now)
            })
            .await;
        match outcome {
            Ok(CancelOutcome::Cancelled(run)) => {
                me.world.count("cancelled while queued");
                let _ = me.tell_once(&run).await;
            }
            Ok(CancelOutcome::Requested(_)) => me.world.count("cancelled while running"),
            _ => {}
        }
    }
    me.world.alive.borrow_mut().remove(&me.id);
}

/// `ade env gc`, of an environment that it found cold.
pub async fn collect(me: Rc<Process>) {
    let environments: Vec<String> = {
        let judge = me.world.judge.borrow();
        judge.snapshot().environments.keys().cloned().collect()
    };
    if !environments.is_empty() {
        let id = me.world.chance.pick(&environments).clone();
        let taken = me
            .call(Deed::TakeEnvironment(&id), |store, _| {
                store.delete_environment(&id, None)
            })
            .await;
        if let Ok(true) = taken {
            me.world.count("environments collected");
            me.world.disk.borrow_mut().remove(&id);
        }
    }
    me.world.alive.borrow_mut().remove(&me.id);
}
