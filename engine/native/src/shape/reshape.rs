//! Does a step, on as many rows as are needed to look at the result.

use super::candidate::{Candidate, Detail, Step};
use super::groups::without_mark;
use super::hollow::Hollow;
use super::marks::Mark;
use super::records::parted;
use super::series::Pair;
use super::table::{EMPTY, Id, Pool, Table, spread};

/// Rows of the table that are taken.
const ROWS: usize = 400;
/// Rows that are taken where each becomes several.
const FEW_ROWS: usize = 120;
/// Columns that become rows, and keys.
const MOST_TURNED: usize = 300;
const MOST_STACKED: usize = 10;

type Rows = Vec<Vec<Id>>;
type Source = Vec<Option<usize>>;

/// The table that a step makes.
pub fn apply(pool: &mut Pool, table: &Table, candidate: &Candidate) -> Table {
    let Some(step) = candidate.step else {
        return table.clone();
    };
    match (step, &candidate.detail) {
        (Step::Transpose, _) => Table::of(turn(table)),
        (Step::Records { every }, _) => Table::of(join(pool, table, every)),
        (Step::FillDown { last }, _) => {
            Table::of(fill(table, last)).with_source(table.source.clone())
        }
        (Step::Split { column, mark }, _) => {
            Table::of(split(pool, table, column, mark)).with_source(table.source.clone())
        }
        (Step::Stack { start, end }, _) => {
            let (rows, source) = stack(pool, table, start, end);
            Table::of(rows).with_source(source)
        }
        (Step::Groups { start, end }, Detail::Pairs(pairs)) => {
            let (rows, source) = regroup(pool, table, (start, end), pairs);
            Table::of(rows).with_source(source)
        }
        (Step::Sections, _) => {
            let (rows, source) = gather(pool, table);
            Table::of(rows).with_source(source)
        }
        (Step::Groups { .. }, Detail::None) => table.clone(),
    }
}

fn head_and_rows(table: &Table, rows: usize) -> impl Iterator<Item = &[Id]> {
    std::iter::once(table.head.as_slice()).chain(table.rows().take(rows))
}

fn turn(table: &Table) -> Rows {
    let column = |column: usize| head_and_rows(table, ROWS).map(|row| row[column]).collect();
    spread(table.width(), MOST_TURNED)
        .into_iter()
        .map(column)
        .collect()
}

fn stack(pool: &mut Pool, table: &Table, start: usize, end: usize) -> (Rows, Source) {
    let keep: Vec<usize> = (0..table.width())
        .filter(|at| *at < start || *at > end)
        .collect();
    let mut head: Vec<Id> = keep.iter().map(|&at| table.head[at]).collect();
    head.extend([pool.add("var"), pool.add("value")]);
    let mut rows = vec![head];
    for column in spread(end - start + 1, MOST_STACKED) {
        let column = start + column;
        for row in table.rows().take(FEW_ROWS) {
            let mut cells: Vec<Id> = keep.iter().map(|&at| row[at]).collect();
            cells.extend([table.head[column], row[column]]);
            rows.push(cells);
        }
    }
    let mut source: Source = keep.iter().map(|&at| table.source[at]).collect();
    source.extend([None, None]);
    (rows, source)
}

fn regroup(
    pool: &mut Pool,
    table: &Table,
    place: (usize, usize),
    pairs: &[Pair],
) -> (Rows, Source) {
    let (start, end) = place;
    let keep: Vec<usize> = (0..table.width())
        .filter(|at| *at < start || *at > end)
        .collect();
    let (mut measures, mut keys): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    for pair in pairs {
        for (known, name) in [(&mut measures, &pair.measure), (&mut keys, &pair.key)] {
            if !known.contains(&name.as_str()) {
                known.push(name);
            }
        }
    }
    let column = |measure: &str, key: &str| {
        let is_it = |pair: &Pair| pair.measure == measure && pair.key == key;
        pairs.iter().rposition(is_it).map(|at| start + at)
    };
    let mut head: Vec<Id> = keep.iter().map(|&at| table.head[at]).collect();
    head.push(pool.add("var"));
    head.extend(
        measures
            .iter()
            .map(|measure| pool.add(&without_mark(measure))),
    );
    let places: Vec<(Id, Vec<Option<usize>>)> = keys
        .iter()
        .take(MOST_STACKED)
        .map(|key| {
            let columns = measures
                .iter()
                .map(|measure| column(measure, key))
                .collect();
            (pool.add(key), columns)
        })
        .collect();
    let mut rows = vec![head];
    for row in table.rows().take(FEW_ROWS) {
        for (key, columns) in &places {
            let mut cells: Vec<Id> = keep.iter().map(|&at| row[at]).collect();
            cells.push(*key);
            cells.extend(
                columns
                    .iter()
                    .map(|column| column.map_or(EMPTY, |at| row[at])),
            );
            rows.push(cells);
        }
    }
    let mut source: Source = keep.iter().map(|&at| table.source[at]).collect();
    source.resize(keep.len() + 1 + measures.len(), None);
    (rows, source)
}

fn join(pool: &mut Pool, table: &Table, every: usize) -> Rows {
    let is_one = table.width() == 1;
    let lines: Vec<(Id, Id)> = head_and_rows(table, ROWS)
        .enumerate()
        .map(|(at, line)| {
            if !is_one {
                return (line[0], line[1]);
            }
            let text = pool.text(line[0]).to_owned();
            match parted(&text) {
                Some((label, value)) => (pool.add(label), pool.add(value)),
                None => (pool.add(&format!("field {}", at % every + 1)), line[0]),
            }
        })
        .collect();
    let mut names: Vec<Id> = Vec::new();
    for (label, _) in &lines {
        if !names.contains(label) && names.len() < 80 {
            names.push(*label);
        }
    }
    let record = |lines: &[(Id, Id)]| {
        let value = |name: &Id| {
            let found = lines.iter().rfind(|(label, _)| label == name);
            found.map_or(EMPTY, |(_, value)| *value)
        };
        names.iter().map(value).collect()
    };
    let records: Rows = lines.chunks(every).map(record).collect();
    std::iter::once(names.clone()).chain(records).collect()
}

fn fill(table: &Table, last: usize) -> Rows {
    let mut above = vec![EMPTY; last + 1];
    let mut rows = vec![table.head.clone()];
    for row in table.rows().take(ROWS) {
        let mut row = row.to_vec();
        for (cell, above) in row.iter_mut().zip(&mut above) {
            if *cell == EMPTY {
                *cell = *above;
            }
            *above = *cell;
        }
        rows.push(row);
    }
    rows
}

fn split(pool: &mut Pool, table: &Table, column: usize, mark: Mark) -> Rows {
    let mut rows = vec![table.head.clone()];
    for row in table.rows().take(ROWS) {
        let text = pool.text(row[column]).to_owned();
        let mut parts: Vec<Id> = mark
            .split(&text)
            .into_iter()
            .map(|part| pool.add(part))
            .collect();
        if parts.is_empty() {
            parts.push(row[column]);
        }
        for part in parts {
            let mut row = row.to_vec();
            row[column] = part;
            rows.push(row);
        }
    }
    rows
}

/// Section lines as a first column. Columns that are empty without them fall away.
fn gather(pool: &mut Pool, table: &Table) -> (Rows, Source) {
    let hollow = Hollow::of(pool, table);
    let mut section = EMPTY;
    let mut rows: Rows = Vec::new();
    for (at, row) in table.rows().take(ROWS).enumerate() {
        if hollow.is_section.get(at) == Some(&true) {
            section = row[hollow.first(at)];
        } else if row.iter().any(|&cell| cell != EMPTY) {
            let mut cells = vec![section];
            cells.extend(row);
            rows.push(cells);
        }
    }
    let mut head = vec![pool.add("Subtitle")];
    head.extend(&table.head);
    rows.insert(0, head);
    let is_kept = |at: &usize| *at == 0 || rows[1..].iter().any(|row| row[*at] != EMPTY);
    let keep: Vec<usize> = (0..=table.width()).filter(is_kept).collect();
    let chosen = |row: &Vec<Id>| keep.iter().map(|&at| row[at]).collect();
    let source = keep
        .iter()
        .map(|&at| at.checked_sub(1).and_then(|at| table.source[at]));
    (rows.iter().map(chosen).collect(), source.collect())
}
