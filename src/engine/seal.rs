//! Marks: what Jira keeps beside our writes, so that we know them again. Sealed under the state's key and bound to the side,
//! so that two partners who compare notes learn nothing. Must never give a mark that can be read without the key.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::clock::Entropy;
use crate::model::ids::{ItemId, OperationId, SideId, SyncId};
use crate::model::store::StateIdentity;

/// Bytes of what is sealed: operation and item, 16 each, then what it is a copy of: 4 of its side's name, and its id there. All marks are
/// of one length: it must tell nothing. Those of earlier versions end with the item.
const PLAIN: usize = 44;

/// Makes marks, and reads those that were made with the same key.
pub struct Seal {
    key: LessSafeKey,
}

/// What a mark of ours says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The operation that wrote.
    pub operation: OperationId,
    /// The item that it was about: enough to rebuild a lost state.
    pub item: ItemId,
    /// What it is a copy of, where it made one.
    pub of: Option<Origin>,
}

/// What something that we made is a copy of: an issue of another side, or a comment or worklog of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    side: [u8; 4],
    /// Its id there; never 0.
    pub id: u64,
}

impl Origin {
    /// One of a side. `None` of what has no number there.
    #[must_use]
    pub fn of(side: &SideId, id: u64) -> Option<Self> {
        (id != 0).then(|| Self { side: short(side), id })
    }

    /// Whether it is on that side: two names of one sync do not meet in four bytes but once in thousands of millions.
    #[must_use]
    pub fn is_on(&self, side: &SideId) -> bool {
        self.side == short(side)
    }
}

fn short(side: &SideId) -> [u8; 4] {
    let whole = digest(&SHA256, side.as_str().as_bytes());
    whole.as_ref().first_chunk().copied().unwrap_or_default()
}

/// The cipher of the library refused its own key or input: a defect, or a machine without randomness.
#[derive(Debug, thiserror::Error)]
#[error("could not seal a mark")]
pub struct CannotSeal;

impl Seal {
    /// The seal of a state.
    ///
    /// # Errors
    /// The cipher refused the key.
    pub fn new(identity: &StateIdentity) -> Result<Self, CannotSeal> {
        let key = UnboundKey::new(&AES_256_GCM, &identity.seal_key).map_err(|_| CannotSeal)?;
        Ok(Self { key: LessSafeKey::new(key) })
    }

    /// The mark of an operation on a side: about 80 characters of base64.
    ///
    /// # Errors
    /// The cipher refused what is to be sealed.
    pub fn close(&self, mark: Mark, sync: &SyncId, side: &SideId, entropy: &dyn Entropy) -> Result<String, CannotSeal> {
        let mut nonce = [0; NONCE_LEN];
        entropy.fill(&mut nonce);
        let mut sealed = Vec::with_capacity(PLAIN + 16);
        sealed.extend_from_slice(&mark.operation.0.to_be_bytes());
        sealed.extend_from_slice(&mark.item.0.to_be_bytes());
        sealed.extend_from_slice(&mark.of.map(|of| of.side).unwrap_or_default());
        sealed.extend_from_slice(&mark.of.map_or(0, |of| of.id).to_be_bytes());
        let place = place(sync, side);
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(&place), &mut sealed)
            .map_err(|_| CannotSeal)?;
        let whole: Vec<u8> = nonce.iter().copied().chain(sealed).collect();
        Ok(URL_SAFE_NO_PAD.encode(whole))
    }

    /// What a text says, if it is a mark of ours for that side; `None` for anybody else's.
    #[must_use]
    pub fn open(&self, text: &str, sync: &SyncId, side: &SideId) -> Option<Mark> {
        let whole = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = whole.split_first_chunk::<NONCE_LEN>()?;
        let mut sealed = sealed.to_vec();
        let place = place(sync, side);
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self.key.open_in_place(nonce, Aad::from(&place), &mut sealed).ok()?;
        let (operation, rest) = plain.split_first_chunk::<16>()?;
        let (item, rest) = rest.split_first_chunk::<16>()?;
        let of = rest.split_first_chunk::<4>().and_then(|(side, id)| {
            let id = u64::from_be_bytes(id.try_into().ok()?);
            (id != 0).then_some(Origin { side: *side, id })
        });
        let (operation, item) = (u128::from_be_bytes(*operation), u128::from_be_bytes(*item));
        Some(Mark { operation: OperationId(operation), item: ItemId(item), of })
    }
}

/// Whether a text looks like a mark of any state: an older mark says nothing of what it is a copy of.
#[must_use]
pub fn is_like_a_mark(text: &str) -> bool {
    let beside = NONCE_LEN + 16;
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|whole| [PLAIN, 32].contains(&whole.len().saturating_sub(beside)))
}

/// A mark is good on its own side only: names hold no NUL.
fn place(sync: &SyncId, side: &SideId) -> Vec<u8> {
    format!("{sync}\0{side}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SeededEntropy;

    #[test]
    fn a_mark_opens_on_its_side_with_its_key_alone() {
        let seal = |byte: u8| Seal::new(&StateIdentity { daemon: "d".into(), seal_key: [byte; 32] }).unwrap();
        let (entropy, ours, other) = (SeededEntropy::new(1), seal(1), seal(2));
        let mark = Mark { operation: OperationId(7), item: ItemId(9), of: Origin::of(&"b".into(), 11) };
        let bare = Mark { of: None, ..mark };
        assert!(mark.of.is_some_and(|of| of.is_on(&"b".into()) && !of.is_on(&"a".into())));
        let length = |mark| ours.close(mark, &"s".into(), &"a".into(), &entropy).unwrap().len();
        assert_eq!(length(mark), length(bare), "what was made shows in no length");
        let sealed = ours.close(bare, &"s".into(), &"a".into(), &entropy).unwrap();
        assert_eq!(ours.open(&sealed, &"s".into(), &"a".into()), Some(bare));
        let text = ours.close(mark, &"s".into(), &"a".into(), &entropy).unwrap();
        assert_eq!(ours.open(&text, &"s".into(), &"a".into()), Some(mark));
        assert_eq!(ours.open(&text, &"s".into(), &"b".into()), None);
        assert_eq!(other.open(&text, &"s".into(), &"a".into()), None);
        assert!(is_like_a_mark(&text) && !is_like_a_mark("not ours") && !is_like_a_mark(&text[4..]));
        assert_eq!(ours.open("not ours", &"s".into(), &"a".into()), None);
        assert_ne!(text, ours.close(mark, &"s".into(), &"a".into(), &entropy).unwrap());
        assert!(text.len() <= 100, "{}", text.len());
    }
}
