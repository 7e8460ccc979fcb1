//! A parsed query: what was written, before any name was looked up. Must never hold anything of a site.

/// A parsed query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub(super) clause: Option<Clause>,
    pub(super) order: Vec<OrderKey>,
}

impl Query {
    /// Whether it restricts anything; Cloud's `search/jql` refuses one that only sorts.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        self.clause.is_some()
    }

    /// How many fields it sorts by; Cloud takes at most seven.
    #[must_use]
    pub fn sort_fields(&self) -> usize {
        self.order.len()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Clause {
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Term { field: FieldName, operator: Operator, operand: Operand },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FieldName {
    Name(String),
    Custom(u64),
}

impl std::fmt::Display for FieldName {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => out.write_str(name),
            Self::Custom(number) => write!(out, "cf[{number}]"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equals,
    NotEquals,
    Contains,
    NotContains,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    Is,
    IsNot,
    /// A word about the history. Without its predicate `BY` it has no operand.
    Changed,
}

impl Operator {
    /// How Jira writes it in messages.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Equals => "=",
            Self::NotEquals => "!=",
            Self::Contains => "~",
            Self::NotContains => "!~",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
            Self::NotIn => "not in",
            Self::Is => "is",
            Self::IsNot => "is not",
            Self::Changed => "changed",
        }
    }

    /// The operator that says the opposite. Jira pushes `NOT` down to the terms this way, so that `NOT assignee = x`
    /// leaves out issues without an assignee, as `assignee != x` does.
    pub(super) fn opposite(self) -> Self {
        match self {
            Self::Equals => Self::NotEquals,
            Self::NotEquals => Self::Equals,
            Self::Contains => Self::NotContains,
            Self::NotContains => Self::Contains,
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
            Self::In => Self::NotIn,
            Self::NotIn => Self::In,
            Self::Is => Self::IsNot,
            Self::IsNot => Self::Is,
            Self::Changed => Self::Changed,
        }
    }

    pub(super) fn is_list(self) -> bool {
        matches!(self, Self::In | Self::NotIn)
    }

    pub(super) fn compares(self) -> bool {
        matches!(self, Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual)
    }

    pub(super) fn searches(self) -> bool {
        matches!(self, Self::Contains | Self::NotContains)
    }

    pub(super) fn negates(self) -> bool {
        matches!(self, Self::NotEquals | Self::NotContains | Self::NotIn | Self::IsNot)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operand {
    Empty,
    Literal { text: String, quoted: bool },
    Function { name: String, arguments: Vec<String> },
    List(Vec<Self>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OrderKey {
    pub(super) field: FieldName,
    /// `None`: the field's own order.
    pub(super) descending: Option<bool>,
}
