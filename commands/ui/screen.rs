//! A view that is redrawn in place, on the terminal's alternate screen, until a key ends it.

use std::io::{IsTerminal, Read};

use console::Term;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::clean;

/// The alternate screen. Dropping it restores the cursor, the keys and the former content of the terminal.
pub struct Screen {
    terminal: Term,
    /// How the keys were read before.
    keys: Option<Termios>,
}

impl Screen {
    /// Switches the terminal to the alternate screen. `None`: standard output is not a terminal.
    pub fn open() -> Option<Self> {
        let terminal = Term::stdout();
        if !terminal.is_term() {
            return None;
        }
        let _ = terminal.hide_cursor();
        let screen = Self {
            terminal,
            keys: read_single_keys(),
        };
        screen.write("\x1b[?1049h");
        Some(screen)
    }

    /// Calls a function once `q` is pressed.
    pub fn on_q(&self, quit: impl FnOnce() + Send + 'static) {
        if self.keys.is_none() {
            return;
        }
        // The thread ends with the process: it waits for a key, and nothing else.
        std::thread::spawn(move || {
            let pressed = std::io::stdin().lock().bytes().map_while(Result::ok);
            if pressed.into_iter().any(|key| key == b'q' || key == b'Q') {
                quit();
            }
        });
    }

    /// How many characters a line has.
    pub fn width(&self) -> usize {
        usize::from(self.terminal.size().1)
    }

    /// Replaces what was drawn before. Lines that do not fit on the screen are left out.
    pub fn draw(&self, lines: &[String]) {
        let height = usize::from(self.terminal.size().0).saturating_sub(1);
        let mut frame = String::from("\x1b[H");
        for line in lines.iter().take(height) {
            frame.push_str(&clean(line));
            frame.push_str("\x1b[K\n");
        }
        frame.push_str("\x1b[J");
        self.write(&frame);
    }

    fn write(&self, text: &str) {
        let _ = self.terminal.write_str(text);
        let _ = self.terminal.flush();
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.write("\x1b[?1049l");
        let _ = self.terminal.show_cursor();
        if let Some(keys) = &self.keys {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, keys);
        }
    }
}

/// Has the terminal pass on each key at once and print none; Ctrl-C stays a signal. Returns how keys were read before, and
/// `None` if they come from elsewhere.
fn read_single_keys() -> Option<Termios> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return None;
    }
    let before = tcgetattr(&stdin).ok()?;
    let mut single = before.clone();
    single.local_modes -= LocalModes::ICANON | LocalModes::ECHO;
    tcsetattr(&stdin, OptionalActions::Now, &single).ok()?;
    Some(before)
}
