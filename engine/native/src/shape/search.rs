//! Looks for the steps that make a table one record a row.
//!
//! Each candidate of a table is as likely as its score says among the others. A chain of steps is a walk: the step is done,
//! the result is looked at in the same way, until no step is the likeliest. So whether a result is one record a row is not
//! decided by other means: it is the chance of `none` for the result.

use super::candidate::{Candidate, Operator, Step};
use super::doubts::doubt;
use super::table::{Pool, Table};
use super::view::View;
use super::weights::Weights;
use super::{fill, groups, lists, plain, records, reshape, sections, stack, turn};

/// Steps that are followed from one table.
const BEAM: usize = 5;
/// The longest chain.
const DEPTH: usize = 3;
/// Chains that are less likely are not followed.
const LEAST: f64 = 0.004;

/// A chain of steps that was found, and what is known about it.
pub struct Found {
    /// How likely it is, by all orders of its steps.
    pub chance: f64,
    /// Whether the reasons are from the steps in the order in which they are written, and how likely their order is.
    best: (bool, f64),
    /// In the sender's columns; of no step where the table should stay as it is.
    pub steps: Vec<Step>,
    pub reasons: Vec<String>,
    pub doubts: Vec<String>,
}

/// All chains with a chance, the likeliest one first.
pub fn search(pool: &mut Pool, table: &Table) -> Vec<Found> {
    let mut walk = Walk {
        pool,
        found: Vec::new(),
    };
    if table.has_values() {
        walk.on(table, &Chain::default(), 1.0);
    } else {
        walk.end(&Chain::default(), 1.0);
    }
    let mut found = walk.found;
    let total: f64 = found.iter().map(|one| one.chance).sum();
    found.iter_mut().for_each(|one| one.chance /= total);
    found.sort_by(|a, b| b.chance.total_cmp(&a.chance));
    found
}

/// The steps up to a table.
#[derive(Clone, Default)]
struct Chain {
    /// Each as it was done, and in the sender's columns.
    steps: Vec<(Step, Option<Step>)>,
    reasons: Vec<String>,
    doubts: Vec<String>,
}

impl Chain {
    fn has(&self, operator: Operator) -> bool {
        self.steps
            .iter()
            .any(|(step, _)| step.operator() == operator)
    }

    /// Whether an operator may come next. Turning and joining only come first, each operator once.
    fn allows(&self, operator: Operator) -> bool {
        match operator {
            Operator::Transpose | Operator::Records => self.steps.is_empty(),
            Operator::Stack | Operator::Groups => {
                !self.has(Operator::Stack) && !self.has(Operator::Groups)
            }
            other => !self.has(other),
        }
    }

    fn with(&self, candidate: &Candidate, step: Step, table: &Table) -> Self {
        let mut next = self.clone();
        next.steps.push((step, step.located(&table.source)));
        next.reasons.extend(candidate.reasons.iter().cloned());
        next.doubts.extend(doubt(candidate).map(str::to_owned));
        next
    }

    /// The steps in one order, whatever the order in which they were found.
    fn written(&self) -> Vec<Step> {
        const ORDER: [Operator; 7] = [
            Operator::Transpose,
            Operator::Records,
            Operator::FillDown,
            Operator::Split,
            Operator::Stack,
            Operator::Groups,
            Operator::Sections,
        ];
        let located: Option<Vec<Step>> = self.steps.iter().map(|(_, place)| *place).collect();
        match located {
            Some(mut steps) => {
                steps.sort_by_key(|step| ORDER.iter().position(|one| *one == step.operator()));
                steps
            }
            None => self.steps.iter().map(|(step, _)| *step).collect(),
        }
    }
}

struct Walk<'a> {
    pool: &'a mut Pool,
    found: Vec<Found>,
}

impl Walk<'_> {
    fn on(&mut self, table: &Table, chain: &Chain, chance: f64) {
        let mut opened = 0;
        for (own, candidate) in ranked(self.pool, table, chain) {
            let chance = chance * own;
            let Some(step) = candidate.step else {
                self.end(chain, chance);
                continue;
            };
            if chance < LEAST || opened >= BEAM {
                continue;
            }
            opened += 1;
            let next = chain.with(&candidate, step, table);
            if next.steps.len() == DEPTH {
                self.end(&next, chance);
                continue;
            }
            let result = reshape::apply(self.pool, table, &candidate);
            if result.width() > 0 && result.height() > 0 {
                self.on(&result, &next, chance);
            }
        }
    }

    fn end(&mut self, chain: &Chain, chance: f64) {
        let steps = chain.written();
        // What is said of a table should be said of the table as it is before a step.
        let is_written = chain.steps.iter().map(|(step, _)| step.operator());
        let is_written = is_written.eq(steps.iter().map(|step| step.operator()));
        let best = (is_written, chance);
        let old = self.found.iter_mut().find(|found| found.steps == steps);
        let (reasons, doubts) = (chain.reasons.clone(), chain.doubts.clone());
        match old {
            Some(old) => {
                old.chance += chance;
                if best > old.best {
                    (old.best, old.reasons, old.doubts) = (best, reasons, doubts);
                }
            }
            None => self.found.push(Found {
                chance,
                best,
                steps,
                reasons,
                doubts,
            }),
        }
    }
}

/// All candidates of a table, each with its chance, the likeliest one first.
fn ranked(pool: &Pool, table: &Table, chain: &Chain) -> Vec<(f64, Candidate)> {
    let weights = Weights::learned();
    let made = candidates(pool, table, chain);
    let scores: Vec<f64> = made.iter().map(|one| weights.score(one)).collect();
    let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let total: f64 = scores.iter().map(|score| (score - top).exp()).sum();
    let chances = scores.iter().map(|score| (score - top).exp() / total);
    let mut ranked: Vec<(f64, Candidate)> = chances.zip(made).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    ranked
}

fn candidates(pool: &Pool, table: &Table, chain: &Chain) -> Vec<Candidate> {
    type Makes = fn(&View<'_>) -> Vec<Candidate>;
    const MAKERS: [(Operator, Makes); 7] = [
        (Operator::Stack, stack::candidates),
        (Operator::Groups, groups::candidates),
        (Operator::Transpose, turn::candidates),
        (Operator::Records, records::candidates),
        (Operator::FillDown, fill::candidates),
        (Operator::Split, lists::candidates),
        (Operator::Sections, sections::candidates),
    ];
    let view = View::of(pool, table);
    let mut made = vec![plain::candidate(&view)];
    for (operator, make) in MAKERS {
        if chain.allows(operator) {
            made.extend(make(&view));
        }
    }
    made
}
