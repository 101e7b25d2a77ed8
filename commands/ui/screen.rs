//! A view that is redrawn in place, on the terminal's alternate screen, until a key ends it.

use std::io::{IsTerminal, Read};

use console::Term;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::clean;

/// The alternate screen. When it is dropped, it restores the cursor, the keys and the former content of the terminal.
pub struct Screen {
    terminal: Term,
    /// The former key settings of the terminal.
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

    /// Calls a function when `q` is pressed.
    pub fn on_q(&self, quit: impl FnOnce() + Send + 'static) {
        if self.keys.is_none() {
            return;
        }
        // The thread only waits for a key, and ends with the process.
        std::thread::spawn(move || {
            let pressed = std::io::stdin().lock().bytes().map_while(Result::ok);
            if pressed.into_iter().any(|key| key == b'q' || key == b'Q') {
                quit();
            }
        });
    }

    /// Returns the number of characters in a line.
    pub fn width(&self) -> usize {
        usize::from(self.terminal.size().1)
    }

    /// Replaces the previous lines. Lines that do not fit on the screen are left out.
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

/// Makes the terminal pass on each key at once without printing it; Ctrl-C is still a signal. Returns the former settings, or
/// `None` if input does not come from a terminal.
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
