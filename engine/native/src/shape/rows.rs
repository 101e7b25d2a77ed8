//! Finds rows that are no records by themselves.
//!
//! - Sections: in the first row, and in others that are each above a record, only the first cell has a value.
//! - Fill down: the first columns are empty below a value, more often than by chance, and the rows there have other values.
//! - Records: the labels of the first column repeat after a fixed number of lines, in the same order.

use foldhash::HashSet;

use super::step::{Proposal, ReshapeStep};
use super::table::{TextTable, quoted, share};

/// The maximum number of sections named in a reason.
const MAX_NAMED: usize = 3;
/// The maximum number of lines of a record.
const MAX_LINES: usize = 80;

/// Returns for each row whether only its first cell has a value.
pub fn section_lines(table: &TextTable) -> Vec<bool> {
    let is_alone = |row: &Vec<String>| {
        let mut filled = row.iter().enumerate().filter(|(_, text)| !text.is_empty());
        let first = filled
            .next()
            .is_some_and(|(at, _)| at == 0 || at == 1 && row.len() > 2);
        first && filled.next().is_none()
    };
    table.rows.iter().map(is_alone).collect()
}

pub fn sections(table: &TextTable) -> Option<Proposal> {
    let lines = section_lines(table);
    let heads: Vec<usize> = (0..lines.len()).filter(|&at| lines[at]).collect();
    let is_above_record = |&at: &usize| lines.get(at + 1) == Some(&false);
    let is_table = table.width() > 2 && table.rows.len() > 2;
    let are_heads = lines.first() == Some(&true) && share(heads.iter().map(is_above_record)) >= 0.8;
    if !is_table || !are_heads || heads.len() * 2 > lines.len() {
        return None;
    }
    let name = |&at: &usize| {
        table.rows[at]
            .iter()
            .find(|text| !text.is_empty())
            .map(|text| quoted(text))
    };
    let names: Vec<String> = heads.iter().take(MAX_NAMED).filter_map(name).collect();
    let more = if heads.len() > MAX_NAMED { ", …" } else { "" };
    let (count, rows, hold) = match heads.len() {
        1 => (1, "row", "holds"),
        count => (count, "rows", "hold"),
    };
    let reason = format!(
        "{count} {rows} {hold} one text and nothing else, and rows of values follow: {}{more}",
        names.join(", ")
    );
    let doubt = (count == 1).then_some("one line alone could also be a remark");
    Some(Proposal::new(
        ReshapeStep::Sections,
        if count > 1 { 0.9 } else { 0.7 },
        vec![reason],
        doubt,
    ))
}

pub fn fill_down(table: &TextTable) -> Option<Proposal> {
    let (mut last, mut is_regular, mut gaps) = (None, true, 0);
    for column in 0..table.width().saturating_sub(1) {
        let is_filled = |row: &Vec<String>| !row[column].is_empty();
        let has_others = |row: &&Vec<String>| row[column + 1..].iter().any(|text| !text.is_empty());
        let filled = share(table.rows.iter().map(is_filled));
        let blank = table.rows.iter().filter(|row| !is_filled(row));
        if filled == 1.0 || !table.rows.first().is_some_and(is_filled) || table.rows.len() < 3 {
            break;
        }
        // A value begins each group of the column before.
        let begins_group =
            |row: &Vec<String>| column == 0 || row[column - 1].is_empty() || is_filled(row);
        // By chance, a value follows a value as often as it follows any row.
        let follows = table
            .rows
            .windows(2)
            .filter(|pair| is_filled(&pair[0]))
            .map(|pair| is_filled(&pair[1]));
        let follows = share(follows);
        // A value without others in its row is a section heading.
        let beside = share(
            table
                .rows
                .iter()
                .filter(|row| is_filled(row))
                .map(|row| has_others(&row)),
        );
        let is_full =
            |other: usize| share(table.rows.iter().map(|row| !row[other].is_empty())) >= 0.5;
        if !table.rows.iter().all(begins_group)
            || share(blank.clone().map(|row| has_others(&row))) < 0.95
            || follows > 0.7 * filled
            || beside < 0.5
            || !(column + 1..table.width()).any(is_full)
        {
            break;
        }
        // Two standard deviations: a lower number happens by chance in one of forty tables.
        let heads = filled * table.rows.len() as f64;
        let spread = (heads * filled * (1.0 - filled)).sqrt();
        is_regular = heads * (filled - follows) >= 2.0 * spread;
        gaps = blank.count();
        last = Some(column);
    }
    let last = last?;
    let name = match last {
        0 => table.name(0),
        _ => format!("{} to {}", table.name(0), table.name(last)),
    };
    let reason = format!(
        "{name} is written once and left empty {gaps} times below, where the other columns are filled"
    );
    let doubt =
        (!is_regular).then_some("so few gaps could also be values that are missing here and there");
    let confidence = if is_regular { 0.92 } else { 0.7 };
    Some(Proposal::new(
        ReshapeStep::FillDown { last },
        confidence,
        vec![reason],
        doubt,
    ))
}

/// Returns the label of a line that has its value in the same cell.
fn parted(text: &str) -> &str {
    text.split_once(':').map_or("", |(label, _)| label.trim())
}

pub fn records(table: &TextTable) -> Option<Proposal> {
    let lines = || std::iter::once(&table.head).chain(&table.rows);
    let labels: Vec<String> = match table.width() {
        1 => lines()
            .map(|line| parted(&line[0]).to_lowercase())
            .collect(),
        2 => lines().map(|line| line[0].to_lowercase()).collect(),
        _ => return None,
    };
    let first = labels.first().filter(|label| !label.is_empty())?;
    let every = labels.iter().skip(1).position(|label| label == first)? + 1;
    let come_again = share(
        labels
            .iter()
            .skip(every)
            .zip(&labels)
            .map(|(label, above)| label == above),
    );
    let different: HashSet<&String> = labels.iter().collect();
    if !(2..=MAX_LINES).contains(&every) || come_again < 0.9 || different.len() > 2 * every {
        return None;
    }
    let names: Vec<String> = labels
        .iter()
        .take(MAX_NAMED)
        .map(|label| quoted(label))
        .collect();
    let more = if every > MAX_NAMED { ", …" } else { "" };
    let reason = format!(
        "the same {every} labels occur again every {every} lines: {}{more}",
        names.join(", ")
    );
    Some(Proposal::new(
        ReshapeStep::Records { every },
        0.97,
        vec![reason],
        None,
    ))
}
