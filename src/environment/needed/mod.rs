//! Finds out which environment a configuration needs: [`prepare`] opens the configuration, keeps a snapshot of it, identifies
//! the environment by a digest, and checks whether its lock fits its declared dependencies.

pub mod prepare;
