//! `ade migrate`: updates the database schema.

use std::path::Path;

use ade::settings::Settings;
use ade::settings::paths::Paths;
use ade::store::{self, AppliedMigration, MigrationOutcome, MigrationState, StoreError};
use ade::workspace::transfer::TransferSummary;
use ade::workspace::{ballast, identity, transfer};
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Outcome};
use crate::ui::{TerminalTable, Tone, Ui};

/// Update the database schema
///
/// The database is first backed up in the same folder. Several processes may run this at the same time.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade migrate\n  ade migrate --check    exits 5 if the schema is behind or ahead, and changes nothing"
)]
pub struct Args {
    /// Only check: exit 5 if the schema is behind or ahead
    #[arg(long, conflicts_with = "status")]
    check: bool,
    /// List all migrations with their states
    #[arg(long)]
    status: bool,
    /// Move all records from the data directory's SQLite database to the PostgreSQL server in --database-url
    #[arg(long, value_name = "sqlite", conflicts_with_all = ["check", "status"])]
    from: Option<String>,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let settings = context.settings()?;
    let paths = Paths::new(&settings)?;
    let database = paths.database();
    let ui = &context.ui;
    if args.status {
        status(ui, &settings, &database)?;
    } else if args.check {
        check(ui, &settings, &database)?;
    } else if let Some(from) = &args.from {
        print_transferred(ui, &transfer::transfer(&settings, &paths, from)?);
    } else {
        identity::demand_database(&settings, &paths)?;
        let migrated = match store::migrate(&settings, &database) {
            Err(StoreError::Unreachable { .. }) if ballast::remove(&settings, &paths) => {
                store::migrate(&settings, &database)
            }
            migrated => migrated,
        };
        print_migrated(ui, &migrated?);
        identity::record(&settings, &paths)?;
    }
    Ok(ExitStatus::Done)
}

fn check(ui: &Ui, settings: &Settings, database: &Path) -> Result<(), StoreError> {
    let status = store::status(settings, database)?;
    status.demand_current()?;
    if ui.json() {
        let version = status.applied.last().map(|migration| migration.version);
        ui.document(&json!({"database": status.path, "current": true, "version": version}));
    } else {
        ui.line(format_args!("{} is up to date", ui.path(&status.path)));
    }
    Ok(())
}

fn print_transferred(ui: &Ui, transferred: &TransferSummary) {
    if ui.json() {
        let tables: serde_json::Map<_, _> = transferred
            .tables
            .iter()
            .map(|(table, rows)| ((*table).to_owned(), json!(rows)))
            .collect();
        ui.document(
            &json!({"database": transferred.database, "moved_from": transferred.moved_from, "tables": tables, "files_of": transferred.files_of}),
        );
        return;
    }
    let mut table = TerminalTable::new("TABLE  ROWS", &[0]).numbers(&[1]);
    for (name, rows) in transferred.tables.iter().filter(|(_, rows)| *rows > 0) {
        table.row(vec![
            (Tone::Plain, (*name).to_owned()),
            (Tone::Plain, rows.to_string()),
        ]);
    }
    ui.table(&table);
    ui.line(format_args!(
        "{} {}; both databases hold the same data",
        ui.paint(Tone::Good, "Moved to"),
        ui.path(&transferred.database)
    ));
    if let Some(count) = transferred.files_of {
        ui.line(format_args!(
            "Their files are in the object store: {count} documents, snapshots and runs"
        ));
    }
    ui.line(format_args!(
        "The previous database is still at {}",
        ui.path(&transferred.moved_from)
    ));
}

fn print_migrated(ui: &Ui, migrated: &MigrationOutcome) {
    let MigrationOutcome {
        path,
        applied,
        backup,
        created,
    } = migrated;
    if ui.json() {
        let applied: Vec<_> = applied
            .iter()
            .map(|migration| json!({"version": migration.version, "name": migration.name}))
            .collect();
        ui.document(
            &json!({"database": path, "applied": applied, "backup": backup, "created": created}),
        );
        return;
    }
    if let Some(backup) = backup {
        ui.line(format_args!("Backed up to {}", ui.path(backup)));
    }
    for migration in applied {
        let name = name(migration.version, migration.name);
        ui.line(format_args!("{} {name}", ui.paint(Tone::Good, "Applied")));
    }
    let verb = if *created { "created" } else { "up to date" };
    ui.line(format_args!("{} is {verb}", ui.path(path)));
}

fn status(ui: &Ui, settings: &Settings, database: &Path) -> Result<(), StoreError> {
    let status = store::status(settings, database)?;
    let known = status.known;
    let is_known = |version| known.iter().any(|known| known.version == version);
    let unknown: Vec<&AppliedMigration> = status
        .applied
        .iter()
        .filter(|applied| !is_known(applied.version))
        .collect();
    let applied_at = |version| {
        let found = status
            .applied
            .iter()
            .find(|migration| migration.version == version);
        found.map(|migration| migration.applied_at)
    };
    if ui.json() {
        let mut rows: Vec<_> = known
            .iter()
            .map(|migration| json!({"version": migration.version, "name": migration.name, "applied_at": applied_at(migration.version)}))
            .collect();
        rows.extend(unknown.iter().map(|migration| json!({"version": migration.version, "name": migration.name, "applied_at": migration.applied_at, "unknown": true})));
        let current = status.state == MigrationState::Current;
        ui.document(&json!({"database": status.path, "current": current, "migrations": rows}));
        return Ok(());
    }
    let mut table = TerminalTable::new("MIGRATION  APPLIED", &[]);
    for migration in known {
        let state = match applied_at(migration.version) {
            Some(time) => (Tone::Plain, time.to_string()),
            None => (Tone::Warn, "pending".to_owned()),
        };
        table.row(vec![
            (Tone::Plain, name(migration.version, migration.name)),
            state,
        ]);
    }
    for migration in unknown {
        let state = (Tone::Warn, "by a newer ade".to_owned());
        table.row(vec![
            (Tone::Warn, name(migration.version, &migration.name)),
            state,
        ]);
    }
    ui.table(&table);
    Ok(())
}

/// Returns the file name of a migration.
fn name(version: i64, name: &str) -> String {
    format!("{version:04}_{name}")
}
