//! The types of expressions, case by case: what the server would say of a statement, and the types of the columns it
//! makes.
//!
//! `types/setup.sql` comes first; then each line of `types/cases.tsv` by itself: the verdict, a tab, the statement. A
//! verdict is an SQLSTATE, `ok`, or `ok: ` with the types of the columns of the relation `made`. That these are the
//! server's own words is tested by `tests/tests/types_postgres.rs`.

use glowplug_analysis::{Analysis, Backend, Config, Group, Level, Sources, analyze, rules};

const SETUP: &str = include_str!("types/setup.sql");
const CASES: &str = include_str!("types/cases.tsv");

fn verdict(analysis: &Analysis, wanted: &str) -> String {
    let correctness = |rule: &str| rules::find(rule).is_some_and(|r| r.group == Group::Correctness);
    let errors = || analysis.diagnostics.iter().filter(|d| d.level == Level::Deny && correctness(d.rule));
    if let Some(setup) = errors().find(|d| d.file != "002_case.sql") {
        panic!("{}: {}", setup.rule, setup.message);
    }
    // The server stops at the first error; of several the one that it names must be there.
    if let Some(same) = errors().find(|d| d.sqlstate == Some(wanted)) {
        return same.sqlstate.unwrap_or_default().to_owned();
    }
    if let Some(other) = errors().next() {
        return format!("{}: {}", other.sqlstate.unwrap_or(other.rule), other.message);
    }
    match analysis.schema.tables.iter().find(|t| t.name == "made") {
        Some(made) if wanted.starts_with("ok: ") => {
            let types: Vec<&str> = made.columns.iter().map(|c| c.sql_type.as_str()).collect();
            format!("ok: {}", types.join(", "))
        }
        _ => "ok".to_owned(),
    }
}

#[test]
fn as_the_server_says() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in CASES.lines() {
        let (wanted, statement) = line.split_once('\t').unwrap();
        let case = format!("{statement};\n");
        let sources = Sources::from_texts([("001_setup.sql", SETUP), ("002_case.sql", case.as_str())]);
        let said = verdict(&analyze(sources, &Config::new(Backend::Postgres)), wanted);
        count += 1;
        if said != wanted {
            wrong.push(format!("{statement}\n  the server: {wanted}\n  here:       {said}"));
        }
    }
    assert!(count > 300);
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}
