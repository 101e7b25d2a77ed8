//! Tests that need something that some machines lack: a file system to mount, or samples from elsewhere.
//!
//! Rust's own harness only knows passed and failed tests. The tests here report what is missing, and are shown as ignored with
//! that reason. Their program has `harness = false` in Cargo.toml and passes them to [`run`]; a file lists its own tests in
//! [`trials!`].

use libtest_mimic::{Arguments, Completion, Failed, Trial};

/// The resource that the machine lacks.
pub struct Missing(pub String);

/// The result of a test that does not fail.
pub type Tried = Result<(), Missing>;

/// Runs tests with their names, following the flags of `cargo test`.
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

/// Returns whether tests also run that are otherwise left to the nightly run.
pub fn are_all() -> bool {
    std::env::var_os("ADE_TEST_ALL").is_some()
}

/// Lists the tests of a file with their names in its `TRIALS`.
macro_rules! trials {
    ($($test:ident),+ $(,)?) => {
        pub const TRIALS: &[(&str, fn() -> $crate::common::trials::Tried)] =
            &[$((stringify!($test), $test)),+];
    };
}
pub(crate) use trials;
