//! Sends the end of a run to an address, following [Standard Webhooks](https://www.standardwebhooks.com).

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::base::clock::Timestamp;
use crate::base::tls::use_cryptography;
use crate::settings::Settings;

/// The maximum time that a receiver may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends a message; the error is the reason why it was not accepted. A receiver recognises a repeated message by its id.
pub fn post(settings: &Settings, id: &str, message: &str, now: Timestamp) -> Result<(), String> {
    let url = settings.on_end_url.as_deref().unwrap_or_default();
    let seconds = (now.0 / 1000).to_string();
    // A redirect does not count as acceptance: the message only goes to the address that the operator configured.
    use_cryptography();
    let client = reqwest::blocking::Client::builder()
        .timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(format!("ade/{}", crate::VERSION))
        .build();
    let unreachable = |error: reqwest::Error| {
        let cause = std::error::Error::source(&error);
        let cause = cause.map_or_else(|| error.to_string(), ToString::to_string);
        format!("the address cannot be reached: {cause}")
    };
    let mut request = client
        .map_err(unreachable)?
        .post(url)
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", &seconds);
    if let Some(key) = &settings.on_end_secret {
        request = request.header("webhook-signature", signature(key, id, &seconds, message));
    }
    // Only the status and the headers of the answer are read.
    let answer = request
        .body(message.to_owned())
        .send()
        .map_err(unreachable)?;
    match answer.status() {
        status if status.is_success() => Ok(()),
        status => Err(format!("the address answers {}", status.as_u16())),
    }
}

/// Returns the signature of a message: `v1,` and the HMAC-SHA256 of id, time and message in base64.
fn signature(key: &[u8], id: &str, seconds: &str, message: &str) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| Hmac::new(&[0; 64].into()));
    mac.update(format!("{id}.{seconds}.{message}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_standard() {
        // This is the example of the standard's own libraries.
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(
            signature(
                &key,
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                "1614265330",
                r#"{"test": 2432232314}"#
            ),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }
}
