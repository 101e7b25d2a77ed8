//! Tests the promises of [`run`] with a shell.

use std::path::Path;
use std::thread;

use super::*;

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(script);
    command
}

fn run_script(script: &str) -> (ChildEnd, Vec<(Stream, String)>) {
    run_within(script, &ChildLimits::default())
}

fn run_within(script: &str, limits: &ChildLimits) -> (ChildEnd, Vec<(Stream, String)>) {
    let mut lines = Vec::new();
    let mut keep = |stream, line: &str| lines.push((stream, line.to_owned()));
    let outcome = run(&mut shell(script), &Cancel::new(), limits, &mut keep);
    (outcome.unwrap(), lines)
}

fn text(lines: &[(Stream, String)], wanted: Stream) -> Vec<&str> {
    let of_stream = lines.iter().filter(|(stream, _)| *stream == wanted);
    of_stream.map(|(_, line)| line.as_str()).collect()
}

/// Killed processes that were not reaped yet still have an entry, but no command line.
fn is_alive(id: &str) -> bool {
    if Path::new("/proc/self").exists() {
        return std::fs::read(format!("/proc/{id}/cmdline")).is_ok_and(|line| !line.is_empty());
    }
    let id: libc::pid_t = id.parse().unwrap();
    // SAFETY: signal 0 only asks.
    unsafe { libc::kill(id, 0) == 0 }
}

fn dies_soon(id: &str) -> bool {
    (0..200).any(|_| {
        thread::sleep(Duration::from_millis(5));
        !is_alive(id)
    })
}

#[test]
fn lines_of_both_streams_and_the_end_come_back() {
    let limits = ChildLimits {
        max_line_bytes: 10,
        ..ChildLimits::default()
    };
    for (script, exit, stdout, stderr) in [
        (
            r"echo one; echo two >&2; printf 'three\r\nlast'; exit 7",
            Exit::Code(7),
            "one|three|last",
            "two",
        ),
        // Bytes that are not text, empty lines, and a line that is too long.
        (
            r"printf 'a\377b\n\nc\n0123456789abcdef\n'",
            Exit::Code(0),
            "a\u{fffd}b||c|0123456789 … (6 more bytes)",
            "",
        ),
        ("kill -9 $$", Exit::Signal(9), "", ""),
        // Standard input is empty.
        ("cat; echo end", Exit::Code(0), "end", ""),
    ] {
        let (outcome, lines) = run_within(script, &limits);
        assert_eq!(outcome.exit, exit, "{script}");
        assert_eq!(text(&lines, Stream::Stdout).join("|"), stdout);
        assert_eq!(text(&lines, Stream::Stderr).join("|"), stderr);
    }
}

#[test]
fn much_output_on_both_streams_blocks_nobody() {
    let (outcome, lines) = run_script(
        "i=0; while [ $i -lt 20000 ]; do echo line-$i; echo error-$i >&2; i=$((i+1)); done",
    );
    assert!(outcome.exit.is_success());
    assert_eq!(text(&lines, Stream::Stdout).len(), 20000);
    assert_eq!(text(&lines, Stream::Stderr).last(), Some(&"error-19999"));
    // The kernel reports the child's usage.
    let used = outcome.usage;
    assert!(
        used.cpu_seconds > 0.001 && used.peak_memory_bytes > 100_000,
        "{used:?}"
    );
}

#[test]
fn a_program_that_does_not_exist_is_an_error() {
    let mut absent = Command::new("/no/such/program");
    let answer = run(
        &mut absent,
        &Cancel::new(),
        &ChildLimits::default(),
        &mut |_, _| {},
    );
    assert_eq!(answer.unwrap_err().kind(), io::ErrorKind::NotFound);
}

#[test]
fn a_child_whose_time_is_up_is_asked_to_end_and_then_killed() {
    let limits = |kill_after| ChildLimits {
        // Time enough to begin, on a machine that has much to do.
        timeout: Some(Duration::from_secs(1)),
        kill_after,
        ..ChildLimits::default()
    };
    let (outcome, lines) = run_within("echo before; sleep 60", &limits(Duration::from_secs(30)));
    assert_eq!(outcome.exit, Exit::TimedOut);
    assert_eq!(text(&lines, Stream::Stdout), ["before"]);
    assert!(outcome.wall < Duration::from_secs(20), "{:?}", outcome.wall);
    let script = "trap '' TERM; while true; do sleep 0.01; done";
    let (outcome, _) = run_within(script, &limits(Duration::from_millis(100)));
    assert_eq!(outcome.exit, Exit::TimedOut);
    assert!(outcome.wall >= Duration::from_millis(1100));
    assert!(outcome.wall < Duration::from_secs(30), "{:?}", outcome.wall);
}

#[test]
fn a_cancel_ends_the_child_and_gives_it_time_to_tidy_up() {
    let cancel = Cancel::new();
    let mut lines = Vec::new();
    let mut run = |script: &str| {
        let limits = ChildLimits::default();
        let outcome = run(&mut shell(script), &cancel, &limits, &mut |stream, line| {
            if line == "ready" {
                cancel.cancel();
            }
            // On standard error the shell remarks that its `sleep` was terminated.
            if stream == Stream::Stdout {
                lines.push(line.to_owned());
            }
        });
        assert_eq!(outcome.unwrap().exit, Exit::Cancelled);
    };
    run("trap 'echo tidied; exit 0' TERM; echo ready; while true; do sleep 0.01; done");
    // Nothing is started once cancelled.
    run("echo started");
    assert_eq!(lines, ["ready", "tidied"]);
}

#[test]
fn what_the_child_left_in_its_group_is_killed() {
    let started = Instant::now();
    let (outcome, lines) = run_script("sleep 60 & echo $!");
    assert!(outcome.exit.is_success());
    assert!(started.elapsed() < Duration::from_secs(3));
    assert!(dies_soon(&lines[0].1));
}

#[test]
fn a_panic_while_a_line_is_handled_leaves_no_process() {
    let mut id = String::new();
    let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let limits = ChildLimits::default();
        run(
            &mut shell("echo $$; sleep 60"),
            &Cancel::new(),
            &limits,
            &mut |_, line| {
                id = line.to_owned();
                panic!("on purpose");
            },
        )
    }));
    assert!(unwound.is_err());
    assert!(dies_soon(&id));
}

#[cfg(target_os = "linux")]
#[test]
fn a_grandchild_that_left_the_group_and_keeps_the_pipe_delays_nothing() {
    let started = Instant::now();
    let (outcome, lines) =
        run_script("setsid sh -c 'echo $$; exec sleep 60' & sleep 0.2; echo mine");
    assert!(outcome.exit.is_success());
    assert!(started.elapsed() < Duration::from_secs(3));
    assert_eq!(lines.len(), 2);
    let stray: libc::pid_t = lines[0].1.parse().unwrap();
    // SAFETY: ends the process that this test started.
    unsafe { libc::kill(stray, libc::SIGKILL) };
}
