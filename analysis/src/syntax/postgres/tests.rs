use std::fmt::Write as _;
use std::path::{Path, PathBuf};

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

/// Reads every statement of the folders in `GLOWPLUG_CORPUS` (separated by colons), all of which must be read. With
/// `GLOWPLUG_VERDICTS`, each statement's place and verdict are written to that file instead, to be held against a server's.
#[test]
#[ignore = "needs GLOWPLUG_CORPUS, folders of .sql files that a server takes"]
fn corpus() {
    fn walk(dir: &Path, files: &mut Vec<PathBuf>) {
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
    let (mut statements, mut errors, mut verdicts) = (0, 0, String::new());
    for file in &files {
        let Ok(text) = std::fs::read_to_string(file) else { continue };
        let parsed = parse(&text, &SYNTAX);
        statements += parsed.statements.len();
        for s in &parsed.statements {
            let e = parsed.errors.iter().find(|e| s.span.start <= e.span.start && e.span.end <= s.span.end);
            let said = e.map_or(String::new(), |e| format!("{} | {}", e.message, e.label.as_deref().unwrap_or("")));
            let at = e.map_or(0, |e| e.span.start - s.span.start);
            let verdict = e.map_or("taken", |e| e.rule);
            writeln!(verdicts, "{}\t{}\t{}\t{verdict}\t{at}\t{said}", file.display(), s.span.start, s.span.end).unwrap();
        }
        for e in &parsed.errors {
            errors += 1;
            let line = text[..e.span.start].lines().count().max(1);
            let shown: String = text[e.span.start..].chars().take(60).collect();
            eprintln!("{}:{line}: {} | {:?} {shown:?}", file.display(), e.message, e.label);
        }
    }
    assert!(statements > 0);
    match std::env::var("GLOWPLUG_VERDICTS") {
        Ok(path) => std::fs::write(path, verdicts).unwrap(),
        Err(_) => assert_eq!(errors, 0, "of {statements} statements in {} files", files.len()),
    }
}
