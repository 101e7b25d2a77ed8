//! Finds out how a run read its input: the settings in force for that file, whatever their source.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};

use serde_json::Value;

use crate::cells::ReadSettings;
use crate::settings::paths::RunFolder;
use crate::store::RunRecord;

/// The maximum number of events, from the start of a log, that may include the one with the settings.
const EARLY_EVENTS: usize = 50;
const EARLY_BYTES: u64 = 1 << 20;
const LOADED: &str = "engine.config.loaded";

/// Returns the settings with which a run read its input, from its log; for a run that has not begun, the engine's defaults.
pub fn reading_of(run: &RunRecord) -> ReadSettings {
    let log = File::open(RunFolder::at(&run.run_dir).events());
    let lines = log.into_iter().flat_map(|log| {
        BufReader::new(log.take(EARLY_BYTES))
            .lines()
            .map_while(Result::ok)
    });
    let mut events = lines.take(EARLY_EVENTS).filter_map(|line| {
        let event = line.contains(LOADED).then(|| serde_json::from_str(&line));
        event?.ok().filter(|event: &Value| event["event"] == LOADED)
    });
    events.next().map_or_else(ReadSettings::default, |event| {
        ReadSettings::of_settings(&event["data"]["settings"])
    })
}
