//! What people may do to issues, drawn by dice. Must never know what an act meets.

use super::everything_lives::Fate;
use super::everything_stock::Stock;
use super::everything_world::SIDES;
use super::random_life::Dice;

/// What somebody may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum What {
    Create,
    Field(Field),
    Talk(Talk),
    Thing(Thing),
    Tie(Tie),
    /// To an issue as a whole, or to what is around it.
    Fate(Fate),
    /// To a version or component of the project.
    Stock(Stock),
}

/// To a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Field {
    Summary,
    Text,
    Due,
    Priority,
    Label,
    Component,
    Version,
    Estimate,
    Remaining,
    Assign,
    Report,
    Resolve,
    /// What an epic is called for short.
    Short,
    /// What was asked for at a service desk.
    Request,
    Transition,
    Custom,
    Secret,
    Level,
}

/// To a comment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Talk {
    Comment,
    Answer,
    EditComment,
    DeleteComment,
    RestrictedComment,
    InternalComment,
    NarrowComment,
    WidenComment,
    /// Into a copy of ours, where that flows back.
    EditCopy,
    /// A copy of ours, by somebody who may delete what others wrote.
    DeleteCopy,
}

/// To a file, or to logged work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Thing {
    Attach,
    Detach,
    /// A copy of ours, by somebody who may delete what others attached.
    DetachCopy,
    Log,
    RestrictedLog,
    EditLog,
    DeleteLog,
}

/// To what ties an issue to others, or to people.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tie {
    Link,
    Unlink,
    Under,
    Watch,
    Unwatch,
    Vote,
    Unvote,
}

/// What people do in every world, by the name under which it is counted.
pub(crate) const ALWAYS: [&str; 39] = [
    "Create",
    "Field(Summary)",
    "Field(Text)",
    "Field(Due)",
    "Field(Priority)",
    "Field(Label)",
    "Field(Component)",
    "Field(Version)",
    "Field(Estimate)",
    "Field(Remaining)",
    "Field(Assign)",
    "Field(Report)",
    "Field(Resolve)",
    "Field(Short)",
    "Field(Request)",
    "Field(Transition)",
    "Field(Custom)",
    "Field(Secret)",
    "Talk(Comment)",
    "Talk(Answer)",
    "Talk(EditComment)",
    "Talk(DeleteComment)",
    "Talk(RestrictedComment)",
    "Talk(InternalComment)",
    "Talk(NarrowComment)",
    "Talk(WidenComment)",
    "Thing(Attach)",
    "Thing(Detach)",
    "Thing(Log)",
    "Thing(RestrictedLog)",
    "Thing(EditLog)",
    "Thing(DeleteLog)",
    "Tie(Link)",
    "Tie(Unlink)",
    "Tie(Under)",
    "Tie(Watch)",
    "Tie(Unwatch)",
    "Tie(Vote)",
    "Tie(Unvote)",
];

/// Besides, where not all see each other.
pub(crate) const APART: [&str; 1] = ["Field(Level)"];

/// Besides, where one of home's levels is carried.
pub(crate) const LEVELS: [&str; 1] = ["Level changed"];

/// Besides, where issues have a life.
pub(crate) const LIVES: [&str; 20] = [
    "Fate(Delete)",
    "Fate(Move)",
    "Fate(Clone)",
    "Fate(Retype)",
    "Fate(Convert)",
    "Fate(Archive)",
    "Fate(Leave)",
    "Fate(Hide)",
    "Fate(Lock)",
    "Fate(Dismiss)",
    "Stock(Make)",
    "Stock(Rename)",
    "Stock(Describe)",
    "Stock(Release)",
    "Stock(Archive)",
    "Stock(Remove)",
    "Stock(Use)",
    "Talk(EditCopy)",
    "Talk(DeleteCopy)",
    "Thing(DetachCopy)",
];

/// What nobody does without in a few lives.
pub(crate) const COMMON: [&str; 10] = [
    "Create",
    "Field(Summary)",
    "Field(Text)",
    "Field(Label)",
    "Field(Transition)",
    "Field(Custom)",
    "Talk(Comment)",
    "Thing(Attach)",
    "Thing(Log)",
    "Tie(Link)",
];

/// How often each is done, in parts.
const PARTS: [(What, usize); 40] = [
    (What::Create, 3),
    (What::Field(Field::Summary), 3),
    (What::Field(Field::Text), 3),
    (What::Field(Field::Due), 2),
    (What::Field(Field::Priority), 2),
    (What::Field(Field::Label), 3),
    (What::Field(Field::Component), 2),
    (What::Field(Field::Version), 3),
    (What::Field(Field::Estimate), 2),
    (What::Field(Field::Assign), 2),
    (What::Field(Field::Transition), 4),
    (What::Field(Field::Custom), 16),
    (What::Field(Field::Secret), 1),
    (What::Talk(Talk::Comment), 4),
    (What::Talk(Talk::Answer), 1),
    (What::Talk(Talk::EditComment), 4),
    (What::Talk(Talk::DeleteComment), 2),
    (What::Talk(Talk::RestrictedComment), 2),
    (What::Talk(Talk::InternalComment), 1),
    (What::Talk(Talk::NarrowComment), 1),
    (What::Talk(Talk::WidenComment), 2),
    (What::Thing(Thing::Attach), 3),
    (What::Thing(Thing::Detach), 3),
    (What::Thing(Thing::Log), 3),
    (What::Thing(Thing::RestrictedLog), 1),
    (What::Thing(Thing::EditLog), 2),
    (What::Thing(Thing::DeleteLog), 1),
    (What::Tie(Tie::Link), 3),
    (What::Tie(Tie::Unlink), 2),
    (What::Tie(Tie::Under), 2),
    (What::Tie(Tie::Watch), 2),
    (What::Tie(Tie::Unwatch), 1),
    (What::Tie(Tie::Vote), 1),
    (What::Field(Field::Level), 2),
    (What::Field(Field::Remaining), 2),
    (What::Field(Field::Report), 2),
    (What::Field(Field::Resolve), 3),
    (What::Field(Field::Short), 3),
    (What::Field(Field::Request), 3),
    (What::Tie(Tie::Unvote), 1),
];

/// What is done seldom, where it is to be done most.
pub(crate) const SELDOM: [What; 14] = [
    What::Create,
    What::Create,
    What::Fate(Fate::Delete),
    What::Fate(Fate::Delete),
    What::Thing(Thing::Log),
    What::Thing(Thing::Log),
    What::Thing(Thing::EditLog),
    What::Thing(Thing::DeleteLog),
    What::Tie(Tie::Link),
    What::Tie(Tie::Link),
    What::Tie(Tie::Unlink),
    What::Tie(Tie::Watch),
    What::Field(Field::Transition),
    What::Stock(Stock::Make),
];

/// One act, before it is known what it meets.
#[derive(Clone, Debug)]
pub(crate) struct Act {
    pub(crate) number: usize,
    /// The side.
    pub(crate) column: usize,
    /// The person there.
    pub(crate) who: usize,
    pub(crate) what: What,
    /// Which of the items made so far.
    pub(crate) item: usize,
    /// Which of whatever there is to choose from.
    pub(crate) pick: usize,
}

impl Act {
    /// Any act of anybody. The first three make items.
    pub(crate) fn any(dice: &Dice, number: usize, items: usize) -> Self {
        let mut part = dice.below(PARTS.iter().map(|(_, parts)| parts).sum());
        let chosen = PARTS.iter().find(|(_, parts)| {
            let here = part < *parts;
            part = part.saturating_sub(*parts);
            here
        });
        let (column, who, item, pick) = (dice.below(3), dice.below(3), dice.below(items.max(1)), dice.below(1 << 20));
        if items < 3 {
            // Home's, and shared with everybody: most things are done where more than one side is concerned.
            return Self { number, column: 0, who, what: What::Create, item, pick: pick | 32 | 128 };
        }
        Self { number, column, who, what: chosen.unwrap().0, item, pick }
    }

    /// A word that nobody else writes. No other one begins with it.
    pub(crate) fn canary(&self) -> String {
        format!("c{}by{}z", self.number, SIDES[self.column].jira)
    }
}
