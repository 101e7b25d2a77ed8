//! Tests of the query plans of statements that run often, or over tables that grow: each uses the index that was made for
//! it, and none sorts or scans all runs.

use super::prefix::{self, Table};
use super::tests::Database;
use super::{environments, runs};
use crate::store::Opening;

/// SQLite's plan of a statement, in one line.
fn plan(sql: &str) -> String {
    let store = Database::new().open(Opening::CreateIfAbsent).unwrap();
    let connection = store.lock();
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
fn the_next_run_is_the_first_entry_that_fits_and_nothing_is_sorted() {
    assert_uses(runs::NEXT, "runs_waiting");
}

#[test]
fn the_next_environment_is_the_first_entry_and_nothing_is_sorted() {
    assert_uses(environments::NEXT, "environments_waiting");
}

#[test]
fn what_is_under_a_lease_is_found_by_its_end_or_its_holder() {
    assert_uses(
        "SELECT id FROM runs WHERE status = 'running' AND claim_expires_at < ?1",
        "runs_leased",
    );
    assert_uses(
        "SELECT id FROM runs WHERE status = 'running' AND claim_process = ?1",
        "runs_of_process",
    );
    assert_uses(
        "SELECT id FROM environments WHERE status = 'building' AND claim_process = ?1",
        "environments_leased",
    );
}

#[test]
fn runs_of_failed_environments_are_found_by_their_environment() {
    assert_uses(
        &format!("SELECT 1 FROM runs WHERE {}", runs::OF_FAILED_ENVIRONMENT),
        "runs_of_environment (environment_id=?)",
    );
}

#[test]
fn files_that_may_go_are_found_without_those_that_went_before() {
    assert_uses(
        runs::WITH_ARTIFACTS,
        "runs_with_artifacts (completed_at>? AND completed_at<?)",
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
        "SELECT id FROM runs WHERE workspace_id = ?1 ORDER BY created_at DESC, id DESC LIMIT 50",
        "runs_newest",
    );
}

#[test]
fn ids_are_found_by_a_range_of_them() {
    for table in [Table::Runs, Table::Environments] {
        assert_uses(&prefix::sql(table), "(id>? AND id<?)");
    }
}

#[test]
fn the_queue_is_counted_without_the_runs_that_have_ended() {
    assert_uses(
        "SELECT count(*) FROM runs WHERE status = 'queued'",
        "runs_waiting",
    );
    assert_uses(
        "SELECT count(*) FROM runs WHERE status = 'running'",
        "runs_leased",
    );
    assert_uses(
        "SELECT count(*) FROM runs WHERE completed_at >= ?1 AND status = ?2",
        "runs_ended (completed_at>?)",
    );
}
