//! Tests that every store must pass, by subject.
//!
//! A test is a function that takes the store, `fn(&Store)`; tests in `rivals`, about processes that work at the same time,
//! take a function that opens another store on the same database, `fn(&Opener)`. A backend joins with one line in its own
//! tests that gives the full path of a function. This function creates an empty database and returns its [`Opener`], or prints
//! that the tests are skipped and returns `None` if the machine lacks that database:
//!
//! ```ignore
//! crate::store::suite::run!(on_a_server, crate::store::postgres::tests::database);
//! ```

pub mod changes;
pub mod collection;
pub mod configurations;
pub mod copies;
mod counted;
pub mod deliveries;
pub mod documents;
pub mod environments;
pub mod finding;
pub mod identity;
pub mod ids;
pub mod leases;
pub mod left_out;
pub mod needed;
pub mod observed_time;
pub mod pauses;
pub mod places;
mod plans;
pub mod queue_statistics;
pub mod results;
pub mod rivals;
pub mod runs;
pub mod tokens;
pub mod turns;
pub mod workers;

use super::Store;

/// Opens another store on a database, as another process would. The database is deleted when this is dropped.
pub type Opener = dyn Fn() -> Store + Sync;

/// Runs the whole suite: defines a module with this name, with a test for each function below.
macro_rules! run {
    ($name:ident, $database:path) => {
        mod $name {
            $crate::store::suite::tests! { $database;
                configurations {
                    a_folder_is_one_configuration_whose_name_is_kept_current,
                    the_last_run_of_a_configuration_is_known,
                    one_configuration_of_a_workspace_is_its_default,
                    an_uploaded_configuration_has_the_versions_that_were_published,
                    any_version_is_made_active_again_and_none_is_lost,
                    a_publication_takes_the_default_from_no_other_configuration,
                    a_workspace_is_recorded_once,
                }
                needed {
                    an_archived_configuration_keeps_what_it_has_and_takes_nothing_new,
                    a_configuration_without_runs_is_deleted_with_what_it_has,
                    a_workspace_is_renamed_and_deleted_once_it_is_empty,
                }
                environments {
                    a_key_has_one_environment,
                    the_environment_that_has_waited_longest_is_built_next,
                    an_environment_has_one_builder_and_one_that_lost_it_changes_nothing,
                    a_cancelled_build_gives_its_attempt_back,
                    a_builder_whose_lease_expired_loses_the_environment,
                    an_environment_whose_builders_die_fails_in_the_end,
                    what_failed_is_tried_again_for_who_asks_anew_and_no_sooner_than_said,
                    an_environment_is_built_anew_only_by_who_saw_it_as_it_is,
                    runs_that_wait_are_moved_and_the_former_environment_goes,
                    an_environment_that_a_run_needs_is_not_deleted,
                    an_environment_that_was_used_since_is_not_deleted,
                }
                runs {
                    runs_are_claimed_oldest_first_and_only_when_their_environment_is_ready,
                    what_is_recorded_is_returned_as_it_is_read,
                    who_lost_the_claim_changes_nothing,
                    attempts_are_counted_at_the_claim_and_end_in_failure,
                    a_retry_waits_for_its_time_and_a_release_gives_the_attempt_back,
                    trouble_of_the_machine_spends_no_attempt_and_is_counted_apart,
                    nothing_expires_while_the_clock_cannot_be_trusted,
                    a_queued_run_is_cancelled_at_once_and_a_running_one_by_its_worker,
                    runs_fail_with_the_reason_of_an_environment_that_failed_for_good,
                    a_run_whose_environment_was_collected_is_given_the_next_one_of_its_key,
                    a_run_in_safe_mode_is_recorded_as_ended_and_others_wait,
                    files_go_with_the_cutoff_and_records_after_them,
                    only_a_run_that_has_ended_is_deleted,
                    a_failure_keeps_its_place,
                    the_queue_is_told_in_the_order_in_which_it_is_claimed,
                    a_full_queue_takes_no_more_until_one_is_claimed,
                    the_same_request_under_the_same_key_is_one_run,
                }
                finding {
                    ids_are_found_by_an_unambiguous_prefix,
                    runs_are_listed_newest_first_by_what_is_asked_for,
                    runs_are_found_by_text_labels_and_issues,
                    runs_are_counted_by_status,
                    succeeded_runs_of_an_input_are_found_by_all_that_they_are_made_of,
                }
                pauses {
                    a_pause_is_one_and_keeps_its_begin,
                    nothing_that_is_paused_is_claimed_built_or_failed,
                }
                deliveries {
                    every_end_is_to_be_told_until_it_was,
                    what_is_refused_waits_and_is_given_up_and_forgotten,
                    what_a_dead_process_was_telling_is_due_at_once,
                    what_was_told_is_listed_and_told_again,
                }
                left_out {
                    files_that_became_no_run_stay_with_their_batch,
                }
                turns {
                    many_files_of_one_person_hold_up_one_of_another_for_one_turn,
                    who_was_held_up_has_no_claim_to_all_that_was_missed,
                    a_high_priority_goes_first_and_a_low_one_last,
                    a_run_that_is_tried_again_holds_up_nobody_until_it_is_due,
                    no_more_runs_of_a_configuration_are_claimed_than_may_be_at_once,
                    runs_of_commands_close_the_queue_to_nobody,
                    no_more_runs_of_a_submitter_or_a_workspace_are_claimed_than_may_be_at_once,
                    no_more_runs_of_a_submitter_or_a_workspace_wait_than_may,
                }
                documents {
                    the_same_bytes_under_the_same_name_are_one_document,
                    documents_are_listed_newest_first_and_page_by_page,
                    a_document_is_deleted_when_no_run_needs_it_and_its_record_stays,
                    a_request_that_is_repeated_has_its_run_though_the_document_is_deleted,
                    a_submitter_and_a_workspace_store_no_more_bytes_than_they_may,
                }
                tokens {
                    a_token_is_found_by_its_digest_alone,
                    a_revoked_token_stays_revoked_and_its_sessions_end,
                    a_session_ends_with_its_time_or_by_hand,
                }
                ids {
                    an_id_is_shown_as_far_as_tells_it_from_others_and_found_by_that,
                }
                copies {
                    a_copy_is_known_by_its_path_and_that_of_a_run_by_the_run,
                }
                results {
                    what_a_run_found_is_recorded_with_its_end,
                }
                workers {
                    a_process_that_still_holds_a_run_stays_known,
                    what_a_dead_process_held_is_reclaimed,
                    runs_of_a_dead_process_fail_where_that_is_asked_for,
                    a_quieted_worker_claims_nothing_until_it_is_resumed,
                    a_worker_takes_what_is_of_its_workspace_and_label_alone,
                }
                leases {
                    a_lease_has_one_holder_who_is_known_until_it_expires,
                    after_a_clock_that_went_back_nothing_waits_for_what_it_was,
                }
                identity {
                    a_database_is_bound_once,
                }
                observed_time {
                    a_gap_or_a_clock_that_was_set_back_begins_anew,
                    processes_that_live_see_the_time_pass,
                    what_is_used_while_the_clock_is_behind_is_seen,
                }
                collection {
                    the_files_of_a_run_are_kept_until_its_record_says_otherwise,
                    snapshots_are_needed_by_runs_that_still_have_their_files,
                }
                changes {
                    whatever_is_written_changes_the_mark_and_reading_does_not,
                    runs_in_the_queue_are_those_of_the_workspace_as_they_are,
                    runs_that_ended_since_are_found_those_that_ended_last_first,
                    it_is_known_which_runs_each_process_executes,
                }
                queue_statistics {
                    the_overview_counts_what_waits_runs_and_ended,
                    what_has_ended_is_counted_by_whose_it_was_and_how_long_it_took,
                }
            }
            $crate::store::suite::tests! { @rivals $database;
                a_claim_is_made_once_however_many_ask,
                a_folder_is_recorded_once_however_many_see_it_first,
                no_more_runs_are_accepted_than_may_wait_however_many_submit,
                no_more_runs_are_executed_than_may_be_at_once_however_many_claim,
                what_is_recorded_while_others_claim_is_claimed_too,
                a_configuration_is_deleted_or_run_and_never_both,
            }
        }
    };
}

macro_rules! tests {
    ($database:path; $($subject:ident { $($test:ident,)* })*) => {
        $(mod $subject {
            $(#[test]
            fn $test() {
                let Some(open) = $database() else { return };
                $crate::store::suite::$subject::$test(&open());
            })*
        })*
    };
    (@rivals $database:path; $($test:ident,)*) => {
        mod rivals {
            $(#[test]
            fn $test() {
                let Some(open) = $database() else { return };
                $crate::store::suite::rivals::$test(&*open);
            })*
        }
    };
}

pub(crate) use {run, tests};
