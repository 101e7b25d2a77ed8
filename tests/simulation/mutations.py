"""Does the simulation see what it is there for? One fault at a time is put into a copy of the sources, and the simulation
must find a seed that shows it. Where two guards stand behind each other, so that the simulation cannot reach the second,
the suite of the store must find it.

    python3 tests/simulation/mutations.py                    # all faults, each with up to 6,000 seeds
    python3 tests/simulation/mutations.py --seeds 20000 heartbeat claim
    python3 tests/simulation/mutations.py --check            # only whether every fault can still be put in

Prints for each fault how many seeds it took, and what the simulation said. Ends with status 1 where one was not found, or where a text that a fault
replaces is not in its file any more. The copy and what is built in it are kept in --folder for the next time.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

RUNS = "src/store/runs/"
ENVIRONMENTS = "src/store/environments/"
LIFECYCLE = "src/run/execution/lifecycle.rs"
AFTER_ATTEMPT = "src/run/execution/after_attempt.rs"
HOUSE = "src/worker/housekeeping.rs"
LEASE = "src/system/lease.rs"
PROVIDE = "src/environment/provide/mod.rs"
REBUILD = "src/environment/provide/rebuild.rs"
GC = "src/environment/collection/"

# The name, the file, then pairs of an old text and its replacement.
FAULTS = [
    # A claim fences all writes under it.
    ("what ends a claim does not need its token", RUNS + "live.rs", ("live.claim_token.as_ref() == Some(&claim.token)", "live.claim_token.is_some() && !claim.token.is_empty()")),
    ("heartbeat without the token", RUNS + "mod.rs", ("claim_expires_at = ?3 WHERE run_id = ?1 AND claim_token = ?2 AND", "claim_expires_at = ?3 WHERE run_id = ?1 AND ?2 = ?2 AND")),
    ("watch without the token", RUNS + "mod.rs", ("IS NOT NULL FROM queue WHERE run_id = ?1 AND claim_token = ?2", "IS NOT NULL FROM queue WHERE run_id = ?1 AND ?2 = ?2")),
    ("build completed without the token", ENVIRONMENTS + "mod.rs", ("trouble_count = 0 WHERE id = ?1 AND claim_token = ?2 AND", "trouble_count = 0 WHERE id = ?1 AND ?2 = ?2 AND")),
    ("build failed without the token", ENVIRONMENTS + "build.rs", ("ELSE 0 END\n         WHERE id = ?1 AND claim_token = ?2 AND", "ELSE 0 END\n         WHERE id = ?1 AND ?2 = ?2 AND")),
    ("build released without the token", ENVIRONMENTS + "mod.rs", ("updated_at = ?3\n                 WHERE id = ?1 AND claim_token = ?2 AND", "updated_at = ?3\n                 WHERE id = ?1 AND ?2 = ?2 AND")),
    ("heartbeat of a build without the token", ENVIRONMENTS + "mod.rs", ("claim_expires_at = ?3 WHERE id = ?1 AND claim_token = ?2 AND", "claim_expires_at = ?3 WHERE id = ?1 AND ?2 = ?2 AND")),
    # Claiming.
    ("claim what is running", RUNS + "due.rs", ("AND status = 'queued' AND available_at <= ?4 AND attempt_count < max_attempts\n    ORDER", "AND status IN ('queued', 'running') AND available_at <= ?4 AND attempt_count < max_attempts\n    ORDER")),
    ("claim what has been claimed since", RUNS + "claim.rs", ("WHERE run_id = ?1 AND status = 'queued' AND available_at", "WHERE run_id = ?1 AND available_at")),
    ("claim a named run before it is due", RUNS + "claim.rs", ("AND available_at <= ?2 AND", "AND ?2 = ?2 AND")),
    ("claim without an environment that is ready", RUNS + "due.rs", ("SELECT q.id, e.status = 'ready',", "SELECT q.id, e.status <> 'failed',")),
    ("claim out of turn in an environment", RUNS + "due.rs", ("\n    ORDER BY available_at, created_at, run_id LIMIT ?5", "\n    ORDER BY created_at DESC, run_id LIMIT ?5")),
    ("claim out of turn among environments", RUNS + "due.rs", ("(self.priority, self.turn) < (other.priority, other.turn)", "(self.priority, self.turn) < (-1, other.turn)")),
    ("who was served is served again", RUNS + "due.rs", ("SET turn = (SELECT max(turn) FROM queue_turns) + 1", "SET turn = turn")),
    ("claim a build that another process holds", ENVIRONMENTS + "mod.rs", ("status = 'queued' AND available_at <= ?5", "status IN ('queued', 'building') AND available_at <= ?5")),
    ("claim a build before it is due", ENVIRONMENTS + "mod.rs", ("status = 'queued' AND available_at <= ?5", "status = 'queued'")),
    ("take over from a builder that renews its lease", ENVIRONMENTS + "mod.rs", ("status = 'building' AND claim_expires_at = ?7", "status = 'building' AND ?7 = ?7")),
    ("claim without a process", "src/workspace/mod.rs", (".by(process)", ".by(process.filter(|_| false))")),
    # Leaving a claim.
    ("cancel ignored where a run goes back", RUNS + "leave.rs", ("let status = if live.cancel_requested_at.is_some() {", "let status = if live.cancel_requested_at.is_some() && live.max_attempts == 0 {")),
    ("a released attempt counts", RUNS + "leave.rs", ("let released = leaving.release &&", "let released = leaving.last && leaving.release &&")),
    ("a spent run goes back to the queue", RUNS + "leave.rs", ("(!leaving.release && live.attempt_count >= live.max_attempts)", "(!leaving.release && live.attempt_count > live.max_attempts)")),
    # Leases.
    ("leases are never renewed", LEASE, ("next = asked.plus(pause(asked, renew_every));", "next = asked.plus(pause(asked, renew_every) * 1000);")),
    ("a builder whose lease cannot be looked up is taken over from", "src/environment/provide/mod.rs", ("let builder = self.builder_of(environment).ok()?;", "let builder = self.builder_of(environment).ok().flatten();")),
    ("leases of others are judged by this process's own length", "src/workspace/fleet.rs", ("Ok(leases.fold(workspace.settings.worker.lease, Duration::max))", "Ok(leases.fold(workspace.settings.worker.lease, Duration::min))")),
    ("leases are renewed too late", LEASE, ("next = asked.plus(pause(asked, renew_every));", "next = asked.plus(pause(asked, renew_every) * 5);")),
    ("a lost lease is not noticed", LEASE, ("Ok(Heartbeat::Lost) => state.lost = true,", "Ok(Heartbeat::Lost) => {}"), ("let is_lost = beat == Ok(Heartbeat::Lost) ||", "let is_lost = beat.is_err() &&")),
    ("a lost lease does not end the work", LEASE, ("                if !self.note(beat, asked) {\n                    cancel.cancel();", "                if !self.note(beat, asked) {"), ("                    lock(&self.state).lost = true;\n                    cancel.cancel();", "                    lock(&self.state).lost = true;")),
    ("a request to cancel is not heard", LEASE, ("            if beat == asked_to_stop {", "            if beat == asked_to_stop && beat.is_err() {")),
    ("leases never expire", RUNS + "live.rs", ("claim_expires_at < ?1", "claim_expires_at < ?1 - 1000000000")),
    ("leases expire early", RUNS + "live.rs", ("claim_expires_at < ?1", "claim_expires_at < ?1 + 30000"), ("|end| end < now)", "|end| end < now.plus(std::time::Duration::from_secs(30)))")),
    ("builders' leases expire early", ENVIRONMENTS + "build.rs", ("claim_expires_at < ?1\"", "claim_expires_at < ?1 + 30000\"")),
    ("leases are judged after a jump of the clock", HOUSE, ("self.jumped_at.is_none_or(|at| now >= at.plus(settle))", "self.jumped_at.is_none_or(|at| now >= at)")),
    ("leases are judged from the first moment", HOUSE, ("        if self.has_company() {\n", "        if self.has_company() && false {\n")),
    ("times are not repaired after a clock that went back", "src/store/leases.rs", ("environment_id = ?1 AND status = 'queued' AND available_at > ?2", "environment_id = ?1 AND status = 'queued' AND available_at > ?2 + 1000000000000")),
    # Liveness of processes.
    ("a process that lives is taken for dead", "src/workspace/fleet.rs", ("return (!is_held).then(|| path.clone())", "return (is_held || !is_held).then(|| path.clone())")),
    ("a process whose lock file cannot be examined is taken for dead", "src/workspace/fleet.rs", ("is_unknown |= error.kind() != io::ErrorKind::NotFound", "is_unknown |= error.kind() == io::ErrorKind::Deadlock")),
    ("a dead process whose lock file is missing is not found", "src/workspace/fleet.rs", ("(!is_unknown).then_some(here)", "is_unknown.then_some(here)")),
    ("dead processes are never found", "src/workspace/fleet.rs", ("return (!is_held).then(|| path.clone())", "return (!is_held && path.as_os_str().is_empty()).then(|| path.clone())")),
    ("the lock file of a process goes although its claims stay", "src/workspace/fleet.rs", ("matches!(self.workspace.store.remove_worker(&self.id), Ok(true))", "self.workspace.store.remove_worker(&self.id).is_ok()")),
    ("a process that has the number of a dead one is taken for it", "src/workspace/fleet.rs", ("        let Some(lock_path) = lock_of_the_dead(files, &workspace.paths, &worker) else {", "        let Some(lock_path) = lock_of_the_dead(files, &workspace.paths, &worker).filter(|_| worker.pid != machine.pid()) else {")),
    ("a process with claims is forgotten", "src/store/workers.rs", ("         AND NOT EXISTS (SELECT 1 FROM queue_running WHERE claim_process = ?1)\n", "")),
    ("builds of dead processes are not taken back", ENVIRONMENTS + "build.rs", ("claim_process = ?1\"", "claim_process = ?1 AND ?1 IS NULL\"")),
    ("builds whose builder died are begun again without a pause", ENVIRONMENTS + "build.rs", ("BuildFailureOutcome::RetryAt(now.plus((attempts.backoff)(*count)))", "BuildFailureOutcome::RetryAt(now)")),
    ("builds whose builder died are begun again for ever", ENVIRONMENTS + "build.rs", ("if *count < attempts.most {", "if *count < u32::MAX {")),
    # Ends.
    ("ends are not written", "src/run/ending/ends.rs", ("    log.write(level, event, &message, data);", "    let _ = (level, event, &message, data);")),
    ("the end of another attempt is taken for one's own", LIFECYCLE, ("found.ended_token.as_ref() == Some(&execution.claim.token)", "found.attempt_count > 0")),
    ("an end is recorded once without another try", LIFECYCLE, ("                Err(error) if error.may_pass() && has_patience => {", "                Err(error) if error.may_pass() && has_patience && times > 1000 => {")),
    ("a worker that stops spends the attempt", AFTER_ATTEMPT, ("RunStatus::Cancelled if shuts_down => NextAction::Release,", "RunStatus::Cancelled if shuts_down && transient => NextAction::Release,")),
    # Environments.
    ("two builders in one folder", PROVIDE, ("        let lock = paths::build_lock(&environment.folder);", "        let lock = paths::build_lock(&environment.folder).with_extension(machine.new_id());"), ("claimable, &elsewhere, now)", "claimable, &environment.folder, now)")),
    ("what is taken over is built in its old folder", ENVIRONMENTS + "mod.rs", ("CASE WHEN status = 'building' OR error_code = ?8 THEN", "CASE WHEN ?8 IS NULL THEN")),
    ("an environment that was built since is built again", ENVIRONMENTS + "mod.rs", ("WHERE id = ?1 AND status = 'ready' AND ready_at = ?2", "WHERE id = ?1 AND status = 'ready' AND coalesce(?2, 0) = coalesce(?2, 0)")),
    ("an environment that is whole is built again", REBUILD, ("is_ready(files, &environment.folder)", "is_ready(files, &environment.snapshot)")),
    ("runs without an environment are forgotten", "src/worker/slot.rs", ("        for run in store.runs_without_environment(batch)? {", "        for run in store.runs_without_environment(batch)?.split_off(0).drain(0..0) {")),
    ("runs of failed environments wait for ever", RUNS + "end.rs", ("WHERE status = 'failed' AND (SELECT", "WHERE status = 'none' AND (SELECT")),
    ("an environment that runs need is collected", ENVIRONMENTS + "mod.rs", ("NOT EXISTS (SELECT 1 FROM queue WHERE environment_id = environments.id)", "NOT EXISTS (SELECT 1 FROM queue WHERE environment_id = environments.id AND status = 'none')")),
    # Collection.
    ("an environment that a run has open is collected", GC + "environments.rs", ("let users = take_lock(files, &EnvironmentFolder(folder.to_owned()).owner())?;", "let users = take_lock(files, &EnvironmentFolder(folder.to_owned()).owner().with_extension(\"other\"))?;")),
    ("an environment whose lock cannot be taken is collected", GC + "environments.rs", ("let users = take_lock(files, &EnvironmentFolder(folder.to_owned()).owner())?;", "let users = take_lock(files, &EnvironmentFolder(folder.to_owned()).owner()).or_else(|refusal| match refusal {\n            Refusal::File(_) => take_lock(files, &paths::build_lock(folder).with_extension(\"other\")),\n            used => Err(used),\n        })?;")),
    ("a folder in which a builder is at work is collected", GC + "environments.rs", ("take_lock(files, &paths::build_lock(folder))?", "take_lock(files, &paths::build_lock(folder).with_extension(\"other\"))?")),
    ("the folder of an environment goes before its record", GC + "environments.rs", ("    if !workspace\n        .store\n        .delete_environment(", "    delete_folder(files, folder, report);\n    if !workspace\n        .store\n        .delete_environment(")),
    ("a run does not hold the lock of its environment", "src/environment/provide/in_use.rs", ("            Ok(lock) => lock,\n", "            Ok(_) => None,\n")),
    ("a collection goes on after a jump of the clock", GC + "rule.rs", ("self.moment.jump_until(&Moment::now(machine)).is_none()", "self.moment.jump_until(&Moment::now(machine)).is_none() || true")),
    ("a run is deleted while it is being staged", GC + "runs.rs", ("take_lock(files, &mark_of(folder))", "take_lock(files, &mark_of(folder).with_extension(\"other\"))")),
    ("environments that nobody knows are deleted without proof", GC + "environments.rs", ("    if !is_own(workspace, folder, known) {", "    if !is_own(workspace, folder, known) && folder.as_os_str().is_empty() {")),
    ("runs that nobody knows are deleted without proof", GC + "runs.rs", ("            if is_unrecorded(workspace, folder) {", "            if is_unrecorded(workspace, folder) || !folder.as_os_str().is_empty() {")),
    ("a collection does not wait for a day after a jump", GC + "rule.rs", ("            collects_from: collects_from.filter(|from| moment.wall < *from),", "            collects_from: collects_from.filter(|from| moment.wall > *from),")),
    ("the time of a use is not observed", RUNS + "claim.rs", ("        _ => observe(transaction, now),", "        _ => Ok(()),")),
    ("the time of an end is not observed", RUNS + "end.rs", ("    observe(transaction, now)\n", "    Ok(())\n")),
    ("a collection does not ask for its lease", GC + "mod.rs", ("    if !lease.acquire()? {", "    if holder.is_empty() && !lease.acquire()? {")),
    ("collection and maintenance share a thread", "src/worker/mod.rs", ("self.thread(move || self.maintain(clocks)),", "self.thread(move || {\n                self.collect_regularly();\n                self.maintain(clocks);\n            }),"), ("beside.push(self.thread(|| self.collect_regularly()));", "let _ = &beside;")),
    ("a jump of the clock forward is not noted", "src/store/observed_time.rs", ("(-BEHIND..=GAP)", "(-BEHIND..=GAP * 100)")),
    ("a jump of the clock back is not noted", "src/store/observed_time.rs", ("(-BEHIND..=GAP)", "(-BEHIND * 100_000..=GAP)")),
    # `ade run`.
    ("a cancel of one input cancels the others", "src/run/calls/inline.rs", ("        provided\n    }\n", "        if matches!(provided, Err(ProvideError::Cancelled)) {\n            self.cancel.cancel();\n        }\n        provided\n    }\n")),
    ("ade run tries once to leave a claim", "src/run/calls/inline.rs", ("match self.answered(left, &mut silent_since)? {", "match self.answered(Ok(left?), &mut silent_since)? {")),
    ("ade run leaves what waits for another attempt", "src/run/calls/inline.rs", ("            match self.again(waiting)? {", "            if waiting.max_attempts > 0 {\n                return Ok(self.finished(waiting, None, false));\n            }\n            match self.again(waiting)? {")),
]

SEED = re.compile(r"seed (\d+), the (\d+)th: (.*)")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", help="only the faults whose names contain one of these")
    parser.add_argument("--seeds", type=int, default=6_000)
    parser.add_argument("--check", action="store_true", help="only look whether the text that each fault replaces is in its file")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("target/mutations"))
    arguments = parser.parse_args()
    root = pathlib.Path(__file__).resolve().parents[2]
    copy = root / arguments.folder / "copy"
    chosen = [fault for fault in FAULTS if not arguments.words or any(word in fault[0] for word in arguments.words)]

    stale = [line for fault in chosen for line in stale_texts(root, fault)]
    if stale or arguments.check:
        print("\n".join(stale or [f"{len(chosen)} faults can be put in"]))
        return 1 if stale else 0

    copy_sources(root, copy)
    missed = []
    for name, file, *pairs in chosen:
        text = pristine = (copy / file).read_text()
        for old, new in pairs:
            text = text.replace(old, new)
        (copy / file).write_text(text)
        caught, words = simulate(copy, arguments.seeds)
        by_suite = not caught and fails_suite(copy)
        (copy / file).write_text(pristine)
        print(f"{caught or ('suite' if by_suite else 'NOT'):>8}  {name}: {words}", flush=True)
        if not caught and not by_suite:
            missed.append(name)
    print(f"{len(chosen) - len(missed)} of {len(chosen)} faults were found")
    return 1 if missed else 0


def stale_texts(root: pathlib.Path, fault: tuple) -> list[str]:
    """Returns the texts that a fault is to replace and cannot, because the code has changed since."""
    name, file, *pairs = fault
    text = (root / file).read_text()
    counts = [(old, text.count(old)) for old, _ in pairs]
    return [f"{name}: is {count} times in {file}: {old!r}" for old, count in counts if count != 1]


def copy_sources(root: pathlib.Path, copy: pathlib.Path) -> None:
    """Brings the copy up to date; an equal file keeps its time of change, so that it is not built again."""
    listed = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True).stdout.split("\n")
    files = {file for file in listed if file and (root / file).is_file()}
    folders = [folder for folder in copy.glob("*") if folder.is_dir() and folder.name != "target"]
    for path in [path for folder in folders for path in folder.rglob("*") if path.is_file()]:
        if str(path.relative_to(copy)) not in files:
            path.unlink()
    for file in sorted(files):
        source, target = root / file, copy / file
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.is_file() or target.read_bytes() != source.read_bytes():
            shutil.copyfile(source, target)


def simulate(copy: pathlib.Path, seeds: int) -> tuple[int, str]:
    """Returns the number of seeds until the first violation, and its message; 0 if there was none."""
    command = ["cargo", "test", "--quiet", "--test", "simulation", "nothing_is", "--", "--nocapture"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, env={**os.environ, "SIMULATION_SEEDS": str(seeds)})
    output = done.stdout + done.stderr
    found = SEED.search(output)
    if found:
        return int(found[2]), found[3][:110]
    if done.returncode != 0:
        return 0, "it does not build: " + output[-600:]
    return 0, "not found"


def fails_suite(copy: pathlib.Path) -> bool:
    """Returns whether a test of the store's own fails; also false if the build fails."""
    command = ["cargo", "test", "--quiet", "--lib", "store::"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    return "test result: FAILED" in done.stdout


if __name__ == "__main__":
    sys.exit(main())
