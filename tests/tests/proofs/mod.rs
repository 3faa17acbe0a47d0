//! What the proofs with processes share: a folder whose migrations count how often they ran, and what must be true of a
//! database when everything is over.

#![allow(dead_code, unreachable_pub)] // Each test binary uses a part.

pub mod mariadb;
pub mod points;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use diesel::prelude::*;
use glowplug_tests::TestDatabase;
use glowplug_tests::process::{Ended, Service};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_migrate");

/// The folder whose migrations each leave a row of `witness`.
pub fn folder(engine: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("proofs").join(engine)
}

pub fn service(database: &TestDatabase) -> Service {
    Service::new(PROGRAM, &folder("postgres"), database.url()).with("GLOWPLUG_LOCK_WAIT", "240s")
}

/// A copy of the folder without the files that `keep` refuses.
pub fn part(engine: &str, keep: impl Fn(&str) -> bool) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder(engine)).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if keep(&name) {
            std::fs::copy(folder(engine).join(&name), copy.path().join(&name)).unwrap();
        }
    }
    copy
}

/// What can run behind a pooler.
pub fn transactional() -> tempfile::TempDir {
    let part = part("postgres", |name| !name.starts_with("005") && !name.starts_with("006"));
    std::fs::write(part.path().join("glowplug.toml"), "backend = \"postgres\"\ngaps = [\"005..=006\"]\n").unwrap();
    part
}

/// What somebody sees who looks at the database: nothing of it may hang on how often a run was stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Each row that a migration left, and how often.
    pub witness: Vec<String>,
    /// The versions that are applied, and the state of each one's newest attempt.
    pub applied: Vec<String>,
    /// How many attempts of each version are completed.
    pub completed: Vec<String>,
    /// Every object of the schema, as the server writes it.
    pub schema: Vec<String>,
}

impl Outcome {
    /// Where it is not what was expected, in words.
    pub fn differences(&self, expected: &Outcome) -> Vec<String> {
        let mut differences = Vec::new();
        for (what, found, expected) in [
            ("witness", &self.witness, &expected.witness),
            ("applied", &self.applied, &expected.applied),
            ("completed", &self.completed, &expected.completed),
            ("schema", &self.schema, &expected.schema),
        ] {
            let (more, less) = (without(found, expected), without(expected, found));
            if !more.is_empty() || !less.is_empty() {
                differences.push(format!("{what}: {more:?} in place of {less:?}"));
            }
        }
        differences
    }
}

pub fn outcome(database: &TestDatabase) -> Outcome {
    Outcome {
        witness: database.rows("SELECT migration, step, count(*) FROM witness GROUP BY 1, 2 ORDER BY 1, 2"),
        applied: database.rows(
            "SELECT a.version, h.status, h.statements_done = h.statements_total FROM __diesel_schema_migrations a \
             LEFT JOIN __glowplug_history h ON h.version = a.version \
               AND h.id = (SELECT max(id) FROM __glowplug_history WHERE version = a.version) ORDER BY 1",
        ),
        completed: database
            .rows("SELECT version, count(*) FROM __glowplug_history WHERE status = 'completed' GROUP BY 1 ORDER BY 1"),
        schema: schema(database),
    }
}

/// All objects of `public` as definitions, invalid indexes marked.
const SCHEMA: &str = "SELECT line FROM ( \
       SELECT 'column ' || c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) \
           || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END || a.attidentity::text \
           || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') AS line, c.relnamespace AS n \
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
         LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum \
         WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm') \
       UNION ALL SELECT pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' INVALID' END, c.relnamespace \
         FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
       UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid), connamespace \
         FROM pg_constraint \
       UNION ALL SELECT pg_get_functiondef(oid), pronamespace FROM pg_proc WHERE prokind IN ('f', 'p') \
       UNION ALL SELECT 'view ' || relname || pg_get_viewdef(oid), relnamespace FROM pg_class WHERE relkind IN ('v', 'm') \
       UNION ALL SELECT 'trigger ' || pg_get_triggerdef(t.oid), c.relnamespace \
         FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal \
       UNION ALL SELECT 'type ' || t.typname || coalesce((SELECT string_agg(e.enumlabel, ' ' ORDER BY e.enumsortorder) \
           FROM pg_enum e WHERE e.enumtypid = t.oid), ''), t.typnamespace FROM pg_type t WHERE t.typtype IN ('e', 'd') \
       UNION ALL SELECT 'sequence ' || relname, relnamespace FROM pg_class WHERE relkind = 'S' \
     ) s WHERE n = 'public'::regnamespace ORDER BY line COLLATE \"C\"";

pub fn schema(database: &TestDatabase) -> Vec<String> {
    database.rows(SCHEMA)
}

pub fn schema_through(connection: &mut PgConnection) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = diesel::sql_types::Text)]
        line: String,
    }
    diesel::sql_query(SCHEMA).load::<Line>(connection).unwrap().into_iter().map(|row| row.line).collect()
}

/// What is not as it must be, in words; empty where everything is.
pub fn amiss(database: &TestDatabase, expected: &Outcome) -> Vec<String> {
    let mut amiss = outcome(database).differences(expected);
    let locks = database.rows(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' \
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    );
    if !locks.is_empty() {
        amiss.push(format!("locks are held by {locks:?}"));
    }
    amiss
}

fn without(all: &[String], those: &[String]) -> Vec<String> {
    all.iter().filter(|line| !those.contains(line)).cloned().collect()
}

/// All ended well, and each of so many versions was applied by one of them.
#[track_caller]
pub fn each_once(ended: &[Ended], versions: usize) {
    let mut by: BTreeMap<String, usize> = BTreeMap::new();
    for ended in ended {
        assert!(ended.success, "{}{}", ended.out, ended.err);
        for version in ended.applied() {
            *by.entry(version).or_default() += 1;
        }
    }
    assert_eq!(by.len(), versions, "{by:?}");
    assert!(by.values().all(|count| *count == 1), "{by:?}");
}
