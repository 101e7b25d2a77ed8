//! `ade drift` and `--deny-drift`: whether a file still has the layout of its sender's last good run.

use crate::common;

use common::{Place, Told, has};
use serde_json::{Value, json};

/// A file with twelve records: a name, what stands behind it, an amount and a date.
fn month(header: &str, date: &str, more: &str) -> String {
    let row = |number: u32| format!("Person {number},{more}1{number}.50,{date}\n");
    let rows: String = (0..12).map(row).collect();
    format!("{header}\n{rows}")
}

fn messages(told: &Value) -> String {
    let all = told["differences"].texts("message");
    all.join("\n")
}

/// One place for all of it: an environment of its own takes long.
#[test]
fn what_differs_from_the_last_good_run_of_the_sender_is_named() {
    let place = Place::crew("acme-2025-03.csv", month("Name,Net,Date", "25/03/2025", ""));
    nothing_is_said_of_another_month(&place);
    changes_are_named(&place);
    a_denied_drift_refuses_the_run_and_stays_known(&place);
    senders_are_known_by_patterns_too(&place);
}

fn nothing_is_said_of_another_month(place: &Place) {
    place.write("acme-2025-04.csv", month("Name,Net,Date", "24/04/2025", ""));
    let told = place.json("drift acme-2025-04.csv -c crew --json");
    has(&told, json!({"differs": false, "differences": []}));
    assert_eq!(told["since"]["input"], "acme-2025-03.csv");
    std::fs::create_dir(place.path("april")).unwrap();
    for name in ["acme-2025-04.csv", "other.csv"] {
        std::fs::copy(
            place.path("acme-2025-04.csv"),
            place.path("april").join(name),
        )
        .unwrap();
    }
    let of_folder = place.ade("drift april -c crew").ends_with(2);
    of_folder
        .prints("acme-2025-04.csv has the layout of acme-2025-03.csv")
        .says("other.csv: there is nothing to compare");
    // Nothing was recorded.
    assert_eq!(place.statuses().len(), 1);
    place
        .ade("run crew acme-2025-04.csv -q --deny-drift")
        .succeeds();
}

fn changes_are_named(place: &Place) {
    let header = "Name,Cost centre,Net EUR,Date";
    place.write("acme-2025-05.csv", month(header, "05/24/2025", "cc,"));
    let outcome = place
        .ade("drift acme-2025-05.csv -c crew --json")
        .ends_with(1);
    let told = outcome.json();
    let said = messages(&told);
    for words in [
        "column \"Net\" is called \"Net EUR\" now",
        "column \"Cost centre\" is new",
        "dates in \"Date\" are month-first now, were day-first",
    ] {
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(told["differences"].list().len(), 3, "{said}");
    assert_eq!(told["since"]["input"], "acme-2025-04.csv");
    // A record holds what values look like, and none of them.
    let recorded = told.to_string();
    assert!(
        !recorded.contains("Person") && !recorded.contains("05/24"),
        "{recorded}"
    );

    // A title above the header changes nothing of what a run makes of it.
    let titled = format!(
        "Report of May\n\n{}",
        month("Name,Net,Date", "24/05/2025", "")
    );
    place.write("acme-2025-06.csv", titled);
    let told = place.json("drift acme-2025-06.csv -c crew --json");
    assert_eq!(told["differs"], false, "{told}");
    let said = messages(&told);
    assert!(said.contains("the header stands in row 3 now"), "{told}");
}

fn a_denied_drift_refuses_the_run_and_stays_known(place: &Place) {
    place.ade_fails(
        "run crew acme-2025-05.csv -q -o clean --deny-drift",
        1,
        "layout_drifted",
    );
    assert!(!place.path("clean/acme-2025-05_normalized.xlsx").exists());
    let shown = place.json("runs show latest --json").to_string();
    assert!(shown.contains("Cost centre"), "{shown}");
    // A run that was refused is no good one: the next is compared with that before it.
    let told = place
        .ade("drift acme-2025-05.csv -c crew --json")
        .ends_with(1)
        .json();
    assert_eq!(told["since"]["input"], "acme-2025-04.csv", "{told}");
    // Accepted once, it is.
    place.ade("run crew acme-2025-05.csv -q").succeeds();
    place.ade("drift acme-2025-05.csv -c crew").succeeds();
    let since = place.ade("drift acme-2025-05.csv -c crew --since acme-2025-03.csv --json");
    assert_eq!(
        since.ends_with(1).json()["since"]["input"],
        "acme-2025-03.csv"
    );
}

fn senders_are_known_by_patterns_too(place: &Place) {
    place.write("from the office.csv", place.read("acme-2025-05.csv"));
    let call = ["drift", "from the office.csv", "-c", "crew", "--json"];
    let outcome = place.ade_with(call).ends_with(2);
    assert_eq!(outcome.error()["code"], "run_not_found");
    // The first file of a sender cannot drift.
    let settings = place.read("crew/settings.toml");
    let senders = "[senders]\nacme = [\"acme-*\", \"*office*\"]\n";
    place.write("crew/settings.toml", format!("{settings}\n{senders}"));
    place.ade_with(call).succeeds();
    place.write(
        "crew/settings.toml",
        format!("{settings}\n[senders]\nacme = 1\n"),
    );
    let check = place.ade("check crew").ends_with(1);
    check.says("patterns of file names by sender");
}
