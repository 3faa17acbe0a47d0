//! What a migration sets for its session, and how to begin anew.

use super::{Pg, batch, quote, rows};
use crate::error::Failure;
use diesel::QueryableByName;
use diesel::connection::LoadConnection;
use diesel::sql_types::Text;
use std::fmt::Write as _;

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    value: String,
}

/// What is set for this session alone, and who it acts as.
pub(super) fn settings<C: LoadConnection<Backend = Pg>>(
    connection: &mut C,
) -> Result<Vec<(String, String)>, Box<Failure>> {
    // Who it acts as is set first when it is set again, and decides what else may be.
    let found: Vec<Setting> = rows(
        connection,
        "SELECT name, value FROM ( \
           SELECT 1 AS place, 'session_authorization' AS name, session_user::text AS value \
           UNION ALL SELECT 2, 'role', current_setting('role') \
           UNION ALL SELECT 3, name, setting FROM pg_settings WHERE source = 'session') s ORDER BY place, name",
    )?;
    Ok(found.into_iter().map(|row| (row.name, row.value)).collect())
}

/// Sets again what differs from `before`.
pub(super) fn restore<C: LoadConnection<Backend = Pg>>(
    connection: &mut C,
    before: &[(String, String)],
) -> Result<(), Box<Failure>> {
    // As the role that the migration has left, which may read as little as it likes: these are everybody's to read.
    let now = settings(connection)?;
    let value = |list: &[(String, String)], name: &str| {
        list.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone())
    };
    let mut sql = String::new();
    for (name, was) in before {
        if value(&now, name).as_ref() != Some(was) {
            let _ = write!(sql, "SELECT set_config({}, {}, false); ", quote(name), quote(was));
        }
    }
    for (name, _) in &now {
        if value(before, name).is_none() {
            let _ = write!(sql, "RESET {}; ", super::quote_name(name));
        }
    }
    if sql.is_empty() { Ok(()) } else { batch(connection, &sql) }
}

/// Drops what migrations and people made, and leaves what the server and extensions did: every schema but the one with
/// the table `applied`, of which the contents go and the rights stay.
pub(super) fn drop_everything(applied: &str) -> String {
    let home = applied.rsplit_once('.').map_or(applied, |(schema, _)| schema);
    let block = format!(
        "DECLARE item record; home regnamespace := {}::regnamespace; BEGIN \
         FOR item IN SELECT n.nspname FROM pg_namespace n \
           WHERE n.oid <> home AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public') \
             AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e') \
         LOOP EXECUTE format('DROP SCHEMA %I CASCADE', item.nspname); END LOOP; \
         FOR item IN SELECT c.oid::regclass::text AS name, c.relkind FROM pg_class c \
           WHERE c.relnamespace IN (home, to_regnamespace('public')) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') \
             AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refobjid <> c.oid AND d.deptype IN ('e', 'a', 'i')) \
         LOOP EXECUTE format('DROP %s IF EXISTS %s CASCADE', CASE item.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' \
           WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, item.name); END LOOP; \
         FOR item IN SELECT p.oid::regprocedure::text AS name, p.prokind FROM pg_proc p \
           WHERE p.pronamespace IN (home, to_regnamespace('public')) \
             AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype IN ('e', 'i')) \
         LOOP EXECUTE format('DROP %s IF EXISTS %s CASCADE', CASE item.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' \
           ELSE 'FUNCTION' END, item.name); END LOOP; \
         FOR item IN SELECT format_type(t.oid, NULL) AS name, t.typtype FROM pg_type t \
           WHERE t.typnamespace IN (home, to_regnamespace('public')) AND t.typtype IN ('c', 'd', 'e', 'r') \
             AND (t.typrelid = 0 OR EXISTS (SELECT 1 FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c')) \
             AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype IN ('e', 'i')) \
         LOOP EXECUTE format('DROP %s IF EXISTS %s CASCADE', CASE item.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, item.name); END LOOP; \
         END",
        quote(home)
    );
    format!("DO {}", quote(&block))
}
