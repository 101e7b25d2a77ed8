//! Reads exports that state the type of each row in a column: a head, a record, a sum. Each head begins a table behind that
//! column, and the text before it is the section of the table's records.

use super::{SheetNotice, SheetRowView, SheetView, Span};
use crate::fields::looks::rows::simplify;
use crate::layout::RowKind;
use crate::words::data::{LISTS, WordList};

/// The maximum number of first columns that may state the type of rows.
const MAX_COLUMNS: usize = 3;
static HEADS: WordList = WordList::new(|| LISTS.phrases("types of headers"));
static RECORDS: WordList = WordList::new(|| LISTS.words("types of records"));
static SUMS: WordList = WordList::new(|| LISTS.phrases("types of sums"));

/// Returns the kind of a row that a word states.
fn kind_of(word: &str) -> Option<RowKind> {
    let word = simplify(word);
    let is = |known: &[&str]| known.contains(&word.as_str());
    match () {
        () if is(&HEADS) => Some(RowKind::Header),
        () if is(&RECORDS) => Some(RowKind::Data),
        () if is(&SUMS) => Some(RowKind::Total),
        () => None,
    }
}

/// Returns the column that states the type of each row, and the types.
fn types_of(rows: SheetRowView<'_>, count: usize) -> Option<(usize, Vec<Option<RowKind>>)> {
    let kind = |row: usize, column: usize| kind_of(&rows.text_at(row, column));
    (0..MAX_COLUMNS).find_map(|column| {
        let mut types = Vec::with_capacity(count);
        for row in 0..count {
            let found = kind(row, column);
            if found.is_none() && !rows.is_empty(row) {
                return None;
            }
            types.push(found);
        }
        let has = |kind| types.contains(&Some(kind));
        (has(RowKind::Header) && has(RowKind::Data)).then_some((column, types))
    })
}

impl SheetView<'_> {
    /// Opens the tables of a sheet whose rows state their types. Returns whether they do.
    pub(super) fn read_row_types(&mut self) -> bool {
        let Some((column, types)) = types_of(self.rows, self.kinds.len()) else {
            return false;
        };
        let mut left_out = Vec::new();
        for (row, kind) in types.into_iter().enumerate() {
            self.kinds[row] = kind.unwrap_or(RowKind::Other);
            match (kind, self.spans.last_mut()) {
                (Some(RowKind::Header), _) => {
                    let before = self.rows.texts_within(row, &(0..column)).into_iter();
                    let section: Vec<String> = before.map(|(_, text)| text).collect();
                    self.spans.push(Span {
                        columns: column + 1..usize::MAX,
                        section: (column > 0).then(|| section.join(" ")),
                        ..Span::new(row, 1, row + 1)
                    });
                }
                (Some(RowKind::Data), Some(span)) => span.stop = row + 1,
                (Some(_), _) => left_out.push(row),
                (None, _) => {}
            }
        }
        if !left_out.is_empty() {
            self.told.push(SheetNotice::LeftOutBelow(left_out, false));
        }
        self.leave_out_above();
        true
    }
}
