//! Comments that speak to this tool: `-- glowplug: allow(rule, reason = "…")` and `-- glowplug: no-transaction`.
//!
//! An `allow` is for the statement that follows its comment, or that the comment stands in. In front of the file's first
//! statement it is also for what concerns the file as a whole, such as `empty-migration`. It cannot allow what the
//! engine would refuse.

use std::collections::HashMap;

use crate::diagnostics::{Diagnostic, Group, Level};
use crate::rules;
use crate::span::Span;

/// What a comment says to this tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Directive {
    Allow(Allow),
    /// The file is not to run in one transaction.
    NoTransaction,
}

/// Rules that are not to be reported, each with the place of its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Allow {
    /// Where its comment starts.
    pub(crate) at: usize,
    pub(crate) rules: Vec<(&'static str, Span)>,
}

impl Allow {
    /// Leaves the rules of a group out.
    pub(crate) fn forget(&mut self, group: Group) {
        self.rules.retain(|(rule, _)| rules::find(rule).is_none_or(|rule| rule.group != group));
    }
}

/// A comment that was meant for this tool. There can be both: an `allow` without a reason allows all the same, so that
/// one mistake gives one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) directive: Option<Directive>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// The directives of one file.
#[derive(Clone, Debug)]
pub(crate) struct FileAllows<'a> {
    pub(crate) file: &'a str,
    /// All statements in order.
    pub(crate) statements: Vec<Span>,
    pub(crate) allows: Vec<Allow>,
}

/// Reads the comment at `span` of `text`, its `--` or `/* */` included; `None` where it is a comment for people.
pub(crate) fn read(file: &str, text: &str, span: Span) -> Option<Comment> {
    let comment = text.get(span.range())?;
    let inner = match comment.strip_prefix("/*") {
        Some(block) => block.strip_suffix("*/").unwrap_or(block),
        None => comment.trim_start_matches('-'),
    };
    let content = inner.trim_start();
    let at = span.start + (content.as_ptr() as usize - comment.as_ptr() as usize);
    let content = content.trim_end();
    let mut reader = Reader { file, rest: content, at, out: Comment::default() };
    if let Some(tool) = both_ways(content) {
        reader.unknown(
            Span::new(at, at + content.len()),
            format!("this file holds both ways for {tool}, and all of it would run: also what takes it back"),
            "move what is below into a file of its own, `….down.sql`".to_owned(),
        );
        return Some(reader.out);
    }
    let word = content.get(.."glowplug".len()).filter(|w| w.eq_ignore_ascii_case("glowplug"))?;
    reader.skip(word.len());
    let spelt = word == "glowplug";
    if reader.eat(":") {
        if !spelt {
            let span = Span::new(at, at + word.len());
            reader.unknown(span, format!("`{word}` is written `glowplug`"), "write `-- glowplug: …`".to_owned());
            return Some(reader.out);
        }
        reader.directive(span.start);
        return Some(reader.out);
    }
    // A forgotten colon would make it a comment that does nothing.
    let near = reader.rest.trim_start_matches(['-', ' ']);
    if near.starts_with("allow(") || near.starts_with("allow (") || near == "no-transaction" {
        let span = Span::new(at, at + content.len());
        reader.unknown(
            span,
            "a directive needs a `:` behind `glowplug`".to_owned(),
            format!("write `-- glowplug: {near}`"),
        );
        return Some(reader.out);
    }
    None
}

/// Markers of tools that keep both directions in one file.
fn both_ways(comment: &str) -> Option<&'static str> {
    let comment = comment.to_ascii_lowercase();
    let words: Vec<&str> = comment.split_whitespace().take(3).collect();
    match words[..] {
        ["+goose", "down", ..] => Some("goose"),
        ["migrate:down", ..] => Some("dbmate"),
        ["+migrate", "down", ..] => Some("sql-migrate"),
        _ => None,
    }
}

struct Reader<'a> {
    file: &'a str,
    rest: &'a str,
    /// Where `rest` starts in the file.
    at: usize,
    out: Comment,
}

const FORM: &str = "write `-- glowplug: allow(rule, reason = \"…\")`";

impl<'a> Reader<'a> {
    fn skip(&mut self, bytes: usize) {
        let rest = self.rest[bytes..].trim_start();
        self.at += self.rest.len() - rest.len();
        self.rest = rest;
    }

    fn eat(&mut self, word: &str) -> bool {
        let found = self.rest.starts_with(word);
        if found {
            self.skip(word.len());
        }
        found
    }

    /// The next rule id, or whatever stands in its place.
    fn word(&mut self) -> (&'a str, Span) {
        let end = self.rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_'))).unwrap_or(self.rest.len());
        let found = (&self.rest[..end], Span::new(self.at, self.at + end));
        self.skip(end);
        found
    }

    fn say(&mut self, rule: &'static str, span: Span, message: String, help: String) {
        self.out.diagnostics.push(Diagnostic::new(rule, self.file, span, message).help(help));
    }

    fn unknown(&mut self, span: Span, message: String, help: String) {
        self.say("unknown-directive", span, message, help);
    }

    /// What is left is not what was to come.
    fn malformed(&mut self, expected: &str) {
        let next = self.rest.chars().next().map_or(0, char::len_utf8);
        let found = match self.rest.chars().next() {
            Some(c) => format!("`{c}`"),
            None => "the end of the comment".to_owned(),
        };
        self.unknown(
            Span::new(self.at, self.at + next),
            format!("expected {expected}, found {found}"),
            FORM.to_owned(),
        );
    }

    fn directive(&mut self, comment: usize) {
        let (name, span) = self.word();
        match name {
            "no-transaction" if self.rest.is_empty() => self.out.directive = Some(Directive::NoTransaction),
            "no-transaction" => self.malformed("nothing behind `no-transaction`"),
            "allow" => self.allow(comment, span),
            _ => {
                let help = match crate::diagnostics::closest(name, ["allow", "no-transaction"]) {
                    Some("allow") => "did you mean `allow`?".to_owned(),
                    Some(_) => "did you mean `no-transaction`?".to_owned(),
                    None => "there are `allow(rule, reason = \"…\")` and `no-transaction`".to_owned(),
                };
                self.unknown(span, format!("unknown directive `{name}`"), help);
            }
        }
    }

    fn allow(&mut self, comment: usize, directive: Span) {
        if !self.eat("(") {
            return self.malformed("`(`");
        }
        let mut allow = Allow { at: comment, rules: Vec::new() };
        let mut reason = None;
        loop {
            let (name, span) = self.word();
            if name.is_empty() {
                return self.malformed("a rule");
            }
            if name == "reason" {
                if !self.eat("=") {
                    return self.malformed("`=`");
                }
                let Some(rest) = self.rest.strip_prefix('"') else { return self.malformed("`\"`") };
                let Some(end) = rest.find('"') else {
                    let span = Span::new(self.at, self.at + self.rest.len());
                    let message = "the reason has no closing `\"`: a directive stands on one line".to_owned();
                    return self.unknown(span, message, FORM.to_owned());
                };
                reason = Some(&rest[..end]);
                self.skip(end + 2);
            } else {
                allow.rules.extend(self.rule(name, span).map(|id| (id, span)));
            }
            if !self.eat(",") {
                break;
            }
        }
        if !self.eat(")") {
            return self.malformed("`,` or `)`");
        }
        if !self.rest.is_empty() {
            return self.malformed("nothing behind `)`");
        }
        if reason.is_none_or(|r| r.trim().is_empty()) {
            let message = match reason {
                None => "this `allow` gives no reason",
                Some(_) => "the reason of this `allow` is empty",
            };
            self.say("allow-without-reason", directive, message.to_owned(), FORM.to_owned());
        }
        if !allow.rules.is_empty() {
            self.out.directive = Some(Directive::Allow(allow));
        }
    }

    /// The rule of this name, where there is one that may be allowed.
    fn rule(&mut self, name: &str, span: Span) -> Option<&'static str> {
        let Some(rule) = rules::find(name) else {
            let help = match rules::suggest(name) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "`cargo glowplug explain` lists the rules".to_owned(),
            };
            self.unknown(span, format!("unknown rule `{name}`"), help);
            return None;
        };
        if rule.group == Group::Correctness && rule.default == Level::Deny {
            self.unknown(
                span,
                format!("`{name}` cannot be allowed: it finds what the engine would refuse"),
                "correct the statement, and remove this comment".to_owned(),
            );
            return None;
        }
        Some(rule.id)
    }
}

/// Takes away what is allowed, and adds `unused-allow` for each rule that was allowed for nothing.
///
/// To be called before levels are asked for and before old migrations are passed over: what is switched off is still
/// what an `allow` was written for.
pub(crate) fn apply(files: &[FileAllows<'_>], diagnostics: &mut Vec<Diagnostic>) {
    if files.iter().all(|f| f.allows.is_empty()) {
        return;
    }
    // Of each rule that is allowed somewhere in a file: the place it is allowed for, its name's place, whether it was used.
    struct Use {
        place: Option<Span>,
        whole_file: bool,
        name: Span,
        used: bool,
    }
    let mut uses: HashMap<&str, HashMap<&str, Vec<Use>>> = HashMap::new();
    for file in files {
        for allow in &file.allows {
            let index = file.statements.partition_point(|s| s.end <= allow.at);
            for (rule, name) in &allow.rules {
                uses.entry(file.file).or_default().entry(*rule).or_default().push(Use {
                    place: file.statements.get(index).copied(),
                    whole_file: file.statements.first().is_none_or(|first| allow.at < first.end),
                    name: *name,
                    used: false,
                });
            }
        }
    }
    diagnostics.retain(|diagnostic| {
        let of_file = uses.get_mut(diagnostic.file.as_str());
        let Some(uses) = of_file.and_then(|rules| rules.get_mut(diagnostic.rule)) else { return true };
        let Span { start, end } = diagnostic.span;
        let mut allowed = false;
        for found in uses.iter_mut() {
            let inside = found.place.is_some_and(|place| place.start <= start && end <= place.end);
            let holds = if diagnostic.span == Span::default() { found.whole_file } else { inside };
            found.used |= holds;
            allowed |= holds;
        }
        !allowed
    });
    let mut unused: Vec<_> = uses
        .iter()
        .flat_map(|(file, rules)| rules.iter().map(move |(rule, uses)| (*file, *rule, uses)))
        .flat_map(|(file, rule, uses)| uses.iter().filter(|u| !u.used).map(move |u| (file, u, rule)))
        .map(|(file, found, rule)| {
            let message = match found.place {
                Some(_) => format!("there is no `{rule}` in the statement below"),
                None => format!("no statement follows this `allow` of `{rule}`"),
            };
            Diagnostic::new("unused-allow", file, found.name, message)
                .help("remove it, or move it directly above the statement that it is about")
        })
        .collect();
    unused.sort_by(|a, b| (&a.file, a.span).cmp(&(&b.file, b.span)));
    diagnostics.append(&mut unused);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comment(text: &str) -> Option<Comment> {
        read("1_a.sql", text, Span::new(0, text.len()))
    }

    /// Each finding as `rule: «what the caret stands under» message (help)`.
    #[track_caller]
    fn wrong(text: &str, expected: &[&str]) {
        let said: Vec<String> = comment(text)
            .unwrap()
            .diagnostics
            .iter()
            .map(|d| format!("{}: «{}» {} ({})", d.rule, &text[d.span.range()], d.message, d.help.clone().unwrap()))
            .collect();
        assert_eq!(said, expected);
    }

    #[track_caller]
    fn right(text: &str, rules: &[&str]) {
        let found = comment(text).unwrap();
        assert_eq!(found.diagnostics, []);
        let Some(Directive::Allow(allow)) = found.directive else { panic!("{:?}", found.directive) };
        assert_eq!(allow.rules.iter().map(|(rule, _)| *rule).collect::<Vec<_>>(), rules);
        for (rule, span) in allow.rules {
            assert_eq!(&text[span.range()], rule);
        }
    }

    #[test]
    fn directives_are_read() {
        right("-- glowplug: allow(insert-without-guard, reason = \"a log\")\n", &["insert-without-guard"]);
        right(
            "--glowplug:allow( drop-without-guard , insert-without-guard,reason=\"ü\" )",
            &["drop-without-guard", "insert-without-guard"],
        );
        right("/* glowplug: allow(vacuous-if-exists, reason = \"made by hand\") */", &["vacuous-if-exists"]);
        assert_eq!(comment("-- glowplug: no-transaction").unwrap().directive, Some(Directive::NoTransaction));
    }

    #[test]
    fn comments_for_people_are_left_alone() {
        for text in [
            "-- a",
            "--",
            "/**/",
            "/*",
            "-- glowplug reads this",
            "-- see glowplug: allow(x)",
            "-- glow",
            "-- glowplüg: x",
        ] {
            assert_eq!(comment(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_said() {
        wrong(
            "-- glowplug: no-transactoin",
            &[
                "unknown-directive: «no-transactoin» unknown directive `no-transactoin` (did you mean `no-transaction`?)",
            ],
        );
        wrong(
            "-- glowplug: allow(insert-without-gaurd, reason = \"x\")",
            &[
                "unknown-directive: «insert-without-gaurd» unknown rule `insert-without-gaurd` (did you mean `insert-without-guard`?)",
            ],
        );
        wrong(
            "-- glowplug: allow(undefined-table, reason = \"x\")",
            &[
                "unknown-directive: «undefined-table» `undefined-table` cannot be allowed: it finds what the engine would refuse \
               (correct the statement, and remove this comment)",
            ],
        );
        let form = "(write `-- glowplug: allow(rule, reason = \"…\")`)";
        for (text, expected) in [
            ("-- glowplug: allow", "«» expected `(`, found the end of the comment"),
            ("-- glowplug: allow(", "«» expected a rule, found the end of the comment"),
            ("-- glowplug: allow(insert-without-guard", "«» expected `,` or `)`, found the end of the comment"),
            ("-- glowplug: allow(reason = x)", "«x» expected `\"`, found `x`"),
            ("-- glowplug: allow(reason x)", "«x» expected `=`, found `x`"),
            (
                "-- glowplug: allow(reason = \"x)",
                "«\"x)» the reason has no closing `\"`: a directive stands on one line",
            ),
            ("-- glowplug: allow(reason = \"x\") ü", "«ü» expected nothing behind `)`, found `ü`"),
            ("-- glowplug: no-transaction please", "«p» expected nothing behind `no-transaction`, found `p`"),
        ] {
            wrong(text, &[&format!("unknown-directive: {expected} {form}")]);
        }
        wrong(
            "-- glowplug: ",
            &[
                "unknown-directive: «» unknown directive `` (there are `allow(rule, reason = \"…\")` and `no-transaction`)",
            ],
        );
        wrong(
            "-- Glowplug: allow(x)",
            &["unknown-directive: «Glowplug» `Glowplug` is written `glowplug` (write `-- glowplug: …`)"],
        );
        wrong(
            "-- glowplug no-transaction",
            &[
                "unknown-directive: «glowplug no-transaction» a directive needs a `:` behind `glowplug` (write `-- glowplug: no-transaction`)",
            ],
        );
        wrong(
            "-- +goose Down",
            &[
                "unknown-directive: «+goose Down» this file holds both ways for goose, and all of it would run: also what takes \
               it back (move what is below into a file of its own, `….down.sql`)",
            ],
        );
    }

    #[test]
    fn an_allow_without_a_reason_allows_and_is_reported() {
        let text = "-- glowplug: allow(insert-without-guard)";
        wrong(
            text,
            &[
                "allow-without-reason: «allow» this `allow` gives no reason (write `-- glowplug: allow(rule, reason = \"…\")`)",
            ],
        );
        assert!(matches!(comment(text).unwrap().directive, Some(Directive::Allow(_))));
        wrong(
            "-- glowplug: allow(insert-without-guard, reason = \" \")",
            &[
                "allow-without-reason: «allow» the reason of this `allow` is empty (write `-- glowplug: allow(rule, reason = \"…\")`)",
            ],
        );
    }

    #[test]
    fn an_allow_is_for_the_next_statement_alone() {
        let allow = |at, rule| Allow { at, rules: vec![(rule, Span::new(at + 1, at + 2))] };
        let files = [FileAllows {
            file: "1_a.sql",
            statements: vec![Span::new(10, 20), Span::new(30, 40)],
            // In front of both, inside the second, behind both; and one for a rule that finds nothing.
            allows: vec![
                allow(0, "insert-without-guard"),
                allow(35, "drop-without-guard"),
                allow(45, "insert-without-guard"),
                allow(0, "update-accumulates"),
                allow(0, "empty-migration"),
            ],
        }];
        let found = |rule, file, start, end| Diagnostic::new(rule, file, Span::new(start, end), "");
        let mut diagnostics = vec![
            found("insert-without-guard", "1_a.sql", 10, 20),
            found("insert-without-guard", "1_a.sql", 12, 13),
            found("insert-without-guard", "1_a.sql", 30, 40),
            found("insert-without-guard", "2_b.sql", 10, 20),
            found("drop-without-guard", "1_a.sql", 31, 32),
            found("empty-migration", "1_a.sql", 0, 0),
            found("undefined-table", "1_a.sql", 12, 13),
        ];
        apply(&files, &mut diagnostics);
        let left: Vec<_> =
            diagnostics.iter().map(|d| (d.rule, d.file.as_str(), d.span.start, d.message.as_str())).collect();
        assert_eq!(
            left,
            [
                ("insert-without-guard", "1_a.sql", 30, ""),
                ("insert-without-guard", "2_b.sql", 10, ""),
                ("undefined-table", "1_a.sql", 12, ""),
                ("unused-allow", "1_a.sql", 1, "there is no `update-accumulates` in the statement below"),
                ("unused-allow", "1_a.sql", 46, "no statement follows this `allow` of `insert-without-guard`"),
            ]
        );
    }
}
