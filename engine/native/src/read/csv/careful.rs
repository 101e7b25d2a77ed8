//! Reads a text again as a careful person would, where the rules of separated text alone would lose or shift cells.
//!
//! - A quote that is never closed, or is closed some rows below, is a letter if that makes its line fit. The same holds for a
//!   quote within quotes.
//! - `\"` is a quote if the text writes all of its quotes like this.
//! - Cells that were cut by a comma within an amount (`1,250`) become one cell if only that makes all rows fit; otherwise they
//!   are left empty.
//!
//! A row fits if it has as many cells as most rows. If no rule makes a row fit, it is read line by line, so that it damages no
//! other row.

use std::borrow::Cow;

use foldhash::HashMap;

use super::parser::Rows;
use crate::error::Result;

/// The maximum size of a quoted cell; a longer one has lost its closing quote.
const MAX_QUOTED_BYTES: usize = 1 << 20;
/// The maximum distance at which to look for the end of a cell with quotes within its quotes.
const MAX_SEARCH_BYTES: usize = 1 << 16;
/// The maximum number of records that determine the usual values of each column.
const MAX_SHOWING_RECORDS: usize = 1000;
/// The maximum number of surplus cells that commas within amounts explain.
const MAX_SURPLUS_CELLS: usize = 3;

/// Takes records like [`Rows`], and the repairs of each record, before its end.
pub trait Repairs: Rows {
    /// Reports that quotes of this record were read as letters.
    fn quotes_were_letters(&mut self);
    /// Reports that cells of this record were joined.
    fn was_joined(&mut self, fields: usize);
    /// Reports that all quotes of the text are written with backslashes.
    fn has_backslashes(&mut self);
}

/// Reads a whole text. `rows` itself skips the lines to be skipped.
///
/// # Errors
/// The errors of `rows`.
pub fn read(text: &[u8], delimiter: u8, rows: &mut impl Repairs) -> Result<()> {
    let text = Text::new(text, delimiter);
    if text.backslashes {
        rows.has_backslashes();
    }
    let mut usual = UsualRecord::from_text(&text);
    let mut joins = delimiter == b',' && usual.joins_all(&text);
    // If commas cut most rows, some rows still fit the first row, which is the header.
    if delimiter == b','
        && let Some(of_header) = usual.like_the_first(&text)
        && of_header.joins_all(&text)
    {
        (usual, joins) = (of_header, true);
    }
    let mut at = 0;
    while at < text.bytes.len() {
        let (record, letters) = text.next(at, usual.fields);
        at = record.end;
        let count = record.fields.len();
        let surplus = delimiter == b',' && count > usual.fields && usual.fields > 1;
        let joined = surplus.then(|| usual.joined(&record.fields)).flatten();
        if letters || usual.has_odd_quotes(&record.fields) {
            rows.quotes_were_letters();
        }
        match joined {
            Some(fields) if joins => {
                rows.was_joined(count);
                for field in &fields {
                    rows.field(field)?;
                }
            }
            _ if surplus => {
                let cut = usual.pieces(&record.fields);
                for (field, is_piece) in record.fields.iter().zip(cut) {
                    rows.field(if is_piece { b"" } else { field })?;
                }
            }
            _ => {
                for field in &record.fields {
                    rows.field(field)?;
                }
            }
        }
        rows.end_record()?;
    }
    Ok(())
}

struct Text<'a> {
    bytes: &'a [u8],
    delimiter: u8,
    backslashes: bool,
}

struct CsvRecord<'a> {
    fields: Vec<Cow<'a, [u8]>>,
    /// The position of the next record.
    end: usize,
    /// True if text follows a closing quote, or the last quote is not closed.
    is_broken: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    /// The first quote within quotes closes them.
    Strict,
    /// Only a quote at the end of a cell closes it; without one, the opening quote is a letter.
    Lenient,
}

impl<'a> Text<'a> {
    fn new(bytes: &'a [u8], delimiter: u8) -> Self {
        let doubled = Self {
            bytes,
            delimiter,
            backslashes: false,
        };
        if memchr::memmem::find(bytes, b"\\\"").is_none() {
            return doubled;
        }
        let escaped = Self {
            backslashes: true,
            ..doubled
        };
        // Backslashes must explain the whole text: no broken quote is left, and rows have no more different lengths than
        // otherwise.
        let (broken, kinds) = escaped.broken_and_kinds();
        let (broken_otherwise, kinds_otherwise) = doubled.broken_and_kinds();
        if broken == 0 && broken_otherwise > 0 && kinds <= kinds_otherwise {
            escaped
        } else {
            doubled
        }
    }

    fn broken_and_kinds(&self) -> (usize, usize) {
        let (mut at, mut broken, mut kinds) = (0, 0, HashMap::default());
        while at < self.bytes.len() {
            let record = self.record(at, self.bytes.len(), Quotes::Strict);
            at = record.end;
            broken += usize::from(record.is_broken);
            *kinds.entry(record.fields.len()).or_insert(0) += 1;
        }
        (broken, kinds.len())
    }

    /// Returns the record at a position, and whether quotes in it became letters. `usual` is the number of fields of most
    /// records.
    fn next(&self, at: usize, usual: usize) -> (CsvRecord<'a>, bool) {
        let record = self.record(at, self.bytes.len(), Quotes::Strict);
        let line = self.line_end(at);
        let first = self.bytes.get(at..record.end.min(line)).unwrap_or_default();
        if !record.is_broken && record.end <= self.behind(line) || !first.contains(&b'"') {
            return (record, false);
        }
        let alone = self.record(at, line, Quotes::Lenient);
        let fits = usual > 1 && alone.fields.len() == usual;
        if !record.is_broken {
            // A cell of several lines, unless each of its lines is a row by itself.
            let swallowed = fits && self.lines_fit(alone.end, record.end, usual);
            return if swallowed {
                (alone, true)
            } else {
                (record, false)
            };
        }
        if !fits {
            let stop = self.bytes.len().min(at + MAX_SEARCH_BYTES);
            let several = self.record(at, stop, Quotes::Lenient);
            if usual > 1
                && several.fields.len() == usual
                && !self.lines_fit(alone.end, several.end, usual)
            {
                return (several, true);
            }
        }
        (alone, true)
    }

    /// Returns whether there are lines between two positions and each has the usual number of fields.
    fn lines_fit(&self, mut at: usize, stop: usize, usual: usize) -> bool {
        let mut any = false;
        while at < stop {
            let record = self.record(at, self.line_end(at), Quotes::Lenient);
            if record.fields.len() != usual {
                return false;
            }
            at = record.end;
            any = true;
        }
        any
    }

    /// Returns the end of the line, before its line break.
    fn line_end(&self, at: usize) -> usize {
        memchr::memchr2(b'\n', b'\r', &self.bytes[at..])
            .map_or(self.bytes.len(), |length| at + length)
    }

    /// Returns the position after the line break at `end`.
    fn behind(&self, end: usize) -> usize {
        match self.bytes.get(end..) {
            Some([b'\r', b'\n', ..]) => end + 2,
            Some([_, ..]) => end + 1,
            _ => end,
        }
    }

    /// Returns the record at a position. None of its cells continue beyond `stop`.
    fn record(&self, mut at: usize, stop: usize, quotes: Quotes) -> CsvRecord<'a> {
        let (mut fields, mut is_broken) = (Vec::new(), false);
        if at < stop || !self.ends_line(at) {
            loop {
                let (field, end, broken) = self.field(at, stop, quotes);
                fields.push(field);
                is_broken |= broken;
                at = end;
                if self.bytes.get(at) != Some(&self.delimiter) || at >= stop {
                    break;
                }
                at += 1;
            }
        }
        CsvRecord {
            fields,
            end: self.behind(at),
            is_broken,
        }
    }

    fn ends_line(&self, at: usize) -> bool {
        matches!(self.bytes.get(at), None | Some(b'\n' | b'\r'))
    }

    /// Returns the field at a position, its end, and whether its quotes are broken.
    fn field(&self, at: usize, stop: usize, quotes: Quotes) -> (Cow<'a, [u8]>, usize, bool) {
        let plain = |from: usize| {
            let rest = &self.bytes[from..stop.max(from)];
            memchr::memchr3(self.delimiter, b'\n', b'\r', rest)
                .map_or(stop.max(from), |length| from + length)
        };
        if self.bytes.get(at) != Some(&b'"') || at >= stop {
            let end = plain(at);
            return (Cow::Borrowed(&self.bytes[at..end]), end, false);
        }
        let most = stop.min(at.saturating_add(MAX_QUOTED_BYTES));
        let (mut text, mut next) = (Vec::new(), at + 1);
        while let Some(length) = self.next_sign(&self.bytes[next..most]) {
            text.extend_from_slice(&self.bytes[next..next + length]);
            next += length;
            let behind = self.bytes.get(next + 1).filter(|_| next + 1 < stop);
            if self.bytes[next] == b'\\' {
                match behind {
                    Some(&sign @ (b'"' | b'\\')) => {
                        text.push(sign);
                        next += 2;
                    }
                    _ => {
                        text.push(b'\\');
                        next += 1;
                    }
                }
                continue;
            }
            match behind {
                Some(b'"') if !self.backslashes => {
                    text.push(b'"');
                    next += 2;
                }
                None | Some(b'\n' | b'\r') => return (text.into(), next + 1, false),
                Some(sign) if *sign == self.delimiter => return (text.into(), next + 1, false),
                Some(_) if quotes == Quotes::Lenient => {
                    text.push(b'"');
                    next += 1;
                }
                Some(_) => {
                    let end = plain(next + 1);
                    text.extend_from_slice(&self.bytes[next + 1..end]);
                    return (text.into(), end, true);
                }
            }
        }
        if quotes == Quotes::Strict {
            text.extend_from_slice(&self.bytes[next..most]);
            return (text.into(), most, true);
        }
        let end = plain(at);
        (Cow::Borrowed(&self.bytes[at..end]), end, true)
    }

    fn next_sign(&self, rest: &[u8]) -> Option<usize> {
        if self.backslashes {
            memchr::memchr2(b'"', b'\\', rest)
        } else {
            memchr::memchr(b'"', rest)
        }
    }
}

/// The kind of value that a cell seems to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum CsvCellShape {
    Number,
    Date,
    Text,
}

fn look(field: &[u8]) -> Option<CsvCellShape> {
    let field = field.trim_ascii();
    let digits = field.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = field
        .iter()
        .filter(|byte| byte.is_ascii_alphabetic())
        .count();
    let marks = field
        .iter()
        .skip(1)
        .filter(|byte| matches!(byte, b'-' | b'/' | b':'))
        .count();
    let dots = field.iter().filter(|byte| **byte == b'.').count();
    if field.is_empty() {
        None
    } else if digits == 0 || letters > 3 {
        Some(CsvCellShape::Text)
    } else if marks >= 1 && digits >= 3 || dots == 2 && (4..=8).contains(&digits) {
        Some(CsvCellShape::Date)
    } else if letters == 0 {
        Some(CsvCellShape::Number)
    } else {
        Some(CsvCellShape::Text)
    }
}

/// The properties of most records.
struct UsualRecord {
    /// The number of fields; 0 or 1 if the text has no columns.
    fields: usize,
    /// The kind of value in each column, if most of its cells have the same.
    looks: Vec<Option<CsvCellShape>>,
}

impl UsualRecord {
    fn from_text(text: &Text<'_>) -> Self {
        let most = |counts: &HashMap<usize, usize>| {
            let several = counts.iter().filter(|(fields, _)| **fields > 1);
            several
                .max_by_key(|(fields, count)| (**count, **fields))
                .map_or(0, |(fields, _)| *fields)
        };
        let (mut sound, mut lines) = (HashMap::default(), HashMap::default());
        let (mut at, mut sound_bytes) = (0, 0);
        while at < text.bytes.len() {
            let record = text.record(at, text.bytes.len(), Quotes::Strict);
            if !record.is_broken {
                *sound.entry(record.fields.len()).or_insert(0) += 1;
                sound_bytes += record.end - at;
            }
            at = record.end;
        }
        let fields = if sound_bytes * 3 >= text.bytes.len() {
            most(&sound)
        } else {
            let mut at = 0;
            while at < text.bytes.len() {
                let record = text.record(at, text.line_end(at), Quotes::Lenient);
                *lines.entry(record.fields.len()).or_insert(0) += 1;
                at = record.end;
            }
            most(&lines)
        };
        Self::with(text, fields)
    }

    /// Returns the properties of the records with this number of fields.
    fn with(text: &Text<'_>, fields: usize) -> Self {
        let mut looks = vec![HashMap::<CsvCellShape, usize>::default(); fields];
        let (mut at, mut shown) = (0, 0);
        while at < text.bytes.len() && shown <= MAX_SHOWING_RECORDS {
            let (record, _) = text.next(at, fields);
            at = record.end;
            if record.fields.len() != fields {
                continue;
            }
            shown += 1;
            // The first record is the header.
            for (column, field) in looks.iter_mut().zip(&record.fields).filter(|_| shown > 1) {
                if let Some(look) = look(field) {
                    *column.entry(look).or_insert(0) += 1;
                }
            }
        }
        let looks = looks.into_iter().map(|column| {
            let all: usize = column.values().sum();
            let most = column.into_iter().max_by_key(|(_, count)| *count)?;
            (most.1 * 3 >= all * 2).then_some(most.0)
        });
        Self {
            fields,
            looks: looks.collect(),
        }
    }

    /// Returns the properties of records like the first one with several fields, if it has fewer fields than most records.
    fn like_the_first(&self, text: &Text<'_>) -> Option<Self> {
        let (mut at, mut first, mut alike) = (0, 0, 0);
        while at < text.bytes.len() {
            let (record, _) = text.next(at, self.fields);
            at = record.end;
            if first == 0 && record.fields.len() > 1 {
                first = record.fields.len();
            }
            alike += usize::from(record.fields.len() == first);
        }
        (1 < first && first < self.fields && alike > 1).then(|| Self::with(text, first))
    }

    /// Returns whether there are records with surplus fields, and all of them can be joined.
    fn joins_all(&self, text: &Text<'_>) -> bool {
        let (mut at, mut any) = (0, false);
        while at < text.bytes.len() {
            let (record, _) = text.next(at, self.fields);
            at = record.end;
            if record.fields.len() > self.fields {
                if self.joined(&record.fields).is_none() {
                    return false;
                }
                any = true;
            }
        }
        any
    }

    /// Returns the fields of a record with joined amounts, if exactly one way of joining makes it fit and look like the others.
    fn joined<'a>(&self, fields: &[Cow<'a, [u8]>]) -> Option<Vec<Cow<'a, [u8]>>> {
        let surplus = fields.len().checked_sub(self.fields)?;
        if surplus == 0 || surplus > MAX_SURPLUS_CELLS || self.fields < 2 {
            return None;
        }
        let mut found = None;
        let mut ways = vec![(0_usize, surplus, Vec::<Cow<'a, [u8]>>::new())];
        while let Some((at, left, made)) = ways.pop() {
            let Some(field) = fields.get(at) else {
                if left == 0 && made.len() == self.fields && found.replace(made).is_some() {
                    return None;
                }
                continue;
            };
            let column = made.len();
            let mut whole = field.to_vec();
            for more in 0..=left {
                if more > 0 {
                    let Some(next) = fields.get(at + more) else {
                        break;
                    };
                    if !goes_on(&whole, next) {
                        break;
                    }
                    whole.push(b',');
                    whole.extend_from_slice(next);
                }
                // If most cells of a column have one kind of value, a join to another kind is not tried.
                let fits = match (self.looks.get(column), look(&whole)) {
                    (Some(Some(usual)), Some(look)) => *usual == look,
                    (None, _) => false,
                    _ => true,
                };
                if fits {
                    let mut made = made.clone();
                    made.push(Cow::Owned(whole.clone()));
                    ways.push((at + more + 1, left - more, made));
                }
            }
        }
        found
    }

    /// Returns whether a plain field has an unpaired quote that means no inch, as in `12"`. In a column of numbers, it never
    /// means an inch.
    fn has_odd_quotes(&self, fields: &[Cow<'_, [u8]>]) -> bool {
        fields.iter().enumerate().any(|(column, field)| {
            let Cow::Borrowed(field) = field else {
                return false;
            };
            let quotes: Vec<usize> = memchr::memchr_iter(b'"', field).collect();
            let is_inch = |at: &usize| {
                let before = at.checked_sub(1).and_then(|before| field.get(before));
                let behind = field.get(at + 1);
                before.is_some_and(u8::is_ascii_digit)
                    && !behind.is_some_and(u8::is_ascii_alphanumeric)
            };
            let is_text = !matches!(
                self.looks.get(column),
                Some(Some(CsvCellShape::Number | CsvCellShape::Date))
            );
            quotes.len() % 2 == 1 && !(is_text && quotes.iter().all(is_inch))
        })
    }

    /// Returns for each field of a record whether it may be a piece of an amount.
    fn pieces(&self, fields: &[Cow<'_, [u8]>]) -> Vec<bool> {
        let mut pieces = vec![false; fields.len()];
        for at in 1..fields.len() {
            if goes_on(&fields[at - 1], &fields[at]) {
                pieces[at - 1] = true;
                pieces[at] = true;
            }
        }
        pieces
    }
}

/// Returns whether the comma between two pieces may be within an amount: 1,250 and 1,250.50 and 12,5 and 12,50.
fn goes_on(piece: &[u8], next: &[u8]) -> bool {
    let tail = piece.trim_ascii_start();
    let tail = tail.rsplit(|byte| *byte == b',').next().unwrap_or_default();
    let starts = tail.len()
        - tail
            .iter()
            .rev()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
    let digits = tail.len() - starts;
    // A currency or a sign may come before the digits.
    let before = &tail[..starts];
    let is_sign = before.iter().all(|byte| !byte.is_ascii_alphanumeric());
    let is_currency = before.len() <= 4
        && before
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || *byte == b' ');
    let is_amount = digits > 0 && (is_sign || is_currency);
    let next = next.trim_ascii_end();
    let whole = next.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = &next[whole..];
    let ends = rest.is_empty()
        || rest.first() == Some(&b'.') && rest[1..].iter().all(u8::is_ascii_digit)
        || rest.len() <= 4
            && rest
                .iter()
                .all(|byte| !byte.is_ascii_digit() && !matches!(byte, b'-' | b'/' | b':' | b'.'));
    let thousands = whole == 3 && digits <= 3 && tail.get(starts) != Some(&b'0');
    let cents = (1..=2).contains(&whole) && !rest.starts_with(b".") && !piece.contains(&b',');
    is_amount && ends && (thousands || cents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct CollectedRecords {
        done: Vec<Vec<String>>,
        open: Vec<String>,
        letters: Vec<usize>,
        joined: Vec<usize>,
        backslashes: bool,
    }

    impl Rows for CollectedRecords {
        fn field(&mut self, field: &[u8]) -> Result<()> {
            self.open.push(String::from_utf8_lossy(field).into_owned());
            Ok(())
        }

        fn end_record(&mut self) -> Result<()> {
            self.done.push(std::mem::take(&mut self.open));
            Ok(())
        }
    }

    impl Repairs for CollectedRecords {
        fn quotes_were_letters(&mut self) {
            self.letters.push(self.done.len() + 1);
        }

        fn was_joined(&mut self, _: usize) {
            self.joined.push(self.done.len() + 1);
        }

        fn has_backslashes(&mut self) {
            self.backslashes = true;
        }
    }

    fn collected(text: &str) -> CollectedRecords {
        let mut rows = CollectedRecords::default();
        read(text.as_bytes(), b',', &mut rows).unwrap();
        rows
    }

    #[test]
    fn quotes_that_swallow_rows_are_letters() {
        for (text, row, letters) in [
            // Never closed; closed by the quote of a later row; closed as if intended.
            (
                "a,b,c\n1,\"x,2\n3,y,4\n5,z,6\n",
                &["1", "\"x", "2"],
                vec![2],
            ),
            (
                "a,b,c\n1,\"x,2\n3,y,4\n5,\"z\",6\n",
                &["1", "\"x", "2"],
                vec![2],
            ),
            (
                "a,b,c\n1,\"x,2\n3,y\",4\n5,z,6\n",
                &["1", "\"x", "2"],
                vec![2, 3],
            ),
            // Within quotes, and followed by a delimiter.
            (
                "a,b,c\n1,\"12\" wide, new\",2\n3,y,4\n",
                &["1", "12\" wide, new", "2"],
                vec![2],
            ),
            // A single quote in a cell without quotes.
            (
                "a,b,c\n1,Ba\"uer,2\n3,y,4\n",
                &["1", "Ba\"uer", "2"],
                vec![2],
            ),
            // Correct quotes: cells of several lines, doubled quotes, quotes within plain cells.
            ("a,b,c\n1,\"x\ny\",2\n3,y,4\n", &["1", "x\ny", "2"], vec![]),
            (
                "a,b,c\n1,\"x \"\"y\"\", z\",2\n3,y,4\n",
                &["1", "x \"y\", z", "2"],
                vec![],
            ),
            ("a,b,c\n1,12\",2\n3,y,4\n", &["1", "12\"", "2"], vec![]),
            (
                "a,b,c\n1,2,\"x\ny, z\nw\"\n3,y,4\n",
                &["1", "2", "x\ny, z\nw"],
                vec![],
            ),
        ] {
            let found = collected(text);
            assert_eq!(found.done[1], row, "{text:?}");
            assert_eq!(found.letters, letters, "{text:?}: {:?}", found.done);
            assert!(
                found.done.iter().all(|row| row.len() == 3),
                "{text:?}: {:?}",
                found.done
            );
        }
    }

    #[test]
    fn backslashes_before_quotes_are_known_where_all_are_written_so() {
        let found = collected("\"a\",\"b\"\n\"x , \\\"who?\\\" y\",\"A\\\\\"\n\"plain\",\"B\"\n");
        assert!(found.backslashes);
        assert_eq!(found.done[1], ["x , \"who?\" y", "A\\"]);
        let found = collected("\"a\",\"b\"\n\"C:\\\",\"x\"\n\"D:\\\",\"y\"\n");
        assert!(!found.backslashes);
        assert_eq!(found.done[1], ["C:\\", "x"]);
    }

    #[test]
    fn amounts_that_a_comma_has_cut_are_joined_where_all_rows_fit_then_and_else_left_empty() {
        let rows = |middle: &str| {
            format!(
                "no,who,amount,day\n1,V,950,2025-01-02\n{middle}3,R,800,2025-01-04\n4,C,120,2025-01-05\n"
            )
        };
        let found = collected(&rows("2,N,1,250,2025-01-03\n"));
        assert_eq!(
            (found.done[2].join("|"), found.joined),
            ("2|N|1,250|2025-01-03".to_owned(), vec![3])
        );
        let found = collected(&rows("2,N,1,250.50,2025-01-03\n5,M,12,50,2025-01-03\n"));
        assert_eq!(
            (found.done[2].join("|"), found.joined),
            ("2|N|1,250.50|2025-01-03".to_owned(), vec![3, 4])
        );
        let found = collected("who,pay,town\nA,1,50,U\nB,20,U\nC,30,25,U\n");
        assert_eq!(
            (found.done[1].join("|"), found.joined),
            ("A|1,50|U".to_owned(), vec![2, 4])
        );
        // No row fits: a column may lack its header.
        let found = collected("who,pay\nA,250,20\nB,310,15\n");
        assert_eq!(
            (found.done[1].join("|"), found.joined),
            ("A|250|20".to_owned(), vec![])
        );
        // The name has a comma, and no amount can be the cause: nothing is joined, and pieces of amounts are empty.
        let found = collected(&rows("2,N,1,250,2025-01-03\n5,M, Ltd,12,2025-01-03\n"));
        assert_eq!(
            (found.done[2].join("|"), found.joined),
            ("2|N|||2025-01-03".to_owned(), vec![])
        );
        assert_eq!(found.done[3].join("|"), "5|M| Ltd|12|2025-01-03");
    }
}
