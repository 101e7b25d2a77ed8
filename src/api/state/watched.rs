//! What is known of the workspaces that are followed, and what is published of them.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::sync::broadcast;

use super::carried::Carried;
use super::changes::{ToldSoFar, Update};
use crate::base::clock::Timestamp;
use crate::base::mutex::lock;

/// Events that were found by one look.
#[derive(Clone)]
pub struct Batch {
    /// The time of the look.
    pub at: Timestamp,
    /// The events.
    pub frames: Bytes,
}

/// A workspace that is followed.
pub struct FollowedWorkspace {
    /// The workspace.
    pub workspace: Carried,
    /// What was told of it. None: no client has looked yet.
    pub seen: Arc<tokio::sync::Mutex<Option<ToldSoFar>>>,
    /// To those that follow it.
    pub sender: broadcast::Sender<Batch>,
}

/// The workspaces that are followed, by id.
#[derive(Default)]
pub struct WatchedWorkspaces(pub Mutex<HashMap<String, Arc<FollowedWorkspace>>>);

impl WatchedWorkspaces {
    /// Clients that follow a workspace now.
    pub fn followers(&self) -> u64 {
        let known = lock(&self.0);
        let followers = known.values().map(|known| known.sender.receiver_count());
        followers.sum::<usize>() as u64
    }
}

impl Batch {
    /// The events of changes (WHATWG HTML, 9.2). Only the last one has an id: a client whose connection breaks before it resumes
    /// behind the events before these.
    pub fn of(at: Timestamp, changes: &[Update]) -> Self {
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
