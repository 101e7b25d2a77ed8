//! Prints the notices of a run below its summary.

use std::collections::HashSet;

use ade::engine::{RunNotice, RunNotices};

use super::format::plural;
use super::terminal::Ui;
use super::tone::Tone;

/// The indent of lines about a file.
const INDENT: &str = "  ";
/// The code of notices about the configuration, which are the same for every file of a call.
pub const CONFIGURATION: &str = "configuration";
/// The maximum number of notices with one code for one file.
const MAX_NOTICES_PER_CODE: usize = 8;

/// Prints the notice lines of a run.
pub struct NoticeLines<'a> {
    pub ui: &'a Ui,
    /// The run's id, for the command that lists everything.
    pub run: &'a str,
}

impl NoticeLines<'_> {
    /// Prints all notices of a file: warnings, information, and values that can be read in two ways. `several`: those about the
    /// configuration are left to [`Self::of_configuration`].
    pub fn of_one_file(&self, noticed: &RunNotices, several: bool) {
        let notices = noticed.notices.iter();
        let notices: Vec<&RunNotice> = notices
            .filter(|told| !told.is_known() && (!several || told.code() != CONFIGURATION))
            .collect();
        for warnings in [true, false] {
            let mut codes: Vec<&str> = Vec::new();
            for notice in notices.iter().filter(|told| told.is_warning() == warnings) {
                if !codes.contains(&notice.code()) {
                    codes.push(notice.code());
                }
            }
            for code in codes {
                let of_code = notices
                    .iter()
                    .filter(|told| told.is_warning() == warnings && told.code() == code);
                self.some(INDENT, of_code.copied());
            }
        }
        self.open(noticed);
        self.known(noticed);
    }

    /// Prints the number of notices that are known of the sender, and therefore hidden.
    fn known(&self, noticed: &RunNotices) {
        let all = noticed.notices.iter().chain(&noticed.readings);
        let count = all.filter(|told| told.is_known()).count();
        if count > 0 {
            let notices = plural(count as u64, "notice");
            let text = format!(
                "{notices} already known for this sender; `ade runs show {}` lists them",
                self.run
            );
            self.ui.words(INDENT, None, Tone::Dim, &text);
        }
    }

    /// Prints values that can be read in two ways. A notice for several tables is printed once.
    fn open(&self, noticed: &RunNotices) {
        let mut sentences: Vec<(String, usize)> = Vec::new();
        for reading in noticed.readings.iter().filter(|told| told.is_ambiguous()) {
            let sentence = reading.sentence();
            match sentences.iter_mut().find(|(known, _)| *known == sentence) {
                Some((_, tables)) => *tables += 1,
                None => sentences.push((sentence, 1)),
            }
        }
        for (sentence, tables) in sentences.iter().take(MAX_NOTICES_PER_CODE) {
            let of_tables = match tables {
                1 => String::new(),
                tables => format!(" ({tables} tables)"),
            };
            let mark = Some((Tone::Warn, "!"));
            let text = format!("{sentence}{of_tables}");
            self.ui.words(INDENT, mark, Tone::Warn, &text);
        }
        self.and_more(INDENT, sentences.len());
    }

    /// Prints the notices about the configuration once for all files of a call. `told`: what was already printed.
    pub fn of_configuration(&self, noticed: &RunNotices, told: &mut HashSet<String>) {
        let new = noticed.notices.iter().filter(|notice| {
            notice.code() == CONFIGURATION && told.insert(notice.message().to_owned())
        });
        self.some("", new);
    }

    /// Prints notices of one code, only the first ones if there are many.
    fn some<'a>(&self, indent: &str, notices: impl Iterator<Item = &'a RunNotice>) {
        let notices: Vec<&RunNotice> = notices.collect();
        for notice in notices.iter().take(MAX_NOTICES_PER_CODE) {
            self.line(indent, notice, notice.is_warning());
        }
        self.and_more(indent, notices.len());
    }

    /// Prints how many lines of a kind are left out.
    fn and_more(&self, indent: &str, lines: usize) {
        if lines > MAX_NOTICES_PER_CODE {
            self.more(
                indent,
                &format!(
                    "… and {} more like it; `ade runs show {}` lists them",
                    lines - MAX_NOTICES_PER_CODE,
                    self.run
                ),
            );
        }
    }

    fn line(&self, indent: &str, told: &RunNotice, warns: bool) {
        if warns {
            let mark = Some((Tone::Warn, "!"));
            self.ui.words(indent, mark, Tone::Warn, &told.sentence());
        } else {
            self.ui.words(indent, None, Tone::Dim, &told.sentence());
        }
    }

    fn more(&self, indent: &str, text: &str) {
        self.ui.words(&format!("{indent}  "), None, Tone::Dim, text);
    }
}
