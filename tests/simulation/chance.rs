//! Reproducible randomness: everything that a seed decides comes from here.

use std::sync::atomic::{AtomicU64, Ordering};

/// A stream of numbers that depends on its seed alone (SplitMix64). Only one thread of a world runs at a time, so they
/// draw in an order that the seed decides, too.
pub struct Chance(AtomicU64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        let chance = Self(AtomicU64::new(seed));
        // Neighbouring seeds begin alike; two steps later they have nothing in common.
        chance.next();
        chance.next();
        chance
    }

    fn next(&self) -> u64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let state = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `end`.
    pub fn below(&self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// Returns a number of milliseconds from `low` up to, but without, `high`.
    pub fn between(&self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low).max(1) as u64) as i64
    }

    /// Returns true with this chance in ten thousand.
    pub fn hits(&self, in_ten_thousand: u64) -> bool {
        self.next() % 10_000 < in_ten_thousand
    }

    /// Returns a number from 0 to 1.
    pub fn part(&self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns one of several values.
    pub fn pick<'a, T>(&self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}
