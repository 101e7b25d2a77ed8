//! Splits long columns into parts for several threads: most of the work on a column is on single cells.

use std::num::NonZero;
use std::ops::Range;
use std::sync::{LazyLock, Mutex, PoisonError};

/// The minimum number of cells that are worth a thread.
const CELLS_OF_A_THREAD: usize = 20_000;
const PARTS_OF_A_THREAD: usize = 4;
const MAX_COLUMN_THREADS: usize = 4;

/// Returns the number of processors that this process could use when it first asked, as control groups limit it.
pub fn processors() -> usize {
    // Reading the limits of control groups takes a dozen system calls.
    static FOUND: LazyLock<usize> =
        LazyLock::new(|| std::thread::available_parallelism().map_or(1, NonZero::get));
    *FOUND
}

/// Returns the result of `work` for each part of `rows` rows, in order.
pub fn in_parts<T: Send>(rows: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    in_threads(ranges(rows), work)
}

/// Returns for each of `rows` rows whether it is wanted.
pub fn flags(rows: usize, is_wanted: impl Fn(usize) -> bool + Sync) -> Vec<bool> {
    in_parts(rows, |part| part.map(&is_wanted).collect::<Vec<_>>()).concat()
}

/// Returns those of `rows` rows that are wanted, in order.
pub fn places(rows: usize, is_wanted: impl Fn(usize) -> bool + Sync) -> Vec<usize> {
    let is_wanted = |row: &usize| is_wanted(*row);
    in_parts(rows, |part| part.filter(is_wanted).collect::<Vec<_>>()).concat()
}

/// Returns the parts of `rows` rows, in order: a few for each thread that is worth it, because some parts take longer than
/// others.
pub fn ranges(rows: usize) -> Vec<Range<usize>> {
    if rows < 2 * CELLS_OF_A_THREAD {
        // Asking for the processors takes longer than a small column.
        return std::iter::once(0..rows).collect();
    }
    let threads = threads().min(rows / CELLS_OF_A_THREAD);
    let parts = if threads > 1 {
        threads * PARTS_OF_A_THREAD
    } else {
        1
    };
    let part = rows.div_ceil(parts);
    (0..parts)
        .map(|number| (number * part).min(rows)..((number + 1) * part).min(rows))
        .collect()
}

/// Cuts a slice at the ends of these parts.
pub fn cut_mut<'a, T>(
    mut places: &'a mut [T],
    parts: &[Range<usize>],
) -> impl Iterator<Item = &'a mut [T]> {
    parts.iter().map(move |part| {
        let (own, others) = std::mem::take(&mut places).split_at_mut(part.len());
        places = others;
        own
    })
}

/// Returns the result of `work` for each task, in order; if the tasks have many cells in all, threads share them.
pub fn share_tasks<A: Send, T: Send>(
    tasks: Vec<A>,
    cells: usize,
    work: impl Fn(A) -> T + Sync,
) -> Vec<T> {
    if ranges(cells).len() == 1 {
        return tasks.into_iter().map(work).collect();
    }
    in_threads(tasks, work)
}

/// Returns the result of `work` for each task, in order. Threads share the tasks, and this thread takes part.
pub fn in_threads<A: Send, T: Send>(tasks: Vec<A>, work: impl Fn(A) -> T + Sync) -> Vec<T> {
    if tasks.len() < 2 {
        return tasks.into_iter().map(work).collect();
    }
    let threads = threads().min(tasks.len());
    let tasks = Mutex::new(tasks.into_iter().enumerate());
    let next = || tasks.lock().unwrap_or_else(PoisonError::into_inner).next();
    let do_some = || {
        let done = std::iter::from_fn(|| next().map(|(place, task)| (place, work(task))));
        done.collect::<Vec<_>>()
    };
    let mut made = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(do_some)).collect();
        let mut made = do_some();
        for other in others {
            // A panic in another thread becomes a panic in this one.
            made.extend(
                other
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            );
        }
        made
    });
    made.sort_unstable_by_key(|(place, _)| *place);
    made.into_iter().map(|(_, made)| made).collect()
}

fn threads() -> usize {
    processors().min(MAX_COLUMN_THREADS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_tasks_keep_their_order() {
        for cells in [0, 2 * CELLS_OF_A_THREAD, 10 * CELLS_OF_A_THREAD] {
            for count in [0, 1, 2, 7] {
                let made = share_tasks((0..count).collect(), cells, |task: usize| task * task);
                let wanted: Vec<usize> = (0..count).map(|task| task * task).collect();
                assert_eq!(made, wanted, "{count} tasks, {cells} cells");
            }
        }
    }
}
