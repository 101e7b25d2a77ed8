//! The settings of the engine, as one table. The engine, `ade`, `ade settings --engine` and docs/reference/engine.md use it.

use crate::read::csv::decode::Charset;

/// The definition of one setting of the engine.
#[derive(Clone, Copy, Debug)]
pub struct EngineSetting {
    /// The key in `settings.toml`.
    pub key: &'static str,
    pub kind: ValueKind,
    /// The value if no source sets one, as a person types it.
    pub default: &'static str,
    /// The default in a configuration of edition 2026.
    pub default_2026: &'static str,
    /// The meaning in Markdown, with links as in docs/reference/engine.md.
    pub meaning: &'static str,
    /// True if engine 1.9 did not have this setting: its events list it only if the value is not the default.
    pub is_newer: bool,
    /// True if the setting applies to a whole call: the folder of the package, the form of events, or the files of a batch.
    pub is_of_call: bool,
}

/// The type of a setting's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    Flag,
    /// A whole number from 1 up, or no value if `or_none`.
    Count {
        or_none: bool,
    },
    CountFromZero,
    /// A number from 0 up.
    Score,
    Choice(&'static [&'static str]),
    Encoding,
    Delimiter,
    /// A logging level, as a number or a name.
    Level,
    Folder,
    Extensions,
    Words,
    Sheets,
    Senders,
    Headers,
    Known,
    Values,
}

/// The value that a source, such as `settings.toml`, gives to a setting.
#[derive(Clone, Copy, Debug)]
pub enum SourceValue<'a> {
    Text(&'a str),
    Flag(bool),
    Number(f64),
    Nothing,
    /// A list, a table, or any other value. Only the kinds that the engine's own readers read allow it.
    Other,
}

/// The value of a setting after it was read.
#[derive(Clone, Debug, PartialEq)]
pub enum SettingValue {
    Flag(bool),
    Whole(u64),
    Number(f64),
    Text(String),
    Nothing,
}

/// Keys of settings that edition 2026 replaced with fixed behaviour. No configuration can set them any more.
const FORMER: &[&str] = &[
    "row_provenance",
    "issue_list",
    "check_dates",
    "report_dropped_rows",
    "report_text_columns",
    "enforce_types",
    "print_setup",
    "report_unread_cells",
    "header_units",
    "strict_validators",
    "typed_fields",
    "spread_header_labels",
    "end_tables_at_notes",
    "check_totals",
    "headerless_tables",
    "detect_rows",
    "turn_tables",
    "columns_by_context",
    "rows_by_context",
];

/// Returns whether a key is a former setting, because edition 2026 always behaves that way.
pub fn is_former(key: &str) -> bool {
    FORMER.contains(&key)
}

/// The words for yes, then those for no.
const FLAGS: [&[&str]; 2] = [
    &["1", "true", "t", "yes", "y", "on"],
    &["0", "false", "f", "no", "n", "off"],
];

/// The delimiters and their names.
const DELIMITERS: &[(&str, &str)] = &[
    ("auto", "auto"),
    ("tab", "\t"),
    ("\\t", "\t"),
    ("comma", ","),
    ("semicolon", ";"),
    ("pipe", "|"),
];

const fn setting(
    key: &'static str,
    kind: ValueKind,
    default: &'static str,
    meaning: &'static str,
) -> EngineSetting {
    EngineSetting {
        key,
        kind,
        default,
        default_2026: default,
        meaning,
        is_newer: false,
        is_of_call: false,
    }
}

impl EngineSetting {
    const fn in_2026(mut self, default: &'static str) -> Self {
        self.default_2026 = default;
        self
    }

    const fn newer(mut self) -> Self {
        self.is_newer = true;
        self
    }

    const fn of_call(mut self) -> Self {
        self.is_of_call = true;
        self
    }

    /// Returns the setting with a key.
    pub fn find(key: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.key == key)
    }

    /// Returns the name of the environment variable of this setting.
    pub fn variable(&self) -> String {
        format!("ADE_ENGINE_{}", self.key.to_uppercase())
    }

    /// Returns whether `name` is the key or the environment variable of this setting, in any case.
    pub fn is_meant_by(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(self.key) || name.eq_ignore_ascii_case(&self.variable())
    }

    /// Returns the meaning with links replaced by their text: `[rows](rows.md#x)` becomes `rows`.
    pub fn plain_meaning(&self) -> String {
        let mut parts = self.meaning.split("](");
        let mut plain = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            if let Some(begin) = plain.rfind('[') {
                plain.remove(begin);
            }
            plain.push_str(part.split_once(')').map_or(part, |(_, rest)| rest));
        }
        plain
    }
}

impl ValueKind {
    /// Reads a value. Returns `None` for kinds that the engine's own readers read.
    ///
    /// # Errors
    /// The setting cannot have this value. The error says what the value should be.
    pub fn read(&self, given: SourceValue<'_>) -> Result<Option<SettingValue>, String> {
        let value = match self {
            Self::Flag => read_flag(given).ok_or("true or false")?,
            Self::Count { or_none: true } if matches!(given, SourceValue::Nothing) => {
                SettingValue::Nothing
            }
            Self::Count { .. } => read_whole(given, 1.0).ok_or("a whole number, at least 1")?,
            Self::CountFromZero => read_whole(given, 0.0).ok_or("a whole number, 0 or more")?,
            Self::Score => {
                let number = read_number(given).filter(|number| *number >= 0.0);
                SettingValue::Number(number.ok_or("a number, 0 or more")?)
            }
            Self::Choice(words) => match given {
                SourceValue::Text(text) if words.contains(&text) => {
                    SettingValue::Text(text.to_owned())
                }
                _ => {
                    let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
                    return Err(words.join(" or "));
                }
            },
            Self::Encoding => SettingValue::Text(
                read_encoding(given)
                    .ok_or("'auto' or the name of an encoding, such as 'utf-8' or 'latin-1'")?,
            ),
            Self::Delimiter => SettingValue::Text(
                read_delimiter(given)
                    .ok_or("'auto', 'tab' or one character, such as ',' or ';'")?
                    .to_owned(),
            ),
            _ => return Ok(None),
        };
        Ok(Some(value))
    }
}

fn read_flag(given: SourceValue<'_>) -> Option<SettingValue> {
    let flag = match given {
        SourceValue::Flag(flag) => flag,
        SourceValue::Number(number) if number == 0.0 || number == 1.0 => number == 1.0,
        SourceValue::Text(text) => {
            let word = text.trim().to_lowercase();
            let place = FLAGS.iter().position(|words| words.contains(&&*word));
            place? == 0
        }
        _ => return None,
    };
    Some(SettingValue::Flag(flag))
}

fn read_number(given: SourceValue<'_>) -> Option<f64> {
    let number = match given {
        SourceValue::Number(number) => number,
        SourceValue::Text(text) if has_lone_underscore(text.trim()) => return None,
        SourceValue::Text(text) => text.trim().replace('_', "").parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// Returns whether an underscore is anywhere but between two digits, the only position that Python allows.
fn has_lone_underscore(text: &str) -> bool {
    let letters = text.as_bytes();
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| letters.get(at))
            .is_some_and(u8::is_ascii_digit)
    };
    let mut places = (0..letters.len()).filter(|&at| letters[at] == b'_');
    places.any(|at| !is_digit(at.checked_sub(1)) || !is_digit(Some(at + 1)))
}

fn read_whole(given: SourceValue<'_>, min: f64) -> Option<SettingValue> {
    let number = read_number(given)?;
    (number.fract() == 0.0 && number >= min).then_some(SettingValue::Whole(number as u64))
}

fn read_encoding(given: SourceValue<'_>) -> Option<String> {
    let SourceValue::Text(text) = given else {
        return None;
    };
    let name = text.trim().to_lowercase();
    (name == "auto" || Charset::named(&name).is_ok()).then_some(name)
}

fn read_delimiter(given: SourceValue<'_>) -> Option<&str> {
    let SourceValue::Text(text) = given else {
        return None;
    };
    let name = text.trim().to_lowercase();
    if let Some((_, delimiter)) = DELIMITERS.iter().find(|(known, _)| *known == name) {
        return Some(delimiter);
    }
    (text.len() == 1 && !["\"", "\r", "\n"].contains(&text)).then_some(text)
}

/// All settings, in the order in which they are listed.
pub const SETTINGS: &[EngineSetting] = &[
    setting("config_package", ValueKind::Folder, "", "folder of the configuration if the command line names none").of_call(),
    setting("remove_unmapped_columns", ValueKind::Flag, "false", "leave out columns without a field"),
    setting("write_diagnostics_columns", ValueKind::Flag, "false", "write the columns `__ade_issue__<field>`, `__ade_has_issues` and `__ade_issue_count`"),
    setting("mapping_tie_resolution", ValueKind::Choice(&["leftmost", "leave_unmapped", "fullest"]), "leftmost", "which of several columns that match a field gets it: the one with the highest score; if scores are equal, the leftmost or the `fullest`, which has the most values; `leave_unmapped`: none of them").in_2026("fullest"),
    setting("sort_tables_by_mapping_ratio", ValueKind::Flag, "false", "write tables with the largest share of mapped columns first"),
    setting("merge_tables_in_sheet", ValueKind::Flag, "false", "join the tables of a sheet into one"),
    setting("log_format", ValueKind::Choice(&["text", "ndjson"]), "text", "form of the log: `text` or `ndjson`").of_call(),
    setting("log_level", ValueKind::Level, "20", "level of the log, a number or a name; only read from `ADE_ENGINE_LOG_LEVEL`, else from `ADE_LOG_LEVEL`").of_call(),
    setting("max_empty_rows_run", ValueKind::Count { or_none: true }, "1000", "this many empty rows in succession end a sheet"),
    setting("max_empty_cols_run", ValueKind::Count { or_none: true }, "500", "this many empty cells after a value end a row"),
    setting("detector_column_sample_size", ValueKind::Count { or_none: false }, "100", "number of texts in a column detector's sample"),
    setting("merge_stacked_headers", ValueKind::Flag, "true", "join adjacent header rows"),
    setting("supported_file_extensions", ValueKind::Extensions, ".xlsx .xlsm .xls .csv", "extensions that a batch reads; an empty list reads all").of_call(),
    setting("csv_encoding", ValueKind::Encoding, "utf-8", "name of an encoding; `auto` guesses, and also reads workbooks with a wrong extension").in_2026("auto"),
    setting("csv_delimiter", ValueKind::Delimiter, ",", "one character, `tab`, `comma`, `semicolon`, `pipe` or `auto`").in_2026("auto"),
    setting("split_side_by_side_tables", ValueKind::Flag, "false", "[split tables](../explanation/rows.md#tables-beside-one-another) at blank columns").in_2026("true"),
    setting("escape_formulas", ValueKind::Flag, "false", "text that starts with `=` stays text").in_2026("true"),
    setting("edition", ValueKind::Choice(&["1.9", "2026"]), "1.9", "which defaults and rules apply; `2026` changes defaults, and [more](#editions)").newer(),
    setting("date_order", ValueKind::Choice(&["auto", "dmy", "mdy", "ymd"]), "auto", "how `ade_engine.fields` reads dates that fit several orders: `dmy`, `mdy` or `ymd`; `auto` is `dmy`").newer(),
    setting("decimal_mark", ValueKind::Choice(&["auto", ".", ","]), "auto", "how `ade_engine.fields` reads numbers whose decimal mark is not clear: `.` or `,`; `auto` is `.`").newer(),
    setting("na", ValueKind::Words, "", r#"further words for "no value", such as `["tbd", "offen"]`"#).newer(),
    setting("minimum_mapping_score", ValueKind::Score, "0.0", "minimum total score that maps a column to a field").in_2026("0.5").newer(),
    setting("fill_merged", ValueKind::Flag, "false", "give each cell of a merged range its first value; an issue about it is listed once").in_2026("true").newer(),
    setting("fill_merged_numbers", ValueKind::Flag, "true", "with `fill_merged`: `false` leaves amounts in the first cell; first-column ids, years, dates and texts are still filled").in_2026("false").newer(),
    setting("issues_sheet", ValueKind::Flag, "false", "add a sheet `Issues` if there are any, each linked to its cell; [at most 100 per frequent rule](issues.md#where-to-find-issues)").in_2026("true").newer(),
    setting("notes_sheet", ValueKind::Flag, "false", "add a sheet `Notes` if there are notices, or columns whose text was interpreted").newer(),
    setting("quarantine", ValueKind::Choice(&["keep", "sheet", "file"]), "keep", "move rows with errors to a sheet `Quarantine` (`sheet`) or to `<stem>_quarantine.xlsx` (`file`); counts include them, `on_table_written` and `on_sheet_end` do not see them").newer(),
    setting("also_write", ValueKind::Choice(&["xlsx", "csv", "parquet", "jsonl", "csv+parquet", "jsonl+parquet"]), "xlsx", "also write tables to [further files](#further-files): `csv`, `parquet`, `jsonl`, `csv+parquet` or `jsonl+parquet`").newer(),
    setting("all_fields", ValueKind::Flag, "false", "each table has all fields, in the configuration's or manifest's order, then other columns").newer(),
    setting("skip_sheets_without_fields", ValueKind::Flag, "false", "leave out sheets without a field, unless the call names them; if none is left, write the first").newer(),
    setting("output_style", ValueKind::Choice(&["plain", "table"]), "plain", "[`table`](#the-look-of-the-output) formats the workbook").in_2026("table").newer(),
    setting("skip_total_rows", ValueKind::Flag, "false", "leave out rows of totals").in_2026("true").newer(),
    setting("balance_rows", ValueKind::Choice(&["keep", "drop"]), "keep", "with `skip_total_rows`: `drop` leaves out opening, closing and carried-forward balances").in_2026("drop").newer(),
    setting("group_rows", ValueKind::Choice(&["keep", "drop", "column"]), "keep", "section heads: `drop` leaves them out, `column` puts them into a column of the rows below").in_2026("column").newer(),
    setting("stop_at_blank_rows", ValueKind::CountFromZero, "0", "this many blank rows in succession end a table; 0: never").newer(),
    setting("sheets", ValueKind::Sheets, "", "settings of single sheets ([explanation/rows](../explanation/rows.md#one-sheet-by-hand))").newer(),
    setting("senders", ValueKind::Senders, "", "name patterns of each sender's files, for `ade drift` and `--deny-drift`").newer(),
    setting("known", ValueKind::Known, "", "notices marked by `ade ack`: runs count them and print only new ones").newer(),
    setting("line_records", ValueKind::Flag, "false", "turn [records in lines](fields.md#tables-that-are-not-one-record-a-row), such as address blocks, into rows").newer(),
    setting("values", ValueKind::Values, "", r#"[values of fields without a column](fields.md#facts-beside-the-table), such as `currency = "USD"` in `[values]` or `[files."us_*".values]`"#).newer(),
    setting("headers", ValueKind::Headers, "", r#"[headers of one sender](../how-to/one-supplier.md#for-its-headers) by field, before those that the fields list, such as `net = "Total"` in `[files."us_*".headers]`"#).newer(),
    setting("issue_columns", ValueKind::Flag, "true", r#"with `output_style = "table"`: add columns for issues after the others"#).newer(),
    setting("drop_blank_rows", ValueKind::Flag, "false", "leave out rows in which no field has a value").in_2026("true").newer(),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_value_of_its_kind() {
        for setting in SETTINGS {
            for default in [setting.default, setting.default_2026] {
                let read = setting.kind.read(SourceValue::Text(default));
                assert!(read.is_ok(), "{} = {default:?}: {read:?}", setting.key);
            }
            assert!(!is_former(setting.key), "{}", setting.key);
        }
    }

    #[test]
    fn a_setting_is_meant_by_its_key_and_its_variable_and_is_explained_without_links() {
        let order = EngineSetting::find("date_order").unwrap();
        assert!(order.is_meant_by("ADE_ENGINE_DATE_ORDER") && order.is_meant_by("Date_Order"));
        assert!(
            order.plain_meaning().contains("`dmy`"),
            "{}",
            order.plain_meaning()
        );
        let delimiter = EngineSetting::find("csv_delimiter").unwrap();
        assert_eq!((delimiter.default, delimiter.default_2026), (",", "auto"));
        let sheets = EngineSetting::find("sheets").unwrap().plain_meaning();
        assert!(sheets.ends_with("(explanation/rows)"), "{sheets}");
    }
}
