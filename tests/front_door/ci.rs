//! `ade ci`: lock, check, test and runs in one call, and the reports that CI systems read.

use crate::common;

use common::{Place, Told, has, snapshot};
use libc::SIGINT;
use serde_json::{Value, json};

const CASE: &str = "tests/cases/members";

/// `crew`, a configuration whose one case passes, and its inputs `members.csv` and `people.csv`, which has an issue.
fn place() -> Place {
    let place = Place::new();
    place.configuration("crew");
    place.members("members.csv");
    place.people();
    with_case(&place, "crew", "Ann");
    place
}

/// A case that expects this name.
fn with_case(place: &Place, configuration: &str, name: &str) {
    place.members(&format!("{configuration}/{CASE}/input.csv"));
    let expected = format!("name,email\n{name},ann@example.org\n");
    place.write(format!("{configuration}/{CASE}/expected.csv"), expected);
}

/// Adds `payroll`, with a case that fails and a setting that does not exist, and `my, rates`, which does not load.
fn with_failing(place: &Place) {
    place
        .configuration("payroll")
        .write("settings.toml", "\nno_such = 1\n");
    with_case(place, "payroll", "Bob");
    place.configuration("my, rates").write(
        "src/ade_config/columns/rates.py",
        "def fail():\n    raise ValueError('50% off:\\n::error::made up\\n|x|')\n\n\nfail()\n\n\ndef register(registry):\n    pass\n",
    );
}

fn step(document: &Value, configuration: usize, step: usize) -> &Value {
    &document["configurations"][configuration]["steps"][step]
}

/// What became of each step of a configuration.
fn states(document: &Value, configuration: usize) -> Vec<&str> {
    let steps = document["configurations"][configuration]["steps"].as_array();
    let steps = steps.unwrap().iter();
    steps.map(|one| one["state"].text()).collect()
}

#[test]
fn a_sound_configuration_passes_every_step_and_files_go_with_the_one_before_them() {
    let place = place();
    snapshot!(place, place.ade("ci crew members.csv -q").succeeds(), @r"
    status 0
    --- stdout
    crew
      - lock   skipped: there is no ade.lock
      ✓ check  2 fields
      ✓ test   1 case
      ✓ run members.csv  1 row, 2 of 2 fields
    ");
    place.configuration("other");
    let document = place.json("ci crew members.csv other people.csv --json");
    assert_eq!(document["passed"], true);
    assert_eq!(
        states(&document, 0),
        ["skipped", "passed", "passed", "passed"]
    );
    assert_eq!(
        states(&document, 1),
        ["skipped", "passed", "skipped", "passed"]
    );
    has(
        step(&document, 0, 3),
        json!({"step": "run", "input": "members.csv"}),
    );
    let run = step(&document, 1, 3);
    has(run, json!({"step": "run", "input": "people.csv"}));
    assert_eq!(run["run"]["metrics"]["issues"], 1);
    assert_eq!(place.statuses().len(), 3);
    // A change of layout fails where that is asked for.
    place.write("members.csv", "Name,Salary\nAnn,1\n");
    place
        .ade("ci crew members.csv --deny-drift")
        .ends_with(1)
        .prints("another layout than before, which --deny-drift does not allow: ");
}

#[test]
fn the_configuration_of_a_file_is_found_and_other_files_are_passed_over() {
    let place = place();
    place.write("setup.py", "");
    let file = "crew/src/ade_config/columns/fields.py";
    let call = format!("ci {file} setup.py crew/{CASE}/input.csv --no-test");
    let done = place.ade(&call);
    let done = done.succeeds().says("setup.py belongs to no configuration");
    assert_eq!(done.stdout.matches("crew\n").count(), 1, "{done}");
    done.prints("test   skipped: not asked for");
    place.ade("ci setup.py").succeeds();
    for (call, words) in [
        ("ci crw", "there is no folder crw"),
        (
            "ci members.csv",
            "no configuration is named that is to normalize members.csv",
        ),
        ("ci crew gone.csv", "there is no file gone.csv"),
        ("ci tests", "there is no folder tests"),
    ] {
        place.ade_refuses(call, words);
    }
    place.configuration("other");
    let hint = "hint: name inputs behind their configuration";
    place.ade_refuses("ci members.csv crew other", hint);
}

/// One place for all of it: three environments take long.
#[test]
fn every_configuration_is_looked_at_and_what_is_found_is_reported() {
    let mut place = place();
    with_failing(&place);
    the_worst_status_wins(&place);
    reports_are_those_that_ci_systems_read(&mut place);
    github_gets_a_command_for_each_finding_at_its_line_in_the_repository(&mut place);
}

fn the_worst_status_wins(place: &Place) {
    place.write("broken/pyproject.toml", "[project]\nname = 1 2\n");
    let paths = ["broken", "my, rates", "payroll", "crew", "members.csv"];
    let call = ["ci", "--json"].into_iter().chain(paths);
    let done = place.ade_with(call).ends_with(2);
    let document = done.json();
    assert_eq!(document["passed"], false);
    assert_eq!(document["exit_status"], 2);
    for (configuration, wanted) in [
        ["skipped", "failed", "skipped"].as_slice(),
        &["skipped", "failed", "skipped"],
        &["skipped", "passed", "failed"],
        &["skipped", "passed", "passed", "passed"],
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(states(&document, configuration), wanted);
    }
    let found = |configuration: usize, number: usize| {
        let finding = &step(&document, configuration, number)["findings"][0];
        let file = finding["file"].string();
        (file, finding["line"].clone(), finding["level"].clone())
    };
    let at = |file: &str, line: u32, level: &str| {
        let file = place.path(file).to_str().unwrap().to_owned();
        (file, json!(line), json!(level))
    };
    assert_eq!(found(0, 1), at("broken/pyproject.toml", 2, "error"));
    assert_eq!(
        found(1, 1),
        at("my, rates/src/ade_config/columns/rates.py", 2, "error")
    );
    assert_eq!(found(2, 1), at("payroll/settings.toml", 2, "warning"));
    assert_eq!(
        found(2, 2),
        at("payroll/tests/cases/members/expected.csv", 2, "error")
    );
    // A configuration that does not load decides alone, too.
    place.ade_with(["ci", "my, rates", "crew"]).ends_with(1);
}

#[test]
fn a_lock_that_is_out_of_date_fails_and_frozen_does_nothing_without_it() {
    let place = place();
    if place.ade("lock crew --offline -q").status != 0 {
        place.ade("lock crew -q").succeeds();
    }
    let up_to_date = place.ade("ci crew").succeeds();
    up_to_date.prints("✓ lock   up to date, ");
    let manifest = place.read("crew/pyproject.toml");
    let manifest = manifest.replace("dependencies = [", "dependencies = [\"openpyxl\", ");
    place.write("crew/pyproject.toml", manifest);
    let document = place.ade("ci crew --json").ends_with(1).json();
    let lock = step(&document, 0, 0);
    assert_eq!(lock["findings"][0]["code"], "lock_outdated", "{document}");
    let file = lock["findings"][0]["file"].text();
    assert!(file.ends_with("crew/ade.lock"), "{file}");
    assert_eq!(step(&document, 0, 2)["state"], "passed");
    let frozen = place
        .ade("ci crew members.csv --json --frozen")
        .ends_with(1);
    let document = frozen.json();
    assert_eq!(states(&document, 0)[1..], ["skipped"; 3], "{document}");
    std::fs::remove_file(place.path("crew/ade.lock")).unwrap();
    let document = place.ade("ci crew --json --frozen").ends_with(1).json();
    assert_eq!(step(&document, 0, 0)["findings"][0]["code"], "lock_missing");
}

#[test]
fn a_run_that_lacks_what_is_required_fails_and_no_value_or_header_is_reported() {
    let mut place = place();
    place
        .configuration("crew")
        .write("settings.toml", "issue_list = true\n");
    place.write(
        "secret.csv",
        "Name,Email,Top secret\nAnn,not an address,1\nBob,b@example.org,2\n",
    );
    place.set("GITHUB_ACTIONS", "true");
    place.set("GITHUB_STEP_SUMMARY", place.path("job.md"));
    let reports = "--junit j.xml --summary s.md --code-quality q.json";
    let demands = "--require email --min-rows 3 --deny unmapped --max-errors 0 --deny warning";
    let call = format!("ci crew members.csv secret.csv {demands} {reports}");
    let done = place.ade(&call).ends_with(1);
    let done = done
        .prints("✗ run secret.csv  2 rows, 2 of 2 fields, 1 ")
        .prints("secret.csv has 2 rows; --min-rows wants 3")
        .prints("secret.csv has 1 column that no field claims, which --deny unmapped")
        .prints("members.csv has 1 row; ")
        .prints("::error title=ade run secret.csv::secret.csv has 2 rows; ");
    let summary = place.read("s.md");
    let line = "| secret.csv | crew | ❌ 2 rows, 2 of 2 fields, 1 ";
    assert!(summary.contains(line), "{summary}");
    assert!(summary.contains("### Issues by rule"), "{summary}");
    assert_eq!(place.read("job.md"), summary);
    let quality = place.read("q.json");
    let path = "\"path\": \"crew/pyproject.toml\"";
    assert!(quality.contains(path), "{quality}");
    for text in [&done.to_string(), &summary, &quality, &place.read("j.xml")] {
        for secret in ["not an address", "Top secret", "Bob"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
    // What only some files lack is no matter of the others.
    let document = place.ade("ci crew people.csv members.csv --deny-issues --json");
    let document = document.ends_with(1).json();
    assert_eq!(step(&document, 0, 3)["state"], "failed");
    assert_eq!(step(&document, 0, 4)["state"], "passed");
    place.ade("ci crew people.csv --require emial").ends_with(2);
    place.ade("ci crew people.csv --set no_such=1").ends_with(2);
}

fn github_gets_a_command_for_each_finding_at_its_line_in_the_repository(place: &mut Place) {
    place.unset("CI_PROJECT_DIR");
    place.set("GITHUB_ACTIONS", "true");
    place.set("GITHUB_WORKSPACE", place.path(""));
    place.set("GITHUB_STEP_SUMMARY", place.path("job.md"));
    place.write("job.md", "of another step\n");
    let done = place.ade_with(["ci", "payroll", "my, rates"]).ends_with(1);
    snapshot!(place, done.stdout, @r"
    payroll
      - lock   skipped: there is no ade.lock
      ✓ check  2 fields, 1 warning
        warning: [HERE]/payroll/settings.toml, line 2: there is no setting 'no_such'
      ✗ test   1 of 1 case failed
        error: case members
        | row 1  name  expected Bob  got Ann
    my, rates
      - lock   skipped: there is no ade.lock
      ✗ check
        error: ValueError: 50% off:
        | ::error::made up
        | |x| ([HERE]/my, rates/src/ade_config/columns/rates.py, line 2, in fail)
      - test   skipped: the configuration does not load
    ::warning file=payroll/settings.toml,line=2,title=ade check::payroll/settings.toml, line 2: there is no setting 'no_such'
    ::error file=payroll/tests/cases/members/expected.csv,line=2,title=ade test::case members%0Arow 1  name  expected Bob  got Ann
    ::error file=my%2C rates/src/ade_config/columns/rates.py,line=2,title=ade check::ValueError: 50%25 off:%0A::error::made up%0A|x| (my, rates/src/ade_config/columns/rates.py, line 2, in fail)
    ");
    let commands = done.stdout.lines().map(str::trim_start);
    let commands = commands.filter(|line| line.starts_with("::"));
    assert_eq!(commands.count(), 3, "{done}");
    let job = place.read("job.md");
    let begins = "of another step\n## ade ci: 2 of 2 configurations failed\n";
    assert!(job.starts_with(begins), "{job}");
    // One document on standard output, and commands beside it.
    let done = place.ade("ci payroll --json").ends_with(1);
    assert_eq!(done.json()["exit_status"], 1);
    done.says("\n::error file=payroll/tests/cases/members/expected.csv,line=2,");
    let before = place.read("job.md");
    let done = place.ade("ci payroll --annotate none").ends_with(1);
    assert!(!done.to_string().contains("\n::"), "{done}");
    assert_eq!(place.read("job.md"), before);
}

fn reports_are_those_that_ci_systems_read(place: &mut Place) {
    place.set("CI_PROJECT_DIR", place.path(""));
    let reports = "--junit j.xml --summary s.md --code-quality q.json";
    let paths = ["ci", "crew", "members.csv", "payroll", "my, rates"];
    place
        .ade_with(paths.into_iter().chain(reports.split(' ')))
        .ends_with(1);
    let junit = place.read("j.xml");
    let mut settings = place.filters();
    settings.add_filter("time=\"[0-9.]+\"", "time=\"[S]\"");
    settings.bind(|| {
        insta::assert_snapshot!(junit, @r#"
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites tests="10" failures="2" errors="0" time="[S]">
        <testsuite name="crew" tests="4" failures="0" errors="0" time="[S]" skipped="1">
        <testcase classname="crew.lock" name="lock" time="[S]"><skipped message="there is no ade.lock"/></testcase>
        <testcase classname="crew.check" name="check" time="[S]"/>
        <testcase classname="crew.test" name="members" time="[S]"/>
        <testcase classname="crew.run" name="members.csv" time="[S]"/>
        </testsuite>
        <testsuite name="payroll" tests="3" failures="1" errors="0" time="[S]" skipped="1">
        <testcase classname="payroll.lock" name="lock" time="[S]"><skipped message="there is no ade.lock"/></testcase>
        <testcase classname="payroll.check" name="check" time="[S]"/>
        <testcase classname="payroll.test" name="members" time="[S]"><failure message="row 1  name  expected Bob  got Ann">row 1  name  expected Bob  got Ann</failure></testcase>
        </testsuite>
        <testsuite name="my, rates" tests="3" failures="1" errors="0" time="[S]" skipped="2">
        <testcase classname="my, rates.lock" name="lock" time="[S]"><skipped message="there is no ade.lock"/></testcase>
        <testcase classname="my, rates.check" name="check" time="[S]"><failure message="ValueError: 50% off:">ValueError: 50% off:
        ::error::made up
        |x| (my, rates/src/ade_config/columns/rates.py, line 2, in fail)</failure></testcase>
        <testcase classname="my, rates.test" name="test" time="[S]"><skipped message="the configuration does not load"/></testcase>
        </testsuite>
        </testsuites>
        "#);
        insta::assert_snapshot!(place.read("s.md"), @r"
        ## ade ci: 2 of 3 configurations failed

        | configuration | lock | check | test | runs |
        |---|---|---|---|---|
        | crew | ➖ there is no ade.lock | ✅ 2 fields | ✅ 1 case | ✅ 1 row, 2 of 2 fields |
        | payroll | ➖ there is no ade.lock | ✅ 2 fields, 1 warning | ❌ 1 of 1 case failed |  |
        | my, rates | ➖ there is no ade.lock | ❌ | ➖ the configuration does not load |  |

        ### Findings

        - **warning** payroll · check · payroll/settings.toml:2 · payroll/settings.toml, line 2: there is no setting 'no\_such'
        - **error** payroll · test · payroll/tests/cases/members/expected.csv:2 · case members<br>row 1  name  expected Bob  got Ann
        - **error** my, rates · check · my, rates/src/ade\_config/columns/rates.py:2 · ValueError: 50% off:<br>::error::made up<br>\|x\| (my, rates/src/ade\_config/columns/rates.py, line 2, in fail)

        ### Files

        | file | configuration | result | errors | warnings | infos |
        |---|---|---|--:|--:|--:|
        | members.csv | crew | ✅ 1 row, 2 of 2 fields | 0 | 0 | 0 |
        ");
    });
    let quality = || -> Value { serde_json::from_str(&place.read("q.json")).unwrap() };
    let found = quality();
    let of = |number: usize| {
        let one = &found[number];
        let (path, line) = (&one["location"]["path"], &one["location"]["lines"]["begin"]);
        json!([one["check_name"], one["severity"], path, line])
    };
    assert_eq!(
        of(0),
        json!(["ade.check", "minor", "payroll/settings.toml", 2])
    );
    let table = "payroll/tests/cases/members/expected.csv";
    assert_eq!(of(1), json!(["ade.test", "major", table, 2]));
    let module = "my, rates/src/ade_config/columns/rates.py";
    assert_eq!(of(2)[2], module);
    assert_eq!(found.list().len(), 3);
    let prints = [0, 1, 2].map(|number| found[number]["fingerprint"].to_string());
    assert!(prints[0] != prints[1] && prints[1] != prints[2] && prints[2] != prints[0]);
    // A fingerprint stays while lines move.
    place.write("payroll/settings.toml", "\n\n\n# moved\nno_such = 1\n");
    place.ade("ci payroll --code-quality q.json").ends_with(1);
    let moved = quality();
    assert_eq!(moved[0]["location"]["lines"]["begin"], 5);
    for number in [0, 1] {
        assert_eq!(moved[number]["fingerprint"].to_string(), prints[number]);
    }
    place.write("payroll/settings.toml", "\nno_such = 1\n");
    // A report that cannot be written is an error; the others are.
    std::fs::remove_file(place.path("s.md")).unwrap();
    place
        .ade("ci crew --junit no/such/folder.xml --summary s.md")
        .ends_with(2);
    assert!(place.read("s.md").starts_with("## ade ci: passed\n"));
}

#[test]
fn an_environment_that_cannot_be_built_is_a_status_of_its_own() {
    let place = place();
    place
        .configuration("lost")
        .depend_on(&["no-such-thing-at-all"]);
    let document = place
        .ade("ci lost crew --json --offline")
        .ends_with(3)
        .json();
    let check = step(&document, 0, 1);
    assert_eq!(check["state"], "failed");
    let file = check["findings"][0]["file"].text();
    assert!(file.ends_with("lost/pyproject.toml"), "{file}");
    assert_eq!(step(&document, 1, 1)["state"], "passed");
}

#[test]
fn what_is_cancelled_begins_nothing_more_and_still_reports() {
    let (place, gate) = Place::gated();
    place.configuration("other");
    let running = place.start("ci config members.csv other --no-test --junit j.xml");
    gate.wait_until_reached();
    running.signal(SIGINT);
    let done = running.wait().ends_with(130);
    assert!(!done.stdout.contains("other"), "{done}");
    let junit = place.read("j.xml");
    for part in ["name=\"members.csv\"", "<failure message=\"cancelled\">"] {
        assert!(junit.contains(part), "{junit}");
    }
}
