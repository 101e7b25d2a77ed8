//! Output on a terminal: progress that is cleared, colours, questions.

use crate::common;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use common::{Place, wait_for};

/// The columns of a terminal, and those of a narrow one.
const WIDTH: usize = 120;
const NARROW: usize = 80;

/// An `ade` on a terminal of its own, with a person in front of it.
struct OnTerminal {
    child: Child,
    /// The person's side.
    master: File,
    /// The text that was written there so far.
    text: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl OnTerminal {
    fn start(place: &Place, line: &str, width: usize) -> Self {
        let (mut master, mut slave) = (-1, -1);
        let size = libc::winsize {
            ws_row: 40,
            ws_col: u16::try_from(width).unwrap(),
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        let (none, same) = (std::ptr::null_mut(), std::ptr::null_mut());
        let size = (&raw const size).cast_mut();
        // SAFETY: the call writes both numbers, which are local; the other arguments are optional.
        let opened = unsafe { libc::openpty(&raw mut master, &raw mut slave, none, same, size) };
        assert_eq!(opened, 0, "no terminal");
        // SAFETY: the descriptors were just opened.
        let (master, slave) =
            unsafe { (OwnedFd::from_raw_fd(master), OwnedFd::from_raw_fd(slave)) };
        let mut command = place.command();
        command
            .args(line.split_whitespace())
            .env_remove("NO_COLOR")
            .env("TERM", "xterm-256color")
            .stdin(slave.try_clone().unwrap())
            .stdout(slave.try_clone().unwrap())
            .stderr(slave);
        // SAFETY: two plain system calls between fork and exec, on standard input.
        unsafe {
            command.pre_exec(|| {
                // A session of its own, with this terminal: keys that are typed there send it signals.
                libc::setsid();
                libc::ioctl(0, libc::TIOCSCTTY, 0);
                Ok(())
            });
        }
        let child = command.spawn().unwrap();
        let text = Arc::new(Mutex::new(Vec::new()));
        let (kept, mut read) = (Arc::clone(&text), File::from(master.try_clone().unwrap()));
        let reader = std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            // Linux ends a terminal whose other side is closed with an error.
            while let Ok(count @ 1..) = read.read(&mut chunk) {
                kept.lock().unwrap().extend_from_slice(&chunk[..count]);
            }
        });
        Self {
            child,
            master: File::from(master),
            text,
            reader,
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().unwrap()).into_owned()
    }

    /// Types these keys once this is shown.
    fn types(&mut self, shown: &str, keys: &[u8]) {
        wait_for(shown, || self.text().contains(shown));
        self.master.write_all(keys).unwrap();
    }

    /// Waits until it ends with this status. Returns all its output.
    #[track_caller]
    fn ends_with(mut self, status: i32) -> String {
        let ended = self.child.wait().unwrap().code();
        let text = Arc::clone(&self.text);
        self.reader.join().unwrap();
        let text = String::from_utf8_lossy(&text.lock().unwrap()).into_owned();
        assert_eq!(ended, Some(status), "{text}");
        text
    }
}

/// Runs `ade` on a terminal until it ends with this status. Returns all its output.
#[track_caller]
fn drawn(place: &Place, line: &str, width: usize, status: i32) -> String {
    OnTerminal::start(place, line, width).ends_with(status)
}

/// Returns the lines that a person sees at the end on a screen of this width, after every movement of the cursor.
fn seen(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<Vec<char>> = vec![Vec::new()];
    let (mut row, mut column) = (0_usize, 0_usize);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' => column = 0,
            '\n' => row += 1,
            '\u{1b}' => {
                letters.next();
                let mut number = String::new();
                let is_digit = |letter: &char| letter.is_ascii_digit() || "?;".contains(*letter);
                number.extend(std::iter::from_fn(|| letters.next_if(is_digit)));
                let count = number.parse::<usize>().unwrap_or(1);
                match letters.next() {
                    Some('A') => row = row.saturating_sub(count),
                    Some('B') => row += count,
                    Some('C') => column += count,
                    Some('D') => column = column.saturating_sub(count),
                    Some('K') if number == "2" => lines[row].clear(),
                    Some('K') => lines[row].truncate(column),
                    Some('J') => lines.truncate(row + 1),
                    _ => {}
                }
            }
            letter => {
                // A full line continues in the next one.
                if column == width {
                    (row, column) = (row + 1, 0);
                }
                lines.resize(lines.len().max(row + 1), Vec::new());
                let line = &mut lines[row];
                line.resize(line.len().max(column + 1), ' ');
                line[column] = letter;
                column += 1;
            }
        }
        lines.resize(lines.len().max(row + 1), Vec::new());
    }
    let lines = lines.into_iter().map(String::from_iter);
    let lines = lines.map(|line: String| line.trim_end().to_owned());
    lines.filter(|line| !line.is_empty()).collect()
}

#[test]
fn a_build_shows_its_steps_and_packages_as_they_come() {
    let place = Place::cold();
    let text = drawn(&place, "run config members.csv", WIDTH, 0);
    // A spinner was drawn, and what was drawn was cleared.
    for either in [
        ["⠋", "⠙", "⠋"],
        ["\u{1b}[2K", "\u{1b}[K", "\u{1b}[J"],
        ["verify imports"; 3],
        ["\u{1b}[32m✓"; 3],
    ] {
        assert!(either.iter().any(|part| text.contains(part)), "{text}");
    }
    let last = text.trim_end().lines().last().unwrap();
    assert!(last.contains("members_normalized.xlsx"), "{last}");
}

/// Checks all of it in one place, since building an environment takes long.
#[test]
fn what_is_drawn_fits_the_terminal() {
    let place = Place::ready();
    let mut top = OnTerminal::start(&place, "top", WIDTH);
    top.types("Nothing runs", b"xq");
    assert!(!top.ends_with(0).contains("xq"), "keys are not printed");
    let quiet = "run config members.csv -q --color never";
    assert!(!drawn(&place, quiet, WIDTH, 0).contains('\u{1b}'));
    several_files_have_a_line_each_that_fits_the_terminal(&place);
    values_that_messages_leave_out_are_shown_on_request_and_kept_nowhere(&place);
    what_was_noticed_is_broken_between_words_to_fit(&place);
    for (line, words, status) in [
        ("run config absent.csv", "absent.csv", 2),
        ("settings", "memory.", 0),
        (
            "env ls --data-dir a-rather-long-name-of-a-folder-that-is-not-there -w somebody",
            "builds",
            0,
        ),
    ] {
        let lines = seen(&drawn(&place, line, NARROW, status), NARROW);
        let is_whole = |line: &String| line.split(' ').any(|word| word == words);
        assert!(lines.iter().any(is_whole), "{line}: {lines:#?}");
    }
}

fn several_files_have_a_line_each_that_fits_the_terminal(place: &Place) {
    place.members("inbox/members_of_the_north.csv");
    place.write("inbox/two.xlsx", "no workbook at all");
    for (width, file, output) in [
        (NARROW, "members_…north.csv", ""),
        (WIDTH, "members_of_the_north.csv", "  OUTPUT"),
    ] {
        let text = drawn(place, "run config inbox -o clean --jobs 1", width, 1);
        let lines = seen(&text, width);
        let rest = " ".repeat(file.chars().count() - 4);
        assert_eq!(
            lines[0],
            format!("  FILE{rest}  TABLES  ROWS READ   FIELDS  ISSUES  SECONDS{output}")
        );
        let begins = format!("✓ {file}       1          1      2/2       0");
        assert!(lines[1].starts_with(&begins), "{lines:#?}");
        let failed = lines[2].starts_with("✗ two.xlsx") && lines[2].ends_with("  failed");
        assert!(failed, "{lines:#?}");
        // The path of a copy is in the line if there is room, and otherwise at the end.
        let path = "  clean/members_of_the_north_normalized.xlsx";
        assert_eq!(lines[1].ends_with(path), width == WIDTH, "{lines:#?}");
        let place_of_all = "the workbooks are in clean".to_owned();
        assert_eq!(lines.contains(&place_of_all), width == NARROW, "{lines:#?}");
        let mut words = lines.iter().flat_map(|line| line.split(' '));
        assert!(words.any(|word| word == "workbook:"), "{lines:#?}");
    }
}

fn values_that_messages_leave_out_are_shown_on_request_and_kept_nowhere(place: &Place) {
    place.write("marked.csv", "Name,Email\ntok000en,tok001en@example.org\n");
    let configuration = place.configuration("config");
    let hook = configuration.hook("on_table_mapped", "fail(table)", "int(table[\"name\"][0])");
    let text = drawn(place, "run config marked.csv --show-values", WIDTH, 1);
    let words = "invalid literal for int() with base 10: 'tok000en'";
    assert!(text.contains(words), "{text}");
    let text = drawn(place, "run config marked.csv", WIDTH, 1);
    assert!(!text.contains("tok000en"), "{text}");
    let runs = place.files_below("data/workspaces/default/runs");
    let is_log = |name: &&String| !name.contains("put/") && !name.contains(".venv");
    for name in runs.iter().filter(is_log) {
        let text = place.read(format!("data/workspaces/default/runs/{name}"));
        assert!(!text.contains("tok000en"), "{name}: {text}");
    }
    std::fs::remove_file(hook).unwrap();
}

fn what_was_noticed_is_broken_between_words_to_fit(place: &Place) {
    let words = "Start date: read day-first; 40 of 40 cells leave it open, and there is no other column of dates that could say more (date_order in settings.toml decides)";
    let data = serde_json::json!({
        "notices": [{"code": "wordy", "level": "warning", "message": words}, {"code": "calm", "level": "info", "message": words}],
        "readings": [{"sheet": "members", "table": 0, "ambiguous": true, "message": words}],
    });
    let event = serde_json::json!({"event": "engine.run.noticed", "data": data}).to_string();
    let says = format!("import atexit, sys; atexit.register(print, {event:?}, file=sys.stderr)");
    let configuration = place.configuration("config");
    let hook = configuration.hook("on_workbook_start", "notice()", &says);
    for (line, wanted) in [
        (
            "run config members.csv",
            "  ! Start date: read day-first; 40 of 40 cells leave it open, and there is no
    other column of dates that could say more (date_order in settings.toml
    decides)
  Start date: read day-first; 40 of 40 cells leave it open, and there is no
  other column of dates that could say more (date_order in settings.toml
  decides)",
        ),
        (
            "runs show latest",
            "warning        wordy Start date: read day-first; 40 of 40 cells leave it open,
               and there is no other column of dates that could say more
               (date_order in settings.toml decides)",
        ),
    ] {
        let text = drawn(place, line, NARROW, 0);
        let screen = seen(&text, NARROW).join("\n");
        assert!(screen.contains(wanted), "{line}:\n{screen}");
        // The mark has its colour, and so have the words.
        assert!(text.contains("\u{1b}[33m"), "{text:?}");
    }
    std::fs::remove_file(hook).unwrap();
}

#[test]
fn ctrl_c_leaves_nothing_of_what_was_drawn() {
    let (place, gate) = Place::gated();
    place.members("others.csv");
    let line = "run config members.csv others.csv --jobs 1 --color never";
    let mut terminal = OnTerminal::start(&place, line, WIDTH);
    gate.wait_until_reached();
    terminal.types("⠙", b"\x03");
    let lines = seen(&terminal.ends_with(130), WIDTH);
    assert!(lines[0].starts_with("  FILE         TABLES"), "{lines:#?}");
    let ended = lines[1].starts_with("✗ members.csv ") && lines[1].ends_with("  cancelled");
    assert!(ended, "{lines:#?}");
    assert_eq!(
        lines[2..],
        [
            "not started: others.csv",
            "0 of 2 files normalized, 1 cancelled, 1 not started"
        ]
    );
    // A run that did not begin is not recorded.
    assert_eq!(place.statuses(), ["cancelled"]);
}

#[test]
fn a_second_ctrl_c_kills_and_clears_the_terminal_too() {
    let place = Place::ready();
    let (gate, asked) = (place.gate("gate"), place.gate("asked"));
    let show = format!(
        "import signal\nsignal.signal(signal.SIGTERM, lambda *_: open({:?}, \"w\").close())",
        asked.reached
    );
    place.configuration("config").wait_at_with(&gate, &show, "");
    // The run ignores the signal, and shows that it received it: the first Ctrl-C has arrived.
    let line = "run config members.csv --color never";
    let mut terminal = OnTerminal::start(&place, line, WIDTH);
    gate.wait_until_reached();
    terminal.types("⠙", b"\x03");
    asked.wait_until_reached();
    terminal.types("⠙", b"\x03");
    let left = seen(&terminal.ends_with(130), WIDTH);
    place.nothing_runs();
    let names_it = |line: &String| line.contains("members.csv");
    assert!(!left.iter().any(names_it), "{left:?}");
}

#[test]
fn with_several_files_it_is_shown_how_many_of_them_have_ended() {
    let place = Place::ready();
    let gate = place.gate("gate");
    let waits = format!(
        "import os, time\nwhile input_file_name.startswith(\"two\") and not os.path.exists({:?}): time.sleep(0.01)",
        gate.open
    );
    let configuration = place.configuration("config");
    configuration.hook("on_workbook_start", "wait(input_file_name)", &waits);
    place.all_members(["one.csv", "two.csv", "three.csv"]);
    let line = "run config one.csv two.csv three.csv --jobs 1";
    let terminal = OnTerminal::start(&place, line, WIDTH);
    // Progress of simultaneous work is in lines of its own.
    wait_for("two lines", || {
        let drawn = seen(&terminal.text(), WIDTH);
        let line_with = |words: &str| drawn.iter().rposition(|line| line.contains(words));
        let (count, file) = (line_with(" 1 of 3 files "), line_with(" two.csv "));
        count.is_some_and(|count| file == Some(count + 1))
    });
    gate.open();
    let text = terminal.ends_with(0);
    // The progress is drawn to the end, and counts the last file, too.
    for count in ["2 of 3 files", "3 of 3 files "] {
        assert!(text.contains(count), "{text}");
    }
    let mut lines = seen(&text, WIDTH);
    lines.retain(|line| line.contains(" of 3"));
    assert_eq!(lines, ["3 of 3 files normalized"]);
}

#[test]
fn many_runs_are_removed_by_filters_only_after_a_yes() {
    let place = Place::cold();
    let names: Vec<String> = (0..11).map(|number| format!("m{number}.csv")).collect();
    place.all_members(&names);
    let all = "runs rm --status succeeded";
    let fill = || {
        let line = format!("run config {} --dry-run -q", names.join(" "));
        place.ade(&line).success();
    };
    let answered = |answer: &[u8], status: i32| {
        let mut asked = OnTerminal::start(&place, all, WIDTH);
        asked.types("Remove 11 runs? [y/N]", answer);
        asked.ends_with(status)
    };
    fill();
    for no in [b"\n".as_slice(), b"yep\n"] {
        assert!(answered(no, 130).contains("Nothing was removed"));
    }
    // `ade` does not ask before a dry run, or before the removal of few runs or of named ones.
    for (flag, left) in [("--dry-run", 11), ("--input m0.csv", 10)] {
        drawn(&place, &format!("{all} {flag}"), WIDTH, 0);
        assert_eq!(place.statuses().len(), left);
    }
    place.ade("run config m0.csv --dry-run -q").success();
    answered(b"y\n", 0);
    assert!(place.statuses().is_empty());
    fill();
    drawn(&place, &format!("{all} -y"), WIDTH, 0);
    assert!(place.statuses().is_empty());
    // A script has nobody to answer.
    fill();
    place.ade_says(all, "11 runs removed");
}

#[test]
fn questions_about_samples_are_asked_in_two_rounds_and_skipped_ones_only_once() {
    let place = Place::cold();
    // The sizes of their numbers are all that two senders' columns have in common.
    for (file, headers) in [
        ("a.csv", "Zork Grumpf Blib Snarl Wump Yelt Dref Plom"),
        ("b.csv", "Blah Quux Frob Tizz Moop Kerf Vang Jick"),
    ] {
        let mut lines = vec![format!("No {headers}").replace(' ', ",")];
        lines.extend((1..=12).map(|row: usize| {
            let odd = |column: usize| (row * 37 + column * 53 + file.len() * row) % 89;
            let cell =
                |column: usize| (1.0 + odd(column) as f64 / 100.0) * 7_f64.powi(column as i32);
            let cells: Vec<String> = (0..8)
                .map(|column| format!("{:.2}", cell(column)))
                .collect();
            format!("{}{row},{}", &file[..1], cells.join(","))
        }));
        place.write(file, lines.join("\n") + "\n");
    }
    let mut terminal = OnTerminal::start(&place, "init new --from a.csv b.csv", WIDTH);
    for (number, keys) in (1..).zip(["y", "y", "n", "y", "y", "", "y", "?"]) {
        let shown = format!("{number} of 8: Is this the same as");
        terminal.types(&shown, format!("{keys}\n").as_bytes());
    }
    let text = terminal.ends_with(0);
    assert!(
        text.contains("8 questions. Press Enter to skip one."),
        "{text}"
    );
    assert!(
        text.contains("[y] same  [n] different  [?] later:"),
        "{text}"
    );
    assert!(!text.contains(" of 9:"), "{text}");
    // The id; five fields by answers, and one since nothing else was left then; and two columns of each sender alone.
    assert!(
        text.contains("11 fields from 24 records of 2 samples"),
        "{text}"
    );
}
