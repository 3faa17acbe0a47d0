//! What the fold refuses, in each engine's words.

use crate::change::ObjectKind;
use crate::config::Backend;
use crate::span::Span;

/// A refusal of the fold: what, where, and what would help.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) problem: Problem,
    pub(crate) span: Span,
    pub(crate) help: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Problem {
    /// A name that is looked up as a relation.
    UndefinedRelation(String),
    /// A name that is dropped, altered or commented on as an object of this kind.
    UndefinedObject {
        kind: ObjectKind,
        name: String,
    },
    UndefinedColumn {
        column: String,
        relation: Option<String>,
    },
    /// In a key or an index.
    UndefinedKeyColumn {
        column: String,
        table: String,
    },
    /// On either side of a foreign key.
    UndefinedKeyForeign(String),
    /// In an expression, with its qualifier.
    UndefinedColumnIn {
        column: String,
    },
    MissingFromEntry(String),
    /// A constraint, trigger, policy or rule of a table.
    UndefinedOn {
        kind: ObjectKind,
        name: String,
        relation: String,
    },
    UndefinedType(String),
    UndefinedFunction(String),
    UndefinedSchema(String),
    /// What is left of a name that may have been longer.
    NameCut(String),
    UndefinedEnumLabel {
        label: String,
        type_name: String,
    },
    DuplicateRelation {
        name: String,
        kind: ObjectKind,
    },
    DuplicateColumn {
        column: String,
        relation: Option<String>,
    },
    DuplicateObject {
        kind: ObjectKind,
        name: String,
        relation: Option<String>,
    },
    DuplicateFunction(String),
    DuplicateSchema(String),
    WrongKind {
        name: String,
        wanted: ObjectKind,
    },
    Dependents {
        kind: ObjectKind,
        name: String,
        first: String,
    },
    ForeignKeyNotUnique {
        table: String,
    },
    ForeignKeyCount,
    ForeignKeyType {
        constraint: String,
        column: String,
        own: String,
        referenced: String,
    },
    SecondPrimaryKey {
        table: String,
    },
    InsertCount {
        more_expressions: bool,
    },
    /// SQLite counts for the person.
    InsertCountSqlite {
        table: String,
        columns: usize,
        values: usize,
        named: bool,
    },
    ConflictTarget,
    /// A row whose key another one has: the key's name, and its columns.
    DuplicateKey {
        key: String,
        table: String,
        columns: Vec<String>,
    },
    NotInTransaction(&'static str),
    /// Whatever needs no words of its own per engine.
    Other {
        rule: &'static str,
        sqlstate: Option<&'static str>,
        message: String,
    },
}

impl Problem {
    /// The rule it is reported under.
    pub(crate) fn rule(&self) -> &'static str {
        match self {
            Self::UndefinedRelation(_) | Self::MissingFromEntry(_) => "undefined-table",
            Self::UndefinedObject { kind, .. } => match kind {
                ObjectKind::Table
                | ObjectKind::View
                | ObjectKind::MaterializedView
                | ObjectKind::Sequence
                | ObjectKind::ForeignTable => "undefined-table",
                ObjectKind::Schema => "undefined-schema",
                k if k.is_routine() => "undefined-function",
                _ => "undefined-object",
            },
            Self::UndefinedColumn { .. }
            | Self::UndefinedKeyColumn { .. }
            | Self::UndefinedKeyForeign(_)
            | Self::UndefinedColumnIn { .. } => "undefined-column",
            Self::UndefinedOn { .. } | Self::UndefinedType(_) => "undefined-object",
            Self::UndefinedFunction(_) => "undefined-function",
            Self::UndefinedSchema(_) => "undefined-schema",
            Self::NameCut(_) => "identifier-too-long",
            Self::UndefinedEnumLabel { .. } => "undefined-enum-label",
            Self::DuplicateRelation { .. } => "duplicate-table",
            Self::DuplicateColumn { .. } => "duplicate-column",
            Self::DuplicateObject { .. } | Self::DuplicateFunction(_) => "duplicate-object",
            Self::DuplicateSchema(_) => "duplicate-schema",
            Self::WrongKind { .. } => "invalid-definition",
            Self::Dependents { .. } => "dependent-objects",
            Self::ForeignKeyNotUnique { .. } | Self::ForeignKeyCount => "fk-target-not-unique",
            Self::ForeignKeyType { .. } => "fk-type-mismatch",
            Self::SecondPrimaryKey { .. } => "second-primary-key",
            Self::InsertCount { .. } | Self::InsertCountSqlite { .. } => "insert-column-count",
            Self::ConflictTarget => "conflict-target-without-index",
            Self::DuplicateKey { .. } => "duplicate-key",
            Self::NotInTransaction(_) => "not-in-transaction",
            Self::Other { rule, .. } => rule,
        }
    }

    /// PostgreSQL's code: the SQLSTATE that an EXCEPTION handler would have to catch.
    pub(crate) fn sqlstate(&self) -> Option<&'static str> {
        Some(match self {
            Self::UndefinedRelation(_) | Self::MissingFromEntry(_) => "42P01",
            Self::UndefinedObject { kind, .. } => match kind {
                ObjectKind::Table
                | ObjectKind::View
                | ObjectKind::MaterializedView
                | ObjectKind::Sequence
                | ObjectKind::ForeignTable => "42P01",
                ObjectKind::Schema => "3F000",
                ObjectKind::Function
                | ObjectKind::Procedure
                | ObjectKind::Routine
                | ObjectKind::Aggregate
                | ObjectKind::Operator => "42883",
                ObjectKind::Database => "3D000",
                _ => "42704",
            },
            Self::UndefinedColumn { .. }
            | Self::UndefinedKeyColumn { .. }
            | Self::UndefinedKeyForeign(_)
            | Self::UndefinedColumnIn { .. } => "42703",
            Self::UndefinedOn { .. } | Self::UndefinedType(_) => "42704",
            Self::UndefinedFunction(_) => "42883",
            Self::UndefinedSchema(_) => "3F000",
            Self::NameCut(_) => "42622",
            Self::UndefinedEnumLabel { .. } => "22P02",
            Self::DuplicateRelation { .. } => "42P07",
            Self::DuplicateColumn { .. } => "42701",
            Self::DuplicateObject { .. } => "42710",
            Self::DuplicateFunction(_) => "42723",
            Self::DuplicateSchema(_) => "42P06",
            Self::WrongKind { .. } => "42809",
            Self::Dependents { .. } => "2BP01",
            Self::ForeignKeyNotUnique { .. } | Self::ForeignKeyCount => "42830",
            Self::ForeignKeyType { .. } => "42804",
            Self::SecondPrimaryKey { .. } => "42P16",
            Self::InsertCount { .. } => "42601",
            Self::InsertCountSqlite { .. } => return None,
            Self::ConflictTarget => "42P10",
            Self::DuplicateKey { .. } => "23505",
            Self::NotInTransaction(_) => "25001",
            Self::Other { sqlstate, .. } => return *sqlstate,
        })
    }

    /// As the engine would say it.
    pub(crate) fn message(&self, backend: Backend) -> String {
        match backend {
            Backend::Postgres => self.postgres(),
            Backend::Sqlite => self.sqlite(),
            Backend::Mysql | Backend::Mariadb => match super::mysql::code_of(self) {
                Some((number, state, text)) => format!("{number} ({state}): {text}"),
                None => self.postgres(),
            },
        }
    }

    /// The engine's own code, where it has one.
    pub(crate) fn sqlstate_of(&self, backend: Backend) -> Option<&'static str> {
        match backend {
            Backend::Postgres | Backend::Sqlite => self.sqlstate(),
            Backend::Mysql | Backend::Mariadb => match (super::mysql::code_of(self), self) {
                (Some((_, state, _)), _) => Some(state),
                (None, Self::Other { sqlstate, .. }) => *sqlstate,
                _ => None,
            },
        }
    }

    fn postgres(&self) -> String {
        match self {
            Self::UndefinedRelation(n) => format!("relation \"{n}\" does not exist"),
            Self::UndefinedObject { kind, name } => match kind {
                k if k.is_routine() => {
                    if name.contains('(') {
                        format!("{} {name} does not exist", kind.text())
                    } else {
                        format!("could not find a {} named \"{name}\"", kind.text())
                    }
                }
                _ => format!("{} \"{name}\" does not exist", kind.text()),
            },
            Self::UndefinedColumn { column, relation: Some(r) } => {
                format!("column \"{column}\" of relation \"{r}\" does not exist")
            }
            Self::UndefinedColumn { column, relation: None } => format!("column \"{column}\" does not exist"),
            Self::UndefinedKeyColumn { column, .. } => format!("column \"{column}\" named in key does not exist"),
            Self::UndefinedKeyForeign(column) => {
                format!("column \"{column}\" referenced in foreign key constraint does not exist")
            }
            Self::UndefinedColumnIn { column } if column.contains('.') => format!("column {column} does not exist"),
            Self::UndefinedColumnIn { column } => format!("column \"{column}\" does not exist"),
            Self::MissingFromEntry(t) => format!("missing FROM-clause entry for table \"{t}\""),
            Self::UndefinedOn { kind: ObjectKind::Constraint, name, relation } => {
                format!("constraint \"{name}\" of relation \"{relation}\" does not exist")
            }
            Self::UndefinedOn { kind: ObjectKind::Rule, name, relation } => {
                format!("rule \"{name}\" for relation \"{relation}\" does not exist")
            }
            Self::UndefinedOn { kind, name, relation } => {
                format!("{} \"{name}\" for table \"{relation}\" does not exist", kind.text())
            }
            Self::UndefinedType(n) => format!("type \"{n}\" does not exist"),
            Self::UndefinedFunction(n) => format!("function {n} does not exist"),
            Self::UndefinedSchema(n) => format!("schema \"{n}\" does not exist"),
            Self::NameCut(n) => format!("identifier will be truncated to \"{n}\""),
            Self::UndefinedEnumLabel { label, type_name } => {
                format!("invalid input value for enum {type_name}: \"{label}\"")
            }
            Self::DuplicateRelation { name, .. } => format!("relation \"{name}\" already exists"),
            Self::DuplicateColumn { column, relation: Some(r) } => {
                format!("column \"{column}\" of relation \"{r}\" already exists")
            }
            Self::DuplicateColumn { column, relation: None } => format!("column \"{column}\" specified more than once"),
            Self::DuplicateObject { kind, name, relation: Some(r) } => {
                let of = if *kind == ObjectKind::Policy { "table" } else { "relation" };
                format!("{} \"{name}\" for {of} \"{r}\" already exists", kind.text())
            }
            Self::DuplicateObject { kind, name, relation: None } => {
                let kind = if *kind == ObjectKind::Domain { "type" } else { kind.text() };
                format!("{kind} \"{name}\" already exists")
            }
            Self::DuplicateFunction(n) => {
                format!("function \"{n}\" already exists with same argument types")
            }
            Self::DuplicateSchema(n) => format!("schema \"{n}\" already exists"),
            Self::WrongKind { name, wanted } => {
                let article = if matches!(wanted, ObjectKind::Index) { "an" } else { "a" };
                format!("\"{name}\" is not {article} {}", wanted.text())
            }
            Self::Dependents { kind, name, first } => {
                format!("cannot drop {} {name} because other objects depend on it: {first}", kind.text())
            }
            Self::ForeignKeyNotUnique { table } => {
                format!("there is no unique constraint matching given keys for referenced table \"{table}\"")
            }
            Self::ForeignKeyCount => "number of referencing and referenced columns for foreign key disagree".to_owned(),
            Self::ForeignKeyType { constraint, column, own, referenced } => format!(
                "foreign key constraint \"{constraint}\" cannot be implemented: column \"{column}\" is {own}, the key it points at is {referenced}"
            ),
            Self::SecondPrimaryKey { table } => format!("multiple primary keys for table \"{table}\" are not allowed"),
            Self::InsertCount { more_expressions: true } => {
                "INSERT has more expressions than target columns".to_owned()
            }
            Self::InsertCount { more_expressions: false } => {
                "INSERT has more target columns than expressions".to_owned()
            }
            Self::InsertCountSqlite { .. } => self.sqlite(),
            Self::ConflictTarget => {
                "there is no unique or exclusion constraint matching the ON CONFLICT specification".to_owned()
            }
            Self::DuplicateKey { key, .. } => format!("duplicate key value violates unique constraint \"{key}\""),
            Self::NotInTransaction(what) => format!("{what} cannot run inside a transaction block"),
            Self::Other { message, .. } => message.clone(),
        }
    }

    fn sqlite(&self) -> String {
        match self {
            Self::UndefinedRelation(n) => format!("no such table: {n}"),
            Self::UndefinedObject { kind, name } => format!("no such {}: {name}", kind.text()),
            Self::UndefinedColumn { column, relation: Some(r) } => format!("table {r} has no column named {column}"),
            Self::UndefinedColumn { column, relation: None } | Self::UndefinedColumnIn { column } => {
                format!("no such column: {column}")
            }
            Self::UndefinedKeyColumn { column, table } => format!("table {table} has no column named {column}"),
            Self::DuplicateRelation { name, kind: ObjectKind::Index } => format!("index {name} already exists"),
            Self::DuplicateRelation { name, kind } => format!("{} {name} already exists", kind.text()),
            Self::DuplicateColumn { column, .. } => format!("duplicate column name: {column}"),
            Self::DuplicateObject { kind, name, .. } => format!("{} {name} already exists", kind.text()),
            Self::UndefinedSchema(n) => format!("unknown database {n}"),
            Self::SecondPrimaryKey { table } => format!("table \"{table}\" has more than one primary key"),
            Self::ForeignKeyCount => {
                "number of columns in foreign key does not match the number of columns in the referenced table"
                    .to_owned()
            }
            Self::ConflictTarget => "ON CONFLICT clause does not match any PRIMARY KEY or UNIQUE constraint".to_owned(),
            Self::InsertCountSqlite { columns, values, named: true, .. } => {
                format!("{values} values for {columns} columns")
            }
            Self::InsertCountSqlite { table, columns, values, named: false } => {
                format!("table {table} has {columns} columns but {values} values were supplied")
            }
            Self::DuplicateKey { table, columns, .. } => {
                let columns: Vec<String> = columns.iter().map(|c| format!("{table}.{c}")).collect();
                format!("UNIQUE constraint failed: {}", columns.join(", "))
            }
            Self::NotInTransaction(what) => format!("cannot {what} from within a transaction"),
            Self::WrongKind { name, wanted } => format!("{name} is not a {}", wanted.text()),
            other => other.postgres(),
        }
    }
}
