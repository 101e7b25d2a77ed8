//! Caches lists of issues that are shown window by window: a page that scrolls asks for many windows.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::issues::{IssueReader, ListError, PlacedIssue};
use crate::store::RunRecord;

/// The maximum number of bytes of a cached list. A longer list is read anew for each window.
const MAX_CACHED_LIST_BYTES: u64 = 32 << 20;
/// The maximum number of bytes of all cached lists, and the time after which an unused list is dropped.
const MAX_CACHE_BYTES: u64 = 64 << 20;
const UNUSED_FOR: Duration = Duration::from_secs(600);

/// The id of a run, and the size and time of its list.
type IssueListKey = (String, u64, Option<SystemTime>);

/// The cached lists, without values.
pub struct KnownIssues(Cache<IssueListKey, Arc<Vec<PlacedIssue>>>);

/// The issues of a run's list.
pub enum CachedIssues {
    /// The issues of a cached list.
    Kept(Arc<Vec<PlacedIssue>>),
    /// A list that is too long for the cache.
    Long(IssueReader),
}

impl Default for KnownIssues {
    fn default() -> Self {
        // The cached issues of a list take about as much memory as its file.
        let weight = |key: &IssueListKey, _: &_| u32::try_from(key.1).unwrap_or(u32::MAX);
        let kept = Cache::builder()
            .max_capacity(MAX_CACHE_BYTES)
            .weigher(weight)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(UNUSED_FOR);
        Self(kept.build())
    }
}

impl KnownIssues {
    /// Returns the issues of a run that has ended.
    ///
    /// # Errors
    /// The list cannot be read.
    pub fn get_or_load(
        &self,
        run: &RunRecord,
        list: IssueReader,
    ) -> Result<CachedIssues, ListError> {
        if list.size() > MAX_CACHED_LIST_BYTES {
            return Ok(CachedIssues::Long(list));
        }
        let key = (run.id.clone(), list.size(), list.modified());
        if let Some(issues) = self.0.get(&key) {
            return Ok(CachedIssues::Kept(issues));
        }
        let issues = Arc::new(list.placed()?);
        self.0.insert(key, Arc::clone(&issues));
        Ok(CachedIssues::Kept(issues))
    }
}
