//! `ade fix`.

use crate::common;

use common::{Place, Told};

const FIELDS: &str = "crew/src/ade_config/columns/fields.py";

/// A roster of twelve below these headers.
fn roster(headers: &str, cells: impl Fn(usize) -> String) -> String {
    let rows: String = (0..12)
        .map(|number| format!("King,Person,3{number}.5,{}\n", cells(number)))
        .collect();
    format!("Surname,Given name,Std.,{headers}\n{rows}")
}

/// One place for all of it: an environment of its own takes long.
#[test]
fn what_is_accepted_is_written_into_the_field_and_the_file_is_run_again() {
    // Headers that the configuration does not know.
    let april = roster("Firma,Farbe", |number| format!("Nordmetall,blau {number}"));
    let place = Place::crew("april.csv", april);
    let case = |name: &str| format!("crew/tests/cases/april/{name}");
    place.write(case("input.csv"), place.read("april.csv"));
    let before = place.read(FIELDS);
    let told = place.json("fix april.csv --json");
    let reason = |field: &str| {
        let one = told["suggestions"].with("field", field);
        (one["header"].clone(), one["reason"].clone())
    };
    let (header, why) = reason("hours");
    assert_eq!(header, "Std.", "{told}");
    assert_eq!(why, "\"hours\" and \"Std.\" both mean \"hours\"");
    assert_eq!(reason("employer").0, "Firma");
    // Piped and without --accept nothing is changed.
    place.ade_prints("fix april.csv", "✓ hours = Std.");
    assert_eq!(place.read(FIELDS), before);

    // A folder's files are gone through, those that have a run.
    place.write("box/april.csv", place.read("april.csv"));
    place.write("box/new.csv", "Surname,Given name\nKing,Ann\n");
    place
        .ade("fix box")
        .succeeds()
        .prints("✓ hours = Std.")
        .prints("no field is like Farbe")
        .says("new.csv has no run yet");
    let fits_none = "--accept hours=Stunden fits no file of box";
    place.ade_refuses("fix box --accept hours=Stunden", fits_none);
    place
        .ade("fix april.csv --accept hours=Std.")
        .succeeds()
        .prints("+++ b/src/ade_config/columns/fields.py")
        .prints("3 fields with a column now, 2 before");
    assert_eq!(
        place.read(case("case.toml")),
        "input_name = \"april.csv\"\n"
    );
    let after = place.read(FIELDS);
    assert_eq!(
        after,
        before.replace("\"hours worked\"]", "\"hours worked\", \"Std.\"]")
    );
    let refused = "hours is not among the fields without a column";
    place
        .ade("fix latest --accept hours=Std.")
        .ends_with(2)
        .says(refused)
        .says("employer");
    let refused = "there is no column \"Colour\"";
    place.ade_refuses("fix latest --accept employer=Colour", refused);

    // A column that its values alone gave to a field: with its header in the list nobody is warned any more.
    let may = roster("Correo", |number| format!("king.{number}@example.org"));
    place.write("mai.csv", may);
    place.ade_prints(
        "run crew mai.csv",
        "used as the field 'email' because of its values",
    );
    place
        .ade("fix mai.csv")
        .succeeds()
        .prints("✓ email = Correo (the run took it for this field by its values)");
    place
        .ade("fix mai.csv --accept email=correo")
        .succeeds()
        .prints("\"Correo\"")
        .prints("4 fields with a column now, 4 before");
    let again = place.ade("run crew mai.csv").succeeds();
    assert!(!again.stdout.contains("by its values"), "{again}");
    let after = place.read(FIELDS);

    // One that a detector of the author's gave to a field was not taken by its values.
    place.write(
        "crew/src/ade_config/columns/own.py",
        "def by_header(column_header_original):\n    return {'member_id': 1.0} if column_header_original == 'Kennung' else None\n\ndef register(registry):\n    registry.register_column_detector(by_header, field='member_id', priority=1)\n",
    );
    let june = roster("Kennung", |number| format!("A-{number}"));
    place.write("juni.csv", june);
    place.ade_prints("run crew juni.csv", "4 of 9 fields mapped");
    let told = place.json("fix juni.csv --json");
    let all = told["suggestions"].list();
    assert!(all.iter().all(|one| one["header"] != "Kennung"), "{told}");

    // A list that is shared by a name is not the field's own.
    let shared = after.replace(
        "headers=[\"employer\", \"company\", \"contractor\"]",
        "headers=EMPLOYER",
    );
    let shared = shared.replace("FIELDS = [", "EMPLOYER = [\"employer\"]\nFIELDS = [");
    place.write(FIELDS, &shared);
    place
        .ade("fix april.csv --accept employer=Firma")
        .ends_with(1)
        .prints("Add \"Firma\" to the headers of employer by hand");
    assert_eq!(place.read(FIELDS), shared);
}

#[test]
fn an_edition_is_moved_to_with_its_differences_said() {
    let april = roster("Trade", |_| "welder".to_owned()).replace(',', ";");
    let place = Place::crew("april.csv", april);
    let of_today = place.read("crew/settings.toml");
    place.ade_prints(
        "fix crew --edition",
        "each line of its settings.toml is needed",
    );
    // As somebody has it who has switched things on one by one.
    let older = "# Rows.\ndetect_rows = true\n\ndate_order = \"dmy\"\n";
    place.write("crew/settings.toml", older);
    place.ade("run crew april.csv").succeeds();
    // Piped and without --yes nothing is changed.
    place.ade_prints("fix crew --edition", "-detect_rows = true");
    assert_eq!(place.read("crew/settings.toml"), older);
    let moved = place.ade("fix crew --edition --yes").ends_with(1);
    moved
        .prints("+edition = \"2026\"")
        .prints("✓ office-export")
        .prints("1 input: 0 as before, 1 differ");
    let settings = "edition = \"2026\"\n\ndate_order = \"dmy\"\n";
    assert_eq!(place.read("crew/settings.toml"), settings);
    let told = place.ade("settings --engine -c crew").succeeds();
    told.stdout_has("date_order = dmy  [settings.toml]");
    told.stdout_has("output_style = table  [edition 2026]");
    told.stdout_lacks("detect_rows");
    assert!(of_today.lines().count() <= 30, "{of_today}");
}
