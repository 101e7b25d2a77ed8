//! Reads the zone at the end of a text with a time of day, to find columns that mix zones. The times are read as they are
//! written.

/// A zone: its distance from Greenwich in minutes, or its letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    Offset(i16),
    Letters([u8; 4]),
    /// The time has no zone.
    None,
}

/// The zones of some cells.
#[derive(Clone, Copy, Debug, Default)]
pub struct Zones {
    first: Option<Zone>,
    /// The first row whose zone differs from that of the rows before.
    pub differ_at: Option<usize>,
}

impl Zones {
    /// Counts a cell. With `with_none`, a missing zone counts as one that differs from the others.
    #[inline]
    pub fn add(&mut self, text: &str, row: usize, with_none: bool) {
        if let Some(zone) = zone_of(text).or(with_none.then_some(Zone::None)) {
            self.add_zone(zone, row);
        }
    }

    /// Adds the zones of the cells that follow, which begin at `row`.
    pub fn append(&mut self, behind: Self, row: usize) {
        if let Some(zone) = behind.first {
            self.add_zone(zone, row);
        }
        self.differ_at = self.differ_at.or(behind.differ_at);
    }

    fn add_zone(&mut self, zone: Zone, row: usize) {
        match self.first {
            None => self.first = Some(zone),
            Some(first) if first != zone => {
                self.differ_at.get_or_insert(row);
            }
            Some(_) => {}
        }
    }
}

/// Returns the zone at the end of a text that was read as a time: `Z`, `+01:00`, `-0530`, `+1`, `UTC`, `CET`.
#[inline]
fn zone_of(text: &str) -> Option<Zone> {
    let bytes = text.as_bytes();
    match bytes {
        [.., digit, b'Z'] if digit.is_ascii_digit() => Some(Zone::Offset(0)),
        [.., b'0'..=b'9'] => {
            // The sign is two to six characters from the end.
            let tail = &bytes[bytes.len().saturating_sub(6)..];
            let sign = tail.iter().rposition(|byte| matches!(byte, b'+' | b'-'))?;
            offset(&tail[sign..]).map(Zone::Offset)
        }
        _ => {
            let bytes = bytes.trim_ascii_end();
            let capitals = bytes
                .iter()
                .rev()
                .take_while(|byte| byte.is_ascii_uppercase());
            letters(&bytes[bytes.len() - capitals.count()..])
        }
    }
}

fn offset(digits: &[u8]) -> Option<i16> {
    let (sign, digits) = digits.split_first()?;
    let mut number = 0;
    let mut count = 0;
    for byte in digits.iter().filter(|byte| **byte != b':') {
        number = number * 10 + i16::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?);
        count += 1;
    }
    let minutes = if count > 2 {
        number / 100 * 60 + number % 100
    } else {
        number * 60
    };
    Some(if *sign == b'-' { -minutes } else { minutes })
}

/// Returns the zone of `Z` and of abbreviations such as `CET` or `AEDT`; `AM` and `UHR` are none.
fn letters(letters: &[u8]) -> Option<Zone> {
    match letters {
        b"Z" | b"UTC" | b"GMT" => Some(Zone::Offset(0)),
        [.., b'T' | b'Z'] if matches!(letters.len(), 3 | 4) => {
            let mut zone = [0; 4];
            zone[..letters.len()].copy_from_slice(letters);
            Some(Zone::Letters(zone))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rustfmt::skip]
    #[test]
    fn zones_stand_behind_times() {
        for (text, zone) in [
            ("2025-01-31T14:30:00Z", Some(Zone::Offset(0))), ("2025-01-31 14:30:00+01:00", Some(Zone::Offset(60))),
            ("2025-01-31T14:30:00-0530", Some(Zone::Offset(-330))), ("14:30 GMT+1", Some(Zone::Offset(60))),
            ("14:30:00 UTC", Some(Zone::Offset(0))), ("31.01.2025 14:30 CET", Some(Zone::Letters(*b"CET\0"))),
            ("31.01.2025 14:30", None), ("2025-01-31T14", None), ("14:30 PM", None), ("14:30 UHR", None), ("", None),
        ] {
            assert_eq!(zone_of(text), zone, "{text}");
        }
        let mut zones = Zones::default();
        for (row, text) in ["14:30Z", "14:30", "15:30+00:00", "16:30+01:00", "17:30Z"]
            .iter()
            .enumerate()
        {
            zones.add(text, row, false);
        }
        assert_eq!(zones.differ_at, Some(3));
    }
}
