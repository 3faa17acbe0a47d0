//! What is set for the session: the limits of a run, and whatever a migration sets.

use super::{Line, Mysql, batch, quote, quote_name, row, rows};
use crate::error::Failure;
use crate::settings::Settings;
use diesel::QueryableByName;
use diesel::connection::LoadConnection;
use diesel::sql_types::Text;
use std::time::Duration;

/// What no migration is to be waited for longer than: a year, which both engines take.
const FOREVER: Duration = Duration::from_secs(31_536_000);

/// What changes by itself, or must not be set to what it was.
const OF_THE_MOMENT: [&str; 14] = [
    "timestamp",
    "insert_id",
    "last_insert_id",
    "identity",
    "error_count",
    "warning_count",
    "rand_seed1",
    "rand_seed2",
    "in_transaction",
    "pseudo_thread_id",
    "last_gtid",
    "gtid_executed",
    "gtid_binlog_pos",
    "gtid_current_pos",
];

#[derive(QueryableByName)]
struct Variable {
    #[diesel(sql_type = Text)]
    #[diesel(column_name = "Variable_name")]
    name: String,
    #[diesel(sql_type = Text)]
    #[diesel(column_name = "Value")]
    value: String,
}

/// What is set, before a migration that may set something else.
#[derive(Debug)]
pub(super) struct Remembered {
    variables: Vec<(String, String)>,
    database: String,
}

fn variables<C: LoadConnection<Backend = Mysql>>(
    connection: &mut C,
    condition: &str,
) -> Result<Vec<(String, String)>, Box<Failure>> {
    let found: Vec<Variable> = rows(connection, &format!("SHOW SESSION VARIABLES {condition}"))?;
    Ok(found.into_iter().map(|row| (row.name, row.value)).collect())
}

fn literal(value: &str) -> String {
    if value.parse::<f64>().is_ok() { value.to_owned() } else { quote(value) }
}

/// Sets these.
pub(super) fn set<C: LoadConnection<Backend = Mysql>>(
    connection: &mut C,
    variables: &[(String, String)],
) -> Result<(), Box<Failure>> {
    if variables.is_empty() {
        return Ok(());
    }
    let all: Vec<String> =
        variables.iter().map(|(name, value)| format!("SESSION {name} = {}", literal(value))).collect();
    batch(connection, &format!("SET {}", all.join(", ")))
}

/// Sets the limits of a run; answers what was set before. The names tell the two engines apart.
pub(super) fn limit<C: LoadConnection<Backend = Mysql>>(
    connection: &mut C,
    settings: &Settings,
) -> Result<Vec<(String, String)>, Box<Failure>> {
    // Whole seconds, and none is none.
    let seconds = |limit: Duration| match limit {
        Duration::ZERO => FOREVER.as_secs(),
        limit => limit.as_millis().div_ceil(1000).try_into().unwrap_or(FOREVER.as_secs()),
    };
    let waiting = seconds(settings.lock_timeout).to_string();
    let mut limits = vec![
        ("autocommit", "ON".to_owned()),
        // Without one there is no telling what an error was.
        ("max_error_count", "64".to_owned()),
        ("lock_wait_timeout", waiting.clone()),
        ("innodb_lock_wait_timeout", waiting),
    ];
    if let Some(limit) = settings.statement_timeout {
        // MariaDB's, of every statement; MySQL's, of those that read.
        limits.push(("max_statement_time", limit.as_secs_f64().to_string()));
        limits.push(("max_execution_time", limit.as_millis().to_string()));
    }
    let names: Vec<String> = limits.iter().map(|(name, _)| quote(name)).collect();
    let before = variables(connection, &format!("WHERE Variable_name IN ({})", names.join(", ")))?;
    let there = |name: &str| before.iter().any(|(found, _)| found == name);
    let now: Vec<(String, String)> =
        limits.into_iter().filter(|(name, _)| there(name)).map(|(name, value)| (name.to_owned(), value)).collect();
    set(connection, &now)?;
    Ok(before)
}

pub(super) fn remember<C: LoadConnection<Backend = Mysql>>(connection: &mut C) -> Result<Remembered, Box<Failure>> {
    let database = row::<_, Line>(connection, "SELECT COALESCE(DATABASE(), '') AS line")?.line;
    Ok(Remembered { variables: variables(connection, "")?, database })
}

/// Sets again what differs.
pub(super) fn restore<C: LoadConnection<Backend = Mysql>>(
    connection: &mut C,
    before: Remembered,
) -> Result<(), Box<Failure>> {
    // The character set decides how the rest is read.
    batch(connection, "SET NAMES utf8mb4")?;
    let now = variables(connection, "")?;
    for (name, was) in &before.variables {
        let differs = now.iter().any(|(found, value)| found == name && value != was);
        if !differs || OF_THE_MOMENT.contains(&name.as_str()) {
            continue;
        }
        match set(connection, &[(name.clone(), was.clone())]) {
            // Of the whole server, or not to be set: none that a session has set.
            Err(failure) if matches!(failure.number, Some(1193 | 1229 | 1238)) => {}
            other => other?,
        }
    }
    if row::<_, Line>(connection, "SELECT COALESCE(DATABASE(), '') AS line")?.line != before.database {
        batch(connection, &format!("USE {}", quote_name(&before.database)))?;
    }
    Ok(())
}
