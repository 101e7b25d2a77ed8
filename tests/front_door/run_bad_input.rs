//! What bad input leads to: a message that helps, the exit status that the documentation lists, and nothing recorded
//! where nothing was run.

use crate::common;

use common::{Place, Told, encrypted_workbook, sheet, snapshot, workbook};

#[test]
fn what_is_not_there_or_is_something_else_is_refused_before_anything_is_recorded() {
    let place = Place::new();
    let configuration = place.configuration("config");
    place.members("Members.csv");
    place.write("papers/letter.txt", "");
    place.write("letter.pdf", "%PDF-1.4");
    place.write("noending", "Name\n");
    snapshot!(place, place.ade("run config members.csv"), @r"
    status 2
    --- stderr
    error: there is no file members.csv
    hint: did you mean Members.csv?
    ");
    snapshot!(place, place.ade("run config absent.xlsx --json"), @r#"
    status 2
    --- stderr
    {"error":{"code":"input_not_found","message":"there is no file absent.xlsx","hint":null}}
    "#);
    snapshot!(place, place.ade("run config absent*.xlsx"), @r"
    status 2
    --- stderr
    error: no .xlsx, .xlsm, .xlsb, .xls, .ods, .csv, .tsv or .txt file matches absent*.xlsx
    ");
    // Nothing was started, not even for the input that exists.
    place.ade("run config Members.csv absent.xlsx").ends_with(2);
    snapshot!(place, place.ade("run config letter.pdf"), @r"
    status 2
    --- stderr
    error: letter.pdf has a format that is not supported
    hint: ade reads .xlsx, .xlsm, .xlsb, .xls, .ods, .csv, .tsv and .txt; save the file as one of them
    ");
    place.ade_refuses(
        "run config noending",
        "noending has a format that is not supported",
    );
    snapshot!(place, place.ade("run config papers"), @r"
    status 2
    --- stderr
    error: the folder papers has no .xlsx, .xlsm, .xlsb, .xls, .ods, .csv, .tsv or .txt file
    ");
    snapshot!(place, place.ade("run papers Members.csv"), @r"
    status 2
    --- stderr
    error: papers is not a configuration
    hint: looked for pyproject.toml with a Python package in src/ade_config/ or ade_config/; `ade init DIR` creates a configuration that runs as it is
    ");
    snapshot!(place, place.ade("run absent Members.csv"), @r"
    status 2
    --- stderr
    error: there is no folder absent
    hint: check the spelling, or create a configuration there with `ade init absent`
    ");
    snapshot!(place, place.ade("run Members.csv Members.csv"), @r"
    status 2
    --- stderr
    error: Members.csv is not a folder
    hint: a configuration is a folder; give the folder, not a file in it
    ");
    place.ade_fails("run papers Members.csv", 2, "not_a_configuration");
    configuration.write(
        "pyproject.toml",
        "[project]\nname = \"people\ndependencies = []\n",
    );
    snapshot!(place, place.ade("run config Members.csv"), @r#"
    status 2
    --- stderr
    error: [HERE]/config/pyproject.toml:2:15: invalid basic string, expected `"`
    "#);
    assert!(!place.path("data/db").exists());
}

#[test]
fn flags_that_do_not_exist_or_do_not_go_together() {
    let place = Place::cold();
    snapshot!(place, place.ade("run config people.csv --frobnicate"), @r"
    status 2
    --- stderr
    error: unexpected argument '--frobnicate' found

      tip: to pass '--frobnicate' as a value, use '-- --frobnicate'

    Usage: ade run [OPTIONS] [CONFIG] <INPUT>...

    For more information, try '--help'.
    ");
    snapshot!(place, place.ade("run config people.csv --frobnicate --json"), @r#"
    status 2
    --- stderr
    {"error":{"code":"usage","message":"unexpected argument '--frobnicate' found","hint":"see --help"}}
    "#);
    for line in [
        "run config",
        "run",
        "run config people.csv --jobs 0",
        "run config people.csv --detach --watch",
        "run config people.csv --detach -o out",
        "run config people.csv --validate-only --dry-run",
        "run config people.csv -q -v",
        "run config people.csv --color sometimes",
        "run config people.csv --annotate --detach",
        "run config people.csv -w ../other",
        "report latest",
    ] {
        place.ade(line).ends_with(2);
    }
    assert!(!place.path("data/db").exists());
}

/// A module of the configuration that each of the following writes anew.
const MODULE: &str = "src/ade_config/columns/own.py";

/// One place for all of it: an environment of its own takes long.
#[test]
fn an_input_that_cannot_be_read_and_a_configuration_that_cannot_be_executed() {
    let mut place = Place::ready();
    place.hurry();
    workbooks_that_are_truncated_encrypted_renamed_or_damaged(&place);
    a_configuration_that_fails_while_it_runs(&place);
    an_engine_that_dies_is_tried_again_and_what_it_printed_is_shown_and_not_recorded(&place);
    std::fs::remove_file(place.path("config").join(MODULE)).unwrap();
    settings_that_cannot_be_used_are_told_once(&place);
    a_disk_that_is_full_for_the_configurations_code_is_told_by_its_number(&place);
}

fn workbooks_that_are_truncated_encrypted_renamed_or_damaged(place: &Place) {
    let rows: &[&[&str]] = &[&["Name", "Email"], &["Ann", "ann@example.org"]];
    let whole = sheet("Members", rows);
    place.write("truncated.xlsx", &whole[..whole.len() * 2 / 3]);
    place.write("encrypted.xlsx", encrypted_workbook());
    place.write("text.xlsx", "Name,Email\nAnn,ann@example.org\n");
    place.write("workbook.csv", &whole);
    snapshot!(place, place.ade("run config truncated.xlsx encrypted.xlsx text.xlsx workbook.csv --jobs 1"), @r#"
    status 1
    --- stdout
      FILE            TABLES  ROWS READ   FIELDS  ISSUES  SECONDS  OUTPUT
    ✗ truncated.xlsx                  [S]  failed
    ✗ encrypted.xlsx                  [S]  failed
    ✗ text.xlsx                       [S]  failed
    ✗ workbook.csv                    [S]  failed
    --- stderr
    error: truncated.xlsx is cut short: the end of the archive is missing; copy or download the file again
    error: encrypted.xlsx is an encrypted workbook: save it without a password
    error: text.xlsx is not an .xlsx workbook (not a zip archive): this is plain text; if its values are separated by commas, rename it to .csv
    error: workbook.csv is not written in utf-8 (byte 17): invalid start byte; the setting csv_encoding may name another encoding, or "auto"
    hint: this file is a workbook, not text: rename it so that it ends in .xlsx
    0 of 4 files normalized, 4 failed
    "#);
    // Somewhere in the packed data of the sheet, which lies last before the directory.
    let mut damaged = whole;
    let directory = damaged
        .windows(4)
        .position(|bytes| bytes == b"PK\x01\x02")
        .unwrap();
    for byte in &mut damaged[directory - 40..directory - 8] {
        *byte ^= 0x5a;
    }
    place.write("damaged.xlsx", &damaged);
    let error = place
        .ade("run config damaged.xlsx --json")
        .ends_with(1)
        .error();
    assert_eq!(error["code"], "input_error");
    let message = error["message"].text();
    assert!(message.contains("damaged"), "{message}");
    assert_eq!(place.statuses(), ["failed"; 5]);
    place.write("book.xlsx", workbook(&[("North", rows), ("South", rows)]));
    snapshot!(place, place.ade("run config book.xlsx --input-sheet West"), @r"
    status 1
    --- stdout
    ✗ book.xlsx  failed [TIME]
    --- stderr
    error: no visible sheet is named 'West'; visible sheets: 'North', 'South'
    ");
}

fn a_configuration_that_fails_while_it_runs(place: &Place) {
    let configuration = place.configuration("config");
    configuration.write(
        MODULE,
        "from ade_engine.models import FieldDef\n\n\ndef lookup(words):\n    return words[\"phone\"]\n\n\ndef by_header():\n    return lookup({})\n\n\ndef register(registry):\n    registry.register_field(FieldDef(name=\"phone\"))\n    registry.register_column_detector(by_header, field=\"phone\", priority=10)\n",
    );
    snapshot!(place, place.ade("run config members.csv"), @r#"
    status 1
    --- stdout
    ✗ members.csv  failed [TIME]
    --- stderr
    error: Column detector ade_config.columns.own.by_header raised KeyError at `return words["phone"]` (`ade run --show-values` shows the message); called for sheet 'members', table 1, column A ('Name') ([HERE]/config/src/ade_config/columns/own.py, line 5, in lookup)
    hint: correct the configuration and run again; the environment is kept
    "#);
    // The log has the author's frames and not the engine's.
    let log = place.ade("logs tail latest --level error").succeeds();
    assert!(log.stdout.contains("own.py\", line 5, in lookup"), "{log}");
    assert!(!log.stdout.contains("ade_engine/pipeline"), "{log}");
}

fn an_engine_that_dies_is_tried_again_and_what_it_printed_is_shown_and_not_recorded(place: &Place) {
    let configuration = place.configuration("config");
    let die = "import os; print(\"last words\", flush=True); os.kill(os.getpid(), 9)";
    let written = configuration.hook("on_workbook_start", "die()", die);
    snapshot!(place, place.ade("run config members.csv"), @r"
    status 1
    --- stdout
    ✗ members.csv  failed [TIME]
    --- stderr
    last words
    note: attempt 1 of 3 at members.csv failed: the engine was killed by signal 9; the next one is in [TIME]
    last words
    note: attempt 2 of 3 at members.csv failed: the engine was killed by signal 9; the next one is in [TIME]
    last words
    error: the engine was killed by signal 9
    hint: the kernel does that where memory is short (`dmesg` says so), and so may a person or a program; `ade logs tail` shows all of its output
    ");
    let run = place.latest_run();
    assert_eq!(run["exit_code"], 137);
    assert!(!run["error"].to_string().contains("last words"), "{run}");
    std::fs::remove_file(written).unwrap();
}

fn settings_that_cannot_be_used_are_told_once(place: &Place) {
    let configuration = place.configuration("config");
    configuration.write("settings.toml", "max_empty_rows_run = \"many\"\n");
    for line in ["run config members.csv", "check config"] {
        let ran = place.ade(line).ends_with(1);
        for once in ["Invalid settings", "max_empty_rows_run"] {
            assert_eq!(ran.stderr.matches(once).count(), 1, "{ran}");
        }
        // As the author knows the file.
        let ran = ran.says("config/settings.toml");
        assert!(!ran.stderr.contains("snapshots"), "{ran}");
    }
    assert_eq!(place.latest_run()["error"]["code"], "config_error");
    for (level, word) in [("info", "snapshots"), ("debug", "engine.refused")] {
        let log = place.ade(&format!("logs tail latest --level {level}"));
        let log = log.prints("max_empty_rows_run");
        assert!(!log.stdout.contains(word), "{log}");
    }
    // What the configuration's code prints is no verdict.
    configuration.write("settings.toml", "");
    let says = "print(\"Invalid settings: none\")";
    configuration.hook("on_workbook_before_save", "finish()", says);
    place.ade("run config members.csv").succeeds();
}

fn a_disk_that_is_full_for_the_configurations_code_is_told_by_its_number(place: &Place) {
    let configuration = place.configuration("config");
    for raised in [
        "OSError(errno.ENOSPC, 'x')",
        "OSError(errno.EDQUOT, 'x')",
        "RuntimeError('writing failed (os error 28)')",
    ] {
        let body = format!(
            "import errno\ntry: raise {raised}\nexcept Exception as error: raise ValueError('no copy') from error"
        );
        configuration.hook("on_workbook_before_save", "finish()", &body);
        let once = [("ADE_WORKER_MAX_ATTEMPTS", "1")];
        let ran = place.run(&once, ["run", "config", "members.csv"]);
        let ran = ran.ends_with(1);
        ran.says("hint: free some space");
        assert_eq!(
            place.latest_run()["error"]["code"],
            "storage_failed",
            "{raised}"
        );
    }
}
