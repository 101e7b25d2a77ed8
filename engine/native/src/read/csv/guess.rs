//! Guesses the encoding of a text that is not in Unicode.
//!
//! `chardetng` knows how often letters are adjacent in the languages of each encoding, and is made for whole web pages. A file
//! may have only one name with an accent in a thousand rows, so its guess counts only if the text is enough evidence. Otherwise
//! the encoding is Windows-1252, which most systems write.

use std::fs::File;
use std::io::Read;

use chardetng::EncodingDetector;
use encoding_rs::{
    Encoding, ISO_8859_2, UTF_8, WINDOWS_1250, WINDOWS_1252, WINDOWS_1254, WINDOWS_1257,
};

use super::decode::{Charset, Utf8Blocks};
use crate::error::{Result, SourceError};

/// The maximum amount of text with non-ASCII letters that is examined.
const ENOUGH_BYTES: usize = 1 << 16;
/// The minimum number of non-ASCII bytes that can show a rare encoding.
const ENOUGH_TO_BE_RARE: usize = 3;

/// Decodes a whole text that may name its encoding. Replaces invalid bytes. A byte order mark takes precedence over the name;
/// if the name is unknown, UTF-8 is tried first.
pub fn text_of(bytes: &[u8], named: Option<&str>) -> String {
    let named = named.and_then(|label| Encoding::for_label(label.as_bytes()));
    // A name that can be read byte by byte cannot be in UTF-16.
    let named = named.filter(|encoding| encoding.is_ascii_compatible());
    let zeros = bytes.iter().take(1024).skip(1).step_by(2);
    let encoding = match named {
        Some(encoding) => encoding,
        None if bytes.len() > 8
            && zeros.filter(|byte| **byte == 0).count() > 200.min(bytes.len() / 5) =>
        {
            encoding_rs::UTF_16LE
        }
        None if std::str::from_utf8(bytes).is_ok() => encoding_rs::UTF_8,
        None => encoding_of_text(bytes),
    };
    encoding.decode(bytes).0.into_owned()
}

/// Returns the encoding of a file that is not in UTF-8.
///
/// # Errors
/// If the file cannot be read.
pub fn encoding_of(path: &str) -> Result<&'static Encoding> {
    let file = File::open(path).map_err(SourceError::io(path))?;
    let text = evidence_lines(file).map_err(SourceError::io(path))?;
    let guessed = guess(&text);
    // Encodings with several bytes per letter have invalid bytes. The file must be valid in the guessed one; otherwise it is
    // read as Windows-1252, which allows any byte.
    if !guessed.is_single_byte() && !Utf8Blocks::decodes(path, Charset::Other(guessed))? {
        return Ok(WINDOWS_1252);
    }
    Ok(guessed)
}

/// Returns the encoding of a text that is not in UTF-8.
pub fn encoding_of_text(text: &[u8]) -> &'static Encoding {
    evidence_lines(text).map_or(WINDOWS_1252, |text| guess(&text))
}

/// Returns the lines of a text that have non-ASCII bytes, up to [`ENOUGH_BYTES`].
fn evidence_lines(mut source: impl Read) -> std::io::Result<Vec<u8>> {
    let mut block = vec![0; 1 << 16];
    let (mut line, mut found) = (Vec::new(), Vec::new());
    loop {
        let count = match source.read(&mut block) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        for piece in block[..count].split_inclusive(|byte| *byte == b'\n') {
            // This is enough of a line without an end.
            if line.len() < ENOUGH_BYTES {
                line.extend_from_slice(piece);
            }
            if piece.ends_with(b"\n") {
                if !line.is_ascii() {
                    found.extend_from_slice(&line);
                }
                line.clear();
                if found.len() >= ENOUGH_BYTES {
                    return Ok(found);
                }
            }
        }
    }
    if !line.is_ascii() {
        found.extend_from_slice(&line);
    }
    Ok(found)
}

/// Returns the encoding of a text.
fn guess(text: &[u8]) -> &'static Encoding {
    let text = &without_units(text)[..];
    let mut detector = EncodingDetector::new();
    detector.feed(text, true);
    let guessed = detector.guess(None, false);
    let outside = text.iter().filter(|byte| !byte.is_ascii()).count();
    let is_latin = [
        WINDOWS_1252,
        WINDOWS_1250,
        WINDOWS_1254,
        WINDOWS_1257,
        ISO_8859_2,
    ]
    .contains(&guessed);
    let is_usual = guessed == WINDOWS_1250 || guessed == WINDOWS_1254;
    if guessed == WINDOWS_1252 && is_hungarian(text) {
        return WINDOWS_1250;
    }
    if is_latin && (!has_letters(text) || all_signs(text))
        || outside < ENOUGH_TO_BE_RARE && !is_usual
    {
        return WINDOWS_1252;
    }
    match guessed {
        guessed if guessed == UTF_8 => WINDOWS_1252,
        // Single signs such as "µ" and "°" between ASCII letters are no text in an encoding with two bytes per letter.
        guessed if !guessed.is_single_byte() && all_alone(text) => WINDOWS_1252,
        // Other encodings of Latin letters are hardly ever used. A text that looks like them is in one of the usual encodings.
        guessed if guessed.name().starts_with("ISO-8859-") && guessed != ISO_8859_2 => {
            match guessed.name() {
                "ISO-8859-5" | "ISO-8859-6" | "ISO-8859-7" | "ISO-8859-8" => guessed,
                _ => WINDOWS_1252,
            }
        }
        guessed => guessed,
    }
}

/// Returns a text without the signs of units such as "µg/m³": they are the same in all languages, and letters in some encodings.
fn without_units(text: &[u8]) -> Vec<u8> {
    let is_letter = |at: Option<usize>| {
        let byte = at.and_then(|at| text.get(at));
        byte.is_some_and(|byte| byte.is_ascii_alphabetic() || *byte >= 0xC0)
    };
    // "m²", "cm³" and the like, as words of their own.
    let is_power = |at: usize| {
        let is_metre = at > 0 && text[at - 1] == b'm';
        let prefix = at.checked_sub(2).map(|before| text[before]);
        let has_prefix = matches!(prefix, Some(b'c' | b'd' | b'k' | b'm'));
        let start = at.checked_sub(if has_prefix { 3 } else { 2 });
        is_metre && !is_letter(start) && !is_letter(Some(at + 1))
    };
    let is_unit = |at: usize| match text[at] {
        0xB5 => !is_letter(at.checked_sub(1)) && is_letter(Some(at + 1)),
        0xB2 | 0xB3 => is_power(at),
        _ => false,
    };
    let kept = (0..text.len()).filter(|&at| !is_unit(at));
    kept.map(|at| text[at]).collect()
}

/// Returns whether no two non-ASCII bytes are adjacent.
fn all_alone(text: &[u8]) -> bool {
    text.windows(2).all(|pair| pair.iter().any(u8::is_ascii))
}

/// Returns whether all non-ASCII bytes are signs in Windows-1252 that may be next to letters: "µg", "°C", "§ 5" and "£12". In
/// other encodings of Latin letters some of these bytes are letters ("ľ", "Ł"), and a text has other non-ASCII bytes, too.
fn all_signs(text: &[u8]) -> bool {
    text.iter().enumerate().all(|(at, byte)| match byte {
        0xA3 => text.get(at + 1).is_some_and(u8::is_ascii_digit),
        _ => byte.is_ascii() || matches!(byte, 0xB5 | 0xB0 | 0xA7),
    })
}

/// Returns whether a non-ASCII byte is next to a letter, and so may be a letter itself: "£12", "5 €" and "20°" have none.
fn has_letters(text: &[u8]) -> bool {
    let is_letter = |at: usize| {
        text.get(at)
            .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte >= 0xC0)
    };
    text.iter()
        .enumerate()
        .any(|(at, byte)| !byte.is_ascii() && (at > 0 && is_letter(at - 1) || is_letter(at + 1)))
}

/// Returns whether a text that reads as Windows-1252 is Hungarian, whose ő and ű look like õ and û there. Portuguese has õ
/// before an e, Estonian has it without accents, and French has û together with other accents.
fn is_hungarian(text: &[u8]) -> bool {
    let has = |letters: &[u8]| text.iter().any(|byte| letters.contains(byte));
    let is_small = |byte: u8| byte | 0x20;
    let long_o = text
        .iter()
        .zip(text.iter().skip(1).chain(b" "))
        .any(|(letter, next)| matches!(letter, 0xF5 | 0xD5) && is_small(*next) != b'e');
    // The letters á é í ó ú; then à â ã ç è ê ñ ò, and ä of Estonian.
    let acutes = [0xE1, 0xE9, 0xED, 0xF3, 0xFA, 0xC1, 0xC9, 0xCD, 0xD3, 0xDA];
    let of_others = [
        0xE0, 0xE2, 0xE3, 0xE7, 0xE8, 0xEA, 0xF1, 0xF2, 0xE4, 0xC0, 0xC2, 0xC3, 0xC7, 0xC8, 0xCA,
        0xD1, 0xD2, 0xC4,
    ];
    let long_u = has(&[0xFB, 0xDB]);
    long_o && (has(&acutes) || long_u) && !has(&of_others)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(encoding: &'static Encoding, text: &str) -> &'static str {
        let (bytes, _, lossy) = encoding.encode(text);
        assert!(!lossy, "{text}");
        guess(&evidence_lines(&bytes[..]).unwrap()).name()
    }

    #[test]
    fn single_names_in_files_of_ascii() {
        let around =
            |word: &str| format!("Name;City;Amount\r\nSmith;London;12\r\n{word};Paris;5\r\n");
        let words =
            "Wałęsa, Dvořák, Kovačič, Łódź, Małgorzata, Paweł, Bucureşti, Němcová, Kőszegi Ottó";
        for word in words.split(", ") {
            assert_eq!(
                guessed(WINDOWS_1250, &around(word)),
                "windows-1250",
                "{word}"
            );
        }
        let words = "Müller, Lefèvre, Muñoz, João, Città, Søren, Åsa, café, Besançon, Kjær, Nîmes, Großmann, £12, £ 12, \
            5 €, O’Brien, 20 °C, m², Peña, Magalhães, Simões, Forlì, Château, Hôtel, Órgão, § 12, ½, brûlé, \
            Tõnu Õispuu, “quoted” – so, Þórður";
        for word in words.split(", ") {
            let name = guessed(WINDOWS_1252, &around(word));
            let again = Encoding::for_label(name.as_bytes()).unwrap();
            let (bytes, ..) = WINDOWS_1252.encode(word);
            assert_eq!(again.decode_without_bom_handling(&bytes).0, word, "{name}");
        }
    }

    #[test]
    fn signs_of_units_do_not_decide() {
        let rows = |names: &str| {
            let row = format!("M200;Feinstaub;69,9;µg/m³;{names}\r\n");
            format!("Stelle;Messgröße;Wert;Einheit;Prüfer\r\n{}", row.repeat(9))
        };
        let name = guessed(WINDOWS_1252, &rows("69002 Lyon;Martin, Chloé"));
        assert_eq!(name, "windows-1252");
        let row = "Łódź;Paweł;5 µg;Małgorzata\r\n".repeat(9);
        assert_eq!(guessed(WINDOWS_1250, &row), "windows-1250");
    }

    #[test]
    fn signs_among_letters_of_ascii_are_no_text_of_two_bytes_a_letter() {
        for (unit, header) in [
            ("µg/l", "Temperature (°C)"),
            ("µg", "Value"),
            ("mg", "20 °C"),
        ] {
            let rows = format!("P-48123;mg/l;£4.5\r\nP-48124;{unit};£3.9\r\n").repeat(20);
            let text = format!("Sample;Unit;{header}\r\n{rows}");
            let name = guessed(WINDOWS_1252, &text);
            assert!(name.starts_with("windows-125"), "{unit} {header}: {name}");
        }
        for (encoding, text) in [
            (
                encoding_rs::SHIFT_JIS,
                "氏名;金額\r\n山田太郎;12\r\n佐藤花子;8\r\n",
            ),
            (encoding_rs::GBK, "姓名;金额\r\n王小明;12\r\n李国华;8\r\n"),
        ] {
            assert!(!guessed(encoding, &text.repeat(5)).starts_with("windows"));
        }
    }

    #[test]
    fn only_lines_that_tell_are_looked_at_and_not_too_many() {
        assert_eq!(evidence_lines(&b"a\nb\xe9\nc"[..]).unwrap(), b"b\xe9\n");
        assert_eq!(evidence_lines(&b"a\nc\xe9"[..]).unwrap(), b"c\xe9");
        let long = [
            b"x\xe9;".repeat(100_000),
            b"\n".to_vec(),
            b"y\xe9\n".to_vec(),
        ]
        .concat();
        assert!(evidence_lines(&long[..]).unwrap().len() < 2 * ENOUGH_BYTES);
    }
}
