//! What is in a file: in memory where it is small; else in a file of the system that has no name any more and goes with the
//! last who holds it. Must never change what it was given.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{Context, SHA256};
use bytes::Bytes;
use futures_util::stream::{self, Stream};
use tokio::io::AsyncWriteExt as _;

/// Largest that is kept in memory, in bytes.
pub(crate) const KEPT_IN_MEMORY: u64 = 4 << 20;
/// Bytes that are read from the disk at once.
const PIECE: u64 = 256 << 10;

/// The bytes of a file.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    /// In memory.
    Whole(Bytes),
    /// On the disk, with its length.
    Spooled(Arc<File>, u64),
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Self::Whole(bytes)
    }
}

impl Content {
    /// How many bytes there are.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Whole(bytes) => bytes.len() as u64,
            Self::Spooled(_, length) => *length,
        }
    }

    /// The bytes, where they are in memory.
    pub(crate) fn in_memory(&self) -> Option<&Bytes> {
        match self {
            Self::Whole(bytes) => Some(bytes),
            Self::Spooled(..) => None,
        }
    }

    /// The first bytes, read into memory; fewer where the disk does not give them.
    pub(crate) fn first(&self, count: u64) -> Bytes {
        match self {
            Self::Whole(bytes) => bytes.slice(..usize::try_from(count).unwrap_or(usize::MAX).min(bytes.len())),
            Self::Spooled(file, length) => read(file, 0, count.min(*length)).unwrap_or_default(),
        }
    }

    /// The bytes one piece after the other.
    pub(crate) fn pieces(self) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        stream::unfold((self, 0), |(content, from)| async move {
            let left = content.len().saturating_sub(from).min(PIECE);
            if left == 0 {
                return None;
            }
            let piece = match &content {
                Self::Whole(bytes) => Ok(bytes.slice(usize::try_from(from).unwrap_or(bytes.len())..)),
                Self::Spooled(file, _) => {
                    let file = Arc::clone(file);
                    tokio::task::spawn_blocking(move || read(&file, from, left))
                        .await
                        .map_err(io::Error::other)
                        .flatten()
                }
            };
            let next = piece.as_ref().map_or(u64::MAX, |piece| from + piece.len() as u64);
            Some((piece, (content, next)))
        })
    }

    /// SHA-256.
    ///
    /// # Errors
    /// What the disk says.
    pub(crate) fn hash(&self) -> io::Result<Vec<u8>> {
        let mut context = Context::new(&SHA256);
        match self {
            Self::Whole(bytes) => context.update(bytes),
            Self::Spooled(file, length) => {
                for from in (0..*length).step_by(usize::try_from(PIECE).unwrap_or(1)) {
                    context.update(&read(file, from, PIECE.min(length - from))?);
                }
            }
        }
        Ok(context.finish().as_ref().to_vec())
    }
}

fn read(file: &File, from: u64, count: u64) -> io::Result<Bytes> {
    let mut piece = vec![0; usize::try_from(count).unwrap_or(0)];
    file.read_exact_at(&mut piece, from)?;
    Ok(piece.into())
}

/// Takes in the bytes of a file as they come.
#[derive(Debug)]
pub(crate) struct Spool {
    up_to: u64,
    memory: Vec<u8>,
    disk: Option<(tokio::fs::File, u64)>,
}

impl Spool {
    /// One that keeps so many bytes in memory, and more of them on the disk.
    pub(crate) fn up_to(up_to: u64) -> Self {
        Self { up_to, memory: Vec::new(), disk: None }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// What the disk says.
    pub(crate) async fn take(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.disk.is_none() && (self.memory.len() + bytes.len()) as u64 > self.up_to {
            let mut file = tokio::fs::File::from_std(nameless()?);
            file.write_all(&self.memory).await?;
            self.disk = Some((file, self.memory.len() as u64));
            self.memory = Vec::new();
        }
        match &mut self.disk {
            Some((file, length)) => {
                file.write_all(bytes).await?;
                *length += bytes.len() as u64;
            }
            None => self.memory.extend_from_slice(bytes),
        }
        Ok(())
    }

    /// Everything that was taken.
    ///
    /// # Errors
    /// What the disk says.
    pub(crate) async fn end(self) -> io::Result<Content> {
        match self.disk {
            Some((mut file, length)) => {
                file.flush().await?;
                Ok(Content::Spooled(Arc::new(file.into_std().await), length))
            }
            None => Ok(Content::Whole(self.memory.into())),
        }
    }

    /// A file of that length without meaning, which is another one at every place and for every seed.
    ///
    /// # Errors
    /// What the disk says.
    pub(crate) async fn filled(length: u64, seed: u64) -> io::Result<Content> {
        let mut spool = Self::up_to(KEPT_IN_MEMORY);
        let mut piece: Vec<u8> = (0..PIECE).map(|number| (number % 251) as u8).collect();
        let mut left = length;
        while left > 0 {
            for (place, byte) in piece.iter_mut().zip(left.to_le_bytes().into_iter().chain(seed.to_le_bytes())) {
                *place = byte;
            }
            let next = left.min(PIECE);
            spool.take(piece.get(..usize::try_from(next).unwrap_or(0)).unwrap_or_default()).await?;
            left -= next;
        }
        spool.end().await
    }
}

/// A file to write and read that nobody else finds.
fn nameless() -> io::Result<File> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let folder = std::env::temp_dir();
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("simulated-jira-{}-{number}", std::process::id()));
        match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
            Ok(file) => {
                std::fs::remove_file(&path)?;
                return Ok(file);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;

    use super::*;

    #[tokio::test]
    async fn what_is_spooled_is_what_was_taken() {
        for length in [0, 1, KEPT_IN_MEMORY, KEPT_IN_MEMORY + 1, 3 * KEPT_IN_MEMORY] {
            let content = Spool::filled(length, 7).await.unwrap();
            assert_eq!(content.len(), length);
            assert_eq!(content.in_memory().is_some(), length <= KEPT_IN_MEMORY);
            let pieces: Vec<_> = content.clone().pieces().map(|piece| piece.unwrap()).collect().await;
            let whole = Bytes::from(pieces.concat());
            assert_eq!(content.first(length), whole);
            assert_eq!(content.hash().unwrap(), Content::Whole(whole).hash().unwrap());
            let other = Spool::filled(length, 8).await.unwrap().hash().unwrap();
            assert_eq!(content.hash().unwrap() == other, length < 9, "{length}");
        }
    }
}
