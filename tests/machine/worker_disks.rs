//! Workers whose disk is full or read-only: nothing is lost or incomplete, and work continues when
//! there is space again.

use crate::common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::trials::{Missing, Tried, trials};
use common::{Place, Printed, wait_for, wait_for_death};

trials!(
    a_database_on_a_full_disk_loses_nothing_and_the_worker_goes_on_when_there_is_room,
    no_run_is_claimed_for_a_full_disk_and_one_that_found_it_full_is_tried_again,
    a_database_that_is_read_only_is_said_to_be_and_nothing_is_lost,
    what_stays_waits_at_its_start_for_room,
    what_frees_room_works_on_a_full_disk,
    a_migration_says_how_much_room_it_needs_and_takes_the_ballast_for_it,
);

/// A small file system of its own, unmounted with the test.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one.
    fn mount(at: &Path, kibibytes: u32) -> Result<Self, Missing> {
        fs::create_dir_all(at).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={kibibytes}k"), "tmpfs"])
            .arg(at)
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            Ok(Self(at.to_owned()))
        } else {
            Err(Missing("no small disk can be mounted here".to_owned()))
        }
    }

    /// Writes until nothing more fits. Returns the file.
    fn fill(&self) -> PathBuf {
        use std::io::Write;
        let path = self.0.join("filler");
        let mut file = fs::File::create(&path).unwrap();
        for size in [64 * 1024, 512, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
        path
    }

    fn remount(&self, options: &str) -> bool {
        Command::new("mount")
            .args(["-o", &format!("remount,{options}")])
            .arg(&self.0)
            .output()
            .is_ok_and(|output| output.status.success())
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

/// Returns a place with a queued run whose database is on a disk of this number of kibibytes.
fn queued_on(kibibytes: u32) -> Result<(Place, SmallDisk, String), Missing> {
    let mut place = Place::new();
    place.hurry();
    let disk = SmallDisk::mount(&place.path("data/db"), kibibytes)?;
    place.configuration("config");
    place.members("members.csv");
    place.warm("config");
    let run = place.enqueue("config", "members.csv");
    Ok((place, disk, run))
}

fn a_database_on_a_full_disk_loses_nothing_and_the_worker_goes_on_when_there_is_room() -> Tried {
    let mut place = Place::new();
    place.hurry();
    let disk = SmallDisk::mount(&place.path("data/db"), 1024)?;
    place.holding("config", "");
    place.members("members.csv");
    place.warm("config");
    let run = place.enqueue("config", "members.csv");
    let next = place.enqueue("config", "members.csv");
    let mut worker = place.start_worker("one");
    let engine = place.wait_until_held(1)[0];
    // The checkpoint moves the log into the database file, so that recording the end needs room.
    let _ = place
        .database()
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    let filler = disk.fill();
    place.let_go();
    wait_for_death(engine);
    worker.wait_until_says("cannot be recorded yet");
    assert_eq!(place.status_of(&run), "running");
    fs::remove_file(filler).unwrap();
    place.wait_for_status(&next, "succeeded");
    worker.stops();
    place.is_sound(&run, "succeeded", &["succeeded"]);
    place.is_sound(&next, "succeeded", &["succeeded"]);
    Ok(())
}

fn no_run_is_claimed_for_a_full_disk_and_one_that_found_it_full_is_tried_again() -> Tried {
    let mut place = Place::new();
    place.hurry();
    let disk = SmallDisk::mount(&place.path("runs"), 4096)?;
    place.set("ADE_RUNS_DIR", place.path("runs"));
    place.holding("config", "");
    place.members("members.csv");
    place.warm("config");
    let (run, mut worker) = place.begun("one");
    let filler = disk.fill();
    place.let_go();
    worker.wait_until_says("queued");
    worker.wait_until_says("is full: no run is claimed");
    fs::remove_file(filler).unwrap();
    place.wait_for_status(&run, "succeeded");
    worker.stops();
    // Failures that are the disk's fault do not count.
    assert_eq!(place.outcomes(&run), ["succeeded"]);
    Ok(())
}

fn a_database_that_is_read_only_is_said_to_be_and_nothing_is_lost() -> Tried {
    let (place, disk, run) = queued_on(4096)?;
    if !disk.remount("ro") {
        return Err(Missing(
            "the small disk cannot be made read-only".to_owned(),
        ));
    }
    let refused = place.ade("worker --drain").code(5);
    refused.says("hint:");
    place.ade("run config members.csv").code(5);
    assert!(disk.remount("rw"));
    place.drains(&run);
    Ok(())
}

fn what_stays_waits_at_its_start_for_room() -> Tried {
    for (line, started) in [
        ("worker --concurrency 1", "looking for work"),
        ("serve --port 0", "serving on"),
    ] {
        let (place, disk, run) = queued_on(2048)?;
        let filler = disk.fill();
        // If a person waits, the command says it at once.
        place.ade("worker --drain").code(5).says("hint:");
        if line.starts_with("worker") {
            let mut waits = place.start(line);
            waits.wait_until_says("until there is room");
            waits.stops();
        }
        let mut stays = place.start(line);
        stays.wait_until_says("until there is room");
        fs::remove_file(filler).unwrap();
        stays.wait_until_says(started);
        if line.starts_with("worker") {
            place.wait_for_status(&run, "succeeded");
        }
        stays.stops();
    }
    Ok(())
}

fn what_frees_room_works_on_a_full_disk() -> Tried {
    let mut place = Place::new();
    place.hurry();
    let disk = SmallDisk::mount(&place.path("data/db"), 100 * 1024)?;
    place.configuration("config");
    place.members("members.csv");
    place.ade("run config members.csv -q").success();
    let ballast = place.path("data/db/ballast");
    let keep = |place: &Place| {
        let worker = place.start_worker("one");
        wait_for("the ballast", || ballast.exists());
        worker.stops();
    };
    for (line, says) in [
        ("runs ls", "members.csv"),
        ("migrate", "is up to date"),
        ("runs rm latest", "removed"),
        ("env gc", "freed"),
    ] {
        keep(&place);
        let filler = disk.fill();
        place.ade_prints(line, says);
        assert!(!ballast.exists(), "{line}");
        fs::remove_file(filler).unwrap();
    }
    Ok(())
}

fn a_migration_says_how_much_room_it_needs_and_takes_the_ballast_for_it() -> Tried {
    let place = Place::new();
    let disk = SmallDisk::mount(&place.path("data/db"), 8192)?;
    let (database, ballast) = (
        place.path("data/db/ade.sqlite"),
        place.path("data/db/ballast"),
    );
    let before = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v3.sql");
    rusqlite::Connection::open(&database)
        .unwrap()
        .execute_batch(&fs::read_to_string(before).unwrap())
        .unwrap();
    let size = fs::metadata(&database).unwrap().len();
    let filler = disk.fill();
    let refused = place.ade("migrate").code(5);
    refused
        .says("of free space beside it, for a backup")
        .says("`ade runs rm`");
    // A little room that is not enough has the same result.
    fs::OpenOptions::new()
        .write(true)
        .open(&filler)
        .and_then(|file| file.set_len(file.metadata()?.len() - size - 65_536))
        .unwrap();
    place
        .ade("migrate")
        .code(5)
        .says("of free space beside it, for a backup");
    let version = "SELECT max(version) FROM schema_migrations";
    assert_eq!(place.query::<i64>(version), 3);
    fs::remove_file(&filler).unwrap();
    fs::write(&ballast, vec![1; 4 << 20]).unwrap();
    disk.fill();
    place.ade_prints("migrate", "is up to date");
    assert!(!ballast.exists());
    Ok(())
}
