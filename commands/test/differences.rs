//! What differs from what a case expects, in lines.

use ade::checks::cases::Difference;

use crate::ui::Ui;

/// So many differences of a case are printed.
const MOST: usize = 20;

/// Prints the first of them, one a line.
pub fn print_differences(ui: &Ui, margin: &str, differences: &[Difference]) {
    for difference in differences.iter().take(MOST) {
        ui.line(format_args!("{margin}{difference}"));
    }
    if let Some(more @ 1..) = differences.len().checked_sub(MOST) {
        ui.line(format_args!("{margin}and {more} more"));
    }
}
