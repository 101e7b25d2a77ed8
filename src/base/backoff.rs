//! How long to wait before something that failed is tried again.
//!
//! The one formula, for runs and for environments; the settings `ADE_WORKER_BACKOFF_BASE_SECONDS` and
//! `ADE_WORKER_BACKOFF_MAX_SECONDS` are its arguments. The random number is an argument too, so that a test or a simulation decides it.

use std::time::Duration;

/// Returns the wait between attempt `attempt` (counted from 1) and the next one: `min(max, base · 2^(attempt-1))`, less up
/// to a quarter of it by `chance` (0 to 1), so that runs that failed together are not retried at the same moment.
pub fn backoff(base: Duration, max: Duration, attempt: u32, chance: f64) -> Duration {
    // 2^60 times any base is longer than any maximum; a larger exponent would only bring infinity into it.
    let doublings = attempt.saturating_sub(1).min(60) as i32;
    let full = (base.as_secs_f64() * 2f64.powi(doublings)).min(max.as_secs_f64());
    Duration::from_secs_f64(full * (1.0 - 0.25 * chance.clamp(0.0, 1.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Duration = Duration::from_secs(5);
    const MAX: Duration = Duration::from_secs(300);

    #[test]
    fn the_wait_doubles_up_to_its_maximum() {
        let wait = |attempt| backoff(BASE, MAX, attempt, 0.0).as_secs_f64();
        assert_eq!(
            [1, 2, 3, 6, 7, 8, 99, u32::MAX].map(wait),
            [5.0, 10.0, 20.0, 160.0, 300.0, 300.0, 300.0, 300.0]
        );
        assert_eq!(
            wait(0),
            5.0,
            "an attempt that was released counts as the first"
        );
    }

    #[test]
    fn chance_takes_up_to_a_quarter_away() {
        let wait = |chance| backoff(BASE, MAX, 1, chance).as_secs_f64();
        assert_eq!([0.0, 0.5, 1.0].map(wait), [5.0, 4.375, 3.75]);
        assert_eq!([-1.0, 2.0].map(wait), [5.0, 3.75]);
    }

    #[test]
    fn no_wait_is_longer_than_the_maximum_or_shorter_than_the_one_before_it() {
        for base in [0, 1, 999, 5_000, 3_600_000].map(Duration::from_millis) {
            for max in [0, 1, 1_000, 300_000, 86_400_000].map(Duration::from_millis) {
                let mut before = Duration::ZERO;
                for attempt in 0..80 {
                    let longest = backoff(base, max, attempt, 0.0);
                    let shortest = backoff(base, max, attempt, 1.0);
                    assert!(
                        longest <= max && longest >= before,
                        "{base:?} {max:?} {attempt}"
                    );
                    assert!(shortest <= longest && shortest * 2 >= longest);
                    before = longest;
                }
            }
        }
    }
}
