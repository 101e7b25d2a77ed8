//! The names of the files that a run makes from an input. The engine names its own outputs by the same rules.

use std::path::Path;

/// The end of the name of a normalized workbook.
pub const NORMALIZED: &str = "_normalized.xlsx";

/// Returns the name of the normalized workbook: `orders.csv` → `orders_normalized.xlsx`.
pub fn normalized_name(input_name: &str) -> String {
    let stem = Path::new(input_name)
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    named_after(&stem, NORMALIZED)
}

/// The ends of the names of other outputs, before their extension: the painted copy, and the quarantined rows.
const BESIDE: [&str; 2] = ["_annotated", "_quarantine"];

/// Returns the stem of the input of an output with this name, or `None` if no output has such a name. `Orders_Normalized.xlsx`,
/// `Orders_annotated.xlsm` → `Orders`.
pub fn stem_of_output(name: &str) -> Option<&str> {
    let (normalized, _) = NORMALIZED.split_once('.')?;
    let whole = Path::new(name).file_stem()?.to_str()?;
    let mut endings = BESIDE.iter().chain([&normalized]);
    let stem = endings.find_map(|ending| {
        let (stem, end) = whole.split_at_checked(whole.len().checked_sub(ending.len())?)?;
        (!stem.is_empty() && end.eq_ignore_ascii_case(ending)).then_some(stem)
    });
    // A further table in another shape: `orders_normalized_North_2.csv`.
    let of_table = || {
        let at = whole
            .to_ascii_lowercase()
            .rfind(&format!("{normalized}_"))?;
        whole.get(..at).filter(|stem| !stem.is_empty())
    };
    stem.or_else(of_table)
}

/// Returns the name of the workbook of quarantined rows: `orders.csv` → `orders_quarantine.xlsx`.
pub fn quarantine_name(input_name: &str) -> String {
    after_workbook(input_name, QUARANTINE)
}

/// Returns the name of a file that the engine writes next to the workbook. It has the stem of the workbook, which may have been
/// shortened.
pub(super) fn after_workbook(input_name: &str, ending: &str) -> String {
    let workbook = normalized_name(input_name);
    let stem = workbook.strip_suffix(NORMALIZED).unwrap_or(&workbook);
    format!("{stem}{ending}")
}

/// The ends of the names of files next to the workbook, after the stem.
const QUARANTINE: &str = "_quarantine.xlsx";
pub(super) const ISSUES: &str = "_issues.ndjson";
pub(super) const ROWS: &str = "_rows.json";

/// The maximum number of bytes of a file name.
const MAX_FILE_NAME_BYTES: usize = 255;

/// Returns the stem with the ending. A name that is too long for file systems is shortened; a digest of the stem distinguishes
/// it from others. The engine names its own outputs by the same rule.
fn named_after(stem: &str, ending: &str) -> String {
    if stem.len() + ending.len() <= MAX_FILE_NAME_BYTES {
        return format!("{stem}{ending}");
    }
    let digest = crate::base::digest::sha256(stem).to_string();
    let ending = format!("~{}{ending}", &digest[..8]);
    let end = (0..=MAX_FILE_NAME_BYTES - ending.len())
        .rev()
        .find(|end| stem.is_char_boundary(*end))
        .unwrap_or(0);
    format!("{}{ending}", &stem[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_known_by_their_names() {
        for (name, stem) in [
            ("Orders_Normalized.XLSX", Some("Orders")),
            ("orders_annotated.xlsm", Some("orders")),
            ("orders_quarantine.csv", Some("orders")),
            ("orders_normalized.csv", Some("orders")),
            ("orders_normalized_North_2.csv", Some("orders")),
            ("orders_annotated_normalized.xlsx", Some("orders_annotated")),
            ("orders.xlsx", None),
            ("orders_issues.csv", None),
            ("annotated.xlsx", None),
        ] {
            assert_eq!(stem_of_output(name), stem, "{name}");
        }
    }

    #[test]
    fn the_normalized_name_keeps_the_stem() {
        assert_eq!(
            normalized_name("my orders.v2.xlsx"),
            "my orders.v2_normalized.xlsx"
        );
        assert_eq!(normalized_name("noext"), "noext_normalized.xlsx");
        let longest = "n".repeat(MAX_FILE_NAME_BYTES - NORMALIZED.len());
        assert_eq!(
            normalized_name(&format!("{longest}.csv")),
            format!("{longest}{NORMALIZED}")
        );
        let [first, other] = ["a", "b"].map(|end| normalized_name(&format!("{longest}ü{end}.csv")));
        assert!(
            first != other && first.len() <= MAX_FILE_NAME_BYTES && first.ends_with(NORMALIZED)
        );
    }
}
