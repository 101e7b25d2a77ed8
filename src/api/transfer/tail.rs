//! Follows the log of a run for any number of clients at once.
//!
//! For each followed run, one task checks whether the log grew, and publishes the new piece: its position in the file, its
//! lines, and its server-sent events, made once for all clients. A client that has everything before that position takes the
//! piece as it is; a slower client reads the file itself, at its own pace. So a slow client delays no other, and costs no
//! memory except its position in the file.

use std::collections::hash_map::Entry;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::watch;

use crate::api::http::log_pieces::{EventLine, LogEnd, LogPiece};
use crate::api::prelude::*;
use crate::base::files::FileError;
use crate::base::mutex::lock;
use crate::events;
use crate::events::{Follower, names};
use crate::run::shared_log;
use crate::run::views::follow::{End, end_of, end_of_run};
use crate::settings::paths::Paths;

/// The interval of checks for new lines in a followed log.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// The number of events at the end of a log that are searched for the event of an end.
const LAST_EVENTS: usize = 256;
/// The interval of checks for the end in the run's record.
const ASK_AGAIN: Duration = Duration::from_millis(250);
/// Follows the log of a run.
pub fn follow(api: &Api, workspace: &WorkspaceHandle, run: &RunRecord) -> watch::Receiver<LogEnd> {
    let mut known = lock(&api.tails.0);
    match known.entry(run.id.clone()) {
        Entry::Occupied(found) => found.get().subscribe(),
        Entry::Vacant(place) => {
            let (sender, receiver) = watch::channel(LogEnd::default());
            place.insert(sender.clone());
            let path = path_of(workspace.paths(), run);
            let watcher = Watcher {
                api: api.clone(),
                workspace: workspace.clone(),
                run: run.id.clone(),
                path,
                paths: paths_of(api, run),
                sender,
            };
            tokio::spawn(watcher.watch());
            receiver
        }
    }
}

/// Returns the path of a run's log.
pub fn path_of(paths: &Paths, run: &RunRecord) -> PathBuf {
    paths.run(&run.key.workspace_id, &run.id).events()
}

/// Returns what hides this machine's paths in the messages of a run.
pub fn paths_of(api: &Api, run: &RunRecord) -> Hider {
    api.paths.about_configuration(&run.configuration_path)
}

struct Watcher {
    api: Api,
    workspace: WorkspaceHandle,
    run: String,
    path: PathBuf,
    paths: Hider,
    sender: watch::Sender<LogEnd>,
}

impl Watcher {
    async fn watch(self) {
        let mut reading = self.begin().await;
        let mut end: Option<End> = None;
        let mut asked: Option<Instant> = None;
        loop {
            // The log is read after the end was seen, so that all lines before the end are published first.
            let has_ended = end.is_some();
            while let Ok(Some(piece)) = reading.read() {
                self.sender.send_modify(|seen| {
                    seen.end = piece.to;
                    seen.last = Arc::new(piece);
                });
            }
            if has_ended && let Some(end) = &end {
                let now = self.workspace.now();
                let is_reported = end.is_reported_by(reading.last_end.as_ref());
                if is_reported || end.is_late(now) {
                    let missing = || missing(&self.workspace.new_id(), &self.run, end, &reading);
                    let over = if is_reported { None } else { missing() };
                    self.sender.send_modify(|seen| seen.over = Some(over));
                    self.forget();
                    return;
                }
            } else if asked.is_none_or(|asked| asked.elapsed() >= ASK_AGAIN) {
                asked = Some(Instant::now());
                end = self.end().await;
                if end.is_some() {
                    continue;
                }
            }
            if self.forget_if_alone() {
                return;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Starts after the lines that are already in the log, which clients read themselves.
    async fn begin(&self) -> LogTail {
        let (path, paths) = (self.path.clone(), self.paths.clone());
        let begun = tokio::task::spawn_blocking(move || LogTail::at_end(path, paths)).await;
        let reading = begun.unwrap_or_else(|_| LogTail::new(self.path.clone(), self.paths.clone()));
        self.sender.send_modify(|seen| {
            seen.end = reading.log.position();
            seen.last = Arc::new(LogPiece {
                from: reading.log.position(),
                to: reading.log.position(),
                ..LogPiece::default()
            });
        });
        reading
    }

    async fn end(&self) -> Option<End> {
        let (workspace, run) = (self.workspace.clone(), self.run.clone());
        let path = self.path.clone();
        let asked = self.api.work(move |api| {
            let workspace = api.open(&workspace);
            let end = end_of_run(&workspace, &run)?;
            shared_log::fetch(&workspace, &run, &path)?;
            Ok(end)
        });
        let asked = asked.await;
        // A busy database is asked again.
        asked.ok().flatten()
    }

    fn forget(&self) {
        let mut known = lock(&self.api.tails.0);
        known.remove(&self.run);
    }

    /// Ends the task if nobody follows any more. A later follower finds no entry and starts a new task.
    fn forget_if_alone(&self) -> bool {
        let mut known = lock(&self.api.tails.0);
        let is_alone = self.sender.is_closed();
        if is_alone {
            known.remove(&self.run);
        }
        is_alone
    }
}

/// Returns the line of an end that the log lacks, because the process that recorded the end died before it wrote the line.
fn missing(id: &str, run: &str, end: &End, reading: &LogTail) -> Option<EventLine> {
    let (event, at) = end.event.clone()?;
    let sequence = reading.sequence + 1;
    let line = event.line(events::Subject::Run, run, sequence, id, at);
    Some(EventLine {
        sequence,
        event: names::RUN_COMPLETE.to_owned(),
        text: reading.paths.text(&line.to_string()).into_owned().into(),
    })
}

/// Like [`missing`], for a log that nobody follows. `run` was read before the log was.
pub fn missing_end(
    workspace: &Workspace,
    run: &RunRecord,
    path: PathBuf,
    paths: Hider,
) -> Option<EventLine> {
    let end = end_of(run).filter(|end| end.is_late(workspace.machine.now()))?;
    let reading = LogTail::at_end(path, paths);
    match end.is_reported_by(reading.last_end.as_ref()) {
        true => None,
        false => missing(&workspace.machine.new_id(), &run.id, &end, &reading),
    }
}

/// A growing log that is being read.
struct LogTail {
    log: Follower,
    paths: Hider,
    /// The number of the last event.
    sequence: u64,
    /// The last event that reports an end.
    last_end: Option<Value>,
}

impl LogTail {
    fn new(path: PathBuf, paths: Hider) -> Self {
        Self {
            log: Follower::new(path),
            paths,
            sequence: 0,
            last_end: None,
        }
    }

    /// Goes to the present end of the log, and reads the last lines.
    fn at_end(path: PathBuf, paths: Hider) -> Self {
        let mut reading = Self::new(path, paths);
        // A log that cannot be read backwards is read from its beginning.
        let _ = reading.log.go_to_last(LAST_EVENTS, &|_| true);
        while let Ok(Some(_)) = reading.read() {}
        reading
    }

    /// Reads the new whole lines, at most one piece of them.
    fn read(&mut self) -> Result<Option<LogPiece>, FileError> {
        let Some((from, lines)) = self.log.next_lines()? else {
            return Ok(None);
        };
        let piece = LogPiece::new(from, lines, &self.paths);
        for line in &piece.lines {
            self.sequence = line.sequence;
            if line.event == names::RUN_COMPLETE {
                self.last_end = serde_json::from_slice(&line.text).ok();
            }
        }
        Ok(Some(piece))
    }
}

/// Returns the number of the last event in a log, or 0 if it has none.
pub fn last_number(path: PathBuf, paths: Hider) -> u64 {
    LogTail::at_end(path, paths).sequence
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::http::log_pieces::read_from;
    use crate::events::lines::PIECE;

    fn none() -> Hider {
        Hider::new(std::path::Path::new("/"))
    }

    fn event(sequence: u64) -> String {
        format!("{{\"sequence\":{sequence},\"event\":\"e\"}}\n")
    }

    #[test]
    fn a_follower_begins_behind_what_is_there_and_knows_its_last_number() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.ndjson");
        let many: String = (1..=20_000).map(event).collect();
        assert!(many.len() as u64 > PIECE);
        std::fs::write(&path, &many).unwrap();
        let mut reading = LogTail::at_end(path.clone(), none());
        assert_eq!(
            (reading.log.position(), reading.sequence),
            (many.len() as u64, 20_000)
        );
        assert!(reading.read().unwrap().is_none());
        let (mut from, mut next) = (0, 1..);
        while let Some(piece) = read_from(&path, from, reading.log.position(), &none()).unwrap() {
            from = piece.to;
            assert!(
                piece
                    .lines
                    .iter()
                    .all(|line| Some(line.sequence) == next.next())
            );
        }
        assert_eq!(next.next(), Some(20_001));
    }

    #[test]
    fn a_follower_begins_at_the_start_of_a_line_however_long_the_last_ones_are() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.ndjson");
        let long = "x".repeat(usize::try_from(PIECE).unwrap() + 1000);
        let whole = format!(
            "{}{{\"sequence\":2,\"event\":\"e\",\"message\":\"{long}\"}}\n",
            event(1)
        );
        std::fs::write(&path, &whole).unwrap();
        assert_eq!(last_number(path.clone(), none()), 2);
        std::fs::write(&path, format!("{whole}{{\"sequence\":3,\"event\":\"{long}")).unwrap();
        let reading = LogTail::at_end(path, none());
        assert_eq!(
            (reading.log.position(), reading.sequence),
            (whole.len() as u64, 2)
        );
    }
}
