//! The first sheet: all issues with links to their cells.
//!
//! Its texts stand in the cells, so that the sender's shared ones stay untouched, and are text whatever they look like:
//! `=…` stays what it was.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::Write;

use super::mark::Mark;
use super::refusal::Trouble;
use super::styles::{INK, Styles};
use super::workbook::quoted;
use super::xml::text::{attribute, push_text_element, shortened};
use crate::base::counted::plural;
use crate::base::places::{MOST_ROWS, letters};
use crate::issues::Severity;

/// The row of the header; lines follow.
pub const HEADER: u64 = 4;
/// Lines that a sheet has room for.
pub const MOST_LINES: usize = (MOST_ROWS - HEADER) as usize;
/// Excel's limit of links in a sheet.
pub const MOST_LINKS: usize = 65_530;
/// What a cell holds (ECMA-376 leaves it to programs; this is that of all of them).
const MOST_TEXT: usize = 32_767;
/// Widths are measured on so many lines.
const MEASURED: usize = 10_000;
/// The height of a line of text, in points, and as many lines as a row shows at most.
const LINE_HEIGHT: usize = 15;
const MOST_LINES_OF_ROW: usize = 8;

const HEAD_FILL: &str = "F3F1EC";
const QUIET: &str = "6B675F";
const LINK: &str = "2148C0";
const TAB: &str = "B42318";

/// A column of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Sheet,
    Cell,
    Severity,
    Field,
    Value,
    Written,
    Message,
    Key,
    Rule,
}

impl Column {
    const ALL: [Self; 9] = [
        Self::Sheet,
        Self::Cell,
        Self::Severity,
        Self::Field,
        Self::Value,
        Self::Written,
        Self::Message,
        Self::Key,
        Self::Rule,
    ];

    fn header(self) -> &'static str {
        match self {
            Self::Sheet => "Sheet",
            Self::Cell => "Cell",
            Self::Severity => "Severity",
            Self::Field => "Field",
            Self::Value => "Value as it stood",
            Self::Written => "Written",
            Self::Message => "What is wrong",
            Self::Key => "Whose row",
            Self::Rule => "Rule",
        }
    }

    /// Whether long texts are broken into lines.
    fn wraps(self) -> bool {
        matches!(self, Self::Value | Self::Written | Self::Message)
    }

    /// As wide as it gets, in letters.
    fn widest(self) -> usize {
        if self == Self::Message { 60 } else { 36 }
    }

    fn text(self, mark: &Mark) -> Cow<'_, str> {
        match self {
            Self::Sheet => mark.sheet.as_str().into(),
            Self::Cell => mark.place.to_string().into(),
            Self::Severity => mark.severity.word().into(),
            Self::Field => mark.field.as_str().into(),
            Self::Value => mark.value.as_str().into(),
            Self::Written => match mark.written.as_deref() {
                Some("") => "left empty".into(),
                written => written.unwrap_or_default().into(),
            },
            Self::Message => mark.message.as_str().into(),
            Self::Key => mark.key.as_deref().unwrap_or_default().into(),
            Self::Rule => mark.rule.as_str().into(),
        }
    }
}

/// The formats of the list's cells. They are taken before those of painted cells: the last free ones are for the list.
#[derive(Clone, Copy, Debug)]
pub struct Formats {
    heading: u32,
    quiet: u32,
    head: u32,
    plain: u32,
    wrapped: u32,
    link: u32,
    small: u32,
    empty: u32,
    severities: [u32; 3],
}

impl Formats {
    /// Adds them to a workbook's.
    pub fn new(styles: &mut Styles) -> Result<Self, Trouble> {
        let (line, rule) = (
            styles.line_below("thin", "E8E5DE"),
            styles.line_below("medium", "88837A"),
        );
        let ink = styles.font(INK, 11, None)?;
        let bold = styles.font(INK, 11, Some("b"))?;
        let quiet = styles.font(QUIET, 11, None)?;
        let heading = styles.font(INK, 14, Some("b"))?;
        let link = styles.font(LINK, 11, Some("u"))?;
        let empty = styles.font(TAB, 11, Some("i"))?;
        let head_fill = styles.fill(HEAD_FILL);
        let severities = Severity::ALL.map(|severity| {
            let fill = styles.fill(severity.fill());
            styles.text_format(bold, fill, line, false)
        });
        Ok(Self {
            heading: styles.text_format(heading, 0, 0, false),
            quiet: styles.text_format(quiet, 0, 0, false),
            head: styles.text_format(bold, head_fill, rule, false),
            plain: styles.text_format(ink, 0, line, false),
            wrapped: styles.text_format(ink, 0, line, true),
            link: styles.text_format(link, 0, line, false),
            small: styles.text_format(quiet, 0, line, false),
            empty: styles.text_format(empty, 0, line, true),
            severities,
        })
    }

    fn of(&self, column: Column, mark: &Mark, is_link: bool) -> u32 {
        match column {
            Column::Cell if is_link => self.link,
            Column::Severity => self.severities[mark.severity as usize],
            Column::Written if mark.written.as_deref() == Some("") => self.empty,
            wrapping if wrapping.wraps() => self.wrapped,
            Column::Rule => self.small,
            _ => self.plain,
        }
    }
}

/// The list before it is written.
pub struct List<'a> {
    marks: &'a [&'a Mark],
    columns: Vec<Column>,
    /// The original's name.
    file: &'a str,
    /// Said below the counts.
    notes: String,
    namespace: &'a str,
    windows: usize,
    formats: Formats,
}

impl<'a> List<'a> {
    /// All issues in the order in which they are listed, of which as many are written as a sheet has room for. A column that
    /// would be empty is left out.
    pub fn new(
        marks: &'a [&'a Mark],
        file: &'a str,
        namespace: &'a str,
        windows: usize,
        formats: Formats,
    ) -> Self {
        let has = |column: &Column| match column {
            Column::Key => marks.iter().any(|mark| mark.key.is_some()),
            Column::Written => marks.iter().any(|mark| mark.written.is_some()),
            _ => true,
        };
        Self {
            columns: Column::ALL.into_iter().filter(has).collect(),
            marks,
            file,
            notes: String::new(),
            namespace,
            windows,
            formats,
        }
    }

    /// Says something below the counts.
    pub fn note(&mut self, notes: String) {
        self.notes = notes;
    }

    fn lines(&self) -> &'a [&'a Mark] {
        &self.marks[..self.marks.len().min(MOST_LINES)]
    }

    fn last_row(&self) -> u64 {
        HEADER + self.lines().len() as u64
    }

    fn last_column(&self) -> String {
        letters(self.columns.len() as u64)
    }

    /// Header and lines, as names of a workbook mean them: `$A$4:$I$9`.
    pub fn area(&self) -> String {
        format!("$A${HEADER}:${}${}", self.last_column(), self.last_row())
    }

    /// Writes the sheet. `is_linked`: whether a link to an issue's cell leads somewhere; Excel calls one to a hidden sheet not
    /// valid.
    pub fn write(
        &self,
        out: &mut impl Write,
        is_linked: &dyn Fn(&Mark) -> bool,
    ) -> Result<(), Trouble> {
        let mut put = |text: &str| out.write_all(text.as_bytes()).map_err(Trouble::Write);
        put(&self.head())?;
        let widths: Vec<usize> = self.columns.iter().map(|one| self.width(*one)).collect();
        let (mut row, mut links) = (HEADER, Vec::new());
        let mut text = String::new();
        for mark in self.lines() {
            row += 1;
            let cell = mark
                .place
                .first_cell()
                .filter(|_| links.len() < MOST_LINKS && is_linked(mark));
            if let Some(cell) = cell {
                links.push((
                    row,
                    format!("{}!{cell}", quoted(&mark.sheet)),
                    mark.place.to_string(),
                ));
            }
            text.push_str(&format!("<row r=\"{row}\"{}>", self.height(mark, &widths)));
            for (index, &column) in self.columns.iter().enumerate() {
                let format = self.formats.of(column, mark, cell.is_some());
                push_cell(&mut text, index, row, format, &column.text(mark));
            }
            text.push_str("</row>");
            if text.len() > 1 << 16 {
                put(&text)?;
                text.clear();
            }
        }
        let (area, last) = (self.area().replace('$', ""), self.last_row());
        text.push_str(&format!("</sheetData><autoFilter ref=\"{area}\"/>"));
        if !links.is_empty() {
            text.push_str("<hyperlinks>");
            for (row, location, shown) in &links {
                let (location, shown) = (attribute(location), attribute(shown));
                text.push_str(&format!(
                    "<hyperlink ref=\"B{row}\" location=\"{location}\" display=\"{shown}\"/>"
                ));
            }
            text.push_str("</hyperlinks>");
        }
        text.push_str(&format!(
            "<pageMargins left=\"0.5\" right=\"0.5\" top=\"0.5\" bottom=\"0.5\" header=\"0.3\" footer=\"0.3\"/><pageSetup \
             orientation=\"landscape\" fitToHeight=\"0\"/><ignoredErrors><ignoredError sqref=\"A1:{}{last}\" \
             numberStoredAsText=\"1\"/></ignoredErrors></worksheet>",
            self.last_column()
        ));
        put(&text)
    }

    /// All before the first line.
    fn head(&self) -> String {
        let (namespace, last, column) = (self.namespace, self.last_row(), self.last_column());
        // A view for each window of the workbook, or it would show the sheet as if it had none.
        let views: String = (0..self.windows)
            .map(|window| {
                format!(
                    "<sheetView showGridLines=\"0\" tabSelected=\"1\" workbookViewId=\"{window}\"><pane ySplit=\"{HEADER}\" \
                     topLeftCell=\"A5\" activePane=\"bottomLeft\" state=\"frozen\"/><selection pane=\"bottomLeft\" \
                     activeCell=\"A5\" sqref=\"A5\"/></sheetView>"
                )
            })
            .collect();
        let widths: String = (1..)
            .zip(&self.columns)
            .map(|(number, &column)| {
                let width = self.width(column);
                format!(
                    "<col min=\"{number}\" max=\"{number}\" width=\"{width}\" customWidth=\"1\"/>"
                )
            })
            .collect();
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n<worksheet xmlns=\"{namespace}\"><sheetPr><tabColor \
             rgb=\"FF{TAB}\"/><pageSetUpPr fitToPage=\"1\"/></sheetPr><dimension ref=\"A1:{column}{last}\"/><sheetViews>{views}\
             </sheetViews><sheetFormatPr defaultRowHeight=\"15\"/><cols>{widths}</cols><sheetData>"
        );
        text.push_str("<row r=\"1\" ht=\"22\" customHeight=\"1\">");
        let title = format!(
            "{} in {}",
            plural(self.marks.len() as u64, "issue"),
            self.file
        );
        push_cell(&mut text, 0, 1, self.formats.heading, &title);
        text.push_str("</row><row r=\"2\">");
        push_cell(&mut text, 0, 2, self.formats.quiet, &self.counts());
        text.push_str("</row>");
        if !self.notes.is_empty() {
            text.push_str("<row r=\"3\">");
            push_cell(&mut text, 0, 3, self.formats.quiet, &self.notes);
            text.push_str("</row>");
        }
        text.push_str(&format!(
            "<row r=\"{HEADER}\" ht=\"20\" customHeight=\"1\">"
        ));
        for (index, column) in self.columns.iter().enumerate() {
            push_cell(&mut text, index, HEADER, self.formats.head, column.header());
        }
        text.push_str("</row>");
        text
    }

    /// `2 errors, 3 warnings.`
    fn counts(&self) -> String {
        let count = |severity| {
            self.marks
                .iter()
                .filter(|mark| mark.severity == severity)
                .count()
        };
        let counts = Severity::ALL.map(|severity| (count(severity), severity));
        let told: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|&(count, severity)| match severity {
                Severity::Info => format!("{count} info"),
                _ => plural(count as u64, severity.word()),
            })
            .collect();
        match told.is_empty() {
            true => "Nothing to mark.".to_owned(),
            false => format!("{}. Click the name of a cell to go to it.", told.join(", ")),
        }
    }

    /// The height of a line of the list, where its texts are broken: not every program finds it by itself.
    fn height(&self, mark: &Mark, widths: &[usize]) -> String {
        let wrapping = self
            .columns
            .iter()
            .zip(widths)
            .filter(|(one, _)| one.wraps());
        let lines = wrapping.map(|(column, width)| lines_in(&column.text(mark), width - 2));
        match lines.max().unwrap_or(1).min(MOST_LINES_OF_ROW) {
            0 | 1 => String::new(),
            lines => format!(" ht=\"{}\" customHeight=\"1\"", lines * LINE_HEIGHT),
        }
    }

    /// The larger of the header with room for the filter's arrow, and what 95 of 100 texts need.
    fn width(&self, column: Column) -> usize {
        let lines = self.lines().iter().take(MEASURED);
        let mut lengths: Vec<usize> = lines
            .map(|mark| column.text(mark).chars().count())
            .collect();
        lengths.sort_unstable();
        let usual = lengths.get(lengths.len().saturating_sub(1) * 95 / 100);
        let header = column.header().len() + 4;
        let width = header.max(usual.map_or(0, |usual| usual + 2));
        width.clamp(8, column.widest())
    }
}

/// How many lines a text takes that is broken between words; of long ones, as many as a row shows at most.
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
            if lines > MOST_LINES_OF_ROW {
                return lines;
            }
        }
    }
    lines
}

fn push_cell(out: &mut String, index: usize, row: u64, format: u32, text: &str) {
    let column = char::from(b'A' + index as u8);
    // Writing to a string does not fail.
    let _ = write!(
        out,
        "<c r=\"{column}{row}\" s=\"{format}\" t=\"inlineStr\"><is>"
    );
    push_text_element(out, "", &shortened(text, MOST_TEXT));
    out.push_str("</is></c>");
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
        assert!(lines_in(&"word ".repeat(9_000), 10) > MOST_LINES_OF_ROW);
    }
}
