//! What the schema will be once every migration is applied: the last catalog, for programs that read it.

#[cfg(feature = "json")]
mod json;
mod mermaid;
pub(crate) mod parity;

#[cfg(feature = "json")]
pub use json::json;
pub use mermaid::mermaid;

use crate::catalog::object::{self, ConstraintType, TableKind, UserTypeKind};
use crate::catalog::{Catalog, Object};
use crate::change;
use crate::span::Span;

/// The schema that a folder of migrations makes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// Its tables and views, by schema and name. Temporary ones are left out: no later session sees them.
    pub tables: Vec<Table>,
    /// The types that migrations make, by schema and name.
    pub types: Vec<UserType>,
    /// Whether there may be more than is listed here, because something that made it cannot be read.
    pub open: bool,
}

/// What a [`Table`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A table.
    Table,
    /// A table whose rows are in its partitions.
    PartitionedTable,
    /// A table of another server.
    ForeignTable,
    /// A view.
    View,
    /// A view whose rows are kept.
    MaterializedView,
}

impl Kind {
    /// Its name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::PartitionedTable => "partitioned_table",
            Self::ForeignTable => "foreign_table",
            Self::View => "view",
            Self::MaterializedView => "materialized_view",
        }
    }

    /// Whether it is a table, not a view.
    #[must_use]
    pub fn is_table(self) -> bool {
        matches!(self, Self::Table | Self::PartitionedTable | Self::ForeignTable)
    }
}

/// A table or a view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its schema (`public`, `main`).
    pub schema: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Its columns in order.
    pub columns: Vec<Column>,
    /// Its constraints, by name. NOT NULL is said by the columns alone.
    pub constraints: Vec<Constraint>,
    /// Its indexes by name, those behind its keys among them.
    pub indexes: Vec<Index>,
    /// Whether it may have columns that are not listed here, because what made it cannot be read.
    pub open: bool,
}

impl Table {
    /// The columns of its primary key; none where it has no key.
    #[must_use]
    pub fn primary_key(&self) -> &[String] {
        self.constraints.iter().find(|c| c.kind == ConstraintKind::PrimaryKey).map_or(&[], |c| &c.columns)
    }
}

/// A column of a [`Table`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type: as PostgreSQL's `format_type()` writes it; as it was written, on SQLite.
    pub sql_type: String,
    /// Whether it takes NULL.
    pub nullable: bool,
    /// The expression of its default.
    pub default: Option<String>,
    /// Whether it numbers itself (`GENERATED … AS IDENTITY`).
    pub identity: Option<Identity>,
    /// The expression that it is generated from.
    pub generated: Option<String>,
    /// Where it was made: the file, relative to the folder, and the place in it.
    pub place: Option<(String, Span)>,
}

/// How an identity column takes a value that a statement gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Only with OVERRIDING SYSTEM VALUE.
    Always,
    /// As given.
    ByDefault,
}

impl Identity {
    /// Its name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::ByDefault => "by default",
        }
    }
}

/// A constraint of a [`Table`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// Its name, the one that the engine chooses where the migration gives none; empty where the engine gives none.
    pub name: String,
    /// What it holds.
    pub kind: ConstraintKind,
    /// The columns it is about, in its order; those that a CHECK reads.
    pub columns: Vec<String>,
}

/// What a [`Constraint`] holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConstraintKind {
    /// PRIMARY KEY.
    PrimaryKey,
    /// UNIQUE.
    Unique,
    /// CHECK.
    Check,
    /// EXCLUDE.
    Exclude,
    /// REFERENCES.
    ForeignKey {
        /// The other table's schema.
        schema: String,
        /// The other table.
        table: String,
        /// Its columns, in the order of the constraint's own.
        columns: Vec<String>,
        /// What happens when the other row goes: `no action`, `restrict`, `cascade`, `set null`, `set default`.
        on_delete: &'static str,
        /// What happens when the other row's key changes.
        on_update: &'static str,
    },
}

impl ConstraintKind {
    /// Its name in JSON.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::PrimaryKey => "primary_key",
            Self::Unique => "unique",
            Self::Check => "check",
            Self::Exclude => "exclude",
            Self::ForeignKey { .. } => "foreign_key",
        }
    }
}

/// An index of a [`Table`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    /// Whether it keeps its keys apart.
    pub unique: bool,
    /// Its columns in order; `None` for an expression.
    pub columns: Vec<Option<String>>,
    /// Whether it holds some of the rows alone (`WHERE`).
    pub partial: bool,
}

/// A type that a migration makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserType {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: TypeKind,
}

/// What a [`UserType`] is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeKind {
    /// An enum: its labels in their order.
    Enum(Vec<String>),
    /// A composite type: its attributes with their types, in order.
    Composite(Vec<(String, String)>),
    /// A domain over a type.
    Domain {
        /// The type.
        base: String,
        /// Whether it takes NULL.
        nullable: bool,
    },
    /// A range.
    Range,
    /// A base type.
    Base,
}

impl TypeKind {
    /// Its name in JSON.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Enum(_) => "enum",
            Self::Composite(_) => "composite",
            Self::Domain { .. } => "domain",
            Self::Range => "range",
            Self::Base => "base",
        }
    }
}

impl Schema {
    /// What a catalog holds.
    pub(crate) fn of(catalog: &Catalog) -> Self {
        let mut schema = Self { open: catalog.is_open(), ..Self::default() };
        let mut objects: Vec<_> = catalog.iter().collect();
        objects.sort_by_key(|(key, _)| (key.schema(), key.name()));
        for (key, object) in objects {
            let own = || key.schema().to_owned();
            match object {
                Object::Table(t) if !t.temporary => schema.tables.push(table(own(), t, catalog)),
                Object::Type(t) => schema.types.push(UserType { schema: own(), name: t.name.clone(), kind: kind(t) }),
                _ => {}
            }
        }
        schema
    }
}

fn table(schema: String, t: &object::Table, catalog: &Catalog) -> Table {
    let kind = match t.kind {
        TableKind::Table => Kind::Table,
        TableKind::Partitioned => Kind::PartitionedTable,
        TableKind::Foreign => Kind::ForeignTable,
        TableKind::View => Kind::View,
        TableKind::MaterializedView => Kind::MaterializedView,
    };
    let columns = t.columns.iter().map(|c| Column {
        name: c.name.clone(),
        sql_type: c.data_type.text.clone(),
        nullable: !c.not_null,
        default: c.default.as_deref().map(tidy),
        identity: c.identity.map(|i| match i {
            change::Identity::Always => Identity::Always,
            change::Identity::ByDefault => Identity::ByDefault,
        }),
        generated: c.generated.as_deref().map(tidy),
        place: c.place.0.as_ref().map(|(file, span)| (file.to_string(), *span)),
    });
    let mut constraints: Vec<_> = t.constraints.iter().filter_map(|c| constraint(c, catalog)).collect();
    constraints.sort_by(|a, b| a.name.cmp(&b.name));
    let mut indexes: Vec<_> = t
        .indexes
        .iter()
        // SQLite's names for these are its own affair.
        .filter(|i| !i.constraint || catalog.engine.names_constraints)
        .map(|i| Index {
            name: i.name.clone(),
            unique: i.unique,
            columns: i.columns.clone(),
            partial: i.predicate.is_some(),
        })
        .collect();
    indexes.sort_by(|a, b| a.name.cmp(&b.name));
    Table { schema, name: t.name.clone(), kind, columns: columns.collect(), constraints, indexes, open: t.open }
}

fn constraint(c: &object::Constraint, catalog: &Catalog) -> Option<Constraint> {
    let kind = match &c.kind {
        ConstraintType::PrimaryKey => ConstraintKind::PrimaryKey,
        ConstraintType::Unique => ConstraintKind::Unique,
        ConstraintType::Check => ConstraintKind::Check,
        ConstraintType::Exclude => ConstraintKind::Exclude,
        ConstraintType::NotNull => return None,
        ConstraintType::ForeignKey { table, columns, on_delete, on_update } => ConstraintKind::ForeignKey {
            schema: table.schema().to_owned(),
            // As it was written, where the engine ignores case.
            table: catalog.table(table).map_or_else(|| table.name().to_owned(), |t| t.name.clone()),
            columns: columns.clone(),
            on_delete: action(*on_delete),
            on_update: action(*on_update),
        },
    };
    Some(Constraint { name: c.name.clone(), kind, columns: c.columns.clone() })
}

fn action(action: change::Action) -> &'static str {
    match action {
        change::Action::NoAction => "no action",
        change::Action::Restrict => "restrict",
        change::Action::Cascade => "cascade",
        change::Action::SetNull => "set null",
        change::Action::SetDefault => "set default",
    }
}

fn kind(t: &object::UserType) -> TypeKind {
    match &t.kind {
        UserTypeKind::Enum(labels) => TypeKind::Enum(labels.clone()),
        UserTypeKind::Composite(fields) => {
            TypeKind::Composite(fields.iter().map(|(name, t)| (name.clone(), t.text.clone())).collect())
        }
        UserTypeKind::Domain { base, not_null, .. } => {
            TypeKind::Domain { base: base.text.clone(), nullable: !not_null }
        }
        UserTypeKind::Range => TypeKind::Range,
        UserTypeKind::Base => TypeKind::Base,
    }
}

/// The catalog keeps expressions as tokens with a space between any two; this is how a person would space them.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut quote = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match quote {
            Some(q) => {
                if c == q {
                    quote = None;
                }
                tidy.push(c);
            }
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                tidy.push(c);
            }
            None if c == ' ' => {
                let after_open = tidy.ends_with(['(', '[', '.']) || tidy.ends_with("::");
                let word = tidy.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '"');
                let before = rest.peek().copied();
                let call = before == Some('(') && word && !follows_word(&tidy);
                let close = matches!(before, Some(')' | ']' | ',' | '.' | ':' | '['));
                if !(after_open || close || call) {
                    tidy.push(c);
                }
            }
            None => tidy.push(c),
        }
    }
    tidy
}

/// Whether the last word is one that a parenthesis stands apart from.
fn follows_word(text: &str) -> bool {
    let word = text.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
    ["and", "or", "not", "in", "is", "when", "then", "else", "case", "between", "like", "ilike", "as", "filter", "over"]
        .iter()
        .any(|w| word.eq_ignore_ascii_case(w))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_spaced_as_a_person_would() {
        for (kept, shown) in [
            ("gen_random_uuid ( )", "gen_random_uuid()"),
            ("'a ( b , c )'", "'a ( b , c )'"),
            ("nextval ( 'x_id_seq' :: regclass )", "nextval('x_id_seq'::regclass)"),
            ("( a + 1 ) * 2", "(a + 1) * 2"),
            ("a in ( 1 , 2 )", "a in (1, 2)"),
            ("\"A b\" . c [ 1 ]", "\"A b\".c[1]"),
        ] {
            assert_eq!(tidy(kept), shown);
        }
    }
}
