//! Which system calls are refused, by seccomp: those that open sockets, those with which a process leaves its group, those that
//! change another process, and those that make memory which is counted for no process.
//!
//! A refused call fails with "operation not permitted", which authors can tell from a file that may not be opened ("permission
//! denied").

use std::collections::BTreeMap;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule,
};

/// The kinds of sockets of a run that has a network.
const FAMILIES: [libc::c_int; 4] = [
    libc::AF_UNIX,
    libc::AF_INET,
    libc::AF_INET6,
    libc::AF_NETLINK,
];

/// With the rings of io_uring sockets can be opened without the call that opens sockets. A process that leaves its group
/// could outlive its run. Memory that is a file without a name, or a segment that outlives all processes, is counted for none.
const REFUSED: [libc::c_long; 8] = [
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_setsid,
    libc::SYS_setpgid,
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    libc::SYS_shmget,
];

/// Calls that change how a process is treated, with the place of the argument that names the process: 0 is the caller itself. Their
/// limits, priorities and processors are the business of no other process.
const OF_ONESELF: [(libc::c_long, u8); 4] = [
    (libc::SYS_prlimit64, 0),
    (libc::SYS_sched_setaffinity, 0),
    (libc::SYS_setpriority, 1),
    (libc::SYS_ioprio_set, 1),
];

/// The program that the kernel runs for each system call.
pub(super) fn filter(network: bool) -> Result<BpfProgram, BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        REFUSED.iter().map(|call| (*call, Vec::new())).collect();
    rules.insert(libc::SYS_socket, refused_sockets(network)?);
    for (call, place) in OF_ONESELF {
        let another = SeccompCondition::new(place, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, 0)?;
        rules.insert(call, vec![SeccompRule::new(vec![another])?]);
    }
    SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM as u32),
        std::env::consts::ARCH.try_into()?,
    )?
    .try_into()
}

/// No rule at all refuses every socket.
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
