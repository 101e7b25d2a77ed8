//! Reads runs page by page, so that memory does not grow with their number.

use super::{Result, RunFilter, RunRecord, Store};

/// The number of runs to read at a time.
const PAGE: u32 = 250;

/// The runs that match a filter, newest first, page by page, up to the filter's limit.
pub struct RunPages<'a> {
    store: &'a Store,
    filter: RunFilter,
    /// The number of runs still to be read.
    left: u32,
}

impl<'a> RunPages<'a> {
    /// Prepares the pages without reading anything.
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
