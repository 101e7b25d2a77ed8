//! Tests of the query plans of statements that run often, or over tables that grow: each uses the index that was made for
//! it, and none sorts or scans all runs.

use super::prefix::{self, Table};
use super::{changes, documents, environments, leases, queue_statistics, runs};
use crate::store::Opening;
use crate::store::driver::Connection;
use crate::store::sqlite::tests::Database;

/// SQLite's plan of a statement, in one line.
fn plan(sql: &str) -> String {
    let store = Database::new().open(Opening::CreateIfAbsent).unwrap();
    let connection = store.shared.lock();
    let Connection::Sqlite(connection) = &*connection else {
        unreachable!("a file is SQLite's")
    };
    let mut statement = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
        .unwrap();
    let values = vec![0; statement.parameter_count()];
    let lines = statement
        .query_map(rusqlite::params_from_iter(values), |row| {
            row.get::<_, String>(3)
        })
        .unwrap();
    lines
        .map(std::result::Result::unwrap)
        .collect::<Vec<_>>()
        .join("; ")
}

fn assert_uses(sql: &str, index: &str) {
    let plan = plan(sql);
    assert!(plan.contains(index), "{index}: {plan}");
    assert!(!plan.contains("TEMP B-TREE"), "{plan}");
}

#[test]
fn the_next_run_is_among_the_first_entries_of_the_environments_and_nothing_is_sorted() {
    assert_uses(
        runs::NEXT_ENVIRONMENT,
        "queue USING COVERING INDEX queue_of_environment (environment_id>?)",
    );
    assert_uses(
        runs::TURNS,
        "queue_turns USING COVERING INDEX queue_turns_in_order (environment_id=?)",
    );
    assert_uses(
        runs::DUE_OF,
        "queue_of_submitter (environment_id=? AND priority=? AND submitter=? AND available_at<?)",
    );
}

#[test]
fn documents_are_found_by_their_bytes_without_a_look_at_all() {
    let plan = plan(documents::WITH_CONTENT);
    let index = "documents USING INDEX documents_by_content (workspace_id=? AND sha256=?)";
    assert!(plan.contains(index), "{plan}");
}

#[test]
fn the_next_environment_is_the_first_entry_and_nothing_is_sorted() {
    assert_uses(environments::NEXT, "environments_waiting");
}

#[test]
fn what_is_under_a_lease_is_found_by_its_end_or_its_holder() {
    for sql in [runs::EXPIRED, runs::HELD_BY] {
        for part in [
            "SEARCH queue USING COVERING INDEX queue_of_environment; RECURSIVE STEP",
            "SEARCH queue USING COVERING INDEX queue_of_environment (environment_id>?)",
            "SEARCH queue USING INDEX queue_of_environment (environment_id=? AND status=?)",
        ] {
            assert_uses(sql, part);
        }
    }
    assert_uses(environments::HELD_BY, "environments_leased");
}

#[test]
fn runs_of_failed_environments_are_found_by_their_environment() {
    let plan = plan(runs::FAILED_WITH_RUNS);
    assert!(
        plan.contains("environments USING INDEX environments_failed"),
        "{plan}"
    );
    assert!(
        plan.contains("queue_of_environment (environment_id=? AND status=?)"),
        "{plan}"
    );
}

#[test]
fn times_are_repaired_without_a_look_at_what_is_due_in_time() {
    assert_uses(
        leases::DUE_TOO_LATE,
        "queue_of_environment (environment_id=? AND status=? AND available_at>?)",
    );
}

#[test]
fn files_that_may_go_are_found_without_those_that_went_before() {
    assert_uses(
        runs::WITH_ARTIFACTS,
        "INDEX runs_with_artifacts (completed_at<?)",
    );
    assert_uses(
        runs::WITHOUT_ARTIFACTS,
        "INDEX runs_without_artifacts (completed_at<?)",
    );
}

#[test]
fn repetitions_of_a_run_are_found_by_it() {
    assert_uses(
        "SELECT 1 FROM runs WHERE retry_of_run_id = ?1",
        "runs_retries",
    );
}

#[test]
fn the_newest_runs_are_listed_without_sorting() {
    assert_uses(
        runs::NEWEST[0],
        "COVERING INDEX runs_listed (configuration_id=? AND status=? AND id>? AND id<?)",
    );
    assert_uses(
        runs::NEWEST[1],
        "COVERING INDEX runs_listed (configuration_id=? AND status=? AND id>? AND id<?)",
    );
}

#[test]
fn runs_of_an_input_are_found_by_it_without_sorting() {
    assert_uses(
        runs::SUCCEEDED_OF,
        "runs USING INDEX runs_of_input (configuration_id=? AND <expr>=? AND input_name=?)",
    );
}

#[test]
fn ids_are_found_by_a_range_of_them() {
    for table in [Table::Runs, Table::Environments] {
        assert_uses(&prefix::sql(table), "(id>? AND id<?)");
    }
}

#[test]
fn runs_are_found_by_the_end_of_their_id_without_a_look_at_all() {
    assert_uses(&prefix::sql_by_end(Table::Runs), "runs_by_end");
}

#[test]
fn runs_that_ended_a_moment_ago_are_counted_without_the_others() {
    assert_uses(
        queue_statistics::OVERVIEW,
        "SEARCH runs USING INDEX runs_with_artifacts (completed_at>?)",
    );
}

#[test]
fn runs_that_ended_last_are_read_backwards_from_the_last_without_sorting() {
    assert_uses(
        changes::ENDED,
        "SEARCH runs USING INDEX runs_with_artifacts (completed_at>?)",
    );
}

#[test]
fn runs_in_trouble_are_found_without_a_look_at_all_that_wait() {
    assert_uses(queue_statistics::OVERVIEW, "INDEX queue_in_trouble");
    assert_uses(
        queue_statistics::OVERVIEW,
        "COVERING INDEX queue_of_environment (environment_id=? AND status=?)",
    );
}

#[test]
fn the_queue_of_a_workspace_is_found_by_its_environments() {
    assert_uses(changes::LIVE, "queue_of_environment (environment_id=?)");
}

#[test]
fn runs_in_the_queue_are_counted_without_a_look_at_their_records() {
    let plan = plan(runs::LIVE);
    assert!(
        plan.contains("COVERING INDEX queue_of_environment (environment_id=?)"),
        "{plan}"
    );
    assert!(!plan.contains("SCAN r"), "{plan}");
}
