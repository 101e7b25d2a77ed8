//! Reads the header rows of a table: the name of each column, its unit in a row of its own, and footnote marks.
//!
//! A label above several columns is part of the name of each. A row of units names no column; it says how the values of the
//! columns above are written. A mark that may be something else stays: "Area m²" has a unit, "Phone (1)" and "Phone (2)" are
//! two phones.

use foldhash::{HashMap, HashSet};

use super::rows::trim;
use super::units::{is_unit, without_brackets};

/// The raised digits that are marks, and the characters between them.
const RAISED: &str = "¹²³⁴⁵⁶⁷⁸⁹⁰";
const BETWEEN_RAISED: [char; 3] = [',', ' ', '\u{a0}'];
const SIGNS: [char; 3] = ['*', '†', '‡'];
/// The minimum number of letters in front of a raised digit that is a mark and no power.
const MIN_LETTERS: usize = 3;

/// The texts of header rows, by row and column; blank cells are empty.
type HeaderTexts = Vec<Vec<String>>;

/// The name of a column, and the marks and unit that were removed from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderColumn {
    /// The name without marks and units; empty if there is none.
    pub name: String,
    /// The name as it is written.
    pub written: String,
    pub footnote: String,
    pub unit: String,
    /// The cells of the name by row and column, counted from the table's first ones.
    pub cells: Vec<(usize, usize)>,
}

/// The header of a table.
pub struct Header {
    pub columns: Vec<HeaderColumn>,
    /// The texts of each row, without marks and units.
    pub rows: HeaderTexts,
}

impl Header {
    /// Reads the texts of header rows. With `spreads`, labels spread over several columns, and units and marks are removed from
    /// names. `is_name` says whether a text is the name of a field: "Qty" may be, although it is also a unit.
    pub fn read(written: HeaderTexts, spreads: bool, is_name: &dyn Fn(&str) -> bool) -> Self {
        let width = written.iter().map(Vec::len).max().unwrap_or(0);
        let spread = |rows: &HeaderTexts| match rows.len() {
            1 => rows.clone(),
            _ => spread_labels(rows),
        };
        let names = |rows: &HeaderTexts| match spreads {
            true => joined(&spread(rows)),
            false => joined(rows),
        };
        let mut columns = vec![HeaderColumn::default(); width];
        for (column, name) in columns.iter_mut().zip(names(&written)) {
            column.written = name;
        }
        let mut rows = written.clone();
        if spreads {
            let mut clean = spread(&written);
            take_footnotes(&mut clean, &mut columns);
            if clean.len() > 1 {
                take_units(&mut clean, &written, &mut columns, is_name);
            }
            // A blank cell stays blank: a label belongs to its own cell.
            for (row, clean) in rows.iter_mut().zip(clean) {
                for (cell, clean) in row.iter_mut().zip(clean) {
                    if !is_blank(cell) {
                        *cell = clean;
                    }
                }
            }
        }
        let spread = spread(&rows);
        for (at, (column, name)) in columns.iter_mut().zip(names(&rows)).enumerate() {
            column.name = name;
            column.cells = cells_of(&rows, &spread, at);
        }
        Self { columns, rows }
    }
}

fn is_blank(text: &str) -> bool {
    trim(text).is_empty()
}

fn text_at(rows: &HeaderTexts, row: usize, column: usize) -> &str {
    rows[row].get(column).map_or("", |text| trim(text))
}

/// Returns the header block with each label that spans several columns repeated in each of them.
///
/// "2024" above "Net" and "Gross" is the year of both, even if its cells are not merged. A label spreads to the right, over
/// blank cells that have a text below, up to the next label in its row or in a row above. It spreads only if there is a text
/// below the label itself, because the name of a single column may be in any row of the block.
fn spread_labels(rows: &HeaderTexts) -> HeaderTexts {
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let mut spread = rows.clone();
    spread
        .iter_mut()
        .for_each(|row| row.resize(width, String::new()));
    let is_filled = |row: usize, column: usize| !text_at(rows, row, column).is_empty();
    let below = rows.len().saturating_sub(1);
    for (row, texts) in spread.iter_mut().enumerate().take(below) {
        let mut label: Option<String> = None;
        for (column, text) in texts.iter_mut().enumerate() {
            let has_text_below = (row + 1..rows.len()).any(|below| is_filled(below, column));
            if is_filled(row, column) {
                label = has_text_below.then(|| text.clone());
            } else if !has_text_below || (0..row).any(|above| is_filled(above, column)) {
                label = None;
            } else if let Some(label) = &label {
                text.clone_from(label);
            }
        }
    }
    spread
}

/// Returns one name for each column: the text of a single row, or the texts of all rows joined. A text that repeats in a column
/// counts once, regardless of case.
fn joined(rows: &HeaderTexts) -> Vec<String> {
    if let [row] = rows.as_slice() {
        return row.iter().map(|text| trim(text).to_owned()).collect();
    }
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let name = |column: usize| {
        let (mut known, mut pieces) = (HashSet::default(), Vec::new());
        for row in rows.iter().filter(|row| column < row.len()) {
            let words: Vec<&str> = row[column].split_whitespace().collect();
            let piece = words.join(" ");
            if !piece.is_empty() && known.insert(folded(&piece)) {
                pieces.push(piece);
            }
        }
        pieces.join(" ")
    };
    (0..width).map(name).collect()
}

/// Returns a text for comparing regardless of case.
fn folded(text: &str) -> String {
    text.to_lowercase().replace('ß', "ss")
}

/// Returns the cells of a column's name, top to bottom. A label over several columns belongs to the first column's cell.
fn cells_of(rows: &HeaderTexts, spread: &HeaderTexts, column: usize) -> Vec<(usize, usize)> {
    let cell = |row: usize| {
        let text = spread[row].get(column).filter(|text| !is_blank(text))?;
        // A label is in its own cell, or in a cell to the left. A filled merged label has the same text in each cell.
        let is_over = |at: usize| {
            let own = rows[row].get(at).map_or("", String::as_str);
            spread[row].get(at) == Some(text) && (is_blank(own) || own == text)
        };
        let is_last = row + 1 == rows.len();
        let over = (0..column).rev().take_while(|&at| !is_last && is_over(at));
        Some((row, over.last().unwrap_or(column)))
    };
    (0..rows.len()).filter_map(cell).collect()
}

/// Removes the footnote marks at the end of names: `Revenue¹`, `Total*`, `Net (a)`, `Gross 1)`.
///
/// Letters and digits are marks only if those of the whole header run from the first one on without a gap. A mark stays if two
/// names of a row differ only in it.
fn take_footnotes(rows: &mut HeaderTexts, columns: &mut [HeaderColumn]) {
    let mut found: HashMap<(usize, usize), (String, String)> = HashMap::default();
    let mut bracketed = Vec::new();
    for (row, texts) in rows.iter().enumerate() {
        for (column, text) in texts.iter().enumerate() {
            let text = trim(text);
            if let Some((name, mark)) = raised_mark(text).or_else(|| sign_mark(text)) {
                let pair = (name.trim_end().to_owned(), trim(mark).to_owned());
                found.insert((row, column), pair);
            } else if let Some((name, mark, letter)) = bracketed_mark(text) {
                bracketed.push(((row, column), name.to_owned(), mark.to_owned(), letter));
            }
        }
    }
    for first in ['a', '1'] {
        let is_alike = |letter: &char| letter.is_ascii_digit() == first.is_ascii_digit();
        let letters = bracketed.iter().map(|(.., letter)| *letter);
        let mut used: Vec<char> = letters.filter(is_alike).collect();
        used.sort_unstable();
        used.dedup();
        if used.iter().copied().eq((first..='z').take(used.len())) {
            let marks = bracketed.iter().filter(|(.., letter)| is_alike(letter));
            found
                .extend(marks.map(|(place, name, mark, _)| (*place, (name.clone(), mark.clone()))));
        }
    }
    let mut notes: Vec<Vec<String>> = vec![Vec::new(); columns.len()];
    for (at, row) in rows.iter_mut().enumerate() {
        // The rest must be the name of one column of its row, unless the mark is the same there: a label may repeat.
        let mut marks: HashMap<String, HashSet<&str>> = HashMap::default();
        for (column, text) in row.iter().enumerate() {
            let (name, mark) = found
                .get(&(at, column))
                .map_or((trim(text), ""), |(name, mark)| (name, mark));
            marks.entry(folded(name)).or_default().insert(mark);
        }
        let is_alone = |name: &str| {
            marks
                .get(&folded(name))
                .is_some_and(|marks| marks.len() == 1)
        };
        let taken: Vec<(usize, &(String, String))> = (0..row.len())
            .filter_map(|column| Some((column, found.get(&(at, column))?)))
            .filter(|(_, (name, _))| is_alone(name))
            .collect();
        for (column, (name, mark)) in taken {
            row[column].clone_from(name);
            if !notes[column].contains(mark) {
                notes[column].push(mark.clone());
            }
        }
    }
    for (column, notes) in columns.iter_mut().zip(notes) {
        column.footnote = notes.join(" ");
    }
}

/// Returns the text before raised digits, and the digits, if the digits follow a word of three letters or more, a bracket or a
/// year.
fn raised_mark(text: &str) -> Option<(&str, &str)> {
    text.ends_with(|c| RAISED.contains(c)).then_some(())?;
    let is_mark = |c: char| RAISED.contains(c) || BETWEEN_RAISED.contains(&c);
    let name = text.trim_end_matches(is_mark);
    let marks = &text[name.len()..];
    let marks = marks.strip_prefix(' ').unwrap_or(marks);
    marks.chars().next().filter(|c| RAISED.contains(*c))?;
    let letters = name.chars().rev().take_while(|c| c.is_alphabetic()).count();
    let mut last = name.chars().rev();
    let is_word = letters >= MIN_LETTERS
        || match last.next()? {
            ')' | ']' => true,
            '.' | '%' => last.next().is_some_and(char::is_alphabetic),
            _ => ends_in_year(name),
        };
    is_word.then_some((name, marks))
}

fn ends_in_year(name: &str) -> bool {
    let digits = name.bytes().rev().take_while(u8::is_ascii_digit).count();
    let before = name[..name.len() - digits].chars().next_back();
    let is_apart = before.is_none_or(|c| !c.is_alphanumeric() && c != '_');
    digits == 4 && is_apart && name[name.len() - 4..].starts_with(['1', '2']) && {
        let century = &name[name.len() - 4..name.len() - 2];
        century == "19" || century == "20"
    }
}

/// Returns the text before footnote signs at its end, and the signs.
fn sign_mark(text: &str) -> Option<(&str, &str)> {
    let mut name = text.trim_end_matches(SIGNS);
    if name.len() == text.len() {
        return None;
    }
    // There may be a comma or a blank between the signs.
    loop {
        let bare = name.strip_suffix(' ').unwrap_or(name);
        let bare = bare.strip_suffix(',').unwrap_or(bare);
        let before = bare.trim_end_matches(SIGNS);
        if before.len() == bare.len() {
            break;
        }
        name = before;
    }
    let marks = &text[name.len()..];
    let name = name.strip_suffix(' ').unwrap_or(name);
    name.contains(char::is_alphanumeric)
        .then_some((name, marks))
}

/// Returns the text before a small letter or digit in brackets (or followed by a bracket), the mark, and its letter.
fn bracketed_mark(text: &str) -> Option<(&str, &str, char)> {
    let open = text.strip_suffix([')', ']'])?;
    let letter = open.chars().next_back()?;
    if !letter.is_ascii_lowercase() && !('1'..='9').contains(&letter) {
        return None;
    }
    let before = &open[..open.len() - 1];
    let pair = if text.ends_with(')') { '(' } else { '[' };
    let name = match before.strip_suffix(pair) {
        Some(name) => name,
        None if text.ends_with(')') && before.ends_with(' ') => before,
        None => return None,
    };
    let mark = trim(&text[name.len()..]);
    let name = name.trim_end();
    let has_letter = name.contains(char::is_alphabetic);
    has_letter.then_some((name, mark, letter))
}

/// Removes the texts of rows of units: `EUR` below `Net`, `kg` below `Weight`, `[m²]`, `in %`, `dd.mm.yyyy`.
///
/// A row is one of units only if each text in it that is below another text is a unit: "Hours" and "Amount" below "Overtime"
/// are names. Beside two units, a text below a blank cell is the name of its column. If two columns would have the same name
/// without their units, the units stay: "Price EUR" beside "Price USD".
fn take_units(
    rows: &mut HeaderTexts,
    written: &HeaderTexts,
    columns: &mut [HeaderColumn],
    is_name: &dyn Fn(&str) -> bool,
) {
    let text = |rows: &HeaderTexts, row: usize, column: usize| {
        let words: Vec<&str> = text_at(rows, row, column).split_whitespace().collect();
        words.join(" ")
    };
    let mut units: HashMap<(usize, usize), String> = HashMap::default();
    for row in 1..rows.len() {
        let (mut found, mut has_names) = (Vec::new(), false);
        for column in 0..rows[row].len() {
            let own = text(rows, row, column);
            let others = (0..row).filter(|above| !units.contains_key(&(*above, column)));
            let above: Vec<String> = others.map(|above| text(rows, above, column)).collect();
            let is_below = above.iter().any(|text| !text.is_empty());
            if own.is_empty() || !is_below || above.contains(&own) {
                // This is a blank cell, the name of a column without one above, or a merged label.
                continue;
            }
            if is_unit(&own) && !is_name(&own) {
                found.push(((row, column), own));
            } else if (0..row).any(|above| !text_at(written, above, column).is_empty()) {
                found.clear();
                has_names = false;
                break;
            } else {
                has_names = true;
            }
        }
        if !has_names || found.len() > 1 {
            units.extend(found);
        }
    }
    if units.is_empty() {
        return;
    }
    let mut bare = rows.clone();
    for &(row, column) in units.keys() {
        bare[row][column].clear();
    }
    let (names, full) = (joined(&bare), joined(rows));
    let mut meant: HashMap<String, HashSet<String>> = HashMap::default();
    for (name, full) in names.iter().zip(&full) {
        meant.entry(folded(name)).or_default().insert(folded(full));
    }
    let mut places: Vec<(usize, usize)> = units.keys().copied().collect();
    places.sort_unstable();
    for (row, column) in places {
        if meant[&folded(&names[column])].len() > 1 {
            bare[row][column].clone_from(&rows[row][column]);
        }
        columns[column].unit = without_brackets(&units[&(row, column)]).to_owned();
    }
    *rows = bare;
}
