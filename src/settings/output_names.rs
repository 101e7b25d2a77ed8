//! How the files are called that a run makes of an input. The engine names its own outputs by the same rules.

use std::path::Path;

/// How the name of a normalized workbook ends.
pub const NORMALIZED: &str = "_normalized.xlsx";

/// `orders.csv` → `orders_normalized.xlsx`.
pub fn normalized_name(input_name: &str) -> String {
    let stem = Path::new(input_name)
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy();
    named_after(&stem, NORMALIZED)
}

/// How the names of other outputs end in front of their extension: the painted copy, and the rows that are quarantined.
const BESIDE: [&str; 2] = ["_annotated", "_quarantine"];

/// The stem of the input that an output of this name was made from. `None`: no output is called so.
/// `Orders_Normalized.xlsx`, `Orders_annotated.xlsm` → `Orders`.
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

/// `orders.csv` → `orders_quarantine.xlsx`.
pub fn quarantine_name(input_name: &str) -> String {
    after_workbook(input_name, QUARANTINE)
}

/// The name of a file that the engine writes beside the workbook: it is made of the workbook's, whose stem may have been cut.
pub(super) fn after_workbook(input_name: &str, ending: &str) -> String {
    let workbook = normalized_name(input_name);
    let stem = workbook.strip_suffix(NORMALIZED).unwrap_or(&workbook);
    format!("{stem}{ending}")
}

/// What follows the stem of an input's name in the names of what is written beside its workbook.
const QUARANTINE: &str = "_quarantine.xlsx";
pub(super) const ISSUES: &str = "_issues.ndjson";
pub(super) const ROWS: &str = "_rows.json";

/// The bytes of the longest name of a file.
const LONGEST_NAME: usize = 255;

/// The stem with the ending. A name that no file system takes is cut; a digest of the stem keeps it apart from others. The engine
/// names its own outputs by the same rule.
fn named_after(stem: &str, ending: &str) -> String {
    if stem.len() + ending.len() <= LONGEST_NAME {
        return format!("{stem}{ending}");
    }
    let digest = crate::base::digest::of(stem).to_string();
    let ending = format!("~{}{ending}", &digest[..8]);
    let end = (0..=LONGEST_NAME - ending.len())
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
        let longest = "n".repeat(LONGEST_NAME - NORMALIZED.len());
        assert_eq!(
            normalized_name(&format!("{longest}.csv")),
            format!("{longest}{NORMALIZED}")
        );
        let [one, other] = ["a", "b"].map(|end| normalized_name(&format!("{longest}ü{end}.csv")));
        assert!(one != other && one.len() <= LONGEST_NAME && one.ends_with(NORMALIZED));
    }
}
