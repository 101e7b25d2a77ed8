//! Prints proposed changes to the author's files as a patch.

use ade::checks::fix::{Edit, ManualEdit};

use crate::ui::{Tone, Ui};

/// Prints the edits, and the lines that a person has to paste.
pub fn print_edits(ui: &Ui, edits: &[Edit], pastes: &[ManualEdit]) {
    for edit in edits {
        for line in edit.diff.lines() {
            let tone = match line.as_bytes().first() {
                Some(b'+') => Tone::Good,
                Some(b'-') => Tone::Bad,
                _ => Tone::Dim,
            };
            ui.line(ui.paint(tone, line));
        }
    }
    for ManualEdit { field, header, why } in pastes {
        ui.line(format_args!("Add {header:?} to {field} by hand: {why}"));
    }
}
