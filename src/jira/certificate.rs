//! When certificates end that lie in files of ours: what this machine shows of itself, and the private authorities. Must never fail on
//! what a file holds, nor judge more of a certificate than its last moment: whether it is trusted, the handshake decides.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use zeroize::Zeroizing;

use super::grant::grant_ends;
use crate::model::settings::{InstanceSettings, LoginEnds, NetworkSettings};

/// Tags of DER that lead to a certificate's last moment (RFC 5280, 4.1).
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// When what an instance is reached with ends, as far as the configuration and the files that it names tell.
#[must_use]
pub fn login_ends(settings: &InstanceSettings) -> LoginEnds {
    let (certificate_until, authority_until) = (shown_until(&settings.network), trusted_until(&settings.network));
    LoginEnds { expires: settings.expires, granted_until: grant_ends(settings), certificate_until, authority_until }
}

/// All certificates are shown, up to the authority: the first that ends breaks the way.
fn shown_until(network: &NetworkSettings) -> Option<Timestamp> {
    ends_in(&network.client_certificate.as_ref()?.certificate).into_iter().flatten().min()
}

/// An old authority may stand beside the one that follows it: only after the last nobody vouches any more.
fn trusted_until(network: &NetworkSettings) -> Option<Timestamp> {
    let ends: Option<Vec<Timestamp>> = ends_in(network.ca_file.as_deref()?).into_iter().collect();
    ends?.into_iter().max()
}

/// When each certificate of a PEM file ends; `None` of one that does not tell. What cannot be read has none: who connects tells of it.
fn ends_in(path: &Path) -> Vec<Option<Timestamp>> {
    // The key may lie in the same file.
    let Ok(pem) = std::fs::read(path).map(Zeroizing::new) else { return Vec::new() };
    CertificateDer::pem_slice_iter(&pem).map_while(Result::ok).map(|certificate| not_after(&certificate)).collect()
}

/// The last moment at which a certificate holds; `None`: it is none, or says no moment that there is.
fn not_after(der: &[u8]) -> Option<Timestamp> {
    let (certificate, _) = of_tag(der, SEQUENCE)?;
    let (signed, _) = of_tag(certificate, SEQUENCE)?;
    // The first version leaves its number out.
    let rest = of_tag(signed, VERSION).map_or(signed, |(_, rest)| rest);
    let (_serial_number, rest) = of_tag(rest, INTEGER)?;
    let (_algorithm, rest) = of_tag(rest, SEQUENCE)?;
    let (_issuer, rest) = of_tag(rest, SEQUENCE)?;
    let (validity, _) = of_tag(rest, SEQUENCE)?;
    let (_, _not_before, rest) = element(validity)?;
    let (tag, text, _) = element(rest)?;
    moment(tag, text)
}

/// The content of the first element, if it has this tag, and what is behind it.
fn of_tag(der: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let (tag, content, rest) = element(der)?;
    (tag == wanted).then_some((content, rest))
}

/// The first element: its tag, its content, and what is behind it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // So many bytes of length follow; four tell of more than any certificate has.
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = bytes
                .iter()
                .try_fold(0_usize, |length, byte| length.checked_mul(0x100)?.checked_add(usize::from(*byte)))?;
            (length, rest)
        }
        0x80 | 0x85..=0xff => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// `YYMMDDHHMMSSZ`, or with four digits of the year, as RFC 5280 has both written.
fn moment(tag: u8, text: &[u8]) -> Option<Timestamp> {
    let digits = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let digits = match (tag, digits.len()) {
        (UTC_TIME, 12) => format!("{}{digits}", if digits < "50" { "20" } else { "19" }),
        (GENERALIZED_TIME, 14) => digits.to_owned(),
        _ => return None,
    };
    let year = digits.get(..4)?.parse().ok()?;
    let part = |from: usize| digits.get(from..from + 2)?.parse::<i8>().ok();
    let time = DateTime::new(year, part(4)?, part(6)?, part(8)?, part(10)?, part(12)?, 0).ok()?;
    // The year 9999 is written of what ends never, and lies behind the last moment that there is here.
    time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::model::settings::ClientCertificate;

    fn pem(name: &str) -> PathBuf {
        [env!("CARGO_MANIFEST_DIR"), "tests/it/catalogue/certificates", name].iter().collect()
    }

    fn ends(name: &str) -> Vec<Option<String>> {
        ends_in(&pem(name)).into_iter().map(|end| end.map(|end| end.to_string())).collect()
    }

    #[test]
    fn the_last_moment_of_a_certificate_is_read_in_both_ways_of_writing_it() {
        assert_eq!(ends("expired.pem"), [Some("2020-01-02T00:00:00Z".to_owned())]);
        assert_eq!(ends("client.pem"), [Some("2126-11-05T03:35:37Z".to_owned())]);
        assert!(ends("client.key").is_empty(), "a key is no certificate");
        assert!(ends("none.pem").is_empty());
        let (old, new) = (UTC_TIME, GENERALIZED_TIME);
        let said = |tag, text: &str| moment(tag, text.as_bytes()).map(|end| end.to_string());
        assert_eq!(said(old, "491231235959Z").unwrap(), "2049-12-31T23:59:59Z");
        assert_eq!(said(old, "500101000000Z").unwrap(), "1950-01-01T00:00:00Z");
        assert_eq!(said(new, "20500101000000Z").unwrap(), "2050-01-01T00:00:00Z");
        for (tag, text) in [
            (new, "99991231235959Z"),
            (new, "20500101000000"),
            (new, "20501301000000Z"),
            (old, "20500101000000Z"),
            (new, "500101000000Z"),
            (old, "5001010000-1Z"),
            (SEQUENCE, "500101000000Z"),
        ] {
            assert_eq!(said(tag, text), None, "{text}");
        }
    }

    #[test]
    fn whatever_bytes_stand_there_nothing_breaks() {
        let file = std::fs::read(pem("expired.pem")).unwrap();
        let whole = CertificateDer::from_pem_slice(&file).unwrap().to_vec();
        assert!(not_after(&whole).is_some());
        for end in 0..whole.len() {
            assert_eq!(not_after(&whole[..end]), None, "the first {end} bytes");
        }
        for at in 0..whole.len() {
            for byte in [0, 1, 0x30, 0x7f, 0x80, 0x81, 0x82, 0x84, 0x85, 0xff] {
                let mut bent = whole.clone();
                bent[at] = byte;
                let _ = not_after(&bent);
            }
        }
        assert_eq!(not_after(&[SEQUENCE, 0x84, 0xff, 0xff, 0xff, 0xff, 0]), None);
    }

    #[test]
    fn the_first_end_of_what_is_shown_counts_and_the_last_of_who_vouches() {
        let folder = tempfile::tempdir().unwrap();
        let both = folder.path().join("both.pem");
        let bytes = ["client.pem", "expired.pem"].map(|name| std::fs::read(pem(name)).unwrap()).concat();
        std::fs::write(&both, bytes).unwrap();
        let said = |end: Option<Timestamp>| end.unwrap().to_string();
        let shown = ClientCertificate { certificate: both.clone(), key: both.clone() };
        let network = NetworkSettings { ca_file: Some(both), client_certificate: Some(shown), proxy: None };
        assert_eq!(said(shown_until(&network)), "2020-01-02T00:00:00Z");
        assert_eq!(said(trusted_until(&network)), "2126-11-05T03:35:37Z");
        let none = NetworkSettings::default();
        assert_eq!((shown_until(&none), trusted_until(&none)), (None, None));
    }
}
