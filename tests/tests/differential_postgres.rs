//! The analysis held against a real PostgreSQL: every migration of this repository, and hundreds of small breaks of
//! them. What the server runs must not be refused, what it refuses must be, and what is said of a second run and of the
//! schema must be so.
//!
//! `GLOWPLUG_MUTANTS` is how many breaks of each kind a migration gets (1 unless said otherwise), `GLOWPLUG_SEED` which.

#[path = "differential/mutants.rs"]
mod mutants;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ::postgres::{Client, SimpleQueryMessage};
use glowplug_analysis::schema::{ConstraintKind, Kind, TypeKind};
use glowplug_analysis::{Analysis, Backend, Config, Diagnostic, Group, Level, Schema, Sources, analyze, rules};
use glowplug_tests::{Refusal, TestDatabase, postgres};

/// What the repository has for PostgreSQL. The examples' services use the first.
const FOLDERS: [&str; 2] = ["../migrations/postgres", "differential/postgres"];

/// The breaks in a hundred that may escape. What is left hangs on rows (a value that is there twice), on what is outside
/// of the database (a role that nobody made here), or on a value that only the server computes.
const OUTSIDE_BODIES: usize = 1;
const IN_BODIES: usize = 5;

/// A folder, and a database that its migrations are applied to one after the other.
struct Folder {
    files: Vec<(String, String)>,
    config: Config,
    database: TestDatabase,
}

impl Folder {
    fn open(path: &str) -> Self {
        let at: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let sources = Sources::read(&at).unwrap();
        let config = Config::load(&at).unwrap().unwrap_or_else(|| Config::new(Backend::Postgres));
        let files = sources.files.into_iter().map(|f| (f.path, f.text)).collect::<Vec<_>>();
        assert!(files.len() > 5, "{path}");
        Self { files, config, database: postgres() }
    }

    /// The analysis of the first `count` migrations, with another text of the last one of them where there is one.
    fn analyze(&self, count: usize, last: Option<&str>) -> Analysis {
        let files = self.files[..count]
            .iter()
            .enumerate()
            .map(|(i, (path, text))| (path.as_str(), last.filter(|_| i + 1 == count).unwrap_or(text)));
        analyze(Sources::from_texts(files), &self.config)
    }

    fn client(&self) -> Client {
        let mut client = self.database.client();
        client
            .batch_execute("SET client_min_messages = error; SET statement_timeout = '20s'; SET lock_timeout = '5s'")
            .unwrap();
        client
    }
}

/// The file without the transaction around it, which the runner makes instead, and the comments before that.
fn inner(text: &str) -> &str {
    let whole = text.trim().strip_suffix("COMMIT;").and_then(|t| t.split_once("BEGIN;\n"));
    whole.filter(|(before, _)| before.lines().all(|line| line.starts_with("--"))).map_or(text, |(_, inner)| inner)
}

fn run(client: &mut Client, sql: &str) -> Result<(), Refusal> {
    client.batch_execute(sql).map_err(|error| {
        let said = error.as_db_error().unwrap_or_else(|| panic!("{sql}\n{error}"));
        Refusal { sqlstate: said.code().code().to_owned(), message: said.message().to_owned() }
    })
}

/// The columns of each row of a query, as texts.
fn rows(client: &mut Client, query: &str) -> Vec<Vec<String>> {
    let messages = client.simple_query(query).unwrap_or_else(|error| panic!("{query}\n{error}"));
    let rows = messages.iter().filter_map(|m| if let SimpleQueryMessage::Row(row) = m { Some(row) } else { None });
    rows.map(|row| (0..row.len()).map(|i| row.get(i).unwrap_or_default().to_owned()).collect()).collect()
}

fn errors(analysis: &Analysis, file: &str) -> Vec<&'static str> {
    let wrong = |d: &&Diagnostic| {
        d.level == Level::Deny && d.file == file && rules::find(d.rule).is_some_and(|r| r.group == Group::Correctness)
    };
    analysis.diagnostics.iter().filter(wrong).map(|d| d.rule).collect()
}

/// What is the same after a second run that did nothing: the definition of everything, and every row.
fn state(client: &mut Client) -> Vec<Vec<String>> {
    let mut state = Vec::new();
    for query in [
        "SELECT a.attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid), \
         attidentity, attgenerated FROM pg_attribute a LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum \
         JOIN pg_class c ON c.oid = attrelid WHERE attnum > 0 AND NOT attisdropped AND relkind NOT IN ('t', 'i') \
         AND relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_|^information_schema')",
        "SELECT conname, conrelid::regclass, pg_get_constraintdef(oid), convalidated FROM pg_constraint",
        "SELECT schemaname, indexname, indexdef FROM pg_indexes WHERE schemaname !~ '^pg_'",
        "SELECT t.oid::regtype, typtype, (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum \
         WHERE enumtypid = t.oid) FROM pg_type t",
        "SELECT oid::regprocedure, md5(prosrc), prorettype::regtype, provolatile, proisstrict FROM pg_proc \
         WHERE pronamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_|^information_schema')",
        "SELECT tgrelid::regclass, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT schemaname, viewname, definition FROM pg_views WHERE schemaname !~ '^pg_|^information_schema'",
        "SELECT schemaname, tablename, policyname, cmd, qual, with_check FROM pg_policies",
        "SELECT oid::regclass, relacl, relrowsecurity, relkind, obj_description(oid) FROM pg_class WHERE relkind <> 't'",
        "SELECT schemaname, sequencename, data_type, start_value, increment_by, cycle FROM pg_sequences",
        "SELECT extname FROM pg_extension",
        "SELECT nspname, nspacl FROM pg_namespace WHERE nspname !~ '^pg_'",
    ] {
        state.extend(rows(client, query));
    }
    let tables = "SELECT oid::regclass FROM pg_class WHERE relkind IN ('r', 'p') \
                  AND relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_|^information_schema')";
    for table in rows(client, tables) {
        let all =
            format!("SELECT '{0}', count(*), md5(string_agg(x::text, ',' ORDER BY x::text)) FROM {0} x", table[0]);
        state.extend(rows(client, &all));
    }
    state.sort();
    state
}

/// `kind schema.table.name` → what there is to know of it, of a live database.
fn live_facts(client: &mut Client) -> BTreeMap<String, String> {
    let own = "n.nspname !~ '^pg_|^information_schema' AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.objid = c.oid AND x.deptype = 'e')";
    let mut facts = BTreeMap::new();
    let mut add = |query: &str| {
        for row in rows(client, query) {
            facts.insert(row[0].clone(), row[1].clone());
        }
    };
    add(&format!(
        "SELECT 'table ' || nspname || '.' || relname, CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned_table' \
         WHEN 'v' THEN 'view' ELSE 'materialized_view' END FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace \
         WHERE relkind IN ('r', 'p', 'v', 'm') AND {own}"
    ));
    add(&format!(
        "SELECT 'column ' || nspname || '.' || relname || '.' || attname, format_type(atttypid, atttypmod) \
         || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END || CASE WHEN attidentity <> '' THEN ' IDENTITY ' || attidentity::text \
         WHEN attgenerated <> '' THEN ' GENERATED' WHEN adbin IS NOT NULL THEN ' DEFAULT' ELSE '' END \
         FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_attribute a ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped \
         LEFT JOIN pg_attrdef ON adrelid = c.oid AND adnum = attnum WHERE relkind IN ('r', 'p') AND {own}"
    ));
    add(&format!(
        "SELECT 'constraint ' || nspname || '.' || relname || '.' || conname, CASE contype WHEN 'p' THEN 'primary_key' WHEN 'u' THEN 'unique' \
         WHEN 'f' THEN 'foreign_key to ' || confrelid::regclass::text WHEN 'c' THEN 'check' ELSE 'exclude' END FROM pg_constraint k \
         JOIN pg_class c ON c.oid = conrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE contype IN ('p', 'u', 'f', 'c', 'x') AND {own}"
    ));
    add(&format!(
        "SELECT 'index ' || nspname || '.' || t.relname || '.' || c.relname, CASE WHEN indisunique THEN 'unique' ELSE '' END FROM pg_index \
         JOIN pg_class c ON c.oid = indexrelid JOIN pg_class t ON t.oid = indrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {own}"
    ));
    add(&format!(
        "SELECT 'type ' || nspname || '.' || typname, CASE typtype WHEN 'e' THEN 'enum ' || (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) \
         FROM pg_enum WHERE enumtypid = c.oid) WHEN 'd' THEN 'domain of ' || format_type(typbasetype, typtypmod) WHEN 'r' THEN 'range' ELSE 'composite' END \
         FROM pg_type c JOIN pg_namespace n ON n.oid = typnamespace WHERE (typtype IN ('e', 'd', 'r') OR typtype = 'c' AND \
         (SELECT relkind = 'c' FROM pg_class r WHERE r.oid = typrelid)) AND {own}"
    ));
    facts
}

/// The same of what the analysis expects.
fn expected_facts(schema: &Schema) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    for t in &schema.tables {
        let table = format!("{}.{}", t.schema, t.name);
        facts.insert(format!("table {table}"), t.kind.as_str().to_owned());
        if matches!(t.kind, Kind::Table | Kind::PartitionedTable) {
            for c in &t.columns {
                let null = if c.nullable { "" } else { " NOT NULL" };
                let value = match (c.identity.map(|i| i.as_str()), &c.generated, &c.default) {
                    (Some("always"), ..) => " IDENTITY a",
                    (Some(_), ..) => " IDENTITY d",
                    (_, Some(_), _) => " GENERATED",
                    (_, _, Some(_)) => " DEFAULT",
                    _ => "",
                };
                facts.insert(format!("column {table}.{}", c.name), format!("{}{null}{value}", c.sql_type));
            }
        }
        for c in &t.constraints {
            let about = match &c.kind {
                ConstraintKind::ForeignKey { schema, table, .. } if schema == "public" => {
                    format!("foreign_key to {table}")
                }
                ConstraintKind::ForeignKey { schema, table, .. } => format!("foreign_key to {schema}.{table}"),
                other => other.as_str().to_owned(),
            };
            facts.insert(format!("constraint {table}.{}", c.name), about);
        }
        for i in &t.indexes {
            facts.insert(format!("index {table}.{}", i.name), if i.unique { "unique" } else { "" }.to_owned());
        }
    }
    for t in &schema.types {
        let about = match &t.kind {
            TypeKind::Enum(labels) => format!("enum {}", labels.join(",")),
            TypeKind::Domain { base, .. } => format!("domain of {base}"),
            other => other.as_str().to_owned(),
        };
        facts.insert(format!("type {}.{}", t.schema, t.name), about);
    }
    facts
}

#[test]
fn every_migration_is_taken_and_its_second_run_foretold() {
    for path in FOLDERS {
        let folder = Folder::open(path);
        let analysis = folder.analyze(folder.files.len(), None);
        assert_eq!(analysis.migrations.len(), folder.files.len(), "{path}");
        let mut client = folder.client();
        let mut wrong = String::new();
        for (migration, (file, text)) in analysis.migrations.iter().zip(&folder.files) {
            assert_eq!(&migration.file, file);
            run(&mut client, inner(text)).unwrap_or_else(|refusal| panic!("{path}/{file}: {refusal}"));
            for d in
                analysis.diagnostics.iter().filter(|d| d.file == *file && errors(&analysis, file).contains(&d.rule))
            {
                _ = writeln!(wrong, "{file}: refused: {}: {}", d.rule, d.message);
            }
            if !migration.transaction {
                continue;
            }
            let before = state(&mut client);
            client.batch_execute("BEGIN").unwrap();
            let second = run(&mut client, inner(text));
            let same = second.is_ok() && state(&mut client) == before;
            client.batch_execute("ROLLBACK").unwrap();
            if migration.idempotent != same {
                let said = second.err().map_or("it changed something".to_owned(), |refusal| refusal.to_string());
                let really = if same { "a second run does nothing".to_owned() } else { said };
                _ = writeln!(wrong, "{file}: idempotent is {}, and {really}", migration.idempotent);
            }
        }
        assert!(wrong.is_empty(), "{path}\n{wrong}");
    }
}

#[test]
fn the_schema_is_the_servers() {
    for path in FOLDERS {
        let folder = Folder::open(path);
        let mut client = folder.client();
        folder.files.iter().for_each(|(file, text)| {
            run(&mut client, inner(text)).unwrap_or_else(|refusal| panic!("{path}/{file}: {refusal}"));
        });
        let (live, expected) =
            (live_facts(&mut client), expected_facts(&folder.analyze(folder.files.len(), None).schema));
        assert!(live.len() > 50, "{path}: {}", live.len());
        let keys: BTreeSet<&String> = live.keys().chain(expected.keys()).collect();
        let wrong: Vec<String> = keys
            .into_iter()
            .filter(|k| live.get(*k) != expected.get(*k))
            // A column whose type is not worked out claims none.
            .filter(|k| !expected.get(*k).is_some_and(|e| e.starts_with("unknown") && live.contains_key(*k)))
            .map(|k| format!("{k}: the server has {:?}, the analysis {:?}", live.get(k), expected.get(k)))
            .collect();
        assert!(wrong.is_empty(), "{path}\n{}", wrong.join("\n"));
    }
}

#[test]
fn what_the_server_refuses_is_refused_and_nothing_else() {
    let number = |name: &str, otherwise: u64| std::env::var(name).map_or(otherwise, |n| n.parse().expect(name));
    let (per, seed) = (number("GLOWPLUG_MUTANTS", 1), number("GLOWPLUG_SEED", 1));
    // Outside bodies, and in them.
    let mut refused = [0, 0];
    let mut escapes = [BTreeMap::<String, Vec<String>>::new(), BTreeMap::new()];
    let mut running = 0;
    let mut wrong = String::new();
    for path in FOLDERS {
        let folder = Folder::open(path);
        let mut client = folder.client();
        let whole = folder.analyze(folder.files.len(), None);
        for (k, (file, text)) in folder.files.iter().enumerate() {
            if whole.migrations[k].transaction {
                for mutant in mutants::of(inner(text), per as usize, seed + k as u64) {
                    client.batch_execute("BEGIN").unwrap();
                    let answer = run(&mut client, &mutant.sql);
                    client.batch_execute("ROLLBACK").unwrap();
                    let said = errors(&folder.analyze(k + 1, Some(&mutant.sql)), file);
                    let about = || format!("{file}: {}: {}", mutant.kind, mutant.what);
                    match answer {
                        Err(refusal) => {
                            let part = usize::from(mutant.in_body);
                            refused[part] += 1;
                            if said.is_empty() {
                                let one = format!("{}: {}", about(), refusal.message);
                                escapes[part].entry(refusal.sqlstate).or_default().push(one);
                            }
                        }
                        Ok(()) => {
                            running += 1;
                            if !said.is_empty() {
                                _ = writeln!(wrong, "{}: {said:?}\n{}", about(), mutant.sql);
                            }
                        }
                    }
                }
            }
            run(&mut client, inner(text)).unwrap_or_else(|refusal| panic!("{path}/{file}: {refusal}"));
        }
    }
    let escaped = escapes.each_ref().map(|e| e.values().map(Vec::len).sum::<usize>());
    println!("the server refuses {refused:?} and runs {running}; {escaped:?} escaped: {escapes:#?}");
    assert!(wrong.is_empty(), "the server runs what is refused here:\n{wrong}");
    assert!(refused[0] > 150 && refused[1] > 20 && running > 40, "{refused:?} {running}");
    assert!(escaped[0] * 100 <= refused[0] * OUTSIDE_BODIES, "{escaped:?} of {refused:?} escaped: {:#?}", escapes[0]);
    assert!(escaped[1] * 100 <= refused[1] * IN_BODIES, "{escaped:?} of {refused:?} escaped: {:#?}", escapes[1]);
}
