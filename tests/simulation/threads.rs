//! Threads that run one at a time, in an order that a seed decides.
//!
//! Each task of a simulated process has a stack of its own, and all of them are on one thread. A task runs until it gives
//! way ([`give_way`]): at each call to the store, at many calls to files, and wherever the machine makes it wait. Then the
//! scheduler ([`Threads::resume`], on the stack of the test) chooses the next task. A process that is killed unwinds: it does
//! not return from giving way, and nothing that it still does while it unwinds has any effect.

use std::any::Any;
use std::cell::{RefCell, RefMut};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ade::base::cancel::Cancel;
use ade::system::bell::Bell;
use ade::system::machine::Work;
use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};

use super::process::Process;

/// The condition for a task to continue.
#[derive(Clone)]
pub enum Wake {
    /// A moment of the steady clock, or an earlier one in which the flag is raised or the bell has rung more often than that.
    At {
        at: i64,
        cancel: Option<Cancel>,
        bell: Option<(Bell, u64)>,
    },
    /// The end of all tasks that are counted here.
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

/// A task, as the scheduler sees it.
struct Task {
    process: Arc<Process>,
    wake: Wake,
    /// Counts the tasks that were begun together and have not ended.
    siblings: Option<Arc<AtomicUsize>>,
    /// Its coroutine; none while it runs.
    coroutine: Option<Coroutine<(), (), ()>>,
    /// The handle to suspend itself: set when it begins, and valid until it ends.
    yielder: *const Yielder<(), ()>,
}

#[derive(Default)]
struct Tasks {
    by_id: BTreeMap<usize, Task>,
    next: usize,
}

/// See the module.
#[derive(Default)]
pub struct Threads {
    tasks: RefCell<Tasks>,
    /// The stacks of tasks that have ended.
    free: RefCell<Vec<DefaultStack>>,
}

/// The task that runs.
struct Current {
    threads: Rc<Threads>,
    task: usize,
    process: Arc<Process>,
}

/// Bytes.
const STACK: usize = 1 << 20;

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
}

impl Tasks {
    fn task(&mut self, task: usize) -> &mut Task {
        self.by_id.get_mut(&task).expect("it lives")
    }
}

impl Threads {
    fn tasks(&self) -> RefMut<'_, Tasks> {
        self.tasks.borrow_mut()
    }

    /// Begins a process whose first task does `work`.
    pub fn start(&self, process: &Arc<Process>, work: impl FnOnce() + 'static) {
        self.begin(process, None, Box::new(work));
    }

    /// Prepares a task on a stack of its own.
    fn begin(
        &self,
        process: &Arc<Process>,
        siblings: Option<Arc<AtomicUsize>>,
        work: Box<dyn FnOnce()>,
    ) {
        let free = self.free.borrow_mut().pop();
        let stack = free.unwrap_or_else(|| DefaultStack::new(STACK).expect("a stack"));
        let its_process = Arc::clone(process);
        let coroutine = Coroutine::with_stack(stack, move |yielder, ()| {
            CURRENT.with_borrow(|current| {
                let current = current.as_ref().expect("it runs");
                current.threads.tasks().task(current.task).yielder = yielder;
            });
            carry_out(&its_process, work);
        });
        let task = Task {
            process: Arc::clone(process),
            wake: Wake::at(process.world.steady()),
            siblings,
            coroutine: Some(coroutine),
            yielder: std::ptr::null(),
        };
        let mut tasks = self.tasks();
        let id = tasks.next;
        tasks.next += 1;
        tasks.by_id.insert(id, task);
    }

    fn end(&self, task: usize) {
        let mut tasks = self.tasks();
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
    }

    /// Lets a task continue until it gives way or ends.
    pub fn resume(self: &Rc<Self>, task: usize) {
        let (mut coroutine, process) = {
            let mut tasks = self.tasks();
            let task = tasks.task(task);
            let coroutine = task.coroutine.take().expect("it is suspended");
            (coroutine, Arc::clone(&task.process))
        };
        CURRENT.set(Some(Current {
            threads: Rc::clone(self),
            task,
            process,
        }));
        let result = coroutine.resume(());
        CURRENT.set(None);
        match result {
            CoroutineResult::Yield(()) => self.tasks().task(task).coroutine = Some(coroutine),
            CoroutineResult::Return(()) => {
                self.free.borrow_mut().push(coroutine.into_stack());
                self.end(task);
            }
        }
    }

    /// Returns the processes that have tasks, each once for each task, in the order of the tasks.
    pub fn processes(&self) -> Vec<Arc<Process>> {
        let tasks = self.tasks();
        tasks
            .by_id
            .values()
            .map(|task| Arc::clone(&task.process))
            .collect()
    }

    /// Returns the tasks that can continue first, and the time for that.
    pub fn ready(&self, now: i64) -> (Vec<usize>, i64) {
        let tasks = self.tasks();
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

    /// Returns the first task of a process that is dead and has not unwound yet.
    pub fn dying(&self) -> Option<usize> {
        let tasks = self.tasks();
        let mut dead = tasks
            .by_id
            .iter()
            .filter(|(_, task)| task.process.is_dead());
        dead.find(|(_, task)| task.due() < NEVER).map(|(id, _)| *id)
    }
}

/// Runs a task from start to end.
fn carry_out(process: &Arc<Process>, work: Box<dyn FnOnce()>) {
    if process.is_dead() {
        return;
    }
    if let Err(payload) = catch_unwind(AssertUnwindSafe(work)) {
        process.unwound(&words_of(&*payload));
    }
}

/// The task that runs.
pub fn current() -> usize {
    CURRENT.with_borrow(|current| current.as_ref().expect("a task of the simulation").task)
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

/// Gives way to others. Does not return if the process was killed meanwhile.
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
    let yielder = CURRENT.with_borrow(|current| {
        let current = current.as_ref().expect("a task of the simulation");
        let mut tasks = current.threads.tasks();
        let task = tasks.task(current.task);
        task.wake = wake;
        task.yielder
    });
    // SAFETY: the task runs, so its coroutine has set this, and has not returned.
    unsafe { &*yielder }.suspend(());
}

/// Does `work` in tasks of their own beside `here`, and returns when all of it has ended.
pub fn beside(work: Vec<Work<'_>>, here: &mut dyn FnMut()) {
    let (threads, process) = CURRENT.with_borrow(|current| {
        let current = current.as_ref().expect("a task of the simulation");
        (Rc::clone(&current.threads), Arc::clone(&current.process))
    });
    let left = Arc::new(AtomicUsize::new(work.len()));
    for work in work {
        // SAFETY: this function does not return or unwind before all of the work has ended and is dropped.
        let work: Work<'static> = unsafe { std::mem::transmute(work) };
        threads.begin(&process, Some(Arc::clone(&left)), work);
    }
    let outcome = catch_unwind(AssertUnwindSafe(here));
    if let Err(payload) = &outcome {
        // The tasks beside it would wait for ever.
        process.unwound(&words_of(&**payload));
    }
    while left.load(Ordering::SeqCst) > 0 {
        hand_over(Wake::Children(Arc::clone(&left)));
    }
    match outcome {
        Err(payload) => resume_unwind(payload),
        Ok(()) if process.is_dead() => resume_unwind(Box::new(Killed)),
        Ok(()) => {}
    }
}

/// Returns the message of a panic; none if a process was killed.
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
