//! The catalog is the server's: scenarios run on a real PostgreSQL and through the analysis, and held against each other.
//!
//! Each file of `tests/catalog/postgres` is a scenario, its migrations cut apart by empty lines. What the server refuses the
//! analysis refuses with the same code, what the server runs it lets pass, and the schema in the end is the live one: tables,
//! columns with type, nullability and default, constraints, indexes, enums.
//!
//! `-- since 17` and `-- until 17` in a migration leave it out on other servers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use glowplug_analysis::schema::{ConstraintKind, Kind, Schema, TypeKind};
use glowplug_analysis::{Analysis, Backend, Config, Group, Level, Sources, analyze, rules};
use glowplug_tests::{PostgresServer, TestDatabase};
use postgres::{Client, SimpleQueryMessage};

fn scenarios() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog/postgres");
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "no scenario in {}", folder.display());
    files
}

/// The migrations of a scenario that are meant for this server.
fn migrations(text: &str, version: u32) -> Vec<String> {
    let number = |block: &str, word: &str| {
        block.lines().find_map(|l| l.strip_prefix(word)).and_then(|rest| rest.trim().parse::<u32>().ok())
    };
    text.split("\n\n")
        .map(str::trim)
        .filter(|block| block.lines().any(|l| !l.starts_with("--") && !l.trim().is_empty()))
        .filter(|block| number(block, "-- since ").is_none_or(|since| version >= since))
        .filter(|block| number(block, "-- until ").is_none_or(|until| version <= until))
        .map(str::to_owned)
        .collect()
}

fn analysed(migrations: &[&str]) -> Analysis {
    let files: Vec<(String, &str)> =
        migrations.iter().enumerate().map(|(i, text)| (format!("{:04}_scenario.sql", i + 1), *text)).collect();
    let sources = Sources::from_texts(files.iter().map(|(name, text)| (name.as_str(), *text)));
    analyze(sources, &Config::new(Backend::Postgres))
}

/// The codes that the analysis refuses each migration with, by its position.
fn refused(analysis: &Analysis) -> BTreeMap<usize, Vec<(Option<&'static str>, String)>> {
    let mut all: BTreeMap<usize, Vec<_>> = BTreeMap::new();
    for d in &analysis.diagnostics {
        let correctness = rules::find(d.rule).is_some_and(|rule| rule.group == Group::Correctness);
        if d.level == Level::Deny && correctness {
            let position: usize = d.file[..4].parse().unwrap();
            all.entry(position - 1).or_default().push((d.sqlstate, d.message.clone()));
        }
    }
    all
}

fn rows(client: &mut Client, query: &str) -> Vec<Vec<String>> {
    let messages = client.simple_query(query).unwrap();
    let rows = messages.iter().filter_map(|m| if let SimpleQueryMessage::Row(row) = m { Some(row) } else { None });
    rows.map(|row| (0..row.len()).map(|i| row.get(i).unwrap_or_default().to_owned()).collect()).collect()
}

/// What the server has, a fact a line.
fn live(client: &mut Client) -> BTreeSet<String> {
    let outside = "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'";
    let own = |id: &str| format!("NOT EXISTS (SELECT FROM pg_depend x WHERE x.objid = {id} AND x.deptype = 'e')");
    let queries = [
        format!(
            "SELECT concat_ws(' ', CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized_view' ELSE 'table' END,
                    n.nspname, c.relname)
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE c.relkind IN ('r', 'p', 'v', 'm') AND {outside} AND {}",
            own("c.oid")
        ),
        format!(
            "SELECT concat_ws(' ', 'column', n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                    CASE WHEN a.attnotnull THEN 'not null' END, CASE WHEN d.oid IS NOT NULL THEN 'default' END)
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
               LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
              WHERE c.relkind IN ('r', 'p') AND {outside} AND {}",
            own("c.oid")
        ),
        // A key to a partitioned table has a row for each partition, which belong to no table of their own.
        format!(
            "SELECT concat_ws(' ', 'constraint', n.nspname, r.relname, c.conname, c.contype)
               FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid JOIN pg_namespace n ON n.oid = r.relnamespace
              WHERE c.contype IN ('p', 'u', 'f', 'c') AND {outside}
                AND NOT EXISTS (SELECT FROM pg_constraint p WHERE p.oid = c.conparentid AND p.conrelid = c.conrelid)"
        ),
        format!(
            "SELECT concat_ws(' ', 'index', n.nspname, t.relname, c.relname, CASE WHEN i.indisunique THEN 'unique' END)
               FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
               JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {outside}"
        ),
        format!(
            "SELECT concat_ws(' ', 'enum', n.nspname, t.typname,
                    (SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))
               FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
              WHERE t.typtype = 'e' AND {outside} AND {}",
            own("t.oid")
        ),
    ];
    queries.iter().flat_map(|q| rows(client, q)).map(|row| row.concat()).collect()
}

/// The same of what the analysis has.
fn folded(schema: &Schema) -> BTreeSet<String> {
    let mut facts = BTreeSet::new();
    for t in schema.tables.iter().filter(|t| t.kind != Kind::ForeignTable) {
        let of = format!("{} {}", t.schema, t.name);
        let kind = if t.kind.is_table() { "table" } else { t.kind.as_str() };
        facts.insert(format!("{kind} {of}"));
        for c in t.columns.iter().filter(|_| t.kind.is_table()) {
            let mut fact = format!("column {of} {} {}", c.name, c.sql_type);
            if !c.nullable {
                fact.push_str(" not null");
            }
            if c.default.is_some() || c.generated.is_some() {
                fact.push_str(" default");
            }
            facts.insert(fact);
        }
        for c in &t.constraints {
            let kind = match c.kind {
                ConstraintKind::PrimaryKey => "p",
                ConstraintKind::Unique => "u",
                ConstraintKind::Check => "c",
                ConstraintKind::ForeignKey { .. } => "f",
                ConstraintKind::Exclude => continue,
            };
            facts.insert(format!("constraint {of} {} {kind}", c.name));
        }
        for i in &t.indexes {
            facts.insert(format!("index {of} {}{}", i.name, if i.unique { " unique" } else { "" }));
        }
    }
    for t in &schema.types {
        if let TypeKind::Enum(labels) = &t.kind {
            facts.insert(format!("enum {} {} {}", t.schema, t.name, labels.join(",")).trim_end().to_owned());
        }
    }
    facts
}

/// What a scenario shows to be different.
fn differences(path: &Path, database: &TestDatabase, version: u32) -> String {
    let mut wrong = String::new();
    let text = std::fs::read_to_string(path).unwrap();
    let mut client = database.client();
    let mut run: Vec<String> = Vec::new();
    let mut refusals: Vec<(usize, String, String, String)> = Vec::new();
    for migration in migrations(&text, version) {
        match client.batch_execute(&migration) {
            Ok(()) => run.push(migration),
            Err(error) => {
                let said = error.as_db_error().unwrap_or_else(|| panic!("{migration}\n{error}"));
                refusals.push((run.len(), migration, said.code().code().to_owned(), said.message().to_owned()));
            }
        }
        // As the runner leaves its connection to the next migration.
        client.batch_execute("RESET search_path; DISCARD TEMP").unwrap();
    }
    let run: Vec<&str> = run.iter().map(String::as_str).collect();
    let analysis = analysed(&run);
    for (position, said) in refused(&analysis) {
        writeln!(wrong, "the server runs it, the analysis says {said:?}:\n    {}", run[position]).unwrap();
    }
    for (before, migration, code, message) in &refusals {
        let mut all = run[..*before].to_vec();
        all.push(migration);
        let said = refused(&analysed(&all)).remove(before).unwrap_or_default();
        if !said.iter().any(|(own, _)| *own == Some(code)) {
            writeln!(wrong, "the server says {code} ({message}), the analysis {said:?}:\n    {migration}").unwrap();
        }
    }
    let (server, own) = (live(&mut client), folded(&analysis.schema));
    for fact in server.difference(&own) {
        writeln!(wrong, "only on the server: {fact}").unwrap();
    }
    for fact in own.difference(&server) {
        writeln!(wrong, "only in the analysis: {fact}").unwrap();
    }
    wrong
}

#[test]
fn the_catalog_is_the_servers() {
    let version = PostgresServer::shared().major();
    let mut wrong = String::new();
    for path in scenarios() {
        let differences = differences(&path, &glowplug_tests::postgres(), version);
        if !differences.is_empty() {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            writeln!(wrong, "== {name}\n{differences}").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
