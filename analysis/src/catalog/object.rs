//! The objects that a catalog holds.

use std::cmp::Ordering;
use std::sync::Arc;

use super::calls::Called;
use super::certainty::Touched;
use super::late::LateNames;
use crate::change::{Action, Bound, Identity, ObjectKind};
use crate::span::Span;
use crate::syntax::plpgsql::Reach;

/// Where an object is found: its namespace, schema and name (folded for engines that ignore case).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Schema(String),
    /// Tables, views, indexes and sequences share a namespace.
    Relation(String, String),
    Type(String, String),
    Function(String, String),
    Extension(String),
    /// Whatever is known by kind and name alone.
    Other(ObjectKind, String, String),
}

/// By kind, then name, then schema: nearly all are in one schema, so the names tell them apart; and short names come
/// first, for two lengths are compared at once. What is shown is sorted for that.
impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Relation(s, n), Self::Relation(t, m))
            | (Self::Type(s, n), Self::Type(t, m))
            | (Self::Function(s, n), Self::Function(t, m)) => shortest(n, m).then_with(|| shortest(s, t)),
            (Self::Schema(n), Self::Schema(m)) | (Self::Extension(n), Self::Extension(m)) => shortest(n, m),
            (Self::Other(a, s, n), Self::Other(b, t, m)) => {
                a.cmp(b).then_with(|| shortest(n, m)).then_with(|| shortest(s, t))
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn shortest(a: &str, b: &str) -> Ordering {
    if a.len() == b.len() { a.cmp(b) } else { a.len().cmp(&b.len()) }
}

impl Key {
    /// Its kind's place in the order.
    fn rank(&self) -> u8 {
        match self {
            Self::Schema(_) => 0,
            Self::Relation(..) => 1,
            Self::Type(..) => 2,
            Self::Function(..) => 3,
            Self::Extension(_) => 4,
            Self::Other(..) => 5,
        }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Schema(n) | Self::Extension(n) => n,
            Self::Relation(_, n) | Self::Type(_, n) | Self::Function(_, n) | Self::Other(_, _, n) => n,
        }
    }

    pub(crate) fn schema(&self) -> &str {
        match self {
            Self::Schema(n) => n,
            Self::Extension(_) => "",
            Self::Relation(s, _) | Self::Type(s, _) | Self::Function(s, _) | Self::Other(_, s, _) => s,
        }
    }
}

/// What an edge starts from: the object `from`, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Whole,
    Constraint(String),
    Column(String),
    Default(String),
    /// What a generated column is made of.
    Generated(String),
    Trigger(String),
    Policy(String),
    Index(String),
    /// One of the functions of a name, by its arguments.
    Overload(String),
}

/// `from` (or a part of it) needs `target`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) target: Key,
    pub(crate) from: Key,
    pub(crate) part: Part,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Object {
    Schema,
    Table(Table),
    /// An index, under its own name: the table that has it.
    Index(Key),
    /// A sequence, and the column it belongs to.
    Sequence {
        owned_by: Option<(Key, String)>,
    },
    Type(UserType),
    Function(Vec<Function>),
    Extension {
        schema: String,
    },
    Other {
        definition: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TableKind {
    Table,
    Partitioned,
    Foreign,
    View,
    MaterializedView,
}

impl TableKind {
    pub(crate) fn is_table(self) -> bool {
        matches!(self, Self::Table | Self::Partitioned | Self::Foreign)
    }

    pub(crate) fn object_kind(self) -> ObjectKind {
        match self {
            Self::Table | Self::Partitioned => ObjectKind::Table,
            Self::Foreign => ObjectKind::ForeignTable,
            Self::View => ObjectKind::View,
            Self::MaterializedView => ObjectKind::MaterializedView,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// As written when it was created.
    pub(crate) name: String,
    pub(crate) kind: TableKind,
    pub(crate) columns: Vec<Column>,
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) triggers: Vec<(String, String)>,
    pub(crate) policies: Vec<String>,
    pub(crate) rules: Vec<String>,
    pub(crate) parents: Vec<Key>,
    /// There may be columns that are not known here.
    pub(crate) open: bool,
    pub(crate) temporary: bool,
    /// SQLite's STRICT.
    pub(crate) strict: bool,
    /// A view's query; the character set of a table of MySQL.
    pub(crate) definition: String,
    pub(crate) partition_by: Option<PartitionBy>,
    /// A partition's: `parents` has one.
    pub(crate) bound: Option<Bound>,
    /// The composite type it is of.
    pub(crate) of_type: Option<Key>,
    pub(crate) place: Place,
    pub(crate) lost: Lost,
}

/// The order of the columns is a table's; that in which its other parts were made means nothing.
impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            name,
            kind,
            columns,
            constraints,
            indexes,
            triggers,
            policies,
            rules,
            parents,
            open,
            temporary,
            strict,
            definition,
            partition_by,
            bound,
            of_type,
            place: _,
            lost: _,
        } = self;
        *name == other.name
            && *kind == other.kind
            && *columns == other.columns
            && *parents == other.parents
            && *open == other.open
            && *temporary == other.temporary
            && *strict == other.strict
            && *definition == other.definition
            && *partition_by == other.partition_by
            && *bound == other.bound
            && *of_type == other.of_type
            && are_alike(constraints, &other.constraints)
            && are_alike(indexes, &other.indexes)
            && are_alike(triggers, &other.triggers)
            && are_alike(policies, &other.policies)
            && are_alike(rules, &other.rules)
    }
}

/// Whether two lists have the same members, in whatever order.
fn are_alike<T: PartialEq>(a: &[T], b: &[T]) -> bool {
    let times = |all: &[T], one: &T| all.iter().filter(|other| *other == one).count();
    a == b || a.len() == b.len() && a.iter().all(|one| times(a, one) == times(b, one))
}

/// What a table had; most never lost anything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lost(Option<Box<Losses>>);

#[derive(Clone, Debug, Default)]
struct Losses {
    key: Place,
    indexes: Vec<Index>,
}

impl Lost {
    /// Remembers where the primary key was dropped.
    pub(crate) fn key(&mut self, place: Place) {
        self.0.get_or_insert_default().key = place;
    }

    /// Remembers an index that was dropped, with the place of that.
    pub(crate) fn index(&mut self, index: Index) {
        self.0.get_or_insert_default().indexes.push(index);
    }

    /// Where the primary key was dropped, where one was.
    pub(crate) fn key_at(&self) -> Option<&Place> {
        self.0.as_ref().map(|lost| &lost.key)
    }

    /// The indexes that were dropped while the table had foreign keys, each with the place of that.
    pub(crate) fn indexes(&self) -> &[Index] {
        self.0.as_ref().map_or(&[], |lost| &lost.indexes)
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PartitionBy {
    pub(crate) strategy: String,
    /// A column's name, or `None` for an expression.
    pub(crate) columns: Vec<Option<String>>,
}

impl Table {
    pub(crate) fn new(name: &str, kind: TableKind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            columns: Vec::new(),
            constraints: Vec::new(),
            indexes: Vec::new(),
            triggers: Vec::new(),
            policies: Vec::new(),
            rules: Vec::new(),
            parents: Vec::new(),
            open: false,
            temporary: false,
            strict: false,
            definition: String::new(),
            partition_by: None,
            bound: None,
            of_type: None,
            place: Place::default(),
            lost: Lost::default(),
        }
    }

    pub(crate) fn primary_key(&self) -> Option<&Constraint> {
        self.constraints.iter().find(|c| matches!(c.kind, ConstraintType::PrimaryKey))
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) data_type: Type,
    pub(crate) not_null: bool,
    pub(crate) default: Option<String>,
    pub(crate) generated: Option<String>,
    pub(crate) identity: Option<Identity>,
    /// Written for this table, and not only inherited.
    pub(crate) local: bool,
    pub(crate) place: Place,
    /// Where its type was written: with the column, or later.
    pub(crate) typed: Place,
}

/// Where something was written: the file and the bytes in it. Two objects are the same wherever they were written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place(pub(crate) Option<(Arc<str>, Span)>);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Column {
    /// A column of which only name and type are known.
    pub(crate) fn plain(name: &str, data_type: Type) -> Self {
        Self {
            name: name.to_owned(),
            data_type,
            not_null: false,
            default: None,
            generated: None,
            identity: None,
            local: true,
            place: Place::default(),
            typed: Place::default(),
        }
    }
}

/// A resolved type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Type {
    /// As `format_type()` writes it.
    pub(crate) text: String,
    /// Without modifiers and brackets.
    pub(crate) base: String,
    /// The user's own type behind it.
    pub(crate) user: Option<Key>,
    pub(crate) array: bool,
    /// What it is cannot be known here.
    pub(crate) unknown: bool,
}

impl Type {
    pub(crate) fn unknown(text: &str) -> Self {
        Self { text: text.to_owned(), base: text.to_owned(), user: None, array: false, unknown: true }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Constraint {
    /// Empty where the engine gives none.
    pub(crate) name: String,
    pub(crate) kind: ConstraintType,
    pub(crate) columns: Vec<String>,
    pub(crate) definition: String,
    pub(crate) valid: bool,
    /// Of a partition: the name of its parent's that it belongs to.
    pub(crate) parent: Option<String>,
    /// Written for this table, and not only inherited.
    pub(crate) local: bool,
    pub(crate) no_inherit: bool,
    pub(crate) deferrable: bool,
    pub(crate) place: Place,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ConstraintType {
    PrimaryKey,
    Unique,
    Check,
    Exclude,
    NotNull,
    ForeignKey { table: Key, columns: Vec<String>, on_delete: Action, on_update: Action },
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Index {
    pub(crate) name: String,
    pub(crate) unique: bool,
    /// A column's name, or `None` for an expression.
    pub(crate) columns: Vec<Option<String>>,
    pub(crate) predicate: Option<String>,
    /// The columns that its expressions and its predicate read, and those of INCLUDE.
    pub(crate) reads: Vec<String>,
    /// Whether a constraint of the same name made it.
    pub(crate) constraint: bool,
    /// A row that is there already is not refused at once: the constraint can be deferred, or says what else happens.
    pub(crate) lenient: bool,
    /// Columns, order, operator classes, predicate: two equal texts index the same.
    pub(crate) definition: String,
    /// What its columns and expressions are called, those of INCLUDE among them: a copy's name is made of them.
    pub(crate) labels: Vec<String>,
    /// Whether all of its columns have the usual order and operator class.
    pub(crate) plain: bool,
    /// Of a partition: the index of its parent that it belongs to.
    pub(crate) parent: Option<String>,
    /// MySQL: made for a foreign key alone, and gone when another one serves that.
    pub(crate) implicit: bool,
    /// Its access method; empty for the engine's usual one, which keeps keys in their order.
    pub(crate) method: String,
    /// What tells each of its keys from a plain column in the usual order: collation, operator class, order, length;
    /// all of an expression. None where all are plain.
    pub(crate) ways: Vec<String>,
    /// Whether two NULLs are one value to it.
    pub(crate) nulls_not_distinct: bool,
    pub(crate) place: Place,
}

impl Index {
    /// What tells one of its keys from a plain column.
    pub(crate) fn way(&self, at: usize) -> &str {
        self.ways.get(at).map_or("", String::as_str)
    }

    /// The columns of INCLUDE.
    pub(crate) fn included(&self) -> &[String] {
        self.labels.get(self.columns.len()..).unwrap_or_default()
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct UserType {
    pub(crate) name: String,
    pub(crate) kind: UserTypeKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum UserTypeKind {
    Enum(Vec<String>),
    Composite(Vec<(String, Type)>),
    Domain { base: Type, not_null: bool, default: Option<String>, constraints: Vec<(String, String)> },
    Range,
    Base,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Function {
    pub(crate) kind: ObjectKind,
    /// The types of its input arguments.
    pub(crate) arguments: Vec<String>,
    /// The same, resolved; empty for an aggregate.
    pub(crate) takes: Vec<Type>,
    /// What it answers, where that is one type.
    pub(crate) result: Option<Type>,
    /// `i` immutable, `s` stable, `v` volatile, `?` what is not known.
    pub(crate) volatility: char,
    /// How many of them have a default.
    pub(crate) defaults: usize,
    pub(crate) variadic: bool,
    pub(crate) returns: String,
    pub(crate) language: String,
    pub(crate) definition: String,
    /// What its body names that is looked up when it is called.
    pub(crate) late: LateNames,
    /// How far calling it reaches into the schema.
    pub(crate) reach: Reach,
    /// Where it reaches everything: the names that it may make or drop, where these are known.
    pub(crate) touched: Option<Vec<Touched>>,
    /// Where it may change the schema: what a call of it runs.
    pub(crate) called: Option<Called>,
}
