//! Lists of pairs as files: CSV and JSON, as other tools write them and as we do. Must never guess: a row whose cells do not say which
//! issues are meant is told with its line, and is not taken.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::ids::{IssueKey, SideId};
use crate::model::key::key_in;

/// A row: issues that are one, the first having the first word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Where it stands: the line, or the place in a JSON array, from 1.
    pub line: u64,
    /// The keys, with the side where the list says it.
    pub keys: Vec<String>,
}

/// What is wrong with a row, and where.
pub(super) type Bad = (u64, String);

/// What columns of other tools' lists are called that hold keys: these words are in their names.
const KEY_WORDS: [&str; 3] = ["key", "issue", "urn"];

/// Reads a list. A key that stands in two rows is in neither. Gives the rows that can be taken, and those that cannot.
///
/// # Errors
/// It is no list at all.
pub fn read(text: &str, sides: &[SideId]) -> Result<(Vec<Listed>, Vec<Bad>), String> {
    let text = text.trim_start_matches('\u{feff}');
    let (rows, mut bad) =
        if text.trim_start().starts_with(['[', '{']) { json(text, sides)? } else { csv(text, sides)? };
    let mut seen: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for row in &rows {
        for key in &row.keys {
            seen.entry(key).or_default().push(row.line);
        }
    }
    let mut good = Vec::with_capacity(rows.len());
    for row in &rows {
        let twice = row.keys.iter().find_map(|key| {
            let lines = seen.get(key.as_str())?;
            let other = lines.iter().find(|line| **line != row.line).or_else(|| lines.get(1))?;
            Some(format!("{key} is in row {other} as well: which of them is meant, only you know"))
        });
        match twice {
            Some(why) => bad.push((row.line, why)),
            None => good.push(row.clone()),
        }
    }
    bad.sort();
    Ok((good, bad))
}

fn row(line: u64, keys: Vec<String>) -> Result<Listed, Bad> {
    match keys.len() {
        0 => Err((line, "there is no key in it".to_owned())),
        1 => Err((line, "there is only one key in it".to_owned())),
        _ => Ok(Listed { line, keys }),
    }
}

fn sort(rows: impl Iterator<Item = Result<Listed, Bad>>) -> (Vec<Listed>, Vec<Bad>) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for row in rows {
        match row {
            Ok(row) => good.push(row),
            Err(why) => bad.push(why),
        }
    }
    (good, bad)
}

/// Where the keys of a table stand: the column, and the side where its name says it.
type Column = (usize, Option<SideId>);

fn csv(text: &str, sides: &[SideId]) -> Result<(Vec<Listed>, Vec<Bad>), String> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(text))
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut records: Vec<(u64, csv::StringRecord)> = Vec::new();
    for (number, record) in (1_u64..).zip(reader.records()) {
        let record = record.map_err(|error| format!("row {number} cannot be read: {error}"))?;
        let line = record.position().map_or(number, |place| line_of(text, place.byte()));
        if record.iter().any(|cell| !cell.is_empty()) {
            records.push((line, record));
        }
    }
    let has_header = records.first().is_some_and(|(_, first)| first.iter().all(|cell| key(0, cell, None).is_err()));
    let columns = match records.first().filter(|_| has_header) {
        Some((line, header)) => Some(columns(*line, header, sides)?),
        None => None,
    };
    let rows = records.iter().skip(usize::from(has_header)).map(|(line, record)| match &columns {
        Some(columns) => row(*line, named_cells(*line, record, columns)?),
        None => {
            let cells = record.iter().filter(|cell| !cell.is_empty());
            row(*line, cells.map(|cell| key(*line, cell, None)).collect::<Result<_, _>>()?)
        }
    });
    Ok(sort(rows))
}

/// The line in which a record begins. The reader's own count is off by one where lines end as on Windows.
fn line_of(text: &str, byte: u64) -> u64 {
    let bytes = text.as_bytes();
    let mut place = usize::try_from(byte).unwrap_or(usize::MAX).min(bytes.len());
    while bytes.get(place).is_some_and(|sign| matches!(sign, b'\r' | b'\n')) {
        place += 1;
    }
    let before = bytes.get(..place).unwrap_or_default();
    before.iter().filter(|sign| **sign == b'\n').fold(1, |line, _| line + 1)
}

fn named_cells(line: u64, record: &csv::StringRecord, columns: &[Column]) -> Result<Vec<String>, Bad> {
    let cells = columns.iter().filter_map(|(index, side)| Some((record.get(*index)?, side)));
    // A side that has no issue of it.
    cells.filter(|(cell, _)| !cell.is_empty()).map(|(cell, side)| key(line, cell, side.as_ref())).collect()
}

/// The columns that hold keys: those called like a side, else those whose names speak of a key. Others may stand beside them.
fn columns(line: u64, header: &csv::StringRecord, sides: &[SideId]) -> Result<Vec<Column>, String> {
    let names: Vec<(usize, String)> = header.iter().map(str::to_lowercase).enumerate().collect();
    let side = |name: &String| sides.iter().find(|side| side.as_str().eq_ignore_ascii_case(name)).cloned();
    let of_sides: Vec<Column> = names.iter().filter_map(|(index, name)| Some((*index, Some(side(name)?)))).collect();
    if of_sides.len() >= 2 {
        return Ok(of_sides);
    }
    let speaks = |name: &String| KEY_WORDS.iter().any(|word| name.contains(word));
    let by_name: Vec<Column> = names.iter().filter(|(_, name)| speaks(name)).map(|(index, _)| (*index, None)).collect();
    match by_name.len() {
        2 => Ok(by_name),
        // No column is named in a way that tells it: then there must be no others, and it must be no row that is mistyped.
        0 if names.len() == 2 && !names.iter().any(|(_, name)| name.contains(|sign: char| sign.is_ascii_digit())) => {
            Ok(vec![(0, None), (1, None)])
        }
        _ => Err(format!(
            "the header in line {line} does not say which columns hold the keys: name them after the sides ({})",
            sides.iter().map(SideId::as_str).collect::<Vec<_>>().join(", ")
        )),
    }
}

fn key(line: u64, cell: &str, side: Option<&SideId>) -> Result<String, Bad> {
    let (said, rest) = match cell.split_once(':') {
        Some((side, rest)) if !rest.starts_with("//") => (Some(SideId::from(side.trim())), rest),
        Some(_) | None => (None, cell),
    };
    let key = key_in(rest).ok_or_else(|| (line, format!("`{cell}` is not the key of an issue, such as SUP-1")))?;
    Ok(written(&key, side.or(said.as_ref())))
}

fn written(key: &IssueKey, side: Option<&SideId>) -> String {
    side.map_or_else(|| key.to_string(), |side| format!("{side}:{key}"))
}

/// What stands between the cells: the sign that is in the first line most often.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |sign: u8| first.bytes().filter(|byte| *byte == sign).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|sign| count(*sign)).unwrap_or(b',')
}

fn json(text: &str, sides: &[SideId]) -> Result<(Vec<Listed>, Vec<Bad>), String> {
    let whole: Value = serde_json::from_str(text).map_err(|error| format!("this is no JSON: {error}"))?;
    let list = match &whole {
        Value::Array(list) => list,
        Value::Object(fields) => {
            let mut lists = fields.values().filter_map(Value::as_array);
            match (lists.next(), lists.next()) {
                (Some(list), None) => list,
                _ => return Err("an array of pairs is expected".to_owned()),
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            return Err("an array of pairs is expected".to_owned());
        }
    };
    let rows = (1_u64..).zip(list).map(|(line, value)| row(line, keys_of(line, value, sides)?));
    Ok(sort(rows))
}

fn keys_of(line: u64, value: &Value, sides: &[SideId]) -> Result<Vec<String>, Bad> {
    let text = |value: &Value, side: Option<&SideId>| match value.as_str() {
        Some(cell) => key(line, cell, side),
        None => Err((line, format!("`{value}` is not the key of an issue"))),
    };
    match value {
        Value::Array(cells) => cells.iter().filter(|cell| !cell.is_null()).map(|cell| text(cell, None)).collect(),
        Value::Object(fields) => {
            let of_side = sides.iter().filter_map(|side| Some((side, fields.get(side.as_str())?)));
            let of_sides: Vec<_> = of_side.filter(|(_, cell)| !cell.is_null()).collect();
            if !of_sides.is_empty() {
                return of_sides.into_iter().map(|(side, cell)| text(cell, Some(side))).collect();
            }
            let speaks = |name: &String| KEY_WORDS.iter().any(|word| name.to_lowercase().contains(word));
            let named: Vec<&Value> = fields.iter().filter(|(name, _)| speaks(name)).map(|(_, cell)| cell).collect();
            if named.len() != 2 {
                return Err((
                    line,
                    "its fields do not say which of them are the two keys: name them after the sides".to_owned(),
                ));
            }
            named.into_iter().map(|cell| text(cell, None)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            Err((line, "a pair is an array of keys, or an object with them".to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sides() -> Vec<SideId> {
        ["acme", "globex", "initech"].map(SideId::from).to_vec()
    }

    fn rows(text: &str) -> Vec<(u64, String)> {
        let (good, bad) = read(text, &sides()).unwrap();
        assert_eq!(bad, Vec::new(), "{text}");
        good.into_iter().map(|row| (row.line, row.keys.join(" "))).collect()
    }

    #[test]
    fn tables_of_many_forms_are_read() {
        let pairs = |first: u64| vec![(first, "SUP-1 ENG-1".to_owned()), (first + 1, "SUP-2 ENG-2".to_owned())];
        for (text, first) in [
            ("SUP-1,ENG-1\nSUP-2,ENG-2\n", 1),
            ("SUP-1;ENG-1\r\nSUP-2;ENG-2", 1),
            ("SUP-1\tENG-1\r\nSUP-2\tENG-2\r\n", 1),
            ("\u{feff}\"SUP-1\",\"ENG-1\"\n\"sup-2\", ENG-2\n", 1),
            ("Local issue key,Remote issue key\nSUP-1,ENG-1\nSUP-2,ENG-2\n", 2),
            ("Connection;localUrn;remoteUrn;Since\nA to B;SUP-1;ENG-1;2020\nA to B;SUP-2;ENG-2;2021\n", 2),
            ("ours,theirs\nSUP-1,ENG-1\nSUP-2,https://x.example/browse/ENG-2\n", 2),
        ] {
            assert_eq!(rows(text), pairs(first), "{text}");
        }
        let text = "note,globex,Acme,initech\n\"a, b\",ENG-1,SUP-1,\n\n\"two\nlines\",ENG-2,SUP-2,OPS-2\n";
        let expected = [(2, "globex:ENG-1 acme:SUP-1"), (4, "globex:ENG-2 acme:SUP-2 initech:OPS-2")];
        assert_eq!(rows(text), expected.map(|(line, keys)| (line, keys.to_owned())));
        assert_eq!(rows("acme:ENG-1,globex:ENG-1\n"), [(1, "acme:ENG-1 globex:ENG-1".to_owned())]);
    }

    #[test]
    fn json_of_many_forms_is_read() {
        for text in [
            r#"[["SUP-1", "ENG-1"]]"#,
            r#"{ "pairs": [["SUP-1", "ENG-1"]], "made": "today" }"#,
            r#"[{ "localKey": "SUP-1", "remoteKey": "ENG-1", "since": 2020 }]"#,
        ] {
            assert_eq!(rows(text), [(1, "SUP-1 ENG-1".to_owned())], "{text}");
        }
        let text = r#"[{ "globex": "ENG-1", "acme": "SUP-1", "initech": null }]"#;
        assert_eq!(rows(text), [(1, "acme:SUP-1 globex:ENG-1".to_owned())]);
    }

    #[test]
    fn every_bad_row_is_told_with_its_line_and_stops_only_itself() {
        let text = "acme,globex\nSUP-1,ENG-1\nSUP-2,\n,\nSUP-3,10001\nSUP-4,ENG-4\nSUP-4,ENG-5\n";
        let (good, bad) = read(text, &sides()).unwrap();
        assert_eq!(good, [Listed { line: 2, keys: vec!["acme:SUP-1".to_owned(), "globex:ENG-1".to_owned()] }]);
        let told: Vec<(u64, &str)> = bad.iter().map(|(line, why)| (*line, why.as_str())).collect();
        assert_eq!(told.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [3, 5, 6, 7]);
        assert!(told[0].1.contains("only one key") && told[1].1.contains("`10001`"), "{told:?}");
        assert!(told[2].1.contains("in row 7") && told[3].1.contains("in row 6"), "{told:?}");
        for (text, why) in [
            ("a,b,c\nSUP-1,ENG-1,x\n", "does not say which columns"),
            ("10001,10002\nSUP-1,ENG-1\n", "does not say which columns"),
            ("[1", "no JSON"),
            (r#"{ "a": 1 }"#, "an array of pairs"),
        ] {
            assert!(read(text, &sides()).unwrap_err().contains(why), "{text}");
        }
        let (_, bad) = read(r#"["SUP-1", ["SUP-2", 7], { "a": "SUP-3", "b": "ENG-3" }]"#, &sides()).unwrap();
        assert_eq!(bad.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [1, 2, 3]);
    }
}
