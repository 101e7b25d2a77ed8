//! Handles the rows above a header: small tables that are left out, titles of pages, the section of the table in a line of its
//! own, and lines that describe its amounts.

use foldhash::HashMap;

use super::rows::{has_letter, is_digit, trim};
use super::view::MIN_FIELDS;
use super::{SheetNotice, SheetRowView, SheetView, Span};
use crate::cells::CellTag;
use crate::layout::totals::names_deduction;
use crate::words::data::{LISTS, WordList};

/// The maximum number of characters of a section name; longer texts are notes.
const MAX_SECTION_CHARS: usize = 80;
/// The maximum number of blank rows between a line and the header that it belongs to.
const MAX_BLANK_ROWS: usize = 2;
/// The maximum number of lines that name the section of a table, and of texts in each.
const MAX_LINES: usize = 3;
const MAX_TEXTS: usize = 3;

/// The maximum number of rows of small tables above the first table that names fields, and of cells in each row.
const MAX_SMALL_ROWS: usize = 12;
const MAX_SMALL_CELLS: usize = 3;
/// The maximum number of cells in each row if the small tables have fewer rows than the table below.
const MAX_SUMMARY_CELLS: usize = 6;

/// Words for a page.
static PAGES: WordList = WordList::new(|| LISTS.words("pages"));
/// Words between the number of a page and the number of pages.
const OF: [&str; 6] = ["/", "of", "von", "de", "di", "van"];
/// Phrases that say that a table continues, the longer ones first.
static CONTINUED: WordList = WordList::new(|| LISTS.phrases("continued"));

impl SheetView<'_> {
    /// Leaves out small tables above the first table whose header names two fields, if none of their headers names a field:
    /// summaries, settings.
    pub(super) fn leave_out_above(&mut self) {
        let fields = |span: &Span| {
            let header = span.start..span.data_start().max(span.start + 1);
            self.fields_of(span, header)
        };
        let first = self
            .spans
            .iter()
            .position(|span| fields(span) >= MIN_FIELDS);
        let Some(first) = first.filter(|&first| first > 0) else {
            return;
        };
        let (small, main) = self.spans.split_at(first);
        let rows_of = |span: &Span| self.rows.filled_rows(span.start..span.stop);
        let rows: Vec<usize> = small.iter().flat_map(rows_of).collect();
        // A summary has fewer rows than the records below it.
        let records = self.rows.filled_rows(main[0].data());
        let max_cells = match rows.len() < records.count() {
            true => MAX_SUMMARY_CELLS,
            false => MAX_SMALL_CELLS,
        };
        let is_narrow = |span: &Span| {
            let width = |row: usize| self.rows.texts_within(row, &span.columns).len();
            rows_of(span).all(|row| width(row) <= max_cells)
        };
        let is_small = rows.len() <= MAX_SMALL_ROWS
            && small
                .iter()
                .all(|span| fields(span) == 0 && is_narrow(span));
        // A table that is interrupted by a gap continues below with the same columns.
        let is_other =
            |row: &usize| !self.has_values(*row) || !self.is_like(*row, main[0].data_start());
        if is_small && rows.iter().all(is_other) {
            self.spans.drain(..first);
            self.told.push(SheetNotice::TablesAbove(rows));
        }
    }

    /// Ends tables above the title of the next page.
    pub(super) fn end_above_titles(&mut self) {
        for span in &mut self.spans {
            while span.stop > span.data_start() && self.titles.contains(&(span.stop - 1)) {
                span.stop -= 1;
            }
        }
        // A title above the first table is no row of it anyway.
        let first = self.spans.first().map_or(usize::MAX, |span| span.start);
        let among: Vec<usize> = self
            .titles
            .iter()
            .copied()
            .filter(|&row| row > first)
            .collect();
        if !among.is_empty() {
            self.told.push(SheetNotice::PageTitles(among));
        }
    }

    /// If several tables have the same header, sets the section of each to the texts in the lines above it that differ from
    /// table to table: a person, a site, a week. A single table has a title there, which distinguishes no records.
    pub(super) fn name_sections(&mut self) {
        let mut by_header: HashMap<Vec<String>, Vec<(usize, LinesAbove)>> = HashMap::default();
        let mut above = 0;
        for (at, span) in self.spans.iter().enumerate() {
            if let Some((header, lines)) = self.lines_of(span, above) {
                by_header.entry(header).or_default().push((at, lines));
            }
            above = span.data_start();
        }
        for found in by_header.values().filter(|found| found.len() > 1) {
            let count = found.iter().map(|(_, lines)| lines.texts.len()).min();
            let count = count.expect("there are two");
            let texts: Vec<Vec<&String>> = found
                .iter()
                .map(|(_, lines)| lines.texts[..count].iter().rev().flatten().collect())
                .collect();
            // If all tables have the same text, it is a label or a title.
            let differs = |at: usize| texts.iter().any(|other| other[at] != texts[0][at]);
            if texts.iter().any(|section| section.len() != texts[0].len())
                || !(0..texts[0].len()).any(differs)
            {
                continue;
            }
            for ((at, lines), texts) in found.iter().zip(&texts) {
                let own = texts.iter().enumerate().filter(|(at, _)| differs(*at));
                let name: Vec<&str> = own.map(|(_, text)| text.as_str()).collect();
                self.spans[*at].section = Some(without_continued(&name.join(" / ")).to_owned());
                if let Some(before) = at.checked_sub(1) {
                    let stop = &mut self.spans[before].stop;
                    *stop = (*stop).min(lines.row + 1 - count);
                }
            }
        }
    }

    /// Reports the line above a later table which says that its amounts are deducted, although they count like all others.
    pub(super) fn report_deductions(&mut self) {
        for at in 1..self.spans.len() {
            let (above, start) = (self.spans[at - 1].data_start(), self.spans[at].start);
            let first = start.saturating_sub(MAX_BLANK_ROWS + 1).max(above);
            let nearest = self.rows.filled_rows(first..start).next_back();
            let is_lone = |row: &usize| self.rows.filled(*row).nth(1).is_none();
            if let Some(row) = nearest.filter(is_lone)
                && let [(_, text)] = self.rows.texts(row).as_slice()
                && names_deduction(text)
            {
                self.told.push(SheetNotice::Deductions(row));
            }
        }
    }

    /// Returns the names of a table in order, and the lines above it; `None` if there are no such lines.
    fn lines_of(&self, span: &Span, above: usize) -> Option<(Vec<String>, LinesAbove)> {
        if span.header_rows == 0 {
            return None;
        }
        let first = span.start.saturating_sub(MAX_BLANK_ROWS + 1).max(above);
        let nearest = self.rows.filled_rows(first..span.start).next_back()?;
        let cells = self.rows.cells(span.data_start() - 1).into_iter();
        let mut header: Vec<String> = cells
            .map(|cell| self.rows.text(cell).to_lowercase())
            .collect();
        header.sort_unstable();
        let texts = lines_above(self.rows, nearest, above, header.len());
        let row = nearest;
        (!texts.is_empty()).then_some((header, LinesAbove { row, texts }))
    }
}

/// The lines above a table: the lowest row, and the texts of each line, from the lowest upwards.
struct LinesAbove {
    row: usize,
    texts: Vec<Vec<String>>,
}

/// Returns the texts of the lines from a row upwards to a blank one, if they are few; otherwise only those of the row itself,
/// if it has one text. A line with `width` cells is a record.
fn lines_above(rows: SheetRowView<'_>, row: usize, above: usize, width: usize) -> Vec<Vec<String>> {
    let mut lines: Vec<Vec<String>> = Vec::new();
    for row in (above..=row).rev().take_while(|&row| !rows.is_empty(row)) {
        let line = naming_texts(rows, row);
        let is_few = !line.is_empty() && line.len() < width.min(MAX_TEXTS + 1);
        lines.push(line);
        if !is_few || lines.len() > MAX_LINES {
            // This is a record, or one line too many: at most the nearest line names something.
            lines.truncate(1);
            lines.retain(|line| line.len() == 1);
            break;
        }
    }
    lines
}

/// Returns the texts of a line that name something, or none if it has anything other than values behind labels.
fn naming_texts(rows: SheetRowView<'_>, row: usize) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for cell in rows.cells(row) {
        let text = rows.text(cell);
        if cell.tag == CellTag::Text && !texts.contains(&text) {
            texts.push(text);
        } else if cell.tag != CellTag::Text && texts.pop().is_none_or(|label| !label.ends_with(':'))
        {
            return Vec::new();
        }
    }
    let names = |text: &String| {
        text.chars().count() <= MAX_SECTION_CHARS
            && has_letter(text)
            && !counts_pages(&text.to_lowercase())
    };
    let is_label = texts.len() == 1 && texts[0].ends_with(':');
    if is_label || !texts.iter().all(names) {
        return Vec::new();
    }
    texts
}

fn is_in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Returns whether a text names a page, or counts pages.
fn counts_pages(low: &str) -> bool {
    let mut words = low.split(|c| !is_in_word(c));
    if words.any(|word| PAGES.contains(&word)) || low.contains("ページ") || low.contains('页') {
        return true;
    }
    let bare = low.trim_matches(|c| !is_in_word(c));
    let rest = bare.trim_start_matches(is_digit);
    let between = rest.trim_end_matches(is_digit);
    rest.len() < bare.len() && between.len() < rest.len() && OF.contains(&trim(between))
}

/// Returns the text without a word at its end which says that a table continues.
fn without_continued(text: &str) -> &str {
    let bare = text.strip_suffix([')', ']']).unwrap_or(text);
    let bare = bare.strip_suffix('.').unwrap_or(bare);
    let begins = |word: &&str| {
        let start = bare.char_indices().rev().nth(word.chars().count() - 1)?.0;
        let is_word = bare[start..].to_lowercase() == **word;
        (is_word && !bare[..start].ends_with(is_in_word)).then_some(start)
    };
    match CONTINUED.iter().find_map(begins) {
        Some(start) => {
            let rest = &bare[..start];
            let rest = rest.strip_suffix(['(', '[']).unwrap_or(rest);
            rest.trim_end_matches(|c: char| c.is_whitespace() || ",–-".contains(c))
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_counted() {
        for text in ["page 3", "3 of 12", "- 3 / 12 -", "seite", "第3页"] {
            assert!(counts_pages(text), "{text}");
        }
        assert!(!counts_pages("pages of history"));
    }

    #[test]
    fn a_section_is_called_the_same_where_it_goes_on() {
        for text in [
            "North (continued)",
            "North, cont'd",
            "North – Forts.",
            "North [c.d.]",
        ] {
            assert_eq!(without_continued(text), "North", "{text}");
        }
        assert_eq!(without_continued("Discontinued"), "Discontinued");
    }
}
