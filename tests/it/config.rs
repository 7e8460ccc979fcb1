//! The configuration: what loads, what is said about what does not, and that no secret is ever repeated. Must never set a
//! variable of this process: the environment is handed in.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use jirasyncd::config::{self, Environment, FileContent, Loaded, Report, SecretsWanted};

/// A world of variables and files.
#[derive(Default)]
struct World {
    variables: BTreeMap<String, String>,
    files: BTreeMap<PathBuf, (Vec<u8>, u32)>,
}

impl World {
    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn file(mut self, path: &str, content: &[u8], mode: u32) -> Self {
        self.files.insert(PathBuf::from(path), (content.to_vec(), mode));
        self
    }

    /// All that the example and the README name.
    fn complete() -> Self {
        Self::default()
            .variable("ACME_TOKEN", "t1")
            .variable("CREDENTIALS_DIRECTORY", "/run/credentials")
            .file("/run/credentials/globex-pat", b"t2\n", 0o400)
            .file("/run/credentials/acme-token", b"t3\n", 0o400)
            .file("/etc/jirasyncd/tokens/initech-pat", b"t4\n", 0o600)
            .file("/etc/ssl/certs/ca-certificates.crt", b"-----BEGIN CERTIFICATE-----\n", 0o644)
    }
}

impl Environment for World {
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).cloned()
    }

    fn file(&self, path: &Path) -> io::Result<FileContent> {
        let (bytes, mode) = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(FileContent { bytes: bytes.clone(), mode: *mode })
    }
}

fn root(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn load(text: &str) -> Result<Loaded, Report> {
    config::load(text, "jirasyncd.toml", &World::complete(), SecretsWanted::Yes)
}

#[test]
fn the_examples_and_the_readme_load_without_a_word() {
    let readme = root("README.md");
    let block = readme.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    for text in [&root("config/example.toml"), block] {
        let loaded = load(text).unwrap_or_else(|report| panic!("{report}"));
        assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
    }
    let three = root("config/three-instances.toml");
    let loaded = config::load(&three, "c", &World::default(), SecretsWanted::No).unwrap_or_else(|r| panic!("{r}"));
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
}

#[test]
fn an_image_says_where_to_listen_whatever_the_file_says() {
    let listening = |value: &str| {
        let world = World::complete().variable("JIRASYNCD_LISTEN", value);
        config::load(&root("config/example.toml"), "c", &world, SecretsWanted::Yes)
    };
    let loaded = listening("0.0.0.0:8470").unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(loaded.config.daemon.listen.to_string(), "0.0.0.0:8470");
    let loaded = listening("").unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(loaded.config.daemon.listen.to_string(), "127.0.0.1:8470");
    let report = listening("everywhere").unwrap_err();
    assert!(report.errors[0].message.contains("`JIRASYNCD_LISTEN` is no address"), "{report}");
}
