//! The engine's error numbers and words.

use super::super::Problem;
use crate::change::ObjectKind;

/// A refusal in the engine's own words.
pub(super) fn problem(rule: &'static str, number: u16, text: &str) -> Problem {
    let state = sqlstate(number);
    Problem::Other { rule, sqlstate: Some(state), message: format!("{number} ({state}): {text}") }
}

/// The SQLSTATE of an error number (MySQL's manual, "Server Error Message Reference").
fn sqlstate(number: u16) -> &'static str {
    match number {
        1050 => "42S01",
        1051 | 1109 | 1146 | 1965 | 4092 => "42S02",
        1054 => "42S22",
        1060 => "42S21",
        1136 => "21S01",
        1052 | 1451 | 1452 => "23000",
        1049 | 1059 | 1061 | 1063 | 1064 | 1066 | 1067 | 1068 | 1072 | 1074 | 1075 | 1091 | 1101 | 1115 | 1166
        | 1171 | 1176 | 1239 | 1286 | 1304 | 1305 | 1318 | 1701 => "42000",
        _ => "HY000",
    }
}

/// The number, the SQLSTATE and the words of a problem that other engines have, too.
pub(crate) fn code_of(problem: &Problem) -> Option<(u16, &'static str, String)> {
    let (number, text) = match problem {
        Problem::UndefinedRelation(n) => (1146, format!("Table '{n}' doesn't exist")),
        Problem::UndefinedObject { kind: ObjectKind::Table, name } => (1051, format!("Unknown table '{name}'")),
        Problem::UndefinedObject { kind: ObjectKind::View, name } => (4092, format!("Unknown VIEW: '{name}'")),
        Problem::UndefinedObject { kind: ObjectKind::Trigger, .. } => (1360, "Trigger does not exist".to_owned()),
        Problem::UndefinedObject { kind: ObjectKind::EventTrigger, name } => (1539, format!("Unknown event '{name}'")),
        Problem::UndefinedObject { kind: ObjectKind::Sequence, name } => (4091, format!("Unknown SEQUENCE: '{name}'")),
        Problem::UndefinedObject { kind, name } => {
            (1305, format!("{} {name} does not exist", kind.text().to_uppercase()))
        }
        Problem::UndefinedColumn { column, relation: Some(r) } => (1054, format!("Unknown column '{column}' in '{r}'")),
        Problem::UndefinedColumn { column, relation: None } | Problem::UndefinedColumnIn { column } => {
            (1054, format!("Unknown column '{column}'"))
        }
        Problem::UndefinedKeyColumn { column, .. } | Problem::UndefinedKeyForeign(column) => {
            (1072, format!("Key column '{column}' doesn't exist in table"))
        }
        Problem::MissingFromEntry(t) => (1054, format!("Unknown column of '{t}': no table of that name stands here")),
        Problem::UndefinedFunction(n) => (1305, format!("FUNCTION {n} does not exist")),
        Problem::UndefinedSchema(n) => (1049, format!("Unknown database '{n}'")),
        Problem::DuplicateRelation { name, .. } => (1050, format!("Table '{name}' already exists")),
        Problem::DuplicateColumn { column, .. } => (1060, format!("Duplicate column name '{column}'")),
        Problem::DuplicateObject { kind: ObjectKind::Trigger, name, .. } => {
            (1359, format!("Trigger '{name}' already exists"))
        }
        Problem::DuplicateObject { kind: ObjectKind::EventTrigger, name, .. } => {
            (1537, format!("Event '{name}' already exists"))
        }
        Problem::DuplicateObject { kind, name, .. } => {
            (1304, format!("{} {name} already exists", kind.text().to_uppercase()))
        }
        Problem::DuplicateSchema(n) => (1007, format!("Can't create database '{n}'; database exists")),
        Problem::SecondPrimaryKey { .. } => (1068, "Multiple primary key defined".to_owned()),
        Problem::InsertCount { .. } | Problem::InsertCountSqlite { .. } => {
            (1136, "Column count doesn't match value count at row 1".to_owned())
        }
        Problem::WrongKind { name, wanted } => {
            (1347, format!("'{name}' is not of type '{}'", wanted.text().to_uppercase()))
        }
        // What the search in a query finds.
        Problem::Other { sqlstate: Some("42702"), message, .. } => (1052, message.clone()),
        Problem::Other { sqlstate: Some("42712"), message, .. } => (1066, message.clone()),
        _ => return None,
    };
    Some((number, sqlstate(number), text))
}
