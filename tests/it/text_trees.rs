//! Random documents: what every node and mark of both syntaxes can hold, in every container. Must never leave a kind of block
//! out: a new one that is not made here fails to be counted.

use jirasyncd::model::document::{
    Attributes, Block, Cell, Column, Decision, Document, File, FilePlace, Inline, Literal, Mark, Syntax, Task,
};
use proptest::prelude::*;
use serde_json::json;

/// Words of these signs: made from one number, which takes a tenth of the time that a regular expression does.
fn text_of(signs: &'static str, longest: u64, parts: u64) -> impl Strategy<Value = String> {
    let signs: Vec<char> = signs.chars().collect();
    any::<u64>().prop_map(move |seed| {
        let mut random = seed;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        let parts = 1 + next(parts);
        let mut word = || {
            let length = 1 + next(longest);
            (0..length).map(|_| signs[next(signs.len() as u64) as usize]).collect::<String>()
        };
        (0..parts).map(|_| word()).collect::<Vec<_>>().join(" ")
    })
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => text_of("abcdefgXYZ0189äöü.,", 8, 4),
        2 => text_of("ab1*_{}[]|!+^~#.:()?&;\\<>-/", 8, 4),
        1 => Just("h1. bq. مرحبا 👩‍👩‍👧 e\u{301} a\u{a0}b".to_owned()),
    ]
}

/// Lines of code.
fn code() -> impl Strategy<Value = String> {
    text_of("abz*#{}|\n ", 12, 2).prop_map(|text| format!("{text}z"))
}

fn attributes(pairs: &[(&str, serde_json::Value)]) -> Attributes {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

fn mark() -> impl Strategy<Value = Mark> {
    prop_oneof![
        Just(Mark::Strong),
        Just(Mark::Emphasis),
        Just(Mark::Strike),
        Just(Mark::Underline),
        Just(Mark::Code),
        Just(Mark::Superscript),
        Just(Mark::Subscript),
        Just(Mark::Colour("#ff5630".to_owned())),
        Just(Mark::Background("#f8e6a0".to_owned())),
        Just(Mark::Citation),
        Just(Mark::Link("https://example.com/x?a=b&c=[d]".to_owned())),
        Just(Mark::Link("https://example.com/x".to_owned())),
        Just(Mark::Tip("a tip".to_owned())),
        Just(Mark::Colour("nonsense".to_owned())),
        Just(Mark::Adf(r#"{"type":"annotation","attrs":{"id":"1","annotationType":"inlineComment"}}"#.to_owned())),
    ]
}

fn file() -> impl Strategy<Value = File> {
    let place = prop_oneof![
        Just(FilePlace::Picture),
        Just(FilePlace::Attachment),
        Just(FilePlace::Address("https://example.com/a.png".to_owned())),
        Just(FilePlace::Media(attributes(&[
            ("id", json!("uuid-1")),
            ("type", json!("file")),
            ("collection", json!(""))
        ]))),
    ];
    (place, prop_oneof![Just("a.png".to_owned()), Just("two words.txt".to_owned()), Just(String::new())])
        .prop_map(|(place, name)| File { name, place, attributes: Attributes::new(), marks: Vec::new() })
}

fn literal(source: &str, syntax: Syntax) -> Literal {
    Literal { syntax, source: source.to_owned(), plain: "[thing] of one side".to_owned() }
}

fn inline() -> impl Strategy<Value = Inline> {
    prop_oneof![
        8 => (words(), prop::collection::vec(mark(), 0..3)).prop_map(|(text, marks)| Inline::Text(text, marks)),
        1 => Just(Inline::HardBreak),
        1 => words().prop_map(|name| Inline::Mention { person: "account:1".to_owned(), name }),
        1 => Just(Inline::Emoji { name: ":smile:".to_owned(), text: Some("😄".to_owned()), id: None }),
        1 => Just(Inline::Emoji { name: ":check_mark:".to_owned(), text: Some("✅".to_owned()), id: None }),
        1 => Just(Inline::Date("1700000000000".to_owned())),
        1 => (words(), prop_oneof![Just("neutral"), Just("green"), Just("#ff0000"), Just("odd")])
            .prop_map(|(text, colour)| Inline::Status { text, colour: colour.to_owned(), style: None }),
        1 => Just(Inline::Card("https://example.com/browse/A-1".to_owned())),
        1 => file().prop_map(Inline::File),
        1 => Just(Inline::Unknown(literal(r#"{"type":"placeholder","attrs":{"text":"x"}}"#, Syntax::Adf))),
        1 => Just(Inline::Unknown(literal("{anchor:x}", Syntax::Wiki))),
    ]
}

pub(crate) fn run() -> impl Strategy<Value = Vec<Inline>> {
    prop::collection::vec(inline(), 0..5)
}

fn task() -> impl Strategy<Value = Task> {
    let one = (any::<bool>(), run()).prop_map(|(done, inlines)| Task { done, inlines, nested: Vec::new() }).boxed();
    (one.clone(), prop::collection::vec(one, 0..2)).prop_map(|(task, nested)| Task { nested, ..task })
}

fn leaf() -> impl Strategy<Value = Block> {
    prop_oneof![
        6 => run().prop_map(Block::Paragraph),
        1 => (1u8..=6, run()).prop_map(|(level, run)| Block::Heading(level, run)),
        1 => (prop::option::of(Just("java".to_owned())), prop_oneof![9 => code(), 1 => Just("{code}".to_owned())])
            .prop_map(|(language, text)| Block::Code { language, text }),
        1 => text_of("abz*{} ", 12, 1).prop_map(Block::Preformatted),
        1 => Just(Block::Rule),
        1 => prop::collection::vec(task(), 0..3).prop_map(Block::Tasks),
        1 => prop::collection::vec((any::<bool>(), run()), 0..3).prop_map(|list| {
            Block::Decisions(list.into_iter().map(|(decided, inlines)| Decision { decided, inlines }).collect())
        }),
        1 => (any::<bool>(), prop::collection::vec(file(), 0..3), run()).prop_map(|(group, files, caption)| {
            Block::Files { group, files, caption, attributes: attributes(&[("layout", json!("wide")), ("width", json!(50))]) }
        }),
        1 => any::<bool>().prop_map(|embedded| Block::Card {
            address: "https://example.com/page".to_owned(),
            embedded,
            attributes: attributes(&[("layout", json!("center"))]),
        }),
        1 => prop_oneof![
            Just(r#"{"type":"extension","attrs":{"extensionKey":"k","extensionType":"t"}}"#),
            Just(r#"{"type":"syncBlock","attrs":{"resourceId":"k","localId":"t"}}"#),
            Just("not even JSON"),
        ].prop_map(|source| Block::Unknown(literal(source, Syntax::Adf))),
        1 => Just(Block::Unknown(literal("{info}\nmind\n{info}", Syntax::Wiki))),
    ]
}

fn dressed(block: Block) -> Block {
    let marks = vec![json!({ "type": "alignment", "attrs": { "align": "center" } })];
    let attributes = attributes(&[("layout", json!("wide")), ("wrap", json!(true)), ("title", json!("T"))]);
    Block::Dressed { syntax: Syntax::Adf, attributes, marks, block: Box::new(block) }
}

/// Any block, at most so deep.
pub(crate) fn block(depth: u32) -> impl Strategy<Value = Block> {
    leaf().prop_recursive(depth, 24, 3, |inner| {
        let blocks = prop::collection::vec(inner.clone(), 0..3);
        let items = prop::collection::vec(blocks.clone(), 0..3);
        let cell = (any::<bool>(), blocks.clone()).prop_map(|(heading, blocks)| Cell {
            heading,
            attributes: attributes(&[("colspan", json!(2)), ("background", json!("#fff000"))]),
            blocks,
        });
        let kinds = prop_oneof![Just("info"), Just("custom"), Just("warning"), Just("odd")];
        prop_oneof![
            items.clone().prop_map(Block::BulletList),
            items.clone().prop_map(Block::OrderedList),
            (0u64..9, items).prop_map(|(first, items)| Block::NumberedFrom(first, items)),
            blocks.clone().prop_map(Block::Quote),
            (kinds, prop_oneof![Just(String::new()), words()], blocks.clone()).prop_map(|(kind, title, blocks)| {
                let attributes = attributes(&[("panelColor", json!("#abcdef")), ("odd", json!(1))]);
                Block::Panel { kind: kind.to_owned(), title, attributes, blocks }
            }),
            (words(), blocks.clone()).prop_map(|(title, blocks)| Block::Expand { title, blocks }),
            prop::collection::vec(prop::collection::vec(cell, 0..3), 0..3).prop_map(Block::Table),
            prop::collection::vec(blocks, 0..4).prop_map(|columns| {
                Block::Layout(
                    columns.into_iter().map(|blocks| Column { attributes: Attributes::new(), blocks }).collect(),
                )
            }),
            inner.prop_map(dressed),
        ]
    })
}

/// Any document. In a long run they are deeper, which takes most of the time.
pub(crate) fn document() -> impl Strategy<Value = Document> {
    let depth = if std::env::var_os("JIRASYNCD_LONG").is_some() { 3 } else { 2 };
    prop::collection::vec(block(depth), 0..4).prop_map(|blocks| Document { blocks })
}

/// Text with marks that both syntaxes have.
fn exact_run() -> impl Strategy<Value = Vec<Inline>> {
    let marks = prop_oneof![
        5 => Just(Vec::new()),
        1 => Just(vec![Mark::Strong]),
        1 => Just(vec![Mark::Emphasis]),
        1 => Just(vec![Mark::Strike]),
        1 => Just(vec![Mark::Underline]),
        1 => Just(vec![Mark::Superscript]),
        1 => Just(vec![Mark::Code]),
        1 => Just(vec![Mark::Strong, Mark::Emphasis]),
        1 => Just(vec![Mark::Strong, Mark::Colour("#ff5630".to_owned())]),
        1 => Just(vec![Mark::Link("https://example.com/x".to_owned())]),
        1 => Just(vec![Mark::Strong, Mark::Link("https://example.com/x".to_owned())]),
        1 => Just(vec![Mark::Link("https://example.com/x".to_owned()), Mark::Tip("a tip".to_owned())]),
    ];
    let inline = prop_oneof![
        8 => (words(), marks).prop_map(|(text, marks)| Inline::Text(text, marks)),
        1 => Just(Inline::HardBreak),
        1 => Just(Inline::Emoji { name: ":check_mark:".to_owned(), text: Some("✅".to_owned()), id: None }),
        1 => prop_oneof![Just("neutral"), Just("green")]
            .prop_map(|colour| Inline::Status { text: "DONE".to_owned(), colour: colour.to_owned(), style: None }),
        1 => Just(Inline::Card("https://example.com/browse/A-1".to_owned())),
    ];
    prop::collection::vec(inline, 1..4).prop_map(|run| {
        // Runs are parted by blanks, and begin and end with a word: blanks and breaks at the ends say nothing.
        let mut out = vec![Inline::Text("so".to_owned(), Vec::new())];
        for inline in run {
            let is_break = inline == Inline::HardBreak;
            if !is_break {
                out.push(Inline::Text(" ".to_owned(), Vec::new()));
            }
            out.push(inline);
            out.push(Inline::Text(if is_break { "on" } else { " on" }.to_owned(), Vec::new()));
        }
        out
    })
}

fn exact_leaf() -> impl Strategy<Value = Block> {
    let flat = |run: Vec<Inline>| run.into_iter().filter(|inline| *inline != Inline::HardBreak).collect::<Vec<_>>();
    let task = || (any::<bool>(), exact_run()).prop_map(|(done, inlines)| Task { done, inlines, nested: Vec::new() });
    prop_oneof![
        4 => exact_run().prop_map(Block::Paragraph),
        1 => (1u8..=6, exact_run()).prop_map(move |(level, run)| Block::Heading(level, flat(run))),
        1 => code().prop_map(|text| Block::Code { language: Some("java".to_owned()), text }),
        1 => text_of("abz*{}|", 9, 1).prop_map(Block::Preformatted),
        1 => Just(Block::Rule),
        1 => prop::collection::vec(task(), 1..3).prop_map(Block::Tasks),
        1 => prop::collection::vec((any::<bool>(), exact_run()), 1..3).prop_map(|list| {
            Block::Decisions(list.into_iter().map(|(decided, inlines)| Decision { decided, inlines }).collect())
        }),
        1 => Just(Block::Card { address: "https://example.com/page".to_owned(), embedded: false, attributes: Attributes::new() }),
    ]
}

/// Documents of what the table in docs/text.md calls exact in markup.
pub(crate) fn exact() -> impl Strategy<Value = Document> {
    let item = || exact_run().prop_map(|run| vec![Block::Paragraph(run)]);
    let leaves = || prop::collection::vec(exact_leaf(), 1..3);
    let lists = (any::<bool>(), prop::collection::vec((item(), prop::option::of(item())), 1..3)).prop_map(
        |(bullets, items)| {
            let list =
                |bullets: bool, items| if bullets { Block::BulletList(items) } else { Block::OrderedList(items) };
            let item = |(mut item, nested): (Vec<Block>, Option<Vec<Block>>)| {
                item.extend(nested.map(|nested| list(!bullets, vec![nested])));
                item
            };
            list(bullets, items.into_iter().map(item).collect())
        },
    );
    let cell = (any::<bool>(), item()).prop_map(|(heading, blocks)| Cell { heading, blocks, ..Cell::default() });
    let kinds = prop_oneof![Just("info"), Just("note"), Just("warning"), Just("error"), Just("success")];
    let block = prop_oneof![
        6 => exact_leaf(),
        2 => lists,
        1 => prop::collection::vec(prop::collection::vec(cell, 1..3), 1..3).prop_map(Block::Table),
        1 => leaves().prop_map(Block::Quote),
        1 => (kinds, leaves()).prop_map(|(kind, blocks)| {
            Block::Panel { kind: kind.to_owned(), title: String::new(), attributes: Attributes::new(), blocks }
        }),
        1 => leaves().prop_map(|blocks| Block::Expand { title: "More".to_owned(), blocks }),
    ];
    prop::collection::vec(block, 0..4).prop_map(|blocks| Document { blocks })
}
