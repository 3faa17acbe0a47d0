//! What a database holds, in an order of no meaning: for whoever asks whether a schema is what it was. Rows, the order of
//! columns, comments, owners and privileges are not part of it.

use std::collections::BTreeSet;

use diesel::prelude::*;
use postgres::{Client, SimpleQueryMessage};

/// The columns of each are put together with `|`.
const OF_POSTGRES: &str = "
    SELECT 'schema', nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema';
    SELECT 'extension', extname FROM pg_extension;
    SELECT CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view'
             WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' ELSE 'type' END,
           c.oid::regclass, relkind
      FROM pg_class c WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c') AND relnamespace IN (SELECT * FROM own)
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e');
    SELECT 'column', a.attname, c.oid::regclass, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
           a.attgenerated, pg_get_expr(d.adbin, d.adrelid)
      FROM pg_class c
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relnamespace IN (SELECT * FROM own) AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c');
    SELECT 'constraint', conname, conrelid::regclass, pg_get_constraintdef(oid), convalidated FROM pg_constraint
     WHERE connamespace IN (SELECT * FROM own) AND contype NOT IN ('n', 't');
    SELECT 'index', indexrelid::regclass, pg_get_indexdef(indexrelid), indisvalid FROM pg_index
      JOIN pg_class c ON c.oid = indexrelid WHERE c.relnamespace IN (SELECT * FROM own);
    SELECT 'definition', c.oid::regclass, pg_get_viewdef(c.oid) FROM pg_class c
     WHERE relkind IN ('v', 'm') AND relnamespace IN (SELECT * FROM own);
    SELECT 'function', oid::regprocedure, prosrc, pg_get_function_result(oid), provolatile, prokind FROM pg_proc p
     WHERE pronamespace IN (SELECT * FROM own)
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e');
    SELECT 'child', i.inhrelid::regclass, i.inhparent::regclass FROM pg_inherits i JOIN pg_class c ON c.oid = inhrelid
     WHERE c.relnamespace IN (SELECT * FROM own);
    SELECT 'trigger', tgname, tgrelid::regclass, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal;
    SELECT 'type', t.oid::regtype, typtype, format_type(typbasetype, typtypmod), typnotnull FROM pg_type t
     WHERE typtype IN ('e', 'd', 'r') AND typnamespace IN (SELECT * FROM own)
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e');
    SELECT 'labels', enumtypid::regtype, array_agg(enumlabel::text ORDER BY enumsortorder)::text FROM pg_enum GROUP BY 2;
    SELECT 'policy', policyname, schemaname, tablename, cmd, qual, with_check FROM pg_policies;
    SELECT 'rule', rulename, schemaname, tablename, definition FROM pg_rules WHERE schemaname !~ '^pg_'";

/// The schema of a PostgreSQL database: a line for each thing, its kind and name first.
pub fn of_postgres(client: &mut Client) -> BTreeSet<String> {
    let own = "(SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema')";
    // Every name with its schema.
    let queries =
        format!("SET search_path = pg_catalog; {}; RESET search_path", OF_POSTGRES.replace("(SELECT * FROM own)", own));
    let messages = client.simple_query(&queries).unwrap_or_else(|error| panic!("{error}"));
    let rows = messages.iter().filter_map(|m| if let SimpleQueryMessage::Row(row) = m { Some(row) } else { None });
    rows.map(|row| (0..row.len()).map(|i| row.get(i).unwrap_or_default()).collect::<Vec<_>>().join("|")).collect()
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}

/// The schema of an SQLite database, likewise. The text of a table is not part of it: an ALTER writes it otherwise.
pub fn of_sqlite(connection: &mut SqliteConnection) -> BTreeSet<String> {
    let queries = [
        "SELECT m.type || '|' || m.name || '|' ||
                CASE WHEN m.type IN ('view', 'trigger') THEN coalesce(m.sql, '') ELSE m.tbl_name END AS line
           FROM sqlite_schema m WHERE m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
        "SELECT 'column|' || c.name || '|' || m.name || '|' || c.type || '|' || c.\"notnull\" || '|' || c.pk || '|' ||
                c.hidden || '|' || coalesce(c.dflt_value, '') AS line
           FROM sqlite_schema m, pragma_table_xinfo(m.name) c
          WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
        "SELECT 'index|' || CASE i.origin WHEN 'c' THEN i.name ELSE '' END || '|' || m.name || '|' || i.\"unique\" || '|' ||
                i.origin || '|' || i.partial || '|' ||
                (SELECT group_concat(coalesce(x.name, '?') || x.\"desc\" || x.coll) FROM pragma_index_xinfo(i.name) x) AS line
           FROM sqlite_schema m, pragma_index_list(m.name) i WHERE m.type = 'table'",
        "SELECT 'foreign key|' || f.\"from\" || '|' || m.name || '|' || f.\"table\" || '|' || coalesce(f.\"to\", '') || '|' ||
                f.on_update || '|' || f.on_delete AS line
           FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'",
    ];
    let mut lines = BTreeSet::new();
    for query in queries {
        let rows: Vec<Line> =
            diesel::sql_query(query).load(connection).unwrap_or_else(|error| panic!("{query}\n{error}"));
        lines.extend(rows.into_iter().map(|row| row.line));
    }
    lines
}
