//! Long columns in parts, each by a thread of its own: most of the work on a column is on single cells.

use std::ops::Range;

/// Fewer cells are not worth a thread.
const CELLS_OF_A_THREAD: usize = 20_000;
const MOST_THREADS: usize = 4;

/// What `work` makes of each part of `rows` rows, in order.
pub fn in_parts<T: Send>(rows: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    in_threads(ranges(rows), work)
}

/// The parts of so many rows, in order: one for each thread that is worth it.
pub fn ranges(rows: usize) -> Vec<Range<usize>> {
    if rows < 2 * CELLS_OF_A_THREAD {
        // Asking for the processors takes longer than a small column.
        return std::iter::once(0..rows).collect();
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads
        .min(MOST_THREADS)
        .min(rows / CELLS_OF_A_THREAD)
        .max(1);
    let part = rows.div_ceil(threads);
    (0..threads)
        .map(|number| (number * part).min(rows)..((number + 1) * part).min(rows))
        .collect()
}

/// What `work` makes of each task, in order: of the first one in this thread, of each other one in a thread of its own.
pub fn in_threads<A: Send, T: Send>(tasks: Vec<A>, work: impl Fn(A) -> T + Sync) -> Vec<T> {
    let work = &work;
    let mut tasks = tasks.into_iter();
    let Some(first) = tasks.next() else {
        return Vec::new();
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = tasks.map(|task| scope.spawn(move || work(task))).collect();
        let mut made = vec![work(first)];
        for other in others {
            // A panic of a thread is one of this thread.
            made.push(
                other
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            );
        }
        made
    })
}
