//! Faults that the tests plant into the product, one line each, to see that they notice: the feature `planted-bugs`, and what
//! `docs/proof.md` tells of it. Without the feature every question is answered with a constant no, so the compiler leaves nothing of
//! them. Must never be switched on by anything but a test, nor by anything but the test's own thread.

/// One planted fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// A base moves when an edit was sent, whatever Jira said to it.
    BaseOnDecision,
    /// Whatever the sync user's account did is passed over as our own.
    AuthorOnly,
    /// A person's change to what we once wrote there counts as our write.
    ValueOnly,
    /// Our tag is not read: our own writes are somebody's side effects.
    TagIgnored,
    /// Our own entries count as a person's changes.
    EchoTakenAsEdit,
    /// A stop on the way counts as the status that was wanted.
    HopMovesBase,
    /// A field that shows what was last seen counts as unchanged, whatever its log says.
    EqualityBeforeEntries,
    /// Nothing is read again right before it is written to.
    VerifySkipped,
    /// What a person wrote right before a write of ours is not taken in.
    CheckAfterSkipped,
    /// The losing half of a conflict is not recorded.
    LoserDropped,
    /// Sets are written whole, instead of what comes and goes.
    SetsAsSet,
    /// What a side could not hold of a text counts as taken away by whoever edits it there.
    PlaceholderFlowsBack,
    /// Everybody's acts may enter what a side receives.
    OriginForgotten,
    /// The second look at a plan finds nothing. Planted along with `OriginForgotten`, which it would stop.
    CheckSkipped,
    /// A field that goes across to a side names the counterparts that the side does not see.
    AcrossCarriesAuthor,
    /// An issue's security level is not seen.
    LevelIgnored,
    /// A comment that only some may read is taken for one that everybody may.
    RestrictedCrosses,
    /// The copy of a comment whose readers became fewer stays.
    NarrowedStays,
    /// A comment of the sync user's that no ledger knows counts as a person's.
    CopyTakenForOriginal,
    /// A change of a comment carries properties.
    PropertyOnCommentPut,
    /// The cursor moves in a transaction of its own, before the rows that it passes are queued.
    CursorEarly,
    /// A poll looks no further back than what the last one saw.
    NoOverlap,
    /// An empty page is the end of a search, whatever its token says.
    PageEndBelieved,
    /// A change that a webhook names counts as read.
    HookBodyBelieved,
    /// A write without an answer counts as not sent, and is sent again.
    BlindRetry,
    /// An issue is created without our mark.
    NoMark,
    /// A creation in doubt is not known again by its mark.
    MarkNotRead,
    /// The copy of a comment in doubt is not known again by its mark.
    CommentMarkNotRead,
    /// What is in doubt is given up at once, before the index can show it or the request can land.
    LagBoundIgnored,
    /// The intents of creations are made durable after they were sent.
    JournalAfterSend,
    /// An issue that the sync user made may start an item.
    OursTakenForNew,
    /// Who lost an item to another holder may still record it.
    LeaseFenceIgnored,
    /// An issue is gone when one read does not find it.
    DeleteOnOne404,
    /// An incomplete list of comments tells what was deleted.
    DeleteUnderPartialListing,
    /// An answer as to nobody is an answer.
    AnonymousBelieved,
    /// Jira's no to a moment or a right counts as a no to the value.
    RefusedForEver,
}

impl Bug {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 36] = [
        Self::BaseOnDecision,
        Self::AuthorOnly,
        Self::ValueOnly,
        Self::TagIgnored,
        Self::EchoTakenAsEdit,
        Self::HopMovesBase,
        Self::EqualityBeforeEntries,
        Self::VerifySkipped,
        Self::CheckAfterSkipped,
        Self::LoserDropped,
        Self::SetsAsSet,
        Self::PlaceholderFlowsBack,
        Self::OriginForgotten,
        Self::CheckSkipped,
        Self::AcrossCarriesAuthor,
        Self::LevelIgnored,
        Self::RestrictedCrosses,
        Self::NarrowedStays,
        Self::CopyTakenForOriginal,
        Self::PropertyOnCommentPut,
        Self::CursorEarly,
        Self::NoOverlap,
        Self::PageEndBelieved,
        Self::HookBodyBelieved,
        Self::BlindRetry,
        Self::NoMark,
        Self::MarkNotRead,
        Self::CommentMarkNotRead,
        Self::LagBoundIgnored,
        Self::JournalAfterSend,
        Self::OursTakenForNew,
        Self::LeaseFenceIgnored,
        Self::DeleteOnOne404,
        Self::DeleteUnderPartialListing,
        Self::AnonymousBelieved,
        Self::RefusedForEver,
    ];

    /// Where its line is, and the promise that it breaks.
    #[must_use]
    pub fn tells(self) -> (&'static str, &'static str) {
        match self {
            Self::BaseOnDecision => ("engine::outcome", "a base is what was seen, never what was decided"),
            Self::AuthorOnly => ("engine::observe", "a write is ours by its tag, not by its author"),
            Self::ValueOnly => ("plan::fold", "a write is ours by its tag, not by its value"),
            Self::TagIgnored => ("engine::observe", "our own writes are known again"),
            Self::EchoTakenAsEdit => ("engine::observe", "no echo"),
            Self::HopMovesBase => ("plan::fold", "only the last hop moves the base"),
            Self::EqualityBeforeEntries => ("plan::fold", "a person's entry always counts"),
            Self::VerifySkipped => ("engine::look", "nothing is written over what was not looked at"),
            Self::CheckAfterSkipped => ("plan::fold", "what a write ran over is carried or kept as a conflict"),
            Self::LoserDropped => ("plan::acts", "no value that a person wrote is lost"),
            Self::SetsAsSet => ("plan::targets", "another person's element survives"),
            Self::PlaceholderFlowsBack => ("mapping::rich", "our own loss is no edit"),
            Self::OriginForgotten => ("plan::audience_of", "one partner's words never reach another"),
            Self::CheckSkipped => ("engine::look", "no plan that breaks a rule is carried out"),
            Self::AcrossCarriesAuthor => ("plan::composed", "what goes across says not whose it is"),
            Self::LevelIgnored => ("jira::decode", "nothing of a restricted issue is carried"),
            Self::RestrictedCrosses => ("jira::decode", "no leaked comment"),
            Self::NarrowedStays => ("plan::revisions", "no leaked comment"),
            Self::CopyTakenForOriginal => ("plan::comments", "no echo of comments"),
            Self::PropertyOnCommentPut => ("jira::encode", "an internal note never becomes public"),
            Self::CursorEarly => ("engine::detect", "nothing is missed over a crash"),
            Self::NoOverlap => ("engine::instance", "what the index shows late is found"),
            Self::PageEndBelieved => ("jira::search", "no part of a list is taken for the whole"),
            Self::HookBodyBelieved => ("engine::hear", "a webhook is a hint and nothing else"),
            Self::BlindRetry => ("jira::retry", "nothing is created twice"),
            Self::NoMark => ("jira::encode", "nothing is created twice"),
            Self::MarkNotRead => ("engine::recover", "nothing is created twice"),
            Self::CommentMarkNotRead => ("engine::recover", "comments exactly once"),
            Self::LagBoundIgnored => ("engine::recover", "nothing is created twice"),
            Self::JournalAfterSend => ("engine::cycle", "nothing is created twice over a crash"),
            Self::OursTakenForNew => ("engine::admit", "no echo of issues"),
            Self::LeaseFenceIgnored => ("store::queue", "one holder at a time works on an item"),
            Self::DeleteOnOne404 => ("engine::absence", "absence is never deletion"),
            Self::DeleteUnderPartialListing => ("jira::decode", "nothing is deleted because it was not seen"),
            Self::AnonymousBelieved => ("jira::proof", "an answer to somebody else is no data"),
            Self::RefusedForEver => ("engine::outcome", "a passing no is tried again"),
        }
    }
}

/// Whether it is planted.
#[cfg(not(feature = "planted-bugs"))]
pub(crate) const fn is_planted(_: Bug) -> bool {
    false
}

/// Whether it is planted on this thread.
#[cfg(feature = "planted-bugs")]
pub(crate) fn is_planted(bug: Bug) -> bool {
    PLANTED.with_borrow(|planted| planted.contains(&bug))
}

#[cfg(feature = "planted-bugs")]
std::thread_local! {
    static PLANTED: std::cell::RefCell<Vec<Bug>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// Plants these on this thread, and no others. A world runs on one thread, so it is the same with every run.
#[cfg(feature = "planted-bugs")]
pub fn plant(bugs: &[Bug]) {
    PLANTED.set(bugs.to_vec());
}
