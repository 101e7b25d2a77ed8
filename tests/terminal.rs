//! What is drawn on a terminal: progress that is cleared, and colours.

mod common;

use std::fs::File;
use std::io::Read;
use std::os::fd::{FromRawFd, OwnedFd};

use common::Place;

/// Runs `ade` on a terminal of its own and returns its exit status and all that it wrote there.
fn on_a_terminal(place: &Place, line: &str) -> (Option<i32>, String) {
    let (mut master, mut slave) = (-1, -1);
    let size = libc::winsize {
        ws_row: 40,
        ws_col: 120,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: the call writes both numbers, which are local; the other arguments are optional.
    let opened = unsafe {
        libc::openpty(
            &raw mut master,
            &raw mut slave,
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            (&raw const size).cast_mut(),
        )
    };
    assert_eq!(opened, 0, "no terminal");
    // SAFETY: the descriptors were just opened.
    let (master, slave) = unsafe { (OwnedFd::from_raw_fd(master), OwnedFd::from_raw_fd(slave)) };
    let mut command = place.command();
    command
        .args(line.split_whitespace())
        .env_remove("NO_COLOR")
        .env("TERM", "xterm-256color")
        .stdin(slave.try_clone().unwrap())
        .stdout(slave.try_clone().unwrap())
        .stderr(slave);
    let mut child = command.spawn().unwrap();
    drop(command);
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        let mut master = File::from(master);
        let mut chunk = [0; 4096];
        // Linux ends a terminal whose other side is closed with an error.
        while let Ok(read @ 1..) = master.read(&mut chunk) {
            text.extend_from_slice(&chunk[..read]);
        }
        String::from_utf8_lossy(&text).into_owned()
    });
    let status = child.wait().unwrap().code();
    (status, reader.join().unwrap())
}

#[test]
fn a_build_shows_its_steps_and_packages_as_they_come() {
    let place = Place::new();
    place.configuration("config");
    place.members("members.csv");
    let (status, text) = on_a_terminal(&place, "run config members.csv");
    assert_eq!(status, Some(0), "{text}");
    // A spinner was drawn, and what was drawn was cleared.
    assert!(text.contains('⠋') || text.contains('⠙'), "{text}");
    assert!(
        text.contains("\u{1b}[2K") || text.contains("\u{1b}[K") || text.contains("\u{1b}[J"),
        "{text}"
    );
    assert!(text.contains("verify imports"), "{text}");
    assert!(text.contains("\u{1b}[32m✓"), "{text}");
    let last = text.trim_end().lines().last().unwrap();
    assert!(last.contains("members_normalized.xlsx"), "{last}");
}

#[test]
fn nothing_is_drawn_where_quiet_or_a_dumb_terminal_asks_for_it() {
    let mut place = Place::ready();
    let (status, text) = on_a_terminal(&place, "run config members.csv -q --color never");
    assert_eq!(status, Some(0));
    assert!(!text.contains('\u{1b}'), "{text:?}");
    place.set("NO_COLOR", "1");
    let (_, text) = on_a_terminal(&place, "runs ls --color auto");
    assert!(text.contains("members.csv"), "{text}");
}
