//! Tests that need something that not every machine has: a file system to mount, samples from elsewhere.
//!
//! Rust's own harness knows such a test as passed or failed. Those here report what is missing, and are shown as ignored
//! with that reason. A file of them has `harness = false` in Cargo.toml and names its tests in [`trials!`], or gives them
//! to [`run`].

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
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// The `main` of a file of such tests.
macro_rules! trials {
    ($($test:ident),+ $(,)?) => {
        fn main() -> std::process::ExitCode {
            common::trials::run([$((stringify!($test), $test as fn() -> common::trials::Tried)),+])
        }
    };
}
pub(crate) use trials;
