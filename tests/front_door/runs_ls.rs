//! `ade runs ls`.

use crate::common;

use common::{Place, Told, snapshot};

#[test]
fn runs_are_listed_newest_first() {
    let place = Place::new();
    snapshot!(place, place.ade("runs ls"), @r"
    status 0
    --- stderr
    No runs to show in data
    ");
    assert_eq!(place.ade("runs ls --json").json(), serde_json::json!([]));
    let configuration = place.configuration("config");
    place.people();
    place.members("members.csv");
    place.warm("config");
    place.ade("run config people.csv -q").succeeds();
    place.ade("run config members.csv --dry-run -q").succeeds();
    configuration.write(
        "src/ade_config/columns/broken.py",
        "def register(registry):\n    raise ValueError\n",
    );
    place.ade("run config members.csv -q").ends_with(1);
    snapshot!(place, place.ade("runs ls"), @r"
    status 0
    --- stdout
    ID      STATUS     CONFIGURATION  INPUT        ROWS READ  ISSUES  TOOK  WHEN
    [SHORT-ID]  failed     people         members.csv          0       0  [TIME]  [AGO]
    [SHORT-ID]  dry run    people         members.csv  [TIME]  [AGO]
    [SHORT-ID]  succeeded  people         people.csv           2       1  [TIME]  [AGO]
    ");
}

#[test]
fn they_are_filtered() {
    let place = Place::new();
    place.configuration("one");
    place.configuration("two");
    place.members("members.csv");
    for line in [
        "run one members.csv --dry-run -q",
        "run two members.csv --dry-run -q",
        "run two members.csv --detach -q",
    ] {
        place.ade(line).succeeds();
    }
    let count = |flags: &str| place.json(&format!("runs ls --json {flags}")).list().len();
    assert_eq!(count(""), 3);
    assert_eq!(count("--limit 2"), 2);
    assert_eq!(count("--status queued"), 1);
    assert_eq!(count("--status failed"), 0);
    assert_eq!(count("--configuration two"), 2);
    assert_eq!(count("--configuration two/"), 2);
    assert_eq!(count("--configuration people"), 3);
    assert_eq!(count("--input members.csv"), 3);
    assert_eq!(count("--input ./members.csv --limit 1"), 1);
    assert_eq!(count("--input inbox/members.csv"), 0);
    assert_eq!(count("--input members"), 0);
    assert_eq!(count("--since 1h"), 3);
    assert_eq!(count("--since 2999-01-01"), 0);
    assert_eq!(count("-w another"), 0);
    snapshot!(place, place.ade("runs ls --since yesterdayish"), @r#"
    status 2
    --- stderr
    error: --since "yesterdayish" is not a time
    hint: a date, an instant ([INSTANT]) or an age (30m, 12h, 7d)
    "#);
    place.ade_refuses(
        "runs ls --status lost",
        "possible values: queued, running, succeeded, failed, cancelled",
    );
    // That a reader went away is not an error.
    let mut child = place
        .command()
        .args(["runs", "ls"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.stderr, b"");
}

#[test]
fn what_is_shown_of_an_id_is_accepted_by_every_command_that_takes_one() {
    let place = Place::new();
    place.configuration("config");
    let names = ["a.csv", "b.csv", "c.csv", "d.csv"];
    place.all_members(names);
    place.warm("config");
    place
        .ade("run config a.csv b.csv c.csv d.csv --dry-run -q")
        .succeeds();
    let runs = place.ade("runs ls --json").json();
    let shown = |line: &str, name: &str| -> String {
        let listed = place.ade(line).succeeds().stdout;
        let line = listed.lines().find(|line| line.contains(name)).unwrap();
        line.split(' ').next().unwrap().to_owned()
    };
    let short = names.map(|name| shown("runs ls", name));
    let [a, b, c, d] = &short;
    assert!(short.iter().all(|id| id.len() < 9), "{short:?}");
    assert_eq!(
        place.json(&format!("runs show {a} --json"))["input"]["name"],
        "a.csv"
    );
    place.ade_prints(&format!("logs tail {a}"), "run.complete");
    place.ade_refuses(&format!("runs cancel {b}"), "has ended already");
    let again = place.json(&format!("runs retry {c} --json"));
    assert_eq!(again["input"]["name"], "c.csv");
    place.ade(&format!("runs rm {a} {d}")).succeeds();
    assert_eq!(place.statuses().len(), 3);
    let environment = shown("env ls", "people");
    place.ade(&format!("env show {environment}")).succeeds();
    place.ade(&format!("logs tail {environment}")).succeeds();
    place.ade_refuses(&format!("env rm {environment}"), "needs it");
    // Half of an id that several have is refused, with what to do.
    let common = runs[0]["id"].text().get(..6).unwrap();
    place.ade_refuses(
        &format!("runs show {common}"),
        "those that `ade runs ls` and `ade env ls` show",
    );
}

#[test]
fn many_runs_are_listed_in_pages_that_make_one_document() {
    let place = Place::cold();
    place.ade("run config members.csv --dry-run -q").succeeds();
    // Copies of that run, with ids of the same time.
    place.change(
        "WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 1200)
         INSERT INTO runs (id, workspace_id, configuration_id, engine_spec, deps_digest, source_digest, snapshot_path, input_name, input_path, input_sha256,
             input_size_bytes, options, max_attempts, created_at, run_dir, status, attempt_count, started_at, completed_at)
         SELECT substr(id, 1, 24) || printf('%012x', number), workspace_id, configuration_id, engine_spec, deps_digest, source_digest, snapshot_path, input_name,
             input_path, input_sha256, input_size_bytes, options, max_attempts, created_at, run_dir, status, attempt_count, started_at, completed_at
         FROM runs, numbers",
    );
    let ids = |limit: usize| -> Vec<String> {
        let runs = place.ade(&format!("runs ls --json --limit {limit}")).json();
        let runs = runs.list();
        runs.iter().map(|run| run["id"].string()).collect()
    };
    let all = ids(9999);
    assert_eq!(all.len(), 1201);
    assert!(
        all.is_sorted_by(|one, other| one > other),
        "newest first, each once"
    );
    for limit in [1, 251, 1200] {
        assert_eq!(ids(limit), all[..limit], "{limit}");
    }
}
