//! The rule: decides which environments are deleted, and which are kept and why.
//!
//! The rule depends on ages, and the wall clock alone proves no age: it may have jumped, or a data directory may come from a
//! backup, so that everything in it looks old. After a gap or a jump of the clock, nothing is collected until the data
//! directory has been in use for a day. Whatever is needed is used in that day, and is young by the same clock ([`Ages`]).

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;

use crate::base::clock::{Timestamp, milliseconds};
use crate::configuration::Configuration;
use crate::engine::EnginePackage;
use crate::environment::needed::prepare::python_for;
use crate::settings::Settings;
use crate::store::{
    ConfigurationActivity, EnvironmentRecord, EnvironmentStatus, LAST_USE_KNOWN_TO, StoreError,
};
use crate::system::machine::{FileSystem, Machine, Moment};
use crate::workspace::Workspace;

/// The options of a collection.
#[derive(Clone, Debug)]
pub struct CollectOptions {
    /// The time without use after which an environment is cold and may be deleted. If `None`, none is.
    pub env_ttl: Option<Duration>,
    /// The time after its end when a run's files are deleted. If `None`, all are kept.
    pub run_artifact_ttl: Option<Duration>,
    /// The time after its end when a run's record is deleted, if its files are gone. If `None`, all are kept.
    pub run_record_ttl: Option<Duration>,
    /// True if cold environments of configurations in use are deleted, too, if their digest is not the current one.
    pub superseded: bool,
    /// True if deletions are only reported.
    pub dry_run: bool,
    /// The age at which leftovers of interrupted work are deleted. Younger ones may be about to be recorded.
    pub leftover_ttl: Duration,
    /// True if collection ignores a gap or a jump of the clock less than a day ago.
    pub trust_clock: bool,
}

/// The age at which leftovers are deleted.
const LEFTOVER_TTL: Duration = Duration::from_secs(3600);

impl CollectOptions {
    /// Returns the options from the settings.
    pub fn of_settings(settings: &Settings) -> Self {
        Self {
            env_ttl: settings.worker.env_ttl,
            run_artifact_ttl: settings.worker.run_artifact_ttl,
            run_record_ttl: settings.worker.run_record_ttl,
            superseded: false,
            dry_run: false,
            leftover_ttl: LEFTOVER_TTL,
            trust_clock: false,
        }
    }
}

/// The time without collection after a gap or a jump of the clock.
const DAY: Duration = Duration::from_secs(86_400);

/// The ages of things at one moment, if the clock can be trusted: see the module.
#[derive(Clone, Debug)]
pub struct Ages {
    /// The moment at which everything is judged.
    moment: Moment,
    /// The time before which nothing is collected; `None` if it has passed.
    pub collects_from: Option<Timestamp>,
}

impl Ages {
    /// Judges ages at this moment. With `trust_clock`, ignores gaps and jumps.
    pub fn at(
        workspace: &Workspace,
        moment: Moment,
        trust_clock: bool,
    ) -> Result<Self, StoreError> {
        let in_use_since = if trust_clock {
            None
        } else {
            workspace.store.in_use_since(moment.wall)?
        };
        let collects_from = in_use_since.map(|since| since.plus(DAY));
        Ok(Self {
            moment,
            collects_from: collects_from.filter(|from| moment.wall < *from),
        })
    }

    /// Returns whether the clock has not jumped since. After a jump, something that was just used may look old.
    pub fn hold(&self, machine: &dyn Machine) -> bool {
        self.moment.jump_until(&Moment::now(machine)).is_none()
    }

    /// Returns the time at which everything is judged.
    pub fn now(&self) -> Timestamp {
        self.moment.wall
    }

    /// Judges ages at this time.
    #[cfg(test)]
    pub(super) fn plain(now: Timestamp, collects_from: Option<Timestamp>) -> Self {
        let steady = crate::system::machine::SteadyTime(Duration::ZERO);
        Self {
            moment: Moment { wall: now, steady },
            collects_from,
        }
    }

    /// Returns the time of last use that is exactly as old as `ttl`.
    pub fn cutoff(&self, ttl: Duration) -> Timestamp {
        Timestamp(self.now().0.saturating_sub(milliseconds(ttl)))
    }

    /// Returns whether something with this time is older than `ttl`.
    pub fn is_older(&self, time: Timestamp, ttl: Duration) -> bool {
        time < self.cutoff(ttl)
    }
}

/// The reason why an environment is kept or deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CollectionVerdict {
    /// It is cold, no run needs it, and its configuration is neither the default nor was it run lately.
    Delete,
    /// Its configuration is the default or was run lately, its digest is not the current one, and it is cold.
    Superseded,
    /// It is still being built.
    Unfinished,
    /// A queued or running run needs it.
    InUse,
    /// Its configuration is the workspace's default, which runs use that name no configuration.
    Default,
    /// Its configuration was run within the time to live, and its folder still exists.
    RunLately,
    /// It was used or changed within the time to live.
    Warm,
    /// No environment is ever cold, because the time to live is zero or less.
    NeverCold,
    /// It would be deleted, but there was a gap or a jump of the clock less than a day ago.
    Held,
}

impl CollectionVerdict {
    /// Returns whether the environment is deleted.
    pub fn deletes(self) -> bool {
        matches!(self, Self::Delete | Self::Superseded)
    }

    /// Returns the reason in words.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Delete => "unused, as is its configuration",
            Self::Superseded => "unused, and superseded by a newer one",
            Self::Unfinished => "its build has not ended",
            Self::InUse => "a run needs it",
            Self::Default => "its configuration is the workspace's default",
            Self::RunLately => "its configuration was run recently",
            Self::Warm => "used recently",
            Self::NeverCold => "the time to live is off",
            Self::Held => "less than a day ago, the clock jumped or the database was not in use",
        }
    }
}

/// An environment with its verdict.
#[derive(Clone, Debug)]
pub struct JudgedEnvironment {
    pub environment: EnvironmentRecord,
    /// The decision to keep or delete it, with the reason.
    pub verdict: CollectionVerdict,
}

/// The facts about an environment that the rule needs.
#[derive(Clone, Copy, Debug)]
pub struct EnvironmentFacts {
    pub status: EnvironmentStatus,
    /// The time of its last use, or of its last change if it was never used.
    pub last_used: Timestamp,
    /// The number of queued and running runs that refer to it.
    pub live_runs: u64,
    /// True if its configuration is the workspace's default.
    pub is_default: bool,
    /// True if its configuration was run within the time to live, and its folder still exists.
    pub run_lately: bool,
    /// True if its configuration needs another environment now; `None` if unknown, because the configuration's folder is gone.
    pub superseded: Option<bool>,
}

/// Applies the rule. An environment is deleted only if its configuration is neither the default nor was it run lately, it is
/// not being built, it is cold, and no queued or running run refers to it. With `options.superseded`, it is also deleted if its
/// configuration is in use and needs another environment.
pub fn judge(facts: &EnvironmentFacts, options: &CollectOptions, ages: &Ages) -> CollectionVerdict {
    if facts.status == EnvironmentStatus::Building {
        return CollectionVerdict::Unfinished;
    }
    if facts.live_runs > 0 {
        return CollectionVerdict::InUse;
    }
    let superseded = options.superseded && facts.superseded == Some(true);
    if facts.is_default && !superseded {
        return CollectionVerdict::Default;
    }
    if facts.run_lately && !superseded {
        return CollectionVerdict::RunLately;
    }
    match options.env_ttl {
        None => CollectionVerdict::NeverCold,
        Some(ttl) if !ages.is_older(facts.last_used, ttl) => CollectionVerdict::Warm,
        Some(_) if ages.collects_from.is_some() => CollectionVerdict::Held,
        Some(_) if facts.is_default || facts.run_lately => CollectionVerdict::Superseded,
        Some(_) => CollectionVerdict::Delete,
    }
}

/// Judges every environment of the database.
pub fn judge_all(
    workspace: &Workspace,
    options: &CollectOptions,
    ages: &Ages,
) -> Result<Vec<JudgedEnvironment>, StoreError> {
    let store = &workspace.store;
    let activity: HashMap<String, ConfigurationActivity> = store
        .configuration_activity()?
        .into_iter()
        .map(|known| (known.id.clone(), known))
        .collect();
    let mut current = HashMap::new();
    let mut judged = Vec::new();
    for environment in store.all_environments()? {
        let configuration = activity.get(&environment.key.configuration_id);
        let key = &environment.key;
        let is_former = || {
            let of = (key.configuration_id.clone(), key.engine_spec.clone());
            let digest = current
                .entry(of)
                .or_insert_with(|| current_digest(workspace, &environment));
            digest.as_ref().map(|digest| *digest != key.deps_digest)
        };
        let facts = EnvironmentFacts {
            status: environment.status,
            last_used: environment.last_used().plus(LAST_USE_KNOWN_TO),
            live_runs: store.live_runs_of_environment(&environment.id)?,
            is_default: configuration.is_some_and(|known| known.is_default),
            run_lately: configuration.is_some_and(|known| {
                was_run_lately(workspace.files(), known, options.env_ttl, ages)
            }),
            superseded: options.superseded.then(is_former).flatten(),
        };
        let verdict = judge(&facts, options, ages);
        judged.push(JudgedEnvironment {
            environment,
            verdict,
        });
    }
    Ok(judged)
}

/// Returns whether a configuration's folder still exists, and was run within the time to live.
fn was_run_lately(
    files: &dyn FileSystem,
    configuration: &ConfigurationActivity,
    ttl: Option<Duration>,
    ages: &Ages,
) -> bool {
    let lately = configuration
        .last_run_at
        .map(|last| last.plus(LAST_USE_KNOWN_TO))
        .is_some_and(|last| ttl.is_none_or(|ttl| !ages.is_older(last, ttl)));
    lately && files.is_folder(&configuration.path)
}

/// Returns the digest that the configuration's environment would have now.
fn current_digest(workspace: &Workspace, environment: &EnvironmentRecord) -> Option<String> {
    let configuration = Configuration::open(&environment.configuration_path).ok()?;
    let engine =
        match EnginePackage::of_key(&environment.key.engine_spec, &workspace.settings.folder) {
            Ok(Some(engine)) => engine,
            // The key names the engine of another ade. A new environment would get the engine of this one.
            Ok(None) => EnginePackage::Embedded,
            Err(_) => return None,
        };
    let python = python_for(&workspace.settings, &workspace.paths, &configuration).ok()?;
    Some(configuration.deps_digest(&engine.digest().ok()?, &python.environment_key()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;
    /// The time of all verdicts, unless a test says otherwise.
    const NOW: Timestamp = Timestamp(31 * DAY);

    #[test]
    fn an_environment_goes_only_when_nothing_needs_it() {
        use EnvironmentStatus::{Building, Failed, Queued, Ready};
        // Cold, and needed by nothing.
        let cold = EnvironmentFacts {
            status: Ready,
            last_used: Timestamp(0),
            live_runs: 0,
            is_default: false,
            run_lately: false,
            superseded: None,
        };
        let of_default = EnvironmentFacts {
            is_default: true,
            superseded: Some(true),
            ..cold
        };
        let lately = EnvironmentFacts {
            run_lately: true,
            superseded: Some(true),
            ..cold
        };
        let warm = Timestamp(DAY);
        // The verdict, and the verdict if superseded environments are to be deleted.
        for (facts, fate, asked) in [
            (cold, CollectionVerdict::Delete, CollectionVerdict::Delete),
            (
                EnvironmentFacts {
                    superseded: None,
                    ..of_default
                },
                CollectionVerdict::Default,
                CollectionVerdict::Default,
            ),
            (
                EnvironmentFacts {
                    superseded: Some(false),
                    ..of_default
                },
                CollectionVerdict::Default,
                CollectionVerdict::Default,
            ),
            (
                of_default,
                CollectionVerdict::Default,
                CollectionVerdict::Superseded,
            ),
            (
                lately,
                CollectionVerdict::RunLately,
                CollectionVerdict::Superseded,
            ),
            (
                EnvironmentFacts {
                    live_runs: 1,
                    ..cold
                },
                CollectionVerdict::InUse,
                CollectionVerdict::InUse,
            ),
            (
                EnvironmentFacts {
                    live_runs: 2,
                    ..of_default
                },
                CollectionVerdict::InUse,
                CollectionVerdict::InUse,
            ),
            // Exactly as old as the time to live.
            (
                EnvironmentFacts {
                    last_used: warm,
                    ..cold
                },
                CollectionVerdict::Warm,
                CollectionVerdict::Warm,
            ),
            (
                EnvironmentFacts {
                    last_used: warm,
                    ..of_default
                },
                CollectionVerdict::Default,
                CollectionVerdict::Warm,
            ),
            (
                EnvironmentFacts {
                    status: Building,
                    ..cold
                },
                CollectionVerdict::Unfinished,
                CollectionVerdict::Unfinished,
            ),
            (
                EnvironmentFacts {
                    status: Queued,
                    ..cold
                },
                CollectionVerdict::Delete,
                CollectionVerdict::Delete,
            ),
            (
                EnvironmentFacts {
                    status: Failed,
                    ..cold
                },
                CollectionVerdict::Delete,
                CollectionVerdict::Delete,
            ),
        ] {
            let verdict = |superseded, ages| {
                let options = CollectOptions {
                    env_ttl: Some(Duration::from_secs(30 * 86_400)),
                    run_artifact_ttl: None,
                    run_record_ttl: None,
                    superseded,
                    dry_run: false,
                    leftover_ttl: Duration::ZERO,
                    trust_clock: false,
                };
                let never = CollectOptions {
                    env_ttl: None,
                    ..options
                };
                let late = Ages::plain(Timestamp(i64::MAX), None);
                assert!(
                    !judge(&facts, &never, &late).deletes(),
                    "a time to live of zero"
                );
                judge(&facts, &options, &ages)
            };
            assert_eq!(verdict(false, Ages::plain(NOW, None)), fate, "{facts:?}");
            assert_eq!(verdict(true, Ages::plain(NOW, None)), asked, "{facts:?}");
            // After a gap, deletions are held; verdicts to keep stay the same.
            let held = Ages::plain(NOW, Some(NOW.plus(Duration::from_secs(1))));
            let wanted = if asked.deletes() {
                CollectionVerdict::Held
            } else {
                asked
            };
            assert_eq!(verdict(true, held), wanted, "{facts:?}");
        }
        assert!(!CollectionVerdict::Held.deletes());
    }
}
