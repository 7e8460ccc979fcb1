//! Reads `Dockerfile`, `.dockerignore` and `compose.yaml` for what the documents promise of them. It must never pretend
//! that an image was built: no container engine is asked for.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The instructions of each stage in order: (word, rest), continued lines joined.
fn stages(text: &str) -> Vec<Vec<(String, String)>> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    let joined = lines.join("\n").replace("\\\n", " ");
    let mut stages: Vec<Vec<(String, String)>> = Vec::new();
    for line in joined.lines().filter(|line| !line.trim().is_empty()) {
        let (word, rest) = line.trim().split_once(' ').unwrap_or_else(|| panic!("an instruction alone: {line}"));
        assert!(word.chars().all(|c| c.is_ascii_uppercase()), "not an instruction: {line}");
        if word == "FROM" {
            stages.push(Vec::new());
        }
        stages.last_mut().expect("FROM comes first").push((word.into(), rest.trim().into()));
    }
    stages
}

fn all<'a>(stage: &'a [(String, String)], word: &str) -> Vec<&'a str> {
    stage.iter().filter(|(this, _)| this == word).map(|(_, rest)| rest.as_str()).collect()
}

/// The paths of a YAML mapping in block style with their scalar or flow text: `services.jirasyncd.build` -> `.`. Enough
/// for our example, and it refuses what it cannot read.
fn yaml(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut path: Vec<(usize, String)> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')) {
        assert!(!line.contains('\t'), "a tab in YAML: {line}");
        let indent = line.len() - line.trim_start().len();
        let content = line.trim();
        if let Some(entry) = content.strip_prefix("- ") {
            let at: Vec<&str> = path.iter().filter(|(i, _)| *i < indent).map(|(_, key)| key.as_str()).collect();
            found.entry(at.join(".")).or_default().push(entry.trim_matches('"').into());
            continue;
        }
        path.retain(|(i, _)| *i < indent);
        let (key, value) = content.split_once(':').unwrap_or_else(|| panic!("neither key nor entry: {line}"));
        path.push((indent, key.into()));
        let at: Vec<&str> = path.iter().map(|(_, key)| key.as_str()).collect();
        let inner = value.trim().trim_start_matches('[').trim_end_matches(']');
        let entries =
            inner.split(", ").map(|entry| entry.trim_matches('"').to_owned()).filter(|entry| !entry.is_empty());
        found.entry(at.join(".")).or_default().extend(entries);
    }
    found
}

#[test]
fn the_image_is_small_and_runs_as_nobody_special() {
    let stages = stages(&file("Dockerfile"));
    let [builder, last] = stages.as_slice() else { panic!("two stages, not {}", stages.len()) };
    assert!(all(builder, "FROM")[0].starts_with("rust:"), "{builder:?}");
    assert!(all(builder, "RUN").iter().any(|run| run.contains("cargo build --profile dist --locked")), "{builder:?}");
    assert_eq!(all(last, "FROM"), ["debian:12-slim"]);
    assert!(all(last, "RUN").iter().any(|run| run.contains("ca-certificates")), "no CA certificates: {last:?}");
    assert_eq!(all(last, "COPY"), ["--from=builder /build/target/dist/jirasyncd /usr/local/bin/jirasyncd"]);
    let user: u32 = all(last, "USER")[0].parse().expect("a user by number");
    assert!(user > 0, "root");
    assert_eq!(all(last, "VOLUME"), ["/var/lib/jirasyncd"]);
    assert!(all(last, "ENV")[0].contains("JIRASYNCD_LISTEN=0.0.0.0:8470"), "{last:?}");
    assert!(all(last, "HEALTHCHECK")[0].ends_with(r#"CMD ["/usr/local/bin/jirasyncd", "health"]"#), "{last:?}");
    assert_eq!(all(last, "ENTRYPOINT"), [r#"["/usr/local/bin/jirasyncd"]"#]);
    assert_eq!(all(last, "CMD"), [r#"["run"]"#]);
    let order: Vec<&str> = last.iter().map(|(word, _)| word.as_str()).collect();
    assert!(order.iter().rposition(|word| *word == "RUN") < order.iter().position(|word| *word == "USER"), "{order:?}");
}

#[test]
fn what_the_builder_copies_is_let_through() {
    let ignored = file(".dockerignore");
    assert_eq!(ignored.lines().next(), Some("*"), "everything is left out unless named: tokens lie beside the file");
    let stages = stages(&file("Dockerfile"));
    for copy in all(&stages[0], "COPY") {
        let mut words: Vec<&str> = copy.split_whitespace().collect();
        words.pop();
        for word in words {
            assert!(ignored.lines().any(|line| line.strip_prefix('!') == Some(word)), "{word} is ignored");
            assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(word).exists(), "{word} does not exist");
        }
    }
}

#[test]
fn the_builder_copies_what_the_source_includes() {
    let stages = stages(&file("Dockerfile"));
    let copies = all(&stages[0], "COPY").join(" ");
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            for (at, _) in source.match_indices("include_str!(").chain(source.match_indices("include_bytes!(")) {
                let named = source[at..].split('"').nth(1).unwrap_or_default();
                let target = named.split('/').find(|part| *part != "..").unwrap_or_default();
                let outside = named.starts_with("../")
                    && !folder.join(named).canonicalize().is_ok_and(|real| {
                        real.starts_with(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").canonicalize().unwrap())
                    });
                assert!(!outside || copies.contains(target), "{}: `{named}` is not copied", path.display());
            }
        }
    }
}

#[test]
fn the_compose_example_keeps_the_promises() {
    let compose = yaml(&file("compose.yaml"));
    let value = |key: &str| compose.get(key).cloned().unwrap_or_else(|| panic!("no {key} in {compose:?}"));
    assert_eq!(value("services.jirasyncd.build.context"), ["."]);
    assert!(compose.contains_key("services.jirasyncd.build.args.JIRASYNCD_COMMIT"), "{compose:?}");
    assert_eq!(value("services.jirasyncd.ports"), ["127.0.0.1:8470:8470"], "not open to the network by default");
    assert_eq!(value("services.jirasyncd.read_only"), ["true"]);
    assert_eq!(value("services.jirasyncd.cap_drop"), ["ALL"]);
    assert!(value("services.jirasyncd.volumes").contains(&"state:/var/lib/jirasyncd".to_owned()));
    assert!(compose.contains_key("volumes.state"), "the state's volume is not declared");
    for secret in value("services.jirasyncd.secrets") {
        assert!(compose.contains_key(&format!("secrets.{secret}.file")), "{secret} is not declared");
    }
}
