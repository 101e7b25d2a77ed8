//! Interrupts of the Python module `automatic_data_extractor`. The rest is in `tests/cli/python.md`.

use crate::common;

use std::path::Path;
use std::process::Command;

use common::{Place, Printed, Running, machine, processes_of, wait_for};

#[test]
fn an_interrupt_cancels_the_run_and_leaves_no_process() {
    let (place, gate) = Place::gated();
    let program = "from automatic_data_extractor import run\ntry:\n    run('config', 'members.csv')\nexcept KeyboardInterrupt:\n    print('interrupted')\n";
    place.write("interrupted.py", program);
    let ade = Path::new(env!("CARGO_BIN_EXE_ade")).parent().unwrap();
    let path = std::env::join_paths([ade, Path::new("/usr/bin")]).unwrap();
    let mut command = Command::new(&machine().python);
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("integrations/python");
    command
        .args(["-B", "interrupted.py"])
        .current_dir(place.path(""))
        .env_clear();
    command
        .envs(place.variables())
        .env("PYTHONPATH", module)
        .env("PATH", path);
    let running = Running::start(command);
    gate.wait_until_reached();
    running.signal(libc::SIGINT);
    assert_eq!(running.wait().success().printed(), "interrupted\n");
    assert_eq!(place.statuses(), ["cancelled"]);
    wait_for("the end of all processes", || {
        processes_of(&place.path("")).is_none_or(|left| left.is_empty())
    });
}
