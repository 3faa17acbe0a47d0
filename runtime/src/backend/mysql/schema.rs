//! What is in the database, and who is at it.

use super::{Line, Mysql, quote, quote_name, row, rows};
use crate::backend::Blocker;
use crate::error::{Failure, Meaning};
use crate::history::Tables;
use crate::migration::Table;
use diesel::QueryableByName;
use diesel::connection::LoadConnection;
use diesel::sql_types::{BigInt, Nullable, Text};
use std::collections::BTreeMap;
use std::time::Duration;

/// What of the database a statement can change: a column that names the object, and the columns that say what it is.
const OBJECTS: &[(&str, &str, &str, &str)] = &[
    ("tables", "table_schema", "table_name", "table_type, engine, table_collation, create_options, table_comment"),
    (
        "columns",
        "table_schema",
        "table_name",
        "column_name, ordinal_position, column_default, is_nullable, column_type, collation_name, extra, column_comment, \
         generation_expression",
    ),
    (
        "statistics",
        "table_schema",
        "table_name",
        "index_name, non_unique, seq_in_index, column_name, sub_part, index_type, index_comment",
    ),
    ("table_constraints", "table_schema", "table_name", "constraint_name, constraint_type"),
    (
        "key_column_usage",
        "table_schema",
        "table_name",
        "constraint_name, column_name, referenced_table_name, referenced_column_name",
    ),
    ("referential_constraints", "constraint_schema", "table_name", "constraint_name, update_rule, delete_rule"),
    (
        "partitions",
        "table_schema",
        "table_name",
        "partition_name, partition_method, partition_expression, partition_description",
    ),
    ("views", "table_schema", "table_name", "view_definition, check_option, security_type"),
    (
        "triggers",
        "trigger_schema",
        "trigger_name",
        "event_object_table, action_timing, event_manipulation, action_statement",
    ),
    ("routines", "routine_schema", "routine_name", "routine_type, dtd_identifier, routine_definition, routine_comment"),
    ("events", "event_schema", "event_name", "event_definition, interval_value, interval_field, status, execute_at"),
    ("schemata", "schema_name", "schema_name", "default_character_set_name, default_collation_name"),
];

/// One word for the state of what a statement names; of the whole database, where a statement may change what it does not
/// name.
pub(super) fn state<C: LoadConnection<Backend = Mysql>>(
    connection: &mut C,
    statement: &str,
) -> Result<String, Box<Failure>> {
    #[derive(QueryableByName)]
    struct State {
        #[diesel(sql_type = Text)]
        state: String,
        #[diesel(sql_type = Nullable<Text>)]
        skipped: Option<String>,
    }
    let starts = |word: &str| statement.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let named = ["CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE"].into_iter().any(starts);
    // As a literal: then the server opens the tables of this database alone.
    let base = row::<_, Line>(connection, "SELECT COALESCE(DATABASE(), '') AS line")?.line;
    let lines: Vec<String> = OBJECTS
        .iter()
        .map(|(view, schema, name, columns)| {
            let columns: Vec<String> =
                columns.split(", ").map(|column| format!("COALESCE({}, '')", column.trim())).collect();
            format!(
                "SELECT CAST(CONCAT_WS('|', '{view}', {name}, {}) AS BINARY) AS line, CAST({name} AS CHAR) AS name \
                 FROM information_schema.{view} WHERE {schema} = {}",
                columns.join(", "),
                quote(&base)
            )
        })
        .collect();
    let named = |name: &str| {
        if named { format!("INSTR(LOWER({}), LOWER({name})) > 0", quote(statement)) } else { "1 = 1".to_owned() }
    };
    // The order of rows does not count; no two of them are alike. A table that somebody is just changing is left out: the
    // comment on it says so.
    let found: State = row(
        connection,
        &format!(
            "SELECT CAST(CONCAT(COUNT(*), ':', COALESCE(BIT_XOR(CAST(CONV(LEFT(SHA2(o.line, 256), 16), 16, 10) AS UNSIGNED)), 0)) AS CHAR) AS state, \
               (SELECT CAST(MIN(table_comment) AS CHAR) FROM information_schema.tables WHERE table_schema = {} \
                  AND table_type = 'BASE TABLE' AND engine IS NULL AND {}) AS skipped \
             FROM ({}) o WHERE {}",
            quote(&base),
            named("CAST(table_name AS CHAR)"),
            lines.join(" UNION ALL "),
            named("o.name"),
        ),
    )?;
    match found.skipped {
        Some(skipped) => Err(Box::new(Failure { meaning: Some(Meaning::Locked), ..Failure::new(skipped) })),
        None => Ok(found.state),
    }
}

/// Which of these are there, and with which of their columns.
pub(super) fn columns<C: LoadConnection<Backend = Mysql>>(
    connection: &mut C,
    tables: &[Table],
) -> Result<BTreeMap<usize, Vec<String>>, Box<Failure>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        here: i64,
        #[diesel(sql_type = Text)]
        base: String,
        #[diesel(sql_type = Text)]
        relation: String,
        #[diesel(sql_type = Text)]
        attribute: String,
        #[diesel(sql_type = BigInt)]
        lower: i64,
    }
    if tables.is_empty() {
        return Ok(BTreeMap::new());
    }
    let names: Vec<String> = tables.iter().map(|table| quote(table.name)).collect();
    let live: Vec<Row> = rows(
        connection,
        &format!(
            "SELECT CAST(COALESCE(table_schema = DATABASE(), 0) AS SIGNED) AS here, table_schema AS base, table_name AS relation, \
               column_name AS attribute, CAST(@@lower_case_table_names AS SIGNED) AS lower \
             FROM information_schema.columns WHERE table_name IN ({})",
            names.join(", ")
        ),
    )?;
    // A column's name is the same whatever its case; a table's, where the server says so.
    let is = |row: &Row, table: &Table| {
        let same = |one: &str, other: &str| {
            if row.lower == 0 { one == other } else { one.to_lowercase() == other.to_lowercase() }
        };
        same(&row.relation, table.name)
            && (if table.schema.is_empty() { row.here == 1 } else { same(&row.base, table.schema) || row.here == 1 })
    };
    let found = |(index, table): (usize, &Table)| {
        let mut there = live.iter().filter(|row| is(row, table)).map(|row| row.attribute.to_lowercase()).peekable();
        there.peek()?;
        let there: Vec<String> = there.collect();
        let names = table.columns.iter().map(|column| column.name.to_owned());
        Some((index, names.filter(|name| there.contains(&name.to_lowercase())).collect()))
    };
    Ok(tables.iter().enumerate().filter_map(found).collect())
}

/// Who may keep a statement from what it needs: `waiting` is the session that runs it, where that is not this one. What
/// the server tells of it depends on its settings and on the role's rights.
pub(super) fn in_the_way<C: LoadConnection<Backend = Mysql>>(
    connection: &mut C,
    statement: &str,
    waiting: Option<i64>,
) -> Result<Vec<Blocker>, Box<Failure>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        pid: i64,
        #[diesel(sql_type = Text)]
        application: String,
        #[diesel(sql_type = Text)]
        state: String,
        #[diesel(sql_type = Text)]
        query: String,
        #[diesel(sql_type = BigInt)]
        seconds: i64,
    }
    let text = quote(statement);
    let others = format!("p.id NOT IN (CONNECTION_ID(), {})", waiting.unwrap_or(0));
    let session = "CAST(p.id AS SIGNED) AS pid, CONCAT(COALESCE(p.user, ''), '@', COALESCE(p.host, '')) AS application, \
         LOWER(CONCAT(p.command, IF(COALESCE(p.state, '') = '', '', ', '), COALESCE(p.state, ''))) AS state, \
         LEFT(COALESCE(p.info, ''), 500) AS query, CAST(GREATEST(COALESCE(p.time, 0), 0) AS SIGNED) AS seconds";
    let queries = [
        // Who has a lock on a table that the text names: MySQL as it is, MariaDB where it was switched on.
        format!(
            "SELECT DISTINCT {session} FROM performance_schema.metadata_locks l \
             JOIN performance_schema.threads t ON t.thread_id = l.owner_thread_id \
             JOIN information_schema.processlist p ON p.id = t.processlist_id \
             WHERE l.lock_status = 'GRANTED' AND l.object_type = 'TABLE' AND l.object_schema = DATABASE() \
               AND INSTR(LOWER({text}), LOWER(CAST(l.object_name AS CHAR))) > 0 AND {others} LIMIT 10"
        ),
        // MariaDB's plugin for it.
        format!(
            "SELECT DISTINCT {session} FROM information_schema.metadata_lock_info l \
             JOIN information_schema.processlist p ON p.id = l.thread_id \
             WHERE l.table_schema = DATABASE() AND INSTR(LOWER({text}), LOWER(CAST(l.table_name AS CHAR))) > 0 AND {others} LIMIT 10"
        ),
        // Who has a transaction open.
        format!(
            "SELECT {session} FROM information_schema.innodb_trx t \
             JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id \
             WHERE p.db = DATABASE() AND {others} ORDER BY t.trx_started LIMIT 10"
        ),
        // Who runs something, as far as the role may see.
        format!(
            "SELECT {session} FROM information_schema.processlist p \
             WHERE p.db = DATABASE() AND p.command IN ('Query', 'Execute') AND {others} LIMIT 10"
        ),
    ];
    let mut failed = None;
    for query in queries {
        match rows::<_, Row>(connection, &query) {
            Ok(found) if found.is_empty() => failed = None,
            Ok(found) => {
                let blocker = |row: Row| Blocker {
                    pid: i32::try_from(row.pid).unwrap_or(0),
                    application: row.application,
                    state: row.state,
                    query: row.query,
                    since: Duration::from_secs(u64::try_from(row.seconds).unwrap_or(0)),
                };
                return Ok(found.into_iter().map(blocker).collect());
            }
            Err(failure) if failure.is_lost() => return Err(failure),
            Err(failure) => failed = Some(failure),
        }
    }
    failed.map_or_else(|| Ok(Vec::new()), Err)
}

/// What drops everything in the database of the tables but the table `kept`, a statement each: what hangs on tables goes
/// with them.
pub(super) fn drops<C: LoadConnection<Backend = Mysql>>(
    connection: &mut C,
    tables: &Tables,
    kept: Option<&str>,
) -> Result<Vec<String>, Box<Failure>> {
    #[derive(QueryableByName)]
    struct Object {
        #[diesel(sql_type = Text)]
        kind: String,
        #[diesel(sql_type = Text)]
        name: String,
    }
    let base = tables.applied.rsplit_once(".`").map_or("", |(base, _)| base);
    let objects: Vec<Object> = rows(
        connection,
        "SELECT CAST(kind AS CHAR) AS kind, CAST(name AS CHAR) AS name FROM (\
           SELECT 'EVENT' AS kind, CAST(event_name AS CHAR) AS name FROM information_schema.events WHERE event_schema = DATABASE() \
           UNION ALL SELECT 'VIEW', CAST(table_name AS CHAR) FROM information_schema.views WHERE table_schema = DATABASE() \
           UNION ALL SELECT CAST(routine_type AS CHAR), CAST(routine_name AS CHAR) FROM information_schema.routines \
             WHERE routine_schema = DATABASE() AND routine_type IN ('FUNCTION', 'PROCEDURE') \
           UNION ALL SELECT IF(table_type = 'SEQUENCE', 'SEQUENCE', 'TABLE'), CAST(table_name AS CHAR) FROM information_schema.tables \
             WHERE table_schema = DATABASE() AND table_type NOT LIKE '%VIEW') o",
    )?;
    let named = objects.into_iter().map(|Object { kind, name }| (kind, format!("{base}.{}", quote_name(&name))));
    let others = named.filter(|(_, name)| kept != Some(name.as_str()));
    Ok(others.map(|(kind, name)| format!("DROP {kind} IF EXISTS {name}")).collect())
}
