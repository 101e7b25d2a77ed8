//! Connections that are encrypted.

/// Has all of them use the same cryptography, of the two that libraries bring along. May be called any number of times.
pub fn use_cryptography() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
