//! The current stage and progress of a run, from its log.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::settings::paths::RunFolder;
use crate::store::{RunRecord, RunStatus};

/// The number of bytes at the end of a log that are read: some twenty events.
const END: u64 = 4096;

/// The current activity of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    Queued,
    Environment,
    Configuration,
    Detecting,
    Writing,
}

/// The current stage of a run, and the rows of the sheet that are done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StageProgress {
    /// The current stage; `None`: the run has ended, or its log does not report it.
    pub stage: Option<Stage>,
    /// The number of rows that the run read, once it has ended; while it is running, the rows of its sheet that are done.
    /// `None`: unknown.
    pub rows: Option<u64>,
}

/// Returns the stage and the progress of a run.
pub fn progress(run: &RunRecord) -> StageProgress {
    let rows = run.metrics.as_ref().map(|metrics| metrics.rows);
    match run.status {
        RunStatus::Queued => StageProgress {
            stage: Some(Stage::Queued),
            rows,
        },
        RunStatus::Running => {
            let end = end_of(&RunFolder::at(&run.run_dir).events());
            end.map_or(StageProgress::default(), |end| told(&end))
        }
        _ => StageProgress { stage: None, rows },
    }
}

/// Returns the last bytes of a log.
fn end_of(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
    let mut end = Vec::new();
    file.take(END).read_to_end(&mut end)?;
    Ok(end)
}

/// Returns the progress from the last event that reports a stage.
fn told(end: &[u8]) -> StageProgress {
    let mut lines = end.split(|byte| *byte == b'\n').rev();
    let found = lines.find_map(|line| {
        let event: Value = serde_json::from_slice(line).ok()?;
        let stage = stage_of(event["event"].as_str()?, &event["data"])?;
        let rows = event["data"]["rows"].as_u64();
        Some(StageProgress {
            stage: Some(stage),
            rows: rows.filter(|_| event["event"] == "engine.sheet.progress"),
        })
    });
    found.unwrap_or_default()
}

/// Returns the stage that an event indicates.
fn stage_of(event: &str, data: &Value) -> Option<Stage> {
    match event {
        "run.start" | "engine.settings.effective" | "engine.run.started" | "engine.run.planned" => {
            Some(Stage::Configuration)
        }
        "engine.config.loaded"
        | "engine.workbook.started"
        | "engine.sheet.started"
        | "engine.sheet.tables_detected"
        | "engine.row_classification"
        | "engine.column_classification" => Some(Stage::Detecting),
        "engine.sheet.progress" if data["stage"] == "write" => Some(Stage::Writing),
        "engine.sheet.progress" => Some(Stage::Detecting),
        "engine.table.written" | "engine.validation.summary" | "engine.run.completed" => {
            Some(Stage::Writing)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_event_that_says_anything_tells_the_stage() {
        let of = |log: &str| {
            let told = told(log.as_bytes());
            (told.stage, told.rows)
        };
        let start = r#"{"event":"run.start","data":{"rows":9}}"#;
        let progress = r#"{"event":"engine.sheet.progress","data":{"stage":"write","rows":400}}"#;
        let other = r#"{"event":"engine.log","data":{}}"#;
        assert_eq!(of(""), (None, None));
        assert_eq!(of(other), (None, None));
        assert_eq!(of(start), (Some(Stage::Configuration), None));
        assert_eq!(
            of(&format!("{start}\n{progress}\n{other}\n{{\"ev")),
            (Some(Stage::Writing), Some(400))
        );
        let detect = progress.replace("write", "detect");
        assert_eq!(
            of(&format!("vent\":1}}\n{detect}\n")),
            (Some(Stage::Detecting), Some(400))
        );
    }
}
