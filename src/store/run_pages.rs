//! Runs, some at a time: however many there are, no more are in memory.

use super::{Result, RunFilter, RunRecord, Store};

/// How many runs are read at a time.
const PAGE: u32 = 250;

/// The runs that a filter asks for, newest first, page by page, as many as its limit says.
pub struct RunPages<'a> {
    store: &'a Store,
    filter: RunFilter,
    /// How many are still wanted.
    left: u32,
}

impl<'a> RunPages<'a> {
    /// Reads nothing yet.
    pub fn new(store: &'a Store, filter: RunFilter) -> Self {
        let left = filter.limit;
        Self {
            store,
            filter,
            left,
        }
    }
}

impl Iterator for RunPages<'_> {
    type Item = Result<Vec<RunRecord>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.filter.limit = self.left.min(PAGE);
        if self.filter.limit == 0 {
            return None;
        }
        let page = self.store.runs(&self.filter);
        if let Ok(page) = &page {
            let full = page.len() as u64 == u64::from(self.filter.limit);
            self.left = if full {
                self.left - self.filter.limit
            } else {
                0
            };
            self.filter.behind = page.last().map(|run| run.id.clone());
            if page.is_empty() {
                return None;
            }
        } else {
            self.left = 0;
        }
        Some(page)
    }
}
