//! What is agreed about an instance's webhooks: whether they are expected, by which secrets they are signed, from where they may
//! come. Must never hold what a webhook said: a body is a hint, and never truth.

use std::fmt;
// Of `core`: addresses as values, and nothing that opens a socket.
use core::net::IpAddr;
use std::str::FromStr;

use super::secret::Secret;

/// What is agreed about one instance's webhooks.
#[derive(Debug, Clone)]
pub struct HookSettings {
    /// Whether they are expected, where the daemon takes webhooks at all.
    pub expected: bool,
    /// What they are signed with: the present secret first, then the one before it. Empty: they are not signed, and the secret path
    /// is all that tells them from others.
    pub secrets: Vec<Secret>,
    /// From where they may come; empty: from everywhere.
    pub from: Vec<Network>,
}

impl Default for HookSettings {
    fn default() -> Self {
        Self { expected: true, secrets: Vec::new(), from: Vec::new() }
    }
}

/// Some IP addresses: those that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

impl Network {
    /// Whether an address is one of them. An IPv4 address that came as an IPv6 one is taken for what it is.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                same(first.to_bits().into(), address.to_bits().into(), 32, self.bits)
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => same(first.to_bits(), address.to_bits(), 128, self.bits),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

fn same(first: u128, second: u128, width: u8, bits: u8) -> bool {
    let rest = u32::from(width.saturating_sub(bits));
    (first ^ second).checked_shr(rest).unwrap_or(0) == 0
}

impl FromStr for Network {
    type Err = &'static str;

    /// An address, or one with a length: `10.0.0.7`, `10.0.0.0/8`, `fd00::/8`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let first: IpAddr = address.parse().map_err(|_| "it is no IP address")?;
        let width = if first.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => width,
            Some(bits) if bits.bytes().all(|sign| sign.is_ascii_digit()) => {
                bits.parse().ok().filter(|bits| *bits <= width).ok_or("its length is out of range")?
            }
            Some(_) => return Err("its length is no number"),
        };
        Ok(Self { first, bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_the_addresses_that_begin_as_it_does() {
        let holds = |network: &str, address: &str| network.parse::<Network>().unwrap().holds(address.parse().unwrap());
        assert!(holds("10.0.0.0/8", "10.255.1.2") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("10.0.0.7", "10.0.0.7") && !holds("10.0.0.7", "10.0.0.6"));
        assert!(holds("10.0.0.7", "::ffff:10.0.0.7"), "as a socket for both shows it");
        assert!(holds("0.0.0.0/0", "203.0.113.9") && !holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("::/0", "2001:db8::1") && holds("fd00::/8", "fd12::1") && !holds("fd00::/8", "fe80::1"));
        for wrong in ["", "10.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "example.org"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}
