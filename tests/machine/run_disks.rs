//! `ade run` on disks that are full or read-only.

use crate::common;

use std::process::Command;

use common::trials::{Missing, Tried, trials};
use common::{Assert, Place, Printed, snapshot};

trials!(
    a_read_only_data_directory,
    a_full_data_directory,
    a_full_output_directory,
    a_run_that_fills_its_disk_is_tried_once,
);

/// Runs `ade` in a mount namespace of its own, after `mount` was run in it.
fn with_mount(place: &Place, mount: &str, line: &str) -> Result<Assert, Missing> {
    let flags = ["-m", "-rm"].into_iter().find(|flags| {
        let probe = format!(
            "mkdir -p '{0}' && mount -t tmpfs -o size=64k tmpfs '{0}'",
            place.path("probe").display()
        );
        Command::new("unshare")
            .args([flags, "sh", "-c", &probe])
            .output()
            .is_ok_and(|output| output.status.success())
    });
    let flags = flags.ok_or_else(|| Missing("this machine permits no mounts".to_owned()))?;
    let ade = place.command();
    let mut command = Command::new("unshare");
    command
        .args([flags, "sh", "-c", &format!("{mount}\nexec \"$0\" \"$@\"")])
        .arg(ade.get_program())
        .args(line.split_whitespace())
        .current_dir(place.path(""));
    let keep = ade
        .get_envs()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
    command.env_clear().envs(keep);
    let output = command.output().unwrap();
    Ok(Assert::new(output))
}

fn a_read_only_data_directory() -> Tried {
    let place = Place::ready();
    let mount = "mount --bind data data && mount -o remount,bind,ro data";
    let run = with_mount(&place, mount, "run config members.csv")?;
    snapshot!(place, run.shown(), @r"
    status 5
    --- stderr
    error: the database [HERE]/data/db/ade.sqlite cannot be used: unable to open database file
    hint: check that the data directory exists and that you may write to it, or choose another with --data-dir
    ");
    // The same holds before the first start.
    let mount = "mkdir -p new && mount --bind new new && mount -o remount,bind,ro new";
    let run = with_mount(&place, mount, "run config members.csv --data-dir new")?.code(5);
    run.says("read-only");
    let doctor = with_mount(&place, mount, "doctor --data-dir new")?.code(1);
    doctor.prints("cannot be written: read-only file system");
    // Commands that only read work as long as SQLite can open the database.
    place.ade("run config members.csv -q").success();
    Ok(())
}

fn a_full_data_directory() -> Tried {
    let place = Place::cold();
    let mount = |size: &str| format!("mkdir -p full && mount -t tmpfs -o size={size} tmpfs full");
    let run = with_mount(
        &place,
        &mount("40k"),
        "run config members.csv --data-dir full",
    )?;
    // There is no room for the database.
    let run = run.code(5);
    assert!(
        run.said().contains("full") || run.said().contains("space"),
        "{run}"
    );
    run.says("hint: free some space");
    // There is no room for the environment.
    for size in ["1m", "12m"] {
        let run = with_mount(
            &place,
            &mount(size),
            "run config members.csv --data-dir full",
        )?
        .code(3);
        run.says("space");
        run.says("Build failed");
        run.says("hint: free some space");
        assert!(!run.said().contains("attempt 1 of 3"), "{run}");
    }
    Ok(())
}

fn a_full_output_directory() -> Tried {
    let place = Place::ready();
    let mount = "mkdir -p out && mount -t tmpfs -o size=8k tmpfs out && head -c 8192 /dev/zero > out/filler";
    let run = with_mount(&place, mount, "run config members.csv -o out")?;
    let run = run.code(2);
    run.says("no space left");
    run.says("or name another place for -o");
    assert_eq!(place.latest_run()["status"], "succeeded");
    Ok(())
}

fn a_run_that_fills_its_disk_is_tried_once() -> Tried {
    let mut place = Place::ready();
    place.set("ADE_RUNS_DIR", place.path("small"));
    let rows = (0..6_000).map(|row| format!("Ann {row},ann{row}@example.org\n"));
    place.write(
        "large.csv",
        format!("Name,Email\n{}", rows.collect::<String>()),
    );
    // There is room for the input, and none for the workbook.
    let mount = "mkdir -p small && mount -t tmpfs -o size=200k tmpfs small";
    let run = with_mount(&place, mount, "run config large.csv")?.code(1);
    run.says("hint: free some space");
    assert!(!run.said().contains("attempt 1 of 3"), "{run}");
    let run = place.json("runs show latest --json");
    assert_eq!(run["error"]["code"], "storage_failed", "{run}");
    assert_eq!(run["attempts"].as_array().unwrap().len(), 1, "{run}");
    Ok(())
}
