//! Names of files. Must never let a name out that could be a path, or end a line.

/// The longest name that every file system and Jira takes, in bytes of UTF-8.
const LONGEST: usize = 255;

/// A name for a copy: the last part of what may be a path, without what cannot be seen, and not too long. The end of a name
/// that is too long stays: it tells what the file is.
#[must_use]
pub fn file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen = last.chars().filter(|sign| !sign.is_control() && !is_direction(*sign));
    // A quote cannot stand in the header that carries the name: Jira would give another name back than was sent.
    let seen: String = seen.map(|sign| if sign == '"' { '\'' } else { sign }).collect();
    let name = seen.trim().trim_start_matches("..").trim();
    if name.is_empty() {
        return "file".to_owned();
    }
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let end = name.rfind('.').and_then(|dot| name.get(dot..)).filter(|end| end.len() <= 20).unwrap_or_default();
    let mut cut = LONGEST - end.len();
    while !name.is_char_boundary(cut) {
        cut -= 1;
    }
    format!("{}{end}", name.get(..cut).unwrap_or_default())
}

/// Signs that turn the order of what follows around (they make `txt.exe` of `exe.txt`), or end a line.
fn is_direction(sign: char) -> bool {
    matches!(sign, '\u{61c}' | '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a name fits a pattern, in which `*` stands for anything, whatever the case of letters.
#[must_use]
pub fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_lowercase(), name.to_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or_default();
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_077_a_copys_name_is_no_path_and_one_line() {
        for (name, wanted) in [
            ("plan.png", "plan.png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\temp\\a.txt", "a.txt"),
            ("a\r\nb\0.txt", "ab.txt"),
            ("\u{202e}gpj.exe", "gpj.exe"),
            ("a\u{2028}b\u{61c}.txt", "ab.txt"),
            ("say \"hi\".txt", "say 'hi'.txt"),
            ("..", "file"),
            ("  ", "file"),
            ("/", "file"),
            ("Übersicht 👩‍👩‍👧.pdf", "Übersicht 👩‍👩‍👧.pdf"),
        ] {
            assert_eq!(file_name(name), wanted, "{name:?}");
        }
        let long = format!("{}.tar.gz", "ü".repeat(300));
        assert!(file_name(&long).len() <= LONGEST && file_name(&long).ends_with("ü.gz"));
        // No more is cut off than must be: another byte would split a letter.
        assert_eq!(file_name(&format!("{}.gz", "ü".repeat(300))), format!("{}.gz", "ü".repeat(126)));
        assert_eq!(file_name(&format!("a{}", "ü".repeat(300))), format!("a{}", "ü".repeat(127)));
        assert_eq!(file_name(&"ü".repeat(300)), "ü".repeat(127));
    }

    #[test]
    fn patterns_fit_whole_names() {
        assert!(fits("*.png", "a.PNG") && fits("share-*", "share-x.txt") && fits("*", "") && fits("a*b*c", "aXbYbc"));
        assert!(!fits("*.png", "a.png.exe") && !fits("share-*", "xshare-") && !fits("a", "ab") && !fits("ab*b", "ab"));
    }
}
