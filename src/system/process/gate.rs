//! Answers processes that ask before they fork, so that a group never has more processes than allowed.
//!
//! A process asks if its filter of system calls has a listener (seccomp_unotify(2)). Then the kernel stops each `fork`, `vfork`
//! and `clone` of the process and its descendants until the thread of a [`Gate`] has answered. One gate serves all groups of a
//! listener: a run that started cold has its own gate, and all forks of a warm engine share the engine's gate.
//!
//! A group's count is never below the truth. Each grant adds one. Only if the count reaches the limit, the gate examines what
//! is alive: first the threads whose grants may still become processes, then the processes, so that none is missed in between.
//! A full group is killed as a whole before its question is answered.
//!
//! The count relies on what the filter refuses: leaving the group, adopting orphans, and making a process that is another
//! process's child.

use std::collections::{HashMap, HashSet};
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use libc::pid_t;
use rustix::process::{Pid, PidfdFlags, getpid, pidfd_open, set_child_subreaper};

use super::proc::{Process, members};
use crate::base::mutex::lock;

/// The maximum number of times that the processes are counted again because open grants may have changed them.
const MAX_LOOKS: u32 = 20;
/// The pause between two of these looks.
const PAUSE: Duration = Duration::from_micros(500);
/// The maximum time to wait for the end of killed processes.
const PATIENCE: Duration = Duration::from_secs(2);

/// The answering side of one listener.
#[derive(Debug)]
pub struct Gate {
    groups: Arc<Mutex<HashMap<pid_t, CountedGroup>>>,
    /// Ends the thread when it is closed.
    _stop: PipeWriter,
}

/// A group that a gate counts. Once this is dropped, the group may not fork any more.
#[derive(Debug)]
pub struct HeldGroup {
    gate: Arc<Gate>,
    group: pid_t,
}

impl Gate {
    /// Starts a thread that answers for this listener. From then on this process adopts the orphans of all its descendants: an
    /// ended process counts until it is waited for, and no other process would wait for it in time.
    ///
    /// # Errors
    /// No pipe or no thread is available.
    pub fn new(listener: OwnedFd) -> io::Result<Arc<Self>> {
        set_child_subreaper(Some(getpid()))?;
        ADOPTS.store(true, Ordering::Relaxed);
        let (stopped, stop) = io::pipe()?;
        let groups = Arc::new(Mutex::new(HashMap::new()));
        let answering = GateThread {
            listener,
            groups: Arc::clone(&groups),
        };
        std::thread::Builder::new()
            .name("forks".to_owned())
            .stack_size(256 << 10)
            .spawn(move || answering.until(&stopped))?;
        Ok(Arc::new(Self {
            groups,
            _stop: stop,
        }))
    }

    /// Lets a group have this many processes including its leader, or any number if `None`. `makes_siblings`: whether the
    /// leader itself may make processes that are children of its parent, as a warm engine does.
    pub fn hold(
        self: &Arc<Self>,
        group: pid_t,
        limit: Option<u32>,
        makes_siblings: bool,
    ) -> HeldGroup {
        let counted = CountedGroup::new(group, limit, makes_siblings);
        lock(&self.groups).insert(group, counted);
        HeldGroup {
            gate: Arc::clone(self),
            group,
        }
    }
}

impl HeldGroup {
    /// Waits for the end of the group's killed processes. The leader must have ended, but not be reaped yet, so that its id
    /// still names the group. Returns whether the group was killed because it was full.
    pub fn end(self) -> bool {
        let (is_full, has_forked) = {
            let groups = lock(&self.gate.groups);
            let group = groups.get(&self.group);
            group.map_or((false, false), |group| (group.is_full, group.has_forked))
        };
        if has_forked {
            wait_for_end(self.group);
        }
        is_full
    }
}

/// True if this process adopts orphans.
static ADOPTS: AtomicBool = AtomicBool::new(false);

/// Waits for the orphans of a group that no gate counts.
pub(super) fn end_orphans(group: pid_t) {
    if ADOPTS.load(Ordering::Relaxed) {
        wait_for_end(group);
    }
}

/// Waits until all killed processes of a group except for its leader have ended.
fn wait_for_end(group: pid_t) {
    let until = Instant::now() + PATIENCE;
    let is_alone = || living(group, true).is_ok_and(|found| found.len() <= 1);
    while !is_alone() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(1));
    }
}

impl Drop for HeldGroup {
    fn drop(&mut self) {
        lock(&self.gate.groups).remove(&self.group);
    }
}

/// The count of one group.
#[derive(Debug)]
struct CountedGroup {
    id: pid_t,
    limit: Option<u32>,
    makes_siblings: bool,
    /// The processes at the last look, the grants that were open then, and all grants since. Never below the truth.
    bound: u32,
    /// The processes at the last look, with the page faults of the children that they had waited for.
    known: HashMap<pid_t, u64>,
    /// The processes that had children at the last look.
    parents: HashSet<pid_t>,
    /// The processes with open grants.
    askers: HashMap<pid_t, Asker>,
    has_forked: bool,
    /// True if it was killed because it had reached its limit of processes.
    is_full: bool,
}

/// The grants of one process.
#[derive(Debug, Default)]
struct Asker {
    /// The grants since the last look, and those that were open then.
    granted: u32,
    /// The threads that may not have made their process yet.
    open: HashSet<pid_t>,
}

impl CountedGroup {
    fn new(id: pid_t, limit: Option<u32>, makes_siblings: bool) -> Self {
        Self {
            id,
            limit,
            makes_siblings,
            bound: 1,
            known: HashMap::from([(id, 0)]),
            parents: HashSet::new(),
            askers: HashMap::new(),
            has_forked: false,
            is_full: false,
        }
    }

    fn has_room(&self) -> bool {
        self.limit.is_none_or(|limit| self.bound < limit)
    }

    /// Returns whether a thread may fork now. Kills a group without room.
    fn grants(&mut self, process: pid_t, thread: pid_t) -> bool {
        // The thread asks again, so its previous call has returned.
        if let Some(asker) = self.askers.get_mut(&process) {
            asker.open.remove(&thread);
        }
        let mut looks = 0;
        while !self.has_room() && looks < MAX_LOOKS {
            if looks > 0 {
                std::thread::sleep(PAUSE);
            }
            looks += 1;
            if matches!(self.look(), Ok(0)) {
                break;
            }
        }
        if !self.has_room() {
            self.is_full = true;
            // SAFETY: a plain system call. The leader is not reaped as long as the group is held, so the id names this group.
            unsafe { libc::kill(-self.id, libc::SIGKILL) };
            return false;
        }
        let asker = self.askers.entry(process).or_default();
        asker.granted += 1;
        asker.open.insert(thread);
        self.bound += 1;
        self.has_forked = true;
        true
    }

    /// Takes back a grant whose asker did not get the answer.
    fn take_back(&mut self, process: pid_t, thread: pid_t) {
        if let Some(asker) = self.askers.get_mut(&process)
            && asker.open.remove(&thread)
        {
            asker.granted -= 1;
            self.bound -= 1;
        }
    }

    /// Counts again. Returns how many grants may still become processes that were not seen. If processes cannot be read, the
    /// count stays the same.
    fn look(&mut self) -> io::Result<u32> {
        for asker in self.askers.values_mut() {
            let mut left = HashSet::new();
            for thread in &asker.open {
                if Process::read_if_there(*thread)?.is_some_and(|thread| thread.is_busy()) {
                    left.insert(*thread);
                }
            }
            asker.open = left;
        }
        // Only now: the processes that other grants made already exist.
        let found = living(self.id, !self.makes_siblings)?;
        let mut new: HashMap<pid_t, u32> = HashMap::new();
        let mut faults: HashMap<pid_t, u64> = HashMap::new();
        for (id, process) in &found {
            if !self.known.contains_key(id) {
                *new.entry(process.parent).or_default() += 1;
            }
            faults.insert(*id, process.faults_of_children);
        }
        self.askers.retain(|process, asker| {
            let open = asker.open.len() as u32;
            let returned = asker.granted.saturating_sub(open);
            asker.granted = open;
            // If there are more new children than returned calls can have made, the rest come from open grants. Otherwise a
            // parent that goes on to compute would look busy for ever.
            let made = new
                .get(process)
                .map_or(0, |new| new.saturating_sub(returned));
            // A process that had no children, got one grant, and has waited for a child has returned, too.
            let before = self.known.get(process).copied().unwrap_or(0);
            let has_waited = faults.get(process).is_some_and(|now| *now > before);
            let is_over =
                open == 1 && returned == 0 && !self.parents.contains(process) && has_waited;
            made < open && !is_over
        });
        self.known = faults;
        self.parents = found.iter().map(|(_, process)| process.parent).collect();
        let open = self
            .askers
            .values()
            .map(|asker| asker.open.len() as u32)
            .sum();
        self.bound = found.len() as u32 + open;
        Ok(open)
    }
}

/// Returns the processes of a group. `adopts`: whether this process waits for its ended children in the group, except for the
/// leader; these are orphans.
fn living(group: pid_t, adopts: bool) -> io::Result<Vec<(pid_t, Process)>> {
    let own = std::process::id().cast_signed();
    let mut found = members(group)?;
    found.retain(|(id, process)| {
        let is_orphan = adopts && *id != group && process.parent == own && !process.is_alive();
        // SAFETY: a plain system call that writes nothing. No other code waits for a process that this process did not start.
        !is_orphan || unsafe { libc::waitpid(*id, std::ptr::null_mut(), libc::WNOHANG) } <= 0
    });
    Ok(found)
}

/// The state of a gate's thread.
struct GateThread {
    listener: OwnedFd,
    groups: Arc<Mutex<HashMap<pid_t, CountedGroup>>>,
}

impl GateThread {
    /// Answers until no process is left that may ask, or the gate is dropped.
    fn until(&self, stopped: &PipeReader) {
        let polled = |descriptor| libc::pollfd {
            fd: descriptor,
            events: libc::POLLIN,
            revents: 0,
        };
        let mut both = [self.listener.as_raw_fd(), stopped.as_raw_fd()].map(polled);
        loop {
            // SAFETY: the pointer and the count are those of one live array.
            if unsafe { libc::poll(both.as_mut_ptr(), 2, -1) } < 0 {
                match io::Error::last_os_error().kind() {
                    io::ErrorKind::Interrupted => continue,
                    _ => return,
                }
            }
            let [asked, stopped] = both.map(|entry| entry.revents);
            if stopped != 0 {
                return;
            } else if asked & libc::POLLIN != 0 {
                self.answer();
            } else if asked != 0 {
                return;
            }
        }
    }

    /// Answers one question, if it is still open.
    fn answer(&self) {
        // SAFETY: zero is a valid value of each field, and the value that the kernel asks for.
        let mut question: libc::seccomp_notif = unsafe { std::mem::zeroed() };
        // This fails if the asking process was killed in between.
        if self.request(libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut question) {
            let thread = question.pid.cast_signed();
            // SAFETY: a plain system call.
            let group = unsafe { libc::getpgid(thread) };
            let process = process_of(thread);
            // If the question is still valid, the thread still waits for the answer, so its id was not reused.
            if self.request(libc::SECCOMP_IOCTL_NOTIF_ID_VALID, &raw const question.id) {
                self.decide(&question, group, process);
            }
        }
    }

    fn decide(&self, question: &libc::seccomp_notif, group: pid_t, process: pid_t) {
        let thread = question.pid.cast_signed();
        let flags = match question.data.nr.into() {
            libc::SYS_clone => question.data.args[0],
            _ => 0,
        };
        let mut groups = lock(&self.groups);
        let error = match groups.get_mut(&group) {
            None => libc::EAGAIN,
            Some(counted) => {
                let makes_sibling = flags & libc::CLONE_PARENT as u64 != 0;
                if makes_sibling && !(counted.makes_siblings && thread == group) {
                    libc::EPERM
                } else if counted.grants(process, thread) {
                    0
                } else {
                    libc::EAGAIN
                }
            }
        };
        let answer = libc::seccomp_notif_resp {
            id: question.id,
            val: 0,
            error: -error,
            flags: match error {
                0 => libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32,
                _ => 0,
            },
        };
        // A signal may have come first. Then the fork has not begun, and the process asks again.
        if !self.request(libc::SECCOMP_IOCTL_NOTIF_SEND, &raw const answer)
            && error == 0
            && let Some(counted) = groups.get_mut(&group)
        {
            counted.take_back(process, thread);
        }
    }

    fn request<T>(&self, request: libc::Ioctl, value: *const T) -> bool {
        // SAFETY: each request reads or writes the value that its caller passes, which is live and of its type.
        unsafe { libc::ioctl(self.listener.as_raw_fd(), request, value) == 0 }
    }
}

/// Returns the process of a thread.
fn process_of(thread: pid_t) -> pid_t {
    // This descriptor opens only for the first thread of a process, at a tenth of the cost of a file in `/proc`.
    let first = Pid::from_raw(thread).map(|thread| pidfd_open(thread, PidfdFlags::empty()));
    if first.is_some_and(|opened| opened.is_ok()) {
        return thread;
    }
    let status = std::fs::read_to_string(format!("/proc/{thread}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Tgid:"));
    line.and_then(|number| number.trim().parse().ok())
        .unwrap_or(thread)
}
