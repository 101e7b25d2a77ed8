//! Tests of the query plans of statements that run often, or over tables that grow: each uses the index that was made for it,
//! and none sorts or scans all runs.

use crate::store::OpenMode;
use crate::store::driver::Connection;
use crate::store::ids::{self, IdKind};
use crate::store::sqlite::tests::Database;
use crate::store::{changes, documents, environments, leases, queue_statistics, runs};

/// Passes a function that returns SQLite's plan of a statement in one line.
fn planned(look: impl FnOnce(&dyn Fn(&str) -> String)) {
    let store = Database::new().open(OpenMode::CreateIfAbsent).unwrap();
    let connection = store.connections.shared.lock();
    let Connection::Sqlite(connection) = &*connection else {
        unreachable!("a file is SQLite's")
    };
    look(&|sql| {
        let explain = format!("EXPLAIN QUERY PLAN {sql}");
        let mut statement = connection.prepare(&explain).unwrap();
        let values = rusqlite::params_from_iter(vec![0; statement.parameter_count()]);
        let lines = statement.query_map(values, |row| row.get(3)).unwrap();
        let lines: rusqlite::Result<Vec<String>> = lines.collect();
        lines.unwrap().join("; ")
    });
}

#[test]
fn what_is_asked_often_is_found_by_its_index_and_not_sorted() {
    let [runs_by_id, environments_by_id] = [IdKind::Runs, IdKind::Environments].map(ids::sql);
    let runs_by_end = ids::sql_by_end(IdKind::Runs);
    let listed = "COVERING INDEX runs_listed (configuration_id=? AND status=? AND id>? AND id<?)";
    let last_ended = "SEARCH runs USING INDEX runs_with_artifacts (completed_at>?)";
    let mut all = vec![
        // The next run is among the first entries of the environments.
        (
            runs::NEXT_ENVIRONMENT,
            "queue USING COVERING INDEX queue_of_environment (environment_id>?)",
        ),
        (
            runs::TURNS,
            "queue_turns USING COVERING INDEX queue_turns_in_order (environment_id=?)",
        ),
        (
            runs::DUE_OF,
            "queue_of_submitter (environment_id=? AND priority=? AND submitter=? AND available_at<?)",
        ),
        (environments::NEXT, "environments_waiting"),
        (environments::HELD_BY, "environments_leased"),
        // Times are repaired without reading rows that are due in time.
        (
            leases::DUE_TOO_LATE,
            "queue_of_environment (environment_id=? AND status=? AND available_at>?)",
        ),
        // Files that may be deleted are found without reading runs whose files were deleted before.
        (
            runs::WITH_ARTIFACTS,
            "INDEX runs_with_artifacts (completed_at<?)",
        ),
        (
            runs::WITHOUT_ARTIFACTS,
            "INDEX runs_without_artifacts (completed_at<?)",
        ),
        (
            "SELECT 1 FROM runs WHERE retry_of_run_id = ?1",
            "runs_retries",
        ),
        (runs::NEWEST[0], listed),
        (runs::NEWEST[1], listed),
        (
            runs::SUCCEEDED_INPUTS,
            "INDEX runs_listed (configuration_id=? AND status=? AND id<?)",
        ),
        (
            runs::SUCCEEDED_OF,
            "runs USING INDEX runs_of_input (configuration_id=? AND <expr>=? AND input_name=?)",
        ),
        (runs_by_id.as_str(), "(id>? AND id<?)"),
        (environments_by_id.as_str(), "(id>? AND id<?)"),
        // The index alone answers without reading rows.
        (runs_by_end.as_str(), "runs_by_end"),
        // Runs that ended a moment ago are counted without reading the others, and runs in trouble without reading all waiting
        // runs.
        (queue_statistics::OVERVIEW, last_ended),
        (queue_statistics::OVERVIEW, "INDEX queue_in_trouble"),
        (
            queue_statistics::OVERVIEW,
            "COVERING INDEX queue_of_environment (environment_id=? AND status=?)",
        ),
        (
            queue_statistics::DURATIONS,
            "runs_listed (configuration_id=? AND status=?)",
        ),
        // Ended runs are read backwards from the last.
        (changes::ENDED, last_ended),
        (changes::LIVE, "queue_of_environment (environment_id=?)"),
    ];
    // Rows under a lease are found by its end or its holder.
    for sql in [runs::EXPIRED, runs::HELD_BY] {
        for part in [
            "SEARCH queue USING COVERING INDEX queue_of_environment; RECURSIVE STEP",
            "SEARCH queue USING COVERING INDEX queue_of_environment (environment_id>?)",
            "SEARCH queue USING INDEX queue_of_environment (environment_id=? AND status=?)",
        ] {
            all.push((sql, part));
        }
    }
    planned(|plan| {
        for (sql, index) in all {
            let plan = plan(sql);
            assert!(plan.contains(index), "{index}: {plan}");
            assert!(!plan.contains("TEMP B-TREE"), "{plan}");
        }
    });
}

#[test]
fn what_is_sorted_is_found_without_a_look_at_all() {
    planned(|plan| {
        for (sql, index) in [
            (
                documents::WITH_CONTENT,
                "documents USING INDEX documents_by_content (workspace_id=? AND sha256=?)",
            ),
            (
                runs::FAILED_WITH_RUNS,
                "environments USING INDEX environments_failed",
            ),
            (
                runs::FAILED_WITH_RUNS,
                "queue_of_environment (environment_id=? AND status=?)",
            ),
            (
                runs::LIVE,
                "COVERING INDEX queue_of_environment (environment_id=?)",
            ),
        ] {
            let plan = plan(sql);
            assert!(plan.contains(index), "{index}: {plan}");
        }
        // Runs in the queue are counted without reading their records.
        assert!(!plan(runs::LIVE).contains("SCAN r"));
    });
}
