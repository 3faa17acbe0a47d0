//! Findings as SARIF 2.1.0 (OASIS), the format of code scanning.

use glowplug_analysis::diagnostics::in_order;
use glowplug_analysis::sources::Lines;
use glowplug_analysis::{Analysis, Diagnostic, Level, Span, rules};
use serde_json::{Map, Value, json};

use crate::place::Repository;

/// One document with one run, on a line.
pub(crate) fn log(analysis: &Analysis, repository: &Repository) -> String {
    let diagnostics = in_order(analysis);
    let mut found: Vec<&str> = diagnostics.iter().map(|d| d.rule).collect();
    found.sort_unstable();
    found.dedup();
    let results: Vec<Value> = diagnostics.iter().map(|d| result(d, &found, analysis, repository)).collect();
    let document = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "cargo-glowplug",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": found.iter().map(|id| rule(id)).collect::<Vec<_>>(),
            }},
            // What was found is in the results; that it was looked for is the run's success.
            "invocations": [{ "executionSuccessful": true }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{document}\n")
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Deny => "error",
        Level::Warn => "warning",
        Level::Allow => "none",
    }
}

fn rule(id: &str) -> Value {
    let Some(rule) = rules::find(id) else { return json!({ "id": id }) };
    json!({
        "id": id,
        "shortDescription": { "text": rule.summary() },
        "help": { "text": rule.page, "markdown": rule.page },
        "defaultConfiguration": { "level": level(rule.default) },
        "properties": { "tags": [rule.group.as_str()] },
    })
}

fn result(diagnostic: &Diagnostic, found: &[&str], analysis: &Analysis, repository: &Repository) -> Value {
    let Diagnostic { rule, message, file, span, help, labels, sqlstate, .. } = diagnostic;
    let text = match help {
        Some(help) => format!("{message}\n{help}"),
        None => message.clone(),
    };
    let mut result = Map::new();
    result.insert("ruleId".into(), json!(rule));
    result.extend(found.binary_search(rule).ok().map(|index| ("ruleIndex".into(), json!(index))));
    result.insert("level".into(), json!(level(diagnostic.level)));
    result.insert("message".into(), json!({ "text": text }));
    let place = |file: &str, span: Span| physical(file, span, analysis, repository);
    result.insert("locations".into(), json!([{ "physicalLocation": place(file, *span) }]));
    if !labels.is_empty() {
        let related = labels.iter().enumerate().map(|(id, label)| {
            let place = place(label.file.as_ref().unwrap_or(file), label.span);
            json!({ "id": id, "message": { "text": label.text }, "physicalLocation": place })
        });
        result.insert("relatedLocations".into(), related.collect());
    }
    if let Some(code) = sqlstate {
        result.insert("properties".into(), json!({ "sqlstate": code }));
    }
    Value::Object(result)
}

fn physical(file: &str, span: Span, analysis: &Analysis, repository: &Repository) -> Value {
    let Lines { line, column, end_line, end_column } = analysis.sources.lines(file, span);
    let region = if span == Span::default() {
        json!({ "startLine": line })
    } else {
        json!({ "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column })
    };
    json!({ "artifactLocation": { "uri": uri(&repository.path_of(file)) }, "region": region })
}

/// A path as a relative reference (RFC 3986).
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
