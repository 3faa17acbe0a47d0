//! What the rules of the group `safety` say of SQLite, held against it.

use std::fmt::Write as _;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use glowplug_analysis::{Backend, Config, Group, Sources, analyze, rules};

fn said(migrations: &[&str]) -> Vec<&'static str> {
    let files: Vec<(String, &str)> =
        migrations.iter().enumerate().map(|(i, text)| (format!("{:04}_m.sql", i + 1), *text)).collect();
    let last = &files.last().unwrap().0;
    let sources = Sources::from_texts(files.iter().map(|(name, text)| (name.as_str(), *text)));
    let all = analyze(sources, &Config::new(Backend::Sqlite)).diagnostics;
    let safety = |rule: &str| rules::find(rule).is_some_and(|rule| rule.group == Group::Safety);
    all.into_iter().filter(|d| d.file == *last && safety(d.rule)).map(|d| d.rule).collect()
}

fn database(script: &str) -> SqliteConnection {
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    connection.batch_execute(&format!("PRAGMA foreign_keys = ON; {script}")).unwrap();
    connection
}

const NOTES: &str =
    "CREATE TABLE others (id INTEGER PRIMARY KEY); CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);";

/// Columns, as `ADD COLUMN` takes them or not.
const COLUMNS: &[&str] = &[
    "a TEXT",
    "a TEXT NOT NULL",
    "a TEXT NOT NULL DEFAULT ''",
    "a TEXT NOT NULL DEFAULT NULL",
    "a TEXT DEFAULT NULL",
    "a INTEGER DEFAULT 5",
    "a INTEGER NOT NULL DEFAULT -5",
    "a INTEGER NOT NULL DEFAULT +5",
    "a INTEGER DEFAULT (5)",
    "a INTEGER DEFAULT (-5)",
    "a REAL NOT NULL DEFAULT 1.5e3",
    "a INTEGER DEFAULT (1 + 1)",
    "a INTEGER DEFAULT 0x10",
    "a BLOB DEFAULT x'00'",
    "a BOOLEAN NOT NULL DEFAULT TRUE",
    "a BOOLEAN NOT NULL DEFAULT (false)",
    "a TEXT DEFAULT ('x')",
    "a TEXT DEFAULT ('it''s')",
    "a TEXT DEFAULT ('x' || 'y')",
    "a TEXT DEFAULT (lower('X'))",
    "a INTEGER DEFAULT (CAST('1' AS INTEGER))",
    "a TIMESTAMP DEFAULT CURRENT_TIMESTAMP",
    "a DATE DEFAULT CURRENT_DATE",
    "a TIMESTAMP NOT NULL DEFAULT (datetime('now'))",
    "a INTEGER REFERENCES others (id)",
    "a INTEGER DEFAULT NULL REFERENCES others (id)",
    "a INTEGER DEFAULT 1 REFERENCES others (id)",
    "a INTEGER NOT NULL DEFAULT 1 REFERENCES others (id)",
    "a INTEGER AS (id + 1) VIRTUAL",
    "a INTEGER AS (id + 1) STORED",
    "a INTEGER CHECK (a > 0)",
];

#[test]
fn columns_that_fail_where_there_is_a_row() {
    let mut amiss = String::new();
    let mut failing = 0;
    for column in COLUMNS {
        let statement = format!("ALTER TABLE notes ADD COLUMN {column};");
        database(NOTES).batch_execute(&statement).unwrap_or_else(|error| panic!("{column}: {error}"));
        let fails = database(&format!("{NOTES} INSERT INTO notes VALUES (1, '');")).batch_execute(&statement).is_err();
        failing += u32::from(fails);
        let rules = said(&[NOTES, &statement]);
        if rules.contains(&"add-column-constraint") != fails {
            writeln!(amiss, "{column}: said {rules:?}, fails {fails}").unwrap();
        }
        // Nothing is in a table that was made a line before; what this migration put in is.
        assert_eq!(said(&[&format!("{NOTES} {statement}")]), Vec::<&str>::new(), "{column}");
        let filled = said(&[&format!("{NOTES} INSERT INTO notes VALUES (1, ''); {statement}")]);
        assert_eq!(filled.contains(&"add-column-constraint"), fails, "{column}");
    }
    assert!(amiss.is_empty(), "{amiss}");
    assert!(failing > 8, "{failing}");
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

#[test]
fn children_that_go_with_a_dropped_table() {
    let rebuild = "CREATE TABLE users_new (id INTEGER PRIMARY KEY, email TEXT);
         INSERT INTO users_new SELECT id, email FROM users; DROP TABLE users; ALTER TABLE users_new RENAME TO users;";
    for (action, touched) in [
        ("ON DELETE CASCADE", true),
        ("ON DELETE SET NULL", true),
        ("ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED", false),
    ] {
        let before = format!(
            "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);
             CREATE TABLE notes (id INTEGER PRIMARY KEY, author INTEGER REFERENCES users (id) {action});"
        );
        let mut connection =
            database(&format!("{before} INSERT INTO users VALUES (1, ''); INSERT INTO notes VALUES (1, 1);"));
        let outcome = connection.batch_execute(&format!("BEGIN; {rebuild} COMMIT;"));
        if touched {
            outcome.unwrap();
            let left = diesel::sql_query("SELECT count(*) AS n FROM notes WHERE author = 1");
            assert_eq!(left.get_result::<Count>(&mut connection).unwrap().n, 0, "{action}");
        } else {
            // The engine says so itself.
            assert!(outcome.is_err(), "{action}");
        }
        let rules = said(&[&before, rebuild]);
        assert_eq!(rules.contains(&"drop-deletes-children"), touched, "{action}: {rules:?}");
        let rules = said(&[&before, &format!("PRAGMA foreign_keys = OFF; {rebuild} PRAGMA foreign_keys = ON;")]);
        assert_eq!(rules, Vec::<&str>::new(), "{action}");
    }
}

#[test]
fn what_a_rebuild_loses() {
    let before = "CREATE TABLE teams (id INTEGER PRIMARY KEY);
        CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT, team INTEGER REFERENCES teams (id));
        CREATE INDEX users_name ON users (name);
        CREATE INDEX users_some ON users (name) WHERE email IS NOT NULL;
        CREATE INDEX users_lower ON users (lower(name));
        CREATE TRIGGER users_kept BEFORE DELETE ON users BEGIN SELECT RAISE(ABORT, 'kept'); END;";
    let (first, rest) = (
        "INSERT INTO n (id, email, name) SELECT id, email, name FROM users; DROP TABLE users;",
        "ALTER TABLE n RENAME TO users;",
    );
    let lost = |columns: &str, after: &str| {
        let rebuild = format!("CREATE TABLE n ({columns}); {first} {rest} {after}");
        let sources = Sources::from_texts([("1_a.sql", before), ("2_b.sql", &rebuild)]);
        let all = analyze(sources, &Config::new(Backend::Sqlite)).diagnostics;
        let found: Vec<_> = all.into_iter().filter(|d| d.rule == "rebuild-loses").map(|d| d.message).collect();
        assert!(found.len() < 2, "{found:?}");
        found.first().and_then(|m| m.split_once("one has: ")).map(|(_, lost)| lost.to_owned())
    };
    let same =
        "id INTEGER PRIMARY KEY, email TEXT UNIQUE, name TEXT NOT NULL DEFAULT '', team INTEGER REFERENCES teams (id)";
    let again =
        "CREATE INDEX users_name_2 ON users (name); CREATE INDEX users_some ON users (name) WHERE email IS NOT NULL;
        CREATE INDEX users_lower ON users (lower(name));
        CREATE TRIGGER users_kept BEFORE DELETE ON users BEGIN SELECT RAISE(ABORT, 'kept'); END;";
    assert_eq!(lost(same, again), None);
    assert_eq!(
        lost(same, "").as_deref(),
        Some(
            "the index \"users_name\", the index \"users_some\", the index \"users_lower\", the trigger \"users_kept\""
        )
    );
    assert_eq!(
        lost("id INTEGER PRIMARY KEY, email TEXT, name TEXT, team INTEGER", again).as_deref(),
        Some("the unique key (email), the foreign key (team)")
    );
    assert_eq!(
        lost(
            "id INTEGER PRIMARY KEY, email TEXT, name TEXT",
            &format!("CREATE UNIQUE INDEX u ON users (email); {again}")
        )
        .as_deref(),
        Some("the column \"team\"")
    );
}
