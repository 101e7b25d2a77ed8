//! The layout of a file as its run found it, and the differences between two layouts, which people call drift.
//!
//! A layout consists of sheets, header rows, headers, and the looks of each column's values. It is read from the payload that
//! is recorded with a run, so it exists as long as the record. Anything unknown in one of two layouts counts as equal.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsStr;
use std::path::Path;

use serde::Serialize;
use similar::TextDiff;
use utoipa::ToSchema;

use super::report_of;
use crate::base::counted::first;
use crate::engine::RunNotices;
use crate::engine::report::{ColumnValueProfile, ExplainedColumn, ExplainedTable};
use crate::store::{RunRecord, Store, StoreError};

/// The minimum number of filled cells for determining the kind of a column's values.
const MIN_FILLED_CELLS: u64 = 5;
/// The minimum number of rows of a table for comparing how often a column is empty and how large its numbers are.
const MIN_COMPARED_ROWS: u64 = 10;
/// The minimum share of the cells of one kind that makes it the kind of the column.
const CLEAR: f64 = 0.8;
/// The minimum change of a column's filled share that is reported.
const OFTEN: f64 = 0.5;
/// The minimum change of the size of numbers that is reported, in orders of magnitude.
const SIZES: f64 = 1.7;
/// The minimum likeness of two columns with different headers that makes them a renamed column.
const RENAMED: f64 = 0.45;
/// The minimum likeness of the headers of two columns of texts that makes them a renamed column.
const ALIKE: f32 = 0.6;
/// The maximum number of columns that one sentence names.
const NAMED: usize = 4;
/// The extensions of text files.
const TEXTS: [&str; 3] = ["csv", "tsv", "txt"];

/// The findings of a run about the structure of its file, without values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// The name of the file without its extension.
    stem: String,
    /// The extension, if it is a text file.
    text: Option<String>,
    tables: Vec<ExplainedTable>,
    /// The rows that contain totals, by sheet.
    totals: HashMap<String, Vec<u64>>,
}

/// A difference between the layout of a file and that of an earlier one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LayoutDifference)]
pub struct LayoutDifference {
    /// The kind of difference, such as `column_renamed`.
    pub code: &'static str,
    /// Whether it may change how the run reads the file. The position of a header row does not matter.
    pub matters: bool,
    /// The current name of the sheet.
    pub sheet: String,
    /// The headers of the affected columns, as they are now; for a removed column as it was.
    pub columns: Vec<String>,
    /// The difference in a sentence.
    pub message: String,
}

impl Layout {
    /// Returns the layout that a run recorded. `None`: its engine reported none.
    pub fn from_noticed(noticed: RunNotices, input_name: &str) -> Option<Self> {
        let tables = noticed.tables;
        let mut totals: HashMap<String, Vec<u64>> = HashMap::new();
        for row in noticed
            .rows
            .iter()
            .filter(|row| row.text("kind") == "total")
        {
            let of_sheet = totals.entry(row.sheet().to_owned()).or_default();
            of_sheet.extend(row.row());
        }
        let path = Path::new(input_name);
        let part = |part: Option<&OsStr>| part.map(|part| part.to_string_lossy().into_owned());
        let extension = part(path.extension()).map(|extension| extension.to_lowercase());
        (!tables.is_empty()).then_some(Self {
            stem: part(path.file_stem()).unwrap_or_default(),
            text: extension.filter(|extension| TEXTS.contains(&extension.as_str())),
            tables,
            totals,
        })
    }

    /// Returns the differences between the layout `before` and this one; empty: no known differences.
    pub fn since(&self, before: &Self) -> Vec<LayoutDifference> {
        let mut found = LayoutDifferences::default();
        if self.text.is_some() != before.text.is_some() {
            let (now, was) = (self.format(), before.format());
            found.say("format", "", &[], format!("it is {now} now, was {was}"));
        }
        let pairs = pairs_of_tables(&before.tables, &self.tables);
        let mut renamed = BTreeSet::new();
        for &(old, new) in &pairs {
            let (was, now) = (&before.tables[old].sheet, &self.tables[new].sheet);
            let is_other = without_period(was) != without_period(now);
            let are_named = before.has_own_title(was) && self.has_own_title(now);
            if are_named && is_other && renamed.insert((was, now)) {
                let message = format!("sheet \"{was}\" is called \"{now}\" now");
                found.say("sheet_renamed", now, &[], message);
            }
        }
        for (at, table) in before.tables.iter().enumerate() {
            if pairs.iter().all(|pair| pair.0 != at) {
                let message = format!("the table \"{}\" is gone", table.sheet);
                found.say("table_gone", &table.sheet, &[], message);
            }
        }
        for (at, table) in self.tables.iter().enumerate() {
            if pairs.iter().all(|pair| pair.1 != at) {
                let message = format!("the table \"{}\" is new", table.sheet);
                found.say("table_new", &table.sheet, &[], message);
            }
        }
        for &(old, new) in &pairs {
            self.compare_tables(before, &before.tables[old], &self.tables[new], &mut found);
        }
        found.0
    }

    fn format(&self) -> String {
        match &self.text {
            Some(extension) => format!("a .{extension} file"),
            None => "a workbook".to_owned(),
        }
    }

    /// Returns whether a sheet has a name of its own, unlike those of text files and web pages, which are named after the
    /// file.
    fn has_own_title(&self, sheet: &str) -> bool {
        let rest = sheet.strip_prefix(self.stem.as_str());
        let is_of_file = rest.is_some_and(|rest| rest.trim_start().chars().all(char::is_numeric));
        self.text.is_none() && !is_of_file
    }

    fn compare_tables(
        &self,
        before: &Self,
        old: &ExplainedTable,
        new: &ExplainedTable,
        found: &mut LayoutDifferences,
    ) {
        let sheet = new.sheet.as_str();
        let columns = pairs_of_columns(&old.columns, &new.columns);
        for &(was, now) in &columns {
            let (was, now) = (&old.columns[was], &new.columns[now]);
            if with_same_words(&was.name, &now.name) {
                continue;
            }
            let message = format!("column \"{}\" is called \"{}\" now", was.name, now.name);
            found.say("column_renamed", sheet, &[now], message);
        }
        for (at, column) in old.columns.iter().enumerate() {
            let is_there = !column.name.is_empty() || column.looks().filled > 0;
            if is_there && columns.iter().all(|pair| pair.0 != at) {
                let message = format!("column {} is gone", called(column));
                found.say("column_gone", sheet, &[column], message);
            }
        }
        for (at, column) in new.columns.iter().enumerate() {
            let is_there = !column.name.is_empty() || column.looks().filled > 0;
            if is_there && columns.iter().all(|pair| pair.1 != at) {
                let message = format!("column {} is new", called(column));
                found.say("column_new", sheet, &[column], message);
            }
        }
        moved(&columns, old, new, found);
        let columns: Vec<(&ExplainedColumn, &ExplainedColumn)> = columns
            .iter()
            .map(|pair| (&old.columns[pair.0], &new.columns[pair.1]))
            .collect();
        compare_values(sheet, &columns, found);
        self.compare_rows(before, old, new, found);
    }

    /// Compares the totals above and below, and the header's position. If a sheet has several tables, the table of a total is
    /// unknown.
    fn compare_rows(
        &self,
        before: &Self,
        old: &ExplainedTable,
        new: &ExplainedTable,
        found: &mut LayoutDifferences,
    ) {
        let alone = |layout: &Self, sheet: &str| {
            let tables = layout.tables.iter();
            tables.filter(|table| table.sheet == sheet).count() == 1
        };
        let (Some(&was), Some(&now)) = (old.header_rows.rows.first(), new.header_rows.rows.first())
        else {
            return;
        };
        if !alone(before, &old.sheet) || !alone(self, &new.sheet) {
            return;
        }
        let sides = |layout: &Self, sheet: &str, header: u64| {
            let rows = layout.totals.get(sheet).map_or(&[][..], Vec::as_slice);
            (
                rows.iter().any(|row| *row < header),
                rows.iter().any(|row| *row > header),
            )
        };
        let (had, has) = (sides(before, &old.sheet, was), sides(self, &new.sheet, now));
        if had != has {
            let words = |sides| match sides {
                (true, true) => "above and below the table",
                (true, false) => "above the table",
                (false, true) => "below the table",
                (false, false) => "nowhere",
            };
            let message = format!("totals are {} now, were {}", words(has), words(had));
            found.say("totals", &new.sheet, &[], message);
        }
        // An additional total above the header moves the header down.
        if had.0 == has.0 && was != now {
            let message = format!("the header is in row {now} now, was in row {was}");
            found.say("header_row", &new.sheet, &[], message);
        }
    }
}

#[derive(Default)]
struct LayoutDifferences(Vec<LayoutDifference>);

impl LayoutDifferences {
    fn say(
        &mut self,
        code: &'static str,
        sheet: &str,
        columns: &[&ExplainedColumn],
        message: String,
    ) {
        self.0.push(LayoutDifference {
            code,
            matters: code != "header_row",
            sheet: sheet.to_owned(),
            columns: columns.iter().map(|column| column.name.clone()).collect(),
            message,
        });
    }

    /// Reports a difference that several columns share once. `words`: the text after the names of the columns.
    fn say_together(
        &mut self,
        code: &'static str,
        sheet: &str,
        of: Vec<(&ExplainedColumn, String)>,
        words: impl Fn(&str, &str) -> String,
    ) {
        let mut alike: BTreeMap<String, Vec<&ExplainedColumn>> = BTreeMap::new();
        for (column, what) in of {
            alike.entry(what).or_default().push(column);
        }
        for (what, columns) in alike {
            let names = first(NAMED, columns.iter().map(|column| called(column)));
            self.say(code, sheet, &columns, words(&names, &what));
        }
    }
}

fn called(column: &ExplainedColumn) -> String {
    match column.name.is_empty() {
        true => format!("{} (without a header)", column.column),
        false => format!("\"{}\"", column.name),
    }
}

/// Compares the values of columns that correspond.
fn compare_values(
    sheet: &str,
    columns: &[(&ExplainedColumn, &ExplainedColumn)],
    found: &mut LayoutDifferences,
) {
    type LooksPart = fn(&ColumnValueProfile) -> &Option<String>;
    type LooksWords = fn(&str) -> String;
    let parts: [(LooksPart, &str, LooksWords); 2] = [
        (|looks| &looks.order, "date_order", |order| order.to_owned()),
        (
            |looks| &looks.mark,
            "decimal_mark",
            |mark| format!("written with a decimal {mark}"),
        ),
    ];
    let mut is_told = BTreeSet::new();
    for (part, code, words) in parts {
        let what = match code {
            "date_order" => "dates",
            _ => "numbers",
        };
        let differs = |(was, now): &(&ExplainedColumn, &ExplainedColumn)| {
            let (was, is) = (part(was.looks()).as_ref()?, part(now.looks()).as_ref()?);
            (was != is).then(|| format!("{} now, were {}", words(is), words(was)))
        };
        let of: Vec<_> = columns
            .iter()
            .filter_map(|pair| Some((pair.1, differs(pair)?)))
            .collect();
        is_told.extend(of.iter().map(|(column, _)| column.column.clone()));
        if of.is_empty() {
            // One column may show it in one file, and another column in the other.
            let shown =
                |looks: &dyn Fn(&(&ExplainedColumn, &ExplainedColumn)) -> Option<String>| {
                    columns
                        .iter()
                        .filter_map(looks)
                        .collect::<BTreeSet<String>>()
                };
            let was = shown(&|pair| part(pair.0.looks()).clone());
            let now = shown(&|pair| part(pair.1.looks()).clone());
            if let (1, 1, true) = (was.len(), now.len(), was != now) {
                let text =
                    |set: &BTreeSet<String>| set.iter().map(|item| words(item)).collect::<String>();
                let message = format!("{what} are {} now, were {}", text(&now), text(&was));
                found.say(code, sheet, &[], message);
                let of_kind = columns.iter().filter(|pair| part(pair.1.looks()).is_some());
                is_told.extend(of_kind.map(|pair| pair.1.column.clone()));
            }
        }
        found.say_together(code, sheet, of, |names, how| {
            format!("{what} in {names} are {how}")
        });
    }
    let shapes = columns.iter().filter_map(|(was, now)| {
        let (old, new) = (was.looks().shape.as_ref()?, now.looks().shape.as_ref()?);
        let is_other = old != new && !is_told.contains(&now.column);
        let written = |shape: &str| match shape {
            "typed" => "typed as dates".to_owned(),
            shape => format!("written as {shape}"),
        };
        is_other.then(|| (*now, format!("{} now, were {}", written(new), written(old))))
    });
    found.say_together("date_shape", sheet, shapes.collect(), |names, how| {
        format!("dates in {names} are {how}")
    });
    let kinds = columns.iter().filter_map(|(was, now)| {
        let (old, new) = (clear_kind(was.looks())?, clear_kind(now.looks())?);
        (old != new).then(|| {
            (
                *now,
                format!("{} now, were {}", in_words(new), in_words(old)),
            )
        })
    });
    found.say_together("kind", sheet, kinds.collect(), |names, how| {
        format!("values of {names} are {how}")
    });
    for (was, now) in columns {
        compare_amounts(sheet, was, now, found);
    }
}

/// Compares how often a column is empty, and how large its numbers are.
fn compare_amounts(
    sheet: &str,
    was: &ExplainedColumn,
    now: &ExplainedColumn,
    found: &mut LayoutDifferences,
) {
    let (old, new) = (was.looks(), now.looks());
    if old.rows < MIN_COMPARED_ROWS || new.rows < MIN_COMPARED_ROWS {
        return;
    }
    let share = |looks: &ColumnValueProfile| looks.filled as f64 / looks.rows.max(1) as f64;
    let is_gone = |one: &ColumnValueProfile, other: &ColumnValueProfile| {
        one.filled == 0 && other.filled >= MIN_COMPARED_ROWS
    };
    if (share(old) - share(new)).abs() >= OFTEN || is_gone(new, old) || is_gone(old, new) {
        let empty = |looks: &ColumnValueProfile| format!("{:.0} %", (1.0 - share(looks)) * 100.0);
        let (now_empty, was_empty) = (empty(new), empty(old));
        let message = format!(
            "column {} is empty in {now_empty} of the rows now, was in {was_empty}",
            called(now)
        );
        found.say("empty", sheet, &[now], message);
        return;
    }
    let are_numbers = clear_kind(old) == Some("number") && clear_kind(new) == Some("number");
    if let (Some(size), Some(is)) = (old.size, new.size)
        && are_numbers
        && old.filled.min(new.filled) >= MIN_COMPARED_ROWS
        && (size - is).abs() >= SIZES
    {
        let times = 10_f64.powi((size - is).abs().round() as i32);
        let how = if is > size { "larger" } else { "smaller" };
        let message = format!(
            "numbers in {} are about {times} times {how} now",
            called(now)
        );
        found.say("size", sheet, &[now], message);
    }
}

fn clear_kind(looks: &ColumnValueProfile) -> Option<&str> {
    let kind = looks.kind.as_deref()?;
    (looks.filled >= MIN_FILLED_CELLS && looks.share >= CLEAR).then_some(kind)
}

fn in_words(kind: &str) -> &str {
    match kind {
        "date" => "dates",
        "number" => "numbers",
        "boolean" => "yes or no",
        "email" => "e-mail addresses",
        "phone" => "phone numbers",
        "time" => "times",
        other => other,
    }
}

/// Finds the columns that have changed their positions among those that are in both files.
fn moved(
    pairs: &[(usize, usize)],
    old: &ExplainedTable,
    new: &ExplainedTable,
    found: &mut LayoutDifferences,
) {
    // The longest subsequence in order has stayed.
    let mut best: Vec<(usize, Option<usize>)> = Vec::new();
    for at in 0..pairs.len() {
        let before = (0..at)
            .filter(|&other| pairs[other].1 < pairs[at].1)
            .max_by_key(|&other| best[other].0);
        best.push((before.map_or(1, |other| best[other].0 + 1), before));
    }
    let mut stayed = vec![false; pairs.len()];
    let mut at = (0..pairs.len()).max_by_key(|&at| best[at].0);
    while let Some(here) = at {
        stayed[here] = true;
        at = best[here].1;
    }
    let others: Vec<usize> = (0..pairs.len()).filter(|&at| !stayed[at]).collect();
    match others.as_slice() {
        [] => {}
        few if few.len() <= 2 => {
            for &at in few {
                let (was, now) = (&old.columns[pairs[at].0], &new.columns[pairs[at].1]);
                let (name, is, before) = (called(now), &now.column, &was.column);
                let message = format!("column {name} has moved to {is}, was {before}");
                found.say("column_moved", &new.sheet, &[now], message);
            }
        }
        many => {
            let columns: Vec<&ExplainedColumn> =
                many.iter().map(|&at| &new.columns[pairs[at].1]).collect();
            let message = format!("{} columns are in a different order", many.len());
            found.say("column_moved", &new.sheet, &columns, message);
        }
    }
}

/// Returns the tables that correspond: those with the same sheet and number, then those with most headers in common.
fn pairs_of_tables(old: &[ExplainedTable], new: &[ExplainedTable]) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    let mut pair = |fits: &dyn Fn(&ExplainedTable, &ExplainedTable) -> bool| {
        for (was, table) in old.iter().enumerate() {
            let is_free =
                |now: usize, pairs: &[(usize, usize)]| pairs.iter().all(|pair| pair.1 != now);
            if pairs.iter().any(|pair| pair.0 == was) {
                continue;
            }
            let fitting =
                (0..new.len()).find(|&now| is_free(now, &pairs) && fits(table, &new[now]));
            pairs.extend(fitting.map(|now| (was, now)));
        }
    };
    pair(&|was, now| was.sheet == now.sheet && was.table == now.table);
    pair(&|was, now| {
        without_period(&was.sheet) == without_period(&now.sheet) && was.table == now.table
    });
    pair(&|was, now| {
        let keys = |table: &ExplainedTable| {
            table
                .columns
                .iter()
                .map(|column| words(&column.name))
                .collect::<BTreeSet<_>>()
        };
        let (was, now) = (keys(was), keys(now));
        2 * was.intersection(&now).count() > was.len().max(now.len())
    });
    if let ([_], [_], true) = (old, new, pairs.is_empty()) {
        pairs.push((0, 0));
    }
    pairs.sort_unstable();
    pairs
}

/// Returns the columns that correspond, in the order of the first file: those with the same header, then pairs of which one
/// is most likely the other with a new name.
fn pairs_of_columns(old: &[ExplainedColumn], new: &[ExplainedColumn]) -> Vec<(usize, usize)> {
    let mut to: Vec<Option<usize>> = vec![None; old.len()];
    let mut taken = vec![false; new.len()];
    for key in [words, without_period] {
        for (was, column) in old
            .iter()
            .enumerate()
            .filter(|(_, column)| !column.name.is_empty())
        {
            if to[was].is_some() {
                continue;
            }
            let wanted = key(&column.name);
            let same = |now: &usize| {
                !taken[*now] && !new[*now].name.is_empty() && key(&new[*now].name) == wanted
            };
            if let Some(now) = (0..new.len()).find(same) {
                to[was] = Some(now);
                taken[now] = true;
            }
        }
    }
    let mut likely: Vec<(f64, usize, usize)> = Vec::new();
    for was in (0..old.len()).filter(|&was| to[was].is_none()) {
        let may_be = |&now: &usize| !taken[now] && may_be_renamed(&old[was], &new[now]);
        for now in (0..new.len()).filter(may_be) {
            let likeness =
                likeness(&old[was], &new[now]) + 0.15 * neighbours(&to, was, now, new.len());
            likely.push((likeness, was, now));
        }
    }
    likely.sort_by(|one, other| other.0.total_cmp(&one.0));
    for (likeness, was, now) in likely {
        if likeness >= RENAMED && to[was].is_none() && !taken[now] {
            to[was] = Some(now);
            taken[now] = true;
        }
    }
    let pairs = to.iter().enumerate();
    pairs
        .filter_map(|(was, now)| Some((was, (*now)?)))
        .collect()
}

/// Returns whether a column may be another one with a new name. Texts look alike whatever they say, so their headers have to
/// resemble each other.
fn may_be_renamed(was: &ExplainedColumn, now: &ExplainedColumn) -> bool {
    if was.field.is_some() && now.field.is_some() {
        return was.field == now.field;
    }
    let (old, new) = (clear_kind(was.looks()), clear_kind(now.looks()));
    let is_told = |kind: Option<&str>| kind.is_some_and(|kind| kind != "text");
    if is_told(old) || is_told(new) {
        return old.is_none() || new.is_none() || old == new;
    }
    let (one, other) = (tokens(&was.name), tokens(&now.name));
    one.iter().any(|token| other.contains(token))
        || TextDiff::from_chars(&one.join(" "), &other.join(" ")).ratio() >= ALIKE
}

/// Counts the sides (0 to 2) on which a column has the same neighbour as before.
fn neighbours(to: &[Option<usize>], was: usize, now: usize, width: usize) -> f64 {
    let left = match (was, now) {
        (0, 0) => true,
        (0, _) | (_, 0) => false,
        _ => to[was - 1] == Some(now - 1),
    };
    let right = match (was + 1 == to.len(), now + 1 == width) {
        (true, true) => true,
        (true, false) | (false, true) => false,
        _ => to[was + 1] == Some(now + 1),
    };
    f64::from(u8::from(left) + u8::from(right))
}

/// Returns how likely it is that a column is another one with a new name, by its header and the looks of its values.
fn likeness(was: &ExplainedColumn, now: &ExplainedColumn) -> f64 {
    // If two columns of the sender get the same field, they are the same column.
    if was.field.is_some() && was.field == now.field {
        return 1.0;
    }
    let (one, other) = (words(&was.name), words(&now.name));
    let mut likeness = 0.5 * f64::from(TextDiff::from_chars(&one, &other).ratio());
    let (old, new) = (was.looks(), now.looks());
    if old.kind.is_some() && old.kind == new.kind || old.filled == 0 && new.filled == 0 {
        likeness += 0.3;
    }
    let share = |looks: &ColumnValueProfile| looks.filled as f64 / looks.rows.max(1) as f64;
    likeness -= 0.3 * (share(old) - share(new)).abs();
    if let (Some(old), Some(new)) = (old.size, new.size) {
        likeness -= (0.2 * (old - new).abs()).min(0.4);
    }
    likeness
}

fn with_same_words(one: &str, other: &str) -> bool {
    words(one) == words(other) || without_period(one) == without_period(other)
}

/// Splits a text into lower-case words, with numbers separate from letters.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut before = None;
    for c in text.chars() {
        let kind = (c.is_alphabetic(), c.is_numeric());
        if kind != (false, false) {
            if before != Some(kind) {
                tokens.push(String::new());
            }
            if let Some(token) = tokens.last_mut() {
                token.extend(c.to_lowercase());
            }
        }
        before = Some(kind);
    }
    tokens
}

fn words(name: &str) -> String {
    let known = tokens(name).join(" ");
    match known.is_empty() {
        true => name.trim().to_owned(),
        false => known,
    }
}

/// Removes the month, quarter or week from a text: `Hours 03/2025` equals `Hours 04/2025`. A text without a period stays
/// unchanged: `Address 2` differs from `Address 3`.
pub fn without_period(text: &str) -> String {
    let all = tokens(text);
    let is_period = |token: &String| {
        is_month(token)
            || token.len() == 4
                && (token.starts_with("19") || token.starts_with("20"))
                && token.parse::<u16>().is_ok()
    };
    match all.iter().any(is_period) {
        true => stripped(&all),
        false => words(text),
    }
}

/// Returns the part that the names of a sender's files share: the name without its extension, numbers, and names of months.
pub fn name_of_sender(file: &str) -> String {
    let stem = std::path::Path::new(file).file_stem().unwrap_or_default();
    stripped(&tokens(&stem.to_string_lossy()))
}

fn stripped(tokens: &[String]) -> String {
    let is_number = |token: &String| token.chars().all(char::is_numeric);
    let kept = tokens.iter().enumerate().filter(|(at, token)| {
        // Recognises the quarter of `Q1` and the week of `KW12`.
        let is_unit =
            matches!(token.as_str(), "q" | "kw" | "w") && tokens.get(at + 1).is_some_and(is_number);
        !is_number(token) && !is_month(token) && !is_unit
    });
    let kept: Vec<&str> = kept.map(|(_, token)| token.as_str()).collect();
    kept.join(" ")
}

/// Returns whether a word is the name of a month, in English, German, French, Spanish, Italian, Dutch or Portuguese.
fn is_month(word: &str) -> bool {
    const MONTHS: &str = " jan january januar janvier enero ene gennaio gen januari janeiro \
        feb february februar février fevrier fév febrero febbraio februari fevereiro fev \
        mar march märz maerz mrz mars marzo maart mrt março marco apr april avril avr abril abr aprile \
        may mai mayo maggio mag mei maio jun june juni juin junio giugno giu junho \
        jul july juli juillet julio luglio lug julho aug august août aout agosto ago augustus \
        sep sept september septembre septiembre settembre set setembro \
        oct october oktober okt octobre octubre ottobre ott outubro out \
        nov november novembre noviembre novembro dec december dezember dez décembre decembre déc diciembre dic dicembre dezembro ";
    MONTHS.split_whitespace().any(|month| month == word)
}

/// Returns the layout that a run found. `None`: it is not recorded.
///
/// # Errors
/// The record cannot be read.
pub fn layout_of(store: &Store, run: &RunRecord) -> Result<Option<Layout>, StoreError> {
    Ok(Layout::from_noticed(
        report_of(store, run)?.noticed,
        &run.input_name,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_and_headers_lose_their_months() {
        for (one, other) in [
            ("payroll-2025-03.xlsx", "payroll-2025-04.xlsx"),
            ("Acme March 25.csv", "acme_april_25.csv"),
            ("20250301_export.xlsx", "export 2025-04-01.xlsx"),
        ] {
            assert_eq!(name_of_sender(one), name_of_sender(other));
        }
        assert_ne!(
            name_of_sender("acme_03.xlsx"),
            name_of_sender("borg_03.xlsx")
        );
        assert_eq!(
            without_period("Hours 03/2025"),
            without_period("Hours 04/2025")
        );
        assert_ne!(without_period("Address 2"), without_period("Address 3"));
    }

    #[test]
    fn a_column_of_texts_is_renamed_only_if_its_header_is_alike() {
        let layout = |name: &str| {
            let looks = r#""values": {"rows": 12, "filled": 12, "kind": "text", "share": 1.0}"#;
            let column = |name: &str| format!(r#"{{"name": "{name}", {looks}}}"#);
            let columns = ["Sample", name, "Unit"].map(column).join(", ");
            let tables = format!(r#"{{"tables": [{{"sheet": "S", "columns": [{columns}]}}]}}"#);
            let noticed = RunNotices::parse(&serde_json::from_str(&tables).unwrap());
            Layout::from_noticed(noticed, "a.xlsx").unwrap()
        };
        for (was, now, wanted) in [
            (
                "Test Name",
                "Reference Range",
                &["column_gone", "column_new"][..],
            ),
            ("Test Name", "Name of Test", &["column_renamed"]),
            ("Analyte", "Analytes", &["column_renamed"]),
        ] {
            let found = layout(now).since(&layout(was));
            let codes: Vec<_> = found.iter().map(|difference| difference.code).collect();
            assert_eq!(codes, wanted, "{was} {now}");
        }
    }

    #[test]
    fn a_sheet_that_is_called_as_its_file_is_not_renamed() {
        let layout = |(file, sheet): (&str, &str)| {
            let tables = format!(
                r#"{{"tables": [{{"sheet": "{sheet}", "table": 0, "columns": [{{"column": "A", "name": "Order"}}, {{"column": "B", "name": "Amount"}}]}}]}}"#
            );
            Layout::from_noticed(
                RunNotices::parse(&serde_json::from_str(&tables).unwrap()),
                file,
            )
            .unwrap()
        };
        for (was, now, wanted) in [
            (("acme_a.csv", "acme_a"), ("acme_b.csv", "acme_b"), &[][..]),
            (("acme_a.tsv", "acme_a"), ("acme_b.tsv", "acme_b"), &[]),
            (("acme_a.TXT", "acme_a"), ("acme_b.TXT", "acme_b"), &[]),
            (("acme_a.xls", "acme_a"), ("acme_b.xls", "acme_b"), &[]),
            (("mail a.mht", "mail a 1"), ("mail b.mht", "mail b 1"), &[]),
            (("a.xlsx", "North"), ("b.xlsx", "South"), &["sheet_renamed"]),
            (("a.xlsx", "North"), ("b.tsv", "b"), &["format"]),
        ] {
            let found = layout(now).since(&layout(was));
            let codes: Vec<_> = found.iter().map(|difference| difference.code).collect();
            assert_eq!(codes, wanted, "{was:?} {now:?}");
        }
    }
}
