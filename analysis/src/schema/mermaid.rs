//! The schema as a Mermaid entity relationship diagram.

use std::fmt::Write;

use super::{Column, ConstraintKind, Schema, Table};

/// A schema as Mermaid's `erDiagram`: a box a table, a line a foreign key. Views are left out, and so are the schemas'
/// names where there is one schema alone.
///
/// ```
/// use glowplug_analysis::{Backend, Config, Sources, analyze, schema};
/// let sources = Sources::from_texts([("0001_a.sql", "CREATE TABLE a (id bigint PRIMARY KEY, b text);")]);
/// let analysis = analyze(sources, &Config::new(Backend::Postgres));
/// assert_eq!(
///     schema::mermaid(&analysis.schema),
///     "erDiagram\n    \"a\" {\n        bigint id PK\n        text b \"null\"\n    }\n"
/// );
/// ```
#[must_use]
pub fn mermaid(schema: &Schema) -> String {
    let tables: Vec<&Table> = schema.tables.iter().filter(|t| t.kind.is_table()).collect();
    let several = tables.windows(2).any(|pair| pair[0].schema != pair[1].schema);
    let entity = |schema: &str, name: &str| {
        let name = if several { format!("{schema}.{name}") } else { name.to_owned() };
        format!("\"{}\"", plain(&name, |c| !c.is_control() && !matches!(c, '"' | '%' | '\\')))
    };
    let mut text = "erDiagram\n".to_owned();
    for table in &tables {
        let _ = writeln!(text, "    {} {{", entity(&table.schema, &table.name));
        for column in &table.columns {
            let _ = writeln!(text, "        {}", attribute(table, column));
        }
        text.push_str("    }\n");
    }
    for table in &tables {
        for constraint in &table.constraints {
            let ConstraintKind::ForeignKey { schema, table: other, .. } = &constraint.kind else { continue };
            let holds = |test: fn(&Column) -> bool| {
                table.columns.iter().any(|c| constraint.columns.contains(&c.name) && test(c))
            };
            // The other row is there unless a column of the key may be NULL; of these rows there is one where the key
            // is unique by itself.
            let one = if holds(|c| c.nullable) { "|o" } else { "||" };
            let many = if is_unique(table, &constraint.columns) { "o|" } else { "o{" };
            let (from, to) = (entity(schema, other), entity(&table.schema, &table.name));
            let label = plain(&constraint.columns.join(", "), |c| !c.is_control() && c != '"');
            let _ = writeln!(text, "    {from} {one}--{many} {to} : \"{label}\"");
        }
    }
    text
}

fn is_unique(table: &Table, columns: &[String]) -> bool {
    table.constraints.iter().any(|c| {
        matches!(c.kind, ConstraintKind::PrimaryKey | ConstraintKind::Unique)
            && c.columns.iter().all(|column| columns.contains(column))
    })
}

/// `type name keys "note"`. Mermaid's words are letters, digits, `_`, `-`, `(`, `)`, `[` and `]`.
fn attribute(table: &Table, column: &Column) -> String {
    let word = |text: &str| {
        let word = plain(text, |c| c.is_alphanumeric() || matches!(c, '_' | '-' | '(' | ')' | '[' | ']'));
        // A word begins with a letter.
        if word.starts_with(char::is_alphabetic) { word } else { format!("x{word}") }
    };
    let sql_type = if column.sql_type.is_empty() { "any" } else { &column.sql_type };
    let mut keys = Vec::new();
    for constraint in table.constraints.iter().filter(|c| c.columns.contains(&column.name)) {
        match constraint.kind {
            ConstraintKind::PrimaryKey => keys.push("PK"),
            ConstraintKind::ForeignKey { .. } => keys.push("FK"),
            ConstraintKind::Unique if constraint.columns.len() == 1 => keys.push("UK"),
            _ => {}
        }
    }
    keys.sort_unstable_by_key(|key| ["PK", "FK", "UK"].iter().position(|k| k == key));
    keys.dedup();
    let mut line = format!("{} {}", word(sql_type), word(&column.name));
    if !keys.is_empty() {
        line = format!("{line} {}", keys.join(", "));
    }
    if column.nullable {
        line.push_str(" \"null\"");
    }
    line
}

/// The text with `_` for every character that may not stand.
fn plain(text: &str, may_stand: impl Fn(char) -> bool) -> String {
    text.chars().map(|c| if may_stand(c) { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use crate::{Backend, Config, Sources, analyze};

    #[test]
    fn keys_lines_and_awkward_names() {
        let sql = "CREATE TABLE \"two words\" (id int PRIMARY KEY, at timestamp(3) with time zone NOT NULL);\n\
            CREATE TABLE b (a_id int NOT NULL REFERENCES \"two words\", c int UNIQUE REFERENCES \"two words\",\n\
                \"9\" double precision[], PRIMARY KEY (a_id, \"9\"));\n\
            CREATE VIEW v AS SELECT 1 AS one;";
        let analysis = analyze(Sources::from_texts([("0001_a.sql", sql)]), &Config::new(Backend::Postgres));
        let expected = [
            "erDiagram",
            "    \"b\" {",
            "        integer a_id PK, FK",
            "        integer c FK, UK \"null\"",
            "        double_precision[] x9 PK",
            "    }",
            "    \"two words\" {",
            "        integer id PK",
            "        timestamp(3)_with_time_zone at",
            "    }",
            "    \"two words\" ||--o{ \"b\" : \"a_id\"",
            "    \"two words\" |o--o| \"b\" : \"c\"",
            "",
        ];
        assert_eq!(super::mermaid(&analysis.schema), expected.join("\n"));
    }
}
