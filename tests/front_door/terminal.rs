//! What is drawn on a terminal: progress that is cleared, and colours.

use crate::common;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use common::{Place, wait_for};

/// The columns of the terminal.
const WIDTH: usize = 120;
/// Those of a narrow one.
const NARROW: usize = 80;

/// An `ade` on a terminal of its own, with a person in front of it.
struct OnTerminal {
    child: Child,
    /// The person's side.
    master: File,
    /// All that was written there so far.
    text: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl OnTerminal {
    fn start(place: &Place, line: &str) -> Self {
        Self::start_on(place, line, WIDTH)
    }

    fn start_on(place: &Place, line: &str, width: usize) -> Self {
        let (mut master, mut slave) = (-1, -1);
        let size = libc::winsize {
            ws_row: 40,
            ws_col: u16::try_from(width).unwrap(),
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
        drop(command);
        let text = Arc::new(Mutex::new(Vec::new()));
        let reader = {
            let (text, master) = (Arc::clone(&text), master.try_clone().unwrap());
            std::thread::spawn(move || {
                let mut master = File::from(master);
                let mut chunk = [0; 4096];
                // Linux ends a terminal whose other side is closed with an error.
                while let Ok(read @ 1..) = master.read(&mut chunk) {
                    text.lock().unwrap().extend_from_slice(&chunk[..read]);
                }
            })
        };
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

    fn wait_until_shows(&self, wanted: &str) {
        wait_for(wanted, || self.text().contains(wanted));
    }

    fn types(&mut self, keys: &[u8]) {
        self.master.write_all(keys).unwrap();
    }

    /// Its exit status, and all that it wrote.
    fn wait(mut self) -> (Option<i32>, String) {
        let status = self.child.wait().unwrap().code();
        self.reader.join().unwrap();
        let text = self.text.lock().unwrap();
        (status, String::from_utf8_lossy(&text).into_owned())
    }
}

/// Runs `ade` on a terminal of its own and returns its exit status and all that it wrote there.
fn on_a_terminal(place: &Place, line: &str) -> (Option<i32>, String) {
    OnTerminal::start(place, line).wait()
}

/// What a person sees in the end: the lines of a screen of this width, after every movement of the cursor.
fn seen(text: &str) -> Vec<String> {
    seen_on(text, WIDTH)
}

fn seen_on(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<Vec<char>> = vec![Vec::new()];
    let (mut row, mut column) = (0, 0);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' => column = 0,
            '\n' => {
                row += 1;
                lines.resize(lines.len().max(row + 1), Vec::new());
            }
            '\u{1b}' => {
                letters.next();
                let mut number = String::new();
                let command = loop {
                    match letters.next() {
                        Some(digit) if digit.is_ascii_digit() || "?;".contains(digit) => {
                            number.push(digit);
                        }
                        Some(command) => break command,
                        None => return Vec::new(),
                    }
                };
                let count = number.parse::<usize>().unwrap_or(1);
                match command {
                    'A' => row = row.saturating_sub(count),
                    'B' => row += count,
                    'C' => column += count,
                    'D' => column = column.saturating_sub(count),
                    'K' if number == "2" => lines[row].clear(),
                    'K' => lines[row].truncate(column),
                    'J' => lines.truncate(row + 1),
                    _ => {}
                }
                lines.resize(lines.len().max(row + 1), Vec::new());
            }
            letter => {
                // A full line goes on in the next one.
                if column == width {
                    (row, column) = (row + 1, 0);
                    lines.resize(lines.len().max(row + 1), Vec::new());
                }
                let line = &mut lines[row];
                line.resize(line.len().max(column + 1), ' ');
                line[column] = letter;
                column += 1;
            }
        }
    }
    let lines = lines.into_iter().map(String::from_iter);
    lines
        .map(|line: String| line.trim_end().to_owned())
        .collect()
}

#[test]
fn a_build_shows_its_steps_and_packages_as_they_come() {
    let place = Place::cold();
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

/// One place for all of it: an environment of its own takes long.
#[test]
fn what_is_drawn_fits_the_terminal_and_does_not_control_it() {
    let place = Place::ready();
    q_leaves_top(&place);
    nothing_is_drawn_where_quiet_or_a_dumb_terminal_asks_for_it(&place);
    several_files_have_a_line_each_that_fits_the_terminal(&place);
    values_that_messages_leave_out_are_shown_on_request_and_kept_nowhere(&place);
    std::fs::remove_file(place.path("config/src/ade_config/hooks/fail.py")).unwrap();
    what_was_noticed_is_broken_between_words_to_fit(&place);
    std::fs::remove_file(place.path("config/src/ade_config/hooks/notice.py")).unwrap();
    no_name_and_no_printed_line_controls_the_terminal(&place);
}

fn q_leaves_top(place: &Place) {
    let mut terminal = OnTerminal::start(place, "top");
    terminal.wait_until_shows("Nothing runs");
    terminal.types(b"xq");
    let (status, text) = terminal.wait();
    assert_eq!(status, Some(0), "{text}");
    // The keys are not printed.
    assert!(!text.contains("xq"), "{text}");
}

fn nothing_is_drawn_where_quiet_or_a_dumb_terminal_asks_for_it(place: &Place) {
    let (status, text) = on_a_terminal(place, "run config members.csv -q --color never");
    assert_eq!(status, Some(0));
    assert!(!text.contains('\u{1b}'), "{text:?}");
    let (_, text) = on_a_terminal(place, "runs ls --color auto");
    assert!(text.contains("members.csv"), "{text}");
}

fn several_files_have_a_line_each_that_fits_the_terminal(place: &Place) {
    place.members("inbox/members_of_the_north.csv");
    place.write("inbox/two.xlsx", "no workbook at all");
    for (width, wanted) in [
        (
            NARROW,
            [
                "  FILE                TABLES  ROWS READ   FIELDS  ISSUES  SECONDS",
                "✓ members_…north.csv       1          1      2/2       0",
                "✗ two.xlsx",
            ],
        ),
        (
            WIDTH,
            [
                "  FILE                      TABLES  ROWS READ   FIELDS  ISSUES  SECONDS  OUTPUT",
                "✓ members_of_the_north.csv       1          1      2/2       0",
                "✗ two.xlsx",
            ],
        ),
    ] {
        let line = "run config inbox -o clean --jobs 1";
        let (status, text) = OnTerminal::start_on(place, line, width).wait();
        assert_eq!(status, Some(1), "{text}");
        let lines: Vec<String> = seen_on(&text, width)
            .into_iter()
            .filter(|line| !line.is_empty())
            .collect();
        for (line, wanted) in lines.iter().zip(wanted) {
            assert!(line.starts_with(wanted), "{width}: {lines:#?}");
        }
        assert!(lines[2].ends_with("  failed"), "{width}: {lines:#?}");
        // The path of a copy stands in the line if there is room, else in the end.
        let path = "  clean/members_of_the_north_normalized.xlsx";
        assert_eq!(lines[1].ends_with(path), width == WIDTH, "{lines:#?}");
        let place_of_all = "the workbooks are in clean".to_owned();
        assert_eq!(lines.contains(&place_of_all), width == NARROW, "{lines:#?}");
        let words: Vec<&str> = lines.iter().flat_map(|line| line.split(' ')).collect();
        assert!(
            words.contains(&"workbook:"),
            "no word is broken: {lines:#?}"
        );
    }
}

fn values_that_messages_leave_out_are_shown_on_request_and_kept_nowhere(place: &Place) {
    place.write("marked.csv", "Name,Email\ntok000en,tok001en@example.org\n");
    let configuration = place.configuration("config");
    configuration.hook("on_table_mapped", "fail(table)", "int(table[\"name\"][0])");
    let (status, text) = on_a_terminal(place, "run config marked.csv --show-values");
    assert_eq!(status, Some(1), "{text}");
    assert!(
        text.contains("invalid literal for int() with base 10: 'tok000en'"),
        "{text}"
    );
    let (_, text) = on_a_terminal(place, "run config marked.csv");
    assert!(!text.contains("tok000en"), "{text}");
    let runs = place.files_below("data/workspaces/default/runs");
    let logs = runs.iter().filter(|name| !name.contains("put/"));
    for name in logs.filter(|name| !name.contains(".venv")) {
        let text = place.read(format!("data/workspaces/default/runs/{name}"));
        assert!(!text.contains("tok000en"), "{name}: {text}");
    }
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
    configuration.hook("on_workbook_start", "notice()", &says);
    for (line, wanted) in [
        (
            "run config members.csv",
            [
                "  ! Start date: read day-first; 40 of 40 cells leave it open, and there is no",
                "    other column of dates that could say more (date_order in settings.toml",
                "    decides)",
                "  Start date: read day-first; 40 of 40 cells leave it open, and there is no",
                "  other column of dates that could say more (date_order in settings.toml",
                "  decides)",
            ]
            .as_slice(),
        ),
        (
            "runs show latest",
            [
                "warning        wordy Start date: read day-first; 40 of 40 cells leave it open,",
                "               and there is no other column of dates that could say more",
                "               (date_order in settings.toml decides)",
            ]
            .as_slice(),
        ),
    ] {
        let (status, text) = OnTerminal::start_on(place, line, NARROW).wait();
        assert_eq!(status, Some(0), "{text}");
        let drawn = seen_on(&text, NARROW);
        let found = drawn.windows(wanted.len()).any(|lines| lines == wanted);
        assert!(found, "{line}:\n{}", drawn.join("\n"));
        // The mark has its colour, and so have the words.
        assert!(text.contains("\u{1b}[33m"), "{text:?}");
    }
}

fn no_name_and_no_printed_line_controls_the_terminal(place: &Place) {
    let configuration = place.configuration("config");
    let prints = "print('out\\x1b[31m\\x9b2J\\r\\u202e')";
    configuration.hook("on_workbook_start", "prints(metadata)", prints);
    let name = "in\u{1b}[2J\u{202e}.csv";
    place.write(
        name,
        "Na\u{7}me,Email,Zorb\u{1b}[1m\nAnn,ann@example.org,1\n",
    );
    let run = |line: &str| place.ade_with(line.split(' ').chain([name]));
    let mut all = vec![run("run config"), run("run config --color always --json")];
    all.push(run("run config --detach"));
    all.push(place.ade("worker --drain"));
    for line in [
        "runs show latest",
        "runs ls",
        "explain latest",
        "logs tail",
        "top",
    ] {
        all.push(place.ade(line));
        all.push(place.ade(&format!("{line} --json")));
    }
    for told in &all {
        assert_eq!(told.status, 0, "{told}");
        let printed = format!("{}{}", told.stdout, told.stderr);
        let raw = printed.contains(['\u{1b}', '\u{9b}', '\r', '\u{7}', '\u{202e}']);
        assert!(!raw, "{printed:?}");
    }
    all[0].stdout_has("in\\u001b[2J\\u202e.csv");
    all[0].stderr_has("out\\u001b[31m\\u009b2J\\u000d\\u202e");
}

#[test]
fn ctrl_c_leaves_nothing_of_what_was_drawn() {
    let (place, gate) = Place::gated();
    place.members("others.csv");
    let mut terminal = OnTerminal::start(
        &place,
        "run config members.csv others.csv --jobs 1 --color never",
    );
    gate.wait_until_reached();
    terminal.wait_until_shows("⠙");
    terminal.types(b"\x03");
    let (status, text) = terminal.wait();
    assert_eq!(status, Some(130), "{text}");
    let mut lines = seen(&text);
    lines.retain(|line| !line.is_empty());
    let [header, ended, rest @ ..] = lines.as_slice() else {
        panic!("{text:?}");
    };
    assert!(header.starts_with("  FILE         TABLES"), "{lines:#?}");
    assert!(ended.starts_with("✗ members.csv "), "{lines:#?}");
    assert!(ended.ends_with("  cancelled"), "{lines:#?}");
    assert_eq!(
        rest,
        [
            "not started: others.csv",
            "0 of 2 files normalized, 1 cancelled, 1 not started"
        ]
    );
    assert_eq!(
        place.statuses(),
        ["cancelled"],
        "what did not begin is not recorded"
    );
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
    // It ignores the signal, and shows that it received it: the first Ctrl-C has arrived.
    let mut terminal = OnTerminal::start(&place, "run config members.csv --color never");
    gate.wait_until_reached();
    terminal.wait_until_shows("⠙");
    terminal.types(b"\x03");
    asked.wait_until_reached();
    terminal.types(b"\x03");
    let (status, text) = terminal.wait();
    assert_eq!(status, Some(130), "{text}");
    place.nothing_runs();
    let left = seen(&text);
    assert!(
        !left.iter().any(|line| line.contains("members.csv")),
        "{left:?}"
    );
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
    let terminal = OnTerminal::start(&place, "run config one.csv two.csv three.csv --jobs 1");
    terminal.wait_until_shows("1 of 3 files");
    // What is drawn at the same time stands in lines of its own.
    wait_for("two lines", || {
        let drawn = seen(&terminal.text());
        let line_with = |words: &str| drawn.iter().rposition(|line| line.contains(words));
        let (count, file) = (line_with(" 1 of 3 files "), line_with(" two.csv "));
        count.is_some_and(|count| file == Some(count + 1))
    });
    gate.open();
    let (status, text) = terminal.wait();
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("2 of 3 files"), "{text}");
    // Drawn to the end: the last file is counted too.
    assert!(text.contains("3 of 3 files "), "{text}");
    let counted = seen(&text)
        .into_iter()
        .filter(|line| line.contains(" of 3"));
    assert_eq!(counted.collect::<Vec<_>>(), ["3 of 3 files normalized"]);
}

#[test]
fn errors_hints_and_meanings_are_broken_between_words() {
    let place = Place::new();
    for (line, words) in [
        ("run config absent.csv", "absent.csv"),
        ("settings", "memory."),
        (
            "env ls --data-dir a-rather-long-name-of-a-folder-that-is-not-there -w somebody",
            "builds",
        ),
    ] {
        let (_, text) = OnTerminal::start_on(&place, line, NARROW).wait();
        let lines = seen_on(&text, NARROW);
        let is_whole = |line: &String| line.split(' ').any(|word| word == words);
        assert!(lines.iter().any(is_whole), "{line}: {lines:#?}");
    }
}

#[test]
fn many_runs_are_removed_by_filters_only_after_a_yes() {
    let place = Place::cold();
    let names: Vec<String> = (0..11).map(|number| format!("m{number}.csv")).collect();
    place.all_members(&names);
    let fill = || {
        place
            .ade(&format!("run config {} --dry-run -q", names.join(" ")))
            .succeeds();
    };
    fill();
    let all = "runs rm --status succeeded";
    let answered = |answer: &[u8]| {
        let mut asked = OnTerminal::start(&place, all);
        asked.wait_until_shows("Remove 11 runs? [y/N]");
        asked.types(answer);
        asked.wait()
    };
    for no in [b"\n".as_slice(), b"yep\n"] {
        let (status, text) = answered(no);
        assert_eq!(status, Some(130), "{text}");
        assert!(text.contains("Nothing was removed"), "{text}");
    }
    assert_eq!(place.statuses().len(), 11);
    // What is no removal, what is few, and what was named is not asked.
    let (status, _) = on_a_terminal(&place, &format!("{all} --dry-run"));
    assert_eq!(status, Some(0));
    let (status, _) = on_a_terminal(&place, &format!("{all} --input m0.csv"));
    assert_eq!((status, place.statuses().len()), (Some(0), 10));
    place.ade("run config m0.csv --dry-run -q").succeeds();
    let (status, text) = answered(b"y\n");
    assert_eq!((status, place.statuses().len()), (Some(0), 0), "{text}");
    fill();
    let (status, text) = on_a_terminal(&place, &format!("{all} -y"));
    assert_eq!((status, place.statuses().len()), (Some(0), 0), "{text}");
    // Nobody answers in a script.
    fill();
    place.ade_says(all, "11 runs removed");
}
