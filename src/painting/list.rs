//! The first sheet: all issues with links to their cells, in the same form as the list of the output.

use std::io::Write;

use ade_engine_native::write::cells::{CellWriter, MomentStyles};
use ade_engine_native::write::list_sheet::{self, HEADER_ROW, Role};
use ade_engine_native::write::styles::{LINE, PALE_LINE};

use super::mark::IssueMark;
use super::refusal::Trouble;
use super::styles::{INK, WorkbookStyles};
use super::workbook::quoted;
use super::xml::text::{attribute, shortened};
use crate::base::counted::plural;
use crate::base::places::{MAX_SHEET_ROWS, letters};
use crate::issues::{Language, Severity};

/// The row of the header. The lines follow it.
pub const HEADER: u64 = HEADER_ROW as u64;
/// The maximum number of lines that a sheet has room for.
pub const MAX_LIST_LINES: usize = (MAX_SHEET_ROWS - HEADER) as usize;
/// The maximum length of a cell's text (ECMA-376 leaves it to programs; all use this limit).
const MAX_LIST_TEXT_CHARS: usize = 32_767;
/// The height of a line of text in points, and the maximum number of lines that a row shows.
const LINE_HEIGHT: usize = 15;
const MAX_ROW_LINES: usize = 8;

/// A column: its name, its role, and the text that it shows for a mark.
type IssueListColumn = (&'static str, Role, fn(&IssueMark) -> String);

const COLUMNS: [IssueListColumn; 9] = [
    ("Sheet", Role::Text, |mark| mark.sheet.clone()),
    ("Cell", Role::Link, |mark| {
        mark.language.say_place(&mark.place.to_string())
    }),
    ("Severity", Role::Severity, |mark| {
        mark.severity.word().to_owned()
    }),
    ("Field", Role::Text, |mark| mark.field.clone()),
    ("Original value", Role::Wrapped, |mark| mark.value.clone()),
    ("Written", Role::Written, |mark| {
        match mark.written.as_deref() {
            Some("") => list_sheet::LEFT_EMPTY.to_owned(),
            written => written.unwrap_or_default().to_owned(),
        }
    }),
    ("What is wrong", Role::Wrapped, |mark| mark.message.clone()),
    ("Record", Role::Text, |mark| {
        mark.key.clone().unwrap_or_default()
    }),
    ("Rule", Role::Quiet, |mark| mark.rule.clone()),
];

/// Adds the formats of the list's cells to a workbook's formats. This comes before painting cells, so that the list gets the
/// last free ones.
pub fn formats(styles: &mut WorkbookStyles) -> Result<Vec<u32>, Trouble> {
    // The first look is that of a plain cell, which every workbook has.
    let mut numbers = vec![0];
    for look in list_sheet::looks().iter().skip(1) {
        let shapes = [(look.bold, "b"), (look.italic, "i"), (look.underlined, "u")];
        let shape = shapes.iter().find(|(is_so, _)| *is_so);
        let shape = shape.map(|(_, name)| *name);
        let font = styles.font(look.ink.unwrap_or(INK), look.size.into(), shape)?;
        let fill = look.fill.map_or(0, |color| styles.fill(color));
        let border = match (look.thin_below, look.line_below) {
            (true, _) => styles.line_below("thin", PALE_LINE),
            (_, true) => styles.line_below("medium", LINE),
            _ => 0,
        };
        numbers.push(styles.text_format(font, fill, border, look.wraps));
    }
    Ok(numbers)
}

/// The list of issues before it is written.
pub struct PaintedIssueList(list_sheet::ListSheetContent);

impl PaintedIssueList {
    /// Lists all issues in their order; as many are written as a sheet has room for. Empty columns are left out. `file`: the
    /// original's name; `is_linked`: returns whether an issue gets a link to its cell. Excel considers a link to a hidden sheet
    /// invalid.
    pub fn new(marks: &[&IssueMark], file: &str, is_linked: impl Fn(&IssueMark) -> bool) -> Self {
        let language = language_of(marks.iter().copied());
        let has = |(name, ..): &&IssueListColumn| match *name {
            "Record" => marks.iter().any(|mark| mark.key.is_some()),
            "Written" => marks.iter().any(|mark| mark.written.is_some()),
            _ => true,
        };
        let columns: Vec<&IssueListColumn> = COLUMNS.iter().filter(has).collect();
        let heads = columns
            .iter()
            .map(|(name, role, _)| (language.say(name), *role));
        let title = format!("{} in {file}", plural(marks.len() as u64, "issue"));
        let title = language.say(&title);
        let mut list = list_sheet::ListSheetContent::new(&title, &counts(marks, language), heads);
        if language != Language::English {
            let severities = Severity::ALL.map(Severity::word);
            for word in severities.into_iter().chain([list_sheet::LEFT_EMPTY]) {
                list.say(word, language.say(word));
            }
        }
        for (line, mark) in marks.iter().take(MAX_LIST_LINES).enumerate() {
            for (number, (.., text)) in columns.iter().enumerate() {
                list.push(number, Some(&shortened(&text(mark), MAX_LIST_TEXT_CHARS)));
            }
            if let Some(cell) = mark.place.first_cell().filter(|_| is_linked(mark)) {
                list.link(line, format!("{}!{cell}", quoted(&mark.sheet)));
            }
        }
        Self(list)
    }

    /// Adds a note below the counts.
    pub fn note(&mut self, note: &str) {
        self.0.note(note);
    }

    fn last_row(&self) -> u64 {
        HEADER + self.0.lines() as u64
    }

    fn last_column(&self) -> String {
        letters(self.0.width() as u64)
    }

    /// Returns the area of header and lines in the form for a workbook's names: `$A$4:$I$9`.
    pub fn area(&self) -> String {
        format!("$A${HEADER}:${}${}", self.last_column(), self.last_row())
    }

    /// Writes the sheet with these formats, for a workbook with this number of windows.
    pub fn write(
        &self,
        out: &mut impl Write,
        formats: &[u32],
        namespace: &str,
        windows: usize,
    ) -> Result<(), Trouble> {
        let mut put = |text: &[u8]| out.write_all(text).map_err(Trouble::Write);
        let widths = self.0.widths();
        put(self.head(&widths, namespace, windows).as_bytes())?;
        let styles = MomentStyles {
            date_time: 0,
            date: 0,
            time: 0,
            duration: 0,
        };
        let mut cells = CellWriter::new(false, styles, None);
        let (mut rows, height) = (Vec::new(), |line| self.height(line, &widths));
        self.0
            .write(&mut cells, formats, height, &mut rows, |rows| {
                if rows.len() > 1 << 16 {
                    put(rows)?;
                    rows.clear();
                }
                Ok(())
            })?;
        put(&rows)?;
        let (area, last) = (self.area().replace('$', ""), self.last_row());
        let mut text = format!("</sheetData><autoFilter ref=\"{area}\"/>");
        let links = self.0.links();
        if !links.is_empty() {
            text.push_str("<hyperlinks>");
            for (cell, place) in &links {
                let place = attribute(place);
                text.push_str(&format!("<hyperlink ref=\"{cell}\" location=\"{place}\"/>"));
            }
            text.push_str("</hyperlinks>");
        }
        text.push_str(&format!(
            "<pageMargins left=\"0.5\" right=\"0.5\" top=\"0.5\" bottom=\"0.5\" header=\"0.3\" footer=\"0.3\"/><pageSetup \
             orientation=\"landscape\" fitToHeight=\"0\"/><ignoredErrors><ignoredError sqref=\"A1:{}{last}\" \
             numberStoredAsText=\"1\"/></ignoredErrors></worksheet>",
            self.last_column()
        ));
        put(text.as_bytes())
    }

    /// Returns everything before the first row.
    fn head(&self, widths: &[f64], namespace: &str, windows: usize) -> String {
        let tab = Severity::Error.ink();
        let (last, column) = (self.last_row(), self.last_column());
        // Each window of the workbook needs a view, or it would show the sheet with defaults.
        let views: String = (0..windows)
            .map(|window| {
                format!(
                    "<sheetView showGridLines=\"0\" tabSelected=\"1\" workbookViewId=\"{window}\"><pane ySplit=\"{HEADER}\" \
                     topLeftCell=\"A5\" activePane=\"bottomLeft\" state=\"frozen\"/><selection pane=\"bottomLeft\" \
                     activeCell=\"A5\" sqref=\"A5\"/></sheetView>"
                )
            })
            .collect();
        let widths: String = (1..)
            .zip(widths)
            .map(|(number, width)| {
                format!(
                    "<col min=\"{number}\" max=\"{number}\" width=\"{width}\" customWidth=\"1\"/>"
                )
            })
            .collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<worksheet xmlns=\"{namespace}\"><sheetPr><tabColor \
             rgb=\"FF{tab}\"/><pageSetUpPr fitToPage=\"1\"/></sheetPr><dimension ref=\"A1:{column}{last}\"/><sheetViews>{views}\
             </sheetViews><sheetFormatPr defaultRowHeight=\"15\"/><cols>{widths}</cols><sheetData>"
        )
    }

    /// Returns the height attributes of a line whose texts are wrapped. Not every program computes them itself.
    fn height(&self, line: usize, widths: &[f64]) -> String {
        let texts = self.0.wrapped(line);
        let lines = texts.map(|(column, text)| lines_in(text, widths[column] as usize - 2));
        match lines.max().unwrap_or(1).min(MAX_ROW_LINES) {
            0 | 1 => String::new(),
            lines => format!(" ht=\"{}\" customHeight=\"1\"", lines * LINE_HEIGHT),
        }
    }
}

/// Returns the language of marks, which all have the same.
pub fn language_of<'a>(mut marks: impl Iterator<Item = &'a IssueMark>) -> Language {
    marks
        .next()
        .map_or_else(Language::default, |mark| mark.language)
}

/// Returns the counts in words: `2 errors, 3 warnings.`
fn counts(marks: &[&IssueMark], language: Language) -> String {
    let count = |severity| {
        let marks = marks.iter().filter(|mark| mark.severity == severity);
        marks.count() as u64
    };
    let told = language.count(Severity::ALL.map(count));
    match told.is_empty() {
        true => language.say("Nothing to mark."),
        false => {
            let how = language.say("Click the name of a cell to go to it.");
            format!("{told}. {how}")
        }
    }
}

/// Returns the number of lines of a text that is broken between words. For long texts, stops above the maximum that a row
/// shows.
fn lines_in(text: &str, width: usize) -> usize {
    let wide = |letter: char| 1 + usize::from(letter >= '\u{1100}');
    let mut lines = 0;
    for paragraph in text.split('\n') {
        let mut taken = 0;
        lines += 1;
        for word in paragraph.split(' ') {
            let length: usize = word.chars().map(wide).sum();
            let with_space = taken + usize::from(taken > 0) + length;
            if with_space <= width {
                taken = with_space;
                continue;
            }
            // A word that is wider than a line is broken, too.
            lines += usize::from(taken > 0) + length.saturating_sub(1) / width;
            taken = length - length.saturating_sub(1) / width * width;
            if lines > MAX_ROW_LINES {
                return lines;
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_as_words_break() {
        for (text, lines) in [
            ("", 1),
            ("ten letters", 2),
            ("ten letter", 1),
            ("one two three four", 2),
            ("one\ntwo", 2),
            ("elevenletters", 2),
            ("of elevenletters", 3),
            ("二二二二二二", 2),
        ] {
            assert_eq!(lines_in(text, 10), lines, "{text}");
        }
        assert!(lines_in(&"word ".repeat(9_000), 10) > MAX_ROW_LINES);
    }
}
