//! `ade env build`.

use crate::common;

use common::{Place, Told, snapshot};

#[test]
fn one_is_built_ahead_of_time_and_anew() {
    let place = Place::cold();
    place.forget_environments();
    let built = place.ade("env build config");
    snapshot!(place, built, @r"
    status 0
    --- stdout
    data/venvs/default/[ID]/deps-[DIGEST]/[ID]/.venv
    --- stderr
    Building the environment of people (new)
      ✓ prepare installer  [TIME]
      ✓ create venv  [TIME]
        installed ade-engine 1.10.0
        installed et-xmlfile [VERSION]
        installed openpyxl [VERSION]
        installed polars [VERSION]
        installed polars-runtime-32 [VERSION]
      ✓ install engine  [TIME]
      ✓ install config  [TIME]
      ✓ compile  [TIME]
      ✓ verify imports  [TIME]
      ✓ collect metadata  [TIME]
    Environment ready in [TIME] (Python [PYTHON], engine 1.10.0, 5 packages, [SIZE])
    ");
    snapshot!(place, place.ade("env build config"), @r"
    status 0
    --- stdout
    data/venvs/default/[ID]/deps-[DIGEST]/[ID]/.venv
    --- stderr
    The environment was ready already; --force builds a new one
    ");
    let first = place.environments()[0]["folder"].clone();
    let anew = place.ade("env build config --force --json").succeeds();
    anew.stderr_has("Building the environment of people (asked for)");
    assert_eq!(anew.json()["status"], "ready");
    assert_ne!(
        anew.json()["folder"],
        first,
        "runs in progress keep the old one"
    );
    assert_eq!(place.environments().len(), 1);
    // A run needs nothing more.
    let run = place.ade("run config members.csv").succeeds();
    assert_eq!(run.stderr, "");
}

#[test]
fn an_environment_of_which_packages_are_gone_is_built_again() {
    let mut place = Place::cold();
    place.hurry();
    place.ade("env build config -q").succeeds();
    let folder = || place.path(place.environments()[0]["folder"].text());
    let inside = |path: &str| {
        let library = std::fs::read_dir(folder().join(".venv/lib")).unwrap();
        let python = library.map(|entry| entry.unwrap().path()).next().unwrap();
        python.join("site-packages").join(path)
    };
    let words = "(its files are gone, changed or cannot be read)";
    // A builder that stands still may be in the folder of which everything is gone, its lock as well: another one is made.
    let first = folder();
    std::fs::remove_dir_all(&first).unwrap();
    place.ade_says("run config members.csv", words);
    let second = folder();
    std::fs::remove_file(second.join(".ready")).unwrap();
    place.ade_says("run config members.csv", words);
    assert!(first != second && second != folder());
    assert!(folder().starts_with(place.path("data/venvs")) && folder().join(".ready").exists());
    assert_eq!(place.environments().len(), 1);
    for gone in ["polars", "polars/dataframe/frame.py"] {
        let path = inside(gone);
        match path.is_dir() {
            true => std::fs::remove_dir_all(&path).unwrap(),
            false => std::fs::remove_file(&path).unwrap(),
        }
        place.ade_says("env build config", words);
        assert!(inside(gone).exists());
        place.ade_says("env build config", "was ready already");
    }
    std::fs::remove_dir_all(inside("polars")).unwrap();
    place.ade("check config").succeeds();
    // A new file in the place of another, which is linked to what other tests use; one that was added; none at all.
    let file = inside("polars/__init__.py");
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, "raise SystemExit(3)").unwrap();
    place.ade("run config members.csv").succeeds();
    std::fs::write(inside("sitecustomize.py"), "raise SystemExit(3)").unwrap();
    place.ade("run config members.csv").succeeds();
    // A worker knows before a run starts.
    let run = place.enqueue("config", "members.csv");
    let folder: String = place.query("SELECT folder FROM environments");
    std::fs::remove_dir_all(place.path("data").join(folder).join(".venv")).unwrap();
    place.ade_says("worker --drain", ": building");
    place.is_sound(&run, "succeeded", &["succeeded"]);
    let counts = place.event_counts(&run);
    assert_eq!((counts["run.retry"], counts["run.start"]), (1, 1));
    std::fs::remove_dir_all(inside("polars")).unwrap();
    place.ade("run config members.csv").succeeds();
    // Nor has it a path any more.
    let path = place.ade("env path config").succeeds().stdout;
    let folder = std::path::Path::new(path.trim()).parent().unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    place.ade_refuses("env path config --json", "environment_not_found");
}
