//! Lists of issues of which windows were shown a moment ago: a page that scrolls asks for one window after the other.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::issues::{List, ListError, PlacedIssue};
use crate::store::RunRecord;

/// A longer list is read anew for each window.
const LONGEST: u64 = 32 << 20;
/// So many bytes of lists are kept, for so long without being used.
const MOST: u64 = 64 << 20;
const UNUSED_FOR: Duration = Duration::from_secs(600);

/// A run, and its list by size and time.
type Key = (String, u64, Option<SystemTime>);

/// The lists, without values.
pub struct KnownIssues(Cache<Key, Arc<Vec<PlacedIssue>>>);

/// A list.
pub enum Known {
    /// Its issues.
    Kept(Arc<Vec<PlacedIssue>>),
    /// It is too long to be kept.
    Long(List),
}

impl Default for KnownIssues {
    fn default() -> Self {
        // What is kept of a list takes about as much as its file.
        let weight = |key: &Key, _: &_| u32::try_from(key.1).unwrap_or(u32::MAX);
        let kept = Cache::builder()
            .max_capacity(MOST)
            .weigher(weight)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(UNUSED_FOR);
        Self(kept.build())
    }
}

impl KnownIssues {
    /// The issues of a run that has ended.
    ///
    /// # Errors
    /// The list cannot be read.
    pub fn of(&self, run: &RunRecord, list: List) -> Result<Known, ListError> {
        if list.size() > LONGEST {
            return Ok(Known::Long(list));
        }
        let key = (run.id.clone(), list.size(), list.modified());
        if let Some(issues) = self.0.get(&key) {
            return Ok(Known::Kept(issues));
        }
        let issues = Arc::new(list.placed()?);
        self.0.insert(key, Arc::clone(&issues));
        Ok(Known::Kept(issues))
    }
}
