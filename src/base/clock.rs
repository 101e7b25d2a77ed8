//! Time in ADE: UTC, in whole milliseconds.
//!
//! Every comparison of times in the database is between such instants, so no time zone is involved.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

/// An instant: milliseconds since 1970-01-01T00:00:00Z. As text and JSON: `2026-11-20T10:00:00.000Z`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, ToSchema,
)]
#[schema(value_type = String, format = DateTime)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// Returns the whole milliseconds of a duration, as times are stored; the maximum if it is longer.
pub fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Timestamp {
    /// Returns the current time of the machine's clock.
    pub fn now() -> Self {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self(milliseconds(since))
    }

    /// Returns the instant that is `duration` later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(milliseconds(duration)))
    }

    /// Returns the time of day in the machine's time zone: `10:00:00`.
    pub fn time_of_day(self) -> String {
        let instant = jiff::Timestamp::from_millisecond(self.0).unwrap_or_default();
        let here = instant.to_zoned(jiff::tz::TimeZone::system());
        here.strftime("%H:%M:%S").to_string()
    }

    /// Returns the milliseconds from `earlier` to this instant; zero if the clock went backwards.
    pub fn since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }

    /// Parses RFC 3339 (`2026-11-20T10:00:00Z`), a date (`2026-11-20`, midnight UTC) or an age (`90s`, `30m`, `12h`,
    /// `7d`, `2w`: that long before `now`).
    pub fn parse(text: &str, now: Self) -> Option<Self> {
        let text = text.trim();
        if let Ok(instant) = text.parse::<jiff::Timestamp>() {
            return Some(Self(instant.as_millisecond()));
        }
        if let Ok(date) = text.parse::<jiff::civil::Date>() {
            let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
            return Some(Self(midnight.timestamp().as_millisecond()));
        }
        let unit = text.chars().last()?;
        let amount: i64 = text[..text.len() - unit.len_utf8()]
            .trim()
            .parse()
            .ok()
            .filter(|amount| *amount >= 0)?;
        let seconds: i64 = match unit {
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            'w' => 7 * 86_400,
            _ => return None,
        };
        Some(Self(now.0.checked_sub(
            amount.checked_mul(seconds)?.checked_mul(1000)?,
        )?))
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let instant = jiff::Timestamp::from_millisecond(self.0).unwrap_or_default();
        write!(formatter, "{}", instant.strftime("%Y-%m-%dT%H:%M:%S.%3fZ"))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::few_cases;

    proptest! {
        #![proptest_config(few_cases())]

        #[test]
        fn an_instant_comes_back_from_its_text_and_no_time_is_negative(time in any::<i32>(), other: i32) {
            let [time, other] = [time, other].map(|seconds| Timestamp(i64::from(seconds) * 997));
            let text = time.to_string();
            prop_assert!(text.len() == 24 && text.ends_with('Z'), "{}", text);
            prop_assert_eq!(Timestamp::parse(&text, other), Some(time));
            prop_assert_eq!(time.since(other), (time.0 - other.0).max(0).unsigned_abs());
        }
    }

    #[test]
    fn ages_dates_and_instants_are_understood() {
        let now = Timestamp(1_700_000_000_000);
        for (text, wanted) in [
            ("2h", Some(now.0 - 7_200_000)),
            ("2023-11-14", Some(1_699_920_000_000)),
            ("2023-11-14T22:13:20.007Z", Some(1_700_000_000_007)),
            ("", None),
            ("h", None),
            ("-3d", None),
            ("3y", None),
            ("tomorrow", None),
            ("9223372036854775807w", None),
        ] {
            assert_eq!(Timestamp::parse(text, now), wanted.map(Timestamp), "{text}");
        }
    }
}
