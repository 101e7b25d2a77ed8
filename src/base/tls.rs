//! Setup for encrypted connections.

/// Selects one of the two cryptography libraries for all connections. May be called any number of times.
pub fn use_cryptography() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
