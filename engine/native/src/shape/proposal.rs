//! Proposals, as they are handed out: steps with a confidence, reasons, and what there is to ask about.

use super::candidate::Step;
use super::hollow::LINES;
use super::search::{Found, search};
use super::table::{EMPTY, Id, Pool, Table};

/// So many proposals are handed out.
const MOST: usize = 10;
/// Another way to reshape that is so likely is a reason to ask.
const RIVAL: f64 = 0.05;
/// What is at least so sure, and of a kind that is certain, may be done without asking.
const APPLY: f64 = 0.8;
/// What is at least so sure is worth a question.
pub const PROPOSE: f64 = 0.5;

/// Steps that would make a table one record a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// None where each row is one record already.
    pub steps: Vec<Step>,
    /// From 0 to 1; all proposals for a table add up to 1 at most.
    pub confidence: f64,
    /// Whether it is so sure that nobody has to be asked.
    pub apply: bool,
    pub reasons: Vec<String>,
    /// Why it is not done without asking, however sure it is.
    pub doubts: Vec<String>,
}

/// What would make a table one record a row, the likeliest first. The first row is the header.
pub fn propose<T: AsRef<str>>(
    rows: impl Iterator<Item = impl IntoIterator<Item = T>>,
) -> Vec<Proposal> {
    let mut pool = Pool::new();
    let rows = rows.take(LINES + 1);
    let rows: Vec<Vec<Id>> = rows
        .map(|row| {
            row.into_iter()
                .map(|cell| pool.add(cell.as_ref()))
                .collect()
        })
        .collect();
    let table = Table::of(rows);
    let is_filled = |row: &&[Id]| row.iter().any(|&cell| cell != EMPTY);
    let filled = table.rows().take(10).filter(is_filled).count();
    let is_short = filled < 3;
    let mut found = search(&mut pool, &table);
    if filled < 2 {
        hold_back(&mut found);
    }
    let proposals = found
        .iter()
        .take(MOST)
        .map(|one| proposal(one, &found, is_short));
    proposals.collect()
}

/// One row shows little, whatever it looks like: half of what speaks for a change speaks for leaving the table as it is.
fn hold_back(found: &mut [Found]) {
    let mut held = 0.0;
    for one in found.iter_mut().filter(|one| !one.steps.is_empty()) {
        one.chance /= 2.0;
        held += one.chance;
    }
    for plain in found.iter_mut().filter(|one| one.steps.is_empty()) {
        plain.chance += held;
    }
    found.sort_by(|a, b| b.chance.total_cmp(&a.chance));
}

fn proposal(one: &Found, all: &[Found], is_short: bool) -> Proposal {
    let acts = !one.steps.is_empty();
    let mut doubts = one.doubts.clone();
    if acts && is_short {
        doubts.push("fewer than three rows show it".to_owned());
    }
    let is_rival = |other: &&Found| {
        other.steps != one.steps && !other.steps.is_empty() && other.chance >= RIVAL
    };
    if let Some(rival) = all.iter().find(is_rival)
        && acts
        && one.chance >= PROPOSE
    {
        let names: Vec<&str> = rival
            .steps
            .iter()
            .map(|step| step.operator().words())
            .collect();
        let chance = 100.0 * rival.chance;
        doubts.push(format!(
            "{} would do too ({chance:.0} %)",
            names.join(" and ")
        ));
    }
    let plain = || {
        vec!["each row looks like one record: columns are of one kind each, and named".to_owned()]
    };
    Proposal {
        confidence: one.chance,
        apply: acts && one.chance >= APPLY && doubts.is_empty(),
        reasons: if acts { one.reasons.clone() } else { plain() },
        doubts,
        steps: one.steps.clone(),
    }
}
