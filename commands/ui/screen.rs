//! A view that is redrawn in place, on the terminal's alternate screen.

use console::Term;

/// The alternate screen. Dropping it restores the cursor and the former content of the terminal.
pub struct Screen {
    terminal: Term,
}

impl Screen {
    /// Switches the terminal to the alternate screen. `None`: standard output is not a terminal.
    pub fn open() -> Option<Self> {
        let terminal = Term::stdout();
        if !terminal.is_term() {
            return None;
        }
        let _ = terminal.hide_cursor();
        let screen = Self { terminal };
        screen.write("\x1b[?1049h");
        Some(screen)
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
            frame.push_str(line);
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
    }
}
