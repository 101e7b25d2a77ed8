//! Reads windows of sheets and caches the sheets.

use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ade_engine_native::cells::Sheet;
use ade_engine_native::progress::ScanWatch;
use ade_engine_native::read::book::InputBook;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::CellsError;
use super::file::{FileVersion, ReadSettings};
use super::find::{self, CellMatches};
use super::permits::Permits;
use super::rows::RunRows;
use super::whole::WholeSheet;
use super::window::{self, Window};

/// The approximate size of a cached failure, in bytes.
const FAILURE_BYTES: usize = 1 << 10;

/// The limits on caching and reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowLimits {
    /// The maximum number of bytes of cached sheets. The two sheets that were used last (the two sides of a result) stay
    /// cached with the structures of their files even if they take more.
    pub bytes: usize,
    /// The maximum number of cached sheets and open files.
    pub items: usize,
    /// The time after which an unused sheet is dropped and an unused file is closed.
    pub unused_for: Duration,
    /// The maximum number of bytes of a sheet, and of the text of a workbook; larger ones are refused.
    pub sheet_bytes: usize,
    /// The maximum number of simultaneous reads.
    pub reads: usize,
}

impl Default for WindowLimits {
    fn default() -> Self {
        Self {
            bytes: 256 << 20,
            items: 64,
            unused_for: Duration::from_secs(600),
            sheet_bytes: 1 << 30,
            reads: 2,
        }
    }
}

/// A worksheet of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Sheet)]
pub struct SheetInfo {
    /// The name of the sheet. The only sheet of a `.csv` file is named after the file, without its extension.
    pub name: String,
    /// Its position among the worksheets, from 0. Chart sheets do not count.
    #[schema(value_type = u64)]
    pub index: usize,
    /// Either `visible`, `hidden` or `veryHidden`.
    pub state: &'static str,
    /// The number of rows in its used area, counted from the first row; null if the sheet cannot be read.
    pub rows: Option<u64>,
    /// The number of columns in its used area, counted from the first column; null if the sheet cannot be read.
    pub columns: Option<u64>,
    /// The number of rows that, according to the file, follow the long run of empty rows at which reading ended.
    pub truncated_rows: u64,
    /// The reason why the sheet cannot be read: it is damaged, or too large. The other sheets may still be readable.
    pub problem: Option<String>,
}

/// Selects a sheet of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SheetSelector<'a> {
    /// The sheet with this name.
    Named(&'a str),
    /// The sheet at this position among the worksheets, from 0.
    At(usize),
}

/// Reads cells of files and caches the results. All threads of a process share one instance. Its methods wait for the disk,
/// and for each other if two calls need the same sheet or too many reads are in progress.
pub struct CellReader {
    kept: Cache<FilePartKey, CacheItem>,
    turns: Permits,
    sheet_bytes: usize,
}

/// The key of a cached item: a file in its current state, and a part of it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct FilePartKey {
    file: FileVersion,
    part: FilePart,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum FilePart {
    Structure,
    Sheet(usize),
    List,
    Rows,
}

/// A result that was expensive to make, or the failure to make it, with its size in bytes.
#[derive(Clone)]
struct CacheItem {
    outcome: Result<CachedPart, CellsError>,
    bytes: usize,
}

#[derive(Clone)]
enum CachedPart {
    Structure(Arc<InputBook>),
    Sheet(Arc<Sheet>),
    List(Arc<[SheetInfo]>),
    Rows(Option<Arc<RunRows>>),
}

impl Default for CellReader {
    fn default() -> Self {
        Self::new(WindowLimits::default())
    }
}

impl CellReader {
    /// Creates an empty cache with these limits.
    pub fn new(limits: WindowLimits) -> Self {
        // Each item weighs at least its share of the capacity, which limits the number of items. It weighs at most three
        // eighths of the capacity, so that a second item of that size and a few small ones fit too: the two sides of a result
        // are read alternately.
        let share = (limits.bytes / limits.items.max(2)).max(1);
        let most = share.max(limits.bytes / 8 * 3);
        let weight = move |_: &FilePartKey, item: &CacheItem| {
            let weight = item.bytes.clamp(share, most);
            u32::try_from(weight).unwrap_or(u32::MAX)
        };
        let kept = Cache::builder()
            .max_capacity(limits.bytes as u64)
            .weigher(weight)
            .eviction_policy(EvictionPolicy::lru())
            .time_to_idle(limits.unused_for);
        Self {
            kept: kept.build(),
            turns: Permits::new(limits.reads),
            sheet_bytes: limits.sheet_bytes,
        }
    }

    /// Returns the worksheets of a file, in the file's order. Their sizes are those that the engine reads, not those that the
    /// file states. This reads every sheet, one at a time, so the first window of a sheet costs nothing more while it is
    /// cached.
    ///
    /// # Errors
    /// The file is gone, or cannot be read as a whole.
    pub fn sheets(
        &self,
        path: &Path,
        reading: &ReadSettings,
    ) -> Result<Vec<SheetInfo>, CellsError> {
        let file = FileVersion::from_path(path, reading)?;
        let made = self.part(&file, FilePart::List, || {
            let book = self.book(&file)?;
            let mut sheets = Vec::with_capacity(book.sheets().len());
            for index in 0..book.sheets().len() {
                let (facts, problem) = match self.sheet(&file, &book, index) {
                    Ok(sheet) => (Some((window::size(&sheet), sheet.facts())), None),
                    Err(failure) if failure.may_pass() => return Err(failure),
                    Err(failure) => (None, Some(failure.to_string())),
                };
                let known = &book.sheets()[index];
                sheets.push(SheetInfo {
                    name: known.title.clone(),
                    index,
                    state: known.visibility.name(),
                    rows: facts.map(|((rows, _), _)| rows),
                    columns: facts.map(|((_, columns), _)| columns),
                    truncated_rows: facts.map_or(0, |(_, facts)| facts.truncated_rows as u64),
                    problem,
                });
            }
            let texts = |sheet: &SheetInfo| {
                sheet.name.len() + sheet.problem.as_ref().map_or(0, String::len)
            };
            let names: usize = sheets.iter().map(texts).sum();
            let bytes = sheets.len() * size_of::<SheetInfo>() + names;
            Ok((CachedPart::List(sheets.into()), bytes))
        })?;
        match made {
            CachedPart::List(sheets) => Ok(sheets.to_vec()),
            _ => unreachable!("a list is kept as one"),
        }
    }

    /// Returns a window of a sheet: at most [`MOST_ROWS`](super::MOST_ROWS) by [`MOST_COLUMNS`](super::MOST_COLUMNS) cells,
    /// rows and columns from 1. Cells after the last row or column are left out.
    ///
    /// # Errors
    /// The window is not a range, is too large, or begins after the last row or column; the sheet does not exist; the file is
    /// gone or cannot be read, or the sheet is damaged or too large.
    pub fn window(
        &self,
        path: &Path,
        reading: &ReadSettings,
        sheet: SheetSelector<'_>,
        rows: RangeInclusive<u64>,
        columns: RangeInclusive<u64>,
    ) -> Result<Window, CellsError> {
        window::check(&rows, &columns)?;
        let (title, index, sheet) = self.open(path, reading, sheet)?;
        window::cut_out(&sheet, &title, index, &rows, &columns)
    }

    /// Returns what a run recorded about its rows in a file; `None`: it recorded nothing. The result is cached like a sheet.
    pub fn rows(&self, path: &Path) -> Option<Arc<RunRows>> {
        // A link may lead to a file that must stay private.
        path.symlink_metadata()
            .ok()
            .filter(|found| found.is_file())?;
        let file = FileVersion::from_path(path, &ReadSettings::whole()).ok()?;
        let made = self.part(&file, FilePart::Rows, || {
            let rows = RunRows::read(path).map(Arc::new);
            let bytes = rows
                .as_ref()
                .map_or(FAILURE_BYTES, |rows| rows.heap_bytes());
            Ok((CachedPart::Rows(rows), bytes))
        });
        match made {
            Ok(CachedPart::Rows(rows)) => rows,
            _ => None,
        }
    }

    /// Returns the cells of a sheet that contain a text, ignoring case, in the order of rows: at most `most` of them,
    /// starting at a row and column.
    ///
    /// # Errors
    /// The sheet does not exist; the file is gone or cannot be read, or the sheet is damaged or too large.
    pub fn find(
        &self,
        path: &Path,
        reading: &ReadSettings,
        sheet: SheetSelector<'_>,
        text: &str,
        from: (u64, u64),
        most: usize,
    ) -> Result<CellMatches, CellsError> {
        let (_, _, sheet) = self.open(path, reading, sheet)?;
        Ok(find::find(&sheet, text, from, most))
    }

    /// Returns a whole sheet. It stays in memory for as long as the caller holds it.
    ///
    /// # Errors
    /// The sheet does not exist; the file is gone or cannot be read, or the sheet is damaged or too large.
    pub fn whole(
        &self,
        path: &Path,
        reading: &ReadSettings,
        sheet: SheetSelector<'_>,
    ) -> Result<WholeSheet, CellsError> {
        let (_, _, sheet) = self.open(path, reading, sheet)?;
        Ok(WholeSheet { sheet })
    }

    /// Returns the number of cached sheets and open files, and their size in bytes.
    pub fn kept(&self) -> (usize, usize) {
        self.kept.run_pending_tasks();
        let sizes: Vec<usize> = self.kept.iter().map(|(_, item)| item.bytes).collect();
        (sizes.len(), sizes.iter().sum())
    }

    /// Returns a sheet of a file, with its title and its position.
    fn open(
        &self,
        path: &Path,
        reading: &ReadSettings,
        sheet: SheetSelector<'_>,
    ) -> Result<(String, usize, Arc<Sheet>), CellsError> {
        let file = FileVersion::from_path(path, reading)?;
        let book = self.book(&file)?;
        let known = book.sheets();
        let found = match sheet {
            SheetSelector::Named(name) => known.iter().position(|known| known.title == name),
            SheetSelector::At(index) => Some(index).filter(|&index| index < known.len()),
        };
        let index = found.ok_or_else(|| CellsError::NoSheet {
            name: file.name(),
            sheet: match sheet {
                SheetSelector::Named(name) => format!("{name:?}"),
                SheetSelector::At(index) => format!("at position {index}"),
            },
            sheets: known.iter().map(|known| known.title.clone()).collect(),
        })?;
        let sheet = self.sheet(&file, &book, index)?;
        Ok((known[index].title.clone(), index, sheet))
    }

    /// Returns the structure of a file.
    fn book(&self, file: &FileVersion) -> Result<Arc<InputBook>, CellsError> {
        let made = self.part(file, FilePart::Structure, || {
            let _turn = self.turns.take();
            let path = file.path()?;
            let book =
                InputBook::open_within(path, &file.reading().options(), Some(self.sheet_bytes))
                    .map_err(|failure| CellsError::of_reader(failure, &file.name()))?;
            let bytes = book.heap_bytes();
            Ok((CachedPart::Structure(Arc::new(book)), bytes))
        })?;
        match made {
            CachedPart::Structure(book) => Ok(book),
            _ => unreachable!("a structure is kept as one"),
        }
    }

    /// Returns a sheet of a file.
    fn sheet(
        &self,
        file: &FileVersion,
        book: &InputBook,
        index: usize,
    ) -> Result<Arc<Sheet>, CellsError> {
        let made = self.part(file, FilePart::Sheet(index), || {
            let _turn = self.turns.take();
            let limits = file.reading().limits(self.sheet_bytes);
            let sheet = book
                .scan(index, limits, &ScanWatch::default())
                .map_err(|failure| CellsError::of_reader(failure, &file.name()))?;
            // The shared text lives as long as any sheet of the workbook.
            let bytes = sheet.heap_bytes() + sheet.arena(true).len();
            Ok((CachedPart::Sheet(Arc::new(sheet)), bytes))
        })?;
        match made {
            CachedPart::Sheet(sheet) => Ok(sheet),
            _ => unreachable!("a sheet is kept as one"),
        }
    }

    /// Returns a part of a file from the cache, or makes it. Failures are cached too, so that a file that takes long to be
    /// refused is refused at once the next time. Failures that can pass are not cached, nor is anything of a file that has
    /// changed meanwhile.
    fn part(
        &self,
        file: &FileVersion,
        part: FilePart,
        make: impl FnOnce() -> Result<(CachedPart, usize), CellsError>,
    ) -> Result<CachedPart, CellsError> {
        let key = FilePartKey {
            file: file.clone(),
            part,
        };
        let mut is_new = false;
        let found = self.kept.try_get_with(key, || {
            is_new = true;
            let (outcome, bytes) = match make() {
                Ok((kept, bytes)) => (Ok(kept), Some(bytes)),
                Err(failure) => {
                    let bytes = (!failure.may_pass()).then_some(FAILURE_BYTES);
                    (Err(failure), bytes)
                }
            };
            // A result that is not cached reaches the callers that wait for it as an error.
            match bytes.filter(|_| file.still_holds()) {
                Some(bytes) => Ok(CacheItem { outcome, bytes }),
                None => Err(outcome),
            }
        });
        if is_new {
            // Evicts at once the items that the new one displaces.
            self.kept.run_pending_tasks();
        }
        match found {
            Ok(item) => item.outcome,
            Err(outcome) => (*outcome).clone(),
        }
    }
}
