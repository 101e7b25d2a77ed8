//! Batches requests that several threads of a process make to a server at the same time: the first thread sends the requests
//! that are waiting, and requests that arrive meanwhile form the next batch.

use std::sync::{Arc, Mutex};

use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::mutex::lock;
use crate::store::{Claim, Ending, Result};

/// Sends requests in batches; see the module.
pub(super) struct RequestBatcher<Q, A> {
    /// Locked while a batch is being sent.
    turn: Mutex<()>,
    waiting: Mutex<Vec<Arc<BatchedRequest<Q, A>>>>,
}

struct BatchedRequest<Q, A> {
    what: Q,
    /// The answer, once the request was sent; `Some(None)`: its batch failed.
    sent: Mutex<Option<Option<A>>>,
}

impl<Q, A> Default for RequestBatcher<Q, A> {
    fn default() -> Self {
        Self {
            turn: Mutex::default(),
            waiting: Mutex::default(),
        }
    }
}

impl<Q, A> RequestBatcher<Q, A> {
    /// Makes a request, together with requests that other threads make meanwhile. `send` returns the answers in the order of
    /// the requests. If a batch of several requests fails, each is sent alone.
    pub fn ask(&self, what: Q, send: impl Fn(&[&Q]) -> Result<Vec<A>>) -> Result<A> {
        let mine = Arc::new(BatchedRequest {
            what,
            sent: Mutex::new(None),
        });
        lock(&self.waiting).push(Arc::clone(&mine));
        let turn = lock(&self.turn);
        if lock(&mine.sent).is_none() {
            let mut all = std::mem::take(&mut *lock(&self.waiting));
            if !all.iter().any(|asked| Arc::ptr_eq(asked, &mine)) {
                all.push(Arc::clone(&mine));
            }
            let what: Vec<&Q> = all.iter().map(|asked| &asked.what).collect();
            match send(&what) {
                Ok(answers) => {
                    for (asked, answer) in all.iter().zip(answers) {
                        *lock(&asked.sent) = Some(Some(answer));
                    }
                }
                Err(error) if all.len() == 1 => return Err(error),
                Err(_) => all.iter().for_each(|asked| *lock(&asked.sent) = Some(None)),
            }
        }
        drop(turn);
        if let Some(Some(answer)) = lock(&mine.sent).take() {
            return Ok(answer);
        }
        let mut alone = send(&[&mine.what])?;
        Ok(alone.remove(0))
    }
}

/// A claim to be renewed or checked on a server.
#[derive(Serialize)]
pub(super) struct ClaimCheck {
    run: String,
    pub token: String,
    until: Option<i64>,
}

impl ClaimCheck {
    pub fn new(run: &str, claim: &Claim, until: Option<Timestamp>) -> Self {
        Self {
            run: run.to_owned(),
            token: claim.token.clone(),
            until: until.map(|until| until.0),
        }
    }

    /// Returns a list of claims as JSON, in the order in which their runs are locked.
    pub fn all(all: &[&Self]) -> String {
        let mut all = all.to_vec();
        all.sort_by_key(|beat| &beat.run);
        serde_json::to_string(&all).unwrap_or_default()
    }
}

/// The end of a run, to be sent to a server.
pub(super) struct RunEnd {
    pub run: String,
    pub claim: Claim,
    pub ending: Ending,
    pub now: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;
    use std::sync::mpsc;

    #[test]
    fn what_is_asked_while_something_is_on_its_way_goes_together_and_one_that_fails_fails_alone() {
        let (together, sent) = (RequestBatcher::<u8, u8>::default(), Mutex::new(Vec::new()));
        let (begun, begins) = mpsc::channel();
        let (go, wait) = mpsc::channel();
        let wait = Mutex::new(wait);
        let send = |all: &[&u8]| {
            lock(&sent).push(all.len());
            if *all[0] == 0 {
                begun.send(()).unwrap();
                lock(&wait).recv().unwrap();
            }
            match all.contains(&&3) {
                true => Err(StoreError::not_found("number", "3")),
                false => Ok(all.iter().map(|number| **number * 2).collect()),
            }
        };
        let answers: Vec<Option<u8>> = std::thread::scope(|scope| {
            let ask = |number| {
                let (together, send) = (&together, &send);
                scope.spawn(move || together.ask(number, send).ok())
            };
            let first = ask(0);
            begins.recv().unwrap();
            let others = [ask(1), ask(2), ask(3)];
            while lock(&together.waiting).len() < 3 {
                std::thread::yield_now();
            }
            go.send(()).unwrap();
            let all = std::iter::once(first).chain(others);
            all.map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(answers, [Some(0), Some(2), Some(4), None]);
        let sent = lock(&sent);
        assert_eq!(sent[..2], [1, 3]);
        assert!(sent[2..].iter().all(|count| *count == 1));
    }
}
