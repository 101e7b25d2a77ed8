//! The Python module `ade_engine._native`.
//!
//! A thin layer: it converts arguments, releases the interpreter while Rust works, and converts results to Python objects.
//! The behaviour of the classes is documented in `ade_engine/io`, which wraps them.

#![allow(clippy::too_many_arguments, reason = "Python names them")]

mod account;
mod cells;
mod column;
mod error;
mod fields;
mod issues;
mod json;
mod layout;
mod output;
mod rows;
mod rows_file;
mod series;
mod settings;
mod shape;
mod sheet;
mod source;
mod style;
mod tables;
mod toml;
#[cfg(target_os = "linux")]
mod warm;

/// The native half of the engine.
#[pyo3::pymodule]
mod _native {
    #[pymodule_export]
    use super::account::Account;
    #[pymodule_export]
    use super::column::{ArrowColumn, column_of, column_of_numbers};
    #[pymodule_export]
    use super::error::SourceError;
    #[pymodule_export]
    use super::fields::{
        ReadColumn, UnreadCells, checked, column_profile, emptied, header_unit,
        is_currency_of_header, joined_texts, likeness, phone_countries, read_column, shown_by,
        shown_by_sheet, simplify, texts_there, wrong_letters,
    };
    #[pymodule_export]
    use super::issues::{IssueList, TableIssues};
    #[pymodule_export]
    use super::json::{Json, json_text};
    #[pymodule_export]
    use super::layout::{layout_feature_names, layout_features, row_kinds};
    #[pymodule_export]
    use super::output::{
        CellLook, Frame, ListSheet, MomentStyles, StyledColumn, StyledFrame, Writer, force_to_disk,
        render_rows,
    };
    #[pymodule_export]
    use super::rows::{
        RowRule, cell_numbers, count_issues, filled_cells, filled_rows, filled_stretch, gone, runs,
        score_row,
    };
    #[pymodule_export]
    use super::rows_file::RowsFile;
    #[pymodule_export]
    use super::series::{
        header_has_year, is_day_of_series, is_of_series, series_among, words_of_periods, years_in,
    };
    #[pymodule_export]
    use super::settings::{engine_settings, is_former_setting, read_setting};
    #[pymodule_export]
    use super::shape::propose_shapes;
    #[pymodule_export]
    use super::sheet::{
        FoundCards, FoundTables, HeaderOfTable, HeaderWords, TableBodyRows, find_tables,
        header_of_table, is_unit, rows_of_table, without_brackets,
    };
    #[pymodule_export]
    use super::source::{DetectedCsvFormat, Scan, SheetExtent, Source, scan_of_rows};
    #[pymodule_export]
    use super::style::style_key;
    #[pymodule_export]
    use super::tables::{ExplainedHeaders, ExplainedTables};
    #[pymodule_export]
    use super::toml::parse_toml;
    #[cfg(target_os = "linux")]
    #[pymodule_export]
    use super::warm::wait_for_run;
}
