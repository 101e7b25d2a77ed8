//! Explains what the rows of a sheet were recognised as, for people who ask where a header was seen.

use std::collections::BTreeSet;

use foldhash::HashMap;

use crate::layout::{RowKind, RowLayout, RowState, SheetLayout, reasons_of};

/// The minimum likelihood of a certain state; rows with less are doubtful.
const MIN_SURE_LIKELIHOOD: f64 = 0.8;
/// The maximum number of reasons of a row.
const MAX_REASONS: usize = 5;

/// The judgement of a row: its kind, with the reasons.
#[derive(Debug)]
pub struct JudgedRow {
    /// Its number in the sheet, from 0. Rows that were not examined have the layout of others.
    pub row: usize,
    /// The probability of each state.
    pub likelihoods: [f64; RowState::ALL.len()],
    pub kind: &'static str,
    pub reasons: Vec<String>,
    /// A sentence with all of this, but without any value of a cell.
    pub message: String,
}

/// Judges the rows at which titles, headers, data, totals and notes begin and end, doubtful rows, and headers that do not look
/// like one: at most `most`. `repeated` has the reasons of rows that repeat a header or are lines of signs.
pub fn judge(
    looks: &SheetLayout,
    kinds: &[RowKind],
    repeated: &HashMap<usize, &'static str>,
    most: usize,
) -> Vec<JudgedRow> {
    let is_alike = |a: &RowLayout, at: Option<usize>| {
        at.and_then(|at| looks.rows.get(at))
            .is_some_and(|b| a.state == b.state)
    };
    let mut rows = BTreeSet::new();
    for (at, row) in looks.rows.iter().enumerate() {
        let is_within = is_alike(row, at.checked_sub(1)) && is_alike(row, Some(at + 1));
        if !is_within
            || row
                .likelihoods
                .iter()
                .all(|likely| *likely < MIN_SURE_LIKELIHOOD)
        {
            rows.insert(row.number);
        }
    }
    let headers = (0..kinds.len()).filter(|&row| kinds[row] == RowKind::Header);
    rows.extend(headers.filter(|&row| {
        looks
            .row(row)
            .is_some_and(|looks| looks.state != RowState::Header)
    }));
    let judged = rows.into_iter().take(most).filter_map(|row| {
        let looks = looks.row(row)?;
        let kind = kinds
            .get(row)
            .map_or(looks.state.name(), |kind| kind.name());
        let (state, reasons) = (looks.state.name(), reasons_of(looks, MAX_REASONS));
        let likely = RowState::ALL.into_iter().find(|state| state.name() == kind);
        let why = if let Some(said) = repeated.get(&row) {
            format!(" ({said}; it looks like {state})")
        } else if kind != state {
            format!(" (set by a row detector; it looks like {state})")
        } else if let Some(state) = likely {
            let percent = (looks.likelihoods[state as usize] * 100.0).round_ties_even();
            format!(" ({}%)", percent.min(99.0))
        } else {
            String::new()
        };
        let mut message = format!("row {}, {kind}{why}", row + 1);
        if !reasons.is_empty() {
            message = format!("{message}: {}", reasons.join("; "));
        }
        Some(JudgedRow {
            row,
            likelihoods: looks.likelihoods,
            kind,
            reasons,
            message,
        })
    });
    judged.collect()
}
