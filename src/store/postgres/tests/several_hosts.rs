//! Tests several hosts on one server: two or three stores, each for another host.

use super::hosts;
use crate::store::Store;
use crate::store::suite::places::*;
use crate::store::{
    BuildFailureOutcome, ClaimableState, EnvironmentRecord, EnvironmentStatus, Limits, Pause,
    RunStatus, WaitReason, WorkerRecord,
};

/// Returns a host's environment with this digest; records it if the host has none.
fn has(host: &Store, digest: &str) -> EnvironmentRecord {
    environment(host, digest, at(1))
}

/// Registers a worker of a host.
fn at_work(host: &Store, id: &str, slots: u32) -> WorkerRecord {
    let worker = WorkerRecord {
        slots,
        ..process(id)
    };
    host.register_worker(&worker).unwrap();
    worker
}

/// Returns the runs for whose environments a host should do something.
fn without(host: &Store, now: i64) -> Vec<String> {
    let runs = host.runs_without_host(at(now)).unwrap();
    runs.into_iter().map(|run| run.id).collect()
}

fn failed_runs(host: &Store) -> usize {
    host.fail_runs_of_failed_environments(9, at(50))
        .unwrap()
        .len()
}

#[test]
fn each_host_has_an_environment_of_its_own_with_the_same_id() {
    let Some(open) = hosts() else { return };
    let (a, b) = (open("a"), open("b"));
    let of_a = ready(&a, "d", at(1));
    assert!(b.environment_of(&of_a.key).unwrap().is_none());
    assert!(b.all_environments().unwrap().is_empty());
    let of_b = has(&b, "d");
    assert_eq!(of_a.id, of_b.id);
    assert_ne!(of_a.folder, of_b.folder);
    assert_eq!(of_b.status, EnvironmentStatus::Queued);
    assert_eq!(reread(&a, &of_a).status, EnvironmentStatus::Ready);

    // The folder is gone on one host: this host builds the environment again, and the other continues.
    build(&b, &of_b, at(2));
    let vanished = a.requeue_environment(&of_a, "/v/new".as_ref(), "/s".as_ref(), at(3));
    assert!(vanished.unwrap());
    assert_eq!(reread(&a, &of_a).status, EnvironmentStatus::Queued);
    assert_eq!(reread(&b, &of_b).status, EnvironmentStatus::Ready);
    assert!(b.next_environment(at(9), None, None).unwrap().is_none());

    // A run keeps the environment on the host that recorded the run. Without runs, each host may delete its own.
    let run = queued(&b, &of_b, at(4));
    assert!(!b.delete_environment(&of_b.id, None).unwrap());
    b.request_cancel(&run.id, at(5)).unwrap();
    assert!(b.delete_environment(&of_b.id, None).unwrap());
    assert!(b.environment_of(&of_b.key).unwrap().is_none());
    assert_eq!(a.all_environments().unwrap().len(), 1);
}

#[test]
fn hosts_that_record_an_environment_at_once_give_it_one_id() {
    let Some(open) = hosts() else { return };
    let hosts: Vec<Store> = (0..4).map(|host| open(&format!("h{host}"))).collect();
    key(&hosts[0], "0");
    for round in 0..10 {
        let digest = round.to_string();
        let ids: Vec<String> = std::thread::scope(|scope| {
            let one = |host| {
                let digest = &digest;
                scope.spawn(move || has(host, digest).id)
            };
            let all: Vec<_> = hosts.iter().map(one).collect();
            all.into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }
}

#[test]
fn a_run_is_claimed_where_its_environment_is_ready_and_seen_everywhere() {
    let Some(open) = hosts() else { return };
    let (a, b, api) = (open("a"), open("b"), open("api"));
    let asked = has(&api, "d");
    let run = queued(&api, &asked, at(2));
    let of_a = has(&a, "d");
    for host in [&a, &b, &api] {
        assert!(claim_next(host, &claim("w"), at(3)).is_none());
        let waiting = host
            .waiting_runs("default", None, 9, &Limits::default(), at(3))
            .unwrap();
        assert_eq!(waiting[0].place.waits_for, WaitReason::Environment);
    }
    build(&a, &of_a, at(4));
    assert!(claim_next(&b, &claim("w"), at(5)).is_none());
    let waiting = b
        .waiting_runs("default", None, 9, &Limits::default(), at(5))
        .unwrap();
    assert_eq!(waiting[0].place.waits_for, WaitReason::Slot);
    assert_eq!(claim_next(&a, &claim("w"), at(6)).unwrap().id, run.id);

    // A host without this environment also counts and lists its runs.
    queued(&api, &asked, at(7));
    let overview = b.overview(Some("default"), at(0), at(8)).unwrap();
    assert_eq!((overview.queued, overview.running), (1, 1));
    let environments = (overview.environments_queued, overview.environments_building);
    assert_eq!(environments, (0, 0), "one host has it");
    assert_eq!(b.live_runs("default").unwrap().len(), 2);
    let counts = b.count_runs(&all_runs(), 9).unwrap();
    assert_eq!((counts.queued, counts.running), (1, 1));
    let pause = Pause {
        configuration_id: Some(asked.key.configuration_id),
        reason: None,
        paused_by: "me".to_owned(),
        paused_at: at(9),
    };
    b.pause(&pause).unwrap();
    assert_eq!(b.paused_runs().unwrap(), 1);
    assert!(claim_next(&a, &claim("w"), at(9)).is_none());
}

#[test]
fn no_more_runs_of_a_configuration_are_executed_than_may_be_on_all_hosts() {
    let Some(open) = hosts() else { return };
    let (a, b) = (open("a"), open("b"));
    let (of_a, of_b) = (ready(&a, "d", at(1)), ready(&b, "d", at(1)));
    let only_b = ready(&b, "e", at(1));
    let configuration = &of_a.key.configuration_id;
    a.change_configuration(configuration, &limit_to(Some(2)), at(1))
        .unwrap();
    let first = queued(&b, &only_b, at(1));
    for time in 2..5 {
        queued(&a, &of_a, at(time));
    }
    let (mine, theirs) = (claim("a"), claim("b"));
    let of_first = claim_next(&b, &theirs, at(6)).unwrap();
    let second = claim_next(&a, &mine, at(6)).unwrap();
    // One run is executed in an environment that the other host does not have.
    assert_eq!(of_first.id, first.id);
    assert_eq!(second.environment_id.as_ref(), Some(&of_b.id));
    for host in [&a, &b] {
        assert!(claim_next(host, &claim("w"), at(7)).is_none());
    }
    finish(&b, &first.id, &theirs, RunStatus::Succeeded, at(8));
    assert!(claim_next(&b, &claim("w"), at(9)).is_some());
    assert!(claim_next(&a, &claim("w"), at(9)).is_none());
}

#[test]
fn a_host_builds_what_no_host_at_work_has() {
    let Some(open) = hosts() else { return };
    let (a, b, api) = (open("a"), open("b"), open("api"));
    let asked = has(&api, "d");
    assert!(
        without(&a, 9).is_empty(),
        "no run waits, and nothing is built for none"
    );
    let run = queued(&api, &asked, at(2));
    at_work(&a, "wa", 1);
    at_work(&b, "wb", 1);
    // The run waits for the host that recorded it, which has no workers.
    assert_eq!(without(&a, 3), [run.id.as_str()]);
    assert_eq!(without(&b, 3), [run.id.as_str()]);
    let of_a = has(&a, "d");
    assert!(without(&a, 3).is_empty());
    assert!(without(&b, 3).is_empty(), "another one is about to");
    // An environment that is paused is not built.
    let pause = Pause {
        configuration_id: None,
        reason: None,
        paused_by: "me".to_owned(),
        paused_at: at(3),
    };
    fails(&a, &of_a, BuildFailureOutcome::WaitUntil(at(90)), at(4));
    b.pause(&pause).unwrap();
    assert!(without(&b, 5).is_empty());
    b.resume(None).unwrap();
    // The other host is in trouble, then is building, then has failed, then has the environment.
    assert_eq!(without(&b, 5).len(), 1);
    let mine = claim("builder");
    take(&a, &of_a.id, &mine, ClaimableState::Due, at(90)).unwrap();
    assert!(without(&b, 91).is_empty());
    let failed = a.fail_environment(
        &of_a.id,
        &mine,
        &failure(),
        BuildFailureOutcome::FailHere,
        at(92),
    );
    assert!(failed.unwrap());
    assert_eq!(without(&b, 93).len(), 1);
    assert!(a.ask_for_environment(&of_a.id, at(94), at(94)).unwrap());
    build(&a, &of_a, at(95));
    assert!(without(&b, 96).is_empty());
    // The last step: its host is gone.
    assert!(a.remove_worker("wa").unwrap());
    assert_eq!(without(&b, 97).len(), 1);
}

#[test]
fn a_second_host_builds_what_waits_for_long_when_the_first_has_too_few_slots() {
    let Some(open) = hosts() else { return };
    let (a, b) = (open("a"), open("b"));
    let of_a = ready(&a, "d", at(1));
    at_work(&a, "wa", 2);
    at_work(&b, "wb", 2);
    let now = 20_000;
    for _ in 0..2 {
        queued(&a, &of_a, at(now));
    }
    let later = now + 10_000;
    assert!(without(&b, later).is_empty(), "each has a slot");
    let third = queued(&a, &of_a, at(now + 1));
    assert!(
        without(&b, later).is_empty(),
        "the third is not due for long"
    );
    let first = without(&b, later + 1);
    assert_eq!(first.len(), 1);
    assert_ne!(first[0], third.id);
    // All slots of the first worker are in use, so none is free.
    let busy = claim("w").by(Some("wa"));
    claim_next(&a, &busy, at(later)).unwrap();
    claim_next(&a, &claim("w").by(Some("wa")), at(later)).unwrap();
    assert_eq!(without(&b, later + 1), [third.id.as_str()]);
    // Another host is useless for a configuration that has reached its limit.
    let configuration = &of_a.key.configuration_id;
    for _ in 0..3 {
        queued(&a, &of_a, at(now));
    }
    at_work(&a, "more", 2);
    assert_eq!(without(&b, later + 1).len(), 1);
    a.change_configuration(configuration, &limit_to(Some(2)), at(later))
        .unwrap();
    assert!(without(&b, later + 1).is_empty());
}

#[test]
fn what_the_configuration_is_to_blame_for_fails_its_runs_on_all_hosts() {
    let Some(open) = hosts() else { return };
    let (a, b) = (open("a"), open("b"));
    at_work(&a, "wa", 1);
    at_work(&b, "wb", 1);
    let of_a = has(&a, "d");
    let run = queued(&a, &of_a, at(2));
    fails(&a, &of_a, BuildFailureOutcome::Fail, at(3));
    assert_eq!(failed_runs(&b), 0, "it is for the host that failed at it");
    assert_eq!(failed_runs(&a), 1);
    assert_eq!(find(&b, &run.id).status, RunStatus::Failed);
    // Another host has built the environment before.
    ready(&b, "d", at(4));
    let run = queued(&b, &of_a, at(5));
    assert_eq!(failed_runs(&a), 0);
    assert_eq!(claim_next(&b, &claim("w"), at(6)).unwrap().id, run.id);
}

#[test]
fn what_one_host_cannot_build_fails_its_runs_when_no_other_may() {
    let Some(open) = hosts() else { return };
    let (a, b, api) = (open("a"), open("b"), open("api"));
    at_work(&a, "wa", 1);
    at_work(&b, "wb", 1);
    let of_a = has(&a, "d");
    queued(&api, &has(&api, "d"), at(2));
    fails(&a, &of_a, BuildFailureOutcome::FailHere, at(3));
    assert_eq!(failed_runs(&a), 0, "the other one has not tried");
    assert_eq!(without(&b, 4).len(), 1);
    let of_b = has(&b, "d");
    assert_eq!(failed_runs(&a), 0);
    fails(&b, &of_b, BuildFailureOutcome::WaitUntil(at(9)), at(5));
    assert_eq!(failed_runs(&a), 0, "trouble passes");
    fails(&b, &of_b, BuildFailureOutcome::FailHere, at(9));
    assert_eq!(failed_runs(&b), 1);

    // A new request reaches all hosts.
    let asked = has(&api, "d");
    assert!(api.ask_for_environment(&asked.id, at(20), at(10)).unwrap());
    for (host, record) in [(&a, &of_a), (&b, &of_b)] {
        let now = reread(host, record);
        assert_eq!(now.status, EnvironmentStatus::Queued);
        assert_eq!(now.available_at, at(20));
    }
    // No request is needed if a host has the environment.
    build(&a, &of_a, at(20));
    fails(&b, &of_b, BuildFailureOutcome::FailHere, at(20));
    api.ask_for_environment(&asked.id, at(21), at(21)).unwrap();
    assert_eq!(reread(&b, &of_b).status, EnvironmentStatus::Failed);
    assert!(b.ask_for_environment(&asked.id, at(21), at(21)).unwrap());
    assert_eq!(reread(&b, &of_b).status, EnvironmentStatus::Queued);
    // The last host that may build it is gone.
    queued(&api, &asked, at(22));
    a.requeue_environment(&reread(&a, &of_a), "/v/n".as_ref(), "/s".as_ref(), at(22))
        .unwrap();
    fails(&b, &of_b, BuildFailureOutcome::FailHere, at(22));
    assert_eq!(failed_runs(&b), 0);
    assert!(a.remove_worker("wa").unwrap());
    assert_eq!(failed_runs(&b), 1);
}

#[test]
fn a_process_is_known_to_be_of_another_host_and_the_time_is_the_servers() {
    let Some(open) = hosts() else { return };
    let (a, b) = (open("a"), open("b"));
    at_work(&a, "wa", 1);
    at_work(&b, "wb", 1);
    let here = |host: &Store| -> Vec<(String, bool)> {
        let all = host.workers().unwrap().into_iter();
        all.map(|worker| (worker.id, worker.is_here)).collect()
    };
    let of = |id: &str, is_here| (id.to_owned(), is_here);
    assert_eq!(here(&a), [of("wa", true), of("wb", false)]);
    assert_eq!(here(&b), [of("wa", false), of("wb", true)]);
    assert_eq!((a.host(), b.host()), (Some("a"), Some("b")));
    let time = a.server_time().unwrap().unwrap();
    assert!(b.server_time().unwrap().unwrap() >= time);
}

#[test]
fn what_a_host_had_is_forgotten_when_nothing_works_for_it_any_more() {
    let Some(open) = hosts() else { return };
    let (a, b) = (open("a"), open("b"));
    let (kept, cold, needed) = (
        ready(&b, "a", at(9)),
        ready(&b, "b", at(1)),
        ready(&b, "c", at(1)),
    );
    queued(&b, &needed, at(2));
    ready(&a, "b", at(1));
    at_work(&b, "wb", 1);
    assert_eq!(a.forget_hosts(at(5)).unwrap(), 0);
    assert!(b.remove_worker("wb").unwrap());
    assert_eq!(a.forget_hosts(at(5)).unwrap(), 1);
    let known = |record: &EnvironmentRecord| b.environment_of(&record.key).unwrap().is_some();
    assert!(known(&kept) && needed.id != cold.id && known(&needed));
    assert!(!known(&cold));
    assert_eq!(a.all_environments().unwrap().len(), 1);
}

#[test]
fn a_run_outlives_the_last_record_of_its_environment() {
    let Some(open) = hosts() else { return };
    let (a, b) = (open("a"), open("b"));
    let (of_a, of_b) = (ready(&a, "d", at(1)), ready(&b, "d", at(1)));
    let run = queued(&a, &of_a, at(2));
    let delete = |host: &str| {
        let sql = "DELETE FROM environments_of_hosts WHERE host_id = $1";
        let deleted = a.write(|transaction| transaction.prepare_cached(sql)?.execute([host]));
        assert_eq!(deleted.unwrap(), 1);
    };
    delete("a");
    assert_eq!(find(&b, &run.id).environment_id.as_ref(), Some(&of_b.id));
    assert!(a.runs_without_environment(9).unwrap().is_empty());
    delete("b");
    assert_eq!(a.runs_without_environment(9).unwrap().len(), 1);
    // The run gets another environment, but none that does not exist.
    a.set_run_environment(&run.id, &of_b.id).unwrap();
    assert_eq!(find(&a, &run.id).environment_id, None);
    let anew = ready(&b, "d", at(3));
    b.set_run_environment(&run.id, &anew.id).unwrap();
    assert_eq!(claim_next(&b, &claim("w"), at(4)).unwrap().id, run.id);
}

#[test]
fn a_configuration_is_deleted_with_the_environments_of_all_hosts_and_of_none_that_builds() {
    let Some(open) = hosts() else { return };
    let (a, b) = (open("a"), open("b"));
    let id = &ready(&a, "d", at(1)).key.configuration_id;
    let of_b = has(&b, "d");
    let mine = claim("w");
    let taken = take(&b, &of_b.id, &mine, ClaimableState::Due, at(2));
    assert!(taken.is_some() && a.delete_configuration(id, false).is_err());
    b.release_environment(&of_b.id, &mine, at(3)).unwrap();
    a.delete_configuration(id, false).unwrap();
    let left = [&a, &b].map(|host| host.all_environments().unwrap().len());
    assert_eq!(left, [0, 0]);
}
