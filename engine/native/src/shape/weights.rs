//! What each piece of evidence counts: weights.txt, where each weight stands with its reason.

use std::sync::OnceLock;

use super::candidate::{Candidate, Operator};

const TEXT: &str = include_str!("weights.txt");

/// The weights of all operators.
pub struct Weights {
    of: [Vec<(&'static str, f64)>; Operator::COUNT],
}

impl Weights {
    /// Those that were learned.
    pub fn learned() -> &'static Self {
        static LEARNED: OnceLock<Weights> = OnceLock::new();
        LEARNED.get_or_init(|| Self::read(TEXT))
    }

    /// Lines of operator, evidence, weight and reason; other lines are comments.
    pub fn read(text: &'static str) -> Self {
        let mut of: [Vec<(&'static str, f64)>; Operator::COUNT] = Default::default();
        for (operator, evidence, weight, _) in lines(text) {
            of[operator as usize].push((evidence, weight));
        }
        Self { of }
    }

    /// The sum of what speaks for a candidate, each piece by its weight.
    pub fn score(&self, candidate: &Candidate) -> f64 {
        let mine = &self.of[candidate.operator() as usize];
        let evidence = candidate.evidence.all().iter().enumerate();
        let weighed = evidence.map(|(at, (name, value))| {
            // Mostly they stand in the same order.
            let here = mine.get(at).filter(|(other, _)| other == name);
            let found = here.or_else(|| mine.iter().find(|(other, _)| other == name));
            found.map_or(0.0, |(_, weight)| weight * value)
        });
        weighed.sum()
    }
}

/// Operator, evidence, weight and reason of each line.
fn lines(text: &'static str) -> impl Iterator<Item = (Operator, &'static str, f64, &'static str)> {
    text.lines().filter_map(|line| {
        let mut parts = line.splitn(4, ' ');
        let operator = parts.next()?;
        let operator = Operator::ALL
            .into_iter()
            .find(|one| one.name() == operator)?;
        let evidence = parts.next()?;
        let weight = parts.next()?.parse().ok()?;
        Some((operator, evidence, weight, parts.next().unwrap_or_default()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_weight_has_a_reason() {
        let read: Vec<_> = lines(TEXT).collect();
        let written = TEXT
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        assert_eq!(read.len(), written.count());
        for (operator, evidence, _, reason) in read {
            assert!(reason.len() > 10, "{operator:?} {evidence} has no reason");
        }
    }
}
