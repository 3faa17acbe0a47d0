//! Two folders for two engines, behind one service: whether their schemas are the same to it.
//!
//! The same is what Diesel makes the same: of two columns a Rust type must exist that both can be read as.

use std::collections::{BTreeMap, BTreeSet};

use super::{Column, ConstraintKind, Schema, Table, TypeKind};
use crate::config::Backend;
use crate::diagnostics::{Diagnostic, Label};

const RULE: &str = "schema-parity";

/// A schema, and what is to be known of where it comes from.
pub(crate) struct Side<'a> {
    pub(crate) backend: Backend,
    pub(crate) schema: &'a Schema,
    /// What stands before its files' paths, as the other side calls them: `../sqlite/`, or nothing.
    pub(crate) prefix: &'a str,
}

impl Side<'_> {
    /// Where a column was made, as a label has it.
    fn label(&self, column: Option<&Column>, text: String) -> Option<Label> {
        let (file, span) = column?.place.clone()?;
        Some(Label { file: Some(format!("{}{file}", self.prefix)), span, text })
    }

    /// A finding at a column.
    fn at(&self, column: Option<&Column>, message: String) -> Diagnostic {
        let (file, span) = column.and_then(|c| c.place.clone()).unwrap_or_default();
        Diagnostic::new(RULE, &format!("{}{file}", self.prefix), span, message)
    }

    /// What a person calls it.
    fn name(&self) -> String {
        match self.prefix.trim_end_matches('/') {
            "" => "here".to_owned(),
            folder => format!("in {folder}"),
        }
    }

    /// Its tables by name; those of another schema than the usual with it.
    fn tables(&self) -> BTreeMap<String, &Table> {
        let usual = |t: &Table| matches!(t.schema.as_str(), "public" | "main" | "");
        let name =
            |t: &Table| if usual(t) { lower(&t.name) } else { format!("{}.{}", lower(&t.schema), lower(&t.name)) };
        self.schema.tables.iter().filter(|t| t.kind.is_table()).map(|t| (name(t), t)).collect()
    }
}

/// SQLite and MySQL do not tell `Id` from `id`.
fn lower(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// All that differs, told from the side of `ours`.
pub(crate) fn compare(ours: &Side<'_>, theirs: &Side<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let (own, other) = (ours.tables(), theirs.tables());
    for (name, table) in &own {
        match other.get(name) {
            Some(twin) => tables(name, (ours, table), (theirs, twin), &mut found),
            None => missing_table(name, (ours, table), theirs, &mut found),
        }
    }
    for (name, table) in &other {
        if !own.contains_key(name) {
            missing_table(name, (theirs, table), ours, &mut found);
        }
    }
    found
}

fn missing_table(name: &str, (with, table): (&Side<'_>, &Table), without: &Side<'_>, found: &mut Vec<Diagnostic>) {
    if without.schema.open {
        return;
    }
    let message = format!("table \"{name}\" is {}, and not {}", with.name(), without.name());
    let diagnostic = with.at(table.columns.first(), message);
    found.push(diagnostic.help(format!("write a migration that creates it {}", without.name())));
}

fn tables(name: &str, ours: (&Side<'_>, &Table), theirs: (&Side<'_>, &Table), found: &mut Vec<Diagnostic>) {
    for (with, without) in [(ours, theirs), (theirs, ours)] {
        for column in &with.1.columns {
            if !without.1.open && self::column(without.1, &column.name).is_none() {
                let (a, b) = (with.0.name(), without.0.name());
                let message = format!("column \"{}\" of \"{name}\" is {a}, and not {b}", column.name);
                let mut diagnostic =
                    with.0.at(Some(column), message).help(format!("write a migration that adds it {b}"));
                diagnostic.labels.extend(without.0.label(without.1.columns.first(), "the table is here".to_owned()));
                found.push(diagnostic);
            }
        }
    }
    for own in &ours.1.columns {
        if let Some(other) = column(theirs.1, &own.name) {
            columns(name, (ours, own), (theirs, other), found);
        }
    }
    keys(name, ours, theirs, found);
}

fn column<'a>(table: &'a Table, name: &str) -> Option<&'a Column> {
    table.columns.iter().find(|c| c.name.eq_ignore_ascii_case(name))
}

type Of<'a> = (&'a Side<'a>, &'a Table);

fn columns(
    table: &str,
    (ours, own): (Of<'_>, &Column),
    (theirs, other): (Of<'_>, &Column),
    found: &mut Vec<Diagnostic>,
) {
    let name = &own.name;
    let mut differs = |message: String, label: String, other_label: String, help: String| {
        let mut diagnostic = ours.0.at(Some(own), message).label(label).help(help);
        diagnostic.labels.extend(theirs.0.label(Some(other), other_label));
        found.push(diagnostic);
    };
    let of = |side: Of<'_>, column: &Column| read_as(side.0.backend, &column.sql_type, side.0.schema);
    if let (Some(a), Some(b)) = (of(ours, own), of(theirs, other))
        && !a.iter().any(|t| b.contains(t))
    {
        let (a, b) = (a.join(" or "), b.join(" or "));
        differs(
            format!("column \"{name}\" of \"{table}\" is one Rust type here and another {}", theirs.0.name()),
            format!("{}: {a}", own.sql_type),
            format!("{}: {b}", other.sql_type),
            "choose types of which Diesel reads one Rust type: one `table!` is then true of both".to_owned(),
        );
    }
    let (a, b) = (takes_null(ours, own), takes_null(theirs, other));
    if a != b {
        let says = |takes| if takes { "takes NULL" } else { "does not take NULL" };
        differs(
            format!("column \"{name}\" of \"{table}\" {} here, and {} {}", says(a), says(b), theirs.0.name()),
            says(a).to_owned(),
            says(b).to_owned(),
            "make both NOT NULL, or neither: it is an `Option` in Rust, or it is not".to_owned(),
        );
    }
}

/// SQLite's row number takes NULL and is never NULL.
fn takes_null((side, table): Of<'_>, column: &Column) -> bool {
    let row_number = side.backend == Backend::Sqlite
        && column.sql_type.eq_ignore_ascii_case("integer")
        && matches!(table.primary_key(), [only] if only.eq_ignore_ascii_case(&column.name));
    column.nullable && !row_number
}

fn keys(name: &str, ours: Of<'_>, theirs: Of<'_>, found: &mut Vec<Diagnostic>) {
    let mut differs = |message: String, has: Of<'_>, lacks: Of<'_>| {
        let mut diagnostic = has.0.at(has.1.columns.first(), message);
        diagnostic.labels.extend(lacks.0.label(lacks.1.columns.first(), "the other table".to_owned()));
        found.push(diagnostic.help("write a migration that makes the two agree"));
    };
    let (a, b) = (names(ours.1.primary_key()), names(theirs.1.primary_key()));
    if a != b {
        let said = |key: &[String]| if key.is_empty() { "none".to_owned() } else { format!("({})", key.join(", ")) };
        let message =
            format!("the primary key of \"{name}\" is {} here, and {} {}", said(&a), said(&b), theirs.0.name());
        differs(message, ours, theirs);
    }
    for (with, without) in [(ours, theirs), (theirs, ours)] {
        let (a, b) = (with.0.name(), without.0.name());
        let others = unique(without.1);
        for key in unique(with.1).difference(&others) {
            let key = Vec::from_iter(key.iter().map(String::as_str)).join(", ");
            differs(format!("({key}) of \"{name}\" is unique {a}, and not {b}"), with, without);
        }
        let others = references(without);
        for (columns, table, target, action) in references(with).difference(&others) {
            let (columns, target) = (columns.join(", "), target.join(", "));
            let message = format!(
                "({columns}) of \"{name}\" references \"{table}\" ({target}) ON DELETE {} {a}, and not {b}",
                action.to_ascii_uppercase()
            );
            differs(message, with, without);
        }
    }
}

fn names(columns: &[String]) -> Vec<String> {
    columns.iter().map(|c| lower(c)).collect()
}

/// The sets of columns of which no two rows have the same values; the primary key's not among them.
fn unique(table: &Table) -> BTreeSet<BTreeSet<String>> {
    let constraints = table.constraints.iter().filter(|c| c.kind == ConstraintKind::Unique);
    let indexes = table.indexes.iter().filter(|i| i.unique && !i.partial);
    let of_indexes = indexes.filter_map(|i| i.columns.iter().cloned().collect::<Option<Vec<String>>>());
    let all = constraints.map(|c| c.columns.clone()).chain(of_indexes);
    let primary = BTreeSet::from_iter(names(table.primary_key()));
    all.map(|columns| BTreeSet::from_iter(names(&columns))).filter(|key| *key != primary).collect()
}

/// Columns, the other table, its columns, what happens to the row when the other goes.
type Reference = (Vec<String>, String, Vec<String>, &'static str);

fn references((side, table): Of<'_>) -> BTreeSet<Reference> {
    let of = |c: &super::Constraint| match &c.kind {
        ConstraintKind::ForeignKey { table: other, columns, on_delete, .. } => {
            let key = || side.tables().get(&lower(other)).map(|t| names(t.primary_key())).unwrap_or_default();
            let target = if columns.is_empty() { key() } else { names(columns) };
            Some((names(&c.columns), lower(other), target, *on_delete))
        }
        _ => None,
    };
    table.constraints.iter().filter_map(of).collect()
}

/// The Rust types that Diesel reads a column as (`FromSql` of diesel 2.3, with its features); `None`: not known.
fn read_as(backend: Backend, sql_type: &str, schema: &Schema) -> Option<Vec<&'static str>> {
    let lower = sql_type.to_ascii_lowercase();
    let plain = lower.split('(').next().unwrap_or_default().trim();
    let types: &[&'static str] = match backend {
        Backend::Postgres => {
            if let Some(array) = lower.strip_suffix("[]") {
                read_as(backend, array, schema)?;
                return Some(vec!["Vec<Option<_>>"]);
            }
            match plain {
                "smallint" => &["i16"],
                "integer" => &["i32"],
                "bigint" => &["i64"],
                "real" => &["f32"],
                "double precision" => &["f64"],
                "numeric" => &["BigDecimal"],
                "boolean" => &["bool"],
                "text" | "character varying" | "character" | "citext" | "name" => &["String"],
                "bytea" => &["Vec<u8>"],
                "date" => &["NaiveDate"],
                // `time(3) without time zone` as well.
                "time" if !lower.ends_with("with time zone") => &["NaiveTime"],
                "time without time zone" => &["NaiveTime"],
                "timestamp" if !lower.ends_with("with time zone") => &["NaiveDateTime"],
                "timestamp without time zone" => &["NaiveDateTime"],
                "timestamp" | "timestamp with time zone" => &["DateTime<Utc>", "NaiveDateTime"],
                "uuid" => &["Uuid"],
                "json" | "jsonb" => &["serde_json::Value"],
                "interval" => &["PgInterval"],
                "inet" | "cidr" => &["IpNetwork"],
                _ => return own_type(sql_type, backend, schema),
            }
        }
        Backend::Sqlite => of_sqlite(plain)?,
        Backend::Mysql | Backend::Mariadb => {
            let unsigned = lower.contains("unsigned");
            match plain.split(' ').next().unwrap_or_default() {
                "tinyint" if lower.starts_with("tinyint(1)") => &["bool", "i8"],
                "bool" | "boolean" => &["bool", "i8"],
                "tinyint" if unsigned => &["u8"],
                "tinyint" => &["i8"],
                "smallint" if unsigned => &["u16"],
                "smallint" => &["i16"],
                "int" | "integer" | "mediumint" if unsigned => &["u32"],
                "int" | "integer" | "mediumint" => &["i32"],
                "bigint" if unsigned => &["u64"],
                "bigint" => &["i64"],
                "float" => &["f32"],
                "double" => &["f64"],
                "decimal" | "numeric" => &["BigDecimal"],
                "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" => &["String"],
                "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => &["Vec<u8>"],
                "date" => &["NaiveDate"],
                "time" => &["NaiveTime"],
                "datetime" | "timestamp" => &["NaiveDateTime"],
                "json" => &["serde_json::Value", "String"],
                _ => return None,
            }
        }
    };
    Some(types.to_vec())
}

/// A type that a migration made: a domain is what it is over, an enum a Rust type of the service's own, read from text.
fn own_type(sql_type: &str, backend: Backend, schema: &Schema) -> Option<Vec<&'static str>> {
    let name = sql_type.rsplit('.').next().unwrap_or_default().trim_matches('"');
    match &schema.types.iter().find(|t| t.name == name)?.kind {
        TypeKind::Enum(_) => Some(vec!["String"]),
        TypeKind::Domain { base, .. } if base != sql_type => read_as(backend, base, schema),
        _ => None,
    }
}

/// SQLite keeps what it is given, by the affinity of the declared type ("Datatypes In SQLite", 3.1), and Diesel reads
/// integers of any size from integers, and dates and JSON from text.
fn of_sqlite(declared: &str) -> Option<&'static [&'static str]> {
    const INTEGERS: &[&str] = &["i64", "i32", "i16", "bool"];
    let has = |word: &str| declared.contains(word);
    Some(match declared {
        "boolean" | "bool" => &["bool"],
        "date" => &["NaiveDate"],
        "time" => &["NaiveTime"],
        "datetime" | "timestamp" | "timestamptz" => &["NaiveDateTime", "DateTime<Utc>"],
        "json" | "jsonb" => &["serde_json::Value"],
        _ if has("int") => INTEGERS,
        _ if has("char") || has("clob") || has("text") => {
            &["String", "NaiveDateTime", "DateTime<Utc>", "NaiveDate", "NaiveTime", "serde_json::Value"]
        }
        _ if has("blob") || declared.is_empty() => &["Vec<u8>"],
        _ if has("real") || has("floa") || has("doub") => &["f64", "f32", "BigDecimal"],
        _ if has("num") || has("dec") => &["BigDecimal", "f64", "f32"],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Sources, analyze};

    fn schema(backend: Backend, sql: &str) -> Schema {
        let analysis = analyze(Sources::from_texts([("001_a.sql", sql)]), &Config::new(backend));
        let wrong: Vec<_> = analysis.diagnostics.iter().filter(|d| d.sqlstate.is_some()).map(|d| &d.message).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        analysis.schema
    }

    /// What differs between a schema of PostgreSQL and one of SQLite.
    #[track_caller]
    fn differs(postgres: &str, sqlite: &str, expected: &[&str]) {
        let (ours, theirs) = (schema(Backend::Postgres, postgres), schema(Backend::Sqlite, sqlite));
        let ours = Side { backend: Backend::Postgres, schema: &ours, prefix: "" };
        let theirs = Side { backend: Backend::Sqlite, schema: &theirs, prefix: "../sqlite/" };
        let found = compare(&ours, &theirs);
        assert_eq!(found.iter().map(|d| d.message.as_str()).collect::<Vec<_>>(), expected);
        for diagnostic in found {
            assert!(diagnostic.file.ends_with("001_a.sql") && diagnostic.help.is_some(), "{diagnostic:?}");
        }
    }

    /// A column of these two types in each.
    #[track_caller]
    fn types(postgres: &str, sqlite: &str, same: bool) {
        let of = |t: &str| format!("CREATE TABLE t (c {t} NOT NULL);");
        let message = "column \"c\" of \"t\" is one Rust type here and another in ../sqlite";
        differs(&of(postgres), &of(sqlite), if same { &[] } else { std::slice::from_ref(&message) });
    }

    #[test]
    fn types_are_the_same_where_diesel_reads_one_rust_type() {
        for (postgres, sqlite) in [
            ("bigint", "INTEGER"),
            ("integer", "INT"),
            ("boolean", "BOOLEAN"),
            ("boolean", "INTEGER"),
            ("text", "TEXT"),
            ("varchar(20)", "VARCHAR(20)"),
            ("timestamptz", "TIMESTAMP"),
            ("timestamptz(3)", "TEXT"),
            ("timestamp(3)", "DATETIME"),
            ("date", "DATE"),
            ("jsonb", "TEXT"),
            ("numeric(10, 2)", "NUMERIC(10, 2)"),
            ("double precision", "REAL"),
            ("bytea", "BLOB"),
            // Of a type that is not known here nothing is said.
            ("tsvector", "TEXT"),
            ("text", "MONEY"),
        ] {
            types(postgres, sqlite, true);
        }
        for (postgres, sqlite) in [
            ("uuid", "TEXT"),
            ("bigint", "TEXT"),
            ("text", "INTEGER"),
            ("text[]", "TEXT"),
            ("boolean", "TEXT"),
            ("timestamptz", "INTEGER"),
            ("bytea", "TEXT"),
        ] {
            types(postgres, sqlite, false);
        }
        differs(
            "CREATE TYPE mood AS ENUM ('ok'); CREATE DOMAIN n AS integer; CREATE TABLE t (m mood, d n);",
            "CREATE TABLE t (m TEXT, d TEXT);",
            &["column \"d\" of \"t\" is one Rust type here and another in ../sqlite"],
        );
    }

    #[test]
    fn tables_and_columns_are_in_both() {
        differs(
            "CREATE TABLE a (id bigint PRIMARY KEY, x int); CREATE TABLE b (id bigint PRIMARY KEY);",
            "CREATE TABLE A (ID INTEGER PRIMARY KEY, y INT); CREATE TABLE c (id INTEGER PRIMARY KEY);",
            &[
                "column \"x\" of \"a\" is here, and not in ../sqlite",
                "column \"y\" of \"a\" is in ../sqlite, and not here",
                "table \"b\" is here, and not in ../sqlite",
                "table \"c\" is in ../sqlite, and not here",
            ],
        );
    }

    #[test]
    fn null_is_taken_by_both_or_none() {
        differs(
            "CREATE TABLE a (id bigint PRIMARY KEY, x int NOT NULL, y int);",
            "CREATE TABLE a (id INTEGER PRIMARY KEY, x INT, y INT NOT NULL);",
            &[
                "column \"x\" of \"a\" does not take NULL here, and takes NULL in ../sqlite",
                "column \"y\" of \"a\" takes NULL here, and does not take NULL in ../sqlite",
            ],
        );
        // Only a row number is never NULL: SQLite takes NULL in other primary keys.
        differs(
            "CREATE TABLE a (id text PRIMARY KEY);",
            "CREATE TABLE a (id TEXT PRIMARY KEY);",
            &["column \"id\" of \"a\" does not take NULL here, and takes NULL in ../sqlite"],
        );
    }

    #[test]
    fn keys_are_the_same() {
        differs(
            "CREATE TABLE a (x int PRIMARY KEY, y int NOT NULL, z int NOT NULL CONSTRAINT u UNIQUE);",
            "CREATE TABLE a (x INT NOT NULL, y INT NOT NULL, z INT NOT NULL, PRIMARY KEY (x, y));
             CREATE UNIQUE INDEX i ON a (y); CREATE UNIQUE INDEX p ON a (z) WHERE z > 0;",
            &[
                "the primary key of \"a\" is (x) here, and (x, y) in ../sqlite",
                "(z) of \"a\" is unique here, and not in ../sqlite",
                "(y) of \"a\" is unique in ../sqlite, and not here",
            ],
        );
        let a = "CREATE TABLE a (id integer NOT NULL PRIMARY KEY);";
        let b = |key: &str| format!("{a} CREATE TABLE b (a integer REFERENCES a {key});");
        differs(&b("(id) ON DELETE CASCADE"), &b("ON DELETE CASCADE"), &[]);
        differs(
            &b("ON DELETE CASCADE"),
            &b(""),
            &[
                "(a) of \"b\" references \"a\" (id) ON DELETE CASCADE here, and not in ../sqlite",
                "(a) of \"b\" references \"a\" (id) ON DELETE NO ACTION in ../sqlite, and not here",
            ],
        );
    }

    #[test]
    fn where_something_is_not_known_nothing_is_missing() {
        let open = "DO $$ BEGIN EXECUTE (SELECT x FROM generate_series(1, 2) x); END $$;";
        differs(open, "CREATE TABLE c (id INTEGER PRIMARY KEY);", &[]);
    }
}
