//! Which environment a configuration needs: [`prepare`] opens the configuration, keeps a snapshot of it, names the environment by digest
//! and says whether its lock fits what it declares.

pub mod prepare;
