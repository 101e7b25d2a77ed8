//! Progress: drawn on a terminal, plain lines if standard error is piped, nothing with `-q`.
//!
//! The drawing leaves the last columns of the terminal free, and the cursor in front of them ([`LineDrawing`]): a terminal prints
//! `^C` at the cursor. At the end of a full line that would add a line, which would not be cleared.

use std::fmt::Display;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use super::clean;
use super::terminal::Ui;
use super::tone::Tone;

/// The number of free columns: room for `^C` twice.
const FREE: usize = 4;

/// The frames of the spinner at the beginning of a line; the last one is for ended tasks.
const SPINNER: [&str; 11] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏", " "];

/// Prints progress. While something is drawn, all lines must go through it.
pub struct LiveLines<'a> {
    ui: &'a Ui,
    bars: Option<MultiProgress>,
}

/// One task in progress.
pub struct Task {
    bar: Option<ProgressBar>,
    /// The time when it began.
    pub since: Instant,
    last: Mutex<Option<Instant>>,
}

impl<'a> LiveLines<'a> {
    /// Makes the lines for the whole command.
    pub fn new(ui: &'a Ui) -> Self {
        let bars = ui
            .draws
            .then(|| MultiProgress::with_draw_target(LineDrawing::target()));
        Self { ui, bars }
    }

    /// Prints a line of progress, above the drawing.
    pub fn say(&self, text: impl Display) {
        self.pass_on(self.ui.fitted(text));
    }

    /// Prints a line of another program, above the drawing.
    pub fn pass_on(&self, text: impl Display) {
        match &self.bars {
            Some(bars) => {
                let _ = bars.println(clean(&text.to_string()));
            }
            None if !self.ui.quiet() => self.ui.log(text),
            None => {}
        }
    }

    /// Prints the line unless a drawing on the terminal already shows it.
    pub fn say_unless_drawn(&self, text: impl Display) {
        if self.bars.is_none() {
            self.ui.say(text);
        }
    }

    /// Hides the drawing while a function prints by itself.
    pub fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        match &self.bars {
            Some(bars) => bars.suspend(print),
            None => print(),
        }
    }

    /// Returns a function that clears the drawing, for a thread that ends the process.
    pub fn clear(&self) -> impl Fn() + Clone + Send + 'static + use<> {
        let bars = self.bars.clone();
        move || {
            if let Some(bars) = &bars {
                let _ = bars.clear();
            }
        }
    }

    /// Begins a task with this text.
    pub fn task(&self, text: &str) -> Task {
        let bar = self.bars.as_ref().map(|bars| {
            let template = if self.ui.err_color {
                "{spinner:.cyan} {wide_msg} {elapsed:.dim}"
            } else {
                "{spinner} {wide_msg} {elapsed}"
            };
            let template = format!("{template}{:FREE$}", "");
            let style = ProgressStyle::with_template(&template)
                .unwrap_or_else(|_| ProgressStyle::default_spinner());
            let bar = bars.add(ProgressBar::new_spinner().with_style(style.tick_strings(&SPINNER)));
            bar.set_message(clean(text).into_owned());
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Task {
            bar,
            since: Instant::now(),
            last: Mutex::new(None),
        }
    }

    /// Colours a text for standard error.
    pub fn paint(&self, tone: Tone, text: impl Display) -> String {
        self.ui.paint_err(tone, text)
    }
}

impl Task {
    /// Sets the current step of the task.
    pub fn update(&self, text: impl Display) {
        if let Some(bar) = &self.bar {
            bar.set_message(clean(&text.to_string()).into_owned());
        }
    }

    /// Returns whether enough time has passed for another plain line about the task.
    pub fn is_due(&self, every: Duration) -> bool {
        let mut last = self
            .last
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let due = last.unwrap_or(self.since).elapsed() >= every;
        if due {
            *last = Some(Instant::now());
        }
        due
    }

    /// Ends the task and removes its line.
    pub fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.end();
    }
}

/// Standard error with the cursor in front of the free columns whenever something is drawn.
///
/// The library fills each line with spaces, so that further output starts on the next line. That would leave the cursor after
/// the last column.
#[derive(Debug)]
struct LineDrawing {
    terminal: Term,
    /// Whether the last written line will be redrawn.
    is_drawn: AtomicBool,
}

impl LineDrawing {
    /// The maximum number of redraws per second.
    const HERTZ: u8 = 12;

    fn target() -> ProgressDrawTarget {
        let drawing = Self {
            terminal: Term::buffered_stderr(),
            is_drawn: AtomicBool::new(false),
        };
        ProgressDrawTarget::term_like_with_hz(Box::new(drawing), Self::HERTZ)
    }
}

impl TermLike for LineDrawing {
    fn width(&self) -> u16 {
        self.terminal.size().1
    }
    fn height(&self) -> u16 {
        self.terminal.size().0
    }
    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        self.terminal.move_cursor_up(lines)
    }
    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        self.terminal.move_cursor_down(lines)
    }
    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.terminal.move_cursor_right(columns)
    }
    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        self.terminal.move_cursor_left(columns)
    }
    fn write_line(&self, text: &str) -> io::Result<()> {
        self.terminal.write_line(text)
    }
    fn write_str(&self, text: &str) -> io::Result<()> {
        if !text.trim_start_matches(' ').is_empty() {
            let plain = console::strip_ansi_codes(text);
            let is_drawn = SPINNER[..10].iter().any(|turn| plain.starts_with(turn));
            self.is_drawn.store(is_drawn, Ordering::Relaxed);
        }
        self.terminal.write_str(text)
    }
    fn clear_line(&self) -> io::Result<()> {
        self.terminal.clear_line()
    }
    fn flush(&self) -> io::Result<()> {
        if self.is_drawn.swap(false, Ordering::Relaxed) {
            self.terminal.move_cursor_left(FREE)?;
        }
        self.terminal.flush()
    }
}
