//! The parsed file as a tree that remembers where everything stands, and a cursor that walks it. Must never judge.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::Key;
use super::problem::Spot;

/// A value and its bytes.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) value: Value,
}

/// What a value is.
#[derive(Debug)]
pub(super) enum Value {
    Text(String),
    /// Integers too: none of ours needs more than 53 bits.
    Number(f64),
    Flag(bool),
    /// A date or time, which no key of ours takes.
    Moment,
    List(Vec<Node>),
    /// In the file's order.
    Table(Vec<Entry>),
}

/// One key of a table.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Range<usize>,
    pub(super) node: Node,
}

impl Node {
    /// Takes a parsed table over.
    pub(super) fn from_table(span: Range<usize>, table: &DeTable<'_>) -> Self {
        let entry = |(key, value): (&Spanned<_>, &Spanned<DeValue<'_>>)| Entry {
            key: AsRef::<str>::as_ref(key.get_ref()).to_owned(),
            key_span: key.span(),
            node: Self::from_value(value),
        };
        let mut entries: Vec<Entry> = table.iter().map(entry).collect();
        entries.sort_by_key(|entry| entry.key_span.start);
        Self { span, value: Value::Table(entries) }
    }

    // The parser refuses what is nested deeper than 80, so this ends.
    fn from_value(value: &Spanned<DeValue<'_>>) -> Self {
        let span = value.span();
        let value = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.clone().into_owned()),
            DeValue::Integer(number) => {
                let parsed = i64::from_str_radix(number.as_str(), number.radix());
                #[expect(clippy::cast_precision_loss, reason = "no key of ours takes numbers beyond 53 bits")]
                Value::Number(parsed.map_or(f64::NAN, |number| number as f64))
            }
            DeValue::Float(number) => Value::Number(number.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(flag) => Value::Flag(*flag),
            DeValue::Datetime(_) => Value::Moment,
            DeValue::Array(list) => Value::List(list.iter().map(Self::from_value).collect()),
            DeValue::Table(table) => return Self::from_table(span, table),
        };
        Self { span, value }
    }

    /// What it is, for people, with its article.
    pub(super) fn what(&self) -> &'static str {
        match self.value {
            Value::Text(_) => "text",
            Value::Number(_) => "a number",
            Value::Flag(_) => "true or false",
            Value::Moment => "a date or time",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
        }
    }
}

/// A place in the tree.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    pub(super) node: &'a Node,
    /// The last key on the way; empty at the top and in lists.
    pub(super) name: &'a str,
    /// The value, or of a table its key, which is where people look.
    pub(super) spot: Spot,
    /// The key.
    pub(super) key_spot: Spot,
}

impl<'a> Cursor<'a> {
    /// The whole file.
    pub(super) fn top(node: &'a Node) -> Self {
        let spot = Spot { span: 0..0, path: String::new() };
        Self { node, name: "", spot: spot.clone(), key_spot: spot }
    }

    /// An empty table here, for one that was left out.
    pub(super) fn nothing(&self) -> Self {
        static NOTHING: Node = Node { span: 0..0, value: Value::Table(Vec::new()) };
        Self { node: &NOTHING, name: "", spot: self.spot.clone(), key_spot: self.spot.clone() }
    }

    fn entry(&self, entry: &'a Entry) -> Self {
        let bare = !entry.key.is_empty()
            && entry.key.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '-' || sign == '_');
        let name = if bare { entry.key.clone() } else { format!("{:?}", entry.key) };
        let path = if self.spot.path.is_empty() { name } else { format!("{}.{name}", self.spot.path) };
        let of_key = matches!(entry.node.value, Value::Table(_) | Value::List(_));
        let span = if of_key { entry.key_span.clone() } else { entry.node.span.clone() };
        Self {
            node: &entry.node,
            name: &entry.key,
            spot: Spot { span, path: path.clone() },
            key_spot: Spot { span: entry.key_span.clone(), path },
        }
    }

    /// The entries of a table, in the file's order. Nothing for anything else.
    pub(super) fn entries(&self) -> impl Iterator<Item = Self> {
        let entries: &'a [Entry] = if let Value::Table(entries) = &self.node.value { entries } else { &[] };
        entries.iter().map(|entry| self.entry(entry))
    }

    /// The items of a list. Nothing for anything else.
    pub(super) fn items(&self) -> impl Iterator<Item = Self> {
        let items: &'a [Node] = if let Value::List(items) = &self.node.value { items } else { &[] };
        items.iter().enumerate().map(|(index, node)| {
            let spot = Spot { span: node.span.clone(), path: format!("{}[{index}]", self.spot.path) };
            Self { node, name: "", key_spot: spot.clone(), spot }
        })
    }

    /// The value of a key of ours.
    pub(super) fn get(&self, key: &Key) -> Option<Self> {
        self.entries().find(|entry| entry.name == key.name)
    }

    /// A text, or the items of a list of texts.
    pub(super) fn one_or_many(&self) -> Vec<(&'a str, Self)> {
        let own = self.text().map(|text| (text, self.clone()));
        own.into_iter().chain(self.items().filter_map(|item| Some((item.text()?, item)))).collect()
    }

    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&'a str> {
        if let Value::Text(text) = &self.node.value { Some(text) } else { None }
    }

    /// The number, if it is one.
    pub(super) fn number(&self) -> Option<f64> {
        if let Value::Number(number) = self.node.value { Some(number) } else { None }
    }

    /// The flag, if it is one.
    pub(super) fn flag(&self) -> Option<bool> {
        if let Value::Flag(flag) = self.node.value { Some(flag) } else { None }
    }

    /// Whether it is a table.
    pub(super) fn is_table(&self) -> bool {
        matches!(self.node.value, Value::Table(_))
    }
}
