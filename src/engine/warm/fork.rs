//! Asks a warm engine for a fork.

use std::ffi::OsString;
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use rustix::net::sockopt::set_socket_passcred;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, recvmsg, send};
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process, setpgid, waitid, waitpid,
};

use super::keeper::{ROOM, WarmEngine, WarmEngines};
use crate::base::host;
use crate::engine::process::{EngineTask, Invocation};
use crate::engine::sandbox::{self, AppliedPolicy, Policy, channel};
use crate::settings::Sandbox;
use crate::system::process::{Lifeline, StartedChild};

/// The maximum time for an engine to answer. For the first answer, this includes its start.
const PATIENCE: Timespec = Timespec {
    tv_sec: 20,
    tv_nsec: 0,
};
/// The maximum length of a message to an engine, in bytes.
const MAX_MESSAGE_BYTES: usize = 128 << 10;
/// The answer of a fork that is confined as it should be.
const CONFINED: u8 = b'.';

/// A fork that executes a run.
pub(crate) struct Fork {
    pub started: StartedChild,
    /// The part of its policy that is in force.
    pub record: AppliedPolicy,
}

/// A fork that waits for the word to go on. If it is dropped before that, the fork is killed.
struct WaitingFork {
    id: Pid,
    answer: OwnedFd,
    goes_on: bool,
}

impl Drop for WaitingFork {
    fn drop(&mut self) {
        if !self.goes_on {
            let _ = kill_process(self.id, Signal::KILL);
            let _ = waitpid(Some(self.id), WaitOptions::empty());
        }
    }
}

impl WarmEngines {
    /// Starts a run in a fork. Returns `None` if the run has to start cold.
    pub(crate) fn fork(&self, invocation: &Invocation, shows_values: bool) -> Option<Fork> {
        let snapshots = self.snapshots(invocation)?;
        let message = message(invocation, shows_values)?;
        let around = around(&invocation.policy, snapshots, &self.runs);
        let lasting = invocation.lasting_variables();
        let engine = self.engine_for(&invocation.python, lasting, around, snapshots)?;
        let confinement = sandbox::for_fork(&invocation.policy, host::processors());
        // A fork inherits the parts of the confinement that it does not apply itself.
        let is_asked = confinement.record.is_asked();
        if engine.snapshots != snapshots
            || confinement.record.missing != engine.missing
            || engine.gate.is_some() != is_asked
        {
            return None;
        }
        let lifeline = Lifeline::new().ok()?;
        let ((stdout, its_output), (stderr, its_errors)) = (io::pipe().ok()?, io::pipe().ok()?);
        let mut passed = vec![its_output.as_fd(), its_errors.as_fd()];
        passed.extend(confinement.rules.as_ref().map(AsFd::as_fd));
        let fork = ask(&engine, &message, &passed)?;
        // The fork gets its own process group, which it may not make for itself.
        setpgid(Some(fork.id), Some(fork.id)).ok()?;
        let group = fork.id.as_raw_nonzero().get();
        lifeline.tie(group).ok()?;
        let limit = invocation.policy.limits.processes;
        let held = engine
            .gate
            .as_ref()
            .map(|gate| gate.hold(group, limit, false));
        confinement.limits.apply_to(Some(fork.id)).ok()?;
        let id = fork.go_on()?;
        engine.has_begun.store(true, Ordering::Release);
        Some(Fork {
            started: StartedChild::new(
                id.as_raw_nonzero().get(),
                Some(stdout.into()),
                Some(stderr.into()),
                lifeline,
            )
            .held(held, None),
            record: confinement.record,
        })
    }

    /// Returns the folder of the snapshots of a run's configuration, or `None` if the run may do something that warm engines
    /// may not.
    fn snapshots<'a>(&self, invocation: &'a Invocation) -> Option<&'a Path> {
        let policy = &invocation.policy;
        let has_network = policy.level != Sandbox::Off && policy.has_network();
        let has_forks = policy.level == Sandbox::Off || sandbox::support().has_warm_forks();
        if has_network || !has_forks || !matches!(invocation.task, EngineTask::Process { .. }) {
            return None;
        }
        let mut reads = policy.reads.iter();
        let snapshot = reads.find(|place| invocation.snapshot.starts_with(place))?;
        let is_inside = |place: &PathBuf| {
            place == snapshot || place.starts_with(&self.runs) || policy.added.contains(place)
        };
        let mut places = policy.reads.iter().chain(&policy.writes);
        places.all(is_inside).then_some(snapshot.parent()?)
    }
}

/// Returns the policy of an engine whose forks may do what a run with this policy may, each in its own folders.
fn around(of_run: &Policy, snapshots: &Path, runs: &Path) -> Policy {
    let mut policy = of_run.clone();
    // A rule for one process's entry in /proc would not cover its forks, so all of /proc may be read.
    policy.reads.extend([snapshots.to_owned(), "/proc".into()]);
    policy.writes.push(runs.to_owned());
    policy.network_asked = false;
    // The engine uses processor time for the starts of all its forks, so it has no limit of its own.
    policy.limits.cpu_time = None;
    policy
}

/// Returns the message that describes a run to an engine, or `None` if it is too long.
fn message(invocation: &Invocation, shows_values: bool) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    for (name, value) in invocation.variables_of_child(shows_values) {
        message.extend([name.as_bytes(), b"=", value.as_bytes(), b"\0"].concat());
    }
    if message.len() > ROOM {
        return None;
    }
    message.push(0);
    let arguments = invocation.arguments();
    let folder = invocation.folder.as_os_str();
    for text in [folder]
        .into_iter()
        .chain(arguments.iter().map(OsString::as_os_str))
    {
        message.extend([text.as_bytes(), b"\0"].concat());
    }
    (message.len() <= MAX_MESSAGE_BYTES).then_some(message)
}

/// Asks for a fork with these descriptors.
fn ask(engine: &WarmEngine, message: &[u8], passed: &[BorrowedFd<'_>]) -> Option<WaitingFork> {
    let (answer, its_answer) = channel().ok()?;
    // The kernel adds the sender's process id.
    set_socket_passcred(&answer, true).ok()?;
    let mut all = passed.to_vec();
    all.insert(2, its_answer.as_fd());
    sandbox::send(&engine.socket, message, &all).ok()?;
    drop(its_answer);
    let mut polled = [PollFd::new(&answer, PollFlags::IN)];
    let answers = retry_on_intr(|| poll(&mut polled, Some(&PATIENCE)));
    if answers.ok()? == 0 {
        engine.is_silent.store(true, Ordering::Release);
        return None;
    }
    let (id, word) = receive(&answer)?;
    let waiting = WaitingFork {
        id,
        answer,
        goes_on: false,
    };
    (word == CONFINED).then_some(waiting)
}

/// Returns the id of a fork, which is a child of this process, and its answer.
fn receive(answer: &OwnedFd) -> Option<(Pid, u8)> {
    let mut word = [0];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmCredentials(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut pieces = [IoSliceMut::new(&mut word)];
    let received = recvmsg(answer, &mut pieces, &mut control, RecvFlags::empty()).ok()?;
    let said_by = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmCredentials(credentials) => Some(credentials.pid),
        _ => None,
    })?;
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    waitid(WaitId::Pid(said_by), look).ok()?;
    (received.bytes == 1).then_some((said_by, word[0]))
}

impl WaitingFork {
    fn go_on(mut self) -> Option<Pid> {
        send(&self.answer, &[0], SendFlags::NOSIGNAL).ok()?;
        self.goes_on = true;
        Some(self.id)
    }
}
