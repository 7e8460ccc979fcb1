//! Whether a body is signed by who shares a secret with us. It must never take longer for one wrong signature than for another,
//! nor let the sender choose a method that we do not.

use aws_lc_rs::hmac;
use http::HeaderMap;

use crate::model::secret::Secret;

const HEADER: &str = "x-hub-signature";
/// The methods that are taken. The header names its own; a new one must be added here before it counts.
const METHODS: [(&str, hmac::Algorithm); 1] = [("sha256", hmac::HMAC_SHA256)];

/// Whether the body is signed with one of the secrets: by exactly one header `X-Hub-Signature: method=hex`.
pub(super) fn is_signed(headers: &HeaderMap, body: &[u8], secrets: &[Secret]) -> bool {
    let mut given = headers.get_all(HEADER).iter();
    let (Some(header), None) = (given.next(), given.next()) else { return false };
    let Some((method, hex)) = header.to_str().ok().and_then(|text| text.split_once('=')) else { return false };
    let Some((_, algorithm)) = METHODS.iter().find(|(name, _)| *name == method) else { return false };
    let Some(tag) = bytes_of(hex) else { return false };
    // All are tried, so that the time does not tell which one it was.
    let known = secrets.iter().filter(|secret| !secret.expose().is_empty());
    let good = known.map(|secret| {
        let key = hmac::Key::new(*algorithm, secret.expose().as_bytes());
        hmac::verify(&key, body, &tag).is_ok()
    });
    good.fold(false, |any, good| any | good)
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    if !hex.len().is_multiple_of(2) || hex.len() > 256 || !hex.bytes().all(|sign| sign.is_ascii_hexdigit()) {
        return None;
    }
    hex.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// The vector that Atlassian publishes.
    const SECRET: &str = "It's a Secret to Everybody";
    const TAG: &str = "a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9";

    fn taken(signatures: &[&str], body: &str, secrets: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for signature in signatures {
            headers.append(HEADER, HeaderValue::from_str(signature).unwrap());
        }
        let secrets: Vec<Secret> = secrets.iter().map(|secret| Secret::new((*secret).to_owned())).collect();
        is_signed(&headers, body.as_bytes(), &secrets)
    }

    #[test]
    fn the_published_vector_is_taken_and_nothing_else() {
        let good = format!("sha256={TAG}");
        assert!(taken(&[&good], "Hello World!", &[SECRET]));
        assert!(taken(&[&good], "Hello World!", &["new-secret", SECRET]), "while secrets change");
        assert!(taken(&[&good.to_uppercase().replace("SHA256", "sha256")], "Hello World!", &[SECRET]));
        assert!(!taken(&[&good], "Hello World?", &[SECRET]));
        assert!(!taken(&[&good], "Hello World!", &["another"]));
        assert!(!taken(&[&good], "Hello World!", &[]));
        assert!(!taken(&[], "Hello World!", &[SECRET]), "unsigned");
        assert!(!taken(&[&good, &good], "Hello World!", &[SECRET]), "two headers");
        let wrong = [
            TAG.to_owned(),
            format!("sha1={TAG}"),
            format!("none={TAG}"),
            format!("SHA256={TAG}"),
            format!("sha256 ={TAG}"),
            "sha256=".to_owned(),
            format!("sha256={}", TAG.get(..62).unwrap()),
            format!("sha256={TAG}00"),
            format!("sha256={TAG}, {good}"),
            "sha256=zz".to_owned(),
        ];
        for signature in &wrong {
            assert!(!taken(&[signature], "Hello World!", &[SECRET]), "{signature}");
        }
    }

    #[test]
    fn a_secret_that_was_not_fetched_signs_nothing() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"");
        let tag: String = hmac::sign(&key, b"x").as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(!taken(&[&format!("sha256={tag}")], "x", &[""]));
    }
}
