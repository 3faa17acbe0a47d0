//! What machines read: annotations of GitHub Actions, SARIF.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::{A, C, Ran, command, folder};

/// An error with a place, and a warning of a file as a whole with another file beside it.
const FILES: [(&str, &[u8]); 4] = [
    ("001_a.sql", A),
    ("002_100 %: x,y.sql", b"CREATE TABLE IF NOT EXISTS b (\n    id INTEGER,\n    id INTEGER\n);\n"),
    ("004_c.sql", C),
    ("glowplug.toml", b"backend = \"sqlite\"\n[lints]\nnumber-gap = \"warn\"\n"),
];

fn check(root: &Path, workspace: &Path, arguments: &[&str]) -> Ran {
    let mut command = command(root, &[&["check"], arguments].concat());
    let output = command.env("GITHUB_WORKSPACE", workspace).output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn annotations_of_github() {
    let root = folder(&FILES);
    let ran = check(root.path(), root.path(), &["--format", "github"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    insta::assert_snapshot!(ran.out);
    // Below another folder, the files are still those of the repository.
    let below = check(&root.path().join("migrations"), root.path(), &[".", "--format", "github"]);
    assert!(below.out.starts_with("::error file=migrations/"), "{}", below.out);
    // And where the runner says nothing, the folder with `.git` is the repository.
    std::fs::create_dir_all(root.path().join("migrations/.git")).unwrap();
    let mut alone = command(root.path(), &["check", "--format", "github"]);
    let alone = alone.env_remove("GITHUB_WORKSPACE").output().unwrap();
    assert!(alone.stdout.starts_with(b"::error file=002_"), "{}", String::from_utf8_lossy(&alone.stdout));
}

/// The objects that are written and their properties, as "Static Analysis Results Interchange Format (SARIF) Version
/// 2.1.0" has them: the required ones, then those that may be there.
const OBJECTS: [(&str, &str, &str); 12] = [
    ("/", "version runs", "$schema"),
    ("/runs/*", "tool", "invocations columnKind results"),
    ("/runs/*/tool", "driver", ""),
    ("/runs/*/tool/driver", "name", "semanticVersion rules"),
    ("/runs/*/tool/driver/rules/*", "id", "shortDescription help defaultConfiguration properties"),
    ("/runs/*/invocations/*", "executionSuccessful", ""),
    ("/runs/*/results/*", "message", "ruleId ruleIndex level locations relatedLocations properties"),
    ("/runs/*/results/*/locations/*", "", "physicalLocation"),
    ("/runs/*/results/*/relatedLocations/*", "", "id message physicalLocation"),
    ("*/physicalLocation", "", "artifactLocation region"),
    ("*/artifactLocation", "", "uri"),
    ("*/region", "", "startLine startColumn endLine endColumn"),
];

#[track_caller]
fn valid(value: &Value, path: &str) {
    match value {
        Value::Object(map) => {
            let known = OBJECTS.iter().find(|(object, ..)| match object.strip_prefix('*') {
                Some(end) => path.ends_with(end),
                None => path == *object,
            });
            if let Some((_, required, allowed)) = known {
                let keys: BTreeSet<&str> = map.keys().map(String::as_str).collect();
                let required: BTreeSet<&str> = required.split_whitespace().collect();
                assert!(keys.is_superset(&required), "{path}: {keys:?} without one of {required:?}");
                let all: BTreeSet<&str> = allowed.split_whitespace().chain(required).collect();
                assert!(keys.is_subset(&all), "{path}: {keys:?} beside {all:?}");
            } else {
                // A message (`text`, `markdown`), a level, or a bag of properties.
                let leaf = ["message", "shortDescription", "help", "defaultConfiguration", "properties"];
                assert!(leaf.iter().any(|name| path.ends_with(&format!("/{name}"))), "{path} is no object of SARIF");
            }
            for (key, value) in map {
                valid(value, &format!("{}/{key}", path.trim_end_matches('/')));
            }
        }
        Value::Array(list) => list.iter().for_each(|value| valid(value, &format!("{path}/*"))),
        _ => {}
    }
}

#[test]
fn sarif() {
    let root = folder(&FILES);
    let ran = check(root.path(), root.path(), &["--format", "sarif"]);
    assert_eq!((ran.code, ran.err.as_str()), (1, ""));
    let log: Value = serde_json::from_str(&ran.out).unwrap();
    valid(&log, "/");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(run["tool"]["driver"]["name"], "cargo-glowplug");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    let found: Vec<&str> = results.iter().map(|r| r["ruleId"].as_str().unwrap()).collect();
    assert_eq!(found, ["duplicate-column", "number-gap"]);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(rules[index]["help"]["markdown"].as_str().unwrap().starts_with("# "));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1, "{place}");
    }
    assert_eq!((&results[0]["level"], &results[1]["level"]), (&"error".into(), &"warning".into()));
    let place = |index: usize| &results[index]["locations"][0]["physicalLocation"];
    // RFC 3986: what is not a letter, a digit or one of `-._~` is written as its bytes.
    assert_eq!(place(0)["artifactLocation"]["uri"], "migrations/002_100%20%25%3A%20x%2Cy.sql");
    assert_eq!(place(0)["region"], serde_json::json!({"startLine": 3, "startColumn": 5, "endLine": 3, "endColumn": 7}));
    assert_eq!(place(1)["region"], serde_json::json!({"startLine": 1}), "a file as a whole");
    assert_eq!(results[1]["relatedLocations"][0]["message"]["text"], "the one before");

    let sound = folder(&[("001_a.sql", A)]);
    let ran = check(sound.path(), sound.path(), &["--backend", "sqlite", "--format", "sarif"]);
    let log: Value = serde_json::from_str(&ran.out).unwrap();
    valid(&log, "/");
    // An empty list, and not none: "it was looked for, and nothing was found".
    assert_eq!((ran.code, &log["runs"][0]["results"]), (0, &serde_json::json!([])));
}
