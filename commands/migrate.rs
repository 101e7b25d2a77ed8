//! `ade migrate`: bring the database schema up to date.

use ade::layout::Layout;
use ade::store::{MigrationState, SqliteStore, StoreError, migrations};
use serde_json::json;

use crate::context::Context;
use crate::exit::{ExitStatus, Failure, Outcome};
use crate::ui::{Align, Table, Tone, as_typed};

/// Bring the database schema up to date
///
/// Safe to run from several places at once. A database that exists is backed up beside itself before its schema changes.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  ade migrate\n  ade migrate --check    exits 5 where the schema is behind or ahead, and changes nothing"
)]
pub struct Args {
    /// Change nothing; exit 5 where the schema is behind or ahead
    #[arg(long, conflicts_with = "status")]
    check: bool,
    /// List the migrations
    #[arg(long)]
    status: bool,
}

pub fn run(args: &Args, context: &Context) -> Outcome {
    let settings = context.settings()?;
    let layout = Layout::new(&settings)?;
    let ui = &context.ui;
    if args.check || args.status {
        let (path, status) = match SqliteStore::status(&settings, &layout.database()) {
            Err(StoreError::Absent { path }) if args.status => (
                path,
                ade::store::SchemaStatus {
                    applied: Vec::new(),
                    state: MigrationState::Behind(migrations().len()),
                },
            ),
            other => other?,
        };
        if args.status {
            return Ok(list(context, &path, &status));
        }
        SqliteStore::demand_current(&path, &status.state).map_err(|error| Failure::of(&error))?;
        if ui.json() {
            ui.document(&json!({"database": path, "current": true, "version": status.applied.last().map(|migration| migration.version)}));
        } else {
            ui.line(format_args!("{} is up to date", as_typed(&path)));
        }
        return Ok(ExitStatus::Done);
    }
    let migrated = SqliteStore::migrate(&settings, &layout.database())?;
    if ui.json() {
        let applied: Vec<_> = migrated
            .applied
            .iter()
            .map(|migration| json!({"version": migration.version, "name": migration.name}))
            .collect();
        ui.document(&json!({"database": migrated.path, "applied": applied, "backup": migrated.backup, "created": migrated.created}));
        return Ok(ExitStatus::Done);
    }
    if let Some(backup) = &migrated.backup {
        ui.line(format_args!("Backed up to {}", as_typed(backup)));
    }
    for migration in &migrated.applied {
        ui.line(format_args!(
            "{} {:04}_{}",
            ui.paint(Tone::Good, "Applied"),
            migration.version,
            migration.name
        ));
    }
    let verb = if migrated.created {
        "created"
    } else {
        "up to date"
    };
    ui.line(format_args!("{} is {verb}", as_typed(&migrated.path)));
    Ok(ExitStatus::Done)
}

fn list(
    context: &Context,
    path: &std::path::Path,
    status: &ade::store::SchemaStatus,
) -> ExitStatus {
    let ui = &context.ui;
    let applied = |version: i64| {
        status
            .applied
            .iter()
            .find(|migration| migration.version == version)
    };
    let unknown = status.applied.iter().filter(|known| {
        !migrations()
            .iter()
            .any(|migration| migration.version == known.version)
    });
    if ui.json() {
        let mut rows: Vec<_> = migrations()
            .iter()
            .map(|migration| json!({"version": migration.version, "name": migration.name, "applied_at": applied(migration.version).map(|known| known.applied_at)}))
            .collect();
        rows.extend(unknown.map(|known| json!({"version": known.version, "name": known.name, "applied_at": known.applied_at, "unknown": true})));
        ui.document(&json!({"database": path, "current": status.state == MigrationState::Current, "migrations": rows}));
        return ExitStatus::Done;
    }
    let mut table = Table::new(&[("MIGRATION", Align::Left), ("APPLIED", Align::Left)], &[]);
    for migration in migrations() {
        let state = match applied(migration.version) {
            Some(known) => (Tone::Plain, known.applied_at.to_string()),
            None => (Tone::Warn, "pending".to_owned()),
        };
        table.row(vec![
            (
                Tone::Plain,
                format!("{:04}_{}", migration.version, migration.name),
            ),
            state,
        ]);
    }
    for known in unknown {
        table.row(vec![
            (Tone::Warn, format!("{:04}_{}", known.version, known.name)),
            (Tone::Warn, "by a newer ade".to_owned()),
        ]);
    }
    ui.table(&table);
    ExitStatus::Done
}
