//! Reads windows, and keeps what was read.

use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ade_engine_native::cells::Sheet;
use ade_engine_native::progress::Watch;
use ade_engine_native::read::book::Book;
use serde::Serialize;
use serde_json::Value;

use super::error::CellsError;
use super::file::{FileVersion, Reading};
use super::find::{self, Found};
use super::row_map::{self, RowMap};
use super::rows::Rows;
use super::shelf::{KeptSheets, Permits, Sized};
use super::whole::WholeSheet;
use super::window::{self, Window};

/// What a failure takes that is kept, roughly.
const FAILURE_BYTES: usize = 1 << 10;

/// How much is kept and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowLimits {
    /// The bytes of sheets that are kept; the sheet that was used last stays even if it alone takes more.
    pub bytes: usize,
    /// How many sheets and open files are kept.
    pub items: usize,
    /// A sheet that takes more bytes than this is refused, and so is a workbook whose text does.
    pub sheet_bytes: usize,
    /// How many files are read at once.
    pub reads: usize,
}

impl Default for WindowLimits {
    fn default() -> Self {
        Self {
            bytes: 256 << 20,
            items: 64,
            sheet_bytes: 1 << 30,
            reads: 2,
        }
    }
}

/// A worksheet of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SheetInfo {
    /// Its name. The one sheet of a `.csv` file is called as the file without its extension.
    pub name: String,
    /// Its position among the worksheets, from 0. Chart sheets are none.
    pub index: usize,
    /// `visible`, `hidden` or `veryHidden`.
    pub state: &'static str,
    /// The rows of its used area, from the first row on; `None` where the sheet cannot be read.
    pub rows: Option<u64>,
    /// The columns of its used area, from the first column on; `None` where the sheet cannot be read.
    pub columns: Option<u64>,
    /// Rows that the file says it has behind a long run of empty ones, where reading has ended.
    pub truncated_rows: u64,
    /// Why the sheet cannot be read: it is damaged, or too large. The others can be all the same.
    pub problem: Option<String>,
}

/// Which sheet of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice<'a> {
    /// The one of this name.
    Named(&'a str),
    /// The one at this position among the worksheets, from 0.
    At(usize),
}

/// Reads cells of files, and keeps what it has read. To be shared by all threads of a process; its methods wait for the
/// disk, and for each other where two calls want the same sheet or too many read at once.
pub struct Cells {
    shelf: KeptSheets<Key, Result<Kept, CellsError>>,
    turns: Permits,
    sheet_bytes: usize,
}

/// A file as it is now, and what of it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    file: FileVersion,
    part: Part,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    Structure,
    Sheet(usize),
    List,
    Rows,
}

#[derive(Clone)]
enum Kept {
    Structure(Arc<Book>),
    Sheet(Arc<Sheet>),
    List(Arc<[SheetInfo]>),
    Rows(Option<Arc<Rows>>),
}

impl Default for Cells {
    fn default() -> Self {
        Self::new(WindowLimits::default())
    }
}

impl Cells {
    /// Keeps and reads within these limits.
    pub fn new(limits: WindowLimits) -> Self {
        Self {
            shelf: KeptSheets::new(limits.bytes, limits.items),
            turns: Permits::new(limits.reads),
            sheet_bytes: limits.sheet_bytes,
        }
    }

    /// The worksheets of a file, in its order. Their sizes are those that the engine reads, not what the file says; so each
    /// sheet is read for this, one at a time, and the first window of it costs nothing more as long as it is kept.
    ///
    /// # Errors
    /// The file is gone, or cannot be read as a whole.
    pub fn sheets(&self, path: &Path, reading: &Reading) -> Result<Vec<SheetInfo>, CellsError> {
        let file = FileVersion::of(path, reading)?;
        let made = self.part(&file, Part::List, || {
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
            Ok((Kept::List(sheets.into()), bytes))
        })?;
        match made {
            Kept::List(sheets) => Ok(sheets.to_vec()),
            _ => unreachable!("a list is kept as one"),
        }
    }

    /// A window of a sheet: at most [`MOST_ROWS`](super::MOST_ROWS) by [`MOST_COLUMNS`](super::MOST_COLUMNS) cells, rows and
    /// columns from 1. What of it lies behind the last row or column is left out.
    ///
    /// # Errors
    /// The window is none, too large, or begins behind the last row or column; there is no such sheet; the file is gone or
    /// cannot be read, or the sheet is damaged or too large.
    pub fn window(
        &self,
        path: &Path,
        reading: &Reading,
        sheet: Choice<'_>,
        rows: RangeInclusive<u64>,
        columns: RangeInclusive<u64>,
    ) -> Result<Window, CellsError> {
        self.cut_out(path, reading, sheet, &rows, &columns)
            .map(|(window, _)| window)
    }

    /// What a run tells of its rows in a file; `None`: it tells nothing. It is kept as sheets are.
    pub fn rows(&self, path: &Path) -> Option<Arc<Rows>> {
        // What a link leads to may be what is kept.
        path.symlink_metadata()
            .ok()
            .filter(|found| found.is_file())?;
        let file = FileVersion::of(path, &Reading::whole()).ok()?;
        let made = self.part(&file, Part::Rows, || {
            let rows = Rows::read(path).map(Arc::new);
            let bytes = rows
                .as_ref()
                .map_or(FAILURE_BYTES, |rows| rows.heap_bytes());
            Ok((Kept::Rows(rows), bytes))
        });
        match made {
            Ok(Kept::Rows(rows)) => rows,
            _ => None,
        }
    }

    /// The cells of a sheet that hold a text, whatever its case, in the order of rows: at most `most` of them, from a row and
    /// column on.
    ///
    /// # Errors
    /// There is no such sheet; the file is gone or cannot be read, or the sheet is damaged or too large.
    pub fn find(
        &self,
        path: &Path,
        reading: &Reading,
        sheet: Choice<'_>,
        text: &str,
        from: (u64, u64),
        most: usize,
    ) -> Result<Found, CellsError> {
        let (_, _, sheet) = self.open(path, reading, sheet)?;
        Ok(find::find(&sheet, text, from, most))
    }

    /// A window of a run's normalized workbook, and which source rows its rows came from, where the column `Source row` in
    /// the workbook tells, which the settings `row_provenance = true`, `output_style = "table"` and `issue_columns` (on by
    /// default) bring: for runs that tell nothing of their [`rows`](Self::rows). `payload` is the engine's completed payload
    /// as it was recorded.
    ///
    /// # Errors
    /// Those of [`window`](Self::window).
    pub fn output_window(
        &self,
        path: &Path,
        payload: Option<&Value>,
        sheet: Choice<'_>,
        rows: RangeInclusive<u64>,
        columns: RangeInclusive<u64>,
    ) -> Result<(Window, Option<RowMap>), CellsError> {
        let reading = Reading::whole();
        let (window, sheet) = self.cut_out(path, &reading, sheet, &rows, &columns)?;
        let map = payload.and_then(|payload| row_map::of(&window, &sheet, payload));
        Ok((window, map))
    }

    /// A sheet as a whole. It stays in memory for as long as the caller has it.
    ///
    /// # Errors
    /// There is no such sheet; the file is gone or cannot be read, or the sheet is damaged or too large.
    pub fn whole(
        &self,
        path: &Path,
        reading: &Reading,
        sheet: Choice<'_>,
    ) -> Result<WholeSheet, CellsError> {
        let (_, _, sheet) = self.open(path, reading, sheet)?;
        Ok(WholeSheet { sheet })
    }

    /// Drops what has not been used for so long: its memory, and the files that are held open. To be called now and then.
    pub fn forget(&self, unused_for: Duration) {
        self.shelf.forget(unused_for);
    }

    /// How many sheets and open files are kept, and the bytes that they take.
    pub fn kept(&self) -> (usize, usize) {
        self.shelf.kept()
    }

    fn cut_out(
        &self,
        path: &Path,
        reading: &Reading,
        sheet: Choice<'_>,
        rows: &RangeInclusive<u64>,
        columns: &RangeInclusive<u64>,
    ) -> Result<(Window, Arc<Sheet>), CellsError> {
        window::check(rows, columns)?;
        let (title, index, sheet) = self.open(path, reading, sheet)?;
        let window = window::cut_out(&sheet, &title, index, rows, columns)?;
        Ok((window, sheet))
    }

    /// A sheet of a file, with its title and its position.
    fn open(
        &self,
        path: &Path,
        reading: &Reading,
        sheet: Choice<'_>,
    ) -> Result<(String, usize, Arc<Sheet>), CellsError> {
        let file = FileVersion::of(path, reading)?;
        let book = self.book(&file)?;
        let known = book.sheets();
        let found = match sheet {
            Choice::Named(name) => known.iter().position(|known| known.title == name),
            Choice::At(index) => Some(index).filter(|&index| index < known.len()),
        };
        let index = found.ok_or_else(|| CellsError::NoSheet {
            name: file.name(),
            sheet: match sheet {
                Choice::Named(name) => format!("{name:?}"),
                Choice::At(index) => format!("at position {index}"),
            },
            sheets: known.iter().map(|known| known.title.clone()).collect(),
        })?;
        let sheet = self.sheet(&file, &book, index)?;
        Ok((known[index].title.clone(), index, sheet))
    }

    /// The structure of a file.
    fn book(&self, file: &FileVersion) -> Result<Arc<Book>, CellsError> {
        let made = self.part(file, Part::Structure, || {
            let _turn = self.turns.take();
            let path = file.path()?;
            let book = Book::open_within(path, &file.reading().csv(), Some(self.sheet_bytes))
                .map_err(|failure| CellsError::of_reader(failure, &file.name()))?;
            let bytes = book.heap_bytes();
            Ok((Kept::Structure(Arc::new(book)), bytes))
        })?;
        match made {
            Kept::Structure(book) => Ok(book),
            _ => unreachable!("a structure is kept as one"),
        }
    }

    /// A sheet of a file.
    fn sheet(
        &self,
        file: &FileVersion,
        book: &Book,
        index: usize,
    ) -> Result<Arc<Sheet>, CellsError> {
        let made = self.part(file, Part::Sheet(index), || {
            let _turn = self.turns.take();
            let limits = file.reading().limits(self.sheet_bytes);
            let sheet = book
                .scan(index, limits, &Watch::default())
                .map_err(|failure| CellsError::of_reader(failure, &file.name()))?;
            // The shared text lives as long as any of the workbook's sheets does.
            let bytes = sheet.heap_bytes() + sheet.arena(true).len();
            Ok((Kept::Sheet(Arc::new(sheet)), bytes))
        })?;
        match made {
            Kept::Sheet(sheet) => Ok(sheet),
            _ => unreachable!("a sheet is kept as one"),
        }
    }

    /// A part of a file: kept, or made now. Failures are kept too, so that a file that takes long to be refused is refused
    /// at once when it is asked for again; but not those that may pass, and nothing of a file that has changed meanwhile.
    fn part(
        &self,
        file: &FileVersion,
        part: Part,
        make: impl FnOnce() -> Result<(Kept, usize), CellsError>,
    ) -> Result<Kept, CellsError> {
        let key = Key {
            file: file.clone(),
            part,
        };
        self.shelf.get(&key, || {
            let (outcome, bytes) = match make() {
                Ok((kept, bytes)) => (Ok(kept), Some(bytes)),
                Err(failure) => {
                    let bytes = (!failure.may_pass()).then_some(FAILURE_BYTES);
                    (Err(failure), bytes)
                }
            };
            Sized {
                outcome,
                bytes: bytes.filter(|_| file.still_holds()),
            }
        })
    }
}
