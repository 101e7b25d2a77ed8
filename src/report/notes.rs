//! What notices of a run say of rows and sheets that are not in the result, in few words.

use serde_json::Value;

use super::facts::{Facts, list, number, stretches, text};

/// Rows of a sheet that are not in the result, and why.
#[derive(Clone)]
pub struct LeftOut {
    /// The sender's sheet.
    pub sheet: String,
    /// The stretches of its rows; none where it is not known which.
    pub rows: Vec<(u64, u64)>,
    /// What stands in them, in few words, where it is known.
    pub text: String,
    /// How many they are.
    pub count: u64,
    /// Why, in words.
    pub why: String,
    /// The hook that dropped them.
    pub hook: Option<String>,
}

impl LeftOut {
    /// What is said beside one of its rows: `left out: section head`.
    pub fn words(&self) -> String {
        let mut leads = ["with ", "of "].iter();
        let bare = leads.find_map(|lead| self.why.strip_prefix(lead));
        match (bare.unwrap_or(&self.why), &self.hook) {
            (_, Some(_)) => "dropped".to_owned(),
            ("", None) => "left out".to_owned(),
            (why, None) => format!("left out: {why}"),
        }
    }
}

/// The codes of notices that tell of rows that are not in the result.
const OF_ROWS: [&str; 2] = ["rows_left_out", "rows_dropped"];
/// The rows that are not in the result, as notices tell it.
pub fn left_out(facts: &Facts) -> Vec<LeftOut> {
    let notices = facts.list("notices").iter();
    let notices = notices.filter(|notice| OF_ROWS.contains(&text(notice, "/code")));
    let of = |notice: &Value| {
        let hook = notice.get("hook").and_then(Value::as_str);
        LeftOut {
            sheet: text(notice, "/sheet").to_owned(),
            rows: stretches(notice).collect(),
            text: String::new(),
            count: number(notice, "/count").unwrap_or(0),
            why: why(text(notice, "/message"), hook.is_some()),
            hook: hook.map(str::to_owned),
        }
    };
    notices.map(of).collect()
}

/// Why sheets were not read, where a notice of this code tells of such.
fn why_skipped(code: &str) -> Option<&'static str> {
    match code {
        "hidden_sheets_skipped" => Some("hidden, not read"),
        "issue_list_skipped" => Some("the list of issues of a marked copy, not read"),
        "sheets_skipped" => Some("left out by a setting"),
        _ => None,
    }
}

/// The sheets that were not read, and the notice's own word for why.
pub fn sheets_left_out(facts: &Facts) -> Vec<(&str, &'static str)> {
    let mut sheets = Vec::new();
    for notice in facts.list("notices") {
        let why = why_skipped(text(notice, "/code"));
        let named = list(notice, "sheets").iter().filter_map(Value::as_str);
        sheets.extend(named.zip(why.into_iter().cycle()));
    }
    sheets
}

/// The notices that no other part of a report tells.
pub fn others(facts: &Facts) -> impl Iterator<Item = &Value> {
    let told = |code: &str| OF_ROWS.contains(&code) || why_skipped(code).is_some();
    let notices = facts.list("notices").iter();
    notices.filter(move |notice| !told(text(notice, "/code")))
}

/// What a sentence says between the number of rows and what became of them: `2 section heads left out (rows 13 and 34)` says
/// `section heads`, `1 row below the table left out (row 50)` says `below the table`.
fn why(message: &str, by_hook: bool) -> String {
    if by_hook {
        return "dropped by the hook".to_owned();
    }
    let within = || {
        let end = message.rfind(" left out");
        let said = &message[..end.or_else(|| message.rfind(" dropped"))?];
        let said = said.rsplit_once("': ").map_or(said, |(_, said)| said);
        let (count, what) = said.split_once(' ')?;
        count.parse::<u64>().ok()?;
        let rows = ["rows ", "row ", "rows", "row"];
        let of_rows = rows.iter().find_map(|rows| what.strip_prefix(rows));
        Some(of_rows.unwrap_or(what).to_owned()).filter(|words| !words.is_empty())
    };
    within().unwrap_or_default()
}

/// A sentence of a notice without the sheet that it begins with.
pub fn without_sheet(notice: &Value) -> &str {
    let (message, sheet) = (text(notice, "/message"), text(notice, "/sheet"));
    let rest = message.strip_prefix("sheet '");
    let rest = rest.and_then(|rest| rest.strip_prefix(sheet)?.strip_prefix("': "));
    rest.unwrap_or(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_rows_are_not_there_is_what_the_notice_says() {
        for (message, words) in [
            (
                "sheet 'A': 2 rows with section heads left out (rows 13 and 34)",
                "with section heads",
            ),
            (
                "sheet 'A': 2 section heads left out (rows 13 and 34)",
                "section heads",
            ),
            (
                "sheet 'row ': 1': 1 row below the table left out (row 50)",
                "below the table",
            ),
            ("2 empty rows left out (rows 3 to 4)", "empty rows"),
            (
                "1 row without a value of any field dropped",
                "without a value of any field",
            ),
            ("something else", ""),
            ("2 rows left out", ""),
        ] {
            assert_eq!(why(message, false), words, "{message}");
        }
    }
}
