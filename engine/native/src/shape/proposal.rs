//! Chooses proposals: steps with a confidence, reasons, and doubts to ask about.
//!
//! Each rule proposes one step. Values given once for several rows, and section lines, are repaired before columns become rows.
//! Then the rules run again.

use super::columns::{groups, stack};
use super::lists::split;
use super::rows::{fill_down, records, section_lines, sections};
use super::step::{Proposal, ReshapeStep};
use super::table::TextTable;
use super::turn::turn;

/// The minimum confidence for applying a proposal without asking, if it has no doubts.
const APPLY: f64 = 0.8;
/// The minimum confidence for asking about a proposal.
pub const PROPOSE: f64 = 0.5;
/// The minimum number of rows that show the shape of a table.
const MIN_SHOWN_ROWS: usize = 3;

/// Returns the proposals that would make a table one record per row, the likeliest first. The first row is the header.
pub fn propose<T: AsRef<str>>(
    rows: impl Iterator<Item = impl IntoIterator<Item = T>>,
) -> Vec<Proposal> {
    let table = TextTable::new(rows);
    let shown = table
        .rows
        .iter()
        .filter(|row| row.iter().any(|text| !text.is_empty()))
        .take(MIN_SHOWN_ROWS)
        .count();
    let mut found = candidates(&table);
    for proposal in found.iter_mut().filter(|_| shown < MIN_SHOWN_ROWS) {
        // A single row is weak evidence.
        proposal.confidence /= if shown < 2 { 2.0 } else { 1.0 };
        proposal
            .doubts
            .push("fewer than three rows show this".to_owned());
    }
    let mut left = 1.0;
    let all = found.clone();
    for (at, proposal) in found.iter_mut().enumerate() {
        let rivals = all.iter().enumerate().filter(|(other, _)| *other != at);
        let rival = rivals.map(|(_, other)| other).find(|other| {
            let shares = |step: &ReshapeStep| proposal.steps.contains(step);
            other.confidence >= PROPOSE && !other.steps.iter().any(shares)
        });
        if let Some(rival) = rival.filter(|_| proposal.confidence >= PROPOSE) {
            let names: Vec<&str> = rival.steps.iter().map(|step| step.words()).collect();
            let doubt = format!("{} would also work", names.join(" and "));
            proposal.doubts.push(doubt);
        }
        proposal.confidence *= left;
        left -= proposal.confidence;
        proposal.apply = at == 0 && proposal.confidence >= APPLY && proposal.doubts.is_empty();
    }
    let said = "each row looks like one record: each column has a name and values of one kind";
    found.push(Proposal {
        confidence: left,
        reasons: vec![said.to_owned()],
        ..Proposal::default()
    });
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    found
}

type Rule = fn(&TextTable) -> Option<Proposal>;

/// Returns the proposals of all rules, the most confident first.
fn candidates(table: &TextTable) -> Vec<Proposal> {
    const FIRST: [Rule; 2] = [sections, fill_down];
    const OTHERS: [Rule; 5] = [records, groups, stack, turn, split];
    let mut found: Vec<Proposal> = OTHERS.iter().filter_map(|rule| rule(table)).collect();
    let is_groups =
        |proposal: &&Proposal| matches!(proposal.steps[..], [ReshapeStep::Groups { .. }]);
    let of_groups = found
        .iter()
        .find(is_groups)
        .map(|proposal| proposal.confidence);
    if let Some(of_groups) = of_groups.filter(|confidence| *confidence >= PROPOSE) {
        // Columns of measures and keys are also similar to each other.
        let is_stack =
            |proposal: &Proposal| matches!(proposal.steps[..], [ReshapeStep::Stack { .. }]);
        found.retain(|proposal| !is_stack(proposal) || proposal.confidence > of_groups);
    }
    let top = found
        .iter()
        .map(|proposal| proposal.confidence)
        .fold(0.0, f64::max);
    for mut first in FIRST.iter().filter_map(|rule| rule(table)) {
        let (mended, places) = mended(table, first.steps[0]);
        let next = [groups, stack, split]
            .iter()
            .filter_map(|rule| rule(&mended));
        let next = next
            .filter(|proposal| proposal.confidence >= PROPOSE)
            .max_by(|a, b| a.confidence.total_cmp(&b.confidence));
        // This step comes before steps on columns, however confident those are.
        first.confidence = first.confidence.max(top + 0.001).min(0.98);
        if let Some(next) = next {
            let mut both = first.clone();
            both.steps
                .extend(next.steps.into_iter().map(|step| located(step, &places)));
            if first.steps == [ReshapeStep::Sections] {
                both.steps.reverse();
            }
            both.reasons.extend(next.reasons);
            both.doubts.extend(next.doubts);
            both.confidence += 0.005;
            found.push(both);
        }
        found.push(first);
    }
    found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    found
}

/// Returns the table after a step, and for each of its columns the column of the table before the step.
fn mended(table: &TextTable, step: ReshapeStep) -> (TextTable, Vec<usize>) {
    let mut rows = table.rows.clone();
    let mut places: Vec<usize> = (0..table.width()).collect();
    match step {
        ReshapeStep::FillDown { last } => {
            for at in 1..rows.len() {
                for column in (0..=last)
                    .filter(|&column| rows[at][column].is_empty())
                    .collect::<Vec<_>>()
                {
                    rows[at][column] = rows[at - 1][column].clone();
                }
            }
        }
        _ => {
            let lines = section_lines(table);
            let mut is_line = lines.iter();
            rows.retain(|_| is_line.next() == Some(&false));
            places.retain(|&column| rows.iter().any(|row| !row[column].is_empty()));
        }
    }
    rows.insert(0, table.head.clone());
    let kept = |row: Vec<String>| places.iter().map(|&column| row[column].clone()).collect();
    (
        TextTable::from_texts(rows.into_iter().map(kept).collect()),
        places,
    )
}

/// Returns a step with the column numbers of the table before the step.
fn located(step: ReshapeStep, places: &[usize]) -> ReshapeStep {
    match step {
        ReshapeStep::Stack { start, end } => ReshapeStep::Stack {
            start: places[start],
            end: places[end],
        },
        ReshapeStep::Groups { start, end } => ReshapeStep::Groups {
            start: places[start],
            end: places[end],
        },
        ReshapeStep::Split { column, mark } => ReshapeStep::Split {
            column: places[column],
            mark,
        },
        other => other,
    }
}
