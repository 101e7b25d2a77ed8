//! Refuses system calls by seccomp: those that open sockets, move a process out of its group, or change another process, and
//! those that create something that is counted for no process and outlives it. Builds are refused only the last kind.
//!
//! A refused call fails with "operation not permitted". Authors can tell this from a file that may not be opened ("permission
//! denied").
//!
//! Landlock does not cover modes, owners and times of files, and environments may share files by hard links. Changes of owners
//! and attributes are refused. Changes of modes and times succeed without effect: programs make them whenever they copy a file,
//! and none depends on them in the folders of a run. A call that sets the time of a path to now is refused: Python's
//! `Path.touch` tries it first, takes success to mean that the file exists, and creates the file otherwise. The system's
//! `touch` opens the file first and passes the descriptor.

use std::collections::BTreeMap;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule,
};

/// The kinds of sockets that a run with a network may open.
const FAMILIES: [libc::c_int; 4] = [
    libc::AF_UNIX,
    libc::AF_INET,
    libc::AF_INET6,
    libc::AF_NETLINK,
];

/// System calls that always fail. The rings of io_uring can open sockets without the usual call. A process that leaves its
/// group could outlive its run. Memory files without a name, pages that a pipe keeps, and Landlock rules are counted for no
/// process.
const REFUSED: [libc::c_long; 9] = [
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_setsid,
    libc::SYS_setpgid,
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    libc::SYS_vmsplice,
    libc::SYS_landlock_create_ruleset,
];

/// Calls for what the kernel keeps for all processes of a user until it is removed: shared memory, semaphores and message
/// queues (sysvipc(7), mq_overview(7)), and keys (keyrings(7)). It is counted for no process, and runs would share it.
const KEPT_BY_THE_KERNEL: [libc::c_long; 20] = [
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_semget,
    libc::SYS_semop,
    libc::SYS_semtimedop,
    libc::SYS_semctl,
    libc::SYS_msgget,
    libc::SYS_msgsnd,
    libc::SYS_msgrcv,
    libc::SYS_msgctl,
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
    libc::SYS_mq_timedsend,
    libc::SYS_mq_timedreceive,
    libc::SYS_mq_notify,
    libc::SYS_mq_getsetattr,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
];

/// Calls that change owners and attributes of files.
const OF_FILES: [libc::c_long; 9] = [
    libc::SYS_fchown,
    libc::SYS_fchownat,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    SYS_SETXATTRAT,
];

/// Numbers of calls for the same purposes that only newer kernels have.
const SYS_SETXATTRAT: libc::c_long = 463;
const SYS_REMOVEXATTRAT: libc::c_long = 466;
const SYS_FCHMODAT2: libc::c_long = 452;
const SYS_FILE_SETATTR: libc::c_long = 469;

/// Calls that change modes of files.
const MODES: [libc::c_long; 3] = [libc::SYS_fchmod, libc::SYS_fchmodat, SYS_FCHMODAT2];

/// Calls that change times of files, with the index of the path argument. The next argument is the times, or null for now.
const TIMES: [(libc::c_long, u8); 1] = [(libc::SYS_utimensat, 1)];

/// Calls of the same kinds that only x86-64 has: owners, modes and times.
#[cfg(target_arch = "x86_64")]
const OF_X86: (
    [libc::c_long; 2],
    [libc::c_long; 1],
    [(libc::c_long, u8); 3],
) = (
    [libc::SYS_chown, libc::SYS_lchown],
    [libc::SYS_chmod],
    [
        (libc::SYS_utime, 0),
        (libc::SYS_utimes, 0),
        (libc::SYS_futimesat, 1),
    ],
);
#[cfg(not(target_arch = "x86_64"))]
const OF_X86: (
    [libc::c_long; 0],
    [libc::c_long; 0],
    [(libc::c_long, u8); 0],
) = ([], [], []);

/// The `ioctl` requests that change how a file system treats a file: `FS_IOC_SETFLAGS`, `FS_IOC_FSSETXATTR` (linux/fs.h).
const FLAGS_OF_FILES: [u64; 2] = [0x4008_6602, 0x401c_5820];

/// The `fcntl` commands that set which process a file sends which signal: `F_SETOWN`, `F_SETSIG`, `F_SETOWN_EX`
/// (linux/fcntl.h).
const SIGNALS_OF_FILES: [u64; 3] = [8, 10, 15];

/// The flags of memory that processes share and that is not a file. After `madvise` gives it back, it belongs to no process but
/// still exists.
const SHARED_WITHOUT_FILE: u64 = (libc::MAP_SHARED | libc::MAP_ANONYMOUS) as u64;

/// The socket options that enlarge the kernel's buffers. They succeed without effect, because programs set them for speed.
const BUFFERS_OF_SOCKETS: [libc::c_int; 2] = [libc::SO_SNDBUF, libc::SO_SNDBUFFORCE];

/// The `prctl` request that hides a process's open files from other processes of its user (linux/prctl.h).
const PR_SET_DUMPABLE: u64 = 4;

/// Calls that change how a process is treated, with the index of the argument that names the process: 0 is the caller itself. A
/// process may not change the limits, priorities or processors of another process.
const OF_ONESELF: [(libc::c_long, u8); 7] = [
    (libc::SYS_prlimit64, 0),
    (libc::SYS_sched_setaffinity, 0),
    (libc::SYS_sched_setscheduler, 0),
    (libc::SYS_sched_setparam, 0),
    (libc::SYS_sched_setattr, 0),
    (libc::SYS_setpriority, 1),
    (libc::SYS_ioprio_set, 1),
];

/// Returns the programs that the kernel runs for each system call of a run.
pub(super) fn filters(network: bool) -> Result<Vec<BpfProgram>, BackendError> {
    let mut without_effect = always(MODES.iter().chain(&OF_X86.1));
    for (call, path) in TIMES.iter().chain(&OF_X86.2) {
        let of_what_is_open = SeccompRule::new(vec![null(*path, true)?])?;
        let to_others = SeccompRule::new(vec![null(path + 1, false)?])?;
        without_effect.insert(*call, vec![of_what_is_open, to_others]);
    }
    let sizes = BUFFERS_OF_SOCKETS.map(|option| {
        SeccompRule::new(vec![
            equals(1, libc::SOL_SOCKET as u64)?,
            equals(2, option as u64)?,
        ])
    });
    let sizes = sizes.into_iter().collect::<Result<_, _>>()?;
    without_effect.insert(libc::SYS_setsockopt, sizes);
    Ok(vec![
        program(refused(network)?, libc::EPERM)?,
        program(without_effect, 0)?,
    ])
}

/// Returns the programs for a build.
pub(super) fn filters_of_build() -> Result<Vec<BpfProgram>, BackendError> {
    let refused = always(KEPT_BY_THE_KERNEL.iter());
    Ok(vec![program(refused, libc::EPERM)?])
}

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// Returns rules for calls, whatever their arguments.
fn always<'a>(calls: impl Iterator<Item = &'a libc::c_long>) -> Rules {
    calls.map(|call| (*call, Vec::new())).collect()
}

/// Returns a condition on an argument: it is a null pointer, or (if `is` is false) it is not.
fn null(place: u8, is: bool) -> Result<SeccompCondition, BackendError> {
    let compared = if is {
        SeccompCmpOp::Eq
    } else {
        SeccompCmpOp::Ne
    };
    SeccompCondition::new(place, SeccompCmpArgLen::Qword, compared, 0)
}

/// Returns the condition that the lower half of an argument has this value.
fn equals(place: u8, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(place, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
}

fn refused(network: bool) -> Result<Rules, BackendError> {
    let all = REFUSED.iter().chain(&OF_FILES).chain(&OF_X86.0);
    let all = all.chain(&[SYS_REMOVEXATTRAT, SYS_FILE_SETATTR]);
    let mut rules = always(all.chain(&KEPT_BY_THE_KERNEL));
    rules.insert(libc::SYS_socket, refused_sockets(network)?);
    for (call, place) in OF_ONESELF {
        let another = SeccompCondition::new(place, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, 0)?;
        rules.insert(call, vec![SeccompRule::new(vec![another])?]);
    }
    for (call, path) in TIMES.iter().chain(&OF_X86.2) {
        let to_now = vec![null(*path, false)?, null(path + 1, true)?];
        rules.insert(*call, vec![SeccompRule::new(to_now)?]);
    }
    // Otherwise its open files could not be examined and counted.
    let hides = SeccompRule::new(vec![equals(0, PR_SET_DUMPABLE)?])?;
    rules.insert(libc::SYS_prctl, vec![hides]);
    // Such a signal could reach another process.
    let signals = SIGNALS_OF_FILES.map(|command| SeccompRule::new(vec![equals(1, command)?]));
    let signals = signals.into_iter().collect::<Result<_, _>>()?;
    rules.insert(libc::SYS_fcntl, signals);
    let shares = SeccompCondition::new(
        3,
        SeccompCmpArgLen::Dword,
        SeccompCmpOp::MaskedEq(SHARED_WITHOUT_FILE),
        SHARED_WITHOUT_FILE,
    )?;
    rules.insert(libc::SYS_mmap, vec![SeccompRule::new(vec![shares])?]);
    let flags = FLAGS_OF_FILES.map(|request| SeccompRule::new(vec![equals(1, request)?]));
    rules.insert(
        libc::SYS_ioctl,
        flags.into_iter().collect::<Result<_, _>>()?,
    );
    Ok(rules)
}

/// Returns a program that answers these calls with an error, or with success if `error` is 0, and allows all others.
fn program(rules: Rules, error: libc::c_int) -> Result<BpfProgram, BackendError> {
    SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Errno(error.cast_unsigned()),
        std::env::consts::ARCH.try_into()?,
    )?
    .try_into()
}

/// Returns the rules for `socket`. An empty list refuses every socket.
fn refused_sockets(network: bool) -> Result<Vec<SeccompRule>, BackendError> {
    if !network {
        return Ok(Vec::new());
    }
    let is_other = |family: &libc::c_int| {
        let family = family.cast_unsigned().into();
        SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, family)
    };
    let others = FAMILIES.iter().map(is_other).collect::<Result<_, _>>()?;
    Ok(vec![SeccompRule::new(others)?])
}
