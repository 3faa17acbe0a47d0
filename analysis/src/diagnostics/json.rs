//! The JSON of `cargo glowplug check`: a contract that other programs read. Fields are added, never changed.

use serde::Serialize;

use super::{Level, in_order};
use crate::sources::Lines;
use crate::{Analysis, rules};

#[derive(Serialize)]
struct Check<'a> {
    backend: &'a str,
    migrations: Vec<Migration<'a>>,
    diagnostics: Vec<Diagnostic<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Migration<'a> {
    version: &'a str,
    name: &'a str,
    file: &'a str,
    checksum: &'a str,
    statements: usize,
    transaction: bool,
    idempotent: bool,
    resumable: bool,
}

#[derive(Serialize)]
struct Diagnostic<'a> {
    rule: &'a str,
    group: &'a str,
    level: &'a str,
    file: &'a str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    message: &'a str,
    help: Option<&'a str>,
    sqlstate: Option<&'a str>,
}

#[derive(Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
}

/// An analysis as one line of JSON, without a line end.
///
/// Lines and columns count from 1, columns in characters; `end_column` is one past the last character. `file` is relative
/// to the folder; diagnostics come in the order of [`in_order`].
///
/// ```
/// use glowplug_analysis::{Backend, Config, Sources, analyze, diagnostics::json};
/// let analysis = analyze(Sources::default(), &Config::new(Backend::Sqlite));
/// assert_eq!(
///     json::check(&analysis),
///     r#"{"backend":"sqlite","migrations":[],"diagnostics":[],"summary":{"errors":0,"warnings":0}}"#
/// );
/// ```
#[must_use]
pub fn check(analysis: &Analysis) -> String {
    let migrations = analysis.migrations.iter().map(|m| {
        let crate::Migration { version, name, file, checksum, transaction, idempotent, resumable, .. } = m;
        Migration {
            version,
            name,
            file,
            checksum,
            statements: m.statements.len(),
            transaction: *transaction,
            idempotent: *idempotent,
            resumable: *resumable,
        }
    });
    let diagnostics = in_order(analysis).into_iter().map(|d| {
        let Lines { line, column, end_line, end_column } = analysis.sources.lines(&d.file, d.span);
        Diagnostic {
            rule: d.rule,
            group: rules::find(d.rule).map_or("", |rule| rule.group.as_str()),
            level: d.level.finding(),
            file: &d.file,
            line,
            column,
            end_line,
            end_column,
            message: &d.message,
            help: d.help.as_deref(),
            sqlstate: d.sqlstate,
        }
    });
    let errors = analysis.diagnostics.iter().filter(|d| d.level == Level::Deny).count();
    let check = Check {
        backend: analysis.backend.as_str(),
        migrations: migrations.collect(),
        diagnostics: diagnostics.collect(),
        summary: Summary { errors, warnings: analysis.diagnostics.len() - errors },
    };
    // Texts and numbers alone: there is nothing in it that could fail.
    serde_json::to_string(&check).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Analysis, Backend, Diagnostic, Migration, Sources, Span};

    #[test]
    fn the_contract_field_by_field() {
        let sources = Sources::from_texts([("0001_a.sql", "x"), ("0002_b.sql", "-- ü\nDROP \"ü\", usres;\n")]);
        let file = &sources.files[1].text;
        let at = file.find("usres").unwrap();
        let mut warning = Diagnostic::new("vacuous-if-exists", "0001_a.sql", Span::new(0, 1), "w");
        warning.level = Level::Warn;
        let diagnostics = vec![
            Diagnostic::new(
                "undefined-table",
                "0002_b.sql",
                Span::new(at, at + 5),
                "relation \"usres\" does not exist",
            )
            .help("did you mean \"users\"?")
            .sqlstate("42P01"),
            warning,
            Diagnostic::new("config", "glowplug.toml", Span::default(), "c"),
        ];
        let migration = |version: &str, name: &str| Migration {
            version: version.to_owned(),
            name: name.to_owned(),
            file: format!("{version}_{name}.sql"),
            down: None,
            down_statements: Vec::new(),
            checksum: "c0".to_owned(),
            raw_checksum: "c1".to_owned(),
            statements: Vec::new(),
            transaction: true,
            idempotent: false,
            foreign_keys_off: false,
            resumable: true,
        };
        let analysis = Analysis {
            backend: Backend::Postgres,
            migrations: vec![migration("0001", "a"), migration("0002", "b")],
            schema: crate::Schema::default(),
            diagnostics,
            sources,
        };
        let expected = [
            r#"{"backend":"postgres","migrations":["#,
            r#"{"version":"0001","name":"a","file":"0001_a.sql","checksum":"c0","statements":0,"transaction":true,"idempotent":false,"resumable":true},"#,
            r#"{"version":"0002","name":"b","file":"0002_b.sql","checksum":"c0","statements":0,"transaction":true,"idempotent":false,"resumable":true}"#,
            r#"],"diagnostics":["#,
            r#"{"rule":"config","group":"convention","level":"error","file":"glowplug.toml","line":1,"column":1,"end_line":1,"end_column":1,"message":"c","help":null,"sqlstate":null},"#,
            r#"{"rule":"vacuous-if-exists","group":"correctness","level":"warning","file":"0001_a.sql","line":1,"column":1,"end_line":1,"end_column":2,"message":"w","help":null,"sqlstate":null},"#,
            r#"{"rule":"undefined-table","group":"correctness","level":"error","file":"0002_b.sql","line":2,"column":11,"end_line":2,"end_column":16,"message":"relation \"usres\" does not exist","help":"did you mean \"users\"?","sqlstate":"42P01"}"#,
            r#"],"summary":{"errors":2,"warnings":1}}"#,
        ];
        assert_eq!(check(&analysis), expected.concat());
    }
}
