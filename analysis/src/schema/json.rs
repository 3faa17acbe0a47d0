//! The schema as JSON: a contract that other programs read. Fields are added, never changed.

use serde::Serialize;

use super::{ConstraintKind, Schema, TypeKind};

#[derive(Serialize)]
struct Whole<'a> {
    tables: Vec<Table<'a>>,
    types: Vec<UserType<'a>>,
}

#[derive(Serialize)]
struct Table<'a> {
    schema: &'a str,
    name: &'a str,
    kind: &'a str,
    columns: Vec<Column<'a>>,
    primary_key: &'a [String],
    constraints: Vec<Constraint<'a>>,
    indexes: Vec<Index<'a>>,
}

#[derive(Serialize)]
struct Column<'a> {
    name: &'a str,
    r#type: &'a str,
    nullable: bool,
    default: Option<&'a str>,
    identity: Option<&'a str>,
    generated: Option<&'a str>,
}

#[derive(Serialize)]
struct Constraint<'a> {
    name: &'a str,
    kind: &'a str,
    columns: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    references: Option<References<'a>>,
}

#[derive(Serialize)]
struct References<'a> {
    schema: &'a str,
    table: &'a str,
    columns: &'a [String],
    on_delete: &'a str,
    on_update: &'a str,
}

#[derive(Serialize)]
struct Index<'a> {
    name: &'a str,
    unique: bool,
    columns: &'a [Option<String>],
}

#[derive(Serialize)]
struct UserType<'a> {
    schema: &'a str,
    name: &'a str,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<&'a [String]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<Vec<Attribute<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nullable: Option<bool>,
}

#[derive(Serialize)]
struct Attribute<'a> {
    name: &'a str,
    r#type: &'a str,
}

/// A schema as one line of JSON, without a line end.
///
/// A column of an index is `null` where it is an expression. Only an enum has `labels`, only a composite type
/// `attributes`, only a domain `base` and `nullable`, only a foreign key `references`.
///
/// ```
/// use glowplug_analysis::{Backend, Config, Sources, analyze, schema};
/// let sources = Sources::from_texts([("0001_a.sql", "CREATE TYPE mood AS ENUM ('sad', 'ok');")]);
/// let analysis = analyze(sources, &Config::new(Backend::Postgres));
/// assert_eq!(
///     schema::json(&analysis.schema),
///     r#"{"tables":[],"types":[{"schema":"public","name":"mood","kind":"enum","labels":["sad","ok"]}]}"#
/// );
/// ```
#[must_use]
pub fn json(schema: &Schema) -> String {
    let tables = schema.tables.iter().map(|t| Table {
        schema: &t.schema,
        name: &t.name,
        kind: t.kind.as_str(),
        columns: t
            .columns
            .iter()
            .map(|c| Column {
                name: &c.name,
                r#type: &c.sql_type,
                nullable: c.nullable,
                default: c.default.as_deref(),
                identity: c.identity.map(super::Identity::as_str),
                generated: c.generated.as_deref(),
            })
            .collect(),
        primary_key: t.primary_key(),
        constraints: t.constraints.iter().map(constraint).collect(),
        indexes: t.indexes.iter().map(|i| Index { name: &i.name, unique: i.unique, columns: &i.columns }).collect(),
    });
    let types = schema.types.iter().map(|t| {
        let mut shown = UserType {
            schema: &t.schema,
            name: &t.name,
            kind: t.kind.as_str(),
            labels: None,
            attributes: None,
            base: None,
            nullable: None,
        };
        match &t.kind {
            TypeKind::Enum(labels) => shown.labels = Some(labels),
            TypeKind::Composite(fields) => {
                shown.attributes = Some(fields.iter().map(|(name, r#type)| Attribute { name, r#type }).collect());
            }
            TypeKind::Domain { base, nullable } => {
                shown.base = Some(base);
                shown.nullable = Some(*nullable);
            }
            TypeKind::Range | TypeKind::Base => {}
        }
        shown
    });
    let whole = Whole { tables: tables.collect(), types: types.collect() };
    // Texts and numbers alone: there is nothing in it that could fail.
    serde_json::to_string(&whole).unwrap_or_default()
}

fn constraint(c: &super::Constraint) -> Constraint<'_> {
    let references = match &c.kind {
        ConstraintKind::ForeignKey { schema, table, columns, on_delete, on_update } => {
            Some(References { schema, table, columns, on_delete, on_update })
        }
        _ => None,
    };
    Constraint { name: &c.name, kind: c.kind.as_str(), columns: &c.columns, references }
}

#[cfg(test)]
mod tests {
    use crate::{Backend, Config, Sources, analyze};

    #[test]
    fn the_contract_field_by_field() {
        let sql = "CREATE TYPE mood AS ENUM ('sad', 'ok');\n\
            CREATE TYPE pair AS (a int, b text);\n\
            CREATE DOMAIN positive AS int NOT NULL CHECK (VALUE > 0);\n\
            CREATE TABLE users (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), email varchar(20) NOT NULL UNIQUE);\n\
            CREATE TABLE posts (\n\
                id bigint GENERATED BY DEFAULT AS IDENTITY, author uuid REFERENCES users ON DELETE CASCADE,\n\
                n int CHECK (n > 0), twice int GENERATED ALWAYS AS (n * 2) STORED);\n\
            CREATE INDEX ON posts (author, (n + 1));\n\
            CREATE VIEW authors AS SELECT author FROM posts;";
        let analysis = analyze(Sources::from_texts([("0001_a.sql", sql)]), &Config::new(Backend::Postgres));
        let expected = [
            r#"{"tables":["#,
            r#"{"schema":"public","name":"authors","kind":"view","columns":[{"name":"author","type":"uuid","nullable":true,"default":null,"identity":null,"generated":null}],"primary_key":[],"constraints":[],"indexes":[]},"#,
            r#"{"schema":"public","name":"posts","kind":"table","columns":["#,
            r#"{"name":"id","type":"bigint","nullable":false,"default":null,"identity":"by default","generated":null},"#,
            r#"{"name":"author","type":"uuid","nullable":true,"default":null,"identity":null,"generated":null},"#,
            r#"{"name":"n","type":"integer","nullable":true,"default":null,"identity":null,"generated":null},"#,
            r#"{"name":"twice","type":"integer","nullable":true,"default":null,"identity":null,"generated":"n * 2"}],"#,
            r#""primary_key":[],"constraints":["#,
            r#"{"name":"posts_author_fkey","kind":"foreign_key","columns":["author"],"references":{"schema":"public","table":"users","columns":["id"],"on_delete":"cascade","on_update":"no action"}},"#,
            r#"{"name":"posts_n_check","kind":"check","columns":["n"]}],"#,
            r#""indexes":[{"name":"posts_author_expr_idx","unique":false,"columns":["author",null]}]},"#,
            r#"{"schema":"public","name":"users","kind":"table","columns":["#,
            r#"{"name":"id","type":"uuid","nullable":false,"default":"gen_random_uuid()","identity":null,"generated":null},"#,
            r#"{"name":"email","type":"character varying(20)","nullable":false,"default":null,"identity":null,"generated":null}],"#,
            r#""primary_key":["id"],"constraints":["#,
            r#"{"name":"users_email_key","kind":"unique","columns":["email"]},"#,
            r#"{"name":"users_pkey","kind":"primary_key","columns":["id"]}],"#,
            r#""indexes":[{"name":"users_email_key","unique":true,"columns":["email"]},{"name":"users_pkey","unique":true,"columns":["id"]}]}],"#,
            r#""types":[{"schema":"public","name":"mood","kind":"enum","labels":["sad","ok"]},"#,
            r#"{"schema":"public","name":"pair","kind":"composite","attributes":[{"name":"a","type":"integer"},{"name":"b","type":"text"}]},"#,
            r#"{"schema":"public","name":"positive","kind":"domain","base":"integer","nullable":false}]}"#,
        ];
        assert_eq!(super::json(&analysis.schema), expected.concat());
    }
}
