//! The settings of the engine: one table. The engine, `ade`, `ade settings --engine` and docs/reference/engine.md are made from it.

use crate::read::csv::decode::Charset;

/// A setting of the engine.
#[derive(Clone, Copy, Debug)]
pub struct EngineSetting {
    /// Its key in `settings.toml`.
    pub key: &'static str,
    pub kind: Kind,
    /// Its value where no source has one, as a person types it.
    pub default: &'static str,
    /// Its value where no source has one, in a configuration of edition 2026.
    pub default_2026: &'static str,
    /// What it means, in Markdown, with links as docs/reference/engine.md has them.
    pub meaning: &'static str,
    /// True if engine 1.9 did not have it: its events do not list it at its default.
    pub is_newer: bool,
    /// True if it holds for a whole call: it says where the package is, how events are written, or which files a batch has.
    pub is_of_call: bool,
}

/// The values that a setting can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Flag,
    /// A whole number from 1 up, or none.
    Count {
        or_none: bool,
    },
    CountFromZero,
    /// A number from 0 up.
    Score,
    Choice(&'static [&'static str]),
    Encoding,
    Delimiter,
    /// A level of logging, by number or by name.
    Level,
    Folder,
    Extensions,
    Words,
    Sheets,
    Senders,
    Known,
    Values,
}

/// The value that a source has for a setting.
#[derive(Clone, Copy, Debug)]
pub enum Given<'a> {
    Text(&'a str),
    Flag(bool),
    Number(f64),
    Nothing,
    /// A list, a table, or another value that no kind but those of the engine's own readers has.
    Other,
}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq)]
pub enum SettingValue {
    Flag(bool),
    Whole(u64),
    Number(f64),
    Text(String),
    Nothing,
}

/// The settings of which edition 2026 is made: no configuration sets them.
pub const FORMER: &[&str] = &[
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

/// The words for yes, then those for no.
const FLAGS: [&[&str]; 2] = [
    &["1", "true", "t", "yes", "y", "on"],
    &["0", "false", "f", "no", "n", "off"],
];

/// Delimiters by their names.
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
    kind: Kind,
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

    /// Returns the environment variable that sets it.
    pub fn variable(&self) -> String {
        format!("ADE_ENGINE_{}", self.key.to_uppercase())
    }

    /// Returns whether a person means it by its key or by its variable, in any case.
    pub fn is_meant_by(&self, name: &str) -> bool {
        name.eq_ignore_ascii_case(self.key) || name.eq_ignore_ascii_case(&self.variable())
    }

    /// Returns what it means, with the words of links alone: `[rows](rows.md#x)` is `rows`.
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

impl Kind {
    /// Reads a value; nothing is returned for kinds that the engine's own readers read.
    ///
    /// # Errors
    /// The setting cannot have the value: what it should be.
    pub fn read(&self, given: Given<'_>) -> Result<Option<SettingValue>, String> {
        let value = match self {
            Self::Flag => read_flag(given).ok_or("true or false")?,
            Self::Count { or_none: true } if matches!(given, Given::Nothing) => {
                SettingValue::Nothing
            }
            Self::Count { .. } => read_whole(given, 1.0).ok_or("a whole number, at least 1")?,
            Self::CountFromZero => read_whole(given, 0.0).ok_or("a whole number, 0 or more")?,
            Self::Score => {
                let number = read_number(given).filter(|number| *number >= 0.0);
                SettingValue::Number(number.ok_or("a number from 0 up")?)
            }
            Self::Choice(words) => match given {
                Given::Text(text) if words.contains(&text) => SettingValue::Text(text.to_owned()),
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

fn read_flag(given: Given<'_>) -> Option<SettingValue> {
    let flag = match given {
        Given::Flag(flag) => flag,
        Given::Number(number) if number == 0.0 || number == 1.0 => number == 1.0,
        Given::Text(text) => {
            let word = text.trim().to_lowercase();
            let place = FLAGS.iter().position(|words| words.contains(&&*word));
            place? == 0
        }
        _ => return None,
    };
    Some(SettingValue::Flag(flag))
}

fn read_number(given: Given<'_>) -> Option<f64> {
    let number = match given {
        Given::Number(number) => number,
        Given::Text(text) if has_lone_underscore(text.trim()) => return None,
        Given::Text(text) => text.trim().replace('_', "").parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

/// Returns whether an underscore stands elsewhere than between two digits, where Python allows one.
fn has_lone_underscore(text: &str) -> bool {
    let letters = text.as_bytes();
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| letters.get(at))
            .is_some_and(u8::is_ascii_digit)
    };
    let mut places = (0..letters.len()).filter(|&at| letters[at] == b'_');
    places.any(|at| !is_digit(at.checked_sub(1)) || !is_digit(Some(at + 1)))
}

fn read_whole(given: Given<'_>, min: f64) -> Option<SettingValue> {
    let number = read_number(given)?;
    (number.fract() == 0.0 && number >= min).then_some(SettingValue::Whole(number as u64))
}

fn read_encoding(given: Given<'_>) -> Option<String> {
    let Given::Text(text) = given else {
        return None;
    };
    let name = text.trim().to_lowercase();
    (name == "auto" || Charset::named(&name).is_ok()).then_some(name)
}

fn read_delimiter(given: Given<'_>) -> Option<&str> {
    let Given::Text(text) = given else {
        return None;
    };
    let name = text.trim().to_lowercase();
    if let Some((_, delimiter)) = DELIMITERS.iter().find(|(known, _)| *known == name) {
        return Some(delimiter);
    }
    (text.len() == 1 && !["\"", "\r", "\n"].contains(&text)).then_some(text)
}

/// Every setting, in the order in which they are shown and listed.
pub const SETTINGS: &[EngineSetting] = &[
    setting("config_package", Kind::Folder, "", "folder of the configuration, if the command line names none; `~` is the home folder").of_call(),
    setting("remove_unmapped_columns", Kind::Flag, "false", "leave out columns that are mapped to no field"),
    setting("write_diagnostics_columns", Kind::Flag, "false", "write the engine's own columns: `__ade_issue__<field>`, `__ade_has_issues`, `__ade_issue_count`"),
    setting("mapping_tie_resolution", Kind::Choice(&["leftmost", "leave_unmapped", "fullest"]), "leftmost", "which of several columns gets a field that they all claim: the column with the highest score, or with `leave_unmapped` none. Of equal scores the leftmost one, with `fullest` the one with the most values").in_2026("fullest"),
    setting("sort_tables_by_mapping_ratio", Kind::Flag, "false", "write the tables of a sheet with the largest share of mapped columns first"),
    setting("merge_tables_in_sheet", Kind::Flag, "false", "stack the tables of a sheet into one"),
    setting("log_format", Kind::Choice(&["text", "ndjson"]), "text", "or `ndjson`").of_call(),
    setting("log_level", Kind::Level, "20", "number or name; from environment variables only (`ADE_ENGINE_LOG_LEVEL`, else `ADE_LOG_LEVEL`)").of_call(),
    setting("max_empty_rows_run", Kind::Count { or_none: true }, "1000", "this many empty rows in succession end a sheet"),
    setting("max_empty_cols_run", Kind::Count { or_none: true }, "500", "this many empty cells after a value end a row"),
    setting("detector_column_sample_size", Kind::Count { or_none: false }, "100", "texts in a column detector's sample"),
    setting("merge_stacked_headers", Kind::Flag, "true", "join header rows that follow each other directly"),
    setting("supported_file_extensions", Kind::Extensions, ".xlsx .xlsm .xls .csv", "the extensions that a batch picks up; an empty list picks up every file").of_call(),
    setting("csv_encoding", Kind::Encoding, "utf-8", "encoding of text files, by name, or `auto`, with which also workbooks under another name are read").in_2026("auto"),
    setting("csv_delimiter", Kind::Delimiter, ",", "separator in text files: one character, `tab`, `comma`, `semicolon`, `pipe` or `auto`").in_2026("auto"),
    setting("split_side_by_side_tables", Kind::Flag, "false", "tables beside one another become tables of their own").in_2026("true"),
    setting("escape_formulas", Kind::Flag, "false", "text that starts with `=` stays text in the output").in_2026("true"),
    setting("edition", Kind::Choice(&["1.9", "2026"]), "1.9", "`2026`: the engine works as people expect since, and needs nothing switched on; see below").newer(),
    setting("date_order", Kind::Choice(&["auto", "dmy", "mdy", "ymd"]), "auto", "how `ade_engine.fields` reads dates if their column leaves this open: `dmy`, `mdy` or `ymd`; `auto` is `dmy`").newer(),
    setting("decimal_mark", Kind::Choice(&["auto", ".", ","]), "auto", "how `ade_engine.fields` reads numbers if their column leaves the decimal mark open: `.` or `,`; `auto` is `.`").newer(),
    setting("na", Kind::Words, "", r#"further words that say that a cell has no value, such as `["tbd", "offen"]`, for all readers of `ade_engine.fields`"#).newer(),
    setting("minimum_mapping_score", Kind::Score, "0.0", "the least total score that maps a column to a field").in_2026("0.5").newer(),
    setting("fill_merged", Kind::Flag, "false", "each cell of a merged range has the value of its first cell, down and right. What is wrong with that value is one line of the list, at the first cell, which says how many rows share it").in_2026("true").newer(),
    setting("fill_merged_numbers", Kind::Flag, "true", "with `fill_merged`: amounts too. With `false` they stand in the first cell alone, because an amount of three records is not three amounts; ids in the first column, years, dates and texts are filled").in_2026("false").newer(),
    setting("issues_sheet", Kind::Flag, "false", "a sheet `Issues` behind the others lists the issues, each linked to its cell in the output. Of a rule that more than nine tenths of a column's rows break it has the first 100, and says how many more there are. A run without issues has no such sheet").in_2026("true").newer(),
    setting("notes_sheet", Kind::Flag, "false", "a sheet `Notes` behind the others says what was left out, turned and guessed, with its place in the file: the notices of the run, and the columns whose text had to be interpreted. A run without any has no such sheet").newer(),
    setting("quarantine", Kind::Choice(&["keep", "sheet", "file"]), "keep", "with `sheet` rows with errors leave their tables and stand on a sheet `Quarantine` behind the data sheets, each with its sheet, its source row and its messages; with `file` that sheet is the only one of `<stem>_quarantine.xlsx` beside the output, which is written if there are such rows, and which hooks do not see. Counts of the run are of all rows; the hooks `on_table_written` and `on_sheet_end` see the rows that stay").newer(),
    setting("also_write", Kind::Choice(&["xlsx", "csv", "parquet", "jsonl", "csv+parquet", "jsonl+parquet"]), "xlsx", "with `csv`, `parquet` or `jsonl` the tables are written in that shape, too (`csv+parquet` and `jsonl+parquet`: in both): a file for each beside the workbook, `<stem>_normalized.csv` for the first, `<stem>_normalized_<sheet>_<table>.csv` for a further one, with the columns and the headers of the workbook, and without the rows that are quarantined. Text in `.csv` is UTF-8 with a mark at the start, and with `escape_formulas` an apostrophe stands before `=`, `+`, `-`, `@`, a tab or a carriage return at the start of a text that is no number, in `.jsonl` too. What hooks do to the workbook is not in these files; then the notice `shapes_differ` says so").newer(),
    setting("all_fields", Kind::Flag, "false", "each table has all fields, in the configuration's order, and behind them its other columns: never found fields are empty columns, also those that a hook has taken away. A manifest may order them in its own way and leave some out").newer(),
    setting("skip_sheets_without_fields", Kind::Flag, "false", "sheets in which no column was found for a field are left out; the notice `sheets_skipped` names them. The hooks `on_table_written` and `on_sheet_end` do not run for them. Sheets that the call names are written all the same, and so is the first one if there is no other").newer(),
    setting("output_style", Kind::Choice(&["plain", "table"]), "plain", "or `table`: header, widths and number formats that people expect").in_2026("table").newer(),
    setting("skip_total_rows", Kind::Flag, "false", "rows of totals are left out").in_2026("true").newer(),
    setting("balance_rows", Kind::Choice(&["keep", "drop"]), "keep", "with `skip_total_rows`: opening, closing and carried-forward balances stay rows; with `drop` they are left out").in_2026("drop").newer(),
    setting("group_rows", Kind::Choice(&["keep", "drop", "column"]), "keep", "section heads stay rows; with `drop` they are left out, with `column` they become a column of the rows below them").in_2026("column").newer(),
    setting("stop_at_blank_rows", Kind::CountFromZero, "0", "this many blank rows in succession end a table; with 0 none do").newer(),
    setting("sheets", Kind::Sheets, "", "what is said of single sheets ([explanation/rows](../explanation/rows.md#one-sheet-by-hand))").newer(),
    setting("senders", Kind::Senders, "", "whose files are whose, by patterns of their names, for `ade drift` and `--deny-drift`").newer(),
    setting("known", Kind::Known, "", "notices that are known of a sender, each a table `[[known]]` that `ade ack` writes: runs count them and print only what is new").newer(),
    setting("line_records", Kind::Flag, "false", "records that stand in lines, each value beside its label, as in address blocks, become rows; a label that comes again begins the next one ([tables that are not one record a row](fields.md#tables-that-are-not-one-record-a-row))").newer(),
    setting("values", Kind::Values, "", r#"values of fields that have no column, such as `currency = "USD"` in the table `[values]` or `[files."us_*".values]` ([facts beside the table](fields.md#facts-beside-the-table))"#).newer(),
    setting("issue_columns", Kind::Flag, "true", r#"with `output_style = "table"`: columns for issues behind the others"#).newer(),
    setting("drop_blank_rows", Kind::Flag, "false", "rows in which no field has a value are left out").in_2026("true").newer(),
];
