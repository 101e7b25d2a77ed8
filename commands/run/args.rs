//! The arguments of `ade run`, and the run options that follow from them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use ade::engine::{assignment, demand_setting};
use ade::run::calls::combine;
use ade::run::calls::combine::SHAPES;
use ade::store::{Priority, RunOptions, SheetChoice};
use clap::builder::{PossibleValuesParser, TypedValueParser, UnknownArgumentValueParser};

use super::demands::DemandArgs;

/// Normalize files
///
/// Each input becomes a workbook with the fields of the configuration. The first run creates the data directory and builds the
/// environment. `ade runs show` shows how an input was read.
#[derive(Clone, clap::Args)]
#[command(
    override_usage = "ade run [OPTIONS] [CONFIG] <INPUT>...",
    after_help = "Examples:\n  ade run my-config orders.xlsx\n  ade run my-config inbox/ -o clean/\n  ade run my-config inbox/ --recursive -o clean/\n  ade run my-config inbox/ -o clean/ --changed        only new and changed files\n  ade run my-config 'inbox/*.csv' --jobs 2 --json\n  ade run my-config orders.xlsx --input-sheet North --input-sheet South\n  ade run my-config orders.xlsx --require email --min-rows 1\n  ade run my-config inbox/ -o clean/ --deny-issues    no copies with issues\n  ade run my-config orders.xlsx --max-errors 2% --annotate\n  ade run my-config orders.xlsx --watch               again at each change\n  ade run my-config inbox/ --detach                   for `ade worker`"
)]
pub struct Args {
    /// The configuration's folder [default: the current one]
    pub config: PathBuf,
    /// Files, folders or quoted globs
    ///
    /// A folder means all its files in supported formats, except outputs of earlier runs; name such a workbook itself to
    /// normalize it.
    pub input: Vec<PathBuf>,

    /// Search subfolders too; with -o, their copies go to subfolders of the same names
    #[arg(short, long, help_heading = INPUT)]
    pub recursive: bool,
    /// Process only this sheet; may be repeated
    #[arg(long, value_name = "SHEET", conflicts_with = "active_sheet_only", help_heading = INPUT)]
    pub input_sheet: Vec<String>,
    /// Suggests `--input-sheet` to users who type the name of this option in other commands.
    #[arg(long, hide = true, value_parser = UnknownArgumentValueParser::suggest_arg("--input-sheet"))]
    pub sheet: Option<String>,
    /// Process only the sheet that was active when the workbook was saved
    #[arg(long, help_heading = INPUT)]
    pub active_sheet_only: bool,
    /// Set the header rows of a sheet: SHEET=3, SHEET=3-4, or SHEET=none; may be repeated
    #[arg(long, value_name = "SHEET=ROWS", value_parser = header_rows, help_heading = INPUT)]
    pub header_rows: Vec<(String, Vec<u32>)>,
    /// Look for tables only in this range of a sheet: SHEET=B3:H90; may be repeated
    #[arg(long, value_name = "SHEET=RANGE", value_parser = range, help_heading = INPUT)]
    pub range: Vec<(String, String)>,
    /// Override an engine setting, such as date_order=mdy; may be repeated
    ///
    /// Overrides settings.toml and ADE_ENGINE_* variables. It is recorded with the run, and `ade runs retry` uses it again.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = assignment, help_heading = INPUT)]
    pub settings: Vec<(String, String)>,
    /// The separator in .csv files: one character, `tab` or `auto`; short for --set csv_delimiter=…
    #[arg(long, value_name = "C", value_parser = value_of("csv_delimiter"), help_heading = INPUT)]
    pub csv_delimiter: Option<String>,
    /// The encoding of .csv files, such as latin-1 or `auto`; short for --set csv_encoding=…
    #[arg(long, value_name = "E", value_parser = value_of("csv_encoding"), help_heading = INPUT)]
    pub csv_encoding: Option<String>,

    /// Copy each normalized workbook to this folder
    ///
    /// The copy is named `<input>_normalized.xlsx`. If a run fails or is refused, an older copy is renamed to
    /// `<input>_normalized.xlsx.stale`.
    #[arg(short, long, value_name = "DIR", help_heading = OUTPUT)]
    pub output_dir: Option<PathBuf>,
    /// Also write each table as csv, parquet or jsonl; -o then copies these instead of the workbook
    ///
    /// The first table is `<input>_normalized.csv`. Short for --set also_write=…
    #[arg(long, value_name = "SHAPE", value_parser = PossibleValuesParser::new(SHAPES), help_heading = OUTPUT)]
    pub to: Option<String>,
    /// Combine the rows of all inputs into one table in FILE, each with its file, sheet and row
    ///
    /// FILE ends in .xlsx, .csv, .parquet or .jsonl. Failed inputs are left out and listed, and so are rows that repeat the
    /// `unique` field, or all `key` fields, of another sheet or file; with --deny-issues, --deny error or --deny warning, these
    /// give exit status 1.
    #[arg(long, value_name = "FILE", value_parser = combined, conflicts_with_all = ["detach", "watch", "validate_only", "dry_run"], help_heading = OUTPUT)]
    pub combine: Option<PathBuf>,
    /// With --combine, name the columns after the fields instead of their headers
    #[arg(long, requires = "combine", help_heading = OUTPUT)]
    pub names: bool,
    /// Also mark the issues in a copy of the input, `<input>_annotated.xlsx`, as `ade annotate` does
    ///
    /// The copy goes next to the workbook, or stays in the run's folder if the run is refused.
    #[arg(long, conflicts_with_all = ["detach", "validate_only", "dry_run"], help_heading = OUTPUT)]
    pub annotate: bool,
    /// Move rows with errors to a separate sheet with their messages; short for --set quarantine=sheet (with --to:
    /// quarantine=file)
    #[arg(long, help_heading = OUTPUT)]
    pub quarantine: bool,
    /// Show cell values in error messages on this terminal; logs and records never contain them
    #[arg(long, conflicts_with = "detach", help_heading = OUTPUT)]
    pub show_values: bool,

    #[command(flatten)]
    pub demands: DemandArgs,

    /// Keep running: repeat an input when it changes, all inputs when the configuration changes
    #[arg(long, help_heading = WORK)]
    pub watch: bool,
    /// Skip inputs that are unchanged since a successful run, and use its result
    ///
    /// Compares the input's bytes and name, the configuration, dependencies, engine and settings, and the options. Refused
    /// runs, and runs whose output is missing or edited, do not count.
    #[arg(long, conflicts_with_all = ["detach", "validate_only", "dry_run"], help_heading = WORK)]
    pub changed: bool,
    /// Queue the runs for `ade worker`, print their ids, and exit
    #[arg(long, conflicts_with_all = ["watch", "output_dir", "deny", "max_errors", "require", "deny_drift", "min_rows"], help_heading = WORK)]
    pub detach: bool,
    /// Only load and check the configuration, without reading the inputs
    #[arg(long, conflicts_with_all = ["dry_run", "deny", "max_errors", "require", "deny_drift", "min_rows"], help_heading = WORK)]
    pub validate_only: bool,
    /// Only record the runs: build, start and normalize nothing
    #[arg(long, conflicts_with_all = ["deny", "max_errors", "require", "deny_drift", "min_rows"], help_heading = WORK)]
    pub dry_run: bool,
    /// Stop a run that takes longer, with exit status 4 [env: ADE_RUN_TIMEOUT_SECONDS] [default: no limit]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, help_heading = WORK)]
    pub timeout: Option<f64>,
    /// Let the configuration's code use the network; needs ADE_ALLOW_NETWORK=1 too
    #[arg(long, help_heading = WORK)]
    pub allow_network: bool,
    /// The priority among waiting runs, for --detach and further attempts [default: normal]
    #[arg(long, value_name = "PRIORITY", value_parser = priority(), hide_default_value = true, default_value = "normal", help_heading = WORK)]
    pub priority: Priority,
    /// The number of files to process in parallel [env: ADE_WORKER_CONCURRENCY] [default: half the cores, at most 4]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = WORK)]
    pub jobs: Option<u32>,
}

const INPUT: &str = "Input options";
const OUTPUT: &str = "Output options";
const WORK: &str = "Execution options";

impl Args {
    /// Returns the options that the runs of this call are recorded with.
    pub fn options(&self) -> RunOptions {
        RunOptions {
            active_sheet_only: self.active_sheet_only,
            validate_only: self.validate_only,
            dry_run: self.dry_run,
            timeout_seconds: self.timeout,
            network: self.allow_network,
            sheets: self.sheets(),
            settings: self.settings(),
            demands: self.demands.demands(),
            priority: self.priority,
            ..RunOptions::default()
        }
    }

    /// Returns the requested output format, unless it is the workbook.
    pub fn shape(&self) -> Option<&str> {
        self.to.as_deref().filter(|shape| *shape != "xlsx")
    }

    /// Returns the settings for single sheets.
    fn sheets(&self) -> BTreeMap<String, SheetChoice> {
        let mut found: BTreeMap<String, SheetChoice> = BTreeMap::new();
        for (sheet, rows) in &self.header_rows {
            found.entry(sheet.clone()).or_default().header_rows = Some(rows.clone());
        }
        for (sheet, range) in &self.range {
            found.entry(sheet.clone()).or_default().range = Some(range.clone());
        }
        found
    }

    /// Returns the engine settings of the call; of settings given twice, the last.
    fn settings(&self) -> BTreeMap<String, String> {
        // If the results are files of another format, quarantined rows must go to a file, too.
        let apart = if self.to.is_some() { "file" } else { "sheet" };
        let quarantine = self.quarantine.then(|| apart.to_owned());
        let also_write = match (&self.combine, self.shape()) {
            (Some(_), Some(shape)) if shape != combine::SHAPE => {
                Some(format!("{shape}+{}", combine::SHAPE))
            }
            (Some(_), _) => Some(combine::SHAPE.to_owned()),
            (None, _) => self.to.clone(),
        };
        let short = [
            ("csv_delimiter", &self.csv_delimiter),
            ("csv_encoding", &self.csv_encoding),
            ("quarantine", &quarantine),
            ("also_write", &also_write),
        ];
        let short = short
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.clone()?)));
        self.settings.iter().cloned().chain(short).collect()
    }
}

fn combined(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    let shape = path.extension().and_then(|shape| shape.to_str());
    match shape {
        Some(shape) if SHAPES.contains(&shape) => Ok(path),
        _ => Err("not a file that ends in .xlsx, .csv, .parquet or .jsonl".to_owned()),
    }
}

fn priority() -> impl TypedValueParser<Value = Priority> {
    PossibleValuesParser::new(Priority::ALL.map(Priority::as_str))
        .try_map(|word| Priority::parse(&word).ok_or("not one of these"))
}

fn seconds(text: &str) -> Result<f64, String> {
    text.parse::<f64>()
        .ok()
        .filter(|number| *number > 0.0 && *number <= 1e9)
        .ok_or_else(|| "not a number of seconds above zero".to_owned())
}

/// Splits an argument into its sheet and the rest. Titles may contain `=`.
fn of_sheet(text: &str) -> Option<(String, &str)> {
    let (sheet, rest) = text.rsplit_once('=')?;
    (!sheet.is_empty()).then(|| (sheet.to_owned(), rest.trim()))
}

fn header_rows(text: &str) -> Result<(String, Vec<u32>), String> {
    const MAX_ROW_NUMBER: u32 = 1_048_576;
    let rows = |rows: &str| {
        if rows.eq_ignore_ascii_case("none") {
            return Some(Vec::new());
        }
        let (first, last) = rows.split_once('-').unwrap_or((rows, rows));
        let (first, last): (u32, u32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (0 < first && first <= last && last <= MAX_ROW_NUMBER && last - first < 100)
            .then(|| (first..=last).collect())
    };
    of_sheet(text)
        .and_then(|(sheet, rest)| Some((sheet, rows(rest)?)))
        .ok_or_else(|| {
            "not a sheet and its header rows, such as Sheet1=3, Sheet1=3-4 or Sheet1=none"
                .to_owned()
        })
}

fn range(text: &str) -> Result<(String, String), String> {
    let is_corner = |corner: &str| {
        let corner = corner.replace('$', "");
        let digits = corner.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let letters = corner.len() - digits.len();
        (1..=3).contains(&letters)
            && (1..=7).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0')
    };
    of_sheet(text)
        .filter(|(_, rest)| {
            rest.split_once(':')
                .is_some_and(|(first, other)| is_corner(first) && is_corner(other))
        })
        .map(|(sheet, rest)| (sheet, rest.to_ascii_uppercase()))
        .ok_or_else(|| "not a sheet and a range, such as Sheet1=B3:H90".to_owned())
}

/// Parses and checks the value of an engine setting.
fn value_of(
    setting: &'static str,
) -> impl Fn(&str) -> Result<String, String> + Clone + Send + Sync + 'static {
    move |text| demand_setting(setting, text).map(|()| text.to_owned())
}
