//! What a run tells about itself: names that no sheet or file system takes, settings that cannot be used, scores, counts.

use crate::common;

use common::Place;

#[test]
fn a_file_of_any_name_becomes_a_workbook() {
    let place = Place::ready();
    for stem in ["report[1]", "10:30", "what?", "all*", &"n".repeat(60)] {
        let name = format!("{stem}.csv");
        place.members(&name);
        place
            .ade_with(["run", "config", &name, "-o", "clean"])
            .succeeds();
        let cells = place.cells(format!("clean/{stem}_normalized.xlsx"));
        let titles: Vec<&String> = cells.as_object().unwrap().keys().collect();
        let title = titles[0];
        assert!(
            title.len() <= 31 && !title.contains(['[', ']', ':', '?', '*']),
            "{title}"
        );
        assert_eq!(cells[title][1][0], "Ann");
    }
}

#[test]
fn the_longest_names_are_cut_and_stay_apart() {
    let place = Place::ready();
    let names = ["a", "b"].map(|end| format!("{}{end}.csv", "n".repeat(250)));
    for name in &names {
        place.members(name);
        place
            .ade_with(["run", "config", name, "-o", "clean"])
            .succeeds();
    }
    let copies = place.files_below("clean");
    assert_eq!(copies.len(), 2, "{copies:?}");
    for copy in copies {
        assert!(
            copy.len() <= 255 && copy.ends_with("_normalized.xlsx"),
            "{copy}"
        );
    }
}

#[test]
fn settings_that_cannot_be_used_are_told_once_and_as_the_author_knows_them() {
    let place = Place::new();
    let config = place.configuration("config");
    place.warm("config");
    config.write("settings.toml", "max_empty_rows_run = 0\n");
    place.members("members.csv");
    let run = place.ade("run config members.csv").ends_with(1);
    let said = format!("{}{}", run.stdout, run.stderr);
    assert_eq!(said.matches("max_empty_rows_run").count(), 1, "{said}");
    assert!(
        said.contains("config/settings.toml") && !said.contains("snapshots"),
        "{said}"
    );
    let log = place.ade("logs tail latest").succeeds().stdout;
    assert!(
        log.contains("max_empty_rows_run") && !log.contains("snapshots"),
        "{log}"
    );
}

#[test]
fn a_program_reads_where_a_configuration_failed() {
    let place = Place::new();
    let config = place.configuration("config");
    place.warm("config");
    place.members("members.csv");
    let failed = || {
        place.ade("run config members.csv").ends_with(1);
        let shown = place.ade("runs show latest --json").succeeds().json();
        shown["error"].clone()
    };
    config.write(
        "src/ade_config/columns/late.py",
        "def tidy(*, table, **_):\n    raise ValueError(\"no\")\n\n\n\
         def register(registry):\n    registry.register_hook(tidy, hook=\"on_table_mapped\", priority=0)\n",
    );
    let error = failed();
    assert_eq!(error["file"], "src/ade_config/columns/late.py", "{error}");
    assert_eq!(
        (&error["line"], &error["table"]),
        (&2.into(), &1.into()),
        "{error}"
    );
    assert_eq!(error["callable"], "ade_config.columns.late.tidy", "{error}");
    assert_eq!(error["sheet"], "members", "{error}");
    assert!(error.get("column").is_none(), "{error}");
    config.write(
        "src/ade_config/columns/late.py",
        "def tidy(**_):\n    raise ValueError(\"no\")\n\n\n\
         def register(registry):\n    registry.register_column_transform(tidy, field=\"email\", priority=0)\n",
    );
    let error = failed();
    assert_eq!(
        (&error["line"], &error["column"]),
        (&2.into(), &"B".into()),
        "{error}"
    );
    config.write("src/ade_config/columns/late.py", "\ndef (\n");
    let error = failed();
    assert_eq!(error["file"], "src/ade_config/columns/late.py", "{error}");
    assert_eq!(error["line"], 2, "{error}");
    assert!(error.get("sheet").is_none(), "{error}");
}

#[test]
fn more_words_show_the_scores() {
    let place = Place::ready();
    place.members("members.csv");
    let said = place.ade("-v run config members.csv").succeeds().stderr;
    for words in [
        "row 1 is header: first_row_is_header header 1.00",
        "Column 'Email' looks like email: by_header email 1.00",
    ] {
        assert!(said.contains(words), "{words}\n{said}");
    }
    place
        .ade("logs tail latest --level debug")
        .prints("Column 'Email' looks like email: email 1");
}

#[test]
fn merged_tables_count_the_columns_of_the_sender() {
    let place = Place::new();
    let config = place.configuration("config");
    config.write(
        "settings.toml",
        "merge_tables_in_sheet = true\nwrite_diagnostics_columns = true\n",
    );
    place.warm("config");
    place.write(
        "two.csv",
        "Name,Email\nAnn,ann@example.org\nName,Email\nBob,nowhere\n",
    );
    place.ade("run config two.csv").succeeds();
    let run = place.latest_run();
    assert_eq!(
        (
            &run["metrics"]["columns"],
            &run["metrics"]["unmapped_columns"]
        ),
        (&2.into(), &0.into()),
        "{run}"
    );
    let shown = place.ade("runs show latest").succeeds().stdout;
    assert!(
        shown.contains("Email") && !shown.contains("(column"),
        "{shown}"
    );
}

#[test]
fn help_is_a_command_too() {
    let place = Place::new();
    for (typed, same) in [("help", "--help"), ("help runs ls", "runs ls --help")] {
        assert_eq!(
            place.ade(typed).succeeds().stdout,
            place.ade(same).succeeds().stdout
        );
    }
    place.ade("help nonsense").ends_with(2);
}
