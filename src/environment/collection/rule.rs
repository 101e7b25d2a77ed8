//! The rule: which environments are deleted, and which are kept and why.

use std::collections::HashMap;
use std::time::Duration;

use super::age::Ages;
use super::fate::{Fate, Judged};
use super::report::CollectOptions;
use crate::base::clock::Timestamp;
use crate::configuration::Configuration;
use crate::engine::Engine;
use crate::environment::needed::prepare::python_for;
use crate::store::{
    ConfigurationActivity, EnvironmentRecord, EnvironmentStatus, LAST_USE_KNOWN_TO, StoreError,
};
use crate::system::machine::Files;
use crate::workspace::Workspace;

/// The facts about an environment that the rule needs.
#[derive(Clone, Copy, Debug)]
pub struct EnvironmentFacts {
    /// Its status.
    pub status: EnvironmentStatus,
    /// When it was used last; if never, when it last changed.
    pub last_used: Timestamp,
    /// Queued and running runs that refer to it.
    pub live_runs: u64,
    /// Whether its configuration is the workspace's default.
    pub is_default: bool,
    /// Whether its configuration was run within the time to live, and its folder is still there.
    pub run_lately: bool,
    /// Whether its configuration needs another one now; `None`: not known, because the configuration's folder is gone.
    pub superseded: Option<bool>,
}

/// The rule. An environment is deleted only when its configuration is neither the default nor was it run lately, it is not being
/// built, it is cold, and no queued or running run refers to it; with `options.superseded` also when its configuration is in use
/// and needs another.
pub fn judge(facts: &EnvironmentFacts, options: &CollectOptions, ages: &Ages) -> Fate {
    if facts.status == EnvironmentStatus::Building {
        return Fate::Unfinished;
    }
    if facts.live_runs > 0 {
        return Fate::InUse;
    }
    let superseded = options.superseded && facts.superseded == Some(true);
    if facts.is_default && !superseded {
        return Fate::Default;
    }
    if facts.run_lately && !superseded {
        return Fate::RunLately;
    }
    match options.env_ttl {
        None => Fate::NeverCold,
        Some(ttl) if !ages.is_older(facts.last_used, ttl) => Fate::Warm,
        Some(_) if ages.collects_from().is_some() => Fate::Held,
        Some(_) if facts.is_default || facts.run_lately => Fate::Superseded,
        Some(_) => Fate::Delete,
    }
}

/// Judges every environment of the database.
pub fn judge_all(
    workspace: &Workspace,
    options: &CollectOptions,
    ages: &Ages,
) -> Result<Vec<Judged>, StoreError> {
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
        let run_lately = configuration
            .is_some_and(|known| was_run_lately(workspace.files(), known, options.env_ttl, ages));
        let key = &environment.key;
        let mut is_former = || {
            let of = (key.configuration_id.clone(), key.engine_spec.clone());
            let digest = current
                .entry(of)
                .or_insert_with(|| current_digest(workspace, &environment));
            digest.as_ref().map(|digest| *digest != key.deps_digest)
        };
        let superseded = if options.superseded {
            is_former()
        } else {
            None
        };
        let facts = EnvironmentFacts {
            status: environment.status,
            last_used: environment.last_used().plus(LAST_USE_KNOWN_TO),
            live_runs: store.live_runs_of_environment(&environment.id)?,
            is_default: configuration.is_some_and(|known| known.is_default),
            run_lately,
            superseded,
        };
        let verdict = judge(&facts, options, ages);
        judged.push(Judged {
            environment,
            verdict,
        });
    }
    Ok(judged)
}

/// Whether the folder of a configuration is still there, and was run within the time to live.
fn was_run_lately(
    files: &dyn Files,
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

/// The digest that the configuration's environment would have now.
fn current_digest(workspace: &Workspace, environment: &EnvironmentRecord) -> Option<String> {
    let configuration = Configuration::open(&environment.configuration_path).ok()?;
    let engine = match Engine::of_key(&environment.key.engine_spec, &workspace.settings.folder) {
        Ok(Some(engine)) => engine,
        // The key names the engine of another ade: a new environment would get the engine of this one.
        Ok(None) => Engine::Embedded,
        Err(_) => return None,
    };
    let python = python_for(&workspace.settings, workspace.paths.tools(), &configuration).ok()?;
    Some(configuration.deps_digest(&engine.digest().ok()?, &python.environment_key()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;
    /// When everything is judged, unless a test says otherwise.
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
        // What becomes of it, and what when superseded ones are to go.
        for (facts, fate, asked) in [
            (cold, Fate::Delete, Fate::Delete),
            (
                EnvironmentFacts {
                    superseded: None,
                    ..of_default
                },
                Fate::Default,
                Fate::Default,
            ),
            (
                EnvironmentFacts {
                    superseded: Some(false),
                    ..of_default
                },
                Fate::Default,
                Fate::Default,
            ),
            (of_default, Fate::Default, Fate::Superseded),
            (lately, Fate::RunLately, Fate::Superseded),
            (
                EnvironmentFacts {
                    live_runs: 1,
                    ..cold
                },
                Fate::InUse,
                Fate::InUse,
            ),
            (
                EnvironmentFacts {
                    live_runs: 2,
                    ..of_default
                },
                Fate::InUse,
                Fate::InUse,
            ),
            // Exactly as old as the time to live.
            (
                EnvironmentFacts {
                    last_used: warm,
                    ..cold
                },
                Fate::Warm,
                Fate::Warm,
            ),
            (
                EnvironmentFacts {
                    last_used: warm,
                    ..of_default
                },
                Fate::Default,
                Fate::Warm,
            ),
            (
                EnvironmentFacts {
                    status: Building,
                    ..cold
                },
                Fate::Unfinished,
                Fate::Unfinished,
            ),
            (
                EnvironmentFacts {
                    status: Queued,
                    ..cold
                },
                Fate::Delete,
                Fate::Delete,
            ),
            (
                EnvironmentFacts {
                    status: Failed,
                    ..cold
                },
                Fate::Delete,
                Fate::Delete,
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
            // After a gap what would go is held, and what stays says why as ever.
            let held = Ages::plain(NOW, Some(NOW.plus(Duration::from_secs(1))));
            let wanted = if asked.deletes() { Fate::Held } else { asked };
            assert_eq!(verdict(true, held), wanted, "{facts:?}");
        }
        assert!(!Fate::Held.deletes());
    }
}
