//! The limit on the processes of a run, which end with it: bombs of processes, daemons, a killed `ade`.
//!
//! Each `ade` here is in a control group whose size is set before it starts, so that a limit that fails harms nothing but the test.

#![cfg(target_os = "linux")]

use crate::common;

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use common::{Assert, Configuration, Place, Printed, Running, Told, wait_for};

/// The processes that a run may have here.
const LIMIT: usize = 40;
/// The processes and threads of a cage: enough for `ade`, an engine and a run that keeps to its limit.
const CAGE: usize = 700;
/// The maximum number of processes and threads of a cage that `ade` and an engine use.
const OTHERS: usize = 120;

/// A control group with a limit.
struct Cage(PathBuf);

impl Cage {
    /// Returns `None`, and prints this, if the machine does not let anyone make a control group.
    fn new(name: &str) -> Option<Self> {
        let folder = PathBuf::from(format!("/sys/fs/cgroup/pids/ade-test-{name}"));
        let _ = fs::remove_dir(&folder);
        let made = fs::create_dir(&folder)
            .and_then(|()| fs::write(folder.join("pids.max"), CAGE.to_string()));
        if let Err(error) = made {
            eprintln!("not tested, because no control group limits processes here: {error}");
            return None;
        }
        Some(Self(folder))
    }

    fn enter(&self, command: &mut Command) {
        let door = fs::File::options()
            .write(true)
            .open(self.0.join("cgroup.procs"))
            .unwrap();
        // SAFETY: one system call between fork and exec.
        unsafe {
            command.pre_exec(move || std::io::Write::write_all(&mut &door, b"0"));
        }
    }

    fn start(&self, place: &Place, line: &str) -> Running {
        let mut command = place.command();
        command.args(line.split(' '));
        self.enter(&mut command);
        Running::start(command)
    }

    fn ade(&self, place: &Place, line: &str) -> Assert {
        self.start(place, line).wait()
    }

    /// Returns the maximum number of processes and threads that were in it at a time.
    fn peak(&self) -> usize {
        let text = fs::read_to_string(self.0.join("pids.peak")).unwrap_or_default();
        text.trim().parse().unwrap_or(0)
    }

    /// Returns its processes, including those in groups that `ade` has made in it.
    fn processes(&self) -> Vec<i32> {
        let groups = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let groups = groups.map(|entry| entry.path()).chain([self.0.clone()]);
        let texts = groups.filter_map(|group| fs::read_to_string(group.join("cgroup.procs")).ok());
        let ids = texts.flat_map(|text| {
            let ids = text.lines().filter_map(|id| id.parse().ok());
            ids.collect::<Vec<_>>()
        });
        ids.collect()
    }
}

impl Drop for Cage {
    fn drop(&mut self) {
        for _ in 0..1000 {
            for id in self.processes() {
                common::signal(id, libc::SIGKILL);
            }
            for entry in fs::read_dir(&self.0).into_iter().flatten().flatten() {
                // A killed `ade` has left groups that it made in it.
                let _ = fs::remove_dir(entry.path());
            }
            if fs::remove_dir(&self.0).is_ok() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
}

/// Returns a place with a configuration that does one of these things before it reads the file of the same name, and nothing
/// before other files.
fn place(codes: &[(&str, &str)]) -> (Place, Configuration) {
    let mut place = Place::ready();
    place.set("ADE_WORKER_PROCESSES", LIMIT.to_string());
    place.set("ADE_RUN_TIMEOUT_SECONDS", "60");
    let configuration = place.configuration("config");
    // Three files have a warm engine.
    place.all_members(["good.csv", "more.csv"]);
    for (name, _) in codes {
        place.members(&format!("{name}.csv"));
    }
    configuration.does_by_input(codes.iter().copied(), "bool");
    (place, configuration)
}

const BOMBS: [(&str, &str); 4] = [
    (
        "forks",
        "while True:\n    try: os.fork()\n    except OSError: pass",
    ),
    (
        "shell",
        "subprocess.run(['sh', '-c', 'bomb() { bomb | bomb & }; bomb; sleep 50'])",
    ),
    (
        "daemons",
        "for _ in range(300):\n    if os.fork() == 0:\n        if os.fork() == 0: time.sleep(50)\n        os._exit(0)\ntime.sleep(50)",
    ),
    (
        "zombies",
        "for _ in range(300):\n    if os.fork() == 0: os._exit(0)\ntime.sleep(50)",
    ),
];

/// Starts bombs among good runs of a worker: each ends by its limit and leaves nothing, and the others succeed. By night, as every
/// test here, once with all runs as forks of a warm engine and once with none.
#[test]
fn a_bomb_of_processes_ends_its_run_alone() {
    let (place, _configuration) = place(&BOMBS);
    let Some(cage) = Cage::new(&format!("bombs-{}", std::process::id())) else {
        return;
    };
    place.all_members(BOMBS.map(|(name, _)| format!("good_{name}.csv")));
    let files = BOMBS.map(|(name, _)| format!("good_{name}.csv {name}.csv"));
    let line = format!("run config {} --detach", files.join(" "));
    place.ade(&line).success();
    let worked = cage.ade(&place, "worker --drain").success();
    let runs = place.ade("runs ls --json").json();
    for run in runs.list() {
        let is_good = run["input"]["name"].text().starts_with("good_");
        let code = run["error"]["code"].as_str();
        assert_eq!(
            code,
            (!is_good).then_some("process_limit"),
            "{run} {worked}"
        );
    }
    assert_eq!(runs.list().len(), 2 * BOMBS.len());
    assert_eq!(cage.processes(), [0; 0], "{worked}");
    let peak = cage.peak();
    assert!((LIMIT..=LIMIT + OTHERS).contains(&peak), "{peak} at a time");
}

#[test]
fn processes_within_the_limit_and_threads_are_granted() {
    let work = "import multiprocessing\n\
         children = [subprocess.Popen(['sleep', '0.3']) for _ in range(12)]\n\
         threads = [threading.Thread(target=time.sleep, args=(0.3,)) for _ in range(100)]\n\
         for thread in threads: thread.start()\n\
         for waited in [*threads]: waited.join()\n\
         for child in children: child.wait()\n\
         for _ in range(20): subprocess.run(['/bin/true'], check=True)\n\
         for _ in range(60):\n    child = os.fork()\n    if child == 0:\n        os.fork()\n        os._exit(0)\n    os.waitpid(child, 0)\n\
         process = multiprocessing.get_context('fork').Process(target=int)\n\
         process.start(); process.join()\n\
         assert process.exitcode == 0";
    let (place, _configuration) = place(&[("work", work)]);
    let Some(cage) = Cage::new(&format!("normal-{}", std::process::id())) else {
        return;
    };
    cage.ade(&place, "run config work.csv good.csv more.csv --jobs 1")
        .success();
}

#[test]
fn whatever_a_run_started_ends_with_a_killed_ade() {
    let children = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n\
         for _ in range(10):\n    if os.fork() == 0: time.sleep(50); os._exit(0)\n\
         time.sleep(50)";
    let (place, _configuration) = place(&[("children", children)]);
    let Some(cage) = Cage::new(&format!("killed-{}", std::process::id())) else {
        return;
    };
    let running = cage.start(&place, "run config good.csv children.csv more.csv --jobs 1");
    // The cage also has `ade` and the run, and the warm engine if there is one.
    wait_for("all children", || cage.processes().len() >= 12);
    running.dies();
    wait_for("all processes of the run to end", || {
        cage.processes().is_empty()
    });
}

/// Checks that processes are limited even if the kernel grants no listener, since another program may have it.
#[test]
#[ignore = "long: .ci/nightly front"]
fn without_a_listener_something_else_holds_processes() {
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule,
    };
    let (place, _configuration) = place(&BOMBS[..1]);
    let Some(cage) = Cage::new(&format!("fallback-{}", std::process::id())) else {
        return;
    };
    let listener = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
    let asks = SeccompCondition::new(
        1,
        SeccompCmpArgLen::Qword,
        SeccompCmpOp::MaskedEq(listener),
        listener,
    )
    .unwrap();
    let rule = SeccompRule::new(vec![asks]).unwrap();
    let filter: BpfProgram = SeccompFilter::new(
        [(libc::SYS_seccomp, vec![rule])].into_iter().collect(),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EBUSY as u32),
        std::env::consts::ARCH.try_into().unwrap(),
    )
    .unwrap()
    .try_into()
    .unwrap();
    let ade = |line: &str| {
        let mut command = place.command();
        command.args(line.split(' '));
        cage.enter(&mut command);
        let filter = filter.clone();
        // SAFETY: a system call that reads memory which lives as long as the command.
        unsafe {
            command.pre_exec(move || {
                seccompiler::apply_filter(&filter).map_err(|_| std::io::Error::last_os_error())
            });
        }
        Place::to_its_end(command)
    };
    let bombed = ade("run config forks.csv --json").code(4);
    assert_eq!(bombed.json()["error"]["code"], "process_limit", "{bombed}");
    assert_eq!(
        place.latest_artifact()["sandbox"]["applied"]["processes_held_by"],
        "control_group"
    );
    ade("run config good.csv").success();
    let doctor = ade("doctor").success();
    assert!(
        doctor.printed().contains("limited by a control group"),
        "{doctor}"
    );
    assert_eq!(cage.processes(), [0; 0]);
}
