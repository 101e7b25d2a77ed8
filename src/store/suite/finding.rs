//! Tests of finding, listing and counting runs.

use serde_json::json;

use super::places::{
    all_runs, at, claim, collected, ended, ending, enqueue, find, new_run, queued, ready, running,
};
use super::results::results;
use crate::store::{
    Ending, EnvironmentKey, InputFile, NewRun, RunFilter, RunRecord, RunResults, RunStatus, Store,
    StoreError,
};

fn ids(runs: &[RunRecord]) -> Vec<&str> {
    runs.iter().map(|run| run.id.as_str()).collect()
}

pub fn ids_are_found_by_an_unambiguous_prefix(store: &Store) {
    let environment = ready(store, "r", at(0));
    let ids = [
        "0199aaaa-0000-7000-8000-000000000001",
        "0199aaab-0000-7000-8000-000000000002",
    ];
    for id in ids {
        let run = NewRun {
            id: id.to_owned(),
            ..new_run(&environment)
        };
        enqueue(store, &run, at(0));
    }
    assert_eq!(find(store, "0199AAAB").id, ids[1]);
    assert_eq!(find(store, "latest").id, ids[1]);
    assert!(matches!(
        store.run("default", "0199"),
        Err(StoreError::Ambiguous { count: 2, .. })
    ));
    let unknown = ["", "%", "zz", "0199aaac"].map(|id| ("default", id));
    for (workspace, id) in unknown.into_iter().chain([("another", "0199aaab")]) {
        let found = store.run(workspace, id);
        assert!(
            matches!(found, Err(StoreError::NotFound { what: "run", .. })),
            "{workspace} {id:?}"
        );
    }
    let found = store.environment("default", &environment.id[..35]);
    assert_eq!(found.unwrap().id, environment.id);
    assert!(matches!(
        store.environment("default", "0000"),
        Err(StoreError::NotFound {
            what: "environment",
            ..
        })
    ));
}

pub fn runs_are_listed_newest_first_by_what_is_asked_for(store: &Store) {
    let environment = ready(store, "r", at(0));
    let failed = ended(store, &environment, RunStatus::Failed, at(1));
    let older = queued(store, &environment, at(2));
    let newer = queued(store, &environment, at(2));
    let list = |filter: RunFilter| store.runs(&filter).unwrap();
    assert_eq!(
        ids(&list(all_runs())),
        [&newer.id, &older.id, &failed.id],
        "those of one moment by id"
    );
    let asked = |change: &dyn Fn(&mut RunFilter)| {
        let mut filter = all_runs();
        change(&mut filter);
        list(filter).len()
    };
    assert_eq!(asked(&|filter| filter.limit = 2), 2);
    use RunStatus::{Cancelled, Failed, Queued, Running};
    let of_status = |statuses: &[RunStatus]| asked(&|filter| filter.statuses = statuses.to_vec());
    assert_eq!(of_status(&[Failed]), 1);
    assert_eq!(of_status(&[Queued, Failed]), 3);
    assert_eq!(of_status(&[Running, Cancelled]), 0);
    assert_eq!(of_status(&[Running, Queued]), 2);
    assert_eq!(asked(&|filter| filter.since = Some(at(2))), 2);
    let of_input = |input: &str| asked(&|filter| filter.input = Some(input.to_owned()));
    assert_eq!(of_input(&failed.input_name), 3);
    assert_eq!(of_input("no such"), 0);
    // The next page begins after the last run of the previous page.
    let behind = |filter: &mut RunFilter| filter.behind = Some(newer.id.clone());
    assert_eq!(asked(&behind), 2);
    // A file's runs are those with its bytes, and those whose input was at its path.
    let mut moved = new_run(&environment);
    moved.input_name = "moved.xlsx".to_owned();
    moved.options.input_place = Some("/jan/moved.xlsx".to_owned());
    store.enqueue_runs(&[moved], at(3)).unwrap();
    for (name, sha256, place, runs) in [
        (
            "renamed.xlsx",
            Some(&failed.input_sha256),
            "/feb/renamed.xlsx",
            4,
        ),
        ("moved.xlsx", None, "/jan/moved.xlsx", 1),
        ("moved.xlsx", None, "/feb/moved.xlsx", 0),
    ] {
        let of_file = |filter: &mut RunFilter| {
            filter.input = Some(name.to_owned());
            filter.file = Some(InputFile {
                sha256: sha256.cloned(),
                place: place.to_owned(),
            });
        };
        assert_eq!(asked(&of_file), runs, "{place}");
    }
    let id = environment.key.configuration_id.as_str();
    // Names of inputs, page by page, only of runs that succeeded.
    let [one, other] =
        [4, 5].map(|time| ended(store, &environment, RunStatus::Succeeded, at(time)));
    let inputs = |behind| store.succeeded_inputs(id, behind, 1).unwrap();
    assert_eq!(inputs(None), [(other.id.clone(), other.input_name)]);
    assert_eq!(inputs(Some(&other.id)), [(one.id.clone(), one.input_name)]);
    assert_eq!(inputs(Some(&one.id)), []);
    for (configuration, runs) in [("c", 6), ("/c", 6), (id, 6), ("d", 0)] {
        let named = |filter: &mut RunFilter| filter.configuration = Some(configuration.to_owned());
        assert_eq!(asked(&named), runs, "{configuration}");
    }
    let another = |filter: &mut RunFilter| filter.workspace_id = "another".to_owned();
    assert_eq!(asked(&another), 0);
}

pub fn runs_are_found_by_text_labels_and_issues(store: &Store) {
    let environment = ready(store, "r", at(0));
    let mut labelled = new_run(&environment);
    labelled.input_name = "Ärzte March.csv".to_owned();
    let labels = [("team", "North"), ("month", "3")];
    labelled.options.labels = labels
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    labelled.options.configuration_version = Some(7);
    let recorded = store.enqueue_runs(&[labelled], at(1)).unwrap().remove(0);
    assert_eq!(recorded.options.configuration_version, Some(7));
    queued(store, &environment, at(2));
    let asked = |change: &dyn Fn(&mut RunFilter)| {
        let mut filter = all_runs();
        change(&mut filter);
        let found = store.runs(&filter).unwrap();
        found.into_iter().map(|run| run.id).collect::<Vec<_>>()
    };
    let with_text = |text: &str| asked(&|filter| filter.text = Some(text.to_owned()));
    for text in ["ärzte", "MARCH", "north", "team", &recorded.id[28..]] {
        assert_eq!(with_text(text), [&*recorded.id], "{text}");
    }
    assert_eq!(with_text("nowhere"), [""; 0]);
    assert_eq!(with_text(&environment.configuration_name).len(), 2);
    let with_label = |key: &str, value: &str| {
        asked(&|filter| filter.labels = [(key.to_owned(), value.to_owned())].into())
    };
    assert_eq!(with_label("team", "North"), [&*recorded.id]);
    assert_eq!(with_label("team", "South"), [""; 0]);
    let with_issues = |wanted| asked(&|filter| filter.has_issues = Some(wanted));
    assert_eq!(with_issues(false), [""; 0], "none has looked at its input");
    let looked = |issues: u64, now| {
        let mine = claim("w");
        let run = running(store, &environment, &mine, at(now));
        let metrics = vec![
            ("sheet_count", json!(1)),
            ("validation_issues_total", json!(issues)),
            ("field_count_not_detected", json!(issues)),
        ];
        let mut fields = results().fields;
        fields[1].detected = issues == 0;
        let end = Ending {
            results: Some(RunResults {
                metrics,
                fields,
                payload: "{}".to_owned(),
                ..RunResults::default()
            }),
            ..ending(RunStatus::Succeeded)
        };
        assert!(store.finish_run(&run.id, &mine, &end, at(now)).unwrap());
        run.id
    };
    let (clean, faulty) = (looked(0, 3), looked(2, 4));
    assert_eq!(with_issues(false), [&*clean]);
    assert_eq!(with_issues(true), [&*faulty]);
    // Runs that lack fields are found, and are counted whatever the filter requires of issues and fields.
    let lacking = |wanted| asked(&|filter| filter.fields_missing = Some(wanted));
    assert_eq!(lacking(true), [&*faulty]);
    assert_eq!(lacking(false), [clean]);
    let metrics = find(store, &faulty).metrics.unwrap();
    assert_eq!(metrics.missing_fields, ["a"]);
    for has_issues in [None, Some(false)] {
        let all = all_runs();
        let counts = store
            .count_runs(&RunFilter { has_issues, ..all }, 9)
            .unwrap();
        assert_eq!((counts.with_issues, counts.fields_missing), (1, 1));
    }
    // A bounded search ends at the last run that it examined, and continues after it.
    let mut filter = RunFilter {
        text: Some("ärzte".to_owned()),
        look_at: Some(3),
        ..all_runs()
    };
    let first = store.find_runs(&filter).unwrap();
    assert!(first.runs.is_empty());
    filter.behind = first.looked_to;
    let second = store.find_runs(&filter).unwrap();
    assert_eq!(
        (second.runs[0].id.as_str(), second.looked_to),
        (&*recorded.id, None)
    );
}

pub fn runs_are_counted_by_status(store: &Store) {
    let environment = ready(store, "r", at(0));
    for now in 1..=3 {
        queued(store, &environment, at(now));
    }
    running(store, &environment, &claim("w"), at(4));
    for (now, status) in [
        (5, RunStatus::Succeeded),
        (6, RunStatus::Failed),
        (7, RunStatus::Failed),
    ] {
        ended(store, &environment, status, at(now));
    }
    let counted = |change: &dyn Fn(&mut RunFilter), most| {
        let mut filter = RunFilter {
            statuses: vec![RunStatus::Failed],
            limit: 1,
            ..all_runs()
        };
        change(&mut filter);
        let mut counts = store.count_runs(&filter, most).unwrap();
        let numbers = RunStatus::ALL.map(|status| *counts.count_mut(status));
        (numbers, counts.is_whole)
    };
    assert_eq!(
        counted(&|_| {}, 10),
        ([3, 1, 1, 2, 0], true),
        "whatever the status and the page"
    );
    assert_eq!(counted(&|_| {}, 2), ([2, 1, 1, 2, 0], false));
    let since = |filter: &mut RunFilter| filter.since = Some(at(3));
    assert_eq!(counted(&since, 10), ([1, 1, 1, 2, 0], true));
    let with_text = |text: &str| {
        let text = text.to_owned();
        counted(&move |filter| filter.text = Some(text.clone()), 10)
    };
    assert_eq!(with_text("nowhere"), ([0; 5], true));
    let named = with_text(&environment.configuration_name);
    assert_eq!(named, ([3, 1, 1, 2, 0], true));
    let other = |filter: &mut RunFilter| filter.workspace_id = "other".to_owned();
    assert_eq!(counted(&other, 10), ([0; 5], true));
}

pub fn succeeded_runs_of_an_input_are_found_by_all_that_they_are_made_of(store: &Store) {
    let environment = ready(store, "d", at(0));
    let end = |run: &NewRun, status, output: Option<&str>, now| {
        let mine = claim("w");
        store.insert_claimed_run(run, &mine, at(now)).unwrap();
        let ending = Ending {
            output_path: output.map(Into::into),
            ..ending(status)
        };
        assert!(store.finish_run(&run.id, &mine, &ending, at(now)).unwrap());
        run.id.clone()
    };
    let out = Some("/r/output/a_normalized.xlsx");
    let first = end(&new_run(&environment), RunStatus::Succeeded, out, 1);
    let second = end(&new_run(&environment), RunStatus::Succeeded, out, 2);
    end(&new_run(&environment), RunStatus::Failed, None, 3);
    end(&new_run(&environment), RunStatus::Succeeded, None, 4);
    running(store, &environment, &claim("w"), at(5));
    for change in [
        (|run| run.input_name = "b.xlsx".to_owned()) as fn(&mut NewRun),
        |run| run.input_sha256 = "1".to_owned(),
        |run| run.source_digest = "t".to_owned(),
    ] {
        let mut other = new_run(&environment);
        change(&mut other);
        end(&other, RunStatus::Succeeded, out, 6);
    }
    let found = |digest: &str, name: &str, sha256: &str| {
        let key = EnvironmentKey {
            deps_digest: digest.to_owned(),
            ..environment.key.clone()
        };
        store.succeeded_runs_of(&key, "s", name, sha256).unwrap()
    };
    assert_eq!(
        ids(&found("d", "a.xlsx", "0")),
        [second.clone(), first.clone()]
    );
    assert_eq!(found("d", "b.xlsx", "0").len(), 1);
    assert_eq!(found("d", "a.xlsx", "1").len(), 1);
    assert!(found("e", "a.xlsx", "0").is_empty());
    assert!(found("d", "c.xlsx", "0").is_empty());
    // Without their files, the runs no longer have a result.
    collected(store, &second, at(7));
    assert_eq!(ids(&found("d", "a.xlsx", "0")), [first]);
}
