//! What the issues of a file mean to `ade run`: its summary, what it refuses, and the painted copy.

use crate::common;

use common::{Outcome, Place, Told, has};
use serde_json::{Value, json};

/// A roster in which four cells cannot be read, four have a warning and one an info.
const CREW: &str = "Surname,First name,E-mail,Start date,Hours,Shirt\n\
    Lee,Ann,ann@example.org,2024-01-03,12,M\n\
    Ray,Bob,bob at example.org,2024-02-30,9,L\n\
    Moss,Cyril,c@example.org,soon,1x0,S\n\
    Fox,Dee,d@example.org,2024-03-04,40,M\n\
    Poe,Eve,e@example.org,2024-05-06,41,M\n";
const CLEAN: &str = "Surname,Given name\nLee,Ann\n";

/// Validators of a warning and of an info, beside the fields that `ade init` writes.
const NAMES: &str = r#"import polars as pl


def long_name(*, field_name, **_):
    return pl.when(pl.col(field_name).str.len_chars() > 4).then(pl.lit("a long name"))


def not_on_the_list(*, field_name, **_):
    return pl.when(pl.col(field_name).is_not_null()).then(pl.lit("not on the list"))


def register(registry):
    registry.register_column_validator(long_name, field="first_name", severity="info", priority=10)
    registry.register_column_validator(not_on_the_list, field="hours", priority=10)
"#;

/// The part of the newest run's id that commands take.
fn short_id(place: &Place) -> String {
    let run = place.latest_run();
    let id = run["id"].text();
    id[id.len() - 6..].to_owned()
}

/// The lines of what was printed, without the time and the paths.
fn lines(run: &Outcome) -> Vec<&str> {
    let lines = run.stdout.lines();
    lines
        .filter(|line| !line.contains("/output/"))
        .skip(1)
        .collect()
}

/// The summary tells the first places of each rule, and no values.
fn summary(place: &Place) {
    let run = place.ade("run crew crew.csv").succeeds();
    let all = format!("  `ade issues {}` lists all", short_id(place));
    assert_eq!(
        lines(&run),
        [
            "  1 sheet, 1 table, 5 rows",
            "  5 of 9 fields mapped, 1 column unmapped",
            "  not found: member_id, phone, employer, pay",
            "  4 errors, 4 warnings",
            "  1 info",
            "    ✗ start_date.value_lost  2  crew!D3, D4: not a date",
            "    ✗ email.value_lost       1  crew!C3: not an e-mail address",
            "    ✗ hours.value_lost       1  crew!E4: not a number",
            "    ! hours.not_on_the_list  4  crew!E2, E3, E5, …: not on the list",
            &all,
        ]
    );
    assert!(run.stdout.starts_with("⚠ crew.csv"), "{run}");
    for value in ["bob", "soon", "1x0", "Poe"] {
        assert!(!run.stdout.contains(value), "{run}");
    }
    place
        .ade(&all["  `ade ".len()..all.len() - "` lists all".len()])
        .succeeds()
        .says("9 issues");
    // The same numbers wherever they are.
    has(
        &place.latest_run()["metrics"],
        json!({"issues": 9, "errors": 4, "warnings": 4, "infos": 1}),
    );
    // Several files have counts alone.
    let several = place.ade("run crew crew.csv clean.csv --jobs 1").succeeds();
    assert!(!several.stdout.contains("value_lost"), "{several}");
    several
        .says("9 issues (4 errors, 4 warnings, 1 info)")
        .says("`ade issues FILE` lists the issues of a file");

    // Infos alone are nothing to look at.
    place.write("long.csv", "Surname,Given name\nLee,Annabel\n");
    let run = place
        .ade("run crew long.csv --deny-issues --deny warning --max-errors 0")
        .succeeds();
    assert!(run.stdout.starts_with("✓ long.csv"), "{run}");
    assert!(lines(&run).contains(&"  1 info"), "{run}");
}

/// One place for all of it: an environment of its own takes long.
#[test]
fn issues_are_summed_up_refused_and_painted() {
    let place = Place::crew("clean.csv", CLEAN);
    place.write("crew/src/ade_config/columns/names.py", NAMES);
    place.write("crew.csv", CREW);
    summary(&place);
    thresholds(&place);
    a_refusal_is_known_later_and_asked_for_again(&place);
    painted_copies(&place);
    quarantine(&place);
}

fn thresholds(place: &Place) {
    for (flags, refused) in [
        (
            "--max-errors 0% --deny error --deny warning --deny unmapped",
            json!([
                {"code": "too_many_errors", "message": "crew.csv has 4 errors, and --max-errors allows 0"},
                {"code": "issues_denied", "message": "crew.csv has 4 errors and 4 warnings, which --deny warning does not allow"},
                {"code": "unmapped_denied", "message": "crew.csv has 1 column that no field claims: Shirt, which --deny unmapped does not allow"},
            ]),
        ),
        (
            "--deny-issues --max-errors 39.5%",
            json!([
                {"code": "issues_denied", "message": "crew.csv has 8 issues, which --deny-issues does not allow"},
                {"code": "too_many_errors", "message": "2 of 5 rows (40.0%) of crew.csv have errors, and --max-errors allows 39.5%"},
            ]),
        ),
    ] {
        let ran = place.ade(&format!("run crew crew.csv --json {flags}"));
        let ran = ran.ends_with(1);
        assert_eq!(ran.records()[0]["refused"], refused, "{flags}");
        assert!(ran.error()["code"].is_string(), "{ran}");
    }
    // A column that names were split from is claimed by them.
    place.write(
        "whole.csv",
        "Full name,E-mail\nAnn Lee,ann@example.org\nBob Ray,bob@example.org\n",
    );
    for call in [
        "run crew crew.csv -q --max-errors 40%",
        "run crew clean.csv whole.csv -q --max-errors 0 --deny warning --deny unmapped",
    ] {
        place.ade(call).succeeds();
    }
    for (flags, words) in [
        (
            "--max-errors few",
            "not a number of errors, such as 5, or a part of the rows, such as 2%",
        ),
        ("--deny info", "possible values: error, warning, unmapped"),
        ("--annotate --detach", "cannot be used with"),
    ] {
        place.ade_refuses(&format!("run crew crew.csv {flags}"), words);
    }
    // Without a list nobody knows which issues are errors.
    place.configuration("plain");
    place.people();
    for flags in ["--max-errors 0", "--deny error"] {
        let call = format!("run plain people.csv {flags}");
        place.ade_fails(&call, 2, "no_issue_list");
    }
    place.ade_fails("run plain people.csv --deny warning", 1, "issues_denied");
    for command in ["issues", "annotate"] {
        place.ade_fails(&format!("{command} latest"), 2, "no_issue_list");
    }
    place.ade_refuses("issues latest", "issue_list = true");
    place.ade_fails("issues nothing", 2, "run_not_found");
}

/// The record stays what the engine made of it; who looks at it later sees that it was refused, and why.
fn a_refusal_is_known_later_and_asked_for_again(place: &Place) {
    let words = "crew.csv has 4 errors, and --max-errors allows 3";
    place
        .ade("run crew crew.csv -q --max-errors 3 --require email")
        .ends_with(1);
    let refused = json!([{"code": "too_many_errors", "message": words}]);
    let is_refused = |run: &Value| {
        assert_eq!(run["status"], "succeeded", "{run}");
        assert_eq!(run["refused"], refused, "{run}");
    };
    is_refused(&place.json("runs show latest --json"));
    is_refused(&place.json("runs ls --limit 1 --json")[0]);
    let listed = place.ade("runs ls --limit 1").succeeds();
    assert!(listed.stdout.contains(" refused "), "{listed}");
    place
        .ade("runs show latest")
        .succeeds()
        .prints("crew.csv refused in ")
        .prints(&format!("refused        too_many_errors {words}"));
    for (runs, shown) in [
        ("latest", format!("<strong>Refused.</strong> {words}")),
        ("latest clean.csv", "Refused</span>".to_owned()),
    ] {
        let call = format!("report {runs} --html page.html");
        place.ade(&call).succeeds();
        assert!(place.read("page.html").contains(&shown), "{runs}");
    }
    // A retry asks the same, whoever executes it.
    let again = place.ade("runs retry latest --now --json").ends_with(1);
    assert_eq!(again.error()["message"], words);
    is_refused(&again.records()[0]);
    place.ade("runs retry latest -q").succeeds();
    place.ade("worker --drain -q").succeeds();
    is_refused(&place.latest_run());
    // One that was accepted.
    place.ade("run crew crew.csv -q --max-errors 4").succeeds();
    assert_eq!(place.latest_run()["refused"], json!([]));
}

fn painted_copies(place: &Place) {
    place.write("inbox/crew.csv", CREW);
    let run = place.ade("run crew inbox/ -o inbox --annotate").succeeds();
    run.prints("inbox/crew_normalized.xlsx\n")
        .prints("inbox/crew_annotated.xlsx\n");
    let copy = place.path("inbox/crew_normalized.xlsx");
    assert_eq!(place.latest_run()["output_copy"], json!(copy));
    // It is an output: no later run takes it, and it goes where the workbook goes.
    let again = place.json("run crew inbox/ -o inbox --json --annotate");
    let others = again["other_outputs"].list();
    let [copy] = others.as_slice() else {
        panic!("{others:?}");
    };
    let copy = copy.text();
    assert!(copy.ends_with("inbox/crew_annotated.xlsx"), "{copy}");
    // What belongs to no accepted run of now does not look as if it did.
    place
        .ade("run crew inbox/ -o inbox -q --annotate --deny-issues")
        .ends_with(1);
    assert_eq!(
        place.files_below("inbox"),
        [
            "crew.csv",
            "crew_annotated.xlsx.stale",
            "crew_normalized.xlsx.stale"
        ]
    );
    place
        .ade("run crew inbox/ -o inbox -q --annotate")
        .succeeds();
    place.ade("run crew inbox/ -o inbox -q").succeeds();
    assert_eq!(
        place.files_below("inbox"),
        [
            "crew.csv",
            "crew_annotated.xlsx.stale",
            "crew_normalized.xlsx"
        ]
    );
    // What cannot be painted is a warning.
    let plain = place.ade("run plain people.csv --annotate").succeeds();
    plain.says("warning: people.csv is not annotated: ");
}

fn quarantine(place: &Place) {
    place.ade_prints(
        "run crew crew.csv --quarantine",
        "5 rows read, 2 quarantined, 3 written",
    );
    let run = place.latest_run();
    let kept = place.output_of(&run);
    assert!(kept.get("Quarantine").is_some(), "{kept}");
    assert_eq!(run["metrics"]["rows"], 5);
    // Only what stands among the rows counts as written.
    let few = place
        .ade("run crew crew.csv --quarantine --min-rows 4 --json")
        .ends_with(1);
    assert_eq!(
        few.error()["message"],
        "crew.csv has 3 rows beside 2 quarantined; --min-rows wants 4"
    );
    assert_eq!(place.latest_run()["status"], "succeeded");
}
