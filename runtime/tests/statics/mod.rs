//! Migrations as `migrations!` would have written them, made at run time: the tests of the runner need many lists,
//! some of which no build would let through.

#![allow(dead_code, unreachable_pub)] // Each test binary uses a part.

use glowplug::{Column, Engine, Migration, Migrations, Statement, Table};
use sha2::{Digest, Sha256};

/// A file, and what the analysis would have said of it.
#[derive(Clone)]
pub struct File {
    name: &'static str,
    sql: String,
    down: Option<&'static str>,
    down_statements: &'static [Statement],
    transactional: bool,
    resumable: bool,
}

/// A file that runs in one transaction.
pub fn file(name: &'static str, sql: &str) -> File {
    File { name, sql: sql.to_owned(), down: None, down_statements: &[], transactional: true, resumable: true }
}

impl File {
    pub fn without_transaction(mut self) -> File {
        self.transactional = false;
        self
    }

    pub fn not_resumable(mut self) -> File {
        self.resumable = false;
        self
    }

    pub fn down(mut self, sql: &'static str) -> File {
        self.down = Some(sql);
        let all = statements(sql);
        let text = |s: &Statement| &sql[s.start as usize..s.end as usize];
        let own: Vec<_> = all.iter().filter(|s| !["BEGIN", "COMMIT"].contains(&text(s))).copied().collect();
        // What has no transaction of its own is run as it stands.
        self.down_statements = if own.len() < all.len() { leak(own.into_boxed_slice()) } else { &[] };
        self
    }
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn leak<T: ?Sized>(value: Box<T>) -> &'static T {
    Box::leak(value)
}

/// A list of migrations. Statements end at a semicolon at the end of a line, which is enough here.
pub fn migrations(engine: Engine, files: &[File]) -> &'static Migrations {
    with_tables(engine, files, &[])
}

/// A list of migrations, and the tables they end in.
pub fn with_tables(engine: Engine, files: &[File], tables: &[(&'static str, &[&'static str])]) -> &'static Migrations {
    let list: Vec<Migration> = files.iter().map(migration).collect();
    let schema = if engine == Engine::Postgres { "public" } else { "main" };
    let tables: Vec<Table> = tables
        .iter()
        .map(|(name, columns)| Table {
            schema,
            name,
            columns: leak(
                columns
                    .iter()
                    .map(|name| Column { name, sql_type: "integer", nullable: true })
                    .collect::<Vec<_>>()
                    .into_boxed_slice(),
            ),
            primary_key: &[],
            foreign_keys: &[],
        })
        .collect();
    leak(Box::new(Migrations {
        engine,
        directory: "migrations",
        folder: None,
        list: leak(list.into_boxed_slice()),
        tables: leak(tables.into_boxed_slice()),
    }))
}

/// What cannot share a transaction, as far as the tests write it.
fn alone(statement: &str) -> bool {
    statement.contains("CONCURRENTLY") || ["VACUUM", "PRAGMA", "SET"].iter().any(|word| statement.starts_with(word))
}

/// The index of `CREATE INDEX CONCURRENTLY [IF NOT EXISTS] name ON …`.
fn index(statement: &str) -> Option<&'static str> {
    let (_, rest) = statement.split_once("INDEX CONCURRENTLY ").filter(|(start, _)| start.starts_with("CREATE"))?;
    let name = rest.trim_start_matches("IF NOT EXISTS ").split_whitespace().next()?;
    Some(leak(format!("\"{name}\"").into_boxed_str()))
}

fn statements(sql: &str) -> Vec<Statement> {
    let mut statements = Vec::new();
    let (mut from, mut line, mut counted) = (0, 1, 0);
    for part in sql.split_inclusive(";\n") {
        let text = part.trim_end().trim_end_matches(';');
        let code = text.lines().find(|line| !line.trim().is_empty() && !line.trim_start().starts_with("--"));
        if let Some(code) = code {
            let start = from + code.as_ptr() as usize - part.as_ptr() as usize + code.len() - code.trim_start().len();
            let code = &text[start - from..];
            // Counted on from the statement before: a file may be long.
            line += sql[counted..start].matches('\n').count();
            counted = start;
            statements.push(Statement {
                start: u32::try_from(start).unwrap(),
                end: u32::try_from(from + text.len()).unwrap(),
                line: u32::try_from(line).unwrap(),
                column: 1,
                transactional: !alone(code),
                index: index(code),
                locks: None,
            });
        }
        from += part.len();
    }
    statements
}

fn migration(file: &File) -> Migration {
    let sql = leak(file.sql.clone().into_boxed_str());
    let tokens: Vec<&str> =
        sql.lines().filter(|line| !line.starts_with("--")).flat_map(str::split_whitespace).collect();
    let (version, rest) = file.name.split_once('_').unwrap();
    Migration {
        version,
        name: rest.strip_suffix(".sql").unwrap(),
        file: file.name,
        sql,
        down: file.down,
        down_statements: file.down_statements,
        checksum: leak(hex(tokens.join(" ").as_bytes()).into_boxed_str()),
        raw_checksum: leak(hex(sql.as_bytes()).into_boxed_str()),
        statements: leak(statements(sql).into_boxed_slice()),
        transactional: file.transactional,
        idempotent: true,
        foreign_keys_off: file.sql.to_lowercase().contains("pragma foreign_keys"),
        resumable: file.resumable,
    }
}
