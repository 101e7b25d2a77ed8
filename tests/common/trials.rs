//! Tests that need something that not every machine has: a file system to mount, samples from elsewhere.
//!
//! Rust's own harness knows such a test as passed or failed. Those here report what is missing, and are shown as ignored
//! with that reason. A program of them has `harness = false` in Cargo.toml and gives
//! them to [`run`]; a file names its own in [`trials!`].

use libtest_mimic::{Arguments, Completion, Failed, Trial};

/// What the machine lacks.
pub struct Missing(pub String);

/// How such a test ends, if it does not fail.
pub type Tried = Result<(), Missing>;

/// Runs tests, each with its name, as the flags of `cargo test` say.
pub fn run<N: Into<String>, T: FnOnce() -> Tried + Send + 'static>(
    tests: impl IntoIterator<Item = (N, T)>,
) -> std::process::ExitCode {
    let trial = |(name, test): (N, T)| {
        Trial::ignorable_test(name, move || -> Result<Completion, Failed> {
            Ok(match test() {
                Ok(()) => Completion::Completed,
                Err(Missing(reason)) => Completion::ignored_with(reason),
            })
        })
    };
    let trials = tests.into_iter().map(trial).collect();
    let mut arguments = Arguments::from_args();
    let threads = std::env::var("RUST_TEST_THREADS").ok();
    // Most of these tests wait for processes.
    let as_many = std::thread::available_parallelism().map_or(1, |cores| 2 * cores.get() + 1);
    arguments.test_threads = arguments
        .test_threads
        .or(threads.and_then(|count| count.parse().ok()))
        .or(Some(as_many));
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Whether everything is tried that a change leaves to the night.
pub fn are_all() -> bool {
    std::env::var_os("ADE_TEST_ALL").is_some()
}

/// The tests of a file with their names, as its `TRIALS`.
macro_rules! trials {
    ($($test:ident),+ $(,)?) => {
        pub const TRIALS: &[(&str, fn() -> $crate::common::trials::Tried)] =
            &[$((stringify!($test), $test)),+];
    };
}
pub(crate) use trials;
