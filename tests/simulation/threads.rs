//! Threads of which one runs at a time, in an order that a seed decides.
//!
//! Each task of a simulated process is a real thread. It runs until it gives way ([`give_way`]): at each call to the
//! store, at many calls to files, and wherever the machine makes it wait. Then the scheduler ([`Threads::resume`], on the
//! thread of the test) chooses who goes on. A process that is killed unwinds: whatever it gives way to, it does not come
//! back from, and nothing that it still does while it unwinds has any effect.

use std::any::Any;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{JoinHandle, Thread};

use ade::cancel::Cancel;
use ade::machine::Work;
use ade::wake::Bell;

use super::process::Process;

/// When a task goes on.
#[derive(Clone)]
pub enum Wake {
    /// At a moment of the steady clock, or before it, when the flag is raised or the bell has rung more often than that.
    At {
        at: i64,
        cancel: Option<Cancel>,
        bell: Option<(Bell, u64)>,
    },
    /// When so many tasks as are counted here have ended.
    Children(Arc<AtomicUsize>),
}

impl Wake {
    pub fn at(at: i64) -> Self {
        Self::At {
            at,
            cancel: None,
            bell: None,
        }
    }
}

/// The moment that never comes.
pub const NEVER: i64 = i64::MAX;

/// The payload with which a killed process unwinds.
struct Killed;

/// Whose turn it is: handed over from thread to thread.
#[derive(Default)]
struct Baton {
    mine: AtomicBool,
    thread: OnceLock<Thread>,
}

impl Baton {
    fn give(&self) {
        self.mine.swap(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    fn take(&self) {
        let _ = self.thread.set(std::thread::current());
        while !self.mine.swap(false, Ordering::SeqCst) {
            std::thread::park();
        }
    }
}

/// A task, as the scheduler sees it.
struct Task {
    process: Arc<Process>,
    wake: Wake,
    baton: Arc<Baton>,
    /// Counts the tasks that were begun together and have not ended.
    siblings: Option<Arc<AtomicUsize>>,
}

#[derive(Default)]
struct Tasks {
    by_id: BTreeMap<usize, Task>,
    next: usize,
}

/// See the module.
#[derive(Default)]
pub struct Threads {
    tasks: Mutex<Tasks>,
    scheduler: Baton,
    handles: Mutex<Vec<JoinHandle<()>>>,
}

/// The task of the thread that asks.
struct Current {
    threads: Arc<Threads>,
    task: usize,
    baton: Arc<Baton>,
    process: Arc<Process>,
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

impl Threads {
    fn lock(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn register(&self, process: &Arc<Process>, siblings: Option<Arc<AtomicUsize>>) -> usize {
        let mut tasks = self.lock();
        let id = tasks.next;
        tasks.next += 1;
        let task = Task {
            process: Arc::clone(process),
            wake: Wake::at(process.world.steady()),
            baton: Arc::default(),
            siblings,
        };
        tasks.by_id.insert(id, task);
        id
    }

    /// Begins a process: its first task does `work`.
    pub fn start(self: &Arc<Self>, process: &Arc<Process>, work: impl FnOnce() + Send + 'static) {
        let task = self.register(process, None);
        let (threads, process) = (Arc::clone(self), Arc::clone(process));
        let handle = std::thread::Builder::new()
            .stack_size(1 << 20)
            .spawn(move || threads.carry_out(task, &process, work))
            .unwrap();
        self.handles
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(handle);
    }

    /// Runs a task from start to end on its own thread.
    fn carry_out(self: &Arc<Self>, task: usize, process: &Arc<Process>, work: impl FnOnce()) {
        let baton = Arc::clone(&self.lock().by_id[&task].baton);
        let current = Current {
            threads: Arc::clone(self),
            task,
            baton: Arc::clone(&baton),
            process: Arc::clone(process),
        };
        CURRENT.set(Some(current));
        baton.take();
        if !process.is_dead() {
            let outcome = catch_unwind(AssertUnwindSafe(work));
            if let Err(payload) = outcome {
                process.unwound(&words_of(&*payload));
            }
        }
        CURRENT.set(None);
        self.end(task);
    }

    fn end(&self, task: usize) {
        let mut tasks = self.lock();
        let ended = tasks.by_id.remove(&task).expect("it lived");
        if let Some(siblings) = &ended.siblings {
            siblings.fetch_sub(1, Ordering::SeqCst);
        }
        let is_last = !tasks
            .by_id
            .values()
            .any(|task| task.process.id == ended.process.id);
        drop(tasks);
        if is_last {
            ended.process.ended();
        }
        self.scheduler.give();
    }

    /// Lets a task go on until it gives way or ends.
    pub fn resume(&self, task: usize) {
        let baton = Arc::clone(&self.lock().by_id[&task].baton);
        baton.give();
        self.scheduler.take();
    }

    /// The processes that have tasks, each once for each task, in the order of the tasks.
    pub fn processes(&self) -> Vec<Arc<Process>> {
        let tasks = self.lock();
        tasks
            .by_id
            .values()
            .map(|task| Arc::clone(&task.process))
            .collect()
    }

    /// The tasks that can go on first, and when that is.
    pub fn ready(&self, now: i64) -> (Vec<usize>, i64) {
        let tasks = self.lock();
        let (mut ready, mut next) = (Vec::new(), NEVER);
        for (id, task) in &tasks.by_id {
            let due = task.due().max(now);
            if due < next {
                next = due;
                ready.clear();
            }
            if due == next {
                ready.push(*id);
            }
        }
        (ready, next)
    }

    /// The first task of a process that is dead and has not unwound yet.
    pub fn dying(&self) -> Option<usize> {
        let tasks = self.lock();
        let mut dead = tasks
            .by_id
            .iter()
            .filter(|(_, task)| task.process.is_dead());
        dead.find(|(_, task)| task.due() < NEVER).map(|(id, _)| *id)
    }

    /// Waits for the threads themselves, after all tasks have ended.
    pub fn join(&self) {
        let handles = std::mem::take(&mut *self.handles.lock().unwrap());
        for handle in handles {
            handle.join().unwrap();
        }
    }
}

impl Task {
    fn due(&self) -> i64 {
        let at = match &self.wake {
            Wake::Children(left) if left.load(Ordering::SeqCst) > 0 => return NEVER,
            Wake::Children(_) => 0,
            _ if self.process.is_dead() => return 0,
            Wake::At { at, cancel, bell } => {
                let is_raised = cancel.as_ref().is_some_and(Cancel::is_cancelled);
                let has_rung = bell
                    .as_ref()
                    .is_some_and(|(bell, heard)| bell.rings() != *heard);
                if is_raised || has_rung { 0 } else { *at }
            }
        };
        if self.process.is_dead() {
            return 0;
        }
        at.max(self.process.frozen_until())
    }
}

/// Gives way to others. Does not come back where the process was killed meanwhile.
pub fn give_way(wake: Wake) {
    if std::thread::panicking() {
        return;
    }
    hand_over(wake);
    let is_dead = CURRENT.with_borrow(|current| {
        let current = current.as_ref().expect("a task of the simulation");
        current.process.is_dead()
    });
    if is_dead {
        resume_unwind(Box::new(Killed));
    }
}

fn hand_over(wake: Wake) {
    let (threads, task, baton) = CURRENT.with_borrow(|current| {
        let current = current.as_ref().expect("a task of the simulation");
        (
            Arc::clone(&current.threads),
            current.task,
            Arc::clone(&current.baton),
        )
    });
    threads.lock().by_id.get_mut(&task).expect("it lives").wake = wake;
    threads.scheduler.give();
    baton.take();
}

/// Does `work` in tasks of their own beside `here`, and comes back when all of it has ended.
pub fn beside(work: Vec<Work<'_>>, here: &mut dyn FnMut()) {
    let (threads, process) = CURRENT.with_borrow(|current| {
        let current = current.as_ref().expect("a task of the simulation");
        (Arc::clone(&current.threads), Arc::clone(&current.process))
    });
    let left = Arc::new(AtomicUsize::new(work.len()));
    std::thread::scope(|scope| {
        for work in work {
            let task = threads.register(&process, Some(Arc::clone(&left)));
            let (threads, process) = (&threads, &process);
            std::thread::Builder::new()
                .stack_size(1 << 20)
                .spawn_scoped(scope, move || threads.carry_out(task, process, work))
                .unwrap();
        }
        let outcome = catch_unwind(AssertUnwindSafe(here));
        if let Err(payload) = &outcome {
            // The tasks beside it would wait for ever.
            process.unwound(&words_of(&**payload));
        }
        hand_over(Wake::Children(Arc::clone(&left)));
        match outcome {
            Err(payload) => resume_unwind(payload),
            Ok(()) if process.is_dead() => resume_unwind(Box::new(Killed)),
            Ok(()) => {}
        }
    });
}

/// What a panic said; nothing, where a process was killed.
fn words_of(payload: &(dyn Any + Send)) -> Option<String> {
    if payload.is::<Killed>() {
        return None;
    }
    let text = payload.downcast_ref::<String>().cloned().or_else(|| {
        payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
    });
    Some(text.unwrap_or_else(|| "a panic without words".to_owned()))
}
