//! Numbers that a workbook shows with leading zeros or with a currency: the formats that do so, and the cells that have such a
//! format.
//!
//! A postcode that was typed as 123 under the format `00000` is 00123 to everybody who looks at the sheet. Cells keep their
//! numbers; readers of codes ask here how a number is shown, and readers of currencies ask for the sign beside it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::merged::MergedRange;

/// Marks a digit's place in [`ZeroFormat::look`]; no file can have this character.
const PLACE: char = '\0';
/// The maximum number of digits that are exact in a workbook.
const MAX_ZERO_PLACES: usize = 15;

/// A number format that consists of zeros, such as `00000` or `000-00-0000`, or one with a currency, such as `#,##0 [$€-407]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZeroFormat {
    /// The shown text, with [`PLACE`] for each digit.
    look: String,
    places: usize,
    /// The currency's sign or code; empty if there is none.
    currency: String,
}

impl ZeroFormat {
    /// Reads a format code of zeros, or with a currency; none for any other code.
    pub fn of_format(code: &str) -> Option<Self> {
        let with_currency = || {
            currency_of(code).map(|currency| Self {
                look: String::new(),
                places: 0,
                currency,
            })
        };
        Self::of_zeros(code).or_else(with_currency)
    }

    /// Returns the currency that the format shows beside numbers.
    pub fn currency(&self) -> Option<&str> {
        (!self.currency.is_empty()).then_some(&*self.currency)
    }

    /// Reads a format code of zeros; none if it shows decimals, units behind the digits, or fewer than two zeros.
    fn of_zeros(code: &str) -> Option<Self> {
        let mut look = String::new();
        let mut places = 0;
        let mut rest = code.chars();
        while let Some(character) = rest.next() {
            match character {
                '0' => {
                    look.push(PLACE);
                    places += 1;
                }
                '-' | ' ' | '/' | '(' | ')' => look.push(character),
                '\\' => look.push(rest.next()?),
                '"' => loop {
                    match rest.next()? {
                        '"' => break,
                        literal => look.push(literal),
                    }
                },
                // A colour or a locale shows nothing; a condition would choose between sections.
                '[' => {
                    let inside: String = rest.by_ref().take_while(|c| *c != ']').collect();
                    if inside.starts_with(['<', '>', '='])
                        || inside.starts_with('$') && !inside.starts_with("$-")
                    {
                        return None;
                    }
                }
                // The next section is for negative numbers.
                ';' => break,
                _ => return None,
            }
        }
        (places > 1 && places <= MAX_ZERO_PLACES && look.ends_with(PLACE)).then_some(Self {
            look,
            places,
            currency: String::new(),
        })
    }

    /// Adds a number as the format shows it. Digits beyond the zeros go to the place of the first zero.
    pub fn push(&self, number: u64, out: &mut String) {
        let mut buffer = itoa::Buffer::new();
        let digits = buffer.format(number);
        let missing = self.places.saturating_sub(digits.len());
        let more = digits.len().saturating_sub(self.places);
        let mut place: usize = 0;
        for character in self.look.chars() {
            if character != PLACE {
                out.push(character);
                continue;
            }
            if place == 0 {
                out.push_str(&digits[..more]);
            }
            match place.checked_sub(missing) {
                Some(at) => out.push_str(&digits[more + at..=more + at]),
                None => out.push('0'),
            }
            place += 1;
        }
    }
}

/// Returns the currency's sign or code that a format shows: `"$"#,##0.00`, `#,##0.00 [$€-407]`, `[$CHF] 0`, `#,##0 "EUR"`.
fn currency_of(code: &str) -> Option<String> {
    let section = code.split(';').next()?;
    let mut rest = section;
    while let Some(at) = rest.find(['[', '"', '\\', '$', '€', '£', '¥']) {
        let mark = rest[at..].chars().next()?;
        let behind = &rest[at + mark.len_utf8()..];
        let stop = |end: char| behind.find(end).unwrap_or(behind.len());
        let (found, next) = match mark {
            '[' => {
                let inside = &behind[..stop(']')];
                let sign = inside
                    .strip_prefix('$')
                    .and_then(|sign| sign.split('-').next());
                (sign.unwrap_or_default(), inside.len() + 1)
            }
            '"' => {
                let inside = &behind[..stop('"')];
                let text = inside.trim();
                let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
                let is_sign =
                    text.contains(['$', '€', '£', '¥', '₹', '₽', '₩', '₪', '₺', '₫', '₴', '₱']);
                (if is_code || is_sign { text } else { "" }, inside.len() + 1)
            }
            '\\' => ("", 0),
            _ => (&rest[at..at + mark.len_utf8()], 0),
        };
        if !found.trim().is_empty() {
            return Some(found.trim().to_owned());
        }
        rest = behind.get(next..)?;
    }
    None
}

/// Successive rows of a column that have the same format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct FormatRun {
    first_row: u32,
    last_row: u32,
    format: u16,
}

/// The cells of a sheet whose numbers are shown with leading zeros or a currency.
#[derive(Debug, Default)]
pub struct ZeroCells {
    formats: Arc<[ZeroFormat]>,
    runs: BTreeMap<u32, Vec<FormatRun>>,
    count: usize,
}

impl ZeroCells {
    /// Sets the formats to which cells refer by number.
    pub fn set_formats(&mut self, formats: Arc<[ZeroFormat]>) {
        self.formats = formats;
    }

    /// Notes that a cell has the format with that number.
    pub fn note(&mut self, row: usize, column: usize, format: u16) {
        let row = row as u32;
        let runs = self.runs.entry(column as u32).or_default();
        match runs.last_mut() {
            Some(run) if run.format == format && run.last_row + 1 == row => run.last_row = row,
            _ => {
                self.count += 1;
                runs.push(FormatRun {
                    first_row: row,
                    last_row: row,
                    format,
                });
            }
        }
    }

    /// Sorts the runs, because rows may have come in any order.
    pub(super) fn finish(&mut self) {
        for runs in self.runs.values_mut().filter(|runs| !runs.is_sorted()) {
            runs.sort_unstable();
        }
    }

    /// Gives all cells of a range the format of its first cell.
    pub(super) fn fill(&mut self, range: &MergedRange) {
        let Some(format) = self.format_number(range.first_row, range.first_column) else {
            return;
        };
        for column in range.first_column..=range.last_column {
            let runs = self.runs.entry(column).or_default();
            let first = runs.partition_point(|run| run.last_row < range.first_row);
            let stop = runs.partition_point(|run| run.first_row <= range.last_row);
            let covered = &runs[first..stop];
            // The parts of a run above and below the range stay.
            let above = covered
                .first()
                .filter(|run| run.first_row < range.first_row);
            let below = covered.last().filter(|run| run.last_row > range.last_row);
            let parts = [
                above.map(|run| FormatRun {
                    last_row: range.first_row - 1,
                    ..*run
                }),
                Some(FormatRun {
                    first_row: range.first_row,
                    last_row: range.last_row,
                    format,
                }),
                below.map(|run| FormatRun {
                    first_row: range.last_row + 1,
                    ..*run
                }),
            ];
            let before = runs.len();
            runs.splice(first..stop, parts.into_iter().flatten());
            self.count = (self.count + runs.len()).saturating_sub(before);
        }
    }

    fn format_number(&self, row: u32, column: u32) -> Option<u16> {
        let runs = self.runs.get(&column)?;
        let after = runs.partition_point(|run| run.first_row <= row);
        let run = runs[..after].last()?;
        (run.last_row >= row).then_some(run.format)
    }

    /// Returns the format of a cell, if it shows leading zeros or a currency. Rows and columns count from 0.
    pub fn at(&self, row: usize, column: usize) -> Option<&ZeroFormat> {
        let format = self.format_number(u32::try_from(row).ok()?, u32::try_from(column).ok()?)?;
        self.formats.get(usize::from(format))
    }

    /// Returns whether some cell of a column has one of these formats, from `start` to before `stop`.
    pub fn any_in(&self, column: usize, start: usize, stop: usize) -> bool {
        let runs = u32::try_from(column)
            .ok()
            .and_then(|column| self.runs.get(&column));
        runs.is_some_and(|runs| {
            runs.iter()
                .any(|run| (run.first_row as usize) < stop && run.last_row as usize >= start)
        })
    }

    /// Returns the rows of a column whose format pads numbers with fewer digits than this: first row, last row, digits.
    pub fn padded_in(&self, column: usize) -> impl Iterator<Item = (usize, usize, usize)> {
        let runs = u32::try_from(column).ok();
        let runs = runs.and_then(|column| self.runs.get(&column));
        runs.into_iter().flatten().filter_map(|run| {
            let format = self.formats.get(usize::from(run.format))?;
            let is_padded = format.currency.is_empty();
            is_padded.then_some((run.first_row as usize, run.last_row as usize, format.places))
        })
    }

    /// Returns the bytes that the runs take.
    pub(super) fn bytes(&self) -> usize {
        self.count * size_of::<FormatRun>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(code: &str, number: u64) -> Option<String> {
        let mut out = String::new();
        ZeroFormat::of_format(code)?.push(number, &mut out);
        Some(out)
    }

    #[rustfmt::skip]
    #[test]
    fn formats_show_currencies() {
        for (code, currency) in [
            ("\"$\"#,##0.00", Some("$")), ("#,##0.00 [$€-407]", Some("€")),
            ("[$CHF-807] #,##0.00;[Red]-0", Some("CHF")), ("#,##0.00\\ \"EUR\"", Some("EUR")),
            ("$#,##0_);($#,##0)", Some("$")), ("_-* #,##0.00\\ €_-", Some("€")), ("#,##0 \"kg\"", None),
            ("[Red]0.00", None), ("[$-409]mmm", None), ("\"open", None), ("0%", None),
        ] {
            assert_eq!(currency_of(code).as_deref(), currency, "{code}");
        }
    }

    #[rustfmt::skip]
    #[test]
    fn numbers_are_shown_with_their_zeros() {
        for (code, number, wanted) in [
            ("00000", 123, "00123"), ("00000", 0, "00000"), ("0000", 123_456, "123456"),
            ("000-00-0000", 1_234_567, "001-23-4567"), (r"000\-00\-0000", 12_345_678_901, "12345-67-8901"),
            (r#""D-"00000"#, 1067, "D-01067"), (r"00\ 000\/00", 1234, "00 012/34"),
            ("00000;-00000;00000;@", 7, "00007"), ("[Red]00000", 7, "00007"), ("[$-409]00000", 7, "00007"),
        ] {
            assert_eq!(shown(code, number).as_deref(), Some(wanted), "{code}");
        }
        for code in [
            "General", "0", "0.00", "#,##0", "#,000", "00%", "00.0", r#"00" kg""#, "00 ", "00E+00",
            "[<=99999]00000;00000-0000", "[$€-407]00000", "00/00/yyyy", "@", "\"00", "0000000000000000", "",
        ] {
            assert_eq!(ZeroFormat::of_zeros(code), None, "{code}");
        }
    }

    #[test]
    fn formats_are_found_by_cell_in_whatever_order_rows_came() {
        let formats = ["00000", "000"].map(|code| ZeroFormat::of_format(code).unwrap());
        let mut cells = ZeroCells::default();
        cells.set_formats(Arc::new(formats));
        for (row, column, format) in [(7, 2, 0), (8, 2, 0), (9, 2, 1), (1, 2, 1), (1, 0, 0)] {
            cells.note(row, column, format);
        }
        cells.finish();
        let places = |cells: &ZeroCells, column, rows: &[usize]| -> Vec<Option<usize>> {
            let at = rows.iter().map(|row| cells.at(*row, column));
            at.map(|zeros| Some(zeros?.places)).collect()
        };
        let (three, five) = (Some(3), Some(5));
        let found = places(&cells, 2, &[8, 9, 1, 2, 10]);
        assert_eq!(found, [five, three, three, None, None]);
        assert_eq!(places(&cells, 1, &[1]), [None]);
        cells.fill(&MergedRange::of_reference("C9:D12").unwrap());
        assert_eq!(places(&cells, 3, &[8]), [five]);
        let found = places(&cells, 2, &[7, 8, 9, 11, 12]);
        assert_eq!(found, [five, five, five, five, None]);
        cells.fill(&MergedRange::of_reference("C2:C3").unwrap());
        let found = places(&cells, 2, &[1, 2, 3, 7, 10]);
        assert_eq!(found, [three, three, None, five, five]);
        cells.fill(&MergedRange::of_reference("C10:C11").unwrap());
        assert_eq!(places(&cells, 2, &[8, 11]), [five, five]);
        assert!(cells.any_in(2, 8, 9) && cells.any_in(2, 0, 2));
        assert!(!cells.any_in(2, 3, 7) && !cells.any_in(1, 0, 99));
    }
}
