//! Compares two runs, such as last month's and this month's, or two workbooks: mapping, counts, issues, versions, rows, and
//! totals of numbers. `ade runs diff`.
//!
//! # Promises
//! Anything unknown about one of the two counts as equal. At most `MAX_LISTED_CHANGES` changed cells, and rows of each kind, are
//! listed; all are counted.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};
use utoipa::ToSchema;

use super::grid::OutputGrid;
use crate::base::files::{FileError, name_of};
use crate::base::problem::{Error, code};
use crate::cells::{CellReader, ShownCell};
use crate::engine::RunNotices;
use crate::engine::report::ExplainedField;
use crate::run::inputs::input::is_supported;
use crate::run::results::layout::name_of_sender;
use crate::run::results::report_of;
use crate::settings::paths::RunFolder;
use crate::store::{RunRecord, RunStatus, StoreError};
use crate::workspace::Workspace;

/// The maximum number of changed cells, of added rows and of removed rows that are listed.
const MAX_LISTED_CHANGES: usize = 100;
/// The maximum number of characters of a cell that are shown.
const MAX_CELL_CHARS: usize = 200;
/// The maximum time for pairing rows without a key as well as possible.
const PAIRING: Duration = Duration::from_secs(10);

/// The differences: between two runs all of them, between two workbooks only rows and totals.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct OutputDifference {
    /// The name of the input, or of the workbook, to compare with.
    pub before: String,
    /// The name of the compared input or workbook.
    pub after: String,
    /// The ids of the runs, if runs are compared.
    pub run_ids: Option<[String; 2]>,
    /// The configuration, engine and settings, if they differ.
    pub versions: Vec<ValueChange<String>>,
    /// The numbers of rows, columns and issues, including equal ones.
    pub counts: Vec<ValueChange<u64>>,
    /// The numbers of issues by rule, if they differ.
    pub issues: Vec<ValueChange<u64>>,
    /// The headers of each field's columns, if they differ; empty if the field has no column.
    pub mapping: Vec<ValueChange<String>>,
    /// The differences between the rows of the outputs.
    pub rows: RowChanges,
    /// The sums of columns of numbers, including equal ones.
    pub totals: Vec<ValueChange<f64>>,
}

/// A value before and after.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ValueChange<T> {
    /// The name of the value: a field, a rule, a setting.
    pub what: String,
    /// The value as it was.
    pub before: T,
    /// The value as it is.
    pub after: T,
}

/// The differences between the rows of two outputs.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct RowChanges {
    /// The fields whose values pair the rows. `None`: rows are paired in their order.
    pub key: Option<String>,
    /// The number of rows before.
    pub before: u64,
    /// The number of rows now.
    pub after: u64,
    /// The number of rows that are new.
    pub added: u64,
    /// The number of rows that are gone.
    pub gone: u64,
    /// The number of rows with a changed cell.
    pub changed: u64,
    /// The first new rows: their keys, or their numbers from 1.
    pub added_rows: Vec<String>,
    /// The first rows that are gone.
    pub gone_rows: Vec<String>,
    /// The number of changed cells, in columns that both outputs have.
    pub changed_cells: u64,
    /// The first of the changed cells.
    pub cells: Vec<CellChange>,
    /// The columns that both outputs have.
    pub columns: Vec<String>,
    /// The columns that only the second output has, and the second output's headers of columns whose header differs.
    pub added_columns: Vec<String>,
    /// The columns that only the first output has, and the first output's headers of columns whose header differs.
    pub gone_columns: Vec<String>,
}

/// A cell with a changed value.
#[derive(Debug, Serialize, ToSchema)]
pub struct CellChange {
    /// Its row: the key, or its current number from 1.
    pub row: String,
    /// The name of its column.
    pub column: String,
    /// The old value, at most 200 characters.
    pub before: String,
    /// The new value, at most 200 characters.
    pub after: String,
    /// The sender's cell from which the new value comes, if the run recorded it: `Budget!F7`.
    pub source: Option<String>,
    /// Its position in the new output: the sheet, the row and the column, from 1.
    #[serde(skip)]
    pub place: (Arc<str>, u64, u64),
}

/// The differences between two folders.
#[derive(Debug, Serialize)]
pub struct FolderDifference {
    /// The differences between workbooks with matching names.
    pub files: Vec<OutputDifference>,
    /// The names of the workbooks that only the first folder has.
    pub only_before: Vec<String>,
    /// The names of the workbooks that only the second folder has.
    pub only_after: Vec<String>,
}

impl OutputDifference {
    /// Returns whether there is any known difference.
    pub fn is_any(&self) -> bool {
        let rows = &self.rows;
        let counts = self.counts.iter().any(|count| count.before != count.after);
        let columns = rows.added_columns.len() + rows.gone_columns.len();
        let lists = self.versions.len() + self.issues.len() + self.mapping.len() + columns;
        counts || lists > 0 || rows.added + rows.gone + rows.changed_cells > 0
    }

    /// Compares the issues and headers of both payloads.
    fn compare_noticed(&mut self, noticed: [&RunNotices; 2]) {
        self.issues = of_rules(noticed[0], noticed[1]);
        let [before, after] = noticed.map(mapping);
        self.mapping = changes(&before, &after, String::new());
    }
}

/// Compares two runs. `key`: the field whose values pair the rows; `None`: the first field that a rule asks to be unique in
/// both, otherwise their keys together.
///
/// # Errors
/// A run no longer has its output, or something cannot be read.
pub fn of_runs(
    workspace: &Workspace,
    runs: [&RunRecord; 2],
    key: Option<&str>,
) -> Result<OutputDifference, Error> {
    let mut noticed = Vec::with_capacity(2);
    let mut grids = Vec::with_capacity(2);
    for run in runs {
        let output = output_of(run)?;
        let told = report_of(&workspace.store, run)?.noticed;
        let mut grid = OutputGrid::read(&output, &run.input_name, Some(&told))?;
        let folder = RunFolder::at(&run.run_dir);
        grid.told = CellReader::default().rows(&folder.rows(&run.input_name));
        grids.push(grid);
        noticed.push(told);
    }
    let keys = match key {
        Some(key) => vec![key.to_owned()],
        None => keys_of([&noticed[0], &noticed[1]]),
    };
    let mut found = compared(&grids[0], &grids[1], &keys, key.is_some())?;
    found.run_ids = Some(runs.map(|run| run.id.clone()));
    found.versions = versions(workspace, runs)?;
    found.counts = counts(runs, &found.rows);
    found.compare_noticed([&noticed[0], &noticed[1]]);
    Ok(found)
}

/// Compares a run, whose notices are known, with the current result for its input: a workbook and the engine's notices. Only
/// rows are counted.
///
/// # Errors
/// The run no longer has its output, or something cannot be read.
pub fn of_run_and_now(
    run: &RunRecord,
    before: &RunNotices,
    now: (&Path, &RunNotices),
) -> Result<OutputDifference, Error> {
    let old = OutputGrid::read(&output_of(run)?, &run.input_name, Some(before))?;
    let new = OutputGrid::read(now.0, &run.input_name, Some(now.1))?;
    let noticed = [before, now.1];
    let mut found = compared(&old, &new, &keys_of(noticed), false)?;
    found.counts = vec![found.rows.counted()];
    found.compare_noticed(noticed);
    Ok(found)
}

/// Compares the files of two folders by name: equal names first, then names that differ only in numbers and months. If files
/// were run, compares the outputs of their newest runs; otherwise compares the workbooks themselves.
///
/// # Errors
/// A folder or a workbook cannot be read, or only one of two files was run.
pub fn of_folders(
    workspace: Option<&Workspace>,
    folders: [&Path; 2],
    key: Option<&str>,
) -> Result<FolderDifference, Error> {
    let (old, mut new) = (workbooks(folders[0])?, workbooks(folders[1])?);
    let mut found = FolderDifference {
        files: Vec::new(),
        only_before: Vec::new(),
        only_after: Vec::new(),
    };
    let mut left = Vec::new();
    let mut pairs = Vec::new();
    for was in old {
        match new.iter().position(|is| name_of(is) == name_of(&was)) {
            Some(at) => pairs.push((was, new.remove(at))),
            None => left.push(was),
        }
    }
    for was in left {
        let name = name_of_sender(&name_of(&was));
        let alike: Vec<usize> = (0..new.len())
            .filter(|&at| name_of_sender(&name_of(&new[at])) == name)
            .collect();
        match alike.as_slice() {
            [index] => pairs.push((was, new.remove(*index))),
            _ => found.only_before.push(name_of(&was)),
        }
    }
    found.only_after = new.iter().map(|path| name_of(path)).collect();
    pairs.sort();
    for (was, is) in pairs {
        found.files.push(match workspace {
            Some(workspace) if was_run(workspace, &was)? || was_run(workspace, &is)? => {
                let runs = [run_of(workspace, &was)?, run_of(workspace, &is)?];
                of_runs(workspace, [&runs[0], &runs[1]], key)?
            }
            _ => {
                let keys: Vec<String> = key.map(str::to_owned).into_iter().collect();
                let [was, is] =
                    [was, is].map(|path| OutputGrid::read(&path, &name_of(&path), None));
                compared(&was?, &is?, &keys, true)?
            }
        });
    }
    Ok(found)
}

fn was_run(workspace: &Workspace, path: &Path) -> Result<bool, StoreError> {
    Ok(workspace.runs_of_file(path).next().transpose()?.is_some())
}

fn run_of(workspace: &Workspace, path: &Path) -> Result<RunRecord, Error> {
    let run = workspace.find_run(&path.to_string_lossy())?;
    workspace.fetch_run(&run)?;
    Ok(run)
}

fn workbooks(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let failed = || FileError::on("read", folder);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed())? {
        let path = entry.map_err(failed())?.path();
        // The names of Excel's own lock files begin with this.
        if path.is_file() && is_supported(&path) && !name_of(&path).starts_with("~$") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn output_of(run: &RunRecord) -> Result<PathBuf, Error> {
    let path = run.output_path.as_ref().filter(|path| path.is_file());
    path.cloned().ok_or_else(|| {
        let why = match (run.status, run.artifacts_deleted_at) {
            (_, Some(at)) => format!("garbage collection deleted its files at {at}"),
            (RunStatus::Succeeded, None) => "its file is gone".to_owned(),
            (status, None) => format!("it is {}", status.as_str()),
        };
        let (id, input) = (&run.id, &run.input_name);
        let message = format!("run {id} of {input} has no workbook: {why}");
        Error::usage(code::OUTPUT_GONE, message).hint("run the input again")
    })
}

/// Returns the fields that pair the rows of both: the first that a rule asks to be unique, otherwise the keys together.
fn keys_of(noticed: [&RunNotices; 2]) -> Vec<String> {
    let in_both = |fits: &dyn Fn(&ExplainedField) -> bool| -> Vec<String> {
        let [mut first, second] = noticed.map(|told| {
            let fields = told.tables.iter().flat_map(|table| &table.fields);
            let names = fields.filter(|field| fits(field)).map(|field| &field.field);
            let mut seen = BTreeSet::new();
            let names = names.filter(|name| seen.insert(*name)).cloned();
            names.collect::<Vec<String>>()
        });
        first.retain(|field| second.contains(field));
        first
    };
    let unique = in_both(&|field| {
        let mut rules = field.validators.iter();
        rules.any(|rule| rule.ends_with(".unique"))
    });
    match unique.is_empty() {
        true => in_both(&|field| field.key),
        false => unique.into_iter().take(1).collect(),
    }
}

fn versions(
    workspace: &Workspace,
    runs: [&RunRecord; 2],
) -> Result<Vec<ValueChange<String>>, StoreError> {
    let mut of = Vec::with_capacity(2);
    for run in runs {
        let mut known = BTreeMap::from([
            ("configuration".to_owned(), run.configuration_name.clone()),
            (
                "configuration digest".to_owned(),
                run.source_digest.chars().take(12).collect(),
            ),
        ]);
        let environment = run.environment_id.as_deref();
        let environment = environment.map(|id| workspace.store.environment(workspace.id(), id));
        if let Some(Ok(environment)) = environment
            && let Some(contents) = environment.contents
        {
            known.insert("engine".to_owned(), contents.engine_version.clone());
            known.insert("python".to_owned(), contents.python_version.clone());
        }
        let variables = run.options.engine_variables.iter().flatten();
        let settings = run.options.settings.iter().chain(variables);
        known.extend(settings.map(|(key, value)| (format!("setting {key}"), value.clone())));
        of.push(known);
    }
    Ok(changes(&of[0], &of[1], String::new()))
}

fn counts(runs: [&RunRecord; 2], rows: &RowChanges) -> Vec<ValueChange<u64>> {
    let mut counts = vec![rows.counted()];
    if let [Some(before), Some(after)] = runs.map(|run| run.metrics.as_ref()) {
        let more = [
            ("rows read", before.rows, after.rows),
            ("columns", before.columns, after.columns),
            (
                "unmapped columns",
                before.unmapped_columns,
                after.unmapped_columns,
            ),
            ("errors", before.errors, after.errors),
            ("warnings", before.warnings, after.warnings),
        ];
        counts.extend(more.map(|(what, before, after)| ValueChange {
            what: what.to_owned(),
            before,
            after,
        }));
    }
    counts
}

/// Returns the rules whose numbers of issues differ.
pub fn of_rules(before: &RunNotices, after: &RunNotices) -> Vec<ValueChange<u64>> {
    changes(&issues_by_rule(before), &issues_by_rule(after), 0)
}

/// Returns the number of issues of each rule.
fn issues_by_rule(noticed: &RunNotices) -> BTreeMap<String, u64> {
    let mut rules: BTreeMap<String, u64> = BTreeMap::new();
    for issues in &noticed.issues {
        *rules.entry(issues.rule.clone()).or_default() += issues.count;
    }
    rules
}

/// Returns the headers of each field's columns.
fn mapping(noticed: &RunNotices) -> BTreeMap<String, String> {
    let mut fields: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    for column in noticed.tables.iter().flat_map(|table| &table.columns) {
        if let Some(field) = &column.field {
            fields
                .entry(field.clone())
                .or_default()
                .insert(&column.name);
        }
    }
    let joined = |names: BTreeSet<&str>| names.into_iter().collect::<Vec<_>>().join(", ");
    fields
        .into_iter()
        .map(|(field, names)| (field, joined(names)))
        .collect()
}

/// Returns the differences between two maps; a missing value is `nothing`.
fn changes<T: Clone + PartialEq>(
    before: &BTreeMap<String, T>,
    after: &BTreeMap<String, T>,
    nothing: T,
) -> Vec<ValueChange<T>> {
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let all = keys.into_iter().map(|key| ValueChange {
        what: key.clone(),
        before: before.get(key).unwrap_or(&nothing).clone(),
        after: after.get(key).unwrap_or(&nothing).clone(),
    });
    all.filter(|change| change.before != change.after).collect()
}

fn compared(
    old: &OutputGrid,
    new: &OutputGrid,
    keys: &[String],
    is_given: bool,
) -> Result<OutputDifference, Error> {
    for grid in [old, new] {
        let lacking = keys.iter().find(|key| grid.column(key).is_none());
        if let (Some(key), true) = (lacking, is_given) {
            let message = format!("{} has no column {key}", grid.name);
            return Err(Error::usage(code::UNKNOWN_FIELD, message)
                .hint("name a field, or the header of a column that both runs have"));
        }
    }
    let mut rows = RowChanges {
        before: old.rows.len() as u64,
        after: new.rows.len() as u64,
        added_columns: new.columns_beside(old),
        gone_columns: old.columns_beside(new),
        ..RowChanges::default()
    };
    let columns: Vec<(usize, usize)> = new
        .columns
        .iter()
        .enumerate()
        .filter_map(|(is, name)| Some((old.column(name)?, is)))
        .collect();
    rows.columns = columns
        .iter()
        .map(|(_, is)| new.columns[*is].clone())
        .collect();
    let places: Vec<(usize, usize)> = keys
        .iter()
        .filter_map(|key| Some((old.column(key)?, new.column(key)?)))
        .collect();
    if places.is_empty() || places.len() < keys.len() {
        by_place(old, new, &columns, &mut rows);
    } else {
        rows.key = Some(keys.join(", "));
        by_key(old, new, &places, &columns, &mut rows);
    }
    let totals = new.columns.iter().filter_map(|name| {
        let (was, is) = (old.column(name)?, new.column(name)?);
        let is_key = keys.contains(name);
        let (was, is) = (old.sum(was), new.sum(is));
        let known = !is_key && (was.is_some() || is.is_some());
        known.then(|| ValueChange {
            what: name.clone(),
            before: was.unwrap_or(0.0),
            after: is.unwrap_or(0.0),
        })
    });
    Ok(OutputDifference {
        before: old.name.clone(),
        after: new.name.clone(),
        totals: totals.collect(),
        rows,
        ..OutputDifference::default()
    })
}

/// Pairs rows with the same key; if several rows have the same key, in their order.
fn by_key(
    old: &OutputGrid,
    new: &OutputGrid,
    keys: &[(usize, usize)],
    columns: &[(usize, usize)],
    rows: &mut RowChanges,
) {
    let name = |row: &[ShownCell], places: &mut dyn Iterator<Item = usize>| {
        let texts: Vec<&str> = places.map(|at| row[at].text.as_str()).collect();
        texts.join(" ")
    };
    let old_name = |row: &[ShownCell]| name(row, &mut keys.iter().map(|key| key.0));
    let mut known: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, row) in old.rows.iter().enumerate().rev() {
        known.entry(old_name(row)).or_default().push(at);
    }
    let mut is_paired = vec![false; old.rows.len()];
    for (at, row) in new.rows.iter().enumerate() {
        let name = name(row, &mut keys.iter().map(|key| key.1));
        match known.get_mut(&name).and_then(Vec::pop) {
            Some(was) => {
                is_paired[was] = true;
                rows.compare(&name, (old, was), (new, at), columns);
            }
            None => rows.add(&name),
        }
    }
    for (row, _) in old
        .rows
        .iter()
        .zip(&is_paired)
        .filter(|(_, paired)| !**paired)
    {
        rows.lose(&old_name(row));
    }
}

/// Pairs rows in their order: equal rows first, and between them the rows at the same position.
fn by_place(old: &OutputGrid, new: &OutputGrid, columns: &[(usize, usize)], rows: &mut RowChanges) {
    let hashes = |grid: &OutputGrid, places: Vec<usize>| -> Vec<u64> {
        let hash = |row: &Vec<ShownCell>| {
            let mut hasher = DefaultHasher::new();
            places.iter().for_each(|at| row[*at].text.hash(&mut hasher));
            hasher.finish()
        };
        grid.rows.iter().map(hash).collect()
    };
    let was = hashes(old, columns.iter().map(|both| both.0).collect());
    let is = hashes(new, columns.iter().map(|both| both.1).collect());
    let until = Instant::now() + PAIRING;
    for operation in capture_diff_slices_deadline(Algorithm::Myers, &was, &is, Some(until)) {
        if matches!(operation, DiffOp::Equal { .. }) {
            continue;
        }
        let (_, was, is) = operation.as_tag_tuple();
        let both = was.len().min(is.len());
        for row in was.clone().skip(both) {
            rows.lose(&(row + 1).to_string());
        }
        for row in is.clone().skip(both) {
            rows.add(&(row + 1).to_string());
        }
        for (was, is) in was.zip(is) {
            let name = (is + 1).to_string();
            rows.compare(&name, (old, was), (new, is), columns);
        }
    }
}

impl RowChanges {
    /// Returns the numbers of rows before and now.
    fn counted(&self) -> ValueChange<u64> {
        ValueChange {
            what: "rows".to_owned(),
            before: self.before,
            after: self.after,
        }
    }

    fn add(&mut self, name: &str) {
        self.added += 1;
        keep(&mut self.added_rows, || shown(name));
    }

    fn lose(&mut self, name: &str) {
        self.gone += 1;
        keep(&mut self.gone_rows, || shown(name));
    }

    fn compare(
        &mut self,
        name: &str,
        (old, was): (&OutputGrid, usize),
        (new, at): (&OutputGrid, usize),
        columns: &[(usize, usize)],
    ) {
        let before = self.changed_cells;
        let (was, is) = (&old.rows[was], &new.rows[at]);
        for &(from, to) in columns {
            if was[from].text != is[to].text {
                self.changed_cells += 1;
                keep(&mut self.cells, || CellChange {
                    row: shown(name),
                    column: old.columns[from].clone(),
                    before: shown(&was[from].text),
                    after: shown(&is[to].text),
                    source: new.source(at, &new.columns[to]),
                    place: new.position_of(at, to),
                });
            }
        }
        self.changed += u64::from(self.changed_cells > before);
    }
}

fn keep<T>(list: &mut Vec<T>, one: impl FnOnce() -> T) {
    if list.len() < MAX_LISTED_CHANGES {
        list.push(one());
    }
}

fn shown(text: &str) -> String {
    text.chars().take(MAX_CELL_CHARS).collect()
}
