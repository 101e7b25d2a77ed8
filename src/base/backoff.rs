//! Computes the wait before a failed operation is tried again.
//!
//! Runs and environments share this formula; the settings `ADE_WORKER_BACKOFF_BASE_SECONDS` and
//! `ADE_WORKER_BACKOFF_MAX_SECONDS` are its arguments. The random number is an argument too, so that a test or a simulation
//! decides it.

use std::time::Duration;

/// Returns the wait between attempt `attempt` (counted from 1) and the next one: `min(max, base · 2^(attempt-1))`, less up
/// to a quarter of it by `chance` (0 to 1), so that runs that failed together are not retried at the same moment.
pub fn backoff(base: Duration, max: Duration, attempt: u32, chance: f64) -> Duration {
    // 2^60 times any base is longer than any maximum; a larger exponent would only give infinity.
    let doublings = attempt.saturating_sub(1).min(60) as i32;
    let full = (base.as_secs_f64() * 2f64.powi(doublings)).min(max.as_secs_f64());
    Duration::from_secs_f64(full * (1.0 - 0.25 * chance.clamp(0.0, 1.0)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::few_cases;

    #[test]
    fn the_wait_doubles_up_to_its_maximum_and_chance_takes_up_to_a_quarter_away() {
        let (base, max) = (Duration::from_secs(5), Duration::from_secs(300));
        for (attempt, chance, seconds) in [
            // An attempt that was released counts as the first.
            (0, 0.0, 5.0),
            (1, 0.0, 5.0),
            (2, 0.0, 10.0),
            (3, 0.0, 20.0),
            (6, 0.0, 160.0),
            (7, 0.0, 300.0),
            (u32::MAX, 0.0, 300.0),
            (1, 0.5, 4.375),
            (1, 1.0, 3.75),
            (1, -1.0, 5.0),
            (1, 2.0, 3.75),
        ] {
            assert_eq!(
                backoff(base, max, attempt, chance).as_secs_f64(),
                seconds,
                "{attempt} {chance}"
            );
        }
    }

    proptest! {
        #![proptest_config(few_cases())]

        #[test]
        fn no_wait_is_longer_than_the_maximum_or_shorter_than_the_one_before_it(
            base in 0..4_000_000_u64,
            max in 0..90_000_000_u64,
            attempt in 0..80_u32,
        ) {
            let [base, max] = [base, max].map(Duration::from_millis);
            let longest = backoff(base, max, attempt + 1, 0.0);
            let shortest = backoff(base, max, attempt + 1, 1.0);
            prop_assert!(longest <= max && longest >= backoff(base, max, attempt, 0.0));
            prop_assert!(shortest <= longest && shortest * 2 >= longest);
        }
    }
}
