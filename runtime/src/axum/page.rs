//! The page for people. One document: no script, nothing from elsewhere.

use super::answers::Look;
use super::diagram::Schema;
use crate::error::{counted, seconds};
use crate::health::HealthStatus;
use crate::status::MigrationStatus;
use ::axum::http::{HeaderValue, header};
use ::axum::response::{IntoResponse as _, Response};
use std::fmt::{self, Write as _};
use std::time::Duration;

const STYLE: &str = include_str!("page.css");

/// No script, no picture, no frame, no form: whatever a name or a message of the database contains stays text.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Of those that are completed, only the newest are shown.
const SHOWN: usize = 200;

pub(super) fn answer(look: &Look) -> Response {
    let mut page = String::with_capacity(32 * 1024);
    // Writing into a text cannot fail.
    let _ = write(look, &mut page);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (look.code(), headers, page).into_response()
}

/// A text that is nothing but text in HTML.
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in self.0.split_inclusive(['&', '<', '>', '"', '\'']) {
            let (text, last) = match part.char_indices().next_back() {
                Some((at, '&')) => (&part[..at], "&amp;"),
                Some((at, '<')) => (&part[..at], "&lt;"),
                Some((at, '>')) => (&part[..at], "&gt;"),
                Some((at, '"')) => (&part[..at], "&quot;"),
                Some((at, '\'')) => (&part[..at], "&#39;"),
                _ => (part, ""),
            };
            f.write_str(text)?;
            f.write_str(last)?;
        }
        Ok(())
    }
}

fn write(look: &Look, out: &mut String) -> fmt::Result {
    let (health, totals) = (&look.health, look.totals());
    let verdict = match health.status {
        HealthStatus::Healthy => "healthy",
        HealthStatus::Degraded => "degraded",
        HealthStatus::Unhealthy => "unhealthy",
    };
    // While something changes it is looked at again.
    let moves = totals.running > 0 || health.status == HealthStatus::Unhealthy;
    write!(
        out,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">{}\
         <title>Migrations: {verdict}</title><style>{STYLE}</style></head><body><main>\
         <header><h1>Migrations</h1><span class=\"verdict {verdict}\">{verdict}</span>\
         <p class=\"quiet\"><code>{}</code> · {} · ",
        if moves { "<meta http-equiv=\"refresh\" content=\"5\">" } else { "" },
        Escaped(look.migrations.directory),
        look.migrations.engine,
    )?;
    match (health.database.connected, health.database.response_time_ms) {
        (true, Some(took)) => write!(out, "answered in {took} ms")?,
        (true, None) => out.write_str("answers")?,
        (false, _) => out.write_str("does not answer")?,
    }
    write!(out, " · {}</p></header>", Time(&health.timestamp))?;

    issues(look, out)?;
    if look.status.is_some() {
        out.write_str("<section class=\"totals\" aria-label=\"Totals\">")?;
        for (what, count, kind) in [
            ("completed", totals.completed, "good"),
            ("pending", totals.pending, "warn"),
            ("running", totals.running, "busy"),
            ("failed", totals.failed, "bad"),
            ("stuck", totals.stuck, "bad"),
            ("edited since", health.migrations.drifted.len(), "bad"),
        ] {
            let kind = if count == 0 { "none" } else { kind };
            write!(out, "<div class=\"{kind}\"><b>{count}</b><span>{what}</span></div>")?;
        }
        out.write_str("</section>")?;
    }
    migrations(look, out)?;
    schema(look, out)?;
    writeln!(
        out,
        "<footer class=\"quiet\"><span>glowplug {}</span> <a href=\"migrations/status\">status</a> \
         <a href=\"migrations/health\">health</a> <a href=\"../health/database\">database</a> \
         <a href=\"migrations/openapi.json\">OpenAPI</a></footer></main></body></html>",
        crate::backend::TOOL_VERSION
    )
}

fn issues(look: &Look, out: &mut String) -> fmt::Result {
    if look.issues().is_empty() {
        return Ok(());
    }
    let class = if look.health.status == HealthStatus::Unhealthy { "bad" } else { "warn" };
    write!(out, "<section class=\"issues {class}\"><h2>What is wrong</h2><ul>")?;
    for issue in look.issues() {
        write!(out, "<li>{}</li>", Escaped(issue))?;
    }
    out.write_str("</ul></section>")
}

fn migrations(look: &Look, out: &mut String) -> fmt::Result {
    out.write_str("<section><h2>Newest first</h2>")?;
    if look.migrations.list.is_empty() {
        return out.write_str("<p class=\"quiet\">There is no migration yet.</p></section>");
    }
    out.write_str("<ol class=\"migrations\">")?;
    let mut left_out = 0;
    match &look.status {
        Some(status) => {
            for (index, migration) in status.migrations.iter().rev().enumerate() {
                if index >= SHOWN && migration.state.is_applied() && !migration.edited {
                    left_out += 1;
                } else {
                    one(look, migration, out)?;
                }
            }
        }
        None => {
            for migration in look.migrations.list.iter().rev().take(SHOWN) {
                head(out, "unknown", migration.version, migration.name, migration.file)?;
                out.write_str("</li>")?;
            }
            left_out = look.migrations.list.len().saturating_sub(SHOWN);
        }
    }
    out.write_str("</ol>")?;
    if left_out > 0 {
        let what = if look.status.is_some() { "earlier migration" } else { "migration" };
        write!(
            out,
            "<p class=\"quiet\">and {}; <a href=\"migrations/status\">all of them</a></p>",
            counted(left_out, what)
        )?;
    }
    if let Some(unknown) = look.status.as_ref().map(|status| &status.unknown).filter(|unknown| !unknown.is_empty()) {
        write!(
            out,
            "<p class=\"quiet\">Applied, and unknown to this program: {}</p>",
            Escaped(&crate::error::listed(unknown))
        )?;
    }
    out.write_str("</section>")
}

fn head(out: &mut String, state: &str, version: &str, name: &str, file: &str) -> fmt::Result {
    write!(
        out,
        "<li class=\"{state}\"><div class=\"what\"><span class=\"version\">{}</span> <b>{}</b><code>{}</code></div>\
         <span class=\"state\">{state}</span>",
        Escaped(version),
        Escaped(&name.replace(['_', '-'], " ")),
        Escaped(file),
    )
}

fn one(look: &Look, migration: &MigrationStatus, out: &mut String) -> fmt::Result {
    let state = if look.is_stuck(migration) { "stuck" } else { migration.state.as_str() };
    head(out, state, &migration.version, &migration.name, &migration.file)?;
    out.write_str("<div class=\"when\">")?;
    match (&migration.completed_at, &migration.started_at) {
        (Some(completed), _) => write!(out, "<span>{}</span>", Time(completed))?,
        (None, Some(started)) => write!(out, "<span>began {}</span>", Time(started))?,
        (None, None) => {}
    }
    if let Some(took) = migration.duration_ms.and_then(|millis| u64::try_from(millis).ok()) {
        write!(out, "<span>{}</span>", seconds(Duration::from_millis(took)))?;
    }
    out.write_str("</div>")?;
    if migration.edited {
        out.write_str("<p class=\"edited\">The file was edited after it had been applied: the database has what it said before.</p>")?;
    }
    if let Some(error) = &migration.error_message {
        write!(out, "<pre>{}</pre>", Escaped(error))?;
    }
    out.write_str("</li>")
}

fn schema(look: &Look, out: &mut String) -> fmt::Result {
    let tables = look.migrations.tables;
    if tables.is_empty() {
        return Ok(());
    }
    let schema = Schema::new(tables, &look.health.schema);
    write!(
        out,
        "<section class=\"schema\"><h2>Schema</h2><p class=\"quiet\">What the migrations end in: {}, {}.{}</p>",
        counted(tables.len(), "table"),
        counted(schema.relations(), "foreign key"),
        if look.status.is_some() { " What the database does not have is marked." } else { "" },
    )?;
    if schema.is_drawn() {
        out.write_str("<div class=\"drawing\">")?;
        schema.draw(out)?;
        out.write_str("</div>")?;
    } else {
        out.write_str("<p class=\"quiet\">Too many to draw.</p>")?;
    }
    schema.list(out)?;
    out.write_str("</section>")
}

/// An instant in RFC 3339, as people read it.
struct Time<'a>(&'a str);

impl fmt::Display for Time<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = match self.0.split_once('T') {
            Some((day, time)) if time.ends_with('Z') => {
                let to_seconds = time.split(['.', 'Z']).next().unwrap_or_default();
                format!("{day} {to_seconds} UTC")
            }
            _ => self.0.to_owned(),
        };
        write!(f, "<time datetime=\"{}\">{}</time>", Escaped(self.0), Escaped(&shown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(Escaped("a<b>&\"c'ä").to_string(), "a&lt;b&gt;&amp;&quot;c&#39;ä");
        assert_eq!(Escaped("").to_string(), "");
        assert_eq!(Escaped("plain").to_string(), "plain");
    }

    #[test]
    fn times_are_for_people() {
        let shown = |time: &str| Time(time).to_string();
        assert_eq!(
            shown("2026-11-21T11:23:28.123456Z"),
            "<time datetime=\"2026-11-21T11:23:28.123456Z\">2026-11-21 11:23:28 UTC</time>"
        );
        assert_eq!(shown("soon"), "<time datetime=\"soon\">soon</time>");
    }
}
