//! What one side's words become in the shared vocabulary, and on another side: values, links, and issues and files that texts name. Must never
//! take a planner's decision into account.

use std::collections::{BTreeMap, BTreeSet};

use jirasyncd::mapping::{
    Fit, NO_REFERENCES, Place, References, Rich, fit, inbound, link_words, logged, natural, outbound, parent_item,
    same, shared_links, strange_links,
};
use jirasyncd::model::catalog::{Catalog, LinkWords, Shape};
use jirasyncd::model::document::{Block, Document, Inline};
use jirasyncd::model::hub::{AttachmentRecord, FileCopy, There};
use jirasyncd::model::ids::{AttachmentId, FieldId, IssueId, IssueKey, ItemId, SideId};
use jirasyncd::model::issue::{IssueLink, LogItem, Named, NativeValue, Person};
use jirasyncd::model::settings::{ConflictPolicy, FieldKind, FieldRow, Kind, Row, SyncSettings, Table};
use jirasyncd::model::value::Value;
use jirasyncd::text;

use super::plan_world::{settings, side};

/// Two sides, the first a Cloud and the second a Data Center, whose projects have keys that texts can name.
fn sync() -> SyncSettings {
    let mut sync = settings(&[side(0), side(1)], ConflictPolicy::Newest);
    for (settings, project) in sync.sides.iter_mut().zip(["SUP", "ENG"]) {
        settings.project = project.to_owned();
    }
    sync
}

fn catalog(index: usize) -> Catalog {
    let kind = if index == 0 { Kind::Cloud } else { Kind::DataCenter };
    Catalog { kind: Some(kind), address: format!("https://{}.example", side(index)), ..Catalog::default() }
}

fn row(sync: &SyncSettings, kind: FieldKind, field: &str) -> FieldRow {
    let like = sync.fields[&"summary".into()].clone();
    let sides = sync.side_ids().map(|side| (side.clone(), FieldId::from(field))).collect();
    FieldRow { name: "field".into(), kind, sides, ..like }
}

fn place<'a>(sync: &'a SyncSettings, row: &'a FieldRow, side: &'a SideId, catalog: &'a Catalog) -> Place<'a> {
    Place { sync, row, side, catalog, references: &NO_REFERENCES, origin: None, held: None }
}

fn item(to: Option<&str>, to_text: Option<&str>) -> LogItem {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    LogItem { field: "field".into(), from: None, from_text: None, to: owned(to), to_text: owned(to_text) }
}

/// What the log says, where it says it exactly.
#[test]
fn a_log_says_no_more_than_it_carries() {
    let sync = sync();
    let at = |kind: FieldKind, field: &str, shape: Option<Shape>, on: usize, item: &LogItem| {
        let (row, side) = (row(&sync, kind, field), side(on));
        let shapes = shape.map(|shape| (FieldId::from(field), shape)).into_iter().collect();
        let catalog = Catalog { shapes, ..catalog(on) };
        logged(&place(&sync, &row, &side, &catalog), item)
    };
    // No estimate is the same as none of any length; a number may well be zero.
    let zero = item(None, Some("0"));
    assert_eq!(at(FieldKind::Duration, "field", None, 0, &zero), Some(Value::Empty));
    assert_eq!(at(FieldKind::Number, "field", None, 0, &zero), Some(Value::Number("0".to_owned())));
    // Elements that are logged one by one do not tell the whole, other words do.
    let words = item(None, Some("one two"));
    assert_eq!(at(FieldKind::Words, "components", None, 0, &words), None);
    let both = BTreeSet::from(["one".to_owned(), "two".to_owned()]);
    assert_eq!(at(FieldKind::Words, "labels", Some(Shape::Words), 0, &words), Some(Value::Words(both)));
    // A person who is taken out leaves nobody.
    assert_eq!(at(FieldKind::Person, "field", None, 0, &item(None, None)), Some(Value::Empty));
    let jane = item(Some("jane"), Some("Jane Doe"));
    assert_eq!(at(FieldKind::Person, "field", None, 0, &jane), Some(Value::Person("?a:jane".to_owned())));
    // The issue above a stranger's is told by Cloud's log; Data Center's shows another word than its field.
    let above = item(Some("77"), Some("SUP-77"));
    assert_eq!(at(FieldKind::Parent, "parent", None, 0, &above), Some(Value::Choice("?a:77".to_owned())));
    assert_eq!(at(FieldKind::Parent, "parent", None, 1, &above), None);
}

/// Jira shows `3.0` of a number, and its log says `3`.
#[test]
fn a_number_that_is_carried_as_text_has_one_spelling_and_a_text_keeps_its_own() {
    let (sync, side) = (sync(), side(0));
    let row = row(&sync, FieldKind::Line, "field");
    let read = |shape: Shape, text: &str| {
        let catalog = Catalog { shapes: [(FieldId::from("field"), shape)].into(), ..catalog(0) };
        inbound(&place(&sync, &row, &side, &catalog), &NativeValue::Text(text.to_owned()))
    };
    let line = |text: &str| Some(Value::Line(text.to_owned()));
    assert_eq!(read(Shape::Number, "3.0"), line("3"));
    assert_eq!(read(Shape::Number, "2.50"), line("2.5"));
    assert_eq!(read(Shape::Count, "4"), line("4"));
    assert_eq!(read(Shape::Text, "3.0"), line("3.0"));
}

#[test]
fn a_choice_is_written_with_the_id_of_what_is_offered_and_else_told_where_a_row_lacks() {
    let sync = sync();
    let priority = &sync.fields[&"priority".into()];
    let named = |id: &str, name: &str| Named { id: id.to_owned(), name: name.to_owned() };
    let priorities = vec![named("1", "b High"), named("2", "b Low")];
    let (there, catalog) = (side(1), Catalog { priorities, ..catalog(1) });
    let place = place(&sync, priority, &there, &catalog);
    let write = |shared: &str| outbound(&place, &Value::Choice(shared.to_owned()));
    assert_eq!(write("a Low"), Ok(NativeValue::Named(named("2", "b Low"))));
    let lacks = write("a Local").unwrap_err();
    assert!(!lacks.may_pass, "nothing but the configuration can change it: {lacks:?}");
    assert!(lacks.remedy.contains("`sync.s.map.priority`"), "{}", lacks.remedy);
    let mut own = row(&sync, FieldKind::Choice, "field");
    let names = BTreeMap::from([(side(0), vec!["red".to_owned()])]);
    own.values = Table { rows: vec![Row { shared: "red".to_owned(), names, path: BTreeMap::new() }] };
    let lacks = outbound(&Place { row: &own, ..place }, &Value::Choice("red".to_owned())).unwrap_err();
    assert!(lacks.remedy.contains("`sync.s.fields.field.values`"), "{}", lacks.remedy);
}

#[test]
fn a_kind_goes_both_ways_only_where_it_comes_back_whole() {
    for kind in [FieldKind::Line, FieldKind::Choice, FieldKind::Options] {
        assert_eq!(fit(kind, Shape::Option), Fit::Both, "{kind:?}");
        assert_eq!(fit(kind, Shape::Parent), Fit::Never, "{kind:?}");
    }
    assert_eq!(fit(FieldKind::Choice, Shape::Day), Fit::Never);
    assert_eq!(fit(FieldKind::Line, Shape::Day), Fit::Read);
    assert_eq!(fit(FieldKind::Options, Shape::Rich), Fit::Never);
    // A project that was picked can be picked again; the one that an issue is in is only read.
    for kind in [FieldKind::Line, FieldKind::Choice] {
        assert_eq!((fit(kind, Shape::Project), fit(kind, Shape::Title)), (Fit::Both, Fit::Read), "{kind:?}");
    }
    assert_eq!(fit(FieldKind::Person, Shape::Project), Fit::Never);
}

/// What Jira alone writes crosses out of it by the kinds that can hold it, by nature the same as where people write it, and never into it.
#[test]
fn what_jira_alone_writes_only_crosses_out() {
    use FieldKind::{Choice, Day, Document, Duration, Line, Moment, Number};
    let cases: [(Shape, Shape, &[FieldKind]); 4] = [
        (Shape::Count, Shape::Number, &[Line, Number]),
        (Shape::Figure, Shape::Number, &[Line, Number, Duration]),
        (Shape::Stamp, Shape::Moment, &[Line, Day, Moment]),
        (Shape::Maker, Shape::Person, &[Line, FieldKind::Person]),
    ];
    for (read, written, kinds) in cases {
        assert_eq!(natural(read), natural(written), "{read:?}");
        for kind in [Line, Document, Choice, Day, Number, Moment, Duration, FieldKind::Person, FieldKind::Words] {
            let expected = if kinds.contains(&kind) { Fit::Read } else { Fit::Never };
            assert_eq!(fit(kind, read), expected, "{kind:?} of {read:?}");
        }
    }
}

#[test]
fn a_project_goes_by_its_key_to_where_that_is_shown() {
    let sync = sync();
    let field = FieldId::from("field");
    let there = side(1);
    let options = BTreeMap::from([(field.clone(), BTreeSet::from(["ENG".to_owned(), "WEB".to_owned()]))]);
    let shapes = BTreeMap::from([(field, Shape::Project)]);
    let catalog = Catalog { options, shapes, ..catalog(1) };
    let mut own = row(&sync, FieldKind::Choice, "field");
    let named = |key: &str| NativeValue::Named(Named { id: String::new(), name: key.to_owned() });
    let write = |row: &FieldRow, shared: &str| {
        outbound(&place(&sync, row, &there, &catalog), &Value::Choice(shared.to_owned()))
    };
    assert_eq!(write(&own, "WEB"), Ok(named("WEB")));
    let lacks = write(&own, "SUP").unwrap_err();
    assert!(lacks.may_pass && lacks.why.contains("project `SUP`"), "{lacks:?}");
    assert!(lacks.why.contains("or the sync user may not see it"), "{lacks:?}");
    assert!(lacks.remedy.contains("Browse Projects"), "{lacks:?}");
    // Its log tells an id and a name, neither of which is the key.
    let log = |row: &FieldRow| logged(&place(&sync, row, &there, &catalog), &item(Some("10001"), Some("Web shop")));
    assert_eq!(log(&own), None);
    let names = BTreeMap::from([(side(0), vec!["SUP".to_owned()]), (side(1), vec!["ENG".to_owned()])]);
    own.values = Table { rows: vec![Row { shared: "SUP".to_owned(), names, path: BTreeMap::new() }] };
    assert_eq!(write(&own, "SUP"), Ok(named("ENG")));
    let read = |key: &str| inbound(&place(&sync, &own, &there, &catalog), &named(key));
    assert_eq!(read("ENG"), Some(Value::Choice("SUP".to_owned())));
    assert_eq!(read("WEB"), Some(Value::Choice(format!("?{there}:WEB"))));
}

/// The text that a side reads where another wrote.
fn told(sync: &SyncSettings, references: &References, words: &str, from: usize, to: usize) -> String {
    let rich = |index: usize, side: &SideId| {
        let catalog = catalog(index);
        let read = |native: &NativeValue| Rich { sync, side, catalog: &catalog, references, origin: None }.read(native);
        read(&NativeValue::Wiki(words.to_owned()))
    };
    let document = rich(from, &side(from));
    let (there, catalog) = (side(to), catalog(to));
    let there = Rich { sync, side: &there, catalog: &catalog, references, origin: None };
    let written = there.write(&document, &NativeValue::Empty);
    if let NativeValue::Wiki(text) = written { text } else { format!("{written:?}") }
}

fn references(sync: &SyncSettings) -> References {
    let catalogs = (0..2).map(|index| (side(index), catalog(index))).collect();
    let mut references = References::new(sync, &catalogs, BTreeMap::new());
    references.pair(&BTreeMap::from([(side(0), "SUP-1".into()), (side(1), "ENG-7".into())]));
    references
}

#[test]
fn each_side_reads_the_key_of_its_own_counterpart() {
    let sync = sync();
    let references = references(&sync);
    assert_eq!(told(&sync, &references, "see SUP-1, please", 0, 1).trim(), "see ENG-7, please");
    let address = told(&sync, &references, "see https://a.example/browse/SUP-1 now", 0, 1);
    assert!(address.contains("https://b.example/browse/ENG-7") && !address.contains("SUP"), "{address}");
    // One without a counterpart is shown where it is, to those who see that side.
    let elsewhere = told(&sync, &references, "see SUP-2 now", 0, 1);
    assert!(elsewhere.contains("https://a.example/browse/SUP-2"), "{elsewhere}");
    assert_eq!(told(&sync, &references, "nothing - at all", 0, 1).trim(), "nothing - at all");
}

#[test]
fn a_reader_is_shown_nothing_of_a_side_that_it_does_not_see() {
    let mut sync = sync();
    sync.sides[1].sees = BTreeSet::from([side(1)]);
    let references = references(&sync);
    assert_eq!(told(&sync, &references, "see SUP-2 now", 0, 1).trim(), "see \\[issue\\] now");
    let link = told(&sync, &references, "see [ours|https://a.example/x] and [theirs|https://other.example/x]", 0, 1);
    assert!(!link.contains("a.example") && link.contains("[theirs|https://other.example/x]"), "{link}");
    assert_eq!(told(&sync, &references, "see SUP-1 now", 0, 1).trim(), "see ENG-7 now");
}

/// A project that got another key is named by both: neither is shown to who does not see it, and both mean its issues.
#[test]
fn a_project_is_named_by_the_key_that_it_has_now_too() {
    let mut sync = sync();
    let catalogs = (0..2).map(|index| (side(index), catalog(index))).collect();
    let mut references = References::new(&sync, &catalogs, BTreeMap::new());
    references.also_called(&side(0), "NEW".to_owned());
    references.pair(&BTreeMap::from([(side(0), "NEW-1".into()), (side(1), "ENG-7".into())]));
    for key in ["SUP-1", "NEW-1"] {
        assert_eq!(told(&sync, &references, &format!("see {key} now"), 0, 1).trim(), "see ENG-7 now");
    }
    let asked = references.known_by(&BTreeSet::from(["SUP-1", "UTF-8"].map(IssueKey::from)));
    assert_eq!(asked, BTreeSet::from(["NEW-1", "SUP-1", "UTF-8"].map(IssueKey::from)));
    sync.sides[1].sees = BTreeSet::from([side(1)]);
    for key in ["SUP-2", "NEW-2"] {
        assert_eq!(told(&sync, &references, &format!("see {key} now"), 0, 1).trim(), "see \\[issue\\] now");
    }
}

/// A picture that leads to where its reader may not look loses its way there, and keeps what leads elsewhere.
#[test]
fn a_file_leads_nobody_to_a_side_that_they_do_not_see() {
    let mut sync = sync();
    sync.sides[1].sees = BTreeSet::from([side(1)]);
    let references = references(&sync);
    let (there, catalog) = (side(1), Catalog { kind: Some(Kind::Cloud), ..catalog(1) });
    let rich = Rich { sync: &sync, side: &there, catalog: &catalog, references: &references, origin: None };
    let link = |address: &str| serde_json::json!({ "type": "link", "attrs": { "href": address } });
    let (ours, theirs) = (link("https://a.example/x"), link("https://other.example/x"));
    let media = serde_json::json!({ "type": "media", "attrs": { "type": "external", "url": "https://other.example/p.png" },
        "marks": [ours, theirs] });
    let picture = serde_json::json!({ "type": "mediaSingle", "attrs": { "layout": "center" }, "content": [media] });
    let document =
        text::read(&NativeValue::Adf(serde_json::json!({ "type": "doc", "version": 1, "content": [picture] })));
    let NativeValue::Adf(written) = rich.write(&document, &NativeValue::Empty) else { unreachable!() };
    let written = written.to_string();
    assert!(!written.contains("a.example/x") && written.contains("https://other.example/x"), "{written}");
}

/// A text that is too long for a Jira says where it stands whole, to those who may look there.
#[test]
fn what_does_not_fit_says_where_it_stands_whole() {
    for sees in [true, false] {
        let mut sync = sync();
        if !sees {
            sync.sides[1].sees = BTreeSet::from([side(1)]);
        }
        let catalogs = (0..2).map(|index| (side(index), catalog(index))).collect();
        let own = BTreeMap::from([(side(0), "SUP-1".into()), (side(1), "ENG-7".into())]);
        let references = References::new(&sync, &catalogs, own);
        let (home, there, catalog) = (side(0), side(1), catalog(1));
        let rich = Rich { sync: &sync, side: &there, catalog: &catalog, references: &references, origin: Some(&home) };
        let document = text::from_plain(&["word ".repeat(5_000), "word ".repeat(5_000)].join("\n\n"));
        let NativeValue::Wiki(written) = rich.write(&document, &NativeValue::Empty) else { unreachable!() };
        let end = &written[written.len() - 200..];
        assert_eq!(end.contains("[SUP-1|https://a.example/browse/SUP-1]"), sees, "{end}");
    }
}

/// A file that a text names is called by its own name on each side; Cloud shows it by a link to the attachment.
#[test]
fn a_text_points_to_the_readers_own_copy_of_a_file() {
    let sync = sync();
    let mut references = references(&sync);
    let copy = FileCopy { id: AttachmentId::new("20"), name: "plan (2).pdf".to_owned(), gone: false, taken: false };
    references.attach(&[AttachmentRecord {
        side: side(1),
        id: AttachmentId::new("10"),
        name: "plan.pdf".to_owned(),
        size: 1,
        mime: "application/pdf".to_owned(),
        author: None,
        copies: BTreeMap::from([(side(0), copy)]),
        refused: BTreeMap::new(),
        gone: false,
        named_by: BTreeSet::new(),
        spared: BTreeSet::new(),
    }]);
    let shown = told(&sync, &references, "see [^plan.pdf] now", 1, 0);
    let address = "https://a.example/rest/api/3/attachment/content/20";
    assert!(shown.contains(address) && shown.contains("plan (2).pdf"), "{shown}");
    // And back: the link means the file.
    let link = serde_json::json!({ "type": "text", "text": "plan (2).pdf",
        "marks": [{ "type": "link", "attrs": { "href": address } }] });
    let doc =
        serde_json::json!({ "type": "doc", "version": 1, "content": [{ "type": "paragraph", "content": [link] }] });
    let (home, there) = (side(0), side(1));
    let catalogs = [catalog(0), catalog(1)];
    let rich = |side, index: usize| Rich {
        sync: &sync,
        side,
        catalog: &catalogs[index],
        references: &references,
        origin: None,
    };
    let document = rich(&home, 0).read(&NativeValue::Adf(doc));
    assert_eq!(rich(&there, 1).write(&document, &NativeValue::Empty), NativeValue::Wiki("[^plan.pdf]".to_owned()));
    assert!(rich(&there, 1).is_held_as(&document, &rich(&there, 1).read(&NativeValue::Wiki("[^plan.pdf]".to_owned()))));
    assert!(!rich(&there, 1).is_held_as(&document, &text::from_plain("other")));
}

#[test]
fn texts_that_differ_by_what_jira_normalises_are_the_same() {
    let wiki = |words: &str| Value::Document(text::read(&NativeValue::Wiki(words.to_owned())));
    assert!(same(&wiki("one  \r\n\r\ntwo"), &wiki("one\n\ntwo")));
    let parts = ["one ", "two"].map(|words| Inline::Text(words.to_owned(), Vec::new())).to_vec();
    let parted = Value::Document(Document { blocks: vec![Block::Paragraph(parts)] });
    assert!(parted != wiki("one two") && same(&parted, &wiki("one two")));
    assert!(!same(&wiki("one"), &wiki("two")) && !same(&wiki("one"), &Value::Line("one".to_owned())));
    assert!(same(&Value::Empty, &Value::Words(BTreeSet::new())));
}

fn link(issue: u64, key: &str, kind: &str, outward: bool) -> IssueLink {
    IssueLink { id: "1".to_owned(), kind: kind.to_owned(), outward, issue: IssueId(issue), key: IssueKey::from(key) }
}

#[test]
fn a_link_is_an_item_of_the_sync_may_become_one_or_is_nobodys_business() {
    let sync = sync();
    let (row, home, catalog) = (row(&sync, FieldKind::Links, "issuelinks"), side(0), catalog(0));
    let mut references = references(&sync);
    let there = There {
        issue: IssueId(5),
        key: "SUP-5".into(),
        restricted: false,
        gone: false,
        elsewhere: None,
        once: BTreeSet::new(),
    };
    references.relatives.add(ItemId(9), BTreeMap::from([(side(0), there)]));
    let place = Place { references: &references, ..place(&sync, &row, &home, &catalog) };
    let links = BTreeSet::from([
        link(5, "SUP-5", "Blocks", true),
        link(6, "SUP-6", "Blocks", true),
        link(7, "SUP-7", "Blocks", false),
        link(8, "OTHER-8", "Blocks", true),
    ]);
    // The other end of a link tells of it; an issue of another project can be no item.
    assert_eq!(strange_links(&place, &links), BTreeSet::from([IssueId(6)]));
    let mut renamed = references.clone();
    renamed.also_called(&home, "OTHER".to_owned());
    let there = Place { references: &renamed, ..place };
    assert_eq!(strange_links(&there, &links), BTreeSet::from([IssueId(6), IssueId(8)]));
    let shared: Vec<String> = shared_links(&place, &links).into_keys().collect();
    assert_eq!(shared, [format!("{} Blocks", ItemId(9))]);
    assert_eq!(parent_item(&ItemId(9).to_string()), Some(ItemId(9)));
    assert_eq!(parent_item("?a:SUP-5"), None);
}

#[test]
fn a_link_reads_on_a_side_in_its_own_words_and_direction() {
    let mut sync = sync();
    let names = BTreeMap::from([(side(0), vec!["Blocks".to_owned()]), (side(1), vec!["Depends:inward".to_owned()])]);
    sync.link_types = Table { rows: vec![Row { shared: "Blocks".to_owned(), names, path: BTreeMap::new() }] };
    let row = row(&sync, FieldKind::Links, "issuelinks");
    let words = LinkWords { outward: "depends on".to_owned(), inward: "is needed by".to_owned() };
    let there = Catalog { link_words: BTreeMap::from([("Depends".to_owned(), words)]), ..catalog(1) };
    let (home, partner, here) = (side(0), side(1), catalog(0));
    let (from, to) = (place(&sync, &row, &home, &here), place(&sync, &row, &partner, &there));
    assert_eq!(link_words(&from, &to, "Blocks", true).as_deref(), Some("is needed by"));
    assert_eq!(link_words(&from, &to, "Blocks", false).as_deref(), Some("depends on"));
    assert_eq!(link_words(&from, &to, "Relates", true), None);
}

#[test]
fn somebody_without_a_row_is_there_all_the_same() {
    let sync = sync();
    let (row, home, catalog) = (row(&sync, FieldKind::Person, "assignee"), side(0), catalog(0));
    let jane = Person { account: "jane".into(), display_name: "Jane Doe".to_owned(), email: None };
    let value = inbound(&place(&sync, &row, &home, &catalog), &NativeValue::Person(jane));
    assert_eq!(value, Some(Value::Person("?a:jane".to_owned())));
}
