//! Every rule's page is its test: its examples go through the analysis, and run on the real engines.
//!
//! A fenced block says what it is: a language, and for SQL an engine, then one of
//!
//! - `before`: an earlier migration that the blocks of this engine after it build on, up to the next `before`;
//! - `up`: the migration that the blocks of this engine after it take back, up to the next `before`: they are its
//!   `.down.sql`. With the rule `down-not-inverse`, the schema is as it was before it after the accepted ones alone;
//! - `between`: what a service writes between a first and a second run of any block of this engine;
//! - `flagged`: this rule reports it, and nothing else makes it an error;
//! - `accepted`: nothing makes it an error, and this rule does not report it;
//! - `settings`: the `glowplug.toml` of the blocks after it;
//! - `lock`: the `glowplug.lock` of the listings after it;
//! - `beside`: the migration of a folder for another engine, which the folder of the blocks after it is compared with.
//!
//! `sqlstate=42P01`: PostgreSQL refuses it with this code (`since=18`: from this version on; older ones run it;
//! `until=14`: up to this version; newer ones run it). The analysis is told that version as the oldest server.
//! `runs`: the engine runs it; that is why a build has to say it (`notice=42622`: with this notice). `alone`: SQLite runs it outside a transaction.
//! `text` lists the files of a folder, `name -> target` a symbolic link; `text … bytes` is one file, `\xE9` a byte.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use glowplug_analysis::config::Parity;
use glowplug_analysis::rules::{self, Rule};
use glowplug_analysis::{Backend, Config, Diagnostic, Group, Level, Sources, Span, analyze};
use glowplug_tests::fences::{Fence, fences};
use glowplug_tests::{MariadbDatabase, TestDatabase};
use postgres::{Client, SimpleQueryMessage};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Before,
    Up,
    Between,
    Settings,
    Lock,
    Beside,
    Flagged,
    Accepted,
}

#[derive(Clone, Debug)]
struct Block {
    language: &'static str,
    engine: Option<Backend>,
    verdict: Verdict,
    sqlstate: Option<&'static str>,
    since: Option<u32>,
    until: Option<u32>,
    notice: Option<&'static str>,
    runs: bool,
    alone: bool,
    bytes: bool,
    /// The line of the page it starts at, from 1.
    line: usize,
    text: &'static str,
}

/// A flagged or accepted block with what it builds on.
#[derive(Debug)]
struct Example {
    rule: &'static Rule,
    block: Block,
    before: Option<&'static str>,
    up: Option<&'static str>,
    between: Option<&'static str>,
    settings: Option<&'static str>,
    lock: Option<&'static str>,
    beside: Option<(Backend, &'static str)>,
}

impl Example {
    fn flagged(&self) -> bool {
        self.block.verdict == Verdict::Flagged
    }

    /// `undefined-table.md:17 (flagged)`, for messages.
    fn place(&self) -> String {
        let verdict = if self.flagged() { "flagged" } else { "accepted" };
        let engine = self.block.engine.map_or(self.block.language, Backend::as_str);
        format!("{}.md:{} ({engine} {verdict})", self.rule.id, self.block.line)
    }
}

fn blocks(rule: &'static Rule) -> Result<Vec<Block>, String> {
    let fences = fences(rule.page).map_err(|line| format!("{}.md:{line}: the block is not closed", rule.id))?;
    let read = |fence: Fence<'static>| {
        block(fence.info, fence.line, fence.text)
            .map_err(|why| format!("{}.md:{}: {why}: `{}`", rule.id, fence.line, fence.info))
    };
    fences.into_iter().map(read).collect()
}

fn block(info: &'static str, line: usize, text: &'static str) -> Result<Block, &'static str> {
    let mut words = info.split_ascii_whitespace();
    let language = words.next().ok_or("no language")?;
    let engine = match language {
        "sql" => Some(words.next().and_then(Backend::from_name).ok_or("no engine that is known")?),
        "text" | "toml" => None,
        _ => return Err("a language that nothing tests"),
    };
    let verdict = match words.next() {
        Some("before") => Verdict::Before,
        Some("up") => Verdict::Up,
        Some("between") => Verdict::Between,
        Some("settings") => Verdict::Settings,
        Some("lock") => Verdict::Lock,
        Some("beside") => Verdict::Beside,
        Some("flagged") => Verdict::Flagged,
        Some("accepted") => Verdict::Accepted,
        _ => return Err("no verdict"),
    };
    let (sqlstate, since, until, notice, runs, alone, bytes) = (None, None, None, None, false, false, false);
    let mut block = Block { language, engine, verdict, sqlstate, since, until, notice, runs, alone, bytes, line, text };
    for word in words {
        match word.split_once('=') {
            Some(("sqlstate", code)) if code.len() == 5 => block.sqlstate = Some(code),
            Some(("since", version)) => block.since = Some(version.parse().map_err(|_| "no version")?),
            Some(("until", version)) => block.until = Some(version.parse().map_err(|_| "no version")?),
            Some(("notice", code)) if code.len() == 5 => block.notice = Some(code),
            None if word == "runs" => block.runs = true,
            None if word == "alone" => block.alone = true,
            None if word == "bytes" => block.bytes = true,
            _ => return Err("an attribute that nothing tests"),
        }
    }
    Ok(block)
}

fn examples(rule: &'static Rule) -> Vec<Example> {
    let blocks = blocks(rule).unwrap_or_else(|why| panic!("{why}"));
    let (mut before, mut up) = (BTreeMap::new(), BTreeMap::new());
    let (mut settings, mut lock, mut beside) = (None, None, None);
    let between = |engine: Option<Backend>| {
        blocks.iter().find(|b| b.verdict == Verdict::Between && b.engine == engine).map(|b| b.text)
    };
    let mut examples = Vec::new();
    for block in &blocks {
        match block.verdict {
            Verdict::Between => {}
            Verdict::Settings => settings = Some(block.text),
            Verdict::Lock => lock = Some(block.text),
            Verdict::Beside => beside = block.engine.map(|engine| (engine, block.text)),
            Verdict::Before => {
                before.insert(block.engine, block.text);
                up.remove(&block.engine);
            }
            Verdict::Up => {
                up.insert(block.engine, block.text);
            }
            Verdict::Flagged | Verdict::Accepted => examples.push(Example {
                rule,
                before: before.get(&block.engine).copied(),
                up: up.get(&block.engine).copied(),
                between: between(block.engine),
                settings,
                lock,
                beside,
                block: block.clone(),
            }),
        }
    }
    examples
}

fn all_examples() -> impl Iterator<Item = Example> {
    rules::ALL.iter().flat_map(examples)
}

/// Fails with everything that is wrong, not with the first of it.
#[track_caller]
fn nothing_in(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} of the pages' examples are not what they say:\n{}", wrong.len(), wrong.join("\n"));
}

fn rules_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../analysis/src/rules")
}

// The pages themselves.

#[test]
fn every_rule_has_a_page_and_every_page_a_rule() {
    let folder = rules_folder();
    let pages: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".md").map(str::to_owned))
        .collect();
    let rules: BTreeSet<String> = rules::ALL.iter().map(|rule| rule.id.to_owned()).collect();
    assert_eq!(pages, rules);
}

#[test]
fn every_page_has_its_parts() {
    for rule in rules::ALL {
        let id = rule.id;
        assert!(rule.page.starts_with(&format!("# {id}\n\n")), "{id}: the page's title is its id");
        assert!(rule.summary().ends_with('.') && rule.summary().len() < 140, "{id}: one line says what it catches");
        let parts: Vec<&str> = rule.page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(parts, ["Why", "Instead", "Example"], "{id}");
        let examples = examples(rule);
        let of = |verdict| examples.iter().filter(move |e| e.block.verdict == verdict);
        assert!(of(Verdict::Flagged).count() > 0, "{id}: no flagged example");
        for flagged in of(Verdict::Flagged) {
            let matching = |e: &&Example| e.block.engine == flagged.block.engine;
            assert!(of(Verdict::Accepted).any(|e| matching(&e)), "{}: nothing accepted beside it", flagged.place());
            if rule.group == Group::Correctness && flagged.block.engine == Some(Backend::Postgres) {
                let said = flagged.block.sqlstate.is_some() != flagged.block.runs;
                assert!(said, "{}: either `sqlstate=` or `runs`", flagged.place());
            }
        }
    }
}

/// `UPDATE_EXPECT=1 cargo test -p glowplug-tests --test rule_pages` writes it.
#[test]
fn the_index_of_the_rules_is_up_to_date() {
    let mut index = String::from(
        "# The rules\n\n\
         What a build refuses, and what it only says. Each rule's page has an example that is flagged and one that is\n\
         accepted; `cargo glowplug explain <rule>` prints it. Levels are set in the `[lints]` of `glowplug.toml`; those\n\
         of the group correctness can be raised, not lowered.\n\n\
         This list is made from `analysis/src/rules/`; `UPDATE_EXPECT=1 cargo test -p glowplug-tests --test rule_pages`\n\
         writes it anew.\n",
    );
    let groups = [
        (Group::Correctness, "What the engine would refuse, or what can never have been meant."),
        (Group::Idempotency, "What a second run would break or change."),
        (Group::Safety, "Locks, rewrites, lost data, code that still reads the old shape."),
        (
            Group::Design,
            "How the schema stands once every migration has run. What is on `allow` here is off until it is asked for.",
        ),
        (Group::Convention, "Names, numbers, gaps, files, comments."),
    ];
    for (group, about) in groups {
        if rules::ALL.iter().all(|rule| rule.group != group) {
            continue;
        }
        write!(index, "\n## {}\n\n{about}\n\n| rule | level | catches |\n|---|---|---|\n", group.as_str()).unwrap();
        for rule in rules::ALL.iter().filter(|rule| rule.group == group) {
            let level = match rule.default {
                Level::Deny => "deny",
                Level::Warn => "warn",
                Level::Allow => "allow",
            };
            let Rule { id, .. } = rule;
            writeln!(index, "| [{id}](../analysis/src/rules/{id}.md) | {level} | {} |", rule.summary()).unwrap();
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/RULES.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &index).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = index.lines().zip(written.lines().chain(std::iter::repeat(""))).find(|(now, then)| now != then);
    assert!(written == index, "docs/RULES.md is not what the rules say; the first difference: {differs:?}");
}

// The analysis.

#[test]
fn the_analysis_says_of_each_example_what_the_page_says() {
    let mut wrong = Vec::new();
    for example in all_examples() {
        let engines = match (example.block.engine, example.block.language) {
            (Some(engine), _) => vec![engine],
            (None, "toml") => vec![Backend::Postgres],
            (None, _) => vec![Backend::Postgres, Backend::Sqlite],
        };
        for engine in engines {
            if let Err(why) = judged(&example, &diagnostics(&example, engine)) {
                wrong.push(format!("{}: {why}", example.place()));
            }
        }
    }
    nothing_in(&wrong);
}

fn diagnostics(example: &Example, engine: Backend) -> Vec<Diagnostic> {
    let block = &example.block;
    let mut config = match example.settings {
        Some(text) => Config::parse(Path::new("."), text).unwrap(),
        None => Config::new(engine),
    };
    config.backend = engine;
    config.server_version = block.since.or(block.until).map(|major| (major, 0));
    config.parity = example.beside.map(|(engine, text)| Parity {
        path: "../beside".to_owned(),
        span: Span::default(),
        config: Box::new(Config::new(engine)),
        sources: Sources::from_texts([("001_beside.sql", text)]),
    });
    let folder;
    let sources = match block.language {
        "toml" => {
            return match Config::parse(Path::new("."), block.text) {
                Ok(_) => Vec::new(),
                Err(error) => error.diagnostics,
            };
        }
        "text" => {
            folder = tempfile::tempdir().unwrap();
            if block.bytes {
                std::fs::write(folder.path().join("001_example.sql"), unescaped(block.text)).unwrap();
            } else {
                lay_out(block.text, folder.path());
                if let Some(lock) = example.lock {
                    std::fs::write(folder.path().join("glowplug.lock"), lock).unwrap();
                }
            }
            Sources::read(folder.path()).unwrap()
        }
        _ => {
            let before = example.before.map(|text| ("001_before.sql", text));
            let number = if before.is_some() { "002" } else { "001" };
            let (up, name) = match example.up {
                Some(text) => (Some((format!("{number}_example.up.sql"), text)), format!("{number}_example.down.sql")),
                None => (None, format!("{number}_example.sql")),
            };
            let up = up.iter().map(|(name, text)| (name.as_str(), *text));
            Sources::from_texts(before.into_iter().chain(up).chain([(name.as_str(), block.text)]))
        }
    };
    analyze(sources, &config).diagnostics
}

/// Makes the files of a listing, each with a statement of its own that disturbs nothing.
fn lay_out(listing: &str, folder: &Path) {
    for (number, line) in listing.lines().enumerate() {
        if let Some((link, target)) = line.split_once(" -> ") {
            std::os::unix::fs::symlink(target, folder.join(link)).unwrap();
            continue;
        }
        let at = folder.join(line);
        std::fs::create_dir_all(at.parent().unwrap()).unwrap();
        let text = if line.contains("down.sql") {
            "SELECT 1;\n".to_owned()
        } else {
            format!("CREATE TABLE IF NOT EXISTS example_{number} (id integer PRIMARY KEY);\n")
        };
        std::fs::write(at, text).unwrap();
    }
}

/// `\xE9` becomes that byte.
fn unescaped(text: &str) -> Vec<u8> {
    let mut parts = text.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend(&part.as_bytes()[2..]);
    }
    bytes
}

fn judged(example: &Example, diagnostics: &[Diagnostic]) -> Result<(), String> {
    let rule = example.rule;
    let said = || {
        let lines: Vec<String> =
            diagnostics.iter().map(|d| format!("    {} in {}: {}", d.rule, d.file, d.message)).collect();
        if lines.is_empty() { "    nothing".to_owned() } else { lines.join("\n") }
    };
    let own: Vec<&Diagnostic> = diagnostics.iter().filter(|d| d.rule == rule.id).collect();
    // What would hurt others is the affair of the pages about that: nobody else is there while an example runs.
    let aside = |d: &&Diagnostic| {
        rule.group != Group::Safety && rules::find(d.rule).is_some_and(|rule| rule.group == Group::Safety)
    };
    let others = diagnostics.iter().any(|d| d.rule != rule.id && d.level == Level::Deny && !aside(&d));
    if others {
        return Err(format!("another rule makes it an error:\n{}", said()));
    }
    if !example.flagged() {
        return if own.is_empty() { Ok(()) } else { Err(format!("it is flagged:\n{}", said())) };
    }
    if own.is_empty() {
        return Err(format!("it is not flagged; said is\n{}", said()));
    }
    for diagnostic in own {
        // What is off has a page that asks for it.
        let settings = example.settings.map(|text| Config::parse(Path::new("."), text).unwrap());
        let level = settings.map_or(rule.default, |config| config.level_of(rule.id));
        if diagnostic.level != level {
            return Err(format!("its level is {:?}, the rule's is {level:?}", diagnostic.level));
        }
        if diagnostic.file.starts_with("001_before") {
            return Err(format!("flagged is the migration before it:\n{}", said()));
        }
        let servers = example.block.sqlstate.or(example.block.notice).filter(|_| postgres(example));
        if rule.group == Group::Correctness && diagnostic.sqlstate != servers {
            let own = diagnostic.sqlstate;
            return Err(format!("the SQLSTATE said is {own:?}, the server's is {servers:?}:\n{}", said()));
        }
    }
    Ok(())
}

fn postgres(example: &Example) -> bool {
    example.block.engine == Some(Backend::Postgres)
}

// The engines.

/// A database on which an example runs.
trait Engine {
    /// Runs a script; what the engine says where it refuses: a code where it has them, and words. Else the codes of
    /// its notices.
    fn run(&mut self, script: &str, alone: bool) -> Result<Vec<String>, (String, String)>;
    /// The schema and the rows, as text.
    fn snapshot(&mut self) -> Vec<String>;
    /// The schema, in an order of no meaning.
    fn shape(&mut self) -> BTreeSet<String>;
}

/// Whether a first run of the block succeeds and a second one then fails or changes anything.
fn breaks_when_run_again(engine: &mut dyn Engine, example: &Example) -> Result<bool, String> {
    let run = |engine: &mut dyn Engine, what: &str, text: &str, alone: bool| {
        let outcome = engine.run(text, alone);
        outcome.map(drop).map_err(|(code, message)| format!("{what} is refused: {code} {message}"))
    };
    if let Some(before) = example.before {
        run(engine, "what is before it", before, false)?;
    }
    run(engine, "the first run", example.block.text, example.block.alone)?;
    if let Some(between) = example.between {
        run(engine, "what is between the runs", between, false)?;
    }
    let first = engine.snapshot();
    let second = engine.run(example.block.text, example.block.alone);
    Ok(second.is_err() || engine.snapshot() != first)
}

/// Whether there is a number of statements after which a stopped run cannot simply be run again.
fn breaks_when_stopped(new: &dyn Fn() -> Box<dyn Engine>, example: &Example) -> Result<bool, String> {
    let statements: Vec<&str> = example.block.text.split_inclusive(";\n").collect();
    let reach = |stop: usize| -> Result<Vec<String>, String> {
        let mut engine = new();
        let prefix = statements.iter().take(stop);
        for text in example.before.iter().chain(prefix).chain(&statements) {
            engine.run(text, true).map_err(|(code, message)| format!("{code} {message}"))?;
        }
        Ok(engine.snapshot())
    };
    let whole = reach(0)?;
    Ok((1..=statements.len()).any(|stop| reach(stop).as_ref() != Ok(&whole)))
}

fn on_engine(new: &dyn Fn() -> Box<dyn Engine>, example: &Example, version: u32) -> Result<(), String> {
    let block = &example.block;
    if example.rule.group == Group::Idempotency {
        let breaks = if example.rule.id == "not-resumable" {
            breaks_when_stopped(new, example)?
        } else {
            breaks_when_run_again(new().as_mut(), example)?
        };
        return match (breaks, example.flagged()) {
            (true, true) | (false, false) => Ok(()),
            (false, true) => Err("a second run neither fails nor changes anything".to_owned()),
            (true, false) => Err("a second run fails or changes something".to_owned()),
        };
    }
    let mut engine = new();
    if let Some(before) = example.before {
        engine.run(before, false).map_err(|e| format!("what is before it is refused: {e:?}"))?;
    }
    let schema = engine.shape();
    if let Some(up) = example.up {
        engine.run(up, false).map_err(|e| format!("what it takes back is refused: {e:?}"))?;
    }
    let outcome = engine.run(block.text, block.alone);
    let refused = match (example.flagged(), block.sqlstate, block.engine) {
        (false, ..) => false,
        (true, Some(_), _) => {
            block.since.is_none_or(|since| version >= since) && block.until.is_none_or(|until| version <= until)
        }
        (true, None, Some(Backend::Sqlite | Backend::Mariadb)) => {
            example.rule.group == Group::Correctness && !block.runs
        }
        (true, None, _) => false,
    };
    match (outcome, refused) {
        (Ok(notices), false) if block.notice.is_some_and(|code| !notices.iter().any(|n| n == code)) => {
            Err(format!("the server's notices are {notices:?}"))
        }
        (Ok(_), true) => Err("the engine runs it".to_owned()),
        (Err((code, message)), false) => Err(format!("the engine refuses it: {code} {message}")),
        (Err((code, message)), true) if block.sqlstate.is_some_and(|said| said != code) => {
            Err(format!("the engine refuses it with {code} {message}"))
        }
        _ if example.rule.id == "down-not-inverse" && (engine.shape() == schema) == example.flagged() => {
            Err(format!("the schema before it is\n{schema:#?}\nand then\n{:#?}", engine.shape()))
        }
        _ => Ok(()),
    }
}

fn on_engines(backend: Backend, version: u32, new: &dyn Fn() -> Box<dyn Engine>) {
    let mut wrong = Vec::new();
    let mut ran = 0;
    for example in all_examples().filter(|e| e.block.engine == Some(backend)) {
        ran += 1;
        if let Err(why) = on_engine(new, &example, version) {
            wrong.push(format!("{}: {why}", example.place()));
        }
    }
    assert!(ran > 0, "no page has an example for {}", backend.as_str());
    nothing_in(&wrong);
}

/// One database for all of a test, emptied before each use: making one takes longer than all that is done in it.
struct Postgres {
    database: Rc<TestDatabase>,
    /// For looking; what is tested has a connection of its own, so that nothing of a session stays.
    client: Rc<RefCell<Client>>,
}

impl Postgres {
    fn empty(database: &Rc<TestDatabase>, client: &Rc<RefCell<Client>>) -> Self {
        let own = Self { database: Rc::clone(database), client: Rc::clone(client) };
        let script = own.rows(
            "SELECT format('DROP EXTENSION IF EXISTS %I CASCADE;', extname) FROM pg_extension WHERE extname <> 'plpgsql';
             SELECT format('DROP SCHEMA %I CASCADE;', nspname) FROM pg_namespace
              WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'",
        );
        own.client.borrow_mut().batch_execute(&format!("{}CREATE SCHEMA public;", script.concat())).unwrap();
        own
    }

    /// The rows of all the queries, their columns with `|` between them.
    fn rows(&self, queries: &str) -> Vec<String> {
        let messages = self.client.borrow_mut().simple_query(queries).unwrap();
        let rows = messages.iter().filter_map(|m| if let SimpleQueryMessage::Row(row) = m { Some(row) } else { None });
        rows.map(|row| (0..row.len()).map(|i| row.get(i).unwrap_or_default()).collect::<Vec<_>>().join("|")).collect()
    }
}

impl Engine for Postgres {
    fn run(&mut self, script: &str, _alone: bool) -> Result<Vec<String>, (String, String)> {
        let notices = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&notices);
        let mut config: postgres::Config = self.database.url().parse().unwrap();
        config.notice_callback(move |notice| heard.lock().unwrap().push(notice.code().code().to_owned()));
        let mut client = config.connect(postgres::NoTls).unwrap();
        // One message is one transaction, and one statement in it is none: as the pages mean it.
        client.batch_execute(script).map_err(|error| {
            let said = error.as_db_error().unwrap_or_else(|| panic!("{script}\n{error}"));
            (said.code().code().to_owned(), said.message().to_owned())
        })?;
        Ok(std::mem::take(&mut *notices.lock().unwrap()))
    }

    fn snapshot(&mut self) -> Vec<String> {
        let mut lines = self.rows(
            "SELECT 'column', c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                    pg_get_expr(d.adbin, d.adrelid)
               FROM pg_class c
               JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
               LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
              WHERE c.relnamespace = 'public'::regnamespace
              ORDER BY c.relname, a.attnum;
             SELECT 'constraint', conname, pg_get_constraintdef(oid) FROM pg_constraint
              WHERE connamespace = 'public'::regnamespace ORDER BY conrelid::regclass::text, conname;
             SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY indexname;
             SELECT 'view', viewname, definition FROM pg_views WHERE schemaname = 'public' ORDER BY viewname;
             SELECT 'function', pg_get_functiondef(oid) FROM pg_proc
              WHERE pronamespace = 'public'::regnamespace AND prokind IN ('f', 'p') ORDER BY oid::regprocedure::text;
             SELECT 'trigger', pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal ORDER BY 2;
             SELECT 'label', t.typname, e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
              ORDER BY t.typname, e.enumsortorder;
             SELECT 'policy', tablename, policyname, qual, with_check FROM pg_policies ORDER BY tablename, policyname",
        );
        let reading = self.rows(
            "SELECT format('SELECT %L, t::text FROM %I t ORDER BY 2;', tablename, tablename)
               FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
        );
        lines.extend(self.rows(&reading.concat()));
        lines
    }

    fn shape(&mut self) -> BTreeSet<String> {
        glowplug_tests::shape::of_postgres(&mut self.client.borrow_mut())
    }
}

#[test]
fn postgres_says_of_each_example_what_the_page_says() {
    let version = glowplug_tests::PostgresServer::shared().major();
    let database = Rc::new(glowplug_tests::postgres());
    let client = Rc::new(RefCell::new(database.client()));
    on_engines(Backend::Postgres, version, &|| Box::new(Postgres::empty(&database, &client)));
}

struct Sqlite(SqliteConnection);

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}

impl Sqlite {
    fn new() -> Self {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        connection.batch_execute("PRAGMA foreign_keys = ON").unwrap();
        Self(connection)
    }

    fn lines(&mut self, query: &str) -> Vec<String> {
        let lines: Vec<Line> = diesel::sql_query(query).load(&mut self.0).unwrap();
        lines.into_iter().map(|line| line.line).collect()
    }
}

impl Engine for Sqlite {
    fn run(&mut self, script: &str, alone: bool) -> Result<Vec<String>, (String, String)> {
        let script = if alone { script.to_owned() } else { format!("BEGIN;\n{script}\n;COMMIT;") };
        self.0.batch_execute(&script).map(|()| Vec::new()).map_err(|error| {
            // Most errors leave the transaction open; where this one ended it, there is nothing to roll back.
            let _ = self.0.batch_execute("ROLLBACK");
            (String::new(), error.to_string())
        })
    }

    fn snapshot(&mut self) -> Vec<String> {
        let mut lines =
            self.lines("SELECT type || ' ' || name || ' ' || coalesce(sql, '') AS line FROM sqlite_schema ORDER BY 1");
        for table in self.lines("SELECT name AS line FROM sqlite_schema WHERE type = 'table' ORDER BY 1") {
            let columns =
                self.lines(&format!("SELECT 'quote(\"' || name || '\")' AS line FROM pragma_table_info('{table}')"));
            let row = columns.join(" || ',' || ");
            lines.extend(self.lines(&format!("SELECT {row} AS line FROM \"{table}\" ORDER BY 1")));
        }
        lines
    }

    fn shape(&mut self) -> BTreeSet<String> {
        glowplug_tests::shape::of_sqlite(&mut self.0)
    }
}

#[test]
fn sqlite_says_of_each_example_what_the_page_says() {
    on_engines(Backend::Sqlite, 3, &|| Box::new(Sqlite::new()));
}

struct Mariadb(MariadbDatabase);

impl Engine for Mariadb {
    fn run(&mut self, script: &str, _alone: bool) -> Result<Vec<String>, (String, String)> {
        self.0.try_execute(script).map(|()| Vec::new()).map_err(|refusal| (refusal.sqlstate, refusal.message))
    }

    fn snapshot(&mut self) -> Vec<String> {
        let mut lines = self.0.dump();
        for table in self.0.rows(
            "SELECT table_name FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY 1",
        ) {
            let mut rows = self.0.rows(&format!("SELECT * FROM `{table}`"));
            rows.sort();
            lines.extend(rows);
        }
        lines
    }

    fn shape(&mut self) -> BTreeSet<String> {
        self.0.dump().into_iter().collect()
    }
}

#[test]
fn mariadb_says_of_each_example_what_the_page_says() {
    on_engines(Backend::Mariadb, 10, &|| Box::new(Mariadb(glowplug_tests::mariadb())));
}
