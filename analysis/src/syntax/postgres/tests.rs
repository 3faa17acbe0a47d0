use std::path::Path;

use super::SYNTAX;
use crate::change::Change;
use crate::syntax::{SyntaxError, parse};

/// The changes of a text, all of which must be read.
#[track_caller]
fn read(sql: &str) -> Vec<Change> {
    let parsed = parse(sql, &SYNTAX);
    assert_eq!(parsed.errors, [], "in {sql}");
    parsed.statements.into_iter().map(|s| s.change.unwrap()).collect()
}

/// The one error of a text, and the text that its span covers.
#[track_caller]
fn refused(sql: &str) -> (String, SyntaxError) {
    let mut parsed = parse(sql, &SYNTAX);
    assert_eq!(parsed.errors.len(), 1, "{:?} in {sql}", parsed.errors);
    let e = parsed.errors.remove(0);
    (sql[e.span.range()].to_owned(), e)
}

/// Reads every statement of a folder of migrations: `GLOWPLUG_CORPUS=folder cargo test corpus -- --ignored`.
#[test]
#[ignore = "needs GLOWPLUG_CORPUS, a folder of PostgreSQL's .sql files that a server takes"]
fn corpus() {
    fn walk(dir: &Path, files: &mut Vec<std::path::PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, files);
            } else if path.extension().is_some_and(|e| e == "sql") {
                files.push(path);
            }
        }
    }
    let mut files = Vec::new();
    for folder in std::env::var("GLOWPLUG_CORPUS").unwrap().split(':') {
        walk(Path::new(folder), &mut files);
    }
    files.sort();
    let (mut statements, mut errors) = (0, 0);
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let parsed = parse(&text, &SYNTAX);
        statements += parsed.statements.len();
        for e in &parsed.errors {
            errors += 1;
            let line = text[..e.span.start].lines().count().max(1);
            let shown: String = text[e.span.start..].chars().take(60).collect();
            eprintln!("{}:{line}: {} | {} [{}] {:?}", file.display(), e.message, e.label.as_deref().unwrap_or(""), shown.replace('\n', " "), e.help);
        }
    }
    assert!(statements > 0);
    assert_eq!(errors, 0, "of {statements} statements in {} files", files.len());
}
