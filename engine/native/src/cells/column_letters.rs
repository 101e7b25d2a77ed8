//! Names columns by their letters: `A`, `Z`, `AA` and so on.

/// Returns the letters of a column, counted from 0.
pub fn column_name(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        letters.push(b'A' + ((rest - 1) % 26) as u8);
        rest = (rest - 1) / 26;
    }
    letters
        .iter()
        .rev()
        .map(|&letter| char::from(letter))
        .collect()
}

/// Returns the column, counted from 0, that a reference such as `C7` starts with: a number beyond every column if there are
/// more than three letters, none if there is no letter.
#[inline]
pub fn column_of(reference: &[u8]) -> Option<usize> {
    let mut column = 0usize;
    let mut letters = 0;
    for &byte in reference {
        let letter = (byte | 0x20).wrapping_sub(b'a');
        if letter > 25 {
            break;
        }
        letters += 1;
        if letters > 3 {
            return Some(usize::MAX - 1);
        }
        column = column * 26 + usize::from(letter) + 1;
    }
    column.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_numbers_agree() {
        for column in [0, 25, 26, 701, 702, 18_277] {
            assert_eq!(column_of(column_name(column).as_bytes()), Some(column));
        }
        assert_eq!(column_of(b"7"), None);
        assert!(column_of(b"AAAA1").unwrap() > 18_277);
    }
}
