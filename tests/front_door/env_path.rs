//! `ade env path`.

use crate::common;

use std::path::Path;
use std::process::Command;

use common::{Place, snapshot};

#[test]
fn the_path_is_that_of_a_ready_environment_alone() {
    let place = Place::new();
    let configuration = place.configuration("config");
    configuration.write("src/ade_config/words.py", "word = \"live\"\n");
    snapshot!(place, place.ade("env path config"), @r"
    status 2
    --- stderr
    error: config has no environment yet
    hint: `ade env build config` builds it
    ");
    place.warm("config");
    let path = place.ade("env path config").succeeds();
    snapshot!(place, path, @r"
    status 0
    --- stdout
    [HERE]/data/venvs/default/[ID]/deps-[DIGEST]/[ID]/.venv
    ");
    let python = Path::new(path.stdout.trim()).join("bin/python");
    // The author's own files are importable there, with their edits.
    let ask = || {
        let output = Command::new(&python)
            .args(["-I", "-c", "import ade_config.words as w; print(w.word)"])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(ask(), "live");
    configuration.write("src/ade_config/words.py", "word = \"edited\"\n");
    assert_eq!(ask(), "edited");
    let json = place.json("env path config --json");
    assert_eq!(json["path"], path.stdout.trim());
    place.ade("env path absent").ends_with(2);
}
