//! The Python module `ade_engine._native`.
//!
//! A thin layer: it converts arguments, releases the interpreter while Rust works, and converts results to Python objects.
//! The behaviour of the classes is documented in `ade_engine/io`, which wraps them.

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

use pyo3::prelude::*;

use self::error::SourceError;

/// The native half of the engine.
#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("SourceError", module.py().get_type::<SourceError>())?;
    #[cfg(target_os = "linux")]
    module.add_function(wrap_pyfunction!(warm::wait_for_run, module)?)?;
    module.add_class::<account::Account>()?;
    module.add_class::<json::Json>()?;
    module.add_class::<source::Source>()?;
    module.add_class::<source::Scan>()?;
    module.add_class::<column::ArrowColumn>()?;
    module.add_function(wrap_pyfunction!(column::column_of, module)?)?;
    module.add_function(wrap_pyfunction!(column::column_of_numbers, module)?)?;
    module.add_class::<source::Detected>()?;
    module.add_class::<source::Extent>()?;
    module.add_function(wrap_pyfunction!(source::scan_of_rows, module)?)?;
    module.add_class::<output::Frame>()?;
    module.add_class::<output::StyledFrame>()?;
    module.add_class::<output::ListSheet>()?;
    module.add_class::<issues::Issues>()?;
    module.add_class::<issues::IssueList>()?;
    module.add_class::<rows_file::RowsFile>()?;
    module.add_class::<tables::ExplainedHeaders>()?;
    module.add_class::<tables::ExplainedTables>()?;
    module.add_class::<output::StyledColumn>()?;
    module.add_class::<output::Look>()?;
    module.add_class::<output::MomentStyles>()?;
    module.add_class::<output::Writer>()?;
    module.add_function(wrap_pyfunction!(output::render_rows, module)?)?;
    module.add_function(wrap_pyfunction!(output::force_to_disk, module)?)?;
    module.add_class::<fields::ReadColumn>()?;
    module.add_class::<fields::UnreadCells>()?;
    module.add_class::<rows::RowRule>()?;
    module.add_function(wrap_pyfunction!(fields::read_column, module)?)?;
    module.add_function(wrap_pyfunction!(fields::column_profile, module)?)?;
    module.add_function(wrap_pyfunction!(fields::likeness, module)?)?;
    module.add_function(wrap_pyfunction!(fields::shown_by, module)?)?;
    module.add_function(wrap_pyfunction!(fields::shown_by_sheet, module)?)?;
    module.add_function(wrap_pyfunction!(fields::emptied, module)?)?;
    module.add_function(wrap_pyfunction!(fields::checked, module)?)?;
    module.add_function(wrap_pyfunction!(fields::joined_texts, module)?)?;
    module.add_function(wrap_pyfunction!(fields::texts_there, module)?)?;
    module.add_function(wrap_pyfunction!(fields::wrong_letters, module)?)?;
    module.add_function(wrap_pyfunction!(rows::filled_cells, module)?)?;
    module.add_function(wrap_pyfunction!(fields::is_currency_of_header, module)?)?;
    module.add_function(wrap_pyfunction!(fields::phone_countries, module)?)?;
    module.add_function(wrap_pyfunction!(fields::header_unit, module)?)?;
    module.add_function(wrap_pyfunction!(rows::runs, module)?)?;
    module.add_function(wrap_pyfunction!(rows::count_issues, module)?)?;
    module.add_function(wrap_pyfunction!(rows::filled_rows, module)?)?;
    module.add_function(wrap_pyfunction!(rows::filled_stretch, module)?)?;
    module.add_function(wrap_pyfunction!(rows::cell_numbers, module)?)?;
    module.add_function(wrap_pyfunction!(rows::gone, module)?)?;
    module.add_function(wrap_pyfunction!(fields::simplify, module)?)?;
    module.add_function(wrap_pyfunction!(series::is_of_series, module)?)?;
    module.add_function(wrap_pyfunction!(series::is_day_of_series, module)?)?;
    module.add_function(wrap_pyfunction!(series::header_has_year, module)?)?;
    module.add_function(wrap_pyfunction!(series::years_in, module)?)?;
    module.add_function(wrap_pyfunction!(series::series_among, module)?)?;
    module.add_function(wrap_pyfunction!(series::words_of_periods, module)?)?;
    module.add_function(wrap_pyfunction!(json::json_text, module)?)?;
    module.add_function(wrap_pyfunction!(rows::score_row, module)?)?;
    module.add_function(wrap_pyfunction!(layout::row_kinds, module)?)?;
    module.add_function(wrap_pyfunction!(layout::layout_features, module)?)?;
    module.add_function(wrap_pyfunction!(layout::layout_feature_names, module)?)?;
    module.add_function(wrap_pyfunction!(shape::propose_shapes, module)?)?;
    module.add_function(wrap_pyfunction!(settings::engine_settings, module)?)?;
    module.add_function(wrap_pyfunction!(settings::is_former_setting, module)?)?;
    module.add_function(wrap_pyfunction!(settings::read_setting, module)?)?;
    module.add_class::<sheet::HeaderWords>()?;
    module.add_function(wrap_pyfunction!(sheet::find_tables, module)?)?;
    module.add_class::<sheet::FoundTables>()?;
    module.add_class::<sheet::FoundCards>()?;
    module.add_function(wrap_pyfunction!(sheet::rows_of_table, module)?)?;
    module.add_function(wrap_pyfunction!(sheet::header_of_table, module)?)?;
    module.add_class::<sheet::HeaderOfTable>()?;
    module.add_function(wrap_pyfunction!(sheet::is_unit, module)?)?;
    module.add_function(wrap_pyfunction!(sheet::without_brackets, module)?)?;
    module.add_class::<sheet::RowsOfTable>()?;
    module.add_function(wrap_pyfunction!(style::style_key, module)?)?;
    module.add_function(wrap_pyfunction!(toml::parse_toml, module)?)
}
