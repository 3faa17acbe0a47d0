//! A folder of migrations as `migrations!` compiles it, read while a test runs.

use std::fs;
use std::path::Path;

use glowplug::{Column, Engine, ForeignKey, LockMode, Migration, Migrations, Statement, Table, TableLock};
use glowplug_analysis::diagnostics::render::{RenderOptions, render};
use glowplug_analysis::schema::{Constraint, ConstraintKind};
use glowplug_analysis::{Analysis, Backend, Config, Level, Sources, StatementSpan, analyze};

/// Reads a folder, with its `glowplug.toml`, into the statics that the runner takes.
///
/// # Errors
/// What cannot be read, or what a build would say.
pub fn compiled(folder: &Path) -> Result<&'static Migrations, String> {
    let config = Config::load(folder).map_err(|error| error.to_string())?;
    let config = config.ok_or_else(|| format!("{}: there is no glowplug.toml", folder.display()))?;
    let sources = Sources::read(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let analysis = analyze(sources, &config);
    let errors = analysis.diagnostics.iter().filter(|diagnostic| diagnostic.level == Level::Deny);
    let errors: Vec<String> = errors.map(|error| render(error, &analysis.sources, &RenderOptions::default())).collect();
    if errors.is_empty() { statics(folder, &analysis) } else { Err(errors.join("\n")) }
}

fn statics(folder: &Path, analysis: &Analysis) -> Result<&'static Migrations, String> {
    let engine = match analysis.backend {
        Backend::Postgres => Engine::Postgres,
        Backend::Sqlite => Engine::Sqlite,
        Backend::Mysql | Backend::Mariadb => Engine::Mysql,
    };
    let read = |file: &str| fs::read_to_string(folder.join(file)).map_err(|error| format!("{file}: {error}"));
    let migrations = analysis.migrations.iter().map(|migration| {
        Ok(Migration {
            version: text(&migration.version),
            name: text(&migration.name),
            file: text(&migration.file),
            sql: text(&read(&migration.file)?),
            down: migration.down.as_deref().map(read).transpose()?.as_deref().map(text),
            down_statements: list(migration.down_statements.iter().map(statement)),
            checksum: text(&migration.checksum),
            raw_checksum: text(&migration.raw_checksum),
            statements: list(migration.statements.iter().map(statement)),
            transactional: migration.transaction,
            foreign_keys_off: migration.foreign_keys_off,
            idempotent: migration.idempotent,
            resumable: migration.resumable,
        })
    });
    let migrations: Vec<Migration> = migrations.collect::<Result<_, String>>()?;
    let tables = analysis.schema.tables.iter().filter(|table| table.kind.is_table()).map(|table| Table {
        schema: text(&table.schema),
        name: text(&table.name),
        columns: list(table.columns.iter().map(|column| Column {
            name: text(&column.name),
            sql_type: text(&column.sql_type),
            nullable: column.nullable,
        })),
        primary_key: texts(table.primary_key()),
        foreign_keys: list(table.constraints.iter().filter_map(foreign_key)),
    });
    Ok(Box::leak(Box::new(Migrations {
        engine,
        directory: "migrations",
        folder: None,
        list: list_of(migrations),
        tables: list(tables),
    })))
}

fn foreign_key(constraint: &Constraint) -> Option<ForeignKey> {
    let Constraint { columns, kind: ConstraintKind::ForeignKey { schema, table, columns: references, .. }, .. } =
        constraint
    else {
        return None;
    };
    Some(ForeignKey {
        columns: texts(columns),
        schema: text(schema),
        table: text(table),
        references: texts(references),
    })
}

fn texts(names: &[String]) -> &'static [&'static str] {
    list(names.iter().map(|name| text(name)))
}

fn statement(statement: &StatementSpan) -> Statement {
    Statement {
        start: number(statement.span.start),
        end: number(statement.span.end),
        line: number(statement.line),
        column: number(statement.column),
        transactional: statement.transaction,
        index: statement.index.as_deref().map(text),
        locks: statement
            .locks
            .as_ref()
            .map(|locks| list(locks.iter().map(|lock| TableLock { table: text(&lock.table), mode: mode(lock.mode) }))),
    }
}

fn mode(mode: glowplug_analysis::LockMode) -> LockMode {
    use glowplug_analysis::LockMode as Of;
    match mode {
        Of::AccessShare => LockMode::AccessShare,
        Of::RowShare => LockMode::RowShare,
        Of::RowExclusive => LockMode::RowExclusive,
        Of::ShareUpdateExclusive => LockMode::ShareUpdateExclusive,
        Of::Share => LockMode::Share,
        Of::ShareRowExclusive => LockMode::ShareRowExclusive,
        Of::Exclusive => LockMode::Exclusive,
        Of::AccessExclusive => LockMode::AccessExclusive,
    }
}

fn text(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

fn list<T>(items: impl Iterator<Item = T>) -> &'static [T] {
    list_of(items.collect())
}

fn list_of<T>(items: Vec<T>) -> &'static [T] {
    Box::leak(items.into_boxed_slice())
}

/// The analysis refuses files of four gigabytes.
fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
