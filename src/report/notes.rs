//! What notices of a run say of rows and sheets that are not in the result, in few words.

use super::facts::Facts;
use crate::cells::Reason;
use crate::engine::Told;

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
    /// The same and why, in a sentence.
    pub said: String,
    /// What is said beside one of them.
    pub words: &'static str,
    /// The hook that dropped them.
    pub hook: Option<String>,
}

/// What is said beside a row that is not in the result, such as `left out: total`; nothing where the reason says no more than that.
pub fn reason_in_words(reason: Reason) -> Option<&'static str> {
    Some(match reason {
        Reason::Blank => "blank",
        Reason::Total => "left out: total",
        Reason::Note => "left out: note",
        Reason::Title => "left out: title of a section",
        Reason::RepeatedHeader => "left out: header again",
        Reason::Dropped => "dropped",
        Reason::Quarantined => "quarantined",
        Reason::Line => "a further line of the record above",
        Reason::Header | Reason::Outside | Reason::Other => return None,
    })
}

/// The codes of notices that tell of rows that are not in the result.
const OF_ROWS: [&str; 2] = ["rows_left_out", "rows_dropped"];
/// The rows that are not in the result, as notices tell it.
pub fn left_out(facts: &Facts) -> Vec<LeftOut> {
    let notices = facts.noticed().notices.iter();
    let notices = notices.filter(|notice| OF_ROWS.contains(&notice.code()));
    let of = |notice: &Told| {
        let hook = Some(notice.text("hook")).filter(|hook| !hook.is_empty());
        LeftOut {
            sheet: notice.sheet().to_owned(),
            rows: notice.stretches().collect(),
            text: String::new(),
            count: notice.count().unwrap_or(0),
            said: without_sheet(notice).to_owned(),
            words: match hook {
                Some(_) => "dropped",
                None => reason_in_words(Reason::parse(notice.text("reason"))).unwrap_or("left out"),
            },
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
    for notice in &facts.noticed().notices {
        let why = why_skipped(notice.code());
        sheets.extend(notice.sheets().zip(why.into_iter().cycle()));
    }
    sheets
}

/// The notices that no other part of a report tells.
pub fn others(facts: &Facts) -> impl Iterator<Item = &Told> {
    let told = |code: &str| OF_ROWS.contains(&code) || why_skipped(code).is_some();
    let notices = facts.noticed().notices.iter();
    notices.filter(move |notice| !told(notice.code()))
}

/// A sentence of a notice without the sheet that it begins with.
pub fn without_sheet(notice: &Told) -> &str {
    let (message, sheet) = (notice.message(), notice.sheet());
    let rest = message.strip_prefix("sheet '");
    let rest = rest.and_then(|rest| rest.strip_prefix(sheet)?.strip_prefix("': "));
    rest.unwrap_or(message)
}
