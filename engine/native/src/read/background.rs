//! Opens and scans in the background.
//!
//! A [`BackgroundBook`] starts to read in a thread of its own as soon as it is made, before its first method is called: first the
//! workbook's structure, then the sheets that are expected, at most one ahead of what was taken. The caller waits only for
//! results that are not ready.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::ReadOptions;
use super::book::Book;
use super::sheets::Visibility;
use crate::cells::{ScanLimits, Sheet};
use crate::error::{Result, SourceError};
use crate::progress::Watch;

/// Who waits for a scan is told of it at most this often.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// A scan: of which sheet, and how far it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wanted {
    sheet: usize,
    limits: ScanLimits,
}

struct Job {
    wanted: Wanted,
    watch: Arc<Watch>,
    outcome: Option<Result<Arc<Sheet>>>,
}

#[derive(Default)]
struct State {
    book: Option<Result<Arc<Book>>>,
    queue: VecDeque<Wanted>,
    /// What a caller waits for at the moment.
    urgent: Option<Wanted>,
    jobs: Vec<Job>,
    closed: bool,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves no partial change here: every change is a single assignment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let waited = self.changed.wait(state);
        waited.unwrap_or_else(PoisonError::into_inner)
    }
}

/// An input file that is being read.
pub struct BackgroundBook {
    shared: Arc<Shared>,
}

impl BackgroundBook {
    /// Starts reading. `guess` are the limits with which the first visible sheet is scanned before it is asked for.
    pub fn open(path: String, options: ReadOptions, guess: Option<ScanLimits>) -> Self {
        let shared = Arc::new(Shared {
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

    /// Waits for the file's structure.
    ///
    /// # Errors
    /// Those of [`Book::open`].
    pub fn book(&self) -> Result<Arc<Book>> {
        let mut state = self.shared.lock();
        loop {
            if let Some(book) = &state.book {
                return book.clone();
            }
            state = self.shared.wait(state);
        }
    }

    /// Sets which sheets will be scanned, in order. Scans of other sheets that were begun are stopped.
    pub fn prefetch(&self, sheets: &[usize], limits: ScanLimits) {
        let mut state = self.shared.lock();
        let wanted: Vec<Wanted> = sheets
            .iter()
            .map(|&sheet| Wanted { sheet, limits })
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

    /// Scans a sheet, or takes the scan that was made ahead. `on_wait` is called now and then with the number of rows
    /// read; any result other than `Ok` ends the wait.
    ///
    /// # Errors
    /// Those of [`Book::open`] and [`Book::scan`], and those of `on_wait`.
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
        let wanted = Wanted { sheet, limits };
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

/// The background thread: opens the file, then scans what is queued.
fn run(shared: &Shared, path: &str, options: &ReadOptions, guess: Option<ScanLimits>) {
    let opened = unharmed(path, || Book::open(path, options).map(Arc::new));
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
        state.queue.push_back(Wanted { sheet, limits });
    }
    loop {
        // One scan may wait to be taken; a second one starts only when a caller waits for it.
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
        let watch = Arc::new(Watch::default());
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

/// Runs a function that must not panic; if it does, callers that wait get an error instead of waiting for ever.
fn unharmed<T>(path: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or_else(|_| {
        Err(SourceError::NotAWorkbook {
            path: path.to_owned(),
            reason: "reading it failed in a way that it never should; please report this file"
                .to_owned(),
        })
    })
}
