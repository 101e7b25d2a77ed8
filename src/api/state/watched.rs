//! The followed workspaces, and the events that are published about them.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::broadcast;

use super::carried::WorkspaceHandle;
use super::changes::{ReportedState, Update};
use crate::base::clock::Timestamp;
use crate::base::mutex::lock;

/// The events of one look.
#[derive(Clone)]
pub struct PublishedEvents {
    /// The time of the look.
    pub at: Timestamp,
    /// The events as they are sent.
    pub frames: Bytes,
}

/// A workspace that clients follow.
pub struct FollowedWorkspace {
    /// The workspace for async code.
    pub workspace: WorkspaceHandle,
    /// The reported state. `None` if no client has looked yet.
    pub seen: Arc<tokio::sync::Mutex<Option<ReportedState>>>,
    /// The sender to the clients that follow it.
    pub sender: broadcast::Sender<PublishedEvents>,
}

/// The followed workspaces, by id.
#[derive(Default)]
pub struct WatchedWorkspaces(pub Mutex<HashMap<String, Arc<FollowedWorkspace>>>);

impl WatchedWorkspaces {
    /// Returns the number of clients that follow a workspace now.
    pub fn followers(&self) -> u64 {
        let known = lock(&self.0);
        let followers = known.values().map(|known| known.sender.receiver_count());
        followers.sum::<usize>() as u64
    }
}

impl PublishedEvents {
    /// Returns the events of changes (WHATWG HTML, 9.2). Only the last event has an id: a client whose connection breaks
    /// earlier resumes before all of these.
    pub fn new(at: Timestamp, changes: &[Update]) -> Self {
        let mut frames = String::new();
        for (index, change) in changes.iter().enumerate() {
            if index + 1 == changes.len() {
                let _ = writeln!(frames, "id: {}", at.0);
            }
            let _ = write!(
                frames,
                "event: {}\ndata: {}\n\n",
                change.name(),
                change.data()
            );
        }
        Self {
            at,
            frames: frames.into(),
        }
    }
}
