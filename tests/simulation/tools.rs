//! The engine and the installers: they take their time, and end as the seed says.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ade::base::cancel::Cancel;
use ade::base::files::FileError;
use ade::configuration::ConfigurationError;
use ade::engine::{EngineReport, EngineTask, Invocation, Launch, Message};
use ade::environment::needed::prepare::{PrepareError, PreparedConfiguration};
use ade::environment::provide::installers::Build;
use ade::environment::python::Python;
use ade::environment::{BuildError, BuildEvent, BuildStepKind};
use ade::store::{EnvironmentContents, EnvironmentRecord};
use ade::system::machine::FileSystem;
use ade::system::process::{Exit, Stream};
use ade::workspace::Workspace;
use serde_json::json;

use super::process::Process;
use super::threads::{Wake, give_way};
use super::world::World;

/// Work under a claim, which is reported to the judge.
struct AtWork<'a> {
    world: &'a Arc<World>,
    token: String,
}

impl<'a> AtWork<'a> {
    fn begin(process: &'a Process, subject: &str, is_run: bool) -> Self {
        let world = &process.world;
        let token = process.claim_on(subject).unwrap_or_default();
        let mut judge = world.judge();
        let at_work = if is_run {
            judge.taken_up.insert(token.clone());
            &mut judge.executing
        } else {
            &mut judge.building
        };
        at_work.insert(token.clone(), subject.to_owned());
        let was_made = judge.was_made(&token);
        drop(judge);
        if !was_made {
            world.violated(&format!(
                "work begins on {subject}, which was never claimed"
            ));
        }
        Self { world, token }
    }
}

impl AtWork<'_> {
    /// Checks that no other builder is at work in its folder, not even one that has lost its claim and does not know it yet.
    fn alone_in(&self, folder: &Path) {
        let folder = folder.display().to_string();
        let mut judge = self.world.judge();
        let other = judge.folders.values().any(|other| *other == folder);
        judge.folders.insert(self.token.clone(), folder.clone());
        drop(judge);
        if other {
            self.world
                .violated(&format!("two builders are at work in {folder}"));
        }
    }
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        let mut judge = self.world.judge();
        judge.executing.remove(&self.token);
        judge.building.remove(&self.token);
        judge.folders.remove(&self.token);
    }
}

/// An engine in an environment, which is reported to the world.
struct Inside<'a> {
    world: &'a Arc<World>,
    number: u32,
}

impl<'a> Inside<'a> {
    fn enter(world: &'a Arc<World>, environment: &Path) -> Self {
        let number = world.number();
        let mut engines = world.engines.lock().unwrap();
        engines.insert(number, environment.to_owned());
        drop(engines);
        Self { world, number }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.world.engines.lock().unwrap().remove(&self.number);
    }
}

/// Takes as long as the seed says, unless it is cancelled. Now and then, `say` is called.
fn take_time(world: &World, longest: i64, cancel: &Cancel, say: &mut dyn FnMut()) {
    let until = world.steady() + world.chance.between(1, longest);
    while world.steady() < until && !cancel.is_cancelled() {
        give_way(Wake::At {
            at: until.min(world.steady() + 20_000),
            cancel: Some(cancel.clone()),
            bell: None,
        });
        say();
    }
}

/// Starts no engine.
pub struct SimulatedEngine(pub Arc<Process>);

impl Launch for SimulatedEngine {
    fn launch(
        &self,
        invocation: &Invocation,
        cancel: &Cancel,
        on_message: &mut dyn FnMut(Message) -> Option<serde_json::Value>,
    ) -> io::Result<EngineReport> {
        let world = &self.0.world;
        let run = name_of(&invocation.folder);
        let _at_work = AtWork::begin(&self.0, &run, true);
        let environment = invocation.python.ancestors().nth(3);
        let _inside = Inside::enter(world, environment.unwrap_or(&invocation.python));
        if world.chance.hits(world.faults().exhausted) {
            world.count("engines not started");
            return Err(io::Error::from_raw_os_error(libc::EMFILE));
        }
        world.count("engines started");
        if !self.0.is_here {
            world.count("engines started on another host");
        } else if !self.0.sees_locks {
            world.count("engines started where locks are not seen");
        }
        world.trace(|| format!("{}: the engine of {run} starts", self.0.id));
        let faults = world.faults();
        let longest = *world.chance.pick(&[50, 20_000, 150_000]);
        take_time(world, longest, cancel, &mut || {
            on_message(Message::Line(Stream::Stdout, "at work".to_owned()));
        });
        let report = |exit, completed| EngineReport {
            wall: Duration::from_secs(1),
            completed,
            ..EngineReport::silent(exit)
        };
        if cancel.is_cancelled() {
            return Ok(report(Exit::Cancelled, None));
        }
        if world.chance.hits(faults.engine_killed) {
            world.count("engines killed");
            return Ok(report(Exit::Signal(9), None));
        }
        if world.chance.hits(faults.engine_failed) {
            world.count("engines failed");
            let failure = json!({"code": "hook_error", "stage": "on_table", "message": "no"});
            let completed = json!({"execution": {"status": "failed", "failure": failure}});
            return Ok(report(Exit::Code(1), Some(completed)));
        }
        if let EngineTask::Process { output, .. } = &invocation.task {
            self.0.disk.write(output, b"clean")?;
        }
        let completed = json!({"execution": {"status": "succeeded"}});
        Ok(report(Exit::Code(0), Some(completed)))
    }
}

/// Installs nothing.
pub struct SimulatedBuilder(pub Arc<Process>);

impl Build for SimulatedBuilder {
    fn prepare(
        &self,
        _workspace: &Workspace,
        environment: &EnvironmentRecord,
    ) -> Result<PreparedConfiguration, PrepareError> {
        let world = &self.0.world;
        if world.chance.hits(world.faults().build_failed / 2) {
            let path = environment.snapshot.clone();
            return Err(ConfigurationError::NotFound { path }.into());
        }
        Ok(world.prepared(&environment.key))
    }

    fn build(
        &self,
        _workspace: &Workspace,
        _prepared: &PreparedConfiguration,
        environment: &EnvironmentRecord,
        cancel: &Cancel,
        on_event: &mut dyn FnMut(BuildEvent),
    ) -> Result<EnvironmentContents, BuildError> {
        let world = &self.0.world;
        let at_work = AtWork::begin(&self.0, &environment.id, false);
        at_work.alone_in(&environment.folder);
        world.count("builds");
        let faults = world.faults();
        let (files, folder) = (&self.0.disk, &environment.folder);
        let ready = folder.join(".ready");
        if files.exists(&ready) {
            files
                .remove_file(&ready)
                .map_err(FileError::on("remove", &ready))?;
        }
        let longest = *world.chance.pick(&[2_000, 20_000, 100_000]);
        take_time(world, longest, cancel, &mut || {
            let message = "at work".to_owned();
            on_event(BuildEvent::Note { message });
        });
        let step = BuildStepKind::InstallConfig;
        if cancel.is_cancelled() {
            return Err(BuildError::Cancelled { step });
        }
        if world.chance.hits(faults.build_hiccup) {
            world.count("builds timed out");
            return Err(BuildError::Timeout { step, seconds: 600 });
        }
        if world.chance.hits(faults.build_failed) {
            return Err(BuildError::VerificationFailed {
                message: "no".to_owned(),
                last_lines: Vec::new(),
            });
        }
        for path in [folder.join(".venv/bin/python"), ready] {
            files
                .write(&path, b"")
                .map_err(FileError::on("write", &path))?;
        }
        Ok(EnvironmentContents {
            python_version: python().version_text(),
            python_path: python().executable,
            engine_version: "1.10.0".to_owned(),
            packages: Vec::new(),
            lock_digest: String::new(),
            size_bytes: 1,
            installer: "simulated".to_owned(),
        })
    }
}

/// The Python of every environment.
pub fn python() -> Python {
    Python {
        executable: "/usr/bin/python3".into(),
        version: (3, 11, 7),
        implementation: "cpython".to_owned(),
        platform: "simulated".to_owned(),
    }
}

fn name_of(folder: &Path) -> String {
    folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
