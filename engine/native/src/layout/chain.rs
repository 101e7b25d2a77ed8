//! A chain of rows, each in one of a few states: finds the likeliest sequence of states, and the likelihood of each state of
//! each row.
//!
//! Scores are natural logarithms of any size. The score of a step from one state to the next depends on whether blank rows are
//! between the two rows.

/// The number of states that a row can have.
pub const STATES: usize = 6;

/// The scores of the chain itself.
#[derive(Debug, Clone)]
pub struct Chain {
    pub start: [f64; STATES],
    pub end: [f64; STATES],
    /// The scores of steps from a state to the next: without a blank row between them, and with one.
    pub steps: [[[f64; STATES]; STATES]; 2],
}

/// A row of a chain, as the chain scores it.
#[derive(Debug, Clone)]
pub struct Link {
    pub scores: [f64; STATES],
    pub after_blank: bool,
}

impl Chain {
    fn step(&self, link: &Link) -> &[[f64; STATES]; STATES] {
        &self.steps[usize::from(link.after_blank)]
    }

    /// Returns the sequence of states with the highest score (Viterbi). If several have the same score, returns the first.
    pub fn likeliest(&self, links: &[Link]) -> Vec<u8> {
        let Some(first) = links.first() else {
            return Vec::new();
        };
        let mut best: [f64; STATES] =
            std::array::from_fn(|state| self.start[state] + first.scores[state]);
        let mut came_from: Vec<[u8; STATES]> = vec![[0; STATES]];
        for link in &links[1..] {
            let steps = self.step(link);
            let mut from = [0u8; STATES];
            let mut next = [0.0; STATES];
            for state in 0..STATES {
                let reach = |before: usize| best[before] + steps[before][state];
                let mut choice = 0;
                for before in 1..STATES {
                    if reach(before) > reach(choice) {
                        choice = before;
                    }
                }
                from[state] = choice as u8;
                next[state] = reach(choice) + link.scores[state];
            }
            came_from.push(from);
            best = next;
        }
        let mut state = 0;
        for other in 1..STATES {
            if best[other] + self.end[other] > best[state] + self.end[state] {
                state = other;
            }
        }
        let mut states = vec![0; links.len()];
        for at in (0..links.len()).rev() {
            states[at] = state as u8;
            state = usize::from(came_from[at][state]);
        }
        states
    }

    /// Returns the likelihood of each state of each row (forward and backward pass).
    pub fn likelihoods(&self, links: &[Link]) -> Vec<[f64; STATES]> {
        let count = links.len();
        let Some(first) = links.first() else {
            return Vec::new();
        };
        let mut forward: Vec<[f64; STATES]> = Vec::with_capacity(count);
        let mut now: [f64; STATES] =
            std::array::from_fn(|state| self.start[state] + first.scores[state]);
        forward.push(now);
        for link in &links[1..] {
            let steps = self.step(link);
            now = std::array::from_fn(|state| {
                let ways: [f64; STATES] =
                    std::array::from_fn(|before| now[before] + steps[before][state]);
                log_sum(&ways) + link.scores[state]
            });
            forward.push(now);
        }
        let mut behind = self.end;
        let mut found = vec![[0.0; STATES]; count];
        for at in (0..count).rev() {
            let sums: [f64; STATES] =
                std::array::from_fn(|state| forward[at][state] + behind[state]);
            let whole = log_sum(&sums);
            found[at] = sums.map(|sum| (sum - whole).exp());
            let link = &links[at];
            let steps = self.step(link);
            behind = std::array::from_fn(|before| {
                let ways: [f64; STATES] = std::array::from_fn(|state| {
                    steps[before][state] + link.scores[state] + behind[state]
                });
                log_sum(&ways)
            });
        }
        found
    }
}

/// Returns the logarithm of the sum of numbers that are given by their logarithms.
fn log_sum(logarithms: &[f64; STATES]) -> f64 {
    let highest = logarithms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if highest == f64::NEG_INFINITY {
        return highest;
    }
    highest
        + logarithms
            .iter()
            .map(|logarithm| (logarithm - highest).exp())
            .sum::<f64>()
            .ln()
}
