//! Where a person finds the validation issues of a run.

use crate::store::RunRecord;

/// The setting that would put them into the normalized workbook, beside its rows; none where the configuration's
/// settings.toml asks for that already.
pub fn setting_for_workbook(run: &RunRecord) -> Option<&'static str> {
    let settings = std::fs::read_to_string(run.snapshot.join("settings.toml")).unwrap_or_default();
    missing_in(&settings.parse::<toml::Table>().unwrap_or_default())
}

fn missing_in(settings: &toml::Table) -> Option<&'static str> {
    let flag = |name: &str| settings.get(name).and_then(toml::Value::as_bool);
    let is_table = settings.get("output_style").and_then(toml::Value::as_str) == Some("table");
    if flag("write_diagnostics_columns") == Some(true) {
        None
    } else if !is_table {
        Some("write_diagnostics_columns")
    } else if flag("issue_columns") == Some(false) {
        Some("issue_columns")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::missing_in;

    #[test]
    fn what_puts_issues_into_the_workbook() {
        for (settings, missing) in [
            ("", Some("write_diagnostics_columns")),
            (
                "write_diagnostics_columns = false",
                Some("write_diagnostics_columns"),
            ),
            ("issue_columns = true", Some("write_diagnostics_columns")),
            (
                "output_style = \"plain\"",
                Some("write_diagnostics_columns"),
            ),
            (
                "output_style = \"table\"\nissue_columns = false",
                Some("issue_columns"),
            ),
            ("write_diagnostics_columns = true", None),
            ("output_style = \"table\"", None),
            ("output_style = \"table\"\nissue_columns = true", None),
            (
                "output_style = \"table\"\nissue_columns = false\nwrite_diagnostics_columns = true",
                None,
            ),
        ] {
            assert_eq!(
                missing_in(&settings.parse().unwrap()),
                missing,
                "{settings}"
            );
        }
    }
}
