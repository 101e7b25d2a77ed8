//! Opens and scans input files in the background.
//!
//! A [`BackgroundBook`] starts to read in its own thread when it is created, before the first call of a method: first the
//! structure of the workbook, then the expected sheets, at most one ahead of the caller. The caller waits only for results that
//! are not ready.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::ReadOptions;
use super::book::InputBook;
use super::sheets::Visibility;
use crate::cells::{ScanLimits, Sheet};
use crate::error::{Result, SourceError};
use crate::progress::ScanWatch;

/// The minimum time between two progress reports to a waiting caller.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// A request for a scan: the sheet and its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ScanRequest {
    sheet: usize,
    limits: ScanLimits,
}

struct Job {
    wanted: ScanRequest,
    watch: Arc<ScanWatch>,
    outcome: Option<Result<Arc<Sheet>>>,
}

#[derive(Default)]
struct ReadState {
    book: Option<Result<Arc<InputBook>>>,
    queue: VecDeque<ScanRequest>,
    /// The request that a caller is waiting for.
    urgent: Option<ScanRequest>,
    jobs: Vec<Job>,
    closed: bool,
}

struct SharedReadState {
    state: Mutex<ReadState>,
    changed: Condvar,
}

impl SharedReadState {
    fn lock(&self) -> MutexGuard<'_, ReadState> {
        // A panic elsewhere leaves no partial change here, because every change is a single assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, ReadState>) -> MutexGuard<'a, ReadState> {
        let waited = self.changed.wait(state);
        waited.unwrap_or_else(PoisonError::into_inner)
    }
}

/// An input file that is read in the background.
pub struct BackgroundBook {
    shared: Arc<SharedReadState>,
}

impl BackgroundBook {
    /// Starts reading. `guess` are the limits for scanning the first visible sheet before the caller asks for it.
    pub fn open(path: String, options: ReadOptions, guess: Option<ScanLimits>) -> Self {
        let shared = Arc::new(SharedReadState {
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let worker = shared.clone();
        let work = move || run(&worker, &path, &options, guess);
        if let Err(error) = std::thread::Builder::new()
            .name("ade-read".to_owned())
            .spawn(work)
        {
            shared.lock().book = Some(Err(SourceError::io("the input")(error)));
        }
        Self { shared }
    }

    /// Waits until the file's structure was read.
    ///
    /// # Errors
    /// The errors of [`InputBook::open`].
    pub fn book(&self) -> Result<Arc<InputBook>> {
        let mut state = self.shared.lock();
        loop {
            if let Some(book) = &state.book {
                return book.clone();
            }
            state = self.shared.wait(state);
        }
    }

    /// Sets the sheets that will be scanned, in order. Stops scans of other sheets.
    pub fn prefetch(&self, sheets: &[usize], limits: ScanLimits) {
        let mut state = self.shared.lock();
        let wanted: Vec<ScanRequest> = sheets
            .iter()
            .map(|&sheet| ScanRequest { sheet, limits })
            .collect();
        state.jobs.retain(|job| {
            let keep = wanted.contains(&job.wanted);
            if !keep {
                job.watch.stop();
            }
            keep
        });
        state.queue = wanted
            .iter()
            .filter(|wanted| state.jobs.iter().all(|job| job.wanted != **wanted))
            .copied()
            .collect();
        self.shared.changed.notify_all();
    }

    /// Scans a sheet, or returns the scan that was made ahead. Calls `on_wait` now and then with the number of rows read; an
    /// error of `on_wait` ends the wait.
    ///
    /// # Errors
    /// The errors of [`InputBook::open`], [`InputBook::scan`] and `on_wait`.
    pub fn scan<E: From<SourceError>>(
        &self,
        sheet: usize,
        limits: ScanLimits,
        mut on_wait: impl FnMut(usize) -> std::result::Result<(), E>,
    ) -> std::result::Result<Arc<Sheet>, E> {
        let book = self.book()?;
        if sheet >= book.sheets().len() {
            return Err(SourceError::Cancelled.into());
        }
        let wanted = ScanRequest { sheet, limits };
        let mut state = self.shared.lock();
        if state.jobs.iter().all(|job| job.wanted != wanted) {
            state.queue.retain(|queued| *queued != wanted);
            state.queue.push_front(wanted);
            state.urgent = Some(wanted);
            // A scan of this sheet with other limits must not keep the thread busy.
            for job in state.jobs.iter().filter(|job| job.wanted.sheet == sheet) {
                job.watch.stop();
            }
            state.jobs.retain(|job| job.wanted.sheet != sheet);
            self.shared.changed.notify_all();
        }
        loop {
            if let Some(at) = state
                .jobs
                .iter()
                .position(|job| job.wanted == wanted && job.outcome.is_some())
            {
                let job = state.jobs.swap_remove(at);
                state.urgent = None;
                self.shared.changed.notify_all();
                let outcome = job.outcome.unwrap_or(Err(SourceError::Cancelled));
                return outcome.map_err(E::from);
            }
            let rows = state
                .jobs
                .iter()
                .find(|job| job.wanted == wanted)
                .map_or(0, |job| job.watch.rows());
            let waited = self.shared.changed.wait_timeout(state, PROGRESS_INTERVAL);
            let (guard, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            drop(guard);
            if timeout.timed_out() {
                on_wait(rows)?;
            }
            state = self.shared.lock();
        }
    }
}

impl Drop for BackgroundBook {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.closed = true;
        for job in &state.jobs {
            job.watch.stop();
        }
        self.shared.changed.notify_all();
    }
}

/// Runs the background thread: opens the file, then scans the queued sheets.
fn run(shared: &SharedReadState, path: &str, options: &ReadOptions, guess: Option<ScanLimits>) {
    let opened = unharmed(path, || InputBook::open(path, options).map(Arc::new));
    let mut state = shared.lock();
    state.book = Some(opened.clone());
    shared.changed.notify_all();
    let Ok(book) = opened else { return };
    if state.queue.is_empty()
        && let Some(limits) = guess
        && let Some(sheet) = book
            .sheets()
            .iter()
            .position(|sheet| sheet.visibility == Visibility::Visible && !sheet.is_own_list)
    {
        state.queue.push_back(ScanRequest { sheet, limits });
    }
    loop {
        // One finished scan may wait for a caller. A second one starts only if a caller waits for it.
        while !state.closed
            && (state.queue.is_empty()
                || !(state.jobs.is_empty() || state.urgent == state.queue.front().copied()))
        {
            state = shared.wait(state);
        }
        if state.closed {
            return;
        }
        let Some(wanted) = state.queue.pop_front() else {
            continue;
        };
        let watch = Arc::new(ScanWatch::default());
        state.jobs.push(Job {
            wanted,
            watch: watch.clone(),
            outcome: None,
        });
        drop(state);
        let outcome = unharmed(path, || {
            book.scan(wanted.sheet, wanted.limits, &watch).map(Arc::new)
        });
        state = shared.lock();
        // The job is gone if no caller waits for it any more.
        if let Some(job) = state
            .jobs
            .iter_mut()
            .find(|job| Arc::ptr_eq(&job.watch, &watch))
        {
            job.outcome = Some(outcome);
        }
        shared.changed.notify_all();
    }
}

/// Runs a function that must not panic. If it does, waiting callers get an error instead of waiting forever.
fn unharmed<T>(path: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(SourceError::NotAWorkbook {
            path: path.to_owned(),
            reason: "ADE failed to read it because of an error of its own; please report this with the file"
                .to_owned(),
        })
    })
}
