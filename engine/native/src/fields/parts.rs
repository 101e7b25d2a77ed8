//! Long columns in parts, each by a thread of its own: most of the work on a column is on single cells.

use std::ops::Range;

/// Fewer cells are not worth a thread.
const CELLS_OF_A_THREAD: usize = 20_000;
const MOST_THREADS: usize = 4;

/// What `work` makes of each part of `rows` rows, in order.
pub fn in_parts<T: Send>(rows: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    if rows < 2 * CELLS_OF_A_THREAD {
        // Asking for the processors takes longer than a small column.
        return vec![work(0..rows)];
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads
        .min(MOST_THREADS)
        .min(rows / CELLS_OF_A_THREAD)
        .max(1);
    let part = rows.div_ceil(threads);
    let range = |number: usize| (number * part).min(rows)..((number + 1) * part).min(rows);
    let work = &work;
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .map(|number| scope.spawn(move || work(range(number))))
            .collect();
        let mut made = vec![work(range(0))];
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
